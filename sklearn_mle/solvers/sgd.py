"""Stochastic gradient descent: a step is one mini-batch, `minimize` the loop over epochs."""

from dataclasses import dataclass

import numpy as np

from .base import Solution, Solver

SCHEDULES = {
    "constant": lambda t: 1.0,
    "inverse_sqrt": lambda t: (1 + t / 100) ** -0.5,
    "inverse": lambda t: (1 + t / 100) ** -1.0,
}
# An epoch without progress may be chance; five in a row are not.
PATIENCE = 5


@dataclass(frozen=True)
class State:
    """What one step leaves for the next: steps made, velocity, and how often the rate was halved."""

    t: int = 0
    velocity: np.ndarray | float = 0.0
    halvings: int = 0


class SGD(Solver):
    """v <- momentum v - rate_t g, w <- w + v, with the gradient g of one mini-batch.

    `minimize` returns the best epoch's end, so F never rises above its start.

    Parameters
    ----------
    learning_rate : float
        Step per unit gradient, in the layout's units: columns of standard deviation 1 and a nll of about unit
        curvature at the start, so that 0.1 suits most likelihoods.
    schedule : {"inverse_sqrt", "inverse", "constant"}
        rate_t = learning_rate (1 + t / 100)^-1/2, the same with ^-1, or learning_rate; t counts steps.
    momentum : float
        In [0, 1); 0 is plain SGD.
    batch_size : int
        Rows of a mini-batch; each takes every m-th row of the table.
    max_iter : int
        Epochs.
    tol : float
        Stop when five epochs in a row lower F by less than `tol`, relative (absolute where ``|F| < 1``).

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, algorithms 8.1 and 8.2.
    """

    def __init__(self, learning_rate=0.1, schedule="inverse_sqrt", momentum=0.0, batch_size=32, max_iter=200, tol=1e-5):
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.momentum = momentum
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol

    def step(self, objective, w, state=None):
        """One step on this objective (a mini-batch): the new w and the state for the next step."""
        state = State() if state is None else state
        if self.schedule not in SCHEDULES:
            raise ValueError(f"SGD: schedule must be one of {list(SCHEDULES)}; got {self.schedule!r}.")
        rate = self.learning_rate * SCHEDULES[self.schedule](state.t) * 0.5**state.halvings
        _, gradient = objective.taylor(w, 1)
        velocity = self.momentum * state.velocity - rate * gradient
        return w + velocity, State(state.t + 1, velocity, state.halvings)

    def minimize(self, objective, w, report, rng):
        value, gradient = objective.taylor(w, 1)
        best, stale, state = (value, w.copy()), 0, State()
        for n_iter in range(1, self.max_iter + 1):
            trial, after = w, state
            for batch in objective.batches(self.batch_size, rng):
                trial, after = self.step(batch, trial, after)
            trial_value, trial_gradient = objective.taylor(trial, 1)
            sound = np.isfinite(trial_value) and np.isfinite(trial).all()
            if sound and (trial_value <= value + max(1.0, abs(value))):
                w, value, gradient, state = trial, trial_value, trial_gradient, after
                stale = 0 if value < best[0] - self.tol * max(1.0, abs(value)) else stale + 1
            else:  # the steps were too long for this nll: repeat the epoch with steps of half the length
                state = State(state.t, 0.0, state.halvings + 1)
            report(w, value, float(np.linalg.norm(gradient)))
            if value < best[0]:
                best = value, w
            if stale == PATIENCE:
                message = f"{PATIENCE} epochs lowered F by less than {self.tol:g}"
                return Solution(best[1], best[0], n_iter, True, message)
        return Solution(best[1], best[0], self.max_iter, False, f"{self.max_iter} epochs were not enough")
