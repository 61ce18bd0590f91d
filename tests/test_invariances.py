"""What must not matter does not: the order of rows, columns and classes, units, layout, blocks and threads."""

import warnings
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from sklearn_mle import Bernoulli, LabelLikelihood, MLEClassifier, MLERegressor
from sklearn_mle.checks.specimen import Specimen
from sklearn_mle.likelihoods import LIKELIHOODS, POSITIVE, REAL, Ordinal, Poisson, ZeroInflated
from sklearn_mle.links import Identity, Log

# Newton's last step starts at a gap of at most 1e-12 of F, and two ways to add F up differ by its rounding: what that
# leaves of the flattest parameters (df of Student's t, rho of the beta-binomial).
SAME = 1e-7


def of_the_registry(name):
    """A default object, with 8 trials a row where y counts successes."""
    likelihood = LIKELIHOODS[name]()
    return likelihood.set_params(n=8) if "n" in likelihood.get_params() else likelihood


FAMILIES = {name: of_the_registry(name) for name in LIKELIHOODS}
FAMILIES |= {"ordinal": Ordinal(), "zero_inflated poisson": ZeroInflated(Poisson())}
LABELS = [name for name, likelihood in FAMILIES.items() if isinstance(likelihood, LabelLikelihood)]
FIRST = {name: next(iter(likelihood.links)) for name, likelihood in FAMILIES.items()}
# Families whose first parameter has one predictor, for offsets; those of a location and a scale; those of a scale.
NARROW = [name for name in FAMILIES if name == "ordinal" or FIRST[name] != "logits"]
COUNTED = [name for name in NARROW if FAMILIES[name].links[FIRST[name]] == Log()]
LOCATION_SCALE = [
    name
    for name, likelihood in FAMILIES.items()
    if name not in LABELS and likelihood.support == REAL and list(likelihood.links.values())[:2] == [Identity(), Log()]
]
SCALED = [name for name in COUNTED if FAMILIES[name].support == POSITIVE]

# Whatever warns here warns of nothing.
pytestmark = pytest.mark.filterwarnings("error")

every_family = pytest.mark.parametrize("name", FAMILIES)
few_examples = settings(max_examples=8, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 2**32 - 1)
exponents = st.integers(-8, 8)


@cache
def table(name, n=120, seed=0):
    """X (n, 3), multiples of 1 / 32, and y drawn from the family at eta of slope 1/2 about its centre."""
    likelihood = FAMILIES[name]
    if name in LABELS:
        likelihood = likelihood.with_classes(3 if likelihood.multi_class else 2)
    rng, specimen = np.random.RandomState(seed), Specimen(likelihood)
    X = np.round(32 * rng.standard_normal((n, 3))) / 32
    eta = np.tile(specimen.points[0][:, None], n)
    first = likelihood.slices[FIRST[name]]
    eta[first] += rng.uniform(-0.7, 0.7, (first.stop - first.start, 3)) @ X.T
    y = specimen.draw(list(eta), n, rng)
    for array in (X, y):
        array.setflags(write=False)
    return X, y


def fit(name, X, y, weight=None, **settings):
    estimator = MLEClassifier if name in LABELS else MLERegressor
    return estimator(FAMILIES[name], **settings).fit(X, y, weight)


@cache
def fitted(name, **settings):
    """The fit of the family's table."""
    return fit(name, *table(name), **settings)


def same(model, other, tolerance=SAME):
    """Two fits with the same coefficients."""
    assert list(model.coefs_) == list(other.coefs_)
    for name in model.coefs_:
        np.testing.assert_allclose(model.coefs_[name], other.coefs_[name], rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(model.intercepts_[name], other.intercepts_[name], rtol=tolerance, atol=tolerance)


def same_bits(model, other):
    assert model.log_likelihood_ == other.log_likelihood_
    for name in model.coefs_:
        np.testing.assert_array_equal(model.coefs_[name], other.coefs_[name])
        np.testing.assert_array_equal(model.intercepts_[name], other.intercepts_[name])


# --- rows ---


@every_family
@few_examples
@given(seed=seeds)
def test_the_order_of_rows(name, seed):
    X, y = table(name)
    order = np.random.default_rng(seed).permutation(len(y))
    same(fit(name, X[order], y[order]), fitted(name))


@every_family
@few_examples
@given(seed=seeds, alpha=st.sampled_from([0.0, 0.1]))
def test_weights_are_repeats(name, alpha, seed):
    X, y = table(name)
    weight = np.random.default_rng(seed).integers(0, 4, len(y))
    weighted = fit(name, X, y, weight, alpha=alpha)
    repeated = fit(name, np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0), alpha=alpha)
    same(weighted, repeated)
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_, rel=1e-12)


def test_the_last_newton_step_is_made_whatever_the_rounding_of_F():
    X, y = table("beta_binomial")
    weight = np.random.default_rng(5648).uniform(0.2, 3.0, len(y))
    same(fit("beta_binomial", X, y, 149.0 * weight), fit("beta_binomial", X, y, weight), 1e-9)


@every_family
def test_a_table_twice(name):
    """Weight 2 throughout, and the rows twice, are the table itself."""
    X, y = table(name)
    once, weighted = fitted(name), fit(name, X, y, np.full(len(y), 2.0))
    twice = fit(name, np.tile(X, (2, 1)), np.concatenate([y, y]))
    for model in (weighted, twice):
        same(model, once)
        assert model.log_likelihood_ == pytest.approx(2 * once.log_likelihood_, rel=1e-12)


@every_family
@few_examples
@given(seed=seeds, unit=st.floats(1e-30, 1e30))
def test_the_unit_of_weights(name, seed, unit):
    X, y = table(name)
    weight = np.random.default_rng(seed).uniform(0.2, 3.0, len(y))
    model, other = fit(name, X, y, weight), fit(name, X, y, unit * weight)
    same(model, other)
    assert other.log_likelihood_ / unit == pytest.approx(model.log_likelihood_, rel=1e-12)
    # Powers of 2 change no digit of any product or sum.
    quarter = fit(name, X, y, 0.25 * weight)
    quarter.log_likelihood_ *= 4
    same_bits(quarter, model)


@every_family
@few_examples
@given(seed=seeds, size=st.sampled_from([1.0, 1e6]))
def test_rows_of_weight_zero(name, seed, size):
    """Wherever they stand and whatever they hold."""
    X, y = table(name)
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, len(y) + 1, 15))
    X = np.insert(X, at, size * rng.standard_normal((15, 3)), axis=0)
    weight = np.insert(np.ones(len(y)), at, 0.0)
    y = np.insert(y, at, y[rng.integers(0, len(y), 15)], axis=0)
    model = fit(name, X, y, weight)
    same(model, fitted(name))
    assert model.log_likelihood_ == pytest.approx(fitted(name).log_likelihood_, rel=1e-12)


@every_family
@few_examples
@given(cut=st.integers(1, 119), length=st.sampled_from([8, 16, 64]))
def test_the_log_likelihood_of_two_tables_is_the_sum_of_theirs(name, cut, length):
    """With value, gradient and Hessian, in whatever blocks the rows come."""
    X, y = table(name)
    model = fitted(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sklearn_mle.rows.base.block_length", lambda p, K: length)
        whole, *parts = (model._objective(X[part], y[part]) for part in (slice(None), slice(cut), slice(cut, None)))
        w = whole.layout.pack(model._W()) + 0.1
        assert len(whole.rows.blocks) == -(-len(y) // length)
        by_part = [[part.rows.total * derivative for derivative in part.taylor(w, 2)] for part in parts]
        for of_whole, *of_parts in zip(whole.taylor(w, 2), *by_part, strict=True):
            total = len(y) * of_whole
            np.testing.assert_allclose(sum(of_parts), total, rtol=1e-11, atol=1e-11 * np.abs(total).max())


# --- columns ---


@every_family
@few_examples
@given(seed=seeds, scales=st.tuples(exponents, exponents, exponents))
def test_affine_maps_of_features(name, seed, scales):
    """X A + m in other units: the slopes are A^-1 of those of X."""
    X, y = table(name)
    rng, scale = np.random.default_rng(seed), 10.0 ** np.array(scales)
    A = np.diag([1.0, -2.0, 1.0])[rng.permutation(3)] + np.triu(rng.integers(-1, 2, (3, 3)), 1)[rng.permutation(3)]
    if abs(np.linalg.det(A)) < 0.5:
        A = np.eye(3)
    shift = rng.integers(-50, 50, 3)
    model, mapped = fitted(name), fit(name, (X @ A + shift) * scale, y)
    for parameter in model.coefs_:
        slopes = mapped.coefs_[parameter] * scale
        np.testing.assert_allclose(slopes @ A.T, model.coefs_[parameter], rtol=SAME, atol=SAME)
        intercept = mapped.intercepts_[parameter] + slopes @ shift
        np.testing.assert_allclose(intercept, model.intercepts_[parameter], rtol=SAME, atol=SAME)


FORMS = {
    "csr_array": sparse.csr_array,
    "csc_array": sparse.csc_array,
    "coo_array": sparse.coo_array,
    "csr_matrix": sparse.csr_matrix,
    "csc_matrix": sparse.csc_matrix,
    "coo_matrix": sparse.coo_matrix,
    "lists": np.ndarray.tolist,
    "objects": lambda X: X.astype(object),
    "int16": lambda X: (32 * X).astype(np.int16),
    "float32": lambda X: X.astype(np.float32),
    "float32 csr": lambda X: sparse.csr_array(X.astype(np.float32)),
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
    "reversed": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "big-endian": lambda X: X.astype(">f8"),
}


@cache
def fitted_with_weights(name):
    X, y = table(name)
    return fit(name, X, y, np.random.default_rng(0).uniform(0.2, 3.0, len(y)))


@pytest.mark.parametrize("form", FORMS)
@every_family
def test_the_form_of_X(name, form):
    """Multiples of 1 / 32 are exact in every form, so only the order of sums can differ."""
    X, y = table(name)
    X_of_form, unit = FORMS[form](X), 32 if form == "int16" else 1
    model = fitted_with_weights(name)
    other = fit(name, X_of_form, y, np.random.default_rng(0).uniform(0.2, 3.0, len(y)))
    predicted, expected = ((m.predict_proba if name in LABELS else m.predict) for m in (other, model))
    np.testing.assert_allclose(predicted(X_of_form), expected(X), rtol=SAME, atol=SAME)
    for parameter in other.coefs_:
        other.coefs_[parameter] *= unit
    same(other, model)


# --- y ---


@pytest.mark.parametrize("name", LOCATION_SCALE)
@few_examples
@given(seed=seeds, exponent=st.integers(-12, 12), shift=st.integers(-1000, 1000))
def test_units_of_y(name, seed, exponent, shift):
    """A y of a location-scale family in other units: a mu + b and a sigma."""
    X, y = table(name)
    unit = 10.0**exponent * np.random.default_rng(seed).uniform(1, 10)
    model, other = fitted(name), fit(name, X, unit * (y + shift))
    for parameter in model.coefs_:
        intercept, slopes = other.intercepts_[parameter], other.coefs_[parameter]
        if parameter == FIRST[name]:
            intercept, slopes = intercept / unit - shift, slopes / unit
        elif parameter in ("sigma", "scale"):
            intercept = intercept - np.log(unit)
        np.testing.assert_allclose(slopes, model.coefs_[parameter], rtol=SAME, atol=SAME)
        np.testing.assert_allclose(intercept, model.intercepts_[parameter], rtol=SAME, atol=SAME)
    assert other.log_likelihood_ + len(y) * np.log(unit) == pytest.approx(model.log_likelihood_, abs=1e-9)


@pytest.mark.parametrize("name", SCALED)
@few_examples
@given(seed=seeds, exponent=st.integers(-12, 12))
def test_units_of_positive_y(name, seed, exponent):
    """Means scale, slopes of logarithms do not, and densities are per unit of y."""
    X, y = table(name)
    unit = 10.0**exponent * np.random.default_rng(seed).uniform(1, 10)
    model, other = fitted(name), fit(name, X, unit * y)
    np.testing.assert_allclose(other.coef_, model.coef_, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(other.predict(X) / unit, model.predict(X), rtol=SAME)
    assert other.log_likelihood_ + len(y) * np.log(unit) == pytest.approx(model.log_likelihood_, abs=1e-9)


@pytest.mark.parametrize("name", LABELS)
def test_the_order_of_classes(name):
    """Other names for the classes: probabilities move with them. Where classes have an order, only its reverse does."""
    X, y = table(name)
    C = y.max() + 1
    proba = fitted(name).predict_proba(X)
    orders = [range(C)[::-1]] if name == "ordinal" else [range(C)[::-1], np.roll(range(C), 1)]
    for order in map(np.array, orders):
        model = fit(name, X, order[y])
        np.testing.assert_allclose(model.predict_proba(X)[:, order], proba, rtol=SAME, atol=SAME)
        if len(model.coef_) == C:
            np.testing.assert_allclose(model.coef_[order], fitted(name).coef_, rtol=SAME, atol=SAME)
        elif C == 2 or name == "ordinal":
            np.testing.assert_allclose(-model.coef_, fitted(name).coef_, rtol=SAME, atol=SAME)


@pytest.mark.parametrize("link, mirrored", [("probit", "probit"), ("cauchit", "cauchit"), ("cloglog", "loglog")])
def test_the_order_of_classes_mirrors_the_link(link, mirrored):
    X, y = table("bernoulli")
    model, other = MLEClassifier(Bernoulli(link=link)).fit(X, y), MLEClassifier(Bernoulli(link=mirrored)).fit(X, 1 - y)
    np.testing.assert_allclose(-other.coef_, model.coef_, rtol=SAME)
    np.testing.assert_allclose(-other.intercept_, model.intercept_, rtol=SAME)


@pytest.mark.parametrize("name", LABELS)
def test_labels_are_certain_soft_labels(name):
    X, y = table(name)
    same(fit(name, X, np.eye(y.max() + 1)[y]), fitted(name))


# --- offsets ---


@pytest.mark.parametrize("name", NARROW)
@few_examples
@given(seed=seeds, size=st.sampled_from([0.5, 20.0]))
def test_an_offset_takes_its_part_of_the_linear_predictor(name, seed, size):
    """With the offset X d + c, the coefficients are less by d and c."""
    X, y = table(name)
    rng = np.random.default_rng(seed)
    d, c = rng.integers(-8, 9, 3) / 8, size * rng.integers(-8, 9) / 8
    model = fit(name, np.column_stack([X, X @ d + c]), y, offset=-1)
    first = FIRST[name]
    slopes = model.coefs_[first] + np.append(d, 0.0)
    np.testing.assert_allclose(slopes[:3], fitted(name).coefs_[first], rtol=SAME, atol=SAME)
    np.testing.assert_allclose(model.intercepts_[first] + c, fitted(name).intercepts_[first], rtol=SAME, atol=SAME)
    for parameter in list(model.coefs_)[1:]:
        np.testing.assert_allclose(
            model.intercepts_[parameter], fitted(name).intercepts_[parameter], rtol=SAME, atol=SAME
        )


@pytest.mark.parametrize("name", COUNTED)
@few_examples
@given(seed=seeds)
def test_exposure_is_an_offset_of_its_logarithm(name, seed):
    X, y = table(name)
    exposure = np.random.default_rng(seed).uniform(0.1, 10.0, len(y))
    of_exposure = fit(name, np.column_stack([X, exposure]), y, exposure=3)
    of_offset = fit(name, np.column_stack([X, np.log(exposure)]), y, offset=3)
    same(of_exposure, of_offset)


# --- threads ---


@pytest.mark.parametrize("form", ["dense", "csr", "far from 0"])
@every_family
def test_threads_give_the_same_bits(name, form, monkeypatch):
    """Blocks are added in one tree, by whoever; some iterations show it."""
    monkeypatch.setattr("sklearn_mle.rows.base.block_length", lambda p, K: 32)
    X, y = table(name, n=32 * 9 + 5)
    X = {"dense": X, "csr": sparse.csr_array(X), "far from 0": X + 1e6}[form]
    weight = np.random.default_rng(0).uniform(0, 2, len(y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        first, *others = (fit(name, X, y, weight, n_jobs=n_jobs, max_iter=4) for n_jobs in (1, 2, 3))
    for other in others:
        same_bits(other, first)
        assert other.n_iter_ == first.n_iter_
