"""The continuous ranked probability score of any law: a sum over the integers, or an adaptive integral."""

from itertools import pairwise

import numpy as np

#: Both stop when the last step changes the result by less than this share of it.
TOL = 1e-10
MOST_TERMS = 2**20
MOST_HALVINGS = 60
EPS = np.finfo(float).eps


def clenshaw_curtis(m):
    """The nodes cos(pi j / m), j = 0 .. m, and weights of the rule that is exact for polynomials of degree m."""
    nodes, k = np.cos(np.pi * np.arange(m + 1) / m), np.arange(m + 1)
    of_chebyshev = np.where(k % 2 == 0, 2 / (1 - np.where(k == 1, 0, k) ** 2), 0.0)
    return nodes, np.linalg.solve(np.polynomial.chebyshev.chebvander(nodes, m).T, of_chebyshev)


# The coarse rule has every second node of the fine one. Both have the ends: no step can hide behind the last node.
NODES, WEIGHTS = clenshaw_curtis(24)
ERROR_WEIGHTS = WEIGHTS.copy()
ERROR_WEIGHTS[::2] -= clenshaw_curtis(12)[1]
# Of v, for distances from 1e-12 to 1e83 scales: a tail t^-0.6 leaves 1e-16 of its integral beyond, t^-0.55 1e-8.
EDGES = np.linspace(-3.6, 5.5, 8)


def crps(law, y):
    """CRPS(F, y) = integral (F(t) - 1{y <= t})^2 dt of each row, in the unit of y; smaller is better.

    Parameters
    ----------
    law : frozen scipy.stats law, or one with the same methods
        It broadcasts with y. A law with a pmf lives on the integers; one with a method `crps` states its own.
    y : array of shape (n,)

    Returns
    -------
    array of shape (n,)
        inf where the law shows a tail P(|Y| > t) that falls no faster than t^-1/2.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 4.2.
    """
    y = np.asarray(y, dtype=float)
    with np.errstate(all="ignore"):
        if hasattr(law, "crps"):
            return law.crps(y)
        return crps_on_integers(law, y) if hasattr(law, "pmf") else crps_on_the_line(law, y)


def crps_on_integers(law, y):
    """sum_{k < y} F(k)^2 + sum_{k >= y} (1 - F(k))^2, the step that y splits shared between both; outwards from y."""
    floor = np.floor(y)
    # Where F is 0 or 1 but for rounding there is nothing to add up, however far y is.
    low, high = np.minimum(floor, law.ppf(1 - EPS)), np.maximum(floor, law.ppf(EPS) - 1)
    total = high - low + (y - floor) * law.cdf(floor) ** 2 + (floor + 1 - y) * law.sf(floor) ** 2
    block, limit, first = np.zeros_like(y), np.full_like(y, np.nan), 1
    while first < MOST_TERMS:
        last_block, last_limit = block, limit
        block = sum((law.cdf(low - j) ** 2 + law.sf(high + j) ** 2).sum(axis=0) for j in columns(first, len(y)))
        total, first = total + block, 2 * first
        # Blocks double, so those of a tail t^-a, or a thinner one, fall geometrically: Aitken's limit of their sum.
        ratio = block / np.where(block > 0, last_block, np.inf)
        limit = total + np.where(ratio < 1, block * ratio / (1 - ratio), np.inf)
        if (np.isnan(total) | (np.abs(limit - last_limit) <= TOL * limit)).all():
            break
    return limit


def columns(first, n):
    """The integers first .. 2 first - 1 as columns that broadcast with (n,), in pieces of moderate size."""
    step = max(1, 2**20 // max(n, 1))
    for start in range(first, 2 * first, step):
        yield np.arange(start, min(start + step, 2 * first))[:, None]


def crps_on_the_line(law, y):
    """int_low^y F(t)^2 dt + int_y^high (1 - F(t))^2 dt, by Clenshaw-Curtis rules.

    On each side and in every row the worst interval is halved until the rules of 25 and 13 nodes agree: singular ends
    are left to the coordinate v, while jumps, gaps and distant laws cost halvings, not digits.
    """
    low, high = np.fmax(law.ppf(0.0), -np.inf), np.fmin(law.ppf(1.0), np.inf)  # NaN: not known
    inside = np.clip(y, low, high)
    quartile_distance = np.maximum(np.abs(inside - law.ppf(0.25)), np.abs(inside - law.ppf(0.75)))
    length = np.stack([inside - low, high - inside])
    scale = np.minimum(np.where(quartile_distance == 0, 1.0, quartile_distance), length)
    per_length = np.where(length > 0, scale / length, 0.0)

    def integrand(v):
        # t is y -+ s, and s runs from 0 to the length: double exponentially, for which no end is singular.
        x = np.exp(np.pi / 2 * np.sinh(v))
        slowing = 1 + per_length * x
        s = scale * x / slowing
        tails = np.stack([law.cdf(inside - s[..., 0, :]), law.sf(inside + s[..., 1, :])], axis=-2)
        # The cdf of some laws of scipy (invgauss) is NaN so far out that it is 0.
        return np.nan_to_num(tails) ** 2 * (s / slowing) * np.cosh(v) * np.pi / 2

    def integral(a, b):
        values = (b - a) / 2 * integrand((a + b) / 2 + (b - a) / 2 * NODES[:, None, None])
        return np.stack([a, b, np.tensordot(WEIGHTS, values, 1), np.abs(np.tensordot(ERROR_WEIGHTS, values, 1))])

    intervals = []
    for edges in pairwise(EDGES):
        a, b = (np.full(scale.shape, edge) for edge in edges)
        intervals.append(integral(a, b))
        at_edge = integrand(b).sum(axis=0) / sum(interval[2].sum(axis=0) for interval in intervals)
        if edges[1] > 0 and not (at_edge > 1e-20).any():
            break  # thin tails: further out laws may be slow, and are 0
    intervals, everywhere = np.stack(intervals, axis=1), np.indices(scale.shape)
    for _ in range(MOST_HALVINGS):
        values, errors = intervals[2:].sum(axis=(1, 2))
        if not (errors > TOL * values).any():
            break
        worst = (slice(None), intervals[3].argmax(axis=0), *everywhere)
        a, b, *_ = intervals[worst]
        intervals[worst] = integral(a, (a + b) / 2)
        intervals = np.concatenate([intervals, integral((a + b) / 2, b)[:, None]], axis=1)
    return np.abs(y - inside) + np.where(at_edge > 1e-3, np.inf, intervals[2].sum(axis=(0, 1)))


def not_below_zero(score, y):
    """A score that is >= 0 but for rounding; infinite where scales are beyond floats, and NaN where y is."""
    return np.maximum(np.where(np.isnan(score) & ~np.isnan(y), np.inf, score), 0.0)
