//! The capture path, call by call: time and allocations of what a host calls most.
//!
//! `cargo bench`, or `cargo bench -- PART_OF_A_NAME`. Input: an event of 1 KiB of message, 20 breadcrumbs in the scope.
//! The server is in this process and never answers, so nothing but the calls runs. Alarming: a median above 3 µs for a
//! refusal or 10 µs for an accepted capture, or more than three allocations for either. Percentiles, threads and real
//! traffic are measured by `benches/run.py`.

#![allow(missing_docs, reason = "divan makes public items")]
#![allow(clippy::expect_used, reason = "without its server the benchmark ends")]

use std::ffi::{c_char, c_int};
use std::net::TcpListener;
use std::ptr;

use divan::{AllocProfiler, Bencher};
use sentry::ffi::capture::{sentry_capture_message_n, sentry_capture_n};
use sentry::ffi::lifecycle::{sentry_close, sentry_init};
use sentry::ffi::options_json::sentry_options_new_from_json_n;
use sentry::ffi::scope::{sentry_add_breadcrumb_json_n, sentry_set_tag_n};
use sentry::ffi::types::sentry_status_t;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// `SENTRY_LEVEL_ERROR`
const ERROR: c_int = 2;

fn main() {
    divan::main();
}

/// A client with a scope of 20 breadcrumbs and a tag, and a server that accepts connections and never answers.
struct Running {
    _server: TcpListener,
}

impl Running {
    /// `queue` holds more options as JSON.
    fn start(queue: &str) -> Self {
        let server = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = server.local_addr().expect("a bound socket").port();
        let options = format!(
            "{{\"dsn\":\"http://k@127.0.0.1:{port}/1\",\"release\":\"bench@1.0\",\"shutdown_timeout\":0,{queue}}}"
        );
        // SAFETY: text with its length; the options are handed to `sentry_init`, which owns them from then on.
        let failed = unsafe {
            let (text, length) = parts(&options);
            sentry_init(sentry_options_new_from_json_n(text, length))
        };
        assert_eq!(failed, 0, "{options}");
        for number in 0..20 {
            add_breadcrumb(&breadcrumb(number));
        }
        set_tag("acme");
        Self { _server: server }
    }

    /// A queue that is full.
    fn full() -> Self {
        let running = Self::start("\"queue_max_items\":1");
        capture(&event());
        running
    }

    /// A queue that takes everything a benchmark captures.
    fn roomy() -> Self {
        Self::start("\"queue_max_items\":-1,\"queue_max_bytes\":4294967296")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        sentry_close();
    }
}

fn parts(text: &str) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
}

fn message() -> String {
    let sentence = "could not read the block of the file after 3 attempts; ";
    sentence.chars().cycle().take(1024).collect()
}

fn event() -> String {
    format!(
        "{{\"message\":\"{}\",\"level\":\"error\",\"logger\":\"storage\",\"tags\":{{\"part\":\"reader\"}}}}",
        message()
    )
}

fn with_stack() -> String {
    let frame = |number: usize| {
        format!(
            "{{\"function\":\"storage::read_block_{number}\",\"filename\":\"src/storage/read.c\",\"lineno\":{number},\"instruction_addr\":\"0x55d0c0ffee{number:02}\"}}"
        )
    };
    let frames: Vec<String> = (0..30).map(frame).collect();
    format!(
        "{{\"exception\":{{\"values\":[{{\"type\":\"ReadError\",\"value\":\"no such block\",\"stacktrace\":{{\"frames\":[{}]}}}}]}}}}",
        frames.join(",")
    )
}

fn breadcrumb(number: usize) -> String {
    format!(
        "{{\"category\":\"http\",\"level\":\"info\",\"message\":\"GET /api/items/{number} answered 200\",\"data\":{{\"status\":200,\"ms\":{number}}}}}"
    )
}

fn capture(event: &str) -> sentry_status_t {
    let (text, length) = parts(event);
    // SAFETY: text with its length; no id is asked for.
    unsafe { sentry_capture_n(text, length, ptr::null_mut()) }
}

fn capture_message(message: &str) -> sentry_status_t {
    let ((logger, logger_length), (text, length)) = (parts("storage"), parts(message));
    // SAFETY: texts with their lengths; no id is asked for.
    unsafe { sentry_capture_message_n(ERROR, logger, logger_length, text, length, ptr::null_mut()) }
}

fn add_breadcrumb(json: &str) {
    let (text, length) = parts(json);
    // SAFETY: text with its length.
    let status = unsafe { sentry_add_breadcrumb_json_n(text, length) };
    assert!(matches!(status, sentry_status_t::SENTRY_STATUS_OK));
}

fn set_tag(value: &str) {
    let ((key, key_length), (value, length)) = (parts("customer"), parts(value));
    // SAFETY: texts with their lengths.
    unsafe { sentry_set_tag_n(key, key_length, value, length) };
}

/// What floods while a server hangs.
mod refused {
    use super::*;

    #[divan::bench(sample_count = 1000, sample_size = 50)]
    fn json(bencher: Bencher<'_, '_>) {
        let (_running, event) = (Running::full(), event());
        bencher.bench_local(|| capture(&event));
    }

    #[divan::bench(sample_count = 1000, sample_size = 50)]
    fn text(bencher: Bencher<'_, '_>) {
        let (_running, message) = (Running::full(), message());
        bencher.bench_local(|| capture_message(&message));
    }
}

/// What is queued: bounded counts, since the queue keeps it all.
mod accepted {
    use super::*;

    #[divan::bench(sample_count = 200, sample_size = 50)]
    fn json(bencher: Bencher<'_, '_>) {
        let (_running, event) = (Running::roomy(), event());
        bencher.bench_local(|| capture(&event));
    }

    #[divan::bench(sample_count = 200, sample_size = 50)]
    fn text(bencher: Bencher<'_, '_>) {
        let (_running, message) = (Running::roomy(), message());
        bencher.bench_local(|| capture_message(&message));
    }

    #[divan::bench(sample_count = 200, sample_size = 50)]
    fn thirty_frames(bencher: Bencher<'_, '_>) {
        let (_running, event) = (Running::roomy(), with_stack());
        bencher.bench_local(|| capture(&event));
    }

    #[divan::bench(sample_count = 200, sample_size = 50)]
    fn after_a_new_breadcrumb(bencher: Bencher<'_, '_>) {
        let (_running, event, crumb) = (Running::roomy(), event(), breadcrumb(1));
        bencher.bench_local(|| {
            add_breadcrumb(&crumb);
            capture(&event)
        });
    }
}

/// What hosts do between events.
mod scope {
    use super::*;

    #[divan::bench]
    fn breadcrumb(bencher: Bencher<'_, '_>) {
        let (_running, crumb) = (Running::full(), super::breadcrumb(1));
        bencher.bench_local(|| add_breadcrumb(&crumb));
    }

    #[divan::bench]
    fn tag(bencher: Bencher<'_, '_>) {
        let _running = Running::full();
        bencher.bench_local(|| set_tag("acme"));
    }
}
