//! Text: what C hands over becomes bytes or UTF-8, what we hand back becomes memory of `malloc`.
//!
//! Decides what a pointer and a length may be: NULL with 0 is empty, NULL with a length and a length that does not fit
//! are errors; lengths count bytes. Invalid UTF-8 is replaced ([`lossy`]), except where a wrong letter would change the
//! meaning ([`strict`]). Entry points: [`bytes`], [`c_str_bytes`], [`to_malloc`]. May use: `base`, `libc`.

use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::fmt;

use crate::base::memory::{self, OutOfMemory};

/// Why a text of the caller cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextError {
    /// The pointer is NULL and the length is not 0.
    NullWithLength,
    /// The length is more than any object can have.
    TooLong,
    /// The bytes are not UTF-8.
    InvalidUtf8 {
        /// Bytes before the first invalid one.
        offset: usize,
    },
    /// There is no memory for a copy.
    OutOfMemory,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NullWithLength => {
                f.write_str("the text is NULL and its length is not 0; pass 0 with NULL")
            }
            Self::TooLong => f.write_str("the length of the text is more than memory can hold"),
            Self::InvalidUtf8 { offset } => {
                write!(f, "the text is not valid UTF-8 at byte {offset}")
            }
            Self::OutOfMemory => f.write_str("there is no memory for a copy of the text"),
        }
    }
}

impl std::error::Error for TextError {}

/// The `len` bytes at `ptr`; NULL with 0 is empty.
///
/// # Safety
/// Unless NULL, `ptr` points to `len` readable bytes that do not change for `'a`.
pub(crate) unsafe fn bytes<'a>(ptr: *const c_char, len: usize) -> Result<&'a [u8], TextError> {
    // SAFETY: passed on.
    Ok(unsafe { optional_bytes(ptr, len) }?.unwrap_or_default())
}

/// Like [`bytes`], and tells NULL, which clears an option, from an empty text.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn optional_bytes<'a>(
    ptr: *const c_char,
    len: usize,
) -> Result<Option<&'a [u8]>, TextError> {
    if ptr.is_null() {
        return if len == 0 {
            Ok(None)
        } else {
            Err(TextError::NullWithLength)
        };
    }
    if isize::try_from(len).is_err() {
        return Err(TextError::TooLong);
    }
    // SAFETY: `ptr` is not NULL, the caller promises `len` readable bytes, and `len` fits an `isize`.
    Ok(Some(unsafe {
        std::slice::from_raw_parts(ptr.cast::<u8>(), len)
    }))
}

/// The bytes of a NUL-terminated text without the terminator; none for NULL.
///
/// # Safety
/// Unless NULL, `ptr` points to a NUL-terminated text that does not change for `'a`.
pub(crate) unsafe fn c_str_bytes<'a>(ptr: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: `ptr` is not NULL, the rest is promised by the caller.
    (!ptr.is_null()).then(|| unsafe { CStr::from_ptr(ptr) }.to_bytes())
}

/// The length of a NUL-terminated text, 0 for NULL: what the plain variant of a function hands to its `_n` twin.
///
/// # Safety
/// As for [`c_str_bytes`].
pub(crate) unsafe fn c_str_len(ptr: *const c_char) -> usize {
    // SAFETY: passed on.
    unsafe { c_str_bytes(ptr) }.map_or(0, <[u8]>::len)
}

/// The bytes; `None` for NULL and for a length that does not fit: where both are as good as nothing.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn usable_bytes<'a>(ptr: *const c_char, len: usize) -> Option<&'a [u8]> {
    // SAFETY: passed on.
    unsafe { optional_bytes(ptr, len) }.ok().flatten()
}

/// The text, with U+FFFD in place of what is not UTF-8; an error only when there is no memory for that.
pub(crate) fn lossy(bytes: &[u8]) -> Result<Cow<'_, str>, TextError> {
    memory::lossy(bytes).map_err(|OutOfMemory| TextError::OutOfMemory)
}

/// The text, if it is UTF-8.
pub(crate) fn strict(bytes: &[u8]) -> Result<&str, TextError> {
    memory::utf8(bytes).map_err(|error| TextError::InvalidUtf8 {
        offset: error.valid_up_to(),
    })
}

/// A NUL-terminated copy from `malloc`, for `sentry_free`; NULL without memory.
pub(crate) fn to_malloc(text: &str) -> *mut c_char {
    bytes_to_malloc(text.as_bytes())
}

/// As [`to_malloc`], for bytes that need not be text.
pub(crate) fn bytes_to_malloc(text: &[u8]) -> *mut c_char {
    let Some(size) = text.len().checked_add(1) else {
        return std::ptr::null_mut();
    };
    // SAFETY: `malloc` takes any size.
    let copy = unsafe { libc::malloc(size) }.cast::<u8>();
    if copy.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: `copy` has room for the text and one byte more, and is new, so the two do not overlap.
    unsafe {
        copy.copy_from_nonoverlapping(text.as_ptr(), text.len());
        copy.add(text.len()).write(0);
    }
    copy.cast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    #[test]
    fn null_is_empty_only_with_length_zero() {
        // SAFETY: NULL is allowed.
        unsafe {
            assert_eq!(bytes(ptr::null(), 0), Ok(&b""[..]));
            assert_eq!(optional_bytes(ptr::null(), 0), Ok(None));
            assert_eq!(bytes(ptr::null(), 1), Err(TextError::NullWithLength));
            assert_eq!(
                bytes(ptr::null(), usize::MAX),
                Err(TextError::NullWithLength)
            );
            assert_eq!(c_str_bytes(ptr::null()), None);
            assert_eq!(c_str_len(ptr::null()), 0);
        }
    }

    #[test]
    fn a_length_that_does_not_fit_is_refused() {
        let text = c"abc".as_ptr();
        // SAFETY: refused lengths are not read, the others are inside the text.
        unsafe {
            assert_eq!(bytes(text, usize::MAX), Err(TextError::TooLong));
            let least_wrong = isize::MAX as usize + 1;
            assert_eq!(bytes(text, least_wrong), Err(TextError::TooLong));
            assert_eq!(bytes(text, 2), Ok(&b"ab"[..]));
            assert_eq!(optional_bytes(text, 0), Ok(Some(&b""[..])));
        }
    }

    #[test]
    fn zero_bytes_survive_between_pointer_and_length() {
        let text = b"a\0b";
        // SAFETY: three bytes are readable.
        let read = unsafe { bytes(text.as_ptr().cast(), 3) };
        assert_eq!(read, Ok(&b"a\0b"[..]));
        // SAFETY: the text is terminated at its second byte.
        let read = unsafe { c_str_bytes(text.as_ptr().cast()) };
        assert_eq!(read, Some(&b"a"[..]));
    }

    #[test]
    fn invalid_utf8_is_replaced_or_refused() {
        for bytes in [
            &b"a\xffb"[..],
            b"\xff\xfe",
            b"\xc3",
            b"\xe2\x82x\xf0\x9f\x98",
            b"plain",
            b"",
        ] {
            assert_eq!(lossy(bytes), Ok(String::from_utf8_lossy(bytes)));
        }
        assert_eq!(strict(b"ab\xff"), Err(TextError::InvalidUtf8 { offset: 2 }));
        assert_eq!(strict("é".as_bytes()), Ok("é"));
    }

    #[test]
    fn copies_come_from_malloc_and_are_terminated() {
        for text in ["", "häh", "a\0b"] {
            let copy = to_malloc(text);
            // SAFETY: the copy has the length of the text and a terminator, and is freed once.
            unsafe {
                let read = std::slice::from_raw_parts(copy.cast::<u8>(), text.len() + 1);
                assert_eq!(&read[..text.len()], text.as_bytes());
                assert_eq!(read[text.len()], 0);
                libc::free(copy.cast());
            }
        }
    }
}
