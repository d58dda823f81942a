//! Values, events and scope through Python's ctypes: the calling convention as other languages use it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::process::Command;
use std::time::Duration;

use receiver::Receiver;
use serde_json::{Value, json};
use support::{assert_success, library_dir, repository, run};

#[test]
fn values_events_and_scope_conform_through_ctypes() {
    let receiver = Receiver::start();
    let mut command = Command::new("python3");
    command
        .arg(repository().join("tests/python/conformance.py"))
        .arg(library_dir().join("libsentry.so"))
        .arg(receiver.dsn())
        .env_remove("SENTRY_DSN");
    let output = run(&mut command, Duration::from_secs(60));
    assert_success(&output, "conformance.py");
    let printed: Value = serde_json::from_slice(&output.stdout).expect("it prints its event");

    assert_eq!(receiver.violations(), Vec::<String>::new());
    let events = receiver.events();
    let messages: Vec<_> = events
        .iter()
        .map(|event| event["logentry"]["formatted"].as_str().unwrap_or("none"))
        .collect();
    assert_eq!(
        messages,
        ["through ctypes", "scoped", "copied", "local", "none"]
    );
    let first = &events[0];
    assert_eq!(first["event_id"], printed["id"]);
    assert_eq!(first["release"], "python@1");
    assert_eq!(first["level"], "warning");
    assert_eq!(first["transaction"], "reading");
    assert_eq!(first["tags"], json!({"kept": "yes"}));
    assert_eq!(first["user"]["id"], "7");
    assert_eq!(first["contexts"]["host"], json!({"from": "python"}));
    assert_eq!(first["exception"]["values"][0]["type"], "Error");
    assert_eq!(first["breadcrumbs"]["values"][0]["message"], "one step");
    let tags: Vec<_> = events[1..].iter().map(|event| &event["tags"]).collect();
    let process = json!({"kept": "yes"});
    assert_eq!(
        tags,
        [
            &json!({"kept": "scope", "only": "original"}),
            &json!({"kept": "scope"}),
            &process,
            &process
        ]
    );
}
