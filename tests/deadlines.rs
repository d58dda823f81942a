//! Deadlines: `flush`, `close`, `shutdown` and a second `init` return within their time-out and 100 ms, whatever the
//! server does; what has nothing to wait for returns at once.

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

use std::time::Duration;

use driver::{Answer, Driver, Scenario, at_once, quick_options, with};
use receiver::{Receiver, Reply, closed_port, deaf_port, silent_port};
use serde_json::{Value, json};

/// A guard against hangs, no promise.
const LONG: Duration = Duration::from_secs(30);
/// What is promised beyond the time-out.
const MARGIN_MS: f64 = 100.0;
const FLUSH_MS: u64 = 250;
const SHUTDOWN_MS: u64 = 300;
/// Envelopes that wait in each scenario.
const COUNT: u64 = 20;

/// Time-outs longer than any of this test: only the deadline of the call ends a wait.
fn patient(dsn: &str) -> Value {
    json!({
        "dsn": dsn,
        "compression": "none",
        "shutdown_timeout": SHUTDOWN_MS,
        "connect_timeout_ms": 60_000,
        "read_timeout_ms": 60_000,
        "transfer_timeout": 60_000,
        "retries": 1000,
        "retry_backoff_ms": 60_000,
        "queue_max_items": COUNT,
    })
}

fn assert_within(answer: &Answer, timeout_ms: u64, state: &str) {
    let most = timeout_ms as f64 + MARGIN_MS;
    assert!(answer.own_ms() <= most, "{state}: {answer:?}");
}

/// The four calls against a server in one state, each in time; then the account, by outcomes.
fn all_calls_in_time(state: &str, dsn: &str, options: &Value, is_stuck: impl Fn()) {
    for closing in ["close", "shutdown", "init"] {
        let mut driver = Driver::with_options(options);
        driver.accept_many(COUNT as usize);
        is_stuck();
        assert_eq!(
            driver.capture(&json!({})).status(),
            driver::status::QUEUE_FULL
        );
        for timeout_ms in [0, FLUSH_MS] {
            let answer = driver.flush(timeout_ms);
            assert_within(&answer, timeout_ms, state);
            assert_eq!(answer.number("result"), 1, "{state}: {answer:?}");
            assert!(answer.ms() >= timeout_ms as f64, "{state}: {answer:?}");
        }
        assert_eq!(driver.stats().errors("pending"), COUNT, "{state}");
        let answer = match closing {
            "init" => driver.watch(&format!("init {}", quick_options(dsn))),
            _ => driver.watch(closing),
        };
        assert_within(&answer, SHUTDOWN_MS, &format!("{state}: {closing}"));
        if closing != "init" {
            assert_eq!(answer.number("result"), COUNT as i64, "{state}: {answer:?}");
        }
        let outcomes = driver.outcomes(COUNT as usize + 1);
        assert_eq!(outcomes[0].reason, "queue_overflow", "{state}");
        let lost = outcomes
            .iter()
            .filter(|outcome| outcome.reason == "shutdown");
        assert_eq!(lost.count(), COUNT as usize, "{state}: {outcomes:?}");
    }
}

/// A scenario with a receiver that gives this answer to everything.
fn answering(state: &'static str, reply: Reply) -> Scenario<'static> {
    let scenario = move || {
        let receiver = Receiver::start();
        receiver.set_default(reply);
        let is_stuck = || assert!(receiver.wait_until(LONG, |state| state.connections() >= 1));
        all_calls_in_time(state, &receiver.dsn(), &patient(&receiver.dsn()), is_stuck);
    };
    (state, Box::new(scenario))
}

/// A scenario with an address where nobody speaks.
fn addressed(state: &'static str, scheme: &'static str, port: u16) -> Scenario<'static> {
    let scenario = move || {
        let dsn = format!("{scheme}://publickey@127.0.0.1:{port}/42");
        all_calls_in_time(state, &dsn, &patient(&dsn), || {});
    };
    (state, Box::new(scenario))
}

#[test]
fn every_call_returns_in_time_in_every_state_of_the_server() {
    let deaf = deaf_port().unwrap();
    let silent = silent_port().unwrap();
    at_once(vec![
        addressed("SYN dropped", "http", deaf.port()),
        addressed("TLS handshake stalled", "https", silent.port()),
        addressed("nobody reads", "http", silent.port()),
        answering("request unread", Reply::hang_before_reading()),
    ]);
    at_once(vec![
        answering("request read, no answer", Reply::hang_after_request()),
        answering("half a status line", Reply::hang_in_status_line()),
        answering("half of the headers", Reply::hang_in_headers()),
        answering("drip", Reply::drip(Duration::from_millis(100))),
    ]);
}

#[test]
fn a_host_that_lends_its_thread_gets_it_back_in_time() {
    let (deaf, silent) = (deaf_port().unwrap(), silent_port().unwrap());
    let hanging = |state: &'static str, scheme: &'static str, port: u16| -> Scenario<'static> {
        let scenario = move || {
            let dsn = format!("{scheme}://publickey@127.0.0.1:{port}/42");
            let options = with(patient(&dsn), json!({"threadless": true}));
            all_calls_in_time(state, &dsn, &options, || {});
        };
        (state, Box::new(scenario))
    };
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    at_once(vec![
        hanging("lent, SYN dropped", "http", deaf.port()),
        hanging("lent, TLS handshake stalled", "https", silent.port()),
        hanging("lent, nobody reads", "http", silent.port()),
        hanging("lent, no answer", "http", receiver.port()),
    ]);
}

#[test]
fn a_server_that_answers_without_end_delays_nobody() {
    // Whether these count as answers or not, they must not hold a call beyond its time.
    for reply in [
        Reply::endless_body(),
        Reply::endless_headers(),
        Reply::hang_in_body(),
        Reply::reset_after_request(),
        Reply::garbage(),
        Reply::status(503),
    ] {
        let state = format!("{reply:?}");
        let receiver = Receiver::start();
        receiver.set_default(reply);
        let mut driver = Driver::with_options(&patient(&receiver.dsn()));
        driver.accept_many(COUNT as usize);
        assert_within(&driver.flush(FLUSH_MS), FLUSH_MS, &state);
        driver.stats();
        assert_within(&driver.close(), SHUTDOWN_MS, &state);
        let outcomes = driver.outcomes(COUNT as usize);
        assert_eq!(outcomes.len(), COUNT as usize, "{state}");
    }
}

#[test]
fn a_large_body_that_nobody_reads_delays_nobody() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_before_reading());
    let mut driver = Driver::with_options(&patient(&receiver.dsn()));
    for _ in 0..5 {
        driver.send("capture_bulky 1000000");
    }
    assert!(receiver.wait_until(LONG, |state| state.hanging() == 1));
    assert_within(&driver.flush(FLUSH_MS), FLUSH_MS, "large body");
    assert_within(&driver.close(), SHUTDOWN_MS, "large body");
    assert_eq!(driver.outcomes(5).len(), 5);
}

#[test]
fn several_requests_under_way_are_cancelled_together() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let options = with(
        patient(&receiver.dsn()),
        json!({"max_requests_in_flight": 8}),
    );
    let mut driver = Driver::with_options(&options);
    driver.accept_many(COUNT as usize);
    assert!(receiver.wait_until(LONG, |state| state.hanging() == 8));
    assert_within(&driver.flush(FLUSH_MS), FLUSH_MS, "8 requests");
    let answer = driver.close();
    assert_within(&answer, SHUTDOWN_MS, "8 requests");
    assert_eq!(answer.number("result"), COUNT as i64);
    assert!(receiver.wait_until(LONG, |state| state.open_connections() == 0));
    assert_eq!(driver.send("process").number("threads"), 1);
}

#[test]
fn a_library_known_to_be_offline_closes_at_once() {
    // A last attempt of at most 100 ms is granted.
    const LAST_ATTEMPT_MS: u64 = 100;
    let (closed, deaf) = (closed_port().unwrap(), deaf_port().unwrap());
    for (state, port) in [("refused", closed.port()), ("SYN dropped", deaf.port())] {
        let dsn = format!("http://publickey@127.0.0.1:{port}/42");
        let changes = json!({"shutdown_timeout": 60_000, "connect_timeout_ms": 100});
        let mut driver = Driver::with_options(&with(patient(&dsn), changes));
        driver.accept_many(COUNT as usize);
        driver.wait("failed", 1);
        let answer = driver.close();
        assert_within(&answer, LAST_ATTEMPT_MS, state);
        assert_eq!(answer.number("result"), COUNT as i64, "{state}");
        assert_eq!(driver.outcomes(COUNT as usize).len(), COUNT as usize);
    }
}

#[test]
fn the_last_attempt_of_an_offline_library_delivers_if_it_can() {
    let receiver = Receiver::start();
    receiver.refuse();
    let changes = json!({"shutdown_timeout": 10_000, "retry_backoff_ms": 3_600_000, "retry_backoff_max_ms": 3_600_000});
    let mut driver = Driver::with_options(&with(patient(&receiver.dsn()), changes));
    let ids = driver.accept_many(3);
    driver.wait("failed", 1);
    receiver.listen().unwrap();
    let answer = driver.close();
    // All or nothing of the rest: the machine may be too busy for the 100 ms that are granted.
    let unsent = answer.number("result");
    let delivered = receiver.accepted_event_ids();
    assert_eq!(delivered, ids[..delivered.len()]);
    assert_eq!(delivered.len() as i64 + unsent, 3);
    assert!(!delivered.is_empty(), "{answer:?}");
}

#[test]
fn a_close_does_not_sit_out_a_delay_that_ends_too_late() {
    // A delay is chosen at random from an hour. One that ends before the deadline is waited for, rightly: one run in
    // 360 may do so, three in a row may not.
    const RUNS: usize = 3;
    for reply in [
        Reply::reset_after_request(),
        Reply::status(503).with_header("Retry-After", "7200"),
    ] {
        let times: Vec<f64> = (0..RUNS).map(|_| close_during_a_delay(&reply)).collect();
        assert!(times.iter().any(|&ms| ms < 5_000.0), "{reply:?}: {times:?}");
    }
}

/// Closes while the worker waits before it tries again; answers how long that took, in milliseconds.
fn close_during_a_delay(reply: &Reply) -> f64 {
    let receiver = Receiver::start();
    receiver.set_default(reply.clone());
    let changes = json!({
        "shutdown_timeout": 10_000,
        "retry_backoff_ms": 3_600_000,
        "retry_backoff_max_ms": 86_400_000,
        "retries_status": 1000,
    });
    let mut driver = Driver::with_options(&with(patient(&receiver.dsn()), changes));
    driver.accept_many(COUNT as usize);
    driver.wait("requests", 1);
    assert!(receiver.wait_until(LONG, |state| !state.requests().is_empty()));
    let answer = driver.close();
    assert_eq!(answer.number("result"), COUNT as i64, "{reply:?}");
    assert_eq!(driver.outcomes(COUNT as usize).len(), COUNT as usize);
    answer.own_ms()
}

#[test]
fn a_close_delivers_to_a_server_that_asked_for_patience() {
    let receiver = Receiver::start();
    receiver.script([Reply::status(503).with_header("Retry-After", "7200")]);
    let changes = json!({
        "shutdown_timeout": 30_000,
        "retry_backoff_max_ms": 86_400_000,
        "retries_status": 3,
    });
    let options = with(patient(&receiver.dsn()), changes);
    let mut driver = Driver::with_options(&options);
    let ids = driver.accept_many(5);
    driver.wait("http_status", 503);
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(receiver.accepted_event_ids(), ids);
}

#[test]
fn an_idle_library_flushes_and_closes_at_once() {
    let receiver = Receiver::start();
    let mut driver = Driver::start();
    let mut times = Vec::new();
    for round in 0..11 {
        driver.init(&with(
            quick_options(&receiver.dsn()),
            json!({"shutdown_timeout": 60_000}),
        ));
        // A connection that was used and one that was never made.
        if round % 2 == 0 {
            driver.accept_many(1);
            driver.drain();
        }
        for timeout_ms in [0, 60_000] {
            let answer = driver.flush(timeout_ms);
            assert_eq!(answer.number("result"), 0, "{answer:?}");
            assert!(answer.own_ms() <= MARGIN_MS, "{answer:?}");
        }
        let answer = driver.close();
        assert_eq!(answer.number("result"), 0);
        times.push(answer.own_ms());
    }
    // The promise is 20 ms; the middle one, since the machine has other things to do.
    times.sort_by(f64::total_cmp);
    assert!(times[times.len() / 2] < 20.0, "{times:?}");
}

#[test]
fn a_flush_waits_for_what_was_accepted_before_it_and_no_longer() {
    // LIF-3
    let receiver = Receiver::start();
    receiver.script([Reply::hang_after_request()]);
    let mut driver = Driver::with_options(&patient(&receiver.dsn()));
    driver.accept_many(5);
    assert!(receiver.wait_until(LONG, |state| state.hanging() == 1));
    driver.post("flush 30000");
    receiver.release();
    let answer = driver.answer("flush", LONG);
    assert_eq!(answer.number("result"), 0);
    driver.stats().assert_errors(5, 5, &[]);
    // The client stays usable.
    driver.accept_many(2);
    driver.drain();
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(receiver.accepted_event_ids().len(), 7);
}

#[test]
fn close_delivers_what_waits_within_its_time() {
    let receiver = Receiver::start();
    let options = with(
        quick_options(&receiver.dsn()),
        json!({"shutdown_timeout": 30_000, "queue_max_items": 1000}),
    );
    let mut driver = Driver::with_options(&options);
    let ids = driver.accept_many(500);
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(receiver.accepted_event_ids(), ids);
    let outcomes = driver.outcomes(500);
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.outcome == "delivered")
    );
}

#[test]
fn a_close_of_no_time_counts_everything() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let options = with(patient(&receiver.dsn()), json!({"shutdown_timeout": 0}));
    let mut driver = Driver::with_options(&options);
    driver.accept_many(COUNT as usize);
    let answer = driver.close();
    assert_within(&answer, 0, "no time");
    assert_eq!(answer.number("result"), COUNT as i64);
    assert_eq!(driver.outcomes(COUNT as usize).len(), COUNT as usize);
}
