"""A table on this machine, in memory or in a memory map: its blocks, and one fixed tree of sums over them."""

from dataclasses import replace
from functools import cached_property
from threading import Event

import numpy as np
from scipy import sparse

from ..design import Centred
from .storage import Column, ColumnOnDisk, CsrOnDisk, on_disk
from .threads import pool, results

SAMPLE = 4096
# A mini-batch comes from at least so many places; what lies together in each is at most RUN numbers, 16 KiB: shorter
# runs are bound by latency.
PLACES, RUN = 32, 2**11


def block_length(p, K):
    """Rows of a block, p numbers each: the power of two that makes it about 10 MiB, 2^16 rows at p = 20.

    Two such fit into a cache of 32 MiB. In shorter ones threads would wait for each other: every step of numpy hands
    over the interpreter's lock, which takes as long as the step does on 2^13 numbers.
    """
    return 2 ** int(np.clip(np.round(np.log2(2**16 * 21 / (p + K))), 6, 17))


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


def unwatched(n):
    """A pass that nobody watches."""
    return _ignore


def _ignore(n):
    pass


class Rows:
    """A table in memory or in memory maps, cut into blocks once.

    Parameters
    ----------
    block : Block
        All rows.
    K : int
        Number of linear predictors, for the size of blocks.
    n_threads : int
    watch : callable
        ``watch(n)``, called as a pass over n rows begins, returns what is called with the number of rows of each block
        that is done.
    """

    def __init__(self, block, K, n_threads=1, watch=unwatched):
        self.block, self.K, self.n_threads, self.watch = block, K, n_threads, watch
        self.on_disk = on_disk(block.X) or on_disk(block.y)
        n, p = block.X.shape
        self._width = getattr(block.X, "nnz", n * p) / max(n, 1)  # sparse: what a row stores
        length = block_length(self._width, K)
        self.blocks = [block[i : i + length] for i in range(0, len(block), length)]

    @property
    def weighted(self):
        """Whether some row may count otherwise than once."""
        return self.block.weight is not None

    @property
    def single(self):
        """Whether X is an array of float32."""
        return isinstance(self.block.X, np.ndarray) and self.block.X.dtype == np.float32

    @cached_property
    def total(self):
        """s, the sum of the weights."""
        return float(self.sum(_weight)) if self.weighted else float(len(self))

    def __len__(self):
        return len(self.block)

    def varying_offset(self, predictors):
        """Whether any of these linear predictors (a slice) has an offset that varies over the rows."""
        offset = self.block.offset
        return isinstance(offset, list) and any(np.ndim(row) > 0 for row in offset[predictors])

    def sum(self, step, *args):
        """The sum of step(block, *args) over the blocks, the same bits whoever adds."""
        ended, done = Event(), self.watch(len(self))

        def parts(blocks):
            for block in blocks:
                if ended.is_set():
                    return
                yield step(block, *args)
                done(len(block))

        def add(blocks):
            with np.errstate(all="ignore"):  # of this thread: values may be inf, and what becomes of them is ours
                return fold(parts(blocks))

        if self.n_threads == 1 or len(self.blocks) == 1:
            return add(self.blocks)
        # Aligned runs of 2^j blocks, a few per thread: each is a complete subtree.
        run = 2 ** max(0, int(np.log2(len(self.blocks) / (4 * self.n_threads))))
        runs = [self.blocks[i : i + run] for i in range(0, len(self.blocks), run)]
        threads = pool(self.n_threads)
        try:
            return fold(results([threads.submit(add, run) for run in runs]))
        finally:
            ended.set()  # after an error or Ctrl-C no thread goes on beyond its block

    def map(self, step, *args):
        """The same rows with the y, weight and offset of step(block, *args): made once, block by block, and kept.

        What a table in memory maps is given is kept in a temporary file.
        """
        whole, done = self.block, self.watch(len(self))
        y, weight, offset = self.column(whole.y), self.column(whole.weight), {}
        for block in self.blocks:
            block = step(block, *args)
            y.append(block.y)
            if block.weight is not None:
                weight.append(block.weight)
            if isinstance(block.offset, list):
                for k, row in enumerate(block.offset):
                    if np.ndim(row):
                        offset.setdefault(k, self.column()).append(row)
            done(len(block))
        weight = None if block.weight is None else weight.array()
        if offset:  # the last block shows which predictors have none
            rows = [offset[k].array() if k in offset else row for k, row in enumerate(block.offset)]
        else:
            rows = block.offset
        return self._with(replace(whole, y=y.array(), weight=weight, offset=rows))

    def column(self, whole=None):
        """An empty column that is kept where the rows are: in memory, or in a file."""
        return ColumnOnDisk(whole) if self.on_disk else Column(whole)

    def cut(self, K):
        """The same rows in blocks for so many linear predictors."""
        return Rows(self.block, K, self.n_threads, self.watch)

    def sample(self, n=SAMPLE):
        """At most n rows of positive weight at equal strides, gathered once; all rows if there are no more."""
        if len(self) <= n:
            return self
        # linspace, not a fixed step: a step that divides a period of the table would see one phase only.
        at = np.linspace(0, self.n_counting - 1, min(n, self.n_counting)).astype(np.intp)
        return Rows(self.block[self.counting(at)], self.K, self.n_threads)

    @property
    def n_counting(self):
        """The number of rows of positive weight: all others influence nothing."""
        return len(self) if self._counting is None else len(self._counting)

    def counting(self, at):
        """The numbers of the rows that are in these places among those of positive weight."""
        return at if self._counting is None else self._counting[at]

    @cached_property
    def _counting(self):
        """The numbers of the rows of positive weight; None if these are all."""
        if not self.weighted or self.sum(_weightless) == 0:
            return None
        numbers, first = self.column(), 0
        for block in self.blocks:
            numbers.append(first + np.flatnonzero(block.weight > 0))
            first += len(block)
        return numbers.array()

    def batches(self, n, rng):
        """One epoch: Rows of about n rows of positive weight each, every row once, in random order.

        A batch takes one short run of neighbours from each of many equal parts of the table: so it is read quickly,
        and a table sorted by y, or with a period, does no harm.
        """
        counting, done = self.n_counting, self.watch(self.n_counting)
        m = max(1, round(counting / n))
        run = max(1, min(n // PLACES, RUN // int(self._width + self.K)))
        parts = np.arange(0, -(-counting // run), m)
        runs = parts[:, None] + rng.random_sample((len(parts), m)).argsort(axis=1)
        for of_batch in runs.T:
            at = (of_batch[:, None] * run + np.arange(run)).ravel()
            at = at[at < counting]
            rows = Rows(self.block[self.counting(at)], self.K)
            # Its share of the whole weight, not its own: else light batches would count as much as heavy ones.
            rows.total = self.total * len(at) / counting
            yield rows
            done(len(at))

    def split(self, share, rng):
        """Two tables: all rows but a random share of those of positive weight, and that share, gathered once."""
        counting = self.counting(np.arange(self.n_counting))
        n = int(np.clip(round(share * len(counting)), 1, len(counting) - 1))
        held_out = np.sort(rng.permutation(counting)[:n])
        weight = np.ones(len(self)) if self.block.weight is None else self.block.weight.copy()
        weight[held_out] = 0.0  # X is not copied
        return self._with(replace(self.block, weight=weight)), self._with(self.block[held_out])

    def centred(self, origin):
        """The same rows with X - origin for X."""
        return self._with(replace(self.block, X=Centred(self.block.X, origin)))

    def columns_only(self, which):
        """The same rows with these columns (boolean) of X, gathered: in memory, or in a file if X is in one."""
        X = self.block.X
        if isinstance(X, Centred):
            return self._with(replace(self.block, X=X.X)).columns_only(which).centred(X.origin[which])
        if not on_disk(X):
            return self._with(replace(self.block, X=_columns(X, which)))
        columns, done = CsrOnDisk() if sparse.issparse(X) else ColumnOnDisk(), self.watch(len(self))
        for block in self.blocks:
            columns.append(_columns(block.X, which))
            done(len(block))
        return self._with(replace(self.block, X=columns.array()))

    def _with(self, block):
        return Rows(block, self.K, self.n_threads, self.watch)


def _columns(X, which):
    # numpy's indexing would be slower, and turn rows into columns.
    return X.compress(which, axis=1) if isinstance(X, np.ndarray) else X[:, which]


def _weight(block):
    return np.sum(block.weight)


def _weightless(block):
    return np.count_nonzero(block.weight == 0)
