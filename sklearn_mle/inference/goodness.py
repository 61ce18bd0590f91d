"""How well a model fits: its log-likelihood beside that of other models, its deviance and its dispersion."""

from dataclasses import dataclass, replace

import numpy as np

from ..penalty import ElasticNet
from ..solvers import Auto
from ..solvers.base import silent
from . import sums


@dataclass(frozen=True)
class Goodness:
    """Measures of fit.

    Attributes
    ----------
    measures : dict
        {name: float} of those that the likelihood has.
    absent : dict
        {name: why} of the others.
    scale : float
        Pearson's X2 of standardised residuals over its degrees of freedom: what a variance is off by; NaN if none.
    """

    measures: dict
    absent: dict
    scale: float

    @classmethod
    def of(cls, fit, n_estimated, df_resid):
        """Those of a fit with so many determined entries, of which df_resid rows more than of the first parameter."""
        likelihood, rows, n = fit.likelihood, fit.objective.rows, fit.objective.rows.total
        W = fit.objective.layout.unpack(fit.w)
        value, null = fit.objective.log_likelihood(fit.w), np.nan
        found, absent, scale = {"log_likelihood": value}, {}, np.nan
        if likelihood.proper:
            null = null_log_likelihood(fit)
            found |= {
                "null_log_likelihood": null,
                "aic": 2 * n_estimated - 2 * value,
                "bic": n_estimated * np.log(n) - 2 * value,
                "mcfadden_r2": 1 - value / null,
            }
        else:
            why = f"{likelihood!r} is not the law of y, on purpose: what it calls log-likelihood is none."
            absent |= dict.fromkeys(["aic", "bic", "mcfadden_r2", "deviance", "null_log_likelihood"], why)
        if likelihood.proper and likelihood.saturated is not None:
            found["deviance"] = float(rows.sum(sums.deviance, likelihood, W))
        else:
            absent.setdefault("deviance", f"{likelihood!r} states no saturated log-likelihood, so no deviance.")
        if likelihood.dispersion is None:
            absent["pearson_dispersion"] = f"{likelihood!r} has no dispersion phi with variance phi V(mean)."
        elif df_resid <= 0:
            absent["pearson_dispersion"] = f"{n:g} rows are no more than the coefficients, which leaves no dispersion."
        else:
            scaled, unscaled = rows.sum(sums.pearson, likelihood, W)
            scale, found["pearson_dispersion"] = scaled / df_resid, unscaled / df_resid
        return cls(found, absent, scale)


def null_log_likelihood(fit):
    """The largest log-likelihood of the same model without columns."""
    objective = replace(fit.objective, penalty=ElasticNet())
    free = np.nonzero(objective.layout.mask)[1] == 0
    w = np.where(free, fit.w, 0.0)
    null = objective.restrict(free, w)
    if not free.any():
        return objective.log_likelihood(w)
    return null.log_likelihood(Auto().minimize(null, w[free], silent, None).w)
