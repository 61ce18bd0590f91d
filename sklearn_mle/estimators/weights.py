"""Sample weights: what they may be, and rows of weight zero, which influence nothing."""

from numbers import Real

import numpy as np
from sklearn.utils import check_array


def check_weight(weight, X):
    """sample_weight as a float array of shape (n,), or None."""
    if weight is None:
        return None
    n = X.shape[0]
    if isinstance(weight, Real):
        weight = np.full(n, weight)
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight", order="C")
    if weight.shape != (n,):
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(n,)}: one weight for each row of X.")
    if (weight < 0).any():
        i = int(np.argmax(weight < 0))
        raise ValueError(f"sample_weight must be >= 0 (negative weights have no likelihood); row {i} has {weight[i]}.")
    if not weight.any():
        raise ValueError("sample_weight is zero in every row: there is nothing to fit.")
    return weight


def without_weightless(y, weight):
    """y, where rows of weight zero take the y of the first row with positive weight: they influence nothing."""
    if weight is None or weight.all():
        return y
    y = y.copy()
    y[weight == 0] = y[np.argmax(weight > 0)]
    return y
