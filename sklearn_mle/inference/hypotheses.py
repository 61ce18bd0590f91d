"""Tests of hypotheses: Wald's, of linear combinations of coefficients, and the likelihood ratio of two fits."""

from collections import namedtuple

import numpy as np
from scipy import stats

from ..links import Link
from ..names import suggestion
from ..rows import one_blas_thread
from .directions import directions
from .fit import Fit

#: df is that of chi2, or of the numerator of F; df_resid that of its denominator, None for chi2.
TestResult = namedtuple("TestResult", "statistic df p_value df_resid", defaults=[None])
TestResult.__test__ = False  # it is none of pytest's


def constraint_matrix(constraints, names, places, columns):
    """R (m, q) from names of coefficients, of columns or of parameters, or R itself.

    Parameters
    ----------
    constraints : str, list of str, or array
    names : list of str
        Of the q coefficients.
    places : list of (parameter, index)
        Of the same; the last part of an index is 0 for the intercept, else 1 + column.
    columns : list of str
        Names of X.
    """
    if isinstance(constraints, str):
        constraints = [constraints]
    if np.size(constraints) == 0:
        raise ValueError("constraints name nothing to test.")
    if not all(isinstance(constraint, str) for constraint in np.ravel(np.asarray(constraints, dtype=object))):
        return linear_combinations(constraints, names)
    known = ["intercept", *columns]
    rows = []
    for constraint in constraints:
        found = [i for i, name in enumerate(names) if name == constraint]
        if not found and constraint in known:
            j = known.index(constraint)
            found = [i for i, (_, index) in enumerate(places) if index[-1] == j]
        if not found:
            found = [i for i, (parameter, index) in enumerate(places) if parameter == constraint and index[-1] > 0]
        if not found:
            text = f"constraints: {constraint!r} is no coefficient, column or parameter; the coefficients are {names}."
            raise ValueError(text + suggestion(constraint, [*names, *columns]))
        rows += found
    return np.eye(len(names))[rows]


def linear_combinations(constraints, names):
    """R itself, checked."""
    try:
        R = np.atleast_2d(np.asarray(constraints, dtype=float))
    except (TypeError, ValueError):
        raise ValueError(f"constraints are names, or an array of numbers; got {constraints!r}.") from None
    if R.ndim != 2 or R.shape[1] != len(names):
        raise ValueError(f"constraints must have {len(names)} columns, one for each of {names}; got {R.shape}.")
    for wrong, rule in [
        (~np.isfinite(R).all(axis=1), "has numbers that are not finite"),
        (~R.any(axis=1), "is zero, which tests nothing"),
    ]:
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(f"constraints[{row}] {rule}: {R[row].tolist()}.")
    return R


def combinations_test(estimates, columns, constraints, values, df_resid):
    """Wald's test of R b = values; see `Inference.wald_test`."""
    entries = estimates.entries
    R = constraint_matrix(constraints, entries.names, entries.places, columns)
    # Of coefficients that are not determined, combinations may be.
    J = R @ entries.jacobian
    undetermined, unbounded = estimates.unknown(J, np.abs(R) @ entries.units)
    for which, why in [
        (undetermined, "the data do not determine them"),
        (unbounded, "the likelihood has its maximum at infinity"),
    ]:
        if which.any():
            names = [entries.names[i] for i in np.flatnonzero(R[which].any(axis=0))]
            raise ValueError(f"constraints: {', '.join(names)} cannot be tested, for {why}.")
    return wald(R @ entries.estimates - check_values(values, len(R)), J @ estimates.covariance @ J.T, df_resid)


def check_values(values, m):
    """values as numbers, one or m."""
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if numbers.shape not in ((), (1,), (m,)) or not np.isfinite(numbers).all():
        raise ValueError(f"values must be one finite number, or one for each of the {m} constraints; got {values!r}.")
    return numbers


def wald(off, C, df_resid):
    """The test of off = 0, whose covariance is C: off' C^+ off against chi2, or 1 / df of it against F."""
    scale = np.sqrt(np.where(np.diag(C) > 0, np.diag(C), 1.0))
    lengths, axes = np.linalg.eigh(C / scale / scale[:, None])
    kept = lengths > 1e-10 * lengths[-1]
    along = axes.T @ (off / scale)
    if np.abs(along[~kept]).max(initial=0.0) > 1e-6 * max(1.0, np.abs(along).max()):
        raise ValueError(
            "constraints contradict each other: some are linear combinations of others, with other values."
        )
    statistic, df = float((along[kept] ** 2 / lengths[kept]).sum()), int(kept.sum())
    if df_resid is None:
        return TestResult(statistic, df, float(stats.chi2.sf(statistic, df)))
    return TestResult(statistic / df, df, float(stats.f.sf(statistic / df, df, df_resid)), df_resid)


def likelihood_ratio_test(small, large, X, y, *, sample_weight=None):
    """The test of a model against a larger one of the same family that contains it.

    Parameters
    ----------
    small, large : MLERegressor, MLEClassifier, or a Pipeline or search around one
        Fitted to the same data; each may take its own columns of X.
    X, y, sample_weight
        What both were fitted to.

    Returns
    -------
    TestResult
        statistic = 2 (log-likelihood of `large` - that of `small`), df, p_value by chi2.

    Raises
    ------
    ValueError
        If the families differ, `small` has no fewer free coefficients, or something that `large` holds fixed, or a fit
        is penalised.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor, likelihood_ratio_test
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> constant, regressed = MLERegressor().fit(X, y), MLERegressor(regressed="all").fit(X, y)
    >>> test = likelihood_ratio_test(constant, regressed, X, y)
    >>> print(f"{test.statistic:.1f}, df {test.df}, p {test.p_value:.1e}")  # does sigma depend on X?
    34.9, df 10, p 1.3e-04
    """
    sizes = [getattr(model, "n_features_in_", None) for model in (small, large)]
    if None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(
            f"likelihood_ratio_test needs two fits to the same X; small was fitted to {sizes[0]} columns, large to "
            f"{sizes[1]}. Fit small to all of them, with regressed={{parameter: its columns}}, or in a Pipeline that "
            "takes its own."
        )
    with one_blas_thread, np.errstate(all="ignore"):
        fits = [Fit.of(model, X, y, sample_weight) for model in (small, large)]
        check_nested(*fits)
        sizes, values = [], []
        for fit in fits:
            fit.demand_unpenalised(False)
            found = directions(fit.objective, fit.w, expected=not fit.likelihood.smooth)
            fit.warn_unless_maximum(found.distance)
            sizes.append(fit.objective.size - found.undetermined.shape[1])
            values.append(fit.objective.log_likelihood(fit.w))
    df = sizes[1] - sizes[0]
    if df <= 0:
        raise ValueError(
            f"small must have fewer free coefficients than large; the data determine {sizes[0]} of small's and "
            f"{sizes[1]} of large's."
        )
    statistic = 2 * (values[1] - values[0])
    if statistic < -1e-6 * max(1.0, abs(values[0])):
        raise ValueError(
            f"The log-likelihood of small, {values[0]:.8g}, is above that of large, {values[1]:.8g}: large does not "
            "contain it, or has not converged."
        )
    statistic = max(statistic, 0.0)
    return TestResult(statistic, df, float(stats.chi2.sf(statistic, df)))


def check_nested(small, large):
    """A ValueError where `large` cannot contain `small`."""
    a, b = small.likelihood, large.likelihood
    if type(a) is not type(b):
        raise ValueError(
            f"likelihood_ratio_test compares fits of one family; got {a!r} and {b!r}. Compare their AIC, or held-out "
            "log scores."
        )
    if not a.proper:
        raise ValueError(f"{a!r} is not the law of y, on purpose: it has no likelihood ratio.")
    for (name, in_small), in_large in zip(a.parameters.items(), b.parameters.values(), strict=True):
        if isinstance(in_large, Link) and isinstance(in_small, Link) and in_small != in_large:
            raise ValueError(f"{name} has link {in_small!r} in small and {in_large!r} in large: they are not nested.")
        if not isinstance(in_large, Link) and in_small != in_large:
            raise ValueError(f"{name} is fixed at {in_large!r} in large, but not in small: they are not nested.")
    if small.columns == large.columns and list(a.slices) == list(b.slices):
        extra = small.objective.layout.mask & ~large.objective.layout.mask
        if extra.any():
            k, j = np.argwhere(extra)[0]
            name = next(name for name, rows in a.slices.items() if rows.start <= k < rows.stop)
            raise ValueError(
                f"small has {['intercept', *small.columns][j]!r} in {name}, which large has not: they are not nested."
            )
