"""What every likelihood and every solver must satisfy: rules of the maths, checked one by one."""

from .likelihoods import LIKELIHOOD_CHECKS, check_likelihood
from .solvers import SOLVER_CHECKS, check_solver

__all__ = ["LIKELIHOOD_CHECKS", "SOLVER_CHECKS", "check_likelihood", "check_solver"]
