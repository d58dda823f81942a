//! The scope of the process: what is added to every event.
//!
//! Everything is kept as ready JSON behind shared pointers. A capture copies the pointers under the lock and builds the
//! event outside of it; a setter changes its own copy. No I/O and no call to the host happens under the lock.

pub(crate) mod breadcrumbs;
pub(crate) mod contexts;
pub(crate) mod fields;
pub(super) mod values;

use std::sync::{Arc, Mutex, PoisonError};

use super::capture::attachments::Attachments;
use crate::base::lock::{lock, try_lock};
use crate::base::memory::{self, OutOfMemory};
use crate::protocol::event::trail::Trail;
use crate::protocol::level::Level;
use crate::protocol::names;
use crate::protocol::trace::context_with;
use crate::value::json::write;
use crate::value::shared::members::Members;
use breadcrumbs::Breadcrumbs;

/// Fields at the top of an event: name, and value as JSON.
pub(crate) type FieldList = Vec<(&'static str, String)>;

/// A part of the scope that has members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Tags.
    Tags,
    /// Contexts.
    Contexts,
    /// Extra data.
    Extra,
    /// Attributes, which events do not carry.
    Attributes,
}

impl Part {
    /// The field of an event that it becomes, or whose limits hold for it.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Contexts => "contexts",
            Self::Extra | Self::Attributes => "extra",
        }
    }
}

#[derive(Debug)]
struct State {
    /// The context `trace` that events have at least; none in a scope of the host's own.
    trace: Option<Arc<str>>,
    level: Level,
    fields: Arc<FieldList>,
    tags: Arc<Members>,
    contexts: Arc<Members>,
    extra: Arc<Members>,
    attributes: Arc<Members>,
    breadcrumbs: Breadcrumbs,
}

impl State {
    /// A copy; what is shared is copied by who changes it first.
    fn try_clone(&self) -> Result<Self, OutOfMemory> {
        Ok(Self {
            trace: self.trace.clone(),
            level: self.level,
            fields: Arc::clone(&self.fields),
            tags: Arc::clone(&self.tags),
            contexts: Arc::clone(&self.contexts),
            extra: Arc::clone(&self.extra),
            attributes: Arc::clone(&self.attributes),
            breadcrumbs: self.breadcrumbs.try_clone()?,
        })
    }

    /// To be changed; none without memory for the copy that a snapshot makes necessary, which is remembered.
    fn part(&mut self, part: Part) -> Option<&mut Members> {
        let members = match part {
            Part::Tags => &mut self.tags,
            Part::Contexts => &mut self.contexts,
            Part::Extra => &mut self.extra,
            Part::Attributes => &mut self.attributes,
        };
        if Arc::get_mut(members).is_none() {
            match members.try_clone() {
                Ok(copy) => *members = Arc::new(copy),
                Err(OutOfMemory) => memory::note_lack(),
            }
        }
        Arc::get_mut(members)
    }

    /// Sets a member to ready JSON, or removes it. A trace is never lost: what is set of it is completed.
    fn put(&mut self, part: Part, key: &str, json: Option<&str>) {
        let trace = self
            .trace
            .clone()
            .filter(|_| part == Part::Contexts && key == "trace");
        let Some(members) = self.part(part) else {
            return;
        };
        if let Some(trace) = trace {
            let own = json.and_then(|own| context_with(own, Some(&trace)));
            members.set(key, own.as_deref().unwrap_or(&trace));
            return;
        }
        match json {
            Some(json) => members.set(key, json),
            None => {
                members.remove(key);
            }
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Scope {
    state: Mutex<State>,
    attachments: Attachments,
}

/// The scope at one instant.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// For events that have no level of their own.
    pub(crate) level: Level,
    /// Fields, each for events that have none of that name.
    pub(crate) fields: Arc<FieldList>,
    /// Tags.
    pub(crate) tags: Arc<Members>,
    /// Contexts.
    pub(crate) contexts: Arc<Members>,
    /// Extra data.
    pub(crate) extra: Arc<Members>,
    /// Breadcrumbs of the outer scope, if there is one, and of this.
    pub(crate) breadcrumbs: [Trail; 2],
}

impl Scope {
    /// A scope with these contexts and fields, and nothing else.
    pub(crate) fn new(contexts: Members, fields: FieldList, max_breadcrumbs: usize) -> Self {
        Self {
            state: Mutex::new(State {
                trace: contexts.get("trace").map(Arc::from),
                level: Level::Error,
                fields: Arc::new(fields),
                tags: Arc::default(),
                contexts: Arc::new(contexts),
                extra: Arc::default(),
                attributes: Arc::default(),
                breadcrumbs: Breadcrumbs::new(max_breadcrumbs),
            }),
            attachments: Attachments::default(),
        }
    }

    /// A scope of the host's own: nothing is set, and it keeps 100 breadcrumbs whatever the option says.
    pub(crate) fn empty() -> Self {
        Self::new(Members::new(), Vec::new(), 100)
    }

    /// An independent copy.
    pub(crate) fn copy(&self) -> Result<Self, OutOfMemory> {
        let state = lock(&self.state).try_clone()?;
        Ok(Self {
            state: Mutex::new(state),
            attachments: self.attachments.copy()?,
        })
    }

    /// What events captured with it carry along.
    pub(crate) fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// Takes back everything that was set.
    pub(crate) fn clear(&self) {
        let fresh = Self::empty()
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *lock(&self.state), fresh);
        // Freed outside of the lock.
        drop(old);
        self.attachments.clear();
    }

    /// For a forked child: a copy, or `None` if a thread that does not exist here was changing the scope when the
    /// process forked, or if there is no memory for it.
    pub(crate) fn inherited(&self) -> Option<Self> {
        let state = try_lock(&self.state)?.try_clone().ok()?;
        Some(Self {
            state: Mutex::new(state),
            attachments: self.attachments.inherited(),
        })
    }

    /// What an event captured now gets.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let state = lock(&self.state);
        Snapshot {
            level: state.level,
            fields: Arc::clone(&state.fields),
            breadcrumbs: [Trail::default(), state.breadcrumbs.shared()],
            tags: Arc::clone(&state.tags),
            contexts: Arc::clone(&state.contexts),
            extra: Arc::clone(&state.extra),
        }
    }

    /// Sets a tag, or removes it.
    pub(crate) fn set_tag(&self, key: &str, value: Option<&str>) {
        let json = value.map(|value| write::string_to_json(&names::tag_value(value)));
        self.set_member(Part::Tags, &names::tag_key(key), json.as_deref());
    }

    /// Sets a member to ready JSON, or removes it.
    pub(crate) fn set_member(&self, part: Part, key: &str, json: Option<&str>) {
        lock(&self.state).put(part, key, json);
    }

    /// Goes on in another trace, with this context.
    pub(crate) fn set_trace(&self, context: &str) {
        let mut state = lock(&self.state);
        state.trace = Some(Arc::from(context));
        if let Some(contexts) = state.part(Part::Contexts) {
            contexts.set("trace", context);
        }
    }

    /// Sets a member to what `change` makes of its JSON; none removes it.
    pub(crate) fn update_member(
        &self,
        part: Part,
        key: &str,
        change: impl FnOnce(Option<&str>) -> Option<String>,
    ) {
        let mut state = lock(&self.state);
        let json = change(match part {
            Part::Tags => state.tags.get(key),
            Part::Contexts => state.contexts.get(key),
            Part::Extra => state.extra.get(key),
            Part::Attributes => state.attributes.get(key),
        });
        state.put(part, key, json.as_deref());
    }

    /// A field as JSON; none without memory for it.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let state = lock(&self.state);
        let found = state.fields.iter().find(|(other, _)| *other == name);
        found.and_then(|(_, json)| memory::copy_text(json).ok())
    }

    /// The level of events that have none.
    pub(crate) fn level(&self) -> Level {
        lock(&self.state).level
    }

    /// All fields.
    pub(crate) fn fields(&self) -> Arc<FieldList> {
        Arc::clone(&lock(&self.state).fields)
    }

    /// Sets a field to ready JSON, or removes it.
    pub(crate) fn set_field(&self, name: &'static str, json: Option<String>) {
        let mut state = lock(&self.state);
        if Arc::get_mut(&mut state.fields).is_none() {
            match copy_of(&state.fields) {
                Ok(copy) => state.fields = Arc::new(copy),
                Err(OutOfMemory) => return memory::note_lack(),
            }
        }
        let fields = Arc::make_mut(&mut state.fields);
        fields.retain(|(other, _)| *other != name);
        fields.extend(json.map(|json| (name, json)));
    }

    /// Sets the level of events that have none.
    pub(crate) fn set_level(&self, level: Level) {
        lock(&self.state).level = level;
    }

    /// Adds a breadcrumb, a JSON object; not without memory for it.
    pub(crate) fn add_breadcrumb(&self, json: &str) -> Result<(), OutOfMemory> {
        lock(&self.state).breadcrumbs.add(json)
    }
}

/// A copy of fields.
pub(super) fn copy_of(fields: &FieldList) -> Result<FieldList, OutOfMemory> {
    let mut copy = FieldList::new();
    // One more is usually what a copy is made for.
    copy.try_reserve_exact(fields.len().saturating_add(1))?;
    for (name, json) in fields {
        copy.push((*name, memory::copy_text(json)?));
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::trail::Crumbs;

    impl Snapshot {
        /// All breadcrumbs, separated by commas.
        pub(crate) fn breadcrumbs_json(&self) -> String {
            let texts = self
                .breadcrumbs
                .iter()
                .flatten()
                .flatten()
                .map(Crumbs::as_str);
            texts.collect::<Vec<_>>().join(",")
        }
    }

    #[test]
    fn a_snapshot_does_not_change_with_the_scope() {
        let scope = Scope::new(Members::new(), Vec::new(), 10);
        scope.set_tag("a", Some("1"));
        scope.add_breadcrumb("{}").unwrap();
        let before = scope.snapshot();
        scope.set_tag("a", Some("2"));
        scope.set_tag("b", Some("\"3\""));
        scope.add_breadcrumb("{}").unwrap();
        assert_eq!(before.tags.json(), r#""a":"1""#);
        assert_eq!(before.breadcrumbs_json(), "{}");
        let after = scope.snapshot();
        assert_eq!(after.tags.json(), r#""a":"2","b":"\"3\"""#);
        assert_eq!(after.breadcrumbs_json(), "{},{}");
        scope.set_tag("a", None);
        assert_eq!(scope.snapshot().tags.json(), r#""b":"\"3\"""#);
    }

    #[test]
    fn fields_are_replaced_and_removed_by_name() {
        let fields = vec![
            ("release", "\"1\"".to_owned()),
            ("dist", "\"d\"".to_owned()),
        ];
        let scope = Scope::new(Members::new(), fields, 10);
        scope.set_field("release", Some("\"2\"".to_owned()));
        scope.set_field("user", Some("{}".to_owned()));
        scope.set_field("dist", None);
        scope.set_level(Level::Warning);
        let snapshot = scope.snapshot();
        let names: Vec<_> = snapshot
            .fields
            .iter()
            .map(|(name, json)| format!("{name}={json}"))
            .collect();
        assert_eq!(names, ["release=\"2\"", "user={}"]);
        assert_eq!(snapshot.level, Level::Warning);
    }

    // CTX-2, SCO-4
    #[test]
    fn the_trace_is_completed_and_never_lost() {
        const TRACE: &str =
            r#"{"trace_id":"0ae7be1efe7a4d04f423378007b8f6ae","span_id":"fdf21cb107484a2d"}"#;
        let mut contexts = Members::new();
        contexts.set("trace", TRACE);
        let scope = Scope::new(contexts, Vec::new(), 10);
        let trace = || scope.snapshot().contexts.get("trace").map(str::to_owned);
        scope.set_member(Part::Contexts, "trace", Some(r#"{"op":"x"}"#));
        let completed = TRACE.replacen('{', r#"{"op":"x","#, 1);
        assert_eq!(trace().unwrap(), completed);
        scope.update_member(Part::Contexts, "trace", |_| None);
        assert_eq!(trace().unwrap(), TRACE);
        let other = TRACE.replace("0ae7", "1111");
        scope.set_trace(&other);
        scope.set_member(Part::Contexts, "trace", None);
        assert_eq!(trace().unwrap(), other);
        // What a scope of the host's own lacks comes from the one around it.
        let own = Scope::empty();
        own.set_member(Part::Contexts, "trace", Some(r#"{"op":"x"}"#));
        assert_eq!(own.snapshot().contexts.get("trace"), Some(r#"{"op":"x"}"#));
        own.set_member(Part::Contexts, "trace", None);
        assert_eq!(own.snapshot().contexts.get("trace"), None);
    }

    #[test]
    fn a_child_does_not_wait_for_a_lock_that_nobody_will_open() {
        let scope = Scope::new(Members::new(), Vec::new(), 10);
        scope.set_tag("a", Some("1"));
        assert_eq!(
            scope.inherited().unwrap().snapshot().tags.json(),
            r#""a":"1""#
        );
        let _held = lock(&scope.state);
        assert!(scope.inherited().is_none());
    }

    #[test]
    fn attributes_are_kept_with_the_scope_and_its_copies() {
        let of = |scope: &Scope| lock(&scope.state).attributes.json().to_owned();
        let scope = Scope::empty();
        scope.set_member(
            Part::Attributes,
            "a",
            Some(r#"{"type":"integer","value":1}"#),
        );
        assert_eq!(
            of(&scope.copy().unwrap()),
            r#""a":{"type":"integer","value":1}"#
        );
        assert!(scope.snapshot().extra.is_empty());
        scope.set_member(Part::Attributes, "a", None);
        assert_eq!(of(&scope), "");
        scope.set_member(Part::Attributes, "b", Some("{}"));
        scope.clear();
        assert_eq!(of(&scope), "");
    }
}
