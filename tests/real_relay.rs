//! Every kind of event, captured through the library, taken as it was sent, and shown to Relay: no error, nothing removed
//! or changed. And of what was within the limits, nothing is missing.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod real;
mod support;

use real::client::Client;
use real::{corpus, relay};
use receiver::Receiver;
use serde_json::{Value, json};

fn options(receiver: &Receiver) -> Value {
    json!({
        "dsn": receiver.dsn(), "release": "corpus@1.0.0", "send_client_reports": false,
        "event_level": "trace", "breadcrumb_level": "trace", "queue_max_bytes": 64 * 1024 * 1024,
    })
}

/// The texts of all events as they were sent.
fn sent_texts(receiver: &Receiver) -> Vec<String> {
    let envelopes = receiver.envelopes();
    let items = envelopes
        .iter()
        .flat_map(|envelope| envelope.items_of("event"));
    items
        .map(|item| String::from_utf8(item.payload.clone()).unwrap())
        .collect()
}

/// Panics with everything that Relay has against these events.
fn assert_no_objections(names: &[&str], texts: &[String]) {
    assert_eq!(names.len(), texts.len());
    let mut report = String::new();
    for ((name, text), objections) in names.iter().zip(texts).zip(relay::objections(texts)) {
        for objection in objections {
            report.push_str(&format!("{name}: {} {}\n", objection.path, objection.what));
        }
        if text.len() > 1024 * 1024 {
            report.push_str(&format!("{name}: {} bytes\n", text.len()));
        }
    }
    assert!(report.is_empty(), "Relay objects:\n{report}");
}

/// Sends all events; returns the names of those that were accepted, the texts that were sent, and the refused.
fn send<'a>(events: &[(&'a str, Value)]) -> (Vec<&'a str>, Vec<String>, Vec<&'a str>) {
    let receiver = Receiver::start();
    let mut client = Client::start(&options(&receiver));
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for (name, event) in events {
        let answer = client.command(&format!("capture {event}"));
        match answer["status"].as_i64() {
            Some(0) => accepted.push(*name),
            _ => {
                assert_ne!(answer["error"], "", "{name}: {answer}");
                refused.push(*name);
            }
        }
    }
    let (all, delivered) = (events.len() as u64, accepted.len() as u64);
    let lost = if refused.is_empty() {
        json!({})
    } else {
        json!({"invalid": refused.len()})
    };
    client.assert_settled(all, delivered, &lost);
    client.finish();
    assert_eq!(receiver.violations(), Vec::<String>::new());
    (accepted, sent_texts(&receiver), refused)
}

/// Every leaf of `captured` that is missing or different in `sent`.
fn missing(captured: &Value, sent: &Value, path: &str, report: &mut Vec<String>) {
    match captured {
        Value::Object(members) => {
            for (key, member) in members {
                missing(
                    member,
                    &sent[key.as_str()],
                    &format!("{path}.{key}"),
                    report,
                );
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                missing(element, &sent[index], &format!("{path}.{index}"), report);
            }
        }
        leaf if leaf == sent => {}
        Value::Number(number) if number.as_f64() == sent.as_f64() => {}
        leaf => report.push(format!("{path}: {leaf} became {sent}")),
    }
}

/// The captured event in the shape that is sent.
fn reshape(captured: &Value) -> Value {
    let mut event = captured.clone();
    let members = event.as_object_mut().unwrap();
    for key in ["exception", "threads", "breadcrumbs"] {
        if let Some(list) = members.get(key).filter(|value| value.is_array()).cloned() {
            members.insert(key.to_owned(), json!({"values": list}));
        }
    }
    if let Some(message) = members.remove("message") {
        let logentry = if message.is_string() {
            json!({"formatted": message})
        } else {
            message
        };
        members.insert("logentry".to_owned(), logentry);
    }
    if let Some(Value::Array(pairs)) = members.get("tags").cloned() {
        let pairs = pairs
            .iter()
            .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()));
        members.insert("tags".to_owned(), Value::Object(pairs.collect()));
    }
    event
}

#[test]
fn what_is_within_the_limits_is_sent_whole_and_taken_whole() {
    // EVT-1 to EVT-15, EXC-1, STK-1, THR-1, IMG-1, BC-1
    let events = corpus::whole::events();
    let (names, texts, refused) = send(&events);
    assert_eq!(refused, Vec::<&str>::new());
    let mut report = Vec::new();
    for ((name, captured), text) in events.iter().zip(&texts) {
        let sent: Value = serde_json::from_str(text).unwrap();
        missing(&reshape(captured), &sent, name, &mut report);
    }
    assert!(report.is_empty(), "lost on the way:\n{}", report.join("\n"));
    assert_no_objections(&names, &texts);
}

#[test]
fn what_is_too_much_is_cut_to_what_servers_take() {
    // EVT-9, EVT-10, EVT-12, EVT-13, EVT-16, EVT-18, EVT-19, STK-3
    let (names, texts, refused) = send(&corpus::excessive::events());
    assert_no_objections(&names, &texts);
    assert_eq!(refused, Vec::<&str>::new());
}

#[test]
fn what_is_odd_is_made_acceptable() {
    // EVT-1 to EVT-9, EVT-17, EXC-1, EXC-2, STK-5
    let (names, texts, refused) = send(&corpus::odd::events());
    assert_no_objections(&names, &texts);
    assert_eq!(refused, Vec::<&str>::new());
}

#[test]
fn what_is_left_to_the_server_is_no_more_than_is_known() {
    let known = corpus::left::events();
    let events: Vec<_> = known
        .iter()
        .map(|(name, event, _)| (*name, event.clone()))
        .collect();
    let (_, texts, refused) = send(&events);
    assert_eq!(refused, Vec::<&str>::new());
    let mut report = String::new();
    for ((name, _, expected), objections) in known.iter().zip(relay::objections(&texts)) {
        let mut paths: Vec<&str> = objections
            .iter()
            .map(|objection| &*objection.path)
            .collect();
        paths.sort_unstable();
        paths.dedup();
        if paths != *expected {
            report.push_str(&format!("{name}: {paths:?} instead of {expected:?}\n"));
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn log_messages_of_all_levels_are_events_with_breadcrumbs() {
    let receiver = Receiver::start();
    let mut client = Client::start(&options(&receiver));
    let levels = ["trace", "debug", "info", "warning", "error", "fatal"];
    for level in levels {
        client.command("tag tray upper");
        client.command(&format!(
            "crumb {}",
            json!({"category": "test", "data": {"level": level}})
        ));
        let answer = client.command(&format!(
            "log {level} printer.tray A {level} message with ß and 😀"
        ));
        assert_eq!(answer["status"], 0, "{answer}");
    }
    client.assert_settled(6, 6, &json!({}));
    client.finish();
    assert_eq!(receiver.violations(), Vec::<String>::new());
    for (level, event) in levels.iter().zip(receiver.events()) {
        let expected = if *level == "trace" { "debug" } else { level };
        assert_eq!(event["level"], expected);
        assert_eq!(event["logger"], "printer.tray");
        assert_eq!(
            event["logentry"]["formatted"],
            format!("A {level} message with ß and 😀")
        );
        assert_eq!(event["tags"]["tray"], "upper");
    }
    assert_no_objections(&levels, &sent_texts(&receiver));
}

/// Transactions with spans, tags, data and a hook.
#[test]
fn relay_takes_transactions_as_they_are() {
    static PROGRAM: host::Program = host::Program::new("host_tracing");
    let mut texts = Vec::new();
    for scenario in ["threads", "shown"] {
        let (receiver, _) = PROGRAM.run_against_receiver(scenario);
        let envelopes = receiver.envelopes();
        let items = envelopes.iter().flat_map(|it| it.items_of("transaction"));
        texts.extend(items.map(|item| String::from_utf8(item.payload.clone()).unwrap()));
    }
    assert!(texts.len() >= 2, "{}", texts.len());
    let names = vec!["transaction"; texts.len()];
    assert_no_objections(&names, &texts);
}
