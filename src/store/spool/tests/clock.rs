//! A wall clock that is set, back and forth, while files wait.

use super::*;
use std::time::SystemTime;

/// 2026, in milliseconds since 1970.
const RIGHT: u64 = 1_767_225_600_000;
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Before the time is known, as it is, and in 2100.
const WALLS: [u64; 3] = [0, RIGHT, 4_102_444_800_000];

fn add(spool: &mut Spool, moment: Moment) {
    let envelope = event(Uuid::new_v4());
    spool
        .add(&envelope, &header(DSN), Durability::Process, moment)
        .unwrap();
}

// SP-3
#[test]
fn the_distance_to_the_next_attempt_is_that_of_the_other_clock() {
    for failed_at in WALLS {
        for tried_at in WALLS {
            let rig = Rig::new();
            let mut spool = rig.spool(9);
            let at = |minutes: u32, millis| Moment {
                now: rig.start + minutes * MINUTE,
                millis,
            };
            add(&mut spool, at(0, RIGHT));
            assert_eq!(spool.next_due(), Some(at(15, 0).now));
            let ticket = spool.due(at(15, 0).now).unwrap();
            let claim = spool.claim(ticket, at(15, tried_at));
            assert!(matches!(claim, Claim::Envelope(_)));
            assert!(spool.put_back_failed(ticket, content(), at(15, failed_at)));
            assert_eq!(
                spool.next_due(),
                Some(at(45, 0).now),
                "{tried_at} {failed_at}"
            );
            // A later start, at yet another time, knows of the attempt and tries at once.
            drop(spool);
            for start in WALLS {
                let mut later = rig.spool(9);
                later.look(at(0, start));
                while later.read_next() {}
                assert!(later.due(at(0, start).now).is_some(), "{start}");
                assert!(rig.names()[0].contains("-01-"), "{:?}", rig.names());
            }
        }
    }
}

#[test]
fn files_age_by_the_other_clock_from_the_moment_they_are_known() {
    let rig = Rig::new();
    let mut spool = rig.spool(9);
    spool.waiting = SpoolIndex::new(Caps {
        age: Some(YEAR),
        ..Caps::default()
    });
    let at = |years: u32, millis| Moment {
        now: rig.start + years * YEAR,
        millis,
    };
    for millis in [RIGHT, 0, RIGHT, 1] {
        add(&mut spool, at(0, millis));
    }
    // 2100: only the wall clock says so.
    add(&mut spool, at(1, WALLS[2]));
    assert_eq!((rig.names().len(), spool.take_notices().len()), (5, 0));
    add(&mut spool, at(2, RIGHT));
    assert_eq!(rig.names().len(), 2);
    let told = spool.take_notices();
    let is_overflow = |it: &Notice| matches!(it, Notice::Overflow { .. });
    assert!(told.len() == 4 && told.iter().all(is_overflow), "{told:?}");
}

#[test]
fn what_an_earlier_run_wrote_is_as_old_as_the_wall_clock_says_at_the_first_look() {
    let rig = Rig::new();
    rig.put(&retry_name(0), &bytes(Uuid::new_v4(), DSN));
    let mut spool = rig.spool(9);
    let limited = || {
        SpoolIndex::new(Caps {
            age: Some(YEAR),
            ..Caps::default()
        })
    };
    spool.waiting = limited();
    assert_eq!(rig.discover(&mut spool), [Notice::Adopted(one())]);
    let year = u64::try_from(YEAR.as_millis()).unwrap();
    let later = Moment {
        now: rig.start,
        millis: rig.moment().millis + year + 60_000,
    };
    spool.look(later);
    assert!(!spool.trim_some(later));
    assert_eq!(rig.names().len(), 1, "a clock set forward dropped it");
    let mut next = rig.spool(9);
    next.waiting = limited();
    next.look(later);
    while next.trim_some(later) {}
    assert_eq!(rig.names().len(), 0);
}

#[test]
fn what_is_found_with_a_time_to_come_is_sent_and_what_is_half_written_stays() {
    let rig = Rig::new();
    let now = SystemTime::now();
    let long = Duration::from_secs(60 * 60 + 1);
    rig.put(&retry_name(3), &bytes(Uuid::new_v4(), DSN));
    rig.put(".sentry-00000000000000aa.tmp", b"half");
    rig.put(".sentry-00000000000000bb.tmp", b"half");
    let cache = rig.database.existing_child(CACHE).unwrap();
    for text in cache.names().unwrap() {
        let written = match text.contains("00aa") {
            true => now - long,
            false => now + YEAR,
        };
        let file = fs::File::options()
            .write(true)
            .open(cache.path().join(&text))
            .unwrap();
        file.set_modified(written).unwrap();
    }
    let mut spool = rig.spool(9);
    spool.waiting = SpoolIndex::new(Caps {
        age: Some(MINUTE),
        ..Caps::default()
    });
    assert_eq!(rig.discover(&mut spool), [Notice::Adopted(one())]);
    let names = rig.names();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(!names.iter().any(|it| it.contains("00aa")), "{names:?}");
    assert!(rig.claim(&mut spool).is_some());
}
