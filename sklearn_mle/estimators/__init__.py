"""The scikit-learn surface: estimators that turn a table and a likelihood into a fit."""

from .classifier import MLEClassifier
from .cv import MLEClassifierCV, MLERegressorCV
from .existence import detect_separation
from .pipelines import predict_dist
from .regressor import MLERegressor
from .unconditional import fit_distribution

__all__ = [
    "MLEClassifier",
    "MLEClassifierCV",
    "MLERegressor",
    "MLERegressorCV",
    "detect_separation",
    "fit_distribution",
    "predict_dist",
]
