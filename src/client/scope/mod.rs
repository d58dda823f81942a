//! The scope: what is added to every event.
//!
//! Decides how it is changed and read at the same time. What events get stands in a [`Snapshot`], which never changes,
//! as ready JSON. A setter only adds a [`Change`] to a list. Whoever needs a snapshot makes one of the last snapshot and
//! the changes since, and publishes it for those that follow; so does the setter that finds the list full. Both work
//! outside of any lock: the lock of the setters is held while one change is added to the list, and readers take none. So
//! a fork or a crash at any instant finds a whole snapshot and whole changes.
//! Entry points: [`Scope`], [`Snapshot`], [`Part`]. May use: the rooms that `client` may use.

mod breadcrumbs;
mod changes;
pub(crate) mod contexts;
pub(crate) mod fields;
mod snapshot;
pub(super) mod values;

use std::sync::{Arc, Mutex};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::capture::attachments::Attachments;
use crate::base::lock::lock;
use crate::base::memory::{self, OutOfMemory};
use crate::protocol::level::Level;
use crate::protocol::names;
use crate::telemetry::active::Active;
use crate::telemetry::transaction::Position;
use crate::value::shared::members::Members;
pub(crate) use changes::Part;
use changes::{Change, Changes};
pub(crate) use snapshot::{FieldList, Snapshot};

/// A scope that several threads change and read.
#[derive(Debug)]
pub(crate) struct Scope {
    published: ArcSwap<Published>,
    /// The list that changes are added to, which is the published one. One thread at a time adds to it or replaces it.
    adding: Mutex<Arc<Changes>>,
    /// Held by who changes a context: what is merged into one is read before it is set.
    changing_contexts: Mutex<()>,
    attachments: Attachments,
    /// The transaction or the span that events belong to.
    active: ArcSwapOption<Active>,
}

/// A snapshot, and the changes that were made before it and after it.
#[derive(Debug)]
struct Published {
    snapshot: Arc<Snapshot>,
    changes: Arc<Changes>,
    /// So many of the changes are contained in the snapshot.
    contained: usize,
}

impl Published {
    fn new(snapshot: Arc<Snapshot>, changes: &Arc<Changes>) -> Self {
        Self {
            snapshot,
            changes: Arc::clone(changes),
            contained: 0,
        }
    }

    /// With a snapshot that contains the changes made until now; none if this one does.
    fn renewed(&self) -> Result<Option<Self>, OutOfMemory> {
        let count = self.changes.count();
        if count == self.contained {
            return Ok(None);
        }
        let since = self.changes.between(self.contained, count);
        let snapshot = memory::watch(|| self.snapshot.with(since))??;
        Ok(Some(Self {
            snapshot: Arc::new(snapshot),
            changes: Arc::clone(&self.changes),
            contained: count,
        }))
    }
}

impl Scope {
    /// A scope with these contexts and fields, and nothing else.
    pub(crate) fn new(contexts: Members, fields: FieldList, max_breadcrumbs: usize) -> Self {
        let snapshot = Snapshot::new(contexts, fields, max_breadcrumbs);
        Self::of(Arc::new(snapshot), Attachments::default())
    }

    /// A scope of the host's own: nothing is set, and it keeps 100 breadcrumbs whatever the option says.
    pub(crate) fn empty() -> Self {
        Self::new(Members::new(), Vec::new(), 100)
    }

    fn of(snapshot: Arc<Snapshot>, attachments: Attachments) -> Self {
        let changes = Arc::new(Changes::none());
        Self {
            published: ArcSwap::from_pointee(Published::new(snapshot, &changes)),
            adding: Mutex::new(changes),
            changing_contexts: Mutex::default(),
            attachments,
            active: ArcSwapOption::empty(),
        }
    }

    /// An independent copy.
    pub(crate) fn copy(&self) -> Result<Self, OutOfMemory> {
        let copy = Self::of(self.try_snapshot()?, self.attachments.copy()?);
        copy.active.store(self.active.load_full());
        Ok(copy)
    }

    /// For a forked child: a copy, unless there is no memory for it. Locks of the parent may be held for ever.
    pub(crate) fn inherited(&self) -> Result<Self, OutOfMemory> {
        let snapshot = self.try_snapshot()?;
        let ours = Self::of(snapshot, self.attachments.inherited());
        ours.active.store(self.active.load_full());
        Ok(ours)
    }

    /// What events captured with it carry along.
    pub(crate) fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// The transaction or the span that is bound to it.
    pub(crate) fn active(&self) -> Option<Arc<Active>> {
        self.active.load_full()
    }

    /// Binds a transaction or a span in place of the one before; none unbinds that.
    pub(crate) fn bind(&self, active: Option<Active>) {
        self.active.store(active.map(Arc::new));
    }

    /// Unbinds what has this place in a trace, if it is bound.
    pub(crate) fn unbind(&self, position: &Position) {
        let bound = self.active.load();
        if bound.as_ref().is_some_and(|it| it.position() == position) {
            self.active.compare_and_swap(&bound, None);
        }
    }

    /// Takes back everything that was set.
    pub(crate) fn clear(&self) {
        let fresh = Self::empty().published.into_inner();
        // A context that is being merged belongs to what is taken back.
        let _turn = lock(&self.changing_contexts);
        let mut changes = lock(&self.adding);
        *changes = Arc::clone(&fresh.changes);
        let old = self.published.swap(fresh);
        drop(changes);
        // Freed outside of the lock.
        drop(old);
        self.attachments.clear();
        self.active.store(None);
    }

    /// What an event captured now gets. Without memory for what changed since the last snapshot it is that one, and the
    /// lack is remembered.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.try_snapshot().unwrap_or_else(|OutOfMemory| {
            memory::note_lack();
            Arc::clone(&self.published.load().snapshot)
        })
    }

    fn try_snapshot(&self) -> Result<Arc<Snapshot>, OutOfMemory> {
        let published = self.published.load();
        let Some(renewed) = published.renewed()? else {
            return Ok(Arc::clone(&published.snapshot));
        };
        let snapshot = Arc::clone(&renewed.snapshot);
        // Another thread may have published one meanwhile. Then this one serves its caller only: it is right, too.
        self.published
            .compare_and_swap(&published, Arc::new(renewed));
        Ok(snapshot)
    }

    /// Adds a change to the list.
    fn change(&self, mut change: Change) -> Result<(), OutOfMemory> {
        loop {
            let changes = lock(&self.adding);
            match changes.add(change) {
                Ok(()) => return Ok(()),
                Err(refused) => change = refused,
            }
            let full = Arc::clone(&changes);
            drop(changes);
            self.replace(&full)?;
        }
    }

    /// Puts another list in the place of a full one, unless another thread did. What needs memory is made before the lock is
    /// taken, and freed after it.
    fn replace(&self, full: &Arc<Changes>) -> Result<(), OutOfMemory> {
        let published = self.published.load();
        if !Arc::ptr_eq(&published.changes, full) {
            return Ok(());
        }
        let renewed = published.renewed()?;
        let last = renewed.as_ref().unwrap_or(&published);
        let next = Arc::new(full.next(last.snapshot.size())?);
        let fresh = Arc::new(Published::new(Arc::clone(&last.snapshot), &next));
        let mut changes = lock(&self.adding);
        // A list that is full of long texts may have taken a short one meanwhile, which the snapshot lacks.
        let is_contained = Arc::ptr_eq(&changes, full) && full.count() == last.contained;
        let old = is_contained.then(|| {
            *changes = next;
            self.published.swap(fresh)
        });
        drop(changes);
        drop(old);
        Ok(())
    }

    /// Makes a change; without memory for it nothing changes, which is remembered.
    fn make(&self, change: Result<Change, OutOfMemory>) {
        if change.and_then(|change| self.change(change)).is_err() {
            memory::note_lack();
        }
    }

    /// Sets a tag, or removes it.
    pub(crate) fn set_tag(&self, key: &str, value: Option<&str>) {
        let key = names::tag_key(key);
        let Some(value) = value else {
            return self.set_member(Part::Tags, &key, None);
        };
        let value = names::tag_value(value);
        self.make(Change::text(Part::Tags, &key, &value));
    }

    /// Sets a member to ready JSON, or removes it.
    pub(crate) fn set_member(&self, part: Part, key: &str, json: Option<&str>) {
        let _turn = (part == Part::Contexts).then(|| lock(&self.changing_contexts));
        self.make(Change::member(part, key, json));
    }

    /// Goes on in another trace, with this context.
    pub(crate) fn set_trace(&self, context: &str) {
        let _turn = lock(&self.changing_contexts);
        self.make(memory::copy_text(context).map(Change::Trace));
    }

    /// Sets a context to what `change` makes of its JSON; none removes it. Others that change contexts wait meanwhile.
    pub(super) fn update_context_json(
        &self,
        key: &str,
        change: impl FnOnce(Option<&str>) -> Result<Option<String>, OutOfMemory>,
    ) -> Result<(), OutOfMemory> {
        let _turn = lock(&self.changing_contexts);
        let json = change(self.try_snapshot()?.contexts.get(key))?;
        self.change(Change::member(Part::Contexts, key, json.as_deref())?)
    }

    /// A field as JSON; none without memory for it.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let snapshot = self.snapshot();
        let found = snapshot.fields.iter().find(|(other, _)| *other == name);
        found.and_then(|(_, json)| memory::copy_text(json).ok())
    }

    /// The level of events that have none.
    pub(crate) fn level(&self) -> Level {
        self.snapshot().level
    }

    /// All fields.
    pub(crate) fn fields(&self) -> Arc<FieldList> {
        Arc::clone(&self.snapshot().fields)
    }

    /// Sets a field to ready JSON, or removes it.
    pub(crate) fn set_field(&self, name: &'static str, json: Option<String>) {
        self.make(Ok(Change::Field(name, json)));
    }

    /// Sets the level of events that have none.
    pub(crate) fn set_level(&self, level: Level) {
        self.make(Ok(Change::Level(level)));
    }

    /// Adds a breadcrumb, a JSON object; not without memory for it.
    pub(crate) fn add_breadcrumb(&self, json: String) -> Result<(), OutOfMemory> {
        self.change(Change::Breadcrumb(json))
    }
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
        scope.add_breadcrumb("{}".to_owned()).unwrap();
        let before = scope.snapshot();
        scope.set_tag("a", Some("2"));
        scope.set_tag("b", Some("\"3\""));
        scope.add_breadcrumb("{}".to_owned()).unwrap();
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
        scope.update_context_json("trace", |_| Ok(None)).unwrap();
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
    fn a_child_and_a_reader_wait_for_no_lock_and_miss_nothing() {
        let scope = Scope::new(Members::new(), Vec::new(), 10);
        scope.set_tag("a", Some("1"));
        scope.set_tag("b", Some("2"));
        let _held = (lock(&scope.adding), lock(&scope.changing_contexts));
        let child = scope.inherited().unwrap();
        child.set_tag("c", Some("3"));
        child.set_member(Part::Contexts, "d", Some("{}"));
        assert_eq!(child.snapshot().tags.json(), r#""a":"1","b":"2","c":"3""#);
        assert_eq!(scope.snapshot().tags.json(), r#""a":"1","b":"2""#);
    }

    #[test]
    fn all_changes_are_made_in_their_order_whatever_their_number() {
        let scope = Scope::empty();
        let long = "x".repeat(20_000);
        let mut expected = Members::new();
        for number in 0..500_usize {
            let key = format!("key{}", number % 70);
            let json = match number % 9 {
                0 => format!("\"{long}\""),
                _ => number.to_string(),
            };
            if number % 7 == 0 {
                scope.set_member(Part::Extra, &key, None);
                expected.remove(&key);
            }
            scope.set_member(Part::Extra, &key, Some(&json));
            expected.set(&key, &json);
            // A reader now and then; at other times lists become full.
            if number % 150 < 5 {
                assert_eq!(scope.snapshot().extra.json(), expected.json());
            }
        }
        assert_eq!(scope.snapshot().extra.json(), expected.json());
        let copy = scope.copy().unwrap();
        scope.set_member(Part::Extra, "key1", None);
        assert_eq!(copy.snapshot().extra.json(), expected.json());
    }

    #[test]
    fn what_is_kept_beside_a_snapshot_is_bounded() {
        let scope = Scope::empty();
        let crumb = format!("{{\"message\":\"{}\"}}", "x".repeat(8000));
        for _ in 0..300 {
            scope.add_breadcrumb(crumb.clone()).unwrap();
            let published = scope.published.load();
            let kept = published.changes.between(0, published.changes.count());
            let bytes: usize = kept.map(|_| crumb.len()).sum();
            assert!(bytes <= 64 * 1024, "{bytes}");
        }
        assert!(scope.snapshot().breadcrumbs_json().len() > 90 * crumb.len());
    }

    #[test]
    fn readers_find_whole_states_in_order_while_others_write() {
        const CHANGES: usize = 3000;
        let scope = Scope::empty();
        // "tag" and "context" are set to the same number, one behind the other.
        let number = |json: Option<&str>| {
            let text = json.unwrap_or("0").trim_matches(['"', '{', '}', 'n', ':']);
            text.trim_matches('"').parse::<usize>().unwrap()
        };
        std::thread::scope(|threads| {
            let writer = threads.spawn(|| {
                for at in 1..=CHANGES {
                    scope.set_tag("a", Some(&at.to_string()));
                    scope.set_member(Part::Contexts, "c", Some(&format!("{{\"n\":{at}}}")));
                }
            });
            let other = threads.spawn(|| {
                for at in 0..CHANGES {
                    scope.set_tag(&format!("other{}", at % 100), Some("x"));
                    scope.add_breadcrumb("{}".to_owned()).unwrap();
                }
            });
            let read = || {
                let mut before = 0;
                while before < CHANGES {
                    let snapshot = scope.snapshot();
                    let tag = number(snapshot.tags.get("a"));
                    let context = number(snapshot.contexts.get("c"));
                    assert!(tag == context || tag == context + 1, "{tag} {context}");
                    assert!(tag >= before);
                    before = context;
                }
            };
            let readers = [threads.spawn(read), threads.spawn(read)];
            for thread in readers.into_iter().chain([writer, other]) {
                thread.join().unwrap();
            }
        });
        assert_eq!(scope.snapshot().tags.len(), 101);
    }

    #[test]
    fn no_change_is_lost_where_a_list_is_full_for_long_ones_only() {
        let scope = Scope::empty();
        let long = format!("\"{}\"", "x".repeat(20_000));
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let (scope, long) = (&scope, &long);
                threads.spawn(move || {
                    for at in 0..500 {
                        let key = format!("{thread}-{}", at % 50);
                        let json = if thread % 2 == 0 { long } else { "1" };
                        scope.set_member(Part::Extra, &key, Some("0"));
                        scope.set_member(Part::Extra, &key, Some(json));
                    }
                });
            }
        });
        let snapshot = scope.snapshot();
        assert_eq!(snapshot.extra.len(), 200);
        assert!(snapshot.extra.iter().all(|(_, json)| json != "0"));
    }

    #[test]
    fn no_merged_context_is_lost_between_threads() {
        let scope = Scope::empty();
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let scope = &scope;
                threads.spawn(move || {
                    for at in 0..50 {
                        let both = |old: Option<&str>| {
                            let old = old.unwrap_or("{}").trim_end_matches('}').to_owned();
                            let comma = if old == "{" { "" } else { "," };
                            Ok(Some(format!("{old}{comma}\"{thread}-{at}\":1}}")))
                        };
                        scope.update_context_json("c", both).unwrap();
                        scope.set_tag("t", Some("x"));
                    }
                });
            }
        });
        let snapshot = scope.snapshot();
        let context = snapshot.contexts.get("c").unwrap();
        let read: serde_json::Value = serde_json::from_str(context).unwrap();
        assert_eq!(read.as_object().unwrap().len(), 200);
    }

    #[test]
    fn attributes_are_kept_with_the_scope_and_its_copies() {
        let of = |scope: &Scope| scope.snapshot().attributes.json().to_owned();
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
