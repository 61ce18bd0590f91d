"""Why a likelihood has no maximum, or many: one warning that names what goes to its limit, and what to do."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..design import Least, dense
from ..exceptions import BoundaryWarning, RankWarning, SeparationWarning
from ..rows import SAMPLE
from ..separation import Undecided, separation
from ..solvers import Auto
from ..solvers.base import silent
from .columns import listed
from .rank import dependent_columns
from .weights import few_heavy

# The logarithm of a density per spread of y: no residual but rounding is so small.
DIGITS = 30.0
# Changes of linear predictors. Scales that are by e^FAR less than without X are tried e^FURTHER times smaller still.
FAR, FURTHER = 8.0, 3.0
# A share of all weight: less weighs no more than the gap of F at which searches end.
LIGHT = 1e-11
# A share of the largest distance: so near, a parameter is at the end of its range.
AT_EDGE = 1e-6
# Natural units that no parameter moves to a maximum.
LOST = 30.0
# Numbers in the linear program that names separated columns: so many take some hundredths of a second.
CHEAP = 50_000


def diagnosis(objective, start, solution, names=None, classes=None):
    """(category, text) of the warning that a fit deserves, or None.

    Parameters
    ----------
    objective : Objective
    start : array of shape (d,)
        Where the search began.
    solution : Solution
    names : array of shape (p,) or None
    classes : array of shape (C,) or None
        Where y are labels.
    """
    heavy = few_heavy(objective, LIGHT)
    if heavy is not None:
        return ConvergenceWarning, (
            f"{heavy} of {objective.n_rows} rows have all but {LIGHT:g} of the weight, too few for the coefficients: "
            "the search may end before the others count. Bring sample_weight within ten digits, or set tol=0."
        )
    found = []
    singular = solution.deficiency is None or solution.deficiency > objective.invariances
    if objective.penalty.alpha == 0 and singular:
        sentence = dependent_columns(objective, names)
        found += [(RankWarning, sentence)] if sentence else []
    limit = classes is None and _exact(objective, start, solution)
    limit = limit or _limit(objective, solution, names, classes, not found) or _at_end(objective, solution)
    if not limit and not solution.converged:
        stopped = f"Stopped before tol was met: {solution.message}. Raise max_iter, or look at history_."
        limit = _edge(objective, solution.w) or _far_out(objective, start, solution) or (ConvergenceWarning, stopped)
    if limit:
        found.insert(0, limit)
    if not found:
        return None
    categories, sentences = zip(*found, strict=True)
    return categories[0], " ".join(sentences)


# --- y fitted without error ---------------------------------------------------------------------------------------


def _exact(objective, start, solution):
    """Rows whose density is beyond the last digit of y, or rises for ever: the likelihood has no upper bound."""
    likelihood, layout = objective.likelihood, objective.layout
    if likelihood.support.integer:
        return None
    W, rows, sample = layout.unpack(solution.w), _ExactRows(0, None), objective.rows.sample()
    if likelihood.support.columns == 1:
        size = _Spread(likelihood, sample.block.y).of_digits
        rows = sample.sum(_ExactRows.of, likelihood, W, size)
        # Where all but the first parameter are constant, all rows have one peak of density.
        if rows.count or layout.sloped[1:].any():
            rows = objective.rows.sum(_ExactRows.of, likelihood, W, size)
    change = W - layout.unpack(start)
    change[0] = 0.0  # the first parameter does not say how wide a density is
    furthest = objective.rows.sum(_Furthest.of, change).values
    if not rows.count:
        rows = _on_their_way(objective, solution.w, solution.w - start, furthest)
    if not rows.count:
        return None
    ends = [
        f"{name} goes to {_end(likelihood, name, furthest[k.start]):g}{' there' if layout.sloped[k].any() else ''}"
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
        return _ExactRows(0, None)
    w = _with_others(objective, w, held)
    step = np.where(held, change * (FURTHER / np.abs(furthest[far]).max()), 0.0)
    further = _with_others(objective, w + step, held)
    if not objective.value(further) < objective.value(w):
        return _ExactRows(0, None)
    unpack = objective.layout.unpack
    return objective.rows.sum(_ExactRows.rising, objective.likelihood, unpack(w), unpack(further))


def _with_others(objective, w, held):
    """argmin F over the coordinates that are not held at w, from there."""
    if held.all():
        return w
    others = Auto().minimize(objective.restrict(~held, w), w[~held], silent, None).w
    w = w.copy()
    w[~held] = others
    return w


class _Spread:
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


class _ExactRows:
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
        return _ExactRows(self.count + other.count, other.first if self.first is None else self.first)


# --- the edge of a domain ------------------------------------------------------------------------------------------


def _edge(objective, w):
    """A parameter that some row has at the end of its range, where a link that knows no such end would go beyond."""
    likelihood = objective.likelihood
    for name, k in likelihood.slices.items():
        if likelihood.parameters[name] != likelihood.links[name]:
            nearest = objective.rows.sum(_Nearest.of, likelihood, name, k, objective.layout.unpack(w))
            if nearest.distance < AT_EDGE * nearest.largest:
                usual = likelihood.links[name]
                return BoundaryWarning, (
                    f"{likelihood!r}: {name} of row {nearest.row} is at {nearest.end:g}, the end of its range, beyond "
                    f"which the link {likelihood.parameters[name]!r} leads: the search ends there, at no maximum. Use "
                    f"{usual!r}, which keeps to the range, or drop columns."
                )
    return None


class _Nearest:
    """The row in which a parameter is nearest to an end of its range, and the largest distance of all rows."""

    def __init__(self, distance, row, end, largest):
        self.distance, self.row, self.end, self.largest = distance, row, end, largest

    @classmethod
    def of(cls, block, likelihood, name, k, W):
        usual, link = likelihood.links[name], likelihood.parameters[name]
        theta = np.broadcast_to(link.inverse(block.eta(W)[k][0]), len(block))
        distances = np.abs(np.stack([theta - usual.lower, usual.upper - theta]))
        distances[:, [] if block.weight is None else block.weight == 0] = np.nan
        end, row = np.unravel_index(np.nanargmin(distances), distances.shape)
        finite = distances[np.isfinite(distances)]
        largest = finite.max() if finite.size else 0.0
        return cls(distances[end, row], block.first + int(row), (usual.lower, usual.upper)[end], largest)

    def __add__(self, other):
        nearest = min(self, other, key=lambda one: one.distance)
        return _Nearest(nearest.distance, nearest.row, nearest.end, max(self.largest, other.largest))


# --- a limit that no W attains ------------------------------------------------------------------------------------


def _limit(objective, solution, names, classes, determined):
    """Coefficients or parameters that go to infinity while F falls towards a limit that it does not reach."""
    layout, likelihood = objective.layout, objective.likelihood
    if classes is not None and _all_foretold(objective, solution):
        sentence = _separable(objective, None, True, names, len(classes))
        return (SeparationWarning, sentence) if sentence else None
    dW = _recession(objective, solution, determined)
    if dW is None:
        return None
    change = np.abs(objective.rows.sum(_Furthest.of, dW).values)  # of each predictor's eta
    if change.max() < 1e-3:
        return None  # w moves where Z does not see it
    moves = change > 0.1 * change.max()
    slopes = np.abs(dW[:, 1:]) * layout.scale
    infinite = (slopes > 1e-5 * slopes.max(axis=1, keepdims=True, initial=0.0)) & (
        slopes.max(axis=1, initial=0.0) > 1e-3 * change
    )[:, None]
    dW[:, 1:][~(infinite & (moves & layout.sloped)[:, None])] = 0.0
    sentences = []
    for name, k in likelihood.slices.items():
        signs = np.sign(dW[k, 1:])
        if signs.any() and classes is not None:
            sentence = _separable(objective, signs, False, names, len(classes))
            return (SeparationWarning, sentence) if sentence else None
        if signs.any():
            sentences.append(
                f"{likelihood!r} has no maximum of the likelihood: the coefficients of {name} go to infinity: "
                f"{_signed(np.arange(signs.shape[1]), signs, names)}. Drop the columns, or add alpha > 0."
            )
        elif moves[k].any() and classes is not None and name in likelihood.widths:
            absent = classes.tolist()[np.argmin(dW[k, 0])]
            sentences.append(f"The probability of class {absent!r} is at 0: no row of positive weight has it.")
        elif moves[k].any():
            end = _end(likelihood, name, dW[k][moves[k]][0, 0])
            text = likelihood.limits.get(name, {}).get(end, f"{name} is at {end:g}: fix it there, if that is possible")
            sentences.append(f"{likelihood!r} has no maximum of the likelihood: {text}.")
            if k.start == 0:
                break  # what the others do then is noise
    category = SeparationWarning if dW[:, 1:].any() else BoundaryWarning
    return (category, " ".join(sentences)) if sentences else None


def _all_foretold(objective, solution):
    """Whether every label has a probability over 1/2: else its row alone would cost log 2."""
    rows = objective.rows
    block = rows.sample().block
    if block.y.ndim > 1 or isinstance(block.offset, list) or objective.penalty.alpha > 0:
        return False
    (lightest,) = rows.sum(_lightest) if rows.weighted else (1.0,)
    return solution.value * rows.total < np.log(2) * lightest


def _lightest(block):
    return Least((block.weight[block.weight > 0].min(initial=np.inf),))


def _recession(objective, solution, determined):
    """The direction in W, if there is one, along which F does not rise however far one goes: the last Newton step.

    Where that is 0 although the curvature is singular, and Z is not, what curvature there was has underflown: then
    the direction of the least curvature, either way.
    """
    w, layout = solution.w, objective.layout
    step = w if solution.step is None else solution.step
    if not np.isfinite(step).all():
        return None
    steps = [step]
    if np.abs(step).max(initial=0.0) < 1e-4:
        if not (solution.deficiency and determined) or objective.invariances:
            return None
        curvature = objective.taylor(w, 2)[2]
        if not np.isfinite(curvature).all():
            return None
        _, vectors = np.linalg.eigh(curvature)
        steps = [vectors[:, 0], -vectors[:, 0]]
    ceiling = solution.value + 1e-11 * max(1.0, abs(solution.value))
    sample = objective.fewer_rows(SAMPLE)
    steep = sample.value(w) + 0.1  # no pass over all rows where a sample leaves no doubt

    def recedes(step):
        # In natural units: a short step would not get there, and what the others lack would grow with it.
        size = np.abs(step)
        far = np.where(size > 1e-5 * size.max(), step, 0.0) * (8.0 / min(1.0, size.max()))
        return sample.value(w + far) <= steep and all(objective.value(w + t * far) <= ceiling for t in (1.0, 4.0))

    receding = next(filter(recedes, steps), None)
    if receding is None:
        # Far on, what one predictor has still to settle counts as a rise: each alone.
        predictor = np.nonzero(layout.mask)[0]
        alone = [np.where(predictor == k, step, 0.0) for k in range(len(layout.mask))]
        alone = [part for part in alone if np.abs(part).max() > 1e-2 and recedes(part)]
        if not alone:
            return None
        receding = sum(alone)
    return layout.unpack(w + receding) - layout.unpack(w)


def _separable(objective, signs, complete, names, C):
    """What to say of labels that columns tell apart, if they do; `signs` of infinite coefficients, if known."""
    rows, layout = objective.rows, objective.layout
    free = layout.mask.any(axis=0)
    columns = np.flatnonzero(free[1:] if signs is None else signs.any(axis=0))
    signs = np.zeros((C, len(columns))) if signs is None else signs[:, columns]
    kind = "complete" if complete else "quasi-complete"
    # The program is that of one score a class: no other model's.
    if len(layout.mask) in (1, C) and len(rows) * C * (C - 1) * free.sum() < CHEAP:
        block = rows.sample(len(rows)).block
        counts = slice(None) if block.weight is None else block.weight > 0
        shares = block.y if block.y.ndim == 2 else np.eye(C)[block.y]
        try:
            verdict = separation(dense(block.X[counts]), shares[counts], free)
        except Undecided:
            verdict = None
        if verdict is not None:
            if verdict.kind == "none":
                return None
            kind, columns, signs = verdict.kind, np.array(verdict.columns), np.atleast_2d(verdict.signs)
    return (
        f"The labels are separable ({kind}): the maximum-likelihood coefficients of {_signed(columns, signs, names)} "
        "are infinite. Add alpha > 0, or drop columns."
    )


class _Furthest:
    """Z_i dW_k of each predictor k in the row where it is largest in modulus."""

    def __init__(self, values):
        self.values = values

    @classmethod
    def of(cls, block, dW):
        counts = True if block.weight is None else block.weight > 0
        without_offset = type(block)(block.X, None)
        rows = [row * counts for row in without_offset.eta(dW)]
        return cls(np.array([row[np.abs(row).argmax()] for row in rows]))

    def __add__(self, other):
        return _Furthest(np.where(np.abs(self.values) < np.abs(other.values), other.values, self.values))


def _at_end(objective, solution):
    """What a likelihood says of a constant parameter that is at the end of its range, to all digits, if one is."""
    layout, likelihood = objective.layout, objective.likelihood
    W = layout.unpack(solution.w)
    for name, k in likelihood.slices.items():
        if name in likelihood.limits and not layout.sloped[k].any():
            link = likelihood.parameters[name]
            text = likelihood.limits[name].get(float(link.shown(link.inverse(W[k.start, 0]))))
            if text:
                return BoundaryWarning, f"{likelihood!r} has no maximum of the likelihood: {text}."
    return None


def _far_out(objective, start, solution):
    """What to say of a parameter that was on its way to the end of its range when the search stopped, if one was."""
    layout, likelihood = objective.layout, objective.likelihood
    at_mean = np.append(1.0, layout.shift + layout.origin)
    moved = (layout.unpack(solution.w) - layout.unpack(start)) @ at_mean
    for name, k in likelihood.slices.items():
        if name in likelihood.widths or moved[k.start] == 0:
            continue
        end, limits = _end(likelihood, name, moved[k.start]), likelihood.limits.get(name, {})
        falls = k.start == 0 and end in limits and "without bound" in solution.message
        if falls or abs(moved[k.start]) > LOST * layout.unit[k.start]:
            text = limits.get(end, f"{name} goes to {end:g}")
            return BoundaryWarning, f"{likelihood!r} seems to have no maximum of the likelihood: {text}."
    return None


def _end(likelihood, name, direction):
    """The value of a parameter, as users read it, whose eta goes to infinity in this direction."""
    link, default = likelihood.parameters[name], likelihood.links[name]
    with np.errstate(all="ignore"):
        theta = link.inverse(np.array([np.copysign(np.inf, direction)]))
        return float(link.shown(np.clip(theta, default.lower, default.upper))[0])


def _signed(columns, signs, names):
    """The columns with an infinite coefficient, and its sign where there is one predictor."""
    if len(signs) > 1:
        return listed(columns, names)
    parts = [(columns[signs[0] * s > 0], f"({text})") for s, text in [(1, "+"), (-1, "-")]]
    return " and ".join(f"{listed(which, names)} {text}" for which, text in parts if len(which))
