//! The module list: which files the process has loaded, and which build each of them is.

use super::guard;
use super::values::{NULL, give, sentry_value_t};
use crate::client::tables;

/// Gets the modules of this process: a frozen list of objects with `type` (`elf`), `code_file`, `image_addr`, `image_size`,
/// `code_id` (the build-id; left out if there is none) and `debug_id`.
///
/// The list is kept, and read anew when a library was loaded or unloaded since. A forked child reads it once, from what the
/// kernel has mapped, and does not notice later changes by itself: see `sentry_clear_modulecache`. The kernel's own module is called
/// `linux-gate.so`. Events with native frames carry the list.
///
/// Ownership: one reference, the caller's; it stays valid when the list is read anew.
/// Threads: any; also before `sentry_init`. Not from a signal handler.
/// Blocks: while the list is read: memory, `/proc/self/maps`, and the files of modules without a build-id.
/// Returns: an empty list if the library was built without the feature `crash`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_get_modules_list() -> sentry_value_t {
    guard(NULL, || give(tables::MODULES.current().value()))
}

/// Has the module list read anew when it is needed next. References to the list of before stay valid.
///
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_clear_modulecache() {
    guard((), || tables::MODULES.mark_stale());
}
