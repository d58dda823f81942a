//! Exceptions, threads and stack traces (EXC-1, EXC-2, STK-1 … STK-5).
//!
//! Decides what an entry needs to be kept, how many frames remain, and where a stray stack trace goes: one at the
//! top level becomes the stack of the current thread, unless the event has `threads` of its own, then it is dropped.

use super::error::EventError;
use super::field::Field;
use super::limits;
use super::text::scalar;
use super::write::Writer;
use crate::value::rewrite::{self, Change};
use crate::value::scan::{self, Elements, Kind};
use crate::value::write as json;

/// The entries of `[…]`, of `{"values": […]}`, or the one object itself.
pub(super) fn values(json: &str) -> Elements<'_> {
    if scan::kind(json) == Kind::Array {
        return scan::elements(json);
    }
    match scan::entry(json, "values") {
        Some(values) if scan::kind(values) == Kind::Array => scan::elements(values),
        Some(_) => scan::joined_elements(""),
        None if scan::entries(json).next().is_none() => scan::joined_elements(""),
        None => scan::joined_elements(json),
    }
}

/// Writes `exception`; an error if there are entries and none says anything.
pub(super) fn exceptions(
    writer: &mut Writer<'_>,
    value: &str,
    offset: Option<usize>,
) -> Result<(), EventError> {
    let (mut given, mut kept) = (0_usize, 0_usize);
    let mut cut = false;
    let before = writer.out.len();
    writer.key("exception");
    writer.out.extend_from_slice(b"{\"values\":[");
    rewrite::elements(writer.out, values(value), |entry| {
        if scan::kind(entry) == Kind::Null {
            return Change::Drop;
        }
        given = given.saturating_add(1);
        if !says_something(entry) {
            cut = true;
            return Change::Drop;
        }
        kept = kept.saturating_add(1);
        Change::Replace(exception(entry, &mut cut))
    });
    writer.out.extend_from_slice(b"]}");
    writer.trimmed |= cut;
    if kept > 0 {
        writer.mark_written(Field::Exception);
        return Ok(());
    }
    writer.out.truncate(before);
    if given == 0 {
        return Ok(());
    }
    Err(EventError::shape(
        offset,
        "\"exception\" has no entry with a \"type\" or a \"value\"; give each at least one of them",
    ))
}

/// EXC-1: an entry needs a type or a value.
fn says_something(entry: &str) -> bool {
    scan::entries(entry).any(|(key, value)| {
        let is_name = matches!(&*scan::decode(key), "type" | "value");
        is_name && scan::kind(value) != Kind::Null && value != "\"\""
    })
}

fn exception(entry: &str, cut: &mut bool) -> String {
    rewrite::members_to_json(entry, |key, value| match key {
        _ if scan::kind(value) == Kind::Null => Change::Drop,
        "type" | "module" => text(value, limits::SYMBOL_CHARS, cut),
        "value" => text(value, limits::MESSAGE_CHARS, cut),
        "stacktrace" | "raw_stacktrace" => stacktrace(value, cut),
        "mechanism" => mechanism(value, cut),
        _ => Change::Keep,
    })
}

fn text(value: &str, max_chars: usize, cut: &mut bool) -> Change {
    if scan::kind(value) == Kind::Text && value.len() <= max_chars {
        return Change::Keep;
    }
    let mut out = Vec::new();
    *cut |= scalar(&mut out, value, max_chars);
    Change::Replace(json::into_text(out))
}

/// EXC-2: servers drop a mechanism without a type, and with it whether the exception was handled.
fn mechanism(value: &str, cut: &mut bool) -> Change {
    if scan::kind(value) != Kind::Object {
        *cut = true;
        return Change::Drop;
    }
    let kind = scan::entry(value, "type").and_then(scan::text);
    if kind.is_some_and(|kind| !kind.is_empty()) {
        return Change::Keep;
    }
    let mut out = b"{\"type\":\"generic\"".to_vec();
    for (key, value) in scan::entries(value).filter(|(key, _)| scan::decode(key) != "type") {
        json::separator(&mut out);
        out.extend_from_slice(key.as_bytes());
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'}');
    Change::Replace(json::into_text(out))
}

/// A stack trace with at most [`limits::FRAMES`] frames; one without frames is none (STK-1).
fn stacktrace(value: &str, cut: &mut bool) -> Change {
    let frames = scan::entry(value, "frames").unwrap_or_default();
    let is_frame = |frame: &&str| scan::kind(frame) == Kind::Object;
    let count = scan::elements(frames).filter(is_frame).count();
    if count == 0 {
        return Change::Drop;
    }
    // STK-3: the middle goes; how the program got there and where it ended stay.
    let surplus = count.saturating_sub(limits::FRAMES);
    let first_gone = limits::FRAMES / 2;
    let gone = first_gone..first_gone.saturating_add(surplus);
    *cut |= surplus > 0;
    Change::Replace(rewrite::members_to_json(value, |key, value| {
        if key != "frames" {
            return Change::Keep;
        }
        let mut out = Vec::with_capacity(value.len());
        out.push(b'[');
        let kept = scan::elements(value)
            .filter(is_frame)
            .enumerate()
            .filter(|(place, _)| !gone.contains(place))
            .map(|(_, frame)| frame);
        rewrite::elements(&mut out, kept, with_text_addresses);
        out.push(b']');
        Change::Replace(json::into_text(out))
    }))
}

/// STK-2, IMG-1: addresses are `0x` text; strict servers refuse numbers.
pub(super) fn with_text_addresses(object: &str) -> Change {
    const ADDRESSES: [&str; 4] = [
        "instruction_addr",
        "symbol_addr",
        "image_addr",
        "image_vmaddr",
    ];
    let number = |key: &str, value: &str| -> Option<u64> {
        let is_number = scan::kind(value) == Kind::Number;
        (is_number && ADDRESSES.contains(&key)).then(|| value.parse().ok())?
    };
    let has_number =
        scan::entries(object).any(|(key, value)| number(&scan::decode(key), value).is_some());
    if !has_number {
        return Change::Keep;
    }
    Change::Replace(rewrite::members_to_json(
        object,
        |key, value| match number(key, value) {
            Some(address) => Change::Replace(format!("\"{address:#x}\"")),
            None => Change::Keep,
        },
    ))
}

/// Writes `threads`, of the event or made of a stack trace at its top level (STK-5).
pub(super) fn threads(writer: &mut Writer<'_>, threads: Option<&str>, stray: Option<&str>) {
    let mut cut = false;
    let before = writer.out.len();
    writer.key("threads");
    writer.out.extend_from_slice(b"{\"values\":[");
    let start = writer.out.len();
    if let Some(threads) = threads {
        rewrite::elements(writer.out, values(threads), |thread| {
            if scan::kind(thread) != Kind::Object {
                return Change::Drop;
            }
            Change::Replace(rewrite::members_to_json(thread, |key, value| match key {
                "stacktrace" | "raw_stacktrace" => stacktrace(value, &mut cut),
                _ => Change::Keep,
            }))
        });
    }
    if let Some(stray) = stray {
        match stacktrace(stray, &mut cut) {
            Change::Replace(stack) if writer.out.len() == start => {
                let thread = format!("{{\"id\":0,\"current\":true,\"stacktrace\":{stack}}}");
                writer.out.extend_from_slice(thread.as_bytes());
            }
            Change::Replace(_) => cut = true,
            Change::Drop | Change::Keep => {}
        }
    }
    writer.trimmed |= cut;
    if writer.out.len() == start {
        writer.out.truncate(before);
    } else {
        writer.out.extend_from_slice(b"]}");
        writer.mark_written(Field::Threads);
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::event::testing::{Given, written};
    use crate::protocol::event::{Event, EventErrorKind};
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
    fn entries_that_say_nothing_are_dropped_and_a_list_of_them_is_an_error() {
        let form = json!([{"module": "m"}, {"type": "", "value": null}, {"value": 5}]);
        assert_eq!(
            exception(&form),
            (json!({"values": [{"value": "5"}]}), true)
        );
        for bad in [
            r#"{"exception":[{}]}"#,
            r#"{"exception":{"values":[{"module":"m"},7]}}"#,
        ] {
            let event = Event::parse(bad).unwrap();
            let error = Given::default().try_write(&event).unwrap_err();
            assert_eq!(
                (error.kind, error.offset),
                (EventErrorKind::Shape, Some(13))
            );
            assert!(
                error.to_string().contains("give each at least one"),
                "{error}"
            );
        }
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
            json!({"frames": [null, 7]}),
            json!("x"),
        ] {
            assert_eq!(stack(none.clone()), (Value::Null, false), "{none}");
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
}
