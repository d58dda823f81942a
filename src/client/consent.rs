//! Consent: what the user decided, and what that means for what is captured (SP-8).
//!
//! Decided once, at capture, by the permit that an envelope gets ([`crate::transport::queue::permit`]); the answer to the caller
//! says what the permit says.

use super::Client;
use super::capture::refused::{Refused, Status};
use super::scope::Scope;
use crate::base::uuid::Uuid;
use crate::store::files::consent::Consent;
use crate::transport::Transport;

/// The answer to a capture that goes nowhere for want of consent.
pub(super) const NO_CONSENT: Refused = Refused::because(
    Status::NoConsent,
    "the user has not consented; see sentry_user_consent_give()",
);

impl Client {
    /// Takes note of a decision of the user. It is written to the database later, by the worker.
    pub(crate) fn decide(&self, decision: Consent) {
        let transport = self.transport.as_ref();
        let is_allowed = !self.is_consent_required() || decision == Consent::Given;
        let mut has_changed = false;
        // In one step: two threads that decide at once must not leave the older decision behind.
        let is_new = self.client_files.decide(decision, || {
            has_changed = transport.is_some_and(|it| it.set_consent(is_allowed));
        });
        if let Some(transport) = transport.filter(|_| has_changed) {
            transport.note_consent();
        }
        if is_new {
            self.request_write();
        }
    }

    /// What the user decided.
    pub(crate) fn consent(&self) -> Consent {
        self.client_files.consent()
    }

    /// True if nothing is sent without consent.
    pub(crate) fn is_consent_required(&self) -> bool {
        self.options.require_user_consent
    }

    /// Ends a capture that was queued: it is the last one; with a scope of its own it is noted there.
    pub(super) fn conclude(&self, event_id: Uuid, scope: Option<&Scope>) {
        if scope.is_none() {
            self.note_last(event_id);
        }
    }

    /// Ends a capture that was refused. One that is not sent for want of consent counts as the last one as well.
    pub(super) fn conclude_refused(
        &self,
        event_id: Uuid,
        scope: Option<&Scope>,
        refused: Refused,
    ) -> Refused {
        if refused.status != Status::NoConsent {
            return refused;
        }
        self.conclude(event_id, scope);
        Refused {
            unsent_id: Some(event_id),
            ..refused
        }
    }

    /// Asks the worker to write the files of the client that have changed; without a worker they are written here and now.
    pub(crate) fn request_write(&self) {
        match &self.transport {
            Some(transport) => Transport::request_client_tasks(transport),
            None => crate::transport::backing::ClientTasks::run(&*self.client_files, &|_| {}),
        }
    }
}
