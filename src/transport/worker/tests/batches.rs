//! Batches: in bounds and books from their first entry, queued when they are due, lost once when nothing can take them.

use super::*;
use crate::protocol::envelope::{Item, ItemKind};
use crate::transport::account::pending::Evicted;
use crate::transport::backing::Batches;
use crate::transport::queue::Refusal;
use crate::transport::queue::batched::Batched;
use crate::transport::queue::budget::Usage;

const LARGE: &str = match std::str::from_utf8(&[b'x'; 1_000]) {
    Ok(text) => text,
    Err(_) => unreachable!(),
};

/// A batch as the client has it.
#[derive(Debug, Default)]
struct Collected {
    entries: Vec<&'static str>,
    held: Batched,
    due: Option<Instant>,
}

impl Collected {
    fn payload(&self) -> String {
        format!("{{\"items\":[{}]}}", self.entries.join(","))
    }

    fn hand_over(&mut self, submit: &dyn Fn(Envelope, &mut Batched)) {
        let (payload, count) = (self.payload(), self.entries.len() as u64);
        self.entries.clear();
        self.due = None;
        let item = Item::container(ItemKind::Log, payload.into_bytes(), count);
        submit(Envelope::of(None, item), &mut self.held);
    }
}

#[derive(Debug, Default)]
struct Client(Mutex<Collected>);

impl Batches for Client {
    fn due(&self) -> Option<Instant> {
        self.0.lock().unwrap().due
    }

    fn events(&self, _: Instant) -> Vec<Envelope> {
        Vec::new()
    }

    fn hand_over(&self, now: Instant, submit: &dyn Fn(Envelope, &mut Batched)) {
        let mut batch = self.0.lock().unwrap();
        if batch.due.is_some_and(|due| due <= now) {
            batch.hand_over(submit);
        }
    }
}

fn rig_of(overflow: Overflow, max_bytes: u64) -> (Rig, Arc<Client>) {
    let client = Arc::new(Client::default());
    let mut settings = settings(NO_SPOOL, RETRY, 1);
    settings.queue.overflow = overflow;
    settings.queue.max_bytes = max_bytes;
    let backing = Backing {
        batches: Some(Arc::<Client>::clone(&client) as Arc<dyn Batches>),
        ..Backing::default()
    };
    (rig_backed(backing, settings), client)
}

impl Rig {
    /// A log entry as the client adds it: the first also pays for the brackets.
    fn log(&self, client: &Client, text: &'static str) -> Result<(), Refusal> {
        let mut batch = client.0.lock().unwrap();
        let around = if batch.entries.is_empty() { 12 } else { 1 };
        let bytes = text.len() as u64 + around;
        let tallies = [(Category::LogItem, 1), (Category::LogByte, bytes)];
        let account = &self.shared.account;
        let permit = account.consent.permit();
        let mut evicted = Evicted::none(account);
        account.hold_entry(&mut batch.held, (&tallies, bytes), permit, &mut evicted)?;
        batch.entries.push(text);
        let due = self.clock.now() + Duration::from_secs(5);
        batch.due.get_or_insert(due);
        Ok(())
    }

    /// Captured, pending, delivered and lost.
    fn logs(&self, category: Category) -> [u64; 4] {
        let counts = self.shared.account.ledger.snapshot()[category.index()];
        [
            counts.captured,
            counts.pending,
            counts.delivered,
            counts.discarded_total(),
        ]
    }
}

// LOG-8, LOG-9
#[test]
fn entries_are_booked_at_once_and_sent_when_their_time_has_come() {
    let (mut rig, client) = rig_of(Overflow::DropNewest, 1 << 20);
    rig.log(&client, "{}").unwrap();
    rig.log(&client, r#"{"body":"b"}"#).unwrap();
    let bytes = client.0.lock().unwrap().payload().len() as u64;
    assert_eq!(rig.logs(Category::LogItem), [2, 2, 0, 0]);
    assert_eq!(rig.logs(Category::LogByte), [bytes, bytes, 0, 0]);
    let usage = rig.shared.account.queue.usage();
    assert!(usage.items == 1 && usage.bytes > bytes, "{usage:?}");
    rig.answers([status(200)]);
    rig.steps(2);
    assert_eq!(rig.requests(), 0);
    assert_eq!(rig.last_wait(), Duration::from_secs(5));
    rig.clock.advance(Duration::from_secs(5));
    rig.steps(2);
    assert_eq!(rig.requests(), 1);
    assert!(rig.body(0).contains(r#"{"items":[{},{"body":"b"}]}"#));
    assert_eq!(rig.logs(Category::LogItem), [2, 0, 2, 0]);
    assert_eq!(rig.logs(Category::LogByte), [bytes, 0, bytes, 0]);
    assert_eq!(rig.shared.account.queue.usage(), Usage::default());
    assert_eq!(rig.fates(), [Fate::Delivered]);
}

// Q-3
#[test]
fn what_has_no_room_is_refused_and_a_batch_that_has_its_room_never_is() {
    let (mut rig, client) = rig_of(Overflow::DropNewest, 2_000);
    assert_eq!(rig.log(&client, LARGE), Err(Refusal::TooLarge));
    let taken = (0..2_000)
        .take_while(|_| rig.log(&client, "{}").is_ok())
        .count() as u64;
    assert!(taken > 10, "{taken}");
    assert_eq!(rig.log(&client, "{}"), Err(Refusal::Full));
    let usage = rig.shared.account.queue.usage();
    assert!(usage.bytes <= 1_000, "half of the queue: {usage:?}");
    // Errors have the other half, and take it.
    while rig.shared.account.queue.usage().bytes < 1_500 {
        rig.capture();
    }
    rig.clock.advance(Duration::from_secs(5));
    rig.answers([
        status(200),
        status(200),
        status(200),
        status(200),
        status(200),
    ]);
    rig.steps(12);
    assert_eq!(rig.logs(Category::LogItem), [taken, 0, taken, 0]);
    assert_eq!(rig.shared.account.queue.usage(), Usage::default());
}

#[test]
fn an_entry_that_needs_room_drives_older_envelopes_out_if_the_host_wants_that() {
    let (rig, client) = rig_of(Overflow::DropOldest, 4_000);
    let submit = |envelope, held: &mut Batched| rig.shared.account.submit_batch(envelope, held);
    while rig.logs(Category::LogItem)[3] == 0 {
        rig.log(&client, "{}").unwrap();
        let mut batch = client.0.lock().unwrap();
        if batch.entries.len() == 10 {
            batch.hand_over(&submit);
        }
    }
    assert_eq!(rig.logs(Category::LogItem)[3], 10, "one envelope went");
    let usage = rig.shared.account.queue.usage();
    assert!(usage.bytes <= 2_000, "{usage:?}");
}

#[test]
fn a_batch_that_comes_too_late_is_lost_once() {
    let (mut rig, client) = rig_of(Overflow::DropNewest, 1 << 20);
    rig.log(&client, "{}").unwrap();
    rig.stop(Duration::from_secs(1));
    assert_eq!(rig.log(&client, "{}"), Err(Refusal::Closed));
    let submit = |envelope, held: &mut Batched| rig.shared.account.submit_batch(envelope, held);
    client.0.lock().unwrap().hand_over(&submit);
    assert_eq!(rig.logs(Category::LogItem), [1, 0, 0, 1]);
    assert_eq!(rig.shared.account.queue.usage(), Usage::default());
    rig.steps(2);
    assert_eq!(rig.fates(), [Fate::Discarded(DiscardReason::Shutdown)]);
}
