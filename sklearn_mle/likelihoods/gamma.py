"""Likelihoods of positive numbers that are gamma distributed."""

import numpy as np
from scipy import special, stats

from ..distributions.crps import not_below_zero
from ..jets import analytic
from ..links import Log
from .base import Likelihood
from .special import LOG_2PI, log1p_gap, log_cdf_of_minimum, log_peak, stirling, stirling_gap, stirling_slopes
from .support import POSITIVE, Support
from .tails import in_shape, log_gamma_tail


class Gamma(Likelihood):
    """y ~ Gamma(mu, phi): mean mu, variance phi mu^2.

    Parameters
    ----------
    phi : float or None, default=None
        A number fixes the dispersion: 1.0 is the exponential distribution.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, chapter 8.

    Examples
    --------
    >>> from sklearn_mle import Gamma, MLERegressor
    >>> X, y = [[0], [1], [2], [3], [4]], [1.2, 1.7, 4.9, 6.2, 16.0]
    >>> model = MLERegressor(Gamma()).fit(X, y)
    >>> print(model.predict_dist([[5]]))
    <1 distributions of Gamma(): mu = 28.12, phi = 0.02833>
    """

    links = {"mu": Log(), "phi": Log()}
    support = POSITIVE
    nuisance = ("phi",)

    def __init__(self, phi=None, link=None):
        self.phi, self.link = phi, link

    def dist(self, mu, phi):
        return stats.gamma(1 / phi, scale=phi * mu)

    def log_prob(self, y, mu, phi):
        # With a = 1 / phi, Stirling's formula takes the large terms out of log Gamma(a), and a log1p_gap is left.
        phi = np.maximum(phi, 1e-300)  # below, a would be inf
        a, log_y = 1 / phi, np.log(y)
        gap = log1p_gap((y - mu) / mu, log_y - np.log(mu))
        return -a * gap - stirling(a) - log_y - 0.5 * np.log(phi) - 0.5 * LOG_2PI

    def log_cdf(self, y, mu, phi):
        return tail_of_gamma(np.log(y) - np.log(mu), -np.log(phi), False)

    def log_sf(self, y, mu, phi):
        return tail_of_gamma(np.log(y) - np.log(mu), -np.log(phi), True)

    def derivatives(self, y, eta, order):
        log_mu, log_phi = (np.atleast_1d(row) for row in eta)
        log_y, a = np.log(y), np.exp(-np.maximum(log_phi, -690.0))
        ratio = y * np.exp(-log_mu)
        gap = a * log1p_gap(ratio - 1, log_y - log_mu)
        parts = [gap + log_y + (stirling(a) + 0.5 * log_phi + 0.5 * LOG_2PI)]
        if order > 0:
            slopes = stirling_slopes(a, order)
            by_mu = a * (1 - ratio)
            parts.append([by_mu, 0.5 - a * slopes[0] - gap])
        if order > 1:
            parts.append([[a * ratio, -by_mu], [-by_mu, gap + a * (slopes[0] + a * slopes[1])]])
        return tuple(parts)

    def start(self, y, weight):
        mu = np.average(y, weights=weight)
        gap = np.average(log1p_gap((y - mu) / mu), weights=weight)
        # Minka's closed form, within 2 % of the maximum of the likelihood.
        phi = 12 * gap / (3 - gap + np.sqrt((3 - gap) ** 2 + 24 * gap))
        return mu, phi if phi > 1e-30 else 1.0  # what rounding leaves of a constant is no dispersion

    def point(self, mu, phi):
        return mu

    def information(self, mu, phi):
        a = 1 / np.maximum(phi, 1e-300)
        slopes = stirling_slopes(np.atleast_1d(a), 2)
        return {("mu", "mu"): a / (mu * mu), ("phi", "phi"): a * a * (0.5 + a * a * slopes[1])}

    def saturated(self, y, mu, phi):
        return self.log_prob(y, y, phi)

    def dispersion(self, mu, phi):
        return phi

    def crps(self, y, mu, phi):
        # Jordan, Krueger and Lerch (2019), JSS 90, appendix A; with F_a - F_(a + 1) = phi y p(y) nothing large cancels.
        a, positive = 1 / np.atleast_1d(phi), np.maximum(y, 0.0)
        cdf = special.gammainc(a, positive / mu * a)
        density = np.where(y > 0, y * np.exp(self.log_prob(np.where(y > 0, y, 1.0), mu, phi)), 0.0)
        score = (y - mu) * (2 * cdf - 1) + mu * (2 * phi * density - np.sqrt(2 * phi) * np.exp(log_peak(a)))
        return not_below_zero(score, y)

    def entropy(self, mu, phi):
        a = 1 / np.maximum(np.atleast_1d(phi), 1e-300)
        # log Gamma(a) + (1 - a) psi(a) + a + log(phi mu) by Stirling's formula.
        slope = stirling_slopes(a, 1)[0]
        return np.log(mu) + 0.5 * (LOG_2PI + np.log(phi) + 1 - phi) + stirling(a) + (1 - a) * slope

    def divergence(self, theta, other):
        (mu, phi), (nu, rho) = theta, other
        of_mean = log1p_gap((mu - nu) / nu, np.log(mu) - np.log(nu)) / rho
        return of_mean + 0.5 * log1p_gap((phi - rho) / rho, np.log(phi) - np.log(rho)) + stirling_gap(1 / rho, 1 / phi)


@analytic
def tail_of_gamma(x, log_a, upper, *, order):
    """log P(Y > y) or log P(Y <= y) of Y of mean 1 and shape a, at log y = x."""

    def tail(log_a):
        a, rest = np.exp(log_a), np.expm1(x)
        log_front = 0.5 * (log_a - LOG_2PI) - stirling(a) - a * log1p_gap(rest, x)
        value, rate = log_gamma_tail(a, a * np.exp(x), log_front, upper)
        return value, -rate if upper else rate, -a * rest

    return in_shape(tail, log_a, order)


class Exponential(Likelihood):
    """y ~ Exp(mu): mean mu, variance mu^2; P(Y > y) = exp(-y / mu).

    Parameters
    ----------
    link : str or Link, default=None
        The link of mu.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> law = fit_distribution([2.0, 0.5, 1.5, 4.0], "exponential")
    >>> print(f"mean {law.params['mu']:.1f}, P(Y > 4) = {law.sf(4)[0]:.3f}")
    mean 2.0, P(Y > 4) = 0.135
    """

    links = {"mu": Log()}
    support = Support(lower=0.0)
    limits = {"mu": {0.0: "mean mu is at 0: every y is 0, which determines no coefficient"}}

    def __init__(self, link=None):
        self.link = link

    def dist(self, mu):
        return stats.expon(scale=mu)

    def log_prob(self, y, mu):
        return -y / mu - np.log(mu)

    def log_cdf(self, y, mu):
        return log_cdf_of_minimum(np.log(y) - np.log(mu))

    def log_sf(self, y, mu):
        return -y / mu

    def derivatives(self, y, eta, order):
        (log_mu,) = eta
        ratio = y * np.exp(-log_mu)
        return (ratio + log_mu, [1 - ratio], [[ratio]])[: order + 1]

    def information(self, mu):
        return {("mu", "mu"): 1 / (mu * mu)}

    def saturated(self, y, mu):
        return -1 - np.log(y)  # without bound where y = 0

    def dispersion(self, mu):
        return 1.0

    def start(self, y, weight):
        return (np.average(y, weights=weight) or 1.0,)

    def point(self, mu):
        return mu

    def crps(self, y, mu):
        # Jordan, Krueger and Lerch (2019), JSS 90, appendix A.
        z = np.maximum(y, 0.0) / mu
        near = z + 0.5 + 2 * np.expm1(-z)
        return mu * near + np.maximum(-y, 0.0)

    def entropy(self, mu):
        return 1 + np.log(mu)

    def divergence(self, theta, other):
        (mu,), (nu,) = theta, other
        return log1p_gap((mu - nu) / nu, np.log(mu) - np.log(nu))
