//! Traces: their ids, the context `trace` of events, and the times of what is recorded.
//!
//! Pure data. Entry points: [`trace_id`], [`context_with`], [`write_times`]. May use: `value`, `base`.

use crate::base::timestamp::Timestamp;
use crate::base::uuid::{Uuid, new_span_id, span_id};
use crate::value::json::merge;
use crate::value::json::rewrite::{self, Change};
use crate::value::json::scan::{self, Kind};
use crate::value::json::write::{self, Target};

/// The trace id that 32 hex digits stand for; all zero is none.
pub(crate) fn trace_id(text: &str) -> Option<Uuid> {
    (text.len() == 32)
        .then(|| Uuid::parse_strict(text))
        .flatten()
        .filter(|id| !id.is_nil())
}

/// The trace that a context `trace` names.
pub(crate) fn trace_of(context: &str) -> Option<Uuid> {
    // The context of a scope, which each event carries, begins with it.
    let first = context.strip_prefix("{\"trace_id\":\"");
    let first = first.and_then(|rest| rest.split_at_checked(32));
    if let Some((id, rest)) = first
        && rest.starts_with('"')
        && let Some(id) = trace_id(id)
    {
        return Some(id);
    }
    trace_id(&scan::entry(context, "trace_id").and_then(scan::text)?)
}

/// The context `trace` of something within something else: its own members win, ids that are none give way, and what is
/// missing comes from `outer` (SCO-4). In a trace of its own it keeps nothing of `outer`, and gets a span if it has none
/// (TRACE-1). None if no trace is named.
pub(crate) fn context_with(own: &str, outer: Option<&str>) -> Option<String> {
    let own_trace = trace_of(own);
    let own = rewrite::members_to_json(own, |key, value| {
        let text = scan::text(value).unwrap_or_default();
        let is_usable = match key {
            "trace_id" => own_trace.is_some(),
            "span_id" | "parent_span_id" => span_id(&text).is_some(),
            _ => true,
        };
        if is_usable {
            Change::Keep
        } else {
            Change::Drop
        }
    });
    let outer = outer.filter(|outer| scan::kind(outer) == Kind::Object);
    let merged = match outer {
        Some(outer) if own_trace.is_none() || own_trace == trace_of(outer) => {
            merge::objects(&own, outer)
        }
        _ => own,
    };
    trace_of(&merged)?;
    if scan::entry(&merged, "span_id").is_some() {
        return Some(merged);
    }
    let mut out = merged.into_bytes();
    // There is a member before it, the trace's id.
    out.pop();
    write::key(&mut out, "span_id");
    write::string(&mut out, new_span_id().as_str());
    out.push(b'}');
    Some(write::into_text(out))
}

/// Appends the start and the end of a transaction or a span, in seconds since 1970 with their microseconds (TXN-2). Years
/// after 9999 are clamped to that.
pub(crate) fn write_times(out: &mut impl Target, start: u64, end: u64) {
    let last = Timestamp::LAST_SECOND.saturating_mul(MICROS);
    for (key, micros) in [("start_timestamp", start), ("timestamp", end)] {
        let micros = micros.min(last);
        write::key(out, key);
        write::integer(out, micros / MICROS);
        let mut fraction = *b".000000";
        let mut rest = micros % MICROS;
        for place in fraction.iter_mut().skip(1).rev() {
            *place = b'0'.wrapping_add((rest % 10) as u8);
            rest /= 10;
        }
        out.extend_from_slice(&fraction);
    }
}

/// In a second.
const MICROS: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0ae7be1efe7a4d04f423378007b8f6ae";
    const OWN: &str = "11111111111111111111111111111111";

    // SCO-4, TRACE-1, TRACE-19
    #[test]
    fn a_context_keeps_what_it_says_and_takes_what_it_lacks() {
        let (span, other) = ("fdf21cb107484a2d", "aaaaaaaaaaaaaaaa");
        let outer = format!(
            r#"{{"trace_id":"{OWN}","span_id":"{span}","parent_span_id":"{other}","op":"outer"}}"#
        );
        let with = |own: &str| context_with(own, Some(&outer)).unwrap();
        assert_eq!(
            with(r#"{"op":"x","data":{"a":1}}"#),
            format!(
                r#"{{"op":"x","data":{{"a":1}},"trace_id":"{OWN}","span_id":"{span}","parent_span_id":"{other}"}}"#
            )
        );
        for odd in [
            r#"{"trace_id":7,"span_id":null}"#,
            r#"{"trace_id":"0","span_id":"0000000000000000"}"#,
            r#"{"trace_id":[],"parent_span_id":"x"}"#,
        ] {
            assert_eq!(with(odd), outer, "{odd}");
        }
        let same = format!(r#"{{"trace_id":"{OWN}","span_id":"{other}"}}"#);
        assert_eq!(
            with(&same),
            format!(
                r#"{{"trace_id":"{OWN}","span_id":"{other}","parent_span_id":"{other}","op":"outer"}}"#
            )
        );
        // Another trace: its spans are not those of the outer one.
        let whole = format!(r#"{{"trace_id":"{TRACE}","span_id":"{other}"}}"#);
        assert_eq!(with(&whole), whole);
        let made = with(&format!(r#"{{"trace_id":"{TRACE}","op":"x"}}"#));
        let id = scan::entry(&made, "span_id").and_then(scan::text).unwrap();
        assert!(
            span_id(&id).is_some() && id != span && made.contains("\"op\":\"x\""),
            "{made}"
        );
        assert_eq!(trace_of(&made), trace_id(TRACE));
        for outer in [None, Some("7"), Some("{}")] {
            assert_eq!(context_with(r#"{"op":"x"}"#, outer), None);
            assert_eq!(context_with(&whole, outer).as_deref(), Some(&*whole));
        }
    }

    // TXN-2
    #[test]
    fn times_are_seconds_with_their_microseconds() {
        let mut out = vec![b'{'];
        write_times(&mut out, 1_767_225_600_000_042, u64::MAX);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"start_timestamp":1767225600.000042,"timestamp":253402300799.000000"#
        );
    }
}
