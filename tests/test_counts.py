"""Counts and shares: NB1, Binomial and BetaBinomial against their identities, mpmath and statsmodels."""

import pickle

import mpmath as mp
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit, logit
from sklearn.model_selection import GridSearchCV
from statsmodels.discrete.discrete_model import NegativeBinomialP

from sklearn_mle import (
    BetaBinomial,
    Binomial,
    MLEClassifier,
    MLERegressor,
    NegativeBinomial,
    NegativeBinomial1,
    Poisson,
)
from sklearn_mle.exceptions import BoundaryWarning
from sklearn_mle.metrics import log_score

TIGHT = {"rtol": 1e-8, "atol": 1e-9}


@pytest.fixture
def table():
    """A generator, X (400, 3) and a linear predictor."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    return rng, X, X @ [0.5, -0.3, 0.2] + 0.4


def trials(rng, p, rho=0.0):
    """(successes, failures) of 0 to 19 trials."""
    totals = rng.integers(0, 20, len(p))
    if rho:
        p = rng.beta(p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho)
    successes = rng.binomial(totals, p)
    return np.column_stack([successes, totals - successes]).astype(float)


# --- identities -------------------------------------------------------------------------------------------------------


def test_sums_of_nb1_counts_are_nb1_counts():
    k = np.arange(60.0)
    a, b = (np.exp(NegativeBinomial1().log_prob(k, mu, 0.7)) for mu in (1.3, 2.1))
    found = np.exp(NegativeBinomial1().log_prob(k, 3.4, 0.7))
    np.testing.assert_allclose(np.convolve(a, b)[:60], found, rtol=1e-12)


def test_nb1_is_nb2_with_another_dispersion_and_poisson_at_0():
    y = np.array([0.0, 3, 1e3, 1e9])
    np.testing.assert_allclose(
        NegativeBinomial1().log_prob(y, 2.5, 0.5), NegativeBinomial().log_prob(y, 2.5, 0.2), rtol=1e-14
    )
    for alpha in (1e-20, 1e-300):
        mu = np.array([0.1, 2.0, 1e3, 1e9])
        found = NegativeBinomial1().log_prob(y, mu, alpha)
        np.testing.assert_allclose(found, Poisson().log_prob(y, mu), rtol=1e-12, atol=1e-12)


def test_binomial_counts_are_bernoulli_trials_and_their_order_lost():
    p = np.array([-3.0, 0.2, 40.0])
    for s in (0.0, 1.0, 5.0):
        y = np.full(3, s)
        one_by_one = s * Binomial(n=1).log_prob(np.ones(3), p) + (5 - s) * Binomial(n=1).log_prob(np.zeros(3), p)
        choose = np.log(float(mp.binomial(5, s)))
        np.testing.assert_allclose(Binomial(n=5).log_prob(y, p), one_by_one + choose, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("family", [Binomial, BetaBinomial])
def test_successes_and_failures_are_counts_out_of_n(family):
    rng = np.random.default_rng(1)
    s = rng.integers(0, 10, 50).astype(float)
    eta = list(rng.normal(size=(len(family().links), 50)))
    of_n, of_both = family(n=9).taylor(s, eta, 2), family().taylor(np.column_stack([s, 9 - s]), eta, 2)
    for found, expected in zip(of_both, of_n, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("family", [Binomial, BetaBinomial])
def test_a_row_without_trials_counts_for_nothing(family):
    y, eta = np.zeros((1, 2)), [np.array([value]) for value in (0.7, -1.0)][: len(family().links)]
    value, gradient, hessian = family().taylor(y, eta, 2)
    assert np.abs(value).max() < 1e-15 and np.abs(gradient).max() < 1e-15 and np.abs(hessian).max() < 1e-15


def test_beta_binomial_at_the_ends_of_rho():
    y = np.array([0.0, 3, 12])
    near_0 = BetaBinomial(n=12).log_prob(y, 0.3, -45.0)
    np.testing.assert_allclose(near_0, Binomial(n=12).log_prob(y, 0.3), rtol=1e-13)
    near_1 = BetaBinomial(n=12).log_prob(y, 0.3, 45.0)
    np.testing.assert_allclose(near_1[[0, 2]], np.log([expit(-0.3), expit(0.3)]), rtol=1e-13)
    # One mixed row: mu (1 - mu) (1 - rho) n / (s f), to first order in 1 - rho.
    with mp.workdps(50):
        p = 1 / (1 + mp.exp(mp.mpf("-0.3")))
        exact = mp.log(p * (1 - p) * 12 / 27) - 45
    assert near_1[1] == pytest.approx(float(exact), rel=1e-13)


def test_correlation_is_rho():
    law = BetaBinomial(n=2).dist(logit(0.3), logit(0.4))
    both = law.pmf(2)
    assert (both - 0.3**2) / (0.3 * 0.7) == pytest.approx(0.4)
    law = BetaBinomial(n=7).dist(logit(0.3), logit(0.4))
    assert law.var() == pytest.approx(7 * 0.21 * (1 + 6 * 0.4))


def test_a_thousand_million_trials_keep_their_digits():
    s, f = 4e8, 6e8
    for p, rho in [(0.4, None), (0.40001, None), (0.4, 1e-9), (0.4001, 1e-4), (0.3, 1e-2)]:
        with mp.workdps(60):
            p_exact = 1 / (1 + mp.exp(-mp.mpf(float(logit(p)))))
            choose = mp.loggamma(s + f + 1) - mp.loggamma(s + 1) - mp.loggamma(f + 1)
            if rho is None:
                exact = choose + s * mp.log(p_exact) + f * mp.log1p(-p_exact)
                found = Binomial().log_prob(np.array([[s, f]]), logit(p))
            else:
                total = mp.exp(-mp.mpf(float(logit(rho))))
                a, b = p_exact * total, (1 - p_exact) * total
                beta = [mp.loggamma(x) + mp.loggamma(y) - mp.loggamma(x + y) for x, y in ((s + a, f + b), (a, b))]
                exact = choose + beta[0] - beta[1]
                found = BetaBinomial().log_prob(np.array([[s, f]]), logit(p), logit(rho))
        # p itself is known to 16 digits: its rounding moves log p(y) by 1e-16 (s - n p).
        assert found[0] == pytest.approx(float(exact), abs=1e-11 + 1e-16 * abs(s - 1e9 * p), rel=1e-12)


def test_confident_and_right_keeps_its_digits():
    value, gradient, hessian = Binomial(n=5).taylor(np.array([5.0]), [np.array([45.0])], 2)
    np.testing.assert_allclose([value[0], -gradient[0][0], hessian[0][0][0]], 5 * np.exp(-45.0), rtol=1e-13)


# --- fits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_nb1_is_that_of_statsmodels(table, solver):
    rng, X, eta = table
    y = rng.negative_binomial(np.exp(eta) / 0.8, 1 / 1.8)
    model = MLERegressor("negative_binomial1", solver=solver).fit(X, y)
    peer = NegativeBinomialP(y, sm.add_constant(X), p=1).fit(method="newton", disp=0, tol=1e-14)
    found = np.r_[model.intercept_, model.coef_, np.exp(model.intercepts_["alpha"])]
    np.testing.assert_allclose(found, peer.params, **TIGHT)
    assert model.log_likelihood_ == pytest.approx(peer.llf, rel=1e-12)
    np.testing.assert_allclose(model.predict_dist(X).var(), model.predict(X) * (1 + found[-1]))


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_binomial_is_that_of_statsmodels(table, link):
    rng, X, eta = table
    y = trials(rng, expit(eta))
    weight = rng.integers(1, 4, len(X)).astype(float)
    model = MLERegressor(Binomial(link=link)).fit(X, y, weight)
    links = {"logit": sm.families.links.Logit, "probit": sm.families.links.Probit, "cloglog": sm.families.links.CLogLog}
    some = y.sum(axis=1) > 0  # statsmodels divides by the totals
    family = sm.families.Binomial(links[link]())
    peer = sm.GLM(y[some], sm.add_constant(X)[some], family, freq_weights=weight[some]).fit(tol=1e-14)
    np.testing.assert_allclose(np.r_[model.intercept_, model.coef_], peer.params, **TIGHT)
    assert model.log_likelihood_ == pytest.approx(peer.llf, rel=1e-11)
    np.testing.assert_allclose(model.predict(X[some]), peer.fittedvalues, rtol=1e-8)


def test_a_fractional_response_is_a_quasi_likelihood_fit(table):
    rng, X, eta = table
    y = rng.beta(4 * expit(eta), 4 * expit(-eta))
    y[:5] = [0, 1, 0, 1, 1]
    model = MLERegressor(Binomial(n=1)).fit(X, y)
    peer = sm.GLM(y, sm.add_constant(X), sm.families.Binomial()).fit(tol=1e-14)
    np.testing.assert_allclose(np.r_[model.intercept_, model.coef_], peer.params, **TIGHT)
    # The cross-entropy to the shares, as of soft labels.
    soft = MLEClassifier("bernoulli").fit(X, np.column_stack([1 - y, y]))
    assert model.log_likelihood_ == pytest.approx(soft.log_likelihood_, rel=1e-12)
    np.testing.assert_allclose(model.predict(X), soft.predict_proba(X)[:, 1], rtol=1e-8)


def test_beta_binomial_is_the_optimum_of_scipys_law(table, optimum):
    rng, X, eta = table
    y = trials(rng, expit(eta), rho=0.3)
    model = MLERegressor("beta_binomial").fit(X, y)

    def nll(b):
        p, total = expit(b[0] + X @ b[1:4]), np.exp(-b[4])
        return -stats.betabinom(y.sum(axis=1), p * total, (1 - p) * total).logpmf(y[:, 0]).mean()

    b = optimum(nll, np.array([0.0, 0, 0, 0, -1]))
    np.testing.assert_allclose(np.r_[model.intercept_, model.coef_, model.intercepts_["rho"]], b, rtol=1e-7, atol=1e-8)
    assert model.log_likelihood_ == pytest.approx(-len(X) * nll(b), rel=1e-11)
    assert MLERegressor("beta_binomial", regressed="all").fit(X, y).converged_


def test_predictions_are_shares_or_counts(table):
    rng, X, eta = table
    y = rng.binomial(12, expit(eta)).astype(float)
    counts, shares = (
        MLERegressor(Binomial(n=12)).fit(X, y),
        MLERegressor(Binomial()).fit(X, np.column_stack([y, 12 - y])),
    )
    np.testing.assert_allclose(counts.predict(X), 12 * shares.predict(X), rtol=1e-10)
    np.testing.assert_allclose(counts.predict_dist(X).mean(), counts.predict(X))
    assert counts.score(X, y) > 0.1 and set(np.unique(shares.predict_dist(X).rvs(random_state=0))) <= {0, 1}
    with pytest.raises(ValueError, match="log_score"):
        shares.score(X, np.column_stack([y, 12 - y]))


def test_what_y_and_n_may_be():
    with pytest.raises(ValueError, match=r"Binomial models counts, 0 <= y <= 3; y\[1\] is 4.0"):
        Binomial(n=3).check(np.array([3.0, 4.0]))
    with pytest.raises(ValueError, match=r"y\[1\] is \[-1.0, 4.0\]"):
        Binomial().check(np.array([[3.0, 4.0], [-1.0, 4.0]]))
    for n in (0, 2.5, "3"):
        with pytest.raises(ValueError, match="number of trials in every row"):
            BetaBinomial(n=n).check(np.array([1.0]))


@pytest.mark.parametrize("family, plain", [("beta_binomial", "binomial"), ("negative_binomial1", "poisson")])
def test_no_overdispersion_is_said(table, family, plain):
    rng, X, eta = table
    if plain == "poisson":
        y = rng.binomial(8, 0.4, len(X)).astype(float)
    else:  # less than binomial variance
        totals = rng.integers(1, 20, len(X))
        s = np.round(totals * expit(eta))
        y = np.column_stack([s, totals - s])
    with pytest.warns(BoundaryWarning, match=f"use {plain.title()}"):
        model = MLERegressor(family).fit(X, y)
    plain = MLERegressor(plain).fit(X, y)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-4, atol=1e-6)
    assert model.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-8)


def test_searches_and_pickles(table):
    rng, X, eta = table
    y = trials(rng, expit(eta), rho=0.3)
    search = GridSearchCV(
        MLERegressor(BetaBinomial()),
        {"likelihood__rho": [None, 0.01, 0.3], "likelihood__link": ["logit", "probit"]},
        scoring=log_score,
        cv=3,
    ).fit(X, y)
    assert search.best_params_["likelihood__rho"] != 0.01
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(search)).predict(X), search.predict(X))
