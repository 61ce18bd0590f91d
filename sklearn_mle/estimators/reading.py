"""From what a user hands over to a block of checked columns: a table in one piece, a memory map, or batches."""

import numpy as np
from scipy import sparse

from ..design import Block, coded
from ..rows import Batches, ColumnOnDisk, CsrOnDisk, on_disk
from .history import watch
from .table import check_length, check_X, demand
from .weights import Total, check_weight, nonnegative

# Rows of a memory map that are checked at once.
PART = 2**16


def read(model, target, X, y, weight, reset):
    """The block of all rows: X of finite numbers, y as `target` reads it, weights that are None or >= 0.

    Parameters
    ----------
    model : BaseMLE
        With `reset` it learns the columns of X.
    target : Numbers or Labels
    X, y, weight
        What `fit` received.
    reset : bool
    """
    if isinstance(X, Batches):
        demand_alone(y, weight)
        return _from_batches(model, target, X, reset)
    X = check_X(model, X, reset)
    return read_target(target, X if on_disk(X) else coded(X), y, weight)


def demand_alone(y, weight):
    """A ValueError if y or weights are given beside batches."""
    for name, given in (("y", y), ("sample_weight", weight)):
        if given is not None:
            raise ValueError(f"{name} comes with the batches, as their second and third: pass the batches alone.")


def read_target(target, X, y, weight):
    """The block of rows whose X is checked already."""
    n = X.shape[0]
    if not (isinstance(y, np.ndarray) and (on_disk(X) or on_disk(y))):
        weight = check_weight(weight, n)
        return Block(X, target.read(y, weight, n), weight)
    if weight is not None and not isinstance(weight, np.ndarray):
        weight = check_weight(weight, n)
    check_length(y, n)
    try:
        return _from_map(target, X, y, weight)
    except (TypeError, ValueError):
        target.read(y, check_weight(weight, n), n)  # of the whole table: what it raises names the row
        raise


def _from_map(target, X, y, weight):
    """The block of a table in memory maps: they stay where they are, and are looked at part by part."""
    n = X.shape[0]
    ys, weights, total = ColumnOnDisk(y), ColumnOnDisk(weight), Total()
    parts = [slice(i, min(i + PART, n)) for i in range(0, n, PART)]
    if weight is not None:
        for rows in parts:
            part = nonnegative(weight[rows], rows.stop - rows.start)
            weights.append(part)
            total += Total(part.sum(), part.max())
        total.demand()
        weight = weights.array()
        i = next(rows.start + int(np.argmax(weight[rows] > 0)) for rows in parts if weight[rows].any())
        target.read(y[i : i + 1], None, 1, i)  # what rows of weight 0 before it stand in for
    for rows in parts:
        part_weight = None if weight is None else weight[rows]
        ys.append(target.read(y[rows], part_weight, rows.stop - rows.start, rows.start))
    return Block(X, ys.array(), weight)


def _from_batches(model, target, batches, reset):
    """The block of all batches, whose numbers are written to temporary files."""
    X, y, weight, total = None, ColumnOnDisk(), ColumnOnDisk(), Total()
    weighted, last, end, done = None, None, 0, watch(model.verbose, "batches")(None)
    for number, *batch in batches.numbered():
        try:
            part = check_X(model, batch[0], reset and last is None)
            n, is_sparse = part.shape[0], sparse.issparse(part)
            if last is None:
                X, weighted = CsrOnDisk() if is_sparse else ColumnOnDisk(), batch[2] is not None
            demand_alike("X", "sparse", is_sparse, isinstance(X, CsrOnDisk))
            demand_alike("the weight", "there", batch[2] is not None, weighted)
            last, first, end = number, end, end + n
            done(n)
            part_weight = nonnegative(batch[2], n) if weighted else None
            if weighted:
                total += Total(part_weight.sum(), part_weight.max())
                if total.most == 0:
                    continue  # no row so far counts
            part_y = target.read(demand(batch[1], "y", type(model).__name__), part_weight, n, first)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"Batch {number}: {error}") from None
        X.append(part)
        y.append(part_y)
        if weighted:
            weight.append(part_weight)
    if weighted:
        total.demand()
    return Block(X.array(), y.array(), weight.array() if weighted else None)


def demand_alike(name, what, here, first):
    """A ValueError unless a property of a batch, true or not, is that of the first batch."""
    if here != first:
        raise ValueError(f"{name} is {'' if here else 'not '}{what}, in the first batch it is{' not' if here else ''}.")
