//! What the tests of host safety share: C programs with scenarios by name, compiled once, run against a receiver.
//!
//! Decides how a scenario is started and when it counts as passed. Entry points: [`Program`], [`Run`]. A test program
//! says `mod host; mod support;`. May use `support` and `receiver`.
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests reports what is wrong by panicking"
)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::Duration;

use receiver::Receiver;

use crate::support::{Scratch, Standard, assert_success, compile_c, run};

/// Reached only when a program hangs although its own guard of 60 s should have ended it.
pub const RUN_TIMEOUT: Duration = Duration::from_secs(90);

/// A C program of `tests/c/`, compiled when it is needed first, as C99 and as C++17.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    built: OnceLock<(Scratch, PathBuf)>,
}

impl Program {
    /// The program of `tests/c/NAME.c`.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            built: OnceLock::new(),
        }
    }

    /// The compiled program. It is built as C++17 too, which only has to succeed.
    pub fn path(&self) -> &PathBuf {
        let (_, path) = self.built.get_or_init(|| {
            let scratch = Scratch::new(self.name);
            let source = format!("tests/c/{}.c", self.name);
            compile_c(&source, Standard::Cxx17, &scratch.join("as-cxx"));
            let path = scratch.join(self.name);
            compile_c(&source, Standard::C99, &path);
            (scratch, path)
        });
        path
    }

    /// The command for one scenario.
    pub fn command(&self, scenario: &str, dsn: &str) -> Command {
        let mut command = Command::new(self.path());
        command.args([scenario, dsn]).env_remove("SENTRY_DSN");
        // Where the default database directory comes to lie.
        command.current_dir(env!("CARGO_TARGET_TMPDIR"));
        command
    }

    /// Runs a scenario to its end; it must succeed. Returns what it printed.
    pub fn run(&self, scenario: &str, dsn: &str) -> String {
        finish(self.command(scenario, dsn))
    }

    /// Starts a scenario that needs the test's help while it runs.
    pub fn start(&self, scenario: &str, dsn: &str) -> Run {
        let command = self.command(scenario, dsn);
        Run(std::thread::spawn(move || finish(command)))
    }

    /// Runs a scenario against a server that answers; the server must have found nothing wrong.
    pub fn run_against_receiver(&self, scenario: &str) -> (Receiver, String) {
        let receiver = Receiver::start();
        let printed = self.run(scenario, &receiver.dsn());
        assert_eq!(receiver.violations(), Vec::<String>::new(), "{scenario}");
        (receiver, printed)
    }
}

/// A program under way.
#[derive(Debug)]
pub struct Run(JoinHandle<String>);

impl Run {
    /// Waits for its end; it must succeed. Returns what it printed.
    pub fn finish(self) -> String {
        match self.0.join() {
            Ok(printed) => printed,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn finish(mut command: Command) -> String {
    let output = run(&mut command, RUN_TIMEOUT);
    assert_success(&output, &format!("{command:?}"));
    String::from_utf8(output.stdout).expect("programs print text")
}

/// The messages of all events so far, sorted.
pub fn messages(receiver: &Receiver) -> Vec<String> {
    let text = |event: &serde_json::Value| {
        event["logentry"]["formatted"]
            .as_str()
            .unwrap_or_else(|| panic!("an event without message: {event}"))
            .to_owned()
    };
    let mut messages: Vec<String> = receiver.events().iter().map(text).collect();
    messages.sort_unstable();
    messages
}

/// Ids of all events so far; panics if one came twice.
pub fn distinct_ids(receiver: &Receiver) -> Vec<String> {
    let mut ids = receiver.event_ids();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "an event came twice");
    ids
}

/// The only event with this message.
pub fn event_with(receiver: &Receiver, message: &str) -> serde_json::Value {
    let mut found: Vec<_> = receiver
        .events()
        .into_iter()
        .filter(|event| event["logentry"]["formatted"] == message)
        .collect();
    assert_eq!(found.len(), 1, "{message}: {found:#?}");
    found.remove(0)
}
