"""Displays: the arrays that they compute, by identities, and that pictures can be drawn of them; not their pixels."""

import subprocess
import sys
import warnings
from itertools import pairwise

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats
from scipy.special import expit, ndtri
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_mle import (
    Binomial,
    Censored,
    Gaussian,
    GaussianOnLabels,
    Inference,
    MLEClassifier,
    MLERegressor,
    Poisson,
    StudentT,
    Weibull,
    displays,
    predict_dist,
)
from sklearn_mle.displays import (
    CoefficientDisplay,
    LabelGradientDisplay,
    LikelihoodSurfaceDisplay,
    OptimizationPathDisplay,
    PITDisplay,
    PredictiveFanDisplay,
    ProfileDisplay,
    QuantileResidualDisplay,
    RootogramDisplay,
)
from sklearn_mle.solvers import SGD

NAMES = ["age", "power"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    return X, rng.negative_binomial(2, 1 / (1 + np.exp(0.5 + 0.4 * X[:, 0]) / 2)).astype(float)


@pytest.fixture(scope="module")
def poisson(counts):
    return MLERegressor("poisson").fit(*counts)


@pytest.fixture(scope="module")
def labels():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(120, 2))
    return X, (rng.uniform(size=120) < expit(X @ [1.0, -2.0])).astype(int)


@pytest.fixture(scope="module")
def bernoulli(labels):
    return MLEClassifier().fit(*labels)


@pytest.fixture(scope="module")
def pictures(counts, poisson, labels, bernoulli):
    """Every display as a function of `ax` and the options of `plot`."""
    names = ("intercept", "x0")
    return {
        PredictiveFanDisplay: lambda **given: PredictiveFanDisplay.from_estimator(poisson, *counts, **given),
        PITDisplay: lambda **given: PITDisplay.from_estimator(poisson, *counts, **given),
        QuantileResidualDisplay: lambda **given: QuantileResidualDisplay.from_estimator(poisson, *counts, **given),
        RootogramDisplay: lambda **given: RootogramDisplay.from_estimator(poisson, *counts, **given),
        CoefficientDisplay: lambda **given: CoefficientDisplay.from_estimator(poisson, *counts, **given),
        ProfileDisplay: lambda **given: ProfileDisplay.from_estimator(poisson, *counts, "x0", n_points=6, **given),
        OptimizationPathDisplay: lambda **given: OptimizationPathDisplay.from_estimator(poisson, **given),
        LikelihoodSurfaceDisplay: lambda **given: LikelihoodSurfaceDisplay.from_estimator(
            poisson, *counts, names, n_points=7, **given
        ),
        LabelGradientDisplay: lambda **given: LabelGradientDisplay.from_estimator(bernoulli, *labels, **given),
    }


DISPLAYS = [getattr(displays, name) for name in displays.__all__]


# --- what all of them do ---


@pytest.mark.parametrize("display", DISPLAYS)
def test_it_draws_on_the_axes_given_and_changes_no_settings(pictures, display):
    figure, axes = plt.subplots(2, 2, figsize=(5, 4), layout="constrained")
    before = dict(plt.rcParams)
    drawn = pictures[display](ax=axes[1, 0])
    figure.canvas.draw()
    assert type(drawn) is display and drawn.ax_ is axes[1, 0] and drawn.figure_ is figure
    assert drawn.ax_.get_xlabel() and dict(plt.rcParams) == before
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("display", DISPLAYS)
def test_it_leaves_the_layout_of_a_grid_alone(pictures, display):
    figure, axes = plt.subplots(3, 3, figsize=(9, 7), layout="constrained")
    ax = pictures[display](ax=axes[1, 1]).ax_
    figure.canvas.draw()
    box = ax.get_position()
    assert box.width > 0.15 and box.height > 0.2


@pytest.mark.parametrize("display", DISPLAYS)
def test_it_makes_a_figure_and_draws_again(pictures, display):
    with plt.style.context("dark_background"), plt.rc_context({"figure.figsize": (3.2, 2.4)}):
        drawn = pictures[display]()
        first = drawn.figure_
        assert drawn.plot() is drawn and drawn.figure_ is not first
        drawn.figure_.canvas.draw()


@pytest.mark.parametrize("display", DISPLAYS)
def test_its_artists_take_options_by_any_of_their_names(pictures, display):
    drawn = pictures[display](zorder=7.5)
    artists = [artist for name, artist in vars(drawn).items() if name.endswith("_") and name not in ("ax_", "figure_")]
    flat = [one for artist in artists if artist is not None for one in np.ravel(np.array(artist, dtype=object))]
    assert any(one.get_zorder() == 7.5 for one in flat if hasattr(one, "get_zorder"))
    with pytest.raises(AttributeError, match="colour"):
        pictures[display](colour="red")


@pytest.mark.parametrize("display", DISPLAYS)
def test_without_matplotlib_it_says_what_to_install(pictures, display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=rf'{display.__name__}.plot needs .*pip install "sklearn-mle\[plot\]"'):
        pictures[display]()


def test_displays_are_imported_without_matplotlib():
    code = "import sys, sklearn_mle.displays; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_tables_of_any_kind_give_the_same_arrays(counts):
    X, y = counts
    plain = MLERegressor("poisson").fit(X, y)
    expected = PredictiveFanDisplay.from_estimator(plain, X, y, feature=1)
    for frame in pd.DataFrame(X, columns=NAMES), pl.DataFrame(X, schema=NAMES):
        target = frame["age"] * 0 + y if isinstance(frame, pd.DataFrame) else pl.Series("claims", y)
        model = MLERegressor("poisson").fit(frame, target)
        fan = PredictiveFanDisplay.from_estimator(model, frame, target, feature="power")
        assert_allclose(fan.intervals, expected.intervals)
        assert fan.feature_name == "power" and fan.ax_.get_xlabel() == "power"
        PITDisplay.from_estimator(model, frame, target)
        RootogramDisplay.from_estimator(model, frame, target)
        assert CoefficientDisplay.from_estimator(model, frame, target).names == NAMES
    assert fan.target_name == "claims"
    rows = sparse.csr_array(X)
    assert_allclose(PredictiveFanDisplay.from_estimator(plain, rows, y, feature=1).intervals, expected.intervals)


def test_pipelines_and_searches(counts):
    X, y = counts
    model = make_pipeline(StandardScaler(), MLERegressor("poisson"))
    search = GridSearchCV(model, {"mleregressor__likelihood": ["poisson"]}, cv=2).fit(X, y)
    inner = search.best_estimator_
    fan = PredictiveFanDisplay.from_estimator(search, X, y, feature=1)
    held = np.column_stack([np.full(100, np.sort(X[:, 0])[99]), fan.x])
    assert_allclose(fan.median, predict_dist(inner, held).median())
    assert_allclose(RootogramDisplay.from_estimator(search, X, y).expected.sum(), 200)
    PITDisplay.from_estimator(search, X, y)
    QuantileResidualDisplay.from_estimator(search, X, y)
    CoefficientDisplay.from_estimator(search, X, y)
    ProfileDisplay.from_estimator(search, X, y, "x0", n_points=4)
    path = OptimizationPathDisplay.from_estimator(search)
    assert_array_equal(path.loss, inner[-1].history_["loss"])
    surface = LikelihoodSurfaceDisplay.from_estimator(search, X, y, ("x0", "x1"), n_points=5)
    assert_allclose(surface.fitted, inner[-1].coef_)


# --- fan ---


def test_fan_holds_other_columns_at_values_that_they_have(counts):
    X, y = counts
    region = np.array(["north", "south", "south", "west"])[np.arange(200) % 4]
    frame = pd.DataFrame({"age": X[:, 0], "region": pd.Categorical(region), "doors": np.arange(200) % 2})
    encode = make_column_transformer(
        (OneHotEncoder(drop="first", sparse_output=False), ["region"]), remainder="passthrough"
    )
    model = make_pipeline(encode, MLERegressor("negative_binomial")).fit(frame, y)
    fan = PredictiveFanDisplay.from_estimator(model, frame, y, feature="age", coverage=[0.9])
    held = pd.DataFrame({"age": fan.x, "region": "south", "doors": 0})
    assert_allclose(fan.intervals[0], predict_dist(model, held).interval(0.9))
    held["region"], held["doors"] = "west", 1
    fan = PredictiveFanDisplay.from_estimator(model, frame, feature="age", held={"region": "west", 2: 1})
    assert_allclose(fan.intervals[2], predict_dist(model, held).interval(0.95))
    by_region = PredictiveFanDisplay.from_estimator(model, frame, y, feature="region")
    assert by_region.x.tolist() == ["north", "south", "west"] and not by_region.bands
    doors = PredictiveFanDisplay.from_estimator(model, frame, y, feature="doors")
    assert doors.x.tolist() == [0, 1] and doors.observed[0].tolist() == frame["doors"].tolist()


def test_fan_of_observed_rows_is_their_own_prediction(counts, poisson):
    X, y = counts
    fan = PredictiveFanDisplay.from_estimator(poisson, X, y, feature=1, held="observed")
    order = np.argsort(X[:, 1])
    shown = order[np.linspace(0, 199, 60).round().astype(int)]
    assert_allclose(fan.intervals[0], predict_dist(poisson, X[shown]).interval(0.5))
    assert_array_equal(fan.observed[1], y[shown])


def test_fan_intervals_are_nested_around_the_median(counts, poisson):
    fan = PredictiveFanDisplay.from_estimator(poisson, *counts, coverage=(0.9, 0.2, 0.6))
    inner, middle, outer = fan.intervals[[1, 2, 0]]
    assert (outer[0] <= middle[0]).all() and (middle[0] <= inner[0]).all() and (inner[0] <= fan.median).all()
    assert (fan.median <= inner[1]).all() and (inner[1] <= middle[1]).all() and (middle[1] <= outer[1]).all()
    assert [band.get_label() for band in fan.bands_] == ["90 %", "60 %", "20 %"]


def test_fan_rows_of_weight_0_are_not_there(counts, poisson):
    X, y = counts
    weight = np.ones(200)
    weight[:5], (bad := X.copy())[:5] = 0, 1e6
    fan = PredictiveFanDisplay.from_estimator(poisson, bad, y, sample_weight=weight)
    expected = PredictiveFanDisplay.from_estimator(poisson, X[5:], y[5:])
    assert_allclose(fan.x, expected.x)
    assert_allclose(fan.intervals, expected.intervals)
    assert_array_equal(fan.observed[1], expected.observed[1])


def test_fan_errors(counts, poisson, labels, bernoulli):
    X, y = counts
    with pytest.raises(TypeError, match="MLEClassifier has no predictive distribution"):
        PredictiveFanDisplay.from_estimator(bernoulli, *labels)
    for options, text in [
        ({"feature": 2}, "feature=2: X has 2 columns"),
        ({"feature": "age"}, "feature='age' names a column, but X has no column names"),
        ({"coverage": 1.2}, r"coverage takes probabilities in \(0, 1\); got 1.2"),
        ({"held": "mean"}, "held takes .*'mean'"),
        ({"held": {0: 1.0}}, "held names column 0, the feature that varies"),
    ]:
        with pytest.raises(ValueError, match=text):
            PredictiveFanDisplay.from_estimator(poisson, X, y, **options)
    with pytest.raises(ValueError, match=r"one number for each of the 200 rows of X; got y of shape \(3,\)"):
        PredictiveFanDisplay.from_estimator(poisson, X, y[:3])


# --- PIT ---


def test_pit_counts_add_up_and_the_band_is_binomial(counts, poisson):
    found = PITDisplay.from_estimator(poisson, *counts, random_state=0, level=0.9)
    assert len(found.counts) == 20 and found.counts.sum() == 200 and found.expected == 10
    inside = stats.binom(200, 1 / 20).cdf(found.band[1]) - stats.binom(200, 1 / 20).cdf(found.band[0] - 1)
    assert 1 - 0.1 / 20 <= inside < 1 - 0.1 / 40
    wrong = PITDisplay.from_predictions(np.random.default_rng(0).normal(size=200), stats.norm(0, 0.5))
    assert (wrong.counts[[0, -1]] > wrong.band[1]).all()  # y varies more than the law


def test_pit_of_true_laws_lies_in_the_band():
    rng = np.random.default_rng(0)
    inside = [PITDisplay(rng.uniform(size=100)) for _ in range(200)]
    share = np.mean([((d.band[0] <= d.counts) & (d.counts <= d.band[1])).all() for d in inside])
    assert share > 0.95 - 0.03  # the level less two standard errors of 200 draws


def test_pit_weight_2_is_the_row_twice():
    u, weight = np.random.default_rng(0).uniform(size=60), np.arange(60) % 3
    twice = PITDisplay(np.repeat(u, weight), bins=7)
    found = PITDisplay(u, sample_weight=weight, bins=7)
    assert_allclose(found.counts, twice.counts)
    assert_allclose(found.band, twice.band)
    assert found.expected == twice.expected


def test_pit_of_given_laws_and_of_a_fit(counts, labels, bernoulli):
    y = np.random.default_rng(0).normal(size=50)
    assert_allclose(PITDisplay.from_predictions(y, stats.norm(0, 1)).pit, stats.norm.cdf(y))
    X = counts[0][:50]
    model = MLERegressor("logistic").fit(X, y)
    expected = PITDisplay.from_predictions(y, predict_dist(model, X)).pit
    assert_allclose(PITDisplay.from_estimator(model, X, y).pit, expected)
    assert PITDisplay.from_estimator(bernoulli, *labels).counts.sum() == 120
    time = np.column_stack([np.exp(y), np.where(np.arange(50) % 4, np.exp(y), np.inf)])  # each fourth censored
    survival = MLERegressor(Censored(Weibull())).fit(X, time)
    found = PITDisplay.from_estimator(survival, X, time, random_state=0)
    assert ((found.band[0] <= found.counts) & (found.counts <= found.band[1])).all()
    shares = np.column_stack([np.arange(50) % 4, 3 - np.arange(50) % 4])
    assert PITDisplay.from_estimator(MLERegressor("binomial").fit(X, shares), X, shares).counts.sum() == 50


# --- worm and QQ ---


def test_worm_band_is_that_of_order_statistics():
    found = QuantileResidualDisplay(np.random.default_rng(0).normal(size=30), level=0.9)
    i = np.arange(1, 31)
    assert_allclose(found.lower, ndtri(stats.beta(i, 31 - i).ppf(0.05)))
    assert_allclose(found.upper, ndtri(stats.beta(i, 31 - i).ppf(0.95)))
    assert_allclose(found.normal, ndtri((i - 0.5) / 30))
    # van Buuren and Fredriks's formula is the same for many rows.
    z = np.array([-1.0, 0.0, 2.0])
    many = QuantileResidualDisplay(np.zeros(10_000))
    error = np.sqrt(stats.norm.cdf(z) * stats.norm.sf(z) / 10_000) / stats.norm.pdf(z)
    assert_allclose(np.subtract(*many.band(stats.norm.cdf(z))[::-1]) / 2, stats.norm.ppf(0.975) * error, rtol=0.01)


def test_worm_of_a_true_model_lies_in_the_band_and_of_a_false_one_does_not():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    y = X[:, 0] + rng.standard_t(2, size=400)

    def share_inside(likelihood):
        d = QuantileResidualDisplay.from_estimator(MLERegressor(likelihood).fit(X, y), X, y)
        return np.mean((d.lower <= d.residuals) & (d.residuals <= d.upper))

    assert share_inside(StudentT()) > 0.95
    assert share_inside("gaussian") < 0.6


def test_worm_weights():
    r = np.random.default_rng(0).normal(size=40)
    weight = np.arange(40) % 4
    found = QuantileResidualDisplay(r, sample_weight=weight)
    assert found.n == weight.sum() and len(found.residuals) == 30
    twice = QuantileResidualDisplay(np.repeat(r, weight))
    for share in 0.01, 0.3, 0.9:
        assert_allclose(found.band(share), twice.band(share))
    # Where a row stands for two, it stands between their places.
    at = np.searchsorted(twice.residuals, found.residuals)
    assert (found.normal >= twice.normal[at]).all()


@pytest.mark.parametrize("kind", ["worm", "qq"])
def test_worm_points_are_thinned_but_not_the_tails(kind):
    found = QuantileResidualDisplay(np.random.default_rng(0).normal(size=20_000)).plot(kind=kind)
    drawn = found.points_.get_offsets()
    assert len(drawn) <= 1000
    shift = found.normal if kind == "worm" else 0
    assert_allclose(drawn[[0, 1, -2, -1], 1], (found.residuals - shift)[[0, 1, -2, -1]])
    with pytest.raises(ValueError, match=r"kind takes one of \['worm', 'qq'\]; got 'pp'"):
        found.plot(kind="pp")


# --- rootogram ---


def test_rootogram_adds_up_the_probabilities(counts, poisson):
    X, y = counts
    found = RootogramDisplay.from_estimator(poisson, X, y)
    assert found.observed.sum() == 200
    assert_allclose(found.expected.sum(), 200)
    top = int(y.max())
    assert_array_equal(found.observed[:-1], np.bincount(y.astype(int)))
    law = predict_dist(poisson, X)
    assert_allclose(found.expected[:-1], law.pmf(np.arange(top + 1)[:, None]).sum(axis=1))
    assert_allclose(found.expected[-1], law.sf(top).sum())


@pytest.mark.parametrize("max_count", [None, 3, 0])
def test_rootogram_weight_2_is_the_row_twice(counts, poisson, max_count):
    X, y = counts
    weight = np.arange(200) % 3
    found = RootogramDisplay.from_estimator(poisson, X, y, sample_weight=weight, max_count=max_count)
    twice = RootogramDisplay.from_estimator(
        poisson, np.repeat(X, weight, axis=0), np.repeat(y, weight), max_count=max_count
    )
    assert_allclose(found.observed, twice.observed)
    assert_allclose(found.expected, twice.expected)
    assert max_count is None or found.lower.tolist() == [*range(max_count + 2)]


@pytest.mark.filterwarnings("ignore:.*x0 is constant")
def test_rootogram_of_large_counts_has_few_bars():
    y = np.concatenate([np.random.default_rng(0).poisson(800, 300), [10**6]]).astype(float)
    law = predict_dist(MLERegressor(Poisson()).fit(np.zeros((301, 1)), y), np.zeros((301, 1)))
    found = RootogramDisplay.from_predictions(y, law)
    assert len(found.lower) <= 41 and found.observed.sum() == 301
    assert_allclose(found.expected.sum(), 301)
    assert found.lower[-1] < 1000 and found.ax_.get_xticklabels()[-1].get_text().endswith("+")


def test_rootogram_of_shares_and_zeros(counts):
    X, y = counts
    y = np.minimum(y, 4)
    five = RootogramDisplay.from_estimator(MLERegressor(Binomial(n=4)).fit(X, y), X, y)
    assert not five.last_is_open and five.lower.tolist() == [0, 1, 2, 3, 4]
    pair = np.column_stack([y, 4 - y])
    two_columns = RootogramDisplay.from_estimator(MLERegressor(Binomial()).fit(X, pair), X, pair)
    assert_allclose(two_columns.expected, five.expected)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zeros = MLERegressor("poisson").fit(X, 0 * y)
    found = RootogramDisplay.from_estimator(zeros, X, 0 * y)
    assert_allclose(found.observed, [200])


def test_rootogram_errors(counts, poisson, labels, bernoulli):
    X, y = counts
    with pytest.raises(ValueError, match=r"A rootogram shows counts; Gaussian\(\) is no law of counts. Use PITDisplay"):
        RootogramDisplay.from_estimator(MLERegressor().fit(X, y), X, y)
    with pytest.raises(TypeError, match="predict_proba"):
        RootogramDisplay.from_estimator(bernoulli, *labels)
    with pytest.raises(ValueError, match=r"A rootogram shows counts; y\[0\] is .*\.5, no integer"):
        RootogramDisplay.from_estimator(poisson, X, y + 0.5)
    with pytest.raises(ValueError, match="y has 3 rows, X has 200"):
        RootogramDisplay.from_estimator(poisson, X, y[:3])


# --- coefficients ---


def test_coefficients_are_those_of_inference(counts):
    X, y = counts
    model = MLERegressor("negative_binomial", regressed="all").fit(X, y)
    inference = Inference.from_estimator(model, X, y, covariance="sandwich")
    found = CoefficientDisplay.from_estimator(model, X, y, covariance="sandwich", level=0.9)
    assert found.names == ["x0", "x1", "alpha:x0", "alpha:x1"]
    ends = inference.conf_int(0.9)
    assert_allclose(found.intervals, np.concatenate([ends["mu"][1:], ends["alpha"][1:]]))
    assert_allclose(found.estimates, [*model.coefs_["mu"], *model.coefs_["alpha"]])
    one = CoefficientDisplay.from_inference(inference, parameter="alpha", intercept=True)
    assert one.names == ["alpha:intercept", "alpha:x0", "alpha:x1"] and one.scale == "log(alpha)"
    with pytest.raises(
        ValueError, match=r"parameter='sigma' has no coefficients; those that have are \['mu', 'alpha'\]"
    ):
        CoefficientDisplay.from_inference(inference, parameter="sigma")


@pytest.mark.filterwarnings("ignore:.*x0, x2 are collinear")
def test_coefficients_of_classes_and_of_columns_without_information(labels):
    X, _ = labels
    y = np.arange(120) % 3
    found = CoefficientDisplay.from_estimator(MLEClassifier().fit(X, y), X, y)
    assert found.names[0] == "logits[0]:x0" and len(found.names) == 6
    doubled = np.column_stack([X, X[:, 0]])
    model = MLERegressor().fit(doubled, X @ [1.0, 2.0] + np.sin(y))
    found = CoefficientDisplay.from_estimator(model, doubled, X @ [1.0, 2.0] + np.sin(y))
    assert np.isnan(found.estimates).tolist() == [True, False, True]
    with pytest.raises(ValueError, match="sigma has no slopes: pass intercept=True"):
        CoefficientDisplay.from_estimator(model, doubled, X @ [1.0, 2.0] + np.sin(y), parameter="sigma")


def test_coefficients_with_endless_intervals_and_long_names():
    names = [f"a name that is far too long for any figure, number {i}" for i in range(40)]
    ends = np.column_stack([np.full(40, -np.inf), np.full(40, np.inf)])
    drawn = CoefficientDisplay(names, np.arange(40.0), ends).plot()
    drawn.figure_.canvas.draw()
    box = drawn.ax_.get_window_extent()
    assert np.isfinite(drawn.ax_.get_xlim()).all() and box.width > 0.3 * drawn.figure_.bbox.width
    labels = drawn.ax_.get_yticklabels()
    boxes = [label.get_window_extent() for label in labels]
    assert all(upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(boxes))
    assert len({label.get_text() for label in labels}) == 40  # shortened, but told apart


# --- profiles ---


def test_profile_is_the_fit_with_the_coefficient_held(counts, poisson):
    X, y = counts
    found = ProfileDisplay.from_estimator(poisson, X, y, "x0", n_points=8).profile
    for t, fall in zip(found.values, found.fall, strict=True):
        held = MLERegressor("poisson", offset=0).fit(np.column_stack([t * X[:, 0], X[:, 1]]), y)
        assert_allclose(fall, held.log_likelihood_ - poisson.log_likelihood_, atol=1e-8)
    assert found.fall[len(found.fall) // 2] == 0 and found.values[len(found.values) // 2] == poisson.coef_[0]
    ends = Inference.from_estimator(poisson, X, y).conf_int(method="profile")["mu"][1]
    assert_allclose([found.lower, found.upper], ends)
    assert_allclose(found.cut, stats.chi2(1).ppf(0.95) / 2)
    assert found.values[0] < found.lower and found.values[-1] > found.upper


def test_profile_of_a_quadratic_is_walds():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    y = X @ [1.0, 2.0] + rng.normal(size=30)
    found = ProfileDisplay.from_estimator(MLERegressor(Gaussian(sigma=1.0)).fit(X, y), X, y, "x1", level=0.8)
    assert_allclose(found.wald, found.profile.fall, atol=1e-9)
    scaled = Inference.from_estimator(MLERegressor().fit(X, y), X, y, dispersion="pearson")
    assert_allclose(scaled.profile("x1").lower, scaled.conf_int(method="profile")["mu"][2, 0])


def test_profile_of_a_constant_and_of_a_limit(counts):
    X, y = counts
    model = MLERegressor("negative_binomial").fit(X, y)
    found = ProfileDisplay.from_estimator(model, X, y, "alpha", n_points=4)
    assert found.ax_.get_xlabel() == "log(alpha)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zeros = MLERegressor("poisson").fit(X, 0 * y)
        found = ProfileDisplay.from_estimator(zeros, X, 0 * y, "intercept", n_points=4)
    assert found.profile.lower == -np.inf and np.isfinite(found.profile.values).all()
    found.figure_.canvas.draw()


def test_profile_where_the_nll_has_kinks(counts):
    X, y = counts
    model = MLERegressor("laplace").fit(X, y + 0.1 * X[:, 1])
    with pytest.raises(ValueError, match="Use covariance='sandwich'"):
        ProfileDisplay.from_estimator(model, X, y + 0.1 * X[:, 1], "scale")
    found = ProfileDisplay.from_estimator(model, X, y + 0.1 * X[:, 1], "scale", covariance="expected", n_points=4)
    # Given mu, the log-likelihood of log(scale) = t falls by n (t - t_hat + exp(t_hat - t) - 1).
    d = found.profile.values - found.profile.estimate
    assert_allclose(found.profile.fall, -200 * (d + np.exp(-d) - 1), atol=1e-6)


def test_profile_errors(counts, poisson, labels):
    X, y = counts
    with pytest.raises(ValueError, match="'alpha' is none of the reported numbers"):
        ProfileDisplay.from_estimator(poisson, X, y, "alpha")
    squared = MLEClassifier("gaussian_on_labels").fit(*labels)
    inference = Inference.from_estimator(squared, *labels, covariance="sandwich")
    with pytest.raises(ValueError, match="its profile is no likelihood's"):
        inference.profile("x0")


# --- path ---


def test_path_is_the_history(poisson):
    found = OptimizationPathDisplay.from_estimator(poisson)
    assert_array_equal(found.loss, poisson.history_["loss"])
    assert_allclose(found.gap[0], found.loss[0] - found.loss.min())
    assert np.isnan(found.gap[np.argmin(found.loss)])
    known = OptimizationPathDisplay([3.0, 2.0], [1.0, 0.0], least=1.5, name="sgd")
    assert known.gap.tolist() == [1.5, 0.5]
    assert known.plot(ax=found.ax_).gap_.get_label() == "sgd, gap of the loss"
    found.figure_.canvas.draw()


def test_path_errors(counts):
    with pytest.raises(TypeError, match=r"keeps `history_`; got MLERegressor without one"):
        OptimizationPathDisplay.from_estimator(MLERegressor())
    with pytest.raises(TypeError, match="got StandardScaler"):
        OptimizationPathDisplay.from_estimator(StandardScaler())


# --- surface ---


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_surface_is_the_mean_nll_and_the_path_ends_at_its_minimum(counts, solver):
    X, y = counts
    model = MLERegressor("negative_binomial", solver=solver).fit(X, y)
    found = LikelihoodSurfaceDisplay.from_estimator(model, X, y, ("x1", "alpha"), n_points=5)
    assert found.nll.shape == (5, 5) and np.unravel_index(found.nll.argmin(), (5, 5)) == (2, 2)
    assert_allclose(found.nll[2, 2], -model.log_likelihood_ / 200)
    assert_allclose(found.fitted, [model.coef_[1], model.intercepts_["alpha"]])
    assert (found.x[2], found.y[2]) == found.fitted
    at = model.coef_.copy()
    at[1] = found.x[0]
    mu, alpha = np.exp(X @ at + model.intercept_), np.exp(found.y[3])
    assert_allclose(found.nll[3, 0], -stats.nbinom.logpmf(y, 1 / alpha, 1 / (1 + alpha * mu)).mean())
    assert_allclose(found.path[-1], found.fitted, atol=1e-6)
    assert len(found.path) > 2 and np.all(found.path >= [found.x[0], found.y[0]])
    edges = found.nll[[0, -1, 2, 2], [2, 2, 0, -1]]  # four standard errors away or more, if F were a quadratic
    assert np.all(200 * (edges - found.nll.min()) > 4)


def test_surface_of_classes_and_penalties(labels):
    X, _ = labels
    y = np.arange(120) % 3
    model = MLEClassifier(alpha=0.1, l1_ratio=0.3).fit(X, y)
    found = LikelihoodSurfaceDisplay.from_estimator(model, X, y, ("logits[2]:x0", "logits[1]:intercept"), n_points=3)
    penalty = 0.1 * (0.3 * np.abs(model.coef_).sum() + 0.35 * (model.coef_**2).sum())
    assert_allclose(found.nll[1, 1], -model.log_likelihood_ / 120 + penalty)
    assert found.nll.argmin() == 4
    assert_allclose(found.path[-1], [model.coef_[2, 0], model.intercept_[1]], atol=1e-8)
    for solver in "newton", SGD(method="adam", max_iter=500):  # Adam's steps do not keep the logits centred
        free = MLEClassifier(solver=solver, random_state=0).fit(X, y)
        found = LikelihoodSurfaceDisplay.from_estimator(free, X, y, ("logits[2]:x0", "logits[1]:intercept"), n_points=3)
        assert_allclose(found.path[-1], [free.coef_[2, 0], free.intercept_[1]], atol=1e-8)


def test_surface_leaves_the_estimator_as_it_was(counts, poisson):
    before = {name: repr(value) for name, value in vars(poisson).items()}
    LikelihoodSurfaceDisplay.from_estimator(poisson, *counts, ("x0", "x1"), n_points=3)
    assert {name: repr(value) for name, value in vars(poisson).items()} == before


def test_surface_errors(counts, poisson):
    for names, text in [
        (("x0", "x0"), "takes two names"),
        ("x0", "takes two names"),
        (("x0", "x7"), r"'x7' is no coefficient; they are \['intercept', 'x0', 'x1'\]"),
    ]:
        with pytest.raises(ValueError, match=text):
            LikelihoodSurfaceDisplay.from_estimator(poisson, *counts, names)


# --- gradients ---


def test_gradients_are_those_of_the_formulas():
    found = LabelGradientDisplay.from_likelihoods(["bernoulli", "gaussian_on_labels", "categorical", "ordinal"])
    p = expit(found.logit)
    assert_allclose(found.gradients["Bernoulli"], p - 1, atol=1e-15)
    assert_allclose(found.gradients["GaussianOnLabels"], (p - 1) * p * (1 - p), atol=1e-15)
    assert_allclose(found.gradients["Categorical"], p - 1, atol=1e-15)
    assert_allclose(found.gradients["Ordinal"], p - 1, atol=1e-12)


@pytest.mark.parametrize("likelihood", ["auto", "categorical", "gaussian_on_labels"])
def test_gradients_of_rows_lie_on_the_curve(labels, likelihood):
    X, y = labels
    model = MLEClassifier(likelihood, alpha=1e-3).fit(X, y)
    found = LabelGradientDisplay.from_estimator(model, X, y)
    logit, gradient = found.rows
    assert_allclose(logit, np.where(y == 1, 1, -1) * model.decision_function(X))
    p = expit(logit)
    slope = p * (1 - p) if likelihood == "gaussian_on_labels" else 1
    assert_allclose(np.abs(gradient), (1 - p) * slope)


def test_gradient_errors(counts, poisson, labels):
    with pytest.raises(ValueError, match=r"needs a likelihood of labels; got Poisson\(\)"):
        LabelGradientDisplay.from_likelihoods(["poisson"])
    with pytest.raises(ValueError, match="labels of two classes"):
        LabelGradientDisplay.from_estimator(poisson, *counts)
    with pytest.raises(ValueError, match="labels of two classes"):
        LabelGradientDisplay.from_estimator(
            MLEClassifier().fit(labels[0], np.arange(120) % 3), labels[0], np.arange(120) % 3
        )
    assert list(LabelGradientDisplay.from_likelihoods([GaussianOnLabels(link="identity")]).gradients) == [
        "GaussianOnLabels(link='identity')"
    ]


# --- small data ---


def test_ten_rows(pictures):
    X = np.arange(10.0)[:, None]
    y = np.array([3.0, 1, 2, 5, 4, 2, 6, 9, 5, 8])
    model = MLERegressor().fit(X, y)
    assert PITDisplay.from_estimator(model, X, y).counts.sum() == 10
    for display in (
        PredictiveFanDisplay.from_estimator(model, X, y),
        QuantileResidualDisplay.from_estimator(model, X, y),
        CoefficientDisplay.from_estimator(model, X, y, method="profile"),
        ProfileDisplay.from_estimator(model, X, y, "sigma"),
        OptimizationPathDisplay.from_estimator(model),
        LikelihoodSurfaceDisplay.from_estimator(model, X, y, ("intercept", "x0"), n_points=5),
    ):
        display.figure_.canvas.draw()


def test_names_of_coefficients_stay_inside_the_figure_and_off_the_axes_beside():
    names = ["x" * 40, "sex[T.other]:body_mass_index"]
    display = CoefficientDisplay(names, np.array([1.0, -1.0]), np.array([[0.5, 1.5], [-2.0, 0.0]]))
    figure, axes = plt.subplots(1, 2, figsize=(7, 3))  # no layout makes room
    for ax in axes:
        display.plot(ax=ax)
    figure.canvas.draw()
    for ax, edge in zip(axes, [0.0, axes[0].get_window_extent().x1], strict=True):
        assert min(label.get_window_extent().x0 for label in ax.get_yticklabels()) >= edge


def test_coefficients_of_a_penalised_fit_are_shown_if_one_insists(counts):
    X, y = counts
    model = MLERegressor("poisson", alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match="allow_penalized"):
        CoefficientDisplay.from_estimator(model, X, y)
    drawn = CoefficientDisplay.from_estimator(model, X, y, allow_penalized=True)
    assert_allclose(drawn.estimates, model.coef_)
