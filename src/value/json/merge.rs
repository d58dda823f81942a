//! Merging: two JSON objects become one, key by key at each depth.
//!
//! Entry point: [`objects`]. May use: [`super::scan`], [`super::keys`], [`super::write`].

use std::borrow::Cow;
use std::collections::HashMap;

use super::keys::Keys;
use super::scan::{self, Kind, MAX_DEPTH};
use super::write;
use crate::base::memory::{self, Buffer};

/// Both objects in one. Where both have a key, two objects are merged in turn, and of anything else the one of `winner`
/// stays.
pub(crate) fn objects(winner: &str, other: &str) -> String {
    let mut out = Buffer::with_room(winner.len().saturating_add(other.len()));
    append(&mut out, winner, other, MAX_DEPTH);
    write::into_text(out)
}

/// `levels` of objects are left: text that was accepted has no more.
fn append(out: &mut Buffer, winner: &str, other: &str, levels: usize) {
    let theirs = scan::entries(other).filter(|(_, value)| scan::kind(value) == Kind::Object);
    let theirs = index(theirs);
    let mut keys = Keys::default();
    out.push(b'{');
    for (key, value) in scan::entries(winner) {
        raw_key(out, key);
        let key = scan::decode(key);
        match theirs.get(&key) {
            Some(other) if scan::kind(value) == Kind::Object && levels > 0 => {
                append(out, value, other, levels.saturating_sub(1));
            }
            _ => out.extend_from_slice(value.as_bytes()),
        }
        keys.insert(key);
    }
    for (key, value) in scan::entries(other) {
        if !keys.contains(&scan::decode(key)) {
            raw_key(out, key);
            out.extend_from_slice(value.as_bytes());
        }
    }
    out.push(b'}');
}

/// Values by their keys, decoded.
fn index<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> HashMap<Cow<'a, str>, &'a str> {
    let mut index = HashMap::new();
    for (key, value) in entries {
        if index.try_reserve(1).is_err() {
            memory::note_lack();
            break;
        }
        index.insert(scan::decode(key), value);
    }
    index
}

/// Appends a key that is JSON already.
fn raw_key(out: &mut Buffer, key: &str) {
    write::separator(out);
    out.extend_from_slice(key.as_bytes());
    out.push(b':');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn objects_are_merged_at_each_depth_and_the_winner_keeps_its_order() {
        for (winner, other, expected) in [
            ("{}", "{}", "{}"),
            (r#"{"a":1}"#, "{}", r#"{"a":1}"#),
            ("{}", r#"{"a":1}"#, r#"{"a":1}"#),
            (
                r#"{"b":1,"a":2}"#,
                r#"{"a":3,"c":4}"#,
                r#"{"b":1,"a":2,"c":4}"#,
            ),
            (
                r#"{"o":{"p":{"q":1}}}"#,
                r#"{"o":{"p":{"q":2,"r":3},"s":4}}"#,
                r#"{"o":{"p":{"q":1,"r":3},"s":4}}"#,
            ),
            // Lists and scalars stay whole, and a key may be spelled in two ways.
            (
                r#"{"a":[1],"b":{"x":1},"c":7,"d":null}"#,
                r#"{"a":[2],"b":[3],"c":{"y":1},"d":{"z":1}}"#,
                r#"{"a":[1],"b":{"x":1},"c":7,"d":null}"#,
            ),
            (
                r#"{"é":{"a":1}}"#,
                r#"{"\u00e9":{"b":2}}"#,
                r#"{"é":{"a":1,"b":2}}"#,
            ),
        ] {
            assert_eq!(objects(winner, other), expected, "{winner} {other}");
        }
    }

    #[test]
    fn many_keys_are_merged_in_linear_time() {
        let many = |from: usize| {
            let members: Vec<_> = (from..from + 100_000)
                .map(|number| format!("\"k{number}\":{{\"a{from}\":1}}"))
                .collect();
            format!("{{{}}}", members.join(","))
        };
        let start = Instant::now();
        let merged = objects(&many(0), &many(50_000));
        assert_eq!(scan::entries(&merged).count(), 150_000);
        assert!(merged.contains("\"k60000\":{\"a0\":1,\"a50000\":1}"));
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
