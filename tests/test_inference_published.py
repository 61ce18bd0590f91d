"""Standard errors that Stata and R print, digit for digit, as statsmodels stores them beside its own tests.

Their conventions differ from ours by factors that are said where they are used: with n rows, k coefficients and G
groups Stata's `vce(robust)` of a maximum-likelihood fit has n / (n - 1), which is ours of clusters of one row, and
`vce(cluster)` G / (G - 1); its `regress` has (n - 1) / (n - k) on top.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from sklearn_mle import Inference, MLEClassifier, MLERegressor
from sklearn_mle import likelihoods as families

infer = Inference.from_estimator
# Both stop early: Stata where Newton's step promises less than 1e-5, R where the deviance changes by less than 1e-8 of
# itself, which of a scoring that converges linearly leaves 4e-5 in the coefficients. To these their numbers are held;
# that ours are right to more digits is compared with statsmodels, run to the end, in test_inference.
STATA, R = 1e-6, 1e-4


def stored(module):
    """A module of statsmodels' recorded results; skips where they were not installed."""
    return pytest.importorskip(f"statsmodels.{module}")


def beside(module, name):
    """A table stored beside such a module."""
    return pd.read_csv(Path(stored(module).__file__).with_name(name))


def same(found, published, tolerance=STATA):
    np.testing.assert_allclose(found, published, rtol=tolerance)


def stata(results):
    """Standard errors of Stata's table, the intercept, which it prints last, first; then ancillary ones."""
    names, errors = results.params_table_rownames, results.params_table[:, 1]
    order = np.argsort([0 if name == "_cons" else 1 for name in names], kind="stable")
    return errors[order]


# --- counts: Stata's poisson and nbreg, on the ships of McCullagh and Nelder (1989), p. 204 ---

SHIPS = "discrete.tests.results.results_count_robust_cluster"


def ships():
    table = beside(SHIPS, "ships.csv").dropna()
    columns = ["yr_con", "op_75_79"]
    return table[[*columns, "service"]].to_numpy(float), table["accident"].to_numpy(float), table["ship"].to_numpy()


RUNS = ["clu", "hc1", "exposure_nonrobust", "exposure_hc1", "exposure_clu"]
COUNTS = {"poisson": ("poisson", RUNS), "negbin": ("negative_binomial", [run for run in RUNS if run != "exposure_hc1"])}


@pytest.mark.parametrize("name, run", [(name, run) for name, (_, runs) in COUNTS.items() for run in runs])
def test_counts_of_stata(name, run):
    published = getattr(stored(SHIPS), f"results_{name}_{run}")
    likelihood, *exposure, kind = COUNTS[name][0], *run.split("_")
    X, y, ship = ships()
    options = {"exposure": 2} if exposure else {"regressed": {"mu": [0, 1]}}
    model = MLERegressor(likelihood, **options).fit(X, y)
    groups = {"nonrobust": None, "hc1": np.arange(len(y)), "clu": ship}[kind]
    found = infer(model, X, y, covariance="observed" if groups is None else "cluster", groups=groups)
    errors = found.std_error["mu"][:3]
    if name == "poisson":
        same(errors, stata(published))
    else:
        expected = published.params_table[:, 1]
        same(errors, expected[[2, 0, 1]])
        same(found.std_error["alpha"], expected[3:4])  # of its logarithm, Stata's lnalpha


CPUNISH = "genmod.tests.results.results_glm_poisson_weights"


def cpunish():
    """Executions in 17 states (Gill 2001), and the weights and groups of the recorded runs."""
    data = sm.datasets.cpunish.load()
    X = np.asarray(data.exog, dtype=float)
    X[:, 3] = np.log(X[:, 3])
    weight = np.array([1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 1, 1, 2, 2, 2, 3, 3], dtype=float)
    return X, np.asarray(data.endog, dtype=float), weight, np.arange(1, 18) // 2


@pytest.mark.parametrize("kind", ["nonrobust", "hc1", "clu1"])
@pytest.mark.parametrize("weights", ["none", "fweight", "pweight"])
def test_weighted_counts_of_stata(weights, kind):
    """`fweight` are repeats, our weights; `pweight` are sampling weights, always robust: clusters of one row."""
    published = getattr(stored(CPUNISH), f"results_poisson_{weights}_{kind}")
    X, y, weight, group = cpunish()
    weight = np.ones(len(y)) if weights == "none" else weight
    model = MLERegressor("poisson").fit(X, y, weight)
    if kind == "nonrobust" and weights != "pweight":
        covariance, groups, factor = "observed", None, 1.0
    elif kind == "clu1":
        covariance, groups, factor = "cluster", group, 1.0
    elif weights == "fweight":
        covariance, groups, factor = "sandwich", None, weight.sum() / (weight.sum() - 1)
    else:
        covariance, groups, factor = "cluster", np.arange(len(y)), 1.0
    found = infer(model, X, y, sample_weight=weight, covariance=covariance, groups=groups)
    same(found.std_error["mu"] * np.sqrt(factor), stata(published))
    if weights != "pweight":
        same(found.log_likelihood, published.ll)


@pytest.mark.parametrize("lower", [0, 1])
@pytest.mark.parametrize("name, base", [("poisson", "poisson"), ("negbin", "negative_binomial")])
def test_truncated_counts_of_stata(name, base, lower):
    """Cameron and Trivedi's doctor visits, `tpoisson` and `tnbreg`."""
    module = "discrete.tests.results.results_truncated_st"
    published = getattr(stored(module), f"results_trunc_{name}{'1' if lower else ''}")
    table = beside("sandbox.regression.tests.results_gmm_poisson", "racd10data_with_transformed.csv")
    insured = (table["private"] == 1) & (table["medicaid"] == 1)
    table = table[~insured & table["docvis"].between(lower + 1, 70)]
    X, y = table[["aget", "totchr"]].to_numpy(float), table["docvis"].to_numpy(float)
    model = MLERegressor(families.Truncated(base, lower=lower)).fit(X, y)
    found = infer(model, X, y)
    # Of `tnbreg` the Hessian is one of differences of the gradient (its ml_method is e1), to four digits.
    same(found.std_error["mu"], published.params_table[[2, 0, 1], 1], STATA if name == "poisson" else 2e-4)
    same([found.log_likelihood, found.aic], published.icr[[2, 4]])


# --- least squares: Stata's regress and ivreg2 ---


def test_least_squares_of_stata():
    """US macroeconomic data: `regress, vce(robust)` is HC1 with t, `ivreg2, robust` HC0 with z."""
    module = stored("regression.tests.results.results_macro_ols_robust")
    data = sm.datasets.macrodata.load_pandas().data
    y = 400 * np.diff(np.log(data["realinv"]))
    X = np.column_stack([400 * np.diff(np.log(data["realgdp"])), data["realint"][:-1]])
    model = MLERegressor().fit(X, y)
    same(infer(model, X, y, covariance="HC1").std_error["mu"], stata(module.results_hc0))
    same(infer(model, X, y, covariance="sandwich").std_error["mu"], stata(module.results_ivhc0_large))
    found, table = infer(model, X, y, covariance="HC1", dispersion="pearson"), module.results_hc0.params_table
    same(found.p_value["mu"][[1, 2, 0]], table[:, 3], 1e-6)
    same(found.conf_int()["mu"][[1, 2, 0]], table[:, 4:6], 1e-6)
    same(found.wald_test(["x0", "x1"]).statistic, module.results_hc0.F, 1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_clusters_of_stata(weighted):
    """Grunfeld's investment of 10 companies; weighted, by `[aw=1/mvalue]`."""
    module = stored("regression.tests.results.results_grunfeld_ols_robust_cluster")
    data = sm.datasets.grunfeld.load_pandas().data
    data = data[data["firm"].isin(data["firm"].unique()[:10])]
    X, y, firm = data[["value", "capital"]].to_numpy(), data["invest"].to_numpy(), data["firm"].to_numpy()
    weight = 1 / X[:, 0] if weighted else None
    model = MLERegressor().fit(X, y, weight)
    errors = infer(model, X, y, sample_weight=weight, covariance="cluster", groups=firm).std_error["mu"]
    n, k = len(y), 3
    name = "results_cluster_wls" if weighted else "results_cluster"
    small = f"{name}_small" if weighted else name
    same(errors * np.sqrt((n - 1) / (n - k)), stata(getattr(module, small)))
    G = len(np.unique(firm))
    same(errors * np.sqrt((G - 1) / G), stata(getattr(module, f"{name}_large")))  # ivreg2: no factor


def test_heteroskedasticity_of_r():
    """Longley's data, R's sandwich::vcovHC of types HC0 to HC3, as far as it was printed."""
    published = stored("regression.tests.results.results_regression").Longley
    data = sm.datasets.longley.load_pandas()
    X, y = data.exog.to_numpy(), data.endog.to_numpy()
    model = MLERegressor().fit(X, y)
    for covariance, name in [("sandwich", "HC0_se"), ("HC1", "HC1_se"), ("HC2", "HC2_se"), ("HC3", "HC3_se")]:
        errors, expected = infer(model, X, y, covariance=covariance).std_error["mu"], getattr(published, name)
        np.testing.assert_allclose(errors[1:], expected[:-1], atol=0.6e-5)
        same(errors[0], expected[-1], 1e-6)


# --- generalised linear models: R's glm and Stata's ---


def glm(name):
    return getattr(stored("genmod.tests.results.results_glm"), name)()


@pytest.mark.parametrize(
    "name, likelihood",
    [("CancerLog", families.Gamma()), ("InvGaussLog", families.InverseGaussian())],
    ids=["gamma", "inverse gaussian"],
)
def test_dispersion_of_r(name, likelihood):
    """Log links: R's summary.glm, which takes the expected curvature and Pearson's dispersion."""
    published = glm(name)
    X, y = published.exog[:, :-1], np.asarray(published.endog, dtype=float)
    found = infer(MLERegressor(likelihood).fit(X, y), X, y, covariance="expected", dispersion="pearson")
    order = np.r_[len(published.bse) - 1, np.arange(len(published.bse) - 1)]
    same([found.pearson_dispersion, found.deviance], [published.scale, published.deviance], R)
    same(found.std_error["mu"], published.bse[order], R)


def test_tweedie_of_r():
    """Fair's affairs, ``glm(family = tweedie(var.power = 1.5, link.power = 0))`` of package statmod."""
    published = glm("FairTweedieLog15")
    data = sm.datasets.fair.load_pandas()
    X, y = data.exog[["rate_marriage", "age", "yrs_married"]].to_numpy(), data.endog.to_numpy()
    model = MLERegressor(families.Tweedie(power=1.5, phi=1.0), fit_intercept=False).fit(X, y)
    found = infer(model, X, y, covariance="expected", dispersion="pearson")
    same(found.std_error["mu"][1:], published.bse, R)
    same(found.deviance, published.deviance)


def test_quasi_binomial_and_grouped_trials_of_r():
    """Star98 (Gill 2001), ``glm(cbind(NABOVE, NBELOW) ~ ., family = binomial)``."""
    published = glm("Star98")
    data = sm.datasets.star98.load_pandas()
    X, y = data.exog.to_numpy(), data.endog.to_numpy(dtype=float)
    found = infer(MLERegressor("binomial").fit(X, y), X, y)
    order = np.r_[len(published.bse) - 1, np.arange(len(published.bse) - 1)]
    same(found.std_error["p"], np.array(published.bse)[order], 1e-6)
    same([found.deviance, found.log_likelihood], [published.deviance, published.llf], 1e-6)


# --- labels: Stata's logit, probit and mlogit, R's polr ---


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_binary_labels_of_stata(link):
    """Spector and Mazzeo; Greene (2018), example 17.3."""
    published = getattr(stored("discrete.tests.results.results_discrete").Spector, link)
    published = published() if callable(published) else published
    data = sm.datasets.spector.load_pandas()
    found = infer(MLEClassifier(families.Bernoulli(link)).fit(data.exog, data.endog), data.exog, data.endog)
    order = [3, 0, 1, 2]
    same(found.std_error["p"], np.array(published.bse)[order], 1e-6)
    C = np.array(published.cov_params)[np.ix_(order, order)]
    np.testing.assert_allclose(found.covariance_matrix, C, atol=1e-6 * np.max(np.diag(C)))
    same(
        [found.log_likelihood, found.null_log_likelihood, found.aic, found.bic, found.mcfadden_r2],
        [published.llf, published.llnull, published.aic, published.bic, published.prsquared],
        1e-7,
    )
    if link == "logit":
        effects = found.average_marginal_effects(data.exog)
        same(effects.effect, published.margeff_nodummy_dydx, 1e-6)
        same(effects.std_error, published.margeff_nodummy_dydx_se, 1e-5)


def test_classes_of_stata():
    """American National Election Survey 1996, `mlogit` with seven classes."""
    published = stored("discrete.tests.results.results_discrete").Anes.mnlogit_basezero
    data = sm.datasets.anes96.load_pandas()
    X, y = data.exog.to_numpy(dtype=float), data.endog.to_numpy().astype(int)
    frame = infer(MLEClassifier().fit(X, y), X, y).to_frame(baseline=0)
    for column, numbers in [("coef", published.params), ("std_error", published.bse)]:
        found = frame[column].to_numpy().reshape(6, 6)[:, [1, 2, 3, 4, 5, 0]]
        np.testing.assert_allclose(found, np.transpose(numbers), rtol=1e-5, atol=5e-7)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_ordered_labels_of_r(link):
    """R's MASS::polr of applications to graduate school; its Hessian is one of differences, to three digits."""
    module = stored("miscmodels.tests.results.results_ordinal_model")
    data, published = module.data_store.df, getattr(module, f"res_ord_{link}")
    X = data[["pared", "public", "gpa"]].to_numpy(float)
    found = infer(MLEClassifier(families.Ordinal(link)).fit(X, data["apply"]), X, data["apply"])
    np.testing.assert_allclose(found.coef["eta"][1:], published.coefficients_val, atol=2e-4)
    same(found.std_error["eta"][1:], published.coefficients_stdE, 3e-3)
