"""What a reader of the table should know: what has no error, and where z misleads."""

import numpy as np

from . import sums
from .covariance import CURVATURES

# Rows, at equal strides, on which it is judged whether z would fall.
ENOUGH = 2**15


def notes(inference):
    """Sentences about what is not determined, at a limit, no maximum, penalised, or tested badly by z."""
    estimates, fit = inference._estimates, inference._fit
    constant = np.array([parameter in inference.parameters for parameter, _ in estimates.entries.places])
    at_limit, no_maximum = estimates.unbounded, np.isnan(estimates.errors)
    no_maximum &= ~estimates.undetermined & ~at_limit
    found = [
        (estimates.undetermined, "not determined by the data (collinear columns)."),
        (
            at_limit & constant,
            "at the end of the range, which the likelihood approaches without a maximum: no standard error. The other "
            "errors are those of the model with the value fixed there.",
        ),
        (at_limit & ~constant, "at a limit: the likelihood has its maximum at infinity."),
        (no_maximum, "no standard error, for the curvature is not positive: the fit is at no maximum."),
    ]
    sentences = [f"{listed(estimates.entries.names, which)}: {what}" for which, what in found if which.any()]
    if fit.objective.penalty.alpha > 0:
        sentences.append(
            "The fit is penalised: the errors are those of the penalised curvature, about biased estimates."
        )
    weak = hauck_donner(inference)
    if weak:
        sentences.append(
            f"Hauck-Donner effect: z of {', '.join(weak)} falls as the coefficient grows, while the likelihood ratio "
            "rises. Use likelihood_ratio_test or conf_int(method='profile')."
        )
    return sentences


def listed(names, which):
    """The chosen names, ten of them at most."""
    chosen = [name for name, wanted in zip(names, which, strict=True) if wanted]
    return ", ".join(chosen[:10]) + (" ..." if len(chosen) > 10 else "")


def hauck_donner(inference):
    """Names of the slopes whose z would fall if they were larger.

    References
    ----------
    Hauck and Donner (1977), Wald's test as applied to hypotheses in logit analysis, JASA 72; Yee (2022), On the
    Hauck-Donner effect in Wald tests, JASA 117.
    """
    fit, estimates = inference._fit, inference._estimates
    entries = estimates.entries
    if inference.covariance not in CURVATURES or not fit.likelihood.smooth:
        return []
    objective, W = fit.objective.fewer_rows(ENOUGH), fit.objective.layout.unpack(fit.w)
    share = fit.objective.rows.total / objective.rows.total
    C = estimates.directions.covariance
    slopes = [i for i in np.flatnonzero(entries.slopes) if np.isfinite(estimates.errors[i])]
    along = [C @ entries.jacobian[i] for i in slopes]
    variances = [entries.jacobian[i] @ v for i, v in zip(slopes, along, strict=True)]
    # By how much W moves, all other coefficients following, while this one moves by a thousandth of its error.
    paths = [objective.layout.unpack(1e-3 / np.sqrt(V) * v) for v, V in zip(along, variances, strict=True)]
    rises = objective.rows.sum(sums.curvature_rises, fit.likelihood, W, paths)
    # d log(b^2 / V) / db < 0, where V = c' A^-1 c falls as the curvature A along A^-1 c rises: d log V = -rise.
    names = []
    for i, V, rise in zip(slopes, variances, rises, strict=True):
        d_log_V = -share * rise / 1e-6 / (1e-3 * np.sqrt(V))
        if entries.estimates[i] * d_log_V > 2:
            names.append(entries.names[i])
    return names
