//! Consent: what the user decided, and what that does to sending (SP-8).

use super::Client;
use super::pipeline::{Refused, Status};
use crate::base::uuid::Uuid;
use crate::store::consent::Consent;
use crate::transport::Transport;

impl Client {
    /// Takes note of a decision of the user. It is written to the database later, by the worker.
    pub(crate) fn decide(&self, decision: Consent) {
        if !self.paperwork.decide(decision) {
            return;
        }
        if let Some(transport) = &self.transport {
            // Two threads that decide at once must not leave the older decision behind.
            loop {
                let is_missing = self.is_consent_missing();
                transport.withhold(is_missing);
                if is_missing == self.is_consent_missing() {
                    break;
                }
            }
        }
        self.has_paperwork();
    }

    /// What the user decided.
    pub(crate) fn consent(&self) -> Consent {
        self.paperwork.consent()
    }

    /// True if nothing is sent without consent.
    pub(crate) fn is_consent_required(&self) -> bool {
        self.options.require_user_consent
    }

    /// The answer to a capture that the queue took: a refusal if it goes nowhere for want of consent. On disk it can wait for
    /// that.
    pub(crate) fn check_consent(&self, event_id: Uuid) -> Result<Uuid, Refused> {
        let can_wait = self.options.spool.http_retry && self.paperwork.database().is_some();
        if self.is_consent_missing() && !can_wait {
            return Err(Refused::because(
                Status::NoConsent,
                "the user has not consented; see sentry_user_consent_give()",
            ));
        }
        Ok(event_id)
    }

    /// True while nothing may be sent.
    pub(crate) fn is_consent_missing(&self) -> bool {
        self.is_consent_required() && self.consent() != Consent::Given
    }

    /// Lets the worker write what waits; without one it is written here and now.
    pub(crate) fn has_paperwork(&self) {
        match &self.transport {
            Some(transport) => Transport::has_chores(transport),
            None => crate::transport::backing::Chores::run(&*self.paperwork),
        }
    }
}
