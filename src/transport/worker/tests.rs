//! The worker, driven step by step with a client that answers as told and a clock that stands still.

use super::*;
use crate::base::clock::{Clock, ManualClock};
use crate::base::diagnostics::Diagnostics;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::transport::http::Request;
use crate::transport::http::{Failure, Response};
use crate::transport::outcome::{Outcome, OutcomeSink};
use crate::transport::queue::{Overflow, QueueSettings};
use crate::transport::retry::Cause;
use crate::transport::retry::RetryPolicy;
use crate::transport::settings::{Certificates, Settings};
use std::sync::Mutex;

/// What the client does with a request.
type Answer = Result<Response, Failure>;

#[derive(Debug, Default)]
struct Script {
    /// Answers for the next requests; without one a request stays open.
    answers: VecDeque<Answer>,
    /// Bodies and targets of all requests.
    requests: Vec<(Option<String>, bool, String)>,
    waits: Vec<Duration>,
}

#[derive(Debug, Clone, Default)]
struct FakeClient {
    script: Arc<Mutex<Script>>,
    open: Vec<(u64, Answer)>,
    hanging: Vec<u64>,
}

impl HttpClient for FakeClient {
    fn start(&mut self, ticket: u64, request: Request) -> Result<(), Failure> {
        let body = request
            .body
            .iter()
            .flat_map(|segment| segment.bytes().to_vec())
            .collect();
        let mut script = self.script.lock().unwrap();
        script.requests.push((
            request.redirected_to,
            request.with_auth,
            String::from_utf8(body).unwrap(),
        ));
        match script.answers.pop_front() {
            Some(answer) => self.open.push((ticket, answer)),
            None => self.hanging.push(ticket),
        }
        Ok(())
    }

    fn wait(&mut self, at_most: Duration, ended: &mut Vec<Completion>) {
        self.script.lock().unwrap().waits.push(at_most);
        ended.extend(
            self.open
                .drain(..)
                .map(|(ticket, result)| Completion { ticket, result }),
        );
    }

    fn cancel(&mut self, ticket: u64) {
        self.hanging.retain(|open| *open != ticket);
    }
}

#[derive(Debug, Default)]
struct Sink(Mutex<Vec<Outcome>>);

impl OutcomeSink for Sink {
    fn outcome(&self, outcome: &Outcome) {
        self.0.lock().unwrap().push(*outcome);
    }
}

struct Rig {
    worker: Worker<FakeClient>,
    shared: Arc<Shared>,
    clock: Arc<ManualClock>,
    script: Arc<Mutex<Script>>,
    sink: Arc<Sink>,
}

const RETRY: RetryPolicy = RetryPolicy {
    total: 3,
    connect: None,
    read: None,
    status: Some(0),
    redirect: Some(0),
    backoff: Duration::from_secs(1),
    backoff_max: Duration::from_secs(60),
};

fn rig_with(retry: RetryPolicy, in_flight: usize) -> Rig {
    let settings = Settings {
        endpoint: "https://sentry.example/api/1/envelope/".to_owned(),
        auth: "Sentry sentry_key=k".to_owned(),
        user_agent: "test/1".to_owned(),
        dsn: "https://k@sentry.example/1".to_owned(),
        sdk: "{}".to_owned(),
        proxy: String::new(),
        no_proxy: String::new(),
        certificates: Certificates::BuiltIn,
        connect_timeout: Duration::from_secs(1),
        read_timeout: Duration::from_secs(1),
        transfer_timeout: Duration::from_secs(1),
        max_requests_in_flight: in_flight,
        compress: false,
        client_reports: true,
        queue: QueueSettings {
            max_items: Some(100),
            max_bytes: 1 << 20,
            overflow: Overflow::DropNewest,
            block_timeout: Duration::ZERO,
        },
        retry,
    };
    let clock = Arc::new(ManualClock::new());
    let sink = Arc::new(Sink::default());
    let time: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
    let outcomes: Arc<dyn OutcomeSink> = Arc::<Sink>::clone(&sink);
    let shared = Arc::new(
        Shared::new(
            settings,
            time,
            Arc::new(Diagnostics::new(None)),
            Some(outcomes),
        )
        .unwrap(),
    );
    let client = FakeClient::default();
    let script = Arc::clone(&client.script);
    // No jitter: delays are at their ceiling.
    let worker = Worker::new(Arc::clone(&shared), client, || 1.0);
    Rig {
        worker,
        shared,
        clock,
        script,
        sink,
    }
}

fn rig() -> Rig {
    rig_with(RETRY, 1)
}

fn status(status: u16) -> Answer {
    Ok(Response {
        status,
        ..Response::default()
    })
}

fn no_connection() -> Answer {
    Err(Failure {
        cause: Cause::Connect,
        detail: "refused".to_owned(),
    })
}

fn no_answer() -> Answer {
    Err(Failure {
        cause: Cause::Read,
        detail: "silence".to_owned(),
    })
}

impl Rig {
    fn capture(&self) -> Uuid {
        let id = Uuid::new_v4();
        let envelope = Envelope::event(id, b"{}".to_vec());
        self.shared
            .queue
            .push(envelope, &self.shared.ledger, false, &mut Vec::new())
            .unwrap();
        id
    }

    fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().answers.extend(answers);
    }

    fn steps(&mut self, count: usize) -> Step {
        (0..count).map(|_| self.worker.step()).last().unwrap()
    }

    fn requests(&self) -> usize {
        self.script.lock().unwrap().requests.len()
    }

    fn body(&self, at: usize) -> String {
        self.script.lock().unwrap().requests[at].2.clone()
    }

    fn last_wait(&self) -> Duration {
        *self.script.lock().unwrap().waits.last().unwrap()
    }

    fn fates(&self) -> Vec<Fate> {
        self.sink
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|outcome| outcome.fate)
            .collect()
    }

    fn errors(&self) -> crate::transport::ledger::CategoryCounts {
        self.shared.ledger.snapshot()[Category::Error.index()]
    }

    fn stop(&self, within: Duration) {
        self.shared.queue.close(&self.shared.ledger);
        self.shared.control.lock().unwrap().stop = Some(self.clock.now() + within);
    }

    fn flush(&self) -> Arc<Flush> {
        let flush = Arc::new(Flush::new(self.shared.queue.marks()));
        self.shared
            .control
            .lock()
            .unwrap()
            .flushes
            .push(Arc::clone(&flush));
        flush
    }
}

fn is_done(flush: &Flush) -> bool {
    *flush.progress.lock().unwrap() == Progress::Passed
}

const GIVEN_UP: Fate = Fate::Discarded(DiscardReason::NetworkError);
const REFUSED: Fate = Fate::Discarded(DiscardReason::SendError);

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
        assert_eq!(rig.shared.queue.usage().items, 0, "{code}");
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
    assert!(!rig.shared.ledger.has_unreported());
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

// REP-7, REP-8
#[test]
fn losses_ride_on_the_next_envelope_and_return_when_it_fails() {
    let mut rig = rig();
    rig.shared.refuse(
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
        rig.shared.ledger.has_unreported(),
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
    assert!(!rig.shared.ledger.has_unreported());
    assert_eq!(rig.shared.traffic.reports.load(Ordering::Relaxed), 1);
}

// REP-7
#[test]
fn a_report_travels_alone_once_a_minute_at_most() {
    let mut rig = rig();
    rig.shared.refuse(
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
    rig.shared.refuse(
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
    rig.shared.refuse(
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
        rig.shared.ledger.take_unreported(),
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
    rig.shared.refuse(
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
    assert_eq!(hanging.shared.queue.usage().items, 0);
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
    assert_eq!(
        rig.fates(),
        [Fate::Discarded(DiscardReason::InternalSdkError)]
    );
    rig.answers([status(200)]);
    rig.steps(2);
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
