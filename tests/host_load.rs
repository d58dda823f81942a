//! The library when it is loaded, and where memory or descriptors are scarce: no call hangs, and the process lives.

#![allow(clippy::panic, reason = "a test says what is wrong by panicking")]

mod host;
mod support;

use host::{Program, RUN_TIMEOUT, messages};
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
fn a_child_that_cannot_start_says_why_and_may_try_again() {
    let (receiver, _) = SCARCE.run_against_receiver("silent_child");
    assert_eq!(messages(&receiver), ["child"]);
}
