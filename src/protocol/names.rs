//! Names: which texts servers take as release, environment, dist, platform and tags (EVT-3, EVT-5, EVT-6, EVT-7, EVT-9).
//!
//! Decides for options, events, scopes and hooks alike. A release, environment or dist has a meaning at the server: other
//! characters in it would make another name of it. So such a name is sent as it is, or its beginning where only the length
//! is wrong, or it is left out. Servers count bytes.
//! Entry points: [`release`], [`environment`], [`dist`], [`platform`], [`tag_key`], [`tag_value`], [`without_control`].
//! May use: `value::trim`.

use std::borrow::Cow;

use crate::value::json::trim::trim_str;

/// Bytes of a release (EVT-6).
pub(crate) const RELEASE_BYTES: usize = 200;

/// Bytes of an environment (EVT-5).
pub(crate) const ENVIRONMENT_BYTES: usize = 64;

/// Bytes of a dist (EVT-7).
pub(crate) const DIST_BYTES: usize = 64;

/// Bytes of a platform's name; the longest in use has ten.
const PLATFORM_BYTES: usize = 64;

/// Characters of a tag's key, and of its value (EVT-9).
const TAG_CHARS: usize = 200;

/// What may be sent of a name. White space around it does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name<'t> {
    /// There is none.
    Empty,
    /// All of it.
    Whole(&'t str),
    /// Its beginning, with as many bytes as servers take.
    Cut(&'t str),
    /// Nothing, for this reason.
    Refused(&'static str),
}

impl<'t> Name<'t> {
    fn within(text: &'t str, max_bytes: usize) -> Self {
        if text.len() <= max_bytes {
            return Self::Whole(text);
        }
        let mut end = max_bytes;
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        // Never empty: no character has as many bytes as the least limit, and the text begins with no white space.
        Self::Cut(text.get(..end).unwrap_or_default().trim_end())
    }
}

/// EVT-6; servers keep `latest` for themselves, too.
pub(crate) fn release(text: &str) -> Name<'_> {
    let text = text.trim();
    if text.is_empty() {
        Name::Empty
    } else if matches!(text, "." | "..") || text.eq_ignore_ascii_case("latest") {
        Name::Refused("servers keep this word for themselves")
    } else if text.contains(is_refused_in_names) {
        Name::Refused("a release has no / and \\ and no line break or other control character")
    } else {
        Name::within(text, RELEASE_BYTES)
    }
}

/// EVT-5
pub(crate) fn environment(text: &str) -> Name<'_> {
    let text = text.trim();
    if text.is_empty() {
        Name::Empty
    } else if matches!(text, "." | "..") || text.eq_ignore_ascii_case("none") {
        Name::Refused("servers keep this word for themselves")
    } else if text.contains(|it: char| is_refused_in_names(it) || it.is_whitespace()) {
        Name::Refused("an environment has no blank, no / and \\ and no control character")
    } else {
        Name::within(text, ENVIRONMENT_BYTES)
    }
}

/// EVT-7
pub(crate) fn dist(text: &str) -> Name<'_> {
    let text = text.trim();
    if text.is_empty() {
        Name::Empty
    } else if text.contains(|it: char| !is_word(it) && it != '.') {
        Name::Refused("a dist has letters, digits, _ . and - only")
    } else {
        Name::within(text, DIST_BYTES)
    }
}

/// EVT-3. Whether a server knows the name is the server's business; the beginning of a name is no platform.
pub(crate) fn platform(text: &str) -> Name<'_> {
    let text = text.trim();
    if text.is_empty() {
        Name::Empty
    } else if text.len() > PLATFORM_BYTES || text.contains(|it: char| !is_word(it)) {
        Name::Refused("a platform is one word of letters, digits, _ and -")
    } else {
        Name::Whole(text)
    }
}

fn is_refused_in_names(character: char) -> bool {
    character.is_control() || matches!(character, '/' | '\\')
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// The key of a tag with every character outside `[A-Za-z0-9_.:-]` replaced by `_`, and at most 200 characters.
pub(crate) fn tag_key(key: &str) -> Cow<'_, str> {
    // Cut first: what is copied then is short, however long the key.
    let mut key = trim_str(key, TAG_CHARS);
    // What may stand in a key is ASCII, so that bytes tell.
    if !key.bytes().all(|byte| may_stand_in_key(char::from(byte))) {
        key = Cow::Owned(key.replace(|it| !may_stand_in_key(it), "_"));
    }
    key
}

fn may_stand_in_key(character: char) -> bool {
    is_word(character) || matches!(character, '.' | ':')
}

/// The value of a tag with line feeds and other control characters replaced by blanks, and at most 200 characters.
pub(crate) fn tag_value(value: &str) -> Cow<'_, str> {
    match trim_str(value, TAG_CHARS) {
        Cow::Borrowed(text) => without_control(text),
        Cow::Owned(text) => Cow::Owned(without_control(&text).into_owned()),
    }
}

/// Servers refuse line feeds and the like in texts of one line.
pub(crate) fn without_control(text: &str) -> Cow<'_, str> {
    let is_plain_ascii = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_plain_ascii && text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a rule: what is kept whole, and what is refused.
    fn assert_rule(rule: fn(&str) -> Name<'_>, whole: &[&str], refused: &[&str]) {
        for text in whole {
            assert_eq!(rule(text), Name::Whole(text), "{text}");
            assert_eq!(rule(&format!(" {text}\n")), Name::Whole(text), "{text}");
        }
        for text in refused {
            assert!(matches!(rule(text), Name::Refused(_)), "{text}");
        }
        for text in ["", " ", "\t\n", "\u{2028}"] {
            assert_eq!(rule(text), Name::Empty);
        }
    }

    // EVT-6
    #[test]
    fn releases_are_what_servers_take() {
        assert_rule(
            release,
            &[
                "app@1.0+7",
                "a b",
                "...",
                "-",
                "None",
                "é",
                &"é".repeat(100),
            ],
            &[
                ".",
                "..",
                "latest",
                "LATEST",
                "a/b",
                "a\\b",
                "a\tb",
                "a\u{7f}b",
                &("r".repeat(300) + "/"),
            ],
        );
        assert_eq!(
            release(&"é".repeat(101)),
            Name::Cut("é".repeat(100).as_str())
        );
        let long = "r".repeat(199) + " é";
        assert_eq!(release(&long), Name::Cut(&long[..199]));
    }

    // EVT-5
    #[test]
    fn environments_are_what_servers_take() {
        assert_rule(
            environment,
            &[
                "production",
                "Prod-1",
                "nonesuch",
                "latest",
                &"é".repeat(32),
            ],
            &[
                "none", "None", ".", "..", "a b", "a/b", "a\\b", "a\nb", "a\u{a0}b",
            ],
        );
        let long = "e".repeat(63) + "é";
        assert_eq!(environment(&long), Name::Cut(&long[..63]));
    }

    // EVT-7
    #[test]
    fn dists_are_what_servers_take() {
        assert_rule(
            dist,
            &["1.0_a-B", ".", "None", &"d".repeat(64)],
            &["a b", "ä", "1.2+3", "a/b"],
        );
        let long = "d".repeat(65);
        assert_eq!(dist(&long), Name::Cut(&long[..64]));
    }

    // EVT-3
    #[test]
    fn platforms_are_words() {
        assert_rule(
            platform,
            &["native", "objective-c"],
            &["a b", "a.b", &"p".repeat(65)],
        );
    }

    // EVT-9
    #[test]
    fn tags_are_brought_within_what_servers_index() {
        assert_eq!(tag_key("A-z_0.9:x"), "A-z_0.9:x");
        assert_eq!(tag_key("a b/ä"), "a_b__");
        let long = "k".repeat(201);
        assert_eq!(tag_key(&long[..200]), long[..200]);
        assert_eq!(tag_key(&long), "k".repeat(197) + "...");
        assert_eq!(tag_key(&"ä".repeat(300)), "_".repeat(197) + "...");
        assert_eq!(tag_value("a\nb\tü"), "a b ü");
        assert_eq!(tag_value(&"ü".repeat(200)), "ü".repeat(200));
        assert_eq!(
            tag_value(&("\n".to_owned() + &"ü".repeat(200))),
            " ".to_owned() + &"ü".repeat(196) + "..."
        );
    }
}
