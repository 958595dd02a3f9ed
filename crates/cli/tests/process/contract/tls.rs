//! TLS by setting.

use crate::support::Invocation;
use crate::support::api::{Api, http_client};
use reqwest::Certificate;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const REQUEST: &str = "\
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
";

/// A certificate of this machine, and its key.
pub fn make_certificate(folder: &Path) {
    std::fs::write(folder.join("request.cnf"), REQUEST).unwrap();
    let made = Command::new("openssl")
        .current_dir(folder)
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-config", "request.cnf", "-keyout", "key.pem", "-out", "certificate.pem"])
        .output()
        .expect("the openssl program is needed (Debian package openssl)");
    assert!(made.status.success(), "{made:?}");
}

fn with_tls(folder: &Path) -> Invocation {
    Invocation::serve(folder).args(["--tls-certificate", "certificate.pem", "--tls-key", "key.pem"])
}

#[tokio::test]
async fn a_certificate_and_a_key_make_it_https() {
    let folder = TempDir::new().unwrap();
    make_certificate(folder.path());
    let server = with_tls(folder.path()).start_ready();
    let plain_url = server.url.clone();
    let pem = std::fs::read(folder.path().join("certificate.pem")).unwrap();
    let trusting = http_client().tls_certs_only([Certificate::from_pem(&pem).unwrap()]).build().unwrap();
    let api = Api { http: trusting, url: plain_url.replacen("http", "https", 1) };
    let user = api.new_user("ada@example.com").await;
    let (_, key) = api.new_key(&user, "mine").await;
    assert_eq!(api.log_in_by_key(&key).await.tokens().user_id, user.user_id);
    let port = plain_url.rsplit(':').next().unwrap();
    assert_eq!(api.location().await["hostname"], format!("https://localhost:{port}"));
    assert_eq!(api.location().await["ws_hostname"], format!("wss://localhost:{port}"));

    assert!(Api::new(&plain_url).http.get(&plain_url).send().await.is_err(), "plain HTTP is answered");
    assert!(
        Api::new(&api.url).http.get(&api.url).send().await.is_err(),
        "a stranger's certificate is trusted"
    );
    server.stop();
}

#[test]
fn tls_offers_http_2_and_http_1() {
    let folder = TempDir::new().unwrap();
    make_certificate(folder.path());
    let server = with_tls(folder.path()).start_ready();
    let address = server.url.strip_prefix("http://").unwrap();
    for (offered, chosen) in [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")] {
        let output = Command::new("openssl")
            .args(["s_client", "-connect", address, "-alpn", offered])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.lines().any(|line| line == format!("ALPN protocol: {chosen}")), "{said}");
    }
    server.stop();
}

#[test]
fn files_that_are_no_certificate_and_no_key_are_refused() {
    let folder = TempDir::new().unwrap();
    make_certificate(folder.path());
    let key = std::fs::read(folder.path().join("key.pem")).unwrap();
    for (file, content) in [
        ("key.pem", None),
        ("key.pem", Some(b"garbage".to_vec())),
        ("certificate.pem", None),
        ("certificate.pem", Some(key)),
    ] {
        make_certificate(folder.path());
        match content {
            None => std::fs::remove_file(folder.path().join(file)).unwrap(),
            Some(content) => std::fs::write(folder.path().join(file), content).unwrap(),
        }
        let ended = with_tls(folder.path()).run();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let complaints: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("keystead: ")).collect();
        assert!(matches!(complaints[..], [line] if line.contains("TLS")), "{ended:?}");
        assert!(!ended.stderr.contains("PRIVATE KEY"), "{ended:?}");
        assert!(!ended.stderr.contains("\"serving\""), "it says that it serves, and does not: {ended:?}");
    }
}
