//! Client reports, flushes, stopping.

use super::*;

// REP-7, REP-8
#[test]
fn losses_ride_on_the_next_envelope_and_return_when_it_fails() {
    let mut rig = rig();
    rig.shared.account.refuse(
        Uuid::NIL,
        &[(Category::Error, 3)],
        DiscardReason::SampleRate,
    );
    rig.capture();
    rig.answers([no_answer(), status(500)]);
    rig.steps(2);
    assert!(
        rig.body(0)
            .contains(r#"{"reason":"sample_rate","category":"error","quantity":3}"#),
        "{}",
        rig.body(0)
    );
    assert!(
        rig.shared.account.ledger.has_unreported(),
        "no answer: the counts came back"
    );
    rig.clock.advance(Duration::from_secs(1));
    rig.steps(2);
    assert!(rig.body(1).contains(r#""quantity":3"#));
    // The 500 brings them back again, with the loss of the envelope that carried them.
    rig.capture();
    rig.answers([status(200)]);
    rig.steps(2);
    assert!(
        rig.body(2)
            .contains(r#"{"reason":"send_error","category":"error","quantity":1}"#),
        "{}",
        rig.body(2)
    );
    assert!(rig.body(2).contains(r#""quantity":3"#));
    assert!(!rig.shared.account.ledger.has_unreported());
    assert_eq!(rig.shared.traffic.reports.load(Ordering::Relaxed), 1);
}

// REP-7
#[test]
fn a_report_travels_alone_once_a_minute_at_most() {
    let mut rig = rig();
    rig.shared.account.refuse(
        Uuid::NIL,
        &[(Category::Error, 1)],
        DiscardReason::SampleRate,
    );
    rig.steps(3);
    assert_eq!(rig.requests(), 0);
    assert_eq!(rig.last_wait(), Duration::from_secs(60));
    rig.clock.advance(Duration::from_secs(60));
    rig.answers([status(200)]);
    rig.steps(2);
    assert_eq!(rig.requests(), 1);
    assert!(rig.body(0).contains("client_report"));
    rig.shared.account.refuse(
        Uuid::NIL,
        &[(Category::Error, 1)],
        DiscardReason::SampleRate,
    );
    rig.clock.advance(Duration::from_secs(59));
    rig.steps(2);
    assert_eq!(rig.requests(), 1);
}

// REP-8: a failing report is no reason for the next one.
#[test]
fn failing_reports_make_no_storm() {
    let mut rig = rig();
    rig.shared.account.refuse(
        Uuid::NIL,
        &[(Category::Error, 1)],
        DiscardReason::SampleRate,
    );
    for minute in 0..5 {
        rig.clock.advance(Duration::from_secs(61));
        rig.answers([status(500)]);
        rig.steps(5);
        assert_eq!(rig.requests(), minute + 1);
    }
    assert_eq!(
        rig.shared.account.ledger.take_unreported(),
        [(DiscardReason::SampleRate, Category::Error, 1)]
    );
}

// LIF-3
#[test]
fn a_flush_waits_for_what_was_there_and_for_nothing_else() {
    let mut rig = rig();
    rig.capture();
    let flush = rig.flush();
    rig.capture();
    rig.steps(2);
    assert!(!is_done(&flush), "the first request hangs");
    let idle = rig_idle_flush();
    assert!(idle);
    let mut answering = self::rig();
    answering.capture();
    let flush = answering.flush();
    answering.capture();
    answering.answers([status(200)]);
    answering.steps(3);
    assert!(is_done(&flush), "the second envelope came later");
    assert_eq!(answering.errors().pending, 1);
}

fn rig_idle_flush() -> bool {
    let mut rig = rig();
    let flush = rig.flush();
    rig.steps(1);
    is_done(&flush)
}

// REP-7
#[test]
fn a_flush_sends_the_report() {
    let mut rig = rig();
    rig.shared.account.refuse(
        Uuid::NIL,
        &[(Category::Error, 1)],
        DiscardReason::SampleRate,
    );
    let flush = rig.flush();
    rig.answers([status(200)]);
    rig.steps(1);
    assert!(!is_done(&flush), "the report is under way");
    rig.steps(1);
    assert!(is_done(&flush));
    assert_eq!(rig.requests(), 1);
}

// LIF-4, LIF-6
#[test]
fn a_stop_drains_and_ends_or_counts_at_its_deadline() {
    let mut draining = rig();
    draining.capture();
    draining.capture();
    draining.answers([status(200), status(200)]);
    draining.stop(Duration::from_secs(2));
    assert_eq!(draining.steps(4), Step::Finished);
    assert_eq!(draining.errors().delivered, 2);

    let mut hanging = rig();
    hanging.capture();
    hanging.capture();
    hanging.stop(Duration::from_secs(2));
    assert_eq!(hanging.steps(3), Step::Continue);
    assert_eq!(hanging.last_wait(), Duration::from_secs(2));
    hanging.clock.advance(Duration::from_secs(2));
    assert_eq!(hanging.steps(1), Step::Finished);
    assert_eq!(
        hanging.fates(),
        [Fate::Discarded(DiscardReason::Shutdown); 2]
    );
    assert_eq!(hanging.shared.account.queue.usage().items, 0);
}

#[test]
fn a_stop_while_offline_tries_once_more_and_ends() {
    let mut rig = rig();
    rig.capture();
    rig.answers([no_connection(), no_connection()]);
    rig.steps(2);
    assert_eq!(rig.requests(), 1);
    rig.stop(Duration::from_secs(2));
    rig.steps(1);
    assert_eq!(
        rig.requests(),
        2,
        "one more attempt, in spite of the back-off"
    );
    assert_eq!(rig.steps(1), Step::Finished);
    assert_eq!(rig.fates(), [Fate::Discarded(DiscardReason::Shutdown)]);

    let mut back = self::rig();
    back.capture();
    back.capture();
    back.answers([no_connection(), status(200), status(200)]);
    back.steps(2);
    back.stop(Duration::from_secs(2));
    assert_eq!(back.steps(4), Step::Finished);
    assert_eq!(back.errors().delivered, 2);
}

#[test]
fn a_panic_costs_what_was_under_way_and_no_more() {
    let mut rig = rig();
    rig.capture();
    rig.steps(1);
    rig.capture();
    rig.worker.recover("boom");
    rig.answers([status(200)]);
    rig.steps(2);
    let lost = Fate::Discarded(DiscardReason::InternalSdkError);
    assert_eq!(rig.fates(), [lost, Fate::Delivered]);
    assert_eq!(rig.errors().delivered, 1);
    assert_eq!(rig.errors().pending, 0);
}

#[test]
fn a_worker_that_ends_wakes_those_who_wait_for_a_flush() {
    let mut rig = rig();
    rig.capture();
    let flush = rig.flush();
    rig.steps(1);
    drop(rig.worker);
    assert_eq!(*flush.progress.lock().unwrap(), Progress::Ended);
}

#[test]
fn an_answer_without_an_end_is_no_loss_at_the_deadline() {
    let mut rig = rig_with(RETRY, 2);
    rig.capture();
    rig.capture();
    rig.steps(1);
    rig.script.lock().unwrap().answered = 1;
    rig.stop(Duration::from_secs(2));
    rig.steps(1);
    rig.clock.advance(Duration::from_secs(2));
    assert_eq!(rig.steps(1), Step::Finished);
    assert_eq!(
        rig.fates(),
        [Fate::Delivered, Fate::Discarded(DiscardReason::Shutdown)]
    );
}
