//! Settle: what init makes of values that servers refuse, that contradict one another, or that cannot be used now.
//!
//! None of them fails init (a program must not lose reporting for one odd value): the value is left out, or what is left
//! of it is used, and a notice says so. Ranges of single options are held by their setters.
//! Entry point: [`Options::settle`]. May use: `ca_bundle`, `limit`, `notice`, `protocol::names`.

use super::definition::as_millis;
use super::limit::shorten;
use super::notice::Notices;
use super::table::Options;
use crate::protocol::names::{self, Name};

impl Options {
    /// Brings the options into the form in which they are used. The DSN is not looked at: an unusable one leaves the
    /// library disabled.
    pub(crate) fn settle(&mut self) {
        let unusable_ca_certs = self.unusable_ca_certs();
        let notices = &mut self.notices;
        settle_name("release", &mut self.release, names::release, notices);
        settle_name(
            "environment",
            &mut self.environment,
            names::environment,
            notices,
        );
        settle_name("dist", &mut self.dist, names::dist, notices);
        if self.retry_backoff_max < self.retry_backoff {
            notices.add(
                "retry_backoff_max_ms",
                format_args!(
                    "{} is less than retry_backoff_ms and raised to that ({})",
                    as_millis(self.retry_backoff_max),
                    as_millis(self.retry_backoff)
                ),
            );
            self.retry_backoff_max = self.retry_backoff;
        }
        if let Some(why) = unusable_ca_certs {
            notices.add(
                "ca_certs",
                format_args!(
                    "it cannot be used: {why}; until it can, servers are checked as if the option were unset"
                ),
            );
        }
    }
}

/// Leaves what may be sent of a name; nothing of an empty one.
fn settle_name(
    option: &'static str,
    value: &mut Option<String>,
    rule: fn(&str) -> Name<'_>,
    notices: &mut Notices,
) {
    let Some(text) = value.take() else { return };
    let name = rule(&text);
    if let Some(what) = lost_of(&name, &text) {
        notices.add(option, what);
    }
    *value = match name {
        Name::Whole(kept) | Name::Cut(kept) => Some(kept.to_owned()),
        Name::Empty | Name::Refused(_) => None,
    };
}

/// Says what is not sent of a name that was given as `text`, and why.
pub(crate) fn lost_of(name: &Name<'_>, text: &str) -> Option<String> {
    match name {
        Name::Empty | Name::Whole(_) => None,
        Name::Cut(kept) => Some(format!(
            "\"{}\" is cut to {} bytes, servers take no more",
            shorten(text),
            kept.len()
        )),
        Name::Refused(why) => Some(format!("\"{}\" is left out: {why}", shorten(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::time::Duration;

    fn settled(change: impl FnOnce(&mut Options)) -> (Options, Vec<String>) {
        let mut options = Options::default();
        change(&mut options);
        options.settle();
        let lines = options.notices.lines().collect();
        (options, lines)
    }

    // EVT-5, EVT-6, EVT-7
    #[test]
    fn names_are_left_out_or_cut_and_said_once_each() {
        let (options, lines) = settled(|options| {
            options.environment = Some("my env".to_owned());
            options.release = Some("app@1.0+feature/x".to_owned());
            options.dist = Some("1.2+3".to_owned());
        });
        assert_eq!(
            (options.release, options.environment, options.dist),
            (None, None, None)
        );
        assert_eq!(
            lines,
            [
                "release: \"app@1.0+feature/x\" is left out: a release has no / and \\ and no line break or other \
                 control character",
                "environment: \"my env\" is left out: an environment has no blank, no / and \\ and no control \
                 character",
                "dist: \"1.2+3\" is left out: a dist has letters, digits, _ . and - only",
            ]
        );
        let (options, lines) = settled(|options| {
            options.release = Some("r".repeat(299));
            options.environment = Some(" staging\n".to_owned());
            options.dist = Some(" ".to_owned());
        });
        assert_eq!(options.release, Some("r".repeat(200)));
        assert_eq!(options.environment.as_deref(), Some("staging"));
        assert_eq!(options.dist, None);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].ends_with("is cut to 200 bytes, servers take no more"));
    }

    #[test]
    fn settling_twice_changes_nothing_more() {
        let (mut options, lines) = settled(|options| options.release = Some("a/b".to_owned()));
        let before = format!("{options:?}");
        options.settle();
        assert_eq!(format!("{options:?}"), before);
        assert_eq!(options.notices.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn the_cap_of_the_back_off_is_raised_to_its_base() {
        let (options, lines) = settled(|options| {
            options.retry_backoff = Duration::from_millis(5000);
            options.retry_backoff_max = Duration::from_millis(4999);
        });
        assert_eq!(options.retry_backoff_max, options.retry_backoff);
        assert_eq!(
            lines,
            ["retry_backoff_max_ms: 4999 is less than retry_backoff_ms and raised to that (5000)"]
        );
        let (_, lines) = settled(|options| {
            options.retry_backoff = Duration::from_millis(5000);
            options.retry_backoff_max = Duration::from_millis(5000);
        });
        assert!(lines.is_empty(), "{lines:?}");
    }

    #[test]
    fn certificates_that_are_not_there_are_no_reason_to_fail() {
        let (options, lines) = settled(|options| {
            options.ca_certs = Some(PathBuf::from("/does/not/exist.pem"));
        });
        assert!(options.ca_certs.is_some(), "it may come later");
        assert!(
            lines[0].starts_with("ca_certs: it cannot be used: "),
            "{lines:?}"
        );
        assert!(
            settled(|options| options.ca_certs = Some(PathBuf::new()))
                .1
                .is_empty()
        );
    }
}
