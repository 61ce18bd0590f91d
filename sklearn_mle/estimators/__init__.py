"""The scikit-learn surface: estimators that turn a table and a likelihood into a fit."""

from .base import predict_dist
from .classifier import MLEClassifier
from .regressor import MLERegressor

__all__ = ["MLEClassifier", "MLERegressor", "predict_dist"]
