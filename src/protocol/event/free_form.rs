//! The objects of an event whose content is the host's, besides its contexts (EVT-12, EVT-14, EVT-15, EVT-18, SCO-2).

use std::borrow::Cow;
use std::net::IpAddr;

use super::bound;
use super::field::Field;
use super::limits;
use super::stack::with_text_addresses;
use super::writer::Writer;
use crate::base::memory::{self, Buffer};
use crate::base::uuid::Uuid;
use crate::value::input::{Input, bounded};
use crate::value::json::keys::Keys;
use crate::value::json::merge;
use crate::value::json::scan::Kind;
use crate::value::json::write as json;
use crate::value::shared::members::Members;

/// Writes `extra` of the event and of the scope; objects that both have are merged. What is over the total is dropped, last
/// ones first.
pub(super) fn extra(writer: &mut Writer<'_>, value: Option<Input<'_>>) {
    let (_, max_total) = limits::EXTRA_BYTES;
    let before = writer.out.len();
    writer.key("extra");
    writer.out.push(b'{');
    let start = writer.out.len();
    let mut keys = Keys::default();
    let scope = writer.parts.extra;
    let own = value.into_iter().flat_map(Input::members);
    let own = own.map(|(key, value)| (key.decode(), value, true));
    let theirs = scope.iter();
    let theirs = theirs.map(|(key, json)| (Cow::Borrowed(key), Input::Json(json), false));
    for (key, value, is_own) in own.chain(theirs) {
        if keys.contains(&key) {
            continue;
        }
        let before = writer.out.len();
        json::key(writer.out, &key);
        let is_object = is_own && value.is_object();
        let theirs = is_object.then(|| scope.get(&key)).flatten();
        let theirs = theirs.map(Input::Json).filter(|it| it.is_object());
        writer.trimmed |= match theirs {
            Some(theirs) => {
                let both = merge::objects(&value.to_json(), &theirs.to_json());
                extra_value(writer.out, Input::Json(&both))
            }
            None => extra_value(writer.out, value),
        };
        if writer.out.len().saturating_sub(start) > max_total {
            writer.out.truncate(before);
            writer.trimmed = true;
            break;
        }
        keys.insert(key);
    }
    if writer.out.len() == start {
        writer.out.truncate(before);
    } else {
        writer.out.push(b'}');
        writer.mark_written(Field::Extra);
    }
}

/// Appends one value of `extra`; true if something was cut.
pub(super) fn extra_value(out: &mut Buffer, value: Input<'_>) -> bool {
    bounded::bag(out, value, limits::BAG_DEPTH, limits::EXTRA_BYTES.0)
}

/// Writes the event's user (EVT-14).
pub(super) fn user(writer: &mut Writer<'_>, value: Input<'_>) {
    let completed;
    let value = match writer.parts.user_id {
        Some(id) if value.get("id").is_none_or(Input::is_null) => {
            completed = with_id(value, id);
            Input::Json(&completed)
        }
        _ => value,
    };
    writer.key("user");
    let start = writer.out.len();
    writer.out.push(b'{');
    for (key, part) in value.members() {
        match (&*key.decode(), part.kind()) {
            // Ids are text on the wire.
            ("id", Kind::Number) => {
                key.copy_key(writer.out);
                writer.out.push(b'"');
                part.copy(writer.out);
                writer.out.push(b'"');
            }
            ("ip_address", kind) if kind != Kind::Null && !is_ip_address(part) => {
                writer.leave_out("ip_address", "is no address");
            }
            ("geo", Kind::Object) => {
                key.copy_key(writer.out);
                writer.trimmed |= bound::write_members(writer.out, bound::geo, part);
            }
            _ => writer.trimmed |= bound::write_member(writer.out, bound::user, key, part),
        }
    }
    writer.out.push(b'}');
    let (depth, bytes) = (limits::BAG_DEPTH, limits::USER_BYTES);
    writer.trimmed |= bounded::cut_down(writer.out, start, depth, bytes);
    writer.mark_written(Field::User);
}

/// A user with this id, which stands first, so that it survives any trimming.
fn with_id(user: Input<'_>, id: Uuid) -> String {
    let mut members = Members::new();
    members.set_text("id", id.hyphenated().as_str());
    for (key, value) in user.members() {
        if !key.is_key("id") {
            members.set(&key.decode(), &value.to_json());
        }
    }
    memory::concat(&["{", members.json(), "}"])
}

/// An address, or what asks the server for that of the connection; servers refuse anything else.
fn is_ip_address(value: Input<'_>) -> bool {
    let is_address = |text: Cow<'_, str>| text == "{{auto}}" || text.parse::<IpAddr>().is_ok();
    value.text().is_some_and(is_address)
}

/// Writes `modules`: names and versions, all of them text (EVT-8).
pub(super) fn modules(writer: &mut Writer<'_>, value: Input<'_>) {
    writer.key("modules");
    let start = writer.out.len();
    writer.out.push(b'{');
    for (key, version) in value.members() {
        match version.kind() {
            Kind::Text => {
                key.copy_key(writer.out);
                version.copy(writer.out);
            }
            Kind::Number | Kind::Boolean => {
                key.copy_key(writer.out);
                bounded::scalar(writer.out, version, limits::NAME_CHARS);
            }
            Kind::Null => {}
            Kind::Object | Kind::Array => {
                writer.leave_out(&key.decode(), "is no text, as a version must be");
            }
        }
    }
    writer.out.push(b'}');
    let (depth, bytes) = (limits::BAG_DEPTH, limits::MODULES_BYTES);
    writer.trimmed |= bounded::cut_down(writer.out, start, depth, bytes);
    writer.mark_written(Field::Modules);
}

/// Writes `debug_meta` (IMG-1); with images of this process if there are any and the event has none of its own (IMG-4).
pub(super) fn debug_meta(writer: &mut Writer<'_>, value: Option<Input<'_>>) {
    let is_list = |images: Input<'_>| images.kind() == Kind::Array;
    let own_images = value.and_then(|value| value.get("images"));
    let images = writer.parts.images;
    let images = images.filter(|_| !own_images.is_some_and(is_list));
    if value.is_none() && images.is_none() {
        return;
    }
    writer.key("debug_meta");
    writer.out.push(b'{');
    for (key, part) in value.into_iter().flat_map(Input::members) {
        let are_images = key.is_key("images");
        if are_images && is_list(part) {
            key.copy_key(writer.out);
            images_with_text_addresses(writer, part);
        } else if !are_images || images.is_none() {
            key.copy_key(writer.out);
            part.copy(writer.out);
        }
    }
    if let Some(images) = images {
        json::key(writer.out, "images");
        writer.share(images.clone());
    }
    writer.out.push(b'}');
    writer.mark_written(Field::DebugMeta);
}

fn images_with_text_addresses(writer: &mut Writer<'_>, images: Input<'_>) {
    writer.out.push(b'[');
    let mut images = images.elements();
    let mut walk = images.walk();
    while walk.has_element() {
        if walk.kind() == Kind::Object {
            with_text_addresses(writer.out, &mut walk, bound::none);
        } else if !walk.value().is_null() {
            writer.left_out.note(format_args!("an image is no object"));
        }
    }
    writer.out.push(b']');
}

/// Writes the event's own `sdk` if it names one (EVT-15).
pub(super) fn sdk(writer: &mut Writer<'_>, value: Input<'_>) {
    let has_text = |name| {
        let text = value.get(name).and_then(Input::text);
        text.is_some_and(|text| !text.is_empty())
    };
    if !has_text("name") || !has_text("version") {
        writer.leave_out("sdk", "has no name and version");
        return;
    }
    writer.key("sdk");
    writer.trimmed |= bound::write_members(writer.out, bound::sdk, value);
    writer.mark_written(Field::Sdk);
}

#[cfg(test)]
mod tests {
    use crate::base::uuid::Uuid;
    use crate::protocol::event::Event;
    use crate::protocol::event::testing::{Given, one};
    use serde_json::{Value, json};

    // EVT-12, EVT-18, SCO-2
    #[test]
    fn extra_is_bounded_value_by_value_and_in_total() {
        let (json, trimmed) = one(
            "extra",
            &json!({"a": "é".repeat(10_000), "b": [[[[[[]]]]]], "c": null}),
        );
        assert!(trimmed);
        assert!(json["a"].as_str().unwrap().ends_with("é..."));
        assert!(json["a"].to_string().len() <= 16 * 1024);
        assert_eq!(
            (&json["b"], &json["c"]),
            (&json!([[[[["..."]]]]]), &Value::Null)
        );

        let values =
            (0..40).map(|number| (format!("k{number:02}"), Value::from("x".repeat(10_000))));
        let many = Value::Object(values.collect());
        let mut given = Given::default();
        given.extra.set_text("scope", "last");
        let (json, result) = given.read_and_write(&json!({"extra": many}).to_string());
        assert!(result.trimmed);
        let kept = json["extra"].as_object().unwrap();
        assert!(json["extra"].to_string().len() <= 256 * 1024 + 2);
        assert_eq!(kept.keys().next().unwrap(), "k00");
        assert_eq!(kept.len(), 26);

        let (json, _) = given.read_and_write(r#"{"extra":{"scope":"own","a":1}}"#);
        assert_eq!(json["extra"], json!({"scope": "own", "a": 1}));
        assert_eq!(
            given.read_and_write("{}").0["extra"],
            json!({"scope": "last"})
        );
    }

    // SCO-2
    #[test]
    fn extra_objects_that_event_and_scope_have_are_merged() {
        let mut given = Given::default();
        given.extra.set("x", r#"{"a":1,"n":{"b":1}}"#);
        given.extra.set("y", r#"{"a":1}"#);
        let (json, _) = given.read_and_write(r#"{"extra":{"x":{"c":2,"n":{"b":2}},"y":[3]}}"#);
        assert_eq!(
            json["extra"],
            json!({"x": {"c": 2, "n": {"b": 2}, "a": 1}, "y": [3]})
        );
    }

    // EVT-14
    #[test]
    fn the_user_is_whole_and_its_id_is_text() {
        let given = Given {
            fields: vec![("user", "{\"id\":\"scope\",\"email\":\"e\"}".into())],
            ..Given::default()
        };
        let user = |event: &str| given.read_and_write(event).0["user"].clone();
        assert_eq!(user(r#"{"user":{"id":7}}"#), json!({"id": "7"}));
        assert_eq!(user(r#"{"user":{"name":"n"}}"#), json!({"name": "n"}));
        assert_eq!(user(r#"{"user":null}"#)["id"], "scope");
        let (json, trimmed) = one("user", &json!({"id": "1", "x": "y".repeat(9000)}));
        assert!(trimmed && json.to_string().len() <= 8192 && json["id"] == "1");
        let given = json!({"email": "é".repeat(76), "geo": {"city": "é".repeat(1025)}});
        let (json, trimmed) = one("user", &given);
        let length = |text: &Value| text.as_str().unwrap().chars().count();
        assert_eq!(
            (length(&json["email"]), length(&json["geo"]["city"])),
            (75, 1024)
        );
        assert!(trimmed);
    }

    // EVT-14, ENV-18
    #[test]
    fn a_user_without_an_id_gets_the_one_that_is_known() {
        let id = Uuid::from_bytes([0xcd; 16]);
        let known = Given {
            user_id: Some(id),
            ..Given::default()
        };
        let text = id.hyphenated();
        for (user, expected) in [
            (
                json!({"email": "a"}),
                json!({"id": text.as_str(), "email": "a"}),
            ),
            (json!({"id": null}), json!({"id": text.as_str()})),
            (json!({"id": 7}), json!({"id": "7"})),
            (json!({"id": ""}), json!({"id": ""})),
        ] {
            let event = json!({"user": user}).to_string();
            assert_eq!(known.read_and_write(&event).0["user"], expected);
        }
        assert_eq!(known.read_and_write("{}").0.get("user"), None);
    }

    #[test]
    fn what_is_no_address_is_dropped_from_the_user() {
        for good in ["1.2.3.4", "::1", "2001:db8::ffff:1.2.3.4", "{{auto}}"] {
            let user = json!({"id": "1", "ip_address": good});
            assert_eq!(one("user", &user), (user, false));
        }
        assert!(!one("user", &json!({"ip_address": null})).1);
        for bad in [json!("nowhere"), json!(""), json!("1.2.3.4:5"), json!(5)] {
            let user = json!({"id": "1", "ip_address": bad});
            assert_eq!(one("user", &user), (json!({"id": "1"}), true), "{bad}");
        }
    }

    // EVT-8, EVT-15, EVT-19, IMG-1
    #[test]
    fn the_other_objects_are_brought_into_form() {
        assert_eq!(
            one("modules", &json!({"a": "1", "b": 2, "c": null})),
            (json!({"a": "1", "b": "2"}), false)
        );
        assert_eq!(one("modules", &json!({"a": []})), (json!({}), true));
        let (json, trimmed) = one("modules", &json!({"a": "1", "b": "é".repeat(9000)}));
        assert!(trimmed && json.to_string().len() <= 8192 && json["a"] == "1");
        let sdk = json!({"name": "n".repeat(300), "version": "1"});
        let (json, trimmed) = one("sdk", &sdk);
        assert!(trimmed && json["name"].as_str().unwrap().len() == 256);
        let image = json!({"images": [{"type": "elf", "image_addr": 4096, "image_size": 4096}]});
        assert_eq!(
            one("debug_meta", &image).0["images"],
            json!([{"type": "elf", "image_addr": "0x1000", "image_size": 4096}])
        );
        let given = Given {
            fields: vec![("sdk", "{\"name\":\"ours\"}".into())],
            ..Given::default()
        };
        let own = json!({"name": "theirs", "version": "1"});
        assert_eq!(
            given.read_and_write(&json!({"sdk": own}).to_string()).0["sdk"],
            own
        );
        for bad in [
            json!({}),
            json!({"name": "theirs"}),
            json!({"name": "", "version": "1"}),
        ] {
            assert_eq!(
                given.read_and_write(&json!({"sdk": bad}).to_string()).0["sdk"]["name"],
                "ours"
            );
        }
    }

    // IMG-1, IMG-4
    #[test]
    fn images_of_the_process_go_on_events_that_have_none() {
        let image = |number: usize| json!({"type": "elf", "image_addr": format!("{number:#x}"), "code_file": "/f".repeat(50)});
        let images = Value::from((1..=9).map(image).collect::<Vec<_>>());
        let text = images.to_string();
        let given = Given {
            images: Some(text.clone()),
            ..Given::default()
        };
        let meta = |event: &str| given.read_and_write(event).0["debug_meta"].clone();
        for event in [
            "{}",
            r#"{"debug_meta":{}}"#,
            r#"{"debug_meta":{"images":null}}"#,
        ] {
            assert_eq!(meta(event), json!({ "images": images }), "{event}");
        }
        assert_eq!(
            meta(r#"{"debug_meta":{"sdk_info":{"sdk_name":"n"}}}"#),
            json!({"sdk_info": {"sdk_name": "n"}, "images": images})
        );
        let own = r#"{"debug_meta":{"images":[{"type":"pe"}]}}"#;
        assert_eq!(meta(own), json!({"images": [{"type": "pe"}]}));
        let event = Event::parse("{}").unwrap();
        let written = given.try_write(&event).unwrap().1;
        assert!(written.payload.len() > text.len());
        // It is not copied, and not charged to the event.
        assert!(written.payload.byte_cost() < text.len());
    }
}
