"""Whether columns of X tell the classes apart without error, so that maximum-likelihood coefficients are infinite."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr
from scipy.optimize import linprog

from .design import Block, Layout, Moments, Root

# In units of the columns' standard deviations, of coefficients in [-1, 1]: below, a margin is rounding.
NOTHING = 1e-7
# Rows of the linear program at first; those that its solution violates are added.
FIRST = 4000


@dataclass(frozen=True)
class Separation:
    """Which coefficients of a model of labels have no finite maximum-likelihood estimate.

    Attributes
    ----------
    kind : {"none", "quasi-complete", "complete"}
        "complete": a linear score tells all rows' classes apart; "quasi-complete": it does so for some rows, the others
        lie on the boundary; "none": the estimates are finite.
    columns : tuple
        Columns of X, by name or else index, with infinite coefficients.
    signs : array of shape (len(columns),), or (C, len(columns)) for C > 2 classes
        1 and -1: the coefficient goes to infinity and minus infinity; 0: it stays finite. For two classes
        that of the larger label.
    intercept : int, or array of shape (C,)
        The same of the intercept.
    """

    kind: str
    columns: tuple
    signs: np.ndarray
    intercept: object


def separation(X, shares, free, names=None):
    """Whether a linear score separates labels with class probabilities `shares`, by linear programming.

    It does if some b != 0 has margins ``(b_a - b_c)' [1, x] >= 0`` in all rows, for every class a that the row may have
    and every other c, not all of them 0: along b the likelihood rises for ever.

    Parameters
    ----------
    X : ndarray or csr of shape (n, p)
    shares : array of shape (n, C)
    free : boolean array of shape (1 + p,)
        The entries of [1, X] that have coefficients.
    names : array of shape (p,) or None

    References
    ----------
    Albert and Anderson (1984), On the existence of maximum likelihood estimates in logistic regression models,
    Biometrika 71. Konis (2007), Linear programming algorithms for detecting separated data in binary logistic
    regression models, DPhil thesis, Oxford, chapter 4.
    """
    C, program = shares.shape[1], Program(X, shares, free)
    b = program.most_separating()
    margins = program.margins(b)
    kind = "none"
    if margins.max() > NOTHING:
        kind = "quasi-complete"
        if margins.min() > NOTHING or program.margins(program.widest()).min() > NOTHING**2:
            kind = "complete"
    signs, intercept = program.signs(b if kind != "none" else np.zeros_like(b))
    if C == 2:
        signs, intercept = signs[1], int(intercept[1])
    columns = np.flatnonzero(np.atleast_2d(signs).any(axis=0))
    shown = tuple(columns.tolist() if names is None else (str(names[j]) for j in columns))
    return Separation(kind, shown, signs[..., columns], intercept)


class Program:
    """The linear programs over b, C rows of coefficients, each in [-1, 1], in standard units.

    Parameters
    ----------
    X, shares, free
        As for `separation`.
    """

    def __init__(self, X, shares, free):
        self.X, C = X, shares.shape[1]
        # Row i is to score class a, which it may have, no lower than class c.
        may = shares > 0
        self.row, self.a, self.c = np.nonzero(may[:, :, None] & ~np.eye(C, dtype=bool)[None])
        sd_of = Moments.of(Block(X, None))
        shift, scale = sd_of.mean, sd_of.scale
        if not free[0]:
            shift, scale = np.zeros_like(shift), np.hypot(shift, scale)
        self.layout = Layout(free[None], shift, np.where(scale > 0, scale, 1.0), np.ones(1))
        # Columns that others determine have no coefficient of their own.
        R = Root.of(Block(X, None), self.layout, [[np.ones(1)]]).R
        _, R, order = qr(R, mode="economic", pivoting=True)
        pivots = np.abs(np.diag(R))
        kept = np.zeros_like(free)
        kept[np.flatnonzero(free)[order[: (pivots > 1e-9 * pivots[0]).sum()]]] = True
        kept[1:] &= scale > 0
        self.layout = replace(self.layout, mask=np.tile(kept, (C, 1)), unit=np.ones(C), held=None)

    def margins(self, b):
        """(b_a - b_c)' z of every pair."""
        eta = Block(self.X, None).eta(self.layout.unpack(b))
        eta = np.stack([np.broadcast_to(row, self.X.shape[0]) for row in eta])
        return eta[self.a, self.row] - eta[self.c, self.row]

    def gradient(self, pairs):
        """The derivatives of the margins of some pairs in b, shape (pairs, size)."""
        layout, a, c = self.layout, self.a[pairs], self.c[pairs]
        Z = np.vstack([Z for _, Z in Block(self.X[self.row[pairs]], None).tiles(layout)])
        return np.hstack([Z * ((a == k) * 1.0 - (c == k))[:, None] for k in range(len(layout.mask))])

    def most_separating(self):
        """b with no margin below 0 and the largest sum of margins."""
        rises = np.zeros((len(self.layout.mask), self.X.shape[0]))
        np.add.at(rises, (self.a, self.row), 1.0)
        np.subtract.at(rises, (self.c, self.row), 1.0)
        total = self.layout.gradient(Block(self.X, None).score(list(rises), self.layout.sloped))
        return self._solve(total / max(np.abs(total).max(initial=0.0), 1e-300), 0.0)[:-1]

    def widest(self):
        """b with the largest smallest margin."""
        return self._solve(np.zeros(self.layout.size), 1.0)[:-1]

    def _solve(self, objective, of_margin):
        """argmax of objective' b + of_margin t over (b, t), where no margin is below t, and t in [0, of_margin]."""
        chosen = np.unique(np.linspace(0, len(self.row) - 1, min(FIRST, len(self.row))).astype(np.intp))
        while True:
            A = np.column_stack([-self.gradient(chosen), np.ones(len(chosen))])
            bounds = [(-1, 1)] * len(objective) + [(0, of_margin)]
            x = solved(np.append(-objective, -of_margin), A, bounds)
            short = self.margins(x[:-1]) - x[-1]
            short[chosen] = 0.0
            worst = np.argsort(short)[: len(chosen)]
            worst = worst[short[worst] < -1e-9]
            if not len(worst):
                return x
            chosen = np.append(chosen, worst)

    def signs(self, b):
        """Signs of the slopes (C, p) and intercepts (C,) of b, of all classes, their mean 0."""
        V = self.layout.entries(b)
        V -= V.mean(axis=0)
        V[:, 1:][np.abs(V[:, 1:]) < NOTHING] = 0.0
        parts = V[:, 1:] * self.layout.shift / self.layout.scale
        intercepts = V[:, 0] - parts.sum(axis=1)
        intercepts[np.abs(intercepts) < NOTHING * (np.abs(V[:, 0]) + np.abs(parts).sum(axis=1) + 1e-300)] = 0.0
        return np.sign(V[:, 1:]).astype(int), np.sign(intercepts * self.layout.mask[0, 0]).astype(int)


class Undecided(ArithmeticError):
    """The linear program could not be solved."""


def solved(cost, A, bounds):
    """argmin cost' x with A x <= 0 within the bounds."""
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    for options in (tight, {}):
        result = linprog(cost, A, np.zeros(len(A)), bounds=bounds, method="highs", options=options)
        if result.x is not None:
            return result.x
    raise Undecided(f"whether the labels are separable could not be decided: {result.message}")
