//! Panics end here: caught, and silent unless the host asked for diagnostics.
//!
//! The standard library prints a message when a panic starts. Inside [`contained`] it does not: a library has no
//! business on its host's stderr. Panics elsewhere (in a host written in Rust) print as before.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

use super::stack;

thread_local! {
    /// Where the outermost call of `contained` on this thread's stack lies; 0 outside.
    static OUTERMOST: Cell<usize> = const { Cell::new(0) };
}

/// True inside of `contained`.
#[inline]
fn is_contained() -> bool {
    stack::is_live(OUTERMOST.get(), stack::place())
}

/// Runs `body`; a panic becomes an error with its message.
pub(crate) fn contained<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    let is_outermost = enter(stack::place());
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    if is_outermost {
        OUTERMOST.set(0);
    }
    result.map_err(message)
}

/// Notes a call whose frame is at `here`; true if it is the outermost. Not copied into each export.
#[inline(never)]
fn enter(here: usize) -> bool {
    silence();
    let is_outermost = !stack::is_live(OUTERMOST.get(), here);
    if is_outermost {
        OUTERMOST.set(here);
    }
    is_outermost
}

/// Done when the library is loaded (see `process`). Nobody waits for another thread that is doing it: in a child forked
/// meanwhile that thread does not exist.
fn silence() {
    static IS_INSTALLED: AtomicBool = AtomicBool::new(false);
    if IS_INSTALLED.load(Ordering::Relaxed) || IS_INSTALLED.swap(true, Ordering::Relaxed) {
        return;
    }
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_contained() {
            previous(info);
        }
    }));
}

#[cold]
#[inline(never)]
fn message(payload: Box<dyn Any + Send>) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_the_next_call_works() {
        assert_eq!(
            contained(|| panic!("number {}", 7)).map(|()| 0),
            Err("number 7".to_owned())
        );
        assert_eq!(
            contained(|| panic!("plain")).map(|()| 0),
            Err("plain".to_owned())
        );
        assert_eq!(contained(|| 3), Ok(3));
        assert!(!is_contained());
    }

    #[test]
    fn calls_nest() {
        let result = contained(|| {
            assert!(contained(|| panic!("inner")).is_err());
            is_contained()
        });
        assert_eq!(result, Ok(true));
        assert!(!is_contained());
    }
}
