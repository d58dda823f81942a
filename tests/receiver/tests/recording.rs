//! What the receiver keeps of requests, and what it finds wrong with them.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a failing test may panic"
)]

mod client;

use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use client::{Client, PATIENCE, envelope, head, id, request};
use flate2::Compression;
use flate2::write::GzEncoder;
use receiver::{Receiver, Reply};

/// The violations after this request was sent on a connection of its own.
fn violations(bytes: &[u8]) -> Vec<String> {
    let receiver = Receiver::start();
    let mut client = Client::connect(&receiver);
    client.send(bytes);
    client.answer();
    receiver.violations()
}

#[test]
fn a_request_is_recorded_before_it_is_answered() {
    let receiver = Receiver::start();
    receiver.script([Reply::status(500)]);
    let mut client = Client::connect(&receiver);
    let (body, start) = (envelope(&id('a')), Instant::now());
    client.send(&request(&body));
    assert_eq!(client.answer().status, 500);
    let requests = receiver.requests();
    let recorded = requests.first().unwrap();
    assert_eq!(
        (recorded.method.as_str(), recorded.path.as_str()),
        ("POST", "/api/42/envelope/")
    );
    assert_eq!(recorded.header("user-AGENT"), Some("test.client/1.0"));
    assert_eq!(
        (&*recorded.body, &*recorded.raw_body),
        (body.as_slice(), body.as_slice())
    );
    assert_eq!(
        (recorded.wire_bytes, recorded.connection),
        (request(&body).len(), 1)
    );
    assert_eq!((recorded.is_complete, recorded.answered), (true, Some(500)));
    assert!(recorded.received_at >= start && recorded.received_at <= Instant::now());
    let events = receiver.events();
    assert_eq!(events.first().unwrap()["timestamp"], 1.5);
    assert_eq!(
        receiver.envelopes().first().unwrap().event_id(),
        Some(id('a').as_str())
    );
    assert_eq!(
        (receiver.event_ids(), receiver.accepted_event_ids()),
        (vec![id('a')], vec![])
    );
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn chunked_gzip_and_pipelined_requests_are_read() {
    let receiver = Receiver::start();
    let mut client = Client::connect(&receiver);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&envelope(&id('b'))).unwrap();
    let packed = gzip.finish().unwrap();
    let mut bytes = format!("{}Transfer-Encoding: chunked\r\n\r\n", head()).into_bytes();
    for part in envelope(&id('a')).chunks(7) {
        bytes.extend(format!("{:x}\r\n", part.len()).as_bytes());
        bytes.extend(part);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    let first_length = bytes.len();
    bytes.extend(
        format!(
            "{}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            head(),
            packed.len()
        )
        .as_bytes(),
    );
    bytes.extend(&packed);
    client.send(&bytes);
    assert_eq!((client.answer().status, client.answer().status), (200, 200));
    assert_eq!(receiver.violations(), [""; 0]);
    assert_eq!(receiver.accepted_event_ids(), [id('a'), id('b')]);
    let requests = receiver.requests();
    let [chunked, compressed] = requests.as_slice() else {
        unreachable!("two answers were read")
    };
    assert_eq!(
        (&*chunked.body, chunked.wire_bytes),
        (envelope(&id('a')).as_slice(), first_length)
    );
    assert_eq!(
        (&*compressed.raw_body, &*compressed.body),
        (packed.as_slice(), envelope(&id('b')).as_slice())
    );
}

#[test]
fn requests_that_break_the_protocol_are_reported_with_the_requirement() {
    let body = envelope(&id('a'));
    let right = String::from_utf8(request(&body)).unwrap();
    assert_eq!(violations(right.as_bytes()), [""; 0]);
    for (wrong, requirement) in [
        (right.replace("POST", "PUT"), "DSN-2"),
        (
            right.replace("/api/42/envelope/", "/api/42/store/"),
            "DSN-2",
        ),
        (
            right.replace("/api/42/envelope/", "/api/7/envelope/"),
            "DSN-2",
        ),
        (right.replace("x-sentry-envelope", "json"), "AUTH-8"),
        (right.replace("User-Agent", "X-Agent"), "AUTH-7"),
        (right.replace("Host:", "User-Agent: a/1\r\nHost:"), "AUTH-7"),
        (
            right.replace("Host:", "Expect: 100-continue\r\nHost:"),
            "AUTH-11",
        ),
        (
            right.replace("Host:", "Content-Encoding: br\r\nHost:"),
            "AUTH-9",
        ),
        (
            right.replace("Host:", "Content-Encoding: gzip\r\nHost:"),
            "AUTH-9",
        ),
        (
            right.replace("sentry_key=publickey", "sentry_key=wrong"),
            "AUTH-1",
        ),
        (right.replace("X-Sentry-Auth", "X-Other"), "AUTH-7"),
        (right.replace("\"length\":", "\"lengthy\":"), "ENV-4"),
    ] {
        let found = violations(wrong.as_bytes());
        assert!(
            found
                .iter()
                .any(|text| text.starts_with(&format!("{requirement}:"))),
            "{requirement}: {found:?}"
        );
    }
    let twice = envelope(&id('a'));
    let twice = String::from_utf8(twice).unwrap().replacen(
        "\"sent_at\"",
        "\"sent_at\":\"x\",\"sent_at\"",
        1,
    );
    let found = violations(&request(twice.as_bytes()));
    assert!(
        found.iter().any(|text| text.starts_with("ENV-12")),
        "{found:?}"
    );
}

#[test]
fn a_wrong_content_length_is_reported_whether_too_small_or_too_large() {
    let body = envelope(&id('a'));
    let framed = |length: usize| {
        [
            format!("{}Content-Length: {length}\r\n\r\n", head()).as_bytes(),
            body.as_slice(),
        ]
        .concat()
    };
    let receiver = Receiver::start();
    let mut client = Client::connect(&receiver);
    client.send(&framed(body.len() - 5));
    assert_eq!(client.answer().status, 200);
    drop(client);
    assert!(receiver.wait_until(PATIENCE, |state| state.open_connections() == 0));
    assert!(
        receiver
            .violations()
            .iter()
            .any(|text| text.starts_with("ENV-7")),
        "{:?}",
        receiver.violations()
    );

    let receiver = Receiver::start();
    let mut client = Client::connect(&receiver);
    client.send(&framed(body.len() + 5));
    drop(client);
    assert!(receiver.wait_for_requests(1, PATIENCE));
    assert!(
        receiver
            .violations()
            .iter()
            .any(|text| text.starts_with("HTTP: the body ended"))
    );
    assert!(!receiver.requests().first().unwrap().is_complete);
    assert!(receiver.events().is_empty());
}

#[test]
fn what_is_no_http_is_refused_and_reported() {
    let receiver = Receiver::start();
    receiver.accept_any_request();
    let mut client = Client::connect(&receiver);
    client.send(b"\x16\x03\x01 hello\r\n\r\n");
    assert_eq!(client.answer().status, 400);
    let mut client = Client::connect(&receiver);
    client.send(&vec![b'a'; 70_000]);
    assert_eq!(client.answer().status, 400);
    assert_eq!(
        receiver.violations().len(),
        2,
        "{:?}",
        receiver.violations()
    );
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_receiver_for_any_request_reports_no_breach_of_the_protocol() {
    let receiver = Receiver::start();
    receiver.accept_any_request();
    let mut client = Client::connect(&receiver);
    client.send(b"HEAD /health HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer_head().header("Content-Length"), Some("2"));
    client.send(b"GET /health HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    assert_eq!(receiver.violations(), [""; 0]);
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn reported_losses_add_up_over_accepted_reports() {
    let report = |quantity: u32| {
        let report = format!(
            "{{\"timestamp\":1,\"discarded_events\":[{{\"reason\":\"queue_overflow\",\"category\":\"error\",\"quantity\":{quantity}}}]}}"
        );
        let header = "{\"sent_at\":\"2026-01-02T03:04:05Z\"}";
        let item = format!("{{\"type\":\"client_report\",\"length\":{}}}", report.len());
        request(format!("{header}\n{item}\n{report}\n").as_bytes())
    };
    let receiver = Receiver::start();
    receiver.script([Reply::ok(), Reply::status(500), Reply::ok()]);
    let mut client = Client::connect(&receiver);
    for quantity in [3, 100, 4] {
        client.send(&report(quantity));
        client.answer();
    }
    assert_eq!(receiver.violations(), [""; 0]);
    let losses: Vec<_> = receiver.reported_losses().into_iter().collect();
    assert_eq!(
        losses,
        [(("queue_overflow".to_owned(), "error".to_owned()), 7)]
    );
}

#[test]
fn many_clients_at_once_are_all_recorded() {
    const CLIENTS: usize = 8;
    const EVENTS: usize = 100;
    let receiver = Arc::new(Receiver::start());
    let threads: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let receiver = Arc::clone(&receiver);
            thread::spawn(move || {
                let mut connection = Client::connect(&receiver);
                for event in 0..EVENTS {
                    connection.post(&format!("{client:016x}{event:016x}"));
                    assert_eq!(connection.answer().status, 200);
                }
            })
        })
        .collect();
    assert!(receiver.wait_for_events(CLIENTS * EVENTS, PATIENCE));
    for thread in threads {
        thread.join().unwrap();
    }
    let mut ids = receiver.accepted_event_ids();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), receiver.connections()), (CLIENTS * EVENTS, 8));
    assert_eq!(receiver.violations(), [""; 0]);
}

#[test]
fn a_wait_that_is_in_vain_ends_at_its_time() {
    let receiver = Receiver::start();
    let start = Instant::now();
    assert!(!receiver.wait_for_requests(1, Duration::from_millis(30)));
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert!(receiver.wait_for_requests(0, Duration::ZERO));
}
