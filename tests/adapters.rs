//! Logging adapters: lines of syslog, GLib and spdlog become events and breadcrumbs, and what the library says about its
//! own failures never does, even when the host sends it through the same adapter.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics fails"
)]

mod support;

use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use receiver::{Receiver, Reply};
use serde_json::{Value, json};
use support::{Scratch, Standard};

/// As in `tests/c/adapter.h`.
const LOST: usize = 20;

/// Runs the program; gives the events that arrived where they were taken, but the first, which is checked here.
fn adapts(program: &str, standard: Standard, packages: &[&str], logger: &str) -> Vec<Value> {
    let scratch = Scratch::new("adapter");
    let binary = scratch.join("program");
    let mut flags: Vec<OsString> = packages
        .iter()
        .flat_map(|name| support::package_flags(name))
        .collect();
    flags.extend(support::shared_flags());
    support::compile(&format!("tests/c/{program}"), standard, &binary, &flags);

    let (good, failing) = (Receiver::start(), Receiver::start());
    failing.set_default(Reply::status(500));
    let mut command = Command::new(&binary);
    command.args([good.dsn(), failing.dsn()]);
    let output = support::run(&mut command, Duration::from_secs(120));
    support::assert_success(&output, program);

    assert_eq!(good.violations(), Vec::<String>::new());
    let mut events = good.events();
    let event = events.remove(0);
    assert_eq!(event["logentry"]["formatted"], "event");
    assert_eq!(event["level"], "error");
    assert_eq!(event["logger"], logger);
    let crumbs = event["breadcrumbs"]["values"].as_array().expect("a list");
    let crumbs: Vec<_> = crumbs
        .iter()
        .map(|crumb| json!([crumb["level"], crumb["category"], crumb["message"]]))
        .collect();
    let expected = [
        json!(["info", logger, "crumb"]),
        json!(["warning", logger, "100%s crumb"]),
    ];
    assert_eq!(crumbs, expected);

    let envelopes = good.envelopes();
    let items = envelopes.iter().flat_map(|it| it.items_of("log"));
    let logs: Vec<_> = items
        .filter_map(receiver::Item::json)
        .flat_map(|list| list["items"].as_array().cloned().unwrap_or_default())
        .map(|log| {
            json!([
                log["level"],
                log["attributes"]["logger.name"]["value"],
                log["body"]
            ])
        })
        .collect();
    let expected = [
        json!(["debug", logger, "neither"]),
        json!(["info", logger, "crumb"]),
        json!(["warn", logger, "100%s crumb"]),
        json!(["error", logger, "event"]),
    ];
    assert_eq!(logs, expected, "with send_log_messages");

    let lost = failing.events();
    let texts: Vec<_> = lost
        .iter()
        .map(|event| &event["logentry"]["formatted"])
        .collect();
    assert_eq!(
        texts,
        vec!["lost"; LOST],
        "only what the host logged was tried"
    );
    events
}

fn text(event: &Value) -> &str {
    event["logentry"]["formatted"].as_str().expect("a message")
}

fn syslog_adapts(standard: Standard) {
    let events = adapts("adapter_syslog.c", standard, &[], "syslog");
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(text(&events[0]), "open: No such file or directory");
    assert_eq!(events[0]["level"], "fatal");
    assert_eq!(text(&events[1]), "x".repeat(2999));
}

#[test]
fn syslog_lines_become_events_in_c() {
    syslog_adapts(Standard::C99);
}

#[test]
fn syslog_lines_become_events_in_cpp() {
    syslog_adapts(Standard::Cxx11);
}

fn glib_adapts(standard: Standard) {
    let events = adapts("adapter_glib.c", standard, &["glib-2.0"], "bakery");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(text(&events[0]), "by length");
    assert_eq!(events[0]["logger"], "kitchen");
}

#[test]
fn glib_lines_become_events_in_c() {
    glib_adapts(Standard::C99);
}

#[test]
fn glib_lines_become_events_in_cpp() {
    glib_adapts(Standard::Cxx17);
}

#[test]
fn spdlog_lines_become_events() {
    let events = adapts("adapter_spdlog.cpp", Standard::Cxx17, &["spdlog"], "bakery");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(text(&events[0]), "7 loaves burnt");
    assert_eq!(events[0]["level"], "fatal");
}
