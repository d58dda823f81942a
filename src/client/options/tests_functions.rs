//! Functions: which setters, getters and twins with a length there are for each option, what setters refuse, and which
//! variables of the environment set an option, against the table. Tests only.

use std::ffi::OsString;
use std::fs;

use super::set::Given;
use super::table::{Kind, Options, TABLE};

#[test]
fn setters_hold_the_range_of_the_table() {
    for row in TABLE {
        let Kind::Whole(limit, _) = &row.kind else {
            continue;
        };
        let mut options = Options::default();
        let (least, most) = (i128::from(limit.least), i128::from(limit.most));
        let unbounded = limit.unbounded_number();
        for (value, is_in_range) in [
            (least, true),
            (most, true),
            (most + 1, false),
            (least - 1, false),
            (-1, false),
            (-2, false),
        ] {
            assert_eq!(
                options.set(row, Given::Whole(value)).is_ok(),
                is_in_range || unbounded == Some(value),
                "{}: {value}",
                row.name
            );
        }
    }
}

#[test]
fn a_variable_is_named_like_its_option_and_sets_it() {
    for row in TABLE {
        let Some(variable) = row.variable else {
            continue;
        };
        assert_eq!(
            variable,
            format!("SENTRY_{}", row.name.to_ascii_uppercase())
        );
        let value = match row.kind {
            Kind::Flag(_) => "on",
            Kind::Share(..) => "0.25",
            Kind::Whole(..) => "77",
            _ => "anything",
        };
        let options =
            Options::from_environment(|name| (name == variable).then(|| OsString::from(value)));
        assert_ne!(options.get(row), Options::default().get(row), "{variable}");
    }
}

/// The functions of the C interface with this prefix, in the order of their names, without those that take a length.
fn functions(header: &str, prefix: &str) -> Vec<String> {
    let names = header.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let mut names: Vec<String> = names
        .filter_map(|word| word.strip_prefix(prefix))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let all = names.clone();
    names.retain(|name| {
        let plain = name.strip_suffix("_n");
        !plain.is_some_and(|plain| all.iter().any(|other| other == plain))
    });
    names.sort_unstable();
    names.dedup();
    names
}

/// Setters that take a function or a transport, and one that is another name.
const WITHOUT_ROW: [&str; 14] = [
    "before_breadcrumb",
    "before_screenshot",
    "before_send",
    "before_send_feedback",
    "before_send_log",
    "before_send_metric",
    "before_transaction",
    "http_proxy",
    "logger",
    "on_crash",
    "on_crashed_last_run",
    "on_outcome",
    "traces_sampler",
    "transport",
];
/// The compatible interface has no getter for these.
const WITHOUT_GETTER: [&str; 17] = [
    "logger_level",
    "database_path",
    "cache_max_items",
    "cache_max_size",
    "cache_max_age",
    "backend",
    "logger_enabled_when_crashed",
    "handler_path",
    "external_crash_reporter_path",
    "minidump_mode",
    "org_id",
    "attach_screenshot",
    "attach_session_replay",
    "system_crash_reporter_enabled",
    "crashpad_wait_for_upload",
    "crashpad_limit_stack_capture_to_sp",
    "session_replay_duration",
];

#[test]
fn rows_setters_and_getters_have_the_same_names() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/include/sentry.h");
    let header = fs::read_to_string(path).unwrap();
    let setters = functions(&header, "sentry_options_set_");
    let getters = functions(&header, "sentry_options_get_");
    let mut named: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
    named.extend(WITHOUT_ROW);
    named.sort_unstable();
    assert_eq!(named, setters);
    for row in TABLE {
        let has_getter = getters.iter().any(|name| name == row.name);
        assert_eq!(
            has_getter,
            !WITHOUT_GETTER.contains(&row.name),
            "{}",
            row.name
        );
        let is_text = matches!(
            row.kind,
            Kind::Text(_) | Kind::Dsn(_) | Kind::Path(_) | Kind::HeaderText(_) | Kind::Patterns(_)
        );
        let twin = format!("sentry_options_set_{}_n(", row.name);
        assert_eq!(header.contains(&twin), is_text, "{twin}");
    }
}
