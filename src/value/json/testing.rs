//! What tests of readers share: texts that are nearly JSON.

/// Texts with most of what JSON has, for [`mutations`].
pub(crate) const SEEDS: [&str; 4] = [
    r#" {"a": [1, -2.5, true, false, null, {"b": {}}, []], "c\u0041":"x\ny\ud83d\ude00é"} "#,
    r#"{"message":"m","tags":{"a":"b"},"extra":{"n":0.1,"e":1e5,"f":-0}}"#,
    "[[{\"a\":[\t]}\n,{}],\r\"\\\\\\/\",2E+7,3e-1]",
    r#"{"a":"\ud800","b":1e999,"a":2}"#,
];

/// Pieces that JSON is made of, or that look like them.
pub(crate) const PIECES: [&str; 25] = [
    "{", "}", "[", "]", "\"", ",", ":", "\\", "u", "0", "1", ".", "-", "e", "+", " ", "\u{1}",
    "\u{7f}", "é", "null", "tru", "\\u12", "\\ud800", "\u{feff}", "\u{a0}",
];

/// So many texts, the same in each run. Each is a seed of which, once to three times, less than `longest` characters were cut
/// out, half the time for a piece.
pub(crate) fn mutations<'s>(
    seeds: &'s [&str],
    pieces: &'s [&str],
    longest: usize,
    count: usize,
) -> impl Iterator<Item = String> + use<'s> {
    let mut state = 1_u64;
    let mut below = move |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    (0..count).map(move |_| {
        let mut text: Vec<char> = seeds[below(seeds.len())].chars().collect();
        for _ in 0..=below(3) {
            let at = below(text.len());
            let length = below(longest).min(text.len() - at);
            let piece = match below(2) {
                0 => "",
                _ => pieces[below(pieces.len())],
            };
            text.splice(at..at + length, piece.chars());
        }
        text.into_iter().collect()
    })
}
