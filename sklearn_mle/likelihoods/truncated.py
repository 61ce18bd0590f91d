"""The likelihood of what is seen within an interval only."""

from numbers import Real

import numpy as np

from .. import jets
from ..distributions.within import Within
from .base import silent_where_infinite
from .intervals import FEW, log_above, log_probability
from .support import Support
from .wrappers import Wrapper, log_prob

OUTSIDE = "mu of the base is far from all that is seen, whose law is then nearly exponential: use a base that is"
MU_OUTSIDE = {
    "mu": {
        -np.inf: OUTSIDE,
        np.inf: OUTSIDE,
        0.0: "mu of the base is at 0: what is seen is always the least that can be (Poisson), or has Fisher's "
        "logarithmic law (NegativeBinomial)",
    }
}


class Truncated(Wrapper):
    """y ~ base, given that lower < y <= upper: rows outside the interval are never seen.

    Parameters
    ----------
    base : str or Likelihood, default="gaussian"
    lower, upper : float, default=-inf, inf
        ``lower=0`` makes counts zero-truncated. `predict` is the mean of what is seen.

    References
    ----------
    Cameron and Trivedi (2013), Regression Analysis of Count Data, 4.3. Greene (2018), Econometric Analysis, 19.2.

    Examples
    --------
    >>> from sklearn_mle import Truncated, fit_distribution
    >>> y = [1, 1, 2, 1, 3, 1, 2]  # persons in a household: none is recorded where there is nobody
    >>> print(f"{fit_distribution(y, Truncated('poisson', lower=0)).params['mu']:.2f}")
    0.98
    """

    own_limits = MU_OUTSIDE

    def __init__(self, base="gaussian", lower=-np.inf, upper=np.inf):
        self.base, self.lower, self.upper = base, lower, upper

    @property
    def support(self):
        base = self.inner.support
        for name, end in (("lower", self.lower), ("upper", self.upper)):
            if not isinstance(end, Real) or np.isnan(end):
                raise TypeError(f"Truncated: {name} must be a number, -inf or inf for none; got {end!r}.")
        lower, upper = (np.floor(self.lower) + 1, np.floor(self.upper)) if base.integer else (self.lower, self.upper)
        inside = lower <= base.lower and upper >= base.upper
        return base if inside else Support(max(lower, base.lower), min(upper, base.upper), integer=base.integer)

    def dist(self, *theta):
        return Within(self.inner.dist(*theta), self.lower, self.upper)

    def point(self, *theta):
        base = self.inner
        if base.support.integer and base.support.lower == 0 <= self.lower < 1 and self.upper >= base.support.upper:
            return base.point(*theta) / np.exp(log_above(base, 0.0, *theta))  # all of the mean is above 0
        return super().point(*theta)

    def log_prob(self, y, *theta):
        seen = log_prob(self.inner, y, *theta) - log_probability(self.inner, self.lower, self.upper, *theta)
        return np.where((y > self.lower) & (y <= self.upper), seen, -np.inf)

    def taylor(self, y, eta, order):
        def log_seen(*rows):
            return log_probability(self.inner, self.lower, self.upper, *self.theta(rows))

        with np.errstate(all="ignore"):
            both = zip(self.inner.taylor(y, eta, order), jets.taylor(log_seen, eta, order), strict=True)
            inside = (y > self.lower) & (y <= self.upper)
            return silent_where_infinite(tuple(_added(*parts) for parts in both), inside)

    def log_cdf(self, y, *theta):
        seen = log_probability(self.inner, self.lower, np.clip(y, self.lower, self.upper), *theta)
        return seen - log_probability(self.inner, self.lower, self.upper, *theta)

    def log_sf(self, y, *theta):
        seen = log_probability(self.inner, np.clip(y, self.lower, self.upper), self.upper, *theta)
        return seen - log_probability(self.inner, self.lower, self.upper, *theta)

    def start(self, y, weight):
        return start_of_truncated(self.inner, y, weight, self.lower)

    def check(self, y):
        if self.inner.support.columns > 1:
            raise ValueError(f"Truncated needs a base with y of one column; got {self.base!r}.")
        if not self.lower < self.upper:
            raise ValueError(f"Truncated needs lower < upper; got lower={self.lower!r}, upper={self.upper!r}.")
        self.inner.check(y)
        outside = ~((y > self.lower) & (y <= self.upper))
        if outside.any():
            row = int(np.argmax(outside))
            raise ValueError(
                f"{self!r} models {self.lower:g} < y <= {self.upper:g}; y[{row}] is {y[row]}. Rows outside it "
                "are never seen; if they are seen, but not their y, use Censored."
            )
        return y


def start_of_truncated(base, y, weight, lower):
    """base.start, from y > lower and, of counts, from the lower ones too that are likely to be missing."""
    values, support = base.start(y, weight), base.support
    if values is None or not support.integer or not support.lower <= lower < support.lower + FEW:
        return values
    missing = np.arange(support.lower, np.floor(lower) + 1)
    for _ in range(30):  # of Dempster's, Laird's and Rubin's EM algorithm, with a crude second step
        proba = np.exp(base.log_prob(missing, *base.theta([np.array([value]) for value in base.eta(values)])))
        odds = proba / max(1 - proba.sum(), 0.01)
        values = base.start(np.append(y, missing), np.append(weight, weight.sum() * odds))
    return values


def _added(rows, others):
    """Sums of rows in lists of lists of the same form."""
    if isinstance(rows, list):
        return [_added(row, other) for row, other in zip(rows, others, strict=True)]
    return rows + others
