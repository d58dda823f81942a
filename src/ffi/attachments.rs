//! Attachments: files and bytes that travel with events.
//!
//! A handle is a number in the clothes of a pointer: it is looked up, never followed. So a handle that has ended, or was
//! made up, leads nowhere. Entry points: the exported functions; `handle`, `path` and `content` for the hints.

use std::ffi::{OsStr, c_char};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr;

use super::capture::{optional, required};
use super::scopes::sentry_scope_t;
use super::status::Fault;
use super::types::sentry_status_t;
use super::{error, guard, text};
use crate::client::capture::attachments::{Attachment, Attachments};
use crate::client::{state, tables};

/// What `sentry_attachment_t` names.
pub struct sentry_attachment_s {
    _private: [u8; 0],
}

/// Something attached: a file or bytes.
///
/// Made by the functions `sentry_…attach_file` and `sentry_…attach_bytes`, changed by `sentry_attachment_set_…`. It
/// belongs to the library and ends with what it was attached to, or by `sentry_remove_attachment` and
/// `sentry_clear_attachments`; a handle that has ended is ignored.
/// Threads: any, several at once.
pub type sentry_attachment_t = sentry_attachment_s;

/// Most bytes that can be attached.
const MAX_BYTES: usize = 1024 * 1024 * 1024;

/// Attaches a file to all later events and feedback.
///
/// It is read by each capture, on the capturing thread, from the current directory of that moment: what is there then
/// is sent. A file that cannot be read, is no regular file, or is larger than `max_attachment_bytes` is left out and
/// counted; the event is sent without it.
///
/// Arguments: `path`, which need not exist yet.
/// Ownership: the path is copied; the handle is the library's.
/// Null: a NULL or empty `path` gives NULL.
/// Threads: any, several at once.
/// Returns: a handle, the one that is there already if this path with the same type is; NULL when nothing was attached,
/// also when not initialised, and `sentry_last_error_message` says why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attach_file(path: *const c_char) -> *mut sentry_attachment_t {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_attach_file_n(path, text::c_str_len(path)) }
}

/// `sentry_attach_file` with a length.
///
/// Arguments: `path_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attach_file_n(
    path: *const c_char,
    path_len: usize,
) -> *mut sentry_attachment_t {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let path = unsafe { self::path(path, path_len) };
        handle(path.and_then(|path| of_process(|to| Ok(to.add_file(path, None)))))
    })
}

/// Attaches a file to all later events and feedback captured with this scope; as `sentry_attach_file`.
///
/// Ownership: the path is copied; the handle is the library's and ends with the scope.
/// Null: a NULL `scope` and a NULL or empty `path` give NULL.
/// Threads: any, several at once.
/// Returns: a handle; NULL when nothing was attached.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_attach_file(
    scope: *mut sentry_scope_t,
    path: *const c_char,
) -> *mut sentry_attachment_t {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_scope_attach_file_n(scope, path, text::c_str_len(path)) }
}

/// `sentry_scope_attach_file` with a length.
///
/// Arguments: `path_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_attach_file_n(
    scope: *mut sentry_scope_t,
    path: *const c_char,
    path_len: usize,
) -> *mut sentry_attachment_t {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (scope, path) = unsafe { (of_scope(scope), self::path(path, path_len)) };
        handle(scope.and_then(|to| Ok(to.add_file(path?, None))))
    })
}

/// Attaches bytes to all later events and feedback.
///
/// Arguments: `buf_len` bytes at `buf`, at most 1 GiB; what is larger than `max_attachment_bytes` is kept, and left out
/// when something is captured. `filename`, of which what follows the last slash is sent. Equal bytes are sent as often
/// as they are attached.
/// Ownership: both are copied; the handle is the library's.
/// Null: a NULL or empty `buf` and a NULL `filename` give NULL.
/// Threads: any, several at once.
/// Returns: a handle; NULL when nothing was attached, also when not initialised, and `sentry_last_error_message` says
/// why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attach_bytes(
    buf: *const c_char,
    buf_len: usize,
    filename: *const c_char,
) -> *mut sentry_attachment_t {
    // SAFETY: as our caller promises: NULL or that many readable bytes, NULL or terminated.
    unsafe { sentry_attach_bytes_n(buf, buf_len, filename, text::c_str_len(filename)) }
}

/// `sentry_attach_bytes` with a length for the name.
///
/// Arguments: `filename_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attach_bytes_n(
    buf: *const c_char,
    buf_len: usize,
    filename: *const c_char,
    filename_len: usize,
) -> *mut sentry_attachment_t {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let content = unsafe { self::content((buf, buf_len), (filename, filename_len)) };
        handle(content.and_then(|content| of_process(|to| content.add(to))))
    })
}

/// Attaches bytes to all later events and feedback captured with this scope; as `sentry_attach_bytes`.
///
/// Ownership: both are copied; the handle is the library's and ends with the scope.
/// Null: a NULL `scope`, a NULL or empty `buf` and a NULL `filename` give NULL.
/// Threads: any, several at once.
/// Returns: a handle; NULL when nothing was attached.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_attach_bytes(
    scope: *mut sentry_scope_t,
    buf: *const c_char,
    buf_len: usize,
    filename: *const c_char,
) -> *mut sentry_attachment_t {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes, NULL or terminated.
    unsafe { sentry_scope_attach_bytes_n(scope, buf, buf_len, filename, text::c_str_len(filename)) }
}

/// `sentry_scope_attach_bytes` with a length for the name.
///
/// Arguments: `filename_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_attach_bytes_n(
    scope: *mut sentry_scope_t,
    buf: *const c_char,
    buf_len: usize,
    filename: *const c_char,
    filename_len: usize,
) -> *mut sentry_attachment_t {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (scope, content) = unsafe {
            (
                of_scope(scope),
                self::content((buf, buf_len), (filename, filename_len)),
            )
        };
        handle(scope.and_then(|to| content?.add(to)))
    })
}

/// Removes everything that was attached to all events.
///
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_clear_attachments() {
    guard((), || {
        // Without a client there is nothing to clear.
        let _ = of_process(|attachments| {
            attachments.clear();
            Ok(())
        });
    });
}

/// Removes one thing that was attached to all events; the handle ends.
///
/// Null: ignored, as are handles that have ended, and those of a scope or a hint.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_remove_attachment(attachment: *mut sentry_attachment_t) {
    guard((), || {
        let _ = of_process(|attachments| {
            attachments.remove(attachment.addr());
            Ok(())
        });
    });
}

/// Sets what an attachment is, for the server.
///
/// Arguments: `type`, see `SENTRY_ATTACHMENT_TYPE_…`, at most 255 characters; empty: none, which is
/// `event.attachment`. `event.minidump` and `event.view_hierarchy` set the content type, too, if there is none.
/// Ownership: the text is copied.
/// Null: a NULL `attachment` is ignored, as is a handle that has ended; a NULL `type` is as an empty one.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attachment_set_type(
    attachment: *mut sentry_attachment_t,
    r#type: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_attachment_set_type_n(attachment, r#type, text::c_str_len(r#type)) }
}

/// `sentry_attachment_set_type` with a length.
///
/// Arguments: `type_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attachment_set_type_n(
    attachment: *mut sentry_attachment_t,
    r#type: *const c_char,
    type_len: usize,
) {
    // SAFETY: as our caller promises: NULL or that many readable bytes.
    unsafe { set(attachment, (r#type, type_len), Attachment::set_kind) }
}

/// Sets the media type of an attachment.
///
/// Arguments: `content_type`, such as `text/plain`, at most 255 characters; empty: none.
/// Ownership: the text is copied.
/// Null: a NULL `attachment` is ignored, as is a handle that has ended; a NULL `content_type` is as an empty one.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attachment_set_content_type(
    attachment: *mut sentry_attachment_t,
    content_type: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe {
        sentry_attachment_set_content_type_n(
            attachment,
            content_type,
            text::c_str_len(content_type),
        )
    }
}

/// `sentry_attachment_set_content_type` with a length.
///
/// Arguments: `content_type_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attachment_set_content_type_n(
    attachment: *mut sentry_attachment_t,
    content_type: *const c_char,
    content_type_len: usize,
) {
    // SAFETY: as our caller promises: NULL or that many readable bytes.
    unsafe {
        set(
            attachment,
            (content_type, content_type_len),
            Attachment::set_content_type,
        )
    }
}

/// Sets the name an attachment is sent under.
///
/// Arguments: `filename`, of which what follows the last slash is sent, at most 255 characters.
/// Ownership: the text is copied.
/// Null: a NULL `attachment` is ignored, as is a handle that has ended; a NULL or empty `filename` brings the first name
/// back.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attachment_set_filename(
    attachment: *mut sentry_attachment_t,
    filename: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_attachment_set_filename_n(attachment, filename, text::c_str_len(filename)) }
}

/// `sentry_attachment_set_filename` with a length.
///
/// Arguments: `filename_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_attachment_set_filename_n(
    attachment: *mut sentry_attachment_t,
    filename: *const c_char,
    filename_len: usize,
) {
    // SAFETY: as our caller promises: NULL or that many readable bytes.
    unsafe {
        set(
            attachment,
            (filename, filename_len),
            Attachment::set_filename,
        )
    }
}

/// The handle of what was attached; NULL, and the reason as last error, if nothing was.
pub(super) fn handle(attached: Result<usize, Fault>) -> *mut sentry_attachment_t {
    match attached {
        Ok(id) => {
            error::clear();
            ptr::without_provenance_mut(id)
        }
        Err(Fault { status, detail }) => {
            error::fail(status, detail);
            ptr::null_mut()
        }
    }
}

/// Bytes of a path with its terminator; no file can be opened by a longer one.
const PATH_MAX: usize = libc::PATH_MAX as usize;

/// A path as the caller wrote it; paths need not be UTF-8.
///
/// # Safety
/// `path` is NULL or has `len` readable bytes, which stay as they are during the call.
pub(super) unsafe fn path<'a>(path: *const c_char, len: usize) -> Result<&'a Path, Fault> {
    // SAFETY: as our caller promises.
    let bytes = unsafe { text::bytes(path, len) }.map_err(|error| Fault::of_text("path", error))?;
    if bytes.is_empty() {
        return Err(Fault::invalid("path is NULL or empty"));
    }
    if bytes.len() >= PATH_MAX {
        return Err(Fault::invalid("path is longer than any path can be"));
    }
    Ok(Path::new(OsStr::from_bytes(bytes)))
}

/// Bytes to attach, and their name.
pub(super) struct Bytes<'a> {
    bytes: &'a [u8],
    filename: std::borrow::Cow<'a, str>,
}

impl Bytes<'_> {
    /// Adds them; their handle.
    pub(super) fn add(&self, to: &Attachments) -> Result<usize, Fault> {
        to.add_bytes(self.bytes, &self.filename).ok_or(Fault {
            status: sentry_status_t::SENTRY_STATUS_OUT_OF_MEMORY,
            detail: "there is no memory for a copy of the bytes".into(),
        })
    }
}

/// The bytes and their name, if both can be attached.
///
/// # Safety
/// Each pointer is NULL or has as many readable bytes as the length with it says, which stay as they are during the call.
pub(super) unsafe fn content<'a>(
    (buf, buf_len): (*const c_char, usize),
    (filename, filename_len): (*const c_char, usize),
) -> Result<Bytes<'a>, Fault> {
    // SAFETY: as our caller promises.
    let (bytes, filename) = unsafe {
        (
            text::bytes(buf, buf_len),
            required(filename, filename_len, "filename"),
        )
    };
    let bytes = bytes.map_err(|error| Fault::of_text("buf", error))?;
    if bytes.is_empty() {
        return Err(Fault::invalid("buf is NULL or empty"));
    }
    if bytes.len() > MAX_BYTES {
        return Err(Fault {
            status: sentry_status_t::SENTRY_STATUS_TOO_LARGE,
            detail: "more than 1 GiB cannot be attached".into(),
        });
    }
    Ok(Bytes {
        bytes,
        filename: filename?,
    })
}

/// Does something with the attachments of the process, if the library is initialised.
fn of_process<T>(action: impl FnOnce(&Attachments) -> Result<T, Fault>) -> Result<T, Fault> {
    let done = state::with_client(|client| action(client.scope().attachments()));
    done.unwrap_or_else(|| Err(state::absence().into()))
}

/// # Safety
/// `scope` is NULL or a handle of ours that lives for `'a`.
unsafe fn of_scope<'a>(scope: *mut sentry_scope_t) -> Result<&'a Attachments, Fault> {
    // SAFETY: as our caller promises.
    let scope = unsafe { scope.as_ref() };
    let attachments = scope.map(|scope| scope.scope.attachments());
    attachments.ok_or_else(|| Fault::invalid("the scope is NULL"))
}

/// Changes a label of an attachment that lives.
///
/// # Safety
/// `text` is NULL or has `len` readable bytes, which stay as they are during the call.
unsafe fn set(
    attachment: *mut sentry_attachment_t,
    (text, len): (*const c_char, usize),
    set: fn(&Attachment, Option<&str>),
) {
    guard((), || {
        // SAFETY: as our caller promises.
        let text = unsafe { optional(text, len, "text") };
        if let (Some(attachment), Ok(text)) = (tables::attachments().find(attachment.addr()), text)
        {
            set(&attachment, text.as_deref());
        }
    });
}
