"""Pictures of fits, as scikit-learn's Displays: computed by `from_estimator`, drawn by `plot`."""

from .coefficients import CoefficientDisplay
from .fan import PredictiveFanDisplay
from .gradient import LabelGradientDisplay
from .path import OptimizationPathDisplay
from .pit import PITDisplay
from .profile import ProfileDisplay
from .rootogram import RootogramDisplay
from .surface import LikelihoodSurfaceDisplay
from .worm import QuantileResidualDisplay

__all__ = [
    "CoefficientDisplay",
    "LabelGradientDisplay",
    "LikelihoodSurfaceDisplay",
    "OptimizationPathDisplay",
    "PITDisplay",
    "PredictiveFanDisplay",
    "ProfileDisplay",
    "QuantileResidualDisplay",
    "RootogramDisplay",
]
