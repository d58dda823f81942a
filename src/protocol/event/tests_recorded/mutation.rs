//! Mutations of recorded inputs, the same each time.

use super::notation::hash;

/// How many there are of each input.
const COUNT: u32 = 40;

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
pub(super) fn mutations(name: &str, input: &str) -> impl Iterator<Item = String> {
    (0..COUNT).map(move |number| {
        let mut dice = Dice(hash(name) ^ u64::from(number));
        let mut text = input.to_owned();
        for _ in 0..=dice.below(4) {
            mutate(&mut text, &mut dice);
        }
        text
    })
}
