//! Entries of log and metric containers (LOG-2, MET-2), as the JSON text that is sent.

use std::time::{SystemTime, UNIX_EPOCH};

use super::level::Level;
use crate::base::memory::Buffer;
use crate::base::uuid::Uuid;
use crate::value::json::write;
use crate::value::tree::Value;
use crate::value::tree::json::copy_text;

/// What every entry says besides its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// When it was captured.
    pub(crate) time: SystemTime,
    /// The trace it belongs to.
    pub(crate) trace_id: Uuid,
    /// The span it belongs to, if one is bound.
    pub(crate) span_id: Option<&'a str>,
}

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricKind {
    /// How often something happened.
    Counter,
    /// A figure that goes up and down.
    Gauge,
    /// A figure whose distribution matters.
    Distribution,
}

impl MetricKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Distribution => "distribution",
        }
    }
}

/// The name of a level in logs, which know more of them than events.
pub(crate) const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warn",
        Level::Error => "error",
        Level::Fatal => "fatal",
    }
}

/// Begins a log entry; its attributes follow, and [`end`].
pub(crate) fn begin_log(out: &mut Buffer, level: Level, body: &[u8], place: &Place<'_>) {
    out.extend_from_slice(b"{\"body\":");
    copy_text(out, body);
    out.extend_from_slices([
        b",\"level\":\"",
        level_name(level).as_bytes(),
        b"\",\"timestamp\":",
    ]);
    timestamp(out, place.time);
    trace(out, place);
}

/// Begins a metric; its attributes follow, and [`end`].
pub(crate) fn begin_metric(
    out: &mut Buffer,
    kind: MetricKind,
    (name, value, unit): (&[u8], &Value, Option<&[u8]>),
    place: &Place<'_>,
) {
    out.extend_from_slice(b"{\"timestamp\":");
    timestamp(out, place.time);
    out.extend_from_slices([b",\"type\":\"", kind.name().as_bytes(), b"\",\"name\":"]);
    copy_text(out, name);
    out.extend_from_slice(b",\"value\":");
    value.copy(out);
    if let Some(unit) = unit.filter(|unit| !unit.is_empty()) {
        out.extend_from_slice(b",\"unit\":");
        copy_text(out, unit);
    }
    trace(out, place);
}

fn trace(out: &mut Buffer, place: &Place<'_>) {
    const END: &[u8] = b"\",\"attributes\":";
    let id = place.trace_id.simple();
    let (begin, id) = (&b",\"trace_id\":\""[..], id.as_str().as_bytes());
    match place.span_id {
        None => out.extend_from_slices([begin, id, END]),
        Some(span_id) => {
            out.extend_from_slices([begin, id, b"\",\"span_id\":\"", span_id.as_bytes(), END]);
        }
    }
}

/// Ends an entry, behind its attributes.
pub(crate) fn end(out: &mut Buffer) {
    out.push(b'}');
}

/// Seconds since 1970, with microseconds.
fn timestamp(out: &mut Buffer, time: SystemTime) {
    let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    write::integer(out, elapsed.as_secs());
    out.push(b'.');
    let (mut text, mut rest) = ([b'0'; 6], elapsed.subsec_micros());
    for digit in text.iter_mut().rev() {
        *digit = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
    }
    out.extend_from_slice(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn place(span_id: Option<&str>) -> Place<'_> {
        Place {
            time: UNIX_EPOCH + Duration::from_micros(1_795_360_967_000_678),
            trace_id: Uuid::from_bytes([0xab; 16]),
            span_id,
        }
    }

    fn read(out: &mut Buffer) -> serde_json::Value {
        out.extend_from_slice(b"{}");
        end(out);
        serde_json::from_slice(out).unwrap()
    }

    // LOG-2
    #[test]
    fn a_log_entry_has_the_members_that_servers_require() {
        let mut out = Buffer::new();
        begin_log(
            &mut out,
            Level::Warning,
            b"a\n\xff",
            &place(Some("0123456789abcdef")),
        );
        assert!(out.starts_with(
            b"{\"body\":\"a\\n\xef\xbf\xbd\",\"level\":\"warn\",\"timestamp\":1795360967.000678,"
        ));
        let expected = json!({
            "body": "a\n\u{fffd}", "level": "warn", "timestamp": 1_795_360_967.000_678,
            "trace_id": "ab".repeat(16), "span_id": "0123456789abcdef", "attributes": {},
        });
        assert_eq!(read(&mut out), expected);
    }

    // MET-2
    #[test]
    fn a_metric_has_the_members_that_servers_require() {
        let mut out = Buffer::new();
        let own = (&b"m"[..], &Value::double(1.5), Some(&b"ms"[..]));
        begin_metric(&mut out, MetricKind::Distribution, own, &place(None));
        let expected = json!({
            "timestamp": 1_795_360_967.000_678, "type": "distribution", "name": "m", "value": 1.5,
            "unit": "ms", "trace_id": "ab".repeat(16), "attributes": {},
        });
        assert_eq!(read(&mut out), expected);
        let mut out = Buffer::new();
        let own = (&b"m"[..], &Value::int64(-1), Some(&b""[..]));
        begin_metric(&mut out, MetricKind::Counter, own, &place(None));
        assert_eq!(read(&mut out)["unit"], serde_json::Value::Null);
    }
}
