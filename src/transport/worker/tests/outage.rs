//! An outage: whose attempts the probes of an open circuit cost.

use super::*;
use crate::store::scratch::Scratch;

const PATIENT: RetryPolicy = RetryPolicy {
    is_patient: true,
    ..RETRY
};
const GIVEN_UP: Fate = Fate::Discarded(DiscardReason::NetworkError);

impl Rig {
    /// Lets these probes fail, each as soon as it may be made.
    fn fail(&mut self, count: usize, how: fn() -> Reply) {
        self.answers(std::iter::repeat_with(how).take(count));
        let before = self.requests();
        for _ in 0..count {
            self.steps(2);
            self.clock.advance(Duration::from_secs(60));
        }
        assert_eq!(self.requests(), before + count);
    }

    /// The event ids of all requests, in their order.
    fn sent(&self) -> Vec<String> {
        let script = self.script.lock().unwrap();
        let header = |body: &str| {
            let line: serde_json::Value = serde_json::from_str(body.lines().next()?).ok()?;
            Some(line["event_id"].as_str()?.to_owned())
        };
        script
            .requests
            .iter()
            .filter_map(|it| header(&it.2))
            .collect()
    }
}

fn text(ids: &[Uuid]) -> Vec<String> {
    ids.iter()
        .map(|id| id.simple().as_str().to_owned())
        .collect()
}

#[test]
fn an_outage_costs_no_envelope_its_attempts() {
    for how in [no_connection, no_answer] {
        let mut rig = rig_with(PATIENT, 1);
        let ids: Vec<_> = (0..30).map(|_| rig.capture()).collect();
        rig.fail(50, how);
        assert_eq!((rig.errors().pending, rig.fates().len()), (30, 0));
        rig.answers(std::iter::repeat_with(|| status(200)).take(30));
        rig.steps(60);
        assert_eq!(rig.errors().delivered, 30);
        let (sent, ids) = (rig.sent(), text(&ids));
        // The probe that is answered is one of the first few; all others keep their order.
        let mut rest = ids.clone();
        rest.retain(|id| *id != sent[50]);
        assert_eq!(sent[51..], rest);
        assert!(ids[..4].contains(&sent[50]));
    }
}

#[test]
fn a_limit_that_the_host_set_holds_in_an_outage() {
    for strict in [
        RETRY,
        RetryPolicy {
            connect: Some(3),
            ..PATIENT
        },
    ] {
        let mut rig = rig_with(strict, 1);
        rig.capture();
        rig.capture();
        rig.fail(8, no_connection);
        assert_eq!(rig.fates(), [GIVEN_UP; 2]);
    }
}

/// The server resets the connection for one envelope and takes all others.
#[test]
fn an_envelope_that_the_server_does_not_bear_is_given_up_and_holds_up_no_other() {
    let mut rig = rig_with(PATIENT, 1);
    let ids: Vec<_> = (0..8).map(|_| rig.capture()).collect();
    let unbearable = text(&ids)[0].clone();
    rig.script.lock().unwrap().unbearable = Some(unbearable.clone());
    for _ in 0..20 {
        rig.steps(1);
        rig.clock.advance(Duration::from_secs(60));
    }
    let errors = rig.errors();
    assert_eq!((errors.delivered, errors.discarded_total()), (7, 1));
    let attempts = rig.sent().iter().filter(|id| **id == unbearable).count();
    assert_eq!(attempts, 4);
}

#[test]
fn probes_overtake_no_update_of_a_session() {
    let mut rig = rig_with(PATIENT, 1);
    for _ in 0..3 {
        let mut envelope = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
        envelope.push(Item::new(ItemKind::Session, b"{}".to_vec()));
        rig.submit(envelope);
    }
    rig.fail(5, no_answer);
    let first = rig.sent()[0].clone();
    assert!(rig.sent().iter().all(|id| *id == first));
}

#[test]
fn what_the_disk_takes_costs_its_attempts_and_is_not_lost() {
    let scratch = Scratch::new();
    let database = Arc::new(Database::open(scratch.path()).unwrap());
    let policy = SpoolPolicy {
        is_retrying: true,
        ..NO_SPOOL
    };
    let mut rig = rig_on(Some(database), policy, PATIENT, 1);
    rig.capture();
    rig.fail(4, no_connection);
    assert_eq!(rig.fates(), [Fate::Spooled]);
}

#[test]
fn with_nothing_left_to_send_the_worker_wakes_when_the_block_ends() {
    // Captures do not wake a worker that may not send, so it has to look for them again itself.
    let mut rig = rig_with(RetryPolicy { total: 0, ..RETRY }, 1);
    rig.capture();
    rig.answers([no_connection()]);
    rig.steps(3);
    assert_eq!((rig.errors().pending, rig.fates().len()), (0, 1));
    assert!(rig.last_wait() <= RETRY.backoff, "{:?}", rig.last_wait());
}
