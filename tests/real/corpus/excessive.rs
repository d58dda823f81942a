//! Events that are too long, too deep or too many.

use serde_json::{Value, json};

use super::{Event, MIXED, long, nested, wide};

/// All of them.
pub fn events() -> Vec<Event> {
    let mut events = long_texts();
    events.extend(large_bags());
    events
}

fn long_texts() -> Vec<Event> {
    let long = long();
    events! {
        "long message": {"message": long},
        "message one character too long": {"message": format!("{}b", MIXED.repeat(2048))},
        "long logentry": {"logentry": {"message": long, "params": ["x".repeat(2000)], "formatted": long}},
        "long exception": {"exception": {"values": [{"type": long, "value": long, "module": long}]}},
        "long tags": {"message": "m", "tags": {long.as_str(): long}},
        "long names": {"message": "m", "logger": long, "transaction": long, "server_name": long, "release": long, "dist": long,
            "environment": long, "culprit": long},
        "names of too many bytes": {"message": "m", "release": "\u{e9}".repeat(101), "environment": "\u{e9}".repeat(33),
            "dist": "d".repeat(65)},
        "long breadcrumb": {"message": "m", "breadcrumbs": [
            {"timestamp": 1, "message": long, "category": long, "type": long, "data": {"long": long}}]},
        "long fingerprint": {"message": "m", "fingerprint": [long]},
        "long image": {"message": "m", "debug_meta": {"images": [
            {"type": "elf", "image_addr": "0x1", "image_size": 1, "code_file": long, "debug_file": long,
             "debug_id": "c0bcc3f1-9827-fe65-3058-404b2831d9e6"}]}},
    }
}

fn large_bags() -> Vec<Event> {
    let long = long();
    let frames: Vec<Value> = (0..400)
        .map(|index| json!({"instruction_addr": format!("{:#x}", 0x1000 + index), "function": format!("f{index}")}))
        .collect();
    let crumbs: Vec<Value> = (0..150)
        .map(|index| json!({"timestamp": 1_767_322_000 + index, "message": format!("crumb {index}")}))
        .collect();
    events! {
        "extra over one value's size": {"message": "m", "extra": {"long": long, "list": vec![long.clone(); 3]}},
        "extra over its whole size": {"message": "m", "extra": wide(40, &json!("x".repeat(10_000)))},
        "extra that is wide": {"message": "m", "extra": {"wide": wide(2000, &json!(1))}},
        "extra that is a long list": {"message": "m", "extra": {"list": (0..5000).collect::<Vec<_>>()}},
        "extra that is deep": {"message": "m", "extra": {"object": nested(30, false), "list": nested(30, true)}},
        "context over its size": {"message": "m", "contexts": {"long": {"text": long, "after": "kept?"}}},
        "context that is wide": {"message": "m", "contexts": {"wide": wide(2000, &json!("x"))}},
        "context that is deep": {"message": "m", "contexts": {"deep": nested(30, false), "list": {"l": nested(30, true)}}},
        "many contexts": {"message": "m", "contexts": wide(100, &json!({"text": "x".repeat(2000)}))},
        "user that is deep": {"message": "m", "user": {"id": "1", "deep": nested(30, false)}},
        "request that is deep": {"message": "m", "request": {"url": "https://h.example/", "data": nested(30, false)}},
        "breadcrumb that is deep": {"message": "m", "breadcrumbs": [{"timestamp": 1, "data": {"deep": nested(30, false)}}]},
        "breadcrumb that is wide": {"message": "m", "breadcrumbs": [{"timestamp": 1, "data": wide(2000, &json!("x"))}]},
        "many frames": {"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}},
        "many breadcrumbs": {"message": "m", "breadcrumbs": crumbs},
        "many tags": {"message": "m", "tags": wide(300, &json!("x"))},
        "many exceptions": {"exception": {"values": vec![json!({"type": "E", "value": "v"}); 100]}},
        "everything at once": {
                "message": long, "extra": wide(40, &json!("x".repeat(10_000))), "contexts": wide(60, &json!({"text": "x".repeat(7000)})),
                "tags": wide(300, &json!("x".repeat(200))), "breadcrumbs": vec![json!({"timestamp": 1, "message": "x".repeat(8000)}); 100],
            },
    }
}
