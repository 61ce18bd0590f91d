"""Dask's collections as tables: read where they are, and answered partition by partition."""

from dataclasses import dataclass, replace
from functools import wraps
from numbers import Real

import numpy as np
from scipy import sparse

from ..design import Block
from ..rows import Batches
from ..rows.dask import DaskRows, Partition
from .progress import unfollowed_copy
from .reading import demand_alone
from .table import check_X, demand, is_dask
from .weights import Total, nonnegative

# Names that columns of y and weights have while they travel with those of X.
Y, WEIGHT = "sklearn_mle y ", "sklearn_mle weight"


def cluster():
    """The client of Dask's cluster that fits run on."""
    from distributed import get_client

    try:
        return get_client()
    except ValueError:
        text = "There is no Dask cluster to work on: `client = distributed.Client()` starts one on this machine."
        raise ValueError(text) from None


# --- the partitions of a table ------------------------------------------------------------------------------------


def partitions(X, y=None, weight=None):
    """A list of delayed triples (X, y, weight), one for each partition of the rows, and their lengths where known."""
    from dask import delayed

    columns = {"y": y, "sample_weight": weight}
    if not is_dask(X):
        name = next(name for name, column in columns.items() if is_dask(column))
        raise TypeError(f"{name} is a collection of Dask, X is none: both are, or neither (`compute()` makes it one).")
    if hasattr(X, "divisions"):
        return _of_frame(X, columns)
    if X.ndim != 2 or X.numblocks[1] > 1:
        raise ValueError(
            f"X has the shape {X.shape} in chunks {X.chunks}: a table has two dimensions, and each row lies in one "
            "chunk. Call X = X.rechunk({1: -1}), which leaves the columns together."
        )
    tables = X.to_delayed().ravel().tolist()
    parts = [_column(name, column, X.chunks[0]) for name, column in columns.items()]
    return [delayed(tuple)(list(part)) for part in zip(tables, *parts, strict=True)], X.chunks[0]


def _column(name, column, lengths):
    """The parts of y or of weights, for partitions of X that have these lengths."""
    known = not np.isnan(lengths).any()
    if column is None or isinstance(column, Real):
        return [column] * len(lengths)
    if hasattr(column, "chunks"):
        theirs = column.chunks[0]
        both = known and not np.isnan(theirs).any()
        if both and sum(theirs) != sum(lengths):
            raise ValueError(f"{name} has {sum(theirs)} rows, X has {sum(lengths)}: each row of X needs one.")
        column = column.rechunk({0: lengths if both else theirs, **dict.fromkeys(range(1, column.ndim), -1)})
        parts = column.to_delayed().ravel().tolist()
    elif hasattr(column, "to_delayed"):
        parts = column.to_delayed()
    elif not known:
        raise ValueError(
            f"{name} is no collection of Dask, and the chunks of X have unknown lengths, so that it cannot be divided "
            f"like X: make it one (dask.array.from_array), or call X.compute_chunk_sizes() first."
        )
    else:
        ends = np.cumsum(lengths)
        if len(column) != ends[-1]:
            raise ValueError(f"{name} has {len(column)} rows, X has {ends[-1]}: each row of X needs one.")
        rows = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        return [column.iloc[part] if hasattr(column, "iloc") else column[part] for part in rows]
    if len(parts) != len(lengths):
        raise ValueError(f"{name} has {len(parts)} partitions, X has {len(lengths)}: divide both alike.")
    return parts


def _of_frame(X, columns):
    """Of a data frame: one expression with all columns in it, since Dask may divide two in different ways."""
    from dask import delayed

    joined, within = X, {}
    for key, (name, column) in zip((Y, WEIGHT), columns.items(), strict=True):
        if hasattr(column, "divisions"):
            labels = list(column.columns) if column.ndim == 2 else [column.name]
            keys = [f"{key}{j}" for j in range(len(labels))]
            series = [column[label] for label in labels] if column.ndim == 2 else [column]
            joined = joined.assign(**dict(zip(keys, series, strict=True)))
            within[name] = keys, labels, column.ndim
    tables = joined.to_delayed()
    lengths = (np.nan,) * len(tables)
    apart = [_column(name, None if name in within else column, lengths) for name, column in columns.items()]
    divide = delayed(_divided, pure=False)
    parts = [divide(table, list(X.columns), within, others) for table, *others in zip(tables, *apart, strict=True)]
    return parts, lengths


def _divided(table, names, within, others):
    """X, y and weight of a partition, those `within` its frame and the others."""
    found = dict(zip(("y", "sample_weight"), others, strict=True))
    for name, (keys, labels, ndim) in within.items():
        found[name] = table[keys].set_axis(labels, axis=1) if ndim == 2 else table[keys[0]].rename(labels[0])
    return table[names], *found.values()


# --- fit ----------------------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What a worker says of the partition that it has read, or the error that it met."""

    n: int = 0
    stored: int = 0
    target: object = None
    total: Total | None = None
    columns: dict | None = None
    error: Exception | None = None


class Read:
    """A partition that has been read, and the report of it."""

    def __init__(self, block, report):
        self.block, self.report = block, report

    def __sizeof__(self):
        return 0 if self.block is None else Partition(self.block).__sizeof__()


def read_partitions(model, target, X, y, weight, reset):
    """The rows of a Dask collection, checked by the workers that have them; see `reading.read`."""
    from dask import delayed

    client = cluster()
    demand(y, "y", type(model).__name__)
    parts, _ = partitions(X, y, weight)
    alone = delayed(unfollowed_copy(model), traverse=False)
    as_it_is, read = delayed(target, traverse=False), delayed(_read, pure=False)
    tasks = [read(part, alone, as_it_is, reset) for part in parts]
    futures = _computed(client, tasks, X)
    reports = client.gather(client.map(_report, futures, pure=False))
    first, firsts, places, total, kept = 0, [], [], Total(), []
    for i, report in enumerate(reports):
        if report.error is not None:
            kind = TypeError if isinstance(report.error, TypeError) else ValueError
            raise kind(f"In partition {i} of X, where rows count from {first}: {report.error}")
        firsts.append(first)
        counts = report.n > 0 and (report.total is None or report.total.most > 0)
        places.append(target.join(report.target, first) if counts else None)
        first += report.n
        if counts:
            kept.append(i)
        if report.total is not None:
            total += report.total
        if report.columns is not None and reset and not hasattr(model, "n_features_in_"):
            vars(model).update(report.columns)
    if not first:
        raise ValueError("Found no rows (0 sample(s)) in any partition of X.")
    if weight is not None:
        total.demand()
    placed = [client.submit(_placed, futures[i], firsts[i], places[i], pure=False) for i in kept]
    lengths, firsts = np.array([reports[i].n for i in kept]), np.array([firsts[i] for i in kept])
    width = sum(reports[i].stored for i in kept) / lengths.sum()
    return DaskRows(client, placed, lengths, firsts, first, width, 1)


def _computed(client, tasks, X):
    """Futures of the tasks, each where its partition of X is; neighbours on one worker where X is nowhere yet."""
    homes, futures = _homes(client, X, len(tasks)), [None] * len(tasks)
    for home in dict.fromkeys(homes):
        mine = [i for i, other in enumerate(homes) if other == home]
        found = client.compute([tasks[i] for i in mine], workers=home, allow_other_workers=home is not None)
        for i, future in zip(mine, found, strict=True):
            futures[i] = future
    return futures


def _homes(client, X, n):
    """The worker of each of the n partitions of X, None where Dask is to choose."""
    from dask.core import flatten
    from distributed import futures_of, wait

    futures = futures_of(X)
    if not futures:
        workers = list(client.nthreads())
        return [workers[i * len(workers) // n] for i in range(n)]
    wait(futures)
    where, keys = client.who_has(futures), list(flatten(X.__dask_keys__()))
    if len(keys) != n:  # y has other divisions, and Dask divides both anew
        return [None] * n
    return [next(iter(where.get(key, ())), None) for key in keys]


def _read(part, model, target, reset):
    X, y, weight = part
    if not X.shape[0]:
        return Read(None, Report())
    report = Report(n=X.shape[0])
    try:
        X = check_X(model, X, reset)
        total = None
        if weight is not None:
            weight = nonnegative(weight, report.n)
            total = Total(weight.sum(), weight.max(initial=0.0))
        block = None
        if total is None or total.most > 0:
            y = target.read(y, weight, report.n)
            # What came through the network is not aligned, and BLAS would copy it in every pass.
            X = np.require(X, requirements=["C", "A"]) if isinstance(X, np.ndarray) else X
            block = Block(X, y, weight)
    except (TypeError, ValueError) as error:
        return Read(None, replace(report, error=error))
    columns = {name: value for name, value in vars(model).items() if name in ("n_features_in_", "feature_names_in_")}
    stored = X.nnz if sparse.issparse(X) else X.shape[0] * X.shape[1]
    return Read(block, replace(report, stored=stored, target=target, total=total, columns=columns))


def _report(read):
    return read.report


def _placed(read, first, place):
    block = read.block
    return Partition(replace(block, first=first, y=block.y if place is None else place[block.y]))


# --- prediction ---------------------------------------------------------------------------------------------------


def by_partition(method):
    """A method of X, and perhaps y, that answers a collection of Dask with one: row by row, when it is computed."""

    @wraps(method)
    def answer(self, X, *args, **kwargs):
        if not is_dask(X):
            return method(self, X, *args, **kwargs)
        from dask import array, delayed

        columns = [column for column in args if is_dask(column)]
        parts, lengths = partitions(X, *columns)
        if columns:
            shape, dtype = (), np.dtype(float)
        else:
            like = np.asarray(method(self, _any_row(X), *args, **kwargs))
            shape, dtype = like.shape[1:], like.dtype
        others = [None if is_dask(column) else column for column in args]
        model, task = delayed(unfollowed_copy(self), traverse=False), delayed(_answer, pure=False)
        blocks = [
            array.from_delayed(task(model, method.__name__, part, others, kwargs), (length, *shape), dtype)
            for part, length in zip(parts, lengths, strict=True)
        ]
        return array.concatenate(blocks)

    return answer


def _any_row(X):
    """A row with the columns of X."""
    row = np.ones((1, X.shape[1]))
    if not hasattr(X, "columns"):
        return row
    return type(X._meta)(row, columns=X.columns)


def _answer(model, name, part, others, kwargs):
    X, *columns = part
    columns = iter(columns)
    args = [next(columns) if other is None else other for other in others]
    return getattr(model, name)(X, *args, **kwargs)


def computed(*tables):
    """The tables, those of Dask fetched from where they are."""
    if not any(map(is_dask, tables)):
        return tables
    from dask import compute

    return compute(*tables)


def mean_by_partition(rows, X, y, weight):
    """The weighted mean of rows(X, y), one number a row, computed partition by partition, or batch by batch."""
    if isinstance(X, Batches):
        demand_alone(y, weight)
        found = [_sums(rows, batch) for batch in X]
    else:
        from dask import compute, delayed

        task = delayed(_sums, pure=False)
        found = compute(*[task(rows, part) for part in partitions(X, y, weight)[0]])
    score, total = np.sum(found, axis=0)
    Total(total, total).demand()
    return float(score / total)


def _sums(rows, part):
    X, y, weight = part
    if hasattr(X, "shape") and not X.shape[0]:
        return 0.0, 0.0
    scores = rows(X, y)
    weight = np.ones(len(scores)) if weight is None else nonnegative(weight, len(scores))
    return scores[weight > 0] @ weight[weight > 0], weight.sum()
