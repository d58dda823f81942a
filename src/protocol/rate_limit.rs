//! Rate limits: what the headers of an answer say about what may not be sent for how long (RL-1 … RL-6, RL-8).
//!
//! Decides the meaning of `X-Sentry-Rate-Limits` and `Retry-After`; keeping the limits and asking them is the
//! transport's work. Entry points: [`limits_from_response`], [`parse_retry_after`].
//! May use: [`super::category`], [`super::http_date`].

use std::time::{Duration, SystemTime};

use super::category::Category;
use super::http_date;

/// The longest limit that is honoured (RL-8): a server's slip must not silence a program for good.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Limit after a 429 that names no time (RL-2).
pub(crate) const WITHOUT_A_TIME: Duration = Duration::from_secs(60);

/// One limit, counted from the arrival of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimit {
    /// How long, at most [`LONGEST`].
    pub(crate) delay: Duration,
    /// What.
    pub(crate) target: Target,
}

/// What a limit concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Everything.
    All,
    /// Items of one category.
    Category(Category),
}

/// The limits that follow from one answer; the headers are given without their names, `None` when absent.
///
/// `now` is what the server takes for now, for a `Retry-After` that is a date.
pub(crate) fn limits_from_response(
    status: u16,
    rate_limits: Option<&str>,
    retry_after: Option<&str>,
    now: SystemTime,
) -> Vec<RateLimit> {
    // A header in which not one group makes sense counts as absent: on a 429 it must not mean "go on".
    if let Some(limits) = rate_limits.and_then(read_groups) {
        return limits;
    }
    if status != 429 {
        return Vec::new();
    }
    let delay = retry_after.and_then(|text| parse_retry_after(text, now));
    vec![RateLimit {
        delay: delay.unwrap_or(WITHOUT_A_TIME),
        target: Target::All,
    }]
}

/// [`read_groups`], for tests that do not care why there is nothing.
#[cfg(test)]
fn parse_rate_limits(header: &str) -> Vec<RateLimit> {
    read_groups(header).unwrap_or_default()
}

/// Reads `X-Sentry-Rate-Limits`: groups `retry_after:categories:scope:reason:…`, separated by commas. None if no group
/// is well-formed.
fn read_groups(header: &str) -> Option<Vec<RateLimit>> {
    let mut limits = Vec::new();
    let mut is_any_well_formed = false;
    // RL-6: a malformed group is skipped, the others apply.
    for (delay, categories) in header.split(',').filter_map(read_group) {
        is_any_well_formed = true;
        let names = || categories.split(';').map(str::trim);
        if names().all(str::is_empty) {
            limits.push(RateLimit {
                delay,
                target: Target::All,
            });
            continue;
        }
        // RL-5: names unknown here, and those of nothing this library sends, limit nothing.
        let known = names()
            .filter_map(Category::from_name)
            .filter(|category| !matches!(category, Category::Default | Category::Internal));
        limits.extend(known.map(|category| RateLimit {
            delay,
            target: Target::Category(category),
        }));
    }
    is_any_well_formed.then_some(limits)
}

fn read_group(group: &str) -> Option<(Duration, &str)> {
    let mut fields = group.split(':');
    let delay = seconds(fields.next()?)?;
    Some((delay, fields.next()?))
}

/// Reads `Retry-After`: a number of seconds, or a date in one of the three forms of HTTP; none if it is neither, or
/// negative. A date in the past is no delay.
pub(crate) fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    seconds(text).or_else(|| {
        let delay = http_date::parse(text)?
            .duration_since(now)
            .unwrap_or_default();
        Some(whole_seconds(delay.as_secs_f64()))
    })
}

/// A number of seconds, rounded up and capped.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    // Rust also reads words ("inf", "nan") that no server means.
    let is_numeric = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_numeric {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    (value >= 0.0).then(|| whole_seconds(value))
}

fn whole_seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.ceil())
        .unwrap_or(LONGEST)
        .min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn now() -> SystemTime {
        // Sun, 06 Nov 1994 08:49:37 GMT
        UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn all(seconds: u64) -> RateLimit {
        RateLimit {
            delay: Duration::from_secs(seconds),
            target: Target::All,
        }
    }

    fn only(seconds: u64, category: Category) -> RateLimit {
        RateLimit {
            delay: Duration::from_secs(seconds),
            target: Target::Category(category),
        }
    }

    // RL-4, RL-5, RL-6
    #[test]
    fn the_published_header_examples_are_understood() {
        for (header, limits) in [
            (
                "60:transaction:key, 2700:default;error;security:organization",
                vec![only(60, Category::Transaction), only(2700, Category::Error)],
            ),
            (
                "60::organization, 2700::organization",
                vec![all(60), all(2700)],
            ),
            ("120:foo;bar:project", vec![]),
            (
                "2700:metric_bucket:organization:quota_exceeded:custom",
                vec![],
            ),
            ("1.5:error", vec![only(2, Category::Error)]),
            ("x:error, 10:session:org", vec![only(10, Category::Session)]),
            ("120:error", vec![only(120, Category::Error)]),
            // What Bugsink and relays send.
            (
                "86400:transaction;span:organization",
                vec![
                    only(86_400, Category::Transaction),
                    only(86_400, Category::Span),
                ],
            ),
            (
                " 60 : error ; session : key ,, 5:",
                vec![
                    only(60, Category::Error),
                    only(60, Category::Session),
                    all(5),
                ],
            ),
        ] {
            assert_eq!(parse_rate_limits(header), limits, "{header}");
        }
    }

    // RL-6, RL-8
    #[test]
    fn malformed_groups_are_skipped_and_delays_capped() {
        for header in [
            "",
            ",",
            "60",
            "-5:error",
            "nan:error",
            "inf::",
            "1e400e:error",
            ":error",
            "0x10:error",
        ] {
            assert_eq!(parse_rate_limits(header), [], "{header}");
        }
        for header in [
            "86401:error",
            "1e300:error",
            "99999999999999999999:error",
            "1e999:error",
        ] {
            assert_eq!(
                parse_rate_limits(header),
                [only(86_400, Category::Error)],
                "{header}"
            );
        }
    }

    // RL-1, RL-2
    #[test]
    fn an_answer_limits_by_its_own_header_first() {
        let limits = |status, header, after| limits_from_response(status, header, after, now());
        assert_eq!(limits(429, None, None), [all(60)]);
        assert_eq!(limits(429, None, Some("5")), [all(5)]);
        assert_eq!(limits(429, None, Some("soon")), [all(60)]);
        assert_eq!(limits(429, None, Some("-1")), [all(60)]);
        assert_eq!(
            limits(429, Some("60:error:org"), Some("5")),
            [only(60, Category::Error)]
        );
        assert_eq!(
            limits(200, Some("60:error:key"), None),
            [only(60, Category::Error)]
        );
        assert_eq!(limits(429, Some("60:metric_bucket:org"), Some("5")), []);
        assert_eq!(limits(200, None, Some("5")), []);
        assert_eq!(limits(503, None, Some("5")), []);
        // Without one group that makes sense, a 429 still means "wait".
        assert_eq!(limits(429, Some("nonsense"), Some("5")), [all(5)]);
        assert_eq!(limits(429, Some(""), None), [all(60)]);
    }

    // RL-2
    #[test]
    fn retry_after_may_be_a_number_or_a_date() {
        let delay = |text| parse_retry_after(text, now()).map(|delay| delay.as_secs());
        assert_eq!(delay("0"), Some(0));
        assert_eq!(delay(" 120 "), Some(120));
        assert_eq!(delay("1.2"), Some(2));
        assert_eq!(delay("1e9"), Some(86_400));
        assert_eq!(delay("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(delay("Sunday, 06-Nov-94 08:50:07 GMT"), Some(30));
        assert_eq!(delay("Sun Nov  6 08:50:07 1994"), Some(30));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:07 GMT"), Some(0));
        assert_eq!(delay("Sun, 06 Nov 2094 08:49:07 GMT"), Some(86_400));
        for none in ["", "-1", "NaN", "inf", "infinity", "5s", "5 6", "Sun"] {
            assert_eq!(delay(none), None, "{none}");
        }
    }
}
