"""Expectations over the law of y by summation and quadrature: the expected Hessian of families that state none."""

import itertools
from functools import cache

import numpy as np

from ..jets import expit, log_expit, logit

# So many whole numbers are summed one by one, and so many of every octave beyond them: exact for polynomials of that
# degree.
ONE_BY_ONE, PER_OCTAVE = 512, 48
# Quantiles between which densities are smooth, and Gauss's rule between two of them.
TAIL = np.array([1e-16, 1e-12, 1e-8, 1e-5, 1e-3, 0.02, 0.1, 0.25, 0.4, 0.47, 0.49])
GAUSS = np.polynomial.legendre.leggauss(20)


def expected_hessian(likelihood, eta):
    """E[Hessian of the nll in eta] of each row over its law: K lists of K rows.

    It is E[g g'] with g the gradient, which is the same and never indefinite; the curvature that `taylor` returns
    where the nll has kinks.

    Parameters
    ----------
    likelihood : Likelihood
        With y of one column.
    eta : list of K rows

    Raises
    ------
    ValueError
        If the likelihood's probabilities over its support do not add up to one, as those of `dist` do.
    """
    K, n = len(eta), max(len(row) for row in eta)
    total, sums = np.zeros(n), [[np.zeros(n) for _ in range(K)] for _ in range(K)]
    order = 1 if likelihood.smooth else 2

    def add(y, log_volume, rows):
        """Add the term of y, one value a row, to these rows."""
        here = [row if len(row) == 1 else row[rows] for row in eta]
        y = np.array(np.broadcast_to(y, n if isinstance(rows, slice) else len(rows)))
        nll, g, *h = likelihood.taylor(y, here, order)
        with np.errstate(all="ignore"):
            weight = np.exp(log_volume - nll)
        weight = np.where(np.isfinite(weight), weight, 0.0)
        total[rows] += weight
        for k in range(K):
            for m in range(k + 1):
                row = g[k] * g[m] if likelihood.smooth else h[0][k][m]
                sums[k][m][rows] += np.where(weight > 0, weight * row, 0.0)

    law = likelihood.dist(*likelihood.theta(eta))
    if likelihood.support.integer:
        _sum_integers(add, law, likelihood.support, n)
    else:
        _integrate(add, law, likelihood.support)
    if not np.all(np.abs(total - 1) < 1e-6):
        worst = float(total[np.argmax(np.abs(total - 1))])
        raise ValueError(
            f"{likelihood!r}: exp(log_prob) adds up to {worst:.9g} over the support, where 1 was expected: its "
            "expected curvature is not known. Use the observed one, or state `expected`."
        )
    return [[sums[max(k, m)][min(k, m)] / total for m in range(K)] for k in range(K)]


def _sum_integers(add, law, support, n):
    """Add all integers of the support: the first ones, then a few of every octave with the weights of all."""
    # Beyond where 1e-12 is left, which most laws can tell: of tails that fall exponentially that leaves 1e-16.
    low, middle, high = law.ppf(1e-12), law.ppf(0.5), law.isf(1e-12)
    first = np.maximum(np.floor(middle - 1.35 * (middle - low)) - 8, support.lower)
    last = np.minimum(np.ceil(middle + 1.35 * (high - middle)) + 8, support.upper)
    first, width = np.broadcast_to(first, n), np.broadcast_to(last - first, n)
    order = np.argsort(-width, kind="stable")
    largest, widest_first = width[order[0]], -width[order]
    end = law.support()[1] if hasattr(law, "support") else support.upper
    start = int(largest) + 1 if np.isfinite(end).any() else ONE_BY_ONE  # an octave must not reach over the end
    for offset in range(int(min(start - 1, largest)) + 1):
        rows = order[: np.searchsorted(widest_first, -offset, side="right")]  # those that are so wide
        add(first[rows] + offset, 0.0, rows)
    while start <= largest:  # beyond a row's last one its terms are too small to be cut off with care
        rows = order[: np.searchsorted(widest_first, -start, side="right")]
        nodes, weights = octave(start)
        for node, weight in zip(nodes, weights, strict=True):
            add(first[rows] + (start + node), np.log(weight), rows)
        start *= 2


@cache
def octave(length):
    """Integers 0 <= x < length and positive weights with sum w_i f(x_i) = sum over all integers, f a polynomial.

    The polynomial's degree is below the number of nodes; Gauss's rule for the uniform law on the integers would have
    nodes between them, so that Chebyshev's are rounded to integers instead.
    """
    angles = np.pi * (np.arange(PER_OCTAVE) + 0.5) / PER_OCTAVE
    nodes = np.unique(np.rint(0.5 * (length - 1) * (1 - np.cos(angles))))
    # The moments of Legendre polynomials over the midpoints of `length` cells; the sum over many is the integral
    # and the first of Euler's and Maclaurin's terms.
    legendre = np.polynomial.legendre.legvander
    degree = len(nodes) - 1
    if length <= 2**16:
        moments = legendre((2 * np.arange(length) + 1) / length - 1, degree).sum(axis=0)
    else:
        k = np.arange(degree + 1)
        slope_rise = np.where(k % 2 == 0, k * (k + 1.0), 0.0)  # P'(1) - P'(-1)
        moments = np.where(k == 0, length, 0.0) - slope_rise / 12 / length
    weights = np.linalg.solve(legendre((2 * nodes + 1) / length - 1, degree).T, moments)
    return nodes, weights


def _integrate(add, law, support):
    """Add atoms at the ends of the support and Gauss's rule between quantiles, on a line of which tails are short."""
    lower, upper = support.lower, support.upper
    below = law.cdf(lower) if np.isfinite(lower) and not support.open else 0.0
    above = law.cdf(np.nextafter(upper, -np.inf)) if np.isfinite(upper) and not support.open else 1.0
    if np.any(below > 0):
        add(lower, 0.0, slice(None))
    if np.any(above < 1 - 1e-12):
        add(upper, 0.0, slice(None))
    line, inside, log_slope = to_the_line(lower, upper)
    inner = above - below
    centre = line(law.ppf(below + 0.5 * inner))
    lows, highs = [centre], [centre]
    for q in TAIL[::-1]:
        for ends, quantile in ((lows, law.ppf(below + q * inner)), (highs, law.isf((1 - above) + q * inner))):
            end = line(quantile)
            # Where a law does not know its extreme quantiles, there is little beyond the last one that it knows.
            ends.append(np.where(np.isfinite(end), end, ends[-1]))
    ends = [*lows[:0:-1], *highs]
    # 1 / density at the median, over that of the standard normal law: the width of a peak, however long the tails.
    scale = (line(law.ppf(below + 0.501 * inner)) - line(law.ppf(below + 0.499 * inner))) / 0.002 / 2.5
    with np.errstate(all="ignore"):
        v = [np.arcsinh((end - centre) / scale) for end in ends]
        for start, end in itertools.pairwise(v):
            half = 0.5 * (end - start)
            for node, weight in zip(*GAUSS, strict=True):
                at = start + half * (1 + node)
                x = centre + scale * np.sinh(at)
                add(inside(x), np.log(weight * half * scale * np.cosh(at)) + log_slope(x), slice(None))


def to_the_line(lower, upper):
    """x of y, y of x and log dy/dx for a map of the interval onto the line."""
    if np.isfinite(lower) and np.isfinite(upper):
        width = upper - lower
        return (
            lambda y: logit((y - lower) / width),
            lambda x: lower + width * expit(x),
            lambda x: np.log(width) + log_expit(x) + log_expit(-x),
        )
    if np.isfinite(lower):
        return lambda y: np.log(y - lower), lambda x: lower + np.exp(x), lambda x: x
    if np.isfinite(upper):
        return lambda y: -np.log(upper - y), lambda x: upper - np.exp(-x), lambda x: -x
    return lambda y: y, lambda x: x, lambda x: np.zeros_like(x)
