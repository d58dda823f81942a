#!/usr/bin/env python3
"""Keeps a server for as long as the test wants it, and not longer, whatever becomes of the test.

    keeper.py [--remove DIRECTORY] COMMAND [ARGUMENT...]

The server runs until it ends by itself or standard input ends: when the test closes it, panics or is killed. Then the
whole process group of the server is ended, and the directory removed. A line on standard input, for instance "HUP",
sends the server that signal.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 5


def signal_group(server, number):
    try:
        os.killpg(server.pid, number)
    except ProcessLookupError:
        pass


def obey(server):
    """Hands signals on until the input ends, then ends the server."""
    for line in sys.stdin:
        server.send_signal(getattr(signal, "SIG" + line.strip()))
    signal_group(server, signal.SIGTERM)
    try:
        server.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        signal_group(server, signal.SIGKILL)


def main():
    arguments, directory = sys.argv[1:], None
    if arguments[0] == "--remove":
        directory, arguments = arguments[1], arguments[2:]
    server = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=obey, args=(server,), daemon=True).start()
    status = server.wait()
    # Workers outlive a master that was killed.
    signal_group(server, signal.SIGKILL)
    if directory:
        shutil.rmtree(directory, ignore_errors=True)
    # Not sys.exit: the other thread holds standard input while it reads.
    sys.stdout.flush()
    os._exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
