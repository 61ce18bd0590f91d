"""Likelihoods of what is seen, or known, within an interval only."""

from dataclasses import replace
from numbers import Real

import numpy as np

from .. import jets
from ..distributions.within import Within
from .base import silent_where_infinite
from .support import Support
from .wrappers import FEW, MU_OUTSIDE, Wrapper, log_above, log_prob, log_sum, start_of_truncated


class Truncated(Wrapper):
    """y ~ base, given that lower < y <= upper: rows outside the interval are never seen.

    Parameters
    ----------
    base : str or Likelihood, default="gaussian"
    lower, upper : float, default=-inf, inf
        ``lower=0`` makes counts zero-truncated. `predict` is the mean of what is seen.

    References
    ----------
    Cameron and Trivedi (2013), Regression Analysis of Count Data, 4.3. Greene (2018), Econometric Analysis, 19.2.

    Examples
    --------
    >>> from sklearn_mle import Truncated, fit_distribution
    >>> y = [1, 1, 2, 1, 3, 1, 2]  # persons in a household: none is recorded where there is nobody
    >>> print(f"{fit_distribution(y, Truncated('poisson', lower=0)).params['mu']:.2f}")
    0.98
    """

    own_limits = MU_OUTSIDE

    def __init__(self, base="gaussian", lower=-np.inf, upper=np.inf):
        self.base, self.lower, self.upper = base, lower, upper

    @property
    def support(self):
        base = self.inner.support
        for name, end in (("lower", self.lower), ("upper", self.upper)):
            if not isinstance(end, Real) or np.isnan(end):
                raise TypeError(f"Truncated: {name} must be a number, -inf or inf for none; got {end!r}.")
        lower, upper = (np.floor(self.lower) + 1, np.floor(self.upper)) if base.integer else (self.lower, self.upper)
        inside = lower <= base.lower and upper >= base.upper
        return base if inside else Support(max(lower, base.lower), min(upper, base.upper), integer=base.integer)

    def dist(self, *theta):
        return Within(self.inner.dist(*theta), self.lower, self.upper)

    def point(self, *theta):
        base = self.inner
        if base.support.integer and base.support.lower == 0 <= self.lower < 1 and self.upper >= base.support.upper:
            return base.point(*theta) / np.exp(log_above(base, 0.0, *theta))  # all of the mean is above 0
        return super().point(*theta)

    def log_prob(self, y, *theta):
        seen = log_prob(self.inner, y, *theta) - log_probability(self.inner, self.lower, self.upper, *theta)
        return np.where((y > self.lower) & (y <= self.upper), seen, -np.inf)

    def taylor(self, y, eta, order):
        def log_seen(*rows):
            return log_probability(self.inner, self.lower, self.upper, *self.theta(rows))

        with np.errstate(all="ignore"):
            both = zip(self.inner.taylor(y, eta, order), jets.taylor(log_seen, eta, order), strict=True)
            inside = (y > self.lower) & (y <= self.upper)
            return silent_where_infinite(tuple(_added(*parts) for parts in both), inside)

    def log_cdf(self, y, *theta):
        seen = log_probability(self.inner, self.lower, np.clip(y, self.lower, self.upper), *theta)
        return seen - log_probability(self.inner, self.lower, self.upper, *theta)

    def log_sf(self, y, *theta):
        seen = log_probability(self.inner, np.clip(y, self.lower, self.upper), self.upper, *theta)
        return seen - log_probability(self.inner, self.lower, self.upper, *theta)

    def start(self, y, weight):
        return start_of_truncated(self.inner, y, weight, self.lower)

    def check(self, y):
        if self.inner.support.columns > 1:
            raise ValueError(f"Truncated needs a base with y of one column; got {self.base!r}.")
        if not self.lower < self.upper:
            raise ValueError(f"Truncated needs lower < upper; got lower={self.lower!r}, upper={self.upper!r}.")
        self.inner.check(y)
        outside = ~((y > self.lower) & (y <= self.upper))
        if outside.any():
            row = int(np.argmax(outside))
            raise ValueError(
                f"{self!r} models {self.lower:g} < y <= {self.upper:g}; y[{row}] is {y[row]}. Rows outside it "
                "are never seen; if they are seen, but not their y, use Censored."
            )
        return y


class Censored(Wrapper):
    """lower <= latent <= upper with latent ~ base; y of shape (n, 2) holds (lower, upper), equal where observed.

    Right-censored at t is (t, inf), left-censored (-inf, t): see `right_censored` and `censored_at`. So
    ``Censored("gaussian")`` is the Tobit model and ``Censored("weibull")`` one of accelerated failure times. `dist` and
    `point`, and with them `predict`, are those of the latent variable.

    Parameters
    ----------
    base : str or Likelihood, default="gaussian"

    References
    ----------
    Tobin (1958), Estimation of relationships for limited dependent variables, Econometrica 26. Kalbfleisch and Prentice
    (2002), The Statistical Analysis of Failure Time Data, chapter 3.

    Examples
    --------
    >>> from sklearn_mle import Censored, MLERegressor, right_censored
    >>> X, years, failed = [[0], [0], [0], [1], [1], [1]], [1.0, 2.0, 4.0, 3.0, 4.0, 4.0], [1, 1, 0, 1, 0, 0]
    >>> model = MLERegressor(Censored("exponential")).fit(X, right_censored(years, failed))
    >>> print(model.predict([[0], [1]]).round(2))  # years over failures
    [ 3.5 11. ]
    """

    support = Support(columns=2, infinite=True)

    def __init__(self, base="gaussian"):
        self.base = base

    def dist(self, *theta):
        return self.inner.dist(*theta)

    @property
    def of_dist(self):
        return self.inner.of_dist

    def point(self, *theta):
        return self.inner.point(*theta)

    def taylor(self, y, eta, order):
        # Rows of a kind together: what is observed has the derivatives of the base, an open interval needs one tail.
        lower, upper = np.transpose(y)
        support = self.inner.support
        kind = np.select([lower == upper, upper >= support.upper, lower <= support.lower], [0, 1, 2], 3)
        K = len(eta)
        nll, gradient, hessian = np.empty(len(y)), np.empty((K, len(y))), np.empty((K, K, len(y)))
        for rows in (np.flatnonzero(kind == k) for k in np.unique(kind)):
            here = [row if len(row) == 1 else row[rows] for row in eta]
            observed = kind[rows[0]] == 0
            part = self.inner.taylor(lower[rows], here, order) if observed else super().taylor(y[rows], here, order)
            nll[rows], *derivatives = part
            for whole, part in zip((gradient, hessian), derivatives, strict=False):
                for place in np.ndindex(whole.shape[:-1]):
                    whole[place][rows] = part[place[0]] if len(place) == 1 else part[place[0]][place[1]]
        return (nll, list(gradient), [list(row) for row in hessian])[: order + 1]

    def kinks(self, y, eta):
        lower, upper = np.transpose(y)
        z, slopes = self.inner.kinks(lower, eta)
        return np.where(lower == upper, z, np.inf), slopes

    def log_prob(self, y, *theta):
        base, (lower, upper) = self.inner, np.transpose(y)
        observed = lower == upper
        if observed.all():
            return log_prob(base, lower, *theta)
        below = lower - 1.0 if base.support.integer else lower  # P(Y >= k) = P(Y > k - 1)
        inside = log_probability(base, below, upper, *theta)
        if not observed.any():
            return inside
        return np.where(observed, log_prob(base, _middle(base, lower, upper), *theta), inside)

    def expected(self, eta, y=None):
        raise ValueError(
            f"{self!r} has no expected curvature, nor leverages made of it: y does not say where a row that was "
            "observed would have been censored. Use what the observed one gives: 'observed', 'sandwich', 'HC1'."
        )

    def start(self, y, weight):
        return self.inner.start(_middle(self.inner, *np.transpose(y)), weight)

    def check(self, y):
        inner, (lower, upper) = self.inner, np.transpose(y)
        if inner.support.columns > 1:
            raise ValueError(f"Censored needs a base with y of one column; got {self.base!r}.")
        closed = replace(inner.support, open=False)
        ends = closed.contains(np.where(np.isfinite(y), y, _middle(inner, lower, upper)[:, None])).all(axis=1)
        possible = ends & inner.support.contains(_middle(inner, lower, upper))
        for wrong, rule in [
            (lower > upper, " needs intervals (lower, upper) with lower <= upper"),
            (np.isinf(lower) & np.isinf(upper), " needs intervals with a finite end"),
            (~possible, f"({type(inner).__name__}) models {inner.support}"),
        ]:
            if wrong.any():
                row = int(np.argmax(wrong))
                raise ValueError(f"Censored{rule}; y[{row}] is {y[row].tolist()}.")
        return y


def right_censored(time, event):
    """y of `Censored`: (time, time) where the event was seen, (time, inf) where not until then.

    Parameters
    ----------
    time : array-like of shape (n,)
    event : array-like of shape (n,)
        Booleans, or 1 and 0.

    Returns
    -------
    array of shape (n, 2)

    Examples
    --------
    >>> from sklearn_mle import right_censored
    >>> right_censored([2.0, 5.0], event=[True, False])
    array([[ 2.,  2.],
           [ 5., inf]])
    """
    time, event = np.asarray(time, dtype=float), np.asarray(event)
    if time.ndim != 1 or time.shape != event.shape:
        raise ValueError(f"right_censored needs time and event of shape (n,); got {time.shape} and {event.shape}.")
    other = (event != 0) & (event != 1)
    if other.any():
        row = int(np.argmax(other))
        raise ValueError(
            f"right_censored needs events that are booleans, or 1 and 0; event[{row}] is {event[[row]].tolist()[0]!r}."
        )
    return np.column_stack([time, np.where(event.astype(bool), time, np.inf)])


def censored_at(y, lower=-np.inf, upper=np.inf):
    """y of `Censored`: (-inf, lower) where y <= lower, (upper, inf) where y >= upper, else (y, y).

    Parameters
    ----------
    y : array-like of shape (n,)
        As recorded: what lies beyond a limit of detection is recorded as the limit, or anything beyond.
    lower, upper : float or array-like of shape (n,)

    Returns
    -------
    array of shape (n, 2)

    Examples
    --------
    >>> from sklearn_mle import censored_at
    >>> censored_at([0.0, 0.7, 2.5], lower=0, upper=2)
    array([[-inf,  0. ],
           [ 0.7,  0.7],
           [ 2. ,  inf]])
    """
    y = np.asarray(y, dtype=float)
    if y.ndim != 1:
        raise ValueError(f"censored_at needs y of shape (n,); got {y.shape}.")
    if np.any(np.greater_equal(lower, upper)):
        raise ValueError(f"censored_at needs lower < upper; got lower={lower!r}, upper={upper!r}.")
    below, above = y <= lower, y >= upper
    return np.column_stack(
        [np.select([below, above], [-np.inf, upper], y), np.select([below, above], [lower, np.inf], y)]
    )


def _added(rows, others):
    """Sums of rows in lists of lists of the same form."""
    if isinstance(rows, list):
        return [_added(row, other) for row, other in zip(rows, others, strict=True)]
    return rows + others


def _middle(base, lower, upper):
    """The middle of what the support has of each interval, or its finite end: a value that the base can take."""
    support = base.support
    low, high = np.maximum(lower, support.lower), np.minimum(upper, support.upper)
    low, high = np.where(np.isfinite(low), low, high), np.where(np.isfinite(high), high, low)
    with np.errstate(invalid="ignore"):
        middle = low + (high - low) / 2
    return np.ceil(middle) if support.integer else middle


def log_probability(base, lower, upper, *theta):
    """log P(lower < Y <= upper); lower and upper are numbers or rows, and an end beyond the support is none."""
    lower, upper = np.atleast_1d(lower), np.atleast_1d(upper)
    with np.errstate(all="ignore"):  # of branches that are not taken
        return (_of_counts if base.support.integer else _of_numbers)(base, lower, upper, *theta)


def _of_counts(base, lower, upper, *theta):
    support = base.support
    first, open_above = np.maximum(np.floor(lower) + 1, support.lower), upper >= support.upper
    last = np.where(open_above, first, np.floor(upper))
    below = np.maximum(first - 1, support.lower)
    above = 0.0
    if np.any(open_above & (first > support.lower)):
        above = np.where(first > support.lower, log_above(base, below, *theta), 0.0)
    if open_above.all():
        return above
    if np.max(last - first) < FEW:
        inside = log_sum(base, first, last, *theta)
    else:
        more, less = nearer_tail(base, below, last, *theta)
        inside = more + np.log(-np.expm1(less - more))
        inside = np.where(first > support.lower, inside, base.log_cdf(last, *theta))
    return np.where(open_above, above, inside)


def _of_numbers(base, lower, upper, *theta):
    open_below, open_above = lower <= base.support.lower, upper >= base.support.upper
    middle = _middle(base, lower, upper)
    low, high = np.where(open_below, middle, lower), np.where(open_above, middle, upper)
    above_low = 0.0 if open_below.all() else np.where(open_below, 0.0, base.log_sf(low, *theta))
    below_high = 0.0 if open_above.all() else np.where(open_above, 0.0, base.log_cdf(high, *theta))
    between = ~(open_below | open_above)
    if not between.any():
        return above_low + below_high
    more, less = nearer_tail(base, low, high, *theta)
    # Simpson's rule where the ends' probabilities differ by less than 1 %: its error is below 1e-11.
    ends = np.logaddexp(base.log_prob(low, *theta), base.log_prob(high, *theta))
    mean = np.logaddexp(ends, np.log(4.0) + base.log_prob(middle, *theta)) - np.log(6.0)
    inside = np.where(more - less < 0.01, mean + np.log(high - low), more + np.log(-np.expm1(less - more)))
    return np.where(between, inside, above_low + below_high)


def nearer_tail(base, low, high, *theta):
    """log P of what lies beyond low and beyond high, in the tail in which both are small: the larger one first."""
    above_low, below_high = base.log_sf(low, *theta), base.log_cdf(high, *theta)
    upper_tail = above_low < below_high
    more = np.where(upper_tail, above_low, below_high)
    less = np.where(upper_tail, base.log_sf(high, *theta), base.log_cdf(low, *theta))
    return more, less
