//! The end of a program, as the spool sees it: what is still sent from disk, and what must not stay there.

use super::spooled::{POLICY, files, spooling};
use super::*;
use crate::store::scratch::Scratch;

/// Envelopes that an earlier run left at its close.
fn leave_behind(scratch: &Scratch, count: u64) {
    let mut rig = spooling(scratch, POLICY);
    for _ in 0..count {
        rig.capture();
    }
    // No answer comes, and so what waits is written.
    rig.steps(1);
    rig.stop(Duration::ZERO);
    assert_eq!(rig.steps(1), Step::Finished);
    assert_eq!(rig.account(), (count, 0, count, 0));
}

/// Steps until the worker has ended.
fn end(rig: &mut Rig, within: Duration) {
    rig.stop(within);
    for _ in 0..100 {
        if rig.worker.step() == Ok(Step::Finished) {
            return;
        }
    }
    panic!("it does not end");
}

#[test]
fn a_program_that_ends_at_once_sends_some_of_what_earlier_ones_left() {
    let scratch = Scratch::new();
    leave_behind(&scratch, 12);
    for (sent, left) in [(5, 7), (5, 2), (2, 0), (0, 0)] {
        let mut rig = spooling(&scratch, POLICY);
        rig.answers(std::iter::repeat_with(|| status(200)).take(20));
        let own = rig.capture();
        end(&mut rig, Duration::from_secs(2));
        assert_eq!(rig.account(), (1 + sent + left, 1 + sent, left, 0));
        assert!(rig.body(0).contains(own.simple().as_str()), "first its own");
    }
}

#[test]
fn a_program_that_ends_at_once_spends_little_on_a_server_that_is_away() {
    let scratch = Scratch::new();
    leave_behind(&scratch, 3);
    // More often than a file has attempts.
    for _ in 0..8 {
        let mut rig = spooling(&scratch, POLICY);
        rig.answers([no_connection()]);
        end(&mut rig, Duration::from_secs(2));
        assert_eq!((rig.account(), rig.requests()), ((3, 0, 3, 0), 1));
    }
    // Silence costs a quarter of the time-out.
    let mut rig = spooling(&scratch, POLICY);
    rig.stop(Duration::from_secs(2));
    rig.steps(3);
    assert_eq!(rig.requests(), 1);
    assert_eq!(rig.last_wait(), Duration::from_millis(500));
    rig.clock.advance(Duration::from_millis(500));
    assert_eq!(rig.steps(1), Step::Finished);
    assert_eq!(rig.account(), (3, 0, 3, 0));
    drop(rig);
    // Known to be away.
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.capture();
    rig.steps(2);
    end(&mut rig, Duration::from_secs(2));
    assert_eq!(rig.requests(), 1);
}

#[test]
fn what_a_closing_thread_booked_as_lost_does_not_stay_on_disk() {
    // Given up meanwhile.
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.capture();
    rig.answers([no_connection()]);
    rig.worker.start_transfers().unwrap();
    rig.shared.account.queue.close(&rig.shared.account.ledger);
    rig.shared.account.abandon_all().unwrap();
    rig.steps(1);
    assert_eq!((rig.account(), files(&scratch).len()), ((1, 0, 0, 1), 0));
    drop(rig);
    // Left to the next start meanwhile.
    let mut rig = spooling(&scratch, POLICY);
    rig.capture();
    rig.steps(1);
    rig.stop(Duration::from_secs(1));
    rig.steps(1);
    rig.shared.account.abandon_all().unwrap();
    rig.worker.save_rest().unwrap();
    assert_eq!(rig.account(), (1, 0, 0, 1));
    let database = rig.shared.backing.database.clone().unwrap();
    let mut names = database.run().directory().names().unwrap();
    assert!(names.all(|name| !name.ends_with(".envelope")));
}
