"""Likelihoods of labels: y is one of C classes."""

import numpy as np

from ..jets import log_expit
from ..links import Identity, Logit
from .base import LabelLikelihood, indicator
from .softmax import log_softmax, softmax, stack
from .special import log1p


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
