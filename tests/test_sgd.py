"""Stochastic gradient descent: its recursions, what a mini-batch is, and when it stops."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sklearn_mle import MLEClassifier, MLERegressor
from sklearn_mle.checks import check_solver
from sklearn_mle.checks.solvers import Recorder, problem, problems
from sklearn_mle.likelihoods import Bernoulli, Gaussian, GaussianOnLabels, Poisson
from sklearn_mle.rows import Rows
from sklearn_mle.solvers import SGD, Newton
from sklearn_mle.solvers.sgd import FEW, decrement, differences

PLAIN = {"method": "momentum", "momentum": 0.0, "average": False}


def run(solver, problem, w=None, seed=0):
    report = Recorder()
    w = problem.start if w is None else w
    return solver.minimize(problem.objective, w, report, np.random.RandomState(seed)), report.entries


def table(n=300, p=4, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n, p))
    return rng, X, X @ np.linspace(1, -1, p) + 0.3


def labels(n=300, p=4, seed=0, weight=None):
    rng, X, eta = table(n, p, seed)
    return problem("labels", Bernoulli(), X, (eta + rng.logistic(size=n) > 0).astype(int), weight)


def with_block(F, **columns):
    """F of the same rows with another y or weight."""
    return replace(F, rows=Rows(replace(F.rows.block, **columns), F.rows.K))


def path(solver, objectives, w):
    """The points and the states after one step on each objective."""
    state, points, states = None, [], []
    for F in objectives:
        w, state = solver.step(F, w, state)
        points.append(w)
        states.append(state)
    return points, states


@pytest.mark.parametrize(
    "solver",
    [SGD(method="momentum"), SGD(schedule="constant"), SGD(schedule="inverse_sqrt", tol=1e-4), SGD(batch_size=200)],
    ids=repr,
)
def test_check_solver(solver):
    check_solver(solver)


# --- a step ---


def test_adam_is_the_published_recursion():
    """Kingma and Ba (2015), algorithm 1, in its own names, for a logistic regression."""
    alpha, beta_1, beta_2, epsilon = 0.07, 0.8, 0.999, 1e-8
    rng, X, eta = table(n=60)
    y = (eta + rng.logistic(size=60) > 0).astype(float)
    one = problem("labels", Bernoulli(), X, y.astype(int))
    Z = np.column_stack([np.ones(60), (X - X.mean(axis=0)) / X.std(axis=0)])
    theta, m, v = one.start.copy(), 0.0, 0.0
    solver = SGD(alpha, schedule="constant", momentum=beta_1, average=False)
    points, _ = path(solver, [one.objective] * 30, one.start)
    for t in range(1, 31):
        g = Z.T @ (1 / (1 + np.exp(-Z @ theta)) - y) / 60
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
        theta = theta - alpha * m_hat / (np.sqrt(v_hat) + epsilon)
        # The intercept starts at its optimum: of a gradient of 1e-17 Adam makes steps of 1e-9.
        np.testing.assert_allclose(points[t - 1], theta, rtol=1e-10, atol=1e-8)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_momentum_is_its_recursion(momentum):
    F, w = problems()[8].objective, problems()[8].start
    solver = SGD(0.03, method="momentum", schedule="inverse_sqrt", momentum=momentum, average=False)
    points, states = path(solver, [F] * 5, w)
    v = 0.0
    for t, point in enumerate(points):
        v = momentum * v + F.taylor(w, 1)[1]
        w = w - 0.03 * (1 + t / 200) ** -0.5 * v
        np.testing.assert_allclose(point, w, rtol=1e-13)
    assert states[-1].t == 5


@pytest.mark.parametrize("schedule, rate", [("constant", 1.0), ("inverse_sqrt", 0.5), ("inverse", 0.25)])
def test_schedules_at_step_600(schedule, rate):
    one = problems()[0]
    w, g = one.start, one.objective.taylor(one.start, 1)[1]
    solver = SGD(1.0, schedule=schedule, **PLAIN)
    _, (state,) = path(solver, [one.objective], w)
    after, _ = solver.step(one.objective, None, replace(state, w=w, t=600, velocity=0.0))
    np.testing.assert_allclose(after - w, -rate * g, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("method", ["adam", "momentum"])
def test_the_average_has_cubic_weights(method):
    """The result after t steps is sum_i i (i + 1) (i + 2) w_i over the sum of these weights."""
    one = labels()
    batches = list(one.objective.batches(10, np.random.RandomState(0)))
    means, states = path(SGD(method=method), batches, one.start)
    last, _ = path(SGD(method=method, average=False), batches, one.start)
    i = np.arange(1, len(batches) + 1)
    for t, (mean, state) in enumerate(zip(means, states, strict=True), start=1):
        weight = (i * (i + 1) * (i + 2))[:t]
        np.testing.assert_allclose(mean, weight @ last[:t] / weight.sum(), rtol=1e-12)
        np.testing.assert_array_equal(state.w, last[t - 1])


def test_averaging_beats_the_last_iterate():
    """The noise of mini-batches moves every iterate; in the mean of the path's tail it averages out."""
    one = labels(n=2000)
    gaps = [
        [run(SGD(average=average, batch_size=32, max_iter=5, tol=0), one, seed=seed)[0].value for seed in range(2)]
        for average in (True, False)
    ]
    averaged, last = np.mean(gaps, axis=1) - one.least
    assert averaged < last / 5


def test_minimize_is_the_loop_of_steps():
    one = problems()[8]
    solver = SGD(max_iter=3, batch_size=30, tol=0)
    solution, entries = run(solver, one)
    w, state, rng = one.start, None, np.random.RandomState(0)
    for epoch in range(3):
        for batch in one.objective.batches(30, rng):
            w, state = solver.step(batch, w, state)
        np.testing.assert_array_equal(entries[epoch][0], w)
    assert state.t == 12 and solution.n_iter == 3 and not solution.converged


# --- mini-batches ---


def test_a_batch_of_a_sorted_table_has_the_shares_of_the_table():
    n = 2**15
    F = with_block(labels(n).objective, y=(np.arange(n) < n // 4).astype(int))
    for batch in F.batches(256, np.random.RandomState(0)):
        assert batch.rows.block.y.mean() == pytest.approx(0.25, abs=1 / 32)  # 32 places: one of them is cut in two


def test_a_batch_of_a_periodic_table_has_all_phases():
    """One place of each part of the table, not the same: in a table with their period it would see one phase."""
    n = 4096
    F = with_block(labels(n).objective, y=np.arange(n) % 128)
    for batch in F.batches(32, np.random.RandomState(0)):
        assert len(np.unique(batch.rows.block.y)) > 20


@pytest.mark.parametrize("order", ["y", "x", "period"])
def test_the_order_of_the_table_does_no_harm(order):
    rng, X, eta = table(n=5000)
    y = (eta + rng.logistic(size=len(X)) > 0).astype(int)
    by = {"y": y, "x": X[:, 0], "period": np.arange(len(X)) % 16 + y}[order]
    rows = np.argsort(by, kind="stable")
    one = problem("sorted", Bernoulli(), X[rows], y[rows])
    solution, _ = run(SGD(batch_size=64), one)
    assert solution.converged and solution.value - one.least < 2e-4


def test_a_batch_counts_with_its_share_of_the_whole_weight():
    """So the gradients of an epoch average to that of F, whatever the weights: heavy batches move w the more."""
    n = 240
    weight = np.random.RandomState(1).exponential(size=n) ** 3 * (np.arange(n) % 3 > 0)
    F, w = labels(n, weight=weight).objective, np.full(5, 0.1)
    batches = list(F.batches(16, np.random.RandomState(0)))
    assert len(batches) == 10  # of the 160 rows that have a weight
    g = np.mean([batch.taylor(w, 1)[1] for batch in batches], axis=0)
    np.testing.assert_allclose(g, F.taylor(w, 1)[1], rtol=1e-12)
    alone = [batch.rows.block.weight.sum() for batch in batches]
    assert max(alone) > 3 * min(alone) and len({batch.rows.total for batch in batches}) == 1


def test_weights_are_repeats_in_expectation():
    """The mean over many epochs of the first step's gradient is that of the repeated rows."""
    rng, X, eta = table(n=40)
    y, weight = (eta + rng.logistic(size=40) > 0).astype(int), np.arange(40) % 4
    one = problem("weighted", Bernoulli(), X, y, weight.astype(float))
    repeated = problem("repeated", Bernoulli(), np.repeat(X, weight, axis=0), np.repeat(y, weight))
    w = np.full(5, 0.1)
    firsts = [next(one.objective.batches(5, np.random.RandomState(seed))).taylor(w, 1)[1] for seed in range(1000)]
    error = np.std(firsts, axis=0) / np.sqrt(len(firsts))
    assert (np.abs(np.mean(firsts, axis=0) - repeated.objective.taylor(w, 1)[1]) < 5 * error).all()


@pytest.mark.parametrize("early_stopping", [False, True])
def test_rows_of_weight_zero_influence_nothing(early_stopping):
    """Neither mini-batches, nor the rows held out, nor when to stop: with or without them, the same path."""
    rng, X, eta = table(n=500)
    y = (eta + rng.logistic(size=500) > 0).astype(int)
    weight = rng.exponential(size=500)
    at = np.sort(rng.randint(500, size=200))
    more = [np.insert(X, at, 1e6, axis=0), np.insert(y, at, 1), np.insert(weight, at, 0.0)]
    solver = SGD(batch_size=20, early_stopping=early_stopping, n_iter_no_change=2)
    one, other = (problem("weightless", Bernoulli(), *data) for data in ([X, y, weight], more))
    layout = one.objective.layout
    other = replace(other, objective=replace(other.objective, layout=layout), start=one.start)
    (a, entries), (b, others) = run(solver, one), run(solver, other)
    assert a.n_iter == b.n_iter and len(entries) == len(others)
    np.testing.assert_allclose(b.w, a.w, rtol=1e-9, atol=1e-12)


def test_sparse_is_dense():
    rng, X, eta = table(n=1000, p=6)
    X[rng.uniform(size=X.shape) < 0.7] = 0.0
    y = (X @ np.linspace(1, -1, 6) + rng.logistic(size=1000) > 0).astype(int)
    dense = MLEClassifier(solver=SGD(batch_size=50), random_state=0).fit(X, y)
    for kind in (sparse.csr_matrix, sparse.csr_array):
        other = MLEClassifier(solver=SGD(batch_size=50), random_state=0).fit(kind(X), y)
        assert other.n_iter_ == dense.n_iter_
        np.testing.assert_allclose(other.coef_, dense.coef_, rtol=1e-9, atol=1e-10)


# --- where it stops ---


DATA = {
    "gaussian": lambda rng, eta: eta + rng.standard_normal(len(eta)),
    "student_t": lambda rng, eta: eta + rng.standard_t(3, size=len(eta)),
    "poisson": lambda rng, eta: rng.poisson(np.exp(0.5 * eta)) * 1.0,
    "negative_binomial": lambda rng, eta: rng.negative_binomial(2, 1 / (1 + np.exp(0.5 * eta) / 2)) * 1.0,
    "gamma": lambda rng, eta: rng.gamma(2.0, np.exp(0.5 * eta) / 2),
    "bernoulli": lambda rng, eta: (eta + rng.logistic(size=len(eta)) > 0).astype(int),
    "categorical": lambda rng, eta: np.argmax(np.outer(eta, [0, 1, -1]) + rng.gumbel(size=(len(eta), 3)), axis=1),
}


@pytest.mark.parametrize("n, seed", [(120, 0), (120, 2), (1000, 2), (6000, 3)])
@pytest.mark.parametrize("name", DATA)
def test_the_default_converges_and_says_so_truly(name, n, seed):
    rng, X, eta = table(n, seed=seed)
    X = X * [1e-3, 1.0, 1.0, 1e4] + [0.0, 5.0, 0.0, 1e5]
    y = DATA[name](rng, eta)
    estimator = MLEClassifier if name in ("bernoulli", "categorical") else MLERegressor
    model = estimator(name, solver="sgd", random_state=seed).fit(X, y)
    least = -estimator(name, solver="newton").fit(X, y).log_likelihood_ / n
    gap = -model.log_likelihood_ / n - least
    assert model.converged_
    # Of 6000 rows the curvature is that of 4096.
    assert gap <= 1.2e-4 * max(1, abs(least))


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("rate", [0.01, 0.1, 3.0])
def test_converged_is_the_gap(momentum, rate):
    """Once said of five epochs without progress: with momentum 0.9 on 120 rows they were the noise of 1e-2."""
    for one in [labels(120), problems()[8], problems()[12]]:
        solution, _ = run(SGD(rate, method="momentum", momentum=momentum, batch_size=32), one)
        gap = (solution.value - one.least) / max(1, abs(one.least))
        assert solution.converged == (gap < 1.1e-4) or (solution.converged is False and gap < 2e-4)


def test_the_gap_of_an_ill_conditioned_fit_is_not_its_progress():
    """Two columns of correlation 1 - 1e-4: F hardly falls any more, but is not at its least value."""
    rng, X, eta = table(n=200)
    X[:, 1] = X[:, 0] + 0.01 * X[:, 1]
    y = (eta + rng.logistic(size=200) > 0).astype(int)
    one = problem("twins", Bernoulli(), X, y)
    solution, entries = run(SGD(max_iter=60), one)
    values = [value for _, value, *_ in entries]
    assert values[-6] - values[-1] < 1e-4 < solution.value - one.least
    assert not solution.converged and "60 epochs were not enough" in solution.message


def test_it_returns_its_best_epoch():
    one = problems()[2]
    solution, entries = run(SGD(0.5, schedule="constant", average=False, max_iter=20), one)
    assert solution.value == min(value for _, value, *_ in entries)


def test_the_history_is_F():
    rng, X, eta = table()
    y = rng.poisson(np.exp(0.5 * eta))
    fits = {}
    for solver in ("sgd", "newton"):
        fits[solver] = model = MLERegressor("poisson", solver=solver, alpha=0.1, random_state=0).fit(X, y)
        penalty = 0.05 * model.coef_ @ model.coef_
        assert model.history_["loss"].min() == pytest.approx(penalty - model.log_likelihood_ / 300, rel=1e-10)
    assert fits["sgd"].history_["loss"].min() - fits["newton"].history_["loss"][-1] < 2e-4


@pytest.mark.parametrize("rank", [3, 8])
def test_the_decrement_is_newtons(rank):
    """g' H^-1 g / 2, by the pseudo-inverse where columns are collinear; from few and from many coordinates alike."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((100, rank)) @ rng.standard_normal((rank, 8))
    one = problem("columns", Poisson(), X, rng.poisson(2.0, size=100) * 1.0)
    w = one.start + 0.1
    _, g, H = one.objective.taylor(w, 2)
    exact = 0.5 * g @ np.linalg.pinv(H, rcond=1e-10, hermitian=True) @ g
    assert decrement(one.objective, w, g, 0.0, np.inf) == pytest.approx(exact, rel=1e-6)
    assert 0.9e-3 * exact < decrement(one.objective, w, g, 0.0, 1e-3 * exact)
    # A curvature known from a sample is not believed to be 0.
    exact = 0.5 * g @ np.linalg.solve(H + 0.1 * np.eye(9), g)
    assert decrement(one.objective, w, g, 0.1, np.inf) == pytest.approx(exact, rel=1e-6)
    product = differences(one.objective, w)
    np.testing.assert_allclose([product(v) for v in np.eye(9)], H, rtol=1e-4, atol=1e-4 * np.abs(H).max())


def test_many_coordinates_converge_by_differences():
    rng = np.random.RandomState(0)
    n, p = 2000, FEW + 50
    X = sparse.random(n, p, 0.1, format="csr", random_state=rng, data_rvs=rng.standard_normal)
    y = (X @ rng.standard_normal(p) + rng.logistic(size=n) > 0).astype(int)
    model = MLEClassifier(solver="sgd", random_state=0).fit(X, y)
    assert model.converged_
    assert (MLEClassifier().fit(X, y).log_likelihood_ - model.log_likelihood_) / n < 1.2e-4


def test_no_curvature_is_no_convergence():
    """Where squared error on labels saturates its gradient is nearly 0, but so is its curvature, or negative."""
    rng, X, eta = table()
    y = (eta + rng.logistic(size=len(X)) > 0).astype(int)
    one = problem("labels", GaussianOnLabels().with_classes(2), X, y)
    w = np.array([0.0, -20.0, 10.0, -10.0, 20.0])
    _, g = one.objective.taylor(w, 1)
    assert decrement(one.objective, w, g, 0.0, 1e-4) > 1e-4 > np.linalg.norm(g) ** 2


def test_gradient_descent_does_not_recover_where_the_slope_survives():
    """The founding lesson: from the same start Bernoulli's gradient leads SGD out, that of squared error does not."""
    rng, X, eta = table()
    y, wrong = (eta + rng.logistic(size=len(X)) > 0).astype(int), {}
    for family in (Bernoulli(), GaussianOnLabels().with_classes(2)):
        one = problem("labels", family, X, y)
        w = np.concatenate([[0.0], -10 * np.linspace(1, -1, 4)])
        right = Newton().minimize(one.objective, np.zeros(5), Recorder(), None)
        solution, _ = run(SGD(schedule="inverse_sqrt", batch_size=32, max_iter=100, **PLAIN), one, w)
        start = one.objective.taylor(w, 0)[0]
        wrong[type(family).__name__] = (solution.value - right.value) / (start - right.value)
    assert wrong["Bernoulli"] < 0.01
    assert wrong["GaussianOnLabels"] > 0.9


# --- steps that are too long ---


@pytest.mark.parametrize("method", ["adam", "momentum"])
@pytest.mark.parametrize("rate", [10.0, 1e4, 1e30])
def test_a_rate_too_large_is_cut(rate, method):
    rng, X, eta = table()
    one = problem("steep", Poisson(), X, rng.poisson(np.exp(eta)) * 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution, entries = run(SGD(rate, method=method), one)
    assert all(np.isfinite(w).all() and value <= one.objective.taylor(one.start, 0)[0] for w, value, *_ in entries)
    assert solution.value - one.least < 0.01


@pytest.mark.parametrize("method", ["adam", "momentum"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_steps_that_all_failed_are_no_convergence(early_stopping, method):
    rng, X, eta = table()
    one = problem("steep", Poisson(), X, rng.poisson(np.exp(eta)) * 1.0)
    solver = SGD(1e300, method=method, max_iter=20, early_stopping=early_stopping)
    solution, _ = run(solver, one)
    assert not solution.converged and np.array_equal(solution.w, one.start)
    assert "lower learning_rate=1e+300" in solution.message


def test_partial_fit_names_a_batch_beyond_its_reach():
    rng, X, eta = table()
    y = rng.poisson(np.exp(0.3 * eta))
    model = MLERegressor("poisson", solver=SGD(1e6)).partial_fit(X, y)
    with pytest.raises(ValueError, match=r"partial_fit diverged.*Lower the learning rate"):
        model.partial_fit(X, y)


# --- early stopping ---


def test_rows_held_out_are_the_others():
    weight = np.random.RandomState(1).exponential(size=300) * (np.arange(300) % 3 > 0)
    F, w = labels(weight=weight).objective, np.full(5, 0.1)
    rest, held_out = F.split(0.25, np.random.RandomState(0))
    assert held_out.n_rows == 50 and rest.n_rows == 150 and (held_out.rows.block.weight > 0).all()
    assert rest.rows.total + held_out.rows.total == pytest.approx(F.rows.total)
    assert rest.rows.block.X is F.rows.block.X  # not copied
    total = sum(part.rows.total * part.taylor(w, 1)[1] for part in (rest, held_out))
    np.testing.assert_allclose(total / F.rows.total, F.taylor(w, 1)[1], rtol=1e-12)
    whole, one = labels(2).objective.split(0.999, np.random.RandomState(0))
    assert whole.n_rows == one.n_rows == 1


def test_early_stopping_descends_on_the_rest():
    """Its first epoch is that of the rows that are not held out; what it reports is F of all."""
    one = labels(n=200)
    solver = SGD(early_stopping=True, validation_fraction=0.3, max_iter=1, batch_size=50)
    _, entries = run(solver, one)
    rng = np.random.RandomState(0)
    rest, _ = one.objective.split(0.3, rng)
    w, state = one.start, None
    for batch in rest.batches(50, rng):
        w, state = solver.step(batch, w, state)
    np.testing.assert_array_equal(entries[0][0], w)
    assert entries[0][1] == one.objective.taylor(w, 0)[0]


def test_early_stopping_keeps_what_rows_held_out_like_best():
    """60 columns for 150 rows: the fit that descends to the end predicts other rows worse than no fit at all."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((4000, 60))
    y = (X[:, 0] + rng.logistic(size=4000) > 0).astype(int)
    train, test = slice(0, 150), slice(150, None)
    score = {}
    for early_stopping in (False, True):
        solver = SGD(0.02, early_stopping=early_stopping, validation_fraction=0.3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            model = MLEClassifier(solver=solver, random_state=0).fit(X[train], y[train])
        score[early_stopping] = model.log_prob(X[test], y[test]).mean()
    assert model.converged_ and model.n_iter_ < 200
    assert score[True] > -0.75 > score[False]


def test_early_stopping_says_when():
    one = labels()
    solver = SGD(early_stopping=True, n_iter_no_change=3, tol=1e-3)
    solution, entries = run(solver, one)
    rest = one.objective.split(0.1, np.random.RandomState(0))[1]
    nll = [-rest.log_likelihood(w) / rest.rows.total for w, *_ in entries]
    assert solution.converged and "3 epochs lowered the nll of the rows held out by less than 0.001" in solution.message
    best, stale = np.inf, 0
    for score in nll:
        assert stale < 3
        stale = 0 if score < best - 1e-3 else stale + 1
        best = min(best, score)
    assert stale == 3
    np.testing.assert_array_equal(solution.w, entries[int(np.argmin(nll))][0])


def test_one_row_cannot_be_held_out():
    one = labels(30)
    F, start = with_block(one.objective, weight=(np.arange(30) == 3).astype(float)), one.start
    with pytest.raises(ValueError, match="SGD: early_stopping holds rows out, but only one has positive weight"):
        SGD(early_stopping=True).minimize(F, start, Recorder(), np.random.RandomState(0))


# --- from the estimator ---


@pytest.mark.parametrize("early_stopping", [False, True])
def test_random_state_gives_the_same_bits(early_stopping):
    rng, X, eta = table()
    y = DATA["bernoulli"](rng, eta)
    solver = SGD(early_stopping=early_stopping, max_iter=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fits = [MLEClassifier(solver=solver, random_state=seed).fit(X, y).coef_ for seed in (0, 0, 1)]
    np.testing.assert_array_equal(fits[0], fits[1])
    assert (fits[0] != fits[2]).all()


@pytest.mark.parametrize("average", [False, True])
def test_partial_fit_is_a_step(average):
    rng, X, eta = table()
    y = DATA["poisson"](rng, eta)
    solver = SGD(average=average)
    model = MLERegressor("poisson", solver=solver).partial_fit(X[:50], y[:50])
    first = clone(model)
    F, w = first._begin(X[:50], y[:50], None, {})
    layout, (w, state) = F.layout, solver.step(F, w)
    for i in range(50, 300, 50):
        model.partial_fit(X[i : i + 50], y[i : i + 50])
        w, state = solver.step(model._objective(X[i : i + 50], y[i : i + 50]), w, state)
        np.testing.assert_allclose(model.coef_, layout.unpack(w)[0, 1:], rtol=1e-12)
    assert model.n_iter_ == 6 == state.t


# --- parameters ---


@pytest.mark.parametrize(
    "name, values, rule",
    [
        ("learning_rate", [0, -1.0, np.inf, np.nan, "fast", None, True], "a finite number > 0"),
        ("method", ["rmsprop", None, 1], r"one of \['adam', 'momentum'\]"),
        ("schedule", ["cosine", None], r"one of \['inverse', 'inverse_sqrt', 'constant'\]"),
        ("momentum", [-0.1, 1.0, np.nan, "0.9"], r"a number in \[0, 1\)"),
        ("average", [None, "yes", 3], "True or False"),
        ("batch_size", [0, -3, 2.5, "all", None, True], "an integer >= 1 or 'auto'"),
        ("early_stopping", [None, "yes", 1], "True or False"),
        ("validation_fraction", [0, 1.0, -0.1, 5, None], r"a number in \(0, 1\)"),
        ("n_iter_no_change", [0, 1.5, None], "an integer >= 1"),
        ("max_iter", [0, -1, 1.5, "10", None], "an integer >= 1"),
        ("tol", [-1e-3, np.nan, np.inf, "small", None], "a finite number >= 0"),
    ],
)
def test_wrong_parameters_are_named_before_anything_is_computed(name, values, rule):
    one = problems()[0]
    for value in values:
        solver = SGD(**{name: value})
        pattern = rf"SGD: {name} must be {rule}; got {value!r}\."
        with pytest.raises(ValueError, match=pattern):
            solver.minimize(None, one.start, Recorder(), None)
        with pytest.raises(ValueError, match=pattern):
            solver.step(None, one.start)


def test_good_parameters_pass():
    solver = SGD(np.float32(0.5), batch_size=np.int64(3), average=np.True_, momentum=0, tol=0, max_iter=np.int32(1))
    assert run(solver, problems()[0])[0].n_iter == 1
    assert run(SGD(1, batch_size="".join(["au", "to"]), max_iter=1), problems()[0])[0].n_iter == 1


def test_every_parameter_has_a_rule():
    assert set(SGD.rules) == set(SGD().get_params())


def test_a_gaussian_without_slopes_is_solved():
    one = problem("constant", Gaussian(), np.zeros((50, 0)), np.random.RandomState(0).standard_normal(50))
    solution, _ = run(SGD(), one)
    assert solution.converged and solution.value - one.least < 1.1e-4
