"""What was measured as text: tables on the screen, and the page of all workloads."""

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .measure import DIGITS, Line, Result

PACKAGES = ["scikit-learn", "numpy", "scipy", "statsmodels", "glum", "skglm", "celer"]
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
ROOT = Path(__file__).resolve().parents[1]
PAGE, README = ROOT / "docs" / "benchmarks.md", ROOT / "README.md"


def seconds(value):
    return "-" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def cells(line, result):
    by_floor = "-" if line.one is None else f"{line.one / result.floor:.1f}"
    gap = "-" if line.gap is None else f"{max(line.gap, 0.0):.0e}"
    memory = "-" if line.memory is None else f"{line.memory:.0f}"
    times = [seconds(value) for value in (line.one, line.two, line.digits)]
    return [line.label, *times, gap, memory, by_floor, line.note]


def heading(result):
    return ["", f"s to gap {result.target:g}", "2 threads", f"s to {DIGITS} digits", "gap", "MB", "x floor", ""]


def markdown_table(rows):
    """Rows of cells, the first being the head, in columns of equal width."""
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def table(name, result):
    """One workload."""
    rows = [heading(result), *(cells(line, result) for line in result.lines)]
    return f"### {name}: {result.title}\n\n{markdown_table(rows)}\n\n{verdict(result)}\n"


def verdict(result):
    """Ours beside the best peer, in a sentence."""
    text = f"Floor {1000 * result.floor:.1f} ms, load before {result.load:.1f}. "
    comparisons = []
    for column, words in (("one", "one thread"), ("two", "two threads"), ("digits", f"{DIGITS} digits")):
        ratio, peer = compared(result, column)
        if ratio is not None:
            comparisons.append(f"{ratio:.3g} x as fast as {peer} ({words})")
    return text + (
        "sklearn_mle: " + "; ".join(comparisons) + "."
        if comparisons
        else "sklearn_mle does not get there."
        if result.ours.one is None
        else "No peer gets there."
    )


def compared(result, column):
    """(the best peer's time by ours, its name), or (None, "")."""
    ours, peer = getattr(result.ours, column), result.best_peer(column)
    if ours is None or peer is None:
        return None, ""
    return getattr(peer, column) / ours, peer.label


def machine():
    """Processor, memory, and the versions of all packages."""
    cpu = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            cpu = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), cpu)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB. {', '.join(found)}."


def summary(results):
    """A row per workload, and the list of those that we lose."""
    rows = [
        ["workload", "sklearn_mle, s", "best peer, s", "", "ratio", "2 threads", f"{DIGITS} digits", "MB", "x floor"]
    ]
    losses = []
    for name, result in results.items():
        ours, peer = result.ours, result.best_peer()
        ratios = [compared(result, column)[0] for column in ("one", "two", "digits")]
        shown = ["-" if ratio is None else f"{ratio:.2g}" for ratio in ratios]
        rows.append([
            name, seconds(ours.one), seconds(peer.one if peer else None), peer.label if peer else "", *shown,
            *cells(ours, result)[5:7],
        ])  # fmt: skip
        lost = ours.one is None and peer is not None
        for ratio, words in zip(ratios, ("", " at two threads", f" to {DIGITS} digits"), strict=True):
            if ratio is not None and ratio < 1:
                losses.append(f"- {name}{words}: {ratio:.2g} x the speed of the best peer.")
        if lost:
            losses.append(f"- {name}: sklearn_mle does not get there ({ours.note}), {peer.label} does.")
    return f"{markdown_table(rows)}\n\n## Where we lose\n\n" + ("\n".join(losses) or "Nowhere of these.") + "\n"


def brief(results):
    """One thread only: a row per workload, as the README shows it."""
    rows = [["", "sklearn_mle, s", "quickest peer, s", "", "times as quick"]]
    for result in results.values():
        peer, ratio = result.best_peer(), compared(result, "one")[0]
        theirs = (seconds(peer.one), peer.label) if peer else ("-", "")
        rows.append([result.title, seconds(result.ours.one), *theirs, "-" if ratio is None else f"{ratio:.2g}"])
    return markdown_table(rows)


def remembered(file):
    """What has been measured so far, from JSON."""
    known = json.loads(file.read_text()) if file.exists() else {}
    return {
        name: Result(**{**entry, "lines": [Line(**line) for line in entry["lines"]]}) for name, entry in known.items()
    }


def remember(file, results):
    """What has been measured so far, with these results, kept as JSON."""
    known = {**remembered(file), **results}
    file.write_text(json.dumps({name: result.as_dict() for name, result in known.items()}, indent=1) + "\n")
    return known


def between(text, begin, end, part):
    """The text with this part between two marks; what others wrote around it stays."""
    before, after = text.partition(begin)[0], text.partition(end)[2]
    return f"{before}{begin}\n{part}\n{end}{after}"


def with_speed(text, results):
    """The README's text with the table of what has been measured."""
    return between(text, "<!-- speed: begin -->", "<!-- speed: end -->", brief(results))


def write_page(file, results):
    """The measured part of a page, between its two marks; and of the README where it is the page of this project."""
    file = Path(file).resolve()
    results = remember(file.with_suffix(".json"), results)
    dates = sorted({result.date for result in results.values()})
    when = " to ".join(dict.fromkeys([dates[0], dates[-1]]))
    parts = [f"Measured {when}. {machine()}", summary(results), "## All tables"]
    parts += [table(name, result) for name, result in results.items()]
    measured = "\n\n".join(part.strip() for part in parts)
    page = file.read_text() if file.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    file.write_text(between(page, BEGIN, END, measured))
    if file == PAGE:
        README.write_text(with_speed(README.read_text(encoding="utf-8"), results), encoding="utf-8")
