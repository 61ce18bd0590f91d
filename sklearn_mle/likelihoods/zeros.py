"""Likelihoods of numbers with more, or other, zeros than the base has."""

import numpy as np

from ..distributions import Predictive, WithSpike
from ..distributions.within import Within
from ..jets import expit, log_expit
from ..links import Logit
from . import entropies
from .intervals import log_above
from .special import divergence_of_odds
from .support import Support
from .truncated import MU_OUTSIDE, start_of_truncated
from .wrappers import Wrapper, log_prob


class ZeroInflated(Wrapper):
    """y = 0 with probability pi, else y ~ base.

    Parameters
    ----------
    base : str or Likelihood, default="poisson"
        Of counts.
    pi : float or None, default=None
        The probability of an extra zero; a number fixes it.

    References
    ----------
    Lambert (1992), Zero-inflated Poisson regression, Technometrics 34.

    Examples
    --------
    >>> from sklearn_mle import ZeroInflated, fit_distribution
    >>> law = fit_distribution([0, 0, 0, 0, 0, 3, 4, 2, 5, 3], ZeroInflated("poisson"))
    >>> print(f"pi {law.params['pi']:.2f}, mu {law.params['mu']:.2f}, mean {law.mean()[0]:.1f}")
    pi 0.48, mu 3.27, mean 1.7
    """

    own = {"pi": Logit()}
    own_limits = {
        "pi": {
            0.0: "probability pi of an extra zero is at 0: use the base alone",
            1.0: "probability pi of an extra zero is at 1: every y is 0",
        }
    }

    def __init__(self, base="poisson", pi=None):
        self.base, self.pi = base, pi

    @property
    def support(self):
        return self.inner.support

    def dist(self, *theta):
        *theta, pi = theta
        return WithSpike(self.inner.dist(*theta), expit(pi))

    def log_prob(self, y, *theta):
        *theta, pi = theta
        not_inflated = log_expit(-pi) + log_prob(self.inner, y, *theta)
        return np.where(y == 0, np.logaddexp(log_expit(pi), not_inflated), not_inflated)

    def crps(self, y, *theta):
        *theta, pi = theta
        p, base = expit(pi), self.inner
        return p * np.abs(y) + expit(-pi) * (base.crps(y, *theta) - p * base.crps(np.zeros_like(y), *theta))

    def start(self, y, weight):
        # Half of the zeros are taken for extra ones.
        values = self.inner.start(y, np.where(y == 0, 0.5 * weight, weight))
        extra = 0.5 * np.average(y == 0, weights=weight)
        return values if values is None else (*values, float(np.clip(extra, 0.01, 0.99)))

    def point(self, *theta):
        *theta, pi = theta
        return expit(-pi) * self.inner.point(*theta)

    def check(self, y):
        support = self.inner.support
        if not support.integer or support.columns > 1:
            raise ValueError(
                f"ZeroInflated needs a base of counts (Poisson, NegativeBinomial); got {self.base!r}. "
                "Hurdle also takes one of positive numbers."
            )
        return self.inner.check(super().check(y))


class Hurdle(Wrapper):
    """y = 0 with probability pi, else y ~ base, given that it is positive.

    Over a base of counts it is the hurdle model; over one of positive numbers its law has a point mass at 0 and a
    density, and `log_prob` is the logarithm of the one or of the other.

    Parameters
    ----------
    base : str or Likelihood, default="poisson"
        Of counts, or of positive numbers.
    pi : float or None, default=None
        P(y = 0); a number fixes it.

    References
    ----------
    Mullahy (1986), Specification and testing of some modified count data models, Journal of Econometrics 33.

    Examples
    --------
    >>> from sklearn_mle import Hurdle, fit_distribution
    >>> law = fit_distribution([0.0, 0.0, 1.2, 0.0, 3.4, 2.2], Hurdle("gamma"))  # rain of six days
    >>> print(f"P(dry) = {law.cdf(0)[0]:.2f}, P(Y > 3) = {law.sf(3)[0]:.2f}")
    P(dry) = 0.50, P(Y > 3) = 0.10
    """

    own = {"pi": Logit()}
    own_limits = MU_OUTSIDE | {
        "pi": {
            0.0: "probability pi of a zero is at 0: there is none, use Truncated(base, lower=0) or the base alone",
            1.0: "probability pi of a zero is at 1: every y is 0",
        }
    }

    def __init__(self, base="poisson", pi=None):
        self.base, self.pi = base, pi

    @property
    def support(self):
        base = self.inner.support
        return base if base.integer else Support(lower=0.0, upper=base.upper)

    @property
    def nuisance(self):
        return ("pi",) if self.inner.support.integer else (*self.inner.nuisance, "pi")

    def dist(self, *theta):
        *theta, pi = theta
        law = self.inner.dist(*theta)
        return WithSpike(Within(law, lower=0.0) if self.support.integer else law, expit(pi))

    def log_prob(self, y, *theta):
        *theta, pi = theta
        base, zero = self.inner, y == 0
        positive = log_prob(base, np.where(zero, _any_positive(base), y), *theta)
        if base.support.integer:
            positive = positive - log_above(base, 0.0, *theta)
        return np.where(zero, log_expit(pi), log_expit(-pi) + positive)

    def start(self, y, weight):
        positive = np.where(y == 0, _any_positive(self.inner), y)
        weight_of_positive = weight * (y > 0) if np.any(weight * y > 0) else weight
        values = start_of_truncated(self.inner, positive, weight_of_positive, 0.0)
        zeros = np.average(y == 0, weights=weight)
        return values if values is None else (*values, float(np.clip(zeros, 0.01, 0.99)))

    def point(self, *theta):
        *theta, pi = theta
        point = expit(-pi) * self.inner.point(*theta)
        return point / np.exp(log_above(self.inner, 0.0, *theta)) if self.support.integer else point

    def entropy(self, *theta):
        if self.support.integer:
            return super().entropy(*theta)
        *theta, pi = theta
        p, rest = expit(pi), expit(-pi)
        return -p * log_expit(pi) - rest * log_expit(-pi) + rest * self.inner.entropy(*theta)

    def divergence(self, theta, other):
        n = entropies.n_rows(*theta, *other)
        if self.support.integer:
            return entropies.divergence_in_numbers(Predictive(self, theta, n), Predictive(self, other, n))
        p, q = (Predictive(self.inner, rows[:-1], n) for rows in (theta, other))
        return divergence_of_odds(theta[-1], other[-1]) + expit(-theta[-1]) * entropies.divergence(p, q)

    def check(self, y):
        support = self.inner.support
        if support.lower != 0 or support.columns > 1:
            raise ValueError(
                f"Hurdle needs a base of counts or of positive numbers (Poisson, Gamma); got {self.base!r}."
            )
        super().check(y)
        self.inner.check(np.where(y == 0, _any_positive(self.inner), y))
        return y


def _any_positive(base):
    """A number that a base of counts, of positive numbers or of shares can be."""
    return 1.0 if base.support.integer else 0.5
