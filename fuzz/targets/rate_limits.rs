//! See `sentry::fuzzing::rate_limits`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sentry::fuzzing::rate_limits(data));
