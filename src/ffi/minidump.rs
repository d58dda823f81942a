//! Minidumps of other programs, reported as crashes.

use std::ffi::c_char;

use super::attachments;
use super::capture_value::captured_id;
use super::types::sentry_uuid_t;
use super::{guard, status, text};
use crate::base::uuid::Uuid;
use crate::client::state;

/// Captures a minidump: a fatal event with the scope of the process and the file attached.
///
/// `before_send` sees the event; it is never sampled out. The file is read now, whatever it holds, and stays. It is not
/// bound by `max_attachment_bytes`, but must fit the queue with the event: see `queue_max_bytes`.
///
/// Arguments: `path` of a regular file.
/// Ownership: the path is copied.
/// Null: a NULL or empty `path` gives the nil id.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: while the file is read.
/// Returns: the id of the event, also when nothing is sent for want of consent; the nil id when it was not accepted, also when the file cannot be read, and
/// `sentry_last_error_message` says why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_minidump(path: *const c_char) -> sentry_uuid_t {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_capture_minidump_n(path, text::c_str_len(path)) }
}

/// `sentry_capture_minidump` with a length.
///
/// Arguments: `path_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_minidump_n(
    path: *const c_char,
    path_len: usize,
) -> sentry_uuid_t {
    guard(Uuid::NIL.into(), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let path = unsafe { attachments::path(path, path_len) };
        let captured = path.map(|path| {
            let captured = state::with_client(|client| client.capture_minidump(path));
            captured.unwrap_or_else(|| Err(state::absence()))
        });
        let id = captured.as_ref().ok().and_then(captured_id);
        status::answer(captured.and_then(|captured| Ok(captured.map(|_| ())?)));
        id.unwrap_or(Uuid::NIL).into()
    })
}
