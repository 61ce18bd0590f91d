"""Estimates and their errors: what the covariance of the coordinates says about the numbers that are reported."""

from collections import namedtuple
from dataclasses import dataclass
from numbers import Real

import numpy as np

from .. import jets
from .directions import Directions
from .entries import Entries, moves

#: A constant on its own scale, with the ends of its 95 % interval; arrays where it has several values.
Constant = namedtuple("Constant", "estimate std_error lower upper")


@dataclass(frozen=True)
class Estimates:
    """The reported numbers with their errors.

    Attributes
    ----------
    entries : Entries
        The numbers, q of them, as functions of the coordinates w.
    directions : Directions
        Of w, those that the data determine.
    covariance : array of shape (d, d)
        Of w.
    law : frozen scipy.stats distribution
        Of an estimate's error in standard errors.
    """

    entries: Entries
    directions: Directions
    covariance: np.ndarray
    law: object

    def __post_init__(self):
        undetermined, unbounded = self.unknown(self.entries.jacobian, self.entries.units)
        C = self.entries.jacobian @ self.covariance @ self.entries.jacobian.T
        C[undetermined | unbounded] = C[:, undetermined | unbounded] = np.nan
        values = np.where(undetermined, np.nan, self.entries.estimates)
        for name, value in [
            ("undetermined", undetermined),
            ("unbounded", unbounded),
            ("matrix", C),
            ("values", values),
            ("errors", np.sqrt(np.diag(C))),
        ]:
            object.__setattr__(self, name, value)

    def unknown(self, J, units):
        """Which functions of w with derivatives J (m, d) are not determined, and which are at a limit."""
        return tuple(moves(J, units, N) for N in (self.directions.undetermined, self.directions.unbounded))

    @property
    def ratios(self):
        """Estimates over their errors."""
        return self.values / self.errors

    @property
    def p_values(self):
        """Of the hypotheses that each number is 0, two-sided."""
        return 2 * self.law.sf(np.abs(self.ratios))

    def reach(self, level):
        """How many standard errors an interval of this level goes to either side."""
        if not (isinstance(level, Real) and 0 < level < 1):
            raise ValueError(f"level is a probability in (0, 1); got {level!r}.")
        return self.law.ppf(0.5 + level / 2)

    def interval(self, level):
        """Wald's interval of every number, shape (q, 2)."""
        reach = self.reach(level)
        return self.values[:, None] + np.outer(self.errors, [-reach, reach])

    def constants(self, fit, level=0.95):
        """{name: Constant} of what is not regressed, by the delta method; intervals mapped from the link's scale."""
        likelihood, constants, reach = fit.likelihood, {}, self.reach(level)
        values, errors = (self.entries.arrays(row) for row in (self.values, self.errors))
        for name, eta in values.items():
            if name not in likelihood.slices:  # reported as it is
                ends = eta - reach * errors[name], eta + reach * errors[name]
                constants[name] = Constant(eta, errors[name], *ends)
            elif not fit.objective.layout.sloped[likelihood.slices[name]].any():
                link, default = likelihood.parameters[name], likelihood.links[name]

                def shown(eta, link=link, default=default):
                    return default.shown(link.inverse(eta))

                eta, error = eta.ravel(), errors[name].ravel()
                value, (slope,) = jets.taylor(shown, [eta], 1)
                ends = np.sort([shown(eta - reach * error), shown(eta + reach * error)], axis=0)
                rows = [value, np.abs(slope) * error, *ends]
                constants[name] = Constant(*(row if name in likelihood.widths else float(row[0]) for row in rows))
        return constants
