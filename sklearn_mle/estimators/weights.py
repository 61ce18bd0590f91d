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
    if isinstance(weight, Real):
        weight = np.full(n, weight)
    weight = check_numbers(weight, "sample_weight", "a likelihood", columns=None)
    if weight.shape != (n,):
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(n,)}: one weight for each row of X.")
    if (weight < 0).any():
        i = int(np.argmax(weight < 0))
        raise ValueError(f"sample_weight must be >= 0 (negative weights have no likelihood); row {i} has {weight[i]}.")
    if not weight.any():
        raise ValueError("sample_weight is zero in every row: no row is left.")
    with np.errstate(over="ignore"):
        if np.isinf(weight.sum()) or weight.max() < SMALLEST:
            raise ValueError(
                f"sample_weight leaves the range of floats: the largest is {weight.max()}, the sum {weight.sum()}. "
                "Divide them by the largest."
            )
    return weight


def few_heavy(objective, share):
    """How many rows have at least this share of all weight, if these are fewer than the coefficients; else None."""
    weight, coefficients = objective.rows.block.weight, int(objective.layout.mask.sum(axis=1).max())
    if weight is None or objective.penalty.alpha > 0:
        return None
    heavy = int((weight >= share * objective.rows.total).sum())
    return heavy if heavy < min(coefficients, objective.n_rows) else None


def without_weightless(y, weight):
    """y, where rows of weight zero take the y of the first row with positive weight: they influence nothing."""
    if weight is None or weight.all():
        return y
    y = y.copy()
    y[weight == 0] = y[np.argmax(weight > 0)]
    return y
