"""The choice of a solver from what the objective says of itself."""

from .base import Solver
from .lbfgs import LBFGS
from .newton import Newton
from .quasi_newton import QuasiNewton, least_sample

# Newton factors a d x d matrix: at 1000 coefficients that costs about as much as one L-BFGS run in all.
SMALL = 1000
# A pass with the Hessian costs 5 to 10 with the gradient alone: from so many samples on, theirs is the better metric.
SAMPLES = 8


class Auto(Solver):
    """Newton where coefficients are few, in the metric of a sample where rows are many more; L-BFGS otherwise.

    Parameters
    ----------
    max_iter, tol : int, float or None
        Handed to the chosen solver; None leaves its own.
    """

    def __init__(self, max_iter=None, tol=None):
        self.max_iter = max_iter
        self.tol = tol

    def minimize(self, objective, w, report, rng):
        if objective.size > SMALL:
            solver = LBFGS()
        elif objective.n_rows > SAMPLES * least_sample(objective):
            solver = QuasiNewton()
        else:
            solver = Newton()
        chosen = {name: value for name, value in self.get_params().items() if value is not None}
        return solver.set_params(**chosen).minimize(objective, w, report, rng)
