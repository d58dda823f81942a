//! Snapshots: everything that events get from a scope, at one instant. A snapshot never changes.
//!
//! Decides what comes of changes, and what wins where two scopes say something. Entry points: [`Snapshot`].
//! May use: `protocol`, `value`, `base`.

use std::borrow::Cow;
use std::sync::Arc;

use super::breadcrumbs::Breadcrumbs;
use super::changes::{Change, Part, Size};
use crate::base::memory::{self, OutOfMemory};
use crate::protocol::event::trail::Trail;
use crate::protocol::event::{merged_within_limits, within_limits};
use crate::protocol::level::Level;
use crate::protocol::trace::context_with;
use crate::telemetry::active::Active;
use crate::value::shared::members::Members;

/// Fields at the top of an event: name, and value as JSON.
pub(crate) type FieldList = Vec<(&'static str, String)>;

/// What events get from a scope. It never changes.
#[derive(Debug, Clone)]
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
    /// What logs and metrics carry, and events do not.
    pub(crate) attributes: Arc<Members>,
    /// Breadcrumbs of the outer scope, if there is one, and of this.
    pub(crate) breadcrumbs: [Trail; 2],
    /// Those of this scope, to add others to.
    kept: Breadcrumbs,
    /// The context `trace` that events have at least; none in a scope of the host's own.
    trace: Option<Arc<str>>,
}

impl Snapshot {
    /// These contexts and fields, and nothing else.
    pub(super) fn new(contexts: Members, fields: FieldList, max_breadcrumbs: usize) -> Self {
        Self {
            trace: contexts.get("trace").map(Arc::from),
            level: Level::Error,
            fields: Arc::new(fields),
            tags: Arc::default(),
            contexts: Arc::new(contexts),
            extra: Arc::default(),
            attributes: Arc::default(),
            breadcrumbs: <[Trail; 2]>::default(),
            kept: Breadcrumbs::new(max_breadcrumbs),
        }
    }

    /// The snapshot after these changes. Only what they change is copied.
    pub(super) fn with<'c>(
        &self,
        changes: impl Iterator<Item = &'c Change> + Clone,
    ) -> Result<Self, OutOfMemory> {
        let mut next = self.clone();
        let mut fields = None;
        let mut contexts: Vec<(&str, Option<Cow<'_, str>>)> = Vec::new();
        let mut crumbs: Vec<&str> = Vec::new();
        for change in changes.clone() {
            match change {
                Change::Level(level) => next.level = *level,
                Change::Field(name, json) => {
                    let mut list = match fields.take() {
                        Some(list) => list,
                        None => copy_of(&self.fields)?,
                    };
                    list.retain(|(other, _)| other != name);
                    if let Some(json) = json {
                        list.try_reserve(1)?;
                        list.push((*name, memory::copy_text(json)?));
                    }
                    fields = Some(list);
                }
                Change::Breadcrumb(json) => {
                    crumbs.try_reserve(1)?;
                    crumbs.push(json);
                }
                Change::Trace(context) => {
                    next.trace = Some(memory::share(context)?);
                    contexts.try_reserve(1)?;
                    contexts.push(("trace", Some(Cow::Borrowed(context.as_str()))));
                }
                Change::Set(..) | Change::Remove(..) => {
                    let Some((key, json)) = change.of(Part::Contexts) else {
                        continue;
                    };
                    let json = match &next.trace {
                        Some(trace) if key == "trace" => Some(completed(json, trace)?),
                        _ => json.map(Cow::Borrowed),
                    };
                    contexts.try_reserve(1)?;
                    contexts.push((key, json));
                }
            }
        }
        if let Some(fields) = fields {
            next.fields = Arc::new(fields);
        }
        let contexts = contexts.iter().map(|(key, json)| (*key, json.as_deref()));
        change(&mut next.contexts, contexts)?;
        for (members, part) in [
            (&mut next.tags, Part::Tags),
            (&mut next.extra, Part::Extra),
            (&mut next.attributes, Part::Attributes),
        ] {
            change(members, changes.clone().filter_map(|it| it.of(part)))?;
        }
        if !crumbs.is_empty() {
            next.kept = self.kept.with(&crumbs)?;
            next.breadcrumbs = [Trail::default(), next.kept.shared()];
        }
        Ok(next)
    }

    /// The contexts of events that belong to this transaction or span (TRACE-19).
    pub(crate) fn contexts_in(&self, active: &Active) -> Result<Members, OutOfMemory> {
        let trace = memory::watch(|| active.context())?;
        let trace = within_limits(&[Part::Contexts.field(), "trace"], &trace)?;
        let trace = trace.as_deref();
        self.contexts.changed([("trace", trace)])
    }

    /// How much there is of what changes are made of.
    pub(super) fn size(&self) -> Size {
        let none = Size {
            members: 0,
            bytes: 0,
        };
        let parts = [&self.tags, &self.contexts, &self.extra, &self.attributes];
        parts.into_iter().fold(none, |sum, part| Size {
            members: sum.members.saturating_add(part.len()),
            bytes: sum.bytes.saturating_add(part.json().len()),
        })
    }

    /// This scope with `outer` behind it: what is set here wins, per key and at each depth (SCO-2). The breadcrumbs are
    /// put together when an event is written.
    pub(crate) fn within(self: Arc<Self>, outer: Arc<Self>) -> Arc<Self> {
        let fields = joined(&self.fields, &outer.fields).unwrap_or_else(|OutOfMemory| {
            memory::note_lack();
            FieldList::new()
        });
        let ([_, outer_trail], [_, trail]) = (&outer.breadcrumbs, &self.breadcrumbs);
        Arc::new(Self {
            fields: Arc::new(fields),
            tags: merged(&self.tags, &outer.tags, Part::Tags),
            contexts: merged(&self.contexts, &outer.contexts, Part::Contexts),
            extra: merged(&self.extra, &outer.extra, Part::Extra),
            breadcrumbs: [outer_trail.clone(), trail.clone()],
            ..Self::clone(&self)
        })
    }
}

/// Puts a copy with these changes in the place of members, if there are any changes.
fn change<'c>(
    members: &mut Arc<Members>,
    changes: impl Iterator<Item = (&'c str, Option<&'c str>)>,
) -> Result<(), OutOfMemory> {
    let mut changes = changes.peekable();
    if changes.peek().is_some() {
        *members = Arc::new(members.changed(changes)?);
    }
    Ok(())
}

/// A trace is never lost: what is set of it is completed.
fn completed<'c>(own: Option<&'c str>, trace: &str) -> Result<Cow<'c, str>, OutOfMemory> {
    let both = memory::watch(|| own.and_then(|own| context_with(own, Some(trace))))?;
    Ok(Cow::Owned(match both {
        Some(both) => both,
        None => memory::copy_text(trace)?,
    }))
}

/// A copy of fields.
fn copy_of(fields: &FieldList) -> Result<FieldList, OutOfMemory> {
    let mut copy = FieldList::new();
    // One more is usually what a copy is made for.
    copy.try_reserve_exact(fields.len().saturating_add(1))?;
    for (name, json) in fields {
        copy.push((*name, memory::copy_text(json)?));
    }
    Ok(copy)
}

/// The fields of both, those of `inner` before others of the same name.
fn joined(inner: &FieldList, outer: &FieldList) -> Result<FieldList, OutOfMemory> {
    let mut all = copy_of(inner)?;
    for (name, json) in outer {
        if !inner.iter().any(|(own, _)| own == name) {
            all.try_reserve(1)?;
            all.push((*name, memory::copy_text(json)?));
        }
    }
    Ok(all)
}

/// What both have is merged, with what is set in `inner` before what is set in `outer`.
fn merged(inner: &Arc<Members>, outer: &Arc<Members>, part: Part) -> Arc<Members> {
    if inner.is_empty() {
        return Arc::clone(outer);
    }
    let both = memory::watch(|| {
        let added = outer.iter().filter_map(|(key, value)| {
            let json = match inner.get(key) {
                None => Cow::Borrowed(value),
                Some(own) => Cow::Owned(merged_within_limits(part.field(), key, own, value)?),
            };
            Some((key, json))
        });
        memory::collect(added)
    });
    let all = both.and_then(|both| {
        let changes = both.iter().map(|(key, json)| (*key, Some(&**json)));
        inner.changed(changes)
    });
    match all {
        Ok(all) => Arc::new(all),
        Err(OutOfMemory) => {
            memory::note_lack();
            Arc::clone(inner)
        }
    }
}
