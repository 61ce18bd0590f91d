"""The rows of predict_dist: n distributions p(y | theta_i)."""

from functools import cached_property
from numbers import Integral

import numpy as np
from sklearn.utils.metaestimators import available_if

from .laws import generator

# Beyond it, and below its inverse, products of two parameters leave the range of floats.
LARGEST, LARGEST_POSITIVE = 1e290, 1e100
# Beyond a mean of this scipy's search for the quantiles of counts fails, or does not end.
COUNTABLE = 1e10

# Rows whose CRPS or entropy is computed at a time: a quadrature takes about 5 kB for each.
AT_ONCE = 2**14


class Predictive:
    """n distributions p(y | theta_i), one per row: what `predict_dist` returns.

    It has methods of scipy's frozen laws, which broadcast against (n,): `ppf(q)` is (n,) for a number q, (k, n) for q
    of shape (k, 1). They are `mean`, `median`, `var`, `std`, `cdf`, `sf`, `logcdf`, `logsf`, `ppf`, `isf`, `interval`,
    `support`, `entropy`, `rvs`; and `pmf` and `logpmf`, or `pdf` and `logpdf`, where the law has them.

    Parameters
    ----------
    likelihood : Likelihood
    theta : list
        One entry per parameter, as `Likelihood.theta` returns them.
    n : int
        Number of rows.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> dist = MLERegressor("poisson").fit(X, y).predict_dist([[0], [4]])
    >>> dist
    <2 distributions of Poisson(): mu = 0.3991 .. 8.801>
    >>> dist.interval(0.9)
    (array([0., 4.]), array([ 2., 14.]))
    >>> dist.pmf([[0], [1]]).round(2)  # P(Y = 0), P(Y = 1) of both
    array([[0.67, 0.  ],
           [0.27, 0.  ]])
    >>> dist[1].params["mu"].round(1)
    array([8.8])
    """

    def __init__(self, likelihood, theta, n):
        self.likelihood, self.theta, self.n = likelihood, list(theta), n

    def __len__(self):
        return self.n

    def __getitem__(self, rows):
        """The distributions of these rows: an integer (one row), a slice, or an array of indices or booleans."""
        if isinstance(rows, Integral) and not isinstance(rows, (bool, np.bool_)):
            rows = [range(self.n)[rows]]  # an IndexError beyond the end, so that iteration stops
        kept = np.arange(self.n)[rows]

        def select(entry):
            if isinstance(entry, tuple):
                return tuple(map(select, entry))
            return entry[kept] if np.ndim(entry) and len(entry) == self.n else entry

        return Predictive(self.likelihood, map(select, self.theta), len(kept))

    def __repr__(self):
        def text(values):
            values = np.asarray(values)
            low, high = (f"{values.min():.4g}", f"{values.max():.4g}") if values.size else ("", "")
            return low if low == high else f"{low} .. {high}"

        params = ", ".join(f"{name} = {text(values)}" for name, values in self.params.items())
        return f"<{self.n} distributions of {self.likelihood!r}: {params}>"

    @cached_property
    def dist(self):
        """The law itself, as `Likelihood.dist` returns it: of shape (n,), or (1,) where nothing varies."""
        with np.errstate(all="ignore"):
            return self.likelihood.dist(*computable(self.likelihood, self.theta))

    @property
    def _counts_far(self):
        """Whether y is a count whose mean, the first parameter, is far beyond all counting in some row."""
        counts = self.likelihood.support.integer and next(iter(self.likelihood.links.values())).lower == 0
        return counts and np.max(self.theta[0], initial=0.0) > COUNTABLE

    @property
    def params(self):
        """{name: array of shape (n,)}, as users write them; (n, C) for a parameter with C predictors."""
        params = {}
        for (name, link), entry in zip(self.likelihood.links.items(), self.theta, strict=True):
            if isinstance(entry, tuple):
                params[name] = np.stack([self._rows(link.shown(row)) for row in entry], axis=1)
            else:
                params[name] = self._rows(link.shown(entry))
        return params

    def log_prob(self, y):
        """log p(y_i | theta_i), shape (n,): log density or log probability.

        -inf where y_i is impossible, outside the support or no integer where the law is one of counts (a fit takes such
        values as quasi-likelihood, the law has none); NaN where y_i is NaN.
        """
        y, support = np.asarray(y), self.likelihood.support
        y = self._each(y) if y.ndim < 2 else y
        with np.errstate(all="ignore"):
            log_prob = self._rows(self.likelihood.log_prob(y, *self.theta))
            if np.isnan(log_prob).any():  # theta is 0 or infinite as a float
                near = self._rows(self.likelihood.log_prob(y, *computable(self.likelihood, self.theta)))
                log_prob = np.where(np.isnan(log_prob), np.where(np.isnan(near), -np.inf, near), log_prob)
        if support.columns > 1:
            return log_prob
        y = np.broadcast_to(y, (self.n,))
        possible = support.contains(y)
        if support.fraction(y):
            possible = possible & (y == np.floor(y))
        return np.where(possible, log_prob, np.where(np.isnan(y), np.nan, -np.inf))

    def log_interval_prob(self, lower, upper):
        """log P(lower_i < Y_i <= upper_i), shape (n,), to full accuracy in both tails and for narrow intervals."""
        lower, upper = self._each(lower), self._each(upper)
        with np.errstate(all="ignore"):
            theta = computable(self.likelihood, self.theta)
            log_prob = self._rows(self.likelihood.log_interval_prob(lower, upper, *theta))
        # NaN is what is left of an interval so far out that both its tails are exp(-inf).
        return np.where(np.isnan(log_prob) & ~np.isnan(lower) & ~np.isnan(upper), -np.inf, log_prob)

    def crps(self, y):
        """Continuous ranked probability score of y_i, shape (n,); see `sklearn_mle.metrics.mean_crps`."""
        y = np.broadcast_to(self._each(np.asarray(y, dtype=float)), (self.n,))
        if self.n > AT_ONCE:
            return np.concatenate([self[rows].crps(y[rows]) for rows in blocks(self.n)])
        with np.errstate(all="ignore"):
            return self._rows(self.likelihood.crps(y, *computable(self.likelihood, self.theta)))

    def entropy(self):
        """Entropies -E log p(Y_i) in nats, shape (n,): of densities, which have any sign, or of probabilities, >= 0.

        The law is that of `rvs`: for `Censored` that of the latent variable. Of laws with a point mass and a density
        it is that of both parts, as `log_prob` has them.
        """
        if self.n == 0:
            return np.empty(0)
        if self.n > AT_ONCE:
            return np.concatenate([self[rows].entropy() for rows in blocks(self.n)])
        with np.errstate(all="ignore"):
            return self._rows(self.likelihood.of_dist.entropy(*computable(self.likelihood, self.theta)))

    @np.errstate(all="ignore")
    def mean(self):
        """Expectations, shape (n,)."""
        return self._rows(self.dist.mean())

    @np.errstate(all="ignore")
    def var(self):
        """Variances, shape (n,)."""
        return _infinite(self._rows(self.dist.var()))

    @np.errstate(all="ignore")
    def std(self):
        """Standard deviations, shape (n,)."""
        return _infinite(self._rows(self.dist.std()))

    @np.errstate(all="ignore")
    def cdf(self, y):
        """P(Y_i <= y)."""
        return self._rows(self.dist.cdf(self._each(y)))

    @np.errstate(all="ignore")
    def sf(self, y):
        """P(Y_i > y)."""
        return self._rows(self.dist.sf(self._each(y)))

    @np.errstate(all="ignore")
    def logcdf(self, y):
        """log P(Y_i <= y)."""
        return self._rows(self.dist.logcdf(self._each(y)))

    @np.errstate(all="ignore")
    def logsf(self, y):
        """log P(Y_i > y)."""
        return self._rows(self.dist.logsf(self._each(y)))

    @np.errstate(all="ignore")
    def ppf(self, q):
        """Quantiles: the smallest y with P(Y_i <= y) >= q; of q = 0 the least that Y_i can be."""
        q = self._each(q)
        return np.where(q == 0, self.support()[0], self._quantiles(q))

    @np.errstate(all="ignore")
    def isf(self, q):
        """The smallest y with P(Y_i > y) <= q; of q = 1 the least that Y_i can be."""
        q = self._each(q)
        values = self._quantiles(1 - q) if self._counts_far else self._rows(self.dist.isf(q))
        return np.where(q == 1, self.support()[0], values)

    def median(self):
        """Medians, shape (n,): ppf(0.5)."""
        return self.ppf(0.5)

    def support(self):
        """The least and the largest value that each Y_i can take: two arrays of shape (n,)."""
        ends = self.dist.support() if hasattr(self.dist, "support") else (self.dist.ppf(0.0), self.dist.ppf(1.0))
        return tuple(self._rows(np.asarray(end, dtype=float)) for end in ends)

    def _quantiles(self, q):
        """The quantiles of the law, those of counts beyond all counting by their mean and standard deviation."""
        if not self._counts_far:
            return self._rows(self.dist.ppf(q))
        # Laws of so large counts have one shape: what is left to know is their mean and standard deviation.
        first, *others = computable(self.likelihood, self.theta)
        law = self.likelihood.dist(np.minimum(first, COUNTABLE), *others)
        quantiles = self._rows(law.ppf(q))
        scaled = self.mean() + (quantiles - law.mean()) * (self.std() / law.std())
        return np.where((quantiles > 0) & (self.theta[0] > COUNTABLE), scaled, quantiles)

    @np.errstate(all="ignore")
    def interval(self, confidence):
        """The central interval that holds Y_i with this probability: two arrays of shape (n,)."""
        if not np.all((np.asarray(confidence) >= 0) & (np.asarray(confidence) <= 1)):
            raise ValueError(f"confidence is a probability in [0, 1]; got {confidence!r}.")
        return self.ppf(0.5 - 0.5 * np.asarray(confidence)), self.ppf(0.5 + 0.5 * np.asarray(confidence))

    @np.errstate(all="ignore")
    def rvs(self, size=None, random_state=None):
        """Draws: shape (n,), or (size, n)."""
        size = () if size is None else (size,) if np.ndim(size) == 0 else tuple(size)
        try:
            return self.dist.rvs(size=(*size, self.n), random_state=generator(random_state))
        except ValueError as error:
            if not self.likelihood.support.integer:
                raise
            mean = self.mean()
            row = int(np.argmax(mean))
            text = f"Row {row} has mean {mean[row]:.3g}: counts so large cannot be drawn ({error}). Look at its X."
            raise ValueError(text) from None

    @available_if(lambda self: hasattr(self.dist, "pdf"))
    @np.errstate(all="ignore")
    def pdf(self, y):
        """Densities."""
        return self._rows(self.dist.pdf(self._each(y)))

    @available_if(lambda self: hasattr(self.dist, "logpdf"))
    @np.errstate(all="ignore")
    def logpdf(self, y):
        """Logarithms of densities."""
        return self._rows(self.dist.logpdf(self._each(y)))

    @available_if(lambda self: hasattr(self.dist, "pmf"))
    @np.errstate(all="ignore")
    def pmf(self, k):
        """P(Y_i = k)."""
        return self._rows(self.dist.pmf(self._each(k)))

    @available_if(lambda self: hasattr(self.dist, "logpmf"))
    @np.errstate(all="ignore")
    def logpmf(self, k):
        """log P(Y_i = k)."""
        return self._rows(self.dist.logpmf(self._each(k)))

    def to_scipy(self):
        """The frozen scipy.stats law, of shape (n,), or (1,) where nothing varies.

        Raises
        ------
        TypeError
            If scipy does not have it.
        """
        if type(self.dist).__module__.partition(".")[0] != "scipy":
            raise TypeError(
                f"scipy has no such law: {self.likelihood!r} is a {type(self.dist).__name__}, "
                "whose methods this object has."
            )
        return self.dist

    def _each(self, values):
        """The values as an array that broadcasts against the n rows, or a ValueError."""
        values = np.asarray(values)
        try:
            np.broadcast_shapes(values.shape, (self.n,))
        except ValueError:
            raise ValueError(
                f"Values of shape {values.shape} do not broadcast against {self.n} distributions: pass one number, "
                f"one for each, shape ({self.n},), or a column of k for all, shape (k, 1)."
            ) from None
        return values

    def _rows(self, values):
        """A new array in which every one of the n rows has its value."""
        values = np.asarray(values)
        return np.array(np.broadcast_to(values, np.broadcast_shapes(values.shape, (self.n,))))


def blocks(n):
    """Slices of AT_ONCE rows."""
    return [slice(start, start + AT_ONCE) for start in range(0, n, AT_ONCE)]


def _infinite(variance):
    """A variance, infinite where scipy calls it undefined: Y has no mean, or one beyond all floats."""
    return np.where(np.isnan(variance), np.inf, variance)


def computable(likelihood, theta):
    """theta drawn into the domains of the parameters, and into the range in which laws can be computed.

    A mean of exp(-1e10) is 0 as a float, where there is no law; a link may leave the domain far from the data.
    """
    drawn = []
    for link, entry in zip(likelihood.links.values(), theta, strict=True):
        positive = link.lower == 0
        low = 1 / LARGEST if positive else np.nextafter(max(link.lower, -LARGEST), np.inf)
        high = np.nextafter(min(link.upper, LARGEST_POSITIVE if positive else LARGEST), -np.inf)
        rows = [
            row if np.ndim(row) == 0 else np.clip(np.where(np.isnan(row), high, row), low, high)
            for row in (entry if isinstance(entry, tuple) else (entry,))
        ]
        drawn.append(tuple(rows) if isinstance(entry, tuple) else rows[0])
    return drawn
