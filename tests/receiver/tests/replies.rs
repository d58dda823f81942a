//! Each way of answering, seen by a client.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a failing test may panic"
)]

mod client;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use client::{Client, PATIENCE, envelope, head, id};
use receiver::{Receiver, Reply};

/// A receiver with one scripted reply, and a client that has sent a request.
fn posted(reply: Reply) -> (Receiver, Client) {
    let receiver = Receiver::start();
    receiver.script([reply]);
    let mut client = Client::connect(&receiver);
    client.post(&id('a'));
    (receiver, client)
}

fn wait_for_hang(receiver: &Receiver) {
    assert!(
        receiver.wait_until(PATIENCE, |state| state.hanging() == 1),
        "the connection hangs"
    );
}

#[test]
fn without_a_script_every_request_on_a_connection_is_answered_with_200() {
    let receiver = Receiver::start();
    let mut client = Client::connect(&receiver);
    for digit in ['a', 'b', 'c'] {
        client.post(&id(digit));
        let answer = client.answer();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, b"{}".as_slice())
        );
    }
    assert_eq!(receiver.connections(), 1);
}

#[test]
fn the_script_is_used_in_order_and_then_the_default() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::status(404));
    receiver.script([
        Reply::status(503).with_header("Retry-After", "7"),
        Reply::status(429).with_body("slow down"),
    ]);
    let mut client = Client::connect(&receiver);
    let mut next = || {
        client.post(&id('a'));
        client.answer()
    };
    let answer = next();
    assert_eq!(
        (answer.status, answer.header("Retry-After")),
        (503, Some("7"))
    );
    let answer = next();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (429, b"slow down".as_slice())
    );
    assert_eq!((next().status, next().status), (404, 404));
    receiver.set_default(Reply::ok());
    assert_eq!(
        next().status,
        200,
        "a new default holds for an open connection"
    );
}

#[test]
fn chunked_closing_redirecting_and_bodiless_answers_are_valid_http() {
    let receiver = Receiver::start();
    receiver.script([
        Reply::ok().with_body("0123456789").chunked(),
        Reply::status(204),
        Reply::redirect(307, "/api/42/envelope/"),
        Reply::ok().closing(),
    ]);
    let mut client = Client::connect(&receiver);
    let mut next = || {
        client.post(&id('a'));
        client.answer()
    };
    assert_eq!(next().body, b"0123456789");
    assert_eq!(next().status, 204);
    let answer = next();
    assert_eq!(
        (answer.status, answer.header("Location")),
        (307, Some("/api/42/envelope/"))
    );
    assert_eq!(next().header("Connection"), Some("close"));
    assert_eq!(client.rest(), (Vec::new(), None));
}

#[test]
fn interim_answers_come_before_the_final_one() {
    let (_receiver, mut client) = posted(Reply::status(202).after_interim(102).after_interim(103));
    assert_eq!(client.answer_head().status, 102);
    assert_eq!(client.answer_head().status, 103);
    assert_eq!(client.answer().status, 202);
}

#[test]
fn a_delay_passes_before_the_answer() {
    let delay = Duration::from_millis(120);
    let start = Instant::now();
    let (_receiver, mut client) = posted(Reply::ok().delayed(delay));
    assert_eq!(client.answer().status, 200);
    assert!(start.elapsed() >= delay);
}

#[test]
fn a_release_cuts_a_delay_short() {
    let (receiver, mut client) = posted(Reply::status(503).delayed(Duration::from_secs(3600)));
    assert!(receiver.wait_for_requests(1, PATIENCE));
    receiver.release();
    assert_eq!(client.answer().status, 503);
}

#[test]
fn a_hang_before_reading_reads_nothing_until_it_is_released() {
    let receiver = Receiver::start();
    receiver.set_default(Reply::hang_before_reading());
    let mut client = Client::connect(&receiver);
    wait_for_hang(&receiver);
    client.post(&id('a'));
    assert_eq!(client.until_silence(), b"");
    assert_eq!(receiver.requests().len(), 0);
    receiver.set_default(Reply::ok());
    receiver.release();
    assert_eq!(client.answer().status, 200);
    client.post(&id('b'));
    assert_eq!(client.answer().status, 200);
    assert_eq!(receiver.accepted_event_ids(), [id('a'), id('b')]);
}

#[test]
fn an_open_connection_hangs_at_its_next_request() {
    let receiver = Receiver::start();
    let mut client = Client::connect(&receiver);
    client.post(&id('a'));
    assert_eq!(client.answer().status, 200);
    receiver.set_default(Reply::hang_before_reading());
    client.post(&id('b'));
    wait_for_hang(&receiver);
    assert_eq!(receiver.event_ids(), [id('a')]);
    receiver.release();
    assert_eq!(client.answer().status, 200);
}

#[test]
fn every_other_hang_stops_at_its_place_and_goes_on_when_released() {
    for (reply, end_of_first) in [
        (Reply::hang_after_request(), ""),
        (Reply::hang_in_status_line(), "HTTP/1.1 2"),
        (Reply::hang_in_headers(), "Content-Length: 2"),
        (Reply::hang_in_body(), "\r\n\r\n{"),
    ] {
        let (receiver, mut client) = posted(reply.clone());
        wait_for_hang(&receiver);
        assert_eq!(receiver.event_ids(), [id('a')], "{reply:?}");
        assert!(receiver.accepted_event_ids().is_empty(), "{reply:?}");
        let first = String::from_utf8(client.until_silence()).unwrap();
        assert!(
            first.ends_with(end_of_first) && first.is_empty() == end_of_first.is_empty(),
            "{first:?}"
        );
        receiver.release();
        assert!(receiver.wait_until(PATIENCE, |state| {
            state
                .requests()
                .iter()
                .all(|request| request.was_accepted())
        }));
        let whole = first + &String::from_utf8(client.until_silence()).unwrap();
        assert!(
            whole.starts_with("HTTP/1.1 200 OK\r\n") && whole.ends_with("\r\n\r\n{}"),
            "{whole:?}"
        );
        client.post(&id('b'));
        assert_eq!(client.answer().status, 200, "the connection goes on");
        assert_eq!(receiver.accepted_event_ids(), [id('a'), id('b')]);
    }
}

#[test]
fn a_client_that_leaves_a_hang_is_noticed() {
    for reply in [
        Reply::hang_before_reading(),
        Reply::hang_after_request(),
        Reply::hang_in_body(),
    ] {
        let (receiver, client) = posted(reply);
        wait_for_hang(&receiver);
        assert_eq!(receiver.open_connections(), 1);
        drop(client);
        assert!(receiver.wait_until(PATIENCE, |state| state.hanging() == 0
            && state.open_connections() == 0));
        assert!(receiver.accepted_event_ids().is_empty());
    }
}

#[test]
fn half_an_answer_declares_more_than_it_sends() {
    let (_receiver, mut client) = posted(Reply::half_answer().with_body("0123456789"));
    assert_eq!(client.answer_head().header("Content-Length"), Some("10"));
    assert_eq!(client.rest(), (b"01234".to_vec(), None));
}

#[test]
fn a_close_or_garbage_comes_instead_of_an_answer() {
    let (receiver, mut client) = posted(Reply::close_without_answer());
    assert_eq!(client.rest(), (Vec::new(), None));
    assert_eq!(
        (receiver.event_ids(), receiver.accepted_event_ids()),
        (vec![id('a')], vec![])
    );

    let (_receiver, mut client) = posted(Reply::garbage());
    let (bytes, error) = client.rest();
    assert!(
        !bytes.is_empty() && !bytes.starts_with(b"HTTP/") && error.is_none(),
        "{bytes:?}"
    );

    let (_receiver, mut client) = posted(Reply::garbage_bytes(*b"HTTP/1.1 999999 \r\n"));
    assert_eq!(client.rest(), (b"HTTP/1.1 999999 \r\n".to_vec(), None));
}

#[test]
fn a_reset_comes_before_reading_after_the_head_or_after_the_request() {
    let receiver = Receiver::start();
    receiver.script([Reply::reset_before_reading()]);
    let seen = match Client::try_connect(&receiver) {
        Ok(mut client) => client.rest(),
        Err(error) => (Vec::new(), Some(error.kind())),
    };
    assert_eq!(seen, (Vec::new(), Some(ErrorKind::ConnectionReset)));
    assert!(receiver.requests().is_empty());

    receiver.script([Reply::reset_after_head()]);
    let mut client = Client::connect(&receiver);
    client.send(format!("{}Content-Length: 10\r\n\r\n", head()).as_bytes());
    assert_eq!(
        client.rest(),
        (Vec::new(), Some(ErrorKind::ConnectionReset))
    );
    assert!(!receiver.requests().first().unwrap().is_complete);

    receiver.script([Reply::reset_after_request()]);
    let mut client = Client::connect(&receiver);
    client.post(&id('a'));
    assert_eq!(
        client.rest(),
        (Vec::new(), Some(ErrorKind::ConnectionReset))
    );
    assert!(receiver.requests().last().unwrap().is_complete);
    assert!(
        receiver.violations().is_empty(),
        "{:?}",
        receiver.violations()
    );
}

#[test]
fn a_413_comes_before_the_body_and_survives_a_client_that_goes_on_sending() {
    let receiver = Receiver::start();
    receiver.script([Reply::too_large_before_body()]);
    let mut client = Client::connect(&receiver);
    client.send(format!("{}Content-Length: 300000\r\n\r\n", head()).as_bytes());
    let answer = client.answer();
    assert_eq!(
        (answer.status, answer.header("Connection")),
        (413, Some("close"))
    );
    // The receiver has said its last byte and still reads: a closed socket would answer the first piece with a reset.
    assert_eq!(client.rest(), (Vec::new(), None));
    for _ in 0..3 {
        client.send(&[b'a'; 100_000]);
    }
    let requests = receiver.requests();
    let request = requests.first().unwrap();
    assert_eq!((request.is_complete, request.answered), (false, Some(413)));
}

#[test]
fn an_endless_body_is_one_that_goes_on_until_the_client_leaves() {
    let (receiver, mut client) = posted(Reply::endless_body());
    assert_eq!(
        client.answer_head().header("Transfer-Encoding"),
        Some("chunked")
    );
    assert_eq!(client.line(), "4000");
    client.bytes(20_000_000);
    assert!(receiver.accepted_event_ids().is_empty());
    drop(client);
    assert!(receiver.wait_until(PATIENCE, |state| state.open_connections() == 0));
}

#[test]
fn endless_headers_go_on_until_the_receiver_ends_them() {
    let (receiver, mut client) = posted(Reply::endless_headers());
    assert_eq!(client.line(), "HTTP/1.1 200 OK");
    for _ in 0..10_000 {
        assert!(!client.line().is_empty());
    }
    receiver.release();
    assert_eq!(client.rest().1, None);
}

#[test]
fn a_header_bomb_has_its_number_of_headers_and_is_a_complete_answer() {
    let (receiver, mut client) = posted(Reply::header_bomb(300, 5000));
    let answer = client.answer();
    let large = answer
        .headers
        .iter()
        .filter(|(_, value)| value.len() == 5000)
        .count();
    assert_eq!((answer.status, large), (200, 300));
    assert_eq!(receiver.accepted_event_ids(), [id('a')]);
}

#[test]
fn a_drip_sends_one_byte_per_interval() {
    let interval = Duration::from_millis(2);
    let start = Instant::now();
    let (_receiver, mut client) = posted(Reply::drip(interval));
    client.bytes(40);
    assert!(start.elapsed() >= interval * 39);

    let (receiver, mut client) = posted(Reply::drip(Duration::from_secs(3600)));
    assert_eq!(client.bytes(1), b"H");
    receiver.release();
    client.bytes(20);
}

#[test]
fn dropped_connections_end_and_new_ones_are_served() {
    let (receiver, mut client) = posted(Reply::hang_in_body());
    wait_for_hang(&receiver);
    receiver.drop_connections();
    assert_eq!(receiver.open_connections(), 0);
    assert!(client.rest().0.ends_with(b"{"));
    let mut client = Client::connect(&receiver);
    client.post(&id('b'));
    assert_eq!(client.answer().status, 200);
    assert_eq!(receiver.connections(), 2);
}

#[test]
fn a_refusing_receiver_listens_again_on_the_same_port() {
    let receiver = Receiver::start();
    let mut client = Client::connect(&receiver);
    client.post(&id('a'));
    assert_eq!(client.answer().status, 200);
    for _ in 0..3 {
        receiver.refuse();
        assert_eq!(client.rest(), (Vec::new(), None));
        let refused = std::net::TcpStream::connect(("127.0.0.1", receiver.port())).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        receiver.listen().unwrap();
        client = Client::connect(&receiver);
        client.post(&id('b'));
        assert_eq!(client.answer().status, 200);
    }
}

#[test]
fn dropping_the_receiver_ends_every_connection_and_refuses() {
    let receiver = Receiver::start();
    let port = receiver.port();
    receiver.script([
        Reply::hang_after_request(),
        Reply::drip(Duration::from_secs(3600)),
        Reply::endless_body(),
    ]);
    let mut clients: Vec<_> = (0..3)
        .map(|count| {
            let mut client = Client::connect(&receiver);
            client.send(&client::request(&envelope(&id('a'))));
            assert!(receiver.wait_for_requests(count + 1, PATIENCE));
            client
        })
        .collect();
    drop(receiver);
    for client in &mut clients {
        client.rest();
    }
    let refused = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn more_is_said_unasked_when_it_is_released() {
    let (receiver, mut client) = posted(Reply::says_more("HTTP/1.1 408 Timeout\r\n\r\n"));
    assert_eq!(client.answer().status, 200);
    wait_for_hang(&receiver);
    receiver.release();
    assert_eq!(client.answer().status, 408);
}
