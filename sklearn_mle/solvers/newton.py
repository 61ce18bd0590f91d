"""Newton's method: observed curvature, each row's modulus where that is indefinite, better coordinates where ill."""

from functools import cached_property

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
# What counts as none at the end, where it may be that of a flat part beyond a hump; and how often that is tried.
FLAT_AFTER_ALL, RETURNS = 1e-9, 3
# Steps in a row without H itself, before which the modulus of H is tried for the metric.
MODULUS_AT = range(3, 100, 2)
# A slope without curvature is followed by FAR natural units a step, and given up after so many of them: beyond
# e^-40 of where it started, a scale is below the last digit of y.
FAR, GIVEN_UP = 8.0, 8
# Where the curvature is less than this share of that at the start, it says little about what is farther off.
LOOSE = 1e-2
# Singular values of the root below this share of the largest are exact collinearity.
RANK = 1e-12
ROUNDING = 8 * np.finfo(float).eps
# The largest relative noise of F: that of (y - mu) / sigma where y is 1e9 from 0, or X in sparse blocks.
NOISE_OF_F = 1e-8
# After so many steps in a row that hardly change F, what is left of the gap is hidden in its noise.
STILL = 3
# Where the gap is closed but the step, in natural units, is neither short nor one towards a limit, F is flat: so many
# more bring the digits.
SHORT, LONG, MORE = 1e-7, 1e-2, 2
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
        whole, start, returns, reach = objective, w, RETURNS, Reach(objective, w)
        # Steps in a row: down a slope without curvature, by a metric, that change nothing.
        falls, short, still, longer, deficiency = 0, 0, 0, 0, None
        for n_iter in range(1, self.max_iter + 1):
            step, ill, rank, sloping, exact = newton_step(objective, x, g, H, short in MODULUS_AT, reach)
            deficiency = len(x) - rank + ill if deficiency is None else deficiency
            if basis is None and not sloping and (ill or len(x) - rank > objective.invariances):
                loose = np.diag(H) < LOOSE * reach.curvature
                columns = better_coordinates(objective.root(x), loose)
                along = objective.along(columns, x)
                parts = along.taylor(np.zeros(columns.shape[1]), 2)
                if np.isfinite(parts[1]).all():
                    objective, origin, basis, x = along, w, columns, np.zeros(columns.shape[1])
                    value, g, H = parts
                    reach.curvature = np.append(np.ones(columns.shape[1] - loose.sum()), reach.curvature[loose])
                    step, *_, sloping, exact = newton_step(objective, x, g, H, short in MODULUS_AT, reach)
            direction = step if basis is None else basis @ step
            falls = falls + 1 if sloping else 0
            short = 0 if exact else short + 1
            decrement = -0.5 * float(g @ step)
            report(w, value, float(np.linalg.norm(g)), decrement)
            rounding = ROUNDING * max(1.0, abs(value))
            near = decrement <= max(self.tol, np.finfo(float).eps) * max(1.0, abs(value))
            longer += near
            flat = basis is None and SHORT < np.abs(direction).max(initial=0.0) < LONG
            if near and not (flat and longer <= MORE):
                last = objective.taylor(x + step, 1)
                if last[0] <= value + rounding or flatter(last, value, g, step):
                    x, value = x + step, last[0]
                    w = _place(origin, basis, x)
                back = None
                if returns:
                    diagonal = np.diag(H if basis is None else whole.taylor(w, 2)[2])
                    back = on_the_way_back(whole, w, start, value, diagonal)
                if back is not None:
                    objective, basis, returns = whole, None, returns - 1
                    w, x, reach = back, back, Reach(whole, start)
                    value, g, H = objective.taylor(x, 2)
                    continue
                message = f"the gap of F is below {self.tol:g}"
                return Solution(w, value, n_iter, True, message, direction, deficiency)
            if still > STILL and decrement <= NOISE_OF_F * max(1.0, abs(value)):
                return Solution(w, value, n_iter, True, "F no longer changes", direction, deficiency)
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
            before = value
            value, g, H = trial if length == 1.0 else objective.taylor(x, 2)
            still = still + 1 if abs(value - before) <= max(rounding, self.tol * max(1.0, abs(value))) else 0
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


def on_the_way_back(objective, w, start, value, diagonal):
    """A point with less F than w where coordinates without curvature are moved back towards the start; None if none is.

    A step may have taken a parameter over a hump into the flat part of F, where no derivative leads back.
    """
    flat = np.abs(diagonal) < FLAT_AFTER_ALL
    if not flat.any():
        return None
    points = [np.where(flat, w + share * (start - w), w) for share in 2.0 ** -np.arange(8)]
    values = [objective.taylor(point, 0)[0] for point in points]
    best = int(np.argmin(values))
    return points[best] if values[best] < value - 1e-10 * max(1.0, abs(value)) else None


class Reach:
    """How far a step may go where the curvature has nearly vanished since the start: it knows of no hump in between."""

    def __init__(self, objective, w):
        self.objective, self.w = objective, w

    @cached_property
    def curvature(self):
        """That of the metric at the start, of each coordinate."""
        return np.diag(self.objective.metric(self.w))

    def limited(self, step, g, curvature):
        """The step, with at most FAR natural units of each coordinate whose curvature is LOOSE."""
        if np.abs(step).max(initial=0.0) <= FAR:
            return step
        unit = 1 / np.sqrt(np.maximum(self.curvature, FLAT))
        limited = np.where(curvature < LOOSE * self.curvature, np.clip(step, -FAR * unit, FAR * unit), step)
        return limited if g @ limited <= 0.0 else step * min(1.0, np.min(FAR * unit / np.maximum(np.abs(step), FLAT)))


def newton_step(objective, w, g, H, short, reach):
    """-H^-1 g, by the metric where H is indefinite; ill, rank as `solve` says; does F slope where H is 0; is H exact.

    Rows of either sign, whose sum is about 0, have a metric in which steps are too `short`: then H's modulus it is.
    """
    step, ill, rank = solve(H, -g)
    exact = step is not None
    if not exact:
        H = modulus(H) if short else objective.metric(w)
        step, ill, rank = solve(H, -g, semidefinite=True)
    if step is None:  # the curvature overflows
        return -g, False, len(g), False, True
    slope = g + H @ step  # what is left of it where there is no curvature: far on, and the search shortens
    steepest = np.abs(slope).max(initial=0.0)
    sloping = steepest > max(1e-8, 1e-4 * np.abs(g).max(initial=0.0))  # more than rounding
    step = step - FAR / steepest * slope if sloping else step
    return reach.limited(step, g, np.diag(H)), ill, rank, sloping, exact


def modulus(H):
    """V |D| V' of H = V D V'."""
    if not np.isfinite(H).all():
        return H
    values, vectors = np.linalg.eigh(H)
    return (vectors * np.abs(values)) @ vectors.T


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


def better_coordinates(R, loose):
    """Orthonormal ones for all but the `loose` coordinates, which keep their units and their reach."""
    within = orthonormal_coordinates(R[:, ~loose])
    columns = np.zeros((len(loose), within.shape[1] + loose.sum()))
    columns[~loose, : within.shape[1]] = within
    columns[loose, within.shape[1] :] = np.eye(loose.sum())
    return columns


def orthonormal_coordinates(R):
    """B with B'R'R B = I over the directions in which R is not zero, by the SVD of R with equilibrated columns."""
    scale = np.linalg.norm(R, axis=0)
    scale[scale == 0] = 1.0
    _, values, Vt = np.linalg.svd(R / scale, full_matrices=False)
    rank = int((values > RANK * values.max(initial=0.0)).sum())
    return Vt[:rank].T / values[:rank] / scale[:, None]
