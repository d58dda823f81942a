//! Sessions: one use of the host program, as the server counts it for release health (SES-1 … SES-14).
//!
//! Decides what a session looks like on the wire and in the file that outlives its process, what may still change, and
//! how one that nobody ended is closed afterwards. Entry points: [`Session::new`], [`Session::write`],
//! [`Session::read`]. May use: `value`, `base`.

use std::time::{Duration, SystemTime};

use super::event::time_of;
use crate::base::timestamp::Timestamp;
use crate::base::uuid::Uuid;
use crate::value::json::{scan, write as json};
use crate::value::shared::members::Members;

/// How a session goes, or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    /// It is running.
    Ok,
    /// The program ended.
    Exited,
    /// The program crashed.
    Crashed,
    /// The program was gone, and nobody knows why.
    Abnormal,
}

impl SessionStatus {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Exited => "exited",
            Self::Crashed => "crashed",
            Self::Abnormal => "abnormal",
        }
    }
}

/// A session, as it is sent and as it is kept in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    sid: Uuid,
    /// Who used the program; not a name, but always the same for the same user.
    did: Option<String>,
    started: SystemTime,
    /// Release and environment, a JSON object.
    attributes: String,
    errors: u64,
    /// The server has heard of it: the next transmission is not its first (SES-3).
    is_known: bool,
}

impl Session {
    /// A session that begins now. `release` and `environment` are JSON texts; without a release there is none (SES-2).
    pub(crate) fn new(
        started: SystemTime,
        did: Option<String>,
        release: &str,
        environment: Option<&str>,
    ) -> Self {
        let mut attributes = Members::new();
        attributes.set("release", release);
        if let Some(environment) = environment {
            attributes.set("environment", environment);
        }
        Self {
            sid: Uuid::new_v4(),
            did,
            started,
            attributes: format!("{{{}}}", attributes.json()),
            errors: 0,
            is_known: false,
        }
    }

    /// Tells it from others.
    pub(crate) fn sid(&self) -> Uuid {
        self.sid
    }

    /// When it began.
    pub(crate) fn started(&self) -> SystemTime {
        self.started
    }

    /// Corrects when it began: the clock has been set since.
    pub(crate) fn set_started(&mut self, started: SystemTime) {
        self.started = started;
    }

    /// Errors so far.
    pub(crate) fn errors(&self) -> u64 {
        self.errors
    }

    /// True once it was transmitted.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Notes that it was transmitted.
    pub(crate) fn set_known(&mut self) {
        self.is_known = true;
    }

    /// Changes the user, which is possible until the first transmission (SES-5); true if that changed something.
    pub(crate) fn set_did(&mut self, did: Option<String>) -> bool {
        let may_change = !self.is_known && did.is_some() && self.did != did;
        if may_change {
            self.did = did;
        }
        may_change
    }

    /// Counts an error (SES-6).
    pub(crate) fn note_error(&mut self) {
        self.errors = self.errors.saturating_add(1);
    }

    /// The session as JSON, for the wire and for the file. `duration` is left out where it is not known.
    pub(crate) fn write(&self, status: SessionStatus, duration: Option<Duration>) -> Vec<u8> {
        /// Names, ids and times; the rest is what the host set.
        const FIXED: usize = 256;
        let did = self.did.as_deref();
        let texts = did
            .map_or(0, str::len)
            .saturating_add(self.attributes.len());
        let mut out = Vec::with_capacity(texts.saturating_add(FIXED));
        out.push(b'{');
        if !self.is_known {
            json::key(&mut out, "init");
            out.extend_from_slice(b"true");
        }
        json::key(&mut out, "sid");
        json::string(&mut out, self.sid.hyphenated().as_str());
        json::key(&mut out, "status");
        json::string(&mut out, status.name());
        if let Some(did) = did {
            json::key(&mut out, "did");
            json::string(&mut out, did);
        }
        json::key(&mut out, "errors");
        // SES-6: a crash is one.
        let least = u64::from(status == SessionStatus::Crashed);
        json::integer(&mut out, self.errors.max(least));
        json::key(&mut out, "started");
        json::string(&mut out, Timestamp::new(self.started).as_str());
        if let Some(duration) = duration {
            json::key(&mut out, "duration");
            json::integer(&mut out, duration.as_secs());
            out.push(b'.');
            let mut micros = duration.subsec_micros();
            let mut digits = [b'0'; 6];
            for digit in digits.iter_mut().rev() {
                *digit = b'0'.wrapping_add((micros % 10) as u8);
                micros /= 10;
            }
            out.extend_from_slice(&digits);
        }
        json::key(&mut out, "attrs");
        out.extend_from_slice(self.attributes.as_bytes());
        out.push(b'}');
        out
    }

    /// The running session that a file holds; `None` for anything else, and for one that has ended.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.trim();
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        let member = |name| scan::entry(text, name);
        let read_text = |name| member(name).and_then(scan::text);
        if read_text("status")? != SessionStatus::Ok.name() {
            return None;
        }
        let attributes = member("attrs")?;
        let release = scan::entry(attributes, "release").filter(|json| is_text(json))?;
        let environment = scan::entry(attributes, "environment").filter(|json| is_text(json));
        let mut session = Self::new(
            time_of(&read_text("started")?)?,
            read_text("did").map(|did| did.into_owned()),
            release,
            environment,
        );
        session.sid = Uuid::parse_strict(&read_text("sid")?).filter(|sid| !sid.is_nil())?;
        session.is_known = member("init") != Some("true");
        session.errors = member("errors").map_or(Some(0), |errors| errors.parse().ok())?;
        Some(session)
    }

    /// The last word about a session that nobody ended (SES-10): it crashed if its program did so at `crash`, after it
    /// began.
    pub(crate) fn write_left(&self, crash: Option<SystemTime>) -> Vec<u8> {
        match crash.and_then(|crash| crash.duration_since(self.started).ok()) {
            Some(duration) => {
                let mut crashed = self.clone();
                crashed.note_error();
                crashed.write(SessionStatus::Crashed, Some(duration))
            }
            None => self.write(SessionStatus::Abnormal, None),
        }
    }
}

fn is_text(json: &str) -> bool {
    scan::kind(json) == scan::Kind::Text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::time::UNIX_EPOCH;

    fn session() -> Session {
        let started = UNIX_EPOCH + Duration::from_millis(1_500);
        let did = Some("user \"7\"".to_owned());
        Session::new(started, did, "\"app@1\"", Some("\"production\""))
    }

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    // SES-1, SES-3
    #[test]
    fn the_first_transmission_says_that_it_is() {
        let mut session = session();
        session.note_error();
        let duration = Some(Duration::from_micros(17_576));
        let first = session.write(SessionStatus::Ok, duration);
        assert_eq!(
            parsed(&first),
            json!({
                "init": true, "sid": session.sid().hyphenated().as_str(), "status": "ok", "did": "user \"7\"",
                "errors": 1, "started": "1970-01-01T00:00:01.500000Z", "duration": 0.017576,
                "attrs": {"release": "app@1", "environment": "production"}
            })
        );
        session.set_known();
        let later = parsed(&session.write(SessionStatus::Exited, None));
        assert_eq!(later["init"], Value::Null);
        assert_eq!(later["status"], "exited");
        assert_eq!(later["duration"], Value::Null);
    }

    // SES-5
    #[test]
    fn the_user_may_change_until_the_server_has_heard_of_one() {
        let mut session = session();
        assert!(session.set_did(Some("8".to_owned())));
        assert!(!session.set_did(Some("8".to_owned())));
        assert!(!session.set_did(None));
        session.set_known();
        assert!(!session.set_did(Some("9".to_owned())));
        assert_eq!(parsed(&session.write(SessionStatus::Ok, None))["did"], "8");
    }

    // SES-6
    #[test]
    fn a_crash_is_an_error() {
        let crashed = parsed(&session().write(SessionStatus::Crashed, None));
        assert_eq!(crashed["errors"], 1);
    }

    // SES-10
    #[test]
    fn a_session_comes_back_from_its_file() {
        let mut session = session();
        session.note_error();
        let mut read = Session::read(&session.write(SessionStatus::Ok, Some(Duration::ZERO)));
        assert_eq!(read.as_ref(), Some(&session));
        session.set_known();
        read = Session::read(&session.write(SessionStatus::Ok, None));
        assert_eq!(read, Some(session));
    }

    // SES-4, SES-10
    #[test]
    fn what_ended_or_cannot_be_read_does_not_come_back() {
        let session = session();
        for status in [
            SessionStatus::Exited,
            SessionStatus::Crashed,
            SessionStatus::Abnormal,
        ] {
            assert_eq!(Session::read(&session.write(status, None)), None);
        }
        let good = String::from_utf8(session.write(SessionStatus::Ok, None)).unwrap();
        let sid = session.sid().hyphenated();
        for (part, replacement) in [
            ("{", ""),
            (sid.as_str(), "7"),
            (sid.as_str(), "00000000-0000-0000-0000-000000000000"),
            ("\"release\"", "\"no release\""),
            ("\"app@1\"", "7"),
            ("1970-01-01T", "yesterday "),
            ("\"errors\":0", "\"errors\":-1"),
            ("\"ok\"", "7"),
        ] {
            let bad = good.replacen(part, replacement, 1);
            assert_ne!(bad, good, "{part}");
            assert_eq!(Session::read(bad.as_bytes()), None, "{bad}");
        }
        for length in 0..good.len() {
            assert_eq!(Session::read(&good.as_bytes()[..length]), None);
        }
        assert_eq!(Session::read(b"\xff"), None);
    }

    // SES-10
    #[test]
    fn a_session_left_behind_crashed_only_if_the_crash_came_later() {
        let session = session();
        let after = session.started() + Duration::from_secs(3);
        let crashed = parsed(&session.write_left(Some(after)));
        assert_eq!(crashed["status"], "crashed");
        assert_eq!(crashed["errors"], 1);
        assert_eq!(crashed["duration"], 3.0);
        for crash in [None, Some(UNIX_EPOCH)] {
            let abnormal = parsed(&session.write_left(crash));
            assert_eq!(abnormal["status"], "abnormal");
            assert_eq!(abnormal["errors"], 0);
        }
    }
}
