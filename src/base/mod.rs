//! Base: what every other room needs and what knows nothing of Sentry.
//!
//! Decides how time is read, how ids are made, how a forked child is noticed, where diagnostics go, how a file is
//! replaced, what a lack of memory does, how locks survive a panic, and how the host's functions are called. Entry
//! points: [`clock::Clock`], [`uuid::Uuid`], [`diagnostics::Diagnostics`], [`process`], [`callout`], [`memory`].
//! May use: the standard library and `libc` only.

pub(crate) mod callout;
pub(crate) mod cancellation;
pub(crate) mod clock;
pub(crate) mod debug;
pub(crate) mod descriptor;
pub(crate) mod diagnostics;
pub(crate) mod file;
pub(crate) mod folder;
pub(crate) mod fork_gate;
pub(crate) mod kept;
pub(crate) mod last_thread;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod panic;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod regular_file;
mod severity;
pub(crate) mod stack;
pub(crate) mod timestamp;
pub(crate) mod uuid;
mod waiting_lines;
pub(crate) mod wall_history;
