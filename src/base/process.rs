//! The process we live in: forks, signal masks, exit.
//!
//! This is the one file below `ffi` and `transport` that hands functions to C: to `pthread_atfork` and `atexit`.
//! It changes no signal disposition and no environment variable; masks are changed for the calling thread only and
//! put back.

use std::ffi::CString;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::cancellation;
use super::fork_gate;
use super::panic::contained;

/// Counts the forks between the process that loaded the library and this one.
static FORK_GENERATION: AtomicU32 = AtomicU32::new(0);

/// Changes in a forked child; state that was made under another number belongs to the parent.
pub(crate) fn fork_generation() -> u32 {
    watch_forks();
    FORK_GENERATION.load(Ordering::Acquire)
}

/// Installs the fork handlers, once per process image. Without memory for it forks stay unnoticed; glibc needs none.
///
/// Nobody waits for another thread that is doing it: in a child forked meanwhile that thread does not exist.
fn watch_forks() {
    static IS_INSTALLED: AtomicBool = AtomicBool::new(false);
    if IS_INSTALLED.load(Ordering::Relaxed) || IS_INSTALLED.swap(true, Ordering::Relaxed) {
        return;
    }
    // SAFETY: the handlers are plain functions of this library, which is linked with `-z nodelete` and so stays
    // mapped; they change atomics, and before a fork wait for a moment.
    unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork), Some(in_forked_child)) };
}

/// What is done once per process image is done when it is loaded, before a thread that could fork in the middle of it.
/// Where the loader does not offer that, the first call does it.
#[cfg(target_os = "linux")]
#[used]
// SAFETY: the section is a list of functions that the loader calls, and this is one; it needs no initialised state.
#[unsafe(link_section = ".init_array")]
static AT_LOAD: extern "C" fn() = at_load;

#[cfg(target_os = "linux")]
extern "C" fn at_load() {
    watch_forks();
    // `contained` installs the panic hook before it runs anything.
    let _ = contained(|| ());
}

extern "C" fn before_fork() {
    // Waiting is a cancellation point, and a fork is none.
    cancellation::held(fork_gate::before);
}

extern "C" fn after_fork() {
    fork_gate::after();
}

extern "C" fn in_forked_child() {
    FORK_GENERATION.fetch_add(1, Ordering::AcqRel);
    fork_gate::in_child();
}

/// Runs `hook` when the process exits normally; once per process, for the first hook given. Handlers run in reverse
/// order of registration, so what must stop before OpenSSL cleans itself up has to be registered after OpenSSL was
/// initialised.
pub(crate) fn at_exit(hook: fn()) {
    if EXIT_HOOK.set(hook).is_ok() {
        // SAFETY: the handler is a plain function that stays mapped (`-z nodelete`).
        unsafe { libc::atexit(run_exit_hook) };
    }
}

/// Lets the hook run before the handlers, too, that others have registered meanwhile.
pub(crate) fn renew_exit_hook() {
    if EXIT_HOOK.get().is_some() {
        // SAFETY: as in `at_exit`. The hook finds nothing left to do when it runs a second time.
        unsafe { libc::atexit(run_exit_hook) };
    }
}

static EXIT_HOOK: OnceLock<fn()> = OnceLock::new();

extern "C" fn run_exit_hook() {
    if let Some(hook) = EXIT_HOOK.get() {
        // A panic must not cross into libc; the process is ending, there is nobody to tell.
        let _ = cancellation::held(|| contained(hook));
    }
}

/// How long the machine has been running, including what it slept. Nobody sets this clock.
pub(crate) fn since_boot() -> std::time::Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is ours; a clock that the system does not know leaves it as it is.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    std::time::Duration::new(seconds, nanoseconds)
}

/// Writes to stderr without the lock of the standard library, which a thread that is not there may hold in a forked
/// child, and without the SIGPIPE that a reader who is gone would cost the host.
pub(crate) fn write_to_stderr(bytes: &[u8]) {
    let _blocked = BlockedPipeSignal::for_this_thread();
    let mut rest = bytes;
    while !rest.is_empty() {
        // SAFETY: the buffer lives during the call and has that many bytes.
        let written = unsafe { libc::write(libc::STDERR_FILENO, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(written) {
            Ok(written @ 1..) => rest = rest.get(written..).unwrap_or_default(),
            Err(_) if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {
            }
            _ => return,
        }
    }
}

/// SIGPIPE is blocked for the calling thread while this lives; one that came meanwhile is taken back.
pub(crate) struct BlockedPipeSignal {
    set: libc::sigset_t,
    previous: libc::sigset_t,
    was_pending: bool,
    of_one_thread: OfOneThread,
}

impl BlockedPipeSignal {
    /// Blocks SIGPIPE for the calling thread.
    pub(crate) fn for_this_thread() -> Self {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        let mut previous = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: both sets are written before they are read; the calls cannot fail with these arguments.
        unsafe {
            libc::sigemptyset(previous.as_mut_ptr());
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigpending(set.as_mut_ptr());
            let was_pending = libc::sigismember(set.as_ptr(), libc::SIGPIPE) == 1;
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE);
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), previous.as_mut_ptr());
            Self {
                set: set.assume_init(),
                previous: previous.assume_init(),
                was_pending,
                of_one_thread: PhantomData,
            }
        }
    }
}

impl Drop for BlockedPipeSignal {
    fn drop(&mut self) {
        let at_once = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the sets and the time live during the calls. A SIGPIPE of a write is sent to the writing thread, so
        // none that was meant for the process is taken.
        unsafe {
            if !self.was_pending {
                libc::sigtimedwait(&self.set, std::ptr::null_mut(), &at_once);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.previous, std::ptr::null_mut());
        }
    }
}

/// True if this process may write to `path`.
pub(crate) fn is_writable(path: &Path) -> bool {
    let Ok(name) = CString::new(path.as_os_str().as_encoded_bytes()) else {
        return false;
    };
    // SAFETY: a terminated path that lives during the call.
    unsafe { libc::access(name.as_ptr(), libc::W_OK) == 0 }
}

/// True if this process may make a file of `bytes`. Writing beyond its limit (`RLIMIT_FSIZE`) raises SIGXFSZ, which
/// would end the host.
pub(crate) fn may_write(bytes: usize) -> bool {
    let mut limit = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: `limit` is a valid place; if the call fails it stays as it is.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) };
    libc::rlim_t::try_from(bytes).is_ok_and(|bytes| bytes <= limit.rlim_cur)
}

/// Signals of the calling thread are blocked while this lives, except those that report a fault of the thread itself.
///
/// A thread started meanwhile inherits the mask, so the host's signals are never delivered to it.
#[derive(Debug)]
pub(crate) struct BlockedSignals {
    previous: libc::sigset_t,
    of_one_thread: OfOneThread,
}

/// A mask belongs to the thread it was taken from: what would put it back must not travel to another one.
type OfOneThread = PhantomData<*const ()>;

/// Left open: blocking a synchronous fault signal would turn a crash into an endless fault.
const FAULTS: [libc::c_int; 7] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGSYS,
];

impl BlockedSignals {
    /// Blocks every signal but the faults for the calling thread.
    pub(crate) fn for_this_thread() -> Self {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        let mut previous = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: both sets are written by `sigfillset` and `pthread_sigmask` before they are read; the calls cannot
        // fail with these arguments.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            for fault in FAULTS {
                libc::sigdelset(set.as_mut_ptr(), fault);
            }
            libc::sigemptyset(previous.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), previous.as_mut_ptr());
            Self {
                previous: previous.assume_init(),
                of_one_thread: PhantomData,
            }
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: `previous` was filled in by `pthread_sigmask` on this thread: the type is not `Send`.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.previous, std::ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_blocked(signal: libc::c_int) -> bool {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: a null new set only reads the mask into `set`.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), set.as_mut_ptr());
            libc::sigismember(set.as_ptr(), signal) == 1
        }
    }

    #[test]
    fn signals_are_blocked_and_put_back() {
        assert!(!is_blocked(libc::SIGPIPE));
        {
            let _blocked = BlockedSignals::for_this_thread();
            assert!(is_blocked(libc::SIGPIPE));
            assert!(is_blocked(libc::SIGALRM));
            assert!(!is_blocked(libc::SIGSEGV));
            let inherited = std::thread::spawn(|| is_blocked(libc::SIGTERM))
                .join()
                .unwrap();
            assert!(inherited);
        }
        assert!(!is_blocked(libc::SIGPIPE));
    }

    /// Compiles only for types that are not `Send`: for the others it is open which of the two is meant.
    trait NotSend<T> {
        const HOLDS: bool = true;
    }
    struct IfSend;
    impl<T> NotSend<()> for T {}
    impl<T: Send> NotSend<IfSend> for T {}

    #[test]
    fn masks_stay_with_their_thread() {
        const { assert!(<BlockedSignals as NotSend<_>>::HOLDS) };
        const { assert!(<BlockedPipeSignal as NotSend<_>>::HOLDS) };
    }

    #[test]
    fn a_forked_child_sees_another_generation() {
        let before = fork_generation();
        // SAFETY: the child only reads an atomic and leaves with `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let code = i32::from(fork_generation() == before);
            // SAFETY: ends the child without running anything of the test harness.
            unsafe { libc::_exit(code) };
        }
        let mut status = 0;
        // SAFETY: `child` is our own child and `status` a valid place.
        let reaped = unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(reaped, child);
        assert_eq!(
            libc::WEXITSTATUS(status),
            0,
            "the child saw the generation of its parent"
        );
        assert_eq!(fork_generation(), before);
    }
}
