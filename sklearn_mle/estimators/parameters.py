"""What the arguments of an estimator may be, and the solver and the threads that they stand for."""

from numbers import Integral

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.base import clone

from ..names import suggestion
from ..solvers import SOLVERS, Solver
from ..solvers.base import boolean, integer, number


def or_none(rule):
    """The rule that allows None as well."""
    holds, words = rule
    return lambda value: value is None or holds(value), f"{words} or None"


def whole(value):
    """Whether it is an integer; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def seed(value):
    """Whether `check_random_state` takes it."""
    return isinstance(value, np.random.RandomState) or (whole(value) and 0 <= value < 2**32)


#: {argument: (what must hold of it, the same in words)}
RULES = {
    "alpha": number("a finite number >= 0", lambda value: value >= 0),
    "l1_ratio": number("a number in [0, 1]", lambda value: 0 <= value <= 1),
    "fit_intercept": boolean(),
    "max_iter": or_none(integer(1)),
    "tol": or_none(number("a number >= 0", lambda value: value >= 0)),
    "warm_start": boolean(),
    "n_jobs": or_none((lambda value: whole(value) and value != 0, "an integer other than 0")),
    "random_state": or_none((seed, "an integer in [0, 2^32), a RandomState")),
    "verbose": (lambda value: isinstance(value, (Integral, np.bool_)) and value >= 0, "an integer >= 0"),
}


def check_parameters(model):
    """A ValueError that names the first argument that breaks its rule, and the rule."""
    name = type(model).__name__
    for parameter, (holds, words) in RULES.items():
        if not hasattr(model, parameter):  # a model along a path has no alpha
            continue
        value = getattr(model, parameter)
        if not holds(value):
            raise ValueError(f"{name}: {parameter} must be {words}; got {value!r}.")
    solver = chosen_solver(model)
    if getattr(model, "alpha", 1.0) > 0 and model.l1_ratio > 0 and not solver.meets_kinks_at_0:
        raise ValueError(
            f"{name}: {type(solver).__name__} needs a smooth penalty, l1_ratio=0. Under l1 use "
            'solver="proximal_newton", or "auto", which chooses it.'
        )


def named_solver(solver):
    """The solver that a name stands for (None for a wrong one), or the argument itself."""
    return SOLVERS.get(solver, lambda: None)() if isinstance(solver, str) else solver


def chosen_solver(model):
    """The model's solver, with its `max_iter` and `tol` where they are given."""
    solver = named_solver(model.solver)
    if not isinstance(solver, Solver):
        text = f"solver takes one of the names {list(SOLVERS)} or a Solver object; got {model.solver!r}."
        raise ValueError(text + suggestion(model.solver, SOLVERS))
    given = {"max_iter": model.max_iter, "tol": model.tol}
    solver = clone(solver).set_params(**{name: value for name, value in given.items() if value is not None})
    solver.check()
    return solver


def threads(n_jobs):
    """Threads over blocks of rows: n_jobs as joblib counts, but 1 in a joblib worker, whose siblings have the rest."""
    backend, _ = get_active_backend()
    return 1 if backend.nesting_level else effective_n_jobs(n_jobs)
