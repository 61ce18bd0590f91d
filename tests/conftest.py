"""BLAS on one thread, set before numpy is imported: the pools of several test workers would starve one another."""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from scipy import optimize  # noqa: E402


@pytest.fixture(scope="session")
def optimum():
    """argmin of a bare mean nll, given as a function of (d,): an optimum that owes nothing to the package.

    BFGS, then Newton steps, all from central differences of fourth order: for entries of size 1 the gradient is left
    at 1e-12, the rounding of the differences.
    """

    def slopes(f, x, h):
        steps = h * np.eye(len(x))
        return np.array([8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e)) for e in steps]) / (12 * h)

    def argmin(nll, start):
        def gradient(x):
            return slopes(nll, x, 1e-3)

        x = optimize.minimize(nll, start, jac=gradient, method="BFGS").x
        for _ in range(3):
            H = slopes(gradient, x, 1e-2)
            x = x - np.linalg.solve((H + H.T) / 2, gradient(x))
        assert np.linalg.norm(gradient(x)) < 1e-9, "the reference has not converged"
        return x

    return argmin
