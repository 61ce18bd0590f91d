"""argmin F: a solver sees an Objective and nothing else."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import wraps
from inspect import signature
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator

from ..documentation import Documented


@dataclass(frozen=True)
class Solution:
    """Where a solver stopped: coordinates, value, iterations, whether `tol` was met, and why it stopped.

    `step` is the Newton step that it would take next, None if it knows none: about 0 at an optimum, about 1 in natural
    units where F falls towards a limit that it does not reach. `deficiency` is the number of directions without
    curvature, up to rounding, where the first Newton step was made, None if it is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle.solvers import Solution
    >>> Solution(np.zeros(2), value=1.5, n_iter=3, converged=True, message="").converged
    True
    """

    w: np.ndarray
    value: float
    n_iter: int
    converged: bool
    message: str
    step: np.ndarray | None = None
    deficiency: int | None = None


def number(words, holds):
    """The rule for a finite number, other than True and False, of which `holds`: the test, and the same in words."""
    return lambda value: _is(Real, value) and np.isfinite(value) and holds(value), words


def integer(least, *names):
    """The rule for an integer >= least, or one of these names."""
    words = " or ".join([f"an integer >= {least}", *map(repr, names)])
    return lambda value: one_of(names)[0](value) or (_is(Integral, value) and value >= least), words


def boolean():
    """The rule for True or False."""
    return lambda value: isinstance(value, bool | np.bool_), "True or False"


def one_of(names):
    """The rule for one of these names."""
    return lambda value: isinstance(value, str) and value in names, f"one of {list(names)}"


def _is(kind, value):
    return isinstance(value, kind) and not isinstance(value, bool)


class Solver(Documented, BaseEstimator, ABC):
    """w_hat = argmin F(w). Subclasses own `max_iter` and `tol`, and add the rules of their parameters to `rules`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.solvers import Solution, Solver
    >>> class Plain(Solver):  # Newton's method without any safeguard
    ...     def __init__(self, max_iter=20, tol=1e-10):
    ...         self.max_iter, self.tol = max_iter, tol
    ...     def minimize(self, objective, w, report, rng):
    ...         for n_iter in range(1, self.max_iter + 1):
    ...             value, gradient, hessian = objective.taylor(w, 2)
    ...             report(w, value, np.linalg.norm(gradient))
    ...             step = np.linalg.solve(hessian, gradient)
    ...             if gradient @ step / 2 <= self.tol:
    ...                 break
    ...             w = w - step
    ...         return Solution(w, value, n_iter, bool(gradient @ step / 2 <= self.tol), "")
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> print(MLERegressor("poisson", solver=Plain()).fit(X, y).coef_.round(4))
    [0.7734]
    """

    meets_kinks_at_0 = False  # whether it minimises under an l1 penalty
    rules = {"max_iter": integer(1), "tol": number("a finite number >= 0", lambda value: value >= 0)}

    def check(self):
        """A ValueError that names the first parameter that breaks its rule; a default never does."""
        defaults = signature(type(self)).parameters
        for name, (holds, words) in self.rules.items():
            value, default = getattr(self, name), defaults[name].default
            if not (type(value) is type(default) and value == default) and not holds(value):
                raise ValueError(f"{type(self).__name__}: {name} must be {words}; got {value!r}.")

    @abstractmethod
    def minimize(self, objective, w, report, rng):
        """Descend from w.

        Parameters
        ----------
        objective : Objective
            With `taylor`, `metric`, `root`, `restrict`, `along`, `fewer_rows`, `batches` and `penalty`.
        w : array of shape (d,)
        report : callable
            ``report(w, value, gradient_norm, decrement=None)``, once an iteration or epoch.
        rng : numpy.random.RandomState

        Returns
        -------
        Solution
        """

    def path(self, objective, w, penalties, rng):
        """A Solution for each of these penalties in turn, each from where the last one ended.

        Parameters
        ----------
        objective : Objective
            Whose own penalty counts for nothing.
        w, rng
            As for `minimize`.
        penalties : list of ElasticNet
        """
        for penalty in penalties:
            solution = self.minimize(replace(objective, penalty=penalty), w, silent, rng)
            w = solution.w
            yield solution


def in_stages(minimize):
    """Let `minimize` find first all others, then the coordinates that the others do not depend on.

    A Gaussian's mean is the same whatever its constant sigma: alone it is a quadratic, solved in one step; and a
    perfect fit sends sigma to 0 without disturbing it.
    """

    @wraps(minimize)
    def staged(self, objective, w, report, rng):
        nuisance = objective.nuisance
        if nuisance.all() or not nuisance.any():
            return minimize(self, objective, w, report, rng)
        n_iter, converged, step, deficiency, message = 0, True, np.zeros(len(w)), 0, ""
        for free in (~nuisance, nuisance):

            def report_all(part, *args, _free=free, _w=w, **kwargs):
                report(np.where(_free, scatter(part, _free), _w), *args, **kwargs)

            stage = minimize(self, objective.restrict(free, w), w[free], report_all, rng)
            w = np.where(free, scatter(stage.w, free), w)
            step = None if step is None or stage.step is None else step + scatter(stage.step, free)
            deficiency = None if None in (deficiency, stage.deficiency) else deficiency + stage.deficiency
            message = stage.message if converged else message  # of the first that stopped early
            n_iter, converged = n_iter + stage.n_iter, converged and stage.converged
        return Solution(w, stage.value, n_iter, converged, message, step, deficiency)

    return staged


def scatter(part, free):
    """The coordinates w (d,) that are `part` where `free` (boolean, (d,)), and 0 elsewhere."""
    whole = np.zeros(len(free))
    whole[free] = part
    return whole


def silent(w, value, gradient_norm, decrement=None):
    """The report to nobody, for searches within a search."""
