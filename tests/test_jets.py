"""The derivatives of jets against mpmath: rule by rule on random and extreme arguments, and composed."""

import functools
import os
import subprocess
import sys

import mpmath as mp
import numpy as np
import pytest
from scipy import special, stats

from sklearn_mle import jets
from sklearn_mle.jets import Jet, betaln, gammaln, log_expit, numeric, taylor, xlogy

rng = np.random.default_rng(0)
NORMAL = [*rng.normal(scale=3, size=8), 1e-9, -1e-9]
POSITIVE = [*np.exp(rng.normal(scale=3, size=8)), 1e-12, 1e12]
SHAPES = [*np.exp(rng.normal(scale=3, size=8)), 1e-6, 1.0, 1e8]
UNIT = [*rng.uniform(size=8), 1e-12, 1 - 2**-40]
TAILS = [*NORMAL, -200.0, -40.0, 40.0, 200.0]
OTHERS = [x + 0.5 for x in NORMAL]  # no ties with NORMAL, where max and min have a kink


def log_normal_cdf(x):
    return mp.log(mp.erfc(-x / mp.sqrt(2)) / 2) if x < 0 else mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2)


def softplus(x):
    return x + mp.log1p(mp.exp(-x)) if x > 0 else mp.log1p(mp.exp(x))


def mp_betaln(x, y):
    return mp.loggamma(x) + mp.loggamma(y) - mp.loggamma(x + y)


# One line a rule: the function in mpmath, and where each argument is tried.
UNARY = {
    np.positive: (lambda x: x, NORMAL),
    np.negative: (lambda x: -x, NORMAL),
    np.absolute: (abs, NORMAL),
    np.fabs: (abs, NORMAL),
    np.reciprocal: (lambda x: 1 / x, NORMAL),
    np.square: (lambda x: x * x, [*NORMAL, 0.0]),
    np.sqrt: (mp.sqrt, POSITIVE),
    np.cbrt: (mp.cbrt, POSITIVE),
    np.exp: (mp.exp, TAILS),
    np.exp2: (lambda x: mp.power(2, x), TAILS),
    np.expm1: (mp.expm1, TAILS),
    np.log: (mp.log, POSITIVE),
    np.log2: (lambda x: mp.log(x, 2), POSITIVE),
    np.log10: (mp.log10, POSITIVE),
    np.log1p: (mp.log1p, [*POSITIVE, -0.5, -1 + 2**-40]),
    np.sin: (mp.sin, NORMAL),
    np.cos: (mp.cos, NORMAL),
    np.tan: (mp.tan, NORMAL),
    np.sinh: (mp.sinh, TAILS),
    np.cosh: (mp.cosh, TAILS),
    np.tanh: (mp.tanh, [*NORMAL, -100.0, 100.0]),
    np.arctan: (mp.atan, [*TAILS, 1e100]),
    np.arcsinh: (mp.asinh, [*TAILS, 1e90]),
    jets.expit: (lambda x: 1 / (1 + mp.exp(-x)), TAILS),
    jets.logit: (lambda x: mp.log(x / (1 - x)), UNIT),
    jets.log_expit: (lambda x: -softplus(-x), TAILS),
    jets.gammaln: (lambda x: mp.log(abs(mp.gamma(x))), [*SHAPES, -0.5, -2.3]),
    jets.loggamma: (mp.loggamma, SHAPES),
    jets.psi: (mp.digamma, [*SHAPES, -0.5, -2.3]),
    jets.ndtr: (lambda x: mp.erfc(-x / mp.sqrt(2)) / 2, [*NORMAL, -20.0, 20.0]),
    jets.log_ndtr: (log_normal_cdf, [*NORMAL, -1e12, -1e5, -50.0, -20.01, -19.99, 30.0]),
    jets.ndtri: (lambda x: mp.sqrt(2) * mp.erfinv(2 * x - 1), [*UNIT[:8], 1e-6, 1e-12]),
    jets.erf: (mp.erf, [*NORMAL, -12.0, 12.0]),
    jets.erfc: (mp.erfc, [*NORMAL, -12.0, 12.0]),
    jets.exprel: (lambda x: mp.expm1(x) / x, [*TAILS, -1.001, -0.999, 0.999, 1.001]),
}
BINARY = {
    np.add: (lambda x, y: x + y, NORMAL, NORMAL),
    np.subtract: (lambda x, y: x - y, NORMAL, NORMAL),
    np.multiply: (lambda x, y: x * y, NORMAL, NORMAL),
    np.divide: (lambda x, y: x / y, NORMAL, NORMAL),
    np.power: (mp.power, POSITIVE[:8], NORMAL),
    np.float_power: (mp.power, POSITIVE[:8], NORMAL),
    np.logaddexp: (lambda x, y: y + softplus(x - y), TAILS, TAILS),
    np.logaddexp2: (lambda x, y: y + softplus((x - y) * mp.log(2)) / mp.log(2), TAILS, TAILS),
    np.arctan2: (mp.atan2, [*NORMAL, 1e30], NORMAL),
    np.hypot: (mp.hypot, [*NORMAL, 1e30], NORMAL),
    np.maximum: (max, NORMAL, OTHERS),
    np.minimum: (min, NORMAL, OTHERS),
    jets.xlogy: (lambda x, y: x * mp.log(y), [*NORMAL, 0.0], POSITIVE),
    jets.xlog1py: (lambda x, y: x * mp.log1p(y), [*NORMAL, 0.0], POSITIVE),
    jets.betaln: (mp_betaln, SHAPES, SHAPES),
}


def exact(f, x, orders, digits):
    """A partial derivative of f by mpmath, as a float; exp(-200) is a number to it only if digits are many."""
    unit = [mp.mpf(2) ** (mp.frexp(a)[1] if a else 0) for a in map(mp.mpf, x)]
    with mp.workdps(digits):
        d = mp.diff(
            lambda *t: f(*(a * u for a, u in zip(t, unit, strict=True))),
            tuple(mp.mpf(a) / u for a, u in zip(x, unit, strict=True)),
            tuple(orders),
        )
        return float(d / mp.fprod(u**k for u, k in zip(unit, orders, strict=True)))


def assert_exact(rows, f, points, orders, digits=200):
    wanted = [exact(f, x, orders, digits) for x in points]
    # A dozen roundings. What is 0 has to be 0 to half of the digits.
    np.testing.assert_allclose(np.broadcast_to(rows, len(points)), wanted, rtol=3e-13, atol=10.0 ** (-digits / 2))


DIGITS = {jets.gammaln: 40, jets.loggamma: 40, jets.psi: 40, jets.betaln: 40, jets.ndtri: 60}  # slow in mpmath


def test_every_rule_is_tested():
    assert set(UNARY) == set(jets.UNARY)
    assert set(BINARY) == set(jets.BINARY) | set(jets.CHOICES)


@pytest.mark.parametrize("ufunc", UNARY, ids=lambda ufunc: ufunc.__name__)
def test_unary(ufunc):
    f, points = UNARY[ufunc]
    value, (gradient,), ((hessian,),) = taylor(ufunc, [points], 2)
    np.testing.assert_array_equal(value, ufunc(points))
    for order, rows in ((1, gradient), (2, hessian)):
        assert_exact(rows, f, [(x,) for x in points], (order,), DIGITS.get(ufunc, 200))


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda ufunc: ufunc.__name__)
def test_binary(ufunc):
    f, *domains = BINARY[ufunc]
    x, y = (np.random.default_rng(i).choice(domain, 24) for i, domain in enumerate(domains))
    value, gradient, hessian = taylor(ufunc, [x, y], 2)
    np.testing.assert_array_equal(value, ufunc(x, y))
    for rows, orders in (
        (gradient[0], (1, 0)),
        (gradient[1], (0, 1)),
        (hessian[0][0], (2, 0)),
        (hessian[0][1], (1, 1)),
        (hessian[1][1], (0, 2)),
    ):
        assert_exact(rows, f, list(zip(x, y, strict=True)), orders, DIGITS.get(ufunc, 200))


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda ufunc: ufunc.__name__)
def test_one_argument_constant(ufunc):
    """f(x, c) and f(c, y) are slices of f(x, y): the same bits, whether c is a row or a number."""
    x, y = (np.random.default_rng(i).choice(domain, 24) for i, domain in enumerate(BINARY[ufunc][1:]))
    _, gradient, hessian = taylor(ufunc, [x, y], 2)
    for i, one in ((0, lambda x: ufunc(x, y)), (1, lambda y: ufunc(x, y))):
        _, (row,), ((curvature,),) = taylor(one, [(x, y)[i]], 2)
        np.testing.assert_array_equal(row, gradient[i])
        np.testing.assert_array_equal(curvature, hessian[i][i])
    _, (row,), _ = taylor(lambda x: ufunc(x, y[3]), [x[3]], 2)
    np.testing.assert_allclose(row, np.broadcast_to(gradient[0], 24)[3], rtol=1e-14)  # numpy's scalar pow


@pytest.mark.parametrize("ufunc", [*UNARY, *BINARY], ids=lambda ufunc: ufunc.__name__)
def test_order_one_is_order_two_without_hessian(ufunc, monkeypatch):
    domains = (UNARY | BINARY)[ufunc][1:]
    x = [np.random.default_rng(i).choice(domain, 10) for i, domain in enumerate(domains)]
    value, gradient, _ = taylor(ufunc, x, 2)

    def untouched(*args):
        raise AssertionError("a second derivative was computed")

    for table, seconds in ((jets.UNARY, untouched), (jets.BINARY, (untouched,) * 3)):
        if ufunc in table:
            monkeypatch.setitem(table, ufunc, (table[ufunc][0], seconds))
    for row, wanted in zip([value, *gradient], [*taylor(ufunc, x, 0), *taylor(ufunc, x, 1)[1]], strict=True):
        np.testing.assert_array_equal(row, wanted)


def test_partials_of_constants_are_not_computed(monkeypatch):
    def untouched(*args):
        raise AssertionError("the partial of a constant was computed")

    (of_x, _), (of_xx, _, _) = jets.BINARY[betaln]
    monkeypatch.setitem(jets.BINARY, betaln, ((of_x, untouched), (of_xx, untouched, untouched)))
    taylor(lambda x: betaln(x, 2.0), [[1.0]], 2)


# ---- no NaN where there is a derivative ----


def first_and_second(f, x):
    _, (gradient,), ((hessian,),) = taylor(f, [x], 2)
    return [float(np.squeeze(gradient)), float(np.squeeze(hessian))]


@pytest.mark.parametrize(
    "f, x, wanted",
    [
        (lambda x: x**2, 0.0, [0, 2]),
        (lambda x: x**2, -3.0, [-6, 2]),
        (lambda x: x**3.0, -2.0, [12, -12]),
        (lambda x: x**1, 0.0, [1, 0]),
        (lambda x: x**0, 0.0, [0, 0]),
        (lambda x: x ** np.uint8(1), 2.0, [1, 0]),
        (lambda x: 0.0**x, 2.0, [0, 0]),
        (lambda x: xlogy(0.0, x), 0.0, [0, 0]),
        (lambda x: jets.xlog1py(0, x), -1.0, [0, 0]),
        (lambda x: xlogy(x, 0.5), 0.0, [np.log(0.5), 0]),
        (lambda x: np.logaddexp(-np.inf, x), 1.5, [1, 0]),
        (lambda x: np.logaddexp(x, np.inf), 1.5, [0, 0]),
        (lambda x: functools.reduce(np.logaddexp, [-np.inf + x, -np.inf + x, x]), 1.5, [1, 0]),
        (lambda x: np.logaddexp(0, x), -750.0, [0, 0]),
        (lambda x: jets.log_ndtr(x), np.inf, [0, 0]),
        (lambda x: jets.log_ndtr(x), -1e100, [1e100, -1]),
        (lambda x: jets.exprel(x), 0.0, [1 / 2, 1 / 3]),
        (lambda x: jets.exprel(x), -1e200, [0, 0]),
        (lambda x: np.tanh(x), 1e5, [0, 0]),
        (lambda x: np.arctan(x), np.inf, [0, 0]),
        (lambda x: jets.expit(x), -np.inf, [0, 0]),
        (lambda x: np.where(x > 0, np.log(x), 0.0), -1.0, [0, 0]),
        (lambda x: np.where(x > 0, np.sqrt(x), 7 * x), 0.0, [7, 0]),
        (lambda x: np.maximum(1 / x, x), -0.0, [1, 0]),
        (lambda x: np.minimum(x, np.exp(np.exp(x))), 9.0, [1, 0]),
        (lambda x: jets.expit(-np.exp(np.exp(x))), 6.5, [0, 0]),  # 0 * 1e289 * 1e289, in this order
    ],
)
def test_edges(f, x, wanted):
    np.testing.assert_allclose(first_and_second(f, x), wanted, rtol=1e-15)


def test_derivatives_are_zero_where_the_value_is_not_finite():
    value, (gradient,), ((hessian,),) = taylor(np.log, [[-1.0, 0.0, 2.0]], 2)
    np.testing.assert_array_equal(value, [np.nan, -np.inf, np.log(2.0)])
    np.testing.assert_array_equal([gradient, hessian], [[0, 0, 0.5], [0, 0, -0.25]])


# ---- structure ----


def test_absent_derivatives_and_rows_of_length_one():
    a, b, c = rng.normal(size=5), np.array([0.3]), np.array([-1.2])
    value, gradient, hessian = taylor(lambda a, b, c: a * np.exp(b) + gammaln(np.exp(c)) + 2.0, [a, b, c], 2)
    assert value.shape == (5,)
    assert [row.shape for row in gradient] == [(1,), (5,), (1,)]
    assert [[row.shape for row in rows] for rows in hessian] == [[(1,), (1,), (1,)], [(1,), (5,), (1,)], [(1,)] * 3]
    assert hessian[0][1] is hessian[1][0]
    for absent in (hessian[0][0], hessian[0][2], hessian[1][2]):
        np.testing.assert_array_equal(absent, [0.0])


def test_constants_are_not_recomputed_per_row(monkeypatch):
    lengths = []
    first, second = jets.UNARY[gammaln]
    monkeypatch.setitem(jets.UNARY, gammaln, (lambda x, f: lengths.append(np.size(x)) or first(x, f), second))
    taylor(lambda a, b: a - gammaln(np.exp(b)), [np.zeros(1000), np.zeros(1)], 2)
    assert lengths == [1]


def test_a_function_of_nothing():
    assert [np.shape(part) for part in taylor(lambda a, b: 3.0, [[1.0, 2.0], [0.0]], 2)] == [(1,), (2, 1), (2, 2, 1)]


def test_operators_meet_arrays_and_scalars_on_either_side():
    y = np.array([1.0, 2.0, 4.0])

    def f(x):
        total = y * x - x * y + 2 * x + x / 2 + y / x - (-x) ** 2 + abs(x) + np.float64(3) * x + np.float64(1) / x
        total += y - x
        total -= 2
        return total

    _, (gradient,), ((hessian,),) = taylor(f, [[3.0]], 2)
    np.testing.assert_allclose(gradient, 2 + 0.5 - y / 9 - 6 + 1 + 3 - 1 / 9 - 1)
    np.testing.assert_allclose(hessian, 2 * y / 27 - 2 + 2 / 27)


def test_in_place_on_an_array_makes_a_new_jet():
    start = np.zeros(2)

    def f(x):
        total = start
        total += x
        return total

    np.testing.assert_array_equal(taylor(f, [[1.0, 2.0]], 1)[1], [[1.0]])
    np.testing.assert_array_equal(start, 0.0)


def test_comparisons_steps_and_shapes_are_plain():
    x = Jet(np.array([-1.5, 2.5]), {0: np.ones(1)}, {}, 1)
    for plain in (x > 0, x == 2.5, np.isfinite(x), np.sign(x), np.floor(x), np.zeros_like(x), x // 1):
        assert type(plain) is np.ndarray and plain.shape == (2,)
    assert x.shape == np.shape(x) == (2,) and x.size == 2 and x.ndim == 1


@pytest.mark.parametrize("f", [jets.erfcx, np.cumsum, np.clip])
def test_unknown_function(f):
    name = f.__name__
    message = f"no derivative rule for '{name}': add one to sklearn_mle.jets, or wrap the function in `jets.numeric`."
    with pytest.raises(TypeError) as error:
        taylor(lambda x: f(x, 0, 1) if f is np.clip else f(x), [[1.0]], 1)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "f, message",
    [
        (lambda x: stats.norm.logpdf(x), "jets.numeric"),
        (lambda x: np.array([x, x]), "jets.numeric"),
        (lambda x: np.add.reduce(x), "functools.reduce"),
        (lambda x: np.exp(x, out=np.zeros(1)), "out="),
        (lambda x: np.add(1.0, x, where=False), "where="),
        (lambda x: np.zeros(1).__setitem__(slice(None), x), "jets.numeric"),
    ],
)
def test_what_cannot_work_says_so(f, message):
    with pytest.raises(TypeError, match=message):
        taylor(f, [[1.0]], 1)


# ---- composed ----


def negative_binomial(y, mu, alpha):
    r = 1 / alpha
    return -np.log(y + r) - betaln(y + 1, r) + xlogy(y, mu / (mu + r)) - r * np.log1p(alpha * mu)


def test_negative_binomial():
    y = np.array([0.0, 0.0, 1.0, 7.0, 300.0, 2.0])
    eta = [np.array([0.3, -5.0, 2.0, 1.0, 5.0, 0.0]), np.array([-1.0, 2.0, 0.0, -3.0, 1.0, 4.0])]

    def f(y, a, b):
        mu, r = mp.exp(a), mp.exp(-b)
        return (
            mp.loggamma(y + r)
            - mp.loggamma(r)
            - mp.loggamma(y + 1)
            - r * mp.log1p(mu / r)
            + (y * mp.log(mu / (mu + r)) if y else 0)
        )

    value, gradient, hessian = taylor(lambda a, b: negative_binomial(y, np.exp(a), np.exp(b)), eta, 2)
    rows = [
        (value, (0, 0)),
        (gradient[0], (1, 0)),
        (gradient[1], (0, 1)),
        (hessian[0][0], (2, 0)),
        (hessian[0][1], (1, 1)),
        (hessian[1][1], (0, 2)),
    ]
    for row, orders in rows:
        wanted = [exact(functools.partial(f, mp.mpf(y[i])), (eta[0][i], eta[1][i]), orders, 40) for i in range(6)]
        np.testing.assert_allclose(row, wanted, rtol=1e-12, atol=2e-15)  # the terms of log p are of size 1


def test_mixture_of_far_tails():
    """log(w N(y; 0, 1) + (1 - w) N(y; m, 1)) at y = +-40: both densities underflow, their ratio too."""
    y = np.array([-40.0, 0.1, 40.0])

    def f(w, m):
        return np.logaddexp(log_expit(w) - 0.5 * y**2, log_expit(-w) - 0.5 * (y - m) ** 2)

    def slow(y, w, m):
        p = 1 / (1 + mp.exp(-w))
        return mp.log(p * mp.exp(-y * y / 2) + (1 - p) * mp.exp(-((y - m) ** 2) / 2))

    _, gradient, hessian = taylor(f, [[0.4], [1.1]], 2)
    for rows, orders in (
        (gradient[0], (1, 0)),
        (gradient[1], (0, 1)),
        (hessian[0][1], (1, 1)),
        (hessian[1][1], (0, 2)),
    ):
        wanted = [exact(functools.partial(slow, mp.mpf(a)), (0.4, 1.1), orders, 200) for a in y]
        np.testing.assert_allclose(rows, wanted, rtol=1e-12)


# ---- numeric ----


@pytest.mark.parametrize("scale", [1e-12, 1e-5, 1.0, 1e12])
@pytest.mark.parametrize("loc", [0.0, 1e-3, 1e6])
@pytest.mark.parametrize("name", ["norm", "gumbel_r", "logistic"])
def test_numeric_location_and_scale(name, loc, scale):
    """scipy's logpdf by differences, against the jets of the same density."""
    if scale < 1e-14 * loc:
        pytest.skip("y - loc is rounded away")
    density = {
        "norm": lambda z: -0.5 * z**2,
        "gumbel_r": lambda z: -z - np.exp(-z),
        "logistic": lambda z: -z - 2 * np.logaddexp(0, -z),
    }[name]
    y = loc + scale * np.linspace(-3, 3, 24)
    eta = [np.array([loc]), np.array([np.log(scale)])]

    def f(mu, log_sigma):
        return density((y - mu) / np.exp(log_sigma)) - log_sigma

    wanted = taylor(f, eta, 2)
    log_prob = numeric(getattr(stats, name).logpdf)
    value, gradient, hessian = taylor(lambda mu, log_sigma: log_prob(y, mu, np.exp(log_sigma)), eta, 2)
    # In units of sigma, where f and its derivatives are of size 1; f itself is up to 30, hence its rounding.
    unit = [scale, 1.0]
    for j in range(2):
        np.testing.assert_allclose(unit[j] * gradient[j], unit[j] * wanted[1][j], rtol=1e-9, atol=1e-9)
        for k in range(2):
            u = unit[j] * unit[k]
            np.testing.assert_allclose(u * hessian[j][k], u * wanted[2][j][k], rtol=3e-7, atol=3e-7)


@pytest.mark.parametrize(
    "f, exact_f, y, eta",
    [
        (
            lambda y, a, b: stats.gamma.logpdf(y, a, scale=b),
            lambda y, a, b: xlogy(a - 1, y / b) - y / b - gammaln(a) - np.log(b),
            np.geomspace(1e-3, 1e3, 20),
            [np.geomspace(0.1, 100, 20), np.geomspace(10, 0.5, 20)],
        ),
        (
            lambda y, a, b: stats.nbinom.logpmf(y, a, b),
            lambda y, a, b: gammaln(y + a) - gammaln(a) - gammaln(y + 1) + a * np.log(b) + xlogy(y, 1 - b),
            np.arange(20.0) * 3,
            [np.linspace(0.5, 20, 20), np.linspace(0.01, 0.99, 20)],
        ),
        (
            lambda y, a, b: stats.t.logpdf(y, a, 1.0, b),
            lambda y, a, b: (
                gammaln((a + 1) / 2)
                - gammaln(a / 2)
                - np.log(a * np.pi) / 2
                - np.log(b)
                - (a + 1) / 2 * np.log1p(((y - 1) / b) ** 2 / a)
            ),
            np.linspace(-50, 50, 20),
            [np.geomspace(1, 30, 20), np.linspace(1, 3, 20)],
        ),
        (
            lambda y, a, b: stats.beta.logpdf(y, a, b),
            lambda y, a, b: xlogy(a - 1, y) + jets.xlog1py(b - 1, -y) - betaln(a, b),
            np.linspace(0.01, 0.99, 20),
            [np.geomspace(0.2, 50, 20), np.geomspace(30, 0.3, 20)],
        ),
    ],
    ids=["gamma", "nbinom", "t", "beta"],
)
def test_numeric_families(f, exact_f, y, eta):
    log_eta = [np.log(row) for row in eta]
    wanted = taylor(lambda a, b: exact_f(y, np.exp(a), np.exp(b)), log_eta, 2)
    got = taylor(lambda a, b: numeric(f)(y, np.exp(a), np.exp(b)), log_eta, 2)
    np.testing.assert_allclose(got[0], wanted[0], rtol=1e-12, atol=1e-12)
    size = 1 + np.abs(wanted[0])
    for j in range(2):
        np.testing.assert_allclose(got[1][j] / size, wanted[1][j] / size, rtol=1e-9, atol=1e-9)
        for k in range(2):
            np.testing.assert_allclose(got[2][j][k] / size, wanted[2][j][k] / size, rtol=1e-7, atol=1e-7)


def test_numeric_rows_are_independent():
    """Bit for bit: a row alone, in company, and in the other order; (1,) rows stay (1,)."""
    y, mu = rng.normal(size=50) * 10.0 ** rng.integers(-8, 8, size=50), rng.normal(size=50)
    mu[:5] = 0.0
    log_prob = numeric(stats.norm.logpdf)

    def both(y, mu):
        return [
            np.broadcast_to(row, len(y))
            for row in (lambda v, g, h: [v, *g, h[0][0], h[0][1], h[1][1]])(
                *taylor(lambda m, s: log_prob(y, m, np.exp(s)), [mu, [0.3]], 2)
            )
        ]

    together = both(y, mu)
    np.testing.assert_array_equal(together, np.array(both(y[::-1], mu[::-1]))[:, ::-1])
    for i in range(50):
        np.testing.assert_array_equal(np.array(together)[:, [i]], both(y[[i]], mu[[i]]))
    assert taylor(lambda m: log_prob(0.5, m), [[0.1]], 2)[1][0].shape == (1,)


def test_numeric_at_the_edges():
    """Outside the support 0, right beside it never NaN; a constant has derivative 0; kinks are left on one side."""
    log_prob = numeric(stats.expon.logpdf)
    y = np.array([-1.0, 0.0, 1e-9, 5.0])
    value, (gradient,), ((hessian,),) = taylor(lambda loc: log_prob(y, loc), [np.zeros(4)], 2)
    np.testing.assert_array_equal(value, [-np.inf, 0.0, -1e-9, -5.0])
    np.testing.assert_allclose(gradient, [0, 0, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(hessian, 0, atol=1e-6)
    assert first_and_second(numeric(lambda x: 0 * x + 3.0), 2.0) == [0, 0]
    np.testing.assert_allclose(first_and_second(numeric(np.abs), 1e-30), [1, 0], atol=1e-9)


def test_numeric_odd_linear_and_plain():
    for f, x, slope in ((special.erf, 0.0, 2 / np.sqrt(np.pi)), (lambda x: 5 * x - 1e3, 3.0, 5.0)):
        np.testing.assert_allclose(first_and_second(numeric(f), x), [slope, 0], rtol=1e-9, atol=1e-9)
    assert numeric(special.erf)(0.5) == special.erf(0.5)  # no jet: just called
    assert numeric(stats.norm.logpdf)(0.0, loc=0.5) == stats.norm.logpdf(0.0, 0.5)


def test_numeric_is_cheap_where_the_first_steps_fit():
    """One call for f, four for each first and second derivative, eight for the mixed one."""
    calls = []
    f = numeric(lambda a, b: calls.append(1) or np.exp(a - 2 * b))
    taylor(f, [np.linspace(0.8, 1.2, 9), np.linspace(0.8, 1.2, 9)], 2)
    assert len(calls) == 1 + 2 * 4 + 8


def test_numeric_mixed_derivative_in_a_corner_of_the_domain():
    """Steps of each argument alone just reach the border; along the diagonal the same steps would cross it."""
    f = numeric(lambda a, b: np.where(a + b < 2.2525, a * b, np.inf))
    np.testing.assert_allclose(taylor(f, [[1.0], [1.0]], 2)[2], [[[0.0], [1.0]], [[1.0], [0.0]]], atol=1e-9)


def test_numeric_keyword_constants():
    log_prob = numeric(stats.norm.logpdf)
    np.testing.assert_allclose(first_and_second(lambda x: log_prob(x, scale=2.0), 1.0), [-0.25, -0.25], rtol=1e-8)


def test_numeric_in_code_with_rules():
    """Exact outside: f(erfcx(exp(x))) against the jets of the same function in closed form."""
    x = np.linspace(-2, 1, 7)
    wanted = taylor(lambda x: np.log(2 * jets.ndtr(-np.sqrt(2) * np.exp(x))) + np.exp(2 * x), [x], 2)
    got = taylor(lambda x: np.log(numeric(jets.erfcx)(np.exp(x))), [x], 2)
    np.testing.assert_allclose(got[1][0], wanted[1][0], rtol=1e-9)
    np.testing.assert_allclose(got[2][0][0], wanted[2][0][0], rtol=1e-7)


# ---- scipy's array-API mode ----


def test_special_functions_are_ufuncs_in_array_api_mode():
    code = """
import numpy as np, scipy.special as special
from sklearn_mle import jets
assert not isinstance(special.gammaln, np.ufunc), "the mode is off: the test tests nothing"
for ufunc in [*jets.UNARY, *jets.BINARY]:
    assert isinstance(ufunc, np.ufunc), ufunc
_, (gradient,) = jets.taylor(lambda x: jets.gammaln(x) - jets.betaln(x, 2.0) + jets.gammaln(2.0), [[1.5]], 1)
np.testing.assert_allclose(gradient, special.digamma(3.5))
"""
    environment = os.environ | {"SCIPY_ARRAY_API": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
