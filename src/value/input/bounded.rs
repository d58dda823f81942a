//! Bounds: copies of what was given, cut down to a number of characters, or to levels and bytes (EVT-16, EVT-18).
//!
//! Entry points: [`string`], [`scalar`], [`bag`], [`cut_down`]. May use: [`crate::value::json`], `base`.

use std::borrow::Cow;

use super::Input;
use crate::base::memory::{self, Buffer};
use crate::value::json::scan::Kind;
use crate::value::json::trim;
use crate::value::json::write;

/// Appends text with at most so many characters; true if it was cut.
pub(crate) fn string(out: &mut Buffer, text: Input<'_>, max_chars: usize) -> bool {
    if let Input::Json(json) = text {
        return trim::string_within(out, json, max_chars);
    }
    // As few bytes as characters: nothing to count, whatever stands in place of what is not UTF-8.
    if text.size() <= max_chars {
        text.copy(out);
        return false;
    }
    let text = text.decode();
    let kept = trim::trim_str(&text, max_chars);
    write::string(out, &kept);
    matches!(kept, Cow::Owned(_))
}

/// Appends any value as text with at most so many characters; true if it was cut. What is no text is its JSON.
pub(crate) fn scalar(out: &mut Buffer, value: Input<'_>, max_chars: usize) -> bool {
    if value.kind() == Kind::Text {
        return string(out, value, max_chars);
    }
    let text = value.to_json();
    let kept = trim::trim_str(&text, max_chars);
    write::string(out, &kept);
    matches!(kept, Cow::Owned(_))
}

/// Appends a value within so many levels of containers and bytes, see [`trim::bag`]; true if something was cut.
pub(crate) fn bag(out: &mut Buffer, value: Input<'_>, max_depth: usize, max_bytes: usize) -> bool {
    if let Input::Json(json) = value {
        return trim::bag(out, json, max_depth, max_bytes);
    }
    let start = out.len();
    let was_cut = copy_within(out, value, max_depth);
    if out.len().saturating_sub(start) <= max_bytes {
        return was_cut;
    }
    let text = write::into_text(out.split_off(start));
    if !trim::shrink(out, &text, max_bytes) {
        out.extend_from_slice(b"null");
    }
    true
}

/// Appends a value with so many levels of containers, each with no more elements than a list may have; true if something was
/// cut.
fn copy_within(out: &mut Buffer, value: Input<'_>, levels: usize) -> bool {
    let deeper = levels.saturating_sub(1);
    let mut was_cut = false;
    match value.kind() {
        Kind::Object | Kind::Array if levels == 0 => {
            write::string(out, trim::ELLIPSIS);
            return true;
        }
        Kind::Object => {
            out.push(b'{');
            for (key, value) in value.members() {
                key.copy_key(out);
                was_cut |= copy_within(out, value, deeper);
            }
            out.push(b'}');
        }
        Kind::Array => {
            out.push(b'[');
            let mut elements = value.elements();
            for element in elements.by_ref().take(trim::BAG_BREADTH) {
                write::separator(out);
                was_cut |= copy_within(out, element, deeper);
            }
            was_cut |= elements.next().is_some();
            out.push(b']');
        }
        Kind::Text | Kind::Number | Kind::Boolean | Kind::Null => value.copy(out),
    }
    was_cut
}

/// Brings the value behind the first `start` bytes within so many levels and bytes; true if something was cut.
pub(crate) fn cut_down(out: &mut Buffer, start: usize, max_depth: usize, max_bytes: usize) -> bool {
    let written = out.get(start..).unwrap_or_default();
    let is_within = |json| trim::is_within(json, max_depth, max_bytes);
    if memory::utf8(written).is_ok_and(is_within) {
        return false;
    }
    let text = write::into_text(out.split_off(start));
    trim::bag(out, &text, max_depth, max_bytes)
}
