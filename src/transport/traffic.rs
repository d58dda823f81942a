//! Traffic: figures about requests and files, for the host.
//!
//! Only the number of requests under way is looked at by the library itself: when a flush or a shutdown begins to wait.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use crate::base::lock::lock;
use crate::store::spool::Written;

/// Counts of requests and files. Each is read for itself; they need not agree at one instant.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Requests made.
    pub(crate) requests: AtomicU64,
    /// Requests without an answer.
    pub(crate) failed: AtomicU64,
    /// Requests that repeated an earlier attempt.
    pub(crate) retries: AtomicU64,
    /// Bytes of bodies handed to libcurl.
    pub(crate) bytes: AtomicU64,
    /// Client reports the server has.
    pub(crate) reports: AtomicU64,
    /// Envelopes written to disk.
    pub(crate) files_written: AtomicU64,
    /// Their bytes.
    pub(crate) file_bytes_written: AtomicU64,
    /// Requests under way.
    pub(crate) in_flight: AtomicU32,
    /// 1 while the last attempt got no answer.
    pub(crate) unreachable: AtomicU32,
    /// Status of the last answer; 0 before the first.
    pub(crate) last_status: AtomicI32,
    /// Why the last failed request failed.
    pub(crate) last_error: Mutex<String>,
}

impl Traffic {
    /// Counts what was written.
    pub(crate) fn note_written(&self, written: Written) {
        self.files_written
            .fetch_add(written.files, Ordering::Relaxed);
        self.file_bytes_written
            .fetch_add(written.bytes, Ordering::Relaxed);
    }

    /// Records a request that got no answer.
    pub(crate) fn note_failure(&self, detail: &str) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.unreachable.store(1, Ordering::Relaxed);
        detail.clone_into(&mut lock(&self.last_error));
    }

    /// Records an answer.
    pub(crate) fn note_answer(&self, status: u16) {
        self.unreachable.store(0, Ordering::Relaxed);
        self.last_status.store(i32::from(status), Ordering::Relaxed);
    }
}
