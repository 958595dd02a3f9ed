//! Flags win over the environment, and the environment over the file.

use crate::support::api::Api;
use crate::support::{Invocation, Process};
use std::path::Path;
use tempfile::TempDir;

// Different addresses of this machine rather than different ports: any port may be taken.
const FILE: &str = "listen = \"127.0.0.4:0\"\npublic_url = \"http://file.example\"\ndata_dir = \"data\"\n";

fn host(server: &Process) -> String {
    server.url.trim_start_matches("http://").split(':').next().unwrap().to_owned()
}

fn invocation(folder: &Path) -> Invocation {
    Invocation::new(folder).args(["serve"])
}

#[tokio::test]
async fn flags_beat_the_environment_which_beats_the_file() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("keystead.toml"), FILE).unwrap();

    let from_file = invocation(folder.path()).start_ready();
    assert_eq!(host(&from_file), "127.0.0.4");
    assert_eq!(Api::new(&from_file.url).location().await["hostname"], "http://file.example");
    from_file.stop();

    let with_environment = |folder| {
        let invocation = invocation(folder).env("KEYSTEAD_LISTEN", "127.0.0.3:0");
        invocation.env("KEYSTEAD_PUBLIC_URL", "http://environment.example")
    };
    let from_environment = with_environment(folder.path()).start_ready();
    assert_eq!(host(&from_environment), "127.0.0.3");
    assert_eq!(Api::new(&from_environment.url).location().await["hostname"], "http://environment.example");
    from_environment.stop();

    let flags = ["--listen", "127.0.0.2:0", "--public-url", "https://flag.example/base/"];
    let from_flags = with_environment(folder.path()).args(flags).start_ready();
    assert_eq!(host(&from_flags), "127.0.0.2");
    let location = Api::new(&from_flags.url).location().await;
    assert_eq!(location["hostname"], "https://flag.example/base");
    assert_eq!(location["ws_hostname"], "wss://flag.example/base");
    from_flags.stop();
}

#[tokio::test]
async fn a_settings_file_can_be_named_and_mixes_with_flags() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("keystead.toml"), "public_url = \"http://wrong.example\"").unwrap();
    std::fs::write(folder.path().join("named.toml"), FILE).unwrap();
    for by_environment in [false, true] {
        let invocation = invocation(folder.path()).args(["--listen", "127.0.0.2:0"]);
        let server = if by_environment {
            invocation.env("KEYSTEAD_CONFIG", "named.toml").start_ready()
        } else {
            invocation.args(["--config", "named.toml"]).start_ready()
        };
        assert_eq!(host(&server), "127.0.0.2");
        assert_eq!(Api::new(&server.url).location().await["hostname"], "http://file.example");
        server.stop();
    }
}

#[tokio::test]
async fn the_public_url_follows_from_the_address() {
    let folder = TempDir::new().unwrap();
    let server = Invocation::serve(folder.path()).start_ready();
    let port = server.url.rsplit(':').next().unwrap();
    let location = Api::new(&server.url).location().await;
    assert_eq!(location["hostname"], format!("http://localhost:{port}"));
    assert_eq!(location["ws_hostname"], format!("ws://localhost:{port}"));
    server.stop();
}

#[test]
fn serve_is_what_the_program_does_when_told_nothing() {
    let folder = TempDir::new().unwrap();
    let server = Invocation::new(folder.path()).env("KEYSTEAD_LISTEN", "127.0.0.1:0").start_ready();
    assert!(folder.path().join("keystead-data").is_dir());
    server.stop();
}

#[tokio::test]
async fn several_applications_are_served_side_by_side() {
    let folder = TempDir::new().unwrap();
    for name in ["one", "two"] {
        let app = folder.path().join(name);
        std::fs::create_dir_all(app.join("auth")).unwrap();
        std::fs::write(
            app.join("root_config.json"),
            format!(r#"{{"app_id": "{name}-abcde", "name": "{name}"}}"#),
        )
        .unwrap();
        std::fs::write(app.join("auth/providers.json"), "{}").unwrap();
    }
    for by_environment in [false, true] {
        let invocation = Invocation::serve(folder.path());
        let server = if by_environment {
            invocation.env("KEYSTEAD_APP", "one,two").start_ready()
        } else {
            invocation.args(["--app", "one", "--app", "two"]).start_ready()
        };
        let api = Api::new(&server.url);
        for (app, status) in [("one-abcde", 200), ("two-abcde", 200), ("quickstart-abcde", 404)] {
            let answer = api.call(reqwest::Method::GET, &format!("/app/{app}/location"), None, None).await;
            assert_eq!(answer.status, status, "{app}");
        }
        server.stop();
    }
}
