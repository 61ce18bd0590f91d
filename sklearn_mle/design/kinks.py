"""Rows near a kink of their nll, where F is piecewise linear: what a linear program needs of them."""

from dataclasses import dataclass

import numpy as np

from .layout import designs


@dataclass(frozen=True)
class NearKinks:
    """F(w + v) = F(w) + rest v + sum_i rise_i(z_i - Z_i v) - rise_i(z_i), if no other row passes its kink.

    rise_i(z) = slopes_i1 max(z, 0) + slopes_i0 max(-z, 0). The sum of two keeps the n rows that are nearest.

    Attributes
    ----------
    n : int
    z : array of shape (m,)
    Z : array of shape (m, d)
    slopes : array of shape (m, 2)
    rest : array of shape (d,)
        The gradient of all other rows and of the penalty.
    """

    n: int
    z: np.ndarray
    Z: np.ndarray
    slopes: np.ndarray
    rest: np.ndarray | None = None

    @classmethod
    def of(cls, block, layout, z, derivatives, slopes, n):
        """The rows with a kink (z is finite) of a block, from z, its derivatives in eta, the first counts; slopes."""
        z, by_eta = np.broadcast_to(z, len(block)), np.broadcast_to(derivatives[0], len(block))
        counts = np.flatnonzero(np.isfinite(z) & (True if block.weight is None else block.weight > 0))
        nearest = counts[np.argsort(np.abs(z[counts]), kind="stable")[:n]]
        near, Z = block[nearest], np.zeros((len(nearest), layout.size))
        for rows, tile in near.tiles(layout):
            Z_1, at, unit = next(designs(tile, layout))
            Z[rows, at] = -unit * by_eta[nearest[rows], None] * Z_1
        weight = np.ones(len(near)) if near.weight is None else near.weight
        return cls(n, z[nearest], Z, np.outer(weight, slopes))

    def __add__(self, other):
        z = np.concatenate([self.z, other.z])
        nearest = np.argsort(np.abs(z), kind="stable")[: self.n]
        Z, slopes = (np.concatenate(pair)[nearest] for pair in [(self.Z, other.Z), (self.slopes, other.slopes)])
        return NearKinks(self.n, z[nearest], Z, slopes)

    def rise(self, z):
        """sum_i rise_i(z_i)."""
        return float(self.slopes[:, 1] @ np.maximum(z, 0) + self.slopes[:, 0] @ np.maximum(-z, 0))

    def gradient(self):
        """Of these rows' part in v, at v = 0; at a kink that of the upper side."""
        return -np.where(self.z < 0, -self.slopes[:, 0], self.slopes[:, 1]) @ self.Z
