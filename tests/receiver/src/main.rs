//! The receiver as a program, for shell scripts and other languages.
//!
//! Decides its options and commands; everything else is the library. Entry point: `main`.
//!
//! ```text
//! receiver [--port N] [--mode MODE] [--print]
//! ```
//!
//! The first line on standard output is `dsn DSN`. Then it reads one command per line, and answers each with at least
//! one line, so that a script knows when a command has taken effect; it ends at `quit` and at the end of its input.
//!
//! | command | answer |
//! |---|---|
//! | a mode (`ok`, `hang`, `refuse`, `status 503`, …) | `mode MODE`; `ok` also lets everything that hangs go on |
//! | `release`, `drop` | the command: what hangs goes on; open connections are closed |
//! | `count` | `count REQUESTS EVENTS` |
//! | `wait N MS` | `wait ok EVENTS` once N events arrived, `wait timeout EVENTS` after MS milliseconds |
//! | `wait-requests N MS` | the same for requests |
//! | `ids` | `ids` and the ids of all events, on one line |
//! | `accepted` | `accepted` and the ids of the events that were answered with 2xx, on one line |
//! | `last` | the last event as indented JSON, which ends with the line `}`; `null` when there is none |
//! | `violations` | `violations N`, then N lines |
//!
//! With `--print` each event is also printed as one line of JSON when it arrives.

mod mode;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use receiver::{Receiver, Reply, State};
use serde_json::Value;

use mode::{Mode, parse_milliseconds};

/// What the command line asks for.
struct Arguments {
    port: u16,
    mode: Option<Mode>,
    prints_events: bool,
}

fn main() -> ExitCode {
    let arguments = match parse_arguments(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!(
                "receiver: {problem}\nusage: receiver [--port N] [--mode MODE] [--print]\nmodes: {}",
                mode::NAMES
            );
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads the answers any more: the script has ended.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("receiver: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse_arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        port: 0,
        mode: None,
        prints_events: false,
    };
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let mut value = || {
            inline
                .clone()
                .or_else(|| words.next())
                .ok_or(format!("{name} needs a value"))
        };
        match name {
            "--port" => {
                let text = value()?;
                arguments.port = text.parse().map_err(|_| format!("{text:?} is no port"))?;
            }
            "--mode" => arguments.mode = Some(Mode::parse(&value()?)?),
            "--print" => arguments.prints_events = true,
            _ => return Err(format!("unknown argument {word:?}")),
        }
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> io::Result<()> {
    let receiver = Arc::new(Receiver::start_on(arguments.port)?);
    if let Some(mode) = &arguments.mode {
        apply(&receiver, mode)?;
    }
    say(&format!("dsn {}", receiver.dsn()))?;
    let is_over = Arc::new(AtomicBool::new(false));
    let printer = arguments.prints_events.then(|| {
        let (receiver, is_over) = (Arc::clone(&receiver), Arc::clone(&is_over));
        thread::spawn(move || print_events(&receiver, &is_over))
    });
    let result = answer_commands(&receiver);
    is_over.store(true, Ordering::SeqCst);
    // A release changes the state, which makes the printer look at the flag.
    receiver.release();
    match printer.map(thread::JoinHandle::join) {
        Some(Ok(printed)) => result.and(printed),
        Some(Err(_)) => Err(io::Error::other("the printing thread panicked")),
        None => result,
    }
}

fn answer_commands(receiver: &Receiver) -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        match line?.trim() {
            "" => {}
            "quit" => break,
            command => say(&answer(receiver, command)?)?,
        }
    }
    Ok(())
}

/// Carries out one command; returns the lines to print.
fn answer(receiver: &Receiver, command: &str) -> io::Result<String> {
    let mut words = command.split_whitespace();
    Ok(
        match (
            words.next().unwrap_or_default(),
            words.next(),
            words.next(),
            words.next(),
        ) {
            ("release", None, ..) => {
                receiver.release();
                command.to_owned()
            }
            ("drop", None, ..) => {
                receiver.drop_connections();
                command.to_owned()
            }
            ("count", None, ..) => format!(
                "count {} {}",
                receiver.requests().len(),
                receiver.events().len()
            ),
            ("wait", Some(count), Some(time), None) => {
                wait(receiver, "wait", count, time, |state| state.events().len())
            }
            ("wait-requests", Some(count), Some(time), None) => {
                wait(receiver, "wait-requests", count, time, |state| {
                    state.requests().len()
                })
            }
            ("ids", None, ..) => one_line("ids", &receiver.event_ids()),
            ("accepted", None, ..) => one_line("accepted", &receiver.accepted_event_ids()),
            ("last", None, ..) => format!("{:#}", receiver.events().pop().unwrap_or(Value::Null)),
            ("violations", None, ..) => {
                let violations = receiver.violations();
                let lines = violations
                    .iter()
                    .map(|violation| format!("\n{}", violation.replace('\n', " ")));
                format!(
                    "violations {}{}",
                    violations.len(),
                    lines.collect::<String>()
                )
            }
            _ => match Mode::parse(command) {
                Ok(mode) => {
                    apply(receiver, &mode)?;
                    format!("mode {command}")
                }
                Err(problem) => format!("error {problem}"),
            },
        },
    )
}

fn wait(
    receiver: &Receiver,
    name: &str,
    count: &str,
    time: &str,
    counted: fn(&State) -> usize,
) -> String {
    let (count, time) = match (count.parse::<usize>(), parse_milliseconds(time)) {
        (Ok(count), Ok(time)) => (count, time),
        _ => return format!("error {name} needs a count and a time in milliseconds"),
    };
    let mut found = 0;
    let is_reached = receiver.wait_until(time, |state| {
        found = counted(state);
        found >= count
    });
    format!(
        "{name} {} {found}",
        if is_reached { "ok" } else { "timeout" }
    )
}

fn one_line(name: &str, ids: &[String]) -> String {
    ids.iter().fold(name.to_owned(), |line, id| line + " " + id)
}

/// Makes the receiver behave like this from the next request on.
fn apply(receiver: &Receiver, mode: &Mode) -> io::Result<()> {
    match mode {
        Mode::Ok => {
            receiver.set_default(Reply::ok());
            receiver.release();
        }
        Mode::Answer(reply) => receiver.set_default(reply.clone()),
        Mode::Refuse => {
            receiver.refuse();
            return Ok(());
        }
    }
    receiver.listen()
}

/// Prints each event once, as one line, until it is over.
fn print_events(receiver: &Receiver, is_over: &AtomicBool) -> io::Result<()> {
    let mut printed: usize = 0;
    loop {
        let mut lines = Vec::new();
        receiver.wait_until(Duration::MAX, |state| {
            lines.extend(state.events().iter().skip(printed).map(Value::to_string));
            !lines.is_empty() || is_over.load(Ordering::SeqCst)
        });
        if lines.is_empty() {
            return Ok(());
        }
        printed = printed.saturating_add(lines.len());
        say(&lines.join("\n"))?;
    }
}

/// Prints at once: the reader waits for it.
fn say(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}")?;
    output.flush()
}
