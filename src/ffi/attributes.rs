//! Attributes of a scope: typed data for logs and metrics.

use std::ffi::c_char;

use super::capture::required;
use super::scopes::sentry_scope_t;
use super::values::{sentry_value_t, take};
use super::{guard, text};
use crate::client::scope::{Part, Scope};
use crate::client::state;
use crate::value::tree::Value;

/// Sets an attribute of all later logs and metrics. Events do not carry attributes.
///
/// Arguments: `attribute`, see `sentry_value_new_attribute`: an object whose `value` and `type` are not null; anything
/// else is ignored.
/// Ownership: the key is copied; takes `attribute`.
/// Null: a NULL key is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_attribute(key: *const c_char, attribute: sentry_value_t) {
    // SAFETY: as our caller promises: NULL or terminated, a valid value.
    unsafe { sentry_set_attribute_n(key, text::c_str_len(key), attribute) }
}

/// `sentry_set_attribute` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_attribute_n(
    key: *const c_char,
    key_len: usize,
    attribute: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or that many readable bytes, a reference given away.
    unsafe { set(Holder::Process, key, key_len, attribute) }
}

/// Removes what `sentry_set_attribute` set.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_remove_attribute(key: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_remove_attribute_n(key, text::c_str_len(key)) }
}

/// `sentry_remove_attribute` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_remove_attribute_n(key: *const c_char, key_len: usize) {
    // SAFETY: as our caller promises: NULL or that many readable bytes.
    unsafe { remove(Holder::Process, key, key_len) }
}

/// Sets an attribute of logs and metrics captured with this scope; see `sentry_set_attribute`.
///
/// Ownership: the key is copied; takes `attribute`.
/// Null: a NULL `scope` or `key` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_attribute(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    attribute: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated, a valid value.
    unsafe { sentry_scope_set_attribute_n(scope, key, text::c_str_len(key), attribute) }
}

/// `sentry_scope_set_attribute` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_attribute_n(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    key_len: usize,
    attribute: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes, a value given away.
    unsafe { set(Holder::of(scope), key, key_len, attribute) };
}

/// Removes what `sentry_scope_set_attribute` set.
///
/// Null: a NULL `scope` or `key` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_remove_attribute(
    scope: *mut sentry_scope_t,
    key: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_scope_remove_attribute_n(scope, key, text::c_str_len(key)) }
}

/// `sentry_scope_remove_attribute` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_remove_attribute_n(
    scope: *mut sentry_scope_t,
    key: *const c_char,
    key_len: usize,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe { remove(Holder::of(scope), key, key_len) }
}

/// Whose attributes are meant.
enum Holder<'a> {
    Process,
    Scope(Option<&'a sentry_scope_t>),
}

impl Holder<'_> {
    /// # Safety
    /// `scope` is NULL or a handle of ours that lives during the call.
    unsafe fn of(scope: *mut sentry_scope_t) -> Self {
        // SAFETY: as our caller promises.
        Self::Scope(unsafe { scope.as_ref() })
    }

    fn with(&self, change: impl FnOnce(&Scope)) {
        match self {
            Self::Process => {
                state::with_client(|client| change(client.scope()));
            }
            Self::Scope(scope) => {
                if let Some(scope) = scope {
                    change(&scope.scope);
                }
            }
        }
    }
}

/// # Safety
/// `key` is NULL or has `key_len` readable bytes, and one reference of `attribute` is given away.
unsafe fn set(holder: Holder<'_>, key: *const c_char, key_len: usize, attribute: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises.
        let (key, attribute) = unsafe { (required(key, key_len, "key"), take(attribute)) };
        if let Ok(key) = key
            && is_attribute(&attribute)
        {
            holder.with(|scope| scope.set_value(Part::Attributes, &key, &attribute));
        }
    });
}

/// # Safety
/// `key` is NULL or has `key_len` readable bytes.
unsafe fn remove(holder: Holder<'_>, key: *const c_char, key_len: usize) {
    guard((), || {
        // SAFETY: as our caller promises.
        if let Ok(key) = unsafe { required(key, key_len, "key") } {
            holder.with(|scope| scope.set_member(Part::Attributes, &key, None));
        }
    });
}

fn is_attribute(attribute: &Value) -> bool {
    let has = |key: &[u8]| {
        let member = attribute.get_key(key);
        member.is_some_and(|member| !matches!(member, Value::Null))
    };
    has(b"value") && has(b"type")
}
