"""L-BFGS in the metric of a sample of rows: a few passes, where rows are many more than coefficients."""

from collections import deque

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .base import Solution, Solver, integer, silent
from .kinks import around_kinks
from .newton import LENGTHS, ROUNDING, Newton

# A step in a good metric leaves some hundredths of the decrement; if two in a row leave more than the square of this,
# Newton's are cheaper.
SLOW = 0.3
# The sample's optimum is a start if a step of about this decrement leads from it to that of all rows.
NEAR = 0.5
# A full step needs no search where its decrement is less than this.
CLOSE = 0.02
# A last step as short as this, in natural units, needs no proof.
SHORT = 1e-4


class QuasiNewton(Solver):
    """w <- w - B g, with B by L-BFGS from the inverse Hessian of a sample of rows, at the sample's optimum.

    The sample's curvature is that of all rows up to a relative error of about sqrt(d / rows in the sample), so that
    each pass, over gradients only, brings two or three digits. Where it does not, as with rare columns, where the
    sample has no optimum, and where its curvature is singular, Newton's method goes on.

    Parameters
    ----------
    max_iter : int
    tol : float
        Relative gap of F (absolute where ``|F| < 1``), as estimated by g' B g / 2.
    memory : int
        Number of gradient pairs kept.

    References
    ----------
    Byrd, Hansen, Nocedal and Singer (2016), A stochastic quasi-Newton method for large-scale optimization, SIAM J.
    Optim. 26 (curvature from samples). Nocedal and Wright (2006), Numerical Optimization, algorithm 7.4.
    """

    rules = {**Solver.rules, "memory": integer(1)}

    def __init__(self, max_iter=100, tol=1e-12, memory=10):
        self.max_iter = max_iter
        self.tol = tol
        self.memory = memory

    @around_kinks
    def minimize(self, objective, w, report, rng):
        size = least_sample(objective)
        if objective.n_rows <= 2 * size:
            return Newton(self.max_iter, self.tol).minimize(objective, w, report, rng)
        for n in (size, metric_sample(objective)):  # the second may have what the first lacks, as rare columns
            sample = objective.fewer_rows(n)
            guess = Newton(tol=1e-6).minimize(sample, w, silent, rng)
            if guess.converged and guess.deficiency <= sample.invariances:
                break
        else:
            return Newton(self.max_iter, self.tol).minimize(objective, w, report, rng)
        # Two steps on a larger sample, whose curvature is worth having where the first has led.
        sample, nearer = objective.fewer_rows(metric_sample(objective)), guess.w
        for _ in range(2):
            _, g, H = sample.taylor(nearer, 2)
            inverse = inverse_of(H)
            if inverse is None:
                return Newton(self.max_iter, self.tol).minimize(objective, w, report, rng)
            if 0.5 * g @ inverse(g) < CLOSE:
                nearer = nearer - inverse(g)
            else:
                nearer = Newton(tol=1e-4).minimize(sample, nearer, silent, rng).w
        value, g = objective.taylor(nearer, 1)
        if not (np.isfinite(value) and 0.5 * g @ inverse(g) < NEAR):
            return Newton(self.max_iter, self.tol).minimize(objective, w, report, rng)
        w, pairs, last = nearer, deque(maxlen=self.memory), np.inf
        before = np.inf
        for n_iter in range(1, self.max_iter + 1):
            step = -product(inverse, pairs, g)
            decrement = -0.5 * float(g @ step)
            report(w, value, float(np.linalg.norm(g)), decrement)
            rounding = ROUNDING * max(1.0, abs(value))
            if decrement <= max(self.tol, np.finfo(float).eps) * max(1.0, abs(value)):
                if np.abs(step).max() < SHORT:  # no pass to see what F says of it
                    w, value = w + step, value - decrement
                return Solution(w, value, n_iter, True, f"the gap of F is below {self.tol:g}", step, guess.deficiency)
            for length in LENGTHS[:2]:
                trial_value, trial_g = objective.taylor(w + length * step, 1)
                if -np.inf < trial_value <= value - 1e-4 * length * 2 * decrement + rounding:
                    break
            else:
                break
            change = trial_g - g
            if length * (step @ change) > 0:
                pairs.append((length * step, change))
            w, value, g = w + length * step, trial_value, trial_g
            if n_iter > 3 and decrement > SLOW**2 * before:
                break
            before, last = last, decrement
        left = self.max_iter - n_iter
        if left == 0:
            message = f"{self.max_iter} iterations were not enough"
            return Solution(w, value, n_iter, False, message, step, guess.deficiency)
        end = Newton(left, self.tol).minimize(objective, w, report, rng)
        return Solution(end.w, end.value, n_iter + end.n_iter, end.converged, end.message, end.step, end.deficiency)


def least_sample(objective):
    """Rows whose optimum is near enough to that of all rows to begin with."""
    return max(2000, 10 * objective.size)


def metric_sample(objective):
    """Rows whose Hessian costs about as much as a few gradients of all rows."""
    n, d = objective.n_rows, objective.size
    return int(max(least_sample(objective), min(n / 20, 12 * n / d)))


def inverse_of(H):
    """x -> H^-1 x, None if H is not positive semidefinite."""
    with np.errstate(all="ignore"):
        scale = np.sqrt(np.diag(H))
    try:
        # The little more is for the directions in which F is constant by nature.
        factor = cho_factor(H / scale / scale[:, None] + 1e-9 * np.eye(len(H)), lower=True)
    except (np.linalg.LinAlgError, ValueError):  # indefinite, or not finite
        return None
    return lambda x: cho_solve(factor, x / scale) / scale


def product(inverse, pairs, g):
    """B g: the two loops of L-BFGS about the given inverse."""
    g, shares = g.copy(), []
    for s, y in reversed(pairs):
        share = (s @ g) / (s @ y)
        g -= share * y
        shares.append(share)
    x = inverse(g)
    for (s, y), share in zip(pairs, reversed(shares), strict=True):
        x += s * (share - (y @ x) / (s @ y))
    return x
