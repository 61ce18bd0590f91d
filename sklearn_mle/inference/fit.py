"""A fitted model with its training data: the objective, the coordinates of the fit, and the names of the columns."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..design import Block, Centred
from ..estimators.base import BaseMLE
from ..estimators.columns import offset_rows
from ..estimators.pipelines import unwrap
from ..estimators.table import check_X
from ..likelihoods import Likelihood
from ..objective import Objective


@dataclass(frozen=True)
class Fit:
    """A fit and its training data.

    Attributes
    ----------
    model : BaseMLE
        The final estimator.
    objective : Objective
        Of the training data.
    w : array of shape (d,)
        The coordinates of its coefficients.
    columns : list of str
        Names of the columns of X as the final estimator receives it.
    outer : estimator
        The model as the user has it: a Pipeline or search around `model`, or itself.
    """

    model: BaseMLE
    objective: Objective
    w: np.ndarray
    columns: list
    outer: object

    @classmethod
    def of(cls, model, X, y, sample_weight):
        """The fit of a model, of a Pipeline or of a search, and the data that it was fitted to."""
        final, table = unwrap(model, X)
        if not isinstance(final, BaseMLE):
            raise TypeError(
                f"inference needs an MLERegressor or MLEClassifier, or a Pipeline or search around one; "
                f"got {type(final).__name__}."
            )
        check_is_fitted(final)
        objective = final._objective(table, y, sample_weight)
        return cls(final, objective, objective.layout.pack(final._W()), column_names(model, final), model)

    @property
    def likelihood(self) -> Likelihood:
        """The fitted likelihood."""
        return self.objective.likelihood

    @property
    def W(self):
        """The coefficients (K, 1 + p), for X as the final estimator receives it."""
        return self.model._W()

    def block(self, X):
        """New rows of X, as `outer.predict` receives them, in the objective's coordinates."""
        model, layout = self.model, self.objective.layout
        X = check_X(model, unwrap(self.outer, X)[1], reset=False)
        offset = offset_rows(X, model.likelihood_, model._offsets, getattr(model, "feature_names_in_", None))
        return Block(Centred(X, layout.origin) if np.any(layout.origin) else X, None, None, offset)

    def demand_unpenalised(self, allowed):
        """A ValueError unless the fit is a maximum of the likelihood, or a penalised one is `allowed`."""
        alpha = self.objective.penalty.alpha
        if self.objective.thresholds.any():
            raise ValueError(
                f"The fit has an l1 penalty (l1_ratio={self.objective.penalty.l1_ratio:g}): where it has set slopes to "
                "0 there is no curvature, and intervals about the others have no coverage. Refit with l1_ratio=0, or "
                "with alpha=0 on other rows and the columns that are left."
            )
        if alpha > 0 and not allowed:
            raise ValueError(
                f"The fit is penalised (alpha={alpha:g}): its coefficients are biased towards 0, and intervals about "
                "them have no coverage. Refit with alpha=0, or pass allow_penalized=True for the curvature of the "
                "penalised objective (the spread of the posterior whose prior the penalty is)."
            )

    def warn_unless_maximum(self, distance):
        """Warn where the gradient on these data is not 0; `distance` to the maximum is in standard errors."""
        if not distance <= 0.01:
            warnings.warn(
                f"The gradient of the likelihood is not 0 on these data: their maximum is {distance:.2g} standard "
                "errors away. Pass the data (and sample_weight) that the model was fitted to; if they are the same, "
                "the fit has not converged: lower tol or raise max_iter.",
                UserWarning,
                stacklevel=4,
            )


def column_names(model, final):
    """The columns that the final estimator receives: its own names, or what Pipelines call them; else x0, x1, ..."""
    names = getattr(final, "feature_names_in_", None)
    while names is None:
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif isinstance(model, Pipeline) and len(model) > 1:
            try:
                names = model[:-1].get_feature_names_out()
            except (AttributeError, ValueError, NotFittedError):  # a step that cannot name its columns
                pass
            model = model[-1]
        elif isinstance(model, Pipeline):
            model = model[-1]
        else:
            names = [f"x{j}" for j in range(final.n_features_in_)]
    names = [str(name) for name in names]
    return names if len(names) == final.n_features_in_ else [f"x{j}" for j in range(final.n_features_in_)]
