//! What answers and failures lead to.

use super::*;
use crate::value::shared::pieces::{Cuts, Fragment, Pieces};

// HTTP-1, HTTP-2, HTTP-3, HTTP-4, HTTP-8
#[test]
fn a_status_decides_at_both_ends_of_its_range() {
    for (code, fate) in [
        (200, Fate::Delivered),
        (299, Fate::Delivered),
        (300, REFUSED),
        (307, REFUSED),
        (399, REFUSED),
        (400, REFUSED),
        (413, REFUSED),
        (428, REFUSED),
        (429, Fate::Discarded(DiscardReason::ServerRateLimit)),
        (430, REFUSED),
        (499, REFUSED),
        (500, REFUSED),
        (503, REFUSED),
        (599, REFUSED),
    ] {
        let mut rig = rig();
        rig.capture();
        rig.answers([status(code)]);
        rig.steps(3);
        assert_eq!(rig.fates(), [fate], "{code}");
        assert_eq!(rig.requests(), 1, "{code}");
        assert_eq!(rig.shared.account.queue.usage().items, 0, "{code}");
        assert_eq!(rig.errors().pending, 0, "{code}");
    }
}

// HTTP-9
#[test]
fn an_unreachable_server_is_tried_with_one_envelope_at_growing_distances() {
    let mut rig = rig_with(RETRY, 8);
    for _ in 0..10 {
        rig.capture();
    }
    rig.answers(std::iter::repeat_with(no_connection).take(8));
    rig.steps(1);
    assert_eq!(rig.requests(), 8, "nothing was known yet");
    rig.answers([no_connection(), no_connection()]);
    rig.steps(5);
    assert_eq!(rig.requests(), 8, "the back-off holds");
    // Eight failures in a row: the delay has reached its cap.
    rig.clock.advance(Duration::from_secs(60));
    rig.steps(3);
    assert_eq!(rig.requests(), 9, "one probe");
    rig.clock.advance(Duration::from_secs(60));
    rig.answers([status(200)]);
    rig.steps(1);
    assert_eq!(rig.requests(), 10);
    rig.answers(std::iter::repeat_with(|| status(200)).take(20));
    rig.steps(6);
    // One probe failed once more; the answer opened the way for all.
    assert_eq!(rig.errors().delivered + rig.errors().pending, 10);
    rig.clock.advance(Duration::from_secs(60));
    rig.steps(6);
    assert_eq!(rig.errors().delivered, 10);
    assert_eq!(rig.shared.traffic.retries.load(Ordering::Relaxed), 10);
}

#[test]
fn delays_double_from_failure_to_failure() {
    let mut rig = rig();
    rig.capture();
    rig.answers([no_connection(), no_answer(), no_connection()]);
    rig.steps(2);
    assert_eq!(rig.last_wait(), Duration::from_secs(1));
    rig.clock.advance(Duration::from_secs(1));
    rig.steps(2);
    assert_eq!(rig.last_wait(), Duration::from_secs(2));
    rig.clock.advance(Duration::from_millis(1999));
    rig.steps(2);
    assert_eq!(rig.requests(), 2);
    rig.clock.advance(Duration::from_millis(1));
    rig.steps(2);
    assert_eq!(
        (rig.requests(), rig.last_wait()),
        (3, Duration::from_secs(4))
    );
}

#[test]
fn a_dead_connection_costs_an_attempt_and_is_replaced_at_once() {
    let mut rig = rig();
    rig.capture();
    let stale = || {
        Err(Failure {
            cause: Cause::Stale,
            detail: "it had served another".to_owned(),
        })
    };
    rig.answers([stale(), stale(), status(200)]);
    rig.steps(4);
    assert_eq!(rig.fates(), [Fate::Delivered]);
    assert_eq!(rig.requests(), 3);
    // They count all the same.
    rig.capture();
    rig.answers(std::iter::repeat_with(stale).take(4));
    rig.steps(6);
    assert_eq!(rig.requests(), 7);
    let lost = Fate::Discarded(DiscardReason::NetworkError);
    assert_eq!(rig.fates(), [Fate::Delivered, lost]);
}

#[test]
fn nothing_begins_while_the_client_reads_the_rest_of_answers() {
    let mut rig = rig();
    rig.script.lock().unwrap().is_full = true;
    rig.capture();
    rig.answers([status(200)]);
    rig.steps(2);
    assert_eq!(rig.requests(), 0);
    rig.script.lock().unwrap().is_full = false;
    rig.steps(2);
    assert_eq!(rig.fates(), [Fate::Delivered]);
}

// REP-6: a network failure counts only when it is given up.
#[test]
fn an_envelope_is_given_up_after_its_retries_and_the_next_waits_its_turn() {
    let mut rig = rig_with(
        RetryPolicy {
            connect: Some(1),
            ..RETRY
        },
        1,
    );
    rig.capture();
    rig.capture();
    rig.answers(std::iter::repeat_with(no_connection).take(2));
    rig.steps(2);
    assert!(rig.fates().is_empty());
    assert!(!rig.shared.account.ledger.has_unreported());
    rig.clock.advance(Duration::from_secs(1));
    rig.steps(3);
    assert_eq!(rig.fates(), [GIVEN_UP]);
    assert_eq!(rig.requests(), 2, "the second envelope burns no attempt");
    assert_eq!(rig.sink.0.lock().unwrap()[0].attempts, 2);
    rig.clock.advance(Duration::from_secs(2));
    rig.answers([status(200)]);
    rig.steps(2);
    assert_eq!(rig.fates(), [GIVEN_UP, Fate::Delivered]);
}

// RL-3
#[test]
fn a_503_is_retried_only_when_asked_and_then_as_the_server_says() {
    let mut rig = rig_with(
        RetryPolicy {
            status: Some(1),
            ..RETRY
        },
        1,
    );
    rig.capture();
    rig.answers([
        Ok(Response {
            status: 503,
            retry_after: Some("7".to_owned()),
            ..Response::default()
        }),
        status(503),
    ]);
    rig.steps(2);
    assert_eq!(rig.last_wait(), Duration::from_secs(7));
    rig.clock.advance(Duration::from_secs(7));
    rig.steps(2);
    assert_eq!(rig.fates(), [REFUSED]);
}

// AUTH-13
#[test]
fn redirects_are_followed_as_often_as_allowed_and_without_our_key() {
    let to = |location: &str| {
        Ok(Response {
            status: 308,
            location: Some(location.to_owned()),
            ..Response::default()
        })
    };
    let mut rig = rig_with(
        RetryPolicy {
            redirect: Some(2),
            ..RETRY
        },
        1,
    );
    rig.capture();
    rig.answers([
        to("https://sentry.example/other"),
        to("https://else.example/"),
        to("https://third.example/"),
    ]);
    rig.steps(6);
    assert_eq!(rig.fates(), [REFUSED]);
    let targets: Vec<_> = rig
        .script
        .lock()
        .unwrap()
        .requests
        .iter()
        .map(|request| (request.0.clone(), request.1))
        .collect();
    assert_eq!(
        targets,
        [
            (None, true),
            (Some("https://sentry.example/other".to_owned()), true),
            (Some("https://else.example/".to_owned()), false)
        ]
    );

    let mut downgraded = rig_with(
        RetryPolicy {
            redirect: Some(2),
            ..RETRY
        },
        1,
    );
    downgraded.capture();
    downgraded.answers([to("http://sentry.example/")]);
    downgraded.steps(3);
    assert_eq!(downgraded.fates(), [REFUSED]);
}

// RL-1, RL-10, RL-12
#[test]
fn limited_items_are_dropped_before_sending_and_counted() {
    let mut rig = rig();
    rig.capture();
    rig.answers([Ok(Response {
        status: 200,
        rate_limits: Some("60:error:key".to_owned()),
        ..Response::default()
    })]);
    rig.steps(2);
    rig.capture();
    rig.steps(2);
    assert_eq!(rig.requests(), 1);
    assert_eq!(
        rig.fates(),
        [
            Fate::Delivered,
            Fate::Discarded(DiscardReason::RatelimitBackoff)
        ]
    );
    rig.clock.advance(Duration::from_secs(61));
    rig.capture();
    rig.answers([status(200)]);
    rig.steps(2);
    assert_eq!(rig.errors().delivered, 2);
}

#[test]
fn one_envelope_is_tried_until_it_is_given_up() {
    let mut rig = rig_with(RETRY, 2);
    rig.capture();
    rig.capture();
    rig.answers(std::iter::repeat_with(no_connection).take(5));
    rig.steps(2);
    assert_eq!(rig.requests(), 2);
    for _ in 0..3 {
        rig.clock.advance(Duration::from_secs(60));
        rig.steps(2);
    }
    // Four attempts of the first; the second has made only the one it made beside it.
    let outcomes = rig.sink.0.lock().unwrap().clone();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].attempts, 4);
    assert_eq!(rig.errors().pending, 1);
}

// RL-10: categories that an envelope holds more than once are booked once each.
#[test]
fn several_limited_items_of_one_category_leave_the_books_right() {
    let mut rig = rig();
    rig.capture();
    let limit = Some("60:attachment:key".to_owned());
    rig.answers([
        Ok(Response {
            status: 200,
            rate_limits: limit,
            ..Response::default()
        }),
        status(200),
    ]);
    rig.steps(2);
    let mut envelope = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
    for size in [10, 20] {
        envelope.push(Item::new(ItemKind::Attachment, vec![0; size]));
    }
    rig.submit(envelope);
    rig.steps(2);
    let attachments = rig.shared.account.ledger.snapshot()[Category::Attachment.index()];
    assert_eq!(
        (
            attachments.captured,
            attachments.discarded_total(),
            attachments.pending
        ),
        (30, 30, 0)
    );
    assert_eq!((rig.errors().delivered, rig.errors().pending), (2, 0));
}

// A server that does not know client reports refuses the envelope they ride on.
#[test]
fn a_refused_report_costs_no_event() {
    let mut rig = rig();
    rig.shared.account.refuse(
        Uuid::NIL,
        &[(Category::Error, 1)],
        DiscardReason::SampleRate,
    );
    rig.capture();
    rig.answers([status(400), status(200), status(200)]);
    rig.steps(3);
    assert_eq!(rig.fates(), [Fate::Delivered]);
    assert!(rig.body(0).contains("client_report") && !rig.body(1).contains("client_report"));
    rig.capture();
    rig.steps(2);
    assert!(
        !rig.body(2).contains("client_report"),
        "it travels alone from now on"
    );
    let flush = rig.flush();
    rig.answers([status(400)]);
    rig.steps(2);
    assert!(rig.body(3).contains("client_report") && is_done(&flush));
    // Refused alone as well: no more reports, and no storm.
    let flush = rig.flush();
    rig.steps(2);
    assert_eq!((rig.requests(), is_done(&flush)), (4, true));
}

#[test]
fn what_a_request_copies_is_bounded_however_many_items_it_has() {
    let rig = rig();
    let mut envelope = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
    for _ in 0..8 {
        envelope.push(Item::new(ItemKind::Attachment, vec![b'x'; 1_900_000]));
    }
    let envelope = Arc::new(envelope);
    let mut encoder = Encoder::new(&rig.shared.settings);
    let request = encoder.encode(&rig.shared, Some(&envelope), None, None);
    let copied = request.body.iter().map(|segment| match segment {
        Segment::Bytes(bytes) => bytes.len(),
        Segment::Piece { .. } => 0,
    });
    assert!(copied.sum::<usize>() < 2 * 1024 * 1024 + 8192);
    assert!(request.body_len() > 8 * 1_900_000);
}

#[test]
fn an_event_too_large_to_copy_is_sent_from_its_pieces() {
    let rig = rig();
    let (mut own, mut cuts) = (b"{\"a\":\"".to_vec(), Cuts::default());
    for letter in ["a", "b"] {
        let text = Arc::from(letter.repeat(1_500_000));
        cuts.share(&mut own, Fragment::new(text, 0));
        own.extend_from_slice(b"|");
    }
    own.extend_from_slice(b"\"}");
    let envelope = Arc::new(Envelope::event(Uuid::new_v4(), Pieces::new(own, cuts)));
    let request =
        Encoder::new(&rig.shared.settings).encode(&rig.shared, Some(&envelope), None, None);
    let mut bytes = Vec::new();
    let mut copied = 0;
    for segment in &request.body {
        bytes.extend_from_slice(segment.bytes());
        copied += match segment {
            Segment::Bytes(bytes) => bytes.len(),
            Segment::Piece { .. } => 0,
        };
    }
    assert!(copied < 4096, "{copied}");
    let read = Envelope::parse(&bytes).unwrap();
    let payload = |envelope: &Envelope| {
        envelope
            .items()
            .next()
            .map(|item| item.payload.whole().into_owned())
    };
    assert_eq!(payload(&read), payload(&envelope));
    assert_eq!(payload(&read).map(|it| it.len()), Some(3_000_010));
}

// AUTH-13
#[test]
fn another_server_sees_no_dsn_of_ours_nor_one_that_was_stored() {
    let rig = rig();
    let stored = b"{\"dsn\":\"https://storedkey:storedsecret@h/1\",\"trace\":{\"public_key\":\"k\"}}\n{\"type\":\"event\"}\n{}";
    let envelope = Arc::new(Envelope::parse(stored).unwrap());
    let text = |redirect| {
        let mut encoder = Encoder::new(&rig.shared.settings);
        let request = encoder.encode(&rig.shared, Some(&envelope), None, redirect);
        let bytes: Vec<u8> = request
            .body
            .iter()
            .flat_map(|segment| segment.bytes().to_vec())
            .collect();
        String::from_utf8(bytes).unwrap()
    };
    let elsewhere = text(Some(("https://else.example/".to_owned(), false)));
    assert!(
        !elsewhere.contains("dsn") && !elsewhere.contains("public_key"),
        "{elsewhere}"
    );
    assert!(text(None).contains("https://k@sentry.example/1"));
}

#[test]
fn a_flush_that_nobody_waits_for_is_forgotten() {
    let mut rig = rig();
    rig.capture();
    for _ in 0..1000 {
        drop(rig.flush());
    }
    rig.steps(1);
    assert!(rig.worker.flushes.is_empty());
}
