//! Batches of the client: logs and metrics on their way into envelopes.
//!
//! For each kind there is one batch under a lock that is held for a copy of an entry. Who fills it queues it, and the worker
//! queues what has waited long enough. Entries of one thread stay in their order: who takes a batch takes its turn to queue
//! before it lets go of the batch. Nothing of the host is called under these locks. Entry point: [`Batches`].
//! Lock order: `open` before `turn`.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use super::repeats::Repeats;
use crate::base::lock::lock;
use crate::protocol::category::Category;
use crate::protocol::envelope::{Envelope, Item, ItemKind};
use crate::telemetry::batch::Batch;
use crate::transport::queue::Refusal;
use crate::transport::queue::batched::Batched;
use crate::transport::{Transport, backing};

/// An entry that was not taken, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotTaken {
    /// Why.
    pub(super) refusal: Refusal,
    /// What it counts in bytes.
    pub(super) bytes: u64,
}

/// The batches that are open.
#[derive(Debug)]
pub(super) struct Batches {
    /// Log entries.
    pub(super) logs: Lane,
    /// Metrics.
    pub(super) metrics: Lane,
    /// Repeats of errors, if they are counted.
    pub(super) repeats: Option<Repeats>,
}

/// The open batch of one kind.
#[derive(Debug)]
pub(super) struct Lane {
    kind: ItemKind,
    categories: [Category; 2],
    open: Mutex<Batch<Batched>>,
    turn: Mutex<()>,
}

impl Batches {
    /// Without an entry. Repeats of errors are counted for `dedupe_window`.
    pub(super) fn new(dedupe_window: Duration) -> Self {
        let lane = |kind, categories| Lane {
            kind,
            categories,
            open: Mutex::default(),
            turn: Mutex::default(),
        };
        Self {
            logs: lane(ItemKind::Log, [Category::LogItem, Category::LogByte]),
            metrics: lane(
                ItemKind::TraceMetric,
                [Category::TraceMetric, Category::TraceMetricByte],
            ),
            repeats: Repeats::new(dedupe_window),
        }
    }

    /// What there is to say of repeats whose window is over, or of all.
    fn said(&self, now: Instant, all: bool) -> Vec<Envelope> {
        let repeats = self.repeats.as_ref();
        repeats.map_or_else(Vec::new, |it| it.take((now, SystemTime::now()), all))
    }

    /// Queues everything now.
    pub(super) fn queue_all(&self, transport: &Transport) {
        let submit = |envelope, held: &mut Batched| transport.submit_batch(envelope, held);
        for lane in [&self.logs, &self.metrics] {
            lane.queue_if(|_| true, &submit);
        }
        for envelope in self.said(Instant::now(), true) {
            // What does not fit is booked as any other that does not.
            let _ = transport.submit(envelope, transport.permit());
        }
    }
}

impl backing::Batches for Batches {
    fn due(&self) -> Option<Instant> {
        let lanes = [&self.logs, &self.metrics].into_iter();
        let lanes = lanes.filter_map(|lane| lock(&lane.open).due());
        let repeats = self.repeats.as_ref().and_then(Repeats::due);
        lanes.chain(repeats).min()
    }

    fn events(&self, now: Instant) -> Vec<Envelope> {
        self.said(now, false)
    }

    fn hand_over(&self, now: Instant, submit: &dyn Fn(Envelope, &mut Batched)) {
        for lane in [&self.logs, &self.metrics] {
            lane.queue_if(|due| due <= now, submit);
        }
    }
}

impl Lane {
    /// What an entry of so many bytes counts under.
    pub(super) fn tallies(&self, bytes: u64) -> [(Category, u64); 2] {
        let [entries, by_bytes] = self.categories;
        [(entries, 1), (by_bytes, bytes)]
    }

    /// Takes an entry.
    pub(super) fn add(&self, transport: &Transport, entry: &[u8]) -> Result<(), NotTaken> {
        let submit = |envelope, held: &mut Batched| transport.submit_batch(envelope, held);
        let permit = transport.permit();
        // Told of when no lock is held any more.
        let mut evicted = transport.evicted();
        let mut open = lock(&self.open);
        while !open.takes(entry.len()) || !open.token.takes(permit) {
            self.queue(open, &submit);
            open = lock(&self.open);
        }
        let bytes = u64::try_from(entry.len()).unwrap_or(u64::MAX);
        let cost = open.prepare(entry).map_err(|_| NotTaken {
            refusal: Refusal::OutOfMemory,
            bytes,
        })?;
        let tallies = self.tallies(cost.bytes);
        let room = (&tallies[..], cost.memory);
        let held = transport.hold_entry(&mut open.token, room, permit, &mut evicted);
        held.map_err(|refusal| NotTaken { refusal, bytes })?;
        let is_first = open.add(entry, Instant::now);
        match open.is_full() {
            true => self.queue(open, &submit),
            false => drop(open),
        }
        if is_first {
            transport.note_batch();
        }
        Ok(())
    }

    fn queue_if(&self, is_due: impl Fn(Instant) -> bool, submit: &dyn Fn(Envelope, &mut Batched)) {
        let open = lock(&self.open);
        if open.due().is_some_and(is_due) {
            self.queue(open, submit);
        }
    }

    fn queue(
        &self,
        mut open: MutexGuard<'_, Batch<Batched>>,
        submit: &dyn Fn(Envelope, &mut Batched),
    ) {
        let _turn = lock(&self.turn);
        let (payload, entries) = open.take();
        let mut held = std::mem::take(&mut open.token);
        drop(open);
        let item = Item::container(self.kind.clone(), payload, entries);
        submit(Envelope::of(None, item), &mut held);
    }
}
