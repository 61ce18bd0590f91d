"""Optima to 20 digits: Newton's method on bare densities in mpmath, which owes nothing to the package."""

from functools import lru_cache

import numpy as np
from mpmath import mp

# Working digits. Central differences at STEP then leave 1e-24 of first derivatives and 1e-14 of second ones.
DIGITS, STEP = 40, 1e-12
# A step of this size, in standardised columns, is the last: the next would be 1e-12 of it.
ENOUGH = 1e-18

# Half of all time without it; counts repeat, and constant parameters are the same in every row.
loggamma = lru_cache(maxsize=10_000)(mp.loggamma)


def gaussian(y, mu, log_sigma):
    return log_sigma + ((y - mu) * mp.exp(-log_sigma)) ** 2 / 2


def student_t(y, mu, log_sigma, log_df):
    df = mp.exp(log_df)
    square = ((y - mu) * mp.exp(-log_sigma)) ** 2
    peak = loggamma((df + 1) / 2) - loggamma(df / 2) - log_df / 2
    return log_sigma - peak + (df + 1) / 2 * mp.log1p(square / df)


def poisson(y, log_mu):
    return mp.exp(log_mu) - y * log_mu


def poisson_identity(y, mu):
    return mu - y * mp.log(mu)


def negative_binomial(y, log_mu, log_alpha):
    r, log_odds = mp.exp(-log_alpha), log_mu + log_alpha
    return loggamma(r) - loggamma(y + r) + (y + r) * mp.log1p(mp.exp(log_odds)) - y * log_odds


def logit(y, eta):
    return mp.log1p(mp.exp(-eta if y else eta))


def probit(y, eta):
    return -mp.log(mp.ncdf(eta if y else -eta))


def cloglog(y, eta):
    return -mp.log(-mp.expm1(-mp.exp(eta))) if y else mp.exp(eta)


def loglog(y, eta):
    return cloglog(1 - y, -eta)


def categorical(y, *logits):
    return mp.log(sum(map(mp.exp, logits))) - logits[int(y)]


def polished(nll, X, y, W, free=None, weight=None, offset=0):
    """The minimum of sum_i weight_i nll(y_i, *eta_i), eta = W [1, X]' + offset, to 20 digits.

    Parameters
    ----------
    nll : callable
        Of numbers of mpmath: y and K linear predictors.
    X, y : arrays of shape (n, p) and (n,)
    W : array of shape (K, 1 + p)
        Where the search begins: near enough for bare Newton steps.
    free : boolean array of shape (K, 1 + p), default=None
        The entries to find; the others stay. None: all.
    weight : array of shape (n,), default=None
    offset : number or array of shape (n,), default=0
        Of the first predictor.

    Returns
    -------
    array of shape (K, 1 + p)
        Numbers of mpmath.
    """
    with mp.workdps(DIGITS):
        K, free = len(W), np.ones_like(W, dtype=bool) if free is None else free
        centred = free[free[:, 1:].any(axis=1), 0].all()  # a slope without an intercept: no shift
        shift = _exact(X.mean(axis=0, dtype=float) * centred)
        scale = _exact(X.std(axis=0, dtype=float))
        Z = np.column_stack([_exact(np.ones(len(X))), (_exact(X) - shift) / scale])
        Z_float = Z.astype(float)
        V = _exact(W)
        V[:, 0] += V[:, 1:] @ shift
        V[:, 1:] *= scale
        y, weight, h = _exact(y), _exact(np.ones(len(X)) if weight is None else weight), mp.mpf(STEP)
        f = np.frompyfunc(nll, 1 + K, 1)
        moves = h * np.eye(K, dtype=int).astype(object)[:, :, None]
        for _ in range(20):
            eta = V @ Z.T
            eta[0] += _exact(offset)
            slopes = np.array([f(y, *(eta + move)) - f(y, *(eta - move)) for move in moves]) / (2 * h)
            gradient = (weight * slopes) @ Z
            H = np.zeros((*V.shape, *V.shape))
            for k, a in enumerate(moves):
                for m, b in enumerate(moves[: k + 1]):
                    outer = f(y, *(eta + (a + b))) + f(y, *(eta - (a + b)))
                    inner = f(y, *(eta + (a - b))) + f(y, *(eta - (a - b)))
                    second = (weight * (outer - inner) / (4 * h**2)).astype(float)
                    H[k, :, m] = Z_float.T @ (second[:, None] * Z_float)
                    H[m, :, k] = H[k, :, m].T
            # Logits of classes may all be shifted by one number: lstsq takes the shortest step.
            H = H[free][:, free]
            step = _exact(np.linalg.lstsq(H, -gradient[free].astype(float), rcond=1e-11)[0])
            V[free] += step
            if max(abs(step)) <= ENOUGH * max(1, *abs(V[free])):
                curvature = np.linalg.eigvalsh(H)
                assert curvature[0] > -1e-11 * curvature[-1], "the stationary point is no minimum"
                V[:, 1:] /= scale
                V[:, 0] -= V[:, 1:] @ shift
                return V
        raise AssertionError(f"no stationary point near the start: the last step is {mp.nstr(max(abs(step)), 3)}")


def coefficients(model):
    """W (K, 1 + p) of a fitted model, and which of its entries are estimated."""
    slopes = np.vstack([np.atleast_2d(slopes) for slopes in model.coefs_.values()])
    W = np.column_stack([np.concatenate([np.atleast_1d(b) for b in model.intercepts_.values()]), slopes])
    return W, W != 0


def digits(estimate, exact):
    """The number of correct digits of the worst entry: -log10 of the relative error, at most 16.

    `exact` holds numbers, or decimals as strings.
    """
    with mp.workdps(DIGITS):
        estimate, exact = _exact(np.ravel(estimate)), _exact(np.ravel(exact))
        errors = abs(estimate - exact) / np.where(exact == 0, 1, abs(exact))
        return min(16.0, float(-mp.log10(max(*errors, mp.mpf("1e-16")))))


def _exact(values):
    """Numbers of mpmath, from numbers or decimals."""
    return np.frompyfunc(mp.mpf, 1, 1)(np.asarray(values, dtype=object))
