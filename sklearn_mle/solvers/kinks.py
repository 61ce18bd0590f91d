"""Kinks: descent where they are rounded, less and less, then the vertex by a small linear program."""

from dataclasses import replace
from functools import wraps

import numpy as np
from scipy.optimize import linprog
from sklearn.base import clone

from .base import silent

# Widths over which kinks are rounded, in scales of y: the first of a sample's rows, to come near; then the vertex is
# tried.
WIDTHS, TRIED, SAMPLE = np.logspace(0, -10, 11), 0.01, 2000
# Rows of the linear program to begin with, and per coordinate; and at most.
ROWS, PER_COORDINATE, MOST_ROWS = 500, 50, 10_000
# Linear programs at one width, and what rounding may add to F.
TURNS, ROUNDING = 10, 1e-13


def around_kinks(minimize):
    """Let `minimize` descend where F is piecewise linear in some coordinates and smooth in the others.

    It meets kinks that are rounded. Then a linear program takes the rows near their kink as they are and all others as
    straight lines, a lower bound of F where F is convex: it has found the minimum where F is as low as it says; and
    `minimize` finds what kinks leave free. Under a penalty, or where programs get no further, the kinks are rounded
    over 1e-10 scales in the end.

    References
    ----------
    Portnoy and Koenker (1997), The Gaussian hare and the Laplacian tortoise, Statistical Science 12, section 5.
    """

    @wraps(minimize)
    def rounded(self, objective, w, report, rng):
        if not objective.kinked.any():
            return minimize(self, objective, w, report, rng)

        def report_exact(w, value, gradient_norm, decrement=None):
            report(w, objective.value(w), gradient_norm)

        n = ROWS + PER_COORDINATE * len(w)
        sample = objective.fewer_rows(SAMPLE + n)
        for width in WIDTHS[WIDTHS > TRIED]:
            w = minimize(clone(self).set_params(tol=1e-3 * width**2), sample.smoothed(width), w, silent, rng).w
        n_iter, best = 0, (objective.value(w), w)
        for width in WIDTHS[WIDTHS <= TRIED]:
            solver = clone(self).set_params(tol=1e-3 * width**2, max_iter=self.max_iter - n_iter)
            stage = minimize(solver, objective.smoothed(width), w, report_exact, rng)
            w, n_iter = stage.w, n_iter + stage.n_iter
            best = min(best, (objective.value(w), w), key=_value)
            if objective.penalty.alpha == 0:

                def free(others, w):
                    return minimize(self, others, w, silent, rng)

                value, vertex, certain = _vertex(objective, best[1], n, free)
                best = min(best, (value, vertex), key=_value)
                if certain:
                    report(vertex, value, 0.0)  # the shortest of its subgradients is 0
                    known = {"converged": True, "message": f"the gap of F is below {self.tol:g}", "step": 0 * w}
                    return replace(stage, w=vertex, value=value, n_iter=n_iter, **known)
                n = min(2 * n, MOST_ROWS)
            if n_iter >= self.max_iter:
                break
        value, w = best
        return replace(stage, w=w, value=value, n_iter=n_iter, step=0 * w)

    return rounded


def _vertex(objective, w, n, free):
    """F, where it is, and whether it is a minimum: linear programs with n rows, and `free` for the others, in turns."""
    kinked = objective.kinked
    apart = (kinked | objective.nuisance).all()  # the optimum of those that move rows is the same whatever the others
    value = objective.value(w)
    for _ in range(TURNS):
        step, fall = _linear_program(objective.restrict(kinked, w).near_kinks(w[kinked], n))
        if step is None:
            break
        there, rounding = w.copy(), ROUNDING * max(1.0, abs(value))
        there[kinked] += step
        found = objective.taylor(there, 0)[0]
        exact, straight = found <= value - fall + rounding, abs(found - (value - fall)) <= rounding
        if not kinked.all():
            others = objective.restrict(~kinked, there)
            stage = free(others, there[~kinked])
            there[~kinked], found = stage.w, stage.value
        settled = abs(found - value) <= rounding or (straight and apart)
        if found < value or settled:
            w, value = there, found
        if settled or not exact:
            return value, w, exact
    return value, w, False


def _value(pair):
    return pair[0]


def _linear_program(kinks):
    """The v that minimises rest v + sum_i rise_i(z_i - Z_i v), and how far it falls; None where there is no minimum.

    As rise_i(z) is the largest a_i z with -below_i <= a_i <= above_i, v are the multipliers of Z'a = rest in the dual
    program, max a'z: a basis of it has d rows, that of the program itself as many as Z.
    """
    if not len(kinks.z):  # every row is censored
        return None, None
    unit = kinks.slopes.max()
    bounds = kinks.slopes * [-1, 1] / unit
    result = linprog(-kinks.z, A_eq=kinks.Z.T, b_eq=kinks.rest / unit, bounds=bounds, method="highs")
    if result.status != 0:
        return None, None
    v = -result.eqlin.marginals
    return v, kinks.rise(kinks.z) - kinks.rise(kinks.z - kinks.Z @ v) - float(kinks.rest @ v)
