"""Z = [1, X] and the coordinates of W: how the free coefficients reach the linear predictors."""

from dataclasses import dataclass, field, replace

import numpy as np

# A tile of Z should stay in the second-level cache: 2^16 doubles are 512 KiB.
TILE_SIZE = 2**16
# Beyond this |mean| / standard deviation, implicit centring would lose more than three digits.
FAR = 1e3


def dense(X):
    """X as a float64 array."""
    return np.asarray(X if isinstance(X, np.ndarray) else X.toarray(), dtype=float)


class Centred:
    """X - origin, never formed as a whole: what stands in for a dense X whose columns lie far from 0.

    It has what a block asks of X: shape, dtype, X[rows], W @ X.T, g @ X and toarray().
    """

    __array_ufunc__ = None  # `ndarray @ self` then comes here

    def __init__(self, X, origin, transposed=False):
        self.X, self.origin, self.transposed = X, origin, transposed

    @property
    def shape(self):
        return self.X.shape[::-1] if self.transposed else self.X.shape

    @property
    def dtype(self):
        return np.dtype(float)

    @property
    def T(self):
        return Centred(self.X, self.origin, not self.transposed)

    def __getitem__(self, rows):
        return Centred(self.X[rows], self.origin)

    def toarray(self):
        return self.X - self.origin

    def __rmatmul__(self, left):
        n, p = self.X.shape
        tiles = [(rows, self.X[rows] - self.origin) for rows in row_slices(n, p)]
        if self.transposed:
            return np.concatenate([left @ tile.T for _, tile in tiles], axis=-1)
        return sum((left[..., rows] @ tile for rows, tile in tiles), np.zeros((*left.shape[:-1], p)))


def row_slices(n, width):
    """Consecutive slices of at most TILE_SIZE / width rows, at least one row each."""
    length = max(1, TILE_SIZE // max(1, width))
    return [slice(i, min(i + length, n)) for i in range(0, n, length)]


def part(row, rows):
    """The entries `rows` of a row, which may be (1,) for all."""
    return row if len(row) == 1 else row[rows]


@dataclass(frozen=True)
class Block:
    """Some rows of the table, made once, views only.

    Attributes
    ----------
    X : array-like of shape (m, p)
        Whatever has shape, dtype, X[rows], W @ X.T and g @ X, and toarray() unless it is an ndarray.
    y : array of shape (m,) or (m, columns)
    weight : array of shape (m,) or None
        None: every row counts once.
    offset : list of K rows or floats, or 0.0
    first : int
        Row number of the first row in the table.
    """

    X: object
    y: np.ndarray | None
    weight: np.ndarray | None = None
    offset: list | float = 0.0
    first: int = 0

    def __len__(self):
        return self.X.shape[0]

    def __getitem__(self, rows):
        """The block of these rows (a slice or indices)."""
        offset = self.offset
        if isinstance(offset, list):
            offset = [row[rows] if np.ndim(row) else row for row in offset]
        return replace(
            self,
            X=self.X[rows],
            y=None if self.y is None else self.y[rows],
            weight=None if self.weight is None else self.weight[rows],
            offset=offset,
            first=self.first + (rows.start or 0 if isinstance(rows, slice) else 0),
        )

    def eta(self, W):
        """W Z' + offset: K rows, of length 1 where no slope and no offset varies."""
        varies = W[:, 1:].any(axis=1)
        products = iter(W[varies, 1:] @ self.X.T if varies.any() else ())
        offset = self.offset if isinstance(self.offset, list) else [self.offset] * len(W)
        eta = []
        for k, intercept in enumerate(W[:, 0]):
            row = next(products) + intercept if varies[k] else np.array([intercept])
            eta.append(row + offset[k])
        return eta

    def score(self, g, sloped):
        """g Z, shape (K, 1 + p), from K rows g; only `sloped` predictors meet X, the others' slopes are 0."""
        G = np.zeros((len(g), 1 + self.X.shape[1]))
        for k, row in enumerate(g):
            G[k, 0] = row.sum() * (len(self) / len(row))
        if sloped.any():
            G[sloped, 1:] = np.stack([np.broadcast_to(g[k], len(self)) for k in np.flatnonzero(sloped)]) @ self.X
        return G

    def tiles(self, layout):
        """Pairs (rows, Z of these rows in the layout's units): [1, (X - shift) / scale], dense."""
        for rows in row_slices(len(self), 1 + self.X.shape[1]):
            Z = np.empty((rows.stop - rows.start, 1 + self.X.shape[1]))
            Z[:, 0] = 1.0
            np.subtract(dense(self.X[rows]), layout.shift, out=Z[:, 1:])
            Z[:, 1:] /= layout.scale
            yield rows, Z


class Moments:
    """Weighted mean and sum of squared deviations of the columns of X; the sum of two is exact (Chan et al., 1983)."""

    def __init__(self, total, mean, squares):
        self.total, self.mean, self.squares = total, mean, squares

    @classmethod
    def of(cls, block, columns=slice(None)):
        """The moments of a block's columns."""
        X = block.X[:, columns]
        weight = np.ones(len(block)) if block.weight is None else block.weight
        total = weight.sum()
        share = weight / total if total > 0 else weight
        if isinstance(X, np.ndarray):
            X = X.astype(float, copy=False)
            mean = share @ X
            mean = mean + share @ (X - mean)  # without the rounding of the first sum, a constant has deviations of 0
            return cls(total, mean, weight @ (X - mean) ** 2)
        mean = share @ X
        squares, of_mean = weight @ X.multiply(X), total * mean**2
        # The two sums of a constant column differ by rounding, whose root would pass for a scale of 1e-8.
        return cls(total, mean, np.where(squares - of_mean > 1e-13 * of_mean, squares - of_mean, 0.0))

    def __add__(self, other):
        total = self.total + other.total
        if total == 0:
            return self
        difference = other.mean - self.mean
        mean = self.mean + difference * (other.total / total)
        squares = self.squares + other.squares + difference**2 * (self.total * other.total / total)
        return Moments(total, mean, squares)

    @property
    def scale(self):
        """Standard deviation with divisor n, exactly 0 where only rounding of the mean is left."""
        scale = np.sqrt(self.squares / self.total)
        return np.where(scale > 4 * np.finfo(float).eps * np.abs(self.mean), scale, 0.0)


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

    def columns(self):
        """For each predictor: its free columns of Z, and the matrix from w to their coefficients in units of Z."""
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

    def along(self, basis, w):
        """The layout with coordinates v in w + basis v."""
        basis = basis if self.basis is None else self.basis @ basis
        return replace(self, held=self.entries(w), basis=basis)


def designs(Z, layout):
    """Per predictor k the matrix Z_k with eta_k = Z_k w, and the coordinates w it involves: (Z_k, slice)."""
    everything = slice(0, layout.size)
    for columns, rows, unit in layout.columns():
        free = Z if len(columns) == Z.shape[1] else Z[:, columns]
        if layout.basis is None:
            yield free, rows, unit
        else:
            yield free @ layout.basis[rows], everything, unit


def gram(block, layout, h):
    """Z' [h_kl] Z, shape (d, d): the one assembly of Hessians, information matrices and meats.

    Parameters
    ----------
    block : Block
    layout : Layout
    h : K lists of K rows, symmetric: the Hessian of each row's nll in eta, its expectation, or g g'
    """
    H = np.zeros((layout.size, layout.size))
    for rows, Z in block.tiles(layout):
        parts = list(designs(Z, layout))
        for k, (Z_k, at_k, unit_k) in enumerate(parts):
            for m, (Z_m, at_m, unit_m) in enumerate(parts[: k + 1]):
                weight = unit_k * unit_m * part(h[k][m], rows)
                if not weight.any():
                    continue
                if k == m and weight.min() >= 0:
                    root = Z_k * np.sqrt(weight)[:, None]
                    product = root.T @ root  # numpy hands A'A to syrk: half the work
                else:
                    product = Z_k.T @ (weight[:, None] * Z_m)
                H[at_k, at_m] += product
                if k != m:
                    H[at_m, at_k] += product.T
    return H


class Root:
    """R with R'R = the sum of the blocks' Z'[h]Z, by QR: the sum of two is the QR of both stacked (TSQR)."""

    def __init__(self, R):
        self.R = R

    @classmethod
    def of(cls, block, layout, roots):
        """From K lists of K rows `roots`, L with L'L = h in each row."""
        R = np.zeros((0, layout.size))
        for rows, Z in block.tiles(layout):
            parts = list(designs(Z, layout))
            tile = np.zeros((len(roots), len(Z), layout.size))
            for i, row in enumerate(roots):
                for k, (Z_k, at_k, unit_k) in enumerate(parts):
                    tile[i][:, at_k] += (unit_k * part(row[k], rows))[:, None] * Z_k
            R = np.linalg.qr(np.concatenate([R, tile.reshape(-1, layout.size)]), mode="r")
        return cls(R)

    def __add__(self, other):
        return Root(np.linalg.qr(np.concatenate([self.R, other.R]), mode="r"))


class Parts(tuple):
    """Several sums made in one pass: added part by part."""

    def __add__(self, other):
        return Parts(a + b for a, b in zip(self, other, strict=True))
