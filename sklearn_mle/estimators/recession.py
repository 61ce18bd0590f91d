"""Coefficients or parameters that go to infinity while F falls towards a limit that no W attains."""

import numpy as np

from ..design import Least, dense
from ..exceptions import BoundaryWarning, SeparationWarning
from ..rows import SAMPLE
from ..separation import Undecided, separation
from .columns import listed
from .edges import end_towards

# Numbers in the linear program that names separated columns: so many take some hundredths of a second.
CHEAP = 50_000


def no_maximum(objective, solution, names, classes, dependence):
    """Coefficients or parameters that go to infinity while F falls towards a limit that it does not reach."""
    layout, likelihood = objective.layout, objective.likelihood
    if classes is not None and _all_foretold(objective, solution):
        sentence = _separable(objective, None, True, names, len(classes))
        return (SeparationWarning, sentence) if sentence else None
    dW = _recession(objective, solution, dependence is None)
    if dW is None:
        return None
    dW = dW if dependence is None else dependence.fewest(dW, layout)
    change = np.abs(objective.rows.sum(Furthest.of, dW).values)  # of each predictor's eta
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
            end = end_towards(likelihood, name, dW[k][moves[k]][0, 0])
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


class Furthest:
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
        return Furthest(np.where(np.abs(self.values) < np.abs(other.values), other.values, self.values))


def _signed(columns, signs, names):
    """The columns with an infinite coefficient, and its sign where there is one predictor."""
    if len(signs) > 1:
        return listed(columns, names)
    parts = [(columns[signs[0] * s > 0], f"({text})") for s, text in [(1, "+"), (-1, "-")]]
    return " and ".join(f"{listed(which, names)} {text}" for which, text in parts if len(which))
