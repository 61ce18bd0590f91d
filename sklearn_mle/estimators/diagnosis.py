"""Why a likelihood has no maximum, or many: one warning that names what goes to its limit, and what to do."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..exceptions import BoundaryWarning, RankWarning, SeparationWarning
from ..separation import separation
from .columns import listed
from .rank import dependent_columns

# Logarithms of densities per spread of y. DIGITS: no residual but rounding is so small. SPIKE: nor is one row's, where
# it stands out from the mean by APART, or where the search did not end.
DIGITS, SPIKE, APART = 30.0, 20.0, 10.0
# Numbers in the linear program that names separated columns: so many take some hundredths of a second.
CHEAP = 50_000


def diagnosis(objective, start, solution, names=None, n_classes=None):
    """(category, text) of the warning that a fit deserves, or None.

    Parameters
    ----------
    objective : Objective
    start : array of shape (d,)
        Where the search began.
    solution : Solution
    names : array of shape (p,) or None
    n_classes : int or None
        Number of classes where y are labels.
    """
    found = []
    singular = solution.deficiency is None or solution.deficiency > objective.invariances
    if objective.penalty.alpha == 0 and singular:
        sentence = dependent_columns(objective, names)
        found += [(RankWarning, sentence)] if sentence else []
    limit = _exact(objective, start, solution) or _limit(objective, solution, names, n_classes, not found)
    if limit:
        found.insert(0, limit)
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
    y = objective.rows.sample().block.y
    if likelihood.support.integer or y.ndim > 1:
        return None
    spread = 0.0 if likelihood.support.lower > -np.inf else np.std(y) or 1.0
    mean = np.mean(np.log(_size(y, spread))) - solution.value
    bar = min(DIGITS, max(SPIKE, mean + APART)) if solution.converged else SPIKE
    if solution.converged and layout.sloped.sum() < 2 and mean < bar:
        return None  # all rows have one scale
    rows = objective.rows.sum(_ExactRows.of, likelihood, layout.unpack(solution.w), spread, bar)
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


def _size(y, spread):
    """Its spread, or what rounding leaves of its last digits."""
    return np.maximum(1e-3 * np.abs(y), spread)


class _ExactRows:
    """How many rows are fitted without error, and the first of them."""

    def __init__(self, count, first):
        self.count, self.first = count, first

    @classmethod
    def of(cls, block, likelihood, W, spread, bar):
        nll = likelihood.taylor(block.y, block.eta(W), 0)[0]
        exact = -nll + np.log(_size(block.y, spread)) > bar
        exact &= True if block.weight is None else block.weight > 0
        return cls(int(exact.sum()), block.first + int(np.argmax(exact)) if exact.any() else None)

    def __add__(self, other):
        return _ExactRows(self.count + other.count, other.first if self.first is None else self.first)


# --- a limit that no W attains ------------------------------------------------------------------------------------


def _limit(objective, solution, names, n_classes, determined):
    """Coefficients or parameters that go to infinity while F falls towards a limit that it does not reach."""
    layout, likelihood, labels = objective.layout, objective.likelihood, n_classes is not None
    # Of labels the sum of the nll is below log 2 only if every row has a probability over 1/2.
    complete = labels and objective.penalty.alpha == 0 and solution.value * objective.rows.total < np.log(2)
    if complete:
        return SeparationWarning, _separable(objective, None, True, names, n_classes)
    dW = _recession(objective, solution, determined)
    if dW is None:
        return None
    change = objective.rows.sum(_Largest.of, dW).values  # of each predictor's eta
    if change.max() < 1e-3:
        return None  # w moves where Z does not see it
    moves = change > 0.1 * change.max()
    slopes = np.abs(dW[:, 1:]) * layout.scale
    infinite = (slopes > 1e-5 * slopes.max(axis=1, keepdims=True)) & (slopes.max(axis=1) > 1e-3 * change)[:, None]
    dW[:, 1:][~(infinite & (moves & layout.sloped)[:, None])] = 0.0
    sentences = []
    for name, k in likelihood.slices.items():
        signs = np.sign(dW[k, 1:])
        if signs.any() and labels:
            return SeparationWarning, _separable(objective, signs, False, names, n_classes)
        if signs.any():
            sentences.append(
                f"{likelihood!r} has no maximum of the likelihood: the coefficients of {name} go to infinity: "
                f"{_signed(np.arange(signs.shape[1]), signs, names)}. They tell rows apart without error: drop the "
                "columns or these rows, or add alpha > 0."
            )
        elif moves[k].any():
            end = _end(likelihood, name, dW[k][moves[k]][0, 0])
            text = likelihood.limits.get(name, {}).get(end, f"{name} is at {end:g}: fix it there, if that is possible")
            sentences.append(f"{likelihood!r} has no maximum of the likelihood: {text}.")
            if k.start == 0:
                break  # what the others do then is noise
    category = SeparationWarning if dW[:, 1:].any() else BoundaryWarning
    return (category, " ".join(sentences)) if sentences else None


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
        _, vectors = np.linalg.eigh(objective.taylor(w, 2)[2])
        steps = [vectors[:, 0], -vectors[:, 0]]
    ceiling = solution.value + 1e-11 * max(1.0, abs(solution.value))
    for step in steps:
        if all(objective.taylor(w + t * step, 0)[0] <= ceiling for t in (8.0, 32.0)):
            return layout.unpack(w + step) - layout.unpack(w)
    return None


def _separable(objective, signs, complete, names, C):
    """What to say of labels that columns tell apart; `signs` of the infinite coefficients, where known."""
    block, layout = objective.rows.block, objective.layout
    free = layout.mask.any(axis=0)
    columns = np.flatnonzero(free[1:] if signs is None else signs.any(axis=0))
    signs = np.zeros((C, len(columns))) if signs is None else signs[:, columns]
    kind = "complete" if complete else "quasi-complete"
    if len(block) * C * (C - 1) * free.sum() < CHEAP:
        counts = slice(None) if block.weight is None else block.weight > 0
        shares = block.y if block.y.ndim == 2 else np.eye(C)[block.y]
        verdict = separation(block.X[counts], shares[counts], free)
        if verdict.kind != "none":
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


def _end(likelihood, name, direction):
    """The value of a parameter, as users read it, whose eta goes to infinity in this direction."""
    link = likelihood.parameters[name]
    with np.errstate(all="ignore"):
        return float(link.shown(link.inverse(np.array([np.copysign(np.inf, direction)])))[0])


def _signed(columns, signs, names):
    """The columns with an infinite coefficient, and its sign where there is one predictor."""
    if len(signs) > 1:
        return listed(columns, names)
    parts = [(columns[signs[0] * s > 0], f"({text})") for s, text in [(1, "+"), (-1, "-")]]
    return " and ".join(f"{listed(which, names)} {text}" for which, text in parts if len(which))
