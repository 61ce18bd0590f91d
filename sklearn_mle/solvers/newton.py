"""Newton's method: full steps with the observed curvature, shortened until F falls."""

import numpy as np

from .base import Solution, Solver, in_stages
from .kinks import around_kinks
from .steps import LOOSE, Reach, better_coordinates, newton_step

# What counts as none at the end, where it may be that of a flat part beyond a hump; and how often that is tried.
FLAT_AFTER_ALL, RETURNS = 1e-9, 3
# Steps in a row without H itself, before which the modulus of H is tried for the metric.
MODULUS_AT = range(3, 100, 2)
# A slope without curvature is given up after so many steps: beyond e^-40 of where it started, a scale is below the last
# digit of y.
GIVEN_UP = 8
ROUNDING = 8 * np.finfo(float).eps
# The largest relative noise of F: that of (y - mu) / sigma where y is 1e9 from 0, or X in sparse blocks.
NOISE_OF_F = 1e-8
# After so many steps in a row that hardly change F, what is left of the gap is hidden in its noise.
STILL = 3
# Where the gap is closed but the step, in natural units, is neither short nor one towards a limit, F is flat: so many
# more bring the digits.
LEAST_STEP, LIMIT_STEP, MORE = 1e-7, 1e-2, 2
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

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.solvers import Newton
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> model = MLERegressor("poisson", solver=Newton(tol=1e-10)).fit(X, y)
    >>> print(model.coef_.round(4), model.converged_)
    [0.7734] True
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
                columns = better_coordinates(objective, x, loose)
                along = objective.along(columns, x)
                parts = along.taylor(np.zeros(columns.shape[1]), 2)
                if np.isfinite(parts[1]).all():
                    objective, origin, basis, x = along, w, columns, np.zeros(columns.shape[1])
                    value, g, H = parts
                    reach.change(columns.shape[1] - loose.sum(), loose)
                    step, *_, sloping, exact = newton_step(objective, x, g, H, short in MODULUS_AT, reach)
            direction = step if basis is None else basis @ step
            falls = falls + 1 if sloping else 0
            short = 0 if exact else short + 1
            decrement = -0.5 * float(g @ step)
            report(w, value, float(np.linalg.norm(g)), decrement)
            rounding = ROUNDING * max(1.0, abs(value))
            near = decrement <= max(self.tol, np.finfo(float).eps) * max(1.0, abs(value))
            longer += near
            flat = basis is None and LEAST_STEP < np.abs(direction).max(initial=0.0) < LIMIT_STEP
            if near and not (flat and longer <= MORE):
                last = objective.taylor(x + step, 1)
                if -np.inf < last[0] <= value + rounding or flatter(last, value, g, step):
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
