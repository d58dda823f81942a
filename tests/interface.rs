//! The interface against its own lists in tests/data: every function with its exact signature, every type with size and
//! numbers, in C and in C++, and nothing that the lists do not know.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use support::{Scratch, Standard, assert_success, compile_c, header, library_dir, repository, run};

/// For a program that only looks at addresses.
const RUN_TIMEOUT: Duration = Duration::from_secs(60);
/// Makes a false condition a type that cannot be, in every standard.
const CHECK: &str = "#define CHECK(n, c) extern char check_##n[(c) ? 1 : -1]\n";
/// Deprecated functions are part of the interface.
const DEPRECATED: &str =
    "#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n#include <sentry.h>\n";

/// The fields of each line of a list; a field in quotes may hold commas.
fn rows(list: &str) -> Vec<Vec<String>> {
    let path = repository().join("tests/data").join(list);
    let text = fs::read_to_string(path).expect("the list is checked in");
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    let fields = |line: &str| {
        let mut fields = vec![String::new()];
        let mut is_quoted = false;
        for letter in line.chars() {
            match letter {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => fields.push(String::new()),
                other => fields.last_mut().unwrap().push(other),
            }
        }
        assert_eq!(fields.len(), 5, "{line}");
        fields
    };
    lines.map(fields).collect()
}

fn builds_and_runs(name: &str, source: &str) {
    let scratch = Scratch::new(name);
    let file = scratch.join("interface.c");
    fs::write(&file, source).unwrap();
    for standard in [Standard::C99, Standard::Cxx17] {
        let program = scratch.join("interface");
        compile_c(file.to_str().unwrap(), standard, &program);
        let output = run(&mut Command::new(&program), RUN_TIMEOUT);
        assert_success(&output, &format!("{name} as {standard:?}"));
    }
}

#[test]
fn every_listed_function_has_its_signature() {
    let mut source = format!("{DEPRECATED}int main(void) {{\n    int found = 0;\n");
    let functions = rows("functions.csv");
    for row in &functions {
        let [name, result, parameters, ..] = row.as_slice() else {
            panic!("{row:?}");
        };
        writeln!(
            source,
            "    {{ {result} (*volatile f)({parameters}) = {name}; found += f ? 1 : 0; }}"
        )
        .unwrap();
    }
    writeln!(
        source,
        "    return found == {} ? 0 : 1;\n}}",
        functions.len()
    )
    .unwrap();
    builds_and_runs("interface-functions", &source);
}

#[test]
fn every_exported_function_is_listed() {
    let output = Command::new("nm")
        .args(["-D", "--defined-only", "-f", "posix"])
        .arg(library_dir().join("libsentry.so"))
        .output()
        .expect("binutils are installed");
    let symbols = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<_> = symbols
        .lines()
        .filter_map(|line| Some(line.split(' ').next()?.to_owned()))
        .collect();
    let listed: BTreeSet<_> = rows("functions.csv")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    let missing: Vec<_> = exported.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&exported).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "add to tests/data/functions.csv, as the header declares them: {missing:?}; listed and not exported: {gone:?}"
    );
}

#[test]
fn deprecated_functions_are_those_that_the_list_marks() {
    let functions = header::functions();
    let marked: BTreeSet<_> = functions
        .into_iter()
        .filter(|function| function.is_deprecated)
        .map(|function| function.name)
        .collect();
    let listed: BTreeSet<_> = rows("functions.csv")
        .into_iter()
        .filter(|row| row[3] == "1")
        .map(|row| row[0].clone())
        .collect();
    assert!(!marked.is_empty());
    assert_eq!(marked, listed, "left: the header, right: the list");
}

#[test]
fn every_listed_type_has_its_size_and_numbers() {
    let mut source = format!("{DEPRECATED}#include <string.h>\n{CHECK}");
    let mut texts = String::new();
    for (at, row) in rows("types.csv").iter().enumerate() {
        let [kind, name, member, value, _] = row.as_slice() else {
            panic!("{row:?}");
        };
        let line = match kind.as_str() {
            "enum" | "struct" | "union" => format!("CHECK({at}, sizeof({name}) == {value});"),
            "enumerator" => format!("CHECK({at}, {member} == {value});"),
            "field" => format!("CHECK({at}, offsetof({name}, {member}) == {value});"),
            "opaque" => format!("extern {name} *check_{at};"),
            // A type may be declared again only as the same.
            "fnptr" => format!(
                "typedef {};",
                value.replacen("(*)", &format!("(*{name})"), 1)
            ),
            "tag" => format!("extern {name} *tag_{at}; extern {member} *tag_{at};"),
            "macro" => {
                if !value.is_empty() {
                    let wrong = format!("strcmp({name}, \"{value}\") != 0");
                    writeln!(texts, "    if ({wrong}) return 1;").unwrap();
                }
                format!("#ifndef {name}\n#    error {name} is not defined\n#endif")
            }
            "typedef" => format!("typedef {value} {name};"),
            other => panic!("{other}"),
        };
        writeln!(source, "{line}").unwrap();
    }
    writeln!(source, "int main(void) {{\n{texts}    return 0;\n}}").unwrap();
    let c11_repeats = "#pragma GCC diagnostic ignored \"-Wpedantic\"\n";
    builds_and_runs("interface-types", &format!("{c11_repeats}{source}"));
}

#[test]
fn the_header_declares_nothing_of_other_libraries() {
    let header = fs::read_to_string(repository().join("include/sentry.h")).unwrap();
    let foreign: Vec<_> = header
        .lines()
        .filter(|line| line.starts_with("extern ") && !line.starts_with("extern \"C\""))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn every_enumerator_of_the_header_is_listed() {
    let header = fs::read_to_string(repository().join("include/sentry.h")).unwrap();
    let listed: BTreeSet<_> = rows("types.csv")
        .into_iter()
        .filter(|row| row[0] == "enumerator")
        .map(|row| (row[2].clone(), row[3].clone()))
        .collect();
    let declared: BTreeSet<_> = header
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert!(declared.len() > 50, "{declared:?}");
    assert_eq!(
        declared, listed,
        "left: the header, right: tests/data/types.csv"
    );
}
