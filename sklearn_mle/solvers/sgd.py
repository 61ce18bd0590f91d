"""Stochastic gradient descent: a step is one mini-batch, `minimize` the loop over epochs."""

from dataclasses import dataclass

import numpy as np

from .base import Solution, Solver, boolean, integer, number, one_of

SCHEDULES = {
    "inverse": lambda t: (1 + t / 200) ** -1.0,
    "inverse_sqrt": lambda t: (1 + t / 200) ** -0.5,
    "constant": lambda t: 1.0,
}
# Adam's memory of squared gradients, and what keeps it from dividing by 0: Kingma and Ba's.
BETA_2, EPSILON = 0.999, 1e-8
# The average weighs the t-th iterate by about t^3: half of the weight is on the last sixth of the path.
POWER = 3
# Rows of a mini-batch by those of the table: a quarter, but 32 to 256, since fewer rows cost the time of 256; or 1/128,
# but at most 8192, since 128 steps an epoch are enough.
SIZES = [lambda n: min(n, 32), lambda n: min(n // 4, 256), lambda n: min(n // 128, 8192)]
# Rows whose curvature stands for that of all, at least, and 4 per coordinate; and the least curvature they are
# believed: a rare column may be constant in them.
SAMPLE, BELIEVED = 4096, 1e-3
# Up to so many coordinates the curvature is formed, and so many products with it are made where there are more: they
# find all of the gap but what lies in its flattest directions.
FEW, PRODUCTS = 100, 100


@dataclass(frozen=True)
class State:
    """What one step leaves for the next: the iterate, the average so far, steps made, and the method's memory.

    `scale` multiplies the learning rate.
    """

    w: np.ndarray
    mean: np.ndarray
    t: int = 0
    velocity: np.ndarray | float = 0.0
    squares: np.ndarray | float = 0.0
    scale: float = 1.0


def momentum(g, state, beta):
    """The direction v <- beta v + g."""
    velocity = beta * state.velocity + g
    return velocity, velocity, state.squares


def adam(g, state, beta):
    """The direction v / (sqrt(s) + epsilon), v and s being running means of g and g^2 without their bias to 0."""
    t = state.t + 1
    velocity = beta * state.velocity + (1 - beta) * g
    squares = BETA_2 * state.squares + (1 - BETA_2) * g * g
    direction = velocity / (1 - beta**t) / (np.sqrt(squares / (1 - BETA_2**t)) + EPSILON)
    return direction, velocity, squares


METHODS = {"adam": adam, "momentum": momentum}


class SGD(Solver):
    """w <- w - rate_t v, v made of the gradients of mini-batches; the result is an average of the path's tail.

    Parameters
    ----------
    learning_rate : float
        In the layout's units: columns of standard deviation 1 and a nll of about unit curvature at the start. A step
        of Adam moves no coordinate by much more than that; with "momentum" it multiplies the gradient.
    method : {"adam", "momentum"}
        Adam; or v <- momentum v + g, which with ``momentum=0`` is plain SGD.
    schedule : {"inverse", "inverse_sqrt", "constant"}
        rate_t = learning_rate (1 + t / 200)^-1, the same with ^-1/2, or learning_rate; t counts steps.
    momentum : float
        In [0, 1); Adam's beta_1.
    average : bool
        Whether the result is the mean of the iterates w_1 .. w_t with weights t (t + 1) (t + 2), or w_t alone, which
        the noise of the mini-batches keeps away from the optimum.
    batch_size : int or "auto"
        Rows of a mini-batch. "auto": a quarter of the rows, but 32 to 256; of many, 1/128, but at most 8192.
    early_stopping : bool
        Whether to hold rows out and to stop when their mean nll no longer falls. The others are descended on; what is
        reported is F of all.
    validation_fraction : float
        The share of the rows to hold out.
    n_iter_no_change : int
        With early stopping: so many epochs in a row that lower the held-out nll by less than `tol` are the last.
    max_iter : int
        Epochs.
    tol : float
        Relative gap of F (absolute where ``|F| < 1``), by Newton's decrement with the curvature of a sample of rows.

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR, algorithm 1.
    Shamir and Zhang (2013), Stochastic gradient descent for non-smooth optimization, ICML, section 4
    (polynomial-decay averaging).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.solvers import SGD
    >>> X, y = load_diabetes(return_X_y=True)
    >>> exact = MLERegressor().fit(X, y)
    >>> model = MLERegressor(solver=SGD(tol=1e-4, max_iter=500), random_state=0).fit(X, y)
    >>> print(f"R2 {exact.score(X, y):.2f} {model.score(X, y):.2f}")
    R2 0.52 0.52
    """

    rules = {
        **Solver.rules,
        "learning_rate": number("a finite number > 0", lambda value: value > 0),
        "method": one_of(METHODS),
        "schedule": one_of(SCHEDULES),
        "momentum": number("a number in [0, 1)", lambda value: 0 <= value < 1),
        "average": boolean(),
        "batch_size": integer(1, "auto"),
        "early_stopping": boolean(),
        "validation_fraction": number("a number in (0, 1)", lambda value: 0 < value < 1),
        "n_iter_no_change": integer(1),
    }

    def __init__(
        self,
        learning_rate=0.1,
        method="adam",
        schedule="inverse",
        momentum=0.9,
        average=True,
        batch_size="auto",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        max_iter=200,
        tol=1e-4,
    ):
        self.learning_rate = learning_rate
        self.method = method
        self.schedule = schedule
        self.momentum = momentum
        self.average = average
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.max_iter = max_iter
        self.tol = tol

    def step(self, objective, w, state=None):
        """One step on this objective (a mini-batch): the new w, averaged, and the state for the next step.

        The path goes on from the state; without one it begins at w.
        """
        self.check()
        return self._step(objective, State(w, w) if state is None else state)

    @np.errstate(all="ignore")
    def _step(self, objective, state):
        value, gradient = objective.taylor(state.w, 1)
        if not np.isfinite(value):  # its derivatives are 0, as at an optimum: no step leads out of there
            return np.full_like(state.w, np.inf), state
        rate = self.learning_rate * state.scale * SCHEDULES[self.schedule](state.t)
        direction, velocity, squares = METHODS[self.method](gradient, state, self.momentum)
        w, t = state.w - rate * direction, state.t + 1
        mean = state.mean + (w - state.mean) * ((POWER + 1) / (t + POWER))
        return (mean if self.average else w), State(w, mean, t, velocity, squares, state.scale)

    def minimize(self, objective, w, report, rng):
        self.check()
        start = objective.taylor(w, 0)[0]
        if not np.isfinite(start):  # its derivatives are 0, as at an optimum
            report(w, start, 0.0)
            return Solution(w.copy(), start, 1, False, f"F is {start} at the start")
        goal = HeldOut(self, objective, rng) if self.early_stopping else Gap(self, objective)
        n, size = goal.training.n_rows, self.batch_size
        if size == "auto":
            size = max(size_of(n) for size_of in SIZES)
        best, state = (goal.score(w, start), w.copy(), start), State(w, w)
        for n_iter in range(1, self.max_iter + 1):
            for batch in goal.training.batches(size, rng):
                w, state = self._step(batch, state)
                if not np.isfinite(w).all():
                    break
            value, gradient = objective.taylor(w, 1) if np.isfinite(w).all() else (np.inf, None)
            raised = not -np.inf < value <= start
            if raised:  # steps too long for this nll: from the best point on, a fifth of them
                _, w, value = best
                gradient, state = objective.taylor(w, 1)[1], State(w, w, scale=state.scale / 5)
            report(w, value, float(np.linalg.norm(gradient)))
            if raised and n_iter > 1:
                continue  # this point has been judged
            score = goal.score(w, value)
            if score < best[0]:
                best = score, w, value
            if goal.reached(w, value, gradient, score):
                return Solution(*best[1:], n_iter, True, goal.message)
        message = f"{self.max_iter} epochs were not enough"
        if raised:
            message += f", the last still with steps too long for F to fall: lower learning_rate={self.learning_rate:g}"
        return Solution(*best[1:], self.max_iter, False, message)


class Gap:
    """The search ends where F lies within `tol` of its least value, by Newton's decrement."""

    def __init__(self, solver, objective):
        self.training, self.tol = objective, solver.tol
        self.sample = objective.fewer_rows(max(SAMPLE, 4 * objective.size))
        self.least = BELIEVED if self.sample.n_rows < objective.n_rows else 0.0
        self.message = f"the gap of F is below {solver.tol:g}"

    def score(self, w, value):
        return value

    def reached(self, w, value, gradient, score):
        enough = max(self.tol, np.finfo(float).eps) * max(1.0, abs(value))
        return decrement(self.sample, w, gradient, self.least, enough) <= enough


class HeldOut:
    """The search ends where the mean nll of rows held out no longer falls."""

    def __init__(self, solver, objective, rng):
        if objective.n_rows < 2:
            raise ValueError("SGD: early_stopping holds rows out, but only one has positive weight.")
        self.training, self.rest = objective.split(solver.validation_fraction, rng)
        self.tol, self.patience = solver.tol, solver.n_iter_no_change
        self.least, self.stale = np.inf, 0
        self.message = f"{self.patience} epochs lowered the nll of the rows held out by less than {self.tol:g}"

    def score(self, w, value):
        return -self.rest.log_likelihood(w) / self.rest.rows.total

    def reached(self, w, value, gradient, score):
        self.stale = 0 if self.least - score > self.tol * max(1.0, abs(score)) else self.stale + 1
        self.least = min(self.least, score)
        return self.stale == self.patience


def decrement(objective, w, g, least, enough):
    """g' H^-1 g / 2, the gap of F as Newton sees it, or any number above `enough` if it is: by conjugate gradients.

    Parameters
    ----------
    objective : Objective
        Whose curvature at w is H.
    w, g : arrays of shape (d,)
        g may be another objective's gradient, of more rows.
    least : float
        Added to the curvature of every direction.
    enough : float
    """
    if len(w) <= FEW:
        curvature = objective.taylor(w, 2)[2].dot
    else:
        curvature = differences(objective, w)
    residual, total = -g, 0.0
    direction, square = residual, g @ g
    negligible = 1e-10 * square
    for _ in range(min(len(w), PRODUCTS)):
        if square <= negligible or total > enough:
            break
        product = curvature(direction) + least * direction
        curved = direction @ product
        if not curved > 0:
            return np.inf
        length = square / curved
        total += 0.5 * length * square
        residual = residual - length * product
        square, before = residual @ residual, square
        direction = residual + square / before * direction
    return total


def differences(objective, w):
    """v -> H v by differences of the gradient at w."""
    at_w = objective.taylor(w, 1)[1]

    def product(v):
        length = 1e-5 / np.linalg.norm(v)
        return (objective.taylor(w + length * v, 1)[1] - at_w) / length

    return product
