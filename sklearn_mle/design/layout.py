"""The coordinates of W: which entries are free, where their columns are centred, how scaled."""

from dataclasses import dataclass, field, replace

import numpy as np

# Of a unit curvature, in a Hessian: as little as a pivot of an exact 0.
ROUNDING = 1e-13


@dataclass(frozen=True)
class Layout:
    """The linear map between W and the coordinates w that a solver sees.

    In these coordinates columns have mean 0 and standard deviation 1, and the nll about unit curvature:
    slopes W_kj = unit_k w_kj / scale_j, intercepts W_k0 = unit_k w_k0 - shift . slopes_k.

    Attributes
    ----------
    mask : boolean array of shape (K, 1 + p)
        The free entries of W, in whose order w counts them.
    shift, scale : arrays of shape (p,)
    unit : array of shape (K,)
    origin : array of shape (p,) or 0.0
        What the rows have already subtracted from X (see `Centred`).
    held : array of shape (K, 1 + p)
        Values of the entries that are not free, in the same units; 0 unless restricted.
    basis : array of shape (number of free entries, d) or None
        Columns that span the directions in which w may move from `held`; None for all.
    """

    mask: np.ndarray
    shift: np.ndarray
    scale: np.ndarray
    unit: np.ndarray
    origin: np.ndarray | float = 0.0
    held: np.ndarray = field(default=None)
    basis: np.ndarray | None = None

    def __post_init__(self):
        if self.held is None:
            object.__setattr__(self, "held", np.zeros(self.mask.shape))

    @property
    def size(self):
        """d, the number of coordinates."""
        return int(self.mask.sum()) if self.basis is None else self.basis.shape[1]

    @property
    def sloped(self):
        """Which predictors have a free slope, shape (K,)."""
        return self.mask[:, 1:].any(axis=1)

    @property
    def used(self):
        """Which columns of Z some free entry meets, boolean (1 + p,)."""
        return self.mask.any(axis=0)

    @property
    def slopes(self):
        """The slope in W per unit of each free entry, 0 for intercepts."""
        per_unit = self.unit[:, None] / np.concatenate([[1.0], self.scale])
        per_unit[:, 0] = 0.0
        return per_unit[self.mask]

    def entries(self, w):
        """All entries of W in the layout's units, shape (K, 1 + p)."""
        V = self.held.copy()
        if self.basis is None:
            V[self.mask] = w
        else:
            V[self.mask] += self.basis @ w
        return V

    def unpack(self, w):
        """W from the coordinates w."""
        W = self.entries(w) * self.unit[:, None]
        W[:, 1:] /= self.scale
        W[:, 0] -= W[:, 1:] @ self.shift
        return W

    def coefficients(self, w):
        """W for X as the user gave it, from the coordinates w."""
        W = self.unpack(w)
        W[:, 0] -= W[:, 1:] @ np.broadcast_to(self.origin, self.shift.shape)
        return W

    def pack(self, W):
        """The coordinates of W, for X as the user gave it: the inverse of `coefficients` where nothing is held."""
        V = W.copy()
        V[:, 0] += W[:, 1:] @ (self.shift + self.origin)
        V[:, 1:] *= self.scale
        return (V / self.unit[:, None])[self.mask]

    def gradient(self, G):
        """The gradient in w from the gradient G = g Z in W."""
        V = G.copy()
        V[:, 1:] = (G[:, 1:] - np.outer(G[:, 0], self.shift)) / self.scale
        gradient = (V * self.unit[:, None])[self.mask]
        return gradient if self.basis is None else self.basis.T @ gradient

    @property
    def summed(self):
        """The layout in which Hessians are added up over the rows; `hessian` brings their sum into this one.

        In the free entries themselves, without the basis: no row meets it then. But not where it is narrow, or so
        long that rounding of their Hessian, of unit curvature, would count.
        """
        if self.basis is None or 2 * self.basis.shape[1] < self.basis.shape[0]:
            return self
        lost = np.finfo(float).eps * np.square(self.basis).sum(axis=0).max(initial=0.0)
        return replace(self, basis=None) if lost < ROUNDING else self

    def hessian(self, H):
        """The Hessian in w from that in the coordinates of `summed`."""
        return H if self.summed is self else self.basis.T @ H @ self.basis

    def columns(self):
        """For each predictor: its free columns of Z, their positions among all free entries (a slice), its unit."""
        position = 0
        for k, free in enumerate(self.mask):
            columns = np.flatnonzero(free)
            rows = slice(position, position + len(columns))
            position += len(columns)
            yield columns, rows, self.unit[k]

    def restrict(self, free, w):
        """The layout in which only the coordinates `free` (boolean) move, the others held at w."""
        if self.basis is not None:
            return replace(self, held=self.entries(np.where(free, 0.0, w)), basis=self.basis[:, free])
        mask = np.zeros_like(self.mask)
        mask[self.mask] = free
        return replace(self, mask=mask, held=self.entries(w))

    def columns_only(self, which):
        """The layout for these columns (boolean) of X, where no other has a coefficient."""
        entries = np.concatenate([[True], which])
        parts = {"shift": self.shift[which], "scale": self.scale[which]}
        if np.ndim(self.origin):
            parts["origin"] = self.origin[which]
        return replace(self, mask=self.mask[:, entries], held=self.held[:, entries], **parts)

    def along(self, basis, w):
        """The layout with coordinates v in w + basis v."""
        basis = basis if self.basis is None else self.basis @ basis
        return replace(self, held=self.entries(w), basis=basis)


def designs(Z, layout):
    """Per predictor k: Z_k, the coordinates (a slice) with eta_k = unit_k Z_k w[slice] + constant, and unit_k.

    Z has the columns that are `used`.
    """
    everything, place = slice(0, layout.size), np.cumsum(layout.used) - 1
    for columns, rows, unit in layout.columns():
        free = Z if len(columns) == Z.shape[1] else Z[:, place[columns]]
        if layout.basis is None:
            yield free, rows, unit
        else:
            yield free @ layout.basis[rows], everything, unit
