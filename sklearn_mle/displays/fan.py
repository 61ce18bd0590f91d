"""The predictive fan: nested intervals of y against one column of X."""

import numpy as np

from ..estimators import predict_dist
from ..estimators.weights import check_weight
from .base import WIDTH, Display, ink, legend, name_axes, name_of, points, shortened, style, tint, unstick
from .table import column, feature_of, held_table, is_numeric, rows_of

# Fewer distinct values than this are drawn one by one, not as a band.
FEW = 8
# Rows of y that are shown, evenly spaced among all.
SHOWN = 1000
# Observed rows whose own intervals are shown.
ROWS = 60
# Half the width of the bar of a single value.
HALF = 0.35


class PredictiveFanDisplay(Display):
    """The median of y given x and central intervals of several coverages, nested, against one column of X.

    Made by `from_estimator`.

    Parameters
    ----------
    x : array of shape (m,)
        Values of the feature, sorted; categories where they are no numbers.
    median : array of shape (m,)
    intervals : array of shape (k, 2, m)
        Lower and upper ends for each of the coverages.
    coverage : sequence of k floats
    observed : tuple of arrays (place, y, weight), default=None
        Rows to show as points; their places on the axis are positions in x where `bands` is False.
    bands : bool, default=True
        Whether x is a continuum; else every x has an interval of its own.
    feature_name, target_name : str

    Attributes
    ----------
    line_ : matplotlib Artist
        The median.
    bands_ : list of matplotlib Artists
        From the widest interval to the narrowest.
    points_ : matplotlib Artist or None
        The observed rows.
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.displays import PredictiveFanDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> model = MLERegressor("gamma", regressed="all").fit(X, y)
    >>> display = PredictiveFanDisplay.from_estimator(model, X, y, feature="bmi")
    >>> display.intervals.shape
    (3, 2, 100)
    """

    def __init__(self, x, median, intervals, coverage, *, observed=None, bands=True, feature_name="x", target_name="y"):
        self.x, self.median, self.intervals, self.coverage = x, median, intervals, coverage
        self.observed, self.bands = observed, bands
        self.feature_name, self.target_name = feature_name, target_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        feature=0,
        coverage=(0.5, 0.8, 0.95),
        held="typical",
        n_points=100,
        sample_weight=None,
        ax=None,
        **kwargs,
    ):
        """Predict along one column of X, and draw.

        Parameters
        ----------
        estimator : MLERegressor, or a Pipeline or search around one
            Fitted.
        X : array-like of shape (n, p)
            As `estimator.predict` receives it: gives the range of the feature and the values of the other columns.
        y : array-like of shape (n,), default=None
            Shown as points, up to 1000 of them, with an area that goes with the weight of the row.
        feature : str or int, default=0
            The column on the axis. If it has fewer than 8 distinct values, or is not of numbers, each value has an
            interval of its own.
        coverage : sequence of floats in (0, 1), default=(0.5, 0.8, 0.95)
        held : {"typical", "observed"} or dict, default="typical"
            What the other columns are. "typical": one value each, the median of numbers (the lower of two, so that it
            is one of the column's), else the most frequent; a dict ``{column: value}`` overrides some of them.
            "observed": the rows of X as they are, up to 60 of them in order of the feature, each with its own interval.
            Points also vary for what the fan holds: with exposures or offsets only "observed" compares the two.
        n_points : int, default=100
        sample_weight : array-like of shape (n,), default=None
            Of the points and the medians.
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        PredictiveFanDisplay
        """
        X = X if hasattr(X, "shape") else np.asarray(X)
        coverage = check_coverage(coverage)
        j, feature_name = feature_of(X, feature)
        values, weight = column(X, j), check_weight(sample_weight, X.shape[0])
        rows = np.arange(len(values)) if weight is None else np.flatnonzero(weight > 0)
        by_row = isinstance(held, str) and held == "observed"
        if not (by_row or isinstance(held, dict) or (isinstance(held, str) and held == "typical")):
            raise ValueError(f'held takes "typical", "observed" or a dict {{column: value}}; got {held!r}.')
        if by_row:
            order = rows[np.argsort(values[rows], kind="stable")]
            shown = order[evenly(len(order), ROWS)]
            x, bands, table, places = values[shown], False, rows_of(X, shown), np.arange(len(shown))
        else:
            distinct, position = np.unique(values[rows], return_inverse=True)
            shown = evenly(len(rows), SHOWN)
            bands = is_numeric(values) and len(distinct) >= FEW
            x = np.linspace(distinct[0], distinct[-1], n_points) if bands else distinct
            shown, places = rows[shown], values[rows][shown] if bands else position[shown]
            table = held_table(X, j, x, held if isinstance(held, dict) else {}, weight)
        law = predict_dist(estimator, table)
        ends = np.stack([np.stack(law.interval(share)) for share in coverage])
        observed = None
        if y is not None:
            numbers = np.asarray(y, dtype=float)
            if numbers.shape != values.shape:
                raise ValueError(
                    f"A fan shows one number for each of the {len(values)} rows of X; got y of shape {numbers.shape}. "
                    "Leave y out, or pass a column of it."
                )
            observed = places, numbers[shown], None if weight is None else weight[shown]
        display = cls(
            x,
            law.median(),
            ends,
            coverage,
            observed=observed,
            bands=bands,
            feature_name=f"{feature_name} (rows in order)" if by_row else feature_name,
            target_name=name_of(y),
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, color="C0", **kwargs):
        """Draw the fan.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        color : default="C0"
            Of the fan.
        **kwargs
            Of the points, for `scatter`.

        Returns
        -------
        PredictiveFanDisplay
            The display itself.
        """
        ax = self._on(ax)
        x = self.x if self.bands else np.arange(len(self.x))
        self.bands_, widest_first = [], np.argsort(self.coverage)[::-1]
        for k, share in zip(widest_first, np.linspace(0.2, 0.55, len(self.coverage)), strict=True):
            options = {"color": tint(color, share, ax), "linewidth": 0, "label": f"{100 * self.coverage[k]:g} %"}
            lower, upper = self.intervals[k]
            if self.bands:
                self.bands_.append(ax.fill_between(x, lower, upper, **options))
            else:
                self.bands_.append(ax.bar(x, upper - lower, 2 * HALF, bottom=lower, **options))
                unstick(self.bands_[-1])
        if self.bands:
            (self.line_,) = ax.plot(x, self.median, color=color, label="median")
        else:
            self.line_ = ax.hlines(self.median, x - HALF, x + HALF, color=color, label="median")
            ticks = np.arange(len(x)) if len(x) <= FEW else evenly(len(x), FEW // 2)
            length = int(points(ax)[0] / len(ticks) / (WIDTH * 10))
            texts = [f"{value:.4g}" if is_numeric(self.x) else shortened(value, length) for value in self.x[ticks]]
            ax.set_xticks(ticks, texts)
        self.points_ = None
        if self.observed is not None:
            places, y, weight = self.observed
            area = np.clip(1500 / len(y), 3, 14) * (1 if weight is None else weight / weight.mean())
            if not self.bands and len(y) > len(x):  # side by side, at multiples of the golden section
                places = places + HALF * (np.arange(len(y)) * 0.618034 % 1 - 0.5)
            options = style("points", kwargs, color=ink(ax), alpha=0.6, linewidths=0, zorder=3)
            self.points_ = ax.scatter(places, y, area, **options)
        name_axes(ax, self.feature_name, self.target_name)
        legend(ax, handles=[*self.bands_, self.line_], ncols=2)
        return self


def evenly(n, most):
    """At most so many of n places, evenly spaced, with the first and the last."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(int)


def check_coverage(coverage):
    """The coverages as floats, or a ValueError."""
    values = np.atleast_1d(np.asarray(coverage, dtype=float))
    if values.ndim != 1 or not len(values) or not ((values > 0) & (values < 1)).all():
        raise ValueError(f"coverage takes probabilities in (0, 1); got {coverage!r}.")
    return tuple(values.tolist())
