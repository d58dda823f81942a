//! Tracing at the receiver: what is sent of transactions and spans, and which trace things belong to.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::sync::Arc;

use host::Program;
use receiver::{Envelope, Receiver};
use serde_json::{Value, json};

static PROGRAM: Program = Program::new("host_tracing");

/// Runs a scenario; envelope and payload of each transaction.
fn run(scenario: &str) -> (Receiver, Vec<(Arc<Envelope>, Value)>) {
    let (receiver, _) = PROGRAM.run_against_receiver(scenario);
    let sent = receiver.envelopes().into_iter().filter_map(|envelope| {
        let payload = envelope.items_of("transaction").next()?.json()?;
        Some((envelope, payload))
    });
    let sent = sent.collect();
    (receiver, sent)
}

fn event(receiver: &Receiver, message: &str) -> (Arc<Envelope>, Value) {
    let payload = |envelope: &Envelope| envelope.items_of("event").next()?.json();
    let envelopes = receiver.envelopes().into_iter();
    let mut events = envelopes.filter_map(|it| payload(&it).map(|event| (it, event)));
    let found = events.find(|(_, event)| event["logentry"]["formatted"] == message);
    found.unwrap_or_else(|| panic!("no event \"{message}\""))
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

// TXN-1, TXN-2, TXN-3, TXN-5, TRACE-12, TRACE-20
#[test]
fn a_transaction_has_its_payload_and_headers() {
    let (receiver, sent) = run("whole");
    assert_eq!(sent.len(), 1);
    let (envelope, payload) = &sent[0];
    assert_eq!(
        keys(payload),
        [
            "_meta",
            "breadcrumbs",
            "contexts",
            "environment",
            "event_id",
            "extra",
            "fingerprint",
            "platform",
            "release",
            "sdk",
            "spans",
            "start_timestamp",
            "tags",
            "timestamp",
            "transaction",
            "transaction_info",
            "type",
            "user"
        ]
    );
    assert_eq!(payload["type"], "transaction");
    assert_eq!(payload["transaction"], "roasting");
    assert_eq!(payload["transaction_info"], json!({"source": "custom"}));
    assert_eq!(payload["platform"], "native");
    assert_eq!(payload["start_timestamp"], 1_767_225_600.000_042);
    assert_eq!(payload["timestamp"], 1_767_225_605.000_042);
    assert_eq!(payload["tags"], json!({"both": "own", "scope": "s"}));
    assert_eq!(payload["extra"], json!({"extra": 7}));
    assert_eq!(payload["user"], json!({"id": "7"}));
    assert_eq!(payload["fingerprint"], json!(["print"]));
    assert_eq!(payload["breadcrumbs"]["values"][0]["message"], "crumb");
    assert_eq!(payload["contexts"]["oven"], json!({"hot": true}));
    // Of the four spans that started one was discarded, and one not finished.
    assert_eq!(payload["_meta"], json!({"spans": {"": {"len": 3}}}));
    let trace = &payload["contexts"]["trace"];
    assert_eq!(keys(trace), ["data", "op", "span_id", "status", "trace_id"]);
    assert_eq!(trace["op"], "oven");
    assert_eq!(trace["status"], "deadline_exceeded");
    assert_eq!(trace["data"], json!({"degrees": 200}));
    let spans = payload["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 2);
    let (inner, outer) = (&spans[0], &spans[1]);
    assert_eq!(
        inner,
        &json!({
            "op": "fold", "span_id": inner["span_id"], "status": "aborted", "trace_id": trace["trace_id"],
            "parent_span_id": outer["span_id"], "start_timestamp": 1_767_225_600.002_042,
            "timestamp": 1_767_225_600.003_042, "tags": {"hand": "left right"}, "data": {"times": {"n": 2}}
        })
    );
    assert_eq!(
        outer,
        &json!({
            "op": "mix", "span_id": outer["span_id"], "status": "ok", "trace_id": trace["trace_id"],
            "parent_span_id": trace["span_id"], "description": "water",
            "start_timestamp": 1_767_225_600.001_042, "timestamp": 1_767_225_600.001_042
        })
    );
    let kinds: Vec<_> = envelope.items.iter().map(|item| &item.kind).collect();
    assert_eq!(kinds[0], "transaction");
    assert!(!kinds.iter().any(|kind| *kind == "attachment"), "{kinds:?}");
    let header = &envelope.header["trace"];
    assert_eq!(
        header,
        &json!({
            "trace_id": trace["trace_id"], "public_key": header["public_key"], "sample_rate": "1",
            "sample_rand": header["sample_rand"], "sampled": "true", "release": "host@1.0.0",
            "environment": "production", "transaction": "roasting"
        })
    );
    // TRACE-13: frozen when the first event was sent.
    let (in_span, in_span_event) = event(&receiver, "in span");
    assert_eq!(&in_span.header["trace"], header);
    let context = &in_span_event["contexts"]["trace"];
    assert_eq!(
        keys(context),
        ["description", "op", "parent_span_id", "span_id", "trace_id"]
    );
    assert_eq!(context["op"], "late");
    assert_eq!(context["parent_span_id"], trace["span_id"]);
    let (_, in_transaction) = event(&receiver, "in transaction");
    assert_eq!(&in_transaction["contexts"]["trace"], trace);
    // The trace of the process is that of the transaction since.
    let (after, after_event) = event(&receiver, "after it");
    let context = &after_event["contexts"]["trace"];
    assert_eq!(context["trace_id"], trace["trace_id"]);
    assert_ne!(context["span_id"], trace["span_id"]);
    assert_eq!(after.header["trace"].get("sampled"), None);
}

// TRACE-10, TRACE-11
#[test]
fn what_is_sampled_out_is_counted_with_its_spans() {
    let (receiver, sent) = run("sampled");
    let losses = receiver.reported_losses();
    let lost = |category: &str| losses[&("sample_rate".to_owned(), category.to_owned())];
    // Of the second part an unknown number of whole traces is lost.
    let in_second_part = 80 - sent.len() as u64;
    let told = lost("transaction");
    assert!(told >= 3 && told <= 3 + in_second_part, "{told}");
    assert!(lost("span") >= 9);
    for (envelope, payload) in &sent {
        let header = &envelope.header["trace"];
        assert_eq!(header["sampled"], "true");
        assert_eq!(header["sample_rate"], "0.5");
        assert_eq!(header["transaction"], "some");
        let rand: f64 = header["sample_rand"].as_str().unwrap().parse().unwrap();
        assert!(rand < 0.5, "{rand}");
        assert_eq!(header["trace_id"], payload["contexts"]["trace"]["trace_id"]);
    }
}

// TRACE-7, TRACE-8, TRACE-14
#[test]
fn the_function_of_the_host_decides_after_its_word() {
    let (_, sent) = run("decided");
    let rates: Vec<_> = sent
        .iter()
        .map(|(envelope, _)| {
            envelope
                .header
                .get("trace")
                .map(|trace| &trace["sample_rate"])
        })
        .collect();
    // A trace that came without baggage has no header of its own.
    assert_eq!(rates, [None, Some(&json!("1")), None]);
    assert_eq!(
        sent[0].1["contexts"]["trace"]["parent_span_id"],
        "fdf21cb107484a2d"
    );
}

// TRACE-6, TRACE-7
#[test]
fn transactions_are_sent_as_the_table_says() {
    let (_, sent) = run("table");
    assert_eq!(sent.len(), 4);
}

// TXN-4, ENV-17
#[test]
fn a_full_transaction_keeps_its_bounds_and_says_so() {
    let (_, sent) = run("full");
    let (few, large) = (&sent[0].1, &sent[1].1);
    let spans = few["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 3);
    assert!(spans.iter().all(|span| span["op"] == "kept"));
    assert_eq!(few["_meta"]["spans"][""]["len"], 6);
    let spans = large["spans"].as_array().unwrap();
    assert!((100..140).contains(&spans.len()), "{}", spans.len());
    assert_eq!(spans.last().unwrap()["op"], "newest");
    assert_eq!(large["_meta"]["spans"][""]["len"], 300);
    assert!(sent[1].0.items[0].payload.len() <= 1024 * 1024);
}

// PIPE-4, REP-4
#[test]
fn a_hook_changes_and_drops_transactions() {
    let (_, sent) = run("shown");
    assert_eq!(sent.len(), 1);
    let payload = &sent[0].1;
    assert_eq!(payload["transaction"], "changed");
    assert_eq!(payload["spans"].as_array().unwrap().len(), 1);
    assert_eq!(payload["spans"][0]["op"], "second");
    // What servers discard a transaction without is there again.
    assert!(payload["contexts"]["trace"]["trace_id"].is_string());
    assert_eq!(payload["start_timestamp"], payload["timestamp"]);
}

// TRACE-13, TRACE-17, TRACE-18
#[test]
fn a_trace_goes_on_in_another_program() {
    let (receiver, sent) = run("two_programs");
    assert_eq!(sent.len(), 3);
    let traces: Vec<_> = sent.iter().map(|(it, _)| &it.header["trace"]).collect();
    assert_eq!(traces[1], traces[0]);
    assert_eq!(traces[2], traces[0]);
    let context = |at: usize| &sent[at].1["contexts"]["trace"];
    assert_eq!(context(1)["parent_span_id"], context(0)["span_id"]);
    assert_eq!(context(2)["parent_span_id"], context(1)["span_id"]);
    assert_eq!(sent[1].1["release"], "other@2");
    let (envelope, event) = event(&receiver, "in the child");
    assert_eq!(&envelope.header["trace"], traces[0]);
    assert_eq!(
        event["contexts"]["trace"]["trace_id"],
        context(0)["trace_id"]
    );
}

// TRACE-15
#[test]
fn a_trace_of_another_organisation_does_not_go_on() {
    let (_, sent) = run("foreign");
    assert_eq!(sent.len(), 3);
}

// SCO-4, TRACE-19
#[test]
fn events_belong_to_what_is_bound_to_their_scope() {
    let (receiver, sent) = run("bound");
    let transaction = &sent[0].1["contexts"]["trace"];
    let context = |message: &str| event(&receiver, message).1["contexts"]["trace"].clone();
    let copy = context("copy");
    assert_eq!(
        copy,
        json!({
            "trace_id": copy["trace_id"], "span_id": copy["span_id"], "parent_span_id": copy["parent_span_id"],
            "op": "span", "description": "described", "status": "cancelled"
        })
    );
    assert_eq!(context("process")["span_id"], transaction["span_id"]);
    assert_eq!(context("span"), copy);
    let none = context("none");
    assert_eq!(context("none again"), none);
    assert_eq!(keys(&none), ["span_id", "trace_id"]);
    assert_eq!(context("discarded")["span_id"], copy["parent_span_id"]);
    assert_eq!(sent[0].1["transaction"], "renamed");
}

#[test]
fn threads_share_a_transaction_and_lose_nothing() {
    let (_, sent) = run("threads");
    assert_eq!(sent[0].1["spans"].as_array().unwrap().len(), 804);
}

#[test]
fn a_transaction_is_sent_by_the_process_that_started_it() {
    let (receiver, sent) = run("forked");
    let names: Vec<_> = sent
        .iter()
        .map(|(_, it)| it["transaction"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["of the child", "parent"]);
    let spans = sent[1].1["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 1);
    let (_, event) = event(&receiver, "child in the span of its parent");
    assert_eq!(event["contexts"]["trace"]["span_id"], spans[0]["span_id"]);
    assert!(spans[0].get("tags").is_none());
}

#[test]
fn handles_outlive_the_client_and_nothing_is_sent_of_them() {
    let (_, sent) = run("closed");
    assert_eq!(sent.len(), 0);
}
