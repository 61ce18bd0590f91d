"""The elastic net: its smooth part with derivatives, and the thresholds of the rest."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ElasticNet:
    """alpha (l1_ratio ||b||_1 + (1 - l1_ratio) / 2 ||b||_2^2), of the slopes b in the units of X.

    A solver's coordinates w give b = slopes * w; `slopes` is 0 for intercepts, which are never penalised.

    Parameters
    ----------
    alpha : float
        Strength, a multiple of the *mean* nll.
    l1_ratio : float
        Share of the l1 norm, in [0, 1].
    """

    alpha: float = 0.0
    l1_ratio: float = 0.0

    def taylor(self, w, slopes):
        """Value, gradient and diagonal Hessian in w of the smooth part."""
        curvature = self.alpha * (1 - self.l1_ratio) * slopes**2
        gradient = curvature * w
        return 0.5 * float(gradient @ w), gradient, curvature

    def thresholds(self, slopes):
        """What the slope of the smooth part must exceed for a coordinate to leave 0: those of |w_j| in the penalty."""
        return self.alpha * self.l1_ratio * np.abs(slopes)
