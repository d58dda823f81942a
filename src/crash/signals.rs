//! What crash signals are called.

/// Name and description of a signal; one that is none of the crash signals has no name of its own.
pub(crate) fn name(number: i32) -> (&'static str, &'static str) {
    match number {
        libc::SIGILL => ("SIGILL", "IllegalInstruction"),
        libc::SIGTRAP => ("SIGTRAP", "Trap"),
        libc::SIGABRT => ("SIGABRT", "Abort"),
        libc::SIGBUS => ("SIGBUS", "BusError"),
        libc::SIGFPE => ("SIGFPE", "FloatingPointException"),
        libc::SIGSEGV => ("SIGSEGV", "Segfault"),
        libc::SIGSYS => ("SIGSYS", "BadSystemCall"),
        _ => ("UNKNOWN", "UnknownSignal"),
    }
}
