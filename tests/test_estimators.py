"""MLERegressor and MLEClassifier: every keyword, every prediction, and what a fit leaves behind."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags

from sklearn_mle import (
    Bernoulli,
    Categorical,
    Gaussian,
    GaussianOnLabels,
    LabelLikelihood,
    MLEClassifier,
    MLERegressor,
    NegativeBinomial,
    Poisson,
    StudentT,
)
from sklearn_mle.likelihoods import LIKELIHOODS, Censored, Ordinal, ZeroInflated
from sklearn_mle.solvers import LBFGS, SGD, SOLVERS, Auto, Newton

# Two fits of one optimum from different starts or units: Newton's last full step leaves rounding times the condition.
SAME_OPTIMUM = 1e-8

NUMBERS = [name for name, likelihood in LIKELIHOODS.items() if not issubclass(likelihood, LabelLikelihood)]
LABELS = [name for name, likelihood in LIKELIHOODS.items() if issubclass(likelihood, LabelLikelihood)]


def table(n=120, p=3):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    return rng, X, X @ np.array([0.5, -0.3, 0.2, 0.1, -0.1])[:p] + 0.3


def real(n=120, p=3):
    """X and y = eta + noise of Student's t, so that every family of real numbers has a finite optimum."""
    rng, X, eta = table(n, p)
    return X, eta + rng.standard_t(4, n)


def counts(n=120, p=3):
    """X and overdispersed counts."""
    rng, X, eta = table(n, p)
    return X, rng.poisson(np.exp(eta + 0.5) * rng.gamma(2.0, 0.5, n))


def labels(C=2, n=120, p=3):
    """X and C overlapping classes."""
    rng, X, eta = table(n, p)
    return X, np.digitize(eta + rng.logistic(size=n), np.linspace(-0.5, 1.5, C - 1) if C > 2 else [0.3])


def data_of(name):
    """A table that suits a likelihood of the registry, and its estimator."""
    if name in LABELS:
        return MLEClassifier, *labels(3 if LIKELIHOODS[name].multi_class else 2)
    support = LIKELIHOODS[name]().support
    X, y = counts() if support.integer else real()
    if support.columns == 2:
        y = np.column_stack([y, np.random.default_rng(1).poisson(3, len(y))]).astype(float)
    elif support.lower == 0 and support.upper == 1:
        y = 1 / (1 + np.exp(-y))
    elif support.lower == 0 and not support.integer:
        y = np.exp(y / 2)
        y = np.maximum(y - 0.8, 0.0) if name == "tweedie" else y  # without zeros its power goes to 2
    return MLERegressor, X, y


def close(actual, expected, tolerance=SAME_OPTIMUM):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def same(model, other, tolerance=SAME_OPTIMUM):
    """Two fits with the same coefficients."""
    assert list(model.coefs_) == list(other.coefs_)
    for name in model.coefs_:
        close(model.coefs_[name], other.coefs_[name], tolerance)
        close(model.intercepts_[name], other.intercepts_[name], tolerance)


# --- likelihood ---


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_likelihood_by_name_is_its_default_object(name):
    estimator, X, y = data_of(name)
    by_name, by_object = estimator(name).fit(X, y), estimator(LIKELIHOODS[name]()).fit(X, y)
    same(by_name, by_object, 0)
    assert type(by_name.likelihood_) is LIKELIHOODS[name]


@pytest.mark.parametrize("estimator", [MLERegressor, MLEClassifier])
def test_a_wrong_name_lists_the_known_ones(estimator):
    with pytest.raises(ValueError, match="no likelihood is named 'gausian'") as error:
        estimator("gausian").fit(*labels())
    assert all(name in str(error.value) for name in LIKELIHOODS)


@pytest.mark.parametrize("estimator, cls", [(MLERegressor, Gaussian), (MLEClassifier, Bernoulli)])
def test_a_class_is_no_likelihood(estimator, cls):
    with pytest.raises(TypeError, match=rf"got the class {cls.__name__}, pass {cls.__name__}\(\)"):
        estimator(cls).fit(*labels())
    with pytest.raises(TypeError, match="got 3"):
        estimator(3).fit(*labels())


@pytest.mark.parametrize("name", NUMBERS)
def test_the_classifier_refuses_likelihoods_of_numbers(name):
    for likelihood in (name, LIKELIHOODS[name]()):
        with pytest.raises(ValueError, match=r"MLEClassifier needs a likelihood of labels .*Use MLERegressor"):
            MLEClassifier(likelihood).fit(*labels())


@pytest.mark.parametrize("name", LABELS)
def test_the_regressor_refuses_likelihoods_of_labels(name):
    X, y = labels()
    for target in (y, np.array(["no", "yes"])[y]):
        with pytest.raises(ValueError, match=r"MLERegressor needs a likelihood of numbers; .*Use MLEClassifier"):
            MLERegressor(name).fit(X, target)


@pytest.mark.parametrize("C, name", [(2, "bernoulli"), (3, "categorical")])
def test_auto_takes_bernoulli_for_two_classes_and_categorical_for_more(C, name):
    X, y = labels(C)
    auto, named = MLEClassifier().fit(X, y), MLEClassifier(name).fit(X, y)
    assert type(auto.likelihood_) is type(named.likelihood_)
    same(auto, named, 0)


def test_three_classes_are_too_many_for_bernoulli():
    with pytest.raises(ValueError, match=r"Only binary classification is supported.*Use Categorical"):
        MLEClassifier("bernoulli").fit(*labels(3))


def test_y_outside_the_support_is_named():
    X, y = counts()
    y = y.astype(float)
    y[17] = -1
    with pytest.raises(ValueError, match=r"NegativeBinomial models counts, y >= 0; y\[17\] is -1.0"):
        MLERegressor("negative_binomial").fit(X, y)
    with pytest.raises(ValueError, match=r"Poisson models counts, y >= 0; y\[17\] is -1.0"):
        MLERegressor("poisson").fit(X, counts()[1]).log_prob(X, y)


# --- parameters: constructor, set_params, searches ---


def test_nested_parameters_of_objects():
    model = MLERegressor(StudentT(), solver=Newton())
    model.set_params(likelihood__df=7, solver__max_iter=13)
    assert model.likelihood.df == 7 and model.solver.max_iter == 13
    model.fit(*real())
    assert "df" not in model.coefs_ and model.predict_dist(real()[0]).params["df"][0] == 7.0
    with pytest.raises(ValueError, match="Invalid parameter 'dof'"):
        model.set_params(likelihood__dof=7)


def test_an_object_and_its_parameter_can_be_set_in_one_call():
    model = MLERegressor().set_params(likelihood=StudentT(), likelihood__df=5, solver=SGD(), solver__learning_rate=0.03)
    assert model.likelihood.df == 5 and model.solver.learning_rate == 0.03
    model = MLERegressor(ZeroInflated(NegativeBinomial())).set_params(likelihood__base__alpha=0.5)
    assert model.likelihood.base.alpha == 0.5


def test_grid_search_over_nested_parameters():
    X, y = real()
    grid = {"likelihood__df": [3.0, 30.0], "solver": [Newton()], "solver__max_iter": [20, 50]}
    search = GridSearchCV(MLERegressor(StudentT()), grid, cv=3).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_estimator_.likelihood_.df == search.best_params_["likelihood__df"]
    grid = [{"likelihood": [StudentT()], "likelihood__df": [3, 9]}, {"likelihood": ["gaussian"]}]
    search = GridSearchCV(MLERegressor(), grid, cv=3).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


ARGUMENTS = {
    "likelihood": NegativeBinomial(),
    "regressed": {"mu": [0, -3], "alpha": np.array([False, True, False, False])},
    "offset": {"mu": -1, "alpha": 2},
    "solver": LBFGS(max_iter=300),
    "alpha": 0.01,
    "max_iter": 500,
    "tol": 1e-10,
}


def test_fit_changes_no_argument_of_the_constructor():
    X, y = counts(p=4)
    model = MLERegressor(**ARGUMENTS)
    before, shown = model.get_params(deep=False), repr(clone(model).get_params())
    model.fit(X, y)
    assert all(model.get_params(deep=False)[name] is value for name, value in before.items())
    assert repr(clone(model).get_params()) == shown
    assert model.likelihood_ is not model.likelihood


@pytest.mark.parametrize("name", LABELS)
def test_fit_does_not_touch_the_likelihood_it_was_given(name):
    estimator, X, y = data_of(name)
    likelihood = LIKELIHOODS[name]()
    before = dict(vars(likelihood))
    estimator(likelihood).fit(X, y)
    assert vars(likelihood) == before


def test_fit_writes_nothing_into_its_data():
    X, y = counts()
    weight = np.arange(len(y)) % 3.0
    for array in (X, y, weight):
        array.setflags(write=False)
    MLERegressor("negative_binomial").fit(X, y, weight)
    X, y = labels()
    y.setflags(write=False)
    MLEClassifier(class_weight="balanced").fit(X, y, weight)


@pytest.mark.parametrize(
    "argument, value, message",
    [
        ("alpha", -1.0, "alpha must be a finite number >= 0; got -1.0"),
        ("alpha", np.nan, "alpha must be"),
        ("alpha", np.inf, "alpha must be"),
        ("alpha", "1", "alpha must be"),
        ("l1_ratio", 1.5, r"l1_ratio must be a number in \[0, 1\]; got 1.5"),
        ("max_iter", 0, "max_iter must be an integer >= 1 or None; got 0"),
        ("max_iter", 10.5, "max_iter must be an integer >= 1 or None; got 10.5"),
        ("tol", -1e-3, "tol must be a number >= 0 or None; got -0.001"),
        ("tol", np.nan, "tol must be"),
        ("solver", "bfgs", r"solver takes one of the names \['auto', 'newton', .*'sgd'\]"),
        ("solver", Newton, "solver takes one of the names"),
        ("offset", 7, "offset=7: X has 3 columns"),
        ("offset", 1.5, "offset takes a column's name or index; got 1.5"),
        ("offset", True, "offset takes a column's name or index; got True"),
        ("offset", {"nu": 0}, r"offset: 'nu' is no estimated parameter of Gaussian\(\), which has \['mu', 'sigma'\]"),
        ("exposure", 0, "exposure multiplies mu, so it needs link='log'"),
    ],
)
def test_a_wrong_argument_raises_in_fit_only(argument, value, message):
    model = MLERegressor(**{argument: value})
    repr(model), clone(model), get_tags(model)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(*real())


# --- regressed ---


FRAME = ["a", "b", "c"]
FORMS = {
    "None": (None, {"mu": "abc"}),
    "name": ("mu", {"mu": "abc"}),
    "another name": ("sigma", {"sigma": "abc"}),
    "list": (["mu", "sigma"], {"mu": "abc", "sigma": "abc"}),
    "tuple": (("sigma", "mu"), {"mu": "abc", "sigma": "abc"}),
    "nothing": ([], {}),
    "all": ("all", {"mu": "abc", "sigma": "abc", "df": "abc"}),
    "dict of all": ({"mu": "all", "df": "all"}, {"mu": "abc", "df": "abc"}),
    "dict of names": ({"mu": ["a", "c"], "sigma": "b"}, {"mu": "ac", "sigma": "b"}),
    "dict of indices": ({"mu": [0, 2], "sigma": 1}, {"mu": "ac", "sigma": "b"}),
    "dict of negative indices": ({"mu": [-3, -1], "sigma": [-2]}, {"mu": "ac", "sigma": "b"}),
    "dict of a mask": (
        {"mu": [True, False, True], "sigma": np.array([False, True, False])},
        {"mu": "ac", "sigma": "b"},
    ),
    "dict of an array": ({"mu": np.array([0, 2]), "sigma": np.int64(1)}, {"mu": "ac", "sigma": "b"}),
    "dict of mixed columns": ({"mu": ["a", 2], "sigma": (1,)}, {"mu": "ac", "sigma": "b"}),
    "dict of an index": ({"mu": pd.Index(["a", "c"]), "sigma": []}, {"mu": "ac"}),
}


@pytest.mark.parametrize("regressed, expected", FORMS.values(), ids=FORMS)
def test_regressed_lists_the_parameters_with_slopes(regressed, expected):
    X, y = real()
    model = MLERegressor("student_t", regressed=regressed).fit(pd.DataFrame(X, columns=FRAME), y)
    assert list(model.coefs_) == list(model.intercepts_) == ["mu", "sigma", "df"]
    for name, coef in model.coefs_.items():
        assert coef.shape == (3,) and isinstance(model.intercepts_[name], float)
        assert "".join(np.array(FRAME)[coef != 0]) == expected.get(name, "")
    # The same optimum as that of a table with these columns only, where there is such a table.
    if len(set(expected.values())) == 1:
        columns = [FRAME.index(column) for column in next(iter(expected.values()))]
        other = MLERegressor("student_t", regressed=list(expected)).fit(X[:, columns], y)
        close(model.log_likelihood_, other.log_likelihood_, 1e-10)


def test_nothing_regressed_is_the_unconditional_fit():
    X, y = real()
    model = MLERegressor(regressed=[]).fit(X, y)
    close([model.intercept_, model.intercepts_["sigma"]], [y.mean(), np.log(y.std())], 1e-12)


@pytest.mark.parametrize(
    "likelihood, regressed, message",
    [
        (
            "gaussian",
            "nu",
            r"regressed: 'nu' is no parameter of Gaussian\(\); the estimated ones are \['mu', 'sigma'\]",
        ),
        (
            StudentT(df=4),
            "df",
            r"regressed: 'df' is fixed in StudentT\(df=4\); the estimated ones are \['mu', 'sigma'\]",
        ),
        (StudentT(df=4), {"mu": "all", "df": [0]}, "'df' is fixed in"),
        ("gaussian", ["mu", "nu"], "'nu' is no parameter of"),
        ("gaussian", [0, 1], "0 is no parameter of"),
        ("gaussian", 1, r"regressed takes names of parameters or \{name: columns\}; got 1"),
        ("gaussian", {"mu": ["z"]}, r"regressed\['mu'\]='z' is no column of X; it has \['a', 'b', 'c'\]"),
        ("gaussian", {"mu": [3]}, r"regressed\['mu'\]=3: X has 3 columns"),
        ("gaussian", {"mu": [-4]}, r"regressed\['mu'\]=-4: X has 3 columns"),
        ("gaussian", {"mu": [True, False]}, r"regressed\['mu'\]: the boolean mask has 2 entries, X has 3 columns"),
        ("gaussian", {"mu": 1.5}, "takes a column's name or index; got 1.5"),
    ],
)
def test_regressed_that_is_unknown_or_fixed_lists_what_there_is(likelihood, regressed, message):
    X, y = real()
    with pytest.raises((ValueError, TypeError), match=message):
        MLERegressor(likelihood, regressed=regressed).fit(pd.DataFrame(X, columns=FRAME), y)


def test_names_need_columns_with_names():
    with pytest.raises(ValueError, match=r"regressed\['mu'\]='a' names a column, but X has no column names"):
        MLERegressor(regressed={"mu": ["a"]}).fit(*real())


def test_regressed_columns_of_a_classifier():
    X, y = labels(3)
    model = MLEClassifier(regressed={"logits": [0, 2]}).fit(X, y)
    assert (model.coef_[:, 1] == 0).all() and (model.coef_[:, [0, 2]] != 0).all()
    close(model.coef_[:, [0, 2]], MLEClassifier().fit(X[:, [0, 2]], y).coef_)


# --- offset and exposure ---


@pytest.mark.parametrize("offset", [3, -1, np.int64(3), {"mu": 3}, {"mu": -1}, "o", {"mu": "o"}], ids=repr)
def test_offset_by_index_name_and_dict_is_the_same(offset):
    X, y = real(p=4)
    X = pd.DataFrame(X, columns=["a", "b", "c", "o"])
    model, peer = MLERegressor(offset=offset).fit(X, y), LinearRegression().fit(X[["a", "b", "c"]], y - X["o"])
    assert model.n_features_in_ == 4
    close(model.coef_, np.append(peer.coef_, 0.0))
    np.testing.assert_array_equal(model.coef_[3], 0.0)
    close(model.predict(X.assign(o=X["o"] + 2.0)), peer.predict(X[["a", "b", "c"]]) + X["o"] + 2.0)
    if not isinstance(offset, str) and offset != {"mu": "o"}:
        same(MLERegressor(offset=offset).fit(X.to_numpy(), y), model, 0)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.csc_array], ids=lambda form: form.__name__)
def test_exposure_multiplies_the_mean_of_its_row(form):
    rng, X, eta = table()
    years = rng.uniform(0.1, 10, len(X))
    y = rng.poisson(years * np.exp(eta))
    table_ = np.column_stack([X, years])
    model = MLERegressor("poisson", exposure=-1).fit(form(table_), y)
    same(model, MLERegressor("poisson", offset=3).fit(np.column_stack([X, np.log(years)]), y))
    doubled = table_ * [1, 1, 1, 2]
    close(model.predict(form(doubled)), 2 * model.predict(form(table_)), 1e-12)
    close(model.predict(form(table_)), years * np.exp(X @ model.coef_[:3] + model.intercept_), 1e-12)
    close(model.predict_dist(form(table_)).mean(), model.predict(form(table_)), 1e-12)
    # The likelihood equations of Poisson with an intercept: the fitted counts add up to the observed ones.
    close(model.predict(form(table_)).sum(), y.sum(), 1e-10)
    np.testing.assert_array_equal(model.coef_[3], 0.0)


def test_offset_and_exposure_together_and_for_several_parameters():
    X, y = counts(p=5)
    X[:, 4] = np.exp(X[:, 4])
    model = MLERegressor("negative_binomial", regressed="all", offset={"mu": 2, "alpha": 3}, exposure=4).fit(X, y)
    for name in ("mu", "alpha"):
        assert (model.coefs_[name][2:] == 0).all() and (model.coefs_[name][:2] != 0).all()
    params = model.predict_dist(X).params
    close(np.log(params["mu"]), X[:, :2] @ model.coef_[:2] + model.intercept_ + X[:, 2] + np.log(X[:, 4]), 1e-12)
    close(np.log(params["alpha"]), X @ model.coefs_["alpha"] + model.intercepts_["alpha"] + X[:, 3], 1e-12)


def test_offset_of_a_classifier():
    rng, X, eta = table(p=2)
    offset = rng.standard_normal(len(X))
    y = (eta + offset + rng.logistic(size=len(X)) > 0).astype(int)
    model = MLEClassifier(offset=2).fit(np.column_stack([X, offset]), y)
    assert model.coef_.shape == (1, 3) and model.coef_[0, 2] == 0
    # Likelihood equations: the residuals are orthogonal to [1, X].
    p = model.predict_proba(np.column_stack([X, offset]))[:, 1]
    close(np.column_stack([np.ones(len(X)), X]).T @ (y - p), np.zeros(3))
    with pytest.raises(ValueError, match="one predictor per class"):
        MLEClassifier(offset=2).fit(*labels(3))


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_exposure_must_be_positive(bad):
    X, y = counts(p=4)
    X[:, 3] = np.exp(X[:, 3])
    model = MLERegressor("poisson", exposure=3).fit(X, y)
    X[5, 3] = bad
    for call in (lambda: clone(model).fit(X, y), lambda: model.predict(X)):
        with pytest.raises(ValueError, match=rf"exposure must be positive; column 3 of X is {bad} in row 5"):
            call()
    frame = pd.DataFrame(X, columns=["a", "b", "c", "years"])
    with pytest.raises(ValueError, match="column 'years' of X is"):
        MLERegressor("poisson", exposure="years").fit(frame, y)


def test_exposure_needs_a_log_link():
    X, y = counts()
    with pytest.raises(ValueError, match="exposure multiplies mu, so it needs link='log'"):
        MLERegressor(Poisson(link="sqrt"), exposure=0).fit(np.abs(X), y)


def test_a_scaled_exposure_or_offset_column_warns():
    X, y = real()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    with pytest.warns(UserWarning, match=r"column 2 has mean 0 and standard deviation 1.*ColumnTransformer") as record:
        MLERegressor(offset=2).fit(Z, y)
    assert record[0].filename == __file__  # the warning points at the caller's line
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLERegressor(offset=2).fit(X, y)
        MLERegressor().fit(Z, y)


# --- sample_weight ---


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_weights_are_repeats(name):
    estimator, X, y = data_of(name)
    weight = np.arange(len(y)) % 4
    weighted = estimator(name).fit(X, y, weight)
    repeated = estimator(name).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
    same(weighted, repeated, 1e-7)  # StudentT's df is the flattest: a gap of 1e-12 can leave 1e-7 of it
    close(weighted.log_likelihood_, repeated.log_likelihood_, 1e-10)


GARBAGE_X = [1e6, 1e200]


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("garbage", GARBAGE_X)
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_rows_of_weight_zero_influence_nothing(name, garbage, solver):
    estimator, X, y = data_of(name)
    weight = np.ones(len(y))
    weight[::3] = 0
    X_other, y_other = X.copy(), y.copy() if estimator is MLEClassifier else y.astype(float)
    X_other[::3] = garbage
    y_other[::3] = 77 if estimator is MLEClassifier else 1e15
    if estimator is MLERegressor and LIKELIHOODS[name]().support.lower == 0:
        y_other[0] = -5.0  # outside the support
    used = weight > 0
    model = estimator(name, solver=solver).fit(X_other, y_other, weight)
    same(model, estimator(name, solver=solver).fit(X[used], y[used]), 1e-7)
    if estimator is MLEClassifier:
        assert 77 not in model.classes_


def test_offsets_of_rows_of_weight_zero_influence_nothing():
    X, y = counts(p=4)
    weight = (np.arange(len(y)) % 3 > 0).astype(float)
    model = MLERegressor("negative_binomial", offset=3).fit(X, y, weight)
    X[weight == 0, 3] = 1e200
    same(MLERegressor("negative_binomial", offset=3).fit(X, y, weight), model)


def test_weights_keep_their_meaning_whatever_their_unit():
    X, y = real()
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    model = MLERegressor("student_t", alpha=0.1).fit(X, y, weight)
    for unit in (1e-10, 1e10):
        other = MLERegressor("student_t", alpha=0.1).fit(X, y, unit * weight)
        same(other, model)
        close(other.log_likelihood_, unit * model.log_likelihood_, 1e-10)
    same(MLERegressor().fit(X, y, 3), MLERegressor().fit(X, y))  # a number: the same for all


@pytest.mark.parametrize("estimator", [MLERegressor, MLEClassifier])
@pytest.mark.parametrize(
    "change, message",
    [
        (lambda weight: -weight, "sample_weight must be >= 0 .*row 0 has -1.0"),
        (lambda weight: np.where(np.arange(len(weight)) == 7, np.nan, weight), "sample_weight contains NaN"),
        (lambda weight: np.where(np.arange(len(weight)) == 7, np.inf, weight), "sample_weight contains infinity"),
        (lambda weight: 0 * weight, "sample_weight is zero in every row"),
        (lambda weight: weight[1:], r"sample_weight.shape == \(119,\), expected \(120,\)"),
        (lambda weight: weight[:, None], r"sample_weight.shape == \(120, 1\), expected \(120,\)"),
    ],
)
def test_wrong_weights(estimator, change, message):
    X, y = labels()
    with pytest.raises(ValueError, match=message):
        estimator().fit(X, y, change(np.ones(len(y))))


# --- classes ---


@pytest.mark.parametrize("values", [["no", "yes"], [-1, 1], [True, False], [2.0, 5.0]], ids=str)
@pytest.mark.parametrize("name", ["auto", *LABELS])
def test_labels_of_any_type(values, name):
    X, codes = labels()
    y = np.array(values)[codes]
    model = MLEClassifier(Ordinal(categories=sorted(values)) if name == "ordinal" else name).fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    assert model.predict(X).dtype == y.dtype
    assert model.score(X, y) == np.mean(model.predict(X) == y) > 0.5
    log_proba = model.predict_log_proba(X)
    positions = np.searchsorted(model.classes_, y)
    np.testing.assert_array_equal(model.log_prob(X, y), log_proba[np.arange(len(y)), positions])
    with pytest.raises(ValueError, match=r"y\[1\] is .*, which is none of the classes"):
        stranger = "maybe" if y.dtype.kind == "U" else 9
        model.log_prob(X, np.array([y[0], stranger, *y[2:]]))


@pytest.mark.parametrize("name", ["auto", *LABELS])
def test_one_class_is_not_enough(name):
    X, y = labels()
    with pytest.raises(ValueError, match="at least two classes"):
        MLEClassifier(name).fit(X, np.zeros(len(y)))
    with pytest.raises(ValueError, match="at least two classes"):
        MLEClassifier(name).fit(X, y, y)  # the other class has weight 0


def test_class_weight():
    X, y = labels(3)
    named = np.array(["a", "b", "c"])[y]
    per_class = {"a": 2.0, "b": 0.5, "c": 3.0}
    model = MLEClassifier(class_weight=per_class).fit(X, named)
    same(model, MLEClassifier().fit(X, y, np.array([2.0, 0.5, 3.0])[y]))
    balanced = MLEClassifier(class_weight="balanced").fit(X, named)
    same(balanced, MLEClassifier().fit(X, y, len(y) / (3 * np.bincount(y))[y]))
    with pytest.raises(ValueError):
        MLEClassifier(class_weight="fair").fit(X, y)
    # Balanced logits: with an intercept, the mean probability of each class is its weighted share, 1/3.
    close((balanced.predict_proba(X).T @ (len(y) / (3 * np.bincount(y))[y])) / len(y), np.full(3, 1 / 3))


def test_balanced_classes_are_balanced_in_weight():
    X, y = labels()
    weight = np.random.default_rng(0).uniform(0, 2, len(y))
    totals = np.bincount(y, weights=weight)
    model = MLEClassifier(class_weight="balanced").fit(X, y, weight)
    same(model, MLEClassifier().fit(X, y, weight * (totals.sum() / (2 * totals))[y]))


def test_soft_labels_in_rows():
    X, y = labels(3)
    soft = 0.8 * np.eye(3)[y] + 0.2 / 3
    model = MLEClassifier().fit(X, soft)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert model.predict_proba(X).shape == (len(X), 3)
    close(model.log_prob(X, soft).sum(), model.log_likelihood_, 1e-12)
    assert model.score(X, soft) == np.mean(model.predict(X) == y)
    for wrong in (2 * soft, soft - 0.5):
        with pytest.raises(ValueError, match=r"class probabilities, >= 0 with sum 1; y\[0\] is"):
            MLEClassifier().fit(X, wrong)


# --- alpha, intercept, warm start ---


@pytest.mark.parametrize("name", [name for name, cls in LIKELIHOODS.items() if getattr(cls, "smooth", True)])
def test_alpha_penalises_the_mean_nll(name):
    """At the optimum the gradient of the mean nll in the slopes is -alpha times the slopes, and 0 in the intercepts."""
    estimator, X, y = data_of(name)
    alpha, weight = 0.3, np.random.default_rng(0).uniform(0.5, 2, len(y))
    model = estimator(name, alpha=alpha).fit(X, y, weight)
    objective = clone(model).set_params(alpha=0.0).fit(X, y, weight)._objective(X, y, weight)
    layout = objective.layout
    g = objective.taylor(layout.pack(model._W()), 1)[1] / np.where(layout.slopes == 0, 1.0, layout.slopes)
    expected = np.where(layout.slopes == 0, 0.0, -alpha * model._W()[layout.mask])
    # The gradient is left at the square root of the tolerance, 1e-12.
    np.testing.assert_allclose(g, expected, atol=1e-6)
    # and twice the rows do not halve it
    same(estimator(name, alpha=alpha).fit(np.tile(X, (2, 1)), np.concatenate([y, y]), np.tile(weight, 2)), model, 1e-7)


@pytest.mark.parametrize("name", NUMBERS)
def test_intercepts_are_not_penalised(name):
    estimator, X, y = data_of(name)
    strong = estimator(name, alpha=1e12).fit(X, y)
    constant = estimator(name, regressed=[]).fit(X, y)
    close(strong.coef_, np.zeros(3), 1e-9)
    if strong.likelihood_.smooth:  # of an even number of rows many medians are as good
        close(strong.intercept_, constant.intercept_, 1e-6)
    close(strong.log_likelihood_, constant.log_likelihood_, 1e-6)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_without_an_intercept(name):
    estimator, X, y = data_of(name)
    model = estimator(name, fit_intercept=False).fit(X + 1.0, y)
    np.testing.assert_array_equal(model.intercept_, np.zeros(np.shape(model.intercept_)))
    for other in list(model.intercepts_)[1:]:
        assert model.intercepts_[other] != 0  # it concerns the first parameter
    best = estimator(name).fit(X + 1.0, y)
    assert model.log_likelihood_ < best.log_likelihood_


def test_warm_start_begins_where_the_last_fit_ended():
    X, y = counts()
    model = MLERegressor("negative_binomial", warm_start=True).fit(X, y)
    first = model.n_iter_
    model.fit(X, y)
    assert model.n_iter_ <= 2 < first
    assert (
        len(MLERegressor("negative_binomial").fit(X, y).history_["loss"]) >= first
    )  # without it: from the start again


def test_warm_start_across_likelihoods():
    """The founding lesson: both losses from one confident mistake, the fit to flipped labels."""
    rng, X, eta = table(400)
    y = (10 * eta + rng.logistic(size=400) > 3).astype(int)
    mistake = MLEClassifier("bernoulli", warm_start=True).fit(X, 1 - y)
    assert mistake.score(X, y) < 0.1
    norms = {}
    for name in ("bernoulli", "gaussian_on_labels"):
        model = MLEClassifier(name, warm_start=True, solver=SGD(learning_rate=1e-9, max_iter=6))
        model.__dict__.update({key: value for key, value in vars(mistake).items() if key.endswith("_")})
        model.fit(X, y)  # SGD hardly moves at this rate: history_ shows the start
        close(model.coef_, mistake.coef_, 1e-6)
        norms[name] = model.history_["gradient_norm"][0]
        # Newton by the rows' modulus recovers from it, to the optimum that a cold start finds.
        model.set_params(solver="newton").fit(X, y)
        assert model.score(X, y) > 0.9
        same(model, MLEClassifier(name).fit(X, y), 1e-6)
    # The sigmoid's slope survives in the squared error's gradient: the surer the mistake, the smaller.
    assert norms["gaussian_on_labels"] < 0.4 * norms["bernoulli"]


def test_warm_start_with_other_shapes_starts_anew():
    X, y = real()
    model = MLERegressor("student_t", regressed="all", warm_start=True).fit(X, y)
    same(model.set_params(likelihood="gaussian", regressed=None).fit(X[:, :2], y), MLERegressor().fit(X[:, :2], y))
    same(model.set_params(likelihood="student_t").fit(X, y), MLERegressor("student_t").fit(X, y), 1e-6)


def test_without_warm_start_the_last_fit_is_forgotten():
    X, y = counts()
    model = MLERegressor("negative_binomial").fit(-X, y)
    same(model.fit(X, y), MLERegressor("negative_binomial").fit(X, y), 0)


# --- what a fit leaves behind ---


class Interrupted(Newton):
    """Newton that is interrupted at its second report."""

    def __init__(self, error=None, max_iter=100, tol=1e-12):
        super().__init__(max_iter, tol)
        self.error = error

    def minimize(self, objective, w, report, rng):
        reports = []

        def interrupt(*args, **kwargs):
            reports.append(report(*args, **kwargs))
            if self.error is not None and len(reports) == 2:
                raise self.error

        return super().minimize(objective, w, interrupt, rng)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("no more")], ids=repr)
def test_an_interrupted_fit_leaves_the_old_one(error):
    X, y = counts()
    model = MLERegressor("negative_binomial", solver=Interrupted()).fit(X, y)
    before, predicted = dict(vars(model)), model.predict(X)
    model.solver.error = error
    with pytest.raises(type(error)):
        model.fit(pd.DataFrame(X[:, :2], columns=["a", "b"]), y + 1)
    assert {name: value for name, value in vars(model).items() if value is not before[name]} == {}
    np.testing.assert_array_equal(model.predict(X), predicted)


def test_a_failed_fit_leaves_the_old_one():
    X, y = labels(3)
    model = MLEClassifier().fit(X, y)
    before = dict(vars(model))
    for wrong in [
        lambda: model.fit(X, y, -np.ones(len(y))),
        lambda: model.fit(X[:, :2], np.zeros(len(y))),
        lambda: model.fit(X[1:], y),
    ]:
        with pytest.raises(ValueError):
            wrong()
        assert all(vars(model)[name] is value for name, value in before.items()) and len(vars(model)) == len(before)
    unfitted = MLEClassifier()
    with pytest.raises(ValueError):
        unfitted.fit(X, np.zeros(len(y)))
    with pytest.raises(NotFittedError):
        unfitted.predict(X)
    assert not [name for name in vars(unfitted) if name.endswith("_")]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_history_and_counts_of_iterations(name, solver):
    estimator, X, y = data_of(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = estimator(name, solver=solver, random_state=0).fit(X, y)
    loss, gradient_norm = model.history_["loss"], model.history_["gradient_norm"]
    assert set(model.history_) == {"loss", "gradient_norm"}
    assert isinstance(model.n_iter_, int) and isinstance(model.converged_, bool)
    assert loss.shape == gradient_norm.shape == (max(len(loss), 1),)
    assert 1 <= model.n_iter_ <= len(loss) + 1
    assert np.isfinite(loss).all() and (gradient_norm >= 0).all()
    final = -model.log_likelihood_ / len(y)
    assert final <= loss.min() + 1e-12 * max(1, abs(final))
    if solver != "sgd":
        assert model.converged_ and gradient_norm[-1] < 1e-3 * gradient_norm.max() + 1e-6


@pytest.mark.parametrize("solver", SOLVERS)
def test_too_few_iterations_warn(solver):
    X, y = counts()
    stopped = r"MLERegressor: Stopped before tol was met, with NegativeBinomial\(\): .*Raise max_iter"
    with pytest.warns(ConvergenceWarning, match=stopped) as record:
        model = MLERegressor("negative_binomial", solver=solver, max_iter=1, random_state=0).fit(X, y)
    assert record[0].filename == __file__  # the warning points at the caller's line
    assert model.converged_ is False and model.n_iter_ >= 1 and np.isfinite(model.coef_).all()


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_log_likelihood_is_that_of_the_training_rows(name):
    estimator, X, y = data_of(name)
    weight = np.random.default_rng(0).uniform(0, 2, len(y))
    model = estimator(name, alpha=0.1).fit(X, y, weight)
    if name != "gaussian_on_labels":  # whose classifier's log_prob is log P(label), not the nll it was fitted by
        close(weight @ model.log_prob(X, y), model.log_likelihood_, 1e-10)


def test_verbose_prints_a_line_per_iteration(capsys):
    X, y = counts()
    model = MLERegressor("negative_binomial", verbose=1).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(model.history_["loss"])
    assert all("F " in line and "|gradient| " in line for line in lines)
    MLERegressor("negative_binomial").fit(X, y)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("solver", [Auto(), Newton(), LBFGS()])
def test_max_iter_and_tol_override_the_solver(solver):
    X, y = counts()
    with pytest.warns(ConvergenceWarning):
        MLERegressor("negative_binomial", solver=solver, max_iter=1).fit(X, y)
    assert solver.get_params() == type(solver)().get_params()
    loose = MLERegressor("negative_binomial", solver=solver, tol=0.5).fit(X, y)
    assert loose.n_iter_ < MLERegressor("negative_binomial", solver=solver).fit(X, y).n_iter_


def test_random_state_orders_the_batches():
    X, y = counts()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fits = [
            MLERegressor("poisson", solver="sgd", max_iter=3, random_state=seed).fit(X, y).coef_ for seed in (0, 0, 1)
        ]
    np.testing.assert_array_equal(fits[0], fits[1])
    assert (fits[0] != fits[2]).any()


# --- partial_fit ---


@pytest.mark.parametrize("estimator", [MLERegressor, MLEClassifier])
def test_partial_fit_exists_for_stochastic_solvers_only(estimator):
    for solver in ["sgd", SGD()]:
        assert hasattr(estimator(solver=solver), "partial_fit")
    for solver in ["auto", "newton", "lbfgs", Newton(), LBFGS(), "nonsense", None]:
        assert not hasattr(estimator(solver=solver), "partial_fit")


@pytest.mark.parametrize("name", ["gaussian", "poisson", "bernoulli", "categorical", "gaussian_on_labels"])
def test_a_stream_of_batches_learns(name):
    if name in LABELS:
        X, y = labels(2 if name == "bernoulli" else 3, n=6000)
        model, options = MLEClassifier(name, solver="sgd"), {"classes": np.unique(y)}
    else:
        X, y = (counts if name == "poisson" else real)(n=6000)
        model, options = MLERegressor(name, solver="sgd"), {}
    for i in range(0, len(y), 50):
        model.partial_fit(X[i : i + 50], y[i : i + 50], **(options if i == 0 else {}))
    assert model.n_iter_ == 120
    best = clone(model).set_params(solver="newton").fit(X, y)
    null = clone(best).set_params(regressed=[]).fit(X, y)
    # One pass with a falling step: most of what X tells about y is learnt.
    gain = (model.log_prob(X, y).sum() - null.log_prob(X, y).sum()) / (
        best.log_prob(X, y).sum() - null.log_prob(X, y).sum()
    )
    assert gain > 0.9


def test_the_first_batch_of_a_classifier_names_the_classes():
    X, y = labels(3)
    with pytest.raises(ValueError, match="classes must be given on the first call of partial_fit"):
        MLEClassifier(solver="sgd").partial_fit(X, y)
    model = MLEClassifier(solver="sgd").partial_fit(X[y < 2], y[y < 2], classes=[0, 1, 2])
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert model.predict_proba(X).shape == (len(y), 3)
    model.partial_fit(X[y == 2], y[y == 2])
    model.partial_fit(X[:1], y[:1])  # a batch of one class
    with pytest.raises(ValueError, match="which is none of the classes"):
        model.partial_fit(X[:3], np.array([0, 1, 5]))


def test_partial_fit_after_fit_continues():
    X, y = labels()
    model = MLEClassifier(solver=SGD(learning_rate=1e-9), random_state=0).fit(X, y)
    before, units = model.coef_.copy(), model._layout
    model.partial_fit(X[:40] * 100, y[:40])
    close(model.coef_, before, 1e-5)
    assert model._layout is units and not np.array_equal(model.coef_, before)
    model.partial_fit(X[:1], y[:1])  # the class that is missing is known from the fit
    # What fit says of its table is no longer true of the coefficients.
    assert not {"log_likelihood_", "converged_", "history_"} & set(vars(model))


def test_partial_fit_is_a_plain_step_of_gradient_descent():
    """In the units of the first batch: columns of standard deviation 1, and curvature 1 at the start."""
    X, y = counts(p=2)
    X = X * [1e3, 1e-2] + [5e3, 1.0]
    plain = SGD(0.1, method="momentum", schedule="constant", momentum=0, average=False)
    model = MLERegressor("poisson", solver=plain).partial_fit(X, y)
    Z, unit = (X - X.mean(axis=0)) / X.std(axis=0), 1 / np.sqrt(y.mean())
    b = np.array([np.log(y.mean()), 0.0, 0.0]) / unit
    design = np.column_stack([np.ones(len(Z)), Z])
    for batch in (slice(None), slice(0, 30)):
        if batch != slice(None):
            model.partial_fit(X[batch], y[batch])
        Zb, yb = design[batch] * unit, y[batch]
        b = b - 0.1 * Zb.T @ (np.exp(Zb @ b) - yb) / len(yb)
    slopes = unit * b[1:] / X.std(axis=0)
    close(model.coef_, slopes, 1e-10)
    close(model.intercept_, unit * b[0] - slopes @ X.mean(axis=0), 1e-9)


def test_a_failed_batch_leaves_the_model():
    X, y = counts()
    model = MLERegressor("poisson", solver="sgd").partial_fit(X, y)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="Poisson models counts"):
        model.partial_fit(X, -1.0 - y)
    with pytest.raises(ValueError, match=r"partial_fit diverged.*Lower the learning rate"):
        model.set_params(solver=SGD(learning_rate=1e308)).partial_fit(X * 1e10, y)
    del before["solver"]
    assert all(vars(model)[name] is value for name, value in before.items())


def test_partial_fit_refuses_another_likelihood():
    X, y = counts()
    model = MLERegressor("poisson", solver="sgd").partial_fit(X, y).set_params(likelihood="gaussian")
    with pytest.raises(ValueError, match=r"goes on with the fit of Poisson\(\), but likelihood is now Gaussian\(\)"):
        model.partial_fit(X, y)


def test_weights_in_batches():
    X, y = counts()
    weight = np.arange(len(y)) % 3
    weighted = MLERegressor("poisson", solver="sgd").partial_fit(X, y, weight).partial_fit(X, y, weight)
    X, y = np.repeat(X, weight, axis=0), np.repeat(y, weight)
    # Of a gradient of rounding alone, 1e-17, Adam makes a step of 1e-10.
    same(weighted, MLERegressor("poisson", solver="sgd").partial_fit(X, y).partial_fit(X, y), 1e-9)


# --- predictions of the regressor ---


LAWS = {
    "gaussian": lambda d: stats.norm(d["mu"], d["sigma"]),
    "student_t": lambda d: stats.t(d["df"], d["mu"], d["sigma"]),
    "poisson": lambda d: stats.poisson(d["mu"]),
    "negative_binomial": lambda d: stats.nbinom(1 / d["alpha"], 1 / (1 + d["alpha"] * d["mu"])),
}


@pytest.mark.parametrize("regressed", [None, "all", ()], ids=str)
@pytest.mark.parametrize("name", LAWS)
def test_predictions_are_those_of_the_law(name, regressed):
    estimator, X, y = data_of(name)
    model = estimator(name, regressed=regressed).fit(X, y)
    n, dist = len(X), model.predict_dist(X)
    law = LAWS[name](dist.params)
    assert all(values.shape == (n,) for values in dist.params.values()) and len(dist) == n
    point, std = model.predict(X, return_std=True)
    np.testing.assert_array_equal(point, model.predict(X))
    close(point, dist.params["mu"] if name == "student_t" else law.mean(), 1e-12)
    close(std, law.std(), 1e-12)
    assert point.shape == std.shape == (n,) and point.dtype == std.dtype == float
    interval = model.predict_interval(X, coverage=0.8)
    assert interval.shape == (n, 2)
    close(interval, np.transpose(law.interval(0.8)), 1e-10)
    close(model.predict_interval(X), np.transpose(law.interval(0.95)), 1e-10)
    assert model.predict_quantile(X, 0.3).shape == (n,)
    close(model.predict_quantile(X, 0.3), law.ppf(0.3), 1e-10)
    for q in ([0.1, 0.5, 0.9], (0.1, 0.5, 0.9), np.array([0.1, 0.5, 0.9])):
        close(model.predict_quantile(X, q), np.column_stack([law.ppf(level) for level in (0.1, 0.5, 0.9)]), 1e-10)
    assert model.predict_quantile(X, [0.5]).shape == (n, 1)
    close(model.log_prob(X, y), law.logpmf(y) if hasattr(law.dist, "logpmf") else law.logpdf(y), 1e-9)
    np.testing.assert_array_equal(model.log_prob(X, y), dist.log_prob(y))


@pytest.mark.parametrize("name", [*LAWS, "zero inflated"])
def test_samples_are_draws_from_the_law(name):
    estimator, X, y = data_of(name if name in LAWS else "poisson")
    model = estimator(ZeroInflated() if name not in LAWS else name).fit(X[:, :1], y)
    X = np.linspace(-1, 1, 3)[:, None]
    one = model.sample_y(X, random_state=0)
    assert one.shape == (3, 1)
    draws = model.sample_y(X, n_samples=4000, random_state=0)
    assert draws.shape == (3, 4000)
    np.testing.assert_array_equal(draws, model.sample_y(X, n_samples=4000, random_state=0))
    assert (draws != model.sample_y(X, n_samples=4000, random_state=1)).any()
    assert (draws[0] != draws[1]).any()  # rows are independent
    # The empirical distribution function differs from the true one by 2 / sqrt(4000) with a probability of 6e-4.
    for row, values in enumerate(draws):
        quantiles = np.sort(values)
        cdf = model.predict_dist(X[[row]]).cdf(quantiles)
        empirical = np.searchsorted(quantiles, quantiles, side="right") / len(values)
        assert np.abs(cdf - empirical).max() < 2 / np.sqrt(len(values))
    np.testing.assert_array_equal(
        model.sample_y(X, 2, np.random.RandomState(3)), model.sample_y(X, 2, np.random.RandomState(3))
    )


@pytest.mark.parametrize("name", [name for name in NUMBERS if LIKELIHOODS[name]().support.columns == 1])
def test_a_column_of_y_is_flattened_with_a_warning(name):
    estimator, X, y = data_of(name)
    with pytest.warns(DataConversionWarning):
        column = estimator(name).fit(X, y[:, None])
    model = estimator(name).fit(X, y)
    same(column, model, 0)
    np.testing.assert_array_equal(np.ravel(model.log_prob(X, y[:, None])), model.log_prob(X, y))
    assert model.log_prob(X, pd.Series(y)).shape == (len(y),)


def test_a_column_of_labels_is_flattened_with_a_warning():
    X, y = labels()
    with pytest.warns(DataConversionWarning):
        same(MLEClassifier().fit(X, y[:, None]), MLEClassifier().fit(X, y), 0)


def test_several_columns_of_y_are_refused_where_one_is_meant():
    X, y = real()
    with pytest.raises(ValueError, match="should be a 1d array"):
        MLERegressor().fit(X, np.column_stack([y, y]))
    with pytest.raises(ValueError, match=r"needs y of shape \(n, 2\), each row an interval, as right_censored"):
        MLERegressor(Censored()).fit(X, np.column_stack([y, y, y]))


def test_the_regressor_has_no_predict_proba_and_the_classifier_no_predict_dist():
    assert not hasattr(MLERegressor(), "predict_proba")
    assert not hasattr(MLEClassifier(), "predict_dist")


@pytest.mark.parametrize("method", ["predict", "predict_dist", "predict_interval", "sample_y"])
def test_an_unfitted_regressor_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(MLERegressor(), method)(real()[0])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "decision_function"])
def test_an_unfitted_classifier_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(MLEClassifier(), method)(real()[0])


def test_the_wrong_number_of_columns_is_refused():
    X, y = real()
    with pytest.raises(ValueError, match="expecting 3 features"):
        MLERegressor().fit(X, y).predict(X[:, :2])


def test_predictions_of_constant_laws_have_a_row_each():
    X, y = real()
    model = MLERegressor(regressed=[]).fit(X, y)
    assert model.predict(X).shape == (len(X),) and model.predict_interval(X[:1]).shape == (1, 2)
    assert model.sample_y(X, 3, 0).shape == (len(X), 3)
    assert len(np.unique(model.sample_y(X, 3, 0))) == 3 * len(X)  # not one draw for all rows


# --- predictions of the classifier ---


@pytest.mark.parametrize("C", [2, 3])
@pytest.mark.parametrize(
    "likelihood", ["auto", "categorical", "gaussian_on_labels", GaussianOnLabels(link="identity")], ids=str
)
def test_probabilities_decisions_and_labels_agree(likelihood, C):
    X, y = labels(C)
    model = MLEClassifier(likelihood).fit(X, y)
    proba, log_proba, scores = model.predict_proba(X), model.predict_log_proba(X), model.decision_function(X)
    assert proba.shape == log_proba.shape == (len(X), C)
    assert scores.shape == ((len(X),) if C == 2 else (len(X), C))
    assert model.coef_.shape == ((1, 3) if C == 2 else (C, 3)) and model.intercept_.shape == ((1,) if C == 2 else (C,))
    close(proba.sum(axis=1), np.ones(len(X)), 1e-14)
    np.testing.assert_allclose(np.exp(log_proba), proba, rtol=1e-15)
    expected = (scores > 0).astype(int) if C == 2 else scores.argmax(axis=1)
    np.testing.assert_array_equal(model.predict(X), model.classes_[expected])
    np.testing.assert_array_equal(proba.argmax(axis=1), expected)


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
def test_log_probabilities_keep_their_digits_far_out(likelihood):
    X, y = labels()
    model = MLEClassifier(likelihood).fit(X, y)
    far = 1e4 * model.coef_ / np.linalg.norm(model.coef_) ** 2  # log-odds 1e4: p is 1 - 1e-4343
    log_proba = model.predict_log_proba(np.vstack([far, -far]))
    close(log_proba[[0, 1], [0, 1]], [-1e4 - model.intercept_[0], -1e4 + model.intercept_[0]], 1e-10)
    assert (log_proba <= 0).all() and np.isfinite(log_proba).all()
    np.testing.assert_array_equal(model.predict(np.vstack([far, -far])), model.classes_[[1, 0]])


# --- units ---


def shifted(X, mean, scale):
    """X scale + mean, in numbers that binary arithmetic holds exactly."""
    X = np.round(X * 2**10) / 2**10
    table_ = X * scale + mean
    assert ((table_ - mean) / scale == X).all()
    return X, table_


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("mean", [1e6, 1e9])
@pytest.mark.parametrize("name", [*LIKELIHOODS, "gaussian, both"])
def test_features_of_large_mean(name, mean, solver):
    regressed = "all" if "both" in name else None
    name = name.split(",")[0]
    estimator, X, y = data_of(name)
    X, far = shifted(X, mean, 1.0)
    near = estimator(name, solver=solver, regressed=regressed).fit(X, y)
    model = estimator(name, solver=solver, regressed=regressed).fit(far, y)
    for parameter in near.coefs_:
        close(model.coefs_[parameter], near.coefs_[parameter], 1e-7)
        slopes = near.coefs_[parameter]
        close(model.intercepts_[parameter], near.intercepts_[parameter] - mean * slopes.sum(axis=-1), 1e-7)
    close(model.log_likelihood_, near.log_likelihood_, 1e-10)
    # The intercept is 1e9 times a slope: its last bit is 1e-7 of eta.
    if estimator is MLEClassifier:
        close(model.predict_proba(far), near.predict_proba(X), 1e-6)
    else:
        close(model.predict(far), near.predict(X), 1e-6)


SCALE = np.array([2.0**-27, 1.0, 2.0**27])  # 1.3e8 and its inverse, exact in binary numbers


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_features_of_any_scale(name, solver):
    estimator, X, y = data_of(name)
    near, model = estimator(name, solver=solver).fit(X, y), estimator(name, solver=solver).fit(X * SCALE, y)
    close(model.coef_ * SCALE, near.coef_, 1e-7)
    close(model.intercept_, near.intercept_, 1e-7)
    close(model.log_likelihood_, near.log_likelihood_, 1e-10)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_penalty_is_that_of_the_slopes_in_the_units_of_x(name, solver):
    """It wipes out the slope of a tiny column, as if that were not there, and is not felt by that of a huge one."""
    estimator, X, y = data_of(name)
    model = estimator(name, solver=solver, alpha=0.1).fit(X * SCALE, y)
    others = estimator(name, solver=solver, alpha=0.1).fit(X[:, 1:] * SCALE[1:], y)
    # The slope of the tiny column is 2^-54 of its size without a penalty.
    close((model.coef_ * SCALE)[..., 0], np.zeros(model.coef_.shape[:-1]), 1e-14)
    close((model.coef_ * SCALE)[..., 1:], others.coef_ * SCALE[1:], 1e-6)


def test_features_of_large_mean_in_sparse_and_single_precision():
    X, y = real()
    X, far = shifted(X, 2.0**10, 1.0)
    model = MLERegressor().fit(X, y)
    close(MLERegressor().fit(sparse.csr_array(far), y).coef_, model.coef_)
    X, far = np.round(X * 2**4) / 2**4, np.round(X * 2**4) / 2**4 + 2.0**19
    single = far.astype(np.float32)
    assert (single == far).all()
    close(MLERegressor().fit(single, y).coef_, MLERegressor().fit(X, y).coef_, 1e-7)


@pytest.mark.parametrize("unit", [1e-8, 1e8])
@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("name", ["gaussian", "student_t"])
def test_y_in_any_unit(name, solver, unit):
    X, y = real()
    near, model = (MLERegressor(name, solver=solver).fit(X, part) for part in (y, unit * y + 0.0))
    close(model.coef_ / unit, near.coef_, 1e-7)
    close(model.intercepts_["sigma"], near.intercepts_["sigma"] + np.log(unit), 1e-7)


def test_constant_and_collinear_columns():
    X, y = real()
    whole = np.column_stack([X, np.ones(len(X)), X[:, 0] + X[:, 1], np.full(len(X), 1e9)])
    model, near = MLERegressor().fit(whole, y), MLERegressor().fit(X, y)
    close(model.predict(whole), near.predict(X))
    assert model.coef_[3] == model.coef_[5] == 0


# --- tags ---


@pytest.mark.parametrize("name", NUMBERS)
def test_tags_of_the_regressor(name):
    tags = get_tags(MLERegressor(name))
    assert tags.estimator_type == "regressor" and tags.input_tags.sparse and tags.target_tags.required
    assert tags.target_tags.positive_only == (LIKELIHOODS[name]().support.lower == 0)
    assert not tags.target_tags.multi_output


@pytest.mark.parametrize("likelihood", ["auto", *LABELS, Bernoulli(), Categorical()], ids=str)
def test_tags_of_the_classifier(likelihood):
    tags = get_tags(MLEClassifier(likelihood))
    binary = likelihood == "bernoulli" or isinstance(likelihood, Bernoulli)
    assert tags.estimator_type == "classifier" and tags.input_tags.sparse
    assert tags.classifier_tags.multi_class == (not binary)


@pytest.mark.parametrize("wrong", ["nonsense", 3, Gaussian, None], ids=str)
def test_tags_of_wrong_parameters_do_not_raise(wrong):
    get_tags(MLERegressor(wrong))
    get_tags(MLEClassifier(wrong))


# --- what a review found ---------------------------------------------------------------------------------------------


def test_a_dispersion_on_its_way_to_zero_stays_finite():
    rng = np.random.RandomState(0)
    X = rng.randn(200, 4)
    y = rng.poisson(np.exp(X @ [0.5, -0.3, 0.2, 0] + 0.3))
    model = MLERegressor("negative_binomial", regressed="all").fit(X, y)
    assert np.isfinite(model.log_likelihood_) and np.isfinite(model.log_prob(X, y)).all()


def test_sgd_under_a_penalty_of_narrow_columns_comes_to_the_optimum():
    X, y = real()
    X = 0.05 * X / X.std(axis=0)
    sgd, newton = (
        MLERegressor(Gaussian(sigma=float(np.std(y))), alpha=0.1, solver=solver, random_state=0).fit(X, y)
        for solver in ("sgd", "newton")
    )
    assert sgd.history_["loss"].min() < newton.history_["loss"][-1] + 1e-2


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_the_start_of_counts_knows_no_unit_of_weights(unit):
    X, y = counts()
    model, plain = MLERegressor("poisson").fit(X, y, np.full(len(y), unit)), MLERegressor("poisson").fit(X, y)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-10)
    assert model.n_iter_ == plain.n_iter_


def test_partial_fit_refuses_other_columns():
    X, y = counts()
    model = MLERegressor("poisson", solver="sgd").partial_fit(X, y).set_params(offset=0)
    with pytest.raises(ValueError, match="offset or exposure has changed since"):
        model.partial_fit(X, y)


def test_a_column_is_offset_or_regressed():
    X, y = real()
    with pytest.raises(ValueError, match=r"regressed\['sigma'\] names column .*, which is an offset"):
        MLERegressor(regressed={"mu": "all", "sigma": [0]}, offset={"mu": 0}).fit(X, y)
