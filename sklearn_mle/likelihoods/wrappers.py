"""What likelihoods made of a likelihood have in common."""

import numpy as np
from sklearn.base import clone

from .. import likelihoods
from ..jets import Jet, analytic
from ..links import ProbabilityLink
from .base import LabelLikelihood, Likelihood


class Wrapper(Likelihood):
    """A likelihood with the parameters of its `base`, a Likelihood or a registry name, before its own."""

    @property
    def inner(self):
        """The base as an object."""
        base = likelihoods.likelihood(self.base)
        if isinstance(base, LabelLikelihood):
            raise ValueError(
                f"{type(self).__name__} needs a base of numbers; got {self.base!r}, a likelihood of labels."
            )
        return base

    @property
    def links(self):
        return {**self.inner.links, **self.own}

    @property
    def widths(self):
        return self.inner.widths

    @property
    def limits(self):
        return {**self.inner.limits, **{name: ends for name, ends in self.own_limits.items() if name in self.links}}

    @property
    def parameters(self):
        inner, own = self.inner.parameters, self._parameters(self.own) if self.own else {}
        for name in own:
            if name in inner:
                raise ValueError(f"{type(self).__name__} adds a parameter {name}, which {self.base!r} has already.")
        return {**inner, **own}

    @property
    def smooth(self):
        return self.inner.smooth

    @property
    def slopes(self):
        """Of the base: how fast its nll rises on both sides of a kink."""
        return self.inner.slopes

    def smoothed(self, width):
        """The likelihood with the kink of its base rounded."""
        return clone(self).set_params(base=self.inner.smoothed(width))

    def with_density(self, bandwidth):
        """The likelihood with the density at the kink of its base estimated."""
        return clone(self).set_params(base=self.inner.with_density(bandwidth))

    def kinks(self, y, eta):
        """z of each row and its gradient in eta: those of the base."""
        return self.inner.kinks(y, eta)

    #: {name: Link} of the parameters that the base does not have.
    own = {}
    #: `limits` of these, and of those of the base that mean something else here.
    own_limits = {}


def log_prob(base, y, *theta):
    """base.log_prob(y, *theta), with the derivatives that `base.derivatives` knows where theta carries some."""
    if base.derivatives is None or base.widths or not any(isinstance(entry, Jet) for entry in theta):
        return base.log_prob(y, *theta)

    def nll(*eta, order):
        value, *parts = base.derivatives(y, list(eta), order)
        if order > 1:
            parts[1] = {(k, m): row for k, rows in enumerate(parts[1]) for m, row in enumerate(rows) if k <= m}
        return value, *parts

    return -analytic(nll)(*map(_predictor, base.links.values(), theta))


def _predictor(link, theta):
    """The default link's linear predictor of theta, which for a probability is the log-odds already."""
    if isinstance(link, ProbabilityLink):
        return theta
    return link(np.maximum(theta, 1e-300) if link.lower == 0 else theta)  # exp(-750) is 0, which has no logarithm
