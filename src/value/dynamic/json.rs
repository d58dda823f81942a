//! Values as JSON text, as the compatible interface writes them: compact, in order, independent of the locale.

use super::{MAX_DEPTH, Node, Value};

impl Value {
    /// The text. Numbers have 16 significant digits; what JSON has no word for becomes null. A container at level 64 is
    /// written empty. Bytes that are no UTF-8 go through as they are.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write(self, 1, &mut out);
        out
    }
}

fn write(value: &Value, depth: usize, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int32(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Node(node) => write_node(node, depth, out),
    }
}

fn write_node(node: &Node, depth: usize, out: &mut Vec<u8>) {
    match node {
        Node::Int64(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Node::Uint64(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Node::Double(number) => out.extend_from_slice(double(*number).as_bytes()),
        Node::Text(text) => write_text(text.bytes(), out),
        Node::List(list) => {
            out.push(b'[');
            if depth < MAX_DEPTH {
                // A copy of the pointers: the lock is not held while the elements are written.
                let items = list.read().clone();
                for (at, item) in items.iter().enumerate() {
                    separate(at, out);
                    write(item, depth.saturating_add(1), out);
                }
            }
            out.push(b']');
        }
        Node::Object(object) => {
            out.push(b'{');
            if depth < MAX_DEPTH {
                let members = object.read().clone();
                for (at, (key, item)) in members.iter().enumerate() {
                    separate(at, out);
                    write_text(key, out);
                    out.push(b':');
                    write(item, depth.saturating_add(1), out);
                }
            }
            out.push(b'}');
        }
    }
}

fn separate(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                let digits =
                    [byte >> 4, byte & 15].map(|nibble| HEX.get(usize::from(nibble)).copied());
                out.extend(digits.into_iter().flatten());
            }
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

/// `printf("%.16g")`, without its dependence on the locale.
fn double(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    // One digit before the point and fifteen behind it: 16 significant digits.
    let scientific = format!("{number:.15e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    if (-4..16).contains(&exponent) {
        let decimals = usize::try_from(15_i32.saturating_sub(exponent)).unwrap_or(0);
        return without_zeros(&format!("{number:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!(
        "{}e{sign}{:02}",
        without_zeros(mantissa),
        exponent.unsigned_abs()
    )
}

fn without_zeros(digits: &str) -> &str {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(value.to_json()).unwrap()
    }

    #[test]
    fn doubles_are_written_like_printf() {
        for (number, expected) in [
            (3.0, "3"),
            (0.0, "0"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (1.5, "1.5"),
            (1e15, "1000000000000000"),
            (1e16, "1e+16"),
            (123_456_789.125, "123456789.125"),
            (0.000_1, "0.0001"),
            (0.000_01, "1e-05"),
            (f64::MAX, "1.797693134862316e+308"),
            (f64::MIN_POSITIVE, "2.225073858507201e-308"),
            (5e-324, "4.940656458412465e-324"),
            (-2.5e-7, "-2.5e-07"),
            (0.312_600_834_803_094_9, "0.3126008348030949"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
        ] {
            assert_eq!(double(number), expected, "{number:e}");
        }
    }

    #[test]
    fn integers_are_written_whole() {
        assert_eq!(text(&Value::Int32(i32::MIN)), "-2147483648");
        assert_eq!(text(&Value::int64(i64::MIN)), "-9223372036854775808");
        assert_eq!(text(&Value::uint64(u64::MAX)), "18446744073709551615");
    }

    #[test]
    fn texts_are_escaped_as_documented() {
        let value = Value::text("a\"\\/\x08\x0c\n\r\t\x01\x1f\x7fé\0".as_bytes());
        assert_eq!(
            text(&value),
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7fé\\u0000\""
        );
        assert_eq!(Value::text(b"\xff").to_json(), b"\"\xff\"");
    }

    #[test]
    fn depth_is_bounded_and_brackets_balance() {
        let mut value = Value::list();
        for _ in 0..70 {
            let outer = Value::list();
            outer.append(value).unwrap();
            outer.append(Value::Int32(1)).unwrap();
            value = outer;
        }
        let json = text(&value);
        assert_eq!(json.matches('[').count(), 64);
        assert_eq!(json.matches(']').count(), 64);
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }
}
