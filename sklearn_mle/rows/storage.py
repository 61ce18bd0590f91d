"""Columns that come in parts: kept in memory, or in a temporary file that is mapped into memory."""

import errno
import tempfile
import weakref

import numpy as np
from scipy import sparse

from ..design import csr

# Rows that are copied at once.
PIECE = 2**15


def on_disk(table):
    """Whether an array, what a csr matrix stores, or what `Centred` is made of, is a view of a memory map."""
    table = getattr(table, "X", table)
    array = getattr(table, "data", None) if sparse.issparse(table) else table
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False


class Column:
    """An array that comes in parts along its first axis, in memory; `whole` itself while the parts are views of it."""

    def __init__(self, whole=None):
        self.whole, self.n, self.parts = whole, 0, []

    def append(self, part):
        """Add the next part."""
        if self.whole is not None and not np.may_share_memory(part, self.whole):
            before, self.whole = self.whole[: self.n], None
            for i in range(0, self.n, PIECE):
                self._keep(before[i : i + PIECE])
        if self.whole is None:
            self._keep(part)
        self.n += len(part)

    def array(self):
        """All parts together."""
        return self._kept() if self.whole is None else self.whole

    def _keep(self, part):
        self.parts.append(part)

    def _kept(self):
        return self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts)


class ColumnOnDisk(Column):
    """The same in a temporary file, mapped into memory."""

    def __init__(self, whole=None):
        super().__init__(whole)
        self.file = None

    def _keep(self, part):
        if self.file is None:
            self._open(part.dtype, part.shape[1:])
        wider = np.result_type(self.dtype, part.dtype)
        if wider != self.dtype:
            before = self._kept()
            self._open(wider, self.shape)
            for i in range(0, len(before), PIECE):
                self._write(before[i : i + PIECE])
        self._write(part)

    def _open(self, dtype, shape):
        # It has no name, is closed with the column, and is gone with the last map of it.
        self.file = tempfile.TemporaryFile(buffering=0)
        weakref.finalize(self, self.file.close)
        self.dtype, self.shape, self.written = dtype, shape, 0

    def _write(self, part):
        self.written += len(part)
        left = memoryview(np.ascontiguousarray(part, dtype=self.dtype).reshape(-1).view(np.uint8))
        try:
            while left:
                left = left[self.file.write(left) :]
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            text = f"The rows do not fit into {tempfile.gettempdir()}: name a larger folder in the variable TMPDIR."
            raise OSError(errno.ENOSPC, text) from None

    def _kept(self):
        shape = self.written, *self.shape
        if 0 in shape:  # there is nothing to map
            return np.empty(shape, self.dtype)
        # np.asarray: a memmap's own indexing costs a microsecond more, for every block and pass.
        return np.asarray(np.memmap(self.file, self.dtype, mode="r", shape=shape))


class CsrOnDisk:
    """A csr matrix that comes in parts along its first axis, in temporary files, mapped into memory."""

    def __init__(self):
        self.data, self.indices, self.ends = ColumnOnDisk(), ColumnOnDisk(), ColumnOnDisk()
        self.ends.append(np.zeros(1, dtype=np.int32))
        self.stored = 0

    def append(self, part):
        """Add the next rows."""
        self.width, ends = part.shape[1], self.stored + part.indptr[1:].astype(np.int64)
        self.stored += int(part.indptr[-1])  # in the width of part.indptr, the sum would not be noticed to overflow
        # scipy wants both of one type, as narrow as possible: else it converts, in memory.
        index = np.int32 if self.stored < 2**31 else np.int64
        self.ends.append(ends.astype(index))
        self.indices.append(part.indices.astype(index))
        self.data.append(part.data)

    def array(self):
        """All rows."""
        return csr(self.data.array(), self.indices.array(), self.ends.array(), self.width)
