"""Likelihoods of numbers between 0 and 1."""

import numpy as np
from scipy import special, stats

from ..jets import analytic, expit, gammaln, log_expit, psi
from ..links import Log, Logit
from .base import Likelihood
from .saturation import best_log_prob
from .softmax import sigmoid
from .special import (
    LOG_2PI,
    divergence_of_odds,
    log1p_gap,
    stirling,
    stirling_gap,
    stirling_slopes,
    trigamma,
    weighted_gap,
)
from .support import Support
from .tails import in_both, log_beta_tail


class Beta(Likelihood):
    """y ~ Beta(a, b), a = mu phi, b = (1 - mu) phi: mean mu, variance mu (1 - mu) / (1 + phi).

    Parameters
    ----------
    phi : float or None, default=None
        A number fixes the precision.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Ferrari and Cribari-Neto (2004), Beta regression for modelling rates and proportions, Journal of Applied
    Statistics 31.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> X, y = [[0], [1], [2], [3], [4]], [0.06, 0.25, 0.21, 0.58, 0.70]
    >>> low, high = MLERegressor("beta").fit(X, y).predict_interval([[5]], coverage=0.9)[0]
    >>> print(f"{low:.2f} {high:.2f}")  # never beyond 1
    0.74 0.93
    """

    links = {"mu": Logit(), "phi": Log()}
    support = Support(lower=0.0, upper=1.0, open=True)
    limits = {
        "phi": {
            0.0: "precision phi is at 0: y is next to 0 or 1, so label its ends and use Bernoulli",
            np.inf: "precision phi is at infinity: the mean fits y without error",
        }
    }

    def __init__(self, phi=None, link=None):
        self.phi, self.link = phi, link

    def dist(self, mu, phi):
        a, b = (np.maximum(p * phi, 1e-100) for p in (expit(mu), expit(-mu)))  # scipy has no law of a = 0
        return stats.beta(a, b)

    def log_prob(self, y, mu, phi):
        p, q = expit(mu), expit(-mu)
        inside, log_y, log_rest, off = self._of_y(y, mu, p, q)
        # The Gamma functions by Stirling's formula leave p^-a q^-b, which makes of y^a (1 - y)^b the divergence of y
        # from mu: a sum of two positive terms, however large phi.
        log_p, log_q, log_phi = log_expit(mu), log_expit(-mu), np.log(phi)
        gap = weighted_gap(p, off, log_y - log_p) + weighted_gap(q, -off, log_rest - log_q)
        gammas = remainder(p * phi, log_p + log_phi) + remainder(q * phi, log_q + log_phi) - remainder(phi, log_phi)
        peak = 0.5 * (log_phi + log_p + log_q - LOG_2PI)
        return np.where(inside, peak - gammas - phi * gap - log_y - log_rest, -np.inf)

    def log_cdf(self, y, mu, phi):
        return tail_of_beta(mu, np.log(phi), y, False)

    def log_sf(self, y, mu, phi):
        return tail_of_beta(mu, np.log(phi), y, True)

    def derivatives(self, y, eta, order):
        logit, log_phi = eta
        p, q, log_total = sigmoid(logit)
        log_p, log_q = np.minimum(logit, 0) - log_total, np.minimum(-logit, 0) - log_total
        inside, log_y, log_rest, off = self._of_y(y, logit, p, q)
        phi = np.exp(np.atleast_1d(log_phi))
        a, b = p * phi, q * phi
        gap = phi * (weighted_gap(p, off, log_y - log_p) + weighted_gap(q, -off, log_rest - log_q))
        peak = 0.5 * (log_phi + log_p + log_q - LOG_2PI)
        logs = log_p + log_phi, log_q + log_phi, log_phi
        gammas = remainder(a, logs[0]) + remainder(b, logs[1]) - remainder(phi, log_phi)
        nll = gap + gammas - peak + log_y + log_rest
        parts = [np.where(inside, nll, np.inf)]
        if order > 0:
            of_a, of_b, of_phi = (remainder_slopes(z, log_z, order) for z, log_z in zip((a, b, phi), logs, strict=True))
            distance = logit - (log_y - log_rest)
            pull = a * q * distance
            by_mu = q * of_a[0] - p * of_b[0] + pull - 0.5 * (q - p)
            parts.append([by_mu, of_a[0] + of_b[0] - of_phi[0] + gap - 0.5])
        if order > 1:
            bend = a * q * (1 + (q - p) * distance) + p * q * (1 - of_a[0] - of_b[0])
            by_mu = q * q * of_a[1] + p * p * of_b[1] + bend
            cross = q * of_a[1] - p * of_b[1] + pull
            parts.append([[by_mu, cross], [cross, of_a[1] + of_b[1] - of_phi[1] + gap]])
        return tuple(parts)

    def information(self, mu, phi):
        p, q, log_p, log_q, log_phi = expit(mu), expit(-mu), log_expit(mu), log_expit(-mu), np.log(phi)
        of_a, of_b, of_phi = (
            remainder_slopes(np.exp(np.atleast_1d(log_z)), np.atleast_1d(log_z), 2)
            for log_z in (log_p + log_phi, log_q + log_phi, log_phi)
        )
        # The derivatives above, with the means of `pull` and `gap` at which the gradient's are 0.
        pull = p * of_b[0] - q * of_a[0] + 0.5 * (q - p)
        gap = 0.5 - of_a[0] - of_b[0] + of_phi[0]
        by_mu = q * q * of_a[1] + p * p * of_b[1] + (q - p) * pull + p * q * (phi + 1 - of_a[0] - of_b[0])
        return {
            ("mu", "mu"): by_mu,
            ("mu", "phi"): (q * of_a[1] - p * of_b[1] + pull) / phi,
            ("phi", "phi"): (of_a[1] + of_b[1] - of_phi[1] + gap) / (phi * phi),
        }

    def start(self, y, weight):
        mu, rest = np.average(y, weights=weight), np.average(1 - y, weights=weight)
        variance = np.average((y - mu) ** 2, weights=weight)
        ends = np.finfo(float).tiny, 1 - np.finfo(float).eps
        return np.clip(mu, *ends), np.clip(mu * rest / max(variance, 1e-30) - 1, 0.01, 1e10)

    def saturated(self, y, mu, phi):
        return best_log_prob(self, y, np.log(y) - np.log1p(-y), np.log(phi))

    def point(self, mu, phi):
        return expit(mu)

    def crps(self, y, mu, phi):
        # Jordan, Krueger and Lerch (2019), JSS 90, appendix A, with F_(a, b) - F_(a + 1, b) = y (1 - y) p(y) / a.
        p, q, log_phi, inside = expit(mu), expit(-mu), np.log(phi), np.clip(y, 0.0, 1.0)
        logs = log_expit(mu) + log_phi, log_expit(-mu) + log_phi, log_phi
        # log B(2 a, 2 b) - 2 log B(a, b) by Stirling's formula.
        log_ratio = 0.5 * (logs[0] + logs[1] - log_phi - np.log(2) - LOG_2PI)
        for sign, log_z in zip((1, 1, -1), logs, strict=True):
            z = np.exp(np.atleast_1d(log_z))
            log_ratio = log_ratio + sign * (remainder(2 * z, log_z + np.log(2)) - 2 * remainder(z, log_z))
        density = inside * (1 - inside) * np.nan_to_num(np.exp(self.log_prob(inside, mu, phi)))
        cdf = special.betainc(np.maximum(p * phi, 1e-300), np.maximum(q * phi, 1e-300), inside)
        score = (y - p) * (2 * cdf - 1) + 2 / phi * (density - np.exp(log_ratio))
        return np.maximum(score, 0.0)

    def entropy(self, mu, phi):
        log_p, log_q, log_phi = log_expit(mu), log_expit(-mu), np.log(phi)
        logs = log_p + log_phi, log_q + log_phi, log_phi
        a, b, c = (np.exp(np.atleast_1d(log_z)) for log_z in logs)
        slopes = [remainder_slopes(z, log_z, 1)[0] for z, log_z in zip((a, b, c), logs, strict=True)]
        gammas = remainder(a, logs[0]) + remainder(b, logs[1]) - remainder(c, log_phi)
        # The mean of log_prob: E phi gap as in `information`, E log y = psi(a) - psi(c).
        gap = 0.5 - slopes[0] - slopes[1] + slopes[2]
        of_a, of_b, of_c = ((slope - 0.5) / z for slope, z in zip(slopes, (a, b, c), strict=True))
        return 0.5 * (log_p + log_q - log_phi + LOG_2PI) + gammas + gap + of_a + of_b - 2 * of_c

    def divergence(self, theta, other):
        (mu, phi), (nu, rho) = theta, other
        p, q, change = expit(mu), expit(-mu), np.log(rho) - np.log(phi)
        total = rho * divergence_of_odds(nu, mu)
        # The rest is that of log Gamma(z) - z log z, for z = a, b and, negative, a + b.
        for sign, share, new, log in (
            (1, p, expit(nu), log_expit(nu) - log_expit(mu)),
            (1, q, expit(-nu), log_expit(-nu) - log_expit(-mu)),
            (-1, 1.0, 1.0, 0.0),
        ):
            at, z = (np.maximum(product, 1e-300) for product in (share * phi, new * rho))
            total = total + sign * (0.5 * log1p_gap((z - at) / at, log + change) + stirling_gap(z, at))
        return total

    @staticmethod
    def _of_y(y, logit, p, q):
        """Whether y is in (0, 1), log y, log(1 - y), and y - p, from the end of the interval that p is nearer to."""
        inside = (y > 0) & (y < 1)
        y = np.where(inside, y, 0.5)
        return inside, np.log(y), np.log1p(-y), np.where(logit > 0, q - (1 - y), y - p)


@analytic
def tail_of_beta(logit, log_phi, y, upper, *, order):
    """log P(Y > y) or log P(Y <= y)."""

    def tail(logit, log_phi):
        phi = np.exp(log_phi)
        a, b = phi * expit(logit), phi * expit(-logit)
        log_front = Beta().log_prob(y, logit, phi) + np.log(y) + np.log1p(-y)
        return (log_beta_tail(b, a, 1 - y, y, log_front) if upper else log_beta_tail(a, b, y, 1 - y, log_front))[0]

    width = 1 / np.sqrt(1 + np.exp(log_phi) * expit(logit) * expit(-logit))  # about the deviation of the logit of Y
    with np.errstate(all="ignore"):
        return in_both(tail, logit, log_phi, width, order)


def remainder(z, log_z):
    """`stirling`, for z whose square underflows too."""
    small = gammaln(1 + z) - (z + 0.5) * log_z + z - 0.5 * LOG_2PI
    return np.where(z < 1, small, stirling(np.maximum(z, 1.0)))


def remainder_slopes(z, log_z, order):
    """The first `order` derivatives (1 or 2) of `stirling` in log z."""
    small, large = np.minimum(z, 1.0), np.maximum(z, 1.0)
    slopes, rise = stirling_slopes(large, order), psi(1 + small) - log_z
    first = np.where(z < 1, small * rise - 0.5, large * slopes[0])
    if order == 1:
        return (first,)
    of_small = small * (rise - 1 + small * trigamma(1 + small))
    return first, np.where(z < 1, of_small, large * (slopes[0] + large * slopes[1]))
