"""Collections of Dask: the same fit as in memory, on workers that may be lost."""

import os
import signal
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mle import (
    Categorical,
    Censored,
    Gaussian,
    Inference,
    MLEClassifier,
    MLERegressor,
    MLERegressorCV,
    Ordinal,
    predict_dist,
)
from sklearn_mle.metrics import log_score, neg_crps
from sklearn_mle.residuals import residuals
from sklearn_mle.rows import Rows, fold
from sklearn_mle.rows.dask import DaskRows, join
from sklearn_mle.solvers import Newton

distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

N = 3000
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4))
X[:, 3] = RNG.uniform(0.5, 2, N)
MEAN = np.exp(0.3 * X[:, 0] - 0.2 * X[:, 1]) * X[:, 3]
Y = RNG.negative_binomial(2, 2 / (2 + MEAN)).astype(float)
WEIGHT = RNG.uniform(0, 2, N)
WEIGHT[:700] = 0.0  # the whole of the first partition, and more
LABELS = np.array(["low", "middle", "high"])[np.clip(Y, 0, 2).astype(int)]
NAMES = ["a", "b", "c", "d"]
FRAME = pd.DataFrame(X, columns=NAMES).assign(y=Y, weight=WEIGHT)


@pytest.fixture(scope="module")
def client():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True)
        with cluster, distributed.Client(cluster) as client:
            yield client


def chunked(array, rows=600):
    """A dask array in chunks of rows."""
    return da.from_array(array, chunks=(rows, *array.shape[1:]))


def close(ours, reference, tolerance=1e-10):
    np.testing.assert_allclose(ours, reference, rtol=tolerance, atol=tolerance)


# --- the tree of sums, without a cluster --------------------------------------------------------------------------


class Word(str):
    """A sum that shows in which order it was made."""

    def __add__(self, other):
        return Word(f"({self}{other})")


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12, 64, 77])
def test_parts_in_any_order_meet_in_the_tree_of_fold(n):
    leaves = [Word(f"{i}.") for i in range(n)]
    for seed in range(5):
        rng, workers = np.random.default_rng(seed), []
        for mine in np.array_split(rng.permutation(n), 3):
            workers.append({})
            for i in mine:
                join(workers[-1], (0, int(i)), leaves[i])
        sums = {}
        for worker in workers:
            for node, part in worker.items():
                join(sums, node, part)
        total = None
        for _, part in sorted(sums.items()):
            total = part if total is None else part + total
        assert total == fold(leaves)


# --- the same fit as in memory ------------------------------------------------------------------------------------

MODELS = {
    "least squares": MLERegressor(),
    "poisson": MLERegressor("poisson"),
    "several": MLERegressor("negative_binomial", regressed="all"),
    "some columns": MLERegressor("gaussian", regressed={"mu": "all", "sigma": [0]}),
    "exposure": MLERegressor("negative_binomial", exposure=3, regressed=["mu", "alpha"]),
    "offsets": MLERegressor("gaussian", offset={"mu": 1, "sigma": 2}),
    "ridge": MLERegressor("poisson", alpha=0.1),
    "lasso": MLERegressor("poisson", alpha=0.05, l1_ratio=1.0),
    "kinks": MLERegressor("laplace"),
    "lbfgs": MLERegressor("poisson", solver="lbfgs", tol=1e-14),
    "quasi-newton": MLERegressor("poisson", solver="quasi_newton"),
}


@pytest.mark.parametrize("name, weighted", [*((name, True) for name in MODELS), ("poisson", False), ("lasso", False)])
def test_arrays_give_the_coefficients_of_memory(client, name, weighted):
    model = MODELS[name]
    weight = WEIGHT if weighted else None
    here = model.fit(X, Y, weight)
    here_too, coefs = here.log_likelihood_, here.coefs_
    there = model.fit(chunked(X), chunked(Y), chunked(WEIGHT, 1000) if weighted else None)
    for parameter, slopes in coefs.items():
        close(there.coefs_[parameter], slopes)
    close(there.log_likelihood_, here_too)


@pytest.mark.parametrize(
    "model",
    [
        MLEClassifier(),
        MLEClassifier(Ordinal(categories=["low", "middle", "high"])),
        MLEClassifier(class_weight="balanced"),
    ],
)
def test_labels_that_a_partition_lacks_are_known_from_the_others(client, model):
    order = np.argsort(LABELS, kind="stable")  # each partition has one label or two
    here = model.fit(X[order], LABELS[order])
    coef, classes, proba = here.coef_, here.classes_, here.predict_proba(X)
    there = model.fit(chunked(X[order]), chunked(LABELS[order]))
    assert there.classes_.tolist() == classes.tolist()
    close(there.coef_, coef)
    close(there.predict_proba(chunked(X)).compute(), proba)
    assert (there.predict(chunked(X)).compute() == there.predict(X)).all()
    close(there.score(chunked(X), chunked(LABELS)), there.score(X, LABELS))


def test_soft_labels_and_y_of_two_columns(client):
    shares = RNG.dirichlet(np.ones(3), N)
    here, there = MLEClassifier(Categorical()), MLEClassifier(Categorical())
    close(there.fit(chunked(X), chunked(shares)).coef_, here.fit(X, shares).coef_)
    ends = np.column_stack([X[:, 0] - 1, X[:, 0] + RNG.uniform(0, 2, N)])
    here, there = MLERegressor(Censored(Gaussian())), MLERegressor(Censored(Gaussian()))
    close(there.fit(chunked(X[:, 1:]), chunked(ends)).coef_, here.fit(X[:, 1:], ends).coef_)


@pytest.mark.parametrize("table", [sparse.csr_matrix, sparse.csr_array])
def test_sparse_blocks(client, table):
    sparse_X = np.where(np.abs(X) > 1, X, 0.0)
    blocks = chunked(sparse_X).map_blocks(table, meta=table((0, 4)))
    here = MLERegressor("poisson").fit(table(sparse_X), Y)
    there = MLERegressor("poisson").fit(blocks, chunked(Y))
    close(there.coef_, here.coef_)
    close(there.predict(blocks).compute(), here.predict(table(sparse_X)))


def test_frames(client):
    frame = dd.from_pandas(FRAME, npartitions=4)
    here = MLERegressor("negative_binomial", exposure="d").fit(FRAME[NAMES], Y, WEIGHT)
    there = MLERegressor("negative_binomial", exposure="d").fit(frame[NAMES], frame["y"], frame["weight"])
    close(there.coef_, here.coef_)
    assert there.feature_names_in_.tolist() == NAMES
    close(there.predict(frame[NAMES]).compute(), here.predict(FRAME[NAMES]))
    ours = log_score(there, frame[NAMES], frame["y"], frame["weight"])
    close(ours, log_score(here, FRAME[NAMES], Y, WEIGHT))
    # y and weights that are arrays, or in several columns
    again = MLERegressor("negative_binomial", exposure="d")
    again.fit(frame[NAMES], frame["y"].to_dask_array(), frame["weight"].to_dask_array(lengths=True))
    close(again.coef_, here.coef_)
    ends = FRAME.assign(low=X[:, 0] - 1, high=X[:, 0] + 1)[["low", "high"]]
    frame = dd.from_pandas(FRAME.join(ends), npartitions=4)
    here, there = MLERegressor(Censored(Gaussian())), MLERegressor(Censored(Gaussian()))
    here.fit(FRAME[NAMES[1:]], ends)
    close(there.fit(frame[NAMES[1:]], frame[["low", "high"]]).coef_, here.coef_)


def test_unknown_lengths_and_columns_that_are_here(client):
    unknown = chunked(X).map_blocks(np.asarray, chunks=((np.nan,) * 5, (4,)))
    here = MLERegressor("poisson").fit(X, Y, WEIGHT).coef_
    y = chunked(Y).map_blocks(np.asarray, chunks=((np.nan,) * 5,))
    close(MLERegressor("poisson").fit(unknown, y, chunked(WEIGHT)).coef_, here)
    close(MLERegressor("poisson").fit(chunked(X), Y, pd.Series(WEIGHT)).coef_, here)


def test_persisted_tables_stay_where_they_are(client):
    table, y = client.persist([chunked(X), chunked(Y)])
    distributed.wait([table, y])
    rows = MLERegressor("poisson")._objective(table, y, reset=True).rows
    where = client.who_has(distributed.futures_of(table))
    places = {key[1]: workers[0] for key, workers in where.items()}
    for home, mine in rows.homes:
        assert {places[i] for i in mine} == {home}


# --- prediction, scores, inference --------------------------------------------------------------------------------


def test_predictions_are_lazy_and_those_of_memory(client):
    here = MLERegressor("negative_binomial", regressed="all").fit(X, Y)
    table, y = chunked(X), chunked(Y)
    for method, arguments in [("predict", ()), ("predict_quantile", ([0.1, 0.9],)), ("predict_interval", (0.8,))]:
        lazy, now = getattr(here, method)(table, *arguments), getattr(here, method)(X, *arguments)
        assert isinstance(lazy, da.Array) and lazy.shape == now.shape and lazy.chunks[0] == table.chunks[0]
        close(lazy.compute(), now, 1e-13)
    close(here.log_prob(table, y).compute(), here.log_prob(X, Y), 1e-13)
    close(here.score(table, y, chunked(WEIGHT)), here.score(X, Y, WEIGHT), 1e-13)
    for scorer in (log_score, neg_crps):
        close(scorer(here, table, y, chunked(WEIGHT)), scorer(here, X, Y, WEIGHT), 1e-12)


@pytest.mark.parametrize("covariance", ["observed", "expected", "sandwich", "HC3", "cluster"])
def test_inference(client, covariance):
    options = {"covariance": covariance}
    if covariance == "cluster":
        options["groups"] = np.arange(N) // 10
    model = MLERegressor("negative_binomial").fit(X, Y, WEIGHT)
    here = Inference.from_estimator(model, X, Y, sample_weight=WEIGHT, **options)
    there = Inference.from_estimator(model, chunked(X), chunked(Y), sample_weight=chunked(WEIGHT), **options)
    for name in ("mu", "alpha"):
        close(there.std_error[name], here.std_error[name], 1e-9)
    assert str(there) == str(here)


# --- the rows themselves ------------------------------------------------------------------------------------------


def rows_of(client, weight=None, **options):
    """The rows of the table in memory, and on the workers."""
    model = MLERegressor("poisson", **options)
    lazy = None if weight is None else chunked(weight)
    return model._objective(X, Y, weight, reset=True).rows, model._objective(
        chunked(X), chunked(Y), lazy, reset=True
    ).rows


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
def test_they_answer_as_rows_in_memory(client, weight):
    here, there = rows_of(client, weight, exposure=3)
    assert isinstance(there, DaskRows) and len(there) == N and there.n_counting == here.n_counting
    assert there.weighted == here.weighted and there.single == here.single
    close(there.total, here.total, 1e-14)
    assert there.varying_offset(slice(0, 1)) and not rows_of(client)[1].varying_offset(slice(0, 1))
    at = np.arange(0, there.n_counting, 7)
    assert (there.counting(at) == here.counting(at)).all()
    ours, reference = there.sample(500).block, here.sample(500).block
    for name in ("X", "y", "weight", "offset"):
        np.testing.assert_equal(getattr(ours, name), getattr(reference, name))
    assert isinstance(there.sample(), Rows)
    np.testing.assert_array_equal(
        there.columns_only(np.array([True, False, True, True])).sample(90).block.X.shape[1], 3
    )


def test_the_bits_are_the_same_whoever_adds(client):
    _, rows = rows_of(client)
    rows.length = 50  # many blocks
    pieces = -(-rows.lengths // rows.length)
    rows.numbers = np.cumsum(pieces) - pieces
    workers = list(client.nthreads())
    sums = []
    for seed in range(3):
        mine = np.random.default_rng(seed).permutation(len(rows.futures))
        rows.homes = list(zip(workers, np.array_split(mine, 2), strict=True))
        sums.append(rows.sum(moment))
    assert sums[0] == sums[1] == sums[2]


def moment(block):
    return float((block.X**3).sum())


def test_a_pass_is_one_task_of_each_worker(client, monkeypatch):
    _, rows = rows_of(client)
    assert len(rows.homes) == 2 and sorted(i for _, mine in rows.homes for i in mine) == list(range(5))
    tasks, submit = [], client.submit
    monkeypatch.setattr(
        client, "submit", lambda *args, **kwargs: tasks.append(kwargs["workers"]) or submit(*args, **kwargs)
    )
    rows.sum(moment)
    assert sorted(tasks) == sorted(client.nthreads())


# --- workers that are lost, and wrong input -----------------------------------------------------------------------


class Killer(Newton):
    """Newton's method, after whose second iteration a worker dies."""

    def minimize(self, objective, w, report, rng):
        reports = []

        def report_and_kill(*args, **kwargs):
            reports.append(report(*args, **kwargs))
            if len(reports) == 2:
                client = objective.rows.client
                address, pid = next(iter(client.run(os.getpid).items()))
                os.kill(pid, signal.SIGKILL)

        return super().minimize(objective, w, report_and_kill, rng)


@pytest.mark.filterwarnings("ignore")
def test_a_worker_may_be_lost_in_mid_fit(client):
    here = MLERegressor("negative_binomial").fit(X, Y)
    lost = set(client.nthreads())
    there = MLERegressor("negative_binomial", solver=Killer()).fit(chunked(X), chunked(Y))
    close(there.coef_, here.coef_)
    assert there.n_iter_ > 3
    client.wait_for_workers(2, timeout=20)
    assert set(client.nthreads()) != lost
    close(MLERegressor("negative_binomial").fit(chunked(X), chunked(Y)).coef_, here.coef_)


def test_what_is_wrong_is_named(client):
    model, table, y = MLERegressor("poisson"), chunked(X), chunked(Y)
    for fault, error, words in [
        (lambda: model.fit(table.rechunk((600, 2)), y), ValueError, r"X\.rechunk\(\{1: -1\}\)"),
        (lambda: model.fit(table, y[:-1]), ValueError, "y has 2999 rows, X has 3000"),
        (lambda: model.fit(X, y), TypeError, "y is a collection of Dask, X is none"),
        (lambda: model.fit(table), ValueError, "requires y"),
        (lambda: model.fit(table, chunked(np.where(np.arange(N) == 1234, -1, Y))), ValueError, r"from 1200: .*y\[34\]"),
        (lambda: model.fit(table, y, -chunked(WEIGHT)), ValueError, "sample_weight must be >= 0"),
        (lambda: model.fit(table, y, 0 * chunked(WEIGHT)), ValueError, "zero in every row"),
        (
            lambda: MLERegressor("poisson", exposure=0).fit(table, y),
            ValueError,
            r"exposure must be .* in row \d+",
        ),
        (lambda: MLERegressor("poisson", solver="sgd").fit(table, y), TypeError, "SGD makes its steps on this machine"),
        (lambda: MLERegressorCV("poisson").fit(table, y), TypeError, "one machine"),
        (lambda: MLERegressor("poisson").fit(X, Y).predict_dist(table), TypeError, r"X\.compute\(\)"),
        (lambda: residuals(MLERegressor("poisson").fit(X, Y), table, y), TypeError, r"compute\(\)"),
        (lambda: predict_dist(make_pipeline(StandardScaler(), model).fit(X, Y), table), TypeError, "map_blocks"),
        (lambda: MLEClassifier().fit(table, y * 0), ValueError, "at least two classes"),
    ]:
        with pytest.raises(error, match=words):
            fault()
    with pytest.warns(ConvergenceWarning):
        MLERegressor("poisson", max_iter=1, solver="newton").fit(table, y)


def test_without_a_cluster_the_error_says_how_to_start_one(monkeypatch):
    def nobody():
        raise ValueError("No global client found and no address provided")

    monkeypatch.setattr(distributed, "get_client", nobody)
    with pytest.raises(ValueError, match=r"distributed\.Client\(\)"):
        MLERegressor().fit(chunked(X), chunked(Y))
