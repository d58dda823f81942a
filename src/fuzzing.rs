//! Entry points for the programs in `fuzz/`: what reads bytes that others wrote. Built with `--cfg fuzzing` only.
//!
//! Each takes any bytes, and fails (panics) when something that must hold of the result does not.

#![allow(clippy::panic, reason = "how a fuzzer hears of a failure")]

use std::sync::Arc;
use std::time::SystemTime;

use crate::base::uuid::Uuid;
use crate::protocol::dsn::Dsn;
use crate::protocol::envelope::{Envelope, HeaderFields};
use crate::protocol::event::breadcrumb;
use crate::protocol::event::trail::Crumbs;
use crate::protocol::event::{Event, Parts};
use crate::protocol::level::Level;
use crate::protocol::rate_limit;
use crate::telemetry::trace::Received;
use crate::value::shared::members::Members;
use crate::value::shared::pieces::Fragment;
use crate::value::tree::Value;

/// An event from the host: what is written is JSON, and can be read as an event again. A value and its text are written
/// alike.
pub fn event(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(payload) = Event::parse(&text).ok().as_ref().and_then(written) {
        let text = is_json(payload.as_bytes());
        assert!(Event::parse(text).is_ok(), "not read again: {text}");
    }
    if let Some(mut value) = Value::from_json(&text)
        && let Ok(text) = value.to_json_text()
    {
        let of_text = Event::parse(&text).map(|event| written(&event));
        let mut event = Event::empty();
        let of_value = event.read_value(&mut value).map(|()| written(&event));
        // A trace without a span gets one that is made up.
        if !text.contains("trace_id") {
            assert_eq!(of_text, of_value, "{text}");
        }
    }
}

/// The event in a scope; none if it is too large.
fn written(event: &Event<'_>) -> Option<String> {
    let mut scope = Members::new();
    scope.set("trace", "{}");
    let crumb = Fragment::new(
        Arc::from(format!("{{\"message\":\"{}\"}}", "x".repeat(500))),
        0,
    );
    let length = crumb.as_str().len();
    let images = Fragment::new(Arc::from("[{\"type\":\"elf\"}]"), 0);
    let parts = Parts {
        event_id: Uuid::from_bytes([0xab; 16]),
        timestamp: SystemTime::UNIX_EPOCH,
        level: Level::Error,
        user_id: Some(Uuid::from_bytes([0xcd; 16])),
        fields: &[],
        tags: &scope,
        contexts: &scope,
        extra: &scope,
        breadcrumbs: &[[None, None], [None, Crumbs::new(crumb, 1, length)]],
        max_breadcrumbs: 10,
        spans: None,
        images: Some(&images),
    };
    let written = event.write(&parts).ok()?;
    let payload = written.payload.whole().into_owned();
    match String::from_utf8(payload) {
        Ok(text) => Some(text),
        Err(error) => panic!("not UTF-8: {error}"),
    }
}

/// A breadcrumb from the host: what is kept is JSON.
pub fn crumb(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(kept) = breadcrumb::parse(&text, SystemTime::UNIX_EPOCH) {
        is_json(kept.json.as_bytes());
    }
}

/// An envelope from a file: what is written is read again and then written the same.
pub fn envelope(data: &[u8]) {
    let write = |envelope: &Envelope| {
        let mut bytes = Vec::new();
        envelope.write(&mut bytes, &HeaderFields::default());
        bytes
    };
    if let Ok(read) = Envelope::parse(data) {
        let first = write(&read);
        match Envelope::parse(&first) {
            Ok(again) => assert_eq!(first, write(&again)),
            Err(error) => panic!("not read again: {error}"),
        }
    }
}

/// Headers of an answer: status, then each header on a line.
pub fn rate_limits(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let status = match lines.next() {
        Some("429") => 429,
        _ => 200,
    };
    let (header, retry_after) = (lines.next(), lines.next());
    let now = SystemTime::UNIX_EPOCH;
    rate_limit::limits_from_response(status, header, retry_after, now);
    // RL-5: a header that names only unknown categories has no effect. RL-2: without a header a 429 limits all.
    let plain = rate_limit::limits_from_response(status, None, retry_after, now);
    assert_eq!(status == 429, !plain.is_empty(), "{text}");
}

/// A DSN: what is told about it is a DSN too, with the same endpoint, and no control character reaches a header or URL.
pub fn dsn(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(dsn) = Dsn::parse(&text) {
        let public = Dsn::parse(&dsn.public()).map(|public| public.envelope_url());
        assert_eq!(public.ok(), Some(dsn.envelope_url()), "{text}");
        let shown = dsn.envelope_url() + &dsn.auth_header("fuzz/1") + &dsn.redacted();
        assert!(!shown.contains(char::is_control), "{shown:?}");
    }
}

/// The headers `sentry-trace` and `baggage`, one on each line: what is passed on is read again as it is, and the header of
/// envelopes is JSON.
pub fn trace(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (header, baggage) = text.split_once('\n').unwrap_or((&text, ""));
    let Some(received) = Received::read(header, baggage) else {
        return;
    };
    let rand = received.rand();
    if let (Some(rate), Some(is_sampled)) = (received.rate(), received.incoming.sampled)
        && !baggage.contains("sample_rand")
        && (0.000_001..0.999_999).contains(&rate)
    {
        assert_eq!(rand.is_below(rate), is_sampled, "{text}");
    }
    let context = received.sampling_context();
    if let Some(json) = context.json() {
        is_json(json.as_bytes());
    }
    if let Some(told) = context.baggage() {
        let again = Received::read(header, &told).map(|again| again.sampling_context().baggage());
        assert_eq!(again.flatten(), Some(told), "{text}");
    }
}

fn is_json(bytes: &[u8]) -> &str {
    let Ok(text) = std::str::from_utf8(bytes) else {
        panic!("not UTF-8: {bytes:?}");
    };
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        panic!("{error}: {text}");
    }
    text
}
