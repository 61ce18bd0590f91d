"""Groups of neighbouring columns of which a row has one 1 at most, as one-hot encoders make them: found in a csr."""

import numpy as np
from scipy import sparse

from .block import dense
from .codes import Columns, Repeated

# Rows that show whether there may be groups; in a table with fewer there is little to gain.
SAMPLE = 1024
# Numbers stored in a row by group, on average, at least: below, csr has less to do.
FULL = 0.1
# Groups share one code of at most so many values.
CELLS = 1024
# Columns that are no group are kept dense where they store more than this share of their numbers.
DENSE = 0.3
# Numbers of a table that is multiplied at no cost.
SMALL = 2**16
# Rows that are looked at together stay in the cache.
TOGETHER = 2**15


def coded(X):
    """X itself; or, where it is a csr of one-hot groups and few other columns, the same as `Columns` of codes."""
    n, p = X.shape
    if not sparse.issparse(X) or n < SAMPLE or not X.nnz:
        return X
    sample = X[np.linspace(0, n - 1, SAMPLE).astype(np.intp)]
    if not (sample.data == 1).any():
        return X
    starts, ends, ones = np.zeros(1, dtype=np.intp), np.full(p, p), np.ones(p, dtype=bool)
    for table in (sample, X):  # what other rows add to the sample splits its groups, so that one pass is enough
        if not _note(table, starts, ends, ones):
            return X
        at_most = ones[sample.indices].sum() / SAMPLE / FULL
        starts = _starts(starts, ends, ones, at_most) if at_most >= 1 else None
        if starts is None:
            return X
    return _columns(X, np.split(np.arange(p), starts[1:]), ones)


def _pieces(X):
    """The rows of a csr, few at a time: which they are, and where their numbers are, rows from 0."""
    for first in range(0, X.shape[0], TOGETHER):
        indptr = X.indptr[first : first + TOGETHER + 1]
        yield slice(first, first + len(indptr) - 1), slice(indptr[0], indptr[-1]), indptr - indptr[0]


def _note(X, starts, ends, ones):
    """Lower `ends` where a row has two numbers in a group, clear `ones` where one is not 1; False if X is unsorted.

    Parameters
    ----------
    X : csr
    starts : array of shape (groups,)
        The first column of each.
    ends : array of shape (p,)
        A column that a group with this one cannot have.
    ones : boolean array of shape (p,)
    """
    group = np.repeat(np.arange(len(starts), dtype=X.indices.dtype), np.diff(starts, append=X.shape[1]))
    for _, numbers, indptr in _pieces(X):
        columns, others = X.indices[numbers], X.data[numbers] != 1
        if others.any():
            ones[columns[others]] = False
        of = group.take(columns)
        clash = np.zeros(len(of) + 1, dtype=bool)  # of a number with the one before
        np.less_equal(of[1:], of[:-1], out=clash[1:-1])
        clash[indptr] = False
        if clash.any():
            clash = np.flatnonzero(clash)
            before, after = columns[clash - 1], columns[clash]
            if (after <= before).any():
                return False
            np.minimum.at(ends, before, after)
    return True


def _starts(starts, ends, ones, at_most):
    """The first columns of the longest groups within the given ones, of which there may be `at_most`, or None.

    A column with other numbers than 1 is alone, and does not count.
    """
    p, others = len(ends), np.flatnonzero(~ones)
    alone = np.concatenate([starts, others, others + 1])
    alone = alone[(alone > 0) & (alone < p)]
    ends = ends.copy()
    ends[alone - 1] = alone
    ends = np.minimum.accumulate(ends[::-1])[::-1]
    starts = [0]
    while ends[starts[-1]] < p and len(starts) <= at_most + len(others):
        starts.append(ends[starts[-1]])
    return np.array(starts) if len(starts) <= at_most + len(others) else None


def _columns(X, groups, ones):
    """X as `Columns`: those without `ones` as they are, groups as codes, neighbours in one while it has few values."""
    n, p = X.shape
    cells, m = [], np.inf
    for group in groups:
        if ones[group[0]]:
            if m * (1 + len(group)) > CELLS:
                cells.append([])
                m = 1
            cells[-1].append(group)
            m *= 1 + len(group)
    part, worth = np.zeros((2, p), dtype=X.indices.dtype)
    for k, cell in enumerate(cells):
        m = 1
        for group in cell:
            part[group], worth[group] = k, m * np.arange(1, 1 + len(group))
            m *= 1 + len(group)
    codes = np.empty((len(cells), n), dtype=np.intp)
    for rows, numbers, indptr in _pieces(X):
        columns, shape = X.indices[numbers], (rows.stop - rows.start, len(cells))
        # Where it is made dense, scipy adds up what has the same place.
        codes[:, rows] = sparse.csr_array((worth.take(columns), part.take(columns), indptr), shape).toarray().T
    others = np.flatnonzero(~ones)
    rest = X[:, others] if len(others) else np.empty((n, 0))
    if sparse.issparse(rest) and rest.nnz > DENSE * n * len(others):
        rest = dense(rest)
    repeated = [(np.concatenate(cell), Repeated(row, _table(cell))) for row, cell in zip(codes, cells, strict=True)]
    return Columns((others, rest), repeated)


def _table(cell):
    """The columns of some groups for each code, which is made of a level of each group: 0, or the place of its 1."""
    sizes = np.array([1 + len(group) for group in cell])
    m, p = int(np.prod(sizes)), int(np.sum(sizes - 1))
    levels = np.stack(np.unravel_index(np.arange(m), sizes, order="F"))
    group, row = np.nonzero(levels)
    column = np.cumsum(sizes - 1)[group] - sizes[group] + levels[group, row]
    table = sparse.csr_array((np.ones(len(row)), (row, column)), (m, p))
    return table.toarray() if m * p <= SMALL else table
