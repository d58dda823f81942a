//! App hangs: the interface. They are not watched for in this version, so these calls do nothing.

/// Says that the calling thread is alive. App hangs are not watched for in this version: this does nothing.
///
/// Threads: any; the first one that calls is the one to be watched.
/// Blocks: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_app_hang_heartbeat() {}

/// Pauses the watch until the next heartbeat. App hangs are not watched for in this version: this does nothing.
///
/// Threads: any.
/// Blocks: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_app_hang_pause() {}
