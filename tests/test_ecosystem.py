"""Both estimators among their neighbours: scikit-learn's tools, tables of all kinds, threads and processes."""

import pickle
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse, stats
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingClassifier, VotingRegressor
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, SplineTransformer, StandardScaler

from sklearn_mle import Bernoulli, Likelihood, MLEClassifier, MLERegressor, NegativeBinomial, StudentT, predict_dist
from sklearn_mle.likelihoods import LIKELIHOODS, LabelLikelihood
from sklearn_mle.metrics import log_score
from sklearn_mle.solvers import SGD

# One optimum reached through other units, other containers or other orders of summation.
SAME_OPTIMUM = 1e-8

FORMS = {
    "csr": sparse.csr_array,
    "csc": sparse.csc_array,
    "coo": sparse.coo_array,
    "csr_matrix": sparse.csr_matrix,
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "list": lambda X: X.tolist(),
    "pandas": lambda X: pd.DataFrame(X, columns=["a", "b", "c"]),
    "polars": lambda X: pl.DataFrame(X, schema=["a", "b", "c"]),
}


def table(n=150):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 3))
    return rng, X, X @ [0.5, -0.3, 0.2] + 0.3


def data_of(name):
    """The estimator of a registry entry and a table with a finite optimum for it."""
    rng, X, eta = table()
    cls = LIKELIHOODS[name]
    if issubclass(cls, LabelLikelihood):
        return (
            MLEClassifier,
            X,
            np.digitize(4 * eta + rng.logistic(size=len(X)), [0.0, 3.0] if cls.multi_class else [1.0]),
        )
    if cls().support.integer:
        y = rng.poisson(np.exp(eta) * rng.gamma(2.0, 0.5, len(X)))
        return MLERegressor, X, y if cls().support.columns == 1 else np.column_stack([y, rng.poisson(3, len(X))])
    y, support = eta + rng.standard_t(4, len(X)), cls().support
    if support.lower == 0:
        y = np.exp(y / 2) if support.upper == np.inf else 1 / (1 + np.exp(-y))
        y = np.maximum(y - 0.8, 0.0) if name == "tweedie" else y  # without zeros its power goes to 2
    return MLERegressor, X, y


def counts():
    return data_of("negative_binomial")[1:]


def labels(name="categorical"):
    return data_of(name)[1:]


def close(actual, expected, tolerance=SAME_OPTIMUM):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def outputs(model, X):
    """What a user sees of a model at X."""
    if hasattr(model, "predict_proba"):
        return [model.coef_, model.intercept_, model.predict_proba(X), model.decision_function(X)]
    return [model.coef_, model.intercept_, *model.predict(X, return_std=True), model.predict_interval(X)]


# --- tables ---


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_tables_of_every_kind(name, form):
    estimator, X, y = data_of(name)
    X[np.abs(X) < 0.5] = 0.0
    table = FORMS[form](X)
    weight = np.random.default_rng(0).uniform(0, 2, len(y))
    model, reference = estimator(name).fit(table, y, weight), estimator(name).fit(X, y, weight)
    for actual, expected in zip(outputs(model, table), outputs(reference, X), strict=True):
        close(actual, expected)
    close(model.log_prob(table, y), reference.log_prob(X, y))
    assert hasattr(model, "feature_names_in_") == (form in ("pandas", "polars"))


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_single_precision_is_computed_in_double(name):
    estimator, X, y = data_of(name)
    single = X.astype(np.float32)
    model, reference = estimator(name).fit(single, y), estimator(name).fit(single.astype(float), y)
    for actual, expected in zip(outputs(model, single), outputs(reference, single.astype(float)), strict=True):
        close(actual, expected)
    sparse_model = estimator(name).fit(sparse.csr_array(single), y)
    close(sparse_model.coef_, reference.coef_)


@pytest.mark.parametrize("dtype", [int, np.int32, bool, object], ids=lambda dtype: dtype.__name__)
def test_tables_of_other_types(dtype):
    _, X, y = data_of("gaussian")
    X = (X > 0).astype(dtype)
    close(MLERegressor().fit(X, y).coef_, LinearRegression().fit(X.astype(float), y).coef_)


@pytest.mark.parametrize("series", [pd.Series, pl.Series, list, lambda y: pd.Series(y, index=range(7, 7 + len(y)))])
@pytest.mark.parametrize("name", ["gaussian", "poisson", "categorical"])
def test_y_and_weights_of_every_kind(name, series):
    estimator, X, y = data_of(name)
    weight = np.random.default_rng(0).uniform(0, 2, len(y))
    model = estimator(name).fit(X, series(y), series(weight))
    close(model.coef_, estimator(name).fit(X, y, weight).coef_, 0)
    close(model.log_prob(X, series(y)), model.log_prob(X, y), 0)
    assert model.score(X, series(y), series(weight)) == model.score(X, y, weight)


def test_labels_of_pandas_and_polars():
    X, y = labels()
    named = np.array(["low", "middle", "high"])[y]
    reference = MLEClassifier().fit(X, named)
    for y in (pd.Series(named), pd.Series(named).astype("category"), pl.Series(named), named.tolist()):
        model = MLEClassifier().fit(X, y)
        np.testing.assert_array_equal(model.classes_, ["high", "low", "middle"])
        np.testing.assert_array_equal(model.predict(X), reference.predict(X))
        close(model.log_prob(X, y), reference.log_prob(X, named), 0)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_columns_by_name(frame):
    X, y = counts()
    years = np.exp(X[:, 2])
    X = frame({"age": X[:, 0], "income": X[:, 1], "years": years})
    regressed = {"mu": ["age"], "alpha": ["income"]}
    model = MLERegressor("negative_binomial", regressed=regressed, exposure="years").fit(X, y)
    np.testing.assert_array_equal(model.feature_names_in_, ["age", "income", "years"])
    assert (model.coefs_["mu"] != 0).tolist() == [True, False, False]
    assert (model.coefs_["alpha"] != 0).tolist() == [False, True, False]
    other = MLERegressor("negative_binomial", regressed={"mu": 0, "alpha": 1}, exposure=2).fit(np.asarray(X), y)
    close(model.coef_, other.coef_)
    close(model.predict(X), other.predict(np.asarray(X)))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X[["income", "age", "years"]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(np.asarray(X))


@pytest.mark.parametrize("output, frame", [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_names_survive_in_pipelines_with_set_output(output, frame):
    X, y = counts()
    X = frame({"age": X[:, 0], "income": X[:, 1], "years": np.exp(X[:, 2])})
    columns = [("s", StandardScaler(), ["age", "income"])]
    scale = ColumnTransformer(columns, remainder="passthrough", verbose_feature_names_out=False)
    pipeline = make_pipeline(scale, MLERegressor("poisson", exposure="years"))
    with pytest.raises(ValueError, match="exposure='years' names a column, but X has no column names; give its index"):
        clone(pipeline).set_output(transform="default").fit(X, y)
    pipeline.set_output(transform=output).fit(X, y)
    np.testing.assert_array_equal(pipeline[-1].feature_names_in_, ["age", "income", "years"])
    assert pipeline[-1].coef_[2] == 0
    direct = MLERegressor("poisson", exposure="years").fit(X, y)
    close(pipeline.predict(X), direct.predict(X))
    close(predict_dist(pipeline, X).var(), direct.predict_dist(X).var())


# --- predict_dist, the function ---


def test_predict_dist_unwraps_pipelines_and_searches():
    X, y = counts()
    model = MLERegressor("negative_binomial")
    direct = clone(model).fit(X, y).predict_dist(X)
    pipeline = make_pipeline(StandardScaler(), model)
    search = GridSearchCV(pipeline, {"mleregressor__alpha": [0.0]}, cv=3)
    for wrapped in (model, make_pipeline(model), pipeline, search, make_pipeline("passthrough", search)):
        law = predict_dist(wrapped.fit(X, y), X)
        assert len(law) == len(X) and len(law[:7]) == 7
        close(law.mean(), direct.mean())
        close(law.params["alpha"], direct.params["alpha"])
        close(law.log_prob(y), direct.log_prob(y))


TRANSFORMED = TransformedTargetRegressor(MLERegressor(), func=np.log1p, inverse_func=np.expm1)


@pytest.mark.parametrize(
    "model, way_out",
    [
        (TRANSFORMED, "transform y yourself, or use a likelihood of the scale of y"),
        (LinearRegression(), "use MLERegressor"),
        (VotingRegressor([("a", MLERegressor())]), "ask its fitted estimators one by one"),
    ],
    ids=["TransformedTargetRegressor", "LinearRegression", "VotingRegressor"],
)
def test_predict_dist_says_what_to_use_instead(model, way_out):
    X, y = counts()
    with pytest.raises(TypeError, match=f"{type(model).__name__} has no predictive distribution: {way_out}"):
        predict_dist(make_pipeline(StandardScaler(), model).fit(X, y), X)


def test_predict_dist_of_classifiers_and_several_outputs():
    X, y = labels("bernoulli")
    for model in (MLEClassifier(), CalibratedClassifierCV(MLEClassifier())):
        with pytest.raises(TypeError, match=f"{type(model).__name__} has no predictive distribution: .*predict_proba"):
            predict_dist(model.fit(X, y), X)
    model = MultiOutputRegressor(MLERegressor()).fit(X, np.column_stack([y, y]))
    with pytest.raises(TypeError, match=r"MultiOutputRegressor has no predictive distribution: .*estimators_\[i\]"):
        predict_dist(model, X)
    assert len(predict_dist(model.estimators_[0], X)) == len(X)


# --- scikit-learn's tools ---


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_cross_validation(name):
    estimator, X, y = data_of(name)
    scoring = log_score if y.ndim > 1 else None  # R2 needs one number a row
    scores = cross_val_score(make_pipeline(StandardScaler(), estimator(name)), X, y, cv=3, scoring=scoring)
    assert scores.shape == (3,) and np.isfinite(scores).all()
    predicted = cross_val_predict(estimator(name), X, y, cv=3)
    assert predicted.shape == (len(X),)
    if estimator is MLEClassifier:
        proba = cross_val_predict(estimator(name), X, y, cv=3, method="predict_proba")
        close(proba.sum(axis=1), np.ones(len(y)), 1e-12)


def test_several_metrics_of_a_classifier():
    X, y = labels("bernoulli")
    metrics = ["neg_log_loss", "roc_auc", "accuracy", "neg_brier_score"]
    ours, peers = (
        cross_validate(model, X, y, scoring=metrics) for model in (MLEClassifier(), LogisticRegression(C=1e10))
    )
    for metric in metrics:
        close(ours[f"test_{metric}"], peers[f"test_{metric}"], 1e-3)  # the peer's L-BFGS at its default tolerance


def test_pipelines_of_splines_and_interactions():
    rng, X, eta = table()
    y = np.sin(2 * X[:, 0]) + 0.1 * rng.standard_normal(len(X))
    model = make_pipeline(SplineTransformer(6), PolynomialFeatures(interaction_only=True), MLERegressor(alpha=1e-6))
    assert model.fit(X[:, :1], y).score(X[:, :1], y) > 0.9
    X = np.column_stack([np.digitize(X[:, 0], [-0.5, 0.5]), X[:, 1:]])
    columns = ColumnTransformer([("bin", OneHotEncoder(), [0])], remainder="passthrough")
    model = make_pipeline(columns, MLERegressor()).fit(X, y)  # one-hot columns and an intercept are collinear
    close(model.predict(X), make_pipeline(columns, LinearRegression()).fit(X, y).predict(X))


def test_exposure_as_a_column_survives_cross_validation():
    rng, X, eta = table(400)
    years = rng.uniform(0.1, 10, len(X))
    y = rng.poisson(years * np.exp(eta))
    X = np.column_stack([X, years])
    scale = ColumnTransformer([("s", StandardScaler(), [0, 1, 2])], remainder="passthrough")
    predicted = cross_val_predict(make_pipeline(scale, MLERegressor("poisson", exposure=-1)), X, y)
    assert np.corrcoef(predicted, years * np.exp(eta))[0, 1] > 0.98
    changed = r"a scaler in front has changed it.*ColumnTransformer"
    with pytest.warns(UserWarning, match=changed), pytest.raises(ValueError, match="exposure must be positive"):
        make_pipeline(StandardScaler(), MLERegressor("poisson", exposure=-1)).fit(X, y)
    logged = np.column_stack([X[:, :3], np.log(years)])
    with pytest.warns(UserWarning, match=changed):
        make_pipeline(StandardScaler(), MLERegressor("poisson", offset=-1)).fit(logged, y)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("name", ["bernoulli", "categorical", "gaussian_on_labels"])
def test_calibration(name, method):
    X, y = labels(name)
    model = CalibratedClassifierCV(MLEClassifier(name), method=method, cv=3).fit(X, y)
    assert model.predict_proba(X).shape == (len(y), len(np.unique(y)))
    peer = CalibratedClassifierCV(LogisticRegression(C=1e10), method=method, cv=3).fit(X, y)
    # Squared error is another fit; the peer's L-BFGS, at its default tolerance, nearly the same.
    assert model.score(X, y) > peer.score(X, y) - (0.05 if name == "gaussian_on_labels" else 0.01)


def test_multi_output_and_transformed_targets():
    rng, X, eta = table()
    Y = np.column_stack([eta, -eta]) + rng.standard_normal((len(X), 2))
    close(MultiOutputRegressor(MLERegressor()).fit(X, Y).predict(X), LinearRegression().fit(X, Y).predict(X))
    model = TransformedTargetRegressor(MLERegressor(), func=np.log, inverse_func=np.exp).fit(X, np.exp(Y[:, 0]))
    close(model.predict(X), np.exp(LinearRegression().fit(X, Y[:, 0]).predict(X)))


def test_ensembles_and_selection():
    X, y = counts()
    bagged = BaggingRegressor(MLERegressor("poisson"), n_estimators=3, random_state=0).fit(X, y)
    assert (bagged.predict(X) > 0).all()
    assert SelectFromModel(MLERegressor("poisson"), threshold="median").fit(X, y).get_support().sum() == 2
    assert RFE(MLERegressor("poisson"), n_features_to_select=1).fit(X, y).support_.sum() == 1
    importance = permutation_importance(MLERegressor("poisson").fit(X, y), X, y, n_repeats=3, random_state=0)
    assert importance.importances_mean.shape == (3,)
    X, y = labels()
    several = OneVsRestClassifier(MLEClassifier()).fit(X, y)
    assert several.predict_proba(X).shape == (len(y), 3)
    members = [("a", MLEClassifier()), ("b", MLEClassifier("gaussian_on_labels"))]
    stack = StackingClassifier(members, MLEClassifier(alpha=0.01), cv=3).fit(X, y)
    assert stack.score(X, y) > 0.6


def test_partial_fit_behind_a_scaler():
    X, y = labels("bernoulli")
    scaler, model = StandardScaler(), MLEClassifier(solver="sgd")
    for _ in range(20):
        for rows in np.array_split(np.arange(len(y)), 5):
            model.partial_fit(scaler.partial_fit(X[rows]).transform(X[rows]), y[rows], classes=[0, 1])
    assert model.score(scaler.transform(X), y) > 0.6


# --- copies: clone, pickle, repr ---


ALL = [
    *(data_of(name)[0](name) for name in LIKELIHOODS),
    MLERegressor(StudentT(df=4), regressed={"mu": [0], "sigma": "all"}, solver=SGD(), tol=1e-3, random_state=0),
    MLERegressor(NegativeBinomial(link="softplus"), offset={"mu": 2}, alpha=0.1),
    MLEClassifier(Bernoulli(link="cauchit"), class_weight={0: 1.0, 1: 2.0}),
]


def fitted(model):
    name = model.likelihood
    if isinstance(name, str) and name in LIKELIHOODS and isinstance(model, MLERegressor):
        _, X, y = data_of(name)
    else:
        X, y = counts() if isinstance(model, MLERegressor) else labels("bernoulli")
    return clone(model).fit(X, y), X


@pytest.mark.parametrize("model", ALL, ids=repr)
def test_clone_pickle_and_repr(model):
    copy = clone(model)
    assert repr(copy) == repr(model) and copy.get_params().keys() == model.get_params().keys()
    model, X = fitted(model)
    assert not [name for name in vars(clone(model)) if name.endswith("_")]
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        copy = pickle.loads(pickle.dumps(model, protocol))
    for actual, expected in zip(outputs(copy, X), outputs(model, X), strict=True):
        np.testing.assert_array_equal(actual, expected)
    assert repr(copy) == repr(model)
    assert type(model).__name__ in model._repr_html_() and "sk-" in model._repr_html_()
    dir(model)


def test_a_law_is_pickled():
    X, y = counts()
    law = MLERegressor("negative_binomial").fit(X, y).predict_dist(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(law)).log_prob(y), law.log_prob(y))


def test_the_repr_shows_what_is_not_default():
    assert (
        eval(repr(MLERegressor("poisson", alpha=0.1))).get_params() == MLERegressor("poisson", alpha=0.1).get_params()
    )
    assert repr(MLERegressor(StudentT(df=4))) == "MLERegressor(likelihood=StudentT(df=4))"


# --- threads and processes ---


class OfTheUser(Likelihood):
    """y ~ N(mu, 1), written by a user in a script: joblib's workers get it by value."""

    links = {"mu": LIKELIHOODS["gaussian"].links["mu"]}

    def dist(self, mu):
        return stats.norm(mu, 1)


def test_workers_of_joblib():
    X, y = counts()
    models = [MLERegressor("negative_binomial", n_jobs=2), MLERegressor("student_t"), MLERegressor(OfTheUser())]
    here = [clone(model).fit(X, y) for model in models]
    there = joblib.Parallel(2, backend="loky")(joblib.delayed(clone(model).fit)(X, y) for model in models)
    for model, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(model.coef_, other.coef_)
        assert model.log_likelihood_ == other.log_likelihood_
        np.testing.assert_array_equal(model.predict(X), other.predict(X))


def test_read_only_memory_maps(tmp_path):
    X, y = counts()
    joblib.dump((X, y, np.ones(len(y))), tmp_path / "table")
    X_map, y_map, weight = joblib.load(tmp_path / "table", mmap_mode="r")
    model = MLERegressor("negative_binomial").fit(X_map, y_map, weight)
    np.testing.assert_array_equal(model.predict(X_map), MLERegressor("negative_binomial").fit(X, y, weight).predict(X))


def test_a_search_in_threads():
    X, y = counts()
    grid = {"likelihood": ["gaussian", "student_t", "poisson", "negative_binomial"], "alpha": [0.0, 0.1]}
    with joblib.parallel_backend("threading"):
        search = GridSearchCV(MLERegressor(), grid, cv=3, n_jobs=4).fit(X, y)
    alone = GridSearchCV(MLERegressor(), grid, cv=3, n_jobs=1).fit(X, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])


def test_eight_threads_at_once_give_the_same_bits():
    names = list(LIKELIHOODS)

    def fit(i):
        estimator, X, y = data_of(names[i % len(names)])
        model = estimator(names[i % len(names)], n_jobs=1 + i % 2).fit(
            np.concatenate([X] * 20), np.concatenate([y] * 20)
        )
        return np.append(np.ravel(model.coef_), model.log_likelihood_)

    alone = [fit(i) for i in range(len(names))]
    with ThreadPoolExecutor(8) as pool:
        for i, result in enumerate(pool.map(fit, range(4 * len(names)))):
            np.testing.assert_array_equal(result, alone[i % len(names)])


def test_concurrent_fits_leave_blas_as_they_found_it():
    """Threads enter and leave the limit of one BLAS thread in any order; two BLAS threads are two afterwards."""
    script = """
        import time
        from concurrent.futures import ThreadPoolExecutor
        import numpy, scipy.linalg
        from threadpoolctl import threadpool_info
        from sklearn_mle.rows import one_blas_thread

        def threads():
            return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

        def work(i):
            time.sleep(0.001 * (i % 3))
            with one_blas_thread:
                time.sleep(0.002 * (i % 5))
                return threads()

        before = threads()
        with ThreadPoolExecutor(8) as pool:
            inside = list(pool.map(work, range(200)))
        print(before, threads(), max(map(max, inside)), sep=";")
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env={"OPENBLAS_NUM_THREADS": "2", "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
    )
    assert result.returncode == 0, result.stderr
    before, after, inside = result.stdout.strip().split(";")
    assert after == before
    assert inside == "1"
