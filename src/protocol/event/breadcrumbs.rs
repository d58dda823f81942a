//! The breadcrumbs of an event: those of its scopes and its own, put together (BC-3, BC-4).
//!
//! Decides their order and which are kept. Those of one scope stay in the order in which they were added; those of several
//! scopes and of the event are put together by their times. Entry point: [`write()`].

use super::breadcrumb::normalised;
use super::field::Field;
use super::stack::values;
use super::time::{seconds_of, write_seconds};
use super::trail::{Crumbs, Trail};
use super::writer::Writer;
use crate::base::memory::{self, Buffer};
use crate::value::input::Input;
use crate::value::json::scan::{self, Cursor};

/// When a breadcrumb was left, in seconds since 1970; its time stands first.
fn time(crumb: &str) -> f64 {
    let time = crumb.strip_prefix("{\"timestamp\":").unwrap_or_default();
    seconds_of(Cursor::new(time).value().unwrap_or_default())
}

/// Breadcrumbs of one source in their order; at least one.
enum Source<'a> {
    Scope(&'a Trail),
    Event(&'a [String]),
}

impl<'a> Source<'a> {
    fn texts(trail: &'a Trail) -> impl DoubleEndedIterator<Item = &'a Crumbs> {
        trail.iter().flatten()
    }

    fn count(&self) -> usize {
        match self {
            Self::Scope(trail) => {
                Self::texts(trail).fold(0, |sum, crumbs| sum.saturating_add(crumbs.count()))
            }
            Self::Event(crumbs) => crumbs.len(),
        }
    }

    fn first_time(&self) -> f64 {
        time(match self {
            Self::Scope(trail) => Self::texts(trail).next().map_or("", Crumbs::as_str),
            Self::Event(crumbs) => crumbs.first().map_or("", String::as_str),
        })
    }

    fn last_time(&self) -> f64 {
        time(match self {
            Self::Scope(trail) => Self::texts(trail).next_back().map_or("", Crumbs::last),
            Self::Event(crumbs) => crumbs.last().map_or("", String::as_str),
        })
    }

    fn each(&self) -> Vec<&'a str> {
        match self {
            Self::Scope(trail) => {
                let texts = Self::texts(trail).map(Crumbs::as_str);
                memory::collect(texts.flat_map(scan::joined_elements))
            }
            Self::Event(crumbs) => memory::collect(crumbs.iter().map(String::as_str)),
        }
    }

    /// Writes all but the oldest, each text behind a separator; what a scope holds is shared.
    fn write(&self, writer: &mut Writer<'_>, mut gone: usize, separator: &mut u8) {
        let mut separate = |out: &mut Buffer| out.push(std::mem::replace(separator, b','));
        match self {
            Self::Scope(trail) => {
                for crumbs in Self::texts(trail) {
                    if let Some(kept) = crumbs.without_oldest(gone) {
                        separate(writer.out);
                        writer.share(kept);
                    }
                    gone = gone.saturating_sub(crumbs.count());
                }
            }
            Self::Event(crumbs) => {
                for crumb in crumbs.iter().skip(gone) {
                    separate(writer.out);
                    writer.out.extend_from_slice(crumb.as_bytes());
                }
            }
        }
    }
}

/// Writes the breadcrumbs of scopes and event, the newest of them; only the newer half if `is_halved`.
pub(super) fn write(writer: &mut Writer<'_>, value: Option<Input<'_>>, is_halved: bool) {
    let parts = writer.parts;
    let own = value.into_iter().flat_map(values).filter_map(|crumb| {
        if crumb.is_object() {
            let write_now = |out: &mut Buffer| write_seconds(out, parts.timestamp);
            return Some(normalised(crumb.members(), write_now, &mut writer.left_out));
        }
        if !crumb.is_null() {
            writer.leave_out_part(format_args!("a breadcrumb is no object"));
        }
        None
    });
    let own: Vec<String> = memory::collect(own);
    // Of equal times the event's comes first, then that of the inner scope.
    let [outer, inner] = parts.breadcrumbs;
    let mut sources = [
        Source::Event(&own),
        Source::Scope(inner),
        Source::Scope(outer),
    ];
    sources.sort_by_key(|source| source.count() == 0);
    let used = sources.iter().filter(|source| source.count() > 0).count();
    let sources = sources.get_mut(..used).unwrap_or_default();
    let all = sources
        .iter()
        .fold(0, |sum: usize, source| sum.saturating_add(source.count()));
    let mut keep = all.min(parts.max_breadcrumbs);
    if is_halved {
        keep = keep.div_ceil(2);
        writer.trimmed = true;
    }
    if keep == 0 {
        return;
    }
    writer.key("breadcrumbs");
    writer.out.extend_from_slice(b"{\"values\":");
    let mut gone = all.saturating_sub(keep);
    let mut separator = b'[';
    if are_interleaved(sources) {
        for crumb in merged(sources).into_iter().skip(gone) {
            writer.out.push(std::mem::replace(&mut separator, b','));
            writer.out.extend_from_slice(crumb.as_bytes());
        }
    } else {
        sources.sort_by(|one, other| one.first_time().total_cmp(&other.first_time()));
        for source in &*sources {
            source.write(writer, gone, &mut separator);
            gone = gone.saturating_sub(source.count());
        }
    }
    writer.out.extend_from_slice(b"]}");
    writer.mark_written(Field::Breadcrumbs);
}

/// True if one source does not end before another begins, so that they cannot stand one behind the other.
fn are_interleaved(sources: &[Source<'_>]) -> bool {
    let mut spans: Vec<_> = match sources {
        [] | [_] => return false,
        sources => sources
            .iter()
            .map(|source| (source.first_time(), source.last_time()))
            .collect(),
    };
    // Stable, so that of equal times the first source stays the first.
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    !spans.is_sorted_by(|before, next| before.1 <= next.0)
}

/// All breadcrumbs by their times; those of one source keep their order.
fn merged<'a>(sources: &[Source<'a>]) -> Vec<&'a str> {
    let mut queues: Vec<_> = sources
        .iter()
        .map(|source| {
            let crumbs = source.each().into_iter();
            crumbs.map(|crumb| (time(crumb), crumb)).peekable()
        })
        .collect();
    let mut all = Vec::new();
    loop {
        // The first of the sources whose next breadcrumb is the oldest.
        let heads = queues.iter_mut().enumerate();
        let heads = heads.filter_map(|(place, queue)| Some((place, queue.peek()?.0)));
        let oldest = heads.min_by(|one, other| one.1.total_cmp(&other.1));
        let next = oldest.and_then(|(place, _)| queues.get_mut(place)?.next());
        match next {
            Some((_, crumb)) => all.push(crumb),
            None => return all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::uuid::Uuid;
    use crate::protocol::event::breadcrumb::{new_log, parse};
    use crate::protocol::event::testing::Given;
    use crate::protocol::event::{Event, Parts};
    use crate::protocol::level::Level;
    use crate::value::shared::pieces::Fragment;
    use serde_json::{Value, json as value};
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    fn on_event(event: &Value, scope: usize, max: usize) -> Vec<String> {
        // 2025-01-01T00:00:00Z
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_600);
        let crumbs: Vec<_> = (0..scope)
            .map(|number| new_log(before, Level::Info, None, &format!("scope{number}")).unwrap())
            .collect();
        let given = Given {
            breadcrumbs: crumbs.chunks(3).map(|some| some.join(",")).collect(),
            max_breadcrumbs: max,
            ..Given::default()
        };
        let (json, _) = given.read_and_write(&event.to_string());
        let values = json["breadcrumbs"]["values"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert!(json.get("breadcrumbs").is_none() || !values.is_empty());
        assert!(values.iter().all(|crumb| crumb["timestamp"].is_number()));
        values
            .iter()
            .map(|crumb| crumb["message"].as_str().unwrap().to_owned())
            .collect()
    }

    // BC-2, BC-3, BC-4
    #[test]
    fn the_newest_of_scope_and_event_are_kept_in_order() {
        let own = value!([{"message": "own0"}, null, {"message": "own1"}]);
        for event in [
            value!({"breadcrumbs": own}),
            value!({"breadcrumbs": {"values": own}}),
        ] {
            assert_eq!(
                on_event(&event, 2, 100),
                ["scope0", "scope1", "own0", "own1"]
            );
            assert_eq!(on_event(&event, 2, 3), ["scope1", "own0", "own1"]);
            assert_eq!(on_event(&event, 2, 1), ["own1"]);
            assert_eq!(on_event(&event, 0, 100), ["own0", "own1"]);
            assert!(on_event(&event, 2, 0).is_empty());
        }
        for event in [
            value!({}),
            value!({"breadcrumbs": []}),
            value!({"breadcrumbs": null}),
        ] {
            assert_eq!(on_event(&event, 2, 100), ["scope0", "scope1"]);
            assert!(on_event(&event, 2, 0).is_empty());
            assert!(on_event(&event, 0, 100).is_empty());
        }
    }

    /// Breadcrumbs at these seconds, each named after its source and time.
    fn trail(name: &str, seconds: &[u64]) -> (Trail, Arc<str>) {
        let crumb = |second: &u64| {
            let message = format!("{name}{second}");
            let json =
                value!({"message": message, "timestamp": second, "data": {"x": "x".repeat(100)}});
            parse(&json.to_string(), SystemTime::UNIX_EPOCH)
                .unwrap()
                .json
        };
        let crumbs: Vec<_> = seconds.iter().map(crumb).collect();
        let text: Arc<str> = Arc::from(crumbs.join(","));
        let last = crumbs.last().map_or(0, String::len);
        let fragment = Fragment::new(Arc::clone(&text), 0);
        ([Crumbs::new(fragment, crumbs.len(), last), None], text)
    }

    fn messages(payload: &[u8]) -> Vec<String> {
        let json: Value = serde_json::from_slice(payload).unwrap();
        let values = json["breadcrumbs"]["values"].as_array().unwrap();
        let message = |crumb: &Value| crumb["message"].as_str().unwrap().to_owned();
        values.iter().map(message).collect()
    }

    // BC-4
    #[test]
    fn sources_are_merged_by_time_and_the_newest_kept() {
        let with = |outer: &[u64], inner: &[u64], own: &[u64], max| {
            let own: Vec<_> = own
                .iter()
                .map(|second| value!({"message": format!("e{second}"), "timestamp": second}))
                .collect();
            let text = value!({"breadcrumbs": own}).to_string();
            let trails = [trail("o", outer).0, trail("i", inner).0];
            let parts = Parts {
                breadcrumbs: &trails,
                max_breadcrumbs: max,
                ..Parts::bare(Uuid::NIL)
            };
            let event = Event::parse(&text).unwrap();
            messages(&event.write(&parts).unwrap().payload.whole()).join(" ")
        };
        assert_eq!(with(&[2, 4], &[1, 3], &[], 100), "i1 o2 i3 o4");
        assert_eq!(with(&[2, 4], &[1, 3], &[], 3), "o2 i3 o4");
        assert_eq!(with(&[2, 5], &[1, 4], &[3, 6], 5), "o2 e3 i4 o5 e6");
        assert_eq!(with(&[3, 4], &[1, 2], &[], 100), "i1 i2 o3 o4");
        assert_eq!(with(&[3, 4], &[1, 2], &[], 3), "i2 o3 o4");
        assert_eq!(with(&[5, 6], &[3, 4], &[1, 2], 100), "e1 e2 i3 i4 o5 o6");
        // Of equal times the event's is first, then the inner scope's.
        assert_eq!(with(&[1, 1], &[1, 1], &[1], 100), "e1 i1 i1 o1 o1");
        assert_eq!(with(&[1, 2], &[1, 2], &[], 100), "i1 o1 i2 o2");
        // A clock that was set back does not change the order within a source.
        assert_eq!(with(&[9, 1, 2], &[], &[], 100), "o9 o1 o2");
        assert_eq!(with(&[9, 1, 2], &[3, 4], &[], 100), "i3 i4 o9 o1 o2");
    }

    // BC-4
    #[test]
    fn crumbs_of_two_scopes_keep_to_the_limit_and_are_not_copied_one_behind_the_other() {
        let seconds = |from: u64| (from..from + 10).collect::<Vec<_>>();
        let event = Event::parse("{}").unwrap();
        for (max, first, sum, holders) in [
            (100, "outer10", 20, 2),
            (20, "outer10", 20, 2),
            (13, "outer17", 13, 2),
            (10, "inner20", 10, 1),
            (4, "inner26", 4, 1),
        ] {
            let (outer, outer_text) = trail("outer", &seconds(10));
            let (inner, inner_text) = trail("inner", &seconds(20));
            let trails = [outer, inner];
            let parts = Parts {
                breadcrumbs: &trails,
                max_breadcrumbs: max,
                ..Parts::bare(Uuid::NIL)
            };
            let payload = event.write(&parts).unwrap().payload;
            let messages = messages(&payload.whole());
            assert_eq!((&*messages[0], messages.len()), (first, sum));
            assert_eq!(messages.last().unwrap(), "inner29");
            let texts = [outer_text, inner_text];
            let shares = |piece: &[u8]| {
                texts
                    .iter()
                    .any(|text| text.as_bytes().as_ptr_range().contains(&piece.as_ptr()))
            };
            assert_eq!(
                payload.iter().filter(|piece| shares(piece)).count(),
                holders
            );
            let charged: usize = texts
                .iter()
                .rev()
                .take(holders)
                .map(|text| text.len())
                .sum();
            assert!(payload.byte_cost() >= charged, "{max}");
        }
    }
}
