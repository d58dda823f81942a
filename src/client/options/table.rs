//! Table: all options, one row for each, with name, field, default, kind, limits, unit and variable of the environment.
//!
//! The struct [`Options`] is made of it. JSON, the environment, the functions of the C interface, refusals and the test of
//! the documents go by the rows. `definition` says how a row is written.
//! Entry points: [`Options`], [`TABLE`], and a static for each row, named like the option. May use: `definition`, `choice`, `limit`, `hooks`,
//! `notice`, and of `transport` what the host hands over.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::choice::{
    BEST_COMPRESSION, Backend, COMPRESSION, CacheKeep, Choice, Compression, CrashReportingMode,
    CrashUploadMode, HandlerStrategy, LEVELS, MinidumpMode, QueueOverflow,
};
use super::definition::{Whole, as_millis, kind, options, place};
use super::hooks::{CrashHook, EnvelopeHook, FeedbackHook, TracesSampler, ValueHook};
use super::limit::{Limit, limit};
use super::notice::Notices;
use crate::base::debug::named_in_debug;
use crate::base::diagnostics::Outlet;
use crate::protocol::level::Level;
use crate::transport::account::outcome::OutcomeSink;
use crate::transport::wire::host::Destination;

/// `sdk.name` on the wire, unless the host changes it.
pub(crate) const SDK_NAME: &str = "libsentry.native";

/// What -1 means for the causes of retries.
const ONLY_TOTAL: &str = "only the total counts";

options! {
    /// The configuration of one client. Fields are named like the options; an empty text counts as unset at init, except for
    /// `proxy`.
    kept {
        /// Where events go, as the host wrote it; parsed at init. `None`: nowhere, which is a valid configuration.
        dsn: Option<String> = None,
            as dsn { variable: Some("SENTRY_DSN"), is_secret: true };
        /// Version of the host program.
        release: Option<String> = None,
            as text { variable: Some("SENTRY_RELEASE") };
        /// Deployment the host runs in; `None` leaves the field to the server.
        environment: Option<String> = Some("production".to_owned()),
            as text { variable: Some("SENTRY_ENVIRONMENT") };
        /// Tells builds of one release apart.
        dist: Option<String> = None, as text;
        /// Share of events that are sent, 0 to 1.
        sample_rate: f64 = 1.0,
            as share(1.0) { variable: Some("SENTRY_SAMPLE_RATE") };
        /// How long repeats of an error are counted rather than sent; zero: never. More than a day would hide it.
        dedupe_window: Duration = Duration::ZERO,
            as millis(limit(0, 86_400_000, "milliseconds")) { name: "dedupe_window_ms" };
        /// Patterns of exception types, modules and loggers whose events are dropped; `*` stands for any text.
        ignore_errors: Vec<String> = Vec::new(), as patterns;
        /// How many breadcrumbs are kept.
        max_breadcrumbs: usize = 100,
            as whole(limit(0, usize::MAX as u64, "breadcrumbs"));
        /// Least level of a log message that becomes a breadcrumb.
        breadcrumb_level: Level = Level::Info, as choice(LEVELS);
        /// Least level of a log message that becomes an event.
        event_level: Level = Level::Error, as choice(LEVELS);
        /// Most bytes of one attachment; larger ones are left out. The compatible interface reads no more of a file.
        max_attachment_bytes: u64 = 20 * 1024 * 1024,
            as whole(limit(1, 512 * 1024 * 1024, "bytes"));
        /// `sdk.name`, and the first half of the user agent.
        sdk_name: String = SDK_NAME.to_owned(), as header_text;
        /// Losses are reported to the server.
        send_client_reports: bool = true, as flag;

        /// Most envelopes in the queue; `None`: only the bytes are bounded. Ten million is more than any host should hold.
        queue_max_items: Option<u64> = Some(1000),
            as whole(limit(1, 10_000_000, "envelopes").or(-1, "no bound but the bytes"));
        /// Most bytes in the queue. At least one ordinary event must fit; a terabyte is beyond any host.
        queue_max_bytes: u64 = 16 * 1024 * 1024,
            as whole(limit(64 * 1024, (1 << 40) - 1, "bytes"));
        /// Which envelope goes when the queue is full.
        queue_overflow: QueueOverflow = QueueOverflow::DropNewest, as choice(QueueOverflow::CHOICE);
        /// Longest a capture may wait for room; zero: never. More than a minute is a hanging host.
        queue_block_timeout: Duration = Duration::ZERO,
            as millis(limit(0, 60_000, "milliseconds")) { name: "queue_block_timeout_ms" };
        /// Accepted envelopes survive the death of the host.
        queue_durable: bool = false, as flag;
        /// Longest the copies of a durable queue wait to be brought to the disk; zero: as long as the kernel likes. More than
        /// an hour is hardly a sync at all.
        queue_sync: Duration = Duration::ZERO,
            as millis(limit(0, 3_600_000, "milliseconds")) { name: "queue_sync_ms" };

        /// The library starts no thread to send; the host runs its work with `sentry_poll`.
        threadless: bool = false, as flag;
        /// Longest DNS, TCP and TLS may take together. 0 would be no time-out to libcurl.
        connect_timeout: Duration = Duration::from_secs(15),
            as millis(limit(1, 600_000, "milliseconds")) { name: "connect_timeout_ms" };
        /// Longest silence of the server once connected. 0 would be no time-out to libcurl.
        read_timeout: Duration = Duration::from_secs(15),
            as millis(limit(1, 600_000, "milliseconds")) { name: "read_timeout_ms" };
        /// Longest a whole request may take; zero: no bound. The compatible interface refuses no number.
        transfer_timeout: Duration = Duration::from_secs(30),
            as millis(limit(0, u64::MAX, "milliseconds"));
        /// Most that close and shutdown wait. The compatible interface refuses no number.
        shutdown_timeout: Duration = Duration::from_secs(2),
            as millis(limit(0, u64::MAX, "milliseconds"));
        /// Attempts after the first, whatever the cause. A thousand with the largest back-off are years.
        retries: u32 = 3,
            as whole(limit(0, 1000, "attempts")) { then: |options| options.are_retries_set = true };
        /// Attempts after a failed connect; `None`: only the total counts.
        retries_connect: Option<u32> = None,
            as whole(limit(0, 1000, "attempts").or(-1, ONLY_TOTAL));
        /// Attempts after a connection that broke or fell silent; `None`: only the total counts.
        retries_read: Option<u32> = None,
            as whole(limit(0, 1000, "attempts").or(-1, ONLY_TOTAL));
        /// Attempts after an HTTP status that may pass; `None`: only the total counts.
        retries_status: Option<u32> = Some(0),
            as whole(limit(0, 1000, "attempts").or(-1, ONLY_TOTAL));
        /// Redirects that are followed; `None`: only the total counts.
        retries_redirect: Option<u32> = Some(0),
            as whole(limit(0, 1000, "redirects").or(-1, ONLY_TOTAL));
        /// Base of the back-off between attempts. 0 would retry in a tight loop.
        retry_backoff: Duration = Duration::from_secs(1),
            as millis(limit(1, 3_600_000, "milliseconds")) { name: "retry_backoff_ms" };
        /// Cap of the back-off, and of a delay the server asks for; a day at most.
        retry_backoff_max: Duration = Duration::from_secs(60),
            as millis(limit(1, 86_400_000, "milliseconds")) { name: "retry_backoff_max_ms" };
        /// Most requests at a time. More than 32 streams gain nothing on one connection.
        max_requests_in_flight: u32 = 1, as whole(limit(1, 32, "requests"));
        /// How request bodies are compressed.
        compression: Compression = BEST_COMPRESSION, as choice(COMPRESSION);
        /// `None`: the environment decides. Empty: no proxy, whatever the environment says.
        proxy: Option<String> = None, as text { is_secret: true };
        /// Name of the worker thread; `None` or empty: that of the program.
        transport_thread_name: Option<String> = Some("sentry-http".to_owned()), as text;
        /// CA bundle, a file or a directory; `None`: looked for at init.
        ca_certs: Option<PathBuf> = None, as path;

        /// A session starts with init.
        auto_session_tracking: bool = true, as flag;
        /// Nothing is sent before the user has consented.
        require_user_consent: bool = false, as flag;
        /// Which envelopes stay on disk as copies.
        cache_keep: CacheKeep = CacheKeep::None, as choice(CacheKeep::CHOICE);
        /// How many envelopes stay on disk; `None`: any number.
        cache_max_items: Option<u64> = Some(30),
            as whole(limit(1, u64::MAX, "envelopes").or(0, "no bound"));
        /// How many bytes of them stay; `None`: any number.
        cache_max_size: Option<u64> = None,
            as whole(limit(1, u64::MAX, "bytes").or(0, "no bound"));
        /// How long they stay, at most what `time_t` holds; `None`: for ever.
        cache_max_age: Option<Duration> = None,
            as seconds(limit(1, i64::MAX as u64, "seconds").or(0, "for ever"));
        /// What could not be sent is tried again, also by later runs.
        http_retry: bool = false, as flag;
        /// Attachments of more than 100 MiB are sent for themselves.
        enable_large_attachments: bool = false, as flag;

        /// What catches crashes.
        backend: Backend = Backend::Default, as choice(Backend::CHOICE);
        /// Diagnostics go on after a crash.
        logger_enabled_when_crashed: bool = true, as flag;
        /// Frames get the names of their functions here, not on the server.
        symbolize_stacktraces: bool = false, as flag;
        /// Program that reports crashes from outside.
        handler_path: Option<PathBuf> = None, as path;
        /// Program that gets the envelope of a crash instead of the server.
        external_crash_reporter_path: Option<PathBuf> = None, as path;
        /// How much memory a minidump holds.
        minidump_mode: MinidumpMode = MinidumpMode::Smart, as choice(MinidumpMode::CHOICE);
        /// What a crash is reported as.
        crash_reporting_mode: CrashReportingMode = CrashReportingMode::NativeWithMinidump,
            as choice(CrashReportingMode::CHOICE);
        /// When a crash is uploaded.
        crash_upload_mode: CrashUploadMode = CrashUploadMode::Sync,
            as choice(CrashUploadMode::CHOICE);
        /// When the handlers that were there before ours run.
        handler_strategy: HandlerStrategy = HandlerStrategy::Default,
            as choice(HandlerStrategy::CHOICE);
        /// A watched thread that stands still is reported.
        enable_app_hang_tracking: bool = false, as flag;
        /// How long it has to stand still for that. The compatible interface refuses no number, and raises small ones.
        app_hang_timeout: Duration = Duration::from_secs(5),
            as millis(limit(0, u64::MAX, "milliseconds")) { then: Options::raise_app_hang_timeout };

        /// Share of transactions that are sent, 0 to 1.
        traces_sample_rate: f64 = 0.0,
            as share(0.0) {
                variable: Some("SENTRY_TRACES_SAMPLE_RATE"),
                then: |options| options.is_traces_sample_rate_set = true
            };
        /// Most finished spans a transaction holds.
        max_spans: usize = 1000, as whole(limit(0, usize::MAX as u64, "spans"));
        /// Outgoing requests carry the header `traceparent` as well.
        propagate_traceparent: bool = false, as flag;
        /// Organisation of the project, if it is not the one in the host of the DSN.
        org_id: Option<String> = None, as text;
        /// A trace goes on only if both sides name the same organisation.
        strict_trace_continuation: bool = false, as flag;
        /// Logs are sent.
        enable_logs: bool = true, as flag;
        /// The first variable argument of a log call is an object of attributes.
        logs_with_attributes: bool = false, as flag;
        /// Lines of log messages are sent as logs besides.
        send_log_messages: bool = false, as flag;
        /// Metrics are sent.
        enable_metrics: bool = true, as flag;

        /// Diagnostics are written.
        debug: bool = false,
            as flag { variable: Some("SENTRY_DEBUG") };
        /// Least important diagnostics that are written.
        logger_level: Level = Level::Debug, as choice(LEVELS);
        /// Directory for what outlives the process; `None` or empty: everything stays in memory.
        database_path: Option<PathBuf> = Some(PathBuf::from(".sentry-native")), as path;
    }

    // What only other platforms have: accepted, and not kept.
    unkept {
        attach_screenshot = false, as unkept_flag;
        attach_session_replay = false, as unkept_flag;
        session_replay_duration = 5000, as unkept_whole(limit(0, u32::MAX as u64, "milliseconds"));
        system_crash_reporter_enabled = false, as unkept_flag;
        crashpad_wait_for_upload = false, as unkept_flag;
        crashpad_limit_stack_capture_to_sp = false, as unkept_flag;
    }

    // What cannot be written as text.
    others {
        /// True if the host set `retries`: then they hold also in an outage.
        are_retries_set: bool = false;
        /// True if `traces_sample_rate` was set: a rate of 0 is a decision, and none leaves it to others.
        is_traces_sample_rate_set: bool = false;
        /// Decides for each transaction at which rate it is sent.
        traces_sampler: Option<Arc<dyn TracesSampler>> = None;
        /// Where diagnostics go.
        logger: Outlet = Outlet::default();
        /// Where envelopes leave the library.
        transport: TransportChoice = TransportChoice::default();
        /// Files that events carry along.
        attachments: Vec<AttachedFile> = Vec::new();
        /// Hears what became of each envelope.
        on_outcome: Option<Arc<dyn OutcomeSink>> = None;
        /// Sees each event before it is sampled and queued.
        before_send: Option<Arc<dyn ValueHook>> = None;
        /// Sees each breadcrumb before it is kept.
        before_breadcrumb: Option<Arc<dyn ValueHook>> = None;
        /// Sees each feedback before it is queued.
        before_send_feedback: Option<Arc<dyn FeedbackHook>> = None;
        /// Sees each transaction before it is queued.
        before_transaction: Option<Arc<dyn ValueHook>> = None;
        /// Sees each log before it is queued.
        before_send_log: Option<Arc<dyn ValueHook>> = None;
        /// Sees each metric before it is queued.
        before_send_metric: Option<Arc<dyn ValueHook>> = None;
        /// Sees the event of a crash in place of `before_send`.
        on_crash: Option<Arc<dyn CrashHook>> = None;
        /// Sees what an earlier run left behind when it crashed.
        on_crashed_last_run: Option<Arc<dyn EnvelopeHook>> = None;
        /// What was not taken as it was given.
        notices: Notices = Notices::default();
    }
}

/// One option.
pub(crate) struct Row {
    /// Its name here, in JSON, and in `sentry_options_set_<name>`.
    pub(crate) name: &'static str,
    /// What its value must be, and where it is kept.
    pub(super) kind: Kind,
    /// The variable of the environment that it falls back to.
    pub(super) variable: Option<&'static str>,
    /// Its value holds keys or a password, and is not to be shown.
    pub(super) is_secret: bool,
    /// What else happens when it was set.
    pub(super) then: fn(&mut Options),
}

impl Row {
    /// An option of which there is nothing more to say.
    pub(super) const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            variable: None,
            is_secret: false,
            then: |_| {},
        }
    }

    /// True if its text must be UTF-8.
    pub(crate) const fn is_strict(&self) -> bool {
        matches!(self.kind, Kind::Dsn(_))
    }
}

/// What the value of an option must be, and where it is kept.
pub(super) enum Kind {
    /// A text, or none.
    Text(Place<Option<String>>),
    /// As a text, in UTF-8: a wrong letter in it would send events to another server, so one that cannot be read is unset.
    Dsn(Place<Option<String>>),
    /// A path in bytes of the file system, or none.
    Path(Place<Option<PathBuf>>),
    /// A text that must be there, and becomes part of request headers.
    HeaderText(Place<String>),
    /// A list of texts, or one text with a pattern on each line.
    Patterns(Place<Vec<String>>),
    /// Yes or no.
    Flag(Access<bool>),
    /// From 0 to 1, and what stands for "not a number".
    Share(f64, Access<f64>),
    /// A whole number of this range; none for no bound.
    Whole(Limit, Access<Option<u64>>),
    /// One of a few ways, by its number.
    Choice(&'static Choice, Access<i32>),
}

/// Where a value is kept that can be borrowed.
pub(super) struct Place<T> {
    pub(super) get: fn(&Options) -> &T,
    pub(super) get_mut: fn(&mut Options) -> &mut T,
}

/// How a value is copied from and to its field.
pub(super) struct Access<T> {
    pub(super) get: fn(&Options) -> T,
    pub(super) set: fn(&mut Options, T),
}

impl Kind {
    /// What is allowed, for the text of a refusal.
    pub(super) fn wanted(&self) -> String {
        let wanted = match self {
            Self::Text(_) | Self::Dsn(_) | Self::Path(_) => "a string or null",
            Self::HeaderText(_) | Self::Choice(..) => "a string",
            Self::Flag(_) => "true or false",
            Self::Whole(limit, _) => {
                let range = limit.range();
                return format!("a whole number, without fraction and exponent: {range}");
            }
            Self::Share(..) => "a number",
            Self::Patterns(_) => "a list of strings, a string or null",
        };
        wanted.to_owned()
    }
}

/// Whether envelopes leave through libcurl, through something of the host, or not at all.
#[derive(Debug, Clone, Default)]
pub(crate) enum TransportChoice {
    /// Through libcurl.
    #[default]
    BuiltIn,
    /// Through what the host brings along.
    Own(Arc<dyn TransportFactory>),
    /// Nowhere: everything is discarded.
    Nowhere,
}

/// A transport or HTTP client of the host that has not been started.
pub(crate) trait TransportFactory: Send + Sync {
    /// Starts it, in init and on its thread; an error is what the host answered.
    fn start(self: Arc<Self>, options: &Options) -> Result<Destination, i32>;
}

named_in_debug!(TransportFactory);

impl TransportChoice {
    /// Opens it: the host's start function runs here.
    pub(crate) fn open(&self, options: &Options) -> Result<Destination, i32> {
        match self {
            Self::BuiltIn => Ok(Destination::Curl),
            Self::Own(own) => Arc::clone(own).start(options),
            Self::Nowhere => Ok(Destination::Nowhere),
        }
    }
}

/// A file that events carry along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttachedFile {
    /// Where it lies, as the host wrote it.
    pub(crate) path: PathBuf,
    /// Its kind.
    pub(crate) kind: Option<&'static str>,
}
