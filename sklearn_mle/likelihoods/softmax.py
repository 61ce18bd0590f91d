"""Probabilities from logits, of which no difference from 1 cancels; rows stacked to (C, n)."""

from functools import reduce

import numpy as np

from .special import log1p


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
