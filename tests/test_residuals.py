"""Residuals: by their formulas, by statsmodels, and by the law that they have where the model is right."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mle import MLEClassifier, MLERegressor
from sklearn_mle import likelihoods as families
from sklearn_mle.likelihoods import LIKELIHOODS, censored_at
from sklearn_mle.residuals import leverage, residuals

N = 2000


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(N, 2)) * [1, 0.01] + [0, 50]


@pytest.fixture(scope="module")
def eta(X):
    return 0.3 + (X - [0, 50]) @ [0.4, -30.0]


def draws(likelihood, eta):
    """y of the law whose first predictor is eta, all others 0.2."""
    K = max(k.stop for k in likelihood.slices.values())
    theta = likelihood.theta([0.5 * eta, *(np.full(N, 0.2) for _ in range(K - 1))])
    return np.asarray(likelihood.dist(*theta).rvs(size=N, random_state=np.random.RandomState(1)), dtype=float)


GLM = {
    "poisson": sm.families.Poisson(),
    "gamma": sm.families.Gamma(sm.families.links.Log()),
    "inverse_gaussian": sm.families.InverseGaussian(sm.families.links.Log()),
    "gaussian": sm.families.Gaussian(),
}


@pytest.mark.parametrize("name", GLM)
def test_statsmodels_has_the_same(X, eta, name):
    y = draws(LIKELIHOODS[name](), eta)
    model = MLERegressor(name).fit(X, y)
    theirs = sm.GLM(y, sm.add_constant(X), GLM[name]).fit(tol=1e-14)
    np.testing.assert_allclose(residuals(model, X, y, "response"), theirs.resid_response, atol=1e-8)
    np.testing.assert_allclose(residuals(model, X, y, "deviance"), theirs.resid_deviance, atol=1e-8)
    # Theirs have the dispersion 1, ours that of the fit.
    phi = model.likelihood_.dispersion(*model.predict_dist(X).theta)
    np.testing.assert_allclose(residuals(model, X, y, "pearson") * np.sqrt(phi), theirs.resid_pearson, atol=1e-8)


def test_binary_labels(X, eta):
    y = np.array(["no", "yes"])[(eta + np.random.default_rng(2).logistic(size=N) > 0).astype(int)]
    model = MLEClassifier().fit(X, y)
    theirs = sm.GLM(y == "yes", sm.add_constant(X), sm.families.Binomial()).fit(tol=1e-14)
    for kind in ("response", "pearson", "deviance"):
        np.testing.assert_allclose(residuals(model, X, y, kind), getattr(theirs, f"resid_{kind}"), atol=1e-7)
    np.testing.assert_allclose(leverage(model, X, y), theirs.get_influence().hat_matrix_diag, rtol=1e-7)


@pytest.mark.parametrize("name", [name for name, cls in LIKELIHOODS.items() if not hasattr(cls, "log_proba")])
def test_quantile_residuals_are_standard_normal(X, eta, name):
    cls = LIKELIHOODS[name]
    likelihood = cls(n=9) if "n" in cls().get_params() else cls()
    y = draws(likelihood, eta)
    model = MLERegressor(likelihood).fit(X, y)
    found = residuals(model, X, y, random_state=0)
    assert stats.kstest(found, "norm").pvalue > 0.01
    assert abs(np.corrcoef(found, X[:, 0])[0, 1]) < 0.06


@pytest.mark.parametrize(
    "likelihood",
    [
        families.ZeroInflated(),
        families.Hurdle("gamma"),
        families.Truncated("poisson", lower=0),
        families.Ordinal(),
    ],
    ids=repr,
)
def test_quantile_residuals_of_mixed_and_other_laws(X, eta, likelihood):
    if isinstance(likelihood, families.LabelLikelihood):
        y = np.digitize(eta + np.random.default_rng(3).logistic(size=N), [-1, 0.5, 1])
        model = MLEClassifier(likelihood).fit(X, y)
    else:
        y = draws(likelihood, eta)
        model = MLERegressor(likelihood).fit(X, y)
    assert stats.kstest(residuals(model, X, y, random_state=0), "norm").pvalue > 0.01


def test_quantile_residuals_of_what_is_seen_in_an_interval(X, eta):
    latent = eta + np.random.default_rng(4).normal(size=N)
    y = censored_at(latent, lower=-0.5, upper=1.5)
    model = MLERegressor(families.Censored()).fit(X, y)
    found = residuals(model, X, y, random_state=0)
    assert stats.kstest(found, "norm").pvalue > 0.01
    seen = y[:, 0] == y[:, 1]
    z = (latent - model.predict(X)) / np.exp(model.intercepts_["sigma"])
    np.testing.assert_allclose(found[seen], z[seen], atol=1e-9)


def test_grouped_trials(X, eta):
    totals = np.random.default_rng(5).integers(1, 30, N)
    successes = np.random.default_rng(6).binomial(totals, 1 / (1 + np.exp(-eta)))
    y = np.column_stack([successes, totals - successes]).astype(float)
    model = MLERegressor("binomial").fit(X, y)
    theirs = sm.GLM(y, sm.add_constant(X), sm.families.Binomial()).fit(tol=1e-14)
    np.testing.assert_allclose(residuals(model, X, y, "pearson"), theirs.resid_pearson, atol=1e-7)
    np.testing.assert_allclose(residuals(model, X, y, "deviance"), theirs.resid_deviance, atol=1e-6)
    np.testing.assert_allclose(residuals(model, X, y, "response"), theirs.resid_response, atol=1e-7)
    assert stats.kstest(residuals(model, X, y, random_state=0), "norm").pvalue > 0.01


def test_quantile_residuals_in_both_tails():
    """Phi^-1(F(y)) of a Gaussian is its z, 30 standard deviations out, where F rounds to 0 and 1."""
    X = np.zeros((200, 0))
    y = np.r_[np.random.default_rng(0).normal(size=198), -30.0, 30.0]
    model = MLERegressor(families.Gaussian(sigma=1.0)).fit(np.ones((200, 1)) * np.arange(200)[:, None] % 2, y)
    X = np.ones((200, 1)) * np.arange(200)[:, None] % 2
    z = y - model.predict(X)
    np.testing.assert_allclose(residuals(model, X, y), z, rtol=1e-10, atol=1e-12)


def test_draws_follow_random_state(X, eta):
    y = draws(families.Poisson(), eta)
    model = MLERegressor("poisson").fit(X, y)
    a, b, c = (residuals(model, X, y, random_state=seed) for seed in (0, 0, 1))
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    assert np.array_equal(residuals(model, X[:50], y[:50], "pearson"), residuals(model, X, y, "pearson")[:50])


def test_leverage_is_the_diagonal_of_the_hat_matrix(X, eta):
    y = draws(families.Gamma(), eta)
    weight = np.random.default_rng(7).integers(0, 3, N).astype(float)
    model = MLERegressor("gamma").fit(X, y, weight)
    Z = sm.add_constant(X)
    found = leverage(model, X, y, sample_weight=weight)
    # Log link: the curvature is 1 / phi in every row.
    np.testing.assert_allclose(found, np.sum(Z @ np.linalg.inv((Z.T * weight) @ Z) * Z, axis=1), rtol=1e-6)
    assert abs(weight @ found - 3) < 1e-9
    least_squares = leverage(MLERegressor().fit(X, y), X, y)
    np.testing.assert_allclose(least_squares, sm.OLS(y, Z).fit().get_influence().hat_matrix_diag, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:.*collinear")
def test_leverage_adds_up_to_the_rank(X, eta):
    y = draws(families.Poisson(), eta)
    full = np.column_stack([X, X @ [1, 1]])
    assert abs(leverage(MLERegressor("poisson").fit(full, y), full, y).sum() - 3) < 1e-6


def test_pipelines(X, eta):
    y = draws(families.Poisson(), eta)
    pipeline = make_pipeline(StandardScaler(), MLERegressor("poisson")).fit(X, y)
    alone = MLERegressor("poisson").fit(X, y)
    np.testing.assert_allclose(residuals(pipeline, X, y, "deviance"), residuals(alone, X, y, "deviance"), atol=1e-7)
    np.testing.assert_allclose(leverage(pipeline, X, y), leverage(alone, X, y), rtol=1e-6)


def test_errors_say_what_is_missing(X, eta):
    y = draws(families.Gaussian(), eta)
    with pytest.raises(ValueError, match="kind takes one of"):
        residuals(MLERegressor().fit(X, y), X, y, "raw")
    with pytest.raises(ValueError, match="no saturated log-likelihood"):
        residuals(MLERegressor("student_t").fit(X, y), X, y, "deviance")
    with pytest.raises(TypeError, match="LinearRegression"):
        residuals(LinearRegression().fit(X, y), X, y)
    classes = MLEClassifier().fit(X, np.digitize(y, [-1, 1]))
    for kind in ("quantile", "response", "pearson"):
        with pytest.raises(ValueError, match="classes without an order"):
            residuals(classes, X, np.digitize(y, [-1, 1]), kind)
    with pytest.raises(ValueError, match="one per class"):
        leverage(classes, X, np.digitize(y, [-1, 1]))
