//! A server that speaks TLS and HTTP/2 and misbehaves as told.
//!
//! Entry point: [`Http2Server::start`]. The program is `http2_server.py`; it says which manners there are.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Stdio};

use receiver::{PROJECT_ID, PUBLIC_KEY};
use serde_json::Value;

use super::{certificates, python_program};
use crate::support::Scratch;

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Http2Server {
    child: Child,
    answers: Lines<BufReader<ChildStdout>>,
    port: u16,
    scratch: Scratch,
}

/// What a server has seen so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Requests that came in whole, on each connection in the order in which they were made.
    pub requests: Vec<u64>,
    /// Ids of the events that were answered with 200.
    pub accepted: Vec<String>,
}

impl Http2Server {
    /// Starts it on a free port; the connections behave in these manners, one after the other.
    pub fn start(manners: &[&str]) -> Self {
        let scratch = Scratch::new("http2");
        certificates::write_to(scratch.path());
        let mut child = python_program("http2_server.py")
            .arg(scratch.join("good.pem"))
            .args(manners)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server can be started");
        let mut answers = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let port = answers.next().unwrap().unwrap().parse().unwrap();
        Self {
            child,
            answers,
            port,
            scratch,
        }
    }

    /// Its DSN.
    pub fn dsn(&self) -> String {
        format!("https://{PUBLIC_KEY}@127.0.0.1:{}/{PROJECT_ID}", self.port)
    }

    /// The CA that signed its certificate.
    pub fn ca(&self) -> String {
        let path = self.scratch.join("ca.pem");
        path.to_str().expect("test paths are UTF-8").to_owned()
    }

    /// What it has seen so far.
    pub fn report(&mut self) -> Report {
        let input = self.child.stdin.as_mut().expect("it is piped");
        writeln!(input).expect("the server reads");
        let line = self.answers.next().expect("the server answers").unwrap();
        let report: Value = serde_json::from_str(&line).unwrap();
        Report {
            requests: serde_json::from_value(report["requests"].clone()).unwrap(),
            accepted: serde_json::from_value(report["accepted"].clone()).unwrap(),
        }
    }
}

impl Report {
    /// All requests that came in whole.
    pub fn all_requests(&self) -> u64 {
        self.requests.iter().sum()
    }
}

impl Drop for Http2Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
