"""The l1 penalty: exact zeros, the conditions of a minimum, scikit-learn's coefficients."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, sparse
from sklearn.linear_model import ElasticNet, LogisticRegression

from sklearn_mle import MLEClassifier, MLERegressor
from sklearn_mle.likelihoods import LIKELIHOODS, LabelLikelihood
from sklearn_mle.objective import Objective
from sklearn_mle.penalty import ElasticNet as ElasticNetPenalty
from sklearn_mle.solvers import Auto, ProximalNewton, curvature, kinked_quadratic, proximal
from sklearn_mle.solvers.base import silent
from sklearn_mle.solvers.kinked_quadratic import kinked_step, lowest

rng = np.random.default_rng(0)
N, P = 400, 12
X = rng.standard_normal((N, P)) * np.logspace(-1, 1, P) + np.linspace(-5, 5, P)
ETA = (X - X.mean(axis=0)) @ np.where(np.arange(P) % 4 == 0, 0.7 / np.logspace(-1, 1, P), 0.0)
NUMBERS = ETA + rng.standard_normal(N)
EVENTS = rng.random(N) < 1 / (1 + np.exp(-ETA))
LABELS = np.digitize(ETA + rng.logistic(size=N), [-1, 1])
POSITIVE = np.exp(0.3 * ETA) * rng.gamma(3, size=N)
COUNTS = rng.negative_binomial(3, 3 / (3 + np.exp(0.5 * ETA)))
SHARES = rng.beta(*(3 * np.stack([1 / (1 + np.exp(-ETA)), 1 / (1 + np.exp(ETA))])))


def y_of(name):
    support = LIKELIHOODS[name]().support
    if support.columns > 1:
        return np.column_stack([COUNTS, 3 + COUNTS[::-1]])
    if support.upper <= 1:
        return SHARES
    return COUNTS if support.integer else POSITIVE + 0.0 if support.lower == 0 else NUMBERS


def excess(model, X, y):
    """How far each coefficient is from the conditions of a minimum of F, in the units of X."""
    objective = model._objective(X, y)
    layout = objective.layout
    w, t = layout.pack(model._W()), objective.thresholds
    g = objective.taylor(w, 1)[1]
    per_unit = np.where(layout.slopes == 0, 1.0, np.abs(layout.slopes))
    return np.where((w == 0) & (t > 0), np.maximum(np.abs(g) - t, 0.0), g + t * np.sign(w)) / per_unit


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
class TestEqualsScikitLearn:
    def test_gaussian(self, l1_ratio):
        model = MLERegressor(alpha=0.05, l1_ratio=l1_ratio).fit(X, NUMBERS)
        (sigma,) = model.predict_dist(X[:1]).params["sigma"]
        peer = ElasticNet(alpha=0.05 * sigma**2, l1_ratio=l1_ratio, tol=1e-14, max_iter=100_000).fit(X, NUMBERS)
        np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-9)
        assert ((model.coef_ == 0) == (peer.coef_ == 0)).all() and 0 < (model.coef_ == 0).sum() < P

    @pytest.mark.parametrize("y", [EVENTS, LABELS], ids=["bernoulli", "categorical"])
    def test_labels(self, l1_ratio, y):
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        model = MLEClassifier(alpha=0.03, l1_ratio=l1_ratio).fit(Z, y)
        peer = LogisticRegression(C=1 / (0.03 * N), l1_ratio=l1_ratio, solver="saga", tol=1e-10, max_iter=20_000)
        peer.fit(Z, y)
        np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-6)
        assert ((model.coef_ == 0) == (peer.coef_ == 0)).all() and (model.coef_ == 0).any()


# Tweedie is slow: solved for a fixed power below.
SMOOTH = [
    name
    for name, kind in LIKELIHOODS.items()
    if not issubclass(kind, LabelLikelihood) and kind().smooth and name != "tweedie"
]


@pytest.mark.parametrize("name", SMOOTH)
def test_every_smooth_likelihood_meets_the_conditions_of_a_minimum(name):
    y = y_of(name)
    model = MLERegressor(name, regressed="all", alpha=0.03, l1_ratio=0.9).fit(X, y)
    assert model.converged_ and np.abs(excess(model, X, y)).max() < 1e-8
    assert (np.concatenate([np.ravel(slopes) for slopes in model.coefs_.values()]) == 0).any()


@pytest.mark.parametrize("name", ["bernoulli", "categorical", "ordinal"])
def test_labels_meet_the_conditions_of_a_minimum(name):
    y = EVENTS if name == "bernoulli" else LABELS
    model = MLEClassifier(name, alpha=0.01, l1_ratio=1.0).fit(X, y)
    assert model.converged_ and np.abs(excess(model, X, y)).max() < 1e-8


def test_tweedie_of_fixed_power():
    y = np.where(COUNTS == 0, 0.0, POSITIVE)
    model = MLERegressor("tweedie", alpha=0.03, l1_ratio=0.9).set_params(likelihood=LIKELIHOODS["tweedie"](power=1.5))
    assert np.abs(excess(model.fit(X, y), X, y)).max() < 1e-8


@pytest.mark.parametrize("name", ["laplace", "asymmetric_laplace"])
def test_kinks_of_the_likelihood_and_of_the_penalty(name):
    model = MLERegressor(name, alpha=0.1, l1_ratio=1.0).fit(X, NUMBERS)
    (scale,) = model.predict_dist(X[:1]).params["scale"]
    # min sum_i (u_i + v_i) / (k scale N) + alpha |b|_1, u - v = y - Zb: a linear program
    k = {"laplace": 1.0, "asymmetric_laplace": 2.0}[name]
    Z = np.column_stack([np.ones(N), X])
    cost = np.concatenate([[0.0], np.full(P, 0.1), [0.0], np.full(P, 0.1), np.full(2 * N, 1 / (k * scale * N))])
    peer = optimize.linprog(cost, A_eq=np.hstack([Z, -Z, np.eye(N), -np.eye(N)]), b_eq=NUMBERS, method="highs").x
    np.testing.assert_allclose(model.coef_, peer[1 : P + 1] - peer[P + 2 : 2 * P + 2], atol=2e-5)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def test_coordinates_at_work_and_a_sample_change_nothing(form, monkeypatch):
    Z = np.random.default_rng(1).standard_normal((500, 150))
    y = np.random.default_rng(2).random(500) < 1 / (1 + np.exp(-Z[:, :5].sum(axis=1)))
    model = MLEClassifier(alpha=0.03, l1_ratio=1.0)
    whole = model.fit(Z, y).coef_
    monkeypatch.setattr(proximal, "ALL_AT_WORK", 10)
    monkeypatch.setattr(proximal, "JOIN", 5)
    np.testing.assert_allclose(model.fit(form(Z), y).coef_, whole, atol=1e-10)
    monkeypatch.setattr(curvature, "metric_sample", lambda objective: 120)
    np.testing.assert_allclose(model.fit(form(Z), y).coef_, whole, atol=1e-7)
    assert np.abs(excess(model, Z, y)).max() < 1e-8 and 0 < (whole != 0).sum() < 30


@pytest.mark.parametrize("tol", [1e-4, 1e-16])
def test_coordinates_at_work_end_where_what_calls_is_worth_less_than_tol(tol, monkeypatch):
    monkeypatch.setattr(proximal, "ALL_AT_WORK", 10)
    Z = np.random.default_rng(1).standard_normal((60, 900))
    y = np.random.default_rng(2).random(60) < 1 / (1 + np.exp(-3 * Z[:, :9].sum(axis=1)))
    exact = MLEClassifier(alpha=0.04, l1_ratio=1.0, fit_intercept=False).fit(Z, y)
    model = MLEClassifier(alpha=0.04, l1_ratio=1.0, fit_intercept=False, tol=tol).fit(Z, y)
    least, value = exact.history_["loss"][-1], model.history_["loss"][-1]
    assert exact.converged_ and np.abs(excess(exact, Z, y)).max() < 1e-8
    assert model.converged_ and model.n_iter_ < 20 and least - 1e-14 <= value <= least + 2 * tol


@pytest.mark.parametrize("all_at_work", [1000, 5], ids=["all", "at work"])
@pytest.mark.parametrize("name", ["poisson", "laplace", "negative_binomial"])
def test_a_path_is_that_of_searches_of_its_own(name, all_at_work, monkeypatch):
    """Ridge shares change along it, too, and the last penalty has no l1 part."""
    y = NUMBERS if name == "laplace" else COUNTS
    objective, w = MLERegressor(name)._draft()._begin(X, y, None, {})
    penalties = [ElasticNetPenalty(alpha, 0.5) for alpha in (0.3, 0.2, 0.19, 0.02)] + [ElasticNetPenalty(0.02, 0.0)]
    singles = [Auto().minimize(replace(objective, penalty=penalty), w, silent, None) for penalty in penalties]
    monkeypatch.setattr(proximal, "ALL_AT_WORK", all_at_work)
    path = list(Auto().path(objective, w, penalties, None))
    for solution, single in zip(path, singles, strict=True):
        np.testing.assert_allclose(solution.w, single.w, atol=1e-5 if name == "laplace" else 1e-8)
        assert solution.value == pytest.approx(single.value, rel=1e-10) and solution.converged


def test_a_path_keeps_its_curvature(monkeypatch):
    monkeypatch.setattr(curvature, "FEW", 0)
    objective, w = MLERegressor("poisson")._draft()._begin(X, COUNTS, None, {})
    orders, taylor = [], Objective.taylor
    monkeypatch.setattr(Objective, "taylor", lambda self, w, order: orders.append(order) or taylor(self, w, order))
    penalties = [ElasticNetPenalty(alpha, 0.5) for alpha in np.geomspace(0.3, 0.01, 30)]
    list(ProximalNewton(tol=1e-8).path(objective, w, penalties, None))
    assert orders.count(2) < 5 and orders.count(1) < 2.5 * 30


def test_a_strong_penalty_leaves_the_intercept():
    model = MLERegressor("poisson", alpha=10.0, l1_ratio=1.0).fit(X, COUNTS)
    assert not model.coef_.any() and model.intercept_ == pytest.approx(np.log(COUNTS.mean()), rel=1e-12)


def test_a_strong_penalty_where_there_is_no_intercept(monkeypatch):
    monkeypatch.setattr(proximal, "ALL_AT_WORK", 5)
    model = MLERegressor("poisson", alpha=100.0, l1_ratio=1.0, fit_intercept=False).fit(X, COUNTS)
    assert not model.coef_.any() and model.converged_


def test_the_log_likelihood_is_without_the_penalty():
    model = MLERegressor("poisson", alpha=0.1, l1_ratio=0.5).fit(X, COUNTS)
    assert model.log_likelihood_ == pytest.approx(model.log_prob(X, COUNTS).sum(), rel=1e-12)


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "sgd", "quasi_newton"])
def test_solvers_of_smooth_penalties_say_which_takes_l1(solver):
    with pytest.raises(ValueError, match=r'needs a smooth penalty, l1_ratio=0.*solver="proximal_newton"'):
        MLERegressor(alpha=1.0, l1_ratio=0.5, solver=solver).fit(X, NUMBERS)


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("seed", range(30))
def test_the_quadratic_with_kinks_is_minimised(seed, exchanges, monkeypatch):
    """0 lies in the subdifferential; singular but for 1e-7, and with coordinates that start where they do not stay."""
    if not exchanges:
        monkeypatch.setattr(kinked_quadratic, "by_exchanges", lambda C, g, w, t, noise: (w, False))
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 40))
    A = rng.standard_normal((int(rng.integers(1, 2 * d + 1)), d))
    B = A.T @ A / len(A) + 1e-7 * np.eye(d)
    g, w = rng.standard_normal(d), rng.standard_normal(d) * (rng.random(d) < 0.3)
    t = rng.random(d) * (rng.random(d) < 0.9)
    g[t == 0] = (A.T @ rng.standard_normal(len(A)) / len(A))[t == 0]  # bounded below
    g += B @ w
    v = w + kinked_step(B, g, w, t)
    q = g + B @ (v - w)
    left = np.where((v == 0) & (t > 0), np.maximum(np.abs(q) - t, 0.0), q + t * np.sign(v))
    assert np.abs(left).max() < 1e-7 * max(1.0, np.abs(v).max())


def test_lowest_finds_the_best_point_of_a_line():
    rng = np.random.default_rng(5)
    for _ in range(50):
        v, u, t = rng.standard_normal((3, 6))
        v[0], t = 0.0, np.abs(t)
        slope, curvature = -10 * rng.random(), 10 * rng.random()

        def height(x, v=v, u=u, t=t, slope=slope, curvature=curvature):
            return x * slope + x * x * curvature / 2 + t @ np.abs(v + x * u)

        grid = np.linspace(0, 1, 20_001)
        assert height(lowest(v, u, t, slope, curvature)) <= min(map(height, grid)) + 1e-12
