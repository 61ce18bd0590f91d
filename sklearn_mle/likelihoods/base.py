"""A likelihood states log p(y | theta); everything else about it follows here."""

from abc import ABC, abstractmethod
from functools import reduce

import numpy as np
from sklearn.base import clone

from .. import jets, likelihoods
from ..distributions import Discrete, Predictive, crps
from ..links import Link
from . import entropies
from .expectation import expected_hessian
from .parametrised import Parametrised
from .support import REAL


class Likelihood(Parametrised, ABC):
    """y ~ p(y | theta): the distribution of one row, given its parameters theta = link^-1(eta).

    A subclass states `links` and `dist`; `log_prob`, `start`, `point` and `derivatives` where it knows better.
    A constructor argument that bears the name of a parameter fixes it to a number (None: estimated);
    every parameter but the first may be fixed. A constructor argument `link` replaces the first parameter's
    link, or those of several: ``{"phi": "identity"}``.

    Rows of theta and eta are arrays of shape (n,), or (1,) where nothing varies; fixed parameters are floats;
    the entry of a wide parameter is a tuple of rows. A probability travels as its log-odds.

    Examples
    --------
    >>> from scipy import stats
    >>> from sklearn_mle import Likelihood, fit_distribution
    >>> from sklearn_mle.links import Identity, Log
    >>> class Gumbel(Likelihood):
    ...     links = {"mu": Identity(), "sigma": Log()}
    ...     def dist(self, mu, sigma):
    ...         return stats.gumbel_r(mu, sigma)
    >>> law = fit_distribution([3.1, 2.7, 4.0, 3.3, 2.9, 5.6], Gumbel())
    >>> print(f"mu {law.params['mu']:.2f}, sigma {law.params['sigma']:.2f}")
    mu 3.18, sigma 0.62
    """

    support = REAL
    #: False where the nll has kinks: then there are also `slopes`, `kinks(y, eta)`, `smoothed(width)` and
    #: `with_density(bandwidth)`, as in `Kinked`.
    smooth = True
    #: Parameters that, where they are constant, leave the estimates of all others as they are (Gaussian: sigma).
    nuisance: tuple[str, ...] = ()
    #: Names of the wide parameters whose rows may all be shifted by one constant without any effect (softmax).
    shift_invariant: tuple[str, ...] = ()

    #: {parameter: {end of its range: what a fit says that arrives there}}.
    limits: dict[str, dict[float, str]] = {}

    #: ``derivatives(y, eta, order)``: optional analytic `taylor` for the default links and all parameters;
    #: `eta` has one entry per parameter in the order of `links`, a fixed one as the float ``link(number)``.
    derivatives = None

    #: False where the nll is not -log of `dist`, on purpose (GaussianOnLabels).
    proper = True

    #: ``information(*theta)``: optional {(name, name): row}, the Fisher information of a row in theta; 0 where absent.
    information = None
    #: ``saturated(y, *theta)``: optional largest log p(y | theta) over the first parameter, the others held: the best
    #: fit that any mean gives, in exponential families that at mean y.
    saturated = None
    #: ``dispersion(*theta)``: optional phi where var y = phi V(mean), so that Pearson's statistic estimates it.
    dispersion = None
    #: ``constants(*theta)``: optional {name: tuple of rows} from theta at X = 0, written with ufuncs: what is reported
    #: in place of the first parameter's intercept and all others (Ordinal: thresholds).
    constants = None
    #: ``divergence(theta, other)``: optional closed form of KL(p || q), shape (n,), where p has the parameters `theta`
    #: and q the parameters `other` of likelihoods that are `alike`.
    divergence = None

    # --- stated by a family -------------------------------------------------------------------------------------

    @abstractmethod
    def dist(self, *theta):
        """The law of y as a frozen scipy.stats object, or one with the same methods."""

    def log_prob(self, y, *theta):
        """log p(y | theta), shape (n,), in natural logarithms; written with ufuncs."""
        return jets.numeric(self._dist_log_prob)(y, *theta)

    def log_cdf(self, y, *theta):
        """log P(Y <= y | theta), shape (n,)."""
        return jets.numeric(lambda y, *theta: self.dist(*theta).logcdf(y))(y, *theta)

    def log_sf(self, y, *theta):
        """log P(Y > y | theta), shape (n,)."""
        return jets.numeric(lambda y, *theta: self.dist(*theta).logsf(y))(y, *theta)

    def log_interval_prob(self, lower, upper, *theta):
        """log P(lower < Y <= upper | theta), shape (n,), from the nearer tail."""
        return likelihoods.intervals.log_probability(self, lower, upper, *theta)

    def crps(self, y, *theta):
        """CRPS(F, y) = integral (F(t) - 1{y <= t})^2 dt, shape (n,): a closed form, or that of `dist` in numbers."""
        return crps(self.dist(*theta), y)

    def entropy(self, *theta):
        """-E log p(Y), shape (n,): a closed form, or a sum or an integral in numbers."""
        return entropies.entropy(Predictive(self, theta, entropies.n_rows(*theta)))

    @property
    def of_dist(self):
        """The likelihood of the number that `dist` is the law of: itself, unless y holds several numbers a row."""
        return self

    def start(self, y, weight):
        """Crude unconditional estimates of every parameter, as users write them, in the order of `links`.

        y and weight are a sample of rows, weight (n,). None, the default, asks for the unconditional Newton
        fit on the sample from eta = 0.
        """
        return None

    def point(self, *theta):
        """What `predict` returns for a row: the mean."""
        return self.dist(*theta).mean()

    def fitted(self, *theta):
        """Further fitted attributes {name_: value}, from theta at X = 0."""
        return {}

    # --- the same for every family ------------------------------------------------------------------------------

    def taylor(self, y, eta, order):
        """The first `order` + 1 of nll_i = -log p(y_i | theta_i), its gradient and its Hessian in eta.

        Where the nll is infinite, or theta is outside its domain, the nll is inf and its derivatives are 0.

        Parameters
        ----------
        y : array of shape (n,), or (n, m) where `support` says so
        eta : list of K rows
        order : 0, 1 or 2

        Returns
        -------
        tuple
            A row; a list of K rows; K lists of K rows.
        """
        with np.errstate(all="ignore"):
            parameters = self.parameters
            estimated = [name for name in parameters if isinstance(parameters[name], Link)]
            usual = all(parameters[name] == self.links[name] for name in estimated)
            if usual and self.derivatives is not None:
                parts = self._select(self.derivatives(y, self._complete(eta, parameters), order), parameters)
            else:
                parts = jets.taylor(lambda *rows: -self.log_prob(y, *self.theta(rows)), eta, order)
            inside = True if usual else self._inside(eta, parameters)
            return silent_where_infinite(parts, inside)

    def observation(self, y, *theta):
        """The number (n,) that each row observes, and its law; y states what else that depends on, such as totals."""
        if np.ndim(y) > 1:
            raise ValueError(f"{self!r} does not state the law of y that this needs: rows of y hold several numbers.")
        return y, self.dist(*theta)

    def expected(self, eta, y=None):
        """E[Hessian of the nll in eta] of each row over its law, K lists of K rows: by `information` or quadrature.

        Parameters
        ----------
        eta : list of K rows
        y : array, default=None
            Needed where y also states what is not random, such as the number of trials.
        """
        if self.support.columns > 1:
            raise ValueError(f"{self!r} does not state the law of y that its expected curvature needs: use 'observed'.")
        if self.information is None:
            return expected_hessian(self, eta)
        parameters, slopes = self.parameters, {}
        for name, k in self.slices.items():
            slopes[name] = jets.taylor(parameters[name].inverse, eta[k], 1)[1][0]
        rows = self.information(*self.theta(eta))
        return [
            [rows.get((a, b), rows.get((b, a), np.zeros(1))) * slopes[a] * slopes[b] for b in slopes] for a in slopes
        ]

    def check(self, y):
        """y itself, or a ValueError that names the first row outside the support."""
        return self.support.check(y, type(self).__name__)

    # --- inside -------------------------------------------------------------------------------------------------

    def _dist_log_prob(self, y, *theta):
        law = self.dist(*theta)
        return law.logpmf(y) if hasattr(law, "logpmf") else law.logpdf(y)


def silent_where_infinite(parts, inside):
    """Values inf, never NaN, and derivatives 0 wherever the nll is not finite or theta is not `inside`."""
    value, *derivatives = parts
    finite = np.isfinite(value) & inside
    if finite.all():
        return parts
    value = np.where(finite | ((value == -np.inf) & inside), value, np.inf)
    silent = [[np.where(finite, row, 0.0) for row in derivatives[0]]] if derivatives else []
    if len(derivatives) > 1:
        silent.append([[np.where(finite, row, 0.0) for row in rows] for rows in derivatives[1]])
    return value, *silent


class LabelLikelihood(Likelihood):
    """y ~ P(y = c | theta): a distribution over C classes, 0 to C - 1.

    A subclass states `log_proba`. y holds codes 0 .. C - 1, shape (n,), or a distribution over the classes
    for each row, shape (n, C): soft labels, whose nll is the cross-entropy to them.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.special import log_expit
    >>> from sklearn_mle import LabelLikelihood, MLEClassifier
    >>> from sklearn_mle.links import Logit
    >>> class Overlooked(LabelLikelihood):  # one in ten of class 1 is not seen
    ...     links = {"p": Logit()}
    ...     multi_class = False
    ...     n_classes = 2
    ...     def log_proba(self, p):
    ...         seen = np.log(0.9) + log_expit(p)
    ...         return np.log(-np.expm1(seen)), seen
    >>> X, y = [[0], [1], [2], [3], [4], [5]], [0, 0, 1, 0, 1, 1]
    >>> print(MLEClassifier(Overlooked()).fit(X, y).predict_proba([[9]]).round(2))
    [[0.1 0.9]]
    """

    n_classes = None
    #: Whether more than two classes are possible.
    multi_class = True

    @abstractmethod
    def log_proba(self, *theta):
        """log P(y = c | theta) as C rows."""

    def with_classes(self, n_classes):
        """A clone for this many classes: widths follow."""
        if n_classes > 2 and not self.multi_class:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass: "
                f"{type(self).__name__} models two classes, y has {n_classes}. Use Categorical."
            )
        copy = clone(self)
        copy.n_classes = n_classes
        return copy

    def order(self, classes, declared=None):
        """The classes, an array, in the order of their codes; they come sorted.

        `declared` is the order that the dtype of y states, a list, or None.
        """
        return classes

    def dist(self, *theta):
        return Discrete(self.log_proba(*theta))

    def log_prob(self, y, *theta):
        rows = self.log_proba(*theta)
        if np.ndim(y) == 2:
            # 0 log 0 = 0: a class that a soft label excludes costs nothing, however unlikely.
            return sum(np.where(share > 0, share * row, 0.0) for share, row in zip(np.transpose(y), rows, strict=True))
        return reduce(lambda rest, c: np.where(y == c, rows[c], rest), range(1, len(rows)), rows[0])

    def observation(self, y, *theta):
        if self.n_classes > 2:
            raise ValueError(f"{self!r} has {self.n_classes} classes without an order: their codes are no numbers.")
        return y if np.ndim(y) == 1 else y[:, 1], self.dist(*theta)

    def expected(self, eta, y=None):
        n, proba = max(len(row) for row in eta), np.exp(self.log_proba(*self.theta(eta)))
        hessians = [self.taylor(np.full(n, c), eta, 2)[2] for c in range(len(proba))]
        # A label without probability has an infinite nll, whose derivatives are 0.
        return [
            [sum(p * h[k][m] for p, h in zip(proba, hessians, strict=True)) for m in range(len(eta))]
            for k in range(len(eta))
        ]

    def saturated(self, y, *theta):
        if np.ndim(y) == 1:
            return np.zeros(len(y))
        return jets.xlogy(y, y).sum(axis=1)

    def decision(self, *theta):
        """Scores whose sign (two classes: one row) or argmax (several: C rows) is the predicted class."""
        rows = self.log_proba(*theta)
        return [rows[1] - rows[0]] if len(rows) == 2 else list(rows)

    def shares(self, y, weight):
        """Weighted share of each class, drawn 1 % towards equal shares so that logits stay finite, shape (C,)."""
        if np.ndim(y) == 2:
            shares = weight @ y
        else:
            shares = np.bincount(y, weights=weight, minlength=self.n_classes)
        return 0.99 * shares / shares.sum() + 0.01 / len(shares)

    def check(self, y):
        return y


def indicator(y, c):
    """1.0 where the label is c (hard), or the share of c (soft), shape (n,)."""
    return y[:, c] if np.ndim(y) == 2 else (y == c).astype(float)
