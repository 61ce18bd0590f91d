"""Maximum-likelihood regression and classification for scikit-learn, with the likelihood as a part you plug in."""

from .estimators import MLEClassifier, MLERegressor, predict_dist
from .inference import Inference, likelihood_ratio_test
from .likelihoods import (
    Bernoulli,
    Beta,
    BetaBinomial,
    Binomial,
    Categorical,
    Exponential,
    Gamma,
    Gaussian,
    GaussianOnLabels,
    Gumbel,
    InverseGaussian,
    LabelLikelihood,
    Likelihood,
    Logistic,
    LogLogistic,
    LogNormal,
    NegativeBinomial,
    NegativeBinomial1,
    Poisson,
    StudentT,
    Weibull,
)
from .separation import detect_separation

__version__ = "0.1.0"

__all__ = [
    "Bernoulli",
    "Beta",
    "BetaBinomial",
    "Binomial",
    "Categorical",
    "Exponential",
    "Gamma",
    "Gaussian",
    "GaussianOnLabels",
    "Gumbel",
    "Inference",
    "InverseGaussian",
    "LabelLikelihood",
    "Likelihood",
    "LogLogistic",
    "LogNormal",
    "Logistic",
    "MLEClassifier",
    "MLERegressor",
    "NegativeBinomial",
    "NegativeBinomial1",
    "Poisson",
    "StudentT",
    "Weibull",
    "detect_separation",
    "likelihood_ratio_test",
    "predict_dist",
]
