//! Repeats: of equal errors the first is sent, and the others of a window of time are counted (`dedupe_window_ms`).
//!
//! At the end of a window in which others came, the first goes once more with how many they were, and the next window
//! begins; without others the failure is forgotten. At most [`MOST`] failures are known at a time. Entry point: [`Repeats`].

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::base::lock::lock;
use crate::base::memory::Buffer;
use crate::base::timestamp::Timestamp;
use crate::base::uuid::Uuid;
use crate::protocol::envelope::{Envelope, Item, ItemKind};
use crate::value::json::rewrite::{Change, members_to_json};
use crate::value::json::write;

/// Most failures that are known; for another one that with the oldest window is forgotten.
const MOST: usize = 32;
/// Most bytes of an event that is kept to go once more. Repeats of a larger one are only counted in the statistics.
const MOST_BYTES: usize = 16 * 1024;

/// What became of an event that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// It is the first.
    First,
    /// An equal one was sent a moment ago.
    Repeat,
}

/// The failures that were reported a moment ago.
#[derive(Debug)]
pub(super) struct Repeats {
    window: Duration,
    known: Mutex<Vec<Failure>>,
}

#[derive(Debug)]
struct Failure {
    likeness: u64,
    /// The end of the window.
    until: Instant,
    first_id: Uuid,
    first_seen: SystemTime,
    last_seen: SystemTime,
    count: u64,
    event: Option<Kept>,
}

/// The event that goes once more, and its trace.
#[derive(Debug)]
pub(super) struct Kept {
    json: String,
    trace: Option<Arc<str>>,
}

impl Kept {
    /// The event in an envelope; none if it is too large.
    pub(super) fn of(envelope: &Envelope) -> Option<Self> {
        let payload = &envelope.items().next()?.payload;
        if payload.len() > MOST_BYTES {
            return None;
        }
        let json = String::from_utf8(payload.try_whole().ok()?.into_owned()).ok()?;
        Some(Self {
            json,
            trace: envelope.trace.clone(),
        })
    }
}

impl Repeats {
    /// None without a window.
    pub(super) fn new(window: Duration) -> Option<Self> {
        (!window.is_zero()).then(|| Self {
            window,
            known: Mutex::default(),
        })
    }

    /// Compares an event with those of a moment ago. The first is to be followed by [`Self::keep`] or [`Self::forget`].
    pub(super) fn compare(
        &self,
        likeness: u64,
        id: Uuid,
        (now, time): (Instant, SystemTime),
    ) -> Compared {
        let mut known = lock(&self.known);
        known.retain(|failure| failure.count > 0 || failure.until > now);
        if let Some(failure) = known.iter_mut().find(|it| it.likeness == likeness) {
            failure.count = failure.count.saturating_add(1);
            failure.last_seen = time;
            return Compared::Repeat;
        }
        if known.len() >= MOST {
            let oldest = known.iter().enumerate().min_by_key(|(_, it)| it.until);
            if let Some(place) = oldest.map(|(place, _)| place) {
                known.swap_remove(place);
            }
        }
        known.push(Failure {
            likeness,
            until: now.checked_add(self.window).unwrap_or(now),
            first_id: id,
            first_seen: time,
            last_seen: time,
            count: 0,
            event: None,
        });
        Compared::First
    }

    /// The first was sent: this is it.
    pub(super) fn keep(&self, likeness: u64, event: Kept) {
        if let Some(failure) = lock(&self.known)
            .iter_mut()
            .find(|it| it.likeness == likeness)
        {
            failure.event = Some(event);
        }
    }

    /// The first was not sent: the next one is the first.
    pub(super) fn forget(&self, likeness: u64) {
        lock(&self.known).retain(|it| it.likeness != likeness || it.event.is_some());
    }

    /// When the next window ends in which others came.
    pub(super) fn due(&self) -> Option<Instant> {
        let known = lock(&self.known);
        known
            .iter()
            .filter(|it| it.count > 0)
            .map(|it| it.until)
            .min()
    }

    /// What there is to say of windows that are over, or of all.
    pub(super) fn take(&self, (now, time): (Instant, SystemTime), all: bool) -> Vec<Envelope> {
        let mut known = lock(&self.known);
        let mut envelopes = Vec::new();
        for failure in known.iter_mut() {
            if failure.count == 0 || !(all || failure.until <= now) {
                continue;
            }
            if let Some(kept) = &failure.event {
                let id = Uuid::new_v4();
                let payload = failure.still_happening(kept, (id, time), self.window);
                let mut envelope =
                    Envelope::of(Some(id), Item::new(ItemKind::Event, payload.into_bytes()));
                envelope.trace.clone_from(&kept.trace);
                envelopes.push(envelope);
            }
            failure.count = 0;
            failure.until = now.checked_add(self.window).unwrap_or(now);
        }
        envelopes
    }
}

impl Failure {
    fn still_happening(
        &self,
        kept: &Kept,
        (id, time): (Uuid, SystemTime),
        window: Duration,
    ) -> String {
        let mut said = Buffer::new();
        let text = |out: &mut Buffer, key: &str, text: &str| {
            write::key(out, key);
            write::string(out, text);
        };
        said.push(b'{');
        write::key(&mut said, "count");
        write::integer(&mut said, self.count);
        write::key(&mut said, "window_ms");
        write::integer(&mut said, window.as_millis());
        text(&mut said, "first_event_id", self.first_id.simple().as_str());
        text(
            &mut said,
            "first_seen",
            Timestamp::new(self.first_seen).as_str(),
        );
        text(
            &mut said,
            "last_seen",
            Timestamp::new(self.last_seen).as_str(),
        );
        said.push(b'}');
        let said = write::into_text(said);
        let quoted = |text: &str| Change::Replace(format!("\"{text}\""));
        members_to_json(&kept.json, |key, json| match key {
            "event_id" => quoted(id.simple().as_str()),
            "timestamp" => quoted(Timestamp::new(time).as_str()),
            "contexts" => {
                let others = json.trim_end().strip_suffix('}').unwrap_or("{");
                let comma = if others.trim_end().ends_with('{') {
                    ""
                } else {
                    ","
                };
                Change::Replace(format!("{others}{comma}\"duplicates\":{said}}}"))
            }
            _ => Change::Keep,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const WINDOW: Duration = Duration::from_secs(10);
    const EVENT: &[u8] =
        br#"{"event_id":"x","timestamp":"then","contexts":{"os":{}},"level":"error"}"#;

    fn at(start: (Instant, SystemTime), seconds: u64) -> (Instant, SystemTime) {
        let by = Duration::from_secs(seconds);
        (start.0 + by, start.1 + by)
    }

    fn kept(json: &[u8]) -> Option<Kept> {
        Kept::of(&Envelope::event(Uuid::NIL, json.to_vec()))
    }

    fn event(envelope: &Envelope) -> Value {
        let item = envelope.items().next().unwrap();
        serde_json::from_slice(&item.payload.whole()).unwrap()
    }

    #[test]
    fn the_first_is_sent_and_the_others_are_counted_into_it() {
        assert!(Repeats::new(Duration::ZERO).is_none());
        let repeats = Repeats::new(WINDOW).unwrap();
        let start = (Instant::now(), SystemTime::UNIX_EPOCH);
        let first = Uuid::new_v4();
        assert_eq!(repeats.compare(1, first, start), Compared::First);
        repeats.keep(1, kept(EVENT).unwrap());
        assert_eq!(repeats.due(), None);
        for second in 1..4 {
            let seen = repeats.compare(1, Uuid::new_v4(), at(start, second));
            assert_eq!(seen, Compared::Repeat);
        }
        assert_eq!(repeats.compare(2, Uuid::new_v4(), start), Compared::First);
        assert_eq!(repeats.due(), Some(start.0 + WINDOW));
        assert!(repeats.take(at(start, 9), false).is_empty());
        let said = repeats.take(at(start, 10), false);
        assert_eq!(said.len(), 1);
        let id = said[0].event_id.unwrap();
        let expected = json!({
            "event_id": id.simple().as_str(), "timestamp": "1970-01-01T00:00:10.000000Z", "level": "error",
            "contexts": {"os": {}, "duplicates": {
                "count": 3, "window_ms": 10_000, "first_event_id": first.simple().as_str(),
                "first_seen": "1970-01-01T00:00:00.000000Z", "last_seen": "1970-01-01T00:00:03.000000Z",
            }},
        });
        assert_eq!(event(&said[0]), expected);
        // The next window counts anew, and one without others ends it.
        assert_eq!(
            repeats.compare(1, Uuid::new_v4(), at(start, 11)),
            Compared::Repeat
        );
        let said = repeats.take(at(start, 12), true);
        assert_eq!(event(&said[0])["contexts"]["duplicates"]["count"], 1);
        assert_eq!(
            repeats.compare(1, Uuid::new_v4(), at(start, 23)),
            Compared::First
        );
    }

    #[test]
    fn a_first_that_was_not_sent_is_followed_by_another_first() {
        let repeats = Repeats::new(WINDOW).unwrap();
        let start = (Instant::now(), SystemTime::now());
        repeats.compare(1, Uuid::NIL, start);
        repeats.forget(1);
        assert_eq!(repeats.compare(1, Uuid::NIL, start), Compared::First);
        repeats.keep(1, kept(EVENT).unwrap());
        repeats.forget(1);
        assert_eq!(repeats.compare(1, Uuid::NIL, start), Compared::Repeat);
    }

    #[test]
    fn what_is_known_is_bounded() {
        let repeats = Repeats::new(WINDOW).unwrap();
        let start = (Instant::now(), SystemTime::now());
        for failure in 0..100 {
            repeats.compare(failure, Uuid::NIL, at(start, failure / 20));
            assert!(kept(&[b'x'; MOST_BYTES + 1]).is_none());
        }
        let known = lock(&repeats.known);
        assert_eq!(known.len(), MOST);
        assert!(known.iter().all(|failure| failure.event.is_none()));
    }
}
