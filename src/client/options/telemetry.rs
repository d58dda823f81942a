//! Telemetry options: traces, logs and metrics.
//!
//! Entry point: [`TelemetryOptions`]. May use: `client::hooks`.

use std::sync::Arc;

use super::Options;
use super::limit;
use crate::client::capture::hooks::ValueHook;

/// Traces, logs and metrics. Fields are named like the options.
#[derive(Clone)]
pub(crate) struct TelemetryOptions {
    /// Share of transactions that are sent, 0 to 1.
    pub(crate) traces_sample_rate: f64,
    /// Most finished spans a transaction holds.
    pub(crate) max_spans: usize,
    /// Outgoing requests carry the header `traceparent` as well.
    pub(crate) propagate_traceparent: bool,
    /// Organisation of the project, if it is not the one in the host of the DSN.
    pub(crate) org_id: Option<String>,
    /// A trace goes on only if both sides name the same organisation.
    pub(crate) strict_trace_continuation: bool,
    /// Sees each transaction before it is queued.
    pub(crate) before_transaction: Option<Arc<dyn ValueHook>>,
    /// Logs are sent.
    pub(crate) enable_logs: bool,
    /// The first variable argument of a log call is an object of attributes.
    pub(crate) logs_with_attributes: bool,
    /// Sees each log before it is queued.
    pub(crate) before_send_log: Option<Arc<dyn ValueHook>>,
    /// Metrics are sent.
    pub(crate) enable_metrics: bool,
    /// Sees each metric before it is queued.
    pub(crate) before_send_metric: Option<Arc<dyn ValueHook>>,
}

impl Default for TelemetryOptions {
    fn default() -> Self {
        Self {
            traces_sample_rate: 0.0,
            max_spans: 1000,
            propagate_traceparent: false,
            org_id: None,
            strict_trace_continuation: false,
            before_transaction: None,
            enable_logs: true,
            logs_with_attributes: false,
            before_send_log: None,
            enable_metrics: true,
            before_send_metric: None,
        }
    }
}

impl Options {
    /// Sets the share of transactions as the compatible interface does: cut to 0…1, NaN is 0.
    pub(crate) fn set_traces_sample_rate_clamped(&mut self, rate: f64) {
        let kept = if rate.is_nan() {
            0.0
        } else {
            rate.clamp(0.0, 1.0)
        };
        self.telemetry.traces_sample_rate = kept;
        self.note_share("traces_sample_rate", rate, kept);
    }

    /// Sets or clears the organisation.
    pub(crate) fn set_org_id(&mut self, org_id: Option<&str>) {
        self.telemetry.org_id = org_id.map(str::to_owned);
    }
}

impl TelemetryOptions {
    /// Sets the share of transactions if it is from 0 to 1.
    pub(crate) fn set_traces_sample_rate(&mut self, rate: f64) -> Result<(), String> {
        limit::check_share("traces_sample_rate", rate)?;
        self.traces_sample_rate = rate;
        Ok(())
    }

    /// Sets how many finished spans a transaction holds.
    pub(crate) fn set_max_spans(&mut self, spans: i128) -> Result<(), String> {
        let most = limit::MAX_SPANS.check(spans)?;
        self.max_spans = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(())
    }
}

impl std::fmt::Debug for TelemetryOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TelemetryOptions")
            .field("traces_sample_rate", &self.traces_sample_rate)
            .field("max_spans", &self.max_spans)
            .field("propagate_traceparent", &self.propagate_traceparent)
            .field("org_id", &self.org_id)
            .field("strict_trace_continuation", &self.strict_trace_continuation)
            .field("before_transaction", &self.before_transaction)
            .field("enable_logs", &self.enable_logs)
            .field("logs_with_attributes", &self.logs_with_attributes)
            .field("before_send_log", &self.before_send_log)
            .field("enable_metrics", &self.enable_metrics)
            .field("before_send_metric", &self.before_send_metric)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_sample_rates_are_cut_for_c_and_checked_for_json() {
        let mut all = Options::default();
        for (given, kept) in [(f64::NAN, 0.0), (-1.0, 0.0), (0.25, 0.25), (7.0, 1.0)] {
            all.set_traces_sample_rate_clamped(given);
            assert_eq!(all.telemetry.traces_sample_rate, kept, "{given}");
            assert_eq!(all.notices.count(), u64::from(given != 0.25), "{given}");
        }
        let mut options = TelemetryOptions::default();
        options.set_traces_sample_rate(0.5).unwrap();
        for wrong in [f64::NAN, -0.1, 1.1] {
            let text = options.set_traces_sample_rate(wrong).unwrap_err();
            assert!(text.starts_with("traces_sample_rate: "), "{text}");
        }
        assert_eq!(options.traces_sample_rate, 0.5);
    }
}
