"""Covariances of the coordinates: inverse curvatures, and sandwiches of them around the scatter of the scores."""

from dataclasses import replace

import numpy as np

from . import sums
from .directions import coordinates, directions

CURVATURES = ("observed", "expected")
#: Sandwiches whose rows are independent, and the power of 1 - leverage by which each row's score is divided.
SANDWICHES = {"sandwich": 0, "HC1": 0, "HC2": 1, "HC3": 2}


def check_covariance(fit, covariance, groups):
    """A ValueError where the likelihood, or its parameters, do not have such a covariance."""
    likelihood, known = fit.likelihood, [*CURVATURES, *SANDWICHES, "cluster"]
    if covariance not in known:
        raise ValueError(f"covariance takes one of {known}; got {covariance!r}.")
    if (covariance == "cluster") != (groups is not None):
        raise ValueError(
            "covariance='cluster' needs groups, one label for each row of X."
            if groups is None
            else f"groups are for covariance='cluster'; got covariance={covariance!r}."
        )
    if not likelihood.proper and covariance in CURVATURES:
        raise ValueError(
            f"{likelihood!r} is not the law of y, on purpose: the curvature of its nll says nothing about the spread "
            "of the estimates. Use covariance='sandwich' (or HC1, cluster)."
        )
    if not likelihood.smooth and covariance == "observed":
        raise ValueError(
            f"The nll of {likelihood!r} has kinks, at which it has no curvature to observe. "
            "Use covariance='sandwich', or 'expected' if y has that law."
        )
    if SANDWICHES.get(covariance, 0):
        first, *others = likelihood.slices.values()
        sloped = fit.objective.layout.sloped
        if first.stop - first.start > 1 or any(sloped[k].any() for k in others):
            raise ValueError(
                f"{covariance} divides by 1 - leverage, which needs one regressed parameter with one predictor; "
                "use 'sandwich' or 'HC1'."
            )


def check_dispersion(fit, dispersion):
    """A ValueError where the likelihood has no such dispersion."""
    if dispersion not in ("ml", "pearson"):
        raise ValueError(f"dispersion takes 'ml' or 'pearson'; got {dispersion!r}.")
    if dispersion == "pearson":
        likelihood = fit.likelihood
        if likelihood.dispersion is None:
            raise ValueError(
                f"dispersion='pearson' needs a variance phi V(mean) with one phi (Gaussian, Poisson, Gamma ...); "
                f"{likelihood!r} has none."
            )
        first, *others = likelihood.slices.items()
        regressed = [name for name, k in others if fit.objective.layout.sloped[k].any()]
        if regressed:
            raise ValueError(f"dispersion='pearson' estimates one dispersion; here {regressed[0]} depends on X.")


def first_coordinates(fit):
    """Which coordinates of w belong to the first parameter, boolean (d,)."""
    layout = fit.objective.layout
    k = next(iter(fit.likelihood.slices.values()))
    predictors = np.repeat(np.arange(len(layout.mask)), layout.mask.sum(axis=1))
    return (predictors >= k.start) & (predictors < k.stop)


def mean_size(fit, found):
    """The number of the first parameter's entries that the data determine."""
    first = first_coordinates(fit)
    within = found.undetermined[first]
    return int(first.sum()) - int(np.abs(within).any(axis=0).sum())


def residual_df(fit, found, what):
    """n - d_mu; a ValueError, for `what` needs it, where nothing is left."""
    n, size = fit.objective.rows.total, mean_size(fit, found)
    if n <= size:
        raise ValueError(f"{what} divides by rows less coefficients; here {n:g} rows have {size} coefficients.")
    return n - size


def scaled(fit, C, scale):
    """The covariance C of w with that of the first parameter's coordinates times `scale`."""
    roots = np.where(first_coordinates(fit), np.sqrt(scale), 1.0)
    return C * np.outer(roots, roots)


def group_numbers(fit, groups):
    """The number of every row's group, and how many groups have a row of positive weight."""
    groups, n = np.asarray(groups), len(fit.objective.rows)
    if groups.shape != (n,):
        raise ValueError(f"groups must have one label for each of the {n} rows of X; their shape is {groups.shape}.")
    objects = groups.dtype == object
    missing = np.array([is_missing(label) for label in groups]) if objects else groups != groups
    if missing.any():
        row = int(np.argmax(missing))
        raise ValueError(f"groups[{row}] is {groups[row]}: every row needs a group.")
    if objects:  # which need not have an order
        labels = {label: number for number, label in enumerate(dict.fromkeys(groups))}
        numbers = np.array([labels[label] for label in groups])
    else:
        numbers = np.unique(groups, return_inverse=True)[1]
    G = len(np.unique(numbers[fit.objective.rows.counting(np.arange(fit.objective.n_rows))]))
    if G < 2:
        raise ValueError("covariance='cluster' needs at least two groups of rows with positive weight; groups has one.")
    return numbers, G


def is_missing(label):
    """Whether a label is None, NaN, or what other packages have in their place: values that do not equal themselves."""
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas' NA says neither yes nor no
        return True


def covariance_of(fit, covariance, groups):
    """The directions that the data determine, and the covariance (d, d) of the coordinates w.

    Parameters
    ----------
    fit : Fit
    covariance : str
    groups : array of shape (n,) or None

    References
    ----------
    White (1980), A heteroskedasticity-consistent covariance matrix estimator, Econometrica 48; MacKinnon and White
    (1985), Some heteroskedasticity-consistent covariance matrix estimators, Journal of Econometrics 29 (HC1 - HC3);
    Liang and Zeger (1986), Longitudinal data analysis using generalized linear models, Biometrika 73 (clusters).
    """
    objective, w = fit.objective, fit.w
    if covariance not in CURVATURES:
        objective = objective.with_density_at_kinks(w)
    found = directions(objective, w, expected=covariance == "expected")
    if covariance in CURVATURES:
        return found, found.covariance
    inner = found.along(objective, w)
    layout, rows, likelihood, W = inner.layout, objective.rows, objective.likelihood, objective.layout.unpack(w)
    if covariance == "cluster":
        numbers, G = group_numbers(fit, groups)
        scores = rows.sum(sums.GroupScores.of, likelihood, layout, W, numbers).scores
        M = scores.T @ scores * (G / (G - 1))
    else:
        power, hat = SANDWICHES[covariance], None
        if power:
            one = replace(objective.layout, mask=layout.mask[:1], unit=np.ones(1), held=None, basis=None)
            hat = coordinates(rows.sum(sums.hat_root, likelihood, one, W).R)[0]
        M = rows.sum(sums.meat, likelihood, layout, W, power, hat)
    if covariance == "HC1":
        M = M * (rows.total / residual_df(fit, found, "covariance='HC1'"))
    return found, found.sandwich(M)
