//! How a JSON text is spelled: what a parsed value no longer shows.
//!
//! Decides whether a text has optional blanks and which keys occur twice in one object. Entry point: [`Spelling::of`],
//! for text that is known to be valid JSON. Pure; uses nothing of the crate.

use std::collections::HashSet;

/// Facts about the spelling of one JSON text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// Blanks, tabs or line ends outside of strings.
    pub(crate) has_blanks: bool,
    /// Keys that occur more than once in the same object, at any depth.
    pub(crate) duplicate_keys: Vec<String>,
}

/// One open bracket.
enum Level {
    Array,
    Object {
        keys: HashSet<String>,
        expects_key: bool,
    },
}

impl Spelling {
    /// Reads the spelling of `text`, which must be valid JSON.
    pub(crate) fn of(text: &str) -> Self {
        let mut found = Self::default();
        let mut levels: Vec<Level> = Vec::new();
        let mut characters = text.char_indices();
        while let Some((start, character)) = characters.next() {
            match character {
                '"' => {
                    let mut is_escaped = false;
                    let end = characters.by_ref().find(|(_, inner)| {
                        let ends = *inner == '"' && !is_escaped;
                        is_escaped = *inner == '\\' && !is_escaped;
                        ends
                    });
                    let Some((end, _)) = end else { return found };
                    let key = text
                        .get(start..=end)
                        .and_then(|quoted| serde_json::from_str::<String>(quoted).ok());
                    if let Some(Level::Object {
                        keys,
                        expects_key: true,
                    }) = levels.last_mut()
                        && let Some(key) = key
                        && !keys.insert(key.clone())
                    {
                        found.duplicate_keys.push(key);
                    }
                }
                '{' => levels.push(Level::Object {
                    keys: HashSet::new(),
                    expects_key: true,
                }),
                '[' => levels.push(Level::Array),
                '}' | ']' => drop(levels.pop()),
                ':' | ',' => {
                    if let Some(Level::Object { expects_key, .. }) = levels.last_mut() {
                        *expects_key = character == ',';
                    }
                }
                ' ' | '\t' | '\r' | '\n' => found.has_blanks = true,
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Spelling;

    #[test]
    fn blanks_count_outside_of_strings_only() {
        assert!(!Spelling::of(r#"{"a b":"c \" d","e":[1,2]}"#).has_blanks);
        for text in [r#"{"a": 1}"#, r#"{"a":1} "#, "[1,\n2]"] {
            assert!(Spelling::of(text).has_blanks, "{text}");
        }
    }

    #[test]
    fn a_key_repeated_in_one_object_is_found_at_any_depth() {
        assert_eq!(
            Spelling::of(r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}],"d":"a"}"#).duplicate_keys,
            [""; 0]
        );
        assert_eq!(Spelling::of(r#"{"a":1,"a":2}"#).duplicate_keys, ["a"]);
        assert_eq!(
            Spelling::of(r#"[{"x":{"k":[],"\u006b":1}}]"#).duplicate_keys,
            ["k"]
        );
    }
}
