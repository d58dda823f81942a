//! Sessions: the one that is running, what is told about it and when (SES-1 … SES-14), and those of dead runs.
//!
//! A session travels with events, as one more item of their envelopes, and alone when it ends. Its first transmission
//! counts it at the server, so only one envelope at a time may carry that: while it is on its way to the queue, others go
//! without ([`Sessions::ride`], [`Sessions::ridden`]). No lock is held meanwhile.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::Client;
use super::pipeline::{submit, would_feed_back};
use crate::base::lock::lock;
use crate::base::uuid::Uuid;
use crate::protocol::envelope::{Envelope, Item, ItemKind};
use crate::protocol::session::{Session, SessionStatus};

use crate::value::dynamic::Value;
use crate::value::scan;

/// SES-12: most sessions in one envelope.
const MAX_PER_ENVELOPE: usize = 100;
/// SES-13: servers take no update of a session older than this.
const MAX_AGE: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    running: Mutex<Option<Running>>,
    /// Lets captures pass without the lock while none is running.
    is_running: AtomicBool,
    /// What the file says is no longer true.
    has_changed: AtomicBool,
    /// Of dead runs, until all are collected.
    left: Mutex<Vec<Session>>,
}

#[derive(Debug)]
struct Running {
    session: Session,
    /// The wall clock may jump; this does not.
    since: Instant,
    /// The first transmission is on its way to the queue.
    is_boarding: bool,
    /// Errors that the queue has been told of.
    told: u64,
}

/// A session's item that rides in an envelope; tell [`Sessions::ridden`] what became of it.
#[derive(Debug)]
pub(crate) struct Ride {
    sid: Uuid,
    errors: u64,
    is_first: bool,
}

impl Sessions {
    /// Begins a session; the one before must have been taken.
    fn begin(&self, session: Session, now: Instant) {
        *lock(&self.running) = Some(Running {
            session,
            since: now,
            is_boarding: false,
            told: 0,
        });
        self.is_running.store(true, Ordering::Release);
        self.has_changed.store(true, Ordering::Release);
    }

    /// Ends the session: its last transmission, if one was running.
    fn end(&self, status: SessionStatus, now: Instant) -> Option<Vec<u8>> {
        let running = lock(&self.running).take()?;
        self.is_running.store(false, Ordering::Release);
        self.has_changed.store(true, Ordering::Release);
        let duration = now.saturating_duration_since(running.since);
        Some(running.session.write(status, Some(duration)))
    }

    /// Counts an error; true if the session was healthy until then.
    fn note_error(&self) -> bool {
        if !self.is_running.load(Ordering::Acquire) {
            return false;
        }
        let mut running = lock(&self.running);
        let Some(running) = running.as_mut() else {
            return false;
        };
        running.session.note_error();
        running.session.errors() == 1
    }

    /// Changes the user of the running session, if that is still possible.
    fn set_did(&self, did: Option<String>) -> bool {
        let changed = lock(&self.running)
            .as_mut()
            .is_some_and(|running| !running.is_boarding && running.session.set_did(did));
        if changed {
            self.has_changed.store(true, Ordering::Release);
        }
        changed
    }

    /// Puts the session into an envelope if there is something to tell.
    fn ride(&self, envelope: &mut Envelope, now: Instant) -> Option<Ride> {
        if !self.is_running.load(Ordering::Acquire) {
            return None;
        }
        let mut running = lock(&self.running);
        let running = running.as_mut()?;
        let is_first = !running.session.is_known();
        if running.is_boarding || (!is_first && running.told == running.session.errors()) {
            return None;
        }
        running.is_boarding = is_first;
        let duration = now.saturating_duration_since(running.since);
        let payload = running.session.write(SessionStatus::Ok, Some(duration));
        envelope.push(Item::new(ItemKind::Session, payload));
        Some(Ride {
            sid: running.session.sid(),
            errors: running.session.errors(),
            is_first,
        })
    }

    /// Notes whether the queue took the envelope; true if the file has to be written for it.
    fn ridden(&self, ride: &Ride, is_queued: bool) -> bool {
        let mut running = lock(&self.running);
        let Some(running) = running
            .as_mut()
            .filter(|running| running.session.sid() == ride.sid)
        else {
            return false;
        };
        if ride.is_first {
            running.is_boarding = false;
        }
        if !is_queued {
            return false;
        }
        running.told = running.told.max(ride.errors);
        if !ride.is_first {
            return false;
        }
        running.session.set_known();
        self.has_changed.store(true, Ordering::Release);
        true
    }

    /// Since the last call something changed in what the file should say: the content, or `None` for no file.
    pub(crate) fn take_change(&self) -> Option<Option<Vec<u8>>> {
        if !self.has_changed.swap(false, Ordering::AcqRel) {
            return None;
        }
        let running = lock(&self.running);
        let content = |running: &Running| running.session.write(SessionStatus::Ok, None);
        Some(running.as_ref().map(content))
    }

    /// Takes note of a session that a dead run left.
    pub(crate) fn collect(&self, session: Session) {
        lock(&self.left).push(session);
    }

    /// What is to be sent about the sessions of dead runs. `crash` is when a run crashed last: the session that began
    /// last before it takes the crash, and no other.
    pub(crate) fn close_collected(
        &self,
        crash: Option<SystemTime>,
        now: SystemTime,
    ) -> Vec<Envelope> {
        let mut left = std::mem::take(&mut *lock(&self.left));
        let is_too_old = |session: &Session| {
            let age = now.duration_since(session.started());
            age.is_ok_and(|age| age > MAX_AGE)
        };
        left.retain(|session| !is_too_old(session));
        let before = |session: &&Session| crash.is_some_and(|crash| session.started() <= crash);
        let crashed = left.iter().filter(before).max_by_key(|it| it.started());
        let crashed = crashed.map(Session::sid);
        left.chunks(MAX_PER_ENVELOPE)
            .map(|sessions| {
                let mut envelope = Envelope::default();
                for session in sessions {
                    let crash = crash.filter(|_| Some(session.sid()) == crashed);
                    let payload = session.write_left(crash);
                    envelope.push(Item::new(ItemKind::Session, payload));
                }
                envelope
            })
            .collect()
    }
}

impl Client {
    /// Starts a session, and ends the one that is running (SES-12). Without a release there is none (SES-2).
    pub(crate) fn start_session(&self) {
        if would_feed_back() {
            return;
        }
        self.finish_session(SessionStatus::Exited);
        let Some(release) = self.scope.field("release") else {
            return;
        };
        if self.transport.is_none() {
            return;
        }
        let environment = self.scope.field("environment");
        let session = Session::new(
            SystemTime::now(),
            self.distinct_id(),
            &release,
            environment.as_deref(),
        );
        self.sessions().begin(session, Instant::now());
        self.has_paperwork();
    }

    /// Ends the running session, if there is one, and sends its last word. Not from a callback on the worker's thread:
    /// what it hears about would be its own doing.
    pub(crate) fn end_session(&self, status: SessionStatus) {
        if !would_feed_back() {
            self.finish_session(status);
        }
    }

    /// [`Client::end_session`], also at the end of the client.
    pub(super) fn finish_session(&self, status: SessionStatus) {
        let Some(payload) = self.sessions().end(status, Instant::now()) else {
            return;
        };
        self.has_paperwork();
        let mut envelope = Envelope::default();
        envelope.push(Item::new(ItemKind::Session, payload));
        if let Some(transport) = &self.transport {
            // Booked, whatever the answer.
            let _ = submit(transport, envelope);
        }
    }

    /// Tells the server of the session without an event: the one that was to carry it is not sent (SES-7).
    pub(super) fn send_session_update(&self) {
        let Some(transport) = &self.transport else {
            return;
        };
        let mut envelope = Envelope::default();
        let ride = self.board(&mut envelope);
        if !envelope.is_empty() {
            let is_queued = submit(transport, envelope).is_ok();
            self.alight(ride, is_queued);
        }
    }

    fn sessions(&self) -> &Sessions {
        self.paperwork.sessions()
    }

    /// Puts the running session into an envelope, if there is something to tell and the user allows it.
    pub(super) fn board(&self, envelope: &mut Envelope) -> Option<Ride> {
        // What is not sent for want of consent is not told: the first transmission is still to come.
        if self.is_consent_missing() {
            return None;
        }
        self.sessions().ride(envelope, Instant::now())
    }

    /// Counts an error of the running session; true if it was healthy until then.
    pub(super) fn note_error(&self) -> bool {
        self.sessions().note_error()
    }

    /// Says whether the queue took the envelope.
    pub(super) fn alight(&self, ride: Option<Ride>, is_queued: bool) {
        if ride.is_some_and(|ride| self.sessions().ridden(&ride, is_queued)) {
            self.has_paperwork();
        }
    }

    /// After a change of the user: the running session takes it over if it still can.
    pub(super) fn note_user(&self, user: &Value) {
        if user.is_object() && self.sessions().set_did(self.distinct_id()) {
            self.has_paperwork();
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
            let id = self.paperwork.installation_id()?;
            Some(id.hyphenated().as_str().to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;
    use std::time::UNIX_EPOCH;

    fn started(seconds: u64) -> Session {
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        Session::new(time, None, "\"r\"", None)
    }

    fn items(envelope: &Envelope) -> Vec<Json> {
        let parse = |item: &Item| serde_json::from_slice(&item.payload.whole()).unwrap();
        envelope.items().map(parse).collect()
    }

    fn ride(sessions: &Sessions) -> Option<(Ride, Json)> {
        let mut envelope = Envelope::default();
        let ride = sessions.ride(&mut envelope, Instant::now())?;
        Some((ride, items(&envelope).remove(0)))
    }

    fn end(sessions: &Sessions, now: Instant) -> Option<Json> {
        let last = sessions.end(SessionStatus::Exited, now)?;
        Some(serde_json::from_slice(&last).unwrap())
    }

    // SES-3
    #[test]
    fn the_first_transmission_is_made_once_and_again_when_it_failed() {
        let sessions = Sessions::default();
        assert!(ride(&sessions).is_none());
        sessions.begin(started(0), Instant::now());
        let (first, item) = ride(&sessions).unwrap();
        assert_eq!(item["init"], true);
        assert!(ride(&sessions).is_none(), "two at once");
        assert!(!sessions.ridden(&first, false));
        let (second, item) = ride(&sessions).unwrap();
        assert_eq!(item["init"], true);
        assert!(sessions.ridden(&second, true));
        assert!(ride(&sessions).is_none(), "nothing new to tell");
        assert!(sessions.note_error());
        assert!(!sessions.note_error());
        let (third, item) = ride(&sessions).unwrap();
        assert_eq!((&item["init"], &item["errors"]), (&Json::Null, &2.into()));
        assert!(!sessions.ridden(&third, true));
        assert!(ride(&sessions).is_none());
    }

    // SES-4
    #[test]
    fn after_the_end_nothing_is_told() {
        let sessions = Sessions::default();
        sessions.begin(started(0), Instant::now());
        let (late, _) = ride(&sessions).unwrap();
        assert_eq!(end(&sessions, Instant::now()).unwrap()["status"], "exited");
        assert!(end(&sessions, Instant::now()).is_none());
        assert!(!sessions.ridden(&late, true));
        assert!(!sessions.note_error());
        assert!(ride(&sessions).is_none());
        sessions.begin(started(1), Instant::now());
        assert!(!sessions.ridden(&late, true), "that was another session");
        assert_eq!(ride(&sessions).unwrap().1["init"], true);
    }

    // SES-10
    #[test]
    fn the_file_follows_the_session() {
        let sessions = Sessions::default();
        assert_eq!(sessions.take_change(), None);
        sessions.begin(started(0), Instant::now());
        let content = sessions.take_change().unwrap().unwrap();
        assert!(!Session::read(&content).unwrap().is_known());
        assert_eq!(sessions.take_change(), None);
        let (first, _) = ride(&sessions).unwrap();
        sessions.ridden(&first, true);
        let content = sessions.take_change().unwrap().unwrap();
        assert!(Session::read(&content).unwrap().is_known());
        end(&sessions, Instant::now());
        assert_eq!(sessions.take_change(), Some(None));
    }

    // SES-10, SES-12, SES-13
    #[test]
    fn sessions_of_dead_runs_are_closed_a_hundred_at_a_time_and_one_takes_the_crash() {
        let sessions = Sessions::default();
        let day = 24 * 60 * 60;
        let now = UNIX_EPOCH + Duration::from_secs(6 * day);
        for second in 0..250 {
            sessions.collect(started(5 * day + second));
        }
        sessions.collect(started(day - 1));
        let crash = UNIX_EPOCH + Duration::from_secs(5 * day + 99);
        let envelopes = sessions.close_collected(Some(crash), now);
        let counts: Vec<_> = envelopes.iter().map(|it| it.items().count()).collect();
        assert_eq!(
            counts,
            [100, 100, 50],
            "and the one of five days ago is not sent"
        );
        let all: Vec<_> = envelopes.iter().flat_map(items).collect();
        let crashed: Vec<_> = all.iter().filter(|it| it["status"] == "crashed").collect();
        assert_eq!(crashed.len(), 1);
        assert_eq!(crashed[0]["duration"], 0.0);
        assert_eq!(
            all.iter().filter(|it| it["status"] == "abnormal").count(),
            249
        );
        assert_eq!(sessions.close_collected(None, now).len(), 0);
    }

    // SES-1
    #[test]
    fn the_duration_is_what_passed_wherever_the_wall_clock_was_set() {
        let (sessions, begun) = (Sessions::default(), Instant::now());
        let after = |seconds| begun + Duration::from_secs(seconds);
        // Before the time was known, and in a year that never was meant.
        for wall in [0, 253_402_300_799] {
            sessions.begin(started(wall), begun);
            let mut envelope = Envelope::default();
            sessions.ride(&mut envelope, after(5)).unwrap();
            assert_eq!(items(&envelope)[0]["duration"], 5.0);
            assert_eq!(end(&sessions, after(7)).unwrap()["duration"], 7.0);
        }
    }

    // SES-10, SES-13
    #[test]
    fn a_clock_that_was_set_back_hides_no_session_and_invents_no_crash() {
        let sessions = Sessions::default();
        let day = 24 * 60 * 60;
        let at = |day_number: u64| UNIX_EPOCH + Duration::from_secs(day_number * day);
        // It began in what is now the future; the crash was before that.
        sessions.collect(started(300 * day));
        let sent = sessions.close_collected(Some(at(100)), at(101));
        assert_eq!(items(&sent[0])[0]["status"], "abnormal");
        // A clock that was wrong at first: the server would not take it.
        sessions.collect(started(0));
        assert_eq!(sessions.close_collected(Some(at(100)), at(101)).len(), 0);
    }
}
