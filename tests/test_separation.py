"""Separated labels: the linear programs against another formulation, known sets, and changes of units."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import linprog
from sklearn.datasets import load_breast_cancer, load_iris

from sklearn_mle import detect_separation


def verdict(X, y):
    """Another program: the most rows whose margins a direction can make positive, each counted up to 1."""
    classes, codes = np.unique(y, return_inverse=True)
    Z, C = np.column_stack([np.ones(len(X)), X]), len(classes)
    rows = []
    for z, a in zip(Z, codes, strict=True):
        for c in set(range(C)) - {a}:
            row = np.zeros((C, Z.shape[1]))
            row[a], row[c] = z, -z
            rows.append(row.ravel())
    A = np.array(rows)
    m, d = A.shape
    # max sum t, t <= A b, 0 <= t <= 1, b free
    program = linprog(
        np.r_[np.zeros(d), -np.ones(m)],
        np.hstack([-A, np.eye(m)]),
        np.zeros(m),
        bounds=[(None, None)] * d + [(0, 1)] * m,
    )
    separated = round(-program.fun, 6)
    return "none" if separated == 0 else "complete" if separated == m else "quasi-complete"


@pytest.mark.parametrize("C", [2, 3])
@pytest.mark.parametrize("seed", range(25))
def test_kind_is_that_of_another_program(seed, C):
    rng = np.random.default_rng([seed, C])
    n = int(rng.integers(5, 25))
    X = rng.integers(-1, 3, size=(n, int(rng.integers(1, 4)))).astype(float)  # ties make quasi-separation common
    y = np.r_[np.arange(C), rng.integers(0, C, n - C)]
    assert detect_separation(X, y).kind == verdict(X, y)


def test_known_sets():
    X, y = load_iris(return_X_y=True)
    assert detect_separation(X, y).kind == "quasi-complete"  # setosa from the others
    assert detect_separation(X[y > 0], y[y > 0]).kind == "none"
    assert detect_separation(X, y == 0).kind == "complete"
    assert detect_separation(*load_breast_cancer(return_X_y=True)).kind == "complete"


@pytest.fixture
def quasi():
    """The dummy `d` occurs with y = 1 only; the rest overlaps."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(100, 3)), columns=["a", "b", "c"]).assign(d=np.arange(100) < 8)
    return X.astype(float), np.where(X.d, 1, rng.integers(0, 2, 100))


def test_columns_and_signs(quasi):
    X, y = quasi
    found = detect_separation(X, y)
    assert (found.kind, found.columns, found.signs.tolist(), found.intercept) == ("quasi-complete", ("d",), [1], 0)
    assert detect_separation(X.to_numpy(), y).columns == (3,)
    assert detect_separation(X, 1 - y).signs.tolist() == [-1]
    assert detect_separation(X, np.where(y, "yes", "no")).signs.tolist() == [1]
    # The dummy's complement moves the infinity to the intercept too.
    flipped = detect_separation(X.assign(d=1 - X.d), y)
    assert (flipped.columns, flipped.signs.tolist(), flipped.intercept) == (("d",), [-1], 1)
    three = detect_separation(X, np.where(X.d > 0, 1, np.arange(100) % 3))
    assert three.columns == ("d",) and three.signs.ravel().tolist() == [-1, 1, -1]


@pytest.mark.parametrize("change", [lambda X: 1e6 * X, lambda X: X + 1e6, lambda X: X * [1e-8, 1, 1e8, 1e-3]])
def test_units_do_not_matter(quasi, change):
    X, y = quasi
    found = detect_separation(change(X.to_numpy()), y)
    assert (found.kind, found.columns, found.signs.tolist()) == ("quasi-complete", (3,), [1])


def test_collinear_columns_are_named_once(quasi):
    X, y = quasi
    found = detect_separation(X.assign(e=X.a, one=1.0, zero=0.0), y)
    assert (found.kind, found.columns) == ("quasi-complete", ("d",))


def test_sparse_weights_and_no_intercept(quasi):
    X, y = quasi
    assert detect_separation(sparse.csr_array(X), y).columns == (3,)
    contrary = (np.arange(100) == 3).astype(float)  # this row's label stands against the separation
    other = np.where(contrary > 0, 0, y)
    assert detect_separation(X, other).kind == "none"
    assert detect_separation(X, other, sample_weight=1 - contrary).columns == ("d",)
    positive = np.arange(1.0, 5.0)[:, None]
    assert detect_separation(positive, [0, 0, 1, 1]).kind == "complete"
    assert detect_separation(positive, [0, 0, 1, 1], fit_intercept=False).kind == "none"


def test_many_rows_by_few_constraints():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60_000, 4))
    y = X[:, 0] + rng.logistic(size=len(X)) > 0
    assert detect_separation(X, y).kind == "none"
    X[:, 3] = rng.random(len(X)) < 2e-4
    y[X[:, 3] == 1] = False
    found = detect_separation(X, y)
    assert (found.kind, found.columns, found.signs.tolist()) == ("quasi-complete", (3,), [-1])


def test_bad_input():
    with pytest.raises(ValueError, match="two classes"):
        detect_separation([[1.0], [2.0]], [1, 1])
    with pytest.raises(ValueError, match="y has 3 rows, X has 2"):
        detect_separation([[1.0], [2.0]], [1, 1, 0])
    with pytest.raises(ValueError, match="NaN"):
        detect_separation([[1.0], [np.nan]], [1, 0])
