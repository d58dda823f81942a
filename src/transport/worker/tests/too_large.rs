//! 413: an event refused for its size goes once more without its attachments, and the books say so.

use super::spooled::{MINUTE, POLICY, files, spooling};
use super::*;
use crate::protocol::envelope::{Item, Payload};
use crate::store::scratch::Scratch;

impl Rig {
    fn capture_with_attachment(&self) {
        let mut envelope = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
        let payload = Payload::from(b"0123456789".to_vec());
        envelope.push(Item::attachment("log.txt", None, None, payload));
        self.submit(envelope);
    }

    /// Of attachments, in bytes: captured, delivered, lost as too large, lost otherwise, not settled.
    fn attachments(&self) -> [u64; 5] {
        let counts = &self.shared.account.ledger.snapshot()[Category::Attachment.index()];
        let too_large = counts.discarded[DiscardReason::TooLarge.index()];
        let other = counts.discarded_total() - too_large;
        let open = counts.pending + counts.spooled;
        [counts.captured, counts.delivered, too_large, other, open]
    }
}

// HTTP-3
#[test]
fn an_event_refused_for_its_size_goes_once_more_without_its_attachments() {
    let mut rig = rig();
    rig.capture_with_attachment();
    rig.answers([status(413), status(200)]);
    rig.steps(4);
    assert_eq!(rig.requests(), 2);
    assert!(rig.body(0).contains("log.txt") && !rig.body(0).contains("errors"));
    assert!(!rig.body(1).contains("log.txt"));
    let word = r#"{"errors":[{"type":"too_large","name":"attachments","value":10}]}"#;
    assert!(rig.body(1).contains(word));
    assert_eq!(rig.account(), (1, 1, 0, 0));
    assert_eq!(rig.attachments(), [10, 0, 10, 0, 0]);
    assert_eq!(rig.fates(), [Fate::Delivered]);
}

#[test]
fn an_event_that_is_too_large_by_itself_is_lost_with_all_it_had() {
    let mut rig = rig();
    rig.capture_with_attachment();
    rig.answers([status(413), status(413)]);
    rig.steps(4);
    assert_eq!((rig.requests(), rig.fates()), (2, vec![REFUSED]));
    assert_eq!(rig.account(), (1, 0, 0, 1));
    assert_eq!(rig.attachments(), [10, 0, 0, 10, 0]);
}

#[test]
fn a_file_keeps_what_the_server_refused_until_it_has_the_rest() {
    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.capture_with_attachment();
    rig.steps(2);
    assert_eq!(rig.attachments(), [10, 0, 0, 0, 10]);
    // Refused, and then the server is away again: all of it still lies there.
    rig.answers([status(413), no_connection()]);
    rig.pass(16 * MINUTE, 100);
    assert_eq!(rig.requests(), 3);
    assert_eq!(rig.attachments(), [10, 0, 0, 0, 10]);
    rig.answers([status(413), status(200)]);
    rig.pass(120 * MINUTE, 400);
    // Then the server hears of the loss.
    assert_eq!(rig.requests(), 6);
    assert!(
        rig.body(5)
            .contains(r#""category":"attachment","quantity":10"#)
    );
    assert!(rig.body(3).contains("log.txt") && !rig.body(4).contains("log.txt"));
    assert_eq!(rig.account(), (1, 1, 0, 0));
    assert_eq!(rig.attachments(), [10, 0, 10, 0, 0]);
    assert_eq!(files(&scratch), [""; 0]);
}
