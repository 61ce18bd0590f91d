"""What an estimator reads y as, part by part: numbers within a support, or labels that are numbered when first seen."""

import re

import numpy as np

from .labels import check_labels, declared_order, distinct, positions
from .table import check_length, check_numbers
from .weights import StandIn, owner


class Numbers:
    """y as floats, of which the likelihood says whether they can be.

    Attributes
    ----------
    fraction : (row, value) or None
        The first row, if any, with a number that the likelihood's law excludes, though it can be fitted to it.
    """

    def __init__(self, likelihood, owner):
        self.likelihood, self.owner = likelihood, owner
        self.stand_in, self.fraction = StandIn(), None

    def read(self, y, weight, n, first=0):
        """The next n rows, from row `first` of the table."""
        likelihood = self.likelihood
        y = self.stand_in.fill(numbers(y, n, likelihood, self.owner), weight)
        try:
            y = likelihood.check(y)
        except ValueError as error:  # it names a row of the filled y
            text = re.sub(r"(?<=\by\[)\d+(?=\])", lambda row: str(owner(int(row[0]), weight)), str(error))
            raise ValueError(text) from error
        fraction = likelihood.support.fraction(y)
        if fraction and self.fraction is None:
            self.fraction = fraction._replace(row=first + owner(fraction.row, weight))
        return y

    def join(self, other, first):
        """Go on with rows from `first` that another one read; what becomes of their y: None, nothing."""
        if other.fraction and self.fraction is None:
            self.fraction = other.fraction._replace(row=first + other.fraction.row)


def numbers(y, n, likelihood, owner):
    """y as n rows of floats, finite where the likelihood's support asks for it."""
    support = likelihood.support
    y = check_numbers(y, "y", owner, support.columns, support.infinite)
    if support.columns > 1 and y.shape[1:] != (support.columns,):
        raise ValueError(
            f"{likelihood!r} needs y of shape (n, {support.columns}), each row {support.row}; got {y.shape}."
        )
    return check_length(y, n)


class Labels:
    """y as numbers of labels, in the order in which they come, or as rows of class probabilities.

    Attributes
    ----------
    found : array or None
        The labels so far; those of one part are sorted.
    columns : array of shape (C,) or None
        The classes that the columns of y stand for, if it has columns.
    declared : list or None
        The classes in the order that the dtype of y states.
    kind : str or None
        What y is, in all parts.
    """

    def __init__(self, owner):
        self.owner, self.stand_in = owner, StandIn()
        self.found, self.columns, self.declared, self.kind = None, None, None, None

    def read(self, y, weight, n, first=0):
        """The next n rows, from row `first` of the table."""
        self._found_order(declared_order(y))
        y, columns = check_labels(y, self.owner)
        y = self.stand_in.fill(check_length(y, n), weight)
        if columns is not None:
            self._found_columns(columns)
            return y
        labels = distinct(y)
        codes = positions(y, labels)
        places = self._found_labels(labels)
        return codes if places is None else places[codes]

    def join(self, other, first):
        """Go on with rows from `first` that another one read; the numbers of their labels, None if these stay."""
        self._found_order(other.declared)
        return self._found_labels(other.found) if other.columns is None else self._found_columns(other.columns)

    def _found_order(self, declared):
        if self.declared is None:
            self.declared = declared
        elif declared not in (None, self.declared):
            raise ValueError(
                f"y declares the order {declared} of its classes, in the first rows of the table {self.declared}."
            )

    def _found_columns(self, columns):
        self._demand_alike(f"class probabilities of {columns.tolist()}")
        self.columns = columns

    def _found_labels(self, labels):
        """The numbers of these labels; None if they are the first."""
        self._demand_alike("strings" if labels.dtype.kind in "OUST" else "numbers")
        if self.found is None:
            self.found = labels
            self._numbers = {label: k for k, label in enumerate(labels.tolist())}
            return None
        numbers = [self._numbers.setdefault(label, len(self._numbers)) for label in labels.tolist()]
        places = np.array(numbers, dtype=np.int32)
        self.found = np.concatenate([self.found, labels[places >= len(self.found)]])
        return places

    def _demand_alike(self, kind):
        self.kind = self.kind or kind
        if kind != self.kind:
            raise ValueError(f"y is {kind}, in the first rows of the table {self.kind}.")
