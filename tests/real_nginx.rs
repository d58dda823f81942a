//! Delivery through nginx: TLS and whom it trusts, HTTP/2, and the answers of a real server.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod real;
mod support;

use std::collections::BTreeSet;
use std::fs;

use real::client::Client;
use real::nginx::Nginx;
use real::{HANG, wait_until};
use receiver::Reply;
use serde_json::{Value, json};
use support::Scratch;

/// Options with which nothing is tried twice, so that what one attempt does can be seen.
fn once(nginx: &Nginx, dsn: String) -> Value {
    json!({"dsn": dsn, "ca_certs": nginx.ca(), "retries": 0, "send_client_reports": false})
}

/// Options with retries that come quickly.
fn patient(nginx: &Nginx, dsn: String) -> Value {
    json!({
        "dsn": dsn, "ca_certs": nginx.ca(), "send_client_reports": false,
        "retries": 1000, "retry_backoff_ms": 10, "retry_backoff_max_ms": 50,
    })
}

fn set(ids: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    ids.into_iter().collect()
}

#[test]
fn events_go_over_tls_and_one_http2_connection() {
    let nginx = Nginx::start();
    let mut client = Client::start(&once(&nginx, nginx.dsn("")));
    let sent: Vec<String> = (0..5)
        .map(|n| client.capture_text(&format!("event {n}")))
        .collect();
    let stats = client.assert_settled(5, 5, &json!({}));
    assert_eq!(stats["requests"], 5);
    // Q-8
    assert_eq!(nginx.receiver.event_ids(), sent);
    assert_eq!(nginx.receiver.violations(), Vec::<String>::new());
    let accesses = nginx.wait_for_accesses(5);
    assert_eq!(accesses.len(), 5, "{accesses:?}");
    for access in &accesses {
        assert_eq!((&*access.protocol, access.status), ("HTTP/2.0", 200));
        assert_eq!(access.connection, accesses[0].connection);
    }
    client.finish();
}

#[test]
fn certificates_that_the_option_names_are_used_once_they_are_there() {
    let nginx = Nginx::start();
    let scratch = Scratch::new("late-certificates");
    let late = scratch.join("late.pem");
    let mut options = patient(&nginx, nginx.dsn(""));
    options["ca_certs"] = json!(late);
    let mut client = Client::start(&options);
    let id = client.capture_text("patient");
    wait_until("requests without the certificates", HANG, || {
        client.stats()["requests_failed"].as_u64() >= Some(2)
    });
    fs::copy(nginx.ca(), &late).unwrap();
    client.assert_settled(1, 1, &json!({}));
    assert_eq!(nginx.receiver.event_ids(), [id]);
    client.finish();
}

#[test]
fn variables_that_name_certificates_are_looked_at_in_their_order() {
    let nginx = Nginx::start();
    let mut options = once(&nginx, nginx.dsn(""));
    options.as_object_mut().unwrap().remove("ca_certs");
    let (ours, stranger) = (&*nginx.ca(), &*nginx.stranger());
    let order = ["CURL_CA_BUNDLE", "NIX_SSL_CERT_FILE", "SSL_CERT_FILE"];
    for (place, variable) in order.into_iter().enumerate() {
        // Those after it name certificates that did not sign the server's, those before it nothing.
        let mut variables = vec![(variable, ours)];
        variables.extend(order[..place].iter().map(|name| (*name, "/nowhere.pem")));
        variables.extend(order[place + 1..].iter().map(|name| (*name, stranger)));
        let mut client = Client::start_in(&variables, &options);
        client.capture_text(variable);
        client.assert_settled(1, 1, &json!({}));
        client.finish();
    }
    assert_eq!(nginx.receiver.event_ids().len(), order.len());
}

#[test]
fn requests_in_flight_are_streams_of_one_connection() {
    // HTTP-10
    let nginx = Nginx::start();
    nginx.receiver.set_default(Reply::hang_after_request());
    let mut options = once(&nginx, nginx.dsn(""));
    options["max_requests_in_flight"] = json!(4);
    let mut client = Client::start(&options);
    let sent = set((0..12).map(|n| client.capture_text(&format!("event {n}"))));
    assert!(
        nginx.receiver.wait_for_requests(4, HANG),
        "{}",
        client.stats()
    );
    // Four wait for their answers, and the others for one of the four.
    assert_eq!(client.stats()["requests_in_flight"], 4);
    assert_eq!(nginx.receiver.requests().len(), 4);
    nginx.receiver.set_default(Reply::ok());
    nginx.receiver.release();
    client.assert_settled(12, 12, &json!({}));
    assert_eq!(set(nginx.receiver.event_ids()), sent);
    let accesses = nginx.wait_for_accesses(12);
    let connections: BTreeSet<u64> = accesses.iter().map(|access| access.connection).collect();
    assert_eq!(connections.len(), 1, "{accesses:?}");
    assert_eq!(accesses.len(), 12);
    client.finish();
}

#[test]
fn connections_that_the_server_ends_now_and_then_cost_nothing() {
    // HTTP-10
    let nginx = Nginx::start();
    for in_flight in [1, 4] {
        let before = nginx.accesses().len();
        let mut options = patient(&nginx, nginx.short_dsn());
        options["max_requests_in_flight"] = json!(in_flight);
        let mut client = Client::start(&options);
        let sent = set((0..40).map(|n| client.capture_text(&format!("event {n}"))));
        let stats = client.assert_settled(40, 40, &json!({}));
        if in_flight == 1 {
            // Nobody else was on the connection when it ended.
            assert_eq!(stats["requests"], 40, "{stats}");
        }
        assert!(sent.is_subset(&set(nginx.receiver.event_ids())));
        let connections: BTreeSet<u64> = nginx.wait_for_accesses(before + 40)[before..]
            .iter()
            .map(|access| access.connection)
            .collect();
        assert!(connections.len() >= 8, "{connections:?}");
        client.finish();
    }
}

#[test]
fn a_large_event_passes_the_windows_of_http2() {
    // ENV-17
    let nginx = Nginx::start();
    let mut options = once(&nginx, nginx.dsn(""));
    options["compression"] = json!("none");
    let mut client = Client::start(&options);
    let text = |number: u32| format!("{number} {}", "x".repeat(7500));
    let crumbs: Vec<Value> = (0..100)
        .map(|number| json!({"timestamp": 1_767_322_000, "message": text(number)}))
        .collect();
    client.capture(&json!({"message": "large", "breadcrumbs": crumbs}));
    client.assert_settled(1, 1, &json!({}));
    let sent = nginx.receiver.events();
    for (number, crumb) in (0..).zip(sent[0]["breadcrumbs"]["values"].as_array().unwrap()) {
        assert_eq!(crumb["message"], text(number));
    }
    assert!(nginx.receiver.requests()[0].raw_body.len() > 700_000);
    assert_eq!(nginx.receiver.violations(), Vec::<String>::new());
    client.finish();
}

/// Captures two events for a server that must not be trusted; returns why the library says it is not.
fn refused_certificate(nginx: &Nginx, options: &Value) -> String {
    let mut client = Client::start(options);
    let ids = [
        client.capture_text("secret 1"),
        client.capture_text("secret 2"),
    ];
    let stats = client.assert_settled(2, 0, &json!({"network_error": 2}));
    for id in ids {
        let outcome = client.outcome_of(&id);
        assert_eq!(
            (&*outcome.outcome, &*outcome.reason, outcome.http_status),
            ("discarded", "network_error", 0)
        );
    }
    assert_eq!(stats["server_unreachable"], 1);
    // Nothing was as much as asked.
    assert_eq!(nginx.accesses(), Vec::new());
    assert_eq!(nginx.receiver.connections(), 0);
    client.finish();
    stats["last_error"].as_str().unwrap().to_owned()
}

#[test]
fn a_certificate_of_a_ca_that_is_not_trusted_is_refused() {
    // AUTH-12
    let nginx = Nginx::start();
    let mut options = once(&nginx, nginx.dsn(""));
    options["ca_certs"] = json!(nginx.stranger());
    let error = refused_certificate(&nginx, &options);
    assert!(error.contains("certificate"), "{error}");
    // Nor is it trusted by the machine.
    options.as_object_mut().unwrap().remove("ca_certs");
    let error = refused_certificate(&nginx, &options);
    assert!(error.contains("certificate"), "{error}");
}

#[test]
fn an_expired_certificate_is_refused() {
    // AUTH-12
    let nginx = Nginx::start();
    let error = refused_certificate(&nginx, &once(&nginx, nginx.expired_dsn()));
    assert!(error.contains("expired"), "{error}");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    // AUTH-12
    let nginx = Nginx::start();
    let error = refused_certificate(&nginx, &once(&nginx, nginx.elsewhere_dsn()));
    assert!(error.contains("127.0.0.1"), "{error}");
}

#[test]
fn a_refused_certificate_is_tried_again_and_then_given_up() {
    // HTTP-5
    let nginx = Nginx::start();
    let mut options = patient(&nginx, nginx.expired_dsn());
    options["retries"] = json!(2);
    let mut client = Client::start(&options);
    let id = client.capture_text("secret");
    let stats = client.assert_settled(1, 0, &json!({"network_error": 1}));
    assert_eq!(
        (&stats["requests"], &stats["retries"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(client.outcome_of(&id).attempts, 3);
    assert_eq!(nginx.receiver.connections(), 0);
    client.finish();
}

#[test]
fn a_body_over_the_servers_limit_is_a_413_that_is_not_repeated() {
    // HTTP-3
    let nginx = Nginx::start();
    for dsn in [nginx.dsn("/small"), nginx.plain_dsn("/small")] {
        let mut options = patient(&nginx, dsn);
        options["compression"] = json!("none");
        options["retries_status"] = json!(3);
        let mut client = Client::start(&options);
        let id = client.capture_text(&"x".repeat(5000));
        client.assert_settled(1, 0, &json!({"send_error": 1}));
        let outcome = client.outcome_of(&id);
        assert_eq!((outcome.http_status, outcome.attempts), (413, 1));
        client.finish();
    }
    assert_eq!(nginx.receiver.requests().len(), 0);
}

#[test]
fn a_429_with_retry_after_pauses_captures() {
    // RL-2, HTTP-4
    let nginx = Nginx::start();
    let mut client = Client::start(&once(&nginx, nginx.dsn("/limited")));
    let first = client.capture_text("first");
    client.flush();
    let second = client.capture_text("second");
    client.assert_settled(2, 1, &json!({"server_rate_limit": 1}));
    assert_eq!(client.outcome_of(&second).http_status, 429);
    let refused = client.command(r#"capture {"message":"third"}"#);
    assert_eq!(refused["status"], 6, "{refused}");
    let reasons = json!({"server_rate_limit": 1, "ratelimit_backoff": 1});
    client.assert_settled(3, 1, &reasons);
    assert_eq!(nginx.receiver.event_ids(), [first]);
    assert_eq!(nginx.wait_for_accesses(2).len(), 2);
    client.finish();
}

#[test]
fn a_502_is_final_unless_status_retries_allow_more() {
    // HTTP-2, HTTP-9
    let nginx = Nginx::start();
    for (retries_status, attempts) in [(0, 1), (2, 3)] {
        let before = nginx.accesses().len();
        let mut options = patient(&nginx, nginx.dsn("/gone"));
        options["retries_status"] = json!(retries_status);
        let mut client = Client::start(&options);
        let id = client.capture_text("lost");
        client.assert_settled(1, 0, &json!({"send_error": 1}));
        let outcome = client.outcome_of(&id);
        assert_eq!((outcome.http_status, outcome.attempts), (502, attempts));
        let accesses = nginx.wait_for_accesses(before + usize::try_from(attempts).unwrap());
        assert_eq!(
            accesses.len() - before,
            usize::try_from(attempts).unwrap(),
            "{accesses:?}"
        );
        client.finish();
    }
}

#[test]
fn a_connection_ended_without_an_answer_is_tried_again_and_then_given_up() {
    // HTTP-5
    let nginx = Nginx::start();
    for dsn in [nginx.dsn("/reset"), nginx.plain_dsn("/reset")] {
        let before = nginx.accesses().len();
        let mut options = patient(&nginx, dsn);
        options["retries_read"] = json!(2);
        let mut client = Client::start(&options);
        let id = client.capture_text("lost");
        client.assert_settled(1, 0, &json!({"network_error": 1}));
        assert_eq!(client.outcome_of(&id).attempts, 3);
        let accesses = nginx.wait_for_accesses(before + 3);
        assert_eq!(accesses.len() - before, 3, "{accesses:?}");
        assert!(accesses.iter().all(|access| access.status == 444));
        client.finish();
    }
}

#[test]
fn a_redirect_is_followed_as_often_as_allowed() {
    // AUTH-13
    let nginx = Nginx::start();
    for (path, redirects, delivered) in [
        ("/moved", 1, 1),
        ("/moved", 0, 0),
        ("/moved/moved", 2, 1),
        ("/moved/moved", 1, 0),
    ] {
        let before = nginx.receiver.events().len();
        let mut options = patient(&nginx, nginx.dsn(path));
        options["retries_redirect"] = json!(redirects);
        let mut client = Client::start(&options);
        let id = client.capture_text("moving");
        let lost = if delivered == 1 {
            json!({})
        } else {
            json!({"send_error": 1})
        };
        client.assert_settled(1, delivered, &lost);
        let outcome = client.outcome_of(&id);
        assert_eq!(
            outcome.http_status,
            if delivered == 1 { 200 } else { 307 },
            "{path}"
        );
        assert_eq!(
            nginx.receiver.events().len() - before,
            usize::try_from(delivered).unwrap()
        );
        client.finish();
    }
    assert_eq!(nginx.receiver.violations(), Vec::<String>::new());
}

#[test]
fn a_redirect_to_another_host_goes_without_the_key() {
    // AUTH-13
    let nginx = Nginx::start();
    nginx.receiver.accept_any_request();
    let mut options = patient(&nginx, nginx.dsn("/moved-to-localhost"));
    options["retries_redirect"] = json!(1);
    let mut client = Client::start(&options);
    client.capture_text("moving");
    client.flush();
    let requests = nginx.receiver.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "POST");
    assert_eq!(
        requests[0].header("X-Sentry-Auth"),
        None,
        "{:?}",
        requests[0].headers
    );
    client.assert_settled(1, 1, &json!({}));
    client.finish();
}

#[test]
fn a_redirect_from_https_to_http_is_not_followed() {
    // AUTH-13
    let nginx = Nginx::start();
    let mut options = patient(&nginx, nginx.dsn("/moved-to-plain"));
    options["retries_redirect"] = json!(5);
    let mut client = Client::start(&options);
    let id = client.capture_text("private");
    client.assert_settled(1, 0, &json!({"send_error": 1}));
    assert_eq!(client.outcome_of(&id).http_status, 307);
    assert_eq!(nginx.receiver.requests().len(), 0);
    client.finish();
}

#[test]
fn nothing_is_lost_while_the_server_reloads_and_restarts() {
    // HTTP-9
    let mut nginx = Nginx::start();
    for in_flight in [1, 4] {
        let mut options = patient(&nginx, nginx.localhost_dsn(""));
        options["max_requests_in_flight"] = json!(in_flight);
        let mut client = Client::start(&options);
        let mut sent = BTreeSet::new();
        for round in 0..6 {
            for number in 0..20 {
                sent.insert(client.capture_text(&format!("event {round}.{number}")));
            }
            // In the middle of the round: some are delivered, some are not.
            let some = sent.len() - 10;
            client.wait_for("a part is delivered", |stats| {
                stats["categories"]["error"]["delivered"].as_u64() >= u64::try_from(some).ok()
            });
            if round % 2 == 0 {
                nginx.reload();
            } else {
                nginx.stop();
                // Accepted while nobody listens.
                sent.insert(client.capture_text("while it is down"));
                nginx.start_again();
            }
        }
        let captured = u64::try_from(sent.len()).unwrap();
        client.assert_settled(captured, captured, &json!({}));
        let arrived = set(nginx.receiver.event_ids());
        let lost: Vec<_> = sent.difference(&arrived).collect();
        assert!(lost.is_empty(), "{lost:?}");
        client.finish();
    }
    assert_eq!(nginx.receiver.violations(), Vec::<String>::new());
}
