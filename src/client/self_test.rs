//! The self-test: can this host reach its server? A report for people and scripts, as JSON.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::capture::refused::{NOT_INITIALISED, Refused, Status};
use super::state;
use crate::base::process;
use crate::transport::is_worker_thread;
use crate::transport::settings::Settings;
use crate::transport::wire::host::Destination;
use crate::transport::wire::probe::{Findings, Reached};
use crate::transport::wire::proxy::ProxyUrl;
use crate::value::shared::members::Members;

/// Runs it with the settings of the current client.
pub(crate) fn run(timeout: Duration) -> Result<String, Refused> {
    if is_worker_thread() {
        return Err(Refused::because(
            Status::WorkerThread,
            "the self-test waits; call it from another thread",
        ));
    }
    // A pointer of our own: the test must not keep the process state busy while it waits.
    let client = state::current()
        .and_then(|client| client.as_ref().map(Arc::clone))
        .ok_or(NOT_INITIALISED)?;
    let Some(settings) = &client.settings else {
        return Err(Refused::because(
            Status::Disabled,
            "no usable DSN, so there is no server to test",
        ));
    };
    if !matches!(settings.destination, Destination::Curl) {
        return Err(Refused::because(
            Status::Disabled,
            "the transport is the host's, so there is no way that the library could test",
        ));
    }
    Ok(report(
        settings,
        &client.prober.run(settings, timeout),
        client.options.database_path.as_ref(),
    ))
}

fn report(settings: &Settings, found: &Findings, database: Option<&PathBuf>) -> String {
    let is_https = settings.endpoint.starts_with("https");
    let mut report = Members::new();
    report.set(
        "ok",
        if found.error.is_none() {
            "true"
        } else {
            "false"
        },
    );
    report.set_text("endpoint", &settings.endpoint);
    report.set("resolve", &step(found.resolved_after));
    report.set("connect", &step(found.connected_after));
    report.set(
        "tls",
        &if is_https {
            step(found.secured_after)
        } else {
            "null".to_owned()
        },
    );
    set_or_null(&mut report, "address", found.address.as_deref());
    // HTTP-7: it may hold a password.
    let proxy = ProxyUrl::new(&settings.proxy).shown();
    let proxy = Some(&*proxy).filter(|_| !settings.proxy.is_empty());
    set_or_null(&mut report, "proxy", proxy);
    let reached = found.reached.map(|reached| match reached {
        Reached::Server => "server",
        Reached::Proxy => "proxy",
    });
    set_or_null(&mut report, "reached", reached);
    let (file, directory) = settings.certificates.now();
    let certificates = file.or(directory).map(|path| path.display().to_string());
    set_or_null(&mut report, "ca_certs", certificates.as_deref());
    report.set("database_writable", writable(database));
    set_or_null(&mut report, "error", found.error.as_deref());
    format!("{{{}}}", report.json())
}

fn step(after: Option<Duration>) -> String {
    match after {
        Some(time) => format!("{{\"ok\":true,\"ms\":{:.3}}}", time.as_secs_f64() * 1000.0),
        None => "{\"ok\":false}".to_owned(),
    }
}

fn set_or_null(report: &mut Members, name: &str, text: Option<&str>) {
    match text {
        Some(text) => report.set_text(name, text),
        None => report.set(name, "null"),
    }
}

/// Looks at the nearest directory that exists; nothing is created.
fn writable(database: Option<&PathBuf>) -> &'static str {
    let Some(path) = database.filter(|path| !path.as_os_str().is_empty()) else {
        return "null";
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let existing = absolute.ancestors().find(|path| path.exists());
    if existing.is_some_and(process::is_writable) {
        "true"
    } else {
        "false"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_looked_at_and_not_made() {
        let root = std::env::temp_dir();
        assert_eq!(
            writable(Some(&root.join("libsentry-does-not-exist/deeper"))),
            "true"
        );
        assert!(!root.join("libsentry-does-not-exist").exists());
        assert_eq!(writable(None), "null");
        assert_eq!(writable(Some(&PathBuf::new())), "null");
    }
}
