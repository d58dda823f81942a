#!/usr/bin/env python3
"""A Python program that reports through libsentry.so with nothing but ctypes, told what to do on standard input.

    SENTRY_LIBRARY=.../libsentry.so client.py

Each line is a command, each answer one line of JSON: `init OPTIONS`, `capture EVENT`, `log LEVEL LOGGER TEXT`,
`crumb BREADCRUMB`, `tag KEY VALUE`, `flush MS`, `self_test MS`, `stats`, `outcomes`, `close`, `exit`. The forms are those of the driver
in C (`tests/c/driver.c`).
"""

import ctypes
import json
import os
import pathlib
import re
import sys
import threading


class Uuid(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_ubyte * 16)]

    def text(self):
        return bytes(self.bytes).hex()


class OutcomeInfo(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("event_id", Uuid),
        ("outcome", ctypes.c_int),
        ("reason", ctypes.c_int),
        ("category", ctypes.c_int),
        ("http_status", ctypes.c_int32),
        ("attempts", ctypes.c_uint32),
    ]


def constant(name):
    """A number of the header."""
    header = pathlib.Path(__file__).parents[2] / "include" / "sentry.h"
    return int(re.search(rf"^#define {name} (\d+)$", header.read_text(), re.MULTILINE).group(1))


class CategoryStats(ctypes.Structure):
    COUNTS = ("captured", "delivered", "discarded", "spooled", "pending")
    _fields_ = [(name, ctypes.c_uint64) for name in COUNTS] + [("discarded_by_reason", ctypes.c_uint64 * constant("SENTRY_STATS_REASONS"))]


class Stats(ctypes.Structure):
    LARGE = ("queue_items", "queue_bytes", "queue_items_peak", "queue_bytes_peak")
    LARGE += ("requests", "requests_failed", "retries", "bytes_sent", "client_reports_sent")
    SMALL = ("requests_in_flight", "server_unreachable")
    _fields_ = (
        [("size", ctypes.c_size_t)]
        + [(name, ctypes.c_uint64) for name in LARGE]
        + [(name, ctypes.c_uint32) for name in SMALL]
        + [("last_http_status", ctypes.c_int32), ("database_unusable", ctypes.c_uint32)]
        + [("categories", CategoryStats * constant("SENTRY_STATS_CATEGORIES"))]
        + [("last_error", ctypes.c_char * constant("SENTRY_STATS_ERROR_LEN"))]
    )


LEVELS = {"trace": -2, "debug": -1, "info": 0, "warning": 1, "error": 2, "fatal": 3}
OUTCOMES = ("delivered", "discarded", "spooled")
Listener = ctypes.CFUNCTYPE(None, ctypes.POINTER(OutcomeInfo), ctypes.c_void_p)
TEXT, LENGTH = ctypes.c_char_p, ctypes.c_size_t
SIGNATURES = {
    "sentry_options_new_from_json": (ctypes.c_void_p, [TEXT]),
    "sentry_options_set_on_outcome": (None, [ctypes.c_void_p, Listener, ctypes.c_void_p]),
    "sentry_init": (ctypes.c_int, [ctypes.c_void_p]),
    "sentry_capture_n": (ctypes.c_int, [TEXT, LENGTH, ctypes.POINTER(Uuid)]),
    "sentry_log_message": (ctypes.c_int, [ctypes.c_int, TEXT, TEXT]),
    "sentry_add_breadcrumb_json_n": (ctypes.c_int, [TEXT, LENGTH]),
    "sentry_set_tag": (None, [TEXT, TEXT]),
    "sentry_get_stats": (ctypes.c_int, [ctypes.POINTER(Stats)]),
    "sentry_flush": (ctypes.c_int, [ctypes.c_uint64]),
    "sentry_close": (ctypes.c_int, []),
    "sentry_self_test": (ctypes.c_void_p, [ctypes.c_uint64]),
    "sentry_free": (None, [ctypes.c_void_p]),
    "sentry_last_error_message": (TEXT, []),
    "sentry_category_name": (TEXT, [ctypes.c_int]),
    "sentry_discard_reason_name": (TEXT, [ctypes.c_int]),
}


class Client:
    def __init__(self):
        self.library = ctypes.CDLL(os.environ["SENTRY_LIBRARY"])
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(self.library, name)
            function.restype, function.argtypes = result, arguments
        self.lock, self.heard = threading.Lock(), []
        # Kept here: the library calls it until it is closed.
        self.listener = Listener(self.hear)

    def hear(self, info, _):
        info = info.contents
        outcome = {
            "event_id": info.event_id.text(),
            "outcome": OUTCOMES[info.outcome],
            "reason": self.reason(info.reason) if info.outcome == 1 else None,
            "http_status": info.http_status,
            "attempts": info.attempts,
        }
        with self.lock:
            self.heard.append(outcome)

    def reason(self, number):
        return self.library.sentry_discard_reason_name(number).decode()

    def status(self, number, **more):
        return {"status": number, "error": self.library.sentry_last_error_message().decode(), **more}

    def init(self, options):
        # Without files and sessions, unless a test asks for them.
        quiet = {"database_path": "", "auto_session_tracking": False}
        options = json.dumps({**quiet, **json.loads(options)})
        handle = self.library.sentry_options_new_from_json(options.encode())
        if not handle:
            return self.status(1)
        self.library.sentry_options_set_on_outcome(handle, self.listener, None)
        return self.status(self.library.sentry_init(handle))

    def capture(self, event):
        text, event_id = event.encode(), Uuid()
        status = self.library.sentry_capture_n(text, len(text), ctypes.byref(event_id))
        return self.status(status, event_id=event_id.text() if status == 0 else None)

    def log(self, rest):
        level, logger, text = rest.split(" ", 2)
        return self.status(self.library.sentry_log_message(LEVELS[level], logger.encode(), text.encode()))

    def crumb(self, breadcrumb):
        text = breadcrumb.encode()
        return self.status(self.library.sentry_add_breadcrumb_json_n(text, len(text)))

    def tag(self, rest):
        key, value = rest.split(" ", 1)
        self.library.sentry_set_tag(key.encode(), value.encode())
        return self.status(0)

    def flush(self, milliseconds):
        return self.status(self.library.sentry_flush(int(milliseconds)))

    def self_test(self, milliseconds):
        text = self.library.sentry_self_test(int(milliseconds))
        report = json.loads(ctypes.string_at(text))
        self.library.sentry_free(text)
        return self.status(0, report=report)

    def close(self, _):
        return self.status(self.library.sentry_close())

    def outcomes(self, _):
        with self.lock:
            return {"outcomes": list(self.heard)}

    def stats(self, _):
        stats = Stats(size=ctypes.sizeof(Stats))
        answer = self.status(self.library.sentry_get_stats(ctypes.byref(stats)))
        answer.update((name, getattr(stats, name)) for name in Stats.LARGE + Stats.SMALL + ("last_http_status",))
        answer["last_error"] = stats.last_error.decode()
        answer["categories"] = {
            self.library.sentry_category_name(number).decode(): self.category(counts)
            for number, counts in enumerate(stats.categories)
            if number == 0 or counts.captured
        }
        return answer

    def category(self, counts):
        answer = {name: getattr(counts, name) for name in CategoryStats.COUNTS}
        by_reason = enumerate(counts.discarded_by_reason)
        answer["reasons"] = {self.reason(number): count for number, count in by_reason if count}
        return answer


def main():
    client = Client()
    for line in sys.stdin.buffer:
        command, _, rest = line.decode().rstrip("\n").partition(" ")
        if command == "exit":
            break
        print(json.dumps(getattr(client, command)(rest)), flush=True)


if __name__ == "__main__":
    main()
