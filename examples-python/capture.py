#!/usr/bin/env python3
"""Reports an event from Python through ctypes: no compiler, no package, only the shared library.

    python3 capture.py https://key@sentry.example.com/1

The library is looked for as the loader does; SENTRY_LIBRARY names another file.
"""

import ctypes
import json
import os
import sys


class Uuid(ctypes.Structure):
    """sentry_uuid_t: 16 bytes, passed by value or by pointer."""

    _fields_ = [("bytes", ctypes.c_ubyte * 16)]


def load():
    library = ctypes.CDLL(os.environ.get("SENTRY_LIBRARY", "libsentry.so.0"))
    # Without argument types ctypes passes every number as a C int and cuts pointers to 32 bits.
    signatures = {
        "sentry_options_new_from_json": (ctypes.c_void_p, [ctypes.c_char_p]),
        "sentry_options_set_dsn": (None, [ctypes.c_void_p, ctypes.c_char_p]),
        "sentry_init": (ctypes.c_int, [ctypes.c_void_p]),
        "sentry_capture_n": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(Uuid)]),
        "sentry_status_message": (ctypes.c_char_p, [ctypes.c_int]),
        "sentry_last_error_message": (ctypes.c_char_p, []),
        "sentry_flush": (ctypes.c_int, [ctypes.c_uint64]),
        "sentry_shutdown": (ctypes.c_int, []),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Sentry:
    """Runs the library for the length of a `with` block."""

    def __init__(self, dsn, **options):
        self.library = load()
        handle = self.library.sentry_options_new_from_json(json.dumps(options).encode())
        if not handle:
            raise ValueError(self.last_error())
        self.library.sentry_options_set_dsn(handle, dsn.encode())
        if self.library.sentry_init(handle) != 0:
            raise RuntimeError(self.last_error())

    def last_error(self):
        return self.library.sentry_last_error_message().decode()

    def capture(self, event):
        """Returns the id of the accepted event; raises with the reason when it was refused."""
        text, event_id = json.dumps(event).encode(), Uuid()
        status = self.library.sentry_capture_n(text, len(text), ctypes.byref(event_id))
        if status != 0:
            raise RuntimeError(self.library.sentry_status_message(status).decode())
        return bytes(event_id.bytes).hex()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.library.sentry_shutdown()


def main():
    dsn = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SENTRY_DSN")
    if not dsn:
        sys.exit(f"usage: {sys.argv[0]} DSN")
    with Sentry(dsn, release="capture-py@1.0.0", queue_max_items=100, read_timeout_ms=5000) as sentry:
        try:
            {}["missing"]
        except KeyError as error:
            value = {"type": "KeyError", "value": str(error), "mechanism": {"type": "generic", "handled": True}}
            print("accepted", sentry.capture({"platform": "python", "exception": {"values": [value]}}))
        if sentry.library.sentry_flush(5000) != 0:
            sys.exit("not sent within 5 s")


if __name__ == "__main__":
    main()
