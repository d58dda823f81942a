//! Scope: what is added to every event.

use std::ffi::c_char;

use super::capture::{optional, required};
use super::{guard, text};
use crate::client::state;

/// Sets a tag on all later events.
///
/// Arguments: `key`, at most 200 characters of `A-Z a-z 0-9 _ . : -` (others become `_`); `value`, at most 200
/// characters. Longer ones are cut when an event is made. The keys `release`, `dist`, `environment`, `user`, `filename`
/// and `function` belong to the server: it drops tags with these names, so choose others.
/// Ownership: both are copied.
/// Null: a NULL `key` is ignored; a NULL `value` removes the tag.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_tag(key: *const c_char, value: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated texts.
    unsafe { sentry_set_tag_n(key, text::c_str_len(key), value, text::c_str_len(value)) }
}

/// `sentry_set_tag` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_tag_n(
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) {
    guard((), || {
        // SAFETY: as our caller promises for both: NULL or that many readable bytes.
        let (key, value) = unsafe {
            (
                required(key, key_len, "key"),
                optional(value, value_len, "value"),
            )
        };
        if let (Ok(key), Ok(value)) = (key, value) {
            state::with_client(|client| client.scope().set_tag(&key, value.as_deref()));
        }
    });
}

/// Removes a tag.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_remove_tag(key: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_remove_tag_n(key, text::c_str_len(key)) }
}

/// `sentry_remove_tag` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_remove_tag_n(key: *const c_char, key_len: usize) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or `key_len` readable bytes.
        if let Ok(key) = unsafe { required(key, key_len, "key") } {
            state::with_client(|client| client.scope().set_tag(&key, None));
        }
    });
}
