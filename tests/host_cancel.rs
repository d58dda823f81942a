//! Threads that the host cancels: a call of the library completes first, and no process dies of it.

mod host;
mod support;

use host::{Program, messages};
use receiver::Receiver;

static PROGRAM: Program = Program::new("host_cancel");

/// Some of the scenarios' calls connect or report losses alone.
fn run_lenient(scenario: &str) -> Receiver {
    let receiver = Receiver::start();
    receiver.accept_any_request();
    PROGRAM.run(scenario, &receiver.dsn());
    receiver
}

#[test]
fn a_thread_is_cancelled_after_the_call_and_never_inside_of_it() {
    run_lenient("pending");
}

#[test]
fn diagnostics_are_no_place_to_be_cancelled_at_either() {
    run_lenient("pending_with_diagnostics");
}

#[test]
fn a_callback_is_not_left_at_its_cancellation_points() {
    let receiver = run_lenient("in_a_hook");
    assert_eq!(messages(&receiver), ["cancelled"; 2]);
}

#[test]
fn what_the_host_had_set_is_what_it_finds() {
    let (receiver, _) = PROGRAM.run_against_receiver("state_is_kept");
    assert_eq!(messages(&receiver), ["disabled", "enabled"]);
}
