"""Scores of predictive distributions, scorers, comparisons: definitions, what they pass through, what they prefer."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import stats
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_mle import Gaussian, MLEClassifier, MLERegressor, NegativeBinomial, Poisson, StudentT, predict_dist
from sklearn_mle.distributions import Predictive, WithSpike
from sklearn_mle.likelihoods import Binomial, Censored, Hurdle, ZeroInflated
from sklearn_mle.metrics import (
    LogScore,
    compare_log_scores,
    coverage_score,
    interval_score,
    log_score,
    make_log_score,
    make_neg_interval_score,
    mean_crps,
    mean_log_score,
    neg_crps,
    pit,
)
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


# --- scores of (y, dist) ---

N = 200
MU = np.linspace(-1.0, 2.0, N)
# The laws of predict_dist beside scipy's own.
BOTH = {
    "gaussian": (Predictive(Gaussian(), [MU, np.array([0.7])], N), stats.norm(MU, 0.7)),
    "student_t": (Predictive(StudentT(), [MU, np.array([0.7]), np.array([3.0])], N), stats.t(3.0, MU, 0.7)),
    "poisson": (Predictive(Poisson(), [np.exp(MU)], N), stats.poisson(np.exp(MU))),
    "negative_binomial": (
        Predictive(NegativeBinomial(), [np.exp(MU), np.array([0.5])], N),
        stats.nbinom(2.0, 1 / (1 + 0.5 * np.exp(MU))),
    ),
    "zero_inflated": (
        Predictive(ZeroInflated(), [np.exp(MU), np.zeros(1)], N),
        WithSpike(stats.poisson(np.exp(MU)), 0.5),
    ),
    "one for all": (Predictive(Gaussian(), [np.array([0.5]), np.array([2.0])], N), stats.norm(0.5, 2.0)),
}
both = pytest.mark.parametrize("ours, scipys", BOTH.values(), ids=BOTH.keys())
WEIGHT = np.arange(N) % 3


@both
def test_scores_are_those_of_scipys_laws(ours, scipys):
    y = ours.rvs(random_state=0)
    for score in (mean_log_score, mean_crps, interval_score, coverage_score):
        assert isinstance(score(y, ours), float)
        np.testing.assert_allclose(score(y, ours), score(y, scipys), rtol=1e-9)
    np.testing.assert_allclose(pit(y, ours, random_state=0), pit(y, scipys, random_state=0), atol=1e-12)


@both
def test_scores_count_a_row_as_often_as_its_weight(ours, scipys):
    y = ours.rvs(random_state=0).astype(float)
    rows = np.repeat(np.arange(N), WEIGHT)
    for score in (mean_log_score, mean_crps, interval_score, coverage_score):
        repeated = score(y[rows], ours[rows])
        np.testing.assert_allclose(score(y, ours, sample_weight=WEIGHT), repeated, rtol=ROUNDING)
        np.testing.assert_allclose(score(y, ours, sample_weight=1e-9 * WEIGHT), repeated, rtol=ROUNDING)


def test_mean_log_score_is_minus_infinity_where_y_is_impossible():
    y, law = np.array([2.0, 0.0, 1.0]), Predictive(Poisson(), [np.ones(1)], 3)
    assert mean_log_score(y, law) == pytest.approx(stats.poisson(1).logpmf(y).mean())
    for value in (-1.0, 0.5):
        impossible = np.append(y[:2], value)
        for dist in (law, stats.poisson(1.0)):
            assert mean_log_score(impossible, dist) == -np.inf
            assert mean_log_score(impossible, dist, sample_weight=[1, 1, 0]) == mean_log_score(y, dist, [1, 1, 0])


def test_mean_log_score_of_rows_of_y():
    y = np.array([[0.3, 0.3], [1.0, np.inf], [-np.inf, 0.0]])
    law = Predictive(Censored(), [np.zeros(1), np.ones(1)], 3)
    expected = np.mean([stats.norm.logpdf(0.3), stats.norm.logsf(1.0), stats.norm.logcdf(0.0)])
    assert mean_log_score(y, law) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"y of shape \(3, 2\).*got \(3,\)"):
        mean_log_score(y[:, 0], Predictive(Binomial(), [np.zeros(1)], 3))
    with pytest.raises(ValueError, match=r"y of shape \(2,\).*got \(2, 2\)"):
        mean_crps(np.zeros((2, 2)), law[:2])


def test_interval_score():
    """Gneiting and Raftery (2007), equation 43, read aloud."""
    law = stats.norm(0, 1)
    u = law.ppf(0.9)
    assert interval_score([0.3], law, coverage=0.8) == pytest.approx(2 * u)
    assert interval_score([u + 0.5], law, coverage=0.8) == pytest.approx(2 * u + 2 / 0.2 * 0.5)
    assert interval_score([-u - 2.0], law, coverage=0.8) == pytest.approx(2 * u + 2 / 0.2 * 2.0)
    assert interval_score([u, -u, 0.0], law, coverage=0.8) == pytest.approx(2 * u)


def test_the_true_interval_has_the_least_score():
    y = np.random.default_rng(0).standard_normal(20000)
    scores = {scale: interval_score(y, stats.norm(0, scale), 0.9) for scale in (0.7, 0.85, 1.0, 1.2, 1.4)}
    assert min(scores, key=scores.get) == 1.0


def test_coverage_score():
    law = stats.norm(0, 1)
    assert coverage_score(law.ppf([0.04, 0.06, 0.5, 0.94, 0.96]), law, coverage=0.9) == 0.6
    assert coverage_score([*law.interval(0.9), 0.0], law, coverage=0.9) == 1.0  # the ends belong to it
    assert coverage_score([9.0, 0.0], law, sample_weight=[1, 3]) == 0.75
    y = np.random.default_rng(0).poisson(3.0, 20000)
    for coverage in (0.5, 0.9, 0.95):
        lower, upper = stats.poisson(3.0).interval(coverage)
        exact = stats.poisson(3.0).cdf(upper) - stats.poisson(3.0).cdf(lower - 1)
        assert exact >= coverage
        np.testing.assert_allclose(coverage_score(y, stats.poisson(3.0), coverage), exact, atol=0.01)


@both
def test_pit_is_uniform_where_the_law_is_true(ours, scipys):
    many = ours[np.tile(np.arange(N), 25)] if len(ours) == N else ours
    u = pit(many.rvs(random_state=1), many, random_state=2)
    assert u.shape == (len(many),) and ((u >= 0) & (u <= 1)).all()
    assert stats.kstest(u, "uniform").pvalue > 1e-3


def test_pit_is_the_cdf_of_a_continuous_law():
    y = np.linspace(-5, 5, 11)
    np.testing.assert_allclose(pit(y, stats.t(3)), stats.t(3).cdf(y), rtol=ROUNDING)


def test_pit_lies_within_the_jump_of_a_discrete_law():
    law, y = stats.poisson(2.0), np.repeat([0.0, 1.0, 4.0], 2000)
    u = pit(y, law, random_state=0)
    assert (u >= law.cdf(y - 1)).all() and (u <= law.cdf(y)).all()
    for value in (0.0, 1.0, 4.0):
        np.testing.assert_allclose(u[y == value].mean(), (law.cdf(value - 1) + law.cdf(value)) / 2, atol=0.01)
    np.testing.assert_array_equal(u, pit(y, law, random_state=0))
    np.testing.assert_array_equal(u, pit(y, law, random_state=np.random.default_rng(0)))
    assert (u != pit(y, law, random_state=1)).any()
    # a jump in a continuous law
    spiked = WithSpike(stats.gamma(2.0), 0.3)
    assert 0.1 < pit(np.zeros(500), spiked, random_state=0).mean() < 0.2
    np.testing.assert_allclose(pit(np.ones(2), spiked), spiked.cdf(np.ones(2)), rtol=ROUNDING)


SCORES = [mean_log_score, mean_crps, interval_score, coverage_score, pit]


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.__name__)
def test_scores_say_what_is_wrong(score):
    law, y = Predictive(Gaussian(), [MU, np.ones(1)], N), MU.copy()
    with pytest.raises(ValueError, match=r"y has shape \(5,\), the laws of dist \(200,\)"):
        score(y[:5], law)
    with pytest.raises(ValueError, match=r"y has shape \(200,\), the laws of dist \(3,\)"):
        score(y, stats.norm([1, 2, 3], 1))
    y[7] = np.nan
    with pytest.raises(ValueError, match=r"y\[7\] is nan"):
        score(y, law)
    y[7] = np.inf
    with pytest.raises(ValueError, match=r"y\[7\] is inf"):
        score(y, law)
    with pytest.raises(ValueError, match=r"shape \(200,\).*got \(200, 2\)"):
        score(np.zeros((N, 2)), law)
    with pytest.raises((TypeError, ValueError), match=r"y\[1\] is 'a'"):
        score([0.0, "a"], law[:2])
    for empty in ([], None):
        with pytest.raises(ValueError):
            score(empty, law)
    if score is not pit:
        for weight, rule in [
            (-np.ones(N), "must be >= 0"),
            (np.zeros(N), "zero in every row"),
            (np.ones(3), "expected"),
        ]:
            with pytest.raises(ValueError, match=rule):
                score(MU, law, sample_weight=weight)


@pytest.mark.parametrize("coverage", [0, 1, 95, -0.5, np.nan, "0.9", None])
def test_coverage_is_a_probability(coverage):
    for score in (interval_score, coverage_score):
        with pytest.raises(ValueError, match=r"coverage is a probability in \(0, 1\); got"):
            score([0.0], stats.norm(), coverage=coverage)
    with pytest.raises(ValueError, match=r"coverage is a probability in \(0, 1\); got"):
        make_neg_interval_score(coverage)(MLERegressor().fit(*real()), *real())


# --- what the law of a row says ---


def test_log_prob_is_that_of_the_law_where_y_is_no_count():
    for law in (BOTH["poisson"][0], BOTH["negative_binomial"][0], BOTH["zero_inflated"][0]):
        y = np.full(N, 2.0)
        y[:3] = 0.5, -1.0, np.nan
        log_prob = law.log_prob(y)
        assert log_prob[:2].tolist() == [-np.inf, -np.inf] and np.isnan(log_prob[2])
        np.testing.assert_allclose(log_prob[3:], law.logpmf(2)[3:], rtol=1e-10)
    for law in (BOTH["gaussian"][0], BOTH["student_t"][0]):
        assert np.isnan(law.log_prob(np.nan)).all() and np.isfinite(law.log_prob(0.5)).all()


def test_a_quasi_likelihood_fit_has_the_law_of_counts():
    """A fit takes 2.5 as Poisson's quasi-likelihood does; the law it predicts has no 2.5."""
    X, y = counts()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLERegressor("poisson").fit(X, y + 0.5)
    assert log_score(model, X, y + 0.5) == -np.inf == mean_log_score(y + 0.5, predict_dist(model, X))
    assert np.isfinite(neg_crps(model, X, y + 0.5))


@pytest.mark.parametrize("name", ["gaussian", "student_t", "poisson", "negative_binomial", "zero_inflated"])
def test_log_interval_prob_is_that_of_the_cdf(name):
    law = BOTH[name][0]
    lower = np.random.default_rng(0).uniform(-2, 4, N)
    for width in (0.5, 2.0, 10.0):
        expected = law.cdf(lower + width) - law.cdf(lower)
        np.testing.assert_allclose(np.exp(law.log_interval_prob(lower, lower + width)), expected, atol=1e-14)
    np.testing.assert_allclose(law.log_interval_prob(-np.inf, 1.0), np.log(law.cdf(1.0)), rtol=1e-12)
    np.testing.assert_allclose(law.log_interval_prob(2.0, np.inf), np.log(law.sf(2.0)), rtol=1e-12)
    assert law.log_interval_prob(0.0, 1.0).shape == (N,)


def test_the_probabilities_of_all_recorded_values_add_up_to_one():
    """Of a law with zeros and a density, whose log_prob would add a probability and a density."""
    k = np.arange(0, 400)
    for family, theta in [(Hurdle("gamma"), [np.full(1, 3.0), np.full(1, 0.6), np.full(1, -0.5)])]:
        law = Predictive(family, theta, len(k))
        np.testing.assert_allclose(np.exp(law.log_interval_prob(k - 0.5, k + 0.5)).sum(), 1.0, rtol=1e-9)


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


SCORERS = {
    "LogScore()": log_score,
    "LogScore(resolution=0.5)": make_log_score(0.5),
    "NegCRPS()": neg_crps,
    "NegIntervalScore()": make_neg_interval_score(),
    "NegIntervalScore(coverage=0.5)": make_neg_interval_score(coverage=0.5),
}
scorers = pytest.mark.parametrize("scorer", SCORERS.values(), ids=SCORERS.keys())


@scorers
def test_scorers_are_pickled_cloned_and_shown(scorer):
    X, y = real()
    model = MLERegressor().fit(X, y)
    for copy in (pickle.loads(pickle.dumps(scorer)), clone(scorer)):
        assert copy(model, X, y) == scorer(model, X, y) and isinstance(scorer(model, X, y), float)
        assert repr(copy) == repr(scorer) and SCORERS[repr(scorer)] is scorer
    assert isinstance(log_score, LogScore)


@scorers
def test_scorers_are_greater_for_the_better_model_in_searches_and_pipelines(scorer):
    X, y = real()
    pipeline = make_pipeline(StandardScaler(), MLERegressor())
    search = GridSearchCV(pipeline, {"mleregressor__alpha": [0.0, 100.0]}, scoring=scorer, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"mleregressor__alpha": 0.0}
    np.testing.assert_allclose(scorer(search, X, y), scorer(search.best_estimator_, X, y), rtol=ROUNDING)
    np.testing.assert_allclose(search.score(X, y), scorer(search, X, y), rtol=ROUNDING)
    scores = cross_validate(pipeline, X, y, cv=3, scoring={"this": scorer, "r2": "r2"})
    np.testing.assert_allclose(scores["test_this"].mean(), search.cv_results_["mean_test_score"][0], rtol=ROUNDING)


def test_scorers_are_the_scores_of_predict_dist():
    X, y = counts()
    weight = np.arange(len(y)) % 3
    model = MLERegressor("poisson").fit(X, y)
    law = predict_dist(model, X)
    for w in (None, weight):
        assert log_score(model, X, y, w) == mean_log_score(y, law, w)
        assert neg_crps(model, X, y, w) == -mean_crps(y, law, w)
        assert make_neg_interval_score(0.5)(model, X, y, w) == -interval_score(y, law, 0.5, w)


@scorers
def test_scorers_take_weights_by_metadata_routing(scorer):
    X, y = real()
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    cv = KFold(3)
    expected = []
    for train, test in cv.split(X):
        model = MLERegressor().fit(X[train], y[train], weight[train])
        expected.append(scorer(model, X[test], y[test], weight[test]))
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLERegressor().set_fit_request(sample_weight=True)
        asking = clone(scorer).set_score_request(sample_weight=True)
        scores = cross_val_score(model, X, y, cv=cv, scoring=asking, params={"sample_weight": weight})
        np.testing.assert_allclose(scores, expected, rtol=ROUNDING)
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            cross_val_score(model, X, y, cv=cv, scoring=scorer, params={"sample_weight": weight})


def test_scorers_of_laws_refuse_classifiers():
    model = MLEClassifier().fit(*labels())
    for scorer in (neg_crps, make_neg_interval_score()):
        with pytest.raises(TypeError, match=r"MLEClassifier has no predictive distribution.*predict_proba"):
            scorer(model, *labels())


# --- comparisons of models ---


def models():
    X, y = counts(400, mean=2.0)
    y = np.random.default_rng(5).poisson(y * np.random.default_rng(6).gamma(2.0, 0.5, len(y)))
    train, test = slice(0, 200), slice(200, None)
    names = ["gaussian", "poisson", "negative_binomial"]
    fitted = {name: MLERegressor(name).fit(X[train], y[train]) for name in names}
    fitted["student_t"] = make_pipeline(StandardScaler(), MLERegressor("student_t")).fit(X[train], y[train])
    return fitted, X[test], y[test]


def test_a_comparison_is_paired():
    fitted, X, y = models()
    table = compare_log_scores(fitted, X, y, resolution=1.0)
    assert list(table) == ["model", "mean_log_score", "difference", "standard_error", "z"]
    rows = {name: RESOLVED.rows(model, X, y) for name, model in fitted.items()}
    best = max(rows, key=lambda name: rows[name].mean())
    assert best == "negative_binomial" == table.model[0]
    assert (np.diff(table.mean_log_score) <= 0).all() and set(table.model) == set(fitted)
    for name, mean, difference, error, z in zip(*table.values(), strict=True):
        np.testing.assert_allclose(mean, RESOLVED(fitted[name], X, y), rtol=ROUNDING)
        gap = rows[name] - rows[best]
        np.testing.assert_allclose(difference, gap.mean(), rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(error, stats.sem(gap), rtol=1e-9)
        if name == best:
            assert np.isnan(z) and difference == error == 0
        else:
            np.testing.assert_allclose(z, stats.ttest_rel(rows[name], rows[best]).statistic, rtol=1e-9)


def test_the_standard_error_of_a_comparison_is_that_of_repeated_samples():
    """Between one model and a worse one, over 400 samples: their differences scatter as the error says."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40000, 1))
    y = X[:, 0] + rng.standard_normal(40000)
    fitted = [MLERegressor().fit(X[:300], y[:300]), MLERegressor(alpha=1.0).fit(X[:300], y[:300])]
    tables = [compare_log_scores(fitted, X[at : at + 99], y[at : at + 99]) for at in range(300, 39900, 99)]
    gaps = np.array([dict(zip(t.model, t.mean_log_score, strict=True)) for t in tables])
    gaps = np.array([means[1] - means[0] for means in gaps])
    np.testing.assert_allclose(np.mean([t.standard_error[1] for t in tables]), gaps.std(), rtol=0.1)


def test_a_comparison_takes_weights_for_repeats():
    fitted, X, y = models()
    weight = np.arange(len(y)) % 3
    repeated = compare_log_scores(fitted, np.repeat(X, weight, axis=0), np.repeat(y, weight), resolution=1.0)
    weighted = compare_log_scores(fitted, X, y, resolution=1.0, sample_weight=weight)
    assert repeated.model.tolist() == weighted.model.tolist()
    for name in ("mean_log_score", "difference", "standard_error", "z"):
        np.testing.assert_allclose(weighted[name], repeated[name], rtol=1e-10, err_msg=name)


def test_a_comparison_is_a_table():
    fitted, X, y = models()
    table = compare_log_scores(fitted, X, y, resolution=1.0)
    lines = repr(table).splitlines()
    assert lines[0].split() == list(table) and len({len(line) for line in lines}) == 1
    assert [line.split()[0] for line in lines[1:]] == table.model.tolist()
    frame = pd.DataFrame(table)
    assert list(frame) == list(table) and frame.model[0] == "negative_binomial" and len(frame) == 4
    numbered = compare_log_scores(list(fitted.values()), X, y, resolution=1.0)
    assert [list(fitted)[k] for k in numbered.model] == table.model.tolist()
    np.testing.assert_array_equal(numbered.z, table.z)
    assert repr(pickle.loads(pickle.dumps(table))) == repr(table)


def test_a_comparison_with_impossible_rows_and_equal_models():
    X = np.zeros((3, 1))
    one, same, other = (
        MLERegressor(f, fit_intercept=False).fit(X + 1, np.ones(3)) for f in ("poisson", "poisson", Gaussian(sigma=1.0))
    )
    table = compare_log_scores({"a": one, "b": same}, X, [0.0, 1.0, 2.0])
    assert table.difference.tolist() == [0, 0] == table.standard_error.tolist() and np.isnan(table.z).all()
    table = compare_log_scores({"counts": one, "real": other}, X, [0.0, 1.0, 2.5])
    assert table.model.tolist() == ["real", "counts"] and table.difference[1] == -np.inf
    assert np.isnan(table.standard_error[1])


def test_a_comparison_of_classifiers_is_that_of_label_probabilities():
    X, y = labels(3)
    fitted = {name: MLEClassifier(name).fit(X[:100], y[:100]) for name in ("categorical", "gaussian_on_labels")}
    table = compare_log_scores(fitted, X[100:], y[100:])
    for name, mean in zip(table.model, table.mean_log_score, strict=True):
        proba = fitted[name].predict_proba(X[100:])
        np.testing.assert_allclose(mean, np.log(proba[np.arange(100), y[100:]]).mean(), rtol=ROUNDING)


def test_a_comparison_says_what_it_takes():
    fitted, X, y = models()
    with pytest.raises(TypeError, match=r"models is a dict \{name: fitted model\} or a list.*got MLERegressor"):
        compare_log_scores(fitted["poisson"], X, y)
    with pytest.raises(ValueError, match="models is empty"):
        compare_log_scores({}, X, y)
    with pytest.raises(TypeError, match="LinearRegression has no log_prob"):
        compare_log_scores([LinearRegression().fit(X, y)], X, y)


# --- what they are for ---


MEANS = [0.05, 0.1, 0.3, 1.0, 5.0]


def wins_of_poisson(mean, seeds):
    """In how many samples of 500 Poisson counts a search in 5 folds prefers Poisson to Gaussian."""
    wins, families = 0, {"likelihood": ["poisson", "gaussian"]}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        y, X = rng.poisson(mean, 500), rng.standard_normal((500, 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # folds without a count have no finite optimum
            search = GridSearchCV(MLERegressor(), families, scoring=RESOLVED, cv=5).fit(X, y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        wins += search.best_params_["likelihood"] == "poisson"
    return wins


@pytest.mark.parametrize("mean", MEANS)
def test_a_search_prefers_poisson_on_poisson_counts(mean):
    assert wins_of_poisson(mean, range(60, 66)) == 6


@pytest.mark.slow
@pytest.mark.parametrize("mean", MEANS)
def test_a_search_prefers_poisson_in_sixty_samples(mean):
    assert wins_of_poisson(mean, range(60)) >= (55 if mean < 0.1 else 60)


def test_a_fold_without_a_count_has_a_finite_score():
    X, y = np.zeros((50, 1)), np.zeros(50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for likelihood in ("gaussian", "poisson"):
            model = MLERegressor(likelihood).fit(X, y)
            for held_out in (y, y + 1):
                assert np.isfinite(RESOLVED(model, X, held_out)), (likelihood, held_out[0])


def test_a_density_would_prefer_gaussian_on_rare_counts():
    """Its sigma is small: the reason for `resolution`."""
    densities = 0
    for seed in range(10):
        X, y = counts(600, mean=0.05, seed=seed)
        train, test = (X[::2], y[::2]), (X[1::2], y[1::2])
        gaussian, poisson = MLERegressor().fit(*train), MLERegressor("poisson").fit(*train)
        assert RESOLVED(poisson, *test) > RESOLVED(gaussian, *test)
        densities += gaussian.log_prob(*test).mean() > poisson.log_prob(*test).mean()
    assert densities > 5


def test_the_true_family_and_its_parameters_win_on_many_rows():
    X, y = real(2000)
    scores = cross_val_score(MLERegressor("student_t"), X, y, scoring=log_score)
    assert (scores > cross_val_score(MLERegressor("gaussian"), X, y, scoring=log_score)).all()
    search = GridSearchCV(MLERegressor(StudentT()), {"likelihood__df": [1.0, 4.0, 50.0]}, scoring=log_score).fit(X, y)
    assert search.best_params_["likelihood__df"] == 4.0
