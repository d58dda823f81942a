//! The worker: takes envelopes from the queue, sends them, decides what an answer or its absence means.
//!
//! [`Worker::step`] does everything there is to do and then waits once, inside the sender; the thread is a loop around
//! it. Time, chance and the sender are passed in, so that a test drives it without thread, clock or network.
//!
//! The host is called in few places: by a sender that ends in the host, and by [`Worker::tell_host`], between the tasks.
//! Each answers that this is a forked child with an error, which goes up to the loop.
//!
//! While the server cannot be reached (the circuit is open) one envelope is tried at growing distances and everything
//! else stays in the queue, where its bounds hold.

pub(super) mod pump;
pub(super) mod rate_limiter;
pub(super) mod rebasing;
pub(crate) mod retry;
pub(super) mod run_files;
pub(super) mod run_takeover;
pub(super) mod saving;
pub(crate) mod spool_policy;
pub(super) mod thread;
pub(super) mod wake;
pub(super) mod wishes;

mod answer;
mod downgrade;
mod due;
mod ending;
mod reports;
mod saved_counts;
mod sending;
mod spool_rounds;
mod spooled;
mod spooling;
mod tasks;
mod unknown_kinds;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use run_takeover::Takeover;
use saved_counts::SavedCounts;
use spooling::{Spooled, Spooling};
use unknown_kinds::UnknownKinds;

use crate::base::callout::Forked;
use crate::base::diagnostics::Severity;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::transport::account::ledger::{Loss, Tally};
use crate::transport::queue::permit::Permit;
use crate::transport::queue::priority::Priority;
use crate::transport::shared::Shared;
use crate::transport::wire::http::Completion;
use crate::transport::wire::sender::Sender;
use crate::transport::worker::retry::{Attempts, Circuit};
use crate::transport::worker::wishes::{Flush, Phase, Progress};

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
    /// Attachments that the server refused as too large, and without which it goes.
    left_out: Vec<Tally>,
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
}

#[derive(Debug, Clone, Copy)]
struct Stop {
    /// Nothing is sent any more.
    deadline: Instant,
    /// Nothing is written any more.
    save_until: Instant,
    report_tried: bool,
}

/// Everything that only the worker knows: what is under way, what waits for another attempt, and when what is due.
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
    unknown_kinds: UnknownKinds,
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
            unknown_kinds: UnknownKinds::default(),
            has_taken: false,
            naps_until: last_report,
            ended: Vec::new(),
            takeover: Takeover::Due,
            last_sync: last_report,
            saving: SavedCounts::new(last_report),
            spooling,
        }
    }

    /// Does what there is to do, then waits until something happens. In a forked child it is not to be called again, and
    /// nothing is to be freed.
    pub(crate) fn step(&mut self) -> Result<Step, Forked> {
        match self.act()? {
            Step::Continue => self.rest(Duration::MAX).map(|()| Step::Continue),
            Step::Finished => Ok(Step::Finished),
        }
    }

    /// Does what there is to do, without waiting; to be followed by [`Self::rest`].
    pub(super) fn act(&mut self) -> Result<Step, Forked> {
        self.read_wishes();
        // After that: a flush that is known by now waits for the lines of before it.
        self.tell_host()?;
        self.run_due()?;
        self.answer_flushes()?;
        if !self.is_finished()? {
            return Ok(Step::Continue);
        }
        // What the server has answered is no loss, even if it never ends its answer.
        self.sender.in_flight_mut().end_answered(&mut self.ended);
        self.complete_all();
        self.save_rest()?;
        self.shared.account.abandon_all()?;
        self.tell_host()?;
        Ok(Step::Finished)
    }

    /// Waits until something happens, at most `at_most`, and takes what ended.
    pub(super) fn rest(&mut self, at_most: Duration) -> Result<(), Forked> {
        self.wait(at_most);
        self.complete_all();
        self.tell_host()
    }

    /// Tells the host what became of its envelopes, and what there is to say.
    fn tell_host(&self) -> Result<(), Forked> {
        self.shared.account.tell_noted()?;
        self.shared.diagnostics.speak()
    }

    fn complete_all(&mut self) {
        let mut ended = std::mem::take(&mut self.ended);
        for completion in ended.drain(..) {
            self.complete(completion);
        }
        self.ended = ended;
    }

    /// After a panic: whatever was under way is lost and counted; the worker goes on with the rest.
    pub(crate) fn recover(&mut self, message: &str) {
        let mut transfers = std::mem::take(&mut self.active);
        for transfer in transfers.drain(..) {
            self.shared.account.ledger.restore(&transfer.losses);
            self.sender.in_flight_mut().cancel(transfer.ticket);
        }
        // Not only those under way: one may have been in nobody's hands when the panic came.
        let is_parked = |ticket| self.parked.iter().any(|job| job.ticket == ticket);
        self.shared
            .account
            .settle_all_but(is_parked, DiscardReason::InternalSdkError);
        self.shared.diagnostics.log(
            Severity::Error,
            format_args!("the worker panicked, the envelopes under way are lost: {message}"),
        );
        self.shared.traffic.in_flight.store(0, Ordering::Relaxed);
        self.ended.clear();
    }

    fn read_wishes(&mut self) {
        let (flushes, stop) = self.shared.wishes.take();
        let is_new = !flushes.is_empty();
        self.flushes
            .extend(flushes.into_iter().map(|flush| (flush, false)));
        // Nobody waits for those whose other owner is gone.
        self.flushes
            .retain(|(flush, _)| Arc::strong_count(flush) > 1);
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
}

impl Drop for Worker {
    /// Whatever way the worker ends, what it held is booked and those who wait are told.
    fn drop(&mut self) {
        // After a panic that nothing could contain there is nobody to send what would come.
        self.shared.account.queue.close(&self.shared.account.ledger);
        if self.shared.account.abandon_all() == Err(Forked) {
            return;
        }
        self.shared.wishes.reach(Phase::Settled);
        let (late, _) = self.shared.wishes.take();
        for flush in self.flushes.drain(..).map(|(flush, _)| flush).chain(late) {
            flush.finish(Progress::Ended);
        }
    }
}

#[cfg(test)]
mod tests;
