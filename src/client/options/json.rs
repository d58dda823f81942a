//! JSON: options from one JSON object, each under the name of its setter.
//!
//! Nothing is guessed: an unknown or repeated name, a wrong type or a value out of range fails the whole, and the text
//! names the key and what is allowed. The names are those of `table`.
//! Entry point: [`Options::from_json`]. May use: `table`, `set`, `serde_json`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::limit::shorten;
use super::set::Given;
use super::table::{Options, TABLE};

/// Longest text that is read: options are a page, not a data set, and this bounds the memory for refusing one.
const TEXT_MAX: usize = 1024 * 1024;

impl Options {
    /// The defaults and the environment, overridden by one JSON object.
    pub(crate) fn from_json(text: &str) -> Result<Self, String> {
        let mut options = Self::new();
        options.apply_json(text)?;
        Ok(options)
    }

    /// Sets what the object holds. After a failure some options are set and others not: the options are to be dropped.
    fn apply_json(&mut self, text: &str) -> Result<(), String> {
        if text.len() > TEXT_MAX {
            return Err(format!(
                "the options are {} bytes of JSON; allowed are {TEXT_MAX}",
                text.len()
            ));
        }
        let Members(members) = serde_json::from_str(text).map_err(|error| refuse_text(&error))?;
        for (place, (key, value)) in members.iter().enumerate() {
            let Some(row) = TABLE.iter().find(|row| row.name == key) else {
                return Err(refuse_key(key));
            };
            // The table bounds how many members get this far.
            if members.iter().take(place).any(|(other, _)| other == key) {
                return Err(format!("{key}: the key is there twice; keep one of them"));
            }
            self.set(row, Given::from(value))?;
        }
        Ok(())
    }
}

/// Says what is wrong with the text, without showing any of it: it holds the DSN.
fn refuse_text(error: &serde_json::Error) -> String {
    if error.is_data() {
        return "the options must be one JSON object, such as {\"dsn\": \"…\"}".to_owned();
    }
    format!("the options are no valid JSON: {error}")
}

fn refuse_key(key: &str) -> String {
    let hint = closest(key).map_or_else(
        || "options are named like the functions sentry_options_set_…".to_owned(),
        |name| format!("did you mean \"{name}\"?"),
    );
    format!("unknown option \"{}\"; {hint}", shorten(key))
}

/// The known name that needs the fewest changes, if that is about half of the key at most.
fn closest(key: &str) -> Option<&'static str> {
    // No name is half as long.
    const KEY_MAX: usize = 64;
    if key.len() > KEY_MAX {
        return None;
    }
    let key = key.to_ascii_lowercase().replace('-', "_");
    if key == "http_proxy" {
        return Some("proxy");
    }
    TABLE
        .iter()
        .map(|row| {
            let name = row.name;
            (distance(&key, name), key.len().abs_diff(name.len()), name)
        })
        .min()
        .filter(|(changes, ..)| changes.saturating_mul(2) <= key.len().saturating_add(1))
        .map(|(.., name)| name)
}

/// How many letters must be added, removed or replaced to make one text of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.bytes().enumerate() {
        let mut diagonal = line;
        let mut left = line.saturating_add(1);
        let mut next = vec![left];
        for (above, wanted) in row.iter().skip(1).zip(other.bytes()) {
            let replaced = diagonal.saturating_add(usize::from(letter != wanted));
            left = replaced.min(left.min(*above).saturating_add(1));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

/// The members of an object in their order, repeated ones included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsMembers;

        impl<'de> Visitor<'de> for AsMembers {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(AsMembers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::options::{Compression, QueueOverflow};
    use std::path::PathBuf;
    use std::time::Duration;

    fn read(text: &str) -> Result<Options, String> {
        let mut options = Options::default();
        options.apply_json(text).map(|()| options)
    }

    fn refused(text: &str) -> String {
        match read(text) {
            Err(reason) => reason,
            Ok(_) => panic!("accepted: {text}"),
        }
    }

    #[test]
    fn every_kind_of_option_is_read() {
        let options = read(
            r#"{"dsn": "https://k@h/1", "environment": null, "sample_rate": 0.5, "debug": true,
                "queue_max_items": -1, "connect_timeout_ms": 2000, "retries_read": 1,
                "queue_overflow": "drop_lowest_priority", "compression": "none", "event_level": "fatal",
                "ignore_errors": ["a*", "b"], "database_path": "/var/x", "shutdown_timeout": 18446744073709551615}"#,
        )
        .unwrap();
        assert_eq!(options.dsn.as_deref(), Some("https://k@h/1"));
        assert_eq!(options.environment, None);
        assert_eq!(options.sample_rate, 0.5);
        assert!(options.debug);
        assert_eq!(options.queue_max_items, None);
        assert_eq!(options.connect_timeout, Duration::from_secs(2));
        assert_eq!(options.retries_read, Some(1));
        assert_eq!(options.queue_overflow, QueueOverflow::DropLowestPriority);
        assert_eq!(options.compression, Compression::None);
        assert_eq!(options.event_level, crate::protocol::level::Level::Fatal);
        assert_eq!(options.ignore_errors, ["a*", "b"]);
        assert_eq!(options.database_path, Some(PathBuf::from("/var/x")));
        assert_eq!(options.shutdown_timeout, Duration::from_millis(u64::MAX));
    }

    #[test]
    fn what_is_not_named_stays_as_it_was() {
        let mut options = Options {
            release: Some("from the environment".to_owned()),
            ..Options::default()
        };
        options.apply_json("{}").unwrap();
        assert_eq!(options.release.as_deref(), Some("from the environment"));
        options.apply_json(r#"{"release": null}"#).unwrap();
        assert_eq!(options.release, None);
    }

    #[test]
    fn unknown_keys_are_refused_with_the_closest_name() {
        for (key, name) in [
            ("queue_max_item", "queue_max_items"),
            ("connect_timeout", "connect_timeout_ms"),
            ("Sample-Rate", "sample_rate"),
            ("http_proxy", "proxy"),
            ("dns", "dsn"),
        ] {
            let text = refused(&format!("{{\"{key}\": 1}}"));
            assert_eq!(
                text,
                format!("unknown option \"{key}\"; did you mean \"{name}\"?")
            );
        }
        for key in ["xyzzy", "", &"q".repeat(1000)] {
            let text = refused(&format!("{{\"{key}\": 1}}"));
            assert!(text.contains("sentry_options_set_"), "{text}");
            assert!(text.len() < 300, "{text}");
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        let text = refused(r#"{"retries": 1, "debug": true, "retries": 1}"#);
        assert!(
            text.starts_with("retries: the key is there twice"),
            "{text}"
        );
    }

    #[test]
    fn wrong_types_are_refused_with_the_key_and_what_is_allowed() {
        for (text, wanted) in [
            (
                r#"{"dsn": 1}"#,
                "dsn: a number is refused; allowed is a string or null",
            ),
            (
                r#"{"sdk_name": null}"#,
                "sdk_name: null is refused; allowed is a string",
            ),
            (
                r#"{"debug": 1}"#,
                "debug: a number is refused; allowed is true or false",
            ),
            (
                r#"{"debug": "true"}"#,
                "debug: a string is refused; allowed is true or false",
            ),
            (
                r#"{"retries": "3"}"#,
                "retries: a string is refused; allowed is a whole number, without fraction and exponent: 0 to 1000 attempts",
            ),
            (
                r#"{"retries": 1.5}"#,
                "retries: 1.5 is refused; allowed is a whole number, without fraction and exponent: 0 to 1000 attempts",
            ),
            (
                r#"{"sample_rate": "1"}"#,
                "sample_rate: a string is refused; allowed is a number",
            ),
            (
                r#"{"ignore_errors": ["a", 1]}"#,
                "ignore_errors: the list holds something else than strings",
            ),
            (
                r#"{"dsn": {"a": 1}}"#,
                "dsn: an object is refused; allowed is a string or null",
            ),
        ] {
            assert_eq!(refused(text), wanted);
        }
    }

    #[test]
    fn values_out_of_range_are_refused_with_the_range() {
        for (text, start) in [
            (
                r#"{"queue_max_items": 0}"#,
                "queue_max_items: 0 is refused; allowed is -1",
            ),
            (
                r#"{"retries": 18446744073709551615}"#,
                "retries: 18446744073709551615 is refused",
            ),
            (r#"{"retries": 1e300}"#, "retries: 1e+300 is refused"),
            (
                r#"{"shutdown_timeout": -1}"#,
                "shutdown_timeout: -1 is refused",
            ),
            (
                r#"{"sample_rate": 1.01}"#,
                "sample_rate: 1.01 is refused; allowed is 0 to 1",
            ),
            (
                r#"{"compression": "GZIP"}"#,
                "compression: \"GZIP\" is refused",
            ),
            (
                r#"{"logger_level": "loud"}"#,
                "logger_level: \"loud\" is refused",
            ),
            (
                r#"{"ignore_errors": [""]}"#,
                "ignore_errors: \"\" is refused",
            ),
        ] {
            let reason = refused(text);
            assert!(reason.starts_with(start), "{reason}");
        }
    }

    #[test]
    fn what_is_no_json_object_is_refused_without_showing_it() {
        for text in ["", "[]", "\"https://secret@h/1\"", "null", "7"] {
            let reason = refused(text);
            assert!(!reason.contains("secret"), "{reason}");
        }
        assert!(refused("[]").contains("must be one JSON object"));
        for text in [
            "{",
            "{\"debug\": tru}",
            "{} {}",
            "{\"sample_rate\": NaN}",
            "{'a': 1}",
            "{\"sample_rate\": 1e999}",
        ] {
            assert!(refused(text).contains("line 1"), "{}", refused(text));
        }
    }

    #[test]
    fn absurd_texts_are_refused() {
        let deep = format!("{{\"dsn\": {}", "[".repeat(10_000));
        assert!(refused(&deep).contains("no valid JSON"));
        let long = " ".repeat(TEXT_MAX + 1);
        assert!(refused(&long).contains("allowed are 1048576"));
    }
}
