//! The C programs under valgrind: no invalid access, no use of what was never written, nothing lost for good.
//!
//! Programs that assert on time or count threads run without valgrind only, since it slows everything down and runs one
//! thread at a time.

mod host;
mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use host::Program;
use receiver::Receiver;
use support::{assert_success, repository, run};

/// Each scenario takes seconds here; this is for one that hangs.
const TIMEOUT: Duration = Duration::from_secs(240);
/// The status valgrind ends with when it found something.
const FOUND: &str = "--error-exitcode=88";

static ORDER: Program = Program::new("api_order");
static OPTIONS: Program = Program::new("api_options");
static CALLBACK: Program = Program::new("host_callback");
static EXIT: Program = Program::new("host_exit");
static FORK: Program = Program::new("host_fork");
static FORK_CALLBACK: Program = Program::new("host_fork_callback");
static PROCESS: Program = Program::new("host_process");
static TRACING: Program = Program::new("host_tracing");

/// What was allocated must be freed, or still be pointed at.
const LEAKS: &[&str] = &[
    "--leak-check=full",
    "--errors-for-leak-kinds=definite",
    "--show-leak-kinds=definite",
];
/// A forked child has only one of its parent's threads: what the others held is left alone there on purpose.
const NO_LEAKS: &[&str] = &["--leak-check=no"];

/// Runs each scenario against a server of its own, as many at a time as there are tests.
fn check(program: &Program, scenarios: &[&str], leaks: &[&str]) {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is not installed");
        return;
    }
    let suppressions = repository().join("tests/valgrind.supp");
    assert!(fs::metadata(&suppressions).is_ok());
    for scenario in scenarios {
        let receiver = Receiver::start();
        receiver.accept_any_request();
        let native = program.command(scenario, &receiver.dsn());
        let mut command = Command::new("valgrind");
        command
            .args(["--quiet", FOUND, "--num-callers=30"])
            .arg("--fair-sched=try")
            .args(leaks)
            .arg(format!("--suppressions={}", suppressions.display()))
            .arg(native.get_program())
            .args(native.get_args())
            .env_remove("SENTRY_DSN");
        assert_success(&run(&mut command, TIMEOUT), scenario);
    }
}

#[test]
fn lives_arguments_and_ownership_are_clean() {
    check(
        &ORDER,
        &["idle,replaced,failed,disabled,arguments,uuids,memory,ownership"],
        LEAKS,
    );
}

#[test]
fn options_are_clean() {
    check(&OPTIONS, &["round_trip"], LEAKS);
}

#[test]
fn callbacks_are_clean() {
    check(&CALLBACK, &["everything", "init_from_worker"], LEAKS);
}

#[test]
fn ends_of_threads_and_processes_are_clean() {
    check(
        &EXIT,
        &["thread_data,without_close", "capture_in_handlers"],
        LEAKS,
    );
}

#[test]
fn forks_are_clean() {
    check(&FORK, &["scope,skipped_generation,init_in_child"], NO_LEAKS);
    check(&FORK_CALLBACK, &["worker_captures"], NO_LEAKS);
}

#[test]
fn transactions_and_spans_are_clean() {
    check(
        &TRACING,
        &["whole,bound,shown,closed", "decided,foreign"],
        LEAKS,
    );
    check(&TRACING, &["forked"], NO_LEAKS);
}

#[test]
fn the_process_around_is_clean() {
    check(&PROCESS, &["surroundings,descriptors_of_the_host"], LEAKS);
}
