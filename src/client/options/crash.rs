//! Crash options: what happens when the program crashes, and how stacks are shown.
//!
//! Entry point: [`CrashOptions`]. May use: `mode`, `client::hooks`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::mode::{CrashReportingMode, CrashUploadMode, HandlerStrategy, MinidumpMode};
use super::{Options, limit};
use crate::client::capture::hooks::{CrashHook, EnvelopeHook};

/// What happens when the program crashes. Fields are named like the options.
#[derive(Clone)]
pub(crate) struct CrashOptions {
    /// Crashes are caught. `false` after the host set no backend.
    pub(crate) backend: bool,
    /// Sees the event of a crash in place of `before_send`.
    pub(crate) on_crash: Option<Arc<dyn CrashHook>>,
    /// Sees what an earlier run left behind when it crashed.
    pub(crate) on_crashed_last_run: Option<Arc<dyn EnvelopeHook>>,
    /// Diagnostics go on after a crash.
    pub(crate) logger_enabled_when_crashed: bool,
    /// Frames get the names of their functions here, not on the server.
    pub(crate) symbolize_stacktraces: bool,
    /// Program that reports crashes from outside.
    pub(crate) handler_path: Option<PathBuf>,
    /// Program that gets the envelope of a crash instead of the server.
    pub(crate) external_crash_reporter_path: Option<PathBuf>,
    /// How much memory a minidump holds.
    pub(crate) minidump_mode: MinidumpMode,
    /// What a crash is reported as.
    pub(crate) crash_reporting_mode: CrashReportingMode,
    /// When a crash is uploaded.
    pub(crate) crash_upload_mode: CrashUploadMode,
    /// When the handlers that were there before ours run.
    pub(crate) handler_strategy: HandlerStrategy,
    /// A watched thread that stands still is reported.
    pub(crate) enable_app_hang_tracking: bool,
    /// How long it has to stand still for that.
    pub(crate) app_hang_timeout: Duration,
}

impl Default for CrashOptions {
    fn default() -> Self {
        Self {
            backend: true,
            on_crash: None,
            on_crashed_last_run: None,
            logger_enabled_when_crashed: true,
            symbolize_stacktraces: false,
            handler_path: None,
            external_crash_reporter_path: None,
            minidump_mode: MinidumpMode::Smart,
            crash_reporting_mode: CrashReportingMode::NativeWithMinidump,
            crash_upload_mode: CrashUploadMode::Sync,
            handler_strategy: HandlerStrategy::Default,
            enable_app_hang_tracking: false,
            app_hang_timeout: Duration::from_secs(5),
        }
    }
}

/// Shortest time after which a thread counts as hanging.
const APP_HANG_LEAST_MS: u64 = 1000;

impl Options {
    /// Sets after how many milliseconds a thread counts as hanging; less than a second becomes a second.
    pub(crate) fn set_app_hang_timeout(&mut self, millis: i128) -> Result<(), String> {
        let millis = limit::APP_HANG_TIMEOUT.check(millis)?;
        self.notices.forget("app_hang_timeout");
        if millis < APP_HANG_LEAST_MS {
            self.notices.add(
                "app_hang_timeout",
                format_args!("{millis} milliseconds are raised to {APP_HANG_LEAST_MS}"),
            );
        }
        self.crash.app_hang_timeout = Duration::from_millis(millis.max(APP_HANG_LEAST_MS));
        Ok(())
    }

    /// Sets by its name in JSON whether crashes are caught.
    pub(crate) fn set_backend(&mut self, name: &str) -> Result<(), String> {
        self.crash.backend = match name {
            "default" => true,
            "none" => false,
            other => {
                return Err(super::choice::refused_name(
                    "backend",
                    other,
                    "\"default\", \"none\"",
                ));
            }
        };
        Ok(())
    }
}

impl std::fmt::Debug for CrashOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reporter = &self.external_crash_reporter_path;
        f.debug_struct("CrashOptions")
            .field("backend", &self.backend)
            .field("on_crash", &self.on_crash)
            .field("on_crashed_last_run", &self.on_crashed_last_run)
            .field("logger_enabled", &self.logger_enabled_when_crashed)
            .field("symbolize_stacktraces", &self.symbolize_stacktraces)
            .field("handler_path", &self.handler_path)
            .field("external_crash_reporter_path", reporter)
            .field("minidump_mode", &self.minidump_mode)
            .field("crash_reporting_mode", &self.crash_reporting_mode)
            .field("crash_upload_mode", &self.crash_upload_mode)
            .field("handler_strategy", &self.handler_strategy)
            .field("enable_app_hang_tracking", &self.enable_app_hang_tracking)
            .field("app_hang_timeout", &self.app_hang_timeout)
            .finish()
    }
}
