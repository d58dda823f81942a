//! A program that reports through the library, as the tests of real servers drive it.
//!
//! Decides how a client process is started, told what to do, and ended. Entry point: [`Client::start`]. The program is
//! `client.py`: it needs nothing but the shared library.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{HANG, python_program};
use crate::support::library_dir;

/// Environment variables that would change what a client does.
const PROXY_VARIABLES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// A process with the library in it; killed when this is dropped.
#[derive(Debug)]
pub struct Client {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
    errors: Arc<Mutex<Vec<u8>>>,
    /// Every answer so far.
    heard: String,
}

/// What became of one envelope, as the outcome callback heard it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub event_id: String,
    pub outcome: String,
    pub reason: String,
    pub http_status: i64,
    pub attempts: i64,
}

impl Client {
    /// Starts a client and the library in it with these options.
    pub fn start(options: &Value) -> Self {
        Self::start_in(&[], options)
    }

    /// [`Client::start`] with environment variables; those for proxies are otherwise unset.
    pub fn start_in(environment: &[(&str, &str)], options: &Value) -> Self {
        let mut command = python_program("client.py");
        for variable in PROXY_VARIABLES {
            command.env_remove(variable);
        }
        command
            .env("SENTRY_LIBRARY", library_dir().join("libsentry.so"))
            .envs(environment.iter().copied());
        let mut client = Self::spawn(&mut command);
        let answer = client.command(&format!("init {options}"));
        assert_eq!(answer["status"], 0, "init {options}: {answer}");
        client
    }

    fn spawn(command: &mut Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the client can be started");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut diagnostics = child.stderr.take().expect("it is piped");
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            // Nobody listens any more once the client was dropped.
            output
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let errors = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&errors);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = diagnostics.read(&mut bytes) {
                sink.lock().unwrap().extend_from_slice(&bytes[..length]);
            }
        });
        Self {
            child,
            input,
            answers,
            errors,
            heard: String::new(),
        }
    }

    /// Sends a command and returns the answer.
    pub fn command(&mut self, line: &str) -> Value {
        assert!(!line.contains('\n'), "a command is one line");
        writeln!(self.input, "{line}").expect("the client reads");
        match self.answers.recv_timeout(HANG) {
            Ok(answer) => {
                self.heard.push_str(&answer);
                self.heard.push('\n');
                serde_json::from_str(&answer).expect("the client answers with JSON")
            }
            Err(RecvTimeoutError::Timeout) => panic!("no answer to: {line}"),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the client ended at: {line}\n{}", self.diagnostics())
            }
        }
    }

    /// Captures an event that has to be accepted; returns its id.
    pub fn capture(&mut self, event: &Value) -> String {
        let answer = self.command(&format!("capture {event}"));
        match answer["event_id"].as_str() {
            Some(event_id) => event_id.to_owned(),
            None => panic!("not accepted: {answer}: {event}"),
        }
    }

    /// Captures a message of a few bytes.
    pub fn capture_text(&mut self, text: &str) -> String {
        self.capture(&json!({"message": text}))
    }

    /// Waits until everything accepted is settled.
    pub fn flush(&mut self) {
        let answer = self.command(&format!("flush {}", HANG.as_millis() / 2));
        assert_eq!(answer["status"], 0, "{answer}: {}", self.command("stats"));
    }

    /// All figures; asserts that each category's add up.
    pub fn stats(&mut self) -> Value {
        let stats = self.command("stats");
        let categories = stats["categories"]
            .as_object()
            .expect("there are categories");
        for (category, counts) in categories {
            let count = |name: &str| counts[name].as_u64().expect("it is a count");
            let settled = count("delivered") + count("discarded") + count("spooled");
            assert_eq!(
                count("captured"),
                settled + count("pending"),
                "{category}: {counts}"
            );
            let reasons = counts["reasons"].as_object().expect("reasons are counted");
            let by_reason: u64 = reasons.values().filter_map(Value::as_u64).sum();
            assert_eq!(count("discarded"), by_reason, "{category}: {counts}");
        }
        stats
    }

    /// Flushes, then asserts how many errors were captured, delivered, and lost for which reasons.
    pub fn assert_settled(&mut self, captured: u64, delivered: u64, reasons: &Value) -> Value {
        self.flush();
        let stats = self.stats();
        let expected = json!({
            "captured": captured, "delivered": delivered, "discarded": captured - delivered,
            "spooled": 0, "pending": 0, "reasons": reasons,
        });
        assert_eq!(
            stats["categories"]["error"],
            expected,
            "{stats}\n{}",
            self.diagnostics()
        );
        stats
    }

    /// Waits until the condition holds for the figures.
    pub fn wait_for(&mut self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + HANG;
        loop {
            let stats = self.stats();
            if condition(&stats) {
                return stats;
            }
            assert!(
                Instant::now() < deadline,
                "not within {HANG:?}: {what}: {stats}"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What the outcome callback heard so far.
    pub fn outcomes(&mut self) -> Vec<Outcome> {
        let answer = self.command("outcomes");
        let outcomes = answer["outcomes"].as_array().expect("it is a list");
        outcomes.iter().map(Outcome::read).collect()
    }

    /// What became of one event; panics unless that was heard exactly once.
    pub fn outcome_of(&mut self, event_id: &str) -> Outcome {
        let mut outcomes = self.outcomes();
        outcomes.retain(|outcome| outcome.event_id == event_id);
        assert_eq!(outcomes.len(), 1, "{event_id}: {outcomes:?}");
        outcomes.remove(0)
    }

    /// What it wrote to standard error so far.
    pub fn diagnostics(&self) -> String {
        String::from_utf8_lossy(&self.errors.lock().unwrap()).into_owned()
    }

    /// Closes the library and ends the process; returns everything it has ever printed.
    pub fn finish(mut self) -> String {
        let answer = self.command("close");
        assert_eq!(answer["status"], 0, "{answer}");
        writeln!(self.input, "exit").expect("the client reads");
        let status = self.child.wait().expect("nobody else waits for it");
        assert!(status.success(), "{status}\n{}", self.diagnostics());
        format!("{}{}", self.heard, self.diagnostics())
    }
}

impl Outcome {
    fn read(outcome: &Value) -> Self {
        let text = |key: &str| outcome[key].as_str().unwrap_or_default().to_owned();
        Self {
            event_id: text("event_id"),
            outcome: text("outcome"),
            reason: text("reason"),
            http_status: outcome["http_status"].as_i64().expect("it is a number"),
            attempts: outcome["attempts"].as_i64().expect("it is a number"),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Fails when it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            eprintln!(
                "--- the client said\n{}{}---",
                self.heard,
                self.diagnostics()
            );
        }
    }
}
