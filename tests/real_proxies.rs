//! Delivery through proxies: HTTP, CONNECT, SOCKS5; from the option and from the environment; and what a proxy's
//! password must not do.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod real;
mod support;

use real::client::Client;
use real::nginx::Nginx;
use real::proxies::{PASSWORD, Proxy};
use receiver::{Receiver, closed_port};
use serde_json::{Value, json};

/// Options with few and quick retries.
fn options(dsn: &str, proxy: Option<&str>) -> Value {
    json!({
        "dsn": dsn, "proxy": proxy, "send_client_reports": false,
        "retries": 1, "retry_backoff_ms": 1, "retry_backoff_max_ms": 1,
    })
}

/// Captures an event that must arrive; returns everything the client printed, which was to be much.
fn deliver(options: &Value, receiver: &Receiver) -> String {
    let before = receiver.events().len();
    let mut options = options.clone();
    options["debug"] = json!(true);
    let mut client = Client::start(&options);
    let id = client.capture_text("through a proxy");
    client.assert_settled(1, 1, &json!({}));
    assert_eq!(receiver.event_ids()[before..], [id]);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    client.command("self_test 5000");
    client.finish()
}

#[test]
fn plain_http_goes_through_an_http_proxy() {
    // OPT-4
    let (proxy, receiver) = (Proxy::tinyproxy(), Receiver::start());
    let printed = deliver(
        &options(&receiver.dsn(), Some(&proxy.url("http"))),
        &receiver,
    );
    assert!(
        receiver.requests()[0].header("Via").is_some(),
        "{}",
        proxy.log()
    );
    assert_eq!(receiver.requests()[0].header("Proxy-Authorization"), None);
    // There was something to look at.
    assert!(
        printed.contains("127.0.0.1") && printed.contains("\"proxy\""),
        "{printed}"
    );
    assert!(!printed.contains(PASSWORD), "{printed}");
}

#[test]
fn a_password_may_be_percent_encoded() {
    // OPT-4
    let (proxy, receiver) = (Proxy::tinyproxy(), Receiver::start());
    let encoded = PASSWORD.replace('-', "%2D");
    let url = proxy.url_with("http", &encoded);
    let printed = deliver(&options(&receiver.dsn(), Some(&url)), &receiver);
    assert!(
        !printed.contains(PASSWORD) && !printed.contains(&encoded),
        "{printed}"
    );
}

#[test]
fn https_goes_through_a_tunnel_that_sees_nothing_of_it() {
    // OPT-4
    let (proxy, nginx) = (Proxy::tinyproxy(), Nginx::start());
    let mut options = options(&nginx.dsn(""), Some(&proxy.url("http")));
    options["ca_certs"] = json!(nginx.ca());
    let printed = deliver(&options, &nginx.receiver);
    assert!(
        proxy.log().contains("CONNECT 127.0.0.1:"),
        "{}",
        proxy.log()
    );
    assert!(!proxy.log().contains("envelope"), "{}", proxy.log());
    assert_eq!(nginx.wait_for_accesses(1)[0].protocol, "HTTP/2.0");
    assert!(!printed.contains(PASSWORD), "{printed}");
}

#[test]
fn a_tunnel_does_not_make_a_certificate_good() {
    // AUTH-12
    let (proxy, nginx) = (Proxy::tinyproxy(), Nginx::start());
    let mut options = options(&nginx.dsn(""), Some(&proxy.url("http")));
    options["ca_certs"] = json!(nginx.stranger());
    let mut client = Client::start(&options);
    client.capture_text("secret");
    let stats = client.assert_settled(1, 0, &json!({"network_error": 1}));
    assert!(
        stats["last_error"]
            .as_str()
            .unwrap()
            .contains("certificate"),
        "{stats}"
    );
    assert_eq!(nginx.receiver.connections(), 0);
    client.finish();
}

#[test]
fn a_proxy_that_is_reached_by_tls_needs_a_certificate_of_the_same_authority() {
    // AUTH-12, OPT-4
    let (nginx, nobody) = (Nginx::start(), closed_port().unwrap());
    // The server is not there: what arrives came through nginx, which takes it for its own.
    let dsn = format!("http://publickey@127.0.0.1:{}/42", nobody.port());
    let proxy = nginx.dsn("").replace("publickey@", "").replace("/42", "");
    let mut options = options(&dsn, Some(&proxy));
    options["ca_certs"] = json!(nginx.ca());
    let printed = deliver(&options, &nginx.receiver);
    assert!(printed.contains("\"reached\": \"proxy\""), "{printed}");
    options["ca_certs"] = json!(nginx.stranger());
    let (printed, stats) = stay(&options, &json!({"network_error": 2}));
    let error = stats["last_error"].as_str().unwrap();
    assert!(error.contains("certificate"), "{error}");
    assert!(printed.contains("\"ok\": false"), "{printed}");
}

#[test]
fn socks5_resolves_names_here_and_socks5h_at_the_proxy() {
    // OPT-4
    let (proxy, receiver) = (Proxy::microsocks(), Receiver::start());
    let dsn = receiver.dsn().replace("127.0.0.1", "localhost");
    let port = receiver.port();
    for (scheme, target) in [("socks5", "127.0.0.1"), ("socks5h", "localhost")] {
        let seen = proxy.log().len();
        let printed = deliver(&options(&dsn, Some(&proxy.url(scheme))), &receiver);
        let log = proxy.log().split_off(seen);
        assert!(
            log.contains(&format!("connected to {target}:{port}")),
            "{scheme}: {log}"
        );
        assert!(!printed.contains(PASSWORD), "{printed}");
    }
}

#[test]
fn https_goes_through_socks5() {
    // OPT-4
    let (proxy, nginx) = (Proxy::microsocks(), Nginx::start());
    let mut options = options(&nginx.localhost_dsn(""), Some(&proxy.url("socks5h")));
    options["ca_certs"] = json!(nginx.ca());
    deliver(&options, &nginx.receiver);
    assert!(
        proxy.log().contains("connected to localhost:"),
        "{}",
        proxy.log()
    );
    assert_eq!(nginx.wait_for_accesses(1)[0].protocol, "HTTP/2.0");
}

/// Captures two events that cannot get out; returns everything the client printed.
fn stay(options: &Value, reasons: &Value) -> (String, Value) {
    let mut options = options.clone();
    options["debug"] = json!(true);
    let mut client = Client::start(&options);
    client.capture_text("first");
    client.capture_text("second");
    let stats = client.assert_settled(2, 0, reasons);
    client.command("self_test 5000");
    (client.finish(), stats)
}

#[test]
fn a_proxy_that_is_not_there_is_counted_and_never_bypassed() {
    // HTTP-5
    let (receiver, nobody) = (Receiver::start(), closed_port().unwrap());
    for scheme in ["http", "socks5", "socks5h"] {
        let url = format!("{scheme}://porter:{PASSWORD}@127.0.0.1:{}", nobody.port());
        let (printed, stats) = stay(
            &options(&receiver.dsn(), Some(&url)),
            &json!({"network_error": 2}),
        );
        assert!(!printed.contains(PASSWORD), "{printed}");
        assert_eq!(stats["requests"], 4, "{stats}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn a_wrong_proxy_password_is_counted_and_shown_nowhere() {
    // HTTP-5, HTTP-8
    let (http, socks) = (Proxy::tinyproxy(), Proxy::microsocks());
    let nginx = Nginx::start();
    let wrong = "wrong-password-77";
    let cases = [
        // The proxy itself answers, with 407 or (tinyproxy) 401: an answer.
        (
            nginx.plain_dsn(""),
            http.url_with("http", wrong),
            json!({"send_error": 2}),
        ),
        (
            nginx.dsn(""),
            http.url_with("http", wrong),
            json!({"network_error": 2}),
        ),
        (
            nginx.plain_dsn(""),
            socks.url_with("socks5", wrong),
            json!({"network_error": 2}),
        ),
        (
            nginx.dsn(""),
            socks.url_with("socks5h", wrong),
            json!({"network_error": 2}),
        ),
    ];
    for (dsn, proxy, reasons) in cases {
        let (printed, _) = stay(&options(&dsn, Some(&proxy)), &reasons);
        assert!(!printed.contains(wrong), "{printed}");
    }
    assert_eq!(nginx.receiver.connections(), 0);
    assert_eq!(nginx.accesses(), Vec::new());
}

#[test]
fn a_proxy_that_refuses_the_tunnel_counts_as_no_connection() {
    // HTTP-9
    let (proxy, nginx) = (Proxy::tinyproxy(), Nginx::start());
    let mut options = options(&nginx.dsn(""), Some(&proxy.url_with("http", "wrong")));
    options["retries"] = json!(5);
    options["retries_connect"] = json!(2);
    options["retries_read"] = json!(0);
    let mut client = Client::start(&options);
    let id = client.capture_text("secret");
    client.assert_settled(1, 0, &json!({"network_error": 1}));
    assert_eq!(client.outcome_of(&id).attempts, 3);
    client.finish();
}

/// Delivers with these variables in the environment; true when the event came through the proxy.
fn is_proxied(receiver: &Receiver, variables: &[(&str, &str)], proxy: Option<&str>) -> bool {
    let mut options = options(&receiver.dsn(), proxy);
    if proxy.is_none() {
        options.as_object_mut().unwrap().remove("proxy");
    }
    let before = receiver.requests().len();
    let mut client = Client::start_in(variables, &options);
    client.capture_text("which way?");
    client.assert_settled(1, 1, &json!({}));
    client.finish();
    let requests = receiver.requests().split_off(before);
    assert_eq!(requests.len(), 1, "{variables:?}");
    requests[0].header("Via").is_some()
}

#[test]
fn the_environment_names_the_proxy_for_http() {
    // OPT-4
    let (proxy, receiver) = (Proxy::tinyproxy(), Receiver::start());
    let url = &*proxy.url("http");
    for (variables, proxied) in [
        (&[][..], false),
        (&[("http_proxy", url)], true),
        (&[("all_proxy", url)], true),
        (&[("ALL_PROXY", url)], true),
        // A CGI server makes it from a header of the request.
        (&[("HTTP_PROXY", url)], false),
        (&[("https_proxy", url), ("HTTPS_PROXY", url)], false),
        (&[("http_proxy", "")], false),
        (&[("http_proxy", url), ("no_proxy", "127.0.0.1")], false),
        (
            &[("http_proxy", url), ("NO_PROXY", "example.com,127.0.0.1")],
            false,
        ),
        (&[("http_proxy", url), ("no_proxy", "*")], false),
        (&[("http_proxy", url), ("no_proxy", "example.com")], true),
    ] {
        assert_eq!(
            is_proxied(&receiver, variables, None),
            proxied,
            "{variables:?}"
        );
    }
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

#[test]
fn the_option_wins_over_the_environment_and_an_empty_one_means_no_proxy() {
    // OPT-4
    let (proxy, receiver) = (Proxy::tinyproxy(), Receiver::start());
    let (url, nobody) = (&*proxy.url("http"), closed_port().unwrap());
    let nowhere = &*format!("http://127.0.0.1:{}", nobody.port());
    assert!(!is_proxied(
        &receiver,
        &[("http_proxy", nowhere), ("all_proxy", nowhere)],
        Some("")
    ));
    assert!(is_proxied(&receiver, &[("http_proxy", nowhere)], Some(url)));
    // What is exempt from the environment's proxy is not exempt from the option's.
    assert!(is_proxied(
        &receiver,
        &[("no_proxy", "*"), ("NO_PROXY", "127.0.0.1")],
        Some(url)
    ));
}

#[test]
fn the_environment_names_the_proxy_for_https() {
    // OPT-4
    let (proxy, nginx) = (Proxy::tinyproxy(), Nginx::start());
    let (url, nobody) = (&*proxy.url("http"), closed_port().unwrap());
    let nowhere = &*format!("http://127.0.0.1:{}", nobody.port());
    for (variables, proxied) in [
        (&[("https_proxy", url), ("http_proxy", nowhere)][..], true),
        (&[("HTTPS_PROXY", url), ("http_proxy", nowhere)], true),
        (&[("https_proxy", url), ("HTTPS_PROXY", nowhere)], true),
        (&[("http_proxy", url)], true),
        (&[("https_proxy", url), ("no_proxy", "127.0.0.1")], false),
        (
            &[("https_proxy", nowhere), ("no_proxy", "localhost")],
            false,
        ),
    ] {
        let dsn = if variables.contains(&("no_proxy", "localhost")) {
            nginx.localhost_dsn("")
        } else {
            nginx.dsn("")
        };
        let tunnels = proxy.log().matches("CONNECT ").count();
        let options = json!({"dsn": dsn, "ca_certs": nginx.ca(), "retries": 0});
        let mut client = Client::start_in(variables, &options);
        client.capture_text("which way?");
        client.assert_settled(1, 1, &json!({}));
        client.finish();
        let is_tunnelled = proxy.log().matches("CONNECT ").count() > tunnels;
        assert_eq!(is_tunnelled, proxied, "{variables:?}");
    }
}
