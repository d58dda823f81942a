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

    /// True if a file written at `born` is too old at `now`; both in milliseconds since 1970.
    pub(crate) fn is_too_old(&self, born: u64, now: u64) -> bool {
        let age = Duration::from_millis(now.saturating_sub(born));
        self.age.is_some_and(|most| age > most)
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
    fn a_file_of_the_future_is_not_old() {
        let caps = Caps {
            age: Some(Duration::from_secs(1)),
            ..Caps::default()
        };
        assert!(!caps.is_too_old(5_000, 6_000));
        assert!(caps.is_too_old(5_000, 6_001));
        assert!(!caps.is_too_old(9_000, 5_000));
        assert!(!Caps::default().is_too_old(0, u64::MAX));
    }
}
