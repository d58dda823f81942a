//! Bounds: copies of what was given, cut down to a number of characters, or to levels and bytes (EVT-16, EVT-18).
//!
//! Entry points: [`string`], [`scalar`], [`bag`], [`cut_down`]. May use: [`crate::value::json`], `base`.

use std::borrow::Cow;

use super::Input;
use crate::base::memory::Buffer;
use crate::value::json::scan::Kind;
use crate::value::json::trim;
use crate::value::json::write;

/// Appends text with at most so many characters; true if it was cut.
pub(crate) fn string(out: &mut Buffer, text: Input<'_>, max_chars: usize) -> bool {
    let text = match text {
        Input::Json(json) => return trim::string_within(out, json, max_chars),
        text => text.decode(),
    };
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
    value.copy(out);
    cut_down(out, start, max_depth, max_bytes)
}

/// Brings the value behind the first `start` bytes within so many levels and bytes; true if something was cut.
pub(crate) fn cut_down(out: &mut Buffer, start: usize, max_depth: usize, max_bytes: usize) -> bool {
    let written = out.get(start..).unwrap_or_default();
    let is_within = |json| trim::is_within(json, max_depth, max_bytes);
    if std::str::from_utf8(written).is_ok_and(is_within) {
        return false;
    }
    let text = write::into_text(out.split_off(start));
    trim::bag(out, &text, max_depth, max_bytes)
}
