"""Time, memory and distance to the optimum of a fit, in this process."""

import ctypes
import gc
import os
import signal
import time
import warnings
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

DIGITS = 8


@dataclass
class Line:
    """What a contender needs: seconds to the gap at one and two threads, seconds to 8 digits, MB beside the data."""

    label: str
    one: float | None = None
    two: float | None = None
    digits: float | None = None
    gap: float | None = None
    memory: float | None = None
    note: str = ""


@dataclass
class Result:
    """The lines of a workload; `floor` is the time to read X once, `load` how busy the machine was before."""

    title: str
    shape: tuple
    target: float
    floor: float
    date: str
    load: float
    lines: list = field(default_factory=list)

    as_dict = asdict

    @property
    def ours(self):
        return self.lines[0]

    def best_peer(self, column="one"):
        """The line of the quickest other, or None."""
        finished = [line for line in self.lines[1:] if getattr(line, column) is not None]
        return min(finished, key=lambda line: getattr(line, column), default=None)


def run(workload, share=1.0, limit=60.0, only=None, report=lambda line: None):
    """Every contender's ladder of tolerances on this workload; the first rung that is close enough counts."""
    problem = workload.problem(share)
    contenders = [one for one in workload.contenders if only is None or one.package in only]
    judge = Judge(workload, problem, contenders, limit)
    floor = problem.bytes / bandwidth()
    result = Result(workload.title, problem.X.shape, workload.gap, floor, time.strftime("%Y-%m-%d"), os.getloadavg()[0])
    for contender in contenders:
        line = climb(contender, problem, judge, workload.gap, limit)
        result.lines.append(line)
        report(line)
    return result


class Judge:
    """How far coefficients are from the optimum, by the problem's own numpy.

    The optimum is the best of the contenders' most exact rungs that end in time, polished by Newton's method where F is
    smooth.
    """

    def __init__(self, workload, problem, contenders, limit):
        self.problem = problem
        best = None
        for contender in [one for one in contenders if one.installed][:2]:
            found = (attempt(contender, problem, rung, limit)[0] for rung in reversed(contender.rungs))
            Ws = next((Ws for Ws in found if Ws is not None), None)
            if Ws is not None and (best is None or problem.values(Ws).sum() < problem.values(best).sum()):
                best = Ws
        self.optimum = problem.polished(best) if workload.smooth else best
        self.least = np.minimum(problem.values(self.optimum), problem.values(best))
        self.smooth, self.units = workload.smooth, problem.units()

    def gap(self, Ws):
        """max over alphas of (F - least F) / max(1, |least F|)."""
        gaps = (self.problem.values(Ws) - self.least) / np.maximum(1.0, np.abs(self.least))
        return float(np.max(gaps)) if np.isfinite(gaps).all() else np.inf

    def digits(self, Ws):
        """-log10 of the largest error of a coefficient by the largest coefficient, columns having unit spread."""
        pairs = [(W[: self.problem.K] * self.units, V * self.units) for W, V in zip(Ws, self.optimum, strict=True)]
        if self.problem.K > 2:  # softmax: intercepts are determined up to a constant
            for pair in pairs:
                for W in pair:
                    W[:, 0] -= W[:, 0].mean()
        error = max(np.abs(W - V).max() / np.abs(V).max() for W, V in pairs)
        return float(-np.log10(max(error, 1e-16)))


def climb(contender, problem, judge, target, limit):
    """The line of a contender, from quick rungs to exact ones."""
    line = Line(contender.label)
    if not contender.installed:
        line.note = f"{contender.package} is not installed"
        return line
    if problem.X.shape[0] > contender.most_rows:
        line.note = f"does not finish with more than {contender.most_rows:,} rows"
        return line
    for rung in contender.rungs:
        Ws, note = attempt(contender, problem, rung, limit)
        if Ws is None:
            line.note = line.note or note
            break
        gap = judge.gap(Ws)
        line.gap = line.gap if line.one is not None else gap if line.gap is None else min(gap, line.gap)
        close, exact = gap <= target, judge.smooth and judge.digits(Ws) >= DIGITS
        if close and line.one is None:
            line.one, line.memory = repeated(contender, problem, rung, 1, limit), extra_memory(contender, problem, rung)
            line.two = repeated(contender, problem, rung, 2, limit)
            line.digits = line.one if exact else None
        elif exact:
            line.digits = repeated(contender, problem, rung, 1, limit)
        if line.one is not None and (line.digits is not None or not judge.smooth):
            break
    if line.one is None and not line.note:
        line.note = f"ends at a gap of {line.gap:.0e}"
    return line


def attempt(contender, problem, rung, limit):
    """(Ws, "") of one fit on one thread, or (None, why there is none)."""
    try:
        with quiet(), alarm(limit), threadpool_limits(limits=1):
            return contender.fit(problem, rung, 1), ""
    except TimeoutError:
        return None, f"stopped after {limit:.0f} s"
    except Exception as error:
        return None, f"{type(error).__name__}: {str(error).partition(chr(10))[0][:80]}"


def repeated(contender, problem, rung, threads, limit):
    """The median of up to 7 fits, as many as take 1.5 seconds in all; None if one takes longer than the limit.

    On one thread it is the processor's time, which other processes disturb less; on more that of the clock.
    """
    times, clock = [], time.process_time if threads == 1 else time.perf_counter
    with quiet(), threadpool_limits(limits=threads):
        while len(times) < 7 and sum(times) < 1.5:
            gc.collect()
            try:
                with alarm(limit):
                    start = clock()
                    contender.fit(problem, rung, threads)
                    times.append(clock() - start)
            except TimeoutError:
                return None
    return float(np.median(times))


def extra_memory(contender, problem, rung):
    """MB of resident memory that a fit needs at its peak beside what there was before it; None without /proc."""
    if not os.access("/proc/self/clear_refs", os.W_OK):
        return None
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what earlier fits left in the heap would hide what this one takes
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak is that from now on
    before = status("VmRSS")
    with quiet(), threadpool_limits(limits=1):
        contender.fit(problem, rung, 1)
    return (status("VmHWM") - before) / 1000


def status(name):
    """kB of this process."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


@lru_cache
def bandwidth():
    """Bytes a second that one thread reads from memory: the best of ten dot products of 256 MB."""
    x, times = np.ones(2**25), []
    with threadpool_limits(limits=1):
        for _ in range(10):
            start = time.process_time()
            x @ x
            times.append(time.process_time() - start)
    return x.nbytes / min(times)


@contextmanager
def alarm(seconds):
    """A TimeoutError after so many seconds, as soon as Python runs."""

    def ring(signum, frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def quiet():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
