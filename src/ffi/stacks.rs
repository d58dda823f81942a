//! Stack traces as values.

use std::ffi::c_void;
use std::hint::black_box;

use super::guard;
use super::values::{NULL, give, look, sentry_value_t};
use crate::client::capture::stacks;
use crate::client::construct;
use crate::value::tree::Value;

/// Makes a stack trace: an object with `frames`, the oldest call first, each with its `instruction_addr`.
///
/// Addresses go as they are: those that unwinding gives, innermost first, where all but the innermost are return addresses.
///
/// Arguments: `ips`, the addresses, innermost first; `len`, how many.
/// Ownership: addresses are copied; one reference, the caller's.
/// Null: a NULL `ips` takes the stack of the calling thread from the caller of this function on, at most 256 frames;
/// `len` does not matter then.
/// Threads: any; not from a signal handler.
/// Blocks: as `sentry_get_modules_list`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_stacktrace(
    ips: *mut *mut c_void,
    len: usize,
) -> sentry_value_t {
    let bottom = black_box(0_u8);
    let bottom = black_box(std::ptr::from_ref(&bottom)).addr();
    // SAFETY: as our caller promises: NULL or that many addresses.
    guard(NULL, || give(unsafe { stacktrace(ips, len, bottom) }))
}

/// Sets the key `stacktrace` of an exception or a thread, see `sentry_value_new_stacktrace`.
///
/// Ownership: `value` stays the caller's.
/// Null: as `sentry_value_new_stacktrace`; a value that is no object, or is frozen, stays as it is.
/// Threads: one at a time for each value.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_set_stacktrace(
    value: sentry_value_t,
    ips: *mut *mut c_void,
    len: usize,
) {
    let bottom = black_box(0_u8);
    let bottom = black_box(std::ptr::from_ref(&bottom)).addr();
    guard((), || {
        // SAFETY: as our caller promises: a valid value, NULL or that many addresses.
        let (value, stacktrace) = unsafe { (look(value), stacktrace(ips, len, bottom)) };
        // A value that takes none stays as it is.
        let _ = value.set_key(b"stacktrace", stacktrace);
    });
}

/// Adds a thread with nothing but a stack trace to an event. Deprecated: give a thread or an exception its stack with
/// `sentry_value_set_stacktrace`.
///
/// Ownership: `event` stays the caller's.
/// Null: as `sentry_value_new_stacktrace`; an event that is no object, or is frozen, stays as it is.
/// Threads: one at a time for each event.
/// Since: 0.1
#[deprecated(note = "use sentry_value_set_stacktrace")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_event_value_add_stacktrace(
    event: sentry_value_t,
    ips: *mut *mut c_void,
    len: usize,
) {
    let bottom = black_box(0_u8);
    let bottom = black_box(std::ptr::from_ref(&bottom)).addr();
    guard((), || {
        // SAFETY: as our caller promises: a valid value, NULL or that many addresses.
        let (event, stacktrace) = unsafe { (look(event), stacktrace(ips, len, bottom)) };
        construct::add_to(&event, "threads", stacks::thread(stacktrace));
    });
}

/// The stack trace of these addresses, or of the calling thread above `bottom`.
///
/// # Safety
/// `ips` is NULL or points to `len` addresses.
unsafe fn stacktrace(ips: *mut *mut c_void, len: usize, bottom: usize) -> Value {
    if ips.is_null() {
        return stacks::of_own_thread(bottom);
    }
    /// Of a length that no array has, nothing is taken.
    const MAX_LEN: usize = isize::MAX as usize / size_of::<usize>();
    let len = if len > MAX_LEN { 0 } else { len };
    // SAFETY: as our caller promises, and no longer than an array can be.
    let ips = unsafe { std::slice::from_raw_parts(ips, len) };
    stacks::of_addresses(ips.iter().map(|address| address.addr()))
}
