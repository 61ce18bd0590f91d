"""Objective, Layout, Rows: identities of the sums, held against brute force."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from sklearn_mle.design import Block, Centred, Layout, Moments, Root, coded, gram
from sklearn_mle.likelihoods import Categorical, Gaussian, Poisson, StudentT
from sklearn_mle.objective import Objective
from sklearn_mle.penalty import ElasticNet
from sklearn_mle.rows import Rows, block_length, fold

N, P = 150, 4
FAMILIES = {1: Poisson(), 2: Gaussian(), 3: Categorical().with_classes(3)}


def table(K, n=N, p=P, weighted=False, offset=False, seed=0):
    """A table whose columns have means and scales of several sizes, and a y of the family with K predictors."""
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n, p)) * np.logspace(-1, 2, p) + np.arange(p)
    y = {1: rng.poisson(2.0, n).astype(float), 2: rng.standard_normal(n), 3: rng.randint(3, size=n)}[K]
    weight = rng.randint(4, size=n).astype(float) if weighted else None
    rows = [0.3 * rng.standard_normal(n), *[0.0] * (K - 1)] if offset else 0.0
    return Block(X, y, weight, rows)


def layout(K, p=P, seed=1, holes=True):
    """A layout with shift, scale and unit, some entries of W not free."""
    rng = np.random.RandomState(seed)
    mask = np.ones((K, 1 + p), dtype=bool)
    if holes:
        mask[-1, 2] = False
        mask[0, p] = False
    return Layout(mask, shift=np.arange(p) + 0.5, scale=np.logspace(-1, 2, p), unit=rng.uniform(0.5, 2.0, K))


def objective(K, alpha=0.0, **options):
    return Objective(FAMILIES[K], layout(K), ElasticNet(alpha), Rows(table(K, **options), K))


def point(objective, seed=2):
    return 0.2 * np.random.RandomState(seed).standard_normal(objective.size)


def brute_design(block, layout):
    """A (m, K, d) with eta_i = A_i w + constant, one coordinate at a time through `unpack` and `eta`."""

    def eta(w):
        rows = block.eta(layout.unpack(w))
        return np.stack([np.broadcast_to(row, len(block)) for row in rows], axis=1)

    zero = eta(np.zeros(layout.size))
    return np.stack([eta(w) - zero for w in np.eye(layout.size)], axis=2)


def brute_gram(block, layout, h):
    A = brute_design(block, layout)
    h = np.stack([np.stack([np.broadcast_to(row, len(block)) for row in line]) for line in h])
    return np.einsum("ikd,kli,ile->de", A, h, A)


def with_basis(layout):
    rng = np.random.RandomState(5)
    basis = rng.standard_normal((layout.size, layout.size - 2))
    return layout.along(basis, rng.standard_normal(layout.size))


# --- Layout ---


@pytest.mark.parametrize("K", FAMILIES)
def test_pack_inverts_unpack(K):
    one = layout(K)
    w = np.random.RandomState(3).standard_normal(one.size)
    np.testing.assert_allclose(one.pack(one.unpack(w)), w, rtol=1e-12)
    assert (one.unpack(w)[:, 1:][~one.mask[:, 1:]] == 0).all()


def test_coefficients_undo_the_origin():
    one = replace(layout(2), origin=np.array([1e9, 0.0, -3e5, 7.0]))
    W = np.random.RandomState(3).standard_normal((2, 1 + P)) * one.mask
    np.testing.assert_allclose(one.coefficients(one.pack(W))[:, 1:], W[:, 1:], rtol=1e-12)
    centred, raw = one.unpack(one.pack(W)), one.coefficients(one.pack(W))
    X = table(2).X
    np.testing.assert_allclose(
        [row for row in Block(X - one.origin, None).eta(centred)], Block(X, None).eta(raw), rtol=1e-6
    )  # 1e9 costs nine of the sixteen digits on the raw side


@pytest.mark.parametrize("basis", [False, True])
@pytest.mark.parametrize("K", FAMILIES)
def test_gradient_is_the_transpose_of_unpack(K, basis):
    one = with_basis(layout(K)) if basis else layout(K)
    rng = np.random.RandomState(4)
    G, zero = rng.standard_normal(one.mask.shape), one.unpack(np.zeros(one.size))
    columns = [np.sum(G * (one.unpack(w) - zero)) for w in np.eye(one.size)]
    np.testing.assert_allclose(one.gradient(G), columns, rtol=1e-10, atol=1e-10)


def test_slopes_are_those_of_unpack():
    one = layout(3)
    W = one.unpack(np.ones(one.size))
    W[:, 0] = 0
    np.testing.assert_allclose(one.slopes, W[one.mask])


@pytest.mark.parametrize("basis", [False, True])
def test_restrict_moves_the_free_and_holds_the_others(basis):
    one = with_basis(layout(3)) if basis else layout(3)
    rng = np.random.RandomState(6)
    w, free = rng.standard_normal(one.size), rng.rand(one.size) < 0.5
    v = w.copy()
    v[free] = rng.standard_normal(free.sum())
    np.testing.assert_allclose(one.restrict(free, w).unpack(v[free]), one.unpack(v), rtol=1e-12, atol=1e-12)


def test_along_moves_in_a_subspace():
    one = layout(2)
    rng = np.random.RandomState(7)
    w, B, C = rng.standard_normal(one.size), rng.standard_normal((one.size, 4)), rng.standard_normal((4, 2))
    v, u = rng.standard_normal(4), rng.standard_normal(2)
    np.testing.assert_allclose(one.along(B, w).unpack(v), one.unpack(w + B @ v), rtol=1e-10)
    np.testing.assert_allclose(one.along(B, w).along(C, v).unpack(u), one.unpack(w + B @ (v + C @ u)), rtol=1e-10)


# --- gram and root ---


@pytest.mark.parametrize("basis", [False, True])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("K", FAMILIES)
def test_gram_is_its_definition(K, constant, basis):
    block, one = table(K, n=3000), with_basis(layout(K)) if basis else layout(K)  # 3000 rows are several tiles
    rng = np.random.RandomState(8)
    h = rng.standard_normal((K, K, 1 if constant else len(block)))
    h = [[h[k, m] + h[m, k] for m in range(K)] for k in range(K)]
    expected = brute_gram(block, one, h)
    np.testing.assert_allclose(gram(block, one, h), expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("basis", [False, True])
@pytest.mark.parametrize("K", FAMILIES)
def test_root_is_the_root_of_gram(K, basis):
    block, one = table(K, n=3000), with_basis(layout(K)) if basis else layout(K)
    rng = np.random.RandomState(9)
    L = rng.standard_normal((K, K, len(block)))
    h = np.einsum("rki,rli->kli", L, L)
    R = (Root.of(block[:1000], one, L[..., :1000]) + Root.of(block[1000:], one, L[..., 1000:])).R
    expected = brute_gram(block, one, h)
    np.testing.assert_allclose(R.T @ R, expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())
    assert R.shape == (one.size, one.size) and np.allclose(np.tril(R, -1), 0)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("K", FAMILIES)
def test_metric_is_root_squared(K, weighted, alpha):
    F = objective(K, alpha, weighted=weighted)
    w = point(F)
    R, M = F.root(w), F.metric(w)
    np.testing.assert_allclose(R.T @ R, M, rtol=1e-10, atol=1e-12 * np.abs(M).max())


def test_metric_is_the_modulus_of_each_rows_hessian_in_natural_units():
    F = objective(2)
    w = point(F)
    block, U = F.rows.block, np.diag(F.layout.unit)
    *_, h = F.likelihood.taylor(block.y, block.eta(F.layout.unpack(w)), 2)
    h = np.stack([np.stack([np.broadcast_to(row, N) for row in line]) for line in h])
    for i in range(N):
        values, vectors = np.linalg.eigh(U @ h[:, :, i] @ U)
        h[:, :, i] = np.linalg.inv(U) @ vectors @ np.diag(np.abs(values)) @ vectors.T @ np.linalg.inv(U)
    np.testing.assert_allclose(F.metric(w), brute_gram(block, F.layout, h) / N, rtol=1e-9, atol=1e-10)


def test_metric_does_not_depend_on_the_unit_of_y():
    """A Gaussian in metres or nanometres: the same w, the same curvature."""
    F = replace(objective(2), layout=replace(layout(2), unit=np.array([2.0, 0.7])))
    block, w = F.rows.block, point(F)
    c = 1e-9
    layout_c = replace(F.layout, unit=F.layout.unit * [c, 1.0])
    small = replace(F, layout=layout_c, rows=Rows(replace(block, y=block.y * c), 2))
    shift = np.zeros(F.size)
    shift[F.layout.mask[0].sum()] = np.log(c) / 0.7  # log sigma moves by log c
    np.testing.assert_allclose(small.metric(w + shift), F.metric(w), rtol=1e-6, atol=1e-9)
    R, R_c = F.root(w), small.root(w + shift)
    np.testing.assert_allclose(R_c.T @ R_c, R.T @ R, rtol=1e-6, atol=1e-9)


def test_flat_directions_are_zeros_of_the_root():
    """Rank is read off the root: an exact 0 of the curvature must stay far below any real singular value."""
    everything = replace(layout(3), mask=np.ones((3, 1 + P), dtype=bool), unit=np.ones(3))
    F = Objective(FAMILIES[3], everything, ElasticNet(), Rows(table(3), 3))
    values = np.linalg.svd(F.root(point(F)), compute_uv=False)
    flat = 1 + P  # all logits of a column move together
    assert values[-flat:].max() < 1e-13 * values[0] and values[-flat - 1] > 1e-4 * values[0]


@pytest.mark.parametrize("K", [1, 3])
def test_metric_of_a_convex_likelihood_is_its_hessian(K):
    F = objective(K, 0.2, weighted=True)
    w = point(F)
    H = F.taylor(w, 2)[2]
    np.testing.assert_allclose(F.metric(w), H, rtol=1e-8, atol=1e-10 * np.abs(H).max())


# --- the derivatives of F ---


@pytest.mark.parametrize("view", ["whole", "restrict", "along"])
@pytest.mark.parametrize("weighted, offset, alpha", [(False, False, 0.0), (True, True, 0.3)])
@pytest.mark.parametrize("K", FAMILIES)
def test_derivatives_are_differences(K, weighted, offset, alpha, view):
    F = objective(K, alpha, weighted=weighted, offset=offset)
    w = point(F)
    if view == "restrict":
        free = np.arange(F.size) % 3 != 1
        F, w = F.restrict(free, w), w[free]
    if view == "along":
        F = F.along(np.random.RandomState(5).standard_normal((F.size, 5)) / 3, w)
        w = point(F)
    _, g, H = F.taylor(w, 2)
    h = 1e-4  # central differences: h^2 f''' = 1e-8, rounding 1e-16 / h = 1e-12
    moves = h * np.eye(F.size)
    differences = [(F.taylor(w + move, 0)[0] - F.taylor(w - move, 0)[0]) / (2 * h) for move in moves]
    np.testing.assert_allclose(g, differences, rtol=1e-6, atol=1e-6)
    differences = [(F.taylor(w + move, 1)[1] - F.taylor(w - move, 1)[1]) / (2 * h) for move in moves]
    np.testing.assert_allclose(H, differences, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(H, H.T, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("K", FAMILIES)
def test_value_is_the_weighted_mean_plus_the_penalty_of_slopes_in_the_units_of_X(K):
    F = objective(K, 0.3, weighted=True, offset=True)
    w, block = point(F), F.rows.block
    W = F.layout.unpack(w)
    (nll,) = F.likelihood.taylor(block.y, block.eta(W), 0)
    expected = np.average(nll, weights=block.weight) + 0.15 * np.sum(W[:, 1:] ** 2)
    assert F.taylor(w, 0)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, lambda X: coded(sp.csr_array(X))])
def test_a_coordinate_is_informed_by_the_rows_where_its_column_differs(form):
    row = np.arange(40)
    X = np.column_stack([row < 3, (3 <= row) & (row < 15), row >= 35]).astype(float)
    here = Layout(np.array([[1, 1, 1, 1], [1, 0, 1, 0]], dtype=bool), np.zeros(3), np.ones(3), np.ones(2))
    F = Objective(FAMILIES[2], here, ElasticNet(0.0), Rows(Block(form(X), row.astype(float)), 2))
    for n, columns in [(3, [1, 1, 1, 1, 1, 1]), (5, [1, 0, 1, 1, 1, 1]), (6, [1, 0, 1, 0, 1, 1])]:
        assert F.informed(n).tolist() == [bool(there) for there in columns]
    # Along a basis, of a coordinate that moves some such column; and where others are held.
    assert F.along(np.eye(6)[:, [1, 3, 2]], np.zeros(6)).informed(5).tolist() == [False, True, True]
    assert F.restrict(row[:6] > 0, np.zeros(6)).informed(6).tolist() == [False, True, False, True, True]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_orders_are_nested(order):
    F = objective(2, 0.1)
    parts, whole = F.taylor(point(F), order), F.taylor(point(F), 2)
    assert len(parts) == order + 1
    for part, same in zip(parts, whole, strict=False):
        np.testing.assert_allclose(part, same, rtol=1e-13)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_restricted_objective_is_F_itself(alpha):
    F = objective(3, alpha)
    w, free = point(F), np.arange(F.size) % 2 == 0
    value, g, H = F.taylor(w, 2)
    part = F.restrict(free, w).taylor(w[free], 2)
    assert part[0] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(part[1], g[free], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(part[2], H[np.ix_(free, free)], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("size, by_rows", [("narrow", True), ("wide", False), ("whole", False), ("long", True)])
def test_objective_along_a_basis_follows_the_chain_rule(alpha, size, by_rows):
    F = objective(3, alpha)
    w, d = point(F), {"narrow": 3, "wide": F.size - 1}.get(size, F.size)
    rng = np.random.RandomState(1)
    B, v = rng.standard_normal((F.size, d)) / 3, rng.standard_normal(d) / 10
    if size == "long":
        B, v = 1e3 * B, 1e-3 * v
    along = F.layout.along(B, w)
    assert (along.summed is along) == by_rows
    value, g, H = F.taylor(w + B @ v, 2)
    part = F.along(B, w).taylor(v, 2)
    assert part[0] == pytest.approx(value, rel=1e-13)
    unit = np.abs(B).max() ** 2
    np.testing.assert_allclose(part[1], B.T @ g, rtol=1e-9, atol=1e-12 * unit)
    np.testing.assert_allclose(part[2], B.T @ H @ B, rtol=1e-9, atol=1e-12 * unit)
    M, R = F.along(B, w).metric(v), F.along(B, w).root(v)
    np.testing.assert_allclose(M, B.T @ F.metric(w + B @ v) @ B, rtol=1e-8, atol=1e-11 * unit)
    np.testing.assert_allclose(R.T @ R, M, rtol=1e-8, atol=1e-11 * unit)


# --- weights ---


@pytest.mark.parametrize("K", FAMILIES)
def test_weights_are_repeats(K):
    block = table(K, weighted=True)
    repeats = np.repeat(np.arange(N), block.weight.astype(int))
    weighted = Objective(FAMILIES[K], layout(K), ElasticNet(0.2), Rows(block, K))
    repeated = replace(weighted, rows=Rows(replace(block, weight=None)[repeats], K))
    w = point(weighted)
    for a, b in zip(weighted.taylor(w, 2), repeated.taylor(w, 2), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(weighted.metric(w), repeated.metric(w), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("K, garbage", [(1, np.nan), (1, -1e300), (2, 1e300), (2, np.inf)])
def test_rows_without_weight_may_hold_anything(K, garbage):
    block = table(K, weighted=True)
    y = np.where(block.weight == 0, garbage, block.y)
    F = Objective(FAMILIES[K], layout(K), ElasticNet(), Rows(block, K))
    dirty = replace(F, rows=Rows(replace(block, y=y), K))
    w = point(F)
    for a, b in zip(F.taylor(w, 2), dirty.taylor(w, 2), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(F.metric(w), dirty.metric(w))
    np.testing.assert_array_equal(F.root(w), dirty.root(w))


# --- Rows ---


class Tree:
    """What is added, written out: ((0+1)+(2+3))."""

    def __init__(self, name):
        self.name = name

    def __add__(self, other):
        return Tree(f"({self.name}+{other.name})")


@pytest.mark.parametrize("n", range(1, 40))
def test_the_tree_is_the_same_for_aligned_runs(n):
    leaves = [Tree(str(i)) for i in range(n)]
    whole = fold(leaves).name
    assert [int(i) for i in whole.replace("(", "").replace(")", "").split("+")] == list(range(n))
    for run in 2 ** np.arange(6):
        assert fold(fold(leaves[i : i + run]) for i in range(0, n, run)).name == whole


@pytest.mark.parametrize("n_blocks", [1, 3, 7, 21])
def test_threads_give_the_same_bits(n_blocks, monkeypatch):
    monkeypatch.setattr("sklearn_mle.rows.base.block_length", lambda p, K: 64)
    p, rng = 50, np.random.RandomState(0)
    n = n_blocks * 64 - 5
    block = Block(sp.random(n, p, 0.1, format="csr", random_state=rng), rng.standard_normal(n), rng.rand(n))
    W = 0.1 * rng.standard_normal((2, 1 + p))

    def step(block):
        (nll,) = Gaussian().taylor(block.y, block.eta(W), 0)
        return block.weight @ nll + block.score([nll, nll**2], np.array([True, True]))

    sums = [Rows(block, 2, n_threads).sum(step) for n_threads in (1, 2, 3, 4)]
    assert len(Rows(block, 2).blocks) == n_blocks
    for one, other in pairwise(sums):
        np.testing.assert_array_equal(one, other)


def test_objective_has_the_same_bits_on_any_number_of_threads():
    n = 5 * block_length(P, 2) // 2
    block = table(2, n=n)
    parts = []
    for n_threads in (1, 2, 3):
        F = Objective(Gaussian(), layout(2), ElasticNet(0.1), Rows(block, 2, n_threads))
        parts.append(F.taylor(point(F), 2))
    for other in parts[1:]:
        for a, b in zip(parts[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_blocks_cut_the_table_in_order():
    rows = Rows(table(2, n=2 * block_length(P, 2) + 3), 2)
    assert [block.first for block in rows.blocks] == [0, block_length(P, 2), 2 * block_length(P, 2)]
    np.testing.assert_array_equal(np.concatenate([block.X for block in rows.blocks]), rows.block.X)
    assert all(np.shares_memory(block.X, rows.block.X) for block in rows.blocks)


@pytest.mark.parametrize("n", [1, 7, 32, 150, 1000])
def test_batches_take_each_row_once(n):
    rows = Rows(replace(table(2), y=np.arange(N)), 2)
    batches = list(rows.batches(n, np.random.RandomState(0)))
    assert sorted(np.concatenate([batch.block.y for batch in batches])) == list(range(N))
    again = rows.batches(n, np.random.RandomState(0))
    assert all((a.block.y == b.block.y).all() for a, b in zip(batches, again, strict=True))


def test_batches_average_to_F():
    F = objective(3)
    w = point(F)
    values = [batch.taylor(w, 1) for batch in F.batches(30, np.random.RandomState(0))]  # 150 rows: five equal parts
    assert np.mean([value for value, _ in values]) == pytest.approx(F.taylor(w, 0)[0])
    np.testing.assert_allclose(np.mean([g for _, g in values], axis=0), F.taylor(w, 1)[1], rtol=1e-10, atol=1e-12)


def test_batches_without_weight_are_left_out():
    block = table(2)
    weight = (np.arange(N) % 10 < 5).astype(float)  # a stride of 10 sees rows of one kind only
    F = Objective(Gaussian(), layout(2), ElasticNet(), Rows(replace(block, weight=weight), 2))
    batches = list(F.batches(15, np.random.RandomState(0)))
    assert len(batches) == 5
    assert all(np.isfinite(batch.taylor(point(F), 0)[0]) for batch in batches)


def test_fewer_rows_are_a_strided_sample():
    block = replace(table(2), y=np.arange(N, dtype=float))
    F = Objective(Gaussian(), layout(2), ElasticNet(), Rows(block, 2))
    few = F.fewer_rows(40)
    assert len(few.rows) == 40 and few.rows.total == 40
    y = few.rows.block.y
    assert y[0] == 0 and y[-1] == N - 1 and set(np.diff(y)) <= {3.0, 4.0}
    np.testing.assert_array_equal(few.rows.block.X, block.X[y.astype(int)])
    assert F.fewer_rows(N).rows is F.rows


# --- one table in several forms ---


@pytest.mark.parametrize("form", [sp.csr_array, sp.csr_matrix, sp.csc_array, np.float32, np.asfortranarray])
@pytest.mark.parametrize("K", FAMILIES)
def test_any_form_of_X_gives_the_same_F(K, form):
    block = table(K, weighted=True, offset=True)
    X = block.X.astype(np.float32).astype(float)  # so that float32 holds it exactly
    F = Objective(FAMILIES[K], layout(K), ElasticNet(0.1), Rows(replace(block, X=X), K))
    other = replace(F, rows=Rows(replace(block, X=X.astype(form) if form is np.float32 else form(X)), K))
    w = point(F)
    for a, b in zip(F.taylor(w, 2), other.taylor(w, 2), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(F.metric(w), other.metric(w), rtol=1e-10, atol=1e-12)
    R, same = F.root(w), other.root(w)
    np.testing.assert_allclose(R.T @ R, same.T @ same, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("K", FAMILIES)
def test_centred_is_the_dense_difference(K):
    block, origin = table(K, n=3000, weighted=True), np.array([1.0, -2.0, 30.0, 0.0])
    F = Objective(FAMILIES[K], layout(K), ElasticNet(0.1), Rows(replace(block, X=block.X - origin), K))
    centred = replace(F, rows=Rows(block, K).centred(origin))
    w = point(F)
    for a, b in zip(F.taylor(w, 2), centred.taylor(w, 2), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


def test_centred_has_what_a_block_asks_of_X():
    rng = np.random.RandomState(0)
    X, origin = rng.standard_normal((50, 3)), np.array([1.0, 2.0, 3.0])
    centred = Centred(X, origin)
    W, g = rng.standard_normal((2, 3)), rng.standard_normal((2, 50))
    assert centred.shape == (50, 3) and centred.T.shape == (3, 50) and centred.dtype == float
    np.testing.assert_allclose(W @ centred.T, W @ (X - origin).T)
    np.testing.assert_allclose(g @ centred, g @ (X - origin))
    np.testing.assert_allclose(g[0] @ centred, g[0] @ (X - origin))
    np.testing.assert_allclose(g[:, ::5] @ centred[::5], g[:, ::5] @ (X - origin)[::5])
    np.testing.assert_allclose(centred[[3, 1]].toarray(), (X - origin)[[3, 1]])


def test_far_columns_cost_no_digits_once_centred():
    # Means of 1e9: implicit centring of eta would leave seven digits.
    block, origin = table(2), np.full(P, 1e9)
    near = Objective(Gaussian(), replace(layout(2), shift=np.zeros(P)), ElasticNet(), Rows(block, 2))
    rounded = (block.X + origin) - origin
    far = replace(near, rows=Rows(replace(block, X=block.X + origin), 2).centred(origin))
    near = replace(near, rows=Rows(replace(block, X=rounded), 2))
    for a, b in zip(near.taylor(point(near), 2), far.taylor(point(near), 2), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_moments_of_parts_are_moments_of_all(form, weighted):
    block = table(2, weighted=weighted)
    weight = np.ones(N) if block.weight is None else block.weight
    mean = np.average(block.X, axis=0, weights=weight)
    scale = np.sqrt(np.average((block.X - mean) ** 2, axis=0, weights=weight))
    block = replace(block, X=form(block.X))
    moments = fold(Moments.of(block[i : i + 20]) for i in range(0, N, 20))
    np.testing.assert_allclose(moments.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(moments.scale, scale, rtol=1e-10)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("weighted", [False, True])
def test_moments_see_a_constant_column_as_constant(form, weighted):
    X = form(np.column_stack([np.full(N, 0.1), np.full(N, 1e9 + 0.1), np.arange(N), np.zeros(N)]))
    weight = np.random.RandomState(0).uniform(size=N) if weighted else None
    assert (Moments.of(Block(X, None, weight)).scale == 0).tolist() == [True, True, False, True]


# --- constants stay constants ---


def test_predictors_without_slopes_are_rows_of_length_one():
    block = table(2)
    W = np.zeros((2, 1 + P))
    W[0] = 1.0
    assert [len(row) for row in block.eta(W)] == [N, 1]
    full = [np.broadcast_to(row, N) for row in block.eta(W)]
    for a, b in zip(Gaussian().taylor(block.y, block.eta(W), 1), Gaussian().taylor(block.y, full, 1), strict=True):
        np.testing.assert_allclose(
            np.broadcast_arrays(*a)[0] if isinstance(a, list) else a,
            np.broadcast_arrays(*b)[0] if isinstance(b, list) else b,
            rtol=1e-13,
        )


def test_constants_count_for_every_row():
    """Rows of length 1, from predictors without slopes, are summed as n rows."""
    mask = np.zeros((3, 1 + P), dtype=bool)
    mask[:, 0] = True
    block = table(2, offset=False)
    one = Layout(mask, np.zeros(P), np.ones(P), np.ones(3))
    F = Objective(StudentT(), one, ElasticNet(), Rows(block, 3))
    w = np.array([0.1, 0.2, 1.5])
    eta = [np.full(N, value) for value in w]
    nll, g, h = StudentT().taylor(block.y, eta, 2)
    value, gradient, H = F.taylor(w, 2)
    assert value == pytest.approx(nll.mean(), rel=1e-12)
    np.testing.assert_allclose(gradient, [np.broadcast_to(row, N).mean() for row in g], rtol=1e-10, atol=1e-13)
    expected = [[np.broadcast_to(row, N).mean() for row in line] for line in h]
    np.testing.assert_allclose(H, expected, rtol=1e-10, atol=1e-13)
