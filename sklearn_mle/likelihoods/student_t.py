"""The likelihood of real numbers with heavy tails."""

import numpy as np
from scipy import stats
from scipy.special import stdtr

from ..jets import analytic, exprel, psi
from ..links import Identity, Log
from .base import Likelihood
from .real import standardised
from .sample import median, spread
from .special import log1p, log1p_gap, log_peak, log_peak_slopes, stirling_slopes
from .tails import in_shape, log_beta_tail


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

    Examples
    --------
    >>> from sklearn_mle import MLERegressor, StudentT
    >>> X, y = [[0], [1], [2], [3], [4]], [1.1, 2.9, 5.2, 6.8, 90.0]
    >>> slopes = [MLERegressor(family).fit(X, y).coef_[0] for family in ("gaussian", StudentT(df=2))]
    >>> print("{:.1f} {:.1f}".format(*slopes))  # the last row counts for little
    18.2 1.9
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
