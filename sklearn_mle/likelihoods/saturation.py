"""The best fit of a row: its largest log-likelihood over the first parameter, from which deviances are measured."""

import numpy as np


def best_log_prob(likelihood, y, start, *others):
    """max over eta of log p(y | eta, others), shape (n,): by Newton's method within the bracket that the slopes give.

    Parameters
    ----------
    likelihood : Likelihood
        With `derivatives`, and one maximum in every row.
    y : array of shape (n,) or (n, m)
    start : array of shape (n,)
        eta of the first parameter to begin from, with its default link.
    others : rows
        eta of the other parameters, with theirs.
    """
    eta, low, high = np.array(start, dtype=float), np.full(len(start), -np.inf), np.full(len(start), np.inf)
    for _ in range(100):
        nll, (slope, *_), ((bend, *_), *_) = likelihood.derivatives(y, [eta, *others], 2)
        low, high = np.where(slope < 0, eta, low), np.where(slope > 0, eta, high)
        step = np.clip(-slope / np.maximum(np.abs(bend), 1e-300), -2.0, 2.0)
        if (np.abs(slope * step) <= 1e-15 * np.maximum(1.0, np.abs(nll))).all():
            break
        ahead = eta + step
        eta = np.where((low <= ahead) & (ahead <= high), ahead, 0.5 * (low + high))
    return -nll
