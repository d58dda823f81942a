//! See `sentry::fuzzing::envelope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sentry::fuzzing::envelope(data));
