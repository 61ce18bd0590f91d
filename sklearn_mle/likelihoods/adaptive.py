"""Expectations over any law to nearly all digits: sums over the integers, or adaptive quadrature."""

import numpy as np

from ..distributions import Discrete
from ..distributions.crps import ERROR_WEIGHTS, NODES, WEIGHTS
from .expectation import octave, to_the_line

EPS = np.finfo(float).eps
#: What the error of a quadrature may be, and a term that ends a sum, relative to the whole.
TOL, NOTHING = 1e-13, 1e-18
# Integers are summed one by one up to FEW, then by octaves; so many numbers are evaluated at a time.
FEW, AT_ONCE = 128, 2**18
MOST_HALVINGS, MOST_INTERVALS = 60, 400
# Where x = centre + scale sinh(v) ends: y as a float is exp(x), 1 / (1 + exp(-x)) or x itself, whose square is one too.
LARGEST_LOG, LARGEST_LOG_ODDS, LARGEST_V = 690.0, 30.0, 330.0


def expectation(terms, p):
    """The sums, or integrals, of the terms over the law of p: shape (number of terms, n).

    `terms(y, log_volume, rows)` returns them at y_j of row rows[j], and the sizes of what is rounded in them.
    """
    if len(p) == 0:
        return terms(np.zeros(0), 0.0, np.zeros(0, dtype=int))[0]
    if isinstance(p.dist, Discrete):
        classes, rows = len(p.dist.log_proba), np.arange(len(p))
        return sum(terms(np.full(len(p), float(c)), 0.0, rows)[0] for c in range(classes))
    return _sum(terms, p) if hasattr(p.dist, "pmf") else _integral(terms, p)


def ends(law):
    """The ends of the support."""
    low, high = law.support()
    return np.asarray(low, dtype=float), np.asarray(high, dtype=float)


def _sum(terms, p):
    """The sum over all integers: first those within the bulk, from both ends, then outwards while there is any."""
    n, rows = len(p), np.arange(len(p))
    low, high = (np.broadcast_to(end, n) for end in ends(p.dist))
    bounded = np.isfinite(low)
    # The smallest value may bear an extra probability.
    totals = np.where(bounded, terms(np.where(bounded, low, 0.0), 0.0, rows)[0], 0.0)
    low = np.where(bounded, low + 1, low)
    first, last = (np.clip(np.broadcast_to(end, n), low, np.maximum(low, high)) for end in _bulk(p.dist))
    middle = np.floor(first + (last - first) / 2)

    def add(rows, y, weights):
        """Add weights * terms at y, both of shape (rows, k); the sums of this part."""
        y, weights = np.broadcast_arrays(y, weights)
        step = max(1, AT_ONCE // y.shape[1])
        parts = []
        for i in range(0, len(rows), step):
            some = slice(i, i + step)
            values = terms(y[some].ravel(), 0.0, np.repeat(rows[some], y.shape[1]))[0]
            values = np.where(weights[some] != 0, values.reshape(-1, *y[some].shape) * weights[some], 0.0)
            parts.append(values.sum(axis=-1))
        part = np.concatenate(parts, axis=1)
        totals[:, rows] += part
        return part

    def run(start, step, length, outwards):
        """Add `length` integers from start on, by blocks that double: what is close to an end varies most."""
        rows, done, size = np.flatnonzero(length > 0), 0.0, 16
        while len(rows):
            whole = length[rows] - done >= size
            nodes, weights = _block(size)
            part = add(rows[whole], start[rows[whole], None] + step * (done + nodes), weights) if whole.any() else None
            if not whole.all():
                rest(rows[~whole], start[rows[~whole]] + step * done, step, length[rows[~whole]] - done, size)
            rows = rows[whole]
            if outwards and len(rows):
                share = np.minimum(size / (1 + last[rows] - first[rows]), 1.0)  # few of many are little in any case
                rows = rows[(np.abs(part) > NOTHING * share * np.abs(totals[:, rows])).any(axis=0)]
            done, size = done + size, done + size

    def rest(rows, at, step, length, size):
        """Add fewer than `size` integers from `at` on: octaves, then the last ones."""
        at, length = at.copy(), length.copy()
        while size > FEW:
            size //= 2
            here = length >= size
            if here.any():
                nodes, weights = _block(size)
                add(rows[here], at[here, None] + step * nodes, weights)
                at[here] += step * size
                length[here] -= size
        j = np.arange(length.max(initial=0.0))
        if len(j):
            inside = j < length[:, None]
            add(rows, at[:, None] + step * np.where(inside, j, 0.0), inside.astype(float))

    run(first, 1.0, np.minimum(middle, high) - first + 1, False)
    run(last, -1.0, last - middle, False)
    run(last + 1, 1.0, np.maximum(high - last, 0.0), True)
    run(first - 1, -1.0, first - low, True)
    return totals


def _bulk(law):
    """The first and the last integer of those that a law of counts has most of its probability on."""
    while hasattr(law, "base"):  # of which a part is left, or to which one value is added
        law = law.base
    mean, std = law.mean(), law.std()
    known = np.isfinite(mean) & np.isfinite(std)
    if np.all(known):
        return np.floor(mean - 8 * std), np.ceil(mean + 8 * std)
    return (np.where(known, mean + side * 8 * std, law.ppf(q)) for side, q in ((-1, 1e-12), (1, 1 - 1e-12)))


def _block(size):
    """Nodes and weights of `size` consecutive integers."""
    size = int(size)
    return (np.arange(float(size)), np.ones(size)) if size < FEW else octave(size)


def _integral(terms, p):
    """The integral over the line, and the atoms: Clenshaw-Curtis rules in v, y = inside(centre + scale sinh(v)).

    Intervals are halved where the rules of 25 and of 13 nodes do not agree.
    """
    n, law = len(p), p.dist
    low, high = (float(np.ravel(end)[0]) for end in ends(law))
    line, inside, log_slope = to_the_line(low, high)
    centre, scale = _location(law, line, log_slope, n)
    whole_line = np.isinf(low) and np.isinf(high)
    if whole_line:
        limits = np.full((2, n), [[-LARGEST_V], [LARGEST_V]])
    else:
        # Towards 0 there are numbers of every size; far from it their squares must be numbers.
        both = np.isfinite(low) and np.isfinite(high)
        least = np.minimum(centre, 0.0) - LARGEST_V if np.isinf(low) else -LARGEST_LOG
        most = LARGEST_LOG if high == 0 else LARGEST_LOG_ODDS if both else np.maximum(centre, 0.0) + LARGEST_V
        limits = np.stack([np.arcsinh((bound - centre) / scale) for bound in (least, most)])

    def integrand(v, rows):
        x = centre[rows] + scale[rows] * np.sinh(v)
        return terms(inside(x), np.log(scale[rows] * np.cosh(v)) + log_slope(x), rows)

    def integrate(rows, a, b):
        """The integrals over [a, b], their errors, and the size of their terms; shape (terms, intervals)."""
        parts = []
        for i in range(0, len(rows), AT_ONCE // len(NODES)):
            some = slice(i, i + AT_ONCE // len(NODES))
            middle, half = 0.5 * (a[some] + b[some])[:, None], 0.5 * (b[some] - a[some])[:, None]
            v = middle + half * NODES
            values, noise = integrand(v.ravel(), np.repeat(rows[some], len(NODES)))
            values, noise = (part.reshape(-1, *v.shape) * half for part in (values, noise))
            size = np.abs(values) @ WEIGHTS
            difference = np.abs(np.where(np.isfinite(values), values, 0.0) @ ERROR_WEIGHTS)
            # QUADPACK's: the finer rule is better than that difference, unless it has found nothing smooth yet.
            error = np.where(difference > 0, size * np.minimum(1.0, (200 * difference / size) ** 1.5), 0.0)
            error = np.where(np.isfinite(size) & (error > 50 * EPS * (noise @ WEIGHTS)), error, 0.0)
            parts.append(np.stack([values @ WEIGHTS, error, size]))
        return np.concatenate(parts, axis=-1) if parts else np.zeros((3, len(tails), 0))

    def panel(rows, a, b):
        a, b = (np.clip(np.broadcast_to(end, len(rows)), *limits[:, rows]) for end in (a, b))
        return rows, a, b, integrate(rows, a, b)

    everything = np.arange(n)
    panels = [panel(everything, a, a + 1.0) for a in np.arange(-3.0, 3.0)]
    sizes = sum(values[2] for *_, values in panels)
    tails = np.zeros(sizes.shape)
    for side, limit in zip((-1.0, 1.0), limits, strict=True):
        rows, at, width = everything, 3.0, 1.0
        while len(rows):
            over = rows[side * limit[rows] <= at]
            if len(over):
                tails[:, over] += _tail(integrand, over, limit[over], side, centre, scale, whole_line)
                rows = rows[side * limit[rows] > at]
            a, b = sorted((side * at, side * (at + width)))
            panels.append(panel(rows, a, b))
            part = panels[-1][-1][2]
            sizes[:, rows] += part
            rows = rows[(part > NOTHING * sizes[:, rows]).any(axis=0)]
            at, width = at + width, at
    rows, a, b, values = (np.concatenate(parts, axis=-1) for parts in zip(*panels, strict=True))
    for _ in range(MOST_HALVINGS):
        sizes = _by_row(values[2], rows, n)
        many = np.bincount(rows, minlength=n) > MOST_INTERVALS
        wrong = ((values[1] > TOL * sizes[:, rows]).any(axis=0)) & ~many[rows] & np.isfinite(values[2]).all(axis=0)
        if not wrong.any():
            break
        middle = 0.5 * (a[wrong] + b[wrong])
        rows, a, b = (
            np.concatenate([kept[~wrong], *new])
            for kept, new in ((rows, [rows[wrong]] * 2), (a, [a[wrong], middle]), (b, [middle, b[wrong]]))
        )
        fresh = slice(-2 * len(middle), None)
        values = np.concatenate([values[..., ~wrong], integrate(rows[fresh], a[fresh], b[fresh])], axis=-1)
    totals = _by_row(values[0], rows, n) + tails
    for atom in getattr(law, "atoms", ()):
        totals += terms(np.full(n, atom), 0.0, everything)[0]
    return totals


def _by_row(values, rows, n):
    """Sums over the intervals of each row."""
    return np.stack([np.bincount(rows, weights=value, minlength=n) for value in values])


def _tail(integrand, rows, limit, side, centre, scale, whole_line):
    """The integrals beyond the limit: what falls exponentially, in v or on a half-line in x, falls on; inf if it grows.

    The logarithms of densities are linear there, so that the terms are exponentials, or these times something linear.
    """
    step = side * 10.0
    before = limit - step if whole_line else np.arcsinh(np.sinh(limit) - step / scale[rows])
    slopes = [1.0 if whole_line else scale[rows] * np.cosh(v) for v in (before, limit)]
    earlier, last = (integrand(v, rows)[0] / slope for v, slope in zip((before, limit), slopes, strict=True))

    def exponential(earlier, last):
        rate = (np.log(np.abs(earlier)) - np.log(np.abs(last))) / 10.0
        return np.where(last == 0, 0.0, np.where(rate > 1e-6, last / rate, np.sign(last) * np.inf))

    (value, *square, w), (value_before, *_, w_before) = last, earlier
    mass = exponential(w_before, w)
    ratio, ratio_before = value / w, value_before / w_before
    linear = (np.abs(ratio) < 2 * np.abs(ratio_before)) & (w > 0)
    tail = np.where(linear, mass * (ratio + (ratio - ratio_before) / 10.0 * mass / w), exponential(value_before, value))
    if not square:
        return np.stack([tail, mass])
    of_q = square[0] + w - value
    of_q = np.where(of_q > 1e-12 * (np.abs(value) + w), of_q, 0.0)  # else it is rounding
    of_q = exponential(earlier[1] + w_before - value_before, of_q)
    return np.stack([tail, of_q - mass + tail, mass])


def _location(law, line, log_slope, n):
    """A middle of the law on the line, and its standard deviation, roughly; off the atoms."""
    atoms = getattr(law, "atoms", ())
    if atoms:
        centre = scale = np.nan
    else:
        first, centre, last = (line(law.ppf(q)) for q in (0.25, 0.5, 0.75))
        scale = (last - first) / 1.35
    usable = np.isfinite(centre) & np.isfinite(scale) & (scale > 0)
    if not np.all(usable):  # quantiles that are slow, or not known: moments will do
        rest = law.sf(atoms[0]) if atoms else 1.0  # an atom is at 0
        mean, square = law.mean() / rest, (law.var() + law.mean() ** 2) / rest
        spread = np.sqrt(np.maximum(square - mean * mean, 0.0)) * np.exp(-log_slope(line(mean)))
        centre, scale = np.where(usable, centre, line(mean)), np.where(usable, scale, np.arcsinh(spread))
    usable = np.isfinite(centre) & np.isfinite(scale) & (scale > 0)
    return np.broadcast_to(np.where(usable, centre, 0.0), n), np.broadcast_to(np.where(usable, scale, 1.0), n)
