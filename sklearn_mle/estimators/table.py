"""The table that a user hands over, as arrays of finite numbers, or the error that names the first other entry."""

import reprlib
import sys
from decimal import Decimal
from numbers import Rational, Real

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import column_or_1d, validate_data

NUMBERS = "biuf"  # the kinds of dtype that hold real numbers


def check_X(model, X, reset):
    """X, dense or csr, of finite numbers, with the columns of the fit (with `reset`: learnt from it)."""
    X = numeric(X, "X")
    names = column_names(X)
    options = {"accept_sparse": "csr", "dtype": [np.float64, np.float32], "ensure_all_finite": False}
    X = validate_data(model, X, reset=reset, **options)
    return demand_finite(X, "X", names, type(model).__name__)


def check_numbers(y, name, owner, columns=1, infinite=False):
    """y as floats, shape (n,), or (n, m) where it may have several `columns`; infinite ones only where `infinite`."""
    names = column_names(y)
    y = numeric(demand(y, name, owner), name)
    y = check_array(y, ensure_2d=False, dtype=np.float64, order="C", ensure_all_finite=False, input_name=name)
    y = column_or_1d(y, input_name=name, warn=True) if columns == 1 else y
    return demand_finite(y, name, names, owner, infinite)


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
    dtypes = getattr(unmasked(table, name), "dtypes", None)
    dtypes = [getattr(table, "dtype", None)] if dtypes is None or not np.iterable(dtypes) else dtypes
    kinds = {getattr(dtype, "kind", "O") for dtype in dtypes}
    if "c" in kinds:
        raise ValueError(f"Complex data not supported: {name} holds complex numbers. Pass their real parts.")
    if kinds <= set(NUMBERS) or sparse.issparse(table):
        return table
    values = as_array(table, name)
    if values.dtype.kind in "US":
        values = np.asarray(table, dtype=object)  # as written: np.asarray([1, "a"]) makes strings of both
    if values.dtype.kind not in NUMBERS:
        demand_real(values, name, column_names(table))
    return table if hasattr(table, "dtype") or hasattr(table, "dtypes") else values


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


def demand_real(values, name, names):
    """An error that names the first entry that is neither a real number nor None."""
    for i, value in enumerate(values.ravel() if values.dtype.kind in "mM" else values.ravel().tolist()):
        real, text = isinstance(value, (Real, Decimal, np.bool_)), isinstance(value, (str, bytes))
        large = isinstance(value, Rational) and not -sys.float_info.max <= value <= sys.float_info.max
        if value is None or (real and not large):
            continue
        place = entry(name, np.unravel_index(i, values.shape), names)
        if large:
            raise ValueError(f"{place} is infinity or a value too large for dtype('float64'). Rescale it.")
        if is_missing(value):
            raise ValueError(f"Input {name} contains NaN. {place} is {value}: drop such rows, or fill them first.")
        # "argument must be ... string ... number" are numpy's own words, which scikit-learn's checks look for.
        raise (ValueError if text else TypeError)(
            f"{place} is {reprlib.repr(value)}; an argument must be no string or other object, but a number. "
            "Convert it (astype(float)), or encode it (sklearn.preprocessing)."
        )


def is_missing(value):
    """Whether it is None, NaN, or what pandas and numpy write for them: NA and NaT."""
    return value is None or (not isinstance(value, str) and str(value) in ("nan", "<NA>", "NaT"))


def demand_finite(values, name, names, owner, infinite=False):
    """The values themselves, or a ValueError that names the first NaN, or (unless `infinite`) infinite one."""
    numbers = values.data if sparse.issparse(values) else values
    with np.errstate(all="ignore"):
        if np.isfinite(np.sum(numbers)):  # one pass without any array: what is wrong is sought only where something is
            return values
    bad = np.isnan(numbers) if infinite else ~np.isfinite(numbers)
    if not bad.any():
        return values
    at = first(bad)
    value = numbers[at]
    if sparse.issparse(values):
        at = (int(np.searchsorted(values.indptr, at[0], side="right")) - 1, int(values.indices[at]))
    what = "NaN" if np.isnan(value) else f"infinity or a value too large for {values.dtype!r}"
    raise ValueError(
        f"Input {name} contains {what}. {entry(name, at, names)} is {value}: {owner} needs finite numbers. "
        "Drop such rows, or fill them first (sklearn.impute)."
    )


def first(bad):
    """The index of the first true entry."""
    return np.unravel_index(int(np.argmax(bad)), bad.shape)


def entry(name, at, names):
    """How messages name an entry: y[3], or its column and row where there are several columns."""
    if len(at) == 2:
        return f"Column {label(at[1], names)} of {name} in row {at[0]}"
    return "".join([name, *(f"[{i}]" for i in at)])


def column_names(table):
    """The names of a frame's columns, or None."""
    names = getattr(table, "columns", None)
    return None if names is None else list(names)


def label(column, names):
    """How messages name a column."""
    return column if names is None else repr(str(names[column]))
