"""Residuals: what of y a fitted model leaves over, on four scales, and how strongly each row draws its own fit."""

from dataclasses import replace

import numpy as np
from scipy.special import ndtri_exp
from sklearn.utils import check_random_state

from .design import Root
from .design import leverage as design_leverage
from .estimators.base import BaseMLE
from .estimators.pipelines import unwrap
from .rows import one_blas_thread
from .solvers.steps import orthonormal_coordinates

KINDS = ("quantile", "response", "pearson", "deviance")


def residuals(model, X, y, kind="quantile", *, random_state=None):
    """One residual for each row of y, given X.

    Parameters
    ----------
    model : MLERegressor, MLEClassifier of two classes, or a Pipeline or SearchCV around one
        Fitted.
    X, y
        As `model.fit` receives them; also held-out rows.
    kind : {"quantile", "response", "pearson", "deviance"}, default="quantile"
        "quantile": Phi^-1(P(Y <= y)), standard normal if the model is right, whatever its family. Where the law gives
        single values probability, a uniform draw from P(Y < y) .. P(Y <= y) takes the place of P(Y <= y).
        "response": y - mean. "pearson": (y - mean) / standard deviation. "deviance": the root of the row's share of the
        deviance (from the best fit that any mean gives the row), with the sign of y - mean.
    random_state : int, RandomState or None, default=None
        Of the draws.

    Returns
    -------
    array of shape (n,)

    Raises
    ------
    ValueError
        If the likelihood does not have such residuals.

    References
    ----------
    Dunn and Smyth (1996), Randomized quantile residuals, Journal of Computational and Graphical Statistics 5.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.residuals import residuals
    >>> X, y = load_diabetes(return_X_y=True)
    >>> z = residuals(MLERegressor("gamma").fit(X, y), X, y)
    >>> print(f"{z.mean():.2f} {z.std():.2f}")  # about standard normal
    0.00 1.00
    """
    if kind not in KINDS:
        raise ValueError(f"kind takes one of {list(KINDS)}; got {kind!r}.")
    final, objective, W = training(model, X, y)
    likelihood, block = objective.likelihood, objective.rows.block
    with one_blas_thread, np.errstate(all="ignore"):
        eta = block.eta(W)
        theta = likelihood.theta(eta)
        if kind == "quantile":
            found = quantile_residuals(likelihood, block.y, theta, check_random_state(random_state))
        else:
            number, law = likelihood.observation(block.y, *theta)
            found = number - demand_finite(law.mean(), "mean", kind)
            if kind == "pearson":
                found = found / demand_finite(law.std(), "standard deviation", kind)
            if kind == "deviance":
                found = np.sign(found) * np.sqrt(np.maximum(row_deviance(likelihood, block.y, eta, theta), 0.0))
    return np.array(np.broadcast_to(found, len(block)))


def leverage(model, X, y, *, sample_weight=None):
    """The diagonal of the hat matrix of the first parameter: how strongly each row draws its own fitted value.

    Parameters
    ----------
    model : MLERegressor, MLEClassifier of two classes, or a Pipeline or SearchCV around one
        Fitted.
    X, y, sample_weight
        What `model.fit` received.

    Returns
    -------
    array of shape (n,)
        Of a single copy of each row: weighted with `sample_weight` they add up to the number of coefficients.

    References
    ----------
    Pregibon (1981), Logistic regression diagnostics, Annals of Statistics 9.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.residuals import leverage
    >>> X, y = [[0], [1], [2], [3], [20]], [1.1, 2.9, 5.2, 6.8, 9.1]
    >>> leverage(MLERegressor().fit(X, y), X, y).round(2)  # the last row draws the line to itself
    array([0.3 , 0.26, 0.24, 0.22, 0.99])
    """
    _, objective, W = training(model, X, y, sample_weight)
    layout, likelihood = objective.layout, objective.likelihood
    first = next(iter(likelihood.slices.values()))
    if first.stop - first.start > 1:
        raise ValueError(f"leverage needs a first parameter with one predictor; {likelihood!r} has one per class.")
    one = replace(layout, mask=layout.mask[:1], unit=np.ones(1), held=None)
    with one_blas_thread, np.errstate(all="ignore"):
        R = objective.rows.sum(_root, likelihood, one, W).R
        block = objective.rows.block
        h = np.broadcast_to(likelihood.expected(block.eta(W), block.y)[0][0], len(block))
        return design_leverage(block, one, orthonormal_coordinates(R), h)


def training(model, X, y, sample_weight=None):
    """The final estimator, the objective of these rows, and W in its coordinates of X."""
    final, X = unwrap(model, X)
    if not isinstance(final, BaseMLE):
        raise TypeError(f"residuals need an MLERegressor or MLEClassifier; got {type(final).__name__}.")
    objective = final._objective(X, y, sample_weight)
    return final, objective, objective.layout.unpack(objective.layout.pack(final._W()))


def demand_finite(moment, name, kind):
    """The moment itself; a ValueError where a law has none."""
    if not np.isfinite(moment).all():
        row = int(np.argmax(~np.isfinite(moment)))
        raise ValueError(f"{kind} residuals need a {name}, and the law of row {row} has none. Use 'quantile'.")
    return moment


def quantile_residuals(likelihood, y, theta, rng):
    """Phi^-1 of a uniform draw from the probabilities below and up to y, from the nearer tail."""
    if np.ndim(y) == 2 and likelihood.support.infinite:  # censored: all that is known is the interval
        (lower, upper), law = np.transpose(y), likelihood.dist(*theta)
    else:
        lower, law = likelihood.observation(y, *theta)
        upper = lower
    before = np.nextafter(lower, -np.inf)  # the limit from the left, whatever the law
    u = rng.uniform(size=len(y))
    log_u, log_rest = np.log(u), np.log1p(-u)
    below = np.logaddexp(log_rest + law.logcdf(before), log_u + law.logcdf(upper))
    above = np.logaddexp(log_rest + law.logsf(before), log_u + law.logsf(upper))
    return np.where(below < above, ndtri_exp(np.minimum(below, 0.0)), -ndtri_exp(np.minimum(above, 0.0)))


def row_deviance(likelihood, y, eta, theta):
    """2 phi (saturated log-likelihood - log-likelihood) of each row."""
    if likelihood.saturated is None or not likelihood.proper:
        raise ValueError(f"{likelihood!r} states no saturated log-likelihood, so there are no deviance residuals.")
    phi = 1.0 if likelihood.dispersion is None else likelihood.dispersion(*theta)
    return 2 * phi * (likelihood.saturated(y, *theta) + likelihood.taylor(y, eta, 0)[0])


def _root(block, likelihood, layout, W):
    """The root of Z'[h]Z with the first predictor's expected curvature h."""
    h = np.maximum(likelihood.expected(block.eta(W), block.y)[0][0], 0.0)
    return Root.of(block, layout, [[np.sqrt(h if block.weight is None else block.weight * h)]])


__all__ = ["leverage", "residuals"]
