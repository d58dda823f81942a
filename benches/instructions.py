#!/usr/bin/env python3
"""Counts the instructions and allocations that calls of a host cost, on the calling thread.

    benches/instructions.py FOLDER [SCENARIO]...     of the libsentry.so in this folder; all scenarios without a name

The instructions are counted by callgrind, from two runs of benches/programs/instructions.c with different numbers of
calls, so that everything outside the calls cancels. They do not depend on how busy the machine is: this is the figure by
which a change is judged. One row of the table for each scenario; benches/run.py prints the same.

Needs cc and valgrind.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "benches" / "programs"
FEW, MANY = 50, 150
LOADING = "loading"
# What each scenario is called in the table, the instructions it shall cost at most, and the allocations if that is said.
SCENARIOS = {
    "message-event": ("message event by values, 1 KiB, 20 breadcrumbs in scope, with building", 14_000, 15),
    "exception-alone": ("exception, 20 frames, 5 tags, 3 contexts, capture alone", 60_000, None),
    "exception": ("the same, with building", None, None),
    "json": ("sentry_capture, 1 KiB of JSON, 20 breadcrumbs in scope", 12_000, 3),
    "message": ("sentry_capture_message, 1 KiB", 7_000, None),
    "refused": ("refused because full, message event by values, with building", 9_000, None),
    "breadcrumb-alone": ("sentry_add_breadcrumb, adding alone", 3_000, None),
    "breadcrumb": ("the same, with building", None, None),
    "log": ('sentry_log_info("user %d did %s", …)', 6_000, None),
    "metric": ("sentry_metrics_count, without attributes", 3_000, None),
    "span": ("a span in a transaction, start and finish", None, None),
    "transaction": ("a transaction without spans, start and finish", None, None),
    "tag-5": ("sentry_set_tag, one of 5", 1_200, None),
    "tag-1000": ("sentry_set_tag, one of 1000", 1_200, None),
    "before-send-alone": ("exception with before_send, 20 frames, capture alone", None, None),
    "before-send": ("the same, with building", None, None),
    LOADING: ("loading the library, beyond libcurl and the work of the dynamic linker; never initialised", 100_000, None),
}


class Counter:
    """The programs, built for one library."""

    def __init__(self, library, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "libsentry.so.0").symlink_to(pathlib.Path(library).resolve() / "libsentry.so")
        # Without --no-as-needed, a program that calls nothing would not load it.
        ours = ["-I", ROOT / "include", "-Wl,--no-as-needed", self.folder / "libsentry.so.0", f"-Wl,-rpath,{self.folder}"]
        empty = self.folder / "empty.c"
        empty.write_text("int main(void) { return 0; }\n")
        for name, sources, flags in [
            ("calls", [PROGRAMS / "instructions.c"], ours),
            ("calls-counted", [PROGRAMS / "instructions.c", PROGRAMS / "allocations.c"], ours),
            ("loaded", [empty], [*ours, "-lcurl"]),
            ("unloaded", [empty], ["-Wl,--no-as-needed", "-lcurl"]),
        ]:
            compiler = [os.environ.get("CC", "cc"), "-O2", "-Wall", "-Wextra", "-pthread"]
            subprocess.run([*compiler, *sources, "-o", self.folder / name, *flags], check=True)

    def total(self, program, *arguments, without=None):
        """Instructions of the first thread of a program, from its start to its end; without those of one object file."""
        out = self.folder / "callgrind.out"
        tool = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={out}", "--log-file=/dev/null"]
        subprocess.run([*tool, self.folder / program, *arguments], check=True, stdout=subprocess.DEVNULL)
        # One file for each thread, or one for all where there is one thread.
        first = next(path for path in (self.folder / "callgrind.out-01", out) if path.exists())
        count = sum(cost for place, cost in own_costs(first.read_text()) if not without or without not in place)
        for path in self.folder.glob("callgrind.out*"):
            path.unlink()
        return count

    def allocations(self, scenario, calls):
        """Allocations of the calling thread in so many calls."""
        command = [self.folder / "calls-counted", scenario, str(calls)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["allocations"]

    def measure(self, scenario):
        """Instructions and allocations of one call; no allocations for the loading."""
        if scenario == LOADING:
            # Each library in the search order costs the dynamic linker something for each symbol of all the others.
            return self.total("loaded", without="/ld-linux") - self.total("unloaded", without="/ld-linux"), None
        instructions = (self.total("calls", scenario, str(MANY)) - self.total("calls", scenario, str(FEW))) / (MANY - FEW)
        allocations = (self.allocations(scenario, MANY) - self.allocations(scenario, FEW)) / (MANY - FEW)
        return instructions, allocations


def own_costs(profile):
    """Object file and instructions for each line of a profile; what a line called is counted where it was called."""
    names, place, is_of_call = {}, "", False
    for line in profile.splitlines():
        if named := re.match(r"ob=(\(\d+\))(?: (.*))?$", line):
            place = names.setdefault(named.group(1), named.group(2) or "")
        elif line.startswith("cob="):
            key, _, name = line.removeprefix("cob=").partition(" ")
            names.setdefault(key, name)
        elif line.startswith("calls="):
            is_of_call = True
        elif re.match(r"[+*-]?[0-9]* ?\d*$", line) and " " in line:
            if not is_of_call:
                yield place, int(line.split()[1])
            is_of_call = False


def is_possible():
    """Whether valgrind is there."""
    return shutil.which("valgrind") is not None


def rows(library, scenarios=()):
    """One row after the other: its name, what it costs as text, what it shall cost as text."""
    with tempfile.TemporaryDirectory() as folder:
        counter = Counter(library, folder)
        for scenario in scenarios or SCENARIOS:
            figure, most, most_allocations = SCENARIOS[scenario]
            instructions, allocations = counter.measure(scenario)
            text = f"{instructions:,.0f}" + ("" if allocations is None else f"; {allocations:.1f}")
            goal = "" if most is None else f"≤ {most:,}" + ("" if most_allocations is None else f"; ≤ {most_allocations}")
            yield figure, text, goal


def main():
    library, scenarios = sys.argv[1:2], sys.argv[2:]
    if not library or not set(scenarios) <= set(SCENARIOS):
        sys.exit(f"{__doc__}\nScenarios: {' '.join(SCENARIOS)}")
    if not is_possible():
        sys.exit("valgrind is missing; Debian: apt install valgrind")
    print("figure | instructions; allocations | goal")
    for row in rows(library[0], scenarios):
        print(" | ".join(row), flush=True)


if __name__ == "__main__":
    main()
