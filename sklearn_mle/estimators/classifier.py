"""Classification by maximum likelihood: the distribution over labels given X."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.metaestimators import available_if

from ..likelihoods import LIKELIHOODS, LabelLikelihood
from ..rows import Batches
from .base import BaseMLE, makes_steps, resolve
from .labels import (
    check_labels,
    class_totals,
    class_weights,
    demand_columns,
    demand_several,
    distinct,
    first_of,
    no_class,
    places,
    positions,
    renumbered,
    reweighted,
)
from .partitions import by_partition, computed, mean_by_partition
from .table import check_length
from .targets import Labels
from .weights import Total, check_weight


class MLEClassifier(ClassifierMixin, BaseMLE):
    """y ~ P(y = c | theta), theta = link^-1(W [1, x]): W maximises the likelihood.

    Parameters
    ----------
    likelihood : str or LabelLikelihood, default="auto"
        "bernoulli", "categorical", "ordinal", "gaussian_on_labels", an object such as ``Bernoulli(link="probit")``,
        or "auto": Bernoulli for two classes, else Categorical.
    class_weight : dict, "balanced" or None, default=None
        Multiplies the weights of the rows of each class.
    regressed, alpha, l1_ratio, fit_intercept, offset, exposure, solver, max_iter, tol, warm_start, n_jobs, \
random_state, verbose
        As in `MLERegressor`.

    Attributes
    ----------
    classes_ : array of shape (C,)
        Labels, sorted, or in the order of an ordinal likelihood. Where y was given as rows of class probabilities,
        the columns of its frame, or 0 .. C - 1.
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
    def partial_fit(self, X, y=None, sample_weight=None, *, classes=None):
        """One step of the solver on a mini-batch.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : array-like of shape (C,)
            All labels that will ever come; needed by the first call only. Soft labels have a column for each of them,
            in sorted order.

        Returns
        -------
        self
        """
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError("classes must be given on the first call of partial_fit: later labels are unknown yet.")
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" needs all of y, which partial_fit never sees. Give it a dict: that of '
                'compute_class_weight("balanced", classes=classes, y=y), from sklearn.utils and a y of many rows.'
            )
        return self._partial_fit(X, y, sample_weight, classes=classes)

    @by_partition
    def predict(self, X):
        """The most probable label of each row, shape (n,)."""
        scores = self.decision_function(X)
        codes = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[codes]

    @by_partition
    def decision_function(self, X):
        """Scores, shape (n,) for two classes (positive: `classes_[1]`), else (n, C)."""
        theta, n = self._theta(X)
        with np.errstate(all="ignore"):
            rows = self.likelihood_.decision(*theta)
        scores = np.stack([np.broadcast_to(row, n) for row in rows], axis=1)
        return scores[:, 0].copy() if len(rows) == 1 else scores

    @by_partition
    def predict_proba(self, X):
        """P(y = c | x), shape (n, C)."""
        return np.exp(self.predict_log_proba(X))

    @by_partition
    def predict_log_proba(self, X):
        """log P(y = c | x), shape (n, C), accurate where P rounds to 0 or 1."""
        theta, n = self._theta(X)
        with np.errstate(all="ignore"):
            rows = self.likelihood_.log_proba(*theta)
        return np.stack([np.broadcast_to(row, n) for row in rows], axis=1)

    @by_partition
    def log_prob(self, X, y):
        """log P(label of the row), shape (n,); the expectation over the row's labels where they are soft."""
        log_proba = self.predict_log_proba(X)
        y = self._codes(*check_labels(y, type(self).__name__))
        check_length(y, len(log_proba))
        if y.ndim == 1:
            return log_proba[np.arange(len(y)), y]
        with np.errstate(invalid="ignore"):
            return np.where(y > 0, y * log_proba, 0.0).sum(axis=1)

    def score(self, X, y=None, sample_weight=None):
        """Accuracy; soft labels count as their most probable class. `Batches` hold y and weights, too."""
        if isinstance(X, Batches):
            return mean_by_partition(self._right, X, y, sample_weight)
        prediction, y, weight = computed(self.predict(X), y, sample_weight)
        weight = check_weight(weight, len(prediction))
        return accuracy_score(self._labels(y, len(prediction)), prediction, sample_weight=weight)

    # --- what BaseMLE asks of a target --------------------------------------------------------------------------

    def _chosen_likelihood(self):
        likelihood, C = self.likelihood, len(self.classes_)
        if isinstance(likelihood, str) and likelihood == "auto":
            likelihood = "bernoulli" if C == 2 else "categorical"
        likelihood = resolve(likelihood)
        if not isinstance(likelihood, LabelLikelihood):
            raise ValueError(
                "MLEClassifier needs a likelihood of labels (Bernoulli, Categorical, Ordinal, GaussianOnLabels); "
                f"got {likelihood!r}. Use MLERegressor, or 'bernoulli' for logistic regression."
            )
        return likelihood.with_classes(C)

    def _reading(self, reset):
        return Labels(type(self).__name__)

    def _target(self, rows, labels, reset, classes=None):
        """Rows with y as codes 0 .. C - 1 or class probabilities, and weights times the classes' weights."""
        columns = labels.columns
        if classes is not None:
            classes = distinct(check_labels(classes, type(self).__name__)[0])
        if reset:
            learnt = np.sort(labels.found) if columns is None else columns
            self.classes_ = demand_several(learnt if classes is None else classes)
            self.likelihood_ = self._chosen_likelihood()
            if columns is None:
                self.classes_ = self.likelihood_.order(self.classes_, labels.declared)
        elif classes is not None and not np.array_equal(classes, np.sort(self.classes_)):
            raise ValueError(
                f"partial_fit goes on with the classes {self.classes_.tolist()}, but classes are {classes.tolist()}: "
                "call fit to begin anew."
            )
        if columns is not None:
            demand_columns(columns, self.classes_)
        else:
            codes, unknown = places(labels.found, self.classes_)
            if unknown.any():
                row, label = rows.sum(first_of, unknown)
                raise no_class(row, labels.found[[label]], self.classes_)
            if not np.array_equal(codes, np.arange(len(codes))):
                rows = rows.map(renumbered, codes)
        totals = rows.sum(class_totals, len(self.classes_))
        if self.class_weight is not None:
            factors = class_weights(self.class_weight, self.classes_, totals)
            rows, totals = rows.map(reweighted, factors), totals * factors
            rows.sum(Total.of).demand()
        if reset and classes is None:
            demand_several(self.classes_[totals > 0])
        return rows

    def _right(self, X, y):
        """Whether each row's prediction is its label."""
        prediction = self.predict(X)
        return prediction == self._labels(y, len(prediction))

    def _labels(self, y, n):
        """The label of each of n rows, of soft ones the most probable."""
        y, columns = check_labels(y, type(self).__name__)
        check_length(y, n)
        return y if columns is None else self.classes_[self._codes(y, columns).argmax(axis=1)]

    def _codes(self, y, columns):
        """Positions of the labels in `classes_`; class probabilities as they are, if their columns are `classes_`."""
        return positions(y, self.classes_) if columns is None else demand_columns(columns, self.classes_, y)

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
