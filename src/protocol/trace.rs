//! Traces: where a piece of work stands in a trace, and how that is told from one program to the next.
//!
//! Pure data. Entry points: [`Position`], [`context_with`]. May use: `value`, `base`.

use crate::base::uuid::{Hex, Uuid, new_span_id};
use crate::value::json::rewrite::{self, Change};
use crate::value::json::scan::{self, Kind};
use crate::value::json::{merge, write};

/// A place in a trace: a transaction or a span.
#[derive(Debug, Clone)]
pub(crate) struct Position {
    trace_id: Uuid,
    span_id: Hex<16>,
    sampled: Option<bool>,
}

impl Position {
    /// A new place in this trace, without a decision about sending.
    pub(crate) fn new(trace_id: Uuid) -> Self {
        Self {
            trace_id,
            span_id: new_span_id(),
            sampled: None,
        }
    }

    /// A new place below this one.
    pub(crate) fn child(&self) -> Self {
        Self {
            span_id: new_span_id(),
            ..self.clone()
        }
    }

    /// Sets or takes back the decision whether the trace is sent.
    pub(crate) fn set_sampled(&mut self, sampled: Option<bool>) {
        self.sampled = sampled;
    }

    /// Goes on with the trace of a `sentry-trace` header: `<trace id>-<span id>[-flag]`. One that cannot be read changes
    /// nothing; with a span id that cannot be read only the trace id counts.
    pub(crate) fn join(&mut self, header: &str) {
        let mut parts = header.trim().split('-');
        let Some(trace_id) = parts.next().and_then(trace_id) else {
            return;
        };
        self.trace_id = trace_id;
        self.sampled = match (parts.next(), parts.next()) {
            (Some(span), Some(flag)) if is_span_id(span) => Some(flag == "1"),
            _ => None,
        };
    }

    /// The header `sentry-trace`. Without a decision there is no flag, which leaves the decision to the receiver.
    pub(crate) fn sentry_trace(&self) -> String {
        let (trace, span) = (self.trace_id.simple(), self.span_id.as_str());
        let flag = match self.sampled {
            Some(true) => "-1",
            Some(false) => "-0",
            None => "",
        };
        format!("{}-{span}{flag}", trace.as_str())
    }

    /// The header `traceparent` of the W3C.
    pub(crate) fn traceparent(&self) -> String {
        let (trace, span) = (self.trace_id.simple(), self.span_id.as_str());
        let flags = if self.sampled == Some(true) {
            "01"
        } else {
            "00"
        };
        format!("00-{}-{span}-{flags}", trace.as_str())
    }
}

/// The trace id that 32 hex digits stand for; all zero is none.
pub(crate) fn trace_id(text: &str) -> Option<Uuid> {
    (text.len() == 32)
        .then(|| Uuid::parse_strict(text))
        .flatten()
        .filter(|id| !id.is_nil())
}

/// True for 16 hex digits that are not all zero.
pub(crate) fn is_span_id(text: &str) -> bool {
    text.len() == 16
        && text.bytes().all(|digit| digit.is_ascii_hexdigit())
        && text.bytes().any(|digit| digit != b'0')
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
            "span_id" | "parent_span_id" => is_span_id(&text),
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

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0ae7be1efe7a4d04f423378007b8f6ae";
    const OWN: &str = "11111111111111111111111111111111";

    fn joined(header: &str) -> String {
        let mut position = Position::new(trace_id(OWN).unwrap());
        position.join(header);
        let text = position.sentry_trace();
        let (trace, rest) = text.split_once('-').unwrap();
        format!("{trace}{}", rest.get(16..).unwrap())
    }

    // TRACE-2
    #[test]
    fn a_header_is_joined_as_far_as_it_can_be_read() {
        let span = "fdf21cb107484a2d";
        assert_eq!(joined(&format!("{TRACE}-{span}")), TRACE);
        assert_eq!(
            joined(&format!(" {TRACE}-{span}-1\n")),
            format!("{TRACE}-1")
        );
        assert_eq!(joined(&format!("{TRACE}-{span}-0")), format!("{TRACE}-0"));
        assert_eq!(joined(&format!("{TRACE}-{span}-x")), format!("{TRACE}-0"));
        assert_eq!(joined(&format!("{TRACE}-0000000000000000-1")), TRACE);
        assert_eq!(joined(&format!("{TRACE}-{}-1", &span[1..])), TRACE);
        let zero = "0".repeat(32);
        for nothing in [
            "",
            "-",
            TRACE.get(1..).unwrap(),
            "é",
            &format!("{zero}-{span}-1"),
        ] {
            assert_eq!(joined(nothing), OWN, "{nothing}");
        }
    }

    #[test]
    fn a_child_stays_in_the_trace_and_has_a_span_of_its_own() {
        let mut parent = Position::new(trace_id(TRACE).unwrap());
        parent.set_sampled(Some(true));
        let child = parent.child();
        assert_ne!(parent.sentry_trace(), child.sentry_trace());
        assert!(child.sentry_trace().starts_with(TRACE) && child.sentry_trace().ends_with("-1"));
        assert!(child.traceparent().starts_with(&format!("00-{TRACE}-")));
        assert!(child.traceparent().ends_with("-01"));
        parent.set_sampled(None);
        assert!(parent.traceparent().ends_with("-00"));
    }

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
            is_span_id(&id) && id != span && made.contains("\"op\":\"x\""),
            "{made}"
        );
        assert_eq!(trace_of(&made), trace_id(TRACE));
        for outer in [None, Some("7"), Some("{}")] {
            assert_eq!(context_with(r#"{"op":"x"}"#, outer), None);
            assert_eq!(context_with(&whole, outer).as_deref(), Some(&*whole));
        }
    }
}
