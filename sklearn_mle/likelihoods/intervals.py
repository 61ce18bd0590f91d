"""log P(lower < Y <= upper) of any likelihood, from the tail in which it is small."""

from functools import reduce

import numpy as np

from ..jets.jet import value_of
from .base import Likelihood
from .wrappers import log_prob

# So many counts are summed term by term.
FEW = 64


def log_probability(base, lower, upper, *theta):
    """log P(lower < Y <= upper); lower and upper are numbers or rows, and an end beyond the support is none."""
    lower, upper = np.atleast_1d(lower), np.atleast_1d(upper)
    with np.errstate(all="ignore"):  # of branches that are not taken
        return (_of_counts if base.support.integer else _of_numbers)(base, lower, upper, *theta)


def _of_counts(base, lower, upper, *theta):
    support = base.support
    first, open_above = np.maximum(np.floor(lower) + 1, support.lower), upper >= support.upper
    last = np.where(open_above, first, np.floor(upper))
    below = np.maximum(first - 1, support.lower)
    above = 0.0
    if np.any(open_above & (first > support.lower)):
        above = np.where(first > support.lower, log_above(base, below, *theta), 0.0)
    if open_above.all():
        return above
    if np.max(last - first) < FEW:
        inside = log_sum(base, first, last, *theta)
    else:
        more, less = nearer_tail(base, below, last, *theta)
        inside = more + np.log(-np.expm1(less - more))
        inside = np.where(first > support.lower, inside, base.log_cdf(last, *theta))
    return np.where(open_above, above, inside)


def _of_numbers(base, lower, upper, *theta):
    open_below, open_above = lower <= base.support.lower, upper >= base.support.upper
    middle = middle_of(base, lower, upper)
    low, high = np.where(open_below, middle, lower), np.where(open_above, middle, upper)
    above_low = 0.0 if open_below.all() else np.where(open_below, 0.0, base.log_sf(low, *theta))
    below_high = 0.0 if open_above.all() else np.where(open_above, 0.0, base.log_cdf(high, *theta))
    between = ~(open_below | open_above)
    if not between.any():
        return above_low + below_high
    more, less = nearer_tail(base, low, high, *theta)
    # Simpson's rule where the ends' probabilities differ by less than 1 %: its error is below 1e-11.
    ends = np.logaddexp(base.log_prob(low, *theta), base.log_prob(high, *theta))
    mean = np.logaddexp(ends, np.log(4.0) + base.log_prob(middle, *theta)) - np.log(6.0)
    inside = np.where(more - less < 0.01, mean + np.log(high - low), more + np.log(-np.expm1(less - more)))
    return np.where(between, inside, above_low + below_high)


def nearer_tail(base, low, high, *theta):
    """log P of what lies beyond low and beyond high, in the tail in which both are small: the larger one first."""
    above_low, below_high = base.log_sf(low, *theta), base.log_cdf(high, *theta)
    upper_tail = above_low < below_high
    more = np.where(upper_tail, above_low, below_high)
    less = np.where(upper_tail, base.log_sf(high, *theta), base.log_cdf(low, *theta))
    return more, less


def middle_of(base, lower, upper):
    """The middle of what the support has of each interval, or its finite end: a value that the base can take."""
    support = base.support
    low, high = np.maximum(lower, support.lower), np.minimum(upper, support.upper)
    low, high = np.where(np.isfinite(low), low, high), np.where(np.isfinite(high), high, low)
    with np.errstate(invalid="ignore"):
        middle = low + (high - low) / 2
    return np.ceil(middle) if support.integer else middle


def log_sum(base, first, last, *theta):
    """log P(first <= Y <= last) of counts, term by term; first and last are whole numbers, or rows of them."""
    first, last = np.atleast_1d(first), np.atleast_1d(last)

    def term(j):
        return np.where(first + j <= last, log_prob(base, np.minimum(first + j, last), *theta), -np.inf)

    return reduce(np.logaddexp, map(term, range(int(np.max(last - first)) + 1)))


def log_above(base, y, *theta):
    """log P(Y > y) of counts: by the base's own `log_sf`, or what the sum up to y leaves."""
    first, last, own = base.support.lower, base.support.upper, type(base).log_sf is not Likelihood.log_sf
    if np.max(y) - first >= (1 if own else FEW):
        return base.log_sf(y, *theta)
    up_to = log_sum(base, first, y, *theta)
    rest = np.log(-np.expm1(up_to))
    # One term has all its digits, however near to 1; a sum has not.
    lost = value_of(up_to) > (-1e-14 if np.max(y) == first else -0.05)
    if not np.any(lost):
        return rest
    far = base.log_sf(y, *theta)
    if not own:
        next_ones = log_sum(base, np.minimum(y + 1, last), np.minimum(y + 8, last), *theta)
        far = np.where(value_of(far) > -600, far, next_ones)  # scipy's underflows at -745
    return np.where(lost, far, rest)
