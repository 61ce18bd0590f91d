"""Regression by maximum likelihood: the distribution of a number, or of several, given X."""

import reprlib
import warnings
from numbers import Integral

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from ..design import Block, Moments
from ..distributions import Predictive
from ..likelihoods import LIKELIHOODS, LabelLikelihood, Support
from ..rows import Batches
from .base import BaseMLE, resolve
from .partitions import by_partition, computed
from .reading import demand_alone
from .targets import Numbers, numbers
from .weights import Total, check_weight, nonnegative


class MLERegressor(RegressorMixin, BaseMLE):
    """y ~ p(y | theta), theta = link^-1(W [1, x]): W maximises the likelihood.

    Minimises the mean negative log-likelihood plus the penalty
    ``alpha * (l1_ratio * ||b||_1 + (1 - l1_ratio) / 2 * ||b||_2^2)`` of all slopes b; intercepts are never
    penalised.

    Parameters
    ----------
    likelihood : str or Likelihood, default="gaussian"
        A name of `sklearn_mle.likelihoods.LIKELIHOODS` or an object, in which parameters can be fixed and links
        chosen: ``StudentT(df=4)``, ``Poisson(link="sqrt")``.
    regressed : None, str, list of str or dict, default=None
        The parameters that depend on X; the other estimated ones are constant. None: the first one. A name, a
        list of names, "all", or ``{name: "all" or columns}`` with columns as names, indices or a boolean mask.
    alpha : float, default=0.0
        Strength of the penalty, a multiple of the *mean* nll; 0 is maximum likelihood.
    l1_ratio : float, default=0.0
        Share of the l1 norm in the penalty: 0 is ridge, 1 lasso, which leaves slopes at exactly 0.
    fit_intercept : bool, default=True
        Whether the first parameter has an intercept.
    offset : str, int or dict, default=None
        Column of X, by name or index, that is added to the linear predictor of the first parameter with
        coefficient 1; ``{"mu": ..., "sigma": ...}`` for several. Such a column has no coefficient.
    exposure : str or int, default=None
        Column of X with positive values that multiplies the first parameter, which needs a log link.
    solver : str or Solver, default="auto"
        "auto", "newton", "newton_cg", "quasi_newton", "lbfgs", "proximal_newton", "sgd", or an object of
        `sklearn_mle.solvers`. Under an l1 penalty: "auto" or "proximal_newton".
    max_iter, tol : default=None
        Override the solver's own.
    warm_start : bool, default=False
        Whether `fit` starts from the last fit's `coef_` and `intercept_`.
    n_jobs : int, default=None
        Threads over blocks of rows; the result has the same bits for any number.
    random_state : int, RandomState or None, default=None
        Order of the mini-batches.
    verbose : int, default=0
        1 prints a line per iteration, how long a search of more than 2 s will last at this rate, and every 5 s how far
        a long pass over the rows is.

    Attributes
    ----------
    coef_ : array of shape (p,)
        Slopes of the first parameter; 0 for offset and exposure.
    intercept_ : float
    coefs_, intercepts_ : dict
        Slopes (p,) and intercept by estimated parameter, on the link scale.
    likelihood_ : Likelihood
    log_likelihood_ : float
        sum_i s_i log p(y_i | theta_i) of the training data.
    n_iter_, converged_ : int, bool
    history_ : dict
        "loss" and "gradient_norm" per iteration or epoch.
    n_features_in_, feature_names_in_

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLERegressor("gamma", regressed="all").fit(X, y)
    >>> model.predict_interval(X[:2], coverage=0.9).shape
    (2, 2)
    """

    def __init__(
        self,
        likelihood="gaussian",
        *,
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

    @by_partition
    def predict(self, X, return_std=False):
        """The point prediction of each row: the mean, or what the likelihood states (StudentT: mu).

        Parameters
        ----------
        X : array-like of shape (n, p)
        return_std : bool, default=False
            Whether to return the standard deviation of y given x too.

        Returns
        -------
        array of shape (n,), or a pair of them
        """
        theta, n = self._theta(X)
        with np.errstate(all="ignore"):
            point = np.array(np.broadcast_to(self.likelihood_.point(*theta), (n,)), dtype=float)
        return (point, Predictive(self.likelihood_, theta, n).std()) if return_std else point

    def predict_dist(self, X):
        """The predictive distribution of each row; see `sklearn_mle.predict_dist`."""
        theta, n = self._theta(X)
        return Predictive(self.likelihood_, theta, n)

    @by_partition
    def predict_interval(self, X, coverage=0.95):
        """The central interval that holds y with this probability, shape (n, 2).

        Examples
        --------
        >>> from sklearn_mle import MLERegressor
        >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
        >>> MLERegressor("poisson").fit(X, y).predict_interval([[0], [4]], coverage=0.9)
        array([[ 0.,  2.],
               [ 4., 14.]])
        """
        probabilities(coverage, "coverage is a probability")
        return np.column_stack(self.predict_dist(X).interval(coverage))

    @by_partition
    def predict_quantile(self, X, q):
        """Quantiles of y given x: shape (n,) for a number q in [0, 1], (n, k) for k of them.

        Examples
        --------
        >>> from sklearn_mle import MLERegressor
        >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
        >>> MLERegressor("poisson").fit(X, y).predict_quantile([[0], [4]], [0.5, 0.9])
        array([[ 0.,  1.],
               [ 9., 13.]])
        """
        q = probabilities(q, "quantiles are probabilities")
        return self.predict_dist(X).ppf(q[..., None]).T.reshape(-1, *q.shape)

    def sample_y(self, X, n_samples=1, random_state=None):
        """Draws from the predictive distribution, shape (n, n_samples).

        Examples
        --------
        >>> from sklearn_mle import MLERegressor
        >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
        >>> MLERegressor("poisson").fit(X, y).sample_y([[0], [4]], n_samples=3, random_state=0).shape
        (2, 3)
        """
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples must be an integer >= 1; got {n_samples!r}.")
        return self.predict_dist(X).rvs(size=n_samples, random_state=random_state).T

    @by_partition
    def log_prob(self, X, y):
        """log p(y_i | x_i) of each row, shape (n,)."""
        law = self.predict_dist(X)
        return law.log_prob(self.likelihood_.check(self._numbers(y, len(law))))

    def score(self, X, y=None, sample_weight=None):
        """R2 of `predict`. `Batches` hold y and weights, too.

        Raises
        ------
        ValueError
            If a row of y has several columns, such as the interval of a censored observation.
        """
        check_is_fitted(self)
        columns = self.likelihood_.support.columns
        if columns > 1:
            raise ValueError(
                f"R2 needs one number a row, {type(self.likelihood_).__name__} has y of {columns} columns: "
                "score it with sklearn_mle.metrics.log_score."
            )
        if isinstance(X, Batches):
            return self._score_batches(X, y, sample_weight)
        prediction, y, weight = computed(self.predict(X), y, sample_weight)
        y, weight = self._numbers(y, len(prediction)), check_weight(weight, len(prediction))
        return r2_score(y, prediction, sample_weight=weight)

    def _score_batches(self, batches, y, weight):
        demand_alone(y, weight)
        found = Moments(0.0, 0.0, 0.0)
        for X, y, weight in batches:
            prediction = self.predict(X)
            y = self._numbers(y, len(prediction))
            weight = None if weight is None else nonnegative(weight, len(y))
            found += Moments.of(Block(np.column_stack([y, y - prediction]), None, weight))
        Total(found.total, found.total).demand()
        of_y, of_errors = found.squares + found.total * np.array([0.0, found.mean[1] ** 2])
        return float(1 - of_errors / of_y) if of_y else float(not of_errors)  # of a constant y as r2_score has it

    # --- what BaseMLE asks of a target --------------------------------------------------------------------------

    def _chosen_likelihood(self):
        likelihood = resolve(self.likelihood)
        if isinstance(likelihood, LabelLikelihood):
            raise ValueError(
                f"MLERegressor needs a likelihood of numbers; {likelihood!r} is one of labels. Use MLEClassifier."
            )
        return likelihood

    def _numbers(self, y, n):
        """y as n rows of floats, finite where the likelihood's support asks for it."""
        return numbers(y, n, self.likelihood_, type(self).__name__)

    def _reading(self, reset):
        if reset:
            self.likelihood_ = self._chosen_likelihood()
        return Numbers(self.likelihood_, type(self).__name__)

    def _target(self, rows, numbers, reset):
        """The rows themselves, with a warning where y are counts only nearly."""
        fraction = numbers.fraction
        if reset and fraction:
            warnings.warn(
                f"{type(self.likelihood_).__name__} models counts; y[{fraction.row}] is {fraction.value}, no integer. "
                "The coefficients are a quasi-likelihood fit; the predictive distribution is still that of integers.",
                UserWarning,
                stacklevel=7,
            )
        return rows

    def _show(self):
        first = next(iter(self.coefs_))
        self.coef_, self.intercept_ = self.coefs_[first], self.intercepts_[first]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        likelihood = self.likelihood
        if isinstance(likelihood, str) and likelihood in LIKELIHOODS:
            likelihood = LIKELIHOODS[likelihood]()
        try:
            support = getattr(likelihood, "support", None)
        except (TypeError, ValueError):  # tags are asked of invalid parameters too; fit names what is wrong
            support = None
        if isinstance(support, Support):
            tags.target_tags.positive_only = not np.all(support.contains(np.array(-1.0)))
        return tags


def probabilities(values, what):
    """The values as floats, or a ValueError unless all of them lie in [0, 1]."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf" or not ((array >= 0) & (array <= 1)).all():
        raise ValueError(f"{what} in [0, 1]; got {reprlib.repr(array.tolist())}.")
    return array.astype(float)
