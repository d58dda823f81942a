//! Values, continued: reading, changing, writing as text or bytes.

use std::ffi::{c_char, c_int};
use std::ptr;

use super::values::{NULL, give, look, sentry_value_t, take};
use super::{guard, text};
use crate::base::diagnostics::Severity;
use crate::client::state;
use crate::value::tree::{Node, NotChanged, Value};

/// Sets a member of an object; an existing one keeps its place.
///
/// Ownership: takes `v`, also when it fails.
/// Null: a NULL key is refused.
/// Threads: one at a time for each value.
/// Returns: 0; 1 when `value` is no object or frozen, and without memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_set_by_key(
    value: sentry_value_t,
    k: *const c_char,
    v: sentry_value_t,
) -> c_int {
    // SAFETY: as our caller promises: valid values, NULL or a terminated key.
    unsafe { sentry_value_set_by_key_n(value, k, text::c_str_len(k), v) }
}

/// `sentry_value_set_by_key` with a length.
///
/// Arguments: `k_len` in bytes.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_set_by_key_n(
    value: sentry_value_t,
    k: *const c_char,
    k_len: usize,
    v: sentry_value_t,
) -> c_int {
    guard(1, || {
        // SAFETY: as our caller promises: valid values, one reference of `v` given away, a key of `k_len` bytes.
        let (target, new, key) = unsafe { (look(value), take(v), text::usable_bytes(k, k_len)) };
        code(
            key.ok_or(NotChanged)
                .and_then(|key| target.set_key(key, new)),
        )
    })
}

/// Removes a member of an object.
///
/// Null: a NULL key is refused.
/// Threads: one at a time for each value.
/// Returns: 0; 1 when there is no such member, `value` is no object, or it is frozen.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_remove_by_key(
    value: sentry_value_t,
    k: *const c_char,
) -> c_int {
    // SAFETY: as our caller promises: a valid value, NULL or a terminated key.
    unsafe { sentry_value_remove_by_key_n(value, k, text::c_str_len(k)) }
}

/// `sentry_value_remove_by_key` with a length.
///
/// Arguments: `k_len` in bytes.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_remove_by_key_n(
    value: sentry_value_t,
    k: *const c_char,
    k_len: usize,
) -> c_int {
    guard(1, || {
        // SAFETY: as our caller promises: a valid value, a key of `k_len` bytes.
        let (target, key) = unsafe { (look(value), text::usable_bytes(k, k_len)) };
        code(key.ok_or(NotChanged).and_then(|key| target.remove_key(key)))
    })
}

/// Adds an element to a list.
///
/// Ownership: takes `v`, also when it fails.
/// Threads: one at a time for each value.
/// Returns: 0; 1 when `value` is no list or frozen, and without memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_append(value: sentry_value_t, v: sentry_value_t) -> c_int {
    guard(1, || {
        // SAFETY: as our caller promises: valid values, one reference of `v` given away.
        let (target, new) = unsafe { (look(value), take(v)) };
        code(target.append(new))
    })
}

/// Sets an element of a list; a list that is too short is filled up with null.
///
/// Ownership: takes `v`, also when it fails.
/// Threads: one at a time for each value.
/// Returns: 0; 1 when `value` is no list, frozen, or there is no memory for so many elements.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_set_by_index(
    value: sentry_value_t,
    index: usize,
    v: sentry_value_t,
) -> c_int {
    guard(1, || {
        // SAFETY: as our caller promises: valid values, one reference of `v` given away.
        let (target, new) = unsafe { (look(value), take(v)) };
        code(target.set_index(index, new))
    })
}

/// Removes an element of a list; those behind it move up.
///
/// Threads: one at a time for each value.
/// Returns: 0, also when there is no such element; 1 when `value` is no list or frozen.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_remove_by_index(
    value: sentry_value_t,
    index: usize,
) -> c_int {
    // SAFETY: as our caller promises: a valid value.
    guard(1, || code(unsafe { look(value) }.remove_index(index)))
}

/// Gets a member of an object.
///
/// Ownership: borrowed; valid while the object holds it. Do not decref.
/// Null: a NULL key gives null.
/// Threads: any, while no thread changes the object.
/// Returns: null when there is no such member or `value` is no object.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_get_by_key(
    value: sentry_value_t,
    k: *const c_char,
) -> sentry_value_t {
    // SAFETY: as our caller promises: a valid value, NULL or a terminated key.
    unsafe { sentry_value_get_by_key_n(value, k, text::c_str_len(k)) }
}

/// `sentry_value_get_by_key` with a length.
///
/// Arguments: `k_len` in bytes.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_get_by_key_n(
    value: sentry_value_t,
    k: *const c_char,
    k_len: usize,
) -> sentry_value_t {
    // SAFETY: as our caller promises.
    borrowed(unsafe { sentry_value_get_by_key_owned_n(value, k, k_len) })
}

/// Gets a member of an object, with a reference.
///
/// Ownership: one reference, the caller's.
/// Null: a NULL key gives null.
/// Threads: any.
/// Returns: null when there is no such member or `value` is no object.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_get_by_key_owned(
    value: sentry_value_t,
    k: *const c_char,
) -> sentry_value_t {
    // SAFETY: as our caller promises: a valid value, NULL or a terminated key.
    unsafe { sentry_value_get_by_key_owned_n(value, k, text::c_str_len(k)) }
}

/// `sentry_value_get_by_key_owned` with a length.
///
/// Arguments: `k_len` in bytes.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_get_by_key_owned_n(
    value: sentry_value_t,
    k: *const c_char,
    k_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: a valid value, a key of `k_len` bytes.
        let (target, key) = unsafe { (look(value), text::usable_bytes(k, k_len)) };
        key.and_then(|key| target.get_key(key)).map_or(NULL, give)
    })
}

/// Gets an element of a list.
///
/// Ownership: borrowed; valid while the list holds it. Do not decref.
/// Threads: any, while no thread changes the list.
/// Returns: null when there is no such element or `value` is no list.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_get_by_index(
    value: sentry_value_t,
    index: usize,
) -> sentry_value_t {
    // SAFETY: as our caller promises.
    borrowed(unsafe { sentry_value_get_by_index_owned(value, index) })
}

/// Gets an element of a list, with a reference.
///
/// Ownership: one reference, the caller's.
/// Threads: any.
/// Returns: null when there is no such element or `value` is no list.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_get_by_index_owned(
    value: sentry_value_t,
    index: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: a valid value.
        unsafe { look(value) }.get_index(index).map_or(NULL, give)
    })
}

/// Measures a value: bytes of text, elements of a list or object.
///
/// Threads: any.
/// Returns: 0 for anything else.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_get_length(value: sentry_value_t) -> usize {
    // SAFETY: as our caller promises: a valid value.
    guard(0, || unsafe { look(value) }.len())
}

/// Reads a 32-bit integer.
///
/// Threads: any.
/// Returns: 0 for anything else.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_as_int32(value: sentry_value_t) -> i32 {
    // SAFETY: as our caller promises: a valid value.
    guard(0, || match &*unsafe { look(value) } {
        Value::Int32(number) => *number,
        _ => refused(0),
    })
}

/// Reads an integer of 64 or 32 bits.
///
/// Threads: any.
/// Returns: 0 for anything else, also for unsigned ones.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_as_int64(value: sentry_value_t) -> i64 {
    // SAFETY: as our caller promises: a valid value.
    guard(0, || match &*unsafe { look(value) } {
        Value::Int32(number) => i64::from(*number),
        value => match value.as_node() {
            Some(Node::Int64(number)) => *number,
            _ => refused(0),
        },
    })
}

/// Reads an unsigned 64-bit integer.
///
/// Threads: any.
/// Returns: 0 for anything else, also for signed ones.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_as_uint64(value: sentry_value_t) -> u64 {
    // SAFETY: as our caller promises: a valid value.
    guard(0, || match unsafe { look(value) }.as_node() {
        Some(Node::Uint64(number)) => *number,
        _ => refused(0),
    })
}

/// Reads a double, or a 32-bit integer as one.
///
/// Threads: any.
/// Returns: NaN for anything else.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_as_double(value: sentry_value_t) -> f64 {
    // SAFETY: as our caller promises: a valid value.
    guard(f64::NAN, || match &*unsafe { look(value) } {
        Value::Int32(number) => f64::from(*number),
        value => match value.as_node() {
            Some(Node::Double(number)) => *number,
            _ => refused(f64::NAN),
        },
    })
}

/// Reads text.
///
/// Ownership: borrowed; terminated, valid while the value lives. `sentry_value_get_length` counts zero bytes inside.
/// Threads: any.
/// Returns: an empty text for anything else; never NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_as_string(value: sentry_value_t) -> *const c_char {
    // SAFETY: as our caller promises: a valid value.
    guard(c"".as_ptr(), || match unsafe { look(value) }.as_node() {
        Some(Node::Text(text)) => text.terminated().as_ptr().cast(),
        _ => c"".as_ptr(),
    })
}

/// Tells what an `if` would make of a value: not null, not false, not 0, not empty; NaN is true.
///
/// Threads: any.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_is_true(value: sentry_value_t) -> c_int {
    // SAFETY: as our caller promises: a valid value.
    guard(0, || unsafe { look(value) }.is_true().into())
}

/// Tells if a value is null.
///
/// Threads: any.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_is_null(value: sentry_value_t) -> c_int {
    // SAFETY: as our caller promises: a valid value.
    guard(1, || matches!(&*unsafe { look(value) }, Value::Null).into())
}

/// Writes a value as JSON: compact, in order, numbers with 16 significant digits whatever the locale.
///
/// NaN and infinities become null. Nesting is written 64 levels deep; a list or object within itself is written empty.
///
/// Ownership: the text is the caller's; free it with `sentry_free`. Zero bytes in it are escaped.
/// Threads: any.
/// Returns: NULL when the text would be longer than 8 MiB, to which few values that are shared can add up, and when there
/// is no memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_to_json(value: sentry_value_t) -> *mut c_char {
    guard(ptr::null_mut(), || {
        // SAFETY: as our caller promises: a valid value.
        let value = unsafe { look(value) };
        value
            .to_json()
            .map_or(ptr::null_mut(), |json| text::bytes_to_malloc(&json))
    })
}

/// Writes a value as msgpack, each number in its smallest form. Nesting is written 64 levels deep; a list or object within
/// itself is written empty.
///
/// Arguments: `size_out` gets the length in bytes.
/// Ownership: the bytes are the caller's; free them with `sentry_free`.
/// Null: a NULL `size_out` is refused: the bytes do not end with a zero.
/// Threads: any.
/// Returns: NULL when refused, when there would be more than 8 MiB, and without memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_to_msgpack(
    value: sentry_value_t,
    size_out: *mut usize,
) -> *mut c_char {
    guard(ptr::null_mut(), || {
        if size_out.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: as our caller promises: a valid value.
        let Ok(bytes) = unsafe { look(value) }.to_msgpack() else {
            return ptr::null_mut();
        };
        let copy = text::bytes_to_malloc(&bytes);
        if !copy.is_null() {
            // SAFETY: as our caller promises: room for a size.
            unsafe { size_out.write(bytes.len()) };
        }
        copy
    })
}

/// Gives the reference back that a getter made: the container holds the value.
pub(crate) fn borrowed(value: sentry_value_t) -> sentry_value_t {
    // SAFETY: the value was made just now, with a reference of its own.
    drop(unsafe { take(value) });
    value
}

fn code(result: Result<(), NotChanged>) -> c_int {
    result.is_err().into()
}

fn refused<T>(fallback: T) -> T {
    state::log(
        Severity::Warning,
        format_args!("a value was read as a number of another type"),
    );
    fallback
}
