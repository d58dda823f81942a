//! `libsentry`: reports events from native programs to Sentry, through a C interface.
//!
//! The public interface of this crate is C: `include/sentry.h`, made from the functions in [`ffi`]. Everything else is
//! arranged in rooms that may only use rooms to their right and below:
//!
//! ```text
//! ffi → client → { transport, telemetry, crash } → store → protocol → value → base
//!                └→ image ←───────────┘
//! ```
//!
//! `tests/architecture.rs` reads the `use` lines and fails on an arrow that points backwards.

#![cfg_attr(
    not(all(feature = "compat", feature = "spool")),
    allow(
        dead_code,
        unused_imports,
        reason = "only what is left out calls it; the linker leaves it out as well"
    )
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        reason = "a test that overflows fails"
    )
)]

pub(crate) mod base;
pub(crate) mod client;
pub(crate) mod crash;
pub mod ffi;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub(crate) mod image;
pub(crate) mod protocol;
pub(crate) mod store;
pub(crate) mod telemetry;
pub(crate) mod transport;
pub(crate) mod value;
