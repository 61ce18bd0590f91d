"""What an estimator reads y as, part by part: numbers within a support, or labels that are numbered when first seen."""

import numpy as np

from .labels import check_labels, declared_order, distinct, positions
from .table import check_length, check_numbers
from .weights import StandIn


class Numbers:
    """y as floats, of which the likelihood says whether they can be.

    Attributes
    ----------
    fraction : (row, value) or None
        The first row, if any, with a number that the likelihood's law excludes, though it can be fitted to it.
    """

    def __init__(self, likelihood, owner):
        self.likelihood, self.owner = likelihood, owner
        self.stand_in, self.n, self.fraction = StandIn(), 0, None

    def read(self, y, weight, n):
        """The next n rows."""
        likelihood = self.likelihood
        y = likelihood.check(self.stand_in.fill(numbers(y, n, likelihood, self.owner), weight))
        fraction = likelihood.support.fraction(y)
        if fraction and self.fraction is None:
            self.fraction = fraction._replace(row=self.n + fraction.row)
        self.n += n
        return y

    def join(self, other):
        """Go on after the rows that another one read; what becomes of their y: None, nothing."""
        if other.fraction and self.fraction is None:
            self.fraction = other.fraction._replace(row=self.n + other.fraction.row)
        self.n += other.n


def numbers(y, n, likelihood, owner):
    """y as n rows of floats, finite where the likelihood's support asks for it."""
    support = likelihood.support
    y = check_numbers(y, "y", owner, support.columns, support.infinite)
    if support.columns > 1 and y.shape[1:] != (support.columns,):
        raise ValueError(f"{likelihood!r} needs y of shape (n, {support.columns}); got {y.shape}.")
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
    """

    def __init__(self, owner):
        self.owner, self.stand_in = owner, StandIn()
        self.found, self.columns, self.declared = None, None, None

    def read(self, y, weight, n):
        """The next n rows."""
        if self.declared is None:
            self.declared = declared_order(y)
        y, columns = check_labels(y, self.owner)
        y = self.stand_in.fill(check_length(y, n), weight)
        if columns is not None:
            self._found_columns(columns)
            return y
        labels = distinct(y)
        codes = positions(y, labels)
        places = self._found_labels(labels)
        return codes if places is None else places[codes]

    def join(self, other):
        """Go on after the rows that another one read; the numbers of their labels, None if these stay."""
        if self.declared is None:
            self.declared = other.declared
        return self._found_labels(other.found) if other.columns is None else self._found_columns(other.columns)

    def _found_columns(self, columns):
        self._demand_alike("class probabilities", self.found is None)
        self.columns = columns if self.columns is None else self.columns
        self._demand_alike(f"those of {self.columns.tolist()}", np.array_equal(columns, self.columns))

    def _found_labels(self, labels):
        """The numbers of these labels; None if they are the first."""
        self._demand_alike("labels", self.columns is None)
        if self.found is None:
            self.found = labels
            self._numbers = {label: k for k, label in enumerate(labels.tolist())}
            return None
        strings = [kind.dtype.kind in "OUST" for kind in (labels, self.found)]
        self._demand_alike("strings" if strings[1] else "numbers", strings[0] == strings[1])
        places = np.array([self._numbers.setdefault(label, len(self._numbers)) for label in labels.tolist()])
        self.found = np.concatenate([self.found, labels[places >= len(self.found)]])
        return places

    def _demand_alike(self, what, alike):
        if not alike:
            raise ValueError(f"y is not {what}, as it is in the first rows of the table.")
