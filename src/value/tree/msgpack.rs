//! Values as msgpack: each number and length in its smallest form.

use super::bytes::Bytes;
use super::place::Place;
use super::{MAX_BYTES, Member, Node, Value};
use crate::base::memory::{Buffer, Fault};

impl Value {
    /// The bytes, at most [`MAX_BYTES`]. A container at level 64, and one within itself, is written empty.
    pub(crate) fn to_msgpack(&self) -> Result<Vec<u8>, Fault> {
        let mut out = Buffer::with_bound(MAX_BYTES);
        write(self, None, &mut out);
        out.finish()
    }
}

fn write(value: &Value, around: Option<&Place<'_>>, out: &mut Buffer) {
    match value {
        Value::Null => out.push(NIL),
        Value::Bool(false) => out.push(0xc2),
        Value::Bool(true) => out.push(0xc3),
        Value::Int32(number) => signed(i64::from(*number), out),
        Value::Node(node) => write_node(node, around, out),
    }
}

const NIL: u8 = 0xc0;

fn write_node(node: &Node, around: Option<&Place<'_>>, out: &mut Buffer) {
    match node {
        Node::Int64(number) => signed(*number, out),
        Node::Uint64(number) => unsigned(*number, out),
        Node::Double(number) => {
            out.push(0xcb);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Node::Text(text) => write_text(text.bytes(), out),
        Node::List(list) => {
            let place = Place::within(around, node);
            let count = place.as_ref().map_or(0, |_| list.read(<[Value]>::len));
            length(count, (0x90, 16), None, 0xdc, 0xdd, out);
            // Another thread may make it shorter meanwhile; the length is written.
            let items = list.steps().chain(std::iter::repeat(Value::Null));
            for item in items.take(count) {
                write(&item, place.as_ref(), out);
                if out.fault().is_some() {
                    return;
                }
            }
        }
        Node::Object(object) => {
            let place = Place::within(around, node);
            let count = place.as_ref().map_or(0, |_| object.read(<[Member]>::len));
            length(count, (0x80, 16), None, 0xde, 0xdf, out);
            let missing = (Bytes::EMPTY, Value::Null);
            for (key, item) in object.steps().chain(std::iter::repeat(missing)).take(count) {
                write_text(&key, out);
                write(&item, place.as_ref(), out);
                if out.fault().is_some() {
                    return;
                }
            }
        }
    }
}

fn write_text(text: &[u8], out: &mut Buffer) {
    length(text.len(), (0xa0, 32), Some(0xd9), 0xda, 0xdb, out);
    out.extend_from_slice(text);
}

/// Length of text or container: within the first byte if below `fix.1`, else in 8 (texts only), 16 or 32 bits.
fn length(length: usize, fix: (u8, usize), byte: Option<u8>, word: u8, long: u8, out: &mut Buffer) {
    match (u8::try_from(length), u16::try_from(length), byte) {
        (Ok(short), _, _) if length < fix.1 => out.push(fix.0 | short),
        (Ok(short), _, Some(byte)) => out.extend_from_slice(&[byte, short]),
        (_, Ok(short), _) => {
            out.push(word);
            out.extend_from_slice(&short.to_be_bytes());
        }
        _ => {
            out.push(long);
            // Longer than 4 GiB cannot be told; the format has no word for it.
            out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
}

fn unsigned(number: u64, out: &mut Buffer) {
    if let Ok(small) = u8::try_from(number) {
        if small >= 0x80 {
            out.push(0xcc);
        }
        out.push(small);
    } else if let Ok(small) = u16::try_from(number) {
        out.push(0xcd);
        out.extend_from_slice(&small.to_be_bytes());
    } else if let Ok(small) = u32::try_from(number) {
        out.push(0xce);
        out.extend_from_slice(&small.to_be_bytes());
    } else {
        out.push(0xcf);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

fn signed(number: i64, out: &mut Buffer) {
    if let Ok(number) = u64::try_from(number) {
        unsigned(number, out);
    } else if number >= -32 {
        // A negative fixint is the two's complement itself.
        out.push(number.cast_unsigned() as u8);
    } else if let Ok(small) = i8::try_from(number) {
        out.push(0xd0);
        out.extend_from_slice(&small.to_be_bytes());
    } else if let Ok(small) = i16::try_from(number) {
        out.push(0xd1);
        out.extend_from_slice(&small.to_be_bytes());
    } else if let Ok(small) = i32::try_from(number) {
        out.push(0xd2);
        out.extend_from_slice(&small.to_be_bytes());
    } else {
        out.push(0xd3);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_take_their_smallest_form() {
        for (number, expected) in [
            (0, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0xcc, 0x80]),
            (255, &[0xcc, 0xff]),
            (256, &[0xcd, 1, 0]),
            (65_536, &[0xce, 0, 1, 0, 0]),
            (1 << 32, &[0xcf, 0, 0, 0, 1, 0, 0, 0, 0]),
            (-1, &[0xff]),
            (-32, &[0xe0]),
            (-33, &[0xd0, 0xdf]),
            (-128, &[0xd0, 0x80]),
            (-129, &[0xd1, 0xff, 0x7f]),
            (-32_769, &[0xd2, 0xff, 0xff, 0x7f, 0xff]),
            (
                -(1 << 31) - 1,
                &[0xd3, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff],
            ),
        ] {
            assert_eq!(
                Value::int64(number).to_msgpack().unwrap(),
                expected,
                "{number}"
            );
        }
        assert_eq!(Value::Int32(-33).to_msgpack().unwrap(), [0xd0, 0xdf]);
        assert_eq!(Value::uint64(u64::MAX).to_msgpack().unwrap()[0], 0xcf);
    }

    #[test]
    fn texts_and_containers_say_their_length_first() {
        assert_eq!(
            Value::text(b"a\0b").to_msgpack().unwrap(),
            [0xa3, b'a', 0, b'b']
        );
        assert_eq!(Value::text(&[b'x'; 31]).to_msgpack().unwrap()[0], 0xbf);
        assert_eq!(
            Value::text(&[b'x'; 32]).to_msgpack().unwrap()[..2],
            [0xd9, 32]
        );
        assert_eq!(
            Value::text(&[b'x'; 256]).to_msgpack().unwrap()[..3],
            [0xda, 1, 0]
        );
        assert_eq!(
            Value::text(&[b'x'; 65_536]).to_msgpack().unwrap()[..5],
            [0xdb, 0, 1, 0, 0]
        );
        let list = Value::list();
        for _ in 0..16 {
            list.append(Value::Null).unwrap();
        }
        assert_eq!(list.to_msgpack().unwrap()[..3], [0xdc, 0, 16]);
        let object = Value::object();
        object.set_key(b"k", Value::Bool(true)).unwrap();
        assert_eq!(object.to_msgpack().unwrap(), [0x81, 0xa1, b'k', 0xc3]);
    }

    #[test]
    fn doubles_keep_every_bit() {
        assert_eq!(
            Value::double(1.5).to_msgpack().unwrap(),
            [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]
        );
        let nan = Value::double(f64::NAN).to_msgpack().unwrap();
        assert!(f64::from_be_bytes(nan[1..].try_into().unwrap()).is_nan());
    }
}
