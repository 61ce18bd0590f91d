"""Tables that come in batches: whatever yields X, y and weights, part by part, each time it is asked."""

import os


class Batches:
    """A table in parts, so that no more than one part need be in memory: what `fit` takes in the place of X and y.

    A fit reads it once. It checks each batch as it comes and writes the numbers to a temporary file (of the table's
    size, in the folder that the environment variable TMPDIR names), from where every further pass reads them: that is
    quicker than to parse or decompress them again. The coefficients are those of the same rows in memory.

    Parameters
    ----------
    source : iterable, callable, path, pyarrow Dataset or polars LazyFrame
        An iterable of batches, or a function without arguments that returns one: a generator can be read only once,
        the function that makes it as often as needed. A path is that of a Parquet file, or a folder of them (pyarrow).
        A batch is a tuple (X, y) or (X, y, weight), of whatever `fit` takes for them: arrays, frames, sparse matrices.
        Where `y` is given it is a frame.
    y : str or list of str, default=None
        The column of the frames that is y, or the columns.
    sample_weight : str, default=None
        The column that holds the weights. All other columns are X.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import Batches, MLERegressor
    >>> def batches():
    ...     for seed in range(3):
    ...         X = np.random.default_rng(seed).normal(size=(100, 2))
    ...         yield X, X @ [1.0, 2.0] + X[:, 0] ** 2
    >>> model = MLERegressor().fit(Batches(batches))
    >>> model.coef_.shape
    (2,)
    """

    def __init__(self, source, y=None, sample_weight=None):
        self.source, self.y, self.sample_weight = source, y, sample_weight

    def __repr__(self):
        named = "".join(f", {name}={value!r}" for name, value in self._columns().items())
        source = repr(self.source) if isinstance(self.source, (str, os.PathLike)) else type(self.source).__name__
        return f"Batches({source}{named})"

    def __iter__(self):
        """Triples (X, y, weight), the weight None where there is none."""
        return (batch for _, *batch in self.numbered())

    def numbered(self):
        """(number, X, y, weight) of every batch that has rows."""
        if self.sample_weight is not None and self.y is None:
            raise ValueError(
                f"Batches: sample_weight={self.sample_weight!r} names a column of frames, whose y is to be named too: "
                "Batches(source, y=..., sample_weight=...). In tuples, (X, y, weight), the weight is the third."
            )
        for number, batch in enumerate(self._read()):
            X, y, weight = self._divided(batch) if self.y is not None else self._tuple(batch, number)
            if _length(X):
                yield number, X, y, weight

    def _read(self):
        source = self.source
        if isinstance(source, (str, os.PathLike)):
            from pyarrow import dataset

            source = dataset.dataset(source)
        if hasattr(source, "to_batches"):  # of pyarrow
            return (batch.to_pandas() for batch in source.to_batches())
        if hasattr(source, "collect_batches"):  # of polars
            return source.collect_batches()
        return source() if callable(source) else iter(source)

    def _divided(self, frame):
        names, y = list(frame.columns), self.y
        taken = [*([y] if isinstance(y, str) else y), *([] if self.sample_weight is None else [self.sample_weight])]
        for name in taken:
            if name not in names:
                raise ValueError(f"Batches: {name!r} is no column; there are {names}.")
        X = frame[[name for name in names if name not in taken]]
        return X, frame[y], None if self.sample_weight is None else frame[self.sample_weight]

    def _tuple(self, batch, number):
        if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
            raise TypeError(
                f"Batches: a batch is a tuple (X, y) or (X, y, weight); batch {number} is of type "
                f"{type(batch).__name__}. Name the column y where batches are frames: Batches(source, y=...)."
            )
        return (*batch, None) if len(batch) == 2 else tuple(batch)

    def _columns(self):
        named = {"y": self.y, "sample_weight": self.sample_weight}
        return {name: value for name, value in named.items() if value is not None}


def _length(X):
    return X.shape[0] if hasattr(X, "shape") else len(X)
