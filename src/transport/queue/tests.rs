//! The queue: its bounds, its policies, and the books beside it.

use super::*;
use crate::base::uuid::Uuid;
use crate::protocol::envelope::ItemKind;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Reached only by a capture that nobody wakes.
const LONG: Duration = Duration::from_secs(20);

fn queue(settings: QueueSettings) -> Queue {
    Queue::new(settings, Copies::new(None))
}

fn ledger() -> Ledger {
    Ledger::new(
        true,
        crate::transport::account::table::Table::in_memory().unwrap(),
    )
}

fn settings(max_items: u64, overflow: Overflow) -> QueueSettings {
    QueueSettings {
        max_items: Some(max_items),
        max_bytes: 1 << 20,
        overflow,
        block_timeout: Duration::ZERO,
    }
}

fn error() -> Envelope {
    Envelope::event(Uuid::new_v4(), b"{}".to_vec())
}

fn bulk() -> Envelope {
    Envelope::single(None, ItemKind::Log, b"{\"items\":[]}".to_vec())
}

/// Why it was refused, and how many others were evicted for it.
type Pushed = (Option<Refusal>, usize);

fn push(queue: &Queue, ledger: &Ledger, mut envelope: Envelope) -> Pushed {
    let mut evicted = Vec::new();
    let refusal = queue
        .push(
            &mut envelope,
            Permit::Granted(1),
            ledger,
            true,
            &mut evicted,
        )
        .err();
    (refusal, evicted.len())
}

//
#[test]
fn the_newest_is_refused_when_full_and_room_is_reused() {
    let (queue, ledger) = (queue(settings(2, Overflow::DropNewest)), ledger());
    assert_eq!(push(&queue, &ledger, error()), (None, 0));
    assert_eq!(push(&queue, &ledger, error()), (None, 0));
    assert!(queue.is_surely_full(Category::Error));
    assert_eq!(push(&queue, &ledger, error()), (Some(Refusal::Full), 0));
    let taken = queue.take().unwrap();
    // Still charged: the worker holds it.
    assert_eq!(push(&queue, &ledger, error()), (Some(Refusal::Full), 0));
    queue.release(taken.charge);
    assert_eq!(push(&queue, &ledger, error()), (None, 0));
    assert_eq!(queue.peak().items, 2);
}

//
#[test]
fn bulk_cannot_fill_the_queue_and_errors_go_first() {
    let (queue, ledger) = (queue(settings(4, Overflow::DropNewest)), ledger());
    assert_eq!(push(&queue, &ledger, bulk()), (None, 0));
    assert_eq!(push(&queue, &ledger, bulk()), (None, 0));
    assert_eq!(push(&queue, &ledger, bulk()), (Some(Refusal::Full), 0));
    assert_eq!(push(&queue, &ledger, error()), (None, 0));
    assert_eq!(push(&queue, &ledger, error()), (None, 0));
    let order: Vec<_> = std::iter::from_fn(|| queue.take())
        .map(|queued| queued.priority)
        .collect();
    assert_eq!(
        order,
        [
            Priority::Error,
            Priority::Error,
            Priority::Bulk,
            Priority::Bulk
        ]
    );
}

#[test]
fn drop_oldest_spares_what_matters_more() {
    let (queue, ledger) = (queue(settings(2, Overflow::DropOldest)), ledger());
    push(&queue, &ledger, bulk());
    push(&queue, &ledger, error());
    // The log goes first, then the older error.
    assert_eq!(push(&queue, &ledger, error()), (None, 1));
    assert_eq!(push(&queue, &ledger, error()), (None, 1));
    assert_eq!(push(&queue, &ledger, bulk()), (Some(Refusal::Full), 0));
    assert_eq!(queue.usage().items, 2);
    assert_eq!(queue.take().unwrap().sequence, 1);
}

#[test]
fn drop_lowest_priority_never_drops_its_equal() {
    let (queue, ledger) = (queue(settings(2, Overflow::DropLowestPriority)), ledger());
    push(&queue, &ledger, bulk());
    push(&queue, &ledger, error());
    assert_eq!(push(&queue, &ledger, error()), (None, 1));
    assert_eq!(push(&queue, &ledger, error()), (Some(Refusal::Full), 0));
}

#[test]
fn nothing_is_evicted_that_makes_no_room() {
    let (queue, ledger) = (queue(settings(10, Overflow::DropOldest)), ledger());
    for _ in 0..4 {
        push(&queue, &ledger, bulk());
    }
    for _ in 0..6 {
        push(&queue, &ledger, error());
    }
    // Logs may fill half of the queue, and errors alone hold more than that.
    assert_eq!(push(&queue, &ledger, bulk()), (Some(Refusal::Full), 0));
    assert_eq!(queue.usage().items, 10);
    assert_eq!(push(&queue, &ledger, error()), (None, 1));
}

#[test]
fn what_can_never_fit_evicts_nothing() {
    let small = QueueSettings {
        max_bytes: 4096,
        ..settings(10, Overflow::DropOldest)
    };
    let (queue, ledger) = (queue(small), ledger());
    push(&queue, &ledger, error());
    let large = Envelope::event(Uuid::new_v4(), vec![b' '; 5000]);
    assert_eq!(push(&queue, &ledger, large), (Some(Refusal::TooLarge), 0));
    assert_eq!(queue.usage().items, 1);
}

/// A full queue, and a capture that waits for room in it.
fn with_one_that_waits() -> (Arc<Queue>, Arc<Ledger>, JoinHandle<Pushed>) {
    let waiting = QueueSettings {
        block_timeout: LONG,
        ..settings(1, Overflow::DropNewest)
    };
    let (queue, ledger) = (Arc::new(queue(waiting)), Arc::new(ledger()));
    push(&queue, &ledger, error());
    let blocked = {
        let (queue, ledger) = (Arc::clone(&queue), Arc::clone(&ledger));
        std::thread::spawn(move || push(&queue, &ledger, error()))
    };
    while queue.waiting.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    (queue, ledger, blocked)
}

#[test]
fn a_closed_queue_refuses_and_wakes_those_who_wait() {
    let (queue, ledger, blocked) = with_one_that_waits();
    let start = Instant::now();
    queue.close(&ledger);
    assert_eq!(blocked.join().unwrap(), (Some(Refusal::Closed), 0));
    assert!(start.elapsed() < LONG / 2, "it waited for its time-out");
}

#[test]
fn who_closes_waits_for_no_room() {
    let waiting = QueueSettings {
        block_timeout: LONG,
        ..settings(1, Overflow::DropNewest)
    };
    let (queue, ledger) = (queue(waiting), ledger());
    push(&queue, &ledger, error());
    queue.wait_no_more();
    let start = Instant::now();
    assert_eq!(push(&queue, &ledger, error()), (Some(Refusal::Full), 0));
    assert!(start.elapsed() < LONG / 2, "it waited for its time-out");
}

#[test]
fn a_waiting_capture_gets_the_room_that_is_made() {
    let (queue, _ledger, blocked) = with_one_that_waits();
    let first = queue.take().unwrap();
    let start = Instant::now();
    queue.release(first.charge);
    assert_eq!(blocked.join().unwrap(), (None, 0));
    assert!(start.elapsed() < LONG / 2, "it waited for its time-out");
}

#[test]
fn waiting_ends_at_its_time_out() {
    let timeout = Duration::from_millis(30);
    let waiting = QueueSettings {
        block_timeout: timeout,
        ..settings(1, Overflow::DropNewest)
    };
    let (queue, ledger) = (queue(waiting), ledger());
    push(&queue, &ledger, error());
    let start = Instant::now();
    assert_eq!(push(&queue, &ledger, error()), (Some(Refusal::Full), 0));
    assert!(start.elapsed() >= timeout);
}

#[test]
fn a_capture_that_waits_for_room_in_the_log_sleeps() {
    let scratch = crate::store::scratch::Scratch::new();
    let directory = crate::store::directory::Directory::open(scratch.path()).unwrap();
    let log = crate::store::queue_log::QueueLog::create(&directory, "queue.log", 1, "").unwrap();
    let queue = Queue::new(settings(10, Overflow::DropNewest), Copies::new(Some(log)));
    assert_eq!(push(&queue, &ledger(), error()), (None, 0));
    let copy = queue.copies.bytes_of(&error()).map(Result::unwrap);
    let (now, timeout) = (Instant::now(), Duration::from_millis(30));
    // The budget has room for nine more.
    queue.wait_for_room(100, copy.as_deref(), queue.limits, now + timeout);
    assert!(now.elapsed() >= timeout);
}

#[test]
fn marks_are_passed_when_everything_below_was_taken() {
    let (queue, ledger) = (queue(settings(9, Overflow::DropNewest)), ledger());
    push(&queue, &ledger, error());
    push(&queue, &ledger, bulk());
    let marks = queue.marks();
    push(&queue, &ledger, error());
    assert!(!queue.has_passed(&marks));
    queue.take();
    queue.take();
    assert!(!queue.has_passed(&marks));
    queue.take();
    assert!(queue.has_passed(&marks));
}
