//! A service that logs in with a user's API key, and fetches the user's orders on their behalf.
#![allow(clippy::print_stdout, reason = "it prints what it was answered")]

use keystead_client::{App, Credentials, FileStorage};
use std::env;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keystead = env::var("KEYSTEAD_URL").unwrap_or("http://localhost:9090".into());
    let app_id = env::var("KEYSTEAD_APP_ID").unwrap_or("quickstart-abcde".into());
    let orders = env::var("ORDERS_URL").unwrap_or("http://127.0.0.1:3000/orders".into());

    let mut app = App::builder(app_id).base_url(keystead);
    if let Ok(path) = env::var("KEYSTEAD_SESSIONS") {
        app = app.storage(FileStorage::open(path)?);
    }
    let app = app.build()?;
    let user = if let Some(user) = app.current_user() {
        user // the session of the last run
    } else {
        let key = env::var("KEYSTEAD_API_KEY").map_err(|_| "put the user's key into KEYSTEAD_API_KEY")?;
        app.log_in(Credentials::api_key(&key)).await?
    };

    let token = user.fresh_access_token().await?;
    let answer = app.http_client().get(orders).bearer_auth(token.expose()).send().await?;
    println!("{}", answer.error_for_status()?.text().await?);
    Ok(())
}
