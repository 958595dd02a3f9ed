//! Functions that want to harm: each is answered with an error, and the next call is served.

use crate::support::{outcome, patient, pool, settings, value};
use keystead_functions::{Failure, Limits, Pool};
use serde_json::json;
use std::time::Duration;

const ENDLESS: [(&str, &str); 14] = [
    ("loop", "exports = () => { for (;;); }"),
    ("loop in async", "exports = async () => { await null; for (;;); }"),
    ("loop in the source", "for (;;);"),
    ("loop that catches", "exports = () => { for (;;) { try { for (;;); } catch {} } }"),
    ("loop in finally", "exports = () => { try { for (;;); } finally { for (;;); } }"),
    ("loop in a getter of the result", "exports = () => ({ get a() { for (;;); } })"),
    ("loop in a proxy", "exports = () => new Proxy({}, { ownKeys() { for (;;); } })"),
    ("loop in then", "exports = () => ({ then() { for (;;); } })"),
    ("loop in toString of what is thrown", "exports = () => { throw { toString() { for (;;); } } }"),
    ("loop in toExtendedJSON", "exports = () => ({ _bsontype: 'x', toExtendedJSON() { for (;;); } })"),
    ("regular expression", "exports = () => /^(a+)+$/.test('a'.repeat(40) + 'b')"),
    ("promise chain", "exports = async () => { for (;;) await null; }"),
    ("promise recursion", "exports = () => { const f = () => Promise.resolve().then(f); return f(); }"),
    (
        "async recursion",
        "exports = async () => { const f = async () => { await null; return f(); }; return f(); }",
    ),
];

/// What the engine cannot interrupt: only killing helps.
const DEAF: [(&str, &str); 3] = [
    ("join", "exports = () => new Array(1e9) + ''"),
    ("sort", "exports = () => { const a = new Float64Array(1e6); for (;;) a.sort(); }"),
    ("search", "exports = () => { const a = []; a.length = 4e9; return a.indexOf(1); }"),
];

const GREEDY: [(&str, &str); 9] = [
    ("array", "exports = () => { const a = []; for (;;) a.push({ a }); }"),
    ("string", "exports = () => { let s = 'x'; for (;;) s += s + s.length; }"),
    ("repeat", "exports = () => { const a = []; for (;;) a.push('x'.repeat(1e7) + a.length); }"),
    ("big integer", "exports = () => { let n = 2n; for (;;) n *= n; }"),
    ("typed array", "exports = () => { const a = []; for (;;) a.push(new Uint8Array(1e7)); }"),
    ("one typed array", "exports = () => new Uint8Array(1e9).length"),
    ("shared memory", "exports = () => { const a = []; for (;;) a.push(new SharedArrayBuffer(1e7)); }"),
    ("map", "exports = () => { const m = new Map(); for (let i = 0; ; i++) m.set(i, [i]); }"),
    ("catching", "exports = () => { const a = []; for (;;) try { for (;;) a.push([a]); } catch {} }"),
];

const DEEP: [(&str, &str); 6] = [
    ("recursion", "exports = function f() { return f() + 1; }"),
    (
        "recursion by toString",
        "exports = () => { const o = { toString() { return `${o}`; } }; return `${o}`; }",
    ),
    (
        "recursion by proxies",
        "exports = () => { let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x; }",
    ),
    ("nested source", "exports = () => eval('['.repeat(1e5))"),
    ("nested JSON", "exports = () => JSON.parse('['.repeat(1e6))"),
    ("nested regular expression", "exports = () => new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('')"),
];

const TREACHEROUS: [(&str, &str); 16] = [
    ("cycle", "exports = () => { const a = []; a.push(a); return a; }"),
    ("cycle of objects", "exports = () => { const a = {}; a.b = { a }; return a; }"),
    (
        "endless getters",
        "exports = () => { const o = { get a() { return Object.create(o, { a: { enumerable: true, get: () => ({ ...o }) } }); } }; return o; }",
    ),
    ("wide result", "exports = () => { let a = 'x'; for (let i = 0; i < 60; i++) a = [a, a]; return a; }"),
    ("long result", "exports = () => new Array(4e9 - 1)"),
    ("throwing getter", "exports = () => ({ get a() { throw new Error('no'); } })"),
    ("throwing toString", "exports = () => { throw { toString() { throw 1; } }; }"),
    ("no toString", "exports = () => { throw Object.create(null); }"),
    (
        "error with a hostile message",
        "exports = () => { const e = new Error(); e.toString = null; Object.defineProperty(e, 'message', { get() { throw e; } }); throw e; }",
    ),
    ("symbol", "exports = () => { throw Symbol('x'); }"),
    ("throwing then", "exports = () => ({ get then() { throw new Error('then'); } })"),
    (
        "revoked proxy",
        "exports = () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; }",
    ),
    (
        "no Date",
        "exports = () => { const d = new Date(); Date.prototype.getTime = () => { throw 1; }; return d; }",
    ),
    (
        "broken Promise",
        "exports = async () => { Promise.prototype.then = null; await { get then() { throw 1; } }; }",
    ),
    ("nothing exported", "const x = 1"),
    ("syntax", "exports = () => {"),
];

fn hasty() -> Limits {
    Limits { wall: Duration::from_millis(700), cpu: Duration::from_millis(500), ..Limits::default() }
}

async fn next_is_served(pool: &Pool, after: &str) {
    // The limits are those for what is stopped, and this machine may be busy with it still.
    let next = outcome(pool, "exports = () => 'next'", vec![]).await;
    assert_eq!(next.unwrap().value, json!("next"), "after {after}");
}

/// A pool of one worker, so that the next call meets what the last one left.
fn one(limits: Limits) -> Pool {
    let mut settings = settings(limits);
    settings.workers = 1;
    Pool::new(settings)
}

#[tokio::test]
async fn what_does_not_end_is_ended() {
    let pool = one(hasty());
    for (name, source) in ENDLESS.into_iter().chain(DEAF) {
        let failure = outcome(&pool, source, vec![]).await.unwrap_err();
        let fair = match &failure {
            Failure::TimeLimit => true,
            // Two fill the memory while they are at it, and the engine may then lose the promise.
            Failure::MemoryLimit => name.ends_with("recursion"),
            Failure::Threw { message, .. } => {
                name.ends_with("recursion") && message.ends_with("never settles")
            }
            _ => false,
        };
        assert!(fair, "{name}: {failure:?}");
        next_is_served(&pool, name).await;
    }
}

#[tokio::test]
async fn what_wants_all_memory_does_not_get_it() {
    let pool = one(Limits { wall: Duration::from_secs(5), cpu: Duration::from_secs(4), ..Limits::default() });
    for (name, source) in GREEDY {
        let failure = outcome(&pool, source, vec![]).await.unwrap_err();
        let fair = match &failure {
            Failure::MemoryLimit | Failure::TimeLimit => true,
            // Some things have a largest size that is below the limit.
            Failure::Threw { message, .. } => {
                message.starts_with("RangeError") || message == "InternalError: string too long"
            }
            _ => false,
        };
        assert!(fair, "{name}: {failure:?}");
        next_is_served(&pool, name).await;
    }
}

#[tokio::test]
async fn what_goes_too_deep_is_stopped() {
    let pool = one(patient());
    for (name, source) in DEEP {
        let failure = outcome(&pool, source, vec![]).await.unwrap_err();
        assert!(matches!(failure, Failure::Threw { .. } | Failure::MemoryLimit), "{name}: {failure:?}");
        next_is_served(&pool, name).await;
    }
}

#[tokio::test]
async fn what_cannot_be_shown_is_an_error() {
    let pool = one(patient());
    for (name, source) in TREACHEROUS {
        let failure = outcome(&pool, source, vec![]).await.unwrap_err();
        assert!(matches!(failure, Failure::Threw { .. } | Failure::OutputTooLarge), "{name}: {failure:?}");
        next_is_served(&pool, name).await;
    }
}

#[tokio::test]
async fn a_flood_of_log_lines_is_cut() {
    let pool = pool(patient());
    let flood = "exports = () => { for (let i = 0; i < 1e4; i++) console.log('x'.repeat(100)); }";
    let logs = outcome(&pool, flood, vec![]).await.unwrap().logs;
    assert!(logs.iter().map(|line| line.text.len()).sum::<usize>() < 70_000);
    assert_eq!(logs.last().unwrap().text, "further lines were dropped");
    let one = "exports = () => { console.log('x'.repeat(1e6)); console.log('y'); }";
    assert_eq!(outcome(&pool, one, vec![]).await.unwrap().logs.len(), 1);
}

#[tokio::test]
async fn a_result_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let pool = pool(Limits { output_bytes: 12, ..patient() });
    assert_eq!(value(&pool, "exports = () => 'x'.repeat(10)", vec![]).await, json!("xxxxxxxxxx"));
    let refused = outcome(&pool, "exports = () => 'x'.repeat(11)", vec![]).await;
    assert_eq!(refused, Err(Failure::OutputTooLarge));
}
