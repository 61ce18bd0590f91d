"""What is minimised, written once more in numpy: the judge of every contender, and the optimum to judge by."""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, expit, gammaln, log_softmax, xlogy

# --- nll and its gradient of each row, by the rows of eta --------------------------------------------------------


def gaussian(y, mu):
    return 0.5 * (y - mu) ** 2, [mu - y]


def gaussian_both(y, mu, log_sigma):
    z = (y - mu) * np.exp(-log_sigma)
    return log_sigma + 0.5 * z * z, [-z * np.exp(-log_sigma), 1 - z * z]


def bernoulli(y, eta):
    return np.logaddexp(0, eta) - y * eta, [expit(eta) - y]


def categorical(y, *logits):
    log_p, rows = log_softmax(logits, axis=0), np.arange(len(y))
    gradient = np.exp(log_p)
    gradient[y, rows] -= 1
    return -log_p[y, rows], list(gradient)


def poisson(y, eta):
    return np.exp(eta) - y * eta, [np.exp(eta) - y]


def gamma(y, eta):
    return y * np.exp(-eta) + eta, [1 - y * np.exp(-eta)]


def negative_binomial(y, eta, log_alpha):
    mu, r = np.exp(eta), np.exp(-log_alpha)
    share = (r + y) / (r + mu)
    nll = gammaln(r) + gammaln(y + 1) - gammaln(y + r) - xlogy(y, mu / (r + mu)) + r * np.log1p(mu / r)
    by_r = digamma(r) - digamma(y + r) + np.log1p(mu / r) - 1 + share
    return nll, [mu * share - y, -r * by_r]


def check_loss(y, q):
    level = 0.8
    return np.where(y > q, level, level - 1) * (y - q), [np.where(y > q, -level, 1 - level)]


# --- the objective -------------------------------------------------------------------------------------------------


@dataclass
class Problem:
    """F(W) = mean of nll + alpha (l1_ratio ||b||_1 + (1 - l1_ratio) / 2 ||b||^2), for each of `alphas`.

    W (K, 1 + p) has the intercepts in column 0. Contenders return one W for each alpha.

    Parameters
    ----------
    nll : callable
        ``nll(y, *eta)`` is a value per row and the K rows of its gradient.
    weight, exposure : arrays of shape (n,) or None
        exposure multiplies the mean: log(exposure) is added to the first row of eta.
    constant : tuple of int
        The rows of W without slopes.
    frame : DataFrame or None
        The same table for peers that take categories.
    """

    X: object
    y: np.ndarray
    nll: object
    K: int = 1
    alphas: tuple = (0.0,)
    l1_ratio: float = 0.0
    weight: np.ndarray | None = None
    exposure: np.ndarray | None = None
    intercept: bool = True
    constant: tuple = ()
    frame: object = None
    table: object = None

    def __post_init__(self):
        if self.exposure is not None:  # as a user hands it to sklearn_mle: one column of X
            self.table = np.column_stack([self.X, self.exposure])
        self.offset = 0.0 if self.exposure is None else np.log(self.exposure)
        self.bytes = self.X.nbytes if isinstance(self.X, np.ndarray) else 12 * self.X.nnz

    @property
    def C(self):
        """scikit-learn's strength of the penalty."""
        return np.inf if self.alphas[0] == 0 else 1 / (len(self.y) * self.alphas[0])

    def taylor(self, W, alpha):
        """F and its gradient, (K, 1 + p)."""
        eta = [self.X @ row[1:] + row[0] for row in W]
        eta[0] = eta[0] + self.offset
        nll, gradient = self.nll(self.y, *eta)
        weight = np.ones(len(self.y)) if self.weight is None else self.weight
        b, smooth = W[:, 1:], alpha * (1 - self.l1_ratio)
        value = weight @ nll / weight.sum() + alpha * self.l1_ratio * np.abs(b).sum() + smooth / 2 * np.sum(b * b)
        by_eta = np.array([weight * row / weight.sum() for row in gradient])
        slopes = (self.X.T @ by_eta.T).T + smooth * b + alpha * self.l1_ratio * np.sign(b)
        return value, np.column_stack([by_eta.sum(axis=1), slopes])

    def values(self, Ws):
        """F of each alpha."""
        return np.array([self.taylor(W[: self.K], alpha)[0] for W, alpha in zip(Ws, self.alphas, strict=True)])

    def units(self):
        """What multiplies W to make it free of the units of X: (1 + p,)."""
        n = self.X.shape[0]
        square = self.X.power(2) if hasattr(self.X, "power") else self.X**2
        variance = np.asarray(square.mean(axis=0)).ravel() - np.asarray(self.X.mean(axis=0)).ravel() ** 2
        return np.append(1.0, np.sqrt(np.maximum(variance, 1 / n**2)))

    def free(self):
        """Which entries of W are estimated, (K, 1 + p)."""
        free = np.ones((self.K, 1 + self.X.shape[1]), dtype=bool)
        free[list(self.constant), 1:] = False
        free[:, 0] &= self.intercept
        return free

    def polished(self, Ws, steps=2):
        """The optimum near Ws: Newton's steps by conjugate gradients; coefficients at 0 under an l1 norm stay there."""
        return [self._polished(W[: self.K], alpha, steps) for W, alpha in zip(Ws, self.alphas, strict=True)]

    def _polished(self, W, alpha, steps):
        free = self.free()
        if alpha * self.l1_ratio > 0:
            free[:, 1:] &= W[:, 1:] != 0
        units = self.units()
        value, g = self.taylor(W, alpha)
        for _ in range(steps):
            step = self._newton(W, g, alpha, free, units)
            trial = self.taylor(W + step, alpha)
            if not trial[0] <= value + 1e-14 * max(1.0, abs(value)):
                break
            W, (value, g) = W + step, trial
        return W

    def _newton(self, W, g, alpha, free, units):
        """-H^-1 g: H v by differences of the gradient, columns in units of their spread."""
        to_w = free / units
        r = -g * to_w
        x, d, square = np.zeros_like(r), r, np.sum(r * r)
        first = square
        for _ in range(min(3 * free.sum() + 10, 300)):
            if square <= 1e-10 * first or square == 0:  # the next step finds the rest
                break
            t = 1e-5 / np.sqrt(np.sum(d * d))
            Hd = (self.taylor(W + t * to_w * d, alpha)[1] - g) / t * to_w
            length = square / np.sum(d * Hd)
            x, r = x + length * d, r - length * Hd
            square, before = np.sum(r * r), square
            d = r + square / before * d
        return x * to_w
