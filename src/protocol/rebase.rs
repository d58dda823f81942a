//! Rebasing: an envelope whose items say a time that the clock showed before it was set, told in the time of now.
//!
//! Decides which members are times: those of events, of their breadcrumbs, of feedback, and of sessions. Pure data: what a
//! time becomes is the caller's knowledge. Entry point: [`rebased`]. May use: `value`, `base`.

use std::time::{Duration, UNIX_EPOCH};

use super::envelope::{Envelope, ItemKind};
use super::event::micros_of;
use crate::base::memory::{self, Buffer};
use crate::base::timestamp::Timestamp;
use crate::value::json::rewrite::{self, Change};
use crate::value::json::scan::{self, Kind};
use crate::value::json::write as json;

/// What a time in microseconds since 1970 is now; none if it stays as it is.
type Present<'p> = &'p dyn Fn(i64) -> Option<i64>;

/// What becomes of a member, by its key and its value.
type MemberChange = fn(&str, &str, Present<'_>) -> Change;

/// The places of the items with such times, and their new payloads. `present` is asked with each time.
pub(crate) fn rebased(envelope: &Envelope, present: Present<'_>) -> Vec<(usize, Vec<u8>)> {
    let items = envelope.items().enumerate();
    items
        .filter_map(|(place, item)| {
            let change: MemberChange = match item.kind {
                ItemKind::Event | ItemKind::Feedback => of_event,
                ItemKind::Session => of_session,
                _ => return None,
            };
            let payload = item.payload.whole();
            let text = std::str::from_utf8(&payload).ok()?;
            let mut has_changed = false;
            let written = memory::watch(|| {
                rewrite::members_to_json(text, |key, value| {
                    let change = change(key, value, present);
                    has_changed |= change != Change::Keep;
                    change
                })
            });
            // Without memory for it the old time is better than none.
            let written = written.ok().filter(|_| has_changed)?;
            Some((place, written.into_bytes()))
        })
        .collect()
}

fn of_event(key: &str, value: &str, present: Present<'_>) -> Change {
    match (key, scan::kind(value)) {
        ("timestamp", _) => time(value, present),
        ("breadcrumbs", Kind::Array) => crumbs(value, present),
        ("breadcrumbs", Kind::Object) => within(value, |key, value| match key {
            "values" if scan::kind(value) == Kind::Array => crumbs(value, present),
            _ => Change::Keep,
        }),
        _ => Change::Keep,
    }
}

fn of_session(key: &str, value: &str, present: Present<'_>) -> Change {
    match key {
        "started" | "timestamp" => time(value, present),
        _ => Change::Keep,
    }
}

fn crumbs(list: &str, present: Present<'_>) -> Change {
    let mut has_changed = false;
    let mut out = Buffer::with_room(list.len());
    out.push(b'[');
    rewrite::elements(&mut out, scan::elements(list), |crumb| {
        if scan::kind(crumb) != Kind::Object {
            return Change::Keep;
        }
        let change = within(crumb, |key, value| match key {
            "timestamp" => time(value, present),
            _ => Change::Keep,
        });
        has_changed |= change != Change::Keep;
        change
    });
    out.push(b']');
    if has_changed {
        Change::Replace(json::into_text(out))
    } else {
        Change::Keep
    }
}

/// The object with changed members, if any is.
fn within(object: &str, mut change: impl FnMut(&str, &str) -> Change) -> Change {
    let mut has_changed = false;
    let text = rewrite::members_to_json(object, |key, value| {
        let change = change(key, value);
        has_changed |= change != Change::Keep;
        change
    });
    if has_changed {
        Change::Replace(text)
    } else {
        Change::Keep
    }
}

/// A time in the form it had: a number stays one.
fn time(value: &str, present: Present<'_>) -> Change {
    let Some(micros) = micros_of(value).and_then(present) else {
        return Change::Keep;
    };
    let Ok(micros) = u64::try_from(micros) else {
        return Change::Keep;
    };
    let since = Duration::from_micros(micros);
    Change::Replace(match scan::kind(value) {
        Kind::Number => format!("{}.{:06}", since.as_secs(), since.subsec_micros()),
        _ => UNIX_EPOCH
            .checked_add(since)
            .map(|time| json::string_to_json(Timestamp::new(time).as_str()))
            .unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::uuid::Uuid;
    use crate::protocol::envelope::Item;
    use serde_json::{Value, json};

    /// What becomes of the items; times below 1000 s are a million seconds later.
    fn through(items: Vec<(ItemKind, Value)>) -> Vec<(usize, Value)> {
        let mut envelope = Envelope::new(Some(Uuid::NIL));
        for (kind, value) in items {
            envelope.push(Item::new(kind, value.to_string().into_bytes()));
        }
        let present = |micros: i64| (micros < 1_000_000_000).then_some(micros + 1_000_000_000_000);
        rebased(&envelope, &present)
            .into_iter()
            .map(|(place, bytes)| (place, serde_json::from_slice(&bytes).unwrap()))
            .collect()
    }

    // EVT-2, BC-1
    #[test]
    fn times_of_events_and_their_breadcrumbs_are_told_anew() {
        let crumb =
            |time: Value| json!({"timestamp": time, "message": "m", "data": {"timestamp": 1}});
        let event = |times: [Value; 3]| {
            let [own, one, two] = times;
            json!({"timestamp": own, "extra": {"timestamp": 5}, "breadcrumbs": {"values": [crumb(one), crumb(two), 7]}})
        };
        let early = event([json!(100.25), json!("1970-01-01T00:01:40.5Z"), json!(5000)]);
        let late = event([
            json!(1_000_100.25),
            json!("1970-01-12T13:48:20.500000Z"),
            json!(5000),
        ]);
        assert_eq!(
            through(vec![
                (ItemKind::Event, early.clone()),
                (ItemKind::Attachment, early.clone()),
                (ItemKind::Feedback, early),
            ]),
            [(0, late.clone()), (2, late.clone())]
        );
        assert_eq!(through(vec![(ItemKind::Event, late)]), []);
        let list = json!({"breadcrumbs": [{"timestamp": 1}]});
        let expected = json!({"breadcrumbs": [{"timestamp": 1_000_001.0}]});
        assert_eq!(through(vec![(ItemKind::Event, list)]), [(0, expected)]);
        for odd in [
            json!({}),
            json!({"timestamp": "soon", "breadcrumbs": 1}),
            json!([]),
        ] {
            assert_eq!(through(vec![(ItemKind::Event, odd)]), []);
        }
    }

    // SES-1
    #[test]
    fn a_session_began_when_it_began_and_lasts_as_long() {
        let session =
            json!({"sid": "s", "started": "1970-01-01T00:01:40.000000Z", "duration": 7.5});
        let expected =
            json!({"sid": "s", "started": "1970-01-12T13:48:20.000000Z", "duration": 7.5});
        assert_eq!(through(vec![(ItemKind::Session, session)]), [(0, expected)]);
    }
}
