//! Hooks: functions of the host that see, change or drop what is captured. They run on the capturing thread, without
//! any lock of ours held (PIPE-11).

use crate::value::dynamic::Value;

/// A function of the host that gets a value and gives one back; null drops it.
pub(crate) trait ValueHook: Send + Sync + std::fmt::Debug {
    /// Calls it.
    fn call(&self, value: Value) -> Value;
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
