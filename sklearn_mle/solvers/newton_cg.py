"""Truncated Newton: each step solved roughly by conjugate gradients, from products with the Hessian alone."""

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from .base import Solution, Solver, in_stages
from .kinks import around_kinks
from .newton import LENGTHS, ROUNDING, flatter

# A step is solved until the last of its j parts, j times, is this share of all: what is left is no more than that. Near
# the optimum F is its quadratic up to about the power 3/2 of its fall: so far it is worth solving.
FORCING, POWER = 0.25, 1.5
# Products a step; and the residual, as a share of the first, beyond which rounding would count where H is singular.
MOST, DIGITS = 200, 1e-8
# Curvature along a direction, as a share of the largest met, that may be the rounding of an exact 0.
NO_CURVATURE = 1e-13


class NewtonCG(Solver):
    """w <- w + x with H x = -g solved roughly, so that no d x d matrix is formed: for many coefficients.

    H is the observed Hessian; where conjugate gradients meet a direction in which it is not positive, `metric`
    replaces it: every row's Hessian with its eigenvalues' modulus. In natural units, in which columns have the same
    spread, they need no other preconditioner.

    Parameters
    ----------
    max_iter : int
        Newton steps.
    tol : float
        Relative gap of F (absolute where ``|F| < 1``): half of -g' x, and what the residual of x may hide, when a last
        step ends it.

    References
    ----------
    Nash and Sofer (1990), Assessing a search direction within a truncated-Newton method, OR Letters 9(4). Nocedal and
    Wright (2006), Numerical Optimization, section 7.1.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.solvers import NewtonCG
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> model = MLERegressor("poisson", solver=NewtonCG(max_iter=20)).fit(X, y)
    >>> print(model.coef_.round(4), model.converged_)
    [0.7734] True
    """

    def __init__(self, max_iter=100, tol=1e-12):
        self.max_iter = max_iter
        self.tol = tol

    @in_stages
    @around_kinks
    def minimize(self, objective, w, report, rng):
        w = w.copy()
        value, g = objective.taylor(w, 1)
        if not np.isfinite(value):  # its derivatives are 0, as at an optimum
            report(w, value, float(np.linalg.norm(g)))
            return Solution(w, value, 1, False, f"F is {value} at the start")
        floor = objective.floor
        for n_iter in range(1, self.max_iter + 1):
            goal = max(self.tol, np.finfo(float).eps) * max(1.0, abs(value))
            step, certain = truncated(objective.hessian_product(w), -g, floor, goal)
            if step is None:
                step, certain = truncated(objective.metric_product(w), -g, floor, goal, semidefinite=True)
            decrement, rounding = -0.5 * float(g @ step), ROUNDING * max(1.0, abs(value))
            report(w, value, float(np.linalg.norm(g)), decrement)
            if certain and decrement <= goal:
                last = objective.taylor(w + step, 0)[0]
                if -np.inf < last <= value + rounding:
                    w, value = w + step, last
                return Solution(w, value, n_iter, True, f"the gap of F is below {self.tol:g}", step)
            for length in LENGTHS:
                trial = objective.taylor(w + length * step, 1)
                lower = -np.inf < trial[0] <= value - 1e-4 * length * 2 * decrement + rounding
                if lower or (length == 1.0 and flatter(trial, value, g, step)):
                    break
            else:
                return Solution(w, value, n_iter, False, "no step along the Newton direction lowers F", step)
            w, (value, g) = w + length * step, trial
        return Solution(w, value, self.max_iter, False, f"{self.max_iter} iterations were not enough", step)


def truncated(product, b, floor, goal, semidefinite=False):
    """x with H x = b roughly, by `product`, v -> H v; and whether b' x / 2 is the whole fall, up to `goal`.

    x is None where H turns out not to be positive semidefinite. Where the fall promised is less than `goal`, x is found
    until what the residual may still hide is less, too: it is that of a curvature of `floor`, or, where there is no
    floor, of the least that was met.
    """
    x, r = np.zeros(len(b)), b
    d, square, fall, most = r, float(r @ r), 0.0, 0.0
    rounding, diagonal, beside, share, length = DIGITS**2 * square, [], [], 0.0, np.inf
    for j in range(1, MOST + 1):
        if square <= rounding:
            return x, True
        Hd = product(d)
        curvature = float(d @ Hd)
        most = max(most, np.sqrt(float(Hd @ Hd) / float(d @ d)))
        none = NO_CURVATURE * most * float(d @ d)
        if curvature < -none and not semidefinite:
            return None, False
        if curvature <= none:  # x is all that curvature tells; or F falls straight, and the search says how far
            return (x, True) if x.any() else (d, False)
        before, length = length, square / curvature
        diagonal.append(1 / length + share / before)
        x, r = x + length * d, r - length * Hd
        part = 0.5 * length * square
        fall += part
        square, old = float(r @ r), square
        share = square / old
        if j * part <= min(FORCING * fall, fall**POWER):
            if fall > goal:
                return x, False
            least = eigvalsh_tridiagonal(diagonal, beside, select="i", select_range=(0, 0))[0]
            if 0.5 * float(np.sum(r * r / np.where(floor > 0, floor, least))) <= goal:
                return x, True
        beside.append(np.sqrt(share) / length)
        d = r + share * d
    return x, False
