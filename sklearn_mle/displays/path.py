"""The optimisation path: how a solver came to its optimum."""

import numpy as np
from sklearn.pipeline import Pipeline

from ..estimators.base import BaseMLE
from .base import Display, legend, style


class OptimizationPathDisplay(Display):
    """The gap of the loss and the norm of its gradient at every iteration or epoch, on a logarithmic scale.

    The loss is the (penalised) mean nll in nats; the gradient is that in the solver's units, in which the nll has
    about unit curvature, so that the gap is about half the square of its norm. Newton's method doubles the digits at
    every iteration, which bends both curves down; first-order methods gain a constant number, a straight line.

    Parameters
    ----------
    loss, gradient_norm : arrays of shape (n_iter,)
        As in `history_`.
    least : float, default=None
        The loss at the optimum. None: the least of the path, whose own gap is 0 and not drawn.
    name : str, default=""
        In front of the labels, where several paths share the axes.

    Attributes
    ----------
    gap : array of shape (n_iter,)
        The loss minus the least; NaN where that is rounding.
    gap_, gradient_ : matplotlib Artists
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_mle import MLEClassifier
    >>> from sklearn_mle.displays import OptimizationPathDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = MLEClassifier(alpha=1e-3, solver="newton").fit(X, y)
    >>> display = OptimizationPathDisplay.from_estimator(model)
    >>> bool(display.gap[0] > display.gap[-2])
    True
    """

    def __init__(self, loss, gradient_norm, *, least=None, name=""):
        self.loss, self.gradient_norm, self.name = np.asarray(loss), np.asarray(gradient_norm), name
        self.least = float(np.min(self.loss)) if least is None else float(least)
        gap = self.loss - self.least
        rounding = 4 * np.finfo(float).eps * max(1.0, abs(self.least))
        self.gap = np.where(gap > rounding, gap, np.nan)

    @classmethod
    def from_estimator(cls, estimator, *, least=None, name="", ax=None, **kwargs):
        """Read the history of a fit, and draw.

        Parameters
        ----------
        estimator : MLERegressor, MLEClassifier, or a Pipeline or search around one
            Fitted.
        least : float, default=None
            The loss at the optimum, where another fit knows it better: ``model.history_["loss"].min()``.
        name : str, default=""
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        OptimizationPathDisplay
        """
        final = estimator
        while not isinstance(final, BaseMLE) and (hasattr(final, "best_estimator_") or isinstance(final, Pipeline)):
            final = final[-1] if isinstance(final, Pipeline) else final.best_estimator_
        history = getattr(final, "history_", None)
        if not isinstance(final, BaseMLE) or history is None:
            raise TypeError(
                f"A path needs an MLERegressor or MLEClassifier after `fit`, which keeps `history_`; got "
                f"{type(final).__name__} without one."
            )
        return cls(history["loss"], history["gradient_norm"], least=least, name=name).plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, color="C0", **kwargs):
        """Draw the path.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure. Several paths may share them, each with its own colour and name.
        color : default="C0"
        **kwargs
            Of both lines.

        Returns
        -------
        OptimizationPathDisplay
            The display itself.
        """
        ax = self._on(ax)
        iteration = np.arange(len(self.loss))
        options = style("line", kwargs, color=color, marker="o" if len(iteration) < 30 else None, markersize=3)
        name = self.name and f"{self.name}, "
        (self.gap_,) = ax.plot(iteration, self.gap, label=f"{name}gap of the loss", **options)
        options["linestyle"], norm = "--", np.where(self.gradient_norm > 0, self.gradient_norm, np.nan)
        (self.gradient_,) = ax.plot(iteration, norm, label=f"{name}|gradient|", **options)
        ax.set_yscale("log")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(xlabel="iteration", ylabel="nats per row")
        legend(ax)
        return self
