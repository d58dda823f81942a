//! Transport: gets envelopes to the server, or says what became of them.
//!
//! Decides what is accepted (the bounded queue), when and how it is sent (the worker, retries, rate limits, client
//! reports), and keeps the books (the ledger). Entry point: [`Transport`]. May use: `store`, `protocol`,
//! `value`, `base`.
//!
//! The way of an envelope: [`Transport::submit`] → [`Account::accept`](account::Account::accept) → [`queue`] →
//! [`worker`] → [`sender`](wire::sender) → [`curl_client`](wire::curl_client) → answer →
//! [`Account::settle`](account::Account::settle) → [`ledger`](account::ledger) and the host's callback.

pub(crate) mod account;
pub(crate) mod backing;
pub(crate) mod driver;
pub(crate) mod queue;
pub(crate) mod settings;
mod shared;
mod traffic;
pub(crate) mod wire;
pub(crate) mod worker;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::base::callout::Forked;
use crate::base::clock::Clock;
use crate::base::diagnostics::{Diagnostics, Severity};
use crate::base::lock::lock;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::transport::account::Actor;
use crate::transport::account::ledger::Tally;
use crate::transport::account::outcome::Outcome;
use crate::transport::account::pending::Evicted;
use crate::transport::account::stats::Stats;
use crate::transport::queue::batched::Batched;
use crate::transport::queue::permit::Permit;
use backing::Backing;
use driver::{Driver, Ending, PollError};
use queue::Refusal;
use queue::settings::Overflow;
use settings::Settings;
use shared::Shared;
use worker::wishes::{Flush, Phase, Progress, Wishes};

pub(crate) use crate::transport::worker::thread::is_worker_thread;

/// How long a shutdown waits beyond its time-out for a worker that libcurl holds, before it books in its place.
const SETTLE_GRACE: Duration = Duration::from_millis(40);
/// How long it then writes what is queued to disk, in place of that worker.
const SAVE_GRACE: Duration = Duration::from_millis(10);
/// How long a shutdown then waits for the thread to end, before it is left to end by itself.
const EXIT_GRACE: Duration = Duration::from_millis(40);

/// Bytes that an envelope may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Without anything else having to go.
    pub(crate) free: u64,
    /// To be accepted now.
    pub(crate) now: u64,
    /// To be accepted by an empty queue.
    pub(crate) ever: u64,
}

/// Most that a shutdown waits for the worker's first look at the files of dead runs.
const LONGEST_START: Duration = Duration::from_millis(500);

/// A running transport: one queue, one worker, one server.
#[derive(Debug)]
pub(crate) struct Transport {
    shared: Arc<Shared>,
    driver: Driver,
}

impl Transport {
    /// Starts the worker.
    pub(crate) fn start(
        settings: Settings,
        clock: Arc<dyn Clock>,
        diagnostics: Arc<Diagnostics>,
        backing: Backing,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(settings, clock, diagnostics, backing)?);
        let driver = Driver::start(&shared)?;
        Ok(Self { shared, driver })
    }

    /// Runs the worker on this thread, see [`Driver::poll`].
    pub(crate) fn poll(&self, longest: Duration) -> Result<Option<Duration>, PollError> {
        self.driver.poll(longest)
    }

    /// Queues an envelope for sending, or books it as lost and says why.
    pub(crate) fn submit(&self, envelope: Envelope, permit: Permit) -> Result<(), Refusal> {
        self.shared.account.accept(envelope, permit, actor())
    }

    /// Charges and books one more entry of a batch, or says why not; a refused one is the caller's to book, with
    /// [`Self::refuse`]. `growth` is what it takes in memory. Tells the host nothing, so that a lock may be held.
    pub(crate) fn hold_entry(
        &self,
        held: &mut Batched,
        entry: (&[Tally], u64),
        permit: Permit,
        evicted: &mut Evicted<'_>,
    ) -> Result<(), Refusal> {
        self.shared.account.hold_entry(held, entry, permit, evicted)
    }

    /// What [`Self::hold_entry`] makes room with; to be dropped when no lock is held.
    pub(crate) fn evicted(&self) -> Evicted<'_> {
        Evicted::none(&self.shared.account)
    }

    /// Queues the envelope that became of a batch, as [`Self::hold_entry`] without telling the host.
    pub(crate) fn submit_batch(&self, envelope: Envelope, held: &mut Batched) {
        self.shared.account.submit_batch(envelope, held);
    }

    /// A batch has its first entry: the worker has to know when it is due.
    pub(crate) fn note_batch(&self) {
        self.shared.wake.new_task();
    }

    /// The permit of what is captured now.
    pub(crate) fn permit(&self) -> Permit {
        self.shared.account.consent.permit()
    }

    /// True if an envelope with this permit goes nowhere, not even to disk; saves the work of making one.
    pub(crate) fn is_surely_refused(&self, permit: Permit) -> bool {
        permit == Permit::Refused && !self.shared.account.consent.keeps_refused()
    }

    /// Books an envelope that is not accepted.
    pub(crate) fn refuse_envelope(&self, envelope: &Envelope, reason: DiscardReason) {
        self.hear(self.shared.account.refuse_envelope(envelope, reason));
    }

    /// Books items that were left out of an envelope; the host hears of the envelope alone.
    pub(crate) fn refuse_part(&self, lost: &[Tally], reason: DiscardReason) {
        self.shared.account.refuse_part(lost, reason);
    }

    /// Books an item that was lost before it could become an envelope, with all that it counts as.
    pub(crate) fn refuse(&self, event_id: Uuid, tallies: &[Tally], reason: DiscardReason) {
        self.hear(self.shared.account.refuse(event_id, tallies, reason));
    }

    /// Tells the host of a loss. That is the last step of a capture: a child that the callback forked has nothing to leave
    /// alone any more.
    fn hear(&self, outcome: Outcome) {
        let _ = self.shared.account.hear(actor(), outcome);
    }

    /// True while the server does not want items of this category (RL-10).
    pub(crate) fn is_limited(&self, category: Category) -> bool {
        self.shared
            .limiter
            .is_limited(category, self.shared.clock.now())
    }

    /// True if an envelope of this category would be refused for lack of room.
    pub(crate) fn is_surely_full(&self, category: Category) -> bool {
        self.shared.account.queue.is_surely_full(category)
    }

    /// From now on something may be sent, or nothing; see [`permit`](crate::transport::queue::permit). What is under way goes on. True if that changed
    /// anything: then [`Transport::note_consent`] is to be called. Only one thread at a time may call it.
    pub(crate) fn set_consent(&self, is_given: bool) -> bool {
        self.shared.account.consent.set(is_given)
    }

    /// Lets the worker see to what waits for consent, or may wait no longer.
    pub(crate) fn note_consent(&self) {
        if self.shared.account.consent.is_given() {
            self.send_spooled();
        } else {
            self.shared.wake.now();
        }
    }

    /// What waits on disk is sent now rather than when it is due.
    pub(crate) fn send_spooled(&self) {
        self.shared.wishes.send_spooled();
    }

    /// The client has something for [`backing::ClientTasks::run`]; the worker will see to it.
    pub(crate) fn request_client_tasks(&self) {
        self.shared.wishes.run_client_tasks();
    }

    /// Says which session is running, for the start that follows should this process die.
    pub(crate) fn note_session(&self, sid: Option<Uuid>) {
        self.shared.account.ledger.set_session(sid);
    }

    /// Room for an envelope of the first priority.
    pub(crate) fn room(&self) -> Room {
        let settings = &self.shared.settings.queue;
        let most = settings.max_bytes;
        let makes_room =
            settings.overflow != Overflow::DropNewest || !settings.block_timeout.is_zero();
        let free = most.saturating_sub(self.shared.account.queue.usage().bytes);
        Room {
            free,
            now: if makes_room { most } else { free },
            ever: most,
        }
    }

    /// Waits until what is queued now has left the library, at most `timeout` (LIF-3), and lets the host's transport
    /// flush in the rest of the time. 0 when all has left, 1 at the time-out, or what the host's transport answered.
    pub(crate) fn flush(&self, timeout: Duration) -> i32 {
        let deadline = deadline_in(timeout);
        // In a child that a callback forked nothing has left.
        if !self.drain(timeout).unwrap_or(false) {
            return 1;
        }
        self.shared.settings.destination.flush(left_until(deadline))
    }

    fn drain(&self, timeout: Duration) -> Result<bool, Forked> {
        if is_worker_thread() {
            return Ok(false);
        }
        let deadline = deadline_in(timeout);
        self.wait_for_start(deadline)?;
        if timeout.is_zero() && self.is_idle() {
            // Without time the worker could not answer, and there is nothing to ask it.
            return Ok(true);
        }
        let Some(flush) = self.shared.wishes.flush(self.shared.account.queue.marks()) else {
            return Ok(false);
        };
        let is_over = |now: &mut Progress| *now != Progress::Waiting;
        let Flush {
            progress, changed, ..
        } = &*flush;
        let is_answered = self
            .driver
            .wait_until(progress, changed, deadline, is_over)?;
        if !is_answered {
            self.shared.wishes.forget(&flush);
        }
        Ok(is_answered && *lock(&flush.progress) == Progress::Passed)
    }

    /// Waits until the worker has seen what the client left in dead runs.
    fn wait_for_start(&self, deadline: Instant) -> Result<(), Forked> {
        self.wait_for(Phase::Running, deadline).map(drop)
    }

    fn wait_for(&self, phase: Phase, deadline: Instant) -> Result<bool, Forked> {
        let Wishes {
            phase: now,
            phase_changed,
            ..
        } = &*self.shared.wishes;
        let has_reached = |now: &mut Phase| *now >= phase;
        self.driver
            .wait_until(now, phase_changed, deadline, has_reached)
    }

    /// True if nothing waits, nothing is under way, and the server knows of every loss.
    fn is_idle(&self) -> bool {
        self.shared.account.queue.usage().items == 0
            && self.shared.traffic.in_flight.load(Ordering::Relaxed) == 0
            && !self.shared.has_due_report()
    }

    /// [`Transport::shutdown`] is about to come: what is captured until then does not wait for room.
    pub(crate) fn wait_no_more(&self) {
        self.shared.account.queue.wait_no_more();
    }

    /// Stops accepting, sends what can be sent within `timeout`, books the rest as lost, ends the thread (LIF-4).
    ///
    /// Returns the number of envelopes that were not sent. Called a second time it does nothing.
    pub(crate) fn shutdown(&self, timeout: Duration) -> Result<u64, Forked> {
        let Some(ending) = self.driver.begin_stop() else {
            return Ok(0);
        };
        let deadline = deadline_in(timeout);
        if is_worker_thread() {
            // From a callback on the worker itself: it ends when the callback has returned, and ends the host's
            // transport then.
            self.stop_accepting(deadline);
            self.shared.wishes.end_alone();
            return Ok(0);
        }
        let has_ended = match self.finish(timeout, deadline) {
            Ok(has_ended) => has_ended,
            Err(Forked) => {
                // A copy of a handle of the parent's.
                std::mem::forget(ending);
                return Err(Forked);
            }
        };
        if let (true, Ending::Thread(thread)) = (has_ended, ending) {
            // It has nothing left to do but return; it cannot panic, so the result says nothing.
            let _ = thread.join();
        }
        crate::transport::worker::run_takeover::remove(&self.shared);
        self.shared.account.mute();
        Ok(self.shared.account.abandoned.load(Ordering::Relaxed))
    }

    fn stop_accepting(&self, deadline: Instant) {
        self.shared.account.queue.close(&self.shared.account.ledger);
        self.shared.wishes.stop(deadline);
    }

    /// Lets the worker come to its end, and books what it is held up with; true if it has ended.
    fn finish(&self, timeout: Duration, deadline: Instant) -> Result<bool, Forked> {
        // What the client makes of dead runs must be in the queue before it closes.
        self.wait_for_start(deadline_in(timeout.min(LONGEST_START)))?;
        self.stop_accepting(deadline);
        let is_busy = || self.shared.traffic.in_flight.load(Ordering::Relaxed) > 0;
        let is_settled = self.wait_for(Phase::Settled, deadline)?;
        if !is_settled && is_busy() {
            self.shared.settings.destination.interrupt()?;
        }
        let latest = deadline.checked_add(SETTLE_GRACE).unwrap_or(deadline);
        if !self.wait_for(Phase::Settled, latest)? {
            self.shared.save_instead(deadline_in(SAVE_GRACE))?;
            self.shared.account.abandon_all()?;
        }
        self.shared.end_host(left_until(deadline))?;
        let has_ended = self.wait_for(Phase::Exited, deadline_in(EXIT_GRACE))?;
        if !has_ended {
            self.shared.diagnostics.log(
                Severity::Warning,
                format_args!(
                    "the worker is held up inside libcurl or the host's transport and ends later by itself"
                ),
            );
        }
        Ok(has_ended)
    }

    /// True if what is accepted outlives the process.
    pub(crate) fn is_durable(&self) -> bool {
        self.shared.account.queue.copies().is_on()
    }

    /// Figures for the host.
    pub(crate) fn stats(&self) -> Stats {
        let traffic = &self.shared.traffic;
        Stats {
            usage: self.shared.account.queue.usage(),
            peak: self.shared.account.queue.peak(),
            requests: traffic.requests.load(Ordering::Relaxed),
            requests_failed: traffic.failed.load(Ordering::Relaxed),
            retries: traffic.retries.load(Ordering::Relaxed),
            bytes_sent: traffic.bytes.load(Ordering::Relaxed),
            reports_sent: traffic.reports.load(Ordering::Relaxed),
            files_written: traffic.files_written.load(Ordering::Relaxed),
            file_bytes_written: traffic.file_bytes_written.load(Ordering::Relaxed),
            requests_in_flight: traffic.in_flight.load(Ordering::Relaxed),
            is_unreachable: traffic.unreachable.load(Ordering::Relaxed) != 0,
            is_database_unusable: self.shared.backing.is_database_unusable
                || self
                    .shared
                    .backing
                    .database
                    .as_ref()
                    .is_some_and(|it| it.has_failed()),
            last_status: traffic.last_status.load(Ordering::Relaxed),
            last_error: lock(&traffic.last_error).clone(),
            categories: self.shared.account.ledger.snapshot(),
        }
    }
}

/// Who the calling thread is to the account. What the host's own transport captures is of the worker, too.
fn actor() -> Actor {
    match is_worker_thread() {
        true => Actor::Worker,
        false => Actor::Host,
    }
}

/// What is left of the time.
fn left_until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn deadline_in(timeout: Duration) -> Instant {
    /// "For ever", without overflowing the clock.
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    let now = Instant::now();
    now.checked_add(timeout.min(LONGEST)).unwrap_or(now)
}
