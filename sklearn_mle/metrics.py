"""How good is a predictive distribution: the held-out log score, as a scorer for GridSearchCV."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator

from .estimators.base import unwrap


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
        model, X = unwrap(estimator, X)
        if not hasattr(model, "log_prob"):
            raise TypeError(f"{type(model).__name__} has no log_prob(X, y): use MLERegressor or MLEClassifier.")
        if hasattr(model, "classes_") or model.likelihood_.support.integer:
            scores = model.log_prob(X, y)
        elif self.resolution is not None:
            scores = self._recorded(model, X, y)
        else:
            if np.ndim(y) == 1 and np.all(np.mod(y, 1) == 0):
                warnings.warn(
                    f"log_score compares the density of {type(model.likelihood_).__name__} with integers: it is no "
                    "probability, and not comparable with that of a family of counts. "
                    "Use make_log_score(resolution=1.0).",
                    UserWarning,
                    stacklevel=2,
                )
            scores = model.log_prob(X, y)
        return float(np.average(scores, weights=sample_weight))

    def _recorded(self, model, X, y):
        """log P(y - resolution / 2 < Y <= y + resolution / 2), from the nearer tail."""
        law, half = model.predict_dist(X), self.resolution / 2
        y = np.asarray(y, dtype=float)
        with np.errstate(all="ignore"):
            upper_tail = law.cdf(y) > 0.5
            near = np.where(upper_tail, law.logsf(y - half), law.logcdf(y + half))
            far = np.where(upper_tail, law.logsf(y + half), law.logcdf(y - half))
            return near + np.log(-np.expm1(far - near))


def make_log_score(resolution=None):
    """A `log_score` for y recorded in units of `resolution`; see `LogScore`."""
    return LogScore(resolution)


log_score = make_log_score()
