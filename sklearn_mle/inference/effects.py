"""The mean of y given x as the coefficients make it: its confidence interval, and its slopes in the columns of X."""

from dataclasses import dataclass

import numpy as np

from .. import jets
from ..design import predictor_covariances
from ..design.layout import designs
from ..jets import expit, logit
from .entries import coefficient_map


def mean_functions(model):
    """What `predict` estimates, as functions of the rows of eta: one; of labels C probabilities, or one of two."""
    likelihood = model.likelihood_
    if not hasattr(model, "classes_"):
        return [lambda *eta: likelihood.point(*likelihood.theta(eta))]
    rows = range(len(model.classes_)) if len(model.classes_) > 2 else [1]
    return [lambda *eta, c=c: np.exp(likelihood.log_proba(*likelihood.theta(eta))[c]) for c in rows]


def taylor(function, eta, order):
    """Value and derivatives of a function of rows, by differences where it is not written with ufuncs."""
    try:
        return jets.taylor(function, eta, order)
    except TypeError:
        return jets.taylor(jets.numeric(function), eta, order)


def scale_of(likelihood, labels):
    """Three functions: the mean on a scale on which it may be anything, the way back, and the slope of the first."""
    support = likelihood.support
    if labels or (support.lower, support.upper) == (0.0, 1.0):
        return logit, expit, lambda mean: 1 / (mean * (1 - mean))
    if support.lower >= 0 and support.upper == np.inf and support.columns == 1:
        return np.log, np.exp, lambda mean: 1 / mean
    return (lambda mean: mean), (lambda mean: mean), np.ones_like


def mean_interval(inference, X, level):
    """Ends of the interval: (n, 2), or (n, C, 2)."""
    reach = inference._estimates.reach(level)
    fit, found = inference._fit, inference._estimates.directions
    block, layout = fit.block(X), fit.objective.layout
    eta = block.eta(layout.unpack(fit.w))
    C = predictor_covariances(block, layout, inference._estimates.covariance)
    K, n = len(eta), len(block)
    to_line, back, slope_to_line = scale_of(fit.likelihood, hasattr(fit.model, "classes_"))
    intervals = []
    for function in mean_functions(fit.model):
        mean, g = taylor(function, eta, 1)
        shares = [g[k] * g[k] * C[k][k] for k in range(K)]
        which = [k for k in range(K) if np.any(shares[k] > 1e-16 * sum(shares))]
        if len(which) == 1:
            # A function of one predictor: its interval, mapped.
            (k,) = which
            reaches = [
                [row + side * reach * np.sqrt(C[k][k]) * (m == k) for m, row in enumerate(eta)] for side in (-1, 1)
            ]
            ends = np.sort([np.broadcast_to(function(*rows), n) for rows in reaches], axis=0)
        else:
            variance = sum(g[k] * C[k][m] * g[m] for k in range(K) for m in range(K))
            spread = reach * np.sqrt(variance) * slope_to_line(mean)
            ends = np.stack([np.broadcast_to(back(to_line(mean) + side * spread), n) for side in (-1, 1)])
        ends = np.where(undetermined(block, layout, g, found), np.nan, ends)
        intervals.append(ends.T)
    return intervals[0] if len(intervals) == 1 else np.stack(intervals, axis=1)


def undetermined(block, layout, g, found):
    """Which rows' g . eta changes along directions that the data do not determine, or that lead to a limit."""
    changes = np.zeros(len(block), dtype=bool)
    for N in np.hstack([found.undetermined, found.unbounded]).T:
        N = N / np.linalg.norm(N)
        for rows, Z in block.tiles(layout):
            terms = [unit * (Z_k @ N[at]) for Z_k, at, unit in designs(Z, layout)]
            terms = [term * np.broadcast_to(g[k], len(block))[rows] for k, term in enumerate(terms)]
            changes[rows] |= np.abs(sum(terms)) > 1e-6 * sum(map(np.abs, terms)) + 1e-9 * np.linalg.norm(Z, axis=1)
    return changes


@dataclass(frozen=True)
class Effects:
    """Average marginal effects: arrays of shape (columns,), or (columns, C) of C > 2 classes."""

    names: list
    effect: np.ndarray
    std_error: np.ndarray
    z: np.ndarray
    p_value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def effects(inference, X, level):
    """The average of d mean / dx_j over the rows of X, for every column j with a slope, as `Effects`."""
    law, reach = inference._estimates.law, inference._estimates.reach(level)
    fit, found = inference._fit, inference._estimates.directions
    block, layout = fit.block(X), fit.objective.layout
    W = layout.unpack(fit.w)
    eta, n, K = block.eta(W), len(block), len(W)
    dW = coefficient_map(layout)
    columns = np.flatnonzero(layout.mask[:, 1:].any(axis=0))
    values, errors = [], []
    for function in mean_functions(fit.model):
        _, g, h = taylor(function, eta, 2)
        slopes = np.array([np.mean(row) for row in g])
        # d mean(g_k) / dw: the derivative of the slope, through all predictors.
        bends = np.array([layout.gradient(block.score(h[k], layout.sloped)) / n for k in range(K)])
        value = slopes @ W[:, 1 + columns]
        J = np.einsum("k,kjd->jd", slopes, dW[:, 1 + columns]) + W[:, 1 + columns].T @ bends
        error = np.sqrt(((J @ inference._estimates.covariance) * J).sum(axis=1))
        for N in np.hstack([found.undetermined, found.unbounded]).T:
            N = N / np.linalg.norm(N)
            moved = np.abs(J @ N)
            error[(moved > 1e-6 * error) & (moved > 1e-9 * (np.abs(J) @ np.abs(N)))] = np.nan
        values.append(value)
        errors.append(error)
    effect, error = (
        np.squeeze(np.stack(rows, axis=1), axis=1) if len(rows) == 1 else np.stack(rows, axis=1)
        for rows in (values, errors)
    )
    z = effect / error
    names = [fit.columns[j] for j in columns]
    return Effects(names, effect, error, z, 2 * law.sf(np.abs(z)), effect - reach * error, effect + reach * error)
