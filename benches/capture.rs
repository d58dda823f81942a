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
use sentry::ffi::breadcrumbs::sentry_add_breadcrumb_json_n;
use sentry::ffi::capture::{sentry_capture_message_n, sentry_capture_n};
use sentry::ffi::capture_value::sentry_capture_event;
use sentry::ffi::events::{
    sentry_event_add_exception, sentry_value_new_exception_n, sentry_value_new_message_event_n,
};
use sentry::ffi::lifecycle::{sentry_close, sentry_init};
use sentry::ffi::options_json::sentry_options_new_from_json_n;
use sentry::ffi::scope::sentry_set_tag_n;
use sentry::ffi::scope_values::sentry_set_context_n;
use sentry::ffi::types::sentry_status_t;
use sentry::ffi::values::{
    sentry_value_new_int32, sentry_value_new_list, sentry_value_new_object,
    sentry_value_new_string_n, sentry_value_t,
};
use sentry::ffi::values_access::{sentry_value_append, sentry_value_set_by_key_n};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// `SENTRY_LEVEL_ERROR`
const ERROR: c_int = 2;

fn main() {
    divan::main();
}

/// A queue that takes everything.
const ROOMY: &str = "\"queue_max_items\":-1,\"queue_max_bytes\":4294967296";

/// A client with a scope of 20 breadcrumbs and a tag, and a server that accepts connections and never answers.
struct Running {
    _server: TcpListener,
}

impl Running {
    /// `queue` holds more options as JSON.
    fn start(queue: &str) -> Self {
        Self::with_breadcrumbs(queue, 20)
    }

    fn with_breadcrumbs(queue: &str, breadcrumbs: usize) -> Self {
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
        for number in 0..breadcrumbs {
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
        Self::start(ROOMY)
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

/// The event of a C program: built from values, with an exception of 20 native frames, in a scope of 5 tags and 3
/// contexts. Alarming: 100 breadcrumbs, or 400 libraries loaded, more than 10 % above none.
mod values {
    use super::*;
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::PathBuf;
    use std::process::Command;
    use std::sync::Mutex;

    fn text(text: &str) -> sentry_value_t {
        let (text, length) = parts(text);
        // SAFETY: text with its length.
        unsafe { sentry_value_new_string_n(text, length) }
    }

    fn set(object: sentry_value_t, key: &str, value: sentry_value_t) {
        let (key, length) = parts(key);
        // SAFETY: values of ours and text with its length.
        unsafe { sentry_value_set_by_key_n(object, key, length, value) };
    }

    fn frame(number: i32) -> sentry_value_t {
        let frame = sentry_value_new_object();
        let address = format!("0x55d0c0ffee{number:02x}");
        set(frame, "instruction_addr", text(&address));
        set(frame, "function", text("storage::read_block"));
        set(frame, "lineno", sentry_value_new_int32(number));
        frame
    }

    fn event() -> sentry_value_t {
        let frames = sentry_value_new_list();
        for number in 0..20 {
            // SAFETY: values of ours.
            unsafe { sentry_value_append(frames, frame(number)) };
        }
        let stacktrace = sentry_value_new_object();
        set(stacktrace, "frames", frames);
        let ((kind, kind_length), (value, length)) = (parts("ReadError"), parts("no such block"));
        // SAFETY: texts with their lengths.
        let exception = unsafe { sentry_value_new_exception_n(kind, kind_length, value, length) };
        set(exception, "stacktrace", stacktrace);
        let ((logger, logger_length), (message, length)) =
            (parts("storage"), parts("could not read the block"));
        // SAFETY: texts with their lengths, and values of ours.
        unsafe {
            let event =
                sentry_value_new_message_event_n(ERROR, logger, logger_length, message, length);
            sentry_event_add_exception(event, exception);
            event
        }
    }

    fn running(breadcrumbs: usize) -> Running {
        let running = Running::with_breadcrumbs(ROOMY, breadcrumbs);
        for key in ["host", "region", "shard", "build"] {
            let ((key, key_length), (value, length)) = (parts(key), parts("one of several"));
            // SAFETY: texts with their lengths.
            unsafe { sentry_set_tag_n(key, key_length, value, length) };
        }
        // The other two, `os` and `device`, are there.
        let context = sentry_value_new_object();
        set(context, "name", text("app"));
        set(context, "state", text("serving requests"));
        let (key, length) = parts("app");
        // SAFETY: text with its length, and a value of ours.
        unsafe { sentry_set_context_n(key, length, context) };
        running
    }

    /// Libraries that a program loads besides those of the benchmark, until it ends.
    struct Libraries {
        folder: PathBuf,
        loaded: usize,
    }

    static LIBRARIES: Mutex<Option<Libraries>> = Mutex::new(None);

    impl Libraries {
        fn build() -> Self {
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
            std::fs::write(
                folder.join("library.c"),
                "int answer(void) { return 42; }\n",
            )
            .expect("a writable folder");
            let built = Command::new("cc")
                .args([
                    "-shared",
                    "-fPIC",
                    "-Wl,--build-id",
                    "-o",
                    "library.so",
                    "library.c",
                ])
                .current_dir(&folder)
                .status();
            assert!(built.is_ok_and(|status| status.success()), "cc");
            Self { folder, loaded: 0 }
        }

        /// Copies are libraries of their own: the loader tells them by their file.
        fn load(&mut self, libraries: usize) {
            for number in self.loaded..libraries {
                let copy = self.folder.join(format!("library{number}.so"));
                std::fs::copy(self.folder.join("library.so"), &copy).expect("a copy");
                let path = CString::new(copy.as_os_str().as_bytes()).expect("no zero in it");
                // SAFETY: terminated text, and a library whose loading runs nothing.
                let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
                assert!(!library.is_null(), "{path:?}");
                std::fs::remove_file(&copy).expect("a file of ours");
            }
            self.loaded = self.loaded.max(libraries);
        }
    }

    fn load_libraries(count: usize) {
        let mut libraries = LIBRARIES.lock().expect("no bench has failed");
        libraries.get_or_insert_with(Libraries::build).load(count);
    }

    fn capture(event: sentry_value_t) {
        // SAFETY: a value of ours.
        unsafe { sentry_capture_event(event) };
    }

    /// Number of breadcrumbs in the scope.
    const BREADCRUMBS: [usize; 3] = [0, 20, 100];

    #[divan::bench(args = BREADCRUMBS, sample_count = 400, sample_size = 25)]
    fn build_and_capture(bencher: Bencher<'_, '_>, breadcrumbs: usize) {
        let _running = running(breadcrumbs);
        bencher.bench_local(|| capture(event()));
    }

    #[divan::bench(args = BREADCRUMBS, sample_count = 400, sample_size = 25)]
    fn capture_only(bencher: Bencher<'_, '_>, breadcrumbs: usize) {
        let _running = running(breadcrumbs);
        bencher.with_inputs(event).bench_local_values(capture);
    }

    /// Number of libraries loaded; each stays loaded, so from few to many.
    const LOADED: [usize; 3] = [0, 40, 400];

    #[divan::bench(args = LOADED, sample_count = 400, sample_size = 25)]
    fn with_libraries(bencher: Bencher<'_, '_>, loaded: usize) {
        load_libraries(loaded);
        let _running = running(20);
        bencher.bench_local(|| capture(event()));
    }
}
