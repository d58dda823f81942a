//! Options: files that go along with every event, and how large an attachment may be.
//!
//! Entry points: the exported functions. May use: `handle`, `text`, `client::options`.

use std::ffi::{OsStr, c_char};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::access::{get_unsigned, set_whole};
use super::handle::{configure, sentry_options_t};
use crate::base::memory;
use crate::client::capture::attachments::VIEW_HIERARCHY;
use crate::client::options::{AttachedFile, row};
use crate::ffi::guard;
use crate::ffi::text::{self, TextError};
use crate::ffi::types::sentry_status_t;

/// Attaches a file to all events, as `sentry_attach_file` does after init.
///
/// Arguments: `path`, which need not exist yet. The same path given twice is sent once.
/// Ownership: the path is copied.
/// Null: a NULL or empty `path` and a NULL `opts` are ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_add_attachment(
    opts: *mut sentry_options_t,
    path: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_add_attachment_n(opts, path, text::c_str_len(path)) }
}

/// Like `sentry_options_add_attachment`, with a length.
///
/// Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_add_attachment_n(
    opts: *mut sentry_options_t,
    path: *const c_char,
    path_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { add(opts, path, path_len, None) }
}

/// Attaches a file to all events as the layout of a user interface; see `SENTRY_ATTACHMENT_TYPE_VIEW_HIERARCHY`.
///
/// Arguments: `path` of a JSON file, which need not exist yet.
/// Ownership: the path is copied.
/// Null: a NULL or empty `path` and a NULL `opts` are ignored.
/// Since: 0.1
#[deprecated(note = "use sentry_attach_file and sentry_attachment_set_type")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_add_view_hierarchy(
    opts: *mut sentry_options_t,
    path: *const c_char,
) {
    #[expect(deprecated, reason = "the twin is deprecated as well")]
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe {
        sentry_options_add_view_hierarchy_n(opts, path, text::c_str_len(path))
    }
}

/// Like `sentry_options_add_view_hierarchy`, with a length.
///
/// Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
/// Since: 0.1
#[deprecated(note = "use sentry_attach_file and sentry_attachment_set_type")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_add_view_hierarchy_n(
    opts: *mut sentry_options_t,
    path: *const c_char,
    path_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { add(opts, path, path_len, Some(VIEW_HIERARCHY)) }
}

/// Sets the most bytes of one attachment; larger ones are left out of the event, and counted.
///
/// Everything that travels together must fit `queue_max_bytes` as well. Minidumps given to `sentry_capture_minidump` are
/// bound by that alone.
///
/// Arguments: `bytes` 1 to 536,870,912; default 20,971,520.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_max_attachment_bytes(
    opts: *mut sentry_options_t,
    bytes: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::max_attachment_bytes, i128::from(bytes)) }
}

/// Gets the most bytes of one attachment.
///
/// Null: 0 for a NULL `opts`.
/// Returns: bytes.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_max_attachment_bytes(
    opts: *const sentry_options_t,
) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::max_attachment_bytes) }
}

/// # Safety
/// `opts` is NULL or a handle that no other thread uses meanwhile, and `path` is NULL or has `len` readable bytes.
unsafe fn add(
    opts: *mut sentry_options_t,
    path: *const c_char,
    len: usize,
    kind: Option<&'static str>,
) {
    guard((), || {
        // SAFETY: passed on.
        let path = unsafe { text::optional_bytes(path, len) };
        // SAFETY: passed on.
        unsafe {
            configure(opts, None, &mut |options| {
                let path = path.map_err(|error| error.to_string())?;
                let path = path.filter(|path| !path.is_empty());
                let path = path.ok_or("the path is NULL or empty")?;
                // Before the option keeps a copy.
                if !memory::is_there(path.len()) {
                    return Err(TextError::OutOfMemory.to_string());
                }
                let path = PathBuf::from(OsStr::from_bytes(path));
                options.attachments.push(AttachedFile { path, kind });
                Ok(())
            })
        };
    });
}
