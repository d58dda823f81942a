//! Events of strange shapes, with values of other types than those that belong there.

use serde_json::json;

use super::Event;

/// All of them.
pub fn events() -> Vec<Event> {
    events! {
        "nothing": {},
        "nulls": {"message": null, "level": null, "exception": null, "tags": null, "extra": null, "contexts": null, "user": null,
            "breadcrumbs": null, "timestamp": null, "event_id": null, "fingerprint": null, "platform": null,
            "release": null, "environment": null, "logger": null, "threads": null, "request": null},
        "empty texts": {"message": "", "level": "", "logger": "", "release": "", "environment": "", "dist": "", "platform": "",
            "event_id": "", "transaction": "", "server_name": ""},
        "empty containers": {"message": "m", "exception": {"values": []}, "threads": [], "tags": {}, "extra": {}, "contexts": {},
            "breadcrumbs": {"values": []}, "fingerprint": [], "user": {}, "request": {}, "modules": {},
            "debug_meta": {"images": []}},
        "tags of other types": {"message": "m", "tags": {
            "number": 2, "fraction": 1.5, "yes": true, "null": null, "list": [1], "object": {"a": 1}, "empty": "", "blank": "  "}},
        "tags with odd keys": {"message": "m", "tags": {
            "": "empty", "with space": "1", "über": "2", "a/b": "3", "emoji😀": "4", "line\nbreak": "5", "UPPER": "6"}},
        "tags with odd values": {"message": "m", "tags": {"line": "a\nb", "tab": "a\tb", "return": "a\rb", "zero": "a\u{0}b"}},
        "tags with the names of fields": {"message": "m", "tags": {
            "level": "l", "logger": "x", "server_name": "s", "transaction": "t", "site": "h", "url": "i"}},
        "tags as odd pairs": {"message": "m", "tags": [["a", "1"], ["a", "2"], ["b"], "c", ["d", null], null, ["e", 5]]},
        "odd levels": {"message": "m", "level": "warn"},
        "unknown level": {"message": "m", "level": "catastrophe"},
        "level as a number": {"message": "m", "level": 40},
        "invalid id": {"message": "m", "event_id": "not an id"},
        "id with hyphens": {"message": "m", "event_id": "01234567-89ab-cdef-0123-456789abcdee"},
        "invalid time": {"message": "m", "timestamp": "yesterday"},
        "invalid release": {"message": "m", "release": "a/b\nc"},
        "invalid environment": {"message": "m", "environment": "my stage/1"},
        "names with a backslash": {"message": "m", "release": "a\\b", "environment": "a\\b", "dist": "a\\b"},
        "words that servers keep": {"message": "m", "release": "Latest", "environment": "none", "dist": "1.2+3"},
        "places for names": {"message": "m", "release": "..", "environment": "..", "dist": "a b"},
        "control characters": {"message": "zero \u{0} bell \u{7} escape \u{1b} delete \u{7f} next line \u{85}"},
        "surrounding blanks": {"message": "  padded \n", "logger": " padded "},
        "numbers at the ends of their ranges": {"message": "m", "extra": {
            "u64": u64::MAX, "i64": i64::MIN, "above": 9_223_372_036_854_775_808_u64, "tiny": 5e-324, "huge": 1.797e308, "minus": -0.0}},
        "addresses as numbers": {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [
            {"instruction_addr": 139_637_976_727_552_u64, "image_addr": 4096, "symbol_addr": 4100}]}}]}},
        "frames without content": {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [{}, {"function": "f"}, null]}}]}},
        "stack without frames": {"exception": {"values": [{"type": "E", "stacktrace": {"frames": []}}]}},
        "exceptions without content": {"exception": {"values": [{}, {"type": "E"}, null, {"type": ""}]}},
        "exception that is one object": {"exception": {"type": "E", "value": "v"}},
        "stack at the top": {"message": "m", "stacktrace": {"frames": [{"function": "f"}]}},
        "mechanism without type": {"exception": {"values": [{"type": "E", "mechanism": {"handled": false}}]}},
        "exception value that is no text": {"exception": {"values": [{"type": "E", "value": 5}, {"type": "F", "value": {"a": 1}}]}},
        "breadcrumbs of odd shapes": {"message": "m", "breadcrumbs": [
            {}, null, {"message": 5}, {"data": "text"}, {"data": [1]}, {"level": "warn"}, {"level": "odd"}, {"timestamp": "odd"},
            {"type": 5, "category": null}, {"message": "no time"}]},
        "fingerprint of odd parts": {"message": "m", "fingerprint": ["a", 5, null, true, 1.5, ["b"]]},
        "fingerprint that is a text": {"message": "m", "fingerprint": "a"},
        "contexts of odd parts": {"message": "m", "contexts": {"text": "t", "list": [1], "null": null, "number": 5, "ok": {"a": 1}}},
        "trace of odd parts": {"message": "m", "contexts": {"trace": {"trace_id": "short", "span_id": "x"}}},
        "extra of odd parts": {"message": "m", "extra": {"": 1, "null": null, "a.b": 2, "über": 3}},
        "modules of odd parts": {"message": "m", "modules": {"a": 1, "b": null, "c": ["x"]}},
        "sdk of odd parts": {"message": "m", "sdk": {"name": "x"}},
        "sdk that is a text": {"message": "m", "sdk": "x"},
    }
}
