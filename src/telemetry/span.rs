//! Spans: the parts of a transaction.
//!
//! Each owns what is said about it, so that the spans of different threads share nothing until they finish. Then a span is
//! written as JSON and added to its transaction. Entry points: [`Span::start`], [`Span::finish`].
//! May use: `transaction`, `facts`, `timeline`, `protocol`, `value`, `base`.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use super::facts::{Facts, cut};
use super::transaction::{Position, Transaction};
use crate::base::lock::lock;
use crate::base::memory::{self, Buffer};
use crate::protocol::trace;
use crate::value::json::write as json;
use crate::value::shared::members::Members;

/// Bytes of an operation that are kept; servers keep 128 characters.
const OPERATION_BYTES: usize = 512;

/// Bytes of a description that are kept: long statements in a query language, of which a transaction may have a hundred.
const DESCRIPTION_BYTES: usize = 8 * 1024;

/// A span that runs, or has ended and is still held by somebody.
#[derive(Debug)]
pub(crate) struct Span {
    transaction: Arc<Transaction>,
    position: Position,
    /// Which kind of work and, behind it, what it is.
    texts: String,
    operation_length: usize,
    has_description: bool,
    start: u64,
    facts: Mutex<Facts>,
    is_finished: AtomicBool,
}

/// What a span is below of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parent<'a> {
    /// A transaction.
    Transaction(&'a Arc<Transaction>),
    /// Another span.
    Span(&'a Span),
}

impl Span {
    /// Starts one, at a time in microseconds since 1970 or at this moment. None below what has ended, directly below a
    /// transaction that holds all the spans that it may hold, and without memory.
    pub(crate) fn start(
        parent: Parent<'_>,
        operation: &str,
        description: Option<&str>,
        micros: Option<u64>,
        now: Instant,
    ) -> Option<Arc<Self>> {
        let (transaction, above) = match parent {
            Parent::Transaction(transaction) => (transaction, transaction.position()),
            Parent::Span(span) => (&span.transaction, &span.position),
        };
        let is_over = match parent {
            Parent::Transaction(transaction) => transaction.is_finished(),
            Parent::Span(span) => span.is_finished.load(Ordering::Acquire),
        };
        if is_over {
            return None;
        }
        if let Some(spans) = transaction.spans() {
            spans.note_start();
            let is_refused = transaction.is_recording()
                && matches!(parent, Parent::Transaction(_))
                && spans.is_full();
            if is_refused || !memory::is_there(size_of::<Self>()) {
                spans.note_overflow();
                return None;
            }
        }
        let operation = cut(operation, OPERATION_BYTES);
        let text = cut(description.unwrap_or_default(), DESCRIPTION_BYTES);
        Some(Arc::new(Self {
            position: Position::new(above.trace_id, Some(above.span_id)),
            texts: memory::concat(&[operation, text]),
            operation_length: operation.len(),
            has_description: description.is_some(),
            start: micros.unwrap_or_else(|| transaction.timeline().micros_at(now)),
            transaction: Arc::clone(transaction),
            facts: Mutex::default(),
            is_finished: AtomicBool::new(false),
        }))
    }

    /// Its place.
    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// What it is a part of.
    pub(crate) fn transaction(&self) -> &Arc<Transaction> {
        &self.transaction
    }

    /// Which kind of work.
    pub(crate) fn operation(&self) -> &str {
        self.texts().0
    }

    /// What it is.
    pub(crate) fn description(&self) -> Option<&str> {
        let (_, description) = self.texts();
        self.has_description.then_some(description)
    }

    /// Both are empty where there was no memory for them.
    fn texts(&self) -> (&str, &str) {
        let texts = self.texts.split_at_checked(self.operation_length);
        texts.unwrap_or_default()
    }

    /// In a forked child none: the lock may be held by a thread that does not exist there.
    fn held_facts(&self) -> Option<MutexGuard<'_, Facts>> {
        self.transaction.is_ours().then(|| lock(&self.facts))
    }

    /// Its status and data; none in a forked child.
    pub(super) fn told(&self) -> Option<(Option<&'static str>, Members)> {
        self.held_facts().map(|facts| facts.told())
    }

    /// True while what is said about it may be sent.
    pub(crate) fn is_recording(&self) -> bool {
        self.transaction.is_recording() && !self.is_finished.load(Ordering::Acquire)
    }

    /// Changes what is said about it, while that may be sent.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Facts) -> T) -> Option<T> {
        let is_open = self.is_recording();
        let mut facts = self.held_facts().filter(|_| is_open)?;
        Some(change(&mut facts))
    }

    /// Ends it at a time in microseconds since 1970, or at this moment.
    pub(crate) fn finish(&self, micros: Option<u64>, now: Instant) {
        if self.is_finished.swap(true, Ordering::AcqRel) || !self.transaction.is_recording() {
            return;
        }
        let Some(spans) = self.transaction.spans() else {
            return;
        };
        if !spans.take_place() {
            return;
        }
        let end = micros.unwrap_or_else(|| self.transaction.timeline().micros_at(now));
        match memory::watch(|| self.to_json(end.max(self.start))) {
            Ok(Some(json)) => spans.add(json),
            _ => spans.note_overflow(),
        }
    }

    /// Ends it, and nothing of it is sent.
    pub(crate) fn discard(&self) {
        if !self.is_finished.swap(true, Ordering::AcqRel)
            && let Some(spans) = self.transaction.spans()
        {
            spans.note_discard();
        }
    }

    /// As it goes on the wire (TXN-2).
    fn to_json(&self, end: u64) -> Option<String> {
        /// Ids, times, keys.
        const FRAME: usize = 256;
        let facts = mem::take(&mut *self.held_facts()?);
        let texts = [
            self.operation(),
            self.description().unwrap_or_default(),
            facts.tags.json(),
            facts.data.json(),
        ];
        let length = texts
            .iter()
            .fold(FRAME, |sum, text| sum.saturating_add(text.len()));
        let mut out = Buffer::with_room(length);
        out.push(b'{');
        let mut text = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                json::key(&mut out, key);
                json::string(&mut out, value);
            }
        };
        let parent = self.position.parent_span_id;
        text(
            "op",
            (!self.operation().is_empty()).then_some(self.operation()),
        );
        text("span_id", Some(self.position.span_id.as_str()));
        text("status", Some(facts.status.unwrap_or("ok")));
        text("trace_id", Some(self.position.trace_id.simple().as_str()));
        text("parent_span_id", parent.as_ref().map(|id| id.as_str()));
        text("description", self.description());
        trace::write_times(&mut out, self.start, end);
        for (key, members) in [("tags", &facts.tags), ("data", &facts.data)] {
            if !members.is_empty() {
                json::key(&mut out, key);
                out.push(b'{');
                out.extend_from_slice(members.json().as_bytes());
                out.push(b'}');
            }
        }
        out.push(b'}');
        String::from_utf8(out.finish().ok()?).ok()
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if !self.transaction.is_ours()
            && let Ok(facts) = self.facts.get_mut()
        {
            // Another thread may have been changing them when the process forked: they are left as they are.
            mem::forget(mem::take(facts));
        }
    }
}
