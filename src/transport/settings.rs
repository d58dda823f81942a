//! Settings of the transport: where to send, as whom, within which bounds.

use std::time::Duration;

use super::queue::settings::QueueSettings;
use super::wire::certificates::Certificates;
use super::wire::host::Destination;
use super::worker::retry::RetryPolicy;
use super::worker::spool_policy::SpoolPolicy;

/// What a transport is told when it starts, and never again.
#[derive(Clone)]
pub(crate) struct Settings {
    /// Where envelopes leave the library.
    pub(crate) destination: Destination,
    /// Envelope endpoint; empty without a DSN.
    pub(crate) endpoint: String,
    /// Value of `X-Sentry-Auth`.
    pub(crate) auth: String,
    /// Value of `User-Agent`.
    pub(crate) user_agent: String,
    /// Name of the worker thread; empty for the program's own name.
    pub(crate) thread_name: String,
    /// DSN for the envelope header; empty without one.
    pub(crate) dsn: String,
    /// SDK object for the envelope header, as JSON.
    pub(crate) sdk: String,
    /// Proxy URL; empty for none. Never left to libcurl's own look at the environment (OPT-5).
    pub(crate) proxy: String,
    /// Hosts reached without the proxy.
    pub(crate) no_proxy: String,
    /// Trusted certificates.
    pub(crate) certificates: Certificates,
    /// Longest time for name, TCP and TLS.
    pub(crate) connect_timeout: Duration,
    /// Longest silence of a connected server.
    pub(crate) read_timeout: Duration,
    /// Longest time for one request; zero for no limit.
    pub(crate) transfer_timeout: Duration,
    /// Requests side by side.
    pub(crate) max_requests_in_flight: usize,
    /// Compress bodies.
    pub(crate) compress: bool,
    /// Send client reports.
    pub(crate) client_reports: bool,
    /// The worker has no thread of its own and runs on those of the host.
    pub(crate) is_threadless: bool,
    /// Accepted envelopes are to outlive the process.
    pub(crate) is_durable: bool,
    /// Longest their copies wait to be brought to the disk; zero: as long as the kernel likes.
    pub(crate) sync_interval: Duration,
    /// Bounds of the queue.
    pub(crate) queue: QueueSettings,
    /// Retries.
    pub(crate) retry: RetryPolicy,
    /// What goes to disk.
    pub(crate) spool: SpoolPolicy,
}

impl std::fmt::Debug for Settings {
    /// Without the DSN, the auth header and the proxy: they hold secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("destination", &self.destination)
            .field("endpoint", &self.endpoint)
            .field("certificates", &self.certificates)
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("transfer_timeout", &self.transfer_timeout)
            .field("max_requests_in_flight", &self.max_requests_in_flight)
            .field("queue", &self.queue)
            .field("retry", &self.retry)
            .field("spool", &self.spool)
            .finish_non_exhaustive()
    }
}
