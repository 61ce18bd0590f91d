"""y fitted without error, rows whose density is beyond the last digit of y, or rises for ever."""

import numpy as np

from ..exceptions import BoundaryWarning
from ..solvers import Auto
from ..solvers.base import silent
from .edges import end_towards
from .recession import Furthest

# The logarithm of a density per spread of y: no residual but rounding is so small.
DIGITS = 30.0
# Changes of linear predictors. Scales that are by e^FAR less than without X are tried e^FURTHER times smaller still.
FAR, FURTHER = 8.0, 3.0


def exact_fit(objective, start, solution):
    """Rows whose density is beyond the last digit of y, or rises for ever: the likelihood has no upper bound."""
    likelihood, layout = objective.likelihood, objective.layout
    if likelihood.support.integer:
        return None
    W, rows, sample = layout.unpack(solution.w), ExactRows(0, None), objective.rows.sample()
    if likelihood.support.columns == 1:
        size = Spread(likelihood, sample.block.y).of_digits
        rows = sample.sum(ExactRows.of, likelihood, W, size)
        # Where all but the first parameter are constant, all rows have one peak of density.
        if rows.count or layout.sloped[1:].any():
            rows = objective.rows.sum(ExactRows.of, likelihood, W, size)
    change = W - layout.unpack(start)
    change[0] = 0.0  # the first parameter does not say how wide a density is
    furthest = objective.rows.sum(Furthest.of, change).values
    if not rows.count:
        rows = _on_their_way(objective, solution.w, solution.w - start, furthest)
    if not rows.count:
        return None
    ends = [
        f"{name} goes to {end_towards(likelihood, name, furthest[k.start]):g}"
        f"{' there' if layout.sloped[k].any() else ''}"
        for name, k in list(likelihood.slices.items())[1:]
        if np.abs(furthest[k]).max() > FAR
    ]
    which = f"y[{rows.first}]" if rows.count == 1 else f"{rows.count} values of y, the first y[{rows.first}],"
    text = (
        f"{likelihood!r} fits {which} without error{f', as {ends[0]}' if ends else ''}: the likelihood has no upper "
        "bound. Fix the parameters of scale, or regress them on less; drop columns that contain y."
    )
    return BoundaryWarning, text


def _on_their_way(objective, w, change, furthest):
    """The rows whose density still rises if scales that went FAR since the start go FURTHER, and the others follow.

    Of a fit to noisy data they do not, however small the noise.
    """
    far = np.abs(furthest) > FAR
    far[0] = False
    held = (far[:, None] & objective.layout.mask)[objective.layout.mask]
    if not held.any():
        return ExactRows(0, None)
    w = _with_others(objective, w, held)
    step = np.where(held, change * (FURTHER / np.abs(furthest[far]).max()), 0.0)
    further = _with_others(objective, w + step, held)
    if not objective.value(further) < objective.value(w):
        return ExactRows(0, None)
    unpack = objective.layout.unpack
    return objective.rows.sum(ExactRows.rising, objective.likelihood, unpack(w), unpack(further))


def _with_others(objective, w, held):
    """argmin F over the coordinates that are not held at w, from there."""
    if held.all():
        return w
    others = Auto().minimize(objective.restrict(~held, w), w[~held], silent, None).w
    w = w.copy()
    w[~held] = others
    return w


class Spread:
    """How far apart values of y lie: on the scale of y, or of the logarithm of its distance to the support's end."""

    def __init__(self, likelihood, y):
        self.support = likelihood.support
        self.relative = self.support.lower > -np.inf
        size = self._size(y)
        values = np.log(size[size > 0]) if self.relative else y
        self.spread = np.std(values) if len(values) and np.ptp(values) > 0 else 1.0

    def of_digits(self, y):
        """The spread at y, or the rounding of y where that is more."""
        size = self._size(y)
        return np.maximum(1e-3, self.spread) * size if self.relative else np.maximum(1e-3 * size, self.spread)

    def _size(self, y):
        if not self.relative:
            return np.abs(y)
        lower, upper = self.support.lower, self.support.upper
        return np.minimum(y - lower, upper - y)


class ExactRows:
    """How many rows are fitted without error, and the first of them."""

    def __init__(self, count, first):
        self.count, self.first = count, first

    @classmethod
    def of(cls, block, likelihood, W, size):
        """Those of density beyond DIGITS per spread of y."""
        nll = likelihood.taylor(block.y, block.eta(W), 0)[0]
        return cls.where(block, -nll + np.log(size(block.y)) > DIGITS)

    @classmethod
    def rising(cls, block, likelihood, before, after):
        """Those whose density is larger at W = after, by what a scale gone FURTHER explains."""
        nll, less = (likelihood.taylor(block.y, block.eta(W), 0)[0] for W in (before, after))
        return cls.where(block, np.broadcast_to(nll - less > 0.25 * FURTHER, len(block)))

    @classmethod
    def where(cls, block, exact):
        exact = exact if block.weight is None else exact & (block.weight > 0)
        return cls(int(exact.sum()), block.first + int(np.argmax(exact)) if exact.any() else None)

    def __add__(self, other):
        return ExactRows(self.count + other.count, other.first if self.first is None else self.first)
