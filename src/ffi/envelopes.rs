//! Envelopes: reading, writing, sending.

use std::ffi::{OsStr, c_char, c_int};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;

use super::values::{NULL, give, sentry_value_t};
use super::values_access::borrowed;
use super::{guard, status, text};
use crate::base::descriptor::raised;
use crate::base::file;
use crate::client::state;
use crate::protocol::envelope::{Envelope, HeaderFields, Item, ItemKind};
use crate::protocol::event::host_view::{self, Subject};
use crate::value::tree::Value;

/// What `sentry_envelope_t` names.
pub struct sentry_envelope_s {
    envelope: Envelope,
    /// Made by the host from bytes, not by the library from what was captured.
    is_of_bytes: bool,
    headers: OnceLock<Value>,
    event: OnceLock<Value>,
    transaction: OnceLock<Value>,
}

/// Items under common headers, as one request carries them.
///
/// Made by `sentry_envelope_deserialize` and `sentry_envelope_read_from_file`, read by the functions
/// `sentry_envelope_get_…`, written by `sentry_envelope_serialize` and `sentry_envelope_write_to_file`, ended by
/// `sentry_envelope_free` or `sentry_capture_envelope`.
/// Threads: any number may read one envelope at once.
pub type sentry_envelope_t = sentry_envelope_s;

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// Frees an envelope.
///
/// Null: does nothing.
/// Threads: one; nobody else may use the envelope.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_free(envelope: *mut sentry_envelope_t) {
    if !envelope.is_null() {
        // SAFETY: as our caller promises: a handle of ours that is given away.
        guard((), || drop(unsafe { Box::from_raw(envelope) }));
    }
}

/// Gets a header of an envelope.
///
/// Ownership: borrowed; valid while the envelope lives.
/// Null: gives null.
/// Threads: any.
/// Returns: null when there is no such header.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_get_header(
    envelope: *const sentry_envelope_t,
    key: *const c_char,
) -> sentry_value_t {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_envelope_get_header_n(envelope, key, text::c_str_len(key)) }
}

/// `sentry_envelope_get_header` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_get_header_n(
    envelope: *const sentry_envelope_t,
    key: *const c_char,
    key_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or a handle of ours; `key_len` readable bytes.
        let (envelope, key) = unsafe { (envelope.as_ref(), text::bytes(key, key_len)) };
        let (Some(envelope), Ok(key)) = (envelope, key) else {
            return NULL;
        };
        let headers = envelope.headers.get_or_init(|| headers(&envelope.envelope));
        borrowed(headers.get_key(key).map_or(NULL, give))
    })
}

/// Gets the event of an envelope, as hooks see it: with `message`, a list `breadcrumbs`, objects `tags` and `extra`. In an
/// envelope that was not read from bytes feedback counts as an event.
///
/// Ownership: borrowed; valid while the envelope lives. Changing it does not change the envelope.
/// Null: gives null.
/// Threads: any.
/// Returns: null when there is none.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_get_event(
    envelope: *const sentry_envelope_t,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        let Some(envelope) = (unsafe { envelope.as_ref() }) else {
            return NULL;
        };
        let event = || envelope.read(false);
        borrowed(give(envelope.event.get_or_init(event).clone()))
    })
}

/// Gets the transaction of an envelope, an event whose `type` is `transaction`.
///
/// Ownership: borrowed; valid while the envelope lives. Changing it does not change the envelope.
/// Null: gives null.
/// Threads: any.
/// Returns: null when there is none.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_get_transaction(
    envelope: *const sentry_envelope_t,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        let Some(envelope) = (unsafe { envelope.as_ref() }) else {
            return NULL;
        };
        let transaction = || envelope.read(true);
        borrowed(give(envelope.transaction.get_or_init(transaction).clone()))
    })
}

/// Writes an envelope as bytes.
///
/// Arguments: `size_out` gets the length in bytes.
/// Ownership: the bytes are the caller's; free them with `sentry_free`. A zero follows them.
/// Null: a NULL `envelope` gives NULL; `size_out` may be NULL.
/// Threads: any.
/// Returns: NULL when there is no memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_serialize(
    envelope: *const sentry_envelope_t,
    size_out: *mut usize,
) -> *mut c_char {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        let Some(envelope) = (unsafe { envelope.as_ref() }) else {
            return ptr::null_mut();
        };
        let Some(bytes) = serialize(&envelope.envelope) else {
            return ptr::null_mut();
        };
        let copy = text::bytes_to_malloc(&bytes);
        if !copy.is_null() && !size_out.is_null() {
            // SAFETY: as our caller promises: room for a size.
            unsafe { size_out.write(bytes.len()) };
        }
        copy
    })
}

/// Writes an envelope into a file, which is made or replaced.
///
/// The envelope is written beside it first and then renamed, so nobody ever sees half of it. Links are followed, the
/// permissions of a file that is replaced stay; a new one has 0664, less the umask. What is no regular file, such as a
/// device or a pipe, is refused.
///
/// Arguments: `path`, any bytes the file system takes.
/// Null: refused.
/// Threads: any.
/// Blocks: for the file system.
/// Returns: 0; 1 when the file cannot be written, and then what was there before stays as it was.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_write_to_file(
    envelope: *const sentry_envelope_t,
    path: *const c_char,
) -> c_int {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_envelope_write_to_file_n(envelope, path, text::c_str_len(path)) }
}

/// `sentry_envelope_write_to_file` with a length.
///
/// Arguments: `path_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_write_to_file_n(
    envelope: *const sentry_envelope_t,
    path: *const c_char,
    path_len: usize,
) -> c_int {
    guard(1, || {
        // SAFETY: as our caller promises: NULL or a handle of ours; `path_len` readable bytes.
        let (envelope, path) = unsafe { (envelope.as_ref(), text::bytes(path, path_len)) };
        let (Some(envelope), Ok(path)) = (envelope, path) else {
            return 1;
        };
        let path = Path::new(OsStr::from_bytes(path));
        let Some(bytes) = serialize(&envelope.envelope) else {
            return 1;
        };
        file::replace(path, &bytes).is_err().into()
    })
}

/// Reads an envelope from bytes. All headers are kept as they are, known or not, of the envelope and of its items, and the
/// items in their order: written again only a `length` is added where there was none. When it is sent with
/// `sentry_capture_envelope`, `dsn` and `sent_at` are those of the sending.
///
/// Arguments: `buf_len` in bytes.
/// Ownership: the bytes are copied; the envelope is the caller's.
/// Null: gives NULL.
/// Threads: any.
/// Returns: NULL when the bytes are no envelope.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_deserialize(
    buf: *const c_char,
    buf_len: usize,
) -> *mut sentry_envelope_t {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: `buf_len` readable bytes.
        match unsafe { text::bytes(buf, buf_len) } {
            Ok(bytes) if !bytes.is_empty() => parse(bytes),
            _ => ptr::null_mut(),
        }
    })
}

/// Reads an envelope from a file of at most 512 MiB.
///
/// Arguments: `path`, any bytes the file system takes.
/// Ownership: the envelope is the caller's.
/// Null: gives NULL.
/// Threads: any.
/// Blocks: for the file system.
/// Returns: NULL when there is no such file, it is too large, or holds no envelope.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_read_from_file(
    path: *const c_char,
) -> *mut sentry_envelope_t {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_envelope_read_from_file_n(path, text::c_str_len(path)) }
}

/// `sentry_envelope_read_from_file` with a length.
///
/// Arguments: `path_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_envelope_read_from_file_n(
    path: *const c_char,
    path_len: usize,
) -> *mut sentry_envelope_t {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: `path_len` readable bytes.
        let bytes = unsafe { text::bytes(path, path_len) };
        let file = bytes
            .ok()
            .and_then(|path| read(Path::new(OsStr::from_bytes(path))));
        file.map_or(ptr::null_mut(), |bytes| parse(&bytes))
    })
}

/// Sends an envelope as it is: no hook, no sampling, no scope. The queue and its bounds hold, and the user's consent is
/// needed where it is required. Of the headers only `dsn` and `sent_at` are replaced.
///
/// Ownership: takes `envelope`.
/// Null: does nothing.
/// Threads: any, several at once.
/// Blocks: never, unless `queue_block_timeout_ms` is set. Whether it was accepted says `sentry_last_error_message`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_envelope(envelope: *mut sentry_envelope_t) {
    if envelope.is_null() {
        return;
    }
    guard((), || {
        // SAFETY: as our caller promises: a handle of ours that is given away.
        let envelope = unsafe { Box::from_raw(envelope) }.envelope;
        let result = state::with_client(|client| client.capture_envelope(envelope));
        status::answer(result.unwrap_or_else(|| Err(state::absence())));
    });
}

fn parse(bytes: &[u8]) -> *mut sentry_envelope_t {
    Envelope::parse(bytes).map_or(ptr::null_mut(), |envelope| {
        Box::into_raw(Box::new(sentry_envelope_t {
            is_of_bytes: true,
            ..sentry_envelope_t::from(envelope)
        }))
    })
}

impl From<Envelope> for sentry_envelope_t {
    fn from(envelope: Envelope) -> Self {
        Self {
            envelope,
            is_of_bytes: false,
            headers: OnceLock::new(),
            event: OnceLock::new(),
            transaction: OnceLock::new(),
        }
    }
}

/// The bytes of a regular file; a pipe or a device could go on for ever.
fn read(path: &Path) -> Option<Vec<u8>> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    // One more than there is: else the reader would enlarge it to find the end.
    let size = usize::try_from(metadata.len()).ok()?.checked_add(1)?;
    bytes.try_reserve_exact(size).ok()?;
    File::open(path)
        .and_then(raised)
        .ok()?
        .take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(bytes)
}

/// Without the line feed at the end, as the compatible interface writes it. `None` when there is no memory.
fn serialize(envelope: &Envelope) -> Option<Vec<u8>> {
    let header = HeaderFields::default();
    let mut bytes = envelope.to_bytes(&header).ok()?;
    bytes.pop();
    Some(bytes)
}

fn headers(envelope: &Envelope) -> Value {
    let mut line = Vec::new();
    envelope.write_header(&mut line, &HeaderFields::default(), true);
    let headers = std::str::from_utf8(&line).ok().and_then(Value::from_json);
    headers.unwrap_or_default()
}

impl sentry_envelope_s {
    /// The first event that is a transaction, or that is none, as hooks see it.
    fn read(&self, is_transaction: bool) -> Value {
        let subject = |kind: &ItemKind| match kind {
            ItemKind::Event | ItemKind::Transaction => Some(Subject::Event),
            ItemKind::Feedback if !self.is_of_bytes => Some(Subject::Feedback),
            _ => None,
        };
        let has_kind = |event: &Value| {
            let kind = event.get_key(b"type");
            (kind.as_ref().and_then(Value::as_text) == Some(b"transaction")) == is_transaction
        };
        let show = |item: &Item| host_view::show(subject(&item.kind)?, &item.payload.whole());
        let mut events = self.envelope.items().filter_map(show);
        events.find(has_kind).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_file_is_replaced_whole_and_a_device_is_left_alone() {
        let name = format!(
            "sentry-envelope-{}",
            crate::base::uuid::Uuid::new_v4().simple().as_str()
        );
        let scratch = std::env::temp_dir().join(name);
        fs::create_dir(&scratch).unwrap();
        let (path, device) = (scratch.join("file"), scratch.join("full"));
        fs::write(&path, "what was there").unwrap();
        symlink("/dev/full", &device).unwrap();
        let mut reader = File::open(&path).unwrap();
        let envelope = parse(b"{}\n{\"type\":\"event\"}\n{}");
        let write = |path: &Path| {
            let path = CString::new(path.as_os_str().as_bytes()).unwrap();
            // SAFETY: a handle of ours and terminated text.
            unsafe { sentry_envelope_write_to_file(envelope, path.as_ptr()) }
        };
        let answers = (write(&path), write(&device));
        // SAFETY: a handle of ours that is not used any more.
        unsafe { sentry_envelope_free(envelope) };
        let mut seen = String::new();
        reader.read_to_string(&mut seen).unwrap();
        let is_device_there = fs::symlink_metadata(&device).is_ok();
        let written = fs::read_to_string(&path).unwrap();
        fs::remove_dir_all(&scratch).unwrap();
        assert_eq!(answers, (0, 1));
        assert!(is_device_there, "what could not be written was deleted");
        assert_eq!(seen, "what was there");
        assert_eq!(written, "{}\n{\"type\":\"event\",\"length\":2}\n{}");
    }
}
