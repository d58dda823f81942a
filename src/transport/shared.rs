//! What the capturing threads and the worker share, and the one place where an accepted envelope is settled.
//!
//! An envelope that the worker has taken stands in the list of the unsettled until its fate is known. Whoever removes
//! it books it: normally the worker; at a shutdown whose deadline passed while libcurl kept the worker busy, the
//! closing thread. So each envelope is booked exactly once.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::backing::Backing;
use super::durable::{Charge, Copies};
use super::ledger::{Ledger, Tally};
use super::outcome::{self, Fate, Outcome};
use super::permit::{Gate, Permit};
use super::priority::Priority;
use super::queue::{Queue, Queued, Refusal};
use super::rate_limiter::RateLimiter;
use super::remains;
use super::settings::Settings;
use super::wake::Wake;
use crate::base::clock::Clock;
use crate::base::diagnostics::{Diagnostics, Severity};
use crate::base::lock::lock;
use crate::base::process;
use crate::base::uuid::Uuid;
use crate::base::wall_history::WallHistory;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::protocol::rebase;
use crate::store::spool::Written;

/// Figures about requests, for the host.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Requests made.
    pub(crate) requests: AtomicU64,
    /// Requests without an answer.
    pub(crate) failed: AtomicU64,
    /// Requests that repeated an earlier attempt.
    pub(crate) retries: AtomicU64,
    /// Bytes of bodies handed to libcurl.
    pub(crate) bytes: AtomicU64,
    /// Client reports the server has.
    pub(crate) reports: AtomicU64,
    /// Envelopes written to disk.
    pub(crate) files_written: AtomicU64,
    /// Their bytes.
    pub(crate) file_bytes_written: AtomicU64,
    /// Requests under way.
    pub(crate) in_flight: AtomicU32,
    /// 1 while the last attempt got no answer.
    pub(crate) unreachable: AtomicU32,
    /// Status of the last answer; 0 before the first.
    pub(crate) last_status: AtomicI32,
    /// Why the last failed request failed.
    pub(crate) last_error: Mutex<String>,
}

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
    /// A flush of everything below `marks`.
    pub(crate) fn new(marks: [u64; Priority::COUNT]) -> Self {
        Self {
            marks,
            progress: Mutex::new(Progress::Waiting),
            changed: Condvar::new(),
        }
    }

    /// Wakes who waits for it.
    pub(crate) fn finish(&self, progress: Progress) {
        *lock(&self.progress) = progress;
        self.changed.notify_all();
    }
}

/// Wishes of other threads for the worker.
#[derive(Debug, Default)]
pub(crate) struct Control {
    /// Flushes that began since the worker looked last.
    pub(crate) flushes: Vec<Arc<Flush>>,
    /// Set once: stop, at this instant at the latest.
    pub(crate) stop: Option<Instant>,
}

/// How far the worker has come with ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The client's files in dead runs are being looked at.
    Starting,
    /// At work.
    Running,
    /// Everything is settled; handles are being freed.
    Settled,
    /// The thread is about to return.
    Exited,
}

#[derive(Debug)]
struct Unsettled {
    ticket: u64,
    event_id: Uuid,
    category: Category,
    tallies: Vec<Tally>,
    permit: Permit,
    place: Place,
}

/// What an envelope that the worker holds takes up.
#[derive(Debug)]
enum Place {
    /// Room in the queue; it is booked as pending.
    Memory(Charge),
    /// A file; it is booked as spooled.
    Disk,
}

/// See the module. Lock order: `unsettled` before the ledger's gate; all others are taken alone.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Fixed settings.
    pub(crate) settings: Settings,
    /// The queue.
    pub(crate) queue: Queue,
    /// The books.
    pub(crate) ledger: Ledger,
    /// Limits set by the server.
    pub(crate) limiter: RateLimiter,
    /// Wakes the worker.
    pub(crate) wake: Arc<Wake>,
    /// Figures about requests.
    pub(crate) traffic: Traffic,
    /// Wishes for the worker.
    pub(crate) control: Mutex<Control>,
    /// How far the worker has come with ending.
    pub(crate) phase: Mutex<Phase>,
    /// Signals `phase`.
    pub(crate) phase_changed: Condvar,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// How the wall clock was set since the start.
    wall_history: Mutex<WallHistory>,
    /// Diagnostics.
    pub(crate) diagnostics: Arc<Diagnostics>,
    /// What the client lends.
    pub(crate) backing: Backing,
    /// Whether anything may be sent.
    pub(crate) gate: Gate,
    /// Set when the client has chores.
    pub(crate) chores_due: AtomicBool,
    /// Set when what waits on disk is to be sent at once.
    pub(crate) spool_due: AtomicBool,
    unsettled: Mutex<Vec<Unsettled>>,
    /// The fork generation it was made in.
    generation: u32,
    /// Set when the worker begins to leave what is unsent on disk: then nobody else does.
    pub(crate) is_saving: AtomicBool,
    /// Envelopes that were unsent when the worker stopped.
    pub(crate) abandoned: AtomicU64,
    /// Set when the worker was told to stop by a callback on its own thread: nobody waits for it then.
    pub(crate) ends_alone: AtomicBool,
    /// Set when the host may free what its callback uses.
    is_muted: AtomicBool,
}

impl Shared {
    /// Everything at its beginning.
    pub(crate) fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        diagnostics: Arc<Diagnostics>,
        backing: Backing,
    ) -> std::io::Result<Self> {
        let wake = Arc::new(Wake::new()?);
        diagnostics.set_listener(Arc::<Wake>::clone(&wake));
        let (table, log) = remains::make(backing.database.as_ref(), &settings, &diagnostics);
        Ok(Self {
            queue: Queue::new(settings.queue, Copies::new(log)),
            ledger: Ledger::new(settings.client_reports, table),
            limiter: RateLimiter::new(clock.now()),
            wake,
            traffic: Traffic::default(),
            control: Mutex::default(),
            phase: Mutex::new(Phase::Starting),
            phase_changed: Condvar::new(),
            unsettled: Mutex::default(),
            generation: process::fork_generation(),
            is_saving: AtomicBool::new(false),
            abandoned: AtomicU64::new(0),
            ends_alone: AtomicBool::new(false),
            is_muted: AtomicBool::new(false),
            settings,
            wall_history: Mutex::new(WallHistory::new(clock.since_boot(), clock.wall())),
            clock,
            diagnostics,
            gate: Gate::new(!backing.is_consent_missing),
            chores_due: AtomicBool::new(false),
            spool_due: AtomicBool::new(false),
            backing,
        })
    }

    /// What of an envelope says a time of before the clock was set, in the time of now; see [`rebase`]. Only for what this
    /// run recorded: what others recorded may be of the same wrong time.
    pub(crate) fn rebased(&self, envelope: &Envelope) -> Vec<(usize, Vec<u8>)> {
        let mut history = lock(&self.wall_history);
        if history.look(self.clock.since_boot(), self.clock.wall()) {
            // The file of the session says when it began.
            self.chores_due.store(true, Ordering::Release);
        }
        if !history.has_steps() {
            return Vec::new();
        }
        let history = history.clone();
        rebase::rebased(envelope, &|stamp| history.present(stamp))
    }

    /// True in a forked child, which a callback may have made: then all of this is the parent's, to be left alone.
    pub(crate) fn is_inherited(&self) -> bool {
        self.generation != process::fork_generation()
    }

    /// Queues an envelope for sending, or books it as lost and says why. It waits for room only if it `may_wait` and the
    /// host wants that. One whose permit is refused is queued only to become a copy, and the answer is the refusal.
    pub(crate) fn submit(
        &self,
        envelope: Envelope,
        permit: Permit,
        may_wait: bool,
    ) -> Result<(), Refusal> {
        if self.is_inherited() {
            return Err(Refusal::Closed);
        }
        if permit == Permit::Refused && !self.keeps_refused() {
            self.refuse_envelope(&envelope, reason_of(Refusal::NoConsent));
            return Err(Refusal::NoConsent);
        }
        let mut evicted = Vec::new();
        let Self { queue, ledger, .. } = self;
        let mut result = queue.push(envelope, permit, ledger, may_wait, &mut evicted);
        if let Err((
            envelope,
            refusal @ (Refusal::Full | Refusal::TooLarge | Refusal::OutOfMemory),
        )) = &mut result
        {
            // Rather the event alone than nothing.
            let lost = envelope.remove_attachments();
            if !lost.is_empty() {
                self.refuse_part(&lost, reason_of(*refusal));
                let envelope = std::mem::take(envelope);
                result = queue.push(envelope, permit, ledger, false, &mut evicted);
            }
        }
        for victim in &evicted {
            self.settle_queued(victim, Fate::Discarded(DiscardReason::QueueOverflow));
            if self.is_inherited() {
                // The callback forked: what follows is the parent's to do.
                return result.map_err(|(_, refusal)| refusal);
            }
        }
        match result {
            Ok(()) => {
                self.wake.new_work();
                match permit {
                    Permit::Granted(_) | Permit::Waiting => Ok(()),
                    Permit::Refused => Err(Refusal::NoConsent),
                }
            }
            Err((envelope, refusal)) => {
                self.refuse_envelope(&envelope, reason_of(refusal));
                Err(refusal)
            }
        }
    }

    /// Queues an envelope of an earlier run.
    pub(crate) fn take_in(&self, envelope: Envelope) -> Result<(), Refusal> {
        let mut evicted = Vec::new();
        let Self { queue, ledger, .. } = self;
        let result = queue.push(envelope, self.permit(), ledger, false, &mut evicted);
        for victim in &evicted {
            self.settle_queued(victim, Fate::Discarded(DiscardReason::QueueOverflow));
        }
        result.map_err(|(_, refusal)| refusal)
    }

    /// Books an envelope that is not accepted.
    pub(crate) fn refuse_envelope(&self, envelope: &Envelope, reason: DiscardReason) {
        let tallies: Vec<Tally> = envelope.tallies().collect();
        let event_id = envelope.event_id.unwrap_or(Uuid::NIL);
        self.refuse(event_id, &tallies, reason);
    }

    /// Books items that were left out of an envelope; the host hears of the envelope alone.
    pub(crate) fn refuse_part(&self, lost: &[Tally], reason: DiscardReason) {
        self.ledger.enter().refuse(lost.iter().copied(), reason);
    }

    /// Notes that the worker now answers for `queued`.
    pub(crate) fn hold(&self, ticket: u64, queued: &Queued) {
        let place = Place::Memory(queued.charge);
        self.hold_at(ticket, &queued.envelope, queued.permit, place);
    }

    /// Notes that the worker now sends an envelope that lies on disk.
    pub(crate) fn hold_spooled(&self, ticket: u64, envelope: &Envelope) {
        self.hold_at(ticket, envelope, Permit::Waiting, Place::Disk);
    }

    fn hold_at(&self, ticket: u64, envelope: &Envelope, permit: Permit, place: Place) {
        lock(&self.unsettled).push(Unsettled {
            ticket,
            event_id: envelope.event_id.unwrap_or(Uuid::NIL),
            category: envelope.category(),
            tallies: envelope.tallies().collect(),
            permit,
            place,
        });
    }

    /// Notes that the worker no longer sends an envelope that stays on disk, and so in the books.
    pub(crate) fn let_go(&self, ticket: u64) {
        lock(&self.unsettled).retain(|held| held.ticket != ticket);
    }

    /// Books part of what the worker holds as lost: items that a rate limit removed from an envelope, of which `left`
    /// remains.
    pub(crate) fn discard_part(
        &self,
        ticket: u64,
        lost: &[Tally],
        left: &Envelope,
        reason: DiscardReason,
    ) {
        let mut unsettled = lock(&self.unsettled);
        if let Some(held) = unsettled.iter_mut().find(|held| held.ticket == ticket) {
            held.tallies = left.tallies().collect();
            let (entry, lost) = (self.ledger.enter(), lost.iter().copied());
            match held.place {
                Place::Memory(_) => entry.discard(lost, reason),
                Place::Disk => entry.discard_spooled(lost, reason),
            }
        }
    }

    /// Books everything the worker holds as lost, except what `stays` and what lies on disk: that is for a later start.
    pub(crate) fn settle_all_but(&self, stays: impl Fn(u64) -> bool, reason: DiscardReason) -> u64 {
        let mut unsettled = lock(&self.unsettled);
        unsettled.retain(|held| stays(held.ticket) || matches!(held.place, Place::Memory(_)));
        let tickets: Vec<u64> = unsettled
            .iter()
            .map(|held| held.ticket)
            .filter(|ticket| !stays(*ticket))
            .collect();
        drop(unsettled);
        let mut settled: u64 = 0;
        for ticket in tickets {
            // A callback may fork; then the locks belong to threads that are not here.
            if self.is_inherited() {
                break;
            }
            self.settle(ticket, Fate::Discarded(reason), 0, 0);
            settled = settled.saturating_add(1);
        }
        settled
    }

    /// Books what became of an envelope the worker holds; false if it was booked already, by a thread that closes.
    pub(crate) fn settle(
        &self,
        ticket: u64,
        mut fate: Fate,
        http_status: u16,
        attempts: u32,
    ) -> bool {
        let held = {
            let mut unsettled = lock(&self.unsettled);
            let Some(place) = unsettled.iter().position(|held| held.ticket == ticket) else {
                return false;
            };
            let mut held = unsettled.swap_remove(place);
            let is_in_memory = matches!(held.place, Place::Memory(_));
            if let Place::Memory(charge) = &mut held.place {
                fate = self.at_the_end(fate, held.permit, charge);
            }
            self.book(held.tallies.iter().copied(), is_in_memory, fate);
            held
        };
        if let Place::Memory(charge) = held.place {
            self.queue.release(charge);
        }
        self.tell(&Outcome {
            event_id: held.event_id,
            category: held.category,
            fate,
            http_status,
            attempts,
        });
        true
    }

    /// What would be lost to the shutdown and has a copy in the log of a durable queue is left to the next start, with it;
    /// unless it may not be sent: then that is why it is lost.
    pub(crate) fn at_the_end(&self, fate: Fate, permit: Permit, charge: &mut Charge) -> Fate {
        if fate != Fate::Discarded(DiscardReason::Shutdown) {
            return fate;
        }
        if !self.may_send_later(permit) {
            return Fate::Discarded(DiscardReason::NoConsent);
        }
        if self.has_place() && self.queue.copies().leave(charge.record) {
            charge.record = None;
            return Fate::Spooled;
        }
        fate
    }

    /// Books an envelope that left the queue without the worker, and whose room was given back already.
    pub(crate) fn settle_queued(&self, queued: &Queued, fate: Fate) {
        self.book(queued.envelope.tallies(), true, fate);
        self.tell(&Outcome {
            event_id: queued.envelope.event_id.unwrap_or(Uuid::NIL),
            category: queued.envelope.category(),
            fate,
            http_status: 0,
            attempts: 0,
        });
    }

    /// Books an item that never became an accepted envelope, and tells the host.
    pub(crate) fn refuse(&self, event_id: Uuid, tallies: &[Tally], reason: DiscardReason) {
        self.ledger.enter().refuse(tallies.iter().copied(), reason);
        let category = tallies.first().map_or(Category::Default, |tally| tally.0);
        self.tell(&Outcome {
            event_id,
            category,
            fate: Fate::Discarded(reason),
            http_status: 0,
            attempts: 0,
        });
    }

    /// Books everything the worker holds and all that is queued as lost to the shutdown. The queue must be closed.
    pub(crate) fn abandon_all(&self) {
        let mut abandoned = self.settle_all_but(|_| false, DiscardReason::Shutdown);
        while !self.is_inherited() {
            let Some(mut queued) = self.queue.take() else {
                break;
            };
            let lost = Fate::Discarded(DiscardReason::Shutdown);
            let fate = self.at_the_end(lost, queued.permit, &mut queued.charge);
            self.queue.release(queued.charge);
            self.settle_queued(&queued, fate);
            abandoned = abandoned.saturating_add(1);
        }
        self.abandoned.fetch_add(abandoned, Ordering::Relaxed);
    }

    /// True if there are losses to tell, for which a request alone is made.
    pub(crate) fn has_due_report(&self) -> bool {
        self.settings.way.takes_reports_alone() && self.ledger.has_unreported()
    }

    /// Ends the host's transport, for which `timeout` is left; not in a child that a callback forked.
    pub(crate) fn end_host(&self, timeout: Duration) {
        if self.is_inherited() {
            return;
        }
        if let Some(answer) = self.settings.way.shutdown(timeout) {
            self.diagnostics.log(
                Severity::Warning,
                format_args!("the shutdown function of the host's transport answered {answer}"),
            );
        }
    }

    /// From here on the host hears nothing more.
    pub(crate) fn mute(&self) {
        self.is_muted.store(true, Ordering::Release);
    }

    /// Moves the phase on and tells those who wait for it.
    pub(crate) fn reach(&self, phase: Phase) {
        let mut now = lock(&self.phase);
        *now = (*now).max(phase);
        drop(now);
        self.phase_changed.notify_all();
    }

    fn book(&self, tallies: impl Iterator<Item = Tally>, is_in_memory: bool, fate: Fate) {
        let entry = self.ledger.enter();
        match (is_in_memory, fate) {
            (true, Fate::Delivered) => entry.deliver(tallies),
            (true, Fate::Discarded(reason)) => entry.discard(tallies, reason),
            (true, Fate::Spooled) => entry.spool(tallies),
            (false, Fate::Delivered) => entry.deliver_spooled(tallies),
            (false, Fate::Discarded(reason)) => entry.discard_spooled(tallies, reason),
            (false, Fate::Spooled) => {}
        }
    }

    /// Counts what was written.
    pub(crate) fn note_written(&self, written: Written) {
        let Traffic {
            files_written,
            file_bytes_written,
            ..
        } = &self.traffic;
        files_written.fetch_add(written.files, Ordering::Relaxed);
        file_bytes_written.fetch_add(written.bytes, Ordering::Relaxed);
    }

    fn tell(&self, outcome: &Outcome) {
        if self.is_inherited() {
            return;
        }
        match outcome.fate {
            _ if !self.diagnostics.is_enabled(Severity::Warning) => {}
            Fate::Delivered => self.diagnostics.log(
                Severity::Debug,
                format_args!("event {} delivered (HTTP {})", outcome.event_id.simple().as_str(), outcome.http_status),
            ),
            Fate::Spooled => self.diagnostics.log(
                Severity::Debug,
                format_args!("event {} waits on disk", outcome.event_id.simple().as_str()),
            ),
            Fate::Discarded(reason) => self.diagnostics.warn_of_loss(format_args!(
                "{} {} discarded: {}; further losses are only counted for a while, see sentry_get_stats",
                outcome.category.name(),
                outcome.event_id.simple().as_str(),
                reason.name()
            )),
        }
        if let Some(sink) = self
            .backing
            .sink
            .as_ref()
            .filter(|_| !self.is_muted.load(Ordering::Acquire))
        {
            outcome::tell(sink.as_ref(), outcome);
        }
    }

    /// Records a request that got no answer.
    pub(crate) fn note_failure(&self, detail: &str) {
        self.traffic.failed.fetch_add(1, Ordering::Relaxed);
        self.traffic.unreachable.store(1, Ordering::Relaxed);
        detail.clone_into(&mut lock(&self.traffic.last_error));
    }

    /// Records why no request can ever succeed.
    pub(crate) fn note_unusable(&self, why: &str) {
        self.diagnostics.log(Severity::Error, format_args!("{why}"));
        why.clone_into(&mut lock(&self.traffic.last_error));
    }

    /// Records an answer.
    pub(crate) fn note_answer(&self, status: u16) {
        self.traffic.unreachable.store(0, Ordering::Relaxed);
        self.traffic
            .last_status
            .store(i32::from(status), Ordering::Relaxed);
    }
}

/// What a refused envelope is booked under.
fn reason_of(refusal: Refusal) -> DiscardReason {
    match refusal {
        Refusal::Full => DiscardReason::QueueOverflow,
        Refusal::TooLarge => DiscardReason::TooLarge,
        Refusal::Closed => DiscardReason::Shutdown,
        Refusal::NoConsent => DiscardReason::NoConsent,
        Refusal::OutOfMemory => DiscardReason::InternalSdkError,
    }
}
