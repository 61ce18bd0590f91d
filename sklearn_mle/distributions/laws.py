"""Laws that scipy lacks, with the methods of its frozen ones."""

from functools import cached_property

import numpy as np
from sklearn.utils.metaestimators import available_if

from .crps import crps


class Law:
    """What follows from `cdf`, `sf`, `ppf`, `mean` and `var`, for laws that scipy does not have.

    As scipy's frozen laws: one law per element of the parameters' shape, with which every argument broadcasts.
    """

    #: Points that have a probability where the law has a density elsewhere.
    atoms = ()

    def logcdf(self, y):
        """log P(Y <= y)."""
        with np.errstate(divide="ignore"):
            return np.log(self.cdf(y))

    def logsf(self, y):
        """log P(Y > y)."""
        with np.errstate(divide="ignore"):
            return np.log(self.sf(y))

    def isf(self, q):
        """The smallest y with P(Y > y) <= q."""
        return self.ppf(1 - np.asarray(q, dtype=float))

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
        pmf and logpmf exist where the base has them; pdf and logpdf where it has those: the density off `at`, and at
        it the probability.
    probability : float or array
    at : float, default=0.0
    """

    def __init__(self, base, probability, at=0.0):
        self.base, self.probability, self.at = base, probability, at

    @property
    def atoms(self):
        """`at`, where the base has a density."""
        return (
            ()
            if hasattr(self.base, "pmf")
            else (self.at, *(a for a in getattr(self.base, "atoms", ()) if a != self.at))
        )

    def support(self):
        """The smallest and the largest value."""
        low, high = self.base.support()
        return np.minimum(low, self.at), np.maximum(high, self.at)

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

    @available_if(lambda self: hasattr(self.base, "pdf"))
    def logpdf(self, y):
        """Logarithm of the density, or of the probability at the spike."""
        with np.errstate(divide="ignore"):
            off = np.log1p(-self.probability) + self.base.logpdf(y)
            return np.where(np.equal(y, self.at), np.log(self.probability), off)

    @available_if(lambda self: hasattr(self.base, "pdf"))
    def pdf(self, y):
        """The density, or the probability at the spike."""
        return np.exp(self.logpdf(y))

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

    def isf(self, q):
        """The smallest y with P(Y > y) <= q."""
        q = np.asarray(q, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            above = self.base.isf(np.clip(np.nan_to_num(q / (1 - self.probability)), 0, 1))
        return np.where(q < self.sf(self.at), above, self.ppf(1 - q))

    def crps(self, y):
        """Continuous ranked probability score of y: that of a mixture, whose parts are int (F - G)^2 apart."""
        p, at = self.probability, np.full_like(y, self.at)
        return p * np.abs(y - at) + (1 - p) * (crps(self.base, y) - p * crps(self.base, at))

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


def generator(random_state):
    """A numpy generator from None, a seed, or a generator of either kind."""
    if isinstance(random_state, (np.random.Generator, np.random.RandomState)):
        return random_state
    return np.random.default_rng(random_state)
