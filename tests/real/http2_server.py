#!/usr/bin/env python3
"""A server that speaks TLS and HTTP/2 and misbehaves as told.

    http2_server.py CERTIFICATE MANNER...

Each connection behaves in one manner: the first connection in the first, and so on; all further ones in the last. A
manner may end in a number, the requests that are answered well before it begins:

    ok              every request is answered with 200
    silent          nothing is said any more, the connection stays open
    close           the connection is closed
    goaway          GOAWAY that covers no unanswered request, the connection stays open
    reset           the stream is reset: INTERNAL_ERROR
    refuse          the stream is reset: REFUSED_STREAM
    http1           the stream is reset: HTTP_1_1_REQUIRED
    late            the first request is never answered, the others are after a while
    single          as ok, with one stream at a time
    window          nothing of a body may be sent
    headers         200, and no end of the answer
    drip            200, and a body without an end, byte by byte
    pings           no answer, and PING after PING
    continuations   headers without an end, CONTINUATION after CONTINUATION
    plain           the next connection offers HTTP/1.1 only

Prints the port, and one line of JSON for each line on standard input: the connections so far, the requests that came
in whole on each, and the ids of the events that were answered with 200. It ends with its standard input.
"""

import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import zlib

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4
STATUS_200 = b"\x88"
ERRORS = {"reset": 2, "refuse": 7, "http1": 13}
DRIP_S = 0.01
LATE_S = 0.2


class Record:
    """What came in, on all connections."""

    def __init__(self):
        self.lock = threading.Lock()
        self.requests, self.accepted = [], []

    def connected(self):
        with self.lock:
            self.requests.append(0)
            return len(self.requests) - 1

    def came(self, connection):
        with self.lock:
            self.requests[connection] += 1

    def accept(self, body):
        if body[:2] == b"\x1f\x8b":
            body = zlib.decompress(body, 31)
        header = json.loads(body.split(b"\n", 1)[0])
        with self.lock:
            self.accepted.append(header.get("event_id"))

    def report(self):
        with self.lock:
            return {"connections": len(self.requests), "requests": self.requests, "accepted": self.accepted}


class Connection:
    def __init__(self, stream, manner, record):
        self.stream, self.record = stream, record
        name, number = re.fullmatch(r"([a-z]+|http1)(?: (\d+))?", manner).groups()
        self.manner, self.good = name, int(number or 0)
        self.number = record.connected()
        self.write_lock = threading.Lock()
        self.bodies, self.last_answered = {}, 0

    def send(self, kind, flags, stream, payload=b""):
        head = struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream)
        with self.write_lock:
            self.stream.sendall(head + payload)

    def read(self, length):
        data = b""
        while len(data) < length:
            more = self.stream.recv(length - len(data))
            if not more:
                raise ConnectionError("the client has gone")
            data += more
        return data

    def serve(self):
        if self.stream.selected_alpn_protocol() != "h2":
            return self.serve_http1()
        self.read(len(PREFACE))
        settings = b""
        if self.manner == "single":
            settings = struct.pack(">HI", MAX_CONCURRENT_STREAMS, 1)
        if self.manner == "window" and not self.good:
            settings = struct.pack(">HI", INITIAL_WINDOW_SIZE, 0)
        self.send(SETTINGS, 0, 0, settings)
        while True:
            head = self.read(9)
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:], "big")
            payload = self.read(length)
            if kind == SETTINGS and not flags & ACK:
                self.send(SETTINGS, ACK, 0)
            elif kind == HEADERS:
                self.bodies[stream] = b""
            elif kind == RST_STREAM:
                self.bodies.pop(stream, None)
            elif kind == DATA and stream in self.bodies:
                self.bodies[stream] += payload
                if length:
                    for window in (0, stream):
                        self.send(WINDOW_UPDATE, 0, window, struct.pack(">I", length))
            if kind in (HEADERS, DATA) and flags & END_STREAM and stream in self.bodies:
                self.record.came(self.number)
                self.answer(stream, self.bodies.pop(stream))

    def answer(self, stream, body):
        if self.good or self.manner in ("ok", "single", "plain"):
            self.good = max(self.good - 1, 0)
            self.accept(stream, body, END_STREAM)
        elif self.manner in ERRORS:
            self.send(RST_STREAM, 0, stream, struct.pack(">I", ERRORS[self.manner]))
        elif self.manner == "late":
            # Streams are numbered 1, 3, 5...
            if stream > 1:
                threading.Timer(LATE_S, self.accept, (stream, body, END_STREAM)).start()
        elif self.manner == "close":
            raise ConnectionError("as told")
        elif self.manner == "goaway":
            self.send(GOAWAY, 0, 0, struct.pack(">II", self.last_answered, 0))
        elif self.manner == "headers":
            self.accept(stream, body, 0)
        elif self.manner == "drip":
            self.accept(stream, body, 0)
            threading.Thread(target=self.forever, args=(DATA, stream, b".", DRIP_S), daemon=True).start()
        elif self.manner == "pings":
            threading.Thread(target=self.forever, args=(PING, 0, bytes(8), 0), daemon=True).start()
        elif self.manner == "continuations":
            self.send(HEADERS, 0, stream, STATUS_200)
            # A literal field without indexing, name "x".
            field = b"\x00\x01x\x7f\x81\x07" + b"y" * 1024
            threading.Thread(target=self.forever, args=(CONTINUATION, stream, field, 0), daemon=True).start()

    def accept(self, stream, body, flags):
        """Answers; the client may have gone, or want nothing more of the stream."""
        self.record.accept(body)
        self.last_answered = max(self.last_answered, stream)
        self.send(HEADERS, END_HEADERS | flags, stream, STATUS_200)

    def forever(self, kind, stream, payload, pause_s):
        try:
            while True:
                self.send(kind, 0, stream, payload)
                time.sleep(pause_s)
        except OSError:
            pass

    def serve_http1(self):
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += self.read(1)
            length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
            body = self.read(length)
            self.record.came(self.number)
            self.record.accept(body)
            self.stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def serve(listener, certificate, manners, record):
    """Accepts for ever; each connection has a thread of its own."""
    contexts = {}
    for offer in ("h2", "http/1.1"):
        contexts[offer] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[offer].load_cert_chain(certificate)
        contexts[offer].set_alpn_protocols(["h2", "http/1.1"] if offer == "h2" else [offer])
    waiting = list(manners)
    while True:
        plain, _ = listener.accept()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        manner = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        context = contexts["http/1.1" if manner == "plain" else "h2"]
        threading.Thread(target=handle, args=(plain, context, manner, record), daemon=True).start()


def handle(plain, context, manner, record):
    try:
        with context.wrap_socket(plain, server_side=True) as stream:
            Connection(stream, manner, record).serve()
    except OSError:
        pass


def main():
    certificate, manners = sys.argv[1], sys.argv[2:]
    record = Record()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=serve, args=(listener, certificate, manners, record), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    for _ in sys.stdin:
        print(json.dumps(record.report()), flush=True)
    # The threads do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main()
