"""Profile likelihoods: how far one coefficient can go, all others refitted, until a test rejects it."""

from dataclasses import dataclass

import numpy as np

from ..names import suggestion
from ..solvers import Auto
from ..solvers.base import silent
from .directions import complement

# The profile is taken to be flat for good beyond so many times where the quadratic approximation ends.
ENDLESS = 200.0
# How far beyond its ends, as a multiple of their distance, a profile is shown.
BEYOND = 1.25


@dataclass(frozen=True)
class Profile:
    """How the log-likelihood falls as one reported number is held at other values and all else is refitted.

    Attributes
    ----------
    name : str
    estimate, std_error : float
    lower, upper : float
        Where the log-likelihood has fallen by `cut`: the interval of the likelihood-ratio test; infinite where it
        never does.
    cut : float
        Half the quantile of chi2 with one degree of freedom (of F where the dispersion is estimated by Pearson's X2).
    values : array of shape (m,)
        Ascending, from below `lower` to above `upper`; the estimate is among them.
    fall : array of shape (m,)
        Maximised log-likelihood at each of them minus that of the fit, <= 0.
    """

    name: str
    estimate: float
    std_error: float
    lower: float
    upper: float
    cut: float
    values: np.ndarray
    fall: np.ndarray


def profiles(fit, estimates, reach, scale):
    """The ends (q, 2) of the profile intervals of all reported numbers, NaN where there is none."""
    demand_law(fit)
    ends = np.full((len(estimates.values), 2), np.nan)
    for i in np.flatnonzero(~np.isnan(estimates.values)):
        ends[i] = Held(fit, estimates, i, reach, scale).ends()
    return ends


def profile(fit, estimates, name, reach, scale, n_points):
    """The Profile of one reported number at about so many values."""
    demand_law(fit)
    names = estimates.entries.names
    if name not in names:
        raise ValueError(f"{name!r} is none of the reported numbers {names}.{suggestion(name, names)}")
    i = names.index(name)
    estimate, error = estimates.values[i], estimates.errors[i]
    if np.isnan(estimate):
        raise ValueError(f"The data do not determine {name!r}: its likelihood is flat, without a profile.")
    held = Held(fit, estimates, i, reach, scale)
    lower, upper = held.ends()
    far = np.abs(np.array([lower, upper]) - estimate)
    known = far[np.isfinite(far)]
    below, above = BEYOND * np.where(np.isfinite(far), far, known.max() if len(known) else abs(held.step))
    shares = np.linspace(0, 1, max(n_points // 2, 1) + 1)[1:]
    down, up = estimate - below * shares, estimate + above * shares
    values = np.concatenate([down[::-1], [estimate], up])
    fall = np.concatenate([held.falls(down)[::-1], [0.0], held.falls(up)])
    return Profile(name, estimate, error, lower, upper, 0.5 * reach**2, values, fall)


def demand_law(fit):
    """A ValueError where the nll is not that of the law of y."""
    if not fit.likelihood.proper:
        raise ValueError(f"{fit.likelihood!r} is not the law of y, on purpose: its profile is no likelihood's.")


class Held:
    """The fit with one reported number held at values t, all else refitted.

    Parameters
    ----------
    fit : Fit
    estimates : Estimates
    i : int
        Of the number.
    reach : float
        Quantile of the test.
    scale : float
        The dispersion.
    """

    def __init__(self, fit, estimates, i, reach, scale):
        entries, error, undetermined = estimates.entries, estimates.errors[i], estimates.directions.undetermined
        self.function, self.reach = entries.functions[i], reach
        self.objective, self.origin, self.basis, self.at_fit = fit.objective, np.zeros(len(fit.w)), None, fit.w
        if undetermined.shape[1]:  # directions without any curvature would make the search for an optimum wander
            self.basis = complement(undetermined / np.linalg.norm(undetermined, axis=0))
            self.objective, self.origin = self.objective.along(self.basis, fit.w), fit.w
            self.at_fit = np.zeros(self.basis.shape[1])
        self.best, self.s = self.objective.taylor(self.at_fit, 0)[0], self.objective.rows.total / scale
        self.estimate = self.function(fit.w)[0]
        self.step = reach * error if np.isfinite(error) and error > 0 else entries.units[i]

    def number(self, v):
        """The number at the coordinates v, and its gradient."""
        value, c = self.function(self.origin + (v if self.basis is None else self.basis @ v))
        return value, c if self.basis is None else self.basis.T @ c

    def optimum(self, v, t):
        """The best v with number(v) = t, from a v nearby; F and the slope of F along t there."""
        for _ in range(50):
            value, c = self.number(v)
            v = v + (t - value) / (c @ c) * c
            v = refit(self.objective, v, c)
            if abs(self.number(v)[0] - t) <= 1e-12 * max(abs(t), self.step):
                break
        value, gradient = self.objective.taylor(v, 1)
        return v, value, gradient @ c / (c @ c)

    def falls(self, values):
        """By how much the log-likelihood has changed at each of the values, which lead away from the estimate."""
        v, found = self.at_fit, []
        for t in values:
            at, value, _ = self.optimum(v, t)
            v = at if np.isfinite(value) else v
            found.append(-self.s * max(value - self.best, 0.0) if np.isfinite(value) else -np.inf)
        return np.array(found)

    def ends(self):
        """(lower, upper) ends of the values with 2 (log-likelihood - profile log-likelihood) <= scale reach^2."""
        sides = (-self.step, self.step)
        return tuple(end(self.optimum, self.at_fit, self.estimate, t, self.reach, self.best, self.s) for t in sides)


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
