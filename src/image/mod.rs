//! Image: what the process looks like from outside: its modules, the stack of a thread, the functions on it.
//!
//! Decides which files count as modules and how they are named for a server (IMG-1, IMG-2, IMG-3), and how a stack is
//! walked. It holds no state: the cache of modules is owned by `client`. Entry points: [`modules::ModuleCache`],
//! [`unwind::own_thread`], [`unwind::from_context`], [`symbols::find`]. Without the feature `crash` there are no
//! modules, no frames and no symbols. May use: `value`, `base`.
#![cfg_attr(
    not(all(
        feature = "crash",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    expect(
        dead_code,
        reason = "only the walk of a signal's stack reads memory and tables"
    )
)]

mod identity;
mod images;
mod loaded;
mod mappings;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "other processes: see `observed`")
)]
mod memory;
pub(crate) mod modules;
mod native;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "for crash reports, which are not made yet")
)]
mod observed;
pub(crate) mod registers;
pub(crate) mod symbols;
mod tables;
pub(crate) mod unwind;
mod unwinder;
