"""Likelihoods of real numbers."""

import numpy as np
from scipy import stats
from scipy.special import erf, exp1, stdtr

from ..distributions import Predictive
from ..jets import analytic, exprel, gammaln, log_expit, log_ndtr, psi
from ..links import Identity, Log
from . import entropies
from .base import Likelihood
from .special import (
    LOG_2PI,
    exprel_gap,
    gammaln_gap,
    log1p,
    log1p_gap,
    log_cdf_of_minimum,
    stirling,
    stirling_slopes,
)
from .tails import in_shape, log_beta_tail


def spread(y, weight):
    """Weighted mean and standard deviation; where y is constant, its size instead: any positive scale will do."""
    mean = np.average(y, weights=weight)
    deviation = np.sqrt(np.average((y - mean) ** 2, weights=weight))
    return mean, deviation if deviation > 4 * np.finfo(float).eps * abs(mean) else abs(mean) or 1.0


def quantile(y, weight, q):
    """The q-quantile of the table in which row i stands weight_i times; between two values, their middle."""
    order = np.argsort(y)
    order = order[weight[order] > 0]
    y, cumulated = y[order], np.cumsum(weight[order])
    lower, upper = (np.searchsorted(cumulated, cumulated[-1] * q, side) for side in ("left", "right"))
    return y[lower] + (y[min(upper, len(y) - 1)] - y[lower]) / 2


def median(y, weight):
    """The median of the table in which row i stands weight_i times."""
    return quantile(y, weight, 0.5)


class Gaussian(Likelihood):
    """y ~ N(mu, sigma^2): mean mu, standard deviation sigma.

    Parameters
    ----------
    sigma : float or None, default=None
        A number fixes it: 1.0 makes the nll half the squared error.
    link : str, Link or dict, default=None
        The link of mu, or of several parameters by name.
    """

    links = {"mu": Identity(), "sigma": Log()}
    nuisance = ("sigma",)

    def __init__(self, sigma=None, link=None):
        self.sigma, self.link = sigma, link

    def dist(self, mu, sigma):
        return stats.norm(mu, sigma)

    def log_prob(self, y, mu, sigma):
        z = (y - mu) / sigma
        return -0.5 * z * z - np.log(sigma) - 0.5 * LOG_2PI

    def log_cdf(self, y, mu, sigma):
        return log_ndtr((y - mu) / sigma)

    def log_sf(self, y, mu, sigma):
        return log_ndtr((mu - y) / sigma)

    def crps(self, y, mu, sigma):
        z = (y - mu) / sigma
        return (y - mu) * erf(z / np.sqrt(2)) + sigma * (np.sqrt(2) * np.exp(-0.5 * z * z) - 1) / np.sqrt(np.pi)

    def derivatives(self, y, eta, order):
        mu, log_sigma = eta
        precision = np.exp(-np.atleast_1d(log_sigma))
        z = (y - mu) * precision
        square = z * z
        parts = 0.5 * square + (log_sigma + 0.5 * LOG_2PI), [-z * precision, 1 - square]
        if order < 2:
            return parts[: order + 1]
        cross = 2 * z * precision
        return *parts, [[precision * precision, cross], [cross, 2 * square]]

    def information(self, mu, sigma):
        return {("mu", "mu"): sigma**-2.0, ("sigma", "sigma"): 2 * sigma**-2.0}

    def saturated(self, y, mu, sigma):
        return self.log_prob(y, y, sigma)

    def dispersion(self, mu, sigma):
        return sigma * sigma

    def entropy(self, mu, sigma):
        return np.log(sigma) + 0.5 * (LOG_2PI + 1)

    def divergence(self, theta, other):
        (mu, sigma), (nu, tau) = theta, other
        of_scale = log1p_gap((sigma - tau) / tau * (1 + sigma / tau), 2 * (np.log(sigma) - np.log(tau)))
        return 0.5 * (of_scale + ((mu - nu) / tau) ** 2)

    def start(self, y, weight):
        return spread(y, weight)


class StudentT(Likelihood):
    """y = mu + sigma T, T ~ Student's t with df degrees of freedom: median mu; Gaussian as df -> inf.

    Parameters
    ----------
    sigma, df : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of several parameters by name.

    References
    ----------
    Lange, Little and Taylor (1989), Robust statistical modeling using the t distribution, JASA 84.
    """

    links = {"mu": Identity(), "sigma": Log(), "df": Log()}
    limits = {"df": {np.inf: "degrees of freedom df are at infinity: use Gaussian"}}

    def __init__(self, sigma=None, df=None, link=None):
        self.sigma, self.df, self.link = sigma, df, link

    def dist(self, mu, sigma, df):
        return stats.t(df, mu, sigma)

    def log_prob(self, y, mu, sigma, df):
        z = (y - mu) / sigma
        return log_peak(0.5 * df) - np.log(sigma) - 0.5 * (df + 1) * np.log1p(z * z / df)

    def log_cdf(self, y, mu, sigma, df):
        return tail_of_student((y - mu) / sigma, np.log(df))

    def log_sf(self, y, mu, sigma, df):
        return tail_of_student((mu - y) / sigma, np.log(df))

    def crps(self, y, mu, sigma, df):
        # Jordan, Krueger and Lerch (2019), Evaluating probabilistic forecasts with scoringRules, JSS 90, appendix A.
        # Their terms over df - 1 are (p - q) / (df - 1) with p = q = 1 at df = 1: as differences from 1 they keep their
        # digits there, and the formula, analytic in df, holds down to df = 1/2.
        z, df = (y - mu) / sigma, np.atleast_1d(df)
        log_tail = -0.5 * np.log1p(np.minimum(z * z / df, 1e300))
        slope = _log_spread_slope(df)
        falls = log_tail * exprel((df - 1) * log_tail) - slope * exprel((df - 1) * slope)
        score = (y - mu) * (2 * stdtr(df, z) - 1) + sigma * 2 * df * np.exp(log_peak(0.5 * df)) * falls
        return np.where(df > 0.5, score, np.inf)

    def derivatives(self, y, eta, order):
        mu, log_sigma, log_df = eta
        precision, df = np.exp(-np.atleast_1d(log_sigma)), np.exp(np.atleast_1d(log_df))
        z = (y - mu) * precision
        square = z * z
        log_tail = log1p(square / df)
        parts = [0.5 * (df + 1) * log_tail + (log_sigma - log_peak(0.5 * df))]
        if order > 0:
            t = 1 / (df + square)
            u, pull = square * t, (df + 1) * precision * (z * t)
            gap, peak = 0.5 * df * log1p_gap(-u, -log_tail), log_peak_slopes(0.5 * df, order)
            parts.append([-pull, 1 - (df + 1) * u, gap - 0.5 * u - peak[0]])
        if order > 1:
            w = df * t  # u + w = 1
            excess = w * (square - 1) * t
            by_mu, by_both = (df + 1) * precision * (precision * t) * (1 - 2 * u), 2 * w * pull
            by_mu_df, by_sigma_df = -precision * z * excess, -square * excess
            by_df = gap - 0.5 * df * u * u + 0.5 * u * w - peak[1]
            by_sigma = 2 * (df + 1) * u * w
            parts.append([[by_mu, by_both, by_mu_df], [by_both, by_sigma, by_sigma_df], [by_mu_df, by_sigma_df, by_df]])
        return tuple(parts)

    def information(self, mu, sigma, df):
        high, low = (stirling_slopes(np.atleast_1d(h), 2)[1] for h in (0.5 * df, 0.5 * df + 0.5))
        return {
            ("mu", "mu"): (df + 1) / (df + 3) / (sigma * sigma),
            ("sigma", "sigma"): 2 * df / (df + 3) / (sigma * sigma),
            ("sigma", "df"): -2 / ((df + 1) * (df + 3) * sigma),
            # Lange et al., appendix B, with trigamma(df / 2) - trigamma((df + 1) / 2) from Stirling's formula.
            ("df", "df"): (5 * df + 3) / (2 * (df * (df + 1)) ** 2 * (df + 3)) + 0.25 * (high - low),
        }

    def start(self, y, weight):
        mu = median(y, weight)
        sigma = median(np.abs(y - mu), weight) / 0.7267  # the third quartile of Student's t with 5 degrees of freedom
        return mu, sigma if sigma > 0 else spread(y, weight)[1], 5.0

    def point(self, mu, sigma, df):
        return mu

    def entropy(self, mu, sigma, df):
        h = np.atleast_1d(0.5 * df)
        # (h + 1/2) (psi(h + 1/2) - psi(h)) by Stirling's formula.
        slopes = stirling_slopes(h + 0.5, 1)[0] - stirling_slopes(h, 1)[0]
        rise = (h + 0.5) * (np.log1p(0.5 / h) + slopes) + 0.25 / h
        return np.log(sigma) - log_peak(h) + rise

    def divergence(self, theta, other):
        return standardised(self, theta, other)


def standardised(likelihood, theta, other):
    """KL(p || q) in numbers, of laws of location and scale by the position of q in units of p: far out nothing is lost.

    Location and scale are the first two parameters.
    """
    (mu, sigma, *shapes), (nu, tau, *others) = ([np.atleast_1d(row) for row in rows] for rows in (theta, other))
    z, ratio = np.broadcast_arrays((nu - mu) / sigma, tau / sigma)
    p, q = [np.zeros(1), np.ones(1), *shapes], [z, ratio, *others]
    n = entropies.length(*p, *q)
    return entropies.divergence_in_numbers(Predictive(likelihood, p, n), Predictive(likelihood, q, n))


def log_peak(h):
    """log Gamma(h + 1/2) - log Gamma(h) - 1/2 log(2 pi h), the log density of Student's t at its centre, h = df / 2."""
    return stirling(h + 0.5) - stirling(h) - h * log1p_gap(0.5 / h) - 0.5 * LOG_2PI


def _log_spread_slope(df):
    """log R(df) / (df - 1), R = B(1/2, df - 1/2) / B(1/2, df / 2): the CRPS of Student's t needs it about df = 1."""
    near = np.abs(df - 1) < 0.1
    far = np.where(near | (df <= 0.5), 2.0, df)
    ratio = (log_peak(0.5 * far) - log_peak(far - 0.5) + 0.5 * np.log(far / (2 * far - 1))) / (far - 1)
    # log R is the integral of psi(1/2 + s) - psi(1 + s) over s from (df - 1) / 2 to df - 1.
    nodes, weights = np.polynomial.legendre.leggauss(8)
    mean = 0.0
    for x, weight in zip(nodes, weights, strict=True):
        s = (df - 1) * (0.75 + 0.25 * x)
        mean = mean + 0.5 * weight * (psi(0.5 + s) - psi(1 + s))
    return np.where(near, 0.5 * mean, ratio)


def log_peak_slopes(h, order):
    """The first `order` derivatives (1 or 2) of `log_peak` in log h."""
    u, log = 0.5 / (h + 0.5), np.log1p(0.5 / h)
    rises = [high - low for high, low in zip(stirling_slopes(h + 0.5, order), stirling_slopes(h, order), strict=True)]
    slope = h * (log1p_gap(-u, -log) + rises[0])
    return (slope,) if order == 1 else (slope, slope + h * (h * rises[1] - u * u))


@analytic
def tail_of_student(z, log_df, *, order):
    """log P(T <= z)."""

    def tail(log_df):
        df, size = np.exp(log_df), np.abs(z)
        square = size * size
        log_density = log_peak(0.5 * df) - 0.5 * (df + 1) * np.log1p(square / df)
        x, y = df / (df + square), square / (df + square)
        outer, rate = log_beta_tail(0.5 * df, 0.5, x, y, log_density + np.log(size))
        value = np.where(z < 0, outer - np.log(2), np.log1p(-0.5 * np.exp(outer)))
        slope = np.where(z < -1, 2 * rate / size, np.exp(log_density - value))
        return value, slope, -(df + 1) * z / (df + square)

    with np.errstate(all="ignore"):
        return in_shape(tail, log_df, order)


class Logistic(Likelihood):
    """P(Y <= y) = 1 / (1 + exp(-(y - mu) / scale)): mean and median mu, variance (pi scale)^2 / 3.

    Parameters
    ----------
    scale : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.
    """

    links = {"mu": Identity(), "scale": Log()}

    def __init__(self, scale=None, link=None):
        self.scale, self.link = scale, link

    def dist(self, mu, scale):
        return stats.logistic(mu, scale)

    def log_prob(self, y, mu, scale):
        z = (y - mu) / scale
        return log_expit(z) + log_expit(-z) - np.log(scale)

    def log_cdf(self, y, mu, scale):
        return log_expit((y - mu) / scale)

    def log_sf(self, y, mu, scale):
        return log_expit((mu - y) / scale)

    def crps(self, y, mu, scale):
        z = (y - mu) / scale
        return scale * (z - 2 * log_expit(z) - 1)

    def start(self, y, weight):
        mu = median(y, weight)
        scale = median(np.abs(y - mu), weight) / np.log(3)
        return mu, scale if scale > 0 else spread(y, weight)[1]

    def point(self, mu, scale):
        return mu

    def entropy(self, mu, scale):
        return np.log(scale) + 2

    def divergence(self, theta, other):
        return standardised(self, theta, other)


class Gumbel(Likelihood):
    """P(Y <= y) = exp(-exp(-(y - mu) / scale)), the largest of many draws: mode mu, mean mu + 0.5772 scale.

    Parameters
    ----------
    scale : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Coles (2001), An Introduction to Statistical Modeling of Extreme Values, section 3.1.
    """

    links = {"mu": Identity(), "scale": Log()}

    def __init__(self, scale=None, link=None):
        self.scale, self.link = scale, link

    def dist(self, mu, scale):
        return stats.gumbel_r(mu, scale)

    def log_prob(self, y, mu, scale):
        z = (y - mu) / scale
        return -z - np.exp(-z) - np.log(scale)

    def log_cdf(self, y, mu, scale):
        return -np.exp((mu - y) / scale)

    def log_sf(self, y, mu, scale):
        return log_cdf_of_minimum((mu - y) / scale)

    def start(self, y, weight):
        mean, deviation = spread(y, weight)
        scale = deviation * np.sqrt(6) / np.pi
        return mean - np.euler_gamma * scale, scale

    def point(self, mu, scale):
        return mu + np.euler_gamma * scale

    def crps(self, y, mu, scale):
        # Jordan, Krueger and Lerch (2019), JSS 90, appendix A, the generalised extreme value law of shape 0.
        z = (y - mu) / scale
        return scale * (np.euler_gamma - np.log(2) - z + 2 * exp1(np.exp(-z)))

    def entropy(self, mu, scale):
        return np.log(scale) + np.euler_gamma + 1

    def divergence(self, theta, other):
        (mu, scale), (nu, other_scale) = theta, other
        r, shift = scale / other_scale, (mu - nu) / other_scale
        # E exp(-(Y - nu) / other_scale) = exp(x).
        x = gammaln(1 + r) - shift
        return gammaln_gap(r, 1.0) + x * x * exprel_gap(x)
