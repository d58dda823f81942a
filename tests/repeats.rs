//! `dedupe_window_ms`: of equal errors the first is sent, and once more for each window with the number of the others.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails"
)]

mod host;
mod support;

use host::Program;
use receiver::Receiver;
use serde_json::{Value, json};

static HOST: Program = Program::new("host_repeats");

/// The text of each event, and how many others it stands for.
fn said(receiver: &Receiver) -> Vec<(Value, Value)> {
    let said = |event: &Value| {
        let count = event["contexts"]["duplicates"]["count"].clone();
        (event["logentry"]["formatted"].clone(), count)
    };
    receiver.events().iter().map(said).collect()
}

#[test]
fn repeats_are_counted_into_the_first_for_each_window() {
    let (receiver, _) = HOST.run_against_receiver("by_time");
    let expected = [
        (json!("again"), json!(null)),
        (json!("another"), json!(null)),
        (json!("again"), json!(5)),
        (json!("again"), json!(1)),
    ];
    assert_eq!(said(&receiver), expected);
    let events = receiver.events();
    let duplicates = &events[2]["contexts"]["duplicates"];
    assert_eq!(duplicates["first_event_id"], events[0]["event_id"]);
    assert_eq!(duplicates["window_ms"], 1000);
    assert!(duplicates["first_seen"].as_str() < duplicates["last_seen"].as_str());
    assert_ne!(events[2]["event_id"], events[0]["event_id"]);
    let losses = receiver.reported_losses();
    let key = ("event_processor".to_owned(), "error".to_owned());
    assert_eq!(losses.get(&key), Some(&6));
}

#[test]
fn events_are_equal_by_template_and_fingerprint() {
    let (receiver, _) = HOST.run_against_receiver("by_likeness");
    let again = said(&receiver)
        .iter()
        .filter(|it| it.1 == 1)
        .map(|it| it.0.clone())
        .collect::<Vec<_>>();
    assert_eq!(again, [json!("1 left"), json!("a")]);
}

#[test]
fn a_child_counts_its_own() {
    let (receiver, _) = HOST.run_against_receiver("forked");
    let mut counts: Vec<_> = said(&receiver).into_iter().map(|it| it.1).collect();
    counts.sort_by_key(Value::is_null);
    assert_eq!(counts, [json!(1), json!(null), json!(null)]);
}
