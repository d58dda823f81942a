//! The header: what the generator makes of the sources, what compilers of all standards take, and what it says.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::{Scratch, Standard, assert_success, compile_c, header, repository, run};

/// The generator is built from source the first time.
const BUILD_TIMEOUT: Duration = Duration::from_secs(300);
/// For one small file.
const COMPILE_TIMEOUT: Duration = Duration::from_secs(60);

#[test]
fn the_checked_in_header_is_what_the_generator_makes() {
    let scratch = Scratch::new("header");
    let made = scratch.join("sentry.h");
    // A directory of its own, kept between runs: the outer cargo holds the lock of the usual one.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("target-header");
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["check", "--lib", "--features", "header", "--locked"])
        .current_dir(repository())
        .env("CARGO_TARGET_DIR", target)
        .env("SENTRY_HEADER_OUT", &made);
    assert_success(&run(&mut command, BUILD_TIMEOUT), "making the header");
    let made = fs::read_to_string(&made).expect("the build script wrote it");
    let kept = header::text();
    let differs = made.lines().zip(kept.lines()).find(|(new, old)| new != old);
    assert!(
        made == kept,
        "include/sentry.h is not what the sources say; run `make header`. First difference: {differs:?}"
    );
}

#[test]
fn every_compiler_takes_the_header_alone_in_every_standard() {
    let scratch = Scratch::new("header-alone");
    let compilers = [
        ("gcc", "c", ["c99", "c11", "c17", "c2x"].as_slice()),
        ("clang", "c", ["c99", "c11", "c17", "c2x"].as_slice()),
        (
            "g++",
            "c++",
            ["c++11", "c++14", "c++17", "c++20"].as_slice(),
        ),
        (
            "clang++",
            "c++",
            ["c++11", "c++14", "c++17", "c++20"].as_slice(),
        ),
    ];
    let mut tried = 0;
    for (compiler, language, standards) in compilers {
        if Command::new(compiler).arg("--version").output().is_err() {
            println!("skipped: {compiler} is not installed");
            continue;
        }
        // Twice in one file: the guard holds.
        let source = scratch.join("alone.c");
        fs::write(&source, "#include <sentry.h>\n#include <sentry.h>\n").unwrap();
        for standard in standards {
            let mut command = Command::new(compiler);
            command
                .args(["-x", language, &format!("-std={standard}")])
                .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iinclude"])
                .args(["-fsyntax-only"])
                .arg(&source)
                .current_dir(repository());
            let what = format!("{compiler} -std={standard}");
            assert_success(&run(&mut command, COMPILE_TIMEOUT), &what);
            tried += 1;
        }
    }
    assert!(tried >= 4, "no compiler was found");
}

#[test]
fn the_first_program_of_the_introduction_compiles_and_links() {
    let header = header::text();
    let named = header.split("pkg-config --cflags --libs ").nth(1);
    let name = named.and_then(|rest| rest.split(')').next()).unwrap();
    let installed = repository().join(format!("packaging/{name}.pc.in"));
    assert!(installed.exists(), "{}", installed.display());
    let code = header
        .split("@code{.c}\n")
        .nth(1)
        .and_then(|rest| rest.split(" * @endcode").next())
        .expect("the introduction has a program");
    let lines = code
        .lines()
        .map(|line| line.strip_prefix(" *").unwrap().trim_start_matches(' '));
    let scratch = Scratch::new("first-program");
    let source = scratch.join("first.c");
    fs::write(&source, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    compile_c(
        source.to_str().unwrap(),
        Standard::C99,
        &scratch.join("first"),
    );
}

#[test]
fn sections_stand_in_the_order_in_which_one_learns() {
    let header = header::text();
    let titles: Vec<&str> = header
        .split(" * @defgroup ")
        .skip(1)
        .filter_map(|rest| rest.lines().next()?.split_once(". "))
        .map(|(_, title)| title)
        .collect();
    assert_eq!(titles.first(), Some(&"Life"));
    assert_eq!(titles.last(), Some(&"Platform names"));
    for title in ["Options", "Capture", "Scope", "Values", "Statistics"] {
        assert!(titles.contains(&title), "{title}");
    }
    let opened = header.matches("@{\n").count();
    assert_eq!(opened, header.matches("/** @} */").count());
}

#[test]
fn doxygen_reads_the_header_without_a_warning() {
    if Command::new("doxygen").arg("--version").output().is_err() {
        println!("skipped: doxygen is not installed");
        return;
    }
    let scratch = Scratch::new("doxygen");
    let settings = fs::read_to_string(repository().join("build/Doxyfile")).unwrap();
    let settings = settings.replace("target/doxygen", scratch.path().to_str().unwrap());
    let file = scratch.join("Doxyfile");
    fs::write(&file, settings).unwrap();
    let mut command = Command::new("doxygen");
    command.arg(&file).current_dir(repository());
    let output = run(&mut command, COMPILE_TIMEOUT);
    assert_success(&output, "doxygen");
    assert!(scratch.join("html/index.html").is_file());
}

#[test]
fn every_function_says_what_it_does_and_since_when() {
    let functions = header::functions();
    assert!(functions.len() > 300, "only {}", functions.len());
    for header::Function { name, comment, .. } in functions {
        let first = comment.lines().next().unwrap_or_default();
        assert!(
            first.len() > 10 && !first.starts_with("Since"),
            "{name}: {first:?} does not say what it does"
        );
        let since = comment.lines().filter(|line| line.starts_with("Since: "));
        assert_eq!(since.count(), 1, "{name}: one line `Since: VERSION`");
        for leftover in ["# Safety", "TODO", "FIXME", "unsafe"] {
            assert!(!comment.contains(leftover), "{name}: {leftover}");
        }
    }
}

#[test]
fn the_version_is_the_same_everywhere() {
    let scratch = Scratch::new("version");
    let (source, program) = (scratch.join("version.c"), scratch.join("version"));
    fs::write(
        &source,
        "#include <sentry.h>\n#include <stdio.h>\n\
         int main(void) { puts(sentry_sdk_version()); puts(SENTRY_SDK_VERSION); return 0; }\n",
    )
    .unwrap();
    compile_c(source.to_str().unwrap(), Standard::C99, &program);
    let output = run(&mut Command::new(program), COMPILE_TIMEOUT);
    assert_success(&output, "version");
    let versions = String::from_utf8(output.stdout).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(versions, format!("{version}\n{version}\n"));

    let changelog = fs::read_to_string(repository().join("CHANGELOG.md")).unwrap();
    let newest = changelog
        .split("\n## [")
        .skip(1)
        .find(|section| !section.starts_with("Unreleased"));
    match newest {
        Some(section) => assert_eq!(
            section.split(']').next(),
            Some(env!("CARGO_PKG_VERSION")),
            "the newest version of the changelog"
        ),
        // Before the first version the changelog names the one to come.
        None => assert!(
            changelog.contains(concat!("to become ", env!("CARGO_PKG_VERSION"))),
            "the changelog names neither a version nor the one to come"
        ),
    }
}
