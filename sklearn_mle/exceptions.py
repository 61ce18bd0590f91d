"""Warnings that say which part of a fit has no finite optimum."""

from sklearn.exceptions import ConvergenceWarning


class SeparationWarning(ConvergenceWarning):
    """Some coefficients of the maximum-likelihood estimate are infinite."""


class BoundaryWarning(ConvergenceWarning):
    """A parameter's maximum-likelihood estimate is at the limit of its range."""
