"""Which columns of X serve which parameter: `regressed`, `offset` and `exposure` as masks and rows."""

import reprlib
import warnings
from dataclasses import replace
from numbers import Integral

import numpy as np

from ..design import Moments, dense
from ..links import Log
from ..names import suggestion
from .table import label


def column_index(column, names, p, role):
    """The position in 0 .. p - 1 of a column given by name or index, negative allowed."""
    if isinstance(column, str):
        if names is None:
            raise ValueError(f"{role}={column!r} names a column, but X has no column names; give its index.")
        found = np.flatnonzero(np.asarray(names) == column)
        if not len(found):
            known = list(names)
            text = f"{role}={column!r} is no column of X; it has {reprlib.repr(known)}."
            raise ValueError(text + suggestion(column, known))
        if len(found) > 1:
            raise ValueError(f"{role}={column!r} names {len(found)} columns of X, {found.tolist()}: give the index.")
        return int(found[0])
    if not isinstance(column, Integral) or isinstance(column, bool):
        raise TypeError(f"{role} takes a column's name or index; got {reprlib.repr(column)}.")
    if not -p <= column < p:
        raise ValueError(f"{role}={column}: X has {p} columns.")
    return int(column) % p


def column_mask(columns, names, p, role):
    """Boolean (p,) from "all", a name, or names, indices or booleans."""
    mask = np.zeros(p, dtype=bool)
    if isinstance(columns, str):
        mask[slice(None) if columns == "all" else column_index(columns, names, p, role)] = True
        return mask
    columns = [columns] if np.ndim(columns) == 0 else list(columns)  # no array of them: it would turn 1 into "1"
    if columns and all(isinstance(column, (bool, np.bool_)) for column in columns):
        if len(columns) != p:
            raise ValueError(f"{role}: the boolean mask has {len(columns)} entries, X has {p} columns.")
        return np.array(columns)
    mask[[column_index(column, names, p, role) for column in columns]] = True
    return mask


def regressed_columns(regressed, likelihood, offsets, names, p):
    """{parameter: boolean (p,)} of the parameters with slopes."""
    estimated = list(likelihood.slices)
    if regressed is None:
        regressed = estimated[:1]
    elif isinstance(regressed, str):
        regressed = estimated if regressed == "all" else [regressed]
    if np.ndim(regressed) == 0 and not isinstance(regressed, dict):
        raise TypeError(f"regressed takes names of parameters or {{name: columns}}; got {regressed!r}.")
    if not isinstance(regressed, dict):
        regressed = dict.fromkeys(regressed, "all")
    unknown = [name for name in regressed if name not in estimated]
    if unknown:
        kind = "is fixed in" if unknown[0] in likelihood.parameters else "is no parameter of"
        text = f"regressed: {unknown[0]!r} {kind} {likelihood!r}; the estimated ones are {estimated}."
        raise ValueError(text + suggestion(unknown[0], estimated))
    masks = {name: column_mask(columns, names, p, f"regressed[{name!r}]") for name, columns in regressed.items()}
    for column in taken_columns(offsets):
        for name, columns in regressed.items():
            if masks[name][column] and not (isinstance(columns, str) and columns == "all"):
                raise ValueError(
                    f"regressed[{name!r}] names column {label(column, names)}, which is an offset or exposure "
                    "and has no coefficient."
                )
    return masks


def offset_columns(offset, exposure, likelihood, names, p):
    """{parameter: [(column, is exposure), ...]} of the parameters with an offset."""
    estimated = list(likelihood.slices)
    first = estimated[0]
    offset = {} if offset is None else offset if isinstance(offset, dict) else {first: offset}
    offsets = {}
    for name, column in offset.items():
        if name not in estimated:
            text = f"offset: {name!r} is no estimated parameter of {likelihood!r}, which has {estimated}."
            raise ValueError(text + suggestion(name, estimated))
        if name in likelihood.widths:
            raise ValueError(f"offset: {name!r} has one predictor per class; one offset for all would change nothing.")
        offsets[name] = [(column_index(column, names, p, "offset"), False)]
    if exposure is not None:
        if likelihood.parameters[first] != Log():
            raise ValueError(f"exposure multiplies {first}, so it needs link='log'; {likelihood!r} has another link.")
        column = column_index(exposure, names, p, "exposure")
        if (column, False) in offsets.get(first, []):
            raise ValueError(
                f"Column {label(column, names)} is named as offset and as exposure, whose logarithm is an offset "
                "by itself: name it once."
            )
        offsets.setdefault(first, []).append((column, True))
    return offsets


def free_entries(likelihood, regressed, offsets, fit_intercept, p):
    """The mask of W: intercepts, slopes of the regressed parameters, none on offset and exposure columns."""
    slices = likelihood.slices
    mask = np.zeros((max(s.stop for s in slices.values()), 1 + p), dtype=bool)
    mask[:, 0] = True
    if not fit_intercept:
        mask[next(iter(slices.values())), 0] = False
    for name, columns in regressed.items():
        mask[slices[name], 1:] = columns
    mask[:, [1 + column for column in taken_columns(offsets)]] = False
    return mask


def taken_columns(offsets):
    """The columns that are offsets or exposures of some parameter."""
    return sorted({column for columns in offsets.values() for column, _ in columns})


def offset_rows(X, likelihood, offsets, names, weight=None, first=0):
    """The offset of each predictor: a list of K rows or 0.0, or 0.0 if there is none; 0 where the weight is.

    Parameters
    ----------
    X : of some rows, the first of which has the number `first`
    """
    if not offsets:
        return 0.0
    slices = likelihood.slices
    rows = [0.0] * max(s.stop for s in slices.values())
    for name, columns in offsets.items():
        row = 0.0
        for column, is_exposure in columns:
            values = column_values(X, column)
            if weight is not None:
                values = np.where(weight > 0, values, 1.0 if is_exposure else 0.0)
            if is_exposure and not (values > 0).all():
                i = int(np.argmin(values > 0))
                raise ValueError(
                    f"exposure must be positive; column {label(column, names)} of X is {values[i]} in row {first + i}. "
                    "Give such a row weight 0, or drop it."
                )
            row = row + (np.log(values) if is_exposure else values)
        rows[slices[name].start] = row
    return rows


def with_offset(block, likelihood, offsets, names):
    """The block with the offset of its rows."""
    return replace(block, offset=offset_rows(block.X, likelihood, offsets, names, block.weight, block.first))


def warn_if_standardised(rows, offsets, names):
    """Warn of offset and exposure columns that a scaler in front seems to have overwritten."""
    columns = taken_columns(offsets)
    if not columns:
        return
    moments = rows.sum(_moments, columns)
    for column, mean, scale in zip(columns, moments.mean, moments.scale, strict=True):
        if abs(mean) < 1e-9 and abs(scale - 1) < 1e-9:
            warnings.warn(
                f"The offset or exposure column {label(column, names)} has mean 0 and standard deviation 1: a scaler "
                "in front has changed it. Scale the other columns only: "
                'ColumnTransformer([("scale", StandardScaler(), columns)], remainder="passthrough").',
                UserWarning,
                stacklevel=6,
            )


def _moments(block, columns):
    return Moments.of(replace(block, weight=None), columns)


def listed(columns, names):
    """How messages name several columns, the first ten; x0, x1, ... where they have no names, as scikit-learn does."""
    shown = ", ".join(f"x{column}" if names is None else repr(str(names[column])) for column in columns[:10])
    more = f" and {len(columns) - 10} more" if len(columns) > 10 else ""
    return f"{'column' if len(columns) == 1 else 'columns'} {shown}{more}"


def column_values(X, column):
    """One column of X as a dense float64 array (n,)."""
    return dense(X[:, [column]]).ravel()
