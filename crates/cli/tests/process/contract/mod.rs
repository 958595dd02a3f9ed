//! What the program promises to whoever runs it.

mod check;
mod data_folder;
mod help;
mod logs;
mod refusals;
#[cfg(unix)]
mod reload;
mod settings;
mod shutdown;
mod tls;

pub use tls::make_certificate;

use serde_json::{Value, json};
use std::path::Path;

/// Writes an application folder with these providers.
pub fn write_app(folder: &Path, client_app_id: &str, providers: &Value) {
    std::fs::create_dir_all(folder.join("auth")).unwrap();
    let root = json!({"app_id": client_app_id, "name": client_app_id});
    std::fs::write(folder.join("root_config.json"), root.to_string()).unwrap();
    std::fs::write(folder.join("auth/providers.json"), providers.to_string()).unwrap();
}
