//! The pipeline: what is left out, what is filled in, what wins, and what is trimmed before an event goes on the wire.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

#[path = "support/driver.rs"]
mod driver;
mod support;

use driver::{Driver, quick_options, status, with};
use receiver::{Receiver, Reply};
use serde_json::{Value, json};

fn start(changes: Value) -> (Receiver, Driver) {
    let receiver = Receiver::start();
    let driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    (receiver, driver)
}

/// Captures an event and returns it as it arrived.
fn sent(receiver: &Receiver, driver: &mut Driver, event: &Value) -> Value {
    driver.accept(event);
    last(receiver, driver)
}

fn last(receiver: &Receiver, driver: &mut Driver) -> Value {
    driver.drain();
    assert_eq!(receiver.violations(), [""; 0]);
    receiver.events().pop().unwrap()
}

fn messages(crumbs: &Value) -> Vec<&str> {
    let values = crumbs["values"].as_array().unwrap().iter();
    values
        .map(|crumb| crumb["message"].as_str().unwrap())
        .collect()
}

#[test]
fn what_is_missing_is_filled_in() {
    // EVT-1 to EVT-5, EVT-15, CTX-1, CTX-2, TRACE-19, TRACE-20, ENV-10
    let (receiver, mut driver) = start(json!({"release": "app@1.2.3", "dist": "7"}));
    let event = sent(&receiver, &mut driver, &json!({}));
    assert_eq!(event["level"], "error");
    assert_eq!(event["platform"], "native");
    assert_eq!(event["environment"], "production");
    assert_eq!(event["release"], "app@1.2.3");
    assert_eq!(event["dist"], "7");
    assert_eq!(event["sdk"]["name"], "libsentry.native");
    assert_eq!(event["sdk"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(event["timestamp"].as_f64().unwrap() > 1.7e9, "{event}");
    assert_eq!(event["contexts"]["os"]["name"], "Linux");
    assert_eq!(event["contexts"]["device"]["arch"], std::env::consts::ARCH);
    // PII-1, PII-6
    assert_eq!(event["server_name"], Value::Null);
    assert_eq!(event["user"], Value::Null);
    assert_eq!(event["contexts"]["device"]["name"], Value::Null);
    let header = receiver.envelopes()[0].header.clone();
    let trace = &event["contexts"]["trace"];
    assert_eq!(trace["trace_id"].as_str().unwrap().len(), 32);
    assert_eq!(trace["span_id"].as_str().unwrap().len(), 16);
    assert_eq!(header["trace"]["trace_id"], trace["trace_id"]);
    assert_eq!(header["trace"]["public_key"], "publickey");
    assert_eq!(header["trace"]["release"], "app@1.2.3");
    assert_eq!(header["trace"]["environment"], "production");
    assert_eq!(header["sdk"]["name"], event["sdk"]["name"]);
    assert_eq!(header["dsn"], receiver.dsn());
    // One trace for the life of the process, other ids for each event.
    let second = sent(&receiver, &mut driver, &json!({}));
    assert_eq!(second["contexts"]["trace"], *trace);
    assert_ne!(second["event_id"], event["event_id"]);
}

#[test]
fn values_of_the_event_win() {
    // SCO-2, SCO-4, EVT-2
    let changes = json!({"release": "app@1", "environment": "staging", "dist": "1"});
    let (receiver, mut driver) = start(changes);
    driver.send("tag shared of the scope");
    driver.send("tag scope only");
    let own = json!({
        "level": "fatal",
        "platform": "python",
        "release": "other@2",
        "environment": "test",
        "dist": "2",
        "timestamp": 1_700_000_000.25,
        "server_name": "mine",
        "logger": "net",
        "tags": {"shared": "of the event", "event": "only"},
        "contexts": {
            "os": {"name": "Plan 9"},
            "trace": {"trace_id": "0123456789abcdef0123456789abcdef", "span_id": "0123456789abcdef"},
            "mine": {"a": 1}
        },
        "fingerprint": ["{{ default }}", "x"],
        "user": {"id": "7", "email": "a@b"},
        "transaction": "GET /",
    });
    let event = sent(&receiver, &mut driver, &own);
    for key in [
        "level",
        "platform",
        "release",
        "environment",
        "dist",
        "timestamp",
        "server_name",
        "logger",
        "fingerprint",
        "user",
        "transaction",
    ] {
        assert_eq!(event[key], own[key], "{key}");
    }
    assert_eq!(
        event["tags"],
        json!({"shared": "of the event", "event": "only", "scope": "only"})
    );
    // SCO-2: key by key, and the event's wins.
    assert_eq!(event["contexts"]["os"]["name"], "Plan 9");
    assert!(event["contexts"]["os"]["version"].is_string());
    assert_eq!(event["contexts"]["trace"], own["contexts"]["trace"]);
    assert_eq!(event["contexts"]["mine"], json!({"a": 1}));
    assert!(event["contexts"]["device"]["arch"].is_string());
}

#[test]
fn an_own_event_id_is_kept_and_an_unusable_one_replaced() {
    // EVT-1, ENV-9, ENV-19
    let (receiver, mut driver) = start(json!({}));
    for (own, expected) in [
        (
            "fc6d8c0c43fc4630ad850ee518f1b9d0",
            Some("fc6d8c0c43fc4630ad850ee518f1b9d0"),
        ),
        (
            "FC6D8C0C43FC4630AD850EE518F1B9D1",
            Some("fc6d8c0c43fc4630ad850ee518f1b9d1"),
        ),
        (
            "fc6d8c0c-43fc-4630-ad85-0ee518f1b9d2",
            Some("fc6d8c0c43fc4630ad850ee518f1b9d2"),
        ),
        ("00000000000000000000000000000000", None),
        ("fc6d8c0c43fc4630ad850ee518f1b9d", None),
        ("zc6d8c0c43fc4630ad850ee518f1b9d0", None),
        ("", None),
    ] {
        let answer = driver.capture(&json!({"event_id": own}));
        assert_eq!(answer.status(), status::OK, "{own}");
        let id = last(&receiver, &mut driver)["event_id"].clone();
        assert_eq!(id, answer.text("id"), "{own}");
        match expected {
            Some(expected) => assert_eq!(id, expected),
            None => assert!(id != own && id != "0".repeat(32), "{own}: {id}"),
        }
    }
    for own in [json!(null), json!(5)] {
        let id = driver.accept(&json!({"event_id": own}));
        assert_eq!(last(&receiver, &mut driver)["event_id"], id, "{own}");
    }
}

#[test]
fn a_message_may_be_a_text_an_object_or_a_logentry() {
    // EVT-10
    let (receiver, mut driver) = start(json!({}));
    for (own, expected) in [
        (json!({"message": "plain"}), json!({"formatted": "plain"})),
        (
            json!({"message": {"formatted": "a 1", "message": "a %d", "params": [1]}}),
            json!({"formatted": "a 1", "message": "a %d", "params": [1]}),
        ),
        (
            json!({"logentry": {"message": "a %s", "params": ["b"]}}),
            json!({"message": "a %s", "params": ["b"]}),
        ),
        (
            json!({"message": {"message": "alone"}}),
            json!({"formatted": "alone"}),
        ),
        (
            json!({"message": "loses", "logentry": {"formatted": "wins"}}),
            json!({"formatted": "wins"}),
        ),
        (
            json!({"message": "größer 🦀 \u{0} \u{7f} \" \\ \n"}),
            json!({"formatted": "größer 🦀 \u{0} \u{7f} \" \\ \n"}),
        ),
    ] {
        let event = sent(&receiver, &mut driver, &own);
        assert_eq!(event["logentry"], expected, "{own}");
        assert_eq!(event["message"], Value::Null);
    }
    driver.send("message warning net something happened");
    let event = last(&receiver, &mut driver);
    assert_eq!(event["logentry"]["formatted"], "something happened");
    assert_eq!(
        (event["level"].as_str(), event["logger"].as_str()),
        (Some("warning"), Some("net"))
    );
}

#[test]
fn levels_are_those_of_events() {
    // EVT-4, PIPE-8
    let (receiver, mut driver) = start(json!({}));
    for (given, expected) in [
        ("trace", "debug"),
        ("debug", "debug"),
        ("info", "info"),
        ("warning", "warning"),
        ("error", "error"),
        ("fatal", "fatal"),
    ] {
        driver.send(&format!("message {given} - text"));
        assert_eq!(last(&receiver, &mut driver)["level"], expected);
    }
    for wrong in ["-3", "4", "99"] {
        let answer = driver.send(&format!("message {wrong} - text"));
        assert_eq!(answer.status(), status::INVALID_ARGUMENT);
        assert!(answer.text("error").contains("level"), "{answer:?}");
    }
    let event = sent(&receiver, &mut driver, &json!({"level": "catastrophe"}));
    assert_eq!(event["level"], "error");
}

#[test]
fn the_sample_rate_takes_its_share() {
    // PIPE-5, PIPE-9
    for (rate, range) in [(0.0, 0..=0), (1.0, 2000..=2000), (0.5, 850..=1150)] {
        let receiver = Receiver::start();
        let changes = json!({"sample_rate": rate, "queue_max_items": 5000});
        let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
        // 2000 coin flips are more than 150 off once in 10^11 runs.
        let answer = driver.send("capture_many 2000 10");
        let kept = answer.count(status::OK);
        assert!(range.contains(&kept), "{rate}: {kept}");
        assert_eq!(answer.count(status::SAMPLED_OUT), 2000 - kept);
        driver.drain();
        let left_out = 2000 - kept;
        let lost: &[_] = if left_out > 0 {
            &[("sample_rate", left_out)]
        } else {
            &[]
        };
        driver.stats().assert_errors(2000, kept, lost);
        let told = receiver.reported_losses();
        let key = ("sample_rate".to_owned(), "error".to_owned());
        assert_eq!(told.get(&key).copied().unwrap_or(0), left_out);
        assert_eq!(receiver.events().len() as u64, kept);
    }
}

#[test]
fn ignored_are_those_whose_type_module_or_logger_matches() {
    // PIPE-1 step 2
    let changes = json!({"ignore_errors": ["Timeout", "db.*", "*Warning", "net.Retry", "noisy*"]});
    let (receiver, mut driver) = start(changes);
    let exception = |kind: &str, module: &str| json!({"exception": {"values": [{"type": kind, "module": module, "value": "v"}]}});
    for (event, is_ignored) in [
        (exception("Timeout", "any"), true),
        (exception("Timeouts", "any"), false),
        (exception("X", "db.pool"), true),
        (exception("X", "mydb.pool"), false),
        (exception("UserWarning", "m"), true),
        (exception("Retry", "net"), true),
        (exception("Retry", "other"), false),
        (
            json!({"exception": [{"type": "Timeout", "value": "v"}]}),
            true,
        ),
        (
            json!({"exception": {"type": "Timeout", "value": "v"}}),
            true,
        ),
        (
            json!({"exception": {"values": [{"type": "A", "value": "v"}, {"type": "Timeout", "value": "v"}]}}),
            true,
        ),
        (json!({"logger": "noisy.part", "message": "m"}), true),
        (json!({"logger": "quiet", "message": "noisy"}), false),
        (json!({"message": "Timeout"}), false),
    ] {
        let answer = driver.capture(&event);
        let expected = if is_ignored {
            status::IGNORED
        } else {
            status::OK
        };
        assert_eq!(answer.status(), expected, "{event}");
    }
    assert_eq!(
        driver.send("message error noisy.logger text").status(),
        status::IGNORED
    );
    assert_eq!(
        driver.send("log error noisy.logger text").status(),
        status::IGNORED
    );
    driver.drain();
    driver
        .stats()
        .assert_errors(15, 5, &[("event_processor", 10)]);
    assert_eq!(receiver.events().len(), 5);
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn the_order_of_the_steps_decides_what_is_counted() {
    // PIPE-1: ignored before sampled, sampled before limited.
    let receiver = Receiver::start();
    let changes = json!({"sample_rate": 0.0, "ignore_errors": "noisy"});
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    assert_eq!(
        driver.send("message error noisy text").status(),
        status::IGNORED
    );
    assert_eq!(
        driver.send("message error - text").status(),
        status::SAMPLED_OUT
    );
    assert_eq!(driver.capture_text("{").status(), status::INVALID_JSON);
    driver.stats().assert_errors(
        3,
        0,
        &[("event_processor", 1), ("sample_rate", 1), ("invalid", 1)],
    );
}

#[test]
fn breadcrumbs_come_in_order_and_the_oldest_make_room() {
    // BC-1, BC-2, BC-3, BC-4
    let (receiver, mut driver) = start(json!({"max_breadcrumbs": 3}));
    for number in 0..5 {
        driver.send(&format!(
            "crumb {{\"message\":\"{number}\",\"timestamp\":{}}}",
            100 - number
        ));
    }
    let event = sent(&receiver, &mut driver, &json!({}));
    assert_eq!(messages(&event["breadcrumbs"]), ["2", "3", "4"]);
    let own = json!({"breadcrumbs": {"values": [{"message": "own", "timestamp": 99}]}});
    let event = sent(&receiver, &mut driver, &own);
    assert_eq!(messages(&event["breadcrumbs"]), ["3", "4", "own"]);
    let crumb = json!({"category": "c", "type": "http", "level": "warning", "data": {"a": {"b": [1]}}, "message": "all"});
    assert_eq!(driver.send(&format!("crumb {crumb}")).status(), status::OK);
    let event = sent(&receiver, &mut driver, &json!({}));
    let mut arrived = event["breadcrumbs"]["values"][2].clone();
    assert!(arrived["timestamp"].as_f64().unwrap() > 1.7e9);
    arrived.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(arrived, crumb);
    for wrong in ["[]", "{", "\"text\"", "{\"message\":\"a\"} x", "nonsense"] {
        let answer = driver.send(&format!("crumb {wrong}"));
        assert_eq!(answer.status(), status::INVALID_JSON, "{wrong}");
        assert!(answer.text("error").contains("at byte "), "{answer:?}");
    }
    // A breadcrumb is no item: nothing was lost (BC-5).
    driver.drain();
    driver.stats().assert_errors(3, 3, &[]);
}

#[test]
fn without_room_for_breadcrumbs_there_are_none() {
    // BC-2, BC-5
    let (receiver, mut driver) = start(json!({"max_breadcrumbs": 0}));
    driver.send(r#"crumb {"message":"a"}"#);
    driver.send("log warning - a line");
    let event = sent(&receiver, &mut driver, &json!({"message": "m"}));
    assert_eq!(event["breadcrumbs"], Value::Null);
}

#[test]
fn log_messages_become_breadcrumbs_and_events_by_two_thresholds() {
    let changes = json!({"breadcrumb_level": "info", "event_level": "error"});
    let (receiver, mut driver) = start(changes);
    for level in ["debug", "info", "warning"] {
        assert_eq!(
            driver
                .send(&format!("log {level} net a {level} line"))
                .status(),
            status::OK
        );
    }
    driver.stats().assert_errors(0, 0, &[]);
    assert_eq!(driver.send("log error net it broke").status(), status::OK);
    let event = last(&receiver, &mut driver);
    assert_eq!(event["logentry"]["formatted"], "it broke");
    assert_eq!(event["logger"], "net");
    // Not the debug line, and an event is no breadcrumb of its own.
    assert_eq!(
        messages(&event["breadcrumbs"]),
        ["a info line", "a warning line"]
    );
    assert_eq!(event["breadcrumbs"]["values"][1]["category"], "net");
    assert_eq!(event["breadcrumbs"]["values"][1]["level"], "warning");
    let event = sent(&receiver, &mut driver, &json!({}));
    assert_eq!(messages(&event["breadcrumbs"])[2], "it broke");
}

#[test]
fn tags_are_set_replaced_and_removed() {
    // SCO-3, EVT-9
    let (receiver, mut driver) = start(json!({}));
    for command in [
        "tag a 1",
        "tag b two words",
        "tag c x",
        "tag a 2",
        "untag c",
        "untag unknown",
        "tag größe y",
    ] {
        driver.send(command);
    }
    let event = sent(&receiver, &mut driver, &json!({}));
    assert_eq!(
        event["tags"],
        json!({"a": "2", "b": "two words", "gr__e": "y"})
    );
    let own = json!({"tags": [["a", "own"], ["n", 5], ["t", true], ["nil", null]]});
    let event = sent(&receiver, &mut driver, &own);
    assert_eq!(
        event["tags"],
        json!({"a": "own", "b": "two words", "gr__e": "y", "n": "5", "t": "true"})
    );
}

#[test]
fn texts_are_cut_on_character_boundaries_within_the_limits() {
    // EVT-9, EVT-10, EVT-16
    let (receiver, mut driver) = start(json!({}));
    let long = |count: usize| "🦀".repeat(count);
    let own = json!({
        "message": long(10_000),
        "transaction": long(300),
        "logger": long(300),
        "tags": {"k": long(300), "a".repeat(300): "v", "lines": "a\nb"},
        "exception": {"values": [{"type": "T", "value": long(10_000)}]},
    });
    let event = sent(&receiver, &mut driver, &own);
    let chars = |value: &Value| value.as_str().unwrap().chars().count();
    let message = event["logentry"]["formatted"].as_str().unwrap();
    assert_eq!(message.chars().count(), 8192);
    assert_eq!(message, format!("{}...", long(8189)));
    assert_eq!(chars(&event["transaction"]), 200);
    assert!(chars(&event["logger"]) <= 64);
    assert_eq!(chars(&event["tags"]["k"]), 200);
    assert_eq!(event["tags"]["lines"], "a b");
    let tags = event["tags"].as_object().unwrap();
    assert!(tags.keys().all(|key| key.len() <= 200), "{tags:?}");
    assert_eq!(chars(&event["exception"]["values"][0]["value"]), 8192);
    // Within the limit nothing is touched.
    let own = json!({"message": long(8192), "tags": {"k": long(200)}});
    let event = sent(&receiver, &mut driver, &own);
    assert_eq!(event["logentry"]["formatted"], own["message"]);
    assert_eq!(event["tags"]["k"], own["tags"]["k"]);
}

#[test]
fn bags_are_bounded_in_size_and_depth() {
    // EVT-12, EVT-13, EVT-18
    let (receiver, mut driver) = start(json!({}));
    let nested = (0..20).fold(json!("end"), |inner, _| json!({"in": inner}));
    let many: serde_json::Map<String, Value> = (0..40)
        .map(|number| (format!("key{number}"), json!("e".repeat(15_000))))
        .collect();
    let mut extra = many.clone();
    extra.insert("huge".to_owned(), json!("h".repeat(100_000)));
    extra.insert("nested".to_owned(), nested.clone());
    let own = json!({
        "extra": extra,
        "contexts": {"big": {"text": "c".repeat(50_000)}, "nested": {"in": nested}, "small": {"a": 1}},
    });
    let event = sent(&receiver, &mut driver, &own);
    let length = |value: &Value| value.to_string().len();
    assert!(
        length(&event["extra"]) <= 256 * 1024 + 1024,
        "{}",
        length(&event["extra"])
    );
    for (key, value) in event["extra"].as_object().unwrap() {
        assert!(length(value) <= 16 * 1024, "{key}: {}", length(value));
    }
    for (key, value) in event["contexts"].as_object().unwrap() {
        assert!(length(value) <= 8 * 1024, "{key}: {}", length(value));
    }
    assert_eq!(event["contexts"]["small"], json!({"a": 1}));
    assert!(depth(&event) <= 10, "{}", depth(&event));
    let whole = receiver.requests().last().unwrap().body.len();
    assert!(whole <= 1024 * 1024, "{whole}");
}

fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(values) => values.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    inner.unwrap_or(0) + 1
}

#[test]
fn an_event_above_a_mebibyte_is_shortened_and_one_that_cannot_be_is_refused() {
    // ENV-17, ENV-18
    let (receiver, mut driver) = start(json!({}));
    let answer = driver.send("capture_bulky 2000000");
    assert_eq!(answer.status(), status::OK, "{answer:?}");
    let event = last(&receiver, &mut driver);
    assert_eq!(event["logentry"]["formatted"], "bulky");
    assert_eq!(event["bulk"], Value::Null);
    let frames: Vec<Value> = (0..128)
        .map(|_| json!({"function": "f".repeat(20_000)}))
        .collect();
    let own = json!({"exception": {"values": [{"type": "T", "value": "v", "stacktrace": {"frames": frames}}]}});
    let answer = driver.capture(&own);
    assert_ne!(answer.status(), status::INVALID_JSON, "{answer:?}");
    if answer.status() == status::OK {
        drop(last(&receiver, &mut driver));
        let sizes = receiver
            .requests()
            .into_iter()
            .map(|request| request.body.len());
        assert!(sizes.max().unwrap() <= 1024 * 1024 + 4096);
    } else {
        assert_eq!(answer.status(), status::TOO_LARGE, "{answer:?}");
        driver.stats().assert_errors(2, 1, &[("too_large", 1)]);
    }
}

#[test]
fn what_the_host_gives_arrives_unchanged() {
    // PII-2, ENV-8, EVT-14
    let (receiver, mut driver) = start(json!({}));
    let own = json!({
        "user": {"id": 7, "ip_address": "{{auto}}", "password": "kept"},
        "request": {"url": "https://u:p@h/?token=1", "headers": {"Authorization": "x"}},
        "extra": {"number": 1.5, "big": 18_446_744_073_709_551_615_u64, "negative": -1, "list": [1, [2], {}], "nil": null},
        "modules": {"a": "1"},
        "something": {"unknown": ["to", "us"]},
        "threads": {"values": [{"id": 1, "name": "main", "current": true}]},
        "debug_meta": {"images": [{"type": "elf", "image_addr": "0x1000", "image_size": 4096, "debug_id": "c0bcc3f1-9827-fe65-3058-404b2831d9e6"}]},
        "exception": {"values": [{
            "type": "T", "value": "v", "module": "m", "thread_id": 1,
            "mechanism": {"type": "generic", "handled": true},
            "stacktrace": {"frames": [{"function": "main", "instruction_addr": "0x1001", "lineno": 3, "in_app": true}]},
        }]},
    });
    let event = sent(&receiver, &mut driver, &own);
    for key in [
        "request",
        "extra",
        "modules",
        "something",
        "threads",
        "debug_meta",
        "exception",
    ] {
        assert_eq!(event[key], own[key], "{key}");
    }
    assert_eq!(event["user"]["password"], "kept");
    assert_eq!(event["user"]["ip_address"], "{{auto}}");
}

#[test]
fn refused_events_leave_the_next_one_alone() {
    let receiver = Receiver::start();
    let changes = json!({"ignore_errors": "noisy"});
    let mut driver = Driver::with_options(&with(quick_options(&receiver.dsn()), changes));
    // Not 400: that may be meant for the client report that rides along, and is asked again without one.
    receiver.script([Reply::status(403), Reply::reset_after_request()]);
    for command in [
        "message error noisy x",
        "capture {",
        "message error - a",
        "message error - b",
        "message error - c",
    ] {
        driver.send(command);
    }
    driver.drain();
    // libcurl or a retry: the reset one arrives in the end.
    driver.stats().assert_errors(
        5,
        2,
        &[("event_processor", 1), ("invalid", 1), ("send_error", 1)],
    );
}
