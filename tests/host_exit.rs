//! Ways to end: what was captured is delivered or the end is not delayed, and nothing crashes on the way out.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::process::Command;

use host::{Program, RUN_TIMEOUT, distinct_ids, messages};
use receiver::{Receiver, Reply};
use support::{Scratch, Standard, assert_success, compile_c, run};

static PROGRAM: Program = Program::new("host_exit");

fn hanging() -> Receiver {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    receiver
}

#[test]
fn an_exit_without_close_delivers_what_was_captured() {
    let (receiver, _) = PROGRAM.run_against_receiver("without_close");
    assert_eq!(distinct_ids(&receiver).len(), 50);
}

#[test]
fn an_exit_waits_for_a_hung_server_no_longer_than_the_shutdown_timeout() {
    for scenario in ["hung", "in_capture_callback", "during_flush"] {
        PROGRAM.run(scenario, &hanging().dsn());
    }
}

#[test]
fn an_exit_in_a_callback_on_the_librarys_thread_ends_the_process() {
    for _ in 0..10 {
        PROGRAM.run_against_receiver("in_worker_callback");
    }
}

#[test]
fn a_close_in_an_exit_handler_works_before_and_after_our_own() {
    let (receiver, _) = PROGRAM.run_against_receiver("close_registered_before");
    assert_eq!(messages(&receiver), ["before"]);
    let (receiver, _) = PROGRAM.run_against_receiver("close_registered_after");
    assert_eq!(messages(&receiver), ["after"]);
}

#[test]
fn captures_in_exit_handlers_are_delivered_or_refused_but_never_lost() {
    let (receiver, _) = PROGRAM.run_against_receiver("capture_in_handlers");
    assert_eq!(messages(&receiver), ["in an exit handler"]);
    let (receiver, _) = PROGRAM.run_against_receiver("capture_in_handlers_of_child");
    assert_eq!(messages(&receiver), Vec::<String>::new());
}

#[test]
fn an_abrupt_end_keeps_its_status() {
    PROGRAM.run_against_receiver("abrupt");
}

#[test]
fn the_process_lives_on_without_its_main_thread_and_ends_after_close() {
    let (receiver, _) = PROGRAM.run_against_receiver("main_thread_ends");
    assert_eq!(messages(&receiver), ["without main"]);
}

#[test]
fn destructors_of_thread_data_can_capture() {
    let (receiver, _) = PROGRAM.run_against_receiver("thread_data");
    assert_eq!(distinct_ids(&receiver).len(), 20);
}

#[test]
fn destructors_of_static_and_thread_local_objects_can_capture() {
    let (scratch, receiver) = (Scratch::new("host_static"), Receiver::start());
    let program = scratch.join("host_static");
    compile_c("tests/c/host_static.cpp", Standard::Cxx17, &program);
    let output = run(
        Command::new(&program)
            .args(["destructors", &receiver.dsn()])
            .env_remove("SENTRY_DSN"),
        RUN_TIMEOUT,
    );
    assert_success(&output, "host_static");
    let mut wanted = vec!["made after init"];
    wanted.extend(["thread-local"; 6]);
    assert_eq!(messages(&receiver), wanted);
    assert_eq!(receiver.violations(), Vec::<String>::new());
}
