//! Waking the worker: an eventfd that the worker adds to what libcurl waits for.
//!
//! A capture makes a system call here only when the worker sleeps *and* could take another envelope; while the server
//! hangs or the worker is busy, a capture finds the flag down and returns.
//!
//! Beside it lies what hears of signals that no thread takes, see [`Unheard`].
//!
//! What happens when a wake-up is lost: nothing sleeps longer than [`LONGEST_SLEEP`].

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::Duration;

use crate::base::descriptor::raised;
use crate::base::diagnostics::Listener;
use crate::base::last_thread::Unheard;

/// Upper bound of every sleep of the worker.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub(crate) struct Wake {
    event: File,
    unheard: Unheard,
    is_wanted: AtomicBool,
}

impl Wake {
    /// Makes the descriptor: non-blocking, closed on exec.
    pub(crate) fn new() -> std::io::Result<Self> {
        // SAFETY: no pointers; the result is checked.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(std::io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and has no other owner.
        let event = raised(unsafe { File::from_raw_fd(descriptor) })?;
        Ok(Self {
            event,
            unheard: Unheard::new(),
            is_wanted: AtomicBool::new(false),
        })
    }

    /// For poll: the event's, and that of signals that nobody takes, or the event's again.
    pub(crate) fn descriptors(&self) -> [RawFd; 2] {
        let event = self.event.as_raw_fd();
        [event, self.unheard.descriptor().unwrap_or(event)]
    }

    /// Worker: which of [`Self::descriptors`] were found readable.
    pub(crate) fn polled(&self, waited: [RawFd; 2], is_readable: [bool; 2]) {
        let [event, signals] = waited;
        let [is_woken, has_signal] = is_readable;
        if is_woken {
            self.swallow();
        }
        match signals != event {
            true if has_signal => self.unheard.look(),
            true => self.unheard.heard_nothing(),
            false => {}
        }
    }

    /// Upper bound of the next sleep.
    pub(crate) fn longest_sleep(&self) -> Duration {
        let quiet = self.unheard.quiet_for();
        if quiet.is_zero() {
            LONGEST_SLEEP
        } else {
            quiet.min(LONGEST_SLEEP)
        }
    }

    /// Worker: from here on new work wakes. The caller must look for work once more before it sleeps.
    pub(crate) fn announce_sleep(&self) {
        self.is_wanted.store(true, Ordering::Relaxed);
        // Pairs with the fence in `new_work`: either the worker sees the work, or the producer sees the flag.
        fence(Ordering::SeqCst);
    }

    /// Worker: awake again.
    pub(crate) fn awake(&self) {
        self.is_wanted.store(false, Ordering::Relaxed);
    }

    /// Worker: swallows the wake-ups so far; for when the descriptor was found readable, it costs a system call.
    fn swallow(&self) {
        let mut count = [0; 8];
        let _ = (&self.event).read(&mut count);
    }

    /// Worker: sleeps until it is woken, at most `at_most`, and swallows the wake-ups.
    pub(crate) fn sleep(&self, at_most: Duration) {
        // Rounded up: a part of a millisecond would become none, and the worker would spin until it is over.
        let timeout = at_most.as_micros().div_ceil(1000);
        let descriptors = self.descriptors();
        let mut poll = descriptors.map(|fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        });
        let timeout = libc::c_int::try_from(timeout).unwrap_or(libc::c_int::MAX);
        // SAFETY: two valid entries.
        match unsafe { libc::poll(poll.as_mut_ptr(), 2, timeout) } {
            0.. => self.polled(descriptors, poll.map(|it| it.revents & libc::POLLIN != 0)),
            // Interrupted, or no memory: breathe instead of spinning.
            _ => std::thread::sleep(at_most.min(Duration::from_millis(50))),
        }
    }

    /// Producer: there is new work; wakes the worker if it waits for that.
    pub(crate) fn new_work(&self) {
        fence(Ordering::SeqCst);
        if self.is_wanted.load(Ordering::Relaxed) && self.is_wanted.swap(false, Ordering::Relaxed) {
            self.now();
        }
    }

    /// Wakes the worker whatever it waits for.
    pub(crate) fn now(&self) {
        // A full counter (EAGAIN) means that a wake-up is pending already.
        let _ = (&self.event).write(&1_u64.to_ne_bytes());
    }
}

impl Listener for Wake {
    fn has_lines(&self) {
        self.now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_readable(wake: &Wake) -> bool {
        let mut poll = libc::pollfd {
            fd: wake.descriptors()[0],
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one valid entry.
        unsafe { libc::poll(&mut poll, 1, 0) == 1 }
    }

    #[test]
    fn new_work_wakes_only_a_sleeper_and_only_once() {
        let wake = Wake::new().unwrap();
        wake.new_work();
        assert!(!is_readable(&wake));
        wake.announce_sleep();
        wake.new_work();
        assert!(is_readable(&wake));
        wake.awake();
        wake.swallow();
        assert!(!is_readable(&wake));
        wake.new_work();
        assert!(!is_readable(&wake));
    }

    #[test]
    fn now_wakes_in_any_case() {
        let wake = Wake::new().unwrap();
        wake.now();
        assert!(is_readable(&wake));
    }

    #[test]
    fn a_sleep_ends_with_a_wake_up_that_came_before_or_when_its_time_is_over() {
        let wake = Wake::new().unwrap();
        wake.now();
        wake.sleep(LONGEST_SLEEP);
        assert!(!is_readable(&wake));
        wake.sleep(Duration::from_micros(1));
    }

    #[test]
    fn the_descriptors_are_closed_on_exec() {
        let wake = Wake::new().unwrap();
        for descriptor in wake.descriptors() {
            // SAFETY: reads flags of a descriptor we own.
            let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
            assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
        }
    }
}
