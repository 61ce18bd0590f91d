"""Numbers others published, and optima computed to 20 digits: what default settings deliver of them."""

import csv
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import exact
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from sklearn_mle import Bernoulli, Gaussian, MLEClassifier, MLERegressor, NegativeBinomial, Poisson
from sklearn_mle.likelihoods import LIKELIHOODS

# --- NIST Statistical Reference Datasets ---
#
# Data and certified values (15 digits) of the National Institute of Standards and Technology, in the public domain:
# https://www.itl.nist.gov/div898/strd/ (linear regression, univariate summary statistics). Linear models are
# polynomials in x without further columns, except Longley's; NoInt1 and NoInt2 have no intercept. `sigma` is the
# residual standard deviation, with divisor n - p.

NIST = Path(__file__).parent / "data" / "nist"

# Correct digits that are asked of the coefficients. What is lost is the rounding of the columns x^k to doubles times
# the condition of the columns, 1e10 for Filip; Wampler4 and 5 lose what their noise, 1e5 and 1e7 times y, covers.
LINEAR = {
    "norris": 11,
    "pontius": 10,
    "noint1": 13,
    "noint2": 13,
    "filip": 6,
    "longley": 9,
    "wampler1": 9,
    "wampler2": 9,
    "wampler3": 9,
    "wampler4": 7,
    "wampler5": 5,
}
# Correct digits of the standard deviation: y itself is rounded to doubles, 1e-16 of 1e7 where sigma is 0.1.
UNIVARIATE = {"numacc1": 15, "numacc2": 13, "numacc3": 9, "numacc4": 8, "michelso": 13}
DEGREE = {"pontius": 2, "filip": 10, **{f"wampler{i}": 5 for i in range(1, 6)}}


def published(name):
    """The rows of a data set, as decimals: {column: list of Fraction}."""
    with open(NIST / f"{name}.csv", newline="") as file:
        names, *rows = csv.reader(file)
    return {
        column: [Fraction(value) for value in values]
        for column, values in zip(names, np.transpose(rows).tolist(), strict=True)
    }


def regressors(name):
    """Columns of Z without the intercept, exact."""
    columns = published(name)
    if name == "longley":
        return [columns[column] for column in list(columns)[1:]]
    return [[x**k for x in columns["x"]] for k in range(1, DEGREE.get(name, 1) + 1)]


def certified(name):
    """[(parameter, estimate, standard deviation of the estimate or "")], decimals as strings."""
    with open(NIST / "certified.csv", newline="") as file:
        return [tuple(row[1:]) for row in csv.reader(file) if row[0] == name]


def floats(fractions):
    """The nearest doubles."""
    return np.array(fractions, dtype=float)


def least_squares(columns, y):
    """Coefficients, the inverse of Z'Z and the sum of squared residuals, in rational arithmetic (Gauss-Jordan)."""
    p = len(columns)

    def products(a):
        return [sum(u * v for u, v in zip(a, b, strict=True)) for b in [*columns, y]]

    rows = [[*products(a), *(Fraction(i == j) for j in range(p))] for i, a in enumerate(columns)]
    for i in range(p):  # the pivots of a positive definite matrix are positive
        rows[i] = [entry / rows[i][i] for entry in rows[i]]
        for j in range(p):
            if j != i:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    b, inverse = [row[p] for row in rows], [row[p + 1 :] for row in rows]
    residuals = [v - sum(b_k * z for b_k, z in zip(b, row, strict=True)) for v, *row in zip(y, *columns, strict=True)]
    return b, inverse, sum(r * r for r in residuals)


def to_15_digits(value, root=False):
    """A fraction, or its square root, as a decimal of 15 significant digits."""
    with localcontext(prec=60):
        value = Decimal(value.numerator) / value.denominator
        value = value.sqrt() if root else value
    with localcontext(prec=15):
        return +value


@pytest.mark.parametrize("name", [*LINEAR, *UNIVARIATE])
def test_certified_values_are_those_of_rational_arithmetic(name):
    """An independent proof of the reference itself: every digit that NIST certifies, from the published decimals."""
    y = published(name)["y"]
    columns = regressors(name) if name in LINEAR else []
    columns = columns if name.startswith("noint") else [[Fraction(1)] * len(y), *columns]
    b, inverse, squares = least_squares(columns, y)
    variance = squares / (len(y) - len(columns))
    *estimates, sigma = certified(name)
    assert [Decimal(value) for _, value, _ in estimates] == [to_15_digits(value) for value in b]
    assert Decimal(sigma[1]) == to_15_digits(variance, root=True)
    if name in LINEAR:
        deviations = [to_15_digits(variance * inverse[k][k], root=True) for k in range(len(b))]
        assert [Decimal(deviation) for *_, deviation in estimates] == deviations


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs"])
@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.filterwarnings("ignore:.*sigma.*")  # Wampler1 and 2 are polynomials without noise: sigma is 0
@pytest.mark.filterwarnings("ignore:.*collinear")  # as Filip's powers of x are
def test_nist_linear_regression(name, solver):
    X = np.column_stack([floats(column) for column in regressors(name)])
    y = floats(published(name)["y"])
    intercept = not name.startswith("noint")
    model = MLERegressor(fit_intercept=intercept, solver=solver).fit(X, y)
    *estimates, (_, sigma, _) = certified(name)
    found = [model.intercept_, *model.coef_] if intercept else model.coef_
    assert exact.digits(found, [value for _, value, _ in estimates]) >= LINEAR[name]
    found = np.exp(model.intercepts_["sigma"]) * np.sqrt(len(y) / (len(y) - len(estimates)))
    if float(sigma):
        assert exact.digits(found, sigma) >= min(LINEAR[name], 10)
    else:
        assert found < 1e-6 * y.std()


@pytest.mark.parametrize("columns", [0, 1], ids=["a column of zeros", "mu not regressed"])
@pytest.mark.parametrize("name", UNIVARIATE)
@pytest.mark.filterwarnings("ignore:.*column")  # that the column of zeros is constant is the point
def test_nist_univariate(name, columns):
    """Mean and standard deviation are the Gaussian model's without columns."""
    y = floats(published(name)["y"])
    X = np.arange(len(y) * columns or len(y))[:, None] * float(columns)
    model = MLERegressor(regressed=() if columns else None).fit(X, y)
    (_, mean, _), (_, sigma, _) = certified(name)
    assert exact.digits(model.intercept_, mean) >= 15
    assert exact.digits(np.exp(model.intercepts_["sigma"]) * np.sqrt(len(y) / (len(y) - 1)), sigma) >= UNIVARIATE[name]


# --- smooth concave likelihoods ---


def diabetes(target=lambda y: y):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    return X, target(y)


def high(y):
    return (y > 140).astype(int)


def three_columns_of_breast_cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return X[:, [0, 1, 4]], y


def two_columns_of_wine():
    X, y = load_wine(return_X_y=True)
    return X[:, [0, 9]], y


def sepal_length_of_iris():
    """Alone: every other pair of columns separates setosa, and the optimum is infinite."""
    X, y = load_iris(return_X_y=True)
    return X[:, :1], y


# Likelihood, its bare nll, and a table on which its optimum is finite.
CONCAVE = {
    "gaussian": (Gaussian(), exact.gaussian, diabetes),
    "poisson": (Poisson(), exact.poisson, diabetes),
    "poisson-identity": (Poisson(link="identity"), exact.poisson_identity, diabetes),
    "negative_binomial": (NegativeBinomial(), exact.negative_binomial, diabetes),
    "bernoulli": (Bernoulli(), exact.logit, lambda: diabetes(high)),
    "bernoulli-probit": (Bernoulli(link="probit"), exact.probit, lambda: diabetes(high)),
    "bernoulli-cloglog": (Bernoulli(link="cloglog"), exact.cloglog, lambda: diabetes(high)),
    "bernoulli-loglog": (Bernoulli(link="loglog"), exact.loglog, lambda: diabetes(high)),
    "bernoulli-cancer": (Bernoulli(), exact.logit, three_columns_of_breast_cancer),
    "categorical-wine": (LIKELIHOODS["categorical"](), exact.categorical, two_columns_of_wine),
    "categorical-iris": (LIKELIHOODS["categorical"](), exact.categorical, sepal_length_of_iris),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("case", CONCAVE)
def test_concave_fits_end_at_rounding(case, weighted):
    likelihood, nll, table = CONCAVE[case]
    X, y = table()
    weight = np.random.default_rng(0).uniform(0, 3, len(y)) if weighted else None
    estimator = MLEClassifier if case.startswith(("bernoulli", "categorical")) else MLERegressor
    optimum = None
    for solver in ["auto", "newton", "lbfgs"]:
        model = estimator(likelihood, solver=solver).fit(X, y, weight)
        W, free = exact.coefficients(model)
        if optimum is None:
            optimum = exact.polished(nll, X, y, W, free, weight)
            if nll is exact.categorical:  # shown with mean zero over the classes
                optimum = optimum - optimum.mean(axis=0)
        # The largest inverse curvature in these units is about 1e6 (Newton leaves rounding times that).
        assert exact.digits(W[free], optimum[free]) >= 8, solver
        assert model.converged_
