//! The conformance programs in `tests/c`, and what each wants to be called with.
//!
//! Decides the arguments, and what a run must not do. Entry points: [`names`], [`arguments`], [`conforms`],
//! [`conforms_with`]. May use `support` and the test server.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use receiver::Receiver;

use super::{Scratch, Standard, assert_success, compile_c, repository, runtime_dir};

/// Programs that keep something on the disk; their second argument is an empty directory.
const WITH_DIRECTORY: [&str; 2] = ["conformance_consent", "conformance_sessions"];

/// The names of `tests/c/conformance_*.c`, in order.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(repository().join("tests/c")).expect("the programs are there");
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.expect("readable").file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".c").map(str::to_owned))
        .filter(|name| name.starts_with("conformance_"))
        .collect();
    names.sort();
    names
}

/// What a program is called with. `directory` must be empty and belong to this call.
pub fn arguments(program: &str, dsn: &str, directory: &Path) -> Vec<String> {
    let mut arguments = vec![dsn.to_owned()];
    if WITH_DIRECTORY.contains(&program) {
        arguments.push(directory.to_str().expect("a path of ours").to_owned());
    }
    arguments
}

/// Builds `tests/c/<program>.c` and runs it, without and with valgrind; what it printed the second time.
pub fn conforms(program: &str, standard: Standard, receiver: &Receiver) -> String {
    let directory = Scratch::new(program);
    conforms_with(program, standard, receiver, &directory)
}

/// The same with a directory that the caller looks into afterwards.
pub fn conforms_with(
    program: &str,
    standard: Standard,
    receiver: &Receiver,
    directory: &Scratch,
) -> String {
    let arguments = arguments(program, &receiver.dsn(), directory.path());
    let scratch = Scratch::new(program);
    let binary = scratch.join("program");
    compile_c(&format!("tests/c/{program}.c"), standard, &binary);
    let run = |command: &mut Command| {
        command
            .args(&arguments)
            .env("LD_LIBRARY_PATH", runtime_dir());
        let output = super::run(command, Duration::from_secs(120));
        assert_success(&output, program);
        output
    };
    let alone = run(&mut Command::new(&binary));
    let said = String::from_utf8_lossy(&alone.stderr);
    assert_eq!(said, "", "{program}: nobody asked for that");
    let checks = [
        "--quiet",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
        "--error-exitcode=99",
    ];
    let checked = run(Command::new("valgrind").args(checks).arg(&binary));
    String::from_utf8(checked.stdout).expect("programs print text")
}
