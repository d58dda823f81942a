//! What the user's consent, its lack and its revocation mean for what waits in memory and on disk (SP-8).

use super::spooled::{MINUTE, POLICY, files, spooling};
use super::*;
use crate::store::scratch::Scratch;
use crate::transport::account::Actor;
use crate::transport::queue::Refusal;
use crate::transport::queue::permit::Permit;

// SP-8
#[test]
fn without_consent_envelopes_wait_on_disk() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.shared.account.consent.set(false);
    rig.capture();
    rig.steps(2);
    rig.shared.wishes.send_spooled();
    rig.pass(60 * MINUTE, 60);
    assert_eq!((rig.account(), rig.requests()), ((1, 0, 1, 0), 0));
    rig.answers([status(200)]);
    rig.shared.account.consent.set(true);
    rig.shared.wishes.send_spooled();
    rig.steps(3);
    assert_eq!((rig.account(), rig.requests()), ((1, 1, 0, 0), 1));
}

// SP-8
#[test]
fn a_stop_without_consent_leaves_nothing_unless_it_may_wait() {
    for (is_retrying, is_spilling, booked) in [
        (true, false, (1, 0, 1, 0)),
        (true, true, (1, 0, 1, 0)),
        (false, false, (1, 0, 0, 1)),
        // What spills is sent later, which is not allowed.
        (false, true, (1, 0, 0, 1)),
    ] {
        let scratch = Scratch::new();
        let policy = SpoolPolicy {
            is_retrying,
            is_spilling,
            ..POLICY
        };
        let mut rig = spooling(&scratch, policy);
        rig.capture();
        rig.steps(2);
        rig.shared.account.consent.set(false);
        rig.stop(Duration::ZERO);
        assert_eq!(rig.steps(1), Step::Finished);
        assert_eq!(rig.account(), booked);
    }
}

// SP-8
#[test]
fn consent_that_is_given_again_brings_nothing_back_unless_it_could_wait() {
    for (is_retrying, booked) in [(true, (2, 2, 0, 0)), (false, (2, 1, 0, 1))] {
        let scratch = Scratch::new();
        let policy = SpoolPolicy {
            is_retrying,
            ..POLICY
        };
        let mut rig = spooling(&scratch, policy);
        rig.capture();
        rig.shared.account.consent.set(false);
        rig.shared.account.consent.set(true);
        rig.capture();
        rig.answers([status(200), status(200)]);
        rig.steps(4);
        assert_eq!(rig.account(), booked);
        assert_eq!(rig.lost(DiscardReason::NoConsent), booked.3);
    }
}

// SP-8
#[test]
fn what_is_refused_is_queued_only_to_become_a_copy() {
    for (keep, copies) in [(Keep::Nothing, 0), (Keep::Unsent, 1), (Keep::Everything, 1)] {
        let scratch = Scratch::new();
        let policy = SpoolPolicy {
            is_retrying: false,
            is_spilling: true,
            keep,
            ..POLICY
        };
        let mut rig = spooling(&scratch, policy);
        rig.shared.account.consent.set(false);
        let permit = rig.shared.account.consent.permit();
        assert_eq!(permit, Permit::Refused);
        // Consent that comes before the worker looks changes nothing.
        rig.shared.account.consent.set(true);
        let envelope = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
        let answer = rig.shared.account.accept(envelope, permit, Actor::Worker);
        assert_eq!(answer, Err(Refusal::NoConsent));
        assert_eq!(rig.shared.account.queue.usage().items, copies);
        rig.steps(3);
        assert_eq!((rig.account(), rig.requests()), ((1, 0, 0, 1), 0));
        assert_eq!(rig.lost(DiscardReason::NoConsent), 1);
        let files = files(&scratch);
        assert_eq!(files.len() as u64, copies);
        // The name of a copy is an id and nothing more; it is never sent.
        let id = |name: &String| Uuid::parse_strict(name.strip_suffix(".envelope")?);
        assert!(files.iter().all(|name| id(name).is_some()), "{files:?}");
    }
}
