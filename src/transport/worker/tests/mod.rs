//! The worker, driven step by step with a client that answers as told and a clock that stands still.

mod answers;
mod batches;
mod clock;
mod consent;
mod ending;
mod host;
mod last_round;
mod naps;
mod outage;
mod run_takeover;
mod spooled;
mod too_large;
mod unknown_kinds;

use super::*;
use crate::base::callout::Forked;
use crate::base::clock::{Clock, ManualClock};
use crate::base::diagnostics::{Diagnostics, Outlet};
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::envelope::{Item, ItemKind};
use crate::store::database::Database;
use crate::store::spool::caps::Caps;
use crate::transport::account::Account;
use crate::transport::account::outcome::{Fate, Outcome, OutcomeSink};
use crate::transport::backing::Backing;
use crate::transport::queue::settings::{Overflow, QueueSettings};
use crate::transport::settings::Settings;
use crate::transport::wire::certificates::Certificates;
use crate::transport::wire::encode::Encoder;
use crate::transport::wire::host::Destination;
use crate::transport::wire::http::{
    Answer, Failure, HttpClient, InFlight, Request, Response, Segment,
};
use crate::transport::wire::sender::HttpSender;
use crate::transport::worker::retry::{Cause, RetryPolicy};
use crate::transport::worker::spool_policy::{Keep, SpoolPolicy};
use std::sync::Mutex;

/// What the client does with a request.
type Reply = Result<Response, Failure>;

#[derive(Debug, Default)]
struct Script {
    /// Answers for the next requests; without one a request stays open.
    answers: VecDeque<Reply>,
    /// What no answer is given to, and 200 to everything else, once the script is over.
    unbearable: Option<String>,
    /// Bodies and targets of all requests.
    requests: Vec<(Option<String>, bool, String)>,
    waits: Vec<Duration>,
    /// No other request can begin.
    is_full: bool,
    /// How many of the open requests have an answer without an end.
    answered: usize,
}

#[derive(Debug, Clone, Default)]
struct FakeClient {
    script: Arc<Mutex<Script>>,
    open: Vec<(u64, Reply)>,
    hanging: Vec<u64>,
}

impl HttpClient for FakeClient {
    fn start(&mut self, ticket: u64, request: Request) -> Result<Result<(), Failure>, Forked> {
        let body = request
            .body
            .iter()
            .flat_map(|segment| segment.bytes().to_vec())
            .collect();
        let body = String::from_utf8(body).unwrap();
        let mut script = self.script.lock().unwrap();
        let answer = script.answers.pop_front().or_else(|| {
            let unbearable = script.unbearable.as_ref()?;
            Some(match body.contains(unbearable) {
                true => no_answer(),
                false => status(200),
            })
        });
        script
            .requests
            .push((request.redirected_to, request.with_auth, body));
        match answer {
            Some(answer) => self.open.push((ticket, answer)),
            None => self.hanging.push(ticket),
        }
        Ok(Ok(()))
    }

    fn in_flight(&self) -> &dyn InFlight {
        self
    }

    fn in_flight_mut(&mut self) -> &mut dyn InFlight {
        self
    }
}

impl InFlight for FakeClient {
    fn has_room(&self) -> bool {
        !self.script.lock().unwrap().is_full
    }

    fn wait(&mut self, at_most: Duration, ended: &mut Vec<Completion>) {
        self.script.lock().unwrap().waits.push(at_most);
        ended.extend(self.open.drain(..).map(|(ticket, reply)| Completion {
            ticket,
            result: reply.map(Answer::Http),
        }));
    }

    fn end_answered(&mut self, ended: &mut Vec<Completion>) {
        let answered = std::mem::take(&mut self.script.lock().unwrap().answered);
        for ticket in self.hanging.drain(..).take(answered) {
            let result = status(200).map(Answer::Http);
            ended.push(Completion { ticket, result });
        }
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
    worker: Worker,
    shared: Arc<Shared>,
    clock: Arc<ManualClock>,
    script: Arc<Mutex<Script>>,
    sink: Arc<Sink>,
}

const RETRY: RetryPolicy = RetryPolicy {
    total: 3,
    is_patient: false,
    connect: None,
    read: None,
    status: Some(0),
    redirect: Some(0),
    backoff: Duration::from_secs(1),
    backoff_max: Duration::from_secs(60),
};

const NO_SPOOL: SpoolPolicy = SpoolPolicy {
    is_retrying: false,
    is_spilling: false,
    keep: Keep::Nothing,
    caps: Caps {
        items: None,
        bytes: None,
        age: None,
    },
};

fn rig_with(retry: RetryPolicy, in_flight: usize) -> Rig {
    rig_on(None, NO_SPOOL, retry, in_flight)
}

/// With this database.
fn rig_on(
    database: Option<Arc<Database>>,
    spool: SpoolPolicy,
    retry: RetryPolicy,
    in_flight: usize,
) -> Rig {
    rig_from(database, settings(spool, retry, in_flight))
}

fn settings(spool: SpoolPolicy, retry: RetryPolicy, in_flight: usize) -> Settings {
    Settings {
        destination: Destination::Curl,
        endpoint: "https://sentry.example/api/1/envelope/".to_owned(),
        auth: "Sentry sentry_key=k".to_owned(),
        user_agent: "test/1".to_owned(),
        thread_name: String::new(),
        dsn: "https://k@sentry.example/1".to_owned(),
        sdk: "{}".to_owned(),
        proxy: String::new(),
        no_proxy: String::new(),
        certificates: Certificates::default(),
        connect_timeout: Duration::from_secs(1),
        read_timeout: Duration::from_secs(1),
        transfer_timeout: Duration::from_secs(1),
        max_requests_in_flight: in_flight,
        compress: false,
        client_reports: true,
        is_threadless: false,
        is_durable: false,
        sync_interval: Duration::ZERO,
        queue: QueueSettings {
            max_items: Some(100),
            max_bytes: 1 << 20,
            overflow: Overflow::DropNewest,
            block_timeout: Duration::ZERO,
        },
        retry,
        spool,
    }
}

fn rig_from(database: Option<Arc<Database>>, settings: Settings) -> Rig {
    let backing = Backing {
        database,
        ..Backing::default()
    };
    rig_backed(backing, settings)
}

fn rig_backed(backing: Backing, settings: Settings) -> Rig {
    let clock = Arc::new(ManualClock::new());
    let sink = Arc::new(Sink::default());
    let time: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
    let outcomes: Arc<dyn OutcomeSink> = Arc::<Sink>::clone(&sink);
    let shared = Arc::new(
        Shared::new(
            settings,
            time,
            Arc::new(Diagnostics::new(None, Outlet::Nowhere)),
            Backing {
                sink: Some(outcomes),
                ..backing
            },
        )
        .unwrap(),
    );
    let client = FakeClient::default();
    let script = Arc::clone(&client.script);
    // No jitter: delays are at their ceiling.
    let sender = HttpSender::new(Arc::clone(&shared), Box::new(client));
    let worker = Worker::new(Arc::clone(&shared), Box::new(sender), || 1.0);
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

fn status(status: u16) -> Reply {
    Ok(Response {
        status,
        ..Response::default()
    })
}

fn no_connection() -> Reply {
    Err(Failure {
        cause: Cause::Connect,
        detail: "refused".to_owned(),
    })
}

fn no_answer() -> Reply {
    Err(Failure {
        cause: Cause::Read,
        detail: "silence".to_owned(),
    })
}

impl Rig {
    fn capture(&self) -> Uuid {
        let id = Uuid::new_v4();
        let envelope = Envelope::event(id, b"{}".to_vec());
        self.submit(envelope);
        id
    }

    fn submit(&self, mut envelope: Envelope) {
        let Account { queue, ledger, .. } = &self.shared.account;
        let permit = self.shared.account.consent.permit();
        queue
            .push(&mut envelope, permit, ledger, false, &mut Vec::new())
            .unwrap();
    }

    fn answers(&self, answers: impl IntoIterator<Item = Reply>) {
        self.script.lock().unwrap().answers.extend(answers);
    }

    fn steps(&mut self, count: usize) -> Step {
        (0..count)
            .map(|_| self.worker.step().unwrap())
            .last()
            .unwrap()
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

    fn errors(&self) -> crate::transport::account::counts::CategoryCounts {
        self.shared.account.ledger.snapshot()[Category::Error.index()]
    }

    fn stop(&self, within: Duration) {
        self.shared.account.queue.close(&self.shared.account.ledger);
        self.shared.wishes.stop(self.clock.now() + within);
    }

    fn flush(&self) -> Arc<Flush> {
        self.shared
            .wishes
            .flush(self.shared.account.queue.marks())
            .unwrap()
    }
}

fn is_done(flush: &Flush) -> bool {
    *flush.progress.lock().unwrap() == Progress::Passed
}

const GIVEN_UP: Fate = Fate::Discarded(DiscardReason::NetworkError);
const REFUSED: Fate = Fate::Discarded(DiscardReason::SendError);
