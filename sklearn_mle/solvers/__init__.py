"""Solvers, each an object and a name: argmin F from an Objective."""

from .auto import Auto
from .base import Solution, Solver
from .lbfgs import LBFGS
from .newton import Newton
from .newton_cg import NewtonCG
from .proximal import ProximalNewton
from .quasi_newton import QuasiNewton
from .sgd import SGD

SOLVERS = {
    "auto": Auto,
    "newton": Newton,
    "newton_cg": NewtonCG,
    "proximal_newton": ProximalNewton,
    "quasi_newton": QuasiNewton,
    "lbfgs": LBFGS,
    "sgd": SGD,
}

__all__ = [
    "LBFGS",
    "SGD",
    "SOLVERS",
    "Auto",
    "Newton",
    "NewtonCG",
    "ProximalNewton",
    "QuasiNewton",
    "Solution",
    "Solver",
]
