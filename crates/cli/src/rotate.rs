//! `keystead rotate-signing-keys`.

use crate::banner;
use crate::options::ServeOptions;
use futures_util::FutureExt as _;
use keystead_server::Server;
use keystead_server::domain::signing_keys;

/// Makes new keys for every application. The lock on the data folder sees to it that no server runs.
pub(crate) fn run(options: ServeOptions) -> Result<(), String> {
    let mut settings = options.with_file()?.into_settings()?;
    settings.listen.set_port(0);
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let rotating = async {
        let server = Server::start(settings).await.map_err(|error| error.to_string())?;
        banner::show_admin(&server);
        for app in server.state.apps().iter() {
            let made = signing_keys::renew(&server.state, app.ids.app_id, true).await;
            let made = made.map_err(|error| error.to_string())?;
            banner::say(&format!("{}: {made} new signing keys", app.ids.client_app_id));
        }
        server.state.store.close();
        Ok(())
    };
    runtime.block_on(rotating.boxed_local())
}
