//! Memory: what the library hands out comes from `malloc`, so `sentry_free` is `free`.

use std::ffi::c_void;

/// Allocates memory with the system's allocator.
///
/// Arguments: `size` in bytes.
/// Ownership: the caller's; free it with `sentry_free`.
/// Threads: any.
/// Returns: NULL when there is no memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_malloc(size: usize) -> *mut c_void {
    // SAFETY: malloc takes any size.
    unsafe { libc::malloc(size) }
}

/// Frees what the library returned as the caller's own, or what `sentry_malloc` made.
///
/// Null: does nothing.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_free(ptr: *mut c_void) {
    // SAFETY: the caller passes NULL or memory that came from `malloc` through this library and was not freed.
    unsafe { libc::free(ptr) };
}
