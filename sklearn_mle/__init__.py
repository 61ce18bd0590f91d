"""Maximum-likelihood regression and classification for scikit-learn, with the likelihood as a part you plug in."""

from .estimators import MLEClassifier, MLERegressor, predict_dist
from .likelihoods import (
    Bernoulli,
    Categorical,
    Gaussian,
    GaussianOnLabels,
    LabelLikelihood,
    Likelihood,
    NegativeBinomial,
    Poisson,
    StudentT,
)
from .separation import detect_separation

__version__ = "0.1.0"

__all__ = [
    "Bernoulli",
    "Categorical",
    "Gaussian",
    "GaussianOnLabels",
    "LabelLikelihood",
    "Likelihood",
    "MLEClassifier",
    "MLERegressor",
    "NegativeBinomial",
    "Poisson",
    "StudentT",
    "detect_separation",
    "predict_dist",
]
