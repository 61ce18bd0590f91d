"""The workloads: tables, what is minimised, and who does it. Each function takes a share of the rows."""

import os
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit

from sklearn_mle import AsymmetricLaplace

from . import contenders as by
from . import problem as nll
from .problem import Problem

WORKLOADS = {}


@dataclass
class Workload:
    """A name, a title, ``problem(share)`` and those who solve it; `gap` is the gap of F to reach.

    `smooth`: whether the optimum can be polished, so that digits can be counted.
    """

    name: str
    title: str
    problem: object
    contenders: list
    gap: float = 1e-8
    smooth: bool = True


def workload(title, *contenders, **options):
    """Register the function that makes the problem."""

    def register(function):
        name = function.__name__
        WORKLOADS[name] = Workload(name, title, function, list(contenders), **options)
        return function

    return register


def table(n, p, share, least=1000):
    """X of max(n share, least) rows, standard normal, and the generator that made it."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((max(int(n * share), least), p)), rng


def slopes(p, size=1.0):
    """p slopes of both signs whose linear predictor has standard deviation `size`."""
    b = np.cos(np.arange(1, p + 1))
    return size * b / np.linalg.norm(b)


def labels(eta, rng):
    return (rng.random(len(eta)) < expit(eta)).astype(int)


# --- dense, unpenalised ------------------------------------------------------------------------------------------


@workload(
    "Gaussian, 1e6 x 20",
    by.ours("gaussian"),
    by.scikit_least_squares("Ridge", alpha=0.0, solver="cholesky"),
    by.scikit_least_squares("LinearRegression"),
    by.glum("normal"),
    by.statsmodels("OLS"),
)
def gaussian(share):
    X, rng = table(1_000_000, 20, share)
    return Problem(X, 1.0 + X @ slopes(20) + rng.standard_normal(len(X)), nll.gaussian)


LOGISTIC = [
    by.ours("bernoulli"),
    by.glum("binomial"),
    by.scikit_logistic("lbfgs"),
    by.scikit_logistic("newton-cholesky"),
]


@workload("logistic, 1e6 x 20", *LOGISTIC, by.statsmodels("Logit", disp=0, method="newton"))
def logistic(share):
    X, rng = table(1_000_000, 20, share)
    return Problem(X, labels(-0.5 + X @ slopes(20), rng), nll.bernoulli)


@workload("logistic, 1e5 x 200", *LOGISTIC)
def logistic_200(share):
    X, rng = table(100_000, 200, share, least=4000)
    return Problem(X, labels(-0.5 + X @ slopes(200), rng), nll.bernoulli)


@workload("logistic, 1e4 x 1000, C = 1", *LOGISTIC, by.scikit_logistic("newton-cg"))
def logistic_1000(share):
    X, rng = table(10_000, 1000, share, least=500)
    return Problem(X, labels(X @ slopes(1000), rng), nll.bernoulli, alphas=(1 / len(X),))


@workload(
    "Poisson, 1e6 x 20, exposure, scales of columns 1e-3 .. 1e3",
    by.ours("poisson"),
    by.glum("poisson"),
    by.scikit_glm("PoissonRegressor", "newton-cholesky"),
    by.scikit_glm("PoissonRegressor", "lbfgs"),
    by.statsmodels_glm("Poisson"),
)
def poisson(share):
    X, rng = table(1_000_000, 20, share)
    exposure = rng.uniform(0.1, 1.0, len(X))
    y = rng.poisson(exposure * np.exp(-1.0 + X @ slopes(20, 0.5)))
    return Problem(X * np.geomspace(1e-3, 1e3, 20), y, nll.poisson, exposure=exposure)


@workload(
    "Gamma with log link, 5e5 x 20",
    by.ours("gamma"),
    by.glum("gamma", link="log"),
    by.scikit_glm("GammaRegressor", "lbfgs"),
    by.scikit_glm("GammaRegressor", "newton-cholesky"),
    by.statsmodels_glm("Gamma"),
)
def gamma(share):
    X, rng = table(500_000, 20, share)
    return Problem(X, rng.gamma(2.0, np.exp(1.0 + X @ slopes(20, 0.5)) / 2), nll.gamma)


@workload(
    "negative binomial, mean and dispersion, 2e5 x 20",
    by.ours("negative_binomial"),
    by.statsmodels("NegativeBinomial", rungs=(1e-3, 1e-5, 1e-7), disp=0, method="bfgs", maxiter=500),
    by.scipy_by_hand(),
)
def negative_binomial(share):
    X, rng = table(200_000, 20, share, least=2000)
    y = rng.poisson(np.exp(0.5 + X @ slopes(20, 0.5)) * rng.gamma(1 / 0.7, 0.7, len(X)))
    return Problem(X, y, nll.negative_binomial, K=2, constant=(1,))


@workload(
    "Gaussian, mean and log sigma regressed, 2e5 x 20",
    by.ours("gaussian", regressed="all"),
    by.scipy_by_hand(),
    by.statsmodels_heteroscedastic(),
)
def heteroscedastic(share):
    X, rng = table(200_000, 20, share, least=2000)
    sigma = np.exp(0.2 + X @ slopes(20, 0.4)[::-1])
    return Problem(X, 1.0 + X @ slopes(20) + sigma * rng.standard_normal(len(X)), nll.gaussian_both, K=2)


@workload(
    "quantile 0.8, 1e5 x 20",
    by.ours(AsymmetricLaplace(quantile=0.8)),
    by.statsmodels_quantile(),
    by.scikit_quantile(),
    smooth=False,
)
def quantile(share):
    X, rng = table(100_000, 20, share)
    return Problem(X, 1.0 + X @ slopes(20) + rng.standard_t(4, len(X)), nll.check_loss)


# --- sparse, classes, categories ---------------------------------------------------------------------------------


@workload(
    "logistic, CSR 2e5 x 5e4, 50 entries a row, C = 1",
    by.ours("bernoulli"),
    by.glum("binomial", label="glum lbfgs", solver="lbfgs"),
    by.scikit_logistic("newton-cg"),
    by.scikit_logistic("lbfgs"),
    by.scikit_logistic("sag"),
)
def sparse(share):
    n, p, width, rng = max(int(200_000 * share), 1000), 50_000, 50, np.random.default_rng(0)
    indices = np.minimum(p * rng.random((n, width)) ** 3, p - 1).astype(np.int32)  # some columns are frequent
    entries = rng.standard_normal(n * width)
    X = csr_matrix((entries, indices.ravel(), np.arange(0, n * width + 1, width)), shape=(n, p))
    X.sum_duplicates()
    return Problem(X, labels(X @ (0.3 * rng.standard_normal(p)), rng), nll.bernoulli, alphas=(1 / n,))


MULTINOMIAL = [
    by.ours("categorical"),
    by.scikit_logistic("lbfgs"),
    by.scikit_logistic("newton-cg"),
    by.scikit_logistic("newton-cholesky"),
]


@workload("10 classes, 2e5 x 50, C = 1", *MULTINOMIAL)
def multinomial(share):
    X, rng = table(200_000, 50, share)
    W = rng.standard_normal((10, 50)) / np.sqrt(50)
    y = np.argmax(X @ W.T + rng.gumbel(size=(len(X), 10)), axis=1)
    return Problem(X, y, nll.categorical, K=10, alphas=(1 / len(X),))


@workload("digits, 1797 x 64, 10 classes, C = 1", *MULTINOMIAL)
def digits(share):
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return Problem(X / 16, y, nll.categorical, K=10, alphas=(1 / len(X),))


@workload(
    "French motor claims, 678k policies, 5 categories one-hot (53 columns), exposure as weight, alpha = 1e-4",
    by.ours("poisson"),
    by.glum("poisson", label="glum, DataFrame", frame=True),
    by.glum("poisson", label="glum, CSR"),
    by.scikit_glm("PoissonRegressor", "newton-cholesky"),
    by.scikit_glm("PoissonRegressor", "lbfgs"),
)
def motor(share):
    from sklearn.preprocessing import OneHotEncoder

    claims = motor_claims()
    claims = claims[:: max(int(1 / share), 1)]
    frame = claims[["Area", "VehPower", "VehBrand", "VehGas", "Region"]].astype(str).astype("category")
    exposure = claims["Exposure"].to_numpy(dtype=float)
    y, X = claims["ClaimNb"].to_numpy(dtype=float) / exposure, OneHotEncoder().fit_transform(frame)
    return Problem(X, y, nll.poisson, alphas=(1e-4,), weight=exposure, frame=frame)


def motor_claims():
    """freMTPL2freq, from the file that SKLEARN_MLE_MOTOR_CLAIMS names or from openml.org."""
    file = os.environ.get("SKLEARN_MLE_MOTOR_CLAIMS")
    if file:
        import pandas as pd

        return pd.read_parquet(file)
    from sklearn.datasets import fetch_openml

    return fetch_openml(data_id=41214, as_frame=True).frame


# --- l1 -----------------------------------------------------------------------------------------------------------


def falling_alphas(X, y, nll_, l1_ratio, count, end):
    """From the alpha that leaves no slope to `end` of it."""
    null = Problem(X, y, nll_)
    start = {nll.bernoulli: np.log(y.mean() / (1 - y.mean())), nll.poisson: np.log(y.mean())}[nll_]
    W = np.append(start, np.zeros(X.shape[1]))[None]
    most = np.abs(null.taylor(W, 0.0)[1][0, 1:]).max() / l1_ratio
    return tuple(float(alpha) for alpha in np.geomspace(most, most * end, count))


def first_slopes(p, count, size):
    """`count` slopes that are not 0, of p."""
    return np.append(slopes(count, size), np.zeros(p - count))


@workload(
    "elastic-net logistic path, 30 alphas, l1_ratio 0.5, 1e5 x 200",
    by.ours("bernoulli"),
    by.glum("binomial"),
    by.skglm("Logistic"),
)
def path_logistic(share):
    X, rng = table(100_000, 200, share)
    y = labels(-0.5 + X @ first_slopes(200, 40, 1.0), rng)
    alphas = falling_alphas(X, y, nll.bernoulli, 0.5, 30, 1e-2)
    return Problem(X, y, nll.bernoulli, alphas=alphas, l1_ratio=0.5)


@workload(
    "elastic-net Poisson path, 30 alphas, l1_ratio 0.5, 1e5 x 200",
    by.ours("poisson"),
    by.glum("poisson"),
    by.skglm("Poisson"),
)
def path_poisson(share):
    X, rng = table(100_000, 200, share)
    y = rng.poisson(np.exp(-0.5 + X @ first_slopes(200, 40, 0.5)))
    alphas = falling_alphas(X, y, nll.poisson, 0.5, 30, 1e-2)
    return Problem(X, y, nll.poisson, alphas=alphas, l1_ratio=0.5)


L1_WIDE = [
    by.ours("bernoulli"),
    by.skglm("Logistic"),
    by.celer(),
    by.scikit_logistic("liblinear", rungs=(1e-2, 1e-3, 1e-4, 1e-5)),
    by.glum("binomial"),
]


def wide(share, strength):
    """2000 x 10000 labels under an l1 norm, by a share of the alpha that leaves no slope."""
    X, rng = table(2000, 10_000, share, least=500)
    y = labels(X @ first_slopes(10_000, 50, 3.0), rng)
    alpha = strength * np.abs(X.T @ (y - 0.5)).max() / len(X)
    return Problem(X, y, nll.bernoulli, alphas=(float(alpha),), l1_ratio=1.0, intercept=False)


@workload("l1 logistic, 2000 x 10000, no intercept, about 150 slopes not 0", *L1_WIDE)
def l1_wide(share):
    return wide(share, 0.26)


@workload("l1 logistic, 2000 x 10000, no intercept, 690 slopes not 0", *L1_WIDE)
def l1_many(share):
    return wide(share, 0.1)


# --- mini-batches -------------------------------------------------------------------------------------------------


@workload("logistic by mini-batches, 1e6 x 20, to a gap of 2e-4", by.ours_sgd(), by.scikit_sgd(), gap=2e-4)
def sgd(share):
    return logistic(share)


# --- hard variants of the logistic, 3e5 x 20 ---------------------------------------------------------------------


@workload("hard: 5 rare binary columns, 1 in 1e4; 3e5 x 20", *LOGISTIC)
def rare_columns(share):
    X, rng = table(300_000, 20, share, least=20_000)
    X[:, :5] = rng.random((len(X), 5)) < max(1e-4, 60 / len(X))
    return Problem(X, labels(-0.5 + X @ slopes(20), rng), nll.bernoulli)


@workload("hard: 0.2 % positives; 3e5 x 20", *LOGISTIC)
def few_events(share):
    X, rng = table(300_000, 20, share, least=100_000)
    return Problem(X, labels(-6.7 + X @ slopes(20), rng), nll.bernoulli)


@workload("hard: scales of columns 1e-4 .. 1e4; 3e5 x 20", *LOGISTIC)
def scales(share):
    X, rng = table(300_000, 20, share)
    return Problem(X * np.geomspace(1e-4, 1e4, 20), labels(-0.5 + X @ slopes(20), rng), nll.bernoulli)


@workload("hard: rows sorted by y; 3e5 x 20", *LOGISTIC)
def sorted_rows(share):
    X, rng = table(300_000, 20, share)
    y = labels(-0.5 + X @ slopes(20), rng)
    order = np.argsort(y, kind="stable")
    return Problem(X[order], y[order], nll.bernoulli)


@workload("hard: heavy-tailed X, Student's t with 2 degrees of freedom; 3e5 x 20", *LOGISTIC)
def heavy_tails(share):
    rng = np.random.default_rng(0)
    X = rng.standard_t(2, (max(int(300_000 * share), 1000), 20))
    return Problem(X, labels(-0.5 + X @ slopes(20, 0.5), rng), nll.bernoulli)
