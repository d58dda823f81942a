//! The scope, continued: what is set from values that the host built.

use super::{Part, Scope};
use crate::base::diagnostics::Severity;
use crate::base::memory::{self, OutOfMemory};
use crate::client::Client;
use crate::client::options::lost_of;
use crate::client::state;
use crate::protocol::event::within_limits;
use crate::protocol::names::{self, Name};
use crate::value::json::write;
use crate::value::tree::Value;

impl Scope {
    /// Sets the user, an object, or removes it with null; anything else is ignored.
    pub(crate) fn set_user(&self, user: &Value) {
        match user {
            Value::Null => self.set_field("user", None),
            user => {
                // What is no user is ignored.
                if let Some(Some(user)) = kept(limited(&["user"], user)) {
                    self.set_field("user", Some(user));
                }
            }
        }
    }

    /// Sets the tags of an object; members that are no text are ignored.
    pub(crate) fn set_tags(&self, tags: &Value) {
        for (key, value) in tags.members() {
            if let Some(value) = value.as_text() {
                let set = || {
                    self.set_tag(&memory::lossy(&key)?, Some(&memory::lossy(value)?));
                    Ok(())
                };
                kept(memory::watch(set).and_then(|set| set));
            }
        }
    }

    /// Sets a member to a value; what an event cannot carry there removes it.
    pub(crate) fn set_value(&self, part: Part, key: &str, value: &Value) {
        if let Some(json) = kept(limited(&[part.field(), key], value)) {
            self.set_member(part, key, json.as_deref());
        }
    }

    /// Sets a field that is text, within the limits, or removes it. A text that servers refuse changes nothing.
    pub(crate) fn set_text(&self, field: &'static str, text: Option<&str>) {
        match text.filter(|text| !text.is_empty()) {
            None => self.set_field(field, None),
            Some(text) => {
                let json = within_limits(&[field], &write::string_to_json(text));
                if let Some(Some(json)) = kept(json) {
                    self.set_field(field, Some(json));
                }
            }
        }
    }

    /// Merges an object into a context: new keys win, objects within are merged, others stay. What is no object removes
    /// the context.
    pub(crate) fn update_context(&self, key: &str, value: &Value) {
        let path = [Part::Contexts.field(), key];
        let update =
            |old: Option<&str>| match old.map(|old| Value::from_json(old).ok_or(OutOfMemory)) {
                Some(context) => match context? {
                    context if context.is_object() && value.is_object() => {
                        context.merge(value);
                        limited(&path, &context)
                    }
                    _ => limited(&path, value),
                },
                None => limited(&path, value),
            };
        kept(self.update_context_json(key, update));
    }

    /// Sets the fingerprint, a list; anything else is ignored. One without entries is kept, to hide that of an outer
    /// scope; events do not carry it.
    pub(crate) fn set_fingerprints(&self, fingerprints: &Value) {
        if !fingerprints.is_list() {
            return;
        }
        if let Some(json) = kept(limited(&["fingerprint"], fingerprints)) {
            self.set_field("fingerprint", Some(json.unwrap_or_else(|| "[]".to_owned())));
        }
    }
}

/// `value` as JSON, as an event would carry it there. Far more than that is not even written.
fn limited(path: &[&str], value: &Value) -> Result<Option<String>, OutOfMemory> {
    within_limits(path, &value.to_json_cut()?)
}

/// Nothing when there is no memory: then the scope stays as it is, which the diagnostics tell.
fn kept<T>(result: Result<T, OutOfMemory>) -> Option<T> {
    if result.is_err() {
        state::log(
            Severity::Warning,
            format_args!("no memory for data of the scope: it stays as it was"),
        );
    }
    result.ok()
}

impl Client {
    /// Sets the release of the process, or removes it; what of it servers do not take comes back. One that is refused
    /// changes nothing.
    pub(crate) fn set_release(&self, text: Option<&str>) -> Option<String> {
        self.set_name("release", names::release, text)
    }

    /// The same for the environment.
    pub(crate) fn set_environment(&self, text: Option<&str>) -> Option<String> {
        self.set_name("environment", names::environment, text)
    }

    fn set_name(
        &self,
        field: &'static str,
        rule: fn(&str) -> Name<'_>,
        text: Option<&str>,
    ) -> Option<String> {
        let text = text.unwrap_or_default();
        let name = rule(text);
        match name {
            Name::Empty => self.scope.set_text(field, None),
            Name::Whole(kept) | Name::Cut(kept) => self.scope.set_text(field, Some(kept)),
            Name::Refused(_) => {}
        }
        let lost = lost_of(&name, text).map(|what| format!("{field}: {what}"))?;
        self.diagnostics
            .log(Severity::Warning, format_args!("{lost}"));
        Some(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::level::Level;

    fn value(text: &str) -> Value {
        Value::from_json(text).unwrap()
    }

    #[test]
    fn contexts_are_merged_deeply() {
        let scope = Scope::empty();
        scope.update_context("c", &value(r#"{"a":1,"n":{"x":1,"y":2}}"#));
        scope.update_context("c", &value(r#"{"b":2,"n":{"y":3}}"#));
        assert_eq!(
            scope.snapshot().contexts.json(),
            r#""c":{"a":1,"n":{"x":1,"y":3},"b":2}"#
        );
        scope.update_context("c", &value("[1]"));
        assert!(scope.snapshot().contexts.is_empty());
    }

    // SCO-2, BC-4
    #[test]
    fn an_inner_scope_wins_key_by_key() {
        let (inner, outer) = (Scope::empty(), Scope::empty());
        outer.set_tags(&value(r#"{"a":"outer","b":"outer"}"#));
        inner.set_tags(&value(r#"{"a":"inner"}"#));
        outer.set_user(&value(r#"{"id":"1"}"#));
        inner.set_user(&value(r#"{"id":"2"}"#));
        outer.set_field("release", Some("\"r\"".to_owned()));
        inner.set_level(Level::Info);
        outer
            .add_breadcrumb("{\"message\":\"1\"}".to_owned())
            .unwrap();
        inner
            .add_breadcrumb("{\"message\":\"2\"}".to_owned())
            .unwrap();
        let both = inner.snapshot().within(outer.snapshot());
        assert_eq!(both.tags.json(), r#""a":"inner","b":"outer""#);
        let fields: Vec<_> = both
            .fields
            .iter()
            .map(|(name, json)| format!("{name}={json}"))
            .collect();
        assert_eq!(fields, [r#"user={"id":"2"}"#, r#"release="r""#]);
        assert_eq!(both.level, Level::Info);
        assert_eq!(
            both.breadcrumbs_json(),
            r#"{"message":"1"},{"message":"2"}"#
        );
    }

    // SCO-2, SCO-4, EVT-13
    #[test]
    fn contexts_and_extra_of_two_scopes_are_merged_at_each_depth() {
        let (inner, outer) = (Scope::empty(), Scope::empty());
        let long = "x".repeat(6000);
        let set = |scope: &Scope, part, key, json: &str| scope.set_value(part, key, &value(json));
        set(
            &outer,
            Part::Contexts,
            "app",
            r#"{"build":"outer","n":{"a":1,"b":1}}"#,
        );
        set(
            &inner,
            Part::Contexts,
            "app",
            r#"{"view":"inner","n":{"b":2,"c":2}}"#,
        );
        set(
            &outer,
            Part::Contexts,
            "big",
            &format!(r#"{{"a":"{long}"}}"#),
        );
        set(
            &inner,
            Part::Contexts,
            "big",
            &format!(r#"{{"b":"{long}"}}"#),
        );
        set(&outer, Part::Extra, "x", r#"{"a":1,"l":[1]}"#);
        set(&inner, Part::Extra, "x", r#"{"b":2,"l":[2]}"#);
        set(&outer, Part::Extra, "y", r#"{"a":1}"#);
        set(&inner, Part::Extra, "y", "7");
        let ids = r#""trace_id":"0ae7be1efe7a4d04f423378007b8f6ae","span_id":"fdf21cb107484a2d""#;
        set(&outer, Part::Contexts, "trace", &format!("{{{ids}}}"));
        set(&inner, Part::Contexts, "trace", r#"{"op":"x"}"#);
        let both = inner.snapshot().within(outer.snapshot());
        assert_eq!(
            both.contexts.get("app"),
            Some(r#"{"view":"inner","n":{"b":2,"c":2,"a":1},"build":"outer"}"#)
        );
        assert_eq!(
            both.contexts.get("trace"),
            Some(&*format!(r#"{{"op":"x",{ids}}}"#))
        );
        let big = both.contexts.get("big").unwrap();
        assert!(
            big.len() <= 8 * 1024 && big.starts_with(r#"{"b":"xxx"#) && big.contains(r#""a":"xxx"#)
        );
        assert_eq!(both.extra.get("x"), Some(r#"{"b":2,"l":[2],"a":1}"#));
        assert_eq!(both.extra.get("y"), Some("7"));
    }

    // EVT-16, ENV-18
    #[test]
    fn what_is_set_is_brought_within_the_limits_once() {
        let scope = Scope::empty();
        let long = "é".repeat(20_000);
        scope.set_user(&value(&format!(
            r#"{{"id":7,"email":"{long}","ip_address":"nowhere"}}"#
        )));
        scope.set_value(
            Part::Contexts,
            "c",
            &value(&format!(r#"{{"text":"{long}"}}"#)),
        );
        scope.set_value(Part::Contexts, "d", &value("{}"));
        scope.set_value(Part::Contexts, "d", &value("7"));
        scope.set_text("release", Some("no/slash"));
        scope.set_text("transaction", Some(&long));
        let snapshot = scope.snapshot();
        let field = |name: &str| {
            snapshot
                .fields
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, json)| json)
        };
        let user = field("user").unwrap();
        assert!(
            user.starts_with(r#"{"id":"7","email":"é"#) && user.len() < 1000,
            "{user}"
        );
        assert!(!user.contains("ip_address"));
        assert_eq!(field("release"), None);
        assert!(field("transaction").unwrap().chars().count() <= 202);
        assert!(snapshot.contexts.get("c").unwrap().len() <= 8 * 1024);
        assert!(snapshot.contexts.get("d").is_none());
    }

    #[test]
    fn what_is_no_user_and_no_list_is_ignored() {
        let scope = Scope::empty();
        scope.set_user(&Value::Int32(1));
        scope.set_fingerprints(&value("{}"));
        scope.set_tags(&value("[]"));
        assert!(scope.snapshot().fields.is_empty() && scope.snapshot().tags.is_empty());
        scope.set_fingerprints(&value(r#"["a"]"#));
        assert_eq!(scope.snapshot().fields[0].1, r#"["a"]"#);
        scope.set_fingerprints(&Value::Bool(true));
        assert_eq!(scope.snapshot().fields[0].1, r#"["a"]"#);
        scope.set_fingerprints(&value("[null]"));
        assert_eq!(scope.snapshot().fields[0].1, "[]");
    }
}
