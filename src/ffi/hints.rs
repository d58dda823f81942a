//! Hints: what goes along with one capture only.

use std::ffi::c_char;
use std::ptr;

use super::attachments::{content, handle, path, sentry_attachment_t};
use super::status::Fault;
use super::{guard, text};
use crate::client::capture::attachments::Attachments;

/// What `sentry_hint_t` names.
pub struct sentry_hint_s {
    _private: [u8; 0],
}

/// What goes along with one feedback.
///
/// Made by `sentry_hint_new`, filled by `sentry_hint_attach_…`, ended by the capture it is given to. There is no other
/// way to end it: one that is made must be given away. `before_send_feedback` may attach to the hint it is shown, which
/// stays the library's.
/// Threads: any, several at once, until it is given away.
pub type sentry_hint_t = sentry_hint_s;

/// Makes a hint.
///
/// Ownership: the caller's, to be given to `sentry_capture_feedback_with_hint` or `sentry_scope_capture_feedback`.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_hint_new() -> *mut sentry_hint_t {
    guard(ptr::null_mut(), || {
        Box::into_raw(Box::new(Attachments::default())).cast()
    })
}

/// Attaches a file to the feedback that the hint will be given to; as `sentry_attach_file`.
///
/// Ownership: the path is copied; the handle is the library's and ends with the hint.
/// Null: a NULL `hint` and a NULL or empty `path` give NULL.
/// Threads: any, several at once.
/// Returns: a handle; NULL when nothing was attached.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_hint_attach_file(
    hint: *mut sentry_hint_t,
    path: *const c_char,
) -> *mut sentry_attachment_t {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_hint_attach_file_n(hint, path, text::c_str_len(path)) }
}

/// `sentry_hint_attach_file` with a length.
///
/// Arguments: `path_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_hint_attach_file_n(
    hint: *mut sentry_hint_t,
    path: *const c_char,
    path_len: usize,
) -> *mut sentry_attachment_t {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (hint, path) = unsafe { (look(hint), self::path(path, path_len)) };
        handle(hint.and_then(|to| Ok(to.add_file(path?, None))))
    })
}

/// Attaches bytes to the feedback that the hint will be given to; as `sentry_attach_bytes`.
///
/// Ownership: both are copied; the handle is the library's and ends with the hint.
/// Null: a NULL `hint`, a NULL or empty `buf` and a NULL `filename` give NULL.
/// Threads: any, several at once.
/// Returns: a handle; NULL when nothing was attached.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_hint_attach_bytes(
    hint: *mut sentry_hint_t,
    buf: *const c_char,
    buf_len: usize,
    filename: *const c_char,
) -> *mut sentry_attachment_t {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes, NULL or terminated.
    unsafe { sentry_hint_attach_bytes_n(hint, buf, buf_len, filename, text::c_str_len(filename)) }
}

/// `sentry_hint_attach_bytes` with a length for the name.
///
/// Arguments: `filename_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_hint_attach_bytes_n(
    hint: *mut sentry_hint_t,
    buf: *const c_char,
    buf_len: usize,
    filename: *const c_char,
    filename_len: usize,
) -> *mut sentry_attachment_t {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (hint, content) = unsafe {
            (
                look(hint),
                self::content((buf, buf_len), (filename, filename_len)),
            )
        };
        handle(hint.and_then(|to| content?.add(to)))
    })
}

/// Shows a hint of ours to the host.
pub(super) fn lend(hint: &Attachments) -> *mut sentry_hint_t {
    // Only ever read through: what changes in it does so behind a shared reference.
    ptr::from_ref(hint).cast_mut().cast()
}

/// Takes a hint back from the host; an empty one for NULL.
///
/// # Safety
/// `hint` is NULL or a handle of ours, which is given away.
pub(super) unsafe fn take(hint: *mut sentry_hint_t) -> Box<Attachments> {
    if hint.is_null() {
        return Box::default();
    }
    // SAFETY: every handle comes from `Box::into_raw` in `sentry_hint_new`, and the caller gives it back once.
    unsafe { Box::from_raw(hint.cast()) }
}

/// # Safety
/// `hint` is NULL or a handle of ours that lives for `'a`.
unsafe fn look<'a>(hint: *mut sentry_hint_t) -> Result<&'a Attachments, Fault> {
    // SAFETY: as our caller promises; behind it are attachments, alone or lent out.
    let hint = unsafe { hint.cast::<Attachments>().as_ref() };
    hint.ok_or_else(|| Fault::invalid("the hint is NULL"))
}
