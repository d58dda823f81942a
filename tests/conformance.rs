//! The compatible interface, section by section: C programs that assert its edge cases.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics fails"
)]

mod support;

use std::process::Command;
use std::time::Duration;

use support::{Scratch, Standard};

/// Builds `tests/c/<program>.c` and runs it, without and with valgrind.
fn conforms(program: &str, standard: Standard) {
    let scratch = Scratch::new(program);
    let binary = scratch.join("program");
    support::compile_c(&format!("tests/c/{program}.c"), standard, &binary);
    let run = |command: &mut Command| {
        command.env("LD_LIBRARY_PATH", support::runtime_dir());
        let output = support::run(command, Duration::from_secs(120));
        support::assert_success(&output, program);
    };
    run(&mut Command::new(&binary));
    let checks = ["--quiet", "--leak-check=full", "--error-exitcode=99"];
    run(Command::new("valgrind").args(checks).arg(&binary));
}

#[test]
fn values_conform_in_c() {
    conforms("conformance_values", Standard::C99);
}

#[test]
fn values_conform_in_cpp() {
    conforms("conformance_values", Standard::Cxx17);
}
