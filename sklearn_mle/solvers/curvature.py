"""A positive definite curvature that goes along with a search: of all rows or of a sample, with BFGS's corrections."""

from dataclasses import replace

import numpy as np
from scipy.linalg import cho_factor

from .quasi_newton import metric_sample

# Added to the curvature, as a share of its diagonal: in directions without any, as the shift of all logits, a step is
# then long, but no larger multiple of rounding.
JITTER = 1e-7
# Of so few coordinates the Hessian costs little more than the gradient: it is made anew at every step.
FEW = 50
# Where a step leaves more than this share of the gap, the Hessian of all rows is made: it costs about as much as ten
# steps where rows are many, as three or four where they are few.
SLOW_ON_MANY, SLOW_ON_FEW = 0.3, 0.03


class Curvature:
    """B about w: that of all rows where they are few, else of a sample; BFGS corrects it, until progress is slow.

    Attributes
    ----------
    B : array of shape (d, d)
    exact : bool
        Whether it is that of all rows at the w where the search is.
    """

    def __init__(self, objective, w):
        self.objective, size = objective, metric_sample(objective)
        self.exact = objective.n_rows <= 2 * size
        self.source = objective if self.exact else objective.fewer_rows(size)
        self.B = self.at(w)

    def at(self, w, settled=False):
        """The curvature at w; the Hessian itself among the coordinates that are not 0 where these have `settled`."""
        H = jittered(self.source.taylor(w, 2)[2])
        if positive_definite(H):
            return H
        M = jittered(self.source.metric(w))
        free = (w != 0) | (self.objective.thresholds == 0)
        within = np.ix_(free, free)
        if settled and positive_definite(H[within]):
            M[np.ix_(free, ~free)] = M[np.ix_(~free, free)] = 0.0
            M[within] = H[within]
        return M

    def renew(self, w, settled=False):
        """Make it that of all rows at w."""
        self.source, self.exact = self.objective, True
        self.B = self.at(w, settled)

    def correct(self, w, v, y, left):
        """Take in the step from w to v, which changed the gradient by y; make it anew where much of the gap is `left`.

        That share is known one step late: it is of the gap before this step by that before the last one.
        """
        s, self.exact, whole = v - w, False, self.source is self.objective
        if (whole and len(w) <= FEW) or left > (SLOW_ON_FEW if whole else SLOW_ON_MANY):
            self.renew(v, settled=((w == 0) == (v == 0)).all())
        elif s @ y > 1e-12 * np.linalg.norm(s) * np.linalg.norm(y):
            Bs = self.B @ s
            self.B = self.B + np.stack([Bs / -(s @ Bs), y / (s @ y)], axis=1) @ np.stack([Bs, y])

    def under(self, penalty, w):
        """Go on under another penalty."""
        slopes, before = self.objective.layout.slopes, self.objective.penalty
        whole = self.source is self.objective
        self.objective = replace(self.objective, penalty=penalty)
        self.source = self.objective if whole else replace(self.source, penalty=penalty)
        self.B = self.B + np.diag(penalty.taylor(w, slopes)[2] - before.taylor(w, slopes)[2])
        if not positive_definite(self.B):
            self.B = self.at(w)


def jittered(H):
    """H with a little more on its diagonal."""
    diagonal = np.abs(np.diag(H))
    H = H.copy()
    H.flat[:: len(H) + 1] += JITTER * np.maximum(diagonal, JITTER)
    return H


def positive_definite(H):
    """Whether H has a Cholesky factor."""
    try:
        cho_factor(H, lower=True)
    except (np.linalg.LinAlgError, ValueError):
        return False
    return True
