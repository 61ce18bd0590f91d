"""Inference: standard errors, tests and intervals of a fit, from the curvature of its likelihood."""

from collections import namedtuple
from dataclasses import replace

import numpy as np
from scipy import stats

from .. import jets
from ..penalty import ElasticNet
from ..rows import one_blas_thread
from ..solvers import Auto
from . import sums
from .covariance import CURVATURES, check_covariance, covariance_of
from .effects import effects, mean_interval
from .entries import entries, moves
from .fit import Fit
from .hypotheses import constraint_matrix, wald
from .profile import profile
from .table import CoefficientTable, hauck_donner

#: A constant on its own scale, with the ends of its 95 % interval; arrays where it has several values.
Constant = namedtuple("Constant", "estimate std_error lower upper")


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
        y,
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
        self._fit, self.covariance, self.dispersion = fit, covariance, dispersion
        self._entries = entries(fit)
        found, C = covariance_of(fit, covariance, groups, lambda found: mean_size(fit, found))
        self._directions = found
        self.n_obs = fit.objective.rows.total
        self.n_estimated = fit.objective.size - found.undetermined.shape[1]
        self.df_resid = self.n_obs - mean_size(fit, found)
        fit.warn_unless_maximum(found.distance)
        self._absent = {}
        self._learn_fit()
        if dispersion == "pearson":
            of_mean = np.where(first_coordinates(fit), np.sqrt(self._scale), 1.0)
            C = C * np.outer(of_mean, of_mean) if covariance in CURVATURES else C
        self._learn_coefficients(C)

    def _learn_fit(self):
        """How well the model fits: likelihoods, deviance, dispersion."""
        fit, k = self._fit, self.n_estimated
        likelihood, rows, w = fit.likelihood, fit.objective.rows, fit.w
        W = fit.objective.layout.unpack(w)
        self.log_likelihood = fit.objective.log_likelihood(w)
        if likelihood.proper:
            self.null_log_likelihood = null_log_likelihood(fit)
            self.aic = 2 * k - 2 * self.log_likelihood
            self.bic = k * np.log(self.n_obs) - 2 * self.log_likelihood
            self.mcfadden_r2 = 1 - self.log_likelihood / self.null_log_likelihood
        else:
            why = f"{likelihood!r} is not the law of y, on purpose: what it calls log-likelihood is none."
            self._absent |= dict.fromkeys(["aic", "bic", "mcfadden_r2", "deviance", "null_log_likelihood"], why)
        if likelihood.proper and likelihood.saturated is not None:
            self.deviance = float(rows.sum(sums.deviance, likelihood, W))
        else:
            self._absent.setdefault("deviance", f"{likelihood!r} states no saturated log-likelihood, so no deviance.")
        if likelihood.dispersion is not None and self.df_resid > 0:
            scaled, unscaled = rows.sum(sums.pearson, likelihood, W)
            self._scale, self.pearson_dispersion = scaled / self.df_resid, unscaled / self.df_resid
        else:
            why = f"{likelihood!r} has no dispersion phi with variance phi V(mean)"
            self._absent["pearson_dispersion"] = f"{why}, or there are no more rows than coefficients."

    def _learn_coefficients(self, C):
        """Estimates and their errors, from the covariance of the coordinates."""
        entries, found = self._entries, self._directions
        J = entries.jacobian
        undetermined, unbounded = (moves(J, entries.units, N) for N in (found.undetermined, found.unbounded))
        unknown = undetermined | unbounded
        self._C = C
        self.covariance_matrix = J @ C @ J.T
        self.covariance_matrix[unknown] = self.covariance_matrix[:, unknown] = np.nan
        self.names = entries.names
        self._estimates = np.where(undetermined, np.nan, entries.estimates)
        self._errors = np.sqrt(np.diag(self.covariance_matrix))
        ratio = self._estimates / self._errors
        self.coef, self.std_error = entries.arrays(self._estimates), entries.arrays(self._errors)
        self.z, self.p_value = entries.arrays(ratio), entries.arrays(2 * self._law.sf(np.abs(ratio)))
        self.parameters = self._constants()

    @property
    def _law(self):
        """The law of an estimate's error in standard errors."""
        return stats.t(self.df_resid) if self.dispersion == "pearson" else stats.norm()

    def _constants(self, level=0.95):
        """{name: Constant} of what is not regressed."""
        likelihood, constants = self._fit.likelihood, {}
        reach = self._law.ppf(0.5 + level / 2)
        for name, estimates in self.coef.items():
            errors = self.std_error[name]
            if name not in likelihood.slices:  # reported as it is
                ends = estimates - reach * errors, estimates + reach * errors
                constants[name] = Constant(estimates, errors, *ends)
            elif not self._fit.objective.layout.sloped[likelihood.slices[name]].any():
                link, default = likelihood.parameters[name], likelihood.links[name]

                def shown(eta, link=link, default=default):
                    return default.shown(link.inverse(eta))

                eta, error = estimates.ravel(), errors.ravel()
                value, (slope,) = jets.taylor(shown, [eta], 1)
                ends = np.sort([shown(eta - reach * error), shown(eta + reach * error)], axis=0)
                rows = [value, np.abs(slope) * error, *ends]
                constants[name] = Constant(*(row if name in likelihood.widths else float(row[0]) for row in rows))
        return constants

    def __getattr__(self, name):
        why = vars(self).get("_absent", {}).get(name)
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
        """
        if not 0 < level < 1:
            raise ValueError(f"level is a probability in (0, 1); got {level!r}.")
        reach = self._law.ppf(0.5 + level / 2)
        if method == "wald":
            ends = self._estimates[:, None] + np.outer(self._errors, [-reach, reach])
        elif method == "profile":
            ends = self._profiles(reach)
        else:
            raise ValueError(f"method takes 'wald' or 'profile'; got {method!r}.")
        return self._entries.arrays(ends)

    def _profiles(self, reach):
        """The ends (q, 2) of all profile intervals."""
        fit = self._fit
        if not fit.likelihood.proper:
            raise ValueError(f"{fit.likelihood!r} is not the law of y, on purpose: its profile is no likelihood's.")
        scale = self._scale if self.dispersion == "pearson" else 1.0
        with one_blas_thread, np.errstate(all="ignore"):
            return np.array(
                [
                    [np.nan, np.nan]
                    if np.isnan(estimate)
                    else profile(fit, self._directions, function, unit, error, reach, scale)
                    for estimate, function, unit, error in zip(
                        self._estimates, self._entries.functions, self._entries.units, self._errors, strict=True
                    )
                ]
            )

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
        """
        entries, found = self._entries, self._directions
        R = constraint_matrix(constraints, self.names, entries.places, self._fit.columns)
        # Of coefficients that are not determined, combinations may be.
        J, units = R @ entries.jacobian, np.abs(R) @ entries.units
        unknown = moves(J, units, found.undetermined) | moves(J, units, found.unbounded)
        if unknown.any():
            names = [self.names[i] for i in np.flatnonzero(R[unknown].any(axis=0))]
            raise ValueError(
                f"constraints: {', '.join(names)} cannot be tested: the data do not determine them, or the likelihood "
                "has its maximum at infinity."
            )
        df_resid = self.df_resid if self.dispersion == "pearson" else None
        return wald(R @ entries.estimates - values, J @ self._C @ J.T, df_resid)

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
        """
        if not 0 < level < 1:
            raise ValueError(f"level is a probability in (0, 1); got {level!r}.")
        with one_blas_thread, np.errstate(all="ignore"):
            return mean_interval(self, X, self._law.ppf(0.5 + level / 2))

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
        """
        if not 0 < level < 1:
            raise ValueError(f"level is a probability in (0, 1); got {level!r}.")
        with one_blas_thread, np.errstate(all="ignore"):
            return effects(self, X, self._law, level)

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
        """
        return CoefficientTable.of(self, baseline).to_frame()

    def __str__(self):
        return str(CoefficientTable.of(self))

    def __repr__(self):
        return str(self)

    def _repr_html_(self):
        return CoefficientTable.of(self).html()


def check_dispersion(fit, dispersion):
    """A ValueError where the likelihood has no such dispersion."""
    if dispersion not in ("ml", "pearson"):
        raise ValueError(f"dispersion takes 'ml' or 'pearson'; got {dispersion!r}.")
    if dispersion == "pearson":
        likelihood = fit.likelihood
        if likelihood.dispersion is None:
            raise ValueError(
                f"dispersion='pearson' needs a variance phi V(mean) with one phi (Gaussian, Poisson, Gamma ...); "
                f"{likelihood!r} has none."
            )
        first, *others = likelihood.slices.items()
        regressed = [name for name, k in others if fit.objective.layout.sloped[k].any()]
        if regressed:
            raise ValueError(f"dispersion='pearson' estimates one dispersion; here {regressed[0]} depends on X.")


def first_coordinates(fit):
    """Which coordinates of w belong to the first parameter, boolean (d,)."""
    layout = fit.objective.layout
    k = next(iter(fit.likelihood.slices.values()))
    predictors = np.repeat(np.arange(len(layout.mask)), layout.mask.sum(axis=1))
    return (predictors >= k.start) & (predictors < k.stop)


def mean_size(fit, found):
    """The number of the first parameter's entries that the data determine."""
    first = first_coordinates(fit)
    within = found.undetermined[first]
    return int(first.sum()) - int(np.abs(within).any(axis=0).sum())


def null_log_likelihood(fit):
    """The largest log-likelihood of the same model without columns."""
    objective = replace(fit.objective, penalty=ElasticNet())
    free = np.nonzero(objective.layout.mask)[1] == 0
    w = np.where(free, fit.w, 0.0)
    null = objective.restrict(free, w)
    if not free.any():
        return objective.log_likelihood(w)
    return null.log_likelihood(Auto().minimize(null, w[free], lambda *report, **more: None, None).w)


def notes(inference):
    """Sentences about what is not determined, unbounded, penalised, or tested badly by z."""
    entries, found, fit = inference._entries, inference._directions, inference._fit
    sentences = []
    for N, what in [
        (found.undetermined, "not determined by the data (collinear columns)"),
        (found.unbounded, "at a limit: the likelihood has its maximum at infinity"),
    ]:
        names = [
            name for name, bad in zip(entries.names, moves(entries.jacobian, entries.units, N), strict=True) if bad
        ]
        if names:
            sentences.append(f"{', '.join(names[:10])}{' ...' if len(names) > 10 else ''}: {what}.")
    if fit.objective.penalty.alpha > 0:
        sentences.append(
            "The fit is penalised: the errors are those of the penalised curvature, about biased estimates."
        )
    weak = hauck_donner(inference)
    if weak:
        sentences.append(
            f"Hauck-Donner effect: z of {', '.join(weak)} falls as the coefficient grows, while the likelihood ratio "
            "rises. Use likelihood_ratio_test or conf_int(method='profile')."
        )
    return sentences
