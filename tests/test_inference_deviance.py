"""Deviances: what they are measured from is the best log-likelihood that any mean gives a row."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize

from sklearn_mle import Inference, MLERegressor
from sklearn_mle.likelihoods import LIKELIHOODS, Tweedie
from sklearn_mle.likelihoods.base import LabelLikelihood
from sklearn_mle.residuals import residuals

STATED = [
    name for name, cls in LIKELIHOODS.items() if cls.saturated is not None and not issubclass(cls, LabelLikelihood)
]
GRID = np.linspace(-40, 40, 801)
OTHERS = [-5.0, -1.0, 0.0, 2.0]  # eta of the second parameter


def points(name):
    """A likelihood, and y of its support with both ends."""
    cls = LIKELIHOODS[name]
    if name in ("binomial", "beta_binomial"):
        return cls(), np.array([[0, 3], [3, 0], [1, 0], [1, 4], [7, 2], [60, 400], [0, 0]], dtype=float)
    y = np.array([0.0, 1.0, 2.0, 0.5, 17.0, 39.0, 0.01])
    support = cls().support
    if support.upper == 1:
        y = np.array([1e-8, 0.01, 0.3, 0.5, 0.999])
    elif support.lower == 0 and (support.open or name == "exponential"):
        y = y[y > 0]  # of an exponential law the density at y = 0 has no bound
    return cls(), y


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", STATED)
def test_no_mean_gives_more_and_one_gives_as_much(name, other):
    likelihood, y = points(name)
    K = sum(k.stop - k.start for k in likelihood.slices.values())
    others = [np.array([other]), np.array([min(other, -1.0)])][: K - 1]
    with np.errstate(all="ignore"):  # as everywhere within a fit
        saturated = likelihood.saturated(y, *likelihood.theta([np.zeros(1), *others]))
    for row, value in zip(np.split(y, len(y)), saturated, strict=True):

        def nll(eta, row=row):
            return float(likelihood.taylor(row, [np.array([eta]), *others], 0)[0][0])

        values = likelihood.taylor(np.repeat(row, len(GRID), axis=0), [GRID, *others], 0)[0]
        at = np.clip(np.argmin(values), 1, len(GRID) - 2)
        best = -optimize.minimize_scalar(nll, bounds=(GRID[at - 1], GRID[at + 1]), options={"xatol": 1e-9}).fun
        np.testing.assert_allclose(value, best, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", STATED)
def test_deviance_residuals_add_up_to_the_deviance(name):
    cls = LIKELIHOODS[name]
    likelihood = cls(n=9) if "n" in cls().get_params() else cls(power=1.5) if name == "tweedie" else cls()
    X = np.random.default_rng(0).normal(size=(300, 2))
    K = sum(k.stop - k.start for k in likelihood.slices.values())
    theta = likelihood.theta([0.2 + X @ [0.4, -0.2], *(np.full(300, 0.2) for _ in range(K - 1))])
    y = np.asarray(likelihood.dist(*theta).rvs(size=300, random_state=np.random.RandomState(1)), dtype=float)
    model = MLERegressor(likelihood).fit(X, y)
    found, squares = Inference.from_estimator(model, X, y), residuals(model, X, y, "deviance") ** 2
    np.testing.assert_allclose(squares.sum(), found.deviance, rtol=1e-9)
    if model.likelihood_.dispersion is None:
        # Of laws with their own variance the residuals are about standard normal: so is their scale.
        assert 0.5 < found.deviance / found.df_resid < 1.6


def test_tweedie_is_a_quasi_likelihood():
    """Pearson's dispersion and the deviance of statsmodels' GLM, whose variance is phi mu^power."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 2))
    mu = np.exp(0.2 + X @ [0.4, -0.2])
    y = rng.poisson(mu) * rng.gamma(2.0, 1.0, size=300)
    model = MLERegressor(Tweedie(power=1.6, phi=1.0)).fit(X, y)
    theirs = sm.GLM(y, sm.add_constant(X), sm.families.Tweedie(var_power=1.6)).fit(tol=1e-14, scale="X2")
    found = Inference.from_estimator(model, X, y, covariance="expected", dispersion="pearson")
    np.testing.assert_allclose(found.std_error["mu"], theirs.bse, rtol=1e-8)
    np.testing.assert_allclose([found.deviance, found.pearson_dispersion], [theirs.deviance, theirs.scale], rtol=1e-8)
    np.testing.assert_allclose(residuals(model, X, y, "deviance"), theirs.resid_deviance, atol=1e-7)


def test_a_zero_of_an_exponential_law_has_no_bound():
    model = MLERegressor("exponential").fit(np.arange(4.0)[:, None], np.array([0.0, 1.0, 2.0, 1.0]))
    assert residuals(model, np.zeros((1, 1)), np.zeros(1), "deviance")[0] == -np.inf
