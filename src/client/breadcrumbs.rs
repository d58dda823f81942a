//! Breadcrumbs: the last things that happened, kept as ready JSON (BC-2, BC-3).
//!
//! All crumbs stand one behind the other in one text, separated by commas, exactly as an event carries them; dropping
//! the oldest moves the start. So an event needs one copy of the text, and none at all while nothing changed.

use std::collections::VecDeque;
use std::sync::Arc;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breadcrumbs {
    text: String,
    start: usize,
    lengths: VecDeque<usize>,
    max: usize,
    shared: Option<Arc<str>>,
}

/// Most bytes of text, so that a large `max` cannot grow without bound: a hundred crumbs of 8 KiB, the most that one may
/// have, still fit.
const MAX_BYTES: usize = 1024 * 1024;
/// Bytes before the start that are worth moving the rest down for.
const WORTH_MOVING: usize = 16 * 1024;

impl Breadcrumbs {
    /// Keeps the newest `max`; 0 keeps none.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            ..Self::default()
        }
    }

    /// Adds one breadcrumb, a JSON object, and drops the oldest if there are too many or too long ones.
    pub(crate) fn add(&mut self, json: &str) {
        if self.max == 0 {
            return;
        }
        let with_comma = json.len().saturating_add(1);
        let is_full = |crumbs: &Self| {
            let used = crumbs.text.len().saturating_sub(crumbs.start);
            crumbs.lengths.len() >= crumbs.max || used.saturating_add(with_comma) > MAX_BYTES
        };
        while !self.lengths.is_empty() && is_full(self) {
            self.drop_oldest();
        }
        if !self.lengths.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(json);
        self.lengths.push_back(json.len());
        self.shared = None;
    }

    /// All of them, oldest first, separated by commas.
    pub(crate) fn json(&mut self) -> Arc<str> {
        let text = self.text.get(self.start..).unwrap_or_default();
        Arc::clone(self.shared.get_or_insert_with(|| Arc::from(text)))
    }

    fn drop_oldest(&mut self) {
        let Some(length) = self.lengths.pop_front() else {
            return;
        };
        if self.lengths.is_empty() {
            self.text.clear();
            self.start = 0;
            return;
        }
        // One more for the comma.
        self.start = self.start.saturating_add(length).saturating_add(1);
        if self.start >= WORTH_MOVING && self.start >= self.text.len().saturating_sub(self.start) {
            self.text.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crumb(number: usize) -> String {
        format!("{{\"message\":\"{number}\"}}")
    }

    // BC-2, BC-3
    #[test]
    fn the_newest_are_kept_in_order() {
        let mut crumbs = Breadcrumbs::new(3);
        for number in 0..5 {
            crumbs.add(&crumb(number));
        }
        assert_eq!(
            &*crumbs.json(),
            format!("{},{},{}", crumb(2), crumb(3), crumb(4))
        );
    }

    #[test]
    fn one_and_none_are_valid_sizes() {
        let mut one = Breadcrumbs::new(1);
        one.add(&crumb(1));
        one.add(&crumb(2));
        assert_eq!(&*one.json(), crumb(2));
        let mut none = Breadcrumbs::new(0);
        none.add(&crumb(1));
        assert_eq!(&*none.json(), "");
    }

    #[test]
    fn the_text_is_shared_until_something_is_added() {
        let mut crumbs = Breadcrumbs::new(3);
        crumbs.add(&crumb(1));
        let first = crumbs.json();
        assert!(Arc::ptr_eq(&first, &crumbs.json()));
        crumbs.add(&crumb(2));
        assert!(!Arc::ptr_eq(&first, &crumbs.json()));
    }

    #[test]
    fn the_text_is_bounded_whatever_their_number() {
        let mut crumbs = Breadcrumbs::new(usize::MAX);
        let long = format!("{{\"message\":\"{}\"}}", "x".repeat(8000));
        for _ in 0..1000 {
            crumbs.add(&long);
        }
        let kept = crumbs.json().len();
        assert!(
            kept <= MAX_BYTES && kept > MAX_BYTES - 2 * long.len(),
            "{kept}"
        );
        assert!(crumbs.text.capacity() <= 4 * MAX_BYTES);
        crumbs.add(&crumb(1));
        assert!(crumbs.json().ends_with(&crumb(1)));
        let larger = "x".repeat(2 * MAX_BYTES);
        crumbs.add(&larger);
        assert_eq!(*crumbs.json(), larger);
    }

    #[test]
    fn memory_stays_bounded_over_many_crumbs() {
        let mut crumbs = Breadcrumbs::new(100);
        let long = format!("{{\"message\":\"{}\"}}", "x".repeat(500));
        for _ in 0..10_000 {
            crumbs.add(&long);
        }
        assert_eq!(crumbs.json().len(), 100 * long.len() + 99);
        assert!(
            crumbs.text.capacity() < 300 * long.len(),
            "{}",
            crumbs.text.capacity()
        );
    }
}
