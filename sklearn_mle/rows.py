"""Where the rows are and who adds over them: blocks, threads, and one fixed tree of sums."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from threading import Event, Lock

import numpy as np
from threadpoolctl import ThreadpoolController

from .design import Centred

SAMPLE = 4096
# A mini-batch comes from at least so many places; what lies together in each is at most RUN numbers, 16 KiB: shorter
# runs are bound by latency.
PLACES, RUN = 32, 2**11
# Seconds within which Ctrl-C is noticed while threads add.
ANSWER = 0.05


def block_length(p, K):
    """Rows of a block, p numbers each: the power of two that makes it about 5 MiB, 2^15 rows at p = 20."""
    return 2 ** int(np.clip(np.round(np.log2(2**15 * 21 / (p + K))), 6, 17))


def fold(parts):
    """Add a stream of parts in the order of a binary tree over their numbers.

    The tree depends on nothing but the count, so whoever sums aligned runs of 2^j parts gets the same bits.
    """
    complete = []  # (height, sum) of complete subtrees, heights falling
    for part in parts:
        height = 0
        while complete and complete[-1][0] == height:
            part = complete.pop()[1] + part
            height += 1
        complete.append((height, part))
    total = complete.pop()[1]
    while complete:
        total = complete.pop()[1] + total
    return total


@lru_cache(maxsize=4)
def _pool(n_threads, pid):
    return ThreadPoolExecutor(n_threads)


def _results(futures):
    """The results of futures, in their order, waited for so that Ctrl-C is noticed, whichever thread receives it."""
    for future in futures:
        while True:
            try:
                yield future.result(timeout=ANSWER)
                break
            except TimeoutError:
                if future.done():  # the error is its own
                    raise


class Rows:
    """A table in memory, cut into blocks once.

    Parameters
    ----------
    block : Block
        All rows.
    K : int
        Number of linear predictors, for the size of blocks.
    n_threads : int
    """

    def __init__(self, block, K, n_threads=1):
        self.block, self.K, self.n_threads = block, K, n_threads
        n, p = block.X.shape
        self._width = getattr(block.X, "nnz", n * p) / max(n, 1)  # sparse: what a row stores
        length = block_length(self._width, K)
        self.blocks = [block[i : i + length] for i in range(0, len(block), length)]
        self.total = float(len(block)) if block.weight is None else float(self.sum(_weight))

    def __len__(self):
        return len(self.block)

    def varying_offset(self, predictors):
        """Whether any of these linear predictors (a slice) has an offset that varies over the rows."""
        offset = self.block.offset
        return isinstance(offset, list) and any(np.ndim(row) > 0 for row in offset[predictors])

    def sum(self, step, *args):
        """The sum of step(block, *args) over the blocks, the same bits whoever adds."""
        ended = Event()

        def add(blocks):
            with np.errstate(all="ignore"):  # of this thread: values may be inf, and what becomes of them is ours
                return fold(step(block, *args) for block in blocks if not ended.is_set())

        if self.n_threads == 1 or len(self.blocks) == 1:
            return add(self.blocks)
        # Aligned runs of 2^j blocks, a few per thread: each is a complete subtree.
        run = 2 ** max(0, int(np.log2(len(self.blocks) / (4 * self.n_threads))))
        runs = [self.blocks[i : i + run] for i in range(0, len(self.blocks), run)]
        pool = _pool(self.n_threads, os.getpid())  # by process: threads do not survive a fork
        try:
            return fold(_results([pool.submit(add, run) for run in runs]))
        finally:
            ended.set()  # after an error or Ctrl-C no thread goes on beyond its block

    def sample(self, n=SAMPLE):
        """At most n rows of positive weight at equal strides, gathered once; all rows if there are no more."""
        if len(self) <= n:
            return self
        counting = self.counting()
        # linspace, not a fixed step: a step that divides a period of the table would see one phase only.
        at = np.linspace(0, len(counting) - 1, min(n, len(counting))).astype(np.intp)
        return Rows(self.block[counting[at]], self.K, self.n_threads)

    def counting(self):
        """The numbers of the rows of positive weight: all others influence nothing."""
        weight = self.block.weight
        return np.arange(len(self)) if weight is None else np.flatnonzero(weight > 0)

    def batches(self, n, rng):
        """One epoch: Rows of about n rows of positive weight each, every row once, in random order.

        A batch takes one short run of neighbours from each of many equal parts of the table: so it is read quickly,
        and a table sorted by y, or with a period, does no harm.
        """
        counting = self.counting()
        m = max(1, round(len(counting) / n))
        run = max(1, min(n // PLACES, RUN // int(self._width + self.K)))
        parts = np.arange(0, -(-len(counting) // run), m)
        runs = parts[:, None] + rng.random_sample((len(parts), m)).argsort(axis=1)
        for of_batch in runs.T:
            at = (of_batch[:, None] * run + np.arange(run)).ravel()
            at = at[at < len(counting)]
            rows = Rows(self.block[counting[at]], self.K)
            # Its share of the whole weight, not its own: else light batches would count as much as heavy ones.
            rows.total = self.total * len(at) / len(counting)
            yield rows

    def split(self, share, rng):
        """Two tables: all rows but a random share of those of positive weight, and that share, gathered once."""
        counting = self.counting()
        n = int(np.clip(round(share * len(counting)), 1, len(counting) - 1))
        held_out = np.sort(rng.permutation(counting)[:n])
        weight = np.ones(len(self)) if self.block.weight is None else self.block.weight.copy()
        weight[held_out] = 0.0  # X is not copied
        rest = Rows(replace(self.block, weight=weight), self.K, self.n_threads)
        return rest, Rows(self.block[held_out], self.K, self.n_threads)

    def centred(self, origin):
        """The same rows with X - origin for X."""
        return Rows(replace(self.block, X=Centred(self.block.X, origin)), self.K, self.n_threads)

    def columns_only(self, which):
        """The same rows with these columns (boolean) of X, gathered."""
        return Rows(replace(self.block, X=self.block.X[:, which]), self.K, self.n_threads)


def _weight(block):
    return np.sum(block.weight)


class OneBlasThread:
    """A context in which BLAS has one thread: its pools collide with each other and with threads over blocks.

    The limit belongs to the process, so fits in several threads share it: the first to enter sets it, the last to
    leave lifts it.
    """

    def __init__(self):
        self.lock, self.inside, self.limit = Lock(), 0, None

    def __enter__(self):
        with self.lock:
            if self.inside == 0:
                _release()
                self.limit = _controller(os.getpid()).limit(limits=1, user_api="blas")
            self.inside += 1

    def __exit__(self, *error):
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                _release()
                self.limit.restore_original_limits()
                _release()


def _release():
    """Let the current thread set OpenBLAS's limit: recent threadpoolctl silently ignores all but the first to do so."""
    for pool in _controller(os.getpid()).lib_controllers:
        if hasattr(pool, "clear_controlling_thread"):
            pool.clear_controlling_thread(force=True)


@lru_cache(maxsize=1)
def _controller(pid):
    return ThreadpoolController()


one_blas_thread = OneBlasThread()
