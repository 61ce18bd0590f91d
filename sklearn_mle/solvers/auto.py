"""The choice of a solver from what the objective says of itself."""

from dataclasses import replace
from itertools import groupby

from .base import Solver
from .lbfgs import LBFGS
from .newton import Newton
from .proximal import ProximalNewton
from .quasi_newton import QuasiNewton, least_sample

# Newton factors a d x d matrix: at 1000 coefficients that costs about as much as one L-BFGS run in all.
SMALL = 1000
# Under a ridge L-BFGS needs few passes: from so many coefficients on, one Newton step would cost as much as all, and
# truncated ones measure what it leaves. From the start they need twice the products that L-BFGS needs passes: 35 and 18
# for a gap of 1e-8 at 200,000 x 50,000.
RIDGE = 200
# A pass with the Hessian costs 5 to 10 with the gradient alone: for many rows a sample's curvature is the better
# metric. For fewer, Newton ends at rounding, where a gap of 1e-12 would leave 1e-8 in the coefficients.
MANY_ROWS, SAMPLES = 100_000, 8


class Auto(Solver):
    """Newton where coefficients are few, in the metric of a sample where rows are very many; L-BFGS otherwise.

    Parameters
    ----------
    max_iter, tol : int, float or None
        Handed to the chosen solver; None leaves its own.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.solvers import Auto
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> model = MLERegressor("poisson", solver=Auto(tol=1e-6)).fit(X, y)
    >>> print(model.coef_.round(4), model.converged_)
    [0.7734] True
    """

    meets_kinks_at_0 = True

    def __init__(self, max_iter=None, tol=None):
        self.max_iter = max_iter
        self.tol = tol

    def choice(self, objective):
        """The solver for this objective, with its own parameters."""
        if objective.thresholds.any():
            return ProximalNewton()
        if objective.size > SMALL:
            return LBFGS()
        if objective.n_rows >= max(MANY_ROWS, SAMPLES * least_sample(objective)):
            return QuasiNewton()
        if objective.penalty.alpha > 0 and objective.size > RIDGE and not objective.kinked.any():
            return LBFGS(polish_size=RIDGE)
        return Newton()

    def minimize(self, objective, w, report, rng):
        return self._chosen(objective).minimize(objective, w, report, rng)

    def path(self, objective, w, penalties, rng):
        for _, alike in groupby(penalties, lambda penalty: penalty.alpha * penalty.l1_ratio > 0):
            alike = list(alike)
            solver = self._chosen(replace(objective, penalty=alike[-1]))
            for solution in solver.path(objective, w, alike, rng):
                w = solution.w
                yield solution

    def _chosen(self, objective):
        given = {name: value for name, value in self.get_params().items() if value is not None}
        return self.choice(objective).set_params(**given)
