//! Settlement: what became of each accepted envelope is booked once, and told to the host.
//!
//! An envelope that the worker has taken stands in the list of the unsettled until its fate is known. Whoever removes
//! it books it: normally the worker; at a shutdown whose deadline passed while libcurl kept the worker busy, the
//! closing thread. So each envelope is booked exactly once. Between the queue and that list it is a
//! [`Pending`](super::pending::Pending). Entry points, on [`Account`]: [`Account::settle`], [`Account::refuse`],
//! [`Account::abandon_all`].

use std::sync::atomic::Ordering;

use super::held::{Held, Place};
use super::ledger::Tally;
use super::outcome::{self, Fate, Outcome};
use super::{Account, Actor};
use crate::base::callout::Forked;
use crate::base::diagnostics::Severity;
use crate::base::lock::lock;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::transport::queue::Queued;
use crate::transport::queue::durable::Charge;
use crate::transport::queue::permit::Permit;

impl Account {
    /// Books an envelope that is not accepted.
    pub(crate) fn refuse_envelope(&self, envelope: &Envelope, reason: DiscardReason) -> Outcome {
        let tallies: Vec<Tally> = envelope.tallies().collect();
        let event_id = envelope.event_id.unwrap_or(Uuid::NIL);
        self.refuse(event_id, &tallies, reason)
    }

    /// Books items that were left out of an envelope; the host hears of the envelope alone.
    pub(crate) fn refuse_part(&self, lost: &[Tally], reason: DiscardReason) {
        self.ledger.enter().refuse(lost.iter().copied(), reason);
    }

    /// Notes that the worker now answers for `queued`.
    pub(super) fn hold(&self, ticket: u64, queued: &Queued) {
        let place = Place::Memory(queued.charge);
        self.hold_at(ticket, &queued.envelope, queued.permit, place);
    }

    /// Notes that the worker now sends an envelope that lies on disk.
    pub(crate) fn hold_spooled(&self, ticket: u64, envelope: &Envelope) {
        self.hold_at(ticket, envelope, Permit::Waiting, Place::Disk);
    }

    fn hold_at(&self, ticket: u64, envelope: &Envelope, permit: Permit, place: Place) {
        lock(&self.unsettled).push(Held {
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
        self.note(Outcome {
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
    pub(super) fn at_the_end(&self, fate: Fate, permit: Permit, charge: &mut Charge) -> Fate {
        if fate != Fate::Discarded(DiscardReason::Shutdown) {
            return fate;
        }
        if !self.consent.may_send_later(permit) {
            return Fate::Discarded(DiscardReason::NoConsent);
        }
        if self.has_place && self.queue.copies().leave(charge.record) {
            charge.record = None;
            return Fate::Spooled;
        }
        fate
    }

    /// Books an envelope that left the queue without the worker, and whose room was given back already.
    pub(super) fn settle_queued(&self, queued: &Queued, fate: Fate) -> Outcome {
        self.book(queued.envelope.tallies(), true, fate);
        Outcome {
            event_id: queued.envelope.event_id.unwrap_or(Uuid::NIL),
            category: queued.envelope.category(),
            fate,
            http_status: 0,
            attempts: 0,
        }
    }

    /// Books an item that never became an accepted envelope; [`Self::hear`] tells the host.
    pub(crate) fn refuse(
        &self,
        event_id: Uuid,
        tallies: &[Tally],
        reason: DiscardReason,
    ) -> Outcome {
        self.ledger.enter().refuse(tallies.iter().copied(), reason);
        Outcome {
            event_id,
            category: tallies.first().map_or(Category::Default, |tally| tally.0),
            fate: Fate::Discarded(reason),
            http_status: 0,
            attempts: 0,
        }
    }

    /// Books everything the worker holds and all that is queued as lost to the shutdown. The queue must be closed.
    pub(crate) fn abandon_all(&self) -> Result<(), Forked> {
        let abandoned = self.settle_all_but(|_| false, DiscardReason::Shutdown);
        self.abandoned.fetch_add(abandoned, Ordering::Relaxed);
        self.tell_noted()?;
        while let Some(pending) = self.take() {
            pending.abandon();
            self.abandoned.fetch_add(1, Ordering::Relaxed);
            self.tell_noted()?;
        }
        Ok(())
    }

    /// From here on the host hears nothing more.
    pub(crate) fn mute(&self) {
        self.is_muted.store(true, Ordering::Release);
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

    /// Lets the host know of an outcome, at once or, if the worker made it, when it may call the host.
    pub(crate) fn hear(&self, actor: Actor, outcome: Outcome) -> Result<(), Forked> {
        match actor {
            Actor::Host => {
                self.log(&outcome);
                self.tell(&outcome)
            }
            Actor::Worker => {
                self.note(outcome);
                Ok(())
            }
        }
    }

    /// The host is to hear of it when [`Self::tell_noted`] is called.
    pub(super) fn note(&self, outcome: Outcome) {
        self.log(&outcome);
        if self.sink.is_some() && !outcome::is_telling() {
            self.untold.push(outcome);
            self.wake.new_task();
        }
    }

    /// True if there is something for [`Self::tell_noted`].
    pub(crate) fn has_untold(&self) -> bool {
        self.untold.has_some()
    }

    /// Tells the host what was noted.
    pub(crate) fn tell_noted(&self) -> Result<(), Forked> {
        while self.untold.has_some()
            && let Some(outcome) = self.untold.pop()
        {
            self.tell(&outcome)?;
        }
        Ok(())
    }

    fn tell(&self, outcome: &Outcome) -> Result<(), Forked> {
        match &self.sink {
            Some(sink) if !self.is_muted.load(Ordering::Acquire) => {
                outcome::tell(sink.as_ref(), outcome)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn log(&self, outcome: &Outcome) {
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
    }
}
