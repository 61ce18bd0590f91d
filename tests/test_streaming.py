"""Streams of batches: a step of descent on each, and one Newton step at the end that makes the estimate efficient."""

import warnings

import numpy as np
import pytest

from sklearn_mle import Batches, Inference, MLEClassifier, MLERegressor
from sklearn_mle.checks.specimen import Specimen
from sklearn_mle.likelihoods import LIKELIHOODS, LabelLikelihood

N, SIZE = 6000, 100
SMOOTH = "gaussian student_t gumbel gamma poisson negative_binomial beta categorical ordinal".split()


def stream_of(name, n=N):
    """A model that takes steps, X, y drawn from the likelihood of that name, and what the first call needs to know."""
    likelihood, rng = LIKELIHOODS[name](), np.random.RandomState(0)
    labels = isinstance(likelihood, LabelLikelihood)
    if labels:
        likelihood = likelihood.with_classes(3 if likelihood.multi_class else 2)
    X = rng.standard_normal((n, 3))
    first = next(iter(likelihood.slices.values()))
    K = max(rows.stop for rows in likelihood.slices.values())
    eta = [np.full(n, value) for value in Specimen(likelihood).from_default(np.zeros(K))]
    for k in range(first.start, first.stop):
        eta[k] = eta[k] + (-1) ** k * X @ [0.3, -0.2, 0.1]
    y = np.asarray(likelihood.dist(*likelihood.theta(eta)).rvs(size=n, random_state=rng))
    if likelihood.support.columns == 2:
        y = np.column_stack([y, 1 - y])  # of one trial each
    if labels:
        return MLEClassifier(name, solver="sgd"), X, y, {"classes": np.unique(y)}
    return MLERegressor(name, solver="sgd"), X, y, {}


def streamed(name, n=N, size=SIZE):
    """The model after one pass, X and y."""
    model, X, y, known = stream_of(name, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of counts that are no integers, once
        for i in range(0, len(y), size):
            model.partial_fit(X[i : i + size], y[i : i + size], **(known if i == 0 else {}))
    return model, X, y


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_every_likelihood_learns_from_a_stream(name):
    model, X, y = streamed(name, 3000)
    assert model.n_iter_ == 30
    best = type(model)(name).fit(X, y)
    null = type(model)(name, regressed=[]).fit(X, y)
    nll = [-np.mean(one.log_prob(X, y)) for one in (null, model, best)]
    assert nll[1] - nll[2] < 0.5 * (nll[0] - nll[2])  # 30 steps learn most of what X tells


def errors(model, best):
    """How many standard errors the coefficients are from those of the best fit, at most, and the errors' own ratio."""
    far = [np.nanmax(np.abs(model.coef[name] - best.coef[name]) / best.std_error[name]) for name in best.coef]
    ratios = [np.nanmax(np.abs(model.std_error[name] / best.std_error[name] - 1)) for name in best.coef]
    return max(far), max(ratios)


@pytest.mark.filterwarnings("ignore:.*The gradient of the likelihood is not 0")
@pytest.mark.parametrize(
    "name",
    ["gaussian", "student_t", "gumbel", "gamma", "poisson", "negative_binomial", "beta", "categorical", "ordinal"],
)
def test_one_newton_step_makes_the_estimate_efficient(name):
    """Its distance to the maximum is then of the order 1/n, a small part of a standard error.

    References
    ----------
    Le Cam (1956); van der Vaart (1998), Asymptotic Statistics, theorem 5.45.
    """
    model, X, y = streamed(name)
    best = Inference.from_estimator(type(model)(name).fit(X, y), X, y)
    before, _ = errors(Inference.from_estimator(model, X, y), best)
    model.set_params(solver="newton", warm_start=True, tol=0.01).fit(X, y)
    after, ratio = errors(Inference.from_estimator(model, X, y), best)
    assert model.converged_ and model.n_iter_ <= (4 if name == "gamma" else 2)
    assert before > 0.3 and after < 0.2 and after < before / 5
    assert ratio < 0.01


def test_the_last_step_may_read_batches_once():
    model, X, y = streamed("poisson")
    table = Batches(lambda: ((X[i : i + 999], y[i : i + 999]) for i in range(0, N, 999)))
    model.set_params(solver="newton", warm_start=True).fit(table)
    best = MLERegressor("poisson").fit(X, y)
    np.testing.assert_allclose(model.coef_, best.coef_, rtol=1e-9)
    assert model.n_iter_ <= 3  # from no knowledge Newton needs more
    assert Inference.from_estimator(model, table).n_obs == N


def test_weights_and_dispersion_in_a_stream():
    """Weight 2 is the row twice, in a batch as in a table."""
    model, X, y, _ = stream_of("negative_binomial", 300)
    twice = np.repeat(np.arange(300), 2)
    one = MLERegressor("negative_binomial", solver="sgd").partial_fit(X, y, np.full(300, 2.0))
    other = MLERegressor("negative_binomial", solver="sgd").partial_fit(X[twice], y[twice])
    np.testing.assert_allclose(one.coef_, other.coef_, rtol=1e-9)
    np.testing.assert_allclose(one.intercepts_["alpha"], other.intercepts_["alpha"], rtol=1e-9)
