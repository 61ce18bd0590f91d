"""The table that a user hands over, as arrays of finite numbers, or the error that names the first other entry."""

import reprlib
import sys
from decimal import Decimal
from numbers import Rational, Real

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import column_or_1d, validate_data

from ..design import row_slices
from ..rows import Batches, ColumnOnDisk, in_parts, on_disk, unwatched
from .history import watch

NUMBERS = "biuf"  # the kinds of dtype that hold real numbers
PART = 2**20  # numbers that are checked at once


def check_X(model, X, reset):
    """X, dense or csr, of finite numbers, with the columns of the fit (with `reset`: learnt from it)."""
    if isinstance(X, Batches):
        raise TypeError(f"{X!r} is many tables: call this for one at a time, `for X, y, weight in batches: ...`.")
    if in_parts(X):
        raise TypeError(
            f"X is {reprlib.repr(X)}: no table in one piece. fit takes tables in parts as Batches: "
            "Batches(function), of the function that makes a generator of (X, y), or Batches(source, y=...), of a "
            "path, a pyarrow Dataset or a polars LazyFrame."
        )
    X = numeric(X, "X")
    names = column_names(X)
    if on_disk(X) and np.ndim(X) == 2 and len(X) and X.dtype not in (np.float64, np.float32):
        X = floats_on_disk(X, watch(model.verbose, "copy of X"))
    options = {"accept_sparse": "csr", "dtype": [np.float64, np.float32], "ensure_all_finite": False}
    X = validate_data(model, X, reset=reset, **options)
    return demand_finite(X, "X", names, type(model).__name__, watch=watch(model.verbose, "check of X"))


def floats_on_disk(X, watch):
    """The numbers of a memory map as floats, in a temporary file."""
    column, done = ColumnOnDisk(), watch(len(X))
    for rows in row_slices(*X.shape, PART):
        column.append(X[rows].astype(float))
        done(rows.stop - rows.start)
    return column.array()


def check_numbers(y, name, owner, columns=1, infinite=False):
    """y as floats, shape (n,), or (n, m) where it may have several `columns`; infinite ones only where `infinite`."""
    names = column_names(y)
    y = numeric(demand(y, name, owner), name)
    y = check_array(y, ensure_2d=False, dtype=np.float64, order="C", ensure_all_finite=False, input_name=name)
    y = column_or_1d(y, input_name=name, warn=True) if columns == 1 else y
    return demand_finite(y, name, names, owner, infinite)


def is_dask(table):
    """Whether it is one of Dask's collections; Dask is not imported for that."""
    return type(table).__module__.partition(".")[0] in ("dask", "dask_expr")


def demand_here(table, name):
    """A TypeError if it is one of Dask's collections: numpy would fetch all of it, silently."""
    if is_dask(table):
        raise TypeError(
            f"{name} is a collection of Dask, and this needs all rows on one machine: pass {name}.compute(), or one "
            "partition after the other."
        )


def check_length(y, n):
    """y itself, or a ValueError unless it has n rows."""
    if len(y) != n:
        raise ValueError(f"y has {len(y)} rows, X has {n}: each row of X needs one.")
    return y


def demand(y, name, owner):
    """y itself, or a ValueError if it is None."""
    if y is None:
        raise ValueError(f"{owner} requires {name} to be passed, but the target {name} is None.")
    return y


def numeric(table, name):
    """The table itself (a list: as an array) if all that is in it are real numbers or None.

    A conversion would take "1.5" for a number, a date for its nanoseconds, and what is under a mask for data.
    """
    demand_here(table, name)
    names = column_names(unmasked(table, name))
    if names is not None:
        for j, dtype in enumerate(table.dtypes):
            if getattr(dtype, "kind", "O") not in NUMBERS:
                column = table.iloc[:, j] if hasattr(table, "iloc") else table[:, j]
                demand_real(np.asarray(column), name, lambda at, j=j: entry(name, (*at, j), names))
        return table
    if getattr(getattr(table, "dtype", None), "kind", "O") in NUMBERS:
        return table
    values = table.tocoo().data if sparse.issparse(table) else as_array(table, name)
    if values.dtype.kind in "US" and not hasattr(table, "dtype"):
        values = np.asarray(table, dtype=object)  # as written: np.asarray([1, "a"]) makes strings of both
    demand_real(values, name, lambda at: entry(name, cell(table, at), None))
    return table if hasattr(table, "dtype") else values


def unmasked(table, name):
    """The table itself, or a ValueError that names the first masked entry."""
    if np.ma.is_masked(table):
        at = first(np.ma.getmaskarray(table))
        raise ValueError(f"{entry(name, at, None)} is masked: drop such rows, or fill them first.")
    return table


def as_array(table, name):
    """np.asarray with an error that names the first row of another length."""
    try:
        return np.asarray(table)
    except ValueError:
        lengths = [np.size(row) for row in table]
        for i, length in enumerate(lengths):
            if length != lengths[0]:
                text = f"{name} is no table: row {i} has {length} entries, row 0 has {lengths[0]}."
                raise ValueError(text) from None
        raise


def demand_real(values, name, place):
    """An error that names, by `place` of its index, the first entry that is neither a real number nor None."""
    kind = values.dtype.kind
    if kind in NUMBERS or not values.size:
        return
    if kind == "c":
        i = first(values.imag != 0)
        raise ValueError(f"Complex data not supported. {place(i)} is {values[i]}: pass real numbers.")
    for i, value in enumerate(values.ravel() if kind in "mM" else values.ravel().tolist()):
        real, text = isinstance(value, (Real, Decimal, np.bool_)) and kind != "m", isinstance(value, (str, bytes))
        large = real and isinstance(value, Rational) and not -sys.float_info.max <= value <= sys.float_info.max
        if value is None or (real and not large):
            continue
        where = place(np.unravel_index(i, values.shape))
        if large:
            raise ValueError(f"{where} is infinity or a value too large for dtype('float64'). Rescale it.")
        if is_missing(value):
            raise ValueError(f"Input {name} contains NaN. {where} is {value}: drop such rows, or fill them first.")
        shown = value if kind in "mM" else reprlib.repr(value)
        # "argument must be ... string ... number" are numpy's own words, which scikit-learn's checks look for.
        raise (ValueError if text else TypeError)(
            f"{where} is {shown}: an entry of this argument must be real; no string or object is taken for a number. "
            "Convert it (astype(float)), or encode it (sklearn.preprocessing)."
        )


def is_missing(value):
    """Whether it is None, NaN, or what pandas and numpy write for them: NA and NaT."""
    return value is None or (not isinstance(value, str) and str(value) in ("nan", "<NA>", "NaT"))


def demand_finite(values, name, names, owner, infinite=False, watch=unwatched):
    """The values themselves, or a ValueError that names the first NaN, or (unless `infinite`) infinite one."""
    numbers = values.data if sparse.issparse(values) else values
    done = watch(len(numbers))
    for rows in row_slices(len(numbers), max(1, numbers[:1].size), PART):
        part = numbers[rows]
        with np.errstate(all="ignore"):
            finite = np.isfinite(np.sum(part))  # without any array: what is wrong is sought only where something is
        if not finite:
            bad = np.isnan(part) if infinite else ~np.isfinite(part)
            if bad.any():
                break
        done(len(part))
    else:
        return values
    i, *rest = first(bad)
    at = (rows.start + i, *rest)
    what = "NaN" if np.isnan(numbers[at]) else f"infinity or a value too large for {values.dtype!r}"
    raise ValueError(
        f"Input {name} contains {what}. {entry(name, cell(values, at), names)} is {numbers[at]}: {owner} needs finite "
        "numbers. Drop such rows, or fill them first (sklearn.impute)."
    )


def first(bad):
    """The index of the first true entry, (0, ...) if none is."""
    return tuple(map(int, np.unravel_index(np.argmax(bad), bad.shape)))


def cell(table, at):
    """Row and column of a sparse table's stored number `at`; an array's index itself."""
    if not sparse.issparse(table):
        return at
    entries = table.tocoo()
    return int(entries.row[at]), int(entries.col[at])


def entry(name, at, names):
    """How messages name an entry: y[3], or its column and row where there are several columns."""
    if len(at) == 2:
        return f"Column {label(at[1], names)} of {name} in row {at[0]}"
    return "".join([name, *(f"[{i}]" for i in at)])


def column_names(table):
    """The names of a frame's columns, or None."""
    names = getattr(table, "columns", None)
    return None if names is None or not hasattr(table, "dtypes") else list(names)


def label(column, names):
    """How messages name a column."""
    return column if names is None else repr(str(names[column]))
