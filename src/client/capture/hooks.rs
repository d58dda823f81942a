//! Hooks: functions of the host that see, change or drop what is captured. They run on the capturing thread, without
//! any lock of ours held (PIPE-11).

use super::attachments::Attachments;
use super::refused::{FORKED, Refused};
use crate::base::callout::{self, Kind, NoAnswer};
use crate::base::memory;
use crate::client::options::hooks::{FeedbackHook, ValueHook};
use crate::protocol::event::host_view::Subject;
use crate::protocol::event::{Event, EventError};
use crate::value::tree::Value;

/// The host's function that a kind of capture is shown to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hook<'a> {
    /// One that gets a value and nothing else, and the name of its option.
    Value(&'static str, &'a dyn ValueHook),
    /// The one for feedback.
    Feedback(&'a dyn FeedbackHook),
}

impl Hook<'_> {
    /// The name of its option.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Value(name, _) => name,
            Self::Feedback(_) => "before_send_feedback",
        }
    }

    /// What it is shown.
    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Value(..) => Subject::Event,
            Self::Feedback(_) => Subject::Feedback,
        }
    }

    /// Calls it, see [`call`]; it may attach to `hint`.
    pub(super) fn call(&self, value: Value, hint: Option<&Attachments>) -> Result<Value, Refused> {
        match self {
            Self::Value(_, hook) => call(*hook, value),
            Self::Feedback(hook) => {
                let none = Attachments::default();
                enter(|| hook.call(value, hint.unwrap_or(&none)))
            }
        }
    }
}

/// Calls `hook`; null if it dropped the value, failed, or is inside of itself too often. What a hook has not seen is not
/// sent in its place: it may be there to take secrets out. An error in a child that it forked.
pub(crate) fn call(hook: &dyn ValueHook, value: Value) -> Result<Value, Refused> {
    enter(|| hook.call(value))
}

fn enter(call: impl FnOnce() -> Value) -> Result<Value, Refused> {
    match callout::call(Kind::Hook, call) {
        Ok(value) => Ok(value),
        Err(NoAnswer::TooDeep | NoAnswer::Panicked(_)) => Ok(Value::Null),
        Err(NoAnswer::Forked) => Err(FORKED),
    }
}

/// An event that was shown to a hook, and what came back.
#[derive(Debug)]
pub(crate) struct Returned<'p> {
    shown: &'p str,
    returned: Value,
}

impl<'p> Returned<'p> {
    /// What a hook gave back for the event that is written in `shown`.
    pub(super) fn new(shown: &'p str, returned: Value) -> Self {
        Self { shown, returned }
    }

    /// What came back as JSON.
    pub(crate) fn json(&self) -> Result<String, memory::Fault> {
        self.returned.to_json_text()
    }

    /// The event in `json`, which is made of what came back, see [`Returned::event`].
    pub(crate) fn event_in<'j>(&self, json: &'j str) -> Result<Event<'j>, EventError>
    where
        'p: 'j,
    {
        let mut event = Event::parse(json)?;
        event.recover(self.shown)?;
        Ok(event)
    }

    /// The event that came back; with id, time, level and platform of the one that was shown where the hook lost them.
    pub(crate) fn event(&mut self) -> Result<Event<'_>, EventError> {
        let mut event = Event::empty();
        event.read_value(&mut self.returned)?;
        event.recover(self.shown)?;
        Ok(event)
    }
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
            let _ = super::call(self, Value::Bool(true));
            value
        }
    }

    #[test]
    fn a_hook_that_calls_itself_comes_to_an_end() {
        let hook = Recursive::default();
        assert!(call(&hook, Value::Bool(true)).unwrap().is_true());
        assert_eq!(hook.0.load(Ordering::Relaxed), 4);
    }
}
