//! Feedback: what a user of the host wrote (FB-1 … FB-5), and its older form, the user report.
//!
//! Decides what of it is sent. It goes through the [steps](super::steps) of all kinds; nothing of it is an error, so it
//! carries none of the breadcrumbs and images that describe a failure. Entry points: [`Client::capture_feedback`],
//! [`Client::capture_user_report`].

use std::borrow::Cow;
use std::time::SystemTime;

use super::attachments::Attachments;
use super::hooks::Returned;
use super::kind::Kind;
use super::pipeline::event_id_in;
use super::refused::{Loss, Refused};
use super::steps::{Capture, Captured, Content, Payload};
use crate::base::memory;
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::client::scope::Scope;
use crate::protocol::event::{Event, LeftOut, Parts, Written, within_limits};
use crate::protocol::level::Level;
use crate::value::json::rewrite::{self, Change};
use crate::value::json::scan::{self, Kind as JsonKind};
use crate::value::json::trim::trim_str;
use crate::value::shared::members::Members;
use crate::value::tree::Value;

/// Characters of what a user wrote (FB-1).
const MESSAGE_CHARS: usize = 4096;
/// Characters of a name and an email address in a user report.
const WORD_CHARS: usize = 128;

impl Client {
    /// Captures feedback, an object with `message`; returns the id it is sent under.
    ///
    /// The attachments of `hint` go along, before those of `scope` and of the process.
    pub(crate) fn capture_feedback(
        &self,
        feedback: &Value,
        hint: &Attachments,
        scope: Option<&Scope>,
    ) -> Result<Captured, Refused> {
        let capture = self.begin(Kind::Feedback, scope)?;
        let feedback = Feedback::read(feedback, hint);
        let feedback = feedback.map_err(|loss| capture.refuse(Uuid::new_v4(), loss))?;
        capture.run(&feedback, None)
    }

    /// Captures a user report, an object of `event_id`, `name`, `email` and `comments` (FB-4).
    pub(crate) fn capture_user_report(&self, report: &Value) -> Result<Captured, Refused> {
        let capture = self.begin(Kind::UserReport, None)?;
        if !report.is_object() {
            let loss = Loss::invalid("a user report is an object");
            return Err(capture.refuse(Uuid::new_v4(), loss));
        }
        capture.run(&UserReport(report), None)
    }
}

/// What a user wrote, as the context `feedback` of the event that is sent.
struct Feedback<'a> {
    context: String,
    left_out: LeftOut,
    hint: &'a Attachments,
}

impl<'a> Feedback<'a> {
    fn read(feedback: &Value, hint: &'a Attachments) -> Result<Self, Loss> {
        let mut left_out = LeftOut::default();
        let context = context(&feedback.to_json_text()?, &mut left_out)?;
        Ok(Self {
            context,
            left_out,
            hint,
        })
    }
}

impl Content for Feedback<'_> {
    fn event_id(&self) -> Option<Uuid> {
        None
    }

    fn attachments(&self) -> Option<&Attachments> {
        Some(self.hint)
    }

    fn write(
        &self,
        capture: &Capture<'_>,
        event_id: Uuid,
        timestamp: SystemTime,
    ) -> Result<Payload, Loss> {
        let global = memory::watch(|| capture.client.scope.snapshot())?;
        let process_fields = std::sync::Arc::clone(&global.fields);
        let snapshot = match capture.scope {
            Some(scope) => memory::watch(|| scope.snapshot().within(global))?,
            None => global,
        };
        let mut contexts = Members::clone(&snapshot.contexts);
        let active = self.active(capture);
        if let Some(active) = &active {
            contexts.set("trace", &memory::watch(|| active.context())?);
        }
        contexts.set("feedback", &self.context);
        let parts = Parts {
            timestamp,
            fields: &snapshot.fields,
            tags: &snapshot.tags,
            contexts: &contexts,
            extra: &snapshot.extra,
            ..Parts::bare(event_id)
        };
        let mut written = Event::parse(r#"{"level":"info"}"#)?.write(&parts)?;
        written.left_out = self.left_out.clone().and(written.left_out);
        let active = active.as_deref();
        Ok(Payload::new(
            capture.client,
            written,
            active,
            &process_fields,
        ))
    }

    fn write_returned(
        &self,
        returned: &mut Returned<'_>,
        event_id: Uuid,
        timestamp: SystemTime,
    ) -> Result<(Uuid, Level, Written), Loss> {
        let event = returned.json()?;
        let mut feedback = None;
        // It has limits of its own, so it goes another way than the other contexts.
        let event = rewrite::members_to_json(&event, |key, value| {
            if key != "contexts" || scan::kind(value) != JsonKind::Object {
                return Change::Keep;
            }
            Change::Replace(rewrite::members_to_json(value, |key, value| {
                if key != "feedback" {
                    return Change::Keep;
                }
                feedback = Some(value.to_owned());
                Change::Drop
            }))
        });
        let mut contexts = Members::new();
        let mut left_out = LeftOut::default();
        let context = context(&feedback.unwrap_or_default(), &mut left_out)?;
        contexts.set("feedback", &context);
        let parts = Parts {
            timestamp,
            contexts: &contexts,
            ..Parts::bare(event_id)
        };
        let mut written = returned.event_in(&event)?.write(&parts)?;
        written.left_out = left_out.and(written.left_out);
        Ok((event_id, Level::Info, written))
    }
}

/// An object of `event_id`, `name`, `email` and `comments`.
struct UserReport<'a>(&'a Value);

impl Content for UserReport<'_> {
    fn event_id(&self) -> Option<Uuid> {
        event_id_in(self.0)
    }

    fn write(&self, _: &Capture<'_>, event_id: Uuid, _: SystemTime) -> Result<Payload, Loss> {
        let mut members = Members::new();
        members.set_text("event_id", event_id.simple().as_str());
        let texts = [
            ("name", WORD_CHARS),
            ("email", WORD_CHARS),
            ("comments", MESSAGE_CHARS),
        ];
        for (key, max_chars) in texts {
            let given = self.0.get_key(key.as_bytes());
            if let Some(text) = given.as_ref().and_then(Value::as_text) {
                let text = memory::lossy(text).unwrap_or_default();
                members.set_text(key, &trim_str(&text, max_chars));
            }
        }
        Ok(Payload {
            bytes: object(&members).into_bytes().into(),
            trace: None,
            left_out: LeftOut::default(),
            spans: None,
        })
    }
}

/// What a user wrote, within the limits: a message must be there, one that is too long is cut (FB-5). Other members that
/// servers cannot take are left out.
fn context(feedback: &str, left_out: &mut LeftOut) -> Result<String, Loss> {
    if scan::kind(feedback) != JsonKind::Object {
        return Err(Loss::invalid("feedback is an object with a message"));
    }
    let message = scan::entry(feedback, "message").and_then(text_of);
    let message = message.unwrap_or_default();
    if message.trim().is_empty() {
        return Err(Loss::invalid("the message of feedback is empty"));
    }
    let mut members = Members::new();
    members.set_text("message", &trim_str(&message, MESSAGE_CHARS));
    let rest = rewrite::members_to_json(feedback, |key, value| {
        let is_usable = match (key, scan::kind(value)) {
            ("message", _) | (_, JsonKind::Null) => return Change::Drop,
            ("contact_email" | "name" | "url" | "source", JsonKind::Number | JsonKind::Boolean) => {
                return Change::Replace(format!("\"{value}\""));
            }
            ("contact_email" | "name" | "url" | "source", kind) => kind == JsonKind::Text,
            ("associated_event_id" | "replay_id", _) => {
                scan::text(value).is_some_and(|id| Uuid::parse_strict(&id).is_some())
            }
            _ => true,
        };
        if !is_usable {
            left_out.note_key(key, "is not what feedback has there");
            return Change::Drop;
        }
        Change::Keep
    });
    let rest = within_limits(&["contexts", "feedback"], &rest);
    let rest = rest?.unwrap_or_default();
    for (key, value) in scan::entries(&rest) {
        members.set(&scan::decode(key), value);
    }
    Ok(object(&members))
}

/// The text of text, and of a number or a boolean that somebody forgot to quote.
fn text_of(value: &str) -> Option<Cow<'_, str>> {
    match scan::kind(value) {
        JsonKind::Text => Some(scan::decode(value)),
        JsonKind::Number | JsonKind::Boolean => Some(Cow::Borrowed(value)),
        JsonKind::Object | JsonKind::Array | JsonKind::Null => None,
    }
}

fn object(members: &Members) -> String {
    memory::concat(&["{", members.json(), "}"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(feedback: &str) -> Result<String, Loss> {
        super::context(feedback, &mut LeftOut::default())
    }

    #[test]
    fn odd_members_are_left_out_and_named() {
        let id = "fc6d8c0c43fc4630ad850ee518f1b9d0";
        let given = format!(
            r#"{{"message":7,"contact_email":[],"name":8,"url":{{}},"associated_event_id":"{id}","replay_id":"x","new":[]}}"#
        );
        let mut left_out = LeftOut::default();
        let made = super::context(&given, &mut left_out).unwrap();
        let kept = format!(r#"{{"message":"7","name":"8","associated_event_id":"{id}","new":[]}}"#);
        assert_eq!(made, kept);
        assert_eq!(
            left_out.to_string(),
            r#"left out: "contact_email" is not what feedback has there, and 2 more"#
        );
    }

    // FB-5
    #[test]
    fn a_message_must_be_there_and_is_cut() {
        for refused in [
            "null",
            "[]",
            "{}",
            r#"{"message":""}"#,
            r#"{"message":" \n"}"#,
            r#"{"message":[]}"#,
        ] {
            assert!(context(refused).is_err(), "{refused}");
        }
        let long = "é".repeat(5000);
        let made = context(&format!(r#"{{"name":"n","message":"{long}","url":null}}"#)).unwrap();
        let message = scan::entry(&made, "message").and_then(scan::text).unwrap();
        assert_eq!(message.chars().count(), MESSAGE_CHARS);
        assert_eq!(scan::entry(&made, "name"), Some("\"n\""));
        assert_eq!(scan::entry(&made, "url"), None);
    }

    #[test]
    fn what_comes_with_the_message_is_bounded() {
        let large = "x".repeat(100_000);
        let made = context(&format!(r#"{{"message":"m","name":"{large}"}}"#)).unwrap();
        assert!(made.len() < 10_000, "{}", made.len());
        assert_eq!(context(r#"{"message":"m"}"#).unwrap(), r#"{"message":"m"}"#);
    }
}
