//! The worker: takes envelopes from the queue, sends them, decides what an answer or its absence means.
//!
//! [`Worker::step`] does everything there is to do and then waits once, inside the sender; the thread is a loop around
//! it. Time, chance and the sender are passed in, so that a test drives it without thread, clock or network.
//!
//! While the server cannot be reached (the circuit is open) one envelope is tried at growing distances and everything
//! else stays in the queue, where its bounds hold.

pub(super) mod rate_limiter;
pub(crate) mod retry;
pub(super) mod run_takeover;
pub(super) mod saving;
pub(crate) mod spooling;
pub(super) mod thread;
pub(super) mod wake;

mod answer;
mod ending;
mod spooled;
mod tasks;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::transport::worker::tasks::{SavedCounts, Takeover};
use spooled::{Spooled, Spooling};

use crate::base::diagnostics::Severity;
use crate::base::lock::lock;
use crate::base::timestamp::Timestamp;
use crate::protocol::category::Category;
use crate::protocol::client_report;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::transport::account::ledger::Loss;
use crate::transport::account::outcome::Fate;
use crate::transport::queue::Queued;
use crate::transport::queue::permit::Permit;
use crate::transport::queue::priority::Priority;
use crate::transport::shared::{Flush, Phase, Progress, Shared};
use crate::transport::wire::http::Completion;
use crate::transport::wire::sender::{Outgoing, Sender};
use crate::transport::worker::retry::{Attempts, Circuit};
use crate::transport::worker::wake::{NAP, Wanted};

/// Shortest distance between client reports that travel alone (REP-7).
const REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// How long after the deadline of a shutdown what is unsent is still written to disk.
const SAVE_GRACE: Duration = Duration::from_millis(25);
/// Longest time a shutdown spends on one more attempt when the server was offline a moment ago.
const LAST_PROBE: Duration = Duration::from_millis(100);

/// An envelope the worker answers for.
#[derive(Debug)]
struct Job {
    ticket: u64,
    envelope: Arc<Envelope>,
    permit: Permit,
    priority: Priority,
    sequence: u64,
    attempts: Attempts,
    requests: u32,
    redirect: Option<Redirect>,
    /// Where it lies, if it came from disk.
    spooled: Option<Spooled>,
}

impl Job {
    fn has_session(&self) -> bool {
        let mut items = self.envelope.items();
        items.any(|item| item.category() == Category::Session)
    }
}

#[derive(Debug, Clone)]
struct Redirect {
    url: String,
    with_auth: bool,
}

/// A request under way: for a job, or a client report alone.
#[derive(Debug)]
struct Transfer {
    ticket: u64,
    job: Option<Job>,
    losses: Vec<Loss>,
    /// Failures in a row before it began: what fails together is one failure of the server.
    failures_before: u32,
}

/// What [`Worker::step`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Call again.
    Continue,
    /// Everything is settled; do not call again.
    Finished,
    /// This is a forked child, made in a callback; do not call again, and free nothing.
    Forked,
}

#[derive(Debug, Clone, Copy)]
struct Stop {
    /// Nothing is sent any more.
    deadline: Instant,
    /// Nothing is written any more.
    save_until: Instant,
    report_tried: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    sender: Box<dyn Sender>,
    random: fn() -> f64,
    next_ticket: u64,
    active: Vec<Transfer>,
    parked: VecDeque<Job>,
    circuit: Circuit,
    flushes: Vec<(Arc<Flush>, bool)>,
    stop: Option<Stop>,
    last_report: Instant,
    reports: Reports,
    /// An envelope was taken out of the queue since the worker waited for one.
    has_taken: bool,
    naps_until: Instant,
    ended: Vec<Completion>,
    takeover: Takeover,
    last_sync: Instant,
    /// When the numbers were brought into their file, if that is to be done again, and if it went wrong.
    saving: SavedCounts,
    spooling: Option<Spooling>,
}

/// How client reports travel. Servers that do not know them may refuse the whole envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reports {
    /// With the next envelope.
    Riding,
    /// Alone, after an envelope with one was refused.
    Alone,
    /// Not at all, after one was refused that travelled alone.
    Off,
}

impl Worker {
    /// A worker with nothing to do. `random` gives numbers in `[0, 1)`.
    pub(crate) fn new(shared: Arc<Shared>, sender: Box<dyn Sender>, random: fn() -> f64) -> Self {
        let last_report = shared.clock.now();
        let spooling = Spooling::new(&shared);
        Self {
            shared,
            sender,
            random,
            next_ticket: 0,
            active: Vec::new(),
            parked: VecDeque::new(),
            circuit: Circuit::default(),
            flushes: Vec::new(),
            stop: None,
            last_report,
            reports: Reports::Riding,
            has_taken: false,
            naps_until: last_report,
            ended: Vec::new(),
            takeover: Takeover::Due,
            last_sync: last_report,
            saving: SavedCounts::new(last_report),
            spooling,
        }
    }

    /// Does what there is to do, then waits until something happens.
    pub(crate) fn step(&mut self) -> Step {
        self.read_control();
        // After that: a flush that is known by now waits for the lines of before it.
        self.shared.diagnostics.speak();
        self.do_tasks();
        self.start_spooled();
        self.start_transfers();
        self.spill_some();
        self.start_due_report();
        self.answer_flushes();
        // Any callback may have forked: the child must not touch the parent's connections.
        if self.shared.is_inherited() {
            return Step::Forked;
        }
        let is_finished = self.is_finished();
        if is_finished {
            // What the server has answered is no loss, even if it never ends its answer.
            self.sender.end_answered(&mut self.ended);
            self.complete_all();
            self.save_rest();
            self.shared.abandon_all();
        } else {
            self.wait();
            self.complete_all();
        }
        match is_finished {
            _ if self.shared.is_inherited() => Step::Forked,
            true => Step::Finished,
            false => Step::Continue,
        }
    }

    fn complete_all(&mut self) {
        let mut ended = std::mem::take(&mut self.ended);
        for completion in ended.drain(..) {
            if !self.shared.is_inherited() {
                self.complete(completion);
            }
        }
        self.ended = ended;
    }

    /// After a panic: whatever was under way is lost and counted; the worker goes on with the rest.
    pub(crate) fn recover(&mut self, message: &str) {
        let mut transfers = std::mem::take(&mut self.active);
        for transfer in transfers.drain(..) {
            self.shared.ledger.restore(&transfer.losses);
            self.sender.cancel(transfer.ticket);
        }
        // Not only those under way: one may have been in nobody's hands when the panic came.
        let is_parked = |ticket| self.parked.iter().any(|job| job.ticket == ticket);
        self.shared
            .settle_all_but(is_parked, DiscardReason::InternalSdkError);
        self.shared.diagnostics.log(
            Severity::Error,
            format_args!("the worker panicked, the envelopes under way are lost: {message}"),
        );
        self.shared.traffic.in_flight.store(0, Ordering::Relaxed);
        self.ended.clear();
    }

    fn read_control(&mut self) {
        let mut control = lock(&self.shared.control);
        let is_new = !control.flushes.is_empty();
        self.flushes
            .extend(control.flushes.drain(..).map(|flush| (flush, false)));
        // Nobody waits for those whose other owner is gone.
        self.flushes
            .retain(|(flush, _)| Arc::strong_count(flush) > 1);
        let stop = control.stop;
        drop(control);
        if is_new {
            self.want_look();
        }
        let Some(latest) = stop else { return };
        if self.stop.is_none() {
            let mut deadline = self.send_until(latest);
            // Known to be away, or asked for patience: one attempt now instead of the rest of the delay.
            self.circuit.hurry();
            if self.circuit.is_offline() {
                // Little patience where there was not even a connection.
                let probe = self.shared.clock.now().checked_add(LAST_PROBE);
                deadline = probe.map_or(deadline, |probe| probe.min(deadline));
            }
            self.stop = Some(Stop {
                deadline,
                save_until: latest.checked_add(SAVE_GRACE).unwrap_or(latest),
                report_tried: false,
            });
            self.put_back_parked();
            self.begin_last_round(deadline);
        }
    }

    fn start_transfers(&mut self) {
        self.withhold_waiting();
        while self.has_free_slot() && !self.shared.is_inherited() {
            let Some(job) = self.next_job() else { return };
            self.send(job);
        }
    }

    /// True if another request may begin now.
    fn has_free_slot(&self) -> bool {
        let limit = if self.circuit.is_open() {
            1
        } else {
            self.shared.settings.max_requests_in_flight
        };
        self.active.len() < limit
            && self.sender.has_room()
            && self
                .circuit
                .blocked_until(self.shared.clock.now())
                .is_none()
    }

    fn next_job(&mut self) -> Option<Job> {
        if self.probes_with_another()
            && let Some(queued) = self.shared.queue.take()
        {
            return Some(self.job_of(queued));
        }
        if let Some(job) = self.parked.pop_front() {
            return Some(job);
        }
        let queued = self.shared.queue.take()?;
        Some(self.job_of(queued))
    }

    /// True if the next probe is better made with an envelope that has not been tried yet: the server takes requests and
    /// answers none, and that may be due to those it got. Only for a few, which then take turns: the queue's policy has no
    /// hold on what was taken out of it. None overtakes an update of a session.
    fn probes_with_another(&self) -> bool {
        const MOST_TRIED: usize = 4;
        self.circuit.is_mute()
            && self.shared.settings.retry.is_patient
            && self.stop.is_none()
            && !self.parked.is_empty()
            && self.parked.len() < MOST_TRIED
            && !self.parked.iter().any(Job::has_session)
    }

    fn job_of(&mut self, queued: Queued) -> Job {
        self.has_taken = true;
        let ticket = self.ticket();
        self.shared.hold(ticket, &queued);
        Job {
            ticket,
            priority: queued.priority,
            sequence: queued.sequence,
            envelope: Arc::new(queued.envelope),
            permit: queued.permit,
            attempts: Attempts::default(),
            requests: 0,
            redirect: None,
            spooled: None,
        }
    }

    fn ticket(&mut self) -> u64 {
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.next_ticket
    }

    /// Sends a job, unless nothing may be sent, or a rate limit leaves nothing of it (RL-10).
    fn send(&mut self, mut job: Job) {
        self.run_due();
        if !self.shared.may_send(job.permit) {
            return self.withhold(&job);
        }
        if !self.apply_rate_limits(&mut job) {
            return;
        }
        self.rebase(&mut job);
        let (report, losses) = match self.reports {
            Reports::Riding => self.take_report(),
            Reports::Alone | Reports::Off => (None, Vec::new()),
        };
        if job.requests > 0 {
            self.shared.traffic.retries.fetch_add(1, Ordering::Relaxed);
        }
        job.requests = job.requests.saturating_add(1);
        self.begin(
            Transfer {
                ticket: job.ticket,
                job: Some(job),
                losses,
                failures_before: self.circuit.failures(),
            },
            report,
        );
    }

    /// Tells the times of what this run recorded in the time of now, if the clock was set since.
    fn rebase(&self, job: &mut Job) {
        let is_of_this_run = match &job.spooled {
            Some(spooled) => spooled.is_of_this_run(),
            None => !job.envelope.was_read(),
        };
        if is_of_this_run {
            for (place, payload) in self.shared.rebased(&job.envelope) {
                Arc::make_mut(&mut job.envelope).replace_payload(place, payload);
            }
        }
    }

    fn begin(&mut self, transfer: Transfer, report: Option<Vec<u8>>) {
        let traffic = &self.shared.traffic;
        traffic.requests.fetch_add(1, Ordering::Relaxed);
        traffic.in_flight.fetch_add(1, Ordering::Relaxed);
        let ticket = transfer.ticket;
        // Before it begins: after a panic in there it must be found.
        self.active.push(transfer);
        let job = self.active.last_mut().and_then(|it| it.job.as_mut());
        let redirect = job.as_ref().and_then(|job| job.redirect.clone());
        let outgoing = Outgoing {
            envelope: job.map(|job| &mut job.envelope),
            report,
            redirect: redirect.map(|redirect| (redirect.url, redirect.with_auth)),
        };
        if let Err(failure) = self.sender.start(ticket, outgoing) {
            self.ended.push(Completion {
                ticket,
                result: Err(failure),
            });
        }
    }

    /// Removes limited items; false if nothing is left to send and the job is settled.
    fn apply_rate_limits(&mut self, job: &mut Job) -> bool {
        let now = self.shared.clock.now();
        let limiter = &self.shared.limiter;
        if !job
            .envelope
            .items()
            .any(|item| limiter.is_limited(item.category(), now))
        {
            return true;
        }
        if job.spooled.is_some() {
            // What is left out of the request would still be in the file. It goes when all of it may.
            self.put_back(job);
            return false;
        }
        // The job is the only owner between requests, so nothing is copied.
        let envelope = Arc::make_mut(&mut job.envelope);
        let lost = envelope.remove_limited(|category| limiter.is_limited(category, now));
        let reason = DiscardReason::RatelimitBackoff;
        if envelope.is_empty() {
            self.settle(job, Fate::Discarded(reason), 0);
            return false;
        }
        self.shared
            .discard_part(job.ticket, &lost, envelope, reason);
        true
    }

    /// A client report for the next request, and the losses in it (RL-12: none while everything is limited).
    fn take_report(&self) -> (Option<Vec<u8>>, Vec<Loss>) {
        let is_limited = self
            .shared
            .limiter
            .is_limited(Category::Internal, self.shared.clock.now());
        if is_limited || !self.shared.ledger.has_unreported() {
            return (None, Vec::new());
        }
        let timestamp = Timestamp::new(self.shared.clock.wall());
        let (told, left) = client_report::split(self.shared.ledger.take_unreported());
        self.shared.ledger.restore(&left);
        let payload = (!told.is_empty()).then(|| client_report::write(timestamp.as_str(), &told));
        (payload, told)
    }

    fn start_due_report(&mut self) {
        let now = self.shared.clock.now();
        let is_due = now.saturating_duration_since(self.last_report) >= REPORT_INTERVAL;
        if is_due && self.active.is_empty() && self.shared.queue.is_empty() {
            self.start_report();
        }
    }

    /// Sends a client report alone, if there is something to report and the server can take it; true if it did.
    fn start_report(&mut self) -> bool {
        let now = self.shared.clock.now();
        let is_possible =
            self.reports != Reports::Off && !self.circuit.is_open() && self.shared.gate.is_open();
        if !is_possible || !self.shared.has_due_report() || !self.has_free_slot() {
            return false;
        }
        let (report, losses) = self.take_report();
        if report.is_none() {
            return false;
        }
        self.last_report = now;
        let ticket = self.ticket();
        self.begin(
            Transfer {
                ticket,
                job: None,
                losses,
                failures_before: self.circuit.failures(),
            },
            report,
        );
        true
    }

    fn wait(&mut self) {
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
    fn announce_wait(&mut self, at_most: Duration) -> Duration {
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
    fn nap_left(&mut self) -> Option<Duration> {
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
    fn longest_sleep(&self) -> Duration {
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

impl Drop for Worker {
    /// Whatever way the worker ends, what it held is booked and those who wait are told.
    fn drop(&mut self) {
        // After a panic that nothing could contain there is nobody to send what would come.
        self.shared.queue.close(&self.shared.ledger);
        self.shared.abandon_all();
        self.shared.reach(Phase::Settled);
        let late = std::mem::take(&mut lock(&self.shared.control).flushes);
        for flush in self.flushes.drain(..).map(|(flush, _)| flush).chain(late) {
            flush.finish(Progress::Ended);
        }
    }
}

#[cfg(test)]
mod tests;
