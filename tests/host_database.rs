//! The database directory while its surroundings change: the host moves it, its root or its user, others put links in its
//! place, shorten or remove its files. Nothing outside it is touched, and the host lives.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use host::{Program, RUN_TIMEOUT};
use receiver::Receiver;
use support::{Scratch, assert_success, run};

static PROGRAM: Program = Program::new("host_database");

/// Runs a scenario with a server that refuses connections, beside a directory that is none of the library's business.
fn run_beside(scratch: &Scratch, scenario: &str) {
    let receiver = Receiver::start();
    receiver.refuse();
    fs::create_dir_all(scratch.join("outside")).unwrap();
    let mut command = PROGRAM.command(scenario, &receiver.dsn());
    command.current_dir(scratch.path());
    assert_success(&run(&mut command, RUN_TIMEOUT), scenario);
    assert_eq!(names(&scratch.join("outside")), [""; 0], "{scenario}");
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

fn is_root() -> bool {
    // SAFETY: no arguments; the call cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root {
        println!("skipped: only root can do that");
    }
    is_root
}

#[test]
fn a_directory_that_is_moved_is_found_and_a_link_in_its_place_is_not_followed() {
    let scratch = Scratch::new("database_moved");
    run_beside(&scratch, "moved");
    assert_eq!(
        names(&scratch.join("elsewhere")),
        ["cache", "installation_id"]
    );
    assert_eq!(names(&scratch.join("elsewhere/cache")).len(), 2);
}

/// Needs `strace`.
#[test]
fn what_must_outlive_a_power_failure_is_on_the_device_before_its_name_and_its_name_after_it() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("database_synced"));
    receiver.refuse();
    let log = scratch.join("calls");
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-e", "trace=openat,/^rename,fsync", "-o"])
        .arg(&log)
        .arg(PROGRAM.path())
        .args(["synced", &receiver.dsn()])
        .env_remove("SENTRY_DSN")
        .current_dir(scratch.path());
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: no strace");
        return;
    }
    assert_success(&run(&mut traced, RUN_TIMEOUT), "synced");
    let calls = fs::read_to_string(&log).unwrap();
    for file in ["installation_id\"", "user-consent\"", ".envelope\""] {
        let is_named = |line: &&str| line.contains("rename") && line.contains(file);
        let named = calls.lines().find(is_named);
        let named = named.unwrap_or_else(|| panic!("{file} was not renamed: {calls}"));
        let thread = named.split_whitespace().next().unwrap();
        let of_thread = calls.lines().filter(|line| {
            line.starts_with(thread) && line.ends_with(|it: char| it.is_ascii_digit())
        });
        let of_thread: Vec<_> = of_thread.collect();
        let at = of_thread.iter().position(|line| *line == named).unwrap();
        let temporary = named.split('"').nth(1).unwrap();
        let opened = of_thread
            .iter()
            .find(|line| line.contains("openat") && line.contains(temporary));
        let number = opened.unwrap().rsplit(' ').next().unwrap();
        let before = of_thread[at - 1];
        assert!(
            before.contains(&format!("fsync({number})")),
            "{file}: {before}"
        );
        let after = of_thread[at + 1];
        assert!(after.contains("fsync("), "{file}: {after}");
    }
}

#[test]
fn a_link_in_place_of_the_cache_is_not_followed() {
    let scratch = Scratch::new("database_cache");
    run_beside(&scratch, "cache_is_a_link");
    assert_eq!(names(&scratch.join("elsewhere")).len(), 1);
}

#[test]
fn a_host_that_changes_its_root_keeps_its_files() {
    if is_root() {
        let scratch = Scratch::new("database_root");
        run_beside(&scratch, "other_root");
        assert_eq!(names(&scratch.join("database/cache")).len(), 2);
    }
}

#[test]
fn a_host_that_gives_up_its_privileges_is_told() {
    if is_root() {
        run_beside(&Scratch::new("database_user"), "other_user");
    }
}

#[test]
fn a_directory_of_another_user_is_not_used_nor_its_consent() {
    if is_root() {
        let scratch = Scratch::new("database_foreign");
        let database = scratch.join("database");
        fs::create_dir(&database).unwrap();
        fs::write(database.join("user-consent"), "1\n").unwrap();
        chown(database.join("user-consent"), Some(12345), None).unwrap();
        chown(&database, Some(12345), None).unwrap();
        run_beside(&scratch, "of_another_user");
        assert_eq!(names(&database), ["user-consent"]);
    }
}

#[test]
fn files_that_are_shortened_or_removed_end_no_host() {
    for scenario in [
        "shortened",
        "shortened_durable",
        "removed",
        "removed_durable",
    ] {
        run_beside(&Scratch::new("database_harmed"), scenario);
    }
}
