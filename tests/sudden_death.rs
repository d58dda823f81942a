//! Sudden death: processes are killed at random moments while the server comes and goes, and the next start has to
//! account for everything.
//!
//! `SENTRY_TEST_KILLS` sets the number of kills of each test, for long runs (`make soak`); the ordinary run makes a few.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use receiver::{Receiver, Reply};
use serde_json::Value;
use support::{Scratch, Standard, assert_success, compile_c, run, runtime_dir};

/// Threads that capture.
const THREADS: u64 = 3;

fn kills() -> u64 {
    let set = std::env::var("SENTRY_TEST_KILLS").ok();
    set.map_or(12, |text| text.parse().expect("a number of kills"))
}

/// Numbers by chance; the seed is printed, so that a failure says what was done.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seed = now.expect("the clock is set").subsec_nanos();
        println!("seed {seed}");
        Self(u64::from(seed) | 1)
    }

    /// At least `low`, less than `high`.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + self.0 % (high - low)
    }
}

/// One database, one server, and the processes that die on them.
struct Scene {
    _scratch: Scratch,
    database: PathBuf,
    receiver: Arc<Receiver>,
    is_durable: bool,
    chance: Chance,
}

impl Scene {
    fn new(name: &str, is_durable: bool) -> Self {
        let scratch = Scratch::new(name);
        Self {
            database: scratch.join("database"),
            _scratch: scratch,
            receiver: Arc::new(Receiver::start()),
            is_durable,
            chance: Chance::new(),
        }
    }

    fn command(&self, task: &str, number: u64) -> Command {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let program = PROGRAM.get_or_init(|| {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
                .join(format!("sudden_death-{}", std::process::id()));
            compile_c("tests/c/sudden_death.c", Standard::C99, &path);
            path
        });
        let mut command = Command::new(program);
        command
            .args([task, &self.receiver.dsn()])
            .arg(&self.database)
            .arg(if self.is_durable { "1" } else { "0" })
            .arg(number.to_string())
            .env("LD_LIBRARY_PATH", runtime_dir());
        command
    }

    /// Lets a process capture and kills it; the ids it was told were accepted.
    fn capture_and_kill(&mut self) -> BTreeSet<String> {
        let mut child = self
            .command("capture", THREADS)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut output = child.stdout.take().expect("it is piped");
        let reader = thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).expect("ids are text");
            text
        });
        // Not to wait for anything: the moment of death is what varies.
        thread::sleep(Duration::from_millis(self.chance.between(5, 250)));
        child.kill().expect("it is ours to kill");
        let status = child.wait().expect("it is ours to wait for");
        assert!(status.code().is_none(), "it ended by itself: {status}");
        let text = reader.join().expect("the reader reads");
        // A last line may be cut only if the pipe is full, and it never is.
        text.lines().map(|line| line.replace('-', "")).collect()
    }

    /// A start that lives until nothing of the earlier ones is left; its account of errors.
    fn drain(&self) -> Value {
        // One queue after the other comes back, each synced: the more deaths, the longer.
        let patience = 60 + kills();
        let output = run(
            &mut self.command("drain", patience),
            Duration::from_secs(2 * patience),
        );
        assert_success(&output, "drain");
        let account: Value = serde_json::from_slice(&output.stdout).expect("it prints its account");
        for empty in ["pending", "spooled", "runs"] {
            assert_eq!(account[empty], 0, "not drained: {account}");
        }
        account
    }

    /// How often each event arrived, whatever the server answered.
    fn arrivals(&self) -> BTreeMap<String, u64> {
        let mut arrivals = BTreeMap::new();
        for id in self.receiver.event_ids() {
            *arrivals.entry(id).or_default() += 1;
        }
        arrivals
    }
}

/// A server that comes and goes, until this is dropped; then it is well.
struct Flapping {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Flapping {
    fn start(receiver: &Arc<Receiver>, mut chance: Chance) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (receiver, over) = (Arc::clone(receiver), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                match chance.between(0, 6) {
                    0 => receiver.set_default(Reply::hang_after_request()),
                    1 => receiver.set_default(Reply::reset_after_request()),
                    2 => receiver.set_default(Reply::close_without_answer()),
                    3 => receiver.refuse(),
                    _ => receiver.set_default(Reply::ok()),
                }
                // How long each mood lasts; nobody waits for it.
                thread::sleep(Duration::from_millis(chance.between(5, 60)));
                receiver.listen().expect("the port is still free");
            }
            receiver.set_default(Reply::ok());
            receiver.release();
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Flapping {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server's moods end");
        }
    }
}

/// Arrivals beyond the first of each event are explained by what may repeat it: a request without an answer, and a
/// request that was under way at a kill.
fn assert_repeats_are_explained(scene: &Scene, deaths: u64) {
    let repeats: u64 = scene.arrivals().values().map(|count| count - 1).sum();
    let requests = scene.receiver.requests();
    let unanswered = requests.iter().filter(|request| !request.was_accepted());
    let explained = u64::try_from(unanswered.count()).expect("a count") + deaths;
    println!("{repeats} repeats, {explained} requests that may repeat");
    assert!(
        repeats <= explained,
        "{repeats} repeats, {explained} explained"
    );
}

// The promise of `queue_durable`.
#[test]
fn a_durable_queue_loses_nothing_that_was_accepted() {
    let mut scene = Scene::new("durable-death", true);
    let flapping = Flapping::start(&scene.receiver, Chance::new());
    let mut accepted = BTreeSet::new();
    for _ in 0..kills() {
        accepted.append(&mut scene.capture_and_kill());
    }
    drop(flapping);
    let account = scene.drain();
    let arrived: BTreeSet<String> = scene.arrivals().into_keys().collect();
    let missing: Vec<_> = accepted.difference(&arrived).collect();
    println!(
        "{} accepted, {} arrived, {account}",
        accepted.len(),
        arrived.len()
    );
    assert!(accepted.len() > 100, "the scene is too quiet");
    assert!(missing.is_empty(), "{} missing: {missing:?}", missing.len());
    assert_repeats_are_explained(&scene, kills());
}

#[test]
fn what_dies_in_memory_is_counted_by_the_next_start() {
    let mut scene = Scene::new("sudden-death", false);
    let mut died = 0;
    for round in 0..kills().div_ceil(4) {
        let before: BTreeSet<String> = scene.arrivals().into_keys().collect();
        let flapping = Flapping::start(&scene.receiver, Chance::new());
        let accepted = scene.capture_and_kill();
        // A file whose sending fails once more waits for a quarter of an hour.
        drop(flapping);
        let account = scene.drain();
        let counted = account["host_died"].as_u64().expect("a number");
        let after: BTreeSet<String> = scene.arrivals().into_keys().collect();
        let missing = u64::try_from(accepted.difference(&after).count()).expect("a count");
        // Arrived, and not heard of by the dying: requests without an answer, and calls that had not returned.
        let unheard = u64::try_from(after.difference(&before).count()).expect("a count");
        println!(
            "round {round}: {} accepted, {missing} missing, {account}",
            accepted.len()
        );
        assert!(counted >= missing, "{missing} missing, {counted} counted");
        assert!(
            counted <= missing + unheard + THREADS,
            "{missing} missing, {unheard} arrived, {counted} counted"
        );
        died += counted;
    }
    assert!(died > 0, "nothing ever died in memory");
    // Reports that were on their way when a process was killed may be lost; none of these was.
    let reported: u64 = scene.receiver.reported_losses().values().sum();
    assert!(reported >= 1, "the server was told of no loss");
    assert_repeats_are_explained(&scene, kills());
}
