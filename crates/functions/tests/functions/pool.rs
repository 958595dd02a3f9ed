//! The pool: processes, places, and what happens when either ends.

use crate::support::{alone, call, outcome, parts, patient, pool, program, settings, value};
use keystead_functions::{Failure, Limits, Pool, Program};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_function_adds_its_arguments() {
    let pool = pool(patient());
    assert_eq!(
        value(&pool, "exports = (a, b) => a + b", vec![json!(1), json!(2)]).await,
        json!({ "$numberInt": "3" })
    );
}

#[tokio::test]
async fn a_name_without_a_function_is_not_found() {
    let pool = pool(patient());
    let mut call = call(&program("exports = () => 1"), vec![]);
    call.function = "g".into();
    let failure = pool.run(call, &alone()).await.unwrap_err();
    assert_eq!(failure.to_string(), "function not found: 'g'");
}

#[tokio::test]
async fn an_application_with_too_many_calls_is_busy_and_others_are_not() {
    let mut settings = settings(patient());
    settings.calls_per_application = 1;
    let pool = Pool::new(settings);
    let host = alone();
    let slow = call(&program("exports = () => { for (;;); }"), vec![]);
    let quick = call(&program("exports = () => 1"), vec![]);
    let mut running = Box::pin(pool.run(slow, &host));
    tokio::select! {
        biased;
        ended = &mut running => panic!("{ended:?}"),
        second = pool.run(quick.clone(), &host) => assert_eq!(second, Err(Failure::Busy)),
    }
    let mut other = parts(&[("f", "exports = () => 1")]);
    other.application = "other".into();
    let other = call(&Arc::new(Program::new(other)), vec![]);
    assert!(pool.run(other, &host).await.is_ok());
    drop(running);
    assert!(pool.run(quick, &host).await.is_ok(), "a cancelled call leaves its place");
}

#[tokio::test]
async fn a_cancelled_call_leaves_nothing_for_the_next_one() {
    let mut settings = settings(patient());
    settings.workers = 1;
    let pool = Pool::new(settings);
    let host = alone();
    let endless = call(&program("exports = () => { for (;;); }"), vec![]);
    let cancelled = tokio::time::timeout(Duration::from_millis(20), pool.run(endless, &host)).await;
    assert!(cancelled.is_err());
    assert_eq!(value(&pool, "exports = () => 'next'", vec![]).await, json!("next"));
}

#[tokio::test]
async fn a_call_that_waits_for_a_worker_until_its_time_is_up_is_busy() {
    let mut settings = settings(Limits { wall: Duration::from_millis(300), ..patient() });
    settings.workers = 1;
    let pool = Arc::new(Pool::new(settings));
    let mut calls = Vec::new();
    for _ in 0..3 {
        let pool = Arc::clone(&pool);
        // It cannot be interrupted, so its worker is taken for the whole time and the grace.
        let call = call(&program("exports = () => new Array(1e9) + ''"), vec![]);
        calls.push(tokio::spawn(async move { pool.run(call, &alone()).await.unwrap_err() }));
    }
    let mut busy = 0;
    for call in calls {
        match call.await.unwrap() {
            Failure::Busy => busy += 1,
            Failure::TimeLimit => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(busy, 2);
}

#[tokio::test]
async fn a_program_that_is_no_worker_is_reported() {
    let mut settings = settings(patient());
    settings.worker.program = "/nonexistent/worker".into();
    let missing = Pool::new(settings.clone());
    assert!(matches!(
        outcome(&missing, "exports = () => 1", vec![]).await,
        Err(Failure::WorkerUnavailable(_))
    ));
    settings.worker.program = "/bin/true".into();
    let silent = Pool::new(settings);
    assert_eq!(outcome(&silent, "exports = () => 1", vec![]).await, Err(Failure::Crashed));
}

#[tokio::test]
async fn a_closed_pool_runs_nothing() {
    let pool = pool(patient());
    value(&pool, "exports = () => 1", vec![]).await;
    pool.close().await;
    assert!(matches!(outcome(&pool, "exports = () => 1", vec![]).await, Err(Failure::WorkerUnavailable(_))));
}

#[tokio::test]
async fn a_new_version_of_a_program_replaces_the_old_one() {
    let pool = pool(patient());
    for version in ["1", "2", "1"] {
        assert_eq!(value(&pool, &format!("exports = () => '{version}'"), vec![]).await, json!(version));
    }
}
