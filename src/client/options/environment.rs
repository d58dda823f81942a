//! Environment: the variables an option falls back to when code is silent (OPT-1, OPT-2).
//!
//! Entry point: [`Options::from_environment`]. The process environment itself is only touched by the callers that pass
//! `std::env::var_os`: when options are made and at init, never by the worker (OPT-5). An empty variable counts as
//! unset; one that cannot be read, or is out of range, is ignored with a notice: an odd value, which may come from outside
//! of the program, cannot turn reporting off. May use: `table`, `set`, `notice`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use serde_json::Number;

use super::set::Given;
use super::table::{Kind, Options, Row, TABLE};

impl Options {
    /// The defaults, overridden by what `lookup` finds.
    pub(crate) fn from_environment(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let mut options = Self::default();
        for row in TABLE {
            let Some(variable) = row.variable else {
                continue;
            };
            let Some(value) = non_empty(&lookup, variable) else {
                continue;
            };
            if let Err(reason) = options.set_from_variable(row, &value) {
                let notice = format_args!("ignored, {reason}");
                options.notices.add(variable, notice);
            }
        }
        options
    }

    fn set_from_variable(&mut self, row: &Row, value: &OsStr) -> Result<(), String> {
        let text = value.to_string_lossy();
        let text = text.trim();
        match row.kind {
            Kind::Dsn(_) => {
                let dsn = value.to_str().ok_or("it is not valid UTF-8")?;
                self.set(row, Given::Text(dsn))
            }
            Kind::Flag(_) => {
                let flag = truth(text);
                let flag =
                    flag.ok_or("it is none of true, t, y, yes, on, 1, false, f, n, no, off, 0")?;
                self.set(row, Given::Flag(flag))
            }
            Kind::Share(..) => {
                let share = text.parse().ok().and_then(Number::from_f64);
                let is_set =
                    share.is_some_and(|share| self.set(row, Given::Number(&share)).is_ok());
                is_set
                    .then_some(())
                    .ok_or_else(|| "it is not a number from 0 to 1".to_owned())
            }
            Kind::Whole(..) => {
                let number: i128 = text.parse().map_err(|_| "it is not a whole number")?;
                self.set(row, Given::Whole(number))
            }
            Kind::Text(_)
            | Kind::Path(_)
            | Kind::HeaderText(_)
            | Kind::Patterns(_)
            | Kind::Choice(..) => self.set(row, Given::Bytes(value.as_bytes())),
        }
    }
}

/// The value of a variable that is set to something.
pub(crate) fn non_empty(
    lookup: &impl Fn(&str) -> Option<OsString>,
    name: &str,
) -> Option<OsString> {
    lookup(name).filter(|value| !value.is_empty())
}

/// Reads the words of SPOT-2, in any case.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "y" | "yes" | "on" | "1" => Some(true),
        "false" | "f" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::options::row;
    use std::os::unix::ffi::OsStringExt as _;

    fn with(variables: &[(&str, &str)]) -> Options {
        Options::from_environment(|wanted| {
            variables
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| OsString::from(value))
        })
    }

    // OPT-2
    #[test]
    fn variables_fill_what_code_left_open() {
        let options = with(&[
            ("SENTRY_DSN", "https://k@h/1"),
            ("SENTRY_RELEASE", "app@1"),
            ("SENTRY_ENVIRONMENT", "staging"),
            ("SENTRY_DEBUG", " On "),
            ("SENTRY_SAMPLE_RATE", "0.25"),
            ("SENTRY_TRACES_SAMPLE_RATE", "0.75"),
        ]);
        assert_eq!(options.traces_sample_rate, 0.75);
        assert_eq!(options.dsn.as_deref(), Some("https://k@h/1"));
        assert_eq!(options.release.as_deref(), Some("app@1"));
        assert_eq!(options.environment.as_deref(), Some("staging"));
        assert!(options.debug);
        assert_eq!(options.sample_rate, 0.25);
        assert_eq!(options.notices.count(), 0);
    }

    // OPT-1
    #[test]
    fn code_beats_the_environment_and_can_clear_it() {
        let mut options = with(&[("SENTRY_DSN", "https://k@env/1"), ("SENTRY_RELEASE", "env")]);
        let dsn = Given::Text("https://k@code/1");
        options.set(&row::dsn, dsn).unwrap();
        options.set(&row::release, Given::Null).unwrap();
        assert_eq!(options.dsn.as_deref(), Some("https://k@code/1"));
        assert_eq!(options.release, None);
    }

    // OPT-1
    #[test]
    fn an_empty_variable_is_an_unset_one() {
        let options = with(&[
            ("SENTRY_DSN", ""),
            ("SENTRY_ENVIRONMENT", ""),
            ("SENTRY_DEBUG", ""),
            ("SENTRY_SAMPLE_RATE", ""),
        ]);
        assert_eq!(options.dsn, None);
        assert_eq!(options.environment.as_deref(), Some("production"));
        assert_eq!(options.notices.count(), 0);
    }

    // OPT-2
    #[test]
    fn unreadable_variables_are_ignored_with_a_warning() {
        for wrong in ["abc", "nan", "inf", "0.5x", "0,5", "7", "-1", "1.01"] {
            let options = with(&[
                ("SENTRY_SAMPLE_RATE", wrong),
                ("SENTRY_TRACES_SAMPLE_RATE", wrong),
            ]);
            assert_eq!(options.sample_rate, 1.0, "{wrong}");
            assert_eq!(options.traces_sample_rate, 0.0, "{wrong}");
            assert_eq!(options.notices.count(), 2, "{wrong}");
        }
        let options = with(&[("SENTRY_DEBUG", "maybe")]);
        assert!(!options.debug);
        let line = options.notices.lines().next().unwrap();
        assert!(line.starts_with("SENTRY_DEBUG: ignored, "), "{line}");
    }

    #[test]
    fn a_sample_rate_of_0_is_a_decision() {
        let options = with(&[("SENTRY_SAMPLE_RATE", " 0 ")]);
        assert_eq!((options.sample_rate, options.notices.count()), (0.0, 0));
    }

    // SPOT-2
    #[test]
    fn truth_has_six_words_each_way() {
        for word in ["true", "T", "y", "YES", "on", "1"] {
            assert_eq!(truth(word), Some(true), "{word}");
        }
        for word in ["false", "F", "n", "No", "off", "0"] {
            assert_eq!(truth(word), Some(false), "{word}");
        }
        assert_eq!(truth("2"), None);
    }

    #[test]
    fn a_dsn_that_is_no_text_is_ignored_with_a_warning() {
        let options = Options::from_environment(|name| {
            (name == "SENTRY_DSN").then(|| OsString::from_vec(b"https://\xff@h/1".to_vec()))
        });
        assert_eq!(options.dsn, None);
        assert_eq!(options.notices.count(), 1);
    }
}
