//! Delivery to a healthy server: what arrives, over how many connections, in which form, and what is counted.

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
use receiver::{Receiver, Reply, closed_port, silent_port};
use serde_json::{Value, json};
use support::{Scratch, Standard, compile_c};

/// A guard against hangs, no promise.
const LONG: Duration = Duration::from_secs(30);

fn assert_no_violations(receiver: &Receiver) {
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn the_driver_compiles_in_every_supported_language() {
    let scratch = Scratch::new("driver");
    for standard in Standard::ALL {
        compile_c(driver::SOURCE, standard, &scratch.join("driver"));
    }
}

#[test]
fn an_event_arrives_once_and_is_accounted_for() {
    // HTTP-1, EVT-1, REP-6
    let receiver = Receiver::start();
    let mut driver = Driver::with_options(&quick_options(&receiver.dsn()));
    let id = driver.accept(&json!({"message": "hello"}));
    driver.drain();
    let outcomes = driver.outcomes(1);
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].event_id, id);
    assert_eq!(outcomes[0].category, "error");
    assert_eq!(outcomes[0].brief(), ("delivered", 200, 1));
    let stats = driver.stats();
    stats.assert_errors(1, 1, &[]);
    assert_eq!(stats.figure("requests"), 1);
    assert_eq!(stats.figure("requests_failed"), 0);
    assert_eq!(stats.figure("queue_items"), 0);
    assert_eq!(stats.figure("queue_bytes"), 0);
    assert_eq!(stats.figure("queue_items_peak"), 1);
    assert_eq!(stats.figure("last_http_status"), 200);
    assert_eq!(stats.figure("database_unusable"), 0);
    let body_bytes = receiver.requests()[0].raw_body.len();
    assert_eq!(stats.figure("bytes_sent"), body_bytes as u64);
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(receiver.event_ids(), [id]);
    assert_eq!(receiver.requests().len(), 1);
    assert_no_violations(&receiver);
}

#[test]
fn many_events_share_one_connection_and_keep_their_order() {
    // HTTP-10, Q-8
    let receiver = Receiver::start();
    let mut driver = Driver::with_options(&quick_options(&receiver.dsn()));
    let ids = driver.accept_many(100);
    driver.drain();
    assert_eq!(receiver.event_ids(), ids);
    assert_eq!(receiver.connections(), 1);
    driver.stats().assert_errors(100, 100, &[]);
    assert_no_violations(&receiver);
}

#[test]
fn a_burst_of_ten_thousand_is_delivered_whole() {
    let receiver = Receiver::start();
    let options = with(
        quick_options(&receiver.dsn()),
        json!({"queue_max_items": 10_000}),
    );
    let mut driver = Driver::with_options(&options);
    let answer = driver.send("capture_many 10000 100");
    assert_eq!(answer.count(status::OK), 10_000, "{answer:?}");
    driver.drain();
    driver.stats().assert_errors(10_000, 10_000, &[]);
    assert_eq!(receiver.connections(), 1);
    assert_no_violations(&receiver);
}

#[test]
fn as_many_requests_are_under_way_as_allowed_and_no_more() {
    // HTTP-10
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let options = with(
        quick_options(&receiver.dsn()),
        json!({"max_requests_in_flight": 4}),
    );
    let mut driver = Driver::with_options(&options);
    let ids = driver.accept_many(20);
    assert!(receiver.wait_until(LONG, |state| state.hanging() == 4));
    let stats = driver.stats();
    assert_eq!(stats.figure("requests_in_flight"), 4);
    assert_eq!(stats.errors("pending"), 20);
    receiver.set_default(Reply::ok());
    receiver.release();
    driver.drain();
    // One request at a time on each connection: a fifth request at once would have needed a fifth connection.
    assert_eq!(receiver.connections(), 4);
    let mut received = receiver.event_ids();
    received.sort();
    let mut ids = ids;
    ids.sort();
    assert_eq!(received, ids);
    driver.stats().assert_errors(20, 20, &[]);
    assert_no_violations(&receiver);
}

#[test]
fn bodies_are_compressed_when_it_pays_and_only_when_wanted() {
    // AUTH-7, AUTH-9, AUTH-10
    for (compression, is_packed) in [("gzip", true), ("none", false)] {
        let receiver = Receiver::start();
        let options = with(
            quick_options(&receiver.dsn()),
            json!({"compression": compression}),
        );
        let mut driver = Driver::with_options(&options);
        driver.accept(&json!({"message": "long ".repeat(1000)}));
        driver.drain();
        let requests = receiver.requests();
        let request = &requests[0];
        assert_eq!(
            request.header("Content-Encoding"),
            is_packed.then_some("gzip")
        );
        assert_eq!(request.raw_body.len() < request.body.len(), is_packed);
        let length = request.raw_body.len().to_string();
        assert_eq!(request.header("Content-Length"), Some(length.as_str()));
        assert_eq!(request.header("Transfer-Encoding"), None);
        assert_eq!(
            receiver.events()[0]["logentry"]["formatted"],
            "long ".repeat(1000)
        );
        assert_no_violations(&receiver);
    }
}

#[test]
fn an_event_of_almost_a_mebibyte_arrives_whole() {
    // ENV-17
    for compression in ["gzip", "none"] {
        let receiver = Receiver::start();
        let options = with(
            quick_options(&receiver.dsn()),
            json!({"compression": compression}),
        );
        let mut driver = Driver::with_options(&options);
        let answer = driver.send("capture_bulky 1000000");
        assert_eq!(answer.status(), status::OK, "{answer:?}");
        driver.drain();
        let bulk = receiver.events()[0]["bulk"].as_str().unwrap().len();
        assert!((999_900..=1_000_000).contains(&bulk), "{bulk}");
        driver.stats().assert_errors(1, 1, &[]);
        assert_no_violations(&receiver);
    }
}

#[test]
fn the_key_the_secret_and_the_path_of_the_dsn_are_used() {
    // DSN-2, DSN-3, AUTH-1, AUTH-2, AUTH-3, AUTH-6
    let receiver = Receiver::start();
    let dsn = format!("http://publickey:hush@127.0.0.1:{}/a/b/42", receiver.port());
    let mut driver = Driver::with_options(&quick_options(&dsn));
    driver.accept(&json!({"message": "hello"}));
    driver.drain();
    let requests = receiver.requests();
    assert_eq!(requests[0].path, "/a/b/api/42/envelope/");
    let auth = requests[0].header("X-Sentry-Auth").unwrap();
    assert!(auth.contains("sentry_secret=hush"), "{auth}");
    assert!(!auth.contains("sentry_timestamp"), "{auth}");
    let agent = requests[0].header("User-Agent").unwrap();
    assert!(agent.starts_with("libsentry.native/"), "{agent}");
    assert_no_violations(&receiver);
}

#[test]
fn a_connection_that_the_server_closed_while_idle_costs_nothing() {
    let receiver = Receiver::start();
    let options = with(quick_options(&receiver.dsn()), json!({"retries": 0}));
    let mut driver = Driver::with_options(&options);
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.extend(driver.accept_many(1));
        driver.drain();
        receiver.drop_connections();
    }
    receiver.script([Reply::ok().closing(), Reply::ok().chunked(), Reply::ok()]);
    ids.extend(driver.accept_many(3));
    driver.drain();
    assert_eq!(receiver.event_ids(), ids);
    driver.stats().assert_errors(8, 8, &[]);
    assert_no_violations(&receiver);
}

#[test]
fn a_server_that_restarts_on_its_port_loses_nothing() {
    let receiver = Receiver::start();
    let port = receiver.port();
    let options = with(quick_options(&receiver.dsn()), json!({"retries": 1000}));
    let mut driver = Driver::with_options(&options);
    driver.accept_many(5);
    driver.drain();
    assert_eq!(receiver.event_ids().len(), 5);
    drop(receiver);
    let during = driver.accept_many(20);
    driver.wait("failed", 3);
    let receiver = Receiver::start_on(port).unwrap();
    driver.drain();
    assert_eq!(receiver.event_ids(), during);
    let stats = driver.stats();
    stats.assert_errors(25, 25, &[]);
    assert_eq!(stats.figure("server_unreachable"), 0);
    assert!(stats.figure("retries") >= 3);
    assert_no_violations(&receiver);
}

#[test]
fn init_while_running_closes_the_first_client_and_uses_the_second_server() {
    // LIF-2
    let (first, second) = (Receiver::start(), Receiver::start());
    let mut driver = Driver::with_options(&quick_options(&first.dsn()));
    let before = driver.accept_many(3);
    let threads = driver.send("process").number("threads");
    driver.init(&quick_options(&second.dsn()));
    assert_eq!(driver.send("process").number("threads"), threads);
    assert_eq!(first.accepted_event_ids(), before);
    let after = driver.accept_many(2);
    driver.drain();
    driver.stats().assert_errors(2, 2, &[]);
    assert_eq!(second.accepted_event_ids(), after);
    assert_eq!(first.event_ids().len(), 3);
    assert_eq!(driver.outcomes(5).len(), 5);
}

#[test]
fn without_a_usable_dsn_everything_is_a_counted_free_no_op() {
    // DSN-9, DSN-10, LIF-1, LIF-7
    let mut driver = Driver::start();
    assert_eq!(driver.capture(&json!({})).status(), status::DISABLED);
    let threads = driver.send("process").number("threads");
    driver.init(&json!({}));
    for command in [
        "capture {}",
        "message info - text",
        "log error - text",
        "crumb {}",
        "stats",
    ] {
        assert_eq!(driver.send(command).status(), status::DISABLED, "{command}");
    }
    assert_eq!(driver.flush(1000).number("result"), 0);
    assert_eq!(driver.send("process").number("threads"), threads);

    let answer = driver.send(r#"init {"dsn": "https://key:topsecret@host"}"#);
    assert_eq!(answer.number("result"), 0);
    assert!(answer.text("error").contains("DSN"), "{answer:?}");
    assert!(!answer.text("error").contains("topsecret"), "{answer:?}");
    assert_eq!(driver.capture(&json!({})).status(), status::DISABLED);
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(driver.capture(&json!({})).status(), status::DISABLED);
    assert_eq!(driver.finish(), "");
}

#[test]
fn after_close_nothing_is_taken_and_no_thread_is_left() {
    // LIF-1, Q-5
    let receiver = Receiver::start();
    let mut driver = Driver::start();
    let threads = driver.send("process").number("threads");
    driver.init(&quick_options(&receiver.dsn()));
    assert_eq!(driver.send("process").number("threads"), threads + 1);
    driver.accept_many(2);
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(driver.send("process").number("threads"), threads);
    assert_eq!(driver.capture(&json!({})).status(), status::DISABLED);
    assert_eq!(driver.send("crumb {}").status(), status::DISABLED);
    assert_eq!(driver.send("stats").status(), status::DISABLED);
    assert_eq!(driver.flush(1000).number("result"), 0);
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(receiver.accepted_event_ids().len(), 2);
}

#[test]
fn the_self_test_connects_and_sends_nothing() {
    let receiver = Receiver::start();
    let mut driver = Driver::with_options(&quick_options(&receiver.dsn()));
    let answer = driver.send("self_test 10000");
    let report = answer.get("report");
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(report["connect"]["ok"], true, "{report}");
    assert_eq!(report["tls"], Value::Null, "{report}");
    assert_eq!(report["error"], Value::Null, "{report}");
    assert!(receiver.requests().is_empty());
    receiver.refuse();
    let answer = driver.send("self_test 10000");
    assert_eq!(answer.get("report")["ok"], false, "{answer:?}");
    assert_eq!(answer.get("report")["connect"]["ok"], false, "{answer:?}");
    driver.stats().assert_errors(0, 0, &[]);
}

#[test]
fn the_self_test_returns_within_its_time() {
    let (silent, closed) = (silent_port().unwrap(), closed_port().unwrap());
    let mut driver = Driver::start();
    for (port, at_most) in [(silent.port(), 400.0), (closed.port(), 400.0)] {
        let dsn = format!("https://publickey@127.0.0.1:{port}/42");
        driver.init(&quick_options(&dsn));
        let answer = driver.watch("self_test 300");
        assert_eq!(answer.get("report")["ok"], false, "{answer:?}");
        assert!(answer.get("report")["error"].is_string(), "{answer:?}");
        assert!(answer.own_ms() <= at_most, "{answer:?}");
    }
}

#[test]
fn a_durable_queue_without_effect_shows_in_the_figures() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("not-durable"));
    std::fs::write(scratch.join("file"), "").unwrap();
    let database = scratch.join("database");
    let options = |changes: Value| {
        let durable = json!({"queue_durable": true, "queue_max_bytes": 65_536});
        with(with(quick_options(&receiver.dsn()), durable), changes)
    };
    let figure = |driver: &mut Driver| {
        driver.send("stats").get("stats")["queue_not_durable"]
            .as_u64()
            .unwrap()
    };
    for (changes, not_durable) in [
        (json!({"database_path": database}), 0),
        (json!({"database_path": ""}), 1),
        (json!({"database_path": scratch.join("file")}), 1),
        (json!({"database_path": "/proc/self/below"}), 1),
        (json!({"database_path": database, "dsn": ""}), 1),
        (json!({"database_path": "", "queue_durable": false}), 0),
    ] {
        let mut driver = Driver::with_options(&options(changes.clone()));
        assert_eq!(figure(&mut driver), not_durable, "{changes}");
    }
    // The log goes while the program runs: the next start would find nothing. Each sync looks, and each flush.
    for sync_ms in [0, 1] {
        let changes = json!({"database_path": database, "queue_sync_ms": sync_ms});
        let mut driver = Driver::with_options(&options(changes));
        driver.accept(&json!({"message": "copied"}));
        driver.drain();
        assert_eq!(figure(&mut driver), 0);
        std::fs::remove_dir_all(&database).unwrap();
        if sync_ms == 0 {
            driver.drain();
            assert_eq!(figure(&mut driver), 1);
            continue;
        }
        let deadline = std::time::Instant::now() + LONG;
        while figure(&mut driver) == 0 {
            assert!(std::time::Instant::now() < deadline, "nobody noticed");
            driver.accept(&json!({"message": "not copied"}));
        }
    }
}
