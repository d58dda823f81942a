//! Delivery to Bugsink, a real server that validates strictly, stores, and gives back what it has stored. An answer of
//! 200 proves nothing there: every event is fetched back by its id.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod real;
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use real::HANG;
use real::bugsink::{Bugsink, QUOTA};
use real::client::Client;
use serde_json::{Value, json};
use support::{Scratch, Standard, assert_success, compile_c, run};

fn options(dsn: &str) -> Value {
    json!({
        "dsn": dsn, "release": "printer@1.2.3", "environment": "staging", "dist": "7",
        "retries": 1000, "retry_backoff_ms": 10, "retry_backoff_max_ms": 100,
    })
}

/// Asserts that everything in `expected` is in `stored`, the same; what else is stored does not matter.
fn assert_contains(stored: &Value, expected: &Value, path: &str) {
    match expected {
        Value::Object(members) => {
            for (key, member) in members {
                assert_contains(&stored[key.as_str()], member, &format!("{path}.{key}"));
            }
        }
        Value::Array(elements) => {
            let found = stored.as_array().map_or(0, Vec::len);
            assert_eq!(found, elements.len(), "{path}: {stored}");
            for (index, element) in elements.iter().enumerate() {
                assert_contains(&stored[index], element, &format!("{path}.{index}"));
            }
        }
        leaf => assert_eq!(stored, leaf, "{path}"),
    }
}

/// A stored event; panics with the server's reasons when it is not stored.
fn stored(bugsink: &Bugsink, project: &str, event_id: &str) -> Value {
    let mut events = bugsink.events(project);
    match events.remove(event_id) {
        Some(event) => event,
        None => panic!("{event_id} is not stored\n{}", bugsink.log()),
    }
}

#[test]
fn an_event_comes_back_field_by_field() {
    // EVT-1 to EVT-15, EXC-1, STK-2, BC-1
    let bugsink = Bugsink::get();
    let _peace = bugsink.in_peace();
    let mut client = Client::start(&options(bugsink.dsn("fields")));
    client.command("tag tray upper");
    client.command("tag side left");
    client.command(
        r#"crumb {"category":"tray","message":"opened","level":"warning","data":{"by":"hand"}}"#,
    );
    let message = client.capture(&json!({
        "level": "warning", "logger": "printer.tray", "transaction": "print page", "server_name": "host-1",
        "message": {"message": "%s is %s", "params": ["Größe", "😀"], "formatted": "Größe is 😀"},
        "tags": {"side": "right", "number": 5},
        "user": {"id": "42", "username": "ada", "email": "ada@example.org"},
        "extra": {"pages": [1, 2, 3], "paper": {"format": "A4"}, "ratio": 1.5, "text": "line\nline \"quoted\" \\"},
        "contexts": {"paper": {"type": "paper", "weight": 80}},
        "fingerprint": ["tray", "{{ default }}"],
        "breadcrumbs": [{"timestamp": 1_767_322_000, "category": "own", "message": "own crumb"}],
    }));
    let frame = json!({
        "instruction_addr": "0x5581a0", "image_addr": "0x558000", "package": "/usr/bin/printer", "function": "main",
        "filename": "main.c", "lineno": 12, "in_app": true,
    });
    let exception = json!({
        "type": "TrayError", "value": "empty", "module": "printer", "thread_id": 7,
        "mechanism": {"type": "generic", "handled": true},
        "stacktrace": {"frames": [frame, {"instruction_addr": 139_637_976_727_552_u64}]},
    });
    let crash = client.capture(&json!({
        "level": "fatal", "exception": {"values": [{"type": "IoError", "value": "ENOENT"}, exception]},
        "threads": {"values": [{"id": 7, "name": "main", "crashed": true, "current": true}]},
        "debug_meta": {"images": [{
            "type": "elf", "image_addr": "0x558000", "image_size": 4096, "code_file": "/usr/bin/printer",
            "code_id": "f1c3bcc0279865fe3058404b2831d9e64135386c", "debug_id": "c0bcc3f1-9827-fe65-3058-404b2831d9e6"}]},
    }));
    let answer = client.command("log error printer.log The log says: paper jam");
    assert_eq!(answer["status"], 0, "{answer}");
    client.assert_settled(3, 3, &json!({}));
    client.finish();

    let everywhere = json!({
        "release": "printer@1.2.3", "environment": "staging", "dist": "7", "platform": "native",
        "sdk": {"name": "libsentry.native"}, "contexts": {"os": {"name": "Linux"}},
    });
    let event = stored(bugsink, "fields", &message);
    assert_contains(&event, &everywhere, "message");
    assert_contains(
        &event,
        &json!({
            "level": "warning", "logger": "printer.tray", "transaction": "print page", "server_name": "host-1",
            "logentry": {"message": "%s is %s", "params": ["Größe", "😀"], "formatted": "Größe is 😀"},
            "tags": {"tray": "upper", "side": "right", "number": "5"},
            "user": {"id": "42", "username": "ada", "email": "ada@example.org"},
            "extra": {"pages": [1, 2, 3], "paper": {"format": "A4"}, "ratio": 1.5, "text": "line\nline \"quoted\" \\"},
            "contexts": {"paper": {"type": "paper", "weight": 80}},
            "fingerprint": ["tray", "{{ default }}"],
            "breadcrumbs": {"values": [
                {"category": "own", "message": "own crumb"},
                {"category": "tray", "message": "opened", "level": "warning", "data": {"by": "hand"}}]},
        }),
        "message",
    );
    let event = stored(bugsink, "fields", &crash);
    assert_contains(&event, &everywhere, "crash");
    let address = json!({"instruction_addr": "0x7f0000000000"});
    assert_contains(
        &event,
        &json!({
            "level": "fatal",
            "exception": {"values": [
                {"type": "IoError", "value": "ENOENT"},
                {"type": "TrayError", "value": "empty", "module": "printer", "thread_id": 7,
                 "mechanism": {"type": "generic", "handled": true}, "stacktrace": {"frames": [frame, address]}}]},
            "threads": {"values": [{"id": 7, "name": "main", "crashed": true, "current": true}]},
            "debug_meta": {"images": [{"debug_id": "c0bcc3f1-9827-fe65-3058-404b2831d9e6", "image_size": 4096}]},
            "tags": {"tray": "upper", "side": "left"},
        }),
        "crash",
    );
    let texts: Vec<Value> = bugsink
        .events("fields")
        .values()
        .map(|event| event["logentry"]["formatted"].clone())
        .collect();
    assert_eq!(texts.len(), 3);
    assert!(
        texts.contains(&json!("The log says: paper jam")),
        "{texts:?}"
    );
}

#[test]
fn the_smallest_program_in_c_stores_its_event() {
    let bugsink = Bugsink::get();
    let _peace = bugsink.in_peace();
    let scratch = Scratch::new("minimal");
    let program = scratch.join("minimal");
    compile_c("examples-c/minimal.c", Standard::C99, &program);
    let output = run(Command::new(program).arg(bugsink.dsn("minimal")), HANG);
    assert_success(&output, "minimal");
    let printed = String::from_utf8(output.stdout).unwrap();
    let event_id = printed
        .trim()
        .strip_prefix("accepted ")
        .unwrap()
        .replace('-', "");
    let event = stored(bugsink, "minimal", &event_id);
    assert_contains(
        &event,
        &json!({
            "level": "error", "logger": "minimal", "release": "minimal@1.0.0", "tags": {"tray": "2"},
            "logentry": {"formatted": "The paper tray is empty"},
        }),
        "minimal",
    );
}

/// It stores events alone. What else is sent it answers with 200, and goes on.
#[test]
fn other_kinds_than_events_do_no_harm() {
    let bugsink = Bugsink::get();
    let _peace = bugsink.in_peace();
    let scratch = Scratch::new("kinds");
    let dsn = bugsink.dsn("minimal");
    for (source, scenario) in [
        ("host_tracing", "threads"),
        ("host_check_ins", "apart"),
        ("host_telemetry", "forked"),
    ] {
        let program = scratch.join(source);
        compile_c(&format!("tests/c/{source}.c"), Standard::C99, &program);
        let mut command = Command::new(program);
        command.args([scenario, dsn]).current_dir(scratch.path());
        assert_success(&run(&mut command, HANG), source);
    }
    let mut client = Client::start(&options(dsn));
    let answer = client.command(r#"capture {"message":"after the others"}"#);
    client.flush();
    let event_id = answer["event_id"].as_str().unwrap();
    let event = stored(bugsink, "minimal", event_id);
    assert_eq!(event["logentry"]["formatted"], "after the others");
    client.finish();
}

#[test]
fn a_429_of_the_quota_ends_sending_and_nothing_is_counted_twice() {
    // RL-1, HTTP-4
    let bugsink = Bugsink::get();
    let _peace = bugsink.in_peace();
    let mut client = Client::start(&options(bugsink.dsn("quota")));
    let (mut accepted, mut refused) = (Vec::new(), 0);
    while refused == 0 {
        assert!(
            accepted.len() <= 2 * QUOTA,
            "the quota never ends: {}",
            client.stats()
        );
        let answer = client.command(&format!(
            "capture {}",
            json!({"message": format!("event {}", accepted.len())})
        ));
        match (answer["status"].as_i64(), answer["event_id"].as_str()) {
            (Some(0), Some(event_id)) => accepted.push(event_id.to_owned()),
            // The server asked for a pause.
            (Some(6), None) => refused += 1,
            _ => panic!("{answer}"),
        }
        client.flush();
    }
    let delivered = accepted.len() - 1;
    client.assert_settled(
        accepted.len() as u64 + refused,
        delivered as u64,
        &json!({"server_rate_limit": 1, "ratelimit_backoff": refused}),
    );
    assert_eq!(client.outcome_of(accepted.last().unwrap()).http_status, 429);
    client.finish();
    let stored: BTreeSet<String> = bugsink.events("quota").into_keys().collect();
    assert_eq!(
        stored,
        accepted[..delivered].iter().cloned().collect(),
        "{}",
        bugsink.log()
    );
}

/// Captures ten events.
fn capture_ten(client: &mut Client, when: &str) -> BTreeSet<String> {
    (0..10)
        .map(|number| client.capture_text(&format!("{when} {number}")))
        .collect()
}

/// Captures ten events while the server is down, and waits until they lie on disk.
fn put_ten_on_disk(client: &mut Client) -> BTreeSet<String> {
    let accepted = capture_ten(client, "while it is down");
    client.flush();
    let stats = client.stats();
    assert_eq!(stats["categories"]["error"]["spooled"], 10, "{stats}");
    accepted
}

fn wait_for_delivery(client: &mut Client, least: u64) {
    client.wait_for(&format!("{least} are delivered"), |stats| {
        stats["categories"]["error"]["delivered"].as_u64() >= Some(least)
    });
}

/// Asserts that exactly these events are stored.
fn assert_all_stored(bugsink: &Bugsink, project: &str, accepted: &BTreeSet<String>) {
    let stored: BTreeSet<String> = bugsink.events(project).into_keys().collect();
    assert_eq!(&stored, accepted, "{}", bugsink.log());
}

/// Options for what the network gives up soon and the disk keeps.
fn options_with_disk(dsn: &str, database: &Path) -> Value {
    let mut options = options(dsn);
    options["http_retry"] = json!(true);
    options["database_path"] = json!(database);
    options["retries"] = json!(1);
    options
}

#[test]
fn every_accepted_event_is_stored_though_the_server_restarts() {
    // HTTP-9
    let bugsink = Bugsink::get();
    let mut client = Client::start(&options(bugsink.dsn("restart")));
    let mut accepted = capture_ten(&mut client, "before");
    wait_for_delivery(&mut client, 3);
    bugsink.restart(|| accepted.extend(capture_ten(&mut client, "while it is down")));
    accepted.extend(capture_ten(&mut client, "after"));
    client.assert_settled(30, 30, &json!({}));
    client.finish();
    let _peace = bugsink.in_peace();
    assert_all_stored(bugsink, "restart", &accepted);
}

// SP-3, SP-4
#[test]
fn what_is_put_on_disk_while_the_server_is_down_is_stored_when_it_is_back() {
    let bugsink = Bugsink::get();
    let scratch = Scratch::new("disk");
    let mut client = Client::start(&options_with_disk(bugsink.dsn("disk"), scratch.path()));
    let mut accepted = BTreeSet::new();
    {
        let _peace = bugsink.in_peace();
        accepted.extend(capture_ten(&mut client, "before"));
        client.assert_settled(10, 10, &json!({}));
    }
    bugsink.restart(|| accepted.extend(put_ten_on_disk(&mut client)));
    let _peace = bugsink.in_peace();
    // The first answer says that the way is open.
    accepted.extend(capture_ten(&mut client, "after"));
    wait_for_delivery(&mut client, 30);
    client.assert_settled(30, 30, &json!({}));
    client.finish();
    assert_all_stored(bugsink, "disk", &accepted);
}

// SP-3, SP-4
#[test]
fn a_later_run_brings_what_an_earlier_one_could_not_send() {
    let bugsink = Bugsink::get();
    for (project, is_killed) in [("closed", false), ("killed", true)] {
        let scratch = Scratch::new(project);
        let options = options_with_disk(bugsink.dsn(project), scratch.path());
        let mut client = Client::start(&options);
        let mut accepted = BTreeSet::new();
        bugsink.restart(|| {
            accepted.extend(put_ten_on_disk(&mut client));
            match is_killed {
                true => drop(client),
                false => drop(client.finish()),
            }
        });
        let _peace = bugsink.in_peace();
        let mut client = Client::start(&options);
        wait_for_delivery(&mut client, 10);
        accepted.extend(capture_ten(&mut client, "after"));
        client.assert_settled(20, 20, &json!({}));
        client.finish();
        assert_all_stored(bugsink, project, &accepted);
    }
}
