"""Why a likelihood has no maximum, or many: one warning that names what goes to its limit, and what to do."""

from sklearn.exceptions import ConvergenceWarning

from ..exceptions import RankWarning
from .edges import at_edge, at_end, far_out
from .exact_fit import exact_fit
from .rank import dependent_columns
from .recession import no_maximum
from .weights import few_heavy

# A share of all weight: less weighs no more than the gap of F at which searches end.
LIGHT = 1e-11


def diagnosis(objective, start, solution, names=None, classes=None):
    """(category, text) of the warning that a fit deserves, or None.

    Parameters
    ----------
    objective : Objective
    start : array of shape (d,)
        Where the search began.
    solution : Solution
    names : array of shape (p,) or None
    classes : array of shape (C,) or None
        Where y are labels.
    """
    heavy = few_heavy(objective, LIGHT)
    if heavy is not None:
        return ConvergenceWarning, (
            f"{heavy} of {objective.n_rows} rows have all but {LIGHT:g} of the weight, too few for the coefficients: "
            "the search may end before the others count. Bring sample_weight within ten digits, or set tol=0."
        )
    found, dependence = [], None
    singular = solution.deficiency is None or solution.deficiency > objective.invariances
    if objective.penalty.alpha == 0 and singular:
        dependence = dependent_columns(objective, names)
        found += [(RankWarning, dependence.sentence)] if dependence else []
    limit = classes is None and exact_fit(objective, start, solution)
    limit = limit or no_maximum(objective, solution, names, classes, dependence) or at_end(objective, solution)
    if not limit and not solution.converged:
        stopped = (
            f"Stopped before tol was met, with {objective.likelihood!r}: {solution.message}. Raise max_iter, or look "
            "at history_."
        )
        limit = at_edge(objective, solution.w) or far_out(objective, start, solution) or (ConvergenceWarning, stopped)
    if limit:
        found.insert(0, limit)
    if not found:
        return None
    categories, sentences = zip(*found, strict=True)
    return categories[0], " ".join(sentences)
