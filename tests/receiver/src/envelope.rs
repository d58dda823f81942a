//! The envelope, read strictly.
//!
//! Decides what is an envelope (ENV-1 to ENV-7) and what in a readable one is still wrong. Entry point:
//! [`Envelope::parse`]. Pure; uses the spelling of JSON texts.

use serde_json::{Map, Value};

use crate::spelling::Spelling;

/// One envelope as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The envelope header.
    pub header: Map<String, Value>,
    /// The envelope header as it was spelled.
    pub header_text: String,
    /// The items in their order.
    pub items: Vec<Item>,
}

/// One item of an envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The `type` of the item header; empty when there was none.
    pub kind: String,
    /// The item header.
    pub header: Map<String, Value>,
    /// The item header as it was spelled.
    pub header_text: String,
    /// The payload, without the line end after it.
    pub payload: Vec<u8>,
}

impl Item {
    /// The payload read as JSON, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.payload).ok()
    }
}

impl Envelope {
    /// Reads an envelope; what is wrong with a readable one is added to `violations`.
    ///
    /// # Errors
    /// What made the rest unreadable. Nothing of the envelope is returned then.
    pub fn parse(bytes: &[u8], violations: &mut Vec<String>) -> Result<Self, String> {
        let (line, mut rest) = split_line(bytes);
        let (header, header_text) = parse_header(line, "envelope header", violations)?;
        let mut items = Vec::new();
        while let Some(input) = rest.filter(|input| !input.is_empty()) {
            let (item, after) = parse_item(input, items.len(), violations)?;
            items.push(item);
            rest = after;
        }
        Ok(Self {
            header,
            header_text,
            items,
        })
    }

    /// The `event_id` of the envelope header.
    pub fn event_id(&self) -> Option<&str> {
        self.header.get("event_id").and_then(Value::as_str)
    }

    /// The items of one type, in their order.
    pub fn items_of(&self, kind: &str) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.kind == kind)
    }
}

/// Reads one item; returns what follows the line end after its payload, or `None` where no line end followed.
fn parse_item<'a>(
    input: &'a [u8],
    index: usize,
    violations: &mut Vec<String>,
) -> Result<(Item, Option<&'a [u8]>), String> {
    let (line, body) = split_line(input);
    let (header, header_text) = parse_header(line, &format!("header of item {index}"), violations)?;
    let body = body.ok_or_else(|| format!("ENV-1: item {index} ends after its header"))?;
    let kind = header
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if kind.is_empty() {
        violations.push(format!("ENV-4: item {index} has no type: {header_text}"));
    }
    let (payload, after) = match header.get("length") {
        None => {
            violations.push(format!("ENV-4: item {index} has no length: {header_text}"));
            split_line(body)
        }
        Some(declared) => {
            let length = declared
                .as_u64()
                .and_then(|length| usize::try_from(length).ok());
            let length =
                length.ok_or_else(|| format!("ENV-4: item {index} has the length {declared}"))?;
            let (payload, after) = body.split_at_checked(length).ok_or_else(|| {
                format!(
                    "ENV-7: item {index} declares {length} bytes where {} are left",
                    body.len()
                )
            })?;
            match after.split_first() {
                None => (payload, None),
                Some((b'\n', after)) => (payload, Some(after)),
                Some(_) => {
                    return Err(format!(
                        "ENV-7: no line end after the {length} bytes of item {index}"
                    ));
                }
            }
        }
    };
    Ok((
        Item {
            kind,
            header,
            header_text,
            payload: payload.to_vec(),
        },
        after,
    ))
}

/// The bytes before the first line end, and those after it if there is one.
fn split_line(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    (parts.next().unwrap_or_default(), parts.next())
}

/// Reads one header line: a JSON object in compact spelling.
fn parse_header(
    line: &[u8],
    name: &str,
    violations: &mut Vec<String>,
) -> Result<(Map<String, Value>, String), String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("ENV-2: {name} is not UTF-8: {error}"))?;
    let header: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| format!("ENV-2: {name} is no JSON object: {error}: {text:?}"))?;
    let spelling = Spelling::of(text);
    if spelling.has_blanks {
        violations.push(format!(
            "ENV-2: {name} has blanks outside of strings: {text:?}"
        ));
    }
    for key in spelling.duplicate_keys {
        let id = if key == "sent_at" { "ENV-12" } else { "ENV-2" };
        violations.push(format!("{id}: {name} has {key:?} twice: {text}"));
    }
    Ok((header, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    fn parse(text: &str) -> (Result<Envelope, String>, Vec<String>) {
        let mut violations = Vec::new();
        let result = Envelope::parse(text.as_bytes(), &mut violations);
        (result, violations)
    }

    #[test]
    fn payloads_are_cut_by_length_also_across_line_ends() {
        // ENV-1, ENV-4, ENV-5
        let (envelope, violations) = parse(
            "{\"dsn\":\"x\"}\n{\"type\":\"a\",\"length\":3}\n1\n2\n{\"type\":\"b\",\"length\":2}\n{}\n",
        );
        let envelope = envelope.unwrap();
        assert_eq!(violations, [""; 0]);
        assert_eq!(envelope.items.len(), 2);
        assert_eq!(envelope.items[0].payload, b"1\n2");
        assert_eq!(envelope.items[1].payload, b"{}");
        assert_eq!(envelope.items_of("b").count(), 1);
    }

    #[test]
    fn the_last_line_end_is_optional_and_a_carriage_return_belongs_to_the_payload() {
        // ENV-1, ENV-5
        for tail in ["", "\n"] {
            let (envelope, violations) =
                parse(&format!("{{}}\n{{\"type\":\"a\",\"length\":2}}\nx\r{tail}"));
            assert_eq!(envelope.unwrap().items[0].payload, b"x\r");
            assert_eq!(violations, [""; 0]);
        }
    }

    #[test]
    fn header_alone_and_empty_attachment_are_readable() {
        // ENV-3, ENV-6
        for text in ["{}", "{}\n"] {
            let (envelope, violations) = parse(text);
            assert!(envelope.unwrap().items.is_empty());
            assert_eq!(violations, [""; 0]);
        }
        let (envelope, violations) = parse("{}\n{\"type\":\"attachment\",\"length\":0}\n\n");
        let envelope = envelope.unwrap();
        assert_eq!(
            (envelope.items.len(), envelope.items[0].payload.len()),
            (1, 0)
        );
        assert_eq!(violations, [""; 0]);
    }

    #[test]
    fn a_missing_length_is_read_to_the_line_end_and_reported() {
        // ENV-4, ENV-7
        let (envelope, violations) =
            parse("{}\n{\"type\":\"a\"}\nabc\n{\"type\":\"b\",\"length\":1}\nx");
        let envelope = envelope.unwrap();
        assert_eq!(envelope.items[0].payload, b"abc");
        assert_eq!(envelope.items[1].payload, b"x");
        assert_eq!(violations.len(), 1);
        assert!(
            violations[0].starts_with("ENV-4: item 0 has no length"),
            "{violations:?}"
        );
    }

    #[test]
    fn broken_grammar_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "ENV-2"),
            ("[]\n", "ENV-2"),
            ("{}\n\n", "ENV-2"),
            ("{}\n{\"type\":\"a\",\"length\":9}\nabc\n", "ENV-7"),
            ("{}\n{\"type\":\"a\",\"length\":2}\nabc\n", "ENV-7"),
            ("{}\n{\"type\":\"a\",\"length\":-1}\nabc\n", "ENV-4"),
            ("{}\n{\"type\":\"a\",\"length\":0}", "ENV-1"),
            ("{}\n{\"type\":\"a\",\"length\":1}\na\n\n", "ENV-2"),
        ] {
            let refusal = parse(text).0.unwrap_err();
            assert!(refusal.starts_with(reason), "{text:?}: {refusal}");
        }
        let mut violations = Vec::new();
        assert!(
            Envelope::parse(b"{\"dsn\":\"\xff\"}\n", &mut violations)
                .unwrap_err()
                .contains("UTF-8")
        );
    }

    #[test]
    fn blanks_and_repeated_keys_in_headers_are_reported() {
        // ENV-2, ENV-12
        let (_, violations) =
            parse("{\"sent_at\":\"1\",\"sent_at\":\"2\"}\n{\"type\": \"a\",\"length\":0}\n\n");
        assert_eq!(violations.len(), 2, "{violations:?}");
        assert!(violations[0].starts_with("ENV-12"));
        assert!(violations[1].starts_with("ENV-2: header of item 0 has blanks"));
    }
}
