//! `installation_id`: tells installations apart that have no user, without saying who they are.
//!
//! Two lines: the id, and the public key it is for. Another key gets another id, so that two projects cannot be joined
//! by it.

use std::io;

use crate::base::file::Durability;
use crate::base::uuid::Uuid;
use crate::store::directory::Directory;

const NAME: &str = "installation_id";

/// The id of this installation for a public key (empty without DSN); made when there is none yet. Two processes that
/// start at the same moment for the first time may get different ones, until their next start.
pub(crate) fn id_for(directory: &Directory, public_key: &str) -> io::Result<Uuid> {
    /// An id and the longest key that a DSN can have.
    const MAX_BYTES: u64 = 16 * 1024;
    let content = directory.read(NAME, MAX_BYTES).ok().flatten();
    if let Some(id) = content.and_then(|content| parse(&content, public_key)) {
        return Ok(id);
    }
    let id = Uuid::new_v4();
    let content = format!("{}\n{public_key}\n", id.hyphenated().as_str());
    directory.write(NAME, content.as_bytes(), Durability::PowerFailure)?;
    Ok(id)
}

fn parse(content: &[u8], public_key: &str) -> Option<Uuid> {
    let mut lines = std::str::from_utf8(content).ok()?.lines();
    let id = Uuid::parse_strict(lines.next()?).filter(|id| !id.is_nil())?;
    (lines.next().unwrap_or_default() == public_key).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;

    #[test]
    fn it_stays_for_a_key_and_changes_with_it() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let first = id_for(&directory, "a").unwrap();
        assert_eq!(id_for(&directory, "a").unwrap(), first);
        let content = std::fs::read_to_string(scratch.path().join(NAME)).unwrap();
        assert_eq!(content, format!("{}\na\n", first.hyphenated().as_str()));
        let other = id_for(&directory, "b").unwrap();
        assert_ne!(other, first);
        assert_ne!(id_for(&directory, "").unwrap(), other);
    }

    #[test]
    fn what_cannot_be_read_is_replaced() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        for content in [&b""[..], b"\xff\n", b"no id\na\n", &[b'x'; 20_000]] {
            std::fs::write(scratch.path().join(NAME), content).unwrap();
            let id = id_for(&directory, "a").unwrap();
            assert_eq!(id_for(&directory, "a").unwrap(), id);
        }
    }
}
