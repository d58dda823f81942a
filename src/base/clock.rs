//! Time: the monotonic clock for waiting, the wall clock for what is written down.
//!
//! Rooms that wait or age things take a [`Clock`] instead of asking the system, so that tests move time themselves.

use std::time::{Duration, Instant, SystemTime};

use super::debug::named_in_debug;
use super::process;

/// Source of time. Waiting uses [`Clock::now`], time stamps use [`Clock::wall`]; neither is derived from the other.
pub(crate) trait Clock: Send + Sync {
    /// Monotonic time; unaffected by steps of the system clock.
    fn now(&self) -> Instant;
    /// Wall-clock time; may jump in both directions.
    fn wall(&self) -> SystemTime;
    /// How long the machine has been running, including what it slept.
    fn since_boot(&self) -> Duration;
}

named_in_debug!(Clock);

/// The clocks of the operating system (read through the vDSO, no system call).
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn since_boot(&self) -> Duration {
        process::since_boot()
    }
}

/// A clock that only moves when told to.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct ManualClock {
    start: Instant,
    elapsed: std::sync::Mutex<std::time::Duration>,
    wall: std::sync::Mutex<SystemTime>,
}

#[cfg(test)]
impl ManualClock {
    /// A clock that stands still at an arbitrary instant and at 2026-01-01T00:00:00Z.
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            elapsed: std::sync::Mutex::default(),
            wall: (SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_767_225_600)).into(),
        }
    }

    /// Moves both clocks forward.
    pub(crate) fn advance(&self, by: std::time::Duration) {
        *self.elapsed.lock().unwrap() += by;
        *self.wall.lock().unwrap() += by;
    }

    /// Sets the wall clock, as an administrator or a time server does.
    pub(crate) fn set_wall(&self, to: SystemTime) {
        *self.wall.lock().unwrap() = to;
    }
}

#[cfg(test)]
impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.start + *self.elapsed.lock().unwrap()
    }

    fn wall(&self) -> SystemTime {
        *self.wall.lock().unwrap()
    }

    fn since_boot(&self) -> Duration {
        Duration::from_secs(100) + *self.elapsed.lock().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn manual_clock_moves_only_when_told() {
        let clock = ManualClock::new();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now() - before, Duration::from_millis(1500));
        assert_eq!(
            clock.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap(),
            Duration::from_millis(1_767_225_601_500)
        );
        let now = clock.now();
        clock.set_wall(SystemTime::UNIX_EPOCH);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now() - now, Duration::from_secs(1));
        assert_eq!(
            clock.wall(),
            SystemTime::UNIX_EPOCH + Duration::from_secs(1)
        );
    }

    #[test]
    fn system_clock_does_not_go_backwards() {
        let first = SystemClock.now();
        assert!(SystemClock.now() >= first);
        let booted = SystemClock.since_boot();
        assert!(booted > Duration::ZERO && SystemClock.since_boot() >= booted);
    }
}
