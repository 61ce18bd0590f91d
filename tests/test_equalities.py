"""Equality where mathematics says so: the same optimum as scikit-learn, statsmodels, or scipy on a bare density."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, sparse, stats
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from statsmodels.genmod.families import links as sm_links

from sklearn_mle import (
    Bernoulli,
    Gaussian,
    GaussianOnLabels,
    MLEClassifier,
    MLERegressor,
    NegativeBinomial,
    StudentT,
    rows,
)
from sklearn_mle.solvers import LBFGS, Newton

# Two direct solvers of one quadratic differ by rounding times its condition, here below 1e4.
DIRECT = 1e-8
# Two iterative solvers: the peer's gradient is left at 1e-10 or so, times an inverse curvature below 1e3.
ITERATIVE = 1e-6
# `optimum` (conftest) leaves a gradient of 1e-12 in standardised columns: the rounding of its differences.
DIFFERENCES = 1e-8


def table(n=240, seed=0):
    """The generator, X (n, 4) in different units, eta of about unit spread, and weights from 0 to 3."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 4)) * [1.0, 10.0, 0.1, 3.0] + [0.0, 5.0, 1.0, -2.0]
    eta = (X - [0.0, 5.0, 1.0, -2.0]) @ [0.5, -0.03, 4.0, 0.1] + 0.3
    return rng, X, eta, rng.integers(0, 4, n).astype(float)


def real(n=240, noise=lambda rng, n: rng.standard_normal(n)):
    rng, X, eta, weight = table(n)
    return X, 3 * eta + noise(rng, n), weight


def labels(C, n=240):
    """X, C overlapping classes of unequal frequency (so the optimum is finite), and weights."""
    rng, X, eta, weight = table(n)
    cuts = np.linspace(-1.0, 2.5, C - 1) if C > 2 else [0.8]
    return X, np.digitize(eta + rng.logistic(size=n), cuts), weight


def counts(n=240, alpha=0.0):
    """X, Poisson counts of mean exp(eta), overdispersed by a gamma factor of variance alpha, and weights."""
    rng, X, eta, weight = table(n)
    factor = rng.gamma(1 / alpha, alpha, n) if alpha else 1.0
    return X, rng.poisson(np.exp(eta) * factor).astype(float), weight


def logistic_regression(X, y, weight=None, *, alpha, total, **options):
    """scikit-learn's, by Newton: its L-BFGS leaves 1e-5. A penalty of 1e-10 stands for none (singular for softmax)."""
    C = 1 / (total * (alpha or 1e-10))
    peer = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=100, **options).fit(X, y, weight)
    if len(peer.classes_) > 2:  # where nothing is penalised, only differences of logits mean something
        peer.coef_, peer.intercept_ = peer.coef_ - peer.coef_.mean(axis=0), peer.intercept_ - peer.intercept_.mean()
    return peer


def close(actual, expected, tolerance):
    """Every entry within `tolerance` of itself, or of the hundredth part of the largest."""
    expected = np.asarray(expected, dtype=float)
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=0.01 * tolerance * np.abs(expected).max())


def standardised(X):
    """[1, (X - mean) / std], and the map from coefficients there to (intercept, slopes) of X."""
    mean, std = X.mean(axis=0), X.std(axis=0)

    def of_X(b):
        return np.append(b[0] - b[1:] @ (mean / std), b[1:] / std)

    return sm.add_constant((X - mean) / std), of_X


# --- Gaussian: least squares ---


@pytest.mark.parametrize(
    "form", [np.asarray, sparse.csr_array, sparse.csc_matrix, sparse.coo_array], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_gaussian_is_linear_regression(form, fit_intercept, weighted, solver):
    X, y, weight = real()
    weight = weight if weighted else None
    model = MLERegressor(fit_intercept=fit_intercept, solver=solver).fit(form(X), y, weight)
    peer = LinearRegression(fit_intercept=fit_intercept).fit(X, y, weight)
    close(model.coef_, peer.coef_, DIRECT)
    close(model.intercept_, peer.intercept_, DIRECT)
    close(model.predict(form(X)), peer.predict(X), DIRECT)
    # sigma is the maximum-likelihood one: divided by n (the sum of the weights), not by n - p.
    sigma = np.sqrt(np.average((y - peer.predict(X)) ** 2, weights=weight))
    close(model.predict_dist(X).params["sigma"], np.full(len(y), sigma), DIRECT)
    close(
        model.log_likelihood_,
        np.sum(weight if weighted else np.ones(len(y))) * (-0.5 - np.log(sigma * np.sqrt(2 * np.pi))),
        DIRECT,
    )


@pytest.mark.parametrize("alpha", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_gaussian_of_fixed_sigma_with_a_penalty_is_ridge(alpha, fit_intercept, weighted):
    X, y, weight = real()
    weight, total = (weight, weight.sum()) if weighted else (None, len(y))
    model = MLERegressor(Gaussian(sigma=1.0), alpha=alpha, fit_intercept=fit_intercept).fit(X, y, weight)
    peer = Ridge(alpha=total * alpha, fit_intercept=fit_intercept, solver="cholesky").fit(X, y, weight)
    close(model.coef_, peer.coef_, DIRECT)
    close(model.intercept_, peer.intercept_, DIRECT)


def test_another_sigma_rescales_the_penalty():
    X, y, _ = real()
    model = MLERegressor(Gaussian(sigma=2.0), alpha=0.1).fit(X, y)
    close(model.coef_, Ridge(alpha=len(y) * 0.1 * 4, solver="cholesky").fit(X, y).coef_, DIRECT)


# --- labels ---


@pytest.mark.parametrize("alpha", [0.0, 1e-3, 0.1])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("C", [2, 3, 4])
def test_bernoulli_and_categorical_are_logistic_regression(alpha, fit_intercept, weighted, C):
    X, y, weight = labels(C)
    weight, total = (weight, weight.sum()) if weighted else (None, len(y))
    X = X / [1.0, 10.0, 0.1, 3.0]  # the peer does not scale its columns
    model = MLEClassifier(alpha=alpha, fit_intercept=fit_intercept).fit(X, y, weight)
    peer = logistic_regression(X, y, weight, alpha=alpha, total=total, fit_intercept=fit_intercept)
    close(model.coef_, peer.coef_, ITERATIVE)
    close(model.intercept_, peer.intercept_, ITERATIVE)
    close(model.predict_proba(X), peer.predict_proba(X), ITERATIVE)
    close(model.decision_function(X), peer.decision_function(X), ITERATIVE)
    np.testing.assert_array_equal(model.predict(X), peer.predict(X))


@pytest.mark.parametrize("alpha", [0.0, 0.1])
@pytest.mark.parametrize("class_weight", ["balanced", {0: 2.0, 1: 0.5}])
@pytest.mark.parametrize("C", [2, 3])
def test_class_weight_is_that_of_logistic_regression(alpha, class_weight, C):
    X, y, weight = labels(C)
    X, weight = X / [1.0, 10.0, 0.1, 3.0], weight if isinstance(class_weight, dict) else None
    if isinstance(class_weight, dict):
        class_weight = {**{c: 1.0 for c in range(C)}, **class_weight}
        total = np.sum(weight * np.array([class_weight[c] for c in y]))
    else:
        total = len(y)
    model = MLEClassifier(alpha=alpha, class_weight=class_weight).fit(X, y, weight)
    peer = logistic_regression(X, y, weight, alpha=alpha, total=total, class_weight=class_weight)
    close(model.coef_, peer.coef_, ITERATIVE)
    close(model.intercept_, peer.intercept_, ITERATIVE)


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_categorical_on_two_classes_is_bernoulli(alpha):
    """Two symmetric logits +-b / 2 share the slope b, and so half of its penalty."""
    X, y, weight = labels(2)
    softmax = MLEClassifier("categorical", alpha=2 * alpha).fit(X, y, weight)
    sigmoid = MLEClassifier("bernoulli", alpha=alpha).fit(X, y, weight)
    assert softmax.coef_.shape == sigmoid.coef_.shape == (1, 4)
    close(softmax.coef_, sigmoid.coef_, DIRECT)
    close(softmax.intercept_, sigmoid.intercept_, DIRECT)
    close(softmax.decision_function(X), sigmoid.decision_function(X), DIRECT)


@pytest.mark.parametrize(
    "link, peer",
    [
        ("logit", sm_links.Logit()),
        ("probit", sm_links.Probit()),
        ("cloglog", sm_links.CLogLog()),
        ("loglog", sm_links.LogLog()),
        ("cauchit", sm_links.Cauchy()),
    ],
)
def test_bernoulli_links_are_those_of_statsmodels(link, peer):
    X, y, _ = labels(2)
    X = X / [1.0, 10.0, 0.1, 3.0]
    model = MLEClassifier(Bernoulli(link=link)).fit(X, y)
    fit = sm.GLM(y, sm.add_constant(X), sm.families.Binomial(link=peer)).fit(tol=1e-13, maxiter=500)
    close(np.append(model.intercept_, model.coef_), fit.params, ITERATIVE)
    close(model.log_likelihood_, fit.llf, DIRECT)
    close(model.predict_proba(X)[:, 1], fit.fittedvalues, ITERATIVE)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("C", [2, 3])
def test_squared_error_on_labels_with_identity_is_linear_regression(fit_intercept, weighted, C):
    X, y, weight = labels(C)
    weight = weight if weighted else None
    model = MLEClassifier(GaussianOnLabels(link="identity"), fit_intercept=fit_intercept).fit(X, y, weight)
    target = np.eye(C)[y] if C > 2 else y
    peer = LinearRegression(fit_intercept=fit_intercept).fit(X, target, weight)
    close(model.coef_, np.atleast_2d(peer.coef_), DIRECT)
    close(model.intercept_, np.atleast_1d(np.broadcast_to(peer.intercept_, len(model.coef_))), DIRECT)
    mu = peer.predict(X)
    close(model.decision_function(X), mu if C > 2 else mu - 0.5, DIRECT)
    p = np.clip(mu if C > 2 else np.column_stack([1 - mu, mu]), 0, 1)
    np.testing.assert_allclose(model.predict_proba(X), p / p.sum(axis=1, keepdims=True), atol=DIRECT)


def test_squared_error_on_labels_with_logit_is_nonlinear_least_squares():
    X, y, _ = labels(2)
    Z, of_X = standardised(X)
    model = MLEClassifier("gaussian_on_labels").fit(X, y)
    fit = optimize.least_squares(
        lambda b: 1 / (1 + np.exp(-Z @ b)) - y, np.zeros(5), xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    # Gauss-Newton's last steps halve the error only, and stop where the square of it is rounding.
    close(np.append(model.intercept_, model.coef_), of_X(fit.x), 1e-5)


# --- counts ---


@pytest.mark.parametrize("alpha", [0.0, 1e-3, 0.5])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_poisson_is_poisson_regressor(alpha, fit_intercept, weighted):
    X, y, weight = counts()
    weight = weight if weighted else None
    X = X / [1.0, 10.0, 0.1, 3.0]
    model = MLERegressor("poisson", alpha=alpha, fit_intercept=fit_intercept).fit(X, y, weight)
    peer = PoissonRegressor(alpha=alpha, fit_intercept=fit_intercept, solver="newton-cholesky", tol=1e-12).fit(
        X, y, weight
    )
    close(model.coef_, peer.coef_, ITERATIVE)
    close(model.intercept_, peer.intercept_, ITERATIVE)
    close(model.predict(X), peer.predict(X), ITERATIVE)


EXPOSURES = [{}, {"offset": -2}, {"exposure": -1}, {"offset": -2, "exposure": -1}]


@pytest.mark.parametrize("columns", EXPOSURES, ids=str)
@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "fixed alpha"])
def test_counts_with_offset_and_exposure_are_statsmodels(columns, family):
    rng, X, eta, _ = table()
    X = X / [1.0, 10.0, 0.1, 3.0]
    offset, exposure = rng.normal(size=len(X)), rng.uniform(0.2, 5.0, len(X))
    total = (offset if "offset" in columns else 0.0) + (np.log(exposure) if "exposure" in columns else 0.0)
    y = rng.poisson(np.exp(eta + total) * (rng.gamma(2.0, 0.5, len(X)) if family != "poisson" else 1.0))
    Z, total = sm.add_constant(X), np.broadcast_to(total, len(X))
    X = np.column_stack([X, offset, exposure])[:, : 4 if not columns else 6]
    likelihood = {"fixed alpha": NegativeBinomial(alpha=0.5)}.get(family, family)
    # A column that serves neither purpose has no place in the comparison.
    regressed = {"mu": [0, 1, 2, 3]}
    model = MLERegressor(likelihood, regressed=regressed, **columns).fit(X, y)
    if family == "poisson":
        fit = sm.Poisson(y, Z, offset=total).fit(method="newton", tol=1e-13, maxiter=100, disp=0)
    elif family == "negative_binomial":
        peer = sm.NegativeBinomial(y, Z, offset=total)
        start = peer.fit(method="bfgs", maxiter=1000, disp=0, gtol=1e-3).params
        fit = peer.fit(start, method="newton", tol=1e-13, disp=0)
        close(np.exp(model.intercepts_["alpha"]), fit.params[-1], ITERATIVE)
    else:
        fit = sm.GLM(y, Z, sm.families.NegativeBinomial(alpha=0.5), offset=total).fit(tol=1e-13)
    close(np.append(model.intercept_, model.coef_[:4]), fit.params[:5], ITERATIVE)
    close(model.log_likelihood_, fit.llf, DIRECT)
    mu = np.exp(Z @ fit.params[:5] + total)
    close(model.predict(X), mu, ITERATIVE)
    if columns:
        assert (model.coef_[4:] == 0).all()


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_negative_binomial_of_poisson_counts_tends_to_poisson(solver):
    """Underdispersed counts: alpha -> 0 is the boundary, where the other coefficients are Poisson's."""
    X, _, _ = counts()
    _, _, eta, _ = table()
    y = np.round(np.exp(eta))
    model = MLERegressor("negative_binomial", solver=solver).fit(X, y)
    poisson = MLERegressor("poisson").fit(X, y)
    assert np.exp(model.intercepts_["alpha"]) < 1e-5
    close(model.coef_, poisson.coef_, 1e-4)  # they differ by O(alpha)
    close(model.log_likelihood_, poisson.log_likelihood_, 1e-4)


# --- densities under scipy.optimize ---


def test_student_t_is_the_optimum_of_its_density(optimum):
    rng, X, eta, _ = table()
    y = 3 * eta + rng.standard_t(3, len(X))
    Z, of_X = standardised(X)
    b = optimum(
        lambda b: -stats.t.logpdf(y, np.exp(b[6]), Z @ b[:5], np.exp(b[5])).mean(),
        np.append(np.linalg.lstsq(Z, y)[0], [0.0, 1.0]),
    )
    for solver in ["newton", "lbfgs"]:
        model = MLERegressor("student_t", solver=solver).fit(X, y)
        close(np.append(model.intercept_, model.coef_), of_X(b[:5]), DIFFERENCES)
        close([model.intercepts_["sigma"], model.intercepts_["df"]], b[5:], DIFFERENCES)


@pytest.mark.parametrize("fixed", [{"df": 4.0}, {"sigma": 1.0}, {"sigma": 1.0, "df": 4.0}], ids=str)
def test_student_t_with_fixed_parameters_is_the_optimum_of_its_density(fixed, optimum):
    rng, X, eta, _ = table()
    y = 3 * eta + rng.standard_t(3, len(X))
    Z, of_X = standardised(X)

    def nll(b):
        df, sigma = fixed.get("df", np.exp(b[-1])), fixed.get("sigma", np.exp(b[-1]))
        return -stats.t.logpdf(y, df, Z @ b[:5], sigma).mean()

    b = optimum(nll, np.append(np.linalg.lstsq(Z, y)[0], [0.5] * (2 - len(fixed))))
    model = MLERegressor(StudentT(**fixed)).fit(X, y)
    close(np.append(model.intercept_, model.coef_), of_X(b[:5]), DIFFERENCES)
    assert list(model.coefs_) == ["mu", *({"sigma", "df"} - set(fixed))]


@pytest.mark.parametrize("weighted", [False, True])
def test_heteroscedastic_gaussian_is_the_optimum_of_its_density(weighted, optimum):
    rng, X, eta, weight = table()
    weight = weight if weighted else np.ones(len(X))
    y = 3 * eta + np.exp(0.4 * eta) * rng.standard_normal(len(X))
    Z, of_X = standardised(X)
    start = np.append(np.linalg.lstsq(Z, y)[0], np.zeros(5))

    def nll(b):
        log_sigma = Z @ b[5:]
        return weight @ (0.5 * ((y - Z @ b[:5]) * np.exp(-log_sigma)) ** 2 + log_sigma) / weight.sum()

    b = optimum(nll, start)
    for solver in ["newton", "lbfgs"]:
        model = MLERegressor(regressed="all", solver=solver).fit(X, y, weight)
        for name, part in [("mu", b[:5]), ("sigma", b[5:])]:
            close(np.append(model.intercepts_[name], model.coefs_[name]), of_X(part), DIFFERENCES)


def test_all_parameters_of_the_negative_binomial_regressed(optimum):
    X, y, _ = counts(n=600, alpha=0.5)
    Z, of_X = standardised(X)

    def nll(b):
        mu, r = np.exp(Z @ b[:5]), np.exp(-Z @ b[5:])
        return -stats.nbinom.logpmf(y, r, r / (r + mu)).mean()

    b = optimum(nll, np.append(np.linalg.lstsq(Z, np.log(y + 0.5))[0], np.zeros(5)))
    model = MLERegressor("negative_binomial", regressed="all").fit(X, y)
    for name, part in [("mu", b[:5]), ("alpha", b[5:])]:
        # scipy's nbinom.logpmf adds gammaln's of size 1e2: its own rounding is 1e-14, its differences' 1e-11.
        close(np.append(model.intercepts_[name], model.coefs_[name]), of_X(part), 1e-7)


def test_offset_of_sigma_is_weighted_least_squares():
    """sigma_i = exp(o_i) sigma: weights exp(-2 o_i), and sigma from the weighted residuals."""
    rng, X, eta, _ = table()
    offset = rng.normal(size=len(X))
    y = 3 * eta + np.exp(offset) * rng.standard_normal(len(X))
    model = MLERegressor(offset={"sigma": 4}).fit(np.column_stack([X, offset]), y)
    peer = LinearRegression().fit(X, y, np.exp(-2 * offset))
    close(model.coef_, np.append(peer.coef_, 0.0), DIRECT)
    close(model.intercept_, peer.intercept_, DIRECT)
    residual = (y - peer.predict(X)) * np.exp(-offset)
    close(model.intercepts_["sigma"], np.log(np.sqrt(np.mean(residual**2))), DIRECT)


def test_offset_of_mu_is_regression_of_the_difference():
    rng, X, eta, _ = table()
    y, offset = 3 * eta + rng.standard_normal(len(X)), 5 * rng.normal(size=len(X))
    model = MLERegressor(offset={"mu": -1}).fit(np.column_stack([X, offset]), y)
    peer = LinearRegression().fit(X, y - offset)
    close(model.coef_, np.append(peer.coef_, 0.0), DIRECT)
    close(model.intercept_, peer.intercept_, DIRECT)


# --- solvers and threads ---


PROBLEMS = {
    "gaussian": (MLERegressor, real),
    "student_t": (MLERegressor, lambda n=240: real(n, noise=lambda rng, n: rng.standard_t(3, n))),
    "poisson": (MLERegressor, counts),
    "negative_binomial": (MLERegressor, lambda n=240: counts(n, alpha=0.5)),
    "bernoulli": (MLEClassifier, lambda n=240: labels(2, n)),
    "categorical": (MLEClassifier, lambda n=240: labels(3, n)),
    "gaussian_on_labels": (MLEClassifier, lambda n=240: labels(2, n)),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_solvers_agree(name):
    estimator, data = PROBLEMS[name]
    X, y, _ = data()
    newton = estimator(name, solver="newton").fit(X, y)
    lbfgs = estimator(name, solver="lbfgs").fit(X, y)
    auto = estimator(name).fit(X, y)
    sgd = estimator(name, solver="sgd", max_iter=1000, random_state=0).fit(X, y)
    for parameter in newton.coefs_:
        # Both end with Newton steps: a gap of 1e-12 of F, rounding in all but StudentT's df.
        close(lbfgs.coefs_[parameter], newton.coefs_[parameter], ITERATIVE)
        close(lbfgs.intercepts_[parameter], newton.intercepts_[parameter], ITERATIVE)
        np.testing.assert_array_equal(auto.coefs_[parameter], newton.coefs_[parameter])
    # Mini-batches of 32 rows: the noise of their gradients leaves F a few thousandths above its minimum.
    assert -newton.log_likelihood_ <= -sgd.log_likelihood_ <= -newton.log_likelihood_ + 1e-2 * len(y)


def fit_by_threads(estimator, X, y, weight):
    """Fits by one thread and by several, equal to the last bit."""
    first, *others = (clone(estimator).set_params(n_jobs=n_jobs).fit(X, y, weight) for n_jobs in (1, 2, 3))
    for other in others:
        assert other.log_likelihood_ == first.log_likelihood_
        np.testing.assert_array_equal(other.history_["gradient_norm"], first.history_["gradient_norm"])
        for parameter in first.coefs_:
            np.testing.assert_array_equal(other.coefs_[parameter], first.coefs_[parameter])
            np.testing.assert_array_equal(other.intercepts_[parameter], first.intercepts_[parameter])
    return first


# All three sums: values and gradients; Hessians; Hessians from sparse rows.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "solver, form",
    [
        (LBFGS(max_iter=5, polish_size=0), np.asarray),
        (Newton(max_iter=5), np.asarray),
        (Newton(max_iter=3), sparse.csr_array),
    ],
    ids=["lbfgs", "newton", "newton-csr"],
)
@pytest.mark.parametrize("name", PROBLEMS)
def test_threads_give_the_same_bits(name, solver, form, monkeypatch):
    estimator, data = PROBLEMS[name]
    monkeypatch.setattr("sklearn_mle.rows.base.block_length", lambda p, K: 64)  # 54, one short
    X, y, _ = data(64 * 53 + 5)
    weight = np.random.default_rng(0).uniform(0, 2, len(y))
    fit_by_threads(estimator(name, solver=solver), form(X), y, weight)


def test_threads_give_the_same_bits_in_blocks_of_their_own_length():
    rng = np.random.default_rng(0)
    n, p = 17_000, 250
    assert n > 4 * rows.block_length(p, 2)
    X = rng.standard_normal((n, p))
    fit_by_threads(MLERegressor(), X, X @ rng.standard_normal(p) + rng.standard_normal(n), None)
