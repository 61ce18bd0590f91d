"""Classification by maximum likelihood: the distribution over labels given X."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from ..likelihoods import LIKELIHOODS, REAL, LabelLikelihood
from .base import BaseMLE, makes_steps, resolve
from .weights import check_weight, without_weightless


class MLEClassifier(ClassifierMixin, BaseMLE):
    """y ~ P(y = c | theta), theta = link^-1(W [1, x]): W maximises the likelihood.

    Parameters
    ----------
    likelihood : str or LabelLikelihood, default="auto"
        "bernoulli", "categorical", "gaussian_on_labels", an object such as ``Bernoulli(link="probit")``, or
        "auto": Bernoulli for two classes, else Categorical.
    class_weight : dict, "balanced" or None, default=None
        Multiplies the weights of the rows of each class.
    regressed, alpha, l1_ratio, fit_intercept, offset, exposure, solver, max_iter, tol, warm_start, n_jobs, \
random_state, verbose
        As in `MLERegressor`.

    Attributes
    ----------
    classes_ : array of shape (C,)
        Labels, sorted; 0 .. C - 1 where y was given as rows of class probabilities.
    coef_ : array of shape (1, p) or (C, p)
        Slopes of the first parameter; with two classes, of the score for `classes_[1]`.
    intercept_ : array of shape (1,) or (C,)
    coefs_, intercepts_, likelihood_, log_likelihood_, n_iter_, converged_, history_, n_features_in_, \
feature_names_in_
        As in `MLERegressor`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mle import MLEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> MLEClassifier(alpha=1e-3).fit(X, y).predict_proba(X[:2]).shape
    (2, 3)
    """

    def __init__(
        self,
        likelihood="auto",
        *,
        class_weight=None,
        regressed=None,
        alpha=0.0,
        l1_ratio=0.0,
        fit_intercept=True,
        offset=None,
        exposure=None,
        solver="auto",
        max_iter=None,
        tol=None,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.likelihood = likelihood
        self.class_weight = class_weight
        self.regressed = regressed
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.offset = offset
        self.exposure = exposure
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @available_if(makes_steps)
    def partial_fit(self, X, y, sample_weight=None, *, classes=None):
        """One step of the solver on a mini-batch.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : array-like of shape (C,)
            All labels that will ever come; needed by the first call only.

        Returns
        -------
        self
        """
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError("classes must be given on the first call of partial_fit: later labels are unknown yet.")
        return self._partial_fit(X, y, sample_weight, classes=classes)

    def predict(self, X):
        """The most probable label of each row, shape (n,)."""
        scores = self.decision_function(X)
        codes = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[codes]

    def decision_function(self, X):
        """Scores, shape (n,) for two classes (positive: `classes_[1]`), else (n, C)."""
        theta, n = self._theta(X)
        with np.errstate(all="ignore"):
            rows = self.likelihood_.decision(*theta)
        scores = np.stack([np.broadcast_to(row, n) for row in rows], axis=1)
        return scores[:, 0].copy() if len(rows) == 1 else scores

    def predict_proba(self, X):
        """P(y = c | x), shape (n, C)."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X):
        """log P(y = c | x), shape (n, C), accurate where P rounds to 0 or 1."""
        theta, n = self._theta(X)
        with np.errstate(all="ignore"):
            rows = self.likelihood_.log_proba(*theta)
        return np.stack([np.broadcast_to(row, n) for row in rows], axis=1)

    def log_prob(self, X, y):
        """log P(label of the row), shape (n,); the expectation over the row's labels where they are soft."""
        log_proba = self.predict_log_proba(X)
        check_consistent_length(log_proba, y)
        if self._takes_rows(y):
            shares = self._check_width(_check_shares(y))
            with np.errstate(invalid="ignore"):
                return np.where(shares > 0, shares * log_proba, 0.0).sum(axis=1)
        return log_proba[np.arange(len(log_proba)), self._codes(np.ravel(y))]

    def score(self, X, y, sample_weight=None):
        """Accuracy; soft labels count as their most probable class."""
        if self._takes_rows(y):
            self._check_width(y)
            y = self.classes_[np.asarray(y).argmax(axis=1)]
        return super().score(X, y, sample_weight)

    # --- what BaseMLE asks of a target --------------------------------------------------------------------------

    def _chosen_likelihood(self):
        likelihood, C = self.likelihood, len(self.classes_)
        if isinstance(likelihood, str) and likelihood == "auto":
            likelihood = "bernoulli" if C == 2 else "categorical"
        likelihood = resolve(likelihood)
        if not isinstance(likelihood, LabelLikelihood):
            raise ValueError(
                "MLEClassifier needs a likelihood of labels (Bernoulli, Categorical, GaussianOnLabels); "
                f"got {likelihood!r}. Use MLERegressor."
            )
        return likelihood.with_classes(C)

    def _support(self):
        return REAL

    def _takes_rows(self, y):
        shape = np.asarray(y).shape
        return len(shape) == 2 and shape[1] > 1

    def _target(self, X, y, weight, reset, classes=None):
        """y as codes 0 .. C - 1 or rows of class probabilities, and the weights times the classes' weights."""
        y = without_weightless(y, weight)
        soft = y.ndim == 2
        if soft:
            y = _check_shares(y)
        else:
            check_classification_targets(y)
        if reset:
            labels = np.arange(y.shape[1]) if soft else np.unique(y if classes is None else classes)
            if len(labels) < 2:
                raise ValueError(
                    "MLEClassifier needs at least two classes in the rows of positive weight; "
                    f"y has one class, {labels.tolist()}."
                )
            self.classes_ = labels
            self.likelihood_ = self._chosen_likelihood()
        y = self._check_width(y) if soft else self._codes(y)
        return y, self._class_weighted(y, weight)

    def _check_width(self, y):
        """y itself, or a ValueError unless its rows are probabilities of the classes that were fitted."""
        columns, C = np.asarray(y).shape[1], len(self.classes_)
        if columns != C:
            raise ValueError(f"y has {columns} columns of class probabilities, the model has {C} classes.")
        return y

    def _codes(self, y):
        """Positions of the labels in `classes_`."""
        codes = np.searchsorted(self.classes_, y)
        codes[codes == len(self.classes_)] = 0
        unknown = self.classes_[codes] != y
        if unknown.any():
            i = int(np.argmax(unknown))
            raise ValueError(
                f"y[{i}] is {y[[i]].tolist()[0]!r}, which is none of the classes {self.classes_.tolist()}."
            )
        return codes

    def _class_weighted(self, y, weight):
        if self.class_weight is None:
            return weight
        weight = np.ones(len(y)) if weight is None else weight
        C = len(self.classes_)
        shares = y if y.ndim == 2 else np.eye(C)[y]
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            totals = weight @ shares
            per_class = totals.sum() / (C * np.where(totals > 0, totals, np.inf))
        else:
            per_class = compute_class_weight(self.class_weight, classes=self.classes_, y=self.classes_)
        return check_weight(weight * (shares @ per_class), y)

    def _show(self):
        first = next(iter(self.coefs_))
        coef, intercept = np.atleast_2d(self.coefs_[first]), np.atleast_1d(self.intercepts_[first])
        if len(coef) == 2 == len(self.classes_):
            coef, intercept = coef[1:] - coef[:1], intercept[1:] - intercept[:1]
        self.coef_, self.intercept_ = coef, intercept

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        likelihood = LIKELIHOODS.get(self.likelihood) if isinstance(self.likelihood, str) else self.likelihood
        tags.classifier_tags.multi_class = getattr(likelihood, "multi_class", True)
        return tags


def _check_shares(y):
    """Rows of class probabilities: nonnegative, with sum 1."""
    y = check_array(y, dtype=np.float64, input_name="y")
    wrong = (y < 0).any(axis=1) | (np.abs(y.sum(axis=1) - 1) > 1e-6)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(f"Rows of a 2-d y are class probabilities, >= 0 with sum 1; y[{i}] is {y[i].tolist()}.")
    return y
