"""Fitted models side by side: held-out log scores, and how sure their differences are."""

from collections.abc import Mapping

import numpy as np
from sklearn.utils import Bunch

from ..estimators.weights import check_weight
from .scorers import LogScore
from .scores import average


class Comparison(Bunch):
    """A table as a dict of arrays, also by attribute, best model first; ``pandas.DataFrame(comparison)`` works."""

    def __repr__(self):
        columns = [[name, *map(_text, values)] for name, values in self.items()]
        widths = [max(map(len, column)) for column in columns]
        lines = []
        for name, *cells in zip(*columns, strict=True):
            first, *rest = widths
            lines.append("  ".join([name.ljust(first), *(c.rjust(w) for c, w in zip(cells, rest, strict=True))]))
        return "\n".join(lines)


def _text(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def compare_log_scores(models, X, y, *, resolution=None, sample_weight=None):
    """Mean log scores of held-out rows, with the standard error of each model's paired difference to the best.

    Rows are independent and scored by all models, so that what makes a row hard cancels in the difference: its standard
    error is the standard deviation of the rows' differences over sqrt(n).

    Parameters
    ----------
    models : dict {name: fitted model} or list of fitted models
        Estimators, Pipelines or searches; those of a list are called 0, 1, ...
    X, y
        Rows that no model has seen.
    resolution : float or None, default=None
        The unit in which y is recorded, needed where families of counts and of real numbers meet; see `LogScore`.
    sample_weight : array-like of shape (n,), default=None
        Weight 2 is the row twice.

    Returns
    -------
    Comparison
        Columns "model", "mean_log_score", "difference" (to the best, <= 0), "standard_error" and "z", the difference in
        standard errors: beyond -2 it is hardly chance. NaN where it says nothing: of the best model itself, and of
        infinite scores.

    References
    ----------
    Diebold and Mariano (1995), Comparing predictive accuracy, Journal of Business & Economic Statistics 13.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.metrics import compare_log_scores
    >>> X, y = load_diabetes(return_X_y=True)
    >>> models = {name: MLERegressor(name).fit(X[::2], y[::2]) for name in ("gaussian", "gamma")}
    >>> table = compare_log_scores(models, X[1::2], y[1::2], resolution=1.0)
    >>> sorted(table)
    ['difference', 'mean_log_score', 'model', 'standard_error', 'z']
    """
    if isinstance(models, Mapping):
        named = dict(models)
    elif isinstance(models, list | tuple):
        named = dict(enumerate(models))
    else:
        raise TypeError(f"models is a dict {{name: fitted model}} or a list of fitted models; got {models!r}.")
    if not named:
        raise ValueError("models is empty: there is nothing to compare.")
    scorer = LogScore(resolution)
    rows = np.stack([scorer.rows(model, X, y) for model in named.values()])
    weight = check_weight(sample_weight, rows.shape[1])
    n = np.float64(rows.shape[1] if weight is None else weight.sum())
    means = np.array([average(row, weight) for row in rows])
    order = np.argsort(-means, kind="stable")
    best = rows[order[0]]
    differences, errors = np.zeros(len(rows)), np.full(len(rows), np.nan)
    with np.errstate(all="ignore"):
        for k, row in enumerate(rows):
            gap = np.where(row == best, 0.0, row - best)
            differences[k] = average(gap, weight)
            errors[k] = np.sqrt(average((gap - differences[k]) ** 2, weight) / (n - 1))
        z = np.where(differences == 0, np.nan, differences / errors)
    columns = {"mean_log_score": means, "difference": differences, "standard_error": errors, "z": z}
    names = np.array(list(named), dtype=object)
    return Comparison(model=names[order], **{name: values[order] for name, values in columns.items()})
