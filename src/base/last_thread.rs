//! The last thread: when all of the host's threads have ended, nobody is left who takes the signals that end a process.
//!
//! `pthread_exit` in `main` leaves a process that lives as long as one of its threads, and the library's thread blocks
//! all signals. So it listens for those that an operator ends a process with. It takes none as long as another thread
//! is there, which may have blocked them for a while: handlers of the host run on threads of the host. Only when it is
//! the last one it lets them through, and the process ends as it would have without the library. Entry point:
//! [`Unheard`]. May use: `descriptor`.

use std::fs::{self, File};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::descriptor::raised;

/// What ends a process that has not said otherwise, and is sent for that.
const ENDINGS: [libc::c_int; 4] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT];
/// Pause after a look at a signal that was none of ours; the next ones are longer.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Hears of signals that no thread has taken. One thread asks, which blocks them.
#[derive(Debug)]
pub(crate) struct Unheard {
    signals: Option<File>,
    start: Instant,
    /// Milliseconds since `start` until which it does not listen.
    quiet_until: AtomicU64,
    pause: AtomicU64,
}

impl Unheard {
    /// Where the system has no such descriptor, or none to spare, nothing is heard.
    pub(crate) fn new() -> Self {
        let set = endings();
        let flags = libc::SFD_NONBLOCK | libc::SFD_CLOEXEC;
        // SAFETY: the set lives during the call; the result is checked.
        let descriptor = unsafe { libc::signalfd(-1, &raw const set, flags) };
        // SAFETY: the descriptor was just made and has no other owner.
        let signals = (descriptor >= 0).then(|| unsafe { File::from_raw_fd(descriptor) });
        Self {
            signals: signals.and_then(|it| raised(it).ok()),
            start: Instant::now(),
            quiet_until: AtomicU64::new(0),
            pause: AtomicU64::new(millis(SHORTEST_PAUSE)),
        }
    }

    /// For poll: readable while such a signal waits for the process. None while it does not listen.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        let signals = self.signals.as_ref()?;
        self.quiet_for().is_zero().then(|| signals.as_raw_fd())
    }

    /// How long it does not listen yet.
    pub(crate) fn quiet_for(&self) -> Duration {
        let until = Duration::from_millis(self.quiet_until.load(Ordering::Relaxed));
        until.saturating_sub(self.start.elapsed())
    }

    /// A signal waits: lets it through if the calling thread is the last one, else looks again later.
    pub(crate) fn look(&self) {
        if is_last_thread() {
            let set = endings();
            // SAFETY: the set lives during the calls. A signal that waits is delivered before the first one returns.
            unsafe {
                libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
                libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
            }
            return;
        }
        let pause = self.pause.load(Ordering::Relaxed);
        let next = pause.saturating_mul(2).min(millis(LONGEST_PAUSE));
        self.pause.store(next, Ordering::Relaxed);
        let until = millis(self.start.elapsed()).saturating_add(pause);
        self.quiet_until.store(until, Ordering::Relaxed);
    }

    /// It listened and heard nothing.
    pub(crate) fn heard_nothing(&self) {
        self.pause.store(millis(SHORTEST_PAUSE), Ordering::Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn endings() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is written before it is read; the calls cannot fail with these arguments.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in ENDINGS {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// True if no other thread of this process runs any more. The first one stays in the list after its end, as a zombie.
fn is_last_thread() -> bool {
    const TASKS: &str = "/proc/self/task";
    let own = fs::read_link("/proc/thread-self");
    let own = own.as_deref().ok().and_then(|path| path.file_name());
    let (Some(own), Ok(tasks)) = (own, fs::read_dir(TASKS)) else {
        return false;
    };
    for task in tasks {
        let Ok(task) = task else { return false };
        let name = task.file_name();
        if name == own {
            continue;
        }
        let state = File::open(task.path().join("stat")).and_then(raised);
        let has_ended = state.and_then(std::io::read_to_string).is_ok_and(|stat| {
            // `77 (name) Z …`, and the name may hold anything.
            let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
            state.is_some_and(|state| state.starts_with(['Z', 'X']))
        });
        if !has_ended {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_not_the_last_while_another_runs() {
        // The threads of the test harness.
        let is_last = std::thread::spawn(is_last_thread).join();
        assert!(!is_last.unwrap());
        // SAFETY: the child looks at its threads and leaves with `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let code = i32::from(!is_last_thread());
            // SAFETY: ends the child without running anything of the test harness.
            unsafe { libc::_exit(code) };
        }
        let mut status = 0;
        // SAFETY: `child` is our own child and `status` a valid place.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(libc::WEXITSTATUS(status), 0);
    }

    #[test]
    fn a_signal_of_another_thread_is_looked_at_less_and_less_often() {
        let unheard = Unheard::new();
        assert!(unheard.descriptor().is_some());
        for most in [1, 2, 4, 8, 16, 32, 60, 60] {
            unheard.look();
            assert!(unheard.descriptor().is_none());
            let quiet = unheard.quiet_for();
            assert!(quiet <= Duration::from_secs(most), "{quiet:?}");
            assert!(quiet > Duration::from_millis(most * 900), "{quiet:?}");
            unheard.quiet_until.store(0, Ordering::Relaxed);
        }
        unheard.heard_nothing();
        unheard.look();
        assert!(unheard.quiet_for() <= SHORTEST_PAUSE);
    }
}
