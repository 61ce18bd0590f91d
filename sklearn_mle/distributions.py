"""Distributions with the methods of scipy's frozen ones: those that scipy lacks, and the rows of predict_dist."""

from functools import cached_property
from numbers import Integral

import numpy as np
from sklearn.utils.metaestimators import available_if


class Law:
    """What follows from `cdf`, `sf`, `ppf`, `mean` and `var`, for laws that scipy does not have.

    As scipy's frozen laws: one law per element of the parameters' shape, with which every argument broadcasts.
    """

    def logcdf(self, y):
        """log P(Y <= y)."""
        with np.errstate(divide="ignore"):
            return np.log(self.cdf(y))

    def logsf(self, y):
        """log P(Y > y)."""
        with np.errstate(divide="ignore"):
            return np.log(self.sf(y))

    def std(self):
        """Standard deviation."""
        return np.sqrt(self.var())

    def interval(self, confidence):
        """The central interval that holds Y with this probability: (lower, upper)."""
        return self.ppf(0.5 - 0.5 * confidence), self.ppf(0.5 + 0.5 * confidence)


class Discrete(Law):
    """P(Y = c) = exp(log_proba_rows[c]), c = 0 .. C - 1.

    Parameters
    ----------
    log_proba_rows : C rows
        Of shape (n,), or (1,): they are broadcast.
    """

    def __init__(self, log_proba_rows):
        self.log_proba = np.stack(np.broadcast_arrays(*map(np.atleast_1d, log_proba_rows)))

    @cached_property
    def proba(self):
        """P(Y = c), shape (C, n)."""
        return np.exp(self.log_proba)

    def support(self):
        """The smallest and the largest value."""
        return 0, len(self.proba) - 1

    def logpmf(self, k):
        """log P(Y = k)."""
        log_pmf = -np.inf
        for c, row in enumerate(self.log_proba):
            log_pmf = np.where(np.equal(k, c), row, log_pmf)
        return log_pmf

    def pmf(self, k):
        """P(Y = k)."""
        return np.exp(self.logpmf(k))

    def cdf(self, k):
        """P(Y <= k)."""
        return np.minimum(sum(p * np.less_equal(c, k) for c, p in enumerate(self.proba)), 1.0)

    def sf(self, k):
        """P(Y > k), a sum of its own: 1 - cdf has no small digits."""
        return np.minimum(sum(p * np.greater(c, k) for c, p in enumerate(self.proba)), 1.0)

    def ppf(self, q):
        """The smallest k with P(Y <= k) >= q."""
        q = np.asarray(q, dtype=float)
        k = sum((q > bound).astype(float) for bound in np.cumsum(self.proba, axis=0)[:-1])
        return np.where((q >= 0) & (q <= 1), k, np.nan)

    def mean(self):
        """Expectation of the code."""
        return sum(c * p for c, p in enumerate(self.proba))

    def var(self):
        """Variance of the code."""
        mean = self.mean()
        return sum((c - mean) ** 2 * p for c, p in enumerate(self.proba))

    def rvs(self, size=None, random_state=None):
        """Draws, of the laws' shape or of `size`."""
        size = self.proba.shape[1:] if size is None else size
        return self.ppf(generator(random_state).random(size)).astype(int)


class WithSpike(Law):
    """Y = at with probability `probability`, else Y ~ base.

    Parameters
    ----------
    base : frozen scipy.stats law, or one with the same methods
        pmf and logpmf exist where the base has them.
    probability : float or array
    at : float, default=0.0
    """

    def __init__(self, base, probability, at=0.0):
        self.base, self.probability, self.at = base, probability, at

    @available_if(lambda self: hasattr(self.base, "pmf"))
    def logpmf(self, k):
        """log P(Y = k)."""
        with np.errstate(divide="ignore"):
            log_base = np.log1p(-self.probability) + self.base.logpmf(k)
            return np.where(np.equal(k, self.at), np.logaddexp(np.log(self.probability), log_base), log_base)

    @available_if(lambda self: hasattr(self.base, "pmf"))
    def pmf(self, k):
        """P(Y = k)."""
        return self.probability * np.equal(k, self.at) + (1 - self.probability) * self.base.pmf(k)

    def cdf(self, y):
        """P(Y <= y)."""
        return self.probability * np.less_equal(self.at, y) + (1 - self.probability) * self.base.cdf(y)

    def sf(self, y):
        """P(Y > y)."""
        return self.probability * np.greater(self.at, y) + (1 - self.probability) * self.base.sf(y)

    def ppf(self, q):
        """The smallest y with P(Y <= y) >= q."""
        q = np.asarray(q, dtype=float)
        spike, rest = self.probability, 1 - self.probability
        with np.errstate(divide="ignore", invalid="ignore"):
            below, above = (self.base.ppf(np.clip(np.nan_to_num(p / rest), 0, 1)) for p in (q, q - spike))
        short_of_spike, with_spike = rest * self.base.cdf(self.at), self.cdf(self.at)
        y = np.where(q <= short_of_spike, below, np.where(q <= with_spike, self.at, above))
        if hasattr(self.base, "pmf"):  # the arguments of base.ppf are rounded: at a jump they may pass it
            y = np.where((q > 0) & (self.cdf(y - 1) >= q), y - 1, y)
        return np.where((q >= 0) & (q <= 1), y, np.nan)

    def mean(self):
        """Expectation."""
        return self.probability * self.at + (1 - self.probability) * self.base.mean()

    def var(self):
        """Variance: within the base, and between base and spike."""
        rest = 1 - self.probability
        return rest * self.base.var() + self.probability * rest * (self.base.mean() - self.at) ** 2

    def rvs(self, size=None, random_state=None):
        """Draws, of the laws' shape or of `size`."""
        rng = generator(random_state)
        size = np.shape(self.mean()) if size is None else size
        base = self.base.rvs(size=size, random_state=rng)
        return np.where(rng.random(size) < self.probability, self.at, base)


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
        """log p(y_i | theta_i), shape (n,): log density or log probability, -inf outside the support."""
        y, support = np.asarray(y), self.likelihood.support
        with np.errstate(all="ignore"):
            log_prob = self.likelihood.log_prob(y, *self.theta)
        inside = support.contains(y)
        if support.columns == 1 and not inside.all():
            log_prob = np.where(inside, log_prob, -np.inf)
        return self._rows(log_prob)

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


def generator(random_state):
    """A numpy generator from None, a seed, or a generator of either kind."""
    if isinstance(random_state, (np.random.Generator, np.random.RandomState)):
        return random_state
    return np.random.default_rng(random_state)
