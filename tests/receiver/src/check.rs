//! What the protocol demands of a request.
//!
//! Decides which readable requests are wrong all the same, each with the number of the requirement it breaks. Entry
//! points: [`request`] for the HTTP side, [`envelope`] for the content. Pure; uses the parsed request and envelope.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::envelope::{Envelope, Item};
use crate::request::Request;
use crate::spelling::Spelling;
use crate::{PROJECT_ID, PUBLIC_KEY, http};

/// The envelope headers that exist (ENV-8).
const ENVELOPE_HEADERS: [&str; 5] = ["event_id", "dsn", "sdk", "sent_at", "trace"];
/// The item types a client writes (ENV-14).
const ITEM_TYPES: [&str; 11] = [
    "event",
    "transaction",
    "attachment",
    "session",
    "sessions",
    "client_report",
    "log",
    "trace_metric",
    "feedback",
    "check_in",
    "span",
];
/// The levels of an event (EVT-4).
const LEVELS: [&str; 5] = ["fatal", "error", "warning", "info", "debug"];
/// The largest client report (REP-1).
const MAX_CLIENT_REPORT_BYTES: usize = 4096;

/// Checks method, address, headers and authentication.
pub(crate) fn request(request: &Request, violations: &mut Vec<String>) {
    if request.method != "POST" {
        violations.push(format!("DSN-2: the method is {}", request.method));
    }
    let path = strip_origin(&request.path);
    if !path.ends_with(&format!("/api/{PROJECT_ID}/envelope/")) {
        violations.push(format!("DSN-2: the path is {path}"));
    }
    match only(request, "Content-Type", violations) {
        Some("application/x-sentry-envelope") | None => {}
        Some(other) => violations.push(format!("AUTH-8: the content type is {other:?}")),
    }
    if let Some(agent) = only(request, "User-Agent", violations)
        && !is_product(agent.split(' ').next().unwrap_or_default())
    {
        violations.push(format!("AUTH-6: the user agent is {agent:?}"));
    }
    only(request, "Host", violations);
    if let Some(expectation) = request.header("Expect") {
        violations.push(format!("AUTH-11: the request expects {expectation:?}"));
    }
    if http::values(&request.headers, "Content-Encoding").count() > 1 {
        violations.push("AUTH-9: more than one content encoding".to_owned());
    }
    if let Some(auth) = only(request, "X-Sentry-Auth", violations) {
        authentication(auth, violations);
    }
}

/// Drops `http://host:port` from a target as it is sent to a proxy.
fn strip_origin(target: &str) -> &str {
    let after_scheme = target.split_once("://").map(|(_, rest)| rest);
    match after_scheme.and_then(|rest| rest.find('/').and_then(|slash| rest.get(slash..))) {
        Some(path) => path,
        None => target,
    }
}

/// The value of a header that must be there exactly once.
fn only<'a>(request: &'a Request, name: &'a str, violations: &mut Vec<String>) -> Option<&'a str> {
    let mut values = http::values(&request.headers, name);
    let value = values.next();
    match (value, values.count()) {
        (None, _) => violations.push(format!("AUTH-7: no {name} header")),
        (Some(_), 0) => {}
        (Some(_), more) => {
            violations.push(format!("AUTH-7: {} {name} headers", more.saturating_add(1)))
        }
    }
    value
}

/// True for `name/version`.
fn is_product(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(name, version)| !name.is_empty() && !version.is_empty())
}

/// Checks the authentication header (AUTH-1 to AUTH-3).
fn authentication(value: &str, violations: &mut Vec<String>) {
    let Some(pairs) = value
        .strip_prefix("Sentry ")
        .filter(|pairs| !pairs.starts_with(' '))
    else {
        violations.push(format!(
            "AUTH-1: the header does not start with \"Sentry \": {value:?}"
        ));
        return;
    };
    let mut seen = BTreeSet::new();
    for pair in pairs.split(',') {
        let (key, value) = pair.trim().split_once('=').unwrap_or((pair.trim(), ""));
        let is_right = match key {
            "sentry_version" => value == "7",
            "sentry_key" => value == PUBLIC_KEY,
            "sentry_client" => is_product(value),
            "sentry_secret" => !value.is_empty(),
            _ => false,
        };
        if !is_right {
            violations.push(format!("AUTH-1: {pair:?} in the authentication"));
        }
        if !seen.insert(key) {
            violations.push(format!("AUTH-1: {key} twice in the authentication"));
        }
    }
    for key in ["sentry_version", "sentry_key", "sentry_client"] {
        if !seen.contains(key) {
            violations.push(format!("AUTH-1: no {key} in the authentication"));
        }
    }
}

/// Checks the envelope header, the composition of the items, and each item the receiver knows.
pub(crate) fn envelope(envelope: &Envelope, violations: &mut Vec<String>) {
    for key in envelope
        .header
        .keys()
        .filter(|key| !ENVELOPE_HEADERS.contains(&key.as_str()))
    {
        violations.push(format!("ENV-8: envelope header {key:?}"));
    }
    match envelope
        .header
        .get("sent_at")
        .map(|value| value.as_str().map(is_utc_time))
    {
        Some(Some(true)) => {}
        _ => violations.push(format!(
            "ENV-11: no sent_at in UTC: {}",
            envelope.header_text
        )),
    }
    composition(envelope, violations);
    let needs_id = |item: &Item| {
        [
            "event",
            "transaction",
            "attachment",
            "feedback",
            "user_report",
        ]
        .contains(&item.kind.as_str())
    };
    if envelope.items.iter().any(needs_id) && !envelope.event_id().is_some_and(is_event_id) {
        violations.push(format!(
            "ENV-9: no event_id in the envelope header: {}",
            envelope.header_text
        ));
    }
    for item in &envelope.items {
        match item.kind.as_str() {
            "event" => event(envelope, item, violations),
            "client_report" => client_report(item, violations),
            _ => {}
        }
    }
}

/// Checks which items travel together (ENV-13 to ENV-16).
fn composition(envelope: &Envelope, violations: &mut Vec<String>) {
    if envelope.items.is_empty() {
        violations.push("ENV-13: an envelope with no items".to_owned());
    }
    let count = |kinds: &[&str]| {
        envelope
            .items
            .iter()
            .filter(|item| kinds.contains(&item.kind.as_str()))
            .count()
    };
    for item in envelope
        .items
        .iter()
        .filter(|item| !ITEM_TYPES.contains(&item.kind.as_str()))
    {
        violations.push(format!("ENV-14: an item of type {:?}", item.kind));
    }
    for alone in [
        &["event", "transaction", "feedback"][..],
        &["log"],
        &["trace_metric"],
        &["span"],
        &["check_in"],
    ] {
        if count(alone) > 1 {
            violations.push(format!("ENV-15: more than one of {}", alone.join(", ")));
        }
    }
    if count(&["log", "trace_metric"]) > 0 && envelope.header.contains_key("trace") {
        violations.push("ENV-16: a trace header over logs or metrics".to_owned());
    }
}

/// Checks what every event must have.
fn event(envelope: &Envelope, item: &Item, violations: &mut Vec<String>) {
    let Some(event) = object(item, violations) else {
        return;
    };
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    if text("event_id").is_none() || text("event_id") != envelope.event_id() {
        violations.push(format!(
            "ENV-9: event_id {:?} in the event, {:?} in the envelope header",
            event.get("event_id"),
            envelope.event_id()
        ));
    }
    match event.get("timestamp") {
        Some(Value::Number(_)) => {}
        Some(Value::String(time)) if is_utc_time(time) => {}
        other => violations.push(format!("EVT-2: the timestamp of the event is {other:?}")),
    }
    if let Some(level) = event.get("level")
        && !level.as_str().is_some_and(|level| LEVELS.contains(&level))
    {
        violations.push(format!("EVT-4: the level of the event is {level}"));
    }
    if event.contains_key("message") {
        violations.push("EVT-10: the event has message, on the wire it is logentry".to_owned());
    }
}

/// Checks the form of a client report (REP-1).
fn client_report(item: &Item, violations: &mut Vec<String>) {
    let Some(report) = object(item, violations) else {
        return;
    };
    if item.payload.len() > MAX_CLIENT_REPORT_BYTES {
        violations.push(format!(
            "REP-1: a client report of {} bytes",
            item.payload.len()
        ));
    }
    let entries = report.get("discarded_events").and_then(Value::as_array);
    let is_entry = |entry: &Value| {
        entry.get("reason").is_some_and(Value::is_string)
            && entry.get("category").is_some_and(Value::is_string)
            && entry
                .get("quantity")
                .and_then(Value::as_u64)
                .is_some_and(|quantity| quantity > 0)
    };
    if !report.contains_key("timestamp")
        || !entries.is_some_and(|entries| entries.iter().all(is_entry))
    {
        violations.push(format!("REP-1: client report {}", Value::Object(report)));
    }
}

/// The payload as a JSON object without repeated keys.
fn object(item: &Item, violations: &mut Vec<String>) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(&item.payload).map_err(|error| error.to_string());
    let parsed = text.and_then(|text| {
        let object = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok((object, Spelling::of(text)))
    });
    match parsed {
        Ok((object, spelling)) => {
            for key in spelling.duplicate_keys {
                violations.push(format!(
                    "EVT-16: the {} has {key:?} twice in one object",
                    item.kind
                ));
            }
            Some(object)
        }
        Err(error) => {
            violations.push(format!(
                "EVT-16: the {} is no JSON object: {error}",
                item.kind
            ));
            None
        }
    }
}

/// True for 32 lowercase hex digits (ENV-9).
fn is_event_id(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// True for an RFC 3339 time that ends in `Z`, fraction optional (ENV-11).
fn is_utc_time(text: &str) -> bool {
    let Some((seconds, fraction)) = text
        .strip_suffix('Z')
        .map(|text| text.split_once('.').unwrap_or((text, "0")))
    else {
        return false;
    };
    let form = "dddd-dd-ddTdd:dd:dd";
    let matches_form = |(found, wanted): (char, char)| {
        if wanted == 'd' {
            found.is_ascii_digit()
        } else {
            found == wanted
        }
    };
    seconds.len() == form.len()
        && seconds.chars().zip(form.chars()).all(matches_form)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{authentication, is_utc_time, strip_origin};
    use crate::envelope::Envelope;

    const ID: &str = "fc6d8c0c43fc4630ad850ee518f1b9d0";

    /// The violations of an envelope with these header fields and items of type and payload.
    fn check(header: &str, items: &[(&str, &str)]) -> Vec<String> {
        let mut text = format!("{{{header}\"sent_at\":\"2026-01-02T03:04:05.678Z\"}}\n");
        for (kind, payload) in items {
            text += &format!(
                "{{\"type\":\"{kind}\",\"length\":{}}}\n{payload}\n",
                payload.len()
            );
        }
        let mut violations = Vec::new();
        let envelope = Envelope::parse(text.as_bytes(), &mut violations).unwrap();
        super::envelope(&envelope, &mut violations);
        violations
    }

    #[test]
    fn a_right_envelope_has_no_violation() {
        let event = format!("{{\"event_id\":\"{ID}\",\"timestamp\":1.5,\"level\":\"error\"}}");
        let report = r#"{"timestamp":1,"discarded_events":[{"reason":"queue_overflow","category":"error","quantity":2}]}"#;
        let items = [
            ("event", event.as_str()),
            ("attachment", ""),
            ("client_report", report),
        ];
        assert_eq!(check(&format!("\"event_id\":\"{ID}\","), &items), [""; 0]);
    }

    #[test]
    fn each_wrong_envelope_is_reported_once_with_its_number() {
        let header = format!("\"event_id\":\"{ID}\",");
        let event = |rest: &str| format!("{{\"event_id\":\"{ID}\",\"timestamp\":1{rest}}}");
        for (header, items, id) in [
            ("\"extra\":1,", vec![("session", "{}".to_owned())], "ENV-8"),
            ("", vec![], "ENV-13"),
            ("", vec![("statsd", String::new())], "ENV-14"),
            ("", vec![("log", String::new()), ("log", String::new())], "ENV-15"),
            ("\"trace\":{},", vec![("log", String::new())], "ENV-16"),
            ("", vec![("attachment", String::new())], "ENV-9"),
            (&header.replace('f', "F"), vec![("attachment", String::new())], "ENV-9"),
            (&header.replace('f', "e"), vec![("event", event(""))], "ENV-9"),
            (&header, vec![("event", event("").replace("\"timestamp\":1", "\"timestamp\":\"now\""))], "EVT-2"),
            (&header, vec![("event", event(",\"level\":\"warn\""))], "EVT-4"),
            (&header, vec![("event", event(",\"message\":\"x\""))], "EVT-10"),
            (&header, vec![("event", event(",\"tags\":{\"a\":\"1\",\"a\":\"2\"}"))], "EVT-16"),
            (&header, vec![("event", "[]".to_owned())], "EVT-16"),
            ("", vec![("client_report", r#"{"timestamp":1,"discarded_events":[{"reason":"a","category":"b","quantity":0}]}"#.to_owned())], "REP-1"),
        ] {
            let items: Vec<_> = items.iter().map(|(kind, payload)| (*kind, payload.as_str())).collect();
            let violations = check(header, &items);
            assert_eq!(violations.len(), 1, "{items:?}: {violations:?}");
            assert!(violations[0].starts_with(&format!("{id}:")), "{violations:?}");
        }
    }

    #[test]
    fn authentication_needs_its_three_pairs_and_knows_no_others() {
        // AUTH-1, AUTH-2, AUTH-3
        let check = |text: &str| {
            let mut violations = Vec::new();
            authentication(text, &mut violations);
            violations
        };
        let right = "Sentry sentry_key=publickey, sentry_version=7,sentry_client=a.b/1.0";
        assert_eq!(check(right), [""; 0]);
        assert_eq!(check(&format!("{right}, sentry_secret=s")), [""; 0]);
        for wrong in [
            "sentry_version=7",
            "Sentry  sentry_version=7",
            &right.replace("publickey", "other"),
            &right.replace("=7", "=8"),
            &right.replace("a.b/1.0", "ab"),
            &right.replace("sentry_version=7,", ""),
            &format!("{right}, sentry_timestamp=1"),
            &format!("{right}, sentry_secret="),
            &format!("{right}, sentry_version=7"),
        ] {
            assert_eq!(check(wrong).len(), 1, "{wrong}: {:?}", check(wrong));
        }
    }

    #[test]
    fn times_are_utc_and_complete() {
        assert!(is_utc_time("2026-01-02T03:04:05Z") && is_utc_time("2026-01-02T03:04:05.000001Z"));
        for text in [
            "",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05+00:00",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04:05.Z",
        ] {
            assert!(!is_utc_time(text), "{text}");
        }
    }

    #[test]
    fn a_target_for_a_proxy_is_reduced_to_its_path() {
        assert_eq!(
            strip_origin("http://127.0.0.1:80/api/42/envelope/"),
            "/api/42/envelope/"
        );
        assert_eq!(strip_origin("/api/42/envelope/"), "/api/42/envelope/");
    }
}
