"""Tables larger than memory: a fit to a memory map or to batches is that of the same rows in memory, bit for bit."""

import gc
import re
import subprocess
import sys
import tempfile
import tracemalloc
import warnings
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import check_array

from sklearn_mle import Batches, Inference, MLEClassifier, MLERegressor, fit_distribution
from sklearn_mle.design import Block, dense
from sklearn_mle.estimators.targets import Labels
from sklearn_mle.likelihoods import Censored
from sklearn_mle.metrics import log_score
from sklearn_mle.rows import ColumnOnDisk, CsrOnDisk, Rows, on_disk
from sklearn_mle.rows import base as rows_base
from sklearn_mle.rows.base import block_length

N, P = 2 * block_length(5, 2) + 1001, 5
CUTS = [0, 1, 7, 1000, 40_000, 40_001, N]


@pytest.fixture(scope="module")
def table():
    """{name: column}: X, and y of several kinds."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((N, P))
    X[:, 4] = rng.uniform(0.5, 2, N)
    eta = X[:, :4] @ [0.5, -0.2, 0.1, 0.3]
    noisy = eta + rng.logistic(size=N)
    weight = rng.randint(0, 3, N).astype(float)
    weight[0], weight[7:1000] = 1.0, 0.0  # a batch without any weight
    return {
        "X": X,
        "numbers": noisy,
        "counts": rng.poisson(np.exp(eta) * rng.gamma(2, 0.5, N)).astype(float),
        "codes": (noisy > 0).astype(np.int8),
        "words": np.array(["no", "maybe", "yes"])[np.digitize(noisy, [-1, 1])],
        "weight": weight,
    }


def mapped(folder, array, mode="r"):
    """The array as a memory map."""
    np.save(folder / "array.npy", array)
    path = folder / f"{len(list(folder.iterdir()))}.npy"
    (folder / "array.npy").rename(path)
    return np.load(path, mmap_mode=mode)


def batches(*columns, cuts=CUTS):
    """Batches of these rows, cut at odd places."""
    return Batches(lambda: (tuple(c[a:b] for c in columns) for a, b in pairwise(cuts)))


def assert_same_bits(one, other):
    assert one.n_iter_ == other.n_iter_ and one.log_likelihood_ == other.log_likelihood_
    for name in one.coefs_:
        np.testing.assert_array_equal(one.coefs_[name], other.coefs_[name])
        np.testing.assert_array_equal(one.intercepts_[name], other.intercepts_[name])


MODELS = [
    (MLERegressor(), "numbers"),
    (MLERegressor("negative_binomial"), "counts"),
    (MLERegressor("gaussian", regressed="all", offset={"sigma": 3}), "numbers"),
    (MLERegressor("poisson", exposure=4, alpha=0.1, l1_ratio=0.5), "counts"),
    (MLERegressor("poisson", solver="sgd", max_iter=2, random_state=0), "counts"),
    (MLEClassifier(), "codes"),
    (MLEClassifier(class_weight="balanced"), "words"),
    (MLEClassifier("ordinal"), "codes"),
]


@pytest.mark.filterwarnings("ignore:.*Stopped before tol")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("model, y", MODELS, ids=lambda value: str(value)[:60])
def test_the_fit_has_the_bits_of_the_fit_in_memory(table, model, y, weighted, tmp_path):
    X, y, weight = table["X"], table[y], table["weight"] if weighted else None
    columns = [column for column in (X, y, weight) if column is not None]
    in_memory, from_map, from_batches = (clone(model) for _ in range(3))
    in_memory.fit(*columns)
    assert_same_bits(in_memory, from_map.fit(*(mapped(tmp_path, column) for column in columns)))
    assert_same_bits(in_memory, from_batches.fit(batches(*columns)))


def test_first_batches_without_weight_are_no_rows(table):
    X, y, weight = table["X"][:2000], table["words"][:2000], table["weight"][:2000].copy()
    weight[:10] = 0.0
    y = y.copy()
    y[:10] = "never"
    model = MLEClassifier().fit(batches(X, y, weight, cuts=[0, 4, 100, 2000]))
    assert_same_bits(model, MLEClassifier().fit(X[100:], y[100:], weight[100:]))
    assert "never" not in model.classes_


def test_a_memory_map_stays_where_it_is(table, tmp_path):
    X, y = mapped(tmp_path, table["X"]), mapped(tmp_path, table["numbers"])
    assert np.shares_memory(check_array(X), X)
    block = MLERegressor().fit(X, y)._objective(X, y).rows.block
    assert np.shares_memory(block.X, X) and np.shares_memory(block.y, y) and block.weight is None
    assert on_disk(X) and on_disk(np.asarray(X)[3:, ::2]) and not on_disk(table["X"])


@pytest.mark.parametrize("dtype", [np.int16, np.float32, bool])
def test_maps_of_other_types_and_orders(table, dtype, tmp_path):
    X, y = np.round(2 * table["X"]).astype(dtype), table["counts"].astype(np.uint8)
    in_memory = MLERegressor("poisson").fit(X, y)
    assert_same_bits(in_memory, MLERegressor("poisson").fit(mapped(tmp_path, X), mapped(tmp_path, y)))
    fortran = MLERegressor("poisson").fit(mapped(tmp_path, np.asfortranarray(X)), mapped(tmp_path, y))
    np.testing.assert_allclose(fortran.coef_, in_memory.coef_, rtol=1e-9, atol=1e-9)
    objective = in_memory._objective(mapped(tmp_path, X), mapped(tmp_path, y))
    assert on_disk(objective.rows.block.X) and on_disk(objective.rows.block.y)


def test_rows_of_several_columns(table):
    y = np.column_stack([table["numbers"], table["numbers"] + (np.arange(N) % 2)])
    rows = slice(0, 3000)
    one, other = MLERegressor(Censored("gaussian")), MLERegressor(Censored("gaussian"))
    cuts = [0, 100, 3000]
    assert_same_bits(one.fit(table["X"][rows], y[rows]), other.fit(batches(table["X"], y, cuts=cuts)))
    soft = np.column_stack([0.2 + 0.6 * table["codes"], 0.8 - 0.6 * table["codes"]])
    one, other = MLEClassifier(), MLEClassifier()
    assert_same_bits(one.fit(table["X"], soft), other.fit(batches(table["X"], soft)))


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array, sparse.csc_array])
def test_sparse_batches(table, kind):
    X = kind(np.where(np.abs(table["X"]) > 1, table["X"], 0.0))
    X, y = X.tocsr(), table["words"]
    one, other = MLEClassifier().fit(X, y), MLEClassifier().fit(batches(X, y))
    assert_same_bits(one, other)
    rows = other._objective(batches(X, y)).rows
    assert on_disk(rows.block.X) and np.shares_memory(rows.blocks[1].X.data, rows.block.X.data)
    assert (rows.block.X != X).nnz == 0


def frame(table):
    X = pd.DataFrame(table["X"], columns=list("abcde"))
    return X.assign(y=table["counts"], w=table["weight"] + 1.0)


@pytest.mark.parametrize("source", ["folder", "pyarrow", "polars", "frames"])
def test_parquet_and_frames(table, source, tmp_path):
    whole = frame(table)
    for i, (a, b) in enumerate(pairwise(CUTS)):
        whole.iloc[a:b].to_parquet(tmp_path / f"{i}.parquet")
    if source == "pyarrow":
        from pyarrow import dataset

        data = dataset.dataset(tmp_path)
    else:
        data = {
            "folder": tmp_path,
            "polars": pl.scan_parquet(tmp_path / "*.parquet"),
            "frames": [whole.iloc[a:b] for a, b in pairwise(CUTS)],
        }[source]
    data = Batches(data, y="y", sample_weight="w")
    model = MLERegressor("poisson", regressed={"mu": ["a", "c"]}, exposure="e").fit(data)
    X = np.ascontiguousarray(whole[list("abcde")])
    assert_same_bits(model, MLERegressor("poisson", regressed={"mu": [0, 2]}, exposure=4).fit(X, whole.y, whole.w))
    assert model.feature_names_in_.tolist() == list("abcde")
    errors = Inference.from_estimator(model, data).std_error["mu"]
    expected = Inference.from_estimator(model, whole[list("abcde")], whole.y, sample_weight=whole.w).std_error["mu"]
    np.testing.assert_allclose(errors, expected, rtol=1e-12)  # of another memory order
    predictions = np.concatenate([model.predict(X) for X, y, weight in data])
    np.testing.assert_allclose(predictions, model.predict(whole[list("abcde")]), rtol=1e-12)


def test_labels_that_come_late_are_classes_all_the_same(table):
    X, y = table["X"][:600], np.repeat([3.0, 1.0, 2.0], 200)
    model = MLEClassifier(alpha=1.0).fit(batches(X, y, cuts=[0, 150, 450, 600]))
    assert model.classes_.tolist() == [1.0, 2.0, 3.0]
    assert_same_bits(model, MLEClassifier(alpha=1.0).fit(X, y))


def test_batches_of_wider_numbers(table):
    X, y = table["X"], table["numbers"]
    mixed = Batches([(X[:50].astype(np.float32), y[:50]), (X[50:], y[50:])])
    rows = MLERegressor().fit(mixed)._objective(mixed).rows
    np.testing.assert_array_equal(rows.block.X, np.concatenate([X[:50].astype(np.float32), X[50:]]))


def test_the_sample_of_a_distribution(table, tmp_path):
    y = table["numbers"]
    one, other = fit_distribution(y, "student_t"), fit_distribution(mapped(tmp_path, y), "student_t")
    assert one.params == other.params and one.log_likelihood == other.log_likelihood


# --- errors ---


def fails(message, batches_, model=None):
    with pytest.raises((TypeError, ValueError), match=message):
        (model or MLERegressor("poisson")).fit(batches_)


def test_errors_name_the_batch_and_the_row(table):
    X, y, weight = table["X"], table["counts"], table["weight"]
    hole = X.copy()
    hole[1005, 2] = np.nan
    fails(r"Batch 3: Input X contains NaN. Column 2 of X in row 5 is nan", batches(hole, y))
    fails(r"Batch 1: Poisson models counts, y >= 0; y\[3\] is -1", batches(X, np.where(np.arange(N) == 4, -1, y)))
    fails(r"Batch 4: sample_weight must be >= 0 .* row 0", batches(X, y, np.where(np.arange(N) == 40_000, -1, weight)))
    fails("sample_weight is zero in every row", batches(X, y, 0 * weight))
    fails("Batch 1: X has 4 features, but MLERegressor is expecting 5", Batches([(X, y), (X[:, :4], y)]))
    fails("Batch 1: y has 2 rows, X has 3", Batches([(X, y), (X[:3], y[:2])]))
    fails("Batch 1: X is sparse, in the first batch it is not", Batches([(X, y), (sparse.csr_array(X), y)]))
    fails("Batch 1: the weight is there, in the first batch it is not", Batches([(X, y), (X, y, weight)]))
    fails(r"batch 0 is of type DataFrame. Name the column y", Batches([frame(table)]))
    fails("'z' is no column; there are", Batches([frame(table)], y="z"))
    fails("batch 0 is of type tuple", Batches([(X, y)], y="y"))
    fails("no rows. If it is of a function, does that begin anew", Batches([]))
    with pytest.raises(ValueError, match="y comes with the batches"):
        MLERegressor().fit(batches(X, y), y)
    with pytest.raises(TypeError, match="one at a time, `for X, y, weight in batches"):
        MLERegressor("poisson").fit(X, y).predict(batches(X, y))


def test_what_is_no_source_is_told_at_once(table):
    def rows():
        yield table["X"], table["numbers"]

    whole, generator = frame(table), rows()
    for message, *arguments in [
        (r"a generator can be read only once.*Batches\(function\), without a call", generator),
        ("a list_iterator can be read only once", iter([(table["X"], table["numbers"])])),
        ("a DataFrame is one table: pass X and y to fit", whole, "y"),
        ("a DataFrame is one table: pass X and y to fit", pl.from_pandas(whole), "y"),
        ("a ndarray is one table", table["X"]),
        ("y names a column of the frames; got an object of type ndarray", table["X"], table["numbers"]),
        ("sample_weight names a column of the frames; got an object of type float", [whole], "y", 2.0),
        ("the source is an iterable of batches.* got 1", 1),
        ("the source is an iterable of batches.* got None", None),
        ("'w' names a column of frames, whose y is to be named", [whole], None, "w"),
    ]:
        with pytest.raises((TypeError, ValueError), match="Batches: .*" + message):
            Batches(*arguments)
    for in_parts in (generator, rows, "policies.parquet", pl.from_pandas(whole).lazy()):
        with pytest.raises(TypeError, match=r"no table in one piece. fit takes tables in parts as Batches"):
            MLERegressor().fit(in_parts, table["numbers"])


def test_files_of_a_folder_have_the_same_columns(table, tmp_path):
    whole = frame(table)
    (tmp_path / "some").mkdir()
    one, other = tmp_path / "some" / "1.parquet", tmp_path / "some" / "2.parquet"
    whole.iloc[:500].astype({"a": int}).to_parquet(one)
    data = Batches(tmp_path / "some", y="y", sample_weight="w")
    whole.iloc[500:900].assign(z=1.0).to_parquet(other)
    fails(f"column 'z' is in {other}, and not in {one}", data)
    whole.iloc[500:900].drop(columns="b").to_parquet(other)
    fails(f"column 'b' is in {one}, and not in {other}", data)
    whole.iloc[500:900, ::-1].to_parquet(other)  # another order, and floats where integers were
    same = whole.iloc[:900].assign(a=np.append(whole.a[:500].astype(int), whole.a[500:900]))
    X = np.ascontiguousarray(same[list("abcde")])
    assert_same_bits(MLERegressor("poisson").fit(data), MLERegressor("poisson").fit(X, same.y, same.w))
    (tmp_path / "some" / "README").write_text("Claims of 2024.")
    fails(f"{tmp_path / 'some' / 'README'} is no Parquet file", data)


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match="need pyarrow and pandas: pip install"):
        MLERegressor().fit(Batches(tmp_path, y="y"))


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_of_batches_are_those_of_the_rows(table, weighted):
    X, numbers, words = table["X"], table["numbers"] + 1e3, table["words"]
    weight = table["weight"] if weighted else None
    for model, y in [(MLERegressor(), numbers), (MLEClassifier(), words)]:
        data = batches(X, y, weight) if weighted else batches(X, y)
        model.fit(X[:1000], y[:1000])
        assert model.score(data) == pytest.approx(model.score(X, y, weight), rel=1e-9)
        assert log_score(model, data) == pytest.approx(log_score(model, X, y, weight), rel=1e-12)
        with pytest.raises(ValueError, match="y comes with the batches"):
            model.score(data, y)
        with pytest.raises(ValueError, match="weight is zero in every row"):
            model.score(batches(X, y, 0 * table["weight"]))
        for score in (model.score, partial(log_score, model)):
            with pytest.raises(ValueError, match="yields no rows"):
                score(Batches([]))
    constant = MLERegressor().fit(X[:99], numbers[:99])
    assert constant.score(batches(X, 0 * numbers)) == constant.score(X, 0 * numbers) == 0.0
    with pytest.raises(TypeError, match="makes one step, on one batch"):
        MLERegressor(solver="sgd").partial_fit(batches(X, numbers))


def ordered(labels, order):
    return pd.Series(pd.Categorical(labels, order, ordered=True))


def test_y_is_of_one_kind(table):
    X, words = table["X"][:100], np.resize(table["words"], 100)
    numbers, shares = np.resize([0, 1], 100), np.tile([0.5, 0.5], (100, 1))
    named = [pd.DataFrame(shares, columns=list(names)) for names in ("ab", "cd")]
    up, down = (ordered(words, order) for order in (["no", "maybe", "yes"], ["yes", "maybe", "no"]))
    for first, later, message in [
        (numbers, words, "y is strings, in the first rows of the table numbers"),
        (words, numbers, "y is numbers, in the first rows of the table strings"),
        (words, shares, "y is class probabilities of [0, 1], in the first rows of the table strings"),
        (shares, numbers, "y is numbers, in the first rows of the table class probabilities of [0, 1]"),
        (*named, "y is class probabilities of ['c', 'd'], in the first rows of the table class probabilities of ['a'"),
        (up, down, "y declares the order ['yes', 'maybe', 'no'] of its classes, in the first rows of the table ['no'"),
    ]:
        fails("Batch 1: " + re.escape(message), Batches([(X, first), (X, later)]), MLEClassifier("ordinal"))
    for y in (words, numbers):
        labels = Labels("MLEClassifier")
        assert {labels.read(y[rows], None, len(y[rows])).dtype for rows in (slice(40), slice(40, 100))} == {
            np.dtype(np.int32)
        }


@pytest.mark.parametrize("kind", ["memory", "map", "batches"])
@pytest.mark.parametrize("at, fraction", [(0, 0), (1500, 1500), (1500, 1700)])
def test_warnings_count_all_rows(table, at, fraction, kind, tmp_path):
    """The rows before `at` have no weight; `fraction` is the first row with weight whose y is no integer."""
    columns = [table[name][:2000].copy() for name in ("X", "counts")] + [np.ones(2000)]
    columns[2][:at], columns[1][fraction] = 0.0, 0.5
    if kind == "batches":
        columns = [batches(*columns, cuts=[0, 400, 1000, 1600, 2000])]
    elif kind == "map":
        columns = [mapped(tmp_path, column) for column in columns]
    with pytest.warns(UserWarning, match=rf"y\[{fraction}\] is 0.5"):
        MLERegressor("poisson").fit(*columns)


@pytest.mark.parametrize("dtype", [int, float])
def test_a_map_that_is_no_table(table, dtype, tmp_path):
    X = mapped(tmp_path, np.arange(2000, dtype=dtype))
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        MLERegressor("poisson").fit(X, table["counts"][:2000])
    with pytest.raises(ValueError, match=r"Found array with 0 sample"):
        MLERegressor("poisson").fit(X.reshape(-1, 2)[:0], table["counts"][:0])


@pytest.mark.parametrize("at", [17, N - 3])
def test_errors_of_a_map_count_from_its_first_row(table, at, tmp_path):
    X, y = mapped(tmp_path, table["X"]), table["counts"].copy()
    y[at] = -2
    with pytest.raises(ValueError, match=re.escape(f"y[{at}] is -2")):
        MLERegressor("poisson").fit(X, mapped(tmp_path, y))
    weight = np.ones(N)
    weight[at] = -1
    with pytest.raises(ValueError, match=f"row {at} has -1"):
        MLERegressor("poisson").fit(X, mapped(tmp_path, table["counts"]), mapped(tmp_path, weight))
    X = table["X"].copy()
    X[at, 4] = 0
    with pytest.raises(ValueError, match=f"exposure must be positive; column 4 of X is 0.0 in row {at}"):
        MLERegressor("poisson", exposure=4).fit(mapped(tmp_path, X), table["counts"])


# --- memory ---


@pytest.mark.parametrize("kind", ["dense", "single", "fortran", "sparse"])
def test_columns_of_a_map_are_gathered_in_a_file(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(rows_base, "block_length", lambda width, K: 2**12)
    n, p, which = 2**17, 32, np.arange(32) % 2 == 1
    X = np.random.default_rng(0).standard_normal((n, p), dtype=np.float32)
    X = X if kind == "single" else X.astype(float, order="F" if kind == "fortran" else "C")
    if kind == "sparse":
        X[np.abs(X) < 0.5] = 0
        X, parts = sparse.csr_array(X), CsrOnDisk()
        for i in range(0, n, 2**14):
            parts.append(X[i : i + 2**14])
        rows = Rows(Block(parts.array(), None), 1)
    else:
        rows = Rows(Block(mapped(tmp_path, X), None), 1)
    if kind == "single":
        rows = rows.centred(np.arange(32.0))
    tracemalloc.start()
    found = rows.columns_only(which).block.X
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3e6  # some blocks of 1 MB; the columns asked for are 16 MB, 8 in single or sparse
    assert on_disk(found) and found.dtype == rows.block.X.dtype
    expected = X[:, which] - (np.arange(32.0)[which] if kind == "single" else 0)
    np.testing.assert_array_equal(found if isinstance(found, np.ndarray) else found.toarray(), dense(expected))


def test_what_products_with_the_hessian_keep_is_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(rows_base, "block_length", lambda width, K: 2**11)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2**17, 3)), rng.integers(0, 3, 2**17)
    model = MLEClassifier().fit(X, y)
    in_memory, from_map = model._objective(X, y), model._objective(mapped(tmp_path, X), y)
    w = rng.standard_normal(in_memory.size)
    expected = in_memory.hessian_product(w)(w)
    tracemalloc.start()
    product = from_map.hessian_product(w)
    found, peak = product(w), tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3e6  # the Hessians of all rows are 9.4 MB
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [float, np.float32])
def test_of_many_columns_those_at_work_have_the_bits_of_memory(dtype, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((800, 1100)).astype(dtype)
    y = rng.poisson(np.exp(0.5 * X[:, 3] - 0.5 * X[:, 700])).astype(float)
    model = MLERegressor("poisson", alpha=0.1, l1_ratio=1.0)
    in_memory = clone(model).fit(X, y)
    assert 2 <= np.count_nonzero(in_memory.coef_) < 100
    assert_same_bits(in_memory, clone(model).fit(mapped(tmp_path, X), y))


LIMITED = """
import resource, sys
import numpy as np
from sklearn_mle import Batches, MLEClassifier, MLERegressor
X, y, weight = (np.load(f"{sys.argv[1]}/{name}.npy", mmap_mode="r") for name in ("X", "y", "weight"))
MLEClassifier().fit(X[:1000], y[:1000])
used = next(int(row.split()[1]) for row in open("/proc/self/status") if row.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (1024 * used + int(sys.argv[2]), -1))
MLEClassifier(class_weight="balanced").fit(X, y, weight)
MLERegressor("poisson", exposure=0).fit(X, y, weight)
def batches():
    for i in range(0, len(y), 10_000):
        yield X[i : i + 10_000], y[i : i + 10_000], weight[i : i + 10_000]
MLEClassifier(class_weight="balanced").fit(Batches(batches))
try:
    MLERegressor("poisson").fit(np.array(X), y)
    print("no limit")
except MemoryError:
    print("limited")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit of private memory is Linux's")
def test_memory_does_not_grow_with_the_table(tmp_path):
    """Of 36 MB of X and 12 MB each of y and weights, 16 MB suffice, under a limit set by the system."""
    n, rng = 1_500_000, np.random.RandomState(0)
    X = rng.uniform(0.5, 1.5, (n, 3))
    y = (X[:, 1] + rng.logistic(size=n) > 1).astype(float)
    for name, column in {"X": X, "y": y, "weight": rng.randint(0, 3, n).astype(float)}.items():
        np.save(tmp_path / f"{name}.npy", column)
    command = [sys.executable, "-c", LIMITED, str(tmp_path), str(2**24)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "limited\n", done.stderr


# --- columns in files ---


def test_a_column_is_the_whole_while_its_parts_are_views():
    whole = np.arange(10.0)
    for column in (ColumnOnDisk(whole), ColumnOnDisk(whole)):
        column.append(whole[:4])
        column.append(whole[4:])
        assert column.array() is whole
    column = ColumnOnDisk(whole)
    column.append(whole[:4])
    column.append(-whole[4:])
    np.testing.assert_array_equal(column.array(), [0, 1, 2, 3, -4, -5, -6, -7, -8, -9])
    assert on_disk(column.array())


def test_a_sparse_column_may_be_empty():
    column = CsrOnDisk()
    for n in (2, 3):
        column.append(sparse.csr_array((n, 4)))
    assert column.array().shape == (5, 4) and column.array().nnz == 0


def test_a_sparse_column_of_more_than_2_to_the_31_numbers():
    column = CsrOnDisk()
    column.stored = 2**31 - 3  # as if so many had come
    for _ in range(2):
        column.append(sparse.csr_array(np.ones((2, 2), dtype=np.float32)))
    assert column.stored == 2**31 + 5
    np.testing.assert_array_equal(column.ends.array(), [0, 2**31 - 1, 2**31 + 1, 2**31 + 3, 2**31 + 5])


def test_files_are_closed_when_they_are_mapped(table, tmp_path):
    X, y, weight = (table[name][:2000] for name in ("X", "counts", "weight"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        MLERegressor("poisson").fit(batches(X, y, weight, cuts=[0, 1500, 2000]))
        MLERegressor("poisson").fit(batches(sparse.csr_array(X), y, cuts=[0, 1500, 2000]))
        MLERegressor("poisson").fit(mapped(tmp_path, X.astype(np.float16)), mapped(tmp_path, y.astype(int)))
        gc.collect()
    assert [str(one.message) for one in caught] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a device that is always full is Linux's")
def test_a_full_disk_names_the_variable(table, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **options: open("/dev/full", "r+b", **options))
    with pytest.raises(OSError, match=r"The rows do not fit into .*: name a larger folder in the variable TMPDIR"):
        MLERegressor("poisson").fit(batches(table["X"], table["counts"], cuts=[0, 10]))
