//! What the program answers, by name.
//!
//! Decides which names the options and commands of the program know. Entry point: [`Mode::parse`]. Uses the replies.

use std::time::Duration;

use receiver::Reply;

/// One way to behave.
#[derive(Debug, Clone)]
pub(crate) enum Mode {
    /// Every request gets 200, also those that hang now.
    Ok,
    /// Every request gets this reply.
    Answer(Reply),
    /// The port refuses.
    Refuse,
}

/// The names that [`Mode::parse`] knows.
pub(crate) const NAMES: &str = "ok, hang, hang-after-request, hang-in-body, refuse, reset, close, garbage, half-answer, \
     endless-body, endless-headers, status NNN, rate-limit HEADER, delay MS, drip MS";

impl Mode {
    /// Reads a mode: a name, and a value after a blank or `=`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once([' ', '=']).unwrap_or((text, ""));
        let reply = match (name, value) {
            ("ok", "") => return Ok(Self::Ok),
            ("hang", "") => Reply::hang_before_reading(),
            ("hang-after-request", "") => Reply::hang_after_request(),
            ("hang-in-body", "") => Reply::hang_in_body(),
            ("refuse", "") => return Ok(Self::Refuse),
            ("reset", "") => Reply::reset_after_request(),
            ("close", "") => Reply::close_without_answer(),
            ("garbage", "") => Reply::garbage(),
            ("half-answer", "") => Reply::half_answer(),
            ("endless-body", "") => Reply::endless_body(),
            ("endless-headers", "") => Reply::endless_headers(),
            ("status", code) => match code.parse() {
                Ok(status @ 200..=599) => Reply::status(status),
                _ => return Err(format!("{code:?} is no status from 200 to 599")),
            },
            ("rate-limit", header) if !header.is_empty() => {
                Reply::status(429).with_header("X-Sentry-Rate-Limits", header)
            }
            ("delay", milliseconds) => Reply::ok().delayed(parse_milliseconds(milliseconds)?),
            ("drip", milliseconds) => Reply::drip(parse_milliseconds(milliseconds)?),
            _ => return Err(format!("unknown mode {text:?}; known are {NAMES}")),
        };
        Ok(Self::Answer(reply))
    }
}

/// Reads a time in milliseconds.
pub(crate) fn parse_milliseconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .map(Duration::from_millis)
        .map_err(|_| format!("{text:?} is no time in milliseconds"))
}

#[cfg(test)]
mod tests {
    use super::{Mode, NAMES};

    #[test]
    fn every_listed_mode_is_known() {
        for name in NAMES.split(',') {
            let text = name
                .trim()
                .replace("NNN", "503")
                .replace("MS", "5")
                .replace("HEADER", "60:error:org");
            assert!(Mode::parse(&text).is_ok(), "{text}");
            assert!(Mode::parse(&text.replacen(' ', "=", 1)).is_ok(), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "nonsense",
            "status",
            "status 99",
            "status 600",
            "status x",
            "ok now",
            "drip",
            "drip -1",
        ] {
            assert!(Mode::parse(text).is_err(), "{text}");
        }
    }
}
