//! Check-ins of scheduled jobs, from programs that report themselves and by `tools/sentry_cron.c`, which runs a command.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails"
)]

mod host;
mod support;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use host::Program;
use receiver::{Receiver, Reply};
use serde_json::{Value, json};
use support::{Scratch, Standard, compile_c};

static HOST: Program = Program::new("host_check_ins");

fn check_ins(receiver: &Receiver) -> Vec<Value> {
    let envelopes = receiver.envelopes();
    let items = envelopes.iter().flat_map(|it| it.items_of("check_in"));
    items.map(|item| item.json().unwrap()).collect()
}

// CHK-1
#[test]
fn a_run_is_told_at_both_ends_under_one_id() {
    let (receiver, _) = HOST.run_against_receiver("run");
    let check_ins = check_ins(&receiver);
    let said: Vec<_> = check_ins
        .iter()
        .map(|it| {
            json!([
                it["monitor_slug"],
                it["status"],
                it["duration"],
                it["monitor_config"]
            ])
        })
        .collect();
    let monitor = json!({"schedule": {"type": "crontab", "value": "@daily"}});
    let expected = [
        json!(["nightly-job", "in_progress", null, monitor]),
        json!(["nightly-job", "ok", 1.5, null]),
        json!(["other", "error", 0, null]),
    ];
    assert_eq!(said, expected);
    assert_eq!(check_ins[0]["check_in_id"], check_ins[1]["check_in_id"]);
    assert_ne!(check_ins[0]["check_in_id"], check_ins[2]["check_in_id"]);
    for check_in in &check_ins {
        assert_eq!(check_in["release"], "host@1.0.0");
        assert_eq!(check_in["environment"], "production");
        assert_eq!(
            check_in["contexts"]["trace"]["trace_id"]
                .as_str()
                .unwrap()
                .len(),
            32
        );
    }
}

#[test]
fn no_hook_and_no_sampling_takes_a_check_in_away() {
    let (receiver, _) = HOST.run_against_receiver("apart");
    assert_eq!(check_ins(&receiver).len(), 1);
}

/// `sentry_cron` with these arguments before the command, which `sh` runs.
fn cron(dsn: &str, arguments: &[&str], script: &str) -> Command {
    static BUILT: OnceLock<(Scratch, PathBuf)> = OnceLock::new();
    let (_, program) = BUILT.get_or_init(|| {
        let scratch = Scratch::new("cron");
        let program = scratch.join("sentry_cron");
        compile_c("tools/sentry_cron.c", Standard::C99, &program);
        (scratch, program)
    });
    let mut command = Command::new(program);
    command.env("SENTRY_DSN", dsn).args(["--slug", "job"]);
    command.args(arguments).args(["--", "sh", "-c", script]);
    command
}

fn run(command: &mut Command) -> Output {
    support::run(command, Duration::from_secs(60))
}

#[test]
fn a_command_is_reported_with_its_time_and_its_status_is_kept() {
    let receiver = Receiver::start();
    let monitor = [
        "--interval",
        "10m",
        "--margin",
        "2",
        "--max-runtime",
        "5",
        "--timezone",
        "UTC",
    ];
    let output = run(&mut cron(&receiver.dsn(), &monitor, "echo out; sleep 0.2"));
    assert_eq!(
        (output.status.code(), &*output.stdout),
        (Some(0), &b"out\n"[..])
    );
    assert!(
        output.stderr.is_empty(),
        "{:?}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = run(&mut cron(&receiver.dsn(), &[], "exit 7"));
    assert_eq!(output.status.code(), Some(7));
    let output = run(&mut cron(&receiver.dsn(), &[], "kill -9 $$"));
    assert_eq!(output.status.code(), Some(128 + 9));
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let check_ins = check_ins(&receiver);
    let statuses: Vec<_> = check_ins
        .iter()
        .map(|it| it["status"].as_str().unwrap())
        .collect();
    let begun = "in_progress";
    assert_eq!(statuses, [begun, "ok", begun, "error", begun, "error"]);
    let config = json!({
        "schedule": {"type": "interval", "value": 10, "unit": "minute"},
        "checkin_margin": 2, "max_runtime": 5, "timezone": "UTC",
    });
    assert_eq!(check_ins[0]["monitor_config"], config);
    assert!(check_ins[1]["duration"].as_f64().unwrap() >= 0.2);
    for pair in check_ins.chunks(2) {
        assert_eq!(pair[0]["check_in_id"], pair[1]["check_in_id"]);
    }
}

#[test]
fn a_command_that_takes_too_long_or_is_not_there_is_an_error() {
    let receiver = Receiver::start();
    let output = run(&mut cron(
        &receiver.dsn(),
        &["--timeout", "1"],
        "exec sleep 30",
    ));
    assert_eq!(output.status.code(), Some(124));
    let mut missing = cron(&receiver.dsn(), &[], "");
    let program = missing.get_program().to_owned();
    missing = Command::new(program);
    missing.env("SENTRY_DSN", receiver.dsn());
    let output = run(missing.args(["--slug", "job", "--", "no-such-command"]));
    assert_eq!(output.status.code(), Some(127));
    let statuses: Vec<_> = check_ins(&receiver)
        .iter()
        .map(|it| it["status"].clone())
        .collect();
    assert_eq!(statuses, ["in_progress", "error", "in_progress", "error"]);
}

#[test]
fn a_signal_goes_on_to_the_command() {
    let receiver = Receiver::start();
    let script = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    let mut child = cron(&receiver.dsn(), &[], script)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn a_server_that_hangs_or_is_not_named_delays_no_command() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_after_request());
    let start = Instant::now();
    let output = run(&mut cron(&receiver.dsn(), &[], "exit 4"));
    assert_eq!(output.status.code(), Some(4));
    assert!(start.elapsed() < Duration::from_millis(3000 + 1000));
    let output = run(cron("", &[], "exit 5").env_remove("SENTRY_DSN"));
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no usable DSN"));
    let output = run(&mut cron("", &["--interval", "10x"], "exit 6"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("m, h, d or w"));
}
