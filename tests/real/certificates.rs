//! Throw-away certificates.
//!
//! Entry point: [`write_to`]. They are made once for each test program, by `certificates.py`.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use super::{HANG, python_program};
use crate::support::{Scratch, assert_success, run};

/// What `certificates.py` makes.
const NAMES: [&str; 5] = [
    "ca.pem",
    "stranger.pem",
    "good.pem",
    "expired.pem",
    "elsewhere.pem",
];

/// Writes all certificates into a directory.
pub fn write_to(directory: &Path) {
    static TEXTS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let texts = TEXTS.get_or_init(|| {
        let scratch = Scratch::new("certificates");
        let output = run(python_program("certificates.py").arg(scratch.path()), HANG);
        assert_success(&output, "certificates.py");
        NAMES
            .map(|name| fs::read(scratch.join(name)).unwrap())
            .to_vec()
    });
    for (name, text) in NAMES.iter().zip(texts) {
        fs::write(directory.join(name), text).unwrap();
    }
}
