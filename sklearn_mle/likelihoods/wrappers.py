"""Likelihoods made of likelihoods."""

import numpy as np

from .. import likelihoods
from ..distributions import WithSpike
from ..jets import expit, log_expit
from ..links import Logit
from .base import Likelihood
from .support import Support


class Wrapper(Likelihood):
    """A likelihood with the parameters of its `base`, a Likelihood or a registry name, before its own."""

    @property
    def inner(self):
        """The base as an object."""
        return likelihoods.likelihood(self.base)

    @property
    def links(self):
        return {**self.inner.links, **self.own}

    @property
    def widths(self):
        return self.inner.widths

    @property
    def parameters(self):
        own = self._parameters(self.own) if self.own else {}
        return {**self.inner.parameters, **own}

    #: {name: Link} of the parameters that the base does not have.
    own = {}


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
    """

    own = {"pi": Logit()}

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
        not_inflated = log_expit(-pi) + self.inner.log_prob(y, *theta)
        return np.where(y == 0, np.logaddexp(log_expit(pi), not_inflated), not_inflated)

    @property
    def derivatives(self):
        return None if self.inner.derivatives is None else self._derivatives

    def _derivatives(self, y, eta, order):
        *eta, pi = eta
        nll, *parts = self.inner.derivatives(y, eta, order)
        zero, p, q = y == 0, expit(pi), expit(-pi)
        value = np.where(zero, -np.logaddexp(pi, -nll), nll) - log_expit(-pi)
        if order == 0:
            return (value,)
        # The share of the base in a row: 1 unless y = 0.
        share, rest = np.where(zero, expit(-pi - nll), 1.0), np.where(zero, expit(pi + nll), 0.0)
        gradient = [*(share * row for row in parts[0]), p - rest]
        if order == 1:
            return value, gradient
        slopes, mixed = [*parts[0], np.ones(1)], share * rest
        hessian = [[-mixed * row * other for other in slopes] for row in slopes]
        for k, rows in enumerate(parts[1]):
            for m, row in enumerate(rows):
                hessian[k][m] = hessian[k][m] + share * row
        hessian[-1][-1] = hessian[-1][-1] + p * q
        return value, gradient, hessian

    def start(self, y, weight):
        # Half of the zeros are taken for extra ones.
        values = self.inner.start(y, np.where(y == 0, 0.5 * weight, weight))
        extra = 0.5 * np.average(y == 0, weights=weight)
        return values if values is None else (*values, float(np.clip(extra, 0.01, 0.99)))

    def point(self, *theta):
        *theta, pi = theta
        return expit(-pi) * self.inner.point(*theta)

    def check(self, y):
        if not self.support.integer:
            raise ValueError(f"ZeroInflated needs a base of counts (Poisson, NegativeBinomial); got {self.base!r}.")
        return super().check(y)


class Censored(Wrapper):
    """lower <= latent <= upper with latent ~ base; y of shape (n, 2) holds (lower, upper), equal where observed.

    Right-censored at t is (t, inf), left-censored (-inf, t). `dist` and `point` are those of the latent variable.

    Parameters
    ----------
    base : str or Likelihood, default="gaussian"

    References
    ----------
    Tobin (1958), Estimation of relationships for limited dependent variables, Econometrica 26.
    """

    support = Support(columns=2, infinite=True)

    def __init__(self, base="gaussian"):
        self.base = base

    def dist(self, *theta):
        return self.inner.dist(*theta)

    def point(self, *theta):
        return self.inner.point(*theta)

    def log_prob(self, y, *theta):
        base, (lower, upper) = self.inner, np.transpose(y)
        middle = finite_middle(lower, upper)
        observed, open_below, open_above = lower == upper, lower <= base.support.lower, upper >= base.support.upper
        low, high = np.where(open_below, middle, lower), np.where(open_above, middle, upper)
        if base.support.integer:
            low = low - 1.0  # the interval is closed: P(Y >= low) = P(Y > low - 1)
        below_high, above_low = base.log_cdf(high, *theta), base.log_sf(low, *theta)
        half_open = np.where(open_below, below_high, above_low)
        half_open = np.where(open_below & open_above, 0.0, half_open)
        log_prob = np.where(observed, base.log_prob(middle, *theta), half_open)
        interval = ~(observed | open_below | open_above)
        if not interval.any():
            return log_prob
        with np.errstate(divide="ignore", invalid="ignore"):  # of rows without an interval, not taken
            # From the nearer tail, where the probabilities of both ends are small.
            upper_tail = above_low < below_high
            more = np.where(upper_tail, above_low, below_high)
            less = np.where(upper_tail, base.log_sf(high, *theta), base.log_cdf(low, *theta))
            inside = more + np.log(-np.expm1(less - more))
            if not base.support.integer:
                # Simpson's rule where the ends' probabilities differ by less than 1 %: its error is below 1e-11.
                ends = np.logaddexp(base.log_prob(low, *theta), base.log_prob(high, *theta))
                mean = np.logaddexp(ends, np.log(4.0) + base.log_prob(middle, *theta)) - np.log(6.0)
                inside = np.where(more - less < 0.01, mean + np.log(high - low), inside)
        return np.where(interval, inside, log_prob)

    def start(self, y, weight):
        return self.inner.start(finite_middle(*np.transpose(y)), weight)

    def check(self, y):
        lower, upper = np.transpose(y)
        for wrong, rule in [
            (lower > upper, "needs intervals (lower, upper) with lower <= upper"),
            (np.isinf(lower) & np.isinf(upper), "needs intervals with a finite end"),
        ]:
            if wrong.any():
                row = int(np.argmax(wrong))
                raise ValueError(f"Censored {rule}; y[{row}] is {y[row].tolist()}.")
        finite = np.where(np.isfinite(y), y, finite_middle(lower, upper)[:, None])
        self.inner.support.check(finite, f"Censored({type(self.inner).__name__})")
        return y


def finite_middle(lower, upper):
    """The middle of each interval, or its finite end."""
    low, high = np.where(np.isfinite(lower), lower, upper), np.where(np.isfinite(upper), upper, lower)
    return low + (high - low) / 2
