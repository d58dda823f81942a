//! The programs of `examples-c/` and `examples-python/`: each is compiled, run against a local server, and judged by
//! what arrives there and by what it prints.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use receiver::{Envelope, Receiver, closed_port, deaf_port};
use serde_json::Value;
use support::{Scratch, Standard, assert_success, compile_c, repository, run, runtime_dir};

/// Far more than any example needs; reached only when one hangs.
const RUN_TIMEOUT: Duration = Duration::from_secs(60);

/// Compiles an example and returns the command that runs it with this DSN.
fn example(file: &str, scratch: &Scratch, dsn: &str) -> Command {
    let program = scratch.join("example");
    let standard = if file.ends_with(".cpp") {
        Standard::Cxx17
    } else {
        Standard::C99
    };
    compile_c(&format!("examples-c/{file}"), standard, &program);
    let mut command = Command::new(program);
    command.arg(dsn).env_remove("SENTRY_DSN");
    // Where the default database directory comes to lie.
    command.current_dir(scratch.path());
    command
}

/// Runs an example against a server that answers; the program must succeed and the server find nothing wrong.
fn run_against_receiver(file: &str) -> (Receiver, String) {
    let (scratch, receiver) = (Scratch::new("example"), Receiver::start());
    let output = run(&mut example(file, &scratch, &receiver.dsn()), RUN_TIMEOUT);
    assert_success(&output, file);
    assert_eq!(receiver.violations(), Vec::<String>::new(), "{file}");
    (receiver, text(&output))
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn only_event(receiver: &Receiver) -> Value {
    let events = receiver.events();
    assert_eq!(events.len(), 1, "{events:#?}");
    events.into_iter().next().unwrap()
}

#[test]
fn inspect_lists_what_waits_on_disk() {
    let scratch = Scratch::new("inspect");
    let database = scratch.join("database");
    let run_of = "0123abcd-4567-4890-abcd-ef0123456789";
    let cache = database.join("cache");
    let ended = database.join(format!("{run_of}.run"));
    for directory in [&cache, &ended] {
        fs::create_dir_all(directory).unwrap();
    }
    fs::write(
        cache.join(format!("1767225600123-03-{run_of}.envelope")),
        "12345",
    )
    .unwrap();
    fs::write(ended.join(format!("{run_of}.envelope")), "123").unwrap();
    let path = database.to_str().unwrap();
    let output = run(&mut example("inspect.c", &scratch, path), RUN_TIMEOUT);
    assert_success(&output, "inspect.c");
    let printed = text(&output);
    for expected in [
        "        5 bytes",
        "        3 bytes",
        &format!("{run_of}  3 attempts"),
        &format!("run {run_of}  ended"),
        "2 envelopes",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
}

/// The id behind the word "accepted", without hyphens.
fn accepted_id(printed: &str) -> String {
    let id = printed
        .lines()
        .find_map(|line| line.strip_prefix("accepted "))
        .unwrap();
    id.replace('-', "")
}

#[test]
fn heartbeat_tells_both_ends_of_a_run() {
    let (receiver, _) = run_against_receiver("heartbeat.c");
    let envelopes = receiver.envelopes();
    let items = envelopes.iter().flat_map(|it| it.items_of("check_in"));
    let said: Vec<_> = items.map(|item| item.json().unwrap()).collect();
    assert_eq!(said.len(), 2);
    assert_eq!(said[0]["status"], "in_progress");
    assert_eq!(said[0]["monitor_config"]["max_runtime"], 5);
    assert_eq!(said[1]["status"], "ok");
    assert_eq!(said[0]["check_in_id"], said[1]["check_in_id"]);
    assert!(said[1]["duration"].as_f64().unwrap() > 0.0);
}

#[test]
fn an_event_loop_reports_each_line_without_a_thread() {
    let (scratch, receiver) = (Scratch::new("example"), Receiver::start());
    let mut child = example("event_loop.c", &scratch, &receiver.dsn())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"one\ntwo\nth").unwrap();
    // Sent while the program waits for more.
    assert!(receiver.wait_for_events(2, RUN_TIMEOUT));
    input.write_all(b"ree\n").unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    assert_eq!(receiver.events().len(), 3);
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn minimal_delivers_the_event_it_says_was_accepted() {
    let (receiver, printed) = run_against_receiver("minimal.c");
    let event = only_event(&receiver);
    assert_eq!(event["event_id"], accepted_id(&printed));
    assert_eq!(event["logentry"]["formatted"], "The paper tray is empty");
    assert_eq!(event["tags"]["tray"], "2");
    assert_eq!(event["release"], "minimal@1.0.0");
}

#[test]
fn options_json_applies_its_options_and_shows_two_refusals() {
    let (receiver, printed) = run_against_receiver("options_json.c");
    let event = only_event(&receiver);
    assert_eq!(event["logger"], "vendor.signal");
    assert_eq!(event["environment"], "staging");
    let line = |start: &str| {
        printed
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap()
            .to_owned()
    };
    assert!(line("a mistake: ").contains("queue_max_item"), "{printed}");
    assert!(line("refused: ").contains("-7"), "{printed}");
    assert_eq!(
        line("retries: "),
        "retries: 5, queue: 100 items, 1048576 bytes"
    );
}

#[test]
fn stats_prints_one_outcome_per_event_and_the_counts() {
    let (receiver, printed) = run_against_receiver("stats.c");
    assert_eq!(receiver.events().len(), 5);
    let outcomes: Vec<_> = printed
        .lines()
        .filter(|line| line.contains(" delivered, HTTP 200, attempts 1"))
        .collect();
    assert_eq!(outcomes.len(), 5, "{printed}");
    assert!(
        printed.contains("captured 5 = delivered 5 + discarded 0 + spooled 0 + pending 0"),
        "{printed}"
    );
}

#[test]
fn logging_reports_the_error_with_the_lines_before_it() {
    let (receiver, printed) = run_against_receiver("logging.c");
    let event = only_event(&receiver);
    assert_eq!(event["logentry"]["formatted"], "tray 2 is empty");
    assert_eq!(
        (&event["logger"], &event["level"]),
        (&"printer.feed".into(), &"error".into())
    );
    assert_eq!(event["tags"]["printer"], "lp0");
    let crumbs = event["breadcrumbs"]["values"].as_array().unwrap();
    let messages: Vec<_> = crumbs
        .iter()
        .map(|crumb| crumb["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages, ["job 17 queued", "tray 2 is low"]);
    assert_eq!(
        printed.matches("not reported").count(),
        1,
        "only the ignored logger: {printed}"
    );
}

#[test]
fn cpp_usage_reports_the_exception_with_its_type() {
    let (receiver, printed) = run_against_receiver("cpp_usage.cpp");
    let event = only_event(&receiver);
    assert_eq!(event["event_id"], accepted_id(&printed));
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["type"], "std::invalid_argument");
    assert!(
        exception["value"]
            .as_str()
            .is_some_and(|value| !value.is_empty()),
        "{exception}"
    );
}

/// The envelope that holds such an item first.
fn envelope_of(kind: &str, receiver: &Receiver) -> Arc<Envelope> {
    let mut envelopes = receiver.envelopes().into_iter();
    envelopes.find(|it| it.items[0].kind == kind).unwrap()
}

/// Names and contents of what came with the envelope.
fn attachments(envelope: &Envelope) -> Vec<(String, String)> {
    let attachments = envelope.items_of("attachment").map(|item| {
        let name = item.header["filename"].as_str().unwrap();
        let content = String::from_utf8_lossy(&item.payload);
        (name.to_owned(), content.into_owned())
    });
    attachments.collect()
}

#[test]
fn attachment_sends_the_log_as_it_was_when_the_event_was_captured() {
    let (receiver, printed) = run_against_receiver("attachment.c");
    assert_eq!(only_event(&receiver)["event_id"], accepted_id(&printed));
    let log = "job 17 started\ntray 2 is empty\n";
    let expected = [
        ("job.json", "{\"job\": 17, \"pages\": 3}"),
        ("attachment-example.log", log),
    ];
    let expected = expected.map(|(name, content)| (name.to_owned(), content.to_owned()));
    assert_eq!(attachments(&envelope_of("event", &receiver)), expected);
}

#[test]
fn stacktrace_reports_where_it_happened() {
    let (receiver, printed) = run_against_receiver("stacktrace.c");
    let event = only_event(&receiver);
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["type"], "TrayError");
    let frames = exception["stacktrace"]["frames"].as_array().unwrap();
    assert!(frames.len() >= 3, "{frames:?}");
    // What was printed is what the server gets.
    let images = event["debug_meta"]["images"].as_array().unwrap();
    assert_eq!(images.len(), printed.lines().count());
    for image in images {
        let line = format!(
            "{} {}",
            image["debug_id"].as_str().unwrap(),
            image["code_file"].as_str().unwrap()
        );
        assert!(printed.contains(&line), "{line} in {printed}");
    }
}

#[test]
fn feedback_arrives_with_what_the_user_and_the_hook_added() {
    let (receiver, printed) = run_against_receiver("feedback.c");
    let envelope = envelope_of("feedback", &receiver);
    let feedback = envelope.items[0].json().unwrap();
    assert_eq!(feedback["event_id"], accepted_id(&printed));
    let written = &feedback["contexts"]["feedback"];
    assert_eq!(written["message"], "It stopped after page 2.");
    assert_eq!(written["associated_event_id"], receiver.event_ids()[0]);
    assert!(written.get("name").is_none());
    let expected = [("settings.ini", "paper = a4\n"), ("note.txt", "checked")];
    let expected = expected.map(|(name, content)| (name.to_owned(), content.to_owned()));
    assert_eq!(attachments(&envelope), expected);
}

#[test]
fn tracing_sends_the_steps_of_the_work_in_the_trace_of_the_request() {
    let (receiver, printed) = run_against_receiver("tracing.c");
    let envelope = envelope_of("transaction", &receiver);
    let order = envelope.items[0].json().unwrap();
    assert_eq!(order["event_id"], accepted_id(&printed));
    let trace = &order["contexts"]["trace"];
    assert_eq!(trace["trace_id"], "0ae7be1efe7a4d04f423378007b8f6ae");
    assert_eq!(trace["parent_span_id"], "fdf21cb107484a2d");
    let operations: Vec<_> = order["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| &span["op"])
        .collect();
    assert_eq!(operations, ["db.query", "http.client"]);
    let shipping = order["spans"][1]["span_id"].as_str().unwrap();
    let header = format!("sentry-trace: 0ae7be1efe7a4d04f423378007b8f6ae-{shipping}-1\n");
    assert!(printed.contains(&header), "{printed}");
    assert!(printed.contains("baggage: sentry-sample_rate=1,sentry-sampled=true\n"));
    let event = only_event(&receiver);
    assert_eq!(event["contexts"]["trace"]["span_id"], trace["span_id"]);
}

#[test]
fn capture_py_needs_nothing_but_the_shared_library() {
    let receiver = Receiver::start();
    let mut command = Command::new("python3");
    command
        .arg(repository().join("examples-python/capture.py"))
        .arg(receiver.dsn());
    command
        .env("SENTRY_LIBRARY", runtime_dir().join("libsentry.so.0"))
        .env_remove("SENTRY_DSN");
    let output = run(&mut command, RUN_TIMEOUT);
    assert_success(&output, "capture.py");
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let event = only_event(&receiver);
    assert_eq!(event["event_id"], accepted_id(&text(&output)));
    assert_eq!(event["platform"], "python");
    assert_eq!(event["exception"]["values"][0]["type"], "KeyError");
}

/// Runs `outage.c` against a port where nobody answers. It checks itself that each event is accepted or refused, that no
/// capture took 100 ms, and that the shutdown kept its time.
fn run_outage(port: u16) -> String {
    let scratch = Scratch::new("outage");
    let dsn = format!("http://publickey@127.0.0.1:{port}/42");
    let output = run(&mut example("outage.c", &scratch, &dsn), RUN_TIMEOUT);
    assert_success(&output, "outage.c");
    text(&output)
}

#[test]
fn outage_tells_each_refusal_while_connects_get_no_answer() {
    let port = deaf_port().unwrap();
    let printed = run_outage(port.port());
    for line in [
        "accepted 4, refused because the queue is full 8",
        "captured 12 = delivered 0 + discarded 8 + spooled 0 + pending 4",
        "of the discarded: 8 queue_overflow, 0 network_error",
        "and left 4 unsent",
    ] {
        assert!(printed.contains(line), "{line:?} is missing in:\n{printed}");
    }
}

#[test]
fn outage_keeps_its_bounds_while_connects_are_refused() {
    let port = closed_port().unwrap();
    let printed = run_outage(port.port());
    assert!(printed.contains("captured 12 = delivered 0"), "{printed}");
}

#[test]
fn every_example_is_short_says_how_to_build_it_and_needs_a_dsn() {
    let scratch = Scratch::new("usage");
    let mut seen = 0;
    for entry in fs::read_dir(repository().join("examples-c")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let source = fs::read_to_string(&path).unwrap();
        assert!(source.lines().count() < 100, "{file} is too long");
        assert!(
            source
                .lines()
                .nth(2)
                .unwrap()
                .contains("pkg-config --cflags --libs sentry"),
            "{file}"
        );
        let command = example(file, &scratch, "unused");
        let output = run(
            Command::new(command.get_program()).env_remove("SENTRY_DSN"),
            RUN_TIMEOUT,
        );
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(
            String::from_utf8_lossy(&output.stderr).starts_with("usage: "),
            "{file}"
        );
        seen += 1;
    }
    assert_eq!(seen, 14, "a new example needs a test of its own here");
}

#[test]
fn custom_transport_writes_the_envelope_into_its_file() {
    let scratch = Scratch::new("example");
    let file = scratch.join("envelopes");
    let mut command = example("custom_transport.c", &scratch, file.to_str().unwrap());
    let output = run(&mut command, RUN_TIMEOUT);
    assert_success(&output, "custom_transport.c");
    assert_eq!(text(&output), "starting for printer@1.0.0\n");
    let written = fs::read_to_string(file).unwrap();
    assert!(written.contains("The paper tray is empty"), "{written}");
    assert!(!written.contains("\"dsn\""), "{written}");
}
