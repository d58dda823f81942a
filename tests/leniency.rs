//! Leniency: one odd value of an option or of the environment keeps no program from reporting. What became of the value is
//! said in the diagnostics, counted in the statistics, and told by `sentry_last_error_message` after the init that works.

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

use std::fs;
use std::path::Path;

use driver::Driver;
use receiver::Receiver;
use serde_json::{Value, json};
use support::Scratch;

/// Options for the receiver, with one more.
fn options(receiver: &Receiver, option: &str, value: &Value) -> Value {
    json!({
        "dsn": receiver.dsn(), "debug": true, "logger_level": "warning", "database_path": "",
        "auto_session_tracking": true, "release": "base@1", option: value,
    })
}

/// Starts the library, which must work; what `sentry_last_error_message` says then.
fn init(driver: &mut Driver, options: &Value) -> String {
    let answer = driver.send(&format!("init {options}"));
    assert_eq!(answer.number("result"), 0, "{options}: {answer:?}");
    answer.text("error").to_owned()
}

/// Reports an event and ends; the diagnostics, a line each.
fn report_and_finish(mut driver: Driver) -> Vec<String> {
    driver.accept(&json!({"message": "heard"}));
    driver.drain();
    assert_eq!(driver.close().number("result"), 0);
    driver.finish().lines().map(str::to_owned).collect()
}

// EVT-5, EVT-6, EVT-7
#[test]
fn names_that_servers_refuse_are_cut_or_left_out() {
    let (long, wide) = ("x".repeat(299), "é".repeat(200));
    for (option, value, sent) in [
        ("dist", "build 5", None),
        ("dist", "1.2+3", None),
        ("dist", &*"d".repeat(65), Some("d".repeat(64))),
        ("environment", "eu/prod", None),
        ("environment", "my env", None),
        ("environment", "None", None),
        ("environment", "a\nb", None),
        ("environment", &*"é".repeat(33), Some("é".repeat(32))),
        ("release", "app@1.0+feature/x", None),
        ("release", "a\\b", None),
        ("release", "..", None),
        ("release", "latest", None),
        ("release", &*long, Some("x".repeat(200))),
        ("release", &*wide, Some("é".repeat(100))),
    ] {
        let receiver = Receiver::start();
        let mut driver = Driver::start();
        let said = init(&mut driver, &options(&receiver, option, &json!(value)));
        assert!(said.starts_with(&format!("{option}: ")), "{said}");
        assert_eq!(driver.stats().figure("options_adjusted"), 1, "{said}");
        let lines = report_and_finish(driver);
        assert_eq!(lines, [format!("[sentry] WARN {said}")]);
        let event = &receiver.events()[0];
        assert_eq!(event.get(option), sent.map(Value::from).as_ref(), "{said}");
        // The same goes for the header of the envelope and for sessions, which need a release.
        for envelope in receiver.envelopes() {
            let trace = envelope.header.get("trace");
            let of_trace = trace.and_then(|trace| trace.get(option));
            assert!(of_trace.is_none_or(|found| Some(found) == event.get(option)));
            for session in envelope.items_of("session") {
                let attributes = session.json().unwrap()["attrs"].clone();
                assert_eq!(Some(&attributes["release"]), event.get("release"));
                assert_eq!(attributes.get("environment"), event.get("environment"));
            }
        }
        assert_eq!(receiver.violations(), Vec::<String>::new());
    }
}

#[test]
fn white_space_around_a_name_is_no_part_of_it_and_not_worth_a_word() {
    for (option, value, sent) in [
        ("release", " app@1\n", Some("app@1")),
        ("environment", "\tstaging ", Some("staging")),
        ("dist", " ", None),
        ("release", "", None),
    ] {
        let receiver = Receiver::start();
        let mut driver = Driver::start();
        assert_eq!(
            init(&mut driver, &options(&receiver, option, &json!(value))),
            ""
        );
        assert_eq!(driver.stats().figure("options_adjusted"), 0);
        assert_eq!(report_and_finish(driver), Vec::<String>::new());
        assert_eq!(
            receiver.events()[0].get(option),
            sent.map(Value::from).as_ref()
        );
    }
}

#[test]
fn a_release_that_is_set_later_goes_the_same_way() {
    let receiver = Receiver::start();
    let mut driver = Driver::start();
    init(&mut driver, &options(&receiver, "debug", &json!(true)));
    let long = "x".repeat(201);
    let mut warnings = 0;
    for (release, sent, is_whole) in [
        ("a/b", Some("base@1"), false),
        (&*long, Some(&long[..200]), false),
        (" next@2 ", Some("next@2"), true),
        ("", None, true),
    ] {
        let said = driver.send(&format!("release {release}"));
        assert_eq!(said.text("error").is_empty(), is_whole, "{said:?}");
        warnings += usize::from(!is_whole);
        driver.accept(&json!({"message": "heard"}));
        driver.drain();
        let events = receiver.events();
        let event = events.last().unwrap();
        assert_eq!(event.get("release"), sent.map(Value::from).as_ref());
    }
    driver.close();
    let lines = driver.finish();
    assert_eq!(
        lines.matches("[sentry] WARN release: ").count(),
        warnings,
        "{lines}"
    );
}

#[test]
fn values_that_contradict_one_another_or_lead_nowhere_are_replaced() {
    for (option, value) in [
        ("retry_backoff_max_ms", json!(1)),
        ("ca_certs", json!("/etc/ssl/not-yet-there.pem")),
        ("dsn", json!("?verify_ssl=0")),
    ] {
        let receiver = Receiver::start();
        let mut driver = Driver::start();
        let mut options = options(&receiver, option, &value);
        if option == "dsn" {
            options["dsn"] = json!(receiver.dsn() + value.as_str().unwrap());
        }
        let said = init(&mut driver, &options);
        assert!(said.starts_with(&format!("{option}: ")), "{said}");
        assert_eq!(driver.stats().figure("options_adjusted"), 1, "{said}");
        assert_eq!(report_and_finish(driver), [format!("[sentry] WARN {said}")]);
        assert_eq!(receiver.events().len(), 1);
    }
}

#[test]
fn any_name_of_the_thread_is_taken() {
    let long = "n".repeat(1000);
    for name in [
        json!(""),
        json!(null),
        json!("a\u{0}b"),
        json!("é/\\ \n"),
        json!(long),
    ] {
        let receiver = Receiver::start();
        let mut driver = Driver::start();
        assert_eq!(
            init(
                &mut driver,
                &options(&receiver, "transport_thread_name", &name)
            ),
            ""
        );
        assert_eq!(report_and_finish(driver), Vec::<String>::new());
        assert_eq!(receiver.events().len(), 1, "{name}");
    }
}

/// What a receiver hears of a program whose environment has this variable; what init said.
fn reported_with(variable: &str, value: &str) -> (Vec<Value>, String, u64) {
    let receiver = Receiver::start();
    let mut driver = Driver::start_with(Path::new("."), &[(variable, value)]);
    let quiet = json!({"dsn": receiver.dsn(), "database_path": "", "auto_session_tracking": false});
    let said = init(&mut driver, &quiet);
    let adjusted = driver.stats().figure("options_adjusted");
    report_and_finish(driver);
    (receiver.events(), said, adjusted)
}

#[test]
fn no_value_of_a_variable_turns_reporting_off() {
    for (variable, value) in [
        ("SENTRY_RELEASE", "release/1.4"),
        ("SENTRY_ENVIRONMENT", "eu/prod"),
        ("SENTRY_SAMPLE_RATE", "abc"),
        ("SENTRY_SAMPLE_RATE", "2"),
        ("SENTRY_SAMPLE_RATE", "-1"),
        ("SENTRY_SAMPLE_RATE", "nan"),
        ("SENTRY_SAMPLE_RATE", "0,5"),
        ("SENTRY_TRACES_SAMPLE_RATE", "much"),
        ("SENTRY_DEBUG", "perhaps"),
        ("http_proxy", "http://127.0.0.1:99999"),
        ("http_proxy", "gopher://127.0.0.1"),
        ("all_proxy", "://"),
    ] {
        let (events, said, adjusted) = reported_with(variable, value);
        assert_eq!(events.len(), 1, "{variable}={value}: {said}");
        assert_eq!(adjusted, 1, "{variable}={value}: {said}");
        let option = variable.strip_prefix("SENTRY_").unwrap_or(variable);
        assert!(
            said.starts_with(variable) || said.starts_with(&option.to_lowercase()),
            "{variable}={value}: {said}"
        );
    }
    // A good DSN of the program stands before whatever the variable holds; a variable nobody needs is not told.
    for (variable, value) in [
        ("SENTRY_DSN", "nonsense"),
        ("no_proxy", "\\,,//"),
        ("SSL_CERT_FILE", "/nowhere.pem"),
        ("CURL_CA_BUNDLE", "/nowhere.pem"),
    ] {
        let (events, said, adjusted) = reported_with(variable, value);
        assert_eq!(
            (events.len(), adjusted),
            (1, 0),
            "{variable}={value}: {said}"
        );
        assert_eq!(said, "");
    }
}

#[test]
fn a_sample_rate_of_0_is_a_decision() {
    let receiver = Receiver::start();
    let mut driver = Driver::start_with(Path::new("."), &[("SENTRY_SAMPLE_RATE", "0")]);
    let options =
        json!({"dsn": receiver.dsn(), "database_path": "", "auto_session_tracking": false});
    assert_eq!(init(&mut driver, &options), "");
    let answer = driver.capture(&json!({"message": "unheard"}));
    assert_eq!(answer.status(), driver::status::SAMPLED_OUT);
}

/// Names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

// DSN-9, DSN-10
#[test]
fn without_a_usable_dsn_nothing_is_written_and_one_line_says_so() {
    for (dsn, line, said) in [
        (
            json!(null),
            "there is no DSN: nothing is reported, and nothing is written",
            "",
        ),
        (
            json!(""),
            "there is no DSN: nothing is reported, and nothing is written",
            "",
        ),
        (
            json!("https://host/1"),
            "dsn: it cannot be used, nothing will be sent: the DSN has no public key; put it before the host: \
             https://key@host/project",
            "dsn: it cannot be used",
        ),
    ] {
        for is_durable in [false, true] {
            let options = json!({
                "dsn": dsn, "debug": true, "database_path": "db", "release": "r@1", "queue_durable": is_durable,
                "http_retry": true, "cache_keep": "always",
            });
            let scratch = Scratch::new("no-dsn");
            let mut driver = Driver::start_in(scratch.path());
            assert!(init(&mut driver, &options).starts_with(said));
            driver.capture(&json!({"message": "unheard"}));
            driver.kill();
            assert_eq!(names(scratch.path()), Vec::<String>::new());

            let mut driver = Driver::start_in(scratch.path());
            init(&mut driver, &options);
            let answer = driver.capture(&json!({"message": "unheard"}));
            assert_eq!(answer.status(), driver::status::DISABLED);
            assert_eq!(driver.close().number("result"), 0);
            let lines = driver.finish();
            assert_eq!(lines, format!("[sentry] WARN {line}\n"));
            assert_eq!(names(scratch.path()), Vec::<String>::new());
        }
    }
}
