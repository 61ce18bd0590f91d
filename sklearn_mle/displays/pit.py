"""The PIT histogram: are the probabilities that a model states those with which y comes?"""

import numpy as np
from scipy import stats
from scipy.special import ndtr

from ..estimators.weights import check_weight
from ..metrics import pit as pit_of
from ..residuals import residuals
from .base import Display, ink, style


class PITDisplay(Display):
    """The histogram of F_i(y_i), the probability integral transform: flat where the laws are true.

    A hump means intervals that are too wide, a trough too narrow ones, a slope a bias. The band holds all bars of a
    model that is true with the probability `level`: binomial, shared among the bars (Bonferroni). On the rows of the
    fit the bars are a little nearer to the middle than that. Where y is a count the transform is randomised within the
    jump of F at y.

    Parameters
    ----------
    pit : array-like of shape (n,)
        In [0, 1].
    bins : int, default=None
        None: one for each ten rows, at least 5 and at most 20.
    sample_weight : array-like of shape (n,), default=None
        Weight 2 is the row twice.
    level : float, default=0.95
        Of the band.

    Attributes
    ----------
    edges : array of shape (bins + 1,)
    counts : array of shape (bins,)
        Rows, or their weight, in each bin.
    expected : float
        The same for a uniform law.
    band : array of shape (2,)
        Least and largest count within the band.
    bars_, line_, band_ : matplotlib Artists
    ax_, figure_ : matplotlib Axes and Figure

    References
    ----------
    Czado, Gneiting and Held (2009), Predictive model assessment for count data, Biometrics 65.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.displays import PITDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> display = PITDisplay.from_estimator(MLERegressor("gamma").fit(X, y), X, y)
    >>> int(display.counts.sum())
    442
    """

    def __init__(self, pit, *, bins=None, sample_weight=None, level=0.95):
        self.pit, self.level = np.asarray(pit, dtype=float), level
        self.sample_weight = check_weight(sample_weight, len(self.pit))
        n = len(self.pit) if self.sample_weight is None else self.sample_weight.sum()
        bins = int(np.clip(n // 10, 5, 20)) if bins is None else bins
        self.counts, self.edges = np.histogram(self.pit, bins=bins, range=(0, 1), weights=self.sample_weight)
        self.expected = n / bins
        whole, tail = max(round(n), 1), (1 - level) / (2 * bins)
        self.band = stats.binom(whole, 1 / bins).ppf([tail, 1 - tail]) * (n / whole)

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, bins=None, level=0.95, sample_weight=None, random_state=None, ax=None, **kwargs
    ):
        """Compare y with its predictive laws: Phi of the quantile residuals, and draw.

        Parameters
        ----------
        estimator : MLERegressor, MLEClassifier of two classes, or a Pipeline or search around one
            Fitted.
        X, y
            Rows of the fit, or better others.
        bins : int, default=None
        level : float, default=0.95
        sample_weight : array-like of shape (n,), default=None
        random_state : int, RandomState or None, default=None
            Of the randomised transform of counts and labels, and of censored y within their intervals.
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        PITDisplay
        """
        found = ndtr(residuals(estimator, X, y, random_state=random_state))
        return cls(found, bins=bins, sample_weight=sample_weight, level=level).plot(ax=ax, **kwargs)

    @classmethod
    def from_predictions(
        cls, y, dist, *, bins=None, level=0.95, sample_weight=None, random_state=None, ax=None, **kwargs
    ):
        """Compare y with given laws, and draw.

        Parameters
        ----------
        y : array-like of shape (n,)
        dist : Predictive or frozen scipy.stats law
            What `predict_dist` returns, of any number of folds; or one law of each row.
        bins, level, sample_weight, random_state, ax, **kwargs
            As in `from_estimator`; `random_state` may also be a Generator.

        Returns
        -------
        PITDisplay
        """
        found = pit_of(y, dist, random_state)
        return cls(found, bins=bins, sample_weight=sample_weight, level=level).plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        **kwargs
            Of the bars.

        Returns
        -------
        PITDisplay
            The display itself.
        """
        ax = self._on(ax)
        width = self.edges[1] - self.edges[0]
        options = style("patch", kwargs, facecolor="C0", alpha=0.6, edgecolor=ax.get_facecolor())
        self.bars_ = ax.bar(self.edges[:-1], self.counts, width, align="edge", **options)
        self.band_ = ax.axhspan(*self.band, color=ink(ax), alpha=0.15, linewidth=0)
        self.line_ = ax.axhline(self.expected, color=ink(ax), linewidth=1)
        ylabel = "rows" if self.sample_weight is None else "weight"
        ax.set(xlabel="PIT value F(y)", ylabel=ylabel, xlim=(0, 1))
        ax.set_ylim(0, 1.05 * max(self.counts.max(), self.band[1]))
        return self
