"""The likelihood of positive numbers with a variance that grows as the cube of the mean."""

import numpy as np
from scipy import special, stats

from ..jets import analytic
from ..links import Log
from .base import Likelihood
from .special import LOG_2PI, log1p_gap
from .support import POSITIVE
from .tails import in_shape


class InverseGaussian(Likelihood):
    """y ~ IG(mu, phi): mean mu, variance phi mu^3.

    Parameters
    ----------
    phi : float or None, default=None
        A number fixes the dispersion.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Giner and Smyth (2016), statmod: probability calculations for the inverse Gaussian distribution, R Journal 8(1).

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> X, y = [[0], [1], [2], [3], [4]], [1.2, 1.7, 4.9, 6.2, 16.0]
    >>> model = MLERegressor("inverse_gaussian").fit(X, y)
    >>> print(f"each step in x multiplies the mean by {2.718 ** model.coef_[0]:.2f}")
    each step in x multiplies the mean by 1.87
    """

    links = {"mu": Log(), "phi": Log()}
    support = POSITIVE
    nuisance = ("phi",)

    def __init__(self, phi=None, link=None):
        self.phi, self.link = phi, link

    def dist(self, mu, phi):
        return stats.invgauss(mu * phi, scale=1 / phi)

    def log_prob(self, y, mu, phi):
        d = (y - mu) / mu
        return -0.5 * (LOG_2PI + np.log(phi) + 3 * np.log(y) + d * d / y / phi)

    def log_cdf(self, y, mu, phi):
        return tail_of_inverse_gaussian(np.log(y) - np.log(mu), np.log(phi) + np.log(mu), False)

    def log_sf(self, y, mu, phi):
        return tail_of_inverse_gaussian(np.log(y) - np.log(mu), np.log(phi) + np.log(mu), True)

    def derivatives(self, y, eta, order):
        log_mu, log_phi = (np.atleast_1d(row) for row in eta)
        per_mu, precision = np.exp(-log_mu), np.exp(-log_phi)
        d = (y - np.exp(log_mu)) * per_mu
        half = 0.5 * precision * (d * d / y)
        parts = half + 0.5 * (LOG_2PI + log_phi + 3 * np.log(y)), [-precision * d * per_mu, 0.5 - half]
        if order < 2:
            return parts[: order + 1]
        by_mu, by_both = precision * per_mu * (2 * d + 1), precision * per_mu * d
        return *parts, [[by_mu, by_both], [by_both, half]]

    def start(self, y, weight):
        mu = np.average(y, weights=weight)
        phi = np.average(((y - mu) / mu) ** 2 / y, weights=weight)
        return mu, phi if 0 < phi < np.inf else 1 / mu

    def point(self, mu, phi):
        return mu

    def information(self, mu, phi):
        return {("mu", "mu"): 1 / (phi * mu**3), ("phi", "phi"): 0.5 / (phi * phi)}

    def entropy(self, mu, phi):
        mean_log = np.log(mu) - scaled_exp1(2 / (phi * mu))
        return 0.5 * (LOG_2PI + np.log(phi) + 1 + 3 * mean_log)

    def divergence(self, theta, other):
        (mu, phi), (nu, rho) = theta, other
        of_mean = 0.5 * ((mu - nu) / nu) ** 2 / (mu * rho)
        return of_mean + 0.5 * log1p_gap((phi - rho) / rho, np.log(phi) - np.log(rho))

    def saturated(self, y, mu, phi):
        return self.log_prob(y, y, phi)

    def dispersion(self, mu, phi):
        return phi


@analytic
def tail_of_inverse_gaussian(x, log_phi, upper, *, order):
    """log P(Y > y) or log P(Y <= y) of Y of mean 1, at log y = x: scaled complementary error functions."""
    distance = 2 * np.sinh(0.5 * x)  # (y - 1) / sqrt(y)

    def tail(log_phi):
        phi = np.exp(log_phi)
        root = np.sqrt(2 * phi)
        u, v = distance / root, 2 * np.cosh(0.5 * x) / root
        below = 0.5 * (special.erfcx(-np.minimum(u, 0)) + special.erfcx(v))
        above = 0.5 * erfcx_fall(np.maximum(u, 0), 2 * np.exp(-0.5 * x) / root, v)
        here, there = (above, below) if upper else (below, above)
        small = (u > 0) == upper
        value = np.where(small, np.log(here) - u * u, np.log1p(-there * np.exp(-u * u)))
        rate = np.where(small, 1 / here, np.exp(-u * u - value)) * np.exp(-0.5 * (LOG_2PI + log_phi + x))
        return value, -rate if upper else rate, -0.5 - np.sinh(x) / phi

    with np.errstate(all="ignore"):  # of the branch that is not taken
        return in_shape(tail, log_phi, order)


def erfcx_fall(u, step, v):
    """erfcx(u) - erfcx(v) for v = u + step: where they are close, the integral of positive terms."""
    # erfcx(u) = 2 / sqrt(pi) int exp(-s^2 - 2 u s) ds, whose integrand is below e^-40 beyond `end`.
    end = 40 / (u + np.sqrt(u * u + 40))
    total = 0.0
    for x, weight in zip(*np.polynomial.legendre.leggauss(32), strict=True):
        s = 0.5 * end * (1 + x)
        total = total + weight * np.exp(-s * (s + 2 * u)) * -np.expm1(-2 * step * s)
    close = step < 0.1 * (1 + u)
    return np.where(close, end / np.sqrt(np.pi) * total, special.erfcx(u) - special.erfcx(v))


def scaled_exp1(x):
    """exp(x) E_1(x), x > 0: from 30 on by its continued fraction.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 6.9.1.
    """
    fraction, large = 0.0, np.maximum(x, 30.0)
    for k in range(20, 0, -1):
        fraction = k / (1 + k / (large + fraction))
    small = np.minimum(x, 30.0)
    return np.where(x < 30, np.exp(small) * special.exp1(small), 1 / (large + fraction))
