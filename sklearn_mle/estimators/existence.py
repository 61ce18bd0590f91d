"""Whether maximum-likelihood estimates exist: asked of a table before any fit."""

import numpy as np

from ..separation import separation
from .classifier import MLEClassifier
from .labels import check_labels
from .table import check_length, check_X
from .weights import check_weight


def detect_separation(X, y, *, sample_weight=None, fit_intercept=True):
    """Whether the maximum-likelihood estimates of a model of labels exist, by linear programming.

    They do not where a linear score tells the classes of some rows apart without error: see
    `sklearn_mle.separation.separation`. The link of the probabilities does not matter.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n, p)
    y : array-like of shape (n,)
        Labels.
    sample_weight : array-like of shape (n,), default=None
        Rows of weight zero do not count.
    fit_intercept : bool, default=True

    Returns
    -------
    Separation

    Examples
    --------
    >>> from sklearn_mle import detect_separation
    >>> detect_separation([[1.0], [2.0], [3.0], [4.0]], [0, 0, 1, 1]).kind
    'complete'
    """
    table = MLEClassifier()  # learns the names of columns
    X = check_X(table, X, reset=True)
    weight = check_weight(sample_weight, X.shape[0])
    y, _ = check_labels(y, "detect_separation")
    y = check_length(y, X.shape[0])
    if y.ndim > 1:
        raise ValueError(f"detect_separation takes one label a row; got y of shape {y.shape}.")
    if weight is not None:
        X, y = X[weight > 0], y[weight > 0]
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"detect_separation needs two classes at least; y has {classes.tolist()}.")
    free = np.ones(1 + X.shape[1], dtype=bool)
    free[0] = fit_intercept
    return separation(X, np.eye(len(classes))[codes], free, getattr(table, "feature_names_in_", None))
