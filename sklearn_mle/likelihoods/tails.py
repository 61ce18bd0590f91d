"""Logarithms of tail probabilities, with derivatives: the incomplete gamma and beta functions, however small."""

import numpy as np
from scipy import special

# Tails below this lose digits on their way to underflow: there a continued fraction times the density takes over, of
# which so many terms are exact to rounding.
FAR, TERMS = 1e-280, 30
# Central differences of eighth order: of what varies on a scale of 1, as logarithms of shapes do, at this step 1e-13.
STEP = 0.05
FIRST, SECOND = (4 / 5, -1 / 5, 4 / 105, -1 / 280), (8 / 5, -1 / 5, 8 / 315, -1 / 560)


def log_gamma_tail(a, x, log_front, upper):
    """log Q(a, x) or log P(a, x), and exp(log_front) = x^a exp(-x) / Gamma(a) over it.

    References
    ----------
    Gautschi (1979), A computational procedure for incomplete gamma functions, ACM TOMS 5: Legendre's fraction and
    its counterpart for the lower tail.
    """
    tail = (special.gammaincc if upper else special.gammainc)(a, x)
    with np.errstate(all="ignore"):  # of the branch that is not taken
        value = np.log(tail)
        rate = np.exp(log_front - value)
        if not np.any(far := tail < FAR):
            return value, rate
        fraction = 0.0
        for n in range(TERMS, 0, -1):
            fraction = n * (a - n) / (x + 2 * n + 1 - a + fraction) if upper else n * x / (a + n - x + fraction)
        fraction = fraction + (x + 1 - a if upper else a - x)
        return np.where(far, log_front - np.log(fraction), value), np.where(far, fraction, rate)


def log_beta_tail(a, b, x, y, log_front):
    """log I_x(a, b) where y = 1 - x, and exp(log_front) = x^a y^b / B(a, b) over it.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 8.17.8 with Gauss's fraction, 15.7.5.
    """
    a, b, x, y, log_front = np.broadcast_arrays(a, b, x, y, log_front)
    near, tail = x <= y, np.empty(x.shape)  # of x and y the smaller one has all its digits
    tail[near] = special.betainc(a[near], b[near], x[near])
    tail[~near] = special.betaincc(b[~near], a[~near], y[~near])
    with np.errstate(all="ignore"):
        value = np.log(tail)
        rate = np.exp(log_front - value)
        if not np.any(far := tail < FAR):
            return value, rate
        fraction = 1.0
        for m in range(TERMS, -1, -1):
            fraction = 1 - (a + b + m) * (a + m) / ((a + 2 * m) * (a + 2 * m + 1)) * x / fraction
            if m:
                fraction = 1 - m * (m - b) / ((a + 2 * m - 1) * (a + 2 * m)) * x / fraction
        fraction = a * fraction
        return np.where(far, log_front - np.log(fraction), value), np.where(far, fraction, rate)


def along(f, h=STEP):
    """f(0), f'(0) and f''(0) by central differences."""
    centre = f(0.0)
    pairs = [(f(j * h), f(-j * h)) for j in range(1, len(FIRST) + 1)]
    first = sum(c * (up - down) for c, (up, down) in zip(FIRST, pairs, strict=True)) / h
    second = sum(c * ((up - centre) + (down - centre)) for c, (up, down) in zip(SECOND, pairs, strict=True)) / h / h
    return centre, first, second


def in_shape(tail, shape, order):
    """The parts that `jets.analytic` takes of log P at (x, shape): in x by closed form, in shape by differences.

    Parameters
    ----------
    tail : callable
        Of the shape, which varies on a scale of 1: log P, its slope in x, and the slope of the logarithm of that of P.
    shape : row
    order : 0, 1 or 2
    """
    value, slope, bend = tail(shape)
    if order == 0:
        return (value,)
    _, by_shape, curves = along(lambda shift: np.stack(np.broadcast_arrays(*tail(shape + shift)[:2])))
    return (
        value,
        [slope, by_shape[0]],
        {(0, 0): slope * (bend - slope), (0, 1): by_shape[1], (1, 1): curves[0]},
    )[: order + 1]


def in_both(tail, x, y, width, order):
    """The same where neither has a closed form: log P = tail(x, y), which varies over `width` in x, over 1 in y."""
    if order == 0:
        return (tail(x, y),)
    value, by_x, curve_x = along(lambda shift: tail(x + width * shift, y))
    _, by_y, curve_y = along(lambda shift: tail(x, y + shift))
    parts = value, [by_x / width, by_y]
    if order == 1:
        return parts
    *_, curve = along(lambda shift: tail(x + width * shift, y + shift))
    cross = 0.5 * (curve - curve_x - curve_y) / width
    return *parts, {(0, 0): curve_x / width / width, (0, 1): cross, (1, 1): curve_y}
