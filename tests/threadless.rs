//! A library without a thread of its own: the host runs its work, with `sentry_poll`, a flush or a close.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use host::{Program, distinct_ids, messages};
use receiver::{Receiver, Reply, closed_port};

static PROGRAM: Program = Program::new("host_threadless");

#[test]
fn an_event_loop_sends_what_was_captured_and_a_capture_sends_nothing() {
    let (receiver, _) = PROGRAM.run_against_receiver("event_loop");
    assert_eq!(messages(&receiver), ["loop"; 3]);
}

#[test]
fn one_poll_that_may_wait_sends_everything_and_returns_then() {
    let (receiver, _) = PROGRAM.run_against_receiver("one_poll");
    assert_eq!(messages(&receiver), ["one", "two"]);
}

#[test]
fn flush_close_and_exit_run_the_work_themselves() {
    let (receiver, _) = PROGRAM.run_against_receiver("by_themselves");
    assert_eq!(messages(&receiver), ["close", "flush"]);
    let (receiver, _) = PROGRAM.run_against_receiver("at_exit");
    assert_eq!(messages(&receiver), ["at exit"]);
}

#[test]
fn every_call_ends_in_its_time_while_the_server_hangs() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    for scenario in ["hanging", "taken", "signals"] {
        PROGRAM.run(scenario, &receiver.dsn());
    }
}

#[test]
fn the_delay_before_an_attempt_is_what_a_poll_answers() {
    let port = closed_port().unwrap().port();
    PROGRAM.run(
        "unreachable",
        &format!("http://publickey@127.0.0.1:{port}/42"),
    );
}

#[test]
fn callbacks_run_on_the_thread_that_polls_and_cannot_poll() {
    let (receiver, _) = PROGRAM.run_against_receiver("callback");
    assert_eq!(messages(&receiver), ["closing", "told"]);
}

#[test]
fn a_poll_that_runs_nothing_says_so() {
    let (receiver, _) = PROGRAM.run_against_receiver("refused");
    assert_eq!(messages(&receiver), ["thread"]);
}

#[test]
fn threads_that_poll_flush_and_capture_at_once_deliver_everything_once() {
    let (receiver, _) = PROGRAM.run_against_receiver("many");
    assert_eq!(distinct_ids(&receiver).len(), 200);
}

#[test]
fn a_forked_child_runs_its_own_work() {
    let (receiver, _) = PROGRAM.run_against_receiver("forked");
    assert_eq!(messages(&receiver), ["child", "parent"]);
    let (receiver, _) = PROGRAM.run_against_receiver("fork_in_callback");
    assert_eq!(messages(&receiver), ["child", "one", "two"]);
}
