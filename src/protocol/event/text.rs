//! Texts on events: names, whose rules stand in `protocol::names`, the message, the fingerprint (EVT-3 … EVT-11, EVT-19).

use std::borrow::Cow;

use super::bound;
use super::field::Field;
use super::limits;
use super::writer::Writer;
use crate::protocol::names::{self, Name};
use crate::value::input::{Input, bounded};
use crate::value::json::scan::Kind;
use crate::value::json::trim::trim_str;
use crate::value::json::write as json;

/// What is done with a text that breaks a rule.
enum Rule {
    /// Cut to so many characters.
    Cut(usize),
    /// What the rule leaves of the name; where it leaves nothing, the configured one takes its place.
    Name(fn(&str) -> Name<'_>),
}

/// The text fields, in the order in which they are written.
pub(super) const FIELDS: [(Field, &str); 7] = [
    (Field::Logger, "logger"),
    (Field::Transaction, "transaction"),
    (Field::ServerName, "server_name"),
    (Field::Culprit, "culprit"),
    (Field::Release, "release"),
    (Field::Environment, "environment"),
    (Field::Dist, "dist"),
];

fn rule(field: Field) -> Rule {
    match field {
        Field::Logger => Rule::Cut(limits::LOGGER_CHARS),
        Field::Release => Rule::Name(names::release),
        Field::Environment => Rule::Name(names::environment),
        Field::Dist => Rule::Name(names::dist),
        Field::Platform => Rule::Name(names::platform),
        _ => Rule::Cut(limits::NAME_CHARS),
    }
}

/// Writes a text field of the event; empty text is the same as none.
pub(super) fn field(writer: &mut Writer<'_>, field: Field, key: &str, value: Input<'_>) {
    // A number or a boolean: the text somebody forgot to quote.
    let text = value.text().unwrap_or_else(|| value.to_json());
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    match rule(field) {
        Rule::Name(of) => {
            let (kept, is_whole) = match of(text) {
                Name::Whole(text) => (text, true),
                Name::Cut(text) => (text, false),
                Name::Empty => ("", true),
                Name::Refused(why) => {
                    writer.leave_out_part(format_args!("{key:?}: {why}"));
                    ("", false)
                }
            };
            writer.trimmed |= !is_whole;
            if !kept.is_empty() {
                writer.key(key);
                json::string(writer.out, kept);
                writer.mark_written(field);
            }
        }
        Rule::Cut(max_chars) => {
            let trimmed = trim_str(text, max_chars);
            writer.trimmed |= matches!(trimmed, Cow::Owned(_));
            writer.key(key);
            json::string(writer.out, &names::without_control(&trimmed));
            writer.mark_written(field);
        }
    }
}

/// Writes the message as `logentry` (EVT-10); true if there is any text in it.
pub(super) fn logentry(writer: &mut Writer<'_>, value: Input<'_>) -> bool {
    let before = writer.out.len();
    writer.key("logentry");
    let has_text = if value.is_object() {
        logentry_object(writer, value)
    } else {
        writer.out.extend_from_slice(b"{\"formatted\":");
        writer.trimmed |= bounded::scalar(writer.out, value, limits::MESSAGE_CHARS);
        writer.out.push(b'}');
        !value.is_empty_text()
    };
    if !has_text {
        writer.out.truncate(before);
    }
    has_text
}

fn logentry_object(writer: &mut Writer<'_>, value: Input<'_>) -> bool {
    let scalar = |name| {
        value.get(name).filter(|it| {
            !matches!(it.kind(), Kind::Null | Kind::Object | Kind::Array) && !it.is_empty_text()
        })
    };
    let (formatted, message) = (scalar("formatted"), scalar("message"));
    let params = value.get("params");
    // A template without parameters is the message itself.
    let has_params = params.is_some_and(|it| matches!(it.kind(), Kind::Object | Kind::Array));
    let mut was_cut = false;
    writer.out.push(b'{');
    for (key, part) in value.members() {
        let name = key.decode();
        let is_wanted = match &*name {
            "formatted" => formatted.is_some(),
            "message" => message.is_some() && (formatted.is_some() || has_params),
            "params" => has_params,
            _ => true,
        };
        if !is_wanted {
            continue;
        }
        if matches!(&*name, "formatted" | "message") {
            key.copy_key(writer.out);
            was_cut |= bounded::scalar(writer.out, part, limits::MESSAGE_CHARS);
        } else {
            was_cut |= bound::write_member(writer.out, bound::logentry, key, part);
        }
    }
    if let (Some(message), None, false) = (message, formatted, has_params) {
        json::key(writer.out, "formatted");
        was_cut |= bounded::scalar(writer.out, message, limits::MESSAGE_CHARS);
    }
    writer.out.push(b'}');
    writer.trimmed |= was_cut;
    formatted.is_some() || message.is_some()
}

/// Writes the fingerprint (EVT-11); one without entries is none.
pub(super) fn fingerprint(writer: &mut Writer<'_>, value: Input<'_>) {
    let alone = (value.kind() != Kind::Array).then_some(value);
    let mut has_any = false;
    let before = writer.out.len();
    writer.key("fingerprint");
    writer.out.push(b'[');
    for entry in value.elements().chain(alone) {
        match entry.kind() {
            Kind::Null => continue,
            Kind::Object | Kind::Array => {
                writer.leave_out_part(format_args!("a part of the fingerprint is no text"));
                continue;
            }
            Kind::Text | Kind::Number | Kind::Boolean => {
                json::separator(writer.out);
                bounded::scalar(writer.out, entry, usize::MAX);
                has_any = true;
            }
        }
    }
    writer.out.push(b']');
    if has_any {
        writer.mark_written(Field::Fingerprint);
    } else {
        writer.out.truncate(before);
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::event::testing::{Given, written};
    use serde_json::{Value, json};

    /// A field as it is written, given the configured ones.
    fn field(key: &str, value: &Value) -> (Value, bool) {
        let given = Given {
            fields: vec![
                ("release", "\"configured\"".into()),
                ("environment", "\"configured\"".into()),
            ],
            ..Given::default()
        };
        let event = json!({ key: value }).to_string();
        let (json, written) = given.read_and_write(&event);
        (
            json.get(key).cloned().unwrap_or(Value::Null),
            written.trimmed,
        )
    }

    // EVT-5, EVT-6, EVT-7
    #[test]
    fn names_are_sent_as_far_as_servers_take_them() {
        for (key, good) in [
            ("release", json!("app@1.2.3+build")),
            ("release", json!("é".repeat(100))),
            ("environment", json!("Staging")),
            ("environment", json!("e".repeat(64))),
            ("dist", json!("a_B.9-")),
        ] {
            assert_eq!(field(key, &good), (good, false), "{key}");
        }
        for (key, bad) in [
            ("release", json!("a/b")),
            ("release", json!("a\\b")),
            ("release", json!("a\tb")),
            ("release", json!("..")),
            ("environment", json!("None")),
            ("environment", json!("a b")),
            ("environment", json!("a/b")),
        ] {
            assert_eq!(field(key, &bad), (json!("configured"), true), "{key} {bad}");
        }
        for (key, most) in [("release", 200), ("environment", 64), ("dist", 64)] {
            let long = "n".repeat(most + 1);
            assert_eq!(
                field(key, &json!(long)),
                (json!(long[..most]), true),
                "{key}"
            );
        }
        assert_eq!(field("dist", &json!("a b")), (Value::Null, true));
        assert_eq!(field("release", &json!("")), (json!("configured"), false));
        assert_eq!(field("release", &Value::Null), (json!("configured"), false));
        assert_eq!(field("release", &json!(1.5)), (json!("1.5"), false));
        assert_eq!(
            field("environment", &json!(" live\n")),
            (json!("live"), false)
        );
    }

    // EVT-8, EVT-16, EVT-19
    #[test]
    fn free_names_are_cut() {
        for (key, max) in [
            ("logger", 64),
            ("transaction", 200),
            ("culprit", 200),
            ("server_name", 200),
        ] {
            assert_eq!(
                field(key, &json!("é".repeat(max))),
                (json!("é".repeat(max)), false)
            );
            let cut = "é".repeat(max - 3) + "...";
            assert_eq!(
                field(key, &json!("é".repeat(max + 1))),
                (json!(cut), true),
                "{key}"
            );
        }
        assert_eq!(field("logger", &json!("a\nb")), (json!("a b"), false));
    }

    // EVT-3
    #[test]
    fn the_platform_of_the_event_wins_if_it_is_a_name() {
        assert_eq!(
            field("platform", &json!("python")),
            (json!("python"), false)
        );
        let given = Given {
            fields: vec![("platform", "\"native\"".into())],
            ..Given::default()
        };
        for bad in [r#"{"platform":"a b"}"#, r#"{"platform":""}"#, "{}"] {
            assert_eq!(given.read_and_write(bad).0["platform"], "native", "{bad}");
        }
    }

    // EVT-10
    #[test]
    fn every_form_of_a_message_becomes_a_logentry() {
        for (event, expected) in [
            (
                json!({"message": "a\n\u{1}"}),
                json!({"formatted": "a\n\u{1}"}),
            ),
            (json!({"message": 42}), json!({"formatted": "42"})),
            (json!({"logentry": "a"}), json!({"formatted": "a"})),
            (
                json!({"message": {"formatted": "a"}}),
                json!({"formatted": "a"}),
            ),
            (
                json!({"message": {"message": "a"}}),
                json!({"formatted": "a"}),
            ),
            (
                json!({"logentry": {"message": "a %s", "params": ["b"]}}),
                json!({"message": "a %s", "params": ["b"]}),
            ),
            (
                json!({"logentry": {"formatted": "a b", "message": "a %s", "params": ["b"]}}),
                json!({"formatted": "a b", "message": "a %s", "params": ["b"]}),
            ),
            (
                json!({"logentry": {"formatted": "a", "params": null}}),
                json!({"formatted": "a"}),
            ),
            (
                json!({"message": "no", "logentry": {"formatted": "yes"}}),
                json!({"formatted": "yes"}),
            ),
            (
                json!({"message": "yes", "logentry": {"formatted": ""}}),
                json!({"formatted": "yes"}),
            ),
            (json!({"message": ""}), Value::Null),
            (json!({"message": null, "logentry": {}}), Value::Null),
            (
                json!({"logentry": {"formatted": {}, "message": []}}),
                Value::Null,
            ),
        ] {
            let (json, _) = written(&event.to_string());
            assert_eq!(
                json.get("logentry").unwrap_or(&Value::Null),
                &expected,
                "{event}"
            );
            assert!(json.get("message").is_none());
        }
    }

    // EVT-10, EVT-16
    #[test]
    fn messages_are_cut_at_8192_characters() {
        for key in ["message", "logentry"] {
            for (length, trimmed) in [(8192, false), (8193, true), (100_000, true)] {
                let (json, result) = written(&json!({key: "é".repeat(length)}).to_string());
                let text = json["logentry"]["formatted"].as_str().unwrap().to_owned();
                assert_eq!(text.chars().count(), 8192);
                assert_eq!((result.trimmed, text.ends_with("é...")), (trimmed, trimmed));
            }
        }
        let (json, result) =
            written(&json!({"logentry": {"message": "x".repeat(9000)}}).to_string());
        assert_eq!(json["logentry"]["formatted"].as_str().unwrap().len(), 8192);
        assert!(result.trimmed);
    }

    // EVT-18
    #[test]
    fn parameters_are_bounded() {
        let params = |given: Value| {
            let event = json!({"logentry": {"message": "%s", "params": given}});
            let (json, result) = written(&event.to_string());
            (json["logentry"]["params"].clone(), result.trimmed)
        };
        let deep = json!([[[[[1]]]]]);
        assert_eq!(params(deep), (json!([[[["..."]]]]), true));
        let (long, trimmed) = params(json!(["a", "é".repeat(3000)]));
        assert!(trimmed && long.to_string().len() <= 2048 && long[0] == "a");
        assert_eq!(params(json!({"a": 1})), (json!({"a": 1}), false));
    }

    // EVT-11
    #[test]
    fn fingerprints_are_lists_of_texts() {
        for (given, expected) in [
            (
                json!(["{{ default }}", "a\""]),
                json!(["{{ default }}", "a\""]),
            ),
            (json!([1, true, null, "x"]), json!(["1", "true", "x"])),
            (json!("alone"), json!(["alone"])),
            (json!([]), Value::Null),
            (json!([[], {}]), Value::Null),
        ] {
            assert_eq!(field("fingerprint", &given).0, expected, "{given}");
        }
    }
}
