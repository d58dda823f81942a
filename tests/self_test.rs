//! The self-test: it keeps its time, leaves nothing behind, tells how far it got, and shows no password.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use host::{Program, RUN_TIMEOUT};
use receiver::{Receiver, closed_port, silent_port};
use serde_json::{Value, json};
use support::{Scratch, Standard, assert_success, compile, run};

static PROGRAM: Program = Program::new("self_test");

/// Looked for in everything that is printed.
const PASSWORD: &str = "s3cret";

/// Sends an event with this proxy and these variables; returns the report, and everything that was printed.
fn print(dsn: &str, proxy: Option<&str>, variables: &[(&str, &str)]) -> (Value, String) {
    let mut command = PROGRAM.command("print", dsn);
    for variable in [
        "PROXY",
        "http_proxy",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
    ] {
        command.env_remove(variable);
    }
    command.envs(variables.iter().copied());
    if let Some(proxy) = proxy {
        command.env("PROXY", proxy);
    }
    let output = run(&mut command, RUN_TIMEOUT);
    assert_success(&output, "print");
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let report = printed.lines().next().unwrap();
    (serde_json::from_str(report).unwrap(), printed)
}

#[test]
fn without_time_it_ends_at_once_and_leaves_no_thread() {
    let silent = silent_port().unwrap();
    let dsn = format!("https://key@127.0.0.1:{}/42", silent.port());
    PROGRAM.run("no_time", &dsn);
}

#[test]
fn without_free_descriptors_it_says_so() {
    let receiver = Receiver::start();
    receiver.accept_any_request();
    PROGRAM.run("no_descriptors", &receiver.dsn());
}

#[test]
fn there_is_one_at_a_time_and_closing_ends_it() {
    let silent = silent_port().unwrap();
    let dsn = format!("https://key@127.0.0.1:{}/42", silent.port());
    PROGRAM.run("several", &dsn);
}

#[test]
fn the_next_one_may_follow_at_once() {
    let receiver = Receiver::start();
    PROGRAM.run("in_turn", &receiver.dsn());
    assert_eq!(receiver.requests().len(), 0);
}

#[test]
fn a_libcurl_without_tls_is_named_by_init_stats_and_self_test() {
    if cfg!(feature = "static-curl") {
        println!("skipped: nothing can stand for a libcurl that is linked statically");
        return;
    }
    let scratch = Scratch::new("curl_without_tls");
    let stand_in = scratch.join("libstandin.so");
    let flags = ["-shared".into(), "-fPIC".into(), "-ldl".into()];
    compile(
        "tests/c/curl_without_tls.c",
        Standard::C99,
        &stand_in,
        &flags,
    );
    let silent = silent_port().unwrap();
    for (scheme, scenario) in [("https", "without_tls"), ("http", "without_need_of_tls")] {
        let dsn = format!("{scheme}://key@127.0.0.1:{}/42", silent.port());
        let mut command = PROGRAM.command(scenario, &dsn);
        command.env("LD_PRELOAD", &stand_in);
        assert_success(&run(&mut command, RUN_TIMEOUT), scenario);
    }
}

// HTTP-7
#[test]
fn an_unusable_proxy_fails_every_request_and_keeps_its_password() {
    let receiver = Receiver::start();
    for (proxy, why) in [
        ("http://user:s3cret@127.0.0.1:99999", "port"),
        ("foo://user:s3cret@127.0.0.1:1080", "scheme"),
        ("http://user:s3cret@", "host"),
        ("user:s3cret@", "host"),
        ("http://user:s3cret@127.0.0.1 :1080", "space"),
        ("http://user:s3cret", "port"),
    ] {
        let (report, printed) = print(&receiver.dsn(), Some(proxy), &[]);
        assert!(!printed.contains(PASSWORD), "{proxy}: {printed}");
        assert_eq!(report["ok"], json!(false), "{proxy}");
        let error = report["error"].as_str().unwrap();
        assert!(error.contains(why), "{proxy}: {error}");
        // A warning at init, the report, the diagnostics of the event, and the last error.
        assert_eq!(
            printed.matches("cannot be used").count(),
            4,
            "{proxy}: {printed}"
        );
        assert!(printed.contains("0 delivered\n"), "{proxy}: {printed}");
        assert_eq!(receiver.connections(), 0);
    }
}

// HTTP-7
#[test]
fn a_variable_that_names_no_usable_proxy_is_passed_over_and_its_password_kept() {
    let receiver = Receiver::start();
    for proxy in [
        "http://user:s3cret@127.0.0.1:99999",
        "foo://user:s3cret@127.0.0.1:1080",
        "http://user:s3cret@",
    ] {
        let (report, printed) = print(&receiver.dsn(), None, &[("http_proxy", proxy)]);
        assert!(!printed.contains(PASSWORD), "{proxy}: {printed}");
        assert_eq!(report["reached"], json!("server"), "{proxy}");
        assert_eq!(printed.matches("http_proxy: ignored, ").count(), 1);
        assert!(printed.contains("1 delivered\n"), "{proxy}: {printed}");
    }
}

#[test]
fn the_report_says_whether_the_server_or_only_the_proxy_was_reached() {
    // A receiver takes the request of a proxy's client for its own: the path is the same.
    let (server, proxy) = (Receiver::start(), Receiver::start());
    let url = format!("http://127.0.0.1:{}", proxy.port());
    for (option, variables, reached) in [
        (None, &[][..], "server"),
        (Some(&*url), &[], "proxy"),
        (None, &[("http_proxy", &*url)], "proxy"),
        (
            None,
            &[("http_proxy", &*url), ("no_proxy", "example.com")],
            "proxy",
        ),
        (
            None,
            &[("http_proxy", &*url), ("no_proxy", "127.0.0.1")],
            "server",
        ),
    ] {
        let (report, printed) = print(&server.dsn(), option, variables);
        assert_eq!(report["ok"], json!(true), "{printed}");
        assert_eq!(report["reached"], json!(reached), "{printed}");
    }
    let nobody = closed_port().unwrap();
    let socks = format!("socks5://127.0.0.1:{}", nobody.port());
    let (report, _) = print(&server.dsn(), Some(&socks), &[]);
    assert_eq!(report["reached"], Value::Null);
}
