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
        the function that makes it as often as needed. A path is that of a Parquet file, or a folder of them (pyarrow),
        all with the columns of the first.
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

    Raises
    ------
    TypeError
        If `source` is nothing that comes in parts, or a generator; if `y` or `sample_weight` is no name.
    """

    def __init__(self, source, y=None, sample_weight=None):
        _demand_names("y", y, [y] if isinstance(y, str) else y)
        _demand_names("sample_weight", sample_weight, None if sample_weight is None else [sample_weight])
        if sample_weight is not None and y is None:
            raise ValueError(
                f"Batches: sample_weight={sample_weight!r} names a column of frames, whose y is to be named too: "
                "Batches(source, y=..., sample_weight=...). In tuples, (X, y, weight), the weight is the third."
            )
        _demand_source(source)
        self.source, self.y, self.sample_weight = source, y, sample_weight

    def __repr__(self):
        named = "".join(f", {name}={value!r}" for name, value in self._columns().items())
        source = repr(self.source) if isinstance(self.source, (str, os.PathLike)) else type(self.source).__name__
        return f"Batches({source}{named})"

    def __iter__(self):
        """Triples (X, y, weight), the weight None where there is none."""
        return (batch for _, *batch in self.numbered())

    def numbered(self):
        """(number, X, y, weight) of every batch that has rows; a ValueError at the end if none has."""
        empty = True
        for number, batch in enumerate(self._read()):
            X, y, weight = self._divided(batch, number) if self.y is not None else self._tuple(batch, number)
            if _length(X):
                empty = False
                yield number, X, y, weight
        if empty:
            raise ValueError(f"{self!r} yields no rows. If it is of a function, does that begin anew at every call?")

    def _read(self):
        source = self.source
        if isinstance(source, (str, os.PathLike)):
            return _parquet(source)
        if hasattr(source, "to_batches"):  # of pyarrow
            return (batch.to_pandas() for batch in source.to_batches())
        if hasattr(source, "collect_batches"):  # of polars
            return source.collect_batches()
        return source() if callable(source) else iter(source)

    def _divided(self, frame, number):
        if not hasattr(frame, "columns"):
            raise TypeError(
                f"Batches: y={self.y!r} names a column of frames; batch {number} is of type {type(frame).__name__}."
            )
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


def in_parts(source):
    """Whether it is what `Batches` reads and no table itself: a function, a generator, a path, a dataset."""
    named = callable(source) or isinstance(source, (str, os.PathLike)) or hasattr(source, "__next__")
    return named or hasattr(source, "collect_batches") or (hasattr(source, "to_batches") and not _is_table(source))


def _is_table(source):
    return hasattr(source, "shape") or hasattr(source, "columns")


def _demand_source(source):
    """A TypeError unless it is in parts, and can be read more than once."""
    kind = type(source).__name__
    if hasattr(source, "__next__"):
        raise TypeError(
            f"Batches: a {kind} can be read only once, and what follows a fit reads the rows again. Pass the function "
            "that makes it: Batches(function), without a call, or Batches(lambda: function(arguments))."
        )
    if hasattr(source, "to_batches") or in_parts(source):
        return
    if _is_table(source):
        raise TypeError(f"Batches: a {kind} is one table: pass X and y to fit, or a list of such tables here.")
    if not hasattr(source, "__iter__"):
        raise TypeError(
            "Batches: the source is an iterable of batches, a function that returns one, a path, a pyarrow Dataset or "
            f"a polars LazyFrame; got {source!r}."
        )


def _demand_names(role, given, names):
    """A TypeError unless these are None or names of columns."""
    if given is not None and not (isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)):
        raise TypeError(
            f"Batches: {role} names a column of the frames; got an object of type {type(given).__name__}. Where there "
            "are no frames, y and weights come in the batches, (X, y, weight)."
        )


def _parquet(path):
    """The frames of a Parquet file, or of a folder of them, each with the columns of the first."""
    try:
        import pyarrow
        from pyarrow import dataset
    except ImportError:
        raise ImportError("Batches of Parquet files need pyarrow and pandas: pip install pyarrow pandas.") from None

    first = names = None
    # With a schema pyarrow does not read that of the first file, with an error that names none.
    for file in dataset.dataset(path, schema=pyarrow.schema([])).get_fragments():
        try:
            found = file.physical_schema.names
        except pyarrow.ArrowInvalid as error:
            text = f"Batches: {file.path} is no Parquet file ({error}). Move it elsewhere."
            raise ValueError(text) from None
        first, names = (file.path, found) if names is None else (first, names)
        for some, others, where, there in ((found, names, file.path, first), (names, found, first, file.path)):
            only = [name for name in some if name not in others]
            if only:
                raise ValueError(f"Batches: column {only[0]!r} is in {where}, and not in {there}.")
        for batch in file.to_batches(columns=names):
            yield batch.to_pandas()


def _length(X):
    return X.shape[0] if hasattr(X, "shape") else len(X)
