//! `session.json`: the running session, so that the next start can close it if nobody does.

use std::io;

use crate::base::file::Durability;
use crate::protocol::session::Session;
use crate::store::directory::Directory;
use crate::store::run::Run;

const NAME: &str = "session.json";

/// Writes the session of this run, or removes the file when none is running.
pub(crate) fn write(run: &Run, session: Option<&[u8]>) -> io::Result<()> {
    match session {
        Some(session) => run.write(NAME, session, Durability::Process),
        None => run.directory().remove(NAME).map(drop),
    }
}

/// Takes the session out of a dead run, if it holds one. It is taken once, whatever becomes of it: counted twice is
/// worse than not counted.
pub(crate) fn take(old: &Directory) -> Option<Session> {
    /// Far more than a session with the longest release and user.
    const MAX_BYTES: u64 = 64 * 1024;
    let content = old.read(NAME, MAX_BYTES);
    if content.as_ref().is_ok_and(Option::is_none) {
        return None;
    }
    // One that cannot be removed would come again.
    old.remove(NAME).ok()?;
    Session::read(&content.ok()??)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::session::SessionStatus;
    use crate::store::database::Database;
    use crate::store::scratch::Scratch;
    use std::time::SystemTime;

    #[test]
    fn a_session_is_written_removed_and_taken_once() {
        let scratch = Scratch::new();
        let database = Database::open(scratch.path()).unwrap();
        let (run, directory) = (database.run(), database.run().directory());
        assert_eq!(take(directory), None);
        let session = Session::new(SystemTime::UNIX_EPOCH, None, "\"r\"", None);
        let content = session.write(SessionStatus::Ok, None);
        write(run, Some(&content)).unwrap();
        write(run, None).unwrap();
        write(run, None).unwrap();
        assert_eq!(take(directory), None);
        write(run, Some(&content)).unwrap();
        assert_eq!(take(directory), Some(session));
        assert_eq!(take(directory), None);
    }

    #[test]
    fn one_that_cannot_be_read_is_removed() {
        let scratch = Scratch::new();
        let database = Database::open(scratch.path()).unwrap();
        let directory = database.run().directory();
        for content in ["", "{", &" ".repeat(70_000)] {
            std::fs::write(directory.path().join(NAME), content).unwrap();
            assert_eq!(take(directory), None);
            assert!(!directory.path().join(NAME).exists());
        }
    }
}
