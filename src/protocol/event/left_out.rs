//! What is left out: members that servers cannot take, so that the rest of an event, a breadcrumb or feedback can go.
//!
//! Decides how that is told: the first of them in words, the others by their number. Entry point: [`LeftOut`].

use std::fmt::{self, Write as _};

use crate::value::json::object::{JsonError, JsonErrorReason, RawObject, parse_leniently};
use crate::value::json::trim::trim_str;

/// How many members were left out, and which was the first. Nothing is allocated while nothing is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    count: usize,
    first: String,
}

/// Characters of a key of the host's in a sentence about it.
const KEY_CHARS: usize = 64;

impl LeftOut {
    /// Notes one: what it is, and why.
    pub(crate) fn note(&mut self, what: fmt::Arguments<'_>) {
        self.count = self.count.saturating_add(1);
        if self.count == 1 {
            // A string takes everything.
            let _ = self.first.write_fmt(what);
        }
    }

    /// Notes the member of this key.
    pub(crate) fn note_key(&mut self, key: &str, why: &str) {
        self.note(format_args!("{:?} {why}", trim_str(key, KEY_CHARS)));
    }

    /// Reads an object and notes the members of it that cannot be kept.
    pub(super) fn read<'a>(&mut self, text: &'a str) -> Result<RawObject<'a>, JsonError> {
        parse_leniently(text, |key, reason| match reason {
            JsonErrorReason::DuplicateKey(_) => self.note_key(key, "is there twice"),
            other => self.note(format_args!("{:?} is {other}", trim_str(key, KEY_CHARS))),
        })
    }

    /// Both.
    pub(crate) fn and(mut self, other: Self) -> Self {
        if self.count == 0 {
            return other;
        }
        self.count = self.count.saturating_add(other.count);
        self
    }

    /// True if there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "left out: {}", self.first)?;
        match self.count {
            0 | 1 => Ok(()),
            count => write!(f, ", and {} more", count.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::testing::Given;

    #[test]
    fn the_first_is_told_in_words_and_the_others_are_counted() {
        let mut left_out = LeftOut::default();
        assert!(left_out.is_empty());
        left_out.note_key(&"k".repeat(100), "is odd");
        let text = left_out.to_string();
        assert!(text.starts_with("left out: \"kkk") && text.ends_with("...\" is odd"));
        let mut other = LeftOut::default();
        other.note(format_args!("a {}", 1));
        assert_eq!(other.to_string(), "left out: a 1");
        other.note(format_args!("b"));
        assert_eq!(other.to_string(), "left out: a 1, and 1 more");
        assert_eq!(
            other.clone().and(left_out).to_string(),
            "left out: a 1, and 2 more"
        );
        assert_eq!(LeftOut::default().and(other.clone()), other);
    }

    /// What is left out of an event with a message, which goes in any case.
    fn left_out(members: &str) -> String {
        let text = format!("{{\"message\":\"m\",{members}}}");
        let (json, written) = Given::default().read_and_write(&text);
        assert_eq!(json["logentry"]["formatted"], "m", "{members}");
        written.left_out.to_string()
    }

    #[test]
    fn one_odd_member_costs_only_itself_and_is_named() {
        let deep = format!("\"extra\":{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for (members, said) in [
            (r#""tags":5"#, r#""tags" must be an object or a list"#),
            (r#""user":[1]"#, r#""user" must be an object"#),
            (r#""release":{}"#, r#""release" must be text"#),
            (
                r#""logentry":[]"#,
                r#""logentry" must be text or an object"#,
            ),
            (
                r#""breadcrumbs":"x""#,
                r#""breadcrumbs" must be an object or a list"#,
            ),
            (r#""a":1,"a":2"#, r#""a" is there twice"#),
            (&deep, r#""extra" is nested deeper than 64 levels"#),
            (r#""release":"a/b""#, r#""release": a release has no"#),
            (r#""event_id":7"#, r#""event_id" is no id"#),
            (r#""timestamp":"soon""#, r#""timestamp" is no time"#),
            (r#""level":"loud""#, r#""level" is none that servers know"#),
            (
                r#""contexts":{"c":7}"#,
                r#""c" is no object, as a context must be"#,
            ),
            (r#""tags":{"t":[]}"#, r#""t" is no text, as a tag must be"#),
            (r#""tags":[7]"#, "a tag without key and value"),
            (
                r#""exception":[{}]"#,
                "exception 1 has neither type nor value",
            ),
            (
                r#""exception":[{"type":"A"},7]"#,
                "exception 2 is no object",
            ),
            (
                r#""exception":{"type":"A","mechanism":1}"#,
                "a mechanism is no object",
            ),
            (
                r#""exception":{"type":"A","stacktrace":1}"#,
                "a stack trace is no object",
            ),
            (
                r#""exception":{"type":"A","stacktrace":{"frames":1}}"#,
                "frames are no list",
            ),
            (r#""stacktrace":{"frames":[{},7]}"#, "a frame is no object"),
            (r#""threads":[7]"#, "a thread is no object"),
            (
                r#""threads":[{"id":{}}]"#,
                "the id of a thread is neither text nor number",
            ),
            (r#""breadcrumbs":[7]"#, "a breadcrumb is no object"),
            (
                r#""breadcrumbs":[{"level":7}]"#,
                r#""level" of a breadcrumb"#,
            ),
            (
                r#""breadcrumbs":[{"category":[]}]"#,
                r#""category" of a breadcrumb"#,
            ),
            (
                r#""breadcrumbs":[{"timestamp":"x"}]"#,
                r#""timestamp" of a breadcrumb"#,
            ),
            (
                r#""fingerprint":[{}]"#,
                "a part of the fingerprint is no text",
            ),
            (
                r#""user":{"ip_address":"x"}"#,
                r#""ip_address" is no address"#,
            ),
            (r#""request":{"method":"G T"}"#, r#""method" is none"#),
            (
                r#""modules":{"m":[]}"#,
                r#""m" is no text, as a version must be"#,
            ),
            (r#""sdk":{}"#, r#""sdk" has no name and version"#),
            (r#""debug_meta":{"images":[7]}"#, "an image is no object"),
            (
                r#""message":{"formatted":[]},"logentry":"m""#,
                r#""message" is there twice"#,
            ),
        ] {
            let text = left_out(members);
            assert!(
                text.starts_with(&format!("left out: {said}")),
                "{members}: {text}"
            );
        }
        for good in [
            r#""tags":null,"user":null,"exception":null,"threads":[null],"breadcrumbs":[null]"#,
            r#""exception":{"values":[null,{"type":"A","value":null,"mechanism":null}]}"#,
            r#""level":"warn","contexts":{"c":null},"event_id":"","extra":{"x":[]},"new":1"#,
            r#""tags":{"a b":1,"c":null},"fingerprint":[null,"x"],"user":{"ip_address":null}"#,
        ] {
            assert_eq!(left_out(good), "left out: ", "{good}");
        }
    }
}
