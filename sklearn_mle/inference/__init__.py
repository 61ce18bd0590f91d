"""How sure are we: curvature at the optimum, and what follows from it."""

from .base import Inference
from .hypotheses import likelihood_ratio_test

__all__ = ["Inference", "likelihood_ratio_test"]
