//! Data of a scope: brought within the limits of events when it is set, so that each event only copies it.
//!
//! Entry points: [`within_limits`], [`merged_within_limits`].

use super::contexts;
use super::field::Field;
use super::free_form;
use super::parts::Parts;
use super::text;
use super::writer::Writer;
use crate::base::memory::{self, Buffer, OutOfMemory};
use crate::base::uuid::Uuid;
use crate::protocol::trace::context_with;
use crate::value::input::Input;
use crate::value::json::merge;
use crate::value::json::scan::{self, Kind};
use crate::value::json::write as json;

/// `value`, JSON, as it would stand on an event at `path` (a field, or a field and a key in it), brought within the limits;
/// none if an event would not carry it. For data that is set once and copied into many events.
pub(crate) fn within_limits(path: &[&str], value: &str) -> Result<Option<String>, OutOfMemory> {
    let value = Input::Json(value);
    memory::watch(|| {
        let mut out = Buffer::new();
        match path {
            ["contexts", key] if value.is_object() => {
                contexts::bounded(&mut out, key, value);
            }
            ["extra", _] => {
                free_form::extra_value(&mut out, value);
            }
            [name] => return field_within_limits(out, name, value),
            _ => {}
        }
        (!out.is_empty()).then(|| json::into_text(out))
    })
}

/// The value of a field that scopes have.
fn field_within_limits(mut out: Buffer, name: &str, value: Input<'_>) -> Option<String> {
    let field = Field::from_key(name)?;
    if field.mismatch(value.kind()).is_some() {
        return None;
    }
    let parts = Parts::bare(Uuid::NIL);
    let mut writer = Writer::new(&mut out, &parts);
    match field {
        Field::User => free_form::user(&mut writer, value),
        Field::Fingerprint => text::fingerprint(&mut writer, value),
        _ => text::field(&mut writer, field, name, value),
    }
    let written = json::into_text(out);
    // Behind the comma and the key.
    let (_, value) = written.split_once(':')?;
    memory::copy_text(value)
        .map_err(|OutOfMemory| memory::note_lack())
        .ok()
}

/// What stands under `key` of `contexts` or `extra` where two scopes have it and both values are objects; none where `inner`
/// stays as it is.
pub(crate) fn merged_within_limits(
    field: &str,
    key: &str,
    inner: &str,
    outer: &str,
) -> Option<String> {
    let are_objects = [inner, outer].map(scan::kind) == [Kind::Object; 2];
    if !are_objects {
        return None;
    }
    let both = memory::watch(|| match (field, key) {
        ("contexts", "trace") => context_with(inner, Some(outer)),
        ("contexts" | "extra", _) => Some(merge::objects(inner, outer)),
        _ => None,
    });
    // Without memory the inner one stays as it is.
    within_limits(&[field, key], &both.ok()??).ok().flatten()
}
