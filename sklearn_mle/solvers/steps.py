"""A Newton step where the curvature is indefinite, singular or nearly gone, and coordinates in which it is neither."""

from collections import namedtuple
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpstrf

# Pivots of the equilibrated curvature, the largest being 1: above CLEAR the factor can be trusted; below NOISE a
# pivot is the rounding of an exact 0; between the two only the root, which is never squared, can tell.
CLEAR, NOISE = 1e-8, 1e-13
# Curvature in natural units (about 1 at the start) that counts as none: a parameter on its way to infinity.
FLAT = 1e-18
# A slope without curvature is followed by so many natural units a step.
FAR = 8.0
# Where the curvature is less than this share of that at the start, it says little about what is farther off.
LOOSE = 1e-2
# Singular values of the root below this share of the largest are exact collinearity.
RANK = 1e-12
# Eigenvalues of the equilibrated metric below this share of the largest may be rounding; the vectors of the others
# are known to ten digits.
DOUBT = 1e-6


class Reach:
    """How far a step may go where the curvature has nearly vanished since the start: it knows of no hump in between."""

    def __init__(self, objective, w):
        self.objective, self.start, self.origin = objective, w, w

    @cached_property
    def curvature(self):
        """That of the metric at the start, of each coordinate."""
        return np.diag(self.objective.metric(self.start))

    def change(self, n, kept):
        """Go on in other coordinates: n of unit curvature, then those of the old ones that are `kept`, all from 0."""
        self.curvature = np.append(np.ones(n), self.curvature[kept])
        self.origin = np.zeros(len(self.curvature))

    def limited(self, step, w, g, curvature):
        """The step, in coordinates whose curvature is LOOSE at most FAR natural units, or as far as w has come yet."""
        if np.abs(step).max(initial=0.0) <= FAR:
            return step
        most = np.maximum(FAR / np.sqrt(np.maximum(self.curvature, FLAT)), np.abs(w - self.origin))
        limited = np.where(curvature < LOOSE * self.curvature, np.clip(step, -most, most), step)
        return limited if g @ limited <= 0.0 else step * min(1.0, np.min(most / np.maximum(np.abs(step), FLAT)))


Step = namedtuple("Step", "step ill rank sloping exact")


def newton_step(objective, w, g, H, short, reach):
    """-H^-1 g, by the metric where H is indefinite; ill, rank as `solve` says; does F slope where H is 0; is H exact.

    Rows of either sign, whose sum is about 0, have a metric in which steps are too `short`: then H's modulus it is.
    """
    step, ill, rank = solve(H, -g)
    exact = step is not None
    if not exact:
        H = modulus(H) if short else objective.metric(w)
        step, ill, rank = solve(H, -g, semidefinite=True)
    if step is None:  # the curvature overflows
        return Step(-g, False, len(g), False, True)
    slope = g + H @ step  # what is left of it where there is no curvature: far on, and the search shortens
    steepest = np.abs(slope).max(initial=0.0)
    sloping = steepest > max(1e-8, 1e-4 * np.abs(g).max(initial=0.0))  # more than rounding
    step = step - FAR / steepest * slope if sloping else step
    return Step(reach.limited(step, w, g, np.diag(H)), ill, rank, sloping, exact)


def modulus(H):
    """V |D| V' of H = V D V'."""
    if not np.isfinite(H).all():
        return H
    values, vectors = np.linalg.eigh(H)
    return (vectors * np.abs(values)) @ vectors.T


def solve(H, b, semidefinite=False):
    """The shortest x with H x = b, None if H is indefinite; whether rounding could decide the rank of H; and the rank.

    Parameters
    ----------
    H : array of shape (d, d)
    b : array of shape (d,)
    semidefinite : bool
        Whether H is known to be positive semidefinite, up to rounding.

    References
    ----------
    Higham (2002), Accuracy and Stability of Numerical Algorithms, section 10.3 (rank-revealing Cholesky).
    """
    diagonal = np.diag(H)
    if not np.isfinite(H).all():
        return (b if semidefinite else None), False, 0
    if not semidefinite and ((diagonal < 0).any() or H[diagonal == 0].any()):
        return None, False, 0
    live = np.flatnonzero(diagonal > FLAT)
    scale = np.sqrt(diagonal[live])
    A = H[np.ix_(live, live)] / scale[:, None] / scale
    L, order, rank, _ = dpstrf(A, lower=1, tol=NOISE)
    order, L = order - 1, np.tril(L)[:, :rank]
    ill = rank > 0 and L[rank - 1, rank - 1] ** 2 < CLEAR
    left = A[np.ix_(order[rank:], order[rank:])] - L[rank:] @ L[rank:].T
    if not semidefinite and left.size and np.abs(left).max() > 1e-10:
        return None, False, 0
    x = np.zeros(len(b))
    live = live[order]
    if rank == len(live):
        x[live] = cho_solve((L, True), b[live] / scale[order]) / scale[order]
    elif rank:
        # H = M M' with M = Q R of full column rank: the shortest solution is Q R^-T R^-1 Q' b.
        Q, R = np.linalg.qr(L * scale[order][:, None])
        inner = solve_triangular(R, Q.T @ b[live], check_finite=False)
        x[live] = Q @ solve_triangular(R, inner, trans=1, check_finite=False)
    return (x if np.isfinite(x).all() else b), ill, rank


def better_coordinates(objective, w, loose):
    """Orthonormal ones for all but the `loose` coordinates, which keep their units and their reach."""
    M = objective.metric(w)
    live = ~loose & (np.diag(M) > FLAT)
    place = np.eye(len(w))[:, live]

    def root(basis):
        return objective.along(place @ basis, w).root(np.zeros(basis.shape[1]))

    within, _ = determined(M[np.ix_(live, live)], root) or (orthonormal_coordinates(objective.root(w)[:, live]), None)
    columns = np.zeros((len(loose), within.shape[1] + loose.sum()))
    columns[live, : within.shape[1]] = within
    columns[loose, within.shape[1] :] = np.eye(loose.sum())
    return columns


def determined(M, root):
    """B with B'MB = I over the directions in which M is not zero, and a basis of those in which it is.

    None where M alone cannot tell: where it is small along a direction, but not its root.

    Parameters
    ----------
    M : array of shape (d, d)
        Positive semidefinite.
    root : function
        root(basis), R with R'R = basis' M basis, from M's own root.
    """
    scale, values, vectors = spectrum(M)
    if not len(values):
        return None
    doubtful = values < DOUBT * values[-1]
    null = vectors[:, doubtful] / scale[:, None]
    if not (np.linalg.norm(root(null), axis=0) <= RANK * np.sqrt(values[-1])).all():
        return None
    return vectors[:, ~doubtful] / np.sqrt(values[~doubtful]) / scale[:, None], null


def spectrum(M):
    """The roots of M's diagonal, and eigenvalues (rising) and eigenvectors of M so scaled; none if M is not finite."""
    if not np.isfinite(M).all():
        return np.ones(0), np.zeros(0), np.zeros((0, 0))
    scale = np.sqrt(np.diag(M))
    scale = np.where(scale > 0, scale, 1.0)
    return scale, *np.linalg.eigh(M / scale / scale[:, None])


def orthonormal_coordinates(R):
    """B with B'R'R B = I over the directions in which R is not zero, by the SVD of R with equilibrated columns."""
    scale = np.linalg.norm(R, axis=0)
    scale[scale == 0] = 1.0
    _, values, Vt = np.linalg.svd(R / scale, full_matrices=False)
    rank = int((values > RANK * values.max(initial=0.0)).sum())
    return Vt[:rank].T / values[:rank] / scale[:, None]
