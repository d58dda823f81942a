//! Diagnostics: what the library says about itself, to stderr, only when the host asked for it (LIF-9).
//!
//! Nothing that goes through here ever becomes an event.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::lock::lock;
use super::process;

/// How much a message matters; numbers as in `sentry_level_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub(crate) enum Severity {
    /// Every step.
    Trace = -2,
    /// Decisions.
    Debug = -1,
    /// Start, stop, configuration.
    Info = 0,
    /// Something was lost or ignored.
    Warning = 1,
    /// The library cannot do its work.
    Error = 2,
    /// Reserved for the host.
    Fatal = 3,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// Shortest time between two messages about lost events: one line a burst, not one an event.
const LOSS_INTERVAL: Duration = Duration::from_secs(10);

/// Where diagnostics go and which of them.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    least: Option<Severity>,
    last_loss: Mutex<Option<Instant>>,
}

impl Diagnostics {
    /// Messages of at least `least`; none at all for `None`.
    pub(crate) fn new(least: Option<Severity>) -> Self {
        Self {
            least,
            last_loss: Mutex::new(None),
        }
    }

    /// True if a message of this severity would be written; lets callers skip making its text.
    pub(crate) fn is_enabled(&self, severity: Severity) -> bool {
        self.least.is_some_and(|least| severity >= least)
    }

    /// Writes one line to stderr: `[sentry] LEVEL text`.
    pub(crate) fn log(&self, severity: Severity, text: fmt::Arguments<'_>) {
        if !self.is_enabled(severity) {
            return;
        }
        // One write per line, so that lines of several threads do not mix; a closed stderr is not our concern.
        let line = format!("[sentry] {} {text}\n", severity.name());
        process::write_to_stderr(line.as_bytes());
    }

    /// Warns about a lost event, at most once in ten seconds.
    pub(crate) fn warn_of_loss(&self, text: fmt::Arguments<'_>) {
        if !self.is_enabled(Severity::Warning) {
            return;
        }
        let now = Instant::now();
        let mut last = lock(&self.last_loss);
        if last.is_some_and(|last| now.saturating_duration_since(last) < LOSS_INTERVAL) {
            return;
        }
        *last = Some(now);
        drop(last);
        self.log(Severity::Warning, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_enabled_without_a_level() {
        let silent = Diagnostics::new(None);
        assert!(!silent.is_enabled(Severity::Fatal));
    }

    #[test]
    fn messages_below_the_level_are_filtered() {
        let diagnostics = Diagnostics::new(Some(Severity::Warning));
        assert!(!diagnostics.is_enabled(Severity::Info));
        assert!(diagnostics.is_enabled(Severity::Warning));
        assert!(diagnostics.is_enabled(Severity::Error));
    }
}
