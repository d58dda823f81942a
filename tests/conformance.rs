//! The compatible interface, section by section: C programs that assert its edge cases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics fails"
)]

mod support;

use std::process::Command;
use std::time::Duration;

use receiver::Receiver;
use serde_json::json;
use support::{Scratch, Standard};

/// Builds `tests/c/<program>.c` and runs it, without and with valgrind; what it printed the second time.
fn conforms(program: &str, standard: Standard, arguments: &[&str]) -> String {
    let scratch = Scratch::new(program);
    let binary = scratch.join("program");
    support::compile_c(&format!("tests/c/{program}.c"), standard, &binary);
    let run = |command: &mut Command| {
        command
            .args(arguments)
            .env("LD_LIBRARY_PATH", support::runtime_dir());
        let output = support::run(command, Duration::from_secs(120));
        support::assert_success(&output, program);
        String::from_utf8(output.stdout).expect("programs print text")
    };
    run(&mut Command::new(&binary));
    let checks = ["--quiet", "--leak-check=full", "--error-exitcode=99"];
    run(Command::new("valgrind").args(checks).arg(&binary))
}

#[test]
fn values_conform_in_c() {
    conforms("conformance_values", Standard::C99, &[]);
}

#[test]
fn values_conform_in_cpp() {
    conforms("conformance_values", Standard::Cxx17, &[]);
}

fn events_conform(standard: Standard) {
    let receiver = Receiver::start();
    let printed = conforms("conformance_events", standard, &[&receiver.dsn()]);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    // Two runs, one event each.
    let events = receiver.events();
    assert_eq!(events.len(), 2);
    let event = &events[1];
    let id = event["event_id"].as_str().expect("an id");
    let printed: Vec<String> = printed.lines().map(|line| line.replace('-', "")).collect();
    assert_eq!(printed, [id, id]);

    assert_eq!(event["platform"], "native");
    assert_eq!(event["level"], "warning");
    assert_eq!(event["release"], "bread@2");
    assert_eq!(event["transaction"], "baking");
    assert_eq!(event["logentry"]["formatted"], "smoke");
    assert_eq!(event["user"], json!({"id": "id-1", "username": "name"}));
    assert_eq!(event["tags"], json!({"color": "red", "a_b": "two lines"}));
    assert_eq!(event["extra"], json!({"list": [0.5]}));
    assert_eq!(event["contexts"]["oven"], json!({"state": "warm"}));
    assert!(event["contexts"].get("gone").is_none());
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["type"], "Burnt");
    assert_eq!(exception["value"], "400 degrees");
    assert_eq!(event["threads"]["values"][0]["name"], "baker");
    let crumb = &event["breadcrumbs"]["values"][0];
    assert_eq!(crumb["type"], "http");
    assert_eq!(crumb["message"], "fetched flour");
    assert!(!crumb["timestamp"].is_null());
}

#[test]
fn events_conform_in_c() {
    events_conform(Standard::C99);
}

#[test]
fn events_conform_in_cpp() {
    events_conform(Standard::Cxx17);
}
