//! What the program says to a person: once at start, and when it cannot go on. Everything else is
//! for the log.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is where people are spoken to")]

use keystead_server::Server;
use std::io::IsTerminal as _;

/// Says what to open and what to paste; and to whomever starts the first time, the administrator's
/// password, which is never shown again.
pub(crate) fn show(server: &Server) {
    let state = &server.state;
    show_admin(server);
    if !std::io::stdout().is_terminal() {
        return;
    }
    let all = state.apps();
    let mut apps: Vec<_> = all.iter().map(|app| app.ids.client_app_id.as_str()).collect();
    apps.sort_unstable();
    let base_url = &state.public_url;
    println!("  Keystead {} is running.\n", env!("CARGO_PKG_VERSION"));
    println!("  Open     {base_url}/");
    println!("  App id   {}", apps.join(", "));
    println!("\n  Paste into an application that uses realm-web:\n");
    let first = apps.first().copied().unwrap_or("<your app id>");
    println!("    const app = new Realm.App({{ id: \"{first}\", baseUrl: \"{base_url}\" }});");
    println!("    const user = await app.logIn(Realm.Credentials.emailPassword(email, password));");
    println!("    const {{ key }} = await user.apiKeys.create(\"myApiKey\");\n");
}

/// The administrator who was made just now, if one was.
pub(crate) fn show_admin(server: &Server) {
    if let Some(admin) = &server.generated_admin {
        println!("\n  Administrator (shown this once): {}  {}\n", admin.email, admin.password.expose());
    }
}

/// A line for a person.
pub(crate) fn say(message: &str) {
    println!("{message}");
}

/// Why the program cannot go on.
pub(crate) fn complain(message: &str) {
    eprintln!("keystead: {message}");
}
