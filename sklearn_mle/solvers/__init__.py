"""Solvers, each an object and a name: argmin F from an Objective."""

from .auto import Auto
from .base import Solution, Solver
from .lbfgs import LBFGS
from .newton import Newton
from .quasi_newton import QuasiNewton
from .sgd import SGD

SOLVERS = {"auto": Auto, "newton": Newton, "quasi_newton": QuasiNewton, "lbfgs": LBFGS, "sgd": SGD}

__all__ = ["LBFGS", "SGD", "SOLVERS", "Auto", "Newton", "QuasiNewton", "Solution", "Solver"]
