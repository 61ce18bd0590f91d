"""Newton-CG: products with the Hessian are the Hessian's, the optimum is Newton's, and nothing is d x d."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

from sklearn_mle import MLEClassifier, MLERegressor
from sklearn_mle.checks.solvers import Recorder, problem
from sklearn_mle.checks.specimen import Specimen
from sklearn_mle.likelihoods import LIKELIHOODS, Bernoulli, GaussianOnLabels, LabelLikelihood, StudentT
from sklearn_mle.solvers import LBFGS, Newton, NewtonCG
from sklearn_mle.solvers.newton_cg import truncated


def specimen_problem(name, weighted=False, alpha=0.0, n=60):
    """A Problem of the family, all of its parameters regressed on two columns, and a point near its centre."""
    likelihood = LIKELIHOODS[name]()
    if "n" in likelihood.get_params():
        likelihood.set_params(n=8)
    if isinstance(likelihood, LabelLikelihood):
        likelihood = likelihood.with_classes(3 if likelihood.multi_class else 2)
    rng, specimen = np.random.RandomState(0), Specimen(likelihood)
    eta = np.tile(specimen.points[0][:, None], n)
    y = specimen.draw(list(eta), n, rng)
    weight = rng.randint(3, size=n).astype(float) if weighted else None
    one = problem(name, likelihood, rng.standard_normal((n, 2)), y, weight, alpha, regressed=slice(None))
    W = np.zeros(one.objective.layout.mask.shape)
    W[:, 0] = eta[:, 0]
    return one.objective, one.objective.layout.pack(W) + 0.1 * rng.standard_normal(one.objective.size)


def solve(solver, one):
    return solver.minimize(one.objective, one.start, Recorder(), np.random.RandomState(0))


# --- products ---


@pytest.mark.parametrize("weighted, alpha", [(False, 0.0), (True, 0.3)])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_products_are_those_of_the_matrices(name, weighted, alpha):
    F, w = specimen_problem(name, weighted, alpha)
    for matrix, product in [(F.taylor(w, 2)[2], F.hessian_product(w)), (F.metric(w), F.metric_product(w))]:
        products = np.column_stack([product(v) for v in np.eye(F.size)])
        np.testing.assert_allclose(products, matrix, rtol=1e-9, atol=1e-11 * np.abs(matrix).max())


# --- conjugate gradients ---


def test_steps_near_the_optimum_are_solved_to_more_digits():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((40, 20))
    H, b = A.T @ A, rng.standard_normal(20)
    exact = np.linalg.solve(H, b)
    falls = [b @ truncated(lambda v: H @ v, size * b, 0 * b, 0.0)[0] / size for size in (1.0, 1e-3, 1e-8)]
    left = 1 - np.array(falls) / (b @ exact)
    assert 0.5 > left[0] > left[1] > left[2] > -1e-12  # it never promises more than the whole step does
    assert left[2] < 1e-7


def test_negative_curvature_is_noticed_and_a_singular_matrix_gives_the_shortest_solution():
    b = 1e-10 * np.array([1.0, 1.0, 0.0])
    assert truncated(lambda v: np.array([1.0, -1e-6, 2.0]) * v, b, 0 * b, 0.0)[0] is None
    found, _ = truncated(lambda v: np.array([1.0, 3.0, 0.0]) * v, b, 0 * b, 0.0)
    np.testing.assert_allclose(found, b / [1, 3, 1], rtol=1e-9)
    assert truncated(lambda v: 0 * v, b, 0 * b, 0.0, semidefinite=True)[0] @ b > 0


def test_the_fall_is_certain_only_where_the_residual_hides_no_more_than_the_goal():
    h, b = np.append(np.ones(20), 1e-6 * np.arange(1, 41)), np.append(np.full(20, 1e-4), np.full(40, 1e-7))
    goal = 1e-6
    for floor in (np.full(60, 1e-6), np.zeros(60)):
        x, certain = truncated(lambda v: h * v, b, floor, goal)
        assert certain and 0.5 * (b @ (b / h) - b @ x) <= goal
    x, certain = truncated(lambda v: h * v, b, np.full(60, 1e-6), 1e-12)  # a promise of more is a step on the way
    assert not certain and b @ x > 2e-12


# --- the optimum ---


@pytest.mark.parametrize(
    "likelihood, alpha",
    [(Bernoulli(), 0.0), (Bernoulli(), 0.01), (GaussianOnLabels().with_classes(2), 0.01), (StudentT(df=3.0), 0.0)],
    ids=repr,
)
def test_it_reaches_newtons_optimum(likelihood, alpha):
    rng = np.random.RandomState(1)
    X = rng.standard_normal((400, 30))
    y = (X[:, 0] - X[:, 1] + rng.logistic(size=400) > 0) * (1 if isinstance(likelihood, LabelLikelihood) else 5.0)
    one = problem("optimum", likelihood, X, y, alpha=alpha)
    found, newton = solve(NewtonCG(tol=1e-14), one), solve(Newton(), one)
    assert found.converged
    np.testing.assert_allclose(found.w, newton.w, atol=1e-10)
    assert found.value == pytest.approx(newton.value, rel=1e-14)


def test_rows_of_negative_curvature_are_met_by_the_metric():
    """Squared error on labels, far out on the wrong side: the observed curvature is negative there."""
    rng = np.random.RandomState(2)
    X = rng.standard_normal((300, 5))
    y = (X @ [2.0, -1, 0, 0, 1] + rng.logistic(size=300) > 0).astype(int)
    one = problem("wrong side", GaussianOnLabels().with_classes(2), X, y, alpha=1e-3)
    start = one.start + np.array([0.0, -4, 2, 0, 0, -2])
    assert np.linalg.eigvalsh(one.objective.taylor(start, 2)[2])[0] < 0
    gradient = one.objective.taylor(start, 1)[1]
    assert truncated(one.objective.hessian_product(start), -gradient, 0 * gradient, 0.0)[0] is None
    found = NewtonCG().minimize(one.objective, start, Recorder(), None)
    assert found.converged and found.value == pytest.approx(solve(Newton(), one).value, rel=1e-12)


def test_separable_labels_are_not_converged():
    X = np.linspace(-1, 1, 40)[:, None]
    one = problem("separable", Bernoulli(), X, (X[:, 0] > 0).astype(int))
    found = solve(NewtonCG(max_iter=10), one)
    assert not found.converged and "10 iterations" in found.message


# --- wide and sparse ---


def test_wide_sparse_labels_in_seconds_without_a_matrix_of_coefficients():
    """200 x 50,000: a d x d matrix would be 20 GB."""
    rng = np.random.default_rng(0)
    X = sp.random(200, 50_000, 2e-3, "csr", rng=rng)
    y = rng.random(200) < 0.5
    for solver in ("auto", "newton_cg"):
        model = MLEClassifier(alpha=1e-3, solver=solver)
        tracemalloc.start()
        model.fit(X, y)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert model.converged_ and most < 60e6
        g = X.T @ (model.predict_proba(X)[:, 1] - y) / len(y) + 1e-3 * model.coef_[0]
        assert np.abs(g).max() < 1e-7


def test_rare_columns_cost_no_passes():
    """Their spread is measured where they have entries: each pass of L-BFGS then brings about a quarter of a digit."""
    rng = np.random.default_rng(0)
    n, p = 20_000, 3000
    columns = np.minimum(p * rng.random((n, 10)) ** 3, p - 1).astype(int)
    X = sp.csr_matrix((rng.standard_normal(10 * n), columns.ravel(), np.arange(0, 10 * n + 1, 10)), shape=(n, p))
    y = X @ (0.5 * rng.standard_normal(p)) + rng.logistic(size=n) > 0
    model = MLEClassifier(alpha=1 / n).fit(X, y)
    peer = MLEClassifier(alpha=1 / n, solver=NewtonCG()).fit(X, y)
    assert model.converged_ and model.n_iter_ < 50
    np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-4)


def test_a_constant_scale_is_found_after_the_slopes():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, 8))
    y = X[:, 0] + rng.standard_normal(60)
    fits = [MLERegressor(solver=solver).fit(X, y) for solver in (NewtonCG(), LBFGS(), Newton())]
    for model in fits[:2]:
        np.testing.assert_allclose(model.coef_, fits[2].coef_, atol=1e-7)
        assert model.intercepts_["sigma"] == pytest.approx(fits[2].intercepts_["sigma"], abs=1e-7)
