"""Squared error on labels, which is no law of them."""

import numpy as np

from ..jets import expit, log_expit
from ..links import Identity, Logit
from ..links import link as resolve_link
from .base import LabelLikelihood, indicator
from .labels import label_rows, symmetric
from .softmax import log_clipped, log_softmax, sigmoid, softmax, stack
from .special import LOG_2PI


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
