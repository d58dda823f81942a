//! Tasks on files, between requests: what the client wants written, the copies of a durable queue, the numbers of the
//! account, and the taking over of dead runs.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Worker;
use crate::base::diagnostics::Severity;
use crate::base::panic::contained;
use crate::store::counters::Saved;
use crate::store::run::{OldRun, OldRuns, old_runs};
use crate::transport::account::Actor;
use crate::transport::queue::batched::Batched;
use crate::transport::worker::run_takeover::{self, Inheritance, Takeover};
use crate::transport::worker::wishes::Phase;

/// Dead runs taken over between two looks at the network: with very many of them, sending must not wait for the last.
const RUNS_AT_A_TIME: usize = 20;

/// From one saving of the numbers to the next, as long as they outlive the process in any case.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

impl Worker {
    /// Takes over some of what dead runs left; the rest follows with the next step.
    pub(super) fn take_over(&mut self) {
        let was_of_client = !self.takeover.is_of_transport();
        self.contain(Self::take_over_some);
        if was_of_client && self.takeover.is_of_transport() {
            // The first of them before anybody can stop it, for the same programs.
            self.contain(Self::take_over_some);
        }
        if self.takeover.is_of_transport() {
            self.shared.wishes.reach(Phase::Running);
        }
    }

    /// Runs what the client asked for. Also before each request: what was asked for before an envelope was queued is done
    /// before that leaves, for instance a session is off the disk before its end is told.
    pub(super) fn run_client_tasks(&mut self) {
        if self.shared.wishes.take_client_tasks() {
            self.contain(|worker| {
                if let Some(client_tasks) = &worker.shared.backing.client_tasks {
                    client_tasks.run(&|sid| worker.shared.account.ledger.set_session(sid));
                }
            });
        }
    }

    /// Queues the batches of the client whose time has come.
    pub(super) fn queue_batches(&mut self) {
        if let Some(batches) = &self.shared.backing.batches {
            let account = &self.shared.account;
            let submit = |envelope, held: &mut Batched| account.submit_batch(envelope, held);
            batches.hand_over(self.shared.clock.now(), &submit);
            for envelope in batches.events(self.shared.clock.now()) {
                // What does not fit is booked as any other that does not.
                let _ = account.accept(envelope, account.consent.permit(), Actor::Worker);
            }
        }
    }

    /// True if [`Self::take_over`] has something to do. A run that is left for the next start costs nothing; a shutdown has no
    /// time for it.
    pub(super) fn has_runs_to_take_over(&self) -> bool {
        let has_some = match &self.takeover {
            Takeover::Done => false,
            // Else the next envelope that leaves the queue makes room, and is a step of its own.
            Takeover::Running(_, Some(waiting)) => {
                let inheritance = waiting.1.as_ref();
                inheritance.is_none_or(|it| it.has_a_chance(&self.shared))
            }
            Takeover::Due | Takeover::OfClient(_) | Takeover::Running(_, None) => true,
        };
        has_some && self.stop.is_none()
    }

    /// When the copies of a durable queue are to be brought to the disk; none while there is nothing new in them. Now if one
    /// could not be made, which is to be said.
    pub(super) fn sync_due(&self, now: Instant) -> Option<Instant> {
        let copies = self.shared.account.queue.copies();
        if copies.has_untold_failure() {
            return Some(now);
        }
        let interval = self.shared.settings.sync_interval;
        let is_wanted = !interval.is_zero() && copies.is_changed();
        is_wanted.then(|| self.last_sync.checked_add(interval))?
    }

    /// Brings the copies of a durable queue to the disk.
    pub(super) fn sync_copies(&mut self) {
        let copies = self.shared.account.queue.copies();
        if copies.has_untold_failure() {
            return self.give_up_copies(&"a copy could not be written");
        }
        self.last_sync = self.shared.clock.now();
        let synced = copies.sync();
        self.judge_copies(synced);
    }

    /// Finds out whether the next start would find the copies.
    pub(super) fn judge_copies(&self, synced: std::io::Result<()>) {
        let copies = self.shared.account.queue.copies();
        if copies.is_on()
            && let Err(error) = synced.and_then(|()| run_takeover::find_log(&self.shared))
        {
            self.give_up_copies(&error);
        }
    }

    /// Says once that the copies cannot be relied on any more.
    fn give_up_copies(&self, why: &dyn Display) {
        if self.shared.account.queue.copies().note_failure() {
            self.shared.diagnostics.log(
                Severity::Warning,
                format_args!(
                    "queue_durable has no effect any more, its log fails or is gone, and the queue goes on in memory: {why}"
                ),
            );
        }
    }

    /// When the numbers of the account are to be saved; none while they are as they were.
    pub(super) fn save_due(&self) -> Option<Instant> {
        let interval = match self.shared.account.ledger.table().outlives() {
            true => SAVE_INTERVAL,
            false => Duration::ZERO,
        };
        let is_due = self.saving.is_wanted && self.stop.is_none();
        is_due.then(|| self.saving.last.checked_add(interval))?
    }

    /// Finds out whether the numbers of the account are to be saved. Only until something is found: under load that is once
    /// for each saving.
    pub(super) fn look_at_counts(&mut self) {
        self.saving.is_wanted =
            self.saving.is_wanted || self.shared.account.ledger.table().is_changed();
    }

    /// Saves the numbers of the account.
    pub(super) fn save_counts(&mut self) {
        let shared = Arc::clone(&self.shared);
        let table = shared.account.ledger.table();
        (self.saving.last, self.saving.is_wanted) = (shared.clock.now(), false);
        let trouble = match table.save() {
            Ok(Saved::Well) => return,
            Ok(Saved::Again) => "somebody removed or shortened it".to_owned(),
            Err(error) => {
                if let Some(database) = &shared.backing.database {
                    database.note_failure();
                }
                error.to_string()
            }
        };
        if !std::mem::replace(&mut self.saving.has_warned, true) {
            shared.diagnostics.log(
                Severity::Warning,
                format_args!("the file of the counts cannot be relied on, counting goes on in memory: {trouble}"),
            );
        }
    }

    fn take_over_some(&mut self) {
        let shared = Arc::clone(&self.shared);
        // In case of a panic: what caused it once would cause it again.
        let (mut runs, mut current) = match std::mem::replace(&mut self.takeover, Takeover::Done) {
            Takeover::Done => return,
            Takeover::Running(runs, current) => (runs, current),
            before @ (Takeover::Due | Takeover::OfClient(_)) => {
                return self.take_over_for_client(before);
            }
        };
        for _ in 0..RUNS_AT_A_TIME {
            let (old, inheritance) = match current.take() {
                Some(waiting) => *waiting,
                None => {
                    let Some(old) = runs.next() else { return };
                    let inheritance = Inheritance::open(&old, &shared);
                    (old, inheritance)
                }
            };
            if let Some(mut inheritance) = inheritance {
                if !inheritance.advance(&shared) {
                    current = Some(Box::new((old, Some(inheritance))));
                    break;
                }
                run_takeover::forget(&old);
            }
            if let Some(unfinished) = self.finish(old) {
                current = Some(Box::new((unfinished, None)));
                break;
            }
        }
        self.takeover = Takeover::Running(runs, current);
    }

    fn take_over_for_client(&mut self, before: Takeover) {
        let shared = Arc::clone(&self.shared);
        let runs = match before {
            Takeover::OfClient(runs) => Some(runs),
            _ => self.find_old_runs(),
        };
        let Some(mut runs) = runs else { return };
        for _ in 0..RUNS_AT_A_TIME {
            let Some(old) = runs.next() else {
                self.send_taken_over();
                let rest = self.find_old_runs();
                self.takeover = rest.map_or(Takeover::Done, |rest| Takeover::Running(rest, None));
                return;
            };
            if let Some(client_tasks) = &shared.backing.client_tasks {
                client_tasks.take_over(&old, &|sid| run_takeover::was_running(&old, sid));
            }
        }
        self.takeover = Takeover::OfClient(runs);
    }

    /// Takes the envelopes of a run, and removes it; gives it back if there are more than are taken in one step. One that
    /// holds files nobody took stays for the next start.
    fn finish(&mut self, old: OldRun) -> Option<OldRun> {
        if self.take_over_envelopes(&old) {
            return Some(old);
        }
        let _ = old.finish();
        None
    }

    fn find_old_runs(&self) -> Option<OldRuns> {
        let directory = self.shared.backing.database.as_ref()?.directory();
        match old_runs(directory) {
            Ok(runs) => Some(runs),
            Err(error) => {
                self.shared.diagnostics.log(
                    Severity::Warning,
                    format_args!("earlier runs cannot be looked for: {error}"),
                );
                None
            }
        }
    }

    fn send_taken_over(&self) {
        let client_tasks = self.shared.backing.client_tasks.as_ref();
        for envelope in client_tasks.map_or_else(Vec::new, |client_tasks| client_tasks.taken_over())
        {
            // What does not fit is booked as any other that does not.
            let account = &self.shared.account;
            let _ = account.accept(envelope, account.consent.permit(), Actor::Worker);
        }
    }

    /// Runs `action`; a panic in it costs what it was doing, and not the envelopes under way.
    pub(super) fn contain(&mut self, action: impl FnOnce(&mut Self)) {
        if let Err(message) = contained(std::panic::AssertUnwindSafe(|| action(self))) {
            self.shared.diagnostics.log(
                Severity::Error,
                format_args!("the worker panicked over its files: {message}"),
            );
        }
    }
}
