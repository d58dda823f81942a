//! Values as JSON text, as the compatible interface writes them: compact, in order, independent of the locale.

use std::fmt::Display;
use std::io::Write as _;

use super::{Container, MAX_DEPTH, Member, Node, Value};
use crate::value::write::{plain_prefix, separator};

impl Value {
    /// The text. Numbers have 16 significant digits; what JSON has no word for becomes null. A container at level 64 is
    /// written empty. Bytes that are no UTF-8 go through as they are.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        self.written_with(printed)
    }

    /// The text for events and scopes: a finite number is read back as the same number, and what is no UTF-8 becomes
    /// U+FFFD.
    pub(crate) fn to_json_text(&self) -> String {
        String::from_utf8(self.written_with(exact))
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    fn written_with(&self, number: NumberText) -> Vec<u8> {
        // An event has some KB: a few steps to grow instead of a dozen.
        let mut out = Vec::with_capacity(if self.is_scalar() { 32 } else { 1024 });
        write(self, 1, number, &mut out);
        out
    }
}

/// How a double is written.
type NumberText = fn(f64) -> String;

fn write(value: &Value, depth: usize, number: NumberText, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int32(number) => integer(*number, out),
        Value::Node(node) => write_node(node, depth, number, out),
    }
}

fn write_node(node: &Node, depth: usize, number_text: NumberText, out: &mut Vec<u8>) {
    match node {
        Node::Int64(number) => integer(*number, out),
        Node::Uint64(number) => integer(*number, out),
        Node::Double(number) => out.extend_from_slice(number_text(*number).as_bytes()),
        Node::Text(text) => write_text(text.bytes(), out),
        Node::List(list) => {
            out.push(b'[');
            if depth < MAX_DEPTH {
                let element = |item: &Value, depth, out: &mut Vec<u8>| {
                    separator(out);
                    write(item, depth, number_text, out);
                };
                each(list, |item| item, element, depth.saturating_add(1), out);
            }
            out.push(b']');
        }
        Node::Object(object) => {
            out.push(b'{');
            if depth < MAX_DEPTH {
                let member = |(key, item): &Member, depth, out: &mut Vec<u8>| {
                    separator(out);
                    write_text(key, out);
                    out.push(b':');
                    write(item, depth, number_text, out);
                };
                each(
                    object,
                    |(_, item)| item,
                    member,
                    depth.saturating_add(1),
                    out,
                );
            }
            out.push(b'}');
        }
    }
}

/// Writes what a container holds. If that can hold nothing more it is written under the lock; else from a copy of the
/// pointers, since a lock that is held while others are taken would wait for itself where values go in a circle.
fn each<T: Clone>(
    container: &Container<T>,
    value: impl Fn(&T) -> &Value,
    write: impl Fn(&T, usize, &mut Vec<u8>),
    depth: usize,
    out: &mut Vec<u8>,
) {
    let items = container.read();
    if items.iter().all(|item| value(item).is_scalar()) {
        items.iter().for_each(|item| write(item, depth, out));
        return;
    }
    let copy = items.clone();
    drop(items);
    copy.iter().for_each(|item| write(item, depth, out));
}

fn integer(number: impl Display, out: &mut Vec<u8>) {
    // A vector takes everything.
    let _ = write!(out, "{number}");
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len().saturating_add(2));
    out.push(b'"');
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, tail) = rest
            .split_at_checked(plain_prefix(rest))
            .unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let Some((special, tail)) = tail.split_first() else {
            break;
        };
        escape(*special, out);
        rest = tail;
    }
    out.push(b'"');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let _ = write!(out, "\\u{byte:04x}");
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// `printf("%.16g")`, without its dependence on the locale.
fn printed(number: f64) -> String {
    significant(number, 16)
}

/// As [`printed`] if that is read back as the same number, else with the digit more that always is: 16 digits of the
/// largest double are a number beyond it.
fn exact(number: f64) -> String {
    let text = printed(number);
    match text.parse::<f64>() {
        Ok(read) if read == number => text,
        _ => significant(number, 17),
    }
}

/// `printf("%.*g")`.
fn significant(number: f64, digits: i32) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    // One digit stands before the point.
    let behind = digits.saturating_sub(1);
    let decimals = |count: i32| usize::try_from(count).unwrap_or(0);
    let scientific = format!("{number:.*e}", decimals(behind));
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    if (-4..digits).contains(&exponent) {
        let decimals = decimals(behind.saturating_sub(exponent));
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
            assert_eq!(printed(number), expected, "{number:e}");
        }
    }

    // EVT-17
    #[test]
    fn every_finite_double_of_an_event_is_read_back_as_it_was() {
        let back = |number: f64| {
            let text = Value::double(number).to_json_text();
            let read = Value::from_json(&text).unwrap();
            let again = read.to_json_text();
            assert_eq!(again, text, "{number:e}");
            text.parse::<f64>().unwrap().to_bits()
        };
        for number in [
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            2.225_073_858_507_201e-308,
            -0.0,
            0.1 + 0.2,
            1e16,
            1.0 / 3.0,
        ] {
            assert_eq!(back(number), number.to_bits(), "{number:e}");
        }
        let mut bits = 1_u64;
        for _ in 0..10_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = f64::from_bits(bits);
            if number.is_finite() {
                assert_eq!(back(number), bits, "{number:e}");
            }
        }
        assert_eq!(Value::double(f64::NAN).to_json_text(), "null");
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
        assert_eq!(Value::text(b"\xff").to_json_text(), "\"\u{fffd}\"");
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
