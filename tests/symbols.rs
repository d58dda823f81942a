//! The exported symbols are those the header declares, both ways, in the shared library; its soname and flags hold.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that panics fails"
)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn output(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .arg(file)
        .output()
        .expect("binutils are installed");
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the output is text")
}

fn declared() -> BTreeSet<String> {
    let functions = support::header::functions();
    functions.into_iter().map(|it| it.name).collect()
}

fn library() -> std::path::PathBuf {
    support::library_dir().join("libsentry.so")
}

#[test]
fn exports_are_what_the_header_declares() {
    let symbols = output("nm", &["-D", "--defined-only", "-f", "posix"], &library());
    let exported: BTreeSet<String> = symbols
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    let declared = declared();
    assert!(declared.len() > 80, "{declared:?}");
    assert_eq!(exported, declared);
}

#[test]
fn the_static_library_has_them_too() {
    let symbols = output(
        "nm",
        &["--defined-only", "-f", "posix"],
        &support::library_dir().join("libsentry.a"),
    );
    let defined: BTreeSet<&str> = symbols
        .lines()
        .filter(|line| line.contains(" T "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    for name in declared() {
        assert!(
            defined.contains(name.as_str()),
            "{name} is missing in libsentry.a"
        );
    }
}

// code that threads, fork and exit handlers may still run must not be unmapped.
#[test]
fn the_library_has_its_soname_and_stays_mapped() {
    let dynamic = output("readelf", &["-d", "-W"], &library());
    assert!(
        dynamic.contains("Library soname: [libsentry.so.0]"),
        "{dynamic}"
    );
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}
