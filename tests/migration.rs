//! The table of what differs from the official SDK, row by row against the library.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::collections::BTreeSet;
use std::fs;

use host::Program;
use receiver::{Receiver, Reply};

static PROGRAM: Program = Program::new("migration");

/// Subjects of the table, and the scenario of `tests/c/migration.c` that shows what is said of each.
const CHECKS: [(&str, &str); 47] = [
    ("`sentry_init` and the directory", "directory"),
    ("empty `database_path`", "empty_path"),
    ("`sentry_options_set_transfer_timeout`", "defaults"),
    ("`sentry_options_get_debug`", "defaults"),
    ("full queue", "full_queue"),
    ("send hook of a transport", "send_hook"),
    ("flush and shutdown hook of a transport", "flush_hook"),
    ("revoked consent", "revoked_consent"),
    ("`before_send` and sampling", "dropped_before_session"),
    ("session `init` flag", "sampled_out_session"),
    ("`message` of an event", "form_of_events"),
    ("event ids in envelopes", "form_of_events"),
    ("trace header of an envelope", "nothing_unset"),
    ("user agent", "request"),
    (
        "`sentry_options_set_sdk_name` with an empty name or control characters",
        "sdk_name",
    ),
    ("secret in the DSN", "request"),
    ("an event's `breadcrumbs`", "form_of_events"),
    (
        "a member of an event that no server takes (a wrong type, an exception without type and value)",
        "odd_member",
    ),
    ("images in an event", "images"),
    (
        "rate limits of logs, metrics, feedback, attachments",
        "rate_limit",
    ),
    ("HTTP 413, 4xx, 5xx", "too_large"),
    ("without a DSN", "no_dsn"),
    (
        "`release`, `environment`, `dist` that servers refuse",
        "names",
    ),
    ("`ca_certs` that is not there", "certificates"),
    (
        "`SENTRY_SAMPLE_RATE`, `SENTRY_TRACES_SAMPLE_RATE` out of range",
        "variables",
    ),
    ("`SENTRY_DEBUG`", "variables"),
    (
        "proxy variable that names no usable proxy",
        "proxy_variable",
    ),
    ("DSN whose host has letters beyond ASCII", "foreign_host"),
    ("capture on the library's own thread", "worker_thread"),
    ("a hook that calls itself", "recursion"),
    ("what `before_send` gives back", "limits_after_hook"),
    ("time of a breadcrumb without one", "time_of_crumbs"),
    ("logger function", "quiet_after_close"),
    ("UUIDs", "ids"),
    ("values that are shared or go in circles", "shared_values"),
    (
        "frozen, foreign or wrong-type arguments that leaked",
        "consumed",
    ),
    ("a NULL handle", "null_handles"),
    (
        "`sentry_options_set_backend`, `handler_path` and the like",
        "no_backend",
    ),
    (
        "a transaction that the sampling decision leaves out",
        "left_out_transaction",
    ),
    ("`sample_rate` of events", "form_of_transactions"),
    (
        "`sentry_transaction_context_set_sampled` with a sampler",
        "explicit_decision",
    ),
    (
        "`traces_sample_rate` neither set nor a sampler",
        "no_traces_rate",
    ),
    ("transactions", "form_of_transactions"),
    (
        "tags of transactions and spans without a value",
        "form_of_transactions",
    ),
    ("data of transactions and spans", "form_of_transactions"),
    (
        "a transaction or a span in a forked child",
        "forked_transaction",
    ),
    ("header `baggage`", "form_of_transactions"),
];

/// Subject and last cell of each row.
fn rows() -> Vec<(String, String)> {
    let path = support::repository().join("docs/migrating-from-sentry-native.md");
    let page = fs::read_to_string(path).unwrap();
    let mut lines = page.lines();
    let heading = "| subject | official SDK | here | why | tested |";
    assert!(lines.any(|line| line == heading), "no table {heading}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 5, "{row}");
        (cells[0].to_owned(), cells[4].to_owned())
    })
    .collect()
}

#[test]
fn each_row_is_run_or_says_that_it_is_not() {
    let mut subjects = BTreeSet::new();
    for (subject, tested) in rows() {
        let is_run = CHECKS.iter().any(|(known, _)| *known == subject);
        let expected = if is_run { "yes" } else { "no" };
        assert_eq!(tested, expected, "{subject}");
        assert!(subjects.insert(subject.clone()), "{subject} is there twice");
    }
    for (subject, _) in CHECKS {
        assert!(subjects.contains(subject), "there is no row {subject}");
    }
}

#[test]
fn each_row_says_what_the_library_does() {
    let scenarios: BTreeSet<_> = CHECKS.iter().map(|(_, scenario)| *scenario).collect();
    for scenario in scenarios {
        let receiver = Receiver::start();
        let mut dsn = receiver.dsn();
        match scenario {
            "request" => dsn = dsn.replacen('@', ":s3cret@", 1),
            "rate_limit" => {
                let limits = Reply::ok().with_header("X-Sentry-Rate-Limits", "60:feedback");
                receiver.script([limits]);
            }
            "too_large" => receiver.set_default(Reply::status(413)),
            _ => {}
        }
        PROGRAM.run(scenario, &dsn);
        if scenario == "request" {
            let request = &receiver.requests()[0];
            let auth = request.header("X-Sentry-Auth").unwrap();
            assert!(auth.contains("sentry_secret=s3cret"), "{auth}");
            let agent = concat!("mine/", env!("CARGO_PKG_VERSION"));
            assert_eq!(request.header("User-Agent"), Some(agent));
            assert!(!String::from_utf8_lossy(&request.body).contains("s3cret"));
        }
    }
}
