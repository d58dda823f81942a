//! Calls into the host: hooks, the logger, the outcome callback, the host's own transports.
//!
//! Code of the host may call back into the library, capture and so call itself, fork, or leave with `longjmp`. Each
//! call into it goes through [`call`], which bounds how deep it nests, notes on the thread that it runs, voids a note
//! that a `longjmp` left behind, and disables the cancellation of the thread again if the host has enabled it. No lock
//! of the library is held while a callback runs. After a call that may have forked, the caller compares
//! [`super::process::fork_generation`] before it goes on. Entry points: [`call`], [`always`],
//! [`is_inside`]. May use: `cancellation`, `stack`.

use std::cell::Cell;

use super::{cancellation, stack};

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A function that sees, changes or drops what is captured.
    Hook,
    /// The logger of diagnostics.
    Logger,
    /// The function that hears of outcomes.
    Outcome,
    /// A function of the host's transport or HTTP client.
    Transport,
    /// A function that is shown one thing after the other.
    Visitor,
}

impl Kind {
    const COUNT: usize = 5;

    /// How often it may be entered on one thread before it has returned. A hook that captures calls itself, and without
    /// an end it would take the host's stack; what the logger and the outcome callback do is not told to themselves.
    const fn most(self) -> u32 {
        match self {
            Self::Hook => 4,
            Self::Logger | Self::Outcome => 1,
            Self::Transport | Self::Visitor => u32::MAX,
        }
    }
}

/// Calls of one kind under way on a thread.
#[derive(Debug, Clone, Copy)]
struct Entered {
    depth: u32,
    /// Where the frame of the outermost lies.
    outermost: usize,
}

const NONE: Entered = Entered {
    depth: 0,
    outermost: 0,
};

thread_local! {
    static ENTERED: [Cell<Entered>; Kind::COUNT] = const { [const { Cell::new(NONE) }; Kind::COUNT] };
}

fn with<T>(kind: Kind, action: impl FnOnce(&Cell<Entered>) -> T) -> Option<T> {
    // It has no destructor, so it is there as long as the thread.
    ENTERED.with(|all| all.get(kind as usize).map(action))
}

/// Calls under way, as seen from a frame at `here`.
fn entered(kind: Kind, here: usize) -> Entered {
    with(kind, Cell::get)
        .filter(|it| stack::is_live(it.outermost, here))
        .unwrap_or(NONE)
}

/// True while a callback of this kind runs on this thread.
pub(crate) fn is_inside(kind: Kind) -> bool {
    entered(kind, stack::place()).depth > 0
}

/// Calls `function`, which calls the host; `None` if it is inside of itself as often as it may be.
pub(crate) fn call<T>(kind: Kind, function: impl FnOnce() -> T) -> Option<T> {
    let here = stack::place();
    let before = entered(kind, here);
    (before.depth < kind.most()).then(|| run(kind, before, here, function))
}

/// Calls `function`, which calls the host, wherever this is: for what has to be called.
pub(crate) fn always<T>(kind: Kind, function: impl FnOnce() -> T) -> T {
    let here = stack::place();
    run(kind, entered(kind, here), here, function)
}

fn run<T>(kind: Kind, before: Entered, here: usize, function: impl FnOnce() -> T) -> T {
    /// The callback runs, until this is dropped.
    struct Running {
        kind: Kind,
        before: Entered,
    }
    impl Drop for Running {
        fn drop(&mut self) {
            with(self.kind, |entered| entered.set(self.before));
            cancellation::disable();
        }
    }
    let outermost = if before.depth == 0 {
        here
    } else {
        before.outermost
    };
    let depth = before.depth.saturating_add(1);
    with(kind, |entered| entered.set(Entered { depth, outermost }));
    let _running = Running { kind, before };
    function()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the exports do it: calls into the host end with cancellation disabled.
    fn in_a_call(test: impl FnOnce()) {
        cancellation::held(test);
    }

    #[test]
    fn a_callback_is_noted_until_it_has_returned_also_by_a_panic() {
        in_a_call(|| {
            assert!(!is_inside(Kind::Transport));
            let inner = || is_inside(Kind::Transport) && !is_inside(Kind::Hook);
            let nested = call(Kind::Transport, || call(Kind::Transport, inner));
            assert_eq!(nested, Some(Some(true)));
            let panicked =
                std::panic::catch_unwind(|| always(Kind::Transport, || panic!("inside")));
            assert!(panicked.is_err());
            assert!(!is_inside(Kind::Transport));
        });
    }

    #[test]
    fn a_callback_that_calls_itself_comes_to_an_end() {
        fn nest(kind: Kind) -> u32 {
            call(kind, || 1 + nest(kind)).unwrap_or(0)
        }
        in_a_call(|| {
            for (kind, most) in [(Kind::Hook, 4), (Kind::Logger, 1), (Kind::Outcome, 1)] {
                assert_eq!(nest(kind), most);
                assert_eq!(nest(kind), most, "the levels were left again");
                let deeper = call(kind, || always(kind, || call(kind, || ())));
                assert_eq!(deeper.flatten().is_some(), most > 2, "{kind:?}");
            }
        });
    }

    #[test]
    fn a_callback_that_never_returned_is_forgotten() {
        #[inline(never)]
        fn leave_with_a_jump() {
            let here = stack::place();
            let lost = Entered {
                depth: Kind::Hook.most(),
                outermost: here,
            };
            with(Kind::Hook, |entered| entered.set(lost));
        }
        in_a_call(|| {
            leave_with_a_jump();
            assert!(!is_inside(Kind::Hook));
            assert_eq!(call(Kind::Hook, || is_inside(Kind::Hook)), Some(true));
        });
    }
}
