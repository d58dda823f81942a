//! Lookups: how many threads that resolve names may hang.
//!
//! libcurl resolves a name on a thread of its own, and gives up waiting for it with the transfer; the thread ends when
//! the system's resolver does, perhaps minutes later. While the name server is silent each attempt would leave one more.
//! So these threads get a name by which they are counted, and while [`MOST`] of them live no lookup is begun.
//! Entry points: [`watch`], [`named`]. Calls libcurl and the C library.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::fs;

use curl::easy::Easy2;

use crate::base::descriptor::{self, with_standard_taken};
use crate::base::panic::contained;

/// Threads of this name are lookups, of whatever transport of this process.
const NAME: &[u8] = b"sentry-lookup\0";
/// Threads that may resolve names at the same time. libcurl from 8.20 on takes two for one lookup and keeps them for two
/// seconds (see [`POOL`]), so that both may still be there when the next lookup begins.
const MOST: usize = 4;
/// Of these, how many one multi handle of libcurl from 8.20 on may keep.
pub(crate) const POOL: usize = 2;
/// Room for the name of a thread.
const NAME_SIZE: usize = 16;

/// `CURLOPT_RESOLVER_START_FUNCTION` (libcurl 7.59).
const FUNCTION: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_FUNCTIONPOINT + 272;

thread_local! {
    /// The name that this thread had before it began a lookup.
    static OWN_NAME: Cell<Option<[u8; NAME_SIZE]>> = const { Cell::new(None) };
    /// A lookup was refused.
    static IS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// Watches the lookups that this handle begins.
pub(crate) fn watch<H>(easy: &Easy2<H>) {
    let callback: extern "C" fn(*mut c_void, *mut c_void, *mut c_void) -> c_int = begins;
    // SAFETY: the handle is valid, and the callback has the type that the option asks for.
    unsafe { curl_sys::curl_easy_setopt(easy.raw(), FUNCTION, callback) };
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

/// Called before libcurl starts a thread for a lookup; anything but 0 prevents it.
extern "C" fn begins(_resolver: *mut c_void, _reserved: *mut c_void, _data: *mut c_void) -> c_int {
    // No panic crosses libcurl: what cannot be counted is not refused, as without `/proc`.
    if contained(|| with_standard_taken(living)).unwrap_or(0) >= MOST {
        IS_REFUSED.set(true);
        return 1;
    }
    if OWN_NAME.get().is_none() {
        OWN_NAME.set(Some(name()));
        set_name(NAME);
    }
    0
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
    use std::ptr::null_mut;
    use std::sync::mpsc;
    use std::thread;

    fn begin() -> c_int {
        begins(null_mut(), null_mut(), null_mut())
    }

    #[test]
    fn a_lookup_is_refused_while_others_hang() {
        let own = name();
        let mut hanging = Vec::new();
        for number in 0..MOST {
            let (release, released) = mpsc::channel::<()>();
            let (tell, started) = mpsc::channel();
            let thread = named(|| {
                assert_eq!(begin(), 0, "{number}");
                thread::spawn(move || {
                    tell.send(()).unwrap();
                    let _ = released.recv();
                })
            });
            started.recv().unwrap();
            assert_eq!(name(), own);
            hanging.push((release, thread));
        }
        assert_eq!(named(begin), 1);
        assert!(take_refusal().is_some());
        assert!(take_refusal().is_none());
        let (release, thread) = hanging.pop().unwrap();
        drop(release);
        thread.join().unwrap();
        assert_eq!(named(begin), 0);
        assert_eq!(name(), own);
    }
}
