"""Worm and QQ plots: where in the law of y, in its middle or its tails, a model departs from the data."""

import numpy as np
from scipy.special import betaincinv, ndtr, ndtri

from ..estimators.weights import check_weight
from ..residuals import residuals as residuals_of
from .base import Display, ink, style

# Points that are drawn, evenly spaced on the axis, so that none of the tails is left out.
SHOWN = 1000
KINDS = ("worm", "qq")


class QuantileResidualDisplay(Display):
    """Quantile residuals in order against those of a standard normal law, which they follow if the model is true.

    A QQ plot; the worm plot shows their difference, in which details can be seen. A worm that is above 0 means
    predictions that are too low, one that rises a variance that is too small, a parabola a skewness, an S tails. Each
    point lies in the band with the probability `level` if the model is true.

    Parameters
    ----------
    residuals : array-like of shape (n,)
        As `sklearn_mle.residuals.residuals` returns them.
    sample_weight : array-like of shape (n,), default=None
        Weight 2 is the row twice.
    level : float, default=0.95
        Of the band, for each point of its own.

    Attributes
    ----------
    residuals : array of shape (m,)
        In ascending order, those of positive weight.
    normal : array of shape (m,)
        The quantiles of the normal law that belong to them.
    lower, upper : arrays of shape (m,)
        The band: quantiles of order statistics.
    points_, line_, band_ : matplotlib Artists
    ax_, figure_ : matplotlib Axes and Figure

    References
    ----------
    van Buuren and Fredriks (2001), Worm plot: a simple diagnostic device for modelling growth reference curves,
    Statistics in Medicine 20. Dunn and Smyth (1996), Randomized quantile residuals, Journal of Computational and
    Graphical Statistics 5.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.displays import QuantileResidualDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> display = QuantileResidualDisplay.from_estimator(MLERegressor().fit(X, y), X, y)
    >>> inside = (display.lower <= display.residuals) & (display.residuals <= display.upper)
    >>> print(f"{inside.mean():.2f}")
    1.00
    """

    def __init__(self, residuals, *, sample_weight=None, level=0.95):
        residuals = np.asarray(residuals, dtype=float)
        weight = check_weight(sample_weight, len(residuals))
        weight = np.ones(len(residuals)) if weight is None else weight
        order = np.argsort(residuals, kind="stable")
        order = order[weight[order] > 0]
        self.residuals, self.level, self.sample_weight = residuals[order], level, weight[order]
        n = self.sample_weight.sum()
        share = (np.cumsum(self.sample_weight) - 0.5 * self.sample_weight) / n  # of equal weights (i - 1/2) / n
        self.n, self.normal = n, ndtri(share)
        self.lower, self.upper = self.band(share)

    def band(self, share):
        """Ends of the interval for the residual with this share of all below it: that is Beta, as an order statistic.

        Parameters
        ----------
        share : array of shape (m,)

        Returns
        -------
        tuple of arrays of shape (m,)
        """
        below, above = self.n * share + 0.5, self.n * (1 - share) + 0.5
        return tuple(ndtri(betaincinv(below, above, q)) for q in (0.5 - self.level / 2, 0.5 + self.level / 2))

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, kind="worm", level=0.95, sample_weight=None, random_state=None, ax=None, **kwargs
    ):
        """Compute the residuals of these rows, and draw.

        Parameters
        ----------
        estimator : MLERegressor, MLEClassifier of two classes, or a Pipeline or search around one
            Fitted.
        X, y
            Rows of the fit, or others.
        kind : {"worm", "qq"}, default="worm"
        level : float, default=0.95
        sample_weight : array-like of shape (n,), default=None
        random_state : int, RandomState or None, default=None
            Of the residuals of counts and labels, which are randomised.
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        QuantileResidualDisplay
        """
        found = residuals_of(estimator, X, y, random_state=random_state)
        return cls(found, sample_weight=sample_weight, level=level).plot(ax=ax, kind=kind, **kwargs)

    def plot(self, ax=None, *, kind="worm", **kwargs):
        """Draw the residuals.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        kind : {"worm", "qq"}, default="worm"
        **kwargs
            Of the points, for `scatter`.

        Returns
        -------
        QuantileResidualDisplay
            The display itself.
        """
        if kind not in KINDS:
            raise ValueError(f"kind takes one of {list(KINDS)}; got {kind!r}.")
        ax = self._on(ax)
        worm = float(kind == "worm")
        z = np.linspace(self.normal[0], self.normal[-1], 201)
        lower, upper = (ends - worm * z for ends in self.band(ndtr(z)))
        options = style("points", kwargs, color="C0", linewidths=0, alpha=0.8, zorder=3)
        shown = np.unique(np.searchsorted(self.normal, np.linspace(self.normal[0], self.normal[-1], SHOWN)))
        area = np.clip(3000 / len(shown), 5, 14)
        self.band_ = ax.fill_between(z, lower, upper, color=ink(ax), alpha=0.15, linewidth=0)
        (self.line_,) = ax.plot(z, (1 - worm) * z, color=ink(ax), linewidth=1)
        self.points_ = ax.scatter(self.normal[shown], (self.residuals - worm * self.normal)[shown], area, **options)
        ylabel = "quantile residual" if kind == "qq" else "residual - normal"
        ax.set(xlabel="normal quantile", ylabel=ylabel)
        return self
