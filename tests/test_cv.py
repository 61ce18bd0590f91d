"""Paths over alpha, and the best of them by cross-validation."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNetCV
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mle import Batches, Inference, MLEClassifier, MLEClassifierCV, MLERegressor, MLERegressorCV
from sklearn_mle.solvers import SGD

rng = np.random.default_rng(0)
N, P = 240, 12
X = rng.standard_normal((N, P))
ETA = X[:, :3] @ [1.0, -0.7, 0.4]
NUMBERS = ETA + rng.standard_normal(N)
COUNTS = rng.poisson(np.exp(0.5 * ETA))
LABELS = np.array(["a", "b", "c"])[np.digitize(ETA + rng.logistic(size=N), [-1, 1])]
FOLDS = KFold(3)


@parametrize_with_checks([MLERegressorCV(alphas=3, cv=2), MLEClassifierCV(alphas=3, cv=2)])
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_the_path_is_that_of_single_fits(l1_ratio):
    model = MLERegressorCV("poisson", alphas=6, l1_ratio=l1_ratio, cv=FOLDS).fit(X, COUNTS)
    assert model.alphas_.shape == (6,) and (np.diff(model.alphas_) < 0).all()
    assert model.score_path_.shape == (6, 3) and model.coef_path_.shape == (6, P) == (6, *model.coef_.shape)
    for alpha, coef, intercept, scores in zip(
        model.alphas_, model.coef_path_, model.intercept_path_, model.score_path_, strict=True
    ):
        single = MLERegressor("poisson", alpha=alpha, l1_ratio=l1_ratio)

        def mean_log_prob(model, X, y):
            return model.log_prob(X, y).mean()

        np.testing.assert_allclose(
            scores, cross_val_score(single, X, COUNTS, cv=FOLDS, scoring=mean_log_prob), rtol=1e-8
        )
        single.fit(X, COUNTS)
        np.testing.assert_allclose(coef, single.coef_, atol=1e-6)
        assert intercept == pytest.approx(single.intercept_, abs=1e-6)
    best = model.score_path_.mean(axis=1).argmax()
    assert model.alpha_ == model.alpha == model.alphas_[best]
    np.testing.assert_allclose(model.coef_, model.coef_path_[best], atol=1e-6)
    if l1_ratio == 0.0:
        assert Inference.from_estimator(model, X, COUNTS, allow_penalized=True).n_obs == N
    else:
        with pytest.raises(ValueError, match="The fit has an l1 penalty"):
            Inference.from_estimator(model, X, COUNTS, allow_penalized=True)


def test_the_grid_begins_where_the_first_slope_leaves_zero():
    model = MLERegressorCV("poisson", alphas=5, l1_ratio=0.9, cv=FOLDS).fit(X, COUNTS)
    first = model.alphas_[0]
    assert model.alphas_[-1] == pytest.approx(1e-3 * first)
    for factor, zero in [(1.0001, True), (0.999, False)]:
        fit = MLERegressor("poisson", alpha=first * factor, l1_ratio=0.9).fit(X, COUNTS)
        assert (not fit.coef_.any()) is zero


def test_gaussian_chooses_as_elastic_net_does():
    """Its alpha is that of least squares over sigma^2: the grids differ, the best model hardly."""
    model = MLERegressorCV(alphas=50, l1_ratio=1.0, cv=FOLDS, scoring="neg_mean_squared_error").fit(X, NUMBERS)
    peer = ElasticNetCV(l1_ratio=1.0, cv=FOLDS, alphas=50).fit(X, NUMBERS)
    np.testing.assert_allclose(model.coef_, peer.coef_, atol=0.05)
    best = -model.score_path_.mean(axis=1).max()
    assert best == pytest.approx(peer.mse_path_.mean(axis=1).min(), rel=5e-3)


def test_classifier():
    model = MLEClassifierCV(alphas=4, cv=3, l1_ratio=1.0, scoring="accuracy").fit(X, LABELS)
    assert model.classes_.tolist() == ["a", "b", "c"] and model.coef_path_.shape == (4, 3, P)
    assert is_classifier(model) and is_regressor(MLERegressorCV())
    peer = MLEClassifier(alpha=model.alpha_, l1_ratio=1.0).fit(X, LABELS)
    np.testing.assert_allclose(model.predict_proba(X), peer.predict_proba(X), atol=1e-8)


def test_folds_in_threads_weights_and_frames():
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(P)])
    model = MLERegressorCV("poisson", alphas=4, cv=FOLDS)
    serial = clone(model).fit(frame, COUNTS)
    np.testing.assert_array_equal(clone(model).set_params(n_jobs=2).fit(frame, COUNTS).score_path_, serial.score_path_)
    weighted = clone(model).fit(frame, COUNTS, sample_weight=np.full(N, 2.0))
    np.testing.assert_allclose(weighted.score_path_, serial.score_path_, rtol=1e-10)
    assert list(serial.feature_names_in_) == list(frame)
    assert make_pipeline(StandardScaler(), model).fit(X, COUNTS).predict(X).shape == (N,)


def test_alphas_of_ones_own_and_wrong_ones():
    model = MLERegressorCV(alphas=[0.1, 1.0, 0.0], cv=FOLDS).fit(X, NUMBERS)
    assert model.alphas_.tolist() == [1.0, 0.1, 0.0]
    for wrong in ([-1.0], [], 0, -3, None, "auto", True, [np.nan]):
        with pytest.raises(ValueError, match="alphas must be a number of them, or numbers >= 0"):
            MLERegressorCV(alphas=wrong).fit(X, NUMBERS)
    with pytest.raises(ValueError, match="needs a smooth penalty"):
        MLERegressorCV(l1_ratio=0.5, solver="newton").fit(X, NUMBERS)
    with pytest.raises(ValueError, match="needs a smooth penalty"):
        MLERegressorCV(alphas=[1.0, 0.0], l1_ratio=0.5, solver="newton").fit(X, NUMBERS)
    assert not hasattr(MLERegressorCV(solver="sgd"), "partial_fit")


def test_warnings_come_once():
    y = COUNTS + 0.5
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        MLERegressorCV("poisson", alphas=3, cv=FOLDS).fit(X, y)
    assert [str(one.message)[:6] for one in caught] == ["Poisso"]


def test_weight_1_everywhere_is_no_weight_and_weight_2_the_row_twice():
    folds = [(np.arange(100, N), np.arange(100)), (np.arange(200), np.arange(200, N))]  # of unequal sizes
    model = MLERegressorCV("poisson", alphas=8, l1_ratio=1.0, cv=folds)
    plain, ones = clone(model).fit(X, COUNTS), clone(model).fit(X, COUNTS, sample_weight=np.ones(N))
    np.testing.assert_allclose(ones.score_path_, plain.score_path_, rtol=1e-12)
    assert ones.alpha_ == plain.alpha_

    def divided(model, X, y, sample_weight=None):  # folds count by rows: 40 times 2 is less than 100
        return -model.alpha_ if len(y) == 100 else 2 * model.alpha_

    for weight in (None, np.ones(N)):
        assert clone(model).set_params(scoring=divided).fit(X, COUNTS, weight).alpha_ == plain.alphas_[-1]
    twice = np.repeat(np.arange(N), 1 + (np.arange(N) < 40))
    at = [[np.flatnonzero(np.isin(twice, part)) for part in fold] for fold in folds]
    weighted = clone(model).fit(X, COUNTS, sample_weight=1.0 + (np.arange(N) < 40))
    repeated = clone(model).set_params(cv=at).fit(X[twice], COUNTS[twice])
    np.testing.assert_allclose(weighted.score_path_, repeated.score_path_, rtol=1e-6)
    assert weighted.alpha_ == pytest.approx(repeated.alpha_)


@pytest.mark.parametrize("scoring", [None, "neg_mean_poisson_deviance"])
def test_rows_of_weight_0_influence_no_score(scoring):
    model = MLERegressorCV("poisson", alphas=4, scoring=scoring, cv=FOLDS)
    weight, y = np.ones(N), COUNTS.astype(float)
    weight[[3, 100]], y[3], y[100] = 0.0, -1.0, 1e6
    kept = np.flatnonzero(weight)
    place = np.cumsum(weight > 0) - 1
    folds = [tuple(place[part[weight[part] > 0]] for part in fold) for fold in FOLDS.split(X)]
    weighted, without = clone(model).fit(X, y, weight), clone(model).set_params(cv=folds).fit(X[kept], y[kept])
    np.testing.assert_allclose(weighted.score_path_, without.score_path_, rtol=1e-8)
    assert weighted.alpha_ == pytest.approx(without.alpha_)
    weight[:80] = 0.0  # a fold
    scores = clone(model).fit(X, y, weight).score_path_
    assert not scores[:, 0].any() and np.isfinite(scores).all()


def test_one_weight_for_all_rows():
    model = MLERegressorCV("poisson", alphas=4, cv=FOLDS)
    one, other = clone(model).fit(X, COUNTS, 2.0), clone(model).fit(X, COUNTS, np.full(N, 2.0))
    np.testing.assert_array_equal(one.score_path_, other.score_path_)


def test_batches_have_no_folds():
    batches = Batches([(X, COUNTS)])
    with pytest.raises(TypeError, match=r"cannot be divided. Choose alpha on a sample .* `path`, which takes batches"):
        MLERegressorCV("poisson").fit(batches)
    ours, theirs = (MLERegressorCV("poisson", alphas=3).path(*table) for table in ([batches], [X, COUNTS]))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one.coef_, other.coef_)


def test_a_generator_is_drawn_from_before_folds_part():
    """One RandomState shared by threads would give each fold what the others leave."""
    model = MLEClassifierCV("bernoulli", alphas=2, cv=FOLDS, solver=SGD(max_iter=2))
    scores = [
        clone(model).set_params(n_jobs=n_jobs, random_state=np.random.RandomState(3)).fit(X, LABELS == "a").score_path_
        for n_jobs in (1, 3, 3)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])


@pytest.mark.parametrize("scoring", [["accuracy"], {"a": "accuracy"}, ("accuracy", "roc_auc")])
def test_one_rule_chooses(scoring):
    with pytest.raises(ValueError, match=r"MLEClassifierCV: scoring must be one rule.*use GridSearchCV"):
        MLEClassifierCV(scoring=scoring).fit(X, LABELS)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_the_path_without_folds(l1_ratio):
    model = MLERegressorCV("poisson", alphas=5, l1_ratio=l1_ratio, cv=FOLDS)
    path, fitted = model.path(X, COUNTS), clone(model).fit(X, COUNTS)
    assert not hasattr(model, "coef_") and [one.alpha_ for one in path] == fitted.alphas_.tolist()
    np.testing.assert_array_equal([one.coef_ for one in path], fitted.coef_path_)
    for one in path:
        single = MLERegressor("poisson", alpha=one.alpha_, l1_ratio=l1_ratio).fit(X, COUNTS)
        assert one.converged_ and one.log_likelihood_ == pytest.approx(single.log_likelihood_, rel=1e-7)
        np.testing.assert_allclose(one.predict(X), single.predict(X), rtol=1e-4)


def test_verbose_tells_of_folds_and_of_the_choice(capsys):
    X, y = load_diabetes(return_X_y=True)
    model = MLERegressorCV("poisson", alphas=[0.1, 1.0, 1e4], cv=3, verbose=1).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert lines[4].startswith("iteration    1  F ") and len(lines) == 4 + len(model.history_["loss"])
    for k, line in enumerate(lines[:3]):
        i, score = model.score_path_[:, k].argmax(), model.score_path_[:, k].max()
        assert line == f"fold {k + 1} of 3: alpha {model.alphas_[i]:g} ({i + 1} of 3) scores {score:.8g}"
    assert lines[3].startswith(f"mean: alpha {model.alpha_:g} (")
    MLERegressorCV(alphas=[0.1, 1.0], cv=3).fit(X, y)
    assert capsys.readouterr().out == ""
