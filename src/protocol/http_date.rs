//! HTTP dates: the three forms in which a server may write an instant (RFC 9110, section 5.6.7).
//!
//! Entry point: [`parse`]. May use the standard library only.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The instant that `text` names, from 1970 to 9999.
///
/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`; the name of the
/// day is not checked, letters may have either case.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let parts: Vec<&str> = match text.split_once(',') {
        // The comma tells the two forms that begin with the day of the month.
        Some((_, rest)) => rest
            .split([' ', '-'])
            .filter(|part| !part.is_empty())
            .collect(),
        None => text.split_ascii_whitespace().skip(1).collect(),
    };
    let (year, month, day, time) = match (text.contains(','), parts.as_slice()) {
        (true, [day, month, year, time, zone]) if zone.eq_ignore_ascii_case("gmt") => {
            (year, month, day, time)
        }
        (false, [month, day, time, year]) => (year, month, day, time),
        _ => return None,
    };
    let year = full_year(year)?;
    let month = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(month))?;
    let month = u64::try_from(month).ok()?.checked_add(1)?;
    let day = number(day, 31).filter(|day| *day > 0)?;
    let mut clock = time.split(':');
    let hour = number(clock.next()?, 23)?;
    let minute = number(clock.next()?, 59)?;
    // 60: a leap second.
    let second = number(clock.next()?, 60)?;
    if clock.next().is_some() {
        return None;
    }
    let days = days_from_civil(year, month, day)?;
    let seconds = days
        .checked_mul(86_400)?
        .checked_add(hour.checked_mul(3600)?)?
        .checked_add(minute.checked_mul(60)?)?
        .checked_add(second)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// A decimal number of one or two digits, at most `most`.
fn number(text: &str, most: u64) -> Option<u64> {
    let is_plain = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().ok().filter(|value| *value <= most)?;
    is_plain.then_some(value)
}

/// Two digits mean 1970 … 2069: the form that has them is older than either end.
fn full_year(text: &str) -> Option<u64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: u64 = text.parse().ok()?;
    match text.len() {
        2 if year < 70 => year.checked_add(2000),
        2 => year.checked_add(1900),
        4 if year >= 1970 => Some(year),
        _ => None,
    }
}

/// Days from 1970-01-01 (Howard Hinnant's `days_from_civil`); none for a day before.
pub(super) fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let shifted_month = month.checked_add(9)? % 12;
    let day_of_year = shifted_month
        .checked_mul(153)?
        .checked_add(2)?
        .checked_div(5)?
        .checked_add(day)?
        .checked_sub(1)?;
    year.checked_mul(365)?
        .checked_add(year / 4)?
        .checked_sub(year / 100)?
        .checked_add(year / 400)?
        .checked_add(day_of_year)?
        .checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::timestamp::Timestamp;

    #[test]
    fn the_three_forms_name_the_same_instant() {
        let expected = UNIX_EPOCH + Duration::from_secs(784_111_777);
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            " sun, 6 nov 1994 08:49:37 gmt ",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_read_is_what_would_be_written() {
        for (text, written) in [
            (
                "Thu, 01 Jan 1970 00:00:00 GMT",
                "1970-01-01T00:00:00.000000Z",
            ),
            (
                "Tue, 29 Feb 2000 23:59:59 GMT",
                "2000-02-29T23:59:59.000000Z",
            ),
            (
                "Sat, 31 Dec 2044 12:00:01 GMT",
                "2044-12-31T12:00:01.000000Z",
            ),
            ("Mon, 01-Mar-69 12:00:01 GMT", "2069-03-01T12:00:01.000000Z"),
        ] {
            let instant = parse(text).unwrap();
            assert_eq!(Timestamp::new(instant).as_str(), written);
        }
    }

    #[test]
    fn everything_else_is_no_date() {
        for text in [
            "",
            "5",
            "tomorrow",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nox 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:1 GMT",
            "Sun, 06 Nov 1950 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
            ",,,,",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
