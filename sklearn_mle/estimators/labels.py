"""What a classifier's y may be: labels, or rows of class probabilities; and the weights of the classes."""

import reprlib
from dataclasses import replace
from numbers import Real

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from ..design import Least
from ..names import suggestion
from .table import (
    as_array,
    check_numbers,
    column_names,
    demand,
    demand_finite,
    demand_real,
    entry,
    is_missing,
    unmasked,
)


def check_labels(y, owner):
    """y, and the classes of its columns: labels (n,) and None, or class probabilities (n, C) and C classes.

    The classes are the names of a frame's columns, else 0 .. C - 1.
    """
    if sparse.issparse(demand(y, "y", owner)):
        raise TypeError("Sparse data was passed for y, but dense data is required: use y.toarray().")
    values = as_array(unmasked(y, "y"), "y")
    if values.ndim == 2 and values.shape[1] > 1:
        names = column_names(y)
        classes = np.arange(values.shape[1]) if names is None else demand_unique(np.array(names))
        return check_shares(check_numbers(y, "y", owner, columns=None)), classes
    if values.dtype.kind == "c":
        demand_real(values, "y", lambda at: entry("y", at, None))
    values = column_or_1d(values, warn=True)
    if values.dtype.kind == "O" or not hasattr(y, "dtype"):
        values = of_one_type(values, np.ravel(np.asarray(y, dtype=object)).tolist())
    if values.dtype.kind == "f":
        demand_finite(values, "y", None, owner)
    if few_integers(values) is not None:
        return values, None
    try:
        check_classification_targets(values)
    except ValueError as error:
        if values.dtype.kind != "f":
            raise
        i = int(np.argmax(values != np.floor(values)))
        raise ValueError(f"{error} y[{i}] is {values[i]}. Use MLERegressor.") from None
    return values, None


def of_one_type(values, labels):
    """An array of the labels, a list of which none is missing: all strings, or numbers, in their common dtype."""
    if set(map(type, labels)) == {str}:
        return values
    strings = [isinstance(label, str) for label in labels]
    for i, label in enumerate(labels):
        if is_missing(label):
            raise ValueError(f"Input y contains NaN. y[{i}] is {label}: drop such rows.")
        if strings[i] != strings[0] or not isinstance(label, (str, bytes, Real, np.bool_)):
            raise TypeError(
                f"Labels are all numbers or all strings; y[0] is {labels[0]!r}, y[{i}] is {label!r}. "
                "Convert them with astype(str)."
            )
    return values if all(strings) else np.array(labels)


def few_integers(labels):
    """Labels that are whole numbers with a range small against their number: 0 .. range, and the least; else None.

    Tables then find and number the classes in a tenth of the time of `np.unique`: 5 ms, not 60, for a million labels.
    """
    if labels.dtype.kind not in "biuf" or not len(labels):
        return None
    least, most = labels.min(), labels.max()
    if not (abs(float(least)) < 2**53 and 2 * (float(most) - float(least) + 1) < len(labels)):
        return None
    numbers = labels.astype(np.intp)
    if labels.dtype.kind == "f" and not np.array_equal(numbers, labels):
        return None
    numbers -= int(least)
    return numbers, least


def distinct(labels):
    """The labels that there are, sorted."""
    found = few_integers(labels)
    if found is None:
        return np.unique(labels)
    numbers, least = found
    return (np.flatnonzero(np.bincount(numbers)) + int(least)).astype(labels.dtype)


def positions(labels, classes):
    """Where each label stands in `classes`; a ValueError names the first that is none of them."""
    codes, unknown = places(labels, classes)
    if unknown.any():
        i = int(np.argmax(unknown))
        raise no_class(i, labels[i : i + 1], classes)
    return codes


def no_class(row, label, classes):
    """The ValueError of a row whose label, an array of one, is none of the classes."""
    return ValueError(f"y[{row}] is {label.tolist()[0]!r}, which is none of the classes {classes.tolist()}.")


def places(labels, classes):
    """Where each label stands in `classes`, and whether it is none of them."""
    of_one_kind = len({values.dtype.kind in "OUST" for values in (classes, labels)}) == 1
    found = few_integers(labels) if of_one_kind and classes.dtype.kind in "biuf" else None
    if found is None:
        order = np.argsort(classes)  # a frame's columns are in any order
        place = np.searchsorted(classes, labels, sorter=order) if of_one_kind else np.zeros(len(labels), dtype=int)
        codes = order.astype(np.int32)[np.minimum(place, len(classes) - 1)]
        unknown = classes[codes] != labels
    else:
        numbers, least = found
        values, order = np.arange(numbers.max() + 1) + int(least), np.argsort(classes)
        table = order[np.minimum(np.searchsorted(classes, values, sorter=order), len(classes) - 1)].astype(np.int32)
        codes, missing = table[numbers], classes[table] != values
        unknown = missing[numbers] if missing.any() else missing[:0]
    return codes, unknown


def declared_order(y):
    """The classes in the order that the dtype of y states, an ordered categorical or an Enum, or None."""
    dtype = getattr(y, "dtype", None)
    ordered = getattr(dtype, "ordered", type(dtype).__name__ == "Enum")
    return list(dtype.categories) if ordered else None


def demand_unique(classes):
    """The classes that the columns of y name, or a ValueError if two are the same."""
    names, counts = np.unique(classes, return_counts=True)
    if (counts > 1).any():
        twice = names.tolist()[np.argmax(counts > 1)]
        raise ValueError(f"The columns of y name its classes, each once; {twice!r} is there {counts.max()} times.")
    return classes


def check_shares(y):
    """Rows of class probabilities: nonnegative, with sum 1."""
    wrong = (y < 0).any(axis=1) | (np.abs(y.sum(axis=1) - 1) > 1e-6)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(
            f"Rows of a 2-d y are class probabilities, >= 0 with sum 1; y[{i}] is {reprlib.repr(y[i].tolist())}."
        )
    return y


def demand_columns(columns, classes, y=None):
    """y itself, or a ValueError unless its columns stand for the classes of the model, in their order."""
    labels = classes.tolist()
    if len(columns) != len(labels):
        raise ValueError(f"y has {len(columns)} columns of class probabilities, the model has classes {labels}.")
    if columns.tolist() not in (labels, list(range(len(labels)))):
        raise ValueError(f"The columns of y are {columns.tolist()}, the classes are {labels}.")
    return y


def demand_several(classes):
    """The classes, or a ValueError if there are fewer than two."""
    if len(classes) < 2:
        raise ValueError(
            "MLEClassifier needs at least two classes in the rows of positive weight; "
            f"y has one class, {classes.tolist()}."
        )
    return classes


def class_totals(block, n_classes):
    """The weight (C,) of the rows of each class."""
    y, weight = block.y, block.weight
    if y.ndim == 2:
        return y.sum(axis=0) if weight is None else weight @ y
    return np.bincount(y, weights=weight, minlength=n_classes)


def class_weights(class_weight, classes, totals):
    """The factor (C,) of each class's weights: "balanced", so that all `totals` become equal, or as a dict says.

    A class that the dict does not name has factor 1. It may name further classes, as those that a fold lacks, but only
    if it names all that are there: else it was meant for another y.
    """
    labels = classes.tolist()
    if isinstance(class_weight, str) and class_weight == "balanced":
        return totals.sum() / (len(labels) * np.where(totals > 0, totals, np.inf))
    if not isinstance(class_weight, dict):
        raise ValueError(f'class_weight must be a dict {{class: weight}}, "balanced" or None; got {class_weight!r}.')
    unknown = [label for label in class_weight if label not in labels]
    if unknown and not set(labels) <= set(class_weight):
        text = f"class_weight names {unknown[0]!r}, which is none of the classes {labels}."
        raise ValueError(text + suggestion(unknown[0], labels))
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0 <= weight < np.inf:
            raise ValueError(f"class_weight must be finite numbers >= 0; that of class {label!r} is {weight!r}.")
    factors = np.array([class_weight.get(label, 1.0) for label in labels], dtype=float)
    if not (factors * totals).any():
        raise ValueError(f"class_weight is zero for every class in y: no row is left. It is {class_weight!r}.")
    return factors


# Steps over one block whose y are numbers of labels, or class probabilities.


def first_of(block, which):
    """The first row whose label is one of those (boolean), and its number."""
    there = which[block.y]
    i = int(np.argmax(there))
    return Least((block.first + i, int(block.y[i]))) if there.any() else Least((np.inf, 0))


def renumbered(block, codes):
    """The block with the codes of its labels."""
    return replace(block, y=codes[block.y])


def reweighted(block, factors):
    """The block with each class's weights times its factor."""
    factor = block.y @ factors if block.y.ndim == 2 else factors[block.y]
    return replace(block, weight=factor if block.weight is None else block.weight * factor)
