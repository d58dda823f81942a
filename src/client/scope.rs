//! The scope of the process: what is added to every event.
//!
//! Everything is kept as ready JSON behind shared pointers. A capture copies the pointers under the lock and builds the
//! event outside of it; a setter changes its own copy. No I/O and no call to the host happens under the lock.

use std::sync::{Arc, Mutex};

use super::breadcrumbs::Breadcrumbs;
use crate::base::lock::{lock, try_lock};
use crate::value::members::Members;

#[derive(Debug, Clone)]
struct State {
    tags: Arc<Members>,
    contexts: Arc<Members>,
    extra: Arc<Members>,
    breadcrumbs: Breadcrumbs,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Scope {
    state: Mutex<State>,
}

/// The scope at one instant.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Tags.
    pub(crate) tags: Arc<Members>,
    /// Contexts.
    pub(crate) contexts: Arc<Members>,
    /// Extra data.
    pub(crate) extra: Arc<Members>,
    /// Breadcrumbs, oldest first, separated by commas.
    pub(crate) breadcrumbs: Arc<str>,
}

impl Scope {
    /// A scope with these contexts, and nothing else.
    pub(crate) fn new(contexts: Members, max_breadcrumbs: usize) -> Self {
        Self {
            state: Mutex::new(State {
                tags: Arc::default(),
                contexts: Arc::new(contexts),
                extra: Arc::default(),
                breadcrumbs: Breadcrumbs::new(max_breadcrumbs),
            }),
        }
    }

    /// For a forked child: a copy, or `None` if a thread that does not exist here was changing the scope when the
    /// process forked.
    pub(crate) fn inherited(&self) -> Option<Self> {
        let state = try_lock(&self.state)?.clone();
        Some(Self {
            state: Mutex::new(state),
        })
    }

    /// What an event captured now gets.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut state = lock(&self.state);
        Snapshot {
            breadcrumbs: state.breadcrumbs.json(),
            tags: Arc::clone(&state.tags),
            contexts: Arc::clone(&state.contexts),
            extra: Arc::clone(&state.extra),
        }
    }

    /// Sets a tag, or removes it.
    pub(crate) fn set_tag(&self, key: &str, value: Option<&str>) {
        let mut state = lock(&self.state);
        let tags = Arc::make_mut(&mut state.tags);
        match value {
            Some(value) => tags.set_text(key, value),
            None => {
                tags.remove(key);
            }
        }
    }

    /// Adds a breadcrumb, a JSON object.
    pub(crate) fn add_breadcrumb(&self, json: &str) {
        lock(&self.state).breadcrumbs.add(json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_does_not_change_with_the_scope() {
        let scope = Scope::new(Members::new(), 10);
        scope.set_tag("a", Some("1"));
        scope.add_breadcrumb("{}");
        let before = scope.snapshot();
        scope.set_tag("a", Some("2"));
        scope.set_tag("b", Some("\"3\""));
        scope.add_breadcrumb("{}");
        assert_eq!(before.tags.json(), r#""a":"1""#);
        assert_eq!(&*before.breadcrumbs, "{}");
        let after = scope.snapshot();
        assert_eq!(after.tags.json(), r#""a":"2","b":"\"3\"""#);
        assert_eq!(&*after.breadcrumbs, "{},{}");
        scope.set_tag("a", None);
        assert_eq!(scope.snapshot().tags.json(), r#""b":"\"3\"""#);
    }

    #[test]
    fn a_child_does_not_wait_for_a_lock_that_nobody_will_open() {
        let scope = Scope::new(Members::new(), 10);
        scope.set_tag("a", Some("1"));
        assert_eq!(
            scope.inherited().unwrap().snapshot().tags.json(),
            r#""a":"1""#
        );
        let _held = lock(&scope.state);
        assert!(scope.inherited().is_none());
    }
}
