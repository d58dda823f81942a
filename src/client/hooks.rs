//! Hooks: functions of the host that see, change or drop what is captured. They run on the capturing thread, without
//! any lock of ours held (PIPE-11).

use super::attachments::Attachments;
use crate::base::callout::{self, Kind};
use crate::protocol::envelope::Envelope;
use crate::value::dynamic::Value;

/// A function of the host that gets a value and gives one back; null drops it.
pub(crate) trait ValueHook: Send + Sync + std::fmt::Debug {
    /// Calls it.
    fn call(&self, value: Value) -> Value;
}

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
pub(crate) trait CrashHook: Send + Sync + std::fmt::Debug {
    /// Calls it.
    #[expect(dead_code, reason = "crashes are not caught yet")]
    fn call(&self, site: CrashSite, event: Value) -> Value;
}

/// A function of the host that looks at an envelope.
pub(crate) trait EnvelopeHook: Send + Sync + std::fmt::Debug {
    /// Calls it.
    #[expect(dead_code, reason = "what a crashed run left is not found yet")]
    fn call(&self, envelope: Envelope);
}

/// As [`ValueHook`], for feedback, with the hint it came with.
pub(crate) trait FeedbackHook: Send + Sync + std::fmt::Debug {
    /// Calls it; it may attach to `hint`.
    fn call(&self, feedback: Value, hint: &Attachments) -> Value;
}

/// Calls `hook`; null if it dropped the value, or if it is inside of itself too often. What a hook has not seen is not
/// sent in its place: it may be there to take secrets out.
pub(crate) fn call(hook: &dyn ValueHook, value: Value) -> Value {
    enter(|| hook.call(value))
}

/// [`call`] for a hook that sees feedback.
pub(crate) fn call_feedback(hook: &dyn FeedbackHook, value: Value, hint: &Attachments) -> Value {
    enter(|| hook.call(value, hint))
}

fn enter(call: impl FnOnce() -> Value) -> Value {
    callout::call(Kind::Hook, call).unwrap_or(Value::Null)
}

/// The event as hooks know it: the wire's `logentry` is called `message` (EVT-10).
pub(crate) fn event_for_hook(payload: &[u8]) -> Option<Value> {
    let event = Value::from_json(std::str::from_utf8(payload).ok()?)?;
    if let Some(message) = event.get_key(b"logentry") {
        // The event was made just now, and nobody has frozen it.
        let _ = event.remove_key(b"logentry");
        let _ = event.set_key(b"message", message);
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Debug, Default)]
    struct Recursive(AtomicU32);

    impl ValueHook for Recursive {
        fn call(&self, value: Value) -> Value {
            self.0.fetch_add(1, Ordering::Relaxed);
            super::call(self, Value::Bool(true));
            value
        }
    }

    #[test]
    fn a_hook_that_calls_itself_comes_to_an_end() {
        let hook = Recursive::default();
        assert!(call(&hook, Value::Bool(true)).is_true());
        assert_eq!(hook.0.load(Ordering::Relaxed), 4);
    }
}
