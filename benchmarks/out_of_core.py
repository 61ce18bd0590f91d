"""Memory, and seconds a pass, of fits to memory maps and to batches, beside what the disk gives."""

import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np

P, CHUNK = 20, 100_000
HEADER = """\
| rows | X | table | memory beside it | fit | one pass, cached | one pass, from disk | disk alone |
|---|---|---|---|---|---|---|---|"""


def out_of_core(share):
    """Print a table from 1e6 to 1.6e7 rows; each line is a process of its own."""
    print(HEADER)
    with tempfile.TemporaryDirectory() as folder:
        for n in (np.array([1, 4, 16]) * 1e6 * share).astype(int):
            for table in ("map", "batches"):
                subprocess.run([sys.executable, "-m", "benchmarks.out_of_core", folder, str(n), table], check=True)


def line(folder, n, table):
    """Print a line of the table: logistic regression on 20 columns; the maps are made in the folder, or found there."""
    from sklearn_mle import Batches, MLEClassifier
    from sklearn_mle.rows import one_blas_thread

    warnings.simplefilter("ignore")
    model, small = MLEClassifier(), next(batches(CHUNK))
    MLEClassifier().fit(*small)  # whatever is imported and allocated once
    X, y = mapped(Path(folder, str(n)), n)
    with peak_of_memory() as extra:
        start = time.perf_counter()
        if table == "map":
            model.fit(X, y)
        else:
            model.fit(Batches(lambda: batches(n)))
        seconds = time.perf_counter() - start
    objective = model._objective(X, y)
    w = objective.layout.pack(model._W())
    larger_than_memory = X.nbytes > os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with one_blas_thread:
        cached = np.inf if larger_than_memory else min(timed(lambda: objective.taylor(w, 1)) for _ in range(3))
        from_disk, disk = np.inf, np.inf
        # In turns: other caches, below this machine's, make disks quicker when read again.
        for _ in range(1 if larger_than_memory else 2):
            forget(X.filename)
            disk = min(disk, timed(lambda: read(X.filename)))
            forget(X.filename)
            from_disk = min(from_disk, timed(lambda: objective.taylor(w, 1)))
    size = X.nbytes / 1e9
    times = (cached, from_disk, disk)
    passes = " | ".join(f"{1e3 * t:,.0f} ms, {size / t:.1f} GB/s" if t < np.inf else "" for t in times)
    print(f"| {n:,} | {size:.2f} GB | {table} | {extra[0]:.0f} MB | {seconds:.1f} s | {passes} |", flush=True)


def batches(n):
    """(X, y) of CHUNK rows at a time."""
    slopes = np.linspace(-0.5, 0.5, P)
    for seed in range(-(-n // CHUNK)):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((min(CHUNK, n - seed * CHUNK), P))
        yield X, (X @ slopes + rng.logistic(size=len(X)) > 0).astype(np.int8)


def mapped(path, n):
    """The same as two memory maps, written once."""
    names = path.with_suffix(".X"), path.with_suffix(".y")
    if not names[0].exists():
        with open(names[0], "wb") as X_file, open(names[1], "wb") as y_file:
            for X, y in batches(n):
                X.tofile(X_file)
                y.tofile(y_file)
    return np.memmap(names[0], float, "r", shape=(n, P)), np.memmap(names[1], np.int8, "r")


@contextmanager
def peak_of_memory():
    """[MB of anonymous memory, the peak less what there was before]: pages of maps can be dropped at any time."""
    extra, before, ended = [0.0], anonymous(), threading.Event()

    def watch():
        while not ended.wait(0.0005):
            extra[0] = max(extra[0], anonymous() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield extra
    finally:
        ended.set()
        thread.join()


def anonymous():
    """MB of this process that no file backs."""
    with open("/proc/self/status") as status:
        return next(int(row.split()[1]) / 1024 for row in status if row.startswith("RssAnon"))


def forget(name):
    """Drop a file from the page cache."""
    with open(name, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read(name):
    """Read a file once."""
    with open(name, "rb", buffering=0) as file:
        buffer = bytearray(2**22)
        while file.readinto(buffer):
            pass


def timed(call):
    """Seconds of a call, by the clock."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    line(sys.argv[1], int(sys.argv[2]), sys.argv[3])
