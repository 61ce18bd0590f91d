"""The Tweedie likelihood: sums of a Poisson number of gamma variables, zero or positive."""

import numpy as np
from scipy import special

from .. import jets
from ..distributions import Law, generator
from ..jets import expit
from ..links import Between, Log
from .base import Likelihood
from .sample import rate
from .special import LOG_2PI, exprel_gap, log1p_gap, stirling
from .support import Support
from .tweedie_series import by_length, log_series, window

OTHER_POWERS = {0: "Gaussian", 1: "Poisson", 2: "Gamma", 3: "InverseGaussian"}


class Tweedie(Likelihood):
    """y ~ Tweedie(mu, phi, power), 1 < power < 2: mean mu, variance phi mu^power; y = 0 has positive probability.

    y is the sum of N gamma variables, N ~ Poisson: claims of a policy, rain of a day.

    Parameters
    ----------
    power, phi : float or None, default=None
        A number fixes it.
    link : str, Link or dict, default=None
        The link of mu, or of several parameters by name.

    References
    ----------
    Jorgensen (1997), The Theory of Dispersion Models, chapter 4.
    Dunn and Smyth (2005), Series evaluation of Tweedie exponential dispersion model densities, Stat. Comput. 15.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import MLERegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(1000, 1))
    >>> costs = np.array([rng.gamma(2.0, 1.0, n).sum() for n in rng.poisson(np.exp(X[:, 0]))])  # of so many claims
    >>> dist = MLERegressor("tweedie").fit(X, costs).predict_dist([[0.0], [1.0]])
    >>> print("mean", dist.mean().round(1), "P(no claim)", dist.cdf(0).round(2))
    mean [1.9 5.4] P(no claim) [0.33 0.1 ]
    """

    links = {"mu": Log(), "phi": Log(), "power": Between(1.0, 2.0)}
    support = Support(lower=0.0)
    limits = {
        "mu": {0.0: "mean mu is at 0: every y is 0, which determines no coefficient"},
        "power": {1.0: "power is at 1: use Poisson, of y / phi", 2.0: "power is at 2: use Gamma"},
    }

    def __init__(self, power=None, phi=None, link=None):
        self.power, self.phi, self.link = power, phi, link

    @property
    def nuisance(self):
        return () if self.power is None else ("phi",)

    def dist(self, mu, phi, power):
        to_1, to_2 = expit(power), expit(-power)
        return CompoundPoissonGamma(mu**to_2 / (phi * to_2), np.exp(-power), phi * to_1 * mu**to_1)

    def log_prob(self, y, mu, phi, power):
        to_1, to_2, log_shape = expit(power), expit(-power), -power  # power arrives as the log-odds of its place
        log_y, log_mu = np.log(np.where(y > 0, y, np.nan)), np.log(mu)
        near = (mu - y) / np.where(y > 0, y, 1.0)
        r = np.where(np.abs(near) < 0.5, np.log1p(near), log_mu - log_y)
        # The largest density at y that any mu gives, and from it half the deviance down.
        log_unit = to_2 * log_y - np.log(phi)
        peak = 0.5 * log_shape - LOG_2PI + log_series(log_unit - np.log(to_2), log_shape) - log_y
        fall = np.exp(log_unit) * r * r * (to_2 * exprel_gap(to_2 * r) + to_1 * exprel_gap(-to_1 * r))
        return np.where(y > 0, peak - fall, -np.exp(to_2 * log_mu - np.log(phi)) / to_2)

    def start(self, y, weight):
        mu, power = rate(y, weight), 1.5 if self.power is None else self.power
        return mu, (np.average((y - mu) ** 2, weights=weight) or mu**2) / mu**power, power

    def saturated(self, y, mu, phi, power):
        return self.log_prob(y, y, phi, power)

    def dispersion(self, mu, phi, power):
        return phi

    def expected(self, eta, y=None):
        mu, phi, power = self.theta(eta)
        slope = jets.taylor(self.parameters["mu"].inverse, eta[:1], 1)[1][0]
        of_mu = slope * slope / (phi * mu ** (1 + expit(power)))
        if len(eta) == 1:
            return [[of_mu]]
        # The mean is orthogonal to phi and power; about these only quadrature knows.
        _, *others = super().expected(eta, y)
        return [[of_mu, *(np.zeros(1) for _ in others)], *([np.zeros(1), *rows[1:]] for rows in others)]

    def point(self, mu, phi, power):
        return mu

    def _link(self, name, link, default):
        if name == "power" and link != default:
            raise ValueError(f"Tweedie: power has a link of its own, {default!r}, and no other; got {link!r}.")
        return super()._link(name, link, default)

    def _fixed(self, name, number, default):
        if name == "power" and number in OTHER_POWERS:
            raise ValueError(f"Tweedie: power must lie in (1, 2); for power {number:g} use {OTHER_POWERS[number]}.")
        return super()._fixed(name, number, default)


class CompoundPoissonGamma(Law):
    """Y = X_1 + ... + X_N, N ~ Poisson(rate), X_j ~ Gamma(shape, scale): P(Y = 0) = P(N = 0) > 0.

    Parameters
    ----------
    rate, shape, scale : float or array
        Broadcast.
    """

    def __init__(self, rate, shape, scale):
        self.rate, self.shape, self.scale = np.broadcast_arrays(rate, shape, scale)

    atoms = (0.0,)

    def support(self):
        """The smallest and the largest value."""
        return 0.0, np.inf

    def logpdf(self, y):
        """Logarithm of the density; of the probability where y = 0."""
        y = np.asarray(y, dtype=float)
        with np.errstate(all="ignore"):
            mu = self.mean()
            phi = mu ** (self.shape / (1 + self.shape)) * (1 + self.shape) / (self.rate * self.shape)
            log_prob = Tweedie().log_prob(np.maximum(y, 0.0), mu, phi, -np.log(self.shape))
        return np.where(y >= 0, log_prob, -np.inf)

    def pdf(self, y):
        """The density; the probability where y = 0."""
        return np.exp(self.logpdf(y))

    def cdf(self, y):
        """P(Y <= y)."""
        below = np.exp(-self.rate) + self._mixture(y, special.gammainc)
        return np.where(np.less(y, 0), 0.0, np.minimum(below, 1.0))

    def sf(self, y):
        """P(Y > y)."""
        return np.where(np.less(y, 0), 1.0, np.minimum(self._mixture(y, special.gammaincc), 1.0))

    def ppf(self, q):
        """The smallest y with P(Y <= y) >= q, by the Illinois method in log y."""
        q, rate, shape, scale, zero = np.broadcast_arrays(q, self.rate, self.shape, self.scale, np.exp(-self.rate))
        y = np.select([(q >= 0) & (q <= zero), q == 1], [0.0, np.inf], np.nan)
        at = np.nonzero((q > zero) & (q < 1))
        law, q = CompoundPoissonGamma(rate[at], shape[at], scale[at]), q[at]

        def excess(x):
            # In logarithms, of the smaller tail: nearly straight lines.
            tail = np.where(q < 0.5, law.cdf(np.exp(x)), law.sf(np.exp(x)))
            log_ratio = np.log(np.maximum(tail, 1e-300)) - np.log(np.minimum(q, 1 - q))
            return np.where(q < 0.5, log_ratio, -log_ratio)

        low = high = np.log(law.mean())
        below = above = excess(low)
        for move in 0.5 * 2.0 ** np.arange(12):
            if (below <= 0).all() and (above >= 0).all():
                break
            low, high = np.where(below > 0, low - move, low), np.where(above < 0, high + move, high)
            below, above = excess(low), excess(high)
        side = np.zeros(len(q))
        for _ in range(100):
            x = np.where(above > below, high - above * ((high - low) / (above - below)), low)
            value = excess(x)
            left = value < 0
            # An end that stays for the second time counts half: else it would stay for ever.
            again = np.where(side == np.where(left, 1, -1), 0.5, 1.0)
            side = np.where(left, 1, -1)
            below, above = np.where(left, value, again * below), np.where(left, again * above, value)
            low, high = np.where(left, x, low), np.where(left, high, x)
            if ((np.abs(value) <= 1e-13) | (high - low <= 1e-15 * (1 + np.abs(x)))).all():
                break
        y[at] = np.exp(x)
        return y

    def mean(self):
        """Expectation."""
        return self.rate * self.shape * self.scale

    def var(self):
        """Variance."""
        return self.mean() * self.scale * (1 + self.shape)

    def rvs(self, size=None, random_state=None):
        """Draws, of the laws' shape or of `size`."""
        rng = generator(random_state)
        n = rng.poisson(self.rate, self.rate.shape if size is None else size)
        gamma = rng.standard_gamma if isinstance(rng, np.random.Generator) else rng.gamma
        return self.scale * gamma(n * self.shape)

    def _mixture(self, y, tail):
        """sum_n P(N = n) tail(n shape, y / scale), n >= 1."""
        y, rate, shape, x = np.broadcast_arrays(y, self.rate, self.shape, np.divide(y, self.scale))
        total = np.zeros(y.size)
        rate, shape, x = rate.ravel(), shape.ravel(), np.maximum(x, 0.0).ravel()
        # On average n is `rate`; at the value y it is `given`, and beyond it, where y is in the smaller tail.
        given = rate * (x / (rate * shape)) ** (shape / (1 + shape))
        low, high = np.minimum(rate, given), np.maximum(rate, given)
        apart = high - low > 40 * (1 + np.sqrt(high))
        smaller = (given < rate) == (tail is special.gammainc)
        alone = np.where(smaller, given, rate)
        low, high = np.where(apart, alone, low), np.where(apart, alone, high)
        first, last = window(low, 0.0)[0], window(high, 0.0)[1]
        # In the bulk neither factor changes much from n to n + step: the rest of the sum is its trapezoidal rule's.
        step = np.where(low > 144, np.maximum(np.floor(np.sqrt(low) / (1.5 * (1 + np.sqrt(shape)))), 1.0), 1.0)
        # Chernoff's bound of the smaller tail: where it is below all floats there is nothing to add up.
        exponent = -np.log(np.maximum(given, np.finfo(float).tiny) / rate) / shape
        bound = rate - given - x * np.expm1(np.minimum(exponent, 700.0))
        some = np.flatnonzero(~(smaller & (bound > 750)))
        length = np.ceil((last - first) / step).astype(int)
        for at in (some[group] for group in by_length(length[some])):
            n = first[at, None] + step[at, None] * np.arange(length[at].max() + 1)
            mean = rate[at, None]
            log_count = -n * log1p_gap((mean - n) / n, np.log(mean) - np.log(n)) - stirling(n) - 0.5 * np.log(n)
            terms = np.exp(log_count - 0.5 * LOG_2PI) * tail(n * shape[at, None], x[at, None])
            total[at] = step[at] * terms.sum(axis=1)
        return total.reshape(y.shape)
