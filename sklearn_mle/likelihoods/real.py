"""Likelihoods of real numbers by their location and scale."""

import numpy as np
from scipy import stats
from scipy.special import erf, exp1

from ..distributions import Predictive
from ..jets import gammaln, log_expit, log_ndtr
from ..links import Identity, Log
from . import entropies
from .base import Likelihood
from .sample import median, spread
from .special import LOG_2PI, exprel_gap, gammaln_gap, log1p_gap, log_cdf_of_minimum


class Gaussian(Likelihood):
    """y ~ N(mu, sigma^2): mean mu, standard deviation sigma.

    Parameters
    ----------
    sigma : float or None, default=None
        A number fixes it: 1.0 makes the nll half the squared error.
    link : str, Link or dict, default=None
        The link of mu, or of several parameters by name.

    Examples
    --------
    >>> from sklearn_mle import Gaussian, MLERegressor
    >>> X, y = [[0], [1], [2], [3], [4]], [1.1, 2.9, 5.2, 6.8, 9.1]
    >>> model = MLERegressor(Gaussian()).fit(X, y)
    >>> print(model.predict_dist([[5]]))
    <1 distributions of Gaussian(): mu = 10.99, sigma = 0.1463>
    >>> MLERegressor(Gaussian(sigma=1.0)).fit(X, y).coef_.round(2)  # least squares, and a sigma that is known
    array([1.99])
    """

    links = {"mu": Identity(), "sigma": Log()}
    nuisance = ("sigma",)

    def __init__(self, sigma=None, link=None):
        self.sigma, self.link = sigma, link

    def dist(self, mu, sigma):
        return stats.norm(mu, sigma)

    def log_prob(self, y, mu, sigma):
        z = (y - mu) / sigma
        return -0.5 * z * z - np.log(sigma) - 0.5 * LOG_2PI

    def log_cdf(self, y, mu, sigma):
        return log_ndtr((y - mu) / sigma)

    def log_sf(self, y, mu, sigma):
        return log_ndtr((mu - y) / sigma)

    def crps(self, y, mu, sigma):
        z = (y - mu) / sigma
        return (y - mu) * erf(z / np.sqrt(2)) + sigma * (np.sqrt(2) * np.exp(-0.5 * z * z) - 1) / np.sqrt(np.pi)

    def derivatives(self, y, eta, order):
        mu, log_sigma = eta
        precision = np.exp(-np.atleast_1d(log_sigma))
        z = (y - mu) * precision
        square = z * z
        parts = 0.5 * square + (log_sigma + 0.5 * LOG_2PI), [-z * precision, 1 - square]
        if order < 2:
            return parts[: order + 1]
        cross = 2 * z * precision
        return *parts, [[precision * precision, cross], [cross, 2 * square]]

    def information(self, mu, sigma):
        return {("mu", "mu"): sigma**-2.0, ("sigma", "sigma"): 2 * sigma**-2.0}

    def saturated(self, y, mu, sigma):
        return self.log_prob(y, y, sigma)

    def dispersion(self, mu, sigma):
        return sigma * sigma

    def entropy(self, mu, sigma):
        return np.log(sigma) + 0.5 * (LOG_2PI + 1)

    def divergence(self, theta, other):
        (mu, sigma), (nu, tau) = theta, other
        of_scale = log1p_gap((sigma - tau) / tau * (1 + sigma / tau), 2 * (np.log(sigma) - np.log(tau)))
        return 0.5 * (of_scale + ((mu - nu) / tau) ** 2)

    def start(self, y, weight):
        return spread(y, weight)


class Logistic(Likelihood):
    """P(Y <= y) = 1 / (1 + exp(-(y - mu) / scale)): mean and median mu, variance (pi scale)^2 / 3.

    Parameters
    ----------
    scale : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> law = fit_distribution([1.2, 0.3, 2.2, 1.9, 0.8, 1.4, 6.0], "logistic")
    >>> print(f"{law.params['mu']:.2f} {law.params['scale']:.2f}, standard deviation {law.std()[0]:.2f}")
    1.62 0.85, standard deviation 1.54
    """

    links = {"mu": Identity(), "scale": Log()}

    def __init__(self, scale=None, link=None):
        self.scale, self.link = scale, link

    def dist(self, mu, scale):
        return stats.logistic(mu, scale)

    def log_prob(self, y, mu, scale):
        z = (y - mu) / scale
        return log_expit(z) + log_expit(-z) - np.log(scale)

    def log_cdf(self, y, mu, scale):
        return log_expit((y - mu) / scale)

    def log_sf(self, y, mu, scale):
        return log_expit((mu - y) / scale)

    def crps(self, y, mu, scale):
        z = (y - mu) / scale
        return scale * (z - 2 * log_expit(z) - 1)

    def start(self, y, weight):
        mu = median(y, weight)
        scale = median(np.abs(y - mu), weight) / np.log(3)
        return mu, scale if scale > 0 else spread(y, weight)[1]

    def point(self, mu, scale):
        return mu

    def entropy(self, mu, scale):
        return np.log(scale) + 2

    def divergence(self, theta, other):
        return standardised(self, theta, other)


class Gumbel(Likelihood):
    """P(Y <= y) = exp(-exp(-(y - mu) / scale)), the largest of many draws: mode mu, mean mu + 0.5772 scale.

    Parameters
    ----------
    scale : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Coles (2001), An Introduction to Statistical Modeling of Extreme Values, section 3.1.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> highest = [3.1, 2.7, 4.0, 3.3, 2.9, 5.6, 3.5, 3.0]  # level of a river in each of eight years
    >>> print(f"once in 100 years above {fit_distribution(highest, 'gumbel').isf(0.01)[0]:.1f}")
    once in 100 years above 5.6
    """

    links = {"mu": Identity(), "scale": Log()}

    def __init__(self, scale=None, link=None):
        self.scale, self.link = scale, link

    def dist(self, mu, scale):
        return stats.gumbel_r(mu, scale)

    def log_prob(self, y, mu, scale):
        z = (y - mu) / scale
        return -z - np.exp(-z) - np.log(scale)

    def log_cdf(self, y, mu, scale):
        return -np.exp((mu - y) / scale)

    def log_sf(self, y, mu, scale):
        return log_cdf_of_minimum((mu - y) / scale)

    def start(self, y, weight):
        mean, deviation = spread(y, weight)
        scale = deviation * np.sqrt(6) / np.pi
        return mean - np.euler_gamma * scale, scale

    def point(self, mu, scale):
        return mu + np.euler_gamma * scale

    def crps(self, y, mu, scale):
        # Jordan, Krueger and Lerch (2019), JSS 90, appendix A, the generalised extreme value law of shape 0.
        z = (y - mu) / scale
        return scale * (np.euler_gamma - np.log(2) - z + 2 * exp1(np.exp(-z)))

    def entropy(self, mu, scale):
        return np.log(scale) + np.euler_gamma + 1

    def divergence(self, theta, other):
        (mu, scale), (nu, other_scale) = theta, other
        r, shift = scale / other_scale, (mu - nu) / other_scale
        # E exp(-(Y - nu) / other_scale) = exp(x).
        x = gammaln(1 + r) - shift
        return gammaln_gap(r, 1.0) + x * x * exprel_gap(x)


def standardised(likelihood, theta, other):
    """KL(p || q) in numbers, of laws of location and scale by the position of q in units of p: far out nothing is lost.

    Location and scale are the first two parameters.
    """
    (mu, sigma, *shapes), (nu, tau, *others) = ([np.atleast_1d(row) for row in rows] for rows in (theta, other))
    z, ratio = np.broadcast_arrays((nu - mu) / sigma, tau / sigma)
    p, q = [np.zeros(1), np.ones(1), *shapes], [z, ratio, *others]
    n = entropies.n_rows(*p, *q)
    return entropies.divergence_in_numbers(Predictive(likelihood, p, n), Predictive(likelihood, q, n))
