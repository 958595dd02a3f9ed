//! What a call can see: nothing of earlier calls, of other applications, or of the machine.

use crate::support::{alone, call, parts, patient, program, settings, value};
use keystead_functions::{Pool, Program};
use serde_json::json;
use std::sync::Arc;

fn one() -> Pool {
    let mut settings = settings(patient());
    settings.workers = 1;
    Pool::new(settings)
}

#[tokio::test]
async fn nothing_of_a_call_is_left_for_the_next_one() {
    let pool = one();
    // In the same program, so that the very same worker and source serve both.
    let program = program(
        "exports = (first) => {
            if (first) {
                globalThis.left = 1;
                implicit = 2;
                var kept = 3;
                Object.prototype.polluted = 4;
                Array.prototype.map = () => 5;
                JSON.parse = () => 6;
                Promise.prototype.then = () => 7;
                BSON.ObjectId.prototype.toHexString = () => 8;
                EJSON.stringify = () => 9;
                context.user.id = 10;
                console.log = () => { throw 11; };
                globalThis.console = 12;
                Symbol.for('left').x = 13;
                Object.freeze(Object.prototype);
                delete globalThis.Array;
                return 'done';
            }
            console.log('fine');
            return [typeof left, typeof implicit, {}.polluted, [1].map(x => x + 1), JSON.parse('2'), context.user.id,
                EJSON.stringify({}), typeof console, typeof new BSON.ObjectId().toHexString(), Object.isFrozen(Object.prototype)];
        }",
    );
    for _ in 0..3 {
        let first = pool.run(call(&program, vec![json!(true)]), &alone()).await.unwrap();
        assert_eq!(first.value, json!("done"));
        let second = pool.run(call(&program, vec![json!(false)]), &alone()).await.unwrap();
        let two = json!({ "$numberInt": "2" });
        assert_eq!(
            second.value,
            json!(["undefined", "undefined", { "$undefined": true }, [two], two, "u1", "{}", "object", "string", false])
        );
        assert_eq!(second.logs.len(), 1);
    }
}

#[tokio::test]
async fn an_application_sees_no_functions_or_values_of_another() {
    let pool = one();
    let mut theirs = parts(&[("f", "exports = () => 1"), ("secret", "exports = () => 'secret'")]);
    theirs.application = "theirs".into();
    theirs.values.insert("secret".into(), json!("secret"));
    let theirs = Arc::new(Program::new(theirs));
    let ours = program(
        "exports = () => {
            let error;
            try { context.functions.execute('secret'); } catch (thrown) { error = String(thrown); }
            return [error, context.values.get('secret')];
        }",
    );
    for _ in 0..2 {
        pool.run(call(&theirs, vec![]), &alone()).await.unwrap();
        let seen = pool.run(call(&ours, vec![]), &alone()).await.unwrap().value;
        assert_eq!(seen, json!(["Error: function not found: 'secret'", { "$undefined": true }]));
    }
}

#[tokio::test]
async fn nothing_of_the_host_can_be_reached() {
    let pool = one();
    let names =
        "exports = () => ['process', 'std', 'os', 'performance', 'fetch', 'XMLHttpRequest', 'WebAssembly',
        'Deno', 'Bun', 'global', 'setTimeout', 'print', 'load', 'loadScript', 'scriptArgs', 'Worker', 'gc',
        'navigator', 'bjson', 'native'].filter(name => (0, eval)(`typeof ${name}`) !== 'undefined')";
    assert_eq!(value(&pool, names, vec![]).await, json!([]));
    let escapes = "exports = async () => {
        const tries = [
            () => import('std'), () => import('os'), () => import('/etc/passwd'), () => require('fs'),
            () => require('../../etc/passwd'), () => new Function('return process')(),
            () => console.log.constructor('return std')(), () => [].constructor.constructor('return os')(),
            () => context.services.get('mongodb-atlas'),
        ];
        let reached = 0;
        for (const attempt of tries) { try { await attempt(); reached++; } catch {} }
        return reached;
    }";
    assert_eq!(value(&pool, escapes, vec![]).await, json!({ "$numberInt": "0" }));
}

#[tokio::test]
async fn no_clock_is_finer_than_a_millisecond() {
    let pool = one();
    let whole = "exports = () => {
        for (let i = 0; i < 1e4; i++) { if (!Number.isInteger(Date.now()) || !Number.isInteger(+new Date())) return false; }
        return true;
    }";
    assert_eq!(value(&pool, whole, vec![]).await, json!(true));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_worker_has_no_files_no_environment_and_room_for_neither() {
    let pool = one();
    value(&pool, "exports = () => 1", vec![]).await;
    let worker = children().into_iter().next().unwrap();
    let open = std::fs::read_dir(format!("/proc/{worker}/fd")).unwrap();
    let mut open: Vec<_> = open.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"]);
    assert_eq!(std::fs::read_link(format!("/proc/{worker}/cwd")).unwrap().to_str(), Some("/"));
    let environment = std::fs::read_to_string(format!("/proc/{worker}/environ")).unwrap();
    assert!(
        environment.split_terminator('\0').all(|variable| variable.starts_with("MALLOC_")),
        "{environment}"
    );
    let limits = std::fs::read_to_string(format!("/proc/{worker}/limits")).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max open files"), "3");
    assert_eq!(limit("Max file size"), "0");
    assert_eq!(limit("Max core file size"), "0");
    assert_ne!(limit("Max address space"), "unlimited");
    assert_ne!(limit("Max cpu time"), "unlimited");
    let status = std::fs::read_to_string(format!("/proc/{worker}/status")).unwrap();
    assert!(status.contains("NoNewPrivs:\t1"));
}

/// The children that this thread has started, as each test runs in its own.
#[cfg(target_os = "linux")]
fn children() -> Vec<u32> {
    let text = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    text.split_whitespace().map(|id| id.parse().unwrap()).collect()
}
