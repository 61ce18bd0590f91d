"""The profile likelihood of a coefficient, beside the quadratic that Wald's interval takes for it."""

import numpy as np

from ..inference import Inference
from .base import Display, ink, legend, name_axes, style
from .coefficients import on_scale


class ProfileDisplay(Display):
    """How the log-likelihood falls as one coefficient is held and all others are refitted.

    Where it is cut at minus half the quantile of chi2 it gives the interval of the likelihood-ratio test; Wald's
    interval takes a quadratic in its place, which is good where the two curves agree.

    Parameters
    ----------
    profile : sklearn_mle.inference.profile.Profile
        Of `Inference.profile`.
    label : str, default=None
        Of the axis. None: the name of the profile.

    Attributes
    ----------
    wald : array of shape (m,)
        The quadratic at `profile.values`.
    line_, wald_, cut_, ends_ : matplotlib Artists
    ax_, figure_ : matplotlib Axes and Figure

    References
    ----------
    Venables and Ripley (2002), Modern Applied Statistics with S, section 8.4.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.displays import ProfileDisplay
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> display = ProfileDisplay.from_estimator(MLERegressor("poisson").fit(X, y), X, y, "x0")
    >>> print(f"{display.profile.lower:.2f} {display.profile.upper:.2f}")
    0.34 1.32
    """

    def __init__(self, profile, *, label=None):
        self.profile, self.label = profile, profile.name if label is None else label
        with np.errstate(all="ignore"):
            self.wald = -0.5 * ((profile.values - profile.estimate) / profile.std_error) ** 2

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        coefficient,
        *,
        level=0.95,
        n_points=40,
        sample_weight=None,
        covariance="observed",
        ax=None,
        **kwargs,
    ):
        """Compute the profile, a refit for each point, and draw.

        Parameters
        ----------
        estimator : MLERegressor, MLEClassifier, or a Pipeline or search around one
            Fitted.
        X, y, sample_weight
            What `estimator.fit` received.
        coefficient : str
            An entry of `Inference.names`: a column, "intercept", "sigma", "sigma:x1", ...
        level : float, default=0.95
        n_points : int, default=40
        covariance : str, default="observed"
            Of Wald's quadratic, as in `Inference.from_estimator`; Laplace, whose nll has kinks, needs "expected".
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        ProfileDisplay
        """
        inference = Inference.from_estimator(estimator, X, y, sample_weight=sample_weight, covariance=covariance)
        return cls.from_inference(inference, coefficient, level=level, n_points=n_points, ax=ax, **kwargs)

    @classmethod
    def from_inference(cls, inference, coefficient, *, level=0.95, n_points=40, ax=None, **kwargs):
        """Compute the profile of an inference, and draw.

        Parameters
        ----------
        inference : Inference
        coefficient, level, n_points, ax, **kwargs
            As in `from_estimator`.

        Returns
        -------
        ProfileDisplay
        """
        profile, entries = inference.profile(coefficient, level, n_points=n_points), inference._estimates.entries
        parameter, _ = entries.places[entries.names.index(coefficient)]
        label = on_scale(inference._fit.likelihood, parameter) if coefficient == parameter else coefficient
        return cls(profile, label=label).plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the profile.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        **kwargs
            Of the profile's line.

        Returns
        -------
        ProfileDisplay
            The display itself.
        """
        ax, profile = self._on(ax), self.profile
        options = style("line", kwargs, color="C0", label="profile")
        self.cut_ = ax.axhline(-profile.cut, color=ink(ax), linewidth=0.8, linestyle=":")
        (self.line_,) = ax.plot(profile.values, profile.fall, **options)
        wald = {"label": "Wald"} if np.isfinite(profile.std_error) else {}
        (self.wald_,) = ax.plot(profile.values, self.wald, color="C1", linestyle="--", **wald)
        ends = np.array([profile.lower, profile.upper])
        ends = ends[np.isfinite(ends)]
        self.ends_ = ax.vlines(ends, -profile.cut, 0, color=self.line_.get_color(), linewidth=0.8, linestyle=":")
        ax.plot(profile.estimate, 0, "o", color=self.line_.get_color(), markersize=4)
        ax.set_ylim(-1.75 * profile.cut, 0.12 * profile.cut)
        name_axes(ax, self.label, "log-likelihood - max.")
        legend(ax, loc="lower center")
        return self
