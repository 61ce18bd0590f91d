"""Where the rows are and who adds over them: arrays and threads, memory maps, batches."""

from .base import SAMPLE, Rows, block_length, fold, unwatched
from .batches import Batches, in_parts
from .storage import ColumnOnDisk, CsrOnDisk, on_disk
from .threads import one_blas_thread

__all__ = [
    "SAMPLE",
    "Batches",
    "ColumnOnDisk",
    "CsrOnDisk",
    "Rows",
    "block_length",
    "fold",
    "in_parts",
    "on_disk",
    "one_blas_thread",
    "unwatched",
]
