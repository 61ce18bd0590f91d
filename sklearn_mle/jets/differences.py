"""Differences, for code that is not written with ufuncs; the chain rule around it stays exact."""

import functools
import itertools

import numpy as np

from .jet import Jet, chain, value_of


def numeric(f):
    """f with derivatives by central differences in its own arguments; the chain rule around it stays exact.

    First and pure second derivatives are five-point formulas of fourth order, mixed ones differences of two second
    derivatives along diagonals. Every row has its own steps (see `stencil`) and depends on itself only. Where no
    difference can be formed, because f is not finite at the row or right beside it, the derivatives are 0.

    Parameters
    ----------
    f : callable
        f(*args, **constants), vectorised: scalars and rows in, a row out. With no jet among args it is just called.

    Examples
    --------
    >>> from scipy import stats
    >>> log_prob = numeric(stats.gumbel_r.logpdf)
    """

    @functools.wraps(f)
    def with_differences(*args, **constants):
        at = [i for i, a in enumerate(args) if isinstance(a, Jet)]
        x = [value_of(a) for a in args]
        value = f(*x, **constants)
        if not at:
            return value
        n = max(np.size(value), *(np.size(x[i]) for i in at))
        value = np.array(np.broadcast_to(value, n), dtype=float)

        def moved(shift, rows):
            """f on some rows, argument i moved by shift[i]."""
            part = [np.asarray(a)[rows] if np.shape(a)[:1] == (n,) else a for a in x]
            part = [a + shift[i] if i in shift else a for i, a in enumerate(part)]
            return np.broadcast_to(np.asarray(f(*part, **constants), dtype=float), len(rows))

        with np.errstate(all="ignore"):
            first, second = differences(moved, [x[i] for i in at], at, value, args[at[0]].order)
        return chain(value, [args[i] for i in at], first, second)

    return with_differences


def differences(moved, x, at, value, order):
    """f_i and f_ij, as `chain` takes them, in the arguments number `at`, whose values are x."""
    first, second, steps = [], {}, []
    for p, i in enumerate(at):
        h, (down_2, down, up, up_2) = stencil(moved, x[p], i, value)
        steps.append(h)
        first.append((8.0 * (up - down) - (up_2 - down_2)) / (12.0 * h))
        if order > 1:
            bends = 16.0 * ((up - value) + (down - value)) - ((up_2 - value) + (down_2 - value))
            second[p, p] = bends / (12.0 * h) / h
    everywhere = np.arange(len(value))
    for p, q in itertools.combinations(range(len(at)) if order > 1 else (), 2):
        # At half steps the outermost points lie between those of the stencils: inside, if f's domain is convex.
        h, k = 0.5 * steps[p], 0.5 * steps[q]
        bends = sum(
            weight * sign * moved({at[p]: m * h, at[q]: sign * m * k}, everywhere)
            for sign in (1, -1)
            for m, weight in ((-1, 16.0), (1, 16.0), (-2, -1.0), (2, -1.0))
        )
        second[p, q] = bends / (48.0 * h) / k
    first = [np.where(np.isfinite(d), d, 0.0) for d in first]
    return first, {key: np.where(np.isfinite(d), d, 0.0) for key, d in second.items()}


def stencil(moved, x, i, value):
    """The step h of every row for argument i, and f at x - 2 h, x - h, x + h, x + 2 h.

    h is a power of two, so that x + h is exact, about |x| / 512 (1 / 512 where x = 0) to begin with. It is divided by
    8 while f is not finite, or changes beyond all proportion, or its differences do not fall off with their order as
    those of a smooth function; it is multiplied by 8 while they are too small to tell from rounding, which in f may
    be a million times that of its value. It never grows after it shrank, and a growth that went too far is taken back.
    With r = h / (length on which f changes its character) the errors are r^4 and 1e-15 / r^2 of f; r ends near 1e-3.
    """
    h = np.exp2(np.rint(np.log2(np.abs(np.where(x == 0, 1.0, x)))) - 9.0) * np.ones(len(value))
    points = np.full((4, len(value)), np.nan)
    went = np.zeros(len(value))
    rows = np.flatnonzero(np.isfinite(value))
    for _ in range(40):  # 36 decades
        if len(rows) == 0:
            break
        new = np.stack([moved({i: m * h[rows]}, rows) for m in (-2, -1, 1, 2)])
        (down_2, down, up, up_2), centre = new, value[rows]
        size = np.maximum(np.abs(new).max(axis=0), np.abs(centre))
        slope, bend = np.abs(up - down) / 2, np.abs(up + down - 2 * centre)
        third = np.abs(up_2 - down_2 - 2 * (up - down)) / 2
        fourth = np.abs(up_2 + down_2 - 4 * (up + down) + 6 * centre)
        natural = np.maximum(slope, 200 * bend)
        smooth = (third <= 5e-5 * natural) & (fourth <= 2.5e-7 * natural)
        telling = (bend > 2e-8 * size) | (np.maximum(third, fourth) > 1e-8 * size)
        wild = ~(size < 100 * (1 + np.abs(centre)))
        move = np.where(wild | (telling & ~smooth), -1.0, np.where(telling, 0.0, 1.0))
        overshot = (move < 0) & (went[rows] > 0)
        points[:, rows[~overshot]] = new[:, ~overshot]
        move[(move > 0) & (went[rows] < 0)] = 0.0
        h[rows] *= 8.0**move
        went[rows] = move
        rows = rows[(move != 0) & ~overshot]
    return h, points
