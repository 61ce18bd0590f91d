"""Likelihoods made of likelihoods: identities, mpmath, closed forms and statsmodels."""

import pickle
import warnings

import mpmath as mp
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from scipy.special import expit, logit
from sklearn.model_selection import GridSearchCV
from statsmodels.discrete.count_model import ZeroInflatedNegativeBinomialP, ZeroInflatedPoisson
from statsmodels.discrete.truncated_model import HurdleCountModel, TruncatedLFPoisson

from sklearn_mle import MLEClassifier, MLERegressor, Ordinal, jets
from sklearn_mle.checks import check_likelihood
from sklearn_mle.checks.specimen import arrays
from sklearn_mle.distributions.within import Within
from sklearn_mle.exceptions import BoundaryWarning
from sklearn_mle.likelihoods import (
    Beta,
    BetaBinomial,
    Binomial,
    Censored,
    Gaussian,
    Hurdle,
    NegativeBinomial,
    Poisson,
    StudentT,
    Truncated,
    ZeroInflated,
    censored_at,
    right_censored,
)
from sklearn_mle.likelihoods.intervals import log_above
from sklearn_mle.metrics import log_score

FAMILIES = [
    ZeroInflated(Binomial(n=7)),
    ZeroInflated("negative_binomial1"),
    Hurdle(),
    Hurdle("negative_binomial"),
    Hurdle(pi=0.2),
    Hurdle(Binomial(n=5)),
    Hurdle("gamma"),
    Hurdle("lognormal"),
    Hurdle("beta"),
    Truncated(lower=0),
    Truncated(lower=-1, upper=2),
    Truncated("poisson", lower=0),
    Truncated("negative_binomial", lower=0),
    Truncated("poisson", lower=2, upper=9),
    Truncated("poisson", upper=5),
    Truncated("gamma", lower=0.5),
    Censored("poisson"),
    Censored("weibull"),
    Censored(Truncated("weibull", lower=0.3)),
    Censored("laplace"),
    Truncated(Beta(), 0.1, 0.9),
    Truncated("student_t", lower=0.5),
    Censored("gamma"),
    Censored("inverse_gaussian"),
]


def table(n=500):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 2))
    return rng, X, X @ [0.5, -0.3] + 0.4


def coefficients(model):
    return np.concatenate([np.r_[model.intercepts_[name], model.coefs_[name]] for name in model.coefs_])


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_every_wrapper_keeps_the_rules(family):
    check_likelihood(family)


# --- the law within an interval ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lower, upper", [(-1, 0.5), (3, np.inf), (-np.inf, -8), (10, 12)])
def test_a_truncated_normal_law_is_scipys(lower, upper):
    mean, sd = np.array([0.0, 0.3]), 1.2
    ours = Within(stats.norm(mean, sd), lower, upper)
    theirs = stats.truncnorm((lower - mean) / sd, (upper - mean) / sd, mean, sd)
    y = ours.ppf(np.array([[0.01], [0.4], [0.9]]))
    for name, argument in [("ppf", 0.3), ("isf", 0.3), ("cdf", y), ("sf", y), ("logpdf", y)]:
        found, expected = getattr(ours, name)(argument), getattr(theirs, name)(argument)
        np.testing.assert_allclose(found, expected, rtol=1e-8, err_msg=name)
    # The density at quantiles, integrated, for what scipy's moments lose in the tails.
    assert ours.logpdf(lower - 1).max() == ours.logpdf(upper + 1).max() == -np.inf
    u, weight = np.polynomial.legendre.leggauss(200)
    low, high = ours.ppf(1e-15), ours.isf(1e-15)
    x = low[:, None] + (high - low)[:, None] * (u + 1) / 2
    p = ours.pdf(x.T).T * weight * (high - low)[:, None] / 2
    expected = (p * x).sum(axis=1)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-10)
    np.testing.assert_allclose(ours.mean(), expected, rtol=1e-10)
    np.testing.assert_allclose(ours.var(), (p * (x - expected[:, None]) ** 2).sum(axis=1), rtol=1e-8)


@pytest.mark.parametrize("lower, upper", [(0, np.inf), (3, np.inf), (3, 9), (-np.inf, 4), (20, 40)])
def test_truncated_counts_are_summed(lower, upper):
    law = Within(stats.nbinom(np.array([2.0, 0.3]), np.array([0.3, 0.9])), lower, upper)
    k = np.arange(2000.0)[:, None]
    p = law.pmf(k)
    mean = (p * k).sum(axis=0)
    np.testing.assert_allclose(p.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(law.mean(), mean, rtol=1e-12)
    np.testing.assert_allclose(law.var(), (p * (k - mean) ** 2).sum(axis=0), rtol=1e-10)
    np.testing.assert_allclose(law.cdf(k), np.cumsum(p, axis=0), rtol=1e-10)
    for q in (0.01, 0.3, 0.5, 0.99):
        np.testing.assert_array_equal(law.ppf(q), np.argmax(np.cumsum(p, axis=0) >= q - 1e-14, axis=0))
    draws = law.rvs(size=(1000, 2), random_state=0)
    assert draws.min() > lower and draws.max() <= upper


# --- densities --------------------------------------------------------------------------------------------------------


def test_a_hurdle_is_its_definition():
    y, pi, mu = np.arange(8.0), 0.3, 1.7
    found = np.exp(Hurdle().log_prob(y, mu, logit(pi)))
    np.testing.assert_allclose(
        found, np.where(y == 0, pi, 0.7 * stats.poisson(mu).pmf(y) / stats.poisson(mu).sf(0)), rtol=1e-13
    )
    y = np.array([0.0, 0.1, 3.0])
    found = Hurdle("gamma").log_prob(y, 2.0, 0.5, logit(pi))
    np.testing.assert_allclose(found, np.log([pi, *(0.7 * stats.gamma(2, scale=1).pdf(y[1:]))]), rtol=1e-12)
    assert Hurdle("gamma").point(2.0, 0.5, logit(pi)) == pytest.approx(1.4)
    assert Hurdle().point(mu, logit(pi)) == pytest.approx(0.7 * mu / -np.expm1(-mu))
    assert Hurdle().dist(mu, logit(pi)).mean() == pytest.approx(Hurdle().point(mu, logit(pi)))


def test_zero_truncated_counts_of_a_tiny_mean_are_1():
    for mu in (1e-3, 1e-12, 1e-20):
        value, gradient, _ = Truncated("poisson", lower=0).taylor(np.array([1.0, 2.0]), [np.log(np.array([mu]))], 2)
        exact = [
            -float(mp.log(mu * mp.exp(-mu) / -mp.expm1(-mu))),
            -float(mp.log(mu**2 / 2 * mp.exp(-mu) / -mp.expm1(-mu))),
        ]
        np.testing.assert_allclose(value, exact, rtol=1e-12, atol=1e-14)  # two logarithms of mu
        np.testing.assert_allclose(gradient[0], [mu / 2, mu / 2 - 1], rtol=1e-3, atol=1e-15)


def test_truncation_far_in_the_tail_keeps_its_digits():
    for lower, upper, y in [(40.0, np.inf, 40.01), (-np.inf, -30.0, -30.2), (20.0, 20.5, 20.1)]:
        with mp.workdps(300):  # 1 - P has 200 zeros
            ends = [mp.mpf(np.clip(end, -100, 100)) for end in (lower, upper)]
            above = [mp.erfc(end / mp.sqrt(2)) / 2 for end in ends]
            mass = above[0] - above[1]
            exact = float(mp.log(mp.npdf(mp.mpf(y)) / mass))
        found = Truncated(lower=lower, upper=upper).log_prob(np.array([y]), 0.0, 1.0)[0]
        assert found == pytest.approx(exact, abs=2e-12)
    # P(Y > 20) = 1e-470 of counts of mean 1e-20 is below the smallest double.
    with mp.workdps(60):
        p = [mp.exp(21 * mp.log(1e-20) - mp.loggamma(22)), mp.exp(22 * mp.log(1e-20) - mp.loggamma(23))]
        exact = float(mp.log(p[1] / (p[0] + p[1])))
    assert Truncated("poisson", lower=20).log_prob(np.array([22.0]), 1e-20)[0] == pytest.approx(exact, rel=1e-12)


def test_log_cdf_and_log_sf_of_the_truncated():
    family, law = Truncated("gaussian", lower=1.0), stats.truncnorm(1, np.inf)
    y = np.array([1.5, 3.0])
    np.testing.assert_allclose(family.log_cdf(y, 0.0, 1.0), law.logcdf(y), rtol=1e-12)
    np.testing.assert_allclose(family.log_sf(y, 0.0, 1.0), law.logsf(y), rtol=1e-12)


@pytest.mark.parametrize("family", [Hurdle("negative_binomial"), ZeroInflated("negative_binomial"), Hurdle("gamma")])
def test_the_derivatives_of_the_base_are_those_of_its_log_prob(family):
    rng = np.random.default_rng(2)
    y = rng.poisson(2, 60).astype(float)
    eta = list(rng.normal(size=(3, 60)))
    quick = family.taylor(y, eta, 2)
    inner = family.inner
    inner.derivatives = None
    slow = type(family)(inner).taylor(y, eta, 2)
    for found, expected in zip(arrays(quick, 60), arrays(slow, 60), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


# --- fits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["poisson", "negative_binomial"])
@pytest.mark.parametrize("regressed", [None, "all"])
def test_zero_inflation_is_that_of_statsmodels(base, regressed):
    rng, X, eta = table(1500)
    mu = np.exp(eta)
    y = rng.poisson(mu) if base == "poisson" else rng.negative_binomial(2, 2 / (2 + mu))
    y = np.where(rng.random(len(y)) < expit(0.5 * X[:, 0] - 1), 0, y)
    regressed = {"mu": "all", "pi": "all"} if regressed else None
    model = MLERegressor(ZeroInflated(base), regressed=regressed).fit(X, y)
    Z = sm.add_constant(X)
    peer = ZeroInflatedPoisson if base == "poisson" else ZeroInflatedNegativeBinomialP
    peer = peer(y, Z, exog_infl=Z if regressed else np.ones((len(y), 1)))
    pi = np.r_[model.intercepts_["pi"], model.coefs_["pi"] if regressed else []]
    alpha = [] if base == "poisson" else [np.exp(model.intercepts_["alpha"])]
    found = np.r_[pi, model.intercept_, model.coef_, alpha]
    # statsmodels' own optimiser stops early: its score at our optimum says that it is one.
    fit = peer.fit(method="bfgs", maxiter=500, gtol=1e-8, disp=0)
    np.testing.assert_allclose(found, fit.params, rtol=1e-4, atol=1e-4)
    assert model.log_likelihood_ >= fit.llf - 1e-9
    assert model.log_likelihood_ == pytest.approx(peer.loglike(found), rel=1e-12)
    slopes = optimize.approx_fprime(found, peer.loglike, 1e-6)
    assert np.abs(slopes).max() < 1e-2  # of a sum of 1500 rows, by one-sided differences


@pytest.mark.parametrize("base", ["poisson", "negative_binomial"])
def test_a_hurdle_is_that_of_statsmodels(base):
    rng, X, eta = table(1500)
    y = rng.poisson(np.exp(eta)) if base == "poisson" else rng.negative_binomial(2, 2 / (2 + np.exp(eta)))
    y[rng.random(len(y)) < 0.2] = 0
    model = MLERegressor(Hurdle(base), regressed={"mu": "all", "pi": "all"}).fit(X, y)
    # It factors: zeros are a logit model, positive counts a zero-truncated one.
    zero = MLEClassifier("bernoulli").fit(X, y == 0)
    positive = MLERegressor(Truncated(base, lower=0)).fit(X[y > 0], y[y > 0])
    np.testing.assert_allclose(model.coefs_["pi"], zero.coef_[0], rtol=1e-8)
    np.testing.assert_allclose(model.coef_, positive.coef_, rtol=1e-8)
    assert model.log_likelihood_ == pytest.approx(zero.log_likelihood_ + positive.log_likelihood_, rel=1e-12)
    if base == "poisson":
        truncated = TruncatedLFPoisson(y[y > 0], sm.add_constant(X[y > 0]), truncation=0)
        fit = truncated.fit(method="newton", disp=0, tol=1e-12)
        np.testing.assert_allclose(np.r_[positive.intercept_, positive.coef_], fit.params, rtol=1e-6)
        assert positive.log_likelihood_ == pytest.approx(fit.llf, rel=1e-10)
        # statsmodels' zeros are those of a second Poisson law: the same model where nothing is regressed.
        constant = MLERegressor(Hurdle(), regressed=[]).fit(X, y)
        peer = HurdleCountModel(y, np.ones((len(y), 1))).fit(disp=0)
        assert constant.log_likelihood_ == pytest.approx(peer.llf, rel=1e-8)
        assert np.exp(constant.intercept_) == pytest.approx(np.exp(peer.params[1]), rel=1e-4)


def test_a_hurdle_over_a_continuous_law_factors():
    rng, X, eta = table()
    y = np.where(rng.random(len(X)) < 0.3, 0.0, rng.gamma(2, np.exp(eta) / 2))
    model = MLERegressor(Hurdle("gamma")).fit(X, y)
    alone = MLERegressor("gamma").fit(X[y > 0], y[y > 0])
    np.testing.assert_allclose(model.coef_, alone.coef_, rtol=1e-9)
    assert expit(model.intercepts_["pi"]) == pytest.approx(np.mean(y == 0), rel=1e-10)
    np.testing.assert_allclose(model.predict(X), np.mean(y > 0) * alone.predict(X), rtol=1e-8)
    law = model.predict_dist(X[:3])
    np.testing.assert_allclose(law.cdf(0.0), np.mean(y == 0), rtol=1e-10)
    assert law.rvs(1000, random_state=0).shape == (1000, 3)


def test_truncated_regression_is_its_optimum(optimum):
    rng, X, eta = table(800)
    y = eta + rng.normal(size=len(X))
    X, y = X[y > 0], y[y > 0]
    model = MLERegressor(Truncated(lower=0)).fit(X, y)

    def nll(b):
        mean, sd = b[0] + X @ b[1:3], np.exp(b[3])
        return -np.mean(stats.norm.logpdf(y, mean, sd) - stats.norm.logsf(0, mean, sd))

    b = optimum(nll, np.array([0.4, 0.5, -0.3, 0.0]))
    np.testing.assert_allclose(np.r_[model.intercept_, model.coef_, model.intercepts_["sigma"]], b, rtol=1e-7)
    law = stats.truncnorm(-(b[0] + X @ b[1:3]) / np.exp(b[3]), np.inf, b[0] + X @ b[1:3], np.exp(b[3]))
    np.testing.assert_allclose(model.predict(X), law.mean(), rtol=1e-6)


def test_censored_exponential_and_weibull_have_closed_forms():
    rng = np.random.default_rng(3)
    time, limit = rng.weibull(1.5, 300) * 2, rng.exponential(2, 300)
    event = time <= limit
    time = np.minimum(time, limit)
    y = right_censored(time, event)
    X = np.zeros((300, 1))
    model = MLERegressor(Censored("exponential"), regressed=[]).fit(X, y)
    assert np.exp(model.intercept_) == pytest.approx(time.sum() / event.sum(), rel=1e-12)
    assert model.log_likelihood_ == pytest.approx(-event.sum() * (1 + model.intercept_), rel=1e-12)
    # Weibull: scale^shape = sum t^shape / events, and the shape solves one equation.
    model = MLERegressor(Censored("weibull"), regressed=[]).fit(X, y)

    def equation(k):
        power = time**k
        return (power * np.log(time)).sum() / power.sum() - 1 / k - np.log(time[event]).mean()

    k = optimize.brentq(equation, 0.1, 10, xtol=1e-14)
    assert np.exp(model.intercepts_["shape"]) == pytest.approx(k, rel=1e-10)
    assert np.exp(model.intercepts_["scale"]) == pytest.approx((np.sum(time**k) / event.sum()) ** (1 / k), rel=1e-10)


def test_a_weibull_model_of_failure_times_has_proportional_hazards():
    """With shape 1 it is the exponential one, which is the Poisson model of the events with exposure time."""
    rng, X, eta = table()
    time, limit = rng.exponential(np.exp(eta)), rng.exponential(2, len(X))
    event = (time <= limit).astype(int)
    time = np.minimum(time, limit)
    model = MLERegressor(Censored("exponential")).fit(X, right_censored(time, event))
    poisson = MLERegressor("poisson", exposure=2).fit(np.column_stack([X, time]), event)
    np.testing.assert_allclose(model.coef_, -poisson.coef_[:2], rtol=1e-9)
    assert model.intercept_ == pytest.approx(-poisson.intercept_, rel=1e-9)


def test_tobit_is_its_optimum(optimum):
    rng, X, eta = table()
    latent = eta + rng.normal(size=len(X))
    y = np.clip(latent, 0, 1.5)
    model = MLERegressor(Censored()).fit(X, censored_at(y, lower=0, upper=1.5))

    def nll(b):
        mean, sd = b[0] + X @ b[1:3], np.exp(b[3])
        inside = stats.norm.logpdf(y, mean, sd)
        inside = np.where(y <= 0, stats.norm.logcdf(0, mean, sd), inside)
        return -np.mean(np.where(y >= 1.5, stats.norm.logsf(1.5, mean, sd), inside))

    b = optimum(nll, np.array([0.4, 0.5, -0.3, 0.0]))
    np.testing.assert_allclose(np.r_[model.intercept_, model.coef_, model.intercepts_["sigma"]], b, rtol=1e-8)
    np.testing.assert_allclose(model.predict(X), b[0] + X @ b[1:3], rtol=1e-7)
    with pytest.raises(ValueError, match="log_score"):
        model.score(X, censored_at(y, lower=0))


def test_counts_known_within_intervals(optimum):
    rng, X, eta = table()
    y = rng.negative_binomial(2, 2 / (2 + np.exp(eta))).astype(float)
    both = np.column_stack([np.where(y >= 4, 4, y), np.where(y >= 4, np.inf, y)])
    model = MLERegressor(Censored(NegativeBinomial())).fit(X, both)

    def nll(b):
        mu, r = np.exp(b[0] + X @ b[1:3]), np.exp(-b[3])
        law = stats.nbinom(r, r / (r + mu))
        return -np.mean(np.where(y >= 4, law.logsf(3), law.logpmf(y)))

    b = optimum(nll, np.array([0.4, 0.5, -0.3, -0.7]))
    np.testing.assert_allclose(np.r_[model.intercept_, model.coef_, model.intercepts_["alpha"]], b, rtol=1e-7)


# --- what y may be, and errors ----------------------------------------------------------------------------------------


def test_helpers_of_censored():
    np.testing.assert_array_equal(right_censored([1.0, 2.0], [True, False]), [[1, 1], [2, np.inf]])
    np.testing.assert_array_equal(
        censored_at([-1.0, 0.0, 2.0, 5.0], lower=0, upper=3), [[-np.inf, 0], [-np.inf, 0], [2, 2], [3, np.inf]]
    )
    np.testing.assert_array_equal(censored_at([1.0, 2.0], upper=[1.5, 2.0]), [[1, 1], [2, np.inf]])
    for wrong, message in [
        (lambda: right_censored([1.0, 2.0], [1, 2]), r"event\[1\] is .*2"),
        (lambda: right_censored([1.0, 2.0], [1]), r"\(2,\) and \(1,\)"),
        (lambda: censored_at(np.zeros((2, 2))), r"got \(2, 2\)"),
        (lambda: censored_at([1.0], lower=2, upper=1), "lower < upper"),
    ]:
        with pytest.raises(ValueError, match=message):
            wrong()


@pytest.mark.parametrize(
    "family, y, message",
    [
        (Hurdle("gaussian"), [0.0], "counts or of positive numbers"),
        (Hurdle("gamma"), [0.0, -1.0], r"y\[1\] is -1.0"),
        (Hurdle(Beta()), [0.0, 1.0], r"0 < y < 1; y\[1\] is 1.0"),
        (Truncated(lower=0), [1.0, 0.0], r"0 < y <= inf; y\[1\] is 0.0.*Censored"),
        (Truncated("poisson", lower=0), [1.0, -3.0], r"y\[1\] is -3.0"),
        (Truncated(lower=2, upper=1), [1.0], "lower < upper"),
        (Truncated(Binomial()), [[1.0, 2.0]], "one column"),
        (ZeroInflated(Binomial()), [[1.0, 2.0]], "base of counts"),
        (ZeroInflated("gamma"), [1.0], "Hurdle"),
        (Censored("weibull"), [[0.0, 0.0]], r"Censored\(Weibull\) models y > 0; y\[0\]"),
    ],
)
def test_errors_name_the_row_or_the_base(family, y, message):
    with pytest.raises(ValueError, match=message):
        family.check(np.array(y))


def test_a_parameter_has_one_meaning():
    with pytest.raises(ValueError, match=r"adds a parameter pi, which .* has already"):
        MLERegressor(Hurdle(ZeroInflated())).fit(np.zeros((3, 1)), [0, 1, 2])


def test_left_censoring_of_positive_numbers_may_begin_at_0():
    y = np.array([[0.0, 2.0], [-np.inf, 2.0], [1.0, 1.0]])
    found = Censored("weibull").log_prob(Censored("weibull").check(y), 1.5, 2.0)
    law = stats.weibull_min(2.0, scale=1.5)
    np.testing.assert_allclose(found, [law.logcdf(2), law.logcdf(2), law.logpdf(1)], rtol=1e-12)


def test_no_zeros_in_excess_are_said():
    rng, X, eta = table()
    y = 1 + rng.poisson(np.exp(eta))
    with pytest.warns(BoundaryWarning, match="use Truncated"):
        model = MLERegressor(Hurdle()).fit(X, y)
    alone = MLERegressor(Truncated("poisson", lower=0)).fit(X, y)
    np.testing.assert_allclose(model.coef_, alone.coef_, rtol=1e-6)


def under_dispersed(rng, n):
    return rng.binomial(5, 0.5, n).astype(float)


def nearly_exponential(rng, n):
    return rng.exponential(size=n) ** 1.3  # its deviation is above its mean, as that of no truncated normal law


def without_noise(rng, n):
    return censored_at(np.linspace(-1, 2, n), lower=0)


@pytest.mark.parametrize(
    "family, y, message",
    [
        (ZeroInflated(), under_dispersed, "pi of an extra zero is at 0: use the base alone"),
        (ZeroInflated(), lambda rng, n: np.zeros(n), "pi of an extra zero is at 1: every y is 0"),
        (ZeroInflated("negative_binomial"), under_dispersed, "alpha is at 0: use Poisson"),
        (Hurdle(), lambda rng, n: np.zeros(n), "pi of a zero is at 1"),
        (Hurdle("gamma"), lambda rng, n: rng.gamma(2, size=n), "pi of a zero is at 0"),
        (Hurdle(), lambda rng, n: rng.integers(2, size=n).astype(float), "mu of the base is at 0"),
        (Hurdle("lognormal"), lambda rng, n: np.r_[2.0, 2.0, np.zeros(n - 2)], "2 values of y, .* as sigma goes to 0"),
        (Truncated("poisson", lower=0), lambda rng, n: np.ones(n), "mu of the base is at 0"),
        (Truncated("negative_binomial", lower=0), lambda rng, n: 1 + under_dispersed(rng, n), "alpha is at 0"),
        (Truncated(lower=0), nearly_exponential, "mu of the base is far from all that is seen"),
        (Censored("negative_binomial"), lambda rng, n: censored_at(under_dispersed(rng, n), upper=4), "alpha is at 0"),
        (Censored(), without_noise, "without error, as sigma goes to 0"),
        (Censored("laplace"), without_noise, "without error, as scale goes to 0"),
        (Poisson(link="identity"), lambda rng, n: np.zeros(n), "mu is at 0: every count is 0"),
        ("weibull", lambda rng, n: np.full(n, 2.5), "without error"),
        ("gumbel", lambda rng, n: np.full(n, 2.5), "without error"),
        ("student_t", lambda rng, n: np.full(n, 2.5), "without error"),
    ],
)
def test_what_goes_to_its_limit_is_named_once(family, y, message):
    n = 80
    y = y(np.random.default_rng(0), n)
    X = np.linspace(-1, 2, n)[:, None]
    with pytest.warns(BoundaryWarning, match=message) as warned:
        model = MLERegressor(family).fit(X, y)
    assert len(warned) == 1
    assert np.isfinite(model._W()).all() and np.isfinite(model.log_likelihood_)


@pytest.mark.parametrize("log_mu, log_alpha", [(-24.55, 22.84), (-22.42, 36.72), (-40, 3), (-30, -5), (2, 1)])
def test_counts_that_are_hardly_ever_positive_keep_their_digits(log_mu, log_alpha):
    with mp.workdps(60):
        exact = mp.log(-mp.expm1(-mp.exp(-mp.mpf(log_alpha)) * mp.log1p(mp.exp(mp.mpf(log_mu + log_alpha)))))
    theta = np.exp([log_mu]), np.exp([log_alpha])
    assert log_above(NegativeBinomial(), 0.0, *theta)[0] == pytest.approx(float(exact), rel=1e-12)
    value, *_ = jets.taylor(lambda *rows: log_above(NegativeBinomial(), 0.0, *map(np.exp, rows)), np.log(theta), 2)
    assert value[0] == pytest.approx(float(exact), rel=1e-12)


def test_counts_without_zeros_start_with_the_zeros_that_are_missing():
    y = np.random.default_rng(0).poisson(0.7, 2000).astype(float)
    y = y[y > 0]
    mu = optimize.brentq(lambda mu: mu / -np.expm1(-mu) - y.mean(), 0.1, 3)
    assert Truncated("poisson", lower=0).start(y, np.ones(len(y)))[0] == pytest.approx(mu, rel=1e-4)
    assert Hurdle().start(np.r_[y, 0, 0], np.ones(len(y) + 2))[0] == pytest.approx(mu, rel=1e-4)
    mean, alpha = Truncated("negative_binomial", lower=0).start(y, np.ones(len(y)))
    assert mean == pytest.approx(mu, rel=0.1) and alpha < 0.1


@pytest.mark.parametrize("seed", [0, 1, 15])
def test_a_truncated_negative_binomial_fits_at_least_as_well_as_poisson(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2))
    y = rng.poisson(np.exp(0.4 * X[:, 0] - 0.4)).astype(float)
    X, y = X[y > 0], y[y > 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundaryWarning)  # of some samples Poisson is the maximum
        poisson, wider = (MLERegressor(Truncated(base, lower=0)).fit(X, y) for base in ("poisson", "negative_binomial"))
    assert wider.log_likelihood_ >= poisson.log_likelihood_ - 1e-8
    assert wider.converged_


def test_parameters_of_the_base_in_searches_and_pickles():
    rng, X, eta = table(200)
    y = eta + rng.standard_t(3, len(X))
    y = censored_at(y, lower=-1)
    search = GridSearchCV(
        MLERegressor(Censored(StudentT())), {"likelihood__base__df": [2, 5, None]}, scoring=log_score, cv=3
    ).fit(X, y)
    assert set(search.cv_results_["param_likelihood__base__df"]) == {2, 5, None}
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(search)).predict(X), search.predict(X))
    assert "pi" not in Hurdle(NegativeBinomial(alpha=0.5), pi=0.2).slices
    assert list(Truncated(Gaussian(sigma=1.0)).slices) == ["mu"]
    assert list(ZeroInflated(BetaBinomial(n=4)).slices) == ["mu", "rho", "pi"]
    assert Hurdle(Poisson()).nuisance == ("pi",) and Hurdle("gamma").nuisance == ("phi", "pi")


# --- ordered classes --------------------------------------------------------------------------------------------------


def test_the_order_of_classes():
    pd = pytest.importorskip("pandas")
    rng, X, eta = table()
    codes = np.digitize(eta + rng.logistic(size=len(X)), [-0.5, 1.0])
    names = np.array(["low", "mid", "high"])
    numbers = MLEClassifier("ordinal").fit(X, codes)
    listed = MLEClassifier(Ordinal(categories=["low", "mid", "high"])).fit(X, names[codes])
    frame = pd.Series(pd.Categorical(names[codes], categories=["none", "low", "mid", "high"], ordered=True))
    categorical = MLEClassifier("ordinal").fit(X, frame)
    for model in (listed, categorical):
        assert model.classes_.tolist() == ["low", "mid", "high"]
        np.testing.assert_array_equal(model.predict(X), names[numbers.predict(X)])
        np.testing.assert_array_equal(model.thresholds_, numbers.thresholds_)
        assert model.coef_.shape == (1, 2) and model.intercept_ == [0.0] and model.thresholds_.shape == (2,)
    backwards = MLEClassifier(Ordinal(categories=["high", "mid", "low"])).fit(X, names[codes])
    np.testing.assert_allclose(backwards.coef_, -numbers.coef_, rtol=1e-9)
    np.testing.assert_allclose(backwards.thresholds_, -numbers.thresholds_[::-1], rtol=1e-9)


def test_classes_without_an_order_are_refused():
    X, y = np.arange(6.0)[:, None] % 4, np.array(["a", "b", "c"] * 2)
    with pytest.raises(ValueError, match="strings have none"):
        MLEClassifier("ordinal").fit(X, y)
    with pytest.raises(ValueError, match="'c', which is none of the categories"):
        MLEClassifier(Ordinal(categories=["a", "b"])).fit(X, y)
    with pytest.raises(ValueError, match="each class once"):
        MLEClassifier(Ordinal(categories=["a", "b", "c", "a"])).fit(X, y)
