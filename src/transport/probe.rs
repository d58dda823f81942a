//! The probe behind the self-test: makes the connection an envelope would take, and sends nothing over it.
//!
//! It runs on a thread of its own, since a name server that never answers can hold a thread past every time-out; the
//! caller waits for the result until its deadline and leaves the thread to end by itself.

use std::sync::mpsc;
use std::thread::Builder;
use std::time::Duration;

use curl::easy::Easy;

use super::settings::{Certificates, Settings};
use crate::base::panic::contained;
use crate::base::process::BlockedSignals;

/// How far a connection got, and how long each part took since its start.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Findings {
    /// Name found.
    pub(crate) resolved_after: Option<Duration>,
    /// TCP connection made.
    pub(crate) connected_after: Option<Duration>,
    /// TLS connection made; stays empty for http.
    pub(crate) secured_after: Option<Duration>,
    /// Address of the server, or of the proxy.
    pub(crate) address: Option<String>,
    /// Why it ended early.
    pub(crate) error: Option<String>,
}

/// Connects within `timeout`.
pub(crate) fn run(settings: &Settings, timeout: Duration) -> Findings {
    let failed = |error: String| Findings {
        error: Some(error),
        ..Findings::default()
    };
    let (sender, receiver) = mpsc::channel();
    let settings = settings.clone();
    let thread = {
        let _blocked = BlockedSignals::for_this_thread();
        Builder::new()
            .name("sentry-probe".to_owned())
            .spawn(move || {
                let found =
                    contained(|| connect(&settings, timeout)).unwrap_or_else(|message| Findings {
                        error: Some(message),
                        ..Findings::default()
                    });
                let _ = sender.send(found);
            })
    };
    match thread {
        Err(error) => failed(format!("no thread for the test: {error}")),
        Ok(_detached) => receiver
            .recv_timeout(timeout)
            .unwrap_or_else(|_| failed(format!("no result after {} ms", timeout.as_millis()))),
    }
}

fn connect(settings: &Settings, timeout: Duration) -> Findings {
    let mut easy = Easy::new();
    let result = configure(&mut easy, settings, timeout).and_then(|()| easy.perform());
    let reached = |time: Result<Duration, curl::Error>| time.ok().filter(|time| !time.is_zero());
    Findings {
        resolved_after: reached(easy.namelookup_time()),
        connected_after: reached(easy.connect_time()),
        secured_after: reached(easy.appconnect_time()),
        address: easy
            .primary_ip()
            .ok()
            .flatten()
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        error: result.err().map(|error| match error.extra_description() {
            Some(extra) => format!("{} ({extra})", error.description()),
            None => error.description().to_owned(),
        }),
    }
}

fn configure(easy: &mut Easy, settings: &Settings, timeout: Duration) -> Result<(), curl::Error> {
    easy.url(&settings.endpoint)?;
    easy.connect_only(true)?;
    easy.connect_timeout(settings.connect_timeout.min(timeout))?;
    easy.timeout(timeout)?;
    easy.proxy(&settings.proxy)?;
    easy.noproxy(&settings.no_proxy)?;
    // With `connect_only` libcurl stops after the connection; a plain proxy needs the tunnel to name the server.
    match &settings.certificates {
        Certificates::BuiltIn => Ok(()),
        Certificates::File(path) => easy.cainfo(path),
        Certificates::Directory(path) => easy.capath(path),
    }
}
