//! Values that are shared or go in circles: a few of them stand for more copies than any memory holds. Each walk over
//! one is bounded. What a walk costs is measured in sizes: an unbounded one would not come to an end here.

use std::sync::Arc;

use super::{MAX_BYTES, Value};
use crate::base::memory::Fault;

/// Objects within one another, each twice: 2^levels paths to the innermost.
fn doubled(levels: usize) -> Value {
    let mut value = Value::object();
    value.set_key(b"k", Value::Int32(1)).unwrap();
    for _ in 0..levels {
        let outer = Value::object();
        outer.set_key(b"a", value.clone()).unwrap();
        outer.set_key(b"b", value).unwrap();
        value = outer;
    }
    value
}

/// An object that holds itself twice.
fn circle() -> Value {
    let value = Value::object();
    value.set_key(b"n", Value::Int32(7)).unwrap();
    value.set_key(b"a", value.clone()).unwrap();
    value.set_key(b"b", value.clone()).unwrap();
    value
}

fn break_up(circle: &Value) {
    circle.remove_key(b"a").unwrap();
    circle.remove_key(b"b").unwrap();
}

#[test]
fn what_is_shared_without_end_is_refused_at_the_bound() {
    let value = doubled(60);
    assert_eq!(value.to_json(), Err(Fault::Full));
    assert_eq!(value.to_json_text(), Err(Fault::Full));
    assert_eq!(value.to_msgpack(), Err(Fault::Full));
}

#[test]
fn what_is_cut_at_the_bound_is_json() {
    for value in [doubled(60), {
        let list = Value::list();
        list.append(Value::text(&vec![b'"'; MAX_BYTES])).unwrap();
        list
    }] {
        let text = value.to_json_cut().unwrap();
        assert!(text.len() <= MAX_BYTES);
        assert!(serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok());
    }
    let long = Value::text(&vec![b'x'; MAX_BYTES]);
    assert_eq!(long.to_json_cut().unwrap(), "null");
    assert_eq!(
        doubled(1).to_json_cut().unwrap(),
        r#"{"a":{"k":1},"b":{"k":1}}"#
    );
}

#[test]
fn a_container_within_itself_is_written_empty() {
    let value = circle();
    assert_eq!(value.to_json_text().unwrap(), r#"{"n":7,"a":{},"b":{}}"#);
    assert_eq!(
        value.to_msgpack().unwrap(),
        [0x83, 0xa1, b'n', 7, 0xa1, b'a', 0x80, 0xa1, b'b', 0x80]
    );
    // What is there twice, but not within itself, is written twice.
    let list = Value::list();
    list.append(value.clone()).unwrap();
    list.append(value.clone()).unwrap();
    let once = value.to_json_text().unwrap();
    assert_eq!(list.to_json_text().unwrap(), format!("[{once},{once}]"));
    break_up(&value);
}

#[test]
fn a_wide_circle_is_not_copied_at_each_level() {
    let list = Value::list();
    // Through objects that hold it, so that every level is another container.
    for _ in 0..1000 {
        let object = Value::object();
        object.set_key(b"all", list.clone()).unwrap();
        list.append(object).unwrap();
    }
    assert_eq!(list.to_json_text().unwrap().matches("[]").count(), 1000);
    while list.len() > 0 {
        list.remove_index(list.len() - 1).unwrap();
    }
}

#[test]
fn merging_looks_at_each_place_of_the_older_once() {
    let older = Value::from_json(r#"{"a":{"a":{"a":1}},"b":{"b":{}}}"#).unwrap();
    older.merge(&doubled(60));
    assert_eq!(older.to_json(), Err(Fault::Full));
    let value = circle();
    let older = Value::from_json(r#"{"a":{"x":1}}"#).unwrap();
    older.merge(&value);
    assert_eq!(
        older
            .get_key(b"a")
            .unwrap()
            .get_key(b"n")
            .unwrap()
            .to_json()
            .unwrap(),
        b"7"
    );
    break_up(&value);
}

#[test]
fn freezing_and_freeing_look_at_each_container_once() {
    let value = doubled(60);
    value.freeze();
    assert!(value.is_frozen());
    drop(value);
    let value = circle();
    value.freeze();
    assert!(value.is_frozen());
}

#[test]
fn all_that_is_held_is_freed_whatever_its_form() {
    let witness =
        Value::text(b"a text that does not fit into the node itself, so that it lies apart");
    let count = |value: &Value| match value {
        Value::Node(node) => Arc::strong_count(node),
        _ => 1,
    };
    // Wide and deep, lists and objects in turn, with empty ones and shared ones between.
    let mut value = witness.clone();
    for level in 0..300_usize {
        let outer = if level % 2 == 0 {
            Value::list()
        } else {
            Value::object()
        };
        for place in 0..5_usize {
            let item = match place {
                _ if place == level % 5 => value.clone(),
                0 => Value::list(),
                1 => doubled(2),
                _ => witness.clone(),
            };
            let _ = outer.append(item.clone());
            let _ = outer.set_key(format!("a key that lies apart {place}").as_bytes(), item);
        }
        value = outer;
    }
    assert!(count(&witness) > 300);
    let held = value.clone();
    drop(value);
    assert!(count(&witness) > 300, "another owner keeps it");
    drop(held);
    assert_eq!(count(&witness), 1);
}

#[test]
fn two_owners_that_let_go_at_once_free_it_once() {
    for _ in 0..200 {
        let inner = doubled(3);
        let outer = [Value::list(), Value::list()];
        for list in &outer {
            list.append(inner.clone()).unwrap();
        }
        drop(inner);
        std::thread::scope(|scope| {
            for list in outer {
                scope.spawn(move || drop(list));
            }
        });
    }
}
