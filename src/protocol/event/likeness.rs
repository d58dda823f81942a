//! Likeness: by what two events are reports of the same failure.
//!
//! The host's fingerprint, if it set one; else what was thrown, by types and innermost frames, and what was said, by its
//! template. What differs from time to time, values, times and addresses of data, does not count where there are frames.
//! Entry point: [`Event::likeness`].

use std::hash::{DefaultHasher, Hash, Hasher};

use super::Event;
use super::field::Field;
use crate::value::json::scan::{self, Kind};

/// Frames of a stack that count, from the innermost.
const FRAMES: usize = 5;

impl Event<'_> {
    /// Equal for events that report the same failure, within one process. None of an event that says nothing to compare.
    pub(crate) fn likeness(&self) -> Option<u64> {
        let json = |field| self.get(field).map(|value| value.to_json());
        let mut hasher = DefaultHasher::new();
        if let Some(fingerprint) =
            json(Field::Fingerprint).filter(|it| scan::kind(it) == Kind::Array)
        {
            fingerprint.hash(&mut hasher);
            return Some(hasher.finish());
        }
        self.logger().hash(&mut hasher);
        let mut says_something = false;
        if let Some(exception) = json(Field::Exception) {
            let values = scan::entry(&exception, "values").unwrap_or(&exception);
            match scan::kind(values) {
                Kind::Array => {
                    scan::elements(values).for_each(|it| hash_exception(it, &mut hasher))
                }
                _ => hash_exception(values, &mut hasher),
            }
            says_something = true;
        }
        let message = json(Field::Logentry).or_else(|| json(Field::Message));
        if let Some(message) = message {
            let template =
                scan::entry(&message, "message").or_else(|| scan::entry(&message, "formatted"));
            template.unwrap_or(&message).hash(&mut hasher);
            says_something = true;
        }
        says_something.then(|| hasher.finish())
    }
}

fn hash_exception(exception: &str, hasher: &mut DefaultHasher) {
    for key in ["type", "module"] {
        scan::entry(exception, key).hash(hasher);
    }
    let frames =
        scan::entry(exception, "stacktrace").and_then(|stack| scan::entry(stack, "frames"));
    let frames: Vec<&str> = frames
        .map(|it| scan::elements(it).collect())
        .unwrap_or_default();
    if frames.is_empty() {
        scan::entry(exception, "value").hash(hasher);
    }
    for frame in frames.iter().rev().take(FRAMES) {
        for key in [
            "function",
            "module",
            "filename",
            "lineno",
            "instruction_addr",
        ] {
            scan::entry(frame, key).hash(hasher);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(json: &str) -> Option<u64> {
        Event::parse(json).unwrap().likeness()
    }

    #[test]
    fn what_differs_from_time_to_time_does_not_count() {
        let thrown = |value: &str, function: &str| {
            likeness(&format!(
                r#"{{"exception":{{"values":[{{"type":"E","value":"{value}","stacktrace":{{"frames":[{{"function":"main"}},{{"function":"{function}"}}]}}}}]}}}}"#
            ))
        };
        assert!(thrown("1", "f").is_some());
        assert_eq!(thrown("1", "f"), thrown("2", "f"));
        assert_ne!(thrown("1", "f"), thrown("1", "g"));
        let plain = |value: &str| {
            likeness(&format!(
                r#"{{"exception":{{"type":"E","value":"{value}"}}}}"#
            ))
        };
        assert_ne!(
            plain("1"),
            plain("2"),
            "without frames there is nothing else"
        );
        let said = |template: &str, text: &str| {
            likeness(&format!(
                r#"{{"logentry":{{"message":"{template}","formatted":"{text}"}}}}"#
            ))
        };
        assert_eq!(said("%d left", "1 left"), said("%d left", "2 left"));
        assert_ne!(said("%d left", "1 left"), said("%d right", "1 left"));
        assert_eq!(
            likeness(r#"{"message":"m"}"#),
            likeness(r#"{"message":"m","level":"fatal","tags":{"a":"b"}}"#)
        );
        assert_ne!(
            likeness(r#"{"message":"m"}"#),
            likeness(r#"{"message":"m","logger":"l"}"#)
        );
    }

    #[test]
    fn the_word_of_the_host_counts_alone() {
        let of = |fingerprint: &str, message: &str| {
            likeness(&format!(
                r#"{{"fingerprint":{fingerprint},"message":"{message}"}}"#
            ))
        };
        assert_eq!(of(r#"["a"]"#, "m"), of(r#"["a"]"#, "n"));
        assert_ne!(of(r#"["a"]"#, "m"), of(r#"["b"]"#, "m"));
        assert_eq!(likeness("{}"), None);
        assert_eq!(likeness(r#"{"level":"error"}"#), None);
    }
}
