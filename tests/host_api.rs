//! The interface as a careless program uses it: wrong order, wrong arguments, NULL everywhere, every option.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use host::{Program, RUN_TIMEOUT, messages};
use receiver::Receiver;
use support::header::{self, Function};
use support::{Scratch, Standard, assert_success, compile_c, repository, run};

static ORDER: Program = Program::new("api_order");
static OPTIONS: Program = Program::new("api_options");

#[test]
fn calls_before_init_and_after_close_are_safe_and_answered() {
    let (receiver, _) = ORDER.run_against_receiver("idle");
    assert_eq!(
        messages(&receiver),
        ["first life", "second life", "third life"]
    );
    let tagged = |event: &serde_json::Value| event.pointer("/tags/old").is_some();
    assert!(!receiver.events().iter().any(tagged));
}

#[test]
fn an_init_delivers_what_the_client_before_it_had_queued() {
    let (receiver, _) = ORDER.run_against_receiver("replaced");
    assert_eq!(messages(&receiver), ["replaced"; 5]);
}

#[test]
fn a_failed_init_leaves_a_library_that_can_be_used_again() {
    let (receiver, _) = ORDER.run_against_receiver("failed");
    assert_eq!(messages(&receiver), ["after a failure"; 3]);
}

#[test]
fn without_a_usable_dsn_everything_is_a_no_op() {
    let (receiver, _) = ORDER.run_against_receiver("disabled");
    assert_eq!(messages(&receiver), Vec::<String>::new());
}

#[test]
fn wrong_arguments_are_refused_with_a_status() {
    let (receiver, _) = ORDER.run_against_receiver("arguments");
    assert_eq!(messages(&receiver), ["short"]);
}

#[test]
fn ids_are_read_and_written() {
    ORDER.run("uuids", "");
}

#[test]
fn memory_is_of_one_allocator() {
    let receiver = Receiver::start();
    receiver.accept_any_request();
    ORDER.run("memory", &receiver.dsn());
    ORDER.run("no_memory", "");
}

#[test]
fn options_end_exactly_once() {
    ORDER.run_against_receiver("ownership");
}

#[test]
fn every_option_keeps_what_its_setter_takes() {
    OPTIONS.run("round_trip", "");
}

#[test]
fn no_option_of_the_header_is_missing_in_the_round_trip() {
    let program = fs::read_to_string(repository().join("tests/c/api_options.c")).unwrap();
    let names = names_behind("sentry_options_set_");
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let is_there = [
            format!("sentry_options_set_{name}("),
            format!("sentry_options_set_{name},"),
            format!("NUMBER({name},"),
            format!("TEXT_OPTION({name})"),
            format!("PLAIN({name},"),
            format!("UNREAD({name},"),
            format!("HOOK({name})"),
        ]
        .iter()
        .any(|spelling| program.contains(spelling.as_str()));
        assert!(is_there, "tests/c/api_options.c does not set {name}");
    }
}

/// What follows the prefix in the names of declared functions, without the twins that take lengths.
fn names_behind(prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = declarations()
        .into_iter()
        .filter_map(|(name, _)| name.strip_prefix(prefix).map(str::to_owned))
        .collect();
    let all = names.clone();
    names.retain(|name| {
        name.strip_suffix("_n")
            .is_none_or(|plain| !all.iter().any(|other| other == plain))
    });
    names
}

/// Each declared function with its parameters.
fn declarations() -> Vec<(String, Vec<String>)> {
    let parameters = |function: &Function| {
        let mut parameters = vec![String::new()];
        let mut depth = 0;
        for letter in function.parameters.chars() {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            // Commas inside of brackets belong to a function that is a parameter.
            if letter == ',' && depth == 0 {
                parameters.push(String::new());
            } else {
                parameters.last_mut().unwrap().push(letter);
            }
        }
        let parameters = parameters.iter().map(|it| it.trim().to_owned());
        parameters.filter(|it| it != "void").collect()
    };
    let functions = header::functions();
    functions
        .iter()
        .map(|function| (function.name.clone(), parameters(function)))
        .collect()
}

/// A statement that calls the function with NULL for every pointer and `fill` in every byte of every number. None for
/// functions that take a `va_list`, which has no value to make up.
fn careless_call(name: &str, parameters: &[String], fill: &str) -> Option<String> {
    let mut variables = String::new();
    let mut arguments = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        if parameter == "..." {
            continue;
        }
        if parameter.contains("va_list") {
            return None;
        }
        if parameter.contains('*') {
            arguments.push("NULL".to_owned());
            continue;
        }
        let kind = parameter.rsplit_once(' ').unwrap().0;
        if kind.ends_with("_function_t") || kind.ends_with("_func_t") || kind.ends_with("_function")
        {
            arguments.push("NULL".to_owned());
        } else if kind.ends_with("sentry_value_t") {
            arguments.push("sentry_value_new_null()".to_owned());
        } else {
            write!(
                variables,
                "{kind} a{index}; memset(&a{index}, {fill}, sizeof a{index}); "
            )
            .unwrap();
            arguments.push(format!("a{index}"));
        }
    }
    Some(format!(
        "    {{ {variables}trace(\"{name}\"); (void){name}({}); }}\n",
        arguments.join(", ")
    ))
}

/// Calls that end or replace the library come last, so that the others meet the state they are meant for.
const LAST: [&str; 4] = [
    "sentry_init",
    "sentry_close",
    "sentry_shutdown",
    "sentry_self_test",
];

#[test]
fn null_and_nonsense_everywhere_harm_nothing_in_any_state() {
    let (scratch, receiver) = (Scratch::new("careless"), Receiver::start());
    receiver.accept_any_request();
    let mut declared = declarations();
    assert!(declared.len() > 80, "{declared:?}");
    declared.sort_by_key(|(name, _)| LAST.contains(&name.as_str()));
    let mut source = String::from(
        "#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n#define _POSIX_C_SOURCE 200809L\n#include <sentry.h>\n#include <stdio.h>\n#include <string.h>\n\
         #include <unistd.h>\n\
         /* The last line on standard error names the culprit. */\n\
         static void trace(const char *name) { fprintf(stderr, \"%s\\n\", name); }\n",
    );
    for (kind, fill) in [("zero", "0"), ("ones", "0xff"), ("large", "0x7f")] {
        writeln!(source, "static void call_with_{kind}(void)\n{{").unwrap();
        let calls: Vec<String> = declared
            .iter()
            .filter_map(|(name, parameters)| careless_call(name, parameters, fill))
            .collect();
        assert!(calls.len() + 10 > declared.len());
        source.extend(calls);
        source.push_str("}\n");
    }
    source.push_str(
        "static void start(const char *dsn)\n{\n    sentry_options_t *options = sentry_options_new();\n    \
         sentry_options_set_dsn(options, dsn);\n    if (sentry_init(options) != 0) _exit(90);\n}\n\
         int main(int argc, char **argv)\n{\n    if (argc != 2) return 91;\n    alarm(60);\n",
    );
    for kind in ["zero", "ones", "large"] {
        writeln!(
            source,
            "    call_with_{kind}();\n    start(argv[1]);\n    call_with_{kind}();\n    call_with_{kind}();"
        )
        .unwrap();
    }
    source.push_str(
        "    start(argv[1]);\n    if (sentry_capture(\"{\\\"message\\\":\\\"still well\\\"}\", NULL) != SENTRY_STATUS_OK) return 92;\n    \
         return sentry_close();\n}\n",
    );
    for standard in [Standard::C99, Standard::Cxx17] {
        let file = scratch.join("careless.c");
        fs::write(&file, &source).unwrap();
        let program = scratch.join(&format!("careless-{standard:?}"));
        compile_c(file.to_str().unwrap(), standard, &program);
        let mut command = Command::new(program);
        command.arg(receiver.dsn()).env_remove("SENTRY_DSN");
        assert_success(&run(&mut command, RUN_TIMEOUT), "careless");
    }
    let wells = messages_with(&receiver, "still well");
    assert_eq!(wells, 2);
}

fn messages_with(receiver: &Receiver, message: &str) -> usize {
    let is_it = |event: &&serde_json::Value| {
        event
            .pointer("/logentry/formatted")
            .is_some_and(|text| text == message)
    };
    receiver.events().iter().filter(is_it).count()
}
