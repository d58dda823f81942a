//! The spool: what the network would cost lies on disk, within its bounds, and arrives later, once.

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

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use driver::{Driver, quick_options, status, with};
use receiver::Receiver;
use serde_json::{Value, json};
use support::Scratch;

/// A guard against hangs, no promise.
const PATIENCE: Duration = Duration::from_secs(60);

/// Given up at once, kept on disk.
fn options(receiver: &Receiver, database: &Path) -> Value {
    let changes = json!({
        "database_path": database, "http_retry": true, "retries": 0, "cache_max_items": 0,
        "shutdown_timeout": 10_000,
    });
    with(quick_options(&receiver.dsn()), changes)
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort_unstable();
    files
}

fn cache(database: &Path) -> Vec<PathBuf> {
    files_in(&database.join("cache"))
}

/// Envelopes in the directories of runs.
fn left(database: &Path) -> Vec<PathBuf> {
    let is_envelope = |path: &PathBuf| path.extension().is_some_and(|it| it == "envelope");
    files_in(database)
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "run"))
        .flat_map(|run| files_in(run))
        .filter(is_envelope)
        .collect()
}

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}

/// All that arrived, each once.
fn arrived(receiver: &Receiver) -> Vec<String> {
    assert_eq!(receiver.violations(), [""; 0]);
    sorted(receiver.accepted_event_ids())
}

fn spooled(driver: &mut Driver) -> u64 {
    driver.stats().errors("spooled")
}

// SP-2, SP-3, SP-5
#[test]
fn what_is_given_up_lies_on_disk_and_arrives_when_the_server_answers_again() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-resume"));
    receiver.refuse();
    let mut driver = Driver::with_options(&options(&receiver, scratch.path()));
    let mut ids = driver.accept_many(5);
    for outcome in driver.outcomes(5) {
        assert_eq!(outcome.brief(), ("spooled", 0, 1));
    }
    assert_eq!(spooled(&mut driver), 5);
    let files = cache(scratch.path());
    assert_eq!(files.len(), 5);
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        assert!(!text.contains("sent_at"), "{text}");
        assert_eq!(
            fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let stats = driver.stats();
    let bytes: u64 = files
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    assert_eq!(
        (
            stats.figure("files_written"),
            stats.figure("file_bytes_written")
        ),
        (5, bytes)
    );
    receiver.listen().unwrap();
    ids.extend(driver.accept_many(1));
    assert!(receiver.wait_for_events(6, PATIENCE));
    wait_for("the files to go", || {
        spooled(&mut driver) == 0 && cache(scratch.path()).is_empty()
    });
    assert_eq!(arrived(&receiver), sorted(ids));
    assert_eq!(driver.stats().errors("delivered"), 6);
    assert_eq!(driver.close().number("result"), 0);
    assert_eq!(left(scratch.path()), [""; 0].map(PathBuf::from));
}

#[test]
fn a_later_run_sends_what_an_earlier_one_could_not() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-restart"));
    receiver.refuse();
    let mut driver = Driver::with_options(&options(&receiver, scratch.path()));
    let ids = driver.accept_many(8);
    driver.outcomes(8);
    drop(driver);
    receiver.listen().unwrap();
    let mut later = Driver::with_options(&options(&receiver, scratch.path()));
    assert!(receiver.wait_for_events(8, PATIENCE));
    wait_for("the books", || later.stats().errors("delivered") == 8);
    assert_eq!(cache(scratch.path()).len(), 0);
    assert_eq!(arrived(&receiver), sorted(ids));
    later.stats().assert_errors(8, 8, &[]);
    assert_eq!(later.close().number("result"), 0);
}

/// Ends what another thread does.
struct Finally<'a>(&'a AtomicBool);

impl Drop for Finally<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How many envelopes the caps are tried with; `SENTRY_TEST_CAPTURES` sets it for long runs (`make soak`).
fn captures() -> u64 {
    let set = std::env::var("SENTRY_TEST_CAPTURES").ok();
    set.map_or(3_000, |text| text.parse().unwrap())
}

// SP-1
#[test]
fn caps_hold_at_every_instant_and_their_losses_are_counted() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-caps"));
    receiver.refuse();
    let (items, bytes, captures) = (20, 10_000, captures());
    let changes = json!({
        "cache_max_items": items, "cache_max_size": bytes, "queue_max_items": captures, "queue_max_bytes": 1 << 28, "retry_backoff_max_ms": 1,
    });
    let mut driver = Driver::with_options(&with(options(&receiver, scratch.path()), changes));
    let (is_done, database) = (AtomicBool::new(false), scratch.path());
    std::thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let mut looks = 0;
            while !is_done.load(Ordering::Relaxed) {
                let files = cache(database);
                let sizes = files
                    .iter()
                    .filter_map(|file| Some(fs::metadata(file).ok()?.len()));
                assert!(sizes.sum::<u64>() <= bytes);
                // A listing takes time: a file may be seen that went, and the one that came for it.
                assert!(files.len() <= 2 * items, "{}", files.len());
                looks += 1;
            }
            looks
        });
        // Also when something fails in between.
        let _end = Finally(&is_done);
        let answer = driver.send(&format!("capture_many {captures} {{\"message\":\"many\"}}"));
        assert_eq!(answer.count(status::OK), captures);
        // A cache that is written over and over: as long as that takes, but not when it stands still.
        let mut pending = captures;
        while pending >= 1000 {
            wait_for("the queue", || {
                let before = std::mem::replace(&mut pending, driver.stats().errors("pending"));
                pending < before
            });
        }
        is_done.store(true, Ordering::Relaxed);
        assert!(looks.join().unwrap() > 10);
    });
    let files = cache(database).len();
    assert!((1..=items).contains(&files));
    // Another may have come there since it was looked.
    let stats = driver.stats();
    assert!(
        (1..=items as u64).contains(&stats.errors("spooled")),
        "{stats:?}"
    );
    let settled = stats.errors("spooled") + stats.lost("cache_overflow");
    assert_eq!(settled + stats.errors("pending"), captures);
}

// SP-2, HTTP-6
#[test]
fn damaged_files_cost_themselves_only() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-damaged"));
    receiver.refuse();
    let mut driver = Driver::with_options(&options(&receiver, scratch.path()));
    let ids = driver.accept_many(4);
    driver.outcomes(4);
    drop(driver);
    let files = cache(scratch.path());
    fs::write(&files[0], b"").unwrap();
    let whole = fs::read(&files[1]).unwrap();
    fs::write(&files[1], &whole[..whole.len() / 2]).unwrap();
    fs::write(&files[2], [0xff; 999]).unwrap();
    fs::write(scratch.join("cache/notes"), b"mine").unwrap();
    receiver.listen().unwrap();
    let mut later = Driver::with_options(&options(&receiver, scratch.path()));
    assert!(receiver.wait_for_events(1, PATIENCE));
    wait_for("the files to go", || cache(scratch.path()).len() == 1);
    wait_for("the books", || later.stats().errors("delivered") == 1);
    assert!(ids.contains(&arrived(&receiver)[0]));
    later.drain();
    let lost = receiver.reported_losses();
    let key = ("internal_sdk_error".to_owned(), "default".to_owned());
    assert_eq!(lost.get(&key), Some(&3), "{lost:?}");
}

#[test]
fn an_init_does_not_wait_for_ten_thousand_files() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-many"));
    let (dsn, count) = (receiver.dsn(), 10_000);
    fs::create_dir(scratch.join("cache")).unwrap();
    for number in 0..count {
        let id = format!("{number:08x}-0000-4000-8000-000000000000");
        let text = format!(
            "{{\"event_id\":\"{}\",\"dsn\":\"{dsn}\"}}\n{{\"type\":\"event\",\"length\":2}}\n{{}}\n",
            id.replace('-', "")
        );
        fs::write(
            scratch.join(&format!("cache/1767225600000-00-{id}.envelope")),
            text,
        )
        .unwrap();
    }
    let mut driver = Driver::start();
    let all = with(
        options(&receiver, scratch.path()),
        json!({"auto_session_tracking": false}),
    );
    let answer = driver.watch(&format!("init {all}"));
    assert!(answer.own_ms() < 50.0, "{answer:?}");
    // They come into the books file by file, and the account is right meanwhile.
    wait_for("the books", || driver.stats().errors("captured") == count);
    // Live events do not wait for them.
    driver.accept_many(1);
    driver.drain();
    assert!(driver.close().own_ms() < 1000.0);
}

#[test]
fn consent_holds_what_waits_on_disk() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-consent"));
    let changes = json!({"require_user_consent": true});
    let mut driver = Driver::with_options(&with(options(&receiver, scratch.path()), changes));
    let ids = driver.accept_many(3);
    let outcomes = driver.outcomes(3);
    assert!(
        outcomes.iter().all(|it| it.outcome == "spooled"),
        "{outcomes:?}"
    );
    assert_eq!(
        (receiver.requests().len(), cache(scratch.path()).len()),
        (0, 3)
    );
    driver.send("consent give");
    assert!(receiver.wait_for_events(3, PATIENCE));
    wait_for("the books", || driver.stats().errors("delivered") == 3);
    assert_eq!(arrived(&receiver), sorted(ids));
    assert_eq!(cache(scratch.path()).len(), 0);
}

#[test]
fn copies_are_kept_as_the_option_says() {
    for (keep, offline, delivered) in [("none", 0, 0), ("offline", 1, 0), ("always", 1, 1)] {
        let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-keep"));
        let changes = json!({"http_retry": false, "cache_keep": keep});
        let mut driver = Driver::with_options(&with(options(&receiver, scratch.path()), changes));
        driver.accept_many(1);
        driver.outcomes(1);
        wait_for("the copy", || cache(scratch.path()).len() == delivered);
        receiver.refuse();
        receiver.drop_connections();
        let id = driver.accept_many(1).remove(0);
        driver.outcomes(2);
        wait_for("the copy", || {
            cache(scratch.path()).len() == offline + delivered
        });
        driver.stats().assert_errors(2, 1, &[("network_error", 1)]);
        let is_named = |path: &PathBuf| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            name.replace('-', "") == id
        };
        assert_eq!(cache(scratch.path()).iter().any(is_named), offline == 1);
    }
}

#[test]
fn a_directory_that_cannot_be_written_costs_what_memory_would() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-unwritable"));
    receiver.refuse();
    let mut driver = Driver::with_options(&options(&receiver, scratch.path()));
    fs::write(scratch.join("cache"), b"in the way").unwrap();
    driver.accept_many(3);
    driver.outcomes(3);
    driver.stats().assert_errors(3, 0, &[("network_error", 3)]);
    fs::remove_file(scratch.join("cache")).unwrap();
    driver.accept_many(2);
    driver.outcomes(5);
    assert_eq!(cache(scratch.path()).len(), 2);
    // Gone altogether: made again.
    fs::remove_dir_all(scratch.path()).unwrap();
    driver.accept_many(1);
    driver.outcomes(6);
    assert_eq!(cache(scratch.path()).len(), 1);
    assert_eq!(driver.stats().lost("internal_sdk_error"), 2);
}

/// A small file system that is unmounted at the end.
struct Tmpfs<'a>(&'a Path);

impl Drop for Tmpfs<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

#[test]
fn a_full_disk_costs_what_does_not_fit() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-full"));
    let mut mount = Command::new("mount");
    mount
        .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
        .arg(scratch.path());
    if !mount.status().is_ok_and(|status| status.success()) {
        println!("SKIPPED: mounting a small file system needs root");
        return;
    }
    let _mounted = Tmpfs(scratch.path());
    receiver.refuse();
    let mut driver = Driver::with_options(&options(&receiver, scratch.path()));
    driver.accept_many(200);
    driver.outcomes(200);
    let stats = driver.stats();
    let (on_disk, lost) = (stats.errors("spooled"), stats.lost("network_error"));
    assert!(on_disk > 5 && lost > 5, "{stats:?}");
    assert_eq!(
        (on_disk + lost, cache(scratch.path()).len() as u64),
        (200, on_disk)
    );
    // What is there is whole.
    receiver.listen().unwrap();
    driver.accept_many(1);
    let all = usize::try_from(on_disk).unwrap() + 1;
    assert!(receiver.wait_for_events(all, PATIENCE));
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn several_processes_on_one_directory_send_each_file_once() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-several"));
    receiver.refuse();
    let all = options(&receiver, scratch.path());
    let mut first: Vec<_> = (0..4).map(|_| Driver::with_options(&all)).collect();
    let mut ids = Vec::new();
    for driver in &mut first {
        ids.extend(driver.accept_many(5));
    }
    for driver in &mut first {
        driver.outcomes(5);
    }
    // Two die, two live on.
    for driver in first.drain(..2) {
        driver.kill();
    }
    receiver.listen().unwrap();
    let mut later: Vec<_> = (0..4).map(|_| Driver::with_options(&all)).collect();
    assert!(receiver.wait_for_events(20, PATIENCE));
    wait_for("the files to go", || {
        cache(scratch.path()).is_empty() && left(scratch.path()).is_empty()
    });
    assert_eq!(arrived(&receiver), sorted(ids));
    for driver in first.iter_mut().chain(&mut later) {
        driver.stats();
        driver.close();
    }
    assert_eq!(receiver.accepted_event_ids().len(), 20);
}

#[test]
fn a_kill_in_the_middle_of_spooling_loses_no_whole_file() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-kill"));
    let all = with(
        options(&receiver, scratch.path()),
        json!({"queue_max_items": 10_000}),
    );
    for round in 0..5 {
        receiver.refuse();
        let mut driver = Driver::with_options(&all);
        driver.post("capture_many 3000 {\"message\":\"many\"}");
        wait_for("some files", || {
            cache(scratch.path()).len() > 20 * (round + 1)
        });
        driver.kill();
    }
    let whole = cache(scratch.path())
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "envelope"))
        .count() as u64;
    let mut last = Driver::with_options(&all);
    wait_for("the books", || last.stats().errors("spooled") >= whole);
    assert_eq!(last.stats().lost("internal_sdk_error"), 0);
}

#[test]
fn what_a_close_cannot_send_arrives_after_the_next_start_once() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-close"));
    receiver.refuse();
    let changes = json!({"http_retry": false, "retries": 1000});
    let options = with(options(&receiver, scratch.path()), changes);
    let mut driver = Driver::with_options(&options);
    let ids = sorted(driver.accept_many(20));
    assert_eq!(driver.close().number("result"), 20);
    for outcome in driver.outcomes(20) {
        assert_eq!(outcome.brief().0, "spooled");
    }
    assert_eq!(left(scratch.path()).len(), 20);
    receiver.listen().unwrap();
    for captured in [20, 0] {
        let mut next = Driver::with_options(&options);
        next.wait("captured", captured);
        next.wait("unspooled", 1);
        next.drain();
        next.stats().assert_errors(captured, captured, &[]);
        assert_eq!(next.close().number("result"), 0);
        assert_eq!(arrived(&receiver), ids);
    }
    assert_eq!(left(scratch.path()), [""; 0].map(PathBuf::from));
}

/// Needs `strace`.
#[test]
fn nothing_is_written_while_nothing_is_captured() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("spool-idle"));
    receiver.refuse();
    let mut driver = Driver::with_options(&options(&receiver, &scratch.join("database")));
    driver.accept_many(3);
    driver.outcomes(3);
    let calls = "write,pwrite64,writev,openat,open,creat,rename,renameat,renameat2,unlink,unlinkat,\
                 mkdir,mkdirat,fsync,fdatasync,msync,ftruncate";
    let log = scratch.join("calls");
    // In the first seconds the counts of what was captured are still brought into their file.
    let mut seen = None;
    for _ in 0..2 {
        let traced = Command::new("timeout")
            .args(["--signal=INT", "3", "strace", "-f", "-e"])
            .arg(format!("trace={calls}"))
            .arg("-o")
            .arg(&log)
            .args(["-p", &driver.id().to_string()])
            .output();
        let Ok(traced) = traced.inspect_err(|error| println!("skipped: {error}")) else {
            return;
        };
        let complaint = String::from_utf8_lossy(&traced.stderr);
        if traced.status.code() == Some(127) || complaint.contains("not permitted") {
            println!("skipped: {complaint}");
            return;
        }
        assert!(complaint.contains("attached"), "{complaint}");
        let calls = fs::read_to_string(&log).unwrap();
        seen = calls
            .lines()
            .find(|line| line.contains('('))
            .map(str::to_owned);
    }
    assert_eq!(seen, None);
}
