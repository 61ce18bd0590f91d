"""Statistics of a weighted sample, from which searches start."""

import numpy as np


def spread(y, weight):
    """Weighted mean and standard deviation; where y is constant, its size instead: any positive scale will do."""
    mean = np.average(y, weights=weight)
    deviation = np.sqrt(np.average((y - mean) ** 2, weights=weight))
    return mean, deviation if deviation > 4 * np.finfo(float).eps * abs(mean) else abs(mean) or 1.0


def quantile(y, weight, q):
    """The q-quantile of the table in which row i stands weight_i times; between two values, their middle."""
    order = np.argsort(y)
    order = order[weight[order] > 0]
    y, cumulated = y[order], np.cumsum(weight[order])
    lower, upper = (np.searchsorted(cumulated, cumulated[-1] * q, side) for side in ("left", "right"))
    return y[lower] + (y[min(upper, len(y) - 1)] - y[lower]) / 2


def median(y, weight):
    """The median of the table in which row i stands weight_i times."""
    return quantile(y, weight, 0.5)


def rate(y, weight):
    """The weighted mean of counts, half a count in all where every count is 0."""
    return np.average(y, weights=weight) or 0.5 / np.count_nonzero(weight)
