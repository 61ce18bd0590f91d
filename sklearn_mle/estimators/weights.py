"""Sample weights: what they may be, and rows of weight zero, which influence nothing."""

from numbers import Real

import numpy as np

from .table import check_numbers

# Products with smaller weights lose their digits to underflow.
SMALLEST = np.finfo(float).tiny / np.finfo(float).eps


def check_weight(weight, n):
    """sample_weight as a float array of shape (n,), or None."""
    if weight is None:
        return None
    weight = nonnegative(weight, n)
    with np.errstate(over="ignore"):
        Total(weight.sum(), weight.max(initial=0.0)).demand()
    return weight


def nonnegative(weight, n):
    """Some rows' weights as a float array of shape (n,)."""
    if isinstance(weight, Real):
        weight = np.full(n, weight)
    weight = check_numbers(weight, "sample_weight", "a likelihood", columns=None)
    if weight.shape != (n,):
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(n,)}: one weight for each row of X.")
    if weight.min(initial=0.0) < 0:
        i = int(np.argmax(weight < 0))
        raise ValueError(f"sample_weight must be >= 0 (negative weights have no likelihood); row {i} has {weight[i]}.")
    return weight


class Total:
    """Sum and maximum of weights; the sum of two is that of both."""

    def __init__(self, total=0.0, most=0.0):
        self.total, self.most = total, most

    @classmethod
    def of(cls, block):
        """Those of a block with weights."""
        return cls(block.weight.sum(), block.weight.max(initial=0.0))

    def __add__(self, other):
        return Total(self.total + other.total, max(self.most, other.most))

    def demand(self):
        """A ValueError unless some weight is positive, and all are within the range of floats."""
        if self.most == 0:
            raise ValueError("sample_weight is zero in every row: no row is left.")
        if np.isinf(self.total) or self.most < SMALLEST:
            raise ValueError(
                f"sample_weight leaves the range of floats: the largest is {self.most}, the sum {self.total}. "
                "Divide them by the largest."
            )


def few_heavy(objective, share):
    """How many rows have at least this share of all weight, if these are fewer than the coefficients; else None."""
    rows, coefficients = objective.rows, int(objective.layout.mask.sum(axis=1).max())
    if not rows.weighted or objective.penalty.alpha > 0:
        return None
    heavy = rows.sum(_heavy, share * rows.total)
    return heavy if heavy < min(coefficients, objective.n_rows) else None


def _heavy(block, least):
    return int(np.count_nonzero(block.weight >= least))


class StandIn:
    """Rows of weight zero take the y of the first row with positive weight: they influence nothing."""

    def __init__(self):
        self.y = None

    def fill(self, y, weight):
        """y, or a copy of it where some weight is zero; weight is not zero everywhere the first time."""
        if self.y is None and len(y):
            i = 0 if weight is None else int(np.argmax(weight > 0))
            self.y = y[i : i + 1]
        if weight is None or weight.all():
            return y
        return np.where((weight > 0).reshape(-1, *[1] * (y.ndim - 1)), y, self.y)


def owner(row, weight):
    """The row whose y this row of a filled y has."""
    return row if weight is None or weight[row] else int(np.argmax(weight > 0))
