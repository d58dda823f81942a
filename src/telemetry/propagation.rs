//! Propagation: how a place in a trace is told from one program to the next, in `sentry-trace` and `traceparent`.
//!
//! Pure data. Entry points: [`Incoming::parse`], [`sentry_trace`], [`traceparent`]. May use: `protocol::trace`, `base`.

use crate::base::uuid::{SpanId, Uuid, span_id};
use crate::protocol::trace::trace_id;

/// Longest header that is read, in bytes: twice what the longest valid one has.
const MAX_BYTES: usize = 128;

/// What a header `sentry-trace` says (TRACE-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incoming {
    /// The trace to go on with.
    pub(crate) trace_id: Uuid,
    /// The span of the other program.
    pub(crate) parent_span_id: Option<SpanId>,
    /// Whether the trace is sent; none leaves the decision to the receiver.
    pub(crate) sampled: Option<bool>,
}

impl Incoming {
    /// Reads `<trace id>-<span id>[-flag]`, in any case and with blanks around it. Without a valid trace id there is nothing
    /// to go on with; without a valid span id only the trace id counts.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        if header.len() > MAX_BYTES {
            return None;
        }
        let mut parts = header.trim().split('-');
        let trace_id = trace_id(parts.next()?)?;
        let parent_span_id = parts.next().and_then(span_id);
        let flag = parts.next().filter(|_| parent_span_id.is_some());
        Some(Self {
            trace_id,
            parent_span_id,
            sampled: flag.map(|flag| flag == "1"),
        })
    }
}

/// The header `sentry-trace`. Without a decision there is no flag, which leaves the decision to the receiver.
pub(crate) fn sentry_trace(trace_id: Uuid, span_id: SpanId, sampled: Option<bool>) -> String {
    let (trace, span) = (trace_id.simple(), span_id.as_str());
    let flag = match sampled {
        Some(true) => "-1",
        Some(false) => "-0",
        None => "",
    };
    format!("{}-{span}{flag}", trace.as_str())
}

/// The header `traceparent` of the W3C (TRACE-4).
pub(crate) fn traceparent(trace_id: Uuid, span_id: SpanId, sampled: Option<bool>) -> String {
    let (trace, span) = (trace_id.simple(), span_id.as_str());
    let flags = if sampled == Some(true) { "01" } else { "00" };
    format!("00-{}-{span}-{flags}", trace.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0ae7be1efe7a4d04f423378007b8f6ae";
    const SPAN: &str = "fdf21cb107484a2d";

    fn read(header: &str) -> Option<(String, Option<String>, Option<bool>)> {
        Incoming::parse(header).map(|it| {
            let span = it.parent_span_id.map(|span| span.as_str().to_owned());
            (it.trace_id.simple().as_str().to_owned(), span, it.sampled)
        })
    }

    // TRACE-2
    #[test]
    fn a_header_is_read_as_far_as_it_is_valid() {
        let whole = |sampled| Some((TRACE.to_owned(), Some(SPAN.to_owned()), sampled));
        let trace_only = Some((TRACE.to_owned(), None, None));
        assert_eq!(read(&format!("{TRACE}-{SPAN}")), whole(None));
        assert_eq!(read(&format!(" {TRACE}-{SPAN}-1\n")), whole(Some(true)));
        assert_eq!(read(&format!("{TRACE}-{SPAN}-0")), whole(Some(false)));
        assert_eq!(read(&format!("{TRACE}-{SPAN}-x")), whole(Some(false)));
        let upper = format!("{TRACE}-{SPAN}").to_uppercase();
        assert_eq!(read(&upper), whole(None));
        assert_eq!(read(&format!("{TRACE}-0000000000000000-1")), trace_only);
        assert_eq!(read(&format!("{TRACE}-{}-1", &SPAN[1..])), trace_only);
        let zero = "0".repeat(32);
        let long = format!("{TRACE}-{SPAN}-1{}", " ".repeat(100));
        for nothing in [
            "",
            "-",
            &TRACE[1..],
            "é",
            &format!("{zero}-{SPAN}-1"),
            &long,
        ] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    // TRACE-2, TRACE-4
    #[test]
    fn what_is_written_is_read_again() {
        let (trace, span) = (trace_id(TRACE).unwrap(), span_id(SPAN).unwrap());
        for (sampled, flag, flags) in [
            (Some(true), "-1", "01"),
            (Some(false), "-0", "00"),
            (None, "", "00"),
        ] {
            let header = sentry_trace(trace, span, sampled);
            assert_eq!(header, format!("{TRACE}-{SPAN}{flag}"));
            assert_eq!(
                Incoming::parse(&header),
                Some(Incoming {
                    trace_id: trace,
                    parent_span_id: Some(span),
                    sampled
                })
            );
            assert_eq!(
                traceparent(trace, span, sampled),
                format!("00-{TRACE}-{SPAN}-{flags}")
            );
        }
    }
}
