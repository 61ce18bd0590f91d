"""The model in Pipelines and searches, and the predictive distribution that these do not forward."""

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .table import is_dask


def unwrap(model, X):
    """The final estimator of Pipelines and searches, and X as it receives it."""
    while True:
        if isinstance(model, Pipeline):
            check_is_fitted(model)
            if is_dask(X) and len(model) > 1:  # scikit-learn's transformers would fetch all of it
                raise TypeError(
                    "X is a collection of Dask, which the steps of a Pipeline do not take: transform its partitions, "
                    "X.map_blocks(pipeline[:-1].transform), and pass the last step, pipeline[-1]."
                )
            X, model = (model[:-1].transform(X) if len(model) > 1 else X), model[-1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            return model, X


def predict_dist(model, X):
    """The predictive distribution p(y | x) of each row, through Pipelines and searches.

    Parameters
    ----------
    model : MLERegressor, or a Pipeline or SearchCV around one
        Fitted.
    X : array-like of shape (n, p)
        As `model.predict` receives it.

    Returns
    -------
    sklearn_mle.distributions.Predictive
        n distributions: `mean`, `std`, `cdf`, `ppf`, `log_prob`, ..., `params`, `len` and slicing.

    Raises
    ------
    TypeError
        If the model has no predictive distribution of y.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mle import MLERegressor, predict_dist
    >>> X, y = load_diabetes(return_X_y=True)
    >>> pipe = make_pipeline(StandardScaler(), MLERegressor("gamma")).fit(X, y)
    >>> dist = predict_dist(pipe, X[:3])
    >>> print(dist.sf(200).round(2))  # P(Y > 200)
    [0.47 0.   0.26]
    """
    final, X = unwrap(model, X)
    if not hasattr(final, "predict_dist"):
        name = type(final).__name__
        if hasattr(final, "predict_proba"):
            way_out = "its distribution of labels is predict_proba"
        elif hasattr(final, "transformer_") or hasattr(final, "regressor_"):
            way_out = "transform y yourself, or use a likelihood of the scale of y"
        elif hasattr(final, "estimators_"):
            way_out = "ask its fitted estimators one by one: predict_dist(model.estimators_[i], X)"
        else:
            way_out = "use MLERegressor"
        raise TypeError(f"{name} has no predictive distribution: {way_out}.")
    return final.predict_dist(X)
