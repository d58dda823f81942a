//! See `sentry::fuzzing::dsn`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sentry::fuzzing::dsn(data));
