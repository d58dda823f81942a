//! Minidumps: a file that another program wrote about a crash becomes a fatal event with that file attached.

use std::path::Path;

use super::attachments::gather::Dump;
use super::kind::Kind;
use super::refused::Refused;
use super::steps::Captured;
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::protocol::event::Event;

impl Client {
    /// Captures the minidump at `path`; what the file holds is not looked at.
    pub(crate) fn capture_minidump(&self, path: &Path) -> Result<Captured, Refused> {
        let capture = self.begin(Kind::Minidump, None)?;
        let dump = Dump::open(path);
        let dump = dump.map_err(|lost| capture.refuse(Uuid::NIL, lost.into()))?;
        let event = Event::parse(r#"{"level":"fatal"}"#);
        let event = event.map_err(|error| capture.refuse(Uuid::NIL, error.into()))?;
        capture.run(&event, Some(dump))
    }
}
