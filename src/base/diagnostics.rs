//! Diagnostics: what the library says about itself, only when the host asked for it (LIF-9), to stderr or to a logger of
//! the host.
//!
//! Nothing that goes through here ever becomes an event: [`is_speaking`] is true while the host's logger runs, and then
//! captures are refused.
//!
//! A host that logs under a lock of its own and captures there would wait for itself if its logger was called in the
//! capture. So the logger runs on threads that are [`speaker`]s only: the worker, and a thread inside of `sentry_init`
//! or `sentry_close`. Lines of other threads wait for one of these. No lock of this file is held while the logger runs.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::callout::{self, Kind};
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

thread_local! {
    static IS_SPEAKER: Cell<bool> = const { Cell::new(false) };
}

/// The calling thread may call the host's logger, until this is dropped.
#[derive(Debug)]
pub(crate) struct Speaker {
    was_one: bool,
}

/// Makes the calling thread a speaker.
pub(crate) fn speaker() -> Speaker {
    Speaker {
        was_one: IS_SPEAKER.replace(true),
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        IS_SPEAKER.set(self.was_one);
    }
}

/// Learns that lines wait for the thread that gives them to the logger, the library's own.
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

    /// Writes one line; on stderr it reads `[sentry] LEVEL text`.
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
            Outlet::Logger(logger) => {
                let text = format!("{MARK}{text}");
                if IS_SPEAKER.get() {
                    self.speak();
                    self.write(logger.as_ref(), severity, &text);
                } else if !is_speaking() {
                    self.keep(severity, text);
                }
            }
        }
    }

    /// Who is told of lines that wait; only the first one is.
    pub(crate) fn set_listener(&self, listener: Arc<dyn Listener>) {
        // There is one for each client.
        let _ = self.listener.set(listener);
    }

    /// Gives the host's logger the lines that wait; only on a speaker.
    pub(crate) fn speak(&self) {
        let Outlet::Logger(logger) = &self.outlet else {
            return;
        };
        if !self.has_waiting.load(Ordering::Acquire) || !IS_SPEAKER.get() || is_speaking() {
            return;
        }
        while let Some((severity, text)) = self.next_waiting() {
            if self.is_muted.load(Ordering::Acquire) {
                return;
            }
            self.write(logger.as_ref(), severity, &text);
        }
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

    fn write(&self, logger: &dyn Logger, severity: Severity, text: &str) {
        // Not inside of the logger: what there is to say about what it does would call it again, without end. Nothing here
        // depends on what it did: a child that it forked finds the locks open, since none is held.
        let _ = callout::call(Kind::Logger, || logger.write(severity, text));
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
        let _speaker = speaker();
        let logger = Arc::new(Talkative::default());
        let outlet = Outlet::Logger(Arc::clone(&logger) as Arc<dyn Logger>);
        let diagnostics = Arc::new(Diagnostics::new(Some(Severity::Info), outlet));
        *lock(&logger.again) = Arc::downgrade(&diagnostics);
        diagnostics.log(Severity::Info, format_args!("{} and {}", 1, 2));
        diagnostics.log(Severity::Debug, format_args!("below"));
        diagnostics.warn_of_loss(format_args!("lost"));
        assert!(!is_speaking());
        diagnostics.mute();
        diagnostics.log(Severity::Fatal, format_args!("late"));
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
    fn lines_of_other_threads_wait_for_a_speaker_and_keep_their_order() {
        let logger = Arc::new(Talkative::default());
        let outlet = Outlet::Logger(Arc::clone(&logger) as Arc<dyn Logger>);
        let diagnostics = Diagnostics::new(Some(Severity::Info), outlet);
        let bell = Arc::new(Bell::default());
        diagnostics.set_listener(Arc::clone(&bell) as Arc<dyn Listener>);
        diagnostics.log(Severity::Info, format_args!("one"));
        diagnostics.log(Severity::Info, format_args!("two"));
        diagnostics.speak();
        assert_eq!(lock(&logger.lines).len(), 0, "this thread is no speaker");
        assert_eq!(bell.0.load(Ordering::Relaxed), 1);
        {
            let _speaker = speaker();
            diagnostics.log(Severity::Error, format_args!("three"));
        }
        diagnostics.log(Severity::Info, format_args!("four"));
        assert_eq!(bell.0.load(Ordering::Relaxed), 2);
        let _speaker = speaker();
        diagnostics.speak();
        let wanted = [
            "Info libsentry: one",
            "Info libsentry: two",
            "Error libsentry: three",
            "Info libsentry: four",
        ];
        assert_eq!(*lock(&logger.lines), wanted);
        diagnostics.mute();
        diagnostics.speak();
        assert_eq!(lock(&logger.lines).len(), wanted.len());
    }
}
