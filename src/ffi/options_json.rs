//! Options from JSON.
//!
//! Entry points: the exported functions. May use: `options::handle`, `text`, `error`, `client::options`.

use std::ffi::c_char;
use std::ptr;

use super::options::handle::{give, sentry_options_t};
use super::types::sentry_status_t;
use super::{error, guard, text};
use crate::client::options::Options;

/// Makes options from one JSON object, with the environment and the defaults for what it does not name.
///
/// Arguments: `json` in UTF-8, at most 1 MiB; its keys are the names of the functions `sentry_options_set_…`, such as
/// `{"dsn": "https://…", "queue_max_items": 100}`. Enums and levels are written as names, such as `"drop_oldest"`,
/// `"gzip"`, `"warning"`; null unsets a text.
/// Ownership: the text is only read; the options are the caller's, as those of `sentry_options_new`.
/// Null: NULL is refused.
/// Returns: the options; NULL when refused, then `sentry_last_error_message()` names the key and what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_new_from_json(
    json: *const c_char,
) -> *mut sentry_options_t {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_new_from_json_n(json, text::c_str_len(json)) }
}

/// Like `sentry_options_new_from_json`, with a length.
///
/// Arguments: `json_len` in bytes, without terminator.
/// Ownership: the text is only read; the options are the caller's, as those of `sentry_options_new`.
/// Null: NULL is refused.
/// Returns: the options; NULL when refused, then `sentry_last_error_message()` names the key and what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_new_from_json_n(
    json: *const c_char,
    json_len: usize,
) -> *mut sentry_options_t {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller promises readable bytes or NULL.
        match unsafe { options_from(json, json_len) } {
            Ok(options) => {
                error::clear();
                give(options)
            }
            Err(reason) => {
                error::fail(sentry_status_t::SENTRY_STATUS_INVALID_JSON, reason);
                ptr::null_mut()
            }
        }
    })
}

/// Reads the text of the caller.
///
/// # Safety
/// `json` is NULL or points to `json_len` readable bytes.
unsafe fn options_from(json: *const c_char, json_len: usize) -> Result<Options, String> {
    // SAFETY: promised by the caller.
    let bytes =
        unsafe { text::optional_bytes(json, json_len) }.map_err(|error| error.to_string())?;
    let bytes = bytes.ok_or("the JSON is NULL; pass the text of one object, at least {}")?;
    let json = text::strict(bytes).map_err(|error| error.to_string())?;
    Options::from_json(json)
}
