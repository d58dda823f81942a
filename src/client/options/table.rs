//! Table: the list of all options that can be written as text, with name, default and reader.
//!
//! Tests compare it with the exported setters and getters, so that none of them can be forgotten, and with what the
//! documents say of each option (`tests_claims`).
//! Entry point: [`TABLE`]. May use: `set`, `choice`.

use std::path::PathBuf;

use super::Options;
use super::choice::{Compression, QueueOverflow, level_from_name};
use super::limit::{self, Limit};
use super::mode::{CacheKeep, CrashReportingMode, CrashUploadMode, HandlerStrategy, MinidumpMode};

use Reader::{Flag, Name, Number, Patterns, Text, Whole};

/// One option: its name and how it is read.
pub(crate) struct Entry {
    /// Its name here and in `sentry_options_set_<name>`.
    pub(crate) name: &'static str,
    /// Its default, as it would be written here.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "kept beside the names for the test that compares")
    )]
    pub(crate) default: &'static str,
    pub(super) reader: Reader,
}

/// What a value must be, and the setter that takes it.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    /// A string; null clears the option.
    Text(fn(&mut Options, Option<&str>)),
    /// A string that must be there.
    Name(fn(&mut Options, &str) -> Result<(), String>),
    /// true or false.
    Flag(fn(&mut Options, bool)),
    /// A whole number of this range.
    Whole(Limit, fn(&mut Options, i128) -> Result<(), String>),
    /// Any number.
    Number(fn(&mut Options, f64) -> Result<(), String>),
    /// A list of strings, or one string with a pattern on each line; null clears the option.
    Patterns,
}

impl Reader {
    /// What is allowed, for the text of a refusal.
    pub(super) fn wanted(self) -> String {
        let wanted = match self {
            Self::Text(_) => "a string or null",
            Self::Name(_) => "a string",
            Self::Flag(_) => "true or false",
            Self::Whole(limit, _) => {
                let range = limit.range();
                return format!("a whole number, without fraction and exponent: {range}");
            }
            Self::Number(_) => "a number",
            Self::Patterns => "a list of strings, a string or null",
        };
        wanted.to_owned()
    }
}

const fn entry(name: &'static str, default: &'static str, reader: Reader) -> Entry {
    Entry {
        name,
        default,
        reader,
    }
}

/// All options that can be written as JSON; callbacks cannot.
pub(crate) const TABLE: &[Entry] = &[
    entry("dsn", "null", Text(Options::set_dsn)),
    entry("sample_rate", "1.0", Number(Options::set_sample_rate)),
    entry("release", "null", Text(Options::set_release)),
    entry(
        "environment",
        "\"production\"",
        Text(Options::set_environment),
    ),
    entry("dist", "null", Text(Options::set_dist)),
    entry("proxy", "null", Text(Options::set_proxy)),
    entry(
        "ca_certs",
        "null",
        Text(|options, path| options.set_ca_certs(path.map(PathBuf::from))),
    ),
    entry(
        "sdk_name",
        "\"libsentry.native\"",
        Name(Options::set_sdk_name),
    ),
    entry("debug", "false", Flag(|options, on| options.debug = on)),
    entry(
        "logger_level",
        "\"debug\"",
        Name(|options, name| {
            options.logger_level = level_from_name("logger_level", name)?;
            Ok(())
        }),
    ),
    entry(
        "max_breadcrumbs",
        "100",
        Whole(limit::MAX_BREADCRUMBS, Options::set_max_breadcrumbs),
    ),
    entry(
        "database_path",
        "\".sentry-native\"",
        Text(|options, path| options.set_database_path(path.map(PathBuf::from))),
    ),
    entry(
        "shutdown_timeout",
        "2000",
        Whole(limit::SHUTDOWN_TIMEOUT, Options::set_shutdown_timeout),
    ),
    entry(
        "transfer_timeout",
        "30000",
        Whole(limit::TRANSFER_TIMEOUT, Options::set_transfer_timeout),
    ),
    entry(
        "send_client_reports",
        "true",
        Flag(|options, on| options.send_client_reports = on),
    ),
    entry(
        "queue_max_items",
        "1000",
        Whole(limit::QUEUE_MAX_ITEMS, Options::set_queue_max_items),
    ),
    entry(
        "queue_max_bytes",
        "16777216",
        Whole(limit::QUEUE_MAX_BYTES, Options::set_queue_max_bytes),
    ),
    entry(
        "queue_overflow",
        "\"drop_newest\"",
        Name(|options, name| {
            options.queue_overflow = QueueOverflow::from_name(name)?;
            Ok(())
        }),
    ),
    entry(
        "queue_block_timeout_ms",
        "0",
        Whole(limit::QUEUE_BLOCK_TIMEOUT, Options::set_queue_block_timeout),
    ),
    entry(
        "queue_sync_ms",
        "0",
        Whole(limit::QUEUE_SYNC, Options::set_queue_sync),
    ),
    entry(
        "connect_timeout_ms",
        "15000",
        Whole(limit::CONNECT_TIMEOUT, Options::set_connect_timeout),
    ),
    entry(
        "read_timeout_ms",
        "15000",
        Whole(limit::READ_TIMEOUT, Options::set_read_timeout),
    ),
    entry("retries", "3", Whole(limit::RETRIES, Options::set_retries)),
    entry(
        "retries_connect",
        "-1",
        Whole(limit::RETRIES_CONNECT, Options::set_retries_connect),
    ),
    entry(
        "retries_read",
        "-1",
        Whole(limit::RETRIES_READ, Options::set_retries_read),
    ),
    entry(
        "retries_status",
        "0",
        Whole(limit::RETRIES_STATUS, Options::set_retries_status),
    ),
    entry(
        "retries_redirect",
        "0",
        Whole(limit::RETRIES_REDIRECT, Options::set_retries_redirect),
    ),
    entry(
        "retry_backoff_ms",
        "1000",
        Whole(limit::RETRY_BACKOFF, Options::set_retry_backoff),
    ),
    entry(
        "retry_backoff_max_ms",
        "60000",
        Whole(limit::RETRY_BACKOFF_MAX, Options::set_retry_backoff_max),
    ),
    entry(
        "queue_durable",
        "false",
        Flag(|options, on| options.queue_durable = on),
    ),
    entry(
        "max_requests_in_flight",
        "1",
        Whole(
            limit::MAX_REQUESTS_IN_FLIGHT,
            Options::set_max_requests_in_flight,
        ),
    ),
    entry(
        "max_attachment_bytes",
        "20971520",
        Whole(
            limit::MAX_ATTACHMENT_BYTES,
            Options::set_max_attachment_bytes,
        ),
    ),
    entry(
        "compression",
        if cfg!(feature = "compression") {
            "\"gzip\""
        } else {
            "\"none\""
        },
        Name(|options, name| {
            options.compression = Compression::from_name(name)?;
            Ok(())
        }),
    ),
    entry("ignore_errors", "null", Patterns),
    entry(
        "breadcrumb_level",
        "\"info\"",
        Name(|options, name| {
            options.breadcrumb_level = level_from_name("breadcrumb_level", name)?;
            Ok(())
        }),
    ),
    entry(
        "event_level",
        "\"error\"",
        Name(|options, name| {
            options.event_level = level_from_name("event_level", name)?;
            Ok(())
        }),
    ),
    entry(
        "transport_thread_name",
        "\"sentry-http\"",
        Text(Options::set_transport_thread_name),
    ),
    entry(
        "auto_session_tracking",
        "true",
        Flag(|options, on| options.auto_session_tracking = on),
    ),
    entry(
        "require_user_consent",
        "false",
        Flag(|options, on| options.require_user_consent = on),
    ),
    entry(
        "cache_keep",
        "\"none\"",
        Name(|options, name| {
            options.spool.cache_keep = CacheKeep::from_name(name)?;
            Ok(())
        }),
    ),
    entry(
        "cache_max_items",
        "30",
        Whole(limit::CACHE_MAX_ITEMS, |options, number| {
            options.spool.set_cache_max_items(number)
        }),
    ),
    entry(
        "cache_max_size",
        "0",
        Whole(limit::CACHE_MAX_SIZE, |options, number| {
            options.spool.set_cache_max_size(number)
        }),
    ),
    entry(
        "cache_max_age",
        "0",
        Whole(limit::CACHE_MAX_AGE, |options, number| {
            options.spool.set_cache_max_age(number)
        }),
    ),
    entry(
        "http_retry",
        "false",
        Flag(|options, on| options.spool.http_retry = on),
    ),
    entry(
        "enable_large_attachments",
        "false",
        Flag(|options, on| options.spool.enable_large_attachments = on),
    ),
    entry("backend", "\"default\"", Name(Options::set_backend)),
    entry(
        "logger_enabled_when_crashed",
        "true",
        Flag(|options, on| options.crash.logger_enabled_when_crashed = on),
    ),
    entry(
        "symbolize_stacktraces",
        "false",
        Flag(|options, on| options.crash.symbolize_stacktraces = on),
    ),
    entry(
        "handler_path",
        "null",
        Text(|options, path| options.crash.handler_path = path.map(PathBuf::from)),
    ),
    entry(
        "external_crash_reporter_path",
        "null",
        Text(|options, path| options.crash.external_crash_reporter_path = path.map(PathBuf::from)),
    ),
    entry(
        "minidump_mode",
        "\"smart\"",
        Name(|options, name| {
            options.crash.minidump_mode = MinidumpMode::from_name(name)?;
            Ok(())
        }),
    ),
    entry(
        "crash_reporting_mode",
        "\"native_with_minidump\"",
        Name(|options, name| {
            options.crash.crash_reporting_mode = CrashReportingMode::from_name(name)?;
            Ok(())
        }),
    ),
    entry(
        "crash_upload_mode",
        "\"sync\"",
        Name(|options, name| {
            options.crash.crash_upload_mode = CrashUploadMode::from_name(name)?;
            Ok(())
        }),
    ),
    entry(
        "handler_strategy",
        "\"default\"",
        Name(|options, name| {
            options.crash.handler_strategy = HandlerStrategy::from_name(name)?;
            Ok(())
        }),
    ),
    entry(
        "enable_app_hang_tracking",
        "false",
        Flag(|options, on| options.crash.enable_app_hang_tracking = on),
    ),
    entry(
        "app_hang_timeout",
        "5000",
        Whole(limit::APP_HANG_TIMEOUT, Options::set_app_hang_timeout),
    ),
    entry(
        "traces_sample_rate",
        "0.0",
        Number(|options, rate| options.telemetry.set_traces_sample_rate(rate)),
    ),
    entry(
        "max_spans",
        "1000",
        Whole(limit::MAX_SPANS, |options, spans| {
            options.telemetry.set_max_spans(spans)
        }),
    ),
    entry(
        "propagate_traceparent",
        "false",
        Flag(|options, on| options.telemetry.propagate_traceparent = on),
    ),
    entry("org_id", "null", Text(Options::set_org_id)),
    entry(
        "strict_trace_continuation",
        "false",
        Flag(|options, on| options.telemetry.strict_trace_continuation = on),
    ),
    entry(
        "enable_logs",
        "true",
        Flag(|options, on| options.telemetry.enable_logs = on),
    ),
    entry(
        "logs_with_attributes",
        "false",
        Flag(|options, on| options.telemetry.logs_with_attributes = on),
    ),
    entry(
        "enable_metrics",
        "true",
        Flag(|options, on| options.telemetry.enable_metrics = on),
    ),
    // Nothing of these platforms is here: accepted, and not kept.
    entry("attach_screenshot", "false", Flag(|_, _| {})),
    entry("attach_session_replay", "false", Flag(|_, _| {})),
    entry("system_crash_reporter_enabled", "false", Flag(|_, _| {})),
    entry("crashpad_wait_for_upload", "false", Flag(|_, _| {})),
    entry(
        "crashpad_limit_stack_capture_to_sp",
        "false",
        Flag(|_, _| {}),
    ),
    entry(
        "session_replay_duration",
        "5000",
        Whole(limit::SESSION_REPLAY_DURATION, |_, millis| {
            limit::SESSION_REPLAY_DURATION.check(millis).map(drop)
        }),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_table_are_the_defaults() {
        for entry in TABLE {
            let mut options = Options::default();
            let value = serde_json::from_str(entry.default).unwrap();
            options.apply(entry, &value).unwrap();
            assert_eq!(
                format!("{options:?}"),
                format!("{:?}", Options::default()),
                "{}",
                entry.name
            );
        }
    }

    /// Setters that take a function or a transport, and one that is another name.
    const WITHOUT_KEY: [&str; 14] = [
        "on_outcome",
        "transport",
        "before_send",
        "before_breadcrumb",
        "before_screenshot",
        "before_send_feedback",
        "before_transaction",
        "before_send_log",
        "before_send_metric",
        "on_crash",
        "on_crashed_last_run",
        "traces_sampler",
        "logger",
        "http_proxy",
    ];
    /// The compatible interface has no getter for these.
    const WITHOUT_GETTER: [&str; 17] = [
        "logger_level",
        "database_path",
        "cache_max_items",
        "cache_max_size",
        "cache_max_age",
        "backend",
        "logger_enabled_when_crashed",
        "handler_path",
        "external_crash_reporter_path",
        "minidump_mode",
        "org_id",
        "attach_screenshot",
        "attach_session_replay",
        "system_crash_reporter_enabled",
        "crashpad_wait_for_upload",
        "crashpad_limit_stack_capture_to_sp",
        "session_replay_duration",
    ];

    #[test]
    fn setters_and_keys_are_the_same_names() {
        let source = exported_source();
        let functions = |prefix: &str| -> Vec<String> {
            let mut names: Vec<String> = source
                .split(prefix)
                .skip(1)
                .map(|rest| {
                    rest.chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                        .collect()
                })
                .collect();
            let all = names.clone();
            names.retain(|name| !all.iter().any(|plain| name == &format!("{plain}_n")));
            names.sort_unstable();
            names
        };
        let setters = functions("extern \"C\" fn sentry_options_set_");
        let getters = functions("extern \"C\" fn sentry_options_get_");
        for name in &setters {
            assert!(
                TABLE.iter().any(|entry| entry.name == name)
                    || WITHOUT_KEY.contains(&name.as_str()),
                "sentry_options_set_{name} has no key in TABLE"
            );
        }
        for entry in TABLE {
            let name = entry.name.to_owned();
            assert!(
                setters.contains(&name),
                "{name} has a key and no function sentry_options_set_{name}"
            );
            assert!(
                getters.contains(&name) || WITHOUT_GETTER.contains(&entry.name),
                "{name} has no function sentry_options_get_{name}"
            );
        }
    }

    /// The text of all files of the C interface.
    fn exported_source() -> String {
        let mut folders = vec![PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/ffi"
        ))];
        let mut source = String::new();
        while let Some(folder) = folders.pop() {
            for file in std::fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    source.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        source
    }
}
