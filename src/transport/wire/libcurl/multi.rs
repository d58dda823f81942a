//! Transfers that run side by side on one thread, with the connections they share.

use std::ffi::{c_int, c_long};
use std::os::fd::RawFd;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use curl_sys::{CURL_WAIT_POLLIN, CURLM, CURLcode, curl_waitfd};

use super::easy::{Easy, Id};
use super::error::{Error, checked_multi};
use super::options::MultiNumber;
use super::setup;
use crate::base::lock::lock;

/// Connections, and the transfers that are [`Added`] to them.
pub(crate) struct Multi {
    raw: NonNull<CURLM>,
    waker: Waker,
}

/// Ends a [`Multi::poll`] from any thread.
#[derive(Debug, Clone)]
pub(crate) struct Waker(Arc<Mutex<Sleeper>>);

/// The handle to be woken; none once that is gone.
#[derive(Debug)]
struct Sleeper(Option<NonNull<CURLM>>);

// SAFETY: the pointer is only used for `curl_multi_wakeup`, which any thread may call, and not after the end of the handle,
// which takes it away under the lock.
unsafe impl Send for Sleeper {}

impl Waker {
    /// Wakes; false if there is nobody to be woken any more, or no memory.
    pub(crate) fn wake(&self) -> bool {
        // Held during the call, which does not wait: else the handle could end meanwhile.
        let sleeper = lock(&self.0);
        sleeper.0.is_some_and(|handle| {
            // SAFETY: the handle is valid while the lock is held.
            unsafe { curl_sys::curl_multi_wakeup(handle.as_ptr()) == curl_sys::CURLM_OK }
        })
    }
}

impl Multi {
    /// One without connections.
    pub(crate) fn new() -> Result<Self, Error> {
        setup::ensure()?;
        // SAFETY: libcurl is set up.
        let raw = NonNull::new(unsafe { curl_sys::curl_multi_init() });
        let raw = raw.ok_or_else(|| Error::of_multi(curl_sys::CURLM_OUT_OF_MEMORY))?;
        Ok(Self {
            raw,
            waker: Waker(Arc::new(Mutex::new(Sleeper(Some(raw))))),
        })
    }

    /// Sets an option that only improves on something: versions that do not know it do without.
    pub(crate) fn prefer(&mut self, option: MultiNumber, value: c_long) {
        // SAFETY: the handle is valid, and such options take a `long`.
        unsafe { curl_sys::curl_multi_setopt(self.raw.as_ptr(), option.0, value) };
    }

    /// What ends a [`Multi::poll`].
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Begins a transfer, which runs until the answer is dropped or taken back.
    pub(crate) fn add<H>(self: &Rc<Self>, easy: Easy<H>) -> Result<Added<H>, Error> {
        // SAFETY: both handles are valid, and the second is in no other multi handle, since `Added` owns those that are.
        let code =
            unsafe { curl_sys::curl_multi_add_handle(self.raw.as_ptr(), easy.handle().as_ptr()) };
        checked_multi(code)?;
        let membership = Membership {
            multi: Rc::clone(self),
            id: Id(easy.handle().as_ptr()),
        };
        Ok(Added { membership, easy })
    }

    /// Lets libcurl do what it can do now; how many transfers go on.
    pub(crate) fn perform(&self) -> Result<usize, Error> {
        let mut running: c_int = 0;
        // SAFETY: the handle is valid.
        checked_multi(unsafe {
            curl_sys::curl_multi_perform(self.raw.as_ptr(), &raw mut running)
        })?;
        Ok(usize::try_from(running).unwrap_or(0))
    }

    /// The next transfer that has come to its end, and libcurl's number for that.
    pub(crate) fn next_end(&self) -> Option<(Id, CURLcode)> {
        let mut left: c_int = 0;
        loop {
            // SAFETY: the handle is valid; the message stays until the next call.
            let message = unsafe {
                curl_sys::curl_multi_info_read(self.raw.as_ptr(), &raw mut left).as_ref()
            }?;
            if message.msg == curl_sys::CURLMSG_DONE {
                // The number is one of two members of a union, the other being a pointer.
                // SAFETY: a message of this kind has it, and a pointer has room for it.
                let code = unsafe { (&raw const message.data).cast::<CURLcode>().read() };
                return Some((Id(message.easy_handle), code));
            }
        }
    }

    /// Waits until there is something to do for libcurl, or one of these can be read, which is answered for each of them.
    pub(crate) fn wait<const N: usize>(
        &self,
        descriptors: [RawFd; N],
        at_most: Duration,
    ) -> Result<[bool; N], Error> {
        let mut waited = descriptors.map(|fd| curl_waitfd {
            fd,
            events: CURL_WAIT_POLLIN,
            revents: 0,
        });
        let count = u32::try_from(N).unwrap_or(0);
        // SAFETY: the handle is valid, and there are so many entries.
        checked_multi(unsafe {
            curl_sys::curl_multi_wait(
                self.raw.as_ptr(),
                waited.as_mut_ptr(),
                count,
                millis(at_most),
                ptr::null_mut(),
            )
        })?;
        Ok(waited.map(|it| it.revents & CURL_WAIT_POLLIN != 0))
    }

    /// Waits until there is something to do for libcurl, or until it is woken.
    pub(crate) fn poll(&self, at_most: Duration) -> Result<(), Error> {
        // SAFETY: the handle is valid; no other descriptors are waited for.
        checked_multi(unsafe {
            curl_sys::curl_multi_poll(
                self.raw.as_ptr(),
                ptr::null_mut(),
                0,
                millis(at_most),
                ptr::null_mut(),
            )
        })
    }
}

impl Drop for Multi {
    fn drop(&mut self) {
        lock(&self.waker.0).0 = None;
        // SAFETY: the handle is valid and has no other owner; each transfer keeps it by an `Rc`, so there is none any more.
        unsafe { curl_sys::curl_multi_cleanup(self.raw.as_ptr()) };
    }
}

fn millis(time: Duration) -> c_int {
    c_int::try_from(time.as_millis()).unwrap_or(c_int::MAX)
}

/// A transfer that is under way, or at its end and not taken back yet. Dropping it ends it.
pub(crate) struct Added<H> {
    // Dropped first: libcurl must not have the handle any more when that goes.
    membership: Membership,
    easy: Easy<H>,
}

/// That a multi handle has a transfer, until it is dropped.
struct Membership {
    multi: Rc<Multi>,
    id: Id,
}

impl Drop for Membership {
    fn drop(&mut self) {
        // SAFETY: both handles are valid: this keeps one, and `Added` the other. Should libcurl not let go of the transfer,
        // it does so when that is freed.
        unsafe { curl_sys::curl_multi_remove_handle(self.multi.raw.as_ptr(), self.id.0) };
    }
}

impl<H> Added<H> {
    /// Ends the transfer, if it is not at its end.
    pub(crate) fn take_back(self) -> Easy<H> {
        drop(self.membership);
        self.easy
    }

    /// Which one it is.
    pub(crate) fn id(&self) -> Id {
        self.membership.id
    }

    /// The connections it may use.
    pub(crate) fn multi(&self) -> &Rc<Multi> {
        &self.membership.multi
    }

    /// The transfer.
    pub(crate) fn easy(&self) -> &Easy<H> {
        &self.easy
    }

    /// The transfer, to be changed.
    pub(crate) fn easy_mut(&mut self) -> &mut Easy<H> {
        &mut self.easy
    }
}
