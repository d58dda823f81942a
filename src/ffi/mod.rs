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

pub mod app_hang;
pub mod attachments;
pub mod attributes;
pub mod breadcrumbs;
pub mod capture;
pub mod capture_value;
pub mod consent;
pub mod crash;
pub mod envelopes;
mod error;
pub mod events;
pub mod feedback;
pub mod hints;
pub mod hooks;
pub mod http_transports;
pub mod lifecycle;
pub mod logger;
pub mod logs;
pub mod memory;
pub mod metrics;
pub mod minidump;
pub mod modules;
pub mod options;
pub mod options_delivery;
pub mod options_json;
pub mod outcome;
pub mod scope;
pub mod scope_values;
pub mod scopes;
pub mod sdk;
pub mod sessions;
pub mod stacks;
pub mod stats;
pub mod status;
mod text;
pub mod tracing;
pub mod transports;
pub mod types;
pub mod unwind;
pub mod uuid;
pub mod values;
pub mod values_access;
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
