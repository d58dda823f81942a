//! Contexts: what the host knows about its surroundings, each an object (EVT-13, EVT-18, EVT-19, SCO-2, SCO-4).

use super::bound;
use super::field::Field;
use super::limits;
use super::writer::Writer;
use crate::base::memory::Buffer;
use crate::protocol::trace::{context_with, trace_of};
use crate::value::input::{Input, bounded};
use crate::value::json::keys::Keys;
use crate::value::json::merge;
use crate::value::json::scan::{self, Kind};
use crate::value::json::write as json;

/// Writes the contexts of the event and of the scope: what both have is merged, with the event's before the scope's. Only
/// what traces, and what a user wrote, if `is_reduced`.
pub(super) fn write(writer: &mut Writer<'_>, value: Option<Input<'_>>, is_reduced: bool) {
    let before = writer.out.len();
    writer.key("contexts");
    writer.out.push(b'{');
    let start = writer.out.len();
    let scope = writer.parts.contexts;
    if value.is_none() && !is_reduced {
        writer.out.extend_from_slice(scope.json().as_bytes());
        writer.trace_id = scope.get("trace").and_then(trace_of);
    } else {
        let is_left_out = |key: &str| is_reduced && key != "trace" && key != "feedback";
        let mut keys = Keys::default();
        for (key, context) in value.into_iter().flat_map(Input::members) {
            let key = key.decode();
            if !is_left_out(&key) && !keys.contains(&key) && write_one(writer, &key, context) {
                keys.insert(key);
            }
        }
        if !keys.contains("trace") {
            writer.trace_id = scope.get("trace").and_then(trace_of);
        }
        scope.write_missing(writer.out, |key| keys.contains(key) || is_left_out(key));
    }
    if writer.out.len() == start {
        writer.out.truncate(before);
    } else {
        writer.out.push(b'}');
        writer.mark_written(Field::Contexts);
    }
}

/// Writes the event's context with what it lacks of the scope's; false, and nothing written, if it is none: the scope's is
/// better then.
fn write_one(writer: &mut Writer<'_>, key: &str, context: Input<'_>) -> bool {
    if !context.is_object() {
        if !context.is_null() {
            writer.leave_out(key, "is no object, as a context must be");
        }
        return false;
    }
    let outer = writer.parts.contexts.get(key);
    let completed;
    let context = if key == "trace" {
        let Some(trace) = context_with(&context.to_json(), outer) else {
            writer.leave_out(key, "names no trace");
            return false;
        };
        writer.trace_id = trace_of(&trace);
        completed = trace;
        Input::Json(&completed)
    } else if let Some(outer) = outer.filter(|outer| scan::kind(outer) == Kind::Object) {
        completed = merge::objects(&context.to_json(), outer);
        Input::Json(&completed)
    } else {
        context
    };
    json::key(writer.out, key);
    writer.trimmed |= bounded(writer.out, key, context);
    true
}

/// Appends a context within its limits; true if something was cut.
pub(super) fn bounded(out: &mut Buffer, key: &str, context: Input<'_>) -> bool {
    let start = out.len();
    let was_cut = match key {
        "flags" => flags(out, context),
        "trace" => bound::write_members(out, bound::trace, context),
        _ => {
            context.copy(out);
            false
        }
    };
    let max_bytes = context_bytes(key, out.get(start..).unwrap_or_default());
    was_cut | bounded::cut_down(out, start, limits::BAG_DEPTH, max_bytes)
}

/// What a server leaves of a context: to a system, a runtime and a browser it adds name and version once more, as one
/// text, to all the type.
fn context_bytes(key: &str, context: &[u8]) -> usize {
    let max_bytes = limits::CONTEXT_BYTES
        .saturating_sub(limits::CONTEXT_RESERVE)
        .saturating_sub(key.len());
    let half = max_bytes / 2;
    if context.len() <= half {
        return half;
    }
    let context = std::str::from_utf8(context).unwrap_or_default();
    let own_type = scan::entry(context, "type").and_then(scan::text);
    match own_type.as_deref().unwrap_or(key) {
        "os" | "runtime" | "browser" => {
            let added = scan::entries(context)
                .filter(|(key, _)| matches!(&*scan::decode(key), "name" | "version"))
                .fold(0, |sum: usize, (_, value)| sum.saturating_add(value.len()));
            max_bytes.saturating_sub(added.min(half))
        }
        _ => max_bytes,
    }
}

/// Appends feature flags, with their names and values cut (EVT-19); true if something was.
fn flags(out: &mut Buffer, context: Input<'_>) -> bool {
    let mut was_cut = false;
    out.push(b'{');
    for (key, values) in context.members() {
        key.copy_key(out);
        if !key.is_key("values") || values.kind() != Kind::Array {
            values.copy(out);
            continue;
        }
        out.push(b'[');
        for flag in values.elements() {
            json::separator(out);
            if flag.is_object() {
                was_cut |= flag_within_limits(out, flag);
            } else {
                flag.copy(out);
            }
        }
        out.push(b']');
    }
    out.push(b'}');
    was_cut
}

fn flag_within_limits(out: &mut Buffer, flag: Input<'_>) -> bool {
    let (name_chars, value_chars) = limits::FLAG_CHARS;
    let mut was_cut = false;
    out.push(b'{');
    for (key, value) in flag.members() {
        key.copy_key(out);
        match (&*key.decode(), value.kind()) {
            ("flag", Kind::Text) => was_cut |= bounded::string(out, value, name_chars),
            ("result", Kind::Text) => was_cut |= bounded::string(out, value, value_chars),
            _ => value.copy(out),
        }
    }
    out.push(b'}');
    was_cut
}

#[cfg(test)]
mod tests {
    use super::limits;
    use crate::protocol::event::testing::{Given, one, written};
    use serde_json::{Value, json};

    // EVT-13, SCO-2
    #[test]
    fn contexts_are_objects_and_the_event_wins_key_by_key() {
        let mut given = Given::default();
        given.contexts.set("os", "{\"name\":\"scope\"}");
        given.contexts.set("device", "{}");
        let contexts = |event: &str| given.read_and_write(event).0["contexts"].clone();
        assert_eq!(
            contexts("{}"),
            json!({"os": {"name": "scope"}, "device": {}})
        );
        assert_eq!(
            contexts(r#"{"contexts":{"os":{"version":"own"},"app":{},"device":null}}"#),
            json!({"os": {"name": "scope", "version": "own"}, "app": {}, "device": {}})
        );
        assert_eq!(
            one("contexts", &json!({"a": 1, "b": "x", "c": [], "d": {}})),
            (json!({"d": {}}), true)
        );
        assert_eq!(one("contexts", &json!({"a": null})), (Value::Null, false));
    }

    // SCO-2
    #[test]
    fn a_context_that_event_and_scope_have_is_merged_at_each_depth() {
        let mut given = Given::default();
        given
            .contexts
            .set("app", r#"{"build":"scope","n":{"a":1,"b":1},"v":7}"#);
        given.contexts.set("os", "{}");
        let event = r#"{"contexts":{"app":{"job":"own","n":{"b":2},"v":{"x":1}},"new":{}}}"#;
        assert_eq!(
            given.read_and_write(event).0["contexts"],
            json!({
                "app": {"job": "own", "build": "scope", "n": {"a": 1, "b": 2}, "v": {"x": 1}},
                "os": {}, "new": {},
            })
        );
    }

    // SCO-4, TRACE-1, TRACE-19, TRACE-20
    #[test]
    fn a_trace_is_completed_from_the_scope_and_named() {
        let ids = |trace: &str, span: &str| json!({"trace_id": trace.repeat(32), "span_id": span.repeat(16)});
        let mut given = Given::default();
        let scope = ids("c", "d");
        given.contexts.set("trace", &scope.to_string());
        let with = |own: Value| {
            let event = json!({"contexts": {"trace": own}}).to_string();
            let (json, written) = given.read_and_write(&event);
            let id = written.trace_id.unwrap();
            let trace = json["contexts"]["trace"].clone();
            assert_eq!(
                trace["trace_id"].as_str().unwrap().to_lowercase(),
                id.simple().as_str()
            );
            trace
        };
        let mut own = ids("a", "B");
        own["op"] = json!("x");
        assert_eq!(with(own.clone()), own);
        for bad in [
            json!({}),
            json!(null),
            json!(7),
            json!({"trace_id": "0".repeat(32)}),
        ] {
            assert_eq!(with(bad.clone()), scope, "{bad}");
        }
        let mut both = scope.clone();
        both["op"] = json!("x");
        assert_eq!(with(json!({"op": "x", "span_id": 7})), both);
        let alone = with(json!({"trace_id": "A".repeat(32)}));
        assert!(
            alone["span_id"].as_str().unwrap().len() == 16 && alone["span_id"] != scope["span_id"]
        );
        let trace_id = |event: &str| given.read_and_write(event).1.trace_id.unwrap();
        for event in ["{}", r#"{"contexts":{"a":{}}}"#] {
            assert_eq!(trace_id(event).simple().as_str(), "c".repeat(32));
        }
        assert_eq!(written("{}").1.trace_id, None);
    }

    // EVT-13, EVT-18, EVT-19
    #[test]
    fn contexts_are_bounded() {
        let (json, trimmed) = one(
            "contexts",
            &json!({"big": {"a": 1, "b": "é".repeat(8000), "c": 2}}),
        );
        assert!(trimmed && json["big"].to_string().len() <= limits::CONTEXT_BYTES);
        assert_eq!(json["big"]["a"], 1);
        assert!(json["big"]["b"].as_str().unwrap().ends_with("é..."));
        let (json, trimmed) = one(
            "contexts",
            &json!({"k": {"2": {"3": {"4": {"5": {"6": {}}}}}}}),
        );
        assert_eq!(json, json!({"k": {"2": {"3": {"4": {"5": {"6": "..."}}}}}}));
        assert!(trimmed);
        let flags = json!({"values": [{"flag": "f".repeat(33), "result": "r".repeat(201)}, {"flag": "a", "result": true}]});
        let (json, trimmed) = one("contexts", &json!({"flags": flags}));
        let first = &json["flags"]["values"][0];
        assert_eq!(first["flag"].as_str().unwrap().len(), 32);
        assert_eq!(first["result"].as_str().unwrap().len(), 200);
        assert_eq!(
            json["flags"]["values"][1],
            json!({"flag": "a", "result": true})
        );
        assert!(trimmed);
    }

    // EVT-13, ENV-18
    #[test]
    fn contexts_leave_room_for_what_servers_add() {
        let long = "é".repeat(8000);
        for (key, context, max) in [
            ("os", json!({"name": long}), 4096),
            ("os", json!({"name": "n", "version": long}), 4096),
            ("runtime", json!({"name": long, "version": long}), 4096),
            ("mine", json!({"type": "browser", "name": long}), 4096),
            ("os", json!({"name": "n", "build": long}), 8192),
            ("device", json!({"name": long}), 8192),
            ("os", json!({"type": "mine", "name": long}), 8192),
        ] {
            let (json, trimmed) = one("contexts", &json!({ key: context }));
            let length = json[key].to_string().len();
            assert!(trimmed && length <= max - key.len(), "{key}: {length}");
            assert!(length > max - 100, "{key}: {length}");
        }
        let (json, trimmed) = one("contexts", &json!({"k".repeat(500): {"a": long}}));
        assert!(trimmed && json.to_string().len() < 8192);
        let ids = json!({"trace_id": "a".repeat(32), "span_id": "b".repeat(16)});
        let mut trace = ids.clone();
        trace["op"] = json!("o".repeat(129));
        let (json, trimmed) = one("contexts", &json!({ "trace": trace }));
        assert!(trimmed && json["trace"]["trace_id"] == ids["trace_id"]);
        assert_eq!(json["trace"]["op"].as_str().unwrap().len(), 128);
    }
}
