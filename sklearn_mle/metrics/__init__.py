"""How good are predictive distributions: scores of (y, dist), scorers of (estimator, X, y), comparisons of models."""

from .comparison import Comparison, compare_log_scores
from .information import cross_entropy, kl_divergence
from .scorers import (
    LogScore,
    NegCRPS,
    NegIntervalScore,
    Scorer,
    log_score,
    make_log_score,
    make_neg_interval_score,
    neg_crps,
)
from .scores import coverage_score, interval_score, mean_crps, mean_log_score, pit

__all__ = [
    "Comparison",
    "LogScore",
    "NegCRPS",
    "NegIntervalScore",
    "Scorer",
    "compare_log_scores",
    "coverage_score",
    "cross_entropy",
    "interval_score",
    "kl_divergence",
    "log_score",
    "make_log_score",
    "make_neg_interval_score",
    "mean_crps",
    "mean_log_score",
    "neg_crps",
    "pit",
]
