//! What a dead run left, and a start that cannot take all of it in.

use super::*;
use crate::protocol::envelope::HeaderFields;
use crate::store::directory::Directory;
use crate::store::queue_log::QueueLog;
use crate::store::run::{OldRun, Run, old_runs};
use crate::store::scratch::Scratch;
use crate::transport::account::layout::Column;
use crate::transport::account::table::Table;
use crate::transport::worker::run_takeover::Inheritance;

const DSN: &str = "https://k@sentry.example/1";

/// A run that died with these events in its queue.
fn dead_run(scratch: &Scratch, dsn: &str, payloads: &[&[u8]]) {
    let run = Run::start(&Directory::open(scratch.path()).unwrap()).unwrap();
    let table = Table::on_page(run.directory(), "counters").unwrap();
    let log = QueueLog::create(run.directory(), "queue.log", 1 << 20, dsn).unwrap();
    for payload in payloads {
        let envelope = Envelope::event(Uuid::new_v4(), payload.to_vec());
        let mut bytes = Vec::new();
        envelope.write(&mut bytes, &HeaderFields::default());
        log.append(&bytes).unwrap().unwrap();
        table.add(Category::Error, Column::Captured, 1);
        table.add(Category::Error, Column::Pending, 1);
    }
    run.end();
}

fn old_run(scratch: &Scratch) -> OldRun {
    let database = Directory::open(scratch.path()).unwrap();
    // A test that forks at this moment gives its child a copy of the lock, until that ends.
    loop {
        if let Some(old) = old_runs(&database).unwrap().next() {
            return old;
        }
        std::thread::yield_now();
    }
}

/// Lets a file be a month old.
fn age(path: &std::path::Path) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(31 * 24 * 60 * 60);
    file.set_modified(long_ago).unwrap();
}

fn durable(database: &Arc<Database>) -> Rig {
    let settings = Settings {
        is_durable: true,
        ..settings(NO_SPOOL, RETRY, 1)
    };
    rig_from(Some(Arc::clone(database)), settings)
}

/// What a start with an empty queue makes of the rest.
fn next_start(old: &OldRun) -> crate::transport::account::counts::CategoryCounts {
    let rig = rig();
    let mut rest = Inheritance::open(old, &rig.shared).unwrap();
    assert!(rest.advance(&rig.shared));
    rig.errors()
}

#[test]
fn a_queue_that_closes_leaves_the_copies_to_the_next_start() {
    let (scratch, rig) = (Scratch::new(), rig());
    dead_run(&scratch, DSN, &[b"{}", b"{}", b"{}"]);
    let old = old_run(&scratch);
    let mut inheritance = Inheritance::open(&old, &rig.shared).unwrap();
    rig.shared.account.queue.close(&rig.shared.account.ledger);
    assert!(!inheritance.advance(&rig.shared));
    assert_eq!(rig.errors().captured, 0);
    let counts = next_start(&old);
    assert_eq!((counts.captured, counts.pending), (3, 3));
}

#[test]
fn what_one_start_took_in_is_not_dead_to_the_next() {
    let (scratch, rig) = (Scratch::new(), rig());
    dead_run(&scratch, DSN, &[b"{}", b"{}", b"{}"]);
    let old = old_run(&scratch);
    for _ in 0..49 {
        rig.capture();
    }
    let mut inheritance = Inheritance::open(&old, &rig.shared).unwrap();
    assert!(
        !inheritance.advance(&rig.shared),
        "half of the queue is full"
    );
    assert_eq!(rig.errors().captured, 50);
    let counts = next_start(&old);
    assert_eq!((counts.captured, counts.pending), (2, 2));
}

#[test]
fn a_copy_without_room_is_not_tried_until_there_is_more() {
    let (scratch, rig) = (Scratch::new(), rig());
    dead_run(&scratch, DSN, &[&vec![b' '; 700_000]]);
    let old = old_run(&scratch);
    let mut inheritance = Inheritance::open(&old, &rig.shared).unwrap();
    rig.submit(Envelope::event(Uuid::new_v4(), vec![b' '; 450_000]));
    assert!(rig.shared.account.queue.is_at_most_half_full());
    assert!(!inheritance.advance(&rig.shared));
    assert!(!inheritance.has_a_chance(&rig.shared));
    let taken = rig.shared.account.queue.take().unwrap();
    rig.shared.account.queue.release(taken.charge);
    assert!(inheritance.has_a_chance(&rig.shared));
    assert!(inheritance.advance(&rig.shared));
}

#[test]
fn copies_for_another_server_stay_for_a_start_that_knows_it() {
    let (scratch, rig) = (Scratch::new(), rig());
    dead_run(&scratch, "https://other@sentry.example/1", &[b"{}"]);
    let old = old_run(&scratch);
    assert!(Inheritance::open(&old, &rig.shared).is_none());
    old.finish().unwrap_err();
    let log = old_run(&scratch).directory().path().join("queue.log");
    assert!(log.exists());
    // Nobody with that DSN has come for long.
    age(&log);
    let counts = next_start(&old_run(&scratch));
    assert_eq!(counts.discarded[DiscardReason::HostDied.index()], 1);
}

#[test]
fn files_of_another_version_go_after_a_month() {
    let (scratch, rig) = (Scratch::new(), rig());
    for name in ["counters", "queue.log"] {
        let run = Run::start(&Directory::open(scratch.path()).unwrap()).unwrap();
        let path = run.directory().path().join(name);
        std::fs::write(&path, b"another version").unwrap();
        run.end();
        let old = old_run(&scratch);
        assert!(Inheritance::open(&old, &rig.shared).is_none());
        age(&path);
        let mut inheritance = Inheritance::open(&old, &rig.shared).unwrap();
        assert!(inheritance.advance(&rig.shared));
        crate::transport::worker::run_takeover::forget(&old);
        old.finish().unwrap();
    }
    assert_eq!(rig.errors().captured, 0);
}

#[test]
fn nothing_is_booked_of_a_run_that_cannot_be_read_now() {
    let (scratch, rig) = (Scratch::new(), rig());
    dead_run(&scratch, DSN, &[b"{}"]);
    let old = old_run(&scratch);
    let (log, away) = (
        old.directory().path().join("queue.log"),
        scratch.path().join("x"),
    );
    std::fs::rename(&log, &away).unwrap();
    std::os::unix::fs::symlink(&away, &log).unwrap();
    assert!(Inheritance::open(&old, &rig.shared).is_none());
    assert_eq!(rig.errors().captured, 0);
    std::fs::rename(&away, &log).unwrap();
    assert_eq!(next_start(&old).pending, 1);
}

#[test]
fn copies_that_are_taken_over_are_on_the_disk_before_the_old_ones_go() {
    let (scratch, ours) = (Scratch::new(), Scratch::new());
    dead_run(&scratch, DSN, &[b"{}"]);
    let database = Arc::new(Database::open(ours.path()).unwrap());
    let rig = durable(&database);
    let old = old_run(&scratch);
    let mut inheritance = Inheritance::open(&old, &rig.shared).unwrap();
    assert!(inheritance.advance(&rig.shared));
    assert_eq!(rig.errors().pending, 1);
    assert!(
        !rig.shared.account.queue.copies().is_changed(),
        "nothing was synced"
    );
    rig.capture();
    assert!(rig.shared.account.queue.copies().is_changed());
}

#[test]
fn a_close_leaves_the_copies_where_they_are() {
    for time_to_write in [Duration::ZERO, Duration::from_secs(60)] {
        let scratch = Scratch::new();
        let database = Arc::new(Database::open(scratch.path()).unwrap());
        let mut rig = durable(&database);
        // The first hangs, the other waits.
        rig.capture();
        rig.capture();
        rig.steps(4);
        rig.stop(time_to_write);
        rig.steps(1);
        rig.clock.advance(time_to_write);
        assert_eq!(rig.steps(1), Step::Finished);
        assert_eq!(rig.fates(), [Fate::Spooled; 2]);
        let counts = rig.errors();
        assert_eq!((counts.captured, counts.spooled), (2, 2));
        assert_eq!(rig.shared.account.queue.usage().items, 0);
        crate::transport::worker::run_takeover::remove(&rig.shared);
        let names: Vec<_> = database.run().directory().names().unwrap().collect();
        assert_eq!(names, ["queue.log"]);
        database.run().end();
        let counts = next_start(&old_run(&scratch));
        assert_eq!((counts.captured, counts.pending), (2, 2));
    }
}
