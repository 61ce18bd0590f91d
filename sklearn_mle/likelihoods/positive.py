"""Likelihoods of positive numbers."""

import numpy as np
from scipy import special, stats

from ..distributions import crps
from ..jets import analytic, gammaln, log_expit
from ..links import Log
from .base import Likelihood
from .real import Gaussian, Gumbel, Logistic, log_peak, spread
from .special import LOG_2PI, log1p_gap, log_cdf_of_minimum, stirling, stirling_gap, stirling_slopes
from .support import Support
from .tails import in_shape, log_gamma_tail

POSITIVE = Support(lower=0.0, open=True)
EULER = float(np.euler_gamma)
# From this shape on laws are so narrow that a difference of means would lose the digits of their CRPS.
NARROW = 1e4


def not_below_zero(score, y):
    """A score that is >= 0 but for rounding; infinite where scales are beyond floats, and NaN where y is."""
    return np.maximum(np.where(np.isnan(score) & ~np.isnan(y), np.inf, score), 0.0)


def in_numbers(likelihood, closed, score, y, *theta):
    """`score` where the closed form holds, else the CRPS in numbers."""
    rows = np.flatnonzero(np.broadcast_to(~closed, np.shape(score)))
    score = np.array(not_below_zero(score, y))
    if len(rows):
        here = [row if np.size(row) == 1 else row[rows] for row in theta]
        score[rows] = crps(likelihood.dist(*here), np.broadcast_to(y, score.shape)[rows])
    return score


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


class LogNormal(Likelihood):
    """log y ~ N(mu, sigma^2): median exp(mu), mean exp(mu + sigma^2 / 2).

    Parameters
    ----------
    sigma : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.
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


class Exponential(Likelihood):
    """y ~ Exp(mu): mean mu, variance mu^2; P(Y > y) = exp(-y / mu).

    Parameters
    ----------
    link : str or Link, default=None
        The link of mu.
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
