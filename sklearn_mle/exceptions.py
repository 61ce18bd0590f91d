"""Warnings about fits whose likelihood has no maximum, or many: they end in finite numbers all the same."""

from sklearn.exceptions import ConvergenceWarning


class SeparationWarning(ConvergenceWarning):
    """Coefficients go to infinity: columns of X tell some rows apart without error.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mle import MLEClassifier
    >>> from sklearn_mle.exceptions import SeparationWarning
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", SeparationWarning)
    ...     model = MLEClassifier().fit([[0], [1], [2], [3]], [0, 0, 1, 1])
    >>> caught[0].category.__name__
    'SeparationWarning'
    """


class BoundaryWarning(ConvergenceWarning):
    """A parameter of the distribution goes to the end of its range.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mle import fit_distribution
    >>> from sklearn_mle.exceptions import BoundaryWarning
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", BoundaryWarning)
    ...     law = fit_distribution([2, 3, 2, 3], "negative_binomial")
    >>> print(str(caught[0].message).split(": ", 1)[1])
    NegativeBinomial() has no maximum of the likelihood: dispersion alpha is at 0: use Poisson.
    """


class RankWarning(UserWarning):
    """Columns of X determine each other: the coefficients are the shortest of infinitely many.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.exceptions import RankWarning
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", RankWarning)
    ...     model = MLERegressor().fit([[0, 0], [1, 2], [2, 4]], [1.0, 2.0, 4.0])
    >>> print(model.coef_.round(2))  # the shortest of all, in columns of equal spread
    [0.75 0.37]
    """


__all__ = ["BoundaryWarning", "RankWarning", "SeparationWarning"]
