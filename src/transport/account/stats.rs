//! Statistics: one consistent copy of all figures, for the host.

use super::counts::CategoryCounts;
use crate::protocol::category::Category;
use crate::transport::queue::budget::Usage;

/// All figures, as they were at one instant.
#[derive(Debug, Clone)]
pub(crate) struct Stats {
    /// Accepted and not yet settled.
    pub(crate) usage: Usage,
    /// The most that ever was.
    pub(crate) peak: Usage,
    /// Requests made.
    pub(crate) requests: u64,
    /// Requests without an answer.
    pub(crate) requests_failed: u64,
    /// Requests that repeated an earlier attempt.
    pub(crate) retries: u64,
    /// Bytes of request bodies.
    pub(crate) bytes_sent: u64,
    /// Client reports that arrived.
    pub(crate) reports_sent: u64,
    /// Envelopes written to disk.
    pub(crate) files_written: u64,
    /// Their bytes.
    pub(crate) file_bytes_written: u64,
    /// Requests under way.
    pub(crate) requests_in_flight: u32,
    /// True while the last attempt got no answer.
    pub(crate) is_unreachable: bool,
    /// True if a database was wanted and cannot be used.
    pub(crate) is_database_unusable: bool,
    /// Status of the last answer; 0 before the first.
    pub(crate) last_status: i32,
    /// Why the last failed request failed.
    pub(crate) last_error: String,
    /// The books, by [`Category::index`]; the identity of the ledger holds within each row.
    pub(crate) categories: [CategoryCounts; Category::COUNT],
}
