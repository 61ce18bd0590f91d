"""check_solver: the rules for solvers, and the problems to solve."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize
from sklearn.base import clone

from ..design import Block, Layout, Moments
from ..likelihoods import Bernoulli, Categorical, Gaussian, Poisson, StudentT
from ..objective import Objective
from ..penalty import ElasticNet
from ..rows import Rows
from .base import demand, demand_close, run

ROUNDING = 1e-12


@dataclass(frozen=True)
class Problem:
    """An objective, the coordinates to start from, and its optimum by other means."""

    name: str
    objective: Objective
    start: np.ndarray

    @cached_property
    def optimum(self):
        """scipy's trust-region Newton method with exact Hessians."""
        F, w = self.objective, self.start
        for _ in range(2):  # it starts with a small region: twice is to rounding
            w = minimize(
                lambda w: F.taylor(w, 0)[0],
                w,
                jac=lambda w: F.taylor(w, 1)[1],
                hess=lambda w: F.taylor(w, 2)[2],
                method="trust-exact",
                options={"gtol": 1e-11, "maxiter": 500},
            ).x
        return w

    @cached_property
    def least(self):
        """F at the optimum."""
        return self.objective.taylor(self.optimum, 0)[0]


def problems():
    """Small objectives: linear and not, one to three predictors, singular, badly scaled, weighted, penalised."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((120, 3))
    score = 0.5 + X @ [1.0, -0.5, 0.2]
    real = score + rng.standard_normal(120)
    counts = rng.poisson(np.exp(0.5 * score)).astype(float)
    two = (rng.uniform(size=120) < 1 / (1 + np.exp(-score))).astype(int)
    three = np.argmax(X + rng.gumbel(size=(120, 3)), axis=1)
    weight = rng.randint(4, size=120).astype(float)
    far = X * [1e-6, 1.0, 1e6] + [1e-3, 50.0, -1e8]
    twins = np.column_stack([X, X[:, 0] - X[:, 1]])
    categorical = Categorical().with_classes(3)
    return [
        problem("least squares", Gaussian(sigma=1.0), X, real),
        problem("ridge", Gaussian(sigma=1.0), X, real, alpha=0.1),
        problem("gaussian", Gaussian(), X, real),
        problem("gaussian, all regressed, weighted", Gaussian(), X, real, weight, regressed=slice(None)),
        problem("gaussian, far columns", Gaussian(), far, real),
        problem("gaussian, collinear columns", Gaussian(), twins, real),
        problem("gaussian without columns", Gaussian(), X[:, :0], real),
        problem("student_t", StudentT(df=4.0), X, real),
        problem("poisson, penalised", Poisson(), X, counts, alpha=0.01),
        problem("poisson, far columns, weighted", Poisson(), far, counts, weight),
        problem("bernoulli", Bernoulli(), X, two),
        problem("bernoulli, collinear columns, weighted", Bernoulli(), twins, two, weight),
        problem("categorical", categorical, X, three, regressed=slice(None)),
        problem("categorical, penalised", categorical, X, three, alpha=0.1, regressed=slice(None)),
    ]


def problem(name, likelihood, X, y, weight=None, alpha=0.0, regressed=slice(1)):
    """A Problem in standardised columns, from the likelihood's own start."""
    K = sum(rows.stop - rows.start for rows in likelihood.slices.values())
    block = Block(X, y, weight)
    moments = Moments.of(block)
    mask = np.zeros((K, 1 + X.shape[1]), dtype=bool)
    mask[:, 0] = mask[regressed] = True
    layout = Layout(mask, moments.mean, moments.scale, np.ones(K))
    W = np.zeros(mask.shape)
    W[:, 0] = likelihood.eta(likelihood.start(y, np.ones(len(y)) if weight is None else weight))
    return Problem(name, Objective(likelihood, layout, ElasticNet(alpha), Rows(block, K)), layout.pack(W))


class Recorder:
    """A report that keeps what it is told."""

    def __init__(self):
        self.entries = []

    def __call__(self, w, value, gradient_norm, decrement=None):
        self.entries.append((np.array(w), value, gradient_norm, decrement))


class Trials:
    """A solver on every problem, from its start, solved once."""

    def __init__(self, solver):
        self.solver = solver

    @cached_property
    def problems(self):
        return problems()

    @cached_property
    def runs(self):
        """(problem, Solution, report's entries) for every problem."""
        runs = []
        for problem in self.problems:
            recorder = Recorder()
            solution = self.solve(problem, problem.start, recorder)
            runs.append((problem, solution, recorder.entries))
        return runs

    def solve(self, problem, w, report=None, solver=None):
        solver = self.solver if solver is None else solver
        return solver.minimize(problem.objective, w.copy(), report or Recorder(), np.random.RandomState(0))

    def allowed(self, problem):
        """The gap of F that `tol` promises."""
        tol = getattr(self.solver, "tol", None)
        return (200 * (1e-12 if tol is None else tol) + 1e-13) * max(1.0, abs(problem.least))


def solver_arguments_are_kept(trials):
    """scikit-learn's contract: clone and repr work, max_iter and tol can be set, and use changes no argument."""
    solver, before, shown = trials.solver, trials.solver.get_params(), repr(trials.solver)
    demand(repr(clone(solver)) == shown, f"clone gives {clone(solver)!r}. Look at __init__.")
    for name in ("max_iter", "tol"):
        demand(name in before, f"there is no {name}: estimators hand theirs on. Add it to __init__.")
    for problem in trials.problems[:2]:
        trials.solve(problem, problem.start)
    changed = [name for name, value in solver.get_params().items() if value is not before[name]]
    demand(not changed and repr(solver) == shown, f"{shown} became {solver!r} in use: keep state out of self.")


def solution_is_what_it_says(trials):
    """w is finite, value is F(w) and not above F at the start, n_iter >= 1, converged a bool, message a sentence."""
    for problem, solution, _ in trials.runs:
        w, F = solution.w, problem.objective
        on = f"on '{problem.name}'"
        demand(np.shape(w) == (F.size,) and np.isfinite(w).all(), f"w is {w} {on}.")
        demand(isinstance(solution.value, float), f"value is a {type(solution.value).__name__} {on}, not a float.")
        demand_close(solution.value, F.taylor(w, 0)[0], ROUNDING, f"value {on}", None, "It must be F at w.")
        start = F.taylor(problem.start, 0)[0]
        rise = solution.value - start
        demand(rise <= ROUNDING * (1 + abs(start)), f"F rises by {rise:.3g} from the start {on}.")
        demand(isinstance(solution.converged, bool), f"converged is {solution.converged!r} {on}, not a bool.")
        demand(isinstance(solution.message, str) and solution.message, f"message is {solution.message!r} {on}.")
        whole = isinstance(solution.n_iter, int) and solution.n_iter >= 1
        demand(whole, f"n_iter is {solution.n_iter!r} {on}; it is an int >= 1, also for closed forms.")


def optimum_is_reached(trials):
    """Every problem is solved: converged, F within 200 tol of the least, and the gradient as small as that gap."""
    for problem, solution, _ in trials.runs:
        on = f"on '{problem.name}' after {solution.n_iter} iterations: {solution.message}"
        demand(solution.converged, f"no convergence {on}.")
        gap = solution.value - problem.least
        allowed = trials.allowed(problem)
        demand(gap <= allowed, f"F is {gap:.3g} above the least, tol allows {allowed:.1g}, {on}.")
        _, g, H = problem.objective.taylor(solution.w, 2)
        # By the curvature, as sizes of a gradient mean nothing; directions without any are left out.
        decrement = 0.5 * float(g @ np.linalg.pinv(H, rcond=1e-10, hermitian=True) @ g)
        demand(decrement <= allowed, f"the gradient promises to lower F by {decrement:.3g} {on}.")


def report_hears_of_every_iteration(trials):
    """report is called with a finite w of the right shape, the value there, and numbers for the rest."""
    for problem, solution, entries in trials.runs:
        on = f"on '{problem.name}'"
        demand(entries, f"report was never called {on}.")
        calls = f"report was called {len(entries)} times in {solution.n_iter} iterations {on}."
        demand(len(entries) <= solution.n_iter + 1, calls)
        for w, value, gradient_norm, decrement in entries:
            numbers = [value, gradient_norm, *([] if decrement is None else [decrement])]
            demand(np.shape(w) == problem.start.shape, f"report got a w of shape {np.shape(w)} {on}.")
            demand(np.isfinite([*w, *numbers]).all(), f"report got {numbers} at {w} {on}.")
            demand_close(value, problem.objective.taylor(w, 0)[0], 1e-10, f"the value reported {on}", None, "F at w.")


def same_rng_gives_the_same_bits(trials):
    """Solving again, with a generator of the same seed, repeats every bit."""
    for problem, solution, _ in trials.runs[::3]:
        again = trials.solve(problem, problem.start)
        same = np.array_equal(again.w, solution.w) and again.n_iter == solution.n_iter
        demand(same, f"two runs on '{problem.name}' differ by {np.abs(again.w - solution.w).max():.3g}: use rng only.")


def start_is_not_modified(trials):
    """The array w handed to minimize is not written to, and not handed back either."""
    for problem in trials.problems[::3]:
        w = problem.start.copy()
        solution = trials.solver.minimize(problem.objective, w, Recorder(), np.random.RandomState(0))
        demand(np.array_equal(w, problem.start), f"w was modified in place on '{problem.name}'. Copy it.")
        demand(not np.shares_memory(w, solution.w), f"the solution is the start's own memory on '{problem.name}'.")


def optimum_is_kept(trials):
    """Started at the optimum, F stays within what tol allows."""
    for problem in trials.problems[::2]:
        solution = trials.solve(problem, problem.optimum)
        gap = solution.value - problem.least
        what = f"F rises by {gap:.3g} from the optimum on '{problem.name}'"
        demand(gap <= trials.allowed(problem), f"{what}; tol allows {trials.allowed(problem):.1g}.")


def one_iteration_is_honest(trials):
    """With max_iter=1 the result is finite, and converged is True only where the optimum is reached."""
    for problem in trials.problems:
        solution = trials.solve(problem, problem.start, solver=clone(trials.solver).set_params(max_iter=1))
        gap = solution.value - problem.least
        demand(np.isfinite(solution.w).all(), f"w is {solution.w} on '{problem.name}' with max_iter=1.")
        honest = not solution.converged or gap <= trials.allowed(problem)
        demand(honest, f"converged=True on '{problem.name}' with max_iter=1, although F is {gap:.3g} above the least.")


def interruption_passes_through(trials):
    """A KeyboardInterrupt from report ends the search and reaches the caller."""

    def interrupt(w, value, gradient_norm, decrement=None):
        raise KeyboardInterrupt

    for problem in trials.problems[:3]:
        try:
            trials.solve(problem, problem.start, interrupt)
        except KeyboardInterrupt:
            continue
        raise AssertionError(f"the KeyboardInterrupt was swallowed on '{problem.name}'.")


SOLVER_CHECKS = (
    solver_arguments_are_kept,
    solution_is_what_it_says,
    optimum_is_reached,
    report_hears_of_every_iteration,
    same_rng_gives_the_same_bits,
    start_is_not_modified,
    optimum_is_kept,
    one_iteration_is_honest,
    interruption_passes_through,
)


def check_solver(solver):
    """Check that a solver keeps the rules on which estimators rely, on a dozen small objectives.

    The rules are the functions in `SOLVER_CHECKS`. Exactness is asked for as far as the solver's own `tol` claims it:
    where it says `converged`, F lies within 200 `tol` of the optimum, relative (absolute where ``|F| < 1``).

    Parameters
    ----------
    solver : Solver

    Raises
    ------
    AssertionError
        At the first rule that is broken: names the solver, the rule, the problem, the values, and where to look.

    Examples
    --------
    >>> from sklearn_mle.checks import check_solver
    >>> from sklearn_mle.solvers import Newton
    >>> check_solver(Newton())  # silent where all rules are kept
    """
    run(SOLVER_CHECKS, Trials(solver), repr(solver))
