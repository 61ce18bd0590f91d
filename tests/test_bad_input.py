"""What is wrong gets an error before anything is computed, which names the entry, the rule and the way out."""

import re
import warnings
from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse, stats
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mle import (
    Bernoulli,
    GaussianOnLabels,
    Hurdle,
    LabelLikelihood,
    Likelihood,
    MLEClassifier,
    MLERegressor,
    NegativeBinomial,
    Poisson,
    StudentT,
    Truncated,
    fit_distribution,
    right_censored,
)
from sklearn_mle.checks.specimen import Specimen, rows_of
from sklearn_mle.estimators.parameters import RULES
from sklearn_mle.likelihoods import LIKELIHOODS, Censored, Ordinal, ZeroInflated
from sklearn_mle.links import LINKS, Identity
from sklearn_mle.metrics import coverage_score, interval_score, mean_crps, pit
from sklearn_mle.names import ELSEWHERE
from sklearn_mle.solvers import SOLVERS

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

N, COLUMNS = 60, ["a", "b", "age"]
RNG = np.random.default_rng(0)
X = np.round(8 * RNG.normal(size=(N, 3))) / 8  # exact in single and half precision
NUMBERS = np.round(8 * (X[:, 0] + RNG.normal(size=N))) / 8
COUNTS = RNG.poisson(2, N).astype(float)
LABELS = (X[:, 0] + RNG.normal(size=N) > 0).astype(int)
THREE = np.arange(N) % 3
FRAME = pd.DataFrame(X, columns=COLUMNS)
BASICS = {
    "numbers": (MLERegressor, NUMBERS),
    "counts": (lambda **arguments: MLERegressor("poisson", **arguments), COUNTS),
    "labels": (MLEClassifier, LABELS),
}
REGISTRY = {**LIKELIHOODS, "ordinal": Ordinal, "censored": Censored, "zero_inflated": ZeroInflated}
each_basic = pytest.mark.parametrize("estimator, y", BASICS.values(), ids=list(BASICS))


def put(array, at, value, dtype=None):
    """A copy with another value at one place."""
    array = np.array(array, dtype=dtype)
    array[at] = value
    return array


def family(name):
    """An estimator's class, the likelihood, and y drawn from it."""
    likelihood = REGISTRY[name]()
    if isinstance(likelihood, LabelLikelihood):
        return MLEClassifier, likelihood, THREE if likelihood.multi_class else LABELS
    specimen, rng = Specimen(likelihood), np.random.RandomState(3)
    y = np.concatenate([specimen.draw(rows_of(point), N // 2, rng) for point in specimen.points[:2]])
    return MLERegressor, likelihood, y


def fails(message, fit, *arguments, error=(ValueError, TypeError)):
    """The call raises before anything is fitted, with this in its message."""
    with pytest.raises(error, match=message):
        fit(*arguments)


# --- X ------------------------------------------------------------------------------------------------------------

HERE = r"Column 2 of X in row 3 is "
WRONG_ENTRIES = {
    "nan": (put(X, (3, 2), np.nan), "Input X contains NaN. " + HERE + "nan"),
    "inf": (put(X, (3, 2), -np.inf), "Input X contains infinity .*" + HERE + "-inf"),
    "float32": (put(X, (3, 2), np.inf, np.float32), r"infinity .* dtype\('float32'\). " + HERE + "inf"),
    "csr": (sparse.csr_matrix(put(X, (3, 2), np.nan)), HERE + "nan"),
    "csc": (sparse.csc_array(put(X, (3, 2), np.inf)), HERE + "inf"),
    "frame": (FRAME.assign(age=put(X[:, 2], 3, np.nan)), "Column 'age' of X in row 3 is nan"),
    "None": (put(X, (3, 2), None, object), "Input X contains NaN. " + HERE + "nan"),
    "NA": (put(X, (3, 2), pd.NA, object), "Input X contains NaN. " + HERE + "<NA>"),
    "NaT": (put(X, (3, 2), np.datetime64("NaT"), object), "Input X contains NaN. " + HERE + "NaT"),
    "Int64": (FRAME.assign(age=pd.array([*range(N - 1), pd.NA], "Int64")), f"Column 'age' of X in row {N - 1} is nan"),
    "boolean": (FRAME.assign(age=pd.array([True, pd.NA] * (N // 2), "boolean")), "'age' of X in row 1 is nan"),
    "pyarrow": (FRAME.assign(age=pd.array([1.5, None] * (N // 2), "double[pyarrow]")), "'age' of X in row 1 is nan"),
    "polars null": (pl.DataFrame({"a": X[:, 0], "b": [1.0, None] * (N // 2)}), "Column 'b' of X in row 1 is nan"),
    "masked": (np.ma.masked_array(X, put(np.zeros(X.shape, bool), (3, 2), True)), HERE + "masked"),
    "complex": (put(X, (3, 2), 1j, complex), "Complex data not supported. " + HERE + "1j"),
    "complex csr": (sparse.csr_array(put(X, (3, 2), 1j, complex)), "Complex data not supported. " + HERE + "1j"),
    "complex objects": (put(X, (3, 2), 1j, object), HERE + "1j"),
    "strings": (X.astype(str), "Column 0 of X in row 0 is '0.125'"),
    "bytes": (X.astype("S"), "Column 0 of X in row 0 is b'0.125'"),
    "a number as a string": (put(X, (3, 2), "1.5", object), HERE + "'1.5'.*Convert it"),
    "list": (put(X, (3, 2), "age", object).tolist(), HERE + "'age'"),
    "dict": (put(X, (3, 2), {"age": 1}, object), HERE + r"\{'age': 1\}"),
    "huge": (put(X, (3, 2), 10**400, object), HERE + "infinity or a value too large"),
    "huge Decimal": (put(X, (3, 2), Decimal("1e400"), object), HERE + "inf"),
    "datetime64": (np.full((N, 2), np.datetime64("2020-01-01")), "Column 0 of X in row 0 is .*2020-01-01"),
    "timedelta64": (np.full((N, 2), np.timedelta64(1, "D")), "Column 0 of X in row 0 is 1 days"),
    "dates": (FRAME.assign(when=pd.date_range("2020", periods=N)), "Column 'when' of X in row 0 is .*2020"),
    "zoned dates": (FRAME.assign(when=pd.date_range("2020", periods=N, tz="UTC")), "Column 'when' of X in row 0"),
    "timedelta": (FRAME.assign(when=pd.to_timedelta(np.arange(N), "D")), "Column 'when' of X in row 0"),
    "period": (FRAME.assign(when=pd.period_range("2020", periods=N)), "Column 'when' of X in row 0 is Period"),
    "category": (FRAME.assign(kind=pd.Categorical(["x", "y"] * (N // 2))), "'kind' of X in row 0 is 'x'.*encode"),
    "text": (FRAME.assign(kind=["1", "2"] * (N // 2)), "Column 'kind' of X in row 0 is '1'"),
    "polars text": (pl.DataFrame({"a": X[:, 0], "b": ["1", "2"] * (N // 2)}), "Column 'b' of X in row 0 is '1'"),
    "polars dates": (pl.DataFrame({"a": X[:, 0], "b": pd.date_range("2020", periods=N)}), "Column 'b' of X in row 0"),
}
WRONG_SHAPES = {
    "1-d": (X[:, 0], "Reshape your data"),
    "Series": (FRAME["a"], "2-dimensional container"),
    "3-d": (X[:, :, None], "dim 3"),
    "0-d": (1.0, "Reshape your data"),
    "nothing": (None, "Reshape your data"),
    "a path": ("table.csv", "X is 'table.csv'"),
    "dict of columns": ({"a": X[:, 0]}, "X is {'a'"),
    "generator": ((row for row in X), "X is <generator"),
    "ragged": ([[1.0, 2.0]] * (N - 1) + [[1.0]], f"row {N - 1} has 1 entries, row 0 has 2"),
    "no rows": (X[:0], r"0 sample\(s\)"),
    "no rows of a frame": (FRAME[:0], r"0 sample\(s\)"),
    "no columns": (X[:, :0], r"0 feature\(s\)"),
    "matrix": (np.asmatrix(X), "np.matrix is not supported"),
}


@pytest.mark.parametrize("wrong", [*WRONG_ENTRIES, *WRONG_SHAPES])
@each_basic
def test_a_wrong_table(estimator, y, wrong):
    table, message = {**WRONG_ENTRIES, **WRONG_SHAPES}[wrong]
    fails(message, estimator().fit, table, y[: len(table)] if wrong.startswith("no rows") else y)


@pytest.mark.parametrize("row", [0, N // 2, N - 1])
def test_a_long_table_is_checked_in_parts_to_its_end(row, monkeypatch):
    monkeypatch.setattr("sklearn_mle.estimators.table.PART", 3 * 5)
    fit = MLERegressor("poisson").fit
    fails(f"Column 2 of X in row {row} is nan", fit, put(X, (row, 2), np.nan), COUNTS)
    fails(rf"y\[{row}\] is inf", fit, X, put(COUNTS, row, np.inf, float))


@pytest.mark.parametrize("name", REGISTRY)
def test_nan_is_refused_by_every_family(name):
    estimator, likelihood, y = family(name)
    fails("Input X contains NaN. Column 'age' of X in row 3", estimator(likelihood).fit, WRONG_ENTRIES["frame"][0], y)
    if estimator is MLERegressor:
        fails(r"Input y contains NaN\. .*5", estimator(likelihood).fit, X, put(y, 5, np.nan, float))


METHODS = [
    *product(["numbers", "counts"], ["predict", "predict_dist", "predict_interval", "sample_y"]),
    *product(["labels"], ["predict", "predict_proba", "predict_log_proba", "decision_function"]),
]


@pytest.mark.parametrize("kind, method", METHODS)
def test_a_wrong_table_of_new_rows(kind, method):
    estimator, y = BASICS[kind]
    with pytest.raises(NotFittedError):
        getattr(estimator(), method)(X)
    answer = getattr(estimator().fit(FRAME, y), method)
    fails("Column 'age' of X in row 3 is nan", answer, WRONG_ENTRIES["frame"][0])
    fails("Column 'a' of X in row 0 is '0.125'", answer, FRAME.astype(str))
    fails("X has 2 features, but .* is expecting 3", answer, X[:, :2])
    fails("feature names should match", answer, FRAME.rename(columns={"a": "z"}))
    fails("same order", answer, FRAME[["b", "a", "age"]])
    fails(r"0 sample\(s\)", answer, FRAME[:0])
    fails("2-dimensional", answer, FRAME["a"])


@pytest.mark.parametrize("method", ["score", "log_prob"])
@each_basic
def test_wrong_rows_to_score(estimator, y, method):
    answer = getattr(estimator().fit(X, y), method)
    fails("contains NaN. y.5. is nan", answer, X, put(y, 5, np.nan, float))
    fails(f"y has {N - 1} rows, X has {N}", answer, X, y[1:])
    fails("the target y is None", answer, X, None)
    fails(r"y\[0\] is|Mix of label", answer, X, y.astype(str))
    with pytest.raises(NotFittedError):
        getattr(estimator(), method)(X, y)
    if method == "score":
        fails("sample_weight must be >= 0", answer, X, y, -np.ones(N))


# --- y ------------------------------------------------------------------------------------------------------------


@each_basic
@pytest.mark.parametrize(
    "change, message",
    [
        (lambda y: put(y, 5, np.nan, float), r"Input y contains NaN. y\[5\] is nan"),
        (lambda y: put(y, 5, np.inf, float), r"Input y contains infinity .*y\[5\] is inf"),
        (lambda y: put(y, 5, None, object), r"Input y contains NaN. y\[5\]"),
        (lambda y: put(y, 5, pd.NA, object), r"Input y contains NaN. y\[5\] is <NA>"),
        (lambda y: pd.Series(put(LABELS, 5, None, object), dtype="Int64"), r"Input y contains NaN. y\[5\]"),
        (lambda y: put(y, 5, 1j, complex), r"Complex data not supported. y\[5\]"),
        (lambda y: put(y, 5, {}, object), r"y\[5\] is {}"),
        (lambda y: np.ma.masked_array(y, np.arange(N) == 5), r"y\[5\] is masked"),
        (lambda y: sparse.csr_array(y[:, None]), "Sparse data was passed for y"),
        (lambda y: [[1, 2], *y[1:].tolist()], "row 1 has 1 entries, row 0 has 2"),
        (lambda y: np.zeros((N, 2, 2)), "dim 3"),
        (lambda y: y[1:], f"y has {N - 1} rows, X has {N}"),
        (lambda y: None, "requires y to be passed, but the target y is None"),
        (lambda y: 1.0, "1d array|1 dimension"),
    ],
)
def test_a_wrong_y(estimator, y, change, message):
    fails(message, estimator().fit, X, change(y))


@pytest.mark.parametrize("kind", ["numbers", "counts"])
def test_a_wrong_y_of_numbers(kind):
    estimator, y = BASICS[kind]
    for values, message in [
        (y.astype(str), r"y\[0\] is '.*': .*must be real.*Convert it"),
        (put(y, 5, "1.5", object), r"y\[5\] is '1.5'"),
        (put(y, 5, 10**400, object), r"y\[5\] is infinity or a value too large"),
        (pd.date_range("2020", periods=N), r"y\[0\] is .*2020"),
        (pd.Series(pd.Categorical(["x", "y"] * (N // 2))), r"y\[0\] is 'x'"),
        (np.column_stack([y, y]), "1d array"),
        (y[None], "1d array"),
    ]:
        fails(message, estimator().fit, X, values)


@pytest.mark.parametrize("name", [name for name in LIKELIHOODS if not issubclass(LIKELIHOODS[name], LabelLikelihood)])
def test_y_outside_the_support(name):
    estimator, likelihood, y = family(name)
    support = likelihood.support
    for bound, beyond in [(support.lower, -1.0), (support.upper, 1.0)]:
        if np.isfinite(bound):
            wrong = put(y, 17, bound + beyond)
            message = rf"{type(likelihood).__name__} models .*y\[17\] is \[?{bound + beyond}"
            fails(message, estimator(name).fit, X, wrong)


@pytest.mark.parametrize("name", [name for name in REGISTRY if REGISTRY[name]().support.integer])
def test_counts_that_are_no_integers_are_a_quasi_likelihood(name):
    _, likelihood, y = family(name)
    model = MLERegressor(likelihood)
    y = put(y, 4, 1.5)
    message = rf"{type(likelihood).__name__} models .*y\[4\] is \[?1.5.*of integers"
    with pytest.warns(UserWarning, match=message) as record:
        model.fit(X, y)
    assert sum("no integer" in str(warning.message) for warning in record) == 1
    assert any(warning.filename == __file__ for warning in record)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*no integer")
        model.predict(X)
        weight = (np.arange(N) != 4).astype(float)  # a row of weight 0 is no row
        MLERegressor(likelihood).fit(X, y, weight)


def test_the_quasi_likelihood_has_the_mean_of_a_poisson():
    """The score equations X'(y - mu) = 0 are those of counts."""
    y = COUNTS + 0.5
    with pytest.warns(UserWarning, match="no integer"):
        residual = y - MLERegressor("poisson").fit(X, y).predict(X)
    np.testing.assert_allclose(np.column_stack([np.ones(N), X]).T @ residual, 0, atol=1e-9 * N)


def test_a_column_of_y():
    for estimator, y in BASICS.values():
        for column in [y[:, None], pd.DataFrame({"y": y})]:
            with pytest.warns(DataConversionWarning):
                model = estimator().fit(X, column)
            np.testing.assert_array_equal(model.coef_, estimator().fit(X, y).coef_)


def test_booleans_are_0_and_1():
    np.testing.assert_array_equal(MLERegressor().fit(X, LABELS > 0).coef_, MLERegressor().fit(X, LABELS).coef_)


# --- labels -------------------------------------------------------------------------------------------------------

SOFT = np.column_stack([np.linspace(0.1, 0.9, N), np.linspace(0.9, 0.1, N)])


@pytest.mark.parametrize(
    "y, message",
    [
        (NUMBERS + 0.1, r"Unknown label type: continuous.*y\[0\] is .*Use MLERegressor"),
        (np.ones(N), r"one class, \[1.0\]"),
        (["a"] * N, r"one class, \['a'\]"),
        (["a", 1] * (N // 2), r"y\[0\] is 'a', y\[1\] is 1"),
        (np.array(["a", 1] * (N // 2), dtype=object), r"y\[0\] is 'a', y\[1\] is 1"),
        (np.array(["a", np.nan] * (N // 2), dtype=object), r"Input y contains NaN. y\[1\] is nan"),
        (["a", "b"] * (N // 2 - 1) + ["a", None], rf"Input y contains NaN. y\[{N - 1}\] is None"),
        (pd.Series(["a", pd.NA] * (N // 2), dtype="string"), r"Input y contains NaN. y\[1\] is <NA>"),
        (pd.Series(pd.Categorical(["a", None] * (N // 2))), r"Input y contains NaN. y\[1\]"),
        (np.array([b"a", b"b"] * (N // 2)), "bytes"),
        (np.column_stack([LABELS, np.ones(N)]), r"class probabilities, >= 0 with sum 1; y\[\d+\] is \[1.0, 1.0\]"),
        (put(SOFT, 3, [1.5, -0.5]), r"y\[3\] is \[1.5, -0.5\]"),
        (put(SOFT, (3, 1), np.nan), "Column 1 of y in row 3 is nan"),
        (pd.DataFrame(put(SOFT, (3, 1), np.nan), columns=["no", "yes"]), "Column 'yes' of y in row 3 is nan"),
        (pd.DataFrame(SOFT, columns=["no", "no"]), "'no' is there 2 times"),
        (np.column_stack([np.ones(N), np.zeros(N)]), r"one class, \[0\]"),
    ],
    ids=str,
)
def test_wrong_labels(y, message):
    fails(message, MLEClassifier().fit, X, y)


@pytest.mark.parametrize("name", ["auto", "bernoulli", "categorical", "gaussian_on_labels"])
def test_one_class_left(name):
    message = r"at least two classes in the rows of positive weight; y has one class, \[1\]"
    fails(message, MLEClassifier(name).fit, X, LABELS, LABELS.astype(float))
    fails(message, MLEClassifier(name, class_weight={0: 0}).fit, X, LABELS)
    fails(message, MLEClassifier(name).fit, X, np.column_stack([LABELS == 7, LABELS != 7]))


@pytest.mark.parametrize(
    "class_weight, message",
    [
        ("balance", r'a dict \{class: weight\}, "balanced" or None; got \'balance\''),
        ([1, 2], r"got \[1, 2\]"),
        (True, "got True"),
        ({5: 1.0}, r"class_weight names 5, which is none of the classes \[0, 1\]"),
        ({"0": 1.0}, r"class_weight names '0', .* Did you mean 0\?"),
        ({0: -1.0}, "that of class 0 is -1.0"),
        ({0: np.nan}, "that of class 0 is nan"),
        ({0: np.inf}, "that of class 0 is inf"),
        ({0: "heavy"}, "that of class 0 is 'heavy'"),
        ({0: 0, 1: 0}, "class_weight is zero for every class"),
    ],
    ids=str,
)
def test_wrong_class_weights(class_weight, message):
    fails(message, MLEClassifier(class_weight=class_weight).fit, X, LABELS)


def test_class_weights_may_name_some_of_the_classes_or_more():
    some, all_of_them = (MLEClassifier(class_weight=w).fit(X, LABELS) for w in ({1: 3}, {0: 1, 1: 3, 2: 9}))
    np.testing.assert_array_equal(some.coef_, all_of_them.coef_)


def test_the_columns_of_a_frame_are_the_classes():
    """In its order, which need not be sorted; the fit is that of the bare array."""
    for kind in (pd.DataFrame, lambda y, columns: pl.DataFrame(y, schema=columns)):
        soft = kind(SOFT, columns=["yes", "no"])
        model, bare = MLEClassifier().fit(X, soft), MLEClassifier().fit(X, SOFT)
        assert model.classes_.tolist() == ["yes", "no"] and bare.classes_.tolist() == [0, 1]
        np.testing.assert_array_equal(model.coef_, bare.coef_)
        np.testing.assert_array_equal(model.log_prob(X, soft), bare.log_prob(X, SOFT))
        hard = np.array(["no", "yes"])[LABELS]
        np.testing.assert_array_equal(model.log_prob(X, hard), bare.log_prob(X, 1 - LABELS))
        assert set(model.predict(X)) <= {"yes", "no"} and model.score(X, soft) == bare.score(X, SOFT)
        fails(r"columns of y are \['no', 'yes'\]", model.log_prob, X, kind(SOFT, columns=["no", "yes"]))
    np.testing.assert_array_equal(model.log_prob(X, SOFT), bare.log_prob(X, SOFT))
    fails(r"y has 3 columns of class probabilities", model.score, X, np.full((N, 3), 1 / 3))
    assert MLEClassifier().fit(X, pd.DataFrame(SOFT, columns=[7, 2])).classes_.tolist() == [7, 2]


def test_labels_unknown_to_the_fit():
    model = MLEClassifier().fit(X, LABELS)
    fails(r"y\[0\] is 2, which is none of the classes \[0, 1\]", model.log_prob, X, LABELS * 0 + 2)
    fails(r"y\[0\] is '.*', which is none of the classes", model.log_prob, X, LABELS.astype(str))
    strings = MLEClassifier().fit(X, np.array(["a", "b"], dtype=object)[LABELS])
    fails(r"y\[0\] is \d, which is none of the classes", strings.log_prob, X, LABELS)


# --- weights, offset, exposure ------------------------------------------------------------------------------------

ONES = np.ones(N)


@each_basic
@pytest.mark.parametrize(
    "weight, message",
    [
        (put(ONES, 4, -1), "sample_weight must be >= 0 .*row 4 has -1.0"),
        (put(ONES, 4, np.nan), r"sample_weight contains NaN. sample_weight\[4\]"),
        (put(ONES, 4, np.inf), r"sample_weight contains infinity .*sample_weight\[4\]"),
        (0 * ONES, "sample_weight is zero in every row"),
        (ONES[1:], rf"sample_weight.shape == \({N - 1},\), expected \({N},\)"),
        (ONES[:, None], r"one weight for each row"),
        (ONES + 1j, r"Complex data not supported. sample_weight\[0\]"),
        (ONES.astype(str), r"sample_weight\[0\] is '1.0'"),
        (put(ONES, 4, "2", object), r"sample_weight\[4\] is '2'"),
        (pd.Series([1, None] * (N // 2), dtype="Int64"), r"sample_weight\[1\]"),
        (pd.date_range("2020", periods=N), r"sample_weight\[0\] is .*2020"),
        (np.ma.masked_array(ONES, np.arange(N) == 2), r"sample_weight\[2\] is masked"),
        (sparse.csr_array(ONES[:, None]), "Sparse data was passed for sample_weight"),
        (1e308 * ONES, "leaves the range of floats: the largest is 1e.308, the sum inf"),
        (1e-320 * ONES, "leaves the range of floats"),
        ("balanced", "sample_weight is 'balanced'"),
        ({0: 1.0}, "sample_weight is {0: 1.0}"),
        (-1.0, "sample_weight must be >= 0"),
    ],
    ids=str,
)
def test_wrong_weights(estimator, y, weight, message):
    fails(message, estimator().fit, X, y, weight)


EXPOSED = FRAME.assign(years=np.linspace(1, 2, N))


def with_exposure(exposure="years", **arguments):
    return MLERegressor("poisson", exposure=exposure, **arguments)


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_exposure_must_be_positive_where_a_row_counts(bad):
    table, weight = EXPOSED.assign(years=put(EXPOSED.years, 5, bad)), put(ONES, 5, 0)
    fails(f"exposure must be positive; column 'years' of X is {bad} in row 5", with_exposure().fit, table, COUNTS)
    whole, rest = with_exposure().fit(table, COUNTS, weight), with_exposure().fit(EXPOSED, COUNTS, weight)
    np.testing.assert_array_equal(whole.coef_, rest.coef_)
    fails(f"column 'years' of X is {bad} in row 5", whole.predict, table)


@pytest.mark.parametrize("role", ["offset", "exposure"])
def test_nan_in_an_offset_or_exposure(role):
    table = EXPOSED.assign(years=put(EXPOSED.years, 5, np.nan))
    fails("Column 'years' of X in row 5 is nan", MLERegressor("poisson", **{role: "years"}).fit, table, COUNTS)


@pytest.mark.parametrize("value", [1e10, -1e200, 1e300])
def test_rows_of_weight_zero_influence_nothing_however_odd(value):
    weight = put(ONES, 5, 0)
    for name, arguments in product(["gaussian", "poisson"], [{}, {"offset": 0}]):
        y = COUNTS
        model, other = (
            MLERegressor(name, **arguments).fit(table, put(y, 5, value_of_y), weight)
            for table, value_of_y in [(X, y[5]), (put(X, (5, slice(None)), value), -7.5)]
        )
        np.testing.assert_allclose(other.coef_, model.coef_, rtol=1e-9, atol=1e-12)


def test_a_wrong_y_is_named_by_its_row_where_rows_of_weight_zero_come_first():
    weight = put(ONES, [0, 1, 4], 0)
    fails(r"y\[2\] is -3.0", MLERegressor("poisson").fit, X, put(COUNTS, 2, -3), weight)
    fails(r"y\[7\] is -3.0", MLERegressor("poisson").fit, X, put(COUNTS, 7, -3), weight)
    fails(r"y\[2\] is -3.0", MLERegressor(Truncated(lower=0)).fit, X, put(1 + COUNTS, 2, -3), weight)
    with pytest.warns(UserWarning, match=r"y\[2\] is 0.5, no integer"):
        MLERegressor("poisson").fit(X, put(COUNTS, 2, 0.5), weight)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_numbers_whose_squares_are_beyond_all_floats(form):
    for estimator, y in BASICS.values():
        table = form(X * [1.0, 1.0, 1e200])
        fails("Column 2 of X has numbers the squares of which are beyond all floats", estimator().fit, table, y)
    for scale in ("e+200", "e-200"):
        message = f"y goes from .* to .*{re.escape(scale)}, .*: rescale it"
        fails(message, MLERegressor().fit, X, NUMBERS * float(f"1{scale}"))
        fails(message, MLERegressor("laplace").fit, X, NUMBERS * float(f"1{scale}"))
    offset = np.column_stack([X, np.linspace(-1e5, 1e5, N)])
    fails(r"Its offset, or the logarithm of its exposure, is", MLERegressor("poisson", offset=3).fit, offset, COUNTS)


# --- arguments and names ------------------------------------------------------------------------------------------

JUNK = {
    "alpha": [None, True, np.nan, np.inf, -1, "1", [1.0]],
    "l1_ratio": [None, True, np.nan, 1.5, -0.1, "0"],
    "fit_intercept": [None, 1, "no", np.nan],
    "max_iter": [True, 0, -1, 2.5, np.nan, np.inf, "10"],
    "tol": [True, -1e-3, np.nan, np.inf, "1e-3"],
    "warm_start": [None, "yes", 1],
    "n_jobs": [0, True, 1.5, np.nan, "all"],
    "random_state": ["junk", -1, 1.5, True, 2**40],
    "verbose": [None, -1, "yes"],
}


def test_every_rule_is_tried():
    assert set(JUNK) == set(RULES)


@each_basic
@pytest.mark.parametrize("name, value", [(name, value) for name in JUNK for value in JUNK[name]], ids=str)
def test_junk_for_an_argument(estimator, y, name, value):
    message = f": {name} must be {RULES[name][1]}; got {value!r}."
    fails(re.escape(message), estimator().set_params(**{name: value}).fit, X, y)
    if estimator is MLERegressor:
        fails(re.escape(message), estimator(solver="sgd").set_params(**{name: value}).partial_fit, X, y)


def misspelt(name):
    return name[:1] + name[2:] if len(name) > 3 else name + "x"


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_misspelt_likelihood(name):
    for wrong in (misspelt(name), name.upper(), name.title().replace("_", "")):
        message = f"no likelihood is named '{wrong}'; the names are gaussian, .* Did you mean '"
        fails(message, MLERegressor(wrong).fit, X, NUMBERS)
    fails(f"Did you mean '{name}'", MLERegressor(name.upper()).fit, X, NUMBERS)


def test_a_misspelt_solver_link_or_column():
    for name in SOLVERS:
        wrong = misspelt(name)
        fails(f"got '{wrong}'. Did you mean '{name}'", MLERegressor(solver=wrong).fit, X, NUMBERS)
    for name in LINKS:
        message = f"'{misspelt(name)}' is no link; known are .* Did you mean"
        fails(message, MLERegressor(Poisson(misspelt(name))).fit, X, COUNTS)
    fails("'yeers' is no column of X.* Did you mean 'years'", with_exposure("yeers").fit, EXPOSED, COUNTS)
    fails("'agee' is no column of X.* Did you mean 'age'", MLERegressor(offset="agee").fit, FRAME, NUMBERS)
    fails("'sigm' is no parameter .* Did you mean 'sigma'", MLERegressor(regressed=["mu", "sigm"]).fit, X, NUMBERS)
    fails("'muu' is no estimated .* Did you mean 'mu'", MLERegressor(offset={"muu": 0}).fit, X, NUMBERS)
    fails("is no column of X; it has", MLERegressor(regressed={"mu": "income"}).fit, FRAME, NUMBERS)


@pytest.mark.parametrize("solver", [None, 3, Ellipsis, "", "adamw"], ids=str)
def test_no_solver(solver):
    fails("solver takes one of the names", MLERegressor(solver=solver).fit, X, NUMBERS)


def test_the_wrong_kind_of_likelihood():
    fails(r"one of labels. Use MLEClassifier", MLERegressor("bernoulli").fit, X, LABELS)
    fails(r"needs a likelihood of labels .*Use MLERegressor", MLEClassifier("poisson").fit, X, LABELS)
    fails(r"Only binary classification is supported.*Use Categorical", MLEClassifier("bernoulli").fit, X, THREE)
    for wrong in (None, 3, Poisson):
        fails("a likelihood is", MLERegressor(wrong).fit, X, COUNTS, error=TypeError)


@pytest.mark.parametrize(
    "likelihood, message",
    [
        (lambda: StudentT(df=-1), "df must lie in"),
        (lambda: StudentT(df=True), "df must be a number"),
        (lambda: StudentT(df=np.nan), "df must lie in"),
        (lambda: NegativeBinomial(alpha="1"), "alpha must be a number"),
        (lambda: Poisson(link={"nu": "log"}), "no parameter 'nu' to link"),
        (lambda: Poisson(link="logit"), "a link of probabilities"),
        (lambda: Bernoulli(link="log"), "p is a probability"),
        (lambda: GaussianOnLabels(link="probit"), "'logit' or 'identity'"),
    ],
)
def test_wrong_arguments_of_likelihoods(likelihood, message):
    likelihood = likelihood()
    labels = isinstance(likelihood, LabelLikelihood)
    fails(message, (MLEClassifier if labels else MLERegressor)(likelihood).fit, X, LABELS)


def test_parameters_of_a_name():
    message = "likelihood__df: likelihood='poisson' is a name, without parameters of its own; pass an object"
    fails(message, lambda: MLERegressor("poisson").set_params(likelihood__df=4))
    fails(message, GridSearchCV(MLERegressor("poisson"), {"likelihood__df": [4]}, error_score="raise").fit, X, COUNTS)
    fails("Invalid parameter 'alpah'", lambda: MLERegressor().set_params(alpah=1.0))


def test_nothing_to_estimate():
    fails("estimates nothing", MLERegressor("poisson", regressed=[], fit_intercept=False).fit, X, COUNTS)


def test_errors_come_through_pipelines_and_searches():
    fails("alpha must be .*got -1", GridSearchCV(MLERegressor(), {"alpha": [-1]}, error_score="raise").fit, X, NUMBERS)
    pipe = make_pipeline(StandardScaler(), MLERegressor("poisson"))
    fails("Column 2 of X in row 3 is nan", pipe.fit, put(X, (3, 2), np.nan), COUNTS)
    fails(r"y\[5\] is -1.0", pipe.fit, X, put(COUNTS, 5, -1))


def test_wrong_questions_to_a_fitted_regressor():
    model = MLERegressor().fit(X, NUMBERS)
    for coverage in (1.5, -0.1, np.nan, "wide"):
        fails("coverage is a probability", model.predict_interval, X, coverage)
        fails("quantiles are probabilities", model.predict_quantile, X, coverage)
    for n_samples in (0, -1, 1.5, "many"):
        fails("n_samples must be an integer >= 1", model.sample_y, X, n_samples)


# --- partial_fit --------------------------------------------------------------------------------------------------


def stream(**arguments):
    return MLEClassifier(solver="sgd", **arguments)


def test_the_classes_of_a_stream():
    fails("classes must be given on the first call", stream().partial_fit, X, LABELS)
    fails(r"one class, \[0\]", lambda: stream().partial_fit(X, LABELS, classes=[0]))
    fails("contains NaN", lambda: stream().partial_fit(X, LABELS, classes=[0, np.nan]))
    fails(r"y\[2\] is 2, which is none of the classes", lambda: stream().partial_fit(X, THREE, classes=[0, 1]))
    model = stream().partial_fit(X, LABELS, classes=[1, 0])
    before = dict(vars(model))
    model.partial_fit(X, LABELS, classes=[0, 1])
    fails(r"the classes \[0, 1\], but classes are \[0, 1, 2\]", lambda: model.partial_fit(X, LABELS, classes=[0, 1, 2]))
    fails("none of the classes", model.partial_fit, X, LABELS + 1)
    fails("none of the classes", model.partial_fit, X, LABELS.astype(str))
    fails("X has 2 features", model.partial_fit, X[:, :2], LABELS)
    assert model.classes_.tolist() == [0, 1] and set(before) == set(vars(model))


def test_soft_labels_in_a_stream():
    model = stream().partial_fit(X, SOFT, classes=["no", "yes"]).partial_fit(X, SOFT)
    assert model.classes_.tolist() == ["no", "yes"]
    model.partial_fit(X, pd.DataFrame(SOFT, columns=["no", "yes"]))
    model.partial_fit(X, np.array(["no", "yes"])[LABELS])
    fails(r"columns of y are \['yes', 'no'\]", model.partial_fit, X, pd.DataFrame(SOFT, columns=["yes", "no"]))
    fails("y has 3 columns", model.partial_fit, X, np.eye(3)[THREE])
    fails("y has 3 columns", lambda: stream().partial_fit(X, np.eye(3)[THREE], classes=[0, 1]))


def test_class_weights_in_a_stream():
    fails("compute_class_weight", lambda: stream(class_weight="balanced").partial_fit(X, LABELS, classes=[0, 1]))
    stream(class_weight={0: 2.0}).partial_fit(X, LABELS, classes=[0, 1])


# --- what works ---------------------------------------------------------------------------------------------------


def spread(array):
    """The array as every third entry of a larger one."""
    larger = np.zeros([3 * length for length in array.shape])
    view = larger[tuple(slice(1, None, 3) for _ in array.shape)]
    view[...] = array
    return view


def locked(array):
    array = array.copy()
    array.setflags(write=False)
    return array


def frame(array, dtype):
    return (pd.DataFrame if array.ndim == 2 else pd.Series)(array).astype(dtype)


def of_objects(kind):
    return np.vectorize(kind, otypes=[object])


FORMS = {
    "read-only": locked,
    "Fortran": np.asfortranarray,
    "strided": spread,
    "backward": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "big-endian": lambda a: a.astype(">f8"),
    "half": lambda a: a.astype(np.float16),
    "long": lambda a: a.astype(np.longdouble),
    "objects": lambda a: a.astype(object),
    "fractions": of_objects(Fraction),
    "list": np.ndarray.tolist,
    "unmasked": lambda a: np.ma.masked_array(a, np.zeros(a.shape, bool)),
    "frame": lambda a: frame(a, float),
    "objects in a frame": lambda a: frame(a, object),
    "nullable": lambda a: frame(a, "Float64"),
    "pyarrow": lambda a: frame(a, "double[pyarrow]"),
    "polars": lambda a: (pl.DataFrame if a.ndim == 2 else pl.Series)(a),
    **{kind: kind for kind in ("csr", "csc", "coo", "lil", "dok", "dia")},
}


def content(table):
    """What is in a table, to see whether a fit has changed it."""
    if isinstance(table, np.ndarray) and table.dtype != object:
        return table.tobytes()
    return repr(table.toarray() if sparse.issparse(table) else table)


@each_basic
@pytest.mark.parametrize("form", [*FORMS, "mapped"])
def test_tables_of_every_form_give_the_same_fit_and_are_not_written_to(estimator, y, form, tmp_path):
    weight = 1.0 + THREE
    if form == "mapped":

        def of_form(array):
            path = tmp_path / f"{array.ndim}{array.sum()}.npy"
            np.save(path, array)
            return np.load(path, mmap_mode="r")

    elif isinstance(FORMS[form], str):

        def of_form(array):
            return getattr(sparse, f"{form}_array")(array) if array.ndim == 2 else array.copy()
    else:
        of_form = FORMS[form]
    labels = estimator is MLEClassifier and form == "fractions"
    table = of_form(X), y if labels else of_form(y.astype(float)), of_form(weight)
    before = [content(part) for part in table]
    model, plain = estimator().fit(*table), estimator().fit(X, y, weight)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(model.predict(table[0]), plain.predict(X), rtol=1e-10)
    np.testing.assert_allclose(model.log_prob(*table[:2]), plain.log_prob(X, y), rtol=1e-9, atol=1e-12)
    assert model.score(*table) == pytest.approx(plain.score(X, y, weight))
    assert [content(part) for part in table] == before


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int16, np.int64, np.float16])
def test_columns_of_small_types(dtype):
    table = (X > 0).astype(dtype)
    for estimator, y in BASICS.values():
        np.testing.assert_array_equal(estimator().fit(table, y).coef_, estimator().fit(X > 0, y).coef_)


def test_integers_beyond_the_digits_of_a_float():
    large = 2**60 + 2**50 * np.arange(N)
    model = MLERegressor().fit(X, large)
    np.testing.assert_allclose(model.coef_, MLERegressor().fit(X, large.astype(float)).coef_, rtol=1e-9)


# --- far predictions ----------------------------------------------------------------------------------------------

FAR = np.array([[1e10, 0, 0], [-1e10, 0, 0], [1e300, 1e300, -1e300], [-1e300, 0, 0], [1e308, 1e308, 1e308], [0, 0, 0]])


def linked():
    """(name, link) of every family and link that go together; None is the family's own."""
    for name in REGISTRY:
        yield name, None
        for link in LINKS if "link" in REGISTRY[name]().get_params() else ():
            likelihood = REGISTRY[name](link=link)
            try:
                if isinstance(likelihood, LabelLikelihood):
                    likelihood.with_classes(2).start(np.array([0, 1]), np.ones(2))
                likelihood.parameters  # noqa: B018 - raises where the link does not suit
            except ValueError:
                continue
            yield name, link


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name, link", list(linked()))
def test_far_predictions_are_never_nan(name, link):
    estimator, likelihood, y = family(name)
    if link is not None:
        likelihood.set_params(link=link)
        y = y if estimator is MLEClassifier or likelihood.support.lower == 0 else np.abs(y) + 0.1
    model = estimator(likelihood, max_iter=30).fit(X, y)
    if estimator is MLEClassifier:
        proba = model.predict_proba(FAR)
        np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
        answers = [proba, model.predict_log_proba(FAR), model.decision_function(FAR)]
        assert set(model.predict(FAR)) <= set(model.classes_)
    else:
        law = model.predict_dist(FAR)
        answers = [*model.predict(FAR, return_std=True), law.mean(), law.var(), law.std(), *law.params.values()]
        answers += [model.predict_interval(FAR), model.predict_quantile(FAR, [0.1, 0.7])]
    answers.append(model.log_prob(FAR, y[: len(FAR)]))
    assert not any(np.isnan(answer).any() for answer in answers)


# --- what a stranger tried ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1e-160, 1e-200])
def test_columns_whose_squares_are_below_all_floats_are_named(size):
    for table in (FRAME * [1.0, size, 1.0], sparse.csr_array(X * [1.0, size, 1.0])):
        fails("Column ('b'|1) of X goes up to .*e-(160|200|159|199) only.*rescale", MLERegressor().fit, table, NUMBERS)
    MLERegressor().fit(X * [1e-100, 1.0, 1.0], NUMBERS)  # its squares are floats


@pytest.mark.filterwarnings("always")
def test_weights_that_drown_the_other_rows():
    heavy = put(np.ones(N), 0, 1e300)
    for model, y in [(MLERegressor("poisson"), COUNTS), (MLERegressor(), NUMBERS), (MLEClassifier(), LABELS)]:
        fails("1 of 60 rows have all but 1e-16 of the weight.*within ten digits", model.fit, X, y, heavy)
    with pytest.warns(ConvergenceWarning, match="1 of 60 rows have all but 1e-11 of the weight.*tol=0"):
        MLERegressor("poisson").fit(X, COUNTS, put(np.ones(N), 0, 1e14))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLERegressor("poisson").fit(X, COUNTS, np.where(np.arange(N) < 30, 1e14, 1.0))  # 30 rows are enough
        MLERegressor("poisson").fit(X, COUNTS, put(np.ones(N), 0, 1e9))


@pytest.mark.parametrize(
    "wrong, meant",
    [
        *((name, "gaussian") for name in ("normal", "norm", "gauss", "ols", "linear")),
        *((name, "negative_binomial") for name in ("nb", "nb2", "negbin", "negbinom")),
        *[
            ("nb1", "negative_binomial1"),
            ("t", "student_t"),
            ("logit", "bernoulli"),
            ("quantile", "asymmetric_laplace"),
        ],
        *[("Poisson", "poisson"), ("weibul", "weibull")],
    ],
)
def test_names_of_other_packages_are_understood(wrong, meant):
    for model, y in ((MLERegressor(wrong), COUNTS), (MLEClassifier(wrong), LABELS)):
        fails(f"no likelihood is named '{wrong}'.* Did you mean '{meant}'", model.fit, X, y)


def test_logistic_regression_is_a_bernoulli():
    fails("'bernoulli' for logistic regression", MLEClassifier("logistic").fit, X, LABELS)


def test_every_name_of_other_packages_stands_for_a_likelihood():
    assert set(ELSEWHERE.values()) <= set(LIKELIHOODS) and not set(ELSEWHERE) & set(LIKELIHOODS)


class Links(Likelihood):
    """A likelihood that states its links wrongly."""

    def dist(self, mu):
        return stats.norm(mu)


@pytest.mark.parametrize(
    "stated, message",
    [
        ({"links": {"mu": "log"}}, "Links: the link of mu is 'log'; it must be an object of sklearn_mle.links"),
        ({"links": ["mu"]}, r"Links needs `links`, a dict of its parameters.*got \['mu'\]"),
        ({}, "Links needs `links`.*got None"),
        ({"links": {"mu": Identity()}, "support": None}, "Links: support is None; it must be a Support"),
    ],
)
def test_a_likelihood_that_states_too_little(stated, message):
    family = type("Links", (Links,), stated)
    for wrong in (family(), ZeroInflated(family())):
        fails(message, MLERegressor(wrong).fit, X, NUMBERS)
    fails(message, fit_distribution, NUMBERS, family())


@pytest.mark.parametrize("law", [stats.norm, stats.norm(), 3])
def test_what_is_no_likelihood(law):
    fails("a subclass of Likelihood with `links`", MLERegressor(law).fit, X, NUMBERS)
    fails("a subclass of Likelihood with `links`", fit_distribution, NUMBERS, law)


@pytest.mark.parametrize("method", ["cdf", "sf", "logcdf", "logsf", "ppf", "isf", "pdf", "logpdf", "log_prob", "crps"])
def test_values_that_do_not_fit_the_rows(method):
    answer = getattr(MLERegressor().fit(X, NUMBERS).predict_dist(X), method)
    fails(r"Values of shape \(7,\) do not broadcast against 60 distributions.*\(k, 1\)", answer, np.full(7, 0.5))
    assert answer(np.full(N, 0.5)).shape == answer(0.5).shape == (N,)


@pytest.mark.parametrize("wrong", ["0", np.nan, None])
def test_ends_of_a_truncation_are_numbers(wrong):
    fails("Truncated: lower must be a number", MLERegressor(Truncated(lower=wrong)).fit, X, NUMBERS)


@pytest.mark.parametrize("wrapper", [Censored, Truncated, ZeroInflated, Hurdle])
def test_wrappers_of_labels(wrapper):
    fails("needs a base of numbers; got 'bernoulli'", MLERegressor(wrapper("bernoulli")).fit, X, LABELS)


@pytest.mark.parametrize("name", ["poisson", "negative_binomial"])
def test_counts_too_large_to_be_drawn(name):
    y = np.random.default_rng(5).negative_binomial(2, 1 / (1 + np.exp(X[:, 0])))
    law = MLERegressor(name).fit(X[:, :1], y).predict_dist([[0.0], [1e4], [1.0]])
    fails("Row 1 has mean .*: counts so large cannot be drawn", law.rvs)


def test_an_interval_is_no_number_to_be_scored():
    y = np.column_stack([NUMBERS, np.where(NUMBERS > 1, np.inf, NUMBERS)])
    law = MLERegressor(Censored()).fit(X, y).predict_dist(X)
    for score in (mean_crps, pit, interval_score, coverage_score):
        fails("a row of y is several numbers, such as the interval of a censored observation", score, y, law)
        score(NUMBERS, law)


def test_fit_distribution_names_itself():
    fails(r"y\[1\] is nan: fit_distribution needs finite numbers", fit_distribution, [1.0, np.nan])


def test_events_are_shown_as_they_are_written():
    fails(r"event\[0\] is 2\.", right_censored, [1.0, 2.0], [2, 1])
