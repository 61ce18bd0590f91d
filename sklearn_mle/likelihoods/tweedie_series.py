"""The series of the Tweedie density: over the number of gamma variables that y may be the sum of."""

import numpy as np

from ..jets import analytic
from .special import log1p_gap, stirling, stirling_slopes

# Terms of a sum that are in memory at a time.
AT_ONCE = 2**20
# Nodes of the trapezoidal rule in standard deviations: 1.5 a standard deviation leave e^-44 of a Gaussian's integral.
NODES = np.arange(-13, 14) / 1.5


@analytic
def log_series(log_rate, log_shape, order):
    """log sum_n exp(-s(n) - s(n a) - n (1 + a) g(l / n - 1)) with l = exp(log_rate), a = exp(log_shape).

    s is the remainder of Stirling's formula and g(d) = d - log(1 + d): the probabilities of N = n and the densities of
    n gamma variables at y, with the mean at y, where all large terms cancel beforehand. Rows that are NaN remain so.
    """
    log_rate, log_shape = np.broadcast_arrays(log_rate, log_shape)
    parts = np.full(((1, 3, 6)[order], log_rate.size), np.nan)
    wanted = np.flatnonzero((log_rate < 700) & (log_shape < 700))  # nor NaN: what overflows remains so, too
    log_rate_wanted = log_rate.flat[wanted]
    rate, shape = np.exp(log_rate_wanted), np.exp(log_shape.flat[wanted])
    smooth = (rate * (1 + shape) > 144) & (rate > 2.25 * (1 + shape))
    first, last = window(rate, shape)
    length = np.where(smooth, -1, last - first).astype(int)
    for at in by_length(length):
        terms = _integrand if smooth[at[0]] else _summands
        n = first[at, None] + np.arange(length[at].max() + 1)
        logs = terms(rate[at, None], shape[at, None], log_rate_wanted[at, None], n, order)
        parts[:, wanted[at]] = _log_sum_exp(logs)
    value, *rest = parts.reshape(-1, *log_rate.shape)
    return (value, rest[:2], dict(zip([(0, 0), (0, 1), (1, 1)], rest[2:], strict=False)))[: order + 1]


def by_length(length):
    """Positions of about equal length, up to 512 or AT_ONCE terms at a time; those of length -1 by themselves."""
    order = np.argsort(length, kind="stable")
    for group in np.split(order, [np.searchsorted(length[order], 0)]):
        while len(group):
            many = int(np.clip(AT_ONCE / (length[group[:512][-1]] + 2), 1, 512))
            yield group[:many]
            group = group[many:]


def window(rate, shape):
    """The first and the last n beyond which terms are below e^-40 of the largest, by Bernstein's bound."""
    t, at_least_1 = 40 / (1 + shape), np.maximum(rate, 1.0)
    first = np.maximum(np.floor(rate - np.sqrt(2 * t * rate)), 1.0)
    return first, np.ceil(at_least_1 + t / 3 + np.sqrt(t * t / 9 + 2 * t * at_least_1))


def _summands(rate, shape, log_rate, n, order):
    """The terms of n, with their derivatives in log rate and log shape."""
    k, over = n * shape, rate - n
    gap = log1p_gap(over / n, log_rate - np.log(n))
    of_n, of_k = _remainder(n, 0)[0], _remainder(k, order)
    logs = [-of_n - of_k[0] - n * (1 + shape) * gap]
    if order > 0:
        logs += [-(1 + shape) * over, -of_k[1] - k * gap]
    if order > 1:
        logs += [-(1 + shape) * rate + 0 * n, -shape * over, -of_k[2] - k * gap]
    return logs


def _integrand(rate, shape, log_rate, n, order):
    """The same where the terms vary slowly: at NODES, as the sum is then their integral, by standardised n.

    n = rate (1 + d), d = z / sqrt(rate (1 + shape)), and z stays where it is as rate and shape vary: of their large
    effects on every single n, nothing is left to cancel.
    """
    d, q = NODES / np.sqrt(rate * (1 + shape)), shape / (1 + shape)
    grown, gap, square = 1 + d, log1p_gap(d), NODES * NODES
    n = rate * grown
    of_n, of_k = _remainder(n, order), _remainder(n * shape, order)
    # n (1 + a) g(l / n - 1) = z^2 h(d) / d^2 with h = (1 + d) log(1 + d) - d = d^2 - (1 + d) g(d).
    u = gap / np.where(d == 0, 1.0, d * d)
    width = 0.5 * (log_rate - np.log1p(shape)) + np.log(NODES[1] - NODES[0])
    logs = [width - of_n[0] - of_k[0] - square * (1 - grown * u)]
    if order > 0:
        # Of log n, then of the last term of all by -2 log d.
        r = d / grown
        by_rate, by_shape, fall = 1 - 0.5 * r, -0.5 * q * r, 0.5 * square * ((2 + d) * u - 1)
        logs += [
            0.5 - (of_n[1] + of_k[1]) * by_rate + fall,
            -0.5 * q - of_n[1] * by_shape - of_k[1] * (1 + by_shape) + q * fall,
        ]
    if order > 1:
        bend = 0.25 * square * (1 / grown - (1 - d * u)) - fall
        both, slope, p = 0.25 * r / grown, of_n[1] + of_k[1], q * (1 - q)
        logs += [
            -(of_n[2] + of_k[2]) * by_rate**2 - slope * both - bend,
            -(of_n[2] * by_shape + of_k[2] * (1 + by_shape)) * by_rate - slope * q * both - q * bend,
            -0.5 * p
            - of_n[2] * by_shape**2
            - of_k[2] * (1 + by_shape) ** 2
            - slope * (q * q * both - 0.5 * p * r)
            - q * q * bend
            + p * fall,
        ]
    return logs


def _remainder(z, order):
    """Stirling's remainder s(z) and its first `order` derivatives in log z."""
    slopes = stirling_slopes(z, order) if order else ()
    parts = [stirling(z), *(z * slope for slope in slopes[:1])]
    return parts if order < 2 else [*parts, parts[1] + z * z * slopes[1]]


def _log_sum_exp(logs):
    """log sum_j exp(F_j) of each row, its gradient <F_i> and Hessian <F_ij> + cov(F_i, F_j)."""
    value, *rest = logs
    top = value.max(axis=1, keepdims=True)
    share = np.exp(value - top)
    total = share.sum(axis=1, keepdims=True)
    share /= total
    parts = [top[:, 0] + np.log(total[:, 0])]
    means = [(share * row).sum(axis=1) for row in rest]
    parts += means[:2]
    if len(rest) > 2:
        off = [row - mean[:, None] for row, mean in zip(rest[:2], means[:2], strict=True)]
        for mean, (i, j) in zip(means[2:], [(0, 0), (0, 1), (1, 1)], strict=True):
            parts.append(mean + (share * off[i] * off[j]).sum(axis=1))
    return parts
