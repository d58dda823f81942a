//! Check-ins on their way from the host to the queue. They are neither sampled nor shown to a hook.

use std::time::SystemTime;

use super::kind::Kind;
use super::refused::{Loss, Refused};
use super::steps::{Capture, Captured, Content, Payload};
use crate::base::memory;
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::protocol::check_in::{CheckIn, CheckInStatus, check_slug, read_config};
use crate::protocol::event::LeftOut;

impl Client {
    /// Captures a check-in; its id. `config` is the monitor's configuration as JSON.
    pub(crate) fn capture_check_in(
        &self,
        id: Option<Uuid>,
        slug: &str,
        status: CheckInStatus,
        duration: Option<f64>,
        config: Option<&str>,
    ) -> Result<Captured, Refused> {
        let capture = self.begin(Kind::CheckIn, None)?;
        let id = id.unwrap_or_else(Uuid::new_v4);
        let refuse = |why| capture.refuse(id, Loss::invalid(why));
        check_slug(slug).map_err(refuse)?;
        if duration.is_some_and(|seconds| !seconds.is_finite()) {
            return Err(refuse("duration must be a finite number of seconds"));
        }
        let mut left_out = LeftOut::default();
        let config = config.and_then(|json| read_config(json, &mut left_out));
        let check_in = CheckIn {
            id,
            slug,
            status,
            // Less than nothing is not known.
            duration: duration.filter(|seconds| *seconds >= 0.0),
            config,
        };
        capture.run(&Said { check_in, left_out }, None)
    }
}

struct Said<'a> {
    check_in: CheckIn<'a>,
    left_out: LeftOut,
}

impl Content for Said<'_> {
    fn event_id(&self) -> Option<Uuid> {
        Some(self.check_in.id)
    }

    fn write(&self, capture: &Capture<'_>, _: Uuid, _: SystemTime) -> Result<Payload, Loss> {
        let client = capture.client;
        let written = memory::watch(|| {
            let snapshot = client.scope.snapshot();
            let field = |name: &str| {
                let field = snapshot.fields.iter().find(|(field, _)| *field == name);
                field.map(|(_, json)| json.as_str())
            };
            let active = client.active(None).map(|active| active.context());
            let trace = active.as_deref().or_else(|| snapshot.contexts.get("trace"));
            self.check_in
                .write(field("release"), field("environment"), trace)
        })?;
        Ok(Payload {
            bytes: written.into_bytes().into(),
            trace: None,
            left_out: self.left_out.clone(),
            spans: None,
        })
    }
}
