"""Positive numbers: tails and series against mpmath, closed forms, and the fits of statsmodels."""

import itertools

import mpmath as mp
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from sklearn_mle import (
    Exponential,
    Gamma,
    InverseGaussian,
    LogLogistic,
    LogNormal,
    MLERegressor,
    Poisson,
    Tweedie,
    Weibull,
    jets,
)
from sklearn_mle.likelihoods.tweedie_series import log_series

N = 1500


def close(found, exact, tolerance):
    """|found - exact| <= tolerance (1 + |exact|)."""
    assert abs(float(found) - float(exact)) <= tolerance * (1 + abs(float(exact))), (float(found), float(exact))


def table(n=N):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 3))
    return rng, X, 0.5 + X @ [0.3, -0.2, 0.1]


# --- far tails --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phi", [1e-4, 0.01, 0.3, 1, 5, 1e4])
@pytest.mark.parametrize("spreads", [-30, -5, -1, 0.01, 1, 5, 30])
def test_tails_of_gamma(phi, spreads):
    mu = 3.0
    y = mu * np.exp(spreads * min(np.sqrt(phi), 1.0))
    with mp.workdps(60):
        a, x = 1 / mp.mpf(phi), mp.mpf(y) / (mp.mpf(mu) * mp.mpf(phi))
        below = mp.log(mp.gammainc(a, 0, x, regularized=True))
        above = mp.log(mp.gammainc(a, x, mp.inf, regularized=True))
    close(Gamma().log_cdf(np.array([y]), mu, phi)[0], below, 1e-13)
    close(Gamma().log_sf(np.array([y]), mu, phi)[0], above, 1e-13)


@pytest.mark.parametrize("phi", [1e-8, 1e-4, 0.01, 1, 100, 1e4])
@pytest.mark.parametrize("spreads", [-30, -5, -1, 0.01, 1, 5, 12])
def test_tails_of_the_inverse_gaussian(phi, spreads):
    mu = 3.0
    y = mu * np.exp(spreads * min(np.sqrt(phi * mu), 1.0))
    with mp.workdps(400):
        Y, root = mp.mpf(y), mp.sqrt(mp.mpf(phi) * mp.mpf(y))
        u, v, factor = (Y / mu - 1) / root, (Y / mu + 1) / root, mp.exp(2 / (mp.mpf(phi) * mu))
        below = mp.log(mp.ncdf(u) + factor * mp.ncdf(-v))
        above = mp.log(mp.ncdf(-u) - factor * mp.ncdf(-v))
    close(InverseGaussian().log_cdf(np.array([y]), mu, phi)[0], below, 1e-12)
    close(InverseGaussian().log_sf(np.array([y]), mu, phi)[0], above, 1e-12)


@pytest.mark.parametrize("u", [-800, -40, -1e-3, 0, 1, 4.9, 5.1, 30])
def test_tails_of_weibull(u):
    with mp.workdps(60):
        t = mp.exp(mp.mpf(u))
        below = mp.log(-mp.expm1(-t))
    y = np.exp(np.array([u / 2.0]))
    with np.errstate(all="ignore"):  # as the objective does
        close(Weibull().log_cdf(y, 1.0, 2.0)[0], below, 1e-13)
        close(Weibull().log_sf(y, 1.0, 2.0)[0], -t, 1e-13)


@pytest.mark.parametrize("family", [Gamma(), InverseGaussian(), LogNormal(), Weibull(), LogLogistic(), Exponential()])
def test_tails_of_scipy_where_it_has_them(family):
    rng, eta = np.random.default_rng(0), np.random.default_rng(1).uniform(-1, 1, (2, 300))
    theta = family.theta(list(eta[: len(family.slices)]))
    law = family.dist(*theta)
    y = law.rvs(random_state=rng)
    np.testing.assert_allclose(family.log_cdf(y, *theta), law.logcdf(y), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(family.log_sf(y, *theta), law.logsf(y), rtol=1e-9, atol=1e-12)


# --- Tweedie ----------------------------------------------------------------------------------------------------------


def mp_tweedie(y, mu, phi, log_odds):
    """The log density as the sum of a Poisson number of gamma variables, term by term in 60 digits."""
    y, mu, phi, power = mp.mpf(y), mp.mpf(mu), mp.mpf(phi), 1 + 1 / (1 + mp.exp(-mp.mpf(log_odds)))
    rate, shape = mu ** (2 - power) / (phi * (2 - power)), (2 - power) / (power - 1)
    if y == 0:
        return -rate
    x = y / (phi * (power - 1) * mu ** (power - 1))
    step, given = shape * mp.log(x) + mp.log(rate), y ** (2 - power) / (phi * (2 - power))
    reach = 80 / (1 + shape) + mp.sqrt(200 / (1 + shape) * (given + 1))
    first, last = max(1, int(given - reach)), int(given + reach) + 3
    assert last - first < 5000
    logs = [n * step - mp.loggamma(n + 1) - mp.loggamma(n * shape) for n in range(first, last)]
    top = max(logs)
    return top + mp.log(mp.fsum(mp.exp(log - top) for log in logs)) - rate - x - mp.log(y)


# The last two are sums of thousands of terms there, and integrals here.
@pytest.mark.parametrize(
    "phi, log_odds",
    [(0.3, 0), (5, 1), (100, -1), (1e6, 0.5), (0.01, -4), (0.3, -20), (1, 9), (100, 12), (1e-3, 0), (1e-3, 2)],
)
def test_density_of_tweedie(phi, log_odds):
    with mp.workdps(60):
        for y in (0, 1e-6, 0.5, 1, 7.3):
            for mu in (0.01, 1, 50):
                found = Tweedie().log_prob(np.array([float(y)]), mu, phi, np.array([float(log_odds)]))[0]
                close(found, mp_tweedie(y, mu, phi, log_odds), 1e-11)


def test_derivatives_of_the_series():
    # Both sides of the border between sum and integral, in random places.
    rng = np.random.default_rng(0)
    at = [rng.uniform(-5, 10, 400), rng.uniform(-4, 4, 400)]
    _, gradient, hessian = jets.taylor(log_series, at, 2)

    def slope(f, k, h=1e-4):
        moved = [f(*(row + step * h * (k == j) for j, row in enumerate(at))) for step in (-2, -1, 1, 2)]
        return (8 * (moved[2] - moved[1]) - (moved[3] - moved[0])) / (12 * h)

    for k in range(2):
        size = 1 + np.abs(gradient[k]) + np.abs(hessian[k][k])
        assert (np.abs(gradient[k] - slope(log_series, k)) < 1e-6 * size).all()
        for m in range(2):
            by_jets = slope(lambda *rows, m=m: jets.taylor(log_series, list(rows), 1)[1][m], k)
            assert (np.abs(hessian[k][m] - by_jets) < 1e-5 * (size + np.abs(hessian[k][m]))).all()


def test_law_of_tweedie():
    law = Tweedie().dist(np.array([0.5, 2.0]), np.array([3.0, 0.4]), np.array([0.5, -1.0]))
    y = law.rvs(size=(200_000, 2), random_state=0)
    np.testing.assert_allclose(y.mean(axis=0), law.mean(), rtol=0.02)
    np.testing.assert_allclose(y.var(axis=0), law.var(), rtol=0.05)
    np.testing.assert_allclose((y == 0).mean(axis=0), law.cdf(0.0), atol=4e-3)
    np.testing.assert_allclose((y <= 1.0).mean(axis=0), law.cdf(1.0), atol=4e-3)
    for q in (0.2, 0.9, 1 - 1e-6):
        above = law.ppf(q) > 0
        np.testing.assert_allclose(law.cdf(law.ppf(q))[above], q, rtol=1e-12)
    np.testing.assert_allclose(law.cdf(1.3) + law.sf(1.3), 1.0, rtol=1e-14)


def test_tweedie_lies_between_poisson_and_gamma():
    y = np.array([0.3, 1.0, 4.2])
    near_2 = Tweedie().log_prob(y, 2.0, 0.7, np.array([30.0]))
    np.testing.assert_allclose(near_2, Gamma().log_prob(y, 2.0, 0.7), rtol=1e-9)
    # Next to power 1 a count is its neighbourhood's mass.
    law = Tweedie().dist(np.array([2.0]), np.array([1.0]), np.array([-18.0]))
    masses = [(law.cdf(k + 0.5) - law.cdf(k - 0.5))[0] for k in range(5)]
    np.testing.assert_allclose(masses, np.exp(Poisson().log_prob(np.arange(5.0), 2.0)), rtol=1e-7)


def test_bartlett_with_the_probability_of_zero():
    theta = [np.array([value]) for value in (1.5, 0.8, 0.3)]
    law = Tweedie().dist(*theta)
    x, weight = np.polynomial.legendre.leggauss(40)
    edges = np.concatenate([[0], np.logspace(-12, 2, 60)])
    y = np.concatenate([(a + b) / 2 + (b - a) / 2 * x for a, b in itertools.pairwise(edges)])
    mass = np.concatenate([(b - a) / 2 * weight for a, b in itertools.pairwise(edges)]) * law.pdf(y)
    y, mass = np.append(y, 0.0), np.append(mass, law.cdf(0.0))
    assert abs(mass.sum() - 1) < 1e-8
    _, g, h = Tweedie().taylor(y, [np.log(theta[0]), np.log(theta[1]), theta[2]], 2)
    g = np.array([np.broadcast_to(row, y.shape) for row in g])
    np.testing.assert_allclose(g @ mass, 0, atol=1e-7)
    expected = [[np.broadcast_to(row, y.shape) @ mass for row in rows] for rows in h]
    np.testing.assert_allclose((g * mass) @ g.T, expected, atol=1e-6)


@pytest.mark.parametrize("power, name", [(0, "Gaussian"), (1, "Poisson"), (2, "Gamma"), (3, "InverseGaussian")])
def test_other_powers_name_the_class_to_use(power, name):
    with pytest.raises(ValueError, match=f"power must lie in .1, 2.; for power {power} use {name}"):
        MLERegressor(Tweedie(power=power)).fit([[0.0], [1.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="power has a link of its own"):
        MLERegressor(Tweedie(link={"power": "identity"})).fit([[0.0], [1.0]], [1.0, 2.0])


def test_tweedie_finds_its_power():
    rng, X, eta = table(4000)
    y = Tweedie().dist(np.exp(eta), 2.0, np.log(0.6 / 0.4)).rvs(random_state=rng)
    model = MLERegressor("tweedie").fit(X, y)
    assert model.converged_
    params = {name: float(values[0]) for name, values in model.predict_dist(X[:1]).params.items()}
    assert abs(params["power"] - 1.6) < 0.02 and abs(params["phi"] - 2.0) < 0.1


# --- fits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family, glm",
    [
        (Gamma(), sm.families.Gamma(sm.families.links.Log())),
        (Gamma(link="inverse"), sm.families.Gamma()),
        (Exponential(), sm.families.Gamma(sm.families.links.Log())),
        (InverseGaussian(), sm.families.InverseGaussian(sm.families.links.Log())),
        (Tweedie(power=1.3), sm.families.Tweedie(sm.families.links.Log(), var_power=1.3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_coefficients_are_those_of_glm(family, glm):
    rng, X, eta = table()
    y = rng.gamma(2.0, np.exp(0.5 * eta if family.get_params()["link"] else eta) / 2)
    weight = rng.uniform(0.5, 2, len(y))
    model = MLERegressor(family).fit(X, y, weight)
    theirs = sm.GLM(y, sm.add_constant(X), glm, var_weights=weight).fit(tol=1e-15, maxiter=500).params
    np.testing.assert_allclose([model.intercept_, *model.coef_], theirs, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("family", [Weibull(), LogNormal(), LogLogistic(), Gamma(), InverseGaussian()], ids=repr)
def test_unconditional_fits_are_scipys(family):
    rng = np.random.default_rng(1)
    y = rng.weibull(1.7, 800) * 3
    model = MLERegressor(family).fit(np.zeros((len(y), 1)), y)
    law = {Weibull: stats.weibull_min, LogNormal: stats.lognorm, LogLogistic: stats.fisk, Gamma: stats.gamma}
    law = law.get(type(family), stats.invgauss)
    theirs = law.logpdf(y, *law.fit(y, floc=0)).sum()
    # scipy's simplex stops at 1e-8 of its value: ours may be higher, by little.
    assert -1e-9 * abs(theirs) < model.log_likelihood_ - theirs < 1e-5 * abs(theirs)


def test_closed_forms():
    rng, X, eta = table()
    y = np.exp(eta + 0.3 * rng.standard_normal(N))
    lognormal, gaussian = MLERegressor("lognormal").fit(X, y), MLERegressor("gaussian").fit(X, np.log(y))
    np.testing.assert_allclose(lognormal.coef_, gaussian.coef_, rtol=1e-12)
    sigma = np.exp(lognormal.intercepts_["sigma"])
    np.testing.assert_allclose(lognormal.predict(X), np.exp(gaussian.predict(X) + sigma**2 / 2), rtol=1e-10)
    np.testing.assert_allclose(lognormal.log_likelihood_, gaussian.log_likelihood_ - np.log(y).sum(), rtol=1e-12)
    one = np.zeros((N, 1))
    inverse = MLERegressor("inverse_gaussian").fit(one, y)
    np.testing.assert_allclose(np.exp(inverse.intercepts_["phi"]), np.mean(1 / y) - 1 / np.mean(y), rtol=1e-10)
    exponential = MLERegressor("exponential").fit(one, y)
    np.testing.assert_allclose(exponential.predict(one), np.mean(y), rtol=1e-12)
    # A Weibull of shape 1 is exponential, a gamma of phi 1 too.
    np.testing.assert_allclose(
        MLERegressor(Weibull(shape=1.0)).fit(X, y).coef_, MLERegressor(Gamma(phi=1.0)).fit(X, y).coef_
    )
