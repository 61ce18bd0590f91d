"""The values that y can take, and the error for those it cannot."""

from collections import namedtuple
from dataclasses import dataclass

import numpy as np

Outside = namedtuple("Outside", "row value")


@dataclass(frozen=True)
class Support:
    """The set of y with positive density: an interval, of the integers in it where `integer`.

    Parameters
    ----------
    lower, upper : float
        Bounds, which belong to the set unless `open`.
    integer : bool
        Whether `dist` is discrete. `check` accepts other values within the bounds (quasi-likelihood).
    columns : int
        Columns of y: 1 stands for shape (n,), m for shape (n, m).
    row : str
        What a row of several columns is, for messages.
    infinite : bool
        Whether y may be infinite, as the open end of a censoring interval is.
    open : bool
        Whether the bounds are excluded.
    """

    lower: float = -np.inf
    upper: float = np.inf
    integer: bool = False
    columns: int = 1
    row: str = ""
    infinite: bool = False
    open: bool = False

    def __str__(self):
        less = "<" if self.open else "<="
        lower = f"{self.lower:g}" if np.isfinite(self.lower) else ""
        upper = f"{self.upper:g}" if np.isfinite(self.upper) else ""
        if lower and upper:
            bounds = f"{lower} {less} y {less} {upper}"
        elif lower or upper:
            bounds = f"y {less.replace('<', '>')} {lower}" if lower else f"y {less} {upper}"
        else:
            return "real numbers"
        return f"counts, {bounds}" if self.integer else bounds

    def contains(self, y):
        """Whether each value of y lies in the set: booleans of the shape of y."""
        if self.open:
            return (y > self.lower) & (y < self.upper)
        return (y >= self.lower) & (y <= self.upper)

    def outside(self, y):
        """The first row of y with a value outside the set: (row, value), or None."""
        inside = self.contains(y)
        if inside.all():
            return None
        row = int(np.argmin(inside.reshape(len(y), -1).all(axis=1)))
        return Outside(row, y[row].tolist())

    def fraction(self, y):
        """The first row of y with a value that `dist` excludes, for it is no integer: (row, value), or None."""
        if not self.integer or (whole := y == np.floor(y)).all():
            return None
        row = int(np.argmin(whole.reshape(len(y), -1).all(axis=1)))
        return Outside(row, y[row].tolist())

    def check(self, y, name="The likelihood"):
        """y itself, or a ValueError that names the first row outside the set."""
        outside = self.outside(y)
        if outside is not None:
            raise ValueError(f"{name} models {self}; y[{outside.row}] is {outside.value}.")
        return y


REAL = Support()
POSITIVE = Support(lower=0.0, open=True)
COUNTS = Support(lower=0.0, integer=True)
