//! The timeline of a transaction: the wall clock at its start and the monotonic clock since, so that a step of the system
//! clock cannot make anything in it end before it begins (TXN-7).
//!
//! Pure: the clocks are read by others. Entry point: [`Timeline`].

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeline {
    wall: SystemTime,
    monotonic: Instant,
}

impl Timeline {
    /// One that begins when the clocks show this.
    pub(crate) const fn new(wall: SystemTime, monotonic: Instant) -> Self {
        Self { wall, monotonic }
    }

    /// Microseconds since 1970 at this moment.
    pub(crate) fn micros_at(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.monotonic);
        let wall = self.wall.checked_add(elapsed).unwrap_or(self.wall);
        let since_1970 = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::base::clock::{Clock as _, ManualClock};

    // TXN-7
    #[test]
    fn a_step_of_the_wall_clock_does_not_turn_time_back() {
        let clock = ManualClock::new();
        let timeline = Timeline::new(clock.wall(), clock.now());
        let start = timeline.micros_at(clock.now());
        assert_eq!(start, 1_767_225_600_000_000);
        clock.set_wall(UNIX_EPOCH);
        clock.advance(Duration::from_micros(1500));
        assert_eq!(timeline.micros_at(clock.now()), start + 1500);
        let before = Timeline::new(UNIX_EPOCH, clock.now() + Duration::from_secs(1));
        assert_eq!(before.micros_at(clock.now()), 0);
    }
}
