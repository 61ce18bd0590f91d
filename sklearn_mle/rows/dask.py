"""Rows on the workers of a Dask cluster: blocks stay where they are, each worker adds its own in one task a pass."""

from functools import cached_property

import numpy as np
from scipy import sparse

from ..design import Block, Centred
from .base import SAMPLE, Rows, block_length
from .threads import one_blas_thread


def join(sums, node, part):
    """Put the sum `part` of a subtree (height, number) of blocks among `sums`, joined with its sibling's, and so on.

    In whatever order the parts come, they end as the complete subtrees that `fold` makes of all blocks in their order.
    """
    height, number = node
    while (height, number ^ 1) in sums:
        sibling = sums.pop((height, number ^ 1))
        part = sibling + part if number & 1 else part + sibling
        height, number = height + 1, number >> 1
    sums[height, number] = part


class Partition:
    """A block that stays on a worker, of a size that Dask can see."""

    def __init__(self, block):
        self.block = block

    def __sizeof__(self):
        X = getattr(self.block.X, "X", self.block.X)
        stored = (X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,)
        return sum(getattr(array, "nbytes", 0) for array in (*stored, self.block.y, self.block.weight))


class DaskRows:
    """A table in partitions on the workers of a Dask cluster; what is asked of it is what is asked of `Rows`.

    Parameters
    ----------
    client : distributed.Client
    futures : list of Future
        Of one `Partition` each, in the order of the rows. If a worker is lost, Dask makes its partitions again.
    lengths, firsts : arrays of int
        Rows of each partition, and the number of the first of them.
    n : int
        Rows of the table; those of no partition have weight 0.
    width : float
        Numbers that a row of X stores.
    K : int
        Number of linear predictors, for the size of blocks.
    homes : list of (worker, array of int), optional
        Which partitions a worker adds up; default: those that it has.
    """

    def __init__(self, client, futures, lengths, firsts, n, width, K, homes=None):
        self.client, self.futures, self.lengths, self.firsts = client, futures, lengths, firsts
        self.n, self.width, self.K = n, width, K
        self.homes = self._at_home() if homes is None else homes
        # Pieces of a partition, as blocks of other tables, for the processor's cache; and the number of the first.
        self.length = block_length(width, K)
        pieces = -(-lengths // self.length)
        self.numbers = np.cumsum(pieces) - pieces

    def _at_home(self):
        """Pairs of a worker and of partitions that it has, one for each of its threads."""
        from distributed import wait

        wait(self.futures)
        where, threads = self.client.who_has(self.futures), self.client.nthreads()
        found = {}
        for i, future in enumerate(self.futures):
            found.setdefault(next(iter(where.get(future.key, ())), None), []).append(i)
        return [
            (home, run)
            for home, mine in found.items()
            for run in np.array_split(mine, threads.get(home, 1))
            if len(run)
        ]

    def __len__(self):
        return self.n

    @property
    def block(self):
        """There is none: all rows in one block are what the workers share."""
        raise TypeError("This needs all rows on one machine; they are on Dask's workers: call compute() on X and y.")

    # --- what becomes of the rows on their workers ---

    def sum(self, step, *args):
        """The sum of step(block, *args) over the blocks, the same bits whoever adds: one task a worker and thread."""
        sums = {}
        for _, some in self._each(_added, self.numbers, self.length, step, args):
            for node, part in some.items():
                join(sums, node, part)
        total = None
        for _, part in sorted(sums.items()):  # the lowest subtree is that of the last blocks
            total = part if total is None else part + total
        return total

    def map(self, step, *args):
        """The same rows, each partition as step(block, *args): made once, and kept on its worker."""
        futures = list(self.futures)
        for home, mine in self.homes:
            new = self.client.map(
                _mapped,
                [self.futures[i] for i in mine],
                step=step,
                args=args,
                pure=False,
                workers=home,
                allow_other_workers=True,
            )
            for i, future in zip(mine, new, strict=True):
                futures[i] = future
        return self._with(futures)

    def _with(self, futures, **changes):
        fixed = {"n": self.n, "width": self.width, "K": self.K, "homes": self.homes, **changes}
        return DaskRows(self.client, futures, self.lengths, self.firsts, **fixed)

    def _each(self, task, of_partitions, *args):
        """For each worker the numbers of its partitions, and task(partitions, their `of_partitions`, *args)."""
        futures = [
            self.client.submit(
                _at_worker,
                task,
                [self.futures[i] for i in mine],
                [of_partitions[i] for i in mine],
                *args,
                pure=False,
                workers=home,
                allow_other_workers=True,
            )
            for home, mine in self.homes
        ]
        try:
            workers, results = zip(*self.client.gather(futures), strict=True)
        except BaseException:  # Ctrl-C, too
            self.client.cancel(futures)
            raise
        homes = self.homes
        if any(worker != home for worker, (home, _) in zip(workers, homes, strict=True)):
            self.homes = self._at_home()  # a worker was lost, and others have its partitions now
        return [(mine, result) for (_, mine), result in zip(homes, results, strict=True)]

    def _in_order(self, task, of_partitions, *args):
        """What each worker says of each of its partitions, in the order of the rows."""
        found = [None] * len(self.futures)
        for mine, results in self._each(task, of_partitions, *args):
            for i, result in zip(mine, results, strict=True):
                found[i] = result
        return found

    def cut(self, K):
        """The same rows in blocks for so many linear predictors."""
        return self._with(self.futures, K=K)

    def centred(self, origin):
        """The same rows with X - origin for X."""
        return self.map(_centred, origin)

    def columns_only(self, which):
        """The same rows with these columns (boolean) of X."""
        rows = self.map(_columns_only, which)
        return rows._with(rows.futures, width=self.width * which.mean())

    # --- what is known of them here ---

    @cached_property
    def _kind(self):
        """What all partitions have in common with the first: weights, an X of float32, offsets that vary."""
        return self.client.submit(_kind, self.futures[0], pure=False).result()

    @property
    def weighted(self):
        """Whether some row may count otherwise than once."""
        return self._kind[0]

    @property
    def single(self):
        """Whether X is an array of float32."""
        return self._kind[1]

    def varying_offset(self, predictors):
        """Whether any of these linear predictors (a slice) has an offset that varies over the rows."""
        return any(self._kind[2][predictors])

    @cached_property
    def total(self):
        """s, the sum of the weights."""
        return float(self.sum(_weight)) if self.weighted else float(len(self))

    @cached_property
    def _counts(self):
        """The number of rows of positive weight in each partition."""
        if not self.weighted:
            return self.lengths
        return np.array(self._in_order(_counted, self.lengths))

    @property
    def n_counting(self):
        """The number of rows of positive weight: all others influence nothing."""
        return int(self._counts.sum())

    def counting(self, at):
        """The numbers of the rows that are in these places among those of positive weight."""
        if not self.weighted:
            return at
        return np.concatenate(self._in_order(_counting, self.firsts))[at]

    def sample(self, n=SAMPLE):
        """At most n rows of positive weight at equal strides, gathered here; all rows if there are no more."""
        if len(self) <= n:
            places = [None] * len(self.futures)
        else:
            at = np.linspace(0, self.n_counting - 1, min(n, self.n_counting)).astype(np.intp)
            ends = np.cumsum(self._counts)
            where = np.searchsorted(ends, at, side="right")
            places = [at[where == i] - (ends[i] - self._counts[i]) for i in range(len(ends))]
        return Rows(_stacked(self._in_order(_taken, places)), self.K)

    def batches(self, n, rng):
        """None: a mini-batch would travel for longer than a worker takes for a pass."""
        raise TypeError(NO_STEPS)

    split = batches


NO_STEPS = (
    "SGD makes its steps on this machine; the rows are on Dask's workers. Use solver='auto', or partial_fit with one "
    "partition after the other: model.partial_fit(X.partitions[i].compute(), y.partitions[i].compute())."
)


# What a worker does with partitions: functions of the module, so that it can import them.


def _at_worker(task, *args):
    from distributed import get_worker

    return get_worker().address, task(*args)


def _added(partitions, numbers, length, step, args):
    sums = {}
    with one_blas_thread, np.errstate(all="ignore"):
        for partition, number in zip(partitions, numbers, strict=True):
            block = partition.block
            for k, i in enumerate(range(0, len(block), length)):
                join(sums, (0, int(number) + k), step(block[i : i + length], *args))
    return sums


def _mapped(partition, step, args):
    with one_blas_thread, np.errstate(all="ignore"):
        return Partition(step(partition.block, *args))


def _centred(block, origin):
    return Block(Centred(block.X, origin), block.y, block.weight, block.offset, block.first)


def _columns_only(block, which):
    return Block(block.X[:, which], block.y, block.weight, block.offset, block.first)


def _kind(partition):
    block = partition.block
    varying = [np.ndim(row) > 0 for row in block.offset] if isinstance(block.offset, list) else []
    single = isinstance(block.X, np.ndarray) and block.X.dtype == np.float32
    return block.weight is not None, single, varying


def _weight(block):
    return np.sum(block.weight)


def _counted(partitions, lengths):
    return [np.count_nonzero(partition.block.weight) for partition in partitions]


def _counting(partitions, firsts):
    return [first + np.flatnonzero(partition.block.weight) for partition, first in zip(partitions, firsts, strict=True)]


def _taken(partitions, places):
    return [_rows(partition.block, at) for partition, at in zip(partitions, places, strict=True)]


def _rows(block, at):
    if at is None:
        return block
    return block[at if block.weight is None else np.flatnonzero(block.weight)[at]]


def _stacked(blocks):
    """One block of the rows of several."""
    first = blocks[0]
    columns = {name: [getattr(block, name) for block in blocks] for name in ("y", "weight")}
    columns = {name: None if parts[0] is None else np.concatenate(parts) for name, parts in columns.items()}
    offset = first.offset
    if isinstance(offset, list):
        rows = zip(*(block.offset for block in blocks), strict=True)
        offset = [np.concatenate(row) if np.ndim(row[0]) else row[0] for row in rows]
    return Block(_together([block.X for block in blocks]), columns["y"], columns["weight"], offset)


def _together(tables):
    if isinstance(tables[0], np.ndarray):
        return np.concatenate(tables)
    if isinstance(tables[0], Centred):
        return Centred(_together([table.X for table in tables]), tables[0].origin)
    return sparse.vstack(tables, format="csr")
