//! A program that was linked against another library of the soname `libsentry.so` runs with ours in its place.
//!
//! The other library is a stand-in made here: every function the header declares, each ending the process. So a
//! program that comes through has called ours, and the loader has found everything it asked for by name.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use receiver::Receiver;
use support::{Scratch, Standard, assert_success, compile, library_dir, run};

const TIMEOUT: Duration = Duration::from_secs(60);

/// What the shared library of this build exports.
fn exported() -> Vec<String> {
    let output = run(
        Command::new("nm")
            .args(["-D", "--defined-only", "--format=just-symbols"])
            .arg(library_dir().join("libsentry.so")),
        TIMEOUT,
    );
    assert_success(&output, "nm");
    let text = String::from_utf8(output.stdout).expect("symbols are text");
    let names: Vec<String> = text
        .lines()
        .filter(|name| name.starts_with("sentry_"))
        .map(str::to_owned)
        .collect();
    assert!(names.len() > 100, "only {} symbols", names.len());
    names
}

/// Makes `libsentry.so`, soname included, in which every function ends the process.
fn make_stand_in(directory: &Path) {
    let mut source = String::from("#include <stdlib.h>\n");
    for name in exported() {
        writeln!(source, "void {name}(void) {{ abort(); }}").expect("text grows");
    }
    let file = directory.join("stand_in.c");
    fs::write(&file, source).expect("the scratch directory is writable");
    let mut command = Command::new("cc");
    command
        .args(["-shared", "-fPIC", "-w", "-fno-builtin"])
        .arg("-Wl,-soname,libsentry.so")
        .arg(&file)
        .arg("-o")
        .arg(directory.join("libsentry.so"));
    assert_success(&run(&mut command, TIMEOUT), "the stand-in");
}

/// A program built against the stand-in, and two directories for the loader: with the stand-in, and with ours.
struct Relinked {
    scratch: Scratch,
    program: PathBuf,
}

impl Relinked {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(&format!("relink-{name}"));
        let (other, ours) = (scratch.join("other"), scratch.join("ours"));
        for directory in [&other, &ours] {
            fs::create_dir(directory).expect("the scratch directory is writable");
        }
        make_stand_in(&other);
        // What `make install` leaves beside the library of the versioned name.
        symlink(
            library_dir().join("libsentry.so"),
            ours.join("libsentry.so"),
        )
        .expect("the scratch directory takes links");
        let mut search = OsString::from("-L");
        search.push(&other);
        let program = scratch.join("program");
        let flags = [search, "-lsentry".into(), "-lpthread".into()];
        compile(
            &format!("tests/c/{name}.c"),
            Standard::C99,
            &program,
            &flags,
        );
        Self { scratch, program }
    }

    fn run_with(&self, directory: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("LD_LIBRARY_PATH", self.scratch.join(directory));
        run(&mut command, TIMEOUT)
    }

    fn needs(&self) -> String {
        let output = run(
            Command::new("readelf").arg("-d").arg(&self.program),
            TIMEOUT,
        );
        assert_success(&output, "readelf");
        String::from_utf8(output.stdout).expect("readelf prints text")
    }
}

#[test]
fn a_binary_linked_against_another_libsentry_so_runs_with_ours() {
    let values = Relinked::new("conformance_values");
    assert!(values.needs().contains("Shared library: [libsentry.so]"));
    assert!(
        !values.run_with("other", &[]).status.success(),
        "the program does not call the library at all"
    );
    assert_success(&values.run_with("ours", &[]), "the values");
}

#[test]
fn a_relinked_binary_reports_events() {
    let receiver = Receiver::start();
    let events = Relinked::new("conformance_events");
    assert_success(
        &events.run_with("ours", &[&receiver.dsn()]),
        "events and scope",
    );
    assert_eq!(receiver.violations(), Vec::<String>::new());
    assert_eq!(receiver.events().len(), 1);
}
