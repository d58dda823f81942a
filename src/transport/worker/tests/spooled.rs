//! What goes to disk instead of being lost, and how it is sent from there.

use super::*;
use crate::store::directory::Directory;
use crate::store::scratch::Scratch;
use std::fs;

pub(super) const MINUTE: Duration = Duration::from_secs(60);
const NO_RETRIES: RetryPolicy = RetryPolicy { total: 0, ..RETRY };
pub(super) const POLICY: SpoolPolicy = SpoolPolicy {
    is_retrying: true,
    is_spilling: false,
    keep: Keep::Nothing,
    caps: Caps {
        items: Some(5),
        bytes: None,
        age: None,
    },
};

pub(super) fn spooling(scratch: &Scratch, policy: SpoolPolicy) -> Rig {
    let database = Arc::new(Database::open(scratch.path()).unwrap());
    let mut rig = rig_on(Some(database), policy, NO_RETRIES, 1);
    // Past the looking for dead runs.
    rig.steps(4);
    rig
}

pub(super) fn files(scratch: &Scratch) -> Vec<String> {
    let database = Directory::open(scratch.path()).unwrap();
    let Ok(cache) = database.existing_child("cache") else {
        return Vec::new();
    };
    let mut names: Vec<_> = cache.names().unwrap().collect();
    names.sort_unstable();
    names
}

impl Rig {
    /// Steps, each a little later than the one before, as long as something may come of it.
    pub(super) fn pass(&mut self, time: Duration, steps: u32) {
        for _ in 0..steps {
            self.clock.advance(time / steps);
            self.worker.step().unwrap();
        }
    }

    /// captured, delivered, spooled, discarded; checks that nothing else is missing.
    pub(super) fn account(&self) -> (u64, u64, u64, u64) {
        let counts = self.errors();
        let sum = counts.delivered + counts.discarded_total() + counts.spooled + counts.pending;
        assert_eq!(counts.captured, sum);
        (
            counts.captured,
            counts.delivered,
            counts.spooled,
            counts.discarded_total(),
        )
    }

    pub(super) fn lost(&self, reason: DiscardReason) -> u64 {
        self.errors().discarded[reason.index()]
    }
}

#[test]
fn an_envelope_given_up_waits_on_disk_until_the_server_is_back() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    let first = rig.capture();
    rig.steps(2);
    assert_eq!(
        (rig.account(), rig.fates()),
        ((1, 0, 1, 0), vec![Fate::Spooled])
    );
    assert!(files(&scratch)[0].ends_with(&format!("-00-{}.envelope", first.hyphenated().as_str())));
    assert_eq!(rig.shared.account.queue.usage().items, 0);
    // The server is back, as another envelope finds out.
    rig.answers([status(200), status(200)]);
    rig.capture();
    rig.pass(5 * MINUTE, 10);
    assert_eq!(rig.account(), (2, 2, 0, 0));
    assert_eq!(files(&scratch), [""; 0]);
    assert_eq!(
        rig.fates(),
        [Fate::Spooled, Fate::Delivered, Fate::Delivered]
    );
    assert!(rig.body(2).contains(first.simple().as_str()));
}

// SP-3, SP-4
#[test]
fn a_round_ends_with_the_first_failure_and_the_next_comes_later() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    for _ in 0..3 {
        rig.answers([no_connection()]);
        rig.capture();
        rig.pass(MINUTE, 4);
    }
    assert_eq!((rig.account(), rig.requests()), ((3, 0, 3, 0), 3));
    rig.pass(9 * MINUTE, 9);
    assert_eq!(rig.requests(), 3, "before its time");
    rig.answers([no_answer()]);
    rig.pass(7 * MINUTE, 700);
    assert_eq!(rig.requests(), 4, "one attempt for each round");
    assert_eq!(
        files(&scratch)
            .iter()
            .filter(|name| name.contains("-01-"))
            .count(),
        1
    );
    rig.answers([status(200), status(500), status(200)]);
    rig.pass(45 * MINUTE, 4500);
    assert_eq!(rig.account(), (3, 2, 0, 1));
    assert_eq!(rig.lost(DiscardReason::SendError), 1);
    assert_eq!(files(&scratch), [""; 0]);
}

#[test]
fn a_file_that_is_due_waits_asleep_for_the_end_of_another_request() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.capture();
    rig.pass(5 * MINUTE, 10);
    // This one gets no answer.
    rig.capture();
    rig.steps(2);
    rig.shared.wishes.send_spooled();
    rig.pass(Duration::from_secs(1), 4);
    assert_eq!((rig.requests(), rig.account()), (2, (2, 0, 1, 0)));
    assert!(rig.last_wait() > Duration::ZERO, "the worker spins");
}

#[test]
fn a_limit_that_comes_between_two_attempts_takes_nothing_out_of_a_file() {
    let scratch = Scratch::new();
    let database = Arc::new(Database::open(scratch.path()).unwrap());
    let retry = RetryPolicy {
        total: 1,
        status: Some(1),
        ..RETRY
    };
    let mut rig = rig_on(Some(database), POLICY, retry, 1);
    let mut envelope = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
    envelope.push(Item::new(ItemKind::Attachment, b"x".to_vec()));
    rig.answers([no_connection(), no_connection()]);
    rig.submit(envelope);
    rig.pass(5 * MINUTE, 10);
    let limited = Response {
        status: 503,
        rate_limits: Some("60:attachment:organization".to_owned()),
        ..Response::default()
    };
    rig.answers([Ok(limited), no_connection(), status(200)]);
    rig.pass(60 * MINUTE, 6000);
    assert_eq!(rig.account(), (1, 1, 0, 0));
    let attachments = rig.shared.account.ledger.snapshot()[Category::Attachment.index()];
    assert_eq!(
        (attachments.captured, attachments.delivered),
        (1, 1),
        "{attachments:?}"
    );
    assert_eq!((attachments.spooled, attachments.discarded_total()), (0, 0));
}

#[test]
fn a_file_is_read_when_the_queue_has_room_for_it() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    let large = |length| Envelope::event(Uuid::new_v4(), vec![b' '; length]);
    rig.answers([no_connection()]);
    rig.submit(large(500_000));
    rig.pass(5 * MINUTE, 10);
    assert_eq!(rig.account(), (1, 0, 1, 0));
    // Of the 1 MiB that the queue may hold, too little is left beside this one.
    rig.submit(large(600_000));
    rig.shared.wishes.send_spooled();
    rig.answers([status(200), status(200)]);
    rig.steps(1);
    assert!(rig.body(1).len() > 600_000, "the file went first");
    assert!(rig.shared.account.queue.peak().bytes <= 1 << 20);
    rig.pass(MINUTE, 10);
    assert_eq!(rig.account(), (2, 2, 0, 0));
    assert_eq!(rig.shared.account.queue.usage(), Default::default());
    assert!(rig.shared.account.queue.peak().bytes <= 1 << 20);
}

#[test]
fn files_are_sent_a_tenth_of_a_second_apart() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection(), no_connection(), no_connection()]);
    for _ in 0..3 {
        rig.capture();
        rig.pass(MINUTE, 4);
    }
    rig.answers([status(200), status(200), status(200)]);
    rig.shared.wishes.send_spooled();
    for sent in [4, 5, 6] {
        rig.steps(5);
        assert_eq!(rig.requests(), sent);
        assert!(sent == 6 || rig.last_wait() <= Duration::from_millis(100));
        rig.clock.advance(Duration::from_millis(100));
    }
    assert_eq!(rig.account(), (3, 3, 0, 0));
}

#[test]
fn a_later_start_sends_what_it_finds_and_books_it_as_its_own() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.capture();
    rig.steps(2);
    drop(rig);
    let mut rig = spooling(&scratch, POLICY);
    assert_eq!(rig.account(), (0, 0, 0, 0), "before the first look");
    rig.answers([status(200)]);
    rig.pass(Duration::from_millis(100), 1);
    assert!(rig.account().0 == 1);
    rig.pass(Duration::from_secs(1), 5);
    assert_eq!((rig.account(), files(&scratch).len()), ((1, 1, 0, 0), 0));
}

// SP-3
#[test]
fn a_file_is_given_up_after_six_attempts() {
    for (keep, kept) in [(Keep::Nothing, 0), (Keep::Unsent, 1)] {
        let scratch = Scratch::new();
        let mut rig = spooling(&scratch, SpoolPolicy { keep, ..POLICY });
        rig.answers([no_connection()]);
        rig.capture();
        rig.steps(2);
        for minutes in [15, 30, 60, 120, 240, 480] {
            assert_eq!(rig.account(), (1, 0, 1, 0));
            rig.answers([no_connection()]);
            rig.pass(minutes * MINUTE, 6 * minutes);
            rig.steps(3);
        }
        assert_eq!((rig.account(), rig.requests()), ((1, 0, 0, 1), 7));
        assert_eq!(rig.lost(DiscardReason::NetworkError), 1);
        assert_eq!(files(&scratch).len(), kept);
        rig.shared.wishes.send_spooled();
        rig.pass(24 * 60 * MINUTE, 100);
        assert_eq!(rig.requests(), 7);
    }
}

// SP-4
#[test]
fn what_is_limited_stays_on_disk_until_the_limit_ends() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.capture();
    rig.steps(2);
    rig.answers([
        Ok(Response {
            status: 200,
            rate_limits: Some("120:error".to_owned()),
            ..Response::default()
        }),
        status(200),
    ]);
    rig.capture();
    rig.pass(MINUTE, 60);
    assert_eq!((rig.account(), rig.requests()), ((2, 1, 1, 0), 2));
    rig.pass(2 * MINUTE, 60);
    assert_eq!((rig.account(), rig.requests()), ((2, 2, 0, 0), 3));
}

// SP-4
#[test]
fn what_is_limited_is_not_even_read() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.capture();
    rig.steps(2);
    let [name] = &files(&scratch)[..] else {
        panic!("one file");
    };
    // Whoever reads it finds no envelope, and counts a loss.
    std::fs::write(scratch.path().join("cache").join(name), b"torn").unwrap();
    rig.answers([Ok(Response {
        status: 200,
        rate_limits: Some("120:error".to_owned()),
        ..Response::default()
    })]);
    rig.capture();
    rig.pass(MINUTE, 60);
    assert_eq!(rig.account(), (2, 1, 1, 0));
    rig.pass(2 * MINUTE, 60);
    assert_eq!(rig.account(), (2, 1, 0, 1));
}

// SP-1
#[test]
fn caps_hold_and_what_they_cost_is_counted_at_once() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    for captured in 1..=8 {
        rig.answers([no_connection()]);
        rig.capture();
        rig.pass(MINUTE, 4);
        let there = captured.min(5);
        assert_eq!(rig.account(), (captured, 0, there, captured - there));
        assert_eq!(files(&scratch).len() as u64, there);
    }
    assert_eq!(rig.lost(DiscardReason::CacheOverflow), 3);
    assert_eq!(rig.shared.traffic.files_written.load(Ordering::Relaxed), 8);
}

#[test]
fn copies_are_kept_as_the_host_wants() {
    for (keep, is_retrying, answer, kept, booked) in [
        (Keep::Unsent, false, no_connection(), 1, (1, 0, 0, 1)),
        (Keep::Unsent, false, status(200), 0, (1, 1, 0, 0)),
        (Keep::Unsent, false, status(500), 0, (1, 0, 0, 1)),
        (Keep::Everything, false, status(200), 1, (1, 1, 0, 0)),
        (Keep::Everything, true, status(200), 1, (1, 1, 0, 0)),
        (Keep::Everything, true, no_connection(), 1, (1, 0, 1, 0)),
        (Keep::Nothing, false, no_connection(), 0, (1, 0, 0, 1)),
    ] {
        let scratch = Scratch::new();
        let mut rig = spooling(
            &scratch,
            SpoolPolicy {
                keep,
                is_retrying,
                ..POLICY
            },
        );
        rig.answers([answer]);
        rig.capture();
        rig.steps(2);
        assert_eq!((rig.account(), files(&scratch).len()), (booked, kept));
    }
}

#[test]
fn a_disk_that_takes_nothing_makes_a_loss_of_the_network() {
    let scratch = Scratch::new();
    fs::write(scratch.path().join("cache"), "in the way").unwrap();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.capture();
    rig.steps(2);
    assert_eq!((rig.account(), rig.fates()), ((1, 0, 0, 1), vec![GIVEN_UP]));
    assert_eq!(rig.lost(DiscardReason::NetworkError), 1);
}

#[test]
fn a_file_that_cannot_be_read_costs_itself() {
    let scratch = Scratch::new();
    let cache = Directory::open(scratch.path())
        .unwrap()
        .child("cache")
        .unwrap();
    for (number, content) in [
        "",
        "no envelope",
        "{}\n{\"type\":\"event\",\"length\":99}\n{",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("5-00-0123abcd-4567-4890-abcd-ef012345678{number}.envelope");
        fs::write(cache.path().join(name), content).unwrap();
    }
    let mut rig = spooling(&scratch, POLICY);
    rig.pass(Duration::from_secs(1), 10);
    assert_eq!((rig.requests(), files(&scratch)), (0, vec![]));
    let lost = rig.shared.account.ledger.snapshot()[Category::Default.index()];
    assert_eq!((lost.captured, lost.discarded_total()), (3, 3));
}

#[test]
fn what_is_being_sent_from_disk_at_the_end_is_left_to_the_next_start() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.capture();
    rig.steps(2);
    // It hangs.
    rig.shared.wishes.send_spooled();
    rig.pass(Duration::from_secs(1), 2);
    assert_eq!(rig.requests(), 2);
    rig.stop(Duration::ZERO);
    assert_eq!(rig.steps(1), Step::Finished);
    assert_eq!(rig.account(), (1, 0, 1, 0));
    drop(rig);
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([status(200)]);
    rig.pass(MINUTE, 20);
    assert_eq!(rig.account(), (1, 1, 0, 0));
}

#[test]
fn a_stop_leaves_what_is_unsent_to_the_next_start() {
    let scratch = Scratch::new();
    let policy = SpoolPolicy {
        is_retrying: false,
        ..POLICY
    };
    let mut rig = spooling(&scratch, policy);
    // The first hangs, the others wait.
    let ids: Vec<_> = (0..4).map(|_| rig.capture()).collect();
    rig.steps(2);
    rig.stop(Duration::from_secs(4));
    rig.steps(2);
    assert!(
        rig.last_wait() < Duration::from_secs(4),
        "no time is left to write"
    );
    rig.clock.advance(Duration::from_secs(4));
    assert_eq!(rig.steps(1), Step::Finished);
    assert_eq!(rig.account(), (4, 0, 4, 0));
    assert_eq!(rig.fates(), [Fate::Spooled; 4]);
    assert_eq!(rig.shared.account.abandoned.load(Ordering::Relaxed), 4);
    assert_eq!(rig.shared.account.queue.usage().items, 0);
    drop(rig);
    let mut rig = spooling(&scratch, policy);
    rig.answers((0..4).map(|_| status(200)));
    rig.pass(MINUTE, 100);
    assert_eq!(rig.account(), (4, 4, 0, 0));
    for id in ids {
        let is_there = |at| rig.body(at).contains(id.simple().as_str());
        assert_eq!((0..4).filter(|at| is_there(*at)).count(), 1);
    }
    drop(rig);
    let mut rig = spooling(&scratch, policy);
    rig.pass(MINUTE, 100);
    assert_eq!(rig.account(), (0, 0, 0, 0), "twice");
}

#[test]
fn what_would_overflow_the_queue_goes_to_disk() {
    let scratch = Scratch::new();
    let policy = SpoolPolicy {
        is_retrying: false,
        is_spilling: true,
        caps: Caps {
            items: Some(60),
            ..POLICY.caps
        },
        ..POLICY
    };
    let mut rig = spooling(&scratch, policy);
    // The first hangs.
    for _ in 0..75 {
        rig.capture();
    }
    rig.steps(2);
    assert_eq!(rig.account(), (75, 0, 0, 0), "not before three quarters");
    for _ in 0..25 {
        rig.capture();
    }
    rig.steps(2);
    assert_eq!(rig.last_wait(), Duration::from_millis(100), "it may sleep");
    assert_eq!(
        (rig.account(), files(&scratch).len()),
        ((100, 0, 25, 0), 25)
    );
    assert_eq!(rig.shared.account.queue.usage().items, 75);
    // A disk that takes nothing costs one.
    fs::remove_dir_all(scratch.path().join("cache")).unwrap();
    fs::write(scratch.path().join("cache"), "in the way").unwrap();
    for _ in 0..10 {
        rig.capture();
    }
    rig.steps(2);
    assert_eq!(rig.lost(DiscardReason::QueueOverflow), 1);
    assert_eq!(rig.shared.account.queue.usage().items, 84);
}

#[test]
fn a_stop_without_time_to_write_counts_the_rest() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.capture();
    rig.steps(2);
    rig.stop(Duration::ZERO);
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(rig.steps(1), Step::Finished);
    assert_eq!(rig.account(), (1, 0, 0, 1));
    assert_eq!(rig.lost(DiscardReason::Shutdown), 1);
}
