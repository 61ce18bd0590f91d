"""Entropy and Kullback-Leibler divergence of any laws."""

import numpy as np

from ..distributions import Discrete, Predictive
from .adaptive import ends, expectation

#: A law whose probabilities add up to 1 but for more than that is not resolved: what is found of it is NaN.
WHOLE = 1e-6
#: Below this a divergence is the integral of a square, about: else rounding would leave it few digits.
NEAR = 0.1


def entropy(p):
    """-E log p(Y) in nats, shape (n,), of the laws of a `Predictive`.

    Of a density it may have any sign and depends on the unit of y; of probabilities it is >= 0.
    """

    def terms(y, log_volume, rows):
        log_p = log_prob(p, y, rows)
        w = np.exp(log_p + log_volume)
        value = np.where(w > 0, -w * log_p, 0.0)
        return np.stack([value, w]), np.stack([np.abs(value) + w] * 2)

    value, mass = expectation(terms, p)
    return np.where(np.abs(mass - 1) < WHOLE, value, np.nan)


def divergence(p, q):
    """KL(p || q) = E log p(Y) / q(Y), Y ~ p, in nats, shape (n,): a closed form where the likelihood states one.

    Parameters
    ----------
    p, q : Predictive
        Of the same number of rows n, or of one row.
    """
    if p.likelihood.divergence is not None and alike(p.likelihood, q.likelihood):
        return np.maximum(p.likelihood.divergence(p.theta, q.theta), 0.0)
    return divergence_in_numbers(p, q)


def divergence_in_numbers(p, q):
    """`divergence` by summation or quadrature."""
    p, q = (Predictive(law.likelihood, law.theta, max(len(p), len(q))) if len(law) == 1 else law for law in (p, q))

    def terms(y, log_volume, rows):
        log_p, log_q = log_prob(p, y, rows), log_prob(q, y, rows)
        w, t = np.exp(log_p + log_volume), log_q - log_p
        with_p = w > 0
        value = np.where(with_p, -w * t, 0.0)
        # q - p - p log(q / p), which is positive: nothing cancels where q is next to p.
        near = np.abs(t) < 0.5
        small = np.where(near, t, 0.0)
        square = np.where(near, w * (np.expm1(small) - small), np.exp(log_q + log_volume) - w + value)
        square = np.where(np.abs(t) < 0.01, w * small * small * _half_exprel(small), square)
        square = np.where(with_p, square, np.exp(log_q + log_volume))
        noise = np.where(with_p & np.isfinite(t), w * (1 + np.abs(log_p) + np.abs(log_q)), 0.0)
        return np.stack([value, square, w]), np.stack([noise, noise * np.minimum(np.abs(t), 1.0), noise])

    value, square, mass = expectation(terms, p)
    beyond = _outside(p.dist, q)
    value = np.where(np.abs(value) < NEAR, square + beyond, value)
    value = np.where(np.abs(mass - 1) < WHOLE, np.maximum(value, 0.0), np.nan)
    return np.where(_reaches_beyond(p, q), np.inf, value)


def _half_exprel(t):
    """(exp(t) - 1 - t) / t^2 for |t| < 0.01."""
    return 1 / 2 + t * (1 / 6 + t * (1 / 24 + t * (1 / 120 + t * (1 / 720 + t / 5040))))


def n_rows(*theta):
    """The number of rows that entries of theta have."""
    return max(np.size(row) for entry in theta for row in (entry if isinstance(entry, tuple) else (entry,)))


def alike(p, q):
    """Whether two likelihoods have the same laws: they may differ in what they fix and in links of parameters."""
    if type(p) is not type(q):
        return False
    chosen = [
        {name: value for name, value in vars(law).items() if name not in law.links and name not in ("link", "base")}
        for law in (p, q)
    ]
    same = all(np.array_equal(value, chosen[1].get(name)) for name, value in chosen[0].items())
    return same and (not hasattr(p, "inner") or alike(p.inner, q.inner))


def log_prob(p, y, rows):
    """log p(y_j | theta_i) for i = rows[j]: of labels, whose likelihood may be no law, that of their law."""
    part = p[rows]
    return part.dist.logpmf(y) if isinstance(part.dist, Discrete) else part.log_prob(y)


def _outside(law, q):
    """The probability under q of what lies outside the support of a law."""
    low, high = ends(law)
    q_low, q_high = ends(q.dist)
    before = low - 1 if hasattr(law, "pmf") else low
    if getattr(law, "atoms", ()):  # they belong to the support, and are its ends
        before = np.nextafter(before, -np.inf)
    return np.where(low > q_low, q.cdf(before), 0.0) + np.where(high < q_high, q.sf(high), 0.0)


def _reaches_beyond(p, q):
    """Whether p has probability where q has none, however little: where its support reaches further."""
    (low, high), (q_low, q_high) = ends(p.dist), ends(q.dist)
    below, above = low < q_low, high > q_high
    if hasattr(p.dist, "pmf"):
        rows = np.arange(len(p))
        for beyond, k in ((below, q_low - 1), (above, q_high + 1)):
            if np.any(beyond):
                at = np.broadcast_to(np.where(np.isfinite(k), k, 0.0), len(p))
                beyond &= log_prob(p, at, rows) > -np.inf
    return below | above
