//! Events with something that the library passes on as it came and that Relay shortens, rewrites or drops: limits that
//! are the server's own, and nonsense in fields whose content is the host's.
//!
//! Each comes with the places, in the order of the alphabet. A place that is new here is a loss nobody decided on.

use serde_json::{Value, json};

use super::{long, nested};

/// A name, an event, and the places that Relay does not take as they are.
pub type Left = (&'static str, Value, &'static [&'static str]);

/// `"name": { JSON } => [places], …`
macro_rules! left {
    ($($name:literal: $event:tt => $places:expr),* $(,)?) => { vec![$(($name, json!($event), &$places)),*] };
}

/// All of them.
pub fn events() -> Vec<Left> {
    let long = long();
    left! {
        "long mechanism": {"exception": {"values": [{"type": "E", "mechanism": {"type": long, "description": long}}]}} => [
            "exception.values.0.mechanism.description", "exception.values.0.mechanism.type",
        ],
        "long frames": {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [
            {"function": long, "filename": long, "abs_path": long, "package": long, "module": long, "context_line": long,
             "pre_context": [long], "vars": {"long": long}}]}}]}} => [
            "exception.values.0.stacktrace.frames.0.function", "exception.values.0.stacktrace.frames.0.vars.long",
        ],
        "long user": {"message": "m", "user": {"id": long, "username": long, "email": long, "other": long}} => [
            "user.email",
        ],
        "long request": {"message": "m", "request": {"url": long, "method": long, "data": long, "query_string": [["q", long]],
            "headers": {"Long": long}, "cookies": {"long": long}}} => [
            "request.cookies.0.1", "request.cookies.long", "request.headers.0.1", "request.headers.Long",
            "request.method", "request.query_string.0.1", "request.query_string.q", "request.url",
        ],
        "long modules": {"message": "m", "modules": {"libc": long}} => ["modules.libc"],
        "long threads": {"message": "m", "threads": [{"id": 1, "name": long}]} => ["threads.values.0.name"],
        "known contexts over their size": {"message": "m", "contexts": {
            "os": {"name": long, "version": long}, "runtime": {"name": long}, "device": {"name": long, "model": long}}} => [
            "contexts.os.name",
        ],
        "mechanism data that is deep": {"exception": {"values": [
            {"type": "E", "mechanism": {"type": "generic", "data": {"deep": nested(12, false)}}}]}} => [
            "exception.values.0.mechanism.data.deep.in.in.in.in.in.in.in.in.in.in.in.in",
        ],
        "variables that are deep": {"exception": {"values": [
            {"type": "E", "stacktrace": {"frames": [{"function": "f", "vars": {"deep": nested(12, false)}}]}}]}} => [
            "exception.values.0.stacktrace.frames.0.vars.deep.in.in.in.in.in.in.in.in.in.in.in.in",
        ],
        "parameters that are deep": {"logentry": {"message": "%s", "params": [nested(12, true)], "formatted": "x"}} => [
            "logentry.params.0.0.0.0.0.0.0.0.0.0.0.0.0",
        ],
        "unknown platform": {"message": "m", "platform": "toaster"} => ["platform"],
        "user of odd parts": {"message": "m", "user": {"id": 42, "username": null, "email": "no address", "ip_address": "nowhere"}} => [
            "user.ip_address",
        ],
        "request of odd parts": {"message": "m", "request": {"url": "no url", "headers": {"A": 1, "B": ["x", "y"], "C": null},
            "cookies": "a=1; b=2", "query_string": "?q=1&r", "data": 5}} => [
            "request.headers.A", "request.headers.B.1",
        ],
        "threads of odd parts": {"message": "m", "threads": [{}, {"name": "no id"}, {"id": 1.5}, {"id": true}, null]} => [
            "threads.values.1.name", "threads.values.2.id", "threads.values.3.id",
        ],
        "images of odd parts": {"message": "m", "debug_meta": {"images": [
            {"type": "elf"}, {"type": "odd", "a": 1}, null, {},
            {"type": "elf", "image_addr": 4096, "image_size": 1, "debug_id": "c0bcc3f1-9827-fe65-3058-404b2831d9e6"}]}} => [
            "debug_meta.images.0.code_file", "debug_meta.images.0.debug_id", "debug_meta.images.1",
            "debug_meta.images.1.a", "debug_meta.images.1.type", "debug_meta.images.2",
            "debug_meta.images.3.code_file",
        ],
        "tags that servers make themselves": {"message": "m", "tags": {
            "release": "r", "dist": "d", "environment": "e", "user": "u", "filename": "f", "function": "g"}} => [
            "tags.dist", "tags.environment", "tags.filename", "tags.function", "tags.release", "tags.user",
        ],
        "long parameters": {"logentry": {"message": "%s", "params": [long], "formatted": "x"}} => ["logentry.params.0"],
        "context type that is no text": {"message": "m", "contexts": {"typed": {"type": 5}}} => ["contexts.typed.type"],
    }
}
