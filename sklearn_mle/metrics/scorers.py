"""Scorers f(estimator, X, y, sample_weight=None): for cross_val_score and searches, through Pipelines."""

import warnings
from abc import ABC, abstractmethod
from functools import cache, partial
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from ..documentation import Documented
from ..estimators.partitions import mean_by_partition
from ..estimators.pipelines import predict_dist, unwrap
from ..estimators.table import is_dask
from ..rows import Batches
from .scores import average, crps_scores, interval_scores, log_scores, numbers, probability


class Scorer(Documented, BaseEstimator, ABC):
    """The mean of `rows` over the rows of a table: greater is better.

    Where metadata routing is enabled, ``set_score_request(sample_weight=True)`` asks for weights.
    """

    __metadata_request__score = {"estimator": UNUSED}

    @abstractmethod
    def rows(self, estimator, X, y):
        """The score of each row, shape (n,)."""

    def score(self, estimator, X, y=None, sample_weight=None):
        """The mean of the rows' scores, each counted `sample_weight` times: a float. `Batches` hold all three."""
        if is_dask(X) or isinstance(X, Batches):
            return mean_by_partition(partial(self.rows, estimator), X, y, sample_weight)
        return average(self.rows(estimator, X, y), sample_weight)

    __call__ = score


class LogScore(Scorer):
    """The mean of log p(y_i | x_i); -inf where a y is impossible for a law of numbers.

    Parameters
    ----------
    resolution : float or None, default=None
        The unit in which y is recorded. A continuous family is then scored by the probability of the recorded
        value, log P(y - resolution / 2 < Y <= y + resolution / 2), which can be compared with that of a discrete
        family; a density cannot. None: by its density.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.metrics import LogScore
    >>> X, y = load_diabetes(return_X_y=True)
    >>> for family in "gaussian", "negative_binomial":
    ...     scores = cross_val_score(MLERegressor(family), X, y, scoring=LogScore(resolution=1.0))
    ...     print(f"{family}: {scores.mean():.2f}")
    gaussian: -5.42
    negative_binomial: -5.39
    """

    def __init__(self, resolution=None):
        self.resolution = resolution

    def rows(self, estimator, X, y):
        """log p(y_i | x_i), shape (n,); a classifier's is that of the label."""
        unit = self.resolution
        if unit is not None and not (isinstance(unit, Real) and unit > 0):
            raise ValueError(f"resolution is a unit of y, > 0, or None; got {unit!r}.")
        model, X = unwrap(estimator, X)
        check_is_fitted(model)
        if not hasattr(model, "log_prob"):
            raise TypeError(f"{type(model).__name__} has no log_prob(X, y): use MLERegressor or MLEClassifier.")
        if hasattr(model, "classes_"):
            return model.log_prob(X, y)
        law = model.predict_dist(X)
        if law.likelihood.support.integer:
            return log_scores(y, law)
        if unit is not None:
            y = numbers(y, law)
            return law.log_interval_prob(y - unit / 2, y + unit / 2)
        scores = log_scores(y, law)
        if np.ndim(y) == 1 and np.all(np.mod(y, 1) == 0):
            warn_of_density(type(law.likelihood).__name__)
        return scores


class NegCRPS(Scorer):
    """Minus the mean continuous ranked probability score, in the unit of y; see `mean_crps`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.metrics import neg_crps
    >>> X, y = load_diabetes(return_X_y=True)
    >>> print(f"{cross_val_score(MLERegressor('gamma'), X, y, scoring=neg_crps).mean():.1f}")
    -31.0
    """

    def rows(self, estimator, X, y):
        """-CRPS of each row, shape (n,)."""
        return -crps_scores(y, predict_dist(estimator, X))


class NegIntervalScore(Scorer):
    """Minus the mean interval score of the central intervals of this coverage; see `interval_score`.

    Parameters
    ----------
    coverage : float in (0, 1), default=0.95

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.metrics import NegIntervalScore
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLERegressor("gamma").fit(X[::2], y[::2])
    >>> print(f"{NegIntervalScore(coverage=0.9)(model, X[1::2], y[1::2]):.0f}")
    -231
    """

    def __init__(self, coverage=0.95):
        self.coverage = coverage

    def rows(self, estimator, X, y):
        """Minus the interval score of each row, shape (n,)."""
        return -interval_scores(y, predict_dist(estimator, X), probability(self.coverage))


@cache
def warn_of_density(family):
    """Warn, once a process, that the density of a family is scored on integers: a search would do so for every fit."""
    warnings.warn(
        f"log_score compares the density of {family} with integers: it is no probability, and not comparable with "
        "that of a family of counts. Use make_log_score(resolution=1.0).",
        UserWarning,
        stacklevel=4,
    )


def make_log_score(resolution=None):
    """A `log_score` for y recorded in units of `resolution`; see `LogScore`.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.metrics import make_log_score
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> scorer = make_log_score(resolution=1.0)  # of whole numbers
    >>> for family in "gaussian", "poisson":
    ...     print(f"{family}: {scorer(MLERegressor(family).fit(X, y), X, y):.2f}")
    gaussian: -1.80
    poisson: -1.43
    """
    return LogScore(resolution)


def make_neg_interval_score(coverage=0.95):
    """The scorer of minus `interval_score`; see `NegIntervalScore`.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.metrics import make_neg_interval_score
    >>> search = GridSearchCV(MLERegressor(), {"regressed": [None, "all"]}, scoring=make_neg_interval_score(0.9))
    """
    return NegIntervalScore(coverage)


log_score = make_log_score()
neg_crps = NegCRPS()
