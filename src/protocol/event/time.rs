//! Times on events: which ones are understood, and how the time of capture is written (EVT-2).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::base::memory::Buffer;
use crate::base::timestamp::Timestamp;
use crate::protocol::http_date::days_from_civil;
use crate::value::input::Input;
use crate::value::json::scan::{self, Kind};
use crate::value::json::write as json;

/// True for a time that servers understand: RFC 3339 text, or seconds since 1970 up to the year 9999.
pub(super) fn is_timestamp(time: Input<'_>) -> bool {
    /// 9999-12-31T23:59:59Z; a number beyond is in milliseconds by mistake.
    const LAST_SECOND: f64 = 253_402_300_799.0;
    match time.kind() {
        Kind::Number => {
            (time.to_json().parse()).is_ok_and(|seconds| (0.0..=LAST_SECOND).contains(&seconds))
        }
        Kind::Text => read(&time.decode()).is_some_and(|time| is_zone(time.zone)),
        _ => false,
    }
}

/// Appends a time as seconds since 1970 with its microseconds: the form that every server stores as it is. Years outside
/// 1970…9999 are clamped to that range.
pub(super) fn write_seconds(out: &mut Buffer, time: SystemTime) {
    let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    json::integer(out, elapsed.as_secs().min(Timestamp::LAST_SECOND));
    let mut fraction = *b".000000";
    let mut micros = elapsed.subsec_micros();
    for place in fraction.iter_mut().skip(1).rev() {
        *place = b'0'.wrapping_add((micros % 10) as u8);
        micros /= 10;
    }
    out.extend_from_slice(&fraction);
}

/// The instant that RFC 3339 text in UTC stands for, as this library writes it; `None` for anything else.
pub(crate) fn time_of(text: &str) -> Option<SystemTime> {
    /// Digits of a second that are kept.
    const NANOSECONDS: usize = 9;
    let time = read(text).filter(|time| time.zone == "Z")?;
    let digits = time.fraction.get(..NANOSECONDS).unwrap_or(time.fraction);
    let nanoseconds = format!("{digits:0<NANOSECONDS$}").parse().ok()?;
    UNIX_EPOCH.checked_add(Duration::new(time.seconds()?, nanoseconds))
}

/// Seconds since 1970 of a time on an event, to tell which of two is the earlier; 0 for anything else.
pub(super) fn seconds_of(json: &str) -> f64 {
    let seconds = match scan::kind(json) {
        Kind::Number => json.parse().ok(),
        Kind::Text => read(&scan::decode(json)).and_then(|time| time.seconds_as_number()),
        _ => None,
    };
    seconds.unwrap_or_default()
}

/// Microseconds since 1970 of a time on an event; none for anything else.
pub(crate) fn micros_of(json: &str) -> Option<i64> {
    is_timestamp(Input::Json(json)).then(|| (seconds_of(json) * 1e6).round() as i64)
}

struct Time<'a> {
    date: (u64, u64, u64),
    clock: (u64, u64, u64),
    /// Digits after the point.
    fraction: &'a str,
    zone: &'a str,
}

impl Time<'_> {
    fn seconds(&self) -> Option<u64> {
        let (year, month, day) = self.date;
        let (hour, minute, second) = self.clock;
        days_from_civil(year, month, day)?
            .checked_mul(24)?
            .checked_add(hour)?
            .checked_mul(60)?
            .checked_add(minute)?
            .checked_mul(60)?
            .checked_add(second)
    }

    /// With the fraction and the zone; a time without a zone is taken for one in UTC.
    fn seconds_as_number(&self) -> Option<f64> {
        let seconds = i64::try_from(self.seconds()?).ok()?;
        let seconds = seconds.checked_sub(offset(self.zone)?)?;
        let fraction: f64 = format!("0.{}0", self.fraction).parse().ok()?;
        Some(seconds as f64 + fraction)
    }
}

/// Reads `2026-01-01T00:00:00[.digits][zone]`.
fn read(text: &str) -> Option<Time<'_>> {
    let (date, rest) = text.as_bytes().split_first_chunk()?;
    let (clock, rest) = rest.split_first_chunk()?;
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2] = *date else {
        return None;
    };
    let [b'T', h1, h2, b':', mi1, mi2, b':', s1, s2] = *clock else {
        return None;
    };
    let date = (
        number(&[y1, y2, y3, y4], 9999)?,
        number(&[mo1, mo2], 12).filter(|month| *month > 0)?,
        number(&[d1, d2], 31).filter(|day| *day > 0)?,
    );
    // 60: a leap second.
    let clock = (
        number(&[h1, h2], 23)?,
        number(&[mi1, mi2], 59)?,
        number(&[s1, s2], 60)?,
    );
    let rest = text.get(text.len().saturating_sub(rest.len())..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            rest.split_at_checked(digits)?
        }
    };
    Some(Time {
        date,
        clock,
        fraction,
        zone,
    })
}

/// The number of a few digits.
fn number<const N: usize>(digits: &[u8; N], most: u64) -> Option<u64> {
    let add = |value: u64, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    };
    digits
        .iter()
        .try_fold(0, add)
        .filter(|value| *value <= most)
}

/// Nothing, `Z`, or an offset from UTC.
fn is_zone(zone: &str) -> bool {
    offset(zone).is_some()
}

/// How many seconds a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z") {
        return Some(0);
    }
    let offset = zone.strip_prefix(['+', '-'])?;
    let (hours, minutes) = match offset.split_once(':') {
        Some(parts) => parts,
        None => offset.split_at_checked(2)?,
    };
    let pair = |text: &str, most| number::<2>(text.as_bytes().try_into().ok()?, most);
    let minutes = pair(hours, 23)?
        .checked_mul(60)?
        .checked_add(pair(minutes, 59)?)?;
    let seconds = i64::try_from(minutes.checked_mul(60)?).ok()?;
    Some(if zone.starts_with('-') {
        seconds.saturating_neg()
    } else {
        seconds
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_from_its_text() {
        for micros in [0, 1, 86_400_999_999, 1_767_225_600_737_177] {
            let time = UNIX_EPOCH + Duration::from_micros(micros);
            assert_eq!(time_of(Timestamp::new(time).as_str()), Some(time));
        }
        let second = UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!(time_of("1970-01-01T00:00:01Z"), Some(second));
        let long = "1970-01-01T00:00:00.1234567891Z";
        assert_eq!(
            time_of(long),
            Some(UNIX_EPOCH + Duration::from_nanos(123_456_789))
        );
        for bad in [
            "",
            "soon",
            "1970-01-01T00:00:01",
            "1970-01-01T00:00:01+01:00",
        ] {
            assert_eq!(time_of(bad), None, "{bad}");
        }
    }

    // EVT-2
    #[test]
    fn the_time_of_capture_keeps_its_microseconds() {
        let written = |time| {
            let mut out = Buffer::new();
            write_seconds(&mut out, time);
            json::into_text(out)
        };
        for (seconds, micros) in [
            (0, 0),
            (951_827_696, 1),
            (1_767_225_600, 737_177),
            (253_402_300_799, 999_999),
        ] {
            let time = UNIX_EPOCH + Duration::new(seconds, micros * 1000);
            assert_eq!(written(time), format!("{seconds}.{micros:06}"));
        }
        let year_10000 = UNIX_EPOCH + Duration::from_secs(Timestamp::LAST_SECOND + 1);
        assert_eq!(written(year_10000), "253402300799.000000");
        assert_eq!(written(UNIX_EPOCH - Duration::from_secs(1)), "0.000000");
    }

    #[test]
    fn times_of_every_form_are_compared_by_their_seconds() {
        for (json, seconds) in [
            ("1767225600.25", 1_767_225_600.25),
            ("\"2026-01-01T00:00:00.25Z\"", 1_767_225_600.25),
            ("\"2026-01-01T00:00:00\"", 1_767_225_600.0),
            ("\"2026-01-01T01:30:00+01:30\"", 1_767_225_600.0),
            ("\"2025-12-31T16:00:00-0800\"", 1_767_225_600.0),
            ("\"soon\"", 0.0),
            ("{}", 0.0),
            ("", 0.0),
        ] {
            assert_eq!(seconds_of(json).to_bits(), f64::to_bits(seconds), "{json}");
        }
    }

    // EVT-2
    #[test]
    fn times_that_servers_read_are_told_from_others() {
        for good in [
            "0",
            "1767225600",
            "1767225600.5",
            "1.7672256e9",
            "\"2026-01-01T00:00:00Z\"",
            "\"2026-01-01T00:00:00.1Z\"",
            "\"2026-12-31T23:59:60.123456789+05:30\"",
            "\"2026-01-01T00:00:00-0800\"",
            "\"2026-01-01T00:00:00\"",
        ] {
            assert!(is_timestamp(Input::Json(good)), "{good}");
        }
        for bad in [
            "-1",
            "1767225600000",
            "true",
            "null",
            "\"\"",
            "\"1767225600\"",
            "\"2026-01-01\"",
            "\"2026-01-01 00:00:00\"",
            "\"2026-13-01T00:00:00Z\"",
            "\"2026-00-01T00:00:00Z\"",
            "\"2026-01-32T00:00:00Z\"",
            "\"2026-01-01T24:00:00Z\"",
            "\"2026-01-01T00:00:00.Z\"",
            "\"2026-01-01T00:00:00+1:00\"",
            "\"2026-01-01T00:00:00CET\"",
            "\"2026-01-01T00-00-00Z\"",
            "\"+026-01-01T00:00:00Z\"",
            "\"2026-01-01T00:00:0é\"",
            "\"ééééééééééééééééééé\"",
        ] {
            assert!(!is_timestamp(Input::Json(bad)), "{bad}");
        }
    }
}
