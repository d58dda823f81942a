//! The compatible interface, section by section: C programs that assert its edge cases.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics fails"
)]

mod support;

use receiver::{Envelope, Item, Receiver};
use serde_json::{Value, json};
use support::programs::{conforms, conforms_with};
use support::{Scratch, Standard};

#[test]
fn values_conform_in_c() {
    conforms("conformance_values", Standard::C99, &Receiver::start());
}

#[test]
fn values_conform_in_cpp() {
    conforms("conformance_values", Standard::Cxx17, &Receiver::start());
}

fn events_conform(standard: Standard) {
    let receiver = Receiver::start();
    let printed = conforms("conformance_events", standard, &receiver);
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

fn refusals_conform(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_refused", standard, &receiver);
    assert_eq!(receiver.requests().len(), 0);
}

// PIPE-1, PIPE-2
#[test]
fn refusals_conform_in_c() {
    refusals_conform(Standard::C99);
}

#[test]
fn refusals_conform_in_cpp() {
    refusals_conform(Standard::Cxx17);
}

fn hooks_conform(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_hooks", standard, &receiver);
    // An envelope of the host goes as it is; this one has oddities on purpose.
    let is_ours = |text: &String| {
        !["\"odd\"", "\"mystery\"", "EVT-2"]
            .iter()
            .any(|odd| text.contains(odd))
    };
    let violations: Vec<_> = receiver.violations().into_iter().filter(is_ours).collect();
    assert_eq!(violations, Vec::<String>::new());
    let events = receiver.events();
    let messages: Vec<_> = events
        .iter()
        .map(|event| event["logentry"]["formatted"].as_str().unwrap_or("none"))
        .collect();
    let one_run = [
        "plain",
        "another",
        "inner",
        "again",
        "none",
        "deeper",
        "deeper",
        "deeper",
        "outermost",
    ];
    assert_eq!(messages, [one_run, one_run].concat());
    let plain = &events[0];
    assert_eq!(plain["fingerprint"], json!(["hooked"]));
    assert!(plain.get("extra").is_none());
    assert_eq!(plain["tags"]["t"], "v");
    let crumbs = plain["breadcrumbs"]["values"].as_array().expect("a list");
    assert_eq!(crumbs.len(), 1);
    assert_eq!(crumbs[0]["category"], "seen");
    // What the hook returned instead is complete in itself: the scope is not merged again.
    assert!(events[1].get("tags").is_none());
    assert_eq!(events[1]["logger"], "hook");
    // The envelope went as it was.
    assert_eq!(events[4]["n"], 1);
    let envelopes = receiver.envelopes();
    let own = envelopes
        .iter()
        .find(|envelope| envelope.header.get("odd").is_some())
        .expect("the envelope arrived");
    assert_eq!(own.header["event_id"], "9ec79c33ec9942ab8353589fcb2e04dc");
    assert!(own.items.iter().any(|item| item.payload == b"a\nb"));
}

#[test]
fn hooks_and_envelopes_conform_in_c() {
    hooks_conform(Standard::C99);
}

#[test]
fn hooks_and_envelopes_conform_in_cpp() {
    hooks_conform(Standard::Cxx17);
}

fn scrubbers_conform(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_scrubbers", standard, &receiver);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let envelopes = receiver.envelopes();
    let items = |kind: &'static str| {
        let items = envelopes.iter().flat_map(move |it| it.items_of(kind));
        items.map(|item| item.json().expect("an object"))
    };
    let events: Vec<Value> = items("event").collect();
    let messages: Vec<_> = events
        .iter()
        .map(|it| &it["logentry"]["formatted"])
        .collect();
    let one_run = ["[redacted]", "lost", "spoilt"];
    assert_eq!(messages, [one_run, one_run].concat());
    // What a hook lost is as it was; so is what it left alone.
    for event in &events {
        assert_eq!(event["event_id"], "1".repeat(32));
        assert_eq!(event["timestamp"], 1_700_000_000.5);
        assert_eq!(event["level"], "warning");
        assert_eq!(event["platform"], "c");
        assert!(event.get("message").is_none());
    }
    let crumbs = |event: &Value| {
        let crumbs = event["breadcrumbs"]["values"].as_array().cloned();
        crumbs.expect("a list")
    };
    let scrubbed = &events[0];
    assert_eq!(scrubbed["tags"], json!({"hook": "tag"}));
    assert_eq!(scrubbed["extra"], json!({"hook": "extra"}));
    assert_eq!(crumbs(scrubbed).len(), 1);
    // Those without a usable time are of the time of capture.
    let filled = crumbs(&events[1]);
    assert_eq!(filled.len(), 2);
    assert!(
        filled
            .iter()
            .all(|it| it["timestamp"].as_f64() > Some(1_700_000_000.0))
    );
    assert!(
        events[1].get("tags").is_none(),
        "what a hook took out stays out"
    );
    let spoilt = crumbs(&events[2]);
    assert_eq!(spoilt.len(), 3);
    let redacted =
        json!({"timestamp": 1_600_000_000.5, "category": "scrubbed", "message": "[redacted]"});
    assert_eq!(spoilt[0], redacted);
    assert_eq!(
        spoilt[1],
        json!({"timestamp": 1_600_000_001.5, "message": "[redacted]"})
    );
    assert_eq!(spoilt[2]["message"], "of the hook");
    let feedbacks: Vec<Value> = items("feedback").collect();
    assert_eq!(feedbacks.len(), 2);
    for feedback in &feedbacks {
        assert_eq!(feedback["contexts"]["feedback"]["message"], "[redacted]");
        assert_eq!(feedback["tags"], json!({"hook": "tag"}));
        assert_eq!(feedback["level"], "info");
        assert_eq!(feedback["platform"], "native");
        assert!(feedback["timestamp"].as_f64() > Some(1_700_000_000.0));
        assert!(crumbs(feedback)[0]["timestamp"].as_f64() > Some(1_700_000_000.0));
    }
}

#[test]
fn scrubbers_conform_in_c() {
    scrubbers_conform(Standard::C99);
}

#[test]
fn scrubbers_conform_in_cpp() {
    scrubbers_conform(Standard::Cxx17);
}

fn scopes_conform(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_scopes", standard, &receiver);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let events = receiver.events();
    let messages: Vec<_> = events
        .iter()
        .map(|event| event["logentry"]["formatted"].as_str().unwrap_or("none"))
        .collect();
    let one_run = [
        "inner wins",
        "copy",
        "cleared",
        "once",
        "no scope",
        "layers",
        "numbers",
    ];
    assert_eq!(messages, [one_run, one_run].concat());
    // SCO-2: event before scope before process, key by key.
    let inner = &events[0];
    let tags = json!({"where": "scope", "only": "process", "event": "event"});
    assert_eq!(inner["tags"], tags);
    assert_eq!(inner["user"], json!({"id": "scope"}));
    let context = json!({"from": "scope", "more": "scope"});
    assert_eq!(inner["contexts"]["box"], context);
    let sdk = &inner["sdk"];
    assert_eq!(
        sdk["packages"],
        json!([{"name": "cargo:libsentry", "version": sdk["version"]}])
    );
    assert_eq!(sdk["integrations"], json!(["inproc"]));
    assert!(inner["contexts"]["os"].is_object());
    assert_eq!(inner["extra"], json!({"x": 1}));
    assert_eq!(inner["level"], "info");
    assert_eq!(inner["fingerprint"], json!(["print"]));
    let crumbs = inner["breadcrumbs"]["values"].as_array().expect("a list");
    let crumbs: Vec<_> = crumbs.iter().map(|crumb| &crumb["message"]).collect();
    assert_eq!(crumbs, ["first", "second"]);
    assert_eq!(events[1]["tags"]["where"], "copy");
    assert_eq!(events[2]["tags"]["where"], "process");
    assert_eq!(events[2]["user"]["id"], "process");
    assert!(events[2].get("fingerprint").is_none());
    assert_eq!(events[3]["tags"]["where"], "once");
    assert_eq!(events[4]["tags"]["where"], "process");
    // SCO-2: contexts and extra merged at each depth; BC-4; TRACE-20; EVT-17.
    let layers = &events[5];
    assert_eq!(
        layers["contexts"]["app"],
        json!({"job": "event", "view": "scope", "build": "process"})
    );
    assert_eq!(
        layers["extra"]["layered"],
        json!({"a": "process", "b": "scope"})
    );
    let crumbs = layers["breadcrumbs"]["values"].as_array().expect("a list");
    let crumbs: Vec<_> = crumbs.iter().map(|crumb| &crumb["message"]).collect();
    assert_eq!(crumbs, ["1 scope", "2 process", "3 scope", "4 process"]);
    let envelopes = receiver.envelopes();
    let header = &envelopes[5].header["trace"];
    let trace_id = "0ae7be1efe7a4d04f423378007b8f6ae";
    assert_eq!(layers["contexts"]["trace"]["trace_id"], trace_id);
    assert_eq!(header["trace_id"], trace_id);
    assert_eq!(header["release"], "layered@2");
    assert_eq!(header["environment"], "layers");
    assert_eq!(header["org_id"], "4711");
    let next = &events[6]["contexts"]["trace"];
    assert_eq!(envelopes[6].header["trace"]["trace_id"], next["trace_id"]);
    assert_eq!(next["trace_id"], inner["contexts"]["trace"]["trace_id"]);
    let extra = &events[6]["extra"];
    for (key, number) in [("max", f64::MAX), ("tiny", 5e-324), ("third", 0.1 + 0.2)] {
        assert_eq!(extra[key].as_f64(), Some(number), "{key}");
    }
}

#[test]
fn scopes_conform_in_c() {
    scopes_conform(Standard::C99);
}

#[test]
fn scopes_conform_in_cpp() {
    scopes_conform(Standard::Cxx17);
}

fn variadic_functions_conform(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_variadic", standard, &receiver);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let events = receiver.events();
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event["logentry"]["formatted"].clone(),
                event.get("fingerprint").cloned(),
            )
        })
        .collect();
    let forty: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    let expected = [
        ("one", Some(json!(["one"]))),
        ("three", Some(json!(["{{ default }}", "two", "three"]))),
        ("zero byte", Some(json!(["a\0b", "cut", ""]))),
        ("forty", Some(json!(forty))),
        ("scope", Some(json!(["inner", "wins"]))),
        ("scope n", Some(json!(["in", "n"]))),
        ("hidden", None),
        ("outer", Some(json!(["outer"]))),
        ("list", Some(json!(["list"]))),
        ("none", None),
        ("removed", None),
        // Nothing that the logger wrote became an event.
        ("with a logger", None),
    ]
    .map(|(text, fingerprint)| (json!(text), fingerprint));
    assert_eq!(seen, [expected.clone(), expected].concat());
}

#[test]
fn variadic_functions_conform_in_c() {
    variadic_functions_conform(Standard::C99);
}

#[test]
fn variadic_functions_conform_in_cpp() {
    variadic_functions_conform(Standard::Cxx17);
}

fn inert_functions_conform(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_inert", standard, &receiver);
    let events = receiver.events();
    assert_eq!(events.len(), 2);
    assert!(
        events
            .iter()
            .all(|event| !event.to_string().contains("for logs"))
    );
    let envelopes = receiver.envelopes();
    let items: usize = envelopes.iter().map(|envelope| envelope.items.len()).sum();
    assert_eq!(items, 2, "neither logs nor metrics are sent");
}

#[test]
fn inert_functions_conform_in_c() {
    inert_functions_conform(Standard::C99);
}

#[test]
fn inert_functions_conform_in_cpp() {
    inert_functions_conform(Standard::Cxx17);
}

/// What came along with the message or, without one, the level: name, type, media type, size.
fn attached(envelope: &Envelope) -> (String, Vec<String>) {
    let event = envelope.items_of("event").next().and_then(Item::json);
    let event = event.expect("an event comes first");
    let message = &event["logentry"]["formatted"];
    let title = message.as_str().or(event["level"].as_str()).expect("text");
    let attachments = envelope.items_of("attachment").map(|item| {
        let header = |key| item.header.get(key).and_then(Value::as_str);
        let mut line = header("filename").expect("a name").to_owned();
        for label in ["attachment_type", "content_type"] {
            if let Some(text) = header(label) {
                line = format!("{line} {text}");
            }
        }
        if item.payload.len() < 20 {
            let text = String::from_utf8_lossy(&item.payload);
            return format!("{line}: {text}");
        }
        format!("{line}: {}", item.payload.len())
    });
    (title.to_owned(), attachments.collect())
}

fn attachments_conform(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_attachments", standard, &receiver);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let envelopes = receiver.envelopes();
    let with_events = envelopes.iter().filter(|it| it.items[0].kind == "event");
    let mut arrived: Vec<_> = with_events.map(|it| attached(it)).collect();
    let untold = arrived.iter_mut().filter(|(title, _)| title == "untold");
    for (_, attachments) in untold {
        // How long the list of mappings is, nobody knows.
        assert_eq!(attachments.len(), 1);
        let size = attachments[0].strip_prefix("maps: ").expect("its name");
        assert!(size.parse::<usize>().expect("a size") > 1000, "{size}");
        attachments.clear();
    }
    let (threads, arrived): (Vec<_>, Vec<_>) = arrived
        .into_iter()
        .partition(|(title, _)| title == "threads");
    assert_eq!(threads.len(), 2 * 8 * 6);
    let layout = "layout.json event.view_hierarchy application/json: {}";
    let dump = "crash.dmp event.minidump: MDMP";
    let one_run: [(&str, &[&str]); 20] = [
        ("at first", &["first: one", layout]),
        (
            "changed",
            &["renamed.txt custom.type text/plain: changed", layout],
        ),
        ("once more", &["first: changed", layout]),
        ("removed", &[layout]),
        ("cleared", &[]),
        ("nothing to read", &[]),
        ("at the limit", &["empty: ", "fits: 50000"]),
        ("elsewhere", &[".here: inside"]),
        ("untold", &[]),
        (
            "bytes",
            &[
                "two.bin: a\0b",
                "two.bin event.minidump application/octet-stream: a\0b",
            ],
        ),
        ("one left", &["one.bin: a\0b"]),
        (
            "both",
            &["local: local", "shared: shared", "process: process"],
        ),
        (
            "renamed",
            &["renamed: local", "shared: shared", "process: process"],
        ),
        ("scope cleared", &["process: process", "shared: shared"]),
        (
            "copy",
            &["local: local", "shared: shared", "process: process"],
        ),
        ("once", &["once: once", "shared: shared"]),
        ("last", &[]),
        ("fatal", &["log: log", dump]),
        ("fatal", &["log: log", dump]),
        ("fatal", &["log: log", "large event.minidump: 50001"]),
    ];
    let expected = |(title, attachments): &(&str, &[&str])| {
        let attachments = attachments.iter().map(|&line| line.to_owned());
        (title.to_string(), attachments.collect::<Vec<_>>())
    };
    let one_run: Vec<_> = one_run.iter().map(expected).collect();
    assert_eq!(arrived, [one_run.clone(), one_run].concat());
}

#[test]
fn attachments_conform_in_c() {
    attachments_conform(Standard::C99);
}

#[test]
fn attachments_conform_in_cpp() {
    attachments_conform(Standard::Cxx17);
}

// FB-1 … FB-5
fn feedback_conforms(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_feedback", standard, &receiver);
    // An item that is not to be written any more: only because the host asked for it.
    let deprecated = |text: &String| text.starts_with("ENV-14: an item of type \"user_report\"");
    let (reports, others): (Vec<_>, Vec<_>) =
        receiver.violations().into_iter().partition(deprecated);
    assert_eq!((reports.len(), others), (2 * 2, Vec::new()));
    // Reports of what was refused ride along, or travel alone.
    let mut envelopes = receiver.envelopes();
    envelopes.retain(|envelope| envelope.items[0].kind != "client_report");
    assert_eq!(envelopes.len(), 2 * 6);
    let envelopes = &envelopes[6..];
    let feedback = |at: usize| {
        let envelope: &Envelope = &envelopes[at];
        let item = &envelope.items[0];
        assert_eq!(item.kind, "feedback");
        let event = item.json().expect("JSON");
        assert_eq!(envelope.event_id(), event["event_id"].as_str());
        assert_eq!(event["level"], "info");
        assert_eq!(event["platform"], "native");
        assert!(event["contexts"]["os"].is_object() || at == 2);
        for absent in ["breadcrumbs", "debug_meta", "exception", "logentry"] {
            assert!(event.get(absent).is_none(), "{absent}");
        }
        let files = envelope.items_of("attachment").map(|item| {
            let payload = String::from_utf8_lossy(&item.payload);
            format!(
                "{}: {payload}",
                item.header["filename"].as_str().expect("a name")
            )
        });
        (event.clone(), files.collect::<Vec<_>>())
    };
    let (event, files) = feedback(0);
    let expected = json!({
        "message": "it broke", "contact_email": "e@x", "name": "n",
        "associated_event_id": "9ec79c33ec9942ab8353589fcb2e04dc",
    });
    assert_eq!(event["contexts"]["feedback"], expected);
    assert_eq!(event["tags"], json!({"t": "v"}));
    assert_eq!(event["release"], "host@1.0.0");
    assert_eq!(files, ["process.txt: process"]);
    let (event, files) = feedback(1);
    assert_eq!(
        event["contexts"]["feedback"],
        json!({"message": "all of it"})
    );
    assert_eq!(event["tags"], json!({"s": "w", "t": "v"}));
    assert_eq!(
        files,
        [
            "hint.txt: hint",
            "two.txt: zwei",
            "scope.txt: scope",
            "process.txt: process",
        ]
    );
    let (event, files) = feedback(2);
    let changed = json!({"message": "changed", "name": "hook"});
    assert_eq!(event["contexts"]["feedback"], changed);
    assert!(event.get("tags").is_none());
    assert_eq!(
        files,
        ["hint.txt: hint", "hook.txt: seen", "process.txt: process"]
    );
    let (event, _) = feedback(3);
    let text = event["contexts"]["feedback"]["message"]
        .as_str()
        .expect("text");
    assert_eq!(text, format!("{}...", "\"".repeat(4093)));

    let report = |at: usize| {
        let envelope: &Envelope = &envelopes[at];
        let others = envelope.items[1..].iter();
        assert_eq!(others.filter(|it| it.kind != "client_report").count(), 0);
        assert_eq!(envelope.items[0].kind, "user_report");
        envelope.items[0].json().expect("JSON")
    };
    let expected = json!({
        "event_id": "9ec79c33ec9942ab8353589fcb2e04dc",
        "name": "n", "email": "e@x", "comments": "it broke",
    });
    assert_eq!(report(4), expected);
    let replaced = report(5);
    assert_eq!(replaced["comments"], "replaced");
    assert_eq!(replaced["event_id"].as_str(), envelopes[5].event_id());
}

#[test]
fn feedback_conforms_in_c() {
    feedback_conforms(Standard::C99);
}

#[test]
fn feedback_conforms_in_cpp() {
    feedback_conforms(Standard::Cxx17);
}

fn tracing_conforms(standard: Standard) {
    let receiver = Receiver::start();
    conforms("conformance_tracing", standard, &receiver);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    // In all envelopes the header names the trace of the event.
    let (envelopes, transactions): (Vec<_>, Vec<_>) = receiver
        .envelopes()
        .into_iter()
        .partition(|envelope| envelope.items[0].header["type"] == "event");
    assert_eq!(envelopes.len(), 10, "two runs, five events each");
    assert_eq!(transactions.len(), 4, "two runs, two transactions each");
    let events = receiver.events();
    let trace = |index: usize| &events[index]["contexts"]["trace"];
    for (index, envelope) in envelopes.iter().enumerate() {
        assert_eq!(
            envelope.header["trace"]["trace_id"],
            trace(index)["trace_id"]
        );
    }
    let joined = "0ae7be1efe7a4d04f423378007b8f6ae";
    assert_eq!(trace(0)["trace_id"], trace(1)["trace_id"]);
    assert_ne!(trace(0)["trace_id"], joined);
    assert_eq!(trace(2)["trace_id"], joined);
    assert_eq!(trace(2)["parent_span_id"], "fdf21cb107484a2d");
    assert_eq!(trace(3)["trace_id"], joined);
    assert!(trace(3).get("parent_span_id").is_none());
    assert_ne!(trace(4)["trace_id"], joined);
    assert_ne!(trace(4)["trace_id"], trace(0)["trace_id"]);
    assert_ne!(trace(5)["trace_id"], trace(0)["trace_id"]);
}

#[test]
fn tracing_conforms_in_c() {
    tracing_conforms(Standard::C99);
}

#[test]
fn tracing_conforms_in_cpp() {
    tracing_conforms(Standard::Cxx17);
}

fn consent_conforms(standard: Standard) {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("consent"));
    conforms_with("conformance_consent", standard, &receiver, &scratch);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let events = receiver.events();
    let messages: Vec<_> = events
        .iter()
        .map(|event| event["logentry"]["formatted"].as_str().unwrap_or("none"))
        .collect();
    assert_eq!(messages, ["heard"; 6]);
}

#[test]
fn consent_conforms_in_c() {
    consent_conforms(Standard::C99);
}

#[test]
fn consent_conforms_in_cpp() {
    consent_conforms(Standard::Cxx17);
}

#[test]
fn consent_at_capture_conforms_in_c() {
    let receiver = Receiver::start();
    conforms("conformance_consent_capture", Standard::C99, &receiver);
}

#[test]
fn consent_at_capture_conforms_in_cpp() {
    let receiver = Receiver::start();
    conforms("conformance_consent_capture", Standard::Cxx17, &receiver);
}

fn sessions_conform(standard: Standard) {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("sessions"));
    conforms_with("conformance_sessions", standard, &receiver, &scratch);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let envelopes = receiver.envelopes();
    let sessions: Vec<_> = envelopes
        .iter()
        .flat_map(|envelope| envelope.items_of("session"))
        .map(|item| item.json().expect("a session is JSON"))
        .collect();
    let told: Vec<_> = sessions
        .iter()
        .map(|session| {
            (
                session["attrs"]["release"].as_str().expect("a release"),
                session["status"].as_str().expect("a status"),
                session["errors"].as_u64().expect("a number"),
                session["init"] == true,
            )
        })
        .collect();
    let one_run = [
        ("late@1", "ok", 0, true),
        ("late@1", "exited", 0, false),
        ("later@2", "abnormal", 0, true),
        ("later@2", "ok", 0, true),
        ("whole@1", "ok", 1, true),
        ("whole@1", "exited", 1, false),
    ];
    // Errors have a lane of their own, so news that rides may overtake news that travels alone.
    let sorted = |mut told: Vec<_>| {
        told.sort_unstable();
        told
    };
    assert_eq!(sorted(told), sorted([one_run, one_run].concat()));
    let installation = std::fs::read_to_string(scratch.join("installation_id"));
    let installation = installation.expect("it is there");
    for session in &sessions {
        let attributes = session["attrs"].as_object().expect("an object");
        let is_whole = attributes["release"] == "whole@1";
        let user = installation.lines().next().filter(|_| is_whole);
        assert_eq!(session["did"], user.unwrap_or("baker"));
        assert_eq!(attributes.contains_key("environment"), is_whole);
    }
    let left = std::fs::read_dir(scratch.path()).expect("it is readable");
    assert_eq!(left.count(), 1, "only the id of the installation stays");
}

#[test]
fn sessions_conform_in_c() {
    sessions_conform(Standard::C99);
}

#[test]
fn sessions_conform_in_cpp() {
    sessions_conform(Standard::Cxx17);
}

#[test]
fn transports_conform_in_c() {
    conforms("conformance_transports", Standard::C99, &Receiver::start());
}

#[test]
fn transports_conform_in_cpp() {
    conforms(
        "conformance_transports",
        Standard::Cxx17,
        &Receiver::start(),
    );
}

/// A hexadecimal number, with `0x`.
fn address(text: &str) -> u64 {
    let digits = text.strip_prefix("0x").expect("an address");
    u64::from_str_radix(digits, 16).expect("an address")
}

fn stacks_conform(standard: Standard) {
    let receiver = Receiver::start();
    let printed = conforms("conformance_stacks", standard, &receiver);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let events = receiver.events();
    // Two runs; addresses are those of the second.
    assert_eq!(events.len(), 8);
    let [known, plain, crash, sorted] = &events[4..] else {
        unreachable!("there are four");
    };

    // STK-1: the oldest call is first, so the known functions end the list from outermost to innermost.
    let exception = &known["exception"]["values"][0];
    let frames = exception["stacktrace"]["frames"]
        .as_array()
        .expect("a list");
    let addresses: Vec<u64> = frames
        .iter()
        .map(|frame| address(frame["instruction_addr"].as_str().expect("an address")))
        .collect();
    let starts: Vec<u64> = printed.split_whitespace().map(address).collect();
    // The frame in a function is the closest behind its start.
    let places: Vec<usize> = starts
        .iter()
        .map(|start| {
            let behind = addresses.iter().enumerate().filter(|(_, at)| *at > start);
            let closest = behind.min_by_key(|(_, at)| **at).expect("a frame of it");
            assert!(closest.1 - start < 256, "{:#x}", closest.1);
            closest.0
        })
        .collect();
    assert!(places[0] > places[1] && places[1] > places[2], "{places:?}");
    assert!(
        frames[0].get("function").is_none(),
        "nobody asked for names"
    );

    // IMG-1, IMG-4: each frame lies in an image, and what has no frames has no images.
    let images = known["debug_meta"]["images"].as_array().expect("a list");
    let spans: Vec<_> = images
        .iter()
        .map(|image| {
            let start = address(image["image_addr"].as_str().expect("an address"));
            start..start + image["image_size"].as_u64().expect("a number")
        })
        .collect();
    for at in &addresses {
        assert!(spans.iter().any(|span| span.contains(at)), "{at:#x}");
    }
    assert!(plain.get("debug_meta").is_none());

    // EXC-3, EXC-4, EXC-5
    assert_eq!(crash["level"], "fatal");
    let exception = &crash["exception"]["values"][0];
    assert_eq!(exception["type"], "SIGFPE");
    assert_eq!(exception["mechanism"]["type"], "signalhandler");
    assert_eq!(exception["mechanism"]["handled"], false);
    assert_eq!(exception["mechanism"]["meta"]["signal"]["number"], 8);
    assert!(exception["stacktrace"]["frames"].is_array());

    let frames = &sorted["exception"]["values"][0]["stacktrace"]["frames"];
    let named = frames.as_array().expect("a list").iter();
    let named: Vec<_> = named
        .filter_map(|frame| frame["function"].as_str())
        .collect();
    assert!(named.iter().any(|name| name.contains("qsort")), "{named:?}");
}

#[test]
fn stacks_conform_in_c() {
    stacks_conform(Standard::C99);
}

#[test]
fn stacks_conform_in_cpp() {
    stacks_conform(Standard::Cxx17);
}
