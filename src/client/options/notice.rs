//! Notice: what was not taken as it was given. It never keeps init from starting the library; init says it in the
//! diagnostics, counts it in the stats, and leaves it to `sentry_last_error_message`.
//!
//! Entry point: [`Notices`]. May use: nothing.

use std::fmt;

/// One notice for each option or variable of the environment, in the order in which they arose.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notices(Vec<Notice>);

#[derive(Debug, Clone)]
struct Notice {
    of: &'static str,
    text: String,
}

impl Notices {
    /// Notes what became of an option or variable. An older notice about it is no longer true.
    pub(crate) fn add(&mut self, of: &'static str, text: impl fmt::Display) {
        self.forget(of);
        self.0.push(Notice {
            of,
            text: text.to_string(),
        });
    }

    /// Drops what was noted of an option that has a new value.
    pub(crate) fn forget(&mut self, of: &'static str) {
        self.0.retain(|notice| notice.of != of);
    }

    /// True if something was noted of it.
    pub(crate) fn has(&self, of: &str) -> bool {
        self.0.iter().any(|notice| notice.of == of)
    }

    /// How many options and variables were not taken as they were given.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    /// Each as a line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .map(|Notice { of, text }| format!("{of}: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_notice_for_each_name() {
        let mut notices = Notices::default();
        for round in 0..1000 {
            notices.add("dsn", round);
        }
        notices.add("release", "left out");
        assert_eq!(notices.count(), 2);
        let lines: Vec<_> = notices.lines().collect();
        assert_eq!(lines, ["dsn: 999", "release: left out"]);
        notices.forget("dsn");
        notices.forget("dist");
        assert_eq!(notices.count(), 1);
    }
}
