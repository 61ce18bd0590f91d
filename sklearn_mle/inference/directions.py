"""Which directions of the coefficients the data determine, and their curvature: what standard errors are made of."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag
from scipy.optimize import lsq_linear

from ..design import Root, gram
from ..solvers.steps import determined
from . import sums

# Equilibrated curvature whose smallest eigenvalue is larger can be inverted as it is: it keeps ten digits.
CLEAR = 1e-6
# Singular values of the columns, of norm 1, that are exact collinearity, and eigenvalues of the curvature that are 0.
COLLINEAR, NOTHING = 1e-12, 1e-12
# Mean curvature in natural units (about 1 at the start) along which the likelihood may be rising to a limit.
FLAT = 1e-8
# Scales of y from its kink at which a row is at it, and how many may be for each coordinate.
AT_KINK, REPEATED = 1e-9, 20


@dataclass(frozen=True)
class Directions:
    """The directions of w that have a curvature, and those that have none.

    Attributes
    ----------
    frame : array of shape (d, r) or None
        Coordinates in which sums over the rows keep their digits, where columns are nearly collinear; None for w.
    basis : array of shape (r, m) or None
        Directions, within the frame, along which the likelihood has a maximum; None for all.
    curvature : array of shape (m, m)
        Z'[h]Z, of the sum over rows, along them.
    gradient : array of shape (m,)
    undetermined : array of shape (d, ...)
        Directions along which nothing changes: collinear columns, the common shift of all logits.
    unbounded : array of shape (d, ...)
        Directions along which the likelihood rises towards a limit.
    """

    frame: np.ndarray | None
    basis: np.ndarray | None
    curvature: np.ndarray
    gradient: np.ndarray
    undetermined: np.ndarray
    unbounded: np.ndarray

    @property
    def covariance(self):
        """The inverse curvature in w, shape (d, d): 0 along all other directions."""
        return self.spread(inverse(self.curvature))

    @property
    def distance(self):
        """How far from the maximum the coefficients are, in standard errors."""
        return float(np.sqrt(np.abs(self.gradient @ np.linalg.pinv(self.curvature, hermitian=True) @ self.gradient)))

    def along(self, objective, w):
        """The objective in the frame."""
        return objective if self.frame is None else objective.along(self.frame, w)

    def sandwich(self, meat):
        """The covariance (d, d) of w around a meat in the frame: A^-1 M A^-1."""
        bread, meat = inverse(self.curvature), meat if self.basis is None else self.basis.T @ meat @ self.basis
        return self.spread(bread @ meat @ bread)

    def spread(self, C):
        """A covariance of the directions as one of w."""
        for basis in (self.basis, self.frame):
            C = C if basis is None else basis @ C @ basis.T
        return C


def directions(objective, w, expected):
    """The directions that the curvature at w determines.

    Parameters
    ----------
    objective : Objective
    w : array of shape (d,)
    expected : bool
        Whether the curvature is the expected one.
    """
    nothing = np.zeros((len(w), 0))
    A, g = curvature(objective, w, expected)
    s = objective.rows.total
    if clear(A) and np.linalg.eigvalsh(A)[0] > CLEAR * s:
        return Directions(None, None, A, g, nothing, nothing)
    # In coordinates in which the columns are orthonormal what is left is the curvature of the likelihood.
    columns, undetermined, ill = orthonormal(objective)
    frame, basis = (columns, np.eye(columns.shape[1])) if ill else (None, columns)
    if ill:
        objective, w = objective.along(frame, w), np.zeros(frame.shape[1])
        A, g = curvature(objective, w, expected)
    A, g = basis.T @ A @ basis, basis.T @ g
    # No curvature up to rounding, in any units: the likelihood does not change at all.
    scale = np.sqrt(np.where(np.diag(A) > 0, np.diag(A), 1.0))
    values, vectors = np.linalg.eigh(A / scale / scale[:, None])
    null = vectors[:, np.abs(values) <= NOTHING * max(values[-1], 0.0)] / scale[:, None]
    undetermined = np.hstack([undetermined, columns @ null])
    kept = complement(null)
    columns, basis, A, g = columns @ kept, basis @ kept, kept.T @ A @ kept, kept.T @ g
    # Next to none, and the likelihood rises for ever.
    values, vectors = np.linalg.eigh(A / s)
    rising = recession(objective, w, basis, values, vectors, g / s)
    unbounded, kept = columns @ vectors[:, rising], vectors[:, ~rising]
    if rising.any():
        basis, A, g = basis @ kept, kept.T @ A @ kept, kept.T @ g
    return Directions(frame, basis, A, g, undetermined, unbounded)


def curvature(objective, w, expected):
    """Z'[h]Z and the gradient, both of the sum over rows, at w, with the penalty's."""
    layout, s = objective.layout, objective.rows.total
    G, A = objective.rows.sum(sums.curvature, objective.likelihood, layout, layout.unpack(w), expected)
    _, penalty_gradient, penalty_curvature = objective._penalty(w)
    g = layout.gradient(G) + s * penalty_gradient
    return A + s * penalty_curvature(), g if objective.likelihood.smooth else s * least_subgradient(objective, w)


def least_subgradient(objective, w):
    """The subgradient of F next to 0: rows at their kink may have any slope between its two.

    At the minimum, a vertex, as many rows as coordinates are at theirs, up to the digits of the fit; more where y or
    whole rows repeat.
    """
    kinks = objective.near_kinks(w, REPEATED * len(w))
    if not len(kinks.z):
        return kinks.rest
    size = np.abs(kinks.z)
    at = size <= max(AT_KINK, np.sort(size)[: len(w)][-1])
    apart = np.where(kinks.z < 0, -kinks.slopes[:, 0], kinks.slopes[:, 1])[~at]
    rest, Z, (below, above) = kinks.rest - apart @ kinks.Z[~at], kinks.Z[at], kinks.slopes[at].T
    return rest - lsq_linear(Z.T, rest, (-below, above), method="bvls").x @ Z


def clear(A):
    """Whether A, equilibrated, is well conditioned."""
    diagonal = np.diag(A)
    if not np.isfinite(A).all() or not (diagonal > 0).all():
        return False
    scale = np.sqrt(diagonal)
    return np.linalg.eigvalsh(A / scale / scale[:, None])[0] > CLEAR


def inverse(A):
    """A^-1 of a symmetric matrix that is positive definite, or NaN where its rows and columns are not."""
    scale = np.sqrt(np.abs(np.diag(A)))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(A / scale / scale[:, None])
    with np.errstate(all="ignore"):
        C = (vectors / np.where(values > 0, values, np.nan)) @ vectors.T
    return C / scale / scale[:, None]


def orthonormal(objective):
    """B with mean square 1 of Z B in every predictor's unit, a basis of the w with Z w = 0, and whether Z'Z is ill."""
    layout, rows = objective.layout, objective.rows
    bases, nulls, ill, of_columns = [], [], False, {}
    for free in layout.mask:
        if free.tobytes() not in of_columns:
            one = replace(layout, mask=free[None], unit=np.ones(1), held=None, basis=None)
            found = of_gram(rows, one)
            ill |= found is None
            of_columns[free.tobytes()] = coordinates(rows.sum(_root, one).R) if found is None else found
        basis, null = of_columns[free.tobytes()]
        bases.append(np.sqrt(objective.n_rows) * basis)
        nulls.append(null)
    return block_diag(*bases), block_diag(*nulls), ill


def of_gram(rows, layout):
    """`coordinates` from Z'Z, where it tells them; else None."""
    G = rows.sum(_gram, layout)
    norm = np.sqrt(np.diag(G))
    live = norm > COLLINEAR * norm.max()
    place = np.eye(len(norm))

    def root(basis):
        return rows.sum(_root, layout.along(place[:, live] @ basis, np.zeros(len(norm)))).R

    found = determined(G[np.ix_(live, live)], root)
    if found is None:
        return None
    basis, null = (place[:, live] @ part for part in found)
    return basis, np.hstack([place[:, ~live], null])


def coordinates(R):
    """B with B'R'R B = I over the directions in which R is not zero, and a basis of the others."""
    norm = np.linalg.norm(R, axis=0)
    live = norm > COLLINEAR * norm.max(initial=0.0)
    _, values, Vt = np.linalg.svd(R[:, live] / norm[live])
    values = np.concatenate([values, np.zeros(len(Vt) - len(values))])
    found = values > COLLINEAR * values.max(initial=0.0)
    basis, null = np.zeros((len(norm), found.sum())), np.eye(len(norm))[:, ~live]
    basis[live] = (Vt[found] / values[found][:, None] / norm[live]).T
    collinear = np.zeros((len(norm), (~found).sum()))
    collinear[live] = (Vt[~found] / norm[live]).T
    return basis, np.hstack([null, collinear])


def _counts(block):
    return np.ones(1) if block.weight is None else (block.weight > 0) * 1.0


def _gram(block, layout):
    return gram(block, layout, [[_counts(block)]])


def _root(block, layout):
    return Root.of(block, layout, [[_counts(block)]])


def complement(vectors):
    """An orthonormal basis of all that is orthogonal to these columns."""
    Q, _ = np.linalg.qr(vectors, mode="complete")
    return Q[:, vectors.shape[1] :]


def recession(objective, w, basis, values, vectors, g):
    """Which eigenvectors of the mean curvature, along the basis, belong to a limit that no coefficients attain.

    Towards it value, gradient and curvature fall alike, so that Newton's step stays about 1 long however far one is.
    """
    flat = values < FLAT
    if not flat.any():
        return flat
    V = vectors[:, flat]
    here = objective.taylor(w, 0)[0]

    def endless(step):
        """Whether F does not rise along the step, however far."""
        size = np.abs(step).max()
        far = [objective.taylor(w + basis @ (t / size * step), 0)[0] for t in (8.0, 32.0)] if size > 0 else [np.inf]
        return max(far) <= here + 1e-11 * max(1.0, abs(here))

    with np.errstate(all="ignore"):
        newton = -V @ ((V.T @ g) / np.maximum(values[flat], np.finfo(float).tiny))
    if np.isfinite(newton).all() and endless(newton):
        return flat
    single = [endless(-np.copysign(1.0, v @ g) * v) or endless(np.copysign(1.0, v @ g) * v) for v in V.T]
    rising = flat.copy()
    rising[flat] = single
    return rising
