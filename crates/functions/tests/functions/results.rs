//! Values in and out, and what is said of errors.

use crate::support::{alone, call};
use crate::support::{outcome, parts, patient, pool, thrown, value};
use keystead_functions::Program;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn results_are_canonical_ejson() {
    let pool = pool(patient());
    for (source, expected) in [
        ("undefined", json!({ "$undefined": true })),
        ("null", json!(null)),
        ("true", json!(true)),
        ("'text \u{1F600} \\n'", json!("text \u{1F600} \n")),
        ("'half \\ud800'", json!("half \u{fffd}")),
        ("42", json!({ "$numberInt": "42" })),
        ("2 ** 31 - 1", json!({ "$numberInt": "2147483647" })),
        ("2 ** 31", json!({ "$numberLong": "2147483648" })),
        ("2 ** 53 - 1", json!({ "$numberLong": "9007199254740991" })),
        ("2 ** 53", json!({ "$numberDouble": "9007199254740992.0" })),
        ("3.14159", json!({ "$numberDouble": "3.14159" })),
        ("-0", json!({ "$numberDouble": "-0.0" })),
        ("NaN", json!({ "$numberDouble": "NaN" })),
        ("-Infinity", json!({ "$numberDouble": "-Infinity" })),
        ("2n ** 60n", json!({ "$numberLong": "1152921504606846976" })),
        ("new Date(1652297239913)", json!({ "$date": { "$numberLong": "1652297239913" } })),
        ("[1, [undefined]]", json!([{ "$numberInt": "1" }, [{ "$undefined": true }]])),
        ("/a\"b/gi", json!({ "$regularExpression": { "pattern": "a\"b", "options": "i" } })),
        ("new Uint8Array([1, 2])", json!({ "$binary": { "base64": "AQI=", "subType": "00" } })),
        ("BSON.ObjectId('0123456789abcdef01234567')", json!({ "$oid": "0123456789abcdef01234567" })),
        ("new BSON.Binary('hi')", json!({ "$binary": { "base64": "aGk=", "subType": "00" } })),
        ("BSON.Binary.fromHex('6869', 5)", json!({ "$binary": { "base64": "aGk=", "subType": "05" } })),
        ("BSON.Long.fromString('-9')", json!({ "$numberLong": "-9" })),
        ("new BSON.Long(1, 1)", json!({ "$numberLong": "4294967297" })),
        ("new BSON.Int32(7)", json!({ "$numberInt": "7" })),
        ("new BSON.Double(7)", json!({ "$numberDouble": "7" })),
        ("BSON.Decimal128.fromString('2.50')", json!({ "$numberDecimal": "2.50" })),
        ("BSON.BSONRegExp('a', 'xi')", json!({ "$regularExpression": { "pattern": "a", "options": "ix" } })),
        ("[new BSON.MinKey(), BSON.MaxKey()]", json!([{ "$minKey": 1 }, { "$maxKey": 1 }])),
        (
            "({ a: { b: 'c' }, f() {}, ['__proto__']: 'own' })",
            json!({ "a": { "b": "c" }, "f": { "$undefined": true }, "__proto__": "own" }),
        ),
    ] {
        assert_eq!(value(&pool, &format!("exports = () => ({source})"), vec![]).await, expected, "{source}");
    }
}

#[tokio::test]
async fn arguments_are_ordinary_values() {
    let pool = pool(patient());
    for (argument, test) in [
        (json!({ "$numberInt": "42" }), "x === 42"),
        (json!({ "$numberLong": "42" }), "x === 42"),
        (
            json!({ "$numberLong": "9223372036854775807" }),
            "x instanceof BSON.Long && x.toString() === '9223372036854775807'",
        ),
        (json!({ "$numberDouble": "NaN" }), "Number.isNaN(x)"),
        (json!({ "$numberDouble": "-0.0" }), "Object.is(x, -0)"),
        (json!(1.5), "x === 1.5"),
        (json!({ "$undefined": true }), "x === undefined"),
        (json!({ "$date": { "$numberLong": "7" } }), "x instanceof Date && x.getTime() === 7"),
        (json!({ "$date": "1970-01-01T00:00:01Z" }), "x instanceof Date && x.getTime() === 1000"),
        (
            json!({ "$oid": "0123456789abcdef01234567" }),
            "x instanceof BSON.ObjectId && x.toHexString() === '0123456789abcdef01234567'",
        ),
        (
            json!({ "$binary": { "base64": "aGk=", "subType": "00" } }),
            "x.text() === 'hi' && x.toHex() === '6869'",
        ),
        (json!({ "$uuid": "00112233-4455-6677-8899-aabbccddeeff" }), "x.subType === '04'"),
        (json!({ "$numberInt": 1 }), "x.$numberInt === 1"),
        (json!({ "$numberInt": "x" }), "x.$numberInt === 'x'"),
        (json!({ "$oid": "no" }), "x.$oid === 'no'"),
        (json!({ "__proto__": { "a": 1 } }), "Object.keys(x)[0] === '__proto__' && x.a === undefined"),
        (json!({ "a": [{ "$numberInt": "1" }] }), "x.a[0] === 1"),
    ] {
        let source = format!("exports = (x) => {test}");
        assert_eq!(value(&pool, &source, vec![argument.clone()]).await, json!(true), "{argument}");
    }
}

#[tokio::test]
async fn errors_say_what_was_thrown() {
    let pool = pool(patient());
    for (source, expected) in [
        ("exports = () => unknown", "ReferenceError: 'unknown' is not defined"),
        ("exports = () => { throw new Error('msg') }", "Error: msg"),
        ("exports = async () => { throw new TypeError('msg') }", "TypeError: msg"),
        ("exports = () => Promise.reject('text')", "text"),
        ("exports = () => { throw 'text' }", "text"),
        ("exports = () => { throw 42 }", "42"),
        ("exports = () => { throw { code: 'x' } }", "{\"code\":\"x\"}"),
        ("exports = () => new Promise(() => {})", "the function's promise never settles"),
        ("exports = () => { const a = []; a.push(a); return a }", "TypeError: the value contains itself"),
        ("exports = 1", "the function 'f' does not assign a function to exports"),
        (
            "exports = () => { throw { toString() { throw 1 }, get a() { throw 2 } } }",
            "the function threw a value that cannot be shown",
        ),
        ("exports = () => new Date(NaN)", "TypeError: the value contains an invalid Date"),
    ] {
        assert_eq!(thrown(&pool, source).await, expected, "{source}");
    }
    assert!(thrown(&pool, "exports = () => {").await.starts_with("SyntaxError: "));
    assert!(thrown(&pool, "exports = () => '\0'").await.starts_with("Error: "));
}

#[tokio::test]
async fn values_may_be_as_deep_as_bson_and_no_deeper() {
    let pool = pool(patient());
    let nested = |depth| {
        format!("exports = () => {{ let a = 1; for (let i = 0; i < {depth}; i++) a = [a]; return a; }}")
    };
    assert!(outcome(&pool, &nested(100), vec![]).await.is_ok());
    assert_eq!(thrown(&pool, &nested(101)).await, "TypeError: the value is nested too deep");
    let mut argument = json!(1);
    for _ in 0..126 {
        argument = json!([argument]);
    }
    assert_eq!(
        value(&pool, "exports = (x) => x.length", vec![argument.clone()]).await,
        json!({ "$numberInt": "1" })
    );
    for _ in 0..1000 {
        argument = json!([argument]);
    }
    assert!(outcome(&pool, "exports = (x) => x.length", vec![argument]).await.is_err());
}

/// Canonical EJSON, as a function gives it back.
fn ejson() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!({ "$undefined": true })),
        any::<bool>().prop_map(|value| json!(value)),
        any::<String>().prop_map(|value| json!(value)),
        (-2_147_483_647..=i32::MAX).prop_map(|value| json!({ "$numberInt": value.to_string() })),
        any::<i64>()
            .prop_filter("ints are numbers", |value| value.unsigned_abs() >= 1 << 31)
            .prop_filter("this one is the first unsafe number", |value| value.unsigned_abs() != 1 << 53)
            .prop_map(|value| json!({ "$numberLong": value.to_string() })),
        any::<f64>()
            .prop_filter("integers are no doubles", |value| value.fract() != 0.0 || value.abs() > 1e16)
            .prop_map(|value| json!({ "$numberDouble": format!("{value:?}") })),
        (-8_640_000_000_000_000..=8_640_000_000_000_000_i64)
            .prop_map(|value| json!({ "$date": { "$numberLong": value.to_string() } })),
        "[0-9a-f]{24}".prop_map(|value| json!({ "$oid": value })),
        "([A-Za-z0-9+/]{4}){0,8}"
            .prop_map(|value| json!({ "$binary": { "base64": value, "subType": "80" } })),
        "[1-9][0-9]{0,20}(\\.[0-9]{1,9})?".prop_map(|value| json!({ "$numberDecimal": value })),
        any::<String>()
            .prop_map(|value| json!({ "$regularExpression": { "pattern": value, "options": "im" } })),
        any::<(u32, u32)>().prop_map(|(t, i)| json!({ "$timestamp": { "t": t, "i": i } })),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            prop::collection::btree_map("[^$].{0,7}", inner, 0..8).prop_map(|map| json!(map)),
        ]
    })
}

#[test]
fn ejson_comes_back_as_it_was() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pool = {
        let _context = runtime.enter();
        pool(patient())
    };
    let program = Arc::new(Program::new(parts(&[
        ("f", "exports = (x) => x"),
        ("g", "exports = (x) => EJSON.parse(EJSON.stringify(x))"),
    ])));
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }, |(value in ejson())| {
        for function in ["f", "g"] {
            let mut call = call(&program, vec![value.clone()]);
            call.function = function.into();
            let outcome = runtime.block_on(pool.run(call, &alone()));
            prop_assert_eq!(outcome.unwrap().value, value.clone());
        }
    });
}

#[test]
fn whatever_json_a_function_gets_it_answers() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pool = pool(patient());
    let program = Arc::new(Program::new(parts(&[("f", "exports = (x) => x")])));
    let name = prop_oneof![
        prop::sample::select(vec![
            "$oid",
            "$date",
            "$binary",
            "$numberInt",
            "$numberLong",
            "$numberDouble",
            "$numberDecimal",
            "$uuid",
            "$regularExpression",
            "$timestamp",
            "$minKey",
            "$undefined",
            "base64",
            "subType",
            "pattern",
            "_bsontype",
            "toExtendedJSON",
            "__proto__",
            "then",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n))
    ];
    let anything = leaf.prop_recursive(5, 32, 4, move |inner| {
        prop::collection::btree_map(name.clone(), inner, 0..4).prop_map(|map| json!(map))
    });
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }, |(value in anything)| {
        let outcome = runtime.block_on(pool.run(call(&program, vec![value]), &alone()));
        let answered = matches!(outcome, Ok(_) | Err(keystead_functions::Failure::Threw { .. }));
        prop_assert!(answered, "{:?}", outcome);
    });
}
