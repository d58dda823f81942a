//! libcurl in the host's process: the library calls its own and never another one that is found first by name, and it
//! sets libcurl up when it is initialised, not when it is loaded.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::ffi::OsString;
use std::fs;
use std::process::Command;

use host::{RUN_TIMEOUT, messages};
use receiver::Receiver;
use support::{Scratch, Standard, assert_success, compile, run, shared_flags, static_flags};

#[test]
fn the_library_never_calls_a_foreign_libcurl() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("host_curl"));
    let (versions, foreign) = (scratch.join("versions"), scratch.join("libforeign.so"));
    fs::write(&versions, "FOREIGN_1 { global: curl_*; local: *; };\n").unwrap();
    let mut script = OsString::from("-Wl,--version-script=");
    script.push(&versions);
    let as_library = ["-shared".into(), "-fPIC".into(), script];
    compile(
        "tests/c/foreign_curl.c",
        Standard::C99,
        &foreign,
        &as_library,
    );
    let program = scratch.join("host_curl");
    let mut flags = vec![foreign.into_os_string()];
    flags.extend(shared_flags());
    compile("tests/c/host_curl.c", Standard::C99, &program, &flags);
    let mut command = Command::new(program);
    command
        .args(["deliver", &receiver.dsn()])
        .env_remove("SENTRY_DSN");
    assert_success(&run(&mut command, RUN_TIMEOUT), "deliver");
    assert_eq!(messages(&receiver), ["through the right libcurl"]);
}

/// Runs a scenario with the program's functions found before those of the libraries.
fn run_setup(scenario: &str, flags: Vec<OsString>) -> Receiver {
    let (receiver, scratch) = (Receiver::start(), Scratch::new(scenario));
    let program = scratch.join("host_curl_setup");
    let mut flags = flags;
    flags.extend(["-rdynamic".into(), "-ldl".into()]);
    let source = "tests/c/host_curl_setup.c";
    compile(source, Standard::Cxx17, &scratch.join("as-cxx"), &flags);
    compile(source, Standard::C99, &program, &flags);
    let mut command = Command::new(program);
    command
        .args([scenario, &receiver.dsn()])
        .env_remove("SENTRY_DSN");
    assert_success(&run(&mut command, RUN_TIMEOUT), scenario);
    receiver
}

#[test]
fn libcurl_is_set_up_by_the_first_init_and_once() {
    for flags in [shared_flags(), static_flags()] {
        let receiver = run_setup("only_by_init", flags);
        assert_eq!(messages(&receiver), ["child", "first", "second"]);
    }
}

#[test]
fn a_child_that_was_forked_while_libcurl_was_set_up_hangs_nowhere() {
    run_setup("forked_meanwhile", shared_flags());
}
