"""Likelihoods of real numbers whose nll has a kink at mu: of medians and other quantiles."""

from abc import abstractmethod

import numpy as np
from scipy import stats

from .. import jets
from ..links import Identity, Log
from .base import Likelihood
from .rounded import Smoothed, WithDensity
from .sample import quantile, spread
from .special import exprel_gap, log1p_gap


class Kinked(Likelihood):
    """nll = above max(z, 0) + below max(-z, 0) + log scale + constant, z = (y - mu) / scale.

    A subclass states `slopes`. `taylor` returns the expected curvature in mu, for the observed one is 0 off the kink;
    solvers round the kink with `smoothed`, and find the rows that end up in theirs with `kinks`; sandwiches estimate
    the density there with `with_density`.
    """

    links = {"mu": Identity(), "scale": Log()}
    nuisance = ("scale",)
    smooth = False

    @property
    @abstractmethod
    def slopes(self):
        """(below, above): how fast the nll rises with |z| on both sides of mu."""

    def log_prob(self, y, mu, scale):
        below, above = self.slopes
        z = (y - mu) / scale
        return self._log_peak() - np.where(z < 0, -below * z, above * z) - np.log(scale)

    def log_cdf(self, y, mu, scale):
        below, above = self.slopes
        z, share = (y - mu) / scale, above / (below + above)
        left, right = np.minimum(below * z, 0.0), np.minimum(-above * z, 0.0)
        return np.where(z < 0, np.log(share) + left, np.log1p((share - 1) * np.exp(right)))

    def log_sf(self, y, mu, scale):
        below, above = self.slopes
        z, share = (y - mu) / scale, below / (below + above)
        left, right = np.minimum(below * z, 0.0), np.minimum(-above * z, 0.0)
        return np.where(z > 0, np.log(share) + right, np.log1p((share - 1) * np.exp(left)))

    def derivatives(self, y, eta, order):
        mu, log_scale = (np.atleast_1d(row) for row in eta)
        below, above = self.slopes
        precision = np.exp(-log_scale)
        z = (y - mu) * precision
        slope = np.where(z < 0, -below, above)
        rise = slope * z
        parts = rise + (log_scale - self._log_peak()), [-slope * precision, 1 - rise]
        cross = slope * precision
        return (*parts, [[np.zeros(1), cross], [cross, rise]])[: order + 1]

    def taylor(self, y, eta, order):
        parts = super().taylor(y, eta, order)
        if order < 2:
            return parts
        nll, gradient, hessian = parts
        hessian = [list(rows) for rows in hessian]
        below, above = self.slopes
        # The mean of a squared slope is below above; that of the row's own side is in the gradient.
        in_mu = gradient[0] ** 2 * np.where(y < self.theta(eta)[0], above / below, below / above)
        hessian[0] = [in_mu, *(np.zeros(1) for _ in gradient[1:])]
        for rows in hessian[1:]:
            rows[0] = np.zeros(1)
        return nll, gradient, hessian

    def smoothed(self, width):
        """The likelihood with its kink rounded over about `width` scales."""
        return Smoothed(self, width)

    def with_density(self, bandwidth):
        """The likelihood whose curvature is by the rows that are within some `bandwidth` scales of their kink."""
        return WithDensity(self, bandwidth)

    def kinks(self, y, eta):
        """z of each row and its gradient in eta."""

        def standardised(*rows):
            mu, scale = self.theta(rows)
            return (y - mu) / scale

        return jets.taylor(standardised, eta, 1)

    def start(self, y, weight):
        below, above = self.slopes
        mu = quantile(y, weight, above / (below + above))
        scale = np.average(np.where(y < mu, below * (mu - y), above * (y - mu)), weights=weight)
        return mu, scale if scale > 0 else spread(y, weight)[1]

    def point(self, mu, scale):
        return mu

    def entropy(self, mu, scale):
        return 1 - self._log_peak() + np.log(scale)

    def divergence(self, theta, other):
        (mu, scale), (nu, other_scale) = theta, other
        below, above = self.slopes
        shift, r = (mu - nu) / scale, scale / other_scale
        # The mean of the check loss about nu is above that about mu by exp(-u) - 1 + u, u in slopes of the side of nu.
        u, odds = np.where(shift > 0, below, -above) * shift, np.where(shift > 0, above / below, below / above)
        rise = u * u * exprel_gap(-u)
        return log1p_gap((scale - other_scale) / other_scale, np.log(scale) - np.log(other_scale)) + r * odds * rise

    def _log_peak(self):
        below, above = self.slopes
        return np.log(below) + np.log(above) - np.log(below + above)


class Laplace(Kinked):
    """y ~ Laplace(mu, scale): density exp(-|y - mu| / scale) / (2 scale); mu is the mean and the median.

    Parameters
    ----------
    scale : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Koenker (2005), Quantile Regression, chapter 1: least absolute deviations.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> X, y = [[0], [1], [2], [3], [4]], [1.0, 3.0, 5.0, 7.0, 90.0]
    >>> model = MLERegressor("laplace").fit(X, y)
    >>> print(f"{model.intercept_:.2f} {model.coef_[0]:.2f}")  # the line through most points
    1.00 2.00
    """

    slopes = (1.0, 1.0)

    def __init__(self, scale=None, link=None):
        self.scale, self.link = scale, link

    def dist(self, mu, scale):
        return stats.laplace(mu, scale)

    def crps(self, y, mu, scale):
        # Jordan, Krueger and Lerch (2019), JSS 90, appendix A.
        z = np.abs(y - mu) / scale
        return scale * (z + np.exp(-z) - 0.75)


class AsymmetricLaplace(Kinked):
    """y ~ AL(mu, scale), P(Y <= mu) = quantile: regression of this quantile mu, by its check loss over the scale.

    Parameters
    ----------
    quantile : float, default=0.5
        In (0, 1); a choice, not a parameter to be estimated.
    scale : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Koenker and Machado (1999), Goodness of fit and related inference processes for quantile regression, JASA 94.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import AsymmetricLaplace, MLERegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(500, 1))
    >>> y = X[:, 0] * rng.normal(size=500)
    >>> model = MLERegressor(AsymmetricLaplace(quantile=0.9)).fit(X, y)
    >>> print(f"{np.mean(y < model.predict(X)):.2f} of y are below")
    0.90 of y are below
    """

    def __init__(self, quantile=0.5, scale=None, link=None):
        self.quantile, self.scale, self.link = quantile, scale, link

    @property
    def slopes(self):
        return 1.0 - self.quantile, float(self.quantile)

    def dist(self, mu, scale):
        below, above = self.slopes
        return stats.laplace_asymmetric(np.sqrt(above / below), mu, scale / np.sqrt(below * above))

    def check(self, y):
        if not 0 < self.quantile < 1:
            raise ValueError(f"AsymmetricLaplace: quantile must lie in (0, 1); got {self.quantile!r}.")
        return super().check(y)
