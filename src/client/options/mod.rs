//! Options: everything the host can decide, with defaults, bounds and the reading of environment and JSON.
//!
//! Decides what an option is called, what it is without a word from the host, which values are refused and why, and
//! that code beats the environment (OPT-1): the environment is read when the options are made, setters come after it.
//! Entry points: [`Options::new`], the setters in [`set`], [`Options::from_json`], and for init [`Options::settle`],
//! [`Options::resolve_proxy`] and [`Options::find_ca_bundle`]. May use: `protocol`, `transport`, the standard library
//! and `serde_json`.

mod ca_bundle;
mod choice;
mod crash;
mod environment;
mod json;
mod limit;
mod mode;
mod notice;
mod proxy;
mod set;
mod settle;
mod spool;
mod table;
mod telemetry;
#[cfg(test)]
mod tests_claims;
mod transport;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::capture::attachments::AttachedFile;
use super::capture::hooks::{FeedbackHook, ValueHook};
use crate::base::diagnostics::Outlet;
use crate::protocol::level::Level;
use crate::transport::account::outcome::OutcomeSink;

pub(crate) use ca_bundle::CaSource;
pub(crate) use choice::{Compression, QueueOverflow, level_from_number};
pub(crate) use crash::CrashOptions;
pub(crate) use mode::{
    CacheKeep, CrashReportingMode, CrashUploadMode, HandlerStrategy, MinidumpMode,
};
pub(crate) use notice::Notices;
pub(crate) use set::as_millis;
pub(crate) use settle::lost_of;
pub(crate) use spool::SpoolOptions;
pub(crate) use telemetry::TelemetryOptions;
pub(crate) use transport::{TransportChoice, TransportFactory};

/// `sdk.name` on the wire, unless the host changes it.
pub(crate) const SDK_NAME: &str = "libsentry.native";

/// Name of the worker thread, unless the host changes it.
const TRANSPORT_THREAD_NAME: &str = "sentry-http";

/// The version of this library.
pub(crate) const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The configuration of one client. Fields are named like the options; an empty text counts as unset at init, except
/// for `proxy`.
#[derive(Clone)]
pub(crate) struct Options {
    /// Where events go, as the host wrote it; parsed at init. `None`: nowhere, which is a valid configuration.
    pub(crate) dsn: Option<String>,
    /// Version of the host program.
    pub(crate) release: Option<String>,
    /// Tells builds of one release apart.
    pub(crate) dist: Option<String>,
    /// Deployment the host runs in; `None` leaves the field to the server.
    pub(crate) environment: Option<String>,
    /// Share of events that are sent, 0 to 1.
    pub(crate) sample_rate: f64,
    /// `None`: the environment decides. Empty: no proxy, whatever the environment says.
    pub(crate) proxy: Option<String>,
    /// CA bundle, a file or a directory; `None`: looked for at init.
    pub(crate) ca_certs: Option<PathBuf>,
    /// Most that close and shutdown wait.
    pub(crate) shutdown_timeout: Duration,
    /// Longest a whole request may take; zero: no bound.
    pub(crate) transfer_timeout: Duration,
    /// Diagnostics are written.
    pub(crate) debug: bool,
    /// Least important diagnostics that are written.
    pub(crate) logger_level: Level,
    /// Where diagnostics go.
    pub(crate) logger: Outlet,
    /// `sdk.name`, and the first half of the user agent.
    pub(crate) sdk_name: String,
    /// How many breadcrumbs are kept.
    pub(crate) max_breadcrumbs: usize,
    /// Losses are reported to the server.
    pub(crate) send_client_reports: bool,
    /// Directory for what outlives the process; `None` or empty: everything stays in memory.
    pub(crate) database_path: Option<PathBuf>,

    /// Most envelopes in the queue; `None`: only the bytes are bounded.
    pub(crate) queue_max_items: Option<u64>,
    /// Most bytes in the queue.
    pub(crate) queue_max_bytes: u64,
    /// Which envelope goes when the queue is full.
    pub(crate) queue_overflow: QueueOverflow,
    /// Longest a capture may wait for room; zero: never.
    pub(crate) queue_block_timeout: Duration,
    /// Longest the copies of a durable queue wait to be brought to the disk; zero: as long as the kernel likes.
    pub(crate) queue_sync: Duration,
    /// Longest DNS, TCP and TLS may take together.
    pub(crate) connect_timeout: Duration,
    /// Longest silence of the server once connected.
    pub(crate) read_timeout: Duration,
    /// Attempts after the first, whatever the cause.
    pub(crate) retries: u32,
    /// True if the host said so: then it holds also in an outage.
    pub(crate) are_retries_set: bool,
    /// Attempts after a failed connect; `None`: only the total counts.
    pub(crate) retries_connect: Option<u32>,
    /// Attempts after a connection that broke or fell silent; `None`: only the total counts.
    pub(crate) retries_read: Option<u32>,
    /// Attempts after an HTTP status that may pass; `None`: only the total counts.
    pub(crate) retries_status: Option<u32>,
    /// Redirects that are followed; `None`: only the total counts.
    pub(crate) retries_redirect: Option<u32>,
    /// Base of the back-off between attempts.
    pub(crate) retry_backoff: Duration,
    /// Cap of the back-off, and of a delay the server asks for.
    pub(crate) retry_backoff_max: Duration,
    /// Accepted envelopes survive the death of the host.
    pub(crate) queue_durable: bool,
    /// Most requests at a time.
    pub(crate) max_requests_in_flight: u32,
    /// How request bodies are compressed.
    pub(crate) compression: Compression,
    /// Patterns of exception types, modules and loggers whose events are dropped; `*` stands for any text.
    pub(crate) ignore_errors: Vec<String>,
    /// Least level of a log message that becomes a breadcrumb.
    pub(crate) breadcrumb_level: Level,
    /// Least level of a log message that becomes an event.
    pub(crate) event_level: Level,
    /// Hears what became of each envelope.
    pub(crate) on_outcome: Option<Arc<dyn OutcomeSink>>,
    /// Sees each event before it is sampled and queued.
    pub(crate) before_send: Option<Arc<dyn ValueHook>>,
    /// Sees each breadcrumb before it is kept.
    pub(crate) before_breadcrumb: Option<Arc<dyn ValueHook>>,

    /// Name of the worker thread; `None` or empty: that of the program.
    pub(crate) transport_thread_name: Option<String>,
    /// A session starts with init.
    pub(crate) auto_session_tracking: bool,
    /// Nothing is sent before the user has consented.
    pub(crate) require_user_consent: bool,
    /// What stays on disk.
    pub(crate) spool: SpoolOptions,
    /// What happens when the program crashes.
    pub(crate) crash: CrashOptions,
    /// Traces, logs and metrics.
    pub(crate) telemetry: TelemetryOptions,
    /// Sees each feedback before it is queued.
    pub(crate) before_send_feedback: Option<Arc<dyn FeedbackHook>>,
    /// Files that events carry along.
    pub(crate) attachments: Vec<AttachedFile>,
    /// Most bytes of one attachment; larger ones are left out.
    pub(crate) max_attachment_bytes: u64,
    /// Where envelopes leave the library.
    pub(crate) transport: TransportChoice,

    /// What was not taken as it was given.
    pub(crate) notices: Notices,
}

impl Default for Options {
    /// The defaults alone; the environment is not read.
    fn default() -> Self {
        Self {
            dsn: None,
            release: None,
            dist: None,
            environment: Some("production".to_owned()),
            sample_rate: 1.0,
            proxy: None,
            ca_certs: None,
            shutdown_timeout: Duration::from_secs(2),
            transfer_timeout: Duration::from_secs(30),
            debug: false,
            logger_level: Level::Debug,
            logger: Outlet::default(),
            sdk_name: SDK_NAME.to_owned(),
            max_breadcrumbs: 100,
            send_client_reports: true,
            database_path: Some(PathBuf::from(".sentry-native")),
            queue_max_items: Some(1000),
            queue_max_bytes: 16 * 1024 * 1024,
            queue_overflow: QueueOverflow::DropNewest,
            queue_block_timeout: Duration::ZERO,
            queue_sync: Duration::ZERO,
            connect_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(15),
            retries: 3,
            are_retries_set: false,
            retries_connect: None,
            retries_read: None,
            retries_status: Some(0),
            retries_redirect: Some(0),
            retry_backoff: Duration::from_secs(1),
            retry_backoff_max: Duration::from_secs(60),
            queue_durable: false,
            max_requests_in_flight: 1,
            compression: Compression::default(),
            ignore_errors: Vec::new(),
            breadcrumb_level: Level::Info,
            event_level: Level::Error,
            on_outcome: None,
            before_send: None,
            before_breadcrumb: None,
            transport_thread_name: Some(TRANSPORT_THREAD_NAME.to_owned()),
            auto_session_tracking: true,
            require_user_consent: false,
            spool: SpoolOptions::default(),
            crash: CrashOptions::default(),
            telemetry: TelemetryOptions::default(),
            before_send_feedback: None,
            attachments: Vec::new(),
            max_attachment_bytes: 20 * 1024 * 1024,
            transport: TransportChoice::default(),
            notices: Notices::default(),
        }
    }
}

impl Options {
    /// The defaults, overridden by the environment of the process (OPT-2), which is read here and for proxy and CA
    /// bundle at init, never later (OPT-5).
    pub(crate) fn new() -> Self {
        Self::from_environment(|name| std::env::var_os(name))
    }

    /// `<sdk_name>/<version>`, sent with each request.
    pub(crate) fn user_agent(&self) -> String {
        format!("{}/{SDK_VERSION}", self.sdk_name)
    }
}

/// Shows whether a value is there and not the value: the DSN holds keys, a proxy URL a password.
struct Hidden(bool);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "<set>" } else { "<unset>" })
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("dsn", &Hidden(self.dsn.is_some()))
            .field("release", &self.release)
            .field("dist", &self.dist)
            .field("environment", &self.environment)
            .field("sample_rate", &self.sample_rate)
            .field("proxy", &Hidden(self.proxy.is_some()))
            .field("ca_certs", &self.ca_certs)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .field("transfer_timeout", &self.transfer_timeout)
            .field("debug", &self.debug)
            .field("logger_level", &self.logger_level)
            .field("sdk_name", &self.sdk_name)
            .field("max_breadcrumbs", &self.max_breadcrumbs)
            .field("send_client_reports", &self.send_client_reports)
            .field("database_path", &self.database_path)
            .field("queue_max_items", &self.queue_max_items)
            .field("queue_max_bytes", &self.queue_max_bytes)
            .field("queue_overflow", &self.queue_overflow)
            .field("queue_block_timeout", &self.queue_block_timeout)
            .field("queue_sync", &self.queue_sync)
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("retries", &self.retries)
            .field("retries_connect", &self.retries_connect)
            .field("retries_read", &self.retries_read)
            .field("retries_status", &self.retries_status)
            .field("retries_redirect", &self.retries_redirect)
            .field("retry_backoff", &self.retry_backoff)
            .field("retry_backoff_max", &self.retry_backoff_max)
            .field("queue_durable", &self.queue_durable)
            .field("max_requests_in_flight", &self.max_requests_in_flight)
            .field("compression", &self.compression)
            .field("ignore_errors", &self.ignore_errors)
            .field("breadcrumb_level", &self.breadcrumb_level)
            .field("event_level", &self.event_level)
            .field("on_outcome", &self.on_outcome)
            .field("before_send", &self.before_send)
            .field("before_breadcrumb", &self.before_breadcrumb)
            .field("transport_thread_name", &self.transport_thread_name)
            .field("auto_session_tracking", &self.auto_session_tracking)
            .field("require_user_consent", &self.require_user_consent)
            .field("spool", &self.spool)
            .field("crash", &self.crash)
            .field("telemetry", &self.telemetry)
            .field("before_send_feedback", &self.before_send_feedback)
            .field("attachments", &self.attachments)
            .field("max_attachment_bytes", &self.max_attachment_bytes)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // OPT-3
    #[test]
    fn defaults_are_the_documented_ones() {
        let options = Options::default();
        assert_eq!(options.environment.as_deref(), Some("production"));
        assert_eq!(options.sample_rate, 1.0);
        assert_eq!(options.max_breadcrumbs, 100);
        assert_eq!(options.shutdown_timeout, Duration::from_millis(2000));
        assert_eq!(options.transfer_timeout, Duration::from_millis(30_000));
        assert!(options.send_client_reports);
        assert!(!options.debug);
        assert_eq!(options.queue_max_items, Some(1000));
        assert_eq!(options.queue_max_bytes, 16_777_216);
        assert_eq!(
            (
                options.retries,
                options.retries_connect,
                options.retries_status
            ),
            (3, None, Some(0))
        );
        let mut settled = options.clone();
        settled.settle();
        assert_eq!(format!("{settled:?}"), format!("{options:?}"));
        assert_eq!(settled.notices.count(), 0);
    }

    #[test]
    fn user_agent_follows_the_sdk_name() {
        let mut options = Options::default();
        assert_eq!(
            options.user_agent(),
            format!("libsentry.native/{SDK_VERSION}")
        );
        options.set_sdk_name("app").unwrap();
        assert_eq!(options.user_agent(), format!("app/{SDK_VERSION}"));
    }

    // DSN-10
    #[test]
    fn debug_output_holds_no_secret() {
        let mut options = Options::default();
        options.set_dsn(Some("https://publickey:secretkey@host/1"));
        options.set_proxy(Some("http://user:password@proxy:3128"));
        let shown = format!("{options:?}");
        for secret in ["publickey", "secretkey", "password"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("dsn: <set>"), "{shown}");
    }
}
