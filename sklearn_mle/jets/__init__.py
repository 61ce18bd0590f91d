"""Exact derivatives of code written with ufuncs; for other code differences (`numeric`) or its own (`analytic`)."""

from .analytic import analytic
from .differences import numeric
from .jet import Jet, taylor
from .rules import BINARY, CHOICES, PLAIN, STEPS, UNARY
from .special import (
    betaln,
    digamma,
    erf,
    erfc,
    erfcx,
    expit,
    exprel,
    gammaln,
    log_expit,
    log_ndtr,
    loggamma,
    logit,
    ndtr,
    ndtri,
    psi,
    xlog1py,
    xlogy,
    zeta,
)

__all__ = [
    "BINARY",
    "CHOICES",
    "PLAIN",
    "STEPS",
    "UNARY",
    "Jet",
    "analytic",
    "betaln",
    "digamma",
    "erf",
    "erfc",
    "erfcx",
    "expit",
    "exprel",
    "gammaln",
    "log_expit",
    "log_ndtr",
    "loggamma",
    "logit",
    "ndtr",
    "ndtri",
    "psi",
    "xlog1py",
    "xlogy",
    "zeta",
    "numeric",
    "taylor",
]
