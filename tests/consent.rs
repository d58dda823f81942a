//! Consent: nothing leaves without it where it is required, the decision outlives the process, and the books are right.

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

use std::fs;
use std::time::Duration;

use driver::{Driver, quick_options, status, with};
use receiver::{Receiver, Reply};
use serde_json::{Value, json};
use support::Scratch;

/// A guard against hangs, no promise.
const PATIENCE: Duration = Duration::from_secs(60);
const GIVEN: i64 = 1;
const REVOKED: i64 = 0;
const UNKNOWN: i64 = -1;

fn start(receiver: &Receiver, scratch: &Scratch, changes: Value) -> Driver {
    let options = with(
        quick_options(&receiver.dsn()),
        json!({"require_user_consent": true, "database_path": scratch.path()}),
    );
    Driver::with_options(&with(options, changes))
}

fn consent(driver: &mut Driver, what: &str) -> i64 {
    driver.send(&format!("consent {what}")).number("consent")
}

fn message(text: &str) -> Value {
    json!({"message": text})
}

fn file(scratch: &Scratch) -> Option<String> {
    fs::read_to_string(scratch.join("user-consent")).ok()
}

fn messages(receiver: &Receiver) -> Vec<Value> {
    assert_eq!(receiver.violations(), [""; 0]);
    let events = receiver.events();
    events
        .iter()
        .map(|it| it["logentry"]["formatted"].clone())
        .collect()
}

// SP-8
#[test]
fn nothing_leaves_before_the_user_has_consented() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    let mut driver = start(&receiver, &scratch, json!({}));
    assert_eq!(driver.send("consent").number("is_required"), 1);
    assert_eq!(consent(&mut driver, ""), UNKNOWN);
    for number in 0..3 {
        let answer = driver.capture(&message(&format!("before {number}")));
        assert_eq!(answer.status(), status::NO_CONSENT);
        assert!(answer.text("error").contains("consent"), "{answer:?}");
    }
    driver.drain();
    assert_eq!(receiver.requests().len(), 0);
    driver.stats().assert_errors(3, 0, &[("no_consent", 3)]);
    assert_eq!(consent(&mut driver, "give"), GIVEN);
    driver.accept(&message("after"));
    driver.drain();
    assert_eq!(messages(&receiver), ["after"]);
    // The server is not told of what the user did not want to be known.
    assert_eq!(
        receiver.reported_losses(),
        std::collections::BTreeMap::new()
    );
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(file(&scratch).as_deref(), Some("1\n"));
}

#[test]
fn a_decision_holds_for_later_runs() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    for (what, found, content) in [
        ("give", UNKNOWN, Some("1\n")),
        ("", GIVEN, Some("1\n")),
        ("revoke", GIVEN, Some("0\n")),
        ("", REVOKED, Some("0\n")),
        ("reset", REVOKED, None),
        ("", UNKNOWN, None),
    ] {
        let mut driver = start(&receiver, &scratch, json!({}));
        assert_eq!(consent(&mut driver, ""), found, "{what}");
        let answer = driver.capture(&message(what)).status();
        let expected = if found == GIVEN {
            status::OK
        } else {
            status::NO_CONSENT
        };
        assert_eq!(answer, expected, "{what}");
        consent(&mut driver, what);
        driver.close();
        assert_eq!(file(&scratch).as_deref(), content, "{what}");
    }
    assert_eq!(
        receiver.reported_losses(),
        std::collections::BTreeMap::new()
    );
}

#[test]
fn what_is_queued_when_the_user_revokes_is_not_sent() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    fs::write(scratch.join("user-consent"), "1\n").unwrap();
    receiver.script([Reply::hang_after_request()]);
    let mut driver = start(&receiver, &scratch, json!({}));
    driver.accept(&message("under way"));
    assert!(receiver.wait_until(PATIENCE, |state| state.hanging() == 1));
    for _ in 0..3 {
        driver.accept(&message("queued"));
    }
    assert_eq!(consent(&mut driver, "revoke"), REVOKED);
    receiver.release();
    driver.drain();
    assert_eq!(messages(&receiver), ["under way"]);
    driver.stats().assert_errors(4, 1, &[("no_consent", 3)]);
}

/// What the driver answers for a capture, and how often the three messages of [`around_a_lack_of_consent`] are sent in the end.
fn around_a_lack_of_consent(changes: Value) -> (i64, Vec<Value>) {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    fs::write(scratch.join("user-consent"), "1\n").unwrap();
    receiver.script([Reply::hang_after_request()]);
    let mut driver = start(&receiver, &scratch, changes.clone());
    driver.accept(&message("under way"));
    assert!(receiver.wait_until(PATIENCE, |state| state.hanging() == 1));
    driver.accept(&message("taken back"));
    consent(&mut driver, "revoke");
    let answer = driver.capture(&message("without consent")).status();
    consent(&mut driver, "give");
    driver.accept(&message("with consent"));
    receiver.release();
    driver.drain();
    driver.close();
    // Nor by a later run.
    let mut driver = start(&receiver, &scratch, changes);
    driver.accept(&message("a later run"));
    driver.wait("delivered", 1);
    driver.drain();
    driver.close();
    (answer, messages(&receiver))
}

// SP-8
#[test]
fn the_answer_is_final_whatever_the_user_decides_before_the_worker_looks() {
    for changes in [
        json!({}),
        json!({"cache_keep": "offline"}),
        json!({"queue_durable": true}),
        json!({"queue_overflow": "spill", "cache_keep": "always"}),
    ] {
        let (answer, sent) = around_a_lack_of_consent(changes.clone());
        assert_eq!(answer, status::NO_CONSENT, "{changes}");
        assert_eq!(
            sent,
            ["under way", "with consent", "a later run"],
            "{changes}"
        );
    }
}

// SP-8
#[test]
fn what_was_refused_or_taken_back_does_not_survive_a_kill() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    fs::write(scratch.join("user-consent"), "1\n").unwrap();
    receiver.script([Reply::hang_after_request()]);
    // Both keep envelopes on disk, for other purposes.
    let changes = json!({"queue_durable": true, "cache_keep": "offline"});
    let mut driver = start(&receiver, &scratch, changes.clone());
    driver.accept(&message("under way"));
    assert!(receiver.wait_until(PATIENCE, |state| state.hanging() == 1));
    driver.accept(&message("taken back"));
    consent(&mut driver, "revoke");
    let refused = driver.capture(&message("refused")).status();
    assert_eq!(refused, status::NO_CONSENT);
    driver.wait("discarded", 2);
    drop(driver);
    fs::write(scratch.join("user-consent"), "1\n").unwrap();
    let mut driver = start(&receiver, &scratch, changes);
    driver.accept(&message("a later run"));
    driver.wait("delivered", 2);
    driver.drain();
    driver.close();
    // What the kill interrupted may have arrived, and is sent again.
    let mut sent = messages(&receiver);
    sent.sort_by_key(|text| text.to_string());
    assert_eq!(sent, ["a later run", "under way", "under way"]);
}

// SP-8
#[test]
fn what_may_wait_for_consent_is_accepted_and_sent_with_it() {
    let (answer, mut sent) = around_a_lack_of_consent(json!({"http_retry": true}));
    assert_eq!(answer, status::OK);
    sent.sort_by_key(|text| text.to_string());
    let all = [
        "a later run",
        "taken back",
        "under way",
        "with consent",
        "without consent",
    ];
    assert_eq!(sent, all);
}

// SP-8
#[test]
fn what_is_refused_is_kept_as_a_copy_where_the_host_wants_copies() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    let mut driver = start(&receiver, &scratch, json!({"cache_keep": "offline"}));
    let refused = driver.capture(&message("copied")).status();
    assert_eq!(refused, status::NO_CONSENT);
    driver.drain();
    driver.stats().assert_errors(1, 0, &[("no_consent", 1)]);
    driver.close();
    let copies = fs::read_dir(scratch.join("cache")).unwrap();
    let copies: Vec<_> = copies
        .map(|it| fs::read_to_string(it.unwrap().path()).unwrap())
        .collect();
    assert_eq!(copies.len(), 1);
    assert!(copies[0].contains("copied"));
    assert_eq!(receiver.requests().len(), 0);
}

#[test]
fn a_retry_needs_consent_as_well() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    fs::write(scratch.join("user-consent"), "1\n").unwrap();
    receiver.script([Reply::close_without_answer()]);
    let patient = json!({"retry_backoff_ms": 60_000, "retry_backoff_max_ms": 60_000});
    let mut driver = start(&receiver, &scratch, patient);
    driver.accept(&message("fails once"));
    driver.wait("failed", 1);
    consent(&mut driver, "revoke");
    driver.close();
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn without_the_option_a_decision_is_only_kept() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    let mut driver = start(&receiver, &scratch, json!({"require_user_consent": false}));
    assert_eq!(driver.send("consent revoke").number("is_required"), 0);
    driver.accept(&message("sent"));
    driver.drain();
    assert_eq!(messages(&receiver), ["sent"]);
    driver.close();
    assert_eq!(file(&scratch).as_deref(), Some("0\n"));
    // Also where nothing is ever sent: there is no thread to write it.
    let mut driver = start(&receiver, &scratch, json!({"dsn": ""}));
    assert_eq!(consent(&mut driver, "give"), GIVEN);
    assert_eq!(file(&scratch).as_deref(), Some("1\n"));
}

#[test]
fn without_a_database_a_decision_holds_for_this_run() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    let memory = json!({"database_path": ""});
    let mut driver = start(&receiver, &scratch, memory.clone());
    consent(&mut driver, "give");
    driver.accept(&message("sent"));
    driver.drain();
    driver.close();
    assert_eq!(consent(&mut driver, ""), UNKNOWN);
    let mut driver = start(&receiver, &scratch, memory);
    assert_eq!(consent(&mut driver, ""), UNKNOWN);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

// SES-3
#[test]
fn a_session_is_told_only_after_consent() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    let health = json!({"auto_session_tracking": true, "release": "app@1"});
    let mut driver = start(&receiver, &scratch, health);
    let error = json!({"level": "error", "message": "x"});
    assert_eq!(driver.capture(&error).status(), status::NO_CONSENT);
    consent(&mut driver, "give");
    driver.accept(&error);
    driver.close();
    let envelopes = receiver.envelopes();
    let sessions: Vec<_> = envelopes
        .iter()
        .flat_map(|it| it.items_of("session"))
        .map(|item| item.json().unwrap())
        .collect();
    assert_eq!(sessions.len(), 2);
    assert_eq!(
        (&sessions[0]["init"], &sessions[0]["errors"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(sessions[1]["status"], "exited");
}

// LIF-10
#[test]
fn a_forked_child_asks_for_the_same_consent() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    let mut driver = start(&receiver, &scratch, json!({}));
    // Its capture is refused.
    assert_ne!(driver.send("fork").number("result"), 0);
    consent(&mut driver, "give");
    assert_eq!(driver.send("fork").number("result"), 0);
    assert_eq!(messages(&receiver), ["from the child"]);
}
