"""The surface that a solver descends: the nll over two coefficients, with the solver's path on it."""

import warnings

import numpy as np
from sklearn.utils import check_random_state

from ..estimators.parameters import chosen_solver
from ..estimators.pipelines import unwrap
from ..inference.entries import entries
from ..inference.fit import Fit
from ..names import suggestion
from ..rows import one_blas_thread
from .base import Display, name_axes, style
from .coefficients import on_scale

# The picture reaches at least so many standard errors (of one coefficient, the others held) to all sides.
REACH = 4.0
# Contours, from the smallest gap of the loss that is told apart to the largest.
LEVELS = 12


class LikelihoodSurfaceDisplay(Display):
    """The (penalised) mean nll over two coefficients, all others held at the fit, and the path of the solver.

    Colours and contours show the gap to the fit, at ratios of a constant factor. Where the model has more than these
    two coefficients, the path is a projection: on the way the others were not yet those of the fit.

    Parameters
    ----------
    x, y : arrays of shape (m,)
        Values of the two coefficients; those of the fit are among them.
    nll : array of shape (m, m)
        Mean nll, rows by y, columns by x; infinite where the likelihood is 0.
    fitted : (float, float)
    path : array of shape (n_iter + 1, 2), default=None
        From the start to the fit.
    names : (str, str)

    Attributes
    ----------
    surface_, path_, fitted_ : matplotlib Artists
    colorbar_ : matplotlib Colorbar or None
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.displays import LikelihoodSurfaceDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = MLERegressor("gamma", solver="lbfgs").fit(X[["bmi"]], y)
    >>> display = LikelihoodSurfaceDisplay.from_estimator(model, X[["bmi"]], y, ("intercept", "bmi"))
    >>> display.nll.shape
    (41, 41)
    """

    def __init__(self, x, y, nll, fitted, *, path=None, names=("x", "y")):
        self.x, self.y, self.nll, self.fitted, self.path, self.names = x, y, nll, fitted, path, names

    @classmethod
    def from_estimator(
        cls, estimator, X, y, coefficients, *, path=True, n_points=41, sample_weight=None, ax=None, **kwargs
    ):
        """Evaluate the nll on a grid, fit once more to see the path, and draw.

        Parameters
        ----------
        estimator : MLERegressor, MLEClassifier, or a Pipeline or search around one
            Fitted.
        X, y, sample_weight
            What `estimator.fit` received. A sample of many rows is enough for a picture, with ``path=False``.
        coefficients : (str, str)
            Two entries of `Inference.names`: columns, "intercept", "sigma", ...
        path : bool, default=True
            Whether to show the solver's path: the fit is made once more, from the start that it has without
            `warm_start`; that of a solver with random batches has the same batches if `random_state` is a number.
        n_points : int, default=41
            Along each axis: the nll is evaluated at their square.
        ax : matplotlib Axes, default=None
        **kwargs
            For `plot`.

        Returns
        -------
        LikelihoodSurfaceDisplay
        """
        with one_blas_thread, np.errstate(all="ignore"):
            fit = Fit.of(estimator, X, y, sample_weight)
            places = places_of(fit, coefficients)
            walked = steps(fit.model, unwrap(estimator, X)[1], y, sample_weight) if path else fit.W[None]
            walked = np.stack([walked[:, row, column] for row, column in places], axis=1)
            directions = [direction(fit, at) for at in places]
            fitted, errors = np.array([fit.W[at] for at in places]), standard_errors(fit, directions)
            ends = np.stack([fitted - REACH * errors, fitted + REACH * errors, *walked])
            room = 0.06 * np.ptp(ends, axis=0)
            across, up = (
                about(centre, low, high, n_points)
                for centre, low, high in zip(fitted, ends.min(axis=0) - room, ends.max(axis=0) + room, strict=True)
            )
            u, v = directions
            nll = np.array(
                [[fit.objective.value(fit.w + (a - fitted[0]) * u + (b - fitted[1]) * v) for a in across] for b in up]
            )
        names = [on_scale(fit.likelihood, name) if name in fit.likelihood.slices else name for name in coefficients]
        display = cls(across, up, nll, tuple(fitted), path=walked if path else None, names=tuple(names))
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, colorbar=True, cmap=None, **kwargs):
        """Draw the surface.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        colorbar : bool, default=True
        cmap : str or Colormap, default=None
            None: the user's own, by default viridis.
        **kwargs
            Of the path's line.

        Returns
        -------
        LikelihoodSurfaceDisplay
            The display itself.
        """
        ax = self._on(ax)
        from matplotlib.colors import LogNorm
        from matplotlib.patheffects import withStroke
        from matplotlib.ticker import LogLocator

        gap = np.ma.masked_invalid(self.nll - self.nll.min())
        known = gap.compressed()
        low, high = np.quantile(known[known > 0], [0.01, 0.99]) if (known > 0).any() else (1.0, 10.0)
        levels = np.geomspace(low, max(high, 1.01 * low), LEVELS)
        look = {"levels": levels, "norm": LogNorm(levels[0], levels[-1]), "cmap": cmap}
        self.surface_ = ax.contourf(self.x, self.y, np.ma.maximum(gap, 1e-3 * low), extend="both", **look)
        self.colorbar_ = None
        if colorbar:
            self.colorbar_ = ax.figure.colorbar(
                self.surface_, ax=ax, label="mean nll - min.", ticks=LogLocator(numticks=5)
            )
            self.colorbar_.ax.minorticks_off()
        self.path_ = None
        if self.path is not None:
            options = style("line", kwargs, color="white", marker="o", markersize=3, linewidth=1)
            outlined = [withStroke(linewidth=2.5, foreground="black")]
            (self.path_,) = ax.plot(*self.path.T, path_effects=outlined, **options)
        (self.fitted_,) = ax.plot(*self.fitted, "*", color="C1", markeredgecolor="black", markersize=11)
        name_axes(ax, *self.names)
        return self


def places_of(fit, names):
    """The places (row, column) in W of two coefficients."""
    if isinstance(names, str) or len(names) != 2 or names[0] == names[1]:
        raise ValueError(f"coefficients takes two names, such as ('intercept', 'x0'); got {names!r}.")
    found, slices = entries(fit), fit.likelihood.slices
    known = {
        name: (slices[parameter].start + (index[0] if len(index) > 1 else 0), index[-1])
        for name, (parameter, index) in zip(found.names, found.places, strict=True)
        if parameter in slices
    }
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r} is no coefficient; they are {list(known)}.{suggestion(name, known)}")
    return [known[name] for name in names]


def direction(fit, at):
    """How the coordinates w change with the entry of W at (row, column)."""
    E = np.zeros(fit.W.shape)
    E[at] = 1.0
    layout = fit.objective.layout
    return layout.pack(E)


def standard_errors(fit, directions):
    """Of the two coefficients, the others held; where there is next to no curvature their natural units."""
    objective = fit.objective.along(np.column_stack(directions), fit.w)
    curvature = np.diag(objective.taylor(np.zeros(2), 2)[2]) * objective.rows.total
    units = np.array([1 / np.abs(change).max() for change in directions])
    return np.where(curvature * units**2 > 1, curvature, units**-2.0) ** -0.5


def about(centre, low, high, n_points):
    """Values from low to high, the centre among them."""
    half = max(n_points // 2, 1)
    return np.concatenate([np.linspace(low, centre, half + 1)[:-1], np.linspace(centre, high, half + 1)])


def steps(model, X, y, sample_weight):
    """W at the start, at every report of the solver and at the end, shape (m, K, 1 + p), of a fit made once more."""
    draft = model._draft(keep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fit itself has said what there is to say
        objective, w = draft._begin(X, y, sample_weight, {})
        walked = [w]
        rng = check_random_state(model.random_state)
        end = chosen_solver(model).minimize(objective, w, lambda w, *_, **__: walked.append(w.copy()), rng)
    W = np.stack([objective.layout.coefficients(w) for w in [*walked, end.w]])
    for name in draft.likelihood_.shift_invariant:  # as the fit does: slopes under l1 stay as they are
        rows, columns = draft.likelihood_.slices[name], slice(0, 1 if objective.thresholds.any() else None)
        W[:, rows, columns] -= W[:, rows, columns].mean(axis=1, keepdims=True)
    return W
