//! Diagnostics: what the library says about itself, only when the host asked for it (LIF-9), to stderr or to a logger of
//! the host.
//!
//! Nothing that goes through here ever becomes an event: [`is_speaking`] is true while the host's logger runs, and then
//! captures are refused.
//!
//! A host that logs under a lock of its own and captures there would wait for itself if its logger was called in the
//! capture. So lines for a logger wait until [`Diagnostics::speak`] is called: by the worker between two tasks, and at the
//! end of `sentry_init` and `sentry_close`. No lock of this file is held while the logger runs.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::callout::{self, Forked, Kind};
use super::debug::named_in_debug;
use super::lock::lock;
use super::process;
pub(crate) use super::severity::Severity;
use super::waiting_lines::WaitingLines;

/// Shortest time between two messages about lost events: one line a burst, not one an event.
const LOSS_INTERVAL: Duration = Duration::from_secs(10);

/// What lines for a logger of the host begin with. A logger may pass its lines to another thread, where nothing but the
/// line itself says that it must not become an event.
pub(crate) const MARK: &str = "libsentry: ";

/// A logger of the host.
pub(crate) trait Logger: Send + Sync {
    /// Takes one line, which begins with [`MARK`] and has no newline at its end.
    fn write(&self, severity: Severity, text: &str);
}

named_in_debug!(Logger);

/// Where diagnostics go.
#[derive(Debug, Clone, Default)]
pub(crate) enum Outlet {
    /// To stderr.
    #[default]
    Stderr,
    /// Nowhere.
    Nowhere,
    /// To the host.
    Logger(Arc<dyn Logger>),
}

/// True while the host's logger runs on this thread: what it captures would make the library speak again, and what it
/// waits for may be held by a caller below.
pub(crate) fn is_speaking() -> bool {
    callout::is_inside(Kind::Logger)
}

/// Learns that lines wait for the worker, which gives them to the logger.
pub(crate) trait Listener: Send + Sync {
    /// Lets it call [`Diagnostics::speak`].
    fn has_lines(&self);
}

named_in_debug!(Listener);

/// Where diagnostics go and which of them.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    least: Option<Severity>,
    outlet: Outlet,
    is_muted: AtomicBool,
    last_loss: Mutex<Option<Instant>>,
    waiting: Mutex<WaitingLines>,
    /// Set with `waiting`, and looked at without the lock.
    has_waiting: AtomicBool,
    listener: OnceLock<Arc<dyn Listener>>,
}

impl Diagnostics {
    /// Messages of at least `least` go to `outlet`; none at all for `None`.
    pub(crate) fn new(least: Option<Severity>, outlet: Outlet) -> Self {
        Self {
            least,
            outlet,
            is_muted: AtomicBool::new(false),
            last_loss: Mutex::new(None),
            waiting: Mutex::new(WaitingLines::new()),
            has_waiting: AtomicBool::new(false),
            listener: OnceLock::new(),
        }
    }

    /// True if a message of this severity would be written; lets callers skip making its text.
    pub(crate) fn is_enabled(&self, severity: Severity) -> bool {
        self.least.is_some_and(|least| severity >= least)
            && !matches!(self.outlet, Outlet::Nowhere)
            && !self.is_muted.load(Ordering::Acquire)
    }

    /// From now on nothing is written: the host may free what its logger uses. A call that has begun goes on.
    pub(crate) fn mute(&self) {
        self.is_muted.store(true, Ordering::Release);
    }

    /// Writes one line, which reads `[sentry] LEVEL text` on stderr; one for a logger waits for [`Self::speak`].
    pub(crate) fn log(&self, severity: Severity, text: fmt::Arguments<'_>) {
        if !self.is_enabled(severity) {
            return;
        }
        match &self.outlet {
            // One write per line, so that lines of several threads do not mix; a closed stderr is not our concern.
            Outlet::Stderr => {
                let line = format!("[sentry] {} {text}\n", severity.name());
                process::write_to_stderr(line.as_bytes());
            }
            Outlet::Nowhere => {}
            // What is to be said about what the logger does would call it again, without end.
            Outlet::Logger(_) if is_speaking() => {}
            Outlet::Logger(_) => self.keep(severity, format!("{MARK}{text}")),
        }
    }

    /// Who is told of lines that wait; only the first one is.
    pub(crate) fn set_listener(&self, listener: Arc<dyn Listener>) {
        // There is one for each client.
        let _ = self.listener.set(listener);
    }

    /// True if lines wait for [`Self::speak`].
    pub(crate) fn has_lines(&self) -> bool {
        self.has_waiting.load(Ordering::Acquire)
    }

    /// Gives the host's logger the lines that wait.
    pub(crate) fn speak(&self) -> Result<(), Forked> {
        let Outlet::Logger(logger) = &self.outlet else {
            return Ok(());
        };
        if is_speaking() {
            return Ok(());
        }
        while self.has_lines() {
            let Some((severity, text)) = self.next_waiting() else {
                break;
            };
            if self.is_muted.load(Ordering::Acquire) {
                break;
            }
            callout::answer(Kind::Logger, || logger.write(severity, &text))?;
        }
        Ok(())
    }

    fn next_waiting(&self) -> Option<(Severity, String)> {
        let mut waiting = lock(&self.waiting);
        let next = waiting.pop();
        self.has_waiting.store(next.is_some(), Ordering::Release);
        next
    }

    fn keep(&self, severity: Severity, text: String) {
        let was_empty = {
            let mut waiting = lock(&self.waiting);
            self.has_waiting.store(true, Ordering::Release);
            waiting.push(severity, text)
        };
        if let Some(listener) = self.listener.get().filter(|_| was_empty) {
            listener.has_lines();
        }
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
        let silent = Diagnostics::new(None, Outlet::Stderr);
        assert!(!silent.is_enabled(Severity::Fatal));
    }

    #[test]
    fn messages_below_the_level_are_filtered() {
        let diagnostics = Diagnostics::new(Some(Severity::Warning), Outlet::Stderr);
        assert!(!diagnostics.is_enabled(Severity::Info));
        assert!(diagnostics.is_enabled(Severity::Warning));
        assert!(diagnostics.is_enabled(Severity::Error));
    }

    /// Says more from within, as a logger that captures would.
    #[derive(Debug, Default)]
    struct Talkative {
        lines: Mutex<Vec<String>>,
        again: Mutex<std::sync::Weak<Diagnostics>>,
    }

    impl Logger for Talkative {
        fn write(&self, severity: Severity, text: &str) {
            assert!(is_speaking());
            if let Some(diagnostics) = lock(&self.again).upgrade() {
                diagnostics.log(Severity::Fatal, format_args!("again"));
            }
            lock(&self.lines).push(format!("{severity:?} {text}"));
        }
    }

    #[test]
    fn a_logger_is_not_called_from_within_itself_and_not_after_muting() {
        let logger = Arc::new(Talkative::default());
        let outlet = Outlet::Logger(Arc::clone(&logger) as Arc<dyn Logger>);
        let diagnostics = Arc::new(Diagnostics::new(Some(Severity::Info), outlet));
        *lock(&logger.again) = Arc::downgrade(&diagnostics);
        diagnostics.log(Severity::Info, format_args!("{} and {}", 1, 2));
        diagnostics.log(Severity::Debug, format_args!("below"));
        diagnostics.warn_of_loss(format_args!("lost"));
        diagnostics.speak().unwrap();
        assert!(!is_speaking());
        diagnostics.mute();
        diagnostics.log(Severity::Fatal, format_args!("late"));
        diagnostics.speak().unwrap();
        assert_eq!(
            *lock(&logger.lines),
            ["Info libsentry: 1 and 2", "Warning libsentry: lost"]
        );
    }

    #[derive(Debug, Default)]
    struct Bell(std::sync::atomic::AtomicU32);

    impl Listener for Bell {
        fn has_lines(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn lines_wait_for_who_may_speak_and_keep_their_order() {
        let logger = Arc::new(Talkative::default());
        let outlet = Outlet::Logger(Arc::clone(&logger) as Arc<dyn Logger>);
        let diagnostics = Diagnostics::new(Some(Severity::Info), outlet);
        let bell = Arc::new(Bell::default());
        diagnostics.set_listener(Arc::clone(&bell) as Arc<dyn Listener>);
        diagnostics.log(Severity::Info, format_args!("one"));
        diagnostics.log(Severity::Error, format_args!("two"));
        assert!(diagnostics.has_lines());
        assert_eq!(lock(&logger.lines).len(), 0);
        assert_eq!(bell.0.load(Ordering::Relaxed), 1);
        diagnostics.speak().unwrap();
        assert!(!diagnostics.has_lines());
        diagnostics.log(Severity::Info, format_args!("three"));
        assert_eq!(bell.0.load(Ordering::Relaxed), 2);
        diagnostics.speak().unwrap();
        let wanted = [
            "Info libsentry: one",
            "Error libsentry: two",
            "Info libsentry: three",
        ];
        assert_eq!(*lock(&logger.lines), wanted);
        diagnostics.log(Severity::Info, format_args!("four"));
        diagnostics.mute();
        diagnostics.speak().unwrap();
        assert_eq!(lock(&logger.lines).len(), wanted.len());
    }
}
