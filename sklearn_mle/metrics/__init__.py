"""How good are predictive distributions: scores of (y, dist), scorers of (estimator, X, y), comparisons of models."""

from .comparison import Comparison, compare_log_scores
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
    "interval_score",
    "log_score",
    "make_log_score",
    "make_neg_interval_score",
    "mean_crps",
    "mean_log_score",
    "neg_crps",
    "pit",
]
