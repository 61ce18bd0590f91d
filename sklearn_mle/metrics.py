"""How good is a predictive distribution: the held-out log score, as a scorer for GridSearchCV."""

import warnings
from functools import cache

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from .estimators.base import unwrap
from .likelihoods import Censored


class LogScore(BaseEstimator):
    """The mean of log p(y_i | x_i): a scorer f(estimator, X, y, sample_weight=None), greater is better.

    Parameters
    ----------
    resolution : float or None
        The unit in which y is recorded. A continuous family is then scored by the probability of the recorded
        value, log P(y - resolution / 2 < Y <= y + resolution / 2), which can be compared with that of a discrete
        family; a density cannot. None: by its density.
    """

    def __init__(self, resolution=None):
        self.resolution = resolution

    def __call__(self, estimator, X, y, sample_weight=None):
        if self.resolution is not None and not self.resolution > 0:
            raise ValueError(f"resolution is a unit of y, > 0, or None; got {self.resolution!r}.")
        model, X = unwrap(estimator, X)
        check_is_fitted(model)
        if not hasattr(model, "log_prob"):
            raise TypeError(f"{type(model).__name__} has no log_prob(X, y): use MLERegressor or MLEClassifier.")
        if hasattr(model, "classes_") or model.likelihood_.support.integer:
            scores = model.log_prob(X, y)
        elif self.resolution is not None:
            scores = self._recorded(model, X, y)
        else:
            y = np.asarray(y)
            if np.ndim(y) == 1 and np.all(np.mod(y, 1) == 0):
                warn_of_density(type(model.likelihood_).__name__)
            scores = model.log_prob(X, y)
        return float(np.average(scores, weights=sample_weight))

    def _recorded(self, model, X, y):
        """log P(y - resolution / 2 < Y <= y + resolution / 2): a recorded value is known up to an interval."""
        law, y = model.predict_dist(X), column_or_1d(np.asarray(y, dtype=float))
        interval = np.column_stack([y - self.resolution / 2, y + self.resolution / 2])
        with np.errstate(all="ignore"):
            return np.broadcast_to(Censored(law.likelihood).log_prob(interval, *law.theta), len(y))


@cache
def warn_of_density(family):
    """Warn, once a process, that the density of a family is scored on integers: a search would do so for every fit."""
    warnings.warn(
        f"log_score compares the density of {family} with integers: it is no probability, and not comparable with "
        "that of a family of counts. Use make_log_score(resolution=1.0).",
        UserWarning,
        stacklevel=3,
    )


def make_log_score(resolution=None):
    """A `log_score` for y recorded in units of `resolution`; see `LogScore`."""
    return LogScore(resolution)


log_score = make_log_score()

__all__ = ["LogScore", "log_score", "make_log_score"]
