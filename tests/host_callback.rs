//! Outcome callbacks that call the library, block, or log what they hear back into it.

mod host;
mod support;

use host::{Program, distinct_ids, messages};
use receiver::{Receiver, Reply};

static PROGRAM: Program = Program::new("host_callback");
static JUMP: Program = Program::new("host_jump");

#[test]
fn every_function_can_be_called_in_a_callback_and_captures_are_refused() {
    let (receiver, _) = PROGRAM.run_against_receiver("everything");
    assert_eq!(distinct_ids(&receiver).len(), 10);
}

#[test]
fn a_callback_may_close_the_library_again_and_again() {
    let (receiver, _) = PROGRAM.run_against_receiver("close_from_worker");
    assert_eq!(distinct_ids(&receiver).len(), 20);
}

#[test]
fn a_callback_may_start_the_library_anew() {
    let (receiver, _) = PROGRAM.run_against_receiver("init_from_worker");
    assert_eq!(messages(&receiver), ["of the first", "of the second"]);
}

#[test]
fn a_callback_that_blocks_delays_neither_flush_nor_close() {
    let (receiver, _) = PROGRAM.run_against_receiver("blocking");
    assert!(messages(&receiver).contains(&"meanwhile".to_owned()));
}

#[test]
fn a_callback_on_the_closing_thread_cannot_wait_for_that_thread() {
    PROGRAM.run_against_receiver("calls_while_closing");
}

// The library's own diagnostics never become events: the logger is called on the library's thread.
#[test]
fn a_logger_that_forwards_outcomes_on_the_librarys_thread_is_refused() {
    let (receiver, _) = PROGRAM.run_against_receiver("feedback_on_worker");
    assert_eq!(messages(&receiver), vec!["feedback"; 100]);
}

#[test]
fn a_logger_that_forwards_outcomes_on_the_hosts_thread_does_not_go_round() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    PROGRAM.run("feedback_on_host_thread", &receiver.dsn());
    assert!(receiver.event_ids().len() <= 1);
}

#[test]
fn a_host_that_jumps_out_of_a_callback_still_has_its_callbacks_and_its_thread() {
    let (receiver, _) = JUMP.run_against_receiver("out_of_a_hook");
    assert_eq!(messages(&receiver), ["jump"]);
    let receiver = Receiver::start();
    receiver.accept_any_request();
    JUMP.run("out_of_the_outcome_callback", &receiver.dsn());
    assert_eq!(messages(&receiver), [""; 0]);
}
