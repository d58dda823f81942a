//! Stack: what each call of the library takes at most, and on how little the calls of every day work.
//!
//! The figures in docs/host-safety.md are those of an optimised build; the tests usually run with one that is not, and
//! takes more: both stand here. `benches/run.py` runs the same program with an optimised one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use host::{Program, RUN_TIMEOUT};
use receiver::Receiver;
use support::{Scratch, assert_success, repository, run};

static PROGRAM: Program = Program::new("host_stack");

const IS_OPTIMISED: bool = !cfg!(debug_assertions);

/// Call, its name in the document, and KiB at most: as documented, and without optimisation.
const MOST: [(&str, &str, usize, usize); 18] = [
    ("options", "sentry_options_new_from_json", 8, 16),
    ("init", "sentry_init", 40, 192),
    ("init_again", "sentry_init", 40, 192),
    ("init_https", "sentry_init", 40, 192),
    ("capture", "sentry_capture", 10, 32),
    ("capture_event", "sentry_capture_event", 10, 32),
    ("log_message", "sentry_log_message", 10, 32),
    ("add_breadcrumb", "sentry_add_breadcrumb", 8, 16),
    ("set_tag", "sentry_set_tag", 8, 16),
    ("sessions", "sentry_start_session", 10, 32),
    ("stats", "sentry_get_stats", 24, 64),
    ("stack_trace", "sentry_value_new_stacktrace", 16, 32),
    ("unwind", "sentry_unwind_stack", 16, 32),
    ("modules", "sentry_get_modules_list", 24, 160),
    ("flush", "sentry_flush", 8, 16),
    ("self_test", "sentry_self_test", 10, 32),
    ("close", "sentry_close", 10, 32),
    (
        "first_call_of_a_child",
        "first call in a forked child",
        16,
        64,
    ),
];

fn run_with_files(scenario: &str) -> String {
    let (receiver, scratch) = (Receiver::start(), Scratch::new(scenario));
    receiver.accept_any_request();
    let mut command = PROGRAM.command(scenario, &receiver.dsn());
    command.current_dir(scratch.path());
    let output = run(&mut command, RUN_TIMEOUT);
    assert_success(&output, scenario);
    String::from_utf8(output.stdout).expect("programs print text")
}

#[test]
fn no_call_takes_more_of_the_stack_than_is_said() {
    let printed = run_with_files("figures");
    assert_eq!(printed.lines().count(), MOST.len(), "{printed}");
    for line in printed.lines() {
        let (name, bytes) = line.split_once(' ').expect("a name and a figure");
        let bytes: usize = bytes.parse().expect("a figure");
        let known = MOST.iter().find(|(known, ..)| *known == name);
        let (_, _, optimised, other) = known.expect("every call has its figure");
        let most = if IS_OPTIMISED { optimised } else { other };
        assert!(
            bytes <= most * 1024,
            "{name}: {bytes} bytes, not {most} KiB"
        );
    }
}

#[test]
fn the_document_says_the_same() {
    let text = std::fs::read_to_string(repository().join("docs/host-safety.md"));
    let text = text.expect("the document is there");
    for (_, name, optimised, _) in MOST {
        let is_row = |line: &&str| line.starts_with('|') && line.contains(name);
        let row = text.lines().find(is_row);
        let row = row.unwrap_or_else(|| panic!("{name} is missing"));
        assert!(row.ends_with(&format!("| {optimised} KiB |")), "{row}");
    }
}

#[test]
fn captures_work_on_the_smallest_stack_and_init_on_a_small_one() {
    let scenarios = if IS_OPTIMISED {
        ["smallest", "init_on_small"]
    } else {
        ["small_for_debug", "init_on_small_for_debug"]
    };
    for scenario in scenarios {
        run_with_files(scenario);
    }
}
