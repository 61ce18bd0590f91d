"""Laplace and AsymmetricLaplace: vertices of linear programs, QuantReg, and what a kink needs of a solver."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.optimize import linprog

from sklearn_mle import AsymmetricLaplace, Inference, Laplace, MLERegressor
from sklearn_mle.likelihoods import Censored, Truncated, censored_at
from sklearn_mle.likelihoods.rounded import Smoothed, bandwidth_at_kink


def table(n=400, p=4):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) * np.logspace(-2, 2, p)
    return rng, X, X @ np.logspace(2, -2, p) + rng.standard_t(3, n)


def program(X, y, q, weight=None):
    """The coefficients that minimise the check loss, all rows in one linear program."""
    Z, weight = sm.add_constant(X), np.ones(len(y)) if weight is None else weight
    n, d = Z.shape
    equations = sparse.hstack([sparse.csr_array(Z), sparse.eye_array(n), -sparse.eye_array(n)])
    cost = np.concatenate([np.zeros(d), q * weight, (1 - q) * weight])
    return linprog(cost, A_eq=equations, b_eq=y, bounds=[(None, None)] * d + [(0, None)] * (2 * n)).x[:d]


@pytest.mark.parametrize("q", [0.05, 0.5, 0.8])
def test_the_vertex_is_that_of_the_linear_program(q):
    rng, X, y = table()
    weight = rng.integers(0, 4, len(y)).astype(float)
    for s in (None, weight):
        model = MLERegressor(AsymmetricLaplace(q)).fit(X, y, s)
        assert model.converged_
        np.testing.assert_allclose([model.intercept_, *model.coef_], program(X, y, q, s), rtol=1e-9)
    repeats = np.repeat(np.arange(len(y)), weight.astype(int))
    repeated = MLERegressor(AsymmetricLaplace(q)).fit(X[repeats], y[repeats])
    np.testing.assert_allclose(repeated.coef_, model.coef_, rtol=1e-9)
    np.testing.assert_allclose(repeated.intercepts_["scale"], model.intercepts_["scale"], rtol=1e-9)


def test_many_rows_end_at_a_vertex():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((20_000, 5))
    y = X.sum(axis=1) + rng.gumbel(size=len(X))
    model = MLERegressor(AsymmetricLaplace(0.9)).fit(X, y)
    residual = y - model.predict(X)
    on = np.abs(residual) < 1e-9
    assert model.converged_ and on.sum() == 6
    # The certificate: the duals of the rows on the plane are between the slopes of their kinks.
    Z = sm.add_constant(X)
    slopes = np.where(residual[~on] < 0, -0.1, 0.9)
    duals = np.linalg.solve(Z[on].T, -(slopes @ Z[~on]))
    assert (duals > -0.1).all() and (duals < 0.9).all()


def test_coefficients_are_those_of_quantreg():
    data = sm.datasets.engel.load_pandas().data
    X, y = data[["income"]], data["foodexp"]
    for q in (0.1, 0.5, 0.9):
        model = MLERegressor(AsymmetricLaplace(q)).fit(X, y)
        theirs = sm.QuantReg(y, sm.add_constant(X)).fit(q=q, p_tol=1e-10, max_iter=5000).params
        # QuantReg reweights until its steps are small: it ends near the vertex.
        np.testing.assert_allclose([model.intercept_, *model.coef_], theirs, rtol=1e-4)
    # Koenker and Bassett (1982), as printed by R's quantreg: rq(foodexp ~ income, data = engel), tau = 0.5.
    median = MLERegressor("asymmetric_laplace").fit(X, y)
    np.testing.assert_allclose([median.intercept_, *median.coef_], [81.4822474, 0.5601806], rtol=1e-7)


def test_scale_is_the_mean_loss():
    _, X, y = table()
    model = MLERegressor("laplace").fit(X, y)
    residual = y - model.predict(X)
    np.testing.assert_allclose(np.exp(model.intercepts_["scale"]), np.abs(residual).mean(), rtol=1e-10)
    asymmetric = MLERegressor(AsymmetricLaplace(0.5)).fit(X, y)
    np.testing.assert_allclose(asymmetric.coef_, model.coef_, rtol=1e-9)
    np.testing.assert_allclose(asymmetric.log_likelihood_, model.log_likelihood_, rtol=1e-12)


def test_predict_is_the_quantile():
    _, X, y = table(2000)
    model = MLERegressor(AsymmetricLaplace(0.8)).fit(X, y)
    assert abs((y <= model.predict(X)).mean() - 0.8) < 5 / len(y)
    np.testing.assert_allclose(model.predict_dist(X).cdf(model.predict(X)), 0.8)
    with pytest.raises(ValueError, match=r"quantile must lie in \(0, 1\); got 1.5"):
        MLERegressor(AsymmetricLaplace(1.5)).fit(X, y)


@pytest.mark.parametrize(
    "model",
    [MLERegressor("laplace", regressed="all"), MLERegressor(Laplace(link="log")), MLERegressor(Laplace(link="sqrt"))],
    ids=repr,
)
def test_no_direction_leads_down(model):
    # A scale that depends on X, or a curved link: F is not convex, but no small step lowers it.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 3))
    y = np.exp(0.3 * X[:, 0]) + 1 + np.exp(0.3 * X[:, 1]) * rng.laplace(scale=0.2, size=500)
    model.fit(X, y)
    assert model.converged_

    def loss(move):
        W = model._W() + move.reshape(model._W().shape) * mask
        eta = list(W @ sm.add_constant(X).T)
        return model.likelihood_.taylor(y, eta, 0)[0].mean()

    mask = model._mask
    at = loss(np.zeros(mask.size))
    for size in (1e-3, 1e-5, 1e-7):
        moves = size * rng.standard_normal((200, mask.size))
        assert all(loss(move) >= at - 1e-14 for move in moves)


@pytest.mark.parametrize("scale", [1.0, 1e6])
@pytest.mark.parametrize("wrapper", [Censored, Truncated], ids=lambda wrapper: wrapper.__name__)
@pytest.mark.parametrize("base", [Laplace(), AsymmetricLaplace(0.3)], ids=repr)
def test_kinks_of_what_is_censored_or_truncated(base, wrapper, scale):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 2))
    y = 2 + X @ [0.5, -0.3] + rng.laplace(size=300)
    if wrapper is Censored:
        family, y = Censored(base), censored_at(scale * y, lower=0)
    else:
        family, X, y = Truncated(base, lower=0), X[y > 0], scale * y[y > 0]
    model = MLERegressor(family).fit(X, y)
    assert model.converged_
    W, Z = model._W(), sm.add_constant(X)
    at, spread = family.taylor(y, list(W @ Z.T), 0)[0].sum(), np.where(W == 0, 0, [[scale], [1]])
    for size in (1e-1, 1e-3, 1e-5):
        moves = size * spread * rng.standard_normal((200, *W.shape))
        assert all(family.taylor(y, list((W + move) @ Z.T), 0)[0].sum() >= at - 1e-8 for move in moves)


def test_intervals_have_no_kink():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 1))
    lower = np.floor(1 + X[:, 0] + rng.laplace(size=500))
    y = np.column_stack([lower, lower + 1])
    model = MLERegressor(Censored("laplace")).fit(X, y)
    assert model.converged_
    assert np.isinf(model.likelihood_.kinks(y, [np.zeros(1), np.zeros(1)])[0]).all()
    found = Inference.from_estimator(model, X, y, covariance="sandwich")
    # The nll is smooth, so its observed curvature is that of the sandwich, and about the scores' covariance.
    Z = sm.add_constant(X)
    _, (by_mu, by_scale), h = model.likelihood_.taylor(y, list(model._W() @ Z.T), 2)
    scores, d = np.column_stack([by_mu[:, None] * Z, by_scale]), np.column_stack([Z, np.ones(500)])
    predictor = [0, 0, 1]
    A = np.array(
        [[np.sum(h[a][b] * d[:, i] * d[:, j]) for j, b in enumerate(predictor)] for i, a in enumerate(predictor)]
    )
    C = np.linalg.inv(A) @ scores.T @ scores @ np.linalg.inv(A)
    np.testing.assert_allclose([*found.std_error["mu"], *found.std_error["scale"]], np.sqrt(np.diag(C)), rtol=1e-6)


def test_the_bandwidth_at_a_kink_is_that_of_the_rows_that_have_one():
    rng = np.random.default_rng(0)
    z, weight = rng.standard_normal(200), rng.uniform(1, 2, 200)
    share = weight[::2].sum() / weight.sum()
    alone = bandwidth_at_kink(z[::2], weight[::2], (0.3, 0.7), 1000 * share)
    z[1::2] = np.inf
    assert bandwidth_at_kink(z, weight, (0.3, 0.7), 1000) == pytest.approx(alone, rel=1e-12)


def test_ridge_and_ties():
    rng, X, _ = table()
    y = rng.poisson(3, len(X)).astype(float)  # many medians fit equally well
    model = MLERegressor("laplace").fit(X, y)
    assert model.converged_
    np.testing.assert_allclose(
        np.abs(y - model.predict(X)).sum(), np.abs(y - sm.add_constant(X) @ program(X, y, 0.5)).sum(), rtol=1e-12
    )
    ridge = MLERegressor(Laplace(scale=1.0), alpha=0.1).fit(X / X.std(axis=0), y + rng.standard_normal(len(y)))
    assert ridge.converged_


def test_rounding_the_kink_less_and_less_leaves_the_kink():
    y = np.array([-2.0, -1e-3, 0.0, 0.5, 9.0])
    for family in (Laplace(), AsymmetricLaplace(0.2)):
        exact = family.log_prob(y, 0.0, 2.0)
        errors = [np.abs(Smoothed(family, width).log_prob(y, 0.0, 2.0) - exact).max() for width in (1e-3, 1e-6, 1e-9)]
        assert errors[0] < 0.02 and errors[1] < 3e-5 and errors[2] < 1e-7
