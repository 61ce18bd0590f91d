"""Likelihoods with a kink that have other derivatives than the nll's own: those of one with the kink rounded."""

import numpy as np
from scipy import stats

from .. import jets
from .base import Likelihood, silent_where_infinite
from .sample import quantile, spread


class OfKinked(Likelihood):
    """The law of the base, a Kinked, with other derivatives."""

    @property
    def links(self):
        return self.base.links

    @property
    def parameters(self):
        return self.base.parameters

    def dist(self, *theta):
        return self.base.dist(*theta)

    def log_cdf(self, y, *theta):
        return self.base.log_cdf(y, *theta)

    def log_sf(self, y, *theta):
        return self.base.log_sf(y, *theta)


class Smoothed(OfKinked):
    """The base with another nll of z: the barrier min over u - v = z of above u + below v - width log(u v).

    Its minimum tends to the base's with width; its curvature falls off as 1 / z^2, so that rows far from the kink keep
    some, and Newton's method its way.

    References
    ----------
    Portnoy and Koenker (1997), The Gaussian hare and the Laplacian tortoise, Statistical Science 12 (barriers).
    """

    def __init__(self, base, width):
        self.base, self.width = base, width

    def log_prob(self, y, mu, scale):
        below, above = self.base.slopes
        h = self.width / (below + above)
        z = (y - mu) / scale
        size = np.hypot(z, 2 * h)
        rise = 0.5 * (above * (size + z) + below * (size - z)) - self.width * np.log((2 * h + size) / (4 * h))
        return self.base._log_peak() - rise - np.log(scale)

    def derivatives(self, y, eta, order):
        mu, log_scale = (np.atleast_1d(row) for row in eta)
        below, above = self.base.slopes
        h, precision = self.width / (below + above), np.exp(-log_scale)
        z = (y - mu) * precision
        size = np.sqrt(z * z + 4 * h * h)
        wide = 2 * h + size
        rise = 0.5 * ((above - below) * z + (below + above) * size) - self.width * np.log(wide / (4 * h))
        parts = [rise + (log_scale - self.base._log_peak())]
        if order > 0:
            slope = 0.5 * (above - below) + (0.5 * (below + above)) * (z / wide)
            parts.append([-slope * precision, 1 - z * slope])
        if order > 1:
            curvature = self.width / (size * wide)
            cross = slope + z * curvature
            parts.append([[curvature * precision**2, cross * precision], [cross * precision, z * cross]])
        return tuple(parts)


class WithDensity(OfKinked):
    """The base with the Hessian of its nll convolved with a normal density over `bandwidth` scales.

    Its curvature in mu is what the slope jumps by, times an estimate of the density of z at the kink by the rows that
    are near, whatever their law; the base's is that of its own density.

    References
    ----------
    Koenker (2005), Quantile Regression, section 3.4.2 (Powell's kernel estimate). Fernandes, Guerre and Horta (2021),
    Smoothing quantile regressions, JBES 39.
    """

    smooth = False

    def __init__(self, base, bandwidth):
        self.base, self.bandwidth = base, bandwidth

    @property
    def slopes(self):
        return self.base.slopes

    def kinks(self, y, eta):
        return self.base.kinks(y, eta)

    def log_prob(self, y, *theta):
        return self.base.log_prob(y, *theta)

    def taylor(self, y, eta, order):
        parts = self.base.taylor(y, eta, min(order, 1))
        if order < 2:
            return parts
        convolved = jets.taylor(lambda *rows: self._convolved(y, *self.theta(rows)), eta, 2)
        return *parts, silent_where_infinite(convolved, True)[2]

    def expected(self, eta, y=None):
        return self.base.expected(eta, y)

    def _convolved(self, y, mu, scale):
        """The mean nll of y + bandwidth scale U, U ~ N(0, 1), but for constants."""
        below, above = self.base.slopes
        z = (y - mu) / scale
        u = z / self.bandwidth
        beyond = z * jets.ndtr(u) + self.bandwidth / np.sqrt(2 * np.pi) * np.exp(-0.5 * u * u)  # E max(z + ..., 0)
        return (below + above) * beyond - below * z + np.log(scale)


def bandwidth_at_kink(z, weight, slopes, n):
    """The bandwidth of a normal kernel, in scales, by which the density of z at the kink 0 is estimated.

    Parameters
    ----------
    z, weight : arrays of shape (m,)
        Of a sample of rows; z is infinite where a row has no kink.
    slopes : (below, above)
    n : float
        The weight of all rows.

    References
    ----------
    Koenker (2005), Quantile Regression, section 3.4.2 (the bandwidth of Hall and Sheather), here for a kernel that is
    normal, with the variance of a uniform one.
    """
    below, above = slopes
    own = np.isfinite(z)
    n, z, weight = n * weight[own].sum() / weight.sum(), z[own], weight[own]
    level = above / (below + above)
    x = stats.norm.ppf(level)
    width = (
        n ** (-1 / 3) * stats.norm.ppf(0.975) ** (2 / 3) * (1.5 * stats.norm.pdf(x) ** 2 / (2 * x * x + 1)) ** (1 / 3)
    )
    ends = stats.norm.ppf(np.clip([level - width, level + width], 0.5 / n, 1 - 0.5 / n))
    deviation, quartiles = spread(z, weight)[1], [quantile(z, weight, q) for q in (0.25, 0.75)]
    middle = (quartiles[1] - quartiles[0]) / 1.34  # of ties 0
    return (min(deviation, middle) if middle > 0 else deviation) * (ends[1] - ends[0]) / 2 / np.sqrt(3)
