"""LIKELIHOODS: the one registry of p(y | theta) that names, tests, docs and benchmarks read."""

from .base import LabelLikelihood, Likelihood
from .counts import NegativeBinomial, Poisson
from .labels import Bernoulli, Categorical, GaussianOnLabels, Ordinal
from .real import Gaussian, StudentT
from .support import COUNTS, REAL, Support
from .wrappers import Censored, ZeroInflated

LIKELIHOODS = {
    "gaussian": Gaussian,
    "student_t": StudentT,
    "poisson": Poisson,
    "negative_binomial": NegativeBinomial,
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "gaussian_on_labels": GaussianOnLabels,
}


def likelihood(name_or_object):
    """The likelihood that a registry name stands for, with its default parameters, or the object itself.

    Raises
    ------
    ValueError
        If the name is not in `LIKELIHOODS`.
    TypeError
        If it is neither a name nor a Likelihood.
    """
    if isinstance(name_or_object, Likelihood):
        return name_or_object
    if isinstance(name_or_object, str):
        if name_or_object not in LIKELIHOODS:
            raise ValueError(f"no likelihood is named {name_or_object!r}; the names are {', '.join(LIKELIHOODS)}.")
        return LIKELIHOODS[name_or_object]()
    if isinstance(name_or_object, type) and issubclass(name_or_object, Likelihood):
        name = name_or_object.__name__
        raise TypeError(f"a likelihood is an object: got the class {name}, pass {name}().")
    raise TypeError(
        f"a likelihood is a Likelihood object or one of the names {', '.join(LIKELIHOODS)}; got {name_or_object!r}."
    )


__all__ = [
    "COUNTS",
    "LIKELIHOODS",
    "REAL",
    "Bernoulli",
    "Categorical",
    "Censored",
    "Gaussian",
    "GaussianOnLabels",
    "LabelLikelihood",
    "Likelihood",
    "NegativeBinomial",
    "Ordinal",
    "Poisson",
    "StudentT",
    "Support",
    "ZeroInflated",
    "likelihood",
]
