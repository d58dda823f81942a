//! Names of functions on the frames of an event, for servers that have no debug information of the program.

use crate::image::symbols;
use crate::value::tree::{Node, Value};

/// A field of an event that holds stack traces, with symbols; none if there is nothing to add.
pub(in crate::client) fn added(json: &str) -> Option<String> {
    if !json.contains("\"instruction_addr\"") {
        return None;
    }
    let value = Value::from_json(json)?;
    visit(&value);
    String::from_utf8(value.to_json().ok()?).ok()
}

/// As deep as JSON is read.
fn visit(value: &Value) {
    for at in 0..value.len() {
        if let Some(item) = value.get_index(at) {
            visit(&item);
        }
    }
    for key in ["values", "stacktrace", "raw_stacktrace"] {
        if let Some(inner) = value.get_key(key.as_bytes()) {
            visit(&inner);
        }
    }
    if let Some(frames) = value.get_key(b"frames") {
        let innermost = frames.len().saturating_sub(1);
        for at in 0..frames.len() {
            if let Some(frame) = frames.get_index(at) {
                complete(&frame, at == innermost);
            }
        }
    }
}

/// Adds what the frame lacks.
fn complete(frame: &Value, is_innermost: bool) {
    let lacks = |key: &str| {
        let found = frame.get_key(key.as_bytes());
        found.is_none_or(|found| matches!(found, Value::Null))
    };
    if !["function", "package", "symbol_addr", "image_addr"]
        .into_iter()
        .any(lacks)
    {
        return;
    }
    let address = frame.get_key(b"instruction_addr");
    let Some(address) = address.as_ref().and_then(number) else {
        return;
    };
    // The others point behind a call, which may be the last instruction of its function.
    let place = if is_innermost {
        address
    } else {
        address.saturating_sub(1)
    };
    let Some(symbol) = symbols::find(place) else {
        return;
    };
    let set = |key: &str, value: Value| {
        if lacks(key) {
            // The frame was made from text just now.
            let _ = frame.set_key(key.as_bytes(), value);
        }
    };
    if let Some((name, start)) = symbol.function {
        set("function", Value::text(name.as_bytes()));
        set("symbol_addr", Value::address(start));
    }
    set("package", Value::text(symbol.package.as_bytes()));
    set("image_addr", Value::address(symbol.image));
}

/// An address: text with hexadecimal digits, or a number.
fn number(address: &Value) -> Option<usize> {
    match address {
        Value::Int32(number) => usize::try_from(*number).ok(),
        Value::Node(node) => match node.as_ref() {
            Node::Int64(number) => usize::try_from(*number).ok(),
            Node::Uint64(number) => usize::try_from(*number).ok(),
            Node::Text(text) => {
                let text = std::str::from_utf8(text.bytes()).ok()?;
                usize::from_str_radix(text.strip_prefix("0x")?, 16).ok()
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(all(test, feature = "crash"))]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn with_symbols(given: &Json) -> Json {
        let text = added(&given.to_string()).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn frames_get_what_they_lack_wherever_they_are() {
        let address = format!("{:#x}", libc::getpid as *const () as usize);
        let stack = json!({"frames": [{"instruction_addr": address}]});
        for (given, frame) in [
            (
                json!({"values": [{"stacktrace": stack}]}),
                "/values/0/stacktrace/frames/0",
            ),
            (
                json!([{"raw_stacktrace": stack}]),
                "/0/raw_stacktrace/frames/0",
            ),
            (
                json!({"stacktrace": stack, "type": "A"}),
                "/stacktrace/frames/0",
            ),
            (stack.clone(), "/frames/0"),
        ] {
            let found = with_symbols(&given);
            let frame = found.pointer(frame).unwrap();
            assert!(
                frame["function"].as_str().unwrap().contains("getpid"),
                "{frame}"
            );
            assert_eq!(frame["symbol_addr"], address);
            assert!(frame["package"].as_str().unwrap().contains("libc"));
            assert!(frame["image_addr"].as_str().unwrap().starts_with("0x"));
        }
    }

    #[test]
    fn what_a_frame_says_stays_and_odd_ones_are_left_alone() {
        let address = format!("{:#x}", libc::getpid as *const () as usize);
        let given = json!({"frames": [
            {"instruction_addr": "0x1"},
            {"instruction_addr": "nonsense"},
            {"function": "main"},
            7,
            {"instruction_addr": address, "function": "mine", "package": null},
        ]});
        let found = with_symbols(&given);
        for at in 0..4 {
            assert_eq!(found["frames"][at], given["frames"][at]);
        }
        assert_eq!(found["frames"][4]["function"], "mine");
        assert!(found["frames"][4]["package"].is_string());
        assert_eq!(added(r#"{"frames":[{"function":"main"}]}"#), None);
    }
}
