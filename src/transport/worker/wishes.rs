//! Wishes: what other threads want of the worker, how they wake it, and how far it has come.
//!
//! All of it but the way of an envelope: flushes, the end, files of the client, what waits on disk. Entry point: [`Wishes`].
//! The locks of this file are taken alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::wake::Wake;
use crate::base::lock::lock;
use crate::transport::queue::priority::Priority;

/// A flush that waits for what was queued when it began.
#[derive(Debug)]
pub(crate) struct Flush {
    /// What must have left, per lane.
    pub(crate) marks: [u64; Priority::COUNT],
    /// How it went.
    pub(crate) progress: Mutex<Progress>,
    /// Signals `progress`.
    pub(crate) changed: Condvar,
}

/// How a flush goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Something is still under way.
    Waiting,
    /// Everything has left.
    Passed,
    /// The worker ended first.
    Ended,
}

impl Flush {
    /// Wakes who waits for it.
    pub(crate) fn finish(&self, progress: Progress) {
        *lock(&self.progress) = progress;
        self.changed.notify_all();
    }
}

/// How far the worker has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// What it sends with is being made.
    Opening,
    /// The client's files in dead runs are being looked at.
    Starting,
    /// At work.
    Running,
    /// Everything is settled; handles are being freed.
    Settled,
    /// The thread is about to return.
    Exited,
}

#[derive(Debug, Default)]
struct Open {
    /// Flushes that began since the worker looked last.
    flushes: Vec<Arc<Flush>>,
    /// Set once: stop, at this instant at the latest.
    stop: Option<Instant>,
}

/// What is asked of the worker, each wish with the lock or the flag that carries it.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// Wakes the worker.
    pub(crate) wake: Arc<Wake>,
    /// How far the worker has come.
    pub(crate) phase: Mutex<Phase>,
    /// Signals `phase`.
    pub(crate) phase_changed: Condvar,
    open: Mutex<Open>,
    client_tasks: AtomicBool,
    spool: AtomicBool,
    ends_alone: AtomicBool,
}

impl Wishes {
    /// None yet.
    pub(crate) fn new(wake: Arc<Wake>) -> Self {
        Self {
            wake,
            phase: Mutex::new(Phase::Opening),
            phase_changed: Condvar::new(),
            open: Mutex::default(),
            client_tasks: AtomicBool::new(false),
            spool: AtomicBool::new(false),
            ends_alone: AtomicBool::new(false),
        }
    }

    /// Wants to know when everything below `marks` has left; none if the worker has ended.
    pub(crate) fn flush(&self, marks: [u64; Priority::COUNT]) -> Option<Arc<Flush>> {
        let flush = Arc::new(Flush {
            marks,
            progress: Mutex::new(Progress::Waiting),
            changed: Condvar::new(),
        });
        lock(&self.open).flushes.push(Arc::clone(&flush));
        self.wake.now();
        // After the push: a worker that ended before it did not see this flush, and never will.
        (*lock(&self.phase) <= Phase::Running).then_some(flush)
    }

    /// Nobody waits for this flush any more. One that the worker took it lets go of when it looks next.
    pub(crate) fn forget(&self, flush: &Arc<Flush>) {
        let mut open = lock(&self.open);
        open.flushes.retain(|other| !Arc::ptr_eq(other, flush));
    }

    /// Wants the worker to stop, at this instant at the latest.
    pub(crate) fn stop(&self, latest: Instant) {
        lock(&self.open).stop = Some(latest);
        self.wake.now();
    }

    /// Nobody waits for the end: a callback that the worker runs wanted it.
    pub(crate) fn end_alone(&self) {
        self.ends_alone.store(true, Ordering::Relaxed);
    }

    /// True after [`Self::end_alone`].
    pub(crate) fn ends_alone(&self) -> bool {
        self.ends_alone.load(Ordering::Relaxed)
    }

    /// Wants what waits on disk sent at once.
    pub(crate) fn send_spooled(&self) {
        self.spool.store(true, Ordering::Release);
        self.wake.now();
    }

    /// The client has something to write.
    pub(crate) fn run_client_tasks(&self) {
        self.client_tasks.store(true, Ordering::Release);
        self.wake.new_task();
    }

    /// Worker: the flushes since it looked last, and when it has to stop.
    pub(crate) fn take(&self) -> (Vec<Arc<Flush>>, Option<Instant>) {
        let mut open = lock(&self.open);
        (std::mem::take(&mut open.flushes), open.stop)
    }

    /// Worker: true if what waits on disk is to be sent at once.
    pub(crate) fn wants_spool(&self) -> bool {
        self.spool.load(Ordering::Acquire)
    }

    /// Worker: as [`Self::wants_spool`], once.
    pub(crate) fn take_spool(&self) -> bool {
        self.wants_spool() && self.spool.swap(false, Ordering::AcqRel)
    }

    /// Worker: true if the client has something to write.
    pub(crate) fn wants_client_tasks(&self) -> bool {
        self.client_tasks.load(Ordering::Acquire)
    }

    /// Worker: as [`Self::wants_client_tasks`], once.
    pub(crate) fn take_client_tasks(&self) -> bool {
        self.wants_client_tasks() && self.client_tasks.swap(false, Ordering::AcqRel)
    }

    /// Waits until the worker can send, or has ended without that; how far it is.
    pub(crate) fn wait_for_opening(&self) -> Phase {
        let is_opening = |phase: &mut Phase| *phase == Phase::Opening;
        let opened = self.phase_changed.wait_while(lock(&self.phase), is_opening);
        *opened.unwrap_or_else(PoisonError::into_inner)
    }

    /// Worker: moves the phase on and tells those who wait for it.
    pub(crate) fn reach(&self, phase: Phase) {
        let mut now = lock(&self.phase);
        *now = (*now).max(phase);
        drop(now);
        self.phase_changed.notify_all();
    }
}
