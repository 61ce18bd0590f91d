"""The rows of predict_dist: n distributions p(y | theta_i)."""

from functools import cached_property
from numbers import Integral

import numpy as np
from sklearn.utils.metaestimators import available_if

from .laws import generator


class Predictive:
    """n distributions p(y | theta_i), one per row: what `predict_dist` returns.

    It has scipy's methods, which broadcast against (n,): `ppf(q)` is (n,) for a number q, (k, n) for q of shape (k, 1).
    `pmf` and `logpmf`, or `pdf` and `logpdf`, exist where the law has them.

    Parameters
    ----------
    likelihood : Likelihood
    theta : list
        One entry per parameter, as `Likelihood.theta` returns them.
    n : int
        Number of rows.
    """

    def __init__(self, likelihood, theta, n):
        self.likelihood, self.theta, self.n = likelihood, list(theta), n

    def __len__(self):
        return self.n

    def __getitem__(self, rows):
        """The distributions of these rows: an integer (one row), a slice, or an array of indices or booleans."""
        if isinstance(rows, Integral) and not isinstance(rows, (bool, np.bool_)):
            rows = [range(self.n)[rows]]  # an IndexError beyond the end, so that iteration stops
        kept = np.arange(self.n)[rows]

        def select(entry):
            if isinstance(entry, tuple):
                return tuple(map(select, entry))
            return entry[kept] if np.ndim(entry) and len(entry) == self.n else entry

        return Predictive(self.likelihood, map(select, self.theta), len(kept))

    def __repr__(self):
        def text(values):
            values = np.asarray(values)
            low, high = (f"{values.min():.4g}", f"{values.max():.4g}") if values.size else ("", "")
            return low if low == high else f"{low} .. {high}"

        params = ", ".join(f"{name} = {text(values)}" for name, values in self.params.items())
        return f"<{self.n} distributions of {self.likelihood!r}: {params}>"

    @cached_property
    def dist(self):
        """The law itself, as `Likelihood.dist` returns it: of shape (n,), or (1,) where nothing varies."""
        return self.likelihood.dist(*self.theta)

    @property
    def params(self):
        """{name: array of shape (n,)}, as users write them; (n, C) for a parameter with C predictors."""
        params = {}
        for (name, link), entry in zip(self.likelihood.links.items(), self.theta, strict=True):
            if isinstance(entry, tuple):
                params[name] = np.stack([self._rows(link.shown(row)) for row in entry], axis=1)
            else:
                params[name] = self._rows(link.shown(entry))
        return params

    def log_prob(self, y):
        """log p(y_i | theta_i), shape (n,): log density or log probability.

        -inf where y_i is impossible, outside the support or no integer where the law is one of counts (a fit takes such
        values as quasi-likelihood, the law has none); NaN where y_i is NaN.
        """
        y, support = np.asarray(y), self.likelihood.support
        with np.errstate(all="ignore"):
            log_prob = self._rows(self.likelihood.log_prob(y, *self.theta))
        if support.columns > 1:
            return log_prob
        y = np.broadcast_to(y, (self.n,))
        possible = support.contains(y)
        if support.fraction(y):
            possible = possible & (y == np.floor(y))
        return np.where(possible, log_prob, np.where(np.isnan(y), np.nan, -np.inf))

    def crps(self, y):
        """Continuous ranked probability score of y_i, shape (n,); see `sklearn_mle.metrics.mean_crps`."""
        y = np.broadcast_to(np.asarray(y, dtype=float), (self.n,))
        with np.errstate(all="ignore"):
            return self._rows(self.likelihood.crps(y, *self.theta))

    def mean(self):
        """Expectations, shape (n,)."""
        return self._rows(self.dist.mean())

    def var(self):
        """Variances, shape (n,)."""
        return self._rows(self.dist.var())

    def std(self):
        """Standard deviations, shape (n,)."""
        return self._rows(self.dist.std())

    def cdf(self, y):
        """P(Y_i <= y)."""
        return self._rows(self.dist.cdf(y))

    def sf(self, y):
        """P(Y_i > y)."""
        return self._rows(self.dist.sf(y))

    def logcdf(self, y):
        """log P(Y_i <= y)."""
        return self._rows(self.dist.logcdf(y))

    def logsf(self, y):
        """log P(Y_i > y)."""
        return self._rows(self.dist.logsf(y))

    def ppf(self, q):
        """Quantiles: the smallest y with P(Y_i <= y) >= q."""
        return self._rows(self.dist.ppf(q))

    def interval(self, confidence):
        """The central interval that holds Y_i with this probability: two arrays of shape (n,)."""
        if not np.all((np.asarray(confidence) >= 0) & (np.asarray(confidence) <= 1)):
            raise ValueError(f"confidence is a probability in [0, 1]; got {confidence!r}.")
        return tuple(map(self._rows, self.dist.interval(confidence)))

    def rvs(self, size=None, random_state=None):
        """Draws: shape (n,), or (size, n)."""
        size = () if size is None else (size,) if np.ndim(size) == 0 else tuple(size)
        return self.dist.rvs(size=(*size, self.n), random_state=generator(random_state))

    @available_if(lambda self: hasattr(self.dist, "pdf"))
    def pdf(self, y):
        """Densities."""
        return self._rows(self.dist.pdf(y))

    @available_if(lambda self: hasattr(self.dist, "logpdf"))
    def logpdf(self, y):
        """Logarithms of densities."""
        return self._rows(self.dist.logpdf(y))

    @available_if(lambda self: hasattr(self.dist, "pmf"))
    def pmf(self, k):
        """P(Y_i = k)."""
        return self._rows(self.dist.pmf(k))

    @available_if(lambda self: hasattr(self.dist, "logpmf"))
    def logpmf(self, k):
        """log P(Y_i = k)."""
        return self._rows(self.dist.logpmf(k))

    def to_scipy(self):
        """The frozen scipy.stats law, of shape (n,), or (1,) where nothing varies.

        Raises
        ------
        TypeError
            If scipy does not have it.
        """
        if type(self.dist).__module__.partition(".")[0] != "scipy":
            raise TypeError(
                f"scipy has no such law: {self.likelihood!r} is a {type(self.dist).__name__}, "
                "whose methods this object has."
            )
        return self.dist

    def _rows(self, values):
        """A new array in which every one of the n rows has its value."""
        values = np.asarray(values)
        return np.array(np.broadcast_to(values, np.broadcast_shapes(values.shape, (self.n,))))
