//! Unwinding: the addresses on a stack.

use std::ffi::c_void;
use std::hint::black_box;

use libc::ucontext_t;

use super::guard;
use super::types::sentry_ucontext_t;
use crate::client::tables;
use crate::image::registers::Registers;
use crate::image::unwind;

/// Most addresses taken in one piece: more than any stack that is not an endless recursion.
const MAX_FRAMES: usize = 1024;

/// Unwinds the stack of the calling thread, with or without frame pointers.
///
/// The first address is in the function that calls this one, the last in the function the thread began with. All are
/// return addresses: they point behind the call.
///
/// Arguments: `addr` must be NULL; `stacktrace_out`, room for `max_len` addresses, of which at most 1024 are used.
/// Null: a NULL `stacktrace_out` gives 0.
/// Threads: any; also before `sentry_init`. Not from a signal handler, see `sentry_unwind_stack_from_ucontext`.
/// Returns: how many addresses were written, innermost first; 0 for an `addr`, or if the library was built without the
/// feature `crash`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_unwind_stack(
    addr: *mut c_void,
    stacktrace_out: *mut *mut c_void,
    max_len: usize,
) -> usize {
    let bottom = black_box(0_u8);
    let bottom = black_box(std::ptr::from_ref(&bottom)).addr();
    guard(0, || {
        if !addr.is_null() {
            return 0;
        }
        // SAFETY: as our caller promises: NULL or room for that many addresses.
        unsafe {
            fill(stacktrace_out, max_len, |out| {
                unwind::own_thread(|| tables::MODULES.current(), bottom, out)
            })
        }
    })
}

/// Unwinds the stack of a thread that a signal interrupted.
///
/// The first address is the interrupted instruction, the others are return addresses. After a call through a pointer that
/// leads nowhere the second one is in the caller. Memory is read through the kernel: a broken stack ends the list.
///
/// Arguments: `uctx` with a `user_context`; `stacktrace_out`, room for `max_len` addresses, of which at most 1024 are used.
/// Null: a NULL `uctx`, `user_context` or `stacktrace_out` gives 0.
/// Threads: any. Works in a signal handler once the module list was read (by `sentry_init` or `sentry_get_modules_list`):
/// it takes no lock then, but the first use in a thread needs memory, which a signal inside of `malloc` may not have.
/// Returns: how many addresses were written, innermost first; 1 if stack and frame pointer lead nowhere; 0 on processors
/// other than x86-64 and AArch64, or if the library was built without the feature `crash`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_unwind_stack_from_ucontext(
    uctx: *const sentry_ucontext_t,
    stacktrace_out: *mut *mut c_void,
    max_len: usize,
) -> usize {
    guard(0, || {
        // SAFETY: as our caller promises: NULL, or filled in with what a handler was given.
        let registers = unsafe { context(uctx) }.and_then(Registers::of);
        let Some(registers) = registers else { return 0 };
        // SAFETY: as our caller promises: NULL or room for that many addresses.
        unsafe {
            fill(stacktrace_out, max_len, |out| {
                let modules = tables::MODULES.kept();
                let modules = modules.unwrap_or_else(|| tables::MODULES.current());
                unwind::from_context(&modules, registers, out)
            })
        }
    })
}

/// The context of the interrupted thread.
///
/// # Safety
/// `uctx` is NULL, or points to what a handler was given, which lives as long as the answer is used.
pub(super) unsafe fn context<'a>(uctx: *const sentry_ucontext_t) -> Option<&'a ucontext_t> {
    // SAFETY: as our caller promises.
    unsafe { uctx.as_ref()?.user_context.as_ref() }
}

/// Hands what `unwind` fills in to C.
///
/// # Safety
/// `out` is NULL or has room for `max_len` addresses.
unsafe fn fill(
    out: *mut *mut c_void,
    max_len: usize,
    unwind: impl FnOnce(&mut [usize]) -> usize,
) -> usize {
    if out.is_null() {
        return 0;
    }
    let mut addresses = [0; MAX_FRAMES];
    let room = addresses.get_mut(..max_len.min(MAX_FRAMES));
    let count = unwind(room.unwrap_or_default());
    for (at, address) in addresses.iter().take(count).enumerate() {
        // SAFETY: as our caller promises: `at` is below `max_len`.
        unsafe {
            out.add(at)
                .write(std::ptr::without_provenance_mut(*address))
        };
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_where_nothing_can_be() {
        let mut out = [std::ptr::null_mut::<c_void>(); 4];
        let some = std::ptr::from_mut(&mut out[0]).cast();
        let empty = sentry_ucontext_t {
            signum: libc::SIGSEGV,
            siginfo: std::ptr::null_mut(),
            user_context: std::ptr::null_mut(),
        };
        // SAFETY: NULL, and room for four addresses.
        unsafe {
            let none = std::ptr::null_mut();
            assert_eq!(sentry_unwind_stack(none, std::ptr::null_mut(), 4), 0);
            assert_eq!(sentry_unwind_stack(some, out.as_mut_ptr(), 4), 0);
            assert_eq!(sentry_unwind_stack(none, out.as_mut_ptr(), 0), 0);
            let mut of = |uctx| sentry_unwind_stack_from_ucontext(uctx, out.as_mut_ptr(), 4);
            assert_eq!(of(std::ptr::null()), 0);
            assert_eq!(of(&raw const empty), 0);
        }
        assert!(out.iter().all(|address| address.is_null()));
    }

    #[test]
    fn the_struct_is_laid_out_as_documented() {
        assert_eq!(
            std::mem::offset_of!(sentry_ucontext_t, siginfo),
            size_of::<usize>()
        );
        assert_eq!(size_of::<sentry_ucontext_t>(), 3 * size_of::<usize>());
    }
}
