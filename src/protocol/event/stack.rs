//! Exceptions, threads and stack traces (EXC-1, EXC-2, STK-1 … STK-5).
//!
//! Decides what an entry needs to be kept, how many frames remain, and where a stray stack trace goes: one at the
//! top level becomes the stack of the current thread, unless the event has `threads` of its own, then it is dropped.

use super::bound::{self, Table};
use super::field::Field;
use super::limits;
use super::writer::Writer;
use crate::base::memory::{self, Buffer};
use crate::value::input::walk::Walk;
use crate::value::input::{Elements, Input, bounded};
use crate::value::json::scan::Kind;
use crate::value::json::write as json;

/// The entries of `[…]`, of `{"values": […]}`, or the one object itself.
pub(super) fn values(value: Input<'_>) -> Elements<'_> {
    if value.kind() == Kind::Array {
        return value.elements();
    }
    match value.list_under("values") {
        Some(list) => list,
        None if value.members().next().is_none() => value.elements(),
        None => value.alone(),
    }
}

/// Writes `exception`: those of its entries that say anything.
pub(super) fn exceptions(writer: &mut Writer<'_>, value: Input<'_>) {
    let (mut place, mut has_any) = (0_usize, false);
    let before = writer.out.len();
    writer.key("exception");
    writer.out.extend_from_slice(b"{\"values\":[");
    let mut entries = values(value);
    let mut entries = entries.walk();
    while entries.has_element() {
        place = place.saturating_add(1);
        if entries.kind() == Kind::Object {
            has_any |= exception(writer, entries.enter(), place);
        } else if !entries.value().is_null() {
            writer.leave_out_part(format_args!("exception {place} is no object"));
        }
    }
    writer.out.extend_from_slice(b"]}");
    if has_any {
        writer.mark_written(Field::Exception);
    } else {
        writer.out.truncate(before);
    }
}

/// Writes one entry; false, and nothing written, if it says nothing: it needs a type or a value (EXC-1). For the sake of a
/// stack trace it gets a type.
fn exception(writer: &mut Writer<'_>, mut members: Walk<'_, '_>, place: usize) -> bool {
    /// What servers show for an exception without a type.
    const UNKNOWN: &str = "<unknown>";
    let before = writer.out.len();
    let (mut says_something, mut has_stack) = (false, false);
    json::separator(writer.out);
    writer.out.push(b'{');
    while let Some(key) = members.next_key() {
        if members.kind() == Kind::Null {
            members.value();
            continue;
        }
        let before = writer.out.len();
        key.copy_key(writer.out);
        let is_kept = match &*key.decode() {
            "stacktrace" | "raw_stacktrace" => {
                let has_frames = stacktrace(writer, &mut members);
                has_stack |= has_frames;
                has_frames
            }
            "mechanism" => mechanism(writer, &mut members),
            name @ ("type" | "value" | "module") => {
                let value = members.value();
                let max_chars = match name {
                    "value" => limits::MESSAGE_CHARS,
                    _ => limits::SYMBOL_CHARS,
                };
                writer.trimmed |= bounded::scalar(writer.out, value, max_chars);
                // Empty text is the same as none.
                let is_kept = name == "module" || !value.is_empty_text();
                says_something |= is_kept && name != "module";
                is_kept
            }
            _ => {
                members.value().copy(writer.out);
                true
            }
        };
        if !is_kept {
            writer.out.truncate(before);
        }
    }
    if !says_something && has_stack {
        writer.leave_out_part(format_args!(
            "exception {place} has neither type nor value, so that its type is {UNKNOWN}"
        ));
        json::key(writer.out, "type");
        json::string(writer.out, UNKNOWN);
        says_something = true;
    }
    writer.out.push(b'}');
    if !says_something {
        writer.leave_out_part(format_args!("exception {place} has neither type nor value"));
        writer.out.truncate(before);
    }
    says_something
}

/// EXC-2: servers drop a mechanism without a type, and with it whether the exception was handled.
fn mechanism(writer: &mut Writer<'_>, walk: &mut Walk<'_, '_>) -> bool {
    let value = walk.value();
    if !value.is_object() {
        writer.leave_out_part(format_args!("a mechanism is no object"));
        return false;
    }
    let mut has_type = false;
    writer.out.push(b'{');
    for (key, part) in value.members() {
        let is_type = key.is_key("type");
        if is_type && (part.kind() != Kind::Text || part.is_empty_text()) {
            continue;
        }
        has_type |= is_type;
        key.copy_key(writer.out);
        writer.trimmed |= bound::write(writer.out, bound::mechanism, key, part);
    }
    if !has_type {
        json::key(writer.out, "type");
        json::string(writer.out, "generic");
    }
    writer.out.push(b'}');
    true
}

/// Writes the next value, a stack trace, with at most [`limits::FRAMES`] frames; false, and not to be kept, if it has none
/// (STK-1).
fn stacktrace(writer: &mut Writer<'_>, walk: &mut Walk<'_, '_>) -> bool {
    if walk.kind() != Kind::Object {
        if !walk.value().is_null() {
            writer.leave_out_part(format_args!("a stack trace is no object"));
        }
        return false;
    }
    let mut has_frames = false;
    writer.out.push(b'{');
    let mut members = walk.enter();
    while let Some(key) = members.next_key() {
        if !key.is_key("frames") {
            key.copy_key(writer.out);
            bounded_member(writer, &mut members, bound::stacktrace, key);
        } else if members.kind() == Kind::Array && !has_frames {
            key.copy_key(writer.out);
            has_frames = frames(writer, members.enter());
        } else if !members.value().is_null() {
            writer.leave_out_part(format_args!("frames are no list"));
        }
    }
    writer.out.push(b'}');
    has_frames
}

/// Writes a list of frames; false if it is empty.
fn frames(writer: &mut Writer<'_>, mut list: Walk<'_, '_>) -> bool {
    // Where each frame begins in the output, with the comma before it.
    let mut starts = Vec::with_capacity(64);
    writer.out.push(b'[');
    while list.has_element() {
        if list.kind() == Kind::Object && memory::reserve(&mut starts, 1) {
            starts.push(writer.out.len());
            writer.trimmed |= with_text_addresses(writer.out, &mut list, bound::frame);
        } else if !list.value().is_null() {
            writer.leave_out_part(format_args!("a frame is no object"));
        }
    }
    // STK-3: the middle goes; how the program got there and where it ended stay.
    let first_gone = limits::FRAMES / 2;
    let first_back = starts.len().saturating_sub(first_gone);
    if starts.len() > limits::FRAMES
        && let (Some(from), Some(to)) = (starts.get(first_gone), starts.get(first_back))
    {
        writer.out.remove(*from, *to);
        writer.trimmed = true;
    }
    writer.out.push(b']');
    !starts.is_empty()
}

/// Writes the next value, an object, with addresses as `0x` text: strict servers refuse numbers (STK-2, IMG-1). True if
/// one of its other members was cut.
pub(super) fn with_text_addresses(out: &mut Buffer, walk: &mut Walk<'_, '_>, table: Table) -> bool {
    const ADDRESSES: [&str; 4] = [
        "instruction_addr",
        "symbol_addr",
        "image_addr",
        "image_vmaddr",
    ];
    let mut was_cut = false;
    json::separator(out);
    out.push(b'{');
    let mut members = walk.enter();
    while let Some(key) = members.next_key() {
        key.copy_key(out);
        let value = members.value();
        let is_address =
            value.kind() == Kind::Number && ADDRESSES.iter().any(|name| key.is_key(name));
        match is_address.then(|| value.to_u64()).flatten() {
            Some(address) => {
                out.extend_from_slice(format!("\"{address:#x}\"").as_bytes());
            }
            None => was_cut |= bound::write(out, table, key, value),
        }
    }
    out.push(b'}');
    was_cut
}

/// Writes the value of a member within its bound.
fn bounded_member(writer: &mut Writer<'_>, walk: &mut Walk<'_, '_>, table: Table, key: Input<'_>) {
    writer.trimmed |= bound::write(writer.out, table, key, walk.value());
}

/// Writes `threads`, of the event or made of a stack trace at its top level (STK-5).
pub(super) fn threads(
    writer: &mut Writer<'_>,
    threads: Option<Input<'_>>,
    stray: Option<Input<'_>>,
) {
    let before = writer.out.len();
    writer.key("threads");
    writer.out.extend_from_slice(b"{\"values\":[");
    let start = writer.out.len();
    if let Some(threads) = threads {
        let mut entries = values(threads);
        each_thread(writer, entries.walk());
    }
    let has_threads = writer.out.len() > start;
    if let Some(stray) = stray {
        let before = writer.out.len();
        writer
            .out
            .extend_from_slice(b"{\"id\":0,\"current\":true,\"stacktrace\":");
        let has_frames = stacktrace(writer, &mut stray.alone().walk());
        writer.out.push(b'}');
        if has_threads || !has_frames {
            writer.out.truncate(before);
            writer.trimmed |= has_frames;
        }
    }
    if writer.out.len() == start {
        writer.out.truncate(before);
    } else {
        writer.out.extend_from_slice(b"]}");
        writer.mark_written(Field::Threads);
    }
}

fn each_thread(writer: &mut Writer<'_>, mut entries: Walk<'_, '_>) {
    let mut place = 0_usize;
    while entries.has_element() {
        if entries.kind() == Kind::Object {
            thread(writer, entries.enter(), place);
            place = place.saturating_add(1);
        } else if !entries.value().is_null() {
            writer.leave_out_part(format_args!("a thread is no object"));
        }
    }
}

/// Writes a thread; one without an id gets one from its place (THR-1).
fn thread(writer: &mut Writer<'_>, mut members: Walk<'_, '_>, place: usize) {
    json::separator(writer.out);
    writer.out.push(b'{');
    let mut has_id = false;
    while let Some(key) = members.next_key() {
        if key.is_key("id") {
            let kind = members.kind();
            if !matches!(kind, Kind::Text | Kind::Number) {
                if kind != Kind::Null {
                    writer.leave_out_part(format_args!(
                        "the id of a thread is neither text nor number"
                    ));
                }
                members.value();
                continue;
            }
            has_id = true;
        }
        let before = writer.out.len();
        let is_stack = key.is_key("stacktrace") || key.is_key("raw_stacktrace");
        key.copy_key(writer.out);
        if !is_stack {
            bounded_member(writer, &mut members, bound::thread, key);
        } else if !stacktrace(writer, &mut members) {
            writer.out.truncate(before);
        }
    }
    if !has_id {
        json::key(writer.out, "id");
        // Numbers are what hosts give: text is none of theirs.
        json::string(writer.out, &format!("stack-{place}"));
    }
    writer.out.push(b'}');
}

#[cfg(test)]
mod tests {
    use crate::protocol::event::testing::written;
    use serde_json::{Value, json};

    fn exception(entry: &Value) -> (Value, bool) {
        let (json, written) = written(&json!({"exception": entry}).to_string());
        (
            json.get("exception").cloned().unwrap_or_default(),
            written.trimmed,
        )
    }

    // EXC-1
    #[test]
    fn every_form_of_an_exception_becomes_values_in_order() {
        let (one, two) = (json!({"type": "A", "value": "a"}), json!({"type": "B"}));
        for form in [
            json!([one, two]),
            json!({"values": [one, two]}),
            json!([null, one, two]),
        ] {
            assert_eq!(
                exception(&form),
                (json!({"values": [one, two]}), false),
                "{form}"
            );
        }
        assert_eq!(exception(&one).0, json!({"values": [one]}));
        for none in [json!([]), json!({}), json!({"values": []}), json!([null])] {
            assert_eq!(exception(&none), (Value::Null, false), "{none}");
        }
    }

    // EXC-1
    #[test]
    fn entries_that_say_nothing_are_left_out() {
        let form = json!([{"module": "m"}, {"type": "", "value": null}, {"value": 5}]);
        assert_eq!(
            exception(&form),
            (json!({"values": [{"value": "5"}]}), true)
        );
        for none in [
            json!([{}]),
            json!({"values": [{"module": "m"}, 7]}),
            json!([{"type": "", "value": "", "stacktrace": {"frames": []}}]),
        ] {
            assert_eq!(exception(&none), (Value::Null, true), "{none}");
        }
        // A stack trace says something.
        let stack = json!({"frames": [{"instruction_addr": "0x10"}]});
        let form = json!([{"value": "", "stacktrace": stack, "module": "m"}]);
        let kept = json!({"stacktrace": stack, "module": "m", "type": "<unknown>"});
        assert_eq!(exception(&form), (json!({"values": [kept]}), true));
    }

    // EVT-16, EXC-2
    #[test]
    fn texts_are_cut_and_a_mechanism_has_a_type() {
        let entry =
            json!({"type": "t".repeat(300), "module": "m".repeat(300), "value": "é".repeat(9000)});
        let (json, trimmed) = exception(&entry);
        let length = |key: &str| json["values"][0][key].as_str().unwrap().chars().count();
        assert_eq!(
            (length("type"), length("module"), length("value")),
            (256, 256, 8192)
        );
        assert!(trimmed);
        let mechanism = |given: Value| {
            let (json, _) = exception(&json!({"type": "A", "mechanism": given}));
            json["values"][0]
                .get("mechanism")
                .cloned()
                .unwrap_or_default()
        };
        assert_eq!(
            mechanism(json!({"type": "x", "handled": false})),
            json!({"type": "x", "handled": false})
        );
        assert_eq!(
            mechanism(json!({"handled": false})),
            json!({"type": "generic", "handled": false})
        );
        assert_eq!(mechanism(json!({"type": null})), json!({"type": "generic"}));
        assert_eq!(mechanism(json!(true)), Value::Null);
        let object = exception(&json!({"type": "A", "value": {"k": 1}})).0;
        assert_eq!(object["values"][0]["value"], "{\"k\":1}");
    }

    fn frames(count: usize) -> Value {
        let frames = (0..count).map(|number| json!({"function": number.to_string()}));
        json!({"frames": frames.collect::<Vec<_>>(), "registers": {"rip": "0x1"}})
    }

    // STK-1, STK-3, STK-4
    #[test]
    fn stacks_keep_both_ends() {
        let stack = |given: Value| {
            let (json, trimmed) = exception(&json!({"type": "A", "stacktrace": given}));
            (
                json["values"][0]
                    .get("stacktrace")
                    .cloned()
                    .unwrap_or_default(),
                trimmed,
            )
        };
        assert_eq!(stack(frames(128)), (frames(128), false));
        for count in [129, 130, 1000] {
            let (kept, trimmed) = stack(frames(count));
            assert!(trimmed);
            let names: Vec<usize> = kept["frames"]
                .as_array()
                .unwrap()
                .iter()
                .map(|frame| frame["function"].as_str().unwrap().parse().unwrap())
                .collect();
            let expected: Vec<usize> = (0..64).chain(count - 64..count).collect();
            assert_eq!(names, expected);
            assert_eq!(kept["registers"], json!({"rip": "0x1"}));
        }
        for none in [
            frames(0),
            json!({}),
            json!({"frames": null}),
            json!({"frames": [null]}),
        ] {
            assert_eq!(stack(none.clone()), (Value::Null, false), "{none}");
        }
        for odd in [
            json!({"frames": [null, 7]}),
            json!({"frames": 7}),
            json!("x"),
        ] {
            assert_eq!(stack(odd.clone()), (Value::Null, true), "{odd}");
        }
    }

    // STK-2
    #[test]
    fn addresses_become_text() {
        let given = json!({"frames": [
            {"instruction_addr": 4096, "symbol_addr": "0xff", "lineno": 7},
            {"image_addr": u64::MAX, "function": "f"}, {"instruction_addr": -1}]});
        let (json, _) = exception(&json!({"type": "A", "stacktrace": given}));
        assert_eq!(
            json["values"][0]["stacktrace"]["frames"],
            json!([{"instruction_addr": "0x1000", "symbol_addr": "0xff", "lineno": 7},
                {"image_addr": "0xffffffffffffffff", "function": "f"}, {"instruction_addr": -1}])
        );
    }

    // EVT-16, EVT-18
    #[test]
    fn mechanisms_frames_stacks_and_threads_are_bounded() {
        let deep = json!({"1": {"2": {"3": {"4": 5}}}});
        let stack = json!({"lang": "l".repeat(129), "frames": [
            {"function": "f".repeat(513), "filename": "f".repeat(5000), "vars": deep}]});
        let mechanism = json!({"type": "t".repeat(129), "data": deep});
        let event = json!({
            "exception": [{"type": "E", "mechanism": mechanism, "stacktrace": stack}],
            "threads": [{"id": 1, "name": "n".repeat(1025), "stacktrace": stack}],
        });
        let (json, result) = written(&event.to_string());
        assert!(result.trimmed);
        let (exception, thread) = (
            &json["exception"]["values"][0],
            &json["threads"]["values"][0],
        );
        let length = |text: &Value| text.as_str().unwrap().len();
        assert_eq!(length(&exception["mechanism"]["type"]), 128);
        assert_eq!(exception["mechanism"]["data"], deep);
        assert_eq!(length(&thread["name"]), 1024);
        for stack in [&exception["stacktrace"], &thread["stacktrace"]] {
            assert_eq!(length(&stack["lang"]), 128);
            assert_eq!(length(&stack["frames"][0]["function"]), 512);
            assert_eq!(length(&stack["frames"][0]["filename"]), 5000);
            assert_eq!(stack["frames"][0]["vars"], deep);
        }
    }

    // STK-5, THR-1
    #[test]
    fn a_stray_stack_becomes_the_current_thread_unless_there_are_threads() {
        let event = json!({"stacktrace": frames(1)}).to_string();
        let (json, result) = written(&event);
        let thread = json!({"id": 0, "current": true, "stacktrace": frames(1)});
        assert_eq!(json["threads"], json!({"values": [thread]}));
        assert!(json.get("stacktrace").is_none() && !result.trimmed);

        let own = json!({"id": 7, "stacktrace": frames(200)});
        let event = json!({"stacktrace": frames(1), "threads": [own, null]}).to_string();
        let (json, result) = written(&event);
        assert_eq!(json["threads"]["values"].as_array().unwrap().len(), 1);
        assert_eq!(json["threads"]["values"][0]["id"], 7);
        assert_eq!(
            json["threads"]["values"][0]["stacktrace"]["frames"]
                .as_array()
                .unwrap()
                .len(),
            128
        );
        assert!(result.trimmed);

        for none in [
            json!({"threads": []}),
            json!({"stacktrace": {}}),
            json!({"threads": {"values": []}}),
        ] {
            let (json, result) = written(&none.to_string());
            assert!(
                json.get("threads").is_none()
                    && json.get("stacktrace").is_none()
                    && !result.trimmed
            );
        }
    }

    // THR-1
    #[test]
    fn threads_without_an_id_get_one() {
        let frames = json!({"frames": [{"instruction_addr": "0x10"}]});
        let given = json!([{"id": 7}, {"stacktrace": frames}, {"id": null, "name": "n"}]);
        let (json, _) = written(&json!({"threads": given}).to_string());
        let expected = json!([
            {"id": 7}, {"stacktrace": frames, "id": "stack-1"}, {"name": "n", "id": "stack-2"},
        ]);
        assert_eq!(json["threads"]["values"], expected);
    }
}
