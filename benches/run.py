#!/usr/bin/env python3
"""Measures what docs/benchmarks.md reports, and writes its table.

    benches/run.py                   everything, about three minutes after the builds; writes docs/benchmarks.md
    benches/run.py --quick           once instead of five times, without the peers, short inputs; prints only
    benches/run.py --no-peers        without the `sentry` crate, which takes minutes to build

Figures that do not depend on how busy the machine is have a budget: allocations, system calls, memory, stack, threads, sizes. A
row beyond its budget is marked and the run ends with 1. Times are printed and never judged.

Needs cc, libcurl's headers and Rust; strace for the system calls, valgrind for the instructions. The programs are in benches/programs and
benches/peers, each prints JSON; the server is benches/programs/sink.c. Everything runs on this machine, over loopback, one at a time.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

import instructions
import sizes

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
BIN = TARGET / "bench"
PROGRAMS = ROOT / "benches" / "programs"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- begin of what benches/run.py writes -->", "<!-- end of what benches/run.py writes -->"
LONGEST = 60  # seconds that one program may take
ROOMY = ["items=10000000", "bytes=4294967296"]
MIB = 1 << 20


def say(what):
    """Says what takes long and prints nothing."""
    print(f"bench: {what}", flush=True)


def build(with_peers):
    """Builds the library, the programs and the peers."""
    cargo = os.environ.get("CARGO", "cargo")
    say("building the library: about a minute")
    subprocess.run([ROOT / "scripts" / "release", "--profile", "release", "--lib"], check=True)
    say("building it again, small and without features, for its size")
    sizes.build("none", "small")
    BIN.mkdir(parents=True, exist_ok=True)
    library = TARGET / "release"
    soname = BIN / "libsentry.so.0"
    soname.unlink(missing_ok=True)
    soname.symlink_to(library / "libsentry.so")
    linked = ["-I", ROOT / "include", f"-L{library}", "-lsentry", f"-Wl,-rpath,{BIN}"]
    for name, sources, flags in [
        ("sink", ["sink.c"], []),
        ("floor", ["floor.c"], ["-lcurl", "-ldl"]),
        ("libsentry", ["libsentry.c"], linked),
        ("libsentry-counted", ["libsentry.c", "allocations.c"], linked),
    ]:
        compiler = [os.environ.get("CC", "cc"), "-O2", "-Wall", "-Wextra", "-pthread"]
        sources = [PROGRAMS / source for source in sources]
        subprocess.run([*compiler, *sources, "-o", BIN / name, *flags], check=True)
    # The tests' own program: they run it with a library that is not optimised.
    tests = ROOT / "tests" / "c"
    subprocess.run([*compiler, tests / "host_stack.c", "-I", tests, "-o", BIN / "stack", *linked], check=True)
    if with_peers:
        say("building the peers: some minutes")
        environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET / "peers")}
        subprocess.run(
            [cargo, "build", "--release", "--locked"], cwd=ROOT / "benches" / "peers", env=environment, check=True
        )


def fill_spool(database, dsn, count):
    """Puts envelopes into a database that were given up an instant ago."""
    cache = pathlib.Path(database) / "cache"
    cache.mkdir(mode=0o700)
    now = int(time.time() * 1000)
    event = json.dumps({"message": "spooled"})
    for _ in range(count):
        identity = uuid.uuid4()
        header = json.dumps({"event_id": identity.hex, "dsn": dsn})
        item = json.dumps({"type": "event", "length": len(event)})
        (cache / f"{now}-00-{identity}.envelope").write_text(f"{header}\n{item}\n{event}\n")
    # What the system has to write for that is no cost of the delivery.
    os.sync()


def measure_beside_spool(count, files):
    """A burst while so many files wait on disk."""
    with Sink("ok") as sink, tempfile.TemporaryDirectory() as database:
        if files:
            fill_spool(database, sink.dsn, files)
        command = [BIN / "libsentry", "burst", sink.dsn, f"n={count}", f"database={database}", f"spooled={files}", *ROOMY]
        return run(command)


class Sink:
    """The server: answers everything ("ok") or nothing ("hang")."""

    def __init__(self, mode):
        self.process = subprocess.Popen(
            [BIN / "sink", mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.port = int(self.process.stdout.readline())
        self.dsn = f"http://k@127.0.0.1:{self.port}/1"
        self.url = f"http://127.0.0.1:{self.port}/api/1/envelope/"

    def requests(self):
        """Requests answered so far."""
        self.process.stdin.write("\n")
        return int(self.process.stdout.readline().split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def run(command, longest=LONGEST):
    """What a program printed as JSON; None if it did not end in time."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=longest)
    except subprocess.TimeoutExpired:
        return None
    if result.returncode != 0 or result.stderr:
        sys.exit(f"{command}: {result.returncode}\n{result.stderr}")
    return json.loads(result.stdout)


def measure(client, mode, scenario, *options, longest=LONGEST):
    """Runs one scenario of one client against a server of its own; adds the requests that the server answered."""
    command = [BIN / "libsentry"] if client == "libsentry" else [TARGET / "peers" / "release" / "peers", client]
    if client == "counted":
        command = [BIN / "libsentry-counted"]
    with Sink(mode) as sink:
        figures = run([*command, scenario, sink.dsn, *options], longest)
        if figures is not None:
            figures["answered"] = sink.requests()
    return figures


def median(runs, key):
    """The median of one figure over several runs."""
    return statistics.median(figures[key] for figures in runs)


def microseconds(figures):
    """Percentiles as text."""
    if figures is None:
        return f"not in {LONGEST} s"
    return f"{figures['p50_ns'] / 1000:.2f} / {figures['p99_ns'] / 1000:.1f}"


def measure_instructions(report):
    """Instructions and allocations of the host's calls, see benches/instructions.py; a goal is no budget yet."""
    if not instructions.is_possible():
        say("no valgrind: instructions are not counted")
        return
    say("counting instructions: half a minute; instructions; allocations per call of the calling thread")
    for figure, costs, goal in instructions.rows(TARGET / "release"):
        report.add(f"{figure}: instructions; allocations", costs, alarming=f"goal {goal}" if goal else "")


def system_calls(count):
    """System calls that each further capture of a flood makes, worker included; None without strace."""
    strace = shutil.which("strace", path=f"{os.environ.get('PATH', '')}:{TARGET / 'tools' / 'bin'}")
    if not strace:
        return None
    totals = []
    for number in (count, 2 * count):
        with Sink("hang") as sink:
            result = subprocess.run(
                [strace, "-f", "-c", "-U", "calls,name", BIN / "libsentry", "capture", sink.dsn, f"n={number}"],
                capture_output=True,
                text=True,
            )
        total = re.search(r"^\s*(\d+)\s.*total$", result.stderr, re.MULTILINE)
        if not total:
            return None
        totals.append(int(total.group(1)))
    return (totals[1] - totals[0]) / count


class Report:
    """Rows of the table, printed as they come."""

    def __init__(self, peers):
        crates = [f"`sentry` crate, {peer}" for peer in peers]
        self.columns = ["figure", "libsentry", *crates, "bare libcurl", "alarming"]
        self.peers = peers
        self.rows = []
        self.over_budget = []

    def add(self, figure, ours, of_peer=None, floor="", alarming="", budget=None):
        """One row; `of_peer` gives the text for a peer. `budget` is the value and the most it may be."""
        row = [figure, ours, *(of_peer(peer) if of_peer else "" for peer in self.peers), floor, alarming]
        self.rows.append(row)
        is_over = budget is not None and budget[0] > budget[1]
        if is_over:
            self.over_budget.append(figure)
        mark = "ALARM: " if is_over else ""
        print(mark + " | ".join(str(cell) for cell in row if cell != ""), flush=True)

    def table(self):
        """As Markdown."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def measure_captures(report, scale):
    """The calls of the host."""

    def row(figure, mode, ours, theirs, alarming):
        report.add(
            figure + ", p50 / p99, µs",
            microseconds(measure("libsentry", mode, "capture", *ours)),
            (lambda peer: microseconds(measure(peer, mode, "capture", *theirs))) if theirs else None,
            alarming=alarming,
        )

    flood = [f"n={100_000 // scale}"]
    row("capture, hung server, flood", "hang", flood, flood, "p50 > 3")
    row("the same, 8 threads", "hang", [*flood, "threads=8"], [*flood, "threads=8"], "p50 > 6")
    row("capture, healthy server, flood", "ok", flood, flood, "p50 > 3")
    spaced = [f"n={5000 // scale}", "gap_us=200"]
    row("capture, healthy server, one every 0.2 ms", "ok", spaced, spaced, "p50 > 40")
    roomy = [f"n={20_000 // scale}", *ROOMY]
    row("capture, accepted every time (queue without bound)", "hang", roomy, None, "p50 > 10")
    row("the same, 8 threads, healthy server", "ok", [*roomy, "threads=8"], None, "p50 > 20")
    for name, kind, queue in [
        ("refused", "json", flood),
        ("accepted", "json", roomy),
        ("accepted, text and logger", "message", roomy),
    ]:
        figures = measure("counted", "hang", "capture", f"kind={kind}", *queue)
        count = figures["allocations_per_capture"]
        report.add(f"allocations per capture, {name}", f"{count:.2f}", alarming="> 3.5", budget=(count, 3.5))
    calls = system_calls(100_000 // scale)
    report.add(
        "system calls per capture, flood",
        # A difference of two runs: without calls it may come out just below none.
        "no strace" if calls is None else f"{max(calls, 0):.4f}",
        alarming="> 0.01",
        budget=(calls or 0, 0.01),
    )


def measure_bounds(report, scale):
    """Memory and time while the server hangs."""

    def growth(client):
        figures = measure(client, "hang", "memory", f"n={1_000_000 // scale}")
        if figures is None:
            return None, f"not in {LONGEST} s"
        return figures, f"{figures['growth_kib'] / 1024:.1f} MiB"

    figures, text = growth("libsentry")
    queue = figures["queue_bytes_peak"] / MIB
    limit = figures["queue_bytes_peak"] / 1024 + 4 * 1024
    report.add(
        f"memory, {1_000_000 // scale:,} captures, hung server",
        f"{text} (queue {queue:.1f} MiB)",
        lambda peer: growth(peer)[1],
        alarming="> what is queued + 4 MiB",
        budget=(figures["growth_kib"], limit),
    )
    seconds = measure("libsentry", "hang", "close")["seconds"]

    def close(peer):
        figures = measure(peer, "hang", "close", longest=20)
        return "> 20 s" if figures is None else f"{figures['seconds']:.2f} s"

    report.add("close, hung server, time-out 2 s", f"{seconds:.2f} s", close, alarming="> 2.1 s")


def measure_delivery(report, scale, repeat):
    """What arrives, how quickly and for how much."""
    count = 10_000 // scale

    def arrived(client, *options):
        return f"{(measure(client, 'ok', 'burst', f'n={count}', *options)['answered'] - 1) / count:.1%}"

    report.add(
        f"delivered of a burst of {count:,}, short texts",
        arrived("libsentry", "kind=short", "crumbs=0", "items=10000"),
        lambda peer: arrived(peer, "kind=short", "crumbs=0"),
        alarming="< 100 %",
    )
    runs = {name: [] for name in ("none", "gzip", "floor", *report.peers)}
    size = 4800
    for _ in range(repeat):
        # In turns, so that what else the machine does hits all of them.
        for name, gzip in (("none", 0), ("gzip", 1)):
            runs[name].append(measure("libsentry", "ok", "burst", f"n={count}", f"gzip={gzip}", *ROOMY))
        size = round(runs["none"][-1]["bytes_sent"] / (count + 1))
        with Sink("ok") as sink:
            runs["floor"].append(run([BIN / "floor", "burst", sink.url, str(count), str(size)]))
        for peer in report.peers:
            figures = measure(peer, "ok", "burst", f"n={count}", "paced=1")
            delivered = figures["answered"] - 1
            figures["per_second"] = delivered / figures["seconds"]
            figures["cpu_per_10000"] = figures["cpu"] * 10_000 / delivered
            runs[peer].append(figures)

    def cpu(name):
        return f"{median(runs[name], 'cpu_per_10000'):.3f}"

    def rate(name):
        return f"{median(runs[name], 'per_second'):,.0f}"

    report.add(f"delivered per second, {size} bytes each", rate("none"), rate, rate("floor"), "< half of libcurl")
    report.add("CPU seconds per 10,000 delivered", cpu("none"), cpu, cpu("floor"), "> libcurl + 0.15")
    report.add("the same, gzip", cpu("gzip"), alarming="> libcurl + 0.6")
    report.add("delivered per second, gzip", rate("gzip"), alarming="< a quarter of libcurl")
    files = 10_000
    beside = {0: [], files: []}
    for _ in range(max(repeat, 3)):
        for waiting, rates in beside.items():
            # Never fewer: a burst of 1,000 is over in less time than the machine's moods take.
            rates.append(measure_beside_spool(10_000, waiting)["per_second"])
    # The best of each: what else the machine does only ever costs.
    ratio = max(beside[files]) / max(beside[0])
    report.add(f"delivered per second with {files:,} files in the spool, of that with none", f"{ratio:.0%}", alarming="< 90 %")


def measure_stack(report):
    """What calls take of the caller's stack, and whether they work on small ones."""
    printed = ""
    with Sink("ok") as sink, tempfile.TemporaryDirectory() as directory:
        for scenario in ["figures", "smallest", "init_on_small"]:
            command = [BIN / "stack", scenario, sink.dsn]
            printed += subprocess.run(command, cwd=directory, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures = {name: int(size) / 1024 for name, size in map(str.split, printed.splitlines())}
    for text, name, most in [("a capture", "capture_event", 10), ("init", "init", 40)]:
        size = figures[name]
        report.add(f"stack of {text}", f"{size:.1f} KiB", alarming=f"> {most} KiB", budget=(size, most))


def measure_footprint(report, repeat):
    """What loading and starting the library adds."""
    bare = run([BIN / "floor", "idle"])
    ours = measure("libsentry", "ok", "init")
    theirs = {peer: measure(peer, "ok", "init") for peer in report.peers}

    def added(figures, key="idle_kib"):
        return f"+{(figures[key] - figures['before_kib']) / 1024:.2f} MiB"

    report.add(
        "resident memory, whole process, after init",
        f"{ours['idle_kib'] / 1024:.2f} MiB",
        lambda peer: f"{theirs[peer]['idle_kib'] / 1024:.2f} MiB",
        f"{bare['idle_kib'] / 1024:.2f} MiB",
        "> libcurl + 2 MiB",
    )
    grown = (ours["idle_kib"] - ours["before_kib"]) / 1024
    report.add(
        "added by init", added(ours), lambda peer: added(theirs[peer]), alarming="> +5.6 MiB", budget=(grown, 5.6)
    )
    private = (ours["idle_anonymous_kib"] - ours["before_anonymous_kib"]) / 1024
    report.add(
        "of that private to the process (the rest is code)",
        f"+{private:.2f} MiB",
        alarming="> +0.65 MiB",
        budget=(private, 0.65),
    )
    report.add(
        "added by init and the first event", added(ours, "sent_kib"), lambda peer: added(theirs[peer], "sent_kib")
    )
    threads = ours["threads"]
    report.add(
        "threads added by init", threads, lambda peer: theirs[peer]["threads"], alarming="> 1", budget=(threads, 1)
    )
    init = statistics.median(measure("libsentry", "ok", "init")["init_seconds"] for _ in range(repeat))
    report.add(
        "time of init",
        f"{init * 1000:.2f} ms",
        lambda peer: f"{theirs[peer]['init_seconds'] * 1000:.2f} ms",
        alarming="> 5 ms",
    )
    library = TARGET / "release" / "libsentry.so"
    load = statistics.median(run([BIN / "floor", "load", str(library)])["seconds"] for _ in range(repeat))
    report.add("time to load the library, libcurl there", f"{load * 1000:.2f} ms", alarming="> 5 ms")
    minimal = TARGET / "sizes" / "small" / "libsentry.so"
    for row, profile, built in [("all", "release", library), ("none", "small", minimal)]:
        size = sizes.kib(built)
        wrong = sizes.verdict(row, profile, size) if platform.machine() == "x86_64" else None
        figure = f"size of libsentry.so, features: {row}, profile {profile}"
        report.add(figure, f"{size:,.0f} KiB", alarming=wrong or "as in docs/embedded.md", budget=(1 if wrong else 0, 0))
    paths = sum(count_paths(built) for built in (library, minimal))
    report.add("paths of this machine in libsentry.so", paths, alarming="> 0", budget=(paths, 0))


def count_paths(library):
    """How often the folder of the sources and the home of cargo are named in a library."""
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")).resolve()
    content = library.read_bytes()
    return sum(content.count(os.fsencode(folder)) for folder in (ROOT, home))


def machine():
    """One line on what this was measured with."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE)
    curl = subprocess.run(["curl-config", "--version"], capture_output=True, text=True).stdout.strip()
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()[1]
    return ", ".join(
        [
            model.group(1) if model else platform.machine(),
            f"{os.cpu_count()} cores",
            f"Linux {platform.release()}",
            curl or "libcurl",
            f"rustc {rust}",
        ]
    )


def write_document(report, load):
    """Puts the table into the document."""
    text = DOCUMENT.read_text()
    today = datetime.date.today().isoformat()
    result = f"Measured {today} on {machine()}; load average before the run {load:.1f}.\n\n{report.table()}"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{result}\n\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short inputs, once, no peers, nothing written")
    parser.add_argument("--no-peers", action="store_true", help="without the sentry crate")
    arguments = parser.parse_args()
    with_peers = not (arguments.quick or arguments.no_peers)
    scale, repeat = (10, 1) if arguments.quick else (1, 5)
    build(with_peers)
    load = os.getloadavg()[0]
    report = Report(["reqwest", "curl"] if with_peers else [])
    measure_instructions(report)
    measure_captures(report, scale)
    measure_bounds(report, scale)
    measure_delivery(report, scale, repeat)
    measure_footprint(report, repeat)
    measure_stack(report)
    if not arguments.quick:
        write_document(report, load)
    if report.over_budget:
        sys.exit("beyond the budget: " + "; ".join(report.over_budget))


if __name__ == "__main__":
    main()
