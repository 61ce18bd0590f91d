"""Limited-memory BFGS, scipy's, in the layout's units; Newton steps finish what it leaves."""

import numpy as np
from scipy.optimize import minimize

from .base import Solution, Solver, in_stages, integer
from .kinks import around_kinks
from .newton import Newton


class LBFGS(Solver):
    """Quasi-Newton descent from gradients alone, then Newton steps where their number of coefficients is small.

    L-BFGS stops on relative changes of F and so leaves 3 to 6 correct digits, whatever its tolerance; a Newton
    step or two bring the rest.

    Parameters
    ----------
    max_iter : int
        Iterations of L-BFGS.
    tol : float
        Relative gap of F, as estimated from the last decreases, or by Newton's decrement where it finishes.
    memory : int
        Number of gradient pairs kept.
    polish_size : int
        The largest number of coefficients for which Newton steps finish the search.

    References
    ----------
    Zhu, Byrd, Lu and Nocedal (1997), Algorithm 778: L-BFGS-B, ACM TOMS 23(4).
    """

    rules = {**Solver.rules, "memory": integer(1), "polish_size": integer(0)}

    def __init__(self, max_iter=1000, tol=1e-12, memory=10, polish_size=1000):
        self.max_iter = max_iter
        self.tol = tol
        self.memory = memory
        self.polish_size = polish_size

    @in_stages
    @around_kinks
    def minimize(self, objective, w, report, rng):
        last = {}

        def finite_taylor(w):
            value, gradient = objective.taylor(w, 1)
            last["gradient_norm"] = float(np.linalg.norm(gradient))
            # scipy's line search interpolates: an infinite value would make its steps NaN.
            return min(value, 1e100), gradient

        def callback(intermediate_result):
            # The accepted point is the one evaluated last.
            report(intermediate_result.x, float(intermediate_result.fun), **last)

        finish = objective.size <= self.polish_size
        options = {
            "maxiter": self.max_iter,
            "maxfun": 20 * self.max_iter,
            "maxcor": self.memory,
            "ftol": max(self.tol, 1e-9) if finish else self.tol,  # beyond that Newton's steps are cheaper
            "gtol": 1e-11,  # rounding, where every unit is natural: scipy calls a start at the optimum abnormal at 0
        }
        result = minimize(finite_taylor, w, jac=True, method="L-BFGS-B", callback=callback, options=options)
        n_iter = max(1, int(result.nit))
        if result.nit == 0:
            finite_taylor(result.x)
            report(result.x, float(result.fun), **last)
        if not finish or n_iter >= self.max_iter:
            return Solution(result.x, float(result.fun), n_iter, bool(result.success), str(result.message))
        end = Newton(max_iter=self.max_iter - n_iter, tol=self.tol).minimize(objective, result.x, report, rng)
        return Solution(end.w, end.value, n_iter + end.n_iter, end.converged, end.message, end.step, end.deficiency)
