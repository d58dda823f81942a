//! Logs and metrics: what a host says arrives with the shape that servers expect, a hundred at a time, and each loss is counted.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails"
)]

mod host;
mod support;

use std::os::unix::process::ExitStatusExt;

use host::Program;
use receiver::{Receiver, Reply};
use serde_json::{Value, json};
use support::Standard;
use support::programs::conforms;

static HOST: Program = Program::new("host_telemetry");

/// The texts of all logs.
fn bodies(receiver: &Receiver) -> Vec<String> {
    let text = |log: &Value| log["body"].as_str().unwrap().to_owned();
    entries(receiver, "log").iter().map(text).collect()
}

/// The entries of all containers of a kind, in the order in which they came.
fn entries(receiver: &Receiver, kind: &str) -> Vec<Value> {
    let envelopes = receiver.envelopes();
    let items = envelopes.iter().flat_map(|it| it.items_of(kind));
    let lists = items.map(|item| {
        let entries = item.json().unwrap()["items"].as_array().unwrap().clone();
        assert_eq!(item.header["item_count"], entries.len());
        entries
    });
    lists.flatten().collect()
}

/// The values of the arguments of a format, and of its template.
fn arguments(log: &Value) -> Vec<Value> {
    let attributes = log["attributes"].as_object().unwrap();
    let value = |key: &str| {
        let attribute = attributes.get(key)?;
        Some(json!([attribute["type"].as_str()?, attribute["value"]]))
    };
    let parameters = (0..).map_while(|at| value(&format!("sentry.message.parameter.{at}")));
    parameters.collect()
}

// LOG-1, LOG-2, ATTR-1, MET-1, MET-2, ENV-15, ENV-16
fn telemetry_conforms(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_telemetry", standard, &receiver);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let logs = entries(&receiver, "log");
    // With valgrind once more.
    let logs = &logs[..logs.len() / 2];
    let hex = format!("{:x}", u64::MAX);
    let (integer, text, number) = (
        |value: i64| json!(["integer", value]),
        |value: &str| json!(["string", value]),
        |value: f64| json!(["double", value]),
    );
    let max = u64::MAX.to_string();
    let expected: Vec<(&str, &str, Vec<Value>)> = vec![
        ("trace", "plain 100%", vec![]),
        (
            "debug",
            "-5 2147483647",
            vec![integer(-5), integer(2_147_483_647)],
        ),
        (
            "info",
            "-1 -2 -3 -4 -5 6 -7",
            [-1, -2, -3, -4, -5, 6, -7].map(integer).to_vec(),
        ),
        (
            "warn",
            "4000000000 ff FF 10",
            ["4000000000", "ff", "FF", "10"].map(text).to_vec(),
        ),
        (
            "error",
            "200 65535 18446744073709551615 ffffffffffffffff 1 2",
            ["200", "65535", &max, &hex, "1", "2"].map(text).to_vec(),
        ),
        (
            "fatal",
            "1.500000 2.500000e+00 1e+100 3.5 0x1.4p+0",
            [1.5, 2.5, 1e100, 3.5, 1.25].map(number).to_vec(),
        ),
        (
            "info",
            "x text (null) abc cu",
            ["x", "text", "(null)", "abc", "cu"].map(text).to_vec(),
        ),
        // The program has the locale "C", which has no bytes for the second letter.
        ("info", "%ls %lc", ["wé", "z"].map(text).to_vec()),
        (
            "info",
            "1       |+0002|    3|4    |0xff",
            vec![integer(1), integer(2), integer(3), integer(4), text("ff")],
        ),
        ("info", "0x10", vec![text("0x10")]),
        ("info", "positional 1", vec![]),
        ("info", "%d %n", vec![integer(1)]),
        ("info", "1 %y 2", vec![integer(1)]),
        ("info", "%", vec![]),
    ];
    for (log, (level, body, parameters)) in logs.iter().zip(&expected) {
        assert_eq!(log["level"], *level, "{log}");
        assert_eq!(log["body"], *body);
        assert_eq!(arguments(log), *parameters, "{body}");
        let has_template = log["attributes"].get("sentry.message.template").is_some();
        assert_eq!(has_template, !parameters.is_empty(), "{body}");
    }
    let keys: Vec<_> = logs[1].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["attributes", "body", "level", "timestamp", "trace_id"]
    );
    assert!(logs[1]["timestamp"].is_f64());
    let template = &logs[1]["attributes"]["sentry.message.template"];
    assert_eq!(*template, json!({"value": "%d %i", "type": "string"}));
    let rest = &logs[expected.len()..];
    assert_eq!(arguments(&rest[0]).len(), 32, "the 33rd is not read");
    assert_eq!(rest[1]["body"].as_str().unwrap().len(), 5000);

    let attribute = |log: &Value, name: &str| log["attributes"][name].clone();
    let string = |value: &str| json!({"value": value, "type": "string"});
    let [with, none, no_object, scoped, call] = &rest[2..7] else {
        panic!("too few logs");
    };
    assert_eq!(
        attribute(with, "own"),
        json!({"value": 1, "type": "integer"})
    );
    assert_eq!(arguments(with), [integer(3)]);
    for log in [with, none, no_object] {
        assert_eq!(attribute(log, "who"), string("global"));
        let global = json!({"value": 2.5, "type": "double", "unit": "second"});
        assert_eq!(attribute(log, "global"), global);
        for (name, value) in [
            ("user.id", "7"),
            ("user.name", "name"),
            ("user.email", "mail"),
            ("sentry.release", "app@1"),
            ("sentry.environment", "test"),
            ("os.name", "Linux"),
        ] {
            assert_eq!(attribute(log, name), string(value), "{name}");
        }
    }
    assert_eq!(scoped["level"], "warn");
    assert_eq!(attribute(scoped, "who"), string("scope"));
    assert_eq!(
        attribute(scoped, "scope"),
        json!({"value": true, "type": "boolean"})
    );
    assert_eq!(call["body"], "%d literally");
    assert_eq!(attribute(call, "who"), string("call"));
    let seen: Vec<_> = rest[7..].iter().map(|log| &log["body"]).collect();
    assert_eq!(seen, ["seen", "seen"]);
    assert_eq!(arguments(&rest[7]), [integer(1)]);
    assert!(rest[8]["trace_id"].is_string() && rest[8]["timestamp"].is_f64());

    let metrics = entries(&receiver, "trace_metric");
    let metrics = &metrics[..metrics.len() / 2];
    let shapes: Vec<_> = metrics
        .iter()
        .map(|it| json!([it["type"], it["name"], it["value"], it["unit"]]))
        .collect();
    let expected = [
        json!(["counter", "requests", 2, null]),
        json!(["gauge", "load", 0.5, null]),
        json!(["distribution", "time", 1.5, "millisecond"]),
        json!(["counter", "scoped", -1, null]),
        json!(["counter", "renamed", 1, null]),
    ];
    assert_eq!(shapes, expected);
    assert_eq!(attribute(&metrics[0], "route"), string("/"));
    assert_eq!(attribute(&metrics[3], "who"), string("scope"));
    assert_eq!(attribute(&metrics[2], "sentry.release"), string("app@1"));
    // REP-5, LOG-9: each refusal under its reason, once, in both runs.
    let losses = receiver.reported_losses();
    let lost = |reason: &str, category: &str| {
        let key = (reason.to_owned(), category.to_owned());
        losses.get(&key).copied().unwrap_or(0)
    };
    assert_eq!(lost("before_send", "log_item"), 2);
    assert_eq!(lost("before_send", "trace_metric"), 2);
    assert!(
        lost("before_send", "log_byte") > 100 && lost("before_send", "trace_metric_byte") > 100
    );
}

// LOG-11
#[test]
fn a_host_that_debugs_sees_its_logs() {
    let (receiver, _) = HOST.run_against_receiver("echo");
    assert_eq!(bodies(&receiver), ["3 of 4"]);
}

// LOG-8, MET-4
#[test]
fn a_log_that_stays_alone_goes_after_five_seconds() {
    let (receiver, _) = HOST.run_against_receiver("by_time");
    assert_eq!(bodies(&receiver), ["alone"]);
    assert_eq!(entries(&receiver, "trace_metric").len(), 1);
    let (receiver, _) = HOST.run_against_receiver("poll_by_time");
    assert_eq!(bodies(&receiver), ["alone"]);
}

// LOG-8, LOG-10
#[test]
fn every_line_of_many_threads_arrives_in_the_order_of_its_thread() {
    let (receiver, _) = HOST.run_against_receiver("threads");
    let mut next = vec![0; 16];
    for body in bodies(&receiver) {
        let (thread, line) = body.split_once(':').unwrap();
        let (thread, line): (usize, usize) = (thread.parse().unwrap(), line.parse().unwrap());
        assert_eq!(line, next[thread], "of thread {thread}");
        next[thread] += 1;
    }
    assert_eq!(next, [2000; 16]);
    for envelope in receiver.envelopes() {
        for item in envelope.items_of("log") {
            assert!(item.header["item_count"].as_u64().unwrap() <= 100);
        }
    }
}

#[test]
fn a_server_that_hangs_costs_no_more_than_half_of_the_queue() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    HOST.run("hung", &receiver.dsn());
}

#[test]
fn a_child_never_sends_what_its_parent_collected() {
    let (receiver, _) = HOST.run_against_receiver("forked");
    let mut bodies = bodies(&receiver);
    bodies.sort_unstable();
    let children = (0..5).map(|at| format!("child {at}"));
    let parents = (0..11).map(|at| format!("parent {at}"));
    let mut expected: Vec<_> = children.chain(parents).collect();
    expected.sort_unstable();
    assert_eq!(bodies, expected);
}

// RL-9
#[test]
fn a_pause_for_logs_is_for_logs_alone() {
    let receiver = Receiver::start();
    let pause = Reply::ok().with_header("X-Sentry-Rate-Limits", "60:log_item:organization");
    receiver.script([pause]);
    HOST.run("limited", &receiver.dsn());
    assert_eq!(bodies(&receiver), ["first"]);
    assert_eq!(entries(&receiver, "trace_metric").len(), 1);
    assert_eq!(receiver.events().len(), 1);
    let losses = receiver.reported_losses();
    let key = |category: &str| ("ratelimit_backoff".to_owned(), category.to_owned());
    assert_eq!(losses.get(&key("log_item")), Some(&1));
    assert!(losses[&key("log_byte")] > 0);
}

#[test]
fn logs_that_cannot_be_sent_wait_on_disk() {
    let receiver = Receiver::start();
    receiver.refuse();
    HOST.run("spool", &receiver.dsn());
    receiver.listen().unwrap();
    HOST.run("unspool", &receiver.dsn());
    let expected: Vec<_> = (0..150).map(|at| format!("line {at}")).collect();
    let mut bodies = bodies(&receiver);
    bodies.sort_by_key(|body| body.len());
    assert_eq!(bodies, expected);
}

#[test]
fn a_death_costs_the_logs_that_were_no_envelope_yet() {
    let receiver = Receiver::start();
    receiver.refuse();
    let status = HOST.command("killed", &receiver.dsn()).status().unwrap();
    assert_eq!(status.signal(), Some(9));
    receiver.listen().unwrap();
    HOST.run("after_kill", &receiver.dsn());
    let expected: Vec<_> = (0..100).map(|at| format!("line {at}")).collect();
    assert_eq!(bodies(&receiver), expected);
}

#[test]
fn logs_and_metrics_conform_in_c() {
    telemetry_conforms(Standard::C99);
}

#[test]
fn logs_and_metrics_conform_in_cpp() {
    telemetry_conforms(Standard::Cxx17);
}
