"""How sure are we: identities of covariances, closed forms, statsmodels, NIST, and what happens at the limits."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from statsmodels.miscmodels.ordinal_model import OrderedModel
from test_references import LINEAR, certified, floats, published, regressors

from sklearn_mle import Inference, MLEClassifier, MLERegressor, likelihood_ratio_test
from sklearn_mle import likelihoods as families
from sklearn_mle.likelihoods import LIKELIHOODS
from sklearn_mle.likelihoods.expectation import expected_hessian, octave

infer = Inference.from_estimator
N = 400


def close(found, expected, tolerance=1e-8):
    """Whether arrays agree, relative to the largest entry of each row of the reference."""
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * np.max(np.abs(expected)))


@pytest.fixture(scope="module")
def table():
    """X of two columns of different size, the linear predictor, and draws of it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2)) * [1.0, 30.0] + [0.0, 100.0]
    eta = 0.2 + (X - [0, 100]) @ [0.5, -0.01]
    mu = np.exp(eta)
    return {
        "X": X,
        "real": eta + (1 + 0.5 * np.abs(eta)) * rng.normal(size=N),
        "count": rng.negative_binomial(2, 1 / (1 + 0.5 * mu)),
        "positive": rng.gamma(3.0, mu / 3),
        "label": (eta + rng.logistic(size=N) > 0).astype(int),
        "class": np.argmax(np.outer(eta, [1, -1, 0]) + rng.gumbel(size=(N, 3)), axis=1),
        "order": np.digitize(eta + rng.logistic(size=N), [-1.0, 0.5, 1.5]),
        "weight": rng.integers(0, 4, N).astype(float),
        "group": rng.integers(0, 30, N),
    }


def regression(table, likelihood="gaussian", y="real", **options):
    return MLERegressor(likelihood, **options).fit(table["X"], table[y]), table["X"], table[y]


def classification(table, likelihood="auto", y="label", **options):
    return MLEClassifier(likelihood, **options).fit(table["X"], table[y]), table["X"], table[y]


# --- least squares, by its formulas -------------------------------------------------------------------------------


def test_least_squares_is_that_of_textbooks(table):
    model, X, y = regression(table)
    Z = sm.add_constant(X)
    inverse = np.linalg.inv(Z.T @ Z)
    b = inverse @ Z.T @ y
    s2 = np.sum((y - Z @ b) ** 2) / (N - 3)
    error = np.sqrt(s2 * np.diag(inverse))
    found = infer(model, X, y, dispersion="pearson")
    close(found.std_error["mu"], error, 1e-10)
    close(found.z["mu"], b / error, 1e-8)
    close(found.p_value["mu"], 2 * stats.t(N - 3).sf(np.abs(b / error)), 1e-6)
    reach = stats.t(N - 3).ppf(0.95)
    close(found.conf_int(level=0.9)["mu"], np.column_stack([b - reach * error, b + reach * error]))
    close(found.pearson_dispersion, s2)
    close(found.deviance, s2 * (N - 3))
    # By maximum likelihood the variance is RSS / n, and log sigma has variance 1 / (2 n).
    ml = infer(model, X, y)
    close(ml.std_error["mu"], error * np.sqrt((N - 3) / N), 1e-10)
    close(ml.std_error["sigma"], [np.sqrt(0.5 / N)], 1e-10)
    sigma = ml.parameters["sigma"]
    close(sigma.estimate, np.sqrt(s2 * (N - 3) / N))
    close(sigma.std_error, sigma.estimate * np.sqrt(0.5 / N))
    close(
        [sigma.lower, sigma.upper],
        sigma.estimate * np.exp(np.array([-1, 1]) * stats.norm.ppf(0.975) * np.sqrt(0.5 / N)),
    )


def test_sandwiches_are_those_of_textbooks(table):
    model, X, y = regression(table)
    Z = sm.add_constant(X)
    inverse = np.linalg.inv(Z.T @ Z)
    r = y - Z @ (inverse @ Z.T @ y)
    h = np.sum((Z @ inverse) * Z, axis=1)
    squares = {"sandwich": r**2, "HC1": r**2 * N / (N - 3), "HC2": r**2 / (1 - h), "HC3": r**2 / (1 - h) ** 2}
    for covariance, omega in squares.items():
        C = inverse @ (Z.T * omega) @ Z @ inverse
        found = infer(model, X, y, covariance=covariance)
        close(found.covariance_matrix[:3, :3], C)
        reference = sm.OLS(y, Z).fit(cov_type="HC0" if covariance == "sandwich" else covariance)
        close(found.std_error["mu"], reference.bse)


def test_clusters_are_those_of_textbooks(table):
    model, X, y = regression(table)
    Z = sm.add_constant(X)
    inverse = np.linalg.inv(Z.T @ Z)
    r = y - Z @ (inverse @ Z.T @ y)
    groups = table["group"]
    sums = np.array([Z[groups == g].T @ r[groups == g] for g in np.unique(groups)])
    G = len(sums)
    C = inverse @ sums.T @ sums @ inverse * G / (G - 1)
    names = np.array([f"group {g}" for g in groups], dtype=object)
    for labels in (groups, names, pd.Series(groups)):
        close(infer(model, X, y, covariance="cluster", groups=labels).covariance_matrix[:3, :3], C)


# --- other families, against statsmodels --------------------------------------------------------------------------

GLM = {
    "poisson": ("count", sm.families.Poisson()),
    "gamma": ("positive", sm.families.Gamma(sm.families.links.Log())),
    "inverse_gaussian": ("positive", sm.families.InverseGaussian(sm.families.links.Log())),
    "bernoulli": ("label", sm.families.Binomial()),
}


def glm(table, name):
    """Our fit and statsmodels'."""
    y, family = GLM[name]
    ours = (classification if name == "bernoulli" else regression)(table, name, y)
    model = sm.GLM(table[y], sm.add_constant(table["X"]), family=family)
    return ours, lambda **options: model.fit(tol=1e-14, maxiter=200, **options)


def first(arrays):
    return next(iter(arrays.values()))


@pytest.mark.parametrize("name", GLM)
def test_generalised_linear_models(table, name):
    ours, fit = glm(table, name)
    quasi = infer(*ours, covariance="expected", dispersion="pearson")
    theirs = fit(scale="X2")
    close(first(quasi.std_error), theirs.bse)
    close(quasi.pearson_dispersion, theirs.scale)
    close(quasi.deviance, theirs.deviance)
    if name in ("poisson", "bernoulli"):
        ml, theirs = infer(*ours), fit()
        close(first(ml.std_error), theirs.bse)
        close([ml.log_likelihood, ml.null_log_likelihood, ml.aic], [theirs.llf, theirs.llnull, theirs.aic])
        close(first(infer(*ours, covariance="sandwich").std_error), fit(cov_type="HC0").bse)
        close(first(infer(*ours, covariance="HC1").std_error), fit(cov_type="HC0").bse * np.sqrt(N / (N - 3)))
        groups = {"groups": table["group"], "df_correction": False}
        G = len(np.unique(table["group"]))
        ours_by_group = infer(*ours, covariance="cluster", groups=table["group"])
        theirs = fit(cov_type="cluster", cov_kwds={**groups, "use_correction": False})
        close(first(ours_by_group.std_error), theirs.bse * np.sqrt(G / (G - 1)))


@pytest.mark.parametrize("name", ["poisson", "gamma", "bernoulli"])
def test_leverage_sandwiches_of_generalised_linear_models(table, name):
    """The formulas of R's sandwich::vcovHC: scores divided by the leverage of the expected curvature."""
    (model, X, y), _ = glm(table, name)
    Z = sm.add_constant(X)
    mu = np.exp(Z @ np.r_[model.intercept_, np.ravel(model.coef_)])
    mu = mu / (1 + mu) if name == "bernoulli" else mu
    curvature = {"poisson": mu, "gamma": np.ones(N), "bernoulli": mu * (1 - mu)}[name]
    score = (y - mu) / {"poisson": 1, "gamma": mu, "bernoulli": 1}[name]
    observed = {"poisson": mu, "gamma": y / mu, "bernoulli": mu * (1 - mu)}[name]
    h = curvature * np.sum(Z @ np.linalg.inv((Z.T * curvature) @ Z) * Z, axis=1)
    bread = np.linalg.inv((Z.T * observed) @ Z)
    for covariance, power in [("HC2", 1), ("HC3", 2)]:
        C = bread @ (Z.T * (score**2 / (1 - h) ** power)) @ Z @ bread
        found = infer(model, X, y, covariance=covariance)
        # The entry of phi, where it is estimated, shares the observed bread.
        tolerance = 1e-8 if name != "gamma" else 0.02
        close(first(found.std_error), np.sqrt(np.diag(C)), tolerance)


def test_negative_binomial(table):
    model, X, y = regression(table, "negative_binomial", "count")
    theirs = sm.NegativeBinomial(y, sm.add_constant(X)).fit(disp=0, method="newton", maxiter=200, tol=1e-12)
    found = infer(model, X, y)
    close(found.std_error["mu"], theirs.bse[:3], 1e-6)
    close(
        [found.parameters["alpha"].estimate, found.parameters["alpha"].std_error],
        [theirs.params[3], theirs.bse[3]],
        1e-6,
    )
    close([found.aic, found.bic, found.null_log_likelihood], [theirs.aic, theirs.bic, theirs.llnull], 1e-7)
    close(found.mcfadden_r2, theirs.prsquared, 1e-6)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_binary(table, link):
    model, X, y = classification(table, families.Bernoulli(link=link))
    Link = {"logit": sm.families.links.Logit, "probit": sm.families.links.Probit, "cloglog": sm.families.links.CLogLog}
    theirs = sm.GLM(y, sm.add_constant(X), sm.families.Binomial(Link[link]())).fit(tol=1e-14)
    close(infer(model, X, y, covariance="expected").std_error["p"], theirs.bse)
    if link == "logit":
        close(infer(model, X, y).covariance_matrix, infer(model, X, y, covariance="expected").covariance_matrix)
    if link == "probit":
        close(infer(model, X, y).std_error["p"], sm.Probit(y, sm.add_constant(X)).fit(disp=0, tol=1e-12).bse)


def test_categorical(table):
    model, X, y = classification(table, y="class")
    theirs = sm.MNLogit(y, sm.add_constant(X)).fit(disp=0, method="newton", tol=1e-12)
    found = infer(model, X, y)
    close([found.aic, found.bic, found.log_likelihood], [theirs.aic, theirs.bic, theirs.llf])
    close([found.null_log_likelihood, found.mcfadden_r2], [theirs.llnull, theirs.prsquared], 1e-6)
    frame = found.to_frame(baseline=0)
    close(frame["coef"].to_numpy().reshape(2, 3).T, theirs.params)
    close(frame["std_error"].to_numpy().reshape(2, 3).T, theirs.bse)
    assert found.n_estimated == 6 and first(found.coef).shape == (3, 3)
    # The symmetric coefficients have mean zero, and so have their rows of the covariance.
    np.testing.assert_allclose(found.covariance_matrix.reshape(3, 3, 9).sum(axis=0), 0, atol=1e-10)
    test = found.wald_test("x0")  # all classes: two differences
    close(test.statistic, theirs.wald_test(np.kron(np.eye(2), [0, 1, 0]), scalar=True).statistic)
    assert test.df == 2
    robust = infer(model, X, y, covariance="sandwich").to_frame(baseline=0)["std_error"]
    close(
        robust.to_numpy().reshape(2, 3).T, sm.MNLogit(y, sm.add_constant(X)).fit(disp=0, cov_type="HC0", tol=1e-12).bse
    )


def test_ordinal_reports_thresholds(table):
    model, X, y = classification(table, families.Ordinal(), "order")
    theirs = OrderedModel(y, StandardScaler().fit_transform(X), distr="logit").fit(method="bfgs", gtol=1e-9, disp=0)
    found = infer(model, X, y)
    scale = X.std(axis=0)
    close(found.std_error["eta"][1:] * scale, theirs.bse[:2], 1e-4)
    np.testing.assert_array_equal(found.coef["thresholds"], model.thresholds_)
    assert np.isnan(found.coef["eta"][0]) and found.n_estimated == 5
    # The covariance of thresholds of the centred X, by the map of the intercept.
    C = found.covariance_matrix
    J = np.column_stack([np.outer(np.ones(3), -X.mean(axis=0)), np.eye(3)])
    gaps = np.exp(theirs.params[3:])
    D = np.array([[1, 0, 0], [1, gaps[0], 0], [1, gaps[0], gaps[1]]])
    close(J @ C @ J.T, D @ theirs.cov_params()[2:, 2:] @ D.T, 1e-4)
    assert found.parameters["thresholds"].estimate.shape == (3,)


def test_stata_logit_of_spector():
    """Stata 12, `logit grade gpa tuce psi`, as stored in statsmodels' tests; Greene (2018), example 17.3."""
    data = sm.datasets.spector.load_pandas()
    model = MLEClassifier().fit(data.exog, data.endog)
    found = infer(model, data.exog, data.endog)
    close(found.coef["p"], [-13.021346, 2.8261125, 0.09515766, 2.3786875], 1e-7)
    close(found.std_error["p"], [4.9313212, 1.2629411, 0.14155421, 1.0645643], 2e-6)
    close([found.log_likelihood, found.null_log_likelihood], [-12.889633, -20.59173], 1e-7)
    close(found.mcfadden_r2, 0.37403834, 1e-6)
    assert found.names == ["intercept", "GPA", "TUCE", "PSI"]


# Digits of standard errors: those of the coefficients allow no more (see test_references), and the variance none more.
DIGITS = {name: 7.5 for name in LINEAR} | {"filip": 6.5, "wampler4": 6.5, "wampler5": 6.5}


@pytest.mark.parametrize(
    "name", [name for name in LINEAR if name not in ("wampler1", "wampler2")]
)  # of these sigma is 0
@pytest.mark.filterwarnings("ignore:.*collinear")
def test_nist_standard_deviations(name):
    X, y = np.column_stack([floats(column) for column in regressors(name)]), floats(published(name)["y"])
    intercept = not name.startswith("noint")
    found = infer(MLERegressor(fit_intercept=intercept).fit(X, y), X, y, dispersion="pearson")
    *estimates, (_, sigma, _) = certified(name)
    errors = found.std_error["mu"][0 if intercept else 1 :]
    expected = np.array([float(deviation) for *_, deviation in estimates])
    assert np.max(np.abs(errors / expected - 1)) < 10 ** -DIGITS[name]
    close(np.sqrt(found.pearson_dispersion), float(sigma), 10 ** -DIGITS[name])


# --- identities ---------------------------------------------------------------------------------------------------

KINDS = ["observed", "expected", "sandwich", "HC1", "HC2", "HC3"]


@pytest.mark.parametrize("covariance", [*KINDS, "cluster"])
@pytest.mark.parametrize("likelihood, y", [("gaussian", "real"), ("negative_binomial", "count"), ("student_t", "real")])
def test_weights_are_repeats(table, covariance, likelihood, y):
    X, weight = table["X"], table["weight"]
    rows = np.repeat(np.arange(N), weight.astype(int))
    groups = table["group"] if covariance == "cluster" else None
    ours = infer(
        MLERegressor(likelihood).fit(X, table[y], weight),
        X,
        table[y],
        sample_weight=weight,
        covariance=covariance,
        groups=groups,
    )
    repeated = infer(
        MLERegressor(likelihood).fit(X[rows], table[y][rows]),
        X[rows],
        table[y][rows],
        covariance=covariance,
        groups=None if groups is None else groups[rows],
    )
    close(ours.covariance_matrix, repeated.covariance_matrix, 1e-7)
    for name in ("n_obs", "aic", "bic", "log_likelihood", "null_log_likelihood", "df_resid"):
        close(getattr(ours, name), getattr(repeated, name))


def test_sampling_weights_are_clusters_of_one(table):
    """Stata's pweights: the sum of (s g)(s g)', times n / (n - 1), which the scale of the weights does not change."""
    X, y, weight = table["X"], table["count"], table["weight"] + 0.5
    Z = sm.add_constant(X)
    errors = []
    for scale in (1.0, 7.0):
        model = MLERegressor("poisson").fit(X, y, scale * weight)
        found = infer(model, X, y, sample_weight=scale * weight, covariance="cluster", groups=np.arange(N))
        errors.append(found.std_error["mu"])
    mu = model.predict(X)
    bread = np.linalg.inv((Z.T * (weight * mu)) @ Z)
    C = bread @ (Z.T * (weight * (y - mu)) ** 2) @ Z @ bread * N / (N - 1)
    close(errors[0], np.sqrt(np.diag(C)))
    close(errors[1], errors[0])


@pytest.mark.parametrize("covariance", KINDS)
def test_affine_maps_of_columns_map_the_covariance(table, covariance):
    X, y = table["X"], table["count"]
    A, shift = np.array([[2.0, 1e-3], [-1e4, 5.0]]), np.array([1e5, -3.0])
    before = infer(MLERegressor("poisson").fit(X, y), X, y, covariance=covariance).covariance_matrix
    mapped = X @ A + shift
    after = infer(MLERegressor("poisson").fit(mapped, y), mapped, y, covariance=covariance).covariance_matrix
    # b' = A^-1 b and intercept' = intercept - shift b'.
    inverse = np.linalg.inv(A)
    J = np.block([[np.ones((1, 1)), (-shift @ inverse)[None]], [np.zeros((2, 1)), inverse]])
    np.testing.assert_allclose(after, J @ before @ J.T, rtol=1e-6)


def test_features_far_from_zero(table):
    X, y = table["X"] + 1e9, table["real"]
    near = infer(*regression(table), dispersion="pearson")
    far = infer(MLERegressor().fit(X, y), X, y, dispersion="pearson")
    close(far.std_error["mu"][1:], near.std_error["mu"][1:], 1e-6)


def test_dispersion_leaves_sandwiches_as_they_are(table):
    ours = regression(table, "poisson", "count")
    ml, pearson = (infer(*ours, covariance="sandwich", dispersion=d) for d in ("ml", "pearson"))
    np.testing.assert_array_equal(ml.covariance_matrix, pearson.covariance_matrix)
    assert (pearson.p_value["mu"] > ml.p_value["mu"]).all()  # Student's t


@pytest.mark.parametrize("covariance", [*KINDS, "cluster"])
def test_blocks_of_rows_and_threads_change_nothing(table, covariance, monkeypatch):
    X, y = table["X"], table["count"]
    groups = table["group"] if covariance == "cluster" else None

    def all_of(n_jobs):
        model = MLERegressor("negative_binomial", n_jobs=n_jobs).fit(X, y)
        found = infer(model, X, y, covariance=covariance, groups=groups)
        return (
            found.covariance_matrix,
            found.deviance,
            found.mean_interval(X),
            found.average_marginal_effects(X).std_error,
        )

    whole = all_of(None)
    monkeypatch.setattr("sklearn_mle.rows.base.block_length", lambda p, K: 32)
    for serial, threaded, one in zip(all_of(None), all_of(2), whole, strict=True):
        np.testing.assert_array_equal(serial, threaded)
        close(serial, one, 1e-7)


# --- expected curvature -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, cls in LIKELIHOODS.items() if not hasattr(cls, "log_proba")])
def test_expected_curvature_is_that_of_both_quadratures(name):
    """E[Hessian] = E[g g'] (Bartlett), both by quadrature, and the family's closed form where it has one."""
    cls = LIKELIHOODS[name]
    likelihood = cls(n=7) if "n" in cls().get_params() else cls()
    if not likelihood.smooth:
        pytest.skip("kinks: E[g g'] has them too")
    rng = np.random.default_rng(1)
    K = max(k.stop for k in likelihood.slices.values())
    eta = [rng.uniform(0.9, 1.4, 3), *(np.array([value]) for value in rng.uniform(0.9, 1.4, K - 1))]

    class Kinked(type(likelihood)):
        smooth = False  # then the quadrature is that of the Hessian

    by_gradient = np.array([[np.broadcast_to(row, 3) for row in rows] for rows in expected_hessian(likelihood, eta)])
    by_hessian = np.array(expected_hessian(Kinked(**likelihood.get_params(deep=False)), eta))
    closed = np.array([[np.broadcast_to(row, 3) for row in rows] for rows in likelihood.expected(eta)])
    size = np.sqrt(np.einsum("kki->ki", closed))
    scale = size[:, None] * size
    # Of Beta, doubles next to 1 are too far apart for a quadrature of its tail.
    tolerance = 1e-9 if name not in ("beta", "tweedie") else 1e-4
    np.testing.assert_allclose(by_gradient / scale, closed / scale, atol=tolerance)
    np.testing.assert_allclose(by_hessian / scale, closed / scale, atol=tolerance)


@pytest.mark.parametrize("df", [0.3, 1.0, 30.0, 1e4])
def test_expected_curvature_of_student_t(df):
    """In mpmath, from the formula of Lange, Little and Taylor (1989) as it stands."""
    import mpmath

    with mpmath.workdps(50):
        nu = mpmath.mpf(df)
        gap = mpmath.psi(1, nu / 2) - mpmath.psi(1, (nu + 1) / 2)
        expected = float(nu**2 * (gap / 4 - (nu + 5) / (2 * nu * (nu + 1) * (nu + 3))))
    h = families.StudentT().expected([np.zeros(1), np.zeros(1), np.log([df])])
    close(h[2][2], [expected], 1e-9)


@pytest.mark.parametrize("mu", [1e-3, 30.0, 1e4, 1e7])
@pytest.mark.parametrize("alpha", [1e-6, 1.0, 50.0])
def test_expected_curvature_of_counts_of_any_size(mu, alpha):
    h = families.NegativeBinomial().expected([np.log([mu]), np.log([alpha])])
    close(h[0][0], [mu / (1 + alpha * mu)], 1e-10)
    assert abs(h[0][1][0]) < 1e-9 * np.sqrt(h[0][0][0] * h[1][1][0])


def test_octaves_sum_polynomials():
    for length in (512, 4096, 2**17):
        nodes, weights = octave(length)
        x = np.arange(length) / length
        assert (weights > 0).all()
        for degree in (0, 1, 5, 20):
            close(weights @ (nodes / length) ** degree, np.sum(x**degree), 1e-12)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_expected_curvature_of_labels_is_a_sum_over_them(link):
    rng = np.random.default_rng(2)
    for likelihood in (families.Bernoulli(link), families.Ordinal(link).with_classes(4)):
        eta = [rng.normal(size=5) for _ in range(max(k.stop for k in likelihood.slices.values()))]
        P = np.exp(likelihood.log_proba(*likelihood.theta(eta)))
        scores = [np.array(likelihood.taylor(np.full(5, c), eta, 1)[1]) for c in range(len(P))]
        outer = sum(p * g[:, None] * g for p, g in zip(P, scores, strict=True))
        np.testing.assert_allclose(likelihood.expected(eta), outer, atol=1e-13)


def test_binomial_totals(table):
    """Grouped trials are the same as single ones; their expected curvature needs the totals in y."""
    X = np.round(table["X"] / [1, 30])
    y, p = table["label"], families.Binomial()
    cells, code = np.unique(X, axis=0, return_inverse=True)
    grouped = np.column_stack([np.bincount(code, y), np.bincount(code, 1 - y)])
    for link in ("logit", "probit"):
        single = MLEClassifier(families.Bernoulli(link)).fit(X, y)
        several = MLERegressor(families.Binomial(link=link)).fit(cells, grouped)
        for covariance in ("observed", "expected"):
            a = infer(single, X, y, covariance=covariance)
            close(infer(several, cells, grouped, covariance=covariance).std_error["p"], a.std_error["p"], 1e-7)
    theirs = sm.GLM(grouped, sm.add_constant(cells), sm.families.Binomial()).fit(tol=1e-14)
    several = MLERegressor(p).fit(cells, grouped)
    quasi = infer(several, cells, grouped, dispersion="pearson")
    # Its own scale="X2" leaves the totals out of X2, but its pearson_chi2 does not.
    close(quasi.std_error["p"], theirs.bse * np.sqrt(theirs.pearson_chi2 / (len(cells) - 3)))
    close(quasi.deviance, theirs.deviance)
    beta = MLERegressor("beta_binomial").fit(cells, grouped)
    assert np.isfinite(infer(beta, cells, grouped, covariance="expected").std_error["mu"]).all()


def test_kinks_have_expected_curvature_only(table):
    X, y = table["X"], table["real"]
    model = MLERegressor(families.Laplace()).fit(X, y)
    with pytest.raises(ValueError, match=r"kinks.*'sandwich'.*'expected'"):
        infer(model, X, y)
    found = infer(model, X, y, covariance="expected")
    Z, scale = sm.add_constant(X), found.parameters["scale"].estimate
    close(found.std_error["mu"], scale * np.sqrt(np.diag(np.linalg.inv(Z.T @ Z))), 1e-6)
    close(found.std_error["scale"], [1 / np.sqrt(N)], 1e-6)
    end = found.conf_int(method="profile")["mu"][1, 1]
    held = np.column_stack([X[:, 1], end * X[:, 0]])
    fall = model.log_likelihood_ - MLERegressor(families.Laplace(), offset=1).fit(held, y).log_likelihood_
    close(2 * fall, stats.chi2(1).ppf(0.95), 1e-5)


@pytest.mark.parametrize("quantile", [0.5, 0.98])
def test_at_a_kink_the_gradient_may_be_any_between_its_two(quantile):
    rng = np.random.default_rng(0)
    for _ in range(5):
        X = rng.standard_normal((300, 2))
        y = X[:, 0] + rng.gamma(2.0, size=300)
        model = MLERegressor(families.AsymmetricLaplace(quantile)).fit(X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            infer(model, X, y, covariance="sandwich")
    with pytest.warns(UserWarning, match="standard errors away"):
        infer(model, X, y + 0.3 * X[:, 1], covariance="sandwich")


# --- what the data do not determine, and limits ---------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*collinear")
@pytest.mark.parametrize("covariance", KINDS)
def test_collinear_columns_have_no_error_and_harm_no_other(table, covariance):
    X, y = table["X"], table["real"]
    other = np.random.default_rng(3).normal(size=N)
    full = np.column_stack([X, X @ [1.0, 2.0], other])
    found = infer(MLERegressor().fit(full, y), full, y, covariance=covariance)
    kept = np.column_stack([X, other])
    reference = infer(MLERegressor().fit(kept, y), kept, y, covariance=covariance)
    assert np.isnan([found.coef["mu"][1:4], found.std_error["mu"][1:4]]).all()
    close(found.std_error["mu"][[0, 4]], reference.std_error["mu"][[0, 3]])
    close([found.aic, found.df_resid], [reference.aic, reference.df_resid])
    assert found.n_estimated == 5 and "collinear" in str(found)
    low, high = found.mean_interval(full).T  # predictions are determined all the same
    close(high - low, reference.mean_interval(kept) @ [-1, 1], 1e-7)
    moved = full + np.array([0, 0, 1.0, 0])
    assert np.isnan(found.mean_interval(moved)).all()
    with pytest.raises(ValueError, match="x1 cannot be tested"):
        found.wald_test("x1")
    # X b = intercept + (b0 + b2) x0 + (b1 + 2 b2) x1: these sums are determined.
    close(found.wald_test([0, 1, 0, 1, 0, 0]).statistic, reference.z["mu"][1] ** 2, 1e-7)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_separated_columns_leave_the_others(table, solver):
    X, y = table["X"], table["label"]
    mark = np.zeros(N)
    mark[np.flatnonzero(y)[:20]] = 1
    full = np.column_stack([X, mark])
    found = infer(MLEClassifier(solver=solver).fit(full, y), full, y)
    rest = mark == 0
    expected = infer(MLEClassifier().fit(X[rest], y[rest]), X[rest], y[rest])
    assert np.isnan(found.std_error["p"][3])
    close(found.std_error["p"][:3], expected.std_error["p"], 1e-5)
    ends = found.conf_int(method="profile")["p"]
    assert ends[3, 1] == np.inf and 0 < ends[3, 0] < 10
    close(ends[:3], expected.conf_int(method="profile")["p"], 1e-4)
    everything = X[:, 0] > 0.1
    complete = infer(MLEClassifier().fit(X, everything), X, everything)
    assert np.isnan(complete.std_error["p"]).all()


def test_hauck_and_donner(table):
    """Two groups of 60: as successes of the second rise from 50, z rises, falls; the likelihood ratio only rises."""
    X = np.repeat([0.0, 1.0], 60)[:, None]
    z, noted = [], []
    for successes in range(50, 60):
        y = np.r_[np.arange(60) < 5, np.arange(60) < successes]
        found = infer(MLEClassifier().fit(X, y), X, y)
        z.append(found.z["p"][1])
        noted.append("Hauck-Donner" in str(found))
    falls = np.append(np.diff(z) < 0, True)
    assert 2 < falls.sum() < 8
    # The derivative turns between two whole numbers of successes.
    turn = int(np.argmax(falls))
    assert noted[turn + 1 :] == [True] * (9 - turn) and not any(noted[: turn - 1])


# --- tests and intervals ------------------------------------------------------------------------------------------


def test_wald_tests(table):
    found = infer(*regression(table, regressed="all"))
    single = found.wald_test("x0")
    close(single.statistic, found.z["mu"][1] ** 2)
    close(single.p_value, found.p_value["mu"][1], 1e-7)
    assert single.df == 1 and single.df_resid is None
    joint = found.wald_test(["x0", "sigma:x1"])
    at = [found.names.index("x0"), found.names.index("sigma:x1")]
    b = np.array([found.coef["mu"][1], found.coef["sigma"][2]])
    close(joint.statistic, b @ np.linalg.solve(found.covariance_matrix[np.ix_(at, at)], b))
    assert found.wald_test("sigma").df == 2  # all slopes of sigma
    R = np.array([[0, 1, -1, 0, 0, 0], [0, 2, -2, 0, 0, 0]])
    redundant = found.wald_test(R, [0.1, 0.2])
    assert redundant.df == 1
    close(redundant.statistic, found.wald_test(R[0], 0.1).statistic)
    with pytest.raises(ValueError, match="contradict"):
        found.wald_test(R, [0.1, 0.3])
    with pytest.raises(ValueError, match="Did you mean 'x1'"):
        found.wald_test("x11")
    with pytest.raises(ValueError, match="6 columns"):
        found.wald_test(np.eye(3))
    t = infer(*regression(table), dispersion="pearson")
    model = sm.OLS(table["real"], sm.add_constant(table["X"])).fit()
    theirs = model.f_test(np.eye(3)[1:])
    ours = t.wald_test(["x0", "x1"])
    close([ours.statistic, ours.p_value, ours.df_resid], [theirs.fvalue, theirs.pvalue, N - 3], 1e-6)


@pytest.mark.parametrize("likelihood, y", [("poisson", "count"), ("negative_binomial", "count"), ("student_t", "real")])
def test_profile_intervals_are_inverted_likelihood_ratio_tests(table, likelihood, y):
    """At the ends, the model with this column as an offset of that slope has a likelihood-ratio p-value of 10 %."""
    X, y = table["X"], table[y]
    model = MLERegressor(likelihood).fit(X, y)
    ends = infer(model, X, y).conf_int(level=0.9, method="profile")["mu"][1]
    for end in ends:
        held = np.column_stack([X[:, 1], end * X[:, 0]])
        fall = model.log_likelihood_ - MLERegressor(likelihood, offset=1).fit(held, y).log_likelihood_
        close(2 * fall, stats.chi2(1).ppf(0.9), 1e-6)


def test_profile_of_sigma_and_intercept(table):
    model, X, y = regression(table)
    ends = infer(model, X, y).conf_int(method="profile")
    reach = stats.chi2(1).ppf(0.95)
    for end in ends["sigma"][0]:
        fixed = MLERegressor(families.Gaussian(sigma=np.exp(end))).fit(X, y)
        close(2 * (model.log_likelihood_ - fixed.log_likelihood_), reach, 1e-6)
    for end in ends["mu"][0]:
        no_intercept = MLERegressor(fit_intercept=False).fit(X, y - end)
        close(2 * (model.log_likelihood_ - no_intercept.log_likelihood_), reach, 1e-6)
    # Of least squares with an estimated dispersion, profiles are t intervals: R's confint of an lm.
    t = infer(MLERegressor(families.Gaussian(sigma=1.0)).fit(X, y), X, y, dispersion="pearson")
    close(t.conf_int(method="profile")["mu"], t.conf_int()["mu"], 1e-7)


def test_profile_of_classes_and_thresholds(table):
    model, X, y = classification(table, y="class")
    found = infer(model, X, y)
    ends = found.conf_int(method="profile")["logits"]
    assert ((ends[..., 0] < found.coef["logits"]) & (found.coef["logits"] < ends[..., 1])).all()
    np.testing.assert_allclose(ends, found.conf_int()["logits"], atol=0.4 * np.max(found.std_error["logits"]))
    ordinal, X, y = classification(table, families.Ordinal(), "order")
    found = infer(ordinal, X, y)
    end = found.conf_int(method="profile")["thresholds"][1, 0]

    def nll(free):  # all but the second threshold, which is held at its end
        b, (low, high) = free[:2], (end - np.exp(free[2]), end + np.exp(free[3]))
        bounds = np.r_[-np.inf, low, end, high, np.inf]
        eta = X @ (b / [1, 30])
        return -np.sum(np.log(stats.logistic.cdf(bounds[y + 1] - eta) - stats.logistic.cdf(bounds[y] - eta)))

    least = optimize.minimize(nll, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).fun
    close(2 * (least + ordinal.log_likelihood_), stats.chi2(1).ppf(0.95), 1e-6)


def test_likelihood_ratio(table):
    X, y = table["X"], table["count"]
    large = MLERegressor("negative_binomial").fit(X, y)
    small = MLERegressor("negative_binomial", regressed={"mu": [0]}).fit(X, y)
    test = likelihood_ratio_test(small, large, X, y)
    close(test.statistic, 2 * (large.log_likelihood_ - small.log_likelihood_))
    close(test.p_value, stats.chi2(1).sf(test.statistic))
    assert test.df == 1
    pipeline = make_pipeline(ColumnTransformer([("some", "passthrough", [0])]), MLERegressor("negative_binomial"))
    close(likelihood_ratio_test(pipeline.fit(X, y), large, X, y).statistic, test.statistic)
    fixed = MLERegressor(families.NegativeBinomial(alpha=0.5)).fit(X, y)
    assert likelihood_ratio_test(fixed, large, X, y).df == 1
    refused = [
        (MLERegressor("poisson").fit(X, y), large, "one family"),
        (large, small, "not nested"),
        (large, large, "fewer free coefficients"),
        (large, fixed, "fixed at 0.5 in large"),
        (
            MLERegressor("negative_binomial").fit(X[:, :1], y),
            large,
            "two fits to the same X; small was fitted to 1 col",
        ),
        (small, MLERegressor("negative_binomial", alpha=0.1).fit(X, y), "penalised"),
        (MLERegressor(families.NegativeBinomial(link="sqrt"), regressed={"mu": [0]}).fit(X, y), large, "link"),
    ]
    for a, b, message in refused:
        with pytest.raises(ValueError, match=message):
            likelihood_ratio_test(a, b, X, y)
    other = MLERegressor("negative_binomial", regressed={"mu": [1]}).fit(X, y)
    with pytest.raises(ValueError, match="small has 'x0' in mu"):
        likelihood_ratio_test(small, other, X, y)


def test_weights_are_repeats_in_likelihood_ratios(table):
    X, y, weight = table["X"], table["count"], np.arange(N) % 3
    models = [MLERegressor("poisson", regressed={"mu": columns}) for columns in ([0], "all")]
    weighted = likelihood_ratio_test(*(model.fit(X, y, weight) for model in models), X, y, sample_weight=weight)
    X, y = X.repeat(weight, axis=0), y.repeat(weight)
    close(weighted.statistic, likelihood_ratio_test(*(model.fit(X, y) for model in models), X, y).statistic, 1e-7)


def test_mean_intervals(table):
    X, y = table["X"], table["real"]
    theirs = sm.OLS(y, sm.add_constant(X)).fit().get_prediction(sm.add_constant(X)[:9]).conf_int()
    close(infer(*regression(table), dispersion="pearson").mean_interval(X[:9]), theirs)
    theirs = sm.GLM(table["count"], sm.add_constant(X), sm.families.Poisson()).fit(tol=1e-14)
    theirs = theirs.get_prediction(sm.add_constant(X)[:9]).conf_int()
    close(infer(*regression(table, "poisson", "count")).mean_interval(X[:9]), theirs)
    theirs = sm.Logit(table["label"], sm.add_constant(X)).fit(disp=0, tol=1e-12)
    theirs = theirs.get_prediction(sm.add_constant(X)[:9]).summary_frame()
    inside = infer(*classification(table)).mean_interval(X[:9])
    assert inside.shape == (9, 2) and ((inside > 0) & (inside < 1)).all()
    of_classes = infer(*classification(table, y="class")).mean_interval(X[:9])
    assert of_classes.shape == (9, 3, 2) and ((of_classes > 0) & (of_classes < 1)).all()
    # Two classes as Categorical are Bernoulli, by another way: the delta method on log-odds.
    categorical = infer(*classification(table, "categorical")).mean_interval(X[:9])
    close(categorical, inside, 1e-6)


def test_mean_interval_of_several_parameters(table):
    """The mean of LogNormal, exp(mu + sigma^2 / 2): the interval on the log scale, by the delta method."""
    X, y = table["X"], table["positive"]
    found = infer(MLERegressor("lognormal", regressed="all").fit(X, y), X, y)
    z = np.r_[1, X[0]]
    sigma2 = np.exp(2 * z @ found.coef["sigma"])
    slope = np.r_[z, sigma2 * z]
    error = np.sqrt(slope @ found.covariance_matrix @ slope)
    mean = z @ found.coef["mu"] + sigma2 / 2
    close(found.mean_interval(X[:1])[0], np.exp(mean + np.array([-1, 1]) * 1.959963984540054 * error), 1e-7)


@pytest.mark.parametrize("name", ["logit", "poisson", "negative_binomial"])
def test_average_marginal_effects(table, name):
    X = table["X"]
    Z = sm.add_constant(X)
    if name == "logit":
        ours, theirs = classification(table), sm.Logit(table["label"], Z).fit(disp=0, tol=1e-12)
    elif name == "poisson":
        ours, theirs = regression(table, "poisson", "count"), sm.Poisson(table["count"], Z).fit(disp=0, tol=1e-12)
    else:
        ours = regression(table, "negative_binomial", "count")
        theirs = sm.NegativeBinomial(table["count"], Z).fit(disp=0, method="newton", tol=1e-12)
    theirs = theirs.get_margeff()
    found = infer(*ours).average_marginal_effects(X)
    close(found.effect, theirs.margeff, 1e-6)
    close(found.std_error, theirs.margeff_se, 1e-5)
    assert found.names == ["x0", "x1"]
    narrow = infer(*ours).average_marginal_effects(X, level=0.5)
    close(narrow.upper - narrow.effect, stats.norm.ppf(0.75) * narrow.std_error)


def test_average_marginal_effects_of_classes_by_differences(table):
    model, X, y = classification(table, y="class")
    found = infer(model, X, y)
    effects = found.average_marginal_effects(X)
    theirs = sm.MNLogit(y, sm.add_constant(X)).fit(disp=0, method="newton", tol=1e-12).get_margeff()
    close(effects.effect, theirs.margeff, 1e-6)
    close(effects.std_error, theirs.margeff_se, 1e-5)
    h = 1e-4
    moved = [model.predict_proba(X + np.array([side * h, 0])).mean(axis=0) for side in (1, -1)]
    close(effects.effect[0], (moved[0] - moved[1]) / (2 * h), 1e-6)


# --- the table and the model ----------------------------------------------------------------------------------------


def test_shapes_and_names_of_parameters(table):
    X, y = pd.DataFrame(table["X"], columns=["age", "size"]), table["real"]
    model = MLERegressor("student_t", regressed={"mu": "all", "sigma": ["size"]}).fit(X, y)
    found = infer(model, X, y)
    assert found.names == ["intercept", "age", "size", "sigma:intercept", "sigma:size", "df"]
    assert {name: array.shape for name, array in found.coef.items()} == {"mu": (3,), "sigma": (3,), "df": (1,)}
    np.testing.assert_array_equal(found.coef["mu"], [model.intercept_, *model.coef_])
    assert np.isnan([found.coef["sigma"][1], found.std_error["sigma"][1]]).all()
    assert found.conf_int()["sigma"].shape == (3, 2) and list(found.parameters) == ["df"]
    assert found.n_estimated == 6 and found.covariance_matrix.shape == (6, 6)
    no_intercept = infer(MLERegressor(fit_intercept=False).fit(X, y), X, y)
    assert np.isnan(no_intercept.coef["mu"][0]) and no_intercept.names[0] == "age"


def test_offsets_and_exposure(table):
    years = np.random.default_rng(5).uniform(0.5, 2, N)
    X = np.column_stack([table["X"], years])
    y = table["count"]
    found = infer(MLERegressor("poisson", exposure=2).fit(X, y), X, y)
    theirs = sm.GLM(y, sm.add_constant(table["X"]), sm.families.Poisson(), exposure=years).fit(tol=1e-14)
    close(found.std_error["mu"][:3], theirs.bse)
    close(found.null_log_likelihood, theirs.llnull)
    assert np.isnan(found.coef["mu"][3])
    close(found.mean_interval(X[:5]).mean(axis=1) > 0, np.ones(5))
    effects = found.average_marginal_effects(X)
    assert effects.names == ["x0", "x1"]


def test_pipelines_and_searches():
    data = load_diabetes(as_frame=True)
    X = data.data.assign(sex=np.where(data.data.sex > 0, "a", "b"))
    columns = ColumnTransformer(
        [("sex", OneHotEncoder(drop="first"), ["sex"]), ("rest", StandardScaler(), ["bmi", "bp"])],
        verbose_feature_names_out=False,
    )
    search = GridSearchCV(make_pipeline(columns, MLERegressor()), {"mleregressor__fit_intercept": [True]}, cv=3)
    found = infer(search.fit(X, data.target), X, data.target, dispersion="pearson")
    Z = search.best_estimator_[:-1].transform(X)
    theirs = sm.OLS(data.target.to_numpy(), sm.add_constant(Z)).fit()
    close(found.std_error["mu"], theirs.bse)
    assert found.names == ["intercept", "sex_b", "bmi", "bp", "sigma"]
    assert found.mean_interval(X.iloc[:4]).shape == (4, 2)
    assert found.average_marginal_effects(X).names == ["sex_b", "bmi", "bp"]
    bare = make_pipeline(StandardScaler(), MLERegressor()).fit(data.data.to_numpy(), data.target)
    assert infer(bare, data.data.to_numpy(), data.target).names[:2] == ["intercept", "x0"]


def test_class_weights_are_applied_again():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :3]
    weights = {0: 2.0, 1: 1.0}
    model = MLEClassifier(class_weight=weights).fit(X, y)
    found = infer(model, X, y)
    expected = infer(
        MLEClassifier().fit(X, y, np.where(y == 0, 2.0, 1.0)), X, y, sample_weight=np.where(y == 0, 2.0, 1.0)
    )
    np.testing.assert_array_equal(found.covariance_matrix, expected.covariance_matrix)
    assert found.n_obs == len(y) + np.sum(y == 0)


def test_soft_labels_are_weighted_rows(table):
    X = table["X"]
    p = np.clip(0.3 + 0.4 * table["label"], 0, 1)
    soft = np.column_stack([1 - p, p])
    found = infer(MLEClassifier().fit(X, soft), X, soft)
    rows, y, weight = np.vstack([X, X]), np.repeat([0, 1], N), np.r_[1 - p, p]
    expected = infer(MLEClassifier().fit(rows, y, weight), rows, y, sample_weight=weight)
    close(found.covariance_matrix, expected.covariance_matrix)


def test_penalised_fits_refuse(table):
    X, y = table["X"], table["label"]
    model = MLEClassifier(alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match=r"penalised \(alpha=0.1\).*allow_penalized"):
        infer(model, X, y)
    found = infer(model, X, y, allow_penalized=True)
    assert "penalised" in str(found)
    Z, p = sm.add_constant(X), model.predict_proba(X)[:, 1]
    H = (Z.T * (p * (1 - p))) @ Z + N * 0.1 * np.diag([0, 1, 1])
    close(found.covariance_matrix, np.linalg.inv(H))
    close(found.log_likelihood, np.sum(model.log_prob(X, y)))


def test_other_data_are_noticed(table):
    model, X, y = regression(table)
    for wrong in [(X[:-10], y[:-10]), (X, np.roll(y, 1)), (X[:, ::-1], y)]:
        with pytest.warns(UserWarning, match="gradient of the likelihood is not 0"):
            infer(model, *wrong)
    with pytest.warns(UserWarning, match="sample_weight"):
        infer(model, X, y, sample_weight=table["weight"])
    early = MLERegressor("poisson", solver="lbfgs", max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        early.fit(X, table["count"])
    with pytest.warns(UserWarning, match="has not converged"):
        infer(early, X, table["count"])


def test_squared_error_on_labels_has_sandwiches_only(table):
    model, X, y = classification(table, "gaussian_on_labels")
    for covariance in ("observed", "expected"):
        with pytest.raises(ValueError, match=r"on purpose.*sandwich"):
            infer(model, X, y, covariance=covariance)
    found = infer(model, X, y, covariance="sandwich")
    for name in ("aic", "bic", "mcfadden_r2", "deviance"):
        with pytest.raises(AttributeError, match="on purpose"):
            getattr(found, name)
    with pytest.raises(ValueError, match="on purpose"):
        found.conf_int(method="profile")
    # Least squares on labels: the sandwich of least squares.
    linear = MLEClassifier(families.GaussianOnLabels("identity")).fit(X, y)
    theirs = sm.OLS(y, sm.add_constant(X)).fit(cov_type="HC0")
    close(infer(linear, X, y, covariance="sandwich").std_error["logits"], theirs.bse)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"covariance": "robust"}, "covariance takes one of"),
        ({"covariance": "cluster"}, "needs groups"),
        ({"groups": np.zeros(N)}, "groups are for covariance='cluster'"),
        ({"covariance": "cluster", "groups": np.zeros(N)}, "at least two groups"),
        ({"covariance": "cluster", "groups": np.zeros(3)}, "one label for each of the 400 rows"),
        ({"dispersion": "quasi"}, "dispersion takes"),
    ],
)
def test_wrong_options_are_named(table, options, message):
    with pytest.raises(ValueError, match=message):
        infer(*regression(table), **options)


def test_what_a_model_does_not_have_is_said(table):
    with pytest.raises(ValueError, match=r"StudentT.* has none"):
        infer(*regression(table, "student_t"), dispersion="pearson")
    both = regression(table, regressed="all")
    with pytest.raises(ValueError, match="sigma depends on X"):
        infer(*both, dispersion="pearson")
    with pytest.raises(ValueError, match="leverage"):
        infer(*both, covariance="HC3")
    with pytest.raises(AttributeError, match="no saturated log-likelihood"):
        infer(*regression(table, "student_t")).deviance  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'aci'"):
        infer(*both).aci  # noqa: B018
    with pytest.raises(ValueError, match="baseline is for"):
        infer(*both).to_frame(baseline=0)
    with pytest.raises(ValueError, match="none of the classes"):
        infer(*classification(table, y="class")).to_frame(baseline=7)
    with pytest.raises(TypeError, match="LinearRegression"):
        infer(LinearRegression().fit(table["X"], table["real"]), table["X"], table["real"])
    found = infer(*both)
    for wrong in (lambda: found.conf_int(level=95), lambda: found.conf_int(method="bootstrap")):
        with pytest.raises(ValueError, match=r"level is a probability|method takes"):
            wrong()


def test_tables(table, monkeypatch):
    found = infer(*regression(table, "negative_binomial", "count"))
    text = str(found)
    for part in ("NegativeBinomial()", "covariance: observed", "AIC", "coef", "std err", "P>|z|", "[0.025", "alpha"):
        assert part in text
    assert "nan" not in text and len({len(line) for line in text.splitlines() if line.startswith("---")}) == 1
    html = found._repr_html_()
    assert html.count("<tr>") == html.count("</tr>") == 5 and "std err" in html
    frame = found.to_frame()
    assert list(frame.columns) == ["parameter", "column", "coef", "std_error", "z", "p_value", "lower", "upper"]
    assert frame["column"].tolist() == ["intercept", "x0", "x1", "alpha"]
    copy = pickle.loads(pickle.dumps(found))
    assert str(copy) == text
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    assert type(found.to_frame()).__module__.startswith("polars")


def test_names_of_columns_are_escaped(table):
    X = pd.DataFrame(table["X"], columns=["a:b", "<i>"])
    found = infer(MLERegressor().fit(X, table["real"]), X, table["real"])
    assert "&lt;i&gt;" in found._repr_html_() and "a:b" in str(found)
    assert found.to_frame()["column"].tolist()[:3] == ["intercept", "a:b", "<i>"]


def test_fit_pays_nothing(table):
    """No covariance is computed, and none stored, until it is asked for."""
    model, *_ = regression(table)
    assert not any("cov" in name or "error" in name for name in vars(model))
