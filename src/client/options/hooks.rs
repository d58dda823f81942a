//! Hooks: the functions that a host sets to see what is captured. When and how they are called says `capture::hooks`.
//!
//! Entry points: one trait for each signature. May use: `value`, `protocol`, `telemetry`, and the attachments that a hint is.

use crate::base::debug::named_in_debug;
use crate::client::capture::attachments::Attachments;
use crate::protocol::envelope::Envelope;
use crate::telemetry::context::TransactionContext;
use crate::value::tree::Value;

/// A function of the host that gets a value and gives one back; null drops it.
pub(crate) trait ValueHook: Send + Sync {
    /// Calls it.
    fn call(&self, value: Value) -> Value;
}

named_in_debug!(ValueHook);

/// What the system told about a crash: addresses of its structures, which are valid until the hook returns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CrashSite {
    /// Number of the signal.
    pub(crate) signal: i32,
    /// Of its `siginfo_t`.
    pub(crate) siginfo: usize,
    /// Of its `ucontext_t`.
    pub(crate) context: usize,
}

/// A function of the host that gets the event of a crash and gives one back; null drops it.
pub(crate) trait CrashHook: Send + Sync {
    /// Calls it.
    #[expect(dead_code, reason = "crashes are not caught yet")]
    fn call(&self, site: CrashSite, event: Value) -> Value;
}

named_in_debug!(CrashHook);

/// A function of the host that looks at an envelope.
pub(crate) trait EnvelopeHook: Send + Sync {
    /// Calls it.
    #[expect(dead_code, reason = "what a crashed run left is not found yet")]
    fn call(&self, envelope: Envelope);
}

named_in_debug!(EnvelopeHook);

/// A function of the host that answers at which rate a transaction is sent.
pub(crate) trait TracesSampler: Send + Sync {
    /// Calls it with what the transaction starts with, what the host added to that, and what the program before decided.
    fn call(&self, context: &TransactionContext, custom: &Value, parent: Option<bool>) -> f64;
}

named_in_debug!(TracesSampler);

/// As [`ValueHook`], for feedback, with the hint it came with.
pub(crate) trait FeedbackHook: Send + Sync {
    /// Calls it; it may attach to `hint`.
    fn call(&self, feedback: Value, hint: &Attachments) -> Value;
}

named_in_debug!(FeedbackHook);
