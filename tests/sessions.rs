//! Release health: what the server hears of sessions, with events and alone, across kills and forks.

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
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use driver::{Driver, quick_options, status, with};
use receiver::{Receiver, Reply};
use serde_json::{Value, json};
use support::Scratch;

/// A guard against hangs, no promise.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sessions start with init.
fn options(receiver: &Receiver, changes: Value) -> Value {
    let options = quick_options(&receiver.dsn());
    let health = json!({"auto_session_tracking": true, "send_client_reports": false, "release": "app@1", "environment": "kitchen"});
    with(with(options, health), changes)
}

fn start(changes: Value) -> (Receiver, Driver) {
    let receiver = Receiver::start();
    let driver = Driver::with_options(&options(&receiver, changes));
    (receiver, driver)
}

/// Closes the library and ends the process.
fn close(mut driver: Driver) {
    assert_eq!(driver.close().number("result"), 0);
    driver.finish();
}

fn error() -> Value {
    json!({"exception": {"values": [{"type": "Burnt"}]}})
}

/// The kinds of the items of each envelope, and all sessions in the order in which they came.
fn heard(receiver: &Receiver) -> (Vec<Vec<String>>, Vec<Value>) {
    assert_eq!(receiver.violations(), [""; 0]);
    let envelopes = receiver.envelopes();
    let kinds = envelopes
        .iter()
        .map(|it| it.items.iter().map(|item| item.kind.clone()).collect());
    let sessions = envelopes
        .iter()
        .flat_map(|it| it.items_of("session"))
        .map(|item| item.json().unwrap());
    (kinds.collect(), sessions.collect())
}

/// Status, errors and whether it is the first transmission.
fn told(session: &Value) -> (&str, u64, bool) {
    let is_first = session.get("init").is_some_and(|init| init == true);
    let status = session["status"].as_str().unwrap();
    (status, session["errors"].as_u64().unwrap(), is_first)
}

/// The file of the only run.
fn session_file(database: &Path) -> Option<Value> {
    let entries = fs::read_dir(database).ok()?;
    let mut runs = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "run"));
    let text = fs::read_to_string(runs.next()?.join("session.json")).ok()?;
    serde_json::from_str(&text).ok()
}

/// A run that ended without closing, made by hand.
fn leave_session(database: &Path, number: u64, session: &Value) {
    let run = database.join(format!("00000000-0000-4000-8000-{number:012x}.run"));
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("session.json"), session.to_string()).unwrap();
}

/// That many seconds earlier, as the library writes times.
fn before(time: SystemTime, seconds: u64) -> String {
    let time = time.duration_since(UNIX_EPOCH).unwrap().as_secs() - seconds;
    let mut date = Command::new("date");
    date.args([
        "-u",
        "-d",
        &format!("@{time}"),
        "+%Y-%m-%dT%H:%M:%S.000000Z",
    ]);
    let printed = support::run(&mut date, PATIENCE);
    support::assert_success(&printed, "date");
    String::from_utf8(printed.stdout).unwrap().trim().to_owned()
}

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn left(number: u64, started: &str) -> Value {
    json!({
        "init": true, "sid": format!("00000000-0000-4000-8000-{number:012x}"), "status": "ok", "did": "somebody",
        "errors": 0, "started": started, "duration": 0, "attrs": {"release": "app@0"}
    })
}

// SES-1, SES-2, SES-3, SES-9
#[test]
fn a_short_run_is_one_item() {
    let (receiver, driver) = start(json!({}));
    close(driver);
    let (kinds, sessions) = heard(&receiver);
    assert_eq!(kinds, [["session"]]);
    let session = &sessions[0];
    assert_eq!(told(session), ("exited", 0, true));
    assert_eq!(
        session["attrs"],
        json!({"release": "app@1", "environment": "kitchen"})
    );
    assert!(session["duration"].as_f64().unwrap() >= 0.0);
    assert!(session["started"].as_str().unwrap().ends_with('Z'));
    // Without a database nobody is known.
    assert_eq!(session.get("did"), None);
}

// SES-3, SES-6, PIPE-2
#[test]
fn news_rides_on_events_and_only_news() {
    let (receiver, mut driver) = start(json!({}));
    driver.accept(&json!({"level": "warning", "message": "harmless"}));
    driver.accept(&json!({"level": "info", "message": "nothing new"}));
    driver.accept(&error());
    driver.accept(&json!({"level": "warning", "exception": {"values": [{"type": "Handled"}]}}));
    driver.accept(&json!({"level": "fatal", "message": "the second error"}));
    let message = driver.send("message fatal - a message is no error, whatever its level");
    assert_eq!(message.status(), status::OK);
    close(driver);
    let (kinds, sessions) = heard(&receiver);
    let (with_news, plain) = (vec!["event", "session"], vec!["event"]);
    let alone = vec!["session"];
    let both = with_news.clone();
    assert_eq!(
        kinds,
        [
            with_news,
            plain.clone(),
            both.clone(),
            plain.clone(),
            both,
            plain,
            alone
        ]
    );
    let news: Vec<_> = sessions.iter().map(told).collect();
    assert_eq!(
        news,
        [
            ("ok", 0, true),
            ("ok", 1, false),
            ("ok", 2, false),
            ("exited", 2, false)
        ]
    );
    assert!(sessions.iter().all(|it| it["sid"] == sessions[0]["sid"]));
    assert!(
        sessions
            .iter()
            .all(|it| it["started"] == sessions[0]["started"])
    );
}

// SES-7, PIPE-2
#[test]
fn the_first_error_is_told_alone_when_its_event_is_sampled_out() {
    let (receiver, mut driver) = start(json!({"sample_rate": 0.0}));
    for _ in 0..3 {
        assert_eq!(driver.capture(&error()).status(), status::SAMPLED_OUT);
    }
    driver.drain();
    assert_eq!(heard(&receiver).0[0], ["session"]);
    close(driver);
    let news: Vec<_> = heard(&receiver)
        .1
        .iter()
        .map(|it| {
            let (status, errors, is_first) = told(it);
            (status.to_owned(), errors, is_first)
        })
        .collect();
    assert_eq!(
        news,
        [("ok".to_owned(), 1, true), ("exited".to_owned(), 3, false)]
    );
}

// SES-7
#[test]
fn the_first_error_is_told_alone_while_errors_are_limited() {
    let (receiver, mut driver) = start(json!({}));
    receiver.script([Reply::ok().with_header("X-Sentry-Rate-Limits", "60:error")]);
    driver.accept(&json!({"level": "info", "message": "brings the limit"}));
    driver.drain();
    assert_eq!(driver.capture(&error()).status(), status::RATE_LIMITED);
    driver.drain();
    let (_, sessions) = heard(&receiver);
    assert_eq!(
        sessions.iter().map(told).collect::<Vec<_>>(),
        [("ok", 0, true), ("ok", 1, false)]
    );
}

// SES-13
#[test]
fn a_limit_for_sessions_spares_the_event() {
    let (receiver, mut driver) = start(json!({}));
    receiver.script([Reply::ok().with_header("X-Sentry-Rate-Limits", "60:session")]);
    driver.accept(&error());
    driver.drain();
    driver.accept(&error());
    driver.drain();
    assert_eq!(
        heard(&receiver).0,
        [vec!["event", "session"], vec!["event"]]
    );
    let stats = driver.stats();
    stats.assert_errors(2, 2, &[]);
}

// SES-2
#[test]
fn without_a_release_there_is_no_session_until_one_is_set() {
    let (receiver, mut driver) = start(json!({"release": ""}));
    driver.send("session start");
    driver.accept(&error());
    driver.drain();
    assert_eq!(heard(&receiver).0, [["event"]]);
    driver.send("release late@2");
    driver.send("session start");
    driver.send("release later@3");
    driver.accept(&error());
    close(driver);
    let (_, sessions) = heard(&receiver);
    let releases: Vec<_> = sessions.iter().map(|it| &it["attrs"]["release"]).collect();
    assert_eq!(releases, ["late@2", "late@2"]);
}

// SES-4, SES-12
#[test]
fn a_new_session_ends_the_one_before_and_an_end_is_final() {
    let (receiver, mut driver) = start(json!({}));
    driver.send("session start");
    driver.send("session 77");
    driver.send("session 1");
    driver.accept(&error());
    driver.send("session end");
    driver.send("session start");
    driver.send("session 2");
    close(driver);
    let (kinds, sessions) = heard(&receiver);
    assert_eq!(kinds.concat().iter().filter(|it| *it == "event").count(), 1);
    assert!(!kinds.contains(&vec!["event".to_owned(), "session".to_owned()]));
    assert_eq!(
        sessions.iter().map(told).collect::<Vec<_>>(),
        // SES-6: a crash is an error.
        [
            ("exited", 0, true),
            ("crashed", 1, true),
            ("abnormal", 0, true)
        ]
    );
    assert_ne!(sessions[0]["sid"], sessions[1]["sid"]);
}

// SES-5
#[test]
fn the_user_counts_until_the_server_has_heard_of_the_session() {
    let (receiver, mut driver) = start(json!({}));
    driver.send("user first");
    driver.send("user second");
    driver.accept(&error());
    driver.send("user third");
    driver.accept(&error());
    close(driver);
    let (_, sessions) = heard(&receiver);
    let users: Vec<_> = sessions.iter().map(|it| &it["did"]).collect();
    assert_eq!(users, ["second"; 3]);
}

#[test]
fn the_id_of_the_installation_stands_in_for_users_without_one() {
    let scratch = Scratch::new("sessions");
    let (receiver, mut driver) = start(json!({"database_path": scratch.path()}));
    let installation = fs::read_to_string(scratch.join("installation_id")).unwrap();
    let installation = installation.lines().next().unwrap();
    driver.accept(&error());
    driver.accept(&json!({"user": {"username": "own"}}));
    driver.accept(&json!({"user": {"id": "own"}}));
    driver.send("user ?");
    driver.accept(&error());
    driver.send("user -");
    driver.accept(&error());
    close(driver);
    let events = receiver.events();
    assert_eq!(events[0]["user"], json!({"id": installation}));
    let own = json!({"id": installation, "username": "own"});
    assert_eq!(events[1]["user"], own);
    assert_eq!(events[2]["user"], json!({"id": "own"}));
    let somebody = json!({"id": installation, "username": "somebody"});
    assert_eq!(events[3]["user"], somebody);
    assert_eq!(events[4].get("user"), None);
    let (_, sessions) = heard(&receiver);
    assert!(sessions.iter().all(|it| it["did"] == installation));
}

// SES-10
#[test]
fn a_killed_session_is_closed_by_the_next_start_and_by_no_other() {
    let scratch = Scratch::new("sessions");
    let (receiver, mut driver) = start(json!({"database_path": scratch.path()}));
    driver.accept(&error());
    driver.drain();
    // The first transmission is noted after the event was queued.
    wait_for("the file to know", || {
        session_file(scratch.path()).is_some_and(|it| it.get("init").is_none())
    });
    driver.kill();
    for _ in 0..2 {
        let again = options(&receiver, json!({"database_path": scratch.path()}));
        close(Driver::with_options(&again));
    }
    let (_, sessions) = heard(&receiver);
    let news: Vec<_> = sessions.iter().map(told).collect();
    assert_eq!(news[0], ("ok", 1, true));
    let abnormal: Vec<_> = news.iter().filter(|it| it.0 == "abnormal").collect();
    assert_eq!(abnormal, [&("abnormal", 1, false)], "{news:?}");
    let exited = news.iter().filter(|it| **it == ("exited", 0, true)).count();
    assert_eq!(exited, 2, "{news:?}");
    let names: Vec<_> = fs::read_dir(scratch.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["installation_id"]);
}

// SES-10
#[test]
fn a_killed_session_that_was_never_told_is_still_a_first_transmission() {
    let scratch = Scratch::new("sessions");
    let (receiver, driver) = start(json!({"database_path": scratch.path()}));
    wait_for("the file", || session_file(scratch.path()).is_some());
    driver.kill();
    let later = json!({"database_path": scratch.path(), "auto_session_tracking": false});
    let mut driver = Driver::with_options(&options(&receiver, later));
    assert!(receiver.wait_for_requests(1, PATIENCE));
    driver.drain();
    let (_, sessions) = heard(&receiver);
    assert_eq!(told(&sessions[0]), ("abnormal", 0, true));
    assert_eq!(sessions.len(), 1);
}

// SES-8, SES-10
#[test]
fn one_session_takes_the_crash() {
    let scratch = Scratch::new("sessions");
    let now = SystemTime::now();
    for (number, seconds) in [(1, 400), (2, 300), (3, 100)] {
        leave_session(scratch.path(), number, &left(number, &before(now, seconds)));
    }
    fs::write(scratch.join("last_crash"), before(now, 200)).unwrap();
    let quiet = json!({"database_path": scratch.path(), "auto_session_tracking": false});
    let (receiver, mut driver) = start(quiet);
    assert_eq!(driver.send("crashed").number("crashed"), 1);
    assert!(receiver.wait_for_requests(1, PATIENCE));
    let cleared = driver.send("crashed clear");
    assert_eq!(
        (cleared.number("result"), cleared.number("crashed")),
        (0, 1)
    );
    assert!(!scratch.join("last_crash").exists());
    close(driver);
    let (kinds, sessions) = heard(&receiver);
    assert_eq!(kinds, [["session"; 3]]);
    let mut news: Vec<_> = sessions
        .iter()
        .map(|it| {
            (
                it["sid"].as_str().unwrap().chars().last().unwrap(),
                told(it).0,
            )
        })
        .collect();
    news.sort_unstable();
    assert_eq!(
        news,
        [('1', "abnormal"), ('2', "crashed"), ('3', "abnormal")]
    );
    let crashed = sessions
        .iter()
        .find(|it| it["status"] == "crashed")
        .unwrap();
    assert_eq!(crashed["duration"], 100.0);
    assert_eq!(crashed["errors"], 1);
}

// SES-12
#[test]
fn many_dead_sessions_travel_a_hundred_at_a_time() {
    let scratch = Scratch::new("sessions");
    let recently = before(SystemTime::now(), 60);
    for number in 0..105 {
        leave_session(scratch.path(), number, &left(number, &recently));
    }
    let quiet = json!({"database_path": scratch.path(), "auto_session_tracking": false});
    let (receiver, driver) = start(quiet);
    assert!(receiver.wait_for_requests(2, PATIENCE));
    close(driver);
    let (kinds, sessions) = heard(&receiver);
    let mut counts: Vec<_> = kinds.iter().map(Vec::len).collect();
    counts.sort_unstable();
    assert_eq!(counts, [5, 100]);
    assert!(sessions.iter().all(|it| it["status"] == "abnormal"));
}

// LIF-10
#[test]
fn a_forked_child_does_not_continue_the_session_of_its_parent() {
    let scratch = Scratch::new("sessions");
    let (receiver, mut driver) = start(json!({"database_path": scratch.path()}));
    assert_eq!(driver.send("fork").number("result"), 0);
    assert_eq!(heard(&receiver).0, [["event"]]);
    assert_eq!(driver.send("fork session").number("result"), 0);
    let (_, sessions) = heard(&receiver);
    assert_eq!(
        sessions.iter().map(told).collect::<Vec<_>>(),
        [("exited", 0, true)]
    );
    driver.accept(&error());
    close(driver);
    let (_, sessions) = heard(&receiver);
    let of_parent: Vec<_> = sessions[1..].iter().map(told).collect();
    assert_eq!(of_parent, [("ok", 1, true), ("exited", 1, false)]);
    assert_ne!(sessions[0]["sid"], sessions[1]["sid"]);
}

// SES-3, PIPE-2
#[test]
fn what_the_queue_refused_did_not_count_as_the_first_transmission() {
    let (receiver, mut driver) = start(json!({"queue_max_items": 1}));
    receiver.script([Reply::hang_after_request()]);
    driver.accept(&json!({"level": "info", "message": "hangs, with the first news"}));
    driver.send("session start");
    assert_eq!(driver.capture(&error()).status(), status::QUEUE_FULL);
    receiver.release();
    driver.drain();
    driver.accept(&error());
    driver.drain();
    let (_, sessions) = heard(&receiver);
    let last = sessions.last().unwrap();
    assert_eq!(told(last), ("ok", 2, true));
}

// SES-4
#[test]
fn an_end_is_told_once_even_if_the_file_cannot_be_removed() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("sessions");
    let changes = json!({"database_path": scratch.path()});
    let (receiver, mut driver) = start(changes.clone());
    wait_for("the file", || session_file(scratch.path()).is_some());
    driver.accept(&error());
    driver.drain();
    let run = fs::read_dir(scratch.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|it| it == "run"))
        .unwrap();
    // SAFETY: no arguments.
    let is_root = unsafe { libc::geteuid() } == 0;
    if is_root {
        // As a server does that binds a port first.
        assert_eq!(driver.send("setuid 12345").number("result"), 0);
    } else {
        fs::set_permissions(&run, fs::Permissions::from_mode(0o500)).unwrap();
    }
    // Two ends: the file says neither.
    driver.send("session start");
    driver.send("session end");
    driver.drain();
    assert_eq!(driver.stats().figure("database_unusable"), 1);
    assert!(run.join("session.json").exists());
    close(driver);
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).unwrap();
    close(Driver::with_options(&options(&receiver, changes)));
    let (_, sessions) = heard(&receiver);
    let ends: Vec<_> = sessions
        .iter()
        .map(|it| told(it).0)
        .filter(|it| *it != "ok")
        .collect();
    assert_eq!(ends, ["exited"; 3], "{sessions:?}");
}

// SES-4
#[test]
fn an_end_that_outlives_a_kill_is_the_only_one() {
    let scratch = Scratch::new("sessions");
    let changes = json!({
        "database_path": scratch.path(), "queue_durable": true, "queue_max_bytes": 65_536, "retries": 1000,
    });
    let (receiver, mut driver) = start(changes.clone());
    receiver.refuse();
    wait_for("the file", || session_file(scratch.path()).is_some());
    // In the log, and perhaps not yet out of the file.
    driver.send("session end");
    driver.kill();
    receiver.listen().unwrap();
    let later = with(changes, json!({"auto_session_tracking": false}));
    let mut driver = Driver::with_options(&options(&receiver, later));
    assert!(receiver.wait_for_requests(1, PATIENCE));
    driver.drain();
    let (_, sessions) = heard(&receiver);
    let ends: Vec<_> = sessions.iter().map(told).collect();
    assert_eq!(ends, [("exited", 0, true)]);
}
