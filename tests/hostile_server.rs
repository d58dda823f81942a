//! Hostile servers: every way to answer badly ends in time, costs at most one envelope, and harms neither the host nor
//! the next event.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

#[path = "support/driver.rs"]
mod driver;
mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use driver::{Driver, quick_options, with};
use receiver::{Receiver, Reply, silent_port};
use serde_json::json;

/// What the library may hold beside its queue.
const BESIDE_THE_QUEUE: i64 = 4 * 1024 * 1024;

/// How long this machine may take for what is done at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of an event that is answered so, without a retry and with a read time-out of 500 ms.
enum Fate {
    Delivered,
    Refused(i64),
    NoAnswer,
}

fn cases() -> Vec<(&'static str, Reply, Fate)> {
    use Fate::{Delivered, NoAnswer, Refused};
    let body = |bytes: usize| "b".repeat(bytes);
    vec![
        (
            "delay",
            Reply::ok().delayed(Duration::from_millis(50)),
            Delivered,
        ),
        (
            "long delay",
            Reply::ok().delayed(Duration::from_secs(60)),
            NoAnswer,
        ),
        (
            "hang before reading",
            Reply::hang_before_reading(),
            NoAnswer,
        ),
        ("hang after request", Reply::hang_after_request(), NoAnswer),
        (
            "hang in status line",
            Reply::hang_in_status_line(),
            NoAnswer,
        ),
        ("hang in headers", Reply::hang_in_headers(), NoAnswer),
        // The headers are the answer; the body may be ignored (HTTP-1).
        ("hang in body", Reply::hang_in_body(), Delivered),
        ("half answer", Reply::half_answer(), Delivered),
        ("endless body", Reply::endless_body(), Delivered),
        (
            "body of a mebibyte",
            Reply::ok().with_body(body(1 << 20)),
            Delivered,
        ),
        (
            "body of a mebibyte, refused",
            Reply::status(400).with_body(body(1 << 20)),
            Refused(400),
        ),
        (
            "binary body",
            Reply::status(400).with_body(vec![0, 1, 27, 255, 10]),
            Refused(400),
        ),
        (
            "close without answer",
            Reply::close_without_answer(),
            NoAnswer,
        ),
        ("garbage", Reply::garbage(), NoAnswer),
        ("zero bytes", Reply::garbage_bytes(vec![0; 4096]), NoAnswer),
        (
            "a status line alone",
            Reply::garbage_bytes("HTTP/1.1 200 OK\r\n"),
            NoAnswer,
        ),
        (
            "an absurd status",
            Reply::garbage_bytes("HTTP/1.1 999999 OK\r\n\r\n"),
            NoAnswer,
        ),
        (
            "a negative length",
            Reply::garbage_bytes("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
            NoAnswer,
        ),
        (
            "a header line of a mebibyte",
            Reply::garbage_bytes(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", body(1 << 20))),
            NoAnswer,
        ),
        ("endless headers", Reply::endless_headers(), NoAnswer),
        ("many headers", Reply::header_bomb(5000, 100), NoAnswer),
        ("long headers", Reply::header_bomb(40, 4000), NoAnswer),
        ("some headers", Reply::header_bomb(40, 1000), Delivered),
        (
            "reset before reading",
            Reply::reset_before_reading(),
            NoAnswer,
        ),
        ("reset after head", Reply::reset_after_head(), NoAnswer),
        (
            "reset after request",
            Reply::reset_after_request(),
            NoAnswer,
        ),
        (
            "too large before body",
            Reply::too_large_before_body(),
            Refused(413),
        ),
        ("ok before body", Reply::ok().before_body(), Delivered),
        (
            "interim for ever",
            Reply::garbage_bytes("HTTP/1.1 103 Early\r\n\r\n".repeat(10_000)),
            NoAnswer,
        ),
        (
            "upgrade",
            Reply::garbage_bytes("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"),
            NoAnswer,
        ),
        (
            "no content with a body",
            Reply::garbage_bytes(
                "HTTP/1.1 204 No\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
            ),
            Delivered,
        ),
        ("not modified", Reply::status(304), Refused(304)),
        (
            "rate limits of a mebibyte",
            Reply::ok().with_header("X-Sentry-Rate-Limits", &"1:a,".repeat(10_000)),
            Delivered,
        ),
        ("slow drip", Reply::drip(Duration::from_secs(3)), NoAnswer),
        (
            "steady drip",
            Reply::drip(Duration::from_millis(1)),
            Delivered,
        ),
    ]
}

fn options(receiver: &Receiver) -> serde_json::Value {
    with(
        quick_options(&receiver.dsn()),
        json!({"read_timeout_ms": 500, "retries": 0}),
    )
}

#[test]
fn every_bad_answer_ends_in_its_own_way_and_the_next_event_arrives() {
    let run = |name: &str, reply: Reply, fate: &Fate| {
        let receiver = Receiver::start();
        receiver.script([reply]);
        let mut driver = Driver::with_options(&options(&receiver));
        driver.accept(&json!({"message": name}));
        let outcome = driver.outcomes(1).remove(0);
        let (lost, expected) = match *fate {
            Fate::Delivered => (vec![], ("delivered", outcome.status, 1)),
            Fate::Refused(code) => (vec![("send_error", 1)], ("send_error", code, 1)),
            Fate::NoAnswer => (vec![("network_error", 1)], ("network_error", 0, 1)),
        };
        assert_eq!(outcome.brief(), expected, "{name}");
        // A server that came back to its senses.
        receiver.release();
        driver.accept(&json!({"message": "the next"}));
        driver.drain();
        let delivered = 2 - lost.len() as u64;
        driver.stats().assert_errors(2, delivered, &lost);
        let events = receiver.events();
        assert_eq!(
            events.last().unwrap()["logentry"]["formatted"],
            "the next",
            "{name}"
        );
        assert_eq!(driver.close().number("result"), 0, "{name}");
        assert_eq!(receiver.violations(), [""; 0], "{name}");
        assert_eq!(driver.finish(), "", "{name}");
    };
    let cases = cases();
    for some in cases.chunks(8) {
        driver::at_once(
            some.iter()
                .map(|(name, reply, fate)| {
                    let scenario: Box<dyn FnOnce() + Send + '_> =
                        Box::new(move || run(name, reply.clone(), fate));
                    (*name, scenario)
                })
                .collect(),
        );
    }
}

#[test]
fn one_connection_after_another_that_goes_wrong_costs_no_memory_and_no_descriptors() {
    let receiver = Receiver::start();
    let mut driver = Driver::with_options(&options(&receiver));
    driver.accept_many(1);
    driver.drain();
    let before = driver.send("process");
    for reply in [
        Reply::reset_after_request(),
        Reply::garbage(),
        Reply::endless_headers(),
        Reply::endless_body(),
        Reply::half_answer(),
        Reply::status(500),
    ] {
        receiver.set_default(reply);
        driver.accept_many(15);
        driver.drain();
    }
    receiver.set_default(Reply::ok());
    driver.accept_many(1);
    driver.drain();
    let after = driver.send("process");
    assert_eq!(driver.stats().errors("captured"), 92);
    let grown = after.number("heap") - before.number("heap");
    assert!(grown < BESIDE_THE_QUEUE / 4, "{grown}");
    assert_eq!(after.number("threads"), before.number("threads"));
    // One connection is kept; its number may differ.
    let descriptors = after.number("descriptors") - before.number("descriptors");
    assert!(descriptors.abs() <= 1, "{before:?} {after:?}");
}

#[test]
fn an_answer_is_settled_when_its_headers_are_complete() {
    // HTTP-1: neither a flush nor the next event waits for the rest.
    for in_flight in [1, 4] {
        let receiver = Receiver::start();
        receiver.set_default(Reply::hang_in_body());
        let changes = json!({
            "read_timeout_ms": 60_000, "transfer_timeout": 60_000, "max_requests_in_flight": in_flight,
        });
        let mut driver = Driver::with_options(&with(options(&receiver), changes));
        driver.accept_many(10);
        assert_eq!(driver.flush(20_000).number("result"), 0);
        driver.stats().assert_errors(10, 10, &[]);
        assert_eq!(receiver.requests().len(), 10);
    }
}

#[test]
fn an_answer_in_full_flight_is_read_within_bounds() {
    // HTTP-1: read bounded.
    let receiver = Receiver::start();
    let mut driver = Driver::start();
    let before = driver.send("process").number("heap");
    driver.init(&options(&receiver));
    receiver.set_default(Reply::endless_body());
    driver.accept_many(20);
    driver.drain();
    let grown = driver.send("process").number("heap") - before;
    assert!(grown <= BESIDE_THE_QUEUE, "{grown}");
    driver.stats().assert_errors(20, 20, &[]);
}

#[test]
fn a_body_that_the_server_does_not_read_ends_the_request() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_before_reading());
    let mut driver = Driver::with_options(&options(&receiver));
    let answer = driver.send("capture_bulky 1000000");
    assert_eq!(answer.status(), driver::status::OK, "{answer:?}");
    assert_eq!(driver.outcomes(1)[0].brief(), ("network_error", 0, 1));
    driver.stats().assert_errors(1, 0, &[("network_error", 1)]);
}

#[test]
fn a_handshake_that_stalls_ends_with_the_connect_time_out() {
    let silent = silent_port().unwrap();
    let dsn = format!("https://publickey@127.0.0.1:{}/42", silent.port());
    let changes = json!({"connect_timeout_ms": 150, "retries_connect": 1, "retries_read": 9});
    let mut driver = Driver::with_options(&with(quick_options(&dsn), changes));
    driver.accept_many(1);
    assert_eq!(driver.outcomes(1)[0].brief(), ("network_error", 0, 2));
    driver.stats().assert_errors(1, 0, &[("network_error", 1)]);
}

#[test]
fn requests_that_wait_for_the_connection_of_another_do_not_wait_in_turn() {
    // Where a server may speak HTTP/2 libcurl makes one connection first, and lets the other transfers wait for it.
    let silent = silent_port().unwrap();
    let dsn = format!("https://publickey@127.0.0.1:{}/42", silent.port());
    let changes = json!({
        "connect_timeout_ms": 500, "retries": 0, "transfer_timeout": 0, "max_requests_in_flight": 8,
    });
    let mut driver = Driver::with_options(&with(quick_options(&dsn), changes));
    driver.accept_many(8);
    // One after the other it would be four seconds.
    assert_eq!(driver.flush(2500).number("result"), 0);
    driver.stats().assert_errors(8, 0, &[("network_error", 8)]);
}

#[test]
fn a_transfer_that_never_falls_silent_ends_with_the_transfer_time_out() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::drip(Duration::from_millis(50)));
    let changes = json!({"read_timeout_ms": 60_000, "transfer_timeout": 300});
    let mut driver = Driver::with_options(&with(options(&receiver), changes));
    driver.accept_many(1);
    assert_eq!(driver.outcomes(1)[0].brief(), ("network_error", 0, 1));
    driver.stats().assert_errors(1, 0, &[("network_error", 1)]);
}

#[test]
fn a_secure_dsn_against_a_plain_server_is_no_delivery() {
    // AUTH-12
    let receiver = Receiver::start();
    receiver.accept_any_request();
    let dsn = receiver.dsn().replace("http://", "https://");
    let changes = json!({"retries": 0, "connect_timeout_ms": 2000});
    let mut driver = Driver::with_options(&with(quick_options(&dsn), changes));
    driver.accept_many(1);
    assert_eq!(driver.outcomes(1)[0].brief(), ("network_error", 0, 1));
    driver.stats().assert_errors(1, 0, &[("network_error", 1)]);
    assert!(receiver.events().is_empty());
}

#[test]
fn a_kept_connection_whose_server_spoke_unasked_carries_nothing_more() {
    // HTTP-10: a gateway that gives up an idle connection may say so with a 408, which no request has caused.
    let farewell = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for (unasked, in_flight) in [(farewell, 1), (farewell, 4), ("", 1), ("?", 1)] {
        let receiver = Receiver::start();
        receiver.script([Reply::says_more(unasked)]);
        let changes = json!({"max_requests_in_flight": in_flight});
        let mut driver = Driver::with_options(&with(options(&receiver), changes));
        driver.accept_many(1);
        driver.drain();
        receiver.release();
        let is_closed = receiver.wait_until(PATIENCE, |state| state.open_connections() == 0);
        assert!(is_closed, "{unasked:?}");
        driver.accept_many(1);
        driver.drain();
        // Without an attempt that would count: `retries` is 0.
        driver.stats().assert_errors(2, 2, &[]);
        assert_eq!(driver.stats().figure("requests"), 2, "{unasked:?}");
        assert_eq!(receiver.events().len(), 2, "{unasked:?}");
    }
}

#[test]
fn a_kept_connection_that_is_answered_with_408_was_given_up() {
    // HTTP-10: the request crossed the announcement; with TLS it cannot be seen before.
    let receiver = Receiver::start();
    let farewell = || Reply::status(408).closing();
    receiver.script([Reply::ok(), farewell(), Reply::ok().closing(), farewell()]);
    let changes = json!({"retries": 1});
    let mut driver = Driver::with_options(&with(options(&receiver), changes));
    for _ in 0..3 {
        driver.accept_many(1);
        driver.drain();
    }
    // On a new connection it is an answer like others: the request itself took too long.
    driver.stats().assert_errors(3, 2, &[("send_error", 1)]);
    let outcomes = driver.outcomes(3);
    let briefs: Vec<_> = outcomes.iter().map(|outcome| outcome.brief()).collect();
    assert_eq!(
        briefs,
        [
            ("delivered", 200, 1),
            ("delivered", 200, 2),
            ("send_error", 408, 1)
        ]
    );
}

#[test]
fn a_request_that_still_moves_is_not_silent() {
    // The kernel takes the whole body at once; then it alone knows that the other end still reads it.
    const BODY: usize = 1_000_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let little: libc::c_int = 4096;
    // SAFETY: the descriptor is open, and the option takes an `int`. Connections inherit it.
    let result = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUF,
            (&raw const little).cast(),
            std::mem::size_of_val(&little) as libc::socklen_t,
        )
    };
    assert_eq!(result, 0);
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut buffer, mut read) = ([0; 16 * 1024], 0);
        while read < BODY {
            match stream.read(&mut buffer).unwrap() {
                0 => return,
                count => read += count,
            }
            // A slow line.
            thread::sleep(Duration::from_millis(40));
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer).unwrap();
    });
    let dsn = format!("http://publickey@127.0.0.1:{port}/42");
    let changes = json!({
        "compression": "none", "retries": 0, "read_timeout_ms": 1000, "transfer_timeout": 60_000,
    });
    let mut driver = Driver::with_options(&with(quick_options(&dsn), changes));
    let answer = driver.send(&format!("capture_bulky {BODY}"));
    assert_eq!(answer.status(), driver::status::OK, "{answer:?}");
    assert_eq!(driver.outcomes(1)[0].brief(), ("delivered", 200, 1));
    server.join().unwrap();
}
