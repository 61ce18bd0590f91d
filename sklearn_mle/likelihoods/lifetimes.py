"""Likelihoods of positive numbers whose logarithm has a law of location and scale: accelerated failure times."""

import numpy as np
from scipy import special, stats

from ..distributions import crps
from ..distributions.crps import not_below_zero
from ..jets import gammaln, log_expit
from ..links import Log
from .base import Likelihood
from .real import Gaussian, Gumbel, Logistic
from .sample import spread
from .special import log_cdf_of_minimum
from .support import POSITIVE

EULER = float(np.euler_gamma)
# From this shape on laws are so narrow that a difference of means would lose the digits of their CRPS.
NARROW = 1e4


class LogNormal(Likelihood):
    """log y ~ N(mu, sigma^2): median exp(mu), mean exp(mu + sigma^2 / 2).

    Parameters
    ----------
    sigma : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import MLERegressor
    >>> X, y = [[0], [1], [2], [3], [4]], np.array([1.2, 1.7, 4.9, 6.2, 16.0])
    >>> model = MLERegressor("lognormal").fit(X, y)
    >>> bool(abs(model.coef_ - MLERegressor().fit(X, np.log(y)).coef_) < 1e-10)  # least squares of log y
    True
    >>> print("{:.2f}".format(model.predict_dist(X).median()[0]), "{:.2f}".format(model.predict(X)[0]))  # median, mean
    1.09 1.10
    """

    links = Gaussian.links
    support = POSITIVE
    nuisance = ("sigma",)
    _of_log = Gaussian()

    def __init__(self, sigma=None, link=None):
        self.sigma, self.link = sigma, link

    def dist(self, mu, sigma):
        return stats.lognorm(sigma, scale=np.exp(np.maximum(mu, -700.0)))  # scipy has no law of scale 0

    def log_prob(self, y, mu, sigma):
        return self._of_log.log_prob(np.log(y), mu, sigma) - np.log(y)

    def log_cdf(self, y, mu, sigma):
        return self._of_log.log_cdf(np.log(y), mu, sigma)

    def log_sf(self, y, mu, sigma):
        return self._of_log.log_sf(np.log(y), mu, sigma)

    def derivatives(self, y, eta, order):
        log_y = np.log(y)
        nll, *derivatives = self._of_log.derivatives(log_y, eta, order)
        return nll + log_y, *derivatives

    def start(self, y, weight):
        return spread(np.log(y), weight)

    def point(self, mu, sigma):
        return np.exp(mu + 0.5 * sigma * sigma)

    def crps(self, y, mu, sigma):
        # Jordan, Krueger and Lerch (2019), JSS 90, appendix A: y erf(z) - mean (erf(z - sigma) + erf(sigma / sqrt 2)),
        # with erf(x) for 2 Phi(x) - 1 here; regrouped for narrow laws, and for wide ones, whose mean may be very far.
        z = (np.log(np.maximum(y, 0.0)) - mu) / sigma
        mean, root = self.point(mu, sigma), np.sqrt(2)
        between = 0.0  # erf(z) - erf(z - sigma)
        for x, weight in zip(*np.polynomial.legendre.leggauss(10), strict=True):
            between = between + weight * np.exp(-0.5 * (z - 0.5 * sigma * (1 + x)) ** 2)
        between = sigma * between / np.sqrt(2 * np.pi)
        off = np.where(y > 0, mean * np.expm1(sigma * z - 0.5 * sigma * sigma), y - mean)
        narrow = off * special.erf(z / root) + mean * (between - special.erf(0.5 * sigma))
        lower = np.where(z > 0, mean * special.erfc((sigma - z) / root), 0.0)
        lower = np.where(
            z < sigma, np.maximum(y, 0.0) * np.exp(-0.5 * z * z) * special.erfcx((sigma - z) / root), lower
        )
        wide = y * special.erf(z / root) - lower + np.exp(mu + 0.25 * sigma * sigma) * special.erfcx(0.5 * sigma)
        return not_below_zero(np.where(sigma < 0.5, narrow, wide), y)

    def entropy(self, mu, sigma):
        return self._of_log.entropy(mu, sigma) + mu

    def divergence(self, theta, other):
        return self._of_log.divergence(theta, other)


class Weibull(Likelihood):
    """P(Y > y) = exp(-(y / scale)^shape): median scale (log 2)^(1 / shape); exponential where shape = 1.

    Parameters
    ----------
    shape : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of scale, or of both parameters by name.

    References
    ----------
    Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, section 2.2.2.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> law = fit_distribution([2.1, 4.4, 3.2, 6.8, 5.0, 3.9], "weibull")  # years until failure
    >>> print(f"shape {law.params['shape']:.2f}, P(Y > 5) = {law.sf(5)[0]:.2f}")
    shape 3.15, P(Y > 5) = 0.31
    """

    links = {"scale": Log(), "shape": Log()}
    support = POSITIVE

    def __init__(self, shape=None, link=None):
        self.shape, self.link = shape, link

    def dist(self, scale, shape):
        return stats.weibull_min(shape, scale=scale)

    def log_prob(self, y, scale, shape):
        u = shape * (np.log(y) - np.log(scale))
        return u - np.exp(u) + np.log(shape) - np.log(y)

    def log_cdf(self, y, scale, shape):
        return log_cdf_of_minimum(shape * (np.log(y) - np.log(scale)))

    def log_sf(self, y, scale, shape):
        return -np.exp(shape * (np.log(y) - np.log(scale)))

    def derivatives(self, y, eta, order):
        log_scale, log_shape = (np.atleast_1d(row) for row in eta)
        log_y, shape = np.log(y), np.exp(log_shape)
        u = shape * (log_y - log_scale)
        t = np.exp(u)
        by_scale = shape * (1 - t)
        parts = t - u + (log_y - log_shape), [by_scale, u * (t - 1) - 1]
        if order < 2:
            return parts[: order + 1]
        by_both, ut = by_scale - shape * u * t, u * t
        return *parts, [[shape * shape * t, by_both], [by_both, u * ut + (ut - u)]]

    def start(self, y, weight):
        mean, deviation = spread(np.log(y), weight)
        shape = np.pi / np.sqrt(6) / deviation  # log y is a Gumbel minimum of scale 1 / shape
        return np.exp(mean + EULER / shape), shape

    def point(self, scale, shape):
        return scale * np.exp(gammaln(1 + 1 / shape))

    def crps(self, y, scale, shape):
        # E|Y - y| by the incomplete mean, less the mean (1 - 2^(-1 / shape)), the half of E|Y - Y'|.
        t = (np.maximum(y, 0.0) / scale) ** shape
        part = special.gammainc(1 + 1 / shape, t)
        score = y * (1 - 2 * np.exp(-t)) + self.point(scale, shape) * (np.exp2(-1 / shape) - 2 * part)
        return in_numbers(self, ~(shape > NARROW), score, y, scale, shape)

    def entropy(self, scale, shape):
        return np.log(scale) - np.log(shape) + EULER * (1 - 1 / shape) + 1

    def divergence(self, theta, other):
        # Those of -log y, which a change of variable leaves as they are.
        return Gumbel().divergence(*((-np.log(scale), 1 / shape) for scale, shape in (theta, other)))


class LogLogistic(Likelihood):
    """P(Y > y) = 1 / (1 + (y / scale)^shape): median scale; the mean is finite where shape > 1.

    Parameters
    ----------
    shape : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of scale, or of both parameters by name.

    References
    ----------
    Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, section 2.2.6.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> law = fit_distribution([2.1, 4.4, 3.2, 6.8, 5.0, 3.9, 21.0], "log_logistic")
    >>> print(f"median {law.params['scale']:.2f}, P(Y > 20) = {law.sf(20)[0]:.3f}")
    median 4.62, P(Y > 20) = 0.017
    """

    links = {"scale": Log(), "shape": Log()}
    support = POSITIVE

    def __init__(self, shape=None, link=None):
        self.shape, self.link = shape, link

    def dist(self, scale, shape):
        return stats.fisk(shape, scale=scale)

    def log_prob(self, y, scale, shape):
        u = shape * (np.log(y) - np.log(scale))
        return log_expit(u) + log_expit(-u) + np.log(shape) - np.log(y)

    def log_cdf(self, y, scale, shape):
        return log_expit(shape * (np.log(y) - np.log(scale)))

    def log_sf(self, y, scale, shape):
        return log_expit(shape * (np.log(scale) - np.log(y)))

    def start(self, y, weight):
        mean, deviation = spread(np.log(y), weight)
        return np.exp(mean), np.pi / np.sqrt(3) / deviation

    def point(self, scale, shape):
        angle = np.pi / np.maximum(shape, 1.0)
        return np.where(shape > 1, scale * angle / np.sin(angle), np.inf)

    def crps(self, y, scale, shape):
        # Jordan, Krueger and Lerch (2019), JSS 90, appendix A, where there is a mean; infinite from shape 1/2 down.
        s = 1 / np.maximum(shape, 1.05)
        cdf = special.expit(shape * np.log(np.maximum(y, 0.0) / scale))
        mean = self.point(scale, np.maximum(shape, 1.05))
        score = y * (2 * cdf - 1) + mean * (1 - s - 2 * special.betainc(1 + s, 1 - s, cdf))
        score = in_numbers(self, (shape <= 0.5) | (shape > 1.05) & (shape < NARROW), score, y, scale, shape)
        return np.where((shape > 0.5) | np.isnan(y), score, np.inf)

    def entropy(self, scale, shape):
        return np.log(scale) - np.log(shape) + 2

    def divergence(self, theta, other):
        return Logistic().divergence(*((np.log(scale), 1 / shape) for scale, shape in (theta, other)))


def in_numbers(likelihood, closed, score, y, *theta):
    """`score` where the closed form holds, else the CRPS in numbers."""
    rows = np.flatnonzero(np.broadcast_to(~closed, np.shape(score)))
    score = np.array(not_below_zero(score, y))
    if len(rows):
        here = [row if np.size(row) == 1 else row[rows] for row in theta]
        score[rows] = crps(likelihood.dist(*here), np.broadcast_to(y, score.shape)[rows])
    return score
