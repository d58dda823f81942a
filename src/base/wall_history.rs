//! The history of the wall clock: what it showed before somebody set it, so that a time stamp of then can be told in the
//! time of now.
//!
//! A device without a battery for its clock starts in 1970 and learns the time later. What it recorded meanwhile is right
//! relative to its start, and wrong as a date. The time since the start of the machine, which nobody sets and which goes
//! on while the machine sleeps, tells by how much. Whether the clock was set is looked at now and then, not when something
//! is recorded. So of a small step it may stay open on which side of it a stamp lies; then the stamp stays as it is.
//! Entry point: [`WallHistory`]. Times are in microseconds, the wall clock's since 1970. May use: the standard library only.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A smaller difference is no step: what the reading of two clocks takes, and a leap second.
const STEP: i64 = 2_000_000;
/// Stamps may be in whole seconds, rounded down.
const ROUNDED: i64 = 1_000_000;
/// Most settings of the clock that are remembered, so that memory is bounded. A clock that is set more often cannot be
/// relied on.
const MOST: usize = 16;

/// A time in which nobody set the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Era {
    /// What the wall clock is ahead of the time since the start of the machine.
    offset: i64,
    /// Since the start of the machine: when it began at the earliest.
    from: i64,
    /// And when it ended at the latest.
    until: i64,
}

impl Era {
    fn shows(&self, stamp: i64) -> bool {
        let since = stamp.saturating_sub(self.offset);
        (self.from.saturating_sub(ROUNDED)..=self.until).contains(&since)
    }
}

/// The offsets of the wall clock so far, and from when to when each held.
#[derive(Debug, Clone)]
pub(crate) struct WallHistory {
    /// Before the one that goes on, the oldest first.
    past: Vec<Era>,
    now: Era,
}

impl WallHistory {
    /// The clock shows `wall`, and the machine has been running for `since_boot`.
    pub(crate) fn new(since_boot: Duration, wall: SystemTime) -> Self {
        let boot = micros(since_boot);
        Self {
            past: Vec::new(),
            now: Era {
                offset: since_1970(wall).saturating_sub(boot),
                from: boot,
                until: boot,
            },
        }
    }

    /// Looks at both clocks again; true if the wall clock was set since the last look.
    pub(crate) fn look(&mut self, since_boot: Duration, wall: SystemTime) -> bool {
        let boot = micros(since_boot);
        let offset = since_1970(wall).saturating_sub(boot);
        let from = self.now.until;
        self.now.until = boot;
        if offset.abs_diff(self.now.offset) <= STEP.unsigned_abs() {
            return false;
        }
        if self.past.len() == MOST {
            self.past.remove(0);
        }
        self.past.push(self.now);
        self.now = Era {
            offset,
            from,
            until: boot,
        };
        true
    }

    /// True if the clock was set.
    pub(crate) fn has_steps(&self) -> bool {
        !self.past.is_empty()
    }

    /// What a stamp of an earlier time would be if the clock had been set already; none for one that can be of now, and for
    /// one that this clock never showed.
    pub(crate) fn present(&self, stamp: i64) -> Option<i64> {
        /// 9999-12-31T23:59:59Z
        const LAST: i64 = 253_402_300_799_000_000;
        if self.now.shows(stamp) {
            return None;
        }
        let era = self.past.iter().rev().find(|era| era.shows(stamp))?;
        let since = stamp.saturating_sub(era.offset);
        let present = since.saturating_add(self.now.offset);
        (0..=LAST).contains(&present).then_some(present)
    }
}

/// True if two instants differ by more than the reading of clocks explains.
pub(crate) fn is_step(one: SystemTime, other: SystemTime) -> bool {
    since_1970(one).abs_diff(since_1970(other)) > STEP.unsigned_abs()
}

/// Microseconds since 1970, negative before it.
fn since_1970(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => micros(before.duration()).saturating_neg(),
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn boot(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn wall(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_clock_that_nobody_sets_has_no_history() {
        let mut history = WallHistory::new(boot(10), wall(1000));
        for seconds in 0..100 {
            assert!(!history.look(boot(10 + seconds), wall(1001 + seconds)));
        }
        assert!(!history.has_steps());
        assert_eq!(history.present(1050 * SECOND), None);
        assert_eq!(history.present(0), None);
    }

    // A device starts in 1970; a minute later it learns that it is 2026.
    #[test]
    fn stamps_of_before_the_clock_was_set_are_told_in_its_present_time() {
        let now = 1_780_000_000;
        let mut history = WallHistory::new(boot(10), wall(100));
        assert!(history.look(boot(70), wall(now)));
        assert!(history.has_steps() && !history.look(boot(71), wall(now + 1)));
        let present = |seconds: i64| history.present(seconds * SECOND).map(|it| it / SECOND);
        let began = i64::try_from(now).unwrap() - 60;
        assert_eq!(present(100), Some(began));
        assert_eq!(present(99), Some(began - 1), "rounded down");
        assert_eq!(present(160), Some(began + 60));
        for other in [0, 98, 161, 1_700_000_000, began + 60, began + 61] {
            assert_eq!(present(other), None, "{other}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_and_forth_is_followed() {
        let mut history = WallHistory::new(boot(0), wall(2_000_000_000));
        history.look(boot(10), wall(2_000_000_010));
        assert!(history.look(boot(20), wall(1000)));
        assert!(history.look(boot(30), wall(1_780_000_000)));
        let present = |seconds: i64| history.present(seconds * SECOND).map(|it| it / SECOND);
        assert_eq!(present(2_000_000_005), Some(1_780_000_000 - 25));
        assert_eq!(present(1005), Some(1_780_000_000 - 5));
        // Set to what it was, nothing is to be told anew.
        assert!(history.look(boot(40), wall(2_000_000_040)));
        assert_eq!(
            history.present(2_000_000_005 * SECOND),
            Some(2_000_000_005 * SECOND)
        );
        // No time before 1970.
        assert!(history.look(boot(50), wall(1)));
        assert_eq!(history.present(2_000_000_005 * SECOND), None);
    }

    // A stamp that can be of either side of a small step stays as it is.
    #[test]
    fn what_both_sides_of_a_step_can_have_shown_stays() {
        let mut history = WallHistory::new(boot(0), wall(1000));
        assert!(
            history.look(boot(100), wall(1070)),
            "set back by half a minute"
        );
        assert_eq!(history.present(1050 * SECOND), None);
        assert_eq!(history.present(1090 * SECOND), Some(1060 * SECOND));
        assert!(!history.look(boot(200), wall(1171)), "a leap second");
    }

    #[test]
    fn only_so_many_settings_are_remembered() {
        let mut history = WallHistory::new(boot(0), wall(0));
        for number in 1..100 {
            assert!(history.look(boot(number), wall(number * 1_000_000)));
            assert!(history.past.len() <= MOST);
        }
        assert_eq!(history.present(0), None);
        assert_eq!(
            history.present(98 * 1_000_000 * SECOND),
            Some((99 * 1_000_000 - 1) * SECOND)
        );
    }
}
