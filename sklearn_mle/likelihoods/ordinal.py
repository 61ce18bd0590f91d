"""The likelihood of labels with an order."""

import numpy as np

from ..jets import log_expit
from ..links import Identity, Log, ProbabilityLink
from ..links import link as resolve_link
from .base import LabelLikelihood


class Ordinal(LabelLikelihood):
    """P(y <= c) = F(t_c - eta) for ordered classes 0 .. C - 1, with t_0 = 0 and t_c = t_(c - 1) + gaps_c.

    Shown are `thresholds_`, t_c - intercept of eta, and `intercept_` 0.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog"} or a link of probabilities, default="logit"
        The inverse of F.
    categories : list, default=None
        The classes in ascending order. None: the order of an ordered categorical y, or that of numbers; strings have
        none. Classes that y lacks are left out.

    References
    ----------
    McCullagh (1980), Regression models for ordinal data, JRSS B 42.

    Examples
    --------
    >>> from sklearn_mle import MLEClassifier, Ordinal
    >>> X, y = [[0], [1], [2], [3], [4], [5]], ["low", "mid", "low", "mid", "high", "high"]
    >>> model = MLEClassifier(Ordinal(categories=["low", "mid", "high"]), alpha=0.01).fit(X, y)
    >>> model.classes_.tolist()
    ['low', 'mid', 'high']
    >>> print(model.coef_.round(1), model.thresholds_.round(1))
    [[1.7]] [2.4 5.9]
    """

    links = {"eta": Identity(), "gaps": Log()}

    def __init__(self, link="logit", categories=None):
        self.link, self.categories = link, categories

    @property
    def parameters(self):
        return self.links  # `link` is that of P(y <= c), not of eta

    def order(self, classes, declared=None):
        labels, order = classes.tolist(), declared if self.categories is None else list(self.categories)
        if order is None:
            if classes.dtype.kind in "OUST":
                raise ValueError(
                    f"Ordinal needs the order of the classes {labels}, and strings have none: pass "
                    "Ordinal(categories=[...]) with all of them in ascending order, or y as an ordered categorical."
                )
            return classes
        if len(set(order)) < len(order):
            raise ValueError(f"Ordinal: categories name each class once; got {order}.")
        for label in labels:
            if label not in order:
                raise ValueError(f"Ordinal: y has the class {label!r}, which is none of the categories {order}.")
        return np.array([label for label in order if label in labels], dtype=classes.dtype)

    @property
    def widths(self):
        return {"gaps": self.n_classes - 2}

    def log_proba(self, eta, gaps):
        link, bound = self._cumulative, -eta
        odds = log_odds(link, bound)
        rows = [log_expit(odds)]
        for gap in gaps:
            below, rise, bound = odds, log_odds_rise(link, bound, gap), bound + gap
            odds = log_odds(link, bound)
            # F(b) - F(a) in log-odds A < B: expit(B) expit(-A) (1 - exp(A - B)), accurate in both tails.
            rows.append(log_expit(odds) + log_expit(-below) + np.log(-np.expm1(-rise)))
        return [*rows, log_expit(-odds)]

    def start(self, y, weight):
        bounds = self._cumulative(np.cumsum(self.shares(y, weight))[:-1])
        return -bounds[0], np.diff(bounds)

    def observation(self, y, *theta):
        if np.ndim(y) > 1:
            raise ValueError(f"Soft labels of {self!r} are no single class, which this needs.")
        return y, self.dist(*theta)

    def constants(self, eta, gaps):
        thresholds = [-eta]
        for gap in gaps:
            thresholds.append(thresholds[-1] + gap)
        return {"thresholds": tuple(thresholds)}

    def fitted(self, eta, gaps):
        thresholds = self.constants(eta, gaps)["thresholds"]
        return {"thresholds_": np.concatenate(thresholds), "intercept_": np.zeros(1)}

    @property
    def _cumulative(self):
        link = resolve_link(self.link)
        if not isinstance(link, ProbabilityLink):
            raise ValueError(f"Ordinal takes a link of probabilities (logit, probit, cloglog); got {self.link!r}.")
        return link


def log_odds(link, bound):
    """The log-odds of P = F(bound); where they overflow (cloglog), +-inf without a slope: P is 1 or 0 for good."""
    odds = link.inverse(bound)
    return np.where(np.isfinite(odds), odds, np.where(odds > 0, np.inf, -np.inf))


def log_odds_rise(link, bound, gap):
    """The log-odds at bound + gap minus those at bound, accurate however small the gap."""
    low, high = log_odds(link, bound), log_odds(link, bound + gap)
    known = np.isfinite(low) | np.isfinite(high) | (low < high)  # where both overflow, nothing lies between them
    rise = np.where(known, high - low, 0.0)
    if np.all(gap > 0.05):
        return rise
    # The difference over +-s about the middle is odd in s: interpolated at gap / 2 from s = h, 2 h, 3 h.
    middle, h = bound + 0.5 * gap, 0.02
    t = 0.5 * gap / h
    one, two, three = (link.inverse(middle + s) - link.inverse(middle - s) for s in (h, 2 * h, 3 * h))
    u = t * t
    terms = (u - 4) * (u - 9) / 24 * one - (u - 1) * (u - 9) / 30 * two + (u - 1) * (u - 4) / 120 * three
    return np.where((gap > 0.05) | ~known, rise, t * terms)
