"""The choice of a solver from what the objective says of itself."""

from .base import Solver
from .lbfgs import LBFGS
from .newton import Newton

# Newton factors a d x d matrix: at 1000 coefficients that costs about as much as one L-BFGS run in all.
SMALL = 1000


class Auto(Solver):
    """Newton where the number of coefficients is small, else L-BFGS.

    Parameters
    ----------
    max_iter, tol : int, float or None
        Handed to the chosen solver; None leaves its own.
    """

    def __init__(self, max_iter=None, tol=None):
        self.max_iter = max_iter
        self.tol = tol

    def minimize(self, objective, w, report, rng):
        solver = Newton() if objective.size <= SMALL else LBFGS()
        chosen = {name: value for name, value in self.get_params().items() if value is not None}
        return solver.set_params(**chosen).minimize(objective, w, report, rng)
