//! Bad input through the interface: a status, a text that says where and what, one count, and the next event arrives.

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

use driver::{Answer, Driver, quick_options, status};
use receiver::Receiver;
use serde_json::{Value, json};

fn start() -> (Receiver, Driver) {
    let receiver = Receiver::start();
    let driver = Driver::with_options(&quick_options(&receiver.dsn()));
    (receiver, driver)
}

fn last(receiver: &Receiver, driver: &mut Driver) -> Value {
    driver.drain();
    receiver.events().pop().unwrap()
}

/// Refused as no event, at this byte, without an id.
fn assert_refused_at(answer: &Answer, byte: usize, what: &str) {
    assert_eq!(answer.status(), status::INVALID_JSON, "{what}: {answer:?}");
    let error = answer.text("error");
    assert!(
        error.contains(&format!("at byte {byte}: ")),
        "{what}: {error}"
    );
    assert_eq!(answer.text("id"), "0".repeat(32), "{what}");
}

#[test]
fn text_that_is_no_event_is_refused_with_its_place_and_counted() {
    let (receiver, mut driver) = start();
    let cases = [
        ("", 0),
        ("   ", 3),
        ("{", 1),
        ("{\"message\"", 10),
        ("{\"message\":", 11),
        ("{\"message\":\"never closed", 24),
        ("{\"message\":\"a\"} trailing", 16),
        ("{}{}", 2),
        ("{\"a\":1,}", 7),
        ("{'a':1}", 1),
        ("{\"a\":NaN}", 5),
        ("{\"a\":Infinity}", 5),
        ("{\"a\":-Infinity}", 6),
        ("{\"a\":01}", 6),
        ("{\"a\":.5}", 5),
        ("{\"a\":\"\\x\"}", 7),
        ("[]", 0),
        ("[{}]", 0),
        ("\"text\"", 0),
        ("null", 0),
        ("17", 0),
        ("  true", 2),
        ("nonsense", 1),
        ("{\"type\":\"transaction\"}", 8),
    ];
    for (count, (text, byte)) in (1..).zip(cases) {
        let answer = driver.capture_bytes(text.as_bytes());
        // The place may be the wrong byte or the one after it; the text says what was expected there.
        assert_eq!(answer.status(), status::INVALID_JSON, "{text}: {answer:?}");
        assert_near(&answer, byte, text);
        assert_eq!(answer.text("id"), "0".repeat(32), "{text}");
        let stats = driver.stats();
        assert_eq!(
            (stats.errors("captured"), stats.lost("invalid")),
            (count, count),
            "{text}"
        );
    }
    let id = driver.accept(&json!({"message": "the next"}));
    assert_eq!(last(&receiver, &mut driver)["event_id"], id);
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn one_odd_member_costs_only_itself_and_is_named() {
    let (receiver, mut driver) = start();
    let cases = [
        (r#""tags":5"#, "\"tags\" must be an object or a list"),
        (
            r#""exception":"text""#,
            "\"exception\" must be an object or a list",
        ),
        (
            r#""exception":[{"module":"m"}]"#,
            "exception 1 has neither type nor value",
        ),
        (r#""threads":[7]"#, "a thread is no object"),
        (r#""contexts":[]"#, "\"contexts\" must be an object"),
        (
            r#""contexts":{"a":1,"b":2}"#,
            "\"a\" is no object, as a context must be, and 1 more",
        ),
        (r#""level":{}"#, "\"level\" must be text"),
        (r#""event_id":["a"]"#, "\"event_id\" must be text"),
        (r#""breadcrumbs":[[]]"#, "a breadcrumb is no object"),
        (
            r#""message":"m","message":"m""#,
            "\"message\" is there twice",
        ),
    ];
    for (members, said) in cases {
        let answer = driver.capture_text(&format!("{{\"message\":\"m\",{members}}}"));
        assert_eq!(answer.status(), status::OK, "{members}: {answer:?}");
        let error = answer.text("error");
        assert!(
            error.starts_with(&format!("left out: {said}")),
            "{members}: {error}"
        );
        let event = last(&receiver, &mut driver);
        assert_eq!(event["logentry"]["formatted"], "m", "{members}");
        assert_eq!(event["event_id"].as_str().unwrap(), answer.text("id"));
    }
    let sent = cases.len() as u64;
    driver.stats().assert_errors(sent, sent, &[]);
    assert_eq!(driver.capture_text("{}").text("error"), "");
    assert_eq!(receiver.violations(), [""; 0]);
}

/// The error names a byte, at most two away from this one.
fn assert_near(answer: &Answer, byte: usize, what: &str) {
    let error = answer.text("error");
    let named = error.split("at byte ").nth(1).and_then(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().ok()
    });
    let Some(named) = named else {
        panic!("{what}: no place in {error:?}");
    };
    assert!(named.abs_diff(byte) <= 2, "{what}: {error}");
    let reason = error.split(": ").last().unwrap_or_default();
    assert!(reason.len() >= 5, "{what}: no reason in {error:?}");
}

#[test]
fn the_error_of_a_success_is_empty_again() {
    let (_receiver, mut driver) = start();
    assert_refused_at(&driver.capture_text("[]"), 0, "a list");
    assert_eq!(driver.capture_text("{}").text("error"), "");
}

#[test]
fn null_is_an_invalid_argument_and_no_event() {
    let (_receiver, mut driver) = start();
    let answer = driver.send("capture_null");
    assert_eq!(answer.status(), status::INVALID_ARGUMENT);
    assert!(answer.text("error").contains("NULL"), "{answer:?}");
    driver.accept_many(1);
    driver.drain();
    let stats = driver.stats();
    assert_eq!(stats.errors("delivered"), 1);
}

#[test]
fn an_empty_object_is_an_event() {
    let (receiver, mut driver) = start();
    for text in ["{}", " {} ", "\t{\r\n}\n"] {
        assert_eq!(driver.capture_bytes(text.as_bytes()).status(), status::OK);
    }
    driver.drain();
    driver.stats().assert_errors(3, 3, &[]);
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn a_hundred_megabytes_are_refused_and_leave_nothing_behind() {
    let (receiver, mut driver) = start();
    driver.accept_many(1);
    driver.drain();
    let before = driver.send("process");
    let answer = driver.send("capture_huge 100000000");
    assert_eq!(answer.status(), status::TOO_LARGE, "{answer:?}");
    assert!(answer.text("error").contains("8 MiB"), "{answer:?}");
    // What fits is trimmed.
    let answer = driver.send("capture_huge 8000000");
    assert_eq!(answer.status(), status::OK, "{answer:?}");
    let event = last(&receiver, &mut driver);
    assert_eq!(event["logentry"]["formatted"].as_str().unwrap().len(), 8192);
    let after = driver.send("process");
    let grown = after.number("heap") - before.number("heap");
    assert!(grown < 1024 * 1024, "{grown}");
    driver.stats().assert_errors(3, 2, &[("too_large", 1)]);
}

#[test]
fn a_member_of_ten_thousand_levels_is_left_out() {
    let (receiver, mut driver) = start();
    for levels in [100, 10_000, 1_000_000] {
        let answer = driver.send(&format!("capture_deep {levels}"));
        assert_eq!(answer.status(), status::OK, "{levels}: {answer:?}");
        let error = answer.text("error");
        assert!(error.contains("nested deeper than 64 levels"), "{error}");
    }
    let answer = driver.send("capture_deep 20");
    assert_eq!(answer.status(), status::OK, "{answer:?}");
    assert_eq!(answer.text("error"), "");
    driver.drain();
    driver.stats().assert_errors(4, 4, &[]);
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn broken_text_encoding_is_replaced() {
    // EVT-16
    let (receiver, mut driver) = start();
    for (bytes, expected) in [
        (&b"{\"message\":\"a\xffb\"}"[..], "a\u{fffd}b"),
        (b"{\"message\":\"\xc3\"}", "\u{fffd}"),
        (b"{\"message\":\"\xf0\x9f\xa6\"}", "\u{fffd}"),
        (
            b"{\"message\":\"\xed\xa0\x80\"}",
            "\u{fffd}\u{fffd}\u{fffd}",
        ),
    ] {
        let answer = driver.capture_bytes(bytes);
        assert_eq!(answer.status(), status::OK, "{answer:?}");
        assert_eq!(
            last(&receiver, &mut driver)["logentry"]["formatted"],
            expected
        );
    }
    // Half of a surrogate pair, which JSON can say and no text can hold.
    let answer = driver.capture_text("{\"message\":\"a\\ud800b\"}");
    if answer.status() == status::OK {
        let event = last(&receiver, &mut driver);
        assert_eq!(event["logentry"]["formatted"], "a\u{fffd}b");
    } else {
        assert_eq!(answer.status(), status::INVALID_JSON);
    }
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn a_zero_byte_inside_is_no_end_for_the_call_with_a_length() {
    let (_receiver, mut driver) = start();
    let answer = driver.capture_bytes(b"{\"message\":\"a\0b\"}");
    // A control character in a JSON text must be escaped.
    assert_eq!(answer.status(), status::INVALID_JSON);
    assert_near(&answer, 13, "zero byte");
    let answer = driver.capture_bytes(b"{}\0");
    assert_eq!(answer.status(), status::INVALID_JSON);
    assert_near(&answer, 2, "zero byte behind");
}

#[test]
fn numbers_beyond_every_type_pass_or_are_refused_and_break_nothing() {
    // EVT-17
    let (receiver, mut driver) = start();
    for number in [
        "1e400",
        "-1e400",
        "123456789012345678901234567890",
        "1e-400",
        "0.1e1",
    ] {
        let answer = driver.capture_text(&format!("{{\"extra\":{{\"n\":{number}}}}}"));
        if answer.status() == status::OK {
            assert!(last(&receiver, &mut driver)["extra"].is_object());
        } else {
            assert_eq!(
                answer.status(),
                status::INVALID_JSON,
                "{number}: {answer:?}"
            );
        }
    }
    driver.accept_many(1);
    driver.drain();
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn repeated_keys_inside_a_bag_arrive_once() {
    let (receiver, mut driver) = start();
    let answer = driver.capture_text("{\"tags\":{\"a\":\"1\",\"a\":\"2\"},\"contexts\":{\"c\":{\"x\":1},\"c\":{\"x\":2}},\"message\":\"m\"}");
    if answer.status() == status::OK {
        let event = last(&receiver, &mut driver);
        assert!(["1", "2"].contains(&event["tags"]["a"].as_str().unwrap()));
    } else {
        assert_eq!(answer.status(), status::INVALID_JSON);
    }
    // The receiver counts a repeated key as a violation.
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn options_that_make_no_sense_are_refused_by_name() {
    let mut driver = Driver::start();
    for (options, name) in [
        (json!({"queue_max_items": 0}), "queue_max_items"),
        (json!({"queue_max_items": -2}), "queue_max_items"),
        (json!({"queue_max_bytes": 1}), "queue_max_bytes"),
        (json!({"queue_max_bytes": 1.5}), "queue_max_bytes"),
        (json!({"retries": 1001}), "retries"),
        (json!({"retries_connect": -2}), "retries_connect"),
        (
            json!({"max_requests_in_flight": 33}),
            "max_requests_in_flight",
        ),
        (json!({"queue_overflow": "drop_all"}), "queue_overflow"),
        (json!({"compression": 1}), "compression"),
        (json!({"sample_rate": 2}), "sample_rate"),
        (json!({"dsn": 5}), "dsn"),
        (json!({"event_level": "loud"}), "event_level"),
        (json!({"no_such_option": 1}), "no_such_option"),
    ] {
        let answer = driver.send(&format!("init {options}"));
        assert_eq!(answer.number("result"), -1, "{options}: {answer:?}");
        assert!(answer.text("error").contains(name), "{options}: {answer:?}");
    }
    // Nothing of it stays.
    let receiver = Receiver::start();
    driver.init(&quick_options(&receiver.dsn()));
    driver.accept_many(1);
    driver.drain();
    assert_eq!(receiver.events().len(), 1);
}

#[test]
fn an_init_that_fails_closes_the_running_client_and_leaves_a_no_op() {
    let receiver = Receiver::start();
    let mut driver = Driver::with_options(&quick_options(&receiver.dsn()));
    driver.accept_many(1);
    let options = quick_options(&receiver.dsn());
    let answer = driver.send(&format!("init_hopeless {options}"));
    assert_eq!(answer.number("result"), 1, "{answer:?}");
    assert!(answer.text("error").contains("answered 7"), "{answer:?}");
    assert_eq!(driver.capture_text("{}").status(), status::DISABLED);
    assert_eq!(receiver.events().len(), 1);
    driver.init(&quick_options(&receiver.dsn()));
    driver.accept_many(1);
    driver.drain();
    assert_eq!(receiver.events().len(), 2);
}
