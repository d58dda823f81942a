//! The C interface: exported functions only. They convert, call, convert back, and decide nothing.
//!
//! `build/header.rs` says which file belongs to which section of the header. Every body runs inside `guard`, so that a panic
//! never crosses into C. Pointers are checked for NULL before anything else. May use: `client` and what lies below it.
//!
//! This is the one room of raw pointers and `extern "C"`.

#![allow(non_camel_case_types, reason = "the names of the header")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the comments become the header, where the lines Null, Ownership and Threads say it"
)]

#[cfg(feature = "compat")]
pub mod app_hang;
#[cfg(feature = "compat")]
pub mod attachments;
#[cfg(feature = "compat")]
pub mod attributes;
pub mod breadcrumbs;
pub mod capture;
#[cfg(feature = "compat")]
pub mod capture_value;
pub mod check_ins;
pub mod consent;
#[cfg(feature = "compat")]
pub mod crash;
#[cfg(feature = "compat")]
pub mod envelopes;
mod error;
#[cfg(feature = "compat")]
pub mod events;
#[cfg(feature = "compat")]
pub mod feedback;
#[cfg(feature = "compat")]
pub mod hints;
#[cfg(feature = "compat")]
pub mod hooks;
#[cfg(feature = "compat")]
mod http_client;
#[cfg(feature = "compat")]
pub mod http_transports;
pub mod lifecycle;
#[cfg(feature = "compat")]
mod log_format;
#[cfg(feature = "compat")]
pub mod logger;
#[cfg(feature = "compat")]
pub mod logs;
pub mod memory;
#[cfg(feature = "compat")]
pub mod metrics;
#[cfg(feature = "compat")]
pub mod minidump;
#[cfg(feature = "compat")]
pub mod modules;
pub mod options;
pub mod options_delivery;
pub mod options_json;
pub mod outcome;
pub mod scope;
#[cfg(feature = "compat")]
pub mod scope_values;
#[cfg(feature = "compat")]
pub mod scopes;
pub mod sdk;
#[cfg(feature = "compat")]
pub mod sessions;
#[cfg(feature = "compat")]
pub mod stacks;
pub mod stats;
pub mod status;
mod text;
#[cfg(feature = "compat")]
pub mod tracing;
#[cfg(feature = "compat")]
pub mod transports;
pub mod types;
#[cfg(feature = "compat")]
pub mod unwind;
pub mod uuid;
#[cfg(feature = "compat")]
pub mod values;
#[cfg(feature = "compat")]
pub mod values_access;
#[cfg(feature = "compat")]
pub mod variadic;

use crate::base::cancellation;
use crate::base::diagnostics::Severity;
use crate::base::panic::contained;
use crate::client::state;

/// Runs the body of an exported function. The thread is not cancelled meanwhile. A panic is recorded in the diagnostics
/// and answered with `fallback`, which must not need memory to be made.
pub(crate) fn guard<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    cancellation::held(|| match contained(body) {
        Ok(value) => value,
        Err(message) => {
            record(&message);
            fallback
        }
    })
}

/// Not copied into each export.
#[cold]
#[inline(never)]
fn record(message: &str) {
    // The record itself may panic (a broken stderr); then there is nothing left to say.
    let _ = contained(|| {
        state::log(
            Severity::Error,
            format_args!("panic in the library, the call failed: {message}"),
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    // LIF-8
    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(guard(7, || panic!("inside")), 7);
        assert_eq!(guard(7, || 8), 8);
    }
}
