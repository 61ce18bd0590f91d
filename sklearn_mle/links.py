"""Links: eta -> theta, from a linear predictor, any real number, to a parameter of the distribution of a row.

eta = link(value) and theta = link.inverse(eta), where value is the parameter as users write and read it. Value and
theta are the same number, except that users write a probability p and theta is its log-odds: at eta = 50 the double
next to p is 1, and log(1 - p) is lost, while the log-odds keep all digits in both tails.
"""

import numpy as np

from .jets import expit, exprel, log_ndtr, logit, ndtri
from .names import suggestion


class Link:
    """eta = link(value), theta = link.inverse(eta); written with ufuncs, so that derivatives flow through.

    A subclass states `__call__` and `inverse`. Two links of one class with the same attributes are equal.

    Attributes
    ----------
    lower, upper : float
        The open interval in which theta lies for a parameter whose default link this is.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import MLERegressor, Poisson
    >>> from sklearn_mle.links import Link
    >>> class SquareRoot(Link):  # theta = eta^2
    ...     lower = 0.0
    ...     def __call__(self, value):
    ...         return np.sqrt(value)
    ...     def inverse(self, eta):
    ...         return eta**2
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 1, 2, 4, 9]
    >>> print(MLERegressor(Poisson(link=SquareRoot())).fit(X, y).predict(X).round(1))
    [0.5 1.5 2.9 4.8 7.2]
    """

    lower, upper = -np.inf, np.inf

    def __call__(self, value):
        """eta for a parameter as users write it."""
        raise NotImplementedError

    def inverse(self, eta):
        """theta, as `log_prob` receives it."""
        raise NotImplementedError

    def shown(self, theta):
        """The value users read."""
        return theta

    def theta(self, value):
        """The inverse of `shown`."""
        return value

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self):
        return hash((type(self), *sorted(vars(self).items())))

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class Identity(Link):
    """theta = eta.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor, Poisson
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 2, 2, 4, 5]
    >>> print(MLERegressor(Poisson(link="identity")).fit(X, y).coef_.round(2))  # so many more a step: effects add
    [0.93]
    """

    def __call__(self, value):
        return value

    def inverse(self, eta):
        return eta


class Log(Link):
    """theta = exp(eta): effects multiply.

    Examples
    --------
    >>> from sklearn_mle.links import Log
    >>> float(Log()(1.0)), float(Log().inverse(0.0))
    (0.0, 1.0)
    """

    lower = 0.0

    def __call__(self, value):
        return np.log(value)

    def inverse(self, eta):
        return np.exp(eta)


class Softplus(Link):
    """theta = log(1 + exp(eta)): like exp(eta) for eta << 0, like eta for eta >> 0.

    Examples
    --------
    >>> from sklearn_mle.links import Softplus
    >>> print(*(f"{Softplus().inverse(eta):.3f}" for eta in (-5.0, 0.0, 5.0)))
    0.007 0.693 5.007
    """

    lower = 0.0

    def __call__(self, value):
        return value + np.log(-np.expm1(-value))  # log(exp(value) - 1) without its overflow at 710

    def inverse(self, eta):
        return np.logaddexp(0.0, eta)


class Sqrt(Link):
    """theta = eta^2.

    Examples
    --------
    >>> from sklearn_mle.links import Sqrt
    >>> float(Sqrt()(9.0)), float(Sqrt().inverse(3.0))
    (3.0, 9.0)
    """

    lower = 0.0

    def __call__(self, value):
        return np.sqrt(value)

    def inverse(self, eta):
        return np.square(eta)


class Inverse(Link):
    """theta = 1 / eta; where eta < 0, theta is outside its interval.

    Examples
    --------
    >>> from sklearn_mle.links import Inverse
    >>> float(Inverse()(4.0)), float(Inverse().inverse(0.25))
    (0.25, 4.0)
    """

    lower = 0.0

    def __call__(self, value):
        return np.divide(1.0, value)

    def inverse(self, eta):
        return 1.0 / eta


class InverseSquared(Link):
    """theta = 1 / sqrt(eta); inf where eta <= 0.

    Examples
    --------
    >>> from sklearn_mle.links import InverseSquared
    >>> float(InverseSquared()(2.0)), float(InverseSquared().inverse(0.25))
    (0.25, 2.0)
    """

    lower = 0.0

    def __call__(self, value):
        return np.divide(1.0, np.square(value))

    def inverse(self, eta):
        return 1.0 / np.sqrt(np.maximum(eta, 0.0))


class Between(Link):
    """value = low + (high - low) / (1 + exp(-eta)), theta = eta: the digits of its distance to both bounds are kept."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def __call__(self, value):
        return np.log(value - self.low) - np.log(self.high - value)

    def inverse(self, eta):
        return eta

    def shown(self, theta):
        return self.low + (self.high - self.low) * expit(theta)

    def theta(self, value):
        return self(value)


class ProbabilityLink(Link):
    """p = F(eta) with a distribution function F; users write p, theta = log(p / (1 - p))."""

    def shown(self, theta):
        return expit(theta)

    def theta(self, value):
        return logit(value)


class Logit(ProbabilityLink):
    """p = 1 / (1 + exp(-eta)), the logistic distribution function: theta = eta.

    Examples
    --------
    >>> from sklearn_mle.links import Logit
    >>> float(Logit()(0.5)), float(Logit().inverse(50.0))  # theta is the log-odds: 1 - p keeps its digits
    (0.0, 50.0)
    """

    def __call__(self, value):
        return logit(value)

    def inverse(self, eta):
        return eta


class Probit(ProbabilityLink):
    """p = Phi(eta), the normal distribution function.

    Examples
    --------
    >>> from sklearn_mle.links import Probit
    >>> print(*(f"{Probit().shown(Probit().inverse(eta)):.3f}" for eta in (-2.0, 0.0, 2.0)))  # p at eta
    0.023 0.500 0.977
    """

    def __call__(self, value):
        return ndtri(value)

    def inverse(self, eta):
        return log_ndtr(eta) - log_ndtr(-eta)


class CLogLog(ProbabilityLink):
    """p = 1 - exp(-exp(eta)), the Gumbel distribution function of minima: proportional hazards.

    Examples
    --------
    >>> from sklearn_mle.links import CLogLog
    >>> print(*(f"{CLogLog().shown(CLogLog().inverse(eta)):.3f}" for eta in (-2.0, 0.0, 2.0)))  # p at eta
    0.127 0.632 0.999
    """

    def __call__(self, value):
        return np.log(-np.log1p(-value))

    def inverse(self, eta):
        # log(exp(u) - 1) with u = exp(eta), the log of its factors exp(u), u and (1 - exp(-u)) / u. From eta = 4 on the
        # last two are 1 to all digits; far out, where u is inf, they would make NaN of it.
        u = np.exp(eta)
        return np.where(eta > 4.0, u, u + eta + np.log(exprel(-u)))


class LogLog(ProbabilityLink):
    """p = exp(-exp(-eta)), the Gumbel distribution function of maxima: CLogLog for 1 - p.

    Examples
    --------
    >>> from sklearn_mle.links import LogLog
    >>> print(*(f"{LogLog().shown(LogLog().inverse(eta)):.3f}" for eta in (-2.0, 0.0, 2.0)))  # p at eta
    0.001 0.368 0.873
    """

    def __call__(self, value):
        return -np.log(-np.log(value))

    def inverse(self, eta):
        return -CLogLog().inverse(-eta)


class Cauchit(ProbabilityLink):
    """p = 1/2 + arctan(eta) / pi, the Cauchy distribution function: tails so heavy that outliers hardly count.

    Examples
    --------
    >>> from sklearn_mle.links import Cauchit
    >>> print(*(f"{Cauchit().shown(Cauchit().inverse(eta)):.3f}" for eta in (-2.0, 0.0, 2.0)))  # p at eta
    0.148 0.500 0.852
    """

    def __call__(self, value):
        # Through the nearer end: tan(pi (p - 1/2)) has no digits left at p = 1e-20.
        return np.where(value < 0.5, -1.0, 1.0) / np.tan(np.pi * np.minimum(value, 1.0 - value))

    def inverse(self, eta):
        # pi p and pi (1 - p) as the angles of two points in the plane, both accurate in both tails.
        return np.log(np.arctan2(1.0, -eta)) - np.log(np.arctan2(1.0, eta))


LINKS = {
    "identity": Identity,
    "log": Log,
    "softplus": Softplus,
    "sqrt": Sqrt,
    "inverse": Inverse,
    "inverse_squared": InverseSquared,
    "logit": Logit,
    "probit": Probit,
    "cloglog": CLogLog,
    "loglog": LogLog,
    "cauchit": Cauchit,
}


__all__ = ["LINKS", "Link", "Between", "ProbabilityLink", *(family.__name__ for family in LINKS.values()), "link"]


def link(name):
    """The link of that name in `LINKS`; a Link is returned as it is.

    Raises
    ------
    ValueError
        If there is none.
    """
    if isinstance(name, Link):
        return name
    if not isinstance(name, str) or name not in LINKS:
        text = f"{name!r} is no link; known are {', '.join(map(repr, LINKS))}, or an instance of Link."
        raise ValueError(text + suggestion(name, LINKS))
    return LINKS[name]()
