"""Z = [1, X]: blocks of rows, the layout of W, and the sums over rows that are made of them."""

from .block import FAR, Block, Centred, dense
from .hat import leverage, predictor_covariances
from .kinks import NearKinks
from .layout import Layout
from .sums import Moments, Parts, Root, gram

__all__ = [
    "FAR",
    "Block",
    "Centred",
    "Layout",
    "Moments",
    "NearKinks",
    "Parts",
    "Root",
    "dense",
    "gram",
    "leverage",
    "predictor_covariances",
]
