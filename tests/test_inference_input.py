"""What a stranger may ask of an inference: the answer, or an error that names what is wrong and the way out."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_mle import Inference, MLEClassifier, MLERegressor
from sklearn_mle import likelihoods as families
from sklearn_mle.residuals import leverage, residuals

infer = Inference.from_estimator
N = 240
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 2))
Y = 0.3 + X[:, 0] + RNG.normal(size=N)
COUNT = RNG.poisson(np.exp(0.3 + 0.3 * X[:, 0])).astype(float)
LABEL = np.where(Y > 0, "yes", "no")
CLASS = RNG.choice(["a", "b", "c"], N)
GROUP = np.arange(N) % 12
WEIGHT = RNG.integers(0, 4, N).astype(float)
KINDS = ["observed", "expected", "sandwich", "HC1", "HC2", "HC3", "cluster"]


@pytest.fixture(scope="module")
def found():
    return infer(MLERegressor().fit(X, Y), X, Y)


def errors(model, X, y, covariance, weight=None, groups=GROUP):
    groups = groups if covariance == "cluster" else None
    found = infer(model, X, y, sample_weight=weight, covariance=covariance, groups=groups)
    return found.covariance_matrix


# --- wald_test ---


@pytest.mark.parametrize(
    "constraints, values, message",
    [
        ([], 0.0, "nothing to test"),
        ([0, 0, 0, 0], 0.0, r"constraints\[0\] is zero"),
        ([[0, 1, 0, 0], [0, np.nan, 0, 0]], 0.0, r"constraints\[1\] has numbers that are not finite"),
        ([0, 1, 0], 0.0, "4 columns, one for each of"),
        (np.zeros((2, 2, 4)), 0.0, "4 columns"),
        (3, 0.0, "4 columns"),
        (["x0", 1], 0.0, "are names, or an array of numbers"),
        ("x0 = 1", 0.0, "'x0 = 1' is no coefficient, column or parameter"),
        ("intersept", 0.0, "Did you mean 'intercept'"),
        (["x0", "x3"], 0.0, "'x3' is no coefficient"),
        (["x0", "x1"], [1, 2, 3], "one for each of the 2 constraints"),
        ("x0", np.nan, "finite number"),
        ("x0", "one", "finite number"),
    ],
)
def test_wrong_constraints(found, constraints, values, message):
    with pytest.raises(ValueError, match=message):
        found.wald_test(constraints, values)


def test_constraints_in_every_form(found):
    R = np.eye(4)[[1, 2]]
    forms = [["x0", "x1"], ("x0", "x1"), np.array(["x0", "x1"]), pd.Index(["x0", "x1"]), "mu", R, R.tolist()]
    results = {found.wald_test(form, 0.5) for form in forms}
    assert len(results) == 1 and results.pop().df == 2
    assert found.wald_test("x0", [0.5]) == found.wald_test("x0", 0.5) == found.wald_test(R[0], 0.5)


# --- levels ---


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, np.nan, "0.95", None])
def test_wrong_levels(found, level):
    for ask in (found.conf_int, lambda level: found.conf_int(level, "profile")):
        with pytest.raises(ValueError, match=r"level is a probability in \(0, 1\)"):
            ask(level)
    for ask in (found.mean_interval, found.average_marginal_effects):
        with pytest.raises(ValueError, match=r"level is a probability in \(0, 1\)"):
            ask(X, level=level)


# --- groups ---

SAME = {
    "list": GROUP.tolist(),
    "strings": np.array([f"g{i}" for i in GROUP]),
    "objects": np.array([f"g{i}" for i in GROUP], dtype=object),
    "of two types": np.array([i if i % 2 else str(i) for i in GROUP], dtype=object),
    "categories": pd.Series(GROUP).astype("category"),
    "pandas strings": pd.Series([f"g{i}" for i in GROUP], dtype="string"),
    "nullable": pd.Series(GROUP, dtype="Int64"),
    "fractions": GROUP / 7,
    "dates": pd.Timestamp("2020-01-01") + pd.to_timedelta(pd.Series(GROUP), unit="D"),
}


@pytest.mark.parametrize("kind", SAME)
def test_groups_of_any_kind(kind):
    model = MLERegressor().fit(X, Y)
    expected = errors(model, X, Y, "cluster", groups=GROUP)
    np.testing.assert_allclose(errors(model, X, Y, "cluster", groups=SAME[kind]), expected, rtol=1e-10, atol=1e-15)


def test_labels_that_look_alike_are_two():
    """The string "1" is not the number 1: half of the groups would be lost."""
    alike = np.array([i // 2 if i % 2 else str(i // 2) for i in GROUP], dtype=object)
    model = MLERegressor().fit(X, Y)
    expected = errors(model, X, Y, "cluster")
    np.testing.assert_allclose(errors(model, X, Y, "cluster", groups=alike), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize(
    "groups, message",
    [
        (GROUP[:-1], "one label for each of the 240 rows"),
        (GROUP[:, None], r"their shape is \(240, 1\)"),
        ("g", r"their shape is \(\)"),
        (np.where(GROUP == 1, np.nan, GROUP), r"groups\[1\] is nan"),
        (np.array([None if i == 1 else "a" for i in GROUP], dtype=object), r"groups\[1\] is None"),
        (pd.Series([pd.NA if i == 1 else "a" for i in GROUP], dtype="string"), r"groups\[1\] is <NA>"),
        (pd.Series([None if i == 1 else "a" for i in GROUP]).astype("category"), r"groups\[1\] is nan"),
        (pd.Series([pd.NaT] * N), r"groups\[0\] is NaT"),
        (np.zeros(N), "at least two groups"),
    ],
)
def test_wrong_groups(groups, message):
    with pytest.raises(ValueError, match=message):
        infer(MLERegressor().fit(X, Y), X, Y, covariance="cluster", groups=groups)


def test_groups_without_weight_are_none():
    weight = np.where(GROUP == 3, 0.0, WEIGHT)
    rest = GROUP != 3
    whole = errors(MLERegressor().fit(X, Y, weight), X, Y, "cluster", weight)
    without = errors(
        MLERegressor().fit(X[rest], Y[rest], weight[rest]), X[rest], Y[rest], "cluster", weight[rest], GROUP[rest]
    )
    np.testing.assert_allclose(whole, without, rtol=1e-9)
    with pytest.raises(ValueError, match="at least two groups"):
        errors(MLERegressor().fit(X, Y, (GROUP == 3) * 1.0), X, Y, "cluster", (GROUP == 3) * 1.0)


# --- tables of every kind ---


@pytest.mark.parametrize("covariance", KINDS)
def test_sparse_tables_and_frames_are_the_same(covariance):
    few = np.where(np.abs(X) > 1, X, 0.0)
    model = MLERegressor("negative_binomial").fit(few, COUNT)
    expected = errors(model, few, COUNT, covariance)
    matrix = sparse.csr_matrix(few)
    found = errors(MLERegressor("negative_binomial").fit(matrix, COUNT), matrix, COUNT, covariance)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12)
    frame = pd.DataFrame(few, columns=["a", "b"])
    found = errors(MLERegressor("negative_binomial").fit(frame, pd.Series(COUNT)), frame, pd.Series(COUNT), covariance)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_sparse_rows_of_intervals_and_effects():
    few = sparse.csr_matrix(np.where(np.abs(X) > 1, X, 0.0))
    found = infer(MLERegressor("poisson").fit(few, COUNT), few, COUNT)
    np.testing.assert_allclose(found.mean_interval(few), found.mean_interval(few.toarray()), rtol=1e-12)
    sparse_effects, effects = found.average_marginal_effects(few), found.average_marginal_effects(few.toarray())
    np.testing.assert_allclose(sparse_effects.std_error, effects.std_error, rtol=1e-12)


@pytest.mark.parametrize("covariance", KINDS)
def test_pipelines_and_searches_take_raw_tables(covariance):
    raw = pd.DataFrame({"kind": np.where(X[:, 0] > 0.3, "b", "a"), "size": 1e3 * X[:, 1]})
    columns = ColumnTransformer([("k", OneHotEncoder(drop="first"), ["kind"]), ("s", StandardScaler(), ["size"])])
    pipeline = make_pipeline(columns, MLERegressor("poisson"))
    search = GridSearchCV(pipeline, {"mleregressor__fit_intercept": [True]}, cv=3)
    Z = columns.fit_transform(raw)
    expected = errors(MLERegressor("poisson").fit(Z, COUNT, WEIGHT), Z, COUNT, covariance, WEIGHT)
    for model in (pipeline, search):
        model.fit(raw, COUNT, mleregressor__sample_weight=WEIGHT)
        np.testing.assert_allclose(errors(model, raw, COUNT, covariance, WEIGHT), expected, rtol=1e-8, atol=1e-14)
    groups = GROUP if covariance == "cluster" else None
    found = infer(search, raw, COUNT, sample_weight=WEIGHT, covariance=covariance, groups=groups)
    assert found.names == ["intercept", "k__kind_b", "s__size"]
    np.testing.assert_allclose(found.mean_interval(raw)[:, 0] < search.predict(raw), True)


@pytest.mark.parametrize("covariance", [kind for kind in KINDS if kind not in ("HC2", "HC3")])
def test_several_regressed_parameters_with_offset_and_exposure(covariance):
    """Columns that enter with coefficient 1 shift eta: the same errors as of y that has them taken out."""
    years, known = np.exp(0.2 * RNG.normal(size=N)), 0.3 * RNG.normal(size=N)
    table = np.column_stack([X, years, known])
    y = np.random.default_rng(1).negative_binomial(3, 1 / (1 + 0.4 * years))
    model = MLERegressor("negative_binomial", regressed={"mu": [0, 1], "alpha": [1]}, exposure=2).fit(table, y)
    logs = np.column_stack([X, np.log(years)])
    offset = MLERegressor("negative_binomial", regressed={"mu": [0, 1], "alpha": [1]}, offset=2).fit(logs, y)
    a, b = errors(model, table, y, covariance), errors(offset, logs, y, covariance)
    assert a.shape == (5, 5) and np.isfinite(a).all()
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    both = {"mu": 3, "sigma": 2}
    scaled = np.column_stack([X, np.log(years), known])
    ours = MLERegressor(regressed={"mu": [0, 1], "sigma": [0]}, offset=both).fit(scaled, Y)
    assert np.isfinite(errors(ours, scaled, Y, covariance)).all()


def test_balanced_class_weights_are_applied_again():
    model = MLEClassifier(class_weight="balanced").fit(X, LABEL, WEIGHT)
    share = np.array([WEIGHT[LABEL == label].sum() for label in LABEL])
    weight = WEIGHT * WEIGHT.sum() / (2 * share)
    expected = MLEClassifier().fit(X, LABEL, weight)
    for covariance in KINDS:
        np.testing.assert_allclose(
            errors(model, X, LABEL, covariance, WEIGHT), errors(expected, X, LABEL, covariance, weight), rtol=1e-9
        )


# --- X of other columns, and models that are none ---


def test_tables_that_do_not_fit(found):
    frame = pd.DataFrame(X, columns=["age", "size"])
    named = infer(MLERegressor().fit(frame, Y), frame, Y)
    for ask in (named.mean_interval, named.average_marginal_effects):
        with pytest.raises(ValueError, match="same order"):
            ask(frame[["size", "age"]])
        with pytest.raises(ValueError, match="ages"):
            ask(frame.rename(columns={"age": "ages"}))
    for ask in (found.mean_interval, found.average_marginal_effects):
        with pytest.raises(ValueError, match="1 features"):
            ask(X[:, :1])
        with pytest.raises(ValueError, match="2D"):
            ask(X[0])
        with pytest.raises(ValueError, match="NaN"):
            ask(X * np.nan)


def test_data_and_models_that_do_not_fit():
    model = MLERegressor().fit(X, Y)
    with pytest.raises(NotFittedError):
        infer(MLERegressor(), X, Y)
    for wrong in (MLERegressor, "gaussian", None):
        with pytest.raises(TypeError, match="inference needs an MLERegressor"):
            infer(wrong, X, Y)
    for message, arguments in [
        ("y has 239 rows", (X, Y[:-1])),
        ("1 features", (X[:, :1], Y)),
        ("NaN", (X, np.where(GROUP == 1, np.nan, Y))),
    ]:
        with pytest.raises(ValueError, match=message):
            infer(model, *arguments)
    with pytest.raises(ValueError, match="sample_weight is zero"):
        infer(model, X, Y, sample_weight=np.zeros(N))
    with pytest.raises(ValueError, match="none of the classes"):
        infer(MLEClassifier().fit(X, LABEL), X, np.where(LABEL == "yes", "maybe", "no"))


@pytest.mark.parametrize("covariance", [None, "HC0", "hc3", ["observed"], 1])
def test_wrong_covariances(covariance):
    with pytest.raises(ValueError, match="covariance takes one of"):
        infer(MLERegressor().fit(X, Y), X, Y, covariance=covariance)


# --- what there is too little of ---


def test_no_more_rows_than_coefficients():
    few, y = X[:3], COUNT[:3] + 1
    model = MLERegressor("poisson").fit(few, y)
    with pytest.raises(ValueError, match=r"dispersion='pearson' divides by .* 3 rows have 3 coefficients"):
        infer(model, few, y, dispersion="pearson")
    with pytest.raises(ValueError, match=r"covariance='HC1' divides by .* 3 rows have 3 coefficients"):
        infer(model, few, y, covariance="HC1")
    with pytest.raises(AttributeError, match="no more than the coefficients"):
        infer(model, few, y).pearson_dispersion  # noqa: B018


@pytest.mark.parametrize("covariance", ["HC2", "HC3"])
def test_a_row_with_a_coefficient_of_its_own(covariance):
    """Its residual and 1 - leverage are both 0: their ratio is rounding."""
    own = np.column_stack([X, np.eye(N)[7]])
    model = MLERegressor().fit(own, Y)
    with pytest.raises(ValueError, match="0 in row 7 of X"):
        infer(model, own, Y, covariance=covariance)
    assert np.isfinite(infer(model, own, Y, covariance="sandwich").std_error["mu"]).all()
    weight = np.where(np.arange(N) == 7, 0.0, 1.0)  # which is no row, then
    unweighted = MLERegressor().fit(X, Y, weight)
    assert np.isfinite(infer(unweighted, X, Y, sample_weight=weight, covariance=covariance).std_error["mu"]).all()


@pytest.mark.parametrize("covariance", ["expected", "HC2", "HC3"])
def test_censored_rows_have_no_expected_curvature(covariance):
    y = families.censored_at(Y, lower=0.0)
    model = MLERegressor(families.Censored()).fit(X, y)
    with pytest.raises(ValueError, match=r"would have been censored.*'sandwich'"):
        infer(model, X, y, covariance=covariance)
    with pytest.raises(ValueError, match="leverages"):
        leverage(model, X, y)


@pytest.mark.parametrize("base", ["poisson", "gaussian"])
def test_truncated_rows_have(base):
    """On draws of the law itself the observed and the expected curvature differ by sampling only."""
    likelihood = families.Truncated(base, lower=0.5)
    eta = [0.8 + 0.3 * X[:, 0], np.zeros(N)][: len(likelihood.links)]
    y = likelihood.dist(*likelihood.theta(eta)).rvs(random_state=np.random.RandomState(0)).astype(float)
    model = MLERegressor(likelihood).fit(X, y)
    a, b = (infer(model, X, y, covariance=kind).std_error["mu"] for kind in ("observed", "expected"))
    np.testing.assert_allclose(a, b, rtol=0.25)
    assert np.isfinite(infer(model, X, y, covariance="HC3").std_error["mu"]).all()


def test_residuals_of_laws_without_moments():
    y = np.random.default_rng(0).standard_cauchy(N)
    model = MLERegressor(families.StudentT(df=1.0)).fit(X, y)
    with pytest.raises(ValueError, match="response residuals need a mean, and the law of row 0 has none"):
        residuals(model, X, y, "response")
    model = MLERegressor(families.StudentT(df=1.5)).fit(X, y)
    with pytest.raises(ValueError, match="need a standard deviation"):
        residuals(model, X, y, "pearson")
    assert np.isfinite(residuals(model, X, y)).all()


def test_contrasts_are_of_classes():
    found = infer(MLEClassifier().fit(X, CLASS), X, CLASS)
    with pytest.raises(ValueError, match=r"baseline='z' is none of the classes \['a', 'b', 'c'\]"):
        found.to_frame(baseline="z")
    frame = found.to_frame(baseline="b")
    assert frame["parameter"].unique().tolist() == ["logits[a]", "logits[c]"]
    for model, y in [(MLEClassifier(), LABEL), (MLEClassifier("ordinal"), np.searchsorted(["a", "b"], CLASS))]:
        with pytest.raises(ValueError, match="baseline is for parameters with one predictor per class"):
            infer(model.fit(X, y), X, y).to_frame(baseline=y[0])


# --- profiles, of any family ---

PROFILED = {
    "gaussian": (families.Gaussian(), Y),
    "weibull": (families.Weibull(), np.exp(0.5 * Y)),
    "gamma": (families.Gamma(), np.exp(0.5 * Y)),
    "beta": (families.Beta(), 1 / (1 + np.exp(-Y))),
    "zero-inflated": (families.ZeroInflated(), np.where(GROUP < 3, 0.0, COUNT)),
    "hurdle": (families.Hurdle(), COUNT),
    "censored": (families.Censored(), families.censored_at(Y, lower=0.0)),
    "tweedie": (families.Tweedie(power=1.5), np.maximum(Y, 0.0)),
}


@pytest.mark.parametrize("name", PROFILED)
def test_profiles_are_inverted_likelihood_ratio_tests(name):
    likelihood, y = PROFILED[name]
    model = MLERegressor(likelihood).fit(X, y)
    ends = next(iter(infer(model, X, y).conf_int(method="profile").values()))[1]
    assert ends[0] < model.coef_[0] < ends[1]
    for end in ends:
        held = np.column_stack([X[:, 1], end * X[:, 0]])
        fall = model.log_likelihood_ - MLERegressor(likelihood, offset=1).fit(held, y).log_likelihood_
        np.testing.assert_allclose(2 * fall, 3.841458820694124, rtol=1e-6)
