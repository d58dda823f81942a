#!/usr/bin/env python3
"""Shows events to Relay's own normalisation and tells what it does not take as it is.

    relay_check.py FILE

Each line of the file is a JSON string: the text of an event as it was sent. Each line of the output is a JSON list for
one event: place and kind of what Relay reports as an error, removes, shortens or changes; empty for an event that it
keeps as it is.
"""

import datetime
import json
import sys
import urllib.parse

from sentry_relay.processing import VALID_PLATFORMS, StoreNormalizer

# Events of this corpus have fixed times.
CENTURY_SECONDS = 100 * 365 * 86400
# Lists that Relay moves into an object of their own.
WRAPPED = ("exception", "threads", "breadcrumbs")
# What Relay keeps in `user`; the rest moves into `user.data`.
USER_KEYS = ("id", "email", "ip_address", "username", "name", "geo", "data")
REQUEST_PAIRS = ("headers", "cookies", "query_string")


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def leaves(value, path=()):
    """Everything that is no container, and every empty container, with the way to it."""
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from leaves(member, path + (key,))
    elif isinstance(value, list) and value:
        for index, member in enumerate(value):
            yield from leaves(member, path + (index,))
    else:
        yield path, value


def notes(meta, path=()):
    """What `_meta` says, with the way to it."""
    for key, member in meta.items():
        if key == "":
            yield path, member
        elif isinstance(member, dict):
            yield from notes(member, path + (key,))


def find(value, path):
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def pairs(value):
    """An object or a list of pairs as an object; a text as the form it is in the address of a page or a cookie."""
    if isinstance(value, str):
        return dict(urllib.parse.parse_qsl(value.lstrip("?").replace("; ", "&"), keep_blank_values=True))
    if isinstance(value, list):
        return dict(value)
    return value


def reshape(event):
    """The same event in one shape, whatever the shape in which it was sent or in which Relay writes it."""
    event = dict(event)
    event.pop("_meta", None)
    event.pop("errors", None)
    for key in WRAPPED:
        if isinstance(event.get(key), list):
            event[key] = {"values": event[key]}
    tags = pairs(event.get("tags")) or {}
    if "server_name" in event:
        tags = {"server_name": event.pop("server_name"), **tags}
    event["tags"] = tags
    if isinstance(event.get("logentry"), dict):
        logentry = dict(event["logentry"])
        # A message that is its own result is written once.
        message = logentry.pop("message", None)
        logentry.setdefault("formatted", message)
        if message != logentry["formatted"]:
            logentry["message"] = message
        event["logentry"] = logentry
    if isinstance(event.get("user"), dict):
        user = event["user"]
        others = {key: value for key, value in user.items() if key not in USER_KEYS}
        user = {key: value for key, value in user.items() if key in USER_KEYS}
        event["user"] = {**user, "data": {**others, **user.get("data", {})}}
    if isinstance(event.get("request"), dict):
        request = event["request"]
        event["request"] = {**request, **{key: pairs(request[key]) for key in REQUEST_PAIRS if key in request}}
    return event


def seconds(value):
    """A time as seconds since 1970, if it is one."""
    try:
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
    except (AttributeError, ValueError):
        return value


def is_same(sent, kept):
    if isinstance(kept, float) and isinstance(sent, str):
        sent = seconds(sent)
    if isinstance(sent, bool) or isinstance(kept, bool):
        return sent is kept
    if isinstance(sent, (int, float)) and isinstance(kept, (int, float)):
        # Times lose what is below a microsecond.
        return sent == kept or abs(sent - kept) <= 1e-9 * abs(sent)
    return sent == kept


def differences(sent, kept):
    for path, value in leaves(sent):
        # What says nothing need not be kept.
        if value is None or value == {} or value == []:
            continue
        found = find(kept, path)
        if not is_same(value, found):
            what = "dropped" if found is None else "changed"
            yield ".".join(map(str, path)), f"{what}: {value!r:.80} -> {found!r:.80}"


def check(text):
    event = json.loads(text, parse_constant=no_constant)
    normalizer = StoreNormalizer(
        project_id=1,
        protocol_version="7",
        client="check/1",
        max_secs_in_past=CENTURY_SECONDS,
        max_secs_in_future=60,
        enable_trimming=True,
        remove_other=True,
        normalize_user_agent=False,
        is_renormalize=False,
    )
    kept = normalizer.normalize_event(raw_event=text)
    problems = [(error.get("name", ""), f"error: {json.dumps(error)}") for error in kept.get("errors") or []]
    problems.extend((".".join(path), f"note: {json.dumps(note):.200}") for path, note in notes(kept.get("_meta") or {}))
    problems.extend(differences(reshape(event), reshape(kept)))
    if event.get("platform") not in VALID_PLATFORMS:
        problems.append(("platform", f"unknown: {event.get('platform')!r}"))
    return problems


def main():
    with open(sys.argv[1], encoding="utf-8", newline="\n") as file:
        for line in file:
            print(json.dumps(check(json.loads(line))))


if __name__ == "__main__":
    main()
