"""The law of Y given that it lies in an interval."""

from functools import cached_property

import numpy as np
from sklearn.utils.metaestimators import available_if

from .laws import Law, generator

# The trapezoidal rule in the log-odds of the quantiles: its error falls like exp(-2 pi^2 / STEP).
STEP = 0.5
# What a sum's terms may be, relative to what is there, when those further out are left out.
NOTHING = 1e-18


def discrete(law):
    """Whether a law gives probabilities, not densities."""
    return hasattr(law, "pmf")


class Within(Law):
    """Y ~ base, given that lower < Y <= upper.

    Parameters
    ----------
    base : frozen scipy.stats law, or one with the same methods
        pmf and logpmf, or pdf and logpdf, exist where the base has them.
    lower, upper : float
    """

    def __init__(self, base, lower=-np.inf, upper=np.inf):
        self.base, self.lower, self.upper = base, lower, upper

    @cached_property
    def _above(self):
        """Whether the interval lies in the upper half of the base, whose `sf` then has the digits that `cdf` lost."""
        return np.asarray(self.base.cdf(self.lower)) > 0.5

    @cached_property
    def mass(self):
        """P(lower < Y <= upper) of the base."""
        base, lower, upper = self.base, self.lower, self.upper
        return np.where(self._above, base.sf(lower) - base.sf(upper), base.cdf(upper) - base.cdf(lower))

    @property
    def atoms(self):
        """Those of the base inside the interval."""
        return tuple(at for at in getattr(self.base, "atoms", ()) if self._inside(at))

    def support(self):
        """The smallest and the largest value."""
        low, high = self.base.support()
        first, last = self._ends
        return np.maximum(low, first), np.minimum(high, last)

    @property
    def _ends(self):
        """The ends of the interval: of integers, the first and the last one."""
        return (np.floor(self.lower) + 1, np.floor(self.upper)) if discrete(self.base) else (self.lower, self.upper)

    def _inside(self, y):
        return (np.asarray(y) > self.lower) & (np.asarray(y) <= self.upper)

    @available_if(lambda self: discrete(self.base))
    def logpmf(self, k):
        """log P(Y = k)."""
        with np.errstate(divide="ignore"):
            return np.where(self._inside(k), self.base.logpmf(k) - np.log(self.mass), -np.inf)

    @available_if(lambda self: discrete(self.base))
    def pmf(self, k):
        """P(Y = k)."""
        return np.exp(self.logpmf(k))

    @available_if(lambda self: not discrete(self.base))
    def logpdf(self, y):
        """Logarithm of the density."""
        with np.errstate(divide="ignore"):
            return np.where(self._inside(y), self.base.logpdf(y) - np.log(self.mass), -np.inf)

    @available_if(lambda self: not discrete(self.base))
    def pdf(self, y):
        """Density."""
        return np.exp(self.logpdf(y))

    def cdf(self, y):
        """P(Y <= y)."""
        base, y = self.base, np.clip(y, self.lower, self.upper)
        part = np.where(self._above, base.sf(self.lower) - base.sf(y), base.cdf(y) - base.cdf(self.lower))
        return np.clip(part / self.mass, 0, 1)

    def sf(self, y):
        """P(Y > y)."""
        base, y = self.base, np.clip(y, self.lower, self.upper)
        part = np.where(self._above, base.sf(y) - base.sf(self.upper), base.cdf(self.upper) - base.cdf(y))
        return np.clip(part / self.mass, 0, 1)

    def ppf(self, q):
        """The smallest y with P(Y <= y) >= q."""
        q, base = np.asarray(q, dtype=float), self.base
        below = base.ppf(base.cdf(self.lower) + q * self.mass)
        return self._quantile(q, below, lambda: base.isf(base.sf(self.lower) - q * self.mass))

    def isf(self, q):
        """The smallest y with P(Y > y) <= q."""
        q, base = np.asarray(q, dtype=float), self.base
        below = base.ppf(base.cdf(self.upper) - q * self.mass)
        return self._quantile(1 - q, below, lambda: base.isf(base.sf(self.upper) + q * self.mass))

    def _quantile(self, q, from_below, from_above):
        y = np.where(self._above, from_above(), from_below) if np.any(self._above) else from_below
        first = np.floor(self.lower) + 1 if discrete(self.base) else self.lower
        y = np.clip(y, first, np.floor(self.upper) if discrete(self.base) else self.upper)
        if discrete(self.base):  # the arguments of the base's quantiles are rounded: at a jump they may pass it
            y = np.where((y > first) & (self.cdf(y - 1) >= q), y - 1, y)
        return np.where((q >= 0) & (q <= 1), y, np.nan)

    @cached_property
    def _moments(self):
        """Mean and variance."""
        return _by_summation(self) if discrete(self.base) else _by_quadrature(self)

    def mean(self):
        """Expectation."""
        return self._moments[0]

    def var(self):
        """Variance."""
        return self._moments[1]

    def rvs(self, size=None, random_state=None):
        """Draws, of the laws' shape or of `size`."""
        size = np.shape(self.mass) if size is None else size
        return self.ppf(generator(random_state).random(size))


def _by_quadrature(law):
    """E[Y] and var[Y] as integrals of quantiles; those of the base where they are infinite."""
    centre, sums = law.ppf(0.5), 0.0
    for quantile in (law.ppf, law.isf):
        for j in range(quantile == law.isf, 1400):
            tail = 1 / (1 + np.exp(STEP * j))
            off = quantile(tail) - centre
            off = np.where(np.isfinite(off), off, 0.0)
            terms = STEP * tail * (1 - tail) * np.stack([off, off * off])
            sums = sums + terms
            size = np.stack([np.sqrt(sums[1]), sums[1]])
            if j > 4 and np.all(np.abs(terms) <= NOTHING * (size + np.finfo(float).tiny)):
                break
    mean, var = law.base.mean(), law.base.var()
    bounded = np.isfinite(law.lower) and np.isfinite(law.upper)
    return (
        np.where(bounded | np.isfinite(mean), centre + sums[0], mean),
        np.where(bounded | np.isfinite(var), sums[1] - sums[0] ** 2, var),
    )


def _by_summation(law):
    """E[Y] and var[Y] as sums over the inside, or, where it has most of the mass, what those over the outside leave."""
    base, first, last = law.base, np.floor(law.lower) + 1, np.floor(law.upper)
    most = law.mass > 0.5
    centre = np.clip(np.where(most, base.mean(), base.ppf(0.5)), first, last)
    middle = np.floor(centre)
    sums = np.zeros((3, *np.shape(middle)))
    if not np.all(most):
        sums += _sums(base, middle, 1, last, centre) + _sums(base, middle - 1, -1, first, centre)
    if np.any(most):
        off = base.mean() - centre
        whole = np.stack(np.broadcast_arrays(1.0, off, base.var() + off * off))
        outside = _sums(base, first - 1, -1, -np.inf, centre) + _sums(base, last + 1, 1, np.inf, centre)
        sums = np.where(most, whole - outside, sums)
    mean = sums[1] / sums[0]
    return centre + mean, sums[2] / sums[0] - mean * mean


def _sums(base, k, step, last, centre):
    """The sums of p(k), p(k) (k - centre) and p(k) (k - centre)^2 from k by steps to `last`."""
    sums = np.zeros((3, *np.shape(centre)))
    while np.any(going := np.isfinite(k) & (k <= last if step > 0 else k >= last)):
        off = np.where(going, k - centre, 0.0)
        p = np.where(going, base.pmf(k), 0.0)
        terms = np.stack(np.broadcast_arrays(p, p * off, p * off * off))
        sums = sums + terms
        if not np.any(np.abs(terms) > NOTHING * np.maximum(np.abs(sums), np.finfo(float).tiny)):  # NaN ends, too
            break
        k = k + step
    return sums
