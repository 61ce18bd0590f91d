"""LIKELIHOODS: the one registry of p(y | theta) that names, tests, docs and benchmarks read."""

import reprlib

from ..links import Link
from ..names import suggestion
from .base import LabelLikelihood, Likelihood
from .censored import Censored, censored_at, right_censored
from .gamma import Exponential, Gamma
from .gaussian_on_labels import GaussianOnLabels
from .inverse_gaussian import InverseGaussian
from .kinked import AsymmetricLaplace, Laplace
from .labels import Bernoulli, Categorical
from .lifetimes import LogLogistic, LogNormal, Weibull
from .negative_binomial import Geometric, NegativeBinomial, NegativeBinomial1
from .ordinal import Ordinal
from .poisson import Poisson
from .real import Gaussian, Gumbel, Logistic
from .shares import BetaBinomial, Binomial
from .student_t import StudentT
from .support import COUNTS, POSITIVE, REAL, Support
from .truncated import Truncated
from .tweedie import Tweedie
from .unit import Beta
from .zeros import Hurdle, ZeroInflated

LIKELIHOODS = {
    "gaussian": Gaussian,
    "student_t": StudentT,
    "laplace": Laplace,
    "asymmetric_laplace": AsymmetricLaplace,
    "logistic": Logistic,
    "gumbel": Gumbel,
    "gamma": Gamma,
    "inverse_gaussian": InverseGaussian,
    "lognormal": LogNormal,
    "weibull": Weibull,
    "log_logistic": LogLogistic,
    "exponential": Exponential,
    "tweedie": Tweedie,
    "poisson": Poisson,
    "negative_binomial": NegativeBinomial,
    "negative_binomial1": NegativeBinomial1,
    "geometric": Geometric,
    "binomial": Binomial,
    "beta_binomial": BetaBinomial,
    "beta": Beta,
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "ordinal": Ordinal,
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
        return stated(name_or_object)
    if isinstance(name_or_object, str):
        if name_or_object not in LIKELIHOODS:
            text = f"no likelihood is named {name_or_object!r}; the names are {', '.join(LIKELIHOODS)}."
            raise ValueError(text + suggestion(name_or_object, LIKELIHOODS))
        return LIKELIHOODS[name_or_object]()
    if isinstance(name_or_object, type) and issubclass(name_or_object, Likelihood):
        name = name_or_object.__name__
        raise TypeError(f"a likelihood is an object: got the class {name}, pass {name}().")
    raise TypeError(
        f"a likelihood is a Likelihood object or one of the names {', '.join(LIKELIHOODS)}; got "
        f"{reprlib.repr(name_or_object)}. A law of scipy becomes one by a subclass of Likelihood with `links`, as in "
        '{"mu": Identity(), "sigma": Log()}, and `dist(self, mu, sigma)`, which returns it.'
    )


def stated(likelihood):
    """The likelihood itself, or a TypeError that names what its class states wrongly."""
    owner, links = type(likelihood).__name__, getattr(likelihood, "links", None)
    if not (isinstance(links, dict) and links):
        raise TypeError(f'{owner} needs `links`, a dict of its parameters, as in {{"mu": Identity()}}; got {links!r}.')
    for name, link in links.items():
        if not isinstance(link, Link):
            raise TypeError(
                f"{owner}: the link of {name} is {link!r}; it must be an object of sklearn_mle.links, such as Log()."
            )
    if not isinstance(likelihood.support, Support):
        raise TypeError(
            f"{owner}: support is {likelihood.support!r}; it must be a Support, such as REAL, POSITIVE or COUNTS of "
            "sklearn_mle.likelihoods."
        )
    return likelihood


__all__ = [
    "COUNTS",
    "LIKELIHOODS",
    "POSITIVE",
    "REAL",
    "AsymmetricLaplace",
    "Bernoulli",
    "Beta",
    "BetaBinomial",
    "Binomial",
    "Categorical",
    "Censored",
    "Exponential",
    "Gamma",
    "Gaussian",
    "GaussianOnLabels",
    "Geometric",
    "Gumbel",
    "Hurdle",
    "InverseGaussian",
    "LabelLikelihood",
    "Laplace",
    "Likelihood",
    "LogLogistic",
    "LogNormal",
    "Logistic",
    "NegativeBinomial",
    "NegativeBinomial1",
    "Ordinal",
    "Poisson",
    "StudentT",
    "Support",
    "Truncated",
    "Tweedie",
    "Weibull",
    "ZeroInflated",
    "censored_at",
    "likelihood",
    "right_censored",
]
