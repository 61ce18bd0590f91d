"""Seconds to the gap of the logistic workload, from 1e4 to 1e7 rows."""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .measure import run
from .workloads import WORKLOADS

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "scaling.png"


def scaling(share, limit):
    """Print a table of seconds by rows, as far as memory allows, and draw it where matplotlib is installed."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    curves = {}
    for n in np.geomspace(1e4, 1e7 * share, 7).astype(int):
        if 8 * 20 * n * 4 > memory:  # X, and the copies that peers make of it
            print(f"{n:,} rows: not enough memory")
            break
        result = run(WORKLOADS["logistic"], n / 1e6, limit)
        times = {line.label: line.one for line in result.lines}
        times["sklearn_mle, 2 threads"] = result.ours.two
        for label, seconds in times.items():
            if seconds is not None:
                curves.setdefault(label, []).append((n, seconds))
        print(
            f"{n:>10,} rows: " + ", ".join(f"{label} {t:.3g}" for label, t in times.items() if t is not None),
            flush=True,
        )
    if find_spec("matplotlib"):
        draw(curves)


def draw(curves):
    """Seconds over rows, both axes logarithmic."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for label, points in curves.items():
        ax.loglog(*zip(*points, strict=True), marker="o", label=label)
    ax.set(xlabel="rows", ylabel="seconds to a gap of 1e-8", title="logistic regression, 20 columns")
    ax.legend()
    figure.savefig(PICTURE, dpi=120)
    print(f"{PICTURE} written")
