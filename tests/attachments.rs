//! Attachments where more than one thing happens at once: limits of the server, forks, many threads.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use host::{Program, RUN_TIMEOUT};
use receiver::{Envelope, Receiver, Reply, closed_port};
use support::{Scratch, assert_success, run};

static PROGRAM: Program = Program::new("host_attachments");

fn run_in_scratch(scenario: &str, dsn: &str) {
    let scratch = Scratch::new(scenario);
    let mut command = PROGRAM.command(scenario, dsn);
    let output = run(command.current_dir(scratch.path()), RUN_TIMEOUT);
    assert_success(&output, scenario);
}

/// Message, and names of the attachments.
fn sent(envelope: &Envelope) -> (String, Vec<String>) {
    let event = envelope.items[0].json().unwrap();
    let message = event["logentry"]["formatted"].as_str().unwrap();
    let attachments = envelope.items_of("attachment");
    let names = attachments.map(|item| item.header["filename"].as_str().unwrap().to_owned());
    (message.to_owned(), names.collect())
}

/// The envelopes with events. What was lost may be told in one of its own, when a flush comes between.
fn sent_by(receiver: &Receiver) -> Vec<(String, Vec<String>)> {
    let envelopes = receiver.envelopes();
    let with_event = envelopes
        .iter()
        .filter(|it| it.items_of("event").next().is_some());
    with_event.map(|it| sent(it)).collect()
}

fn expected<const N: usize>(list: [(&str, &[&str]); N]) -> Vec<(String, Vec<String>)> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let list = list.iter();
    list.map(|(message, names)| ((*message).to_owned(), owned(names)))
        .collect()
}

// RL-10
#[test]
fn attachments_that_the_server_does_not_want_stay_behind() {
    let receiver = Receiver::start();
    let limits = Reply::ok().with_header(
        "X-Sentry-Rate-Limits",
        "60:attachment;feedback:organization",
    );
    receiver.script([limits]);
    run_in_scratch("limited", &receiver.dsn());
    let sent = sent_by(&receiver);
    assert_eq!(sent, expected([("first", &[]), ("second", &[])]));
    // REP-5
    let losses = receiver.reported_losses();
    let loss = ("ratelimit_backoff".to_owned(), "attachment".to_owned());
    assert_eq!(losses.get(&loss), Some(&2_000_000_012), "{losses:?}");
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn a_child_goes_on_with_the_attachments_of_its_parent() {
    let receiver = Receiver::start();
    run_in_scratch("forked", &receiver.dsn());
    let sent = sent_by(&receiver);
    let expected = expected([("child", &["of-child"]), ("parent", &["bytes", "file"])]);
    assert_eq!(sent, expected);
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn large_files_read_by_many_threads_stay_within_the_bound_of_the_queue() {
    let port = closed_port().unwrap();
    let dsn = format!("http://publickey@127.0.0.1:{}/42", port.port());
    run_in_scratch("memory", &dsn);
    run_in_scratch("memory_oldest", &dsn);
}

#[test]
fn an_event_goes_without_its_attachment_rather_than_not_at_all() {
    let port = closed_port().unwrap();
    let dsn = format!("http://publickey@127.0.0.1:{}/42", port.port());
    run_in_scratch("no_room", &dsn);
}
