//! The spool, as the worker uses it: what goes there instead of being lost, and what becomes of it.
//!
//! Files stay booked as spooled until their fate is known; what the spool does by itself is heard as notices and booked
//! here. When files are looked for and sent stands in [`super::spool_rounds`].

use std::sync::Arc;

use super::{Job, Worker};
use crate::base::callout::Forked;
use crate::base::diagnostics::Severity;
use crate::base::file::Durability;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::store::run::OldRun;
use crate::store::spool::{Moment, Notice, Refused, Ticket, Written};
use crate::transport::account::Account;
use crate::transport::account::outcome::Fate;
use crate::transport::shared::Shared;
use crate::transport::worker::spool_policy::Keep;
use crate::transport::worker::spooling::{self, FILES_AT_A_TIME, ROUND_DISTANCE, Spooling};

impl Worker {
    pub(super) fn moment(&self) -> Moment {
        Moment::new(self.shared.clock.now(), self.shared.clock.wall())
    }

    /// Ends a job that will not be tried again from memory: on disk if the host wants that, else as lost for `reason`, or
    /// for want of consent.
    pub(super) fn give_up(&mut self, job: &Job, reason: DiscardReason) {
        let policy = self.shared.settings.spool;
        let (reason, is_put_off) = if self.shared.account.consent.may_send(job.permit) {
            (reason, policy.puts_off())
        } else {
            let can_wait = self.shared.account.consent.may_send_later(job.permit);
            (DiscardReason::NoConsent, can_wait)
        };
        let (mut fate, mut added) = (Fate::Discarded(reason), None);
        if is_put_off {
            match self.put_on_disk(job) {
                Some(Ok(ticket)) => (fate, added) = (Fate::Spooled, Some(ticket)),
                Some(Err(Refused::NoRoom)) => fate = Fate::Discarded(DiscardReason::CacheOverflow),
                Some(Err(Refused::Io(_))) | None => {}
            }
        } else if policy.keep != Keep::Nothing {
            self.keep_copy(job);
        }
        self.tidy_up(job, fate);
        let is_booked = self
            .shared
            .account
            .settle(job.ticket, fate, 0, job.requests);
        if let (false, Some(ticket), Some(spooling)) = (is_booked, added, &mut self.spooling) {
            // As lost, by a closing thread, while the disk held this one up.
            spooling.spool.take_back(ticket);
        }
    }

    /// True if what is given up goes to disk, where it is tried again: then nothing is lost by giving up.
    pub(super) fn puts_off(&self) -> bool {
        let can_write = |spooling: &Spooling| !spooling.has_warned;
        self.shared.settings.spool.puts_off() && self.spooling.as_ref().is_some_and(can_write)
    }

    /// True if what overflows the queue goes to disk, and the disk takes it.
    pub(super) fn spills(&self) -> bool {
        let can_write = |spooling: &Spooling| !spooling.has_warned;
        self.shared.settings.spool.is_spilling
            && self.stop.is_none()
            && self.spooling.as_ref().is_some_and(can_write)
    }

    /// True if [`Self::spill_some`] has something to do.
    pub(super) fn can_spill(&self) -> bool {
        let queue = &self.shared.account.queue;
        self.spills() && queue.is_nearly_full() && !queue.is_empty()
    }

    /// Puts on disk what a queue that is nearly full can spare.
    pub(super) fn spill_some(&mut self) {
        for _ in 0..FILES_AT_A_TIME {
            if !self.spills() || !self.shared.account.queue.is_nearly_full() {
                return;
            }
            let Some(job) = self.take_job(Account::take_least) else {
                return;
            };
            self.give_up(&job, DiscardReason::QueueOverflow);
        }
    }

    /// Puts the envelope where later attempts find it; none without a database.
    fn put_on_disk(&mut self, job: &Job) -> Option<Result<Ticket, Refused>> {
        let (moment, shared) = (self.moment(), Arc::clone(&self.shared));
        let spool = &mut self.spooling.as_mut()?.spool;
        let header = spooling::header(&shared.settings);
        let rebased = shared.rebasing.copy(&job.envelope);
        let envelope = rebased.as_ref().unwrap_or(&job.envelope);
        let result = spool.add(envelope, &header, Durability::PowerFailure, moment);
        self.book_notices();
        self.warn_of(result.as_ref().err());
        Some(result)
    }

    fn keep_copy(&mut self, job: &Job) {
        let (moment, shared) = (self.moment(), Arc::clone(&self.shared));
        // A transport of the host may have taken it away.
        let Some(spooling) = self.spooling.as_mut().filter(|_| !job.envelope.is_empty()) else {
            return;
        };
        let header = spooling::header(&shared.settings);
        let rebased = shared.rebasing.copy(&job.envelope);
        let envelope = rebased.as_ref().unwrap_or(&job.envelope);
        let result = spooling.spool.keep(envelope, &header, moment);
        self.book_notices();
        self.warn_of(result.as_ref().err());
    }

    /// Says once that the disk takes nothing.
    fn warn_of(&mut self, refused: Option<&Refused>) {
        let Some(Refused::Io(error)) = refused else {
            return;
        };
        if let Some(database) = &self.shared.backing.database {
            database.note_failure();
        }
        if let Some(spooling) = &mut self.spooling
            && !std::mem::replace(&mut spooling.has_warned, true)
        {
            self.shared.diagnostics.log(
                Severity::Warning,
                format_args!("envelopes cannot be kept on disk: {error}"),
            );
        }
    }

    /// The copy of a job that is settled now, or its file.
    pub(super) fn tidy_up(&mut self, job: &Job, fate: Fate) {
        let keep = self.shared.settings.spool.keep;
        let is_kept = match fate {
            Fate::Delivered => keep == Keep::Everything,
            Fate::Discarded(DiscardReason::NetworkError) => keep != Keep::Nothing,
            Fate::Discarded(_) | Fate::Spooled => false,
        };
        match &job.spooled {
            Some(spooled) => {
                let moment = self.moment();
                if let Some(spooling) = &mut self.spooling {
                    spooling.spool.finish(spooled.ticket, is_kept, moment);
                }
                self.book_notices();
            }
            None if fate == Fate::Delivered && is_kept => self.keep_copy(job),
            None => {}
        }
    }

    /// Gives a file back untried.
    pub(super) fn put_back(&mut self, job: &Job) {
        let now = self.shared.clock.now();
        if let (Some(spooled), Some(spooling)) = (&job.spooled, &mut self.spooling) {
            let content = spooled.content.clone();
            spooling
                .spool
                .put_back_untried(spooled.ticket, content, now);
            self.shared.account.let_go(job.ticket);
        }
    }

    /// Files whose next attempt would be made from memory stay on disk.
    pub(super) fn put_back_parked(&mut self) {
        let jobs = std::mem::take(&mut self.parked);
        for job in jobs {
            match job.spooled {
                Some(_) => self.put_back(&job),
                None => self.parked.push_back(job),
            }
        }
    }

    /// While nothing may be sent nothing waits in memory either, whatever is under way.
    pub(super) fn withhold_waiting(&mut self) -> Result<(), Forked> {
        while !self.shared.account.consent.is_given()
            && let Some(job) = self.next_job()
        {
            self.withhold(&job);
            self.tell_host()?;
        }
        Ok(())
    }

    /// The user has not consented: what lies on disk stays there, the rest goes there or is lost (SP-8).
    pub(super) fn withhold(&mut self, job: &Job) {
        match job.spooled {
            Some(_) => self.put_back(job),
            None => self.give_up(job, DiscardReason::NoConsent),
        }
    }

    /// An attempt to send a file got no answer: it is over with this round.
    pub(super) fn failed_from_disk(&mut self, job: &Job) {
        let moment = self.moment();
        let (Some(spooled), Some(spooling)) = (&job.spooled, &mut self.spooling) else {
            return;
        };
        let next = moment.now.checked_add(ROUND_DISTANCE);
        spooling.next_round = next.unwrap_or(moment.now);
        if self.stop.is_some() {
            // Programs that never live long would soon have used up the attempts of the oldest file.
            return self.put_back(job);
        }
        let content = spooled.content.clone();
        let is_put_back = spooling
            .spool
            .put_back_failed(spooled.ticket, content, moment);
        if is_put_back {
            self.shared.account.let_go(job.ticket);
        } else {
            self.settle(job, Fate::Discarded(DiscardReason::NetworkError), 0);
        }
    }

    /// There is reason to believe that the server can be reached: everything that waits on disk is due.
    pub(super) fn hurry_spool(&mut self) {
        let now = self.shared.clock.now();
        if let Some(spooling) = &mut self.spooling {
            spooling.spool.hurry(now);
            spooling.next_round = now;
        }
    }

    /// Takes envelopes of a dead run, to send them; true if there are more for another step.
    pub(super) fn take_over_envelopes(&mut self, old: &OldRun) -> bool {
        let moment = self.moment();
        let Some(spooling) = &mut self.spooling else {
            return false;
        };
        let has_more = spooling.spool.take_over(old, moment);
        // Beyond the caps from the first step on.
        spooling.is_trimming = true;
        self.book_notices();
        has_more
    }

    /// Books what the spool did by itself.
    pub(super) fn book_notices(&mut self) {
        let Some(spooling) = &mut self.spooling else {
            return;
        };
        let (before, written) = (spooling.written, spooling.spool.written());
        spooling.written = written;
        self.shared.traffic.note_written(Written {
            files: written.files.saturating_sub(before.files),
            bytes: written.bytes.saturating_sub(before.bytes),
        });
        for notice in spooling.spool.take_notices() {
            self.shared.book_notice(notice);
        }
    }
}

impl Shared {
    fn book_notice(&self, notice: Notice) {
        /// What was in a file that cannot be read.
        const UNKNOWN: [(Category, u64); 1] = [(Category::Default, 1)];
        let entry = self.account.ledger.enter();
        match notice {
            Notice::Adopted(tallies) => entry.adopt(tallies),
            Notice::Overflow {
                tallies,
                is_booked: true,
            } => entry.discard_spooled(tallies, DiscardReason::CacheOverflow),
            Notice::Overflow { tallies, .. } => entry.refuse(tallies, DiscardReason::CacheOverflow),
            Notice::ForeignOverflow(tallies) => {
                entry.refuse_untold(tallies, DiscardReason::CacheOverflow);
            }
            // Whoever has it, or has removed it, books it: a file is in the books of one process.
            Notice::TakenOver(content) if content.is_booked => entry.give_away(content.tallies),
            Notice::TakenOver(_) => {}
            Notice::Vanished(tallies) | Notice::Damaged(Some(tallies)) => {
                entry.discard_spooled(tallies, DiscardReason::InternalSdkError);
            }
            Notice::Damaged(None) => entry.refuse(UNKNOWN, DiscardReason::InternalSdkError),
        }
    }
}
