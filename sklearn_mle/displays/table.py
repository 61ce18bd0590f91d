"""A table in which one column takes given values and all others are held: what a fan is predicted from."""

from collections import Counter

import numpy as np

from ..estimators.columns import column_index, column_values
from ..estimators.table import column_names


def feature_of(X, feature):
    """The position and the name of a column of X, given by name or index."""
    names, p = column_names(X), np.shape(X)[1]
    j = column_index(feature, names, p, "feature")
    return j, f"x{j}" if names is None else str(names[j])


def column(X, j):
    """The column at position j, an array of its own dtype."""
    names = column_names(X)
    if names is None:
        return column_values(X if hasattr(X, "dtype") else np.asarray(X), j)
    return np.asarray(X[names[j]])


def rows_of(X, rows):
    """These rows of X."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def is_numeric(values):
    """Whether these are numbers with an order; booleans are none."""
    return values.dtype.kind in "iuf"


def typical(values, weight):
    """The place of an entry to hold a column at: one with the lower median of numbers, or the most frequent value.

    Either is a value that the column has, so that codes and dummies stay what they are.
    """
    weight = np.ones(len(values)) if weight is None else weight
    if is_numeric(values):
        order = np.argsort(values, kind="stable")
        total = np.cumsum(weight[order])
        return int(order[np.searchsorted(total, 0.5 * total[-1])])
    count = Counter()
    for value, w in zip(values.tolist(), weight.tolist(), strict=True):
        count[value] += w
    return values.tolist().index(max(count, key=count.get))


def held_table(X, j, values, held, weight):
    """len(values) rows of the kind of X: column j takes the values, the others their typical or `held` value.

    Parameters
    ----------
    X : DataFrame, array or sparse matrix of shape (n, p)
    j : int
    values : array of shape (m,)
    held : dict
        {column, by name or index: value}.
    weight : array of shape (n,) or None

    Returns
    -------
    DataFrame or array of shape (m, p)
    """
    names, p, m = column_names(X), np.shape(X)[1], len(values)
    fixed = {column_index(name, names, p, "held"): value for name, value in held.items()}
    if j in fixed:
        raise ValueError(f"held names column {j}, the feature that varies: it cannot be held as well.")
    columns = []
    for k in range(p):
        entries = column(X, k)
        if k == j:
            columns.append(values)
        elif k in fixed:
            columns.append(np.full(m, fixed[k]))
        else:
            columns.append(np.repeat(entries[[typical(entries, weight)]], m))
    if names is None:
        return np.column_stack(columns)
    frame = type(X)(dict(zip(names, columns, strict=True)))
    if hasattr(frame, "astype"):  # pandas: categories stay categories
        frame = frame.astype({name: X.dtypes[name] for k, name in enumerate(names) if k != j and k not in fixed})
    return frame
