//! Transactions: a piece of work from its beginning to its end, with the spans in it.
//!
//! Decides what is recorded, and what of it there is to send at the end. What is written at the start, ids and the sampling
//! decision, is read without a lock; what the host may change has a lock of its own, held while one member is set.
//! A transaction belongs to the process that started it: in a forked child it is a place in the trace, and nothing else.
//! Entry points: [`Transaction::start`], [`Transaction::finish`]. May use: the other files here but `span` and `active`.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use arc_swap::ArcSwapOption;

use super::facts::{Facts, cut};
use super::finished_spans::{FinishedSpans, LostSpans};
use super::sampling::{Decision, SampleRand};
use super::sampling_context::SamplingContext;
use super::timeline::Timeline;
use crate::base::lock::lock;
use crate::base::process;
use crate::base::uuid::{SpanId, Uuid, new_span_id};
use crate::value::shared::members::Members;

/// Bytes of a name and of an operation that are kept; servers keep fewer characters than that.
const NAME_BYTES: usize = 1024;

/// The name of a transaction that was given none.
const NO_NAME: &str = "<unlabeled transaction>";

/// A place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The trace.
    pub(crate) trace_id: Uuid,
    /// The place.
    pub(crate) span_id: SpanId,
    /// The place above.
    pub(crate) parent_span_id: Option<SpanId>,
}

impl Position {
    /// A new place in this trace.
    pub(crate) fn new(trace_id: Uuid, parent_span_id: Option<SpanId>) -> Self {
        Self {
            trace_id,
            span_id: new_span_id(),
            parent_span_id,
        }
    }
}

/// What a transaction starts with.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    /// What it is.
    pub(crate) name: &'a str,
    /// Which kind of work.
    pub(crate) operation: &'a str,
    /// Its place.
    pub(crate) position: Position,
    /// Whether it is sent.
    pub(crate) decision: Decision,
    /// It is a loss if it is not.
    pub(crate) is_sampled_out: bool,
    /// The number it was decided by.
    pub(crate) rand: SampleRand,
    /// The frozen sampling context of the program before.
    pub(crate) received: Option<Arc<SamplingContext>>,
    /// Most spans.
    pub(crate) max_spans: usize,
    /// The clocks now.
    pub(crate) timeline: Timeline,
    /// Microseconds since 1970 when it began.
    pub(crate) micros: u64,
}

/// A transaction that runs, or has ended and is still held by somebody.
#[derive(Debug)]
pub(crate) struct Transaction {
    /// The fork generation it was started in.
    generation: u32,
    position: Position,
    operation: String,
    decision: Decision,
    is_sampled_out: bool,
    rand: SampleRand,
    is_received: bool,
    timeline: Timeline,
    start: u64,
    named: Mutex<Named>,
    /// The sampling context since it is frozen.
    frozen: ArcSwapOption<SamplingContext>,
    /// None in a transaction that is freed in a forked child.
    spans: Option<FinishedSpans>,
    is_finished: AtomicBool,
}

/// What the host may change.
#[derive(Debug, Default)]
struct Named {
    name: String,
    facts: Facts,
}

/// A transaction that ended: what is sent of it.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Never empty.
    pub(crate) name: String,
    /// Microseconds since 1970.
    pub(crate) start: u64,
    /// Microseconds since 1970; not before the start.
    pub(crate) end: u64,
    /// Status, tags and data.
    pub(crate) facts: Facts,
    /// Finished spans as JSON.
    pub(crate) spans: Vec<String>,
    /// The other spans.
    pub(crate) lost: LostSpans,
}

impl Transaction {
    /// Starts one.
    pub(crate) fn start(start: Start<'_>) -> Arc<Self> {
        Arc::new(Self {
            generation: process::fork_generation(),
            position: start.position,
            operation: cut(start.operation, NAME_BYTES).to_owned(),
            decision: start.decision,
            is_sampled_out: start.is_sampled_out,
            rand: start.rand,
            is_received: start.received.is_some(),
            timeline: start.timeline,
            start: start.micros,
            named: Mutex::new(Named {
                name: cut(start.name, NAME_BYTES).to_owned(),
                facts: Facts::default(),
            }),
            frozen: ArcSwapOption::new(start.received),
            spans: Some(FinishedSpans::new(start.max_spans)),
            is_finished: AtomicBool::new(false),
        })
    }

    /// Its place.
    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// Which kind of work.
    pub(crate) fn operation(&self) -> &str {
        &self.operation
    }

    /// Whether it is sent.
    pub(crate) fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The number it was decided by.
    pub(crate) fn rand(&self) -> SampleRand {
        self.rand
    }

    /// Time in it.
    pub(super) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// True in the process that started it.
    pub(crate) fn is_ours(&self) -> bool {
        self.generation == process::fork_generation()
    }

    /// True while what is said about it may be sent.
    pub(crate) fn is_recording(&self) -> bool {
        self.decision.is_sent && !self.is_finished() && self.is_ours()
    }

    /// True after its end.
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished.load(Ordering::Acquire)
    }

    /// How many spans it is sampled out with; none if it is not.
    pub(crate) fn sampled_out(&self) -> Option<u64> {
        let started = self.spans.as_ref().map_or(0, FinishedSpans::started);
        (self.is_sampled_out && self.is_ours()).then_some(started)
    }

    /// Its spans, in the process that started it.
    pub(super) fn spans(&self) -> Option<&FinishedSpans> {
        self.spans.as_ref().filter(|_| self.is_ours())
    }

    /// In a forked child none: the lock may be held by a thread that does not exist there.
    fn named(&self) -> Option<MutexGuard<'_, Named>> {
        self.is_ours().then(|| lock(&self.named))
    }

    /// Its name; empty where it has none.
    pub(crate) fn name(&self) -> String {
        self.named()
            .map(|named| named.name.clone())
            .unwrap_or_default()
    }

    /// Renames it.
    pub(crate) fn set_name(&self, name: &str) {
        let name = cut(name, NAME_BYTES).to_owned();
        if let Some(mut named) = self.named() {
            named.name = name;
        }
    }

    /// Its status and data; none in a forked child.
    pub(super) fn told(&self) -> Option<(Option<&'static str>, Members)> {
        self.named().map(|named| named.facts.told())
    }

    /// Changes what is said about it, while that may be sent.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Facts) -> T) -> Option<T> {
        let is_open = self.is_recording();
        let mut named = self.named().filter(|_| is_open)?;
        Some(change(&mut named.facts))
    }

    /// The frozen sampling context; what `make` gives, if it is not frozen yet (TRACE-13).
    pub(crate) fn sampling_context(
        &self,
        make: impl FnOnce() -> SamplingContext,
    ) -> Arc<SamplingContext> {
        if let Some(frozen) = self.frozen.load_full() {
            return frozen;
        }
        let made = Arc::new(make());
        let before = self
            .frozen
            .compare_and_swap(&None::<Arc<SamplingContext>>, Some(Arc::clone(&made)));
        before.as_ref().map_or(made, Arc::clone)
    }

    /// The sampling context that another program sent along.
    pub(crate) fn received(&self) -> Option<Arc<SamplingContext>> {
        self.frozen.load_full().filter(|_| self.is_received)
    }

    /// Ends it at a time in microseconds since 1970, or at this moment; what there is to send of it. None of one that is not
    /// sent, has ended, or is the parent's.
    pub(crate) fn finish(&self, micros: Option<u64>, now: Instant) -> Option<Finished> {
        if !self.is_ours() || self.is_finished.swap(true, Ordering::AcqRel) {
            return None;
        }
        let spans = self.spans().filter(|_| self.decision.is_sent)?;
        let end = micros.unwrap_or_else(|| self.timeline.micros_at(now));
        let (name, facts) = {
            let mut named = self.named()?;
            // The sampling context may still need the name.
            (named.name.clone(), mem::take(&mut named.facts))
        };
        let (spans, lost) = spans.take();
        let name = if name.is_empty() {
            NO_NAME.to_owned()
        } else {
            name
        };
        Some(Finished {
            name,
            start: self.start,
            end: end.max(self.start),
            facts,
            spans,
            lost,
        })
    }

    /// Ends it, and nothing of it is sent; false if it had ended.
    pub(crate) fn discard(&self) -> bool {
        self.is_ours() && !self.is_finished.swap(true, Ordering::AcqRel)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_ours() {
            // Other threads may have been changing them when the process forked: they are left as they are.
            mem::forget(self.spans.take());
            if let Ok(named) = self.named.get_mut() {
                mem::forget(mem::take(named));
            }
        }
    }
}
