//! Schedule: when a spooled envelope is tried again, and when it is given up.
//!
//! The time of the last attempt and their number stand in the file's name, so the distances survive restarts. Entry
//! points: [`wait`], [`MAX_ATTEMPTS`]. Pure arithmetic.

use std::time::Duration;

use super::name::Retry;

/// Attempts from disk, after which an envelope is given up.
pub(crate) const MAX_ATTEMPTS: u8 = 6;
/// Distance after the first writing; it doubles with every attempt.
const FIRST: Duration = Duration::from_secs(15 * 60);
/// Doublings at most: the longest distance is eight hours.
const MAX_DOUBLINGS: u8 = 5;

/// How long a file with this name waits, seen from `now` in milliseconds since 1970. Never longer than its whole
/// distance, however far the clock was set back meanwhile.
pub(crate) fn wait(retry: Retry, now: u64) -> Duration {
    let distance = distance(retry.attempts);
    let passed = Duration::from_millis(now.saturating_sub(retry.millis));
    distance.saturating_sub(passed)
}

fn distance(attempts: u8) -> Duration {
    FIRST.saturating_mul(1 << attempts.min(MAX_DOUBLINGS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60 * 1000;

    fn minutes(attempts: u8, written: u64, now: u64) -> u64 {
        let retry = Retry {
            millis: written * MINUTE,
            attempts,
        };
        wait(retry, now * MINUTE).as_secs() / 60
    }

    #[test]
    fn distances_double_up_to_eight_hours() {
        let all: Vec<u64> = (0..8).map(|attempts| minutes(attempts, 100, 100)).collect();
        assert_eq!(all, [15, 30, 60, 120, 240, 480, 480, 480]);
    }

    #[test]
    fn time_that_passed_counts_and_a_clock_set_back_does_not_add() {
        assert_eq!(minutes(0, 100, 110), 5);
        assert_eq!(minutes(0, 100, 115), 0);
        assert_eq!(minutes(0, 100, 999), 0);
        assert_eq!(minutes(0, 100, 0), 15);
    }
}
