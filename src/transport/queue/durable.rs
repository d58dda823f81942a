//! Durable copies: with the option `queue_durable` each accepted envelope also lies in the log of this run until it is
//! settled, so that the next start finds it if this process is killed.
//!
//! A copy is made before the envelope is accepted; without room for it the queue counts as full. With a log that cannot be
//! relied on any more there are no copies, and the queue goes on in memory.
//! Entry point: [`Copies`].

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::memory::OutOfMemory;
use crate::base::process;
use crate::protocol::envelope::{Envelope, HeaderFields};
use crate::store::queue_log::{QueueLog, Record};

/// What an accepted envelope holds until it is settled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Charge {
    /// Bytes of the budget.
    pub(crate) bytes: u64,
    /// Its copy.
    pub(crate) record: Option<Record>,
}

/// The log has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom;

/// Makes the copies. Without a log every copy is none.
#[derive(Debug)]
pub(crate) struct Copies {
    log: Option<QueueLog>,
    generation: u32,
    /// Something was copied since the last sync.
    is_changed: AtomicBool,
    /// Copies were left to the next start.
    has_left: AtomicBool,
    /// They can no longer be relied on.
    has_failed: AtomicBool,
    /// The host was told so.
    is_told: AtomicBool,
}

impl Copies {
    /// Copies in this log.
    pub(crate) fn new(log: Option<QueueLog>) -> Self {
        Self {
            log,
            generation: process::fork_generation(),
            is_changed: AtomicBool::new(false),
            has_left: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
        }
    }

    /// The bytes to copy, if copies are made: the envelope without what every start knows by itself.
    pub(crate) fn bytes_of(&self, envelope: &Envelope) -> Option<Result<Vec<u8>, OutOfMemory>> {
        self.sound_log()?;
        Some(envelope.to_bytes(&HeaderFields::default()))
    }

    /// Makes a copy.
    pub(crate) fn make(&self, bytes: Option<&[u8]>) -> Result<Option<Record>, NoRoom> {
        match (self.sound_log(), bytes) {
            (Some(log), Some(bytes)) => {
                let Ok(record) = log.append(bytes) else {
                    // It goes on from memory; the worker says so.
                    self.has_failed.store(true, Ordering::Release);
                    self.is_changed.store(true, Ordering::Release);
                    return Ok(None);
                };
                let record = record.ok_or(NoRoom)?;
                // Looked at first: a store by every capture would be shared by all of them.
                if !self.is_changed.load(Ordering::Relaxed) {
                    self.is_changed.store(true, Ordering::Release);
                }
                Ok(Some(record))
            }
            _ => Ok(None),
        }
    }

    /// True if there is room for a copy, or none is made.
    pub(crate) fn has_room_for(&self, bytes: Option<&[u8]>) -> bool {
        match (self.sound_log(), bytes) {
            (Some(log), Some(bytes)) => log.has_room_for(bytes.len()),
            _ => true,
        }
    }

    /// Ends a copy.
    pub(crate) fn end(&self, record: Option<Record>) {
        if let (Some(log), Some(record)) = (self.log(), record) {
            log.settle(record);
        }
    }

    /// True if copies are made.
    pub(crate) fn is_on(&self) -> bool {
        self.sound_log().is_some()
    }

    /// Notes that the next start may not find the copies: the disk fails, or somebody removed the log. True the first time.
    pub(crate) fn note_failure(&self) -> bool {
        self.has_failed.store(true, Ordering::Release);
        !self.is_told.swap(true, Ordering::Relaxed)
    }

    /// True if a copy could not be made and the host was not told so.
    pub(crate) fn has_untold_failure(&self) -> bool {
        self.has_failed.load(Ordering::Acquire) && !self.is_told.load(Ordering::Relaxed)
    }

    /// Leaves a copy to the next start, which must find the log then; false if there is none.
    pub(crate) fn leave(&self, record: Option<Record>) -> bool {
        let is_there = record.is_some() && self.sound_log().is_some();
        self.has_left.fetch_or(is_there, Ordering::AcqRel);
        is_there
    }

    /// True if the next start is to find the log.
    pub(crate) fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Acquire)
    }

    /// True if there are copies that no sync has seen.
    pub(crate) fn is_changed(&self) -> bool {
        self.is_changed.load(Ordering::Acquire)
    }

    /// Waits until the copies are on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.is_changed.store(false, Ordering::Release);
        self.log().map_or(Ok(()), QueueLog::sync)
    }

    /// The log, while the next start will find what is written there.
    fn sound_log(&self) -> Option<&QueueLog> {
        self.log()
            .filter(|_| !self.has_failed.load(Ordering::Acquire))
    }

    /// A forked child has the log of its parent open, and must not write there.
    fn log(&self) -> Option<&QueueLog> {
        self.log
            .as_ref()
            .filter(|_| self.generation == process::fork_generation())
    }
}
