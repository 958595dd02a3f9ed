//! Which tokens pass, and which do not.

use crate::{builder, log_in, log_in_to, verifier};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keystead_client::{App, Credentials};
use keystead_dev_server::{APP_ID, DevServer};
use keystead_server::app_config::Source;
use keystead_verify::{Refusal, Verifier, VerifyError};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

async fn refusal(verifier: &Verifier, token: &str) -> Refusal {
    match verifier.verify(token).await {
        Err(VerifyError::Refused(refusal)) => refusal,
        other => panic!("{token} was not refused: {other:?}"),
    }
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// Header, claims and signature, as they are spelled.
fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

#[tokio::test]
async fn an_access_token_passes_and_says_who_sent_it() {
    let server = DevServer::start().await;
    let (user, token) = log_in(&server).await;
    let caller = verifier(&server).verify(&token).await.unwrap();
    assert_eq!(caller.user_id, user.id());
    assert_eq!(caller.provider_type.as_deref(), Some("anon-user"));
    assert_eq!(caller.expires_at - caller.issued_at, 1800);
    assert!(caller.device_id.is_some() && caller.api_key_id.is_none() && caller.custom_data.is_none());
    let domain = server.state.apps().by_client_app_id(APP_ID).unwrap().ids.domain_id.to_string();
    assert_eq!(caller.domain_id, domain);
    user.refresh_access_token().await.unwrap();
    let next = verifier(&server).verify(user.access_token().unwrap().expose()).await.unwrap();
    assert_eq!(next.session_id, caller.session_id);
}

#[tokio::test]
async fn a_service_that_acts_for_a_user_shows_its_key() {
    let server = DevServer::start().await;
    let app = App::builder(APP_ID).base_url(&server.url).build().unwrap();
    let user = app.log_in(Credentials::api_key(&server.new_api_key().await)).await.unwrap();
    let key = user.api_keys().fetch_all().await.unwrap().remove(0);
    let caller = verifier(&server).verify(user.access_token().unwrap().expose()).await.unwrap();
    assert_eq!(caller.provider_type.as_deref(), Some("api-key"));
    assert_eq!(caller.api_key_id, Some(key.id.to_string()));
}

#[tokio::test]
async fn an_expired_token_is_refused_once_the_leeway_is_over() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let exact = builder(&server, &server.url).leeway(Duration::ZERO).build().unwrap();
    let lenient = verifier(&server);
    server.state.clock.advance(Duration::from_mins(30));
    assert_eq!(refusal(&exact, &token).await, Refusal::Expired);
    lenient.verify(&token).await.unwrap();
    server.state.clock.advance(Duration::from_mins(1));
    assert_eq!(refusal(&lenient, &token).await, Refusal::Expired);
}

#[tokio::test]
async fn whatever_is_changed_in_a_token_makes_it_worthless() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let verifier = verifier(&server);
    let [header, claims, signature] = parts(&token);

    let mut promoted = decoded(claims);
    promoted["sub"] = json!("0123456789abcdef01234567");
    let changed = format!("{header}.{}.{signature}", encoded(&promoted));
    assert_eq!(refusal(&verifier, &changed).await, Refusal::Signature);

    let mut renamed = decoded(header);
    renamed["kid"] = json!("0123456789abcdef01234567");
    let changed = format!("{}.{claims}.{signature}", encoded(&renamed));
    assert_eq!(refusal(&verifier, &changed).await, Refusal::UnknownKey);

    let mut spaced = decoded(header);
    spaced["more"] = json!(1);
    let changed = format!("{}.{claims}.{signature}", encoded(&spaced));
    assert_eq!(refusal(&verifier, &changed).await, Refusal::Signature);

    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[10] ^= 1;
    let changed = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(&bytes));
    assert_eq!(refusal(&verifier, &changed).await, Refusal::Signature);
    assert_eq!(refusal(&verifier, &format!("{header}.{claims}.")).await, Refusal::Signature);
    verifier.verify(&token).await.unwrap();
}

#[tokio::test]
async fn what_is_no_token_is_malformed() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let verifier = verifier(&server);
    let long = "x".repeat(20_000);
    let padded = format!("{token}=");
    for text in ["", ".", "..", "a.b", "a.b.c", "e30.e30.e30", &long, &padded, &token[1..]] {
        assert_eq!(refusal(&verifier, text).await, Refusal::Malformed, "{text}");
    }
    let [header, claims, signature] = parts(&token);
    let four = format!("{header}.{claims}.x.{signature}");
    assert_eq!(refusal(&verifier, &four).await, Refusal::Signature);
}

/// A second application of the same server.
fn other_application(folder: &Path) -> Source {
    let app = folder.join("other");
    std::fs::create_dir_all(app.join("auth")).unwrap();
    let root = json!({"app_id": "other-abcde", "name": "other"});
    let providers = json!({"anon-user": {"name": "anon-user", "type": "anon-user", "disabled": false}});
    std::fs::write(app.join("root_config.json"), root.to_string()).unwrap();
    std::fs::write(app.join("auth/providers.json"), providers.to_string()).unwrap();
    Source::Folder(app)
}

#[tokio::test]
async fn a_token_of_another_application_is_refused() {
    let server = DevServer::start_with(|settings| {
        let folder = settings.data_dir.parent().unwrap().to_owned();
        settings.apps = vec![Source::Quickstart, other_application(&folder)];
    })
    .await;
    let (_, ours) = log_in(&server).await;
    let (_, theirs) = log_in_to("other-abcde", &server).await;
    let verifier = verifier(&server);
    verifier.verify(&ours).await.unwrap();
    assert_eq!(refusal(&verifier, &theirs).await, Refusal::UnknownKey);

    let other = Verifier::builder("other-abcde").base_url(&server.url);
    let domain = server.state.apps().by_client_app_id(APP_ID).unwrap().ids.domain_id.to_string();
    let other = other.domain_id(domain).build().unwrap();
    assert_eq!(refusal(&other, &theirs).await, Refusal::OtherApplication);
}

#[tokio::test]
async fn a_token_of_another_server_is_refused() {
    let (server, stranger) = (DevServer::start().await, DevServer::start().await);
    let (_, token) = log_in(&stranger).await;
    assert_eq!(refusal(&verifier(&server), &token).await, Refusal::UnknownKey);
}

#[tokio::test]
async fn a_refresh_token_is_refused() {
    let server = DevServer::start().await;
    let (user, _) = log_in(&server).await;
    let token = user.refresh_token().unwrap();
    assert_eq!(refusal(&verifier(&server), token.expose()).await, Refusal::Algorithm);
}

#[tokio::test]
async fn a_token_without_an_algorithm_is_refused() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let [header, claims, signature] = parts(&token);
    let kid = &decoded(header)["kid"];
    for alg in ["none", "None", "NONE", "nOnE", "", "eddsa", "Ed25519"] {
        let header = encoded(&json!({"alg": alg, "kid": kid, "typ": "JWT"}));
        for signature in ["", signature] {
            let token = format!("{header}.{claims}.{signature}");
            assert_eq!(refusal(&verifier(&server), &token).await, Refusal::Algorithm, "{alg}");
        }
    }
    let without = format!("{}.{claims}.", encoded(&json!({"kid": kid})));
    assert_eq!(refusal(&verifier(&server), &without).await, Refusal::Malformed);
}

#[tokio::test]
async fn a_token_that_takes_the_public_key_for_an_hmac_secret_is_refused() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let verifier = verifier(&server);
    let [header, claims, _] = parts(&token);
    let url = format!("{}/api/client/v2.0/app/{APP_ID}/.well-known/jwks.json", server.url);
    let http = keystead_client::reqwest::Client::builder().no_proxy().build().unwrap();
    let keys = http.get(url).send().await.unwrap().bytes().await.unwrap();
    let keys: Value = serde_json::from_slice(&keys).unwrap();
    let x = keys["keys"][0]["x"].as_str().unwrap();
    let public = URL_SAFE_NO_PAD.decode(x).unwrap();
    let secrets = [
        public.clone(),
        x.as_bytes().to_vec(),
        STANDARD.encode(&public).into_bytes(),
        keys["keys"][0].to_string().into_bytes(),
    ];
    for secret in &secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        for (alg, expected) in [("HS256", Refusal::Algorithm), ("EdDSA", Refusal::Signature)] {
            let mut confused = decoded(header);
            confused["alg"] = json!(alg);
            let signed = format!("{}.{claims}", encoded(&confused));
            let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
            assert_eq!(refusal(&verifier, &format!("{signed}.{tag}")).await, expected, "{alg}");
        }
    }
}

#[tokio::test]
async fn an_audience_that_is_asked_for_must_be_there() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let verifier = builder(&server, &server.url).audience("orders").build().unwrap();
    assert_eq!(refusal(&verifier, &token).await, Refusal::OtherAudience);
}

#[tokio::test]
async fn revocation_is_not_known_offline_until_the_token_expires() {
    let server = DevServer::start().await;
    let (user, token) = log_in(&server).await;
    let verifier = verifier(&server);
    user.log_out().await.unwrap();
    verifier.verify(&token).await.expect("as the documentation says");
    server.state.clock.advance(Duration::from_mins(31));
    assert_eq!(refusal(&verifier, &token).await, Refusal::Expired);
}
