//! What a transaction starts with: its name, its operation, and where it comes from.

use std::ffi::{CString, c_char, c_int};

use super::position;
use crate::ffi::guard;
use crate::ffi::text::{c_str_len, usable_bytes};
use crate::protocol::trace::Position;

/// What `sentry_transaction_context_t` names.
pub struct sentry_transaction_context_s {
    name: CString,
    operation: CString,
    pub(super) position: Position,
}

/// What a transaction starts with: its name, its operation, and where it comes from.
///
/// Made by `sentry_transaction_context_new`, ended by the `sentry_transaction_start` it is given to; there is no other end.
/// Threads: one at a time for each handle.
pub type sentry_transaction_context_t = sentry_transaction_context_s;

/// Makes what a transaction starts with.
///
/// Arguments: `name`, what it is; `operation`, which kind of work, for instance `http.server`.
/// Ownership: the texts are copied; the handle is the caller's until it is given to `sentry_transaction_start`.
/// Null: NULL texts are empty.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_new(
    name: *const c_char,
    operation: *const c_char,
) -> *mut sentry_transaction_context_t {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe {
        sentry_transaction_context_new_n(name, c_str_len(name), operation, c_str_len(operation))
    }
}

/// `sentry_transaction_context_new` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_new_n(
    name: *const c_char,
    name_len: usize,
    operation: *const c_char,
    operation_len: usize,
) -> *mut sentry_transaction_context_t {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let (name, operation) = unsafe { (text(name, name_len), text(operation, operation_len)) };
        Box::into_raw(Box::new(sentry_transaction_context_t {
            name,
            operation,
            position: position(),
        }))
    })
}

/// Sets the name.
///
/// Ownership: the text is copied; what `sentry_transaction_context_get_name` gave is no longer valid.
/// Null: a NULL handle is ignored; a NULL text is empty.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_name(
    tx_ctx: *mut sentry_transaction_context_t,
    name: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_transaction_context_set_name_n(tx_ctx, name, c_str_len(name)) }
}

/// `sentry_transaction_context_set_name` with a length.
///
/// Arguments: `name_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_name_n(
    tx_ctx: *mut sentry_transaction_context_t,
    name: *const c_char,
    name_len: usize,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe { change(tx_ctx, |context| context.name = text(name, name_len)) };
}

/// Gets the name.
///
/// Ownership: the text is the handle's; valid until the name is set again or the handle is given away.
/// Null: an empty text for a NULL handle.
/// Threads: one at a time for each handle.
/// Returns: the text, never NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_get_name(
    tx_ctx: *const sentry_transaction_context_t,
) -> *const c_char {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    unsafe { tx_ctx.as_ref() }.map_or(c"".as_ptr(), |context| context.name.as_ptr())
}

/// Sets the operation.
///
/// Ownership: the text is copied; what `sentry_transaction_context_get_operation` gave is no longer valid.
/// Null: a NULL handle is ignored; a NULL text is empty.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_operation(
    tx_ctx: *mut sentry_transaction_context_t,
    operation: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_transaction_context_set_operation_n(tx_ctx, operation, c_str_len(operation)) }
}

/// `sentry_transaction_context_set_operation` with a length.
///
/// Arguments: `operation_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_operation_n(
    tx_ctx: *mut sentry_transaction_context_t,
    operation: *const c_char,
    operation_len: usize,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe {
        change(tx_ctx, |context| {
            context.operation = text(operation, operation_len);
        });
    }
}

/// Gets the operation.
///
/// Ownership: the text is the handle's; valid until the operation is set again or the handle is given away.
/// Null: an empty text for a NULL handle.
/// Threads: one at a time for each handle.
/// Returns: the text, never NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_get_operation(
    tx_ctx: *const sentry_transaction_context_t,
) -> *const c_char {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    unsafe { tx_ctx.as_ref() }.map_or(c"".as_ptr(), |context| context.operation.as_ptr())
}

/// Decides whether the trace is sent. Tracing is not enabled in this version: the decision is only passed on in headers.
///
/// Arguments: `sampled` 0 or not.
/// Null: ignored.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_sampled(
    tx_ctx: *mut sentry_transaction_context_t,
    sampled: c_int,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    unsafe {
        change(tx_ctx, |context| {
            context.position.set_sampled(Some(sampled != 0));
        });
    }
}

/// Takes back the decision of `sentry_transaction_context_set_sampled`.
///
/// Null: ignored.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_remove_sampled(
    tx_ctx: *mut sentry_transaction_context_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    unsafe { change(tx_ctx, |context| context.position.set_sampled(None)) };
}

/// Goes on with the trace of a request from another program.
///
/// Arguments: `key` and `value` of a header; only `sentry-trace` is read in this version, in any case.
/// Ownership: nothing is kept.
/// Null: ignored.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_update_from_header(
    tx_ctx: *mut sentry_transaction_context_t,
    key: *const c_char,
    value: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe {
        sentry_transaction_context_update_from_header_n(
            tx_ctx,
            key,
            c_str_len(key),
            value,
            c_str_len(value),
        );
    }
}

/// `sentry_transaction_context_update_from_header` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_update_from_header_n(
    tx_ctx: *mut sentry_transaction_context_t,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe {
        change(tx_ctx, |context| {
            let key = usable_bytes(key, key_len);
            let value = usable_bytes(value, value_len);
            if key.is_some_and(|key| key.eq_ignore_ascii_case(b"sentry-trace"))
                && let Some(Ok(value)) = value.map(std::str::from_utf8)
            {
                context.position.join(&value.to_ascii_lowercase());
            }
        });
    }
}

/// # Safety
/// `tx_ctx` is NULL or a handle of ours that no other thread uses.
unsafe fn change(
    tx_ctx: *mut sentry_transaction_context_t,
    action: impl FnOnce(&mut sentry_transaction_context_t),
) {
    guard((), || {
        // SAFETY: as our caller promises.
        if let Some(context) = unsafe { tx_ctx.as_mut() } {
            action(context);
        }
    });
}

/// The text for C, which ends at its first zero byte.
///
/// # Safety
/// `ptr` is NULL or has `len` readable bytes.
unsafe fn text(ptr: *const c_char, len: usize) -> CString {
    // SAFETY: as our caller promises.
    let bytes = unsafe { usable_bytes(ptr, len) }.unwrap_or_default();
    let until_zero = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    CString::new(until_zero).unwrap_or_default()
}
