//! See `sentry::fuzzing::crumb`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sentry::fuzzing::crumb(data));
