"""scikit-learn's callbacks (from its 1.9 on) follow a fit: the one file that knows of them."""

from contextlib import contextmanager

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # an older scikit-learn has none to follow

    class CallbackSupportMixin:
        """What an older scikit-learn has instead: nothing."""

    def with_callbacks(method):
        return method


class Stop(Exception):
    """A callback asks to stop at w, where F has this value."""

    def __init__(self, w, value):
        self.w, self.value = w, value


class Task:
    """A task that callbacks follow: a fit, one of its parts, an iteration.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
    estimator : BaseMLE
        The one that the callbacks were set on.
    table : dict
        X, y and metadata, as `fit` received them.
    """

    def __init__(self, context, estimator, table):
        self.context, self.estimator, self.table = context, estimator, table
        context.call_on_fit_task_begin(estimator=estimator, **table)

    def part(self, name, parts=0):
        """A task within this one, which has so many itself (None: nobody knows)."""
        return Task(self.context.subcontext(name, max_subtasks=parts), self.estimator, self.table)

    def end(self, fitted=None):
        """Whether a callback asks to stop; `fitted` are the attributes of the model so far, or makes them."""
        return self.context.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=fitted, **self.table
        )


class Unfollowed:
    """The task that no callback follows."""

    def part(self, name, parts=0):
        return self

    def end(self, fitted=None):
        return False


unfollowed = Unfollowed()


class Iterations:
    """A solver's report by which each of its iterations is a part of a task."""

    def __init__(self, report, task, fitted):
        self.report, self.task, self.fitted = report, task, fitted
        self.current = task.part("iteration")

    def __call__(self, w, value, gradient_norm, decrement=None):
        self.report(w, value, gradient_norm, decrement)
        if self.current.end(lambda: self.fitted(w)):
            raise Stop(w, value)
        self.current = self.task.part("iteration")


def unfollowed_copy(estimator):
    """A copy that no callback follows, as for another process."""
    copy = object.__new__(type(estimator))
    copy.__dict__ = {name: value for name, value in vars(estimator).items() if "callback" not in name}
    return copy


@contextmanager
def followed(estimator, X, y, sample_weight, parts=None):
    """The task of fitting this table, of so many parts."""
    if not hasattr(estimator, "_skl_callbacks"):  # contexts cost .1 ms
        yield unfollowed
        return
    table = {"X": X, "y": y, "metadata": None if sample_weight is None else {"sample_weight": sample_weight}}
    try:
        task = Task(estimator._init_callback_context(max_subtasks=parts), estimator, table)
        yield task
        task.end({})
    finally:
        _tear_down(estimator)


@with_callbacks
def _tear_down(estimator):
    """What the decorator does at the end of a fit: around `fit` itself it would stand in the way of warnings."""
