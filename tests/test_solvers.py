"""Solvers: a matrix solver x problem, then what each promises beyond check_solver."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_mle import MLEClassifier, MLERegressor
from sklearn_mle.checks import check_solver
from sklearn_mle.checks.solvers import Recorder, problem, problems
from sklearn_mle.design import Layout
from sklearn_mle.likelihoods import (
    Bernoulli,
    Categorical,
    Gaussian,
    GaussianOnLabels,
    Hurdle,
    NegativeBinomial,
    Poisson,
    StudentT,
)
from sklearn_mle.solvers import LBFGS, SGD, SOLVERS, Newton, Solution, Solver
from sklearn_mle.solvers.base import silent
from sklearn_mle.solvers.steps import better_coordinates, determined, solve

EXACT = {"newton": Newton(), "lbfgs": LBFGS(), "lbfgs without polish": LBFGS(polish_size=0)}
OTHERS = [LBFGS(polish_size=0)]


def run(solver, problem, w=None):
    report = Recorder()
    w = problem.start if w is None else w
    return solver.minimize(problem.objective, w, report, np.random.RandomState(0)), report.entries


def table(n=300, p=4, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n, p))
    return rng, X, X @ np.linspace(1, -1, p) + 0.3


@pytest.mark.parametrize("solver", [*(solver() for solver in SOLVERS.values()), *OTHERS], ids=repr)
def test_check_solver(solver):
    check_solver(solver)


# --- check_solver finds what is broken ---


class Wrong(Newton):
    """Newton with one fault, given by the name of a method below."""

    def __init__(self, fault="", max_iter=100, tol=1e-12):
        super().__init__(max_iter, tol)
        self.fault = fault

    def minimize(self, objective, w, report, rng):
        return getattr(self, self.fault)(objective, w, report, rng, super().minimize)

    def stops_early(self, F, w, report, rng, newton):
        solution = newton(F, w, report, rng)
        w = 0.9 * solution.w + 0.1 * w
        return replace(solution, w=w, value=F.taylor(w, 0)[0])

    def lies_about_value(self, F, w, report, rng, newton):
        solution = newton(F, w, report, rng)
        return replace(solution, value=solution.value - 1e-6)

    def writes_to_w(self, F, w, report, rng, newton):
        solution = newton(F, w, report, rng)
        w += solution.w - w
        return solution

    def is_silent(self, F, w, report, rng, newton):
        return newton(F, w, silent, rng)

    def swallows_interruption(self, F, w, report, rng, newton):
        try:
            return newton(F, w, report, rng)
        except KeyboardInterrupt:
            return newton(F, w, silent, rng)

    def rolls_its_own_dice(self, F, w, report, rng, newton):
        solution = newton(F, w, report, rng)
        w = solution.w + 1e-12 * np.random.default_rng().standard_normal(F.size)
        return replace(solution, w=w, value=F.taylor(w, 0)[0])

    def claims_convergence(self, F, w, report, rng, newton):
        return replace(newton(F, w, report, rng), converged=True)

    def remembers(self, F, w, report, rng, newton):
        self.max_iter += 1
        return newton(F, w, report, rng)

    def counts_from_zero(self, F, w, report, rng, newton):
        return replace(newton(F, w, report, rng), n_iter=0)

    def leaves_the_optimum(self, F, w, report, rng, newton):
        """Right from afar, off by a step where the gradient is 0."""
        solution = newton(F, w, report, rng)
        if np.linalg.norm(F.taylor(w, 1)[1]) > 1e-6 or F.size < 3:
            return solution
        return replace(solution, w=solution.w + 0.01, value=F.taylor(solution.w + 0.01, 0)[0])


@pytest.mark.parametrize(
    "fault, rule",
    [
        ("stops_early", "optimum is reached"),
        ("lies_about_value", "solution is what it says"),
        ("writes_to_w", "start is not modified"),
        ("is_silent", "report hears of every iteration"),
        ("swallows_interruption", "interruption passes through"),
        ("rolls_its_own_dice", "same rng gives the same bits"),
        ("claims_convergence", "one iteration is honest"),
        ("remembers", "solver arguments are kept"),
        ("counts_from_zero", "solution is what it says"),
        ("leaves_the_optimum", "optimum is kept"),
    ],
)
def test_check_solver_finds(fault, rule):
    with pytest.raises(AssertionError, match=f"breaks the rule '{rule}'"):
        check_solver(Wrong(fault))


def test_a_solver_without_tol_is_named():
    class Bare(Solver):
        def minimize(self, objective, w, report, rng):
            return Solution(w, 0.0, 1, True, "nothing to do")

    with pytest.raises(AssertionError, match="there is no max_iter"):
        check_solver(Bare())


# --- what every exact solver promises ---


@pytest.mark.parametrize("solver", EXACT.values(), ids=EXACT)
def test_ill_conditioned_columns(solver):
    """Columns whose correlation is 1 - 1e-8: least squares by QR is the reference."""
    rng, X, eta = table()
    X[:, 1] = X[:, 0] + 1e-4 * X[:, 1]
    y = eta + rng.standard_normal(len(X))
    one = problem("twins", Gaussian(sigma=1.0), X, y)
    solution, _ = run(solver, one)
    W = one.objective.layout.unpack(solution.w)[0]
    expected = np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), y, rcond=None)[0]
    # The flat direction has curvature 5e-9: a gap of 1e-12 leaves it to sqrt(1e-12 / 5e-9), Newton's last step less.
    tolerance = 1e-7 if isinstance(solver, Newton) or solver.polish_size else 0.1
    np.testing.assert_allclose(W, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("degree, digits", [(6, 9), (9, 6)])
def test_a_polynomial_basis_costs_few_digits(degree, digits):
    """Powers of x in [1, 2], condition 1e12 and more once squared: the curvature is factored without squaring."""
    x = np.linspace(1, 2, 80)
    X = np.column_stack([x**k for k in range(1, degree + 1)])
    exact = np.ones(degree + 1)
    one = problem("powers", Gaussian(sigma=1.0), X, X.sum(axis=1) + 1)
    solution, _ = run(Newton(), one)
    W = one.objective.layout.unpack(solution.w)[0]
    assert -np.log10(np.abs(W - exact).max()) > digits


@pytest.mark.parametrize("solver", [Newton(), LBFGS()], ids=repr)
def test_more_columns_than_rows_gives_the_shortest_solution(solver):
    """Of all coefficients that fit 20 rows exactly, those whose scaled slopes have the smallest norm."""
    rng, X, _ = table(n=20, p=30)
    y = rng.standard_normal(20)
    one = problem("wide", Gaussian(sigma=1.0), X, y)
    solution, _ = run(solver, one)
    layout = one.objective.layout
    Z = (X - layout.shift) / layout.scale
    expected = np.linalg.pinv(Z, rcond=1e-10) @ (y - y.mean())
    assert solution.converged
    np.testing.assert_allclose(solution.w[1:], expected, rtol=1e-6, atol=1e-8)
    assert solution.w[0] == pytest.approx(y.mean(), abs=1e-9)


@pytest.mark.parametrize("family, C", [(Bernoulli(), 2), (Poisson(), None)])
def test_a_repeated_column_shares_its_slope(family, C):
    rng, X, eta = table()
    y = (rng.uniform(size=len(X)) < 1 / (1 + np.exp(-eta))).astype(int) if C else rng.poisson(np.exp(0.3 * eta)) * 1.0
    single, double = problem("one", family, X, y), problem("two", family, np.column_stack([X, X[:, 0]]), y)
    w, v = run(Newton(), single)[0].w, run(Newton(), double)[0].w
    np.testing.assert_allclose(v[[1, 5]], w[1] / 2, rtol=1e-7)
    np.testing.assert_allclose(v[[0, 2, 3, 4]], w[[0, 2, 3, 4]], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("solver", [Newton(), LBFGS()], ids=repr)
def test_softmax_stays_where_its_logits_sum_to_zero(solver):
    """All logits may move together; the shortest steps never do."""
    rng, X, _ = table()
    y = np.argmax(X[:, :3] + rng.gumbel(size=(len(X), 3)), axis=1)
    one = problem("softmax", Categorical().with_classes(3), X, y, regressed=slice(None))
    W = one.objective.layout.unpack(run(solver, one)[0].w)
    np.testing.assert_allclose(W.sum(axis=0), 0, atol=1e-9)


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e8, 1e150])
@pytest.mark.parametrize("solver", [Newton(), LBFGS(), SGD()], ids=repr)
def test_the_unit_of_a_column_changes_nothing(solver, scale):
    rng, X, eta = table(n=100)
    y = rng.poisson(np.exp(0.3 * eta)) * 1.0
    w, v = (run(solver, problem("unit", Poisson(), X * unit, y))[0].w for unit in (1.0, scale))
    np.testing.assert_allclose(v, w, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("solver", [Newton(), LBFGS()], ids=repr)
def test_weights_times_a_constant_change_nothing(solver):
    rng, X, eta = table()
    y, weight = rng.poisson(np.exp(0.3 * eta)) * 1.0, rng.uniform(size=len(X))
    w, v = (run(solver, problem("weight", Poisson(), X, y, weight * c))[0].w for c in (1.0, 1e-10))
    np.testing.assert_allclose(v, w, rtol=1e-10, atol=1e-11)


# --- Newton ---


def confidently_wrong(family, start, seed=0):
    """Two overlapping classes, and coordinates at which nearly every label has probability exp(-|start|)."""
    rng, X, eta = table(seed=seed)
    y = (eta + rng.logistic(size=len(X)) > 0).astype(int)
    one = problem("labels", family, X, y)
    w = np.zeros(one.objective.size)
    w[1:] = start * np.linspace(1, -1, 4)
    return one, w


@pytest.mark.parametrize("start", [-1.0, -3.0, -10.0])
@pytest.mark.parametrize("seed", range(3))
def test_newton_recovers_from_a_confidently_wrong_start(seed, start):
    """DESIGN 5.12: squared error on labels is concave there; the row modulus leads out, in at most 25 steps."""
    one, w = confidently_wrong(GaussianOnLabels().with_classes(2), start, seed)
    right, _ = run(Newton(), one, np.zeros(len(w)))
    solution, _ = run(Newton(), one, w)
    assert solution.converged and solution.n_iter <= 25
    assert solution.value == pytest.approx(right.value, rel=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_newton_finds_the_scale_from_far_away(seed):
    """Student's t with one outlier of 1e6, and a start with sigma 1000 times too large or small."""
    rng, X, eta = table(seed=seed)
    y = eta + rng.standard_t(3, size=len(X))
    y[0] = 1e6
    one = problem("outlier", StudentT(df=3.0), X, y)
    values = [run(Newton(), one, one.start + np.array([0, 0, 0, 0, 0, shift]))[0] for shift in (0, -7, 7)]
    assert all(solution.converged and solution.n_iter <= 40 for solution in values)
    np.testing.assert_allclose([solution.value for solution in values], values[0].value, rtol=1e-9)


def test_newton_reaches_the_optimum_of_a_family_with_an_indefinite_hessian():
    rng, X, eta = table()
    y = rng.negative_binomial(2, 1 / (1 + np.exp(0.3 * eta) / 2)) * 1.0
    one = problem("counts", NegativeBinomial(), X, y, regressed=slice(None))
    solution, _ = run(Newton(), one)
    assert solution.converged and solution.value <= one.least + 1e-12


def test_a_quadratic_takes_one_step_and_its_confirmation():
    rng, X, eta = table()
    one = problem("quadratic", Gaussian(sigma=1.0), X, eta + rng.standard_normal(len(X)))
    solution, entries = run(Newton(), one)
    assert solution.n_iter == len(entries) == 2
    gaps = [decrement for *_, decrement in entries]
    # Of a quadratic, the decrement g' H^-1 g / 2 is the gap itself.
    assert gaps[0] == pytest.approx(entries[0][1] - solution.value, rel=1e-10)
    assert gaps[1] < 1e-20


@pytest.mark.parametrize("index", range(14))
def test_the_decrement_estimates_the_gap(index):
    one = problems()[index]
    _, entries = run(Newton(), one)
    for _, value, _, decrement in entries[-3:-1]:
        gap = value - one.least
        if 1e-9 < gap < 1e-3:
            assert decrement == pytest.approx(gap, rel=0.2)
    assert entries[-1][3] <= 1e-12 * max(1, abs(one.least))
    assert entries[-1][2] < 1e-4


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-8])
def test_tol_is_the_relative_gap(tol):
    for one in problems():
        solution, entries = run(Newton(tol=tol), one)
        assert solution.converged
        assert solution.value - one.least <= tol * max(1, abs(one.least))
        assert entries[-1][3] <= tol * max(1, abs(solution.value))
        assert solution.n_iter <= run(Newton(), one)[0].n_iter


def test_values_may_be_infinite_on_the_way():
    """A full step to an infinite nll is halved until it is finite."""
    rng, X, _ = table()
    y = rng.poisson(np.exp(np.clip(3 * X[:, 0], -5, 5))) * 1.0
    one = problem("steep", Poisson(), X, y)
    w = one.start.copy()
    w[0] -= 20  # the first step from rates that are far too small overshoots exp
    solution, _ = run(Newton(), one, w)
    assert solution.converged and solution.value <= one.least + 1e-11


@pytest.mark.parametrize("solver", [Newton(), LBFGS(), SGD(max_iter=10)], ids=repr)
def test_an_infinite_start_is_not_an_optimum(solver):
    rng, X, eta = table()
    one = problem("infinite", Poisson(), X, rng.poisson(np.exp(0.3 * eta)) * 1.0)
    w = one.start + np.array([800.0, 0, 0, 0, 0])
    assert one.objective.taylor(w, 0)[0] == np.inf
    solution, _ = run(solver, one, w)
    assert not solution.converged


def test_separable_labels_end_in_finite_numbers():
    _, X, _ = table()
    one = problem("separable", Bernoulli(), X, (X[:, 0] > 0).astype(int))
    for solver in (Newton(), LBFGS(), SGD(max_iter=20)):
        solution, _ = run(solver, one)
        assert np.isfinite(solution.w).all() and 0 <= solution.value < 0.3


@pytest.mark.parametrize("rank", [0, 1, 3, 5])
def test_solve_gives_the_shortest_solution(rank):
    rng = np.random.RandomState(rank)
    M = rng.standard_normal((5, rank))
    H, b = M @ M.T, M @ rng.standard_normal(rank)
    x, ill, found = solve(H, b)
    np.testing.assert_allclose(x, np.linalg.pinv(H, rcond=1e-10) @ b, rtol=1e-8, atol=1e-10)
    assert found == rank and not ill


def test_solve_refuses_an_indefinite_matrix_and_names_an_ill_one():
    assert solve(np.diag([1.0, -1e-3]), np.ones(2))[0] is None
    assert solve(np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones(2))[0] is None
    assert solve(np.array([[1.0, 1.0], [1.0, 1.0 + 1e-10]]), np.ones(2))[1]


@pytest.mark.parametrize("between, clear", [(0.0, True), (1e-9, False), (1e-6, False)])
def test_coordinates_are_orthonormal_however_near_columns_are_to_collinear(between, clear):
    rng, X, eta = table()
    X = np.column_stack([X, X[:, 0] - X[:, 1] + between * X[:, 2] ** 2])
    F = problem("twins", Poisson(), X, rng.poisson(np.exp(eta)).astype(float)).objective
    w, loose = np.zeros(F.size), np.arange(F.size) == 4
    found = determined(F.metric(w), lambda basis: F.along(basis, w).root(np.zeros(basis.shape[1])))
    assert (found is not None) == clear
    if clear:
        np.testing.assert_allclose(F.metric(w) @ found[1], 0.0, atol=1e-12)
    B = better_coordinates(F, w, loose)
    assert B.shape == (6, 5 if clear else 6)
    R = F.along(B, w).root(np.zeros(B.shape[1]))  # of the metric, which rounding would hide
    np.testing.assert_allclose((R.T @ R)[:-1, :-1], np.eye(B.shape[1] - 1), atol=1e-6)
    np.testing.assert_array_equal(B[:, -1], loose)


# --- L-BFGS ---


def test_lbfgs_without_polish_says_what_scipy_says():
    one = problems()[10]
    solution, entries = run(LBFGS(polish_size=0, max_iter=2), one)
    assert not solution.converged and solution.n_iter == 2 == len(entries)


# --- auto ---


def test_auto_hands_its_settings_on():
    auto = SOLVERS["auto"]
    one = problems()[8]
    assert run(auto(), one)[0].n_iter == run(Newton(), one)[0].n_iter
    assert not run(auto(max_iter=1), one)[0].converged
    assert run(auto(tol=1e-2), one)[0].n_iter < run(auto(), one)[0].n_iter
    assert clone(auto(tol=1e-2)).get_params() == {"max_iter": None, "tol": 1e-2}


def test_restricted_objectives_are_minimised_like_any_other():
    rng, X, eta = table()
    one = problem("restricted", Gaussian(), X, eta + rng.standard_normal(len(X)))
    free = np.array([True, False, True, True, False, True])
    F = one.objective.restrict(free, one.start)
    solution, _ = run(Newton(), replace(one, objective=F, start=one.start[free]))
    few = problem("few", Gaussian(), X[:, [1, 2]], one.objective.rows.block.y)
    assert solution.value == pytest.approx(few.least, rel=1e-12)
    np.testing.assert_allclose(solution.w, few.optimum, rtol=1e-6, atol=1e-8)


def test_layout_units_do_not_move_the_optimum():
    rng, X, eta = table()
    one = problem("units", Gaussian(), X, 1e6 * (eta + rng.standard_normal(len(X))))
    layout = one.objective.layout
    scaled = Layout(layout.mask, layout.shift, layout.scale, np.array([1e6, 0.7]))
    other = replace(one, objective=replace(one.objective, layout=scaled), start=scaled.pack(layout.unpack(one.start)))
    for solver in (Newton(), LBFGS()):
        W, V = (p.objective.layout.unpack(run(solver, p)[0].w) for p in (one, other))
        np.testing.assert_allclose(V, W, rtol=1e-7)


@pytest.mark.parametrize("n, seed, k, zeros", [(10_000, 23, 300, 0.0), (200, 1007, 4, 0.2), (100, 100_024, 3, 0.2)])
def test_a_small_dispersion_where_the_nll_is_nearly_flat(n, seed, k, zeros):
    """F = c alpha + ... is concave in log alpha near 0: rows of both signs, and beyond a hump no slope leads back."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    y = rng.poisson(np.exp(0.2 + 0.3 * X[:, 0]) * rng.gamma(k, 1 / k, n)) * (rng.random(n) > zeros)
    likelihood = Hurdle("negative_binomial") if zeros else NegativeBinomial()
    model, peer = (MLERegressor(likelihood, solver=solver).fit(X, y) for solver in ("newton", "lbfgs"))
    assert model.converged_ and model.n_iter_ < 30
    assert model.intercepts_["alpha"] == pytest.approx(
        peer.intercepts_["alpha"], rel=1e-6
    ) and model.log_likelihood_ >= (peer.log_likelihood_ - 1e-9)


@pytest.mark.parametrize("solver", ["auto", "lbfgs", "newton_cg"])
@pytest.mark.parametrize("tol", [1e-4, 1e-8, None])
@pytest.mark.parametrize("alpha", [1e-4, 1e-6])
def test_the_gap_is_below_tol_where_curvatures_are_of_two_sizes(solver, tol, alpha):
    """Falls of F, and a step solved roughly, tell of the larger ones only."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(1500, 20)) @ rng.normal(size=(20, 220)) + 1e-3 * rng.normal(size=(1500, 220))
    y = X @ rng.normal(size=220) / 10 + rng.logistic(size=1500) > 0

    def value(model):
        return -model.log_likelihood_ / len(y) + alpha / 2 * np.sum(model.coef_**2)

    model = MLEClassifier(alpha=alpha, solver=solver, tol=tol).fit(X, y)
    least = value(MLEClassifier(alpha=alpha, solver="newton").fit(X, y))
    assert model.converged_
    assert value(model) - least <= max(tol or 0.0, 1e-12)
