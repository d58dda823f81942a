//! The conformance programs under AddressSanitizer and UndefinedBehaviorSanitizer: their allocator and leak check see
//! what the library does with memory from `malloc`, and what the programs do with what the library gives them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use receiver::Receiver;
use support::{Scratch, assert_success, programs, repository, run, runtime_dir, shared_flags};

const TIMEOUT: Duration = Duration::from_secs(180);

fn compile(name: &str, binary: &Path) {
    let mut command = Command::new("cc");
    command
        .current_dir(repository())
        .args(["-std=c99", "-g", "-O1", "-fno-omit-frame-pointer"])
        .args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"])
        .arg("-Iinclude")
        .arg(format!("tests/c/{name}.c"))
        .arg("-o")
        .arg(binary)
        .args(shared_flags());
    assert_success(&run(&mut command, TIMEOUT), &format!("compiling {name}"));
}

fn check(name: &str) {
    let scratch = Scratch::new(&format!("sanitized-{name}"));
    let binary = scratch.join("program");
    compile(name, &binary);
    let receiver = Receiver::start();
    receiver.accept_any_request();
    let directory = scratch.join("directory");
    fs::create_dir(&directory).expect("the scratch directory is writable");
    let mut command = Command::new(&binary);
    command
        .current_dir(scratch.path())
        .args(programs::arguments(name, &receiver.dsn(), &directory))
        .env("LD_LIBRARY_PATH", runtime_dir())
        .env("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0");
    assert_success(&run(&mut command, TIMEOUT), name);
}

#[test]
fn the_conformance_programs_are_clean_under_the_sanitizers() {
    let programs = programs::names();
    assert!(programs.len() >= 10, "{programs:?}");
    // Two at a time: each is a compiler run and a short program.
    let failed: Vec<String> = thread::scope(|scope| {
        let halves = [0, 1].map(|half| {
            let programs = &programs;
            scope.spawn(move || {
                programs
                    .iter()
                    .skip(half)
                    .step_by(2)
                    .filter(|name| std::panic::catch_unwind(|| check(name)).is_err())
                    .cloned()
                    .collect::<Vec<_>>()
            })
        });
        halves
            .into_iter()
            .flat_map(|half| half.join().expect("panics are caught inside"))
            .collect()
    });
    assert_eq!(failed, Vec::<String>::new());
}
