//! Variadic functions, the one mechanism: `variadic.c` holds the bodies, hidden, since Rust can neither read `...` nor
//! make a `va_list`; here each is exported by a function that is nothing but a jump, which leaves the arguments where
//! they are. A C object that is linked into a shared library is not exported by itself.
//!
//! Way in: an exported jump, then C, then a public function that takes no `...` (which has the guard). `backdoor!` is
//! for what C must ask and the header does not offer. In the header the last parameter, [`variadic_arguments`], reads
//! `...` (cbindgen.toml); a mismatch with the C bodies stops the build.

use std::arch::{global_asm, naked_asm};
use std::ffi::{c_char, c_int, c_void};

use super::log_format::{log_mode, take_log};
use super::logs::log_return_value_t;
use super::scopes::sentry_scope_t;
use super::types::sentry_level_t;

pub(super) use bodies::libsentry_call_logger;

/// What the header shows as `...`.
pub type variadic_arguments = c_int;

/// The `va_list` of C, which Rust only passes by.
#[repr(C)]
#[derive(Debug)]
pub struct va_list {
    _opaque: *mut c_void,
}

/// The functions of `variadic.c`, which are no part of the header.
///
/// cbindgen:ignore
mod bodies {
    use super::{c_char, c_void, sentry_level_t, va_list};

    // Only jumped to: their arguments are what the caller of the jump passed.
    unsafe extern "C" {
        pub(super) fn libsentry_set_fingerprint();
        pub(super) fn libsentry_set_fingerprint_n();
        pub(super) fn libsentry_scope_set_fingerprint();
        pub(super) fn libsentry_scope_set_fingerprint_n();
        pub(super) fn libsentry_log_trace();
        pub(super) fn libsentry_log_debug();
        pub(super) fn libsentry_log_info();
        pub(super) fn libsentry_log_warn();
        pub(super) fn libsentry_log_error();
        pub(super) fn libsentry_log_fatal();
    }

    unsafe extern "C" {
        /// Calls `function(level, message, <the arguments>, userdata)`.
        pub(in crate::ffi) fn libsentry_call_logger(
            function: unsafe extern "C" fn(sentry_level_t, *const c_char, va_list, *mut c_void),
            userdata: *mut c_void,
            level: sentry_level_t,
            message: *const c_char,
            ...
        );
    }
}

/// The instruction that goes on elsewhere and leaves registers and stack as they are.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
macro_rules! jump {
    () => {
        "jmp {}"
    };
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
macro_rules! jump {
    () => {
        "b {}"
    };
}
#[cfg(target_arch = "riscv64")]
macro_rules! jump {
    () => {
        "tail {}"
    };
}

/// A name under which C finds a Rust function, hidden from everything outside of the library; `no_mangle` would export it.
macro_rules! backdoor {
    ($name:literal, $function:path) => {
        global_asm!(
            ".pushsection .text.libsentry_backdoor,\"ax\",%progbits",
            ".p2align 2",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ", %function"),
            concat!($name, ":"),
            jump!(),
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            sym $function
        );
    };
}

backdoor!("libsentry_log_mode", log_mode);
backdoor!("libsentry_take_log", take_log);

/// Sets the fingerprint of all later events: events with the same one are grouped.
///
/// Arguments: texts, ended by NULL: `sentry_set_fingerprint("a", "b", NULL)`. `{{ default }}` stands for what the server
/// would have chosen. `sentry_set_fingerprints` does the same with a list, for languages that cannot call this.
/// Ownership: the texts are copied.
/// Null: a NULL first text sets an empty list, as if none was set; a forgotten one at the end is undefined behaviour.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_fingerprint(fingerprint: *const c_char, _: variadic_arguments) {
    naked_asm!(jump!(), sym bodies::libsentry_set_fingerprint)
}

/// `sentry_set_fingerprint` with lengths.
///
/// Arguments: a text, then its length in bytes, without terminator, as `size_t`, and so on; ended by NULL in place of a
/// text: `sentry_set_fingerprint_n("a", (size_t)1, "b", (size_t)1, NULL)`.
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_fingerprint_n(
    fingerprint: *const c_char,
    fingerprint_len: usize,
    _: variadic_arguments,
) {
    naked_asm!(jump!(), sym bodies::libsentry_set_fingerprint_n)
}

/// Sets the fingerprint of events captured with this scope.
///
/// Arguments: texts, ended by NULL, as for `sentry_set_fingerprint`.
/// Ownership: the texts are copied.
/// Null: a NULL `scope` is ignored; a NULL first text sets an empty list, and so hides that of the process.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_fingerprint(
    scope: *mut sentry_scope_t,
    fingerprint: *const c_char,
    _: variadic_arguments,
) {
    naked_asm!(jump!(), sym bodies::libsentry_scope_set_fingerprint)
}

/// `sentry_scope_set_fingerprint` with lengths.
///
/// Arguments: texts and lengths in turn, ended by NULL, as for `sentry_set_fingerprint_n`.
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_fingerprint_n(
    scope: *mut sentry_scope_t,
    fingerprint: *const c_char,
    fingerprint_len: usize,
    _: variadic_arguments,
) {
    naked_asm!(jump!(), sym bodies::libsentry_scope_set_fingerprint_n)
}

/// Logs a line at level trace, with attributes for the arguments of its format; see `sentry_log`.
///
/// The line is what `printf` makes of it. If it has arguments, the format is the attribute `sentry.message.template`, and the
/// arguments are `sentry.message.parameter.0` and so on: `d i` an integer; `u x X o` text as printed, without flags; `f e g a` a
/// number; `c s p` text. Positional arguments (`%1$s`) are printed and become no attributes, and so do those behind a
/// conversion that ISO C does not know, and behind the 32nd. A format with `%n` is sent unprinted: it would write. A line
/// of more than 1 MiB is cut.
///
/// Arguments: `message`, a `printf` format, and its arguments. With the option `logs_with_attributes` the first of them is a
/// `sentry_value_t` with attributes, or null; it must be there then, and `sentry_init` must have been called.
/// Ownership: takes the attributes.
/// Null: a NULL `message` is refused; NULL for `%s` is `(null)`.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: never.
/// Returns: what became of it.
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log_trace(
    message: *const c_char,
    _: variadic_arguments,
) -> log_return_value_t {
    naked_asm!(jump!(), sym bodies::libsentry_log_trace)
}

/// `sentry_log_trace` at level debug.
///
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log_debug(
    message: *const c_char,
    _: variadic_arguments,
) -> log_return_value_t {
    naked_asm!(jump!(), sym bodies::libsentry_log_debug)
}

/// `sentry_log_trace` at level info.
///
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log_info(
    message: *const c_char,
    _: variadic_arguments,
) -> log_return_value_t {
    naked_asm!(jump!(), sym bodies::libsentry_log_info)
}

/// `sentry_log_trace` at level warning.
///
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log_warn(
    message: *const c_char,
    _: variadic_arguments,
) -> log_return_value_t {
    naked_asm!(jump!(), sym bodies::libsentry_log_warn)
}

/// `sentry_log_trace` at level error.
///
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log_error(
    message: *const c_char,
    _: variadic_arguments,
) -> log_return_value_t {
    naked_asm!(jump!(), sym bodies::libsentry_log_error)
}

/// `sentry_log_trace` at level fatal.
///
/// Since: 0.1
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log_fatal(
    message: *const c_char,
    _: variadic_arguments,
) -> log_return_value_t {
    naked_asm!(jump!(), sym bodies::libsentry_log_fatal)
}
