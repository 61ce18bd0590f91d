"""Profile likelihoods: how far one coefficient can go, all others refitted, until a test rejects it."""

import numpy as np

from ..solvers import Auto
from ..solvers.base import silent
from .directions import complement

# The profile is taken to be flat for good beyond so many times where the quadratic approximation ends.
ENDLESS = 200.0


def profiles(fit, estimates, reach, scale):
    """The ends (q, 2) of the profile intervals of all reported numbers, NaN where there is none; see `profile`."""
    if not fit.likelihood.proper:
        raise ValueError(f"{fit.likelihood!r} is not the law of y, on purpose: its profile is no likelihood's.")
    entries, ends = estimates.entries, np.full((len(estimates.values), 2), np.nan)
    for i in np.flatnonzero(~np.isnan(estimates.values)):
        number, unit, error = entries.functions[i], entries.units[i], estimates.errors[i]
        ends[i] = profile(fit, estimates.directions, number, unit, error, reach, scale)
    return ends


def profile(fit, found, function, unit, error, reach, scale):
    """(lower, upper) ends of the values t with 2 (log-likelihood - profile log-likelihood(t)) <= scale reach^2.

    Parameters
    ----------
    fit : Fit
    found : Directions
    function : callable
        Of w: the number and its gradient.
    unit, error : float
        A natural step of the number, and its standard error, which may be NaN.
    reach : float
        Quantile of the test.
    scale : float
        The dispersion.
    """
    objective, origin, basis = fit.objective, np.zeros(len(fit.w)), np.eye(len(fit.w))
    at_fit = fit.w
    if found.undetermined.shape[1]:  # directions without any curvature would make the search for an optimum wander
        basis = complement(found.undetermined / np.linalg.norm(found.undetermined, axis=0))
        objective, origin, at_fit = objective.along(basis, fit.w), fit.w, np.zeros(basis.shape[1])
    best, s = objective.taylor(at_fit, 0)[0], objective.rows.total
    estimate = function(fit.w)[0]
    step = reach * error if np.isfinite(error) and error > 0 else unit

    def constrained(v, t):
        """The best v with number(v) = t, from a v nearby; F and the slope of F along t there."""
        for _ in range(50):
            value, c = function(origin + basis @ v)
            c = basis.T @ c
            v = v + (t - value) / (c @ c) * c
            v = refit(objective, v, c)
            off = function(origin + basis @ v)[0] - t
            if abs(off) <= 1e-12 * max(abs(t), step):
                break
        value, gradient = objective.taylor(v, 1)
        return v, value, gradient @ c / (c @ c)

    return tuple(end(constrained, at_fit, estimate, side * step, reach, best, s / scale) for side in (-1, 1))


def refit(objective, v, c):
    """The best of all coordinates with c . v as it is."""
    free = c == 0
    if free.sum() == len(v) - 1:  # one coordinate is held
        inner, start = objective.restrict(free, v), v[free]
    else:
        within = complement(c[:, None])
        inner, start = objective.along(within, v), np.zeros(within.shape[1])
    if not len(start):
        return v
    found = Auto().minimize(inner, start, silent, None).w
    if free.sum() < len(v) - 1:
        return v + within @ found
    v = v.copy()
    v[free] = found
    return v


def end(constrained, v, estimate, step, reach, best, s):
    """The t on the side of `step` where the root of twice the fall of the log-likelihood is `reach`; or +-inf.

    That root is nearly linear in t, so Newton's method takes few steps; a bracket keeps it on the way.
    """
    t, inside, outside = estimate + step, estimate, None
    for _ in range(60):
        at, value, slope = constrained(v, t)
        if np.isfinite(value):
            fall = np.sqrt(2 * s * max(value - best, 0.0))
            if abs(fall - reach) <= 1e-10 * reach:
                return t
            v = at
        if np.isfinite(value) and fall < reach:
            inside = t
            if outside is None and abs(t - estimate) > ENDLESS * abs(step):
                return np.copysign(np.inf, step)
        else:
            outside = t
        rate = s * slope / fall if np.isfinite(value) and fall > 0 else 0.0
        t_new = t + (reach - fall) / rate if rate * step > 0 else np.nan
        furthest = estimate + 4 * (inside - estimate) if inside != estimate else estimate + 4 * step
        if outside is None:
            t_new = t_new if abs(t_new - estimate) <= abs(furthest - estimate) else furthest
        elif not min(inside, outside) < t_new < max(inside, outside):
            t_new = 0.5 * (inside + outside)
        if t_new == t:
            return t
        t = t_new
    return t
