"""Fits without a maximum, or with many: finite numbers, and one warning that names the reason and the way out."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from sklearn_mle import (
    Bernoulli,
    Binomial,
    Censored,
    Hurdle,
    LabelLikelihood,
    MLEClassifier,
    MLERegressor,
    Poisson,
    StudentT,
    Truncated,
    fit_distribution,
)
from sklearn_mle.exceptions import BoundaryWarning, RankWarning, SeparationWarning
from sklearn_mle.likelihoods import LIKELIHOODS, ZeroInflated

N = 120
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(N, 3)), columns=["a", "b", "c"])
DUMMY = X.assign(d=(np.arange(N) < 10) * 1.0)
LABELS = rng.integers(0, 2, N)
COUNTS = rng.poisson(3.0, N)
NOISE = rng.normal(size=N)


def fitted(model, X, y, **kwargs):
    """The fitted model, and the one warning it gave (None: none)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y, **kwargs)
    assert len(caught) <= 1, [str(w.message) for w in caught]
    for values in (*model.coefs_.values(), *model.intercepts_.values(), model.log_likelihood_):
        assert np.isfinite(values).all()
    return model, caught[0] if caught else None


def warned(model, X, y, **kwargs):
    model, warning = fitted(model, X, y, **kwargs)
    return (None, "") if warning is None else (warning.category, str(warning.message))


# --- separation ---


@pytest.mark.parametrize("solver", ["auto", "lbfgs"])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "cauchit"])
def test_separable_labels(link, solver):
    model = MLEClassifier(Bernoulli(link=link), solver=solver)
    category, text = warned(model, X, X.a - X.b > 0.1)
    assert category is SeparationWarning and "(complete)" in text and "'a'" in text
    category, text = warned(model, DUMMY, np.where(DUMMY.d > 0, 1, LABELS))
    assert category is SeparationWarning and "(quasi-complete)" in text
    assert "column 'd' (+)" in text and "'a'" not in text and "alpha" in text


def test_separable_classes():
    category, text = warned(MLEClassifier(), X, np.digitize(X.a, [-0.5, 0.5]))
    assert category is SeparationWarning and "(complete)" in text
    category, text = warned(MLEClassifier(), DUMMY, np.where(DUMMY.d > 0, 1, np.arange(N) % 3))
    assert category is SeparationWarning and "(quasi-complete)" in text and "'d'" in text and "'a'" not in text
    shares = np.eye(2)[LABELS] * 0.5 + 0.25  # soft labels overlap, those of the dummy's rows do not
    category, text = warned(MLEClassifier(), DUMMY, np.where(DUMMY[["d"]] > 0, [0, 1], shares))
    assert category is SeparationWarning and "'d' (+)" in text


def test_separation_of_many_rows_is_read_off_the_fit():
    rng = np.random.default_rng(2)
    Z = rng.normal(size=(20_000, 5))
    Z[:, 4] = np.arange(len(Z)) < 7
    y = Z[:, 0] + rng.logistic(size=len(Z)) > 0
    y[:7] = False
    category, text = warned(MLEClassifier(), Z, y)
    assert category is SeparationWarning and "(quasi-complete)" in text and "column x4 (-)" in text and "x0" not in text


def test_wide_labels_by_lbfgs():
    rng = np.random.default_rng(3)
    category, text = warned(MLEClassifier(), rng.normal(size=(40, 1200)), np.arange(40) % 2)
    assert category is SeparationWarning and "(complete)" in text


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial"])
def test_a_column_that_meets_only_zeros(likelihood):
    counts = np.random.default_rng(4).negative_binomial(2, 0.4, N)
    category, text = warned(MLERegressor(likelihood), DUMMY, np.where(DUMMY.d > 0, 0, counts))
    assert category is SeparationWarning and "column 'd' (-)" in text and "'a'" not in text


@pytest.mark.parametrize("strength", [5.0, 20.0])
@pytest.mark.parametrize("solver", ["auto", "lbfgs"])
def test_a_strong_fit_is_no_separation(strength, solver):
    rng = np.random.default_rng(5)
    Z = rng.normal(size=(2000, 3))
    y = rng.random(2000) < 1 / (1 + np.exp(-strength * Z[:, 0]))
    assert warned(MLEClassifier(solver=solver), Z, y) == (None, "")


def test_penalised_fits_are_quiet():
    assert warned(MLEClassifier(alpha=1e-3), X, X.a > 0) == (None, "")
    assert warned(MLERegressor(alpha=1e-3), X.assign(d=X.a, one=1.0), NOISE) == (None, "")
    assert warned(MLERegressor("poisson", alpha=1e-3), DUMMY, np.where(DUMMY.d > 0, 0, COUNTS)) == (None, "")


# --- parameters at their ends ---


@pytest.mark.parametrize(
    ("likelihood", "y", "says"),
    [
        ("negative_binomial", rng.binomial(6, 0.5, N), "dispersion alpha is at 0: use Poisson"),
        ("student_t", rng.uniform(size=N), "df are at infinity: use Gaussian"),
        (ZeroInflated("poisson"), rng.binomial(6, 0.5, N), "pi of an extra zero is at 0"),
        ("poisson", np.zeros(N), "mean mu is at 0: every count is 0"),
        ("negative_binomial", np.zeros(N), "mean mu is at 0: every count is 0"),
        ("gaussian", np.full(N, 3.0), "as sigma goes to 0"),
        ("gaussian", np.zeros(N), "as sigma goes to 0"),
        ("gaussian", np.full(N, 1e-100), "sigma"),
        ("gaussian", 1e9 + np.zeros(N), "as sigma goes to 0"),
        ("gaussian", X @ [1.0, 2.0, 3.0] + 1.0, "as sigma goes to 0"),
        ("student_t", np.full(N, 3.0), "as sigma goes to 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("solver", ["auto", "lbfgs"])
def test_a_parameter_at_its_end(likelihood, y, says, solver):
    category, text = warned(MLERegressor(likelihood, solver=solver), X, y)
    assert category is BoundaryWarning and says in text


def is_of_numbers(likelihood):
    """Whether a likelihood has a density, with a scale of its own that can go to 0."""
    if isinstance(likelihood, LabelLikelihood) or likelihood.support.integer:
        return False
    return len(likelihood.parameters) > 1


OF_NUMBERS = [name for name, family in LIKELIHOODS.items() if is_of_numbers(family())]


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_constant_is_fitted_without_error_by_every_family_of_numbers(name):
    y = np.full(N, 0.3)
    category, text = warned(MLERegressor(name), X, y)
    assert category is BoundaryWarning and f"fits {N} values of y" in text and " goes to " in text
    with pytest.warns(BoundaryWarning, match="fit_distribution: .* fits 3 values of y, the first y.0., without error"):
        fit_distribution(y[:3], name)


@pytest.mark.parametrize("name", [*sorted(set(OF_NUMBERS) - {"tweedie"}), "censored"])
def test_more_columns_than_rows(name):
    Z, y = rng.normal(size=(20, 40)), rng.uniform(0.1, 0.9, 20)
    if name == "censored":
        name, y = Censored(), np.column_stack([y, y])
    category, text = warned(MLERegressor(name), Z, y)
    assert category is BoundaryWarning and "without error" in text
    assert "x0" in text and "are collinear" in text


@pytest.mark.parametrize("likelihood", ["gamma", "inverse_gaussian", "weibull", "lognormal"])
def test_an_exact_exponential_is_fitted_without_error(likelihood):
    category, text = warned(MLERegressor(likelihood), X, np.exp(X @ [1.0, 2.0, 3.0] + 5))
    assert category is BoundaryWarning and "without error" in text


@pytest.mark.parametrize("seed", range(5))
def test_some_rows_fitted_without_error(seed):
    y = np.where(DUMMY.d > 0, 7.0, np.random.default_rng(seed).normal(size=N))
    for model in (MLERegressor(regressed={"mu": ["d"], "sigma": ["d"]}), MLERegressor(regressed="all")):
        category, text = warned(model, DUMMY[["d"]], y)
        assert category is BoundaryWarning and "10 values of y" in text and "as sigma goes to 0 there" in text


@pytest.mark.parametrize("noise", [1e-3, 1e-6, 1e-10])
@pytest.mark.parametrize("likelihood", ["gaussian", StudentT(df=4)])
@pytest.mark.parametrize("regressed", [None, "all"])
def test_an_exact_measurement_is_no_perfect_fit(noise, likelihood, regressed):
    y = X @ [1.0, 2.0, 3.0] + noise * NOISE
    assert warned(MLERegressor(likelihood, regressed=regressed), X, y) == (None, "")


@pytest.mark.parametrize("noise", [1e-3, 1e-6, 1e-10])
@pytest.mark.parametrize("name", ["student_t", "logistic", "gumbel", "laplace"])
@pytest.mark.parametrize("regressed", [None, "all"])
def test_noise_has_a_scale_however_small_it_is(noise, name, regressed):
    model = MLERegressor(name, regressed=regressed)
    _, text = warned(model, X, X @ [1.0, 2.0, 3.0] + noise * NOISE)
    assert "without error" not in text  # that the search stops early, where F has few digits, may be said


@pytest.mark.parametrize("noise", [1e-3, 1e-6])
@pytest.mark.parametrize("likelihood", ["gamma", "inverse_gaussian", "weibull", "lognormal", "log_logistic"])
def test_an_exact_measurement_of_positive_numbers_is_no_perfect_fit(noise, likelihood):
    y = np.exp(X @ [0.1, 0.2, 0.3]) * (1 + noise * NOISE)
    assert warned(MLERegressor(likelihood), X, y) == (None, "")


def test_the_edge_of_a_domain_is_named():
    y = np.random.default_rng(1).poisson(np.maximum(0.02, 1 + 0.7 * X.a))
    category, text = warned(MLERegressor(Poisson(link="identity")), X, y)
    assert category is BoundaryWarning and "mu of row" in text and "is at 0, the end of its range" in text
    assert "Identity()" in text and "Log()" in text


def test_a_mean_without_a_limit():
    y = np.random.default_rng(1).exponential(np.exp(0.3 * X.a))
    category, text = warned(MLERegressor(Truncated(lower=0)), X, y)
    assert category is BoundaryWarning and "seems to have no maximum" in text and "nearly exponential" in text


@pytest.mark.parametrize("likelihood, y", [(Truncated("poisson", lower=0), np.ones(N)), (Hurdle(), LABELS)])
def test_counts_that_are_the_least_that_is_seen(likelihood, y):
    category, text = warned(MLERegressor(likelihood), X, y)
    assert category is BoundaryWarning and "always the least that can be" in text and "every" not in text


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("mean", [0.5, 10.0])
def test_a_hurdle_without_zeros(mean, seed):
    y = 1 + np.random.default_rng(seed).poisson(mean, N)
    category, text = warned(MLERegressor(Hurdle()), X, y)
    assert category is BoundaryWarning and "probability pi of a zero is at 0" in text


def test_no_trials_at_all():
    for likelihood in ("binomial", "beta_binomial", Binomial()):
        with pytest.raises(ValueError, match="needs trials: no row of y has a success or a failure"):
            MLERegressor(likelihood).fit(X, np.zeros((N, 2)))


def test_saturated():
    category, text = warned(MLERegressor("poisson"), np.eye(8)[:, 1:], [1, 0, 2, 3, 1, 0, 1, 4])
    assert category is SeparationWarning and "x0, x4 (-)" in text
    assert warned(MLERegressor("poisson"), np.eye(8)[:, 1:], [1, 2, 2, 3, 1, 1, 1, 4]) == (None, "")


# --- rank ---


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (X.assign(d=X.a), "columns 'a', 'd' are collinear"),
        (X.assign(d=1e6 * X.a - 7), "columns 'a', 'd' are collinear"),
        (X.assign(d=2.0), "column 'd' is constant"),
        (X.assign(d=0.0), "column 'd' is constant"),
        (X.assign(d=1 / 6 + 3e-17 * np.round(10 * X.b)), "column 'd' is constant"),
        (X.assign(d=X.a + 1e-9 * X.b**2), "columns 'a', 'd' are nearly collinear"),
        (X.assign(**{f"k{j}": np.arange(N) % 3 == j for j in range(3)}), "columns 'k0', 'k1', 'k2' are collinear"),
    ],
    ids=["duplicate", "affine", "constant", "zero", "rounding", "near", "dummies"],
)
@pytest.mark.parametrize("likelihood", ["gaussian", "poisson", "bernoulli", "categorical"])
def test_dependent_columns_are_named(table, says, likelihood):
    y = {"gaussian": NOISE, "poisson": COUNTS, "bernoulli": LABELS, "categorical": np.arange(N) % 3 + 0}[likelihood]
    y = np.roll(y, 1) if likelihood != "categorical" else rng.integers(0, 3, N)
    model = (MLEClassifier if likelihood in ("bernoulli", "categorical") else MLERegressor)(likelihood)
    category, text = warned(model, table.astype(float), y)
    assert category is RankWarning and says in text
    assert not any(f"'{name}'" in text for name in set("abc") - set("".join(says.split("'")[1::2])))


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial", "bernoulli"])
def test_levels_without_events_are_named_and_no_others(likelihood):
    levels = pd.DataFrame({"a": rng.integers(0, 4, 2000).astype(str), "b": rng.integers(0, 9, 2000).astype(str)})
    y = rng.poisson(0.7, 2000) * ~((levels.a == "2") | levels.b.isin(["3", "7"]))
    model = MLEClassifier() if likelihood == "bernoulli" else MLERegressor(likelihood)
    category, text = warned(model, pd.get_dummies(levels).astype(float), y > 0 if likelihood == "bernoulli" else y)
    assert category is SeparationWarning and "columns 'a_2', 'b_3', 'b_7' (-)" in text and "collinear" in text


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_among_very_many_columns_too(form):
    many = np.random.default_rng(0).standard_normal((3000, 1100)) * (
        np.random.default_rng(1).random((3000, 1100)) < 0.1
    )
    labels = many[:, 0] + np.random.default_rng(2).logistic(size=3000) > 0
    assert warned(MLEClassifier(alpha=1e-3), form(many), labels) == (None, "")
    assert warned(MLEClassifier(max_iter=3), form(many), labels)[0] is ConvergenceWarning
    many[:, 7] = many[:, 3] - 2 * many[:, 900]
    _, text = warned(MLEClassifier(max_iter=3), form(many), labels)
    assert "columns x3, x7, x900 are collinear" in text


def test_minimum_norm():
    twice, _ = fitted(MLERegressor("poisson"), X.assign(d=X.a, one=1.0), COUNTS)
    once, _ = fitted(MLERegressor("poisson"), X, COUNTS)
    assert twice.coef_[[0, 3]] == pytest.approx(once.coef_[0] / 2, rel=1e-8)
    assert twice.coef_[4] == 0
    assert twice.log_likelihood_ == pytest.approx(once.log_likelihood_, rel=1e-12)


def test_without_an_intercept_dummies_are_no_trap():
    dummies = np.eye(3)[np.arange(N) % 3]
    assert warned(MLERegressor(fit_intercept=False), dummies, NOISE) == (None, "")
    assert warned(MLERegressor(), dummies, NOISE)[0] is RankWarning
    assert warned(MLERegressor(), sparse.csr_array(dummies), NOISE)[0] is RankWarning


def test_rows_of_weight_zero_do_not_count():
    weight = (np.arange(N) >= 10) * 1.0  # without these rows d is constant
    category, text = warned(MLERegressor(), DUMMY, NOISE, sample_weight=weight)
    assert category is RankWarning and "'d' is constant" in text
    y = np.where(DUMMY.d > 0, 1, LABELS)
    y[3] = 0  # stands against the separation, but for its weight
    assert warned(MLEClassifier(), DUMMY, y) == (None, "")
    category, text = warned(MLEClassifier(), DUMMY, y, sample_weight=np.arange(N) != 3)
    assert category is SeparationWarning and "'d' (+)" in text


# --- the rest ---


def test_a_search_that_stops_early_says_so_and_nothing_else():
    category, text = warned(MLERegressor("poisson", max_iter=1), X, COUNTS * 50)
    assert category is ConvergenceWarning and "max_iter" in text


def test_a_rare_column_that_the_sample_misses_is_not_constant():
    Z = np.zeros((50_000, 2))
    Z[:, 0] = np.arange(len(Z)) % 7
    Z[[4, 9999, 31234], 1] = 1
    assert warned(MLERegressor(), Z, np.random.default_rng(6).normal(size=len(Z))) == (None, "")
