//! Events of every kind that a host can hand in.
//!
//! Decides what "every kind of event" means. Entry points: [`whole::events`], within all limits: nothing may be lost;
//! [`excessive::events`] and [`odd::events`], too long, too deep, too many, or of strange types: they must become
//! acceptable; [`left::events`], with what is left to the server. Each comes with a name for failures.

use serde_json::{Map, Value, json};

/// A name and an event.
pub type Event = (&'static str, Value);

/// Characters of one, two, three and four bytes: cutting at a byte count would split one.
const MIXED: &str = "aß€😀";

/// `"name": { JSON }, …` as a list of [`Event`]s.
macro_rules! events {
    ($($name:literal: $event:tt),* $(,)?) => { vec![$(($name, json!($event))),*] };
}

pub mod excessive;
pub mod left;
pub mod odd;
pub mod whole;

/// Longer than any text of an event may be.
fn long() -> String {
    MIXED.repeat(5000)
}

/// Containers in one another.
fn nested(levels: usize, is_list: bool) -> Value {
    let wrap = |inner| {
        if is_list {
            json!([inner])
        } else {
            json!({"in": inner})
        }
    };
    (0..levels).fold(json!("bottom"), |inner, _| wrap(inner))
}

/// An object with many members.
fn wide(count: usize, value: &Value) -> Value {
    let members = (0..count).map(|index| (format!("key{index}"), value.clone()));
    Value::Object(members.collect::<Map<_, _>>())
}
