"""Which columns of X determine each other, so that the data do not determine their coefficients."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse.linalg import LinearOperator, cg

from ..design import Root, gram
from ..solvers.steps import DOUBT, spectrum
from .columns import listed

# Of columns of norm 1: below EXACT a singular value is rounding; below NEAR coefficients have lost half their digits.
EXACT, NEAR = 1e-12, 1e-8
# A d x d matrix of more columns would cost more than the fit; so many products with Z and Z', not.
MANY, PASSES = 1000, 100


@dataclass(frozen=True)
class Dependence:
    """Columns that do not determine their coefficients.

    Attributes
    ----------
    sentence : str
        Which they are.
    free : boolean array of shape (1 + p,)
        The columns of Z in the predictors of which it speaks.
    null : array of shape (m, 1 + p)
        Coefficients that change none of these predictors.
    """

    sentence: str
    free: np.ndarray
    null: np.ndarray

    def fewest(self, dW, layout):
        """Of the directions in W that change the predictors as dW does, that of fewest slopes: of the least l1 norm.

        Slopes are measured by the scale of their columns, so that units change nothing.
        """
        dW, A = dW.copy(), (self.null[:, 1:] * layout.scale).T
        for k in np.flatnonzero((layout.mask == self.free).all(axis=1)) if A.size else ():
            p, m = A.shape
            cost = np.append(np.zeros(m), np.ones(2 * p))
            parts = np.hstack([A, np.eye(p), -np.eye(p)])  # A t + u - v = the slopes, u, v >= 0
            program = linprog(
                cost, A_eq=parts, b_eq=dW[k, 1:] * layout.scale, bounds=[(None, None)] * m + [(0, None)] * 2 * p
            )
            if program.success:
                dW[k] -= program.x[:m] @ self.null
        return dW


def dependent_columns(objective, names):
    """The `Dependence` of the columns on each other; None if there is none.

    Parameters
    ----------
    objective : Objective
        Of the fit.
    names : array of shape (p,) or None
    """
    layout, rows = objective.layout, objective.rows
    for free in np.unique(layout.mask[layout.sloped], axis=0):
        one = replace(layout, mask=free[None], unit=np.ones(1), held=None)
        if one.size > MANY:
            if len(rows) < one.size:
                columns = np.flatnonzero(free[1:])
                sentence = f"In X {listed(columns, names)} are collinear, more than the {len(rows)} rows: {MANY_FIT}."
                return Dependence(sentence, free, np.zeros((0, len(free))))
            unseen = _unseen(rows, one)
            if unseen is None:
                continue
            columns = np.flatnonzero(free)[np.abs(unseen) > 1e-6 * np.abs(unseen).max()] - 1
            sentence = f"In X {listed(columns[columns >= 0], names)} are collinear: {MANY_FIT}."
            return Dependence(sentence, free, np.zeros((0, len(free))))
        if not any(well_conditioned(some.sum(_gram, one)) for some in (rows.sample(), rows)):
            return _dependence(rows, one, names)
    return None


def _unseen(rows, layout):
    """A direction that Z maps to 0: a random one less its projection on the rows, by conjugate gradients; or None.

    None, too, where that takes too many passes: nothing is said then.
    """

    def product(v):
        return layout.gradient(rows.sum(_product, layout.unpack(v)))

    d = layout.size
    H, v = LinearOperator((d, d), product, dtype=float), np.random.RandomState(0).standard_normal(d)
    for _ in range(2):  # once more, to the digits that the first has lost
        seen, unfinished = cg(H, product(v), rtol=1e-9, maxiter=PASSES)
        if unfinished or np.linalg.norm(v - seen) < 1e-6 * np.linalg.norm(v):
            return None
        v = v - seen
    unit = v / np.linalg.norm(v)
    return unit if unit @ product(unit) <= EXACT**2 * len(rows) else None


def well_conditioned(H):
    """Whether Z'Z alone shows that no column is near the span of the others."""
    _, values, _ = spectrum(H)
    norm = np.sqrt(np.diag(H))
    return bool((norm > EXACT * norm.max()).all()) and values[0] > NEAR


MANY_FIT = "many coefficients fit equally well; drop columns, or add alpha > 0"


def _dependence(rows, layout, names):
    columns = np.flatnonzero(layout.mask[0]) - 1  # -1 is the intercept
    H = rows.sum(_gram, layout)
    norm = np.sqrt(np.diag(H))
    live = norm > EXACT * norm.max()
    scale, values, vectors = spectrum(H[np.ix_(live, live)])
    # Z'Z is squared: what it leaves in doubt is settled by Z itself.
    doubtful = values < DOUBT * values[-1]
    basis = np.zeros((len(live), doubtful.sum()))
    basis[live] = vectors[:, doubtful] / scale[:, None]
    _, small, Vt = np.linalg.svd(rows.sum(_root, layout.along(basis, np.zeros(len(live)))).R)
    share = np.zeros(len(Vt))
    share[: len(small)] = small / np.sqrt(values[-1])
    exact, Vt_live = share <= EXACT, Vt @ vectors[:, doubtful].T
    groups = {"constant": ~live}
    for kind, null in [("collinear", exact), ("nearly collinear", ~exact & (share <= NEAR))]:
        groups[kind] = np.zeros(len(live), dtype=bool)
        groups[kind][live] = (np.abs(Vt_live[null]) > 1e-6).any(axis=0)
    groups["nearly collinear"] &= ~groups["collinear"]
    found = [(kind, columns[which & (columns >= 0)]) for kind, which in groups.items()]
    found = [
        f"{listed(which, names)} {'is' if len(which) == 1 else 'are'} {kind}" for kind, which in found if len(which)
    ]
    if not found:
        return None
    lost = "their coefficients keep few digits; drop one of them"
    only_near = not (groups["constant"] | groups["collinear"]).any()
    sentence = f"In X {' and '.join(found)}: {lost if only_near else MANY_FIT}."
    null = [layout.unpack(v)[0] for v in Vt[exact] @ basis.T]
    return Dependence(sentence, layout.mask[0], np.reshape(null, (-1, layout.mask.shape[1])))


def _counted(block):
    """[[1]], but 0 for rows of weight zero."""
    return [[np.ones(1) if block.weight is None else (block.weight > 0) * 1.0]]


def _product(block, W):
    (eta,) = block.eta(W)
    counted = 1.0 if block.weight is None else block.weight > 0
    return block.score([counted * np.broadcast_to(eta, len(block))], np.ones(1, dtype=bool))


def _gram(block, layout):
    return gram(block, layout, _counted(block))


def _root(block, layout):
    return Root.of(block, layout, _counted(block))
