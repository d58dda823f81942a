//! Values: dynamic data, counted. Making, counting, freezing; `values_access` reads and changes them.

use std::ffi::{c_char, c_int};
use std::mem::ManuallyDrop;
use std::ptr::with_exposed_provenance;
use std::sync::Arc;

use super::{guard, text};
use crate::value::tree::{Node, Value};

/// What `sentry_value_t` names.
#[repr(C)]
#[derive(Clone, Copy)]
pub union sentry_value_u {
    /// Opaque.
    pub _bits: u64,
    /// Opaque.
    pub _double: f64,
}

/// A dynamic value: null, boolean, number, text, list or object.
///
/// Eight bytes that mean nothing to the caller: copy them freely, count owners with `sentry_value_incref` and
/// `sentry_value_decref`. Functions `new` give one reference; functions documented as taking ownership take it also when
/// they fail. Null, booleans and 32-bit integers need no memory and no counting.
/// Threads: counting is safe from any thread. Changing one value from two threads at once is a mistake of the caller
/// that leaves the value whole, in some order of the changes.
pub type sentry_value_t = sentry_value_u;

/// What a value is.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_value_type_t {
    /// Nothing.
    SENTRY_VALUE_TYPE_NULL = 0,
    /// A boolean.
    SENTRY_VALUE_TYPE_BOOL = 1,
    /// A 32-bit integer.
    SENTRY_VALUE_TYPE_INT32 = 2,
    /// A 64-bit integer.
    SENTRY_VALUE_TYPE_INT64 = 3,
    /// An unsigned 64-bit integer.
    SENTRY_VALUE_TYPE_UINT64 = 4,
    /// A double.
    SENTRY_VALUE_TYPE_DOUBLE = 5,
    /// Text.
    SENTRY_VALUE_TYPE_STRING = 6,
    /// Values in order.
    SENTRY_VALUE_TYPE_LIST = 7,
    /// Values by key.
    SENTRY_VALUE_TYPE_OBJECT = 8,
}

/// The low bits say what the others are: a pointer to a node (which is aligned to 8), an integer, or a constant.
const TAG_MASK: u64 = 7;
const TAG_POINTER: u64 = 0;
const TAG_INT32: u64 = 1;
const TAG_CONSTANT: u64 = 2;
const NULL_BITS: u64 = TAG_CONSTANT;
const FALSE_BITS: u64 = (1 << 3) | TAG_CONSTANT;
const TRUE_BITS: u64 = (2 << 3) | TAG_CONSTANT;

const _: () = assert!(align_of::<Node>() > TAG_MASK as usize);

/// The null value.
pub(crate) const NULL: sentry_value_t = sentry_value_t { _bits: NULL_BITS };

/// Hands a value to the caller, with its reference.
pub(crate) fn give(value: Value) -> sentry_value_t {
    let bits = match value {
        Value::Null => NULL_BITS,
        Value::Bool(false) => FALSE_BITS,
        Value::Bool(true) => TRUE_BITS,
        Value::Int32(number) => (u64::from(number.cast_unsigned()) << 32) | TAG_INT32,
        Value::Node(node) => Arc::into_raw(node).expose_provenance() as u64,
    };
    sentry_value_t { _bits: bits }
}

/// Takes a value from the caller, with its reference.
///
/// # Safety
/// `value` came from [`give`] and one of its references is the caller's to give away. (Bits that are all zero or no
/// pointer are safe, and mean null.)
pub(crate) unsafe fn take(value: sentry_value_t) -> Value {
    // SAFETY: both members are plain bits.
    let bits = unsafe { value._bits };
    match (bits, bits & TAG_MASK) {
        (FALSE_BITS, _) => Value::Bool(false),
        (TRUE_BITS, _) => Value::Bool(true),
        (_, TAG_INT32) => Value::Int32(((bits >> 32) as u32).cast_signed()),
        (1.., TAG_POINTER) => {
            // SAFETY: a pointer that `give` made from an `Arc`, and a reference that is ours now.
            let node = unsafe { Arc::from_raw(with_exposed_provenance(bits as usize)) };
            Value::Node(node)
        }
        _ => Value::Null,
    }
}

/// Looks at a value that stays the caller's.
///
/// # Safety
/// As [`take`], but the reference stays the caller's, who keeps it during the call.
pub(crate) unsafe fn look(value: sentry_value_t) -> ManuallyDrop<Value> {
    // SAFETY: as our caller promises; `ManuallyDrop` leaves the reference where it is.
    ManuallyDrop::new(unsafe { take(value) })
}

/// Adds a reference.
///
/// Threads: any.
/// Returns: the same value.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_incref(value: sentry_value_t) -> sentry_value_t {
    // SAFETY: as our caller promises: a valid value.
    let looked = unsafe { look(value) };
    std::mem::forget(Value::clone(&looked));
    value
}

/// Gives a reference back; with the last one the value is freed, and what it held loses one.
///
/// Threads: any.
/// Returns: 1 if references remain, 0 if it was freed or needs no memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_decref(value: sentry_value_t) -> c_int {
    // SAFETY: as our caller promises: a valid value, one of whose references is given away.
    guard(0, || match unsafe { take(value) } {
        Value::Node(node) => Arc::into_inner(node).is_none().into(),
        Value::Null | Value::Bool(_) | Value::Int32(_) => 0,
    })
}

/// Counts the references.
///
/// Threads: any; another thread may change the number meanwhile.
/// Returns: 1 for what needs no memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_refcount(value: sentry_value_t) -> usize {
    // SAFETY: as our caller promises: a valid value.
    match &*unsafe { look(value) } {
        Value::Node(node) => Arc::strong_count(node),
        Value::Null | Value::Bool(_) | Value::Int32(_) => 1,
    }
}

/// Freezes a list or object and everything in it: it can never be changed again. Without memory for the walk, which takes
/// some words for each level, levels deeper than that stay as they were.
///
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_freeze(value: sentry_value_t) {
    // SAFETY: as our caller promises: a valid value.
    guard((), || unsafe { look(value) }.freeze());
}

/// Tells if a value can no longer be changed. Scalars and text never can.
///
/// Threads: any.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_is_frozen(value: sentry_value_t) -> c_int {
    // SAFETY: as our caller promises: a valid value.
    guard(1, || unsafe { look(value) }.is_frozen().into())
}

/// Makes the null value.
///
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_null() -> sentry_value_t {
    NULL
}

/// Makes a 32-bit integer.
///
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_int32(value: i32) -> sentry_value_t {
    give(Value::Int32(value))
}

/// Makes a 64-bit integer.
///
/// Ownership: one reference, the caller's.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_int64(value: i64) -> sentry_value_t {
    guard(NULL, || give(Value::int64(value)))
}

/// Makes an unsigned 64-bit integer.
///
/// Ownership: one reference, the caller's.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_uint64(value: u64) -> sentry_value_t {
    guard(NULL, || give(Value::uint64(value)))
}

/// Makes a double.
///
/// Ownership: one reference, the caller's.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_double(value: f64) -> sentry_value_t {
    guard(NULL, || give(Value::double(value)))
}

/// Makes a boolean; any number but 0 is true.
///
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_bool(value: c_int) -> sentry_value_t {
    give(Value::Bool(value != 0))
}

/// Makes text.
///
/// Ownership: the text is copied; one reference, the caller's.
/// Null: gives the null value.
/// Threads: any.
/// Returns: the null value without memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_string(value: *const c_char) -> sentry_value_t {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe { sentry_value_new_string_n(value, text::c_str_len(value)) }
}

/// Makes text of a given length.
///
/// Arguments: `value_len` in bytes; zero bytes inside are kept.
/// Ownership: the text is copied; one reference, the caller's.
/// Null: gives the null value.
/// Threads: any.
/// Returns: the null value for a length that cannot be, and without memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_string_n(
    value: *const c_char,
    value_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        if value.is_null() {
            return NULL;
        }
        // SAFETY: as our caller promises: `value_len` readable bytes.
        unsafe { text::bytes(value, value_len) }.map_or(NULL, |bytes| give(Value::text(bytes)))
    })
}

/// Makes an empty list.
///
/// Ownership: one reference, the caller's.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_list() -> sentry_value_t {
    guard(NULL, || give(Value::list()))
}

/// Makes an empty object.
///
/// Ownership: one reference, the caller's.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_object() -> sentry_value_t {
    guard(NULL, || give(Value::object()))
}

/// Tells what a value is. Numbers stay what they were made as.
///
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_get_type(value: sentry_value_t) -> sentry_value_type_t {
    // SAFETY: as our caller promises: a valid value.
    match &*unsafe { look(value) } {
        Value::Null => sentry_value_type_t::SENTRY_VALUE_TYPE_NULL,
        Value::Bool(_) => sentry_value_type_t::SENTRY_VALUE_TYPE_BOOL,
        Value::Int32(_) => sentry_value_type_t::SENTRY_VALUE_TYPE_INT32,
        Value::Node(node) => match node.as_ref() {
            Node::Int64(_) => sentry_value_type_t::SENTRY_VALUE_TYPE_INT64,
            Node::Uint64(_) => sentry_value_type_t::SENTRY_VALUE_TYPE_UINT64,
            Node::Double(_) => sentry_value_type_t::SENTRY_VALUE_TYPE_DOUBLE,
            Node::Text(_) => sentry_value_type_t::SENTRY_VALUE_TYPE_STRING,
            Node::List(_) => sentry_value_type_t::SENTRY_VALUE_TYPE_LIST,
            Node::Object(_) => sentry_value_type_t::SENTRY_VALUE_TYPE_OBJECT,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(value: sentry_value_t) -> u64 {
        // SAFETY: plain bits.
        unsafe { value._bits }
    }

    #[test]
    fn values_are_eight_bytes_and_null_is_not_zero() {
        assert_eq!(size_of::<sentry_value_t>(), 8);
        assert_ne!(bits(sentry_value_new_null()), 0);
    }

    #[test]
    fn values_come_back_as_they_went() {
        for number in [0, 1, -1, i32::MIN, i32::MAX] {
            // SAFETY: made just now.
            let back = unsafe { take(give(Value::Int32(number))) };
            assert!(matches!(back, Value::Int32(back) if back == number));
        }
        for flag in [true, false] {
            // SAFETY: made just now.
            let back = unsafe { take(give(Value::Bool(flag))) };
            assert!(matches!(back, Value::Bool(back) if back == flag));
        }
        let list = give(Value::list());
        // SAFETY: made just now, and its one reference given back.
        unsafe {
            assert_eq!(sentry_value_refcount(list), 1);
            assert_eq!(bits(sentry_value_incref(list)), bits(list));
            assert_eq!(sentry_value_refcount(list), 2);
            assert_eq!(sentry_value_decref(list), 1);
            assert_eq!(sentry_value_decref(list), 0);
        }
    }

    #[test]
    fn bits_that_no_value_has_mean_null() {
        for bits in [0, 3, 4, 7, u64::MAX, (9 << 3) | TAG_CONSTANT] {
            // SAFETY: no pointer among them.
            let value = unsafe { take(sentry_value_t { _bits: bits }) };
            assert!(matches!(value, Value::Null), "{bits:x}");
        }
    }
}
