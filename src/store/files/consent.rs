//! `user-consent`: what the user decided about sending, across runs.

use std::io;

use crate::base::file::Durability;
use crate::store::directory::Directory;

const NAME: &str = "user-consent";

/// What the user decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Consent {
    /// Nothing yet, or it cannot be read.
    #[default]
    Unknown,
    /// No.
    Revoked,
    /// Yes.
    Given,
}

/// What the file says. One that cannot be read is no consent.
pub(crate) fn read(directory: &Directory) -> Consent {
    /// `1\n`, and what an editor may have put behind it.
    const MAX_BYTES: u64 = 16;
    let content = directory.read(NAME, MAX_BYTES).ok().flatten();
    match content.unwrap_or_default().trim_ascii() {
        b"1" => Consent::Given,
        b"0" => Consent::Revoked,
        _ => Consent::Unknown,
    }
}

/// Keeps the decision; for [`Consent::Unknown`] there is no file.
pub(crate) fn write(directory: &Directory, consent: Consent) -> io::Result<()> {
    let content: &[u8] = match consent {
        Consent::Unknown => return directory.remove(NAME).map(drop),
        Consent::Revoked => b"0\n",
        Consent::Given => b"1\n",
    };
    // A decision of the user is worth a write to the device.
    directory.write(NAME, content, Durability::PowerFailure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;

    #[test]
    fn a_decision_is_kept_and_taken_back() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        assert_eq!(read(&directory), Consent::Unknown);
        for (consent, content) in [(Consent::Given, "1\n"), (Consent::Revoked, "0\n")] {
            write(&directory, consent).unwrap();
            assert_eq!(read(&directory), consent);
            let found = std::fs::read_to_string(scratch.path().join(NAME)).unwrap();
            assert_eq!(found, content);
        }
        write(&directory, Consent::Unknown).unwrap();
        write(&directory, Consent::Unknown).unwrap();
        assert!(!scratch.path().join(NAME).exists());
    }

    #[test]
    fn anything_but_a_clear_yes_is_no_consent() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        for content in ["", "\n", "2\n", "11\n", "yes\n", "1                       "] {
            std::fs::write(scratch.path().join(NAME), content).unwrap();
            assert_eq!(read(&directory), Consent::Unknown, "{content:?}");
        }
        std::fs::write(scratch.path().join(NAME), "1").unwrap();
        assert_eq!(read(&directory), Consent::Given);
    }
}
