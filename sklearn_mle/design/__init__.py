"""Z = [1, X]: blocks of rows, the layout of W, and the sums over rows that are made of them."""

from .block import FAR, Block, Centred, csr, dense
from .hat import leverage, predictor_covariances
from .kinks import NearKinks
from .layout import Layout
from .sums import Least, Moments, Parts, Root, gram

__all__ = [
    "FAR",
    "Block",
    "Centred",
    "Layout",
    "Least",
    "Moments",
    "NearKinks",
    "Parts",
    "Root",
    "csr",
    "dense",
    "gram",
    "leverage",
    "predictor_covariances",
]
