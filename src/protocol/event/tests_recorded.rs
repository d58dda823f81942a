//! What becomes of events, recorded: a change of how events are read and written must not change a byte by accident.
//!
//! `tests/data/recorded/events.txt` holds inputs and, below each, what became of them. `mutations.txt` beside it holds a
//! line for each input and form with a hash for each of its mutations. Each input is taken in up to three forms: as JSON
//! text, as a value read from that text (or built, where JSON cannot say it), and as what a hook was shown and gave back.
//!
//! Notation: `== scope: name` begins an input, which is the next line. The scopes are those of [`scope`]; `crumb` stands for
//! a breadcrumb, `text` for a message as `logger|text`. `«unit*3»` is the unit three times, with its number in the place of `№`;
//! `«\n»` is the character of that escape. In an outcome `=` is "the same as from JSON text", and what is long is shortened; of what a hook gave back there is a hash,
//! since it differs from the rest in its order only.
//!
//! `RECORDED=write cargo test --lib tests_recorded` writes both files anew. `RECORDED=print cargo test --lib tests_recorded --
//! --nocapture` prints each outcome in full: the output of two checkouts can be compared.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use super::breadcrumb::{self, Crumb};
use super::host_view::{Subject, show};
use super::testing::Given;
use super::{Event, EventError};
use crate::base::uuid::Uuid;
use crate::protocol::level::Level;
use crate::value::tree::Value;

/// When breadcrumbs without a time were left.
const NOW: &str = "2026-01-01T00:00:00.000001Z";

/// How many mutations of each input are recorded.
const MUTATIONS: u32 = 40;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/recorded")
        .join(name)
}

/// What options and scope give.
fn scope(name: &str) -> Given {
    let mut given = Given::default();
    if name == "bare" {
        return given;
    }
    let fields = [
        ("platform", "\"native\""),
        ("release", "\"app@1\""),
        ("environment", "\"production\""),
        ("dist", "\"7\""),
        ("server_name", "\"host\""),
        ("user", "{\"id\":\"u\"}"),
        ("fingerprint", "[\"scope\"]"),
        ("transaction", "\"scope's\""),
        ("mine", "[1]"),
        ("sdk", "{\"name\":\"n\",\"version\":\"1\"}"),
    ];
    given.fields = fields.map(|(key, json)| (key, json.to_owned())).into();
    for (key, value) in [("t", "v"), ("u.v", "w \"x\""), ("u_v", "")] {
        given.tags.set_text(key, value);
    }
    let trace = format!(
        "{{\"trace_id\":\"{}\",\"span_id\":\"{}\"}}",
        "a".repeat(32),
        "e".repeat(16)
    );
    for (key, json) in [
        ("os", "{\"name\":\"Linux\",\"version\":\"6\"}"),
        (
            "device",
            "{\"arch\":\"x86_64\",\"nested\":{\"a\":1,\"b\":2,\"c\":{\"x\":1}},\"list\":[1,2]}",
        ),
        ("trace", &trace),
        ("app", "{}"),
    ] {
        given.contexts.set(key, json);
    }
    for (key, json) in [
        ("x", "1"),
        ("o", "{\"a\":1,\"b\":[2]}"),
        ("p", "5"),
        ("q", "null"),
    ] {
        given.extra.set(key, json);
    }
    let crumbs = |messages: &[(&str, &str)]| {
        let each = messages
            .iter()
            .map(|(time, message)| format!("{{\"timestamp\":{time},\"message\":\"{message}\"}}"));
        each.collect::<Vec<_>>().join(",")
    };
    given.breadcrumbs = vec![
        crumbs(&[("1767225600", "one")]),
        crumbs(&[("1767225601.5", "two")]),
    ];
    given.images = Some("[{\"type\":\"elf\",\"code_file\":\"scope\"}]".to_owned());
    if name == "two" {
        let inner = ["1767225599", "\"2026-01-01T00:00:01Z\"", "1767225602"];
        let inner = inner.map(|time| (time, "inner"));
        given.breadcrumbs.push(crumbs(&inner[..1]));
        given.breadcrumbs.push(crumbs(&inner[1..]));
        given.max_breadcrumbs = 10;
        given.user_id = Some(Uuid::from_bytes([0xcd; 16]));
        given.images = None;
        given.fields.retain(|(key, _)| *key != "user");
    }
    given
}

/// Values that JSON text cannot say, or that are large only as text.
fn built(name: &str) -> Value {
    let text = |bytes: &[u8]| Value::text(bytes);
    let list = |items: Vec<Value>| {
        let list = Value::list();
        items
            .into_iter()
            .for_each(|item| list.append(item).unwrap());
        list
    };
    let object = |members: Vec<(&[u8], Value)>| {
        let object = Value::object();
        for (key, value) in members {
            object.set_key(key, value).unwrap();
        }
        object
    };
    let message = || (&b"message"[..], text(b"m"));
    match name {
        "circle" => {
            let extra = object(vec![(b"n", Value::Int32(1))]);
            let event = object(vec![message(), (b"extra", extra.clone())]);
            extra.set_key(b"self", event.clone()).unwrap();
            extra.set_key(b"itself", extra.clone()).unwrap();
            event
        }
        "shared" => {
            let shared = list(vec![Value::Int32(1), text(b"s")]);
            let extra = object(vec![(b"a", shared.clone()), (b"b", shared.clone())]);
            object(vec![message(), (b"extra", extra), (b"unknown", shared)])
        }
        "deep" => {
            let nest = |levels| (0..levels).fold(Value::Int32(1), |inner, _| list(vec![inner]));
            object(vec![
                message(),
                (b"just", nest(62)),
                (b"deep", nest(63)),
                (b"deeper", nest(70)),
                (b"extra", object(vec![(b"a", nest(70))])),
            ])
        }
        "not_utf8" => object(vec![
            (b"message", text(b"a\xffb\xc3")),
            (
                b"tags",
                object(vec![(b"t", text(b"\xff")), (b"u", text(b"a\xe2\x82"))]),
            ),
            (b"extra", object(vec![(b"e", text(b"\xf0\x9f\x98"))])),
            (b"unknown", text(b"\x80\x80")),
            (b"category", text(b"\xfe")),
        ]),
        "keys_not_utf8" => object(vec![
            message(),
            (
                b"extra",
                object(vec![(b"\xff", Value::Int32(1)), (b"\xfe", Value::Int32(2))]),
            ),
            (b"un\xffknown", Value::Int32(3)),
            (b"un\xfeknown", Value::Int32(4)),
        ]),
        "doubles" => {
            let numbers = [
                f64::NAN,
                f64::INFINITY,
                -0.0,
                1.0,
                1e15,
                1e16,
                0.1,
                0.1 + 0.2,
                f64::MAX,
                5e-324,
                0.000_01,
            ];
            let numbers = || list(numbers.map(Value::double).into());
            object(vec![
                (b"timestamp", Value::double(1_767_225_600.25)),
                (b"message", Value::double(1.5)),
                (b"extra", object(vec![(b"n", numbers())])),
                (b"data", object(vec![(b"n", numbers())])),
                (b"unknown", numbers()),
            ])
        }
        "doubles_in_fields" => {
            let number = || Value::double(3.0);
            object(vec![
                (b"timestamp", Value::double(f64::NAN)),
                (b"release", number()),
                (
                    b"tags",
                    object(vec![
                        (b"a", number()),
                        (b"b", Value::double(1e300)),
                        (b"c", Value::double(f64::INFINITY)),
                    ]),
                ),
                (b"fingerprint", list(vec![number()])),
                (b"user", object(vec![(b"id", Value::double(1e20))])),
                (b"threads", list(vec![object(vec![(b"id", number())])])),
                (
                    b"stacktrace",
                    object(vec![(
                        b"frames",
                        list(vec![object(vec![(
                            b"instruction_addr",
                            Value::double(4096.0),
                        )])]),
                    )]),
                ),
            ])
        }
        "integers" => object(vec![
            (b"timestamp", Value::uint64(1_767_225_600)),
            (
                b"extra",
                object(vec![
                    (b"a", Value::int64(i64::MIN)),
                    (b"b", Value::uint64(u64::MAX)),
                    (b"c", Value::Int32(i32::MIN)),
                ]),
            ),
            (
                b"stacktrace",
                object(vec![(
                    b"frames",
                    list(vec![object(vec![
                        (b"instruction_addr", Value::uint64(u64::MAX)),
                        (b"symbol_addr", Value::int64(-1)),
                        (b"image_addr", Value::int64(4096)),
                        (b"image_vmaddr", Value::address(4096)),
                    ])]),
                )]),
            ),
        ]),
        "control" => {
            let low: Vec<u8> = (0..0x20).chain([0x7f, b'"', b'\\', b'/']).collect();
            object(vec![
                (b"message", text(&low)),
                (b"tags", object(vec![(b"t", text(&low))])),
                (b"extra", object(vec![(&low, text(&low))])),
                (b"release", text(b"a\x08b")),
                (b"logger", text(&low)),
                (
                    b"exception",
                    object(vec![
                        (b"type", text(&low.repeat(10))),
                        (b"value", text(&low)),
                    ]),
                ),
                (&low, text(&low)),
            ])
        }
        "huge" => {
            let chunk = text(&b"x".repeat(1_000_000));
            let chunks = list(vec![chunk; 9]);
            object(vec![message(), (b"extra", object(vec![(b"e", chunks)]))])
        }
        "many" => {
            let many = (0..40).fold(text(b"x"), |inner, _| list(vec![inner.clone(), inner]));
            object(vec![message(), (b"extra", object(vec![(b"e", many)]))])
        }
        "long_text" => object(vec![(b"message", text(&b"x".repeat(8 * 1024 * 1024 + 1)))]),
        "list" => list(vec![object(vec![message()])]),
        "number" => Value::Int32(7),
        "frozen" => {
            let event = object(vec![message(), (b"tags", object(vec![(b"t", text(b"f"))]))]);
            event.freeze();
            event
        }
        other => panic!("no value {other:?}"),
    }
}

/// An input, as the file has it.
struct Case<'f> {
    scope: &'f str,
    name: &'f str,
    input: &'f str,
}

fn cases(file: &str) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    let mut lines = file.lines();
    while let Some(line) = lines.next() {
        if let Some((scope, name)) = line.strip_prefix("== ").and_then(|it| it.split_once(": ")) {
            let input = lines.next().unwrap_or_default();
            cases.push(Case { scope, name, input });
        }
    }
    cases
}

/// Text of the notation as what it stands for.
fn expanded(notation: &str) -> String {
    let mut text = notation.to_owned();
    while let Some(end) = text.find('»') {
        let start = text[..end].rfind('«').unwrap();
        let group = &text[start + '«'.len_utf8()..end];
        let meaning = match group.rsplit_once('*') {
            Some((unit, count)) => (0..count.parse().unwrap())
                .map(|number: usize| unit.replace('№', &number.to_string()))
                .collect(),
            None => match group {
                "\\n" => "\n".to_owned(),
                "\\r\\n" => "\r\n".to_owned(),
                "\\t" => "\t".to_owned(),
                code => {
                    let code = code
                        .strip_prefix("\\u{")
                        .and_then(|it| it.strip_suffix('}'));
                    let code = u32::from_str_radix(code.unwrap(), 16).unwrap();
                    char::from_u32(code).unwrap().to_string()
                }
            },
        };
        text.replace_range(start..end + '»'.len_utf8(), &meaning);
    }
    text
}

/// An outcome as a line that can be read.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 1200;
    let mut line = String::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let mut count = 1;
        while rest.next_if_eq(&character).is_some() {
            count += 1;
        }
        if count >= 12 {
            write!(line, "«{character}*{count}»").unwrap();
        } else if character.is_control() {
            let code = u32::from(character);
            (0..count).for_each(|_| write!(line, "«\\u{{{code:x}}}»").unwrap());
        } else {
            (0..count).for_each(|_| line.push(character));
        }
    }
    if line.len() > LONGEST {
        let cut = |mut at: usize| {
            while !line.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (cut(LONGEST / 2), cut(line.len() - LONGEST / 4));
        let hash = hash(text);
        let length = text.len();
        line = format!(
            "{} «… {length} bytes, {hash:016x} …» {}",
            &line[..start],
            &line[end..]
        );
    }
    line
}

/// FNV-1a: the same on every machine and with every compiler.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn told(result: Result<String, EventError>) -> String {
    result.unwrap_or_else(|error| format!("refused: {:?}, {error}", error.kind))
}

/// A span that was made up is not the same twice.
fn without_random_span(written: &str, input: &str) -> String {
    const KEY: &str = "\"span_id\":\"";
    let Some(start) = written.find(KEY).map(|at| at + KEY.len()) else {
        return written.to_owned();
    };
    match written.get(start..start + 16) {
        Some(span) if !input.contains(span) && span != "e".repeat(16) => {
            written.replace(span, "(made up)")
        }
        _ => written.to_owned(),
    }
}

fn write(given: &Given, event: &Event<'_>, input: &str) -> Result<(String, String), EventError> {
    let (text, written) = given.try_write(event)?;
    let mut line = without_random_span(&text, input);
    if !written.left_out.is_empty() {
        write!(line, " // {}", written.left_out).unwrap();
    }
    Ok((text, line))
}

/// What a hook is shown of an event, and what is sent if it gives that back as it was.
fn through_hook(payload: &str, input: &str) -> Result<String, EventError> {
    let Some(shown) = show(Subject::Event, payload.as_bytes()) else {
        return Ok("not shown".to_owned());
    };
    let back = shown.to_json_text()?;
    let mut event = Event::parse(&back)?;
    event.recover(&Event::parse(payload)?);
    let (text, mut line) = write(&Given::default(), &event, input)?;
    let mut shown = without_random_span(&back, input);
    if mode() != "print" {
        shown = format!("{:016x}", hash(&shown));
        line = match text == payload {
            true => "=".to_owned(),
            false => format!("{:016x}", hash(&line)),
        };
    }
    Ok(format!("{line} (shown: {shown})"))
}

/// What becomes of an event given as JSON text, and of what a hook gives back of it.
fn event_outcomes(given: &Given, text: &str) -> [String; 2] {
    let written = Event::parse(text).and_then(|event| write(given, &event, text));
    match written {
        Ok((payload, line)) => [line, told(through_hook(&payload, text))],
        Err(error) => [told(Err(error)), "nothing".to_owned()],
    }
}

fn value_outcome(given: &Given, value: &Value) -> String {
    let json = value.to_json_text().map_err(EventError::from);
    told(json.and_then(|json| {
        let event = Event::parse(&json)?;
        Ok(write(given, &event, &json)?.1)
    }))
}

fn crumb_outcomes(text: Option<&str>, value: Option<&Value>) -> Vec<(&'static str, String)> {
    let line = |crumb: Crumb| match crumb.left_out.is_empty() {
        true => crumb.json,
        false => format!("{} // {}", crumb.json, crumb.left_out),
    };
    let of_value = |value: &Value| {
        let json = value.to_json_text()?;
        breadcrumb::parse(&json, NOW)
    };
    let through_hook = |value: &Value| {
        let kept = of_value(value)?;
        let shown = Value::from_json(&kept.json).unwrap();
        shown.remove_key(b"timestamp").unwrap();
        let back = shown.to_json_text()?;
        breadcrumb::parse_returned(&back, &kept.json, NOW)
    };
    let mut outcomes = Vec::new();
    if let Some(text) = text {
        outcomes.push(("json ", told(breadcrumb::parse(text, NOW).map(line))));
    }
    if let Some(value) = value {
        outcomes.push(("value", told(of_value(value).map(line))));
        outcomes.push(("hook ", told(through_hook(value).map(line))));
    }
    outcomes
}

/// What becomes of an input, in each form that it has.
fn outcomes(scope_name: &str, input: &str) -> Vec<(&'static str, String)> {
    if scope_name == "text" {
        let (logger, text) = input.split_once('|').unwrap();
        let logger = Some(logger).filter(|logger| !logger.is_empty());
        let mut scratch = String::new();
        let event = Event::message(Level::Info, logger, text, &mut scratch).unwrap();
        let written = write(&Given::default(), &event, text).map(|(_, line)| line);
        return vec![
            ("event", told(written)),
            (
                "crumb",
                told(breadcrumb::new_log(NOW, Level::Info, logger, text)),
            ),
        ];
    }
    let (text, value) = match input.strip_prefix("built:") {
        Some(name) => (None, Some(built(name))),
        None => (Some(input), Value::from_json(input)),
    };
    if scope_name == "crumb" {
        return crumb_outcomes(text, value.as_ref());
    }
    let given = scope(scope_name);
    let mut outcomes = Vec::new();
    let mut hook = None;
    if let Some(text) = text {
        let [json, hooked] = event_outcomes(&given, text);
        outcomes.push(("json ", json));
        hook = Some(hooked);
    }
    if let Some(value) = &value {
        outcomes.push(("value", value_outcome(&given, value)));
    }
    if let Some(hook) = hook {
        outcomes.push(("hook ", hook));
    }
    outcomes
}

/// The file with what becomes of its inputs now.
fn recorded_anew(file: &str) -> String {
    let head = file.lines().take_while(|line| !line.starts_with("== "));
    let mut anew = String::new();
    head.for_each(|line| writeln!(anew, "{line}").unwrap());
    for case in cases(file) {
        let Case { scope, name, input } = case;
        writeln!(anew, "== {scope}: {name}\n{input}").unwrap();
        let mut first = None;
        for (form, outcome) in outcomes(scope, &expanded(input)) {
            let is_first = first.is_none();
            let first = first.get_or_insert_with(|| outcome.clone());
            let line = match !is_first && *first == outcome {
                true => "=".to_owned(),
                false => shortened(&outcome),
            };
            writeln!(anew, "  {form} {line}").unwrap();
        }
        writeln!(anew).unwrap();
    }
    anew
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Where each of them begins and ends.
type Spans = Vec<(usize, usize)>;

/// Where in the text each value and each key stands. Text that is no JSON gives some of them.
fn spans(text: &str) -> (Spans, Spans) {
    let bytes = text.as_bytes();
    let (mut values, mut keys, mut open) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'{' | b'[' => open.push(at),
            b'}' | b']' => values.extend(open.pop().map(|start| (start, at + 1))),
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                let end = (at + 1).min(bytes.len());
                let rest = text.get(end..).unwrap_or_default();
                if rest.trim_start().starts_with(':') {
                    keys.push((start, end));
                } else {
                    values.push((start, end));
                }
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                let is_part =
                    |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                let length = bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                values.push((start, start + length));
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    let is_whole = |(start, end): &(usize, usize)| text.get(*start..*end).is_some();
    values.retain(is_whole);
    keys.retain(is_whole);
    (values, keys)
}

/// Changes one thing: a value, a key, a member, or some characters.
fn mutate(text: &mut String, dice: &mut Dice) {
    const KEYS: &str = "event_id timestamp platform level message logentry exception threads stacktrace tags contexts extra \
        user breadcrumbs fingerprint request modules debug_meta sdk release environment dist transaction logger server_name \
        culprit type unknown values frames raw_stacktrace mechanism value module id name version data images vars \
        instruction_addr image_addr formatted params trace trace_id span_id flags os geo ip_address email url method \
        query_string headers cookies env category handled function";
    let long = "x".repeat(300);
    let wide = "\\u00e4\\nü".repeat(100);
    let longest = "y".repeat(9000);
    let texts = [&long, &wide, &longest].map(|text| format!("\"{text}\""));
    let broad = format!("[{}0]", "0,".repeat(299));
    let deep = "[".repeat(60) + &"]".repeat(60);
    let values: [&str; 33] = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.50",
        "1e999",
        "4096",
        "18446744073709551616",
        "\"\"",
        "\" \"",
        "\"x\"",
        "\"a b\"",
        "\"\\ud800\"",
        "\"\\u0000\\b\\f\\n\\u001f\\/\"",
        "\"2026-01-01T00:00:00Z\"",
        "\"info\"",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "[[\"a\",\"b\"],[\"c\",1]]",
        "{\"values\":[{}]}",
        "{\"values\":null}",
        "{\"frames\":[{\"instruction_addr\":4096}]}",
        "{\"type\":\"T\",\"value\":\"V\"}",
        "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":1}}}}}}",
        "{\"a\":1,\"a\":2,\"\\u0061\":3}",
        &texts[0],
        &texts[1],
        &texts[2],
        &broad,
        &deep,
    ];
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "null",
        "{}",
        "[]",
        "1e999",
        "\\ud800",
        "-1",
        "é",
        " ",
        "\"values\":",
        "",
    ];
    let keys: Vec<&str> = KEYS.split_whitespace().collect();
    let (value_spans, key_spans) = spans(text);
    match dice.below(8) {
        0..=2 if !value_spans.is_empty() => {
            let (start, end) = value_spans[dice.below(value_spans.len())];
            text.replace_range(start..end, dice.pick(&values));
        }
        3 if !value_spans.is_empty() => {
            let (from, to) = value_spans[dice.below(value_spans.len())];
            let copy = text[from..to].to_owned();
            let (start, end) = value_spans[dice.below(value_spans.len())];
            text.replace_range(start..end, &copy);
        }
        4 if !key_spans.is_empty() => {
            let (start, end) = key_spans[dice.below(key_spans.len())];
            text.replace_range(start..end, &format!("\"{}\"", dice.pick(&keys)));
        }
        5 | 6 if !key_spans.is_empty() => {
            let (start, _) = key_spans[dice.below(key_spans.len())];
            let member = format!("\"{}\":{},", dice.pick(&keys), dice.pick(&values));
            text.insert_str(start, &member);
        }
        _ => {
            let mut characters: Vec<char> = text.chars().collect();
            let at = dice.below(characters.len());
            let length = dice.below(12).min(characters.len() - at);
            characters.splice(at..at + length, dice.pick(&pieces).chars());
            *text = characters.into_iter().collect();
        }
    }
}

/// The mutations of an input.
fn mutations(name: &str, input: &str) -> impl Iterator<Item = String> {
    (0..MUTATIONS).map(move |number| {
        let mut dice = Dice(hash(name) ^ u64::from(number));
        let mut text = input.to_owned();
        for _ in 0..=dice.below(4) {
            mutate(&mut text, &mut dice);
        }
        text
    })
}

/// Inputs that are mutated: what is not too long to be taken so often, and not too short to be worth it.
fn mutated_cases(file: &str) -> impl Iterator<Item = (Case<'_>, String)> {
    let cases = cases(file).into_iter();
    let cases = cases.map(|case| {
        let input = expanded(case.input);
        (case, input)
    });
    cases.filter(|(case, input)| {
        case.scope != "text"
            && !case.input.starts_with("built:")
            && (30..30_000).contains(&input.len())
    })
}

/// A line for each input and form: a hash for each mutation.
fn mutations_anew(file: &str, mut see: impl FnMut(&str, u32, &str, &str, &str)) -> String {
    let mut anew = String::new();
    for (case, input) in mutated_cases(file) {
        let mut lines = [
            ("json ", String::new()),
            ("value", String::new()),
            ("hook ", String::new()),
        ];
        for (number, text) in (0..).zip(mutations(case.name, &input)) {
            let found = outcomes(case.scope, &text);
            for (form, line) in &mut lines {
                let outcome = found.iter().find(|(name, _)| name == form);
                let outcome = outcome.map_or("", |(_, outcome)| outcome);
                see(case.name, number, form, &text, outcome);
                write!(line, " {:06x}", hash(outcome) & 0xff_ffff).unwrap();
            }
        }
        writeln!(anew, "{}: {}", case.scope, case.name).unwrap();
        for (form, line) in lines {
            writeln!(anew, "  {form}{line}").unwrap();
        }
    }
    anew
}

fn mode() -> String {
    std::env::var("RECORDED").unwrap_or_default()
}

fn check(name: &str, recorded: &str, now: &str) {
    if mode() == "write" {
        fs::write(path(name), now).unwrap();
        return;
    }
    let lines = recorded.lines().zip(now.lines());
    let different: Vec<_> = lines
        .enumerate()
        .filter(|(_, (before, now))| before != now)
        .map(|(place, (before, now))| format!("line {}\n  {before}\n  {now}", place + 1))
        .collect();
    assert!(
        recorded == now,
        "{} lines of {name} are different:\n{}",
        different.len(),
        different[..different.len().min(5)].join("\n")
    );
}

#[test]
fn events_are_written_as_recorded() {
    let file = fs::read_to_string(path("events.txt")).unwrap();
    if mode() == "print" {
        for case in cases(&file) {
            for (form, outcome) in outcomes(case.scope, &expanded(case.input)) {
                println!("{} | {form} | {outcome}", case.name);
            }
        }
    }
    check("events.txt", &file, &recorded_anew(&file));
}

#[test]
fn mutated_events_are_written_as_recorded() {
    let file = fs::read_to_string(path("events.txt")).unwrap();
    let is_printed = mode() == "print";
    let now = mutations_anew(&file, |name, number, form, text, outcome| {
        if is_printed {
            println!("{name} {number} | {form} | {text:?} | {outcome}");
        }
    });
    let recorded = fs::read_to_string(path("mutations.txt")).unwrap_or_default();
    check("mutations.txt", &recorded, &now);
}

#[test]
fn the_notation_stands_for_what_it_says() {
    assert_eq!(expanded("a«b№,*2»c«{«d*2»}*2»«\\n»"), "ab0,b1,c{dd}{dd}\n");
    assert_eq!(shortened(&("x".repeat(12) + "yy\u{1}")), "«x*12»yy«\\u{1}»");
}
