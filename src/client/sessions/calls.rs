//! Sessions as the client uses them: calls of the host, events that carry an update, and the user that a session is of.

use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use super::{SessionUpdate, Sessions};
use crate::client::Client;
use crate::client::capture::steps::{submit, would_feed_back};
use crate::protocol::envelope::{Envelope, Item, ItemKind};
use crate::protocol::session::{Session, SessionStatus};
use crate::transport::queue::permit::Permit;
use crate::value::json::scan;
use crate::value::tree::Value;

impl Client {
    /// Starts a session, and ends the one that is running (SES-12). Without a release there is none (SES-2).
    pub(crate) fn start_session(&self) {
        if !would_feed_back() {
            self.replace_session(self.new_session(), SessionStatus::Exited);
        }
    }

    fn new_session(&self) -> Option<Session> {
        self.transport.as_ref()?;
        let release = self.scope.field("release")?;
        let environment = self.scope.field("environment");
        let (now, did) = (SystemTime::now(), self.distinct_id());
        Some(Session::new(now, did, &release, environment.as_deref()))
    }

    /// Ends the running session, if there is one, and sends its last word. Not from a callback on the worker's thread:
    /// what it hears about would be its own doing.
    pub(crate) fn end_session(&self, status: SessionStatus) {
        if !would_feed_back() {
            self.replace_session(None, status);
        }
    }

    /// [`Client::end_session`] at the end of the client: nobody is waited for any more.
    pub(in crate::client) fn finish_session(&self) {
        if let Some(transport) = &self.transport {
            transport.wait_no_more();
        }
        self.replace_session(None, SessionStatus::Exited);
        let left = self.sessions().map(Sessions::take_leaving);
        left.into_iter()
            .flatten()
            .for_each(|word| self.send_last_word(word));
    }

    fn replace_session(&self, next: Option<Session>, status: SessionStatus) {
        let Some(sessions) = self.sessions() else {
            return;
        };
        let last_word = sessions.replace(next, status, Instant::now());
        if sessions.has_changed.load(Ordering::Acquire) {
            self.request_write();
        }
        if let Some(word) = last_word {
            self.send_last_word(word);
        }
    }

    fn send_last_word(&self, payload: Vec<u8>) {
        let mut envelope = Envelope::default();
        envelope.push(Item::new(ItemKind::Session, payload));
        if let Some(transport) = &self.transport {
            let is_queued = submit(transport, envelope, transport.permit()).is_ok();
            // What outlives the process is told, and so must not be told again by the next start.
            if is_queued && transport.is_durable() {
                transport.note_session(self.sessions().and_then(Sessions::running));
            }
        }
    }

    /// Tells the server of the session without an event: the one that was to carry it is not sent (SES-7).
    pub(in crate::client) fn send_session_update(&self) {
        let Some(transport) = &self.transport else {
            return;
        };
        let mut envelope = Envelope::default();
        let permit = transport.permit();
        let update = self.attach_update(&mut envelope, permit);
        if !envelope.is_empty() {
            let is_queued = submit(transport, envelope, permit).is_ok();
            self.settle_update(update, is_queued);
        }
    }

    /// None without the feature, and in a child that a hook forked: there the session is the parent's, and its lock may be
    /// held for ever.
    fn sessions(&self) -> Option<&Sessions> {
        let has_sessions = cfg!(feature = "sessions") && !self.is_inherited();
        has_sessions.then(|| self.client_files.sessions())
    }

    /// Puts the running session into an envelope, if there is something to tell and the user allows it.
    pub(in crate::client) fn attach_update(
        &self,
        envelope: &mut Envelope,
        permit: Permit,
    ) -> Option<SessionUpdate> {
        let sessions = self.sessions()?;
        // What is not sent for want of consent is not told: the first transmission is still to come.
        if !matches!(permit, Permit::Granted(_)) {
            return None;
        }
        sessions.update(envelope, Instant::now())
    }

    /// Counts an error of the running session; true if it was healthy until then.
    pub(in crate::client) fn note_error(&self) -> bool {
        self.sessions().is_some_and(Sessions::note_error)
    }

    /// Says whether the queue took the envelope.
    pub(in crate::client) fn settle_update(&self, update: Option<SessionUpdate>, is_queued: bool) {
        let (Some(update), Some(sessions)) = (update, self.sessions()) else {
            return;
        };
        let settle = sessions.settle(&update, is_queued);
        if settle.has_news {
            self.request_write();
        }
        if let Some(word) = settle.last_word {
            self.send_last_word(word);
        }
    }

    /// After a change of the user: the running session takes it over if it still can.
    pub(in crate::client) fn note_user(&self, user: &Value) {
        let Some(sessions) = self.sessions().filter(|_| user.is_object()) else {
            return;
        };
        if sessions.set_did(self.distinct_id()) {
            self.request_write();
        }
    }

    /// Who uses the program: the id of the user, or that of the installation.
    fn distinct_id(&self) -> Option<String> {
        let user = self.scope.field("user");
        let id = user.as_deref().and_then(|user| scan::entry(user, "id"));
        let text = id.and_then(|id| match scan::kind(id) {
            scan::Kind::Text => scan::text(id).map(|text| text.into_owned()),
            scan::Kind::Number => Some(id.to_owned()),
            _ => None,
        });
        text.filter(|text| !text.is_empty()).or_else(|| {
            let id = self.client_files.installation_id()?;
            Some(id.hyphenated().as_str().to_owned())
        })
    }
}
