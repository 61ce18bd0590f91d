"""The gradient of likelihoods of labels against the logit: why squared error stalls where it is confidently wrong."""

import numpy as np

from ..likelihoods import likelihood as resolve
from ..residuals import training
from .base import Display, ink, legend, style

LINES = ["-", "--", "-.", ":"]


class LabelGradientDisplay(Display):
    """|d nll / d logit| of a row with the label 1 against its logit: how hard the row pulls.

    Of Bernoulli it is 1 - p, largest where the model is wrong; of squared error (1 - p) p (1 - p), which vanishes
    there as well as where the model is right.

    Parameters
    ----------
    logit : array of shape (m,)
    gradients : dict
        {name: array of shape (m,)}, d nll / d logit.
    rows : tuple of arrays (logit, gradient), default=None
        Of the labels of observed rows, to show as points.

    Attributes
    ----------
    lines_ : list of matplotlib Artists
    points_ : matplotlib Artist or None
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from sklearn_mle.displays import LabelGradientDisplay
    >>> display = LabelGradientDisplay.from_likelihoods()
    >>> at_minus_10 = {name: f"{abs(row[0]):.1g}" for name, row in display.gradients.items()}
    >>> at_minus_10
    {'Bernoulli': '1', 'GaussianOnLabels': '5e-05'}
    """

    def __init__(self, logit, gradients, *, rows=None):
        self.logit, self.gradients, self.rows = logit, gradients, rows

    @classmethod
    def from_estimator(cls, estimator, X, y, *, n_points=201, ax=None, **kwargs):
        """Find where the rows stand on the curve of a fit's likelihood, and draw.

        Parameters
        ----------
        estimator : MLEClassifier of two classes, or a Pipeline or search around one
            Fitted.
        X, y
            Rows of the fit, or others.
        n_points : int, default=201
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        LabelGradientDisplay
            With `rows`: the logit of each row's own label (positive where the label is predicted), and its gradient.
        """
        final, objective, W = training(estimator, X, y)
        likelihood, block = objective.likelihood, objective.rows.block
        if len(getattr(final, "classes_", ())) != 2 or np.ndim(block.y) != 1:
            raise ValueError(f"A gradient against the logit needs labels of two classes; got {likelihood!r}.")
        with np.errstate(all="ignore"):
            eta = block.eta(W)
            (score,) = likelihood.decision(*likelihood.theta(eta))
            gradient = np.broadcast_to(likelihood.taylor(block.y, eta, 1)[1][-1], len(block))
        sign = np.where(block.y == 1, 1, -1)
        margin = sign * np.broadcast_to(score, len(block))
        reach = max(np.abs(margin).max(), 1.0)
        logit = np.linspace(-reach, reach, n_points)
        gradients = {name_of(likelihood): pull(likelihood, logit)}
        return cls(logit, gradients, rows=(margin, sign * gradient)).plot(ax=ax, **kwargs)

    @classmethod
    def from_likelihoods(
        cls, likelihoods=("bernoulli", "gaussian_on_labels"), *, limits=(-10.0, 10.0), n_points=201, ax=None, **kwargs
    ):
        """Evaluate likelihoods of two classes, and draw.

        Parameters
        ----------
        likelihoods : sequence of str or LabelLikelihood, default=("bernoulli", "gaussian_on_labels")
        limits : (float, float), default=(-10.0, 10.0)
            Of the logit.
        n_points : int, default=201
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        LabelGradientDisplay
        """
        logit, gradients = np.linspace(*limits, n_points), {}
        for given in likelihoods:
            likelihood = resolve(given)
            if not hasattr(likelihood, "with_classes"):
                raise ValueError(f"A gradient against the logit needs a likelihood of labels; got {likelihood!r}.")
            gradients[name_of(likelihood)] = pull(likelihood.with_classes(2), logit)
        return cls(logit, gradients).plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the gradients.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        **kwargs
            Of all lines.

        Returns
        -------
        LabelGradientDisplay
            The display itself.
        """
        ax = self._on(ax)
        self.lines_ = []
        for k, (name, gradient) in enumerate(self.gradients.items()):
            options = style("line", kwargs, color=f"C{k}", linestyle=LINES[k % len(LINES)], label=name)
            self.lines_ += ax.plot(self.logit, np.abs(gradient), **options)
        self.points_ = None
        if self.rows is not None:
            logit, gradient = self.rows
            area = np.clip(1500 / len(logit), 3, 14)
            self.points_ = ax.scatter(logit, np.abs(gradient), area, color=ink(ax), alpha=0.6, linewidths=0, zorder=3)
        ax.axvline(0, color=ink(ax), linewidth=0.8, linestyle=":")
        ax.set(xlabel="logit of the label", ylabel="|d nll / d logit|")
        legend(ax)
        return self


def name_of(likelihood):
    """The likelihood as it is written, without empty parentheses."""
    return repr(likelihood).removesuffix("()")


def pull(likelihood, logit):
    """d nll / d logit of the label 1 for rows of these logits, the logit of the label 0 being 0."""
    rows = [np.zeros(1)] * (max(k.stop for k in likelihood.slices.values()) - 1)
    return likelihood.taylor(np.ones(len(logit), dtype=int), [*rows, logit], 1)[1][-1]
