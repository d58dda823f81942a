//! What the host brings along in place of libcurl: whole envelopes, requests, nothing.

use super::*;
use crate::transport::wire::host::{HostClient, HostRequest, HostResponse, HostTransport};
use crate::transport::wire::host_sender::{HostHttp, HostSender};

#[derive(Debug, Default)]
struct Host {
    envelopes: Mutex<Vec<Envelope>>,
    requests: Mutex<Vec<HostRequest>>,
    statuses: Mutex<VecDeque<i32>>,
}

impl HostTransport for Host {
    fn send(&self, envelope: Envelope) {
        self.envelopes.lock().unwrap().push(envelope);
    }

    fn flush(&self, _timeout: Duration) -> i32 {
        0
    }

    fn shutdown(&self, _timeout: Duration) -> i32 {
        0
    }
}

impl HostClient for Host {
    fn send(&self, request: HostRequest, response: &mut HostResponse) -> bool {
        self.requests.lock().unwrap().push(request);
        response.status = self.statuses.lock().unwrap().pop_front().unwrap_or(0);
        response.status >= 0
    }

    fn interrupt(&self) {}
}

fn steps(rig: &Rig, sender: impl Sender + 'static, count: usize) {
    let mut worker = Worker::new(Arc::clone(&rig.shared), Box::new(sender), || 0.0);
    // So that no step waits for what is to come.
    rig.shared.wake.now();
    for _ in 0..count {
        worker.step().unwrap();
        rig.shared.wake.now();
    }
}

#[test]
fn a_transport_of_the_host_gets_the_envelope_itself_and_the_losses_with_it() {
    let (rig, host) = (rig(), Arc::new(Host::default()));
    let lost = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
    let ledger = &rig.shared.account.ledger;
    ledger
        .enter()
        .refuse(lost.tallies(), DiscardReason::BeforeSend);
    rig.capture();
    let sender = HostSender::new(Arc::clone(&rig.shared), Some(Arc::<Host>::clone(&host)));
    steps(&rig, sender, 1);
    let envelopes = host.envelopes.lock().unwrap();
    let kinds = envelopes[0].items().map(|item| &item.kind);
    assert!(kinds.eq([&ItemKind::Event, &ItemKind::ClientReport]));
    assert_eq!(
        envelopes[0].stored_dsn().as_deref(),
        Some("https://k@sentry.example/1")
    );
    assert_eq!(rig.fates(), [Fate::Delivered]);
    assert_eq!((rig.errors().delivered, rig.errors().pending), (1, 0));
    assert!(!ledger.has_unreported());
}

#[test]
fn without_a_transport_everything_is_counted_as_ignored() {
    let rig = rig();
    rig.capture();
    steps(&rig, HostSender::new(Arc::clone(&rig.shared), None), 1);
    assert_eq!(rig.fates(), [Fate::Discarded(DiscardReason::Ignored)]);
    assert_eq!((rig.errors().captured, rig.errors().pending), (1, 0));
}

#[test]
fn a_client_of_the_host_is_asked_again_when_it_got_no_answer() {
    let (rig, host) = (rig(), Arc::new(Host::default()));
    host.statuses.lock().unwrap().extend([-1, 10_000, 200]);
    rig.capture();
    let client = HostHttp::new(Arc::clone(&rig.shared), Arc::<Host>::clone(&host));
    let sender = HttpSender::new(Arc::clone(&rig.shared), Box::new(client));
    steps(&rig, sender, 3);
    let requests = host.requests.lock().unwrap();
    assert_eq!(requests.len(), 3);
    let names: Vec<_> = requests[2].headers.iter().map(|header| header.0).collect();
    assert_eq!(names, ["x-sentry-auth", "content-type", "content-length"]);
    assert_eq!(requests[2].url, rig.shared.settings.endpoint);
    assert_eq!(rig.fates(), [Fate::Delivered]);
}
