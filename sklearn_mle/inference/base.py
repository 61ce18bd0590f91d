"""Inference: standard errors, tests and intervals of a fit, from the curvature of its likelihood."""

import numpy as np
from scipy import stats

from ..rows import one_blas_thread
from .covariance import CURVATURES, check_covariance, check_dispersion, covariance_of, mean_size, residual_df, scaled
from .effects import effects, mean_interval
from .entries import entries
from .estimates import Estimates
from .fit import Fit
from .goodness import Goodness
from .hypotheses import combinations_test
from .notes import notes
from .profile import profile, profiles
from .table import CoefficientTable


class Inference:
    """How sure are we: the estimates of a fit, with what the curvature of the likelihood says about their error.

    Made by `from_estimator`. All arrays follow ``{parameter: array [intercept, columns of X]}``: (1 + p,), (C, 1 + p)
    for a parameter with C predictors, (1,) for a constant; on the scale of the link. An entry is NaN where a
    coefficient is not free (offset columns, no intercept) or not determined by the data (collinear columns); where the
    likelihood has its maximum at infinity (separated labels, alpha -> 0), its standard error is.

    Attributes
    ----------
    coef, std_error, z, p_value : dict
        Estimates, standard errors, their ratio, and the two-sided p-value of it: normal, or Student's t with
        `df_resid` degrees of freedom where ``dispersion="pearson"``.
    parameters : dict
        {constant parameter: (estimate, std_error, lower, upper)} on its own scale, such as sigma for log sigma: by the
        delta method, the 95 % interval mapped from the scale of the link.
    names : list of str
    covariance_matrix : array of shape (q, q)
        In the order of `names`.
    n_obs : float
        The sum of the weights.
    n_estimated : int
        Entries that the data determine, constants included: what AIC counts.
    df_resid : float
        n_obs minus the determined entries of the first parameter.
    log_likelihood, null_log_likelihood : float
        Of the fit, and of the same model without columns (offsets stay).
    aic, bic, mcfadden_r2, deviance, pearson_dispersion : float
        AttributeErrors, which say why, where the likelihood has none.
    notes : list of str
        What a reader of the table should know.

    See Also
    --------
    likelihood_ratio_test : Compares two fits.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import Inference, MLERegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> inference = Inference.from_estimator(MLERegressor().fit(X, y), X, y, dispersion="pearson")
    >>> print(f"{inference.p_value['mu'][3]:.1e}")  # bmi
    4.3e-14
    """

    @classmethod
    def from_estimator(
        cls,
        model,
        X,
        y=None,
        *,
        sample_weight=None,
        covariance="observed",
        dispersion="ml",
        groups=None,
        allow_penalized=False,
    ):
        """Inference for a fitted model, from the data that it was fitted to.

        Parameters
        ----------
        model : MLERegressor, MLEClassifier, or a Pipeline or SearchCV around one
            Fitted.
        X, y, sample_weight
            What `model.fit` received.
        covariance : str, default="observed"
            "observed" or "expected": the inverse of that curvature. "sandwich" (HC0), "HC1", "HC2", "HC3": valid also
            where the variance is not that of the likelihood. "cluster": where rows of one group depend on each other.
        dispersion : {"ml", "pearson"}, default="ml"
            "pearson" scales the covariance of the mean's coefficients by Pearson's X2 / df_resid, and takes
            quantiles of Student's t: least squares' standard errors, and quasi-likelihood.
        groups : array-like of shape (n,), default=None
            The group of every row, for "cluster". ``np.arange(n)``: weights are sampling weights, not repeats.
        allow_penalized : bool, default=False
            Whether to go on where the fit is penalised.

        Returns
        -------
        Inference

        Raises
        ------
        ValueError
            If the fit is penalised, or the likelihood has no such covariance or dispersion.
        """
        with one_blas_thread, np.errstate(all="ignore"):
            fit = Fit.of(model, X, y, sample_weight)
            fit.demand_unpenalised(allow_penalized)
            return cls(fit, covariance, dispersion, groups)

    def __init__(self, fit, covariance, dispersion, groups):
        check_covariance(fit, covariance, groups)
        check_dispersion(fit, dispersion)
        found, C = covariance_of(fit, covariance, groups)
        fit.warn_unless_maximum(found.distance)
        self._fit, self.covariance, self.dispersion = fit, covariance, dispersion
        self.n_obs = fit.objective.rows.total
        self.n_estimated = fit.objective.size - found.undetermined.shape[1]
        self.df_resid = self.n_obs - mean_size(fit, found)
        self._goodness = Goodness.of(fit, self.n_estimated, self.df_resid)
        vars(self).update(self._goodness.measures)
        law = stats.norm()
        if dispersion == "pearson":
            law = stats.t(residual_df(fit, found, "dispersion='pearson'"))
            C = scaled(fit, C, self._goodness.scale) if covariance in CURVATURES else C
        estimates = self._estimates = Estimates(entries(fit), found, C, law)
        self.names, self.covariance_matrix = estimates.entries.names, estimates.matrix
        self.coef, self.std_error, self.z, self.p_value = (
            estimates.entries.arrays(row)
            for row in (estimates.values, estimates.errors, estimates.ratios, estimates.p_values)
        )
        self.parameters = estimates.constants(fit)

    def __getattr__(self, name):
        why = vars(self)["_goodness"].absent.get(name) if "_goodness" in vars(self) else None
        raise AttributeError(why or f"{type(self).__name__!r} object has no attribute {name!r}")

    # --- intervals and tests ------------------------------------------------------------------------------------

    def conf_int(self, level=0.95, method="wald"):
        """Confidence intervals of all coefficients: {parameter: array (..., 2) of lower and upper ends}.

        Parameters
        ----------
        level : float, default=0.95
        method : {"wald", "profile"}, default="wald"
            "wald": estimate -+ quantile * standard error. "profile": the values that a likelihood-ratio test does not
            reject, each a refit with this coefficient held; of the likelihood itself, whatever `covariance` is.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_mle import Inference, MLERegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> inference = Inference.from_estimator(MLERegressor("gamma").fit(X, y), X, y)
        >>> inference.conf_int(0.9)["mu"][3].round(2)  # of bmi
        array([2.19, 3.74])
        """
        if method not in ("wald", "profile"):
            raise ValueError(f"method takes 'wald' or 'profile'; got {method!r}.")
        estimates = self._estimates
        if method == "wald":
            return estimates.entries.arrays(estimates.interval(level))
        with one_blas_thread, np.errstate(all="ignore"):
            return estimates.entries.arrays(profiles(self._fit, estimates, estimates.reach(level), self._scale))

    def profile(self, name, level=0.95, *, n_points=40):
        """The profile likelihood of one number: how it falls as this one is held and all others are refitted.

        Parameters
        ----------
        name : str
            An entry of `names`.
        level : float, default=0.95
            Of the interval of the likelihood-ratio test that the profile cuts out.
        n_points : int, default=40
            About so many values, to beyond both ends.

        Returns
        -------
        Profile
            name, estimate, std_error, lower, upper, cut, values, fall: of the likelihood itself, whatever `covariance`
            is.

        Examples
        --------
        >>> from sklearn_mle import Inference, MLERegressor
        >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
        >>> profile = Inference.from_estimator(MLERegressor("poisson").fit(X, y), X, y).profile("x0")
        >>> print(f"{profile.lower:.2f} {profile.estimate:.2f} {profile.upper:.2f}, {profile.fall.min():.1f}")
        0.34 0.77 1.32, -3.1
        """
        estimates = self._estimates
        with one_blas_thread, np.errstate(all="ignore"):
            return profile(self._fit, estimates, name, estimates.reach(level), self._scale, n_points)

    @property
    def _scale(self):
        """What the log-likelihood is divided by."""
        return self._goodness.scale if self.dispersion == "pearson" else 1.0

    def wald_test(self, constraints, values=0.0):
        """Wald's test of R b = values, for linear combinations of the coefficients b.

        Parameters
        ----------
        constraints : str, list of str, or array of shape (m, q) or (q,)
            An entry of `names`, a column of X (all its coefficients), or a parameter (all its slopes); several of them;
            or R itself, its columns in the order of `names`.
        values : float or array of shape (m,), default=0.0

        Returns
        -------
        TestResult
            statistic, df, p_value, df_resid: chi2 with df degrees of freedom; F with (df, df_resid) where
            ``dispersion="pearson"``, else df_resid is None.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_mle import Inference, MLERegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> inference = Inference.from_estimator(MLERegressor("gamma").fit(X, y), X, y)
        >>> print(f"p = {inference.wald_test(['age', 's3', 's6']).p_value:.2f}")  # does any of them matter?
        p = 0.97
        """
        df_resid = self.df_resid if self.dispersion == "pearson" else None
        return combinations_test(self._estimates, self._fit.columns, constraints, values, df_resid)

    def mean_interval(self, X, level=0.95):
        """Confidence interval for what `predict` estimates, the mean of y given x; not for y itself.

        Parameters
        ----------
        X : array-like of shape (n, p)
            As `model.predict` receives it.
        level : float, default=0.95

        Returns
        -------
        array of shape (n, 2), or (n, C, 2) for C > 2 classes
            By the delta method, on a scale on which the whole line is allowed; of labels their probabilities, for two
            classes that of `classes_[1]`. NaN where the data do not determine it.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_mle import Inference, MLERegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> inference = Inference.from_estimator(MLERegressor("gamma").fit(X, y), X, y)
        >>> inference.mean_interval(X[:2]).round()
        array([[185., 226.],
               [ 69.,  86.]])
        """
        with one_blas_thread, np.errstate(all="ignore"):
            return mean_interval(self, X, level)

    def average_marginal_effects(self, X, level=0.95):
        """The mean over rows of d E[y | x] / dx_j for every column with a slope, with delta-method errors.

        Parameters
        ----------
        X : array-like of shape (n, p)
            The rows to average over.
        level : float, default=0.95

        Returns
        -------
        Effects
            names, effect, std_error, z, p_value, lower, upper: each (columns,), or (columns, C) for C > 2 classes.
            Columns are taken as continuous, for two classes E[y] is the probability of `classes_[1]`.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_mle import Inference, MLERegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> inference = Inference.from_estimator(MLERegressor("gamma").fit(X, y), X, y)
        >>> effects = inference.average_marginal_effects(X)
        >>> print(f"{effects.names[2]} {effects.effect[2]:.0f}, standard error {effects.std_error[2]:.0f}")
        bmi 452, standard error 73
        """
        with one_blas_thread, np.errstate(all="ignore"):
            return effects(self, X, level)

    # --- as a table ---------------------------------------------------------------------------------------------

    @property
    def notes(self):
        """What a reader of the table should know; computed when first asked for."""
        if "_notes" not in vars(self):
            self._notes = notes(self)
        return self._notes

    def to_frame(self, baseline=None):
        """The coefficients as a data frame, of pandas or else polars: parameter, column, coef, std_error, z, ...

        Parameters
        ----------
        baseline : label, default=None
            A class: the coefficients of the others are given as differences from it, with the errors of differences.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_mle import Inference, MLERegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> inference = Inference.from_estimator(MLERegressor("gamma").fit(X, y), X, y)
        >>> inference.to_frame().columns.tolist()
        ['parameter', 'column', 'coef', 'std_error', 'z', 'p_value', 'lower', 'upper']
        """
        return CoefficientTable.of(self, baseline).to_frame()

    def __str__(self):
        return str(CoefficientTable.of(self))

    def __repr__(self):
        return str(self)

    def _repr_html_(self):
        return CoefficientTable.of(self).html()
