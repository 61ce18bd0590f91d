"""Z = [1, X]: blocks of rows, the layout of W, and the sums over rows that are made of them."""

from .block import FAR, Block, Centred, csr, dense, row_slices
from .codes import Columns, Repeated
from .hat import leverage, predictor_covariances
from .kinks import NearKinks
from .layout import Layout
from .one_hot import coded
from .sums import Least, Moments, Root, Sums, gram

__all__ = [
    "FAR",
    "Block",
    "Centred",
    "Columns",
    "Layout",
    "Least",
    "Moments",
    "NearKinks",
    "Sums",
    "Repeated",
    "Root",
    "coded",
    "csr",
    "dense",
    "gram",
    "leverage",
    "predictor_covariances",
    "row_slices",
]
