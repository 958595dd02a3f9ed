//! What is in a token, and whether it is good. Pure: the key and the time are given.

use crate::error::Refusal;
use crate::jwks::PublicKey;
use crate::user::AuthenticatedUser;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Nothing longer fits into a header that servers accept.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The id of "no device".
const NO_DEVICE: &str = "000000000000000000000000";

/// What a token must say.
pub(crate) struct Rules {
    /// The client app id: an audience that is always right.
    pub(crate) app_id: String,
    pub(crate) audience: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) leeway_seconds: i64,
}

/// A token whose header is right; nothing else has been looked at.
pub(crate) struct Unverified<'t> {
    pub(crate) key_id: String,
    signed: &'t str,
    claims: &'t str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    typ: String,
    exp: i64,
    iat: i64,
    baas_domain_id: String,
    baas_device_id: Option<String>,
    ks_provider_type: Option<String>,
    ks_api_key_id: Option<String>,
    user_data: Option<serde_json::Value>,
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn includes(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}

impl<'t> Unverified<'t> {
    /// Takes a token apart. The algorithm is not chosen by it: it is compared with the only one there is.
    pub(crate) fn parse(token: &'t str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        let header: Header = decoded(header)?;
        if header.alg != "EdDSA" {
            return Err(Refusal::Algorithm);
        }
        if header.crit.is_some() || header.typ.is_some_and(|typ| typ != "JWT") {
            return Err(Refusal::Malformed);
        }
        let key_id = header.kid.ok_or(Refusal::UnknownKey)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Malformed)?;
        Ok(Self { key_id, signed, claims, signature })
    }

    /// Who sent it, if `key` signed it and it says what `rules` want.
    pub(crate) fn verify(
        &self,
        key: &PublicKey,
        rules: &Rules,
        now: i64,
    ) -> Result<AuthenticatedUser, Refusal> {
        UnparsedPublicKey::new(&ED25519, key)
            .verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| Refusal::Signature)?;
        let claims: Claims = decoded(self.claims)?;
        claims.check(rules, now)?;
        Ok(AuthenticatedUser {
            user_id: claims.sub,
            session_id: claims.iss,
            domain_id: claims.baas_domain_id,
            device_id: claims.baas_device_id.filter(|id| id != NO_DEVICE),
            provider_type: claims.ks_provider_type,
            api_key_id: claims.ks_api_key_id,
            issued_at: claims.iat,
            expires_at: claims.exp,
            custom_data: claims.user_data,
        })
    }
}

impl Claims {
    fn check(&self, rules: &Rules, now: i64) -> Result<(), Refusal> {
        let right_audience = match (&self.aud, &rules.audience) {
            (Some(audience), Some(wanted)) => audience.includes(wanted),
            (Some(audience), None) => audience.includes(&rules.app_id),
            (None, wanted) => wanted.is_none(),
        };
        if self.typ != "access" {
            Err(Refusal::NotAnAccessToken)
        } else if rules.domain_id.as_ref().is_some_and(|wanted| *wanted != self.baas_domain_id) {
            Err(Refusal::OtherApplication)
        } else if !right_audience {
            Err(Refusal::OtherAudience)
        } else if now.saturating_sub(rules.leeway_seconds) >= self.exp {
            Err(Refusal::Expired)
        } else if now.saturating_add(rules.leeway_seconds) < self.iat {
            Err(Refusal::NotYetValid)
        } else {
            Ok(())
        }
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Refusal::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const NOW: i64 = 1_800_000_000;

    fn key_pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    /// A token with these claims more, or less where they are null.
    fn token(more: &Value) -> String {
        let mut claims = json!({
            "sub": "u", "iss": "s", "typ": "access", "exp": NOW + 10, "iat": NOW - 10, "baas_domain_id": "d",
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "EdDSA", "kid": "k"})), part(&claims));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key_pair().sign(signed.as_bytes())))
    }

    fn verify(token: &str, rules: &Rules) -> Result<AuthenticatedUser, Refusal> {
        let key = key_pair().public_key().as_ref().try_into().unwrap();
        Unverified::parse(token)?.verify(&key, rules, NOW)
    }

    fn outcome(more: &Value, rules: &Rules) -> Result<AuthenticatedUser, Refusal> {
        verify(&token(more), rules)
    }

    fn rules() -> Rules {
        Rules { app_id: "my-app".into(), audience: None, domain_id: None, leeway_seconds: 60 }
    }

    #[test]
    fn times_are_kept_give_or_take_the_leeway() {
        for (claims, expected) in [
            (json!({"exp": NOW - 59}), None),
            (json!({"exp": NOW - 60}), Some(Refusal::Expired)),
            (json!({"exp": i64::MIN}), Some(Refusal::Expired)),
            (json!({"iat": NOW + 60}), None),
            (json!({"iat": NOW + 61}), Some(Refusal::NotYetValid)),
            (json!({"exp": (NOW + 10).to_string()}), Some(Refusal::Malformed)),
            (json!({"exp": 1.5}), Some(Refusal::Malformed)),
        ] {
            assert_eq!(outcome(&claims, &rules()).err(), expected, "{claims}");
        }
    }

    #[test]
    fn no_claim_that_decides_may_be_missing() {
        for name in ["sub", "iss", "typ", "exp", "iat", "baas_domain_id"] {
            assert_eq!(outcome(&json!({name: null}), &rules()), Err(Refusal::Malformed), "{name}");
        }
    }

    #[test]
    fn the_audience_is_right_where_there_is_one_or_must_be_one() {
        let wants = |audience: &str| Rules { audience: Some(audience.into()), ..rules() };
        let other = Some(Refusal::OtherAudience);
        for (aud, rules, expected) in [
            (json!(null), rules(), None),
            (json!("my-app"), rules(), None),
            (json!(["x", "my-app"]), rules(), None),
            (json!("x"), rules(), other),
            (json!([]), rules(), other),
            (json!(["x", "orders"]), wants("orders"), None),
            (json!("my-app"), wants("orders"), other),
            (json!(null), wants("orders"), other),
        ] {
            assert_eq!(outcome(&json!({"aud": aud}), &rules).err(), expected, "{aud}");
        }
    }

    #[test]
    fn a_token_of_another_type_is_refused_whoever_signed_it() {
        assert_eq!(outcome(&json!({"typ": "refresh"}), &rules()), Err(Refusal::NotAnAccessToken));
    }

    #[test]
    fn the_domain_is_compared_where_it_is_known() {
        let of = |domain: &str| Rules { domain_id: Some(domain.into()), ..rules() };
        assert_eq!(outcome(&json!({}), &of("d")).unwrap().domain_id, "d");
        assert_eq!(outcome(&json!({}), &of("e")), Err(Refusal::OtherApplication));
    }

    #[test]
    fn custom_data_and_the_ground_of_the_session_are_handed_on() {
        let claims = json!({
            "user_data": {"plan": "gold"}, "ks_api_key_id": "a", "ks_provider_type": "api-key",
            "baas_device_id": NO_DEVICE,
        });
        let user = outcome(&claims, &rules()).unwrap();
        assert_eq!(user.custom_data, Some(json!({"plan": "gold"})));
        assert_eq!((user.api_key_id.as_deref(), user.provider_type.as_deref()), (Some("a"), Some("api-key")));
        assert_eq!(user.device_id, None);
    }

    proptest! {
        #[test]
        fn one_changed_character_is_noticed(position: prop::sample::Index, with in "[A-Za-z0-9_.-]") {
            let token = token(&json!({}));
            let at = position.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            prop_assert_eq!(verify(&changed, &rules()).is_ok(), changed == token);
        }

        #[test]
        fn arbitrary_text_is_no_token(text in "\\PC{0,200}", head in "[A-Za-z0-9_-]{0,40}") {
            for token in [text.clone(), format!("{head}.{text}.{head}")] {
                prop_assert!(verify(&token, &rules()).is_err());
            }
        }
    }
}
