//! Scopes of the host's own: made, filled, handed to a capture.

use std::ffi::c_char;
use std::sync::Mutex;

use super::capture::{optional, required};
use super::types::{sentry_level_arg, sentry_uuid_t};
use super::values::{sentry_value_t, take};
use super::{guard, text};
use crate::base::lock::lock;
use crate::base::uuid::Uuid;
use crate::client::scope::{Part, Scope};
use crate::client::state;
use crate::protocol::level::Level;
use crate::value::tree::Value;

/// What `sentry_scope_t` names.
pub struct sentry_scope_s {
    pub(crate) scope: Scope,
    pub(crate) is_one_shot: bool,
    pub(crate) last_event_id: Mutex<Uuid>,
}

/// Data for some events: what an event does not have comes from here, and what is missing here from the process.
///
/// Made by `sentry_scope_new` (used as often as the host likes, ended by `sentry_scope_free`) or by
/// `sentry_local_scope_new` (ended by the capture it is given to). Filled by the functions `sentry_scope_set_…`.
/// Threads: any, several at once; the one that ends it must be the last.
pub type sentry_scope_t = sentry_scope_s;

fn new(scope: Scope, is_one_shot: bool, last: Uuid) -> *mut sentry_scope_t {
    Box::into_raw(Box::new(sentry_scope_t {
        scope,
        is_one_shot,
        last_event_id: Mutex::new(last),
    }))
}

/// Makes a scope that can be used for any number of captures.
///
/// Ownership: the caller's; end it with `sentry_scope_free`.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_scope_new() -> *mut sentry_scope_t {
    guard(std::ptr::null_mut(), || {
        new(Scope::empty(), false, Uuid::NIL)
    })
}

/// Makes a scope for one capture, which ends it.
///
/// Ownership: the caller's until it is given to a capture; one that is never used is ended by `sentry_scope_free`.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_local_scope_new() -> *mut sentry_scope_t {
    guard(std::ptr::null_mut(), || {
        new(Scope::empty(), true, Uuid::NIL)
    })
}

/// Ends a scope.
///
/// Null: does nothing.
/// Threads: nobody else may use the scope.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_free(scope: *mut sentry_scope_t) {
    if !scope.is_null() {
        // SAFETY: as our caller promises: a handle of ours that is given away.
        guard((), || drop(unsafe { Box::from_raw(scope) }));
    }
}

/// Copies a scope: an independent one, to be used for any number of captures.
///
/// Ownership: the caller's; end it with `sentry_scope_free`. NULL without memory.
/// Null: gives NULL.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_clone(scope: *const sentry_scope_t) -> *mut sentry_scope_t {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        let Some(scope) = (unsafe { scope.as_ref() }) else {
            return std::ptr::null_mut();
        };
        let last = *lock(&scope.last_event_id);
        (scope.scope.copy()).map_or(std::ptr::null_mut(), |copy| new(copy, false, last))
    })
}

/// Takes back everything that was set.
///
/// Null: does nothing.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_clear(scope: *mut sentry_scope_t) {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    let scope = unsafe { scope.as_ref() };
    guard((), || {
        if let Some(scope) = scope {
            scope.scope.clear();
            *lock(&scope.last_event_id) = Uuid::NIL;
        }
    });
}

/// Sets the user of events captured with this scope.
///
/// Arguments: `user`, an object, see `sentry_value_new_user`; null removes it, anything else is ignored.
/// Ownership: takes `user`.
/// Null: a NULL `scope` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_user(scope: *mut sentry_scope_t, user: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, and the other arguments are as documented.
        let scope = unsafe { scope.as_ref() };
        // SAFETY: as our caller promises: a reference given away.
        let user = unsafe { take(user) };
        if let Some(sentry_scope_t { scope, .. }) = scope {
            let complete = state::with_client(|client| client.with_id(&user));
            scope.set_user(&complete.unwrap_or(user));
        }
    });
}

/// Sets several tags of events captured with this scope.
///
/// Arguments: `tags`, an object; members that are no text are ignored.
/// Ownership: takes `tags`.
/// Null: a NULL `scope` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_tags(scope: *mut sentry_scope_t, tags: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, and the other arguments are as documented.
        let scope = unsafe { scope.as_ref() };
        // SAFETY: as our caller promises: a reference given away.
        let tags = unsafe { take(tags) };
        if let Some(sentry_scope_t { scope, .. }) = scope {
            scope.set_tags(&tags);
        }
    });
}

/// Sets the fingerprint of events captured with this scope.
///
/// Arguments: `fingerprints`, a list of texts; an empty one hides that of the process; what is no list is ignored.
/// Ownership: takes `fingerprints`.
/// Null: a NULL `scope` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_fingerprints(
    scope: *mut sentry_scope_t,
    fingerprints: sentry_value_t,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, and the other arguments are as documented.
        let scope = unsafe { scope.as_ref() };
        // SAFETY: as our caller promises: a reference given away.
        let fingerprints = unsafe { take(fingerprints) };
        if let Some(sentry_scope_t { scope, .. }) = scope {
            scope.set_fingerprints(&fingerprints);
        }
    });
}

/// Removes the fingerprint.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_remove_fingerprint(scope: *mut sentry_scope_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        let scope = unsafe { scope.as_ref() };
        if let Some(sentry_scope_t { scope, .. }) = scope {
            scope.set_field("fingerprint", None);
        }
    });
}

/// Sets the level of events captured with this scope that have none.
///
/// Arguments: `level`; unknown numbers are ignored. Default: error.
/// Null: a NULL `scope` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_level(
    scope: *mut sentry_scope_t,
    level: sentry_level_arg,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, and the other arguments are as documented.
        let scope = unsafe { scope.as_ref() };
        if let Some(sentry_scope_t { scope, .. }) = scope
            && let Some(level) = Level::from_number(level)
        {
            scope.set_level(level);
        }
    });
}

/// Sets a tag of events captured with this scope; limits as for `sentry_set_tag`.
///
/// Ownership: both are copied.
/// Null: a NULL `scope` or `key` is ignored; a NULL `value` removes the tag.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_tag(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    value: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated texts.
    unsafe {
        sentry_scope_set_tag_n(
            scope,
            key,
            text::c_str_len(key),
            value,
            text::c_str_len(value),
        )
    }
}

/// `sentry_scope_set_tag` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_tag_n(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, and the other arguments are as documented.
        let scope = unsafe { scope.as_ref() };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let (key, value) = unsafe {
            (
                required(key, key_len, "key"),
                optional(value, value_len, "value"),
            )
        };
        if let Some(sentry_scope_t { scope, .. }) = scope
            && let (Ok(key), Ok(value)) = (key, value)
        {
            scope.set_tag(&key, value.as_deref());
        }
    });
}

/// Sets one extra value, any data, of events captured with this scope.
///
/// Ownership: the key is copied; takes `value`.
/// Null: a NULL `scope` or `key` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_extra(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated, a valid value.
    unsafe { sentry_scope_set_extra_n(scope, key, text::c_str_len(key), value) }
}

/// `sentry_scope_set_extra` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_extra_n(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes, a value given away.
    unsafe {
        with_member(scope, key, key_len, value, |scope, key, value| {
            scope.set_value(Part::Extra, key, value)
        })
    };
}

/// Sets a context, an object that describes one thing, of events captured with this scope.
///
/// Ownership: the key is copied; takes `value`.
/// Null: a NULL `scope` or `key` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_context(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated, a valid value.
    unsafe { sentry_scope_set_context_n(scope, key, text::c_str_len(key), value) }
}

/// `sentry_scope_set_context` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_context_n(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes, a value given away.
    unsafe {
        with_member(scope, key, key_len, value, |scope, key, value| {
            scope.set_value(Part::Contexts, key, value)
        })
    };
}

/// Merges an object into a context of this scope: new keys win, objects within are merged, others stay.
///
/// Ownership: the key is copied; takes `value`.
/// Null: a NULL `scope` or `key` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_update_context(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated, a valid value.
    unsafe { sentry_scope_update_context_n(scope, key, text::c_str_len(key), value) }
}

/// `sentry_scope_update_context` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_update_context_n(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes, a value given away.
    unsafe {
        with_member(scope, key, key_len, value, |scope, key, value| {
            scope.update_context(key, value)
        })
    };
}

/// Gets the id of the event that was captured last with this scope.
///
/// Null: gives the nil id.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_get_last_event_id(
    scope: *const sentry_scope_t,
) -> sentry_uuid_t {
    guard(Uuid::NIL.into(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        let scope = unsafe { scope.as_ref() };
        scope
            .map_or(Uuid::NIL, |scope| *lock(&scope.last_event_id))
            .into()
    })
}

/// Hands scope, key and value to `set`, if there is a scope and the key can be read; the value is freed in any case.
///
/// # Safety
/// `scope` is NULL or a handle of ours, `key` is NULL or has `key_len` readable bytes, and one reference of `value` is
/// given away.
unsafe fn with_member(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
    set: impl FnOnce(&Scope, &str, &Value),
) {
    guard((), || {
        // SAFETY: as our caller promises.
        let (scope, key, value) =
            unsafe { (scope.as_ref(), required(key, key_len, "key"), take(value)) };
        if let (Some(scope), Ok(key)) = (scope, key) {
            set(&scope.scope, &key, &value);
        }
    });
}
