//! `make install` and `make uninstall`: what lands where, whether it still works after it was moved, and what is left.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use receiver::Receiver;
use support::{Scratch, assert_success, library_dir, repository, run};

/// `make` copies and fills templates; a compiler run is the longest step here.
const STEP_TIMEOUT: Duration = Duration::from_secs(120);

/// Where the package of a distribution would put things: all three differ from the defaults.
const LAYOUT: [&str; 3] = [
    "PREFIX=/opt/vendor",
    "LIBDIR=/opt/vendor/lib/native",
    "INCLUDEDIR=/opt/vendor/include/s",
];

/// Runs make in the repository, with the library of this test build as what is to be installed.
fn make(target: &str, destdir: &Path, layout: &[&str]) {
    let mut command = Command::new("make");
    command
        .current_dir(repository())
        .arg("--no-print-directory")
        .arg(target)
        .args(layout);
    // The makefile takes these from the environment as well; a test must not depend on the caller's.
    for name in ["PREFIX", "LIBDIR", "INCLUDEDIR", "MAKEFLAGS", "MAKELEVEL"] {
        command.env_remove(name);
    }
    command.arg(format!("DESTDIR={}", destdir.display()));
    command.arg(format!("ARTIFACTS={}", library_dir().display()));
    assert_success(&run(&mut command, STEP_TIMEOUT), &format!("make {target}"));
}

/// Files and links below a directory, relative to it, sorted.
fn files_below(root: &Path) -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(
                    entry
                        .path()
                        .strip_prefix(root)
                        .unwrap()
                        .display()
                        .to_string(),
                );
            }
        }
    }
    files.sort();
    files
}

/// What pkg-config answers when it sees the installed file and no other.
fn pkg_config(pc_dir: &Path, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command
        .env("PKG_CONFIG_LIBDIR", pc_dir)
        .env_remove("PKG_CONFIG_PATH")
        .args(arguments)
        .arg("sentry");
    let output = run(&mut command, STEP_TIMEOUT);
    assert_success(&output, "pkg-config");
    String::from_utf8(output.stdout)
        .unwrap()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

/// Compiles the minimal example with these flags alone.
fn build_minimal<S: AsRef<OsStr>>(program: &Path, flags: impl IntoIterator<Item = S>) {
    let mut command = Command::new("cc");
    command
        .arg("-o")
        .arg(program)
        .arg(repository().join("examples-c/minimal.c"))
        .args(flags);
    assert_success(
        &run(&mut command, STEP_TIMEOUT),
        "building against the installed tree",
    );
}

/// Runs the program; its event must arrive.
fn assert_delivers(program: &Path, library_path: Option<&Path>) {
    let receiver = Receiver::start();
    let mut command = Command::new(program);
    command.arg(receiver.dsn()).env_remove("LD_LIBRARY_PATH");
    if let Some(path) = library_path {
        command.env("LD_LIBRARY_PATH", path);
    }
    assert_success(
        &run(&mut command, STEP_TIMEOUT),
        "the program built against the installed tree",
    );
    assert_eq!(receiver.event_ids().len(), 1);
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

/// Whether the loader has to find the shared library for this program.
fn needs_shared_library(program: &Path) -> bool {
    let output = run(Command::new("readelf").arg("-d").arg(program), STEP_TIMEOUT);
    assert_success(&output, "readelf");
    String::from_utf8(output.stdout)
        .unwrap()
        .contains("libsentry.so.0")
}

/// Installs, moves the tree elsewhere, and returns where the library directory lies then.
fn installed_and_moved(scratch: &Scratch, layout: &[&str], libdir: &str) -> PathBuf {
    make("install", &scratch.join("staging"), layout);
    fs::rename(scratch.join("staging"), scratch.join("moved")).unwrap();
    scratch.join("moved").join(libdir)
}

#[test]
fn a_moved_installation_serves_programs_that_link_the_shared_library() {
    let scratch = Scratch::new("install-shared");
    let libdir = installed_and_moved(&scratch, &LAYOUT, "opt/vendor/lib/native");
    let program = scratch.join("shared");
    build_minimal(
        &program,
        pkg_config(&libdir.join("pkgconfig"), &["--cflags", "--libs"]),
    );
    assert!(needs_shared_library(&program));
    assert_delivers(&program, Some(&libdir));
}

#[test]
fn a_moved_installation_serves_programs_that_link_the_archive() {
    let scratch = Scratch::new("install-static");
    let libdir = installed_and_moved(&scratch, &["PREFIX=/usr"], "usr/lib");
    let pc_dir = libdir.join("pkgconfig");

    // With both installed the archive is named by its path.
    let program = scratch.join("by-variable");
    let mut flags = pkg_config(&pc_dir, &["--cflags"]);
    flags.extend(pkg_config(&pc_dir, &["--variable=static_libs"]));
    build_minimal(&program, flags);
    assert!(!needs_shared_library(&program));
    assert_delivers(&program, None);

    // Where only the archive is installed the usual flags find it.
    for name in [
        "libsentry.so",
        "libsentry.so.0",
        &format!("libsentry.so.{}", env!("CARGO_PKG_VERSION")),
    ] {
        fs::remove_file(libdir.join(name)).unwrap();
    }
    let program = scratch.join("by-static");
    build_minimal(
        &program,
        pkg_config(&pc_dir, &["--static", "--cflags", "--libs"]),
    );
    assert_delivers(&program, None);
}

#[test]
fn the_installation_consists_of_these_files_and_uninstalling_leaves_none() {
    let scratch = Scratch::new("install-files");
    make("install", scratch.path(), &LAYOUT);
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        "opt/vendor/include/s/sentry.h".to_owned(),
        "opt/vendor/include/s/sentry/glib.h".to_owned(),
        "opt/vendor/include/s/sentry/qt.hpp".to_owned(),
        "opt/vendor/include/s/sentry/spdlog.hpp".to_owned(),
        "opt/vendor/include/s/sentry/syslog.h".to_owned(),
        "opt/vendor/lib/native/cmake/sentry/sentry-config-version.cmake".to_owned(),
        "opt/vendor/lib/native/cmake/sentry/sentry-config.cmake".to_owned(),
        "opt/vendor/lib/native/libsentry.a".to_owned(),
        "opt/vendor/lib/native/libsentry.so".to_owned(),
        "opt/vendor/lib/native/libsentry.so.0".to_owned(),
        format!("opt/vendor/lib/native/libsentry.so.{version}"),
        "opt/vendor/lib/native/pkgconfig/sentry.pc".to_owned(),
    ];
    assert_eq!(files_below(scratch.path()), expected);

    let libdir = scratch.join("opt/vendor/lib/native");
    for (link, target) in [
        ("libsentry.so", "libsentry.so.0"),
        ("libsentry.so.0", &*format!("libsentry.so.{version}")),
    ] {
        assert_eq!(fs::read_link(libdir.join(link)).unwrap(), Path::new(target));
    }
    for file in [
        "pkgconfig/sentry.pc",
        "cmake/sentry/sentry-config.cmake",
        "cmake/sentry/sentry-config-version.cmake",
    ] {
        let text = fs::read_to_string(libdir.join(file)).unwrap();
        assert!(
            !text.contains('@'),
            "{file} has a place that was not filled:\n{text}"
        );
        assert!(
            !text.contains(scratch.path().to_str().unwrap()),
            "{file} names the staging directory:\n{text}"
        );
        assert!(
            !text.contains("/opt/vendor"),
            "{file} cannot be moved:\n{text}"
        );
    }
    assert_eq!(
        pkg_config(&libdir.join("pkgconfig"), &["--modversion"]),
        [version]
    );

    make("uninstall", scratch.path(), &LAYOUT);
    assert_eq!(files_below(scratch.path()), Vec::<String>::new());
    assert!(!libdir.join("cmake/sentry").exists());
}
