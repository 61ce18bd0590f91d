"""Distributions with the methods of scipy's frozen ones: those that scipy lacks, and the rows of predict_dist."""

from .crps import crps
from .laws import Discrete, Law, WithSpike, generator
from .predictive import Predictive

__all__ = ["Discrete", "Law", "Predictive", "WithSpike", "crps", "generator"]
