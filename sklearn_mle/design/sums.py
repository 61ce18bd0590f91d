"""What a pass over the rows adds up: moments, Z'hZ, its root, and several at once; the sum of two is by +."""

import numpy as np
from scipy import sparse

from .block import csr, of_rows, row_slices
from .layout import designs

# A share of the mean: a standard deviation of less is the rounding of some operations, as in splines of 0 and 1.
CONSTANT = 32 * np.finfo(float).eps
# A share of the mean square: a variance of less has lost digits to the difference.
CANCELLED = 1e-3


class Moments:
    """Weighted mean and sum of squared deviations of the columns of X; the sum of two is exact (Chan et al., 1983)."""

    def __init__(self, total, mean, squares):
        self.total, self.mean, self.squares = total, mean, squares

    @classmethod
    def of(cls, block, columns=None):
        """The moments of a block's columns."""
        X = block.X if columns is None else block.X[:, columns]
        weight = np.ones(len(block)) if block.weight is None else block.weight
        total = weight.sum()
        share = weight / total if total > 0 else weight
        if isinstance(X, np.ndarray):
            return cls(total, *_moments(X, weight, share))
        X = X.tocsr() if sparse.issparse(X) else X.tocoo().tocsr()
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        squared = csr(np.square(X.data, dtype=float), X.indices, X.indptr, X.shape[1])
        mean, square = (share[None] @ X)[0], (share[None] @ squared)[0]
        squares = total * (square - mean**2)
        # Where little is left of the squares, as of a constant, deviations are formed.
        cancelled = np.flatnonzero((square > 0) & (square - mean**2 < CANCELLED * square))
        for some in row_slices(len(cancelled), len(block)):
            mean[cancelled[some]], squares[cancelled[some]] = _moments(X[:, cancelled[some]].toarray(), weight, share)
        return cls(total, mean, squares)

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
        """Standard deviation with divisor n, exactly 0 where only rounding is left: of the mean, or of the numbers."""
        scale = np.sqrt(self.squares / self.total)
        return np.where(scale > CONSTANT * np.abs(self.mean), scale, 0.0)


def _moments(X, weight, share):
    """The mean of the columns of a dense X and the weighted sum of their squared deviations."""
    mean = share @ X.astype(float, copy=False)
    rest, squares = np.zeros(len(mean)), np.zeros(len(mean))
    for rows in row_slices(*X.shape):
        deviations = X[rows] - mean
        rest += share[rows] @ deviations
        squares += weight[rows] @ np.square(deviations, out=deviations)
    # Without the rounding of the first sum, so that a constant has deviations of 0.
    return mean + rest, np.maximum(squares - weight.sum() * rest**2, 0.0)


def gram(block, layout, h):
    """Z' [h_kl] Z, shape (d, d): the one assembly of Hessians, information matrices and meats.

    Parameters
    ----------
    block : Block
    layout : Layout
    h : K lists of K rows, symmetric: the Hessian of each row's nll in eta, its expectation, or g g'
    """
    if layout.basis is None and block.gram is not None:
        return _gram_of_X(block, layout, h)
    H = np.zeros((layout.size, layout.size))
    for rows, Z in block.tiles(layout):
        parts = list(designs(Z, layout))
        for k, (Z_k, at_k, unit_k) in enumerate(parts):
            for m, (Z_m, at_m, unit_m) in enumerate(parts[: k + 1]):
                weight = unit_k * unit_m * of_rows(h[k][m], rows)
                if not weight.any():
                    continue
                if k == m and weight.min() >= 0:
                    root = Z_k * np.sqrt(weight)[:, None]
                    product = root.T @ root  # numpy hands A'A to syrk: half the work
                elif Z_k.shape[1] < Z_m.shape[1]:
                    product = (weight[:, None] * Z_k).T @ Z_m
                else:
                    product = Z_k.T @ (weight[:, None] * Z_m)
                H[at_k, at_m] += product
                if k != m:
                    H[at_m, at_k] += product.T
    return H


def _gram_of_X(block, layout, h):
    """`gram` by that of X itself, in the columns that a pair of predictors has."""
    H, parts = np.zeros((layout.size, layout.size)), list(layout.columns())
    for k, (columns_k, at_k, unit_k) in enumerate(parts):
        for m, (columns_m, at_m, unit_m) in enumerate(parts[: k + 1]):
            weight = np.broadcast_to(unit_k * unit_m * h[k][m], len(block))
            if not weight.any():
                continue
            used = (layout.mask[k] | layout.mask[m])[1:]
            X = block.X if used.all() else block.X[:, used]
            at = np.append(0, np.cumsum(used))
            product = X.gram(weight, layout.shift[used], layout.scale[used])[np.ix_(at[columns_k], at[columns_m])]
            H[at_k, at_m], H[at_m, at_k] = product, product.T
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
                    tile[i][:, at_k] += (unit_k * of_rows(row[k], rows))[:, None] * Z_k
            R = np.linalg.qr(np.concatenate([R, tile.reshape(len(roots) * len(Z), layout.size)]), mode="r")
        return cls(R)

    def __add__(self, other):
        return Root(np.linalg.qr(np.concatenate([self.R, other.R]), mode="r"))


class Sums(tuple):
    """Several sums made in one pass: added one by one."""

    def __add__(self, other):
        return Sums(a + b for a, b in zip(self, other, strict=True))


class Least(tuple):
    """A tuple; the sum of two is the lesser one."""

    def __add__(self, other):
        return min(self, other)
