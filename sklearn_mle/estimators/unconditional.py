"""The maximum-likelihood fit of a distribution: the same model with no columns."""

import warnings

import numpy as np

from ..distributions import Predictive
from ..likelihoods import LabelLikelihood
from ..objective import Objective
from ..penalty import ElasticNet
from ..rows import Rows, one_blas_thread
from ..solvers import Auto
from ..solvers.base import silent
from .base import resolve
from .classifier import MLEClassifier
from .diagnosis import diagnosis
from .reading import read_target
from .regressor import MLERegressor
from .start import begin, demand_probable, standardise
from .table import demand


class Fitted(Predictive):
    """One distribution p(y | theta) with its `params` as numbers, and the `log_likelihood` of the sample."""

    def __init__(self, likelihood, theta, n, log_likelihood=np.nan):
        super().__init__(likelihood, theta, n)
        self.log_likelihood = log_likelihood

    @property
    def params(self):
        """{name: float}, as users write them; (C,) for a parameter with C predictors."""
        return {name: values[0] if values.ndim > 1 else float(values[0]) for name, values in super().params.items()}


def fit_distribution(y, likelihood="gaussian", sample_weight=None):
    """The distribution of a sample: theta maximises sum_i s_i log p(y_i | theta).

    Parameters
    ----------
    y : array-like of shape (n,), or (n, m) where the likelihood says so
    likelihood : str or Likelihood, default="gaussian"
    sample_weight : array-like of shape (n,), default=None
        Weight 2 is the observation twice.

    Returns
    -------
    Predictive
        One distribution, with `params` ({name: float}) and `log_likelihood` besides. Labels are distributed
        over their codes 0 .. C - 1, in the order of a classifier's `classes_`.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> fit_distribution([1.0, 2.0, 6.0]).params["mu"]
    3.0
    """
    owner = "fit_distribution"
    chosen = resolve(likelihood)
    model = MLEClassifier(likelihood) if isinstance(chosen, LabelLikelihood) else MLERegressor(likelihood)
    if np.ndim(demand(y, "y", owner)) == 0:
        raise ValueError(f"{owner} needs a sample, an array of n observations; got {y!r}.")
    n = len(y)
    reading = model._reading(reset=True)
    reading.owner = owner  # so messages name the function that was called
    with one_blas_thread, np.errstate(all="ignore"):
        block = read_target(reading, np.empty((n, 0)), y, sample_weight)
        rows = model._target(Rows(block, 1), reading, reset=True)
        likelihood, classes = model.likelihood_, getattr(model, "classes_", None)
        K = max(k.stop for k in likelihood.slices.values())
        rows = rows.cut(K)
        objective = Objective(likelihood, standardise(rows, np.ones((K, 1), dtype=bool)), ElasticNet(), rows)
        objective, w = begin(objective)
        solution = Auto().minimize(objective, w, silent, None)
        if solution.value == np.inf:
            demand_probable(objective, w)
        warning = diagnosis(objective, w, solution, classes=classes)
        theta = likelihood.theta([np.array([value]) for value in objective.layout.unpack(solution.w)[:, 0]])
    if warning:
        category, text = warning
        warnings.warn(f"{owner}: {text}", category, stacklevel=2)
    return Fitted(likelihood, theta, 1, objective.log_likelihood(solution.w))
