//! Feedback: what a user of the host wrote (FB-1 … FB-5), and its older form, the user report.
//!
//! Decides what of it is sent, and its way: scope → hook → rate limit → queue. No sampling, no ignore rules, and none of
//! the breadcrumbs and images that describe a failure. Entry points: [`Client::capture_feedback`],
//! [`Client::capture_user_report`].

use std::borrow::Cow;

use super::attachments::Attachments;
use super::hooks::{self, FeedbackHook, Returned};
use super::pipeline::{Captured, submit};
use super::refused::{QUEUE_FULL, Refused, Status};
use crate::base::memory::{self, OutOfMemory};
use crate::base::timestamp::Timestamp;
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::client::consent::NO_CONSENT;
use crate::client::scope::Scope;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::{Envelope, ItemKind};
use crate::protocol::event::host_view::Subject;
use crate::protocol::event::{
    Event, EventError, EventErrorKind, LeftOut, Parts, Written, within_limits,
};
use crate::transport::Transport;
use crate::value::json::rewrite::{self, Change};
use crate::value::json::scan::{self, Kind};
use crate::value::json::trim::trim_str;
use crate::value::shared::members::Members;
use crate::value::tree::Value;

/// Characters of what a user wrote (FB-1).
const MESSAGE_CHARS: usize = 4096;
/// Characters of a name and an email address in a user report.
const WORD_CHARS: usize = 128;
/// One feedback, as it is booked.
const FEEDBACK: (Category, u64) = (Category::Feedback, 1);

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
        let transport = self.open_transport(FEEDBACK)?;
        let event_id = Uuid::new_v4();
        let refuse = |(reason, refused): (DiscardReason, Refused)| {
            transport.refuse(event_id, FEEDBACK, reason);
            refused
        };
        let mut written = self
            .feedback_event(event_id, feedback, scope)
            .map_err(refuse)?;
        if let Some(hook) = &self.options.before_send_feedback {
            let whole = written.payload.try_whole();
            let whole = whole.map_err(|error| refuse(malformed(error.into())))?;
            let shown = show(hook.as_ref(), event_id, &whole, hint);
            self.check_fork()?;
            let before = written.left_out;
            written = shown.map_err(refuse)?;
            written.left_out = before.and(written.left_out);
        }
        let permit = transport.permit();
        if transport.is_surely_refused(permit) {
            let refused = refuse((DiscardReason::NoConsent, NO_CONSENT));
            let left_out = LeftOut::default();
            let refused = self.conclude(event_id, scope, Err(refused));
            return refused.map(|id| Captured { id, left_out });
        }
        check_way(transport).map_err(refuse)?;
        let trace = self
            .fields
            .trace_header(written.trace_id, &self.scope.fields());
        let mut envelope = Envelope::single(Some(event_id), ItemKind::Feedback, written.payload);
        envelope.trace = trace;
        let owners = [
            Some(hint),
            scope.map(Scope::attachments),
            Some(self.scope.attachments()),
        ];
        // Only a minidump, which there is none of, can fail.
        let _gathering = self.attach(transport, &mut envelope, &owners, None).ok();
        let queued = submit(transport, envelope, permit);
        let id = self.conclude(event_id, scope, queued)?;
        Ok(self.captured(id, "feedback", written.left_out))
    }

    /// Captures a user report, an object of `event_id`, `name`, `email` and `comments` (FB-4).
    pub(crate) fn capture_user_report(&self, report: &Value) -> Result<Uuid, Refused> {
        let transport = self.open_transport(FEEDBACK)?;
        let given = report.get_key(b"event_id");
        let given = given
            .as_ref()
            .and_then(Value::as_text)
            .map(String::from_utf8_lossy);
        let event_id = given
            .and_then(|text| Uuid::parse_strict(&text))
            .filter(|id| !id.is_nil())
            .unwrap_or_else(Uuid::new_v4);
        let refuse = |(reason, refused): (DiscardReason, Refused)| {
            transport.refuse(event_id, FEEDBACK, reason);
            refused
        };
        if !report.is_object() {
            return Err(refuse(invalid("a user report is an object")));
        }
        check_way(transport).map_err(refuse)?;
        let mut members = Members::new();
        members.set_text("event_id", event_id.simple().as_str());
        let texts = [
            ("name", WORD_CHARS),
            ("email", WORD_CHARS),
            ("comments", MESSAGE_CHARS),
        ];
        for (key, max_chars) in texts {
            if let Some(text) = report
                .get_key(key.as_bytes())
                .as_ref()
                .and_then(Value::as_text)
            {
                members.set_text(
                    key,
                    &trim_str(&memory::lossy(text).unwrap_or_default(), max_chars),
                );
            }
        }
        let kind = ItemKind::from_name("user_report");
        let payload = object(&members).into_bytes();
        let envelope = Envelope::single(Some(event_id), kind, payload);
        let queued = submit(transport, envelope, transport.permit());
        self.conclude(event_id, None, queued)
    }

    /// The event around what a user wrote, complete with the scope.
    fn feedback_event(
        &self,
        event_id: Uuid,
        feedback: &Value,
        scope: Option<&Scope>,
    ) -> Result<Written, Fault> {
        let mut left_out = LeftOut::default();
        let feedback = feedback.to_json_text().map_err(unwritten)?;
        let context = context(&feedback, &mut left_out)?;
        let global = self.scope.snapshot();
        let snapshot = match scope {
            Some(scope) => scope.snapshot().within(global),
            None => global,
        };
        let mut contexts = Members::clone(&snapshot.contexts);
        contexts.set("feedback", &context);
        let timestamp = Timestamp::new(std::time::SystemTime::now());
        let parts = Parts {
            timestamp: timestamp.as_str(),
            fields: &snapshot.fields,
            tags: &snapshot.tags,
            contexts: &contexts,
            extra: &snapshot.extra,
            ..Parts::bare(event_id)
        };
        write(Event::parse(r#"{"level":"info"}"#), &parts, left_out)
    }
}

type Fault = (DiscardReason, Refused);

fn invalid(detail: &'static str) -> Fault {
    (
        DiscardReason::Invalid,
        Refused::because(Status::InvalidArgument, detail),
    )
}

/// Whether the queue would take feedback now.
fn check_way(transport: &Transport) -> Result<(), Fault> {
    if transport.is_limited(Category::Feedback) {
        let refused = Refused::because(Status::RateLimited, "the server asked for a pause");
        return Err((DiscardReason::RatelimitBackoff, refused));
    }
    if transport.is_surely_full(Category::Feedback) {
        let refused = Refused::because(Status::QueueFull, QUEUE_FULL);
        return Err((DiscardReason::QueueOverflow, refused));
    }
    Ok(())
}

/// Shows the event to the hook; the payload of what comes back, under the same id.
fn show(
    hook: &dyn FeedbackHook,
    event_id: Uuid,
    payload: &[u8],
    hint: &Attachments,
) -> Result<Written, Fault> {
    let call = |event| hooks::call_feedback(hook, event, hint);
    let returned = Returned::new(Subject::Feedback, payload, call);
    let returned = returned.map_err(|error| malformed(error.into()))?;
    let Some(returned) = returned else {
        let detail = "before_send_feedback returned null";
        let refused = Refused::because(Status::DroppedByHook, detail);
        return Err((DiscardReason::BeforeSend, refused));
    };
    let event = returned.json().map_err(unwritten)?;
    let mut feedback = None;
    // It has limits of its own, so it goes another way than the other contexts.
    let event = rewrite::members_to_json(&event, |key, value| {
        if key != "contexts" || scan::kind(value) != Kind::Object {
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
    contexts.set(
        "feedback",
        &context(&feedback.unwrap_or_default(), &mut left_out)?,
    );
    let timestamp = Timestamp::new(std::time::SystemTime::now());
    let parts = Parts {
        timestamp: timestamp.as_str(),
        contexts: &contexts,
        ..Parts::bare(event_id)
    };
    write(returned.event(&event), &parts, left_out)
}

/// `left_out` is what was left out before.
fn write(
    event: Result<Event<'_>, EventError>,
    parts: &Parts<'_>,
    left_out: LeftOut,
) -> Result<Written, Fault> {
    let written = event.and_then(|event| event.write(parts));
    let written = written.map(|written| Written {
        left_out: left_out.and(written.left_out),
        ..written
    });
    written.map_err(malformed)
}

fn malformed(error: EventError) -> Fault {
    let reason = match error.kind {
        EventErrorKind::TooLarge => DiscardReason::TooLarge,
        EventErrorKind::OutOfMemory => DiscardReason::InternalSdkError,
        _ => DiscardReason::Invalid,
    };
    (reason, error.into())
}

/// A value that cannot be written.
fn unwritten(fault: memory::Fault) -> Fault {
    malformed(fault.into())
}

/// What a user wrote, within the limits: a message must be there, one that is too long is cut (FB-5). Other members that
/// servers cannot take are left out.
fn context(feedback: &str, left_out: &mut LeftOut) -> Result<String, Fault> {
    if scan::kind(feedback) != Kind::Object {
        return Err(invalid("feedback is an object with a message"));
    }
    let message = scan::entry(feedback, "message").and_then(text_of);
    let message = message.unwrap_or_default();
    if message.trim().is_empty() {
        return Err(invalid("the message of feedback is empty"));
    }
    let mut members = Members::new();
    members.set_text("message", &trim_str(&message, MESSAGE_CHARS));
    let rest = rewrite::members_to_json(feedback, |key, value| {
        let is_usable = match (key, scan::kind(value)) {
            ("message", _) | (_, Kind::Null) => return Change::Drop,
            ("contact_email" | "name" | "url" | "source", Kind::Number | Kind::Boolean) => {
                return Change::Replace(format!("\"{value}\""));
            }
            ("contact_email" | "name" | "url" | "source", kind) => kind == Kind::Text,
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
    let rest = rest.map_err(|OutOfMemory| unwritten(memory::Fault::OutOfMemory))?;
    let rest = rest.unwrap_or_default();
    for (key, value) in scan::entries(&rest) {
        members.set(&scan::decode(key), value);
    }
    Ok(object(&members))
}

/// The text of text, and of a number or a boolean that somebody forgot to quote.
fn text_of(value: &str) -> Option<Cow<'_, str>> {
    match scan::kind(value) {
        Kind::Text => Some(scan::decode(value)),
        Kind::Number | Kind::Boolean => Some(Cow::Borrowed(value)),
        Kind::Object | Kind::Array | Kind::Null => None,
    }
}

fn object(members: &Members) -> String {
    memory::concat(&["{", members.json(), "}"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(feedback: &str) -> Result<String, Fault> {
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
