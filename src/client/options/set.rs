//! Set: a value becomes an option. Each row checks its own value, and one that is refused leaves the option as it was; what
//! concerns several options at once is settled at init (`settle`).
//!
//! Entry point: [`Options::set`], used by the functions of the C interface, by JSON and by the environment, so that all
//! refuse the same. May use: `table`, `limit`, `base::memory`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Number, Value};

use super::definition::as_millis;
use super::limit::{Limit, check_share, shorten};
use super::table::{self as row, Kind, Options, Row};
use crate::base::memory;

/// A value as it was given.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given<'a> {
    /// Nothing: it unsets a text.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A whole number of C.
    Whole(i128),
    /// A number of JSON.
    Number(&'a Number),
    /// A share of C, which is brought into its range instead of being refused.
    Share(f64),
    /// A constant of C.
    Constant(i32),
    /// A text of JSON; C has numbers where this is the name of a choice.
    Text(&'a str),
    /// A text of C, which need not be UTF-8.
    Bytes(&'a [u8]),
    /// A list of JSON.
    List(&'a [Value]),
    /// An object of JSON, which no option takes.
    Object,
}

impl<'a> From<&'a Value> for Given<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(is_on) => Self::Flag(*is_on),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text),
            Value::Array(list) => Self::List(list),
            Value::Object(_) => Self::Object,
        }
    }
}

impl Given<'_> {
    /// What it is, for the text of a refusal.
    const fn what(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "true or false",
            Self::Whole(_) | Self::Number(_) | Self::Share(_) | Self::Constant(_) => "a number",
            Self::Text(_) | Self::Bytes(_) => "a string",
            Self::List(_) => "a list",
            Self::Object => "an object",
        }
    }
}

impl Options {
    /// Sets the option of a row; the error says what is allowed.
    pub(crate) fn set(&mut self, row: &Row, given: Given<'_>) -> Result<(), String> {
        let name = row.name;
        let text;
        let given = match given {
            Given::Bytes(bytes) if !matches!(row.kind, Kind::Path(_)) => {
                let replaced = memory::lossy(bytes);
                text = replaced.map_err(|_| "there is no memory for a copy of the text")?;
                Given::Text(&text)
            }
            given => given,
        };
        let mut notice = None;
        match (&row.kind, given) {
            (Kind::Text(place) | Kind::Dsn(place), Given::Null) => *(place.get_mut)(self) = None,
            (Kind::Text(place) | Kind::Dsn(place), Given::Text(text)) => {
                *(place.get_mut)(self) = Some(text.to_owned());
            }
            (Kind::Path(place), Given::Null) => *(place.get_mut)(self) = None,
            (Kind::Path(place), Given::Text(path)) => {
                *(place.get_mut)(self) = Some(PathBuf::from(path));
            }
            (Kind::Path(place), Given::Bytes(path)) => {
                *(place.get_mut)(self) = Some(PathBuf::from(OsStr::from_bytes(path)));
            }
            (Kind::HeaderText(place), Given::Text(text)) => {
                *(place.get_mut)(self) = header_text(name, text)?;
            }
            (Kind::Patterns(place), Given::Null) => *(place.get_mut)(self) = Vec::new(),
            (Kind::Patterns(place), Given::Text(lines)) => {
                *(place.get_mut)(self) = patterns_of_lines(lines);
            }
            (Kind::Patterns(place), Given::List(list)) => {
                *(place.get_mut)(self) = patterns_of_list(name, list)?;
            }
            (Kind::Flag(access), Given::Flag(is_on)) => (access.set)(self, is_on),
            (Kind::Share(_, access), Given::Number(number)) => {
                // Only numbers of arbitrary precision are no `f64`, and those are not built in.
                let share = number.as_f64().unwrap_or(f64::NAN);
                check_share(name, share)?;
                (access.set)(self, share);
            }
            (Kind::Share(not_a_number, access), Given::Share(share)) => {
                let kept = match share.is_nan() {
                    true => *not_a_number,
                    false => share.clamp(0.0, 1.0),
                };
                (access.set)(self, kept);
                notice = check_share(name, share)
                    .is_err()
                    .then(|| format!("{share} is not from 0 to 1 and taken for {kept}"));
            }
            (Kind::Whole(limit, access), Given::Whole(number)) => {
                (access.set)(self, limit.check(name, number)?);
            }
            (Kind::Whole(limit, access), Given::Number(number)) => {
                (access.set)(self, whole(row, limit, number)?);
            }
            (Kind::Choice(choice, access), Given::Constant(number)) => {
                (access.set)(self, choice.by_number(name, number)?);
            }
            (Kind::Choice(choice, access), Given::Text(way)) => {
                (access.set)(self, choice.by_name(name, way)?);
            }
            (kind, given) => {
                let (what, wanted) = (given.what(), kind.wanted());
                return Err(format!("{name}: {what} is refused; allowed is {wanted}"));
            }
        }
        self.notices.forget(name);
        if let Some(notice) = notice {
            self.notices.add(name, notice);
        }
        (row.then)(self);
        Ok(())
    }

    /// Says that the text for an option cannot be read. A DSN is unset then: events must not go on to the server of the old
    /// one.
    pub(crate) fn refuse_text(&mut self, row: &Row, reason: &str) -> String {
        let Kind::Dsn(place) = &row.kind else {
            return reason.to_owned();
        };
        *(place.get_mut)(self) = None;
        let text = format!("{reason}; nothing is sent without a DSN");
        self.notices.add(row.name, &text);
        format!("{}: {text}", row.name)
    }

    /// Raises `app_hang_timeout` to the shortest time after which a thread may count as hanging.
    pub(super) fn raise_app_hang_timeout(&mut self) {
        const LEAST: Duration = Duration::from_secs(1);
        let given = self.app_hang_timeout;
        if given < LEAST {
            self.app_hang_timeout = LEAST;
            let (given, least) = (as_millis(given), as_millis(LEAST));
            self.notices.add(
                row::app_hang_timeout.name,
                format_args!("{given} milliseconds are raised to {least}"),
            );
        }
    }
}

/// A number of JSON as a whole number of the range.
fn whole(row: &Row, limit: &Limit, number: &Number) -> Result<Option<u64>, String> {
    let whole = number.as_i64().map(i128::from);
    let whole = whole.or_else(|| number.as_u64().map(i128::from));
    match whole {
        Some(whole) => limit.check(row.name, whole),
        None => {
            let (name, wanted) = (row.name, row.kind.wanted());
            Err(format!("{name}: {number} is refused; allowed is {wanted}"))
        }
    }
}

/// A text in which nothing ends a request header.
fn header_text(option: &str, text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        let text = shorten(text);
        return Err(format!(
            "{option}: \"{text}\" is refused; allowed is any text that is not empty and has no control characters"
        ));
    }
    Ok(text.to_owned())
}

/// A pattern on each line; empty lines do not count.
fn patterns_of_lines(lines: &str) -> Vec<String> {
    let patterns = lines.lines().map(str::trim);
    let patterns = patterns.filter(|pattern| !pattern.is_empty());
    patterns.map(str::to_owned).collect()
}

/// Each a pattern for itself.
fn patterns_of_list(option: &str, list: &[Value]) -> Result<Vec<String>, String> {
    let patterns: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    let Some(patterns) = patterns else {
        return Err(format!(
            "{option}: the list holds something else than strings"
        ));
    };
    let refused = |pattern: &&str| pattern.trim().is_empty() || pattern.contains(['\n', '\r']);
    if let Some(pattern) = patterns.iter().copied().find(refused) {
        let pattern = shorten(pattern);
        return Err(format!(
            "{option}: \"{pattern}\" is refused; allowed are patterns of one line that are not empty"
        ));
    }
    let trimmed = patterns.iter().map(|pattern| pattern.trim().to_owned());
    Ok(trimmed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::options::SDK_NAME;

    fn set_whole(options: &mut Options, row: &Row, number: i128) -> Result<(), String> {
        options.set(row, Given::Whole(number))
    }

    #[test]
    fn refused_numbers_leave_the_option_unchanged() {
        let mut options = Options::default();
        for (row, number) in [
            (&row::queue_max_items, 0),
            (&row::queue_max_bytes, 65_535),
            (&row::retries, -1),
            (&row::connect_timeout, 0),
            (&row::max_requests_in_flight, 33),
            (&row::retry_backoff_max, 86_400_001),
        ] {
            assert!(set_whole(&mut options, row, number).is_err());
        }
        assert_eq!(format!("{options:?}"), format!("{:?}", Options::default()));
    }

    #[test]
    fn one_number_takes_a_bound_away() {
        let mut options = Options::default();
        set_whole(&mut options, &row::queue_max_items, -1).unwrap();
        assert_eq!(options.queue_max_items, None);
        set_whole(&mut options, &row::retries_status, -1).unwrap();
        assert_eq!(options.retries_status, None);
        set_whole(&mut options, &row::retries_status, 5).unwrap();
        assert_eq!(options.retries_status, Some(5));
        set_whole(&mut options, &row::cache_max_items, 0).unwrap();
        assert_eq!(options.cache_max_items, None);
    }

    #[test]
    fn milliseconds_and_seconds_become_durations() {
        let mut options = Options::default();
        set_whole(&mut options, &row::read_timeout, 1).unwrap();
        assert_eq!(options.read_timeout, Duration::from_millis(1));
        set_whole(&mut options, &row::transfer_timeout, 0).unwrap();
        assert!(options.transfer_timeout.is_zero());
        let most = i128::from(u64::MAX);
        set_whole(&mut options, &row::shutdown_timeout, most).unwrap();
        assert_eq!(options.shutdown_timeout, Duration::from_millis(u64::MAX));
        assert_eq!(as_millis(Duration::MAX), u64::MAX);
        set_whole(&mut options, &row::cache_max_age, 60).unwrap();
        assert_eq!(options.cache_max_age, Some(Duration::from_secs(60)));
    }

    #[test]
    fn retries_that_were_set_are_told_from_the_default() {
        let mut options = Options::default();
        set_whole(&mut options, &row::retries, 3).unwrap();
        assert!(options.are_retries_set);
    }

    #[test]
    fn shares_are_cut_for_c_and_checked_for_json() {
        for (row, not_a_number) in [(&row::sample_rate, 1.0), (&row::traces_sample_rate, 0.0)] {
            let Kind::Share(_, access) = &row.kind else {
                panic!("{}", row.name)
            };
            let mut options = Options::default();
            for (given, kept) in [
                (f64::NAN, not_a_number),
                (-0.5, 0.0),
                (0.25, 0.25),
                (f64::INFINITY, 1.0),
                (f64::NEG_INFINITY, 0.0),
            ] {
                options.set(row, Given::Share(given)).unwrap();
                assert_eq!((access.get)(&options), kept, "{given}");
                let is_in_range = (0.0..=1.0).contains(&given);
                assert_eq!(options.notices.count(), u64::from(!is_in_range), "{given}");
            }
            for wrong in [-0.1, 1.1] {
                let number = Number::from_f64(wrong).unwrap();
                let text = options.set(row, Given::Number(&number)).unwrap_err();
                assert!(text.starts_with(row.name), "{text}");
            }
            options.set(row, Given::Number(&Number::from(1))).unwrap();
            assert_eq!((access.get)(&options), 1.0);
            assert_eq!(options.notices.count(), 0);
        }
    }

    #[test]
    fn an_unusable_dsn_does_not_leave_the_old_one_in_place() {
        let mut options = Options::default();
        let old = Given::Text("https://key@old/1");
        options.set(&row::dsn, old).unwrap();
        let text = options.refuse_text(&row::dsn, "no UTF-8");
        assert_eq!(options.dsn, None);
        assert_eq!(options.notices.lines().collect::<Vec<_>>(), [text]);
        let new = Given::Text("https://key@new/1");
        options.set(&row::dsn, new).unwrap();
        assert_eq!(options.notices.count(), 0);
        assert_eq!(options.refuse_text(&row::release, "too long"), "too long");
    }

    #[test]
    fn sdk_names_cannot_break_a_header() {
        let mut options = Options::default();
        for wrong in ["", "a\r\nx-evil: 1", "a\0"] {
            let refusal = options.set(&row::sdk_name, Given::Text(wrong));
            assert!(refusal.is_err(), "{wrong:?}");
        }
        assert_eq!(options.sdk_name, SDK_NAME);
    }

    #[test]
    fn paths_keep_their_bytes_and_texts_become_utf8() {
        let mut options = Options::default();
        options
            .set(&row::ca_certs, Given::Bytes(b"/\xff.pem"))
            .unwrap();
        let path = options.ca_certs.as_ref().unwrap();
        assert_eq!(path.as_os_str().as_bytes(), b"/\xff.pem");
        options
            .set(&row::release, Given::Bytes(b"app\xff1"))
            .unwrap();
        assert_eq!(options.release.as_deref(), Some("app\u{fffd}1"));
        options.set(&row::release, Given::Null).unwrap();
        assert_eq!(options.release, None);
    }

    #[test]
    fn ignore_errors_is_one_pattern_a_line_or_a_list() {
        let mut options = Options::default();
        let lines = Given::Text("net::*\r\n\n  Timeout \n");
        options.set(&row::ignore_errors, lines).unwrap();
        assert_eq!(options.ignore_errors, ["net::*", "Timeout"]);
        for wrong in [["ok", "a\nb"], ["ok", " "]] {
            let list = wrong.map(Value::from);
            assert!(
                options
                    .set(&row::ignore_errors, Given::List(&list))
                    .is_err()
            );
        }
        assert_eq!(options.ignore_errors, ["net::*", "Timeout"]);
        let list = ["a*", " b"].map(Value::from);
        options
            .set(&row::ignore_errors, Given::List(&list))
            .unwrap();
        assert_eq!(options.ignore_errors, ["a*", "b"]);
        options.set(&row::ignore_errors, Given::Null).unwrap();
        assert!(options.ignore_errors.is_empty());
    }
}
