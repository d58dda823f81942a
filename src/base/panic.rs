//! Panics end here: caught, and silent unless the host asked for diagnostics.
//!
//! The standard library prints a message when a panic starts. Inside [`contained`] it does not: a library has no
//! business on its host's stderr. Panics elsewhere (in a host written in Rust) print as before.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// How many calls of `contained` are on this thread's stack.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Runs `body`; a panic becomes an error with its message.
pub(crate) fn contained<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    silence();
    let outer = DEPTH
        .try_with(|depth| depth.replace(depth.get().saturating_add(1)))
        .unwrap_or(0);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    let _ = DEPTH.try_with(|depth| depth.set(outer));
    result.map_err(|payload| message(payload.as_ref()))
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
        if DEPTH.try_with(Cell::get).unwrap_or(0) == 0 {
            previous(info);
        }
    }));
}

fn message(payload: &(dyn Any + Send)) -> String {
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
        assert_eq!(DEPTH.get(), 0);
    }

    #[test]
    fn calls_nest() {
        let result = contained(|| {
            assert!(contained(|| panic!("inner")).is_err());
            DEPTH.get()
        });
        assert_eq!(result, Ok(1));
    }
}
