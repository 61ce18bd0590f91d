"""Newton's method under an l1 penalty: a quadratic with kinks at 0 is minimised exactly, on the coordinates at work."""

import numpy as np
from scipy.linalg import cho_factor

from .base import Solution, Solver, scatter
from .kinked_quadratic import kinked_step
from .kinks import around_kinks
from .newton import LENGTHS, ROUNDING
from .quasi_newton import SHORT, SLOW, metric_sample

# Up to so many coordinates all are at work, and one matrix is kept of all.
ALL_AT_WORK = 1000
# Coordinates that join at first, if so many want to; later as many as are at work already.
JOIN = 100
# What a gradient may exceed its threshold by, in natural units, without calling for a coordinate.
CALL = 1e-9
# Added to the curvature, as a share of its diagonal: in directions without any, as the shift of all logits, a step is
# then long, but no larger multiple of rounding.
JITTER = 1e-7


class ProximalNewton(Solver):
    """w <- argmin_v g'(v - w) + (v - w)'B(v - w) / 2 + sum_j t_j |v_j|, with step halving: exact zeros, few passes.

    B is the observed Hessian, or each row's modulus where that is indefinite. Where rows are many it is that of a
    sample, corrected by BFGS from pass to pass, until progress is slow. Of many coordinates only those at work are
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
    """

    meets_kinks_at_0 = True

    def __init__(self, max_iter=200, tol=1e-16):
        self.max_iter = max_iter
        self.tol = tol

    @around_kinks
    def minimize(self, objective, w, report, rng):
        if objective.size <= ALL_AT_WORK:
            return self._descend(objective, w, report, self.max_iter, self.tol)
        t, n_iter, join, tol = objective.thresholds, 0, JOIN, np.inf
        while True:
            g = objective.taylor(w, 1)[1]
            excess = np.where((w == 0) & (t > 0), np.maximum(np.abs(g) - t, 0.0), 0.0)
            calling = excess > CALL
            if n_iter >= self.max_iter or not (calling.any() or tol > self.tol):
                break
            # No more digits than what is to be gained from those that call is worth.
            tol = max(self.tol, 1e-3 * float(excess @ excess)) if calling.any() else self.tol
            at_work = (w != 0) | (t == 0)
            join = max(join, np.count_nonzero(at_work))
            calling[np.argsort(excess)[:-join]] = False
            at_work |= calling
            if not at_work.any():  # the penalty leaves nothing
                value = objective.value(w)
                report(w, value, 0.0, 0.0)
                return Solution(w, value, n_iter + 1, True, f"the gap of F is below {self.tol:g}", 0 * w)

            def report_all(part, *args, _at_work=at_work, **more):
                report(scatter(part, _at_work), *args, **more)

            part = self._descend(objective.restrict(at_work, w), w[at_work], report_all, self.max_iter - n_iter, tol)
            n_iter += part.n_iter
            w, step = scatter(part.w, at_work), scatter(part.step, at_work)
        done = part.converged and not bool(calling.any())
        return Solution(w, part.value, n_iter, done, part.message, step)

    def _descend(self, objective, w, report, max_iter, tol):
        t, curvature = objective.thresholds, Curvature(objective)
        value, g = objective.taylor(w, 1)
        B, last = curvature.at(w), np.inf
        for n_iter in range(1, max_iter + 1):
            total = value + t @ np.abs(w)
            step = kinked_step(B, g, w, t)
            slope = g @ step + t @ (np.abs(w + step) - np.abs(w))
            gap = max(0.0, -float(slope + 0.5 * step @ B @ step))
            report(w, total, shortest_subgradient(g, w, t), gap)
            rounding = ROUNDING * max(1.0, abs(total))
            done = bool(gap <= max(tol, ROUNDING) * max(1.0, abs(total)))
            if done:
                if np.abs(step).max() < SHORT:  # no pass to see what F says of it
                    w, total = w + step, total - gap
                return Solution(w, total, n_iter, True, f"the gap of F is below {tol:g}", step)
            for length in LENGTHS:
                v = w + length * step
                trial, trial_g = objective.taylor(v, 1)
                if -np.inf < trial + t @ np.abs(v) <= total + 1e-4 * length * min(slope, 0.0) + rounding:
                    break
            else:
                if curvature.exact:
                    message = "no step along the Newton direction lowers F"
                    return Solution(w, total, n_iter, False, message, step)
                B = curvature.renewed(w)
                continue
            B = curvature.after(B, v, v - w, trial_g - g, gap > SLOW * last)
            w, value, g, last = v, trial, trial_g, gap
        return Solution(w, value + t @ np.abs(w), max_iter, False, f"{max_iter} iterations were not enough", step)


class Curvature:
    """B about w: of all rows at every step where they are few, else of a sample, with BFGS's corrections."""

    def __init__(self, objective):
        self.objective, size = objective, metric_sample(objective)
        self.exact = objective.n_rows <= 2 * size
        self.source = objective if self.exact else objective.fewer_rows(size)

    def at(self, w, settled=False):
        """A positive definite curvature at w; exact on the coordinates that are not 0 where these have `settled`."""
        H = jittered(self.source.taylor(w, 2)[2])
        if positive_definite(H):
            return H
        M = jittered(self.source.metric(w))
        free = (w != 0) | (self.objective.thresholds == 0)
        within = np.ix_(free, free)
        if settled and positive_definite(H[within]):
            M[np.ix_(free, ~free)] = M[np.ix_(~free, free)] = 0.0
            M[within] = H[within]
        return M

    def renewed(self, w):
        """The curvature of all rows at w, from now on."""
        self.exact, self.source = True, self.objective
        return self.at(w)

    def after(self, B, w, s, y, slow):
        """B for the next step: s led to w and changed the gradient by y."""
        if self.exact:
            return self.at(w, settled=((w == 0) == (w - s == 0)).all())
        if slow:
            return self.renewed(w)
        if s @ y <= 1e-12 * np.linalg.norm(s) * np.linalg.norm(y):
            return B
        Bs = B @ s
        return B - np.outer(Bs, Bs) / (s @ Bs) + np.outer(y, y) / (s @ y)


def jittered(H):
    """H with a little more on its diagonal."""
    diagonal = np.abs(np.diag(H))
    return H + np.diag(JITTER * np.maximum(diagonal, JITTER))


def positive_definite(H):
    """Whether H has a Cholesky factor."""
    try:
        cho_factor(H, lower=True)
    except (np.linalg.LinAlgError, ValueError):
        return False
    return True


def shortest_subgradient(g, w, t):
    """The norm of the shortest subgradient of F: 0 at a minimum."""
    return float(np.linalg.norm(np.where(w == 0, np.maximum(np.abs(g) - t, 0.0), g + t * np.sign(w))))
