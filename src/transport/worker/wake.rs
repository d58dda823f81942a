//! Waking the worker: an eventfd that the worker adds to what libcurl waits for, and the word of the worker what it is to
//! be woken for.
//!
//! A thread makes a system call here only when the worker waits *and* wants to be woken for that reason. After recent
//! work the worker naps: it waits for [`NAP`] at most, and captures do not wake it. So a steady stream of captures costs
//! one wait of the worker every few milliseconds and the capturing threads no system call. The first wait after a nap in
//! which nothing came has no such end, and the next capture wakes it; an idle worker does not wake by itself.
//!
//! Why no wake-up is lost: before it waits, the worker stores what it wants to be woken for, then passes a fence, then
//! looks for work. A capturing thread pushes its work, then passes a fence, then loads what the worker wants. In the one
//! order of the two fences the first of the two threads is seen by the second: either the worker finds the work and does
//! not wait, or the thread finds the wish and writes to the eventfd. What is written before the worker waits ends that
//! wait at once. In a nap the worker finds what came when the nap is over, and before that if the queue
//! is nearly full with it.
//! If a wake-up was lost in spite of that, nothing sleeps longer than [`LONGEST_SLEEP`].
//!
//! Beside it lies what hears of signals that no thread takes, see [`Unheard`].

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering, fence};
use std::time::Duration;

use crate::base::descriptor::raised;
use crate::base::diagnostics::Listener;
use crate::base::last_thread::Unheard;

/// Upper bound of every sleep of the worker.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How long captures do not wake the worker after it has taken an envelope: what one of them waits at most in addition.
/// Several times the distance of captures in a busy stream, so that the nap is over only when the stream is.
pub(crate) const NAP: Duration = Duration::from_millis(5);

/// What ends a wait of the worker before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted(u8);

impl Wanted {
    /// Nothing: the worker is not waiting.
    const NOTHING: Self = Self(0);
    /// A task on files.
    pub(crate) const TASK: Self = Self(1);
    /// An envelope with which the queue is nearly full for its kind.
    pub(crate) const URGENT_WORK: Self = Self(2);
    /// Any envelope.
    pub(crate) const WORK: Self = Self(4);

    /// Both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The descriptor that wakes the worker, and what the worker wants to be woken for.
#[derive(Debug)]
pub(crate) struct Wake {
    event: File,
    /// Only on a thread of our own.
    unheard: Option<Unheard>,
    wanted: AtomicU8,
}

impl Wake {
    /// Makes the descriptor: non-blocking, closed on exec. A worker without a thread of its own hears no signals: they are
    /// for the thread it runs on.
    pub(crate) fn new(has_thread: bool) -> std::io::Result<Self> {
        // SAFETY: no pointers; the result is checked.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(std::io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and has no other owner.
        let event = raised(unsafe { File::from_raw_fd(descriptor) })?;
        Ok(Self {
            event,
            unheard: has_thread.then(Unheard::new),
            wanted: AtomicU8::new(Wanted::NOTHING.0),
        })
    }

    /// For poll: the event's, and that of signals that nobody takes, or the event's again.
    pub(crate) fn descriptors(&self) -> [RawFd; 2] {
        let event = self.event.as_raw_fd();
        let signals = self.unheard.as_ref().and_then(Unheard::descriptor);
        [event, signals.unwrap_or(event)]
    }

    /// Worker: which of [`Self::descriptors`] were found readable.
    pub(crate) fn polled(&self, waited: [RawFd; 2], is_readable: [bool; 2]) {
        let [event, signals] = waited;
        let [is_woken, has_signal] = is_readable;
        if is_woken {
            self.swallow();
        }
        match &self.unheard {
            Some(unheard) if signals != event && has_signal => unheard.look(),
            Some(unheard) if signals != event => unheard.heard_nothing(),
            Some(_) | None => {}
        }
    }

    /// Upper bound of the next sleep.
    pub(crate) fn longest_sleep(&self) -> Duration {
        let unheard = self.unheard.as_ref();
        let quiet = unheard.map_or(Duration::ZERO, Unheard::quiet_for);
        if quiet.is_zero() {
            LONGEST_SLEEP
        } else {
            quiet.min(LONGEST_SLEEP)
        }
    }

    /// Worker: from here on this wakes it. The caller must look for it once more before it waits.
    pub(crate) fn announce(&self, wanted: Wanted) {
        self.wanted.store(wanted.0, Ordering::Relaxed);
        // Pairs with the fence in `has_come`.
        fence(Ordering::SeqCst);
    }

    /// Worker: awake again.
    pub(crate) fn awake(&self) {
        self.wanted.store(Wanted::NOTHING.0, Ordering::Relaxed);
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

    /// Capturing thread: there is new work.
    pub(crate) fn new_work(&self, is_urgent: impl FnOnce() -> bool) {
        self.has_come(|wanted| {
            wanted.has(Wanted::WORK) || wanted.has(Wanted::URGENT_WORK) && is_urgent()
        });
    }

    /// Any thread: there is a new task.
    pub(crate) fn new_task(&self) {
        self.has_come(|wanted| wanted.has(Wanted::TASK));
    }

    fn has_come(&self, is_wanted: impl FnOnce(Wanted) -> bool) {
        // Pairs with the fence in `announce`.
        fence(Ordering::SeqCst);
        let wanted = Wanted(self.wanted.load(Ordering::Relaxed));
        if is_wanted(wanted) {
            // One of several threads is enough.
            let before = self.wanted.swap(Wanted::NOTHING.0, Ordering::Relaxed);
            if before != Wanted::NOTHING.0 {
                self.now();
            }
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
        self.new_task();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

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
        let wake = Wake::new(true).unwrap();
        wake.new_work(|| true);
        assert!(!is_readable(&wake));
        wake.announce(Wanted::WORK);
        wake.new_work(|| false);
        assert!(is_readable(&wake));
        wake.swallow();
        wake.new_work(|| true);
        assert!(!is_readable(&wake));
        wake.announce(Wanted::WORK);
        wake.awake();
        wake.new_work(|| true);
        assert!(!is_readable(&wake));
    }

    #[test]
    fn a_wait_is_ended_only_by_what_it_wants() {
        let wake = Wake::new(true).unwrap();
        let woken = |wanted: Wanted, come: &dyn Fn()| {
            wake.announce(wanted);
            come();
            let is_woken = is_readable(&wake);
            wake.awake();
            wake.swallow();
            is_woken
        };
        let (work, urgent) = (|| wake.new_work(|| false), || wake.new_work(|| true));
        let task = || wake.new_task();
        for (wanted, by_work, by_urgent, by_task) in [
            (Wanted::NOTHING, false, false, false),
            (Wanted::TASK, false, false, true),
            (Wanted::URGENT_WORK, false, true, false),
            (Wanted::WORK, true, true, false),
            (Wanted::WORK.and(Wanted::TASK), true, true, true),
            (Wanted::URGENT_WORK.and(Wanted::TASK), false, true, true),
        ] {
            assert_eq!(woken(wanted, &work), by_work, "{wanted:?}");
            assert_eq!(woken(wanted, &urgent), by_urgent, "{wanted:?}");
            assert_eq!(woken(wanted, &task), by_task, "{wanted:?}");
        }
    }

    #[test]
    fn no_wake_up_is_lost_between_threads_and_a_worker_that_sleeps_without_an_end() {
        const THREADS: usize = 3;
        const PUSHES: usize = 20_000;
        let wake = Wake::new(true).unwrap();
        let pushed = AtomicUsize::new(0);
        let took = |seen: &mut usize| {
            let now = pushed.load(Ordering::Relaxed);
            std::mem::replace(seen, now) != now
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for round in 0..PUSHES {
                        pushed.fetch_add(1, Ordering::Relaxed);
                        wake.new_work(|| false);
                        if round % 64 == 0 {
                            // Long enough for the worker to fall asleep.
                            std::thread::sleep(Duration::from_micros(50));
                        }
                    }
                });
            }
            let (mut seen, mut naps) = (0, false);
            while seen < THREADS * PUSHES {
                let has_taken = took(&mut seen);
                naps = has_taken && !naps;
                wake.announce(if naps { Wanted::TASK } else { Wanted::WORK });
                if pushed.load(Ordering::Relaxed) == seen && seen < THREADS * PUSHES {
                    let start = Instant::now();
                    let at_most = if naps { NAP } else { Duration::from_secs(20) };
                    wake.sleep(at_most);
                    assert!(start.elapsed() < Duration::from_secs(20), "at {seen}");
                }
                wake.awake();
            }
        });
    }

    #[test]
    fn now_wakes_in_any_case() {
        let wake = Wake::new(true).unwrap();
        wake.now();
        assert!(is_readable(&wake));
    }

    #[test]
    fn a_sleep_ends_with_a_wake_up_that_came_before_or_when_its_time_is_over() {
        let wake = Wake::new(true).unwrap();
        wake.now();
        wake.sleep(LONGEST_SLEEP);
        assert!(!is_readable(&wake));
        wake.sleep(Duration::from_micros(1));
    }

    #[test]
    fn the_descriptors_are_closed_on_exec() {
        let wake = Wake::new(true).unwrap();
        for descriptor in wake.descriptors() {
            // SAFETY: reads flags of a descriptor we own.
            let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
            assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
        }
    }
}
