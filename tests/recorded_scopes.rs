//! What scopes make of what they are given, recorded through the C interface: a change of how scopes keep it must not change a
//! byte of an event by accident.
//!
//! `tests/data/recorded/scopes.txt` holds cases, and below each the event that was sent.
//! `RECORDED=write cargo test --test recorded_scopes` writes the file anew.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

#[path = "../src/protocol/event/tests_recorded/notation.rs"]
mod notation;
mod support;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use notation::{expanded, shortened};
use support::{Scratch, Standard, assert_success, compile_c, repository, run};

/// For all cases together; each starts the library once.
const RUN_TIMEOUT: Duration = Duration::from_secs(120);

/// The span that a case gives.
const GIVEN_SPAN: &str = "dddddddddddddddd";

/// An event without what is made up or changes with each version.
fn lasting(event: &str) -> String {
    let mut text = event.replace(
        concat!("\"version\":\"", env!("CARGO_PKG_VERSION"), "\""),
        "\"version\":\"(this)\"",
    );
    // The id of a user that has none.
    let is_id = |part: &str| {
        part.len() == 36
            && part.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    let made_up = text.split('"').find(|part| is_id(part)).map(str::to_owned);
    let span = text.split("\"span_id\":\"").nth(1);
    let span = span.and_then(|rest| rest.split('"').next());
    let span = span.filter(|span| *span != GIVEN_SPAN).map(str::to_owned);
    for part in made_up.into_iter().chain(span) {
        text = text.replace(&part, "(made up)");
    }
    text
}

#[test]
fn scopes_are_written_as_recorded() {
    let scratch = Scratch::new("recorded-scopes");
    let program = scratch.join("recorded_scopes");
    compile_c("tests/c/recorded_scopes.c", Standard::C99, &program);
    let path = repository().join("tests/data/recorded/scopes.txt");
    let file = fs::read_to_string(&path).unwrap();
    let is_step = |line: &&str| line.starts_with("process ") || line.starts_with("scope ");
    let (head, cases) = file.split_once("\n== ").unwrap();
    let cases: Vec<&str> = cases.split("\n== ").collect();
    let mut steps = String::new();
    for case in &cases {
        for step in case.lines().filter(is_step) {
            writeln!(steps, "{}", expanded(step)).unwrap();
        }
        steps.push_str(".\n");
    }
    let input = scratch.join("steps");
    fs::write(&input, steps).unwrap();
    let mut command = Command::new(program);
    command.arg(input);
    let output = run(&mut command, RUN_TIMEOUT);
    assert_success(&output, "recorded_scopes");
    let events = String::from_utf8(output.stdout).unwrap();
    let events: Vec<&str> = events.lines().collect();
    assert_eq!(events.len(), cases.len());

    let mut anew = head.trim_end().to_owned() + "\n";
    for (case, event) in cases.iter().zip(events) {
        writeln!(anew, "\n== {}", case.lines().next().unwrap()).unwrap();
        for step in case.lines().filter(is_step) {
            writeln!(anew, "{step}").unwrap();
        }
        writeln!(anew, "  {}", shortened(&lasting(event))).unwrap();
    }
    if env::var("RECORDED").is_ok_and(|mode| mode == "write") {
        fs::write(path, anew).unwrap();
        return;
    }
    let different = file.lines().zip(anew.lines()).find(|(old, new)| old != new);
    assert!(
        file == anew,
        "the first difference, recorded and now: {different:#?}"
    );
}
