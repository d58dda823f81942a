//! The host's logger of diagnostics: called on many threads and in a forked child, calling back, it stops nobody.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics fails"
)]

mod host;
mod support;

use std::process::Command;
use std::time::Duration;

use host::Program;
use receiver::Receiver;
use support::{Scratch, Standard};

static LOCK: Program = Program::new("logger_lock");

#[test]
fn a_logger_that_calls_back_stops_neither_threads_nor_a_forked_child() {
    let receiver = Receiver::start();
    let scratch = Scratch::new("logger");
    let program = scratch.join("program");
    support::compile_c("tests/c/logger_fork.c", Standard::C99, &program);
    let mut command = Command::new(&program);
    command.arg(receiver.dsn());
    let output = support::run(&mut command, Duration::from_secs(100));
    support::assert_success(&output, "logger_fork");
    assert!(output.stderr.is_empty(), "the logger takes stderr's place");

    let events = receiver.events();
    let count = |text: &str| {
        let is_it = |event: &&serde_json::Value| event["logentry"]["formatted"] == text;
        events.iter().filter(is_it).count()
    };
    assert_eq!(count("from a thread"), 80);
    assert_eq!(count("from the child"), 1);
    assert_eq!(events.len(), 81, "nothing of the logger became an event");
}

#[test]
fn a_host_that_captures_under_the_lock_of_its_log_is_not_called_there() {
    let receiver = Receiver::start();
    receiver.accept_any_request();
    for scenario in ["under_the_lock", "too_many", "in_a_child", "without_a_dsn"] {
        LOCK.run(scenario, &receiver.dsn());
    }
}
