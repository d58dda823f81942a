//! Breadcrumbs: the last things that happened, kept as ready JSON (BC-2, BC-3).
//!
//! The crumbs stand one behind the other in two texts that never change, separated by commas, exactly as an event
//! carries them; an event shares both and copies none. Adding a crumb makes the short text of the newest anew; when it
//! has grown, both become one. Dropping the oldest moves the start of the text of the older.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::memory::{self, OutOfMemory};
use crate::protocol::event::trail::{Crumbs, Trail};
use crate::value::shared::pieces::Fragment;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Breadcrumbs {
    /// With what was dropped, up to `start`.
    older: Arc<str>,
    start: usize,
    /// Where crumbs are added.
    newer: String,
    /// The same, for events.
    newer_shared: Arc<str>,
    /// Bytes of each, oldest first.
    lengths: VecDeque<usize>,
    /// How many of them are in `newer`.
    newer_count: usize,
    max: usize,
}

/// Most bytes of text, so that a large `max` cannot grow without bound: a hundred crumbs of 8 KiB, the most that one may
/// have, still fit.
const MAX_BYTES: usize = 1024 * 1024;
/// Crumbs in the text of the newest that are copied without much ado.
const FEW: usize = 8;

impl Breadcrumbs {
    /// Keeps the newest `max`; 0 keeps none.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            ..Self::default()
        }
    }

    /// A copy with the same ones.
    pub(crate) fn try_clone(&self) -> Result<Self, OutOfMemory> {
        let mut lengths = VecDeque::new();
        lengths.try_reserve(self.lengths.len())?;
        lengths.extend(&self.lengths);
        Ok(Self {
            older: Arc::clone(&self.older),
            newer: memory::copy_text(&self.newer)?,
            newer_shared: Arc::clone(&self.newer_shared),
            lengths,
            ..*self
        })
    }

    /// Adds one breadcrumb, a JSON object, and drops the oldest if there are too many or too long ones. Without memory it
    /// is not added.
    pub(crate) fn add(&mut self, json: &str) -> Result<(), OutOfMemory> {
        if self.max == 0 {
            return Ok(());
        }
        while self.lengths.len() >= self.max || self.bytes_with(json) > MAX_BYTES {
            if !self.drop_oldest() {
                break;
            }
        }
        self.newer.try_reserve(json.len().saturating_add(1))?;
        self.lengths.try_reserve(1)?;
        let before = self.newer.len();
        if !self.newer.is_empty() {
            self.newer.push(',');
        }
        self.newer.push_str(json);
        // Here and not when it is wanted, so that a capture only copies the pointer.
        match memory::share(&self.newer) {
            Ok(shared) => self.newer_shared = shared,
            Err(lack) => {
                self.newer.truncate(before);
                return Err(lack);
            }
        }
        self.newer_count = self.newer_count.saturating_add(1);
        self.lengths.push_back(json.len());
        // The cheapest: of n crumbs, t/2 are copied for each new one, and all n for each t-th.
        let enough = self.lengths.len().saturating_mul(2).isqrt().max(FEW);
        if self.newer_count > enough {
            // Without memory the text of the newest grows on.
            let _ = self.make_one();
        }
        Ok(())
    }

    /// Makes one text of both.
    fn make_one(&mut self) -> Result<(), OutOfMemory> {
        let comma = if self.older().is_empty() { "" } else { "," };
        let text = memory::watch(|| memory::concat(&[self.older(), comma, &self.newer]))?;
        memory::share_over(&mut self.older, &text)?;
        self.start = 0;
        self.newer.clear();
        self.newer_shared = Arc::default();
        self.newer_count = 0;
        Ok(())
    }

    /// All of them, oldest first.
    pub(crate) fn shared(&self) -> Trail {
        let older = Fragment::new(Arc::clone(&self.older), self.start);
        let newer = Fragment::new(Arc::clone(&self.newer_shared), 0);
        let older_count = self.older_count();
        let last_older = self.lengths.get(older_count.saturating_sub(1)).copied();
        let last = self.lengths.back().copied();
        [
            Crumbs::new(older, older_count, last_older.unwrap_or_default()),
            Crumbs::new(newer, self.newer_count, last.unwrap_or_default()),
        ]
    }

    fn older(&self) -> &str {
        self.older.get(self.start..).unwrap_or_default()
    }

    fn older_count(&self) -> usize {
        self.lengths.len().saturating_sub(self.newer_count)
    }

    fn bytes_with(&self, json: &str) -> usize {
        let commas = self.lengths.len();
        let texts = [self.older(), &self.newer, json].map(str::len);
        texts.into_iter().fold(commas, usize::saturating_add)
    }

    /// False if there is none.
    fn drop_oldest(&mut self) -> bool {
        if self.older_count() == 0 {
            self.older = std::mem::take(&mut self.newer_shared);
            self.newer.clear();
            (self.start, self.newer_count) = (0, 0);
        }
        let Some(length) = self.lengths.pop_front() else {
            return false;
        };
        // One more for the comma.
        self.start = self.start.saturating_add(length).saturating_add(1);
        if self.older_count() == 0 {
            (self.older, self.start) = (Arc::default(), 0);
        }
        true
    }
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
                crumbs.add(&crumb(number)).unwrap();
                let first = (number + 1).saturating_sub(max);
                let expected: Vec<_> = (first..=number).map(crumb).collect();
                assert_eq!(json(&crumbs), expected.join(","), "{max}");
                let counts = crumbs.shared().into_iter().flatten().map(|it| it.count());
                assert_eq!(counts.sum::<usize>(), expected.len());
            }
        }
        let mut none = Breadcrumbs::new(0);
        none.add(&crumb(1)).unwrap();
        assert!(none.shared().iter().all(Option::is_none));
    }

    #[test]
    fn what_was_shared_stays_and_the_next_crumb_leaves_most_of_it_in_place() {
        let mut crumbs = Breadcrumbs::new(100);
        for number in 0..100 {
            crumbs.add(&crumb(number)).unwrap();
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
            crumbs.add(&crumb(number)).unwrap();
            in_place += usize::from(place == places(&crumbs));
        }
        assert!(in_place >= 90, "{in_place}");
        let texts: Vec<_> = shared.iter().flatten().map(Crumbs::as_str).collect();
        assert_eq!(texts.join(","), before);
    }

    #[test]
    fn the_text_is_bounded_whatever_their_number() {
        let mut crumbs = Breadcrumbs::new(usize::MAX);
        let long = format!("{{\"message\":\"{}\"}}", "x".repeat(8000));
        for _ in 0..1000 {
            crumbs.add(&long).unwrap();
            // With what was dropped and still lies before the start.
            assert!(crumbs.older.len() + crumbs.newer.len() <= MAX_BYTES + 20 * long.len());
        }
        let kept = json(&crumbs).len();
        assert!(
            kept <= MAX_BYTES && kept > MAX_BYTES - 2 * long.len(),
            "{kept}"
        );
        crumbs.add(&crumb(1)).unwrap();
        assert!(json(&crumbs).ends_with(&crumb(1)));
        let larger = "x".repeat(2 * MAX_BYTES);
        crumbs.add(&larger).unwrap();
        assert_eq!(json(&crumbs), larger);
        crumbs.add(&crumb(2)).unwrap();
        assert_eq!(json(&crumbs), crumb(2));
    }
}
