//! Repair: makes text that has the grammar of JSON readable for every reader of JSON.
//!
//! Decides what stands for what cannot be read: U+FFFD for half a surrogate pair (EVT-16), `null` for a number beyond
//! a double (EVT-17). Every byte keeps its place. Without it the server would refuse the whole event for one odd character in it.
//! Entry point: [`repair`]. May use: [`super::scan`], `base`.

use super::scan::{escape_length, is_infinite};
use super::write::into_text;
use crate::base::memory::OutOfMemory;

/// A copy of valid JSON text with the two things replaced.
pub(crate) fn repair(json: &str) -> Result<String, OutOfMemory> {
    let mut out = Vec::new();
    out.try_reserve_exact(json.len())?;
    let mut rest = json.as_bytes();
    let mut in_string = false;
    while let Some(byte) = rest.first() {
        let length = match byte {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' => {
                let (length, lone) = escape_length(rest);
                if lone {
                    out.extend_from_slice(b"\\ufffd");
                    rest = rest.get(length..).unwrap_or_default();
                    continue;
                }
                length
            }
            b'-' | b'0'..=b'9' if !in_string => {
                let length = rest
                    .iter()
                    .position(|byte| {
                        !matches!(byte, b'0'..=b'9' | b'e' | b'E' | b'+' | b'-' | b'.')
                    })
                    .unwrap_or(rest.len());
                if rest.get(..length).is_some_and(is_infinite) {
                    // Blanks keep all offsets; such a number has five characters at least.
                    out.extend_from_slice(b"null");
                    out.resize(out.len().saturating_add(length).saturating_sub(4), b' ');
                    rest = rest.get(length..).unwrap_or_default();
                    continue;
                }
                length
            }
            _ => 1,
        };
        let (taken, tail) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        out.extend_from_slice(taken);
        rest = tail;
    }
    Ok(into_text(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    // EVT-16, EVT-17
    #[test]
    fn half_pairs_and_infinite_numbers_are_replaced_and_nothing_else() {
        let json = r#"{"a\ud800":["\ud83d\ude00 \udc00x \\ud800 1e999",1e999,-1e400,1e5,"ü\""]}"#;
        assert_eq!(
            repair(json).unwrap(),
            r#"{"a\ufffd":["\ud83d\ude00 \ufffdx \\ud800 1e999",null ,null  ,1e5,"ü\""]}"#
        );
        assert!(serde_json::from_str::<serde_json::Value>(&repair(json).unwrap()).is_ok());
    }
}
