//! Objects: reads one JSON object (or array) into its parts without copying them.
//!
//! Decides what text is accepted: `serde_json` checks the grammar of what is not read the quick way, this file adds the bound
//! on nesting, the uniqueness of the top-level keys, and the byte offset of what is wrong. Every part handed out can be read
//! by any reader of JSON. Entry points: [`parse_object`], [`parse_leniently`]. May use: [`super::quick`], [`super::scan`],
//! [`super::repair`], `base`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::keys::{self, Keys};
use super::quick;
pub(crate) use super::quick::Member;
use super::repair::repair;
use super::scan::{self, Kind, MAX_DEPTH, Survey};
use super::trim::trim_str;
use crate::base::memory::OutOfMemory;

/// The members of an object, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RawObject<'a> {
    /// No two have the same key.
    pub(crate) members: Vec<Member<'a>>,
}

impl RawObject<'_> {
    /// The value of that key as JSON.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let member = self.members.iter().find(|member| member.key == key);
        member.map(|member| &*member.json)
    }
}

/// Why text was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// Where, in bytes from the start of the text.
    pub(crate) offset: usize,
    /// Why.
    pub(crate) reason: JsonErrorReason,
}

/// Reasons of [`JsonError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JsonErrorReason {
    /// Not JSON; the text says what was expected.
    Syntax(String),
    /// JSON, but no object.
    NotAnObject,
    /// More than [`MAX_DEPTH`] containers within one another.
    TooDeep,
    /// This top-level key, or its beginning, stands there twice.
    DuplicateKey(String),
    /// There is no memory to read it.
    OutOfMemory,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.reason)
    }
}

impl fmt::Display for JsonErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(reason) => f.write_str(reason),
            Self::NotAnObject => f.write_str("expected an object"),
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Self::DuplicateKey(key) => write!(f, "the key {key:?} is there twice"),
            Self::OutOfMemory => f.write_str("no memory for its parts"),
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads `text` as one JSON object.
pub(crate) fn parse_object(text: &str) -> Result<RawObject<'_>, JsonError> {
    if let Some(object) = read_quickly(text) {
        return Ok(object);
    }
    if scan::may_be_deep(text) {
        check_depth(text)?;
    }
    let members = read_slowly(text)?;
    if let Some((place, member)) = first_duplicate(&members) {
        return Err(duplicate(text, place, &member.key));
    }
    complete(members, |_| check_depth(text))
}

/// As [`parse_object`], but of members with equal keys the last counts, and one that is nested too deep becomes `null`;
/// `note` hears their keys and why.
pub(crate) fn parse_leniently<'a>(
    text: &'a str,
    mut note: impl FnMut(&str, &JsonErrorReason),
) -> Result<RawObject<'a>, JsonError> {
    if let Some(object) = read_quickly(text) {
        return Ok(object);
    }
    if scan::may_be_deep(text)
        && let Some(shallow) = without_deep(text, &mut note).map_err(|OutOfMemory| OUT_OF_MEMORY)?
    {
        let members = read_leniently(&shallow, &mut note)?.members;
        let members = members.into_iter().map(Member::into_owned);
        let members: Result<_, OutOfMemory> = members.collect();
        let members = members.map_err(|OutOfMemory| OUT_OF_MEMORY)?;
        return Ok(RawObject { members });
    }
    read_leniently(text, &mut note)
}

/// The object, if there is nothing to say about it; nearly always.
fn read_quickly(text: &str) -> Option<RawObject<'_>> {
    let members = quick::members(text)?;
    let is_plain = first_duplicate(&members).is_none();
    is_plain.then_some(RawObject { members })
}

fn read_leniently<'a>(
    text: &'a str,
    note: &mut impl FnMut(&str, &JsonErrorReason),
) -> Result<RawObject<'a>, JsonError> {
    let mut members = read_slowly(text)?;
    if first_duplicate(&members).is_some() {
        members.reverse();
        let mut keys = Keys::default();
        members.retain(|member| {
            let is_last = keys.insert(Cow::Owned(member.key.to_string()));
            if !is_last {
                note(&member.key, &JsonErrorReason::DuplicateKey(String::new()));
            }
            is_last
        });
        members.reverse();
    }
    complete(members, |member| {
        note(&member.key, &JsonErrorReason::TooDeep);
        member.json = Cow::Borrowed("null");
        Ok(())
    })
}

/// A copy of `text` in which members that are nested too deep are `null`, with blanks in place of the rest: a reader would
/// need memory for each of their levels. None if there are none.
fn without_deep(
    text: &str,
    note: &mut impl FnMut(&str, &JsonErrorReason),
) -> Result<Option<String>, OutOfMemory> {
    let is_deep = |value: &str| scan::survey(value).depth >= MAX_DEPTH;
    let object = scan::trim(text);
    if !scan::entries(object).any(|(_, value)| is_deep(value)) {
        // If it is too deep elsewhere, it is no object.
        return Ok(None);
    }
    let mut copy = String::new();
    copy.try_reserve_exact(text.len())?;
    let mut copied = 0_usize;
    let start = text.as_ptr().addr();
    for (key, value) in scan::entries(object).filter(|(_, value)| is_deep(value)) {
        let at = value.as_ptr().addr().saturating_sub(start);
        copy.push_str(text.get(copied..at).unwrap_or_default());
        copy.push_str("null");
        let rest = value.len().saturating_sub("null".len());
        copy.extend(std::iter::repeat_n(' ', rest));
        copied = at.saturating_add(value.len());
        note(&scan::try_decode(key)?, &JsonErrorReason::TooDeep);
    }
    copy.push_str(text.get(copied..).unwrap_or_default());
    Ok(Some(copy))
}

/// The members of an object, whose grammar is checked.
pub(super) fn read_slowly(text: &str) -> Result<Vec<Member<'_>>, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut visitor = MembersVisitor {
        text,
        members: Vec::new(),
        is_out_of_memory: false,
    };
    let read = deserializer
        .deserialize_map(&mut visitor)
        .and_then(|()| deserializer.end());
    if visitor.is_out_of_memory {
        return Err(OUT_OF_MEMORY);
    }
    if read.is_err() {
        return Err(why_no_object(text));
    }
    Ok(visitor.members)
}

/// Brings the values into a form that every reader takes; one that is nested too deep is shown to `too_deep`.
fn complete<'a>(
    mut members: Vec<Member<'a>>,
    mut too_deep: impl FnMut(&mut Member<'a>) -> Result<(), JsonError>,
) -> Result<RawObject<'a>, JsonError> {
    for member in &mut members {
        // A string without escapes, which most are, needs no further look.
        let survey = match scan::kind(&member.json) {
            Kind::Text if !scan::has_backslash(&member.json) => Survey::default(),
            Kind::Null | Kind::Boolean => Survey::default(),
            _ => scan::survey(&member.json),
        };
        // The object itself is the first level.
        if survey.depth >= MAX_DEPTH {
            too_deep(member)?;
        } else if survey.needs_repair {
            let repaired = repair(&member.json).map_err(|OutOfMemory| OUT_OF_MEMORY)?;
            member.json = Cow::Owned(repaired);
        }
    }
    Ok(RawObject { members })
}

fn check_depth(text: &str) -> Result<(), JsonError> {
    let object = scan::trim(text);
    let start = text.len().saturating_sub(object.len());
    match scan::survey(object).too_deep_at {
        Some(at) => Err(JsonError {
            offset: start.saturating_add(at),
            reason: JsonErrorReason::TooDeep,
        }),
        None => Ok(()),
    }
}

const OUT_OF_MEMORY: JsonError = JsonError {
    offset: 0,
    reason: JsonErrorReason::OutOfMemory,
};

/// What is wrong with text that is no object.
fn why_no_object(text: &str) -> JsonError {
    check_grammar(text).map_or_else(
        |error| error,
        |(offset, _)| JsonError {
            offset,
            reason: JsonErrorReason::NotAnObject,
        },
    )
}

/// Collects the members of an object as they stand in `text`.
struct MembersVisitor<'a> {
    text: &'a str,
    members: Vec<Member<'a>>,
    is_out_of_memory: bool,
}

impl<'a> MembersVisitor<'a> {
    fn add(&mut self, key: &'a str, json: &'a str) -> Result<(), OutOfMemory> {
        // An event has about ten members: one allocation instead of three.
        let room = if self.members.is_empty() { 16 } else { 1 };
        self.members.try_reserve(room)?;
        let offset = json.as_ptr().addr();
        self.members.push(Member {
            key: scan::try_decode(key)?,
            json: Cow::Borrowed(json),
            offset: offset.saturating_sub(self.text.as_ptr().addr()),
        });
        Ok(())
    }
}

impl<'a> Visitor<'a> for &mut MembersVisitor<'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        // Keys as they stand, too: `serde_json` would decode escapes into memory of its own.
        while let Some((key, value)) = map.next_entry::<&'a RawValue, &'a RawValue>()? {
            if self.add(key.get(), value.get()).is_err() {
                self.is_out_of_memory = true;
                return Err(serde::de::Error::custom("no memory"));
            }
        }
        Ok(())
    }
}

/// The value in `text` without the white space around it, and where it begins.
fn check_grammar(text: &str) -> Result<(usize, &str), JsonError> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(value) => {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            let start = text.bytes().take_while(blank).count();
            Ok((start, value.get()))
        }
        Err(error) => Err(syntax_error(text, &error)),
    }
}

/// The first member whose key was there before.
fn first_duplicate<'m>(members: &'m [Member<'_>]) -> Option<(usize, &'m Member<'m>)> {
    let mut pairs = members.iter().enumerate();
    if members.len() > Keys::FEW {
        let mut keys = Keys::default();
        return pairs.find(|(_, member)| !keys.insert(Cow::Borrowed(&member.key)));
    }
    // The filter spares the usual dozen keys any comparison.
    let mut filter = 0;
    pairs.find(|(place, member)| {
        let mark = keys::mark(&member.key);
        let may_be_there = filter & mark != 0;
        filter |= mark;
        let mut before = members.iter().take(*place);
        may_be_there && before.any(|other| other.key == member.key)
    })
}

/// The error about the member at that place, whose key was there before.
fn duplicate(text: &str, place: usize, key: &str) -> JsonError {
    let key_text = scan::entries(text.trim_start()).nth(place);
    let offset = key_text.map_or(0, |(key, _)| {
        key.as_ptr().addr().saturating_sub(text.as_ptr().addr())
    });
    JsonError {
        offset,
        reason: JsonErrorReason::DuplicateKey(trim_str(key, 64).into_owned()),
    }
}

/// Turns line and column into a byte offset.
fn syntax_error(text: &str, error: &serde_json::Error) -> JsonError {
    let full = error.to_string();
    let reason = full
        .rsplit_once(" at line ")
        .map_or(full.as_str(), |(reason, _)| reason);
    let lines_before = error.line().saturating_sub(1);
    let line_start: usize = text
        .split_inclusive('\n')
        .take(lines_before)
        .map(str::len)
        .sum();
    // The column counts the offending byte, except at the end of the text and before a control character.
    let is_before = error.is_eof() || reason.starts_with("control character");
    let in_line = error.column().saturating_sub(usize::from(!is_before));
    JsonError {
        offset: line_start.saturating_add(in_line).min(text.len()),
        reason: JsonErrorReason::Syntax(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (usize, String) {
        let error = parse_object(text).unwrap_err();
        (error.offset, error.to_string())
    }

    #[test]
    fn members_come_in_order_with_their_offsets() {
        let text = " {\"b\": [1, 2],\n \"a\\u0041\":\"x\"} \n";
        let object = parse_object(text).unwrap();
        let found: Vec<_> = object
            .members
            .iter()
            .map(|member| (&*member.key, &*member.json, member.offset))
            .collect();
        assert_eq!(
            found,
            [
                ("b", "[1, 2]", 7),
                ("aA", "\"x\"", text.find("\"x").unwrap())
            ]
        );
        assert_eq!(object.get("aA"), Some("\"x\""));
        assert!(matches!(object.members[0].key, Cow::Borrowed(_)));
        assert_eq!(parse_object("{}").unwrap().members, []);
    }

    #[test]
    fn the_offset_points_at_the_offending_byte_in_any_line() {
        for (text, offset) in [
            ("", 0),
            ("   ", 3),
            ("{\"a\":nan}", 6),
            ("{\"a\":NaN}", 5),
            ("{\"a\":Infinity}", 5),
            ("{\n \"é\": 1,\n \"b\": ?}", 18),
            ("{\"a\":1}\n\n x", 10),
            ("{\"a\":1", 6),
            ("{\"a\":\"x", 7),
            ("{\n\"a\":\"x\n\"}", 8),
            ("{\"a\":01}", 6),
            ("{\"a\" 1}", 5),
            ("{a:1}", 1),
            ("{\"a\":\"x\\qy\"}", 8),
            ("{\"a\":\"x\\u12G4\"}", 12),
            ("{\"a\":1,}", 7),
        ] {
            let (found, message) = refused(text);
            assert_eq!(found, offset, "{text:?}: {message}");
            assert!(
                message.starts_with(&format!("at byte {offset}: ")),
                "{message}"
            );
            assert!(!message.contains("line"), "{message}");
        }
        assert_eq!(refused("{\"a\":?}").1, "at byte 5: expected value");
    }

    #[test]
    fn what_is_no_object_is_told_apart_from_what_is_no_json() {
        for text in ["[]", "1", "\"{}\"", "null", "true"] {
            let error = parse_object(text).unwrap_err();
            assert_eq!(error.reason, JsonErrorReason::NotAnObject, "{text}");
        }
        let error = parse_object("[1,").unwrap_err();
        assert!(matches!(error.reason, JsonErrorReason::Syntax(_)));
    }

    #[test]
    fn a_key_that_is_there_twice_is_named() {
        let (offset, message) = refused(r#"{"a":1,"b":2,"\u0061":3}"#);
        assert_eq!(offset, 13);
        assert_eq!(message, r#"at byte 13: the key "a" is there twice"#);
        // Nested objects are the server's business.
        assert!(parse_object(r#"{"x":{"a":1,"a":2}}"#).is_ok());
    }

    #[test]
    fn duplicates_among_very_many_keys_are_found_quickly() {
        let mut text = String::from("{");
        for number in 0..100_000 {
            text.push_str(&format!("\"k{number}\":0,"));
        }
        let good = text.clone() + "\"last\":0}";
        assert_eq!(parse_object(&good).unwrap().members.len(), 100_001);
        for again in ["k3", "k40", "k99999"] {
            let bad = format!("{text}\"{again}\":1}}");
            let error = parse_object(&bad).unwrap_err();
            assert_eq!(error.reason, JsonErrorReason::DuplicateKey(again.into()));
            assert_eq!(error.offset, text.len());
        }
    }

    #[test]
    fn nesting_is_bounded_at_64_levels() {
        let nested = |levels: usize| {
            let inner = levels - 1;
            format!("{{\"a\":{}{}}}", "[".repeat(inner), "]".repeat(inner))
        };
        assert!(parse_object(&nested(64)).is_ok());
        for levels in [65, 66, 10_000, 1_000_000] {
            let error = parse_object(&nested(levels)).unwrap_err();
            assert_eq!(error.reason, JsonErrorReason::TooDeep, "{levels}");
            assert_eq!(error.offset, 5 + 63);
        }
    }

    #[test]
    fn a_lenient_reading_leaves_out_what_cannot_be_kept_and_notes_it() {
        fn read(text: &str) -> (Result<RawObject<'_>, JsonError>, Vec<String>) {
            let mut notes = Vec::new();
            let note = |key: &str, reason: &JsonErrorReason| {
                let is_deep = *reason == JsonErrorReason::TooDeep;
                notes.push(format!("{key} {is_deep}"));
            };
            let object = parse_leniently(text, note);
            (object, notes)
        }
        for levels in [64, 10_000] {
            let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            let text = format!(r#" {{"a":1,"b":{deep},"c":2,"\u0061":3,"d":"\ud800","a":4}}"#);
            let (object, mut notes) = read(&text);
            let object = object.unwrap();
            let keys: Vec<_> = object.members.iter().map(|it| &*it.key).collect();
            assert_eq!(keys, ["b", "c", "d", "a"]);
            assert_eq!(
                (object.get("a"), object.get("b")),
                (Some("4"), Some("null"))
            );
            notes.sort();
            assert_eq!(notes, ["a false", "a false", "b true"]);
            // What is no JSON around it is not taken for some.
            for end in ["", ",}", "}}", ":1}"] {
                assert!(read(&format!("{{\"a\":{deep}{end}")).0.is_err(), "{end}");
            }
            assert!(read(&deep).0.is_err());
        }
        for text in ["", "[]", "{\"a\":?}", "{\"a\":1,\"b\":[]}"] {
            assert_eq!(read(text), (parse_object(text), Vec::new()));
        }
    }

    #[test]
    fn every_part_can_be_read_even_if_the_text_could_not() {
        let text = r#"{"a\ud800":"\udfff","n":[1e999]}"#;
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err());
        let object = parse_object(text).unwrap();
        assert_eq!(object.get("a\u{fffd}"), Some(r#""\ufffd""#));
        assert_eq!(object.get("n"), Some("[null ]"));
    }
}
