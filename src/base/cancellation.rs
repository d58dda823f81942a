//! Cancellation: `pthread_cancel` takes effect after a call of the library, never inside of it.
//!
//! The C library cancels a thread by unwinding its stack from a cancellation point, which most system calls are.
//! Frames of Rust do not survive that: the process would end with "exception not rethrown". So each call of an exported
//! function runs with cancellation disabled. A request that came meanwhile stays pending, and the thread ends at its
//! next cancellation point after the call. Entry points: [`held`], [`disable`]. May use: `stack`.

use std::cell::Cell;
use std::ffi::c_int;

use super::stack;

thread_local! {
    /// The outermost call on this thread: where its frame lies, and what the host had set before.
    static OUTERMOST: Cell<(usize, c_int)> = const { Cell::new((0, 0)) };
}

/// Runs `body`; a request to cancel the calling thread waits until it has returned.
pub(crate) fn held<T>(body: impl FnOnce() -> T) -> T {
    let _held = Held::begin(stack::place());
    body()
}

/// Disables cancellation of the calling thread: of a thread of our own, or again after the host's code has run.
pub(crate) fn disable() {
    set_state(DISABLED);
}

/// Cancellation is disabled while this lives, and then is as it was.
struct Held {
    before: c_int,
    is_outermost: bool,
}

impl Held {
    /// Of a call whose frame is at `here`. Each export has one, so neither this nor its end is copied into them.
    #[inline(never)]
    fn begin(here: usize) -> Self {
        let (outermost, first) = OUTERMOST.get();
        let found = set_state(DISABLED);
        if stack::is_live(outermost, here) {
            return Self {
                before: found,
                is_outermost: false,
            };
        }
        // A `longjmp` out of a callback left an earlier call without its end: what it found holds still.
        let was_left = outermost != 0 && found == DISABLED;
        let before = if was_left { first } else { found };
        OUTERMOST.set((here, before));
        Self {
            before,
            is_outermost: true,
        }
    }
}

impl Drop for Held {
    #[inline(never)]
    fn drop(&mut self) {
        if self.is_outermost {
            OUTERMOST.set((0, 0));
        }
        set_state(self.before);
    }
}

/// `PTHREAD_CANCEL_DISABLE` of glibc and musl.
#[cfg(not(target_os = "android"))]
const DISABLED: c_int = 1;
#[cfg(target_os = "android")]
const DISABLED: c_int = 0;

/// Sets the state of the calling thread and returns the one before.
#[cfg(not(target_os = "android"))]
fn set_state(state: c_int) -> c_int {
    unsafe extern "C" {
        fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
    }
    let mut before = 0;
    // SAFETY: `before` is a valid place; the call changes a flag of the calling thread and is no cancellation point.
    unsafe { pthread_setcancelstate(state, &raw mut before) };
    before
}

/// Android has no cancellation.
#[cfg(target_os = "android")]
fn set_state(_state: c_int) -> c_int {
    DISABLED
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENABLED: c_int = 0;

    fn state() -> c_int {
        let state = set_state(DISABLED);
        set_state(state);
        state
    }

    #[test]
    fn cancellation_is_disabled_inside_and_as_before_afterwards() {
        assert_eq!(state(), ENABLED);
        let inside = held(|| (state(), held(state), state()));
        assert_eq!(inside, (DISABLED, DISABLED, DISABLED));
        assert_eq!(state(), ENABLED);
        disable();
        held(|| ());
        assert_eq!(state(), DISABLED, "what the host had set is kept");
        set_state(ENABLED);
    }

    #[test]
    fn a_callback_that_enables_it_does_not_enable_it_for_the_calls_it_makes() {
        let inside = held(|| {
            set_state(ENABLED);
            let inside = held(state);
            disable();
            inside
        });
        assert_eq!(inside, DISABLED);
        assert_eq!(state(), ENABLED);
    }

    #[inline(never)]
    fn leave_without_an_end() {
        std::mem::forget(Held::begin(stack::place()));
    }

    #[test]
    fn a_call_that_never_ended_is_noticed_by_the_next() {
        #[inline(never)]
        fn deeper(levels: usize) {
            if levels > 0 {
                deeper(levels - 1);
                std::hint::black_box(levels);
            } else {
                leave_without_an_end();
            }
        }
        deeper(10);
        assert_eq!(state(), DISABLED);
        held(|| ());
        assert_eq!(state(), ENABLED);
    }
}
