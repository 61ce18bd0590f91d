"""Likelihoods of shares: y is how many of several trials succeed."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy import stats
from sklearn.base import clone

from ..jets import expit, log_expit, xlogy
from ..links import Logit
from .base import Likelihood
from .negative_binomial import NegativeBinomial1
from .poisson import poisson_nll
from .saturation import best_log_prob
from .softmax import sigmoid
from .special import divergence_of_odds
from .support import Support


@dataclass(frozen=True)
class Response(Support):
    """0, 1, or a share between them, which is no mistake: a fractional response."""

    def fraction(self, y):
        return None


class Trials(Likelihood):
    """Successes of independent rows of trials: y of shape (n, 2), successes and failures, or counts out of `n`."""

    @property
    def support(self):
        if self.n is None:
            return Support(lower=0.0, integer=True, columns=2, row="successes and failures")
        one_number = isinstance(self.n, Real)
        upper = self.n if one_number else np.inf
        return (Response if one_number and self.n == 1 else Support)(lower=0.0, upper=upper, integer=True)

    def check(self, y):
        if self.n is not None and not (isinstance(self.n, Real) and self.n >= 1 and self.n == np.floor(self.n)):
            raise ValueError(
                f"{type(self).__name__}: n is the number of trials in every row, 1, 2, ..., or None, where y holds "
                f"(successes, failures); got {self.n!r}."
            )
        if self.n is None and not y.any():
            raise ValueError(f"{self!r} needs trials: no row of y has a success or a failure.")
        return super().check(y)

    def successes_and_failures(self, y):
        """The two counts of each row."""
        return (y[..., 0], y[..., 1]) if self.n is None else (y, self.n - y)

    @property
    def of_dist(self):
        return clone(self).set_params(n=1) if self.n is None else self

    def observation(self, y, *theta):
        return self.successes_and_failures(y)[0], self._out_of(y).dist(*theta)

    def expected(self, eta, y=None):
        if self.n is not None or self.information is not None:
            return Likelihood.expected(self._out_of(y), eta)
        totals, K = self._out_of(y).n, len(eta)
        rows = np.zeros((K, K, len(totals)))
        for n in np.unique(totals[totals > 0]):
            here = totals == n
            part = [row if len(row) == 1 else row[here] for row in eta]
            rows[..., here] = Likelihood.expected(clone(self).set_params(n=int(n)), part)
        return [list(row) for row in rows]

    def _out_of(self, y):
        """The likelihood of the successes, where y also holds the failures: n is then the row of their sums."""
        if self.n is not None:
            return self
        if y is None:
            raise ValueError(f"{self!r} finds the numbers of trials in y, which is needed here.")
        return clone(self).set_params(n=np.asarray(y).sum(axis=1))

    def share(self, successes, failures, weight):
        """The share of successes in all trials, half a success more and half a failure where there is one kind only."""
        s, f = np.sum(weight * successes), np.sum(weight * failures)
        return s / (s + f) if s > 0 and f > 0 else (s + 0.5) / (s + f + 1)

    @property
    def _trials(self):
        """In `dist` and `point`: one, where the rows have totals of their own."""
        return 1 if self.n is None else self.n


class Binomial(Trials):
    """y of n trials succeed, each with probability p, independently.

    Parameters
    ----------
    n : int or None, default=None
        The trials of every row, of which y, shape (n_rows,), counts the successes; with n=1 y may be a share in
        [0, 1], the response of a fractional logit model. None: y has shape (n_rows, 2) and holds the successes and
        the failures of each row, as R's cbind does; a row without trials counts for nothing. `predict` is then the
        proportion p and `predict_dist` the law of a single trial, for the totals of new rows are not known:
        ``scipy.stats.binom(totals, model.predict(X))`` is the law of their successes.
    link : str or Link, default=None
        The link of p.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, chapter 4. Papke and Wooldridge (1996), Econometric methods
    for fractional response variables, Journal of Applied Econometrics 11.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import stats
    >>> from sklearn_mle import MLERegressor
    >>> X, y = [[0], [1], [2]], np.array([[1, 9], [6, 14], [20, 10]])  # successes and failures of 10, 20 and 30 trials
    >>> model = MLERegressor("binomial").fit(X, y)
    >>> print("p:", model.predict(X).round(2))
    p: [0.09 0.31 0.66]
    >>> print(f"P(30 or more of 50 succeed) = {stats.binom(50, model.predict([[2]])).sf(29)[0]:.2f}")
    P(30 or more of 50 succeed) = 0.86
    """

    links = {"p": Logit()}
    limits = {
        "p": {
            0.0: "probability p is at 0: there is no success, which determines no coefficient",
            1.0: "probability p is at 1: there is no failure, which determines no coefficient",
        }
    }

    def __init__(self, n=None, link=None):
        self.n, self.link = n, link

    def dist(self, p):
        return stats.binom(self._trials, expit(p))

    def log_prob(self, y, p):
        s, f = self.successes_and_failures(y)
        return -binomial_nll(s, f, expit(p), expit(-p), log_expit(p), log_expit(-p), self.n == 1)

    def derivatives(self, y, eta, order):
        s, f = self.successes_and_failures(y)
        (logit,) = eta
        p, q, log_total = sigmoid(logit)
        log_p, log_q = np.minimum(logit, 0) - log_total, np.minimum(-logit, 0) - log_total
        nll = binomial_nll(s, f, p, q, log_p, log_q, self.n == 1)
        return (nll, [f * p - s * q], [[(s + f) * (p * q)]])[: order + 1]

    def start(self, y, weight):
        return (self.share(*self.successes_and_failures(y), weight),)

    def point(self, p):
        return self._trials * expit(p)

    def information(self, p):
        return {("p", "p"): self._trials * expit(p) * expit(-p)}

    def saturated(self, y, p):
        s, f = self.successes_and_failures(y)
        if self.n == 1:
            return xlogy(s, s) + xlogy(f, f)
        m = s + f
        both = poisson_nll(s, s, xlogy(s, s)) + poisson_nll(f, f, xlogy(f, f))
        return poisson_nll(m, m, xlogy(m, m)) - both

    def dispersion(self, p):
        return 1.0

    def divergence(self, theta, other):
        return self.n * divergence_of_odds(*theta, *other)


class BetaBinomial(Trials):
    """y of n trials succeed, each with probability P, P ~ Beta of mean mu, variance rho mu (1 - mu).

    Two trials of a row have correlation rho; Binomial as rho -> 0.

    Parameters
    ----------
    n : int or None, default=None
        As in `Binomial`. With None, `predict_dist` is the law of a single trial, in which rho plays no part:
        ``scipy.stats.betabinom(totals, mu * (1 - rho) / rho, (1 - mu) * (1 - rho) / rho)`` is that of the successes.
    rho : float or None, default=None
        A number fixes the correlation.
    link : str, Link or dict, default=None
        The link of mu, or of both parameters by name.

    References
    ----------
    Williams (1975), The analysis of binary responses from toxicological experiments, Biometrics 31.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import fit_distribution
    >>> y = np.array([[0, 10], [9, 1], [3, 7], [10, 0], [5, 5]])  # successes and failures: litters differ
    >>> params = fit_distribution(y, "beta_binomial").params
    >>> print(f"mean {params['mu']:.2f}, correlation {params['rho']:.2f}")
    mean 0.53, correlation 0.53
    """

    links = {"mu": Logit(), "rho": Logit()}
    limits = {
        "mu": {end: text.replace("probability p", "mean mu") for end, text in Binomial.limits["p"].items()},
        "rho": {
            0.0: "correlation rho is at 0: use Binomial",
            1.0: "correlation rho is at 1: the trials of a row succeed or fail together, so count each row once",
        },
    }

    def __init__(self, n=None, rho=None, link=None):
        self.n, self.rho, self.link = n, rho, link

    def dist(self, mu, rho):
        if self.n is None:
            return stats.binom(1, expit(mu))
        total = np.exp(-np.maximum(rho, -18.0))  # a + b; scipy loses its digits beyond 1e8
        return stats.betabinom(self.n, total * expit(mu), total * expit(-mu))

    def log_prob(self, y, mu, rho):
        # NB1 counts s and f with one dispersion, given their sum: whatever the scale of their means, so take the sum.
        s, f = self.successes_and_failures(y)
        m, counts = np.maximum(s + f, 1.0), NegativeBinomial1()
        alpha = m * np.exp(rho)
        parts = [counts.log_prob(s, m * expit(mu), alpha), counts.log_prob(f, m * expit(-mu), alpha)]
        return parts[0] + parts[1] - counts.log_prob(s + f, m, alpha)

    def derivatives(self, y, eta, order):
        s, f = self.successes_and_failures(y)
        logit, rho = eta
        p, q, log_total = sigmoid(logit)
        log_m, counts = np.log(np.maximum(s + f, 1.0)), NegativeBinomial1()
        log_alpha = log_m + rho
        of_s = counts.derivatives(s, [log_m + (np.minimum(logit, 0) - log_total), log_alpha], order)
        of_f = counts.derivatives(f, [log_m + (np.minimum(-logit, 0) - log_total), log_alpha], order)
        of_sum = counts.derivatives(s + f, [log_m, log_alpha], order)
        parts = [of_s[0] + of_f[0] - of_sum[0]]
        if order > 0:
            (s_mu, s_rho), (f_mu, f_rho), (_, sum_rho) = of_s[1], of_f[1], of_sum[1]
            parts.append([q * s_mu - p * f_mu, s_rho + f_rho - sum_rho])
        if order > 1:
            (s_mu_mu, s_cross), (_, s_rho) = of_s[2]
            (f_mu_mu, f_cross), (_, f_rho) = of_f[2]
            by_mu = q * q * s_mu_mu + p * p * f_mu_mu - p * q * (s_mu + f_mu)
            cross = q * s_cross - p * f_cross
            parts.append([[by_mu, cross], [cross, s_rho + f_rho - of_sum[2][1][1]]])
        return tuple(parts)

    def start(self, y, weight):
        s, f = self.successes_and_failures(y)
        mu, n = self.share(s, f, weight), s + f
        # The variance of s is n mu (1 - mu) (1 + (n - 1) rho).
        excess = np.sum(weight * ((s - n * mu) ** 2 / (mu * (1 - mu)) - n))
        pairs = np.sum(weight * n * (n - 1))
        smallest = 0.01 / max(1.0, np.average(n, weights=weight))
        return mu, float(np.clip(excess / pairs if pairs > 0 else 0.1, smallest, 0.9))

    def saturated(self, y, mu, rho):
        s, f = self.successes_and_failures(y)
        both = (s > 0) & (f > 0)  # else mu -> 0 or 1 leaves no other outcome
        counts = np.where(both, s, 1.0), np.where(both, f, 1.0)
        best = best_log_prob(BetaBinomial(), np.column_stack(counts), np.log(counts[0] / counts[1]), rho)
        return np.where(both, best, 0.0)

    def point(self, mu, rho):
        return self._trials * expit(mu)


def binomial_nll(s, f, p, q, log_p, log_q, single):
    """-log of C(s + f, s) p^s q^f; of p^s q^f alone where every row is a `single` trial, whose s may be a share."""
    direct = -s * log_p - f * log_q
    if single:
        return direct
    # Poisson counts s and f, given their sum: whatever the scale of their means, so take the sum.
    m = np.maximum(s + f, 1.0)
    log_m = np.log(m)
    both = poisson_nll(s, m * p, s * (log_m + log_p)) + poisson_nll(f, m * q, f * (log_m + log_q))
    return np.where((s == 0) | (f == 0), direct, both - poisson_nll(s + f, m, (s + f) * log_m))
