"""The strength of the penalty chosen by cross-validation, along a path of warm starts."""

import warnings
from dataclasses import replace
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, check_random_state, indexable
from sklearn.utils.validation import _num_samples

from ..penalty import ElasticNet
from ..rows import Batches, one_blas_thread
from ..solvers import Auto
from ..solvers.base import silent
from .classifier import MLEClassifier
from .parameters import check_parameters, chosen_solver
from .progress import followed
from .regressor import MLERegressor
from .table import check_numbers, demand_here
from .weights import check_weight

# The least alpha of a path, as a share of the one that leaves no slope; and the l1_ratio by which that of a ridge,
# which leaves all of them, is reckoned: those of scikit-learn's ElasticNetCV.
LEAST, LEAST_L1_RATIO = 1e-3, 1e-3
# The strongest and the weakest ridge, as shares of the curvature of the nll.
RIDGE = 10.0, 1e-6
# Relative gap of F on the path: what is left has no influence on any choice. The last fit has the solver's own.
TOL = 1e-10


class PathCV:
    """What regressor and classifier share: fits along the path of alphas, in folds, and the best once more."""

    warm_start = False

    @property
    def alpha(self):
        """The alpha of the fit: `alpha_`, or where on the path a draft is."""
        return vars(self).get("alpha_", 0.0)

    @property
    def partial_fit(self):
        """There is none: a path needs all rows, again and again."""
        raise AttributeError(f"{type(self).__name__} has no partial_fit: choose alpha, then use the plain estimator.")

    def fit(self, X, y=None, sample_weight=None):
        """Choose alpha by cross-validation and fit all rows with it.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p)
        y : array-like of shape (n,), or (n, m) where the likelihood says so
        sample_weight : array-like of shape (n,), default=None
            Weight 2 is the row twice, in fits and in scores.

        Returns
        -------
        self
        """
        check_parameters(self)
        demand_here(X, "X")
        if isinstance(X, Batches):
            raise TypeError(
                f"{type(self).__name__} fits again and again, to parts of the rows: {X!r} cannot be divided. Choose "
                "alpha on a sample of the rows in memory, then fit the plain estimator, with alpha=alpha_, to all of "
                "them; or compare the models of `path`, which takes batches, on others."
            )
        scorer = self._scorer()
        with followed(self, X, y, sample_weight, parts=2) as task:
            draft = self._draft()
            start = draft._choose(X, y, sample_weight, scorer, task)
            refit = task.part("refit", None)
            draft._fit(X, y, sample_weight, start, refit)
            refit.end()
            self.__dict__ = draft.__dict__
        return self

    def _choose(self, X, y, sample_weight, scorer, task):
        """Learn the path and the best alpha on it; the coefficients that it has there, to start from."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what there is to say of the table is said at the end, once
            self._find_alphas(X, y, sample_weight)
            X_rows, y_rows = indexable(X, y)
            weight = check_weight(sample_weight, _num_samples(X_rows))
            splits = list(check_cv(self.cv, y, classifier=is_classifier(self)).split(X_rows, y_rows))
            paths = task.part("paths", len(splits) + 1)
            of_all, *of_folds = (paths.part("path") for _ in range(len(splits) + 1))
            # A generator of its own for each path: threads draw in any order.
            seed, *seeds = check_random_state(self.random_state).randint(2**31 - 1, size=len(splits) + 1)
            in_folds = Parallel(min(effective_n_jobs(self.n_jobs), len(splits)), prefer="threads")
            scores = in_folds(
                delayed(self._scores)(X_rows, y_rows, weight, *split, scorer, seed, fold, f"fold {i} of {len(splits)}")
                for i, (split, seed, fold) in enumerate(zip(splits, seeds, of_folds, strict=True), 1)
            )
            path = list(self._path(X, y, sample_weight, seed))
            of_all.end()
            paths.end()
        self.score_path_ = np.stack(scores, axis=1)
        counted = np.ones(len(y_rows)) if weight is None else weight
        tests = [np.sum(_safe_indexing(counted, test)) for _, test in splits]
        mean = np.average(self.score_path_, axis=1, weights=tests)
        if np.isnan(mean).all():
            raise ValueError(f"{type(self).__name__}: every alpha scores NaN in some fold; look at `scoring`.")
        self._tell("mean", mean)
        best = int(np.nanargmax(mean))
        self.coef_path_ = np.stack([model.coef_ for model in path])
        self.intercept_path_ = np.stack([np.asarray(model.intercept_) for model in path])
        self.alpha_ = self.alphas_[best]
        return path[best]._coefficients()

    def path(self, X, y=None, sample_weight=None):
        """The models of all rows along `alphas`, without cross-validation.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        list of fitted models, the strongest penalty first
            Each has its `alpha_`, `coef_`, `intercept_`, `log_likelihood_`, ... and predicts. With ``tol=None`` the
            relative gap of F is 1e-10, and so on the paths that `fit` makes.
        """
        check_parameters(self)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            draft = self._draft()
            draft._find_alphas(X, y, sample_weight)
        return list(draft._path(X, y, sample_weight, self.random_state))

    def _find_alphas(self, X, y, sample_weight):
        """Learn `alphas_`."""
        self.alphas_ = self._grid(X, y, sample_weight)
        self.alpha_ = self.alphas_[0]
        check_parameters(self)  # whether the solver takes the penalty that there is

    def _scorer(self):
        scoring = self.scoring
        if not (scoring is None or isinstance(scoring, str) or callable(scoring)):
            raise ValueError(
                f"{type(self).__name__}: scoring must be one rule, by which the best alpha is chosen: a name, a "
                f"callable or None; got {scoring!r}. For several, use GridSearchCV over alpha with refit=."
            )
        return mean_log_prob if scoring is None else check_scoring(self, scoring)

    def _grid(self, X, y, sample_weight):
        """The alphas, falling: as given, or from the least that leaves no slope down to a thousandth of it.

        Without an l1 norm slopes never vanish: from what outweighs the curvature of the nll to what leaves it as it is.
        """
        count, alphas = self.alphas, np.ravel(self.alphas)
        numbers = alphas.dtype.kind in "iuf" and len(alphas) > 0
        if not numbers or not min(alphas) >= isinstance(count, Integral):
            raise ValueError(f"alphas must be a number of them, or numbers >= 0; got {count!r}.")
        if not isinstance(count, Integral):
            return np.unique(check_numbers(alphas, "alphas", type(self).__name__))[::-1]
        draft = self._draft()
        with one_blas_thread, np.errstate(all="ignore"):
            objective, w = draft._begin(X, y, sample_weight, {})
            slopes = np.abs(objective.layout.slopes)
            if self.l1_ratio == 0 and slopes.any():  # in natural units the curvature is about 1
                return np.geomspace(*RIDGE, int(count)) / np.median(slopes[slopes > 0]) ** 2
            null = replace(objective.restrict(slopes == 0, np.zeros(len(w))), penalty=ElasticNet())
            w[slopes > 0] = 0.0
            if null.size:
                w[slopes == 0] = Auto().minimize(null, w[slopes == 0], silent, None).w
            g = np.abs(objective.taylor(w, 1)[1])
        most = np.max(g[slopes > 0] / slopes[slopes > 0], initial=0.0) / max(self.l1_ratio, LEAST_L1_RATIO)
        most = max(float(most), np.finfo(float).tiny / LEAST)
        return np.geomspace(most, most * LEAST, int(count)) if count > 1 else np.array([most])

    def _path(self, X, y, sample_weight, random_state):
        """A fitted draft for each alpha, each from where the last one ended; without verdicts on the fits."""
        draft = self._draft()
        draft.alpha_ = self.alphas_[-1]  # the units are those of the weakest penalty
        with one_blas_thread, np.errstate(all="ignore"):
            objective, w = draft._begin(X, y, sample_weight, {})
            solver, rng = chosen_solver(draft), check_random_state(random_state)
            if self.tol is None and solver.tol is None:
                solver.set_params(tol=TOL)
            penalties = [replace(objective.penalty, alpha=alpha) for alpha in self.alphas_]
            for alpha, solution in zip(self.alphas_, solver.path(objective, w, penalties, rng), strict=True):
                model = draft._draft(keep=True)
                model.alpha_ = alpha
                model._learn(objective, solution.w)
                model.n_iter_, model.converged_ = solution.n_iter, solution.converged
                penalised = replace(objective, penalty=replace(objective.penalty, alpha=alpha))
                model.log_likelihood_ = penalised.log_likelihood(solution.w, solution.value)
                yield model

    def _tell(self, name, scores):
        """Print, if asked, which alpha has the best of these scores."""
        if self.verbose and not np.isnan(scores).all():
            i = int(np.nanargmax(scores))
            print(f"{name}: alpha {self.alphas_[i]:.4g} ({i + 1} of {len(scores)}) scores {scores[i]:.8g}", flush=True)

    def _scores(self, X, y, sample_weight, train, test, scorer, seed, task, name):
        """The score of each alpha on the rows `test`, fitted on the rows `train`; 0 where no row counts."""
        if sample_weight is not None:
            test = np.arange(len(sample_weight))[test]  # a mask, too
            test = test[sample_weight[test] > 0]
            if not len(test):
                task.end()
                return np.zeros(len(self.alphas_))
        learnt, (X_test, y_test, weight) = (
            [None if table is None else _safe_indexing(table, rows) for table in (X, y, sample_weight)]
            for rows in (train, test)
        )
        arguments = {} if weight is None else {"sample_weight": weight}
        scores = np.array([scorer(model, X_test, y_test, **arguments) for model in self._path(*learnt, seed)])
        task.end()
        self._tell(name, scores)
        return scores


def mean_log_prob(model, X, y, sample_weight=None):
    """The mean log-likelihood of the rows."""
    return np.average(model.log_prob(X, y), weights=sample_weight)


class MLERegressorCV(PathCV, MLERegressor):
    """`MLERegressor` whose `alpha` is that of a path with the best score in cross-validation.

    Parameters
    ----------
    likelihood : str or Likelihood, default="gaussian"
        As in `MLERegressor`, as all that are not described here.
    alphas : int or array-like of shape (m,), default=100
        Strengths of the penalty to try; a number: so many, geometrically from the least that leaves no slope to a
        thousandth of it; for ``l1_ratio=0`` from ten times the curvature of the nll in the median column to 1e-6 of it.
    l1_ratio : float, default=0.0
    cv : int, splitter, iterable or None, default=None
        As in scikit-learn; None: 5 folds. A fold's score counts by the number of its rows, or by their total weight.
    scoring : str or callable, default=None
        As in scikit-learn; None: the mean log-likelihood.
    n_jobs : int, default=None
        Threads over folds, and over rows where these are many.
    verbose : int, default=0
        1 prints the best alpha of each fold when it is done, that of their mean, and the iterations of the last fit.
    regressed, fit_intercept, offset, exposure, solver, max_iter, tol, random_state

    Attributes
    ----------
    alpha_ : float
    alphas_ : array of shape (m,)
        Falling.
    score_path_ : array of shape (m, folds)
    coef_path_, intercept_path_ : arrays of shape (m, ...)
        `coef_` and `intercept_` of all rows for each alpha.
    coef_, intercept_, coefs_, intercepts_, likelihood_, log_likelihood_, n_iter_, converged_, history_, \
n_features_in_, feature_names_in_
        As in `MLERegressor`, with `alpha_`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressorCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLERegressorCV("gamma", alphas=20, l1_ratio=1.0).fit(X, y)
    >>> (model.coef_path_ != 0).sum(axis=1).tolist()  # slopes that are not 0, as alpha falls
    [1, 2, 4, 4, 5, 5, 5, 6, 7, 7, 7, 8, 9, 9, 10, 10, 10, 10, 10, 10]
    """

    def __init__(
        self,
        likelihood="gaussian",
        *,
        alphas=100,
        l1_ratio=0.0,
        cv=None,
        scoring=None,
        regressed=None,
        fit_intercept=True,
        offset=None,
        exposure=None,
        solver="auto",
        max_iter=None,
        tol=None,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.likelihood = likelihood
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.cv = cv
        self.scoring = scoring
        self.regressed = regressed
        self.fit_intercept = fit_intercept
        self.offset = offset
        self.exposure = exposure
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose


class MLEClassifierCV(PathCV, MLEClassifier):
    """`MLEClassifier` whose `alpha` is that of a path with the best score in cross-validation.

    Parameters
    ----------
    likelihood : str or LabelLikelihood, default="auto"
    alphas, l1_ratio, cv, scoring, n_jobs
        As in `MLERegressorCV`; folds are stratified.
    class_weight, regressed, fit_intercept, offset, exposure, solver, max_iter, tol, random_state, verbose
        As in `MLEClassifier`.

    Attributes
    ----------
    alpha_, alphas_, score_path_, coef_path_, intercept_path_
        As in `MLERegressorCV`.
    classes_, coef_, intercept_, coefs_, intercepts_, likelihood_, log_likelihood_, n_iter_, converged_, history_, \
n_features_in_, feature_names_in_
        As in `MLEClassifier`, with `alpha_`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mle import MLEClassifierCV
    >>> X, y = load_iris(return_X_y=True)
    >>> MLEClassifierCV(alphas=20).fit(X, y).score_path_.shape
    (20, 5)
    """

    def __init__(
        self,
        likelihood="auto",
        *,
        alphas=100,
        l1_ratio=0.0,
        cv=None,
        scoring=None,
        class_weight=None,
        regressed=None,
        fit_intercept=True,
        offset=None,
        exposure=None,
        solver="auto",
        max_iter=None,
        tol=None,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.likelihood = likelihood
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.cv = cv
        self.scoring = scoring
        self.class_weight = class_weight
        self.regressed = regressed
        self.fit_intercept = fit_intercept
        self.offset = offset
        self.exposure = exposure
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
