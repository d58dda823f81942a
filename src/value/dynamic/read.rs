//! Values from JSON text: integers become the smallest type that holds them, the last of equal keys wins.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::{MAX_DEPTH, Value};
use crate::value::repair::repair;

impl Value {
    /// The value of JSON text; none if it is no JSON or nested deeper than 64 levels. Half a surrogate pair becomes
    /// U+FFFD, a number beyond a double null.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        read(text).or_else(|| read(&repair_if_possible(text)?))
    }
}

/// Repairing expects text with the grammar of JSON; `RawValue` checks just that.
fn repair_if_possible(text: &str) -> Option<String> {
    let checked: &serde_json::value::RawValue = serde_json::from_str(text).ok()?;
    Some(repair(checked.get()))
}

fn read(text: &str) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed { depth: 1 }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

#[derive(Clone, Copy)]
struct Seed {
    depth: usize,
}

impl Seed {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth > MAX_DEPTH {
            return Err(E::custom("nested too deep"));
        }
        let depth = self.depth.saturating_add(1);
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(i32::try_from(value).map_or_else(|_| Value::int64(value), Value::Int32))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        match (i32::try_from(value), i64::try_from(value)) {
            (Ok(small), _) => Ok(Value::Int32(small)),
            (_, Ok(wide)) => Ok(Value::int64(wide)),
            _ => Ok(Value::uint64(value)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::double(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value.as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let (list, seed) = (Value::list(), self.deeper()?);
        while let Some(item) = items.next_element_seed(seed)? {
            // A new list takes everything.
            let _ = list.append(item);
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let (object, seed) = (Value::object(), self.deeper()?);
        while let Some(key) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            let value = members.next_value_seed(seed)?;
            let _ = object.set_key(key.as_bytes(), value);
        }
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::dynamic::Node;

    fn back(text: &str) -> String {
        let value = Value::from_json(text).unwrap();
        String::from_utf8(value.to_json()).unwrap()
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
}
