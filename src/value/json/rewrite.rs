//! Rewriting: a copy of a container in which single parts are changed or left out.
//!
//! Entry points: [`members_to_json`], [`elements`]. May use: [`super::scan`], [`super::write`].

use super::scan;
use super::write;
use crate::base::memory::Buffer;

/// What becomes of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// It stays as it is.
    Keep,
    /// It is left out.
    Drop,
    /// This JSON stands in its place.
    Replace(String),
}

/// Compiled once, not for each caller.
fn each_member(out: &mut Buffer, object: &str, change: &mut dyn FnMut(&str, &str) -> Change) {
    out.push(b'{');
    for (key, value) in scan::entries(object) {
        let replaced;
        let value = match change(&scan::decode(key), value) {
            Change::Keep => value,
            Change::Drop => continue,
            Change::Replace(json) => {
                replaced = json;
                &replaced
            }
        };
        write::separator(out);
        out.extend_from_slice(key.as_bytes());
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'}');
}

/// Appends copies of values, separated by commas; `change` is asked with each.
pub(crate) fn elements<'a>(
    out: &mut Buffer,
    values: impl IntoIterator<Item = &'a str>,
    mut change: impl FnMut(&str) -> Change,
) {
    for value in values {
        let replaced;
        let value = match change(value) {
            Change::Keep => value,
            Change::Drop => continue,
            Change::Replace(json) => {
                replaced = json;
                &replaced
            }
        };
        write::separator(out);
        out.extend_from_slice(value.as_bytes());
    }
}

/// A copy of an object; `change` is asked with each key (unescaped) and value (JSON).
pub(crate) fn members_to_json(
    object: &str,
    mut change: impl FnMut(&str, &str) -> Change,
) -> String {
    let mut out = Buffer::with_room(object.len());
    each_member(&mut out, object, &mut change);
    write::into_text(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_kept_dropped_or_replaced() {
        let change = |what: &str| match what {
            "1" => Change::Drop,
            "2" => Change::Replace("[]".into()),
            _ => Change::Keep,
        };
        let json = members_to_json(r#"{"a\n": 1, "b":2 ,"c" :{"x":1}}"#, |_, value| {
            change(value)
        });
        assert_eq!(json, r#"{"b":[],"c":{"x":1}}"#);
        let by_key = |key: &str, _: &str| match key {
            "a\n" => Change::Keep,
            _ => Change::Drop,
        };
        assert_eq!(
            members_to_json(r#"{"a\n":1,"b":2}"#, by_key),
            r#"{"a\n":1}"#
        );
        let mut out = Buffer::new();
        out.push(b'[');
        elements(&mut out, scan::elements("[1, 2, 3]"), change);
        assert_eq!(*out, *b"[[],3");
    }
}
