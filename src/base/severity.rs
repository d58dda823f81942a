//! Severity: how much a line of the diagnostics matters.

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
    /// As it stands in a line.
    pub(super) fn name(self) -> &'static str {
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
