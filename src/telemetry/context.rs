//! What a transaction starts with: its name, its operation, and where it comes from.
//!
//! Pure data. Entry point: [`TransactionContext`]. May use: `trace`, `baggage`, `propagation`, `base`.

use std::sync::Arc;

use super::baggage::{self, Members};
use super::propagation::Incoming;
use super::trace::{Received, Trace};
use crate::base::uuid::{SpanId, Uuid};

/// What a transaction starts with.
#[derive(Debug, Clone)]
pub(crate) struct TransactionContext {
    /// What it is.
    pub(crate) name: String,
    /// Which kind of work.
    pub(crate) operation: String,
    /// Whether it is sent, if the host says so.
    pub(crate) sampled: Option<bool>,
    trace_id: Uuid,
    parent_span_id: Option<SpanId>,
    incoming: Option<Incoming>,
    baggage: Arc<Members>,
}

impl TransactionContext {
    /// In a trace of its own, or in that of the process if the host or the environment chose it.
    pub(crate) fn new(name: String, operation: String, process: Option<&Trace>) -> Self {
        let joined = process.filter(|trace| trace.is_managed);
        Self {
            name,
            operation,
            sampled: None,
            trace_id: joined.map_or_else(Uuid::new_v4, |trace| trace.trace_id),
            parent_span_id: joined.and_then(|trace| trace.parent_span_id),
            incoming: None,
            baggage: Arc::default(),
        }
    }

    /// Goes on with the trace of a request, as one of its headers tells; others say nothing. A copy that is shown to a sampler
    /// shares what was read, and nobody changes that meanwhile.
    pub(crate) fn update(&mut self, header: &str, value: &str) {
        if header.eq_ignore_ascii_case("sentry-trace") {
            self.incoming = Incoming::parse(value).or(self.incoming);
        } else if header.eq_ignore_ascii_case("baggage")
            && let Some(baggage) = Arc::get_mut(&mut self.baggage)
        {
            baggage::read(baggage, value);
        }
    }

    /// What the headers said; none without a trace to go on with.
    pub(crate) fn received(&self) -> Option<Received> {
        let baggage = || Arc::clone(&self.baggage);
        self.incoming
            .map(|incoming| Received::new(incoming, baggage()))
    }

    /// The trace without the headers, and the span above.
    pub(crate) fn own_trace(&self) -> (Uuid, Option<SpanId>) {
        (self.trace_id, self.parent_span_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "0ae7be1efe7a4d04f423378007b8f6ae-fdf21cb107484a2d-1";

    fn context(process: Option<&Trace>) -> TransactionContext {
        TransactionContext::new("n".to_owned(), "o".to_owned(), process)
    }

    #[test]
    fn only_a_trace_that_somebody_chose_is_joined() {
        let trace = Trace::new();
        assert_ne!(context(Some(&trace)).own_trace().0, trace.trace_id);
        let parent = Trace::new().span_id;
        let chosen = Trace::joining(trace.trace_id, Some(parent));
        let joined = context(Some(&chosen));
        assert_eq!(joined.own_trace(), (trace.trace_id, Some(parent)));
        assert!(joined.received().is_none());
    }

    // TRACE-2
    #[test]
    fn headers_are_known_in_any_case_and_order_and_others_say_nothing() {
        let mut context = context(None);
        context.update("BAGGAGE", "sentry-sample_rate=0.5");
        context.update("x-other", HEADER);
        assert!(context.received().is_none());
        context.update("Sentry-Trace", HEADER);
        context.update("sentry-trace", "nonsense");
        let received = context.received().unwrap();
        assert_eq!(received.incoming.sampled, Some(true));
        assert_eq!(received.rate(), Some(0.5));
    }
}
