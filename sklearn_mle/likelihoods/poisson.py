"""The likelihood of counts whose variance is their mean, of whose nll those of other counts are made."""

import numpy as np
from scipy import stats
from scipy.special import i0e, i1e

from ..jets import analytic, gammaln, xlogy
from ..links import Log
from .base import Likelihood
from .sample import rate
from .special import LARGE, LOG_2PI, log1p_gap, stirling_from_16
from .support import COUNTS
from .tails import log_gamma_tail

# Below this, y log y costs less than four digits, and what depends on y alone is looked up.
FEW = 1024
LOG_FACTORIAL = gammaln(np.arange(FEW) + 1.0)
ALL_ZERO = {0.0: "mean mu is at 0: every count is 0, which determines no coefficient"}


class Poisson(Likelihood):
    """y ~ Poisson(mu): mean mu, variance mu.

    Parameters
    ----------
    link : str or Link, default=None
        The link of mu.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> dist = MLERegressor("poisson").fit(X, y).predict_dist([[2]])
    >>> print(f"mean {dist.mean()[0]:.2f}, P(Y = 0) = {dist.pmf(0)[0]:.2f}")
    mean 1.87, P(Y = 0) = 0.15
    """

    links = {"mu": Log()}
    support = COUNTS
    limits = {"mu": ALL_ZERO}

    def __init__(self, link=None):
        self.link = link

    def dist(self, mu):
        return stats.poisson(mu)

    def log_prob(self, y, mu):
        return -poisson_nll(y, mu, xlogy(y, mu))

    def log_cdf(self, y, mu):
        return tail_of_poisson(np.log(mu), np.floor(y), False)

    def log_sf(self, y, mu):
        return tail_of_poisson(np.log(mu), np.floor(y), True)

    def crps(self, y, mu):
        # Jordan, Krueger and Lerch (2019), Evaluating probabilistic forecasts with scoringRules, JSS 90, appendix A.
        k = np.floor(y)
        pmf = np.where(k < 0, 0.0, np.exp(self.log_prob(np.maximum(k, 0.0), mu)))
        return mean_distance(y, mu, 0.0, self.dist(mu).cdf(k), pmf) - mu * (i0e(2 * mu) + i1e(2 * mu))

    def derivatives(self, y, eta, order):
        (log_mu,) = eta
        mu = np.exp(log_mu)
        nll, many = mu - y * log_mu + log_factorial(y), np.flatnonzero(y >= LARGE)
        if len(many):
            y_many, mu_many, log_many = (row[many] for row in np.broadcast_arrays(y, mu, log_mu))
            nll[many] = poisson_nll(y_many, mu_many, y_many * log_many)
        return (nll, [mu - y], [[mu]])[: order + 1]

    def information(self, mu):
        return {("mu", "mu"): 1 / mu}

    def saturated(self, y, mu):
        return self.log_prob(y, y)

    def dispersion(self, mu):
        return 1.0

    def divergence(self, theta, other):
        (mu,), (nu,) = theta, other
        return mu * log1p_gap((nu - mu) / mu, np.log(nu) - np.log(mu))

    def start(self, y, weight):
        return (rate(y, weight),)

    def point(self, mu):
        return mu


@analytic
def tail_of_poisson(log_mu, y, upper, *, order):
    """log P(Y > y) or log P(Y <= y) for whole numbers y >= 0."""
    mu = np.exp(log_mu)
    with np.errstate(all="ignore"):
        value, rate = log_gamma_tail(y + 1, mu, Poisson().log_prob(y, mu) + log_mu, not upper)
    slope = rate if upper else -rate
    return (value, [slope], {(0, 0): slope * (y + 1 - mu - slope)})[: order + 1]


def poisson_nll(y, mu, y_log_mu):
    """mu - y log mu + log y!, from y log mu as the caller knows it best.

    References
    ----------
    Loader (2000), Fast and accurate computation of binomial probabilities: y log(y / mu) + mu - y cancels less.
    """
    counts = small_counts(y)
    if counts is not None:
        return mu - y_log_mu + LOG_FACTORIAL[counts]
    many = np.maximum(y, LARGE)
    off = (mu - many) / many
    near = many * log1p_gap(off) + (0.5 * np.log(many) + 0.5 * LOG_2PI + stirling_from_16(many))
    return np.where((y >= LARGE) & (np.abs(off) < 0.5), near, mu - y_log_mu + gammaln(y + 1.0))


def log_factorial(y):
    """log y! = log Gamma(y + 1): that of small counts is looked up, and zeros have none."""
    counts = small_counts(y)
    if counts is not None:
        return LOG_FACTORIAL[counts]
    logs, positive = np.zeros(np.shape(y)), np.nonzero(y != 0)
    logs[positive] = gammaln(y[positive] + 1.0)
    return logs


def small_counts(y):
    """y as indices if all of it are integers from 0 to FEW - 1, else None."""
    y = np.asarray(y)
    if not (y.min(initial=0) >= 0 and y.max(initial=0) < FEW):
        return None
    counts = y.astype(np.intp)
    return counts if (counts == y).all() else None


def mean_distance(y, mu, alpha, cdf, pmf):
    """E|Y - y| of counts with variance mu + alpha mu^2, from P(Y <= y) and P(Y = floor(y)), both 0 where y < 0."""
    # E (y - Y)+ = sum_{j <= y} (y - j) p(j), and sum_{j <= k} (mu - j) p(j) telescopes to mu (1 + alpha k) p(k).
    return (y - mu) * (2 * cdf - 1) + 2 * (mu + alpha * mu * np.floor(y)) * pmf
