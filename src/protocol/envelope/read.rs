//! Reading envelopes from bytes: files of the spool, and what tests receive (ENV-7).
//!
//! Decides what counts as an envelope; a torn or hostile file gives an error that tells where, never a panic, and
//! takes no more memory than a small multiple of its size. Entry point: [`Envelope::parse`]. May use: `value`, `base`.

use std::fmt;

use super::{Envelope, Item, ItemExtras, ItemKind, Payload};
use crate::base::memory::{self, OutOfMemory};
use crate::base::uuid::Uuid;
use crate::value::json::object::{JsonError, RawObject, parse_object};
use crate::value::json::scan;
use crate::value::shared::members::Members;

/// Why bytes are no envelope, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvelopeError {
    /// Bytes from the start.
    pub(crate) offset: usize,
    /// Why.
    pub(crate) reason: EnvelopeErrorReason,
}

/// Reasons of [`EnvelopeError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnvelopeErrorReason {
    /// A header line that is not UTF-8.
    NotText,
    /// A header line that is no JSON object.
    Header(JsonError),
    /// A `length` that is no whole number.
    Length,
    /// A `length` beyond the end of the input, or a header without a line feed behind it.
    Truncated,
    /// Something other than a line feed after a payload.
    Unterminated,
    /// Nothing wrong with the bytes: there is no memory for a copy.
    OutOfMemory,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed envelope at byte {}: ", self.offset)?;
        f.write_str(match &self.reason {
            EnvelopeErrorReason::NotText => "the header is not UTF-8",
            EnvelopeErrorReason::Header(error) => return write!(f, "in the header {error}"),
            EnvelopeErrorReason::Length => "length is no whole number",
            EnvelopeErrorReason::Truncated => "it ends inside of an item",
            EnvelopeErrorReason::Unterminated => "the payload is longer than its length says",
            EnvelopeErrorReason::OutOfMemory => "there is no memory for it",
        })
    }
}

impl std::error::Error for EnvelopeError {}

impl Envelope {
    /// Reads an envelope. All headers are kept as they are, and items of every kind in their order.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let mut reader = Reader { bytes, at: 0 };
        let header = reader.header()?;
        let mut envelope = Self {
            was_read: true,
            ..Self::default()
        };
        if let Some(text) = header.get("event_id").and_then(scan::text) {
            envelope.event_id = Uuid::parse_strict(&text);
        }
        let stored =
            members(&header).map_err(|_| reader.error(EnvelopeErrorReason::OutOfMemory))?;
        envelope.stored = (!stored.is_empty()).then(|| Box::new(stored));
        loop {
            reader.skip_blank_lines();
            if reader.is_at_end() {
                return Ok(envelope);
            }
            let item = reader.item()?;
            envelope.push(item);
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    fn error(&self, reason: EnvelopeErrorReason) -> EnvelopeError {
        EnvelopeError {
            offset: self.at,
            reason,
        }
    }

    /// The bytes up to the next line feed, which is skipped, or to the end.
    fn line(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
        self.at = self
            .at
            .saturating_add(length)
            .saturating_add(1)
            .min(self.bytes.len());
        rest.get(..length).unwrap_or_default()
    }

    /// True if the line that was read last ended with a line feed.
    fn has_ended_line(&self) -> bool {
        let before = self.at.checked_sub(1);
        before.and_then(|at| self.bytes.get(at)) == Some(&b'\n')
    }

    /// Others put such lines between items.
    fn skip_blank_lines(&mut self) {
        let blank = self.rest().iter().take_while(|byte| **byte == b'\n');
        self.at = self.at.saturating_add(blank.count());
    }

    fn header(&mut self) -> Result<RawObject<'a>, EnvelopeError> {
        let start = self.error(EnvelopeErrorReason::NotText);
        let text = std::str::from_utf8(self.line()).map_err(|_| start.clone())?;
        parse_object(text).map_err(|error| EnvelopeError {
            offset: start.offset.saturating_add(error.offset),
            reason: EnvelopeErrorReason::Header(error),
        })
    }

    fn item(&mut self) -> Result<Item, EnvelopeError> {
        let start = self.at;
        let header = self.header()?;
        if !self.has_ended_line() {
            return Err(self.error(EnvelopeErrorReason::Truncated));
        }
        let text = |key: &str| header.get(key).and_then(scan::text);
        let kind = ItemKind::from_name(&text("type").unwrap_or_default());
        let length = header.members.iter().find(|it| it.key == "length");
        let length = length.filter(|it| it.json != "null").map(|member| {
            member.json.parse().map_err(|_| EnvelopeError {
                offset: start.saturating_add(member.offset),
                reason: EnvelopeErrorReason::Length,
            })
        });
        let payload = match length.transpose()? {
            None => self.line(),
            Some(length) => self.payload(length)?,
        };
        // What most items have is written the same without keeping it.
        let is_usual = match &*header.members {
            _ if kind.is_container() => false,
            [kind] => kind.key == "type" && text("type").is_some(),
            [kind, length] => {
                kind.key == "type" && length.key == "length" && text("type").is_some()
            }
            _ => false,
        };
        let read = match is_usual {
            true => Ok(Members::new()),
            false => members(&header),
        };
        let read = read.map_err(|_| self.error(EnvelopeErrorReason::OutOfMemory))?;
        let extras = || ItemExtras {
            read,
            ..ItemExtras::default()
        };
        let mut copy = Vec::new();
        // The host decides the size, so a failure is an answer and no abort.
        copy.try_reserve_exact(payload.len())
            .map_err(|_| self.error(EnvelopeErrorReason::OutOfMemory))?;
        copy.extend_from_slice(payload);
        let payload = Payload::Owned(copy);
        let mut item = if kind.is_container() {
            let told = header.get("item_count").and_then(|json| json.parse().ok());
            Item::container(kind, payload, told.unwrap_or(1))
        } else {
            Item::new(kind, payload)
        };
        item.extras = (!is_usual).then(|| Box::new(extras()));
        Ok(item)
    }

    /// The payload of that length and the line feed after it.
    fn payload(&mut self, length: usize) -> Result<&'a [u8], EnvelopeError> {
        let Some((payload, rest)) = self.rest().split_at_checked(length) else {
            return Err(self.error(EnvelopeErrorReason::Truncated));
        };
        self.at = self.at.saturating_add(length);
        match rest.first() {
            None => {}
            Some(b'\n') => self.at = self.at.saturating_add(1),
            Some(_) => return Err(self.error(EnvelopeErrorReason::Unterminated)),
        }
        Ok(payload)
    }
}

/// The members of a header as they stand there, unless there is no memory for them. Their keys differ, which was looked at
/// when they were read.
fn members(header: &RawObject<'_>) -> Result<Members, OutOfMemory> {
    memory::watch(|| {
        let mut members = Members::new();
        for member in &header.members {
            members.push(&member.key, &member.json);
        }
        members
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::envelope::HeaderFields;
    use std::sync::Arc;

    fn written(envelope: &Envelope) -> Vec<u8> {
        let mut out = Vec::new();
        envelope.write(&mut out, &HeaderFields::default());
        out
    }

    fn reason(bytes: &[u8]) -> (usize, EnvelopeErrorReason) {
        let error = Envelope::parse(bytes).unwrap_err();
        assert!(!error.to_string().is_empty());
        (error.offset, error.reason)
    }

    /// A generator for test data; any sequence will do.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % bound
        }

        fn bytes(&mut self, most: usize) -> Vec<u8> {
            let length = self.below(most);
            (0..length)
                .map(|_| b"{}\n\r\"\\ \0\xffax"[self.below(11)])
                .collect()
        }

        fn envelope(&mut self) -> Envelope {
            let mut envelope = Envelope::new(Some(Uuid::from_bytes([self.below(256) as u8; 16])));
            envelope.trace = (self.below(2) == 0).then(|| Arc::from(r#"{"trace_id":"1"}"#));
            for _ in 0..self.below(5) {
                let payload = self.bytes(60);
                let item = match self.below(5) {
                    0 => {
                        let name = String::from_utf8_lossy(&self.bytes(9)).into_owned() + "x";
                        Item::attachment(
                            &name,
                            Some("text/plain".into()),
                            None,
                            Payload::Shared(payload.into()),
                        )
                    }
                    1 => Item::new(ItemKind::Other("of_next_year".into()), payload),
                    2 => {
                        let mut item = Item::container(ItemKind::Log, payload, u64::MAX);
                        let mut extras = ItemExtras::default();
                        extras.read.set("type", "\"log\"");
                        extras.read.set("item_count", "18446744073709551615");
                        extras.read.set("unknown\n", "[1,{}]");
                        item.extras = Some(Box::new(extras));
                        item
                    }
                    3 => Item::new(ItemKind::Event, payload),
                    _ => Item::new(ItemKind::Session, payload),
                };
                envelope.push(item);
            }
            envelope
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let mut numbers = Numbers(1);
        for _ in 0..2000 {
            let envelope = numbers.envelope();
            let bytes = written(&envelope);
            let read = Envelope::parse(&bytes).unwrap();
            assert_eq!(written(&read), bytes);
            assert_eq!(read.items().count(), envelope.items().count());
            for (one, other) in read.items().zip(envelope.items()) {
                assert_eq!(one.kind, other.kind);
                assert_eq!(one.payload.whole(), other.payload.whole());
                assert!(one.tallies().eq(other.tallies()));
            }
            // ENV-5: the last line feed is optional.
            let without = Envelope::parse(&bytes[..bytes.len() - 1]);
            if envelope.items().all(|item| item.payload.len() > 0) {
                assert_eq!(written(&without.unwrap()), bytes);
            }
        }
    }

    // ENV-7, ENV-12
    #[test]
    fn all_headers_are_kept_and_the_client_and_each_sending_write_their_own() {
        let bytes = concat!(
            r#"{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","dsn":"https://k@h/1","sent_at":"x","sdk":{"name":"s"},"new":[1]}"#,
            "\n",
            r#"{"type":"event","length":2,"new":null}"#,
            "\n{}\n",
            r#"{"type":"of_next_year"}"#,
            "\nno length\r\n",
            r#"{"type":"session"}"#,
            "\nto the end"
        );
        let envelope = Envelope::parse(bytes.as_bytes()).unwrap();
        assert_eq!(envelope.stored_dsn().as_deref(), Some("https://k@h/1"));
        let payloads: Vec<_> = envelope.items().map(|item| item.payload.whole()).collect();
        assert_eq!(payloads, [&b"{}"[..], b"no length\r", b"to the end"]);
        let mut out = Vec::new();
        let header = HeaderFields {
            dsn: Some("https://z@h/1"),
            sdk: Some("{}"),
            sent_at: Some("now"),
        };
        envelope.write(&mut out, &header);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text.lines().next().unwrap(),
            r#"{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","dsn":"https://z@h/1","sent_at":"now","sdk":{"name":"s"},"new":[1]}"#
        );
        assert!(
            text.contains(r#"{"type":"event","length":2,"new":null}"#),
            "{text}"
        );
        assert!(
            text.contains("{\"type\":\"of_next_year\",\"length\":10}\nno length\r\n"),
            "{text}"
        );
    }

    // ENV-4, ENV-7
    #[test]
    fn what_is_read_is_written() {
        for text in [
            "{}",
            r#"{"event_id":"9ec79c33-ec99-42ab-8353-589fcb2e04dc","sent_at":"2020-01-01T00:00:00Z"}"#,
            r#"{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","trace":{"b":[1.50]},"sdk":null,"é":1e2}
{"type":"replay_video","length":2}
{}"#,
            r#"{"event_id":"","sent_at":7,"dsn":{},"trace":"x"}
{"type":"log","item_count":2,"content_type":"a/b","length":2,"x":[]}
{}
{"length":1,"platform":"native","type":"span"}
s
{"filename":5,"type":7,"length":0,"attachment_type":null}
"#,
            r#"{"trace":{"trace_id":"1"}}
{"type":"log","length":2}
{}
{"no type":true,"length":3}
{
}"#,
        ] {
            let mut bytes = written(&Envelope::parse(text.as_bytes()).unwrap());
            bytes.pop();
            assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
        // Only a length is added.
        let without = b"{}\n{\"a\":1,\"type\":\"b\"}\nxyz\n{\"type\":\"c\",\"length\":null}\n";
        assert_eq!(
            String::from_utf8(written(&Envelope::parse(without).unwrap())).unwrap(),
            "{}\n{\"a\":1,\"type\":\"b\",\"length\":3}\nxyz\n{\"type\":\"c\",\"length\":0}\n\n"
        );
    }

    #[test]
    fn a_time_of_sending_is_forgotten_for_the_next() {
        let text = br#"{"a":1,"sent_at":"2020-01-01T00:00:00Z"}"#;
        let mut envelope = Envelope::parse(text).unwrap();
        envelope.forget_sending();
        assert_eq!(written(&envelope), b"{\"a\":1}\n");
    }

    /// With a comparison for each pair of keys this would take minutes.
    #[test]
    fn reading_is_linear_in_the_number_of_headers() {
        let many: Vec<_> = (0..200_000).map(|n| format!("\"k{n}\":{n}")).collect();
        let many = many.join(",");
        let text = format!("{{{many}}}\n{{\"type\":\"a\",\"length\":0,{many}}}\n\n");
        let envelope = Envelope::parse(text.as_bytes()).unwrap();
        assert!(written(&envelope) == text.as_bytes());
    }

    // ENV-7
    #[test]
    fn blank_lines_between_items_are_skipped() {
        let bytes = b"{}\n\n{\"type\":\"a\"}\n\n\n\n{\"type\":\"b\",\"length\":2}\n\n\n\n\n";
        let envelope = Envelope::parse(bytes).unwrap();
        let payloads = envelope.items().map(|item| item.payload.whole().to_vec());
        assert_eq!(
            payloads.collect::<Vec<_>>(),
            [b"".to_vec(), b"\n\n".to_vec()]
        );
        assert_eq!(Envelope::parse(b"{}\n\n\n").unwrap().items().count(), 0);
    }

    #[test]
    fn malformed_bytes_are_refused_with_their_place() {
        use EnvelopeErrorReason as Reason;
        assert_eq!(reason(b"{\"a\":\"\xff\"}"), (0, Reason::NotText));
        assert!(matches!(reason(b""), (0, Reason::Header(_))));
        assert!(matches!(reason(b"{}\n\n[]"), (4, Reason::Header(_))));
        assert!(matches!(
            reason(b"{}\n{\"type\":nope}\n"),
            (12, Reason::Header(_))
        ));
        assert!(matches!(
            reason(b"{\"sent_at\":\"a\",\"sent_at\":\"b\"}"),
            (15, Reason::Header(_))
        ));
        assert_eq!(
            reason(b"{}\n{\"type\":\"event\",\"length\":3}\n{}"),
            (31, Reason::Truncated)
        );
        assert_eq!(reason(b"{}\n{\"type\":\"event\"}"), (19, Reason::Truncated));
        assert_eq!(
            reason(b"{}\n{\"type\":\"event\",\"length\":1}\n{}\n"),
            (32, Reason::Unterminated)
        );
        for length in ["-1", "1.5", "1e1", "\"2\"", "99999999999999999999999"] {
            let bytes = format!("{{}}\n{{\"type\":\"event\",\"length\":{length}}}\n{{}}\n");
            assert_eq!(reason(bytes.as_bytes()).1, Reason::Length, "{length}");
        }
        let bytes = format!(
            "{{}}\n{{\"type\":\"event\",\"length\":{}}}\n{{}}\n",
            usize::MAX
        );
        assert_eq!(reason(bytes.as_bytes()).1, Reason::Truncated);
    }

    #[test]
    fn mutated_bytes_never_panic_and_what_is_accepted_can_be_written_and_read() {
        let mut numbers = Numbers(7);
        let mut accepted = 0;
        for _ in 0..5000 {
            let mut bytes = written(&numbers.envelope());
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(bytes.len().max(1));
                match numbers.below(4) {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at.min(bytes.len()), b"\n{}\"0:9\xc3\\"[numbers.below(9)]),
                    2 if at < bytes.len() => bytes[at] = numbers.below(256) as u8,
                    _ if at < bytes.len() => {
                        bytes.remove(at);
                    }
                    _ => {}
                }
            }
            if let Ok(envelope) = Envelope::parse(&bytes) {
                accepted += 1;
                let again = written(&envelope);
                assert_eq!(written(&Envelope::parse(&again).unwrap()), again);
            }
        }
        assert!(accepted > 100, "{accepted}");
    }
}
