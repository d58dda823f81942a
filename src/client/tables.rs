//! Tables: what the process has once, whichever client runs and also without one: the list of its modules, and the handles
//! of attachments.
//!
//! Neither has a lock that a capture waits for, so a forked child goes on with both. Entry points: [`MODULES`],
//! [`attachments`]. May use: `image`, `handles`.

use super::handles::Handles;
use crate::image::modules::ModuleCache;

/// The modules of this process.
pub(crate) static MODULES: ModuleCache = ModuleCache::new();

/// The handles of attachments, of scopes of the host's own and of hints, too: those know no client.
static ATTACHMENTS: Handles = Handles::new();

/// The handles of attachments.
pub(crate) fn attachments() -> &'static Handles {
    &ATTACHMENTS
}
