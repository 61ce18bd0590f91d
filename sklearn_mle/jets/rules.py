"""The first and second partial derivatives of ufuncs, accurate in the tails: one table by number of arguments."""

import math

import numpy as np

from .special import (
    betaln,
    erf,
    erfc,
    erfcx,
    expit,
    exprel,
    gammaln,
    log_expit,
    log_ndtr,
    loggamma,
    logit,
    ndtr,
    ndtri,
    psi,
    xlog1py,
    xlogy,
    zeta,
)

LN2, LN10 = math.log(2.0), math.log(10.0)


def logistic_density(z):
    """expit(z) expit(-z), without the loss of digits of p (1 - p)."""
    e = np.exp(-np.abs(z))
    return e / (1.0 + e) ** 2


def difference(x, y):
    """x - y, and 0 for two equal infinities: log(0 + 0) has weights one half, not NaN."""
    return np.where(x == y, 0.0, x - y)


def normal_density(x):
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def times_power(c, x, y):
    """c x^y, and 0 where c = 0: the derivatives of x^1 at x = 0 have 0 * 0^-1."""
    return c * x**y if np.all(c) else np.where(c == 0, 0.0, c * x**y)


def times(x, y):
    """x y, and 0 where x = 0, though y be infinite: what fades, fades faster than y grows."""
    return np.where(x == 0, 0.0, x * y)


def over(x, y):
    """x / y, and 0 where x = 0: the slope of 0 log(y) is 0 at y = 0 too."""
    return np.where(x == 0, 0.0, x / y)


def polar(x, y):
    """2 x y / r^4 and (x^2 - y^2) / r^4, one quotient by r at a time: r^4 overflows at 1e77."""
    r = np.hypot(x, y)
    x, y = x / r, y / r
    return 2.0 * x * y / r / r, (x - y) * (x + y) / r / r


def inverse_mills_slope(x, f, ratio):
    """-r (x + r) with r = phi / Phi, which cancels below x = -20: there the asymptotic series of Mills' ratio."""
    # phi / Phi = |x| / M with M = 1 - z + 3 z^2 - 15 z^3 + ..., z = 1 / x^2; the first term left out is < 3e-15.
    coefficients = np.cumprod([1.0, *range(-1, -21, -2)])[::-1]
    z = 1.0 / (x * x)
    mills, rest = np.polyval(coefficients[1:], z), np.polyval(coefficients[:-1], z)  # rest = (M - 1) / z
    return np.where(x < -20.0, rest / mills**2, -times(ratio, x + ratio))


def exprel_moment(m, x, closed_form):
    """The m-th derivative of exprel, int_0^1 t^m e^(x t) dt: a power series where its closed form cancels."""
    series = [1.0 / (math.factorial(k) * (k + m + 1)) for k in reversed(range(18))]
    return np.where(np.abs(x) < 1.0, np.polyval(series, x), closed_form)


BERNOULLI_NUMBERS = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6]


def zeta_difference(s, x, b):
    """psi(x + b) - psi(x) for s = 1, zeta(2, x) - zeta(2, x + b) for s = 2, however large or small b is against x.

    Both are sums over j >= 0 of (x + j)^-s - (x + b + j)^-s: ten terms, then Euler-Maclaurin from x + 10 on.
    But for tiny corrections all terms are positive, so nothing cancels.
    """

    def falls():
        u, v = 1.0 / x, 1.0 / (x + b)
        fall = b * v * u  # 1 / x - 1 / (x + b)
        return u, v, fall, fall * (u + v)

    total = 0.0
    for _ in range(10):
        total = total + falls()[s + 1]
        x = x + 1.0
    u, v, fall, fall_2 = falls()
    total = total + (np.log1p(b / x) if s == 1 else fall) + 0.5 * (fall if s == 1 else fall_2)
    power = v ** (s + 1)
    fall = fall_2 if s == 1 else fall_2 * u + v * v * fall  # of the power s + 1, then s + 3, ...
    for k, B in enumerate(BERNOULLI_NUMBERS, start=1):
        total = total + (B / (2 * k) if s == 1 else B) * fall
        fall = fall * u * u + power * fall_2
        power = power * v * v
    return total


# Constant between jumps: a plain array of values. Where only shape counts: likewise.
STEPS = {
    np.equal,
    np.not_equal,
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
    np.isfinite,
    np.isinf,
    np.isnan,
    np.sign,
    np.signbit,
    np.floor,
    np.ceil,
    np.trunc,
    np.rint,
    np.floor_divide,
    np.logical_not,
}
PLAIN = {np.shape, np.ndim, np.size, np.zeros_like, np.ones_like}

# When the first argument is the result; one that is NaN is.
CHOICES = {
    np.maximum: lambda x, y: (x >= y) | np.isnan(x),
    np.minimum: lambda x, y: (x <= y) | np.isnan(x),
}

# f(x): (f', f''), numbers or functions of (x, f) and (x, f, f').
UNARY = {
    np.positive: (1, 0),
    np.negative: (-1, 0),
    np.absolute: (lambda x, f: np.sign(x), 0),
    np.fabs: (lambda x, f: np.sign(x), 0),
    np.reciprocal: (lambda x, f: -f * f, lambda x, f, d: -2.0 * f * d),
    np.square: (lambda x, f: 2.0 * x, 2),
    np.sqrt: (lambda x, f: 0.5 / f, lambda x, f, d: -0.5 * d / x),
    np.cbrt: (lambda x, f: 1.0 / (3.0 * f * f), lambda x, f, d: -2.0 / 3.0 * d / x),
    np.exp: (lambda x, f: f, lambda x, f, d: f),
    np.exp2: (lambda x, f: LN2 * f, lambda x, f, d: LN2 * d),
    np.expm1: (lambda x, f: np.exp(x), lambda x, f, d: d),
    np.log: (lambda x, f: 1.0 / x, lambda x, f, d: -d * d),
    np.log2: (lambda x, f: 1.0 / (LN2 * x), lambda x, f, d: -d / x),
    np.log10: (lambda x, f: 1.0 / (LN10 * x), lambda x, f, d: -d / x),
    np.log1p: (lambda x, f: 1.0 / (1.0 + x), lambda x, f, d: -d * d),
    np.sin: (lambda x, f: np.cos(x), lambda x, f, d: -f),
    np.cos: (lambda x, f: -np.sin(x), lambda x, f, d: -f),
    np.tan: (lambda x, f: 1.0 + f * f, lambda x, f, d: 2.0 * f * d),
    np.sinh: (lambda x, f: np.cosh(x), lambda x, f, d: f),
    np.cosh: (lambda x, f: np.sinh(x), lambda x, f, d: f),
    np.tanh: (lambda x, f: 1.0 / np.cosh(x) ** 2, lambda x, f, d: -2.0 * f * d),
    np.arctan: (lambda x, f: 1.0 / (1.0 + x * x), lambda x, f, d: -2.0 * times(d * d, x)),
    np.arcsinh: (lambda x, f: 1.0 / np.hypot(1.0, x), lambda x, f, d: -x * d * d * d),
    expit: (lambda x, f: logistic_density(x), lambda x, f, d: -d * np.tanh(0.5 * x)),
    logit: (lambda x, f: 1.0 / (x * (1.0 - x)), lambda x, f, d: (2.0 * x - 1.0) * d * d),
    log_expit: (lambda x, f: expit(-x), lambda x, f, d: -logistic_density(x)),
    gammaln: (lambda x, f: psi(x), lambda x, f, d: zeta(2, x)),
    loggamma: (lambda x, f: psi(x), lambda x, f, d: zeta(2, x)),
    psi: (lambda x, f: zeta(2, x), lambda x, f, d: -2.0 * zeta(3, x)),
    ndtr: (lambda x, f: normal_density(x), lambda x, f, d: -times(d, x)),
    # phi / Phi through erfcx: exp(log phi - log Phi) loses all digits at x = -1e8, where both logs are -5e15.
    log_ndtr: (lambda x, f: math.sqrt(2.0 / math.pi) / erfcx(-x / math.sqrt(2.0)), inverse_mills_slope),
    ndtri: (lambda x, f: 1.0 / normal_density(f), lambda x, f, d: f * d * d),
    erf: (lambda x, f: 2.0 / math.sqrt(math.pi) * np.exp(-x * x), lambda x, f, d: -2.0 * times(d, x)),
    erfc: (lambda x, f: -2.0 / math.sqrt(math.pi) * np.exp(-x * x), lambda x, f, d: -2.0 * times(d, x)),
    exprel: (
        lambda x, f: exprel_moment(1, x, (np.exp(x) - f) / x),
        lambda x, f, d: exprel_moment(2, x, (np.exp(x) - 2.0 * d) / x),
    ),
}


def logaddexp_rule(scale):
    def density(x, y, f):
        return scale * logistic_density(scale * difference(x, y))

    return (
        (lambda x, y, f: expit(scale * difference(x, y)), lambda x, y, f: expit(scale * difference(y, x))),
        (density, lambda x, y, f: -density(x, y, f), density),
    )


POWER = (
    (lambda x, y, f: times_power(y, x, y - 1.0), lambda x, y, f: xlogy(f, x)),
    (
        lambda x, y, f: times_power(y * (y - 1.0), x, y - 2.0),
        lambda x, y, f: x ** (y - 1.0) + y * xlogy(x ** (y - 1.0), x),
        lambda x, y, f: xlogy(xlogy(f, x), x),
    ),
)

# f(x, y): ((f_x, f_y), (f_xx, f_xy, f_yy)), numbers or functions of (x, y, f).
BINARY = {
    np.add: ((1, 1), (0, 0, 0)),
    np.subtract: ((1, -1), (0, 0, 0)),
    np.multiply: ((lambda x, y, f: y, lambda x, y, f: x), (0, 1, 0)),
    np.divide: (
        (lambda x, y, f: 1.0 / y, lambda x, y, f: -f / y),
        (0, lambda x, y, f: -1.0 / y / y, lambda x, y, f: 2.0 * f / y / y),
    ),
    np.power: POWER,
    np.float_power: POWER,
    np.logaddexp: logaddexp_rule(1.0),
    np.logaddexp2: logaddexp_rule(LN2),
    np.arctan2: (
        (lambda x, y, f: y / np.hypot(x, y) / np.hypot(x, y), lambda x, y, f: -x / np.hypot(x, y) / np.hypot(x, y)),
        (lambda x, y, f: -polar(x, y)[0], lambda x, y, f: polar(x, y)[1], lambda x, y, f: polar(x, y)[0]),
    ),
    np.hypot: (
        (lambda x, y, f: x / f, lambda x, y, f: y / f),
        (
            lambda x, y, f: (y / f) ** 2 / f,
            lambda x, y, f: -(x / f) * (y / f) / f,
            lambda x, y, f: (x / f) ** 2 / f,
        ),
    ),
    xlogy: (
        (lambda x, y, f: np.log(y), lambda x, y, f: over(x, y)),
        (0, lambda x, y, f: 1.0 / y, lambda x, y, f: -over(over(x, y), y)),
    ),
    xlog1py: (
        (lambda x, y, f: np.log1p(y), lambda x, y, f: over(x, 1.0 + y)),
        (0, lambda x, y, f: 1.0 / (1.0 + y), lambda x, y, f: -over(over(x, 1.0 + y), 1.0 + y)),
    ),
    betaln: (
        (lambda x, y, f: -zeta_difference(1, x, y), lambda x, y, f: -zeta_difference(1, y, x)),
        (
            lambda x, y, f: zeta_difference(2, x, y),
            lambda x, y, f: -zeta(2, x + y),
            lambda x, y, f: zeta_difference(2, y, x),
        ),
    ),
}
