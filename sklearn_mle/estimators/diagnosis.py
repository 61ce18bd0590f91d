"""Why a likelihood has no maximum, or many: one warning that names what goes to its limit, and what to do."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..exceptions import BoundaryWarning, RankWarning, SeparationWarning
from ..rows import SAMPLE
from ..separation import Undecided, separation
from .columns import listed
from .rank import dependent_columns

# Logarithms of densities per spread of y. DIGITS: no residual but rounding is so small. SPIKE: nor is one row's, where
# it stands out from the mean by APART, or where the search did not end.
DIGITS, SPIKE, APART = 30.0, 20.0, 10.0
# Natural units that no parameter moves to a maximum.
FAR = 30.0
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
    found = []
    singular = solution.deficiency is None or solution.deficiency > objective.invariances
    if objective.penalty.alpha == 0 and singular:
        sentence = dependent_columns(objective, names)
        found += [(RankWarning, sentence)] if sentence else []
    limit = _exact(objective, start, solution) or _limit(objective, solution, names, classes, not found)
    limit = limit or _at_end(objective, solution)
    if limit:
        found.insert(0, limit)
    elif not solution.converged and (far := _far_out(objective, start, solution)):
        found.insert(0, (BoundaryWarning, far))
    elif not solution.converged:
        sentence = f"Stopped before tol was met: {solution.message}. Raise max_iter, or look at history_."
        found.insert(0, (ConvergenceWarning, sentence))
    if not found:
        return None
    categories, sentences = zip(*found, strict=True)
    return categories[0], " ".join(sentences)


# --- y fitted without error ---------------------------------------------------------------------------------------


def _exact(objective, start, solution):
    """Rows whose density is beyond the last digit of y: the likelihood has no upper bound."""
    likelihood, layout = objective.likelihood, objective.layout
    if likelihood.support.integer or (likelihood.support.columns > 1 and not likelihood.support.infinite):
        return None
    y, weight = _observed(objective.rows.sample().block.y), objective.rows.sample().block.weight
    spread = _Spread(likelihood, y)
    mean = spread.mean_log_density(y, weight, solution.value)
    bar = min(DIGITS, max(SPIKE, mean + APART)) if solution.converged else SPIKE
    saturated = layout.mask.sum(axis=1).max() >= objective.n_rows
    bar = APART if spread.constant or saturated else bar
    if solution.converged and layout.sloped.sum() < 2 and mean < bar:
        return None  # all rows have one scale
    # A row with a scale of its own may well be close to 0: what it is measured against is its own size.
    size = spread.of_digits if mean >= bar or not solution.converged else spread.of_row
    rows = objective.rows.sum(_ExactRows.of, likelihood, layout.unpack(solution.w), size, bar)
    if not rows.count:
        return None
    moved = layout.unpack(solution.w)[:, 0] - layout.unpack(start)[:, 0]
    ends = [
        f"{name} goes to {_end(likelihood, name, moved[k.start]):g}"
        for name, k in list(likelihood.slices.items())[1:]
        if not layout.sloped[k].any() and np.abs(moved[k]).max() > 10
    ]
    which = f"y[{rows.first}]" if rows.count == 1 else f"{rows.count} values of y, the first y[{rows.first}],"
    text = (
        f"{likelihood!r} fits {which} without error{f', as {ends[0]}' if ends else ''}: the likelihood has no upper "
        "bound. Fix the parameters of scale, or regress them on less; drop columns that contain y."
    )
    return BoundaryWarning, text


def _observed(y):
    """The numbers that are observed: y, of intervals those without width, else NaN."""
    return y if y.ndim == 1 else np.where(y[:, 0] == y[:, 1], y[:, 0], np.nan)


class _Spread:
    """How far apart values of y lie: on the scale of y, or of the logarithm of its distance to the support's end."""

    def __init__(self, likelihood, y):
        self.support = likelihood.support
        self.relative = self.support.lower > -np.inf
        size = self._size(y)
        values = np.log(size[size > 0]) if self.relative else y
        values = values[np.isfinite(values)]
        self.constant = len(values) > 1 and np.ptp(values) == 0
        self.spread = np.std(values) if len(values) > 1 and not self.constant else 1.0

    def of_digits(self, y):
        """The spread at y, or the rounding of y where that is more."""
        size = self._size(y)
        return np.maximum(1e-3, self.spread) * size if self.relative else np.maximum(1e-3 * size, self.spread)

    def of_row(self, y):
        """The spread at y, or the size of y where that is less."""
        size = self._size(y)
        return min(1.0, self.spread) * size if self.relative else np.minimum(size, self.spread)

    def mean_log_density(self, y, weight, nll):
        """The mean of log(density spread), from the mean nll, to which probabilities of the end itself add little."""
        spread = self.of_digits(y)
        inside = spread > 0
        share = np.average(inside, weights=weight)
        if share == 0:
            return -np.inf
        weight = None if weight is None else weight[inside]
        return np.average(np.log(spread[inside]), weights=weight) - nll / share

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
    def of(cls, block, likelihood, W, size, bar):
        nll = likelihood.taylor(block.y, block.eta(W), 0)[0]
        exact = -nll + np.log(size(_observed(block.y))) > bar
        exact &= True if block.weight is None else block.weight > 0
        return cls(int(exact.sum()), block.first + int(np.argmax(exact)) if exact.any() else None)

    def __add__(self, other):
        return _ExactRows(self.count + other.count, other.first if self.first is None else self.first)


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
    change = objective.rows.sum(_Largest.of, dW).values  # of each predictor's eta
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
    block = objective.rows.block
    if block.y.ndim > 1 or isinstance(block.offset, list) or objective.penalty.alpha > 0:
        return False
    lightest = 1.0 if block.weight is None else block.weight[block.weight > 0].min()
    return solution.value * objective.rows.total < np.log(2) * lightest


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
    for step in steps:
        # In natural units: a short step would not get there, and what the others lack would grow with it.
        size = np.abs(step)
        far = np.where(size > 1e-5 * size.max(), step, 0.0) * (8.0 / min(1.0, size.max()))
        if sample.value(w + far) > steep:
            continue
        if all(objective.value(w + t * far) <= ceiling for t in (1.0, 4.0)):
            return layout.unpack(w + step) - layout.unpack(w)
    return None


def _separable(objective, signs, complete, names, C):
    """What to say of labels that columns tell apart, if they do; `signs` of infinite coefficients, if known."""
    block, layout = objective.rows.block, objective.layout
    free = layout.mask.any(axis=0)
    columns = np.flatnonzero(free[1:] if signs is None else signs.any(axis=0))
    signs = np.zeros((C, len(columns))) if signs is None else signs[:, columns]
    kind = "complete" if complete else "quasi-complete"
    # The program is that of one score a class: no other model's.
    if len(layout.mask) in (1, C) and len(block) * C * (C - 1) * free.sum() < CHEAP:
        counts = slice(None) if block.weight is None else block.weight > 0
        shares = block.y if block.y.ndim == 2 else np.eye(C)[block.y]
        try:
            verdict = separation(block.X[counts], shares[counts], free)
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


class _Largest:
    """max_i |Z_i dW_k| of each predictor k."""

    def __init__(self, values):
        self.values = values

    @classmethod
    def of(cls, block, dW):
        counts = True if block.weight is None else block.weight > 0
        without_offset = type(block)(block.X, None)
        return cls(np.array([np.abs(row * counts).max() for row in without_offset.eta(dW)]))

    def __add__(self, other):
        return _Largest(np.maximum(self.values, other.values))


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
        if falls or abs(moved[k.start]) > FAR * layout.unit[k.start]:
            text = limits.get(end, f"{name} goes to {end:g}")
            return f"{likelihood!r} seems to have no maximum of the likelihood: {text}."
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
