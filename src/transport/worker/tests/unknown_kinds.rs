//! A kind of item that an older server does not know costs itself and nothing else.

use super::*;
use crate::protocol::envelope::{Item, ItemKind};

/// Without client reports, which find out for themselves.
fn quiet() -> Rig {
    let mut settings = settings(NO_SPOOL, RETRY, 1);
    settings.client_reports = false;
    rig_from(None, settings)
}

impl Rig {
    fn submit_one(&self, kind: ItemKind) {
        self.submit(Envelope::of(None, Item::new(kind, b"{}".to_vec())));
    }

    fn settled(&self, category: Category) -> [u64; 3] {
        let counts = &self.shared.account.ledger.snapshot()[category.index()];
        let refused = counts.discarded[DiscardReason::SendError.index()];
        assert_eq!(counts.captured, counts.delivered + refused + counts.pending);
        [counts.captured, counts.delivered, refused]
    }
}

#[test]
fn a_kind_that_is_refused_twice_is_not_sent_any_more() {
    let mut rig = quiet();
    rig.answers([status(400), status(400), status(200)]);
    for _ in 0..5 {
        rig.submit_one(ItemKind::CheckIn);
    }
    rig.steps(8);
    assert_eq!(rig.requests(), 2);
    assert_eq!(rig.settled(Category::Monitor), [5, 0, 5]);
    rig.capture();
    rig.steps(2);
    assert_eq!((rig.requests(), rig.errors().delivered), (3, 1));
}

#[test]
fn a_kind_that_was_taken_once_is_known() {
    let mut rig = quiet();
    rig.answers([
        status(400),
        status(200),
        status(400),
        status(400),
        status(400),
    ]);
    for _ in 0..5 {
        rig.submit_one(ItemKind::CheckIn);
    }
    rig.steps(12);
    assert_eq!(rig.settled(Category::Monitor), [5, 1, 4]);
    assert_eq!(rig.requests(), 5, "each was sent");
}

#[test]
fn an_event_goes_once_more_without_the_news_of_its_session() {
    let mut rig = quiet();
    let mut envelope = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
    envelope.push(Item::new(ItemKind::Session, b"{}".to_vec()));
    rig.submit(envelope);
    rig.answers([status(400), status(200)]);
    rig.steps(4);
    assert!(rig.body(0).contains("session") && !rig.body(1).contains("\"session\""));
    assert_eq!(rig.errors().delivered, 1);
    assert_eq!(rig.settled(Category::Session), [1, 0, 1]);
    // Without one a 400 is final.
    rig.capture();
    rig.answers([status(400)]);
    rig.steps(3);
    assert_eq!(rig.fates(), [Fate::Delivered, REFUSED]);
}
