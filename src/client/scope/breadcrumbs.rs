//! Breadcrumbs: the last things that happened, kept as ready JSON (BC-2, BC-3).
//!
//! Decides which of them are kept. They stand one behind the other in two texts, separated by commas, exactly as an event
//! carries them; an event shares both and copies none. New ones make only the short text of the newest anew. When it has
//! grown, both become one. Dropping the oldest moves the start of the text of the older ones.
//! Entry point: [`Breadcrumbs`]. May use: `protocol::event`, `value::shared`, `base`.

use std::sync::Arc;

use crate::base::memory::{self, OutOfMemory};
use crate::protocol::event::trail::{Crumbs, Trail};
use crate::value::shared::pieces::Fragment;

/// The newest breadcrumbs of a scope. Never changed: adding some makes another one, which shares most of the text.
#[derive(Debug, Clone, Default)]
pub(super) struct Breadcrumbs {
    /// The older ones; those before `start` were dropped.
    older: Arc<str>,
    start: usize,
    /// Those that were added last.
    newer: Arc<str>,
    /// Bytes of each, oldest first.
    lengths: Arc<[u32]>,
    /// How many of them are in `newer`.
    newer_count: usize,
    max: usize,
}

/// Most bytes of text, so that a large `max` cannot grow without bound: a hundred crumbs of 8 KiB, the most that one may
/// have, still fit.
const MAX_BYTES: usize = 1024 * 1024;

/// Crumbs that are copied for each new one in any case.
const FEW: usize = 8;

impl Breadcrumbs {
    /// Keeps the newest `max`; 0 keeps none.
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            ..Self::default()
        }
    }

    /// These and, behind them, others: JSON objects. The oldest are dropped if there are too many or too long ones.
    pub(super) fn with(&self, added: &[&str]) -> Result<Self, OutOfMemory> {
        let mut lengths = Vec::new();
        lengths.try_reserve_exact(self.lengths.len().saturating_add(added.len()))?;
        lengths.extend_from_slice(&self.lengths);
        lengths.extend(added.iter().map(|crumb| length_of(crumb)));
        let kept = self.kept(&lengths);
        let dropped = lengths.len().saturating_sub(kept);
        lengths.drain(..dropped);

        // Where each of the three begins after that: what is dropped is taken from the older first.
        let older_gone = dropped.min(self.older_count());
        let newer_gone = dropped.saturating_sub(older_gone).min(self.newer_count);
        let added_gone = dropped
            .saturating_sub(older_gone)
            .saturating_sub(newer_gone);
        let (older_lengths, newer_lengths) = self
            .lengths
            .split_at_checked(self.older_count())
            .unwrap_or_default();
        let start = self.start.saturating_add(span(older_lengths, older_gone));
        let older_count = self.older_count().saturating_sub(older_gone);
        let newer = self.newer.get(span(newer_lengths, newer_gone)..);
        let newer = newer.unwrap_or_default();
        let added = added.get(added_gone..).unwrap_or_default();

        // The cheapest: of n crumbs, t/2 are copied for each new one, and all n for each t-th.
        let newer_count = kept.saturating_sub(older_count);
        let enough = kept.saturating_mul(2).isqrt().max(FEW);
        let is_one = older_count > 0 && newer_count > enough;
        let first = self.older.get(start..).filter(|_| is_one);
        let text = joined([first.unwrap_or_default(), newer], added)?;
        let (older, start, newer, newer_count) = if is_one || older_count == 0 {
            (text, 0, Arc::default(), 0)
        } else {
            (Arc::clone(&self.older), start, text, newer_count)
        };
        // With the counts of references in front.
        let bytes = size_of_val(lengths.as_slice()).saturating_add(size_of::<[usize; 2]>());
        if !memory::is_there(bytes) {
            return Err(OutOfMemory);
        }
        Ok(Self {
            older,
            start,
            newer,
            lengths: Arc::from(lengths),
            newer_count,
            max: self.max,
        })
    }

    /// How many of the newest are kept of crumbs with these lengths.
    fn kept(&self, lengths: &[u32]) -> usize {
        let mut bytes = 0_usize;
        let fits = |length: &&u32| {
            let with_it = bytes.saturating_add(index(**length));
            // The newest is kept whatever its length.
            let fits = bytes == 0 || with_it <= MAX_BYTES;
            bytes = with_it.saturating_add(1);
            fits
        };
        let newest = lengths.iter().rev().take(self.max);
        newest.take_while(fits).count()
    }

    /// All of them, oldest first.
    pub(super) fn shared(&self) -> Trail {
        let older = Fragment::new(Arc::clone(&self.older), self.start);
        let newer = Fragment::new(Arc::clone(&self.newer), 0);
        let older_count = self.older_count();
        let last_older = self.lengths.get(older_count.saturating_sub(1));
        let length = |last: Option<&u32>| last.map_or(0, |length| index(*length));
        [
            Crumbs::new(older, older_count, length(last_older)),
            Crumbs::new(newer, self.newer_count, length(self.lengths.last())),
        ]
    }

    fn older_count(&self) -> usize {
        self.lengths.len().saturating_sub(self.newer_count)
    }
}

/// Bytes of the first `count` crumbs, each with the comma behind it.
fn span(lengths: &[u32], count: usize) -> usize {
    lengths.iter().take(count).fold(0_usize, |sum, length| {
        sum.saturating_add(index(*length)).saturating_add(1)
    })
}

/// The texts that are not empty, with a comma between two.
fn joined(texts: [&str; 2], added: &[&str]) -> Result<Arc<str>, OutOfMemory> {
    let all = || texts.iter().chain(added).filter(|text| !text.is_empty());
    let length = all().fold(0_usize, |sum, text| {
        sum.saturating_add(text.len()).saturating_add(1)
    });
    let mut text = String::new();
    text.try_reserve_exact(length)?;
    for part in all() {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(part);
    }
    memory::share(&text)
}

/// A crumb is far shorter than 4 GiB.
fn length_of(crumb: &str) -> u32 {
    u32::try_from(crumb.len()).unwrap_or(u32::MAX)
}

fn index(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crumb(number: usize) -> String {
        format!("{{\"message\":\"{number}\"}}")
    }

    /// All of them, separated by commas.
    fn json(crumbs: &Breadcrumbs) -> String {
        let all = crumbs.shared();
        let texts: Vec<_> = all.iter().flatten().map(Crumbs::as_str).collect();
        texts.join(",")
    }

    // BC-2, BC-3
    #[test]
    fn the_newest_are_kept_in_order_whatever_their_number() {
        for max in [1, 2, 3, 7, 8, 9, 10, 20, 100] {
            let mut crumbs = Breadcrumbs::new(max);
            for number in 0..300_usize {
                crumbs = crumbs.with(&[&crumb(number)]).unwrap();
                let first = (number + 1).saturating_sub(max);
                let expected: Vec<_> = (first..=number).map(crumb).collect();
                assert_eq!(json(&crumbs), expected.join(","), "{max}");
                let counts = crumbs.shared().into_iter().flatten().map(|it| it.count());
                assert_eq!(counts.sum::<usize>(), expected.len());
            }
        }
        let none = Breadcrumbs::new(0).with(&[&crumb(1)]).unwrap();
        assert!(none.shared().iter().all(Option::is_none));
    }

    #[test]
    fn what_was_shared_stays_and_the_next_crumb_leaves_most_of_it_in_place() {
        let mut crumbs = Breadcrumbs::new(100);
        for number in 0..100 {
            crumbs = crumbs.with(&[&crumb(number)]).unwrap();
        }
        let before = json(&crumbs);
        let shared = crumbs.shared();
        let mut in_place = 0;
        for number in 100..200 {
            let places = |crumbs: &Breadcrumbs| {
                crumbs.shared()[0]
                    .as_ref()
                    .map(|it| it.as_str().as_bytes().as_ptr_range().end)
            };
            let place = places(&crumbs);
            crumbs = crumbs.with(&[&crumb(number)]).unwrap();
            in_place += usize::from(place == places(&crumbs));
        }
        assert!(in_place >= 90, "{in_place}");
        let texts: Vec<_> = shared.iter().flatten().map(Crumbs::as_str).collect();
        assert_eq!(texts.join(","), before);
    }

    #[test]
    fn many_that_are_added_at_once_are_kept_as_one_after_the_other() {
        for max in [1, 2, 10, 20] {
            let (mut at_once, mut one_by_one) = (Breadcrumbs::new(max), Breadcrumbs::new(max));
            let mut number = 0;
            for count in [1, 1, 3, 8, 9, 1, 25, 2, 64, 1, 10] {
                let added: Vec<_> = (number..number + count).map(crumb).collect();
                let added: Vec<_> = added.iter().map(String::as_str).collect();
                for crumb in &added {
                    one_by_one = one_by_one.with(&[crumb]).unwrap();
                }
                at_once = at_once.with(&added).unwrap();
                assert_eq!(json(&at_once), json(&one_by_one));
                let lasts = at_once.shared().into_iter().flatten();
                assert!(lasts.clone().all(|it| it.as_str().ends_with('}')));
                assert_eq!(
                    lasts.map(|it| it.count()).sum::<usize>(),
                    max.min(number + count)
                );
                number += count;
            }
        }
    }

    #[test]
    fn the_text_is_bounded_whatever_their_number() {
        let mut crumbs = Breadcrumbs::new(usize::MAX);
        let long = format!("{{\"message\":\"{}\"}}", "x".repeat(8000));
        for _ in 0..1000 {
            crumbs = crumbs.with(&[&long]).unwrap();
            // With what was dropped and still lies before the start.
            assert!(crumbs.older.len() + crumbs.newer.len() <= MAX_BYTES + 20 * long.len());
        }
        let kept = json(&crumbs).len();
        assert!(
            kept <= MAX_BYTES && kept > MAX_BYTES - 2 * long.len(),
            "{kept}"
        );
        crumbs = crumbs.with(&[&crumb(1)]).unwrap();
        assert!(json(&crumbs).ends_with(&crumb(1)));
        let larger = "x".repeat(2 * MAX_BYTES);
        crumbs = crumbs.with(&[&larger]).unwrap();
        assert_eq!(json(&crumbs), larger);
        crumbs = crumbs.with(&[&crumb(2)]).unwrap();
        assert_eq!(json(&crumbs), crumb(2));
    }
}
