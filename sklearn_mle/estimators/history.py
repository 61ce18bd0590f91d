"""What a solver reports on its way, and how far a long pass is: kept, and printed if asked."""

from functools import partial
from threading import Lock
from time import monotonic

import numpy as np

from ..rows import unwatched

# Seconds: a search that takes longer is told how long it will last; a pass, as often as so many have gone by.
LONG, PAUSE = 2.0, 5.0


class History:
    """The solvers' report: keeps the loss and the gradient norm of every iteration, and prints them if asked.

    Parameters
    ----------
    verbose : int
    tol : float or None
        The relative gap of F at which the solver stops, if known.
    """

    def __init__(self, verbose=0, tol=None):
        self.verbose, self.loss, self.gradient_norm = verbose, [], []
        self.tol, self.gap, self.begun, self.last = tol or np.finfo(float).eps, None, monotonic(), monotonic()

    def __call__(self, w, value, gradient_norm, decrement=None):
        self.loss.append(value)
        self.gradient_norm.append(gradient_norm)
        if self.verbose:
            gap = "" if decrement is None else f"  gap {decrement:.1e}"
            line = f"iteration {len(self.loss):4d}  F {value:.12g}  |gradient| {gradient_norm:.1e}{gap}"
            # In natural units the curvature is about 1, and g^2 / 2 about the gap.
            print(line + self._times(value, gradient_norm**2 / 2 if decrement is None else decrement), flush=True)

    def _times(self, value, gap):
        """How long the search has lasted, and how long it still will if every iteration divides the gap as this did."""
        now, before = monotonic(), self.gap
        seconds, self.last, self.gap = now - self.last, now, gap
        if now - self.begun < LONG:
            return ""
        text = f"  {now - self.begun:.0f} s"
        goal = self.tol * max(1.0, abs(value))
        if before is not None and goal < gap < before:
            text += f", about {seconds * np.ceil(np.log(gap / goal) / np.log(before / gap)):.0f} s to go"
        return text

    def arrays(self):
        """{"loss": array, "gradient_norm": array}."""
        return {"loss": np.array(self.loss), "gradient_norm": np.array(self.gradient_norm)}


class Pass:
    """A pass over n rows (None: nobody knows how many), that says every few seconds how far it is."""

    def __init__(self, n, name="pass"):
        self.n, self.name, self.done, self.lock = n, name, 0, Lock()
        self.begun = self.told = monotonic()

    def __call__(self, n):
        """So many more rows are done."""
        with self.lock:  # blocks are added in threads
            self.done += n
            now = monotonic()
            if now - self.told < PAUSE or self.done == self.n:
                return
            self.told, seconds = now, now - self.begun
        if self.n is None:
            text = f"{self.done:,} rows in {seconds:.0f} s"
        else:
            text = f"{self.done / self.n:.0%}, about {seconds * (self.n / self.done - 1):.0f} s to go"
        print(f"  {self.name}: {text}", flush=True)


def watch(verbose, name="pass"):
    """What is called as a pass over n rows begins, and returns what is called with the rows of each part done."""
    return partial(Pass, name=name) if verbose else unwatched
