//! Sessions: the one that is running, what is told about it and when (SES-1 … SES-14), and those of dead runs.
//!
//! A session travels with events, as one more item of their envelopes, and alone when it ends. Its first transmission
//! counts it at the server, so only one envelope at a time may carry that: while it is on its way to the queue, others go
//! without ([`Sessions::update`], [`Sessions::settle`]). No lock is held meanwhile.

mod calls;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::base::lock::lock;
use crate::base::process;
use crate::base::uuid::Uuid;
use crate::base::wall_history::is_step;
use crate::protocol::envelope::{Envelope, Item, ItemKind};
use crate::protocol::session::{Session, SessionStatus};

/// SES-12: most sessions in one envelope.
const MAX_PER_ENVELOPE: usize = 100;
/// SES-13: servers take no update of a session older than this.
const MAX_AGE: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// The session that is running, and what is still to be told of others.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    table: Mutex<Table>,
    /// Lets captures pass without the lock while none is running.
    is_running: AtomicBool,
    /// What the file says is no longer true.
    has_changed: AtomicBool,
    /// Of dead runs, until all are collected.
    left: Mutex<Vec<Session>>,
}

#[derive(Debug, Default)]
struct Table {
    running: Option<Running>,
    /// Those that ended while an envelope carried one of their updates to the queue, where it must come first.
    leaving: Vec<Leaving>,
}

#[derive(Debug)]
struct Running {
    session: Session,
    /// The wall clock may jump; this does not.
    since: Instant,
    /// The same as the time since the start of the machine, which goes on while it sleeps.
    since_boot: Duration,
    /// Envelopes that carry it to the queue now.
    carriers: usize,
    /// The first transmission is on its way to the queue.
    is_update_under_way: bool,
    /// Errors that the queue has been told of.
    told: u64,
}

impl Running {
    fn new(session: Session, now: Instant) -> Self {
        Self {
            session,
            since: now,
            since_boot: process::since_boot(),
            carriers: 0,
            is_update_under_way: false,
            told: 0,
        }
    }
}

#[derive(Debug)]
struct Leaving {
    session: Session,
    status: SessionStatus,
    duration: Duration,
    carriers: usize,
}

impl Leaving {
    fn last_word(&self) -> Vec<u8> {
        self.session.write(self.status, Some(self.duration))
    }
}

/// A session's item in an envelope; tell [`Sessions::settle`] what became of it.
#[derive(Debug)]
pub(crate) struct SessionUpdate {
    sid: Uuid,
    errors: u64,
    is_first: bool,
}

/// What follows when an envelope with a session has reached the queue, or has not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SettledUpdate {
    /// The file has to be written.
    has_news: bool,
    /// The session ended meanwhile, and this is to be sent now.
    last_word: Option<Vec<u8>>,
}

impl Sessions {
    /// Ends the running session with `status` and begins `next`, in one step: of two threads that do this at once each
    /// ends another one. The last transmission of what ended, unless an earlier one is on its way: then the last one who
    /// carries it hands it on ([`Sessions::settle`]).
    fn replace(
        &self,
        next: Option<Session>,
        status: SessionStatus,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let mut table = lock(&self.table);
        let next = next.map(|session| Running::new(session, now));
        let ended = std::mem::replace(&mut table.running, next);
        self.is_running
            .store(table.running.is_some(), Ordering::Release);
        if ended.is_some() || table.running.is_some() {
            self.has_changed.store(true, Ordering::Release);
        }
        let ended = ended?;
        let leaving = Leaving {
            status,
            duration: now.saturating_duration_since(ended.since),
            session: ended.session,
            carriers: ended.carriers,
        };
        if leaving.carriers == 0 {
            return Some(leaving.last_word());
        }
        table.leaving.push(leaving);
        None
    }

    /// The last transmissions of those that wait for a carrier, which nobody waits for any more: the queue is about to close.
    fn take_leaving(&self) -> Vec<Vec<u8>> {
        let leaving = std::mem::take(&mut lock(&self.table).leaving);
        leaving.iter().map(Leaving::last_word).collect()
    }

    /// Counts an error; true if the session was healthy until then.
    fn note_error(&self) -> bool {
        if !self.is_running.load(Ordering::Acquire) {
            return false;
        }
        let mut table = lock(&self.table);
        let Some(running) = table.running.as_mut() else {
            return false;
        };
        running.session.note_error();
        running.session.errors() == 1
    }

    /// Changes the user of the running session, if that is still possible.
    fn set_did(&self, did: Option<String>) -> bool {
        let changed = lock(&self.table)
            .running
            .as_mut()
            .is_some_and(|running| !running.is_update_under_way && running.session.set_did(did));
        if changed {
            self.has_changed.store(true, Ordering::Release);
        }
        changed
    }

    /// Puts the session into an envelope if there is something to tell.
    fn update(&self, envelope: &mut Envelope, now: Instant) -> Option<SessionUpdate> {
        if !self.is_running.load(Ordering::Acquire) {
            return None;
        }
        let mut table = lock(&self.table);
        let running = table.running.as_mut()?;
        let is_first = !running.session.is_known();
        if running.is_update_under_way || (!is_first && running.told == running.session.errors()) {
            return None;
        }
        running.is_update_under_way = is_first;
        running.carriers = running.carriers.saturating_add(1);
        let duration = now.saturating_duration_since(running.since);
        let payload = running.session.write(SessionStatus::Ok, Some(duration));
        envelope.push(Item::new(ItemKind::Session, payload));
        Some(SessionUpdate {
            sid: running.session.sid(),
            errors: running.session.errors(),
            is_first,
        })
    }

    /// Notes whether the queue took the envelope.
    fn settle(&self, update: &SessionUpdate, is_queued: bool) -> SettledUpdate {
        let mut table = lock(&self.table);
        let is_of = |session: &Session| session.sid() == update.sid;
        if let Some(running) = table.running.as_mut().filter(|it| is_of(&it.session)) {
            running.carriers = running.carriers.saturating_sub(1);
            if update.is_first {
                running.is_update_under_way = false;
            }
            if is_queued {
                running.told = running.told.max(update.errors);
            }
            let has_news = is_queued && update.is_first;
            if has_news {
                running.session.set_known();
                self.has_changed.store(true, Ordering::Release);
            }
            return SettledUpdate {
                has_news,
                last_word: None,
            };
        }
        let Some(at) = table.leaving.iter().position(|it| is_of(&it.session)) else {
            return SettledUpdate::default();
        };
        let Some(leaving) = table.leaving.get_mut(at) else {
            return SettledUpdate::default();
        };
        leaving.carriers = leaving.carriers.saturating_sub(1);
        if is_queued {
            leaving.session.set_known();
        }
        let is_last = leaving.carriers == 0;
        SettledUpdate {
            has_news: false,
            last_word: is_last.then(|| table.leaving.swap_remove(at).last_word()),
        }
    }

    /// The running session.
    fn running(&self) -> Option<Uuid> {
        let table = lock(&self.table);
        table.running.as_ref().map(|running| running.session.sid())
    }

    /// Brings the beginning of the running session in line with a clock that was set since: it began as long ago as it
    /// runs. The time that the server was told is corrected by the time of sending, so it stays the same there (SES-5).
    pub(crate) fn settle_start(&self, wall: SystemTime, since_boot: Duration) {
        let mut table = lock(&self.table);
        let Some(running) = table.running.as_mut() else {
            return;
        };
        let age = since_boot.saturating_sub(running.since_boot);
        let Some(started) = wall.checked_sub(age) else {
            return;
        };
        if is_step(started, running.session.started()) {
            running.session.set_started(started);
            self.has_changed.store(true, Ordering::Release);
        }
    }

    /// Since the last call something changed in what the file should say: the session and its content, or `None` for no file.
    pub(crate) fn take_change(&self) -> Option<Option<(Uuid, Vec<u8>)>> {
        if !self.has_changed.swap(false, Ordering::AcqRel) {
            return None;
        }
        let table = lock(&self.table);
        let content = |Running { session, .. }: &Running| {
            (session.sid(), session.write(SessionStatus::Ok, None))
        };
        Some(table.running.as_ref().map(content))
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;
    use std::time::UNIX_EPOCH;

    const EXITED: SessionStatus = SessionStatus::Exited;

    fn started(seconds: u64) -> Session {
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        Session::new(time, None, "\"r\"", None)
    }

    fn items(envelope: &Envelope) -> Vec<Json> {
        let parse = |item: &Item| serde_json::from_slice(&item.payload.whole()).unwrap();
        envelope.items().map(parse).collect()
    }

    fn update(sessions: &Sessions) -> Option<(SessionUpdate, Json)> {
        let mut envelope = Envelope::default();
        let update = sessions.update(&mut envelope, Instant::now())?;
        Some((update, items(&envelope).remove(0)))
    }

    // SES-3
    #[test]
    fn the_first_transmission_is_made_once_and_again_when_it_failed() {
        let sessions = Sessions::default();
        assert!(update(&sessions).is_none());
        begin(&sessions, 0);
        let (first, item) = update(&sessions).unwrap();
        assert_eq!(item["init"], true);
        assert!(update(&sessions).is_none(), "two at once");
        assert!(!sessions.settle(&first, false).has_news);
        let (second, item) = update(&sessions).unwrap();
        assert_eq!(item["init"], true);
        assert!(sessions.settle(&second, true).has_news);
        assert!(update(&sessions).is_none(), "nothing new to tell");
        assert!(sessions.note_error());
        assert!(!sessions.note_error());
        let (third, item) = update(&sessions).unwrap();
        assert_eq!((&item["init"], &item["errors"]), (&Json::Null, &2.into()));
        assert!(!sessions.settle(&third, true).has_news);
        assert!(update(&sessions).is_none());
    }

    fn begin(sessions: &Sessions, second: u64) -> Option<Vec<u8>> {
        sessions.replace(Some(started(second)), EXITED, Instant::now())
    }

    fn end(sessions: &Sessions) -> Option<Vec<u8>> {
        sessions.replace(None, EXITED, Instant::now())
    }

    // SES-1
    #[test]
    fn a_session_of_before_the_clock_was_set_began_as_long_ago_as_it_runs() {
        let sessions = Sessions::default();
        begin(&sessions, 100);
        assert!(sessions.take_change().is_some());
        let later = process::since_boot() + Duration::from_secs(50);
        let started = |seconds: u64, since_boot| {
            let wall = UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 500);
            sessions.settle_start(wall, since_boot);
            let change = sessions.take_change()?;
            let item: Json = serde_json::from_slice(&change?.1).unwrap();
            let time = item["started"].as_str().unwrap().to_owned();
            Some(time.split('.').next().unwrap().to_owned())
        };
        assert_eq!(started(150, later), None, "nobody set it");
        assert_eq!(
            started(1_780_000_050, later).as_deref(),
            Some("2026-05-28T20:26:40")
        );
        assert_eq!(
            started(1_780_000_060, later + Duration::from_secs(10)),
            None
        );
        // Set back.
        assert_eq!(started(150, later).as_deref(), Some("1970-01-01T00:01:40"));
        // No time before 1970.
        end(&sessions);
        sessions.take_change();
        assert_eq!(started(7, later), None);
    }

    fn word(bytes: Option<Vec<u8>>) -> Json {
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    }

    // SES-4
    #[test]
    fn after_the_end_nothing_is_told() {
        let sessions = Sessions::default();
        assert!(begin(&sessions, 0).is_none());
        let last = word(end(&sessions));
        assert_eq!(
            (&last["status"], &last["init"]),
            (&"exited".into(), &true.into())
        );
        assert!(end(&sessions).is_none());
        assert!(!sessions.note_error());
        assert!(update(&sessions).is_none());
        begin(&sessions, 1);
        assert_eq!(update(&sessions).unwrap().1["init"], true);
    }

    // SES-3, SES-4
    #[test]
    fn the_last_word_waits_for_the_updates_that_are_on_their_way() {
        for is_queued in [false, true] {
            let sessions = Sessions::default();
            begin(&sessions, 0);
            let (first, _) = update(&sessions).unwrap();
            let next = Some(started(1));
            assert_eq!(
                sessions.replace(next, SessionStatus::Crashed, Instant::now()),
                None
            );
            let (other, item) = update(&sessions).unwrap();
            assert_eq!(item["init"], true, "that is another session");
            let last = word(sessions.settle(&first, is_queued).last_word);
            assert_eq!(last["status"], "crashed");
            assert_eq!(last["init"].is_null(), is_queued);
            assert_eq!(sessions.settle(&first, true), SettledUpdate::default());
            assert!(sessions.settle(&other, true).has_news);
        }
    }

    // SES-4
    #[test]
    fn of_several_updates_on_their_way_the_last_one_hands_the_last_word_on() {
        let sessions = Sessions::default();
        begin(&sessions, 0);
        let (first, _) = update(&sessions).unwrap();
        sessions.settle(&first, true);
        sessions.note_error();
        let (second, _) = update(&sessions).unwrap();
        sessions.note_error();
        let (third, _) = update(&sessions).unwrap();
        assert_eq!(end(&sessions), None);
        assert_eq!(sessions.settle(&third, true), SettledUpdate::default());
        let last = word(sessions.settle(&second, false).last_word);
        assert_eq!(
            (&last["status"], &last["errors"]),
            (&"exited".into(), &2.into())
        );
        assert!(last["init"].is_null());
        assert!(sessions.take_leaving().is_empty());
    }

    // SES-9
    #[test]
    fn at_the_close_nobody_is_waited_for() {
        let sessions = Sessions::default();
        begin(&sessions, 0);
        let (first, _) = update(&sessions).unwrap();
        assert_eq!(end(&sessions), None);
        let words = sessions.take_leaving();
        assert_eq!(words.len(), 1);
        assert_eq!(word(words.into_iter().next())["status"], "exited");
        assert_eq!(sessions.settle(&first, true), SettledUpdate::default());
    }

    // SES-12
    #[test]
    fn each_session_is_ended_once_however_many_threads_start_one() {
        let sessions = Sessions::default();
        let ended: usize = std::thread::scope(|scope| {
            let start = || (0..200).filter_map(|at| begin(&sessions, at)).count();
            let threads = [scope.spawn(start), scope.spawn(start)];
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(ended, 399, "all but the one that runs");
        assert!(end(&sessions).is_some());
    }

    // SES-10
    #[test]
    fn the_file_follows_the_session() {
        let sessions = Sessions::default();
        assert_eq!(sessions.take_change(), None);
        begin(&sessions, 0);
        let (_, content) = sessions.take_change().unwrap().unwrap();
        assert!(!Session::read(&content).unwrap().is_known());
        assert_eq!(sessions.take_change(), None);
        let (first, _) = update(&sessions).unwrap();
        sessions.settle(&first, true);
        let (_, content) = sessions.take_change().unwrap().unwrap();
        assert!(Session::read(&content).unwrap().is_known());
        end(&sessions);
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
            sessions.replace(Some(started(wall)), EXITED, begun);
            let mut envelope = Envelope::default();
            let update = sessions.update(&mut envelope, after(5)).unwrap();
            assert_eq!(items(&envelope)[0]["duration"], 5.0);
            sessions.settle(&update, true);
            let last = word(sessions.replace(None, EXITED, after(7)));
            assert_eq!(last["duration"], 7.0);
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
