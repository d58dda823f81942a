//! Places on the stack of a thread: whether a call that was begun there can still be under way, and how much is left.
//!
//! A host that leaves a callback with `longjmp` skips the ends of our functions. Notes that a thread keeps about calls
//! under way carry the place of the call's frame; a note of a frame that is gone is void. On every supported machine
//! stacks grow downwards, so a frame is gone when a later call has the same place or a higher one.

use std::hint::black_box;
use std::mem::MaybeUninit;

/// Where the frame of the calling function lies, more or less.
#[inline(always)]
pub(crate) fn place() -> usize {
    let mark = 0_u8;
    black_box(std::ptr::from_ref(&mark)).addr()
}

/// True if the call whose frame is at `noted` may be one that led to `here`; 0 notes no call.
#[inline]
pub(crate) fn is_live(noted: usize, here: usize) -> bool {
    noted > here
}

/// Stack that starting the library takes at most, with some reserve: measured by a test. An unoptimised build takes more.
const START: usize = if cfg!(debug_assertions) {
    192 * 1024
} else {
    40 * 1024
};

/// An error if the calling thread has too little stack left to start the library.
pub(crate) fn check_room_to_start() -> Result<(), String> {
    match left() {
        Some(left) if left < START => Err(format!(
            "this thread has {} KiB of stack left, and starting the library takes up to {} KiB: call it from a thread with more",
            left / 1024,
            START / 1024
        )),
        _ => Ok(()),
    }
}

/// How much of its stack the calling thread has left; `None` if that is not known, for instance on the stack of a coroutine.
fn left() -> Option<usize> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut bottom, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
    // SAFETY: the attributes are read only after the first call has filled them in, and freed then; all others are places
    // for what the calls are named after.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut bottom, &raw mut size);
        libc::pthread_attr_getguardsize(attributes.as_ptr(), &raw mut guard);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
    }
    let lowest = bottom.addr().checked_add(guard)?;
    let top = bottom.addr().checked_add(size)?;
    let here = place();
    (here < top).then(|| here.checked_sub(lowest))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn inner() -> usize {
        black_box(place())
    }

    #[test]
    fn a_caller_is_live_and_a_call_that_has_returned_is_not() {
        let here = place();
        let below = inner();
        assert!(is_live(here, below));
        assert!(!is_live(below, here));
        assert!(!is_live(below, inner()), "the same call again");
        assert!(!is_live(0, here));
    }

    #[test]
    fn a_thread_knows_what_is_left_of_its_stack() {
        // The system may give a thread more than was asked for, never less.
        let thread = std::thread::Builder::new().stack_size(256 * 1024);
        let thread = thread.spawn(|| (left(), deeper())).unwrap();
        let (before, below) = thread.join().unwrap();
        let (before, below) = (before.unwrap(), below.unwrap());
        assert!(before > 128 * 1024, "{before}");
        assert!(below + 32 * 1024 <= before, "{below} of {before}");
    }

    #[inline(never)]
    fn deeper() -> Option<usize> {
        let room = black_box([0_u8; 32 * 1024]);
        let left = left();
        black_box(&room);
        left
    }
}
