//! Time stamps as text: RFC 3339, UTC, microseconds (EVT-2, ENV-11).

use std::time::{SystemTime, UNIX_EPOCH};

use super::memory;

/// `2026-01-01T00:00:00.123456Z`, on the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timestamp([u8; 27]);

impl Timestamp {
    /// 9999-12-31T23:59:59Z: the last second that has four digits for its year.
    pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

    /// The text for `time`; years outside 1970…9999 are clamped to that range.
    pub(crate) fn new(time: SystemTime) -> Self {
        let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = elapsed.as_secs().min(Self::LAST_SECOND);
        let (year, month, day) = civil_from_days(seconds / 86_400);
        let second_of_day = seconds % 86_400;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let [
            y1,
            y2,
            y3,
            y4,
            _,
            mo1,
            mo2,
            _,
            d1,
            d2,
            _,
            h1,
            h2,
            _,
            mi1,
            mi2,
            _,
            s1,
            s2,
            _,
            us @ ..,
            _,
        ] = &mut text;
        put(&mut [y4, y3, y2, y1], year);
        put(&mut [mo2, mo1], month);
        put(&mut [d2, d1], day);
        put(&mut [h2, h1], second_of_day / 3600);
        put(&mut [mi2, mi1], second_of_day / 60 % 60);
        put(&mut [s2, s1], second_of_day % 60);
        let [u1, u2, u3, u4, u5, u6] = us;
        put(
            &mut [u6, u5, u4, u3, u2, u1],
            u64::from(elapsed.subsec_micros()),
        );
        Self(text)
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        memory::utf8(&self.0).unwrap_or_default()
    }
}

/// Writes `value` in decimal into `places`, least significant digit first.
fn put(places: &mut [&mut u8], mut value: u64) {
    for place in places {
        **place = b'0'.wrapping_add((value % 10) as u8);
        value /= 10;
    }
}

/// Year, month and day of a day count since 1970-01-01 (Howard Hinnant's `civil_from_days`).
#[expect(
    clippy::arithmetic_side_effects,
    reason = "days end in the year 9999, far from any overflow"
)]
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn text(seconds: u64, micros: u32) -> String {
        Timestamp::new(UNIX_EPOCH + Duration::new(seconds, micros * 1000))
            .as_str()
            .to_owned()
    }

    #[test]
    fn known_instants_are_written_as_rfc_3339() {
        assert_eq!(text(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(951_827_696, 1), "2000-02-29T12:34:56.000001Z");
        assert_eq!(text(1_767_225_599, 999_999), "2025-12-31T23:59:59.999999Z");
        assert_eq!(text(1_767_225_600, 737_177), "2026-01-01T00:00:00.737177Z");
        assert_eq!(text(4_107_542_400, 0), "2100-03-01T00:00:00.000000Z");
    }

    #[test]
    fn times_out_of_range_are_clamped() {
        assert_eq!(
            text(u64::from(u32::MAX) * 100, 0),
            "9999-12-31T23:59:59.000000Z"
        );
        let early = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(
            Timestamp::new(early).as_str(),
            "1970-01-01T00:00:00.000000Z"
        );
    }
}
