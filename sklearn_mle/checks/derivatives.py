"""Rules of the derivatives: against differences, against jets, and far out."""

import numpy as np

from .. import jets
from ..likelihoods import Likelihood
from .base import demand, demand_close
from .contract import GRADIENT, HESSIAN
from .specimen import arrays, inside

# An nll that overflows passes this on its way to inf, from one unit of eta to the next.
HUGE = 1e100


def differences(specimen, order, h=1e-3):
    """For each k, the derivative of taylor's last part by eta_k, and an estimate of its error.

    Central differences of fourth order; the error is estimated from those of twice the step, whose own is 16 times
    as large.
    """
    y, eta, n, steps = specimen.y, specimen.eta, len(specimen.y), (-1, 1, -2, 2, -4, 4)
    moves = [(k, step) for k in range(specimen.K) for step in steps]
    # All moves at once: what costs is the number of calls of `dist`.
    moved = [np.concatenate([row + h * step * (m == k) for k, step in moves]) for m, row in enumerate(eta)]
    f = specimen.taylor(np.concatenate([y] * len(moves)), moved, order)[-1]
    f = f.reshape(*f.shape[:-1], specimen.K, len(steps), n)
    for k in range(specimen.K):
        f_1, f1, f_2, f2, f_4, f4 = (f[..., k, i, :] for i in range(len(steps)))
        slope = (8 * (f1 - f_1) - (f2 - f_2)) / (12 * h)
        coarse = (8 * (f2 - f_2) - (f4 - f_4)) / (24 * h)
        yield k, slope, np.abs(slope - coarse)


def gradient_is_the_slope_of_the_nll(specimen):
    """taylor's gradient is the derivative of its nll in eta, by differences."""
    y, eta = specimen.y, specimen.eta
    nll, g = specimen.taylor(y, eta, 1)
    for k, slope, error in differences(specimen, 0):
        look = "Look at `derivatives`: is the chain rule's factor there?"
        tolerance = GRADIENT * (1 + np.abs(nll)) + error
        demand_close(g[k], slope, tolerance, f"the gradient in eta[{k}]", specimen.at(y, eta), look)


def hessian_is_the_slope_of_the_gradient(specimen):
    """Where the nll is smooth, taylor's Hessian is the derivative of its gradient in eta, by differences."""
    if not specimen.likelihood.smooth:
        return
    y, eta = specimen.y, specimen.eta
    _, g, h = specimen.taylor(y, eta)
    for k, slope, error in differences(specimen, 1):
        tolerance = HESSIAN * (1 + np.abs(g)) + error
        what = f"the Hessian's row {k}"
        demand_close(h[k], slope, tolerance, what, specimen.at(y, eta), "Look at the second order of `derivatives`.")


def derivatives_are_those_of_log_prob(specimen):
    """Analytic `derivatives` agree with the jets of log_prob to ten digits, for |eta| <= 5."""
    likelihood = specimen.likelihood
    default = all(likelihood.parameters[name] == likelihood.links[name] for name in likelihood.slices)
    if likelihood.derivatives is None or not default:
        return
    rng = np.random.RandomState(7)
    eta = list(rng.uniform(-5, 5, (specimen.K, 200)))
    y = specimen.draw(eta, 200, rng)
    # Of a law without moments y may be 1e87, where the jets themselves lose their digits.
    far = (np.isfinite(y) & (np.abs(y) > 1e8)).reshape(200, -1).any(axis=1)
    y[far] = specimen.y[np.flatnonzero(far) % len(specimen.y)]
    exact = arrays(jets.taylor(lambda *rows: -likelihood.log_prob(y, *likelihood.theta(rows)), eta, 2), 200)
    look = "Look at `derivatives`."
    names = ("nll", "gradient", "Hessian") if likelihood.smooth else ("nll", "gradient")  # else it is the expected one
    for name, found, expected in zip(names, specimen.taylor(y, eta), exact, strict=False):
        demand_close(found, expected, 1e-10, f"the analytic {name}", specimen.at(y, eta), look)


def far_out_numbers_are_numbers(specimen):
    """At eta_k from -50 to 50 neither nll, gradient nor Hessian is NaN, and no density is infinite."""
    for k, y, grid, _, (nll, g, h) in specimen.far_out:
        for name, part in (("nll", nll), ("gradient", g), ("Hessian", h)):
            bad = np.argwhere(np.isnan(part) | ((part == -np.inf) & (name == "nll")))
            if len(bad):
                *_, t, i = bad[0]
                raise AssertionError(
                    f"the {name} is {part[tuple(bad[0])]} at eta[{k}] = {grid[t]:g}, y = {y[i].tolist()}, the other "
                    "predictors at the start. Carry the logarithm or the log-odds, never clip."
                )


def far_out_nothing_is_lost(specimen):
    """On the way to eta_k = +-50 the nll becomes infinite by overflow only, or because y leaves dist's support."""
    likelihood = specimen.likelihood
    names = [name for name, rows in likelihood.slices.items() for _ in range(rows.start, rows.stop)]
    for k, y, grid, eta, (nll, *_) in specimen.far_out:
        t = np.arange(len(grid))
        inner = t - np.sign(t - np.argmin(np.abs(grid - specimen.start[k])))  # the grid point before, from the start
        domain = inside(likelihood.links[names[k]], likelihood.parameters[names[k]].inverse(grid))
        lost = np.isinf(nll) & (nll[inner] < HUGE) & domain[:, None]
        if lost.any() and specimen.has_law and not specimen.labels:
            law = likelihood.dist(*likelihood.theta(eta))
            ends = law.support() if hasattr(law, "support") else (likelihood.support.lower, likelihood.support.upper)
            lower, upper = (np.resize(end, nll.size).reshape(nll.shape) for end in ends)
            lost &= (lower < y) & (y < upper)
        if lost.any():
            t, i = np.argwhere(lost)[0]
            message = (
                f"the nll jumps from {nll[inner[t], i]:.6g} at eta[{k}] = {grid[inner[t]]:g} to inf at {grid[t]:g}, "
                f"y = {y[i].tolist()}, the other predictors at the start. Look for the logarithm of what underflows "
                "(log(expit(eta)), log(1 - p)): write log_expit, log_ndtr, log1p, logaddexp."
            )
            demand(type(likelihood).log_prob is Likelihood.log_prob, message)
            specimen.remarks.append(f"{message} The logarithm is scipy's: write log_prob to do better.")
            return


def far_out_the_gradient_points_uphill(specimen):
    """At eta_k = +-50 the gradient has the sign of the nll's change over the unit steps before and behind."""
    for k, y, grid, _, (nll, g, _) in specimen.far_out:
        for t in (1, len(grid) - 2):
            before, behind = nll[t] - nll[t - 1], nll[t + 1] - nll[t]
            changes = np.minimum(np.abs(before), np.abs(behind)) > 1e-10 * (1 + np.abs(nll[t]))
            clear = changes & np.isfinite(nll[t - 1 : t + 2]).all(axis=0) & (np.sign(before) == np.sign(behind))
            wrong = clear & (np.sign(g[k, t]) != np.sign(before))
            if wrong.any():
                i = int(np.argmax(wrong))
                raise AssertionError(
                    f"the gradient in eta[{k}] = {grid[t]:g} is {g[k, t, i]:.6g} where the nll goes "
                    f"{nll[t - 1, i]:.10g}, {nll[t, i]:.10g}, {nll[t + 1, i]:.10g} in unit steps, y = {y[i].tolist()}. "
                    "Look for cancellation or clipping in the tail."
                )
