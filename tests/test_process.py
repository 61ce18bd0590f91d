"""Fits as parts of a process: interrupted, pickled, copied, in threads and in workers."""

import copy
import io
import multiprocessing
import pickle
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_mle
from sklearn_mle import LabelLikelihood, MLEClassifier, MLERegressor, Poisson
from sklearn_mle.checks.specimen import Specimen, rows_of
from sklearn_mle.estimators.parameters import threads
from sklearn_mle.likelihoods import LIKELIHOODS

N = 200
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3))
COUNTS = RNG.poisson(np.exp(0.5 * X[:, 0])).astype(float)


def fitted(name):
    """A model of the family, fitted to what it draws."""
    likelihood = LIKELIHOODS[name]()
    if isinstance(likelihood, LabelLikelihood):
        return MLEClassifier(name, alpha=1e-3).fit(X, np.arange(N) % (3 if likelihood.multi_class else 2))
    specimen, rng = Specimen(likelihood), np.random.RandomState(1)
    y = np.concatenate([specimen.draw(rows_of(point), N // 2, rng) for point in specimen.points[:2]])
    return MLERegressor(likelihood, alpha=1e-3).fit(X, y)


def answers(model):
    """What a model says of X."""
    return model.predict_log_proba(X) if isinstance(model, MLEClassifier) else model.predict(X)


# --- interruption -------------------------------------------------------------------------------------------------


class Stops(Poisson):
    """A Poisson that is stopped at the n-th evaluation."""

    left, error = np.inf, KeyboardInterrupt

    def derivatives(self, y, eta, order):
        Stops.left -= 1
        if Stops.left < 0:
            raise Stops.error("stop")
        return super().derivatives(y, eta, order)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, SystemExit])
@pytest.mark.parametrize("after", [0, 1, 2, 4])
@pytest.mark.parametrize("method, arguments", [("fit", {}), ("fit", {"n_jobs": 2}), ("partial_fit", {"solver": "sgd"})])
def test_an_interrupted_fit_leaves_all_of_the_old_one(method, arguments, after, error):
    Stops.left, Stops.error = np.inf, error
    model = getattr(MLERegressor(Stops(), **arguments), method)(X, COUNTS)
    before, old = dict(vars(model)), model.predict(X)
    evaluations, Stops.left = 10**6, 10**6
    getattr(copy.deepcopy(model), method)(X[:, ::-1], COUNTS)
    evaluations -= Stops.left
    Stops.left = min(after, evaluations - 1)
    with pytest.raises(error, match="stop"):
        getattr(model, method)(X[:, ::-1], COUNTS)
    Stops.left = np.inf
    assert vars(model).keys() == before.keys() and all(vars(model)[name] is value for name, value in before.items())
    np.testing.assert_array_equal(model.predict(X), old)


@pytest.mark.parametrize("wrong", [(X[:, :2], -COUNTS - 1), (np.full_like(X, np.nan), COUNTS), (X[1:], COUNTS)])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_failed_fit_leaves_all_of_the_old_one(method, wrong):
    model = MLERegressor("poisson", solver="sgd").fit(X, COUNTS)
    before = dict(vars(model))
    with pytest.raises(ValueError):
        getattr(model, method)(*wrong)
    assert vars(model).keys() == before.keys() and all(vars(model)[name] is value for name, value in before.items())


def test_a_failed_first_fit_leaves_nothing():
    model = MLERegressor("poisson")
    before = dict(vars(model))
    with pytest.raises(ValueError):
        model.fit(X, -COUNTS - 1)
    assert vars(model) == before


def test_a_warning_that_is_an_error_leaves_the_old_fit():
    model = MLERegressor("poisson").fit(X, COUNTS)
    coef = model.coef_
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(UserWarning, match="no integer"):
            model.fit(X, COUNTS + 0.5)
    assert model.coef_ is coef


# --- pickles ------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_pickle_is_the_model(name):
    model = fitted(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copies = [pickle.loads(pickle.dumps(model, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
        copies.append(copy.deepcopy(model))
    for other in copies:
        assert vars(other).keys() == vars(model).keys()
        np.testing.assert_array_equal(answers(other), answers(model))
    assert not hasattr(clone(model), "coef_") and clone(model).get_params().keys() == model.get_params().keys()


def test_a_pickle_carries_our_version(monkeypatch):
    model = MLERegressor().fit(X, COUNTS)
    assert model.__getstate__()["_sklearn_mle_version"] == sklearn_mle.__version__
    assert "_sklearn_mle_version" not in vars(pickle.loads(pickle.dumps(model)))
    inside = make_pipeline(StandardScaler(), model).fit(X, COUNTS)
    pickles = [pickle.dumps(model), pickle.dumps(inside)]
    unversioned = model.__getstate__()
    del unversioned["_sklearn_mle_version"]
    monkeypatch.setattr(sklearn_mle, "__version__", "99.0")
    for pickled in pickles:
        message = "MLERegressor from version .* when using version 99.0"
        with pytest.warns(InconsistentVersionWarning, match=message) as record:
            other = pickle.loads(pickled)
        np.testing.assert_array_equal(other.predict(X[:2]), (model if pickled is pickles[0] else inside).predict(X[:2]))
        assert len(record) == 1
    with pytest.warns(InconsistentVersionWarning, match="from version unknown"):
        MLERegressor().__setstate__(unversioned)


def test_a_stream_goes_on_after_a_pickle():
    model = MLEClassifier(solver="sgd").partial_fit(X, COUNTS > 0, classes=[False, True])
    other = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(other.partial_fit(X, COUNTS > 0).coef_, model.partial_fit(X, COUNTS > 0).coef_)


def load_and_predict(pickled, table):
    return pickle.loads(pickled).predict(table)


def fit_and_pickle(table, y):
    return pickle.dumps(MLERegressor("negative_binomial").fit(table, y))


def test_another_process_loads_and_fits():
    model = MLERegressor("negative_binomial").fit(X, COUNTS)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(load_and_predict, (pickle.dumps(model), X))
        here = pickle.loads(pool.apply(fit_and_pickle, (X, COUNTS)))
    np.testing.assert_array_equal(there, model.predict(X))
    np.testing.assert_array_equal(here.coef_, model.coef_)


def test_joblib_stores_models(tmp_path):
    model = MLEClassifier().fit(X, COUNTS > 0)
    joblib.dump(model, tmp_path / "model.joblib")
    for mode in (None, "r"):  # mapped, its arrays are read-only
        other = joblib.load(tmp_path / "model.joblib", mmap_mode=mode)
        np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=3)
    buffer.seek(0)
    np.testing.assert_array_equal(joblib.load(buffer).coef_, model.coef_)


# --- threads and workers ------------------------------------------------------------------------------------------

LARGE = np.random.default_rng(1).normal(size=(150_000, 5))
LARGE_COUNTS = np.random.default_rng(2).poisson(np.exp(0.3 * LARGE[:, 0])).astype(float)


@pytest.mark.parametrize(
    "model, y",
    [
        (MLERegressor("poisson"), LARGE_COUNTS),
        (MLERegressor("negative_binomial", n_jobs=2), LARGE_COUNTS),
        (MLEClassifier(), (LARGE_COUNTS > 0).astype(int)),
    ],
    ids=["poisson", "negative binomial, two threads each", "labels"],
)
def test_eight_threads_at_once_give_the_bits_of_one(model, y):
    alone = clone(model).fit(LARGE, y)
    gate = threading.Barrier(8)

    def fit(_):
        gate.wait()
        return clone(model).fit(LARGE, y)

    with ThreadPoolExecutor(8) as pool:
        for other in pool.map(fit, range(8)):
            np.testing.assert_array_equal(other.coef_, alone.coef_)
            np.testing.assert_array_equal(other.intercept_, alone.intercept_)
            assert other.log_likelihood_ == alone.log_likelihood_


def test_one_model_predicts_in_eight_threads():
    model = MLERegressor("poisson").fit(X, COUNTS)
    with ThreadPoolExecutor(8) as pool:
        for prediction in pool.map(lambda _: model.predict(X), range(32)):
            np.testing.assert_array_equal(prediction, model.predict(X))


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 4, -1])
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_a_worker_has_one_thread(backend, n_jobs):
    with parallel_config(backend):
        assert set(Parallel(n_jobs=2)(delayed(threads)(n_jobs) for _ in range(4))) == {1}
    assert threads(n_jobs) == joblib.effective_n_jobs(n_jobs)


class Counting(Poisson):
    """A Poisson that remembers the threads it was evaluated in."""

    seen = set()

    def derivatives(self, y, eta, order):
        Counting.seen.add(threading.get_ident())
        return super().derivatives(y, eta, order)


def test_a_search_in_threads_does_not_oversubscribe():
    search = GridSearchCV(MLERegressor(Counting(), n_jobs=4), {"alpha": [0.0, 0.1]}, cv=2, n_jobs=2, refit=False)
    Counting.seen = set()
    with parallel_config("threading"):
        search.fit(LARGE, LARGE_COUNTS)
    assert 1 <= len(Counting.seen) <= 2
    Counting.seen = set()
    MLERegressor(Counting(), n_jobs=4).fit(LARGE, LARGE_COUNTS)
    assert len(Counting.seen) > 1  # outside a worker it takes what it was given


def test_a_search_in_processes_finds_what_one_process_finds():
    search = GridSearchCV(MLERegressor("poisson", n_jobs=-1), {"alpha": [0.0, 0.1]}, cv=3)
    alone, workers = (clone(search).set_params(n_jobs=n_jobs).fit(X, COUNTS) for n_jobs in (1, 2))
    np.testing.assert_array_equal(workers.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(workers.best_estimator_.coef_, alone.best_estimator_.coef_)
