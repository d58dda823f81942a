//! Get: the value of an option, for the functions of the C interface and for whoever shows options.
//!
//! Entry point: [`Options::get`]. May use: `table`.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::Value;

use super::table::{Kind, Options, Row};

/// The value of an option.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Current<'a> {
    /// A text that is not set.
    Unset,
    /// A text, or a path in bytes of the file system.
    Text(Cow<'a, [u8]>),
    /// Yes or no.
    Flag(bool),
    /// From 0 to 1.
    Share(f64),
    /// A whole number, also the one that stands for no bound.
    Whole(i128),
    /// The number of a choice.
    Choice(i32),
}

impl Options {
    /// The value of the option of a row.
    pub(crate) fn get(&self, row: &Row) -> Current<'_> {
        match &row.kind {
            Kind::Text(place) | Kind::Dsn(place) => {
                let text = (place.get)(self).as_ref();
                text.map_or(Current::Unset, |text| borrowed(text.as_bytes()))
            }
            Kind::Path(place) => {
                let path = (place.get)(self).as_ref();
                path.map_or(Current::Unset, |path| borrowed(path.as_os_str().as_bytes()))
            }
            Kind::HeaderText(place) => borrowed((place.get)(self).as_bytes()),
            Kind::Patterns(place) => match (place.get)(self).as_slice() {
                [] => Current::Unset,
                patterns => Current::Text(Cow::Owned(patterns.join("\n").into_bytes())),
            },
            Kind::Flag(access) => Current::Flag((access.get)(self)),
            Kind::Share(_, access) => Current::Share((access.get)(self)),
            Kind::Whole(limit, access) => {
                let number = (access.get)(self).map(i128::from);
                let number = number.or_else(|| limit.unbounded_number());
                Current::Whole(number.unwrap_or_default())
            }
            Kind::Choice(_, access) => Current::Choice((access.get)(self)),
        }
    }

    /// The value as JSON, or that there is one: the DSN holds keys, the URL of a proxy a password.
    pub(super) fn shown(&self, row: &Row) -> Value {
        match self.get(row) {
            Current::Unset => Value::Null,
            _ if row.is_secret => Value::from("<set>"),
            Current::Text(text) => Value::from(String::from_utf8_lossy(&text)),
            Current::Flag(is_on) => Value::from(is_on),
            Current::Share(share) => Value::from(share),
            Current::Whole(number) => i64::try_from(number)
                .map(Value::from)
                .or_else(|_| u64::try_from(number).map(Value::from))
                .unwrap_or_default(),
            Current::Choice(number) => match row.kind {
                Kind::Choice(choice, _) => Value::from(choice.name_of(number)),
                _ => Value::Null,
            },
        }
    }
}

const fn borrowed(text: &[u8]) -> Current<'_> {
    Current::Text(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::options::set::Given;
    use crate::client::options::table::{self as row, TABLE};

    #[test]
    fn every_default_can_be_written_as_json_and_read_again() {
        for row in TABLE {
            let mut options = Options::default();
            let shown = options.shown(row);
            options.set(row, Given::from(&shown)).unwrap();
            options.are_retries_set = false;
            options.is_traces_sample_rate_set = false;
            let (read, default) = (format!("{options:?}"), format!("{:?}", Options::default()));
            assert_eq!(read, default, "{}", row.name);
        }
    }

    #[test]
    fn patterns_show_as_lines_and_no_bound_as_its_number() {
        let mut options = Options::default();
        assert_eq!(options.get(&row::ignore_errors), Current::Unset);
        options.ignore_errors = vec!["a*".to_owned(), "b".to_owned()];
        assert_eq!(options.get(&row::ignore_errors), borrowed(b"a*\nb"));
        options.queue_max_items = None;
        assert_eq!(options.get(&row::queue_max_items), Current::Whole(-1));
        assert_eq!(options.get(&row::cache_max_size), Current::Whole(0));
    }
}
