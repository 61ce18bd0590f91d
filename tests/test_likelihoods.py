"""Likelihoods: against mpmath, against scipy, against each other, and at the ends of their ranges."""

import itertools

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit, logit
from sklearn.base import clone

from sklearn_mle import jets
from sklearn_mle.checks import check_likelihood
from sklearn_mle.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    Beta,
    BetaBinomial,
    Binomial,
    Categorical,
    Censored,
    Exponential,
    Gamma,
    Gaussian,
    GaussianOnLabels,
    InverseGaussian,
    LabelLikelihood,
    Laplace,
    Likelihood,
    LogNormal,
    NegativeBinomial,
    NegativeBinomial1,
    Ordinal,
    Poisson,
    StudentT,
    Support,
    Weibull,
    ZeroInflated,
    likelihood,
)
from sklearn_mle.likelihoods.sample import median
from sklearn_mle.likelihoods.special import log1p, log1p_gap, stirling, stirling_slopes, trigamma
from sklearn_mle.links import Log

OTHERS = [
    Gaussian(sigma=2.0),
    StudentT(df=4),
    StudentT(sigma=1),
    Poisson(link="sqrt"),
    NegativeBinomial(alpha=0.5),
    NegativeBinomial(link={"mu": "softplus", "alpha": "sqrt"}),
    *(Bernoulli(link=link) for link in ("probit", "cloglog", "loglog", "cauchit")),
    GaussianOnLabels(link="identity"),
    *(Ordinal(link=link) for link in ("logit", "probit", "cloglog")),
    ZeroInflated(),
    ZeroInflated(NegativeBinomial(alpha=0.5)),
    ZeroInflated("negative_binomial"),
    ZeroInflated(pi=0.3),
    Censored(),
    Censored(StudentT(df=4)),
]
ALL = [*(family() for family in LIKELIHOODS.values()), *OTHERS]


def with_classes(families):
    """The families, those of labels with two classes and with three."""
    for family in families:
        if not isinstance(family, LabelLikelihood):
            yield family
        else:
            yield from (family.with_classes(C) for C in ((2, 3) if family.multi_class else (2,)))


def name_of(family):
    return f"{family!r}-{getattr(family, 'n_classes', None) or ''}".rstrip("-")


def parametrize(families):
    return pytest.mark.parametrize("family", families, ids=name_of)


ready = parametrize(list(with_classes(ALL)))
of_labels = parametrize([family for family in with_classes(ALL) if isinstance(family, LabelLikelihood)])
of_numbers = parametrize([family for family in ALL if not isinstance(family, LabelLikelihood)])


def size(family):
    return sum(rows.stop - rows.start for rows in family.slices.values())


def draw(family, n=200, spread=1.0, seed=0):
    """y and eta of n rows: eta uniform on +-spread, y from `dist` within +-1; in two columns intervals or counts."""
    rng = np.random.default_rng(seed)
    unit = rng.uniform(-1, 1, (size(family), n))
    y = np.asarray(family.dist(*family.theta(list(unit))).rvs(size=n, random_state=rng))
    eta = list(spread * unit)
    if isinstance(family, LabelLikelihood):
        return y.astype(int), eta
    if family.support.columns == 1:
        return y.astype(float), eta
    if not family.support.infinite:
        return np.column_stack([y, rng.integers(4, size=n)]).astype(float), eta
    kind = rng.integers(4, size=n)
    return np.column_stack(
        [np.where(kind == 1, -np.inf, y), np.select([kind == 2, kind == 3], [np.inf, y + 1], y)]
    ), eta


def assert_close(found, expected, tolerance):
    """|found - expected| <= tolerance (1 + |expected|)."""
    found, expected = np.broadcast_arrays(found, expected)
    error = np.abs(found - expected) / (1 + np.abs(expected))
    good = (error <= tolerance) | (found == expected)
    assert good.all(), f"{found[~good][:3]} against {expected[~good][:3]}, error {np.max(error[~good])}"


def assert_same_taylor(found, expected, tolerance):
    assert len(found) == len(expected)
    assert_close(found[0], expected[0], tolerance)
    for row, other in zip(found[1], expected[1], strict=True):
        assert_close(row, other, tolerance)
    for rows, others in zip(found[2], expected[2], strict=True):
        for row, other in zip(rows, others, strict=True):
            assert_close(row, other, tolerance)


def by_jets(family, y, eta, order=2):
    return jets.taylor(lambda *rows: -family.log_prob(y, *family.theta(rows)), eta, order)


# --- the registry -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_name_stands_for_its_class(name):
    family = likelihood(name)
    assert type(family) is LIKELIHOODS[name]
    assert type(family).__name__.lower() == name.replace("_", "")  # LogNormal, but lognormal
    assert likelihood(family) is family


def test_what_is_no_likelihood_is_refused():
    with pytest.raises(ValueError, match="'gausian'; the names are gaussian, student_t, "):
        likelihood("gausian")
    with pytest.raises(TypeError, match=r"got the class Poisson, pass Poisson\(\)"):
        likelihood(Poisson)
    with pytest.raises(TypeError, match="got 3"):
        likelihood(3)


@pytest.mark.parametrize("family", ALL, ids=repr)
def test_every_likelihood_keeps_the_rules(family):
    check_likelihood(family)


@ready
def test_clones_are_equal(family):
    assert repr(clone(family)) == repr(family)
    assert family.__doc__ and isinstance(family.support, Support)


# --- derivatives ------------------------------------------------------------------------------------------------------


@ready
@pytest.mark.parametrize("order", [0, 1, 2])
def test_taylor_is_that_of_log_prob(family, order):
    y, eta = draw(family, spread=5.0 if family.support.columns == 1 else 1.0)
    found, expected = family.taylor(y, eta, order), by_jets(family, y, eta, order)
    assert len(found) == order + 1
    if order == 2 and not family.smooth:  # the curvature is the expected one
        order, found, expected = 1, found[:2], expected[:2]
    filler = [[]] * (2 - order)
    assert_same_taylor([*found, *filler], [*expected, *filler], 1e-10)


@ready
def test_rows_of_length_one_are_constants(family):
    y, _ = draw(family, 50)
    eta = [np.array([0.1 * (k + 1)]) for k in range(size(family))]
    found = family.taylor(y, eta, 2)
    full = family.taylor(y, [np.full(len(y), row[0]) for row in eta], 2)
    assert found[0].shape == (len(y),)
    assert_same_taylor(found, full, 1e-13)


def test_what_does_not_vary_is_not_computed_per_row():
    y, n = np.arange(6.0), 6
    _, _, h = Gaussian().taylor(y, [np.linspace(0, 1, n), np.array([0.3])], 2)
    assert h[0][0].shape == (1,)
    _, _, h = Poisson().taylor(y, [np.array([0.3])], 2)
    assert h[0][0].shape == (1,)
    _, _, h = Bernoulli().taylor(np.array([0, 1, 1]), [np.array([0.3])], 2)
    assert h[0][0].shape == (1,)
    _, _, h = Categorical().with_classes(3).taylor(np.array([0, 1, 2]), list(np.zeros((3, 1))), 2)
    assert all(row.shape == (1,) for rows in h for row in rows)


# --- against mpmath ---------------------------------------------------------------------------------------------------


def mp_negative_binomial(y, log_mu, log_alpha):
    x, r = mp.exp(log_mu + log_alpha), mp.exp(-log_alpha)
    return mp.loggamma(y + 1) - mp.loggamma(y + r) + mp.loggamma(r) + (y + r) * mp.log1p(x) - y * mp.log(x)


def mp_student_t(y, mu, log_sigma, log_df):
    z, df = (y - mu) * mp.exp(-log_sigma), mp.exp(log_df)
    peak = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(mp.pi * df) / 2
    return log_sigma - peak + (df + 1) / 2 * mp.log1p(z * z / df)


def mp_gaussian(y, mu, log_sigma):
    return ((y - mu) * mp.exp(-log_sigma)) ** 2 / 2 + log_sigma + mp.log(2 * mp.pi) / 2


def mp_smoothed_laplace(y, mu, log_scale, width=0.1):
    z, h = (y - mu) * mp.exp(-log_scale), mp.mpf(width) / 2
    size = mp.sqrt(z * z + 4 * h * h)
    return size - width * mp.log((2 * h + size) / (4 * h)) + log_scale + mp.log(2)


def mp_poisson(y, log_mu):
    return mp.exp(log_mu) - y * log_mu + mp.loggamma(y + 1)


def mp_gamma(y, log_mu, log_phi):
    a, x = mp.exp(-log_phi), y * mp.exp(-log_mu - log_phi)
    return mp.loggamma(a) - a * mp.log(x) + x + mp.log(y)


def mp_inverse_gaussian(y, log_mu, log_phi):
    distance = (y * mp.exp(-log_mu) - 1) ** 2 / y * mp.exp(-log_phi)
    return (mp.log(2 * mp.pi * y**3) + log_phi + distance) / 2


def mp_weibull(y, log_scale, log_shape):
    u = mp.exp(log_shape) * (mp.log(y) - log_scale)
    return mp.exp(u) - u - log_shape + mp.log(y)


def mp_negative_binomial1(y, log_mu, log_alpha):
    alpha = mp.exp(log_alpha)
    r = mp.exp(log_mu) / alpha
    return mp.loggamma(y + 1) - mp.loggamma(y + r) + mp.loggamma(r) + (y + r) * mp.log1p(alpha) - y * log_alpha


def mp_binomial(y, logit, n=12):
    terms = y * mp.log1p(mp.exp(-logit)) + (n - y) * mp.log1p(mp.exp(logit))
    return terms + mp.loggamma(y + 1) + mp.loggamma(n - y + 1) - mp.loggamma(n + 1)


def mp_log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def mp_beta_binomial(y, logit, rho, n=12):
    a, b = (mp.exp(-rho) / (1 + mp.exp(sign * logit)) for sign in (-1, 1))
    choose = mp.loggamma(n + 1) - mp.loggamma(y + 1) - mp.loggamma(n - y + 1)
    return mp_log_beta(a, b) - mp_log_beta(y + a, n - y + b) - choose


def mp_beta(y, logit, log_phi):
    a, b = (mp.exp(log_phi) / (1 + mp.exp(sign * logit)) for sign in (-1, 1))
    return mp_log_beta(a, b) - (a - 1) * mp.log(y) - (b - 1) * mp.log1p(-y)


def mp_zero_inflated(y, log_mu, pi):
    base = mp.exp(-mp_poisson(y, log_mu))
    return -mp.log((base + (mp.exp(pi) if y == 0 else 0)) / (1 + mp.exp(pi)))


def mp_zero_inflated_negative_binomial(y, log_mu, log_alpha, pi):
    base = mp.exp(-mp_negative_binomial(y, log_mu, log_alpha))
    return -mp.log((base + (mp.exp(pi) if y == 0 else 0)) / (1 + mp.exp(pi)))


def mp_softmax(logits):
    total = sum(map(mp.exp, logits))
    return [mp.exp(row) / total for row in logits]


def mp_categorical(y, *logits):
    return -mp.log(mp_softmax(logits)[int(y)])


def mp_squares(y, p):
    labels = [int(y) == c for c in range(len(p))] if len(p) > 1 else [y]
    return sum((a - b) ** 2 for a, b in zip(labels, p, strict=True)) / 2 + len(p) * mp.log(2 * mp.pi) / 2


def mp_ordinal(y, eta, log_gap):
    bounds = [-mp.inf, -eta, -eta + mp.exp(log_gap), mp.inf]
    below, above = (1 / (1 + mp.exp(-bound)) for bound in bounds[int(y) : int(y) + 2])
    return -mp.log(above - below)


GRID = [-50, -20, -5, -1, 0, 0.7, 3, 10, 30, 50]
LABELS = list(range(3))

# (likelihood, its nll in mpmath, y, eta of each predictor)
REFERENCES = {
    "gaussian": (Gaussian(), mp_gaussian, [0, 0.1, -30, 1e6], [GRID, GRID]),
    "laplace, smoothed": (Laplace().smoothed(0.1), mp_smoothed_laplace, [0, 0.1, -30], [GRID, [-5, -1, 0, 0.7, 3]]),
    "student_t": (StudentT(), mp_student_t, [0, 0.1, -30, 1e6], [[-50, 0, 0.7], [-50, 0, 50], [*GRID, 3.4, 3.5]]),
    "gamma": (Gamma(), mp_gamma, [1e-300, 0.1, 1, 1.01, 1e6], [GRID, GRID]),
    "inverse_gaussian": (InverseGaussian(), mp_inverse_gaussian, [1e-3, 0.1, 1, 1.01, 1e6], [GRID, GRID]),
    "lognormal": (
        LogNormal(),
        lambda y, *eta: mp_gaussian(mp.log(y), *eta) + mp.log(y),
        [1e-300, 0.1, 1, 1e6],
        [GRID, GRID],
    ),
    "weibull": (Weibull(), mp_weibull, [1e-300, 0.1, 1, 1.01, 1e6], [GRID, [-50, -5, -1, 0, 0.7, 1.5]]),
    "exponential": (Exponential(), lambda y, log_mu: log_mu + y * mp.exp(-log_mu), [0, 1e-300, 1, 1e6], [GRID]),
    "poisson": (Poisson(), mp_poisson, [0, 1, 16, 17.5, 1023, 1024, 1e7, 1e9], [[*GRID, 2.8, 16.1, 20.7]]),
    "negative_binomial, few": (
        NegativeBinomial(),
        mp_negative_binomial,
        [0, 1, 40, 1023],
        [[-50, -3, 0, 4, 7, 50], GRID],
    ),
    "negative_binomial, many": (NegativeBinomial(), mp_negative_binomial, [17.5, 5000, 1e6], [[2, 8, 13.8], GRID]),
    "negative_binomial1": (
        NegativeBinomial1(),
        mp_negative_binomial1,
        [0, 1, 17.5, 5000],
        [[-50, -3, 0, 4, 14], [-50, -5, 0, 0.7, 10, 50]],
    ),
    "binomial": (Binomial(n=12), mp_binomial, [0, 1, 6, 12], [GRID]),
    "beta_binomial": (BetaBinomial(n=12), mp_beta_binomial, [0, 1, 6, 12], [[-50, -3, 0, 1, 30], GRID]),
    "beta": (Beta(), mp_beta, [1e-300, 1e-9, 0.2, 0.5, 1 - 2**-53], [[-50, -3, 0, 1, 20], [-50, -5, 0, 3, 10, 20]]),
    "bernoulli": (
        Bernoulli(),
        lambda y, p: mp.log1p(mp.exp(p if y == 0 else -p)),
        [0, 1],
        [GRID],
    ),
    "categorical": (Categorical().with_classes(3), mp_categorical, LABELS, [GRID, [-50, 0, 1], [0, 2]]),
    "gaussian_on_labels, two": (
        GaussianOnLabels().with_classes(2),
        lambda y, logit: mp_squares(y, [1 / (1 + mp.exp(-logit))]),
        [0, 1],
        [GRID],
    ),
    "gaussian_on_labels": (
        GaussianOnLabels().with_classes(3),
        lambda y, *logits: mp_squares(y, mp_softmax(logits)),
        LABELS,
        [GRID, [-50, 0, 1], [0, 2]],
    ),
    "gaussian_on_labels, linear": (
        GaussianOnLabels("identity").with_classes(3),
        lambda y, *p: mp_squares(y, p),
        LABELS,
        [GRID, [0, 1], [0, 2]],
    ),
    "zero_inflated": (ZeroInflated(), mp_zero_inflated, [0, 1, 20], [[-50, -1, 0, 3, 5], GRID]),
    "zero_inflated, negative_binomial": (
        ZeroInflated("negative_binomial"),
        mp_zero_inflated_negative_binomial,
        [0, 1, 20],
        [[-1, 3], [-30, 0, 30], [-50, 0, 50]],
    ),
    "ordinal": (Ordinal().with_classes(3), mp_ordinal, LABELS, [[-50, -5, 0, 0.7, 50], [-50, -20, -9, 0, 1, 3]]),
}
REFERENCED = {type(family) for family, *_ in REFERENCES.values()}


def test_every_family_with_analytic_derivatives_has_a_reference():
    analytic = {type(family) for family in with_classes(ALL) if family.derivatives is not None and family.smooth}
    assert analytic <= REFERENCED


def mp_taylor(f, y, eta):
    """Value, gradient and Hessian of f(y, *eta) by central differences in 150 digits: exact to 60."""
    y, eta, h = mp.mpf(float(y)), [mp.mpf(float(value)) for value in eta], mp.mpf(10) ** -45

    def at(*moves):
        point = list(eta)
        for k, steps in moves:
            point[k] += steps * h
        return f(y, *point)

    K, value = len(eta), at()
    plus, minus = ([at((k, step)) for k in range(K)] for step in (1, -1))
    gradient = [(plus[k] - minus[k]) / (2 * h) for k in range(K)]
    hessian = [[(plus[k] - 2 * value + minus[k]) / h**2 for _ in range(K)] for k in range(K)]
    for k, m in itertools.combinations(range(K), 2):
        mixed = sum(a * b * at((k, a), (m, b)) for a in (1, -1) for b in (1, -1)) / (4 * h**2)
        hessian[k][m] = hessian[m][k] = mixed
    return value, gradient, hessian


@pytest.mark.parametrize("name", REFERENCES)
def test_derivatives_are_those_of_mpmath(name):
    family, f, ys, grids = REFERENCES[name]
    # One predictor far out at a time: two at once (mu = e^50 with sigma = e^-50) overflow their squares.
    points = [point for point in itertools.product(*grids) if sum(abs(value) > 25 for value in point) <= 1]
    rows = [(y, point) for y in ys for point in points]
    y = np.array([y for y, _ in rows])
    eta = list(np.array([point for _, point in rows], dtype=float).T)
    with mp.workdps(150):
        exact = [mp_taylor(f, *row) for row in rows]
    K = len(eta)
    value = np.array([float(parts[0]) for parts in exact])
    gradient = [np.array([float(parts[1][k]) for parts in exact]) for k in range(K)]
    hessian = [[np.array([float(parts[2][k][m]) for parts in exact]) for m in range(K)] for k in range(K)]
    # Rounding of eta itself moves the gradient by mu eps |eta|, the nll by what is left of y eps |eta| at most: 1e-11.
    rounding = np.abs(eta[0]) * 1e-15 * (1 + np.exp(eta[0])) / (1 + np.abs(gradient[0]))
    tolerance = 1e-12 + (rounding if family.support.integer else 0.0)
    found = family.taylor(y, eta, 2)
    assert_close(found[0], value, 1e-12)
    for k in range(K):
        assert_close(found[1][k], gradient[k], tolerance)
        for m in range(K):
            assert_close(found[2][k][m], hessian[k][m], tolerance)
    with np.errstate(all="ignore"):
        log_prob = family.log_prob(y, *family.theta(eta))
    assert_close(-log_prob, value, 1e-12)


def test_counts_of_a_thousand_million_keep_their_digits():
    # At the mode, terms of 2e10 cancel to 11: summed one by one they would leave six digits.
    y = np.array([1e9, 1e9 + 30000, 1e9 - 70000.0])
    for alpha in (1e-3, 1e-9, 1e-12, 1e-20):
        found = NegativeBinomial().log_prob(y, 1e9, alpha)
        with mp.workdps(80):
            expected = [-mp_negative_binomial(mp.mpf(value), mp.log(10**9), mp.log(alpha)) for value in y]
        assert_close(found, np.array(expected, dtype=float), 2e-12)
    with mp.workdps(80):
        expected = [-mp_poisson(mp.mpf(value), mp.log(10**9)) for value in y]
    assert_close(Poisson().log_prob(y, 1e9), np.array(expected, dtype=float), 2e-12)


def beta_below(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def student_tail(y, mu, log_sigma, log_df):
    z, df = (y - mu) * mp.exp(-log_sigma), mp.exp(log_df)
    outer = beta_below(df / 2, mp.mpf(1) / 2, df / (df + z * z)) / 2
    return (outer, 1 - outer) if z < 0 else (1 - outer, outer)


def gamma_tail(y, log_mu, log_phi):
    a = mp.exp(-log_phi)
    x = a * y * mp.exp(-log_mu)
    return mp.gammainc(a, 0, x, regularized=True), mp.gammainc(a, x, mp.inf, regularized=True)


def inverse_gaussian_tail(y, log_mu, log_phi):
    mu, root = mp.exp(log_mu), mp.sqrt(mp.exp(log_phi) * y)
    u, v, factor = (y / mu - 1) / root, (y / mu + 1) / root, mp.exp(2 * mp.exp(-log_mu - log_phi))
    return mp.ncdf(u) + factor * mp.ncdf(-v), mp.ncdf(-u) - factor * mp.ncdf(-v)


def beta_tail(y, logit_mu, log_phi):
    p, phi = 1 / (1 + mp.exp(-logit_mu)), mp.exp(log_phi)
    return beta_below(p * phi, (1 - p) * phi, y), beta_below((1 - p) * phi, p * phi, 1 - y)


def poisson_tail(y, log_mu):
    mu = mp.exp(log_mu)
    return mp.gammainc(y + 1, mu, mp.inf, regularized=True), mp.gammainc(y + 1, 0, mu, regularized=True)


def negative_binomial_tail(y, log_mu, log_alpha):
    r, x = mp.exp(-log_alpha), mp.exp(log_mu + log_alpha)
    return beta_below(r, y + 1, 1 / (1 + x)), beta_below(y + 1, r, x / (1 + x))


# Probabilities by incomplete gamma and beta functions, y, and linear predictors: from 1e-100000 to nearly 1.
TAILS = {
    "student_t": (student_tail, [-1e3, -3, -0.1, 30], [[0], [0], [-2, 0, 5]]),
    "gamma": (gamma_tail, [1e-3, 1.1, 10], [[0, 0.5], [-6, 0, 3]]),
    "inverse_gaussian": (inverse_gaussian_tail, [1e-3, 0.9, 10, 1e3], [[0.1], [-6, 0, 8]]),
    "beta": (beta_tail, [1e-10, 0.5, 0.99], [[-8, 0, 2], [-3, 0, 5]]),
    "poisson": (poisson_tail, [0, 3, 400], [[-40, 0, 3, 8]]),
    "negative_binomial": (negative_binomial_tail, [0, 20, 100], [[-12, 0, 5], [-6, -1, 6]]),
}


@pytest.mark.parametrize("name", TAILS)
def test_tails_and_their_derivatives_are_those_of_mpmath(name):
    probabilities, ys, grid = TAILS[name]
    family, h, K = likelihood(name), mp.mpf("1e-15"), len(grid)
    cases = list(itertools.product(ys, *grid))
    y, *eta = np.array(cases, dtype=float).T
    for tail, log_tail in enumerate([family.log_cdf, family.log_sf]):
        found = jets.taylor(lambda *rows, f=log_tail: f(y, *family.theta(rows)), eta, 2)
        found = [
            np.broadcast_to(found[0], len(y)),
            *([np.broadcast_to(r, len(y)) for r in rows] for rows in found[1:2]),
        ]
        for i, (at, *center) in enumerate(cases):
            with mp.workdps(400 if name == "inverse_gaussian" else 60):  # its tails are differences

                def exact(*moves, at=at, center=center, tail=tail):
                    moved = [mp.mpf(float(value)) + move * h for value, move in zip(center, moves, strict=True)]
                    return mp.log(probabilities(mp.mpf(float(at)), *moved)[tail])

                unit = np.eye(K, dtype=int).tolist()
                value = exact(*[0] * K)
                slopes = [(exact(*up) - exact(*(-u for u in up))) / (2 * h) for up in unit]
            assert_close(found[0][i], float(value), 1e-13)
            assert_close([row[i] for row in found[1]], [float(slope) for slope in slopes], 1e-10)


@pytest.mark.parametrize("name", TAILS)
def test_curvatures_of_tails_are_differences_of_their_slopes(name):
    _, ys, grid = TAILS[name]
    family, h = likelihood(name), 1e-4
    y, *eta = np.array(list(itertools.product(ys, *grid)), dtype=float).T
    for log_tail in (family.log_cdf, family.log_sf):

        def taylor(rows, order, f=log_tail):
            return jets.taylor(lambda *rows: f(y, *family.theta(rows)), rows, order)

        curves = taylor(eta, 2)[2]
        for k in range(len(eta)):
            up, down = (taylor([row + sign * h * (j == k) for j, row in enumerate(eta)], 1)[1] for sign in (1, -1))
            for m in range(len(eta)):
                assert_close(curves[m][k], (up[m] - down[m]) / (2 * h), 2e-6)


def test_remainders_keep_their_digits():
    with mp.workdps(60):
        for d in (-1 + 1e-9, -0.5, -0.1, -0.0999, -1e-3, -1e-12, 1e-30, 1e-9, 0.01, 0.0999, 0.1, 3, 1e9):
            exact = mp.mpf(d) - mp.log1p(mp.mpf(d))
            # next to -1, log1p itself magnifies the rounding of d
            np.testing.assert_allclose(log1p_gap(np.array(d)), float(exact), rtol=4e-15 if d > -0.9 else 1e-8)
            if d > 0:
                np.testing.assert_allclose(log1p(np.array(d)), float(mp.log1p(mp.mpf(d))), rtol=4e-16)
        for z in (1e-20, 1e-3, 0.5, 1, 3.7, 15.99, 16, 16.01, 40, 1e3, 1e8, 1e20):
            x = mp.mpf(z)
            exact = mp.loggamma(x) - (x - 0.5) * mp.log(x) + x - mp.log(2 * mp.pi) / 2
            first = mp.digamma(x) - mp.log(x) + 1 / (2 * x)
            second = mp.polygamma(1, x) - 1 / x - 1 / (2 * x * x)
            # below 16 absolute, as they are used: terms of size z log z, and times z and z^2
            np.testing.assert_allclose(stirling(np.array(z)), float(exact), rtol=1e-14, atol=2e-14 if z < 16 else 0)
            slopes = stirling_slopes(np.array(z), 2)
            np.testing.assert_allclose(z * slopes[0], float(x * first), rtol=1e-14, atol=1e-14 if z < 16 else 0)
            np.testing.assert_allclose(
                z * z * slopes[1], float(x * x * second), rtol=1e-14, atol=3e-14 if z < 16 else 0
            )
            for z_rows in (np.full(3, z), np.full(100, z)):
                np.testing.assert_allclose(trigamma(z_rows), float(mp.polygamma(1, x)), rtol=1e-14)


@ready
def test_far_out_nothing_is_nan(family):
    y, _ = draw(family, 30)
    start = family.eta(family.start(y, np.ones(len(y))))
    for k, far in itertools.product(range(size(family)), (-50.0, 50.0)):
        eta = [np.full(len(y), far if m == k else start[m]) for m in range(size(family))]
        value, gradient, hessian = family.taylor(y, eta, 2)
        assert not np.isnan(value).any() and (value > -np.inf).all()
        assert np.isfinite(gradient).all() if len(gradient) == 1 else all(np.isfinite(row).all() for row in gradient)
        assert all(np.isfinite(row).all() for rows in hessian for row in rows)


# --- start, point, support --------------------------------------------------------------------------------------------


@ready
def test_start_takes_weights_for_repeats(family):
    y, _ = draw(family, 60, seed=3)
    weight = np.random.default_rng(1).integers(0, 4, len(y))
    weighted, repeated = (
        family.start(y, weight.astype(float)),
        family.start(np.repeat(y, weight, axis=0), np.ones(weight.sum())),
    )
    assert len(weighted) == len(family.links)
    for a, b in zip(weighted, repeated, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@ready
def test_start_is_inside_the_domain_whatever_the_sample(family):
    y, _ = draw(family, 20)
    zero, ones = np.zeros_like(y), np.ones(len(y))
    samples = [
        (y, ones),
        (zero, ones),
        (y[:1], ones[:1]),
        (zero + y[3:4], ones),
        (y, 1e-10 * ones),
        (y, (y == y[0]).reshape(len(y), -1)[:, 0] * 1.0),
    ]
    if not isinstance(family, LabelLikelihood) and family.support.columns == 1:
        samples += [(zero + 1e8, ones), (np.where(np.arange(20) < 15, 3.0, 4.0), ones)]
    for sample, weight in samples:
        if not isinstance(family, LabelLikelihood) and family.support.outside(sample):
            continue
        values = family.start(sample, weight)
        eta = family.eta(values)
        assert np.isfinite(eta).all(), (sample, values)
        value = family.taylor(sample, [np.array([row]) for row in eta], 2)[0]
        assert np.isfinite(value[weight > 0]).all()


def test_starts_are_where_they_should_be():
    rng = np.random.default_rng(0)
    ones = np.ones(20000)
    y = 3 + 2 * rng.standard_t(5, 20000)
    assert np.allclose(StudentT().start(y, ones)[:2], [3, 2], rtol=0.05)
    y[:200] = 1e12
    assert np.allclose(StudentT().start(y, ones)[:2], [3, 2], rtol=0.1)
    assert np.allclose(Gaussian().start(rng.normal(3, 2, 20000), ones), [3, 2], rtol=0.03)
    counts = rng.poisson(4 * rng.gamma(2, 0.5, 20000))
    assert np.allclose(NegativeBinomial().start(counts, ones), [4, 0.5], rtol=0.1)
    assert Gaussian().start(np.full(3, 7.0), ones[:3]) == (7.0, 7.0)


@pytest.mark.parametrize("weights", [[1, 1, 1, 1], [1, 2, 1, 0], [3, 0, 0, 3], [1, 1, 1, 0], [0, 0, 5, 0]])
def test_the_weighted_median_is_that_of_repeats(weights):
    y = np.array([2.0, -1.0, 5.0, 3.0])
    assert median(y, np.array(weights, dtype=float)) == np.median(np.repeat(y, weights))


@of_numbers
def test_point_is_the_centre_of_dist(family):
    _, eta = draw(family, 10)
    theta = family.theta(eta)
    law = family.dist(*theta)
    centre = law.median() if "StudentT" in repr(family) else law.mean()
    # Of an infinite mean scipy says that it is no number.
    np.testing.assert_allclose(family.point(*theta), np.where(np.isnan(centre), np.inf, centre), rtol=1e-7)


def test_links_and_numbers_of_parameters():
    assert list(StudentT(df=4).slices) == ["mu", "sigma"]
    assert ZeroInflated(NegativeBinomial(alpha=0.5), pi=0.2).parameters["alpha"] == 0.5
    assert list(ZeroInflated(NegativeBinomial(alpha=0.5)).slices) == ["mu", "pi"]
    assert ZeroInflated(Poisson(link="sqrt")).parameters["mu"] == Poisson(link="sqrt").parameters["mu"]
    assert ZeroInflated(NegativeBinomial()).set_params(base__alpha=0.1).inner.alpha == 0.1
    # a probability that is fixed is written as p, and travels as log-odds
    *_, pi = ZeroInflated(pi=0.25).theta([np.zeros(1)])
    assert pi == pytest.approx(logit(0.25))
    for family, widths in [(Categorical(), 3), (GaussianOnLabels(), 3), (Ordinal(), 2)]:
        assert size(family.with_classes(3)) == widths
    assert size(GaussianOnLabels().with_classes(2)) == 1
    assert size(Ordinal().with_classes(2)) == 1
    for family in (Gaussian(sigma=-1.0), NegativeBinomial(alpha=0), ZeroInflated(pi=1.0), ZeroInflated(pi=1.5)):
        with pytest.raises(ValueError, match="must lie in"):
            family.parameters  # noqa: B018
    with pytest.raises(ValueError, match="no parameter 'alpha' to link"):
        Poisson(link={"alpha": "log"}).parameters  # noqa: B018
    with pytest.raises(ValueError, match="'logit' or 'identity'; got 'probit'"):
        GaussianOnLabels("probit").with_classes(2).log_proba(np.zeros(1))
    with pytest.raises(ValueError, match="a link of probabilities"):
        Ordinal("log").with_classes(2).log_proba(np.zeros(1), ())


def test_shift_invariance_is_said_where_it_holds():
    for family in (Categorical(), GaussianOnLabels(), GaussianOnLabels("identity"), Ordinal()):
        family = family.with_classes(3)
        y, eta = draw(family)
        shifted = [row + 0.7 for row in eta]
        same = np.allclose(family.taylor(y, shifted, 0)[0], family.taylor(y, eta, 0)[0], rtol=1e-12)
        assert same == bool(family.shift_invariant)
    assert Gaussian.shift_invariant == () == GaussianOnLabels().with_classes(2).shift_invariant


# --- identities between families --------------------------------------------------------------------------------------


def test_limits():
    y, mu = np.array([0.0, 1, 5, 20, 3000]), np.array([0.1, 1.0, 7, 18, 3100])
    np.testing.assert_allclose(NegativeBinomial().log_prob(y, mu, np.exp(-50.0)), Poisson().log_prob(y, mu), rtol=1e-13)
    rows = [np.log(mu), np.full(5, -50.0)]
    nb, poisson = NegativeBinomial().taylor(y, rows, 2), Poisson().taylor(y, rows[:1], 2)
    np.testing.assert_allclose(nb[1][0], poisson[1][0], rtol=1e-13)
    np.testing.assert_allclose(nb[2][0][0], poisson[2][0][0], rtol=1e-13)
    # d nll / d alpha at alpha = 0 is (y - (y - mu)^2) / 2
    np.testing.assert_allclose(nb[1][1] * np.exp(50.0), (y - (y - mu) ** 2) / 2, rtol=1e-12)
    z = np.array([-3.0, 0, 0.1, 40])
    np.testing.assert_allclose(
        StudentT().log_prob(z, 0.3, 2.0, np.exp(50.0)), Gaussian().log_prob(z, 0.3, 2.0), rtol=1e-13
    )
    np.testing.assert_allclose(ZeroInflated().log_prob(y, mu, -800.0), Poisson().log_prob(y, mu), rtol=1e-13)


def test_special_cases_are_scipys():
    y = np.arange(30.0)
    np.testing.assert_allclose(NegativeBinomial().log_prob(y, 3.0, 1.0), stats.geom(0.25, loc=-1).logpmf(y), rtol=1e-13)
    np.testing.assert_allclose(
        NegativeBinomial().log_prob(y, 3.0, 0.4), stats.nbinom(2.5, 1 / 2.2).logpmf(y), rtol=1e-12
    )
    np.testing.assert_allclose(Poisson().log_prob(y, 3.0), stats.poisson(3.0).logpmf(y), rtol=1e-12)
    x = np.linspace(-9, 9, 7)
    np.testing.assert_allclose(StudentT().log_prob(x, 1.0, 2.0, 1.0), stats.cauchy(1, 2).logpdf(x), rtol=1e-13)
    np.testing.assert_allclose(StudentT().log_prob(x, 1.0, 2.0, 7.5), stats.t(7.5, 1, 2).logpdf(x), rtol=1e-12)
    np.testing.assert_allclose(Gaussian().log_prob(x, 1.0, 2.0), stats.norm(1, 2).logpdf(x), rtol=1e-13)
    np.testing.assert_allclose(Gaussian().log_cdf(x, 1.0, 0.1), stats.norm(1, 0.1).logcdf(x), rtol=1e-12)
    np.testing.assert_allclose(Gaussian().log_sf(x, 1.0, 0.1), stats.norm(1, 0.1).logsf(x), rtol=1e-12)


def test_negative_counts_are_impossible():
    y = np.array([-1.0, -2.0, -1000.0])
    with np.errstate(all="ignore"):
        assert (Poisson().log_prob(y, 3.0) == -np.inf).all()
        assert not (NegativeBinomial().log_prob(y[:2], 3.0, 0.1) > -np.inf).any()


def test_categorical_on_two_classes_is_bernoulli():
    y, eta = draw(Categorical().with_classes(2), spread=5)
    two, one = Categorical().with_classes(2).taylor(y, eta, 2), Bernoulli().taylor(y, [eta[1] - eta[0]], 2)
    assert_close(two[0], one[0], 1e-14)
    assert_close(two[1][1], one[1][0], 1e-14)
    assert_close(two[2][0][1], -one[2][0][0], 1e-14)
    assert_close(Categorical().with_classes(2).decision(tuple(eta))[0], eta[1] - eta[0], 0)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "loglog", "cauchit"])
def test_ordinal_on_two_classes_is_bernoulli(link):
    y, (eta,) = draw(Bernoulli(link=link))
    ordinal = Ordinal(link).with_classes(2).taylor(1 - y, [-eta], 2)
    binary = Bernoulli(link=link).taylor(y, [eta], 2)
    assert_close(ordinal[0], binary[0], 1e-13)
    assert_close(-ordinal[1][0], binary[1][0], 1e-13)
    assert_close(ordinal[2][0][0], binary[2][0][0], 1e-13)


@of_labels
def test_soft_labels(family):
    C = family.n_classes
    y, eta = draw(family)
    onehot = np.eye(C)[y]
    assert_same_taylor(family.taylor(onehot, eta, 2), family.taylor(y, eta, 2), 1e-13)
    for a, b in zip(family.start(onehot, np.ones(len(y))), family.start(y, np.ones(len(y))), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    shares = np.random.default_rng(0).dirichlet(np.ones(C), len(y))
    if family.proper:  # the nll is linear in the label
        mixed = sum(shares[:, c] * family.taylor(np.full(len(y), c), eta, 0)[0] for c in range(C))
        assert_close(family.taylor(shares, eta, 0)[0], mixed, 1e-13)
    assert_same_taylor(family.taylor(shares, eta, 2), by_jets(family, shares, eta), 1e-12)


@of_labels
def test_probabilities_of_labels(family):
    rng = np.random.default_rng(0)
    for spread in (1.0, 30.0):
        eta = list(rng.uniform(-spread, spread, (size(family), 100)))
        theta = family.theta(eta)
        with np.errstate(all="ignore"):
            rows = family.log_proba(*theta)
            scores = family.decision(*theta)
        assert len(rows) == family.n_classes
        np.testing.assert_allclose(np.exp(rows).sum(axis=0), 1, rtol=1e-12)
        chosen = (scores[0] > 0).astype(int) if len(scores) == 1 else np.argmax(scores, axis=0)
        assert len(scores) == (1 if family.n_classes == 2 else family.n_classes)
        assert (np.array(rows)[chosen, np.arange(100)] >= np.max(rows, axis=0) - 1e-12).all()


def test_confident_and_right_keeps_its_digits():
    # The last thing that tells a separable fit from a finished one: 1 - p, where p rounds to 1.
    small = 2 * np.exp(-45.0) + np.exp(-50.0)
    y, eta = np.array([1]), [np.array([value]) for value in (0.0, 45.0, 0.0, -5.0)]
    value, gradient, hessian = Categorical().with_classes(4).taylor(y, eta, 2)
    np.testing.assert_allclose([value[0], -gradient[1][0], hessian[1][1][0]], small, rtol=1e-14)
    for code, logit_ in [(1, 45.0), (0, -45.0)]:
        value, gradient, hessian = Bernoulli().taylor(np.array([code]), [np.array([logit_])], 2)
        found = [value[0], (1 - 2 * code) * gradient[0][0], hessian[0][0][0]]
        np.testing.assert_allclose(found, np.exp(-45.0), rtol=1e-14)


# --- squared error on labels ------------------------------------------------------------------------------------------


def test_a_confident_mistake_has_no_gradient_in_squared_error():
    z, y = [np.array([-10.0])], np.array([1])
    assert Bernoulli().taylor(y, z, 1)[1][0] == pytest.approx(-0.99995, abs=1e-5)
    assert GaussianOnLabels().with_classes(2).taylor(y, z, 1)[1][0] == pytest.approx(-4.5e-5, rel=0.01)


def test_least_squares_on_labels_shows_clipped_probabilities():
    two, three = (GaussianOnLabels("identity").with_classes(C) for C in (2, 3))
    mu = np.array([-0.3, 0.0, 0.4, 1.0, 1.7])
    np.testing.assert_allclose(np.exp(two.log_proba(mu)), [[1, 1, 0.6, 0, 0], [0, 0, 0.4, 1, 1]])
    np.testing.assert_allclose(two.decision(mu)[0], mu - 0.5)
    rows = (np.array([0.2, -1.0, 2.0]), np.array([0.6, -0.1, 1.0]), np.array([-0.3, 0.0, 0.0]))
    expected = [[0.25, 0.75, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]
    np.testing.assert_allclose(np.exp(three.log_proba(rows)).T, expected)
    np.testing.assert_allclose(three.decision(rows), rows)
    y = np.array([0, 1, 1, 0, 1])
    nll = two.taylor(y, [mu], 0)[0]
    np.testing.assert_allclose(nll, -stats.norm(mu).logpdf(y))


# --- ordinal ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link, law", [("logit", stats.logistic), ("probit", stats.norm), ("cloglog", stats.gumbel_l)])
def test_ordinal_is_the_difference_of_two_cumulative_probabilities(link, law):
    family = Ordinal(link).with_classes(4)
    eta, gaps = np.linspace(-2, 2, 9), (np.array([0.8]), np.array([1.3]))
    bounds = np.array([np.full(9, -np.inf), -eta, 0.8 - eta, 2.1 - eta, np.full(9, np.inf)])
    expected = np.diff(law.cdf(bounds), axis=0)
    np.testing.assert_allclose(np.exp(family.log_proba(eta, gaps)), expected, rtol=1e-12, atol=3e-16)
    fitted = family.fitted(np.array([0.5]), gaps)
    np.testing.assert_allclose(fitted["thresholds_"], [-0.5, 0.3, 1.6])
    assert fitted["intercept_"] == np.zeros(1)
    # start reproduces the shares
    y = np.repeat(np.arange(4), [10, 30, 40, 20])
    eta, gaps = family.start(y, np.ones(100))
    np.testing.assert_allclose(np.exp(family.log_proba(eta, gaps)).ravel(), family.shares(y, np.ones(100)), rtol=1e-12)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_an_ordinal_class_of_almost_no_width_has_its_density(link):
    family, eta = Ordinal(link).with_classes(3), np.array([-3.0, -1, 0, 2, 4])
    bounds = {
        "logit": lambda b: 1 / (1 + mp.exp(-b)),
        "probit": mp.ncdf,
        "cloglog": lambda b: 1 - mp.exp(-mp.exp(b)),
    }[link]
    for gap in (np.exp(-50.0), 1e-9, 1e-3, 0.049, 0.051):
        with mp.workdps(60):
            exact = [float(mp.log(bounds(gap - mp.mpf(value)) - bounds(-mp.mpf(value)))) for value in eta]
        np.testing.assert_allclose(family.log_proba(eta, (np.array([gap]),))[1], exact, rtol=1e-11)


# --- wrappers ---------------------------------------------------------------------------------------------------------


def test_zero_inflated_is_a_mixture():
    y = np.arange(10.0)
    pi, mu = 0.3, 2.5
    found = np.exp(ZeroInflated().log_prob(y, mu, logit(pi)))
    np.testing.assert_allclose(found, pi * (y == 0) + (1 - pi) * stats.poisson(mu).pmf(y), rtol=1e-13)
    law = ZeroInflated().dist(mu, logit(pi))
    np.testing.assert_allclose(law.pmf(y), found, rtol=1e-13)
    assert ZeroInflated().point(mu, logit(pi)) == pytest.approx(0.7 * mu)


def test_zero_inflated_needs_counts():
    with pytest.raises(ValueError, match=r"base of counts .*got 'gaussian'"):
        ZeroInflated("gaussian").check(np.zeros(3))
    with pytest.raises(ValueError, match=r"counts, y >= 0; y\[1\] is -1.0"):
        ZeroInflated().check(np.array([0.0, -1.0]))


class Exponential(Likelihood):
    """y ~ Exponential(mu): a positive base whose log_cdf has no derivative at the end of the support."""

    links = {"mu": Log()}
    support = Support(lower=0.0)

    def dist(self, mu):
        return stats.expon(scale=mu)

    def log_cdf(self, y, mu):
        with np.errstate(divide="ignore"):
            return np.log(-np.expm1(-y / mu))


def test_censored_is_the_probability_of_the_interval():
    y = np.array([[1.0, 1.0], [-np.inf, 0.5], [0.5, np.inf], [-0.3, 2.0], [-40.0, -38.0], [38.0, 40.0], [-1e3, 1e3]])
    law = stats.norm(0.2, 1.5)
    with mp.workdps(40):
        tails = [
            float(mp.log(mp.ncdf((b - mp.mpf("0.2")) / 1.5) - mp.ncdf((a - mp.mpf("0.2")) / 1.5)))
            for a, b in [(-40, -38), (mp.mpf("-39.6"), mp.mpf("-37.6"))]
        ]
    expected = [law.logpdf(1), law.logcdf(0.5), law.logsf(0.5), np.log(law.cdf(2) - law.cdf(-0.3)), *tails, 0.0]
    np.testing.assert_allclose(Censored().log_prob(y, 0.2, 1.5), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("base, theta", [(Gaussian(), (0.2, 1.5)), (StudentT(), (0.2, 1.5, 3.0))])
def test_a_narrow_interval_has_its_density(base, theta):
    for middle in (-20.0, 0.0, 3.0):
        for width in (1e-13, 1e-6, 1e-3, 0.03):
            lower, upper = middle - width / 2, middle + width / 2
            found = Censored(base).log_prob(np.array([[lower, upper]]), *theta)[0]
            # Simpson's rule, in 16 panels
            x = np.linspace(-0.5, 0.5, 33) * (upper - lower) + (lower + upper) / 2
            p = np.exp(base.log_prob(x, *theta) - base.log_prob(middle, *theta))
            exact = np.log(integrate.simpson(p, x=np.linspace(-0.5, 0.5, 33))) + np.log(upper - lower)
            assert found == pytest.approx(exact + base.log_prob(middle, *theta), abs=2e-10)


def test_censored_takes_any_base():
    y = np.array([[0.0, np.inf], [0.0, 2.0], [3.0, np.inf], [1.0, 2.0], [1.0, 1.0]])
    law = stats.expon(scale=1.7)
    expected = [0.0, law.logcdf(2), law.logsf(3), np.log(law.cdf(2) - law.cdf(1)), law.logpdf(1)]
    np.testing.assert_allclose(Censored(Exponential()).log_prob(y, 1.7), expected, rtol=1e-9, atol=1e-15)
    value, gradient, hessian = Censored(Exponential()).taylor(y, [np.array([0.3])], 2)
    assert np.isfinite(gradient[0]).all() and np.isfinite(hessian[0][0]).all() and gradient[0][0] == 0
    # intervals of counts are closed: "5 or more" is (5, inf)
    law = stats.poisson(2.0)
    y = np.array([[3.0, 3.0], [5.0, np.inf], [-np.inf, 2.0], [0.0, 2.0], [2.0, 4.0]])
    expected = [law.logpmf(3), law.logsf(4), law.logcdf(2), law.logcdf(2), np.log(law.pmf([2, 3, 4]).sum())]
    np.testing.assert_allclose(Censored("poisson").log_prob(y, 2.0), expected, rtol=1e-12)


def test_censored_says_which_interval_is_wrong():
    for y, message in [
        ([[0, 1], [2, 1]], r"lower <= upper; y\[1\] is \[2.0, 1.0\]"),
        ([[0, 1], [-np.inf, np.inf]], r"a finite end; y\[1\] is \[-inf, inf\]"),
        ([[np.inf, np.inf]], r"a finite end; y\[0\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            Censored().check(np.array(y, dtype=float))
    with pytest.raises(ValueError, match=r"Censored\(Poisson\) models counts, y >= 0; y\[1\] is \[-1.0, 2.0\]"):
        Censored("poisson").check(np.array([[0.0, 1.0], [-1.0, 2.0]]))
    y = np.array([[0.0, np.inf], [-np.inf, 1.0], [1.0, 1.0]])
    assert Censored("poisson").check(y) is y


def test_wrapped_in_each_other():
    family = Censored(ZeroInflated("poisson"))
    law = ZeroInflated().dist(2.0, logit(0.3))
    y = np.array([[0.0, 0.0], [1.0, np.inf], [0.0, 1.0]])
    expected = [law.logpmf(0), law.logsf(0), law.logcdf(1)]
    np.testing.assert_allclose(family.log_prob(y, 2.0, logit(0.3)), expected, rtol=1e-12)
    assert list(family.slices) == ["mu", "pi"] and expit(family.theta([np.zeros(1), np.zeros(1)])[1]) == 0.5
