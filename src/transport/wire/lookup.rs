//! Lookups: how many threads that resolve names may hang.
//!
//! libcurl resolves a name on a thread of its own, and gives up waiting for it with the transfer; the thread ends when
//! the system's resolver does, perhaps minutes later. While the name server is silent each attempt would leave one more.
//! So these threads get a name by which they are counted, and while [`MOST`] of them live no lookup is begun.
//! Entry points: [`may_begin`], [`named`]. Calls the C library.

use std::cell::Cell;
use std::fs;

use crate::base::descriptor::{self, with_standard_taken};

/// Threads of this name are lookups, of whatever transport of this process.
const NAME: &[u8] = b"sentry-lookup\0";
/// Threads that may resolve names at the same time. libcurl from 8.20 on takes two for one lookup and keeps them for two
/// seconds (see [`POOL`]), so that both may still be there when the next lookup begins.
const MOST: usize = 4;
/// Of these, how many one multi handle of libcurl from 8.20 on may keep.
pub(crate) const POOL: usize = 2;
/// Room for the name of a thread.
const NAME_SIZE: usize = 16;

thread_local! {
    /// The name that this thread had before it began a lookup.
    static OWN_NAME: Cell<Option<[u8; NAME_SIZE]>> = const { Cell::new(None) };
    /// A lookup was refused.
    static IS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// Lets libcurl work. A lookup that begins meanwhile starts its thread, which inherits the name of this one; afterwards
/// this thread has its own name again.
pub(crate) fn named<T>(work: impl FnOnce() -> T) -> T {
    let result = work();
    if let Some(name) = OWN_NAME.take() {
        set_name(&name);
    }
    result
}

/// Why a transfer that got no connection on this thread failed, if a lookup was refused since the last call.
pub(crate) fn take_refusal() -> Option<String> {
    IS_REFUSED.take().then(|| {
        "the name was not looked up: earlier lookups hang, the name server does not answer"
            .to_owned()
    })
}

/// Called before libcurl starts a thread for a lookup: whether it may. The new thread inherits the name of this one.
pub(crate) fn may_begin() -> bool {
    if with_standard_taken(living) >= MOST {
        IS_REFUSED.set(true);
        return false;
    }
    if OWN_NAME.get().is_none() {
        OWN_NAME.set(Some(name()));
        set_name(NAME);
    }
    true
}

/// Threads of this process that resolve names. Without `/proc` nothing is known of them, and nothing is refused.
fn living() -> usize {
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return 0;
    };
    let wanted = NAME.split_last().map_or(NAME, |(_, name)| name);
    threads
        .filter_map(|thread| descriptor::read(thread.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim_ascii_end() == wanted)
        .count()
}

fn name() -> [u8; NAME_SIZE] {
    let mut name = [0; NAME_SIZE];
    // SAFETY: the kernel writes at most 16 bytes.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    name
}

fn set_name(name: &[u8]) {
    // SAFETY: the name is terminated.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn a_lookup_is_refused_while_others_hang() {
        let own = name();
        let mut hanging = Vec::new();
        for number in 0..MOST {
            let (release, released) = mpsc::channel::<()>();
            let (tell, started) = mpsc::channel();
            let thread = named(|| {
                assert!(may_begin(), "{number}");
                thread::spawn(move || {
                    tell.send(()).unwrap();
                    let _ = released.recv();
                })
            });
            started.recv().unwrap();
            assert_eq!(name(), own);
            hanging.push((release, thread));
        }
        assert!(!named(may_begin));
        assert!(take_refusal().is_some());
        assert!(take_refusal().is_none());
        let (release, thread) = hanging.pop().unwrap();
        drop(release);
        thread.join().unwrap();
        assert!(named(may_begin));
        assert_eq!(name(), own);
    }
}
