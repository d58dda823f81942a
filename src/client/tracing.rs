//! Tracing: transactions and spans from their start to their end, the trace of the process, and what is told of both to other
//! programs.
//!
//! Decides which trace a transaction belongs to, whom the sampling decision is asked of, and what becomes of it where there is
//! no client. What is recorded lives in `telemetry`. Entry points: [`start`], [`finish`], [`headers`], [`process_headers`].
//! May use: `telemetry`, `protocol`, `base`.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::options::Options;
use super::{Client, state};
use crate::base::callout::{self, Kind, NoAnswer};
use crate::base::diagnostics::Severity;
use crate::base::random;
use crate::base::uuid::{SpanId, Uuid};
use crate::telemetry::active::Active;
use crate::telemetry::context::TransactionContext;
use crate::telemetry::propagation::{sentry_trace, traceparent};
use crate::telemetry::sampling::{Decision, SampleRand, SamplingInput};
use crate::telemetry::sampling_context::SamplingContext;
use crate::telemetry::span::Span;
use crate::telemetry::timeline::Timeline;
use crate::telemetry::trace::{Organisation, Received, Trace};
use crate::telemetry::transaction::{Position, Start, Transaction};
use crate::value::tree::Value;

/// The headers that tell another program of a place in a trace.
#[derive(Debug)]
pub(crate) struct Headers {
    /// `sentry-trace`.
    pub(crate) sentry_trace: String,
    /// `baggage`; none where nothing is known.
    pub(crate) baggage: Option<String>,
    /// `traceparent`, if the option asks for it.
    pub(crate) traceparent: Option<String>,
}

/// What a transaction starts with, in the trace of the process if the host or the environment chose that.
pub(crate) fn new_context(name: String, operation: String) -> TransactionContext {
    let process = state::with_client(Client::trace);
    TransactionContext::new(name, operation, process.as_deref())
}

/// Starts a transaction, at a time in microseconds since 1970 or now. None in a child that the sampler forked.
pub(crate) fn start(
    context: &TransactionContext,
    custom: &Value,
    micros: Option<u64>,
) -> Option<Arc<Transaction>> {
    let started = cfg!(feature = "telemetry")
        .then(|| state::with_client(|client| client.start_transaction(context, custom, micros)));
    let started = started.flatten();
    started.unwrap_or_else(|| Some(start_alone(context, micros)))
}

/// Without a client, or the feature for it, nothing is sent, and the decision is passed on.
fn start_alone(context: &TransactionContext, micros: Option<u64>) -> Arc<Transaction> {
    let received = context.received();
    let origin = Origin::new(context, received.as_ref(), None);
    let decision = Decision {
        sampled: context.sampled.or(origin.parent),
        ..Decision::DEFERRED
    };
    origin.start(context, decision, micros, None)
}

/// Where a transaction stands before anybody decided about it.
struct Origin {
    position: Position,
    /// What the program before decided.
    parent: Option<bool>,
    rand: SampleRand,
    received: Option<Arc<SamplingContext>>,
}

impl Origin {
    /// In the trace of the request, else in that of the process if it was joined, else in one of its own.
    fn new(
        context: &TransactionContext,
        received: Option<&Received>,
        process: Option<&Trace>,
    ) -> Self {
        let (trace_id, parent_span_id) = context.own_trace();
        let own_rand = || SampleRand::new(random::next_unit());
        if let Some(received) = received {
            let incoming = &received.incoming;
            return Self {
                position: Position::new(incoming.trace_id, incoming.parent_span_id),
                parent: incoming.sampled,
                rand: received.rand(),
                received: Some(received.sampling_context()),
            };
        }
        let joined = process.filter(|process| process.trace_id == trace_id);
        Self {
            position: Position::new(trace_id, parent_span_id),
            parent: joined.and_then(|process| process.sampled),
            rand: process.map_or_else(own_rand, |process| process.rand),
            received: joined.and_then(|process| process.received.clone()),
        }
    }

    fn start(
        self,
        context: &TransactionContext,
        decision: Decision,
        micros: Option<u64>,
        options: Option<&Options>,
    ) -> Arc<Transaction> {
        let now = Instant::now();
        let timeline = Timeline::new(SystemTime::now(), now);
        let is_configured = options.is_some_and(|options| traces_rate(options).is_some());
        let received = self.received.map(|received| match decision.rate {
            Some(_) => Arc::new(received.decided(&decision)),
            None => received,
        });
        Transaction::start(Start {
            name: &context.name,
            operation: &context.operation,
            position: self.position,
            is_sampled_out: decision.is_sampled_out(is_configured),
            decision,
            rand: self.rand,
            received,
            max_spans: options.map_or(0, |options| options.max_spans),
            timeline,
            micros: micros.unwrap_or_else(|| timeline.micros_at(now)),
        })
    }
}

/// The rate that transactions are sampled by; none if neither it nor a sampler was set (TRACE-6).
fn traces_rate(options: &Options) -> Option<f64> {
    let is_configured = options.is_traces_sample_rate_set || options.traces_sampler.is_some();
    is_configured.then_some(options.traces_sample_rate)
}

impl Client {
    fn start_transaction(
        &self,
        context: &TransactionContext,
        custom: &Value,
        micros: Option<u64>,
    ) -> Option<Arc<Transaction>> {
        let mut received = context.received();
        let mut own = None;
        if received
            .as_ref()
            .is_some_and(|received| !self.goes_on(received))
        {
            self.diagnostics.log(
                Severity::Info,
                format_args!("a trace of another organisation does not go on here"),
            );
            received = None;
            let fresh = Trace {
                is_managed: self.trace().is_managed,
                ..Trace::new()
            };
            own = Some(Position::new(fresh.trace_id, None));
            self.set_trace(fresh);
        }
        let process = self.trace();
        let mut origin = Origin::new(context, received.as_ref(), Some(&process));
        if let Some(position) = own {
            origin.position = position;
            origin.parent = None;
            origin.received = None;
        }
        let input = SamplingInput {
            explicit: context.sampled,
            parent: origin.parent,
            rate: traces_rate(&self.options),
            rand: origin.rand,
        };
        let mut is_forked = false;
        let decision = input.decide(|| {
            let sampler = self.options.traces_sampler.as_deref()?;
            let answer = callout::call(Kind::Hook, || sampler.call(context, custom, input.parent));
            match answer {
                Ok(rate) => Some(rate),
                Err(NoAnswer::Forked) => {
                    is_forked = true;
                    None
                }
                Err(NoAnswer::TooDeep | NoAnswer::Panicked(_)) => None,
            }
        });
        if is_forked {
            return None;
        }
        Some(origin.start(context, decision, micros, Some(&self.options)))
    }

    /// True if a trace that came with a request, or from the environment, goes on here (TRACE-15).
    fn goes_on(&self, received: &Received) -> bool {
        received.goes_on(Organisation {
            id: self.fields.org_id(),
            is_strict: self.options.strict_trace_continuation,
        })
    }

    /// Ends a transaction; the id of what is sent of it.
    fn finish_transaction(
        &self,
        transaction: &Arc<Transaction>,
        micros: Option<u64>,
    ) -> Option<Uuid> {
        self.scope.unbind(transaction.position());
        self.adopt_trace(transaction);
        if let Some(spans) = transaction.sampled_out() {
            if transaction.discard() {
                self.note_sampled_out(spans);
            }
            return None;
        }
        let finished = transaction.finish(micros, Instant::now())?;
        match self.capture_transaction(transaction, finished) {
            Ok(captured) => Some(captured.id),
            // Complete, and not sent for want of consent: no failure to hosts of the compatible interface.
            Err(refused) => refused.unsent_id,
        }
    }

    /// Events that follow belong to the trace of the transaction, unless somebody chose another one for the process.
    fn adopt_trace(&self, transaction: &Transaction) {
        let process = self.trace();
        let trace_id = transaction.position().trace_id;
        if process.is_managed || process.trace_id == trace_id || !transaction.is_ours() {
            return;
        }
        self.set_trace(Trace {
            trace_id,
            parent_span_id: None,
            sampled: None,
            received: transaction.received(),
            ..Trace::clone(&process)
        });
    }

    /// Names the transaction of events, and the one that is bound to the process.
    pub(crate) fn set_transaction_name(&self, name: Option<&str>) {
        self.scope.set_text("transaction", name);
        if let (Some(name), Some(active)) = (name, self.scope.active())
            && let Active::Transaction(transaction) = &*active
        {
            transaction.set_name(name);
        }
    }

    /// What is told of this place to another program.
    fn headers(
        &self,
        (trace_id, span_id): (Uuid, SpanId),
        sampled: Option<bool>,
        context: Option<&SamplingContext>,
    ) -> Headers {
        let has_traceparent = self.options.propagate_traceparent;
        Headers {
            sentry_trace: sentry_trace(trace_id, span_id, sampled),
            baggage: context.and_then(SamplingContext::baggage),
            traceparent: has_traceparent.then(|| traceparent(trace_id, span_id, sampled)),
        }
    }
}

/// Ends a transaction, at a time in microseconds since 1970 or now; the id of what is sent of it.
pub(crate) fn finish(transaction: &Arc<Transaction>, micros: Option<u64>) -> Option<Uuid> {
    let finished = state::with_client(|client| client.finish_transaction(transaction, micros));
    finished.unwrap_or_else(|| {
        transaction.discard();
        None
    })
}

/// Ends a transaction that is not to be sent.
pub(crate) fn discard(transaction: &Transaction) {
    transaction.discard();
    state::with_client(|client| client.scope.unbind(transaction.position()));
}

/// Ends a span, at a time in microseconds since 1970 or now.
pub(crate) fn finish_span(span: &Span, micros: Option<u64>) {
    span.finish(micros, Instant::now());
    state::with_client(|client| client.scope.unbind(span.position()));
}

/// Ends a span that is not to be sent.
pub(crate) fn discard_span(span: &Span) {
    span.discard();
    state::with_client(|client| client.scope.unbind(span.position()));
}

/// The headers that tell another program of a transaction or a span; this freezes the sampling context (TRACE-13).
pub(crate) fn headers(transaction: &Transaction, position: &Position) -> Headers {
    let place = (position.trace_id, position.span_id);
    let sampled = transaction.decision().sampled;
    let told = state::with_client(|client| {
        let fields = client.scope.fields();
        let context = client.fields.sampling_context_of(transaction, &fields);
        client.headers(place, sampled, context.as_deref())
    });
    told.unwrap_or_else(|| Headers {
        sentry_trace: sentry_trace(place.0, place.1, sampled),
        baggage: None,
        traceparent: None,
    })
}

/// The headers that tell another program of what is bound to the process, else of its trace (TRACE-17); none without a
/// client.
pub(crate) fn process_headers() -> Option<Headers> {
    let active = state::with_client(|client| client.scope.active())?;
    if let Some(active) = active {
        return Some(headers(active.transaction(), active.position()));
    }
    state::with_client(|client| {
        let trace = client.trace();
        let fields = client.scope.fields();
        let context = client
            .fields
            .sampling_context(Some(trace.trace_id), &fields);
        let place = (trace.trace_id, trace.span_id);
        client.headers(place, trace.sampled, context.as_deref())
    })
}
