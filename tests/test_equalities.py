"""Equality where mathematics says so: the same optimum as scikit-learn, statsmodels, or scipy on a bare density."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, sparse, stats
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from statsmodels.genmod.families import links as sm_links

from sklearn_mle import (
    Bernoulli,
    Gaussian,
    GaussianOnLabels,
    MLEClassifier,
    MLERegressor,
    NegativeBinomial,
    Poisson,
    StudentT,
)

# Two direct solvers of one well-conditioned quadratic differ by rounding times its condition, here < 1e3.
DIRECT = 1e-8
# Two iterative solvers, each run to a gradient of 1e-10 or below: what is left of it, times the curvature's inverse.
ITERATIVE = 1e-6
# An optimum found by differences of a bare density: gradients good to 1e-8 per row.
DIFFERENCES = 1e-6


def table(n=240, seed=0):
    """X (n, 4) in different units with eta of about unit spread, the generator, and weights from 0 to 3."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 4)) * [1.0, 10.0, 0.1, 3.0] + [0.0, 5.0, 1.0, -2.0]
    eta = (X - X.mean(axis=0)) @ [0.5, -0.03, 4.0, 0.1] + 0.3
    return rng, X, eta, rng.integers(0, 4, n).astype(float)


def labels(C, n=240, seed=0):
    """X, and C overlapping classes of unequal frequency, so that a finite optimum exists."""
    rng, X, eta, weight = table(n, seed)
    y = np.digitize(eta + 1.5 * rng.logistic(size=n), np.linspace(-1.0, 2.5, C - 1) if C > 2 else [0.8])
    return X, y, weight


def close(actual, expected, tolerance):
    """Within `tolerance` of the largest entry of what is expected."""
    expected = np.asarray(expected, dtype=float)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def optimum(nll, start):
    """argmin of a bare nll: BFGS, then Newton steps, all by central differences; nothing of the package."""
    x = optimize.minimize(nll, start, method="BFGS", jac="3-point", options={"gtol": 1e-7}).x

    def gradient(x):
        return optimize.approx_fprime(x, nll, 0.0) if False else optimize._numdiff.approx_derivative(nll, x, "3-point")

    for _ in range(2):
        H = optimize._numdiff.approx_derivative(gradient, x, "3-point", rel_step=1e-4)
        x = x - np.linalg.solve((H + H.T) / 2, gradient(x))
    return x
