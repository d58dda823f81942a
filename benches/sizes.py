#!/usr/bin/env python3
"""Measures how large libsentry.so is with which features and profile, and writes the table of docs/embedded.md.

    benches/sizes.py                 builds everything, about a minute for each of the six cells; writes the table
    benches/sizes.py FEATURES...     only these rows, for instance `all` or `none`; prints only

benches/run.py builds two of the cells and compares them with the table.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
DOCUMENT = ROOT / "docs" / "embedded.md"
BEGIN, END = "<!-- begin of what benches/sizes.py writes -->", "<!-- end of what benches/sizes.py writes -->"
PROFILES = ["release", "small"]
# A row of the table: the features as cargo takes them, after --no-default-features.
ROWS = {
    "all": "compat,spool,sessions,telemetry,crash,compression",
    "all but `compat`": "spool,sessions,telemetry,crash,compression",
    "none": "",
}
# A cell that is off by more is out of date.
TOLERANCE = 0.03


def build(row, profile):
    """Builds the library; returns its file, which the next build replaces."""
    folder = TARGET / "sizes"
    arguments = ["--profile", profile, "--lib", "--no-default-features", "--features", ROWS[row], "--target-dir", folder]
    subprocess.run([ROOT / "scripts" / "release", *arguments], check=True)
    return folder / profile / "libsentry.so"


def kib(library):
    """Its size in KiB."""
    return library.stat().st_size / 1024


def stated():
    """What the table says: (row, profile) to KiB."""
    table = DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0]
    cells = {}
    for line in table.splitlines():
        row, *sizes = [cell.strip() for cell in line.strip("| ").split("|")]
        if row in ROWS:
            cells.update({(row, profile): int(size.replace(",", "")) for profile, size in zip(PROFILES, sizes)})
    return cells


def verdict(row, profile, size):
    """None if the table is right about a size, else what is wrong."""
    told = stated().get((row, profile), 0)
    if abs(size - told) <= told * TOLERANCE:
        return None
    return f"docs/embedded.md says {told:,} KiB; if that is meant, run benches/sizes.py"


def write(sizes):
    """Puts the table into the document."""
    text = DOCUMENT.read_text()
    rows = [["features", *(f"`{profile}`" for profile in PROFILES)], ["---"] + ["---:"] * len(PROFILES)]
    rows += [[row, *(f"{sizes[row, profile]:,.0f}" for profile in PROFILES)] for row in ROWS]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()[1]
    machine = os.uname().machine
    result = f"KiB of `libsentry.so`, stripped, {machine}, rustc {rust}; libcurl and the C library are not in it.\n\n{table}"
    before, rest = re.split(re.escape(BEGIN), text)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{result}\n\n{END}{after}")


def main():
    rows = sys.argv[1:] or list(ROWS)
    if not set(rows) <= set(ROWS):
        sys.exit(f"{__doc__}\nRows: {', '.join(ROWS)}")
    sizes = {}
    for row in rows:
        for profile in PROFILES:
            sizes[row, profile] = kib(build(row, profile))
            print(f"{row}, {profile}: {sizes[row, profile]:,.0f} KiB", flush=True)
    if len(rows) == len(ROWS):
        write(sizes)


if __name__ == "__main__":
    main()
