"""QuasiNewton: where rows are many it ends where Newton's method does, in a few passes over gradients."""

import numpy as np
import pytest
from scipy.linalg import null_space

from sklearn_mle import MLEClassifier, MLERegressor
from sklearn_mle.solvers import Auto, Newton, QuasiNewton
from sklearn_mle.solvers.base import silent
from sklearn_mle.solvers.quasi_newton import product

N = 60_000
rng = np.random.default_rng(0)
X = rng.standard_normal((N, 6))
EVENTS = X[:, 0] + rng.logistic(size=N) > 0


class Passes:
    """An objective that counts its passes over all rows, by order."""

    def __init__(self, objective):
        self.objective, self.count = objective, [0, 0, 0]

    def __getattr__(self, name):
        return getattr(self.objective, name)

    def taylor(self, w, order):
        self.count[order] += 1
        return self.objective.taylor(w, order)


def both(model, X, y):
    """QuasiNewton's solution, its passes, and Newton's solution."""
    objective, w = model._draft()._begin(X, y, None, {})
    counted = Passes(objective)
    solution = QuasiNewton().minimize(counted, w, silent, None)
    return solution, counted.count, Newton().minimize(objective, w, silent, None)


CASES = {
    "gaussian": (MLERegressor(), X[:, 0] + rng.standard_normal(N)),
    "scale": (MLERegressor(regressed="all"), X[:, 0] + rng.standard_normal(N) * np.exp(0.3 * X[:, 1])),
    "student_t": (MLERegressor("student_t"), X[:, 0] + rng.standard_t(4, N)),
    "poisson": (MLERegressor("poisson"), rng.poisson(np.exp(0.3 * X[:, 0]))),
    "negative_binomial": (MLERegressor("negative_binomial"), rng.negative_binomial(2, 2 / (2 + np.exp(0.3 * X[:, 0])))),
    "bernoulli": (MLEClassifier(), EVENTS),
    "categorical": (MLEClassifier("categorical"), np.argmax(X[:, :3] + rng.gumbel(size=(N, 3)), axis=1)),
    "ridge": (MLEClassifier(alpha=0.1), EVENTS),
}


@pytest.mark.parametrize("case", CASES)
def test_a_few_gradients_and_no_hessian(case):
    solution, passes, best = both(*CASES[case][:1], X, CASES[case][1])
    assert solution.converged and passes[2] == 0 and passes[1] <= 9
    assert solution.value <= best.value + 1e-13
    if case != "categorical":  # whose logits may all be shifted
        np.testing.assert_allclose(solution.w, best.w, atol=1e-7)


def test_rows_in_the_order_of_y_are_no_worse():
    order = np.argsort(EVENTS)
    solution, passes, best = both(MLEClassifier(), X[order], EVENTS[order])
    assert passes[2] == 0 and solution.value <= best.value + 4e-15


@pytest.mark.parametrize("kind", ["rare", "collinear", "separable", "few events", "heavy"])
def test_where_a_sample_is_no_guide_all_rows_are(kind):
    Z, y = X.copy(), EVENTS.copy()
    if kind == "rare":  # columns that a sample may miss
        Z[:, 4:] = np.random.default_rng(1).random((N, 2)) < 3e-4
    elif kind == "collinear":
        Z[:, 5] = Z[:, 0] + Z[:, 1]
    elif kind == "separable":
        Z[:, 5] = np.arange(N) < 9
        y[:9] = True
    elif kind == "few events":
        y = X[:, 0] + np.random.default_rng(2).logistic(size=N) > 7
    else:
        Z = np.random.default_rng(3).standard_t(2.1, X.shape)
    solution, passes, best = both(MLEClassifier(), Z, y)
    assert passes[2] <= 1 or kind in ("collinear", "separable")  # there Newton goes on
    assert solution.converged == best.converged
    assert solution.value == pytest.approx(best.value, rel=1e-11)
    if kind != "separable":
        np.testing.assert_allclose(solution.w, best.w, atol=1e-6)
    else:
        assert solution.step is not None and np.abs(solution.step).max() > 1e-3  # the diagnosis needs it


def test_in_a_subspace_rare_columns_are_none_of_their_own():
    """As in profiles: the best where a combination of all coefficients is held."""
    Z = X.copy()
    Z[:, 4:] = (np.arange(N)[:, None] - [0, 300]) % N < 100  # some five of a sample's rows
    objective, w = MLEClassifier()._draft()._begin(Z, EVENTS, None, {})
    held = np.random.default_rng(5).uniform(1, 2, len(w))
    within = objective.along(null_space(held[None]), w)
    solutions = [solver.minimize(within, np.zeros(len(w) - 1), silent, None) for solver in (QuasiNewton(), Newton())]
    assert all(solution.converged for solution in solutions)
    np.testing.assert_allclose(solutions[0].w, solutions[1].w, atol=1e-6)


def test_product_is_the_recursion_of_bfgs():
    """B+ = (I - r s y') B (I - r y s') + r s s' with r = 1 / s'y."""
    rng = np.random.default_rng(4)
    B = np.diag(rng.uniform(1, 2, 4))
    H = np.linalg.inv(B) + 0.1 * np.ones((4, 4))
    pairs, expected = [], B
    for s in rng.standard_normal((3, 4)):
        y = H @ s
        r, one = 1 / (s @ y), np.eye(4)
        expected = (one - r * np.outer(s, y)) @ expected @ (one - r * np.outer(y, s)) + r * np.outer(s, s)
        pairs.append((s, y))
    g = rng.standard_normal(4)
    np.testing.assert_allclose(product(lambda x: B @ x, pairs, g), expected @ g, rtol=1e-12)


def test_auto_takes_it_for_very_many_rows():
    Z, y = np.tile(X, (2, 1)), np.tile(EVENTS, 2)
    for n, chosen in [(2 * N, QuasiNewton), (N, Newton)]:
        objective, _ = MLEClassifier()._draft()._begin(Z[:n], y[:n], None, {})
        assert type(Auto().choice(objective)) is chosen
