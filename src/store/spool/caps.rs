//! Caps: how much may lie in a directory, and what has to go for something new.
//!
//! Entry points: [`Caps`], [`Held`]. Pure arithmetic.

use std::time::Duration;

/// Bounds of a directory; `None` is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Caps {
    /// Files.
    pub(crate) items: Option<u64>,
    /// Bytes of all files together.
    pub(crate) bytes: Option<u64>,
    /// Time since a file was written.
    pub(crate) age: Option<Duration>,
}

/// What lies in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Held {
    /// Files.
    pub(crate) items: u64,
    /// Bytes.
    pub(crate) bytes: u64,
}

impl Held {
    /// One more file.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.items = self.items.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// One file less.
    pub(crate) fn remove(&mut self, bytes: u64) {
        self.items = self.items.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Caps {
    /// True if this much may lie there.
    pub(crate) fn allow(&self, held: Held) -> bool {
        self.items.is_none_or(|most| held.items <= most)
            && self.bytes.is_none_or(|most| held.bytes <= most)
    }

    /// How long a file of this age may still lie there; none without a bound. Its last moment is allowed.
    pub(crate) fn time_left(&self, age: Duration) -> Option<Duration> {
        let rest = self.age?.checked_sub(age);
        Some(rest.map_or(Duration::ZERO, |rest| {
            rest.saturating_add(Duration::from_millis(1))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_holds_alone_and_includes_its_value() {
        let caps = Caps {
            items: Some(2),
            bytes: Some(100),
            age: None,
        };
        let held = |items, bytes| Held { items, bytes };
        assert!(caps.allow(held(2, 100)));
        assert!(!caps.allow(held(3, 10)));
        assert!(!caps.allow(held(1, 101)));
        assert!(Caps::default().allow(held(u64::MAX, u64::MAX)));
    }

    #[test]
    fn a_file_of_the_greatest_age_may_stay_for_this_moment() {
        let caps = Caps {
            age: Some(Duration::from_secs(1)),
            ..Caps::default()
        };
        let left = |millis| caps.time_left(Duration::from_millis(millis));
        assert_eq!(left(0), Some(Duration::from_millis(1001)));
        assert_eq!(left(1000), Some(Duration::from_millis(1)));
        assert_eq!(left(1001), Some(Duration::ZERO));
        assert_eq!(Caps::default().time_left(Duration::MAX), None);
    }
}
