//! A value on the heap that C code has a pointer to as well.
//!
//! A `Box` is not allowed to be that: moving one says that no other pointer to its content is in use.

use std::ptr::NonNull;

/// A value that stays where it is until it is dropped.
pub(super) struct Pinned<T>(NonNull<T>);

impl<T> Pinned<T> {
    /// Moves `value` to the heap.
    pub(super) fn new(value: T) -> Self {
        Self(NonNull::from(Box::leak(Box::new(value))))
    }

    /// For C code, which must not use it after this was dropped.
    pub(super) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }

    /// The value; C code must not change it meanwhile, so libcurl must not be called.
    pub(super) fn get(&self) -> &T {
        // SAFETY: the pointer is valid until the drop. C code changes the value only inside of calls of libcurl, on the
        // thread that makes them; the callers hold the reference during none.
        unsafe { self.0.as_ref() }
    }

    /// The value, to be changed.
    pub(super) fn get_mut(&mut self) -> &mut T {
        // SAFETY: as above, and `self` is borrowed by nobody else.
        unsafe { self.0.as_mut() }
    }
}

impl<T> Drop for Pinned<T> {
    fn drop(&mut self) {
        // SAFETY: it was made by `Box::leak`, and its owners drop it after the handle that has the pointer.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}
