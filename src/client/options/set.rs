//! Set: the setters. Each checks its own value and leaves the option as it was when it refuses; what concerns several
//! options at once is settled at init (`settle`).
//!
//! Entry points: the methods of [`Options`], used by the C setters and by the JSON options alike, so that both refuse
//! the same. Whole numbers arrive as `i128`, see `limit`. May use: `limit`, `choice`.

use std::path::PathBuf;
use std::time::Duration;

use super::{Options, limit};

/// Setters of texts, paths and patterns.
impl Options {
    /// Sets or clears the DSN; it is parsed at init.
    pub(crate) fn set_dsn(&mut self, dsn: Option<&str>) {
        self.dsn = dsn.map(str::to_owned);
        self.notices.forget("dsn");
    }

    /// Drops the DSN because the new one is unusable: events must not go on to the server of the old one.
    pub(crate) fn refuse_dsn(&mut self, reason: &str) -> String {
        self.dsn = None;
        let text = format!("{reason}; nothing is sent without a DSN");
        self.notices.add("dsn", &text);
        format!("dsn: {text}")
    }

    /// Sets or clears the release.
    pub(crate) fn set_release(&mut self, release: Option<&str>) {
        self.release = release.map(str::to_owned);
    }

    /// Sets or clears the build discriminator.
    pub(crate) fn set_dist(&mut self, dist: Option<&str>) {
        self.dist = dist.map(str::to_owned);
    }

    /// Sets or clears the environment.
    pub(crate) fn set_environment(&mut self, environment: Option<&str>) {
        self.environment = environment.map(str::to_owned);
    }

    /// Sets the proxy; empty: none at all, `None`: as the environment says.
    pub(crate) fn set_proxy(&mut self, proxy: Option<&str>) {
        self.proxy = proxy.map(str::to_owned);
    }

    /// Sets or clears the CA bundle; looked at in init.
    pub(crate) fn set_ca_certs(&mut self, path: Option<PathBuf>) {
        self.ca_certs = path;
    }

    /// Sets or clears the name of the worker thread.
    pub(crate) fn set_transport_thread_name(&mut self, name: Option<&str>) {
        self.transport_thread_name = name.map(str::to_owned);
    }

    /// Sets or clears the directory of the spool.
    pub(crate) fn set_database_path(&mut self, path: Option<PathBuf>) {
        self.database_path = path;
    }

    /// Sets the sample rate as the compatible interface does: cut to 0…1, NaN is 1.
    pub(crate) fn set_sample_rate_clamped(&mut self, rate: f64) {
        self.sample_rate = if rate.is_nan() {
            1.0
        } else {
            rate.clamp(0.0, 1.0)
        };
        self.note_share("sample_rate", rate, self.sample_rate);
    }

    /// Notes that a share was brought into its range, and which share is used instead.
    pub(super) fn note_share(&mut self, option: &'static str, given: f64, kept: f64) {
        self.notices.forget(option);
        if limit::check_share(option, given).is_err() {
            let text = format!("{given} is not from 0 to 1 and taken for {kept}");
            self.notices.add(option, text);
        }
    }

    /// Sets the sample rate if it is from 0 to 1.
    pub(crate) fn set_sample_rate(&mut self, rate: f64) -> Result<(), String> {
        limit::check_share("sample_rate", rate)?;
        self.sample_rate = rate;
        self.notices.forget("sample_rate");
        Ok(())
    }

    /// Sets the name of the SDK. It becomes part of request headers, so nothing that could end one is let in.
    pub(crate) fn set_sdk_name(&mut self, name: &str) -> Result<(), String> {
        if name.is_empty() || name.chars().any(char::is_control) {
            let name = limit::shorten(name);
            return Err(format!(
                "sdk_name: \"{name}\" is refused; allowed is any text that is not empty and has no control characters"
            ));
        }
        name.clone_into(&mut self.sdk_name);
        Ok(())
    }

    /// Sets the patterns of `ignore_errors` from one text, a pattern on each line; empty lines do not count.
    pub(crate) fn set_ignore_errors_lines(&mut self, lines: Option<&str>) {
        self.ignore_errors = lines
            .unwrap_or_default()
            .lines()
            .map(str::trim)
            .filter(|pattern| !pattern.is_empty())
            .map(str::to_owned)
            .collect();
    }

    /// Sets the patterns of `ignore_errors`, each for itself.
    pub(crate) fn set_ignore_errors(&mut self, patterns: &[&str]) -> Result<(), String> {
        for pattern in patterns {
            if pattern.trim().is_empty() || pattern.contains(['\n', '\r']) {
                let pattern = limit::shorten(pattern);
                return Err(format!(
                    "ignore_errors: \"{pattern}\" is refused; allowed are patterns of one line that are not empty"
                ));
            }
        }
        self.ignore_errors = patterns
            .iter()
            .map(|pattern| pattern.trim().to_owned())
            .collect();
        Ok(())
    }

    /// The patterns of `ignore_errors` as one text, a pattern on each line; `None` without patterns.
    pub(crate) fn ignore_errors_lines(&self) -> Option<String> {
        (!self.ignore_errors.is_empty()).then(|| self.ignore_errors.join("\n"))
    }
}

/// Setters of whole numbers.
impl Options {
    /// Sets the bound of the queue in envelopes; -1: none.
    pub(crate) fn set_queue_max_items(&mut self, items: i128) -> Result<(), String> {
        self.queue_max_items = limit::QUEUE_MAX_ITEMS.check_optional(items)?;
        Ok(())
    }

    /// Sets the bound of the queue in bytes.
    pub(crate) fn set_queue_max_bytes(&mut self, bytes: i128) -> Result<(), String> {
        self.queue_max_bytes = limit::QUEUE_MAX_BYTES.check(bytes)?;
        Ok(())
    }

    /// Sets how many milliseconds a capture may wait for room.
    pub(crate) fn set_queue_block_timeout(&mut self, millis: i128) -> Result<(), String> {
        self.queue_block_timeout = millis_of(limit::QUEUE_BLOCK_TIMEOUT, millis)?;
        Ok(())
    }

    /// Sets after how many milliseconds the copies of a durable queue are brought to the disk.
    pub(crate) fn set_queue_sync(&mut self, millis: i128) -> Result<(), String> {
        self.queue_sync = millis_of(limit::QUEUE_SYNC, millis)?;
        Ok(())
    }

    /// Sets how many milliseconds a connect may take.
    pub(crate) fn set_connect_timeout(&mut self, millis: i128) -> Result<(), String> {
        self.connect_timeout = millis_of(limit::CONNECT_TIMEOUT, millis)?;
        Ok(())
    }

    /// Sets how many milliseconds the server may be silent.
    pub(crate) fn set_read_timeout(&mut self, millis: i128) -> Result<(), String> {
        self.read_timeout = millis_of(limit::READ_TIMEOUT, millis)?;
        Ok(())
    }

    /// Sets how many milliseconds a request may take; 0: no bound.
    pub(crate) fn set_transfer_timeout(&mut self, millis: i128) -> Result<(), String> {
        self.transfer_timeout = millis_of(limit::TRANSFER_TIMEOUT, millis)?;
        Ok(())
    }

    /// Sets how many milliseconds close and shutdown may wait.
    pub(crate) fn set_shutdown_timeout(&mut self, millis: i128) -> Result<(), String> {
        self.shutdown_timeout = millis_of(limit::SHUTDOWN_TIMEOUT, millis)?;
        Ok(())
    }

    /// Sets the attempts after the first.
    pub(crate) fn set_retries(&mut self, attempts: i128) -> Result<(), String> {
        self.retries = limit::RETRIES.check_u32(attempts)?;
        self.are_retries_set = true;
        Ok(())
    }

    /// Sets the attempts after a failed connect; -1: only the total counts.
    pub(crate) fn set_retries_connect(&mut self, attempts: i128) -> Result<(), String> {
        self.retries_connect = limit::RETRIES_CONNECT.check_optional_u32(attempts)?;
        Ok(())
    }

    /// Sets the attempts after a broken or silent connection; -1: only the total counts.
    pub(crate) fn set_retries_read(&mut self, attempts: i128) -> Result<(), String> {
        self.retries_read = limit::RETRIES_READ.check_optional_u32(attempts)?;
        Ok(())
    }

    /// Sets the attempts after an HTTP status; -1: only the total counts.
    pub(crate) fn set_retries_status(&mut self, attempts: i128) -> Result<(), String> {
        self.retries_status = limit::RETRIES_STATUS.check_optional_u32(attempts)?;
        Ok(())
    }

    /// Sets how many redirects are followed; -1: only the total counts.
    pub(crate) fn set_retries_redirect(&mut self, redirects: i128) -> Result<(), String> {
        self.retries_redirect = limit::RETRIES_REDIRECT.check_optional_u32(redirects)?;
        Ok(())
    }

    /// Sets the base of the back-off in milliseconds.
    pub(crate) fn set_retry_backoff(&mut self, millis: i128) -> Result<(), String> {
        self.retry_backoff = millis_of(limit::RETRY_BACKOFF, millis)?;
        Ok(())
    }

    /// Sets the cap of the back-off in milliseconds.
    pub(crate) fn set_retry_backoff_max(&mut self, millis: i128) -> Result<(), String> {
        self.retry_backoff_max = millis_of(limit::RETRY_BACKOFF_MAX, millis)?;
        Ok(())
    }

    /// Sets how many bytes an attachment may have.
    pub(crate) fn set_max_attachment_bytes(&mut self, bytes: i128) -> Result<(), String> {
        self.max_attachment_bytes = limit::MAX_ATTACHMENT_BYTES.check(bytes)?;
        Ok(())
    }

    /// Sets how many requests may run at a time.
    pub(crate) fn set_max_requests_in_flight(&mut self, requests: i128) -> Result<(), String> {
        self.max_requests_in_flight = limit::MAX_REQUESTS_IN_FLIGHT.check_u32(requests)?;
        Ok(())
    }

    /// Sets how many breadcrumbs are kept; 0: none.
    pub(crate) fn set_max_breadcrumbs(&mut self, breadcrumbs: i128) -> Result<(), String> {
        let most = limit::MAX_BREADCRUMBS.check(breadcrumbs)?;
        self.max_breadcrumbs = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(())
    }
}

fn millis_of(limit: limit::Limit, millis: i128) -> Result<Duration, String> {
    limit.check(millis).map(Duration::from_millis)
}

/// A duration as the C interface shows it; durations above the range of `u64` show as its end.
pub(crate) fn as_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_numbers_leave_the_option_unchanged() {
        let mut options = Options::default();
        assert!(options.set_queue_max_items(0).is_err());
        assert!(options.set_queue_max_bytes(65_535).is_err());
        assert!(options.set_retries(-1).is_err());
        assert!(options.set_connect_timeout(0).is_err());
        assert!(options.set_max_requests_in_flight(33).is_err());
        assert!(options.set_retry_backoff_max(86_400_001).is_err());
        assert_eq!(format!("{options:?}"), format!("{:?}", Options::default()));
    }

    #[test]
    fn minus_one_takes_a_bound_away() {
        let mut options = Options::default();
        options.set_queue_max_items(-1).unwrap();
        assert_eq!(options.queue_max_items, None);
        options.set_retries_status(-1).unwrap();
        assert_eq!(options.retries_status, None);
        options.set_retries_status(5).unwrap();
        assert_eq!(options.retries_status, Some(5));
    }

    #[test]
    fn milliseconds_become_durations() {
        let mut options = Options::default();
        options.set_read_timeout(1).unwrap();
        assert_eq!(options.read_timeout, Duration::from_millis(1));
        options.set_transfer_timeout(0).unwrap();
        assert!(options.transfer_timeout.is_zero());
        options.set_shutdown_timeout(i128::from(u64::MAX)).unwrap();
        assert_eq!(as_millis(options.shutdown_timeout), u64::MAX);
        assert_eq!(as_millis(Duration::MAX), u64::MAX);
    }

    #[test]
    fn sample_rates_are_cut_for_c_and_checked_for_json() {
        let mut options = Options::default();
        for (given, kept) in [
            (f64::NAN, 1.0),
            (-0.5, 0.0),
            (0.25, 0.25),
            (f64::INFINITY, 1.0),
            (f64::NEG_INFINITY, 0.0),
        ] {
            options.set_sample_rate_clamped(given);
            assert_eq!(options.sample_rate, kept, "{given}");
            let is_in_range = (0.0..=1.0).contains(&given);
            assert_eq!(options.notices.count(), u64::from(!is_in_range), "{given}");
        }
        for wrong in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert!(options.set_sample_rate(wrong).is_err(), "{wrong}");
        }
        options.set_sample_rate(1.0).unwrap();
        assert_eq!(options.sample_rate, 1.0);
    }

    #[test]
    fn an_unusable_dsn_does_not_leave_the_old_one_in_place() {
        let mut options = Options::default();
        options.set_dsn(Some("https://key@old/1"));
        let text = options.refuse_dsn("no UTF-8");
        assert_eq!(options.dsn, None);
        assert_eq!(options.notices.lines().collect::<Vec<_>>(), [text]);
        options.set_dsn(Some("https://key@new/1"));
        assert_eq!(options.notices.count(), 0);
    }

    #[test]
    fn sdk_names_cannot_break_a_header() {
        let mut options = Options::default();
        for wrong in ["", "a\r\nx-evil: 1", "a\0"] {
            assert!(options.set_sdk_name(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(options.sdk_name, crate::client::options::SDK_NAME);
    }

    #[test]
    fn ignore_errors_is_one_pattern_a_line_and_leads_back() {
        let mut options = Options::default();
        assert_eq!(options.ignore_errors_lines(), None);
        options.set_ignore_errors_lines(Some("net::*\r\n\n  Timeout \n"));
        assert_eq!(options.ignore_errors, ["net::*", "Timeout"]);
        assert_eq!(
            options.ignore_errors_lines().as_deref(),
            Some("net::*\nTimeout")
        );
        assert!(options.set_ignore_errors(&["a\nb"]).is_err());
        assert!(options.set_ignore_errors(&["ok", " "]).is_err());
        assert_eq!(options.ignore_errors, ["net::*", "Timeout"]);
        options.set_ignore_errors(&["a*", "b"]).unwrap();
        assert_eq!(options.ignore_errors, ["a*", "b"]);
        options.set_ignore_errors_lines(None);
        assert!(options.ignore_errors.is_empty());
    }
}
