//! Check-ins: signs of life of a scheduled job, by which the server knows that it ran, how long, and how it ended (CHK-1).
//!
//! Decides what a check-in looks like, which names a monitor may have, and what of its configuration is passed on.
//! Entry points: [`CheckIn`], [`check_slug`], [`read_config`]. May use: `value`, `base`.

use super::event::LeftOut;
use crate::base::uuid::Uuid;
use crate::value::json::object::parse_object;
use crate::value::json::scan::{self, Kind};
use crate::value::shared::members::Members;
use crate::value::tree::Value;

/// How a job goes, or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckInStatus {
    /// It has begun.
    InProgress,
    /// It succeeded.
    Ok,
    /// It failed.
    Error,
}

impl CheckInStatus {
    /// The status with that number; none for any other number.
    pub(crate) const fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            0 => Self::InProgress,
            1 => Self::Ok,
            2 => Self::Error,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// What a host says of a job.
#[derive(Debug)]
pub(crate) struct CheckIn<'a> {
    /// The same for the beginning and the end of one run.
    pub(crate) id: Uuid,
    /// Which job.
    pub(crate) slug: &'a str,
    /// How it goes.
    pub(crate) status: CheckInStatus,
    /// Seconds that it took.
    pub(crate) duration: Option<f64>,
    /// The monitor, to be made or changed, see [`read_config`].
    pub(crate) config: Option<String>,
}

impl CheckIn<'_> {
    /// The payload. Release, environment and the context of the trace are JSON.
    pub(crate) fn write(
        &self,
        release: Option<&str>,
        environment: Option<&str>,
        trace: Option<&str>,
    ) -> String {
        let mut members = Members::new();
        members.push("check_in_id", &format!("\"{}\"", self.id.simple().as_str()));
        members.set_text("monitor_slug", self.slug);
        members.set_text("status", self.status.name());
        if let Some(duration) = self.duration {
            let json = Value::double(duration).to_json_text();
            members.set("duration", &json.unwrap_or_else(|_| "0".to_owned()));
        }
        for (key, json) in [
            ("release", release),
            ("environment", environment),
            ("monitor_config", self.config.as_deref()),
        ] {
            if let Some(json) = json {
                members.set(key, json);
            }
        }
        if let Some(trace) = trace {
            members.set("contexts", &format!("{{\"trace\":{trace}}}"));
        }
        format!("{{{}}}", members.json())
    }
}

/// Longest name of a monitor that servers take.
const MOST_SLUG: usize = 50;

/// What is wrong with the name of a monitor.
pub(crate) fn check_slug(slug: &str) -> Result<(), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if slug.is_empty() || slug.len() > MOST_SLUG || !slug.bytes().all(is_plain) {
        return Err("monitor_slug must be 1 to 50 letters, digits, hyphens and underscores");
    }
    if slug.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("monitor_slug must not be a number; begin it with a letter");
    }
    Ok(())
}

/// Members of a configuration that are whole numbers of at least this.
const NUMBERS: [(&str, u64); 4] = [
    ("checkin_margin", 1),
    ("max_runtime", 1),
    ("failure_issue_threshold", 1),
    ("recovery_threshold", 1),
];

/// A configuration of a monitor, an object as JSON, without the members that no server takes. None if nothing of use is
/// left, since a monitor needs a schedule.
pub(crate) fn read_config(json: &str, left_out: &mut LeftOut) -> Option<String> {
    let object = match parse_object(json) {
        Ok(object) => object,
        Err(error) => {
            left_out.note(format_args!(
                "monitor_config, which is no JSON object: {error}"
            ));
            return None;
        }
    };
    let schedule = object.get("schedule");
    if !schedule.is_some_and(is_schedule) {
        left_out.note(format_args!(
            "monitor_config without a schedule of type crontab, or interval with value and unit"
        ));
        return None;
    }
    let mut members = Members::new();
    for member in &object.members {
        let (key, json) = (&*member.key, &*member.json);
        let least = NUMBERS.into_iter().find(|(name, _)| *name == key);
        let is_fit = match (key, least) {
            (_, Some((_, least))) => json.parse::<u64>().is_ok_and(|number| number >= least),
            ("timezone" | "owner", None) => scan::kind(json) == Kind::Text,
            _ => true,
        };
        match is_fit {
            true => members.set(key, json),
            false => left_out.note_key(key, "is no value for a monitor"),
        }
    }
    Some(format!("{{{}}}", members.json()))
}

fn is_schedule(json: &str) -> bool {
    let member = |name: &str| scan::entry(json, name);
    let text = |name: &str| member(name).and_then(scan::text);
    match text("type").as_deref() {
        Some("crontab") => text("value").is_some_and(|value| is_crontab(&value)),
        Some("interval") => {
            let value = member("value").and_then(|json| json.parse::<u64>().ok());
            let units = ["minute", "hour", "day", "week", "month", "year"];
            let unit = text("unit");
            value.is_some_and(|value| value > 0) && unit.is_some_and(|it| units.contains(&&*it))
        }
        _ => false,
    }
}

/// Five fields, or one of the names for them. What the fields say is the server's to judge.
fn is_crontab(text: &str) -> bool {
    let names = [
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    ];
    names.contains(&text.trim()) || text.split_whitespace().count() == 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    // CHK-1
    #[test]
    fn a_check_in_says_which_run_of_which_job_and_how_it_went() {
        let mut check_in = CheckIn {
            id: Uuid::from_bytes([0xab; 16]),
            slug: "nightly-backup",
            status: CheckInStatus::Error,
            duration: Some(1.5),
            config: Some(r#"{"schedule":{}}"#.to_owned()),
        };
        let read = |text: String| serde_json::from_str::<Json>(&text).unwrap();
        let expected = json!({
            "check_in_id": "ab".repeat(16), "monitor_slug": "nightly-backup", "status": "error", "duration": 1.5,
            "release": "r", "environment": "e", "monitor_config": {"schedule": {}}, "contexts": {"trace": {}},
        });
        assert_eq!(
            read(check_in.write(Some("\"r\""), Some("\"e\""), Some("{}"))),
            expected
        );
        (check_in.duration, check_in.config) = (None, None);
        check_in.status = CheckInStatus::InProgress;
        let expected = json!({
            "check_in_id": "ab".repeat(16), "monitor_slug": "nightly-backup", "status": "in_progress",
        });
        assert_eq!(read(check_in.write(None, None, None)), expected);
    }

    #[test]
    fn names_of_monitors_are_those_that_servers_keep() {
        for slug in ["a", "Backup_2-x", &"x".repeat(50)] {
            assert_eq!(check_slug(slug), Ok(()), "{slug}");
        }
        for slug in ["", "a b", "ä", "123", "a/b", &"x".repeat(51)] {
            assert!(check_slug(slug).is_err(), "{slug}");
        }
    }

    #[test]
    fn of_a_configuration_what_servers_take_is_passed_on() {
        let config = |json: &str| {
            let mut left_out = LeftOut::default();
            let read = read_config(json, &mut left_out);
            (read, left_out.is_empty())
        };
        for whole in [
            r#"{"schedule":{"type":"crontab","value":"*/5 * * * *"},"timezone":"Europe/Berlin","max_runtime":10}"#,
            r#"{"schedule":{"type":"crontab","value":"@daily"}}"#,
            r#"{"schedule":{"type":"interval","value":2,"unit":"hour"},"owner":"user:1","of_next_year":{}}"#,
        ] {
            assert_eq!(config(whole), (Some(whole.to_owned()), true));
        }
        let part = r#"{"schedule":{"type":"crontab","value":"@daily"},"max_runtime":-1,"timezone":7,"checkin_margin":2}"#;
        let kept = r#"{"schedule":{"type":"crontab","value":"@daily"},"checkin_margin":2}"#;
        assert_eq!(config(part), (Some(kept.to_owned()), false));
        for none in [
            "",
            "[]",
            "{}",
            r#"{"schedule":{"type":"crontab","value":"* * *"}}"#,
            r#"{"schedule":{"type":"interval","value":0,"unit":"hour"}}"#,
            r#"{"schedule":{"type":"interval","value":1,"unit":"hours"}}"#,
            r#"{"schedule":"@daily"}"#,
        ] {
            assert_eq!(config(none), (None, false), "{none}");
        }
    }
}
