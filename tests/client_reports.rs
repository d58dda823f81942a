//! Client reports: every loss is told to the server once, with few requests, and a failed report comes back once.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

#[path = "support/driver.rs"]
mod driver;
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use driver::{Driver, Stats, quick_options, status, with};
use receiver::{Receiver, Reply};
use serde_json::{Value, json};
use support::Scratch;

/// A guard against hangs, no promise.
const PATIENCE: Duration = Duration::from_secs(60);

fn start(changes: Value) -> (Receiver, Driver) {
    let receiver = Receiver::start();
    let driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    (receiver, driver)
}

/// Hands in that many texts that are no events: losses without an envelope.
fn lose(driver: &mut Driver, count: u64) {
    for _ in 0..count {
        assert_eq!(driver.capture_text("{").status(), status::INVALID_JSON);
    }
}

fn losses(list: &[(&str, u64)]) -> BTreeMap<(String, String), u64> {
    list.iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| (((*reason).to_owned(), "error".to_owned()), *count))
        .collect()
}

fn reports_in(receiver: &Receiver) -> usize {
    let envelopes = receiver.envelopes();
    envelopes
        .iter()
        .flat_map(|it| it.items_of("client_report"))
        .count()
}

#[test]
fn a_report_rides_on_the_next_envelope() {
    // REP-1, REP-7
    let (receiver, mut driver) = start(json!({}));
    lose(&mut driver, 3);
    driver.accept_many(1);
    driver.wait("settled", 1);
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(receiver.reported_losses(), losses(&[("invalid", 3)]));
    let kinds: Vec<_> = receiver.envelopes()[0]
        .items
        .iter()
        .map(|it| it.kind.clone())
        .collect();
    assert_eq!(kinds, ["event", "client_report"]);
    // Told once, and nothing more to tell.
    driver.accept_many(1);
    driver.drain();
    assert_eq!(receiver.requests().len(), 2);
    assert_eq!(reports_in(&receiver), 1);
    let stats = driver.stats();
    stats.assert_errors(5, 2, &[("invalid", 3)]);
    assert_eq!(stats.figure("client_reports_sent"), 1);
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn losses_alone_cause_no_request_until_a_flush() {
    // REP-7: no storm.
    let (receiver, mut driver) = start(json!({}));
    let answer = driver.send("capture_many 1 10");
    assert_eq!(answer.count(status::OK), 1);
    driver.drain();
    for round in 1..=3 {
        lose(&mut driver, 200);
        assert_eq!(receiver.requests().len(), round, "before flush {round}");
        driver.drain();
        assert_eq!(receiver.requests().len(), round + 1, "after flush {round}");
        driver.drain();
        assert_eq!(receiver.requests().len(), round + 1, "nothing new to tell");
    }
    assert_eq!(receiver.reported_losses(), losses(&[("invalid", 600)]));
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn a_report_alone_is_an_envelope_without_event_id() {
    // ENV-9, REP-1
    let (receiver, mut driver) = start(json!({}));
    lose(&mut driver, 1);
    driver.drain();
    let envelopes = receiver.envelopes();
    assert_eq!(envelopes.len(), 1);
    assert_eq!(envelopes[0].event_id(), None);
    let report = envelopes[0].items[0].json().unwrap();
    assert_eq!(
        report["discarded_events"],
        json!([{"reason": "invalid", "category": "error", "quantity": 1}])
    );
    assert_eq!(receiver.violations(), [""; 0]);
    // REP-9: its own category never shows in the account.
    driver.stats().assert_errors(1, 0, &[("invalid", 1)]);
}

#[test]
fn close_tells_what_was_lost() {
    // REP-7
    let (receiver, mut driver) = start(json!({}));
    lose(&mut driver, 7);
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(receiver.reported_losses(), losses(&[("invalid", 7)]));
}

#[test]
fn every_reason_is_told_by_its_name() {
    // REP-2
    let changes = json!({"ignore_errors": ["Boring"], "queue_max_bytes": 65_536});
    let (receiver, mut driver) = start(changes);
    lose(&mut driver, 1);
    let boring = json!({"exception": {"values": [{"type": "Boring", "value": "x"}]}});
    for _ in 0..2 {
        assert_eq!(driver.capture(&boring).status(), status::IGNORED);
    }
    assert_eq!(
        driver.send("capture_bulky 100000").status(),
        status::TOO_LARGE
    );
    // Closing: on a connection that was used before, libcurl itself sends a broken request again, once.
    receiver.script([Reply::status(403).closing()]);
    driver.accept_many(1);
    driver.wait("settled", 1);
    receiver.script(vec![Reply::reset_after_request(); 4]);
    driver.accept_many(1);
    driver.wait("settled", 1);
    // The next answer is what shows that the server is back.
    driver.accept_many(1);
    driver.drain();
    let stats = driver.stats();
    let lost = [
        ("invalid", 1),
        ("event_processor", 2),
        ("too_large", 1),
        ("send_error", 1),
        ("network_error", 1),
    ];
    stats.assert_errors(7, 1, &lost);
    // What the protocol has no word for goes under the closest one.
    let told = [
        ("invalid", 2),
        ("event_processor", 2),
        ("send_error", 1),
        ("network_error", 1),
    ];
    assert_eq!(receiver.reported_losses(), losses(&told));
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn switched_off_there_is_no_report_and_the_account_is_the_same() {
    // REP-10
    let (receiver, mut driver) = start(json!({"send_client_reports": false}));
    lose(&mut driver, 3);
    driver.accept_many(2);
    driver.drain();
    driver.stats().assert_errors(5, 2, &[("invalid", 3)]);
    lose(&mut driver, 1);
    driver.drain();
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(reports_in(&receiver), 0);
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn the_counts_of_a_refused_report_come_back_once() {
    // REP-8, REP-6: 4xx, 5xx and no answer bring them back; 429 does not.
    let silent = || Reply::reset_after_request();
    for (reply, lost, comes_back) in [
        (Reply::status(500), Some("send_error"), true),
        (Reply::status(413), Some("send_error"), true),
        (silent(), Some("network_error"), true),
        (
            Reply::status(429).with_header("X-Sentry-Rate-Limits", "60:session"),
            Some("server_rate_limit"),
            false,
        ),
    ] {
        let (receiver, mut driver) = start(json!({"retries": 0}));
        receiver.script([reply]);
        lose(&mut driver, 5);
        driver.accept_many(1);
        driver.wait("settled", 1);
        assert_eq!(reports_in(&receiver), 1);
        lose(&mut driver, 2);
        driver.accept_many(1);
        driver.drain();
        let stats = driver.stats();
        let lost = lost.unwrap();
        stats.assert_errors(9, 1, &[("invalid", 7), (lost, 1)]);
        let expected = match (comes_back, lost) {
            (true, lost) => losses(&[("invalid", 7), (lost, 1)]),
            (false, _) => losses(&[("invalid", 2)]),
        };
        assert_eq!(receiver.reported_losses(), expected, "{lost}");
        assert_eq!(receiver.violations(), [""; 0]);
    }
}

#[test]
fn a_report_alone_that_fails_is_not_retried_in_a_loop() {
    // REP-7, REP-8, REP-9
    for reply in [Reply::status(500), Reply::reset_after_request()] {
        let (receiver, mut driver) = start(json!({}));
        receiver.set_default(reply);
        lose(&mut driver, 4);
        driver.drain();
        assert_eq!(receiver.requests().len(), 1);
        driver.stats().assert_errors(4, 0, &[("invalid", 4)]);
        receiver.set_default(Reply::ok());
        driver.accept_many(1);
        driver.drain();
        assert_eq!(receiver.requests().len(), 2);
        assert_eq!(receiver.reported_losses(), losses(&[("invalid", 4)]));
    }
}

#[test]
fn a_server_that_refuses_everything_sees_one_request_for_each_envelope() {
    // REP-7: a loss caused by a report or told in one does not cause another request.
    let (receiver, mut driver) = start(json!({}));
    receiver.set_default(Reply::status(500));
    driver.accept_many(40);
    driver.wait("settled", 1);
    assert_eq!(receiver.requests().len(), 40);
    let stats: Stats = driver.stats();
    stats.assert_errors(40, 0, &[("send_error", 40)]);
    assert_eq!(stats.figure("requests"), 40);
    assert_eq!(stats.figure("client_reports_sent"), 0);
    receiver.set_default(Reply::ok());
    driver.drain();
    assert_eq!(receiver.requests().len(), 41);
    assert_eq!(receiver.reported_losses(), losses(&[("send_error", 40)]));
}

#[test]
fn an_idle_flush_sends_nothing() {
    let (receiver, mut driver) = start(json!({}));
    for _ in 0..10 {
        assert_eq!(driver.flush(5000).number("result"), 0);
    }
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(receiver.connections(), 0);
}

// REP-8
#[test]
fn a_report_under_way_at_a_kill_is_told_by_the_next_start() {
    let scratch = Scratch::new("report-kill");
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let database = json!({"database_path": scratch.path()});
    let options = with(quick_options(&receiver.dsn()), database);
    let mut driver = Driver::with_options(&options);
    lose(&mut driver, 3);
    driver.accept_many(1);
    assert!(receiver.wait_for_requests(1, PATIENCE));
    assert_eq!(reports_in(&receiver), 1);
    driver.kill();
    receiver.set_default(Reply::ok());
    let told = losses(&[("invalid", 3), ("internal_sdk_error", 1)]);
    // What is answered is told, whatever becomes of the process then.
    for _ in 0..2 {
        let mut next = Driver::with_options(&options);
        next.drain();
        next.kill();
        assert_eq!(receiver.reported_losses(), told);
    }
}
