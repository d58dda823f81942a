//! A wall clock that is set back and forth under a running program: nothing is lost, and nothing waits for longer.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::path::Path;

use host::{Program, RUN_TIMEOUT, distinct_ids};
use receiver::{Receiver, Reply};
use serde_json::Value;
use support::{Scratch, assert_success, run};

static PROGRAM: Program = Program::new("host_clock");

fn run_in(directory: &Path, scenario: &str, receiver: &Receiver) {
    let mut command = PROGRAM.command(scenario, &receiver.dsn());
    command.current_dir(directory);
    assert_success(&run(&mut command, RUN_TIMEOUT), scenario);
    assert_eq!(receiver.violations(), [""; 0], "{scenario}");
}

/// The last word about each session.
fn ended_sessions(receiver: &Receiver) -> Vec<Value> {
    let mut ended = Vec::new();
    for envelope in receiver.envelopes() {
        let sessions = envelope
            .items_of("session")
            .map(|item| item.json().unwrap());
        ended.extend(sessions.filter(|session| session["status"] != "ok"));
    }
    ended
}

// EVT-2, SES-1
#[test]
fn each_event_says_the_time_it_was_told_and_a_session_lasts_as_long_as_it_did() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("host_clock"));
    run_in(scratch.path(), "years", &receiver);
    let events = receiver.events();
    assert_eq!(events.len(), 8);
    for event in events {
        let told = event["logentry"]["formatted"].as_str().unwrap();
        let seconds: f64 = told.parse().unwrap();
        // Before 1970 there is no time.
        let since = event["timestamp"].as_f64().unwrap() - seconds.max(0.0);
        assert!((0.0..RUN_TIMEOUT.as_secs_f64()).contains(&since), "{event}");
    }
    let sessions = ended_sessions(&receiver);
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0]["status"], "exited");
    let seconds = sessions[0]["duration"].as_f64().unwrap();
    assert!(seconds < RUN_TIMEOUT.as_secs_f64(), "{seconds}");
}

/// Seconds since 1970 of a time in either of its forms.
fn seconds(time: &Value) -> f64 {
    time.as_f64().unwrap_or_else(|| {
        let text = time.as_str().unwrap();
        let day = text
            .strip_prefix("2026-05-28T20:")
            .unwrap_or_else(|| panic!("{text}"));
        let minutes: f64 = day[..2].parse().unwrap();
        let seconds: f64 = day[3..].trim_end_matches('Z').parse().unwrap();
        // 2026-05-28T20:00:00Z
        1_779_998_400.0 + minutes * 60.0 + seconds
    })
}

// EVT-2, BC-1, SES-1
#[test]
fn what_a_device_recorded_before_it_knew_the_time_is_told_in_the_right_time() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("host_clock"));
    // The first attempt comes too early.
    receiver.script([Reply::hang_after_request()]);
    run_in(scratch.path(), "set_later", &receiver);
    let is_right =
        |time: &Value| (seconds(time) - 1_780_000_000.0).abs() < RUN_TIMEOUT.as_secs_f64();
    let all = receiver.events();
    assert_eq!(all.len(), 4);
    // The first attempt knew no better.
    let events = &all[1..];
    for event in events {
        assert!(is_right(&event["timestamp"]), "{event}");
        for crumb in event["breadcrumbs"]["values"].as_array().unwrap() {
            match crumb["message"].as_str() {
                Some("known") => assert_eq!(crumb["timestamp"], "2001-02-03T04:05:06Z"),
                _ => assert!(is_right(&crumb["timestamp"]), "{event}"),
            }
        }
    }
    let time = |text: &str| {
        let event = events
            .iter()
            .find(|event| event["logentry"]["formatted"] == text);
        seconds(&event.unwrap()["timestamp"])
    };
    assert!(time("before, as JSON") <= time("before, as a value"));
    assert!(time("before, as a value") < time("after"));
    let sessions = ended_sessions(&receiver);
    assert_eq!(sessions.len(), 1);
    assert!(is_right(&sessions[0]["started"]), "{sessions:?}");
    let lasted = sessions[0]["duration"].as_f64().unwrap();
    assert!(
        (0.0..RUN_TIMEOUT.as_secs_f64()).contains(&lasted),
        "{lasted}"
    );
}

// HTTP-9
#[test]
fn setting_the_clock_in_the_middle_of_everything_costs_nothing() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("host_clock"));
    receiver.script([Reply::close_without_answer(), Reply::reset_after_request()]);
    run_in(scratch.path(), "meanwhile", &receiver);
    let accepted = receiver.accepted_event_ids();
    assert_eq!(accepted.len(), 100);
    for session in ended_sessions(&receiver) {
        assert_eq!(session["status"], "exited");
        let seconds = session["duration"].as_f64().unwrap();
        assert!(seconds < RUN_TIMEOUT.as_secs_f64(), "{seconds}");
    }
}

// SES-10
#[test]
fn a_wait_ends_when_its_time_is_up_and_a_session_that_died_is_closed() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("host_clock"));
    receiver.set_default(Reply::hang_after_request());
    run_in(scratch.path(), "time_out", &receiver);
    receiver.set_default(Reply::ok());
    // The program died in whatever year; this one starts in 2026 and takes over.
    run_in(scratch.path(), "years", &receiver);
    assert_eq!(distinct_ids(&receiver).len(), 9);
    let statuses: Vec<_> = ended_sessions(&receiver)
        .iter()
        .map(|it| it["status"].clone())
        .collect();
    assert_eq!(statuses.len(), 2, "{statuses:?}");
    assert!(statuses.contains(&"abnormal".into()), "{statuses:?}");
}
