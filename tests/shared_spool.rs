//! One spool, several processes: each event is in one column of one process, whoever removes, sends or kills whom.

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

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use driver::{Driver, Stats, quick_options, with};
use receiver::Receiver;
use serde_json::{Value, json};
use support::Scratch;

/// A guard against hangs, no promise.
const PATIENCE: Duration = Duration::from_secs(60);

fn options(receiver: &Receiver, database: &Path, most: u64) -> Value {
    let options = quick_options(&receiver.dsn());
    let shared = json!({
        "database_path": database, "http_retry": true, "retries": 0, "cache_max_items": most,
        "shutdown_timeout": 10_000,
    });
    with(options, shared)
}

fn envelopes(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|it| it.ends_with(".envelope")).count() as u64
}

/// Flushed, so that each knows what the others took.
fn figures(drivers: &mut [Driver]) -> Vec<Stats> {
    drivers.iter_mut().for_each(Driver::drain);
    // Once more: the first was flushed before the last had written.
    drivers.iter_mut().for_each(Driver::drain);
    drivers.iter_mut().map(Driver::stats).collect()
}

fn sum(stats: &[Stats], of: impl Fn(&Stats) -> u64) -> u64 {
    stats.iter().map(of).sum()
}

/// What the server was told of lost errors.
fn reported(receiver: &Receiver) -> u64 {
    let losses = receiver.reported_losses();
    let of_errors = losses
        .iter()
        .filter(|((_, category), _)| category == "error");
    of_errors.map(|(_, quantity)| quantity).sum()
}

// SP-1, REP-2
#[test]
fn what_processes_remove_of_one_another_is_counted_once_by_who_removes_it() {
    const EACH: u64 = 40;
    const MOST: u64 = 10;
    let (receiver, scratch) = (Receiver::start(), Scratch::new("shared-spool"));
    receiver.refuse();
    let options = options(&receiver, scratch.path(), MOST);
    let mut drivers: Vec<_> = (0..3).map(|_| Driver::with_options(&options)).collect();
    // In turns and at once: the worker of each writes while the others capture.
    for number in 0..EACH {
        for driver in &mut drivers {
            driver.accept(&json!({"message": format!("event {number}")}));
        }
    }
    let captured = 3 * EACH;
    let stats = figures(&mut drivers);
    let lost = sum(&stats, |it| it.lost("cache_overflow"));
    assert_eq!(sum(&stats, |it| it.errors("pending")), 0);
    assert_eq!(sum(&stats, |it| it.errors("captured")), captured);
    let on_disk = envelopes(&scratch.join("cache"));
    assert_eq!(sum(&stats, |it| it.errors("spooled")), on_disk);
    assert_eq!(on_disk + lost, captured);
    assert_eq!(on_disk, MOST);
    // The server is back: what waits arrives, and what was lost is told.
    receiver.listen().unwrap();
    for mut driver in drivers {
        driver.accept(&json!({"message": "it is back"}));
        driver.drain();
        driver.close();
    }
    drain(&receiver, &options, &scratch);
    let arrived = receiver.accepted_event_ids();
    let distinct: BTreeSet<_> = arrived.iter().collect();
    assert_eq!(arrived.len(), distinct.len(), "each arrives once");
    assert_eq!(arrived.len() as u64, on_disk + 3);
    assert_eq!(reported(&receiver), lost);
}

/// Starts once more and waits until nothing is left on disk.
fn drain(receiver: &Receiver, options: &Value, scratch: &Scratch) {
    let mut last = Driver::with_options(options);
    let deadline = Instant::now() + PATIENCE;
    let runs = || {
        let entries = fs::read_dir(scratch.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().path());
        names
            .filter(|it| it.extension().is_some_and(|it| it == "run"))
            .count()
    };
    while envelopes(&scratch.join("cache")) > 0 || runs() > 1 || last.stats().errors("spooled") > 0
    {
        assert!(Instant::now() < deadline, "files are left");
        std::thread::sleep(Duration::from_millis(5));
    }
    last.drain();
    last.close();
    assert_eq!(receiver.violations(), [""; 0]);
}

// SP-1, REP-2, REP-8
#[test]
fn kills_and_restarts_leave_no_event_without_an_account() {
    const ROUNDS: u64 = 8;
    let (receiver, scratch) = (Receiver::start(), Scratch::new("shared-kills"));
    receiver.refuse();
    let options = options(&receiver, scratch.path(), 7);
    let mut captured = 0;
    let mut drivers: Vec<_> = (0..3).map(|_| Driver::with_options(&options)).collect();
    for round in 0..ROUNDS {
        for driver in &mut drivers {
            driver.accept_many(5);
            captured += 5;
        }
        // Settled, on disk or removed: a kill costs nothing then, and nothing of what was counted.
        figures(&mut drivers);
        let victim = usize::try_from(round % 3).unwrap();
        drivers.remove(victim).kill();
        drivers.push(Driver::with_options(&options));
    }
    let on_disk = envelopes(&scratch.join("cache"));
    receiver.listen().unwrap();
    for mut driver in drivers {
        driver.accept(&json!({"message": "it is back"}));
        captured += 1;
        driver.drain();
        driver.close();
    }
    drain(&receiver, &options, &scratch);
    let arrived = receiver.accepted_event_ids();
    let distinct: BTreeSet<_> = arrived.iter().collect();
    assert_eq!(arrived.len(), distinct.len(), "each arrives once");
    assert_eq!(arrived.len() as u64, on_disk + 3);
    assert_eq!(arrived.len() as u64 + reported(&receiver), captured);
}

// SP-4
#[test]
fn programs_that_never_live_long_send_what_earlier_ones_left() {
    const LEFT: usize = 12;
    let (receiver, scratch) = (Receiver::start(), Scratch::new("short-runs"));
    receiver.refuse();
    let options = with(
        options(&receiver, scratch.path(), 100),
        json!({"http_retry": false, "retries": 1000}),
    );
    let mut driver = Driver::with_options(&options);
    let mut ids = driver.accept_many(LEFT);
    driver.post("close");
    driver.answer("close", PATIENCE);
    driver.finish();
    receiver.listen().unwrap();
    let mut runs = 0;
    while receiver.accepted_event_ids().len() < LEFT {
        let mut driver = Driver::with_options(&options);
        assert_eq!(driver.close().number("result"), 0);
        driver.finish();
        runs += 1;
        assert!(runs <= LEFT.div_ceil(5) + 1, "too little in each");
    }
    assert!(runs >= 2, "a share, not all of it");
    let mut arrived = receiver.accepted_event_ids();
    arrived.sort();
    ids.sort();
    assert_eq!(arrived, ids);
    assert_eq!(receiver.violations(), [""; 0]);
}
