"""Likelihoods of counts whose variance is above the mean."""

import numpy as np
from scipy import stats
from scipy.special import betainc, betaincc

from ..jets import analytic, xlog1py, xlogy
from ..links import Log
from .base import Likelihood
from .poisson import ALL_ZERO, LOG_FACTORIAL, mean_distance, poisson_nll, small_counts
from .sample import rate
from .saturation import best_log_prob
from .special import log1p, log1p_gap, stirling, stirling_slopes
from .support import COUNTS
from .tails import in_shape, log_beta_tail


class NegativeBinomial(Likelihood):
    """y ~ NB(mu, alpha): mean mu, variance mu + alpha mu^2; Poisson as alpha -> 0.

    Parameters
    ----------
    alpha : float or None, default=None
        A number fixes the dispersion: 1.0 is the geometric distribution.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Cameron and Trivedi (2013), Regression Analysis of Count Data, 3.3.1 (NB2).

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> y = [0, 0, 1, 0, 7, 2, 0, 12, 1, 3]
    >>> for family in "poisson", "negative_binomial":
    ...     law = fit_distribution(y, family)
    ...     print(f"{family}: variance {law.var()[0]:.1f}, log-likelihood {law.log_likelihood:.1f}")
    poisson: variance 2.6, log-likelihood -32.2
    negative_binomial: variance 16.5, log-likelihood -20.6
    """

    links = {"mu": Log(), "alpha": Log()}
    support = COUNTS
    limits = {"mu": ALL_ZERO, "alpha": {0.0: "dispersion alpha is at 0: use Poisson"}}

    def __init__(self, alpha=None, link=None):
        self.alpha, self.link = alpha, link

    def dist(self, mu, alpha):
        # scipy needs 1 - p = alpha mu / (1 + alpha mu) out of p: below 1e-8 it would round away, mean and all.
        alpha = np.maximum(alpha, 1e-8 / np.maximum(mu, 1e-300))
        return stats.nbinom(1 / alpha, 1 / (1 + alpha * mu))

    def log_prob(self, y, mu, alpha):
        # With r = 1 / alpha, log y! Gamma(r) / Gamma(y + r) and all powers regroup into a Poisson nll, a term of the
        # dispersion and remainders of Stirling's formula: nothing large is left to cancel, at any y, mu and alpha.
        alpha = np.maximum(alpha, 1e-300)  # below, r would be inf
        r = 1 / alpha
        log_y, log_x = np.log1p(alpha * y), np.log1p(alpha * mu)
        nearer = mu * ((1 + alpha * y) / (1 + alpha * mu))
        poisson = poisson_nll(y, nearer, xlogy(y, mu) + y * (log_y - log_x))
        dispersion = r * log1p_gap(alpha * (y - mu) / (1 + alpha * mu), log_y - log_x)
        return -(poisson + dispersion + 0.5 * log_y + (stirling(r) - stirling(y + r)))

    def log_cdf(self, y, mu, alpha):
        return tail_of_negative_binomial(np.log(mu), np.log(alpha), np.floor(y), False)

    def log_sf(self, y, mu, alpha):
        return tail_of_negative_binomial(np.log(mu), np.log(alpha), np.floor(y), True)

    def crps(self, y, mu, alpha):
        alpha = np.clip(alpha, 1e-300, 1e300)
        k, r, x = np.maximum(np.floor(y), 0.0), 1 / alpha, alpha * mu
        p, q = 1 / (1 + x), x / (1 + x)
        cdf = np.where(q < 0.5, betaincc(k + 1, r, q), betainc(r, k + 1, p))  # of the smaller: its digits are all there
        pmf = np.nan_to_num(np.exp(self.log_prob(k, mu, alpha)))
        cdf, pmf = (np.where(y < 0, 0.0, row) for row in (cdf, pmf))
        # Where y and almost all Y are 0 both terms are mu, up to rounding.
        return np.maximum(mean_distance(y, mu, alpha, cdf, pmf) - half_mean_difference(mu, alpha), 0.0)

    def derivatives(self, y, eta, order):
        log_mu, log_alpha = eta
        mu, alpha = np.exp(np.atleast_1d(log_mu)), np.maximum(np.exp(np.atleast_1d(log_alpha)), 1e-300)
        r, x, counts = 1 / alpha, alpha * mu, small_counts(y)
        log_x, per_mu = log1p(x), 1 / (1 + x)
        # What depends on y and alpha alone is computed once per distinct count where alpha is one number.
        tabulated = counts is not None and len(alpha) == 1
        of_count = _of_count(np.arange(counts.max() + 1.0) if tabulated else y, alpha, order)
        log_y, rest, *slopes = (row[counts] for row in of_count) if tabulated else of_count
        by_mu = (mu - y) * per_mu
        dispersion = r * log1p_gap(-alpha * by_mu, log_y - log_x)
        if counts is None:
            nearer = mu * (1 + alpha * y) * per_mu
            nll = poisson_nll(y, nearer, y * (log_mu + (log_y - log_x))) + dispersion + rest
        else:  # the same, collected: small counts leave nothing to lose
            nll = rest + (LOG_FACTORIAL[counts] + y) - y * log_mu - (y + r) * (log_y - log_x)
        parts = [nll]
        if order > 0:
            parts.append([by_mu, slopes[0] - dispersion])
        if order > 1:
            grow, cross = 1 + alpha * y, -by_mu * (x * per_mu)
            by_alpha = dispersion - alpha * by_mu * by_mu / grow + slopes[1]
            parts.append([[mu * per_mu * (grow * per_mu), cross], [cross, by_alpha]])
        return tuple(parts)

    def start(self, y, weight):
        mu = rate(y, weight)
        if not y.any():
            return mu, 1e-12  # no dispersion to be seen: it would lead mu astray
        variance = np.average((y - mu) ** 2, weights=weight)
        return mu, max((variance - mu) / mu**2, 0.01 / max(mu, 1.0))

    def saturated(self, y, mu, alpha):
        return self.log_prob(y, y, alpha)

    def point(self, mu, alpha):
        return mu


def half_mean_difference(mu, alpha):
    """E|Y - Y'| / 2 of two NB(mu, alpha): mu (1 + x) 2F1(1 + 1 / alpha, 1/2; 2; -4 x (1 + x)) with x = alpha mu.

    References
    ----------
    Wei and Held (2014), Calibration tests for count data, TEST 23, for the formula. Computed here is Euler's integral
    (NIST Digital Library of Mathematical Functions, 15.6.1): scipy's hyp2f1 is NaN where alpha is small.
    """
    x = alpha * mu
    power, a = 1 + 1 / alpha, 4 * x * (1 + x)
    # t = w^2 / (1 + w^2), w = width sinh(v): analytic in a strip about the real v, where the trapezoidal rule converges
    # exponentially. At a step of 1/8 it is exact to rounding.
    step, width = 1 / 8, 1 / np.sqrt(1 + power * a)
    total = 0.5 * width
    for v in np.arange(step, 80, step):
        square = (width * np.sinh(v)) ** 2
        term = width * np.cosh(v) / (1 + square) ** 2 * np.exp(-power * np.log1p(a * square / (1 + square)))
        total = total + term
        if not (term > 1e-17 * total).any():
            break
    return np.fmin(mu * (1 + x) * (4 / np.pi * step) * total, mu)  # mu is its limit, also where 4 x (1 + x) overflows


@analytic
def tail_of_negative_binomial(log_mu, log_alpha, y, upper, *, order):
    """log P(Y > y) or log P(Y <= y) for whole numbers y >= 0."""
    mu = np.exp(log_mu)

    def tail(log_alpha):
        alpha = np.maximum(np.exp(log_alpha), 1e-50)  # Poisson to all digits; scipy's beta function is lost far below
        p, q = 1 / (1 + alpha * mu), alpha * mu / (1 + alpha * mu)
        log_front = NegativeBinomial().log_prob(y, mu, alpha) + log_mu + np.log1p(alpha * y) + np.log(p)
        ends = (y + 1, 1 / alpha, q, p) if upper else (1 / alpha, y + 1, p, q)
        value, rate = log_beta_tail(*ends, log_front)
        return value, rate if upper else -rate, p * (y + 1 - mu)

    with np.errstate(all="ignore"):
        return in_shape(tail, log_alpha, order)


def _of_count(y, alpha, order):
    """What only y and alpha determine: log(1 + alpha y), the remainder of the nll, its two derivatives in log alpha."""
    r, grow = 1 / alpha, alpha * y
    log_y = log1p(grow)
    parts = [log_y, 0.5 * log_y + (stirling(r) - stirling(y + r))]
    if order > 0:
        share = grow / (1 + grow)
        rises = [high - low for high, low in zip(stirling_slopes(y + r, order), stirling_slopes(r, order), strict=True)]
        parts.append(0.5 * share + r * rises[0])
    if order > 1:
        parts.append(0.5 * share * (1 - share) - r * (rises[0] + r * rises[1]))
    return parts


class NegativeBinomial1(Likelihood):
    """y ~ NB1(mu, alpha): mean mu, variance mu (1 + alpha); Poisson as alpha -> 0.

    Sums of such counts with one alpha are such counts.

    Parameters
    ----------
    alpha : float or None, default=None
        A number fixes the dispersion.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Cameron and Trivedi (2013), Regression Analysis of Count Data, 3.3.1 (NB1).

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> law = fit_distribution([0, 0, 1, 0, 7, 2, 0, 12, 1, 3], "negative_binomial1")
    >>> print(f"variance {law.var()[0] / law.mean()[0]:.2f} means, 1 + alpha = {1 + law.params['alpha']:.2f}")
    variance 6.36 means, 1 + alpha = 6.36
    """

    links = {"mu": Log(), "alpha": Log()}
    support = COUNTS
    limits = NegativeBinomial.limits

    def __init__(self, alpha=None, link=None):
        self.alpha, self.link = alpha, link

    def dist(self, mu, alpha):
        alpha = np.maximum(alpha, 1e-8)  # as in NegativeBinomial
        return stats.nbinom(mu / alpha, 1 / (1 + alpha))

    def log_prob(self, y, mu, alpha):
        return NegativeBinomial().log_prob(y, mu, alpha / mu)

    def log_cdf(self, y, mu, alpha):
        return NegativeBinomial().log_cdf(y, mu, alpha / mu)

    def log_sf(self, y, mu, alpha):
        return NegativeBinomial().log_sf(y, mu, alpha / mu)

    def crps(self, y, mu, alpha):
        return NegativeBinomial().crps(y, mu, alpha / mu)

    def derivatives(self, y, eta, order):
        log_mu, log_alpha = eta
        parts = NegativeBinomial().derivatives(y, [log_mu, log_alpha - log_mu], order)
        if order > 0:
            by_mu, by_alpha = parts[1]
            parts[1][0] = by_mu - by_alpha
        if order > 1:
            (by_mu, cross), (_, by_alpha) = parts[2]
            parts[2][0] = [by_mu - 2 * cross + by_alpha, cross - by_alpha]
            parts[2][1][0] = cross - by_alpha
        return parts

    def start(self, y, weight):
        mu, alpha = NegativeBinomial().start(y, weight)
        return mu, alpha * mu

    def saturated(self, y, mu, alpha):
        # Not at mu = y, for the variance grows with mu; with mu -> 0 no count but 0 is possible.
        some = np.where(y > 0, y, 1.0)
        best = best_log_prob(self, some, np.log(some), np.log(alpha))
        return np.where(y > 0, best, 0.0)

    def point(self, mu, alpha):
        return mu


class Geometric(Likelihood):
    """P(y = k) = (1 - p)^k p, k = 0, 1, ..., the failures before the first success: mean mu = (1 - p) / p.

    Parameters
    ----------
    link : str or Link, default=None
        The link of mu.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> law = fit_distribution([0, 2, 1, 0, 5, 1], "geometric")
    >>> print(f"mean {law.params['mu']:.2f}, P(Y = 0) = {law.pmf(0)[0]:.2f}")
    mean 1.50, P(Y = 0) = 0.40
    """

    links = {"mu": Log()}
    support = COUNTS
    limits = {"mu": ALL_ZERO}

    def __init__(self, link=None):
        self.link = link

    def dist(self, mu):
        return stats.nbinom(1, 1 / (1 + mu))  # scipy's geom counts the success as well

    def log_prob(self, y, mu):
        return -xlog1py(y, 1 / mu) - np.log1p(mu)

    def log_cdf(self, y, mu):
        return np.log(-np.expm1(self.log_sf(y, mu)))

    def log_sf(self, y, mu):
        return -(np.floor(y) + 1) * np.log1p(1 / mu)

    def information(self, mu):
        return {("mu", "mu"): 1 / (mu * (1 + mu))}

    def start(self, y, weight):
        return (rate(y, weight),)

    def point(self, mu):
        return mu
