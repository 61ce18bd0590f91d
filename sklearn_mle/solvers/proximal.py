"""Newton's method under an l1 penalty: a quadratic with kinks at 0 is minimised exactly, on the coordinates at work."""

from dataclasses import replace

import numpy as np

from .base import Solution, Solver, scatter, silent
from .curvature import Curvature
from .kinked_quadratic import kinked_step
from .kinks import around_kinks
from .newton import LENGTHS, ROUNDING
from .quasi_newton import SHORT

# Up to so many coordinates all are at work, and one matrix is kept of all.
ALL_AT_WORK = 1000
# Coordinates that join at first, if so many want to; later as many as are at work already.
JOIN = 100
# What a gradient may exceed its threshold by, in natural units, without calling for a coordinate: at least, and per
# root of `tol`. The coordinate would gain half the square of it.
CALL, PER_ROOT = 1e-9, 0.1
# While coordinates call, those at work leave this share of the gap that they find: what comes next changes it all.
UNHURRIED = 0.1


class ProximalNewton(Solver):
    """w <- argmin_v g'(v - w) + (v - w)'B(v - w) / 2 + sum_j t_j |v_j|, with step halving: exact zeros, few passes.

    B is the observed Hessian, or each row's modulus where that is indefinite. Where rows are many it is that of a
    sample; BFGS corrects it from pass to pass, until progress is slow. Of many coordinates only those at work are
    looked at: those that are not 0, and those that a gradient beyond its threshold calls.

    Parameters
    ----------
    max_iter : int
    tol : float
        Relative gap of F (absolute where ``|F| < 1``), as the quadratic estimates it.

    References
    ----------
    Lee, Sun and Saunders (2014), Proximal Newton-type methods for minimizing composite functions, SIAM J. Optim. 24(3).
    Friedman, Hastie and Tibshirani (2010), Regularization paths for generalized linear models via coordinate descent,
    JSS 33(1), section 2.5 (coordinates at work).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.solvers import ProximalNewton
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLERegressor("gamma", alpha=0.01, l1_ratio=1.0, solver=ProximalNewton()).fit(X, y)
    >>> print((model.coef_ == 0).sum(), "of 10 slopes are 0")
    5 of 10 slopes are 0
    """

    meets_kinks_at_0 = True

    def __init__(self, max_iter=200, tol=1e-16):
        self.max_iter = max_iter
        self.tol = tol

    @around_kinks
    def minimize(self, objective, w, report, rng):
        return search(objective, w).run(report, self.max_iter, self.tol)

    def path(self, objective, w, penalties, rng):
        if objective.kinked.any():
            yield from super().path(objective, w, penalties, rng)
            return
        going_on = search(replace(objective, penalty=penalties[0]), w)
        for penalty in penalties:
            going_on.under(penalty)
            yield going_on.run(silent, self.max_iter, self.tol)


def search(objective, w):
    """The search from w: on all coordinates, or on those at work."""
    return (Descent if objective.size <= ALL_AT_WORK else AtWork)(objective, w)


class Descent:
    """A search on all coordinates, which can go on: for more digits, or under another penalty."""

    def __init__(self, objective, w):
        self.objective, self.w = objective, w
        self.value, self.g = objective.taylor(w, 1)  # of the smooth part
        self.curvature = Curvature(objective, w)

    def under(self, penalty):
        """Go on under another penalty."""
        slopes = self.objective.layout.slopes
        new, old = penalty.taylor(self.w, slopes), self.objective.penalty.taylor(self.w, slopes)
        self.value, self.g = self.value + new[0] - old[0], self.g + new[1] - old[1]
        self.objective = replace(self.objective, penalty=penalty)
        self.curvature.under(penalty, self.w)

    def run(self, report, max_iter, tol, share=0.0):
        """The Solution with this gap, or this share of the first; a last step that is not proved is not gone here."""
        t, curvature, first, last = self.objective.thresholds, self.curvature, np.inf, np.inf
        for n_iter in range(1, max_iter + 1):
            w, g, total = self.w, self.g, self.value + float(t @ np.abs(self.w))
            step = kinked_step(curvature.B, g, w, t)
            slope = g @ step + t @ (np.abs(w + step) - np.abs(w))
            gap = max(0.0, -float(slope + 0.5 * step @ curvature.B @ step))
            report(w, total, shortest_subgradient(g, w, t), gap)
            rounding = ROUNDING * max(1.0, abs(total))
            first = gap if n_iter == 1 else first
            if gap <= max(tol * max(1.0, abs(total)), share * first):
                if np.abs(step).max() < SHORT:  # no pass to see what F says of it
                    w, total = w + step, total - gap
                return Solution(w, total, n_iter, True, f"the gap of F is below {tol:g}", step)
            for length in LENGTHS:
                v = w + length * step
                value, g_v = self.objective.taylor(v, 1)
                if -np.inf < value + t @ np.abs(v) <= total + 1e-4 * length * min(slope, 0.0) + rounding:
                    break
            else:
                if gap <= rounding:
                    return Solution(w, total, n_iter, True, f"the gap of F is below {ROUNDING:.0e}", step)
                if curvature.exact:
                    return Solution(w, total, n_iter, False, "no step along the Newton direction lowers F", step)
                curvature.renew(w)
                continue
            curvature.correct(w, v, g_v - g, gap / last)
            self.w, self.value, self.g, last = v, value, g_v, gap
        total = self.value + float(t @ np.abs(self.w))
        return Solution(self.w, total, max_iter, False, f"{max_iter} iterations were not enough", step)


class AtWork:
    """A search on the coordinates at work: all that are not 0, and those that a gradient beyond its threshold calls."""

    def __init__(self, objective, w):
        self.objective, self.w, self.join = objective, w, JOIN
        self.at_work, self.descent = np.zeros(len(w), dtype=bool), None

    def under(self, penalty):
        """Go on under another penalty."""
        self.objective = replace(self.objective, penalty=penalty)
        if self.descent is not None:
            self.descent.under(penalty)

    def run(self, report, max_iter, tol):
        """The Solution with this gap."""

        def report_all(part, *args, **more):
            report(scatter(part, self.at_work), *args, **more)

        t, n_iter, share, part = self.objective.thresholds, 0, 0.0, None
        while True:
            if self.descent is not None:
                part = self.descent.run(report_all, max_iter - n_iter, tol, share)
                n_iter += part.n_iter
                self.w = scatter(part.w, self.at_work)
            g = self.objective.taylor(self.w, 1)[1]
            excess = np.where((self.w == 0) & (t > 0), np.abs(g) - t, -np.inf)
            calling = (excess > max(CALL, PER_ROOT * np.sqrt(tol))) & ~self.at_work
            if part is not None and (n_iter >= max_iter or (share == 0.0 and not calling.any())):
                break
            share = UNHURRIED if calling.any() else 0.0
            if calling.any() or self.descent is None:
                self.employ(excess, calling)
            if not self.at_work.any():  # the penalty leaves nothing
                value = self.objective.value(self.w)
                report(self.w, value, 0.0, 0.0)
                return Solution(self.w, value, 1, True, f"the gap of F is below {tol:g}", 0 * self.w)
        done = part.converged and not bool(calling.any())
        step = scatter(part.step, self.at_work)
        return Solution(self.w, part.value, n_iter, done, part.message, step)

    def employ(self, excess, calling):
        """Put to work those that call, and as many that are near to their threshold: they may be next."""
        self.at_work = (self.w != 0) | (self.objective.thresholds == 0)
        self.join = max(self.join, np.count_nonzero(self.at_work))
        if calling.any():
            excess = np.where(self.at_work, -np.inf, excess)
            joining = excess > -excess[calling].max()
            joining[np.argsort(excess)[: -min(self.join, 2 * np.count_nonzero(calling))]] = False
            self.at_work |= joining
        if self.at_work.any():
            self.descent = Descent(self.objective.restrict(self.at_work, self.w), self.w[self.at_work])


def shortest_subgradient(g, w, t):
    """The norm of the shortest subgradient of F: 0 at a minimum."""
    return float(np.linalg.norm(np.where(w == 0, np.maximum(np.abs(g) - t, 0.0), g + t * np.sign(w))))
