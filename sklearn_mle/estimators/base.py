"""From a table to an objective, to a fit, to linear predictors: what regressor and classifier share."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..design import Block
from ..documentation import Documented
from ..likelihoods import likelihood as resolve_likelihood
from ..objective import Objective
from ..penalty import ElasticNet
from ..rows import Batches, Rows, one_blas_thread
from ..solvers.base import Solution
from .columns import (
    free_entries,
    offset_columns,
    offset_rows,
    regressed_columns,
    warn_if_standardised,
    with_offset,
)
from .diagnosis import diagnosis
from .history import History, watch
from .parameters import check_parameters, chosen_solver, named_solver, threads
from .partitions import read_partitions
from .pickles import VersionedPickles
from .progress import CallbackSupportMixin, Iterations, Stop, followed, unfollowed
from .reading import read
from .start import begin, demand_probable, standardise
from .table import check_X, is_dask


def makes_steps(model):
    """Whether the model's solver can make single steps; an AttributeError that says which can."""
    if not hasattr(named_solver(model.solver), "step"):
        raise AttributeError(
            f"partial_fit needs a solver that makes steps, such as solver='sgd'; got {model.solver!r}."
        )
    return True


class BaseMLE(VersionedPickles, CallbackSupportMixin, Documented, BaseEstimator):
    """W_hat = argmin of the penalised mean negative log-likelihood: the part that knows no y."""

    def fit(self, X, y=None, sample_weight=None):
        """Maximise the (penalised) likelihood.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p), Batches, or an array or frame of Dask
            A memory map stays on the disk, a collection of Dask on its workers. `Batches` hold y and weights, too.
        y : array-like of shape (n,), or (n, m) where the likelihood says so
        sample_weight : array-like of shape (n,), default=None
            Weight 2 is the row twice; weight 0 is no row. None: every row once.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If y lies outside the likelihood's support, or X, y or the weights are not finite numbers.
        """
        with followed(self, X, y, sample_weight) as task:
            # A draft is fitted, and handed over at the end: whatever fails or interrupts, the old fit remains.
            draft = self._draft()
            draft._fit(X, y, sample_weight, self._coefficients() if self.warm_start else {}, task)
            self.__dict__ = draft.__dict__
        return self

    @available_if(makes_steps)
    def partial_fit(self, X, y=None, sample_weight=None):
        """One step of the solver on a mini-batch; the first call also chooses units and start.

        One pass ends some standard errors from the maximum. One step of Newton's method from there leaves some
        hundredths of one: ``model.set_params(solver="newton", warm_start=True, tol=0.01).fit(X, y)``, on a memory map
        or `Batches` where the rows do not fit into memory.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        self

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_mle import MLERegressor
        >>> rng = np.random.default_rng(0)
        >>> model = MLERegressor("poisson", solver="sgd", random_state=0)
        >>> for batch in range(300):
        ...     X = rng.standard_normal((200, 2))
        ...     model = model.partial_fit(X, rng.poisson(np.exp(X @ [0.5, -0.3])))
        >>> print(model.coef_.round(1))
        [ 0.5 -0.3]
        """
        return self._partial_fit(X, y, sample_weight)

    def _partial_fit(self, X, y, sample_weight, **target):
        if isinstance(X, Batches):
            raise TypeError(
                "partial_fit makes one step, on one batch: `for X, y, weight in batches: model.partial_fit(X, y, "
                "weight)`. fit takes all batches together."
            )
        fitted = hasattr(self, "coefs_")
        check_parameters(self)
        draft = self._draft(keep=fitted)
        if fitted:
            draft._check_unchanged()
        for name in ("converged_", "history_", "log_likelihood_"):
            vars(draft).pop(name, None)  # of the fit's table, and no longer true
        with one_blas_thread, np.errstate(all="ignore"):
            if fitted:
                objective = draft._objective(X, y, sample_weight, **target)
                w = objective.layout.pack(draft._W())
            else:
                objective, w = draft._begin(X, y, sample_weight, {}, **target)
            w, draft._state = chosen_solver(draft).step(objective, w, getattr(draft, "_state", None))
            if not np.isfinite(w).all():
                raise ValueError("partial_fit diverged: coefficients are no longer finite. Lower the learning rate.")
            draft._learn(objective, w)
        draft.n_iter_ = draft._state.t
        self.__dict__ = draft.__dict__
        return self

    def _check_unchanged(self):
        """A ValueError if the likelihood is no longer the one that was fitted."""
        chosen = self._chosen_likelihood()
        if repr(chosen) != repr(self.likelihood_):
            raise ValueError(
                f"partial_fit goes on with the fit of {self.likelihood_!r}, but likelihood is now {chosen!r}: "
                "call fit to begin anew."
            )
        mask, offsets = self._mask, self._offsets
        self._columns()
        if (mask != self._mask).any() or offsets != self._offsets:
            raise ValueError(
                "partial_fit goes on with another fit: regressed, fit_intercept, offset or exposure has changed since; "
                "call fit to begin anew."
            )

    # --- from a table to an objective ---------------------------------------------------------------------------

    def _objective(self, X, y=None, sample_weight=None, *, reset=False, **target):
        """The objective of this table: the only way from a table to an Objective.

        With `reset` the likelihood's classes, the columns' meaning and the layout are learnt from it;
        otherwise they are those of the fit.
        """
        rows = self._rows(X, y, sample_weight, reset, **target)
        names = getattr(self, "feature_names_in_", None)
        if reset:
            self._columns()
            warn_if_standardised(rows, self._offsets, names)
        if self._offsets:
            rows = rows.map(with_offset, self.likelihood_, self._offsets, names)
        rows = rows.cut(len(self._mask))
        penalty = ElasticNet(self.alpha, self.l1_ratio)
        if reset:
            self._layout = standardise(rows, self._mask, names)
        if np.any(self._layout.origin) or rows.single:
            rows = rows.centred(self._layout.origin)
        return Objective(self.likelihood_, self._layout, penalty, rows)

    def _rows(self, X, y, sample_weight, reset, **target):
        """The rows of a table, checked, with y and weights as the likelihood takes them; without offsets."""
        reading = self._reading(reset)
        table = (X, y, sample_weight)
        if any(map(is_dask, table)):
            rows = read_partitions(self, reading, *table, reset)
        else:
            rows = Rows(read(self, reading, *table, reset), 1, threads(self.n_jobs), watch(self.verbose))
        return self._target(rows, reading, reset, **target)

    def _columns(self):
        """Read `regressed`, `offset` and `exposure` for the likelihood and the columns at hand."""
        names, p = getattr(self, "feature_names_in_", None), self.n_features_in_
        self._offsets = offset_columns(self.offset, self.exposure, self.likelihood_, names, p)
        regressed = regressed_columns(self.regressed, self.likelihood_, self._offsets, names, p)
        self._mask = free_entries(self.likelihood_, regressed, self._offsets, self.fit_intercept, p)
        if not self._mask.any():
            raise ValueError(f"{self!r} estimates nothing: regress a parameter on a column, or use fit_intercept=True.")

    # --- fit ----------------------------------------------------------------------------------------------------

    def _draft(self, keep=False):
        """A copy that shares the constructor's parameters, and, where asked, what was fitted."""
        draft = object.__new__(type(self))
        kept = {name: value for name, value in vars(self).items() if keep or not _is_fitted_name(name)}
        draft.__dict__.update(kept)
        return draft

    def _fit(self, X, y, sample_weight, warm_start, task=unfollowed):
        """Fit this draft, as a task that callbacks may follow, and warn of what `fit` was called with."""
        with one_blas_thread, np.errstate(all="ignore"):
            objective, w = self._begin(X, y, sample_weight, warm_start)
            solution, history = self._minimize(objective, w, task)
            if solution.value == np.inf:
                demand_probable(objective, w)
            self._learn(objective, solution.w)
            self.log_likelihood_ = objective.log_likelihood(solution.w, solution.value)
            names, classes = (getattr(self, name, None) for name in ("feature_names_in_", "classes_"))
            warning = diagnosis(objective, w, solution, names, classes)
        self.n_iter_, self.converged_, self.history_ = solution.n_iter, solution.converged, history
        if warning:
            category, text = warning
            warnings.warn(f"{type(self).__name__}: {text}", category, stacklevel=3)

    def _begin(self, X, y, sample_weight, warm_start, **target):
        """The objective of the training table and the coordinates to start from."""
        check_parameters(self)
        objective = self._objective(X, y, sample_weight, reset=True, **target)
        objective, w = begin(objective, lambda W: self._warm(W, warm_start))
        self._layout = objective.layout
        return objective, w

    def _minimize(self, objective, w, task):
        solver = chosen_solver(self)
        history = History(self.verbose, solver.tol)
        report = Iterations(history, task, lambda w: self._fitted(objective, w))
        try:
            solution = solver.minimize(objective, w, report, check_random_state(self.random_state))
        except Stop as stop:
            solution = Solution(stop.w, stop.value, len(history.loss), False, "a callback asked to stop")
        return solution, history.arrays()

    def _fitted(self, objective, w):
        """The attributes of this draft if the fit ended at w."""
        draft = self._draft(keep=True)
        draft._learn(objective, w)
        return vars(draft)

    def _learn(self, objective, w):
        """The fitted attributes that follow from w."""
        W = objective.layout.coefficients(w)
        self.coefs_, self.intercepts_ = {}, {}
        for name, rows in self.likelihood_.slices.items():
            slopes, intercepts = W[rows, 1:], W[rows, 0]
            if name in self.likelihood_.shift_invariant:
                # The same constant on all rows changes nothing: take the representative with mean zero.
                intercepts = intercepts - intercepts.mean()
                if self.alpha * self.l1_ratio == 0:  # else it would cost the exact zeros
                    slopes = slopes - slopes.mean(axis=0)
            wide = name in self.likelihood_.widths
            self.coefs_[name] = slopes if wide else slopes[0]
            self.intercepts_[name] = intercepts if wide else float(intercepts[0])
        self._show()
        at_zero = [np.array([intercept]) for intercept in self._W()[:, 0]]
        vars(self).update(self.likelihood_.fitted(*self.likelihood_.theta(at_zero)))

    def _coefficients(self):
        """What a warm start takes over from a fit, or {}."""
        if not hasattr(self, "coefs_"):
            return {}
        return {"coef": self.coef_, "intercept": self.intercept_, "coefs": self.coefs_, "intercepts": self.intercepts_}

    def _warm(self, W, last):
        """W with the last fit's coefficients wherever name and shape agree; the first parameter's by shape alone."""
        if not last:
            return W
        W = W.copy()
        slices = self.likelihood_.slices
        for k, (name, rows) in enumerate(slices.items()):
            shape = W[rows, 1:].shape
            if name in last["coefs"] and np.atleast_2d(last["coefs"][name]).shape == shape:
                W[rows, 1:], W[rows, 0] = last["coefs"][name], last["intercepts"][name]
            elif k == 0 and np.atleast_2d(last["coef"]).shape == shape:
                W[rows, 1:], W[rows, 0] = last["coef"], last["intercept"]
        return np.where(self._mask, W, 0.0)

    # --- prediction ---------------------------------------------------------------------------------------------

    def _W(self):
        """W (K, 1 + p) from the public coefficients."""
        slopes = np.vstack([np.atleast_2d(slopes) for slopes in self.coefs_.values()])
        return np.column_stack([np.concatenate([np.atleast_1d(b) for b in self.intercepts_.values()]), slopes])

    def _theta(self, X):
        """theta of each row of X, and their number."""
        check_is_fitted(self)
        X = check_X(self, X, reset=False)
        offset = offset_rows(X, self.likelihood_, self._offsets, getattr(self, "feature_names_in_", None))
        with one_blas_thread, np.errstate(all="ignore"):
            return self.likelihood_.theta(Block(X, None, None, offset).eta(self._W())), X.shape[0]

    # --- parameters ---------------------------------------------------------------------------------------------

    def set_params(self, **params):
        """Set parameters of the estimator, or of the objects in them, as ``likelihood__df``."""
        for name in params:
            outer = name.partition("__")[0]
            given = params.get(outer, getattr(self, outer, None))
            if outer != name and isinstance(given, str):
                raise ValueError(f"{name}: {outer}={given!r} is a name, without parameters of its own; pass an object.")
        return super().set_params(**params)

    # --- tags ---------------------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self):
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def resolve(likelihood):
    """A clone of the likelihood that a name or object stands for."""
    return clone(resolve_likelihood(likelihood))


def _is_fitted_name(name):
    return name in {"_state", "_layout", "_mask", "_offsets"} or (name.endswith("_") and not name.startswith("__"))
