//! Values as JSON text, as the compatible interface writes them: compact, in order, independent of the locale.

use super::container::Container;
use super::place::Place;
use super::{MAX_BYTES, Member, Node, Value};
use crate::base::memory::{self, Buffer, Fault, OutOfMemory};
use crate::value::json::write;

impl Value {
    /// The text. Numbers have 16 significant digits; what JSON has no word for becomes null. A container at level 64,
    /// and one within itself, is written empty. Bytes that are no UTF-8 go through as they are.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, Fault> {
        self.write_whole(printed)
    }

    /// The text for events and scopes: a finite number is read back as the same number, and what is no UTF-8 becomes
    /// U+FFFD.
    pub(crate) fn to_json_text(&self) -> Result<String, Fault> {
        memory::into_text(self.write_whole(exact)?).map_err(|OutOfMemory| Fault::OutOfMemory)
    }

    /// The same, without what does not fit: for what is cut down to a bound that is much smaller.
    pub(crate) fn to_json_cut(&self) -> Result<String, OutOfMemory> {
        // There is no other fault.
        let (bytes, _) = self.write(exact).map_err(|_| OutOfMemory)?;
        memory::into_text(bytes)
    }

    /// The text of a member of `around`, at most `most` bytes.
    pub(super) fn to_text_within(&self, around: &Node, most: usize) -> Result<String, Fault> {
        let mut out = Buffer::with_bound(most);
        let mut writer = Writer::new(&mut out, exact);
        let place = Place::within(None, around);
        writer.piece(|writer| writer.value(self, place.as_ref()));
        let is_cut = writer.is_cut;
        let bytes = out.finish()?;
        if is_cut {
            return Err(Fault::Full);
        }
        memory::into_text(bytes).map_err(|OutOfMemory| Fault::OutOfMemory)
    }

    /// Appends a scalar or a sealed value, as [`Value::to_json_text`] writes it.
    pub(crate) fn copy(&self, out: &mut Buffer) {
        match self {
            Self::Node(node) => match node.as_ref() {
                Node::Text(text) => copy_text(out, text.bytes()),
                Node::List(_) => {
                    out.push(b'[');
                    for (place, item) in self.frozen_items().iter().enumerate() {
                        if place > 0 {
                            out.push(b',');
                        }
                        item.copy(out);
                    }
                    out.push(b']');
                }
                Node::Object(_) => {
                    out.push(b'{');
                    for (place, (key, item)) in self.frozen_members().iter().enumerate() {
                        if place > 0 {
                            out.push(b',');
                        }
                        copy_text(out, key);
                        out.push(b':');
                        item.copy(out);
                    }
                    out.push(b'}');
                }
                Node::Int64(_) | Node::Uint64(_) | Node::Double(_) => {
                    Writer::new(out, exact).node(node, None);
                }
            },
            scalar => Writer::new(out, exact).value(scalar, None),
        }
    }

    fn write_whole(&self, number: NumberText) -> Result<Vec<u8>, Fault> {
        let (bytes, is_cut) = self.write(number)?;
        if is_cut { Err(Fault::Full) } else { Ok(bytes) }
    }

    /// At most [`MAX_BYTES`]; true if something is missing for that reason.
    fn write(&self, number: NumberText) -> Result<(Vec<u8>, bool), Fault> {
        let mut out = Buffer::with_bound(MAX_BYTES);
        let mut writer = Writer::new(&mut out, number);
        writer.piece(|writer| writer.value(self, None));
        let is_cut = writer.is_cut;
        if out.is_empty() {
            out.extend_from_slice(b"null");
        }
        out.finish().map(|bytes| (bytes, is_cut))
    }
}

/// Appends text, with U+FFFD in place of what is not UTF-8; empty without memory, which is remembered.
pub(crate) fn copy_text(out: &mut Buffer, text: &[u8]) {
    if write::is_plain_ascii(text) {
        return out.extend_quoted(text);
    }
    match memory::lossy(text) {
        Ok(text) => write::string(out, &text),
        Err(OutOfMemory) => {
            memory::note_lack();
            write::string(out, "");
        }
    }
}

/// How a double is written.
type NumberText = fn(f64) -> String;

struct Writer<'o> {
    out: &'o mut Buffer,
    number: NumberText,
    /// Something did not fit; then nothing but brackets follows.
    is_cut: bool,
}

impl<'o> Writer<'o> {
    fn new(out: &'o mut Buffer, number: NumberText) -> Self {
        Self {
            out,
            number,
            is_cut: false,
        }
    }

    /// Writes a piece whole or not at all. What it contains may have been cut.
    fn piece(&mut self, write: impl FnOnce(&mut Self)) {
        let before = self.out.len();
        write(self);
        if self.out.fault() == Some(Fault::Full) {
            self.out.take_back(before);
            self.is_cut = true;
        }
    }

    fn value(&mut self, value: &Value, around: Option<&Place<'_>>) {
        match value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            Value::Int32(number) => write::integer(self.out, *number),
            Value::Node(node) => self.node(node, around),
        }
    }

    fn node(&mut self, node: &Node, around: Option<&Place<'_>>) {
        match node {
            Node::Int64(number) => write::integer(self.out, *number),
            Node::Uint64(number) => write::integer(self.out, *number),
            Node::Double(number) => self
                .out
                .extend_from_slice((self.number)(*number).as_bytes()),
            Node::Text(text) => write::bytes(self.out, text.bytes()),
            Node::List(list) => {
                let write = |writer: &mut Self, item: &Value, place: &Place<'_>| {
                    writer.value(item, Some(place));
                };
                let place = Place::within(around, node);
                self.container(b"[]", list, place.as_ref(), |item| item, write);
            }
            Node::Object(object) => {
                let write = |writer: &mut Self, (key, item): &Member, place: &Place<'_>| {
                    write::bytes(writer.out, key);
                    writer.out.push(b':');
                    writer.value(item, Some(place));
                };
                let place = Place::within(around, node);
                self.container(b"{}", object, place.as_ref(), |(_, item)| item, write);
            }
        }
    }

    /// Writes what a container holds. If that can hold nothing more it is written under the lock, without a copy.
    fn container<T: Clone>(
        &mut self,
        [open, close]: &[u8; 2],
        container: &Container<T>,
        place: Option<&Place<'_>>,
        value: impl Fn(&T) -> &Value,
        write: impl Fn(&mut Self, &T, &Place<'_>),
    ) {
        // The closing bracket must fit whatever is cut.
        if !self.out.has_room(2) {
            return;
        }
        self.out.push(*open);
        self.out.set_aside(1);
        if let Some(place) = place {
            let is_written = container.read(|items| {
                let is_flat = items.iter().all(|item| value(item).is_scalar());
                if is_flat {
                    self.items(items.iter(), |writer, item| write(writer, item, place));
                }
                is_flat
            });
            if !is_written {
                let write = |writer: &mut Self, item: T| write(writer, &item, place);
                self.items(container.steps(), write);
            }
        }
        self.out.release(1);
        self.out.push(*close);
    }

    fn items<T>(&mut self, items: impl Iterator<Item = T>, write: impl Fn(&mut Self, T)) {
        for (at, item) in items.enumerate() {
            self.piece(|writer| {
                if at > 0 {
                    writer.out.push(b',');
                }
                write(writer, item);
            });
            if self.is_cut || self.out.fault().is_some() {
                return;
            }
        }
    }
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
        String::from_utf8(value.to_json().unwrap()).unwrap()
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
            let text = Value::double(number).to_json_text().unwrap();
            let read = Value::from_json(&text).unwrap();
            let again = read.to_json_text().unwrap();
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
        assert_eq!(Value::double(f64::NAN).to_json_text().unwrap(), "null");
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
        assert_eq!(Value::text(b"\xff").to_json().unwrap(), b"\"\xff\"");
        assert_eq!(Value::text(b"\xff").to_json_text().unwrap(), "\"\u{fffd}\"");
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
