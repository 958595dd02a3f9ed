//! Secrets of applications, by name. They come from the environment, `KEYSTEAD_SECRET_<NAME>`, with
//! the name in upper case and everything that is not a letter or digit as an underscore.

use keystead_protocol::secret::SecretText;
use std::collections::HashMap;

const PREFIX: &str = "KEYSTEAD_SECRET_";

/// See the module.
#[derive(Default)]
pub struct Secrets {
    by_variable: HashMap<String, SecretText>,
}

impl Secrets {
    /// Those among environment variables.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let by_variable = variables
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name, value.into()))
            .collect();
        Self { by_variable }
    }

    /// The secret of this name.
    pub fn get(&self, name: &str) -> Option<&SecretText> {
        self.by_variable.get(&Self::variable(name))
    }

    /// The environment variable that holds the secret of this name.
    pub fn variable(name: &str) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        PREFIX.chars().chain(name.chars().map(letter)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_the_name_in_the_folder() {
        let secrets = Secrets::from_variables([
            ("KEYSTEAD_SECRET_CUSTOM_TOKEN_KEY".into(), "s".into()),
            ("PATH".into(), "/bin".into()),
        ]);
        assert_eq!(secrets.get("custom-token_key").unwrap().expose(), "s");
        assert!(secrets.get("path").is_none());
    }
}
