//! Setup: `curl_global_init`, when it is called, and what kind of libcurl this is.
//!
//! It is called by the first handle that is made: by the worker while `sentry_init` waits for it, or with `threadless` by
//! `sentry_init` itself. So a program that only links the library pays nothing for libcurl and its TLS library. It is called once, and `curl_global_cleanup` never,
//! since the host may use libcurl too. libcurl from 7.84 on allows that several threads call it at a time; before, a host
//! must not use libcurl for the first time on another thread while `sentry_init` runs, which `docs/host-safety.md` says.
//! Entry points: [`ensure`], [`Version`].

use std::ffi::CStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::error::Error;
use crate::base::process;

/// [`STATE`]: nobody has begun, or it failed and may be tried again.
const UNTOUCHED: u32 = 0;
/// [`STATE`]: libcurl can be used.
const READY: u32 = 1;
/// [`STATE`]: a thread of the process with fork generation 0 is at it; for a later generation as much more.
const BUSY: u32 = 2;
/// Pause between two looks at what another thread does. It takes a few milliseconds, once.
const LOOK: Duration = Duration::from_millis(1);
/// How often is looked: about ten seconds, for a TLS library that reads its configuration from a slow disk.
const MOST_LOOKS: u32 = 10_000;

/// libcurl has one state for the whole process, and so has this.
static STATE: AtomicU32 = AtomicU32::new(UNTOUCHED);

/// Sets libcurl up, if that was not done; waits for another thread that is doing it, for ten seconds.
pub(crate) fn ensure() -> Result<(), Error> {
    // No lock: a child forked meanwhile would wait for a thread that it does not have.
    let busy = BUSY.saturating_add(process::fork_generation());
    let refused = |why: &str| Error::with_detail(curl_sys::CURLE_FAILED_INIT, why.to_owned());
    for _ in 0..MOST_LOOKS {
        match STATE.compare_exchange(UNTOUCHED, busy, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => return set_up(),
            Err(READY) => return Ok(()),
            Err(found) if found == busy => std::thread::sleep(LOOK),
            // What the parent had done of it cannot be known, and cannot be undone.
            Err(_) => return Err(refused("the process was forked while it was set up")),
        }
    }
    Err(refused("another thread has not set it up in ten seconds"))
}

fn set_up() -> Result<(), Error> {
    // SAFETY: no pointers. No other thread of this library is here; for the host's see the module.
    let code = unsafe { curl_sys::curl_global_init(curl_sys::CURL_GLOBAL_ALL) };
    if code != curl_sys::CURLE_OK {
        STATE.store(UNTOUCHED, Ordering::Release);
        return Err(Error::new(code));
    }
    // The TLS library may have registered an exit handler just now, and ours has to run before that.
    process::renew_exit_hook();
    STATE.store(READY, Ordering::Release);
    Ok(())
}

/// What libcurl says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Version(&'static curl_sys::curl_version_info_data);

impl Version {
    /// Of the libcurl that is linked; none if it cannot be set up.
    pub(crate) fn get() -> Option<Self> {
        ensure().ok()?;
        // SAFETY: libcurl is set up. It answers with a pointer to a static record, of which only members are read that
        // have been in it from the first version on.
        unsafe { curl_sys::curl_version_info(curl_sys::CURLVERSION_FIRST).as_ref() }.map(Self)
    }

    /// True if it speaks TLS.
    pub(crate) fn has_tls(self) -> bool {
        self.0.features & curl_sys::CURL_VERSION_SSL != 0
    }

    /// As text.
    pub(crate) fn number(self) -> &'static str {
        // SAFETY: libcurl's is a terminated text that is never freed.
        let text = unsafe { CStr::from_ptr(self.0.version) };
        text.to_str().unwrap_or_default()
    }

    /// The protocols it speaks.
    #[cfg(test)]
    pub(crate) fn protocols(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        let mut next = self.0.protocols;
        // SAFETY: the list ends with NULL, and its texts are never freed.
        while let Some(name) = unsafe { next.as_ref().filter(|name| !name.is_null()) } {
            // SAFETY: as above.
            names.push(unsafe { CStr::from_ptr(*name) }.to_str().unwrap());
            // SAFETY: this was not the last one.
            next = unsafe { next.add(1) };
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_threads_set_it_up_once() {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(ensure(), Ok(())));
            }
        });
        assert_eq!(STATE.load(Ordering::Relaxed), READY);
        assert!(Version::get().unwrap().number().contains('.'));
    }
}
