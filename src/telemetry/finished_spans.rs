//! Finished spans of a transaction that still runs, as ready JSON.
//!
//! Decides which are kept: the first `max_spans` that finish (TXN-4), and of those the newest that a transaction has room
//! for. Adding one takes no lock: the list is a queue without locks, so that threads which finish spans of one transaction
//! at once do not wait for each other, and those of different transactions share nothing. All others are counted.
//! Entry point: [`FinishedSpans`].

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::base::memory;

/// Bytes of all spans that are kept: what servers take of a transaction. The oldest go first.
const MAX_BYTES: usize = 1024 * 1024;

/// Bytes of a span in the queue beside its text.
const PLACE: usize = size_of::<String>();

/// The finished spans of a transaction, and what became of the others.
#[derive(Debug)]
pub(crate) struct FinishedSpans {
    queue: (Sender<String>, Receiver<String>),
    max_spans: usize,
    /// So many were added, also those that went again.
    accepted: AtomicUsize,
    bytes: AtomicUsize,
    started: AtomicU64,
    discarded: AtomicU64,
    /// Lost for being too many, too large, or for want of memory.
    overflown: AtomicU64,
}

/// What a transaction is sent without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LostSpans {
    /// Spans there was no room for.
    pub(crate) overflown: u64,
    /// Spans that were not finished before the transaction (TXN-5).
    pub(crate) unfinished: u64,
}

impl FinishedSpans {
    /// None yet.
    pub(crate) fn new(max_spans: usize) -> Self {
        Self {
            queue: unbounded(),
            max_spans,
            accepted: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            started: AtomicU64::new(0),
            discarded: AtomicU64::new(0),
            overflown: AtomicU64::new(0),
        }
    }

    /// True if no more are kept.
    pub(crate) fn is_full(&self) -> bool {
        self.accepted.load(Ordering::Relaxed) >= self.max_spans
    }

    /// A span starts.
    pub(crate) fn note_start(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    /// The host discards a span that started.
    pub(crate) fn note_discard(&self) {
        self.discarded.fetch_add(1, Ordering::Relaxed);
    }

    /// A span that started, or was to start, is lost.
    pub(crate) fn note_overflow(&self) {
        self.overflown.fetch_add(1, Ordering::Relaxed);
    }

    /// How many started.
    pub(crate) fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// Takes a place for a span that finishes; false, and counted, if there is none.
    pub(crate) fn take_place(&self) -> bool {
        let place = self
            .accepted
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |accepted| {
                (accepted < self.max_spans).then(|| accepted.saturating_add(1))
            });
        if place.is_err() {
            self.note_overflow();
        }
        place.is_ok()
    }

    /// Adds a span that has a place. The oldest go if there is too much.
    pub(crate) fn add(&self, json: String) {
        let (sender, receiver) = &self.queue;
        let added = cost(&json);
        let mut bytes = self
            .bytes
            .fetch_add(added, Ordering::Relaxed)
            .saturating_add(added);
        // It fails only without a receiver, and that is here.
        let _ = sender.send(json);
        while bytes > MAX_BYTES {
            let Ok(oldest) = receiver.try_recv() else {
                return;
            };
            self.note_overflow();
            let freed = cost(&oldest);
            bytes = self
                .bytes
                .fetch_sub(freed, Ordering::Relaxed)
                .saturating_sub(freed);
        }
    }

    /// Those that are kept, in the order in which they finished, and what became of the others. Called once; what is added
    /// later counts as unfinished, and so does what there is no memory for.
    pub(crate) fn take(&self) -> (Vec<String>, LostSpans) {
        let spans: Vec<String> = memory::collect(self.queue.1.try_iter());
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let overflown = load(&self.overflown);
        let known = u64::try_from(spans.len())
            .unwrap_or(u64::MAX)
            .saturating_add(overflown)
            .saturating_add(load(&self.discarded));
        let unfinished = self.started().saturating_sub(known);
        (
            spans,
            LostSpans {
                overflown,
                unfinished,
            },
        )
    }
}

fn cost(json: &String) -> usize {
    json.capacity().saturating_add(PLACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(spans: &FinishedSpans, json: String) {
        spans.note_start();
        if spans.take_place() {
            spans.add(json);
        }
    }

    // TXN-4
    #[test]
    fn the_first_spans_are_kept_and_the_others_counted() {
        let spans = FinishedSpans::new(2);
        for name in ["a", "b", "c"] {
            finish(&spans, name.to_owned());
        }
        assert!(spans.is_full());
        spans.note_start();
        let lost = LostSpans {
            overflown: 1,
            unfinished: 1,
        };
        assert_eq!(spans.take(), (vec!["a".to_owned(), "b".to_owned()], lost));
        let none = FinishedSpans::new(0);
        finish(&none, String::new());
        assert!(none.is_full() && none.take().0.is_empty());
    }

    #[test]
    fn the_oldest_go_when_there_is_too_much() {
        let spans = FinishedSpans::new(usize::MAX);
        for at in 0..40 {
            finish(&spans, at.to_string().repeat(25_000));
        }
        let (kept, lost) = spans.take();
        assert!(kept.iter().map(String::len).sum::<usize>() <= MAX_BYTES);
        assert!(kept.len() > 15, "{}", kept.len());
        assert!(kept.last().unwrap().starts_with("39"));
        assert_eq!(lost.overflown + kept.len() as u64, 40);
        assert_eq!(lost.unfinished, 0);
    }

    // TXN-5
    #[test]
    fn what_was_discarded_is_no_loss_and_what_is_late_is() {
        let spans = FinishedSpans::new(10);
        spans.note_start();
        spans.note_discard();
        spans.note_start();
        finish(&spans, "a".to_owned());
        assert_eq!(spans.take().1.unfinished, 1);
    }

    #[test]
    fn threads_that_finish_at_once_lose_nothing() {
        let spans = FinishedSpans::new(3000);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for at in 0..1000 {
                        finish(&spans, at.to_string());
                    }
                });
            }
        });
        let (kept, lost) = spans.take();
        assert_eq!(
            (kept.len(), lost.overflown, lost.unfinished),
            (3000, 1000, 0)
        );
    }
}
