//! Access: how a value of C gets into the option of a row and back. Every setter and getter of an option is one call of
//! these functions with its row.
//!
//! None of them is copied into the functions that are exported: there are many of those, and they are to be small.
//! Entry points: `set_…` and `get_…`, one for each type of C. May use: `handle`, `text`, `client::options`.

use std::ffi::{c_char, c_int};
use std::ptr;

use super::handle::{INTERNAL, configure, lent_text, read, sentry_options_t};
use crate::base::memory;
use crate::client::options::{Current, Given, Row};
use crate::ffi::guard;
use crate::ffi::text::{self, TextError};
use crate::ffi::types::{sentry_level_t, sentry_status_t};
use crate::protocol::level::Level;

/// Sets an option; the error says what is allowed.
///
/// # Safety
/// `opts` is NULL or a handle that no other thread uses meanwhile.
#[inline(never)]
unsafe fn set(opts: *mut sentry_options_t, row: &'static Row, given: Given<'_>) -> sentry_status_t {
    guard(INTERNAL, || {
        // SAFETY: promised by the caller.
        unsafe { configure(opts, Some(row), &mut |options| options.set(row, given)) }
    })
}

/// Sets a flag.
///
/// # Safety
/// As for [`set`].
#[inline(never)]
pub(crate) unsafe fn set_flag(
    opts: *mut sentry_options_t,
    row: &'static Row,
    value: c_int,
) -> sentry_status_t {
    // SAFETY: passed on.
    unsafe { set(opts, row, Given::Flag(value != 0)) }
}

/// Sets a whole number, in a type that holds those of every type of C.
///
/// # Safety
/// As for [`set`].
#[inline(never)]
pub(crate) unsafe fn set_whole(
    opts: *mut sentry_options_t,
    row: &'static Row,
    value: i128,
) -> sentry_status_t {
    // SAFETY: passed on.
    unsafe { set(opts, row, Given::Whole(value)) }
}

/// Sets a share, brought into its range.
///
/// # Safety
/// As for [`set`].
#[inline(never)]
pub(crate) unsafe fn set_share(
    opts: *mut sentry_options_t,
    row: &'static Row,
    share: f64,
) -> sentry_status_t {
    // SAFETY: passed on.
    unsafe { set(opts, row, Given::Share(share)) }
}

/// Sets a choice to what a constant stands for.
///
/// # Safety
/// As for [`set`].
#[inline(never)]
pub(crate) unsafe fn set_choice(
    opts: *mut sentry_options_t,
    row: &'static Row,
    constant: c_int,
) -> sentry_status_t {
    // SAFETY: passed on.
    unsafe { set(opts, row, Given::Constant(constant)) }
}

/// Sets a text or path; NULL unsets it, where that is allowed.
///
/// # Safety
/// As for [`set`], and `ptr` is NULL or points to `len` readable bytes.
#[inline(never)]
pub(crate) unsafe fn set_text(
    opts: *mut sentry_options_t,
    row: &'static Row,
    ptr: *const c_char,
    len: usize,
) -> sentry_status_t {
    guard(INTERNAL, || {
        // SAFETY: promised by the caller.
        let bytes = unsafe { text::optional_bytes(ptr, len) }.and_then(|bytes| usable(row, bytes));
        // SAFETY: promised by the caller.
        unsafe {
            configure(opts, Some(row), &mut |options| match bytes {
                Ok(None) => options.set(row, Given::Null),
                Ok(Some(bytes)) => options.set(row, Given::Bytes(bytes)),
                Err(error) => Err(options.refuse_text(row, &error.to_string())),
            })
        }
    })
}

/// Refuses a text of which there is no memory for a copy, and one that must be UTF-8 and is not.
fn usable<'a>(row: &Row, bytes: Option<&'a [u8]>) -> Result<Option<&'a [u8]>, TextError> {
    let Some(bytes) = bytes else { return Ok(None) };
    if !memory::is_there(bytes.len()) {
        return Err(TextError::OutOfMemory);
    }
    if row.is_strict() {
        text::strict(bytes)?;
    }
    Ok(Some(bytes))
}

/// The value of an option; none for NULL.
///
/// # Safety
/// `opts` is NULL or a handle that no other thread changes meanwhile.
#[inline(never)]
unsafe fn whole(opts: *const sentry_options_t, row: &'static Row) -> i128 {
    guard(0, || {
        // SAFETY: promised by the caller.
        unsafe {
            read(opts, 0, |options| match options.get(row) {
                Current::Whole(number) => number,
                Current::Flag(is_on) => i128::from(is_on),
                _ => 0,
            })
        }
    })
}

/// 1 or 0; 0 for NULL.
///
/// # Safety
/// As for [`whole`].
#[inline(never)]
pub(crate) unsafe fn get_flag(opts: *const sentry_options_t, row: &'static Row) -> c_int {
    // SAFETY: passed on.
    c_int::from(unsafe { whole(opts, row) } != 0)
}

/// A whole number, cut to the range of the type; 0 for NULL.
///
/// # Safety
/// As for [`whole`].
#[inline(never)]
pub(crate) unsafe fn get_signed(opts: *const sentry_options_t, row: &'static Row) -> i64 {
    // SAFETY: passed on.
    i64::try_from(unsafe { whole(opts, row) }).unwrap_or(i64::MAX)
}

/// As [`get_signed`], for options with a small range.
///
/// # Safety
/// As for [`whole`].
#[inline(never)]
pub(crate) unsafe fn get_small(opts: *const sentry_options_t, row: &'static Row) -> i32 {
    // SAFETY: passed on.
    i32::try_from(unsafe { whole(opts, row) }).unwrap_or(i32::MAX)
}

/// A whole number that is not negative; 0 for NULL.
///
/// # Safety
/// As for [`whole`].
#[inline(never)]
pub(crate) unsafe fn get_unsigned(opts: *const sentry_options_t, row: &'static Row) -> u64 {
    // SAFETY: passed on.
    u64::try_from(unsafe { whole(opts, row) }).unwrap_or(u64::MAX)
}

/// A share; 0 for NULL.
///
/// # Safety
/// As for [`whole`].
#[inline(never)]
pub(crate) unsafe fn get_share(opts: *const sentry_options_t, row: &'static Row) -> f64 {
    guard(0.0, || {
        // SAFETY: promised by the caller.
        unsafe {
            read(opts, 0.0, |options| match options.get(row) {
                Current::Share(share) => share,
                _ => 0.0,
            })
        }
    })
}

/// The constant of a choice; `fallback` for NULL.
///
/// # Safety
/// As for [`whole`].
#[inline(never)]
pub(crate) unsafe fn get_choice(
    opts: *const sentry_options_t,
    row: &'static Row,
    fallback: c_int,
) -> c_int {
    guard(fallback, || {
        // SAFETY: promised by the caller.
        unsafe {
            read(opts, fallback, |options| match options.get(row) {
                Current::Choice(constant) => constant,
                _ => fallback,
            })
        }
    })
}

/// A level; `fallback` for NULL.
///
/// # Safety
/// As for [`whole`].
pub(crate) unsafe fn get_level(
    opts: *const sentry_options_t,
    row: &'static Row,
    fallback: sentry_level_t,
) -> sentry_level_t {
    // SAFETY: passed on.
    match Level::from_number(unsafe { get_choice(opts, row, fallback as c_int) }) {
        Some(level) => sentry_level_t::from(level),
        None => fallback,
    }
}

/// Lends out a text; NULL for NULL and for one that is not set.
///
/// # Safety
/// As for [`whole`].
#[inline(never)]
pub(crate) unsafe fn get_text(opts: *const sentry_options_t, name: &'static str) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: promised by the caller.
        unsafe { lent_text(opts, name) }
    })
}
