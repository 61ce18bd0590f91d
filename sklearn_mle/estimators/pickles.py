"""Pickles say which version of the package made them: scikit-learn's do so of its own estimators only."""

import warnings

from sklearn.exceptions import InconsistentVersionWarning


class VersionedPickles:
    """A pickle that another version of the package loads with a warning."""

    def __getstate__(self):
        from .. import __version__  # not above: the package itself imports this room first

        return {**super().__getstate__(), "_sklearn_mle_version": __version__}

    def __setstate__(self, state):
        from .. import __version__

        state = dict(state)
        pickled = state.pop("_sklearn_mle_version", "unknown")
        if pickled != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=f"{__version__} of sklearn_mle",
                    original_sklearn_version=f"{pickled} of sklearn_mle",
                ),
                stacklevel=2,
            )
        super().__setstate__(state)
