//! Scope, continued: what takes a value, and what every event has once.

use std::ffi::c_char;

use super::capture::{optional, required};
use super::types::{sentry_level_arg, sentry_status_t};
use super::values::{sentry_value_t, take};
use super::{error, guard, text};
use crate::client::scope::Part;
use crate::client::state;
use crate::protocol::level::Level;
use crate::value::tree::Value;

/// Sets the user of all later events.
///
/// Arguments: `user`, an object, see `sentry_value_new_user`; null removes the user, anything else is ignored.
/// Ownership: takes `user`.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_user(user: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises: a reference given away.
        let user = unsafe { take(user) };
        state::with_client(|client| client.set_user(&user));
    });
}

/// Removes the user.
///
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_remove_user() {
    guard((), || set_field("user", None));
}

/// Sets the level of later events that have none.
///
/// Arguments: `level`; unknown numbers are ignored. Default: error.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_level(level: sentry_level_arg) {
    guard((), || {
        if let Some(level) = Level::from_number(level) {
            state::with_client(|client| client.scope().set_level(level));
        }
    });
}

/// Sets the name of what is going on, for later events that name none.
///
/// Ownership: the text is copied.
/// Null: NULL removes it.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_transaction(transaction: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_set_transaction_n(transaction, text::c_str_len(transaction)) }
}

/// `sentry_set_transaction` with a length.
///
/// Arguments: `transaction_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_transaction_n(
    transaction: *const c_char,
    transaction_len: usize,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        if let Ok(text) = unsafe { optional(transaction, transaction_len, "transaction") } {
            state::with_client(|client| client.set_transaction_name(text.as_deref()));
        }
    });
}

/// Sets the release of later events, as far as servers take it; see `sentry_options_set_release`.
///
/// One that they refuse changes nothing; `sentry_last_error_message` then says so, and so do the diagnostics.
///
/// Ownership: the text is copied.
/// Null: NULL removes it.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_release(release: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_set_release_n(release, text::c_str_len(release)) }
}

/// `sentry_set_release` with a length.
///
/// Arguments: `release_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_release_n(release: *const c_char, release_len: usize) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        if let Ok(text) = unsafe { optional(release, release_len, "release") } {
            note(state::with_client(|client| client.set_release(text.as_deref())).flatten());
        }
    });
}

/// Sets the environment of later events, as far as servers take it; see `sentry_options_set_environment`.
///
/// One that they refuse changes nothing; `sentry_last_error_message` then says so, and so do the diagnostics.
///
/// Ownership: the text is copied.
/// Null: NULL removes it.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_environment(environment: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_set_environment_n(environment, text::c_str_len(environment)) }
}

/// `sentry_set_environment` with a length.
///
/// Arguments: `environment_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_environment_n(
    environment: *const c_char,
    environment_len: usize,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        if let Ok(text) = unsafe { optional(environment, environment_len, "environment") } {
            note(state::with_client(|client| client.set_environment(text.as_deref())).flatten());
        }
    });
}

/// Keeps what of a name was not taken as the last error.
fn note(lost: Option<String>) {
    match lost {
        Some(lost) => {
            error::fail(sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT, lost);
        }
        None => error::clear(),
    }
}

/// Sets several tags on all later events.
///
/// Arguments: `tags`, an object; members that are no text are ignored.
/// Ownership: takes `tags`.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_tags(tags: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises: a reference given away.
        let tags = unsafe { take(tags) };
        state::with_client(|client| client.scope().set_tags(&tags));
    });
}

/// Sets one extra value, any data, on all later events.
///
/// Ownership: the key is copied; takes `value`.
/// Null: a NULL key is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_extra(key: *const c_char, value: sentry_value_t) {
    // SAFETY: as our caller promises: NULL or terminated, a valid value.
    unsafe { sentry_set_extra_n(key, text::c_str_len(key), value) }
}

/// `sentry_set_extra` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_extra_n(
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes, a reference given away.
        unsafe { set_member(Part::Extra, key, key_len, take(value)) };
    });
}

/// Removes what `sentry_set_extra` set.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_remove_extra(key: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_remove_extra_n(key, text::c_str_len(key)) }
}

/// `sentry_remove_extra` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_remove_extra_n(key: *const c_char, key_len: usize) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        if let Ok(key) = unsafe { required(key, key_len, "key") } {
            state::with_client(|client| client.scope().set_member(Part::Extra, &key, None));
        }
    });
}

/// Sets a context, an object that describes one thing, on all later events.
///
/// Ownership: the key is copied; takes `value`.
/// Null: a NULL key is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_context(key: *const c_char, value: sentry_value_t) {
    // SAFETY: as our caller promises: NULL or terminated, a valid value.
    unsafe { sentry_set_context_n(key, text::c_str_len(key), value) }
}

/// `sentry_set_context` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_context_n(
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes, a reference given away.
        unsafe { set_member(Part::Contexts, key, key_len, take(value)) };
    });
}

/// Removes what `sentry_set_context` set.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_remove_context(key: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_remove_context_n(key, text::c_str_len(key)) }
}

/// `sentry_remove_context` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_remove_context_n(key: *const c_char, key_len: usize) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        if let Ok(key) = unsafe { required(key, key_len, "key") } {
            state::with_client(|client| client.scope().set_member(Part::Contexts, &key, None));
        }
    });
}

/// Merges an object into a context of all later events: new keys win, objects within are merged, others stay.
///
/// Arguments: `value`; what is no object removes the context.
/// Ownership: the key is copied; takes `value`.
/// Null: a NULL key is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_update_context(key: *const c_char, value: sentry_value_t) {
    // SAFETY: as our caller promises: NULL or terminated, a valid value.
    unsafe { sentry_update_context_n(key, text::c_str_len(key), value) }
}

/// `sentry_update_context` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_update_context_n(
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes, a reference given away.
        let (key, value) = unsafe { (required(key, key_len, "key"), take(value)) };
        if let Ok(key) = key {
            state::with_client(|client| client.scope().update_context(&key, &value));
        }
    });
}

/// Sets the fingerprint of all later events: `sentry_set_fingerprint` for languages without variadic calls.
///
/// Arguments: `fingerprints`, a list of texts; `{{ default }}` stands for what the server would have chosen; an empty
/// one is as none; what is no list is ignored.
/// Ownership: takes `fingerprints`.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_fingerprints(fingerprints: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises: a reference given away.
        let fingerprints = unsafe { take(fingerprints) };
        state::with_client(|client| client.scope().set_fingerprints(&fingerprints));
    });
}

/// Removes the fingerprint of all later events.
///
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_remove_fingerprint() {
    guard((), || set_field("fingerprint", None));
}

fn set_field(name: &'static str, json: Option<String>) {
    state::with_client(|client| client.scope().set_field(name, json));
}

/// # Safety
/// `key` is NULL or has `key_len` readable bytes.
unsafe fn set_member(part: Part, key: *const c_char, key_len: usize, value: Value) {
    // SAFETY: as our caller promises.
    if let Ok(key) = unsafe { required(key, key_len, "key") } {
        state::with_client(|client| client.scope().set_value(part, &key, &value));
    }
}
