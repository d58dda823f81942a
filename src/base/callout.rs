//! Calls into the host: hooks, the logger, the outcome callback, the host's own transports.
//!
//! Code of the host may call back into the library, capture and so call itself, fork, panic, or leave with `longjmp`. Each
//! call into it goes through [`call`], which bounds how deep it nests, notes on the thread that it runs, voids a note
//! that a `longjmp` left behind, disables the cancellation of the thread again if the host has enabled it, catches a panic,
//! and notices a fork. The caller gets an answer only if there is one; otherwise [`NoAnswer`] says why. No lock of the
//! library is held while a callback runs.
//!
//! A child that a callback forked leaves everything alone on its way back. So whatever may lead to a callback answers
//! `Result<_, Forked>` up to the place where the library was entered, or up to the loop of the worker.
//! Entry points: [`call`], [`answer`], [`is_inside`]. May use: `cancellation`, `panic`, `process`, `stack`.

use std::cell::Cell;

use super::panic::contained;
use super::{cancellation, process, stack};

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

/// The callback forked, and this is the child. All that the caller holds is the parent's: locks may be held for ever by
/// threads that do not exist here, and what was begun the parent goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "in the child of a fork everything is to be left alone"]
pub(crate) struct Forked;

/// Why a call into the host has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It is inside of itself as often as it may be, and was not called.
    TooDeep,
    /// It forked, and this is the child.
    Forked,
    /// It panicked, with this message.
    Panicked(String),
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

/// Calls `function`, which calls the host.
pub(crate) fn call<T>(kind: Kind, function: impl FnOnce() -> T) -> Result<T, NoAnswer> {
    let here = stack::place();
    let before = entered(kind, here);
    if before.depth >= kind.most() {
        return Err(NoAnswer::TooDeep);
    }
    let generation = process::fork_generation();
    let answer = contained(|| run(kind, before, here, function));
    if process::fork_generation() != generation {
        return Err(NoAnswer::Forked);
    }
    answer.map_err(NoAnswer::Panicked)
}

/// Calls `function`, which calls the host; none if it was not called or panicked.
pub(crate) fn answer<T>(kind: Kind, function: impl FnOnce() -> T) -> Result<Option<T>, Forked> {
    match call(kind, function) {
        Ok(answer) => Ok(Some(answer)),
        Err(NoAnswer::TooDeep | NoAnswer::Panicked(_)) => Ok(None),
        Err(NoAnswer::Forked) => Err(Forked),
    }
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
            assert_eq!(nested, Ok(Ok(true)));
            let panicked = call(Kind::Transport, || panic!("inside"));
            assert_eq!(
                panicked,
                Err::<(), _>(NoAnswer::Panicked("inside".to_owned()))
            );
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
                let deeper = call(kind, || call(kind, || ()));
                let expected = if most > 1 {
                    Ok(())
                } else {
                    Err(NoAnswer::TooDeep)
                };
                assert_eq!(deeper, Ok(expected), "{kind:?}");
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
            assert_eq!(call(Kind::Hook, || is_inside(Kind::Hook)), Ok(true));
        });
    }
}
