"""Newton's method: observed curvature, each row's modulus where that is indefinite, better coordinates where ill."""

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpstrf

from .base import Solution, Solver, in_stages
from .kinks import around_kinks

# Pivots of the equilibrated curvature, the largest being 1: above CLEAR the factor can be trusted; below NOISE a
# pivot is the rounding of an exact 0; between the two only the root, which is never squared, can tell.
CLEAR, NOISE = 1e-8, 1e-13
# Curvature in natural units (about 1 at the start) that counts as none: a parameter on its way to infinity.
FLAT = 1e-18
# A slope without curvature is followed by FAR natural units a step, and given up after so many of them: beyond
# e^-40 of where it started, a scale is below the last digit of y.
FAR, GIVEN_UP = 8.0, 8
# Singular values of the root below this share of the largest are exact collinearity.
RANK = 1e-12
ROUNDING = 8 * np.finfo(float).eps
# The largest relative noise of F: that of (y - mu) / sigma where y is 1e9 from 0, or X in sparse blocks.
NOISE_OF_F = 1e-8
# Steps as shares of Newton's: halves first; tenths soon after, for where the curvature nearly vanishes.
LENGTHS = [1.0, 0.5, 0.25, 0.125, *np.logspace(-1.5, -40.5, 40)]


class Newton(Solver):
    """w <- w - H^-1 g with the observed Hessian H, step halving, and one full step at the end.

    Where H is indefinite, `metric` replaces it: every row's Hessian with its eigenvalues' modulus.
    Where H is singular the step is the shortest one. Where rounding could decide whether it is, the search goes
    on in coordinates made from `root`, in which the curvature is about the identity.

    Parameters
    ----------
    max_iter : int
    tol : float
        Relative gap of F (absolute where ``|F| < 1``): the value of g' H^-1 g / 2, half the squared Newton
        decrement, below which one last full step ends the search.

    References
    ----------
    Boyd and Vandenberghe (2004), Convex Optimization, section 9.5.
    """

    def __init__(self, max_iter=100, tol=1e-12):
        self.max_iter = max_iter
        self.tol = tol

    @in_stages
    @around_kinks
    def minimize(self, objective, w, report, rng):
        origin, basis, x = w, None, w  # w = x, or origin + basis x once the coordinates have changed
        value, g, H = objective.taylor(x, 2)
        if not np.isfinite(value):  # its derivatives are 0, as at an optimum
            report(w, value, float(np.linalg.norm(g)))
            return Solution(w, value, 1, False, f"F is {value} at the start")
        falls, deficiency = 0, None  # steps in a row down a slope without curvature
        for n_iter in range(1, self.max_iter + 1):
            step, ill, rank, sloping = newton_step(objective, x, g, H)
            deficiency = len(x) - rank + ill if deficiency is None else deficiency
            if basis is None and not sloping and (ill or len(x) - rank > objective.invariances):
                columns = orthonormal_coordinates(objective.root(x))
                along = objective.along(columns, x)
                parts = along.taylor(np.zeros(columns.shape[1]), 2)
                if np.isfinite(parts[1]).all():
                    objective, origin, basis, x = along, w, columns, np.zeros(columns.shape[1])
                    value, g, H = parts
                    step, *_, sloping = newton_step(objective, x, g, H)
            direction = step if basis is None else basis @ step
            falls = falls + 1 if sloping else 0
            decrement = -0.5 * float(g @ step)
            report(w, value, float(np.linalg.norm(g)), decrement)
            rounding = ROUNDING * max(1.0, abs(value))
            if decrement <= max(self.tol, np.finfo(float).eps) * max(1.0, abs(value)):
                last = objective.taylor(x + step, 1)
                if last[0] <= value + rounding or flatter(last, value, g, step):
                    x, value = x + step, last[0]
                message = f"the gap of F is below {self.tol:g}"
                return Solution(_place(origin, basis, x), value, n_iter, True, message, direction, deficiency)
            if falls > GIVEN_UP:
                return Solution(w, value, n_iter, False, "F falls without bound", direction, deficiency)
            for length in LENGTHS:
                # The full step nearly always succeeds, so its derivatives are made at once.
                trial = objective.taylor(x + length * step, 2 if length == 1.0 else 0)
                lower = -np.inf < trial[0] <= value - 1e-4 * length * 2 * decrement + rounding
                if lower or (length == 1.0 and flatter(trial, value, g, step)):
                    break
            else:
                message = "no step along the Newton direction lowers F"
                return Solution(w, value, n_iter, False, message, direction, deficiency)
            x = x + length * step
            w = _place(origin, basis, x)
            value, g, H = trial if length == 1.0 else objective.taylor(x, 2)
        message = f"{self.max_iter} iterations were not enough"
        return Solution(w, value, self.max_iter, False, message, direction, deficiency)


def flatter(trial, value, g, step):
    """Whether F is the same up to the noise of its terms and its slope along the step has halved.

    Where y is far from 0, F is known to 1e-9 only, but its gradient still tells a better point from a worse one.

    References
    ----------
    Hager and Zhang (2005), A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM
    J. Optim. 16(1), section 4 (approximate Wolfe conditions).
    """
    same = abs(trial[0] - value) <= NOISE_OF_F * max(1.0, abs(value))
    return same and abs(trial[1] @ step) <= 0.5 * abs(g @ step)


def _place(origin, basis, x):
    return x if basis is None else origin + basis @ x


def newton_step(objective, w, g, H):
    """-H^-1 g, by the metric where H is indefinite; ill and rank as `solve` says; whether F slopes where H is 0."""
    step, ill, rank = solve(H, -g)
    if step is None:
        H = objective.metric(w)
        step, ill, rank = solve(H, -g, semidefinite=True)
    if step is None:  # the curvature overflows
        return -g, False, len(g), False
    slope = g + H @ step  # what is left of it where there is no curvature: far on, and the search shortens
    steepest = np.abs(slope).max(initial=0.0)
    sloping = steepest > max(1e-8, 1e-4 * np.abs(g).max(initial=0.0))  # more than rounding
    return (step - FAR / steepest * slope if sloping else step), ill, rank, sloping


def solve(H, b, semidefinite=False):
    """The shortest x with H x = b, None if H is indefinite; whether rounding could decide the rank of H; and the rank.

    Parameters
    ----------
    H : array of shape (d, d)
    b : array of shape (d,)
    semidefinite : bool
        Whether H is known to be positive semidefinite, up to rounding.

    References
    ----------
    Higham (2002), Accuracy and Stability of Numerical Algorithms, section 10.3 (rank-revealing Cholesky).
    """
    diagonal = np.diag(H)
    if not np.isfinite(H).all():
        return (b if semidefinite else None), False, 0
    if not semidefinite and ((diagonal < 0).any() or H[diagonal == 0].any()):
        return None, False, 0
    live = np.flatnonzero(diagonal > FLAT)
    scale = np.sqrt(diagonal[live])
    A = H[np.ix_(live, live)] / scale[:, None] / scale
    L, order, rank, _ = dpstrf(A, lower=1, tol=NOISE)
    order, L = order - 1, np.tril(L)[:, :rank]
    ill = rank > 0 and L[rank - 1, rank - 1] ** 2 < CLEAR
    left = A[np.ix_(order[rank:], order[rank:])] - L[rank:] @ L[rank:].T
    if not semidefinite and left.size and np.abs(left).max() > 1e-10:
        return None, False, 0
    x = np.zeros(len(b))
    live = live[order]
    if rank == len(live):
        x[live] = cho_solve((L, True), b[live] / scale[order]) / scale[order]
    elif rank:
        # H = M M' with M = Q R of full column rank: the shortest solution is Q R^-T R^-1 Q' b.
        Q, R = np.linalg.qr(L * scale[order][:, None])
        inner = solve_triangular(R, Q.T @ b[live], check_finite=False)
        x[live] = Q @ solve_triangular(R, inner, trans=1, check_finite=False)
    return (x if np.isfinite(x).all() else b), ill, rank


def orthonormal_coordinates(R):
    """B with B'R'R B = I over the directions in which R is not zero, by the SVD of R with equilibrated columns."""
    scale = np.linalg.norm(R, axis=0)
    scale[scale == 0] = 1.0
    _, values, Vt = np.linalg.svd(R / scale, full_matrices=False)
    rank = int((values > RANK * values[0]).sum())
    return Vt[:rank].T / values[:rank] / scale[:, None]
