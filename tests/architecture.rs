//! The rooms of `src/` and the arrows between them: each room may use those below it and nothing else.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that panics fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[path = "architecture/circles.rs"]
mod circles;

/// Room and the rooms it may use. `crash` and `telemetry` are listed for when they come.
const ARROWS: [(&str, &[&str]); 10] = [
    ("base", &[]),
    ("value", &["base"]),
    ("protocol", &["value", "base"]),
    ("store", &["protocol", "value", "base"]),
    ("transport", &["store", "protocol", "value", "base"]),
    ("image", &["value", "base"]),
    ("crash", &["image", "store", "protocol", "value", "base"]),
    ("telemetry", &["store", "protocol", "value", "base"]),
    (
        "client",
        &[
            "transport",
            "crash",
            "image",
            "telemetry",
            "store",
            "protocol",
            "value",
            "base",
        ],
    ),
    (
        "ffi",
        &[
            "client",
            "transport",
            "crash",
            "image",
            "telemetry",
            "store",
            "protocol",
            "value",
            "base",
        ],
    ),
];

/// Files outside `ffi/` that may hand functions or pointers to C.
const C_FILES: [&str; 10] = [
    "base/cancellation.rs",
    "base/process.rs",
    "image/native.rs",
    "transport/wire/libcurl/easy.rs",
    "transport/wire/libcurl/error.rs",
    "transport/wire/libcurl/handler.rs",
    "transport/wire/libcurl/header_list.rs",
    "transport/wire/libcurl/pinned.rs",
    "transport/wire/url.rs",
    "transport/worker/wake.rs",
];

/// Files outside `ffi/` with `unsafe` code. One more needs a reason why no file of this list can hold it.
const UNSAFE_FILES: [&str; 28] = [
    "base/cancellation.rs",
    "base/file.rs",
    "base/folder.rs",
    "base/kept.rs",
    "base/last_thread.rs",
    "base/memory.rs",
    "base/process.rs",
    "base/random.rs",
    "base/stack.rs",
    "image/native.rs",
    "image/unwinder/walk.rs",
    "store/directory.rs",
    "store/lock.rs",
    "store/segment.rs",
    "transport/wire/close_on_exec.rs",
    "transport/wire/curl_client.rs",
    "transport/wire/libcurl/easy.rs",
    "transport/wire/libcurl/error.rs",
    "transport/wire/libcurl/handler.rs",
    "transport/wire/libcurl/header_list.rs",
    "transport/wire/libcurl/multi.rs",
    "transport/wire/libcurl/pinned.rs",
    "transport/wire/libcurl/setup.rs",
    "transport/wire/lookup.rs",
    "transport/wire/socket.rs",
    "transport/wire/url.rs",
    "transport/worker/wake.rs",
    "value/json/lanes.rs",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without comments and without its unit tests, which may look further down the house.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("the file is readable");
    let code = text
        .split("\nmod tests {")
        .next()
        .unwrap_or_default()
        .to_owned();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Names that follow `crate::`, also inside braces.
fn rooms_used(code: &str) -> Vec<String> {
    code.match_indices("crate::")
        .flat_map(|(at, found)| {
            let rest = &code[at + found.len()..];
            let group = rest
                .strip_prefix('{')
                .and_then(|inner| inner.split('}').next());
            match group {
                Some(group) => group
                    .split(',')
                    .map(|part| first_name(part.trim()))
                    .collect::<Vec<_>>(),
                None => vec![first_name(rest)],
            }
        })
        .collect()
}

fn first_name(path: &str) -> String {
    path.chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}

fn room_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(source()).expect("the file is in src");
    let mut parts = inside.components();
    let first = parts.next()?.as_os_str().to_str()?.to_owned();
    parts.next().map(|_| first)
}

#[test]
fn no_arrow_points_backwards() {
    let mut arrows = 0;
    for path in files_below(&source()) {
        let Some(room) = room_of(&path) else { continue };
        let allowed = ARROWS
            .iter()
            .find(|(name, _)| *name == room)
            .map(|(_, allowed)| *allowed);
        let allowed =
            allowed.unwrap_or_else(|| panic!("{}: a room the table does not know", path.display()));
        for used in rooms_used(&code(&path)) {
            assert!(
                used == room || allowed.contains(&used.as_str()),
                "{}: `{room}` must not use `{used}`",
                path.display()
            );
            arrows += usize::from(used != room);
        }
    }
    assert!(
        arrows > 50,
        "only {arrows} arrows found: is the pattern still right?"
    );
}

#[test]
fn raw_c_stays_in_its_files() {
    for path in files_below(&source()) {
        if room_of(&path).as_deref() == Some("ffi") {
            continue;
        }
        let inside = path.strip_prefix(source()).expect("the file is in src");
        if C_FILES.contains(&inside.to_str().expect("names are UTF-8")) {
            continue;
        }
        let code = code(&path);
        for word in ["extern \"C\"", "*const ", "*mut ", "c_char", "repr(C)"] {
            assert!(
                !code.contains(word),
                "{}: `{word}` belongs in ffi/",
                inside.display()
            );
        }
    }
}

/// All files with their code, by their paths in `src/`; without those of tests.
fn sources() -> BTreeMap<String, String> {
    let named = |path: PathBuf| {
        let inside = path.strip_prefix(source()).expect("the file is in src");
        let name = inside.to_str().expect("names are UTF-8").to_owned();
        (!name.contains("/tests")).then(|| (name, code(&path)))
    };
    files_below(&source())
        .into_iter()
        .filter_map(named)
        .collect()
}

fn listed(files: &[&str]) -> BTreeSet<String> {
    files.iter().map(|file| (*file).to_owned()).collect()
}

#[test]
fn unsafe_code_stays_in_its_files() {
    let is_unsafe = |code: &str| {
        let mut words = code.split(|it: char| !it.is_alphanumeric() && it != '_');
        words.any(|word| word == "unsafe")
    };
    let files = sources().into_iter();
    let files = files.filter(|(name, code)| !name.starts_with("ffi/") && is_unsafe(code));
    let found: BTreeSet<String> = files.map(|(name, _)| name).collect();
    assert_eq!(found, listed(&UNSAFE_FILES), "found, and listed");
}

#[test]
fn no_file_is_in_a_circle() {
    let groups = circles::find(&sources());
    assert!(
        groups.is_empty(),
        "files use each other in circles: {groups:#?}"
    );
}

/// Whatever opens a descriptor; each is raised above the standard ones in the same statement or the next, as
/// `base::descriptor` does. What reads a directory is left out: nobody can write to that.
const OPENS: [&str; 10] = [
    "File::open(",
    "File::create(",
    "OpenOptions::new()",
    "fs::read(",
    "fs::write(",
    "fs::read_to_string(",
    "libc::eventfd(",
    "libc::openat(",
    "libc::signalfd(",
    "libc::socket(",
];

#[test]
fn what_is_opened_gets_no_number_of_a_standard_stream() {
    /// Lines after which the statement is over.
    const NEAR: usize = 10;
    let mut opens = 0;
    for path in files_below(&source()) {
        let is_test = path.to_string_lossy().contains("/tests");
        if is_test || path.ends_with("base/descriptor.rs") {
            continue;
        }
        let code = code(&path);
        let lines: Vec<&str> = code.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            if !OPENS.iter().any(|open| line.contains(open)) {
                continue;
            }
            let near = lines.iter().skip(at).take(NEAR);
            assert!(
                near.into_iter()
                    .any(|line| line.contains("raised(") || line.contains("(raised)")),
                "{}: `{}` is not raised",
                path.display(),
                line.trim()
            );
            opens += 1;
        }
    }
    assert!(
        opens > 5,
        "only {opens} found: are the patterns still right?"
    );
}

/// A panic that leaves such a function ends the process: libcurl, the loader and the unwinder are C.
#[test]
fn what_c_code_calls_catches_panics() {
    let mut checked = 0;
    for room in ["transport", "image", "crash"] {
        for path in files_below(&source().join(room)) {
            let text = fs::read_to_string(&path).expect("the file is readable");
            let starts = ["\nextern \"C\" fn ", "\nunsafe extern \"C\" fn "];
            for body in starts.iter().flat_map(|start| text.split(start).skip(1)) {
                let body = body.split("\n}").next().unwrap_or_default();
                let name = body.split('(').next().unwrap_or_default();
                assert!(
                    body.contains("contained("),
                    "{}: {name} catches no panic",
                    path.display()
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "no function is found any more");
}

#[test]
fn a_file_has_one_subject() {
    for path in files_below(&source()) {
        let lines = fs::read_to_string(&path)
            .expect("the file is readable")
            .lines()
            .count();
        assert!(
            lines <= 600,
            "{}: {lines} lines; look for a second subject",
            path.display()
        );
    }
}

#[test]
fn every_room_says_what_it_decides() {
    for path in files_below(&source()) {
        let text = fs::read_to_string(&path).expect("the file is readable");
        assert!(
            text.starts_with("//! "),
            "{}: opens without saying what it is for",
            path.display()
        );
    }
}
