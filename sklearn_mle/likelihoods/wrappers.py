"""Likelihoods made of likelihoods."""

from functools import reduce

import numpy as np
from sklearn.base import clone

from .. import likelihoods
from ..distributions import Predictive, WithSpike
from ..distributions.within import Within
from ..jets import Jet, analytic, expit, log_expit
from ..jets.jet import value_of
from ..links import Logit, ProbabilityLink
from . import entropies
from .base import LabelLikelihood, Likelihood
from .special import divergence_of_odds
from .support import Support

# So many counts are summed term by term.
FEW = 64
OUTSIDE = "mu of the base is far from all that is seen, whose law is then nearly exponential: use a base that is"
MU_OUTSIDE = {
    "mu": {
        -np.inf: OUTSIDE,
        np.inf: OUTSIDE,
        0.0: "mu of the base is at 0: what is seen is always the least that can be (Poisson), or has Fisher's "
        "logarithmic law (NegativeBinomial)",
    }
}


class Wrapper(Likelihood):
    """A likelihood with the parameters of its `base`, a Likelihood or a registry name, before its own."""

    @property
    def inner(self):
        """The base as an object."""
        base = likelihoods.likelihood(self.base)
        if isinstance(base, LabelLikelihood):
            raise ValueError(
                f"{type(self).__name__} needs a base of numbers; got {self.base!r}, a likelihood of labels."
            )
        return base

    @property
    def links(self):
        return {**self.inner.links, **self.own}

    @property
    def widths(self):
        return self.inner.widths

    @property
    def limits(self):
        return {**self.inner.limits, **{name: ends for name, ends in self.own_limits.items() if name in self.links}}

    @property
    def parameters(self):
        inner, own = self.inner.parameters, self._parameters(self.own) if self.own else {}
        for name in own:
            if name in inner:
                raise ValueError(f"{type(self).__name__} adds a parameter {name}, which {self.base!r} has already.")
        return {**inner, **own}

    @property
    def smooth(self):
        return self.inner.smooth

    @property
    def slopes(self):
        """Of the base: how fast its nll rises on both sides of a kink."""
        return self.inner.slopes

    def smoothed(self, width):
        """The likelihood with the kink of its base rounded."""
        return clone(self).set_params(base=self.inner.smoothed(width))

    def with_density(self, bandwidth):
        """The likelihood with the density at the kink of its base estimated."""
        return clone(self).set_params(base=self.inner.with_density(bandwidth))

    def kinks(self, y, eta):
        """z of each row and its gradient in eta: those of the base."""
        return self.inner.kinks(y, eta)

    #: {name: Link} of the parameters that the base does not have.
    own = {}
    #: `limits` of these, and of those of the base that mean something else here.
    own_limits = {}


def log_prob(base, y, *theta):
    """base.log_prob(y, *theta), with the derivatives that `base.derivatives` knows where theta carries some."""
    if base.derivatives is None or base.widths or not any(isinstance(entry, Jet) for entry in theta):
        return base.log_prob(y, *theta)

    def nll(*eta, order):
        value, *parts = base.derivatives(y, list(eta), order)
        if order > 1:
            parts[1] = {(k, m): row for k, rows in enumerate(parts[1]) for m, row in enumerate(rows) if k <= m}
        return value, *parts

    return -analytic(nll)(*map(_predictor, base.links.values(), theta))


def _predictor(link, theta):
    """The default link's linear predictor of theta, which for a probability is the log-odds already."""
    if isinstance(link, ProbabilityLink):
        return theta
    return link(np.maximum(theta, 1e-300) if link.lower == 0 else theta)  # exp(-750) is 0, which has no logarithm


def log_sum(base, first, last, *theta):
    """log P(first <= Y <= last) of counts, term by term; first and last are whole numbers, or rows of them."""
    first, last = np.atleast_1d(first), np.atleast_1d(last)

    def term(j):
        return np.where(first + j <= last, log_prob(base, np.minimum(first + j, last), *theta), -np.inf)

    return reduce(np.logaddexp, map(term, range(int(np.max(last - first)) + 1)))


def log_above(base, y, *theta):
    """log P(Y > y) of counts: by the base's own `log_sf`, or what the sum up to y leaves."""
    first, last, own = base.support.lower, base.support.upper, type(base).log_sf is not Likelihood.log_sf
    if np.max(y) - first >= (1 if own else FEW):
        return base.log_sf(y, *theta)
    up_to = log_sum(base, first, y, *theta)
    rest = np.log(-np.expm1(up_to))
    # One term has all its digits, however near to 1; a sum has not.
    lost = value_of(up_to) > (-1e-14 if np.max(y) == first else -0.05)
    if not np.any(lost):
        return rest
    far = base.log_sf(y, *theta)
    if not own:
        next_ones = log_sum(base, np.minimum(y + 1, last), np.minimum(y + 8, last), *theta)
        far = np.where(value_of(far) > -600, far, next_ones)  # scipy's underflows at -745
    return np.where(lost, far, rest)


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
        n = entropies.length(*theta, *other)
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
