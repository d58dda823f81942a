//! Names that do not resolve: a name server that never answers delays nobody beyond his time-out.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::fs;

use host::{Program, RUN_TIMEOUT};
use support::{Scratch, assert_success, run};

static PROGRAM: Program = Program::new("host_dns");

/// How the program says that the system gives it no mount and network of its own.
const NOT_POSSIBLE: i32 = 77;

/// Runs a scenario where names are looked up as `hosts` says; the only name server is the program's own.
fn run_with(scenario: &str, hosts: &str) {
    let scratch = Scratch::new("host_dns");
    let write = |name: &str, text: String| fs::write(scratch.join(name), text).unwrap();
    // Longer than any time-out of the scenarios: whoever waits for the lookup is seen to.
    write(
        "resolv.conf",
        "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n".to_owned(),
    );
    write(
        "hosts",
        "::1 sentry.example.com\n127.0.0.1 sentry.example.com\n".to_owned(),
    );
    write("nsswitch.conf", format!("hosts: {hosts}\n"));
    let output = run(
        &mut PROGRAM.command(scenario, scratch.path().to_str().unwrap()),
        RUN_TIMEOUT,
    );
    if output.status.code() == Some(NOT_POSSIBLE) {
        let reason = String::from_utf8_lossy(&output.stdout);
        println!("skipped: no mount and network of our own here: {reason}");
        return;
    }
    assert_success(&output, scenario);
}

#[test]
fn flush_close_and_self_test_keep_their_time_while_a_name_server_is_silent() {
    run_with("silent", "dns");
}

#[test]
fn the_connect_timeout_ends_a_lookup() {
    run_with("time_out", "dns");
}

#[test]
fn lookups_that_hang_do_not_pile_up() {
    run_with("bounded", "dns");
}

#[test]
fn a_dead_ipv6_address_leaves_ipv4_its_time_within_the_connect_timeout() {
    run_with("dead_ipv6", "files");
}

#[test]
fn exit_and_fork_in_the_middle_of_a_lookup_keep_their_time() {
    run_with("at_exit_and_fork", "dns");
}

#[test]
fn a_name_that_is_not_found_is_a_network_error() {
    run_with("not_found", "files");
}
