//! The spool on a real directory, with a clock that moves when told.

mod clock;

use super::index::Tally;
use super::*;
use crate::protocol::category::Category;
use crate::store::run::old_runs;
use crate::store::scratch::Scratch;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

const DSN: &str = "https://k@sentry.example/1";
const OTHER: &str = "https://other@sentry.example/1";
const MINUTE: Duration = Duration::from_secs(60);

struct Rig {
    scratch: Scratch,
    database: Directory,
    start: Instant,
    passed: Duration,
}

impl Rig {
    fn new() -> Self {
        let scratch = Scratch::new();
        Self {
            database: Directory::open(scratch.path()).unwrap(),
            scratch,
            start: Instant::now(),
            passed: Duration::ZERO,
        }
    }

    fn spool(&self, items: u64) -> Spool {
        let run = Arc::new(Run::start(&self.database).unwrap());
        let caps = Caps {
            items: Some(items),
            ..Caps::default()
        };
        let settings = SpoolSettings {
            cache: caps,
            carried: Caps {
                items: Some(100),
                ..Caps::default()
            },
            max_file_bytes: 10_000,
            dsn: DSN.to_owned(),
        };
        Spool::new(run, settings)
    }

    fn moment(&self) -> Moment {
        let millis = u64::try_from(self.passed.as_millis()).unwrap();
        Moment {
            now: self.start + self.passed,
            // As of now, so that files written by the test are as old as those of the spool.
            millis: moment::millis(std::time::SystemTime::now()) + millis,
        }
    }

    fn names(&self) -> Vec<String> {
        let Ok(cache) = self.database.existing_child(CACHE) else {
            return Vec::new();
        };
        let mut names: Vec<_> = cache.names().unwrap().collect();
        names.sort_unstable();
        names
    }

    fn add(&self, spool: &mut Spool) -> Uuid {
        let id = Uuid::new_v4();
        spool
            .add(&event(id), &header(DSN), Durability::Process, self.moment())
            .unwrap();
        id
    }

    /// Looks, and reads everything; what was heard.
    fn discover(&self, spool: &mut Spool) -> Vec<Notice> {
        spool.look(self.moment());
        while spool.trim_some(self.moment()) {}
        while spool.read_next() {}
        spool.take_notices()
    }

    fn claim(&self, spool: &mut Spool) -> Option<(Ticket, Uuid)> {
        spool.hurry(self.moment().now);
        let ticket = spool.due(self.moment().now)?;
        match spool.claim(ticket, self.moment()) {
            Claim::Envelope(envelope) => Some((ticket, envelope.event_id.unwrap_or(Uuid::NIL))),
            Claim::Nothing => None,
        }
    }

    fn put(&self, name: &str, content: &[u8]) {
        let cache = self.database.child(CACHE).unwrap();
        fs::write(cache.path().join(name), content).unwrap();
    }
}

fn event(id: Uuid) -> Envelope {
    Envelope::event(id, b"{\"message\":\"m\"}".to_vec())
}

fn header(dsn: &str) -> HeaderFields<'_> {
    HeaderFields {
        dsn: Some(dsn),
        ..HeaderFields::default()
    }
}

fn bytes(id: Uuid, dsn: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    event(id).write(&mut bytes, &header(dsn));
    bytes
}

fn one() -> Vec<Tally> {
    vec![(Category::Error, 1)]
}

fn content() -> Content {
    Content {
        tallies: one(),
        is_booked: true,
        is_of_this_run: true,
    }
}

fn retry_name(attempts: u8) -> String {
    Name::retry(
        Uuid::new_v4(),
        Retry {
            millis: 5,
            attempts,
        },
    )
    .to_string()
}

// SP-1, SP-2, SP-5
#[test]
fn files_are_private_named_as_documented_and_bounded() {
    let rig = Rig::new();
    let mut spool = rig.spool(2);
    let ids: Vec<_> = (0..5).map(|_| rig.add(&mut spool)).collect();
    let names = rig.names();
    assert_eq!(names.len(), 2);
    for name in &names {
        // Within one millisecond the names are in the order of the ids.
        let end = |id: &Uuid| format!("-00-{}.envelope", id.hyphenated().as_str());
        let id = ids[3..].iter().find(|id| name.ends_with(&end(id)));
        let id = id.unwrap_or_else(|| panic!("{name}"));
        let path = rig.scratch.path().join(CACHE).join(name);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read(&path).unwrap(), bytes(*id, DSN));
    }
    let overflow = Notice::Overflow {
        tallies: one(),
        is_booked: true,
    };
    assert_eq!(spool.take_notices(), vec![overflow; 3]);
    assert_eq!(spool.written().files, 5);
    assert_eq!(spool.written().bytes, 5 * bytes(ids[0], DSN).len() as u64);
}

#[test]
fn one_id_twice_is_two_files() {
    let rig = Rig::new();
    let mut spool = rig.spool(9);
    let (id, moment) = (Uuid::new_v4(), rig.moment());
    for _ in 0..2 {
        spool
            .add(&event(id), &header(DSN), Durability::Process, moment)
            .unwrap();
        spool.keep(&event(id), &header(DSN), moment).unwrap();
        leave(&spool.run, &event(id), &header(DSN)).unwrap();
    }
    assert_eq!(rig.names().len(), 4);
    assert_eq!(spool.run.directory().names().unwrap().count(), 2);
}

// SP-3
#[test]
fn a_file_is_tried_at_growing_distances_and_given_up_after_six_attempts() {
    let mut rig = Rig::new();
    let mut spool = rig.spool(9);
    let id = rig.add(&mut spool);
    for (attempt, minutes) in [15, 30, 60, 120, 240, 480].into_iter().enumerate() {
        let due = rig.moment().now + minutes * MINUTE;
        let next = spool.next_due().unwrap();
        // The wall clock goes on while the test runs; whatever passes there is taken off.
        assert!(next <= due && due - next < MINUTE, "attempt {attempt}");
        assert_eq!(spool.due(rig.moment().now), None);
        rig.passed += minutes * MINUTE;
        assert!(spool.due(rig.moment().now).is_some());
        let (ticket, found) = rig.claim(&mut spool).unwrap();
        assert_eq!((found, rig.names()), (id, vec![]));
        let is_kept = spool.put_back_failed(ticket, content(), rig.moment());
        assert_eq!(is_kept, attempt < 5);
        if is_kept {
            assert!(rig.names()[0].contains(&format!("-0{}-", attempt + 1)));
        } else {
            spool.finish(ticket, false, rig.moment());
        }
    }
    assert_eq!((spool.next_due(), rig.names()), (None, vec![]));
    assert_eq!(spool.run.directory().names().unwrap().count(), 0);
}

#[test]
fn a_later_start_sends_at_once_what_it_finds_and_remembers_the_attempts() {
    let mut rig = Rig::new();
    let mut first = rig.spool(9);
    rig.add(&mut first);
    rig.passed += 15 * MINUTE;
    let (ticket, _) = rig.claim(&mut first).unwrap();
    assert!(first.put_back_failed(ticket, content(), rig.moment()));
    drop(first);
    let mut second = rig.spool(9);
    assert_eq!(rig.discover(&mut second), [Notice::Adopted(one())]);
    let ticket = second.due(rig.moment().now).unwrap();
    assert!(matches!(
        second.claim(ticket, rig.moment()),
        Claim::Envelope(_)
    ));
    // Before its time: it is no attempt.
    assert!(second.put_back_failed(ticket, content(), rig.moment()));
    assert!(rig.names()[0].contains("-01-"));
    rig.passed += 30 * MINUTE;
    let (ticket, _) = rig.claim(&mut second).unwrap();
    assert!(second.put_back_failed(ticket, content(), rig.moment()));
    assert!(rig.names()[0].contains("-02-"));
    // A clock set back by a year does not hold it back for a year.
    drop(second);
    rig.passed = Duration::ZERO;
    let mut third = rig.spool(9);
    rig.discover(&mut third);
    assert!(third.due(rig.moment().now).is_some());
}

#[test]
fn of_two_processes_one_sends_a_file() {
    let rig = Rig::new();
    let mut first = rig.spool(9);
    let id = rig.add(&mut first);
    let mut second = rig.spool(9);
    rig.discover(&mut second);
    let (ticket, claimed) = rig.claim(&mut second).unwrap();
    assert_eq!(claimed, id);
    assert!(rig.claim(&mut first).is_none());
    // While the first lives it has the file in its books, until the second takes it.
    assert_eq!(second.take_notices(), [Notice::Adopted(one())]);
    assert_eq!(first.take_notices(), [Notice::TakenOver(content())]);
    second.finish(ticket, false, rig.moment());
    // What the first writes from now on is its own to send.
    rig.add(&mut first);
    assert_eq!(rig.discover(&mut second), []);
    assert!(rig.claim(&mut second).is_none());
    assert!(rig.claim(&mut first).is_some());
}

// SP-1
#[test]
fn a_process_counts_what_it_removes_of_another_which_gives_it_away() {
    let rig = Rig::new();
    let removed = Notice::Overflow {
        tallies: one(),
        is_booked: false,
    };
    for is_early in [true, false] {
        let (mut first, mut second) = (rig.spool(2), rig.spool(2));
        if !is_early {
            // It comes to know the files as those of a process that lives, not as its own to send.
            assert_eq!(rig.discover(&mut second), []);
        }
        rig.add(&mut first);
        rig.add(&mut first);
        assert_eq!(first.take_notices(), []);
        rig.discover(&mut second);
        rig.add(&mut second);
        rig.add(&mut second);
        assert_eq!(second.take_notices(), vec![removed.clone(); 2]);
        assert_eq!(rig.names().len(), 2);
        first.look_again(rig.moment());
        let gone = Notice::TakenOver(content());
        assert_eq!(first.take_notices(), vec![gone; 2]);
        while rig.claim(&mut second).is_some() {}
    }
}

#[test]
fn what_dies_under_way_is_taken_over() {
    let rig = Rig::new();
    let mut first = rig.spool(9);
    let id = rig.add(&mut first);
    let left = Uuid::new_v4();
    leave(&first.run, &event(left), &header(DSN)).unwrap();
    rig.claim(&mut first).unwrap();
    drop(first);
    let mut second = rig.spool(9);
    for old in old_runs(&rig.database).unwrap() {
        second.take_over(&old, rig.moment());
        old.finish().unwrap();
    }
    assert_eq!(
        rig.discover(&mut second),
        [Notice::Adopted(one()), Notice::Adopted(one())]
    );
    let mut found = Vec::new();
    while let Some((ticket, id)) = rig.claim(&mut second) {
        found.push(id);
        second.finish(ticket, false, rig.moment());
    }
    found.sort_unstable_by_key(|id| *id.as_bytes());
    let mut expected = vec![id, left];
    expected.sort_unstable_by_key(|id| *id.as_bytes());
    assert_eq!(found, expected);
    assert_eq!(second.run.directory().names().unwrap().count(), 0);
}

// SP-2, HTTP-6
#[test]
fn damaged_files_go_once_and_foreign_ones_stay() {
    let rig = Rig::new();
    let whole = bytes(Uuid::new_v4(), DSN);
    for damaged in [
        &b""[..],
        b"\0\xff\x00",
        &whole[..whole.len() - 5],
        b"{}\n",
        &[b'{'; 20_000],
    ] {
        rig.put(&retry_name(1), damaged);
    }
    rig.put("notes.txt", b"mine");
    rig.put(".sentry-0123456789abcdef.tmp", b"half");
    rig.put("5-1-x.envelope", b"");
    let link = rig.scratch.path().join(CACHE).join(retry_name(1));
    symlink("notes.txt", &link).unwrap();
    let mut spool = rig.spool(9);
    assert_eq!(rig.discover(&mut spool), vec![Notice::Damaged(None); 5]);
    assert_eq!(rig.names().len(), 4);
    assert!(rig.claim(&mut spool).is_none());
    assert_eq!(rig.discover(&mut rig.spool(9)), []);
}

// SP-6
#[test]
fn envelopes_for_another_dsn_rest_until_a_cap_removes_them() {
    let rig = Rig::new();
    rig.put(&retry_name(0), &bytes(Uuid::new_v4(), OTHER));
    rig.put(&retry_name(0), b"{}\n{\"type\":\"event\"}\n{}\n");
    let mut spool = rig.spool(2);
    assert_eq!(rig.discover(&mut spool), [Notice::Adopted(one())]);
    assert!(rig.claim(&mut spool).is_some());
    assert!(rig.claim(&mut spool).is_none());
    rig.add(&mut spool);
    assert_eq!(rig.names().len(), 1);
    assert_eq!(spool.take_notices(), [Notice::ForeignOverflow(one())]);
}

#[test]
fn caps_also_bound_what_is_found_and_what_is_carried_over() {
    let rig = Rig::new();
    for _ in 0..5 {
        rig.put(&retry_name(0), &bytes(Uuid::new_v4(), DSN));
    }
    let first = rig.spool(3);
    for _ in 0..150 {
        leave(&first.run, &event(Uuid::new_v4()), &header(DSN)).unwrap();
    }
    drop(first);
    let mut spool = rig.spool(3);
    let old = old_runs(&rig.database).unwrap().next().unwrap();
    assert!(!spool.take_over(&old, rig.moment()));
    while spool.trim_some(rig.moment()) {}
    drop(old);
    let lost = |notices: Vec<Notice>| {
        let is_lost = |it: &&Notice| {
            matches!(
                it,
                Notice::Overflow {
                    is_booked: false,
                    ..
                }
            )
        };
        notices.iter().filter(is_lost).count()
    };
    assert_eq!(lost(spool.take_notices()), 50);
    let notices = rig.discover(&mut spool);
    assert_eq!(rig.names().len(), 3);
    assert_eq!((notices.len(), lost(notices)), (105, 2));
}

#[test]
fn age_is_a_cap_as_well() {
    let mut rig = Rig::new();
    let mut spool = rig.spool(9);
    spool.waiting = SpoolIndex::new(Caps {
        age: Some(MINUTE),
        ..Caps::default()
    });
    rig.add(&mut spool);
    rig.passed += MINUTE / 2;
    rig.add(&mut spool);
    assert_eq!(rig.names().len(), 2);
    rig.passed += MINUTE * 2 / 3;
    rig.add(&mut spool);
    assert_eq!(rig.names().len(), 2);
    assert_eq!(spool.take_notices().len(), 1);
}

#[test]
fn copies_are_kept_but_never_sent() {
    let rig = Rig::new();
    let mut spool = rig.spool(9);
    rig.add(&mut spool);
    let (ticket, id) = rig.claim(&mut spool).unwrap();
    spool.finish(ticket, true, rig.moment());
    assert_eq!(rig.names(), [Name::plain(id).to_string()]);
    spool
        .keep(&event(Uuid::new_v4()), &header(DSN), rig.moment())
        .unwrap();
    assert_eq!((rig.names().len(), rig.claim(&mut spool)), (2, None));
    assert_eq!(rig.discover(&mut rig.spool(9)), []);
}

#[test]
fn an_envelope_that_can_never_fit_is_refused_and_evicts_nothing() {
    let rig = Rig::new();
    let mut spool = rig.spool(9);
    spool.waiting = SpoolIndex::new(Caps {
        bytes: Some(1000),
        ..Caps::default()
    });
    rig.add(&mut spool);
    let large = Envelope::event(Uuid::new_v4(), vec![b' '; 2000]);
    let refused = spool.add(&large, &header(DSN), Durability::Process, rig.moment());
    assert!(matches!(refused, Err(Refused::NoRoom)));
    assert_eq!(rig.names().len(), 1);
}

#[test]
fn a_directory_that_vanishes_is_made_again_and_its_loss_is_told() {
    let rig = Rig::new();
    let mut spool = rig.spool(9);
    rig.add(&mut spool);
    fs::remove_dir_all(rig.scratch.path()).unwrap();
    rig.add(&mut spool);
    assert_eq!(rig.names().len(), 1);
    assert_eq!(spool.take_notices(), [Notice::Vanished(one())]);
    // The run has gone as well, and is made again for a claim.
    assert!(rig.claim(&mut spool).is_some());
}

#[test]
fn a_full_disk_is_an_answer() {
    let rig = Rig::new();
    let mut spool = rig.spool(9);
    fs::write(rig.scratch.path().join(CACHE), b"in the way").unwrap();
    let refused = spool.add(
        &event(Uuid::new_v4()),
        &header(DSN),
        Durability::Process,
        rig.moment(),
    );
    assert!(matches!(refused, Err(Refused::Io(_))));
    assert_eq!(spool.take_notices(), []);
}

#[test]
fn many_files_are_trimmed_and_taken_over_some_at_a_time() {
    const FILES: usize = 1_100;
    let rig = Rig::new();
    for _ in 0..FILES {
        rig.put(&retry_name(0), b"x");
    }
    let first = rig.spool(3);
    for _ in 0..600 {
        leave(&first.run, &event(Uuid::new_v4()), &header(DSN)).unwrap();
    }
    drop(first);
    let mut spool = rig.spool(3);
    spool.look(rig.moment());
    assert_eq!(spool.waiting.len(), 500, "one step looks at so many");
    let mut steps = 0;
    loop {
        let (before, known) = (rig.names().len(), spool.waiting.len());
        let has_more = spool.trim_some(rig.moment());
        let (removed, found) = (
            before - rig.names().len(),
            (spool.waiting.len() + 500).saturating_sub(known),
        );
        assert!(removed <= 20 && found <= 1000, "{removed} {found}");
        steps += 1;
        if !has_more {
            break;
        }
    }
    assert!(steps >= FILES / 20, "{steps}");
    assert_eq!(rig.names().len(), 3);
    // A write in between removes no more than a step, and is not refused.
    let mut other = rig.spool(3);
    for _ in 0..60 {
        rig.put(&retry_name(0), b"x");
    }
    other.look(rig.moment());
    rig.add(&mut other);
    assert_eq!(rig.names().len(), 3 + 60 - 20 + 1);

    let old = old_runs(&rig.database).unwrap().next().unwrap();
    assert!(spool.take_over(&old, rig.moment()));
    assert_eq!(spool.carried.len(), 500);
    assert!(!spool.take_over(&old, rig.moment()));
    assert_eq!(spool.carried.len(), 600);
    old.finish().unwrap();
}

#[test]
fn what_is_too_much_to_be_known_is_found_once_there_is_room() {
    const FILES: usize = 10_050;
    let rig = Rig::new();
    for _ in 0..FILES {
        rig.put(&Name::plain(Uuid::new_v4()).to_string(), b"");
    }
    let mut spool = rig.spool(3);
    spool.look(rig.moment());
    let mut most = 0;
    while spool.trim_some(rig.moment()) {
        most = most.max(spool.waiting.len());
    }
    assert_eq!((most, rig.names().len()), (10_000, 3));
}
