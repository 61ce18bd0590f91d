"""Awkward guests: likelihoods that the protocols did not have in mind fit like any other, without a branch for them."""

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.special import expit, gammaln, ndtr
from statsmodels.miscmodels.ordinal_model import OrderedModel

import sklearn_mle
from sklearn_mle import Gaussian, Likelihood, MLEClassifier, MLERegressor, NegativeBinomial, Poisson, StudentT
from sklearn_mle.likelihoods import LIKELIHOODS, Censored, Ordinal, ZeroInflated
from sklearn_mle.links import Identity, Log

PACKAGE = Path(sklearn_mle.__file__).parent

# `optimum` (conftest) leaves a gradient of 1e-12: the rounding of its differences.
DIFFERENCES = 1e-8


class Gumbel(Likelihood):
    """y ~ Gumbel(mu, sigma): the largest of many draws."""

    links = {"mu": Identity(), "sigma": Log()}

    def dist(self, mu, sigma):
        return stats.gumbel_r(mu, sigma)


def table(n=300):
    """The generator, X (n, 3) with columns of mean 0 and variance 1, and eta."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 3))
    return rng, X, X @ [0.6, -0.4, 0.2] + 0.5


def coefficients(model):
    """All coefficients in the order of the parameters, intercepts first."""
    return np.concatenate([np.append(model.intercepts_[name], model.coefs_[name]) for name in model.coefs_])


def close(actual, expected, tolerance=DIFFERENCES):
    """Within `tolerance` of each entry, or of 1 where it is smaller: coefficients on the link scale."""
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


# --- each fits, and equals an independent computation ---


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("weighted", [False, True])
def test_gumbel_as_design_has_it(solver, weighted, optimum):
    rng, X, eta = table()
    weight = rng.integers(0, 3, len(X)).astype(float) if weighted else np.ones(len(X))
    y = eta + np.exp(0.3 * X[:, 0]) * rng.gumbel(size=len(X))
    model = MLERegressor(Gumbel(), regressed="all", solver=solver).fit(X, y, weight)
    Z = np.column_stack([np.ones(len(X)), X])

    def nll(b):
        log_sigma = Z @ b[4:]
        z = (y - Z @ b[:4]) * np.exp(-log_sigma)
        return weight @ (z + np.exp(-z) + log_sigma) / weight.sum()

    b = optimum(nll, np.zeros(8))
    # log_prob comes by `numeric` from dist: differences in mu and sigma, good to 1e-8 or so of the Hessian's scale.
    close(coefficients(model), b, 1e-6)
    law, theta = model.predict_dist(X), (Z @ b[:4], np.exp(Z @ b[4:]))
    close(law.mean(), stats.gumbel_r(*theta).mean(), 1e-6)
    close(model.predict(X), law.mean(), 0)
    close(model.predict_interval(X, coverage=0.8), np.transpose(stats.gumbel_r(*theta).interval(0.8)), 1e-6)
    close(model.log_likelihood_, np.sum(weight * stats.gumbel_r.logpdf(y, *theta)), 1e-9)


def test_gumbel_with_constant_sigma_and_an_offset():
    rng, X, eta = table()
    offset = 2 * rng.standard_normal(len(X))
    y = eta + offset + rng.gumbel(size=len(X))
    model = MLERegressor(Gumbel(), offset=3).fit(np.column_stack([X, offset]), y)
    other = MLERegressor(Gumbel()).fit(X, y - offset)
    close(model.coef_, np.append(other.coef_, 0.0), 1e-7)
    close(list(model.intercepts_.values()), list(other.intercepts_.values()), 1e-7)


def test_student_t_of_fixed_scale(optimum):
    rng, X, eta = table()
    y = eta + rng.standard_t(4, len(X))
    model = MLERegressor(StudentT(sigma=1)).fit(X, y)
    Z = np.column_stack([np.ones(len(X)), X])
    b = optimum(lambda b: -stats.t.logpdf(y, np.exp(b[4]), Z @ b[:4]).mean(), np.append(np.linalg.lstsq(Z, y)[0], 1.0))
    close(coefficients(model)[[0, 1, 2, 3]], b[:4])
    close(model.intercepts_["df"], b[4])
    assert list(model.coefs_) == ["mu", "df"]
    np.testing.assert_array_equal(model.predict_dist(X).params["sigma"], np.ones(len(X)))


def test_poisson_with_a_sqrt_link(optimum):
    rng, X, eta = table()
    eta = eta + 3.0
    y = rng.poisson(eta**2)
    model = MLERegressor(Poisson(link="sqrt")).fit(X, y)
    Z = np.column_stack([np.ones(len(X)), X])
    b = optimum(lambda b: -stats.poisson.logpmf(y, (Z @ b) ** 2).mean(), np.array([3.0, 0, 0, 0]))
    close(coefficients(model), b)
    close(model.predict(X), (Z @ b) ** 2)


@pytest.mark.parametrize("regressed", [None, "all"])
def test_zero_inflated_negative_binomial(regressed, optimum):
    rng, X, eta = table(600)
    y = rng.poisson(np.exp(eta + 0.5) * rng.gamma(2.0, 0.5, len(X))) * (rng.random(len(X)) > expit(X[:, 1] - 1.0))
    model = MLERegressor(ZeroInflated(NegativeBinomial(alpha=0.5)), regressed=regressed).fit(X, y)
    assert list(model.coefs_) == ["mu", "pi"]
    Z = np.column_stack([np.ones(len(X)), X])

    def nll(b):
        mu, pi = np.exp(Z @ b[:4]), expit(Z @ b[4:] if regressed else b[4])
        p = (1 - pi) * np.exp(gammaln(y + 2) - gammaln(y + 1)) * (2 / (2 + mu)) ** 2 * (mu / (2 + mu)) ** y
        return -np.log(np.where(y == 0, pi + p, p)).mean()

    b = optimum(nll, np.append(np.zeros(4), [-1.0, 0, 0, 0][: 4 if regressed else 1]))
    expected = b if regressed else np.concatenate([b, np.zeros(3)])
    close(coefficients(model), expected)
    mu, pi = np.exp(Z @ b[:4]), expit(Z @ b[4:] if regressed else b[4])
    close(model.predict(X), (1 - pi) * mu)
    close(model.log_prob(X, y).mean(), -nll(b))
    close(model.predict_dist(X).pmf(0), pi + (1 - pi) * (2 / (2 + mu)) ** 2)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_censored_gaussian_is_tobit(solver, optimum):
    """Observed between, left-censored at 0, right-censored at 2, and some rows known to an interval only."""
    rng, X, eta = table()
    latent = eta + rng.standard_normal(len(X))
    lower = np.where(latent < 0, -np.inf, np.minimum(latent, 2.0))
    upper = np.where(latent > 2, np.inf, np.maximum(latent, 0.0))
    rounded = rng.random(len(X)) < 0.3
    lower, upper = np.where(rounded, np.floor(latent), lower), np.where(rounded, np.floor(latent) + 1, upper)
    model = MLERegressor(Censored(Gaussian()), solver=solver).fit(X, np.column_stack([lower, upper]))
    Z = np.column_stack([np.ones(len(X)), X])
    observed = lower == upper

    def nll(b):
        low, high = ((y - Z @ b[:4]) * np.exp(-b[4]) for y in (lower, upper))
        density = np.exp(-0.5 * low**2 - b[4]) / np.sqrt(2 * np.pi)
        return -np.log(np.where(observed, density, ndtr(high) - ndtr(low))).mean()

    b = optimum(nll, np.append(np.linalg.lstsq(Z, latent)[0], 0.0))
    close(coefficients(model)[:5], b)
    close(model.predict(X), Z @ b[:4])  # of the latent variable
    close(model.log_prob(X, np.column_stack([lower, upper])).sum(), -len(X) * nll(b), 1e-9)


def test_censored_without_censoring_is_its_base():
    rng, X, eta = table()
    y = eta + rng.standard_normal(len(X))
    censored, base = MLERegressor(Censored(Gaussian())).fit(X, np.column_stack([y, y])), MLERegressor().fit(X, y)
    close(coefficients(censored), coefficients(base))


@pytest.mark.parametrize("link, distr", [("logit", "logit"), ("probit", "probit")])
def test_ordinal_is_the_ordered_model_of_statsmodels(link, distr):
    rng, X, eta = table()
    y = np.digitize(eta + rng.logistic(size=len(X)), [-0.7, 0.5, 1.8])
    model = MLEClassifier(Ordinal(link=link)).fit(X, y)
    peer = OrderedModel(y, X, distr=distr)
    start = peer.fit(method="bfgs", disp=0).params
    fit = peer.fit(start_params=start, method="newton", tol=1e-14, disp=0)
    thresholds = peer.transform_threshold_params(fit.params)[1:-1]
    assert model.coef_.shape == (1, 3) and model.thresholds_.shape == (3,)
    # statsmodels' newton takes its Hessian and gradient from differences.
    close(model.coef_[0], fit.params[:3], 1e-6)
    close(model.thresholds_, thresholds, 1e-6)
    close(model.intercept_, [0.0])
    close(model.predict_proba(X), peer.predict(fit.params), 1e-6)
    close(model.log_likelihood_, fit.llf, 1e-9)
    np.testing.assert_array_equal(model.predict(X), peer.predict(fit.params).argmax(axis=1))


def test_ordinal_is_the_optimum_of_its_probabilities(optimum):
    rng, X, eta = table()
    y = np.digitize(eta + rng.logistic(size=len(X)), [-0.7, 0.5, 1.8])
    model = MLEClassifier(Ordinal(), alpha=0.1).fit(X, y)

    def nll(b):
        cut = np.concatenate([[-np.inf], b[3] + np.cumsum(np.append(0, np.exp(b[4:]))), [np.inf]])
        eta = X @ b[:3]
        return -np.log(expit(cut[y + 1] - eta) - expit(cut[y] - eta)).mean() + 0.05 * b[:3] @ b[:3]

    b = optimum(nll, np.array([0.0, 0, 0, -1, 0, 0]))
    close(model.coef_[0], b[:3])
    close(model.thresholds_, b[3] + np.cumsum(np.append(0, np.exp(b[4:]))))


def test_two_ordered_classes_are_bernoulli():
    """One threshold, no gap: a parameter of width 0."""
    rng, X, eta = table()
    y = (eta + rng.logistic(size=len(X)) > 0.5).astype(int)
    ordinal, bernoulli = MLEClassifier(Ordinal()).fit(X, y), MLEClassifier("bernoulli").fit(X, y)
    close(ordinal.coef_, bernoulli.coef_)
    close(-ordinal.thresholds_, bernoulli.intercept_)
    close(ordinal.predict_proba(X), bernoulli.predict_proba(X))


@pytest.mark.parametrize("likelihood", ["categorical", "gaussian_on_labels", "auto", "bernoulli"])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array], ids=lambda form: form.__name__)
def test_soft_labels_are_rows_repeated_by_their_shares(likelihood, form):
    """sum_c q_c nll(c) is the nll of C copies of the row with weights q_c; squared error differs by a constant."""
    rng, X, eta = table()
    C = 2 if likelihood == "bernoulli" else 3
    soft = (
        rng.dirichlet(np.ones(C), len(X)) + np.eye(C)[np.digitize(eta + rng.logistic(size=len(X)), [0.0, 1.0][: C - 1])]
    )
    soft[:20] = np.eye(C)[rng.integers(0, C, 20)]  # hard labels among them
    soft /= soft.sum(axis=1, keepdims=True)
    weight = rng.uniform(0.5, 2, len(X))
    model = MLEClassifier(likelihood).fit(form(X), soft, weight)
    repeated = MLEClassifier(likelihood).fit(
        np.tile(X, (C, 1)), np.repeat(np.arange(C), len(X)), (soft * weight[:, None]).T.ravel()
    )
    close(model.coef_, repeated.coef_)
    close(model.intercept_, repeated.intercept_)
    np.testing.assert_array_equal(model.classes_, np.arange(C))
    if likelihood != "gaussian_on_labels":
        close(model.log_likelihood_, repeated.log_likelihood_, 1e-10)
        close(model.log_prob(X, soft), np.sum(soft * np.log(model.predict_proba(X)), axis=1))
        close(weight @ model.log_prob(X, soft), model.log_likelihood_, 1e-10)


def test_one_hot_labels_are_hard_labels():
    rng, X, eta = table()
    y = np.digitize(eta + rng.logistic(size=len(X)), [0.0, 1.0])
    hard, soft = MLEClassifier("categorical").fit(X, y), MLEClassifier("categorical").fit(X, np.eye(3)[y])
    close(soft.coef_, hard.coef_)
    close(soft.log_likelihood_, hard.log_likelihood_)
    assert soft.score(X, np.eye(3)[y]) == hard.score(X, y)


def test_a_likelihood_of_proportions_with_links_of_its_own(optimum):
    """A stranger with a wide parameter, a fixed one, and code that is no ufunc: softmax-weighted mixture means."""

    class Mixture(Likelihood):
        """y ~ 1/2 N(mu_0, sigma) + 1/2 N(mu_1, sigma): a parameter with two linear predictors."""

        links = {"mu": Identity(), "sigma": Log()}
        widths = {"mu": 2}

        def __init__(self, sigma=None):
            self.sigma = sigma

        def dist(self, mu, sigma):
            return stats.norm((mu[0] + mu[1]) / 2, sigma)

        def log_prob(self, y, mu, sigma):
            parts = [-0.5 * ((y - row) / sigma) ** 2 - np.log(sigma) for row in mu]
            return np.logaddexp(*parts) - np.log(2) - 0.5 * np.log(2 * np.pi)

        def start(self, y, weight):
            return np.quantile(y, [0.25, 0.75]), np.std(y) / 2

    rng, X, eta = table()
    y = np.where(rng.random(len(X)) < 0.5, eta - 3, 3 - 0.5 * eta) + rng.standard_normal(len(X))
    model = MLERegressor(Mixture(sigma=1.0)).fit(X, y)
    Z = np.column_stack([np.ones(len(X)), X])
    b = optimum(
        lambda b: -np.logaddexp(*stats.norm.logpdf(y, (Z @ b.reshape(2, 4).T).T)).mean(), [-3.0, 0, 0, 0, 3, 0, 0, 0]
    )
    assert model.coefs_["mu"].shape == (2, 3) and model.intercepts_["mu"].shape == (2,)
    close(np.column_stack([model.intercepts_["mu"], model.coefs_["mu"]]).ravel(), b)


# --- and needed no branch outside its class ---


def sources():
    return {path.relative_to(PACKAGE): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


CLASSES = {
    cls.__name__: Path(*cls.__module__.split(".")[1:]).with_suffix(".py")
    for cls in [*LIKELIHOODS.values(), Censored, Ordinal, ZeroInflated]
}


def names_in(node):
    """All names, attributes and strings below a node."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def decisions(tree):
    """The parts of a file that can choose by class: isinstance, issubclass, type, comparisons, match, and tests."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
            "isinstance",
            "issubclass",
            "type",
            "getattr",
            "hasattr",
        }:
            yield node
        elif isinstance(node, ast.Compare | ast.match_case):
            yield node
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node.test


@pytest.mark.parametrize(
    "path, tree", sources().items(), ids=lambda value: str(value) if isinstance(value, Path) else ""
)
def test_no_code_chooses_by_the_class_of_a_likelihood(path, tree):
    for node in decisions(tree):
        for name in names_in(node):
            assert CLASSES.get(name, path) == path, f"{path}:{node.lineno} chooses by {name}"
            assert name != "Gumbel"


@pytest.mark.parametrize("name", ["Censored", "Ordinal", "ZeroInflated"])
def test_guests_are_named_in_their_own_file_only(name):
    """Elsewhere a guest may be exported or constructed; nothing else may know its name."""
    for path, tree in sources().items():
        if path == CLASSES[name] or path.name == "__init__.py":
            continue
        constructed = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            known = name in (getattr(node, "id", ""), getattr(node, "attr", ""))
            assert not known or id(node) in constructed, f"{path}:{node.lineno} mentions {name}"
