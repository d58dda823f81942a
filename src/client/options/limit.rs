//! Limit: the whole numbers an option accepts, and the text that refuses the others.
//!
//! Entry points: the constants, one for each option with a range, and [`Limit::check`]. May use: nothing.

/// Range of an option that takes a whole number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Name of the option.
    pub(super) option: &'static str,
    /// What is counted.
    pub(super) unit: &'static str,
    pub(super) least: u64,
    pub(super) most: u64,
    /// What -1 means, where it is allowed.
    pub(super) minus_one: Option<&'static str>,
}

const fn limit(option: &'static str, unit: &'static str, least: u64, most: u64) -> Limit {
    Limit {
        option,
        unit,
        least,
        most,
        minus_one: None,
    }
}

impl Limit {
    const fn or_minus_one(mut self, meaning: &'static str) -> Self {
        self.minus_one = Some(meaning);
        self
    }

    /// `value` if it is in the range, `None` for an allowed -1. `i128` holds every integer that C or JSON can hand over,
    /// so that what is checked is what the caller wrote.
    pub(crate) fn check_optional(&self, value: i128) -> Result<Option<u64>, String> {
        if value == -1 && self.minus_one.is_some() {
            return Ok(None);
        }
        match u64::try_from(value) {
            Ok(number) if (self.least..=self.most).contains(&number) => Ok(Some(number)),
            _ => Err(self.refuse(value)),
        }
    }

    /// `value` if it is in the range of an option that knows no -1.
    pub(crate) fn check(&self, value: i128) -> Result<u64, String> {
        self.check_optional(value)?
            .ok_or_else(|| self.refuse(value))
    }

    /// [`Limit::check`] for an option that is kept in 32 bits.
    pub(crate) fn check_u32(&self, value: i128) -> Result<u32, String> {
        u32::try_from(self.check(value)?).map_err(|_| self.refuse(value))
    }

    /// [`Limit::check_optional`] for an option that is kept in 32 bits.
    pub(crate) fn check_optional_u32(&self, value: i128) -> Result<Option<u32>, String> {
        self.check_optional(value)?
            .map(|number| u32::try_from(number).map_err(|_| self.refuse(value)))
            .transpose()
    }

    fn refuse(&self, value: i128) -> String {
        let (option, range) = (self.option, self.range());
        format!("{option}: {value} is refused; allowed is {range}")
    }

    /// What is allowed, with the unit.
    pub(super) fn range(&self) -> String {
        let Self {
            unit, least, most, ..
        } = self;
        let minus_one = self
            .minus_one
            .map_or_else(String::new, |meaning| format!("-1 ({meaning}) or "));
        format!("{minus_one}{least} to {most} {unit}")
    }
}

/// Ten million envelopes: more than any host should hold, few enough that no counter is in danger.
pub(crate) const QUEUE_MAX_ITEMS: Limit =
    limit("queue_max_items", "envelopes", 1, 10_000_000).or_minus_one("no bound but the bytes");
/// At least one ordinary event must fit; one terabyte is beyond any host.
pub(crate) const QUEUE_MAX_BYTES: Limit =
    limit("queue_max_bytes", "bytes", 64 * 1024, (1 << 40) - 1);
/// A capture that waits longer than a minute is a hanging host.
pub(crate) const QUEUE_BLOCK_TIMEOUT: Limit =
    limit("queue_block_timeout_ms", "milliseconds", 0, 60_000);
/// An hour between two syncs is hardly one at all.
pub(crate) const QUEUE_SYNC: Limit = limit("queue_sync_ms", "milliseconds", 0, 3_600_000);
/// 0 would mean "no time-out" to libcurl, which is what this library exists to prevent.
pub(crate) const CONNECT_TIMEOUT: Limit = limit("connect_timeout_ms", "milliseconds", 1, 600_000);
/// As for the connect.
pub(crate) const READ_TIMEOUT: Limit = limit("read_timeout_ms", "milliseconds", 1, 600_000);
/// A thousand attempts with the largest back-off are years.
pub(crate) const RETRIES: Limit = limit("retries", "attempts", 0, 1000);
const ONLY_TOTAL: &str = "only the total counts";
/// As for the total.
pub(crate) const RETRIES_CONNECT: Limit =
    limit("retries_connect", "attempts", 0, 1000).or_minus_one(ONLY_TOTAL);
/// As for the total.
pub(crate) const RETRIES_READ: Limit =
    limit("retries_read", "attempts", 0, 1000).or_minus_one(ONLY_TOTAL);
/// As for the total.
pub(crate) const RETRIES_STATUS: Limit =
    limit("retries_status", "attempts", 0, 1000).or_minus_one(ONLY_TOTAL);
/// As for the total.
pub(crate) const RETRIES_REDIRECT: Limit =
    limit("retries_redirect", "redirects", 0, 1000).or_minus_one(ONLY_TOTAL);
/// An hour as the base; 0 would retry in a tight loop.
pub(crate) const RETRY_BACKOFF: Limit = limit("retry_backoff_ms", "milliseconds", 1, 3_600_000);
/// A day.
pub(crate) const RETRY_BACKOFF_MAX: Limit =
    limit("retry_backoff_max_ms", "milliseconds", 1, 86_400_000);
/// More streams than this gain nothing on one connection.
pub(crate) const MAX_REQUESTS_IN_FLIGHT: Limit = limit("max_requests_in_flight", "requests", 1, 32);
/// What the compatible interface reads of a file at most.
pub(crate) const MAX_ATTACHMENT_BYTES: Limit =
    limit("max_attachment_bytes", "bytes", 1, 512 * 1024 * 1024);
/// The compatible interface refuses no number here.
pub(crate) const SHUTDOWN_TIMEOUT: Limit = limit("shutdown_timeout", "milliseconds", 0, u64::MAX);
/// As for the shutdown.
pub(crate) const TRANSFER_TIMEOUT: Limit = limit("transfer_timeout", "milliseconds", 0, u64::MAX);
/// As for the shutdown; the number is kept as a `usize`.
pub(crate) const MAX_BREADCRUMBS: Limit =
    limit("max_breadcrumbs", "breadcrumbs", 0, usize::MAX as u64);

/// 0 stands for no bound.
pub(crate) const CACHE_MAX_ITEMS: Limit = limit("cache_max_items", "envelopes", 0, u64::MAX);
/// As for the envelopes.
pub(crate) const CACHE_MAX_SIZE: Limit = limit("cache_max_size", "bytes", 0, u64::MAX);
/// As for the envelopes; the most that `time_t` holds.
pub(crate) const CACHE_MAX_AGE: Limit = limit("cache_max_age", "seconds", 0, i64::MAX as u64);
/// The compatible interface refuses no number here.
pub(crate) const MAX_SPANS: Limit = limit("max_spans", "spans", 0, usize::MAX as u64);
/// The compatible interface refuses no number here, and raises small ones.
pub(crate) const APP_HANG_TIMEOUT: Limit = limit("app_hang_timeout", "milliseconds", 0, u64::MAX);
/// The compatible interface refuses no number here.
pub(crate) const SESSION_REPLAY_DURATION: Limit = limit(
    "session_replay_duration",
    "milliseconds",
    0,
    u32::MAX as u64,
);

/// Refuses what is not from 0 to 1.
pub(crate) fn check_share(option: &str, share: f64) -> Result<(), String> {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    Err(format!("{option}: {share} is refused; allowed is 0 to 1"))
}

/// The beginning of a foreign text, fit for a message: at most 64 characters, control characters escaped.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 64;
    let mut short: String = text
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_at_both_ends() {
        for limit in [
            QUEUE_MAX_ITEMS,
            QUEUE_MAX_BYTES,
            QUEUE_BLOCK_TIMEOUT,
            CONNECT_TIMEOUT,
            READ_TIMEOUT,
            RETRIES,
            RETRIES_CONNECT,
            RETRIES_READ,
            RETRIES_STATUS,
            RETRIES_REDIRECT,
            RETRY_BACKOFF,
            RETRY_BACKOFF_MAX,
            MAX_REQUESTS_IN_FLIGHT,
            MAX_ATTACHMENT_BYTES,
        ] {
            let (least, most) = (i128::from(limit.least), i128::from(limit.most));
            assert_eq!(limit.check(least), Ok(limit.least));
            assert_eq!(limit.check(most), Ok(limit.most));
            for wrong in [least - 1, most + 1, i128::MIN, i128::MAX, -2] {
                if wrong == -1 && limit.minus_one.is_some() {
                    continue;
                }
                let text = limit.check_optional(wrong).unwrap_err();
                assert!(
                    text.starts_with(&format!("{}: {wrong} is refused", limit.option)),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn minus_one_is_refused_where_it_means_nothing() {
        assert_eq!(QUEUE_MAX_ITEMS.check_optional(-1), Ok(None));
        assert_eq!(RETRIES_READ.check_optional_u32(-1), Ok(None));
        assert!(RETRIES.check_optional(-1).is_err());
        assert!(QUEUE_MAX_ITEMS.check(-1).is_err());
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        assert_eq!(
            QUEUE_MAX_ITEMS.check_optional(0).unwrap_err(),
            "queue_max_items: 0 is refused; allowed is -1 (no bound but the bytes) or 1 to 10000000 envelopes"
        );
        assert_eq!(
            CONNECT_TIMEOUT.check(0).unwrap_err(),
            "connect_timeout_ms: 0 is refused; allowed is 1 to 600000 milliseconds"
        );
    }

    #[test]
    fn foreign_text_is_shortened_and_escaped() {
        assert_eq!(shorten("a\nb\0"), "a\\nb\\0");
        let long = shorten(&"é".repeat(65));
        assert_eq!(long.chars().count(), 65);
        assert!(long.ends_with('…'));
        assert_eq!(shorten(&"é".repeat(64)).chars().count(), 64);
    }
}
