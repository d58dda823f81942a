//! See `sentry::fuzzing::event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sentry::fuzzing::event(data));
