"""Coefficients with their intervals."""

import numpy as np

from ..inference import Inference
from .base import WIDTH, Display, ink, name_axes, points, shortened, style

# Names are shortened rather than set in smaller letters, in points.
SMALLEST = 6.0
# Between a name and the axes: the tick and what pads it; and an ellipsis is wider than a letter.
TICK = 12.0


class CoefficientDisplay(Display):
    """Estimates and confidence intervals of coefficients, one below the other; those that exclude 0 are filled.

    Parameters
    ----------
    names : list of str
    estimates : array of shape (m,)
    intervals : array of shape (m, 2)
        Lower and upper ends; infinite, or NaN where there are none.
    level : float, default=0.95
        That the intervals have; for the label of the axis.
    scale : str, default=""
        What the coefficients add up to, such as "log(mu)".

    Attributes
    ----------
    points_ : matplotlib Artist
    lines_ : matplotlib Artist
        The intervals.
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.displays import CoefficientDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> display = CoefficientDisplay.from_estimator(MLERegressor().fit(X, y), X, y)
    >>> display.names[:3]
    ['age', 'sex', 'bmi']
    """

    def __init__(self, names, estimates, intervals, *, level=0.95, scale=""):
        self.names, self.estimates, self.intervals = names, estimates, intervals
        self.level, self.scale = level, scale

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        parameter=None,
        intercept=False,
        level=0.95,
        method="wald",
        sample_weight=None,
        covariance="observed",
        allow_penalized=False,
        ax=None,
        **kwargs,
    ):
        """Compute the intervals of a fit, and draw.

        Parameters
        ----------
        estimator : MLERegressor, MLEClassifier, or a Pipeline or search around one
            Fitted.
        X, y, sample_weight
            What `estimator.fit` received.
        parameter : str, default=None
            The parameter whose coefficients are shown. None: all that depend on X.
        intercept : bool, default=False
            Whether to show intercepts and constants too.
        level : float, default=0.95
        method : {"wald", "profile"}, default="wald"
            As in `Inference.conf_int`.
        covariance : str, default="observed"
        allow_penalized : bool, default=False
            As in `Inference.from_estimator`, which has further options: then use `from_inference`.
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        CoefficientDisplay
        """
        how = {"sample_weight": sample_weight, "covariance": covariance, "allow_penalized": allow_penalized}
        inference = Inference.from_estimator(estimator, X, y, **how)
        options = {"parameter": parameter, "intercept": intercept, "level": level, "method": method}
        return cls.from_inference(inference, **options, ax=ax, **kwargs)

    @classmethod
    def from_inference(
        cls, inference, *, parameter=None, intercept=False, level=0.95, method="wald", ax=None, **kwargs
    ):
        """Take the intervals of an inference, and draw.

        Parameters
        ----------
        inference : Inference
        parameter, intercept, level, method, ax, **kwargs
            As in `from_estimator`.

        Returns
        -------
        CoefficientDisplay
        """
        entries = inference._estimates.entries
        known = list(entries.shapes)
        if parameter is not None and parameter not in known:
            raise ValueError(f"parameter={parameter!r} has no coefficients; those that have are {known}.")
        wanted = [
            i
            for i, (name, _) in enumerate(entries.places)
            if parameter in (None, name) and (intercept or entries.slopes[i])
        ]
        if not wanted:
            raise ValueError(f"{parameter or 'The model'} has no slopes: pass intercept=True.")
        ends = inference.conf_int(level, method)
        intervals = np.array([ends[name][index] for name, index in entries.places])
        shown = list(dict.fromkeys(entries.places[i][0] for i in wanted))
        scale = on_scale(inference._fit.likelihood, shown[0]) if len(shown) == 1 else ""
        return cls(
            [entries.names[i] for i in wanted],
            inference._estimates.values[wanted],
            intervals[wanted],
            level=level,
            scale=scale,
        ).plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, color="C0", **kwargs):
        """Draw the coefficients.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        color : default="C0"
        **kwargs
            Of the points, for `scatter`.

        Returns
        -------
        CoefficientDisplay
            The display itself.
        """
        ax = self._on(ax)
        from matplotlib.font_manager import FontProperties

        place = np.arange(len(self.names))
        lower, upper = np.transpose(self.intervals)
        known = np.concatenate([ends[np.isfinite(ends)] for ends in (self.estimates, lower, upper)])
        room = 0.04 * (max(known.max(initial=0), 0) - min(known.min(initial=0), 0)) or 1.0
        limits = min(known.min(initial=0), 0) - room, max(known.max(initial=0), 0) + room
        ax.axvline(0, color=ink(ax), linewidth=1, zorder=1)
        self.lines_ = ax.hlines(place, np.maximum(lower, limits[0]), np.minimum(upper, limits[1]), color=color)
        # A triangle at the edge: the interval goes on for ever.
        for endless, edge, marker in ((lower == -np.inf, limits[0], "<"), (upper == np.inf, limits[1], ">")):
            for at in place[endless]:
                ax.plot(edge, at, marker, color=color, markersize=4, clip_on=False)
        sure = (lower > 0) | (upper < 0)
        faces = [color if is_sure else ax.get_facecolor() for is_sure in sure]
        options = style("points", kwargs, facecolors=faces, edgecolors=color, s=18, zorder=3)
        self.points_ = ax.scatter(self.estimates, place, **options)
        # So that names neither overlap nor take more room than they have: smaller letters, then fewer.
        room, height, usual = room_for_names(ax), points(ax)[1], FontProperties(size="medium").get_size_in_points()
        longest = max(map(len, self.names))
        size = min(usual, max(room / (WIDTH * longest), SMALLEST), 0.95 * height / len(place))
        length = max(int(room / (WIDTH * size)), 6)
        ax.set_yticks(place, [shortened(name, length) for name in self.names], fontsize=size)
        for i in np.flatnonzero(np.isnan(lower) | np.isnan(upper)):
            text, at = ("not determined", 0.0) if np.isnan(self.estimates[i]) else ("no interval", self.estimates[i])
            ax.annotate(text, (at, i), (6, 0), textcoords="offset points", va="center", fontsize=min(size, 8))
        ax.set(xlim=limits, ylim=(len(place) - 0.5, -0.5))
        name_axes(ax, f"coefficient of {self.scale}" if self.scale else "coefficient", "")
        return self


def room_for_names(ax):
    """The width, in points, of what may stand left of the axes: half of theirs where the layout gives way to it."""
    if ax.figure.get_layout_engine() is not None:
        return 0.5 * points(ax)[0]
    left = ax.get_window_extent().x0
    before = [other.get_window_extent().x1 for other in ax.figure.axes if other is not ax]
    gap = left - max([edge for edge in before if edge <= left], default=0.0)
    return max(72 * gap / ax.figure.dpi - TICK, 0.0)


def on_scale(likelihood, name):
    """What the coefficients of a parameter add up to, as in "log(mu)"."""
    link = likelihood.parameters[name] if name in likelihood.slices else None
    word = type(link).__name__.lower()
    return name if link is None or word == "identity" else f"{word}({name})"
