"""Standard errors of other families and all covariances beside statsmodels', run to the end of its search."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.discrete.truncated_model import TruncatedLFPoisson
from statsmodels.othermod.betareg import BetaModel

from sklearn_mle import Inference, MLEClassifier, MLERegressor
from sklearn_mle import likelihoods as families

N = 500
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 2)) * [1.0, 0.3]
Z = sm.add_constant(X)
MU = np.exp(0.4 + X @ [0.5, -0.6])
GROUP = RNG.integers(0, 40, N)
COUNT = RNG.negative_binomial(2, 1 / (1 + 0.5 * MU))
POSITIVE = RNG.poisson(MU + 0.5) + (RNG.uniform(size=N) < 0.4)
TRUNCATED = POSITIVE[POSITIVE > 0]
SHARE = RNG.beta(3 * MU / (1 + MU), 3 / (1 + MU))
CLASS = np.argmax(X @ RNG.normal(size=(2, 3)) + RNG.gumbel(size=(N, 3)), axis=1)

# Our model with X and y; statsmodels' with its start; how many of its parameters are those of the mean.
PEERS = {
    "negative_binomial": (MLERegressor("negative_binomial"), COUNT, lambda rows: sm.NegativeBinomial(COUNT, Z)),
    "negative_binomial1": (
        MLERegressor("negative_binomial1"),
        COUNT,
        lambda rows: sm.NegativeBinomial(COUNT, Z, loglike_method="nb1"),
    ),
    "beta": (MLERegressor("beta"), SHARE, lambda rows: BetaModel(SHARE, Z)),
    "truncated": (
        MLERegressor(families.Truncated("poisson", lower=0)),
        POSITIVE,
        lambda rows: TruncatedLFPoisson(POSITIVE[rows], Z[rows]),
    ),
    "probit": (MLEClassifier(families.Bernoulli("probit")), CLASS > 0, lambda rows: sm.Probit(CLASS > 0, Z)),
    "categorical": (MLEClassifier(), CLASS, lambda rows: sm.MNLogit(CLASS, Z)),
}


@pytest.mark.parametrize("covariance", ["observed", "sandwich", "cluster"])
@pytest.mark.parametrize("name", PEERS)
def test_statsmodels_has_the_same_errors(name, covariance):
    model, y, peer = PEERS[name]
    rows = y > 0 if name == "truncated" else np.ones(N, dtype=bool)
    groups = GROUP[rows] if covariance == "cluster" else None
    found = Inference.from_estimator(
        model.fit(X[rows], y[rows]), X[rows], y[rows], covariance=covariance, groups=groups
    )
    G = len(np.unique(GROUP[rows]))
    # Of its factors for clusters, G / (G - 1) and (n - 1) / (n - k), ours is the first.
    options = {
        "observed": {},
        "sandwich": {"cov_type": "HC0"},
        "cluster": {"cov_type": "cluster", "cov_kwds": {"groups": groups, "use_correction": False}},
    }[covariance]
    their = peer(rows)
    start = None if name == "categorical" else their.fit(disp=0, method="bfgs", maxiter=500, gtol=1e-6).params
    fit = their.fit(start_params=start, disp=0, method="newton", maxiter=100, tol=1e-12, **options)
    factor = np.sqrt(G / (G - 1)) if covariance == "cluster" else 1.0
    if name == "categorical":
        errors = found.to_frame(baseline=0)["std_error"].to_numpy().reshape(2, 3).T
    else:
        errors = next(iter(found.std_error.values()))
    theirs = np.asarray(fit.bse)
    theirs = theirs if theirs.ndim == 2 else theirs[:3]
    # Of truncated counts their scores are differences.
    np.testing.assert_allclose(errors, theirs * factor, rtol=2e-6 if name == "truncated" else 1e-7)


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_the_sandwich_of_a_quantile_estimates_the_density_there(quantile):
    """Koenker (2005), 3.4.2: statsmodels' QuantReg has the same bandwidth with another kernel."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20_000, 2))
    y = X @ [1.0, 2.0] + rng.standard_t(3, len(X))
    model = MLERegressor(families.AsymmetricLaplace(quantile)).fit(X, y)
    ours = Inference.from_estimator(model, X, y, covariance="sandwich").std_error["mu"]
    theirs = sm.QuantReg(y, sm.add_constant(X)).fit(q=quantile).bse
    by_family = Inference.from_estimator(model, X, y, covariance="expected").std_error["mu"]
    np.testing.assert_allclose(ours, theirs, rtol=0.15)
    assert (by_family < 0.85 * theirs).all()


def test_the_density_at_a_quantile_counts_rows_as_their_weights_say():
    rng = np.random.default_rng(0)
    X, weight = rng.standard_normal((300, 2)), rng.integers(0, 4, 300)
    y = X @ [1.0, 2.0] + rng.standard_t(3, 300)
    y[weight == 0] *= 100
    twice = np.repeat(np.arange(300), weight)
    model = MLERegressor("laplace").fit(X, y, weight)
    weighted = Inference.from_estimator(model, X, y, sample_weight=weight, covariance="sandwich")
    repeated = Inference.from_estimator(model, X[twice], y[twice], covariance="sandwich")
    np.testing.assert_allclose(weighted.std_error["mu"], repeated.std_error["mu"], rtol=1e-9)
    ties = np.round(y / 50)
    found = Inference.from_estimator(MLERegressor("laplace").fit(X, ties), X, ties, covariance="sandwich")
    assert np.isfinite(found.std_error["mu"]).all()


@pytest.mark.parametrize("wrapper", ["censored", "truncated"])
def test_the_density_at_a_kink_is_estimated_where_y_is_censored_or_truncated(wrapper):
    # Where the law is the family's the sandwich is the inverse of the scores' covariance (White, 1982), which needs no
    # curvature. The density is known to some n^(-1/3) of itself.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20_000, 1))
    y = 1 + X[:, 0] + rng.laplace(size=len(X))
    if wrapper == "censored":
        family, y = families.Censored("laplace"), families.censored_at(y, lower=0)
    else:
        family, X, y = families.Truncated("laplace", lower=-1), X[y > -1], y[y > -1]
    model = MLERegressor(family).fit(X, y)
    found = Inference.from_estimator(model, X, y, covariance="sandwich").std_error
    Z = sm.add_constant(X)
    by_mu, by_scale = model.likelihood_.taylor(y, list(model._W() @ Z.T), 1)[1]
    scores = np.column_stack([by_mu[:, None] * Z, by_scale])
    expected = np.sqrt(np.diag(np.linalg.inv(scores.T @ scores)))
    np.testing.assert_allclose([*found["mu"], *found["scale"]], expected, rtol=0.06)
