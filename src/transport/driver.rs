//! Driver: who runs the worker. A thread of its own, or with the option `threadless` the threads of the host that wait for
//! it: those in `sentry_poll`, in a flush and in a close. A capture never runs it.
//!
//! Everything that waits for the worker waits through [`Driver::wait_until`], so that deadlines are the same for both.
//! Entry points: [`Driver`], [`PollError`].

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::shared::Shared;
use super::worker::pump::{Pump, Turn};
use super::worker::thread::{self, is_worker_thread};
use crate::base::callout::{self, Forked};
use crate::base::lock::{lock, wait_until};

/// How soon a request under way is to be looked after again.
const LOOK: Duration = Duration::from_millis(10);

/// The thread, or the pump, that runs the worker.
#[derive(Debug)]
pub(crate) enum Driver {
    /// A thread of its own, until a shutdown takes its handle.
    Thread(Mutex<Option<JoinHandle<()>>>),
    /// Threads of the host, and whether a shutdown has begun.
    Host(Pump, AtomicBool),
}

/// What a shutdown ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// This thread.
    Thread(JoinHandle<()>),
    /// No thread.
    Host,
}

/// Why [`Driver::poll`] did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PollError {
    /// The worker has a thread of its own.
    HasThread,
    /// Called by a callback that the worker runs.
    Inside,
    /// Another thread runs the worker.
    Taken,
    /// The library has been closed.
    Closed,
}

impl fmt::Display for PollError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::HasThread => {
                "the library has a thread of its own; set the option threadless to poll"
            }
            Self::Inside => "sentry_poll was called by a function that the library called",
            Self::Taken => "another thread is in sentry_poll, sentry_flush or sentry_close",
            Self::Closed => "the library is closed",
        })
    }
}

impl Driver {
    /// Makes the worker, and its thread if it is to have one.
    pub(crate) fn start(shared: &Arc<Shared>) -> std::io::Result<Self> {
        if shared.settings.is_threadless {
            let pump = Pump::new(Arc::clone(shared))?;
            return Ok(Self::Host(pump, AtomicBool::new(false)));
        }
        let thread = thread::spawn(Arc::clone(shared))?;
        Ok(Self::Thread(Mutex::new(Some(thread))))
    }

    /// What a shutdown has to end; none for all but the first one.
    pub(crate) fn begin_stop(&self) -> Option<Ending> {
        match self {
            Self::Thread(thread) => lock(thread).take().map(Ending::Thread),
            Self::Host(_, is_stopping) => {
                let was_stopping = is_stopping.swap(true, Ordering::AcqRel);
                (!was_stopping).then_some(Ending::Host)
            }
        }
    }

    /// Waits until `done` says so of what the worker changes, or `deadline` has passed; true if `done`. Without a thread the
    /// worker runs meanwhile, and its callbacks.
    pub(crate) fn wait_until<T>(
        &self,
        mutex: &Mutex<T>,
        condvar: &Condvar,
        deadline: Instant,
        mut done: impl FnMut(&mut T) -> bool,
    ) -> Result<bool, Forked> {
        match self {
            Self::Thread(_) => Ok(wait_until(mutex, condvar, deadline, done)),
            Self::Host(pump, _) => pump.run_until(deadline, &mut || done(&mut lock(mutex))),
        }
    }

    /// Runs the worker on this thread until there is nothing more to do now, at most `longest`; in what time it has to be run
    /// again, none until something is captured or asked for.
    pub(crate) fn poll(&self, longest: Duration) -> Result<Option<Duration>, PollError> {
        let Self::Host(pump, _) = self else {
            return Err(PollError::HasThread);
        };
        if is_worker_thread() || callout::is_inside(callout::Kind::Outcome) {
            return Err(PollError::Inside);
        }
        // In a child that a callback forked there is no worker either.
        match pump.run(longest).unwrap_or(Turn::Ended) {
            Turn::Ran(next) => Ok(match next.is_busy {
                true => Some(next.due.map_or(LOOK, |due| due.min(LOOK))),
                false => next.due,
            }),
            Turn::Taken => Err(PollError::Taken),
            Turn::Ended => Err(PollError::Closed),
        }
    }
}
