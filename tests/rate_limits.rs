//! Rate limits: what the headers of an answer stop, for how long, and how what was stopped is counted.

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
use std::time::{Duration, Instant};

use driver::{Driver, quick_options, status, with};
use receiver::{Receiver, Reply};
use serde_json::{Value, json};

/// A guard against hangs, no promise.
const LONG: Duration = Duration::from_secs(30);
const LIMITS: &str = "X-Sentry-Rate-Limits";

/// A server with this first answer, and a driver that has it.
fn answered(reply: Reply, changes: Value) -> (Receiver, Driver) {
    let receiver = Receiver::start();
    receiver.script([reply]);
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    driver.accept(&json!({"message": "first"}));
    driver.drain();
    (receiver, driver)
}

fn losses(list: &[(&str, u64)]) -> BTreeMap<(String, String), u64> {
    list.iter()
        .map(|(reason, count)| (((*reason).to_owned(), "error".to_owned()), *count))
        .collect()
}

/// The answer to the first event, and whether errors are limited by it.
fn vectors() -> Vec<(Reply, bool)> {
    let ok = |value: &str| Reply::ok().with_header(LIMITS, value);
    let too_many = || Reply::status(429);
    vec![
        // RL-1 to RL-7: the vectors that come with the requirements.
        (
            ok("60:transaction:key, 2700:default;error;security:organization"),
            true,
        ),
        (ok("60::organization, 2700::organization"), true),
        (ok("120:foo;bar:project"), false),
        (
            ok("2700:metric_bucket:organization:quota_exceeded:custom"),
            false,
        ),
        (ok("1.5:error"), true),
        (ok("x:error, 10:session:org"), false),
        (too_many(), true),
        (
            too_many()
                .with_header("Retry-After", "5")
                .with_header(LIMITS, "60:error:org"),
            true,
        ),
        (ok("60:error:key"), true),
        // RL-1: the header counts on every status, and Retry-After does not beside it.
        (
            too_many()
                .with_header("Retry-After", "60")
                .with_header(LIMITS, "60:session:org"),
            false,
        ),
        (Reply::status(500).with_header(LIMITS, "60:error"), true),
        (Reply::status(404).with_header(LIMITS, "60:error"), true),
        (
            Reply::redirect(302, "/x").with_header(LIMITS, "60:error"),
            true,
        ),
        (Reply::status(202).with_header(LIMITS, "60:error"), true),
        // RL-2
        (too_many().with_header("Retry-After", "5"), true),
        (too_many().with_header("Retry-After", "1.5"), true),
        (
            too_many().with_header("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT"),
            true,
        ),
        (too_many().with_header("Retry-After", "nonsense"), true),
        (too_many().with_header(LIMITS, "nonsense"), true),
        // RL-3
        (Reply::ok().with_header("Retry-After", "60"), false),
        (Reply::status(503).with_header("Retry-After", "60"), false),
        (Reply::status(500).with_header("Retry-After", "60"), false),
        // RL-4
        (ok(" 60 : error ; transaction : org "), true),
        (ok("60:transaction;error"), true),
        (ok("60:error:org:reason:a;b:more:and:more"), true),
        (ok("60: error"), true),
        (ok("0:error"), false),
        // RL-5
        (ok("60:default:org"), false),
        (ok("60:foo;error:org"), true),
        (ok("60:transaction;session;attachment"), false),
        (ok("60:ERROR:org"), false),
        // RL-6
        (ok("60:error"), true),
        (ok("-5:error"), false),
        (ok("nan:error,inf:error"), false),
        (ok("60"), false),
        (ok(""), false),
        (ok(",,,60:error,,,"), true),
        (ok("::::,x,60:error"), true),
        // RL-8
        (ok("99999999999999999999999:error"), true),
        (ok("1e300:error"), true),
        // One header in several lines.
        (ok("60:transaction").with_header(LIMITS, "60:error"), true),
        (
            ok("60:error").with_header("x-sentry-rate-limits", "60:transaction"),
            true,
        ),
    ]
}

#[test]
fn each_form_of_the_headers_stops_what_it_names() {
    // RL-1 to RL-9
    for (reply, is_limited) in vectors() {
        let described = format!("{reply:?}");
        let (receiver, mut driver) = answered(reply, json!({}));
        let answer = driver.capture(&json!({"message": "second"}));
        let expected = if is_limited {
            status::RATE_LIMITED
        } else {
            status::OK
        };
        assert_eq!(answer.status(), expected, "{described}");
        let stats = driver.stats();
        assert_eq!(
            stats.lost("ratelimit_backoff"),
            u64::from(is_limited),
            "{described}"
        );
        drop(driver.close());
        assert_eq!(receiver.violations(), [""; 0], "{described}");
    }
}

#[test]
fn a_shorter_limit_does_not_end_a_longer_one() {
    // RL-7: 120 s stay when 1 s follows; both answers come for requests that were under way already.
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let changes = json!({"max_requests_in_flight": 2});
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    receiver.script([
        Reply::hang_after_request().with_header(LIMITS, "120:error"),
        Reply::hang_after_request().with_header(LIMITS, "1:error"),
    ]);
    driver.accept_many(2);
    assert!(receiver.wait_until(LONG, |state| state.hanging() == 2));
    receiver.release();
    driver.drain();
    driver.stats().assert_errors(2, 2, &[]);
    // The shorter limit is over after this time, whichever answer came last.
    let until = Instant::now() + Duration::from_millis(1300);
    while Instant::now() < until {
        assert_eq!(driver.capture(&json!({})).status(), status::RATE_LIMITED);
    }
}

#[test]
fn a_limit_ends_after_its_time_rounded_up() {
    // RL-4, RL-8
    let before = Instant::now();
    let (receiver, mut driver) = answered(Reply::ok().with_header(LIMITS, "1.2:error"), json!({}));
    let mut refused = 0;
    while driver.capture(&json!({"message": "later"})).status() == status::RATE_LIMITED {
        refused += 1;
        assert!(before.elapsed() < LONG, "the limit never ends");
    }
    assert!(refused > 0);
    assert!(
        before.elapsed() >= Duration::from_secs(2),
        "{:?}",
        before.elapsed()
    );
    driver.drain();
    driver
        .stats()
        .assert_errors(2 + refused, 2, &[("ratelimit_backoff", refused)]);
    assert_eq!(
        receiver.reported_losses(),
        losses(&[("ratelimit_backoff", refused)])
    );
}

#[test]
fn an_event_answered_with_429_is_counted_and_neither_retried_nor_reported() {
    // HTTP-4, REP-6
    let reply = Reply::status(429).with_header(LIMITS, "60:error:org");
    let (receiver, mut driver) = answered(reply, json!({"retries_status": 5}));
    assert_eq!(driver.outcomes(1)[0].brief(), ("server_rate_limit", 429, 1));
    driver
        .stats()
        .assert_errors(1, 0, &[("server_rate_limit", 1)]);
    driver.drain();
    driver.close();
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(receiver.reported_losses(), losses(&[]));
}

#[test]
fn what_waits_when_a_limit_comes_is_dropped_without_a_request() {
    // RL-10
    let receiver = Receiver::start();
    receiver.script([Reply::hang_after_request()
        .with_status(429)
        .with_header(LIMITS, "60:error:org")]);
    let mut driver = Driver::with_options(&quick_options(&receiver.dsn()));
    driver.accept(&json!({"message": "first"}));
    assert!(receiver.wait_until(LONG, |state| state.hanging() == 1));
    driver.accept_many(5);
    receiver.release();
    driver.wait("settled", 1);
    let lost = [("server_rate_limit", 1), ("ratelimit_backoff", 5)];
    driver.stats().assert_errors(6, 0, &lost);
    let outcomes = driver.outcomes(6);
    let dropped = outcomes
        .iter()
        .filter(|it| it.brief() == ("ratelimit_backoff", 0, 0));
    assert_eq!(dropped.count(), 5, "{outcomes:?}");
    assert_eq!(receiver.requests().len(), 1);
    // RL-12: a limit on errors does not concern the report.
    driver.drain();
    assert_eq!(receiver.requests().len(), 2);
    assert_eq!(
        receiver.reported_losses(),
        losses(&[("ratelimit_backoff", 5)])
    );
}

#[test]
fn a_retry_is_not_made_when_a_limit_came_in_between() {
    // RL-10
    let receiver = Receiver::start();
    receiver.script([Reply::status(503).with_header(LIMITS, "60:error")]);
    let changes = json!({"retries_status": 3});
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    driver.accept_many(1);
    assert_eq!(driver.outcomes(1)[0].reason, "ratelimit_backoff");
    driver
        .stats()
        .assert_errors(1, 0, &[("ratelimit_backoff", 1)]);
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn a_limit_on_everything_keeps_the_report_for_later() {
    // RL-12
    let reply = Reply::status(429).with_header(LIMITS, "2::org");
    let (receiver, mut driver) = answered(reply, json!({}));
    assert_eq!(driver.capture(&json!({})).status(), status::RATE_LIMITED);
    assert_eq!(driver.flush(10_000).number("result"), 0);
    let requests = receiver.requests().len();
    assert_eq!(
        driver.capture(&json!({})).status(),
        status::RATE_LIMITED,
        "the machine is too slow for this test"
    );
    assert_eq!(
        requests, 1,
        "nothing may be sent while everything is limited"
    );
    let start = Instant::now();
    while driver.capture(&json!({"message": "later"})).status() != status::OK {
        assert!(start.elapsed() < LONG, "the limit never ends");
    }
    driver.drain();
    let stats = driver.stats();
    assert_eq!(
        receiver.reported_losses(),
        losses(&[("ratelimit_backoff", stats.lost("ratelimit_backoff"))])
    );
    assert_eq!(
        (stats.errors("delivered"), receiver.requests().len()),
        (1, 2)
    );
    assert_eq!(receiver.violations(), [""; 0]);
}
