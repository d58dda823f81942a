#!/usr/bin/env python3
"""Keeps a server for as long as the test wants it, and not longer, whatever becomes of the test.

    keeper.py [--remove DIRECTORY] COMMAND [ARGUMENT...]

Standard input says what to do, a line each: `stop` ends the server, `start` starts it again, the name of a signal, for
instance `HUP`, sends it. When the input ends, because the test closed it, panicked or was killed, the whole process
group of the server is ended, the directory removed, and the keeper ends. It also ends when the server ends by itself.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 5


class Keeper:
    def __init__(self, command, directory):
        self.command, self.directory = command, directory
        self.server, self.is_wanted = None, False

    def start(self):
        self.server = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True)
        self.is_wanted = True
        threading.Thread(target=self.watch, args=(self.server,), daemon=True).start()

    def watch(self, server):
        status = server.wait()
        if self.is_wanted and server is self.server:
            self.finish(status if status >= 0 else 128 - status)

    def signal_group(self, number):
        try:
            os.killpg(self.server.pid, number)
        except ProcessLookupError:
            pass

    def stop(self):
        self.is_wanted = False
        self.signal_group(signal.SIGTERM)
        try:
            self.server.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        # Workers outlive a master that was killed.
        self.signal_group(signal.SIGKILL)
        self.server.wait()

    def finish(self, status):
        self.signal_group(signal.SIGKILL)
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
        # Not sys.exit: a thread may hold standard input.
        os._exit(status)


def main():
    arguments, directory = sys.argv[1:], None
    if arguments[0] == "--remove":
        directory, arguments = arguments[1], arguments[2:]
    keeper = Keeper(arguments, directory)
    keeper.start()
    for line in sys.stdin:
        word = line.strip()
        if word == "stop":
            keeper.stop()
        elif word == "start":
            keeper.start()
        else:
            keeper.server.send_signal(getattr(signal, "SIG" + word))
    keeper.stop()
    keeper.finish(0)


if __name__ == "__main__":
    main()
