//! Default attributes: what every log entry and every metric says of the program and the machine (LOG-5, LOG-6).
//!
//! Made once for a state of the scope's fields, and kept for as long as that is the same. Entry point: [`DefaultAttributes`].

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::options::{Options, SDK_VERSION};
use super::scope::FieldList;
use crate::protocol::attributes::{Plain, json_of};
use crate::value::json::scan;
use crate::value::shared::members::Members;

/// Makes them.
#[derive(Debug)]
pub(super) struct DefaultAttributes {
    /// Of the machine and the library, which never change.
    fixed: Members,
    /// The user that stands for the installation, as JSON: nobody set it.
    nobody: Option<String>,
    last: ArcSwapOption<Made>,
}

/// Attributes, and the fields they were made from.
#[derive(Debug)]
struct Made {
    fields: Arc<FieldList>,
    members: Arc<Members>,
}

fn text_of<'f>(fields: &'f FieldList, name: &str) -> Option<&'f str> {
    let field = fields.iter().find(|(field, _)| *field == name);
    field.map(|(_, json)| json.as_str())
}

fn attribute(json: &str) -> Option<String> {
    let text = scan::text(json).filter(|text| !text.is_empty())?;
    Some(json_of(Plain::Text(text.as_bytes())))
}

impl DefaultAttributes {
    /// For the machine in `os`, a context as JSON, and the fields that the client starts with.
    pub(super) fn new(options: &Options, os: Option<&str>, fields: &FieldList) -> Self {
        let mut fixed = Members::new();
        let os = os.unwrap_or("{}");
        for (key, name) in [("os.name", "name"), ("os.version", "version")] {
            if let Some(json) = scan::entry(os, name).and_then(attribute) {
                fixed.push(key, &json);
            }
        }
        for (key, text) in [
            ("sentry.sdk.name", options.sdk_name.as_str()),
            ("sentry.sdk.version", SDK_VERSION),
        ] {
            fixed.push(key, &json_of(Plain::Text(text.as_bytes())));
        }
        Self {
            fixed,
            nobody: text_of(fields, "user").map(str::to_owned),
            last: ArcSwapOption::empty(),
        }
    }

    /// Those for a scope with these fields.
    pub(super) fn of(&self, fields: &Arc<FieldList>) -> Arc<Members> {
        if let Some(last) = &*self.last.load()
            && Arc::ptr_eq(&last.fields, fields)
        {
            return Arc::clone(&last.members);
        }
        let members = Arc::new(self.make(fields));
        self.last.store(Some(Arc::new(Made {
            fields: Arc::clone(fields),
            members: Arc::clone(&members),
        })));
        members
    }

    fn make(&self, fields: &FieldList) -> Members {
        let mut members = self.fixed.try_clone().unwrap_or_default();
        let mut add = |key: &str, json: Option<&str>| {
            if let Some(json) = json.and_then(attribute) {
                members.push(key, &json);
            }
        };
        for (key, name) in [
            ("sentry.environment", "environment"),
            ("sentry.release", "release"),
        ] {
            add(key, text_of(fields, name));
        }
        let user = text_of(fields, "user").filter(|user| self.nobody.as_deref() != Some(user));
        if let Some(user) = user {
            for (key, name) in [
                ("user.id", "id"),
                ("user.name", "username"),
                ("user.email", "email"),
            ] {
                add(key, scan::entry(user, name));
            }
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(members: &Members) -> Vec<String> {
        let text = |(key, json): (&str, &str)| {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(value["type"], "string");
            format!("{key}={}", value["value"].as_str().unwrap())
        };
        members.iter().map(text).collect()
    }

    // LOG-5, LOG-6
    #[test]
    fn they_say_what_is_known_and_who_was_set() {
        let options = Options {
            sdk_name: "sdk".to_owned(),
            ..Options::default()
        };
        let user = |json: &str| ("user", json.to_owned());
        let mut list = vec![
            ("release", "\"app@1\"".to_owned()),
            ("environment", "\"\"".to_owned()),
            user(r#"{"id":"installation"}"#),
        ];
        let os = Some(r#"{"name":"Linux","version":"6.1"}"#);
        let defaults = DefaultAttributes::new(&options, os, &list);
        let first = Arc::new(list.clone());
        let made = defaults.of(&first);
        let version = format!("sentry.sdk.version={SDK_VERSION}");
        let expected = [
            "os.name=Linux",
            "os.version=6.1",
            "sentry.sdk.name=sdk",
            &version,
            "sentry.release=app@1",
        ];
        assert_eq!(values(&made), expected);
        assert!(Arc::ptr_eq(&made, &defaults.of(&first)), "made once");
        list.pop();
        list.push(user(r#"{"id":7,"username":"u","email":"e"}"#));
        let made = defaults.of(&Arc::new(list));
        assert_eq!(values(&made)[5..], ["user.name=u", "user.email=e"]);
    }
}
