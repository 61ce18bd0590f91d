"""Scores of predictive distributions: each function takes (y, dist) and returns what its first line defines.

`y` has shape (n,) and holds finite numbers. `dist` holds one law for each of them, or one for all: what `predict_dist`
returns, or a frozen scipy.stats law. `sample_weight` counts a row so many times.
"""

from numbers import Real

import numpy as np

from ..distributions import crps, generator
from ..estimators.table import check_numbers
from ..estimators.weights import check_weight


def mean_log_score(y, dist, sample_weight=None):
    """The mean of log p_i(y_i): of log densities, or of log probabilities where the law is one of counts.

    Greater is better; a density and a probability cannot be compared, see `make_log_score`.

    Parameters
    ----------
    y : array-like of shape (n,)
        Of shape (n, 2) where `dist` is that of a likelihood with such y (`Censored`).
    dist : Predictive or frozen scipy.stats law
    sample_weight : array-like of shape (n,), default=None

    Returns
    -------
    float
        -inf where a y_i is impossible: outside the support, or no integer where the law is one of counts.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 4.1.

    Examples
    --------
    >>> from scipy import stats
    >>> from sklearn_mle.metrics import mean_log_score
    >>> y = [0.2, -1.1, 0.5]
    >>> print(f"{mean_log_score(y, stats.norm(0, 1)):.3f} {mean_log_score(y, stats.norm(0, 5)):.3f}")
    -1.169 -2.538
    """
    return average(log_scores(y, dist), sample_weight)


def mean_crps(y, dist, sample_weight=None):
    """The mean of CRPS(F_i, y_i) = integral (F_i(t) - 1{y_i <= t})^2 dt = E|Y - y_i| - E|Y - Y'| / 2.

    Smaller is better. It has the unit of y, is the absolute error where F_i is a point, and compares laws of any kind,
    with a density or without. A closed form where the likelihood states one (Gaussian, StudentT, Poisson,
    NegativeBinomial, mixtures of them with zeros), else a sum or an adaptive integral to nine digits.

    Parameters
    ----------
    y : array-like of shape (n,)
    dist : Predictive or frozen scipy.stats law
    sample_weight : array-like of shape (n,), default=None

    Returns
    -------
    float

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 4.2.

    Examples
    --------
    >>> from scipy import stats
    >>> from sklearn_mle.metrics import mean_crps
    >>> y = [0.2, -1.1, 0.5]
    >>> print(f"{mean_crps(y, stats.norm(0, 1)):.3f} {mean_crps(y, stats.norm(0, 5)):.3f}")
    0.418 1.208
    """
    return average(crps_scores(y, dist), sample_weight)


def interval_score(y, dist, coverage=0.95, sample_weight=None):
    """The mean of (u - l) + 2 / a (l - y)+ + 2 / a (y - u)+, (l, u) the central interval of `coverage` = 1 - a.

    Smaller is better: narrow intervals that nevertheless hold y.

    Parameters
    ----------
    y : array-like of shape (n,)
    dist : Predictive or frozen scipy.stats law
    coverage : float in (0, 1), default=0.95
    sample_weight : array-like of shape (n,), default=None

    Returns
    -------
    float

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, equation 43.

    Examples
    --------
    >>> from scipy import stats
    >>> from sklearn_mle.metrics import interval_score
    >>> y = [0.2, -1.1, 0.5]
    >>> for sigma in 0.1, 1.0, 5.0:  # too narrow, and too wide
    ...     print(f"{interval_score(y, stats.norm(0, sigma), coverage=0.9):.2f}")
    9.04
    3.29
    16.45
    """
    return average(interval_scores(y, dist, coverage), sample_weight)


def coverage_score(y, dist, coverage=0.95, sample_weight=None):
    """The share of y inside the central intervals of this coverage, their ends included.

    Near `coverage` where the laws are calibrated; above it for counts, whose intervals hold more.

    Parameters
    ----------
    y : array-like of shape (n,)
    dist : Predictive or frozen scipy.stats law
    coverage : float in (0, 1), default=0.95
    sample_weight : array-like of shape (n,), default=None

    Returns
    -------
    float

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.metrics import coverage_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLERegressor("gamma").fit(X[::2], y[::2])
    >>> print(f"{coverage_score(y[1::2], model.predict_dist(X[1::2]), coverage=0.9):.2f}")
    0.86
    """
    y = numbers(y, dist)
    lower, upper = dist.interval(probability(coverage))
    return average((lower <= y) & (y <= upper), sample_weight)


def pit(y, dist, random_state=None):
    """The probability integral transform F(y-) + V (F(y) - F(y-)), V ~ U(0, 1): uniform where the laws are true.

    It is F(y) where F has no jump at y, and randomised where it has one: for counts, and at the zeros of a mixture.

    Parameters
    ----------
    y : array-like of shape (n,)
    dist : Predictive or frozen scipy.stats law
    random_state : int, Generator, RandomState or None, default=None
        Of V; matters at jumps only.

    Returns
    -------
    array of shape (n,)
        Numbers in [0, 1].

    References
    ----------
    Czado, Gneiting and Held (2009), Predictive model assessment for count data, Biometrics 65, section 2.1.

    Examples
    --------
    >>> from scipy import stats
    >>> from sklearn_mle.metrics import pit
    >>> pit([0.0, 1.96], stats.norm(0, 1)).round(3)
    array([0.5  , 0.975])
    >>> pit([0, 0, 0], stats.poisson(1), random_state=0).round(2)  # anywhere between 0 and P(Y = 0)
    array([0.23, 0.1 , 0.02])
    """
    y = numbers(y, dist)
    # F(y-) at the next smaller number: the same whether a law has a pmf, a density, or both.
    before, at = dist.cdf(np.nextafter(y, -np.inf)), dist.cdf(y)
    return before + generator(random_state).uniform(size=len(y)) * (at - before)


# --- one score a row, shape (n,) ---


def log_scores(y, dist):
    """log p_i(y_i)."""
    if not hasattr(dist, "log_prob"):
        y = numbers(y, dist)
        return dist.logpmf(y) if hasattr(dist, "logpmf") else dist.logpdf(y)
    return dist.log_prob(numbers(y, dist, dist.likelihood.support.columns))


def crps_scores(y, dist):
    """CRPS(F_i, y_i)."""
    return crps(dist, numbers(y, dist))


def interval_scores(y, dist, coverage):
    """(u_i - l_i) + 2 / a (l_i - y_i)+ + 2 / a (y_i - u_i)+."""
    y = numbers(y, dist)
    lower, upper = dist.interval(probability(coverage))
    return (upper - lower) + 2 / (1 - coverage) * np.maximum(np.maximum(lower - y, y - upper), 0)


# --- what comes in ---


def numbers(y, dist, columns=1):
    """y as finite floats of shape (n,), or (n, columns), one row for each law of dist; or a ValueError."""
    y = check_numbers(y, "y", "a score", None, infinite=True)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == columns == 1 else y
    likelihood = getattr(dist, "likelihood", None)
    if y.ndim == 2 and columns == 1 and likelihood is not None and likelihood.support.columns > 1:
        raise ValueError(
            f"The score needs y of shape ({len(y)},), for each law a value to be scored; got {y.shape}: a row of y is "
            f"several numbers, such as the interval of a censored observation. Use mean_log_score of {likelihood!r}, "
            "or the rows observed exactly by y[:, 0]."
        )
    y = y if columns > 1 else check_numbers(y, "y", "a score", None)
    wanted = (len(y),) if columns == 1 else (len(y), columns)
    if y.shape != wanted:
        raise ValueError(f"The score needs y of shape {wanted}, for each law a value to be scored; got {y.shape}.")
    laws = (len(dist),) if hasattr(dist, "__len__") else np.shape(dist.ppf(0.5))
    if laws not in ((), (1,), (len(y),)):
        raise ValueError(
            f"y has shape {y.shape}, the laws of dist {laws}: each y needs a law of its own, or all have one."
        )
    return y


def probability(coverage):
    """coverage itself, or a ValueError."""
    if not isinstance(coverage, Real) or not 0 < coverage < 1:
        raise ValueError(f"coverage is a probability in (0, 1); got {coverage!r}.")
    return coverage


def average(scores, sample_weight):
    """sum_i s_i score_i / sum_i s_i over the rows of positive weight."""
    weight = check_weight(sample_weight, len(scores))
    if weight is None:
        return float(np.mean(scores))
    return float(np.average(scores[weight > 0], weights=weight[weight > 0]))  # 0 times -inf would be NaN
