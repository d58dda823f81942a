//! Breadcrumbs: made, and added to the scope of the process or to one of the host's own.

use std::ffi::c_char;
use std::time::SystemTime;

use super::capture::required;
#[cfg(feature = "compat")]
use super::scopes::sentry_scope_t;
use super::status::{self, answer, answer_noting};
use super::types::sentry_status_t;
#[cfg(feature = "compat")]
use super::values::{NULL, give, sentry_value_t, take};
use super::{guard, text};
use crate::client::capture::refused::Refused;
use crate::client::scope::Scope;
use crate::client::{construct, state};
use crate::protocol::event::{EventError, LeftOut, breadcrumb};
use crate::value::tree::Value;

/// Adds a breadcrumb.
///
/// Arguments: `breadcrumb`, an object, see `sentry_value_new_breadcrumb`; anything else is ignored.
/// Ownership: takes `breadcrumb`.
/// Threads: any, several at once.
/// Blocks: never.
/// Since: 0.1
#[cfg(feature = "compat")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_add_breadcrumb(breadcrumb: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises: a reference given away.
        let breadcrumb = unsafe { take(breadcrumb) };
        let added = state::with_client(|client| client.add_breadcrumb_value(breadcrumb));
        status::answer_noting(added.unwrap_or_else(|| Err(state::absence())));
    });
}

/// Adds a breadcrumb given as JSON text: something that happened before an event.
///
/// Arguments: `breadcrumb_json`, one object with any of `timestamp`, `type`, `category`, `message`, `data`, `level`. A
/// missing `timestamp` is filled in; the oldest of `max_breadcrumbs`, or of 1 MiB of text, makes room.
/// Ownership: the text is copied.
/// Null: refused.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_JSON` with the byte in `sentry_last_error_message`;
/// `SENTRY_STATUS_DISABLED`; `SENTRY_STATUS_OUT_OF_MEMORY`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_add_breadcrumb_json(
    breadcrumb_json: *const c_char,
) -> sentry_status_t {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_add_breadcrumb_json_n(breadcrumb_json, text::c_str_len(breadcrumb_json)) }
}

/// `sentry_add_breadcrumb_json` with a length.
///
/// Arguments: `breadcrumb_json_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_add_breadcrumb_json_n(
    breadcrumb_json: *const c_char,
    breadcrumb_json_len: usize,
) -> sentry_status_t {
    guard(sentry_status_t::SENTRY_STATUS_INTERNAL_ERROR, || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let json = unsafe { required(breadcrumb_json, breadcrumb_json_len, "breadcrumb_json") };
        match json {
            Ok(json) => answer_noting(
                state::with_client(|client| client.add_breadcrumb(&json))
                    .unwrap_or_else(|| Err(state::absence())),
            ),
            Err(fault) => answer(Err(fault)),
        }
    })
}

/// Adds a breadcrumb for events captured with this scope. `before_breadcrumb` does not see it.
///
/// Ownership: takes `breadcrumb`.
/// Null: a NULL `scope` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[cfg(feature = "compat")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_add_breadcrumb(
    scope: *mut sentry_scope_t,
    breadcrumb: sentry_value_t,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, and the other arguments are as documented.
        let scope = unsafe { scope.as_ref() };
        // SAFETY: as our caller promises: a reference given away.
        let breadcrumb = unsafe { take(breadcrumb) };
        if let Some(sentry_scope_t { scope, .. }) = scope {
            status::answer_noting(add_breadcrumb(scope, breadcrumb));
        }
    });
}

/// Makes a breadcrumb with the time.
///
/// Arguments: `kind`, for instance `default`, `http`, `error`; `message`, what happened.
/// Ownership: texts are copied; one reference, the caller's.
/// Null: a NULL text leaves its key out.
/// Threads: any.
/// Since: 0.1
#[cfg(feature = "compat")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_breadcrumb(
    kind: *const c_char,
    message: *const c_char,
) -> sentry_value_t {
    // SAFETY: as our caller promises: NULL or terminated texts.
    unsafe {
        sentry_value_new_breadcrumb_n(
            kind,
            text::c_str_len(kind),
            message,
            text::c_str_len(message),
        )
    }
}

/// `sentry_value_new_breadcrumb` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[cfg(feature = "compat")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_breadcrumb_n(
    kind: *const c_char,
    kind_len: usize,
    message: *const c_char,
    message_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let kind = unsafe { text::usable_bytes(kind, kind_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let message = unsafe { text::usable_bytes(message, message_len) };
        give(construct::breadcrumb(kind, message))
    })
}

fn add_breadcrumb(scope: &Scope, value: Value) -> Result<LeftOut, Refused> {
    let crumb = breadcrumb::from_value(value, SystemTime::now())?;
    scope.add_breadcrumb(crumb.json).map_err(EventError::from)?;
    Ok(crumb.left_out)
}
