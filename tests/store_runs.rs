//! The database directory, shared by processes that start, stop and die at random; and what happens when it is not there.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

#[path = "support/driver.rs"]
mod driver;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use driver::{Driver, quick_options, with};
use receiver::Receiver;
use serde_json::{Value, json};
use support::Scratch;

/// A guard against hangs, no promise.
const PATIENCE: Duration = Duration::from_secs(60);

type Ids = Mutex<BTreeSet<String>>;

/// Each life of the library leaves a trace at the server: its session.
fn options(receiver: &Receiver, database: &Path) -> Value {
    let options = quick_options(&receiver.dsn());
    let health = json!({
        "database_path": database, "auto_session_tracking": true, "release": "app@1", "queue_max_items": 10_000,
        "shutdown_timeout": 60_000,
    });
    with(options, health)
}

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

/// How often each session ended, by how.
fn ends(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    assert_eq!(receiver.violations(), [""; 0]);
    let mut ends = BTreeMap::<_, Vec<_>>::new();
    for envelope in receiver.envelopes() {
        for item in envelope.items_of("session") {
            let session = item.json().unwrap();
            let text = |name: &str| session[name].as_str().unwrap().to_owned();
            ends.entry(text("sid")).or_default().push(text("status"));
        }
    }
    ends
}

/// A process whose parent has died; killed when dropped.
struct Stray(libc::pid_t);

impl Drop for Stray {
    fn drop(&mut self) {
        // SAFETY: no pointers; it waits for nothing but this, so the id is still its own.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }
}

/// A small generator, so that a failing run can be repeated.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// The run of a living process: the one whose lock it holds open.
fn run_of(process: u32) -> Option<PathBuf> {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let mut files = descriptors.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let lock = files.find(|path| path.to_string_lossy().ends_with(".run.lock"))?;
    Some(lock.with_extension(""))
}

/// Waits until the session of a process is on disk.
fn wait_for_session(driver: &Driver) -> PathBuf {
    let mut run = None;
    wait_for("a session on disk", || {
        run = run_of(driver.id());
        run.as_ref()
            .is_some_and(|run| run.join("session.json").exists())
    });
    run.unwrap()
}

#[test]
fn every_life_ends_once_whoever_sees_to_it() {
    const PROCESSES: u64 = 6;
    const LIVES: u64 = 8;
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    let options = options(&receiver, scratch.path());
    let (killed, closed) = (Mutex::new(0_usize), Mutex::new(0_usize));
    std::thread::scope(|scope| {
        for process in 0..PROCESSES {
            let (options, killed, closed) = (&options, &killed, &closed);
            scope.spawn(move || {
                let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (process + 1));
                for _ in 0..LIVES {
                    let mut driver = Driver::with_options(options);
                    match dice.throw(3) {
                        0 => {
                            assert_eq!(driver.close().number("result"), 0);
                            driver.finish();
                            *closed.lock().unwrap() += 1;
                        }
                        // What it took over has arrived; its own session somebody else must end.
                        1 => {
                            driver.drain();
                            wait_for_session(&driver);
                            driver.kill();
                            *killed.lock().unwrap() += 1;
                        }
                        // The exit handler closes.
                        _ => {
                            driver.finish();
                            *closed.lock().unwrap() += 1;
                        }
                    }
                }
            });
        }
    });
    // Whatever is left is taken over by one more.
    let mut last = Driver::with_options(&options);
    wait_for("the other runs to go", || names(scratch.path()).len() == 3);
    assert_eq!(last.close().number("result"), 0);
    let (killed, closed) = (
        killed.into_inner().unwrap(),
        closed.into_inner().unwrap() + 1,
    );
    assert_eq!(
        killed + closed,
        usize::try_from(PROCESSES * LIVES).unwrap() + 1
    );
    assert!(killed > 5 && closed > 5, "{killed} killed, {closed} closed");
    let ends = ends(&receiver);
    assert!(
        ends.values().all(|statuses| statuses.len() == 1),
        "{ends:#?}"
    );
    let count = |status: &str| ends.values().filter(|it| it[0] == status).count();
    assert_eq!(
        (count("abnormal"), count("exited")),
        (killed, closed),
        "{ends:#?}"
    );
    assert_eq!(names(scratch.path()), ["installation_id"]);
}

#[test]
fn no_life_ends_twice_even_if_processes_die_while_they_see_to_others() {
    const PROCESSES: u64 = 4;
    const LIVES: u64 = 12;
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    let options = options(&receiver, scratch.path());
    std::thread::scope(|scope| {
        for process in 0..PROCESSES {
            let options = &options;
            scope.spawn(move || {
                let mut dice = Dice(0xD1B5_4A32_D192_ED03 ^ (process + 1));
                for _ in 0..LIVES {
                    let mut driver = Driver::with_options(options);
                    if dice.throw(2) == 0 {
                        driver.post("close");
                    }
                    // At any moment, from the first step of the worker to the last of the end.
                    std::thread::sleep(Duration::from_micros(dice.throw(4000)));
                    driver.kill();
                }
            });
        }
    });
    let mut last = Driver::with_options(&options);
    wait_for("the other runs to go", || names(scratch.path()).len() == 3);
    assert_eq!(last.close().number("result"), 0);
    let ends = ends(&receiver);
    assert!(ends.values().all(|it| it.len() == 1), "{ends:#?}");
    assert!(ends.len() > 1, "{ends:#?}");
}

/// Events of one process after the other, given up at once and kept on disk: those of which an end was heard, and all.
fn live_and_die(dice: &mut Dice, options: &Value, settled: &Ids, accepted: &Ids) {
    const LIVES: u64 = 5;
    for _ in 0..LIVES {
        let mut driver = Driver::with_options(options);
        let ids = driver.accept_many(1 + usize::try_from(dice.throw(5)).unwrap());
        accepted.lock().unwrap().extend(ids.iter().cloned());
        if dice.throw(4) == 0 {
            // At any moment, whatever it is about to send, write or take over.
            std::thread::sleep(Duration::from_micros(dice.throw(4000)));
            driver.kill();
            continue;
        }
        wait_for("each event to be sent or written", || {
            let heard = driver.outcomes(0);
            let is_safe = |id: &String| {
                let mut of_it = heard.iter().filter(|it| it.event_id == *id);
                of_it.any(|it| ["delivered", "spooled"].contains(&it.outcome.as_str()))
            };
            ids.iter().all(is_safe)
        });
        settled.lock().unwrap().extend(ids);
        driver.stats();
        match dice.throw(3) {
            0 => drop(driver.close()),
            1 => drop(driver.finish()),
            _ => driver.kill(),
        }
    }
}

// SP-3
#[test]
fn no_event_that_was_sent_or_written_is_lost_while_processes_and_the_server_come_and_go() {
    for processes in [2, 5, 8] {
        let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
        let put_off = json!({
            "http_retry": true, "retries": 0, "cache_max_items": 0, "auto_session_tracking": false,
        });
        let options = with(options(&receiver, scratch.path()), put_off);
        let (settled, accepted) = (Ids::default(), Ids::default());
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (receiver, options, is_over) = (&receiver, &options, &is_over);
            let (settled, accepted) = (&settled, &accepted);
            let lives: Vec<_> = (0..processes)
                .map(|process| {
                    let mut dice = Dice(0xA076_1D64_78BD_642F ^ (process + 1));
                    scope.spawn(move || live_and_die(&mut dice, options, settled, accepted))
                })
                .collect();
            scope.spawn(move || {
                let mut dice = Dice(0xE703_7ED1_A0B4_28DB);
                while !is_over.load(Ordering::Relaxed) {
                    receiver.refuse();
                    std::thread::sleep(Duration::from_millis(dice.throw(50)));
                    // An outgoing connection may have been given the port meanwhile.
                    wait_for("the port", || receiver.listen().is_ok());
                    std::thread::sleep(Duration::from_millis(dice.throw(50)));
                }
            });
            let ends: Vec<_> = lives.into_iter().map(|life| life.join()).collect();
            is_over.store(true, Ordering::Relaxed);
            assert!(ends.iter().all(Result::is_ok), "see above");
        });
        // What is left is sent by one more. Half of a file that a killed process was writing stays for an hour.
        let cache = scratch.join("cache");
        let mut last = Driver::with_options(&options);
        let is_left = || {
            let runs = names(scratch.path());
            let is_envelope = |it: &String| it.ends_with(".envelope");
            runs.iter().filter(|it| it.ends_with(".run")).count() > 1
                || (cache.exists() && names(&cache).iter().any(is_envelope))
        };
        wait_for("the files to go", || !is_left());
        last.stats();
        assert_eq!(last.close().number("result"), 0);
        assert_eq!(receiver.violations(), [""; 0]);
        let arrived = receiver.accepted_event_ids().into_iter().collect();
        let (settled, accepted) = (
            settled.into_inner().unwrap(),
            accepted.into_inner().unwrap(),
        );
        let lost: Vec<_> = settled.difference(&arrived).collect();
        assert_eq!(lost, [""; 0], "of {}, {processes} processes", settled.len());
        assert!(arrived.is_subset(&accepted));
        assert!(settled.len() > accepted.len() / 2);
        let mut rest = names(scratch.path());
        rest.retain(|it| it != "cache");
        assert_eq!(rest, ["installation_id"]);
    }
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    let outside = Scratch::new("outside");
    fs::write(outside.join("session.json"), "{}").unwrap();
    let name = |number: u32| format!("00000000-0000-4000-8000-{number:012}.run");
    symlink(outside.path(), scratch.join(&name(1))).unwrap();
    fs::write(scratch.join(&name(2)), "a file").unwrap();
    for directory in ["notes.run", "cache-of-somebody", &name(3)] {
        fs::create_dir(scratch.join(directory)).unwrap();
        fs::write(scratch.join(directory).join("notes"), "x").unwrap();
    }
    fs::write(scratch.join("notes.run.lock"), "x").unwrap();
    let before = names(scratch.path());
    let mut driver = Driver::with_options(&options(&receiver, scratch.path()));
    assert_eq!(driver.close().number("result"), 0);
    let mut after = names(scratch.path());
    after.retain(|name| name != "installation_id");
    assert_eq!(after, before);
    assert_eq!(names(outside.path()), ["session.json"]);
    assert!(scratch.join(&name(3)).join("notes").exists());
    assert_eq!(ends(&receiver).len(), 1);
}

// SP-5
#[test]
fn everything_is_private() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    let database = scratch.join("deep/below");
    let driver = Driver::with_options(&options(&receiver, &database));
    let run = wait_for_session(&driver);
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    for directory in [&scratch.join("deep"), &database, &run] {
        assert_eq!(mode(directory), 0o700, "{}", directory.display());
    }
    let lock = run.with_extension("run.lock");
    for file in [
        &run.join("session.json"),
        &database.join("installation_id"),
        &lock,
    ] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_relative_path_counts_from_where_init_was_called() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    let mut driver = Driver::start_in(scratch.path());
    driver.init(&options(&receiver, Path::new("relative")));
    assert_eq!(
        run_of(driver.id()).unwrap().parent(),
        Some(&*scratch.join("relative"))
    );
    driver.close();
    assert_eq!(names(scratch.path()), ["relative"]);
}

#[test]
fn a_directory_that_cannot_be_made_or_written_leaves_everything_in_memory() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    fs::write(scratch.join("file"), "").unwrap();
    // Nobody, not even root, makes a directory there.
    for path in [
        scratch.join("file"),
        scratch.join("file/below"),
        "/proc/self/below".into(),
    ] {
        let mut driver = Driver::with_options(&options(&receiver, &path));
        assert_eq!(driver.stats().figure("database_unusable"), 1);
        driver.accept(&json!({"message": "sent all the same"}));
        assert_eq!(driver.close().number("result"), 0);
    }
    assert_eq!(receiver.events().len(), 3);
    assert_eq!(ends(&receiver).len(), 3);
    assert_eq!(names(scratch.path()), ["file"]);
}

#[test]
fn a_directory_that_vanishes_costs_no_event() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    let database = scratch.join("database");
    let mut driver = Driver::with_options(&options(&receiver, &database));
    let run = wait_for_session(&driver);
    fs::remove_dir_all(&database).unwrap();
    driver.accept(&json!({"message": "1"}));
    // The news of the session was sent, and so the file is written: everything is made again.
    wait_for("the run to come back", || run.join("session.json").exists());
    let lock = run.with_extension("run.lock");
    let identity = |path: &Path| fs::metadata(path).map(|found| found.ino());
    let held = fs::read_dir(format!("/proc/{}/fd", driver.id())).unwrap();
    let held: Vec<_> = held
        .filter_map(|entry| identity(&entry.unwrap().path()).ok())
        .collect();
    assert!(
        held.contains(&identity(&lock).unwrap()),
        "without its lock it would be taken over"
    );
    // The second time it stays away.
    fs::remove_dir_all(&database).unwrap();
    driver.accept(&json!({"message": "2"}));
    driver.send("session start");
    driver.drain();
    assert_eq!(driver.close().number("result"), 0);
    assert!(!database.exists());
    assert_eq!(receiver.events().len(), 2);
    assert_eq!(ends(&receiver).len(), 2);
}

// LIF-10
#[test]
fn a_forked_child_has_a_run_of_its_own_and_leaves_that_of_its_parent() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    let mut driver = Driver::with_options(&options(&receiver, scratch.path()));
    let run = wait_for_session(&driver);
    assert_eq!(driver.send("fork session").number("result"), 0);
    assert!(run.join("session.json").exists());
    assert_eq!(run_of(driver.id()), Some(run));
    // Another start still finds it locked.
    let mut other = Driver::with_options(&options(&receiver, scratch.path()));
    other.drain();
    other.close();
    assert_eq!(driver.close().number("result"), 0);
    let ends = ends(&receiver);
    assert_eq!(ends.len(), 3);
    assert!(ends.values().all(|it| *it == ["exited"]), "{ends:?}");
    assert_eq!(names(scratch.path()), ["installation_id"]);
}

// LIF-10, SES-10
#[test]
fn a_child_that_lives_on_does_not_keep_the_run_of_its_dead_parent() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("runs"));
    let mut driver = Driver::with_options(&options(&receiver, scratch.path()));
    wait_for_session(&driver);
    let forked = driver.send("fork stay");
    let child = Stray(libc::pid_t::try_from(forked.number("child")).unwrap());
    assert_eq!(forked.number("result"), 0);
    driver.kill();
    let mut next = Driver::with_options(&options(&receiver, scratch.path()));
    next.drain();
    let ends_of_dead = ends(&receiver);
    // SAFETY: no pointers; asks whether it is there.
    assert_eq!(unsafe { libc::kill(child.0, 0) }, 0, "it was to live on");
    let statuses: Vec<_> = ends_of_dead.values().collect();
    assert_eq!(statuses, [&["abnormal"]]);
    next.close();
}
