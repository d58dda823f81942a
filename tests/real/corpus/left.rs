//! What the library passes on as it came although Relay shortens, rewrites or drops it, and events with the limits that
//! are Relay's own, which the library keeps, so that nothing is left.
//!
//! Each comes with the places, in the order of the alphabet. A place that is new here is a loss nobody decided on.

use serde_json::{Value, json};

use super::{MIXED, long, nested, wide};

/// A name, an event, and the places that Relay does not take as they are.
pub type Left = (&'static str, Value, &'static [&'static str]);

/// `"name": { JSON } => [places], …`
macro_rules! left {
    ($($name:literal: $event:tt => $places:expr),* $(,)?) => { vec![$(($name, json!($event), &$places)),*] };
}

/// All of them.
pub fn events() -> Vec<Left> {
    let mut events = deliberate();
    events.extend(long_texts());
    events.extend(large_bags());
    events.extend(pairs());
    events
}

/// What is left, and why.
fn deliberate() -> Vec<Left> {
    left! {
        // Which platforms exist is the server's business: it may know more than it did.
        "unknown platform": {"message": "m", "platform": "toaster"} => ["platform"],
        // Which thread an odd id means is nothing to guess: Relay keeps the thread without it. It leaves out the empty one,
        // so that those behind it move up.
        "threads of odd parts": {"message": "m", "threads": [{}, {"name": "no id"}, {"id": 1.5}, {"id": true}, null]} => [
            "threads.values.2.id",
        ],
        // An image that says too little to find its symbols by; others may be told from it all the same.
        "images of odd parts": {"message": "m", "debug_meta": {"images": [
            {"type": "elf"}, {"type": "odd", "a": 1}, null, {},
            {"type": "elf", "image_addr": 4096, "image_size": 1, "debug_id": "c0bcc3f1-9827-fe65-3058-404b2831d9e6"}]}} => [
            "debug_meta.images.0.code_file", "debug_meta.images.0.debug_id", "debug_meta.images.1",
            "debug_meta.images.1.a", "debug_meta.images.1.type", "debug_meta.images.2",
            "debug_meta.images.3.code_file",
        ],
        // Named in the documentation of `sentry_set_tag`: other names would be other tags.
        "tags that servers make themselves": {"message": "m", "tags": {
            "release": "r", "dist": "d", "environment": "e", "user": "u", "filename": "f", "function": "g"}} => [
            "tags.dist", "tags.environment", "tags.filename", "tags.function", "tags.release", "tags.user",
        ],
        // Relay puts the key in its place: nothing is lost.
        "context type that is no text": {"message": "m", "contexts": {"typed": {"type": 5}}} => ["contexts.typed.type"],
    }
}

/// Longer than Relay takes; nothing is left.
fn long_texts() -> Vec<Left> {
    let long = long();
    left! {
        "long mechanism": {"exception": {"values": [{"type": "E", "mechanism": {"type": long, "source": long, "description": long}}]}} => [],
        "long frames": {"exception": {"values": [{"type": "E", "stacktrace": {"lang": long, "frames": [
            {"function": long, "raw_function": long, "symbol": long, "lang": long, "trust": long, "filename": long,
             "abs_path": long, "package": long, "module": long, "context_line": long, "pre_context": [long],
             "vars": {"long": long}}]}}]}} => [],
        "long user": {"message": "m", "user": {"id": long, "username": long, "name": long, "email": long, "other": long,
            "geo": {"city": long, "country_code": long}}} => [],
        "long names of a user": {"message": "m", "user": {
            "id": MIXED.repeat(100), "username": MIXED.repeat(100), "name": MIXED.repeat(100), "email": MIXED.repeat(100)}} => [],
        "long request": {"message": "m", "request": {"url": long, "method": long, "data": long, "query_string": [["q", long]],
            "headers": {"Long": long}, "cookies": {"long": long}, "fragment": long, "env": {"LONG": long}}} => [],
        "long modules": {"message": "m", "modules": {"libc": long}} => [],
        "long threads": {"message": "m", "threads": [{"id": 1, "name": long}]} => [],
        "long parameters": {"logentry": {"message": "%s", "params": [long], "formatted": "x"}} => [],
        "long sdk": {"message": "m", "sdk": {"name": long, "version": long}} => [],
        "long operation": {"message": "m", "contexts": {"trace": {
            "trace_id": "0123456789abcdef0123456789abcdef", "span_id": "0123456789abcdef", "op": long, "origin": "o".repeat(200)}}} => [],
    }
}

/// Larger or deeper than Relay takes; nothing is left.
fn large_bags() -> Vec<Left> {
    let (long, deep) = (long(), nested(12, false));
    let (name, rest) = ("n".repeat(3000), "r".repeat(8000));
    left! {
        "known contexts over their size": {"message": "m", "contexts": {
            "os": {"name": long, "version": long}, "runtime": {"name": long}, "device": {"name": long, "model": long}}} => [],
        "contexts to which the server adds": {"message": "m", "contexts": {
            "os": {"name": name, "rest": rest}, "runtime": {"name": name, "version": name, "rest": rest},
            "browser": {"version": name, "rest": rest}, "mine": {"type": "os", "name": name, "rest": rest}}} => [],
        "contexts just within their size": {"message": "m", "contexts": {
            "device": {"zzz": "x".repeat(9000)}, "gpu": {"zzz": "x".repeat(9000)}, "app": {"zzz": "x".repeat(9000)},
            "a name of a context that is long in itself": {"zzz": "x".repeat(9000)}}} => [],
        "mechanism data that is deep": {"exception": {"values": [
            {"type": "E", "mechanism": {"type": "generic", "data": {"deep": deep}}}]}} => [],
        "variables that are deep": {"exception": {"values": [
            {"type": "E", "stacktrace": {"frames": [{"function": "f", "vars": {"deep": deep}}]}}]}} => [],
        "variables that are many": {"exception": {"values": [
            {"type": "E", "stacktrace": {"frames": [{"function": "f", "vars": wide(2000, &json!("x"))}]}}]}} => [],
        "parameters that are deep": {"logentry": {"message": "%s", "params": [nested(12, true)], "formatted": "x"}} => [],
        "many modules": {"message": "m", "modules": wide(3000, &json!("1.0"))} => [],
    }
}

/// Addresses, and what Relay reads as pairs; nothing is left.
fn pairs() -> Vec<Left> {
    // Digits: Relay writes the letters of a header's name in its own way.
    let many: Vec<Value> = (0..2000).map(|it| json!([it.to_string(), "x"])).collect();
    let members = (0..2000).map(|it| (it.to_string(), json!("")));
    let object = Value::Object(members.collect());
    left! {
        "many pairs as objects": {"message": "m", "request": {
            "query_string": object, "headers": object, "cookies": object}} => [],
        "many pairs as lists": {"message": "m", "request": {"query_string": many, "headers": many, "cookies": many}} => [],
        "many pairs as text": {"message": "m", "request": {
            "query_string": "a=1&".repeat(1000), "cookies": "a=1; ".repeat(1000)}} => [],
        "long names of pairs": {"message": "m", "request": {
            "query_string": {"q".repeat(2000): "x", "a": "b"}, "headers": {"H".repeat(9000): "x", "A": "b"},
            "cookies": {"c".repeat(4000): "x", "a": "b"}}} => [],
        "request of odd parts": {"message": "m", "request": {"url": "no url", "headers": {"A": 1, "B": "x", "C": null},
            "cookies": "a=1; b=2", "query_string": "?q=1&r", "data": 5, "method": 5}} => [],
        "pairs of odd parts": {"message": "m", "request": {"headers": {"A": ["x", "y"], "B": true, "C": {"a": 1}},
            "cookies": {"a": 1, "b": ["x"]}, "query_string": {"a": 1, "b": ["x", "y"], "c": {"d": 1}}}} => [],
        "user of odd parts": {"message": "m", "user": {"id": 42, "username": null, "email": "no address", "ip_address": "nowhere"}} => [],
        // Relay takes the query out of the address, as it should: no more than the place changes.
        "address with a long query": {"message": "m", "request": {"url": format!("https://h.example/{}?{}",
            "p".repeat(300), "a=1&".repeat(300))}} => ["request.url"],
    }
}
