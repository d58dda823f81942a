//! Breadcrumbs on their way from the host to the scope: read, shown to `before_breadcrumb`, kept.

use std::time::SystemTime;

use super::hooks;
use super::refused::{DISABLED, Refused, Status};
use crate::base::memory::OutOfMemory;
use crate::client::Client;
use crate::protocol::event::breadcrumb::{self, Crumb};
use crate::protocol::event::{EventError, LeftOut};
use crate::value::tree::Value;

impl Client {
    /// Adds a breadcrumb given as JSON text (BC-1).
    pub(crate) fn add_breadcrumb(&self, json: &str) -> Result<LeftOut, Refused> {
        if !self.is_enabled() {
            return Err(DISABLED);
        }
        self.keep(breadcrumb::parse(json, SystemTime::now())?)
    }

    /// Adds a breadcrumb given as a value.
    pub(crate) fn add_breadcrumb_value(&self, value: Value) -> Result<LeftOut, Refused> {
        if !self.is_enabled() {
            return Err(DISABLED);
        }
        self.keep(breadcrumb::from_value(value, SystemTime::now())?)
    }

    fn keep(&self, crumb: Crumb) -> Result<LeftOut, Refused> {
        let left_out = crumb.left_out.and(self.keep_breadcrumb(crumb.json)?);
        if !left_out.is_empty() {
            self.say_left_out(format_args!("breadcrumb"), &left_out);
        }
        Ok(left_out)
    }

    /// Keeps a breadcrumb, if the hook lets it pass (BC-5).
    pub(super) fn keep_breadcrumb(&self, crumb: String) -> Result<LeftOut, Refused> {
        let Some(hook) = &self.options.before_breadcrumb else {
            let added = self.scope.add_breadcrumb(crumb);
            added.map_err(EventError::from)?;
            return Ok(LeftOut::default());
        };
        let shown = Value::from_own_json(&crumb).ok_or(OutOfMemory);
        let shown = shown.map_err(EventError::from)?;
        let returned = hooks::call(hook.as_ref(), shown)?;
        if matches!(returned, Value::Null) {
            return Err(Refused::because(
                Status::DroppedByHook,
                "before_breadcrumb returned null",
            ));
        }
        let json = returned.to_json_text().map_err(EventError::from)?;
        let crumb = breadcrumb::parse_returned(&json, &crumb, SystemTime::now())?;
        let added = self.scope.add_breadcrumb(crumb.json);
        added.map_err(EventError::from)?;
        Ok(crumb.left_out)
    }
}
