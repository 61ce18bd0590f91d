"""The rootogram: how often each count is observed, and how often the model expects it."""

import numpy as np

from ..distributions.predictive import computable
from ..estimators import predict_dist
from ..estimators.table import check_length, check_numbers
from ..estimators.weights import check_weight
from .base import Display, ink, legend, name_axes, name_of, style, unstick

# So many bars can be told apart.
BARS = 40


class RootogramDisplay(Display):
    """Observed frequencies of counts, hanging from the expected ones, on the scale of square roots.

    On that scale frequencies vary alike, by about 1/2, whatever they are. A bar that does not reach 0 stands for a
    count that comes less often than expected, one that reaches below it for one that comes more often; beyond the
    lines at -1 and 1 (Tukey's) that is hardly chance.

    Parameters
    ----------
    lower : array of shape (m,)
        The least count of each bar.
    observed, expected : arrays of shape (m,)
        Rows, or their weight; each adds up to n.
    last_is_open : bool
        Whether the last bar holds all counts from its least on.
    target_name : str

    Attributes
    ----------
    bars_, line_ : matplotlib Artists
        Observed and expected frequencies.
    ax_, figure_ : matplotlib Axes and Figure

    References
    ----------
    Kleiber and Zeileis (2016), Visualizing count data regressions using rootograms, The American Statistician 70.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.displays import RootogramDisplay
    >>> X = np.linspace(0, 2, 200)[:, None]
    >>> y = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    >>> display = RootogramDisplay.from_estimator(MLERegressor("poisson").fit(X, y), X, y)
    >>> print(f"{display.observed.sum():.0f} {display.expected.sum():.0f}")
    200 200
    """

    def __init__(self, lower, observed, expected, *, last_is_open=True, target_name="y"):
        self.lower, self.observed, self.expected = lower, observed, expected
        self.last_is_open, self.target_name = last_is_open, target_name

    @classmethod
    def from_estimator(cls, estimator, X, y, *, max_count=None, sample_weight=None, ax=None, **kwargs):
        """Count y, add up what the model expects for each row, and draw.

        Parameters
        ----------
        estimator : MLERegressor with a likelihood of counts, or a Pipeline or search around one
            Fitted.
        X, y
            Rows of the fit, or others.
        max_count : int, default=None
            All counts above it share the last bar. None: the largest y; where that is beyond 40, the 99 % quantile of
            y. Where there are more than 40 counts, several share each bar.
        sample_weight : array-like of shape (n,), default=None
            Weight 2 is the row twice.
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        RootogramDisplay
        """
        law = predict_dist(estimator, X)
        return cls.from_predictions(y, law, max_count=max_count, sample_weight=sample_weight, ax=ax, **kwargs)

    @classmethod
    def from_predictions(cls, y, dist, *, max_count=None, sample_weight=None, ax=None, **kwargs):
        """Count y, add up what given laws expect, and draw.

        Parameters
        ----------
        y : array-like of shape (n,), or (n, 2) where the likelihood says so
        dist : Predictive
            What `predict_dist` returns.
        max_count, sample_weight, ax, **kwargs
            As in `from_estimator`.

        Returns
        -------
        RootogramDisplay
        """
        likelihood, target_name = dist.likelihood, name_of(y)
        if not likelihood.support.integer:
            raise ValueError(
                f"A rootogram shows counts; {likelihood!r} is no law of counts. Use PITDisplay or "
                "QuantileResidualDisplay."
            )
        y = likelihood.check(check_length(check_numbers(y, "y", "A rootogram", None), len(dist)))
        y, law = likelihood.observation(y, *computable(likelihood, dist.theta))
        if (y != np.floor(y)).any():
            row = int(np.argmax(y != np.floor(y)))
            raise ValueError(f"A rootogram shows counts; y[{row}] is {y[row]}, no integer.")
        weight = check_weight(sample_weight, len(y))
        weight = np.ones(len(y)) if weight is None else weight
        y, kept = y[weight > 0], weight > 0
        if max_count is None:
            max_count = y.max() if y.max() < BARS else max(quantile(y, weight[kept], 0.99), BARS - 1)
        width = int(max_count // BARS + 1)
        lower = np.append(np.arange(0, max_count + 1, width), (max_count // width + 1) * width)
        observed = np.bincount(np.searchsorted(lower, y, side="right") - 1, weight[kept], len(lower))
        with np.errstate(all="ignore"):
            below = [weight @ np.broadcast_to(law.cdf(np.float64(least - 1)), weight.shape) for least in lower]
        expected = np.diff(below, append=weight.sum())
        is_open = max(observed[-1], expected[-1]) > 1e-9 * weight.sum()
        bars = len(lower) - (not is_open)
        display = cls(lower[:bars], observed[:bars], expected[:bars], last_is_open=is_open, target_name=target_name)
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the rootogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        **kwargs
            Of the bars.

        Returns
        -------
        RootogramDisplay
            The display itself.
        """
        ax = self._on(ax)
        top, height = np.sqrt(np.maximum(self.expected, 0)), np.sqrt(self.observed)
        x = np.arange(len(self.lower))
        options = style("patch", kwargs, facecolor="C0", alpha=0.6, linewidth=0)
        self.bars_ = ax.bar(x, height, 0.85, bottom=top - height, label="observed", **options)
        unstick(self.bars_)
        marker, closed = (
            {"color": "C1", "marker": "o", "markersize": 3 if len(x) < 25 else 2},
            len(x) - self.last_is_open,
        )
        (self.line_,) = ax.plot(x[:closed], top[:closed], label="expected", **marker)
        ax.plot(x[closed:], top[closed:], **marker)
        ax.axhline(0, color=ink(ax), linewidth=1)
        for limit in (-1, 1):
            ax.axhline(limit, color=ink(ax), linewidth=0.8, linestyle=":")
        step = -(-len(x) // 6)
        ticks = np.append(np.arange(0, len(x) - 0.8 * step, step, dtype=int), len(x) - 1)
        texts = [f"{least:g}" for least in self.lower[ticks]]
        texts[-1] += "+" if self.last_is_open else ""
        ax.set_xticks(ticks, texts)
        name_axes(ax, self.target_name, "√ frequency")
        legend(ax)
        return self


def quantile(y, weight, q):
    """The least y at or below which the share q of the weight lies."""
    order = np.argsort(y)
    total = np.cumsum(weight[order])
    return y[order[np.searchsorted(total, q * total[-1])]]
