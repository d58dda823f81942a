//! Ending: when a flush is answered, and when the worker stops.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Job, Stop, Worker};
use crate::base::callout::Forked;
use crate::transport::queue::priority::Priority;
use crate::transport::worker::wishes::{Flush, Progress};

impl Worker {
    /// Tells those flushes whose envelopes have all left.
    pub(super) fn answer_flushes(&mut self) -> Result<(), Forked> {
        let passed = self.passed_flushes();
        let is_new = |(passed, (_, tried)): (&bool, &(Arc<Flush>, bool))| *passed && !tried;
        if passed.iter().zip(&self.flushes).any(is_new) {
            for ((_, tried), passed) in self.flushes.iter_mut().zip(&passed) {
                *tried |= passed;
            }
            // REP-7: what was lost so far goes out with a flush; once for all that have passed.
            self.start_report()?;
        }
        if self.active.iter().any(|transfer| transfer.job.is_none()) {
            return Ok(());
        }
        let mut passed = passed.into_iter();
        self.flushes.retain(|(flush, _)| {
            let is_over = passed.next().unwrap_or(false);
            if is_over {
                flush.finish(Progress::Passed);
            }
            !is_over
        });
        Ok(())
    }

    /// For each flush in order, whether everything it waits for has left.
    fn passed_flushes(&self) -> Vec<bool> {
        let has_passed = |flush: &(Arc<Flush>, bool)| self.has_passed(&flush.0.marks);
        self.flushes.iter().map(has_passed).collect()
    }

    fn has_passed(&self, marks: &[u64; Priority::COUNT]) -> bool {
        let is_before = |job: &Job| {
            marks
                .get(job.priority.index())
                .is_some_and(|mark| job.sequence < *mark)
        };
        self.shared.account.queue.has_passed(marks)
            && !self.parked.iter().any(is_before)
            && !self
                .active
                .iter()
                .filter_map(|transfer| transfer.job.as_ref())
                .any(is_before)
    }

    /// Stopping, and either nothing is left, or there is no point in waiting, or no time.
    pub(super) fn is_finished(&mut self) -> Result<bool, Forked> {
        let Some(stop) = self.stop else {
            return Ok(false);
        };
        if self.shared.clock.now() >= stop.deadline {
            return Ok(true);
        }
        if self.circuit.is_offline() && self.active.is_empty() && !self.is_last_probe_due() {
            return Ok(true);
        }
        if self.active.is_empty() && self.is_blocked_until(stop.deadline) {
            return Ok(true);
        }
        if !self.is_drained() {
            return Ok(self.is_last_round_over());
        }
        if self.has_last_round() {
            return Ok(false);
        }
        if !stop.report_tried {
            self.stop = Some(Stop {
                report_tried: true,
                ..stop
            });
            return self.start_report().map(|has_started| !has_started);
        }
        Ok(true)
    }

    /// Nothing is under way, and nothing waits in memory.
    pub(super) fn is_drained(&self) -> bool {
        self.active.is_empty() && self.parked.is_empty() && self.shared.account.queue.is_empty()
    }

    /// What is still under way came from disk, and has had its time: it stays there.
    fn is_last_round_over(&self) -> bool {
        let is_from_disk = |job: &Job| job.spooled.is_some();
        let mut active = self.active.iter().map(|transfer| &transfer.job);
        let is_over = self
            .last_round_until()
            .is_some_and(|until| self.shared.clock.now() >= until);
        is_over
            && self.parked.is_empty()
            && self.shared.account.queue.is_empty()
            && active.all(|job| job.as_ref().is_some_and(is_from_disk))
    }

    /// Until when a shutdown sends that has to be over at `latest`: what will be left then has to be written as well.
    pub(super) fn send_until(&self, latest: Instant) -> Instant {
        /// For one file, on a disk that is no slower than most.
        const WRITING: Duration = Duration::from_micros(200);
        if !self.shared.account.has_place() {
            return latest;
        }
        let held = u32::try_from(self.shared.account.queue.usage().items).unwrap_or(u32::MAX);
        let left = latest.saturating_duration_since(self.shared.clock.now());
        // However much there is, most of the time is for sending.
        let writing = WRITING
            .saturating_mul(held)
            .min(left.checked_div(4).unwrap_or(left));
        latest.checked_sub(writing).unwrap_or(latest)
    }

    /// Leaves everything on disk for the next start that could not be sent, as far as there is time.
    pub(super) fn save_rest(&mut self) -> Result<(), Forked> {
        let Some(stop) = self.stop else {
            return Ok(());
        };
        self.shared.is_saving.store(true, Ordering::Release);
        let active = std::mem::take(&mut self.active);
        let mut jobs = Vec::new();
        for transfer in active {
            // Nobody knows whether it arrived; REP-8.
            self.shared.account.ledger.restore(&transfer.losses);
            jobs.extend(transfer.job);
        }
        jobs.extend(self.parked.drain(..));
        for job in jobs.iter().filter(|job| job.spooled.is_none()) {
            let held = (&*job.envelope, job.permit);
            self.shared
                .save_held(job.ticket, held, job.requests, stop.save_until);
        }
        self.shared.save_queued(stop.save_until)
    }

    /// Nothing can be tried before the deadline.
    fn is_blocked_until(&self, deadline: Instant) -> bool {
        let blocked = self.circuit.blocked_until(self.shared.clock.now());
        blocked.is_some_and(|until| until >= deadline)
    }

    /// The one attempt that a shutdown grants an unreachable server has yet to be made.
    fn is_last_probe_due(&self) -> bool {
        let has_work = !self.parked.is_empty() || !self.shared.account.queue.is_empty();
        has_work
            && self
                .circuit
                .blocked_until(self.shared.clock.now())
                .is_none()
    }
}
