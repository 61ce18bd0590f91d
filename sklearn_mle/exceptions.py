"""Warnings about fits whose likelihood has no maximum, or many: they end in finite numbers all the same."""

from sklearn.exceptions import ConvergenceWarning


class SeparationWarning(ConvergenceWarning):
    """Coefficients go to infinity: columns of X tell some rows apart without error."""


class BoundaryWarning(ConvergenceWarning):
    """A parameter of the distribution goes to the end of its range."""


class RankWarning(UserWarning):
    """Columns of X determine each other: the coefficients are the shortest of infinitely many."""


__all__ = ["BoundaryWarning", "RankWarning", "SeparationWarning"]
