"""Functions that log densities need and scipy lacks: what is left where leading terms cancel, and faster logarithms."""

import math

import numpy as np

from ..jets import expit, exprel, gammaln, log_expit, psi, zeta

LOG_2PI = float(np.log(2 * np.pi))

# Bernoulli numbers B_2, B_4, ..., B_14: with these the series below are exact to rounding from z = 16 on.
BERNOULLI = np.array([1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6])
TWICE = 2.0 * np.arange(1, 8)
LARGE = 16.0


def log1p_gap(d, log=None):
    """d - log(1 + d) >= 0, to full relative accuracy about d = 0; `log` is log(1 + d) if it is known."""
    near, gap = np.abs(d) < 0.1, d - (np.log1p(d) if log is None else log)
    if not isinstance(gap, np.ndarray):
        return np.where(near, gap_series(d), gap)
    if gap.ndim and near.any():
        near = np.broadcast_to(near, gap.shape)
        gap[near] = gap_series(np.broadcast_to(d, gap.shape)[near])  # of few rows, in ten steps
    return gap


def gap_series(d):
    """`log1p_gap` for |d| < 0.1."""
    # log1p(d) = 2 artanh(w) = 2 (w + w^3 / 3 + ...) with w = d / (2 + d), and d - 2 w = w d.
    w = d / (2.0 + d)
    u = w * w
    return w * d - 2.0 * w * u * (1 / 3 + u * (1 / 5 + u * (1 / 7 + u * (1 / 9 + u * (1 / 11)))))


def exprel_gap(x):
    """(exp(x) - 1 - x) / x^2, which is 1 / 2 at x = 0."""
    series = 0.0
    for k in range(17, 1, -1):
        series = series * x + 1 / math.factorial(k)
    small = np.abs(x) < 0.5
    large = np.where(small, 1.0, x)
    return np.where(small, series, (np.expm1(large) - large) / large / large)


def stirling(z):
    """s(z) = log Gamma(z) - (z - 1/2) log z + z - 1/2 log 2 pi, for z > 0; 1 / (12 z) where z is large.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 5.11.1.
    """
    small = gammaln(z) - (z - 0.5) * np.log(z) + z - 0.5 * LOG_2PI
    return np.where(z < LARGE, small, stirling_from_16(z))


def stirling_from_16(z):
    """`stirling` for z >= 16."""
    inverse = 1 / z
    return inverse * _series(BERNOULLI / (TWICE * (TWICE - 1)), inverse)


def stirling_slopes(z, order):
    """The first `order` derivatives (1 or 2) of `stirling`, for z > 0."""
    large, inverse = z >= LARGE, 1 / z
    first = np.where(
        large, -_series(BERNOULLI / TWICE, inverse) * inverse * inverse, psi(z) - np.log(z) + 0.5 * inverse
    )
    if order == 1:
        return (first,)
    direct = trigamma(z) - inverse - 0.5 * inverse * inverse
    return first, np.where(large, _series(BERNOULLI, inverse) * inverse**3, direct)


def trigamma(z):
    """psi'(z) for z > 0: the recurrence up to z + 16, then the series; scipy's zeta takes ten times as long on rows."""
    if np.size(z) < 32:
        return zeta(2, z)
    total = 0.0
    for j in range(16):
        total = total + 1 / np.square(z + j)
    inverse = 1 / (z + 16)
    return total + inverse * (1 + inverse * (0.5 + inverse * _series(BERNOULLI, inverse)))


def gammaln_gap(z, at):
    """log Gamma(z) - log Gamma(at) - (z - at) psi(at) >= 0, for z, at > 0: how far log Gamma is above its tangent."""
    d, log = (z - at) / at, np.log(z) - np.log(at)
    return z * log1p_gap((at - z) / z, -log) + 0.5 * log1p_gap(d, log) + stirling_gap(z, at)


def stirling_gap(z, at):
    """stirling(z) - stirling(at) - (z - at) stirling'(at), which is >= 0 too."""
    z, at = np.broadcast_arrays(np.atleast_1d(z), np.atleast_1d(at))
    gap = stirling(z) - stirling(at) - (z - at) * stirling_slopes(at, 1)[0]
    near = np.abs(z - at) < 0.1 * at
    if not near.any():
        return gap
    gap, z, at = np.array(gap), z[near], at[near]
    total = 0.0  # the remainder of Taylor's formula, an integral of positive terms
    for x, weight in zip(*np.polynomial.legendre.leggauss(5), strict=True):
        u = 0.5 * (1 + x)
        t = np.maximum(at + u * (z - at), 1e-100)
        total = total + 0.5 * weight * (1 - u) * np.square((z - at) / t) * (t * (t * stirling_slopes(t, 2)[1]))
    gap[near] = total
    return gap


def log_peak(h):
    """log Gamma(h + 1/2) - log Gamma(h) - 1/2 log(2 pi h), the log density of Student's t at its centre, h = df / 2."""
    return stirling(h + 0.5) - stirling(h) - h * log1p_gap(0.5 / h) - 0.5 * LOG_2PI


def log_peak_slopes(h, order):
    """The first `order` derivatives (1 or 2) of `log_peak` in log h."""
    u, log = 0.5 / (h + 0.5), np.log1p(0.5 / h)
    rises = [high - low for high, low in zip(stirling_slopes(h + 0.5, order), stirling_slopes(h, order), strict=True)]
    slope = h * (log1p_gap(-u, -log) + rises[0])
    return (slope,) if order == 1 else (slope, slope + h * (h * rises[1] - u * u))


def divergence_of_odds(odds, other):
    """p log(p / q) + (1 - p) log((1 - p) / (1 - q)) of two probabilities by their log-odds: KL(p || q) >= 0."""
    p, rest, q, q_rest = expit(odds), expit(-odds), expit(other), expit(-other)
    # q - p = expit(other) expit(-odds) (1 - exp(odds - other)), from the side on which nothing overflows.
    rise = -np.expm1(-np.abs(other - odds))
    off = np.where(other > odds, q * rest * rise, -p * q_rest * rise)
    return weighted_gap(p, off, log_expit(other) - log_expit(odds)) + weighted_gap(
        rest, -off, log_expit(-other) - log_expit(-odds)
    )


def weighted_gap(p, off, log):
    """p (d - log(1 + d)) with d = off / p, which may overflow, and log = log(1 + d)."""
    near = np.abs(off) < 0.1 * p
    return np.where(near, p * log1p_gap(np.where(near, off / p, 0.0)), off - p * log)


def log1p(x):
    """log(1 + x) for 0 <= x < inf: np.log1p at the price of a log, which most processors' vectors know."""
    u = 1 + x
    return np.log(u) - ((u - 1) - x) / u  # the last term is what rounding u has lost


def _series(coefficients, inverse):
    """sum_k coefficients_k inverse^2k."""
    u, total = inverse * inverse, 0.0
    for coefficient in coefficients[::-1]:
        total = total * u + coefficient
    return total


def log_cdf_of_minimum(u):
    """log(1 - exp(-exp(u))): the standard Gumbel distribution of minima, accurate in both tails."""
    # From u = 5 on it is 0 to all digits; exp(exp(u)) would overflow in what derives from it.
    t = np.exp(np.minimum(u, 6.0))
    return np.where(u < 0, u + np.log(exprel(-t)), np.log1p(-np.exp(-t)))
