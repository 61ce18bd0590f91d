"""Limited-memory BFGS, scipy's, in the layout's units; Newton steps measure and finish what it leaves."""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from .base import Solution, Solver, in_stages, integer
from .kinks import around_kinks
from .newton import Newton
from .newton_cg import NewtonCG

# Newton's steps are cheaper than to get nearer.
NEWTON_AT = 1e-9
# The gap is foreseen from the falls of F in so many iterations, and in as many before; half of `tol`, to be sure of it.
LATELY, SURE = 5, 0.5
# Falls that shrink no faster than this foretell nothing.
STEADY = 0.9
# Iterations after which Newton's steps go on in any case; truncated ones before they are given up; and coefficients of
# which there may be a matrix instead.
MOST, TRUNCATED, FACTORED = 300, 20, 1000


class LBFGS(Solver):
    """Quasi-Newton descent from gradients alone; Newton steps, truncated ones for many coefficients, finish it.

    Descent ends where the falls of F, which shrink about as a geometric series, leave less than `tol` to come. Whether
    that is so the Newton steps find out, and they bring the last digits.

    Parameters
    ----------
    max_iter : int
        Iterations of L-BFGS.
    tol : float
        Relative gap of F (absolute where ``|F| < 1``), by Newton's decrement.
    memory : int
        Number of gradient pairs kept.
    polish_size : int
        The largest number of coefficients for which Newton steps with the whole Hessian finish the search.

    References
    ----------
    Zhu, Byrd, Lu and Nocedal (1997), Algorithm 778: L-BFGS-B, ACM TOMS 23(4).

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.solvers import LBFGS
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> model = MLERegressor("poisson", solver=LBFGS(memory=20)).fit(X, y)
    >>> print(model.coef_.round(4), model.converged_)
    [0.7734] True
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
        finish = objective.size <= self.polish_size
        tol = max(self.tol, NEWTON_AT) if finish else self.tol
        last, values = {}, []

        def finite_taylor(w):
            value, gradient = objective.taylor(w, 1)
            last["gradient_norm"] = float(np.linalg.norm(gradient))
            # scipy's line search interpolates: an infinite value would make its steps NaN.
            return min(value, 1e100), gradient

        def callback(intermediate_result):
            # The accepted point is the one evaluated last.
            report(intermediate_result.x, float(intermediate_result.fun), **last)
            values.append(float(intermediate_result.fun))
            if ended():
                raise StopIteration

        def ended():
            return bool(values) and foreseen_gap(values) <= SURE * tol * max(1.0, abs(values[-1]))

        options = {
            "maxiter": min(self.max_iter, MOST),
            "maxfun": 20 * self.max_iter,
            "maxcor": self.memory,
            "ftol": np.finfo(float).eps,
            "gtol": 1e-11,  # rounding, where every unit is natural: scipy calls a start at the optimum abnormal at 0
        }
        result = minimize(finite_taylor, w, jac=True, method="L-BFGS-B", callback=callback, options=options)
        n_iter = max(1, int(result.nit))
        if result.nit == 0:
            finite_taylor(result.x)
            report(result.x, float(result.fun), **last)
        if n_iter >= self.max_iter:
            return Solution(result.x, float(result.fun), n_iter, False, f"{n_iter} iterations were not enough")
        # Falls of two speeds mislead: what is left is measured.
        end = Solution(result.x, float(result.fun), n_iter, False, "")
        if finish:
            finishers = [Newton()]
        elif objective.size > FACTORED:
            finishers = [NewtonCG()]
        else:
            finishers = [NewtonCG(max_iter=TRUNCATED), Newton()]
        for finisher in finishers:
            finisher.set_params(max_iter=min(finisher.max_iter, self.max_iter - end.n_iter), tol=self.tol)
            more = finisher.minimize(objective, end.w, report, rng)
            end = replace(more, n_iter=end.n_iter + more.n_iter)
            if end.converged or end.n_iter >= self.max_iter:
                break
        return end


def foreseen_gap(values):
    """What F has still to fall if its falls go on shrinking as they did lately; infinite where they do not shrink.

    It is no less than the last fall: on a slope that is soon nearly flat, falls shrink too fast to foretell it.
    """
    m = min(LATELY, (len(values) - 1) // 2)
    if m < 1:
        return np.inf
    before, lately = values[-1 - 2 * m] - values[-1 - m], values[-1 - m] - values[-1]
    share = lately / before if before > 0 else 1.0
    return max(values[-2] - values[-1], lately * share / (1 - share)) if share < STEADY else np.inf
