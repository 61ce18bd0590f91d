"""What a pass over the training data adds up: curvatures, outer products of scores, moments and deviances."""

import numpy as np

from ..design import Root, Sums, gram, leverage
from ..design.layout import designs


def counted(block, row):
    """A row, each of its entries as often as the weight says."""
    return row if block.weight is None else block.weight * row


def curvature(block, likelihood, layout, W, expected):
    """The gradient (K, 1 + p), and Z'[h]Z with the observed or expected h."""
    eta = block.eta(W)
    _, g, h = likelihood.taylor(block.y, eta, 2)
    h = likelihood.expected(eta, block.y) if expected else h
    h = [[counted(block, row) for row in rows] for rows in h]
    return Sums([block.score([counted(block, row) for row in g], layout.sloped), gram(block, layout, h)])


def meat(block, likelihood, layout, W, power, coordinates):
    """Z'[g g' / (1 - leverage)^power]Z: the covariance of the sum of scores, each row as often as its weight says.

    Parameters
    ----------
    power : int
        0, or 1 (HC2) and 2 (HC3).
    coordinates : array of shape (number of free columns, rank) or None
        Of the first predictor's design; see `leverage`.
    """
    eta = block.eta(W)
    g = likelihood.taylor(block.y, eta, 1)[1]
    factor = 1.0
    if power:
        h = np.broadcast_to(likelihood.expected(eta, block.y)[0][0], len(block))
        rest = 1 - leverage(block, layout, coordinates, h)
        alone = (rest < 1e-10) & (True if block.weight is None else block.weight > 0)
        if alone.any():
            raise ValueError(
                f"HC2 and HC3 divide by 1 - leverage, which is 0 in row {block.first + int(np.argmax(alone))} of X: a "
                "coefficient of its own fits it exactly. Use 'sandwich' or 'HC1', or leave out its column."
            )
        factor = np.where(rest > 0, rest, 1.0) ** -float(power)
    return gram(block, layout, [[counted(block, factor * a * b) for b in g] for a in g])


class GroupScores:
    """The sum of weighted scores (groups, d) of each group of rows, in coordinates of the layout."""

    def __init__(self, groups, scores):
        self.groups, self.scores = groups, scores

    @classmethod
    def of(cls, block, likelihood, layout, W, groups):
        """From the group number of every row of the table."""
        g = [counted(block, row) for row in likelihood.taylor(block.y, block.eta(W), 1)[1]]
        g = [np.broadcast_to(row, len(block)) for row in g]
        groups = groups[block.first : block.first + len(block)]
        numbers, codes = np.unique(groups, return_inverse=True)
        sums = np.zeros((len(numbers), layout.size))
        for rows, Z in block.tiles(layout):
            scores = np.zeros((len(Z), layout.size))
            for k, (Z_k, at_k, unit_k) in enumerate(designs(Z, layout)):
                scores[:, at_k] += (unit_k * g[k][rows])[:, None] * Z_k
            np.add.at(sums, codes[rows], scores)
        return cls(numbers, sums)

    def __add__(self, other):
        groups, codes = np.unique(np.concatenate([self.groups, other.groups]), return_inverse=True)
        scores = np.zeros((len(groups), self.scores.shape[1]))
        np.add.at(scores, codes, np.concatenate([self.scores, other.scores]))
        return GroupScores(groups, scores)


def hat_root(block, likelihood, layout, W):
    """R with R'R = Z'[h]Z of the first predictor, h its expected curvature; `layout` knows this predictor only."""
    h = np.maximum(likelihood.expected(block.eta(W), block.y)[0][0], 0.0)
    return Root.of(block, layout, [[np.sqrt(counted(block, h))]])


def pearson(block, likelihood, W):
    """sum s (y - mean)^2 / var, and the same times the dispersion phi: sum s (y - mean)^2 / V(mean)."""
    theta = likelihood.theta(block.eta(W))
    y, law = likelihood.observation(block.y, *theta)
    square = np.broadcast_to((y - law.mean()) ** 2 / law.var(), len(block))
    return Sums([counted(block, square).sum(), counted(block, square * likelihood.dispersion(*theta)).sum()])


def deviance(block, likelihood, W):
    """sum s 2 phi (saturated log-likelihood - log-likelihood): for a constant phi the deviance of textbooks."""
    eta = block.eta(W)
    theta = likelihood.theta(eta)
    phi = 1.0 if likelihood.dispersion is None else likelihood.dispersion(*theta)
    gap = likelihood.saturated(block.y, *theta) + likelihood.taylor(block.y, eta, 0)[0]
    return np.sum(counted(block, np.broadcast_to(2 * phi * gap, len(block))))


def curvature_rises(block, likelihood, W, paths):
    """For every path dW: by how much dW'Z'[h]Z dW rises from W to W + dW, shape (paths,)."""
    eta = block.eta(W)
    rises = np.zeros(len(paths))
    for i, path in enumerate(paths):
        step = type(block)(block.X, None).eta(path)
        after, before = (
            likelihood.taylor(block.y, [row + side * d for row, d in zip(eta, step, strict=True)], 2)[2]
            for side in (0.5, -0.5)
        )
        rises[i] = sum(
            counted(block, (after[k][m] - before[k][m]) * step[k] * step[m] * np.ones(len(block))).sum()
            for k in range(len(step))
            for m in range(len(step))
        )
    return rises
