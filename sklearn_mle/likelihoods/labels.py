"""Likelihoods of labels: y is one of C classes."""

from functools import reduce

import numpy as np

from ..jets import expit, log_expit
from ..links import Identity, Log, Logit, ProbabilityLink
from ..links import link as resolve_link
from .base import LabelLikelihood, indicator
from .special import LOG_2PI, log1p


class Bernoulli(LabelLikelihood):
    """P(y = 1) = p, of two classes.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog", "loglog", "cauchit"} or Link, default=None
        The link of p: logit.

    Examples
    --------
    >>> from sklearn_mle import Bernoulli, MLEClassifier
    >>> X, y = [[0], [1], [2], [3], [4], [5]], [0, 0, 1, 0, 1, 1]
    >>> for link in "logit", "probit":
    ...     print(link, MLEClassifier(Bernoulli(link=link)).fit(X, y).predict_proba([[4]])[0].round(2))
    logit [0.14 0.86]
    probit [0.13 0.87]
    """

    links = {"p": Logit()}
    multi_class = False
    n_classes = 2

    def __init__(self, link=None):
        self.link = link

    def log_proba(self, p):
        return [log_expit(-p), log_expit(p)]

    def derivatives(self, y, eta, order):
        (logit,) = eta
        # About p = 0 or 1, whichever is nearer: p - y loses no digit then, and is not 0 where confident and right.
        e = np.exp(-np.abs(logit))
        total, off = 1 + e, (logit >= 0) - indicator(y, 1)
        smaller = e / total
        return (log1p(e) + off * logit, [off - np.copysign(smaller, logit)], [[smaller / total]])[: order + 1]

    def dispersion(self, p):
        return 1.0

    def start(self, y, weight):
        return (self.shares(y, weight)[1],)

    def decision(self, p):
        return [p]


class Categorical(LabelLikelihood):
    """P(y = c) = exp(logits_c) / sum_k exp(logits_k).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import MLEClassifier
    >>> soft = np.array([[0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]])  # y may be probabilities
    >>> model = MLEClassifier("categorical").fit([[0], [1], [2]], soft)
    >>> model.predict_proba([[0], [2]]).round(2)
    array([[0.77, 0.15, 0.08],
           [0.07, 0.25, 0.68]])
    """

    links = {"logits": Identity()}
    shift_invariant = ("logits",)

    @property
    def widths(self):
        return {"logits": self.n_classes}

    def log_proba(self, logits):
        return log_softmax(logits)

    def derivatives(self, y, eta, order):
        logits = stack(eta[0])
        p, q, top, log_total = softmax(logits)
        parts = [of_label(top - logits, y) + log_total]
        if order > 0:
            label = label_rows(y, len(p))
            parts.append(list((1 - label) * p - label * q))  # p - label, without its cancellation
        if order > 1:
            parts.append(symmetric(len(p), lambda k, m: p[k] * q[k] if k == m else -p[k] * p[m]))
        return tuple(parts)

    def expected(self, eta, y=None):
        return self.taylor(np.zeros(max(map(len, eta)), dtype=int), eta, 2)[2]  # the same for all labels

    def start(self, y, weight):
        logits = np.log(self.shares(y, weight))
        return (logits - logits.mean(),)

    def decision(self, logits):
        return [logits[1] - logits[0]] if len(logits) == 2 else list(logits)


class GaussianOnLabels(LabelLikelihood):
    """onehot(y) ~ N(p, 1), p = softmax(logits): squared error on labels. Two classes: y ~ N(p, 1), p = expit(logits).

    Its variance is 1 by definition, and the nll 1/2 ||onehot(y) - p||^2 + constant is not that of `dist`, on purpose.

    Parameters
    ----------
    link : {"logit", "identity"}, default="logit"
        "identity": p = logits, least squares on labels; its probabilities are p clipped to [0, 1] and renormalised.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import Bernoulli, GaussianOnLabels
    >>> y, eta = np.array([1]), [np.array([-10.0])]  # a confident mistake
    >>> for likelihood in Bernoulli(), GaussianOnLabels().with_classes(2):
    ...     print(f"{likelihood!r}: gradient {likelihood.taylor(y, eta, 1)[1][0][0]:.1e}")
    Bernoulli(): gradient -1.0e+00
    GaussianOnLabels(): gradient -4.5e-05
    """

    links = {"logits": Identity()}
    proper = False

    def __init__(self, link="logit"):
        self.link = link

    @property
    def parameters(self):
        return self.links  # `link` is that of p, whose logits are their own predictors

    @property
    def widths(self):
        return {} if self.n_classes == 2 else {"logits": self.n_classes}

    @property
    def shift_invariant(self):
        return () if self.n_classes == 2 or self._linear else ("logits",)

    def log_proba(self, logits):
        if self._linear:
            return log_clipped(logits if self.n_classes > 2 else (1 - logits, logits))
        return log_softmax(logits) if self.n_classes > 2 else [log_expit(-logits), log_expit(logits)]

    def log_prob(self, y, logits):
        if self.n_classes == 2:
            residuals = [(logits if self._linear else expit(logits)) - indicator(y, 1)]
        else:
            p = logits if self._linear else map(np.exp, log_softmax(logits))
            residuals = [row - indicator(y, c) for c, row in enumerate(p)]
        return -0.5 * sum(residual * residual for residual in residuals) - 0.5 * len(residuals) * LOG_2PI

    def derivatives(self, y, eta, order):
        logits = stack(eta[0] if self.n_classes > 2 else eta)
        label = label_rows(y, self.n_classes)[-len(logits) :]
        squared_error = linear_error if self._linear else sigmoid_error if len(logits) == 1 else softmax_error
        residual, slopes, curves = squared_error(logits, label)
        nll = 0.5 * (residual * residual).sum(axis=0) + 0.5 * len(logits) * LOG_2PI
        return (nll, list(slopes), curves)[: order + 1]

    def start(self, y, weight):
        shares = self.shares(y, weight)
        values = shares if self._linear else np.log(shares)
        if self.n_classes == 2:
            return (values[1] if self._linear else values[1] - values[0],)
        return (values if self._linear else values - values.mean(),)

    def decision(self, logits):
        if self.n_classes == 2:
            return [logits - 0.5 if self._linear else logits]
        return list(logits)

    @property
    def _linear(self):
        link = resolve_link(self.link)
        if link not in (Logit(), Identity()):
            raise ValueError(f"GaussianOnLabels takes link='logit' or 'identity'; got {self.link!r}.")
        return link == Identity()


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


# --- probabilities from logits; rows stacked to (C, n) ---


def stack(rows):
    """Rows as an array of shape (C, n), or (C, 1)."""
    return np.stack(np.broadcast_arrays(*map(np.atleast_1d, rows)))


def sigmoid(logit):
    """p = expit(logit), 1 - p, and log(1 + exp(-|logit|)), from one exponential, in both tails."""
    e = np.exp(-np.abs(logit))
    larger = 1 / (1 + e)
    smaller = e * larger
    right = logit >= 0
    return np.where(right, larger, smaller), np.where(right, smaller, larger), log1p(e)


def softmax(logits):
    """p and 1 - p of shape (C, n), the largest logit, and log sum_c exp(logits_c - largest): no 1 - p cancels."""
    top = logits.max(axis=0)
    e = np.exp(logits - top)
    # The sums over all other classes: those before, then those behind.
    others, behind = np.zeros_like(e), np.zeros(e.shape[1])
    for k in range(1, len(e)):
        np.add(others[k - 1], e[k - 1], out=others[k])
    for k in range(len(e) - 1, 0, -1):
        behind += e[k]
        others[k - 1] += behind
    rest = others.min(axis=0)  # of the largest, whose own term is 1
    return e / (1 + rest), others / (1 + rest), top, log1p(rest)


def linear_error(p, label):
    """p - label; gradient and Hessian of 1/2 ||p - label||^2 in p."""
    residual = p - label
    return residual, residual, symmetric(len(p), lambda k, m: np.full(1, float(k == m)))


def sigmoid_error(logit, label):
    """p - label with p = expit(logit); gradient and Hessian of 1/2 (p - label)^2 in the logit."""
    p, q, _ = sigmoid(logit)
    residual, slope = (1 - label) * p - label * q, p * q
    # The sigmoid's slope survives in the gradient: a confident mistake has none.
    return residual, residual * slope, [slope * slope + residual * slope * (1 - 2 * p)]


def softmax_error(logits, label):
    """p - label with p = softmax(logits); gradient and Hessian of 1/2 ||p - label||^2 in the logits."""
    p, q, *_ = softmax(logits)
    residual = (1 - label) * p - label * q
    pull = residual - (p * residual).sum(axis=0)
    rise = residual + p - 0.5 * (p * (2 * residual + p)).sum(axis=0)

    def curve(k, m):
        return (k == m) * p[k] * (pull[k] + p[k]) - p[k] * p[m] * (rise[k] + rise[m])

    return residual, p * pull, symmetric(len(p), curve)


def log_softmax(rows):
    """log p as C rows."""
    log_total = reduce(np.logaddexp, rows)
    return [row - log_total for row in rows]


def log_clipped(rows):
    """log p as C rows, p = the rows clipped to [0, 1] and renormalised; uniform where all of them are <= 0."""
    p = np.clip(stack(rows), 0, 1)
    p[:, ~p.any(axis=0)] = 1.0
    with np.errstate(divide="ignore"):
        return list(np.log(p / p.sum(axis=0)))


def label_rows(y, n_classes):
    """onehot(y), or soft labels, of shape (C, n)."""
    return y.T if np.ndim(y) == 2 else (y == np.arange(n_classes)[:, None]).astype(float)


def of_label(logits, y):
    """The logit of each row's label, or its mean over a soft label, shape (n,)."""
    if np.ndim(y) == 2:
        return (y.T * logits).sum(axis=0)
    return logits[y, np.arange(len(y)) if logits.shape[1] > 1 else 0]


def symmetric(C, row):
    """C lists of C rows with [k][m] and [m][k] the same array."""
    rows = [[None] * C for _ in range(C)]
    for k in range(C):
        for m in range(k, C):
            rows[k][m] = rows[m][k] = row(k, m)
    return rows
