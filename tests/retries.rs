//! Retries: how often an envelope is tried and why, how long the worker waits, redirects, and the circuit.

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

use driver::{Driver, quick_options, status, with};
use receiver::{Receiver, Reply, closed_port, deaf_port};
use serde_json::{Value, json};

/// A guard against hangs, no promise.
const LONG: Duration = Duration::from_secs(30);

fn dsn_of(port: u16) -> String {
    format!("http://publickey@127.0.0.1:{port}/42")
}

/// Captures one event and returns reason (or outcome), status and attempts.
fn fate_of_one(driver: &mut Driver) -> (String, i64, u64) {
    driver.accept(&json!({"message": "one"}));
    let outcomes = driver.outcomes(1);
    assert_eq!(outcomes.len(), 1);
    let (what, status, attempts) = outcomes[0].brief();
    (what.to_owned(), status, attempts)
}

/// [`fate_of_one`] with a server that gives these answers, then 200.
fn fate_with_script(changes: Value, script: Vec<Reply>) -> (String, i64, u64) {
    let receiver = Receiver::start();
    receiver.script(script);
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    let fate = fate_of_one(&mut driver);
    let attempts = driver.stats().figure("requests");
    assert_eq!(attempts, fate.2, "the outcome tells the requests made");
    assert_eq!(receiver.violations(), [""; 0]);
    fate
}

fn fate(what: &str, status: i64, attempts: u64) -> (String, i64, u64) {
    (what.to_owned(), status, attempts)
}

#[test]
fn a_refused_connection_is_tried_as_often_as_allowed() {
    // HTTP-5, HTTP-9; the second line is that of the fork this library comes from.
    let closed = closed_port().unwrap();
    for (changes, attempts) in [
        (json!({}), 4),
        (
            json!({"retries": 3, "retries_connect": 1, "retries_read": 1, "retries_redirect": 1}),
            2,
        ),
        (json!({"retries": 0}), 1),
        (json!({"retries": 2, "retries_connect": 1000}), 3),
        (json!({"retries_connect": 0}), 1),
        (json!({"retries": 7, "retries_read": 0}), 8),
    ] {
        let options = with(quick_options(&dsn_of(closed.port())), changes.clone());
        let mut driver = Driver::with_options(&options);
        assert_eq!(
            fate_of_one(&mut driver),
            fate("network_error", 0, attempts),
            "{changes}"
        );
        let stats = driver.stats();
        stats.assert_errors(1, 0, &[("network_error", 1)]);
        assert_eq!(stats.figure("requests"), attempts);
        assert_eq!(stats.figure("requests_failed"), attempts);
        assert_eq!(stats.figure("retries"), attempts - 1);
        assert_eq!(stats.figure("server_unreachable"), 1);
        assert_ne!(stats.last_error(), "");
    }
}

#[test]
fn a_connect_that_is_never_answered_ends_in_time_and_counts_as_connect() {
    let deaf = deaf_port().unwrap();
    let options = with(
        quick_options(&dsn_of(deaf.port())),
        json!({"connect_timeout_ms": 100, "retries_connect": 1, "retries_read": 9}),
    );
    let mut driver = Driver::with_options(&options);
    assert_eq!(fate_of_one(&mut driver), fate("network_error", 0, 2));
    driver.stats().assert_errors(1, 0, &[("network_error", 1)]);
}

#[test]
fn a_broken_answer_is_tried_as_often_as_allowed() {
    let broken = |count: usize| vec![Reply::reset_after_request(); count];
    for (changes, attempts) in [
        (json!({}), 4),
        (
            json!({"retries": 3, "retries_connect": 1, "retries_read": 1}),
            2,
        ),
        (json!({"retries_read": 0}), 1),
        (json!({"retries": 1, "retries_read": 5}), 2),
        (json!({"retries_connect": 0}), 4),
    ] {
        assert_eq!(
            fate_with_script(changes.clone(), broken(10)),
            fate("network_error", 0, attempts),
            "{changes}"
        );
    }
}

#[test]
fn a_silent_server_counts_as_read() {
    let changes = json!({"read_timeout_ms": 100, "retries_read": 1, "retries_connect": 9});
    let silence = vec![Reply::hang_after_request(), Reply::hang_before_reading()];
    assert_eq!(
        fate_with_script(changes.clone(), vec![Reply::hang_after_request(); 9]),
        fate("network_error", 0, 2)
    );
    // A connection that is accepted and not read is open all the same.
    let receiver = Receiver::start();
    receiver.script(silence);
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    assert_eq!(fate_of_one(&mut driver), fate("network_error", 0, 2));
}

#[test]
fn an_envelope_that_gets_through_later_is_delivered_once() {
    let broken = [
        Reply::reset_after_request(),
        Reply::close_without_answer(),
        Reply::garbage(),
    ];
    assert_eq!(
        fate_with_script(json!({}), broken.to_vec()),
        fate("delivered", 200, 4)
    );
}

#[test]
fn an_answer_of_the_server_is_final() {
    // HTTP-2, HTTP-3, HTTP-8
    for code in [
        300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 413, 418, 500, 501, 502, 503,
        504, 599,
    ] {
        assert_eq!(
            fate_with_script(json!({}), vec![Reply::status(code); 2]),
            fate("send_error", i64::from(code), 1)
        );
    }
    for code in [200, 201, 202, 204, 299] {
        assert_eq!(
            fate_with_script(json!({}), vec![Reply::status(code)]),
            fate("delivered", i64::from(code), 1)
        );
    }
}

#[test]
fn an_interim_answer_is_none() {
    for interim in [100, 102, 103] {
        let reply = Reply::ok().after_interim(interim).after_interim(interim);
        assert_eq!(
            fate_with_script(json!({}), vec![reply]),
            fate("delivered", 200, 1)
        );
        let reply = Reply::status(500).after_interim(interim);
        assert_eq!(
            fate_with_script(json!({}), vec![reply]),
            fate("send_error", 500, 1)
        );
    }
}

#[test]
fn a_dead_connection_that_was_kept_costs_an_attempt_and_no_delay() {
    // HTTP-5: libcurl would send the request again by itself, and nobody would know.
    let long = json!({"retry_backoff_ms": 3_600_000, "retry_backoff_max_ms": 3_600_000});
    for (retries, expected, requests) in [
        (0, fate("network_error", 0, 1), 2),
        (1, fate("delivered", 200, 2), 3),
    ] {
        let receiver = Receiver::start();
        receiver.script([Reply::ok(), Reply::close_without_answer()]);
        let options = with(quick_options(&receiver.dsn()), long.clone());
        let options = with(options, json!({"retries": retries}));
        let mut driver = Driver::with_options(&options);
        driver.accept_many(1);
        assert_eq!(driver.outcomes(1)[0].brief(), ("delivered", 200, 1));
        driver.accept(&json!({"message": "on the connection that was kept"}));
        let outcomes = driver.outcomes(2);
        let (what, status, attempts) = outcomes[1].brief();
        assert_eq!(fate(what, status, attempts), expected);
        assert_eq!(receiver.requests().len(), requests);
        let stats = driver.stats();
        assert_eq!(stats.figure("requests"), requests as u64);
        assert_eq!(stats.figure("retries"), retries);
    }
}

#[test]
fn some_statuses_are_tried_again_when_the_host_wants_it() {
    // HTTP-9
    let changes = json!({"retries_status": 2});
    for code in [502, 503, 504] {
        assert_eq!(
            fate_with_script(changes.clone(), vec![Reply::status(code); 2]),
            fate("delivered", 200, 3)
        );
        assert_eq!(
            fate_with_script(changes.clone(), vec![Reply::status(code); 3]),
            fate("send_error", i64::from(code), 3)
        );
    }
    for code in [400, 413, 429, 500, 501] {
        let (_, status, attempts) = fate_with_script(changes.clone(), vec![Reply::status(code); 2]);
        assert_eq!((status, attempts), (i64::from(code), 1));
    }
}

#[test]
fn the_total_counts_for_all_causes_together() {
    let script = vec![
        Reply::status(503),
        Reply::reset_after_request(),
        Reply::status(503),
    ];
    let changes = json!({"retries": 2, "retries_status": 9});
    assert_eq!(
        fate_with_script(changes, script.clone()),
        fate("send_error", 503, 3)
    );
    let changes = json!({"retries": 3, "retries_status": 9});
    assert_eq!(fate_with_script(changes, script), fate("delivered", 200, 4));
}

#[test]
fn a_retry_after_on_503_is_honoured_up_to_the_cap() {
    // RL-3
    for (seconds, cap_ms, at_least, at_most) in
        [("1", 60_000, 1000, 20_000), ("3600", 50, 50, 20_000)]
    {
        let receiver = Receiver::start();
        receiver.script([Reply::status(503).with_header("Retry-After", seconds)]);
        let changes = json!({"retries_status": 1, "retry_backoff_max_ms": cap_ms});
        let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
        assert_eq!(fate_of_one(&mut driver), fate("delivered", 200, 2));
        let requests = receiver.requests();
        let distance = requests[1].received_at - requests[0].received_at;
        assert!(distance >= Duration::from_millis(at_least), "{distance:?}");
        assert!(distance <= Duration::from_millis(at_most), "{distance:?}");
    }
}

#[test]
fn redirects_that_keep_the_request_are_followed_when_allowed() {
    // AUTH-13
    for code in [307, 308] {
        let receiver = Receiver::start();
        receiver.script([Reply::redirect(code, "/elsewhere/api/42/envelope/")]);
        let changes = json!({"retries_redirect": 1});
        let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
        assert_eq!(fate_of_one(&mut driver), fate("delivered", 200, 2));
        let requests = receiver.requests();
        assert_eq!(requests[1].path, "/elsewhere/api/42/envelope/");
        assert_eq!(requests[1].method, "POST");
        let event = |at: usize| requests[at].envelope.as_ref().unwrap().items[0].clone();
        assert_eq!(event(0), event(1));
        assert!(requests[1].header("X-Sentry-Auth").is_some());
        // The next event goes to the address of the DSN again.
        driver.accept_many(1);
        driver.drain();
        assert_eq!(receiver.requests()[2].path, "/api/42/envelope/");
        assert_eq!(receiver.violations(), [""; 0]);
    }
}

#[test]
fn other_redirects_are_not_followed() {
    // AUTH-13, HTTP-8
    let changes = json!({"retries_redirect": 5});
    for code in [301, 302, 303] {
        let reply = Reply::redirect(code, "/api/42/envelope/");
        assert_eq!(
            fate_with_script(changes.clone(), vec![reply]),
            fate("send_error", i64::from(code), 1)
        );
    }
    for location in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "",
        "http://",
        // Users, and what one reader takes for a user and another for the host.
        "http://127.0.0.1@elsewhere.example/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1\\@elsewhere.example/",
        "//127.0.0.1\\@elsewhere.example/",
    ] {
        let reply = Reply::redirect(307, location);
        assert_eq!(
            fate_with_script(changes.clone(), vec![reply]),
            fate("send_error", 307, 1),
            "{location}"
        );
    }
    let reply = Reply::redirect(307, "/api/42/envelope/");
    assert_eq!(
        fate_with_script(json!({"retries": 9}), vec![reply]),
        fate("send_error", 307, 1)
    );
}

#[test]
fn a_redirect_loop_ends() {
    // AUTH-13
    let changes = json!({"retries": 9, "retries_redirect": 3});
    let loops = vec![Reply::redirect(308, "/api/42/envelope/"); 20];
    assert_eq!(
        fate_with_script(changes, loops.clone()),
        fate("send_error", 308, 4)
    );
    let changes = json!({"retries": 2, "retries_redirect": 1000});
    assert_eq!(fate_with_script(changes, loops), fate("send_error", 308, 3));
}

#[test]
fn the_key_goes_to_the_original_host_only() {
    // AUTH-13
    let (receiver, other) = (Receiver::start(), Receiver::start());
    other.accept_any_request();
    receiver.set_default(Reply::redirect(307, &other.envelope_url()));
    let dsn = format!("http://publickey:hush@127.0.0.1:{}/42", receiver.port());
    let changes = json!({"retries_redirect": 1});
    let mut driver = Driver::with_options(&with(quick_options(&dsn), changes));
    assert_eq!(fate_of_one(&mut driver), fate("delivered", 200, 2));
    let requests = other.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("X-Sentry-Auth"), None);
    let envelope = requests[0].envelope.as_ref().unwrap();
    assert_eq!(envelope.header.get("dsn"), None, "{}", envelope.header_text);
    assert!(!String::from_utf8_lossy(&requests[0].body).contains("hush"));
    assert_eq!(other.events().len(), 1);
    driver.stats().assert_errors(1, 1, &[]);
}

#[test]
fn a_failed_attempt_after_a_redirect_starts_from_the_dsn_again() {
    let receiver = Receiver::start();
    let script = [
        Reply::redirect(307, "/elsewhere/api/42/envelope/").closing(),
        Reply::reset_after_request(),
        Reply::ok(),
    ];
    receiver.script(script);
    let changes = json!({"retries_redirect": 1});
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    assert_eq!(fate_of_one(&mut driver), fate("delivered", 200, 3));
    let paths: Vec<_> = receiver.requests().into_iter().map(|it| it.path).collect();
    let (direct, elsewhere) = ("/api/42/envelope/", "/elsewhere/api/42/envelope/");
    assert_eq!(paths, [direct, elsewhere, direct]);
}

#[test]
fn a_server_that_hangs_is_not_hammered() {
    // HTTP-12
    for in_flight in [1, 4] {
        let receiver = Receiver::start();
        receiver.set_default(Reply::hang_after_request());
        let changes = json!({
            "max_requests_in_flight": in_flight,
            "read_timeout_ms": 100,
            "retries": 1000,
            "retry_backoff_ms": 600_000,
            "retry_backoff_max_ms": 600_000,
            "queue_max_items": 2000,
            "shutdown_timeout": 300,
        });
        let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
        let answer = driver.send("capture_many 1000 10");
        assert_eq!(answer.count(status::OK), 1000, "{answer:?}");
        driver.wait("failed", in_flight);
        let answer = driver.send("capture_many 2000 10");
        assert_eq!(answer.count(status::OK), 1000, "{answer:?}");
        let stats = driver.stats();
        assert_eq!(stats.figure("server_unreachable"), 1);
        assert_eq!(stats.errors("pending"), 2000);
        // The jitter may choose a short delay once, not often.
        assert!(stats.figure("requests") <= in_flight + 3, "{stats:?}");
    }
}

#[test]
fn requests_that_fail_together_count_as_one_failure_for_the_back_off() {
    // HTTP-9: one blip of the server must not cost a delay that grew with each request under way.
    let receiver = Receiver::start();
    receiver.script(vec![Reply::hang_after_request(); 32]);
    let changes = json!({
        "max_requests_in_flight": 32,
        "retry_backoff_ms": 50,
        "retry_backoff_max_ms": 86_400_000,
    });
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    driver.accept_many(40);
    assert!(receiver.wait_until(LONG, |state| state.hanging() == 32));
    receiver.drop_connections();
    // Doubled 31 times the delay would be days.
    driver.drain();
    driver.stats().assert_errors(40, 40, &[]);
}

#[test]
fn an_outage_costs_only_the_attempts_of_few() {
    // HTTP-9
    let receiver = Receiver::start();
    receiver.refuse();
    let changes = json!({"retry_backoff_ms": 20, "retry_backoff_max_ms": 20});
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    let ids = driver.accept_many(100);
    driver.wait("failed", 10);
    receiver.listen().unwrap();
    driver.drain();
    let stats = driver.stats();
    let lost = stats.errors("discarded");
    // One envelope at a time, four attempts each.
    assert!(
        (2..=stats.figure("requests_failed") / 4).contains(&lost),
        "{stats:?}"
    );
    stats.assert_errors(100, 100 - lost, &[("network_error", lost)]);
    let lost = usize::try_from(lost).unwrap();
    assert_eq!(receiver.event_ids(), ids[lost..]);
}

/// The options of the other tests without the limit on attempts.
fn unlimited(dsn: &str, changes: Value) -> Value {
    let mut options = with(quick_options(dsn), changes);
    options.as_object_mut().unwrap().remove("retries");
    options
}

#[test]
fn an_outage_costs_nothing_unless_the_host_limits_attempts() {
    // HTTP-9
    let receiver = Receiver::start();
    receiver.refuse();
    let changes = json!({"retry_backoff_ms": 5, "retry_backoff_max_ms": 5});
    let mut driver = Driver::with_options(&unlimited(&receiver.dsn(), changes));
    let ids = driver.accept_many(30);
    driver.wait("failed", 30);
    assert_eq!(driver.stats().errors("discarded"), 0);
    receiver.listen().unwrap();
    driver.drain();
    driver.stats().assert_errors(30, 30, &[]);
    assert_eq!(receiver.event_ids(), ids);
}

#[test]
fn a_server_that_answers_nothing_costs_nothing_unless_the_host_limits_attempts() {
    // HTTP-9
    let receiver = Receiver::start();
    receiver.set_default(Reply::reset_after_request());
    let mut driver = Driver::with_options(&unlimited(&receiver.dsn(), json!({})));
    let mut ids = driver.accept_many(30);
    driver.wait("failed", 50);
    assert_eq!(driver.stats().errors("discarded"), 0);
    receiver.set_default(Reply::ok());
    driver.drain();
    driver.stats().assert_errors(30, 30, &[]);
    let mut received = receiver.accepted_event_ids();
    received.sort();
    ids.sort();
    assert_eq!(received, ids);
}

#[test]
fn a_host_that_comes_back_gets_what_waited() {
    let deaf = deaf_port().unwrap();
    let port = deaf.port();
    let changes = json!({"connect_timeout_ms": 100, "retries": 1000});
    let mut driver = Driver::with_options(&with(quick_options(&dsn_of(port)), changes));
    let ids = driver.accept_many(10);
    driver.wait("failed", 2);
    drop(deaf.wake().unwrap());
    let receiver = Receiver::start_on(port).unwrap();
    driver.drain();
    driver.stats().assert_errors(10, 10, &[]);
    assert_eq!(receiver.event_ids(), ids);
}

#[test]
fn a_server_that_hung_gets_what_waited_when_it_answers_again() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let changes = json!({"read_timeout_ms": 100, "retries": 1000, "max_requests_in_flight": 4});
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    let mut ids = driver.accept_many(50);
    driver.wait("failed", 6);
    receiver.set_default(Reply::ok());
    driver.drain();
    driver.stats().assert_errors(50, 50, &[]);
    let mut received = receiver.accepted_event_ids();
    received.sort();
    ids.sort();
    assert_eq!(received, ids);
    assert!(receiver.wait_until(LONG, |state| state.open_connections() <= 4));
}
