"""Where the search starts and in which units: learnt from a sample of rows."""

from dataclasses import replace

import numpy as np

from ..design import FAR, Layout, Least, Moments, Sums, dense
from ..penalty import ElasticNet
from ..rows import SAMPLE
from ..solvers import Newton
from ..solvers.base import silent
from .columns import column_values
from .table import label
from .weights import Total, few_heavy

# The largest float has this root; squares of less than SMALL lose digits to underflow.
SQUARE = np.sqrt(np.finfo(float).max)
SMALL = 1e-150
# So many columns, and scales are those of all rows.
WIDE = 1000
# Where y is any real number, it is less, and spread wider than 1 / MODERATE: squares of parts of it are floats, too.
MODERATE = 1e140


def standardise(rows, mask, names=None):
    """The layout of these rows, from the weighted moments of a sample; units are 1."""
    sample = rows.sample()
    # Wide: of all rows, as rare columns would have no entry in a sample, or one. It is one pass of dozens.
    moments, sample = (sample if mask.shape[1] <= 1 + WIDE else rows).sum(Moments.of), sample.block
    mean, scale = moments.mean, moments.scale
    demand_large(sample, mask[:, 1:].any(axis=0) & (np.abs(mean) < SMALL) & (scale < SMALL), names)
    constant = np.flatnonzero(scale == 0)
    if len(constant) and len(rows) > len(sample):
        all_rows = rows.sum(Moments.of, constant)
        mean[constant], scale[constant] = all_rows.mean, all_rows.scale
    huge = mask[:, 1:].any(axis=0) & ~(np.isfinite(scale) & (np.abs(mean) < SQUARE))
    if huge.any():
        column = label(int(np.argmax(huge)), names)
        raise ValueError(f"Column {column} of X has numbers the squares of which are beyond all floats: rescale it.")
    # The mean of a constant column is its value, not what rounding makes of it: centred, the column is exactly 0.
    first = 0 if sample.weight is None else int(np.argmax(sample.weight > 0))
    mean = np.where(scale == 0, dense(sample.X[[first]])[0], mean)
    sloped = mask[:, 1:].any(axis=1)
    p, K = len(mean), len(mask)
    if not mask[sloped, 0].all():
        # A slope without an intercept: no shift, and the scale is the root mean square.
        scale = np.hypot(mean, scale)
        mean = np.zeros(p)
    scale = np.where(scale > 0, scale, np.where(mean == 0, 1.0, np.abs(mean)))  # what is rounding is then small
    far = (np.abs(mean) > FAR * scale) & isinstance(sample.X, np.ndarray)
    origin = np.where(far, mean, 0.0)
    return Layout(mask, mean - origin, scale, np.ones(K), origin)


def demand_large(sample, suspects, names):
    """A ValueError that names the first of these columns (boolean) in which not all numbers are 0."""
    if not suspects.any():
        return
    counts = slice(None) if sample.weight is None else sample.weight > 0
    # Most have only zeros, which one product tells for all of them.
    sums = np.linspace(1.0, 2.0, len(sample))[None] / SMALL @ sample.X
    for j in np.flatnonzero(suspects & (sums[0] != 0)):
        largest = np.abs(column_values(sample.X, j)[counts]).max(initial=0.0)
        if largest > 0:
            raise ValueError(
                f"Column {label(j, names)} of X goes up to {largest:.3g} only, the square of which is below all "
                "floats: rescale it."
            )


def start(sample):
    """eta (K,) of the unconditional model: the likelihood's start, or Newton from eta = 0.

    Parameters
    ----------
    sample : Objective
        Of a sample of rows, as in all that follows.
    """
    block = sample.rows.block
    values = sample.likelihood.start(block.y, _weights(block))
    if values is not None:
        return sample.likelihood.eta(values)
    mask = np.zeros_like(sample.layout.mask)
    mask[:, 0] = True
    unconditional = replace(sample, layout=replace(sample.layout, mask=mask, held=None), penalty=ElasticNet())
    w = Newton().minimize(unconditional, np.zeros(len(mask)), silent, None).w
    return unconditional.layout.unpack(w)[:, 0]


def begin(objective, warm=lambda W: W):
    """The objective in natural units, and the coordinates to start from, where every row of a sample has a finite nll.

    `warm` may replace entries of W by those of an earlier fit.
    """
    demand_moderate(objective)
    heavy = few_heavy(objective, np.finfo(float).eps)
    if heavy is not None:
        raise ValueError(
            f"sample_weight goes up to {objective.rows.sum(Total.of).most:.3g}: {heavy} of {objective.n_rows} rows "
            "have all but 1e-16 of the weight, too few for the coefficients; the others are lost in rounding. Bring "
            "the weights within ten digits of each other."
        )
    sample = objective.fewer_rows(SAMPLE)
    eta = start(sample)
    layout = in_natural_units(sample, eta)
    objective = replace(objective, layout=layout)
    w = layout.pack(warm(intercepts(sample, eta)))
    if not np.isfinite(replace(sample, layout=layout).value(w)):
        w = layout.pack(projection(sample, eta))
        demand_probable(objective, w)
    return objective, w


def demand_probable(objective, w):
    """A ValueError that names the first row without probability at w, if there is one."""
    objective.rows.sum(demand_finite, objective.likelihood, objective.layout.unpack(w))


def in_natural_units(sample, eta):
    """The layout in whose units the nll at eta has mean absolute curvature 1 in every predictor.

    So one learning rate suits y of any scale, and L-BFGS starts from a good metric.
    """
    block = sample.rows.block
    *_, h = sample.likelihood.taylor(block.y, [np.array([value]) for value in eta], 2)
    rows = [np.broadcast_to(np.abs(h[k][k]), len(block)) for k in range(len(h))]
    curvature = np.average(rows, axis=1, weights=_weights(block))
    good = np.isfinite(curvature) & (curvature > 0)
    unit = 1 / np.sqrt(np.where(good, curvature, 1.0))
    # The penalty's curvature belongs to it: a slope per unit of a narrow column is penalised the more.
    penalty, sloped = sample.penalty, sample.layout.sloped
    ridge = penalty.alpha * (1 - penalty.l1_ratio) * np.mean(unit[sloped] ** 2) if sloped.any() else 0.0
    return replace(sample.layout, unit=unit, scale=np.sqrt(sample.layout.scale**2 + ridge))


def intercepts(sample, eta):
    """W with intercepts only, so that the linear predictors have mean eta, offsets included."""
    block, mask = sample.rows.block, sample.layout.mask
    offset = block.offset if isinstance(block.offset, list) else [block.offset] * len(mask)
    mean = [np.average(row, weights=block.weight) if np.ndim(row) else row for row in offset]
    W = np.zeros(mask.shape)
    W[:, 0] = np.where(mask[:, 0], eta - mean, 0.0)
    return W


def projection(sample, eta):
    """W whose linear predictors come closest to the constants eta: a start where there is no intercept."""
    block, mask = sample.rows.block, sample.layout.mask
    Z = np.column_stack([np.ones(len(block)), dense(block.X)])
    W = np.zeros(mask.shape)
    for k, free in enumerate(mask):
        W[k, free] = np.linalg.lstsq(Z[:, free], np.full(len(Z), eta[k]), rcond=None)[0]
    return W


def demand_moderate(objective):
    """A ValueError where y is any real number, and so large or small that squares leave the range of floats."""
    likelihood = objective.likelihood
    if likelihood.support.lower > -np.inf:
        return
    (least,), (minus_most,) = objective.rows.sum(_range, likelihood.support.infinite)
    most = -minus_most
    if most > MODERATE or least < -MODERATE or 0 < most - least < 1 / MODERATE:
        raise ValueError(
            f"{likelihood!r}: y goes from {least:.3g} to {most:.3g}, the square of which is beyond all floats: "
            "rescale it."
        )


def _range(block, infinite):
    y = block.y.astype(float, copy=False)
    y = y[np.isfinite(y)] if infinite else y
    return Sums([Least((y.min(initial=np.inf),)), Least((-y.max(initial=-np.inf),))])


def demand_finite(block, likelihood, W):
    """0 for a block in which every row has a finite nll at W; else a ValueError that names the first that has not."""
    eta = block.eta(W)
    nll = np.broadcast_to(likelihood.taylor(block.y, eta, 0)[0], len(block))
    bad = ~np.isfinite(nll)
    if block.weight is not None:
        bad &= block.weight > 0
    if bad.any():
        i = int(np.argmax(bad))
        text = f"{likelihood!r} gives y[{block.first + i}] = {block.y[i].tolist()} no probability at the start. "
        raise ValueError(text + _reason(block, i))
    return 0


def _reason(block, i):
    """What may have gone wrong in row i of a block, and the way out."""
    largest = np.abs(block.y).max()
    if largest > SQUARE:
        return f"y goes up to {largest:.3g}, the square of which is beyond all floats: rescale it."
    offset = block.offset if isinstance(block.offset, list) else [block.offset]
    offset = [float(row[i]) if np.ndim(row) else row for row in offset]
    if np.abs(offset).max() > 100:
        return f"Its offset, or the logarithm of its exposure, is {max(offset, key=abs):g}: check that column."
    return (
        "If the likelihood is your own, state its `support` and a `start`; a parameter under a link of "
        "probabilities arrives as its log-odds (expit(p) is the probability)."
    )


def _weights(block):
    return np.ones(len(block)) if block.weight is None else block.weight
