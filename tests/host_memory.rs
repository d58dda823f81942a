//! Memory that runs out: each allocation of 4 KiB or more fails once, one after the other, and no call ends the process.

#![allow(clippy::panic, reason = "a test says what is wrong by panicking")]

mod support;

use receiver::Receiver;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use support::{Scratch, Standard, assert_success, compile, run, shared_flags};

/// The program, which stands between the library and the C library: compiled once.
fn program() -> &'static PathBuf {
    static BUILT: OnceLock<(Scratch, PathBuf)> = OnceLock::new();
    let (_, program) = BUILT.get_or_init(|| {
        let scratch = Scratch::new("host_allocation");
        let mut flags = shared_flags();
        flags.push("-rdynamic".into());
        let source = "tests/c/host_allocation.c";
        compile(source, Standard::Cxx17, &scratch.join("as-cxx"), &flags);
        let program = scratch.join("host_allocation");
        compile(source, Standard::C99, &program, &flags);
        (scratch, program)
    });
    program
}

/// A scenario has a process for each allocation that fails, some hundreds: a minute of CPU in a debug build, beside other
/// tests.
const LONGEST: Duration = Duration::from_secs(300);

/// Runs a scenario, in which at least so many allocations must have failed: else nothing was tried.
fn fail_each_in(scenario: &str, least: usize) {
    let (receiver, scratch) = (Receiver::start(), Scratch::new(scenario));
    let mut command = Command::new(program());
    command
        .args([scenario, &receiver.dsn()])
        .env_remove("SENTRY_DSN")
        .current_dir(scratch.path());
    let output = run(&mut command, LONGEST);
    assert_success(&output, scenario);
    let printed = String::from_utf8_lossy(&output.stdout);
    let failed = printed.trim().strip_prefix(scenario).and_then(|rest| {
        let number = rest.strip_prefix(": ")?;
        number.parse::<usize>().ok()
    });
    assert!(failed >= Some(least), "{scenario}: {printed:?}");
    assert_eq!(receiver.violations(), [""; 0], "{scenario}");
}

#[test]
fn a_start_says_no_or_works() {
    fail_each_in("init", 5);
}

#[test]
fn a_start_without_files_says_no_or_works() {
    fail_each_in("start", 2);
}

#[test]
fn options_keep_what_they_were() {
    fail_each_in("options", 3);
}

#[test]
fn a_capture_of_json_answers() {
    fail_each_in("json", 10);
}

#[test]
fn values_are_built_and_written_or_not() {
    fail_each_in("values", 3);
}

#[test]
fn a_capture_of_a_value_answers() {
    fail_each_in("event", 3);
}

#[test]
fn a_capture_of_a_long_message_answers() {
    fail_each_in("message", 5);
}

#[test]
fn data_of_the_scope_stay_as_they_were() {
    fail_each_in("scope", 30);
}

#[test]
fn hooks_are_called_or_the_capture_answers() {
    fail_each_in("hooks", 15);
}

#[test]
fn transactions_and_spans_are_sent_or_counted() {
    fail_each_in("tracing", 20);
    fail_each_in("tracing_shown", 20);
}

#[test]
fn feedback_is_made_or_not() {
    fail_each_in("feedback", 5);
}

#[test]
fn envelopes_are_read_and_written_or_not() {
    fail_each_in("envelopes", 5);
}

#[test]
fn attachments_are_added_or_not() {
    fail_each_in("attachments", 1);
}

#[test]
fn sessions_and_consent_go_on() {
    fail_each_in("sessions", 1);
}

#[test]
fn the_worker_delivers_without_it() {
    fail_each_in("delivery", 3);
}

#[test]
fn what_is_stored_is_read_again() {
    fail_each_in("spool", 10);
}

#[test]
fn the_log_of_the_queue_goes_on() {
    fail_each_in("durable", 10);
}

#[test]
fn a_close_ends_in_time_and_counts() {
    fail_each_in("closing", 2);
}

#[test]
fn the_self_test_reports() {
    fail_each_in("self_test", 2);
}
