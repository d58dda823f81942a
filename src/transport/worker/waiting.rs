//! Waiting: how long the worker waits between two steps, and what ends that wait.

use std::time::{Duration, Instant};

use super::Worker;
use super::reports::REPORT_INTERVAL;
use crate::transport::worker::wake::{NAP, Wanted};

impl Worker {
    pub(super) fn wait(&mut self) {
        let mut at_most = if self.ended.is_empty() && !self.has_tasks() {
            self.longest_sleep()
        } else {
            Duration::ZERO
        };
        if !at_most.is_zero() {
            at_most = self.announce_wait(at_most);
        }
        self.sender.wait(at_most, &mut self.ended);
        self.shared.wake.awake();
    }

    /// Says what is to end the wait that follows, and how long it is: not at all if that has come meanwhile.
    pub(super) fn announce_wait(&mut self, at_most: Duration) -> Duration {
        let (takes_work, spills) = (self.has_free_slot(), self.spills());
        let nap = self.nap_left().filter(|_| takes_work);
        let (wanted, at_most) = match nap {
            Some(nap) => (Wanted::URGENT_WORK, at_most.min(nap)),
            None if takes_work || spills => (Wanted::TASK.and(Wanted::WORK), at_most),
            None => (Wanted::TASK, at_most),
        };
        self.shared.wake.announce(wanted);
        // What waits may have come since this step looked for it.
        let queue = &self.shared.queue;
        let may_send = takes_work && (!queue.is_empty() || !self.parked.is_empty());
        let may_spill = spills && queue.is_nearly_full() && !queue.is_empty();
        match may_send || may_spill || self.has_tasks() {
            true => Duration::ZERO,
            false => at_most,
        }
    }

    /// How long captures need not wake the worker, because it has taken an envelope a moment ago.
    pub(super) fn nap_left(&mut self) -> Option<Duration> {
        /// What the wait could be told at least.
        const SHORTEST: Duration = Duration::from_millis(1);
        let now = self.shared.clock.now();
        if std::mem::take(&mut self.has_taken) {
            self.naps_until = now.checked_add(NAP).unwrap_or(now);
        }
        let left = self.naps_until.saturating_duration_since(now);
        (left >= SHORTEST).then_some(left)
    }

    /// Until the next thing that happens by itself.
    pub(super) fn longest_sleep(&self) -> Duration {
        let now = self.shared.clock.now();
        let mut sleep = self.shared.wake.longest_sleep();
        let mut sooner = |at: Instant| sleep = sleep.min(at.saturating_duration_since(now));
        if let Some(at) = self.circuit.blocked_until(now) {
            sooner(at);
        }
        if let Some(stop) = self.stop {
            sooner(stop.deadline);
            self.last_round_until()
                .filter(|until| *until > now)
                .into_iter()
                .for_each(&mut sooner);
        }
        for due in [self.sync_due(), self.save_due()] {
            due.into_iter().for_each(&mut sooner);
        }
        // Without a free slot it is the end of a request that is waited for.
        let spool_due = self.spool_due().filter(|_| self.has_free_slot());
        for due in [spool_due, self.discovery_due()] {
            due.into_iter().for_each(&mut sooner);
        }
        let report = self.last_report.checked_add(REPORT_INTERVAL);
        if let Some(due) = report.filter(|due| *due > now)
            && self.shared.has_due_report()
            && self.active.is_empty()
        {
            sooner(due);
        }
        sleep
    }
}
