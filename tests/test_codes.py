"""One-hot columns kept as codes: found in a csr, and the same products, fits and inference as those of the matrix."""

import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import OneHotEncoder

from sklearn_mle import Inference, MLEClassifier, MLERegressor
from sklearn_mle.design import Block, Columns, Layout, Moments, coded, gram
from sklearn_mle.estimators import reading

N, LEVELS = 5000, (2, 5, 8, 30, 3)


def categories(n=N, levels=LEVELS, seed=0):
    """Levels of factors, the first of each the most frequent."""
    rng = np.random.RandomState(seed)
    return np.stack([np.minimum(rng.geometric(1.4 / size, n), size) - 1 for size in levels], axis=1)


def encoded(n=N, levels=LEVELS, **options):
    return OneHotEncoder(categories=[range(size) for size in levels], **options).fit_transform(categories(n, levels))


def mixed(n=N, threshold=1.0, **options):
    """A numeric column far from 0, factors, another numeric column that is mostly 0: as ColumnTransformer has them."""
    rng = np.random.RandomState(1)
    dates, rare = 2000 + 5 * rng.standard_normal(n), rng.standard_normal(n) * (rng.random_sample(n) < 0.1)
    table = np.column_stack([dates, categories(n), rare])
    factors = list(range(1, 1 + len(LEVELS)))
    encoder = OneHotEncoder(categories=[range(size) for size in LEVELS], **options)
    parts = [("date", "passthrough", [0]), ("factors", encoder, factors), ("rare", "passthrough", [1 + len(LEVELS)])]
    return sparse.csr_array(ColumnTransformer(parts, sparse_threshold=threshold).fit_transform(table))


def some_absent():
    """Groups without a level in some rows, in one of them in most: as handle_unknown="ignore" leaves them."""
    X = encoded()
    rng = np.random.RandomState(2)
    kept = rng.random_sample(X.nnz) < np.array([0.95, 0.9, 0.3, 0.9, 0.9])[np.arange(X.nnz) % len(LEVELS)]
    return sparse.csr_array((X.data * kept, X.indices, X.indptr), X.shape).tocoo().tocsr()


def without_zeros(X):
    X = X.copy()
    X.eliminate_zeros()
    return X


TABLES = {
    "encoder": encoded(),
    "matrix": sparse.csr_matrix(encoded()),
    "drop first": encoded(drop="first"),
    "float32": encoded(dtype=np.float32),
    "one group": encoded(levels=(300,)),
    "levels without a row": without_zeros(some_absent()),
    "with numbers": mixed(),
    "with numbers, drop first": mixed(drop="first"),
}
every_table = pytest.mark.parametrize("name", TABLES)


def products(X):
    """What a block asks of X."""
    n, p = X.shape
    rng = np.random.RandomState(3)
    W, g = rng.standard_normal((2, p)), rng.standard_normal((3, n))
    return W @ X.T, g @ X, g[0] @ X


@every_table
def test_groups_are_found(name):
    X, kept = TABLES[name], coded(TABLES[name])
    assert isinstance(kept, Columns)
    assert kept.shape == X.shape
    numeric = [0, X.shape[1] - 1] if "numbers" in name else []
    assert kept.plain[0].tolist() == numeric
    assert len(kept.repeated) <= 3
    np.testing.assert_array_equal(kept.toarray(), X.toarray())
    np.testing.assert_array_equal(kept.tocoo().toarray(), X.toarray())


@every_table
def test_products_are_those_of_the_matrix(name):
    X = TABLES[name]
    for ours, theirs in zip(products(coded(X)), products(X.toarray().astype(float)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12 * np.abs(theirs).max())


@every_table
@pytest.mark.parametrize("rows", [slice(3, 4000), np.arange(0, N, 3), np.arange(N) % 2 == 0, [7]], ids=repr)
def test_some_rows_and_columns_are_those_of_the_matrix(name, rows):
    X = TABLES[name]
    ours, theirs, p = coded(X), X.toarray(), X.shape[1]
    np.testing.assert_array_equal(ours[rows].toarray(), theirs[rows])
    for columns in (np.arange(p) % 3 == 1, np.array([p - 1, 0, 4]), [2], np.zeros(p, dtype=bool), slice(2, None)):
        np.testing.assert_array_equal(ours[:, columns].toarray(), theirs[:, columns])
        some = ours[rows, columns]
        np.testing.assert_array_equal(some.toarray(), theirs[rows][:, columns])
        for a, b in zip(products(some), products(theirs[rows][:, columns].astype(float)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-9)


def standard(X, K, seed=4):
    rng = np.random.RandomState(seed)
    moments = Moments.of(Block(X, None))
    mask = np.ones((K, 1 + X.shape[1]), dtype=bool)
    mask[1:, 2:5] = False  # they have other columns
    mask[K - 1, 1:] &= K < 3
    scale = np.where(moments.scale > 0, moments.scale, 1.0)
    return Layout(mask, moments.mean, scale, rng.uniform(0.5, 2.0, K))


@every_table
@pytest.mark.parametrize("K", [1, 2, 3])
def test_gram_is_that_of_the_matrix(name, K):
    X, rng = TABLES[name], np.random.RandomState(5)
    h = rng.standard_normal((K, K, N))  # of either sign
    h = [[(h[k][m] + h[m][k])[: N if k else None] for m in range(K)] for k in range(K)]
    h[0][0] = np.array([2.5])
    layout = standard(X.toarray().astype(float), K)
    ours, theirs = (gram(Block(table, None), layout, h) for table in (coded(X), X.toarray()))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * np.abs(theirs).max())
    np.testing.assert_array_equal(ours, ours.T)


def test_gram_centres_first():
    # A numeric column of mean 1e9 and standard deviation 1: squared about 0 it would have no digit left.
    rng = np.random.RandomState(6)
    far = 1e9 + rng.standard_normal(N)
    X = sparse.csr_array(sparse.hstack([sparse.csr_array(far[:, None]), encoded()]))
    layout = Layout(np.ones((1, 1 + X.shape[1]), dtype=bool), np.append(1e9, np.full(X.shape[1] - 1, 0.1)),
                    np.ones(X.shape[1]), np.ones(1))  # fmt: skip
    ours, theirs = (gram(Block(table, None), layout, [[np.ones(1)]]) for table in (coded(X), X.toarray()))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * np.abs(theirs).max())


@every_table
def test_moments_are_those_of_the_matrix(name):
    X, weight = TABLES[name], np.random.RandomState(7).randint(3, size=N).astype(float)
    for columns in (slice(None), np.array([1, 3])):
        ours, theirs = (Moments.of(Block(table, None, weight), columns) for table in (coded(X), X.toarray()))
        np.testing.assert_allclose(ours.mean, theirs.mean, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(ours.scale, theirs.scale, rtol=1e-10)


# --- what is no one-hot ---------------------------------------------------------------------------------------------


def test_a_clash_that_the_sample_does_not_show_splits_the_group():
    levels = categories(levels=(3, 5))
    X = np.zeros((N, 10))
    X[np.arange(N), levels[:, 0]] = X[np.arange(N), 5 + levels[:, 1]] = 1.0
    # Of three rows that are not in the sample: columns 3 and 4 belong to the first group, then to neither.
    X[17, 1] = X[17, 3] = 1.0
    X[21, :3], X[21, 4] = 0.0, 1.0
    X[22, 9] = 7.0
    kept = coded(sparse.csr_array(X))
    np.testing.assert_array_equal(kept.toarray(), X)
    assert kept.plain[0].tolist() == [9]


@pytest.mark.parametrize(
    "X",
    [
        sparse.random_array((N, 500), density=0.02, format="csr", random_state=0),
        sparse.random_array(
            (N, 2000), density=0.01, format="csr", random_state=0, data_sampler=lambda size: np.ones(size)
        ),
        sparse.csr_array(np.random.RandomState(0).poisson(0.3, (N, 60)).astype(float)),
        sparse.csr_array(np.random.RandomState(0).poisson(0.3, (N, 60)) * (np.arange(60) % 10 > 0)),
        encoded().toarray(),
        encoded(n=500),
        sparse.csr_array((N, 5)),
        sparse.csr_array((N, 0)),
    ],
    ids=["numbers", "ones", "counts", "counts and columns of zeros", "dense", "short", "nothing", "no column"],
)
def test_other_tables_stay_what_they_are(X):
    assert coded(X) is X


@pytest.mark.parametrize("row", [0, 17])  # in the sample, and not
def test_unsorted_rows_and_duplicates_stay_csr(row):
    X = encoded()
    first = X.indptr[row]
    X.indices[first], X.indices[first + 1] = X.indices[first + 1], X.indices[first]
    assert coded(X) is X
    X = encoded()
    X.indices[first + 1] = X.indices[first]
    assert coded(X) is X


def test_input_is_not_written_to():
    X = encoded(drop="first")
    for array in (X.data, X.indices, X.indptr):
        array.setflags(write=False)
    coded(X)
    MLERegressor("poisson").fit(X, np.random.RandomState(0).poisson(1.0, N))


# --- fits -----------------------------------------------------------------------------------------------------------


def counts(X, seed=8):
    """y ~ Poisson at slopes of standard deviation 0.3 per standard deviation, and weights, some of them 0."""
    rng = np.random.RandomState(seed)
    table = X.toarray().astype(float)
    scale = table.std(axis=0)
    eta = (table - table.mean(axis=0)) @ (0.1 * rng.standard_normal(table.shape[1]) / np.where(scale > 0, scale, 1.0))
    return rng.poisson(np.exp(eta - 0.5)).astype(float), rng.randint(3, size=len(eta)).astype(float)


def assert_same(model, other, tolerance=1e-10):
    for name, slopes in model.coefs_.items():
        np.testing.assert_allclose(slopes, other.coefs_[name], rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(model.intercepts_[name], other.intercepts_[name], rtol=tolerance, atol=tolerance)


@every_table
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_is_that_of_the_matrix(name, weighted):
    X = TABLES[name]
    y, weight = counts(X)
    weight = weight if weighted else None
    model = MLERegressor("poisson", alpha=1e-3, tol=1e-15)
    ours, theirs = (clone(model).fit(one, y, weight) for one in (X, X.toarray().astype(float)))
    assert_same(ours, theirs, 1e-12)
    assert ours.log_likelihood_ == pytest.approx(theirs.log_likelihood_, rel=1e-13)


def test_fit_forms_codes(monkeypatch):
    kept = []
    monkeypatch.setattr(reading, "coded", lambda X: kept.append(coded(X)) or kept[-1])
    X = TABLES["drop first"]
    MLERegressor("poisson").fit(X, counts(X)[0])
    assert [type(one) for one in kept] == [Columns]


@pytest.mark.parametrize(
    "options", [{}, {"l1_ratio": 0.9, "alpha": 0.01}, {"solver": "lbfgs", "alpha": 0.01}, {"fit_intercept": False}]
)
def test_options_and_several_predictors(options):
    X = TABLES["with numbers, drop first"]
    y, weight = counts(X)
    y = np.log1p(y) + np.random.RandomState(9).standard_normal(N)
    regressed = {"mu": "all", "sigma": [0, 3, 4, 5]}
    model = MLERegressor("gaussian", regressed=regressed, tol=1e-14, max_iter=2000, **options)
    ours, theirs = (clone(model).fit(one, y, weight) for one in (X, X.toarray()))
    assert_same(ours, theirs, 1e-6 if "solver" in options else 1e-8)  # L-BFGS ends where rounding does


def test_classes():
    X = TABLES["drop first"]
    y = np.minimum(counts(X)[0], 2).astype(int)
    ours, theirs = (MLEClassifier(alpha=1e-3, tol=1e-15).fit(table, y) for table in (X, X.toarray()))
    assert_same(ours, theirs, 1e-8)


def test_offset_and_exposure_are_columns_beside_the_groups():
    X = sparse.csr_array(sparse.hstack([encoded(drop="first"), sparse.csr_array(1 + categories()[:, [2]])]))
    y, _ = counts(X[:, :-1])
    ours, theirs = (MLERegressor("poisson", exposure=-1).fit(table, y) for table in (X, X.toarray()))
    assert_same(ours, theirs)
    assert ours.coef_[-1] == 0.0


def test_collinear_groups_have_the_shortest_solution_and_the_warning():
    X = TABLES["encoder"]  # the columns of each group add up to the intercept
    y, _ = counts(X)
    models, said = [], []
    for table in (X, X.toarray()):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            models.append(MLERegressor("poisson").fit(table, y))
        said.append([str(one.message) for one in caught])
    assert_same(*models, 1e-8)
    assert said[0] == said[1]
    assert "collinear" in said[0][0]


def test_separation_is_told_as_of_the_matrix():
    X = TABLES["drop first"]
    y = (X[:, [9]].toarray().ravel() > 0) | (np.random.RandomState(0).random_sample(N) < 0.3)
    said = []
    for table in (X, X.toarray()):
        with pytest.warns(Warning) as caught:
            MLEClassifier().fit(table, y)
        said.append([str(one.message) for one in caught])
    assert said[0] == said[1]


def test_threads_give_the_same_bits():
    levels = (6, 12, 11, 2, 22)
    X = encoded(n=300_000, levels=levels, drop="first")
    y = np.random.RandomState(0).poisson(0.3, 300_000).astype(float)
    one, two = (MLERegressor("poisson", n_jobs=n).fit(X, y) for n in (1, 2))
    np.testing.assert_array_equal(one.coef_, two.coef_)
    assert one.intercept_ == two.intercept_


def test_many_rows_need_few_passes_as_the_hessian_is_cheap():
    X = encoded(n=150_000, levels=(6, 12, 11, 2, 22), drop="first")
    y, _ = counts(X)
    model = MLERegressor("poisson", tol=1e-12)
    assert model._objective(X, y, reset=True).cheap_hessian
    assert not model._objective(X[:2000].toarray(), y[:2000], reset=True).cheap_hessian
    ours, newton = clone(model).fit(X, y), clone(model).set_params(solver="newton").fit(X, y)
    assert_same(ours, newton, 1e-7)
    assert ours.n_iter_ <= 5


def test_one_factor_of_which_the_first_level_is_dropped_is_coded():
    assert isinstance(coded(encoded(levels=(5,), drop="first")), Columns)


@pytest.mark.parametrize("plain, cheap", [(0, True), (2, True), (30, True), (60, False), (150, False)])
def test_the_hessian_of_many_plain_columns_is_not_cheap(plain, cheap):
    numbers = sparse.random_array((N, plain), density=0.02, format="csr", random_state=0)
    kept = coded(sparse.csr_array(sparse.hstack([numbers, encoded(drop="first")])))
    assert kept.plain[1].shape[1] == plain
    assert kept.cheap_gram is cheap


def test_sgd_and_partial_fit_take_them():
    X = TABLES["drop first"]
    y, _ = counts(X)
    model = MLERegressor("poisson", solver="sgd", max_iter=5, random_state=0)
    with pytest.warns(ConvergenceWarning):
        assert_same(*(clone(model).fit(table, y) for table in (X, X.toarray())), 1e-8)
    part = MLERegressor("poisson", solver="sgd", random_state=0).partial_fit(X, y)
    assert np.isfinite(part.partial_fit(X[:100], y[:100]).coef_).all()


@pytest.mark.parametrize("covariance", ["observed", "sandwich"])
def test_inference_is_that_of_the_matrix(covariance):
    X = TABLES["with numbers, drop first"]
    y, weight = counts(X)
    model = MLERegressor("poisson", tol=1e-15).fit(X, y, weight)
    ours, theirs = (
        Inference.from_estimator(model, table, y, sample_weight=weight, covariance=covariance)
        for table in (X, X.toarray())
    )
    np.testing.assert_allclose(ours.covariance_matrix, theirs.covariance_matrix, rtol=1e-8, atol=1e-14)


def test_no_matrix_is_formed():
    # 100,000 rows of 5 groups, 400 columns: 320 MB as a matrix, 6 MB as csr.
    levels = (100, 100, 100, 60, 40)
    X = encoded(n=100_000, levels=levels, drop="first")
    y = np.random.RandomState(0).poisson(0.3, 100_000).astype(float)
    model = MLERegressor("poisson", alpha=1e-4)
    tracemalloc.start()
    model.fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
