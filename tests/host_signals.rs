//! Signals: the library changes no mask and no disposition, takes none of the host's signals, and survives SIGPIPE.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use host::{Program, distinct_ids};
use receiver::{Receiver, Reply};

static PROGRAM: Program = Program::new("host_signals");
static LAST_THREAD: Program = Program::new("host_last_thread");

#[test]
fn masks_of_the_hosts_threads_and_dispositions_stay_as_they_are() {
    let receiver = Receiver::start();
    // The self-test connects and says nothing.
    receiver.accept_any_request();
    PROGRAM.run("masks", &receiver.dsn());
    assert_eq!(receiver.events().len(), 1);
}

#[test]
fn the_librarys_thread_is_deaf_to_everything_but_its_own_faults() {
    PROGRAM.run_against_receiver("worker_mask");
}

#[test]
fn the_hosts_handlers_run_on_the_hosts_thread() {
    let (receiver, _) = PROGRAM.run_against_receiver("handlers");
    assert_eq!(distinct_ids(&receiver).len(), 20);
}

#[test]
fn interrupted_system_calls_lose_nothing() {
    let (receiver, _) = PROGRAM.run_against_receiver("interruptions");
    assert_eq!(distinct_ids(&receiver).len(), 500);
}

#[test]
fn a_server_that_resets_connections_sends_no_sigpipe() {
    let receiver = Receiver::start();
    let bad = || {
        [
            Reply::reset_after_head(),
            Reply::reset_before_reading(),
            Reply::reset_after_request(),
        ]
    };
    receiver.script((0..10).flat_map(|_| bad()));
    PROGRAM.run("broken_pipe", &receiver.dsn());
    assert_eq!(receiver.accepted_event_ids().len(), 20);
}

#[test]
fn diagnostics_into_a_broken_pipe_harm_nobody() {
    let (receiver, _) = PROGRAM.run_against_receiver("broken_stderr");
    assert_eq!(receiver.events().len(), 1);
}

#[test]
fn a_process_whose_main_thread_has_left_ends_by_a_signal_as_any_other() {
    let (receiver, _) = LAST_THREAD.run_against_receiver("ends");
    assert_eq!(distinct_ids(&receiver).len(), 4);
    LAST_THREAD.run_against_receiver("handler");
}

#[test]
fn the_librarys_thread_takes_no_signal_while_the_host_has_a_thread() {
    let (receiver, _) = LAST_THREAD.run_against_receiver("not_the_last");
    assert_eq!(distinct_ids(&receiver).len(), 5);
}
