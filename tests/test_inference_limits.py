"""A constant at the end of its range has no standard error; those of all others are the limiting model's."""

import numpy as np
import pytest

from sklearn_mle import Inference, MLEClassifier, MLERegressor, likelihood_ratio_test
from sklearn_mle import likelihoods as families
from sklearn_mle.exceptions import BoundaryWarning
from sklearn_mle.likelihoods import censored_at

infer = Inference.from_estimator
N = 400
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 2))
ETA = 0.5 + X @ [0.4, -0.2]
P = 1 / (1 + np.exp(-ETA))
UNDER = RNG.binomial(6, 1 / (1 + np.exp(-X[:, 0] - 0.5))).astype(float)  # counts with less variance than Poisson's
SOME = np.maximum(UNDER, 1)
FLAT = ETA + RNG.uniform(-1, 1, N)  # lighter tails than a Gaussian's
TRIALS = RNG.integers(2, 12, N)
EVEN = np.round(TRIALS * P)  # less variance than binomial
TOGETHER = (RNG.uniform(size=N) < P) * TRIALS  # all trials of a row succeed, or none
SINGLE = np.column_stack([TOGETHER > 0, TOGETHER == 0]).astype(float)
POSITIVE = RNG.gamma(2, np.exp(ETA))


def pair(successes):
    return np.column_stack([successes, TRIALS - successes]).astype(float)


# Likelihood, y, the constants that are at an end, and the model and y that remain.
LIMITS = {
    "nb2 is Poisson": (families.NegativeBinomial(), UNDER, ["alpha"], families.Poisson(), UNDER),
    "nb1 is Poisson": (families.NegativeBinomial1(), UNDER, ["alpha"], families.Poisson(), UNDER),
    "beta-binomial is binomial": (families.BetaBinomial(), pair(EVEN), ["rho"], families.Binomial(), pair(EVEN)),
    "beta-binomial is one trial": (families.BetaBinomial(), pair(TOGETHER), ["rho"], families.Binomial(), SINGLE),
    "Student's t is Gaussian": (families.StudentT(), FLAT, ["df"], families.Gaussian(), FLAT),
    "no extra zeros": (families.ZeroInflated(), UNDER, ["pi"], families.Poisson(), UNDER),
    "neither": (families.ZeroInflated("negative_binomial"), UNDER, ["alpha", "pi"], families.Poisson(), UNDER),
    "no zeros of counts": (families.Hurdle(), SOME, ["pi"], families.Truncated("poisson", lower=0), SOME),
    "no zeros of numbers": (families.Hurdle("gamma"), POSITIVE, ["pi"], families.Gamma(), POSITIVE),
    "truncated": (
        families.Truncated("negative_binomial", lower=0),
        SOME,
        ["alpha"],
        families.Truncated("poisson", lower=0),
        SOME,
    ),
    "censored": (
        families.Censored("student_t"),
        censored_at(FLAT, lower=-0.5),
        ["df"],
        families.Censored("gaussian"),
        censored_at(FLAT, lower=-0.5),
    ),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("covariance", ["observed", "sandwich", "HC1", "cluster"])
@pytest.mark.parametrize("case", LIMITS)
def test_the_others_are_those_of_the_limiting_model(case, covariance):
    likelihood, y, at_end, remaining, y_of_remaining = LIMITS[case]
    groups = np.arange(N) // 4 if covariance == "cluster" else None
    found = infer(MLERegressor(likelihood).fit(X, y), X, y, covariance=covariance, groups=groups)
    limit = MLERegressor(remaining).fit(X, y_of_remaining)
    expected = infer(limit, X, y_of_remaining, covariance=covariance, groups=groups)
    for name in found.coef:
        if name in at_end:
            for what in (found.std_error, found.z, found.p_value, found.conf_int()):
                assert np.isnan(what[name]).all()
            assert np.isfinite(found.coef[name]).all() and np.isnan(found.parameters[name].std_error)
        else:
            theirs = expected.std_error["p" if name == "mu" and "p" in expected.std_error else name]
            np.testing.assert_allclose(found.std_error[name], theirs, rtol=1e-5)
    assert sum(" at the end of " in note for note in found.notes) == 1 and found.notes[0] in str(found)
    assert found.notes[0].startswith(", ".join(at_end) + ": ") and found.notes[0] in found._repr_html_()
    np.testing.assert_allclose(found.mean_interval(X[:5]), expected.mean_interval(X[:5]), rtol=1e-5)
    with pytest.raises(ValueError, match="maximum at infinity"):
        found.wald_test(at_end[0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_expected_curvature_at_an_end():
    for case in ("nb2 is Poisson", "Student's t is Gaussian", "no extra zeros"):
        likelihood, y, at_end, remaining, _ = LIMITS[case]
        found = infer(MLERegressor(likelihood).fit(X, y), X, y, covariance="expected")
        expected = infer(MLERegressor(remaining).fit(X, y), X, y, covariance="expected")
        assert np.isnan(found.std_error[at_end[0]]).all()
        np.testing.assert_allclose(found.std_error["mu"], expected.std_error["mu"], rtol=1e-5)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_profiles_at_an_end_are_one_sided():
    likelihood, y, *_ = LIMITS["nb2 is Poisson"]
    model = MLERegressor(likelihood).fit(X, y)
    found = infer(model, X, y)
    low, high = found.conf_int(method="profile")["alpha"][0]
    assert low == -np.inf and high < 0
    fixed = MLERegressor(families.NegativeBinomial(alpha=np.exp(high))).fit(X, y)
    np.testing.assert_allclose(2 * (model.log_likelihood_ - fixed.log_likelihood_), 3.841458820694124, rtol=1e-5)
    assert likelihood_ratio_test(fixed, model, X, y).df == 1


def test_a_regressed_parameter_at_an_end():
    """With slopes of its own, log alpha goes to minus infinity in one half of the rows: that coefficient only."""
    half = (X[:, :1] > 0).astype(float)
    counts = np.random.default_rng(1).negative_binomial(2, 0.4, N)
    y = np.where(half[:, 0] > 0, UNDER, counts).astype(float)
    Z = np.column_stack([half, X[:, 1]])
    with pytest.warns(UserWarning):
        model = MLERegressor("negative_binomial", regressed={"mu": "all", "alpha": [0]}).fit(Z, y)
    found = infer(model, Z, y)
    assert np.isnan(found.std_error["alpha"][1]) and np.isfinite(found.std_error["alpha"][0])
    assert np.isfinite(found.std_error["mu"]).all() and "alpha:x0: at a limit" in str(found)


def test_thresholds_without_a_label_between():
    """A label of weight 0 is no label: Ordinal has a threshold less, and all of its errors are finite."""
    y = np.digitize(ETA + np.random.default_rng(2).logistic(size=N), [-1.0, 0.5, 1.5])
    weight = (y != 2).astype(float)
    model = MLEClassifier(families.Ordinal()).fit(X, y, weight)
    found = infer(model, X, y, sample_weight=weight)
    assert found.coef["thresholds"].shape == (2,) and np.isfinite(found.std_error["thresholds"]).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_separated_orders():
    """Labels that a column puts in order without error: its slope and all thresholds are at a limit."""
    y = np.digitize(X[:, 0], [-0.5, 0.5])
    found = infer(MLEClassifier(families.Ordinal()).fit(X, y), X, y)
    assert np.isnan(found.std_error["eta"][1]) and np.isnan(found.std_error["thresholds"]).all()
    assert "maximum at infinity" in str(found)


def test_all_zero_counts():
    with pytest.warns(BoundaryWarning):
        model = MLERegressor("poisson").fit(X, np.zeros(N))
    found = infer(model, X, np.zeros(N))
    assert np.isnan(found.std_error["mu"]).all() and "at a limit" in str(found)


@pytest.mark.filterwarnings("ignore")
def test_errors_that_do_not_exist_are_explained():
    """On multiples of 2 the density of Tweedie's law rises without bound: nothing has an error, and a note says so."""
    few, y = X[:40], 2.0 * np.random.default_rng(3).poisson(np.exp(ETA[:40]))
    found = infer(MLERegressor("tweedie", max_iter=40).fit(few, y), few, y)
    assert np.isnan(found.std_error["mu"]).all() and "no standard error" in str(found)
