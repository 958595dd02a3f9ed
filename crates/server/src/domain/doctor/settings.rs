//! Settings that are dangerous together, or where others can reach the server.

use super::Check;
use crate::domain::admins::DEFAULT_EMAIL;
use crate::domain::throttle::ThrottleRate;
use crate::state::{ServerState, is_local};
use url::Url;

pub(super) fn all(state: &ServerState) -> Vec<Check> {
    vec![public_url(state), trusted_proxies(state), login_throttle(state)]
}

/// Whether only this machine is meant to reach the server.
fn is_private(state: &ServerState) -> bool {
    state.public_url.parse::<Url>().is_ok_and(|url| is_local(&url))
}

fn public_url(state: &ServerState) -> Check {
    let (name, url) = ("public_url", &state.public_url);
    let behind_proxy = !state.settings.trusted_proxies.is_empty();
    let has_tls = state.settings.tls.is_some();
    if is_private(state) && !state.settings.listen.ip().is_loopback() {
        return Check::warning(
            name,
            format!("clients are told to reach the server at {url}, which leads others to their own machine"),
            "set --public-url to the URL at which clients reach the server, or listen on 127.0.0.1 only",
        );
    }
    if is_private(state) {
        return Check::ok(name, format!("the server is at {url}, for this machine alone"));
    }
    match (url.starts_with("https:"), has_tls, behind_proxy) {
        (false, true, _) => Check::problem(
            name,
            format!("the server speaks TLS, and clients are sent to {url}"),
            "let --public-url begin with https://",
        ),
        (false, false, _) => Check::problem(
            name,
            format!("passwords, keys and tokens travel unencrypted to {url}"),
            "set --tls-certificate and --tls-key, or put a proxy with TLS in front, and let --public-url begin with https://",
        ),
        (true, false, false) => Check::warning(
            name,
            format!(
                "{url} needs a proxy that speaks TLS, and no proxy is trusted: all clients share one address"
            ),
            "name the proxy by --trusted-proxies, or set --tls-certificate and --tls-key",
        ),
        (true, ..) => Check::ok(name, format!("clients reach the server at {url}")),
    }
}

fn trusted_proxies(state: &ServerState) -> Check {
    let name = "trusted_proxies";
    let proxies = &state.settings.trusted_proxies;
    if proxies.iter().any(|network| network.prefix_len() == 0) {
        return Check::problem(
            name,
            "everybody is trusted as a proxy, so everybody can pretend to be at any address",
            "name only your own proxies by --trusted-proxies",
        );
    }
    Check::ok(name, format!("{} networks of proxies are trusted", proxies.len()))
}

fn login_throttle(state: &ServerState) -> Check {
    let name = "login_throttle";
    if state.settings.login_throttle != ThrottleRate::OFF {
        return Check::ok(name, "failed logins are throttled");
    }
    let (message, fix) = (
        "failed logins are not throttled: passwords can be guessed",
        "leave --login-throttle out, or set it to 20/min",
    );
    if is_private(state) { Check::warning(name, message, fix) } else { Check::problem(name, message, fix) }
}

pub(super) async fn admin(state: &ServerState) -> Check {
    let name = "administrator";
    match state.store.find_admin_by_email(DEFAULT_EMAIL).await {
        Ok(Some(_)) if !is_private(state) => Check::warning(
            name,
            format!("the administrator is {DEFAULT_EMAIL}, a name that everybody knows"),
            "set --admin-email and a password of your own, by --admin-password-file",
        ),
        Ok(_) => Check::ok(name, "there is an administrator"),
        Err(error) => Check::problem(name, error.to_string(), "look at the checks of the store"),
    }
}
