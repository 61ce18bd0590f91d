"""The continuous ranked probability score of any law: a sum over the integers, or an adaptive integral."""

from itertools import pairwise

import numpy as np

#: Both stop when the last step changes the result by less than this share of it.
TOL = 1e-10
MOST_TERMS = 2**20
MOST_HALVINGS = 200
EPS = np.finfo(float).eps


def clenshaw_curtis(m):
    """The nodes cos(pi j / m), j = 0 .. m, and weights of the rule that is exact for polynomials of degree m."""
    nodes, k = np.cos(np.pi * np.arange(m + 1) / m), np.arange(m + 1)
    of_chebyshev = np.where(k % 2 == 0, 2 / (1 - np.where(k == 1, 0, k) ** 2), 0.0)
    return nodes, np.linalg.solve(np.polynomial.chebyshev.chebvander(nodes, m).T, of_chebyshev)


# The coarse rule has every second node of the fine one. Both have the ends: no step can hide behind the last node.
NODES, WEIGHTS = clenshaw_curtis(16)
ERROR_WEIGHTS = WEIGHTS.copy()
ERROR_WEIGHTS[::2] -= clenshaw_curtis(8)[1]


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
        inf where P(|Y| > t) falls no faster than t^-1/2.

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
    """int_0^inf F(y - s)^2 + (1 - F(y + s))^2 ds, with s = scale exp(pi / 2 sinh v).

    Every row halves its own worst interval of v until the rules of 16 and 8 nodes agree: jumps, gaps and distant laws
    cost halvings, not digits.
    """
    distance = np.maximum(np.abs(y - law.ppf(0.25)), np.abs(y - law.ppf(0.75)))
    scale = np.where(distance == 0, 1.0, distance)

    def integrand(v):
        s = scale * np.exp(np.pi / 2 * np.sinh(v))
        # The cdf of some laws of scipy (invgauss) is NaN so far out that it is 0.
        below, above = np.nan_to_num(law.cdf(y - s)), np.nan_to_num(law.sf(y + s))
        return (below**2 + above**2) * s * np.cosh(v) * np.pi / 2

    def integral(a, b):
        middle, half = (a + b) / 2, (b - a) / 2
        values = half * integrand(middle + half * NODES[:, None])
        return np.stack([a, b, WEIGHTS @ values, np.abs(ERROR_WEIGHTS @ values)])

    # s from 1e-12 to 1e83 scales: a tail t^-0.6 leaves 1e-16 of the integral of its square beyond, t^-0.55 1e-8.
    edges = np.broadcast_to(np.linspace(-3.6, 5.5, 11)[:, None], (11, *y.shape))
    intervals = np.stack([integral(a, b) for a, b in pairwise(edges)], axis=1)
    rows = np.arange(len(y))
    for _ in range(MOST_HALVINGS):
        _, _, values, errors = intervals
        if not (errors.sum(axis=0) > TOL * values.sum(axis=0)).any():
            break
        worst = errors.argmax(axis=0)
        a, b = intervals[:2, worst, rows]
        intervals[:, worst, rows] = integral(a, (a + b) / 2)
        intervals = np.concatenate([intervals, integral((a + b) / 2, b)[:, None]], axis=1)
    total = intervals[2].sum(axis=0)
    return np.where(integrand(edges[-1]) > 1e-3 * total, np.inf, total)
