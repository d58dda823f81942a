//! The driver as tests hold it: a process that calls the library as it is told (`tests/c/driver.c`).
//!
//! Decides how commands are sent and answers are read. Entry points: [`Driver::start`], [`Driver::send`], and a method
//! for each command that many tests use. A test program says `mod support;` and
//! `#[path = "support/driver.rs"] mod driver;`. Uses the helpers of `support`; nothing of the crate.
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests reports what is wrong by panicking"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Standard, compile_c};

/// Source of the driver, relative to the repository.
pub const SOURCE: &str = "tests/c/driver.c";
/// How long an answer may take beyond the time the command itself asks for: a guard against hangs, no promise.
const PATIENCE: Duration = Duration::from_secs(60);

/// `SENTRY_STATUS_…`
pub mod status {
    pub const OK: i64 = 0;
    pub const QUEUE_FULL: i64 = 1;
    pub const DISABLED: i64 = 2;
    pub const INVALID_ARGUMENT: i64 = 3;
    pub const INVALID_JSON: i64 = 4;
    pub const TOO_LARGE: i64 = 5;
    pub const RATE_LIMITED: i64 = 6;
    pub const SAMPLED_OUT: i64 = 7;
    pub const IGNORED: i64 = 9;
    pub const NO_CONSENT: i64 = 10;
}

/// A running driver. When it is dropped, the process is killed.
#[derive(Debug)]
pub struct Driver {
    child: Child,
    stdin: ChildStdin,
    answers: mpsc::Receiver<String>,
    stderr: Option<JoinHandle<String>>,
}

/// One answer; panics on a member that is not there or is of another type.
#[derive(Debug, Clone)]
pub struct Answer {
    command: String,
    members: Value,
}

impl Driver {
    /// Starts the process. Nothing of the environment reaches the library's options.
    pub fn start() -> Self {
        Self::start_in(Path::new("."))
    }

    /// [`Driver::start`], in that working directory.
    pub fn start_in(directory: &Path) -> Self {
        Self::start_with(directory, &[])
    }

    /// [`Driver::start_in`], with these variables of the environment.
    pub fn start_with(directory: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program());
        command.current_dir(directory);
        for (name, _) in std::env::vars() {
            let lower = name.to_ascii_lowercase();
            if lower.starts_with("sentry_") || lower.ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command.envs(variables.iter().copied());
        Self::spawn(&mut command)
    }

    /// [`Driver::start`], and the library started with these options.
    pub fn with_options(options: &Value) -> Self {
        let mut driver = Self::start();
        driver.init(options);
        driver
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("the driver cannot be started: {error}"));
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut errors = child.stderr.take().expect("it is piped");
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let stderr = thread::spawn(move || {
            let mut text = Vec::new();
            drop(errors.read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            child,
            stdin,
            answers,
            stderr: Some(stderr),
        }
    }

    /// Sends a command and waits for its answer.
    pub fn send(&mut self, command: &str) -> Answer {
        self.post(command);
        self.answer(command, PATIENCE)
    }

    /// Sends a command whose time matters; see [`Answer::own_ms`].
    pub fn watch(&mut self, command: &str) -> Answer {
        self.send(&format!("watch {command}"))
    }

    /// Sends a command; its answer is fetched with [`Driver::answer`].
    pub fn post(&mut self, command: &str) {
        assert!(!command.contains('\n'), "a command is one line");
        if let Err(error) = writeln!(self.stdin, "{command}").and_then(|()| self.stdin.flush()) {
            self.fail(command, &error.to_string());
        }
    }

    /// Waits for the answer to a command that was posted.
    pub fn answer(&mut self, command: &str, patience: Duration) -> Answer {
        match self.answers.recv_timeout(patience) {
            Ok(line) => Answer {
                command: command.chars().take(200).collect(),
                members: serde_json::from_str(&line)
                    .unwrap_or_else(|error| panic!("{command:.200}: {error}: {line}")),
            },
            Err(error) => self.fail(command, &error.to_string()),
        }
    }

    /// Panics with what the process said and how it ended.
    fn fail(&mut self, command: &str, why: &str) -> ! {
        drop(self.child.kill());
        let status = self.child.wait();
        let stderr = self.stderr.take().map(JoinHandle::join);
        panic!("no answer to {command:.200}: {why}; the driver: {status:?}, stderr: {stderr:?}");
    }

    /// Ends the process through `main` and returns what it printed on standard error.
    pub fn finish(mut self) -> String {
        drop(writeln!(self.stdin, "exit"));
        // Everything it printed was read when its standard output ends.
        match self.answers.recv_timeout(PATIENCE) {
            Err(mpsc::RecvTimeoutError::Disconnected) => {}
            other => self.fail("exit", &format!("{other:?}")),
        }
        let status = self.child.wait().expect("nobody else waits for it");
        assert!(status.success(), "the driver ended with {status}");
        let stderr = self.stderr.take().expect("it is taken only here");
        stderr.join().expect("reading does not panic")
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process as the system would; nothing of it runs any more when this returns.
    pub fn kill(mut self) {
        self.child.kill().expect("it is our own child");
        self.child.wait().expect("nobody else waits for it");
    }

    /// Starts the library; panics if that fails. Without files and sessions, unless the options ask for them.
    pub fn init(&mut self, options: &Value) {
        let quiet = json!({"database_path": "", "auto_session_tracking": false});
        let options = with(quiet, options.clone());
        let answer = self.send(&format!("init {options}"));
        assert_eq!(answer.number("result"), 0, "{answer:?}");
        assert_eq!(answer.text("error"), "", "{answer:?}");
    }

    /// Captures an event.
    pub fn capture(&mut self, event: &Value) -> Answer {
        self.capture_text(&event.to_string())
    }

    /// Captures an event given as text without line ends.
    pub fn capture_text(&mut self, json: &str) -> Answer {
        self.send(&format!("capture {json}"))
    }

    /// Captures bytes as an event.
    pub fn capture_bytes(&mut self, bytes: &[u8]) -> Answer {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.send(&format!("capture_hex {hex}"))
    }

    /// Captures an event that must be accepted; returns its id.
    pub fn accept(&mut self, event: &Value) -> String {
        let answer = self.capture(event);
        assert_eq!(answer.status(), status::OK, "{answer:?}");
        answer.text("id").to_owned()
    }

    /// Captures that many events that must all be accepted; returns their ids.
    pub fn accept_many(&mut self, count: usize) -> Vec<String> {
        (0..count)
            .map(|number| self.accept(&json!({"message": format!("event {number}")})))
            .collect()
    }

    /// Flushes.
    pub fn flush(&mut self, timeout_ms: u64) -> Answer {
        self.watch(&format!("flush {timeout_ms}"))
    }

    /// Flushes and panics unless everything has left.
    pub fn drain(&mut self) {
        let answer = self.flush(30_000);
        assert_eq!(answer.number("result"), 0, "{answer:?}");
    }

    /// Closes the library.
    pub fn close(&mut self) -> Answer {
        self.watch("close")
    }

    /// The figures, after checking that the account is right for every category.
    pub fn stats(&mut self) -> Stats {
        let answer = self.send("stats");
        assert_eq!(answer.status(), status::OK, "{answer:?}");
        let stats = Stats(answer.members["stats"].clone());
        stats.assert_identity();
        stats
    }

    /// Waits until a figure has at least a value; panics when it takes too long.
    pub fn wait(&mut self, figure: &str, least: u64) -> Stats {
        let answer = self.send(&format!("wait {figure} {least} 30000"));
        assert!(answer.flag("reached"), "{answer:?}");
        let stats = Stats(answer.members["stats"].clone());
        stats.assert_identity();
        stats
    }

    /// What the outcome callback heard, once it was called that often.
    pub fn outcomes(&mut self, count: usize) -> Vec<Outcome> {
        let answer = self.send(&format!("wait_outcomes {count} 30000"));
        let heard = self.send("outcomes");
        assert!(answer.flag("reached"), "{answer:?}: {heard:?}");
        let list = heard.members["outcomes"].as_array().expect("a list").iter();
        list.map(Outcome::read).collect()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Answer {
    /// The member of that name.
    pub fn get(&self, name: &str) -> &Value {
        self.members
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> i64 {
        let number = self.get(name).as_i64();
        number.unwrap_or_else(|| panic!("{name} is no number in {self:?}"))
    }

    /// A text.
    pub fn text(&self, name: &str) -> &str {
        let text = self.get(name).as_str();
        text.unwrap_or_else(|| panic!("{name} is no text in {self:?}"))
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> bool {
        let flag = self.get(name).as_bool();
        flag.unwrap_or_else(|| panic!("{name} is no flag in {self:?}"))
    }

    /// The status of the call.
    pub fn status(&self) -> i64 {
        self.number("status")
    }

    /// How long the call took, in milliseconds.
    pub fn ms(&self) -> f64 {
        self.get("ms").as_f64().expect("a number")
    }

    /// How long a watched call took without the time in which the machine ran nobody who was ready: on a quiet machine
    /// the same as [`Answer::ms`]. Deadlines are promised for this.
    pub fn own_ms(&self) -> f64 {
        self.ms() - self.get("stall_ms").as_f64().expect("a number")
    }

    /// How often `capture_many` got this status.
    pub fn count(&self, status: i64) -> u64 {
        let index = usize::try_from(status).expect("a status is not negative");
        self.get("by_status")[index]
            .as_u64()
            .expect("a count for each status")
    }
}

/// The figures of `sentry_get_stats`.
#[derive(Debug, Clone)]
pub struct Stats(Value);

impl Stats {
    /// A figure that is not of a category.
    pub fn figure(&self, name: &str) -> u64 {
        let figure = self.0[name].as_u64();
        figure.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// Why the last request without an answer failed.
    pub fn last_error(&self) -> &str {
        self.0["last_error"].as_str().expect("a text")
    }

    /// A figure of the category of errors.
    pub fn errors(&self, name: &str) -> u64 {
        let figure = self.0["categories"]["error"][name].as_u64();
        figure.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// How many errors were lost for this reason.
    pub fn lost(&self, reason: &str) -> u64 {
        self.0["categories"]["error"]["reasons"][reason]
            .as_u64()
            .unwrap_or(0)
    }

    /// `captured = delivered + discarded + spooled + pending`, and the reasons add up to `discarded`.
    fn assert_identity(&self) {
        let categories = self.0["categories"].as_object().expect("an object");
        for (name, counts) in categories {
            let count = |key: &str| counts[key].as_u64().expect("a count");
            let sum = count("delivered") + count("discarded") + count("spooled") + count("pending");
            assert_eq!(count("captured"), sum, "{name}: {self:?}");
            let reasons = counts["reasons"].as_object().expect("an object");
            let by_reason: u64 = reasons.values().filter_map(Value::as_u64).sum();
            assert_eq!(count("discarded"), by_reason, "{name}: {self:?}");
        }
    }

    /// Panics unless the errors are `captured`, `delivered`, and lost for exactly these reasons, with none pending.
    pub fn assert_errors(&self, captured: u64, delivered: u64, lost: &[(&str, u64)]) {
        let expected: serde_json::Map<String, Value> = lost
            .iter()
            .map(|(reason, count)| ((*reason).to_owned(), json!(count)))
            .collect();
        let found = &self.0["categories"]["error"];
        assert_eq!(
            (
                found["captured"].as_u64(),
                found["delivered"].as_u64(),
                found["reasons"].as_object(),
                found["pending"].as_u64()
            ),
            (Some(captured), Some(delivered), Some(&expected), Some(0)),
            "{self:?}"
        );
    }
}

/// One call of the outcome callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub event_id: String,
    pub outcome: String,
    /// The discard reason; empty unless discarded.
    pub reason: String,
    pub category: String,
    pub status: i64,
    pub attempts: u64,
}

impl Outcome {
    fn read(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Self {
            event_id: text("event_id"),
            outcome: text("outcome"),
            reason: text("reason"),
            category: text("category"),
            status: value["status"].as_i64().expect("a number"),
            attempts: value["attempts"].as_u64().expect("a number"),
        }
    }

    /// Outcome or reason, HTTP status and attempts: what most tests want to know.
    pub fn brief(&self) -> (&str, i64, u64) {
        let what = if self.reason.is_empty() {
            &self.outcome
        } else {
            &self.reason
        };
        (what, self.status, self.attempts)
    }
}

/// The options of most tests: this DSN, nothing on disk, no compression, and quick retries.
pub fn quick_options(dsn: &str) -> Value {
    json!({
        "dsn": dsn,
        "database_path": "",
        "compression": "none",
        "retries": 3,
        "retry_backoff_ms": 1,
        "retry_backoff_max_ms": 5,
        "shutdown_timeout": 2000,
    })
}

/// Options with some of them replaced or added.
pub fn with(mut options: Value, changes: Value) -> Value {
    let changes = changes.as_object().expect("an object").clone();
    options.as_object_mut().expect("an object").extend(changes);
    options
}

/// A scenario with its name.
pub type Scenario<'a> = (&'a str, Box<dyn FnOnce() + Send + 'a>);

/// Runs all of these at the same time; panics if one does. For scenarios that spend their time waiting.
pub fn at_once(scenarios: Vec<Scenario<'_>>) {
    thread::scope(|scope| {
        let running: Vec<_> = scenarios
            .into_iter()
            .map(|(name, scenario)| (name, scope.spawn(scenario)))
            .collect();
        let failed: Vec<_> = running
            .into_iter()
            .filter_map(|(name, thread)| thread.join().err().map(|_| name))
            .collect();
        assert!(failed.is_empty(), "failed: {failed:?}; see above");
    });
}

/// The compiled driver, made once for each test program.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let program = dir.join(concat!("driver-", env!("CARGO_CRATE_NAME")));
        // Renamed into place: an earlier run of the same test may be using the old one.
        let own = dir.join(format!(
            "driver-{}-{}",
            env!("CARGO_CRATE_NAME"),
            process::id()
        ));
        compile_c(SOURCE, Standard::C99, &own);
        fs::rename(&own, &program).expect("the target directory is writable");
        program
    })
}
