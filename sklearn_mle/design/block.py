"""Some rows of the table, and what is asked of an X: products with Z = [1, X] and its tiles."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

# A tile of Z should stay in the second-level cache: 2^16 doubles are 512 KiB.
TILE_SIZE = 2**16
# Beyond this |mean| / standard deviation, implicit centring would lose more than three digits.
FAR = 1e3


def dense(X):
    """X as a float64 array."""
    return np.asarray(X if isinstance(X, np.ndarray) else X.toarray(), dtype=float)


class Centred:
    """X - origin in float64, never formed as a whole: for a dense X whose columns lie far from 0, or of float32.

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

    def __getitem__(self, at):
        rows, columns = at if isinstance(at, tuple) else (at, slice(None))
        return Centred(self.X[rows, columns], self.origin[columns])

    def toarray(self):
        X = np.array(self.X if isinstance(self.X, np.ndarray) else self.X.toarray(), dtype=float)
        if np.any(self.origin):
            X -= self.origin
        return X

    def __rmatmul__(self, left):
        n, p = self.X.shape
        tiles = ((rows, self[rows].toarray()) for rows in row_slices(n, p))
        if self.transposed:
            return np.concatenate([left @ tile.T for _, tile in tiles], axis=-1)
        return sum((left[..., rows] @ tile for rows, tile in tiles), np.zeros((*left.shape[:-1], p)))


def row_slices(n, width, size=TILE_SIZE):
    """Consecutive slices of about size / width rows."""
    # An odd number: at strides of a power of two, columns would push each other out of the cache.
    length = size // max(1, width) | 1
    return [slice(i, min(i + length, n)) for i in range(0, n, length)]


def taken(X, rows):
    """The rows of X at these numbers, or a view of a slice of them."""
    if sparse.issparse(X) and X.format == "csr" and isinstance(rows, slice):
        return csr_rows(X, *rows.indices(X.shape[0])[:2])
    # numpy's take is twice as fast as its indexing.
    return X.take(rows, axis=0) if isinstance(X, np.ndarray) and not isinstance(rows, slice) else X[rows]


def csr_rows(X, start, stop):
    """The rows start .. stop - 1 of a csr matrix, as views of what it stores: scipy's own slices are copies."""
    first, last = X.indptr[start], X.indptr[stop]
    ends = X.indptr[start : stop + 1] - first
    return csr(X.data[first:last], X.indices[first:last], ends, X.shape[1])


def csr(values, columns, ends, width):
    """A csr array of these parts themselves: scipy's constructor may copy them."""
    return _of_parts(Csr, (len(ends) - 1, width), values, columns, ends)


class Shared:
    """A sparse array whose transpose, and so its products, are of the same parts: scipy's may be of copies."""

    @cached_property
    def T(self):
        return _of_parts(self.transposed, self.shape[::-1], self.data, self.indices, self.indptr)

    def transpose(self, axes=None, copy=False):
        return super().transpose(axes, copy) if copy or axes is not None else self.T


class Csr(Shared, sparse.csr_array):
    pass


class Csc(Shared, sparse.csc_array):
    pass


Csr.transposed, Csc.transposed = Csc, Csr


def _of_parts(kind, shape, values, numbers, ends):
    table = kind(shape, dtype=values.dtype)
    table.data, table.indices, table.indptr = values, numbers, ends
    return table


def of_rows(row, rows):
    """The entries `rows` of a row, which may be (1,) for all."""
    return row if len(row) == 1 else row[rows]


@dataclass(frozen=True)
class Block:
    """Some rows of the table, made once, views only.

    Attributes
    ----------
    X : array-like of shape (m, p)
        Whatever has shape, dtype, X[rows], W @ X.T and g @ X, and toarray() unless it is an ndarray; and gram(h, shift,
        scale) where Z'hZ has a shorter way than by tiles, with `cheap_gram`.
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

    @property
    def gram(self):
        """Z'hZ as X itself makes it, or None: a foreign table has tiles only."""
        return getattr(self.X, "gram", None)

    @property
    def cheap_gram(self):
        """Whether Z'hZ takes few times as long as g Z."""
        return self.gram is not None and self.X.cheap_gram

    def __getitem__(self, rows):
        """The block of these rows (a slice or indices)."""
        offset = self.offset
        if isinstance(offset, list):
            offset = [row[rows] if np.ndim(row) else row for row in offset]
        return replace(
            self,
            X=taken(self.X, rows),
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
            row = next(products) if varies[k] else np.zeros(1)
            row += intercept  # in place: a temporary costs as much as the sum
            eta.append(row + offset[k] if np.ndim(offset[k]) or offset[k] else row)
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
        """Pairs (rows, Z of these rows in the layout's units): [1, (X - shift) / scale], dense, of `layout.used`."""
        used = layout.used
        first, columns, width = int(used[0]), used[1:], int(used.sum())  # first: of the slopes
        shift, scale = layout.shift[columns, None], layout.scale[columns, None]
        size = max(TILE_SIZE, layout.size**2)  # no smaller than the d x d matrix to which each tile adds
        for rows in row_slices(len(self), width, size):
            Z = np.empty((width, rows.stop - rows.start))  # Z': what is by column or by row then has no short loops
            Z[:first] = 1.0
            if columns.any():
                X = dense(self.X[rows]).T
                np.subtract(X if columns.all() else X[columns], shift, out=Z[first:])
                Z[first:] /= scale
            yield rows, Z.T
