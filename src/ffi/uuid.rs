//! UUIDs: made, read, written.

use std::ffi::c_char;

use super::types::sentry_uuid_t;
use super::{guard, text};
use crate::base::uuid::Uuid;

impl From<Uuid> for sentry_uuid_t {
    fn from(id: Uuid) -> Self {
        Self {
            bytes: id.as_bytes().map(|byte| byte as c_char),
        }
    }
}

impl From<sentry_uuid_t> for Uuid {
    fn from(id: sentry_uuid_t) -> Self {
        Self::from_bytes(id.bytes.map(|byte| byte as u8))
    }
}

const NIL: sentry_uuid_t = sentry_uuid_t { bytes: [0; 16] };

/// Returns the nil id.
///
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_uuid_nil() -> sentry_uuid_t {
    NIL
}

/// Makes a random id (version 4).
///
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_uuid_new_v4() -> sentry_uuid_t {
    guard(NIL, || Uuid::new_v4().into())
}

/// Reads an id from text: 32 hex digits, with or without hyphens.
///
/// A short text fills the leading bytes; what follows the sixteenth byte is ignored.
///
/// Null: the nil id.
/// Threads: any.
/// Returns: the nil id if another character is found.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_uuid_from_string(str: *const c_char) -> sentry_uuid_t {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_uuid_from_string_n(str, text::c_str_len(str)) }
}

/// `sentry_uuid_from_string` with a length.
///
/// Arguments: `str_len` in bytes.
/// Null: the nil id.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_uuid_from_string_n(
    str: *const c_char,
    str_len: usize,
) -> sentry_uuid_t {
    guard(NIL, || {
        // SAFETY: as our caller promises: `str_len` readable bytes.
        unsafe { text::bytes(str, str_len) }.map_or(NIL, |text| Uuid::parse_lenient(text).into())
    })
}

/// Makes an id from its bytes.
///
/// Arguments: `bytes`, 16 of them.
/// Null: the nil id.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_uuid_from_bytes(bytes: *const c_char) -> sentry_uuid_t {
    if bytes.is_null() {
        return NIL;
    }
    // SAFETY: as our caller promises: 16 readable bytes.
    let bytes = unsafe { bytes.cast::<[c_char; 16]>().read_unaligned() };
    sentry_uuid_t { bytes }
}

/// Tells if an id is the nil id.
///
/// Null: counts as nil.
/// Threads: any.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_uuid_is_nil(uuid: *const sentry_uuid_t) -> i32 {
    // SAFETY: as our caller promises: NULL or a valid id.
    unsafe { uuid.as_ref() }.is_none_or(|id| *id == NIL).into()
}

/// Copies the bytes of an id.
///
/// Arguments: `bytes`, room for 16.
/// Null: either pointer: does nothing.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_uuid_as_bytes(uuid: *const sentry_uuid_t, bytes: *mut c_char) {
    // SAFETY: as our caller promises: NULL or a valid id.
    if let Some(id) = unsafe { uuid.as_ref() }
        && !bytes.is_null()
    {
        // SAFETY: as our caller promises: room for 16 bytes.
        unsafe { bytes.cast::<[c_char; 16]>().write_unaligned(id.bytes) };
    }
}

/// Writes an id as text: 36 lower-case characters with hyphens, and a terminator.
///
/// Arguments: `str`, room for 37 bytes.
/// Null: either pointer: does nothing.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_uuid_as_string(uuid: *const sentry_uuid_t, str: *mut c_char) {
    // SAFETY: as our caller promises: NULL or a valid id.
    let Some(id) = (unsafe { uuid.as_ref() }) else {
        return;
    };
    if str.is_null() {
        return;
    }
    let hyphenated = Uuid::from(*id).hyphenated();
    let text = hyphenated.as_str();
    // SAFETY: as our caller promises: room for 37 bytes; the text has 36.
    unsafe {
        str.cast::<u8>()
            .copy_from_nonoverlapping(text.as_ptr(), text.len());
        str.add(text.len()).write(0);
    }
}
