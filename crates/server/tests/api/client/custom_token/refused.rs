//! Tokens that do not log in.

use super::{SECRET, assert_refused, claims, hs256_provider, log_in, start, with};
use crate::support::APP;
use crate::support::jwt::{compose, hmac_sha256, hs256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_that_was_changed_is_refused() {
    let server = start(hs256_provider()).await;
    let good = hs256(SECRET, &claims(&server, "user-1"));
    let parts: Vec<&str> = good.split('.').collect();
    let [header, _, signature] = parts[..] else { unreachable!() };
    let other = URL_SAFE_NO_PAD.encode(claims(&server, "user-2").to_string());
    for token in [
        format!("{header}.{other}.{signature}"),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}AAAA"),
        format!("{good}.{signature}"),
        good.replace('.', " "),
        String::new(),
        "not a token".to_owned(),
    ] {
        assert_refused(&log_in(&server, &token).await);
    }
    log_in(&server, &good).await.tokens();
}

#[tokio::test]
async fn a_token_without_signature_is_refused_whatever_it_calls_that() {
    let server = start(hs256_provider()).await;
    for algorithm in ["none", "None", "NONE", "", "HS512", "RS256", "hs256"] {
        let header = json!({"alg": algorithm, "typ": "JWT"});
        let claims = claims(&server, "user-1");
        assert_refused(&log_in(&server, &compose(&header, &claims, |_| Vec::new())).await);
        let signed = compose(&header, &claims, |signed| hmac_sha256(SECRET, signed));
        assert_refused(&log_in(&server, &signed).await);
    }
}

#[tokio::test]
async fn a_token_out_of_its_time_is_refused() {
    let server = start(hs256_provider()).await;
    let now = server.state.clock.now().unix_seconds();
    let claims = claims(&server, "user-1");
    let mut without_end = claims.clone();
    without_end.as_object_mut().unwrap().remove("exp");
    for claims in [
        with(claims.clone(), "exp", now - 3600),
        with(claims.clone(), "exp", "tomorrow"),
        with(claims.clone(), "exp", Value::Null),
        with(claims.clone(), "nbf", now + 3600),
        with(claims.clone(), "iat", now + 3600),
        without_end,
    ] {
        assert_refused(&log_in(&server, &hs256(SECRET, &claims)).await);
    }
    server.state.clock.advance(std::time::Duration::from_hours(1));
    assert_refused(&log_in(&server, &hs256(SECRET, &claims)).await);
}

#[tokio::test]
async fn a_token_without_a_subject_is_refused() {
    let server = start(hs256_provider()).await;
    for subject in [Value::Null, "".into(), 7.into(), json!(["user-1"]), json!({"id": "user-1"})] {
        let claims = with(claims(&server, "x"), "sub", subject);
        assert_refused(&log_in(&server, &hs256(SECRET, &claims)).await);
    }
    let mut without = claims(&server, "x");
    without.as_object_mut().unwrap().remove("sub");
    assert_refused(&log_in(&server, &hs256(SECRET, &without)).await);
}

#[tokio::test]
async fn a_token_of_this_server_is_no_external_token() {
    let server = start(hs256_provider()).await;
    let user = server.new_user("a@example.com").await;
    for token in [&user.access, &user.refresh] {
        assert_refused(&log_in(&server, token).await);
    }
}

#[tokio::test]
async fn the_audience_is_the_client_app_id_unless_configured() {
    for audience in [json!([]), json!(""), Value::Null] {
        let mut provider = hs256_provider();
        provider["config"]["audience"] = audience;
        let server = start(provider).await;
        let log_in = async |audience: Value| {
            log_in(&server, &hs256(SECRET, &with(claims(&server, "user-1"), "aud", audience))).await
        };
        log_in(APP.into()).await.tokens();
        log_in(json!(["other", APP])).await.tokens();
        for audience in ["other".into(), json!([]), Value::Null, json!({"a": APP}), APP[1..].into()] {
            assert_refused(&log_in(audience).await);
        }
    }
}

#[tokio::test]
async fn all_configured_audiences_are_needed_unless_any_will_do() {
    for (any, one_is_enough) in [(false, false), (true, true)] {
        let mut provider = hs256_provider();
        provider["config"]["audience"] = json!(["first", "second"]);
        provider["config"]["requireAnyAudience"] = any.into();
        let server = start(provider).await;
        let log_in = async |audience: Value| {
            log_in(&server, &hs256(SECRET, &with(claims(&server, "user-1"), "aud", audience))).await
        };
        log_in(json!(["first", "second", "third"])).await.tokens();
        let one = log_in("first".into()).await;
        if one_is_enough {
            one.tokens();
        } else {
            assert_refused(&one);
        }
        assert_refused(&log_in(APP.into()).await);
    }
}

#[tokio::test]
async fn a_single_audience_may_be_a_string() {
    let mut provider = hs256_provider();
    provider["config"]["audience"] = "my-audience".into();
    let server = start(provider).await;
    let good = with(claims(&server, "user-1"), "aud", "my-audience");
    log_in(&server, &hs256(SECRET, &good)).await.tokens();
    assert_refused(&log_in(&server, &hs256(SECRET, &claims(&server, "user-1"))).await);
}

/// The test suites of the SDKs make their tokens like this.
#[tokio::test]
async fn a_token_in_the_standard_base64_alphabet_logs_in() {
    let server = start(hs256_provider()).await;
    let claims = with(claims(&server, "ü?>~ü?>~"), "x", "???>>>");
    let part = |value: &Value| STANDARD_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&claims));
    let signature = STANDARD_NO_PAD.encode(hmac_sha256(SECRET, signed.as_bytes()));
    log_in(&server, &format!("{signed}.{signature}")).await.tokens();
}
