//! `ignore_errors`: patterns that keep events from being sent (PIPE-1, step 2).
//!
//! A pattern names an exception type, a module, `module.type`, or a logger. `*` stands for any text; without it the
//! name must be equal. Compiled once at init.

/// The patterns, compiled.
#[derive(Debug, Default)]
pub(crate) struct IgnoreRules {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
enum Pattern {
    Exact(String),
    /// The pieces between the stars; the first must start the name and the last must end it.
    Pieces(Vec<String>),
}

impl IgnoreRules {
    /// Rules from patterns; blanks around them do not count, empty ones are skipped.
    pub(crate) fn new(patterns: &[String]) -> Self {
        let compile = |pattern: &str| match pattern.contains('*') {
            false => Pattern::Exact(pattern.to_owned()),
            true => Pattern::Pieces(pattern.split('*').map(str::to_owned).collect()),
        };
        let patterns = patterns
            .iter()
            .map(|pattern| pattern.trim())
            .filter(|pattern| !pattern.is_empty());
        Self {
            patterns: patterns.map(compile).collect(),
        }
    }

    /// True if nothing is ever ignored; saves looking for names.
    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// True if a pattern matches this name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    /// True if a pattern matches the type, the module, or both joined by a dot.
    pub(crate) fn matches_exception(&self, kind: Option<&str>, module: Option<&str>) -> bool {
        let is_hit = |name: Option<&str>| name.is_some_and(|name| self.matches(name));
        is_hit(kind)
            || is_hit(module)
            || kind
                .zip(module)
                .is_some_and(|(kind, module)| self.matches(&format!("{module}.{kind}")))
    }
}

impl Pattern {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(text) => text == name,
            Self::Pieces(pieces) => matches_pieces(pieces, name),
        }
    }
}

/// Leftmost match of each piece in turn: enough, since a star may stand for anything.
fn matches_pieces(pieces: &[String], name: &str) -> bool {
    let [first, middle @ .., last] = pieces else {
        return false;
    };
    let Some(mut rest) = name.strip_prefix(first.as_str()) else {
        return false;
    };
    for piece in middle {
        match rest.split_once(piece.as_str()) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(patterns: &[&str]) -> IgnoreRules {
        IgnoreRules::new(
            &patterns
                .iter()
                .map(|pattern| (*pattern).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn names_are_equal_or_match_a_star() {
        for (pattern, name, expected) in [
            ("KeyError", "KeyError", true),
            ("KeyError", "KeyErrors", false),
            ("Key*", "KeyError", true),
            ("*Error", "KeyError", true),
            ("*Error", "KeyErrors", false),
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "a", false),
            ("aba*aba", "aba", false),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ü*", "über", true),
        ] {
            assert_eq!(
                rules(&[pattern]).matches(name),
                expected,
                "{pattern} against {name}"
            );
        }
    }

    #[test]
    fn exceptions_match_by_type_module_or_both() {
        let rules = rules(&["net.Timeout", "db"]);
        assert!(rules.matches_exception(Some("Timeout"), Some("net")));
        assert!(rules.matches_exception(Some("Any"), Some("db")));
        assert!(!rules.matches_exception(Some("Timeout"), None));
        assert!(!rules.matches_exception(None, None));
    }

    #[test]
    fn empty_patterns_ignore_nothing() {
        let rules = rules(&["", "  "]);
        assert!(rules.is_empty());
        assert!(!rules.matches(""));
    }
}
