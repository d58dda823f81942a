//! Overflow: what a full queue accepts, drops and refuses, by item and by byte, and that each loss is told.

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

use driver::{Driver, quick_options, status, with};
use receiver::{Receiver, Reply};
use serde_json::{Value, json};

/// A guard against hangs, no promise.
const LONG: Duration = Duration::from_secs(30);
/// What the library may hold beside its queue.
const BESIDE_THE_QUEUE: i64 = 4 * 1024 * 1024;

/// A server that reads requests and does not answer, and a driver whose first event hangs there.
fn hanging(changes: Value) -> (Receiver, Driver, String) {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    let first = driver.accept(&json!({"message": "first"}));
    assert!(receiver.wait_until(LONG, |state| state.hanging() == 1));
    (receiver, driver, first)
}

/// From now on every request is answered, those that hang too.
fn answer_all(receiver: &Receiver) {
    receiver.set_default(Reply::ok());
    receiver.release();
}

fn losses(list: &[(&str, u64)]) -> BTreeMap<(String, String), u64> {
    list.iter()
        .map(|(reason, count)| (((*reason).to_owned(), "error".to_owned()), *count))
        .collect()
}

#[test]
fn a_full_queue_refuses_the_newest_counts_it_and_reports_it() {
    // Q-2, REP-2, REP-7
    let (receiver, mut driver, first) = hanging(json!({"queue_max_items": 4}));
    let mut accepted = vec![first];
    accepted.extend(driver.accept_many(3));
    for _ in 0..3 {
        let refused = driver.capture(&json!({"message": "too much"}));
        assert_eq!(refused.status(), status::QUEUE_FULL);
        assert_eq!(refused.text("id"), "0".repeat(32));
        assert!(
            refused.text("error").contains("queue_max_items"),
            "{refused:?}"
        );
    }
    let stats = driver.stats();
    assert_eq!((stats.errors("captured"), stats.errors("pending")), (7, 4));
    assert_eq!(stats.lost("queue_overflow"), 3);
    assert_eq!(
        (
            stats.figure("queue_items"),
            stats.figure("queue_items_peak")
        ),
        (4, 4)
    );
    let refused = driver.outcomes(3);
    assert!(
        refused
            .iter()
            .all(|outcome| outcome.brief() == ("queue_overflow", 0, 0)),
        "{refused:?}"
    );
    answer_all(&receiver);
    driver.drain();
    driver.stats().assert_errors(7, 4, &[("queue_overflow", 3)]);
    assert_eq!(receiver.event_ids(), accepted);
    assert_eq!(receiver.reported_losses(), losses(&[("queue_overflow", 3)]));
    // The report rode on the second event: no request of its own.
    assert_eq!(receiver.requests().len(), 4);
    // There is room again.
    driver.accept_many(4);
    driver.drain();
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn drop_oldest_keeps_the_newest_and_what_is_under_way() {
    let changes = json!({"queue_max_items": 4, "queue_overflow": "drop_oldest"});
    let (receiver, mut driver, first) = hanging(changes);
    let ids = driver.accept_many(9);
    let stats = driver.stats();
    assert_eq!(stats.figure("queue_items"), 4);
    assert_eq!(stats.lost("queue_overflow"), 6);
    let lost: Vec<String> = driver
        .outcomes(6)
        .into_iter()
        .map(|outcome| outcome.event_id)
        .collect();
    assert_eq!(lost, ids[..6]);
    answer_all(&receiver);
    driver.drain();
    driver
        .stats()
        .assert_errors(10, 4, &[("queue_overflow", 6)]);
    let mut expected = vec![first];
    expected.extend_from_slice(&ids[6..]);
    assert_eq!(receiver.event_ids(), expected);
    assert_eq!(receiver.reported_losses(), losses(&[("queue_overflow", 6)]));
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn drop_oldest_refuses_when_everything_is_under_way() {
    let changes = json!({"queue_max_items": 1, "queue_overflow": "drop_oldest"});
    let (receiver, mut driver, first) = hanging(changes);
    assert_eq!(driver.capture(&json!({})).status(), status::QUEUE_FULL);
    answer_all(&receiver);
    driver.drain();
    driver.stats().assert_errors(2, 1, &[("queue_overflow", 1)]);
    assert_eq!(receiver.event_ids(), [first]);
}

#[test]
fn drop_lowest_priority_refuses_an_equal() {
    // Q-3
    let changes = json!({"queue_max_items": 3, "queue_overflow": "drop_lowest_priority"});
    let (receiver, mut driver, first) = hanging(changes);
    let mut accepted = vec![first];
    accepted.extend(driver.accept_many(2));
    assert_eq!(driver.capture(&json!({})).status(), status::QUEUE_FULL);
    answer_all(&receiver);
    driver.drain();
    driver.stats().assert_errors(4, 3, &[("queue_overflow", 1)]);
    assert_eq!(receiver.event_ids(), accepted);
    assert_eq!(receiver.reported_losses(), losses(&[("queue_overflow", 1)]));
}

#[test]
fn the_byte_bound_is_held_and_used() {
    const MAX_BYTES: u64 = 65_536;
    for policy in ["drop_newest", "drop_oldest", "drop_lowest_priority"] {
        let changes =
            json!({"queue_max_bytes": MAX_BYTES, "queue_max_items": -1, "queue_overflow": policy});
        let (receiver, mut driver, _) = hanging(changes);
        let before = driver.stats().figure("queue_bytes");
        driver.accept(&json!({"message": "m".repeat(5000)}));
        let cost = driver.stats().figure("queue_bytes") - before;
        assert!(cost >= 5000, "{cost}");
        let answer = driver.send("capture_many 100 5000");
        let stats = driver.stats();
        let held = stats.figure("queue_bytes");
        assert!(
            held <= MAX_BYTES && stats.figure("queue_bytes_peak") <= MAX_BYTES,
            "{stats:?}"
        );
        assert!(held + cost + 16 > MAX_BYTES, "room was left: {stats:?}");
        let is_kept = policy == "drop_oldest";
        assert_eq!(answer.count(status::OK) == 100, is_kept, "{answer:?}");
        assert_eq!(stats.errors("pending"), stats.figure("queue_items"));
        answer_all(&receiver);
        driver.drain();
        let stats = driver.stats();
        assert_eq!(stats.figure("queue_bytes"), 0);
        assert_eq!(
            stats.errors("delivered") + stats.lost("queue_overflow"),
            102
        );
        assert_eq!(
            receiver.reported_losses(),
            losses(&[("queue_overflow", stats.lost("queue_overflow"))])
        );
    }
}

#[test]
fn what_does_not_fit_into_the_empty_queue_is_too_large() {
    let receiver = Receiver::start();
    let options = with(
        quick_options(&receiver.dsn()),
        json!({"queue_max_bytes": 65_536}),
    );
    let mut driver = Driver::with_options(&options);
    let answer = driver.send("capture_bulky 100000");
    assert_eq!(answer.status(), status::TOO_LARGE);
    assert!(
        answer.text("error").contains("queue_max_bytes"),
        "{answer:?}"
    );
    driver.accept_many(1);
    driver.drain();
    driver.stats().assert_errors(2, 1, &[("too_large", 1)]);
    assert_eq!(driver.outcomes(2)[0].brief(), ("too_large", 0, 0));
}

#[test]
fn without_an_item_bound_only_the_bytes_count() {
    let (receiver, mut driver, _) = hanging(json!({"queue_max_items": -1}));
    let answer = driver.send("capture_many 3000 10");
    assert_eq!(answer.count(status::OK), 3000, "{answer:?}");
    assert_eq!(driver.stats().figure("queue_items"), 3001);
    answer_all(&receiver);
    driver.drain();
    driver.stats().assert_errors(3001, 3001, &[]);
}

#[test]
fn a_capture_waits_for_room_as_long_as_it_was_told() {
    let changes = json!({"queue_max_items": 1, "queue_block_timeout_ms": 300});
    let (receiver, mut driver, _) = hanging(changes);
    let answer = driver.watch("capture {}");
    assert_eq!(answer.status(), status::QUEUE_FULL);
    assert!(
        answer.ms() >= 300.0 && answer.own_ms() <= 400.0,
        "{answer:?}"
    );
    answer_all(&receiver);
    driver.drain();
    driver.stats().assert_errors(2, 1, &[("queue_overflow", 1)]);
}

#[test]
fn a_waiting_capture_goes_on_when_there_is_room() {
    let changes = json!({"queue_max_items": 1, "queue_block_timeout_ms": 60_000});
    let (receiver, mut driver, first) = hanging(changes);
    driver.send(r#"capture_beside {"message":"second"}"#);
    answer_all(&receiver);
    assert_eq!(driver.send("join_beside").status(), status::OK);
    driver.drain();
    driver.stats().assert_errors(2, 2, &[]);
    assert_eq!(receiver.event_ids()[0], first);
    assert_eq!(receiver.events()[1]["logentry"]["formatted"], "second");
}

#[test]
fn close_ends_a_waiting_capture() {
    const SHUTTING_DOWN: i64 = 11;
    let changes = json!({
        "queue_max_items": 1,
        "queue_block_timeout_ms": 60_000,
        "shutdown_timeout": 200,
    });
    let (_receiver, mut driver, _) = hanging(changes);
    driver.send(r#"capture_beside {"message":"second"}"#);
    let closed = driver.close();
    assert!(closed.own_ms() <= 300.0, "{closed:?}");
    // It came before, during or after the close; it never waits on.
    let status = driver.send("join_beside").status();
    assert!(
        [SHUTTING_DOWN, status::DISABLED].contains(&status),
        "{status}"
    );
}

#[test]
fn close_waits_for_no_room_for_the_end_of_the_session() {
    // LIF-4
    let changes = json!({
        "auto_session_tracking": true,
        "release": "app@1.0",
        "queue_max_items": 1,
        "queue_block_timeout_ms": 5000,
        "shutdown_timeout": 200,
    });
    let (_receiver, mut driver, _) = hanging(changes);
    driver.send(r#"capture_beside {"message":"second"}"#);
    let closed = driver.close();
    assert!(closed.own_ms() <= 300.0, "{closed:?}");
    driver.send("join_beside");
}

#[test]
fn memory_stays_within_the_queue_and_a_fixed_rest() {
    // Small envelopes cost most beside their text.
    for (count, message_bytes) in [(4000, 10), (4000, 1024), (2000, 8000)] {
        flood_a_hanging_server(count, message_bytes);
    }
}

#[test]
fn events_that_share_breadcrumbs_pay_for_what_they_alone_keep_alive() {
    const MAX_BYTES: i64 = 4 * 1024 * 1024;
    for crumb_bytes in [200, 7000] {
        let receiver = Receiver::start();
        receiver.set_default(Reply::hang_after_request());
        let mut driver = Driver::start();
        let before = driver.send("process").number("heap");
        driver.init(&with(
            quick_options(&receiver.dsn()),
            json!({"queue_max_bytes": MAX_BYTES, "queue_overflow": "drop_oldest"}),
        ));
        let crumb = format!("crumb {}", json!({"message": "c".repeat(crumb_bytes)}));
        for round in 0..600 {
            driver.send(&crumb);
            driver.accept(&json!({"message": "m"}));
            if round % 50 == 0 {
                let grown = driver.send("process").number("heap") - before;
                assert!(grown <= MAX_BYTES + BESIDE_THE_QUEUE, "{round}: {grown}");
            }
        }
        // Of long breadcrumbs the queue holds a handful of events, of short ones hundreds.
        let held = driver.stats().figure("queue_items");
        assert_eq!(held > 100, crumb_bytes == 200, "{held}");
        answer_all(&receiver);
        driver.drain();
    }
}

fn flood_a_hanging_server(count: u64, message_bytes: u64) {
    const MAX_BYTES: i64 = 4 * 1024 * 1024;
    const ROUNDS: u64 = 3;
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let mut driver = Driver::start();
    let before = driver.send("process").number("heap");
    driver.init(&with(
        quick_options(&receiver.dsn()),
        json!({"queue_max_items": -1, "queue_max_bytes": MAX_BYTES}),
    ));
    for _ in 0..20 {
        driver.send(&format!("crumb {}", json!({"message": "c".repeat(100)})));
    }
    for _ in 0..ROUNDS {
        let answer = driver.send(&format!("capture_many {count} {message_bytes}"));
        let grown = answer.number("heap_peak") - before;
        assert!(grown <= MAX_BYTES + BESIDE_THE_QUEUE, "{grown}: {answer:?}");
    }
    let stats = driver.stats();
    assert_eq!(stats.errors("captured"), ROUNDS * count);
    assert!(stats.figure("queue_bytes") <= MAX_BYTES as u64);
    // The bound is used: there is no second, lower one.
    let least = MAX_BYTES as u64 - 2 * message_bytes - 16 * 1024;
    assert!(stats.figure("queue_bytes") > least, "{stats:?}");
    answer_all(&receiver);
    driver.drain();
    let after = driver.send("process").number("heap") - before;
    assert!(after <= BESIDE_THE_QUEUE, "{after}");
    assert_eq!(stats.errors("captured"), driver.stats().errors("captured"));
}
