//! Stress: sixteen threads capture while the server changes its behaviour all the time; the account is exact at every
//! instant, and in the end every accepted event was heard of once.

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

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use driver::{Driver, Outcome, quick_options, status, with};
use receiver::{Receiver, Reply};
use serde_json::{Value, json};

const THREADS: u64 = 16;
const DURATION_MS: u64 = 4000;
const MAX_BYTES: i64 = 1024 * 1024;
/// What the library may hold beside its queue.
const BESIDE_THE_QUEUE: i64 = 4 * 1024 * 1024;
/// How long the server keeps to one behaviour.
const TURN: Duration = Duration::from_millis(50);

/// The behaviours, one after the other.
fn behaviours() -> Vec<Option<Reply>> {
    let limits = |value: &str| Reply::status(429).with_header("X-Sentry-Rate-Limits", value);
    vec![
        Some(Reply::ok()),
        Some(Reply::hang_after_request()),
        Some(Reply::ok()),
        Some(Reply::status(500)),
        Some(Reply::reset_after_request()),
        Some(Reply::ok()),
        // None: the port refuses.
        None,
        Some(Reply::ok().delayed(Duration::from_millis(20))),
        Some(limits("0:error")),
        Some(Reply::hang_before_reading()),
        Some(Reply::ok()),
        Some(Reply::half_answer()),
        Some(limits("1:transaction")),
        Some(Reply::garbage()),
        Some(Reply::status(503)),
        Some(Reply::endless_body()),
        Some(Reply::hang_in_headers()),
        Some(Reply::ok().closing()),
    ]
}

/// Changes the receiver's behaviour until told to stop; leaves it healthy.
fn misbehave(receiver: &Receiver, is_over: &AtomicBool) {
    let nothing = (Mutex::new(()), Condvar::new());
    let behaviours = behaviours();
    for behaviour in behaviours.iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        match behaviour {
            Some(reply) => receiver.set_default(reply.clone()),
            None => receiver.refuse(),
        }
        // A turn of the server, not a wait for anything.
        drop(
            nothing
                .1
                .wait_timeout(nothing.0.lock().unwrap(), TURN)
                .unwrap(),
        );
        receiver.listen().unwrap();
    }
    receiver.set_default(Reply::ok());
    receiver.release();
}

fn run(changes: Value) {
    let receiver = Receiver::start();
    let mut driver = Driver::start();
    let before = driver.send("process").number("heap");
    let options = json!({
        "queue_max_items": 200,
        "queue_max_bytes": MAX_BYTES,
        "read_timeout_ms": 40,
        "connect_timeout_ms": 1000,
        "shutdown_timeout": 10_000,
    });
    let options = with(with(quick_options(&receiver.dsn()), options), changes);
    driver.init(&options);

    let is_over = AtomicBool::new(false);
    let stressed = thread::scope(|scope| {
        scope.spawn(|| misbehave(&receiver, &is_over));
        driver.post(&format!("stress {THREADS} {DURATION_MS}"));
        let answer = driver.answer("stress", Duration::from_secs(120));
        is_over.store(true, Ordering::Relaxed);
        answer
    });
    assert_eq!(stressed.number("violations"), 0, "{stressed:?}");
    assert!(stressed.number("checks") > 100, "{stressed:?}");
    let grown = stressed.number("heap_peak") - before;
    assert!(grown <= MAX_BYTES + BESIDE_THE_QUEUE, "{grown}");

    driver.drain();
    let stats = driver.stats();
    assert_eq!(stats.errors("pending"), 0);
    assert_eq!(
        (stats.figure("queue_items"), stats.figure("queue_bytes")),
        (0, 0)
    );
    assert!(stats.figure("queue_items_peak") <= 200, "{stats:?}");
    assert!(
        stats.figure("queue_bytes_peak") <= MAX_BYTES as u64,
        "{stats:?}"
    );
    assert_eq!(driver.close().number("result"), 0);

    // Every call has one outcome, every accepted id exactly one.
    let audit = driver.send("audit");
    let calls = audit.number("calls");
    assert_eq!(stats.errors("captured") as i64, calls, "{audit:?}");
    assert_eq!(audit.number("outcomes"), calls, "{audit:?}");
    assert_eq!(audit.number("missing"), 0, "{audit:?}");
    assert_eq!(audit.number("repeated"), 0, "{audit:?}");
    assert_eq!(audit.number("ids_written_when_refused"), 0, "{audit:?}");
    assert_eq!(
        audit.number("accepted") as u64,
        audit.count(status::OK),
        "{audit:?}"
    );

    let outcomes = driver.outcomes(usize::try_from(calls).unwrap());
    check_against_the_figures(&outcomes, &stats);
    let accepted = driver.send("accepted");
    let accepted: HashSet<&str> = accepted
        .get("ids")
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    check_against_the_server(&receiver, &outcomes, &accepted);
}

/// The callback and the statistics tell the same.
fn check_against_the_figures(outcomes: &[Outcome], stats: &driver::Stats) {
    let mut by_fate: HashMap<&str, u64> = HashMap::new();
    for outcome in outcomes {
        *by_fate.entry(outcome.brief().0).or_default() += 1;
    }
    assert_eq!(
        by_fate.remove("delivered").unwrap_or(0),
        stats.errors("delivered")
    );
    for (reason, count) in by_fate {
        assert_eq!(count, stats.lost(reason), "{reason}: {stats:?}");
    }
}

/// What the server took was captured, and what counts as delivered was taken by the server.
fn check_against_the_server(receiver: &Receiver, outcomes: &[Outcome], accepted: &HashSet<&str>) {
    let received: HashSet<String> = receiver.event_ids().into_iter().collect();
    let strangers: Vec<_> = received
        .iter()
        .filter(|id| !accepted.contains(id.as_str()))
        .collect();
    assert!(strangers.is_empty(), "never captured: {strangers:?}");
    let taken: HashSet<String> = receiver
        .requests()
        .into_iter()
        // An answer whose headers were complete counts, whatever became of its body.
        .filter(|request| request.envelope.is_some())
        .filter_map(|request| request.envelope.as_ref()?.event_id().map(str::to_owned))
        .collect();
    let delivered: Vec<_> = outcomes
        .iter()
        .filter(|it| it.outcome == "delivered")
        .collect();
    assert!(
        delivered
            .iter()
            .all(|outcome| taken.contains(&outcome.event_id))
    );
    assert!(
        delivered.len() > 50,
        "only {} were delivered",
        delivered.len()
    );
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn the_account_is_exact_with_one_request_at_a_time() {
    run(json!({}));
}

#[test]
fn the_account_is_exact_with_several_requests_and_old_ones_dropped() {
    run(json!({
        "max_requests_in_flight": 4,
        "queue_overflow": "drop_oldest",
        "retries_status": 2,
        "compression": "gzip",
    }));
}
