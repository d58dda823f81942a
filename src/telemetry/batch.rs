//! Batches: entries of one kind that wait for others to share an envelope with (LOG-8, MET-4).
//!
//! A batch is the payload that is sent, growing: `{"items":[…]}`. What it costs in bytes, in the books and in memory, is known
//! before an entry is taken, so that the caller can charge it first. Entry point: [`Batch`].

use std::time::{Duration, Instant};

use crate::base::memory::OutOfMemory;

/// Most entries in an envelope.
const MOST_ENTRIES: u64 = 100;
/// Most bytes of them.
const MOST_BYTES: usize = 1 << 20;
/// Longest time that the first waits.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(5);

const BEGIN: &[u8] = b"{\"items\":[";
const END: &[u8] = b"]}";

/// What one more entry costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Bytes of the payload.
    pub(crate) bytes: u64,
    /// Bytes of memory.
    pub(crate) memory: u64,
}

/// Entries, and the `T` that the caller keeps with them.
#[derive(Debug, Default)]
pub(crate) struct Batch<T> {
    payload: Vec<u8>,
    /// Bytes of memory that the entries were said to cost.
    charged: usize,
    entries: u64,
    due: Option<Instant>,
    /// The caller's.
    pub(crate) token: T,
}

impl<T: Default> Batch<T> {
    /// True without an entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// True if no entry is to be added any more.
    pub(crate) fn is_full(&self) -> bool {
        self.entries >= MOST_ENTRIES
    }

    /// True if an entry of so many bytes may join the others. An empty batch takes any.
    pub(crate) fn takes(&self, bytes: usize) -> bool {
        self.is_empty() || self.payload.len().saturating_add(bytes) < MOST_BYTES
    }

    /// When it is to be sent; none while it is empty.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Makes room for one more entry; what it costs when it is added.
    pub(crate) fn prepare(&mut self, entry: &[u8]) -> Result<Cost, OutOfMemory> {
        let around = match self.is_empty() {
            true => BEGIN.len().saturating_add(END.len()),
            // The comma.
            false => 1,
        };
        let bytes = entry.len().saturating_add(around);
        // The end has its place from the first entry on.
        self.payload.try_reserve(bytes.saturating_add(END.len()))?;
        let memory = self.payload.capacity().saturating_sub(self.charged);
        let count = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        Ok(Cost {
            bytes: count(bytes),
            memory: count(memory),
        })
    }

    /// Adds an entry, for which there is room. True if it is the first.
    pub(crate) fn add(&mut self, entry: &[u8], now: impl FnOnce() -> Instant) -> bool {
        let is_first = self.is_empty();
        if is_first {
            self.payload.extend_from_slice(BEGIN);
            self.due = now().checked_add(LONGEST_WAIT);
        } else {
            self.payload.push(b',');
        }
        self.payload.extend_from_slice(entry);
        self.charged = self.payload.capacity();
        self.entries = self.entries.saturating_add(1);
        is_first
    }

    /// The payload, and how many entries are in it; empty again. The token stays.
    pub(crate) fn take(&mut self) -> (Vec<u8>, u64) {
        let (mut payload, entries) = (std::mem::take(&mut self.payload), self.entries);
        payload.extend_from_slice(END);
        payload.shrink_to_fit();
        (self.entries, self.charged, self.due) = (0, 0, None);
        (payload, entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(batch: &mut Batch<()>, entry: &str) -> Cost {
        let cost = batch.prepare(entry.as_bytes()).unwrap();
        batch.add(entry.as_bytes(), Instant::now);
        cost
    }

    // LOG-1, LOG-8
    #[test]
    fn the_payload_is_a_list_and_costs_what_was_said() {
        let mut batch = Batch::default();
        assert!(batch.is_empty() && batch.due().is_none());
        let costs = [add(&mut batch, "{}"), add(&mut batch, r#"{"a":1}"#)];
        assert!(batch.due().is_some());
        let memory = batch.payload.capacity() as u64;
        let (payload, entries) = batch.take();
        assert_eq!(payload, br#"{"items":[{},{"a":1}]}"#);
        assert_eq!(entries, 2);
        let bytes = costs.iter().map(|cost| cost.bytes).sum::<u64>();
        assert_eq!(bytes, payload.len() as u64);
        assert_eq!(costs.iter().map(|cost| cost.memory).sum::<u64>(), memory);
        assert!(batch.is_empty() && batch.due().is_none());
        add(&mut batch, "{}");
        assert_eq!(batch.take(), (br#"{"items":[{}]}"#.to_vec(), 1));
    }

    #[test]
    fn an_entry_that_was_prepared_and_not_added_is_still_to_be_paid() {
        let mut batch = Batch::<()>::default();
        let first = batch.prepare(b"{}").unwrap();
        assert_eq!(batch.prepare(b"{}").unwrap(), first);
        batch.add(b"{}", Instant::now);
        let large = vec![b'x'; 1000];
        let second = batch.prepare(&large).unwrap();
        assert_eq!(batch.prepare(&large).unwrap(), second);
        assert!(second.memory > 900);
    }

    #[test]
    fn it_is_full_by_number_and_by_bytes() {
        let mut batch = Batch::default();
        for _ in 0..99 {
            add(&mut batch, "{}");
        }
        assert!(!batch.is_full());
        add(&mut batch, "{}");
        assert!(batch.is_full());
        batch.take();
        assert!(batch.takes(usize::MAX), "alone any entry goes");
        add(&mut batch, &"x".repeat(MOST_BYTES - 100));
        assert!(batch.takes(50) && !batch.takes(100));
    }
}
