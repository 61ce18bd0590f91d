"""The likelihood of what is known to lie within an interval."""

from dataclasses import replace

import numpy as np

from .intervals import log_probability, middle_of
from .support import Support
from .wrappers import Wrapper, log_prob


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

    support = Support(columns=2, row="an interval, as right_censored and censored_at make them", infinite=True)

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
        return np.where(observed, log_prob(base, middle_of(base, lower, upper), *theta), inside)

    def expected(self, eta, y=None):
        raise ValueError(
            f"{self!r} has no expected curvature, nor leverages made of it: y does not say where a row that was "
            "observed would have been censored. Use what the observed one gives: 'observed', 'sandwich', 'HC1'."
        )

    def start(self, y, weight):
        return self.inner.start(middle_of(self.inner, *np.transpose(y)), weight)

    def check(self, y):
        inner, (lower, upper) = self.inner, np.transpose(y)
        if inner.support.columns > 1:
            raise ValueError(f"Censored needs a base with y of one column; got {self.base!r}.")
        closed = replace(inner.support, open=False)
        ends = closed.contains(np.where(np.isfinite(y), y, middle_of(inner, lower, upper)[:, None])).all(axis=1)
        possible = ends & inner.support.contains(middle_of(inner, lower, upper))
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
