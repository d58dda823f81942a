//! Levels: how much an event or breadcrumb matters (EVT-4).

use crate::base::diagnostics::Severity;

/// The numbers are those of `sentry_level_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub(crate) enum Level {
    /// Finer than debug; events carry it as `debug`.
    Trace = -2,
    /// For developers.
    Debug = -1,
    /// Normal operation.
    Info = 0,
    /// Something unexpected that was handled.
    Warning = 1,
    /// Something failed.
    Error = 2,
    /// The program cannot go on.
    Fatal = 3,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warning => Self::Warning,
            Level::Error => Self::Error,
            Level::Fatal => Self::Fatal,
        }
    }
}

impl Level {
    /// The level with that number; none for any other number.
    pub(crate) const fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            -2 => Self::Trace,
            -1 => Self::Debug,
            0 => Self::Info,
            1 => Self::Warning,
            2 => Self::Error,
            3 => Self::Fatal,
            _ => return None,
        })
    }

    /// Reads the name used in events; `warn`, `trace` and `critical` are understood too.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "trace" => Self::Trace,
            "debug" => Self::Debug,
            "info" => Self::Info,
            "warning" | "warn" => Self::Warning,
            "error" => Self::Error,
            "fatal" | "critical" => Self::Fatal,
            _ => return None,
        })
    }

    /// Its name in events and breadcrumbs, which know no `trace` and no `warn`.
    pub(crate) const fn event_name(self) -> &'static str {
        match self {
            Self::Trace | Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree() {
        for number in -2..=3 {
            let level = Level::from_number(number).unwrap();
            assert_eq!(level as i32, number);
            // EVT-4: events know neither `trace` nor `warn`.
            assert!(["debug", "info", "warning", "error", "fatal"].contains(&level.event_name()));
        }
        assert_eq!(Level::from_number(4), None);
        assert_eq!(Level::from_number(-3), None);
        assert_eq!(Level::from_name("warn"), Some(Level::Warning));
        assert_eq!(Level::from_name("Error"), None);
    }
}
