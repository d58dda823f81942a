//! The receiver as a program: options, commands, answers.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a failing test may panic"
)]

mod client;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use client::{envelope, id, request};

/// The running program.
struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_receiver"));
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let port = line
            .trim()
            .strip_prefix("dsn http://publickey@127.0.0.1:")
            .unwrap();
        let port = port.strip_suffix("/42").unwrap().parse().unwrap();
        Self {
            child,
            input,
            output,
            port,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Sends a command and reads the first line of the answer.
    fn ask(&mut self, command: &str) -> String {
        writeln!(self.input, "{command}").unwrap();
        self.line()
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// Posts an event on a connection of its own; returns the status line.
    fn post(&self, event_id: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(&request(&envelope(event_id))).unwrap();
        status_line(stream)
    }

    /// Ends it by the end of its input.
    fn end(self) {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}

fn status_line(stream: TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

#[test]
fn counts_ids_and_events_can_be_asked_for() {
    let mut program = Program::start(&[]);
    assert_eq!(program.ask("last"), "null");
    assert_eq!(program.ask("wait 1 20"), "wait timeout 0");
    assert_eq!(program.post(&id('a')), "HTTP/1.1 200 OK");
    assert_eq!(program.ask("status 503"), "mode status 503");
    assert_eq!(program.post(&id('b')), "HTTP/1.1 503 Service Unavailable");
    assert_eq!(program.ask("wait 2 20000"), "wait ok 2");
    assert_eq!(program.ask("wait-requests 2 20000"), "wait-requests ok 2");
    assert_eq!(program.ask("count"), "count 2 2");
    assert_eq!(program.ask("ids"), format!("ids {} {}", id('a'), id('b')));
    assert_eq!(program.ask("accepted"), format!("accepted {}", id('a')));
    assert_eq!(program.ask("violations"), "violations 0");
    let mut text = program.ask("last");
    while !text.ends_with("\n}") {
        text = text + "\n" + &program.line();
    }
    let event: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(event["event_id"], id('b'));
    program.end();
}

#[test]
fn a_hanging_program_answers_after_ok() {
    let mut program = Program::start(&["--mode", "hang"]);
    let mut stream = program.connect();
    stream.write_all(&request(&envelope(&id('a')))).unwrap();
    assert_eq!(program.ask("count"), "count 0 0");
    assert_eq!(program.ask("ok"), "mode ok");
    assert_eq!(status_line(stream), "HTTP/1.1 200 OK");
    assert_eq!(program.ask("count"), "count 1 1");
    program.end();
}

#[test]
fn a_refusing_program_listens_again_after_ok() {
    let mut program = Program::start(&["--mode=status=500"]);
    assert_eq!(program.post(&id('a')), "HTTP/1.1 500 Internal Server Error");
    assert_eq!(program.ask("refuse"), "mode refuse");
    assert!(TcpStream::connect(("127.0.0.1", program.port)).is_err());
    assert_eq!(program.ask("ok"), "mode ok");
    assert_eq!(program.post(&id('b')), "HTTP/1.1 200 OK");
    program.end();
}

#[test]
fn violations_are_listed_and_unknown_commands_are_errors() {
    let mut program = Program::start(&[]);
    let mut stream = program.connect();
    stream
        .write_all(b"GET /api/42/envelope/ HTTP/1.1\r\n\r\n")
        .unwrap();
    status_line(stream);
    let answer = program.ask("violations");
    let count: usize = answer.strip_prefix("violations ").unwrap().parse().unwrap();
    assert!(count > 0);
    for _ in 0..count {
        assert!(program.line().ends_with("(request 0)"));
    }
    assert!(program.ask("dance").starts_with("error unknown mode"));
    assert!(program.ask("wait x y").starts_with("error "));
    assert_eq!(program.ask("release"), "release");
    assert_eq!(program.ask("drop"), "drop");
    program.end();
}

#[test]
fn printed_events_are_one_line_each_and_quit_ends_the_program() {
    let mut program = Program::start(&["--print"]);
    for digit in ['a', 'b'] {
        program.post(&id(digit));
        let event: serde_json::Value = serde_json::from_str(&program.line()).unwrap();
        assert_eq!(event["event_id"], id(digit));
    }
    writeln!(program.input, "quit").unwrap();
    let mut rest = String::new();
    program.output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert!(program.child.wait().unwrap().success());
}

#[test]
fn a_wrong_command_line_is_refused_with_the_usage() {
    for arguments in [
        ["--port", "x"],
        ["--mode", "x"],
        ["--port", "70000"],
        ["--print", "more"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_receiver"))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage: receiver"));
        assert!(output.stdout.is_empty());
    }
}
