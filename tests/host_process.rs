//! The process around the library: nothing but its own memory, thread and descriptors changes, and those end with it.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use host::{Program, RUN_TIMEOUT, distinct_ids, messages};
use receiver::{Receiver, Reply};
use support::{Scratch, Standard, assert_success, compile, library_dir, run, static_flags};

static PROGRAM: Program = Program::new("host_process");
static DESCRIPTORS: Program = Program::new("host_descriptors");

#[test]
fn environment_directory_and_locale_stay_and_nothing_is_printed() {
    let receiver = Receiver::start();
    let scratch = Scratch::new("surroundings");
    let mut command = PROGRAM.command("surroundings", &receiver.dsn());
    command
        .current_dir(scratch.path())
        .env("SSL_CERT_FILE", "/nowhere/cert.pem")
        .env("http_proxy", "");
    let output = run(&mut command, RUN_TIMEOUT);
    assert_success(&output, "surroundings");
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&b""[..], &b""[..])
    );
    assert_eq!(
        fs::read_dir(scratch.path()).unwrap().count(),
        0,
        "nothing may be written where the host runs"
    );
    assert_eq!(messages(&receiver), ["surroundings"; 3]);
}

#[test]
fn the_hosts_locale_changes_no_number() {
    let (receiver, _) = PROGRAM.run_against_receiver("locale");
    assert_eq!(receiver.events()[0]["extra"]["half"], 0.5);
}

#[test]
fn a_thousand_lives_leave_no_descriptor_no_thread_and_no_memory_behind() {
    let (receiver, _) = PROGRAM.run_against_receiver("many_lives");
    assert_eq!(distinct_ids(&receiver).len(), 101);
}

#[test]
fn a_program_that_the_host_starts_inherits_no_descriptor_of_ours() {
    let receiver = Receiver::start();
    // Long enough that the request is under way while the program looks around.
    receiver.set_default(Reply::ok().delayed(Duration::from_millis(30)));
    receiver.script([Reply::ok().delayed(Duration::from_millis(1000))]);
    PROGRAM.run("descriptors", &receiver.dsn());
    assert_eq!(distinct_ids(&receiver).len(), 20);
}

#[test]
fn descriptors_that_the_host_hands_down_stay_as_they_are() {
    PROGRAM.run_against_receiver("descriptors_of_the_host");
}

#[test]
fn what_the_library_opens_never_gets_the_number_of_a_standard_stream() {
    for scenario in ["closed_before", "closed_later"] {
        let (receiver, scratch) = (Receiver::start(), Scratch::new(scenario));
        receiver.set_default(Reply::ok().delayed(Duration::from_millis(30)));
        receiver.accept_any_request();
        let mut command = DESCRIPTORS.command(scenario, &receiver.dsn());
        command.current_dir(scratch.path());
        assert_success(&run(&mut command, RUN_TIMEOUT), scenario);
        assert_eq!(messages(&receiver), ["without output"; 5]);
    }
}

#[test]
fn a_child_may_close_all_it_inherited_and_use_the_numbers() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("daemonised"));
    receiver.accept_any_request();
    let mut command = DESCRIPTORS.command("daemonised", &receiver.dsn());
    command.current_dir(scratch.path());
    assert_success(&run(&mut command, RUN_TIMEOUT), "daemonised");
    assert_eq!(messages(&receiver), ["daemon", "daemon", "parent"]);
}

#[test]
fn without_descriptors_init_fails_and_works_again_later() {
    let (receiver, _) = PROGRAM.run_against_receiver("no_descriptors");
    assert!(messages(&receiver).contains(&"enough descriptors".to_owned()));
}

#[test]
fn the_library_can_be_loaded_and_unloaded_again_and_again() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("host_dlopen"));
    let program = scratch.join("host_dlopen");
    compile(
        "tests/c/host_dlopen.c",
        Standard::C99,
        &program,
        &["-ldl".into()],
    );
    // A name of its own, so that nothing else in the search path is meant.
    let library = scratch.join("libsentry-loaded.so");
    symlink(library_dir().join("libsentry.so"), &library).unwrap();
    let mut command = Command::new(program);
    command
        .arg(library)
        .arg(receiver.dsn())
        .env_remove("SENTRY_DSN");
    assert_success(&run(&mut command, RUN_TIMEOUT), "host_dlopen");
    assert_eq!(distinct_ids(&receiver).len(), 90);
}

#[test]
fn a_program_linked_with_the_static_library_does_the_same() {
    let scratch = Scratch::new("host_static_library");
    let program = scratch.join("host_process");
    compile(
        "tests/c/host_process.c",
        Standard::C99,
        &program,
        &static_flags(),
    );
    for (scenario, events) in [("surroundings", 3), ("descriptors_of_the_host", 1)] {
        let receiver = Receiver::start();
        let mut command = Command::new(&program);
        command
            .args([scenario, &receiver.dsn()])
            .env_remove("SENTRY_DSN");
        assert_success(&run(&mut command, RUN_TIMEOUT), scenario);
        assert_eq!(distinct_ids(&receiver).len(), events, "{scenario}");
    }
}

/// A program that stands between the library and the C library.
fn run_between(source: &str, arguments: &[&str]) -> String {
    let scratch = Scratch::new(source);
    let program = scratch.join("program");
    let mut flags = support::shared_flags();
    flags.extend(["-rdynamic".into(), "-lpthread".into()]);
    let source = format!("tests/c/{source}.c");
    compile(&source, Standard::Cxx17, &scratch.join("as-cxx"), &flags);
    compile(&source, Standard::C99, &program, &flags);
    let mut command = Command::new(program);
    command.args(arguments).current_dir(scratch.path());
    let output = run(&mut command, RUN_TIMEOUT);
    assert_success(&output, &format!("{arguments:?}"));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_must_survive_a_power_failure_is_written_through_with_its_name() {
    let port = receiver::closed_port().unwrap();
    let dsn = format!("http://publickey@127.0.0.1:{}/42", port.port());
    run_between("host_sync", &["envelope,consent,spooled", &dsn]);
}

#[test]
fn a_stream_of_captures_wakes_nobody_and_an_idle_library_does_not_wake() {
    let receiver = Receiver::start();
    for (scenario, events) in [("stream", 301), ("sleeper", 10), ("idle", 1)] {
        let before = distinct_ids(&receiver).len();
        run_between("host_wake", &[scenario, &receiver.dsn()]);
        let delivered = distinct_ids(&receiver).len().abs_diff(before);
        assert_eq!(delivered, events, "{scenario}");
    }
}
