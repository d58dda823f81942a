//! Places on the stack of a thread: whether a call that was begun there can still be under way.
//!
//! A host that leaves a callback with `longjmp` skips the ends of our functions. Notes that a thread keeps about calls
//! under way carry the place of the call's frame; a note of a frame that is gone is void. On every supported machine
//! stacks grow downwards, so a frame is gone when a later call has the same place or a higher one.

use std::hint::black_box;

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
}
