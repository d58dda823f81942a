//! Values from JSON text: integers become the smallest type that holds them, the last of equal keys wins.

use super::{NotChanged, Value};
use crate::value::scan::{self, Cursor, Kind};

impl Value {
    /// The value of JSON text; none if it is no JSON, nested deeper than 64 levels, or there is no memory for it. Half
    /// a surrogate pair becomes U+FFFD, a number beyond a double null.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let text = scan::checked(text)?;
        read(&mut Cursor::new(text)).ok()
    }
}

/// Reads what `serde_json` accepts and what is not nested too deep, so that this may call itself.
fn read(cursor: &mut Cursor<'_>) -> Result<Value, NotChanged> {
    let kind = cursor.kind();
    match kind {
        Kind::Object => {
            let object = Value::object();
            cursor.enter();
            while let Some(key) = cursor.next_key() {
                let value = read(cursor)?;
                object.set_key(scan::try_decode(key)?.as_bytes(), value)?;
            }
            Ok(object)
        }
        Kind::Array => {
            let list = Value::list();
            cursor.enter();
            while cursor.has_element() {
                list.append(read(cursor)?)?;
            }
            Ok(list)
        }
        Kind::Text | Kind::Number | Kind::Boolean | Kind::Null => {
            scalar(kind, cursor.value().unwrap_or_default())
        }
    }
}

fn scalar(kind: Kind, json: &str) -> Result<Value, NotChanged> {
    Ok(match kind {
        Kind::Text => Value::try_text(scan::try_decode(json)?.as_bytes())?,
        Kind::Number => number(json),
        Kind::Boolean => Value::Bool(json == "true"),
        Kind::Null | Kind::Object | Kind::Array => Value::Null,
    })
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
    use crate::value::dynamic::Node;

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
