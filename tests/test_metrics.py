"""The held-out log score, as a scorer: what it computes, through what it passes, and which family it prefers."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_mle import Gaussian, MLEClassifier, MLERegressor, NegativeBinomial, StudentT
from sklearn_mle.likelihoods import ZeroInflated
from sklearn_mle.metrics import LogScore, log_score, make_log_score
from sklearn_mle.metrics.scorers import warn_of_density

RESOLVED = make_log_score(resolution=1.0)
# A mean of n log probabilities: rounding only.
ROUNDING = 1e-12


def counts(n=200, mean=0.5, seed=0):
    """X and Poisson counts."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 2))
    return X, rng.poisson(np.exp(np.log(mean) + X @ [0.4, -0.3]))


def real(n=200):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 2))
    return X, X @ [1.0, -0.5] + rng.standard_t(4, n)


def labels(C=2, n=200):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 2))
    return X, np.digitize(X @ [1.0, -0.5] + rng.logistic(size=n), [0.0, 1.5][: C - 1])


@pytest.fixture(autouse=True)
def forget_warnings():
    """The warning comes once a process; each test is to be the first."""
    warn_of_density.cache_clear()


# --- what it is ---


@pytest.mark.parametrize("likelihood", ["gaussian", StudentT(df=4), "poisson", "negative_binomial"], ids=str)
def test_it_is_the_mean_of_log_prob(likelihood):
    X, y = counts() if likelihood in ("poisson", "negative_binomial") else real()
    model = MLERegressor(likelihood).fit(X, y)
    score = log_score(model, X, y)
    assert isinstance(score, float)
    np.testing.assert_allclose(score, model.log_prob(X, y).mean(), rtol=ROUNDING)
    np.testing.assert_allclose(score, model.log_likelihood_ / len(y), rtol=ROUNDING)


def test_it_is_the_log_probability_of_the_label_for_every_classifier():
    for C in (2, 3):
        X, y = labels(C)
        for likelihood in ("auto", "gaussian_on_labels"):
            model = MLEClassifier(likelihood).fit(X, y)
            expected = np.log(model.predict_proba(X)[np.arange(len(y)), y]).mean()
            for scorer in (log_score, RESOLVED):
                np.testing.assert_allclose(scorer(model, X, y), expected, rtol=ROUNDING)


def test_sample_weight():
    X, y = real()
    weight = np.arange(len(y)) % 3
    repeated = np.repeat(X, weight, axis=0), np.repeat(y, weight)
    model = MLERegressor().fit(X, y)
    for scorer in (log_score, make_log_score(resolution=0.1)):
        np.testing.assert_allclose(scorer(model, X, y, sample_weight=weight), scorer(model, *repeated), rtol=ROUNDING)
        np.testing.assert_allclose(scorer(model, X, y, weight * 1e-9), scorer(model, *repeated), rtol=ROUNDING)


def test_a_column_of_y_and_pandas_count_as_y():
    X, y = counts()
    for likelihood in ("gaussian", "poisson"):
        model = MLERegressor(likelihood).fit(X, y)
        for other in (y[:, None], pd.Series(y), pd.DataFrame({"y": y}), y.tolist()):
            np.testing.assert_allclose(RESOLVED(model, X, other), RESOLVED(model, X, y), rtol=ROUNDING)


# --- resolution ---


@pytest.mark.parametrize("resolution", [1.0, 0.1, 10.0])
@pytest.mark.parametrize(
    "likelihood, law",
    [
        (Gaussian(), lambda d: stats.norm(d["mu"], d["sigma"])),
        (StudentT(), lambda d: stats.t(d["df"], d["mu"], d["sigma"])),
        (StudentT(df=3.0, sigma=0.5), lambda d: stats.t(3.0, d["mu"], 0.5)),
    ],
    ids=["gaussian", "student_t", "fixed"],
)
def test_a_resolution_is_the_log_of_a_difference_of_cdfs(likelihood, law, resolution):
    X, y = real()
    y = np.round(y / resolution) * resolution + 0.0
    model = MLERegressor(likelihood).fit(X, y + 0.01 * np.sin(np.arange(len(y))))
    law = law(model.predict_dist(X).params)
    expected = np.log(law.cdf(y + resolution / 2) - law.cdf(y - resolution / 2))
    # The reference subtracts probabilities near 1: its rounding, 1e-16, over the smallest probability, 1e-5.
    np.testing.assert_allclose(make_log_score(resolution)(model, X, y), expected.mean(), rtol=1e-11)


def test_a_discrete_family_is_scored_by_its_probability_at_any_resolution():
    X, y = counts()
    for likelihood in ("poisson", "negative_binomial", ZeroInflated()):
        model = MLERegressor(likelihood).fit(X, y)
        assert RESOLVED(model, X, y) == log_score(model, X, y)


@pytest.mark.parametrize("far", [40.0, -40.0, 1e4, -1e4, 1e7])
def test_far_tails_are_finite_and_right(far):
    X, y = real()
    model = MLERegressor(Gaussian(sigma=1.0)).fit(X, y)
    mu = model.predict(X[:1])
    # P(a - 1/2 < Z <= a + 1/2) of the normal's tail: the near end's, whose successor is smaller by exp(-|a|).
    expected = stats.norm.logsf(abs(far) - 0.5)
    np.testing.assert_allclose(RESOLVED(model, X[:1], mu + far), expected, rtol=1e-8)


def test_far_tails_of_a_heavy_tailed_family():
    """At 1e12 both ends have the same cdf to 12 digits: what is left is the density, times the resolution."""
    X, y = real()
    model = MLERegressor(StudentT(df=3.0)).fit(X, y)
    for far in (1e5, -1e5, 1e12):
        density = model.log_prob(X[:1], np.full(1, far))[0]  # constant over the unit, up to its square, 1e-10
        np.testing.assert_allclose(RESOLVED(model, X[:1], np.full(1, far)), density, rtol=1e-9)


def test_a_fine_resolution_is_the_density_times_it():
    X, y = real()
    for likelihood in ("gaussian", "student_t"):
        model = MLERegressor(likelihood).fit(X, y)
        fine = make_log_score(resolution=1e-6)(model, X, y) - np.log(1e-6)
        np.testing.assert_allclose(fine, log_score(model, X, y), rtol=1e-10)


# --- warnings and errors ---


def test_it_warns_when_a_density_meets_integers():
    X, y = counts()
    gaussian, poisson = MLERegressor().fit(X, y), MLERegressor("poisson").fit(X, y)
    with pytest.warns(
        UserWarning, match=r"density of Gaussian with integers.*make_log_score\(resolution=1.0\)"
    ) as record:
        log_score(gaussian, X, y)
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log_score(poisson, X, y)
        RESOLVED(gaussian, X, y)
        log_score(gaussian, X, y + 0.5)
        log_score(MLEClassifier().fit(*labels()), *labels())


def test_it_warns_once_in_a_search():
    X, y = counts()
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("default")
        GridSearchCV(MLERegressor(), {"alpha": [0.0, 0.1]}, cv=4, scoring=log_score).fit(X, y)
    assert len([warning for warning in record if "density of Gaussian" in str(warning.message)]) == 1


def test_models_without_log_prob_are_refused_by_name():
    X, y = real()
    with pytest.raises(TypeError, match=r"LinearRegression has no log_prob\(X, y\): use MLERegressor or MLEClassifier"):
        log_score(make_pipeline(StandardScaler(), LinearRegression()).fit(X, y), X, y)
    X, y = labels()
    with pytest.raises(TypeError, match="CalibratedClassifierCV has no log_prob"):
        log_score(CalibratedClassifierCV(MLEClassifier()).fit(X, y), X, y)


# --- through Pipelines, searches, workers ---


def test_it_passes_through_pipelines_and_searches():
    X, y = real()
    direct = MLERegressor().fit(PolynomialFeatures(2, include_bias=False).fit_transform(X), y)
    pipeline = make_pipeline(PolynomialFeatures(2, include_bias=False), MLERegressor())
    expected = log_score(direct, PolynomialFeatures(2, include_bias=False).fit_transform(X), y)
    grid = {"mleregressor__alpha": [0.0]}
    for model in (
        pipeline,
        make_pipeline(pipeline),
        GridSearchCV(pipeline, grid, cv=3),
        make_pipeline("passthrough", GridSearchCV(pipeline, grid, cv=3, scoring=log_score)),
    ):
        np.testing.assert_allclose(log_score(model.fit(X, y), X, y), expected, rtol=ROUNDING)


def test_cross_val_score_is_that_of_the_held_out_rows():
    X, y = real()
    cv = KFold(3)
    scores = cross_val_score(MLERegressor("student_t"), X, y, cv=cv, scoring=log_score)
    expected = [
        MLERegressor("student_t").fit(X[train], y[train]).log_prob(X[test], y[test]).mean()
        for train, test in cv.split(X)
    ]
    np.testing.assert_allclose(scores, expected, rtol=ROUNDING)


def test_a_search_over_families_in_two_processes():
    """Through a Pipeline, with exposure as a column, by loky: the scorer and the models are pickled both ways."""
    X, y = counts(400, mean=3.0)
    years = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    y = np.random.default_rng(2).poisson(
        years * np.exp(X @ [0.4, -0.3]) * np.random.default_rng(3).gamma(1.0, 1.0, len(y))
    )
    scale = ColumnTransformer([("scale", StandardScaler(), [0, 1])], remainder="passthrough")
    pipeline = make_pipeline(scale, MLERegressor())
    grid = [
        {"mleregressor__likelihood": ["gaussian", "student_t"]},
        {"mleregressor__likelihood": ["poisson", "negative_binomial"], "mleregressor__exposure": [-1]},
        {
            "mleregressor__likelihood": [NegativeBinomial()],
            "mleregressor__likelihood__alpha": [0.1, 1.0],
            "mleregressor__exposure": [-1],
        },
    ]
    table = np.column_stack([X, years])
    searches = [GridSearchCV(pipeline, grid, cv=3, scoring=RESOLVED, n_jobs=n_jobs).fit(table, y) for n_jobs in (1, 2)]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.isfinite(scores[0]).all()
    order = dict(
        zip(["gaussian", "student_t", "poisson", "negative_binomial", "alpha 0.1", "alpha 1"], scores[1], strict=True)
    )
    # The counts are negative binomial with alpha = 1.
    assert max(order, key=order.get) in ("alpha 1", "negative_binomial")
    assert order["negative_binomial"] > order["poisson"]
    np.testing.assert_allclose(
        RESOLVED(searches[1], table, y), RESOLVED(searches[0].best_estimator_, table, y), rtol=ROUNDING
    )


def test_scorers_are_pickled_cloned_and_shown():
    X, y = real()
    model = MLERegressor().fit(X, y)
    for scorer in (log_score, make_log_score(0.5)):
        for copy in (pickle.loads(pickle.dumps(scorer)), clone(scorer)):
            assert copy(model, X, y) == scorer(model, X, y)
    assert repr(make_log_score(1.0)) == "LogScore(resolution=1.0)"
    assert isinstance(log_score, LogScore)


# --- what it is for ---


@pytest.mark.parametrize("mean", [0.05, 3.0])
def test_poisson_is_preferred_to_gaussian_on_poisson_counts(mean):
    """On held-out rows, every time; a Gaussian *density* would win on rare counts, as sigma is small."""
    wins = densities = 0
    for seed in range(20):
        X, y = counts(600, mean=mean, seed=seed)
        train, test = (X[::2], y[::2]), (X[1::2], y[1::2])
        gaussian, poisson = MLERegressor().fit(*train), MLERegressor("poisson").fit(*train)
        wins += RESOLVED(poisson, *test) > RESOLVED(gaussian, *test)
        densities += gaussian.log_prob(*test).mean() > poisson.log_prob(*test).mean()
    assert wins == 20
    if mean < 1:
        assert densities > 10


def test_the_true_family_and_its_parameters_win_on_many_rows():
    X, y = real(2000)
    scores = cross_val_score(MLERegressor("student_t"), X, y, scoring=log_score)
    assert (scores > cross_val_score(MLERegressor("gaussian"), X, y, scoring=log_score)).all()
    search = GridSearchCV(MLERegressor(StudentT()), {"likelihood__df": [1.0, 4.0, 50.0]}, scoring=log_score).fit(X, y)
    assert search.best_params_["likelihood__df"] == 4.0
