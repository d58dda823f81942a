//! Hostile servers over TLS and HTTP/2: nothing is lost that a new connection would take, nothing is sent uncounted.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

#[path = "support/driver.rs"]
mod driver;
mod real;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::time::Instant;

use driver::Driver;
use real::client::Client;
use real::http2::Http2Server;
use serde_json::{Value, json};
use support::Scratch;

/// Retries that come quickly, and little patience with silence.
fn options(server: &Http2Server, in_flight: usize) -> Value {
    json!({
        "dsn": server.dsn(), "ca_certs": server.ca(), "send_client_reports": false,
        "retries": 3, "retry_backoff_ms": 10, "retry_backoff_max_ms": 50,
        "read_timeout_ms": 300, "max_requests_in_flight": in_flight,
    })
}

fn capture_many(client: &mut Client, count: u64) -> BTreeSet<String> {
    (0..count)
        .map(|number| client.capture_text(&format!("event {number}")))
        .collect()
}

fn set(ids: Vec<String>) -> BTreeSet<String> {
    ids.into_iter().collect()
}

#[test]
fn what_a_bad_connection_does_not_take_a_new_one_does() {
    // HTTP-10
    for manner in [
        "silent",
        "silent 5",
        "close",
        "close 5",
        "goaway",
        "goaway 5",
        "reset",
        "refuse",
        "refuse 5",
        "window",
        "window 5",
        "pings",
        "pings 5",
        "continuations",
        "continuations 5",
    ] {
        for in_flight in [1, 4] {
            let mut server = Http2Server::start(&[manner, "ok"]);
            let mut client = Client::start(&options(&server, in_flight));
            let sent = capture_many(&mut client, 25);
            let stats = client.assert_settled(25, 25, &json!({}));
            let report = server.report();
            let context = format!("{manner}, {in_flight} in flight: {stats} {report:?}");
            assert_eq!(set(report.accepted.clone()), sent, "{context}");
            // Every request that arrived was counted, and so was every one that got no answer.
            let requests = stats["requests"].as_u64().unwrap();
            assert!(report.all_requests() <= requests, "{context}");
            assert_eq!(
                stats["retries"].as_u64().unwrap(),
                requests - 25,
                "{context}"
            );
            client.finish();
        }
    }
}

#[test]
fn no_retry_goes_into_a_connection_that_fell_silent() {
    let mut server = Http2Server::start(&["silent 5", "ok"]);
    let mut client = Client::start(&options(&server, 1));
    let sent = capture_many(&mut client, 25);
    client.assert_settled(25, 25, &json!({}));
    let report = server.report();
    // The sixth request met the silence, and went to the new connection with all that followed.
    assert_eq!(report.requests, [6, 20]);
    assert_eq!(set(report.accepted), sent);
    client.finish();
}

#[test]
fn streams_that_are_answered_late_are_waited_for_beside_a_new_connection() {
    let mut server = Http2Server::start(&["late", "ok"]);
    let mut client = Client::start(&options(&server, 4));
    let sent = capture_many(&mut client, 12);
    client.assert_settled(12, 12, &json!({}));
    let report = server.report();
    let context = format!("{report:?}");
    // The one that was not answered was sent again; none of those that ran beside it was.
    assert_eq!(report.requests.len(), 2, "{context}");
    assert_eq!(report.all_requests(), 13, "{context}");
    assert_eq!(report.accepted.len(), 12, "{context}");
    assert_eq!(set(report.accepted), sent);
    client.finish();
}

#[test]
fn a_server_that_takes_one_stream_at_a_time_gets_everything() {
    let mut server = Http2Server::start(&["single"]);
    let mut client = Client::start(&options(&server, 4));
    let sent = capture_many(&mut client, 25);
    let stats = client.assert_settled(25, 25, &json!({}));
    assert_eq!(stats["requests"], 25);
    assert_eq!(set(server.report().accepted), sent);
    client.finish();
}

#[test]
fn flush_and_close_keep_their_time() {
    const TIMEOUT_MS: u64 = 300;
    const MARGIN_MS: f64 = 100.0;
    for manner in [
        "silent",
        "goaway",
        "window",
        "headers",
        "drip",
        "pings",
        "continuations",
    ] {
        for in_flight in [1, 4] {
            let server = Http2Server::start(&[manner]);
            let mut options = options(&server, in_flight);
            for name in ["connect_timeout_ms", "read_timeout_ms", "transfer_timeout"] {
                options[name] = json!(60_000);
            }
            options["shutdown_timeout"] = json!(TIMEOUT_MS);
            let mut driver = Driver::with_options(&options);
            driver.accept_many(20);
            for answer in [driver.flush(TIMEOUT_MS), driver.close()] {
                assert!(
                    answer.own_ms() <= TIMEOUT_MS as f64 + MARGIN_MS,
                    "{manner}: {answer:?}"
                );
            }
            assert_eq!(driver.outcomes(20).len(), 20, "{manner}");
        }
    }
}

#[test]
fn a_server_that_ends_each_connection_after_one_request_gets_everything() {
    // HTTP-10: each event meets at most one connection that had ended, as with HTTP/1.1.
    for manner in ["goaway 1", "close 1", "refuse 1"] {
        let mut server = Http2Server::start(&[manner]);
        let mut options = options(&server, 1);
        options["retries"] = json!(1);
        // Nothing has to be waited for.
        options["retry_backoff_ms"] = json!(600_000);
        options["retry_backoff_max_ms"] = json!(600_000);
        let mut client = Client::start(&options);
        let sent = capture_many(&mut client, 12);
        let stats = client.assert_settled(12, 12, &json!({}));
        assert_eq!(stats["retries"], 11, "{manner}: {stats}");
        assert_eq!(set(server.report().accepted), sent, "{manner}");
        client.finish();
    }
}

#[test]
fn without_retries_a_request_is_sent_once() {
    // HTTP-5
    for manner in ["close 1", "refuse 1", "goaway 1", "reset 1"] {
        let mut server = Http2Server::start(&[manner, "ok"]);
        let mut options = options(&server, 1);
        options["retries"] = json!(0);
        let mut client = Client::start(&options);
        client.capture_text("first");
        client.flush();
        let lost = client.capture_text("on the connection that was kept");
        client.assert_settled(2, 1, &json!({"network_error": 1}));
        assert_eq!(client.outcome_of(&lost).attempts, 1, "{manner}");
        client.capture_text("third");
        let stats = client.assert_settled(3, 2, &json!({"network_error": 1}));
        assert_eq!(stats["requests"], 3, "{manner}");
        assert_eq!(server.report().all_requests(), 3, "{manner}");
        client.finish();
    }
}

#[test]
fn an_answer_without_an_end_is_settled_and_keeps_no_place() {
    // HTTP-1
    for manner in ["headers", "drip"] {
        for in_flight in [1, 4] {
            let mut server = Http2Server::start(&[manner]);
            let mut options = options(&server, in_flight);
            // Whoever waits for one of these is seen to.
            options["read_timeout_ms"] = json!(60_000);
            options["transfer_timeout"] = json!(60_000);
            let mut client = Client::start(&options);
            let started = Instant::now();
            let sent = capture_many(&mut client, 10);
            let stats = client.assert_settled(10, 10, &json!({}));
            assert!(started.elapsed().as_secs() < 20, "{manner}");
            assert_eq!(stats["requests"], 10, "{manner}");
            let report = server.report();
            assert_eq!(set(report.accepted), sent);
            // The end of a stream is not the end of its connection.
            assert_eq!(report.requests, [10], "{manner}");
            client.finish();
        }
    }
}

#[test]
fn a_server_that_asks_for_http_1_gets_it() {
    let mut server = Http2Server::start(&["http1", "http1", "plain"]);
    let mut client = Client::start(&options(&server, 1));
    let sent = capture_many(&mut client, 5);
    client.assert_settled(5, 5, &json!({}));
    assert_eq!(set(server.report().accepted), sent);
    client.finish();
}

/// The versions of TLS that a client offers in its first message.
fn offered_versions(listener: &TcpListener) -> Vec<u16> {
    const SUPPORTED_VERSIONS: usize = 43;
    let (mut stream, _) = listener.accept().unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut hello).unwrap();
    let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    // Its kind, length and version, and random bytes; then the session, the ciphers and the compressions.
    let session = 38;
    let ciphers = session + 1 + usize::from(hello[session]);
    let compressions = ciphers + 2 + number(ciphers);
    let mut at = compressions + 1 + usize::from(hello[compressions]) + 2;
    while number(at) != SUPPORTED_VERSIONS {
        at += 4 + number(at + 2);
    }
    let versions = &hello[at + 5..][..usize::from(hello[at + 4])];
    let pairs = versions.chunks_exact(2);
    pairs
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

#[test]
fn no_tls_below_1_2_is_spoken() {
    // AUTH-12: also where the machine's configuration allows it.
    const TLS_1_2: u16 = 0x0303;
    let scratch = Scratch::new("old_tls");
    let configuration = scratch.join("openssl.cnf");
    let weak = "openssl_conf = all\n[all]\nssl_conf = tls\n[tls]\nsystem_default = weak\n\
        [weak]\nMinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n";
    fs::write(&configuration, weak).unwrap();
    let variables = [("OPENSSL_CONF", configuration.to_str().unwrap())];
    for is_proxy in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let options = match is_proxy {
            false => json!({"dsn": format!("https://key@{place}/42")}),
            true => {
                json!({"dsn": "http://key@127.0.0.1:1/42", "proxy": format!("https://{place}")})
            }
        };
        let mut driver = Driver::start_with(scratch.path(), &variables);
        driver.init(&driver::with(options, json!({"retries": 0})));
        driver.accept_many(1);
        let versions = offered_versions(&listener);
        assert!(versions.contains(&TLS_1_2), "{versions:x?}");
        // Others are made up, so that servers bear versions they do not know.
        let is_old = |version: &u16| (0x0300..TLS_1_2).contains(version);
        assert!(!versions.iter().any(is_old), "{versions:x?}");
        driver.close();
    }
}
