"""The values, events and scope of the library through ctypes, as another language sees them.

Usage: conformance.py LIBRARY DSN. Ends with 0 when every check held. sentry_value_t is a 64-bit integer here: a
union by value is passed in an integer register, and callers never look inside.
"""

import ctypes
import json
import sys
from ctypes import (POINTER, Structure, byref, c_char, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t,
                    c_uint64, c_void_p)

VALUE = c_uint64
NULL, BOOL, INT32, INT64, UINT64, DOUBLE, STRING, LIST, OBJECT = range(9)
LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR = 0, 1, 2


class Uuid(Structure):
    _fields_ = [("bytes", c_char * 16)]


def declare(library):
    """Argument and result types; what is not declared would be called with C's old defaults."""
    signatures = {
        "value_new_null": (VALUE, []), "value_new_bool": (VALUE, [c_int]), "value_new_int32": (VALUE, [c_int32]),
        "value_new_int64": (VALUE, [c_int64]), "value_new_uint64": (VALUE, [c_uint64]),
        "value_new_double": (VALUE, [c_double]), "value_new_string": (VALUE, [c_char_p]),
        "value_new_string_n": (VALUE, [c_char_p, c_size_t]), "value_new_list": (VALUE, []),
        "value_new_object": (VALUE, []), "value_get_type": (c_int, [VALUE]), "value_incref": (VALUE, [VALUE]),
        "value_decref": (c_int, [VALUE]), "value_refcount": (c_size_t, [VALUE]), "value_freeze": (None, [VALUE]),
        "value_is_frozen": (c_int, [VALUE]), "value_is_null": (c_int, [VALUE]), "value_is_true": (c_int, [VALUE]),
        "value_set_by_key": (c_int, [VALUE, c_char_p, VALUE]), "value_remove_by_key": (c_int, [VALUE, c_char_p]),
        "value_append": (c_int, [VALUE, VALUE]), "value_set_by_index": (c_int, [VALUE, c_size_t, VALUE]),
        "value_get_by_key": (VALUE, [VALUE, c_char_p]), "value_get_by_key_owned": (VALUE, [VALUE, c_char_p]),
        "value_get_by_index": (VALUE, [VALUE, c_size_t]), "value_get_length": (c_size_t, [VALUE]),
        "value_as_int32": (c_int32, [VALUE]), "value_as_int64": (c_int64, [VALUE]),
        "value_as_uint64": (c_uint64, [VALUE]), "value_as_double": (c_double, [VALUE]),
        "value_as_string": (c_char_p, [VALUE]), "value_to_json": (c_void_p, [VALUE]), "free": (None, [c_void_p]),
        "options_new": (c_void_p, []), "options_set_dsn": (None, [c_void_p, c_char_p]),
        "options_set_release": (None, [c_void_p, c_char_p]), "options_set_database_path": (None, [c_void_p, c_char_p]),
        "options_set_auto_session_tracking": (None, [c_void_p, c_int]), "init": (c_int, [c_void_p]),
        "close": (c_int, []), "flush": (c_int, [c_uint64]), "capture_event": (Uuid, [VALUE]),
        "value_new_message_event": (VALUE, [c_int, c_char_p, c_char_p]),
        "value_new_exception": (VALUE, [c_char_p, c_char_p]), "event_add_exception": (None, [VALUE, VALUE]),
        "value_new_breadcrumb": (VALUE, [c_char_p, c_char_p]), "add_breadcrumb": (None, [VALUE]),
        "value_new_user": (VALUE, [c_char_p] * 4), "set_user": (None, [VALUE]),
        "set_tag": (None, [c_char_p, c_char_p]), "remove_tag": (None, [c_char_p]),
        "set_extra": (None, [c_char_p, VALUE]), "set_context": (None, [c_char_p, VALUE]),
        "set_level": (None, [c_int]), "set_transaction": (None, [c_char_p]),
        "uuid_is_nil": (c_int, [POINTER(Uuid)]), "uuid_as_string": (None, [POINTER(Uuid), c_char_p]),
        "get_last_event_id": (Uuid, []), "scope_new": (c_void_p, []), "scope_free": (None, [c_void_p]),
        "scope_clone": (c_void_p, [c_void_p]), "scope_set_tag": (None, [c_void_p, c_char_p, c_char_p]),
        "scope_capture_event": (Uuid, [c_void_p, VALUE]), "local_scope_new": (c_void_p, []),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, "sentry_" + name)
        function.restype, function.argtypes = result, arguments


def check(condition, what):
    if not condition:
        sys.exit(f"failed: {what}")


def equal(found, wanted, what):
    check(found == wanted or (found != found and wanted != wanted), f"{what}: {found!r}, not {wanted!r}")


class Library:
    def __init__(self, path):
        self.raw = ctypes.CDLL(path)
        declare(self.raw)

    def __getattr__(self, name):
        return getattr(self.raw, "sentry_" + name)

    def json(self, value):
        pointer = self.value_to_json(value)
        text = ctypes.string_at(pointer).decode()
        self.free(pointer)
        return text


def values(s):
    nan = float("nan")
    makers = [(s.value_new_null(), NULL), (s.value_new_bool(3), BOOL), (s.value_new_int32(-5), INT32),
              (s.value_new_int64(1 << 40), INT64), (s.value_new_uint64((1 << 64) - 1), UINT64),
              (s.value_new_double(0.1), DOUBLE), (s.value_new_string(b"text"), STRING), (s.value_new_list(), LIST),
              (s.value_new_object(), OBJECT)]
    bag = s.value_new_object()
    for number, (value, kind) in enumerate(makers):
        equal(s.value_get_type(value), kind, f"type {kind}")
        equal(s.value_refcount(value), 1, f"refcount of type {kind}")
        equal(s.value_set_by_key(bag, b"k%d" % number, value), 0, "set_by_key")
    equal(s.json(bag), '{"k0":null,"k1":true,"k2":-5,"k3":1099511627776,"k4":18446744073709551615,"k5":0.1,'
                       '"k6":"text","k7":[],"k8":{}}', "order and numbers")
    get = lambda key: s.value_get_by_key(bag, key)
    equal(s.value_as_int64(get(b"k2")), -5, "an int32 is an int64")
    equal(s.value_as_uint64(get(b"k2")), 0, "an int32 is no uint64")
    equal(s.value_as_double(get(b"k3")), nan, "an int64 is no double")
    equal(s.value_as_uint64(get(b"k4")), (1 << 64) - 1, "uint64")
    equal(s.value_as_string(get(b"k2")), b"", "a number is no text")
    check(s.value_is_null(get(b"missing")), "a missing key is null")
    owned = s.value_get_by_key_owned(bag, b"k6")
    equal(s.value_refcount(owned), 2, "an owned getter adds a reference")
    equal(s.value_decref(owned), 1, "one is left")
    equal(s.value_remove_by_key(bag, b"k0"), 0, "removed")
    equal(s.value_remove_by_key(bag, b"k0"), 1, "removed twice")
    s.value_freeze(bag)
    check(s.value_is_frozen(get(b"k7")), "freezing goes down")
    equal(s.value_set_by_key(bag, b"x", s.value_new_string(b"consumed")), 1, "frozen")
    equal(s.value_append(get(b"k7"), s.value_new_int32(1)), 1, "frozen, too")
    equal(s.value_decref(bag), 0, "freed")
    items = s.value_new_list()
    equal(s.value_set_by_index(items, 2, s.value_new_bool(0)), 0, "padding")
    equal(s.json(items), "[null,null,false]", "padded")
    equal(s.value_get_length(items), 3, "length")
    s.value_decref(items)
    text = s.value_new_string_n(b"a\0b", 3)
    equal(s.value_get_length(text), 3, "NUL bytes count")
    equal(s.json(text), '"a\\u0000b"', "NUL bytes in JSON")
    s.value_decref(text)
    check(s.value_is_null(s.value_new_string(None)), "no text is null")


def events_and_scope(s, dsn):
    check(s.uuid_is_nil(byref(s.capture_event(s.value_new_message_event(LEVEL_INFO, None, b"too early")))), "no init")
    options = s.options_new()
    s.options_set_dsn(options, dsn)
    s.options_set_release(options, b"python@1")
    s.options_set_database_path(options, b"")
    s.options_set_auto_session_tracking(options, 0)
    equal(s.init(options), 0, "init")
    s.set_tag(b"kept", b"yes")
    s.set_tag(b"gone", b"soon")
    s.remove_tag(b"gone")
    s.set_user(s.value_new_user(b"7", b"name", b"", None))
    s.set_transaction(b"reading")
    context = s.value_new_object()
    s.value_set_by_key(context, b"from", s.value_new_string(b"python"))
    s.set_context(b"host", context)
    s.add_breadcrumb(s.value_new_breadcrumb(b"default", b"one step"))
    event = s.value_new_message_event(LEVEL_WARNING, b"python", b"through ctypes")
    s.event_add_exception(event, s.value_new_exception(b"Error", b"detail"))
    first = s.capture_event(event)
    check(not s.uuid_is_nil(byref(first)), "an id")
    equal(bytes(s.get_last_event_id()), bytes(first), "the last id")
    scope = s.scope_new()
    s.scope_set_tag(scope, b"kept", b"scope")
    copy = s.scope_clone(scope)
    s.scope_set_tag(scope, b"only", b"original")
    for target, name in [(scope, b"scoped"), (copy, b"copied"), (s.local_scope_new(), b"local"), (None, b"none")]:
        s.scope_capture_event(target, s.value_new_message_event(LEVEL_ERROR, None, name))
    s.scope_free(scope)
    s.scope_free(copy)
    equal(s.flush(30000), 0, "flush")
    equal(s.close(), 0, "close")
    text = ctypes.create_string_buffer(37)
    s.uuid_as_string(byref(first), text)
    print(json.dumps({"id": text.value.decode().replace("-", "")}))


if __name__ == "__main__":
    LIBRARY = Library(sys.argv[1])
    values(LIBRARY)
    events_and_scope(LIBRARY, sys.argv[2].encode())
