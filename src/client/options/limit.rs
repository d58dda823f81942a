//! Limit: the numbers an option accepts, and the text that refuses the others.
//!
//! Entry points: [`limit`], [`Limit::check`], [`check_share`]. May use: nothing.

/// Range of an option that takes a whole number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// What is counted.
    pub(super) unit: &'static str,
    pub(super) least: u64,
    pub(super) most: u64,
    /// The number that stands for no bound, and what that means.
    pub(super) unbounded: Option<(i8, &'static str)>,
}

/// From `least` to `most`, both allowed.
pub(super) const fn limit(least: u64, most: u64, unit: &'static str) -> Limit {
    Limit {
        unit,
        least,
        most,
        unbounded: None,
    }
}

impl Limit {
    /// Also `number`, which stands for no bound.
    pub(super) const fn or(mut self, number: i8, meaning: &'static str) -> Self {
        self.unbounded = Some((number, meaning));
        self
    }

    /// `value` if it is in the range; `None` for the number that stands for no bound. `i128` holds every integer that C or
    /// JSON can hand over, so that what is checked is what the caller wrote.
    pub(super) fn check(&self, option: &str, value: i128) -> Result<Option<u64>, String> {
        if self.unbounded_number() == Some(value) {
            return Ok(None);
        }
        match u64::try_from(value) {
            Ok(number) if (self.least..=self.most).contains(&number) => Ok(Some(number)),
            _ => {
                let range = self.range();
                Err(format!("{option}: {value} is refused; allowed is {range}"))
            }
        }
    }

    /// The number that stands for no bound.
    pub(super) fn unbounded_number(&self) -> Option<i128> {
        self.unbounded.map(|(number, _)| i128::from(number))
    }

    /// What is allowed, with the unit.
    pub(super) fn range(&self) -> String {
        let Self {
            unit, least, most, ..
        } = self;
        let unbounded = self
            .unbounded
            .map_or_else(String::new, |(number, meaning)| {
                format!("{number} ({meaning}) or ")
            });
        format!("{unbounded}{least} to {most} {unit}")
    }
}

/// Refuses what is not from 0 to 1.
pub(super) fn check_share(option: &str, share: f64) -> Result<(), String> {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    Err(format!("{option}: {share} is refused; allowed is 0 to 1"))
}

/// The beginning of a foreign text, fit for a message: at most 64 characters, control characters escaped.
pub(super) fn shorten(text: &str) -> String {
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

    const ITEMS: Limit = limit(1, 1000, "envelopes").or(-1, "no bound but the bytes");
    const TIMEOUT: Limit = limit(1, 600_000, "milliseconds");

    #[test]
    fn a_range_holds_at_both_ends() {
        for (value, kept) in [(1, Some(1)), (1000, Some(1000)), (-1, None)] {
            assert_eq!(ITEMS.check("items", value), Ok(kept));
        }
        for wrong in [0, 1001, -2, i128::MIN, i128::MAX] {
            let text = ITEMS.check("items", wrong).unwrap_err();
            assert!(
                text.starts_with(&format!("items: {wrong} is refused")),
                "{text}"
            );
        }
        assert!(TIMEOUT.check("timeout", -1).is_err());
        let cache = limit(1, u64::MAX, "bytes").or(0, "no bound");
        assert_eq!(cache.check("cache", 0), Ok(None));
        let most = i128::from(u64::MAX);
        assert_eq!(cache.check("cache", most), Ok(Some(u64::MAX)));
        assert!(cache.check("cache", most + 1).is_err());
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        assert_eq!(
            ITEMS.check("queue_max_items", 0).unwrap_err(),
            "queue_max_items: 0 is refused; allowed is -1 (no bound but the bytes) or 1 to 1000 envelopes"
        );
        assert_eq!(
            TIMEOUT.check("connect_timeout_ms", 0).unwrap_err(),
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
