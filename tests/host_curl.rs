//! Another libcurl in the host's process: the library calls its own, and never the one that is found first by name.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::ffi::OsString;
use std::fs;
use std::process::Command;

use host::{RUN_TIMEOUT, messages};
use receiver::Receiver;
use support::{Scratch, Standard, assert_success, compile, run, shared_flags};

#[test]
fn the_library_never_calls_a_foreign_libcurl() {
    let (receiver, scratch) = (Receiver::start(), Scratch::new("host_curl"));
    let (versions, foreign) = (scratch.join("versions"), scratch.join("libforeign.so"));
    fs::write(&versions, "FOREIGN_1 { global: curl_*; local: *; };\n").unwrap();
    let mut script = OsString::from("-Wl,--version-script=");
    script.push(&versions);
    let as_library = ["-shared".into(), "-fPIC".into(), script];
    compile(
        "tests/c/foreign_curl.c",
        Standard::C99,
        &foreign,
        &as_library,
    );
    let program = scratch.join("host_curl");
    let mut flags = vec![foreign.into_os_string()];
    flags.extend(shared_flags());
    compile("tests/c/host_curl.c", Standard::C99, &program, &flags);
    let mut command = Command::new(program);
    command
        .args(["deliver", &receiver.dsn()])
        .env_remove("SENTRY_DSN");
    assert_success(&run(&mut command, RUN_TIMEOUT), "deliver");
    assert_eq!(messages(&receiver), ["through the right libcurl"]);
}
