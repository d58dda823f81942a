//! What the library is called: its name and its version.

use std::ffi::c_char;

/// Returns the version of this library, as `major.minor.patch`.
///
/// Ownership: static; do not free it.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_sdk_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Returns the name of this library, whatever `sentry_options_set_sdk_name` was told.
///
/// Ownership: static; do not free it.
/// Threads: any.
/// Since: 0.1
#[deprecated(note = "use sentry_options_get_sdk_name")]
#[unsafe(no_mangle)]
pub extern "C" fn sentry_sdk_name() -> *const c_char {
    c"libsentry.native".as_ptr()
}

/// Returns name and version of this library, whatever `sentry_options_set_sdk_name` was told.
///
/// Ownership: static; do not free it.
/// Threads: any.
/// Returns: `NAME/VERSION`.
/// Since: 0.1
#[deprecated(note = "use sentry_options_get_user_agent")]
#[unsafe(no_mangle)]
pub extern "C" fn sentry_sdk_user_agent() -> *const c_char {
    concat!("libsentry.native/", env!("CARGO_PKG_VERSION"), "\0")
        .as_ptr()
        .cast()
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;
    use crate::client::options::{Options, SDK_NAME, SDK_VERSION};

    fn text(pointer: *const c_char) -> &'static str {
        // SAFETY: the functions above return static texts with their terminators.
        let text = unsafe { CStr::from_ptr(pointer) };
        text.to_str().unwrap()
    }

    #[expect(deprecated, reason = "deprecated functions still work")]
    #[test]
    fn name_and_version_are_those_that_events_show() {
        assert_eq!(text(sentry_sdk_version()), SDK_VERSION);
        assert_eq!(text(sentry_sdk_name()), SDK_NAME);
        let agent = Options::default().user_agent();
        assert_eq!(text(sentry_sdk_user_agent()), agent);
    }
}
