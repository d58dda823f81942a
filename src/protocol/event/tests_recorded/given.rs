//! What recorded inputs are given: scopes, and values that no JSON text stands for.

use crate::base::uuid::Uuid;
use crate::protocol::event::testing::Given;
use crate::value::tree::Value;

/// What options and scope give.
pub(super) fn scope(name: &str) -> Given {
    let mut given = Given::default();
    if name == "bare" {
        return given;
    }
    let fields = [
        ("platform", "\"native\""),
        ("release", "\"app@1\""),
        ("environment", "\"production\""),
        ("dist", "\"7\""),
        ("server_name", "\"host\""),
        ("user", "{\"id\":\"u\"}"),
        ("fingerprint", "[\"scope\"]"),
        ("transaction", "\"scope's\""),
        ("mine", "[1]"),
        ("sdk", "{\"name\":\"n\",\"version\":\"1\"}"),
    ];
    given.fields = fields.map(|(key, json)| (key, json.to_owned())).into();
    for (key, value) in [("t", "v"), ("u.v", "w \"x\""), ("u_v", "")] {
        given.tags.set_text(key, value);
    }
    let trace = format!(
        "{{\"trace_id\":\"{}\",\"span_id\":\"{}\"}}",
        "a".repeat(32),
        "e".repeat(16)
    );
    for (key, json) in [
        ("os", "{\"name\":\"Linux\",\"version\":\"6\"}"),
        (
            "device",
            "{\"arch\":\"x86_64\",\"nested\":{\"a\":1,\"b\":2,\"c\":{\"x\":1}},\"list\":[1,2]}",
        ),
        ("trace", &trace),
        ("app", "{}"),
    ] {
        given.contexts.set(key, json);
    }
    for (key, json) in [
        ("x", "1"),
        ("o", "{\"a\":1,\"b\":[2]}"),
        ("p", "5"),
        ("q", "null"),
    ] {
        given.extra.set(key, json);
    }
    let crumbs = |messages: &[(&str, &str)]| {
        let each = messages
            .iter()
            .map(|(time, message)| format!("{{\"timestamp\":{time},\"message\":\"{message}\"}}"));
        each.collect::<Vec<_>>().join(",")
    };
    given.breadcrumbs = vec![
        crumbs(&[("1767225600", "one")]),
        crumbs(&[("1767225601.5", "two")]),
    ];
    given.images = Some("[{\"type\":\"elf\",\"code_file\":\"scope\"}]".to_owned());
    if name == "two" {
        let inner = ["1767225599", "\"2026-01-01T00:00:01Z\"", "1767225602"];
        let inner = inner.map(|time| (time, "inner"));
        given.breadcrumbs.push(crumbs(&inner[..1]));
        given.breadcrumbs.push(crumbs(&inner[1..]));
        given.max_breadcrumbs = 10;
        given.user_id = Some(Uuid::from_bytes([0xcd; 16]));
        given.images = None;
        given.fields.retain(|(key, _)| *key != "user");
    }
    given
}

/// Values that JSON text cannot say, or that are large only as text.
pub(super) fn built(name: &str) -> Value {
    let text = |bytes: &[u8]| Value::text(bytes);
    let list = |items: Vec<Value>| {
        let list = Value::list();
        items
            .into_iter()
            .for_each(|item| list.append(item).unwrap());
        list
    };
    let object = |members: Vec<(&[u8], Value)>| {
        let object = Value::object();
        for (key, value) in members {
            object.set_key(key, value).unwrap();
        }
        object
    };
    let message = || (&b"message"[..], text(b"m"));
    match name {
        "circle" => {
            let extra = object(vec![(b"n", Value::Int32(1))]);
            let event = object(vec![message(), (b"extra", extra.clone())]);
            extra.set_key(b"self", event.clone()).unwrap();
            extra.set_key(b"itself", extra.clone()).unwrap();
            event
        }
        "shared" => {
            let shared = list(vec![Value::Int32(1), text(b"s")]);
            let extra = object(vec![(b"a", shared.clone()), (b"b", shared.clone())]);
            object(vec![message(), (b"extra", extra), (b"unknown", shared)])
        }
        "deep" => {
            let nest = |levels| (0..levels).fold(Value::Int32(1), |inner, _| list(vec![inner]));
            object(vec![
                message(),
                (b"just", nest(62)),
                (b"deep", nest(63)),
                (b"deeper", nest(70)),
                (b"extra", object(vec![(b"a", nest(70))])),
            ])
        }
        "not_utf8" => object(vec![
            (b"message", text(b"a\xffb\xc3")),
            (
                b"tags",
                object(vec![(b"t", text(b"\xff")), (b"u", text(b"a\xe2\x82"))]),
            ),
            (b"extra", object(vec![(b"e", text(b"\xf0\x9f\x98"))])),
            (b"unknown", text(b"\x80\x80")),
            (b"category", text(b"\xfe")),
        ]),
        "keys_not_utf8" => object(vec![
            message(),
            (
                b"extra",
                object(vec![(b"\xff", Value::Int32(1)), (b"\xfe", Value::Int32(2))]),
            ),
            (b"un\xffknown", Value::Int32(3)),
            (b"un\xfeknown", Value::Int32(4)),
        ]),
        "doubles" => {
            let numbers = [
                f64::NAN,
                f64::INFINITY,
                -0.0,
                1.0,
                1e15,
                1e16,
                0.1,
                0.1 + 0.2,
                f64::MAX,
                5e-324,
                0.000_01,
            ];
            let numbers = || list(numbers.map(Value::double).into());
            object(vec![
                (b"timestamp", Value::double(1_767_225_600.25)),
                (b"message", Value::double(1.5)),
                (b"extra", object(vec![(b"n", numbers())])),
                (b"data", object(vec![(b"n", numbers())])),
                (b"unknown", numbers()),
            ])
        }
        "doubles_in_fields" => {
            let number = || Value::double(3.0);
            object(vec![
                (b"timestamp", Value::double(f64::NAN)),
                (b"release", number()),
                (
                    b"tags",
                    object(vec![
                        (b"a", number()),
                        (b"b", Value::double(1e300)),
                        (b"c", Value::double(f64::INFINITY)),
                    ]),
                ),
                (b"fingerprint", list(vec![number()])),
                (b"user", object(vec![(b"id", Value::double(1e20))])),
                (b"threads", list(vec![object(vec![(b"id", number())])])),
                (
                    b"stacktrace",
                    object(vec![(
                        b"frames",
                        list(vec![object(vec![(
                            b"instruction_addr",
                            Value::double(4096.0),
                        )])]),
                    )]),
                ),
            ])
        }
        "integers" => object(vec![
            (b"timestamp", Value::uint64(1_767_225_600)),
            (
                b"extra",
                object(vec![
                    (b"a", Value::int64(i64::MIN)),
                    (b"b", Value::uint64(u64::MAX)),
                    (b"c", Value::Int32(i32::MIN)),
                ]),
            ),
            (
                b"stacktrace",
                object(vec![(
                    b"frames",
                    list(vec![object(vec![
                        (b"instruction_addr", Value::uint64(u64::MAX)),
                        (b"symbol_addr", Value::int64(-1)),
                        (b"image_addr", Value::int64(4096)),
                        (b"image_vmaddr", Value::address(4096)),
                    ])]),
                )]),
            ),
        ]),
        "control" => {
            let low: Vec<u8> = (0..0x20).chain([0x7f, b'"', b'\\', b'/']).collect();
            object(vec![
                (b"message", text(&low)),
                (b"tags", object(vec![(b"t", text(&low))])),
                (b"extra", object(vec![(&low, text(&low))])),
                (b"release", text(b"a\x08b")),
                (b"logger", text(&low)),
                (
                    b"exception",
                    object(vec![
                        (b"type", text(&low.repeat(10))),
                        (b"value", text(&low)),
                    ]),
                ),
                (&low, text(&low)),
            ])
        }
        "huge" => {
            let chunk = text(&b"x".repeat(1_000_000));
            let chunks = list(vec![chunk; 9]);
            object(vec![message(), (b"extra", object(vec![(b"e", chunks)]))])
        }
        "many" => {
            let many = (0..40).fold(text(b"x"), |inner, _| list(vec![inner.clone(), inner]));
            object(vec![message(), (b"extra", object(vec![(b"e", many)]))])
        }
        "long_text" => object(vec![(b"message", text(&b"x".repeat(8 * 1024 * 1024 + 1)))]),
        "list" => list(vec![object(vec![message()])]),
        "number" => Value::Int32(7),
        "frozen" => {
            let event = object(vec![message(), (b"tags", object(vec![(b"t", text(b"f"))]))]);
            event.freeze();
            event
        }
        other => panic!("no value {other:?}"),
    }
}
