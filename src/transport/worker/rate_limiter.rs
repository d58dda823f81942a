//! The rate limiter: which categories the server asked us not to send, and until when (PROTOCOL: rate limits).
//!
//! Written by the worker, read by every capture, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::protocol::category::Category;
use crate::protocol::rate_limit::{RateLimit, Target};

/// When the limit of each category ends, in milliseconds since `start` on the monotonic clock; 0 is "never limited".
#[derive(Debug)]
pub(crate) struct RateLimiter {
    start: Instant,
    all: AtomicU64,
    categories: [AtomicU64; Category::COUNT],
}

impl RateLimiter {
    /// Nothing is limited.
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            all: AtomicU64::new(0),
            categories: Default::default(),
        }
    }

    /// Takes over the limits of one answer. A later expiry stays when a shorter limit follows (RL-7).
    pub(crate) fn apply(&self, limits: &[RateLimit], now: Instant) {
        for limit in limits.iter().filter(|limit| !limit.delay.is_zero()) {
            let expiry = self
                .millis(now.checked_add(limit.delay).unwrap_or(now))
                .saturating_add(1);
            match limit.target {
                Target::All => self.all.fetch_max(expiry, Ordering::Relaxed),
                Target::Category(category) => match self.categories.get(category.index()) {
                    Some(until) => until.fetch_max(expiry, Ordering::Relaxed),
                    None => 0,
                },
            };
        }
    }

    /// True while items of this category must not be sent (RL-8).
    pub(crate) fn is_limited(&self, category: Category, now: Instant) -> bool {
        self.limited_until(category, now).is_some()
    }

    /// Until when items of this category must not be sent; none if they may be now.
    pub(crate) fn limited_until(&self, category: Category, now: Instant) -> Option<Instant> {
        // RL-12: client reports stop only when everything stops.
        let own = match category {
            Category::Internal => 0,
            _ => self
                .categories
                .get(category.index())
                .map_or(0, |until| until.load(Ordering::Relaxed)),
        };
        let until = own.max(self.all.load(Ordering::Relaxed));
        let is_limited = until > 0 && self.millis(now) < until;
        is_limited.then(|| {
            let end = self.start.checked_add(Duration::from_millis(until));
            end.unwrap_or(now)
        })
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(seconds: u64, target: Target) -> RateLimit {
        RateLimit {
            delay: Duration::from_secs(seconds),
            target,
        }
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    // RL-7, RL-8
    #[test]
    fn the_later_expiry_stays() {
        let start = Instant::now();
        let limiter = RateLimiter::new(start);
        limiter.apply(&[limit(120, Target::Category(Category::Error))], start);
        limiter.apply(&[limit(30, Target::Category(Category::Error))], start);
        assert!(limiter.is_limited(Category::Error, after(start, 119)));
        assert!(!limiter.is_limited(Category::Error, after(start, 121)));
        assert!(!limiter.is_limited(Category::Session, start));
    }

    // RL-7
    #[test]
    fn a_shorter_limit_on_everything_ends_no_longer_one() {
        let start = Instant::now();
        let limiter = RateLimiter::new(start);
        limiter.apply(&[limit(120, Target::All)], start);
        limiter.apply(&[limit(30, Target::All)], start);
        assert!(limiter.is_limited(Category::Error, after(start, 119)));
        assert!(!limiter.is_limited(Category::Error, after(start, 121)));
    }

    // RL-2, RL-8, RL-12
    #[test]
    fn a_limit_on_everything_holds_for_each_category() {
        let start = Instant::now();
        let limiter = RateLimiter::new(start);
        limiter.apply(&[limit(60, Target::All)], start);
        for category in Category::ALL {
            assert!(
                limiter.is_limited(category, after(start, 59)),
                "{category:?}"
            );
            assert!(
                !limiter.is_limited(category, after(start, 61)),
                "{category:?}"
            );
        }
    }

    // RL-12
    #[test]
    fn reports_are_not_limited_by_their_own_category() {
        let start = Instant::now();
        let limiter = RateLimiter::new(start);
        limiter.apply(&[limit(60, Target::Category(Category::Internal))], start);
        assert!(!limiter.is_limited(Category::Internal, start));
    }
}
