"""theta = link^-1(eta): which parameters are estimated, which are fixed, and where in eta each lies."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator

from ..documentation import Documented
from ..links import Link, ProbabilityLink
from ..links import link as resolve_link


class Parametrised(Documented, BaseEstimator):
    """theta = link^-1(eta), with parameters that a constructor's arguments fix or link otherwise; see `Likelihood`."""

    links: dict[str, Link]
    widths: dict[str, int] = {}

    @property
    def parameters(self):
        """{name: Link where estimated, number where fixed}, in the order of theta."""
        return self._parameters(self.links)

    @property
    def slices(self):
        """{name: slice of the K linear predictors} of the estimated parameters."""
        return self._slices(self.parameters)

    def theta(self, eta):
        """theta = link^-1(eta): one entry per parameter from the K rows of eta; fixed ones as floats."""
        parameters, theta = self.parameters, []
        slices = self._slices(parameters)
        for name, parameter in parameters.items():
            if name not in slices:
                theta.append(self.links[name].theta(parameter))
            else:
                rows = tuple(parameter.inverse(row) for row in eta[slices[name]])
                theta.append(rows if name in self.widths else rows[0])
        return theta

    def eta(self, values):
        """The K numbers eta = link(value), from one value per parameter (see `start`).

        A value outside the domain of a link that was chosen (log of a mean <= 0) becomes eta = 1, which all have.
        """
        slices = self.slices
        eta = np.empty(sum(s.stop - s.start for s in slices.values()))
        with np.errstate(all="ignore"):
            for (name, parameter), value in zip(self.parameters.items(), values, strict=True):
                if name in slices:
                    eta[slices[name]] = parameter(np.asarray(value, dtype=float))
        return np.where(np.isfinite(eta), eta, 1.0)

    # --- inside -------------------------------------------------------------------------------------------------

    def _parameters(self, links):
        """`parameters` of the given links, read from the constructor's arguments."""
        chosen = getattr(self, "link", None)
        first = next(iter(links))
        chosen = {} if chosen is None else chosen if isinstance(chosen, dict) else {first: chosen}
        unknown = sorted(set(chosen) - set(links))
        if unknown:
            raise ValueError(f"{type(self).__name__} has no parameter {unknown[0]!r} to link; it has {list(links)}.")
        parameters = {}
        for name, default in links.items():
            number = vars(self).get(name)  # not getattr: a parameter may be called eta or theta, as methods are
            if number is None:
                parameters[name] = self._link(name, resolve_link(chosen.get(name, default)), default)
            else:
                parameters[name] = self._fixed(name, number, default)
        return parameters

    def _link(self, name, link, default):
        owner, wants = type(self).__name__, isinstance(default, ProbabilityLink)
        if wants and not isinstance(link, ProbabilityLink):
            raise ValueError(f"{owner}: {name} is a probability; {link!r} is no link of probabilities, as Logit() is.")
        if not wants and isinstance(link, ProbabilityLink):
            raise ValueError(f"{owner}: {name} is no probability; {link!r} is a link of probabilities only.")
        return link

    def _fixed(self, name, number, default):
        if not isinstance(number, Real) or isinstance(number, bool):
            raise TypeError(f"{type(self).__name__}: {name} must be a number (fixed) or None; got {number!r}.")
        theta = default.theta(float(number))
        if not (default.lower < theta < default.upper and np.isfinite(theta)):
            lower, upper = default.shown(default.lower), default.shown(default.upper)
            raise ValueError(
                f"{type(self).__name__}: {name} must lie in ({lower:g}, {upper:g}) where it is fixed; got {number!r}."
            )
        return float(number)

    def _slices(self, parameters):
        """`slices` of what `parameters` says, which the hot paths read once."""
        slices, k = {}, 0
        for name, parameter in parameters.items():
            if isinstance(parameter, Link):
                width = self.widths.get(name, 1)
                slices[name] = slice(k, k + width)
                k += width
        return slices

    def _complete(self, eta, parameters):
        """One entry per parameter for `derivatives`: a fixed one as the float link(number)."""
        slices, complete = self._slices(parameters), []
        for name, parameter in parameters.items():
            if name not in slices:
                complete.append(float(self.links[name](parameter)))
            else:
                rows = eta[slices[name]]
                complete.append(tuple(rows) if name in self.widths else rows[0])
        return complete

    def _select(self, parts, parameters):
        """The estimated parameters' entries of the derivatives for all parameters."""
        slices, keep, position = self._slices(parameters), [], 0
        for name in self.links:
            width = self.widths.get(name, 1)
            keep += range(position, position + width) if name in slices else []
            position += width
        if len(keep) == position:
            return parts
        value, *derivatives = parts
        if derivatives:
            derivatives[0] = [derivatives[0][k] for k in keep]
        if len(derivatives) > 1:
            derivatives[1] = [[derivatives[1][k][m] for m in keep] for k in keep]
        return value, *derivatives

    def _inside(self, eta, parameters):
        """Whether theta lies in the domain of every parameter whose link is not the default one."""
        inside = True
        for name, rows in self._slices(parameters).items():
            default = self.links[name]
            if parameters[name] != default:
                for row in eta[rows]:
                    theta = parameters[name].inverse(row)
                    inside = inside & (theta > default.lower) & (theta < default.upper)
        return inside
