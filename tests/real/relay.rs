//! Relay's validation.
//!
//! Entry point: [`objections`].

use std::fs;
use std::io::Write;

use serde_json::Value;

use super::{HANG, python_program};
use crate::support::{Scratch, assert_success, run};

/// Something that Relay does not take as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Where in the event.
    pub path: String,
    /// What is done with it.
    pub what: String,
}

/// What Relay has against each event, given as the text that was sent: nothing for one that it keeps as it is.
pub fn objections(events: &[String]) -> Vec<Vec<Objection>> {
    let scratch = Scratch::new("relay");
    let file = scratch.join("events");
    let mut lines = Vec::new();
    for event in events {
        writeln!(lines, "{}", Value::from(event.as_str())).unwrap();
    }
    fs::write(&file, lines).unwrap();
    let output = run(python_program("relay_check.py").arg(file), HANG);
    assert_success(&output, "relay_check.py");
    let printed = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Vec<Objection>> = printed
        .lines()
        .map(|line| {
            let pairs: Vec<(String, String)> = serde_json::from_str(line).unwrap();
            let objection = |(path, what)| Objection { path, what };
            pairs.into_iter().map(objection).collect()
        })
        .collect();
    assert_eq!(answers.len(), events.len());
    answers
}
