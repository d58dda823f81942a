//! What becomes of events, recorded: a change of how events are read and written must not change a byte by accident.
//!
//! `tests/data/recorded/events.txt` holds inputs and, below each, what became of them. `mutations.txt` beside it holds a
//! line for each input and form with a hash for each of its mutations. Each input is taken in up to three forms: as JSON
//! text, as a value read from that text (or built, where JSON cannot say it), and as what a hook was shown and gave back.
//!
//! Notation: `== scope: name` begins an input, which is the next line. The scopes are those of [`given::scope`]; `crumb`
//! stands for a breadcrumb, `text` for a message as `logger|text`. `«unit*3»` is the unit three times, with its number in
//! the place of `№`; `«\n»` is the character of that escape. In an outcome `=` means the same as from JSON text, and what is
//! long is shortened. Of what a hook gave back there is a hash, since mostly its order alone differs.
//!
//! `RECORDED=write cargo test --lib tests_recorded` writes both files anew. `RECORDED=print cargo test --lib tests_recorded --
//! --nocapture` prints each outcome in full: the output of two checkouts can be compared.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use super::breadcrumb::{self, Crumb};
use super::host_view::{Subject, show};
use super::testing::Given;
use super::time::time_of;
use super::{Event, EventError};
use crate::protocol::level::Level;
use crate::value::tree::Value;

mod given;
mod mutation;
mod notation;

use given::{built, scope};
use mutation::mutations;
use notation::{expanded, hash, shortened};

/// When breadcrumbs without a time were left.
fn now() -> SystemTime {
    time_of("2026-01-01T00:00:00.000001Z").unwrap()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/recorded")
        .join(name)
}

/// An input, as the file has it.
struct Case<'f> {
    scope: &'f str,
    name: &'f str,
    input: &'f str,
}

fn cases(file: &str) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    let mut lines = file.lines();
    while let Some(line) = lines.next() {
        if let Some((scope, name)) = line.strip_prefix("== ").and_then(|it| it.split_once(": ")) {
            let input = lines.next().unwrap_or_default();
            cases.push(Case { scope, name, input });
        }
    }
    cases
}

fn told(result: Result<String, EventError>) -> String {
    result.unwrap_or_else(|error| format!("refused: {:?}, {error}", error.kind))
}

/// A span that was made up is not the same twice.
fn without_random_span(written: &str, input: &str) -> String {
    const KEY: &str = "\"span_id\":\"";
    let Some(start) = written.find(KEY).map(|at| at + KEY.len()) else {
        return written.to_owned();
    };
    match written.get(start..start + 16) {
        Some(span) if !input.contains(span) && span != "e".repeat(16) => {
            written.replace(span, "(made up)")
        }
        _ => written.to_owned(),
    }
}

fn write(given: &Given, event: &Event<'_>, input: &str) -> Result<(String, String), EventError> {
    let (text, written) = given.try_write(event)?;
    let mut line = without_random_span(&text, input);
    if !written.left_out.is_empty() {
        write!(line, " // {}", written.left_out).unwrap();
    }
    Ok((text, line))
}

/// What a hook is shown of an event, and what is sent if it gives that back as it was.
fn through_hook(payload: &str, input: &str) -> Result<String, EventError> {
    let Some(shown) = show(Subject::Event, payload.as_bytes()) else {
        return Ok("not shown".to_owned());
    };
    let back = shown.to_json_text()?;
    let mut returned = shown;
    let mut event = Event::empty();
    event.read_value(&mut returned)?;
    event.recover(payload)?;
    let (text, mut line) = write(&Given::default(), &event, input)?;
    let mut shown = without_random_span(&back, input);
    if mode() != "print" {
        shown = format!("{:016x}", hash(&shown));
        line = match text == payload {
            true => "=".to_owned(),
            false => format!("{:016x}", hash(&line)),
        };
    }
    Ok(format!("{line} (shown: {shown})"))
}

/// What becomes of an event given as JSON text, and of what a hook gives back of it.
fn event_outcomes(given: &Given, text: &str) -> [String; 2] {
    let written = Event::parse(text).and_then(|event| write(given, &event, text));
    match written {
        Ok((payload, line)) => [line, told(through_hook(&payload, text))],
        Err(error) => [told(Err(error)), "nothing".to_owned()],
    }
}

fn value_outcome(given: &Given, value: &mut Value) -> String {
    let json = value.to_json_text().unwrap_or_default();
    let mut event = Event::empty();
    let read = event.read_value(value);
    told(read.and_then(|()| Ok(write(given, &event, &json)?.1)))
}

fn crumb_outcomes(text: Option<&str>, value: Option<&Value>) -> Vec<(&'static str, String)> {
    let line = |crumb: Crumb| match crumb.left_out.is_empty() {
        true => crumb.json,
        false => format!("{} // {}", crumb.json, crumb.left_out),
    };
    let now = now();
    let of_value = |value: &Value| breadcrumb::from_value(value.clone(), now);
    let through_hook = |value: &Value| {
        let kept = of_value(value)?;
        let shown = Value::from_json(&kept.json).unwrap();
        shown.remove_key(b"timestamp").unwrap();
        let back = shown.to_json_text()?;
        breadcrumb::parse_returned(&back, &kept.json, now)
    };
    let mut outcomes = Vec::new();
    if let Some(text) = text {
        outcomes.push(("json ", told(breadcrumb::parse(text, now).map(line))));
    }
    if let Some(value) = value {
        outcomes.push(("value", told(of_value(value).map(line))));
        outcomes.push(("hook ", told(through_hook(value).map(line))));
    }
    outcomes
}

/// What becomes of an input, in each form that it has.
fn outcomes(scope_name: &str, input: &str) -> Vec<(&'static str, String)> {
    if scope_name == "text" {
        let (logger, text) = input.split_once('|').unwrap();
        let logger = Some(logger).filter(|logger| !logger.is_empty());
        let mut event = Event::empty();
        event.set_message(Level::Info, logger, text);
        let written = write(&Given::default(), &event, text).map(|(_, line)| line);
        return vec![
            ("event", told(written)),
            (
                "crumb",
                told(breadcrumb::new_log(now(), Level::Info, logger, text)),
            ),
        ];
    }
    let (text, mut value) = match input.strip_prefix("built:") {
        Some(name) => (None, Some(built(name))),
        None => (Some(input), Value::from_json(input)),
    };
    if scope_name == "crumb" {
        return crumb_outcomes(text, value.as_ref());
    }
    let given = scope(scope_name);
    let mut outcomes = Vec::new();
    let mut hook = None;
    if let Some(text) = text {
        let [json, hooked] = event_outcomes(&given, text);
        outcomes.push(("json ", json));
        hook = Some(hooked);
    }
    if let Some(value) = &mut value {
        outcomes.push(("value", value_outcome(&given, value)));
    }
    if let Some(hook) = hook {
        outcomes.push(("hook ", hook));
    }
    outcomes
}

/// The file with what becomes of its inputs now.
fn recorded_anew(file: &str) -> String {
    let head = file.lines().take_while(|line| !line.starts_with("== "));
    let mut anew = String::new();
    head.for_each(|line| writeln!(anew, "{line}").unwrap());
    for case in cases(file) {
        let Case { scope, name, input } = case;
        writeln!(anew, "== {scope}: {name}\n{input}").unwrap();
        let mut first = None;
        for (form, outcome) in outcomes(scope, &expanded(input)) {
            let is_first = first.is_none();
            let first = first.get_or_insert_with(|| outcome.clone());
            let line = match !is_first && *first == outcome {
                true => "=".to_owned(),
                false => shortened(&outcome),
            };
            writeln!(anew, "  {form} {line}").unwrap();
        }
        writeln!(anew).unwrap();
    }
    anew
}

/// Inputs that are mutated: what is not too long to be taken so often, and not too short to be worth it.
fn mutated_cases(file: &str) -> impl Iterator<Item = (Case<'_>, String)> {
    let cases = cases(file).into_iter();
    let cases = cases.map(|case| {
        let input = expanded(case.input);
        (case, input)
    });
    cases.filter(|(case, input)| {
        case.scope != "text"
            && !case.input.starts_with("built:")
            && (30..30_000).contains(&input.len())
    })
}

/// A line for each input and form: a hash for each mutation.
fn mutations_anew(file: &str, mut see: impl FnMut(&str, u32, &str, &str, &str)) -> String {
    let mut anew = String::new();
    for (case, input) in mutated_cases(file) {
        let mut lines = [
            ("json ", String::new()),
            ("value", String::new()),
            ("hook ", String::new()),
        ];
        for (number, text) in (0..).zip(mutations(case.name, &input)) {
            let found = outcomes(case.scope, &text);
            for (form, line) in &mut lines {
                let outcome = found.iter().find(|(name, _)| name == form);
                let outcome = outcome.map_or("", |(_, outcome)| outcome);
                see(case.name, number, form, &text, outcome);
                write!(line, " {:06x}", hash(outcome) & 0xff_ffff).unwrap();
            }
        }
        writeln!(anew, "{}: {}", case.scope, case.name).unwrap();
        for (form, line) in lines {
            writeln!(anew, "  {form}{line}").unwrap();
        }
    }
    anew
}

fn mode() -> String {
    std::env::var("RECORDED").unwrap_or_default()
}

fn check(name: &str, recorded: &str, now: &str) {
    if mode() == "write" {
        fs::write(path(name), now).unwrap();
        return;
    }
    let lines = recorded.lines().zip(now.lines());
    let different: Vec<_> = lines
        .enumerate()
        .filter(|(_, (before, now))| before != now)
        .map(|(place, (before, now))| format!("line {}\n  {before}\n  {now}", place + 1))
        .collect();
    assert!(
        recorded == now,
        "{} lines of {name} are different:\n{}",
        different.len(),
        different[..different.len().min(5)].join("\n")
    );
}

#[test]
fn events_are_written_as_recorded() {
    let file = fs::read_to_string(path("events.txt")).unwrap();
    if mode() == "print" {
        for case in cases(&file) {
            for (form, outcome) in outcomes(case.scope, &expanded(case.input)) {
                println!("{} | {form} | {outcome}", case.name);
            }
        }
    }
    check("events.txt", &file, &recorded_anew(&file));
}

#[test]
fn mutated_events_are_written_as_recorded() {
    let file = fs::read_to_string(path("events.txt")).unwrap();
    let is_printed = mode() == "print";
    let now = mutations_anew(&file, |name, number, form, text, outcome| {
        if is_printed {
            println!("{name} {number} | {form} | {text:?} | {outcome}");
        }
    });
    let recorded = fs::read_to_string(path("mutations.txt")).unwrap_or_default();
    check("mutations.txt", &recorded, &now);
}
