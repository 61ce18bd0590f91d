"""X made of parts that repeat few rows: kept as a code a row, multiplied by sums over the rows of each code."""

import numpy as np
from scipy import sparse

from .block import dense, row_slices

# Sums over rows for each of a product: up to here they cost no more than the nll of a row, or little.
CHEAP = 4
# A sum over rows by codes takes as long as so many products of two dense columns, which BLAS adds up.
BLAS = 16


class Repeated:
    """table[codes], never formed: n rows of which only m are different.

    Parameters
    ----------
    codes : integer array of shape (n,)
    table : ndarray or csr of shape (m, p)
    """

    __array_ufunc__ = None  # `ndarray @ self` then comes here

    def __init__(self, codes, table, transposed=False):
        self.codes, self.table, self.transposed = codes, table, transposed

    @property
    def shape(self):
        shape = len(self.codes), self.table.shape[1]
        return shape[::-1] if self.transposed else shape

    @property
    def dtype(self):
        return np.dtype(float)

    @property
    def nnz(self):
        return len(self.codes)

    @property
    def T(self):
        return Repeated(self.codes, self.table, not self.transposed)

    def __getitem__(self, at):
        rows, columns = at if isinstance(at, tuple) else (at, None)
        return Repeated(self.codes[rows], self.table if columns is None else self.table[:, columns])

    def __rmatmul__(self, left):
        if self.transposed:
            return (left @ self.table.T).take(self.codes, axis=-1)
        return self.sums(left) @ self.table

    def sums(self, left):
        """Of each row of `left` (..., n) over the rows of X of each code, shape (..., m)."""
        m = self.table.shape[0]
        sums = [np.bincount(self.codes, row, m) for row in left.reshape(-1, left.shape[-1])]
        return np.reshape(sums, (*left.shape[:-1], m))

    def counts(self, other, h):
        """Sums of h over the rows of each pair of codes, shape (m, m of the other)."""
        shape = self.table.shape[0], other.table.shape[0]
        return np.bincount(self.codes * shape[1] + other.codes, h, shape[0] * shape[1]).reshape(shape)

    def tocoo(self):
        return sparse.csr_array(self.table)[self.codes].tocoo()

    def toarray(self):
        return dense(self.table[self.codes])


class Columns:
    """Columns of several parts side by side.

    Parameters
    ----------
    plain : (columns, X)
        The columns (increasing) of the whole that are kept as they are, and they, ndarray or csr; there may be none.
    repeated : list of (columns, Repeated)
    """

    __array_ufunc__ = None

    def __init__(self, plain, repeated, transposed=False):
        self.plain, self.repeated, self.transposed = plain, repeated, transposed
        self.parts = [*([plain] if len(plain[0]) or not repeated else []), *repeated]

    @property
    def shape(self):
        shape = self.plain[1].shape[0], sum(len(columns) for columns, _ in self.parts)
        return shape[::-1] if self.transposed else shape

    @property
    def dtype(self):
        return np.dtype(float)

    @property
    def nnz(self):
        return sum(getattr(X, "nnz", X.shape[0] * X.shape[1]) for _, X in self.parts)

    @property
    def T(self):
        return Columns(self.plain, self.repeated, not self.transposed)

    def __getitem__(self, at):
        rows, wanted = at if isinstance(at, tuple) else (at, None)
        plain, *repeated = [(columns, X[rows]) for columns, X in [self.plain, *self.repeated]]
        if wanted is not None:
            wanted = np.arange(self.shape[1])[wanted]
            plain, *repeated = [_some(wanted, *part) for part in [plain, *repeated]]
        return Columns(plain, [part for part in repeated if len(part[0])])

    def __rmatmul__(self, left):
        if self.transposed:
            first, *others = (left[..., columns] @ X.T for columns, X in self.parts)
            for product in others:
                first += product
            return first
        product = np.empty((*left.shape[:-1], self.shape[1]))
        for columns, X in self.parts:
            product[..., columns] = left @ X
        return product

    @property
    def cheap_gram(self):
        """Whether `gram` needs few times the sums over rows that g @ X needs."""
        plain, repeated = self.plain[1].shape[1], len(self.repeated)
        sums = repeated * (repeated - 1) / 2 + (1 + plain) * repeated + (1 + plain) ** 2 / BLAS
        return sums <= CHEAP * (plain + repeated)

    def gram(self, h, shift, scale):
        """Z' diag(h) Z of Z = [1, (X - shift) / scale], shape (1 + p, 1 + p): by tables, from sums of h by their codes.

        So codes meet h once for each pair of parts, and columns only where all rows of a code are one.
        """
        gram = np.empty((1 + len(shift), 1 + len(shift)))

        def standard(columns, X):
            return (dense(X) - shift[columns]) / scale[columns]

        columns, X = self.plain
        at, by_code = np.append(0, 1 + columns), [0.0 for _ in self.repeated]
        total = np.zeros((len(at), len(at)))
        for rows in row_slices(len(h), len(at)):
            Z = np.column_stack([np.ones(rows.stop - rows.start), standard(columns, X[rows])])
            weighted = Z.T * h[rows]
            total += weighted @ Z
            by_code = [sums + part[rows].sums(weighted) for sums, (_, part) in zip(by_code, self.repeated, strict=True)]
        gram[np.ix_(at, at)] = total
        coded = [(1 + columns, standard(columns, part.table), part) for columns, part in self.repeated]
        for i, (at_i, Z_i, part_i) in enumerate(coded):
            gram[np.ix_(at, at_i)] = by_code[i] @ Z_i
            gram[np.ix_(at_i, at)] = gram[np.ix_(at, at_i)].T
            gram[np.ix_(at_i, at_i)] = Z_i.T @ (by_code[i][0][:, None] * Z_i)
            for at_j, Z_j, part_j in coded[:i]:
                gram[np.ix_(at_i, at_j)] = np.linalg.multi_dot([Z_i.T, part_i.counts(part_j, h), Z_j])
                gram[np.ix_(at_j, at_i)] = gram[np.ix_(at_i, at_j)].T
        return 0.5 * (gram + gram.T)  # to the last digit

    def tocoo(self):
        parts = [
            (columns, sparse.coo_array(X) if isinstance(X, np.ndarray) else X.tocoo()) for columns, X in self.parts
        ]
        row, data = (np.concatenate([getattr(X, name) for _, X in parts]) for name in ("row", "data"))
        return sparse.coo_array((data, (row, np.concatenate([columns[X.col] for columns, X in parts]))), self.shape)

    def toarray(self):
        out = np.empty(self.shape)
        for columns, X in self.parts:
            out[:, columns] = dense(X)
        return out


def _some(wanted, columns, X):
    """Which of the wanted columns X has, and they."""
    at = np.flatnonzero(np.isin(wanted, columns))
    return at, X[:, np.searchsorted(columns, wanted[at])]
