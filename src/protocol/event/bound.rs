//! Bounds: what single members of the known objects of an event may hold (EVT-16, EVT-18, ENV-18).
//!
//! Decides which member is held to which limit; all others are left as they are. Entry points: the tables, one for
//! each object, to be given to [`write()`] or [`write_members`]. May use: `value`, [`super::limits`].

use super::limits;
use crate::base::memory::Buffer;
use crate::value::input::{Input, bounded};
use crate::value::json::scan::Kind;

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// Characters of a text.
    Chars(usize),
    /// Levels of containers in a value, and its bytes.
    Bag((usize, usize)),
}

/// The bound of a member, by its key.
pub(super) type Table = fn(&str) -> Option<Bound>;

/// Of objects without bounds.
pub(super) fn none(_: &str) -> Option<Bound> {
    None
}

/// Of `mechanism`.
pub(super) fn mechanism(key: &str) -> Option<Bound> {
    match key {
        "type" | "source" => Some(Bound::Chars(limits::WORD_CHARS)),
        "description" => Some(Bound::Chars(limits::MESSAGE_CHARS)),
        "data" => Some(Bound::Bag(limits::VARIABLES)),
        _ => None,
    }
}

/// Of a frame. Paths and lines of code have no limit of their own.
pub(super) fn frame(key: &str) -> Option<Bound> {
    match key {
        "function" | "raw_function" | "symbol" => Some(Bound::Chars(limits::FUNCTION_CHARS)),
        "lang" | "trust" => Some(Bound::Chars(limits::WORD_CHARS)),
        "vars" => Some(Bound::Bag(limits::VARIABLES)),
        _ => None,
    }
}

/// Of a stack trace.
pub(super) fn stacktrace(key: &str) -> Option<Bound> {
    (key == "lang").then_some(Bound::Chars(limits::WORD_CHARS))
}

/// Of a thread.
pub(super) fn thread(key: &str) -> Option<Bound> {
    (key == "name").then_some(Bound::Chars(limits::LINE_CHARS))
}

/// Of `logentry`, besides its texts.
pub(super) fn logentry(key: &str) -> Option<Bound> {
    (key == "params").then_some(Bound::Bag(limits::VARIABLES))
}

/// Of `user`.
pub(super) fn user(key: &str) -> Option<Bound> {
    match key {
        "id" | "username" | "name" => Some(Bound::Chars(limits::WORD_CHARS)),
        "email" => Some(Bound::Chars(limits::EMAIL_CHARS)),
        _ => None,
    }
}

/// Of `geo` in `user`.
pub(super) fn geo(key: &str) -> Option<Bound> {
    match key {
        "country_code" => Some(Bound::Chars(limits::COUNTRY_CHARS)),
        _ => Some(Bound::Chars(limits::LINE_CHARS)),
    }
}

/// Of `request`, besides what it has rules of its own for.
pub(super) fn request(key: &str) -> Option<Bound> {
    match key {
        "fragment" => Some(Bound::Chars(limits::LINE_CHARS)),
        "env" => Some(Bound::Bag((
            limits::BAG_DEPTH,
            limits::VARIABLES_OF_PROCESS,
        ))),
        _ => None,
    }
}

/// Of the context `trace`.
pub(super) fn trace(key: &str) -> Option<Bound> {
    matches!(key, "op" | "origin").then_some(Bound::Chars(limits::WORD_CHARS))
}

/// Of `sdk`.
pub(super) fn sdk(key: &str) -> Option<Bound> {
    matches!(key, "name" | "version").then_some(Bound::Chars(limits::SYMBOL_CHARS))
}

/// Appends the value of a member, within its bound; true if something was cut.
pub(super) fn write(out: &mut Buffer, table: Table, key: Input<'_>, value: Input<'_>) -> bool {
    let kind = value.kind();
    let bound = match kind {
        // Most texts are shorter than any limit, which spares a look at the key.
        Kind::Text if value.size() <= limits::EMAIL_CHARS => None,
        Kind::Text | Kind::Object | Kind::Array => table(&key.decode()),
        Kind::Number | Kind::Boolean | Kind::Null => None,
    };
    match bound {
        Some(Bound::Chars(max_chars)) if kind == Kind::Text => {
            bounded::string(out, value, max_chars)
        }
        Some(Bound::Bag((depth, bytes))) => bounded::bag(out, value, depth, bytes),
        _ => {
            value.copy(out);
            false
        }
    }
}

/// Appends a member that is held to its bound; true if something was cut. What is not cut is copied as it was given, with
/// the blanks in it.
pub(super) fn write_member(
    out: &mut Buffer,
    table: Table,
    key: Input<'_>,
    value: Input<'_>,
) -> bool {
    key.copy_key(out);
    let start = out.len();
    let was_cut = write(out, table, key, value);
    if !was_cut && matches!(value.kind(), Kind::Object | Kind::Array) {
        out.truncate(start);
        value.copy(out);
    }
    was_cut
}

/// Appends an object whose members are held to their bounds; true if something was cut.
pub(super) fn write_members(out: &mut Buffer, table: Table, object: Input<'_>) -> bool {
    let mut was_cut = false;
    out.push(b'{');
    for (key, value) in object.members() {
        was_cut |= write_member(out, table, key, value);
    }
    out.push(b'}');
    was_cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn through(table: Table, key: &str, value: &Value) -> (Value, bool) {
        let mut out = crate::base::memory::Buffer::new();
        let text = value.to_string();
        let (key, value) = (Input::Text(key.as_bytes()), Input::Json(&text));
        let cut = write(&mut out, table, key, value);
        let mut member = crate::base::memory::Buffer::new();
        assert_eq!(write_member(&mut member, table, key, value), cut);
        assert!(member.ends_with(&out));
        (serde_json::from_slice(&out).unwrap(), cut)
    }

    // EVT-16
    #[test]
    fn texts_are_cut_at_the_limit_of_their_key_and_of_no_other() {
        let tables: [(Table, &str, usize); 20] = [
            (mechanism, "type", 128),
            (mechanism, "source", 128),
            (mechanism, "description", 8192),
            (frame, "function", 512),
            (frame, "raw_function", 512),
            (frame, "symbol", 512),
            (frame, "lang", 128),
            (frame, "trust", 128),
            (stacktrace, "lang", 128),
            (thread, "name", 1024),
            (user, "id", 128),
            (user, "username", 128),
            (user, "name", 128),
            (user, "email", 75),
            (geo, "city", 1024),
            (geo, "country_code", 102),
            (request, "fragment", 1024),
            (trace, "op", 128),
            (trace, "origin", 128),
            (sdk, "version", 256),
        ];
        for (table, key, max) in tables {
            let longest = json!("é".repeat(max));
            assert_eq!(through(table, key, &longest), (longest, false), "{key}");
            let cut = json!("é".repeat(max - 3) + "...");
            let over = json!("é".repeat(max + 1));
            assert_eq!(through(table, key, &over), (cut, true), "{key}");
            // Of a place every name is bounded.
            if table("other").is_none() {
                assert_eq!(through(table, "other", &over), (over, false), "{key}");
            }
        }
    }

    // EVT-18
    #[test]
    fn variables_are_bounded_in_depth_and_size() {
        let tables: [(Table, &str); 3] =
            [(mechanism, "data"), (frame, "vars"), (logentry, "params")];
        for (table, key) in tables {
            let deepest = json!({"1": [{"3": {"4": 5}}], "text": "x".repeat(1900)});
            assert_eq!(through(table, key, &deepest), (deepest, false), "{key}");
            let deep = json!([{"2": [{"4": {}}]}]);
            assert_eq!(
                through(table, key, &deep),
                (json!([{"2": [{"4": "..."}]}]), true)
            );
            let (long, cut) = through(table, key, &json!({"a": 1, "text": "é".repeat(3000)}));
            assert!(cut && long.to_string().len() <= 2048 && long["a"] == 1);
            assert!(long["text"].as_str().unwrap().ends_with("é..."));
        }
        let (env, cut) = through(request, "env", &json!({"A": "x".repeat(9000)}));
        assert!(cut && env.to_string().len() <= 8192);
    }

    #[test]
    fn values_of_other_types_are_left_alone() {
        for value in [json!(5), json!(null), json!({"a": 1}), json!(true)] {
            assert_eq!(through(frame, "function", &value), (value, false));
        }
    }
}
