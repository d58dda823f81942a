//! Values from JSON text: integers become the smallest type that holds them, the last of equal keys wins.

use super::bytes::Bytes;
use super::{MAX_DEPTH, Member, NotChanged, Value};
use crate::base::memory::OutOfMemory;
use crate::value::json::quick::Reader;

impl Value {
    /// The value of JSON text; none if it is no JSON, nested deeper than 64 levels, or there is no memory for it. Half
    /// a surrogate pair becomes U+FFFD, a number beyond a double null.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        Self::from_json_within(text, MAX_DEPTH)
    }

    /// As [`Value::from_json`], for text that this library wrote: it may have put some levels around what was given.
    pub(crate) fn from_own_json(text: &str) -> Option<Self> {
        const LEVELS_AROUND: usize = 8;
        Self::from_json_within(text, MAX_DEPTH.saturating_add(LEVELS_AROUND))
    }

    fn from_json_within(text: &str, levels: usize) -> Option<Self> {
        let mut reader = Reader::new(text);
        let value = read(&mut reader, levels)?;
        reader.peek().is_none().then_some(value)
    }
}

/// Reads the next value, with so many levels of containers.
fn read(reader: &mut Reader<'_>, levels: usize) -> Option<Value> {
    match reader.peek()? {
        b'{' => {
            let deeper = levels.checked_sub(1)?;
            let mut members = Vec::new();
            let mut is_end = reader.enter(b'}')?;
            while !is_end {
                let key = reader.key()?;
                let value = read(reader, deeper)?;
                set(&mut members, key.as_bytes(), value).ok()?;
                is_end = reader.goes_on(b'}')?;
            }
            keep_last_of_equal(&mut members).ok()?;
            Some(Value::of_members(members))
        }
        b'[' => {
            let deeper = levels.checked_sub(1)?;
            let mut items = Vec::new();
            let mut is_end = reader.enter(b']')?;
            while !is_end {
                let item = read(reader, deeper)?;
                items.try_reserve(1).ok()?;
                items.push(item);
                is_end = reader.goes_on(b']')?;
            }
            Some(Value::of_items(items))
        }
        b'"' => Value::try_text(reader.string_text()?.as_bytes()).ok(),
        first => Some(match reader.bare(first)? {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            digits => number(digits),
        }),
    }
}

/// Most keys among which one that is read is looked for at once.
const FEW: usize = 64;

/// Adds a member; one of the first that is there keeps its place.
fn set(members: &mut Vec<Member>, key: &[u8], value: Value) -> Result<(), NotChanged> {
    let is_key = |member: &&mut Member| *member.0 == *key;
    if members.len() <= FEW
        && let Some((_, old)) = members.iter_mut().find(is_key)
    {
        *old = value;
        return Ok(());
    }
    let key = Bytes::new(key, b"")?;
    members.try_reserve(1).map_err(OutOfMemory::from)?;
    members.push((key, value));
    Ok(())
}

/// Of members with equal keys the first gets the value of the last, and the others go. By sorting: looking for each key among
/// all others would take time in the square of their number.
fn keep_last_of_equal(members: &mut Vec<Member>) -> Result<(), NotChanged> {
    let count = members.len();
    if count <= FEW {
        return Ok(());
    }
    let mut order = Vec::new();
    order.try_reserve_exact(count).map_err(OutOfMemory::from)?;
    order.extend(0..count);
    let key = |place: &usize| members.get(*place).map(|(key, _)| &**key);
    order.sort_unstable_by(|one, other| key(one).cmp(&key(other)).then(one.cmp(other)));
    let is_equal = |one: &usize, other: &usize| key(one) == key(other);
    if order.is_sorted_by(|one, other| !is_equal(one, other)) {
        return Ok(());
    }
    let mut is_kept = Vec::new();
    is_kept
        .try_reserve_exact(count)
        .map_err(OutOfMemory::from)?;
    is_kept.resize(count, true);
    let mut moves = Vec::new();
    for equal in order.chunk_by(is_equal) {
        if let [first, .., last] = equal {
            moves.try_reserve(1).map_err(OutOfMemory::from)?;
            moves.push((*first, *last));
            for place in equal.iter().skip(1) {
                if let Some(kept) = is_kept.get_mut(*place) {
                    *kept = false;
                }
            }
        }
    }
    for (first, last) in moves {
        let newest = members
            .get_mut(last)
            .map(|(_, value)| std::mem::take(value));
        if let (Some((_, value)), Some(newest)) = (members.get_mut(first), newest) {
            *value = newest;
        }
    }
    let mut is_kept = is_kept.into_iter();
    members.retain(|_| is_kept.next().unwrap_or(true));
    Ok(())
}

fn number(json: &str) -> Value {
    // The one integer that only a double can hold.
    if json == "-0" {
        return Value::double(-0.0);
    }
    if let Ok(small) = json.parse::<i32>() {
        return Value::Int32(small);
    }
    if let Ok(wide) = json.parse::<i64>() {
        return Value::int64(wide);
    }
    if let Ok(wide) = json.parse::<u64>() {
        return Value::uint64(wide);
    }
    match json.parse::<f64>() {
        Ok(number) if number.is_finite() => Value::double(number),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json::testing::{PIECES, SEEDS, mutations};
    use crate::value::tree::Node;

    fn back(text: &str) -> String {
        let value = Value::from_json(text).unwrap();
        String::from_utf8(value.to_json().unwrap()).unwrap()
    }

    #[test]
    fn text_comes_back_as_it_was() {
        for text in [
            "null",
            "[true,false,-1,1.5,\"a\\n\\u0001é\",{}]",
            r#"{"b":{"c":[[]]},"a":18446744073709551615}"#,
        ] {
            assert_eq!(back(text), text);
        }
        assert_eq!(
            back(r#" { "a" : 1 , "b" : 2, "a" : 3 } "#),
            r#"{"a":3,"b":2}"#
        );
    }

    #[test]
    fn integers_take_the_smallest_type() {
        let kind = |text: &str| match Value::from_json(text).unwrap() {
            Value::Int32(_) => "int32",
            Value::Node(node) => match *node {
                Node::Int64(_) => "int64",
                Node::Uint64(_) => "uint64",
                Node::Double(_) => "double",
                _ => "other",
            },
            _ => "other",
        };
        assert_eq!(kind("2147483647"), "int32");
        assert_eq!(kind("-2147483648"), "int32");
        assert_eq!(kind("2147483648"), "int64");
        assert_eq!(kind("9223372036854775807"), "int64");
        assert_eq!(kind("9223372036854775808"), "uint64");
        assert_eq!(kind("18446744073709551616"), "double");
        assert_eq!(kind("1.0"), "double");
    }

    /// With a comparison for each pair of keys this would take minutes.
    #[test]
    fn reading_is_linear_in_the_number_of_keys() {
        const KEYS: usize = 300_000;
        let member = |number: usize| format!("\"k{number}\":{number}");
        let mut members: Vec<_> = (0..KEYS).map(member).collect();
        members.push("\"k7\":\"again\",\"k299999\":\"again\"".to_owned());
        let value = Value::from_json(&format!("{{{}}}", members.join(","))).unwrap();
        assert_eq!(value.len(), KEYS);
        let members: Vec<_> = value.members().collect();
        assert_eq!(members[7].1.as_text(), Some(&b"again"[..]));
        assert_eq!(members[KEYS - 1].1.as_text(), Some(&b"again"[..]));
        assert!(matches!(members[70].1, Value::Int32(70)));
    }

    #[test]
    fn the_last_of_equal_keys_wins_in_the_place_of_the_first_whatever_their_number() {
        for count in [1, 2, 63, 64, 65, 66, 130, 200] {
            let members: Vec<_> = (0..count)
                .map(|number| format!("\"k{number}\":1"))
                .collect();
            let members = members.join(",");
            let again = members.replace(":1", ":2");
            assert_eq!(
                back(&format!("{{{members},{again}}}")),
                format!("{{{again}}}")
            );
        }
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        for text in ["", "{", "[1,]", "nul", "1 2", "\"\\x\"", "{\"a\"}"] {
            assert!(Value::from_json(text).is_none(), "{text}");
        }
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Value::from_json(&nested(64)).is_some());
        assert!(Value::from_json(&nested(65)).is_none());
        assert!(Value::from_json(&nested(100_000)).is_none());
    }

    #[test]
    fn odd_characters_and_numbers_are_repaired() {
        assert_eq!(back("[\"\\ud800\",1e999]"), "[\"\u{fffd}\",null]");
    }

    /// What `serde_json` takes, and nothing else.
    #[test]
    fn the_grammar_is_that_of_json() {
        let is_json = |text: &String| {
            let is_json = serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok();
            assert_eq!(Value::from_json(text).is_some(), is_json, "{text}");
            is_json
        };
        let texts = mutations(&SEEDS, &PIECES, 4, 40_000);
        let taken = texts.filter(is_json).count();
        assert!(taken > 300, "{taken}");
    }
}
