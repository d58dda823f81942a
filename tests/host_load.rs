//! The library when it is loaded, and where memory or descriptors are scarce: no call hangs, and the process lives.

#![allow(clippy::panic, reason = "a test says what is wrong by panicking")]

mod host;
mod support;

use host::{Program, RUN_TIMEOUT, distinct_ids, messages};
use receiver::Receiver;
use support::{Scratch, Standard, assert_success, compile, run, shared_flags, static_flags};

static SCARCE: Program = Program::new("host_scarce");

/// Compiled so that the library finds the program's functions before those of the C library.
fn fork_in_the_first_call(flags: Vec<std::ffi::OsString>) {
    let scratch = Scratch::new("host_load");
    let program = scratch.join("host_load");
    let mut flags = flags;
    flags.push("-rdynamic".into());
    flags.push("-ldl".into());

    compile("tests/c/host_load.c", Standard::C99, &program, &flags);
    let mut command = std::process::Command::new(program);
    command.arg("first_call_during_fork");
    assert_success(&run(&mut command, RUN_TIMEOUT), "first_call_during_fork");
}

#[test]
fn a_fork_during_the_first_call_of_another_thread_hangs_no_child() {
    fork_in_the_first_call(shared_flags());
}

#[test]
fn a_program_that_is_linked_statically_is_prepared_when_it_starts_too() {
    fork_in_the_first_call(static_flags());
}

#[test]
fn an_event_that_finds_no_memory_is_refused_and_counted() {
    let (receiver, _) = SCARCE.run_against_receiver("event");
    assert_eq!(messages(&receiver), ["after memory"]);
}

#[test]
fn text_that_cannot_be_repaired_for_want_of_memory_is_refused() {
    let (receiver, _) = SCARCE.run_against_receiver("repair");
    assert_eq!(messages(&receiver), ["after repair"]);
}

#[test]
fn an_envelope_that_cannot_be_copied_for_want_of_memory_is_refused() {
    let scratch = Scratch::new("envelopes");
    let mut command = SCARCE.command("envelopes", "");
    command.current_dir(scratch.path());
    assert_success(&run(&mut command, RUN_TIMEOUT), "envelopes");
}

#[test]
fn values_that_are_shared_without_end_are_bounded_on_every_way() {
    let (receiver, _) = SCARCE.run_against_receiver("shared_values");
    let event = host::event_with(&receiver, "after all");
    // The circle is cut where it closes.
    let written = serde_json::json!({"kept": "yes", "a": {}, "b": {}});
    assert_eq!(event["extra"]["shared"], written);
    assert_eq!(event["breadcrumbs"]["values"][0]["data"], written);
    assert_eq!(event["contexts"]["shared"]["kept"], "yes");
}

#[test]
fn a_child_that_cannot_start_says_why_and_may_try_again() {
    let (receiver, _) = SCARCE.run_against_receiver("silent_child");
    assert_eq!(messages(&receiver), ["child"]);
}

/// Runs a scenario that writes files.
fn run_with_files(scenario: &str) -> Receiver {
    let (receiver, scratch) = (Receiver::start(), Scratch::new(scenario));
    let mut command = SCARCE.command(scenario, &receiver.dsn());
    command.current_dir(scratch.path());
    assert_success(&run(&mut command, RUN_TIMEOUT), scenario);
    assert_eq!(receiver.violations(), [""; 0], "{scenario}");
    receiver
}

#[test]
fn events_wait_in_memory_until_there_are_descriptors_again() {
    for scenario in ["descriptors", "lowered_limit"] {
        let receiver = run_with_files(scenario);
        assert_eq!(distinct_ids(&receiver).len(), 22, "{scenario}");
        let messages = messages(&receiver);
        assert_eq!(messages.first().map(String::as_str), Some("after want"));
        assert_eq!(
            messages.last().map(String::as_str),
            Some("in want, with a stack")
        );
    }
}

#[test]
fn without_descriptors_until_the_end_the_process_still_ends() {
    let receiver = run_with_files("descriptors_until_the_end");
    assert_eq!(receiver.events().len(), 0);
}
