"""Units, means, weights and outliers that break naive arithmetic: within 1e-6 of optima computed to 20 digits.

Every table here is an affine image, exact in doubles, of a well-scaled one, so its optimum is the image of that one's.
"""

from dataclasses import dataclass
from functools import cache

import exact
import numpy as np
import pytest
from scipy import sparse, stats
from scipy.special import expit, softmax

from sklearn_mle import MLEClassifier, MLERegressor

# All these fits are well posed: a warning of rank, separation or convergence is a false alarm.
pytestmark = pytest.mark.filterwarnings("error")

TOLERANCE = 1e-6
# Float32 columns are exact here too, but 1e-4 is all that their users can expect.
TOLERANCE_OF_FLOAT32 = 1e-4

SLOPES = [0.5, -0.4, 0.2]
# From the true W, shape (K, 4), of a family: its nll and y given eta. Constants have slope 0.
FAMILIES = {
    "gaussian": (
        exact.gaussian,
        [[0.3, *SLOPES], [0.2, 0, 0, 0]],
        lambda rng, mu, log_sigma: mu + np.exp(log_sigma) * rng.standard_normal(mu.shape),
    ),
    "student_t": (
        exact.student_t,
        [[0.3, *SLOPES], [0.2, 0, 0, 0], [1.0, 0, 0, 0]],
        lambda rng, mu, log_sigma, log_df: mu + np.exp(log_sigma) * rng.standard_t(np.exp(log_df)),
    ),
    "poisson": (exact.poisson, [[0.5, *SLOPES]], lambda rng, log_mu: rng.poisson(np.exp(log_mu))),
    "negative_binomial": (
        exact.negative_binomial,
        [[1.0, *SLOPES], [-0.5, 0, 0, 0]],
        lambda rng, log_mu, log_alpha: rng.poisson(np.exp(log_mu) * rng.gamma(np.exp(-log_alpha), np.exp(log_alpha))),
    ),
    "bernoulli": (exact.logit, [[0.3, *SLOPES]], lambda rng, eta: (rng.random(eta.shape) < expit(eta)).astype(int)),
    "categorical": (
        exact.categorical,
        [[0.0, 0, 0, 0], [0.3, *SLOPES], [-0.2, 0.3, 0.6, -0.5]],
        lambda rng, *logits: (np.add(logits, rng.gumbel(size=np.shape(logits)))).argmax(axis=0),
    ),
}
LOCATION_SCALE = ["gaussian", "student_t"]
SEVERAL = ["gaussian", "negative_binomial"]


@dataclass(frozen=True)
class Case:
    """A well-scaled table: X (n, 3) holds 1 / 32 of int8 numbers, y is a multiple of 2^-10; and its optimum."""

    X: np.ndarray
    y: np.ndarray
    W: np.ndarray

    @property
    def eta(self):
        return self.W[:, 1:] @ self.X.T + self.W[:, :1]


def estimator(name, **settings):
    return (MLEClassifier if name in ("bernoulli", "categorical") else MLERegressor)(name, **settings)


@cache
def case(name, regressed=None, noise=None):
    """A table of a family, its parameters all regressed or only the first, and the optimum by mpmath."""
    nll, truth, draw = FAMILIES[name]
    W = np.array(truth)
    if regressed == "all":
        W[1:, 1:] = [0.2, 0.1, -0.1]
    rng = np.random.default_rng(7)
    X = np.clip(np.round(32 * rng.standard_normal((120, 3))), -128, 127) / 32
    y = draw(rng, *(W[:, 1:] @ X.T + W[:, :1]))
    if noise is not None:
        y = noise(rng, y)
    y = np.round(1024 * y) / 1024 if name in LOCATION_SCALE else y
    start, free = exact.coefficients(estimator(name, regressed=regressed).fit(X, y))
    W = exact.polished(nll, X, y, start, free)
    return Case(X, y, (W - W.mean(axis=0) if name == "categorical" else W).astype(float))


def mean(name, eta):
    """What the model predicts: probabilities of labels, or the mean."""
    if name == "categorical":
        return softmax(eta, axis=0).T
    if name == "bernoulli":
        return np.column_stack([expit(-eta[0]), expit(eta[0])])
    return eta[0] if name in LOCATION_SCALE else np.exp(eta[0])


def close(found, expected, tolerance, room=0.0):
    """Every entry within `tolerance` of itself, or of 0.1, and `room` more."""
    assert (np.abs(found - expected) <= tolerance * np.maximum(np.abs(expected), 0.1) + room).all(), found - expected


def demand(model, name, base, X, tolerance=TOLERANCE, shift=0.0, scale=1.0, y_shift=0.0, y_scale=1.0, offset=0.0):
    """The fit on X = scale * base.X + shift, y = y_scale * base.y + y_shift, mapped back, is the exact one."""
    assert model.converged_
    W, _ = exact.coefficients(model)
    W = W[:, : 1 + base.X.shape[1]]  # the offset's column is the last
    room = np.zeros(W.shape)
    room[:, 0] = 4 * np.spacing(np.abs(W[:, 0]))  # digits that the intercept itself cannot hold
    W[:, 0] += W[:, 1:] @ np.broadcast_to(shift, 3)
    W[:, 1:] *= scale
    W[0, 0] += offset - y_shift
    W[0] /= y_scale
    if name in LOCATION_SCALE:
        W[1, 0] -= np.log(y_scale)
        room[0] /= y_scale
    close(W, base.W, tolerance, room)
    predicted = model.predict_proba(X) if isinstance(model, MLEClassifier) else (model.predict(X) - y_shift) / y_scale
    # eta cancels to 1e-7 where features or y are 1e9 from 0.
    np.testing.assert_allclose(predicted, mean(name, base.eta), rtol=tolerance, atol=tolerance)


SOLVERS = pytest.mark.parametrize("solver", ["auto", "lbfgs"])
OPTIMA = [(name, None) for name in FAMILIES] + [(name, "all") for name in SEVERAL]
CASES = pytest.mark.parametrize("name, regressed", OPTIMA, ids=[f"{a}-{b}" if b else a for a, b in OPTIMA])

FEATURES = {
    "scales 1e-8 to 1e8": {"scale": np.array([1e-8, 1.0, 1e8])},
    "mean 1e6": {"shift": 1e6},
    "mean -1e9": {"shift": -1e9},
    "means 0, 1e6, 1e9": {"shift": np.array([0.0, 1e6, 1e9])},
    "a narrow band about 1": {"scale": 2.0**-30, "shift": 1.0},
}


@SOLVERS
@pytest.mark.parametrize("units", FEATURES)
@CASES
def test_units_of_features(name, regressed, units, solver):
    base = case(name, regressed)
    X = base.X * FEATURES[units].get("scale", 1.0) + FEATURES[units].get("shift", 0.0)
    demand(estimator(name, solver=solver, regressed=regressed).fit(X, base.y), name, base, X, **FEATURES[units])


@pytest.mark.parametrize("units", ["scales 1e-8 to 1e8", "mean 1e6"])
@pytest.mark.parametrize("name", FAMILIES)
def test_units_of_sparse_features(name, units):
    """Not centred tile by tile as dense blocks are: a mean of 1e6 costs six of sixteen digits."""
    base = case(name)
    X = sparse.csr_array(base.X * FEATURES[units].get("scale", 1.0) + FEATURES[units].get("shift", 0.0))
    demand(estimator(name).fit(X, base.y), name, base, X, **FEATURES[units])


@pytest.mark.parametrize("name", ["gaussian", "poisson", "bernoulli"])
def test_a_narrow_sparse_column_is_not_constant(name):
    base, units = case(name), {"scale": 2.0**-24, "shift": 1.0}
    X = sparse.csr_array(base.X * 2.0**-24 + 1)
    demand(estimator(name).fit(X, base.y), name, base, X, **units)


RARE = {
    "one row, and 1e6 elsewhere": lambda rng, n: 1e6 + (np.arange(n) == 777),
    "three rows of 1e-6": lambda rng, n: np.isin(np.arange(n), [7, 777, 7777]) * 1e-6,
    "one row of 1e12": lambda rng, n: rng.standard_normal(n) + 1e12 * (np.arange(n) == 777),
    "a trend from 1e9": lambda rng, n: 1e9 + np.arange(n),
}


@SOLVERS
@pytest.mark.parametrize("column", RARE)
def test_units_of_columns_that_the_sample_does_not_show(column, solver):
    """Shift and scale come from 4096 rows of 20,000: the slope is exact whatever they have missed."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal(20_000), RARE[column](rng, 20_000)])
    y = 0.5 * X[:, 0] + rng.standard_normal(20_000)
    Z = X - X.mean(axis=0)
    scale = Z.std(axis=0)
    b = np.linalg.lstsq(Z / scale, y - y.mean(), rcond=None)[0]
    np.testing.assert_allclose(MLERegressor(solver=solver).fit(X, y).coef_ * scale, b, rtol=1e-9)


@SOLVERS
@pytest.mark.parametrize("y_scale, y_shift", [(1.0, 1e9), (1e12, 0.0), (1e-12, 0.0), (1e12, 1e18), (2.0**-20, 1.0)])
@pytest.mark.parametrize("name, regressed", [(name, None) for name in LOCATION_SCALE] + [("gaussian", "all")])
def test_units_of_y(name, regressed, y_scale, y_shift, solver):
    base = case(name, regressed)
    model = estimator(name, regressed=regressed, solver=solver).fit(base.X, y_scale * base.y + y_shift)
    demand(model, name, base, base.X, y_scale=y_scale, y_shift=y_shift)


@SOLVERS
@pytest.mark.parametrize("unit", [1e-10, 1e10])
@CASES
def test_units_of_weights(name, regressed, unit, solver):
    base = case(name, regressed)
    model = estimator(name, solver=solver, regressed=regressed).fit(base.X, base.y, np.full(len(base.y), unit))
    demand(model, name, base, base.X)
    close(model.log_likelihood_ / unit, estimator(name, regressed=regressed).fit(base.X, base.y).log_likelihood_, 1e-10)


@SOLVERS
@pytest.mark.parametrize("offset", [500.0, -500.0])
@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "categorical"])
def test_constant_offset(name, offset, solver):
    base = case(name)
    X = np.column_stack([base.X, np.full(len(base.y), offset)])
    demand(estimator(name, solver=solver, offset=-1).fit(X, base.y), name, base, X, offset=offset)


@SOLVERS
@CASES
def test_float32_of_mean_1e4(name, regressed, solver):
    base = case(name, regressed)
    X = (base.X + 1e4).astype(np.float32)
    np.testing.assert_array_equal(X.astype(float) - 1e4, base.X)
    model = estimator(name, solver=solver, regressed=regressed).fit(X, base.y)
    demand(model, name, base, X, TOLERANCE_OF_FLOAT32, shift=1e4)


@SOLVERS
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array], ids=lambda form: form.__name__)
@pytest.mark.parametrize("name", FAMILIES)
def test_int8_columns(name, form, solver):
    base = case(name)
    X = (32 * base.X).astype(np.int8)
    np.testing.assert_array_equal(X / 32, base.X)
    X = form(X)
    demand(estimator(name, solver=solver).fit(X, base.y), name, base, X, scale=32.0)


# --- rare events and huge counts ---


@SOLVERS
@pytest.mark.parametrize("name", ["bernoulli", "poisson", "categorical"])
def test_three_events_in_200_000_rows(name, solver):
    """The 200,000 rows lie on a lattice of 25 points, so weights stand for them in the exact computation."""
    rng = np.random.default_rng(0)
    X = rng.integers(-2, 3, (200_000, 2)).astype(float)
    y = rng.integers(0, 2, len(X)) if name == "categorical" else np.zeros(len(X), dtype=int)
    for event in [(1, 0), (-1, 1), (0, -1)]:  # inside the others' hull: the optimum is finite
        y[np.flatnonzero((X == event).all(axis=1))[0]] = 2 if name == "categorical" else 1
    points, count = np.unique(np.column_stack([X, y]), axis=0, return_counts=True)
    rare = np.log(3 / len(X))
    W = np.array([[0.0, 0, 0], [0.0, 0, 0], [rare, 0, 0]] if name == "categorical" else [[rare, 0, 0]])
    W = exact.polished(FAMILIES[name][0], points[:, :2], points[:, 2], W, weight=count)
    W = (W - W.mean(axis=0) if name == "categorical" else W).astype(float)
    model = estimator(name, solver=solver).fit(X, y)
    close(exact.coefficients(model)[0], W, TOLERANCE)
    assert model.converged_


@SOLVERS
@pytest.mark.parametrize("name", ["poisson", "negative_binomial"])
def test_counts_of_1e9(name, solver):
    X = case(name).X
    nll, truth, draw = FAMILIES[name]
    W = np.array(truth)
    W[0, 0] = np.log(1e9)
    y = draw(np.random.default_rng(1), *(W[:, 1:] @ X.T + W[:, :1])).astype(float)
    W = exact.polished(nll, X, y, W, W != 0).astype(float)
    model = estimator(name, solver=solver).fit(X, y)
    close(exact.coefficients(model)[0], W, TOLERANCE)
    assert model.converged_


# --- outliers under Student's t ---


def one_outlier(rng, y):
    return np.where(np.arange(len(y)) == 17, 1e6, y)


def cauchy(rng, y):
    return y + rng.standard_cauchy(len(y))


@SOLVERS
@pytest.mark.parametrize("noise", [one_outlier, cauchy], ids=lambda noise: noise.__name__)
def test_outliers_under_student_t(noise, solver):
    base = case("student_t", noise=noise)
    model = estimator("student_t", solver=solver).fit(base.X, base.y)
    demand(model, "student_t", base, base.X)
    without = case("student_t")
    mu, log_sigma, log_df = without.eta
    # No worse than the optimum of the table without outliers, at these df or at df = 1.
    for df in (1.0, np.exp(log_df)):
        assert model.log_likelihood_ >= stats.t.logpdf(base.y, df, mu, np.exp(log_sigma)).sum()
