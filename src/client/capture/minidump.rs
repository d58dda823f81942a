//! Minidumps: a file that another program wrote about a crash becomes a fatal event with that file attached.

use std::path::Path;

use super::attachments::gather::Dump;
use super::pipeline::{Captured, ERROR, Origin, refuse_without_dump};
use super::refused::Refused;
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::protocol::event::Event;

impl Client {
    /// Captures the minidump at `path`; what the file holds is not looked at.
    pub(crate) fn capture_minidump(&self, path: &Path) -> Result<Captured, Refused> {
        let transport = self.open_transport(ERROR)?;
        let dump =
            Dump::open(path).map_err(|lost| refuse_without_dump(transport, Uuid::NIL, &lost))?;
        let event = Event::parse(r#"{"level":"fatal"}"#)?;
        self.capture(transport, &event, None, Origin::Minidump(dump))
    }
}
